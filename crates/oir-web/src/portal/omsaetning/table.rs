//! One table: the rules of a version in words, found by what stands in them, and its versions.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::omsaetning::{Condition, Rule, Stage, Version};
use serde::Deserialize;

use super::{Address, Table, Way, words, writers};
use crate::danish_format::{instant_short, read_day, whole};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::query::pairs;
use crate::portal::view::{Badge, Page};

/// Rules of a page: what a person looks through.
const PAGE_RULES: usize = 100;

/// Which version, which of its rules, and which page of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Wanted {
    pub(super) udgave: String,
    pub(super) q: String,
    pub(super) dag: String,
    pub(super) side: String,
    /// The number of one rule, where a link leads to it.
    regel: String,
    /// After an approval: how many bilag waited.
    ventede: String,
}

impl Wanted {
    fn number(&self) -> Result<usize, PageError> {
        match self.side.trim() {
            "" => Ok(1),
            text => match text.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(PageError::BadAddress),
            },
        }
    }

    /// The only rule to be shown; none = all.
    fn rule(&self) -> Result<Option<u32>, PageError> {
        match self.regel.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| PageError::BadAddress),
        }
    }

    /// The day on which rules must hold; what is no day asks for none and says so.
    fn day(&self) -> (Option<Date>, Option<&'static str>) {
        if self.dag.trim().is_empty() {
            return (None, None);
        }
        match read_day(&self.dag) {
            Some(day) => (Some(day), None),
            None => (None, Some("Skriv dagen som 23.11.2026")),
        }
    }

    /// The address of a page of the same rules.
    fn href(&self, table: &Table, page: usize) -> String {
        let side = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        let asked = pairs(&[
            ("udgave", &self.udgave),
            ("regel", &self.regel),
            ("q", &self.q),
            ("dag", &self.dag),
            ("side", &side),
        ]);
        let mark = if asked.is_empty() { "" } else { "?" };
        table.href(&format!("{mark}{asked}"))
    }
}

/// The rules that somebody looks for: in values, accounts, comments and facets, or by number.
pub(super) fn found<'r>(rules: &'r [Rule], q: &str, day: Option<Date>) -> Vec<&'r Rule> {
    let q = q.trim().to_lowercase();
    let holds = |rule: &&Rule| day.is_none_or(|day| rule.validity.covers(day));
    rules
        .iter()
        .filter(holds)
        .filter(|rule| q.is_empty() || says(rule, &q))
        .collect()
}

fn says(rule: &Rule, q: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(q);
    let value = |condition: &Condition| match condition {
        Condition::Is(value) | Condition::Prefix(value) => has(value),
        Condition::OneOf(values) => values.iter().any(|value| has(value)),
        // What lies in a range is not written in it.
        Condition::Range(first, last) => has(first) || has(last) || condition.holds(q),
    };
    rule.number.to_string() == q
        || has(&rule.comment)
        || rule.targets.iter().any(|t| has(&t.konto.to_string()))
        || rule
            .conditions
            .iter()
            .any(|(facet, c)| has(facet) || value(c))
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/table.html")]
struct TablePage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    here: String,
    /// What was just approved means for what waited.
    approved: Option<String>,
    version: Option<Shown>,
    versions: Vec<VersionLine>,
    rules: Vec<RuleLine>,
    /// How many rules there are, and how they are to be read.
    caption: String,
    narrowed: bool,
    /// Which page of the rules this is.
    number: usize,
    /// The number of the only rule that is looked at.
    only: Option<u32>,
    q: String,
    dag: String,
    dag_fault: Option<&'static str>,
    udgave: String,
    previous: Option<String>,
    next: Option<String>,
    /// A rule is added here, for those who may and when there is a draft.
    add: Option<String>,
    /// A draft is begun here.
    begin: Option<String>,
    export: Option<(String, String)>,
}

/// The version on the page.
#[derive(Debug)]
struct Shown {
    name: String,
    stage: Badge,
    from: String,
    purpose: String,
}

#[derive(Debug)]
struct VersionLine {
    href: String,
    name: String,
    stage: Badge,
    from: String,
    rules: String,
    purpose: String,
    who: String,
    at: String,
    approved: String,
    current: bool,
    /// A new draft with these rules, for those who may.
    restore: Option<String>,
}

/// A rule as lists show it.
#[derive(Debug)]
pub(super) struct RuleLine {
    pub(super) number: u32,
    pub(super) when: String,
    pub(super) goes: String,
    pub(super) holds: String,
    pub(super) comment: String,
    pub(super) edit: Option<String>,
}

pub(super) fn rule_line(rule: &Rule, edit: Option<String>) -> RuleLine {
    RuleLine {
        number: rule.number,
        when: words::when(rule),
        goes: words::goes(rule),
        holds: words::holds(rule),
        comment: crate::masking::mask_text(&rule.comment),
        edit,
    }
}

