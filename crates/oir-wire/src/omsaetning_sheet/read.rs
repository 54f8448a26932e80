//! From the rows of a spreadsheet to lines, and from lines to rules.

use std::borrow::Cow;

use jiff::civil::Date;
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::check::COMMENT_MAX;
use oir_domain::omsaetning::{Condition, Rule, Template};

use super::fault::{Kind, TableFault};
use super::groups::{Line, Said, rules_of};
use super::{COMMENT, FACET, FROM, KIND, KONTO, NUMBER, PART, SHARE, SIDE, TO, YEARS, condition};
use crate::sheet::{self, Cell, FAULTS_MAX, Row, SheetFault, SheetFaultKind, same};

/// What a file is read against.
#[derive(Debug, Clone, Copy)]
pub struct Facets<'f> {
    /// The facets that there are: those of the sortiment and those that the table knows.
    pub known: &'f [Box<str>],
    /// The first free number: rules without one get it and those after it, unless the file
    /// itself has higher ones. Numbers that a table once used are not given again.
    pub next: u32,
}

/// Reads a file, XLSX or CSV. Rules come in the order of their first rows.
///
/// # Errors
/// Every fault, as far as they are told ([`FAULTS_MAX`]); ties are looked for when each rule is
/// right by itself.
pub fn read(bytes: &[u8], facets: &Facets<'_>) -> Result<Vec<Rule>, Vec<TableFault>> {
    let sheet = sheet::read(bytes).map_err(|faults| told(faults.into_iter().map(Into::into)))?;
    let Some((head, rows)) = sheet.rows.split_first() else {
        let fault = SheetFault::of_file(SheetFaultKind::Empty, &[]);
        return Err(vec![fault.into()]);
    };
    let columns = Columns::of(head, facets.known).map_err(told)?;
    let mut reader = Reader {
        columns: &columns,
        known: facets.known,
        faults: Vec::new(),
    };
    let lines: Vec<Line> = rows.iter().map(|row| reader.line(row)).collect();
    let mut faults = reader.faults;
    let rules = rules_of(lines, &columns, facets.next, &mut faults);
    if faults.is_empty() {
        Ok(rules)
    } else {
        Err(told(faults))
    }
}

fn told(faults: impl IntoIterator<Item = TableFault>) -> Vec<TableFault> {
    let mut faults: Vec<TableFault> = faults.into_iter().collect();
    faults.sort_by_key(|fault| (fault.row, fault.column));
    faults.truncate(FAULTS_MAX);
    faults
}

/// Where each column is, from 0.
#[derive(Debug, Default)]
pub(super) struct Columns {
    own: Vec<(&'static str, u32)>,
    facets: Vec<(Box<str>, u32)>,
}

impl Columns {
    fn of(head: &Row, known: &[Box<str>]) -> Result<Self, Vec<TableFault>> {
        let (mut columns, mut faults) = (Self::default(), Vec::new());
        for (place, cell) in (0_u32..).zip(&head.cells) {
            let Some(title) = cell.text() else { continue };
            let title = &*title;
            let at = (head.number, place.saturating_add(1));
            let own = super::COLUMNS.into_iter().find(|own| same(own, title));
            let twice = if let Some(own) = own {
                let twice = columns.own.iter().any(|(name, _)| *name == own);
                columns.own.push((own, place));
                twice
            } else if let Some(facet) = facet(title, known) {
                let twice = columns.facets.iter().any(|(name, _)| **name == *facet);
                columns.facets.push((facet.into(), place));
                twice
            } else {
                let known = known.join(", ");
                faults.push(TableFault::at(at, Kind::UnknownColumn, &[title, &known]));
                false
            };
            if twice {
                let kind = SheetFaultKind::ColumnTwice;
                faults.push(TableFault::of_sheet(at, kind, &[title]));
            }
        }
        for needed in [FROM, KONTO] {
            if !columns.own.iter().any(|(name, _)| *name == needed) {
                let kind = SheetFaultKind::ColumnMissing;
                faults.push(SheetFault::in_row(head.number, kind, &[needed]).into());
            }
        }
        columns.facets.sort();
        if faults.is_empty() {
            Ok(columns)
        } else {
            Err(faults)
        }
    }

