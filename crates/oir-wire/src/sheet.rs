//! A spreadsheet that a person kept (XLSX or CSV) as rows of typed cells, each with its row
//! and column. What a computer would have to guess is refused with its place: merged cells,
//! formulas without a value, letters in another encoding, numbers that were rounded.
//!
//! ```
//! use oir_wire::sheet;
//! let sheet = sheet::read("Nøgle;Gyldig fra\n5571;31-12-2026\n".as_bytes()).unwrap();
//! let table = sheet.table(&["Nøgle", "Gyldig fra"], &["Gyldig til"]).unwrap();
//! let row = table.rows().next().unwrap();
//! assert_eq!(row.text("Nøgle").as_deref(), Some("5571"));
//! assert_eq!(row.date("Gyldig fra").unwrap().unwrap().to_string(), "2026-12-31");
//! assert_eq!(row.date("Gyldig til").unwrap(), None);
//! ```

mod csv_file;
mod fault;
pub mod write;
mod xlsx;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::civil::Date;

pub use fault::{SheetFault, SheetFaultKind};
pub(crate) use fault::{filled, place};

/// Largest file, in bytes: a table of 200,000 rows is some 12 MB as Excel packs it, and some 40
/// as CSV.
pub const BYTES_MAX: usize = 100 * 1024 * 1024;
/// Most that a file may unpack to, in bytes: some ten times what 200,000 rows do.
pub const UNPACKED_MAX: u64 = 400 * 1024 * 1024;
/// Most rows, the head among them.
pub const ROWS_MAX: u32 = 250_000;
/// Most columns.
pub const COLUMNS_MAX: u32 = 200;
/// Longest text of a cell, in characters: the longest that a workbook holds.
pub const TEXT_MAX: usize = 32_767;
/// Most faults told at once; the rest would be the same ones.
pub const FAULTS_MAX: usize = 1_000;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing, or only white space.
    Empty,
    /// A text without white space around it.
    Text(Box<str>),
    /// A number, at most 15 digits: what a spreadsheet keeps exactly.
    Number(f64),
    /// A day; a time of day is cut off.
    Date(Date),
    /// Yes or no.
    Bool(bool),
}

impl Cell {
    /// The cell as text: a number in its shortest form, a day as ISO. None = empty.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Date(day) => Some(Cow::Owned(day.to_string())),
            Self::Bool(true) => Some(Cow::Borrowed("ja")),
            Self::Bool(false) => Some(Cow::Borrowed("nej")),
        }
    }
}

/// A row that holds something.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number as the person sees it, from 1. In a CSV file the line.
    pub number: u32,
    /// Its cells, column A first.
    pub cells: Vec<Cell>,
}

impl Row {
    /// The cell at a place, from 0; empty when the row ends before it.
    #[must_use]
    pub fn cell(&self, place: u32) -> &Cell {
        let place = usize::try_from(place).ok();
        let cell = place.and_then(|place| self.cells.get(place));
        cell.unwrap_or(&Cell::Empty)
    }

    /// The cell at a place, from 0, as a day; none when it is empty.
    ///
    /// # Errors
    /// When it holds something else, or a day that no calendar has.
    pub fn date(&self, place: u32) -> Result<Option<Date>, SheetFault> {
        let text = match self.cell(place) {
            Cell::Date(day) => return Ok(Some(*day)),
            other => match other.text() {
                None => return Ok(None),
                Some(text) => text,
            },
        };
        let day = danish_or_iso_date(&text).map(Some);
        day.ok_or_else(|| SheetFault::at(self.number, place, SheetFaultKind::NotADate, &[&text]))
    }
}

/// The first sheet of a file; rows without content are left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// In their order.
    pub rows: Vec<Row>,
}

/// Reads a file: XLSX when it is packed as such, else CSV in UTF-8 with semicolons, tabs or
/// commas.
///
/// # Errors
/// Every fault of the file with its row and column.
pub fn read(bytes: &[u8]) -> Result<Sheet, Vec<SheetFault>> {
    if bytes.len() > BYTES_MAX {
        let size = bytes.len().div_ceil(1024 * 1024).to_string();
        let most = (BYTES_MAX / 1024 / 1024).to_string();
        return Err(vec![SheetFault::of_file(
            SheetFaultKind::TooLarge,
            &[&size, &most],
        )]);
    }
    let mut faults = Vec::new();
    let sheet = if bytes.starts_with(b"PK\x03\x04") {
        xlsx::read(bytes, &mut faults)
    } else if bytes.starts_with(b"\xD0\xCF\x11\xE0") {
        faults.push(SheetFault::of_file(SheetFaultKind::OldExcel, &[]));
        Sheet::default()
    } else {
        csv_file::read(bytes, &mut faults)
    };
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() {
        Ok(sheet)
    } else {
        Err(faults)
    }
}

