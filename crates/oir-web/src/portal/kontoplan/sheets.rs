//! Kontoplaner as files: the list of them, one's accounts as they are imported again, and
//! what a file would change.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Person;
use oir_domain::kontoplan::Kontoplan;
use oir_flow::ports::sessions::deeds;
use oir_wire::danish::kontoplan::form;
use oir_wire::kontoplan::{self, Problem};

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::PageError;
use super::super::workbook::{
    Cell, Column, Kind, Sheet, XLSX, answer, attached, download, file_name,
};
use super::preview::{change_lines, prepared};
use super::{ListQuery, all, kommune};

/// What leaves the house is written down before it leaves.
async fn noted(
    state: &PortalState,
    by: &Person,
    plan: &Kontoplan,
    ending: &str,
) -> Result<String, PageError> {
    let name = format!("kontoplan-{}-udgave-{}", plan.kommune().0, plan.version());
    let object = format!("{name}.{ending}, {} linjer", plan.konti().len());
    let sign_in = &state.entrance.sign_in;
    sign_in.log(by, deeds::EXPORTED, &object).await?;
    Ok(name)
}

async fn asked_for(
    state: &PortalState,
    viewer: &Viewer,
    code: &str,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Kontoplan, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let kommune = kommune(code, viewer, state)?;
    let version = query.version()?;
    let plan = state.kontoplaner.kontoplan(&viewer.scope, kommune, version);
    plan.await?.ok_or(PageError::NotFound)
}

/// `GET /kontoplan/{kommune}/konti.xlsx`
pub(in crate::portal) async fn xlsx(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let plan = asked_for(&state, &viewer, &code, query).await?;
    let name = noted(&state, &viewer.person, &plan, "xlsx").await?;
    let written = tokio::task::spawn_blocking(move || kontoplan::xlsx(plan.konti()));
    let written = written.await.map_err(|error| broken(&error))?;
    let bytes = written.map_err(|error| broken(&error))?;
    Ok((attached(XLSX, &format!("{name}.xlsx")), bytes).into_response())
}

fn broken(error: &dyn std::error::Error) -> PageError {
    PageError::Broken(format!("the accounts were not written: {error}"))
}

/// `GET /kontoplan/{kommune}/konti.csv`
pub(in crate::portal) async fn csv(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let plan = asked_for(&state, &viewer, &code, query).await?;
    let name = noted(&state, &viewer.person, &plan, "csv").await?;
    let headers = attached("text/csv; charset=utf-8", &format!("{name}.csv"));
    Ok((headers, kontoplan::csv(plan.konti())).into_response())
}

/// `GET /kontoplan.xlsx`
pub(in crate::portal) async fn shelf(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let found = all(&state, &viewer).await?;
    let rows: Vec<Vec<Cell>> = found
        .into_iter()
        .map(|(kommune, navn, head)| {
            let mut row = vec![Cell::Text(kommune.to_string()), Cell::Text(navn)];
            match head {
                Some(head) => row.extend([
                    Cell::Text(form(&head.form)),
                    Cell::Whole(head.accounts.into()),
                    Cell::Whole(head.version.into()),
                    Cell::Instant(state.zone.to_datetime(head.at)),
                    Cell::Text(head.navn.to_string()),
                ]),
                None => row.extend(std::iter::repeat_n(Cell::Empty, 5)),
            }
            row
        })
        .collect();
    let object = format!("kontoplan.xlsx, {} linjer", rows.len());
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    let sheet = Sheet {
        name: "Kontoplaner",
        columns: vec![
            Column::new("Kommunekode", 14.0, Kind::Text),
            Column::new("Kommune", 28.0, Kind::Text),
            Column::new("Form", 40.0, Kind::Text),
            Column::new("Konti", 10.0, Kind::Figure),
            Column::new("Udgave", 10.0, Kind::Figure),
            Column::new("Importeret", 20.0, Kind::Time),
            Column::new("Importeret af", 28.0, Kind::Text),
        ],
        rows,
    };
    let now = (state.clock.now(), &state.zone);
    download("kontoplaner", now, vec![sheet]).await
}

/// `GET …/import/{fil}/rapport.xlsx`: everything that the file would change, and everything
/// that is said of it.
pub(in crate::portal) async fn report(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path((code, file)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (kommune, _, read) = prepared(&state, &viewer, (&code, &file)).await?;
    let changes = match read.faults() {
        [] => change_lines(&read.changes(), &read),
        _ => Vec::new(),
    };
    let changed = changes.into_iter().map(|line| {
        let cells = [line.konto, line.kinds, line.navn, line.before, line.after];
        cells.map(Cell::Text).into()
    });
    let text = |title, width| Column::new(title, width, Kind::Text);
    let changes = Sheet {
        name: "Ændringer",
        columns: vec![
            text("Konto", 36.0),
            text("Hvad", 16.0),
            text("Navn", 48.0),
            text("Før", 60.0),
            text("Efter", 60.0),
        ],
        rows: changed.collect(),
    };
    let said = |kind: &'static str, problem: &Problem| {
        let known = problem.provenance.clone().unwrap_or_default();
        vec![
            Cell::Text(problem.place.clone()),
            Cell::from(kind),
            Cell::from(&*problem.code),
            Cell::Text(problem.text.clone()),
            Cell::Text(problem.remedy.clone()),
            Cell::Text(known),
        ]
    };
    let faults = read.faults().iter().map(|problem| said("Fejl", problem));
    let warnings = read
        .warnings()
        .iter()
        .map(|problem| said("Bemærkning", problem));
    let problems = Sheet {
        name: "Fejl og bemærkninger",
        columns: vec![
            text("Sted", 12.0),
            text("Vægt", 14.0),
            text("Kode", 26.0),
            text("Hvad er galt", 60.0),
            text("Sådan rettes det", 60.0),
            text("Hvor det vides fra", 60.0),
        ],
        rows: faults.chain(warnings).collect(),
    };
    let name = format!("kontoplan-{}-rapport", kommune.0);
    let name = file_name(&name, "xlsx", state.clock.now(), &state.zone);
    answer(&name, vec![changes, problems]).await
}
