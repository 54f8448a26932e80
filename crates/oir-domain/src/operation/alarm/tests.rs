//! Each fact alone brings its alarm, and sound facts bring none.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Alarm, AlarmCode, FAILURES_MIN, FREE_MIN, Limits, Severity, WAL_MAX, alarms, calls};
use crate::ids::{PauseId, StopId};
use crate::message::StateName;
use crate::operation::health::{CallFailure, FailureClass, Health};
use crate::operation::pause::{DuringStop, Pause, PlannedStop};
use crate::operation::{Expiry, ExpiryKind, Facts, House, QueueLine, SenderLine, Upkeep};
use crate::party::Kommunekode;

const HERE: Kommunekode = Kommunekode(101);

fn now() -> Timestamp {
    "2026-11-24T03:00:00Z".parse().unwrap()
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn line(state: StateName, oldest: i64, due: i64) -> QueueLine {
    QueueLine {
        kommune: HERE,
        state,
        antal: 7,
        oldest: ago(oldest),
        first_due: ago(due),
        attempts: [7, 0, 0, 0],
    }
}

fn silent(failures: u32) -> Health {
    let failure = CallFailure {
        class: FailureClass::NotReached,
        reason: "ingen forbindelse".into(),
    };
    Health {
        last_good: Some(ago(60)),
        last_failure: Some((ago(1), failure)),
        failures,
        ..Health::default()
    }
}

fn pause(since: i64, until: Option<i64>) -> Pause {
    Pause {
        id: PauseId::from_uuid(Uuid::nil()),
        kommune: Some(HERE),
        since: ago(since),
        until: until.map(|minutes| ago(-minutes)),
        reason: "opdateres".into(),
        navn: "Drift".into(),
        ended: None,
        stop: None,
    }
}

fn care(minutes: i64, findings: Option<u64>) -> Upkeep {
    Upkeep {
        at: ago(minutes),
        place: "/kopi".into(),
        bytes: Some(1),
        findings,
    }
}

fn sound() -> House {
    House {
        free: Some(FREE_MIN * 100),
        bytes: Some(1),
        wal: Some(0),
        sizes: Vec::new(),
        backup: Some(care(60, Some(0))),
        verify: Some(care(60, Some(0))),
    }
}

fn of_house(house: House) -> Facts {
    Facts {
        house: Some(house),
        ..Facts::default()
    }
}

fn of_queue(queue: QueueLine) -> Facts {
    Facts {
        queue: vec![queue],
        ..Facts::default()
    }
}

fn of_health(health: Health) -> Facts {
    Facts {
        health: vec![(HERE, health)],
        ..Facts::default()
    }
}

fn of_expiry(kind: ExpiryKind, days: i64) -> Facts {
    let expires = now() + SignedDuration::from_hours(days * 24);
    let expiry = Expiry {
        kind,
        name: "bog.example".into(),
        kommune: Some(HERE),
        expires,
    };
    Facts {
        expiries: vec![expiry],
        ..Facts::default()
    }
}

fn stop(begins_in: i64) -> Facts {
    let stop = PlannedStop {
        id: StopId::from_uuid(Uuid::nil()),
        kommune: None,
        announced: ago(100),
        from: ago(-begins_in),
        until: ago(-begins_in - 60),
        tekst: "ny version".into(),
        during: DuringStop::Pause,
        navn: "Drift".into(),
        cancelled: None,
    };
    Facts {
        stops: vec![stop],
        ..Facts::default()
    }
}

fn senders(received: u64, rejected: u64) -> Facts {
    let line = SenderLine {
        fagsystem: None,
        last_day: date(2026, 11, 24),
        last: None,
        received,
        rejected,
    };
    Facts {
        senders: vec![line],
        ..Facts::default()
    }
}

fn told(facts: &Facts) -> Vec<(AlarmCode, Severity)> {
    let all = alarms(facts, now(), &Limits::STANDARD);
    all.iter().map(|a| (a.code, a.severity)).collect()
}

type Case = (Facts, AlarmCode, Severity);

/// Of receivers, senders, decisions and ends.
fn cases_of_traffic() -> Vec<Case> {
    use AlarmCode as C;
    use Severity::{Know, Now, Soon, Today};
    let slow = Health {
        took_ms: vec![30_000],
        ..Health::default()
    };
    let held = |pause| Facts {
        pauses: vec![pause],
        ..Facts::default()
    };
    vec![
        (
            of_queue(line(StateName::Mapped, 11, 11)),
            C::DeliveryLate,
            Now,
        ),
        (
            of_queue(line(StateName::Uncertain, 31, 0)),
            C::Uncertain,
            Today,
        ),
        (of_health(silent(FAILURES_MIN)), C::ReceiverSilent, Today),
        (of_health(slow), C::ReceiverSlow, Soon),
        (held(pause(5, Some(5))), C::Paused, Know),
        (held(pause(2_000, Some(5))), C::Paused, Know),
        (held(pause(2_000, None)), C::PausedLong, Today),
        (stop(60), C::Stop, Know),
        (senders(20, 11), C::SenderRejected, Today),
        (of_expiry(ExpiryKind::Receiver, 30), C::Expiring, Soon),
        (of_expiry(ExpiryKind::MachineKey, 14), C::Expiring, Today),
        (of_expiry(ExpiryKind::File, 3), C::Expiring, Now),
        (of_expiry(ExpiryKind::Provider, 0), C::Expired, Now),
        (of_expiry(ExpiryKind::MachineKey, -1), C::Expired, Know),
    ]
}

/// Of disk, database and copies.
fn cases_of_the_house() -> Vec<Case> {
    use AlarmCode as C;
    use Severity::{Now, Soon, Today};
    let with = |change: fn(&mut House)| {
        let mut house = sound();
        change(&mut house);
        of_house(house)
    };
    vec![
        (with(|h| h.free = Some(FREE_MIN - 1)), C::DiskFull, Now),
        (with(|h| h.wal = Some(WAL_MAX + 1)), C::WalGrows, Today),
        (with(|h| h.backup = None), C::BackupOld, Today),
        (
            with(|h| h.backup = Some(care(27 * 60, Some(0)))),
            C::BackupOld,
            Today,
        ),
        (
            with(|h| h.backup = Some(care(1, Some(2)))),
            C::BackupUnsound,
            Today,
        ),
        (
            with(|h| h.backup = Some(care(1, None))),
            C::BackupUnsound,
            Soon,
        ),
        (with(|h| h.verify = None), C::VerifyOld, Soon),
        (
            with(|h| h.verify = Some(care(1, Some(1)))),
            C::VerifyDiffers,
            Now,
        ),
        (
            with(|h| h.sizes = vec![(date(2026, 11, 1), 0), (date(2026, 11, 2), FREE_MIN * 8)]),
            C::DiskFilling,
            Today,
        ),
    ]
}

#[test]
fn each_fact_brings_its_alarm() {
    let mut cases = cases_of_traffic();
    cases.extend(cases_of_the_house());
    for (facts, code, severity) in &cases {
        assert_eq!(told(facts), [(*code, *severity)], "{facts:?}");
    }
    let tried: BTreeSet<AlarmCode> = cases.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(
        tried,
        BTreeSet::from(AlarmCode::ALL),
        "an alarm that nothing brings"
    );
}

#[test]
fn what_is_well_is_quiet() {
    let quiet = [
        Facts::default(),
        of_house(sound()),
        of_queue(line(StateName::Mapped, 500, 9)),
        of_queue(line(StateName::Uncertain, 29, 0)),
        of_health(silent(FAILURES_MIN - 1)),
        of_expiry(ExpiryKind::Receiver, 31),
        senders(19, 19),
        senders(20, 10),
        stop(25 * 60),
    ];
    for facts in &quiet {
        assert_eq!(told(facts), [], "{facts:?}");
    }
}

#[test]
fn silence_is_urgent_when_bilag_wait_and_is_told_once() {
    let mut facts = of_queue(line(StateName::Waiting, 100, 100));
    facts.health = of_health(silent(9)).health;
    assert_eq!(told(&facts), [(AlarmCode::ReceiverSilent, Severity::Now)]);
    let all = alarms(&facts, now(), &Limits::STANDARD);
    assert_eq!(
        (&*all[0].name, all[0].number),
        ("ingen forbindelse", Some(9))
    );
}

#[test]
fn a_pause_quiets_what_it_explains() {
    let mut facts = of_queue(line(StateName::Uncertain, 100, 100));
    facts.health = of_health(silent(9)).health;
    facts.pauses = vec![pause(5, None)];
    let all = alarms(&facts, now(), &Limits::STANDARD);
    assert_eq!(told(&facts), [(AlarmCode::Paused, Severity::Know)]);
    assert!(!calls(&all), "nobody gets up for what somebody decided");
}

#[test]
fn codes_are_each_their_own() {
    let codes: BTreeSet<&str> = AlarmCode::ALL.iter().map(|code| code.code()).collect();
    assert_eq!(codes.len(), AlarmCode::ALL.len());
}

proptest! {
    /// Waiting longer never makes an alarm less urgent, and the most urgent stands first.
    #[test]
    fn time_never_calms(due in 0_i64..600, uncertain in 0_i64..600, days in -5_i64..40, later in 0_i64..60) {
        let mut facts = of_queue(line(StateName::Mapped, due, due));
        facts.queue.push(line(StateName::Uncertain, uncertain, 0));
        facts.expiries = of_expiry(ExpiryKind::Receiver, days).expiries;
        let soon = alarms(&facts, now(), &Limits::STANDARD);
        let then = alarms(&facts, now() + SignedDuration::from_mins(later), &Limits::STANDARD);
        prop_assert!(soon.is_sorted_by_key(|a| a.severity));
        let worst = |all: &[Alarm]| all.first().map_or(Severity::Know, |a| a.severity);
        prop_assert!(worst(&then) <= worst(&soon));
        prop_assert!(then.len() >= soon.len());
    }
}

#[test]
fn care_that_nobody_takes_is_no_alarm_but_its_findings_are() {
    let none = Limits {
        backup: None,
        verify: None,
        ..Limits::STANDARD
    };
    let with = |house| Facts {
        house: Some(house),
        ..Facts::default()
    };
    assert_eq!(alarms(&with(House::default()), now(), &none), []);
    let found = House {
        verify: Some(Upkeep {
            at: ago(60),
            place: "".into(),
            bytes: None,
            findings: Some(2),
        }),
        ..House::default()
    };
    let told = alarms(&with(found), now(), &none);
    assert_eq!(told[0].code, AlarmCode::VerifyDiffers);
    assert_eq!(told.len(), 1);
}
