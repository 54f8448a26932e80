//! The running process: its clock, its ids, the room on its disk.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use oir_domain::ids::uuid_v7;
use oir_flow::ports::process::{Clock, Ids, Secrets};
use uuid::Uuid;

/// The machine's clock, in whole microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

/// UUIDv7 in order within the process: a counter in the bits after the milliseconds.
#[derive(Debug)]
pub(crate) struct OrderedIds {
    clock: Arc<dyn Clock>,
    last: AtomicU64,
    random: RandomState,
}

impl OrderedIds {
    /// Ids of the instants of a clock.
    pub(crate) fn by(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: AtomicU64::default(),
            random: RandomState::default(),
        }
    }
}

impl Default for OrderedIds {
    fn default() -> Self {
        Self::by(Arc::new(SystemClock))
    }
}

impl Ids for OrderedIds {
    fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let now = millis << 12;
        let step = |last: u64| Some(now.max(last.saturating_add(1)));
        let before = self
            .last
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, step);
        let last = before.unwrap_or_else(|last| last);
        let ours = now.max(last.saturating_add(1));
        let [.., high, low] = (ours & 0xfff).to_be_bytes();
        let [a, b, c, d, e, f, g, h] = self.random.hash_one(ours).to_be_bytes();
        uuid_v7(ours >> 12, [high, low, a, b, c, d, e, f, g, h])
    }
}

/// Secrets from the kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemSecrets;

impl Secrets for SystemSecrets {
    fn secret(&self) -> Option<[u8; 32]> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).ok().map(|()| secret)
    }
}

/// Asks for the free bytes of the disk under a path.
pub(crate) fn free_space(path: Option<PathBuf>) -> Arc<dyn Fn() -> Option<u64> + Send + Sync> {
    Arc::new(move || path.as_deref().and_then(free_bytes))
}

fn free_bytes(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}
