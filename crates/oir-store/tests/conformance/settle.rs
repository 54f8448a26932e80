//! Steps: state, event, faults, totals and outbox move together, or not at all.

use oir_domain::access::Scope;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::message::{Event, State, StateName};
use oir_domain::omsaetning::Kontering;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::outbox::{Advance, Move, Outbox, Standing};
use oir_flow::ports::views::{BilagDetail, Views};

use crate::subject::{Subject, at, booked, lease, on_accounts, step};

on_both! {
    a_step_moves_state_event_totals_and_outbox_together,
    a_stale_step_changes_nothing_and_stops_its_neighbours,
    of_two_who_settle_one_bilag_at_once_one_does,
    a_bilag_named_twice_in_one_write_changes_nothing,
    each_event_leaves_the_outbox_as_the_domain_says,
    a_held_bilag_that_is_mapped_gets_its_accounts_and_falls_due,
    accounts_that_fit_no_posting_change_nothing,
    later_faults_stand_apart_from_those_of_the_reception,
    no_steps_are_done_at_once,
}

async fn detail(subject: &Subject, seen: &Standing) -> BilagDetail {
    subject
        .store
        .detail(&Scope::everything(), seen.id)
        .await
        .unwrap()
        .unwrap()
}

/// The totals of the day as states with numbers and øre.
async fn totals(subject: &Subject) -> Vec<(StateName, u64, i64)> {
    let day = subject
        .store
        .day(&Scope::everything(), sample::DAY)
        .await
        .unwrap();
    let mut totals: Vec<_> = day
        .iter()
        .map(|t| (t.state, t.antal, t.debet.get()))
        .collect();
    totals.sort();
    totals
}

/// When the bilag is due; none when nothing is outstanding. Read past the store.
async fn due(subject: &Subject) -> Option<i64> {
    let rows = subject
        .rows("select cast(due as varchar(20)) from outbox")
        .await;
    assert!(rows.len() <= 1, "{rows:?}");
    let micros: Option<i64> = rows.first().map(|row| row.parse().unwrap());
    micros.map(|micros| (micros - at(0).as_microsecond()) / 1_000_000)
}

async fn a_step_moves_state_event_totals_and_outbox_together(subject: &Subject) {
    subject
        .receive(1, vec![sample::bilag(1), sample::bilag(2)], 0)
        .await;
    let (one, two) = (100_100, 100_200);
    assert_eq!(totals(subject).await, [(StateName::Mapped, 2, one + two)]);
    let sending = subject.start_sending(5, 1).await;
    let moved = [(StateName::Mapped, 1, two), (StateName::Sending, 1, one)];
    assert_eq!(totals(subject).await, moved);
    let seen = &sending[0];
    assert_eq!(
        (&seen.state, seen.attempts, seen.version),
        (&State::Sending { attempt: 1 }, 1, 2)
    );

    let mut last = step(seen, &booked("2026-Æ 7"), 6);
    last.detail = Some("bøgernes ord".into());
    assert_eq!(subject.store.advance(&[last]).await.unwrap(), Advance::Done);
    let moved = [(StateName::Mapped, 1, two), (StateName::Booked, 1, one)];
    assert_eq!(totals(subject).await, moved);
    let now = detail(subject, seen).await;
    assert_eq!(booked_under(&now.line.state), "2026-Æ 7");
    let timeline: Vec<_> = now
        .timeline
        .iter()
        .map(|e| {
            (
                e.number,
                e.at,
                &*e.event,
                e.to,
                e.attempt,
                e.detail.as_deref(),
            )
        })
        .collect();
    let wanted = [
        (1, at(0), "received", StateName::Mapped, 0, None),
        (2, at(5), "claimed", StateName::Sending, 1, None),
        (
            3,
            at(6),
            "booked",
            StateName::Booked,
            1,
            Some("bøgernes ord"),
        ),
    ];
    assert_eq!(timeline, wanted);
    let stored = subject
        .store
        .bilag(seen.kommune, seen.bilag_uuid, None)
        .await;
    let stored = stored.unwrap().unwrap();
    assert_eq!(
        (stored.changed, stored.attempts, stored.rejected),
        (at(6), 1, false)
    );
    assert_eq!(
        subject.store.backlog(at(0)).await.unwrap().rows,
        1,
        "the other one"
    );
}

