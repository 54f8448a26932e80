//! Sessions, attempts and the log: kept over a restart, taken once, and a chain.

use std::collections::BTreeSet;

use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::ids::SessionId;
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::sessions::{Attempt, Deed, LoggedDeed, Session, Sessions, deeds};
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, at};

on_both! {
    an_attempt_is_taken_once_and_forgotten_when_it_is_old,
    a_session_is_found_by_its_token_until_it_is_ended,
    a_session_is_ended_once,
    sessions_are_listed_newest_first_by_when_they_were_seen,
    the_log_is_numbered_without_gaps_however_many_write,
    the_log_is_seen_by_those_whose_matter_it_is,
    verify_names_a_line_of_the_log_that_was_changed,
}

fn attempt(number: u8, expires: i64) -> Attempt {
    Attempt {
        state_digest: [number; 32],
        browser_digest: [number + 100; 32],
        nonce: format!("nonce {number}"),
        verifier: format!("verifier {number}"),
        target: "/bilag?q=%C3%A6".into(),
        expires: at(expires),
    }
}

fn person(kommune: Kommunekode) -> Person {
    let system = sample::afsendelse(1).afsender_system;
    let grants = [
        Grant::try_new(Role::Fagomraade, Some(kommune), Some(system)),
        Grant::try_new(Role::Revisor, Some(kommune), None),
        Grant::try_new(Role::Drift, None, None),
    ];
    Person {
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        grants: grants.into_iter().flatten().collect(),
    }
}

fn session(number: u128, seen: i64) -> Session {
    Session {
        id: SessionId::from_uuid(Uuid::from_u128(number)),
        person: person(sample::KOMMUNE),
        begun: at(0),
        seen: at(seen),
        ends: at(36_000),
    }
}

fn deed(what: &str, kommune: Option<Kommunekode>) -> Deed {
    Deed {
        at: at(5),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune,
        object: "ses_1".into(),
    }
}

async fn log(subject: &Subject) -> Vec<LoggedDeed> {
    let all = Scope::everything();
    subject.store.logged(&all, None, 1_000).await.unwrap()
}

async fn an_attempt_is_taken_once_and_forgotten_when_it_is_old(subject: &Subject) {
    let store = &subject.store;
    for number in 1..=3 {
        let made = attempt(number, i64::from(number) * 100);
        store.begin(&made, at(0)).await.unwrap();
    }
    let two = store.take(&[2; 32]).await.unwrap();
    assert_eq!(two, Some(attempt(2, 200)));
    assert_eq!(store.take(&[2; 32]).await.unwrap(), None);
    // The next one to begin sweeps out what was given up.
    store.begin(&attempt(4, 900), at(100)).await.unwrap();
    assert_eq!(store.take(&[1; 32]).await.unwrap(), None);
    assert_eq!(store.take(&[3; 32]).await.unwrap(), Some(attempt(3, 300)));
}

async fn a_session_is_found_by_its_token_until_it_is_ended(subject: &Subject) {
    let (kept, token) = (session(1, 0), [7; 32]);
    let begun = deed(deeds::SIGNED_IN, Some(sample::KOMMUNE));
    subject.store.open(&kept, &token, &begun).await.unwrap();
    assert_eq!(subject.store.session(&[8; 32]).await.unwrap(), None);
    assert_eq!(
        subject.store.session(&token).await.unwrap(),
        Some(kept.clone())
    );
    subject.store.seen(kept.id, at(60)).await.unwrap();
    // Another process over the same database knows the same.
    let elsewhere = subject.another_process().await;
    let found = elsewhere.session(&token).await.unwrap();
    assert_eq!(
        found,
        Some(Session {
            seen: at(60),
            ..kept.clone()
        })
    );
    let ended = deed(deeds::SIGNED_OUT, None);
    assert!(elsewhere.end(kept.id, &ended).await.unwrap());
    assert_eq!(subject.store.session(&token).await.unwrap(), None);
    let words: Vec<_> = log(subject)
        .await
        .into_iter()
        .map(|l| l.deed.what)
        .collect();
    assert_eq!(words, [deeds::SIGNED_OUT.into(), deeds::SIGNED_IN.into()]);
}

