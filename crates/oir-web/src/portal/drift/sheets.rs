//! The tables as a workbook, a sheet for each, with real numbers and instants.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::DateTime;
use oir_flow::ports::sessions::deeds;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::table::{Cell, Kept, Table};
use super::{look, tables};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Width of a column, characters.
const WIDTH: f64 = 24.0;

/// `GET /drift.xlsx`
pub(in crate::portal) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let look = look(&state, &viewer).await?;
    let zone = &state.zone;
    let mut all = vec![
        tables::alarms(&look, zone),
        tables::receivers(&look, zone),
        tables::queue(&look, zone),
        tables::leases(&look, zone),
        tables::senders(&look, zone),
        tables::stops(&look, zone),
        tables::expiries(&look, zone),
    ];
    all.extend(tables::house(&look, zone));
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, "drift.xlsx")
        .await?;
    let local = zone.to_datetime(look.now);
    let name = format!(
        "attachment; filename=\"drift-{}-{:02}{:02}.xlsx\"",
        local.date(),
        local.hour(),
        local.minute()
    );
    let bytes = tokio::task::spawn_blocking(move || write(&all))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let headers = [(CONTENT_TYPE, XLSX.to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

fn write(all: &[Table]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let instant = Format::new().set_num_format("dd.mm.yyyy hh:mm");
    for table in all {
        let sheet = workbook.add_worksheet().set_name(table.id)?;
        for (column, number) in table.columns.iter().zip(0..) {
            sheet.set_column_width(number, WIDTH)?;
            sheet.write_string_with_format(0, number, column.heading, &heading)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        for (row, number) in table.rows.iter().zip(1..) {
            for (cell, column) in row.iter().zip(0..) {
                write_cell(sheet, (number, column), cell, &instant)?;
            }
        }
    }
    workbook.save_to_buffer()
}

/// Words are written as words: nothing of theirs becomes a formula.
fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    instant: &Format,
) -> Result<(), XlsxError> {
    match cell.kept {
        Kept::Text => sheet.write_string(row, column, &cell.shown)?,
        Kept::Number(number) => match u32::try_from(number) {
            Ok(number) => sheet.write_number(row, column, number)?,
            Err(_) => sheet.write_string(row, column, &cell.shown)?,
        },
        Kept::Instant(at) => sheet.write_datetime_with_format(row, column, &excel(at)?, instant)?,
    };
    Ok(())
}

fn excel(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    let day = ExcelDateTime::from_ymd(year, part(at.month()), part(at.day()))?;
    let hour = u16::try_from(at.hour()).unwrap_or(0);
    day.and_hms(hour, part(at.minute()), at.second())
}