fn booked_under(state: &State) -> &str {
    match state {
        State::Booked { number } => number.as_str(),
        other => panic!("booked, not {other:?}"),
    }
}

async fn a_stale_step_changes_nothing_and_stops_its_neighbours(subject: &Subject) {
    subject
        .receive(
            1,
            vec![sample::bilag(1), sample::bilag(2), sample::bilag(3)],
            0,
        )
        .await;
    let sending = subject.start_sending(5, 50).await;
    let moved = subject.happen(&sending[1], &booked("1"), 6).await;
    let before = subject.contents().await;
    let mut all: Vec<Move> = sending
        .iter()
        .map(|s| step(s, &Event::Refused, 7))
        .collect();
    all[1].faults = vec![refusal("1")];
    let mut ahead = moved.clone();
    ahead.version += 1;
    ahead.state = State::Sending { attempt: 1 };
    for stale in [
        &all[..],
        &all[1..2],
        &all[..2],
        &[step(&ahead, &booked("2"), 7)],
    ] {
        assert_eq!(subject.store.advance(stale).await.unwrap(), Advance::Stale);
        assert_eq!(subject.contents().await, before);
    }
    let sound = [all[0].clone(), all[2].clone()];
    assert_eq!(subject.store.advance(&sound).await.unwrap(), Advance::Done);
}

async fn of_two_who_settle_one_bilag_at_once_one_does(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let sending = subject.start_sending(5, 1).await.remove(0);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let (store, seen) = (subject.store.clone(), sending.clone());
        let event = booked(&format!("number {n}"));
        tasks.push(tokio::spawn(async move {
            store.advance(&[step(&seen, &event, 6)]).await
        }));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap().unwrap());
    }
    let done = outcomes.iter().filter(|o| **o == Advance::Done).count();
    assert_eq!(done, 1, "{outcomes:?}");
    assert_eq!(detail(subject, &sending).await.timeline.len(), 3);
    assert_eq!(totals(subject).await, [(StateName::Booked, 1, 100_100)]);
}

async fn a_bilag_named_twice_in_one_write_changes_nothing(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let seen = subject.start_sending(5, 1).await.remove(0);
    let before = subject.contents().await;
    let twice = [step(&seen, &booked("1"), 6), step(&seen, &booked("1"), 6)];
    assert_eq!(subject.store.advance(&twice).await.unwrap(), Advance::Stale);
    assert_eq!(subject.contents().await, before);
}

async fn each_event_leaves_the_outbox_as_the_domain_says(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    assert_eq!(due(subject).await, Some(0));
    let mut seen = subject.start_sending(1, 1).await.remove(0);
    assert_eq!(due(subject).await, Some(61), "leased");
    for (event, due_then, attempts) in [
        (Event::Unavailable(at(100)), Some(100), 1),
        (Event::Claimed, Some(100), 2),
        (Event::NoAnswer(at(200)), Some(200), 2),
        (Event::NotThere(at(250)), Some(250), 2),
        (Event::Claimed, Some(250), 3),
        (Event::HandedOver, Some(33), 3),
        (Event::GivenUp, None, 3),
        (Event::Released(at(300)), Some(300), 0),
        (Event::HandedOver, Some(33), 0),
        (booked("7"), None, 0),
    ] {
        let now = subject.happen(&seen, &event, 3).await;
        assert_eq!(due(subject).await, due_then, "after {event:?}");
        assert_eq!(now.attempts, attempts, "after {event:?}");
        assert_eq!(now.version, seen.version + 1);
        let report = subject.store.verify(&|_| {}).await.unwrap();
        assert_eq!(report.findings, [], "after {event:?}");
        seen = now;
    }
    let leftover = subject
        .store
        .claim(&lease("b", (at(9_999), at(99_999)), 50))
        .await
        .unwrap();
    assert!(leftover.is_empty());
}

