//! What the search index costs reception: the same load in process with the loop that enters
//! bilag into it and without, one right after the other.
//!
//! The loop leaves bilag alone for two minutes, longer than a load lasts. Here its clock is
//! that far ahead, so that it enters what this load brings, as it does in a day of traffic.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::BilagId;
use oir_flow::follow::{self, SETTLED};
use oir_flow::ports::Answer;
use oir_flow::ports::process::Clock;
use oir_flow::ports::search::{Count, Found, Search};
use oir_flow::ports::views::BilagFilter;
use oir_store::Store;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::table::{Cell, median};

/// A clock that is as far ahead as bilag are left alone.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(SETTLED).unwrap_or(now)
    }
}

/// The store's index, with what is entered counted.
#[derive(Debug)]
struct Counted {
    store: Store,
    entered: AtomicU64,
}

impl Search for Counted {
    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Found> {
        self.store.search(scope, filter, after, limit)
    }

    fn count<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        most: u32,
    ) -> Answer<'a, Option<Count>> {
        self.store.count(scope, filter, most)
    }

    fn enter(&self, before: BilagId, limit: u32) -> Answer<'_, u32> {
        Box::pin(async move {
            let entered = self.store.enter(before, limit).await?;
            self.entered
                .fetch_add(u64::from(entered), Ordering::Relaxed);
            Ok(entered)
        })
    }

    fn waiting_since(&self) -> Answer<'_, Option<Timestamp>> {
        self.store.waiting_since()
    }
}

/// The loop at work on a store.
pub(super) struct Follower {
    index: Arc<Counted>,
    stop: watch::Sender<bool>,
    working: JoinHandle<()>,
}

impl Follower {
    /// Sets it to work.
    pub(super) fn start(store: &Store) -> Self {
        let index = Arc::new(Counted {
            store: store.clone(),
            entered: AtomicU64::new(0),
        });
        let (stop, stopping) = watch::channel(false);
        let search: Arc<dyn Search> = index.clone();
        let working = tokio::spawn(follow::follow(search, Arc::new(Ahead), stopping));
        Self {
            index,
            stop,
            working,
        }
    }

    /// Stops it; how many bilag it entered.
    pub(super) async fn stop(self) -> anyhow::Result<u64> {
        self.stop.send_replace(true);
        self.working.await?;
        Ok(self.index.entered.load(Ordering::Relaxed))
    }
}

/// One load without the index and one with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finding {
    pub(super) place: &'static str,
    pub(super) senders: u16,
    pub(super) without: Cell,
    pub(super) with: Cell,
    /// Bilag entered a second meanwhile.
    pub(super) entered: f64,
}

/// Prints medians of the rounds.
pub(super) fn print(all: &[Finding]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n| afsendere | søgeindekset | uden, bilag/s | med, bilag/s | med af uden \
         | p99 uden, ms | p99 med, ms | ført ind/s |\n|---|---|---|---|---|---|---|---|"
    )?;
    let mut keys: Vec<_> = all.iter().map(|one| (one.senders, one.place)).collect();
    keys.sort_unstable();
    keys.dedup();
    for (senders, place) in keys {
        let here = |one: &&Finding| (one.senders, one.place) == (senders, place);
        let of = |value: fn(&Finding) -> f64| median(all.iter().filter(here).map(value));
        writeln!(
            out,
            "| {senders} | {place} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} |",
            of(|one| one.without.rate),
            of(|one| one.with.rate),
            // Each round by itself: the machine is not equally fast in all.
            of(|one| one.with.rate / one.without.rate),
            of(|one| one.without.p99),
            of(|one| one.with.p99),
            of(|one| one.entered),
        )?;
    }
    Ok(())
}
