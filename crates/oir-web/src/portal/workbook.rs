//! The list as a workbook: real dates and real numbers, headings that stay, and a second
//! sheet that says what was asked for.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use oir_domain::access::Scope;
use oir_domain::message::State as Standing;
use oir_domain::money::Oere;
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::views::{BilagFilter, BilagLine};
use rust_xlsxwriter::{ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::bilag::codes;
use super::door::Viewer;
use super::failure::PageError;
use super::names::Names;
use super::query::{ListQuery, tilstand_label};
use super::{PortalState, words};
use crate::danish_format::{day_short, instant_short, kroner, whole};
use crate::masking::mask_text;

/// Lines read at a time.
const BATCH_LINES: u32 = 1_000;

/// Most lines of a workbook: a big municipality's busiest day many times over, and some
/// 100 MB of memory while it is written. The second sheet says when there were more.
const LINES_MAX: usize = 100_000;

/// What `Content-Type` calls a workbook.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A column: heading and width in characters.
const COLUMNS: [(&str, f64); 13] = [
    ("Modtaget", 16.0),
    ("Kommune", 18.0),
    ("Fagsystem", 12.0),
    ("Afsenders bilagsnummer", 22.0),
    ("Tekst", 40.0),
    ("Bogføringsdato", 15.0),
    ("Beløb (kr.)", 16.0),
    ("Posteringer", 12.0),
    ("Tilstand", 22.0),
    ("Fejlkoder", 18.0),
    ("Bogføringens bilagsnummer", 26.0),
    ("Bilagets id hos afsender", 38.0),
    ("Bilagets id i ØiR", 38.0),
];

/// A line with its names, ready to be written away from the async threads.
struct Row {
    modtaget: DateTime,
    kommune: String,
    fagsystem: String,
    nummer: String,
    tekst: String,
    bogfoeringsdato: Date,
    debet: Oere,
    posteringer: u32,
    state: &'static str,
    codes: String,
    erp_nummer: String,
    bilag_uuid: String,
    id: String,
}

/// `GET /bilag.xlsx`
pub(super) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (filter, faults) = query.filter();
    if !faults.is_empty() {
        return Err(PageError::BadAddress);
    }
    let names = state.names();
    let (rows, cut) = read(&state, &viewer.scope, &filter, &names).await?;
    // What leaves the house is written down before it leaves.
    let object = format!("bilag.xlsx, {} linjer", whole_count(rows.len()));
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    let now = state.clock.now();
    let about = about(&query, &names, &state, rows.len(), cut);
    let bytes = tokio::task::spawn_blocking(move || write(&rows, &about))
        .await
        .map_err(|error| PageError::Broken(format!("the workbook's thread died: {error}")))?
        .map_err(|error| PageError::Broken(format!("the workbook was not written: {error}")))?;
    let headers = [
        (CONTENT_TYPE, XLSX.to_owned()),
        (CONTENT_DISPOSITION, disposition(now, &state.zone)),
    ];
    Ok((headers, bytes).into_response())
}

fn whole_count(count: usize) -> String {
    whole(u64::try_from(count).unwrap_or(u64::MAX))
}

fn disposition(now: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(now);
    format!(
        "attachment; filename=\"bilag-{}-{:02}{:02}.xlsx\"",
        local.date(),
        local.hour(),
        local.minute()
    )
}

/// Reads all pages of the list; the mark says whether there was more than is taken.
async fn read(
    state: &PortalState,
    scope: &Scope,
    filter: &BilagFilter,
    names: &Names,
) -> Result<(Vec<Row>, bool), PageError> {
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let lines = state.views.list(scope, filter, after, BATCH_LINES).await?;
        rows.extend(lines.iter().map(|line| row(line, names, &state.zone)));
        let whole_batch = u32::try_from(lines.len()).is_ok_and(|n| n >= BATCH_LINES);
        match lines.last() {
            Some(last) if whole_batch && rows.len() < LINES_MAX => {
                after = Some(last.id);
            }
            Some(_) | None => return Ok((rows, whole_batch)),
        }
    }
}

fn row(line: &BilagLine, names: &Names, zone: &TimeZone) -> Row {
    let erp_nummer = match &line.state {
        Standing::Booked { number } => number.to_string(),
        Standing::Rejected
        | Standing::Held
        | Standing::Mapped
        | Standing::Sending { .. }
        | Standing::AwaitingReceipt { .. }
        | Standing::Waiting { .. }
        | Standing::Uncertain { .. }
        | Standing::Refused
        | Standing::Parked { .. } => String::new(),
    };
    Row {
        modtaget: zone.to_datetime(line.modtaget),
        kommune: names.kommune(line.kommune),
        fagsystem: names.fagsystem(line.fagsystem),
        nummer: mask_text(&line.afsender_bilagsnummer),
        tekst: mask_text(&line.tekst),
        bogfoeringsdato: line.bogfoeringsdato,
        debet: line.debet,
        posteringer: line.posteringer,
        state: words::state(line.state.name()).text,
        codes: codes(line.codes.iter().copied()),
        erp_nummer,
        bilag_uuid: line.bilag_uuid.to_string(),
        id: line.id.to_string(),
    }
}

