//! Keys of machines: kept as digests, never changed, never longer, ended once.

use jiff::Timestamp;
use oir_domain::access::{Patch, Scope};
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{Holder, Right, Terms};
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::machine_keys::{KeyEnd, KeyRecord, MachineKeys, NewKey, TokenRecord};
use oir_flow::ports::sessions::{Deed, Sessions};
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, at};

on_both! {
    a_key_is_kept_whole_and_once,
    a_follower_shortens_the_key_before_it_and_never_lengthens_it,
    a_key_is_ended_once_and_stays_so,
    keys_are_seen_by_those_whose_matter_they_touch,
    keys_about_to_end_are_found_the_first_first,
    every_change_moves_the_version_and_use_does_not,
    a_token_is_found_by_its_digest_until_it_is_swept_out,
    no_key_is_rewritten_lengthened_revived_or_taken_away,
}

fn id(number: u128) -> KeyId {
    KeyId::from_uuid(Uuid::from_u128(number))
}

fn terms(kommuner: &[Kommunekode], until: i64) -> Terms {
    let holder = Holder::Fagsystem(sample::afsendelse(1).afsender_system);
    let rights = vec![Right::Send, Right::LookUp];
    Terms::try_new(holder, kommuner.to_vec(), rights, (at(0), at(until))).unwrap()
}

fn key(number: u8, terms: Terms) -> NewKey {
    NewKey {
        digest: [number; 32],
        record: KeyRecord {
            id: id(number.into()),
            navn: format!("Nøgle {number}").into(),
            terms,
            replaces: None,
            made: at(1),
            made_by: "Åse Opdigtet".into(),
            ended: None,
            last_used: None,
        },
    }
}

fn deed(what: &str) -> Deed {
    Deed {
        at: at(1),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune: None,
        object: "key_1".into(),
    }
}

fn end(seconds: i64) -> KeyEnd {
    KeyEnd {
        at: at(seconds),
        by: "Åse Opdigtet".into(),
        reason: "Tabt på et møde".into(),
    }
}

fn of(kommune: Kommunekode) -> Scope {
    let patch = Patch {
        kommune: Some(kommune),
        fagsystem: None,
    };
    Scope::of(vec![patch])
}

async fn make(subject: &Subject, key: &NewKey, old_until: Timestamp) -> bool {
    let deed = deed("made_key");
    subject.store.make_key(key, old_until, &deed).await.unwrap()
}

async fn ended(subject: &Subject, number: u128, seconds: i64) -> bool {
    let (end, deed) = (end(seconds), deed("ended_key"));
    subject
        .store
        .end_key(id(number), &end, &deed)
        .await
        .unwrap()
}

async fn all(subject: &Subject) -> Vec<KeyRecord> {
    subject.store.keys(&Scope::everything()).await.unwrap()
}

async fn lines(subject: &Subject) -> usize {
    let all = Scope::everything();
    subject.store.logged(&all, None, 100).await.unwrap().len()
}

async fn a_key_is_kept_whole_and_once(subject: &Subject) {
    let made = key(1, terms(&[OTHER_KOMMUNE, sample::KOMMUNE], 1_000));
    assert!(make(subject, &made, at(1)).await);
    let mut again = key(1, terms(&[OTHER_KOMMUNE], 500));
    again.digest = [9; 32];
    assert!(!make(subject, &again, at(1)).await, "the id was given");
    let elsewhere = subject.another_process().await;
    let kept = elsewhere.key_table(at(0)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].record, kept[0].digest), (&made.record, [1; 32]));
    assert_eq!(subject.store.key_table(at(1_000)).await.unwrap(), []);
    assert_eq!(lines(subject).await, 1, "what did not happen is not logged");
}

async fn a_follower_shortens_the_key_before_it_and_never_lengthens_it(subject: &Subject) {
    assert!(make(subject, &key(1, terms(&[sample::KOMMUNE], 1_000)), at(1)).await);
    let follows = |number, old| {
        let mut next = key(number, terms(&[sample::KOMMUNE], 2_000));
        next.record.replaces = Some(id(old));
        next
    };
    assert!(make(subject, &follows(2, 1), at(600)).await);
    assert!(make(subject, &follows(3, 1), at(5_000)).await);
    let until: Vec<_> = all(subject).await.iter().map(|k| k.terms.until()).collect();
    assert_eq!(until, [at(2_000), at(2_000), at(600)]);
    assert!(!make(subject, &follows(4, 9), at(600)).await, "no such key");
    assert!(ended(subject, 2, 5).await);
    assert!(!make(subject, &follows(4, 2), at(600)).await, "it is over");
    assert_eq!(all(subject).await.len(), 3);
}

