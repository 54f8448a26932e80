//! The guides that there are and those that are missing, as a workbook.

use axum::extract::State;
use axum::response::Response;
use oir_domain::access::Action;

use super::PortalState;
use super::shelf::{GuideLine, MissingLine, Shelf, read};
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;
use crate::portal::workbook::{Cell, Column, Kind, Sheet, answer};

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
    state.exported(&viewer, &object).await?;
    let name = format!("vejledninger-{}.xlsx", state.today());
    answer(&name, vec![missing(&shelf), written(&shelf)]).await
}

fn missing(shelf: &Shelf) -> Sheet {
    let column = |title, kind| Column::new(title, 26.0, kind);
    let row = |line: &MissingLine| {
        vec![
            line.fagsystem.clone().into(),
            Cell::Whole(line.kommuner),
            Cell::Whole(line.stopped),
        ]
    };
    Sheet {
        name: "Mangler",
        columns: vec![
            column("Fagsystem", Kind::Text),
            column("Kommuner uden vejledning", Kind::Figure),
            column("Stoppede bilag, 7 dage", Kind::Figure),
        ],
        rows: shelf.missing.iter().map(row).collect(),
    }
}

fn written(shelf: &Shelf) -> Sheet {
    let column = |title| Column::new(title, 30.0, Kind::Text);
    let row = |line: &GuideLine| {
        let texts = [
            &line.fagsystem,
            &line.place,
            &line.ways,
            &line.at,
            &line.navn,
        ];
        texts.map(|text| Cell::Text(text.to_string())).into()
    };
    Sheet {
        name: "Vejledninger",
        columns: [
            "Fagsystem",
            "Vejledning",
            "Måder at rette på",
            "Ændret",
            "Af",
        ]
        .map(column)
        .into(),
        rows: shelf.lines.iter().map(row).collect(),
    }
}
