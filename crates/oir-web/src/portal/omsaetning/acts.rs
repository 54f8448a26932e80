//! What a page writes: always under the writer's name, with its line of the log.

use jiff::civil::Date;
use oir_domain::omsaetning::{Rule, Simulated, Version};
use oir_flow::ports::omsaetning::{NewDraft, Save, Written};
use oir_flow::ports::sessions::{Deed, deeds};

use super::Table;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;

/// Longest purpose, in characters: two lines of a list.
pub(super) const PURPOSE_MAX: usize = 300;

/// What a person says of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) purpose: String,
    pub(super) from: Option<Date>,
}

fn deed(state: &PortalState, viewer: &Viewer, table: &Table, (what, number): (&str, u32)) -> Deed {
    Deed {
        at: state.clock.now(),
        subject: viewer.person.subject.clone(),
        navn: viewer.person.navn.clone(),
        what: what.into(),
        kommune: Some(table.id.kommune),
        object: format!("omsætningstabel {}, udgave {number}", table.fagsystem).into(),
    }
}

/// Begins a draft with rules of another version, or of another municipality's table.
pub(super) async fn begin(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    (based_on, rules): (u32, Vec<Rule>),
    head: Head,
) -> Result<Written, PageError> {
    let newest = table.versions.iter().map(|v| v.number).max().unwrap_or(0);
    let deed = deed(state, viewer, table, (deeds::WROTE_TABLE, newest.saturating_add(1)));
    let draft = NewDraft {
        table: table.id,
        based_on,
        purpose: head.purpose.into(),
        in_force_from: head.from,
        rules,
        writer: viewer.person.subject.clone(),
        at: deed.at,
    };
    Ok(state.tables.begin(&draft, &deed).await?)
}

/// Saves a draft; no rules = they stay.
pub(super) async fn save(
    state: &PortalState,
    viewer: &Viewer,
    (table, number, edition): (&Table, u32, u32),
    head: Head,
    rules: Option<Vec<Rule>>,
) -> Result<Written, PageError> {
    let deed = deed(state, viewer, table, (deeds::WROTE_TABLE, number));
    let save = Save {
        table: table.id,
        number,
        edition,
        purpose: head.purpose.into(),
        in_force_from: head.from,
        rules,
        writer: viewer.person.subject.clone(),
        at: deed.at,
    };
    Ok(state.tables.save(&save, &deed).await?)
}

/// What the draft says of itself, for a save that changes rules only.
pub(super) fn head_of(version: &Version) -> Head {
    Head {
        purpose: version.purpose.to_string(),
        from: version.in_force_from,
    }
}

/// Gives a draft up.
pub(super) async fn discard(
    state: &PortalState,
    viewer: &Viewer,
    (table, number, edition): (&Table, u32, u32),
) -> Result<Written, PageError> {
    let deed = deed(state, viewer, table, (deeds::DISCARDED_TABLE, number));
    let done = state.tables.discard(table.id, number, edition, &deed);
    Ok(done.await?)
}

/// Keeps what a simulation found.
pub(super) async fn keep_simulation(
    state: &PortalState,
    viewer: &Viewer,
    (table, number): (&Table, u32),
    simulated: &Simulated,
) -> Result<Written, PageError> {
    let deed = deed(state, viewer, table, (deeds::SIMULATED_TABLE, number));
    let kept = state.tables.keep_simulation(table.id, number, simulated, &deed);
    Ok(kept.await?)
}

/// Puts a draft in force.
pub(super) async fn approve(
    state: &PortalState,
    viewer: &Viewer,
    (table, number, edition): (&Table, u32, u32),
) -> Result<Written, PageError> {
    let deed = deed(state, viewer, table, (deeds::APPROVED_TABLE, number));
    let approver = &viewer.person.subject;
    let approved = state
        .tables
        .approve(table.id, number, edition, approver, deed.at, &deed);
    Ok(approved.await?)
}
