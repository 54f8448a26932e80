//! The other way: rows of typed cells as a workbook or as CSV, for the portal and the command
//! line alike. What it writes, [`super::read`] reads as it was.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::civil::Date;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use super::Cell;

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// Its name.
    pub title: Box<str>,
    /// Its width in a workbook, in characters.
    pub width: f64,
    /// What stands in it.
    pub kind: ColumnKind,
}

/// What stands in a column: how a workbook takes what a person types into its empty cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Texts, and figures with which nobody calculates: `007` stays `007`.
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers with two decimals.
    Hundredths,
    /// Days.
    Day,
}

/// The forms of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A workbook.
    Xlsx,
    /// CSV, as Danish spreadsheets take it.
    Csv,
}

/// A workbook that the format cannot hold.
#[derive(Debug, Error)]
#[error("the workbook cannot be written: {0}")]
pub struct Unwritable(#[from] XlsxError);

/// Writes a workbook of one sheet: headings that stay, filters, real days and numbers. A text is
/// a text whatever it begins with.
///
/// # Errors
/// [`Unwritable`], when there are more rows than the format has, or a text longer than its cells
/// (32,767 characters).
pub fn xlsx(
    name: &str,
    head: &[Heading],
    rows: impl IntoIterator<Item = Vec<Cell>>,
) -> Result<Vec<u8>, Unwritable> {
    let mut book = Workbook::new();
    let page = book.add_worksheet().set_name(name)?;
    let bold = Format::new().set_bold();
    let formats: Vec<Format> = head.iter().map(|column| format_of(column.kind)).collect();
    for ((column, place), format) in head.iter().zip(0..).zip(&formats) {
        page.set_column_width(place, column.width)?;
        page.set_column_format(place, format)?;
        page.write_string_with_format(0, place, &*column.title, &bold)?;
    }
    page.set_freeze_panes(1, 0)?;
    let mut last = 0;
    for (row, number) in rows.into_iter().zip(1..) {
        for ((cell, place), format) in row.iter().zip(0..).zip(&formats) {
            put(page, (number, place), cell, format)?;
        }
        last = number;
    }
    let right = u16::try_from(head.len().saturating_sub(1)).unwrap_or(0);
    page.autofilter(0, 0, last, right)?;
    Ok(book.save_to_buffer()?)
}

fn format_of(kind: ColumnKind) -> Format {
    let code = match kind {
        ColumnKind::Text => "@",
        ColumnKind::Whole => "0",
        ColumnKind::Hundredths => "0.00",
        ColumnKind::Day => "dd-mm-yyyy",
    };
    Format::new().set_num_format(code)
}

fn put(
    page: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    format: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        Cell::Text(text) => {
            page.write_string_with_format(row, column, &**text, format)?;
        }
        Cell::Number(number) => {
            page.write_number_with_format(row, column, *number, format)?;
        }
        Cell::Bool(yes) => {
            page.write_boolean(row, column, *yes)?;
        }
        // The calendar of workbooks begins in 1900, and its first two months are wrong.
        Cell::Date(day) if *day < Date::constant(1900, 3, 1) => {
            page.write_string(row, column, day.to_string())?;
        }
        Cell::Date(day) => {
            let part = |part: i8| u8::try_from(part).unwrap_or(0);
            let year = u16::try_from(day.year()).unwrap_or(0);
            let day = ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))?;
            page.write_datetime_with_format(row, column, &day, format)?;
        }
    }
    Ok(())
}

/// Writes CSV as Danish spreadsheets take it: UTF-8 with its mark, semicolons, decimal commas,
/// days as `31-12-2026`. A text that a spreadsheet would take for a formula is [`guarded`].
#[must_use]
pub fn csv(head: &[Heading], rows: impl IntoIterator<Item = Vec<Cell>>) -> Vec<u8> {
    let mut text = String::from("\u{FEFF}");
    let titles = head.iter().map(|column| quoted(&guarded(&column.title)));
    line(&mut text, titles);
    for row in rows {
        line(&mut text, row.iter().map(field));
    }
    text.into_bytes()
}

fn line(text: &mut String, fields: impl Iterator<Item = String>) {
    for (place, field) in fields.enumerate() {
        if place > 0 {
            text.push(';');
        }
        text.push_str(&field);
    }
    text.push_str("\r\n");
}

fn field(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(&guarded(text)),
        Cell::Number(number) => number.to_string().replace('.', ","),
        Cell::Date(day) => {
            let mut text = String::new();
            let (day, month, year) = (day.day(), day.month(), day.year());
            // Writing to a string cannot fail.
            let _ = write!(text, "{day:02}-{month:02}-{year:04}");
            text
        }
        Cell::Empty | Cell::Bool(_) => cell.text().unwrap_or_default().into_owned(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([';', '"', '\n', '\r', '\t', ',']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// What a spreadsheet takes for the beginning of a formula (their wide forms, too), and the
/// apostrophe itself.
const GUARDED: [char; 9] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\''];

/// A text of a CSV file with an apostrophe in front, when a spreadsheet would else take it for a
/// formula. [`super::read`] takes it away.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if text.trim_start().starts_with(GUARDED) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A text without the apostrophe that [`guarded`] has put in front.
pub(super) fn unguarded(text: &str) -> &str {
    let rest = text.strip_prefix('\'');
    rest.filter(|rest| rest.trim_start().starts_with(GUARDED))
        .unwrap_or(text)
}
