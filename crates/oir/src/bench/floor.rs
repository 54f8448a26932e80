//! The floor: the rows of judged messages, written to the same tables in groups, with
//! nothing else done. What it takes, nobody who keeps these rows can do without.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oir_store::{Rows, Store};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use super::load::Messages;
use super::reading::Court;

/// Groups made ready ahead of the writers.
const AHEAD: usize = 8;

/// Bilag per second when so many share a transaction, kept up for so long. The rows are
/// made in a thread of their own, which is faster than any writer.
pub(super) async fn measure(
    store: &Store,
    messages: &Messages,
    (run, group): (u32, usize),
    time: Duration,
) -> anyhow::Result<f64> {
    let (give, take) = mpsc::channel(AHEAD);
    let (maker, messages) = (store.clone(), messages.clone());
    tokio::task::spawn_blocking(move || {
        let (court, group) = (Court::default(), u64::try_from(group).unwrap_or(1));
        for number in 0.. {
            let records = court.records(&messages, run, number * group, group);
            let rows = maker.prepare_rows(&records);
            if rows.is_err() || give.blocking_send(rows).is_err() {
                return;
            }
        }
    });
    // Two at a time would share SQLite's transactions and make larger groups than asked for.
    let writers = if store.is_sqlite() {
        1
    } else {
        store.writers()
    };
    let take = Arc::new(Mutex::new(take));
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        tasks.spawn(write(store.clone(), Arc::clone(&take), started + time));
    }
    let mut groups: usize = 0;
    while let Some(ended) = tasks.join_next().await {
        groups = groups.saturating_add(ended??);
    }
    let count = u32::try_from(groups.saturating_mul(group)).unwrap_or(u32::MAX);
    Ok(f64::from(count) / started.elapsed().as_secs_f64().max(f64::EPSILON))
}

type Queue<T> = Arc<Mutex<mpsc::Receiver<T>>>;

/// Groups written until the time is up.
async fn write<E>(
    store: Store,
    queue: Queue<Result<Rows, E>>,
    until: Instant,
) -> anyhow::Result<usize>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let mut groups: usize = 0;
    while Instant::now() < until {
        let next = queue.lock().await.recv().await;
        let Some(rows) = next else { break };
        store.write_rows(rows?).await?;
        groups = groups.saturating_add(1);
    }
    Ok(groups)
}
