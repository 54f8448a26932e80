//! The portal: pages in Danish on which every message and every bilag can be followed.
//!
//! | address | page | file |
//! |---|---|---|
//! | `/` | a day's figures per municipality and case system | `front.rs` |
//! | `/bilag` | list with filter | `list.rs`, `query.rs` |
//! | `/bilag.xlsx`, `/bilag.csv`, `/eksport/{id}` | the same list as a file | `export.rs`, `job.rs` |
//! | `/visninger` | a person's kept searches | `saved.rs` |
//! | `/bilag/{id}` | one bilag with its whole life | `bilag.rs` |
//! | `/bilag/{id}/xml`, `/afsendelser/{id}/xml` | what was received, masked | `raw.rs`, `pretty.rs` |
//! | `/bilag/{id}/personnumre` | the personal numbers of one bilag | `unmask.rs` |
//! | `/afsendelser/{id}` | one message | `afsendelse.rs` |
//! | `/afstemning` and below | whether each day agrees, differences, signatures | `afstemning.rs` |
//! | `/udvikling` | charts | `udvikling.rs` |
//! | `/fejl`, `/fejl/{gruppe}`, `/fejl/bilag/{id}` | the worklist, one cause of it, one item | `work.rs`, `work_acts.rs` |
//! | `/fejl/trin`, `/fejl/levering` | steps of people; what they let go on or give up | `work_acts.rs` |
//! | `/fejl.xlsx` | the worklist as a workbook | `work_sheet.rs` |
//! | `/vejledninger…` | how errors are corrected at the source | `guides.rs` |
//! | `/tilgaengelighed` | the accessibility statement | `accessibility.rs` |
//! | `/omsaetning` and below | which rules lead values to accounts, and their changes | `omsaetning.rs` |
//! | `/sortiment…` | the values that fagsystemer may send | `sortiment.rs` |
//! | `/mine-mails`, `/postkasse` | one's letters; in a demo, what they say | `letters.rs` |
//! | `/log-ind`, `/log-ud`, `/roller`, `/sessioner` | who is in | `sign_in.rs` |
//! | `/log`, `/log.xlsx`, `/log.csv` | what people did | `log.rs` |
//! | `/personopslag` | the bilag of one person | `person.rs` |
//! | `/stikproever` | samples of looks at personal numbers | `samples.rs` |
//! | `/noegler…` | keys of machines | `keys.rs` |
//! | `/kontoplan…` | the municipalities' accounts, and their import | `kontoplan.rs` |
//! | `/drift`, `/drift.xlsx`, `/drift/pause`, `/drift/stop` | is all running, and what to do | `drift.rs` |
//! | `/assets/…` | style, fonts, icons | `crate::assets` |
//!
//! Which handler answers at an address stands in `pages.rs`, room by room. Every page is
//! reached through the door (`door.rs`), which says what it needs. About bilag, pages only
//! read, but for the worklist. Personal numbers are masked (`masking.rs`) but in the answer
//! to a look that was written down. Every page works without JavaScript; style and script
//! come from files, never from the page itself.

mod accessibility;
mod afsendelse;
mod afstemning;
mod bilag;
pub mod door;
mod drift;
mod excerpt;
mod export;
mod failure;
mod form;
pub mod forms;
mod front;
mod guides;
mod headers;
pub mod hosts;
mod job;
mod keys;
mod kontoplan;
mod letters;
mod list;
mod log;
mod markdown;
mod names;
mod omsaetning;
mod pages;
mod person;
mod pretty;
mod query;
mod raw;
mod samples;
mod saved;
mod sign_in;
mod sortiment;
mod today;
mod udvikling;
mod unmask;
mod view;
mod waiting;
mod words;
mod work;
mod work_acts;
mod work_forms;
mod work_sheet;
mod work_words;
mod workbook;

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRef, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use axum::{Router, middleware};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::fault::{Fault, FaultCode};
use oir_domain::register::Register;
use oir_flow::keyring::Keyring;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::Days;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::kontoplan::Kontoplaner;
use oir_flow::ports::looks::Looks;
use oir_flow::ports::machine_keys::MachineKeys;
use oir_flow::ports::omsaetning::Omsaetningstabeller;
use oir_flow::ports::operation::Operation;
use oir_flow::ports::post::Post;
use oir_flow::ports::process::Clock;
use oir_flow::ports::search::{SavedViews, Search};
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::views::Views;
use oir_flow::ports::work::WorkItems;
use oir_flow::watch::Watch;
use oir_flow::work::Worklist;

pub use accessibility::Statement;
use door::{Entrance, Needs, Viewer};
use failure::PageError;
use job::Exports;
use names::Names;
pub use waiting::Desks;

/// Where the portal gets the register in force from; called once per page.
pub type RegisterSource = Arc<dyn Fn() -> Arc<Register> + Send + Sync>;

/// The Danish words of the fault catalogue. They stand with the receipts, so that a page
/// and a receipt never say different things; the wiring hands them in.
#[derive(Debug, Clone, Copy)]
pub struct FaultWords {
    /// What a code means, without values: for overviews.
    pub title: fn(FaultCode) -> String,
    /// What is wrong, with the fault's values filled in.
    pub text: fn(&Fault) -> String,
    /// How it is put right.
    pub remedy: fn(&Fault) -> String,
}

/// Everything that pages ask of the store.
pub trait Desk:
    Views
    + Search
    + SavedViews
    + Days
    + WorkItems
    + MachineKeys
    + Looks
    + Operation
    + Guides
    + Post
    + Kontoplaner
    + Omsaetningstabeller
{
}
impl<S> Desk for S where
    S: Views
        + Search
        + SavedViews
        + Days
        + WorkItems
        + MachineKeys
        + Looks
        + Operation
        + Guides
        + Post
        + Kontoplaner
        + Omsaetningstabeller
{
}

