//! *Drift*: whether all is running and what to do now, for whoever is woken at night, and
//! for the owner of an ERP who sees their own municipality's part of it.
//!
//! | address | what | file |
//! |---|---|---|
//! | `/drift` | alarms, receivers, queue, senders, stops, certificates, disk, copies | here, `tables.rs` |
//! | `/drift.xlsx` | the same tables as a workbook | `sheets.rs` |
//! | `/drift/pause` | leave a receiver alone, and call it again | `pause.rs` |
//! | `/drift/stop` | announce a stop, and call it off | `stop.rs` |
//!
//! What is an alarm is the domain's rule, what it is called stands with the other Danish
//! texts; `oir status` says the same.

mod forms;
pub(super) mod pause;
mod sheets;
pub(super) mod stop;
mod table;
mod tables;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use oir_domain::access::{Action, Scope};
use oir_domain::operation::Facts;
use oir_domain::operation::alarm::{Alarm, Limits, Severity};
use oir_domain::operation::pause::PlannedStop;
use oir_domain::party::Kommunekode;
use oir_wire::danish;
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::names::Names;
use super::view::{Advice, Notice, Page, Section};
use crate::danish_format::{instant, instant_short};
pub(super) use sheets::download;
use table::Table;

/// Seconds between two looks that a reader may ask for.
const REFRESH: std::ops::RangeInclusive<u32> = 15..=600;
/// What the page offers.
const REFRESH_OFFERED: u32 = 60;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DriftQuery {
    opdater: String,
}

/// Everything that a page of this room is made of.
struct Look {
    facts: Facts,
    alarms: Vec<Alarm>,
    limits: Limits,
    now: Timestamp,
    names: Names,
    /// Receivers that the viewer sees.
    receivers: Vec<Kommunekode>,
    /// What the viewer may pause.
    runs: Scope,
}

#[derive(Debug, Template)]
#[template(path = "drift.html")]
struct DriftPage {
    page: Page,
    /// Seconds until the page is fetched again, when that was asked for.
    refresh: Option<u32>,
    offered: u32,
    at: String,
    headline: String,
    advice: Advice,
    alarms: Table,
    receivers: Table,
    queue: Table,
    leases: Table,
    senders: Table,
    stops: Table,
    expiries: Table,
    house: Option<Table>,
    /// Whether the viewer may pause and announce.
    runs: bool,
    /// Whether the viewer may make and end keys.
    keys: bool,
}

/// `GET /drift`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<DriftQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let refresh = query.opdater.trim().parse().ok();
    let look = look(&state, &viewer).await?;
    let worst = look.alarms.first().map(|alarm| alarm.severity);
    let template = DriftPage {
        page: Page::inside("Drift", Section::Drift, &viewer),
        refresh: refresh.filter(|seconds| REFRESH.contains(seconds)),
        offered: REFRESH_OFFERED,
        at: instant(look.now, &state.zone),
        headline: danish::headline(&look.alarms),
        advice: Advice {
            weight: match worst {
                Some(Severity::Now) => "error",
                Some(Severity::Today) => "warning",
                Some(Severity::Soon) => "info",
                Some(Severity::Know) | None => "success",
            },
            heading: "",
            text: "",
        },
        alarms: tables::alarms(&look, &state.zone),
        receivers: tables::receivers(&look, &state.zone),
        queue: tables::queue(&look, &state.zone),
        leases: tables::leases(&look, &state.zone),
        senders: tables::senders(&look, &state.zone),
        stops: tables::stops(&look, &state.zone),
        expiries: tables::expiries(&look, &state.zone),
        house: tables::house(&look, &state.zone),
        runs: !look.runs.is_nothing(),
        keys: viewer.person.may(Action::ManageKeys),
    };
    Ok(page(&template)?.into_response())
}

async fn look(state: &PortalState, viewer: &Viewer) -> Result<Look, PageError> {
    let now = state.clock.now();
    let watch = &state.watch;
    let (facts, alarms) = watch.look(&*state.operation, &viewer.scope, now).await?;
    Ok(Look {
        receivers: receivers(state, &viewer.scope, &facts),
        facts,
        alarms,
        limits: watch.limits,
        now,
        names: state.names(),
        runs: viewer.person.scope(Action::RunPartners),
    })
}

/// Those of the register, and those that were once called and have left it.
fn receivers(state: &PortalState, scope: &Scope, facts: &Facts) -> Vec<Kommunekode> {
    let register = (state.register)();
    let all = register.myndigheder().map(|myndighed| myndighed.kommune);
    let called = all.filter(|kommune| register.receiver(*kommune).is_some());
    let known = facts.health.iter().map(|(kommune, _)| *kommune);
    let waiting = facts.queue.iter().map(|line| line.kommune);
    let mut all: Vec<Kommunekode> = called.chain(known).chain(waiting).collect();
    all.retain(|kommune| scope.touches(*kommune));
    all.sort_unstable();
    all.dedup();
    all
}

/// Whose matter something is, in words.
fn whose(kommune: Option<Kommunekode>, names: &Names) -> String {
    match kommune {
        Some(kommune) => names.kommune(kommune),
        None => "Hele servicen".to_owned(),
    }
}

/// The stops that somebody should know of, as they stand above every page. A page is shown
/// without them rather than not at all.
pub(super) async fn notices(state: &PortalState, concern: &Scope) -> Vec<Notice> {
    let now = state.clock.now();
    let stops = state.operation.news(concern, now).await.unwrap_or_default();
    let names = state.names();
    stops
        .iter()
        .map(|stop| notice(stop, now, &names, state))
        .collect()
}

fn notice(stop: &PlannedStop, now: Timestamp, names: &Names, state: &PortalState) -> Notice {
    let whose = match stop.kommune {
        Some(kommune) => format!("Økonomisystemet i {}", names.kommune(kommune)),
        None => "ØiR".to_owned(),
    };
    let (begins, ends) = (
        instant_short(stop.from, &state.zone),
        instant_short(stop.until, &state.zone),
    );
    let (weight, heading) = if stop.from <= now {
        ("warning", format!("{whose} er stoppet til {ends}"))
    } else {
        ("info", format!("{whose} stopper {begins}–{ends}"))
    };
    Notice {
        weight,
        heading,
        text: crate::masking::mask_text(&stop.tekst),
    }
}
