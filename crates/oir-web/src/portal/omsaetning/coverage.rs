//! What no rule is for: every combination that the fagsystem may send, or sent, held against a
//! version; with rules that tie, and rules that never win.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::{Action, Scope};
use oir_domain::omsaetning::coverage::{Cause, Combination, Gap, Kind as PostingKind, Seen, Why};
use oir_domain::omsaetning::{Coverage, Rule, Version};
use oir_flow::omsaetning::{traffic_since, window};
use serde::Deserialize;

use super::why::new_rule_for;
use super::{Address, Table, Way, aside, words};
use crate::danish_format::{day, day_short, whole};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::view::Page;
use crate::portal::workbook::{Cell, Column, Kind, Sheet, answer};

/// Lines of each list on the page; the workbook has all.
const SHOWN: usize = 200;

/// Which version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Wanted {
    udgave: String,
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/coverage.html")]
struct CoveragePage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    version: String,
    /// The draft, when another version is shown; or the version in force, when the draft is.
    other: Option<(String, &'static str)>,
    days: String,
    looked_at: String,
    complete: bool,
    /// Whether the fagsystem has no sortiment.
    nothing: bool,
    missing: String,
    left_out: Option<String>,
    gaps: Vec<GapLine>,
    more_gaps: Option<String>,
    ties: Vec<TieLine>,
    dead: Vec<DeadLine>,
    more_dead: Option<String>,
    export: Option<String>,
}

/// A combination without an account.
#[derive(Debug)]
struct GapLine {
    words: String,
    days: String,
    cause: String,
    combinations: u64,
    seen: u64,
    rule: Option<String>,
}

impl GapLine {
    fn combinations(&self) -> String {
        whole(self.combinations)
    }

    fn seen(&self) -> String {
        whole(self.seen)
    }
}

#[derive(Debug)]
struct TieLine {
    words: String,
    days: String,
    rules: Vec<(String, u32)>,
}

#[derive(Debug)]
struct DeadLine {
    number: u32,
    href: String,
    sentence: String,
    why: String,
}

/// A version and what it covers.
struct Covered {
    version: Option<Version>,
    rules: Vec<Rule>,
    coverage: Coverage,
    /// Whether the fagsystem has a sortiment; without one, only what it sent was looked at.
    sortiment: bool,
}

/// Traffic of the last thirteen months: a year, and the month that is compared with.
pub(super) async fn traffic(
    state: &PortalState,
    scope: &Scope,
    table: &Table,
) -> Result<Vec<Seen>, PageError> {
    let since = traffic_since(state.today());
    let found = state.tables.seen(scope, table.id, since).await?;
    Ok(found.into_iter().map(Seen::from).collect())
}

async fn covered(
    state: &PortalState,
    scope: &Scope,
    table: &Table,
    wanted: &str,
) -> Result<Covered, PageError> {
    let today = state.today();
    let version = table.asked(wanted, today)?.cloned();
    let rules = match &version {
        Some(version) => table.rules(state, scope, version.number).await?,
        None => Vec::new(),
    };
    let seen = traffic(state, scope, table).await?;
    let id = table.id;
    let posts = (state.register)().sortiment(id.kommune, id.fagsystem);
    let days = window(version.as_ref(), today);
    aside(move || {
        let found = oir_flow::omsaetning::covered(&rules, days, id, &posts, &seen);
        Covered {
            version,
            rules,
            coverage: found.coverage,
            sortiment: found.sortiment,
        }
    })
    .await
}

fn span((from, to): (Date, Date)) -> String {
    if from == to {
        day_short(from)
    } else {
        format!("{} – {}", day_short(from), day_short(to))
    }
}

