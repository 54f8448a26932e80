//! Announcing a stop, and calling it off.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::ids::{PauseId, StopId};
use oir_domain::operation::pause::{DuringStop, PlannedStop, said, window};
use oir_flow::ports::operation::has_say;
use oir_flow::ports::sessions::deeds;
use serde::Deserialize;

use super::forms::{INSTANT, choices, field_instant, read_instant, read_kommune, words_fault};
use super::pause::deed;
use super::whose;
use crate::danish_format::{instant, instant_short};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::view::{Choice, FieldFault, Page, Section, fault_of};

/// The address line: a stop that is about to be called off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct StopQuery {
    aflys: String,
}

/// The form. With `aflys` it calls that stop off, else it announces one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct StopForm {
    token: String,
    aflys: String,
    kommune: String,
    fra: String,
    til: String,
    tekst: String,
    pause: String,
}

/// A stop that may be called off.
#[derive(Debug)]
struct StopLine {
    id: String,
    whose: String,
    from: String,
    until: String,
    tekst: String,
}

#[derive(Debug, Template)]
#[template(path = "drift_stop.html")]
struct StopPage {
    page: Page,
    token: Option<String>,
    /// The stop to call off; none = one is announced.
    off: Option<StopLine>,
    kommuner: Vec<Choice>,
    fra: String,
    til: String,
    tekst: String,
    pause: bool,
    faults: Vec<FieldFault>,
}

impl StopPage {
    fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }
}

/// `GET /drift/stop`
pub(in crate::portal) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<StopQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let off = match query.aflys.trim() {
        "" => None,
        id => Some(find(&state, &viewer, id).await?),
    };
    let now = state.clock.now();
    let form = StopForm {
        fra: field_instant(now, &state.zone),
        pause: "ja".to_owned(),
        ..StopForm::default()
    };
    let shown = shown(&state, &viewer, off.as_ref(), form, Vec::new());
    Ok(page(&shown)?.into_response())
}

/// A stop that is not over and that the viewer has a say over.
async fn find(state: &PortalState, viewer: &Viewer, id: &str) -> Result<PlannedStop, PageError> {
    let id: StopId = id.parse().map_err(|_| PageError::NotFound)?;
    let now = state.clock.now();
    let facts = state.operation.facts(&viewer.scope, now).await?;
    let mut stops = facts.stops.into_iter();
    let found = stops.find(|stop| stop.id == id && stop.is_news(now));
    found
        .filter(|stop| has_say(&viewer.scope, stop.kommune))
        .ok_or(PageError::NotFound)
}

fn shown(
    state: &PortalState,
    viewer: &Viewer,
    off: Option<&PlannedStop>,
    form: StopForm,
    faults: Vec<FieldFault>,
) -> StopPage {
    let names = state.names();
    let title = if off.is_some() {
        "Aflys et stop"
    } else {
        "Varsl et stop"
    };
    let line = |stop: &PlannedStop| StopLine {
        id: stop.id.to_string(),
        whose: whose(stop.kommune, &names),
        from: instant_short(stop.from, &state.zone),
        until: instant_short(stop.until, &state.zone),
        tekst: mask_text(&stop.tekst),
    };
    StopPage {
        page: Page::inside(title, Section::Drift, viewer).below(&[("/drift", "Drift")]),
        token: viewer.token(),
        off: off.map(line),
        kommuner: choices(&names, &viewer.scope, "Hele servicen", form.kommune.trim()),
        fra: form.fra,
        til: form.til,
        tekst: form.tekst,
        pause: !form.pause.is_empty(),
        faults,
    }
}

/// `POST /drift/stop`
pub(in crate::portal) async fn decide(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<StopForm>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    if !form.aflys.is_empty() {
        return cancel(&state, &viewer, &form.aflys).await;
    }
    match read(&state, &viewer, &form) {
        Ok(stop) => announce(&state, &viewer, &stop).await,
        Err(faults) => {
            let shown = shown(&state, &viewer, None, form, faults);
            Ok(unreadable_form(page(&shown)?))
        }
    }
}

/// The stop that the form says, or everything that is wrong with it.
fn read(
    state: &PortalState,
    viewer: &Viewer,
    form: &StopForm,
) -> Result<PlannedStop, Vec<FieldFault>> {
    let (now, mut faults) = (state.clock.now(), Vec::new());
    let kommune = read_kommune(&form.kommune);
    if kommune.is_none() {
        faults.push(FieldFault::new("kommune", "Vælg, hvem stoppet gælder"));
    }
    let from = read_instant(&form.fra, &state.zone);
    let until = read_instant(&form.til, &state.zone);
    for (field, read) in [("fra", from), ("til", until)] {
        if read.is_none() {
            faults.push(FieldFault::new(field, INSTANT));
        }
    }
    if from
        .zip(until)
        .is_some_and(|(from, until)| window(from, until, now).is_err())
    {
        let text = "Stoppet skal slutte efter, at det begynder, og ikke være passeret";
        faults.push(FieldFault::new("til", text));
    }
    let tekst = said(&form.tekst).map_err(|fault| faults.push(words_fault("tekst", fault)));
    match (kommune, from, until, tekst) {
        (Some(kommune), Some(from), Some(until), Ok(tekst)) if faults.is_empty() => {
            Ok(PlannedStop {
                id: StopId::from_uuid(state.entrance.sign_in.new_id()),
                kommune,
                announced: now,
                from,
                until,
                tekst,
                during: if form.pause.is_empty() {
                    DuringStop::Continue
                } else {
                    DuringStop::Pause
                },
                navn: viewer.person.navn.clone(),
                cancelled: None,
            })
        }
        _ => Err(faults),
    }
}

async fn announce(
    state: &PortalState,
    viewer: &Viewer,
    stop: &PlannedStop,
) -> Result<Response, PageError> {
    let pause = stop.pause(PauseId::from_uuid(state.entrance.sign_in.new_id()));
    let object = format!(
        "{}, {} til {}: {}",
        stop.id,
        instant(stop.from, &state.zone),
        instant(stop.until, &state.zone),
        mask_text(&stop.tekst)
    );
    let deed = deed(state, viewer, deeds::ANNOUNCED_STOP, stop.kommune, &object);
    let operation = &state.operation;
    if operation
        .announce(&viewer.scope, stop, pause.as_ref(), &deed)
        .await?
    {
        Ok(Redirect::to("/drift").into_response())
    } else {
        Err(PageError::NotFound)
    }
}

async fn cancel(state: &PortalState, viewer: &Viewer, id: &str) -> Result<Response, PageError> {
    let stop = find(state, viewer, id).await?;
    let object = stop.id.to_string();
    let deed = deed(state, viewer, deeds::CANCELLED_STOP, stop.kommune, &object);
    if state
        .operation
        .cancel(&viewer.scope, stop.id, &deed)
        .await?
    {
        Ok(Redirect::to("/drift").into_response())
    } else {
        Err(PageError::NotFound)
    }
}