    fn place(&self, column: &str) -> Option<u32> {
        let found = self.own.iter().find(|(name, _)| *name == column);
        found.map(|(_, place)| *place)
    }

    /// One of our columns, from 1; 0 when the file has none.
    pub(super) fn number(&self, column: &str) -> u32 {
        self.place(column)
            .map_or(0, |place| place.saturating_add(1))
    }

    /// The column of a facet, from 1.
    pub(super) fn facet(&self, facet: &str) -> u32 {
        let found = self.facets.iter().find(|(name, _)| **name == *facet);
        found.map_or(0, |(_, place)| place.saturating_add(1))
    }
}

/// The facet that a column is about: the very name before one in other letters.
fn facet<'k>(title: &str, known: &'k [Box<str>]) -> Option<&'k str> {
    let named = |title: &str| {
        let exact = known.iter().find(|facet| facet.trim() == title);
        let other = || known.iter().find(|facet| same(facet, title));
        exact.or_else(other).map(|facet| &**facet)
    };
    named(title).or_else(|| named(title.strip_prefix(FACET)?.trim()))
}

struct Reader<'a> {
    columns: &'a Columns,
    known: &'a [Box<str>],
    faults: Vec<TableFault>,
}

/// A cell and its column, from 1.
type Placed<'c> = (&'c Cell, u32);

