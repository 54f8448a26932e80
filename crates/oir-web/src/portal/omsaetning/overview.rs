//! All tables that a reader sees: where each stands, and what is to be done next.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::{Action, Scope};
use oir_domain::klassifikation::sortiment::FIRST_DAY;
use oir_domain::omsaetning::Version;
use oir_domain::party::Kommunekode;
use oir_flow::ports::omsaetning::TableLine;
use serde::Deserialize;

use super::{address, words};
use crate::danish_format::{day_short, sort_key, whole};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::view::{Badge, Choice, Page, Section};
use crate::portal::workbook::{Cell, Column, Kind, Sheet, download as send};

/// The form above the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Wanted {
    kommune: String,
}

impl Wanted {
    fn kommune(&self) -> Result<Option<Kommunekode>, PageError> {
        match self.kommune.trim() {
            "" => Ok(None),
            text => text
                .parse()
                .map(|kode| Some(Kommunekode(kode)))
                .map_err(|_| PageError::BadAddress),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/overview.html")]
struct OverviewPage {
    page: Page,
    kommuner: Vec<Choice>,
    lines: Vec<Line>,
    export: Option<String>,
}

/// One table as the list shows it.
#[derive(Debug)]
struct Line {
    href: String,
    kommune: String,
    fagsystem: String,
    version: String,
    from: String,
    rules: u64,
    held: u64,
    /// Where the bilag that wait are, for those who see bilag.
    held_href: Option<String>,
    draft: Option<Badge>,
    /// What to do, and where.
    next: Option<(String, &'static str)>,
}

impl Line {
    fn rules(&self) -> String {
        whole(self.rules)
    }

    fn held(&self) -> String {
        whole(self.held)
    }
}

/// `GET /omsaetning`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let kommune = wanted.kommune()?;
    let lines = lines(&state, &viewer, &viewer.scope, kommune).await?;
    let chosen = kommune.map_or_else(String::new, |kommune| kommune.0.to_string());
    let filter = kommune.map_or_else(String::new, |kommune| format!("?kommune={}", kommune.0));
    let export = viewer.may(Action::Export);
    let template = OverviewPage {
        page: Page::inside("Kontering", Section::Kontering, &viewer),
        kommuner: state.names().kommune_choices(&viewer.scope, &chosen),
        lines,
        export: export.then(|| format!("/omsaetning.xlsx{filter}")),
    };
    Ok(page(&template)?.into_response())
}

async fn lines(
    state: &PortalState,
    viewer: &Viewer,
    scope: &Scope,
    kommune: Option<Kommunekode>,
) -> Result<Vec<Line>, PageError> {
    let mut found = state.tables.tables(scope).await?;
    found.retain(|line| kommune.is_none_or(|kommune| kommune == line.table.kommune));
    let names = state.names();
    found.sort_by_cached_key(|line| {
        let kommune = sort_key(&names.kommune(line.table.kommune));
        (
            kommune,
            sort_key(&names.fagsystem(Some(line.table.fagsystem))),
        )
    });
    let mut lines = Vec::with_capacity(found.len());
    for table in found {
        let versions = state.tables.versions(scope, table.table).await?;
        lines.push(line(state, viewer, &table, &versions));
    }
    Ok(lines)
}

fn line(state: &PortalState, viewer: &Viewer, table: &TableLine, versions: &[Version]) -> Line {
    let (names, today) = (state.names(), state.today());
    let of = |number| versions.iter().find(|version| version.number == number);
    let approved = of(table.approved);
    let draft = table.draft.and_then(of);
    let (kommune, fagsystem) = (table.table.kommune, table.table.fagsystem);
    let from = approved.and_then(|version| version.in_force_from);
    let bilag = viewer.person.scope(Action::SeeBilag);
    let edit = viewer.person.scope(Action::EditOmsaetning);
    let edit = edit.covers(kommune, Some(fagsystem));
    let next = next(viewer, table, draft, edit);
    Line {
        href: address(table.table, ""),
        kommune: names.kommune(kommune),
        fagsystem: names.fagsystem(Some(fagsystem)),
        version: table.approved.to_string(),
        from: match from {
            Some(from) if from > FIRST_DAY => day_short(from),
            _ => "Altid".to_owned(),
        },
        rules: table.rules.into(),
        held: table.held,
        held_href: (table.held > 0 && bilag.covers(kommune, Some(fagsystem))).then(|| {
            let kommune = kommune.0;
            format!("/bilag?kommune={kommune}&fagsystem={fagsystem}&tilstand=tilbageholdt")
        }),
        draft: draft.map(|draft| words::stage(draft, None, today)),
        next: next.map(|(more, words)| (address(table.table, more), words)),
    }
}

/// What is to be done with a table, by somebody who may.
fn next(
    viewer: &Viewer,
    table: &TableLine,
    draft: Option<&Version>,
    edit: bool,
) -> Option<(&'static str, &'static str)> {
    if let Some(draft) = draft {
        let own = draft.writers.contains(&viewer.person.subject);
        let approve = viewer.person.scope(Action::ApproveOmsaetning);
        let approve = approve.covers(table.table.kommune, Some(table.table.fagsystem));
        return match (words::is_ready(draft), words::is_simulated(draft)) {
            (true, _) if approve && !own => Some(("/godkend", "Se på den, og godkend")),
            (true, _) => Some(("/kladde", "Bed en anden om at godkende")),
            (false, true) if edit => Some(("/kladde", "Sig, fra hvilken dag den gælder")),
            (false, false) if edit => Some(("/simulering", "Simulér kladden")),
            _ => None,
        };
    }
    match (table.held > 0, table.rules == 0, edit) {
        (true, _, true) => Some(("/daekning", "Giv det, der venter, en konto")),
        (true, _, false) => Some(("/daekning", "Se, hvad der mangler en konto")),
        (false, true, true) => Some(("/kladde/ny", "Skriv de første regler")),
        _ => None,
    }
}

/// `GET /omsaetning.xlsx`
pub(in crate::portal) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    // The same as on the page: the right to take lists out widens nothing.
    let scope = viewer.person.scope(Action::SeeSortiment);
    let lines = lines(&state, &viewer, &scope, wanted.kommune()?).await?;
    let object = format!("omsaetning.xlsx, {} linjer", lines.len());
    state.exported(&viewer, &object).await?;
    let row = |line: &Line| {
        vec![
            line.kommune.clone().into(),
            line.fagsystem.clone().into(),
            line.version.clone().into(),
            line.from.clone().into(),
            Cell::Whole(line.rules),
            Cell::Whole(line.held),
            line.draft.map(|badge| badge.text).into(),
            line.next.as_ref().map(|(_, words)| *words).into(),
        ]
    };
    let sheet = Sheet {
        name: "Omsætningstabeller",
        columns: vec![
            Column::new("Kommune", 20.0, Kind::Text),
            Column::new("Fagsystem", 14.0, Kind::Text),
            Column::new("Udgave", 10.0, Kind::Text),
            Column::new("Gælder fra", 14.0, Kind::Text),
            Column::new("Regler", 10.0, Kind::Figure),
            Column::new("Bilag, der venter", 18.0, Kind::Figure),
            Column::new("Kladde", 24.0, Kind::Text),
            Column::new("Næste skridt", 36.0, Kind::Text),
        ],
        rows: lines.iter().map(row).collect(),
    };
    let now = state.clock.now();
    send("omsaetning", (now, &state.zone), vec![sheet]).await
}
