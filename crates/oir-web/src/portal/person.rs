//! The bilag of one person, by their number. The number comes in a form and goes nowhere: it
//! is in no address, no log and no page, and the answer cannot be had again by an address.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use oir_domain::look::{TooMany, read_number};
use oir_domain::party::{Cpr, Kommunekode};
use oir_flow::looks::{LISTED_MAX, Search, search as search_for};
use serde::Deserialize;

use super::door::Viewer;
use super::failure::{PageError, page, too_often, unreadable_form};
use super::form::{self, Faulty, PurposeForm};
use super::list::line;
use super::view::{Choice, ListLine, Page, Section};
use super::{PortalState, names::Names};
use crate::danish_format::{instant_to_the_second, whole};

#[derive(Debug, Template)]
#[template(path = "person.html")]
struct PersonPage {
    page: Page,
    /// None when nobody signed in who could search.
    token: Option<String>,
    faults: Faulty,
    kommuner: Vec<Choice>,
    purpose: PurposeForm,
    answer: Option<Answer>,
    /// When the next search is allowed, after too many.
    again: Option<String>,
}

/// What a search found.
#[derive(Debug)]
struct Answer {
    /// The number, masked, and the municipality.
    whom: String,
    kommune: String,
    found: u64,
    antal: String,
    /// Whether there are more than are listed.
    more: bool,
    lines: Vec<ListLine>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    token: String,
    #[serde(default)]
    kommune: String,
    #[serde(default)]
    personnummer: String,
    #[serde(default)]
    formaal: String,
    #[serde(default)]
    forklaring: String,
}

fn person_page(viewer: &Viewer, names: &Names, chosen: &str) -> PersonPage {
    let mut kommuner = names.kommune_choices(&viewer.scope, chosen);
    if let [only] = kommuner.as_mut_slice() {
        only.chosen = true;
    }
    PersonPage {
        page: Page::inside("Find en persons bilag", Section::Person, viewer)
            .below(&[("/", "Forside")]),
        token: viewer.token(),
        faults: Faulty::default(),
        kommuner,
        purpose: PurposeForm::default(),
        answer: None,
        again: None,
    }
}

/// `GET /personopslag`
pub(super) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    Ok(page(&person_page(&viewer, &state.names(), ""))?.into_response())
}

/// `POST /personopslag`
pub(super) async fn search(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(asked) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&asked.token)?;
    let names = state.names();
    let mut template = person_page(&viewer, &names, &asked.kommune);
    let Some(wanted) = read(&asked, &viewer, &mut template.faults) else {
        template.purpose = PurposeForm::filled(&asked.formaal, &asked.forklaring);
        return Ok(unreadable_form(page(&template)?));
    };
    let (now, log) = (state.clock.now(), state.entrance.sign_in.sessions());
    let found = search_for(&*state.looks, log, &viewer.person, &wanted, now).await?;
    match found {
        Ok(found) => {
            let lines = found
                .lines
                .iter()
                .map(|l| line(l, &names, &state))
                .collect();
            template.answer = Some(Answer {
                whom: wanted.cpr.to_string(),
                kommune: names.kommune(wanted.kommune),
                found: found.found,
                antal: whole(found.found),
                more: found.found > LISTED_MAX.into(),
                lines,
            });
            Ok(page(&template)?.into_response())
        }
        Err(TooMany { again }) => {
            template.again = Some(instant_to_the_second(again, &state.zone));
            Ok(too_often(page(&template)?, seconds_until(again, now)))
        }
    }
}

fn seconds_until(again: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(again.duration_since(now).as_secs()).map_or(1, |s| s.saturating_add(1))
}

fn read<'a>(asked: &Asked, viewer: &'a Viewer, faults: &mut Faulty) -> Option<Search<'a>> {
    let kommune = kommune(&asked.kommune, viewer);
    if kommune.is_none() {
        faults.add("kommune", "Vælg en kommune på listen");
    }
    let cpr: Option<Cpr> = read_number(&asked.personnummer);
    if cpr.is_none() {
        let text = "Skriv et personnummer med ti cifre, fx ddmmåå-xxxx";
        faults.add("personnummer", text);
    }
    let purpose = form::purpose(&asked.formaal, &asked.forklaring, faults);
    Some(Search {
        scope: &viewer.scope,
        kommune: kommune?,
        cpr: cpr?,
        purpose: purpose?,
    })
}

/// A municipality of the form, if this page's matter reaches it.
pub(super) fn kommune(text: &str, viewer: &Viewer) -> Option<Kommunekode> {
    let kommune = text.trim().parse().ok().map(Kommunekode)?;
    viewer.scope.touches(kommune).then_some(kommune)
}