impl Reader<'_> {
    fn line(&mut self, row: &Row) -> Line {
        let before = self.faults.len();
        let said = Said {
            conditions: self.conditions(row),
            side: self.side(row),
            regnskabsaar: self.years(row),
            posteringstype: self.kind(row),
            validity: self.days(row),
            comment: self.comment(row),
        };
        let number = self.whole(row, NUMBER, Kind::Number);
        let part = self.whole(row, PART, Kind::Part);
        let share = self.share(row);
        let konto = self.konto(row);
        Line {
            row: row.number,
            number,
            part,
            said,
            share,
            konto,
            sound: self.faults.len() == before,
        }
    }

    fn fault(&mut self, row: &Row, column: u32, kind: Kind, values: &[&str]) {
        let fault = TableFault::at((row.number, column), kind, values);
        self.faults.push(fault);
    }

    fn placed<'c>(&self, row: &'c Row, column: &str) -> Placed<'c> {
        match self.columns.place(column) {
            Some(place) => (row.cell(place), place.saturating_add(1)),
            None => (&Cell::Empty, 0),
        }
    }

    /// A cell as the text that was meant; a day is a fault, because a spreadsheet has made it of
    /// something else.
    fn text<'c>(&mut self, row: &Row, (cell, column): Placed<'c>) -> Option<Cow<'c, str>> {
        if matches!(cell, Cell::Date(_)) {
            self.fault(row, column, Kind::MadeADay, &[]);
            return None;
        }
        cell.text()
    }

    fn conditions(&mut self, row: &Row) -> Vec<(Box<str>, Condition)> {
        let columns = self.columns;
        let mut conditions = Vec::new();
        for (facet, place) in &columns.facets {
            let column = place.saturating_add(1);
            let Some(text) = self.text(row, (row.cell(*place), column)) else {
                continue;
            };
            match condition::parse(&text) {
                Ok(condition) => conditions.push((facet.clone(), condition)),
                Err(why) => self.fault(row, column, Kind::Condition, &[&text, why.text()]),
            }
        }
        conditions
    }

    fn side(&mut self, row: &Row) -> Option<Side> {
        let placed = self.placed(row, SIDE);
        let text = self.text(row, placed)?;
        let side = match &*text.to_lowercase() {
            "d" | "debet" | "debit" => Some(Side::Debit),
            "k" | "kredit" => Some(Side::Credit),
            _ => None,
        };
        if side.is_none() {
            self.fault(row, placed.1, Kind::Side, &[&text]);
        }
        side
    }

    fn years(&mut self, row: &Row) -> Option<(Regnskabsaar, Regnskabsaar)> {
        let placed = self.placed(row, YEARS);
        let text = self.text(row, placed)?;
        let year = |text: &str| {
            let text = text.trim();
            let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().ok().map(Regnskabsaar))?
        };
        let years = match text.split_once(['-', '–']) {
            None => year(&text).map(|year| (year, year)),
            Some((first, last)) => year(first).zip(year(last)),
        };
        let years = years.filter(|(first, last)| first <= last);
        if years.is_none() {
            self.fault(row, placed.1, Kind::Regnskabsaar, &[&text]);
        }
        years
    }

    fn kind(&mut self, row: &Row) -> Option<Posteringstype> {
        let placed = self.placed(row, KIND);
        let text = self.text(row, placed)?;
        let kind = match &*text.to_lowercase() {
            "normal" => Some(Posteringstype::Normal),
            "supplement" => Some(Posteringstype::Supplement),
            "primo" => Some(Posteringstype::Primo),
            _ => Posteringstype::from_code(&text.to_uppercase()),
        };
        if kind.is_none() {
            self.fault(row, placed.1, Kind::Posteringstype, &[&text]);
        }
        kind
    }

    fn days(&mut self, row: &Row) -> Validity {
        let (from, to) = (self.day(row, FROM), self.day(row, TO));
        if from.is_none() && *self.placed(row, FROM).0 == Cell::Empty {
            let at = (row.number, self.columns.number(FROM));
            let fault = TableFault::of_sheet(at, SheetFaultKind::CellMissing, &[]);
            self.faults.push(fault);
        }
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.fault(row, self.columns.number(TO), Kind::DaysBackwards, &[]);
        }
        let from = from.unwrap_or(Date::MIN);
        Validity { from, to }
    }

    fn day(&mut self, row: &Row, column: &str) -> Option<Date> {
        let day = row.date(self.columns.place(column)?);
        day.unwrap_or_else(|fault| {
            self.faults.push(fault.into());
            None
        })
    }

    fn comment(&mut self, row: &Row) -> Box<str> {
        let (cell, column) = self.placed(row, COMMENT);
        let text = cell.text().unwrap_or_default();
        if text.chars().count() > COMMENT_MAX {
            let (kind, most) = (SheetFaultKind::TextTooLong, COMMENT_MAX.to_string());
            let fault = TableFault::of_sheet((row.number, column), kind, &[&most]);
            self.faults.push(fault);
        }
        text.into()
    }

    /// A whole number from 1.
    fn whole(&mut self, row: &Row, column: &str, kind: Kind) -> Option<u32> {
        let placed = self.placed(row, column);
        let text = self.text(row, placed)?;
        let number = text.parse().ok().filter(|number| *number > 0);
        if number.is_none() {
            self.fault(row, placed.1, kind, &[&text]);
        }
        number
    }

    /// A share in ten thousandths of a percent, as it stands.
    fn share(&mut self, row: &Row) -> Option<u32> {
        let placed = self.placed(row, SHARE);
        let text = self.text(row, placed)?;
        let share = ten_thousandths(text.trim_end_matches('%').trim());
        if share.is_none() {
            self.fault(row, placed.1, Kind::Share, &[&text]);
        }
        share
    }

    fn konto(&mut self, row: &Row) -> Option<Template> {
        let placed = self.placed(row, KONTO);
        if *placed.0 == Cell::Empty {
            let at = (row.number, placed.1);
            let fault = TableFault::of_sheet(at, SheetFaultKind::CellMissing, &[]);
            self.faults.push(fault);
            return None;
        }
        let text = self.text(row, placed)?;
        match Template::parse(&text) {
            Ok(template) => {
                let unknown = |facet: &&str| !self.known.iter().any(|known| **known == **facet);
                let unknown: Option<Box<str>> = template.facets().find(unknown).map(Into::into);
                if let Some(facet) = unknown {
                    self.fault(row, placed.1, Kind::UnknownFacet, &[&facet]);
                }
                Some(template)
            }
            Err(why) => {
                self.fault(
                    row,
                    placed.1,
                    Kind::Konto,
                    &[&text, crate::danish::omsaetning::template(why).0],
                );
                None
            }
        }
    }
}

/// `33,33` or `33.33`, with at most four decimals.
fn ten_thousandths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once([',', '.']).unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 4 {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let decimals: u32 = format!("{decimals:0<4}").parse().ok()?;
    let sum = whole.checked_mul(10_000)?.checked_add(decimals)?;
    (1..=1_000_000).contains(&sum).then_some(sum)
}
