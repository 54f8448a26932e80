//! The loop that enters bilag into the search index. It works for a fifth of the time at
//! most, so that reception keeps the store to itself; what it has not entered yet is found
//! all the same, only more slowly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use oir_domain::ids::{BilagId, uuid_v7};
use tokio::sync::watch;

use crate::ports::StoreFailure;
use crate::ports::process::Clock;
use crate::ports::search::Search;

/// How old a bilag is before it is entered. Ids grow with time but are not committed in
/// their order: a reception takes at most its statement's 30 s, and two hosts' clocks lie a
/// few seconds apart. What is committed behind the cursor would never be entered.
pub const SETTLED: SignedDuration = SignedDuration::from_mins(2);
/// Bilag entered in one transaction: receptions wait some milliseconds for it.
const TOGETHER: u32 = 250;
/// Rest after work, in times of the work.
const REST: u32 = 4;
/// How often it looks when all is entered.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Enters bilag until `stop` says true.
pub async fn follow(
    search: Arc<dyn Search>,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let begun = Instant::now();
        let pause = match step(&*search, clock.now()).await {
            Ok(entered) if entered >= TOGETHER => begun.elapsed().saturating_mul(REST),
            Ok(_) => LOOK_EVERY,
            Err(failure) => {
                tracing::error!(%failure, "bilag could not be entered into the search index");
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn step(search: &dyn Search, now: Timestamp) -> Result<u32, StoreFailure> {
    let entered = search.enter(settled(now), TOGETHER).await?;
    if entered < TOGETHER {
        let since = search.waiting_since().await?;
        let waited = since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
        metrics::gauge!("oir_search_lag_seconds").set(waited.as_secs_f64());
    }
    Ok(entered)
}

/// The first id that a bilag of the last two minutes can have.
#[must_use]
pub fn settled(now: Timestamp) -> BilagId {
    let until = now.checked_sub(SETTLED).unwrap_or(Timestamp::UNIX_EPOCH);
    let millis = u64::try_from(until.as_millisecond()).unwrap_or(0);
    BilagId::from_uuid(uuid_v7(millis, [0; 10]))
}

#[cfg(test)]
mod tests {
    use super::settled;
    use jiff::Timestamp;
    use oir_domain::ids::{BilagId, uuid_v7};

    #[test]
    fn what_may_still_be_committed_is_left_alone() {
        let now = Timestamp::constant(1_795_000_000, 0);
        let made = |seconds: u64| {
            BilagId::from_uuid(uuid_v7((1_795_000_000 - seconds) * 1_000, [0xff; 10]))
        };
        assert!(made(119) > settled(now) && made(121) < settled(now));
    }
}
