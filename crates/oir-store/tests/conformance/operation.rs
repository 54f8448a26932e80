//! Operation: what is paused is not claimed, by whichever process; health adds up; stops are
//! told to those they concern; and every decision stands in the log.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::date;
use oir_domain::access::{Action, Grant, Person, Role, Scope};
use oir_domain::ids::{PauseId, StopId};
use oir_domain::message::{Event, StateName};
use oir_domain::operation::health::{CallFailure, FailureClass, Heard};
use oir_domain::operation::pause::{DuringStop, Pause, PlannedStop};
use oir_domain::operation::{Expiry, ExpiryKind, Upkeep, UpkeepKind};
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::Admit;
use oir_flow::ports::operation::{Hold, Operation, Partners};
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::sessions::{Deed, Sessions, deeds};
use oir_store::Store;
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, at, lease};

on_both! {
    what_is_paused_is_not_claimed_and_goes_when_it_is_resumed,
    a_pause_holds_in_its_window_only,
    everybodys_pause_holds_for_everybody,
    a_claim_after_a_pause_never_takes_what_is_paused,
    what_is_paused_is_not_late,
    the_end_of_a_pause_is_known,
    a_stop_pauses_in_its_window_until_it_is_called_off,
    decisions_are_for_those_who_have_a_say_and_stand_in_the_log,
    pauses_and_stops_are_never_rewritten,
    health_adds_up_whoever_tells,
    facts_are_of_those_who_are_seen,
    the_queue_is_counted_by_receiver_and_state,
    care_and_sizes_are_the_latest,
}

fn everything() -> Scope {
    Scope::everything()
}

fn owner_of(kommune: Kommunekode) -> Scope {
    let person = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: vec![Grant::try_new(Role::ErpSystemejer, Some(kommune), None).unwrap()],
    };
    person.scope(Action::RunPartners)
}

fn deed(what: &str, second: i64) -> Deed {
    Deed {
        at: at(second),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune: None,
        object: "x".into(),
    }
}

fn pause(number: u128, kommune: Option<Kommunekode>, since: i64, until: Option<i64>) -> Pause {
    Pause {
        id: PauseId::from_uuid(Uuid::from_u128(number)),
        kommune,
        since: at(since),
        until: until.map(at),
        reason: "Ærgerligt lukket".into(),
        navn: "Åse Opdigtet".into(),
        ended: None,
        stop: None,
    }
}

fn stop(number: u128, kommune: Option<Kommunekode>, from: i64, until: i64) -> PlannedStop {
    PlannedStop {
        id: StopId::from_uuid(Uuid::from_u128(number)),
        kommune,
        announced: at(0),
        from: at(from),
        until: at(until),
        tekst: "Ny version".into(),
        during: DuringStop::Pause,
        navn: "Åse Opdigtet".into(),
        cancelled: None,
    }
}

async fn begin(store: &Store, pause: &Pause) {
    let deed = deed(deeds::PAUSED, 0);
    assert!(store.pause(&everything(), pause, &deed).await.unwrap());
}

async fn end(store: &Store, pause: &Pause, second: i64) -> bool {
    let deed = deed(deeds::RESUMED, second);
    store.resume(&everything(), pause.id, &deed).await.unwrap()
}

/// A mapped bilag of an owner, due at a second.
async fn waiting(subject: &Subject, n: u64, owner: Kommunekode, second: i64) {
    let mut record = subject.judged(&sample::afsendelse(n), second);
    record.kommune = owner;
    assert_eq!(subject.admit(&[record]).await, Admit::Done);
}

/// Whose bilag a claim takes; nothing when it takes none.
async fn taken(store: &Store, now: i64) -> Option<Kommunekode> {
    let claimed = store.claim(&lease("a", (at(now), at(now + 60)), 50)).await;
    claimed.unwrap().first().map(|standing| standing.kommune)
}