/// What the pages read from.
#[derive(Clone)]
pub struct PortalState {
    views: Arc<dyn Views>,
    search: Arc<dyn Search>,
    saved: Arc<dyn SavedViews>,
    exports: Arc<Exports>,
    days: Arc<dyn Days>,
    work: Arc<dyn WorkItems>,
    worklist: Worklist,
    looks: Arc<dyn Looks>,
    operation: Arc<dyn Operation>,
    watch: Watch,
    guides: Arc<dyn Guides>,
    post: Arc<dyn Post>,
    kontoplaner: Arc<dyn Kontoplaner>,
    tables: Arc<dyn Omsaetningstabeller>,
    runs: Arc<omsaetning::Runs>,
    uploads: Arc<omsaetning::Uploads>,
    statement: Arc<Statement>,
    register: RegisterSource,
    clock: Arc<dyn Clock>,
    words: FaultWords,
    zone: TimeZone,
    entrance: Entrance,
    keys: Keyring,
}

impl PortalState {
    /// A portal over the reading side of a store, behind a door.
    pub fn new<S: Desk + 'static>(
        store: Arc<S>,
        register: RegisterSource,
        clock: Arc<dyn Clock>,
        words: FaultWords,
        entrance: Entrance,
    ) -> Self {
        let work: Arc<dyn WorkItems> = Arc::<S>::clone(&store);
        Self {
            search: Arc::clone(&store) as _,
            saved: Arc::clone(&store) as _,
            exports: Arc::default(),
            days: Arc::clone(&store) as _,
            worklist: Worklist::new(Arc::clone(&work), Arc::clone(&clock)),
            work,
            keys: entrance.sign_in.keyring(Arc::clone(&store) as _),
            looks: Arc::<S>::clone(&store),
            operation: Arc::clone(&store) as _,
            watch: Watch::default(),
            guides: Arc::clone(&store) as _,
            post: Arc::clone(&store) as _,
            kontoplaner: Arc::clone(&store) as _,
            tables: Arc::clone(&store) as _,
            runs: Arc::default(),
            uploads: Arc::default(),
            statement: Arc::new(Statement::default()),
            views: store,
            register,
            clock,
            words,
            zone: copenhagen(),
            entrance,
        }
    }

    /// The same with what else is known of the operation; without, *Drift* says that the disk
    /// cannot be seen, and knows certificates only.
    #[must_use]
    pub fn with_watch(mut self, watch: Watch) -> Self {
        self.watch = watch;
        self
    }

    /// The same with what the operator says in the accessibility statement.
    #[must_use]
    pub fn with_statement(mut self, statement: Statement) -> Self {
        self.statement = Arc::new(statement);
        self
    }

    fn today(&self) -> Date {
        day_of(self.clock.now(), &self.zone)
    }

    /// Writes down who takes what out, before it leaves.
    async fn exported(&self, viewer: &Viewer, object: &str) -> Result<(), StoreFailure> {
        let sign_in = &self.entrance.sign_in;
        sign_in.log(&viewer.person, deeds::EXPORTED, object).await
    }

    fn names(&self) -> Names {
        Names::new((self.register)())
    }
}

impl FromRef<PortalState> for Arc<dyn Views> {
    fn from_ref(state: &PortalState) -> Self {
        Self::clone(&state.views)
    }
}

impl fmt::Debug for PortalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalState")
            .field("views", &self.views)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// The pages, with a fallback page for addresses that lead nowhere. A router merged with
/// this one must not have a fallback of its own.
pub fn router(state: PortalState) -> Router {
    let mut routes = Router::new();
    for (path, page) in pages::all() {
        // What has no line in the table has no door, and is not there.
        if let Some(needs) = door::needs(path) {
            routes = routes.route(path, behind(&state, needs, page));
        }
    }
    routes
        .fallback(nowhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::map_response(headers::guard))
        .layer(middleware::map_response(failure::log))
        .with_state(state)
}

/// A page behind the door.
fn behind(
    state: &PortalState,
    needs: Needs,
    page: MethodRouter<PortalState>,
) -> MethodRouter<PortalState> {
    let page = page.route_layer(middleware::from_fn(forms::whole));
    if needs == Needs::Nothing && matches!(state.entrance.door, door::Door::Operator) {
        // Nobody signs in: nothing to look up for a style sheet.
        return page;
    }
    let guard = middleware::from_fn_with_state((state.clone(), needs), door::enter);
    page.route_layer(guard)
}

/// The service's address, for pages that are served from another one.
pub fn service_at(url: &str) -> Router {
    let url = format!("{url}?wsdl");
    let there = move || async move { Redirect::temporary(&url) };
    Router::new().route(oir_wire::finans::SERVICE_PATH, get(there))
}

async fn asset(request: Request) -> Response {
    crate::assets::serve(request.uri(), request.headers())
        .unwrap_or_else(|| PageError::NotFound.into_response())
}

async fn nowhere() -> PageError {
    PageError::NotFound
}

async fn wrong_method() -> PageError {
    PageError::WrongMethod
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{door, pages};

    #[test]
    fn every_page_has_a_line_of_the_table_and_every_line_a_page() {
        let lines: BTreeSet<&str> = door::PAGES.iter().map(|(path, _)| *path).collect();
        let served = pages::all();
        let served: BTreeSet<&str> = served.iter().map(|(path, _)| *path).collect();
        assert_eq!(lines, served);
        assert_eq!(lines.len(), door::PAGES.len(), "an address stands twice");
    }
}
