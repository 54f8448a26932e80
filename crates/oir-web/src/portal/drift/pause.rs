//! Leaving a receiver alone, and calling it again.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use oir_domain::ids::PauseId;
use oir_domain::operation::pause::{Pause, said, window};
use oir_domain::party::Kommunekode;
use oir_flow::ports::operation::has_say;
use oir_flow::ports::sessions::deeds;
use serde::Deserialize;

use super::forms::{INSTANT, choices, read_instant, read_kommune, words_fault};
use super::whose;
use crate::danish_format::{instant, instant_short};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::view::{Choice, FieldFault, Page, Section, fault_of};

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct PauseQuery {
    kommune: String,
}

/// The form. With `pause` it ends that one, else it begins a new one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct PauseForm {
    token: String,
    pause: String,
    kommune: String,
    grund: String,
    til: String,
}

/// A pause that is not over.
#[derive(Debug)]
struct PauseLine {
    id: String,
    whose: String,
    since: String,
    until: String,
    reason: String,
    navn: String,
    /// Whether the viewer may end it.
    own: bool,
    /// Whether it is in force, or only to come.
    holds: bool,
}

#[derive(Debug, Template)]
#[template(path = "drift_pause.html")]
struct PausePage {
    page: Page,
    token: Option<String>,
    kommuner: Vec<Choice>,
    grund: String,
    til: String,
    faults: Vec<FieldFault>,
    lines: Vec<PauseLine>,
}

impl PausePage {
    fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }
}

/// `GET /drift/pause`
pub(in crate::portal) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<PauseQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    if let Some(Some(kommune)) = read_kommune(&query.kommune)
        && !has_say(&viewer.scope, Some(kommune))
    {
        return Err(PageError::NotFound);
    }
    let form = PauseForm {
        kommune: query.kommune,
        ..PauseForm::default()
    };
    let shown = shown(&state, &viewer, form, Vec::new()).await?;
    Ok(page(&shown)?.into_response())
}

async fn shown(
    state: &PortalState,
    viewer: &Viewer,
    form: PauseForm,
    faults: Vec<FieldFault>,
) -> Result<PausePage, PageError> {
    let (now, names) = (state.clock.now(), state.names());
    let facts = state.operation.facts(&viewer.scope, now).await?;
    let line = |pause: &Pause| PauseLine {
        id: pause.id.to_string(),
        whose: whose(pause.kommune, &names),
        since: instant_short(pause.since, &state.zone),
        until: match pause.until {
            Some(until) => instant_short(until, &state.zone),
            None => "Nogen genoptager".to_owned(),
        },
        reason: mask_text(&pause.reason),
        navn: pause.navn.to_string(),
        own: has_say(&viewer.scope, pause.kommune),
        holds: pause.holds(now),
    };
    Ok(PausePage {
        page: Page::inside("Sæt på pause", Section::Drift, viewer).below(&[("/drift", "Drift")]),
        token: viewer.token(),
        kommuner: choices(&names, &viewer.scope, "Alle kommuner", form.kommune.trim()),
        grund: form.grund,
        til: form.til,
        faults,
        lines: facts.pauses.iter().map(line).collect(),
    })
}

/// `POST /drift/pause`
pub(in crate::portal) async fn decide(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<PauseForm>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    if !form.pause.is_empty() {
        return resume(&state, &viewer, &form.pause).await;
    }
    let now = state.clock.now();
    let Some(kommune) = read_kommune(&form.kommune) else {
        let fault = FieldFault::new("kommune", "Vælg en kommune på listen");
        return refused(&state, &viewer, form, vec![fault]).await;
    };
    let mut faults = Vec::new();
    let reason = said(&form.grund).map_err(|fault| faults.push(words_fault("grund", fault)));
    let until = end(&state, &form.til, now).map_err(|fault| faults.push(fault));
    let (Ok(reason), Ok(until)) = (reason, until) else {
        return refused(&state, &viewer, form, faults).await;
    };
    let pause = Pause {
        id: PauseId::from_uuid(state.entrance.sign_in.new_id()),
        kommune,
        since: now,
        until,
        reason,
        navn: viewer.person.navn.clone(),
        ended: None,
        stop: None,
    };
    begin(&state, &viewer, &pause).await
}

async fn refused(
    state: &PortalState,
    viewer: &Viewer,
    form: PauseForm,
    faults: Vec<FieldFault>,
) -> Result<Response, PageError> {
    let shown = shown(state, viewer, form, faults).await?;
    Ok(unreadable_form(page(&shown)?))
}

/// When the pause ends by itself; an empty field means that it does not.
fn end(state: &PortalState, text: &str, now: Timestamp) -> Result<Option<Timestamp>, FieldFault> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let until = read_instant(text, &state.zone).ok_or_else(|| FieldFault::new("til", INSTANT))?;
    match window(now, until, now) {
        Ok(()) => Ok(Some(until)),
        Err(_) => Err(FieldFault::new("til", "Tidspunktet er allerede passeret")),
    }
}

async fn begin(state: &PortalState, viewer: &Viewer, pause: &Pause) -> Result<Response, PageError> {
    let until = match pause.until {
        Some(until) => format!("til {}", instant(until, &state.zone)),
        None => "uden sluttid".to_owned(),
    };
    let object = format!("{}, {until}: {}", pause.id, mask_text(&pause.reason));
    let deed = deed(state, viewer, deeds::PAUSED, pause.kommune, &object);
    // Another's books are not there for this person.
    if state.operation.pause(&viewer.scope, pause, &deed).await? {
        Ok(Redirect::to("/drift").into_response())
    } else {
        Err(PageError::NotFound)
    }
}

async fn resume(state: &PortalState, viewer: &Viewer, id: &str) -> Result<Response, PageError> {
    let id: PauseId = id.parse().map_err(|_| PageError::BadForm)?;
    let facts = state
        .operation
        .facts(&viewer.scope, state.clock.now())
        .await?;
    let found = facts.pauses.iter().find(|pause| pause.id == id);
    let kommune = found.and_then(|pause| pause.kommune);
    let deed = deed(state, viewer, deeds::RESUMED, kommune, &id.to_string());
    if state.operation.resume(&viewer.scope, id, &deed).await? {
        Ok(Redirect::to("/drift").into_response())
    } else {
        Err(PageError::NotFound)
    }
}

/// A deed on somebody's matter.
pub(super) fn deed(
    state: &PortalState,
    viewer: &Viewer,
    what: &str,
    kommune: Option<Kommunekode>,
    object: &str,
) -> oir_flow::ports::sessions::Deed {
    let sign_in = &state.entrance.sign_in;
    sign_in.deed_about(&viewer.person, what, kommune, object)
}
