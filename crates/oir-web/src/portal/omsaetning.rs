//! Omsætningstabeller: which rules lead a fagsystem's values to a municipality's accounts, who
//! changes them, and what a change will do.
//!
//! | address | page | file |
//! |---|---|---|
//! | `/omsaetning`, `/omsaetning.xlsx` | all tables that the reader sees | `omsaetning/overview.rs` |
//! | `/omsaetning/{kommune}/{fagsystem}` | one table, the rules of a version | `omsaetning/table.rs` |
//! | `…/regler.xlsx`, `…/regler.csv` | the same rules as a file that can be sent back | `omsaetning/files.rs` |
//! | `…/kladde`, `…/kladde/ny`, `…/kladde/ret` | the draft: its head, its beginning, its changes | `omsaetning/draft.rs` |
//! | `…/kladde/regel` | one rule of the draft | `omsaetning/rule.rs` |
//! | `…/kladde/regneark` | a spreadsheet into the draft, with a preview | `omsaetning/upload.rs` |
//! | `…/daekning`, `…/daekning.xlsx` | what no rule is for | `omsaetning/coverage.rs` |
//! | `…/simulering`, `…/simulering/koer` | the draft over bilag of the past | `omsaetning/simulation.rs` |
//! | `…/godkend` | putting it in force | `omsaetning/approval.rs` |
//! | `…/forklar` | why a posting goes where it goes | `omsaetning/why.rs` |
//! | `…/eftersyn` | new values, rules without use | `omsaetning/upkeep.rs` |
//!
//! The rules themselves are `oir_domain::omsaetning`; what is written goes through
//! `oir_flow::omsaetning`, which says who may.

mod acts;
mod approval;
mod coverage;
mod draft;
mod files;
mod overview;
mod rule;
mod rule_form;
mod simulation;
mod table;
mod upkeep;
mod upload;
mod why;
pub(super) mod words;

pub(super) use simulation::Runs;
pub(super) use upload::Uploads;

use axum::extract::{Path, State};
use axum::response::Redirect;
use axum::routing::{MethodRouter, get};
use jiff::civil::Date;
use oir_domain::access::{Action, Scope};
use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Rule, Stage, TableId, Version};
use oir_domain::party::Kommunekode;
use oir_domain::work::Stop;
use oir_flow::ports::work::GroupKey;

use super::PortalState;
use super::door::Viewer;
use super::failure::PageError;
use super::names::Names;
use super::today::Matter;
use super::view::{Page, Section};

/// One table.
pub(super) const TABLE: &str = "/omsaetning/{kommune}/{fagsystem}";
/// Its rules as a workbook.
pub(super) const RULES_SHEET: &str = "/omsaetning/{kommune}/{fagsystem}/regler.xlsx";
/// Its rules as text.
pub(super) const RULES_CSV: &str = "/omsaetning/{kommune}/{fagsystem}/regler.csv";
/// Its draft.
pub(super) const DRAFT: &str = "/omsaetning/{kommune}/{fagsystem}/kladde";
/// A draft is begun here.
pub(super) const DRAFT_BEGIN: &str = "/omsaetning/{kommune}/{fagsystem}/kladde/ny";
/// What the draft is for, from which day, and its end.
pub(super) const DRAFT_CHANGE: &str = "/omsaetning/{kommune}/{fagsystem}/kladde/ret";
/// One rule of the draft.
pub(super) const RULE: &str = "/omsaetning/{kommune}/{fagsystem}/kladde/regel";
/// A spreadsheet comes into the draft here.
pub(super) const UPLOAD: &str = "/omsaetning/{kommune}/{fagsystem}/kladde/regneark";
/// What no rule is for.
pub(super) const COVERAGE: &str = "/omsaetning/{kommune}/{fagsystem}/daekning";
/// The same as a workbook.
pub(super) const COVERAGE_SHEET: &str = "/omsaetning/{kommune}/{fagsystem}/daekning.xlsx";
/// What the draft would move.
pub(super) const SIMULATION: &str = "/omsaetning/{kommune}/{fagsystem}/simulering";
/// A simulation is begun here.
pub(super) const SIMULATION_RUN: &str = "/omsaetning/{kommune}/{fagsystem}/simulering/koer";
/// The draft is put in force here.
pub(super) const APPROVAL: &str = "/omsaetning/{kommune}/{fagsystem}/godkend";
/// Why a posting goes where it goes.
pub(super) const WHY: &str = "/omsaetning/{kommune}/{fagsystem}/forklar";
/// New values, rules without use.
pub(super) const UPKEEP: &str = "/omsaetning/{kommune}/{fagsystem}/eftersyn";

