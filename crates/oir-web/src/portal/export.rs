//! The list as a file: CSV as a stream, XLSX at once when it is short and by way of a page
//! that shows how far it is when it is long.
//!
//! Whatever its length, a file costs a batch of lines of memory: the stream is read page by
//! page as the browser takes it, a long workbook grows in a file without a name. Work that
//! nobody waits for any more ends. What leaves the house is logged before it leaves.
//!
//! **Formulas.** A workbook's text is written as text. CSV has no types: a text that begins
//! with `=`, `+`, `-`, `@`, their wide forms or an apostrophe gets an apostrophe before it, and
//! control characters become spaces, so that no reader's program takes it for a formula.

use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oir_domain::ids::BilagId;
use oir_domain::message::State as Standing;
use oir_domain::money::Oere;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::views::{BilagFilter, BilagLine};
use oir_wire::sheet::write::guarded;
use tokio::sync::OwnedSemaphorePermit;

use super::bilag::codes;
use super::door::Viewer;
use super::failure::PageError;
use super::job;
use super::names::Names;
use super::query::{ListQuery, tilstand_label};
use super::workbook::{Cell, Column, Kind, Sheet, attached, download, file_name};
use super::{PortalState, words};
use crate::danish_format::{day_short, instant_short, kroner, whole};
use crate::masking::mask_text;

/// Lines read at a time: some 2 MB.
const BATCH_LINES: u32 = 5_000;
/// Workbooks up to here come at once, in about a second; longer ones by way of a page.
const AT_ONCE: usize = 5_000;
/// What `Content-Type` calls our CSV.
const CSV: &str = "text/csv; charset=utf-8";
/// By this Excel knows that the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The columns of the list.
pub(super) const COLUMNS: [Column; 13] = [
    Column::new("Modtaget", 16.0, Kind::Time),
    Column::new("Kommune", 18.0, Kind::Text),
    Column::new("Fagsystem", 12.0, Kind::Text),
    Column::new("Afsenders bilagsnummer", 22.0, Kind::Text),
    Column::new("Tekst", 40.0, Kind::Text),
    Column::new("Bogføringsdato", 15.0, Kind::Time),
    Column::new("Beløb (kr.)", 16.0, Kind::Figure),
    Column::new("Posteringer", 12.0, Kind::Figure),
    Column::new("Tilstand", 22.0, Kind::Text),
    Column::new("Fejlkoder", 18.0, Kind::Text),
    Column::new("Bogføringens bilagsnummer", 26.0, Kind::Text),
    Column::new("Bilagets id hos afsender", 38.0, Kind::Text),
    Column::new("Bilagets id i ØiR", 38.0, Kind::Text),
];

/// The list, read batch by batch as it is taken.
#[derive(Debug)]
pub(super) struct Reader {
    state: PortalState,
    viewer: Viewer,
    filter: BilagFilter,
    after: Option<BilagId>,
    ended: bool,
}

impl Reader {
    fn new(state: &PortalState, viewer: &Viewer, filter: BilagFilter) -> Self {
        Self {
            state: state.clone(),
            viewer: viewer.clone(),
            filter,
            after: None,
            ended: false,
        }
    }

    /// The next lines; empty only at the end.
    pub(super) async fn next(&mut self) -> Result<Vec<BilagLine>, StoreFailure> {
        while !self.ended {
            let (scope, filter) = (&self.viewer.scope, &self.filter);
            let search = &self.state.search;
            let found = search.search(scope, filter, self.after, BATCH_LINES);
            let found = found.await?;
            let full = u32::try_from(found.lines.len()).is_ok_and(|n| n >= BATCH_LINES);
            self.after = match (found.stopped, found.lines.last()) {
                (Some(stop), _) => Some(stop.id),
                (None, last) => last.map(|last| last.id),
            };
            self.ended = found.stopped.is_none() && !full;
            if !found.lines.is_empty() {
                return Ok(found.lines);
            }
        }
        Ok(Vec::new())
    }
}

fn asked(
    state: &PortalState,
    viewer: &Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<(ListQuery, Reader, OwnedSemaphorePermit), PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (filter, faults) = query.filter();
    if !faults.is_empty() {
        return Err(PageError::BadAddress);
    }
    let place = state.exports.place().ok_or(PageError::TooMuchAtOnce)?;
    let reader = Reader::new(state, viewer, filter);
    Ok((query, reader, place))
}

/// Writes down who takes what.
pub(super) async fn note(
    state: &PortalState,
    viewer: &Viewer,
    file: &str,
    what: &str,
) -> Result<(), PageError> {
    let what: String = what.chars().take(300).collect();
    let what = if what.is_empty() { "alle" } else { &what };
    let object = format!("{file}: {what}");
    let sign_in = &state.entrance.sign_in;
    sign_in
        .log(&viewer.person, deeds::EXPORTED, &object)
        .await?;
    Ok(())
}

