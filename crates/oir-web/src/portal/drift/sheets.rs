//! The tables as a workbook, a sheet for each, with real numbers and instants.

use axum::extract::State;
use axum::response::Response;

use super::table::{Cell, Kept, Table};
use super::{look, tables};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;
use crate::portal::workbook::{self, Column, Kind, Sheet};

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
    state.exported(&viewer, "drift.xlsx").await?;
    let sheets = all.iter().map(sheet).collect();
    workbook::download("drift", (look.now, zone), sheets).await
}

fn sheet(table: &Table) -> Sheet {
    let column = |column: &super::table::Column| {
        let kind = if column.figure {
            Kind::Figure
        } else {
            Kind::Text
        };
        Column::new(column.heading, WIDTH, kind)
    };
    let cell = |cell: &Cell| match cell.kept {
        Kept::Text => workbook::Cell::Text(cell.shown.clone()),
        Kept::Number(number) => workbook::Cell::Whole(number),
        Kept::Instant(at) => workbook::Cell::Instant(at),
    };
    Sheet {
        name: table.id,
        columns: table.columns.iter().map(column).collect(),
        rows: table
            .rows
            .iter()
            .map(|row| row.iter().map(cell).collect())
            .collect(),
    }
}