async fn a_key_is_ended_once_and_stays_so(subject: &Subject) {
    assert!(make(subject, &key(1, terms(&[sample::KOMMUNE], 1_000)), at(1)).await);
    assert!(!ended(subject, 1, 1_000).await, "it had run out by then");
    assert!(ended(subject, 1, 50).await);
    assert!(!ended(subject, 1, 60).await && !ended(subject, 2, 50).await);
    let kept = all(subject).await;
    assert_eq!(kept[0].ended, Some(end(50)));
    let table = subject.store.key_table(at(0)).await.unwrap();
    assert_eq!(
        table[0].record.ended,
        Some(end(50)),
        "the door remembers it"
    );
    assert_eq!(lines(subject).await, 2);
}

async fn keys_are_seen_by_those_whose_matter_they_touch(subject: &Subject) {
    make(subject, &key(1, terms(&[sample::KOMMUNE], 1_000)), at(1)).await;
    make(subject, &key(2, terms(&[OTHER_KOMMUNE], 1_000)), at(1)).await;
    let both = terms(&[OTHER_KOMMUNE, sample::KOMMUNE], 1_000);
    make(subject, &key(3, both), at(1)).await;
    let seen = |scope: Scope| async move {
        let keys = subject.store.keys(&scope).await.unwrap();
        keys.iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(seen(of(sample::KOMMUNE)).await, [id(3), id(1)]);
    assert_eq!(seen(of(OTHER_KOMMUNE)).await, [id(3), id(2)]);
    assert_eq!(seen(Scope::everything()).await, [id(3), id(2), id(1)]);
    assert_eq!(seen(Scope::nothing()).await, []);
    let system = Patch {
        kommune: None,
        fagsystem: Some(crate::subject::OTHER_FAGSYSTEM),
    };
    assert_eq!(seen(Scope::of(vec![system])).await, []);
}

async fn keys_about_to_end_are_found_the_first_first(subject: &Subject) {
    for (number, until) in [(1, 300), (2, 100), (3, 200), (4, 400)] {
        make(
            subject,
            &key(number, terms(&[sample::KOMMUNE], until)),
            at(1),
        )
        .await;
    }
    assert!(ended(subject, 3, 5).await);
    let found = |scope: Scope, span| async move {
        let keys = subject.store.keys_expiring(&scope, span).await.unwrap();
        keys.iter().map(|key| key.id).collect::<Vec<_>>()
    };
    let span = (at(0), at(300));
    assert_eq!(found(Scope::everything(), span).await, [id(2), id(1)]);
    assert_eq!(
        found(of(sample::KOMMUNE), (at(100), at(300))).await,
        [id(1)]
    );
    assert_eq!(found(of(OTHER_KOMMUNE), span).await, []);
}

async fn every_change_moves_the_version_and_use_does_not(subject: &Subject) {
    let version = || async { subject.store.key_version().await.unwrap() };
    let mut last = version().await;
    make(subject, &key(1, terms(&[sample::KOMMUNE], 1_000)), at(1)).await;
    assert!(version().await > last);
    last = version().await;
    for hour in [at(20), at(10)] {
        subject.store.key_used(id(1), hour).await.unwrap();
    }
    assert_eq!(version().await, last);
    let used = all(subject).await[0].last_used;
    assert_eq!(used, Some(at(20)), "never earlier than it was");
    assert!(ended(subject, 1, 50).await);
    assert!(version().await > last);
}

async fn a_token_is_found_by_its_digest_until_it_is_swept_out(subject: &Subject) {
    let token = |expires| TokenRecord {
        key: id(1),
        rights: vec![Right::LookUp],
        expires: at(expires),
    };
    let store = &subject.store;
    store
        .keep_token(&[1; 32], &token(100), at(0))
        .await
        .unwrap();
    assert_eq!(store.token(&[1; 32]).await.unwrap(), Some(token(100)));
    assert_eq!(store.token(&[2; 32]).await.unwrap(), None);
    store
        .keep_token(&[2; 32], &token(300), at(100))
        .await
        .unwrap();
    assert_eq!(store.token(&[1; 32]).await.unwrap(), None);
    assert_eq!(store.token(&[2; 32]).await.unwrap(), Some(token(300)));
}

async fn no_key_is_rewritten_lengthened_revived_or_taken_away(subject: &Subject) {
    make(subject, &key(1, terms(&[sample::KOMMUNE], 1_000)), at(1)).await;
    assert!(ended(subject, 1, 50).await);
    let whole = "select rights || ' ' || navn || ' ' || ended_by from machine_key";
    let before = subject.rows(whole).await;
    for change in [
        "update machine_key set rights = 'kvittering:give'",
        "update machine_key set digest = replaces",
        "update machine_key set valid_until = valid_until + 1",
        "update machine_key set ended = null",
        "update machine_key set ended_by = 'En anden'",
        "delete from machine_key",
        "update machine_key_kommune set kommune = 751",
        "delete from machine_key_kommune",
    ] {
        assert!(subject.past_the_store(change).await.is_err(), "{change}");
    }
    assert_eq!(subject.rows(whole).await, before);
}
