//! A kontoplan as a spreadsheet: seven columns, of which two must be there, or master data
//! in their own columns instead of the derived string. Read whole: every fault at once, with
//! row and column.

mod read;
mod write;

#[cfg(test)]
mod tests;

use oir_domain::kontoplan::Konto;
use oir_domain::kontoplan::draft::Field;

pub use read::read;
pub use write::{csv, xlsx};

/// Columns from which the derived string is made when the file does not have it whole.
pub const MASTER_DATA: [&str; 5] = ["Funktion", "Dranst", "Ejerforhold", "Gruppering", "Art"];

/// Most problems of a kind that are told; the rest would be the same ones.
pub const PROBLEMS_MAX: usize = 1_000;

/// Something wrong with a file, or to look at, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row, from 1; 0 = the file as a whole.
    pub row: u32,
    /// The cell as a spreadsheet names it, e.g. `C14`; empty = the file as a whole.
    pub place: String,
    /// A stable code.
    pub code: Box<str>,
    /// What is wrong.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
    /// How we know, when the authorised kontoplan says it.
    pub provenance: Option<String>,
}

/// A file, read and judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The accounts; not all of them when there are faults.
    pub konti: Vec<Konto>,
    /// What must be put right before anything is written.
    pub faults: Vec<Problem>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// The columns of a file in their order.
#[must_use]
pub fn headings() -> [&'static str; 7] {
    Field::ALL.map(crate::danish::kontoplan::heading)
}
