//! A kontoplan as rows.

use jiff::civil::Date;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::{BEGINNING, Konto};

use super::headings;

/// An account's cells, in the order of [`headings`]: what [`read`](super::read) reads back.
#[must_use]
pub fn cells(konto: &Konto) -> [String; 7] {
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let aar = |aar: Option<Regnskabsaar>| aar.map_or_else(String::new, |aar| aar.0.to_string());
    let from = konto.validity.from;
    [
        konto.konto.to_string(),
        konto.navn.to_string(),
        day((from != BEGINNING).then_some(from)),
        day(konto.validity.to),
        aar(konto.aar.from),
        aar(konto.aar.to),
        konto
            .autoriseret
            .map_or_else(String::new, |own| own.to_string()),
    ]
}

/// The accounts as CSV: UTF-8 with a byte order mark, so that Excel knows; semicolons.
#[must_use]
pub fn csv(konti: &[Konto]) -> Vec<u8> {
    let mut text = format!("\u{feff}{}\n", headings().join(";"));
    for konto in konti {
        let cells = cells(konto).map(|cell| quoted(&cell));
        text.push_str(&cells.join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

/// In quotes when it must be. What a spreadsheet would take for a formula is text when an
/// XLSX is written; in a CSV the reader decides, and an account must be read back as it is.
fn quoted(cell: &str) -> String {
    if cell.contains([';', '"', ',', '\t', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
