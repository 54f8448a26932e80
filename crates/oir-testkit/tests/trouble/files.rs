//! SQLite: copies of a file that is written to, and many readers at once.

use std::cell::Cell;
use std::path::PathBuf;

use oir_domain::access::Scope;
use oir_fagsystem::rng::Rng;
use oir_flow::ports::inbox::{Admit, Inbox};
use oir_flow::ports::views::{BilagFilter, Views};
use oir_store::{Durability, Store};

use crate::records::{found, message, messages};

/// Bytes of a message that its compression cannot make smaller: some 12 pages.
const LARGE: usize = 100_000;
/// Messages before the copy: over three thousand pages, four steps of it.
const BEFORE: u64 = 260;
/// Bilag that a search for words goes through.
const SEARCHED: u64 = 3_000;
/// Steps after which a copy is said never to end.
const STEPS_MAX: u64 = 100;

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn a_copy_ends_and_is_whole_while_every_step_of_it_sees_a_commit() {
    let folder = folder("copied-while-written");
    let (file, copied) = (folder.join("oir.db"), folder.join("copy.db"));
    let runtime = runtime();
    let mut dice = Rng::new(10);
    let noise: Vec<u8> = (0..LARGE)
        .map(|_| u8::try_from(dice.below(256)).unwrap_or(0))
        .collect();
    let hub = runtime
        .block_on(Store::open_sqlite(&file, Durability::ProcessOnly))
        .expect("a store");
    let admit = |n: u64| {
        let admitted = runtime.block_on(hub.admit(&[message(n, &noise)], 1));
        assert_eq!(admitted, Ok(Admit::Done));
    };
    (0..BEFORE).for_each(admit);
    // The copier is another process than the hub, so it has a store of its own.
    let copier = runtime
        .block_on(Store::open_sqlite(&file, Durability::ProcessOnly))
        .expect("a store");
    let steps = Cell::new(0_u64);
    copier
        .backup(&copied, &|left, all| {
            admit(BEFORE + steps.get());
            steps.set(steps.get() + 1);
            assert!(steps.get() < STEPS_MAX, "{left} of {all} pages left");
        })
        .expect("a copy");
    assert!(steps.get() > 2, "no commit came between");
    runtime.block_on(async {
        let copy = Store::open_sqlite(&copied, Durability::ProcessOnly)
            .await
            .expect("it opens");
        let report = copy.verify(&|_| {}).await.expect("it is read");
        assert_eq!(report.findings, []);
        assert_eq!(found(&copy, 0..BEFORE).await, BEFORE);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn many_readers_at_once_open_the_file_a_bounded_number_of_times() {
    let file = folder("many-readers").join("oir.db");
    runtime().block_on(async {
        let store = Store::open_sqlite(&file, Durability::ProcessOnly)
            .await
            .expect("a store");
        assert_eq!(
            store.admit(&messages(0..SEARCHED), 1).await,
            Ok(Admit::Done)
        );
        let readers = (0..100).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                // Words are looked for in every row, so that readers overlap.
                let words = BilagFilter {
                    text: Some("no such words".into()),
                    ..BilagFilter::default()
                };
                store.list(&Scope::everything(), &words, None, 10).await
            })
        });
        for reader in readers.collect::<Vec<_>>() {
            assert_eq!(reader.await.ok(), Some(Ok(Vec::new())));
        }
        let opened = std::fs::read_dir("/proc/self/fd")
            .expect("the list of open files")
            .flatten()
            .filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|path| path == file))
            .count();
        // The writer, the checkpointer and the readers.
        assert!(opened <= 2 + 12, "opened {opened} times");
    });
}
