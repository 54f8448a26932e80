//! The values that a fagsystem may send, as the judge of bilag has them now.
//!
//! | address | page |
//! |---|---|
//! | `/sortiment` | the fagsystemer |
//! | `/sortiment/{fagsystem}` | its values, for one municipality or national ones only |
//! | `/sortiment/{fagsystem}/vaerdier.xlsx` | the same as a workbook |

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::{Action, Scope};
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::sortiment::FIRST_DAY;
use oir_domain::party::Kommunekode;
use oir_domain::register::Sortimentspost;
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::omsaetning::fagsystem_id;
use super::view::{Badge, Choice, Page, Section};
use super::workbook::{Cell, Column, Kind, Sheet, answer};
use crate::danish_format::{day_short, sort_key, whole};
use crate::masking::mask_text;

/// Values of a page; the workbook has all.
const SHOWN: usize = 500;

#[derive(Debug, Template)]
#[template(path = "sortiment/overview.html")]
struct OverviewPage {
    page: Page,
    lines: Vec<(String, String, String)>,
}

/// Whether somebody sees something of a fagsystem.
fn is_seen(scope: &Scope, id: FagsystemId) -> bool {
    let mut patches = scope.patches().iter();
    patches.any(|patch| patch.fagsystem.is_none_or(|own| own == id))
}

/// `GET /sortiment`
pub(super) async fn overview(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let register = (state.register)();
    let seen = register
        .fagsystemer()
        .filter(|f| is_seen(&viewer.scope, f.id));
    let line = |f: &oir_domain::party::Fagsystem| {
        let (kort, navn) = (f.kortnavn.to_string(), f.navn.to_string());
        (format!("/sortiment/{}", f.id), kort, navn)
    };
    let mut lines: Vec<_> = seen.map(line).collect();
    lines.sort_by_cached_key(|(_, kort, _)| sort_key(kort));
    let template = OverviewPage {
        page: Page::inside("Sortiment", Section::Kontering, &viewer)
            .below(&[("/omsaetning", "Kontering")]),
        lines,
    };
    Ok(page(&template)?.into_response())
}

/// Whose values, and which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// None = the reader's own; empty = national values only.
    kommune: Option<String>,
    q: String,
}

#[derive(Debug, Template)]
#[template(path = "sortiment/values.html")]
struct ValuesPage {
    page: Page,
    here: String,
    kommuner: Vec<Choice>,
    q: String,
    count: String,
    cut: bool,
    lines: Vec<Line>,
    export: Option<String>,
}

/// A value as the page shows it.
#[derive(Debug)]
struct Line {
    facet: String,
    vaerdi: String,
    owner: String,
    from: String,
    to: String,
    standing: Badge,
}

/// Where a value stands today.
fn standing(post: &Sortimentspost, today: Date) -> Badge {
    let (text, weight) = if post.validity.from > today {
        ("Gælder senere", "info")
    } else if post.validity.covers(today) {
        ("Gælder", "success")
    } else {
        ("Afsluttet", "warning")
    };
    Badge { text, weight }
}

/// The municipality whose values are looked at: one that the reader sees; none = national only.
fn kommune(
    wanted: &Wanted,
    scope: &Scope,
    id: FagsystemId,
) -> Result<Option<Kommunekode>, PageError> {
    let own = match wanted.kommune.as_deref().map(str::trim) {
        None => {
            let patches = scope.patches().iter();
            let mut of_it = patches.filter(|patch| patch.fagsystem.is_none_or(|own| own == id));
            of_it.find_map(|patch| patch.kommune)
        }
        Some("") => None,
        Some(text) => Some(Kommunekode(
            text.parse().map_err(|_| PageError::BadAddress)?,
        )),
    };
    match own {
        Some(own) if !scope.covers(own, Some(id)) => Err(PageError::NotFound),
        own => Ok(own),
    }
}

