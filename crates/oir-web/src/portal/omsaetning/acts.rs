//! What a page writes goes through the corridor's work on tables, which asks who may.

use oir_domain::omsaetning::{TableId, Version};
use oir_flow::omsaetning::{Head, NotDone, Work};

use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;

/// A viewer at work on a table, now.
pub(super) fn work<'a>(state: &'a PortalState, viewer: &'a Viewer, table: TableId) -> Work<'a> {
    Work {
        tables: &*state.tables,
        by: &viewer.person,
        now: state.clock.now(),
        table,
    }
}

/// What the draft says of itself, for a save that changes rules only.
pub(super) fn head_of(version: &Version) -> Head {
    Head {
        purpose: version.purpose.clone(),
        in_force_from: version.in_force_from,
    }
}

/// For what no field of a form can say.
impl From<NotDone> for PageError {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::NotThere => Self::NotFound,
            NotDone::Store(failure) => Self::Store(failure),
            NotDone::Stale
            | NotDone::Purpose
            | NotDone::Faults(_)
            | NotDone::Objections(_)
            | NotDone::OtherForm { .. }
            | NotDone::CalledOff => Self::BadForm,
        }
    }
}
