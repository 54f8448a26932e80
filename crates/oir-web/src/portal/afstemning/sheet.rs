//! Workbooks of this room: real numbers and dates, texts that are never formulas.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::money::Oere;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::portal::failure::PageError;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A cell.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    Nothing,
    Text(String),
    Number(u64),
    Amount(Oere),
    Day(Date),
}

/// A sheet: its name, its columns with their widths, its rows.
#[derive(Debug)]
pub(super) struct Sheet {
    name: &'static str,
    columns: &'static [(&'static str, f64)],
    rows: Vec<Vec<Cell>>,
}

impl Sheet {
    pub(super) fn new(
        name: &'static str,
        columns: &'static [(&'static str, f64)],
        rows: Vec<Vec<Cell>>,
    ) -> Self {
        Self {
            name,
            columns,
            rows,
        }
    }
}

/// The workbook as a download, written away from the async threads.
pub(super) async fn answer(name: &str, sheets: Vec<Sheet>) -> Result<Response, PageError> {
    let bytes = tokio::task::spawn_blocking(move || write(&sheets))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let headers = [
        (CONTENT_TYPE, XLSX.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn write(sheets: &[Sheet]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let day = Format::new().set_num_format("dd.mm.yyyy");
    let amount = Format::new().set_num_format("#,##0.00");
    for made in sheets {
        let sheet = workbook.add_worksheet().set_name(made.name)?;
        for ((title, width), column) in made.columns.iter().zip(0..) {
            sheet.set_column_width(column, *width)?;
            sheet.write_string_with_format(0, column, *title, &heading)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        for (cells, row) in made.rows.iter().zip(1..) {
            for (cell, column) in cells.iter().zip(0..) {
                put(sheet, (row, column), cell, (&day, &amount))?;
            }
        }
    }
    workbook.save_to_buffer()
}

fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (day, amount): (&Format, &Format),
) -> Result<(), XlsxError> {
    match cell {
        Cell::Nothing => {}
        Cell::Text(text) => drop(sheet.write_string(row, column, text)?),
        Cell::Number(number) => drop(sheet.write_number(row, column, number_of(*number))?),
        Cell::Amount(oere) => {
            sheet.write_number_with_format(row, column, kroner(*oere), amount)?;
        }
        Cell::Day(date) => {
            let part = |part: i8| u8::try_from(part).unwrap_or(0);
            let year = u16::try_from(date.year()).unwrap_or(0);
            let date = ExcelDateTime::from_ymd(year, part(date.month()), part(date.day()))?;
            sheet.write_datetime_with_format(row, column, &date, day)?;
        }
    }
    Ok(())
}

fn number_of(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::NAN, f64::from)
}

/// The nearest floating point number; nothing is calculated with it here.
fn kroner(amount: Oere) -> f64 {
    let sign = if amount.get() < 0 { "-" } else { "" };
    let oere = amount.get().unsigned_abs();
    let text = format!("{sign}{}.{:02}", oere / 100, oere % 100);
    text.parse().unwrap_or(f64::NAN)
}
