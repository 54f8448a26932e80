//! Held bilag after a change of the omsætningstabel: what now has accounts goes on, and
//! everything of a table that is the ERP's to apply from now on.

use jiff::{SignedDuration, Timestamp};
use oir_domain::message::Event;

use crate::hub::Hub;
use crate::judge::accounts;
use crate::ports::StoreFailure;
use crate::ports::outbox::{Move, Standing};
use crate::settle::the_move;

/// How long after a change held bilag are looked through once more: an admission that was
/// judged before the change may have been written after the first look. Longer than any
/// transaction.
const ONCE_MORE: SignedDuration = SignedDuration::from_secs(60);

/// Maps held bilag anew whenever the register is another one than the last time this
/// succeeded: at the start of the process, after every change whoever read it first, and
/// after a failure.
#[derive(Debug, Default)]
pub struct Follower {
    version: Option<i64>,
    since: Option<Timestamp>,
}

impl Follower {
    /// Does what is to be done by now; how many bilag went on.
    ///
    /// # Errors
    /// [`StoreFailure`]; the next call tries again.
    pub async fn catch_up(&mut self, hub: &Hub) -> Result<u64, StoreFailure> {
        let (version, now) = (hub.register().version(), hub.now());
        let changed = self.version != Some(version);
        let once_more = |since: Timestamp| now.duration_since(since) >= ONCE_MORE;
        if !changed && !self.since.is_some_and(once_more) {
            return Ok(0);
        }
        let mapped = remap_held(hub).await?;
        self.version = Some(version);
        self.since = changed.then_some(now);
        Ok(mapped)
    }
}

/// Bilag mapped per transaction.
const PAGE: u32 = 200;

/// Maps held bilag anew by the register as last read, each municipality's in the order of
/// reception; how many went on.
///
/// # Errors
/// [`StoreFailure`]; what was mapped before it stays mapped.
pub async fn remap_held(hub: &Hub) -> Result<u64, StoreFailure> {
    let (mut after, mut mapped) = (None, 0_u64);
    loop {
        let page = hub.outbox().held(after, PAGE).await?;
        let Some(last) = page.last() else {
            break;
        };
        after = Some((last.kommune, last.id));
        for kommune in page.chunk_by(|a, b| a.kommune == b.kommune) {
            mapped = mapped.saturating_add(remap_page(hub, kommune).await?);
        }
    }
    if mapped > 0 {
        hub.wake();
    }
    Ok(mapped)
}

async fn remap_page(hub: &Hub, held: &[Standing]) -> Result<u64, StoreFailure> {
    let Some(kommune) = held.first().map(|s| s.kommune) else {
        return Ok(0);
    };
    let ids: Vec<_> = held.iter().map(|s| s.id).collect();
    let documents = hub.outbox().load(kommune, &ids).await?;
    let register = hub.register();
    let moves = held.iter().zip(&documents).filter_map(|(standing, bilag)| {
        let fagsystem = register.fagsystem(standing.fagsystem)?;
        let found = accounts(bilag, standing.index, kommune, fagsystem, &register).ok()?;
        let (accounts, warnings) = found;
        let step = the_move(hub, standing, &Event::AccountsFound, None, warnings)?;
        Some(Move { accounts, ..step })
    });
    let moves: Vec<Move> = moves.collect();
    if moves.is_empty() {
        return Ok(0);
    }
    // Stale = another process maps the same ones: its work counts, not ours.
    match hub.outbox().advance(&moves).await? {
        crate::ports::outbox::Advance::Done => Ok(u64::try_from(moves.len()).unwrap_or(0)),
        crate::ports::outbox::Advance::Stale => Ok(0),
    }
}
