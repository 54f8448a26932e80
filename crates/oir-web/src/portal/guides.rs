//! Guides: how an error is corrected at the source, in each fagsystem.
//!
//! | address | page | file |
//! |---|---|---|
//! | `/vejledninger` | which there are and which are missing | `guides/shelf.rs` |
//! | `/vejledninger.xlsx` | the same as a workbook | `guides/workbook.rs` |
//! | `/vejledninger/{fagsystem}` | the guide that holds for the reader | here |
//! | `/vejledninger/{fagsystem}/udgaver` | earlier versions | here |
//! | `/vejledninger/{fagsystem}/ret` | writing, with preview | `guides/edit.rs` |
//!
//! `{fagsystem}` is the id, or the short name, which people type. `?kommune=` picks whose
//! guide is read, `?kode=F0301` the fault's.

mod edit;
mod shelf;
mod workbook;

pub(super) use edit::{save, write};
pub(super) use shelf::{lacking, show as shelf};
pub(super) use workbook::download;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::{Action, Scope};
use oir_domain::fault::FaultCode;
use oir_domain::guide::{GuideHead, GuidePlace, Way, resolve};
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::markdown::{self, Markup};
use super::names::Names;
use super::omsaetning::fagsystem_id;
use super::view::{Choice, Page, Section};
use crate::danish_format::{instant_short, whole};

/// What is said where nobody has written anything.
const GENERAL: &str = include_str!("guides/general.md");
/// Versions of one guide on a page.
const VERSIONS: u32 = 50;

/// Which guide is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    kommune: String,
    kode: String,
    udgave: String,
    foer: String,
}

impl Wanted {
    fn kommune(&self) -> Result<Option<Kommunekode>, PageError> {
        read_kommune(&self.kommune)
    }

    fn code(&self) -> Result<Option<FaultCode>, PageError> {
        read_code(&self.kode)
    }

    fn version(&self) -> Result<Option<u32>, PageError> {
        read_version(&self.udgave)
    }

    fn before(&self) -> Result<Option<u32>, PageError> {
        read_version(&self.foer)
    }
}

fn read_version(text: &str) -> Result<Option<u32>, PageError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| PageError::BadAddress),
    }
}

fn read_kommune(text: &str) -> Result<Option<Kommunekode>, PageError> {
    match text.trim() {
        "" => Ok(None),
        text => {
            let kode: u16 = text.parse().map_err(|_| PageError::BadAddress)?;
            // Nobody's, and the place of the country's own guides in the store.
            if kode == 0 {
                return Err(PageError::BadAddress);
            }
            Ok(Some(Kommunekode(kode)))
        }
    }
}

fn read_code(text: &str) -> Result<Option<FaultCode>, PageError> {
    match text.trim() {
        "" => Ok(None),
        text => {
            let code = FaultCode::from_code(&text.to_ascii_uppercase());
            code.map(Some).ok_or(PageError::BadAddress)
        }
    }
}

/// The municipality whose guide somebody reads when they name none: the only one they see
/// something of.
fn own_kommune(scope: &Scope) -> Option<Kommunekode> {
    let mut owners = scope.patches().iter().map(|patch| patch.kommune);
    let first = owners.next().flatten();
    first.filter(|_| owners.all(|owner| owner == first))
}

/// Which guide a reader means: theirs, when they name no municipality. Another's is not there.
fn asked(
    wanted: &Wanted,
    scope: &Scope,
    id: FagsystemId,
) -> Result<(Option<Kommunekode>, Option<FaultCode>), PageError> {
    let code = wanted.code()?;
    match wanted.kommune()? {
        Some(kommune) if scope.covers(kommune, Some(id)) => Ok((Some(kommune), code)),
        Some(_) => Err(PageError::NotFound),
        None => {
            let own = own_kommune(scope).filter(|own| scope.covers(*own, Some(id)));
            Ok((own, code))
        }
    }
}

/// The address of a page about a guide.
pub(super) fn address(page: &str, place: &GuidePlace, more: &str) -> String {
    let mut parts = Vec::new();
    parts.extend(
        place
            .kommune
            .map(|kommune| format!("kommune={}", kommune.0)),
    );
    parts.extend(place.code.map(|code| format!("kode={code}")));
    if !more.is_empty() {
        parts.push(more.to_owned());
    }
    let mark = if parts.is_empty() { "" } else { "?" };
    let query = parts.join("&");
    format!("/vejledninger/{}{page}{mark}{query}", place.fagsystem)
}

