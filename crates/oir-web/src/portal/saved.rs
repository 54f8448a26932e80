//! Searches that a person keeps under a name: kept from the list, changed on a page of
//! their own. Nobody else sees them, and they are no deed.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::ids::uuid_v7;
use oir_flow::ports::search::{Kept, SavedView};
use serde::Deserialize;
use uuid::Uuid;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::query::ListQuery;
use super::view::{FieldFault, Page, Section};
use crate::danish_format::{instant_short, sort_key};
use crate::masking::mask_text;

/// Most that one person keeps: as many as one still finds one's way among.
const MOST: u32 = 50;
/// Longest name, characters.
const LONGEST: usize = 60;

/// A kept search where it is chosen.
#[derive(Debug)]
pub(super) struct SavedLink {
    pub(super) navn: String,
    pub(super) href: String,
    pub(super) current: bool,
}

/// One line of the page.
#[derive(Debug)]
struct SavedLine {
    id: String,
    navn: String,
    href: String,
    made: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "visninger.html")]
struct SavedPage {
    page: Page,
    token: Option<String>,
    lines: Vec<SavedLine>,
    /// A search that is to be kept: its filter and the name given.
    new: Option<(String, String)>,
    fault: Option<FieldFault>,
}

/// A person's kept searches, as the list shows them.
pub(super) async fn links(
    state: &PortalState,
    viewer: &Viewer,
    pairs: &str,
) -> Result<Vec<SavedLink>, PageError> {
    let mut saved = state.saved.saved(&viewer.person.subject).await?;
    saved.sort_by_cached_key(|view| sort_key(&view.navn));
    let link = |view: SavedView| SavedLink {
        current: !pairs.is_empty() && *view.query == *pairs,
        href: format!("/bilag?{}", view.query),
        navn: view.navn.into(),
    };
    Ok(saved.into_iter().map(link).collect())
}

async fn saved_page(
    state: &PortalState,
    viewer: &Viewer,
    new: Option<(String, String)>,
    fault: Option<FieldFault>,
) -> Result<SavedPage, PageError> {
    let mut saved = state.saved.saved(&viewer.person.subject).await?;
    saved.sort_by_cached_key(|view| sort_key(&view.navn));
    let line = |view: SavedView| SavedLine {
        id: view.id.hyphenated().to_string(),
        href: format!("/bilag?{}", view.query),
        made: instant_short(view.made, &state.zone),
        navn: view.navn.into(),
    };
    let crumbs = [("/", "Forside"), ("/bilag", "Bilag")];
    Ok(SavedPage {
        page: Page::inside("Gemte søgninger", Section::Bilag, viewer).below(&crumbs),
        token: viewer.token(),
        lines: saved.into_iter().map(line).collect(),
        new,
        fault,
    })
}

/// `GET /visninger`: the list's filter in the address is one that is to be kept.
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (_, faults) = query.filter();
    if !faults.is_empty() {
        return Err(PageError::BadAddress);
    }
    let pairs = query.filter_pairs();
    let new = (!pairs.is_empty()).then(|| (pairs, String::new()));
    let template = saved_page(&state, &viewer, new, None).await?;
    Ok(page(&template)?.into_response())
}

/// What the page's forms send.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    token: String,
    handling: String,
    #[serde(default)]
    navn: String,
    #[serde(default)]
    filter: String,
    #[serde(default)]
    visning: String,
}

/// `POST /visninger`
pub(super) async fn change(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Change>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let subject = &*viewer.person.subject;
    let navn = form.navn.trim();
    let new = (form.handling == "gem").then(|| (form.filter.clone(), mask_text(navn)));
    if form.handling != "glem"
        && let Some(fault) = wrong_name(navn)
    {
        return refused(&state, &viewer, new, fault).await;
    }
    let visning = Uuid::try_parse(&form.visning).ok();
    let (kept, to) = match (form.handling.as_str(), visning) {
        ("gem", _) => {
            let query = canonical(&form.filter)?;
            let view = view(&state, subject, navn, &query);
            let kept = state.saved.save(subject, &view, MOST).await?;
            (kept, format!("/bilag?{query}"))
        }
        ("omdoeb", Some(id)) => {
            let kept = state.saved.rename(subject, id, navn).await?;
            (kept, "/visninger".to_owned())
        }
        ("glem", Some(id)) => {
            let kept = state.saved.forget(subject, id).await?;
            (kept, "/visninger".to_owned())
        }
        _ => return Err(PageError::BadForm),
    };
    match kept {
        Kept::Done => Ok(Redirect::to(&to).into_response()),
        Kept::NotThere => Err(PageError::NotFound),
        Kept::NameTaken => {
            let fault = "Du har allerede en søgning med det navn. Skriv et andet";
            refused(&state, &viewer, new, fault).await
        }
        Kept::TooMany => {
            let fault = "Du har 50 gemte søgninger. Slet en, før du gemmer en ny";
            refused(&state, &viewer, new, fault).await
        }
    }
}

async fn refused(
    state: &PortalState,
    viewer: &Viewer,
    new: Option<(String, String)>,
    fault: &str,
) -> Result<Response, PageError> {
    let fault = Some(FieldFault::new("navn", fault));
    let template = saved_page(state, viewer, new, fault).await?;
    Ok(unreadable_form(page(&template)?))
}

fn wrong_name(navn: &str) -> Option<&'static str> {
    if navn.is_empty() {
        Some("Skriv et navn til søgningen")
    } else if navn.chars().count() > LONGEST {
        Some("Navnet er for langt. Skriv højst 60 tegn")
    } else if mask_text(navn) != navn {
        Some("Skriv ikke et CPR-nummer i navnet")
    } else if navn.chars().any(char::is_control) {
        Some("Skriv et navn af bogstaver og tal")
    } else {
        None
    }
}

/// A filter as the list itself writes it; what is none of ours is kept by nobody.
fn canonical(filter: &str) -> Result<String, PageError> {
    let uri: Uri = format!("/bilag?{filter}")
        .parse()
        .map_err(|_| PageError::BadForm)?;
    let read = Query::<ListQuery>::try_from_uri(&uri);
    let Query(query) = read.map_err(|_| PageError::BadForm)?;
    let (_, faults) = query.filter();
    let pairs = query.filter_pairs();
    if faults.is_empty() && !pairs.is_empty() {
        Ok(pairs)
    } else {
        Err(PageError::BadForm)
    }
}

fn view(state: &PortalState, subject: &str, navn: &str, query: &str) -> SavedView {
    let made = state.clock.now();
    let millis = u64::try_from(made.as_millisecond()).unwrap_or(0);
    // No secret and no evidence: only another one than everybody's others.
    let mut hasher = DefaultHasher::new();
    (subject, navn).hash(&mut hasher);
    let mut bytes = [0; 10];
    for (byte, hashed) in bytes.iter_mut().zip(hasher.finish().to_be_bytes()) {
        *byte = hashed;
    }
    SavedView {
        id: uuid_v7(millis, bytes),
        navn: navn.into(),
        query: query.into(),
        made,
    }
}