/// A combination in words.
fn combination(combination: &Combination) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (facet, value) in &combination.values {
        parts.push(match value {
            Some(value) => format!("{facet} {}", mask_text(value)),
            None => format!("uden {facet}"),
        });
    }
    parts.extend(combination.side.map(|side| words::side(side).to_owned()));
    let kind = combination.posteringstype.map(|kind| match kind {
        PostingKind::Normal => "normal",
        PostingKind::Supplement => "supplementsperioden",
        PostingKind::Primo => "primo",
    });
    parts.extend(kind.map(str::to_owned));
    if parts.is_empty() {
        return "Alt".to_owned();
    }
    parts.join(", ")
}

fn gap_line(gap: &Gap, table: &Table, edit: bool) -> GapLine {
    let values = gap.combination.values.iter();
    let values = values.filter_map(|(facet, value)| Some((&**facet, &**value.as_ref()?)));
    GapLine {
        words: combination(&gap.combination),
        days: span(gap.days),
        cause: match &gap.cause {
            Cause::NoRule => "Ingen regel passer".to_owned(),
            Cause::Lacks { rule, facet } => {
                format!(
                    "Regel {rule} skal bruge {facet} i kontoen, og den mangler eller er for lang"
                )
            }
        },
        combinations: gap.combinations,
        seen: gap.seen,
        rule: edit.then(|| new_rule_for(table, values)),
    }
}

fn why(why: &Why) -> String {
    match why {
        Why::Days => "Den gælder ikke på nogen af dagene".to_owned(),
        Why::NoValue(facet) => {
            format!("Ingen værdi af {facet}, der må sendes, er den, reglen spørger om")
        }
        Why::Shadowed(rules) => {
            let named: Vec<String> = rules.iter().map(u32::to_string).collect();
            format!(
                "Mere præcise regler vinder altid: {}",
                words::all_of(&named)
            )
        }
        Why::NoCombination => "Det, den spørger om, kommer aldrig sammen".to_owned(),
    }
}

fn count(lines: usize) -> u64 {
    u64::try_from(lines).unwrap_or(u64::MAX)
}

fn many(all: u64) -> Option<String> {
    (all > count(SHOWN)).then(|| whole(all))
}

fn dead_lines(table: &Table, covered: &Covered) -> Vec<DeadLine> {
    let line = |dead: &oir_domain::omsaetning::coverage::Dead| {
        let rule = covered.rules.iter().find(|rule| rule.number == dead.rule);
        let number = covered.version.as_ref().map_or(0, |version| version.number);
        DeadLine {
            number: dead.rule,
            href: table.href(&format!("?udgave={number}&regel={}", dead.rule)),
            sentence: rule.map_or_else(String::new, words::sentence),
            why: why(&dead.why),
        }
    };
    covered.coverage.dead.iter().map(line).collect()
}

fn tie_lines(table: &Table, covered: &Covered) -> Vec<TieLine> {
    let number = covered.version.as_ref().map_or(0, |version| version.number);
    let rule = |rule: &u32| (table.href(&format!("?udgave={number}&regel={rule}")), *rule);
    let line = |tie: &oir_domain::omsaetning::coverage::Ambiguity| TieLine {
        words: combination(&tie.combination),
        days: span(tie.days),
        rules: tie.rules.iter().map(rule).collect(),
    };
    covered.coverage.ambiguous.iter().map(line).collect()
}

