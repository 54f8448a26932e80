//! The worklist as a workbook: every open item of a desk with its cause, deadline and holder.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::calendar::day_of;
use oir_domain::work::{Area, deadline};
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::work::WorkLine;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};

use super::door::Viewer;
use super::failure::PageError;
use super::names::Names;
use super::work::WorkQuery;
use super::workbook::{XLSX, excel_kroner};
use super::{PortalState, work_words};
use crate::danish_format::whole;
use crate::masking::mask_text;

/// Lines read at a time.
const BATCH_LINES: u32 = 1_000;
/// Most lines: a worklist longer than this is not worked through in a workbook.
const LINES_MAX: usize = 50_000;

/// A column: heading and width in characters.
const COLUMNS: [(&str, f64); 12] = [
    ("Årsag", 40.0),
    ("Tilstand", 22.0),
    ("Ligger hos", 12.0),
    ("Kommune", 18.0),
    ("Fagsystem", 12.0),
    ("Afsenders bilagsnummer", 22.0),
    ("Tekst", 40.0),
    ("Beløb (kr.)", 16.0),
    ("Gik i stå", 14.0),
    ("Frist", 14.0),
    ("Taget af", 24.0),
    ("Id i ØiR", 38.0),
];

/// A line with its names, ready to be written away from the async threads.
struct Row {
    texts: [String; 7],
    kroner: f64,
    opened: Date,
    due: Date,
    holder: String,
    id: String,
}

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
    let sign_in = &state.entrance.sign_in;
    debug_assert!(viewer.may(Action::Export), "the door asked for it");
    // What leaves the house is written down before it leaves.
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    let bytes = tokio::task::spawn_blocking(move || write(&rows))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let headers = [
        (CONTENT_TYPE, XLSX.to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"fejl-{today}.xlsx\""),
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn row(line: &WorkLine, names: &Names, state: &PortalState) -> Row {
    let item = &line.item;
    let opened = day_of(item.opened, &state.zone);
    Row {
        texts: [
            work_words::cause(&item.cause, state.words),
            work_words::stop(item.cause.stop).text.to_owned(),
            work_words::area(item.area).to_owned(),
            names.kommune(item.kommune),
            names.fagsystem(item.fagsystem),
            mask_text(&line.nummer),
            mask_text(&line.tekst),
        ],
        kroner: excel_kroner(item.debet),
        opened,
        due: deadline(item.area, opened),
        holder: item
            .holder
            .as_ref()
            .map_or_else(String::new, |h| h.navn.to_string()),
        id: item.subject.to_string(),
    }
}

fn write(rows: &[Row]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let (day, amount) = (
        Format::new().set_num_format("dd.mm.yyyy"),
        Format::new().set_num_format("#,##0.00"),
    );
    let sheet = workbook.add_worksheet().set_name("Fejl")?;
    for ((title, width), column) in COLUMNS.iter().zip(0..) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(0, column, *title, &heading)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let mut last = 0;
    for (row, number) in rows.iter().zip(1..) {
        for (text, column) in row.texts.iter().zip(0..) {
            sheet.write_string(number, column, text)?;
        }
        sheet.write_number_with_format(number, 7, row.kroner, &amount)?;
        sheet.write_datetime_with_format(number, 8, &excel_day(row.opened)?, &day)?;
        sheet.write_datetime_with_format(number, 9, &excel_day(row.due)?, &day)?;
        sheet.write_string(number, 10, &row.holder)?;
        sheet.write_string(number, 11, &row.id)?;
        last = number;
    }
    sheet.autofilter(0, 0, last, 11)?;
    workbook.save_to_buffer()
}

fn excel_day(day: Date) -> Result<ExcelDateTime, XlsxError> {
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    let year = u16::try_from(day.year()).unwrap_or(0);
    ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
}