/// Every page of the tables.
pub(super) fn pages() -> Vec<(&'static str, MethodRouter<PortalState>)> {
    vec![
        ("/omsaetning", get(overview::show)),
        ("/omsaetning.xlsx", get(overview::download)),
        (TABLE, get(table::show)),
        (RULES_SHEET, get(files::xlsx)),
        (RULES_CSV, get(files::csv)),
        (DRAFT, get(draft::show)),
        (DRAFT_BEGIN, get(draft::ask).post(draft::begin)),
        (DRAFT_CHANGE, back_to("/kladde").post(draft::change)),
        (RULE, get(rule::show).post(rule::save)),
        (UPLOAD, upload::route()),
        (COVERAGE, get(coverage::show)),
        (COVERAGE_SHEET, get(coverage::download)),
        (SIMULATION, get(simulation::show)),
        (SIMULATION_RUN, back_to("/simulering").post(simulation::run)),
        (APPROVAL, get(approval::show).post(approval::approve)),
        (WHY, get(why::show)),
        (UPKEEP, get(upkeep::show)),
    ]
}

/// `GET` of an address that only takes forms, e.g. when a page is loaded again after the way in:
/// to the page of the table that has the form.
fn back_to(page: &'static str) -> MethodRouter<PortalState> {
    let back = move |State(state): State<PortalState>,
                     viewer: Viewer,
                     Path(address): Path<Address>| async move {
        let table = Table::find(&state, &viewer.scope, &address).await?;
        Ok::<_, PageError>(Redirect::to(&table.href(page)))
    };
    get(back)
}

/// Which table an address names.
type Address = (String, String);

/// A table that a reader sees, with its versions.
#[derive(Debug)]
struct Table {
    id: TableId,
    kommune: String,
    fagsystem: String,
    /// The newest first; version 0 the last.
    versions: Vec<Version>,
}

impl Table {
    /// The table of an address; what the scope does not cover is not there.
    async fn find(
        state: &PortalState,
        scope: &Scope,
        (kommune, fagsystem): &Address,
    ) -> Result<Self, PageError> {
        let kommune = kommune.parse().map(Kommunekode);
        let kommune = kommune.map_err(|_| PageError::NotFound)?;
        let id = fagsystem_id(state, fagsystem)?;
        let register = (state.register)();
        let known = register.myndigheder().any(|m| m.kommune == kommune);
        if !known || !scope.covers(kommune, Some(id)) {
            return Err(PageError::NotFound);
        }
        let table = TableId {
            kommune,
            fagsystem: id,
        };
        let names = state.names();
        Ok(Self {
            id: table,
            kommune: names.kommune(kommune),
            fagsystem: names.fagsystem(Some(id)),
            versions: state.tables.versions(scope, table).await?,
        })
    }

    fn title(&self) -> String {
        format!("{} for {}", self.fagsystem, self.kommune)
    }

    /// A page of the table: what is added to its address begins with `/` or `?`.
    fn href(&self, more: &str) -> String {
        address(self.id, more)
    }

    fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|v| v.number == number)
    }

    fn draft(&self) -> Option<&Version> {
        self.versions.iter().find(|v| v.stage == Stage::Draft)
    }

    /// The version for a konteringsdag.
    fn in_force(&self, day: Date) -> Option<&Version> {
        let begun = |v: &&Version| v.in_force_from.is_none_or(|from| from <= day);
        let approved = self.versions.iter().filter(|v| v.stage == Stage::Approved);
        approved.filter(begun).max_by_key(|v| v.number)
    }

    /// The version that somebody asks for: a number, the draft, or the one in force.
    fn asked(&self, wanted: &str, today: Date) -> Result<Option<&Version>, PageError> {
        match wanted.trim() {
            "" => Ok(self.in_force(today).or_else(|| self.versions.first())),
            "kladde" => self.draft().map(Some).ok_or(PageError::NotFound),
            number => {
                let number = number.parse().map_err(|_| PageError::BadAddress)?;
                self.version(number).map(Some).ok_or(PageError::NotFound)
            }
        }
    }

    /// The rules of a version; a version that is there has some, if only none.
    async fn rules(
        &self,
        state: &PortalState,
        scope: &Scope,
        number: u32,
    ) -> Result<Vec<Rule>, PageError> {
        let rules = state.tables.rules(scope, self.id, number).await?;
        rules.ok_or(PageError::NotFound)
    }

    /// A page below the table's own.
    fn page(&self, title: &str, viewer: &Viewer) -> Page {
        let (home, name) = (self.href(""), self.title());
        Page::inside(title, Section::Kontering, viewer)
            .below(&[("/omsaetning", "Kontering"), (&home, &name)])
    }

    fn may(&self, viewer: &Viewer, action: Action) -> bool {
        let scope = viewer.person.scope(action);
        scope.covers(self.id.kommune, Some(self.id.fagsystem))
    }

    /// The ways between the table's pages.
    fn ways(&self, current: Way) -> Vec<(String, &'static str, bool)> {
        let way = |(way, more, words): (Way, &str, &'static str)| {
            (self.href(more), words, way == current)
        };
        let all = [
            (Way::Rules, "", "Regler"),
            (Way::Draft, "/kladde", "Kladde"),
            (Way::Coverage, "/daekning", "Dækning"),
            (Way::Simulation, "/simulering", "Simulering"),
            (Way::Why, "/forklar", "Forklar en kontering"),
            (Way::Upkeep, "/eftersyn", "Eftersyn"),
        ];
        all.into_iter().map(way).collect()
    }
}

