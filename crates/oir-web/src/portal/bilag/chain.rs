//! Earlier and later attempts that correct one another, as one list.

use oir_domain::ids::BilagId;
use oir_flow::ports::looks::ChainLink;

use super::super::view::{ChainStep, Correction};
use super::super::{PortalState, words};
use crate::danish_format::instant;
use crate::masking::mask_text;

/// The chain, oldest first; empty when the bilag stands alone.
pub(super) fn steps(chain: &[ChainLink], own: BilagId, state: &PortalState) -> Vec<ChainStep> {
    if chain.len() < 2 {
        return Vec::new();
    }
    let number_of = |link: &ChainLink| {
        let corrected = chain
            .iter()
            .find(|other| Some(other.line.bilag_uuid) == link.corrects)?;
        Some(mask_text(&corrected.line.afsender_bilagsnummer))
    };
    let step = |link: &ChainLink| ChainStep {
        href: (link.line.id != own).then(|| format!("/bilag/{}", link.line.id)),
        nummer: mask_text(&link.line.afsender_bilagsnummer),
        at: instant(link.line.modtaget, &state.zone),
        state: words::state(link.line.state.name()),
        corrects: number_of(link),
        codes: super::codes(link.line.codes.iter().copied()),
    };
    chain.iter().map(step).collect()
}

/// What the bilag corrects when that is not here.
pub(super) fn missing(chain: &[ChainLink], own: BilagId) -> Option<Correction> {
    let link = chain.iter().find(|link| link.line.id == own)?;
    let corrected = link.corrects?;
    let here = chain.iter().any(|other| other.line.bilag_uuid == corrected);
    (!here).then(|| Correction {
        id: corrected.to_string(),
    })
}
