//! The list of keys as a workbook: what an auditor asks for. Never a secret or its digest.

use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use oir_flow::ports::sessions::deeds;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::PageError;
use super::{badge, day, holder, kommuner, last_used, rights, seen, stands};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Headings and widths in characters.
const COLUMNS: [(&str, f64); 11] = [
    ("Navn", 32.0),
    ("Klient-id", 38.0),
    ("System", 16.0),
    ("Myndighed", 32.0),
    ("Må", 40.0),
    ("Gælder fra", 14.0),
    ("Gælder til", 14.0),
    ("Tilstand", 16.0),
    ("Sidst brugt", 20.0),
    ("Lavet af", 24.0),
    ("Afsluttet fordi", 32.0),
];

/// `GET /noegler.xlsx`
pub(crate) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let (names, now) = (state.names(), state.clock.now());
    let keys = seen(&state, &viewer.scope).await?;
    let row = |key: &oir_flow::ports::machine_keys::KeyRecord| {
        let reason = key.ended.as_ref().map(|end| end.reason.to_string());
        [
            key.navn.to_string(),
            key.id.to_string(),
            holder(key.terms.holder(), &names),
            kommuner(key, &names, &viewer.scope),
            rights(key),
            day(key.terms.from(), &state),
            day(key.terms.until(), &state),
            badge(stands(key, now)).text.to_owned(),
            last_used(key, &state),
            key.made_by.to_string(),
            reason.unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    // What leaves the house is written down before it leaves.
    let object = format!("noegler.xlsx, {} linjer", rows.len());
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    let bytes = tokio::task::spawn_blocking(move || write(&rows))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let headers = [
        (CONTENT_TYPE, XLSX),
        (CONTENT_DISPOSITION, "attachment; filename=\"noegler.xlsx\""),
    ];
    Ok((headers, bytes).into_response())
}

fn write(rows: &[[String; 11]]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Nøgler")?;
    for ((title, width), column) in COLUMNS.iter().zip(0..) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(0, column, *title, &heading)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, number) in rows.iter().zip(1..) {
        for (text, column) in row.iter().zip(0..) {
            // As text, whatever it begins with: names are others' words.
            sheet.write_string(number, column, text)?;
        }
    }
    workbook.save_to_buffer()
}
