//! A table as a file: a workbook, or text that a Danish spreadsheet opens. Nothing from
//! outside becomes a formula.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::failure::PageError;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv; charset=utf-8";

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Text(String),
    Whole(u64),
    /// Local time.
    Instant(DateTime),
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

/// A table: its name, its headings with their widths in characters, and its rows.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) columns: Vec<(&'static str, f64)>,
    pub(super) rows: Vec<Vec<Cell>>,
}

impl Sheet {
    /// A sheet that says what was asked for.
    pub(super) fn about(lines: Vec<(&'static str, String)>) -> Self {
        let row = |(label, value): (&'static str, String)| vec![label.into(), value.into()];
        Self {
            name: "Udtræk",
            columns: vec![("Udtræk", 24.0), ("Værdi", 60.0)],
            rows: lines.into_iter().map(row).collect(),
        }
    }
}

/// The sheets as a workbook.
pub(super) async fn workbook(
    name: &str,
    (now, zone): (Timestamp, &TimeZone),
    sheets: Vec<Sheet>,
) -> Result<Response, PageError> {
    let bytes = tokio::task::spawn_blocking(move || written(&sheets))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    Ok((attached(XLSX, (name, "xlsx"), now, zone), bytes).into_response())
}

/// One sheet as text: semicolons, a mark of the encoding, lines that end as Windows' do.
pub(super) fn csv(name: &str, (now, zone): (Timestamp, &TimeZone), sheet: &Sheet) -> Response {
    (attached(CSV, (name, "csv"), now, zone), as_csv(sheet)).into_response()
}

fn attached(
    kind: &'static str,
    (name, ending): (&str, &str),
    now: Timestamp,
    zone: &TimeZone,
) -> [(axum::http::HeaderName, String); 2] {
    let local = zone.to_datetime(now);
    let (day, hour, minute) = (local.date(), local.hour(), local.minute());
    let file = format!("{name}-{day}-{hour:02}{minute:02}.{ending}");
    let shown = format!("attachment; filename=\"{file}\"");
    [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, shown),
    ]
}

fn written(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let instant = Format::new().set_num_format("dd.mm.yyyy hh:mm:ss");
    for sheet in sheets {
        let page = workbook.add_worksheet().set_name(sheet.name)?;
        for ((title, width), place) in sheet.columns.iter().zip(0..) {
            page.set_column_width(place, *width)?;
            page.write_string_with_format(0, place, *title, &heading)?;
        }
        page.set_freeze_panes(1, 0)?;
        for (row, number) in sheet.rows.iter().zip(1..) {
            for (cell, place) in row.iter().zip(0..) {
                match cell {
                    Cell::Empty => {}
                    // A string cell: what begins with `=` stays a text.
                    Cell::Text(text) => {
                        page.write_string(number, place, clean(text))?;
                    }
                    Cell::Whole(value) => {
                        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
                        page.write_number(number, place, *value as f64)?;
                    }
                    Cell::Instant(at) => {
                        let at = excel_time(*at)?;
                        page.write_datetime_with_format(number, place, &at, &instant)?;
                    }
                }
            }
        }
        let last = u32::try_from(sheet.rows.len()).unwrap_or(u32::MAX);
        let columns = u16::try_from(sheet.columns.len().saturating_sub(1)).unwrap_or(0);
        page.autofilter(0, 0, last, columns)?;
    }
    workbook.save_to_buffer()
}

/// Text without what makes a workbook unreadable, and no longer than a cell holds.
fn clean(text: &str) -> String {
    let shown = |c: &char| !c.is_control();
    text.chars().filter(shown).take(32_767).collect()
}

fn excel_time(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, part(at.month()), part(at.day()))?.and_hms(
        u16::try_from(at.hour()).unwrap_or(0),
        part(at.minute()),
        part(at.second()),
    )
}

fn as_csv(sheet: &Sheet) -> String {
    let mut text = "\u{feff}".to_owned();
    let titles = sheet.columns.iter().map(|(title, _)| (*title).to_owned());
    push_line(&mut text, titles);
    for row in &sheet.rows {
        push_line(&mut text, row.iter().map(in_words));
    }
    text
}

fn in_words(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Whole(value) => value.to_string(),
        Cell::Instant(at) => at.strftime("%d.%m.%Y %H:%M:%S").to_string(),
    }
}

/// A text that no spreadsheet calculates: what begins like a formula gets an apostrophe.
fn harmless(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let begins = text.trim_start().chars().next();
    if matches!(
        begins,
        Some('=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}')
    ) {
        format!("'{text}")
    } else {
        text
    }
}

fn push_line(text: &mut String, values: impl Iterator<Item = String>) {
    for (value, place) in values.zip(0_u32..) {
        if place > 0 {
            text.push(';');
        }
        if value.contains([';', '"']) {
            text.push('"');
            text.push_str(&value.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&value);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Cell, Sheet, as_csv};
    use jiff::civil::date;

    #[test]
    fn a_formula_is_a_text_and_a_line_is_a_line() {
        let sheet = Sheet {
            name: "x",
            columns: vec![("Hvad", 1.0), ("Nr.", 1.0), ("Tid", 1.0), ("Tom", 1.0)],
            rows: [
                "=1+1",
                "\t=cmd()",
                "@a",
                "-2",
                "+3",
                "a;\"b\"\r\nc",
                "\u{ff1d}1",
            ]
            .map(|text| {
                let at = date(2026, 11, 3).at(7, 8, 9, 0);
                vec![
                    text.into(),
                    Cell::Whole(1_234),
                    Cell::Instant(at),
                    Cell::Empty,
                ]
            })
            .to_vec(),
        };
        let rest = ";1234;03.11.2026 07:08:09;\r\n";
        let wanted: String = [
            "'=1+1",
            "' =cmd()",
            "'@a",
            "'-2",
            "'+3",
            "\"a;\"\"b\"\"  c\"",
            "'\u{ff1d}1",
        ]
        .map(|first| format!("{first}{rest}"))
        .concat();
        assert_eq!(
            as_csv(&sheet),
            format!("\u{feff}Hvad;Nr.;Tid;Tom\r\n{wanted}")
        );
    }
}
