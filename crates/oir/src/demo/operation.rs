//! The demo's operation: what runs beside the deliveries, one stop that is over and one that
//! is announced. A demo makes no copies and is not computed again unless somebody does it:
//! *Drift* says so, and raises no alarm for it.

use std::sync::Arc;

use jiff::civil::{Date, Time, time};
use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::calendar::copenhagen;
use oir_domain::ids::{PauseId, StopId};
use oir_domain::operation::alarm::Limits;
use oir_domain::operation::pause::{DuringStop, PlannedStop};
use oir_domain::party::Kommunekode;
use oir_fagsystem::Day;
use oir_flow::hub::Hub;
use oir_flow::ports::operation::Operation;
use oir_flow::ports::process::Ids;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::{follow, worker};
use oir_store::Store;
use tokio::sync::watch;

use super::earlier;
use crate::process::{OrderedIds, SystemClock};

/// Alarms as in a house that is run, but for copies that nobody makes here.
pub(super) const LIMITS: Limits = Limits {
    backup: None,
    verify: None,
    ..Limits::STANDARD
};
/// The stops are in the evening, when the senders are done, and take two hours.
const EVENING: Time = time(20, 0, 0, 0);
const LASTS: SignedDuration = SignedDuration::from_hours(2);
/// Nobody of that name exists.
const WHO: (&str, &str) = ("opdigtet-9", "Jon Opdigtet");

/// Announces the stops, and starts what follows the register, the receivers' health and the
/// search index, until told to stop.
///
/// # Errors
/// When the store fails.
pub(super) async fn begin(
    hub: &Hub,
    store: &Store,
    day: &Day,
    stop: &watch::Receiver<bool>,
) -> anyhow::Result<()> {
    for stop in stops(day) {
        announce(store, &stop).await?;
    }
    tokio::spawn(worker::follow(hub.clone(), stop.clone()));
    let (search, clock) = (Arc::new(store.clone()), Arc::new(SystemClock));
    tokio::spawn(follow::follow(search, clock, stop.clone()));
    Ok(())
}

/// One of the first municipality's books on an earlier evening, and one of the whole service
/// tomorrow evening.
fn stops(day: &Day) -> Vec<PlannedStop> {
    let plan = day.plan();
    let first = day.register.myndigheder.first().map(|m| m.kommune);
    let before = earlier::days(plan.day).first().copied();
    let past = before.zip(first).map(|(evening, kommune)| {
        stop(
            Some(kommune),
            evening,
            evening_of(evening.yesterday().unwrap_or(evening)),
            "Økonomisystemet får en ny udgave.",
        )
    });
    let tomorrow = plan.day.tomorrow().unwrap_or(plan.day);
    let next = stop(
        None,
        tomorrow,
        plan.now,
        "ØiR får en ny udgave. Bilag kan ikke sendes imens; send dem bagefter.",
    );
    past.into_iter().chain([next]).collect()
}

fn stop(
    kommune: Option<Kommunekode>,
    evening: Date,
    announced: Timestamp,
    tekst: &str,
) -> PlannedStop {
    let from = evening_of(evening);
    PlannedStop {
        id: StopId::from_uuid(OrderedIds::default().next()),
        kommune,
        announced,
        from,
        until: from.saturating_add(LASTS).unwrap_or(from),
        tekst: tekst.into(),
        during: DuringStop::Pause,
        navn: WHO.1.into(),
        cancelled: None,
    }
}

fn evening_of(day: Date) -> Timestamp {
    let evening = copenhagen().to_timestamp(day.to_datetime(EVENING));
    evening.unwrap_or(Timestamp::UNIX_EPOCH)
}

async fn announce(store: &Store, stop: &PlannedStop) -> anyhow::Result<()> {
    let deed = Deed {
        at: stop.announced,
        subject: WHO.0.into(),
        navn: WHO.1.into(),
        what: deeds::ANNOUNCED_STOP.into(),
        kommune: stop.kommune,
        object: format!("{}: {}", stop.id, stop.tekst).into(),
    };
    let pause = stop.pause(PauseId::from_uuid(OrderedIds::default().next()));
    let everything = Scope::everything();
    store
        .announce(&everything, stop, pause.as_ref(), &deed)
        .await?;
    Ok(())
}
