//! The portal: pages in Danish on which every message and every bilag can be followed.
//!
//! | address | page | file |
//! |---|---|---|
//! | `/` | a day's figures per municipality and case system | `front.rs` |
//! | `/bilag` | list with filter | `list.rs`, `query.rs` |
//! | `/bilag.xlsx` | the same list as a workbook | `workbook.rs` |
//! | `/bilag/{id}` | one bilag with its whole life | `bilag.rs` |
//! | `/afsendelser/{id}` | one message | `afsendelse.rs` |
//! | `/vejledninger…` | how errors are corrected at the source | `guides.rs` |
//! | `/tilgaengelighed` | the accessibility statement | `accessibility.rs` |
//! | `/mine-mails`, `/postkasse` | one's letters; in a demo, what they say | `letters.rs` |
//! | `/log-ind`, `/log-ud`, `/roller`, `/sessioner`, `/log` | who is in, and what they did | `sign_in.rs` |
//! | `/assets/…` | style, fonts, icons | `crate::assets` |
//!
//! Every page is reached through the door (`door.rs`), which says what it needs. About
//! bilag, pages only read. Personal numbers are masked everywhere (`masking.rs`). Every page works
//! without JavaScript; style and script come from files, never from the page itself.

mod accessibility;
mod afsendelse;
mod bilag;
pub mod door;
mod excerpt;
mod failure;
mod front;
mod guides;
mod headers;
pub mod hosts;
mod letters;
mod list;
mod markdown;
mod names;
mod query;
mod sign_in;
mod view;
mod words;
mod workbook;

use std::fmt;
use std::sync::Arc;

use axum::extract::{FromRef, Request};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::fault::{Fault, FaultCode};
use oir_domain::reconcile::{Difference, Statements};
use oir_domain::register::Register;
use oir_flow::ports::Answer;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::post::Post;
use oir_flow::ports::process::Clock;
use oir_flow::ports::views::Views;

use crate::machine::lookup;
pub use accessibility::Statement;
use door::{Entrance, Needs};
use failure::PageError;
use names::Names;

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

/// The latest comparison of our control totals with the books'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// When it was made.
    pub at: Timestamp,
    /// What we hold as booked, of each municipality and sender compared.
    pub ours: Statements,
    /// Every disagreement; empty when the two agree.
    pub differences: Vec<Difference>,
}

/// Where the portal gets comparisons with the books from.
pub trait ControlTotals: Send + Sync + fmt::Debug {
    /// The latest comparison for a booking day; nothing when none has been made.
    fn compared(&self, dag: Date) -> Answer<'_, Option<Comparison>>;
}

/// Everything that pages ask of the store.
pub trait Desk: Views + Guides + Post {}
impl<S: Views + Guides + Post> Desk for S {}

/// What the pages read from.
#[derive(Clone)]
pub struct PortalState {
    views: Arc<dyn Views>,
    guides: Arc<dyn Guides>,
    post: Arc<dyn Post>,
    statement: Arc<Statement>,
    register: RegisterSource,
    clock: Arc<dyn Clock>,
    words: FaultWords,
    control: Option<Arc<dyn ControlTotals>>,
    zone: TimeZone,
    entrance: Entrance,
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
        Self {
            guides: Arc::clone(&store) as _,
            post: Arc::clone(&store) as _,
            statement: Arc::new(Statement::default()),
            views: store,
            register,
            clock,
            words,
            control: None,
            zone: copenhagen(),
            entrance,
        }
    }

    /// The same with comparisons with the books; without, the front page says that none
    /// has been made.
    #[must_use]
    pub fn with_control_totals(mut self, control: Arc<dyn ControlTotals>) -> Self {
        self.control = Some(control);
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
            .field("control", &self.control)
            .finish_non_exhaustive()
    }
}

/// The pages, with a fallback page for addresses that lead nowhere. A router merged with
/// this one must not have a fallback of its own.
pub fn router(state: PortalState) -> Router {
    let mut routes = Router::new();
    for (path, page) in pages() {
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

type Pages = Vec<(&'static str, MethodRouter<PortalState>)>;

/// Every page with its handlers; each has a line in [`door::PAGES`], a test says.
fn pages() -> Pages {
    vec![
        ("/", get(front::show)),
        ("/bilag", get(list::show)),
        ("/bilag.xlsx", get(workbook::download)),
        ("/bilag/{id}", get(bilag::show)),
        ("/afsendelser/{id}", get(afsendelse::show)),
        (lookup::LIST, lookup::list_route()),
        (lookup::ONE, lookup::one_route()),
        ("/vejledninger", get(guides::shelf)),
        ("/vejledninger.xlsx", get(guides::download)),
        ("/vejledninger/{fagsystem}", get(guides::show)),
        ("/vejledninger/{fagsystem}/udgaver", get(guides::versions)),
        (
            "/vejledninger/{fagsystem}/ret",
            get(guides::write).post(guides::save),
        ),
        ("/tilgaengelighed", get(accessibility::show)),
        ("/mine-mails", get(letters::choices).post(letters::choose)),
        ("/postkasse", get(letters::mailbox)),
        ("/sessioner", get(sign_in::sessions).post(sign_in::end)),
        ("/log", get(sign_in::log)),
        ("/roller", get(sign_in::roles)),
        ("/log-ud", post(sign_in::leave)),
        ("/log-ind", get(sign_in::ask).post(sign_in::choose)),
        ("/log-ind/start", get(sign_in::start)),
        ("/log-ind/svar", get(sign_in::answer)),
        ("/assets/{*path}", get(asset)),
    ]
}

/// A page behind the door.
fn behind(
    state: &PortalState,
    needs: Needs,
    page: MethodRouter<PortalState>,
) -> MethodRouter<PortalState> {
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
        let served = pages();
        let served: BTreeSet<&str> = served.iter().map(|(path, _)| *path).collect();
        assert_eq!(lines, served);
        assert_eq!(lines.len(), door::PAGES.len(), "an address stands twice");
    }
}
