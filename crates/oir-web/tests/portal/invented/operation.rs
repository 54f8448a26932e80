//! An invented night: one receiver answers, one is silent, one was never called. Pauses and
//! stops are kept, so that a test may begin and end them.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::ids::{PauseId, StopId};
use oir_domain::message::StateName;
use oir_domain::operation::health::{CallFailure, FailureClass, Health};
use oir_domain::operation::pause::{Pause, PlannedStop};
use oir_domain::operation::{
    Expiry, ExpiryKind, Facts, House, LeaseLine, QueueLine, SenderLine, Upkeep, UpkeepKind,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::Answer;
use oir_flow::ports::operation::{Operation, has_say};
use oir_flow::ports::process::Clock;
use oir_flow::ports::sessions::Deed;

use super::{DAY, Invented, StoppedClock, system};

/// What people decided.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pauses: Mutex<Vec<Pause>>,
    stops: Mutex<Vec<PlannedStop>>,
    /// What was written to the log with it.
    pub(crate) deeds: Mutex<Vec<Deed>>,
}

const VIBORG: Kommunekode = Kommunekode(791);
const AARHUS: Kommunekode = Kommunekode(751);

fn ago(minutes: i64) -> Timestamp {
    StoppedClock.now() - SignedDuration::from_mins(minutes)
}

fn silent() -> Health {
    let failure = CallFailure {
        class: FailureClass::NoAnswer,
        reason: "intet svar i tide".into(),
    };
    Health {
        last_good: Some(ago(90)),
        last_failure: Some((ago(1), failure)),
        failures: 5,
        took_ms: vec![900, 1_200],
        rests_until: Some(ago(-1)),
    }
}

fn well() -> Health {
    Health {
        last_good: Some(ago(0)),
        took_ms: (1..=20).map(|n| n * 10).collect(),
        ..Health::default()
    }
}

fn line(kommune: Kommunekode, state: StateName, antal: u64) -> QueueLine {
    QueueLine {
        kommune,
        state,
        antal,
        oldest: ago(40),
        first_due: ago(2),
        attempts: [antal, 0, 1, 0],
    }
}

fn everything() -> Facts {
    Facts {
        health: vec![(AARHUS, silent()), (VIBORG, well())],
        queue: vec![
            line(AARHUS, StateName::Waiting, 1_234),
            line(VIBORG, StateName::Uncertain, 2),
        ],
        leases: vec![LeaseLine {
            owner: "4711-0".into(),
            kommune: VIBORG,
            antal: 50,
            since: ago(1),
            expires: ago(-1),
        }],
        senders: vec![SenderLine {
            fagsystem: Some(system(1)),
            last_day: DAY,
            last: Some(ago(3)),
            received: 40,
            rejected: 30,
        }],
        expiries: vec![Expiry {
            kind: ExpiryKind::Receiver,
            name: "bog.aarhus.example".into(),
            kommune: Some(AARHUS),
            expires: ago(-10 * 24 * 60),
        }],
        house: Some(House {
            bytes: Some(5_000_000_000),
            wal: Some(2_000_000),
            backup: Some(Upkeep {
                at: ago(60 * 40),
                place: "/kopier/oir.db".into(),
                bytes: Some(4_900_000_000),
                findings: Some(0),
            }),
            ..House::default()
        }),
        ..Facts::default()
    }
}

impl Invented {
    fn pauses(&self) -> std::sync::MutexGuard<'_, Vec<Pause>> {
        let kept = self.operation.pauses.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }

    fn stops(&self) -> std::sync::MutexGuard<'_, Vec<PlannedStop>> {
        let kept = self.operation.stops.lock();
        kept.unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, deed: &Deed) {
        self.operation.deeds.lock().unwrap().push(deed.clone());
    }
}

impl Operation for Invented {
    fn facts<'a>(&'a self, scope: &'a Scope, _: Timestamp) -> Answer<'a, Facts> {
        let mut facts = everything();
        facts.pauses = self.pauses().clone();
        facts.pauses.retain(|pause| pause.ended.is_none());
        facts.stops = self.stops().clone();
        facts.health.retain(|(kommune, _)| scope.touches(*kommune));
        facts.queue.retain(|line| scope.touches(line.kommune));
        facts.leases.retain(|line| scope.touches(line.kommune));
        let concerns = |own: Option<Kommunekode>| own.is_none_or(|own| scope.touches(own));
        facts.pauses.retain(|pause| concerns(pause.kommune));
        facts.stops.retain(|stop| concerns(stop.kommune));
        facts.expiries.retain(|expiry| concerns(expiry.kommune));
        facts.house = facts.house.filter(|_| scope.is_everything());
        self.answer(facts)
    }

    fn news<'a>(&'a self, scope: &'a Scope, now: Timestamp) -> Answer<'a, Vec<PlannedStop>> {
        let mut stops = self.stops().clone();
        let concerns = |own: Option<Kommunekode>| own.is_none_or(|own| scope.touches(own));
        stops.retain(|stop| stop.is_news(now) && concerns(stop.kommune));
        self.answer(stops)
    }

    fn pause<'a>(&'a self, scope: &'a Scope, pause: &'a Pause, deed: &'a Deed) -> Answer<'a, bool> {
        let may = has_say(scope, pause.kommune);
        if may {
            self.pauses().push(pause.clone());
            self.done(deed);
        }
        self.answer(may)
    }

    fn resume<'a>(&'a self, scope: &'a Scope, id: PauseId, deed: &'a Deed) -> Answer<'a, bool> {
        let mut pauses = self.pauses();
        let found = pauses.iter_mut().find(|pause| pause.id == id);
        let found = found.filter(|p| p.ended.is_none() && has_say(scope, p.kommune));
        let done = found.map(|pause| pause.ended = Some(deed.at)).is_some();
        drop(pauses);
        if done {
            self.done(deed);
        }
        self.answer(done)
    }

    fn announce<'a>(
        &'a self,
        scope: &'a Scope,
        stop: &'a PlannedStop,
        pause: Option<&'a Pause>,
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        let may = has_say(scope, stop.kommune);
        if may {
            self.stops().push(stop.clone());
            self.pauses().extend(pause.cloned());
            self.done(deed);
        }
        self.answer(may)
    }

    fn cancel<'a>(&'a self, scope: &'a Scope, id: StopId, deed: &'a Deed) -> Answer<'a, bool> {
        let mut stops = self.stops();
        let found = stops.iter_mut().find(|stop| stop.id == id);
        let found = found.filter(|stop| has_say(scope, stop.kommune));
        let done = found.map(|stop| stop.cancelled = Some(deed.at)).is_some();
        drop(stops);
        if done {
            self.done(deed);
        }
        self.answer(done)
    }

    fn cared<'a>(&'a self, _: UpkeepKind, _: &'a Upkeep) -> Answer<'a, ()> {
        self.answer(())
    }
}