async fn what_is_paused_is_not_claimed_and_goes_when_it_is_resumed(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    waiting(subject, 2, OTHER_KOMMUNE, 1).await;
    let held = pause(1, Some(sample::KOMMUNE), 0, None);
    begin(&subject.store, &held).await;
    let elsewhere = subject.another_process().await;
    assert_eq!(
        taken(&elsewhere, 5).await,
        Some(OTHER_KOMMUNE),
        "the older one is paused"
    );
    assert_eq!(taken(&elsewhere, 6).await, None);
    assert!(end(&elsewhere, &held, 10).await);
    assert_eq!(taken(&subject.store, 10).await, Some(sample::KOMMUNE));
    assert!(!end(&subject.store, &held, 11).await, "ended once");
}

async fn a_pause_holds_in_its_window_only(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    begin(
        &subject.store,
        &pause(1, Some(sample::KOMMUNE), 10, Some(20)),
    )
    .await;
    for paused in [10, 19] {
        assert_eq!(taken(&subject.store, paused).await, None, "{paused}");
    }
    assert_eq!(taken(&subject.store, 9).await, Some(sample::KOMMUNE));
    waiting(subject, 2, sample::KOMMUNE, 0).await;
    assert_eq!(taken(&subject.store, 20).await, Some(sample::KOMMUNE));
}

async fn everybodys_pause_holds_for_everybody(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    waiting(subject, 2, OTHER_KOMMUNE, 0).await;
    begin(&subject.store, &pause(1, None, 0, Some(20))).await;
    assert_eq!(taken(&subject.store, 5).await, None);
    assert!(
        subject
            .store
            .hold(OTHER_KOMMUNE, at(5))
            .await
            .unwrap()
            .paused
    );
    assert!(taken(&subject.store, 20).await.is_some());
}

/// Many claim while one pauses: whoever begins after the pause was written takes nothing of
/// it, and nobody loses a row.
async fn a_claim_after_a_pause_never_takes_what_is_paused(subject: &Subject) {
    for n in 1..=24 {
        let owner = if n % 2 == 0 {
            OTHER_KOMMUNE
        } else {
            sample::KOMMUNE
        };
        waiting(subject, n, owner, 0).await;
    }
    let other = subject.another_process().await;
    let written = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut claimers = tokio::task::JoinSet::new();
    for number in 0..6 {
        let store = if number % 2 == 0 {
            subject.store.clone()
        } else {
            other.clone()
        };
        let written = std::sync::Arc::clone(&written);
        claimers.spawn(async move {
            let (mut early, mut late) = (Vec::new(), Vec::new());
            loop {
                let after = written.load(std::sync::atomic::Ordering::SeqCst);
                let owner = format!("w{number}");
                let claimed = store
                    .claim(&lease(&owner, (at(5), at(65)), 2))
                    .await
                    .unwrap();
                let empty = claimed.is_empty();
                let into = if after { &mut late } else { &mut early };
                into.extend(claimed.into_iter().map(|s| (s.kommune, s.id)));
                if after && empty {
                    return (early, late);
                }
            }
        });
    }
    begin(&subject.store, &pause(1, Some(sample::KOMMUNE), 0, None)).await;
    written.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut all = Vec::new();
    while let Some(ended) = claimers.join_next().await {
        let (early, late) = ended.unwrap();
        assert!(
            late.iter().all(|(kommune, _)| *kommune == OTHER_KOMMUNE),
            "{late:?}"
        );
        all.extend(early.into_iter().chain(late));
    }
    let different: BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len(), "nobody shares a row");
    let theirs = all.iter().filter(|(kommune, _)| *kommune == OTHER_KOMMUNE);
    assert_eq!(theirs.count(), 12, "what is not paused is all taken");
}

async fn what_is_paused_is_not_late(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    waiting(subject, 2, OTHER_KOMMUNE, 7).await;
    begin(
        &subject.store,
        &pause(1, Some(sample::KOMMUNE), 0, Some(90)),
    )
    .await;
    let backlog = subject.store.backlog(at(50)).await.unwrap();
    assert_eq!((backlog.rows, backlog.oldest_due), (2, Some(at(7))));
    let backlog = subject.store.backlog(at(90)).await.unwrap();
    assert_eq!(backlog.oldest_due, Some(at(0)));
}

