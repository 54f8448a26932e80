//! The rules of a version as a file that a person works in and sends back.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use oir_wire::omsaetning_sheet::{Form, write};
use serde::Deserialize;

use super::{Address, Table, aside, known_facets};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::PageError;
use crate::portal::workbook::{XLSX, attached};

/// What `Content-Type` calls text in columns.
const CSV: &str = "text/csv; charset=utf-8";

/// Which version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Wanted {
    udgave: String,
}

/// `GET …/regler.xlsx`
pub(in crate::portal) async fn xlsx(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    send(&state, &viewer, (&address, query), Form::Xlsx).await
}

/// `GET …/regler.csv`
pub(in crate::portal) async fn csv(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    send(&state, &viewer, (&address, query), Form::Csv).await
}

async fn send(
    state: &PortalState,
    viewer: &Viewer,
    (address, query): (&Address, Result<Query<Wanted>, QueryRejection>),
    form: Form,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let table = Table::find(state, &viewer.scope, address).await?;
    let version = table.asked(&wanted.udgave, state.today())?;
    let number = version.map_or(0, |version| version.number);
    let rules = match version {
        Some(_) => table.rules(state, &viewer.scope, number).await?,
        None => Vec::new(),
    };
    let (ending, kind) = match form {
        Form::Xlsx => ("xlsx", XLSX),
        Form::Csv => ("csv", CSV),
    };
    let object = format!("regler.{ending}, {}, udgave {number}", table.fagsystem);
    state.exported(viewer, &object).await?;
    let facets = known_facets(state, &table, &rules);
    let written = aside(move || write(&rules, &facets, form)).await?;
    let bytes = written.map_err(|error| PageError::Broken(error.to_string()))?;
    let name: String = table
        .fagsystem
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let file = format!("omsaetning-{}-{name}-{number}.{ending}", table.id.kommune);
    Ok((attached(kind, &file), bytes).into_response())
}
