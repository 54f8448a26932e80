//! The guides that there are and those that are missing, as a workbook.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Action;
use oir_flow::ports::sessions::deeds;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::PortalState;
use super::shelf::{Shelf, read};
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;
use crate::portal::workbook::XLSX;

/// `GET /vejledninger.xlsx`
pub(in crate::portal) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    // The same as on the page: the right to take lists out widens nothing.
    let scope = viewer.person.scope(Action::SeeFigures);
    let shelf = read(&state, &scope).await?;
    let lines = shelf.lines.len().saturating_add(shelf.missing.len());
    let object = format!("vejledninger.xlsx, {lines} linjer");
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    let bytes = workbook(&shelf)
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let name = format!(
        "attachment; filename=\"vejledninger-{}.xlsx\"",
        state.today()
    );
    let headers = [(CONTENT_TYPE, XLSX.to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

fn workbook(shelf: &Shelf) -> Result<Vec<u8>, XlsxError> {
    let (mut workbook, heading) = (Workbook::new(), Format::new().set_bold());
    let sheet = workbook.add_worksheet().set_name("Mangler")?;
    let columns = [
        "Fagsystem",
        "Kommuner uden vejledning",
        "Stoppede bilag, 7 dage",
    ];
    for (title, column) in columns.iter().zip(0..) {
        sheet.set_column_width(column, 26)?;
        sheet.write_string_with_format(0, column, *title, &heading)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (line, row) in shelf.missing.iter().zip(1..) {
        let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        sheet.write_string(row, 0, &line.fagsystem)?;
        sheet.write_number(row, 1, number(line.kommuner))?;
        sheet.write_number(row, 2, number(line.stopped))?;
    }
    let sheet = workbook.add_worksheet().set_name("Vejledninger")?;
    let columns = [
        "Fagsystem",
        "Vejledning",
        "Måder at rette på",
        "Ændret",
        "Af",
    ];
    for (title, column) in columns.iter().zip(0..) {
        sheet.set_column_width(column, 30)?;
        sheet.write_string_with_format(0, column, *title, &heading)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (line, row) in shelf.lines.iter().zip(1..) {
        let cells = [
            &line.fagsystem,
            &line.place,
            &line.ways,
            &line.at,
            &line.navn,
        ];
        for (cell, column) in cells.into_iter().zip(0..) {
            sheet.write_string(row, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}