/// Whose a guide is, and about what, in words.
fn place_words(place: &GuidePlace, names: &Names) -> String {
    let owner = match place.kommune {
        Some(kommune) => format!("{}s egen vejledning", names.kommune(kommune)),
        None => "Landsdækkende vejledning".to_owned(),
    };
    match place.code {
        Some(code) => format!("{owner} for fejlkode {code}"),
        None => format!("{owner} for alle fejl"),
    }
}

/// A way of correcting as people call it.
const fn way_words(way: Way) -> &'static str {
    match way {
        Way::Resend => "Ret og gensend",
        Way::CancelAndNew => "Annullér og ny",
        Way::ByHand => "Manuelt",
    }
}

fn ways_words(ways: &[Way]) -> String {
    let all: Vec<&str> = ways.iter().map(|way| way_words(*way)).collect();
    all.join(", ")
}

/// All codes as choices.
fn code_choices(state: &PortalState, chosen: Option<FaultCode>) -> Vec<Choice> {
    let chosen = chosen.map_or("", FaultCode::code);
    let choice = |code: &FaultCode| {
        let label = format!("{code} {}", (state.words.title)(*code));
        Choice::new(code.to_string(), label, chosen)
    };
    FaultCode::ALL.iter().map(choice).collect()
}

/// The places in which somebody may write, of a fagsystem: municipality and words.
fn writable(
    state: &PortalState,
    viewer: &Viewer,
    id: FagsystemId,
) -> Vec<(Option<Kommunekode>, String)> {
    let scope = viewer.person.scope(Action::WriteGuides);
    let register = (state.register)();
    let at = |kommune| GuidePlace {
        kommune,
        fagsystem: id,
        code: None,
    };
    let mut places = Vec::new();
    if at(None).is_writable(&scope) {
        places.push((None, "Hele landet".to_owned()));
    }
    let own = register
        .myndigheder()
        .filter(|m| at(Some(m.kommune)).is_writable(&scope));
    let mut own: Vec<_> = own.map(|m| (Some(m.kommune), m.navn.to_string())).collect();
    own.sort_by_cached_key(|(_, navn)| crate::danish_format::sort_key(navn));
    places.extend(own);
    places
}

/// A guide as it is read.
#[derive(Debug, Template)]
#[template(path = "guide.html")]
struct GuidePage {
    page: Page,
    fagsystem: String,
    /// Choices of whose guide is read; at most one = nothing to choose.
    kommuner: Vec<Choice>,
    codes: Vec<Choice>,
    here: String,
    /// What is shown and by whom it was written; none = nobody has written any.
    written: Option<Written>,
    ways: Vec<&'static str>,
    /// HTML, made safe by `markdown.rs`.
    body: Markup,
    /// Who can write one, where there is none: sentences.
    writers: Vec<&'static str>,
    /// Where the reader may write: address and words.
    edits: Vec<(String, String)>,
}

#[derive(Debug)]
struct Written {
    place: String,
    version: String,
    at: String,
    navn: String,
    versions: String,
}

/// `GET /vejledninger/{fagsystem}`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(text): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let id = fagsystem_id(&state, &text)?;
    let (kommune, code) = asked(&wanted, &viewer.scope, id)?;
    let heads = state.guides.shelf(&viewer.scope, Some(id)).await?;
    let found = match resolve(&heads, kommune, id, code) {
        Some(head) => state.guides.guide(&viewer.scope, &head.place, None).await?,
        None => None,
    };
    let names = state.names();
    let written = found.as_ref().map(|guide| Written {
        place: place_words(&guide.head.place, &names),
        version: whole(guide.head.version.into()),
        at: instant_short(guide.head.at, &state.zone),
        navn: guide.head.navn.to_string(),
        versions: address("/udgaver", &guide.head.place, ""),
    });
    let ways = found.as_ref().map_or(&[][..], |guide| &guide.head.ways);
    let body = found.as_ref().map_or(GENERAL, |guide| &guide.body);
    let place = |kommune| GuidePlace {
        kommune,
        fagsystem: id,
        code,
    };
    let edit = |(kommune, words): (Option<Kommunekode>, String)| {
        (address("/ret", &place(kommune), ""), words)
    };
    let chosen = kommune.map_or_else(String::new, |kommune| kommune.0.to_string());
    let title = format!("Vejledning til {}", names.fagsystem(Some(id)));
    let template = GuidePage {
        page: Page::inside(&title, Section::Guides, &viewer)
            .below(&[("/vejledninger", "Vejledninger")]),
        fagsystem: names.fagsystem(Some(id)),
        kommuner: names.kommune_choices(&viewer.scope, &chosen),
        codes: code_choices(&state, code),
        here: format!("/vejledninger/{id}"),
        written,
        ways: ways.iter().map(|way| way_words(*way)).collect(),
        body: markdown::markup(body),
        writers: vec![
            "Den landsdækkende vejledning skrives af fagsystemets leverandør eller af KOMBIT.",
            "Kommunens egen vejledning skrives af fagområdet eller af den ØiR-ansvarlige for finans.",
        ],
        edits: writable(&state, &viewer, id)
            .into_iter()
            .map(edit)
            .collect(),
    };
    Ok(page(&template)?.into_response())
}