/// The second sheet: what was asked for, when, and how much came of it.
fn about(
    query: &ListQuery,
    names: &Names,
    state: &PortalState,
    lines: usize,
    cut: bool,
) -> Vec<(&'static str, String)> {
    let (filter, _) = query.filter();
    let all = || "Alle".to_owned();
    let date = |day: Option<Date>| day.map_or_else(all, day_short);
    let amount = |amount: Option<Oere>| amount.map_or_else(all, kroner);
    let lines = whole(u64::try_from(lines).unwrap_or(u64::MAX));
    vec![
        ("Udtrukket", instant_short(state.clock.now(), &state.zone)),
        (
            "Antal bilag",
            if cut {
                format!("{lines} (der er flere; indsnævr filteret for at få alle)")
            } else {
                lines
            },
        ),
        (
            "Kommune",
            filter.kommune.map_or_else(all, |kode| names.kommune(kode)),
        ),
        (
            "Fagsystem",
            filter
                .fagsystem
                .map_or_else(all, |id| names.fagsystem(Some(id))),
        ),
        ("Tilstand", tilstand_label(query.tilstand.trim()).to_owned()),
        ("Modtaget fra", date(filter.from)),
        ("Modtaget til", date(filter.to)),
        ("Beløb fra (kr.)", amount(filter.debet_min)),
        ("Beløb til (kr.)", amount(filter.debet_max)),
        (
            "Søgeord",
            filter.text.as_deref().map_or_else(all, str::to_owned),
        ),
        (
            "Fejlkode",
            filter.fault.map_or_else(all, |code| code.to_string()),
        ),
    ]
}

fn write(rows: &[Row], about: &[(&'static str, String)]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let heading = Format::new().set_bold();
    let sheet = workbook.add_worksheet().set_name("Bilag")?;
    for ((title, width), column) in COLUMNS.iter().zip(0..) {
        sheet.set_column_width(column, *width)?;
        let heading = if column == 6 || column == 7 {
            heading.clone().set_align(FormatAlign::Right)
        } else {
            heading.clone()
        };
        sheet.write_string_with_format(0, column, *title, &heading)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let formats = Formats::new();
    let mut last = 0;
    for (row, number) in rows.iter().zip(1..) {
        write_row(sheet, number, row, &formats)?;
        last = number;
    }
    sheet.autofilter(0, 0, last, 12)?;

    let sheet = workbook.add_worksheet().set_name("Udtræk")?;
    sheet.set_column_width(0, 20)?.set_column_width(1, 60)?;
    for ((label, value), number) in about.iter().zip(0..) {
        sheet.write_string_with_format(number, 0, *label, &heading)?;
        sheet.write_string(number, 1, value)?;
    }
    workbook.save_to_buffer()
}

/// Excel shows these with the reader's own marks: full stop and comma in Danish.
struct Formats {
    instant: Format,
    day: Format,
    amount: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            instant: Format::new().set_num_format("dd.mm.yyyy hh:mm"),
            day: Format::new().set_num_format("dd.mm.yyyy"),
            amount: Format::new().set_num_format("#,##0.00"),
        }
    }
}

fn write_row(
    sheet: &mut Worksheet,
    number: u32,
    row: &Row,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let day = |day: Date| -> Result<ExcelDateTime, XlsxError> {
        let part = |part: i8| u8::try_from(part).unwrap_or(0);
        let year = u16::try_from(day.year()).unwrap_or(0);
        ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
    };
    let time = row.modtaget.time();
    let modtaget = day(row.modtaget.date())?.and_hms(
        u16::try_from(time.hour()).unwrap_or(0),
        u8::try_from(time.minute()).unwrap_or(0),
        time.second(),
    )?;
    sheet.write_datetime_with_format(number, 0, &modtaget, &formats.instant)?;
    sheet.write_string(number, 1, &row.kommune)?;
    sheet.write_string(number, 2, &row.fagsystem)?;
    sheet.write_string(number, 3, &row.nummer)?;
    sheet.write_string(number, 4, &row.tekst)?;
    let booked = day(row.bogfoeringsdato)?;
    sheet.write_datetime_with_format(number, 5, &booked, &formats.day)?;
    sheet.write_number_with_format(number, 6, excel_kroner(row.debet), &formats.amount)?;
    sheet.write_number(number, 7, row.posteringer)?;
    sheet.write_string(number, 8, row.state)?;
    sheet.write_string(number, 9, &row.codes)?;
    sheet.write_string(number, 10, &row.erp_nummer)?;
    sheet.write_string(number, 11, &row.bilag_uuid)?;
    sheet.write_string(number, 12, &row.id)?;
    Ok(())
}

/// Workbooks know floating point only. The nearest one to an amount up to 90 billion
/// kroner shows the same øre; nothing is calculated with it here.
fn excel_kroner(amount: Oere) -> f64 {
    let sign = if amount.get() < 0 { "-" } else { "" };
    let oere = amount.get().unsigned_abs();
    format!("{sign}{}.{:02}", oere / 100, oere % 100)
        .parse()
        .unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::excel_kroner;
    use oir_domain::money::Oere;

    #[test]
    fn amounts_in_a_workbook_are_the_nearest_number() {
        let check = |oere, text: &str| {
            assert_eq!(format!("{:.2}", excel_kroner(Oere::new(oere))), text);
        };
        check(0, "0.00");
        check(-5, "-0.05");
        check(12_345_678_901, "123456789.01");
        check(900_000_000_000_001, "9000000000000.01");
    }
}