async fn a_session_is_ended_once(subject: &Subject) {
    let kept = session(1, 0);
    let begun = deed(deeds::SIGNED_IN, None);
    subject.store.open(&kept, &[1; 32], &begun).await.unwrap();
    let ended = deed(deeds::ENDED_SESSION, None);
    assert!(subject.store.end(kept.id, &ended).await.unwrap());
    assert!(!subject.store.end(kept.id, &ended).await.unwrap());
    assert!(!subject.store.end(session(2, 0).id, &ended).await.unwrap());
    assert_eq!(
        log(subject).await.len(),
        2,
        "what did not happen is not logged"
    );
}

async fn sessions_are_listed_newest_first_by_when_they_were_seen(subject: &Subject) {
    for number in 1..=4_u8 {
        let one = session(number.into(), i64::from(number) * 10);
        let begun = deed(deeds::SIGNED_IN, None);
        subject
            .store
            .open(&one, &[number; 32], &begun)
            .await
            .unwrap();
    }
    let ended = deed(deeds::ENDED_SESSION, None);
    assert!(subject.store.end(session(3, 0).id, &ended).await.unwrap());
    let open = subject.store.open_sessions(at(20)).await.unwrap();
    assert_eq!(open, [session(4, 40), session(2, 20)]);
}

async fn the_log_is_numbered_without_gaps_however_many_write(subject: &Subject) {
    let other = subject.another_process().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = if writer % 2 == 0 {
            subject.store.clone()
        } else {
            other.clone()
        };
        writers.spawn(async move {
            for _ in 0..5 {
                store.log(&deed(&format!("w{writer}"), None)).await.unwrap();
            }
        });
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let lines = log(subject).await;
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, (1..=40).rev().collect::<Vec<u64>>());
    let older = subject
        .store
        .logged(&Scope::everything(), Some(4), 2)
        .await
        .unwrap();
    assert_eq!(older.iter().map(|l| l.number).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(subject.store.verify(&|_| {}).await.unwrap().findings, []);
}

async fn the_log_is_seen_by_those_whose_matter_it_is(subject: &Subject) {
    for kommune in [Some(sample::KOMMUNE), Some(OTHER_KOMMUNE), None] {
        subject.store.log(&deed("x", kommune)).await.unwrap();
    }
    let auditor = Person {
        grants: Grant::try_new(Role::Revisor, Some(OTHER_KOMMUNE), None)
            .into_iter()
            .collect(),
        ..person(OTHER_KOMMUNE)
    };
    let scope = auditor.scope(oir_domain::access::Action::SeeAudit);
    let seen = subject.store.logged(&scope, None, 10).await.unwrap();
    let owners: BTreeSet<_> = seen.iter().map(|line| line.deed.kommune).collect();
    assert_eq!(owners, BTreeSet::from([Some(OTHER_KOMMUNE)]));
    assert_eq!(log(subject).await.len(), 3);
    let nothing = subject.store.logged(&Scope::nothing(), None, 10).await;
    assert_eq!(nothing.unwrap(), []);
}

async fn verify_names_a_line_of_the_log_that_was_changed(subject: &Subject) {
    for _ in 0..3 {
        subject.store.log(&deed("x", None)).await.unwrap();
    }
    let change = "update deed set what = 'y' where number = 2";
    assert!(subject.past_the_store(change).await.is_err(), "append-only");
    subject.unguard("deed").await;
    subject.past_the_store(change).await.unwrap();
    let findings = subject.store.verify(&|_| {}).await.unwrap().findings;
    let named: Vec<&str> = findings.iter().map(|f| f.what.as_str()).collect();
    assert_eq!(named, ["linje 2"]);
}