/// The values, by facet and value.
fn values(
    state: &PortalState,
    id: FagsystemId,
    kommune: Option<Kommunekode>,
    q: &str,
) -> Vec<Sortimentspost> {
    let whose = kommune.unwrap_or(Kommunekode::UNKNOWN);
    let mut posts = (state.register)().sortiment(whose, id);
    let q = q.trim().to_lowercase();
    let says = |text: &str| text.to_lowercase().contains(&q);
    posts.retain(|post| says(&post.facet) || says(&post.vaerdi));
    posts.sort_by(|a, b| {
        let key = |post: &Sortimentspost| (post.facet.clone(), post.vaerdi.clone());
        (key(a), a.validity.from).cmp(&(key(b), b.validity.from))
    });
    posts
}

fn line(post: &Sortimentspost, state: &PortalState) -> Line {
    let day = |day: Date| {
        if day <= FIRST_DAY {
            "Altid".to_owned()
        } else {
            day_short(day)
        }
    };
    Line {
        facet: post.facet.to_string(),
        vaerdi: mask_text(&post.vaerdi),
        owner: post.kommune.map_or_else(
            || "Landsdækkende".to_owned(),
            |own| format!("{}s egen", state.names().kommune(own)),
        ),
        from: day(post.validity.from),
        to: post
            .validity
            .to
            .map_or_else(|| "Indtil videre".to_owned(), day),
        standing: standing(post, state.today()),
    }
}

/// `GET /sortiment/{fagsystem}`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(fagsystem): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let id = fagsystem_id(&state, &fagsystem)?;
    if !is_seen(&viewer.scope, id) {
        return Err(PageError::NotFound);
    }
    let kommune = kommune(&wanted, &viewer.scope, id)?;
    let posts = values(&state, id, kommune, &wanted.q);
    let chosen = kommune.map_or_else(String::new, |kommune| kommune.0.to_string());
    let names = state.names();
    let title = format!("Sortiment for {}", names.fagsystem(Some(id)));
    let export = viewer.may(Action::Export);
    let template = ValuesPage {
        page: Page::inside(&title, Section::Kontering, &viewer)
            .below(&[("/omsaetning", "Kontering"), ("/sortiment", "Sortiment")]),
        here: format!("/sortiment/{id}"),
        kommuner: names.kommuner(|kode| viewer.scope.covers(kode, Some(id)), &chosen),
        q: mask_text(&wanted.q),
        count: whole(u64::try_from(posts.len()).unwrap_or(u64::MAX)),
        cut: posts.len() > SHOWN,
        lines: posts
            .iter()
            .take(SHOWN)
            .map(|post| line(post, &state))
            .collect(),
        export: export.then(|| format!("/sortiment/{id}/vaerdier.xlsx?kommune={chosen}")),
    };
    Ok(page(&template)?.into_response())
}

/// `GET /sortiment/{fagsystem}/vaerdier.xlsx`
pub(super) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(fagsystem): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let id = fagsystem_id(&state, &fagsystem)?;
    // The same as on the page: the right to take lists out widens nothing.
    let scope = viewer.person.scope(Action::SeeSortiment);
    if !is_seen(&scope, id) {
        return Err(PageError::NotFound);
    }
    let kommune = kommune(&wanted, &scope, id)?;
    let posts = values(&state, id, kommune, &wanted.q);
    let name = state.names().fagsystem(Some(id));
    let object = format!("vaerdier.xlsx, {name}, {} linjer", posts.len());
    state.exported(&viewer, &object).await?;
    let row = |post: &Sortimentspost| {
        let line = line(post, &state);
        let to = post.validity.to.map_or(Cell::Empty, Cell::Day);
        vec![
            line.facet.into(),
            line.vaerdi.into(),
            line.owner.into(),
            Cell::Day(post.validity.from),
            to,
            line.standing.text.into(),
        ]
    };
    let sheet = Sheet {
        name: "Sortiment",
        columns: vec![
            Column::new("Facet", 24.0, Kind::Text),
            Column::new("Værdi", 24.0, Kind::Text),
            Column::new("Ejer", 24.0, Kind::Text),
            Column::new("Gælder fra", 12.0, Kind::Time),
            Column::new("Gælder til", 12.0, Kind::Time),
            Column::new("Tilstand", 16.0, Kind::Text),
        ],
        rows: posts.iter().map(row).collect(),
    };
    let file = format!("sortiment-{}.xlsx", state.today());
    answer(&file, vec![sheet]).await
}
