//! A kontoplan as rows.

use jiff::civil::Date;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::draft::Field;
use oir_domain::kontoplan::{BEGINNING, Konto};

use crate::danish::kontoplan::heading;
use crate::sheet::Cell;
use crate::sheet::write::{self, ColumnKind, Heading, Unwritable};

/// Name of the sheet in a workbook.
const SHEET: &str = "Kontoplan";

/// The accounts as CSV that [`read`](super::read) reads as they were.
#[must_use]
pub fn csv(konti: &[Konto]) -> Vec<u8> {
    write::csv(&head(), konti.iter().map(cells))
}

/// The accounts as a workbook that [`read`](super::read) reads as they were.
///
/// # Errors
/// [`Unwritable`], when there are more accounts than a sheet has rows.
pub fn xlsx(konti: &[Konto]) -> Result<Vec<u8>, Unwritable> {
    write::xlsx(SHEET, &head(), konti.iter().map(cells))
}

fn head() -> [Heading; 7] {
    Field::ALL.map(|field| {
        let (width, kind) = match field {
            Field::Konto => (36.0, ColumnKind::Text),
            Field::Navn => (48.0, ColumnKind::Text),
            Field::From | Field::To => (14.0, ColumnKind::Day),
            Field::AarFrom | Field::AarTo => (16.0, ColumnKind::Text),
            Field::Autoriseret => (26.0, ColumnKind::Text),
        };
        Heading {
            title: heading(field).into(),
            width,
            kind,
        }
    })
}

/// An account's cells, in the order of [`headings`](super::headings).
fn cells(konto: &Konto) -> Vec<Cell> {
    let day = |day: Option<Date>| day.map_or(Cell::Empty, Cell::Date);
    let aar = |aar: Option<Regnskabsaar>| aar.map_or(Cell::Empty, |aar| text(&aar.0.to_string()));
    let from = konto.validity.from;
    let own = konto.autoriseret;
    vec![
        text(&konto.konto),
        text(&konto.navn),
        day((from != BEGINNING).then_some(from)),
        day(konto.validity.to),
        aar(konto.aar.from),
        aar(konto.aar.to),
        own.map_or(Cell::Empty, |own| text(&own.to_string())),
    ]
}

fn text(text: &str) -> Cell {
    Cell::Text(text.into())
}