/// `GET /bilag.csv`
pub(super) async fn csv(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let (query, mut reader, place) = asked(&state, &viewer, query)?;
    // The first batch is read before anything is said: a store that is away is a page.
    let first = reader.next().await?;
    note(&state, &viewer, "bilag.csv", &query.filter_pairs()).await?;
    let file = file_name("bilag", "csv", state.clock.now(), &state.zone);
    let (names, zone) = (state.names(), state.zone.clone());
    let begun = (Some(first), reader, place);
    let rows = stream::try_unfold(begun, move |(first, mut reader, place)| {
        let head = first.is_some();
        let made = (names.clone(), zone.clone());
        async move {
            let lines = match first {
                Some(lines) => lines,
                None => reader.next().await.map_err(std::io::Error::other)?,
            };
            if lines.is_empty() && !head {
                return Ok(None);
            }
            let text = csv_lines(head, &lines, &made.0, &made.1);
            Ok::<_, std::io::Error>(Some((Bytes::from(text), (None, reader, place))))
        }
    });
    Ok((attached(CSV, &file), Body::from_stream(rows)).into_response())
}

/// A table of a bounded length as CSV.
pub(super) fn whole_csv(
    name: &str,
    (now, zone): (Timestamp, &TimeZone),
    sheet: &Sheet,
) -> Response {
    let mut text = BYTE_ORDER_MARK.to_owned();
    let titles = sheet.columns.iter().map(|column| Cell::from(column.title));
    push_csv(&mut text, &titles.collect::<Vec<_>>());
    for row in &sheet.rows {
        push_csv(&mut text, row);
    }
    (attached(CSV, &file_name(name, "csv", now, zone)), text).into_response()
}

fn csv_lines(head: bool, lines: &[BilagLine], names: &Names, zone: &TimeZone) -> String {
    let mut text = String::with_capacity(lines.len().saturating_mul(256));
    if head {
        text.push_str(BYTE_ORDER_MARK);
        let titles = COLUMNS.map(|column| Cell::from(column.title));
        push_csv(&mut text, &titles);
    }
    for line in lines {
        push_csv(&mut text, &cells(line, names, zone));
    }
    text
}

/// `GET /bilag.xlsx`
pub(super) async fn xlsx(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let (query, mut reader, place) = asked(&state, &viewer, query)?;
    let mut lines = Vec::new();
    while lines.len() <= AT_ONCE {
        let more = reader.next().await?;
        if more.is_empty() {
            break;
        }
        lines.extend(more);
    }
    let pairs = query.filter_pairs();
    let (names, now) = (state.names(), state.clock.now());
    let about = about(&query, &names, &state);
    if lines.len() > AT_ONCE {
        let begun = job::Begun {
            query: pairs,
            about,
            lines,
            reader,
            place,
        };
        let number = job::begin(&state, &viewer, begun);
        return Ok(Redirect::to(&format!("/eksport/{number}")).into_response());
    }
    note(&state, &viewer, "bilag.xlsx", &pairs).await?;
    let rows = lines.iter().map(|line| cells(line, &names, &state.zone));
    let sheet = Sheet {
        name: "Bilag",
        columns: COLUMNS.to_vec(),
        rows: rows.map(Vec::from).collect(),
    };
    let about = said(about, lines.len());
    download("bilag", (now, &state.zone), vec![sheet, about]).await
}

/// A line's values, masked.
pub(super) fn cells(line: &BilagLine, names: &Names, zone: &TimeZone) -> [Cell; 13] {
    let erp_nummer = match &line.state {
        Standing::Booked { number } => Some(number.to_string()),
        Standing::Rejected
        | Standing::Held
        | Standing::Mapped
        | Standing::Sending { .. }
        | Standing::AwaitingReceipt { .. }
        | Standing::Waiting { .. }
        | Standing::Uncertain { .. }
        | Standing::Refused
        | Standing::Parked { .. } => None,
    };
    [
        Cell::Instant(zone.to_datetime(line.modtaget)),
        names.kommune(line.kommune).into(),
        names.fagsystem(line.fagsystem).into(),
        mask_text(&line.afsender_bilagsnummer).into(),
        mask_text(&line.tekst).into(),
        Cell::Day(line.bogfoeringsdato),
        Cell::Amount(line.debet),
        Cell::Whole(line.posteringer.into()),
        words::state(line.state.name()).text.into(),
        codes(line.codes.iter().copied()).into(),
        erp_nummer.into(),
        line.bilag_uuid.to_string().into(),
        line.id.to_string().into(),
    ]
}

