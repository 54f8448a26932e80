//! A hub over a store of its own, as tests of what comes before and after it need one.
#![expect(clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use oir_domain::register::Receiver;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::ports::courier::{Call, CallOutcome, Courier};
use oir_store::{Durability, Store};

use crate::process::{ManualClock, OrderedIds};

/// Books that nobody reaches: a bilag that has accounts waits for them.
#[derive(Debug)]
pub struct Silent;

impl Courier for Silent {
    fn call<'a>(&'a self, _: &'a Receiver, _: &'a str, _: Vec<u8>) -> Call<'a> {
        let reason = "stilhed".to_owned();
        Box::pin(async { CallOutcome::NoAnswer { reason } })
    }
}

/// A new store in a folder, which is emptied first. It has no register yet.
///
/// # Panics
/// When the disk refuses.
pub async fn store(folder: &Path) -> Store {
    drop(std::fs::remove_dir_all(folder));
    std::fs::create_dir_all(folder).expect("a folder for a test");
    let file = folder.join("oir.db");
    let store = Store::open_sqlite(&file, Durability::ProcessOnly).await;
    store.expect("a new file")
}

/// A process over a store: what it knows of the register is what the store has now.
///
/// # Panics
/// When the store fails.
pub async fn hub(store: &Store, clock: &ManualClock, courier: Arc<dyn Courier>) -> Hub {
    let shared = Arc::new(store.clone());
    let parts = Parts {
        inbox: Arc::clone(&shared) as _,
        outbox: Arc::clone(&shared) as _,
        partners: shared,
        courier,
        clock: Arc::new(clock.clone()),
        ids: Arc::new(OrderedIds::default()),
    };
    let hub = Hub::new(parts, Timing::STANDARD).await;
    hub.expect("a store that answers")
}
