//! The loops around delivery: work while something is due, else wait until something may
//! be, or until told to stop. Stopping lets the round under way finish.

use std::time::Duration;

use tokio::sync::watch;

use crate::deliver::round;
use crate::hub::Hub;
use crate::remap::Follower;

/// Longest wait between looks: another process may have received something.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Pause after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(2);

/// Delivers until `stop` says true. `owner` names this worker in its leases.
pub async fn run(hub: Hub, owner: String, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match round(&hub, &owner).await {
            Ok(true) => {
                // Another worker may take the next bundle while we go on with ours.
                hub.wake();
                continue;
            }
            Ok(false) => LOOK_EVERY,
            Err(failure) => {
                tracing::error!(%failure, "a round of delivery failed");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = hub.woken() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Follows the register until `stop` says true, sends on what a new row releases, and tells
/// what was heard of the receivers.
pub async fn follow(hub: Hub, mut stop: watch::Receiver<bool>) {
    let mut follower = Follower::default();
    while !*stop.borrow() {
        if let Err(failure) = hub.follow_register().await {
            tracing::error!(%failure, "the register cannot be read");
        }
        if let Err(failure) = follower.catch_up(&hub).await {
            tracing::error!(%failure, "held bilag could not be mapped");
        }
        if let Err(failure) = hub.tell().await {
            tracing::warn!(%failure, "the receivers' health could not be noted");
        }
        tokio::select! {
            () = tokio::time::sleep(AFTER_FAILURE) => {}
            _ = stop.changed() => {}
        }
    }
}
