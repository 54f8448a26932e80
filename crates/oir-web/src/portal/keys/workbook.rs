//! The list of keys as a workbook: what an auditor asks for. Never a secret or its digest.

use axum::extract::State;
use axum::response::Response;

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::PageError;
use super::super::workbook::{Cell, Column, Kind, Sheet, answer};
use super::{badge, day, holder, kommuner, last_used, rights, seen, stands};

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
        .map(Cell::Text)
        .into()
    };
    let rows: Vec<Vec<Cell>> = keys.iter().map(row).collect();
    // What leaves the house is written down before it leaves.
    let object = format!("noegler.xlsx, {} linjer", rows.len());
    state.exported(&viewer, &object).await?;
    let sheet = Sheet {
        name: "Nøgler",
        columns: COLUMNS
            .map(|(title, width)| Column::new(title, width, Kind::Text))
            .into(),
        rows,
    };
    answer("noegler.xlsx", vec![sheet]).await
}