async fn the_end_of_a_pause_is_known(subject: &Subject) {
    let here = sample::KOMMUNE;
    let held = async |second| subject.store.hold(here, at(second)).await.unwrap();
    let free = |resumed: Option<i64>| Hold {
        paused: false,
        resumed: resumed.map(at),
    };
    assert_eq!(held(0).await, free(None));
    let first = pause(1, Some(here), 10, None);
    begin(&subject.store, &first).await;
    assert_eq!(held(9).await, free(None));
    assert!(held(10).await.paused);
    assert!(end(&subject.store, &first, 15).await);
    assert_eq!(held(16).await, free(Some(15)));
    begin(&subject.store, &pause(2, None, 20, Some(30))).await;
    assert!(held(29).await.paused);
    assert_eq!(held(30).await, free(Some(30)));
}

async fn a_stop_pauses_in_its_window_until_it_is_called_off(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    let planned = stop(1, Some(sample::KOMMUNE), 10, 90);
    let brought = planned.pause(PauseId::from_uuid(Uuid::from_u128(2)));
    let announced = deed(deeds::ANNOUNCED_STOP, 0);
    let store = &subject.store;
    let all = everything();
    let done = store.announce(&all, &planned, brought.as_ref(), &announced);
    assert!(done.await.unwrap());
    let told = async |scope: Scope, second| -> Vec<StopId> {
        let news = store.news(&scope, at(second)).await.unwrap();
        news.iter().map(|stop| stop.id).collect()
    };
    for second in [0, 50, 89] {
        assert_eq!(told(owner_of(sample::KOMMUNE), second).await, [planned.id]);
        assert_eq!(told(owner_of(OTHER_KOMMUNE), second).await, []);
    }
    assert_eq!(told(everything(), 90).await, []);
    assert_eq!(taken(store, 40).await, None);
    let off = deed(deeds::CANCELLED_STOP, 50);
    assert!(store.cancel(&everything(), planned.id, &off).await.unwrap());
    assert_eq!(told(everything(), 51).await, []);
    assert_eq!(taken(store, 51).await, Some(sample::KOMMUNE));
    assert!(!store.cancel(&everything(), planned.id, &off).await.unwrap());
    let facts = store.facts(&everything(), at(60)).await.unwrap();
    assert_eq!(facts.stops[0].cancelled, Some(at(50)));
    assert_eq!(facts.pauses, []);
}

async fn decisions_are_for_those_who_have_a_say_and_stand_in_the_log(subject: &Subject) {
    let store = &subject.store;
    let (here, there) = (owner_of(sample::KOMMUNE), owner_of(OTHER_KOMMUNE));
    let own = pause(1, Some(sample::KOMMUNE), 0, None);
    let all = pause(2, None, 0, None);
    let what = deed(deeds::PAUSED, 1);
    assert!(!store.pause(&there, &own, &what).await.unwrap());
    assert!(!store.pause(&here, &all, &what).await.unwrap());
    assert!(store.pause(&here, &own, &what).await.unwrap());
    assert!(store.pause(&everything(), &all, &what).await.unwrap());
    let ended = deed(deeds::RESUMED, 2);
    assert!(!store.resume(&there, own.id, &ended).await.unwrap());
    assert!(!store.resume(&here, all.id, &ended).await.unwrap());
    let planned = stop(3, None, 10, 20);
    let said = deed(deeds::ANNOUNCED_STOP, 3);
    assert!(!store.announce(&here, &planned, None, &said).await.unwrap());
    assert!(
        store
            .announce(&everything(), &planned, None, &said)
            .await
            .unwrap()
    );
    assert!(!store.cancel(&here, planned.id, &said).await.unwrap());
    assert!(store.resume(&here, own.id, &ended).await.unwrap());
    let log = store.logged(&everything(), None, 100).await.unwrap();
    let words: Vec<_> = log.iter().rev().map(|line| &*line.deed.what).collect();
    let done = [
        deeds::PAUSED,
        deeds::PAUSED,
        deeds::ANNOUNCED_STOP,
        deeds::RESUMED,
    ];
    assert_eq!(words, done, "what was not done is not logged");
    assert_eq!(store.verify(&|_| {}).await.unwrap().findings, []);
}

