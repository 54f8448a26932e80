//! Putting a draft in force: what stands in the way, what the one who approves must know, and
//! the act, by another person than the writers.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::omsaetning::{Objection, Simulated, Version};
use oir_flow::omsaetning::NotDone;
use oir_wire::danish::omsaetning::objection;
use serde::Deserialize;

use super::acts::work;
use super::{Address, Table, Way, words, writers};
use crate::danish_format::{day, instant_short, whole};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::view::{Fact, Page};

#[derive(Debug, Template)]
#[template(path = "omsaetning/approval.html")]
struct ApprovalPage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    here: String,
    draft: Option<Draft>,
    token: Option<String>,
    /// What stands in the way, and what to do.
    objections: Vec<(String, &'static str)>,
    /// Bilag that wait for an account.
    held: String,
    any_held: bool,
    stale: bool,
    changes: String,
    simulation: String,
}

#[derive(Debug)]
struct Draft {
    number: u32,
    edition: u32,
    facts: Vec<Fact>,
    simulated: Option<Vec<Fact>>,
}

/// The figures that whoever approves looks at.
pub(super) fn figures(simulated: &Simulated, state: &PortalState) -> Vec<Fact> {
    let span = format!("{} – {}", day(simulated.from), day(simulated.to));
    vec![
        Fact::new("Simuleret", instant_short(simulated.at, &state.zone)),
        Fact::new("Konteringsdage", span),
        Fact::new("Posteringer i alt", whole(simulated.postings)),
        Fact::new("Ville få en anden konto", whole(simulated.moved)),
        Fact::new("Af dem allerede bogført", whole(simulated.booked_moved)),
        Fact::new("Ville ingen konto have", whole(simulated.unmapped)),
    ]
}

async fn draft_of(state: &PortalState, version: &Version) -> Result<Draft, PageError> {
    let simulated = version.simulated.as_ref();
    let current = simulated.filter(|_| words::is_simulated(version));
    Ok(Draft {
        number: version.number,
        edition: version.edition,
        facts: vec![
            Fact::new("Formål", crate::masking::mask_text(&version.purpose)),
            Fact::new("Gælder fra", words::from_day(version)),
            Fact::new("Skrevet af", writers(state, &version.writers).await?),
            Fact::new("Sidst gemt", instant_short(version.saved, &state.zone)),
            Fact::new("Regler", whole(version.rules.into())),
        ],
        simulated: current.map(|found| figures(found, state)),
    })
}

async fn held(state: &PortalState, viewer: &Viewer, table: &Table) -> Result<u64, PageError> {
    let lines = state.tables.tables(&viewer.scope).await?;
    let own = lines.iter().find(|line| line.table == table.id);
    Ok(own.map_or(0, |line| line.held))
}

async fn approval_page(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
) -> Result<ApprovalPage, PageError> {
    let version = table.draft();
    let (draft, objections) = match version {
        Some(version) => (
            Some(draft_of(state, version).await?),
            work(state, viewer, table.id)
                .objections(version.number)
                .await?,
        ),
        None => (None, Vec::new()),
    };
    let held = held(state, viewer, table).await?;
    Ok(ApprovalPage {
        page: table.page("Godkend kladden", viewer),
        ways: table.ways(Way::Draft),
        here: table.href("/godkend"),
        draft,
        token: viewer.token(),
        objections: objections.into_iter().map(in_words).collect(),
        held: whole(held),
        any_held: held > 0,
        stale: false,
        changes: table.href("?udgave=kladde"),
        simulation: table.href("/simulering"),
    })
}

/// `GET …/godkend`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let template = approval_page(&state, &viewer, &table).await?;
    Ok(page(&template)?.into_response())
}

/// The form of an approval.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Sent {
    token: String,
    udgave: u32,
    edition: u32,
}

/// `POST …/godkend`
pub(in crate::portal) async fn approve(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(sent) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&sent.token)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let held = held(&state, &viewer, &table).await?;
    let own = work(&state, &viewer, table.id);
    let (stale, objections) = match own.approve((sent.udgave, sent.edition)).await {
        Ok(_) => {
            let way = table.href(&format!("?udgave={}&ventede={held}", sent.udgave));
            return Ok(Redirect::to(&way).into_response());
        }
        Err(NotDone::Objections(objections)) => (false, objections),
        Err(NotDone::Stale) => (true, Vec::new()),
        Err(other) => return Err(other.into()),
    };
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let mut template = approval_page(&state, &viewer, &table).await?;
    template.stale = stale;
    if !objections.is_empty() {
        // Some are only found when it is tried: the draft is run once more.
        template.objections = objections.into_iter().map(in_words).collect();
    }
    Ok(unreadable_form(page(&template)?))
}

/// What stands in the way, and what to do; its code is for machines.
fn in_words(what: Objection) -> (String, &'static str) {
    let (_, what, act) = objection(what);
    (what, act)
}
