//! A copy of a database that is being written to opens, verifies, and holds everything
//! that was answered before it began.

use std::sync::atomic::{AtomicU64, Ordering};

use oir_domain::access::Scope;
use oir_fagsystem::sample;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::views::Views;
use oir_flow::receipts::as_stored;
use oir_store::{Durability, Store};

use crate::raw::noise;
use crate::subject::{Subject, booked};

on_both! {
    a_copy_made_under_writing_holds_what_was_answered_before,
    a_copy_never_overwrites,
}

/// Writes more than a copy takes at a time, so that there are pauses to write in.
async fn fill(subject: &Subject) {
    for n in 0..20 {
        let raw = noise(n, 1_000_000);
        subject
            .admit(&[subject.unreadable(1_000 + n, &raw, 0)])
            .await;
    }
}

async fn a_copy_made_under_writing_holds_what_was_answered_before(subject: &Subject) {
    let Some(folder) = subject.folder() else {
        return says_whose_matter_it_is(subject);
    };
    fill(subject).await;
    let record = subject
        .receive(1, vec![sample::bilag(1), sample::held(2)], 0)
        .await;
    let sending = subject.start_sending(1, 1).await.remove(0);
    subject.happen(&sending, &booked("7"), 2).await;

    let target = folder.join("copy.db");
    let (pauses, runtime) = (AtomicU64::new(0), tokio::runtime::Handle::current());
    tokio::task::block_in_place(|| {
        subject.store.backup(&target, &|left, all| {
            let pause = pauses.fetch_add(1, Ordering::SeqCst);
            assert!(
                pause < 50,
                "writing makes it begin anew for ever: {left} of {all} left"
            );
            runtime.block_on(subject.receive(100 + pause, vec![sample::bilag(100 + pause)], 3));
        })
    })
    .unwrap();
    let pauses = pauses.load(Ordering::SeqCst);
    assert!(pauses >= 2, "nothing was written while it was copied");

    let copy = Store::open_sqlite(&target, Durability::Durable)
        .await
        .unwrap();
    let report = copy.verify(&|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
    assert!(report.messages >= 21, "{} messages", report.messages);
    let id = record.transaktions_id.unwrap();
    let found = copy
        .message(sample::KOMMUNE, sample::FAGSYSTEM, id)
        .await
        .unwrap();
    let found = found.unwrap();
    let was = as_stored(&record).unwrap();
    assert_eq!((found.id, found.faults), (was.id, was.faults));
    let shown = copy
        .detail(&Scope::everything(), sending.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(shown.timeline.len(), 3, "the booking was answered before");
    assert_eq!(
        copy.register_data().await.unwrap(),
        subject.store.register_data().await.unwrap()
    );
    subject.receive(2, vec![sample::bilag(8)], 4).await;
    let later = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(later.messages, 22 + pauses, "the source goes on");
}

/// PostgreSQL has tools of its own, and the failure says which.
fn says_whose_matter_it_is(subject: &Subject) {
    let target = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no-copy.db");
    match subject.store.backup(&target, &|_, _| {}) {
        Err(StoreFailure::Unavailable(what)) => assert!(what.contains("pg_basebackup"), "{what}"),
        other => panic!("{other:?}"),
    }
    assert!(!target.exists());
}

async fn a_copy_never_overwrites(subject: &Subject) {
    let Some(folder) = subject.folder() else {
        return says_whose_matter_it_is(subject);
    };
    let target = folder.join("copy.db");
    std::fs::write(&target, b"somebody's").unwrap();
    let refused = subject.store.backup(&target, &|_, _| {});
    assert!(
        matches!(refused, Err(StoreFailure::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(&target).unwrap(), b"somebody's");
}
