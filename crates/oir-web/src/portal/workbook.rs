//! Tables as workbooks: real dates and real numbers, headings that stay, and nothing from
//! outside that a reader's program would take for a formula.
//!
//! A page's table is a [`Sheet`], made whole by [`download`]. What may be of any length goes
//! through a [`Growing`] workbook, which keeps one row in memory and the rest in a file.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use oir_domain::money::Oere;
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::failure::PageError;

/// What `Content-Type` calls a workbook.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Most lines of one sheet: the format ends at 1,048,576 rows, headings included. What is
/// longer goes on in a sheet more.
const SHEET_LINES: u32 = 1_000_000;

/// A column: heading, width in characters, and what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: f64,
    pub(super) kind: Kind,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words and ids; also figures with which nobody calculates, such as account numbers.
    Text,
    /// Whole numbers and amounts.
    Figure,
    /// Days and instants.
    Time,
}

impl Column {
    pub(super) const fn new(title: &'static str, width: f64, kind: Kind) -> Self {
        Self { title, width, kind }
    }
}

/// A value of a table. Text is written as text whatever it begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Whole(u64),
    /// Shown in kroner.
    Amount(Oere),
    Day(Date),
    /// Local time, shown to the minute.
    Instant(DateTime),
    /// Local time, shown to the second.
    Second(DateTime),
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A table as a sheet of a workbook.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A sheet that says what was asked for: a label and a value on each line.
    pub(super) fn about(lines: Vec<(&'static str, String)>) -> Self {
        let row = |(label, value): (&'static str, String)| vec![label.into(), value.into()];
        Self {
            name: "Udtræk",
            columns: vec![
                Column::new("Udtræk", 24.0, Kind::Text),
                Column::new("Værdi", 60.0, Kind::Text),
            ],
            rows: lines.into_iter().map(row).collect(),
        }
    }
}

/// A page's table as a download, e.g. `bilag-2026-11-23-1505.xlsx`. For tables of a page's
/// length; what may be long goes through [`Growing`].
pub(super) async fn download(
    name: &str,
    (now, zone): (Timestamp, &TimeZone),
    sheets: Vec<Sheet>,
) -> Result<Response, PageError> {
    answer(&file_name(name, "xlsx", now, zone), sheets).await
}

/// The same under a name of its own.
pub(super) async fn answer(file: &str, sheets: Vec<Sheet>) -> Result<Response, PageError> {
    let bytes = tokio::task::spawn_blocking(move || whole_book(&sheets))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| broken(&error))?;
    Ok((attached(XLSX, file), bytes).into_response())
}

/// The headers of a file that is kept and not shown.
pub(super) fn attached(kind: &'static str, file: &str) -> [(axum::http::HeaderName, String); 2] {
    [
        (CONTENT_TYPE, kind.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ),
    ]
}

/// `bilag-2026-11-23-1505.xlsx`: what, and when it was taken out.
pub(super) fn file_name(name: &str, ending: &str, now: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(now);
    format!(
        "{name}-{}-{:02}{:02}.{ending}",
        local.date(),
        local.hour(),
        local.minute()
    )
}

fn broken(error: &XlsxError) -> PageError {
    PageError::Broken(format!("the workbook was not written: {error}"))
}

/// A workbook of these sheets. Takes its time: call it where blocking is allowed.
fn whole_book(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let (mut workbook, formats) = (Workbook::new(), Formats::new());
    for sheet in sheets {
        let page = workbook.add_worksheet().set_name(sheet.name)?;
        begin(page, &sheet.columns, &formats)?;
        for (row, number) in sheet.rows.iter().zip(1..) {
            write_row(page, number, row, &formats)?;
        }
        let rows = u32::try_from(sheet.rows.len()).unwrap_or(SHEET_LINES);
        end(page, &sheet.columns, rows)?;
    }
    workbook.save_to_buffer()
}

/// A workbook of one table of any length.
pub(super) struct Growing {
    workbook: Workbook,
    formats: Formats,
    name: &'static str,
    columns: Vec<Column>,
    /// Sheets begun.
    sheets: usize,
    /// Lines of the last sheet.
    lines: u32,
}

impl std::fmt::Debug for Growing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Growing")
            .field("name", &self.name)
            .field("sheets", &self.sheets)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl Growing {
    pub(super) fn new(name: &'static str, columns: Vec<Column>) -> Result<Self, XlsxError> {
        let mut growing = Self {
            workbook: Workbook::new(),
            formats: Formats::new(),
            name,
            columns,
            sheets: 0,
            lines: 0,
        };
        growing.next_sheet()?;
        Ok(growing)
    }

    fn next_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        self.lines = 0;
        let name = match self.sheets {
            1 => self.name.to_owned(),
            more => format!("{} ({more})", self.name),
        };
        let page = self.workbook.add_worksheet_with_constant_memory()?;
        page.set_name(name)?;
        begin(page, &self.columns, &self.formats)
    }

    /// Adds a line.
    pub(super) fn add(&mut self, row: &[Cell]) -> Result<(), XlsxError> {
        if self.lines >= SHEET_LINES {
            self.end_sheet()?;
            self.next_sheet()?;
        }
        self.lines += 1;
        let page = self.workbook.worksheet_from_index(self.sheets - 1)?;
        write_row(page, self.lines, row, &self.formats)
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let page = self.workbook.worksheet_from_index(self.sheets - 1)?;
        end(page, &self.columns, self.lines)
    }

    /// Ends it with a sheet that says what was asked for, and writes it to a file.
    pub(super) fn save(mut self, about: &Sheet, file: std::fs::File) -> Result<(), XlsxError> {
        self.end_sheet()?;
        let page = self.workbook.add_worksheet().set_name(about.name)?;
        begin(page, &about.columns, &self.formats)?;
        for (row, number) in about.rows.iter().zip(1..) {
            write_row(page, number, row, &self.formats)?;
        }
        self.workbook.save_to_writer(file)
    }
}

