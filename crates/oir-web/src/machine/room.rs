//! How much of what is being received may be in memory at a time, counted in bytes and not
//! in messages: a thousand receipts asked for are nothing, sixteen full bundles are much.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of messages in the house at a time: 256 MiB, sixteen of the largest or sixteen
/// thousand ordinary ones. As a tree, as a document and as rows a message takes several
/// times its bytes, so this is what a machine of a few gigabytes can bear.
pub const ROOM_BYTES: usize = 256 * 1024 * 1024;
/// The smallest piece given out: what an ordinary message takes with the task that carries it.
const UNIT: usize = 16 * 1024;

/// The room. Cheap to clone; all clones are the same room.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::new(ROOM_BYTES)
    }
}

impl Room {
    /// A room for so many bytes, rounded down to whole pieces of 16 KiB.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// A place for a message that announces so many bytes; none when they do not fit now.
    ///
    /// What is announced is looked at but not held: sixteen senders that announce much and
    /// send nothing would otherwise keep all others out.
    pub(super) fn enter(&self, announced: usize) -> Option<Place> {
        if units(announced) > self.0.available_permits() {
            return None;
        }
        let first = Arc::clone(&self.0).try_acquire_owned().ok()?;
        let (room, held) = (self.clone(), 1);
        Some(Place { room, held, first })
    }
}

/// What one message holds of the room, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    room: Room,
    held: usize,
    first: OwnedSemaphorePermit,
}

impl Place {
    /// Makes it large enough for so many bytes. False = there is no room now.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let more = units(bytes).saturating_sub(self.held);
        if more == 0 {
            return true;
        }
        let Ok(count) = u32::try_from(more) else {
            return false;
        };
        let Ok(permit) = Arc::clone(&self.room.0).try_acquire_many_owned(count) else {
            return false;
        };
        self.first.merge(permit);
        self.held = self.held.saturating_add(more);
        true
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(UNIT).max(1)
}