async fn a_held_bilag_that_is_mapped_gets_its_accounts_and_falls_due(subject: &Subject) {
    subject.receive(1, vec![sample::held(1)], 0).await;
    assert_eq!(due(subject).await, None);
    let seen = subject.store.held(None, 50).await.unwrap().remove(0);
    let mut mapped = step(&seen, &Event::AccountsFound, 40);
    mapped.accounts = on_accounts(&sample::held(1), &["1.2.3", "9.8.7"]);
    assert_eq!(
        subject.store.advance(&[mapped]).await.unwrap(),
        Advance::Done
    );
    assert_eq!(due(subject).await, Some(40));
    let loaded = subject
        .store
        .load(seen.kommune, &[seen.id])
        .await
        .unwrap()
        .remove(0);
    let accounts: Vec<_> = loaded
        .posteringer
        .iter()
        .map(|p| p.kontering.as_ref().and_then(Kontering::as_whole))
        .collect();
    assert_eq!(accounts, [Some("1.2.3"), Some("9.8.7")]);
    assert!(subject.store.held(None, 50).await.unwrap().is_empty());
}

async fn accounts_that_fit_no_posting_change_nothing(subject: &Subject) {
    subject.receive(1, vec![sample::held(1)], 0).await;
    let seen = subject.store.held(None, 50).await.unwrap().remove(0);
    let before = subject.contents().await;
    let mut mapped = step(&seen, &Event::AccountsFound, 40);
    mapped.accounts = on_accounts(&sample::held(1), &["1", "2", "3"]);
    assert_eq!(
        subject.store.advance(&[mapped]).await.unwrap(),
        Advance::Stale
    );
    assert_eq!(subject.contents().await, before);
}

fn refusal(word: &str) -> Fault {
    let place = Place {
        bilag: None,
        linje: Some(2),
        path: "Finanspostering[2]/Kontering".into(),
    };
    Fault::new(
        FaultCode::RefusedByBooks,
        place,
        &[&word, &"kontoen er lukket – 'æ'"],
    )
}

async fn later_faults_stand_apart_from_those_of_the_reception(subject: &Subject) {
    subject.receive(1, vec![sample::held(1)], 0).await;
    let held = subject.store.held(None, 50).await.unwrap().remove(0);
    let early = detail(subject, &held).await.faults;
    assert!(!early.is_empty());
    let mut mapped = step(&held, &Event::AccountsFound, 1);
    mapped.accounts = on_accounts(&sample::held(1), &["1", "2"]);
    subject.store.advance(&[mapped]).await.unwrap();
    let seen = subject.start_sending(2, 1).await.remove(0);
    let mut parked = step(&seen, &Event::GivenUp, 3);
    parked.faults = vec![refusal("b"), refusal("a")];
    subject.store.advance(&[parked]).await.unwrap();
    let seen = subject.again(&[seen]).await.remove(0);
    let mut refused = step(&seen, &Event::Refused, 4);
    refused.faults = (0..11).map(|n| refusal(&format!("c{n}"))).collect();
    subject.store.advance(&[refused]).await.unwrap();

    let now = detail(subject, &seen).await;
    assert_eq!(now.faults, early);
    let words: Vec<&str> = now.later_faults.iter().map(|f| &*f.values[0]).collect();
    let wanted = [
        "b", "a", "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10",
    ];
    assert_eq!(words, wanted, "in the order in which they came");
    let one = &now.later_faults[0];
    assert_eq!(
        (one.code, one.place.linje),
        (FaultCode::RefusedByBooks, Some(2))
    );
    assert_eq!(one.values, refusal("b").values);
    let stored = subject
        .store
        .bilag(seen.kommune, seen.bilag_uuid, None)
        .await;
    let stored = stored.unwrap().unwrap();
    assert_eq!(
        (stored.faults, stored.later_faults),
        (now.faults, now.later_faults)
    );
}

async fn no_steps_are_done_at_once(subject: &Subject) {
    let before = subject.contents().await;
    assert_eq!(subject.store.advance(&[]).await.unwrap(), Advance::Done);
    assert_eq!(subject.contents().await, before);
}
