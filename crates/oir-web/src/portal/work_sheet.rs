//! The worklist as a workbook: every open item of a desk with its cause, deadline and holder.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use oir_domain::access::Action;
use oir_domain::calendar::day_of;
use oir_domain::work::{Area, deadline};
use oir_flow::ports::work::WorkLine;

use super::door::Viewer;
use super::failure::PageError;
use super::names::Names;
use super::work::WorkQuery;
use super::workbook::{self, Cell, Column, Kind, Sheet};
use super::{PortalState, work_words};
use crate::danish_format::whole;
use crate::masking::mask_text;

/// Lines read at a time.
const BATCH_LINES: u32 = 1_000;
/// Most lines: a worklist longer than this is not worked through in a workbook.
const LINES_MAX: usize = 50_000;

const COLUMNS: [Column; 12] = [
    Column::new("Årsag", 40.0, Kind::Text),
    Column::new("Tilstand", 22.0, Kind::Text),
    Column::new("Ligger hos", 12.0, Kind::Text),
    Column::new("Kommune", 18.0, Kind::Text),
    Column::new("Fagsystem", 12.0, Kind::Text),
    Column::new("Afsenders bilagsnummer", 22.0, Kind::Text),
    Column::new("Tekst", 40.0, Kind::Text),
    Column::new("Beløb (kr.)", 16.0, Kind::Figure),
    Column::new("Gik i stå", 14.0, Kind::Time),
    Column::new("Frist", 14.0, Kind::Time),
    Column::new("Taget af", 24.0, Kind::Text),
    Column::new("Id i ØiR", 38.0, Kind::Text),
];

/// `GET /fejl.xlsx`
pub(super) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<WorkQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let today = state.today();
    let mut filter = query.filter(&viewer, today)?;
    filter.area = match query.omraade.trim() {
        "" => None,
        word => Some(Area::from_word(word).ok_or(PageError::BadAddress)?),
    };
    let names = state.names();
    let mut rows = Vec::new();
    // What is kept, and then what goes on by itself, which is read by group.
    let groups = state.work.causes(&viewer.scope, &filter).await?;
    let passing = groups.iter().map(|group| &group.key);
    let passing = passing.filter(|key| key.cause.stop.passes_by_itself());
    for key in std::iter::once(None).chain(passing.map(Some)) {
        let mut after = None;
        while rows.len() < LINES_MAX {
            let page = state
                .work
                .items(&viewer.scope, &filter, key, after, BATCH_LINES)
                .await?;
            after = page.last().map(|line| line.item.subject);
            let full = u32::try_from(page.len()).is_ok_and(|n| n >= BATCH_LINES);
            rows.extend(page.iter().map(|line| row(line, &names, &state)));
            if !full {
                break;
            }
        }
    }
    let count = whole(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    let object = format!("fejl.xlsx, {count} linjer");
    debug_assert!(viewer.may(Action::Export), "the door asked for it");
    // What leaves the house is written down before it leaves.
    state.exported(&viewer, &object).await?;
    let sheet = Sheet {
        name: "Fejl",
        columns: COLUMNS.into(),
        rows,
    };
    workbook::answer(&format!("fejl-{today}.xlsx"), vec![sheet]).await
}

fn row(line: &WorkLine, names: &Names, state: &PortalState) -> Vec<Cell> {
    let item = &line.item;
    let opened = day_of(item.opened, &state.zone);
    vec![
        work_words::cause(&item.cause, state.words).into(),
        work_words::stop(item.cause.stop).text.into(),
        work_words::area(item.area).into(),
        names.kommune(item.kommune).into(),
        names.fagsystem(item.fagsystem).into(),
        mask_text(&line.nummer).into(),
        mask_text(&line.tekst).into(),
        Cell::Amount(item.debet),
        Cell::Day(opened),
        Cell::Day(deadline(item.area, opened)),
        item.holder
            .as_ref()
            .map(|holder| holder.navn.to_string())
            .into(),
        item.subject.to_string().into(),
    ]
}