async fn pauses_and_stops_are_never_rewritten(subject: &Subject) {
    let held = pause(1, Some(sample::KOMMUNE), 0, None);
    begin(&subject.store, &held).await;
    let said = deed(deeds::ANNOUNCED_STOP, 3);
    let planned = stop(2, None, 10, 20);
    let all = everything();
    let done = subject.store.announce(&all, &planned, None, &said);
    assert!(done.await.unwrap());
    let care = Upkeep {
        at: at(1),
        place: "/kopi".into(),
        bytes: None,
        findings: None,
    };
    subject
        .store
        .cared(UpkeepKind::Backup, &care)
        .await
        .unwrap();
    for change in [
        "update pause set reason = 'x'",
        "update pause set until_at = 0",
        "delete from pause",
        "update planned_stop set tekst = 'x'",
        "delete from planned_stop",
        "update upkeep set findings = 0",
        "delete from upkeep",
    ] {
        assert!(subject.past_the_store(change).await.is_err(), "{change}");
    }
    assert!(end(&subject.store, &held, 5).await);
    let again = subject
        .past_the_store("update pause set ended = null")
        .await;
    assert!(again.is_err(), "an end stands");
}

fn heard(second: i64, failure: Option<&str>) -> Heard {
    let failure = failure.map(|reason| CallFailure {
        class: FailureClass::NoAnswer,
        reason: reason.into(),
    });
    Heard {
        at: at(second),
        took_ms: 7,
        rests_until: failure.is_some().then(|| at(second + 30)),
        failure,
    }
}

async fn health_adds_up_whoever_tells(subject: &Subject) {
    let other = subject.another_process().await;
    let mut tellers = tokio::task::JoinSet::new();
    for number in 0..6_i64 {
        let store = if number % 2 == 0 {
            subject.store.clone()
        } else {
            other.clone()
        };
        tellers.spawn(async move {
            let calls = [
                (sample::KOMMUNE, heard(10 + number, Some("intet svar"))),
                (OTHER_KOMMUNE, heard(10 + number, None)),
            ];
            store.heard(&calls).await.unwrap();
        });
    }
    while let Some(told) = tellers.join_next().await {
        told.unwrap();
    }
    let facts = subject.store.facts(&everything(), at(20)).await.unwrap();
    let find = |kommune| {
        let found = facts.health.iter().find(|(own, _)| *own == kommune);
        found.unwrap().1.clone()
    };
    let (silent, well) = (find(sample::KOMMUNE), find(OTHER_KOMMUNE));
    assert_eq!((silent.failures, silent.last_good), (6, None));
    assert_eq!(silent.rests(at(20)), Some(at(45)));
    let (last, why) = silent.last_failure.unwrap();
    assert_eq!((last, &*why.reason), (at(15), "intet svar"));
    assert_eq!((well.failures, well.last_good), (0, Some(at(15))));
    assert_eq!(well.took_ms, [7; 6]);
}