/// `GET /omsaetning/{kommune}/{fagsystem}`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let (number, only) = (wanted.number()?, wanted.rule()?);
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let today = state.today();
    let version = table.asked(&wanted.udgave, today)?;
    let rules = match version {
        Some(version) => table.rules(&state, &viewer.scope, version.number).await?,
        None => Vec::new(),
    };
    let (day, dag_fault) = wanted.day();
    let mut found = found(&rules, &wanted.q, day);
    found.retain(|rule| only.is_none_or(|number| rule.number == number));
    let before = number.saturating_sub(1).saturating_mul(PAGE_RULES);
    let edit = table.may(&viewer, Action::EditOmsaetning);
    let writing = edit && version.is_some_and(|version| version.stage == Stage::Draft);
    let line = |rule: &&Rule| {
        let href = || table.href(&format!("/kladde/regel?nummer={}", rule.number));
        rule_line(rule, writing.then(href))
    };
    let further = found.len() > before.saturating_add(PAGE_RULES);
    let file = |ending: &str| {
        let number = version.map_or(0, |version| version.number);
        table.href(&format!("/regler.{ending}?udgave={number}"))
    };
    let template = TablePage {
        page: table_page(&table, &viewer),
        ways: table.ways(Way::Rules),
        here: table.href(""),
        approved: approved(&wanted.ventede),
        version: version.map(|version| shown(&table, version, today)),
        versions: version_lines(&state, &table, version, edit).await?,
        caption: caption(found.len()),
        rules: found
            .iter()
            .skip(before)
            .take(PAGE_RULES)
            .map(line)
            .collect(),
        narrowed: day.is_some() || only.is_some() || !wanted.q.trim().is_empty(),
        only,
        number,
        previous: (number > 1).then(|| wanted.href(&table, number.saturating_sub(1))),
        next: further.then(|| wanted.href(&table, number.saturating_add(1))),
        add: writing.then(|| table.href("/kladde/regel")),
        begin: (edit && table.draft().is_none()).then(|| table.href("/kladde/ny")),
        export: version.is_some().then(|| (file("xlsx"), file("csv"))),
        q: crate::masking::mask_text(&wanted.q),
        dag: wanted.dag,
        dag_fault,
        udgave: wanted.udgave,
    };
    Ok(page(&template)?.into_response())
}

fn caption(rules: usize) -> String {
    let count = words::rules(u64::try_from(rules).unwrap_or(u64::MAX));
    format!("{count}. Rækkefølgen er uden betydning: den mest præcise regel vinder")
}

/// What happens to what waited, after an approval.
fn approved(waited: &str) -> Option<String> {
    let waited: u64 = waited.parse().ok()?;
    Some(match waited {
        0 => "Ingen bilag ventede på en konto.".to_owned(),
        1 => "1 bilag ventede på en konto. Har det nu en, går det videre af sig selv.".to_owned(),
        many => format!(
            "{} bilag ventede på en konto. Dem, der nu har en, går videre af sig selv.",
            whole(many)
        ),
    })
}

fn table_page(table: &Table, viewer: &Viewer) -> Page {
    let title = table.title();
    Page::inside(&title, crate::portal::view::Section::Kontering, viewer)
        .below(&[("/omsaetning", "Kontering")])
}

fn shown(table: &Table, version: &Version, today: Date) -> Shown {
    let current = table.in_force(today).map(|version| version.number);
    Shown {
        name: words::version(version),
        stage: words::stage(version, current, today),
        from: words::from_day(version),
        purpose: crate::masking::mask_text(&version.purpose),
    }
}

async fn version_lines(
    state: &PortalState,
    table: &Table,
    shown: Option<&Version>,
    edit: bool,
) -> Result<Vec<VersionLine>, PageError> {
    let today = state.today();
    let current = table.in_force(today).map(|version| version.number);
    let free = edit && table.draft().is_none();
    let mut lines = Vec::with_capacity(table.versions.len());
    for version in &table.versions {
        let approved = match &version.approved {
            Some((who, at)) => {
                let who = writers(state, std::slice::from_ref(who)).await?;
                format!("{who}, {}", instant_short(*at, &state.zone))
            }
            None => String::new(),
        };
        let restorable = free && version.stage != Stage::Draft;
        let number = version.number;
        lines.push(VersionLine {
            href: table.href(&format!("?udgave={number}")),
            name: words::version(version),
            stage: words::stage(version, current, today),
            from: words::from_day(version),
            rules: whole(version.rules.into()),
            purpose: crate::masking::mask_text(&version.purpose),
            who: writers(state, &version.writers).await?,
            // Version 0 came with the register: nobody saved it.
            at: match number {
                0 => String::new(),
                _ => instant_short(version.saved, &state.zone),
            },
            approved,
            current: shown.is_some_and(|shown| shown.number == number),
            restore: restorable.then(|| table.href(&format!("/kladde/ny?fra={number}"))),
        });
    }
    Ok(lines)
}
