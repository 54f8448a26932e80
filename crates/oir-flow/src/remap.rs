//! Held bilag after a change of the omsætningstabel: what now has accounts goes on.

use oir_domain::message::Event;
use oir_domain::omsaetning;

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::outbox::{Move, Standing};
use crate::settle::the_move;

/// Bilag mapped per transaction.
const PAGE: u32 = 200;

/// Maps held bilag anew by the register as last read; how many went on.
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
        let accounts = omsaetning::map(bilag, 0, kommune, fagsystem, &register).ok()?;
        let accounts = accounts.into_iter().map(Into::into).collect();
        let step = the_move(hub, standing, &Event::AccountsFound, None, Vec::new())?;
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