/// Headings that stay when one scrolls.
fn begin(page: &mut Worksheet, columns: &[Column], formats: &Formats) -> Result<(), XlsxError> {
    for (column, place) in columns.iter().zip(0..) {
        page.set_column_width(place, column.width)?;
        let heading = if column.kind == Kind::Figure {
            &formats.heading_right
        } else {
            &formats.heading
        };
        page.write_string_with_format(0, place, column.title, heading)?;
    }
    page.set_freeze_panes(1, 0)?;
    Ok(())
}

fn end(page: &mut Worksheet, columns: &[Column], lines: u32) -> Result<(), XlsxError> {
    let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(0);
    page.autofilter(0, 0, lines, last)?;
    Ok(())
}

/// Excel shows these with the reader's own marks: full stop and comma in Danish.
struct Formats {
    heading: Format,
    heading_right: Format,
    instant: Format,
    second: Format,
    day: Format,
    amount: Format,
}

impl Formats {
    fn new() -> Self {
        let heading = Format::new().set_bold();
        Self {
            heading_right: heading.clone().set_align(FormatAlign::Right),
            heading,
            instant: Format::new().set_num_format("dd.mm.yyyy hh:mm"),
            second: Format::new().set_num_format("dd.mm.yyyy hh:mm:ss"),
            day: Format::new().set_num_format("dd.mm.yyyy"),
            amount: Format::new().set_num_format("#,##0.00"),
        }
    }
}

fn write_row(
    page: &mut Worksheet,
    number: u32,
    row: &[Cell],
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (cell, place) in row.iter().zip(0..) {
        match cell {
            Cell::Empty => {}
            // A string cell: what begins with `=` or `+` stays a text.
            Cell::Text(text) => {
                page.write_string(number, place, clean(text))?;
            }
            Cell::Whole(value) => {
                #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
                page.write_number(number, place, *value as f64)?;
            }
            Cell::Amount(amount) => {
                let value = excel_kroner(*amount);
                page.write_number_with_format(number, place, value, &formats.amount)?;
            }
            Cell::Day(day) => {
                let day = excel_day(*day)?;
                page.write_datetime_with_format(number, place, &day, &formats.day)?;
            }
            Cell::Instant(at) => {
                let at = excel_instant(*at)?;
                page.write_datetime_with_format(number, place, &at, &formats.instant)?;
            }
            Cell::Second(at) => {
                let at = excel_instant(*at)?;
                page.write_datetime_with_format(number, place, &at, &formats.second)?;
            }
        }
    }
    Ok(())
}

/// Text without the control characters that make a workbook unreadable, and no longer than
/// a cell holds (32,767 characters).
fn clean(text: &str) -> String {
    let shown = |c: &char| !c.is_control();
    text.chars().filter(shown).take(32_767).collect()
}

fn excel_instant(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let time = at.time();
    excel_day(at.date())?.and_hms(
        u16::try_from(time.hour()).unwrap_or(0),
        u8::try_from(time.minute()).unwrap_or(0),
        time.second(),
    )
}

fn excel_day(day: Date) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    let year = u16::try_from(day.year()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
}

/// Workbooks know floating point only. The nearest one to an amount up to 90 billion
/// kroner shows the same øre; nothing is calculated with it here.
pub(super) fn excel_kroner(amount: Oere) -> f64 {
    let sign = if amount.get() < 0 { "-" } else { "" };
    let oere = amount.get().unsigned_abs();
    format!("{sign}{}.{:02}", oere / 100, oere % 100)
        .parse()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::{clean, excel_kroner};
    use oir_domain::money::Oere;

    #[test]
    fn amounts_in_a_workbook_are_the_nearest_number() {
        let check = |oere, text: &str| {
            assert_eq!(format!("{:.2}", excel_kroner(Oere::new(oere))), text);
        };
        check(0, "0.00");
        check(-5, "-0.05");
        check(12_345_678_901, "123456789.01");
        check(900_000_000_000_001, "9000000000000.01");
    }

    #[test]
    fn text_loses_what_a_workbook_cannot_hold_and_nothing_else() {
        assert_eq!(clean("=1+1\t\r\0 æ"), "=1+1 æ");
        assert_eq!(clean(&"ø".repeat(40_000)).chars().count(), 32_767);
    }
}