async fn facts_are_of_those_who_are_seen(subject: &Subject) {
    let store = &subject.store;
    waiting(subject, 1, sample::KOMMUNE, 0).await;
    waiting(subject, 2, OTHER_KOMMUNE, 0).await;
    let calls = [
        (sample::KOMMUNE, heard(1, None)),
        (OTHER_KOMMUNE, heard(1, None)),
    ];
    store.heard(&calls).await.unwrap();
    let expiry = |kommune, name: &str| Expiry {
        kind: ExpiryKind::Receiver,
        name: name.into(),
        kommune,
        expires: at(99),
    };
    let seen = [
        expiry(Some(sample::KOMMUNE), "fælles.example"),
        expiry(Some(OTHER_KOMMUNE), "fælles.example"),
        Expiry {
            kind: ExpiryKind::File,
            ..expiry(None, "/etc/x.pem")
        },
    ];
    store.shown(&seen, at(1)).await.unwrap();
    let renewed = Expiry {
        expires: at(500),
        ..expiry(Some(sample::KOMMUNE), "fælles.example")
    };
    store
        .shown(std::slice::from_ref(&renewed), at(2))
        .await
        .unwrap();
    begin(store, &pause(1, Some(OTHER_KOMMUNE), 0, None)).await;
    let mine = store
        .facts(&owner_of(sample::KOMMUNE), at(5))
        .await
        .unwrap();
    let owners: BTreeSet<_> = mine.queue.iter().map(|line| line.kommune).collect();
    assert_eq!(owners, BTreeSet::from([sample::KOMMUNE]));
    assert_eq!(mine.health.len(), 1);
    assert_eq!(mine.expiries, [renewed]);
    assert_eq!((mine.pauses.len(), mine.house), (0, None));
    let all = store.facts(&everything(), at(5)).await.unwrap();
    assert_eq!((all.queue.len(), all.health.len()), (2, 2));
    assert_eq!((all.expiries.len(), all.pauses.len()), (3, 1));
    assert!(all.house.unwrap().bytes.unwrap() > 0);
    let nothing = store.facts(&Scope::nothing(), at(5)).await.unwrap();
    assert_eq!(nothing, oir_domain::operation::Facts::default());
}

async fn the_queue_is_counted_by_receiver_and_state(subject: &Subject) {
    for n in 1..=3 {
        waiting(subject, n, sample::KOMMUNE, i64::try_from(n).unwrap()).await;
    }
    let claimed = subject.start_sending(10, 1).await;
    let now: Timestamp = at(20);
    let facts = subject.store.facts(&everything(), now).await.unwrap();
    let line = |state| facts.queue.iter().find(|line| line.state == state).unwrap();
    let mapped = line(StateName::Mapped);
    assert_eq!((mapped.antal, mapped.attempts), (2, [2, 0, 0, 0]));
    assert_eq!(mapped.first_due, at(2));
    let sending = line(StateName::Sending);
    assert_eq!((sending.antal, sending.attempts), (1, [0, 1, 0, 0]));
    assert_eq!(facts.leases.len(), 1);
    assert_eq!(
        (facts.leases[0].antal, facts.leases[0].kommune),
        (1, sample::KOMMUNE)
    );
    let gone = Event::NoAnswer(at(30));
    subject.happen(&claimed[0], &gone, 30).await;
    let facts = subject.store.facts(&everything(), at(31)).await.unwrap();
    assert_eq!(facts.leases, [], "whoever settled holds nothing");
    let uncertain = facts.queue.iter().find(|l| l.state == StateName::Uncertain);
    assert_eq!(uncertain.unwrap().oldest, at(30));
    let sender = &facts.senders[0];
    assert_eq!(
        (sender.fagsystem, sender.received),
        (Some(sample::FAGSYSTEM), 3)
    );
    assert_eq!((sender.last, sender.rejected), (Some(at(3)), 0));
}

async fn care_and_sizes_are_the_latest(subject: &Subject) {
    let care = |second, findings| Upkeep {
        at: at(second),
        place: "/kopi".into(),
        bytes: Some(9),
        findings,
    };
    for (second, findings) in [(5, Some(0)), (9, None), (7, Some(2))] {
        let done = care(second, findings);
        subject
            .store
            .cared(UpkeepKind::Backup, &done)
            .await
            .unwrap();
    }
    let verified = care(3, Some(1));
    subject
        .store
        .cared(UpkeepKind::Verify, &verified)
        .await
        .unwrap();
    for day in [2, 1, 2] {
        subject.store.sized(date(2026, 11, day)).await.unwrap();
    }
    let facts = subject.store.facts(&everything(), at(20)).await.unwrap();
    let house = facts.house.unwrap();
    assert_eq!(house.backup, Some(care(9, None)));
    assert_eq!(house.verify, Some(verified));
    let days: Vec<_> = house.sizes.iter().map(|(day, _)| day.day()).collect();
    assert_eq!(days, [1, 2]);
}