/// The versions of one guide, one of them in full.
#[derive(Debug, Template)]
#[template(path = "guide_versions.html")]
struct VersionsPage {
    page: Page,
    place: String,
    lines: Vec<VersionLine>,
    shown: Option<String>,
    ways: String,
    withdrawn: bool,
    body: Markup,
    /// The way to the versions before these.
    older: Option<String>,
    /// The way to the newest versions, from older ones.
    newest: Option<String>,
    /// The way to write it anew, for those who may.
    restore: Option<String>,
    back: String,
}

#[derive(Debug)]
struct VersionLine {
    href: String,
    number: String,
    at: String,
    navn: String,
    note: String,
    current: bool,
}

/// A page of versions, and the way to those before them.
fn pages_of(mut heads: Vec<GuideHead>, place: &GuidePlace) -> (Vec<GuideHead>, Option<String>) {
    let shown = usize::try_from(VERSIONS).unwrap_or(usize::MAX);
    let further = heads.len() > shown;
    heads.truncate(shown);
    let last = heads.last().filter(|_| further);
    let older = last.map(|head| address("/udgaver", place, &format!("foer={}", head.version)));
    (heads, older)
}

/// `GET /vejledninger/{fagsystem}/udgaver`
pub(super) async fn versions(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(text): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let place = GuidePlace {
        kommune: wanted.kommune()?,
        fagsystem: fagsystem_id(&state, &text)?,
        code: wanted.code()?,
    };
    let scope = &viewer.scope;
    let found = state.guides.guide(scope, &place, wanted.version()?).await?;
    let guide = found.ok_or(PageError::NotFound)?;
    let wants = wanted.before()?;
    let (found, last) = tokio::try_join!(
        state
            .guides
            .guide_versions(scope, &place, wants, VERSIONS + 1),
        state.guides.guide_versions(scope, &place, None, 1),
    )?;
    let (heads, older) = pages_of(found, &place);
    let newest = last.first().map_or(0, |head| head.version);
    let line = |head: &GuideHead| VersionLine {
        href: address("/udgaver", &place, &format!("udgave={}", head.version)),
        number: whole(head.version.into()),
        at: instant_short(head.at, &state.zone),
        navn: head.navn.to_string(),
        note: crate::masking::mask_text(&head.note),
        current: head.version == guide.head.version,
    };
    let may = place.is_writable(&viewer.person.scope(Action::WriteGuides));
    let old = guide.head.version < newest && !guide.head.withdrawn;
    let again = format!("udgave={}", guide.head.version);
    let names = state.names();
    let title = format!(
        "Udgaver af vejledningen til {}",
        names.fagsystem(Some(place.fagsystem))
    );
    let template = VersionsPage {
        page: Page::inside(&title, Section::Guides, &viewer)
            .below(&[("/vejledninger", "Vejledninger")]),
        place: place_words(&place, &names),
        lines: heads.iter().map(line).collect(),
        older,
        newest: wants.map(|_| address("/udgaver", &place, "")),
        shown: Some(whole(guide.head.version.into())),
        ways: ways_words(&guide.head.ways),
        withdrawn: guide.head.withdrawn,
        body: markdown::markup(&guide.body),
        restore: (may && old).then(|| address("/ret", &place, &again)),
        back: address("", &place, ""),
    };
    Ok(page(&template)?.into_response())
}