/// `GET …/daekning`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let covered = covered(&state, &viewer.scope, &table, &wanted.udgave).await?;
    let edit = table.may(&viewer, Action::EditOmsaetning);
    let (found, version) = (&covered.coverage, covered.version.as_ref());
    let draft = table.draft().map(|draft| draft.number);
    let is_draft = version.map(|version| version.number) == draft && draft.is_some();
    let other = match (draft, is_draft) {
        (None, _) => None,
        (Some(_), true) => Some((
            table.href("/daekning"),
            "Se dækningen af den, der gælder nu",
        )),
        (Some(_), false) => Some((
            table.href("/daekning?udgave=kladde"),
            "Se dækningen af kladden",
        )),
    };
    let gaps = count(found.unmapped.len()).saturating_add(found.unmapped_more);
    let mut dead = dead_lines(&table, &covered);
    let all_dead = count(dead.len());
    dead.truncate(SHOWN);
    let mut ties = tie_lines(&table, &covered);
    ties.truncate(SHOWN);
    let shown = found.unmapped.iter().take(SHOWN);
    let export = viewer.may(Action::Export);
    let template = CoveragePage {
        page: table.page("Dækning", &viewer),
        ways: table.ways(Way::Coverage),
        version: version.map_or_else(|| "Ingen udgave".to_owned(), words::version),
        other,
        days: format!("{} – {}", day(found.days.0), day(found.days.1)),
        looked_at: whole(found.looked_at.saturating_add(found.only_seen)),
        complete: found.complete(),
        nothing: !covered.sortiment,
        missing: whole(gaps),
        left_out: (found.left_out > 0).then(|| whole(found.left_out)),
        gaps: shown.map(|gap| gap_line(gap, &table, edit)).collect(),
        more_gaps: many(gaps),
        ties,
        more_dead: many(all_dead),
        dead,
        export: export.then(|| match version {
            Some(version) => table.href(&format!("/daekning.xlsx?udgave={}", version.number)),
            None => table.href("/daekning.xlsx"),
        }),
    };
    Ok(page(&template)?.into_response())
}

/// `GET …/daekning.xlsx`
pub(in crate::portal) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    // The same as on the page: the right to take lists out widens nothing.
    let scope = viewer.person.scope(Action::SeeSortiment);
    let table = Table::find(&state, &scope, &address).await?;
    let covered = covered(&state, &scope, &table, &wanted.udgave).await?;
    let number = covered.version.as_ref().map_or(0, |version| version.number);
    let object = format!("daekning.xlsx, {}, udgave {number}", table.fagsystem);
    state.exported(&viewer, &object).await?;
    let file = format!("daekning-{}-udgave-{number}.xlsx", table.id.kommune);
    answer(&file, sheets(&table, &covered)).await
}

fn sheets(table: &Table, covered: &Covered) -> Vec<Sheet> {
    let gap = |gap: &Gap| {
        let line = gap_line(gap, table, false);
        vec![
            line.words.into(),
            Cell::Day(gap.days.0),
            Cell::Day(gap.days.1),
            line.cause.into(),
            Cell::Whole(line.combinations),
            Cell::Whole(line.seen),
        ]
    };
    let tie = |line: TieLine| {
        let rules: Vec<String> = line.rules.iter().map(|(_, n)| n.to_string()).collect();
        vec![line.words.into(), line.days.into(), rules.join(", ").into()]
    };
    let dead = |line: DeadLine| {
        vec![
            Cell::Whole(line.number.into()),
            line.sentence.into(),
            line.why.into(),
        ]
    };
    let column = |title, width, kind| Column::new(title, width, kind);
    vec![
        Sheet {
            name: "Mangler konto",
            columns: vec![
                column("Værdier", 60.0, Kind::Text),
                column("Fra", 12.0, Kind::Time),
                column("Til", 12.0, Kind::Time),
                column("Årsag", 50.0, Kind::Text),
                column("Kombinationer", 14.0, Kind::Figure),
                column("Set i posteringer", 18.0, Kind::Figure),
            ],
            rows: covered.coverage.unmapped.iter().map(gap).collect(),
        },
        Sheet {
            name: "Flere lige præcise",
            columns: vec![
                column("Værdier", 60.0, Kind::Text),
                column("Dage", 24.0, Kind::Text),
                column("Regler", 20.0, Kind::Text),
            ],
            rows: tie_lines(table, covered).into_iter().map(tie).collect(),
        },
        Sheet {
            name: "Regler uden virkning",
            columns: vec![
                column("Regel", 10.0, Kind::Figure),
                column("Regel i ord", 70.0, Kind::Text),
                column("Hvorfor", 50.0, Kind::Text),
            ],
            rows: dead_lines(table, covered).into_iter().map(dead).collect(),
        },
    ]
}
