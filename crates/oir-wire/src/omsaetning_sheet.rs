//! An omsætningstabel as a spreadsheet that a person keeps: one row for each rule, and for a rule
//! that splits one for each share. `docs/omsaetningsark.md` tells its owner what the columns mean.
//!
//! Read whole or not at all: every fault at once, with row and column. The order of the rows and
//! their comments come back as they were; to which account a posting goes, no order matters.

mod condition;
mod fault;
mod groups;
mod read;

use std::collections::BTreeSet;

use oir_domain::calendar::Regnskabsaar;
use oir_domain::money::Side;
use oir_domain::omsaetning::{Condition, Rule, Share};

use crate::sheet::write::{ColumnKind, Heading, Unwritable, csv, xlsx};
use crate::sheet::{Cell, same};

pub use crate::sheet::write::Form;
pub use fault::{Kind, TableFault};
pub use read::{Facets, read};

/// The columns that every table has, facets apart. Facets stand after the first.
pub const COLUMNS: [&str; 10] = [
    NUMBER, SIDE, YEARS, KIND, FROM, TO, KONTO, SHARE, PART, COMMENT,
];

const NUMBER: &str = "Nummer";
const SIDE: &str = "Side";
const YEARS: &str = "Regnskabsår";
const KIND: &str = "Posteringstype";
const FROM: &str = "Gælder fra";
const TO: &str = "Gælder til";
const KONTO: &str = "Konto";
const SHARE: &str = "Andel";
const PART: &str = "Del";
const COMMENT: &str = "Bemærkning";

/// Before the name of a facet that is called as one of our own columns is.
const FACET: &str = "Facet: ";

/// Name of the sheet in a workbook.
const SHEET: &str = "Omsætningstabel";

/// Reads what a cell says of a facet; an empty one asks nothing. For forms that speak as the
/// sheet does.
///
/// # Errors
/// What is wrong with it, in Danish, as the end of a sentence.
pub fn read_condition(cell: &str) -> Result<Option<Condition>, &'static str> {
    if cell.trim().is_empty() {
        return Ok(None);
    }
    let read = condition::parse(cell).map(Some);
    read.map_err(condition::Unread::text)
}

/// Writes a condition so that it is read as it was.
#[must_use]
pub fn written_condition(condition: &Condition) -> String {
    condition::written(condition)
}

/// Writes a table, its rules in their order. `facets` have a column also when no rule asks about
/// them, in that order; those that only rules know come after them.
///
/// # Errors
/// [`Unwritable`], when a list of values is longer than a cell of a workbook.
pub fn write(rules: &[Rule], facets: &[Box<str>], form: Form) -> Result<Vec<u8>, Unwritable> {
    let conditions = rules.iter().flat_map(|rule| &rule.conditions);
    let own: BTreeSet<&str> = conditions.map(|(facet, _)| &**facet).collect();
    let mut columns: Vec<&str> = facets.iter().map(|facet| &**facet).collect();
    columns.extend(
        own.into_iter()
            .filter(|own| !facets.iter().any(|f| **f == **own)),
    );
    let head = head(&columns);
    let rows = rules.iter().flat_map(|rule| rows(rule, &columns));
    match form {
        Form::Xlsx => xlsx(SHEET, &head, rows),
        Form::Csv => Ok(csv(&head, rows)),
    }
}

fn head(facets: &[&str]) -> Vec<Heading> {
    let heading = |title: &str, width, kind| Heading {
        title: title.into(),
        width,
        kind,
    };
    let mut head = vec![heading(NUMBER, 9.0, ColumnKind::Whole)];
    for facet in facets {
        let taken = COLUMNS.iter().any(|ours| same(ours, facet)) || facet.starts_with(FACET);
        let prefix = if taken { FACET } else { "" };
        head.push(heading(&format!("{prefix}{facet}"), 18.0, ColumnKind::Text));
    }
    head.extend([
        heading(SIDE, 9.0, ColumnKind::Text),
        heading(YEARS, 13.0, ColumnKind::Text),
        heading(KIND, 15.0, ColumnKind::Text),
        heading(FROM, 12.0, ColumnKind::Day),
        heading(TO, 12.0, ColumnKind::Day),
        heading(KONTO, 26.0, ColumnKind::Text),
        heading(SHARE, 9.0, ColumnKind::Hundredths),
        heading(PART, 6.0, ColumnKind::Whole),
        heading(COMMENT, 50.0, ColumnKind::Text),
    ]);
    head
}

fn text(text: impl Into<Box<str>>) -> Cell {
    Cell::Text(text.into())
}

fn rows<'r>(rule: &'r Rule, facets: &'r [&str]) -> impl Iterator<Item = Vec<Cell>> + 'r {
    let several = rule.targets.len() > 1;
    (1_u32..).zip(&rule.targets).map(move |(part, target)| {
        let mut row = vec![Cell::Number(f64::from(rule.number))];
        row.extend(facets.iter().map(|facet| {
            let condition = rule.condition(facet);
            condition.map_or(Cell::Empty, |c| text(condition::written(c)))
        }));
        row.push(rule.side.map_or(Cell::Empty, |side| text(side_word(side))));
        row.push(
            rule.regnskabsaar
                .map_or(Cell::Empty, |years| text(years_text(years))),
        );
        row.push(
            rule.posteringstype
                .map_or(Cell::Empty, |kind| text(kind.code())),
        );
        row.push(Cell::Date(rule.validity.from));
        row.push(rule.validity.to.map_or(Cell::Empty, Cell::Date));
        row.push(text(target.konto.to_string()));
        if several || target.share != Share::WHOLE {
            row.push(Cell::Number(f64::from(target.share.hundredths()) / 100.0));
        } else {
            row.push(Cell::Empty);
        }
        let part = several.then(|| Cell::Number(f64::from(part)));
        row.push(part.unwrap_or(Cell::Empty));
        row.push(comment(&rule.comment));
        row
    })
}

/// Comments without what no spreadsheet holds.
fn comment(comment: &str) -> Cell {
    let kept = comment.replace("\r\n", "\n");
    let kept: String = kept
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    match kept.trim() {
        "" => Cell::Empty,
        kept => text(kept),
    }
}

const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Debit => "debet",
        Side::Credit => "kredit",
    }
}

fn years_text((first, last): (Regnskabsaar, Regnskabsaar)) -> String {
    if first == last {
        first.0.to_string()
    } else {
        format!("{}-{}", first.0, last.0)
    }
}