/// A day as people write it: `31-12-2026`, `31.12.2026`, `31/12/2026` or `2026-12-31`.
#[must_use]
pub fn danish_or_iso_date(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let [one, two, three] = *parts else {
        return None;
    };
    let digits = |part: &str, long: &[usize]| {
        let fits = long.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<i16>().ok())?
    };
    let (year, month, day) = if one.len() == 4 {
        if !text.contains('-') {
            return None;
        }
        (digits(one, &[4])?, digits(two, &[2])?, digits(three, &[2])?)
    } else {
        (
            digits(three, &[4])?,
            digits(two, &[1, 2])?,
            digits(one, &[1, 2])?,
        )
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Sheet {
    /// The sheet as a table: its first row names the columns, in any order and in large or
    /// small letters. Columns nobody asked for are passed over.
    ///
    /// # Errors
    /// Columns of `needed` that are missing, a column that stands there twice, or no row.
    pub fn table(
        &self,
        needed: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Table<'_>, Vec<SheetFault>> {
        let Some((head, rows)) = self.rows.split_first() else {
            return Err(vec![SheetFault::of_file(SheetFaultKind::Empty, &[])]);
        };
        let mut faults = Vec::new();
        let mut columns = HashMap::new();
        for (index, cell) in (0_u32..).zip(&head.cells) {
            let Some(text) = cell.text() else { continue };
            let name = needed.iter().chain(optional).find(|n| same(n, &text));
            if let Some(name) = name
                && columns.insert(*name, index).is_some()
            {
                faults.push(SheetFault::at(
                    head.number,
                    index,
                    SheetFaultKind::ColumnTwice,
                    &[name],
                ));
            }
        }
        for name in needed.iter().filter(|name| !columns.contains_key(*name)) {
            let kind = SheetFaultKind::ColumnMissing;
            faults.push(SheetFault::in_row(head.number, kind, &[name]));
        }
        if faults.is_empty() {
            Ok(Table { columns, rows })
        } else {
            Err(faults)
        }
    }
}

/// Whether two names of columns are one.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.trim().to_lowercase()
}

/// A sheet whose first row names its columns.
#[derive(Debug)]
pub struct Table<'a> {
    columns: HashMap<&'static str, u32>,
    rows: &'a [Row],
}

impl Table<'_> {
    /// The rows after the head.
    pub fn rows(&self) -> impl Iterator<Item = Record<'_>> {
        self.rows.iter().map(|row| Record {
            columns: &self.columns,
            row,
        })
    }
}

/// A row of a table.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    columns: &'a HashMap<&'static str, u32>,
    row: &'a Row,
}

impl<'a> Record<'a> {
    /// Its number as the person sees it, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.row.number
    }

    /// The cell of a column; empty when the file has no such column.
    #[must_use]
    pub fn cell(&self, column: &str) -> &'a Cell {
        let place = self.columns.get(column);
        place.map_or(&Cell::Empty, |place| self.row.cell(*place))
    }

    /// The cell as text.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<Cow<'a, str>> {
        self.cell(column).text()
    }

    /// The cell as text that must be there, of at most so many characters.
    ///
    /// # Errors
    /// When it is empty or longer.
    pub fn needed(&self, column: &str, longest: usize) -> Result<Cow<'a, str>, SheetFault> {
        let Some(text) = self.text(column) else {
            return Err(self.fault(column, SheetFaultKind::CellMissing, &[]));
        };
        if text.chars().count() > longest {
            let most = longest.to_string();
            return Err(self.fault(column, SheetFaultKind::TextTooLong, &[&most]));
        }
        Ok(text)
    }

    /// The cell as a day; none when it is empty.
    ///
    /// # Errors
    /// When it holds something else, or a day that no calendar has.
    pub fn date(&self, column: &str) -> Result<Option<Date>, SheetFault> {
        let place = self.columns.get(column);
        place.map_or(Ok(None), |place| self.row.date(*place))
    }

    /// The place of a cell as a spreadsheet names it: `C14`, or `række 14` when the file has no
    /// such column.
    #[must_use]
    pub fn place(&self, column: &str) -> String {
        let place = self.columns.get(column);
        fault::place(
            self.row.number,
            place.map_or(0, |place| place.saturating_add(1)),
        )
    }

    /// A fault of a cell of this row.
    #[must_use]
    pub fn fault(&self, column: &str, kind: SheetFaultKind, values: &[&str]) -> SheetFault {
        match self.columns.get(column) {
            Some(index) => SheetFault::at(self.row.number, *index, kind, values),
            None => SheetFault::in_row(self.row.number, kind, values),
        }
    }
}