/// The second sheet: what was asked for, and when.
fn about(query: &ListQuery, names: &Names, state: &PortalState) -> Vec<(&'static str, String)> {
    let (filter, _) = query.filter();
    let all = || "Alle".to_owned();
    let date = |day: Option<Date>| day.map_or_else(all, day_short);
    let amount = |amount: Option<Oere>| amount.map_or_else(all, kroner);
    let typed = |text: &Option<Box<str>>| text.as_deref().map_or_else(all, str::to_owned);
    let kommune = filter.kommune.map(|kode| names.kommune(kode));
    let fagsystem = filter.fagsystem.map(|id| names.fagsystem(Some(id)));
    vec![
        ("Udtrukket", instant_short(state.clock.now(), &state.zone)),
        ("Kommune", kommune.unwrap_or_else(all)),
        ("Fagsystem", fagsystem.unwrap_or_else(all)),
        ("Tilstand", tilstand_label(query.tilstand.trim()).to_owned()),
        ("Modtaget fra", date(filter.from)),
        ("Modtaget til", date(filter.to)),
        ("Bogføringsdato fra", date(filter.booked_from)),
        ("Bogføringsdato til", date(filter.booked_to)),
        ("Beløb fra (kr.)", amount(filter.debet_min)),
        ("Beløb til (kr.)", amount(filter.debet_max)),
        ("Søgeord", typed(&filter.text)),
        ("Sagsnummer", typed(&filter.sag)),
        ("Konto", typed(&filter.konto)),
        ("Sortimentsværdi", typed(&filter.sortiment)),
        (
            "Fejlkode",
            filter.fault.map_or_else(all, |code| code.to_string()),
        ),
    ]
}

/// The same with how much came of it.
pub(super) fn said(mut about: Vec<(&'static str, String)>, lines: usize) -> Sheet {
    let count = whole(u64::try_from(lines).unwrap_or(u64::MAX));
    about.push(("Antal bilag", count));
    Sheet::about(about)
}

/// A line of CSV in Danish form: semicolons, comma before the øre, days as people write them.
pub(super) fn push_csv(text: &mut String, row: &[Cell]) {
    use std::fmt::Write as _;
    for (cell, place) in row.iter().zip(0..) {
        if place > 0 {
            text.push(';');
        }
        // Writing to a string cannot fail.
        let _ = match cell {
            Cell::Empty => Ok(()),
            Cell::Text(value) => {
                push_text(text, value);
                Ok(())
            }
            Cell::Whole(value) => write!(text, "{value}"),
            Cell::Amount(amount) => {
                let sign = if amount.get() < 0 { "-" } else { "" };
                let oere = amount.get().unsigned_abs();
                write!(text, "{sign}{},{:02}", oere / 100, oere % 100)
            }
            Cell::Day(day) => write!(text, "{}", day_short(*day)),
            Cell::Instant(at) => write!(text, "{}", at.strftime("%d.%m.%Y %H:%M")),
            Cell::Second(at) => write!(text, "{}", at.strftime("%d.%m.%Y %H:%M:%S")),
        };
    }
    text.push_str("\r\n");
}

/// A text that stays one: see the head of this file.
fn push_text(text: &mut String, value: &str) {
    let value: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let value = guarded(&value);
    let quoted = value.contains([';', '"']);
    if quoted {
        text.push('"');
    }
    text.push_str(&value.replace('"', "\"\""));
    if quoted {
        text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::push_csv;
    use crate::portal::workbook::Cell;
    use jiff::civil::date;
    use oir_domain::money::Oere;

    fn line(row: &[Cell]) -> String {
        let mut text = String::new();
        push_csv(&mut text, row);
        text
    }

    #[test]
    fn values_stand_as_danes_write_them() {
        let row = [
            Cell::Instant(date(2026, 11, 3).at(7, 5, 59, 0)),
            Cell::Second(date(2026, 11, 3).at(7, 5, 59, 0)),
            Cell::Day(date(2026, 1, 31)),
            Cell::Amount(Oere::new(123_456_789)),
            Cell::Amount(Oere::new(-5)),
            Cell::Whole(12_345),
            Cell::Empty,
            Cell::from("æ \"ø\"; å"),
        ];
        let said = "03.11.2026 07:05;03.11.2026 07:05:59;31.01.2026;1234567,89;-0,05;12345;;\"æ \"\"ø\"\"; å\"\r\n";
        assert_eq!(line(&row), said);
    }

    #[test]
    fn no_text_is_a_formula() {
        for (text, said) in [
            (
                "=HYPERLINK(\"http://x\")",
                "\"'=HYPERLINK(\"\"http://x\"\")\"\r\n",
            ),
            ("+1", "'+1\r\n"),
            ("-1", "'-1\r\n"),
            ("@x", "'@x\r\n"),
            ("\t=1", "' =1\r\n"),
            ("\r\n=1", "'  =1\r\n"),
            (" =1", "' =1\r\n"),
            ("＝1", "'＝1\r\n"),
            ("'=1", "''=1\r\n"),
            ("a\r\nb;=1", "\"a  b;=1\"\r\n"),
            ("A-1", "A-1\r\n"),
        ] {
            assert_eq!(line(&[Cell::from(text)]), said);
        }
    }
}