/// The pages of one table that its ways lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Rules,
    Draft,
    Coverage,
    Simulation,
    Why,
    Upkeep,
}

/// Drafts that wait for this reader's approval: written by others, simulated, with a day.
pub(super) async fn waiting(
    state: &PortalState,
    viewer: &Viewer,
) -> Result<Vec<Matter>, PageError> {
    let scope = viewer.person.scope(Action::ApproveOmsaetning);
    let names = state.names();
    let mut matters = Vec::new();
    for line in state.tables.tables(&scope).await? {
        let Some(number) = line.draft else { continue };
        let versions = state.tables.versions(&scope, line.table).await?;
        let ready = |version: &&Version| {
            let own = version.writers.contains(&viewer.person.subject);
            version.number == number && words::is_ready(version) && !own
        };
        if versions.iter().find(ready).is_some() {
            let fagsystem = names.fagsystem(Some(line.table.fagsystem));
            let kommune = names.kommune(line.table.kommune);
            matters.push(Matter {
                weight: "warning",
                text: format!(
                    "En ny udgave af omsætningstabellen {fagsystem} for {kommune} venter på godkendelse."
                ),
                href: address(line.table, "/godkend"),
                way: "Se på den",
            });
        }
    }
    Ok(matters)
}

/// Where the account is written that held bilag wait for, for those who see the table.
pub(super) fn of_stop(viewer: &Viewer, key: &GroupKey) -> Option<String> {
    let fagsystem = key.fagsystem.filter(|_| key.cause.stop == Stop::Held)?;
    let scope = viewer.person.scope(Action::SeeSortiment);
    let table = TableId {
        kommune: key.kommune,
        fagsystem,
    };
    let seen = scope.covers(key.kommune, Some(fagsystem));
    seen.then(|| address(table, "/daekning"))
}

/// The address of a page of a table.
pub(super) fn address(table: TableId, more: &str) -> String {
    let (kommune, fagsystem) = (table.kommune.0, table.fagsystem);
    format!("/omsaetning/{kommune}/{fagsystem}{more}")
}

/// A fagsystem by its id or its short name; one that the register does not have is not there.
pub(super) fn fagsystem_id(state: &PortalState, text: &str) -> Result<FagsystemId, PageError> {
    let register = (state.register)();
    let found = register.fagsystem_named(text).map(|fagsystem| fagsystem.id);
    found.ok_or(PageError::NotFound)
}

/// What people call the writers of a version; an id where nobody of that id was ever in.
async fn writers(state: &PortalState, ids: &[Box<str>]) -> Result<String, PageError> {
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        let known = state.post.recipient(id).await?;
        let name = known.map_or_else(|| id.to_string(), |known| known.person.navn.to_string());
        names.push(name);
    }
    Ok(words::all_of(&names))
}

/// Work that takes a core for a while, off the threads that answer pages.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| PageError::Broken(format!("work on a table died: {error}")))
}

/// The facets that a table knows: those of its rules, then those that only traffic has.
fn facets<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    more: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let all = oir_domain::omsaetning::facets(rules, more).into_iter();
    let mut all: Vec<String> = all.map(str::to_owned).collect();
    all.sort_by_cached_key(|facet| crate::danish_format::sort_key(facet));
    all
}

/// The facets that a spreadsheet of the table may have columns for: those of the sortiment, those
/// of the rules, and the one that decides accounts when nothing more is said.
fn known_facets(state: &PortalState, table: &Table, rules: &[Rule]) -> Vec<Box<str>> {
    let register = (state.register)();
    let mut all = oir_domain::omsaetning::known_facets(&register, table.id, rules);
    all.sort_by_cached_key(|facet| crate::danish_format::sort_key(facet));
    all
}

/// The facet that decides accounts when a fagsystem says nothing more.
fn own_facet(names: &Names, id: FagsystemId) -> String {
    names.deciding_facet(Some(id)).unwrap_or_default()
}
