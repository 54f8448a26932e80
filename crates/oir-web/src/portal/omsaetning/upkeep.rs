//! What slowly goes out of step: values that traffic brings for the first time, rules that nothing
//! needs any more, accounts that close under rules that go on.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::Span;
use jiff::civil::Date;
use oir_domain::access::{Action, Patch, Scope};
use oir_domain::kontoplan::Kontoplan;
use oir_domain::omsaetning::Rule;
use oir_domain::omsaetning::coverage::Seen;
use oir_domain::omsaetning::drift::{Closing, NewValue, closing, new_values, unused};

use super::coverage::traffic;
use super::why::new_rule_for;
use super::{Address, Table, Way, aside, words};
use crate::danish_format::{day_short, whole};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::view::Page;

/// Lines of each list.
const SHOWN: usize = 200;
/// A value is new for so many days.
const NEW_DAYS: i32 = 31;
/// A rule without use for so many days is named.
const UNUSED_DAYS: i32 = 366;
/// Accounts that close in so many months are named.
const MONTHS_AHEAD: i32 = 6;

#[derive(Debug, Template)]
#[template(path = "omsaetning/upkeep.html")]
struct UpkeepPage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    version: String,
    /// Whether the reader may write rules.
    edit: bool,
    new: Vec<NewLine>,
    unused: Vec<RuleLine>,
    closing: Vec<ClosingLine>,
    kontoplan: bool,
}

#[derive(Debug)]
struct NewLine {
    facet: String,
    vaerdi: String,
    first: String,
    postings: String,
    /// Whether a rule names the value or its like.
    rule: Option<String>,
}

#[derive(Debug)]
struct RuleLine {
    number: u32,
    href: String,
    sentence: String,
    comment: String,
}

#[derive(Debug)]
struct ClosingLine {
    konto: String,
    last_open: String,
    number: u32,
    href: String,
    to: String,
    postings: String,
}

/// What was found, before it is put in words.
struct Found {
    new: Vec<NewValue>,
    unused: Vec<u32>,
    closing: Vec<Closing>,
}

fn look(rules: &[Rule], seen: &[Seen], today: Date, kontoplan: Option<&Kontoplan>) -> Found {
    let back = |days: i32| today.saturating_sub(Span::new().days(days));
    let until = today.saturating_add(Span::new().months(MONTHS_AHEAD));
    let last_open = |konto: &str| kontoplan?.konto(konto)?.end();
    Found {
        new: new_values(seen, back(NEW_DAYS)),
        unused: unused(rules, seen, back(UNUSED_DAYS), today),
        closing: closing(rules, seen, (today, until), last_open),
    }
}

/// `GET …/eftersyn`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let today = state.today();
    let version = table.in_force(today);
    let rules = match version {
        Some(version) => table.rules(&state, &viewer.scope, version.number).await?,
        None => Vec::new(),
    };
    let seen = traffic(&state, &viewer.scope, &table).await?;
    let own = Scope::of(vec![Patch {
        kommune: Some(table.id.kommune),
        fagsystem: None,
    }]);
    let kommune = table.id.kommune;
    let kontoplan = state.kontoplaner.kontoplan(&own, kommune, None).await?;
    let has_plan = kontoplan.is_some();
    let (found, rules) = aside(move || {
        let found = look(&rules, &seen, today, kontoplan.as_ref());
        (found, rules)
    })
    .await?;
    let edit = table.may(&viewer, Action::EditOmsaetning);
    let href = |number: u32| table.href(&format!("?regel={number}"));
    let new = found.new.iter().take(SHOWN).map(|value| NewLine {
        facet: value.facet.to_string(),
        vaerdi: mask_text(&value.vaerdi),
        first: day_short(value.first),
        postings: whole(value.postings),
        rule: edit.then(|| new_rule_for(&table, [(&*value.facet, &*value.vaerdi)])),
    });
    let unused = found.unused.iter().take(SHOWN).filter_map(|number| {
        let rule = rules.iter().find(|rule| rule.number == *number)?;
        Some(RuleLine {
            number: *number,
            href: href(*number),
            sentence: words::sentence(rule),
            comment: mask_text(&rule.comment),
        })
    });
    let closing = found.closing.iter().take(SHOWN).map(|closing| ClosingLine {
        konto: closing.konto.to_string(),
        last_open: day_short(closing.last_open),
        number: closing.rule,
        href: href(closing.rule),
        to: closing
            .to
            .map_or_else(|| "Indtil videre".to_owned(), day_short),
        postings: whole(closing.postings),
    });
    let template = UpkeepPage {
        page: table.page("Eftersyn", &viewer),
        ways: table.ways(Way::Upkeep),
        version: version.map_or_else(|| "Ingen udgave".to_owned(), words::version),
        edit,
        new: new.collect(),
        unused: unused.collect(),
        closing: closing.collect(),
        kontoplan: has_plan,
    };
    Ok(page(&template)?.into_response())
}
