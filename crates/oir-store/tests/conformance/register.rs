//! The register: what is put in is read back, under a version that counts its changes.

use oir_domain::calendar::Validity;
use oir_domain::register::{Omsaetningsrow, RegisterData, Sortimentspost};
use oir_fagsystem::sample;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::Inbox;

use crate::subject::{OTHER_KOMMUNE, Subject};

on_both! {
    what_is_put_in_is_read_back,
    each_change_counts_one,
    a_register_that_says_something_twice_changes_nothing,
    of_two_changes_at_once_none_is_lost_unsaid,
}

fn sorted(mut data: RegisterData) -> RegisterData {
    data.myndigheder.sort_by_key(|m| m.kommune);
    data.fagsystemer.sort_by_key(|f| f.id);
    data.agreements
        .sort_by_key(|a| (a.kommune, a.fagsystem, a.validity.from));
    data.periods
        .sort_by_key(|(k, p)| (*k, p.regnskabsaar, p.from, p.to));
    data.sortiment.sort_by_key(|s| format!("{s:?}"));
    data.omsaetning.sort_by_key(|o| format!("{o:?}"));
    data.receivers.sort_by_key(|r| r.kommune);
    data
}

fn data() -> RegisterData {
    let mut data = sample::register_data("https://bøger.example/ø?a=1&b='\"");
    let until = Validity {
        from: jiff::civil::date(2026, 1, 1),
        to: Some(jiff::civil::date(2026, 6, 30)),
    };
    data.sortiment.push(Sortimentspost {
        fagsystem: sample::FAGSYSTEM,
        kommune: Some(OTHER_KOMMUNE),
        facet: "sted".into(),
        vaerdi: "Nørre Å – 'egen'".into(),
        validity: until,
    });
    data.omsaetning.push(Omsaetningsrow {
        kommune: OTHER_KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
        vaerdi: "Å".into(),
        konto: "9.99".into(),
        validity: until,
    });
    data.myndigheder[0].navn = "Ærø \\ 'Kommune' %".into();
    data.receivers[0].idempotent = !data.receivers[0].idempotent;
    data.periods[0].1.open = !data.periods[0].1.open;
    data
}

async fn what_is_put_in_is_read_back(subject: &Subject) {
    let wanted = data();
    subject.store.replace_register(&wanted).await.unwrap();
    let found = subject.store.register_data().await.unwrap();
    assert_eq!(sorted(found), sorted(wanted));

    let nothing = RegisterData::default();
    subject.store.replace_register(&nothing).await.unwrap();
    assert_eq!(subject.store.register_data().await.unwrap(), nothing);
}

async fn each_change_counts_one(subject: &Subject) {
    let before = subject.store.register_version().await.unwrap();
    for n in 1..4 {
        let said = subject.store.replace_register(&data()).await.unwrap();
        assert_eq!(said, before + n);
        assert_eq!(subject.store.register_version().await.unwrap(), said);
        assert_eq!(subject.store.register().await.unwrap().version(), said);
    }
}

async fn a_register_that_says_something_twice_changes_nothing(subject: &Subject) {
    let before = subject.contents().await;
    let mut twice = data();
    twice.receivers.push(twice.receivers[0].clone());
    let refused = subject.store.replace_register(&twice).await;
    assert!(
        matches!(refused, Err(StoreFailure::Broken(_))),
        "{refused:?}"
    );
    assert_eq!(subject.contents().await, before);
}

async fn of_two_changes_at_once_none_is_lost_unsaid(subject: &Subject) {
    let before = subject.store.register_version().await.unwrap();
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let store = subject.store.clone();
        tasks.push(tokio::spawn(async move {
            store.replace_register(&data()).await
        }));
    }
    let mut versions = Vec::new();
    for task in tasks {
        match task.await.unwrap() {
            Ok(version) => versions.push(version),
            Err(failure) => {
                let said = matches!(failure, StoreFailure::Unavailable(_));
                assert!(said, "try again is the answer to a race: {failure:?}");
            }
        }
    }
    versions.sort_unstable();
    let last = subject.store.register_version().await.unwrap();
    assert_eq!(versions, ((before + 1)..=last).collect::<Vec<i64>>());
    assert!(!versions.is_empty(), "one of them must come through");
}
