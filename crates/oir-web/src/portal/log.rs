//! The log of what people did: searched, paged, and taken out as a file.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::look::period;
use oir_flow::ports::looks::LogFilter;
use oir_flow::ports::sessions::{LoggedDeed, deeds};
use serde::Deserialize;

use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::form::Faulty;
use super::names::Names;
use super::query::percent_encoded;
use super::view::{Choice, Page, Section};
use super::workbook::{self, Cell, Column, Kind, Sheet};
use super::{PortalState, export, words};
use crate::danish_format::{instant_short, read_day, sort_key, whole};
use crate::masking::mask_text;

/// Lines of a page.
const PAGE_LINES: u32 = 100;
/// Lines read at a time for a file.
const BATCH_LINES: u32 = 2_000;
/// Most lines of a file; the workbook's second sheet says when there were more.
const FILE_LINES: usize = 100_000;

/// The address line of the log, every part as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogQuery {
    person: String,
    hvad: String,
    kommune: String,
    objekt: String,
    fra: String,
    til: String,
    foer: Option<u64>,
}

#[derive(Debug, Template)]
#[template(path = "log.html")]
struct LogPage {
    page: Page,
    faults: Faulty,
    /// What was typed, masked.
    person: String,
    objekt: String,
    fra: String,
    til: String,
    deeds: Vec<Choice>,
    kommuner: Vec<Choice>,
    narrowed: bool,
    newest: bool,
    /// The first page of the same search, the next older one, and the files.
    first: String,
    older: Option<String>,
    workbook: String,
    csv: String,
    lines: Vec<LogLine>,
}

#[derive(Debug)]
struct LogLine {
    number: String,
    at: String,
    navn: String,
    what: &'static str,
    kommune: String,
    object: String,
    /// The way to the bilag or message that it is about.
    href: Option<String>,
}

impl LogQuery {
    fn filter(&self, state: &PortalState, faults: &mut Faulty) -> LogFilter {
        let text = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(Box::from);
        let mut day = |field, text: &str| match (text.trim(), read_day(text)) {
            ("", _) => None,
            (_, Some(day)) => Some(day),
            (_, None) => {
                faults.add(field, "Skriv en dato, fx 23.11.2026");
                None
            }
        };
        let (fra, til) = (day("fra", &self.fra), day("til", &self.til));
        let kommune = self.kommune.trim();
        let code: Option<u16> = kommune.parse().ok();
        if !kommune.is_empty() && code.is_none() {
            faults.add("kommune", "Vælg en kommune på listen");
        }
        if let (Some(fra), Some(til)) = (fra, til)
            && til < fra
        {
            faults.add("til", "Vælg en dato, der ikke er før den første");
        }
        let days = |day| period(day, day, &state.zone);
        LogFilter {
            person: text(&self.person),
            what: text(&self.hvad),
            kommune: code.map(oir_domain::party::Kommunekode),
            object: text(&self.objekt),
            from: fra.and_then(days).map(|(from, _)| from),
            until: til.and_then(days).map(|(_, until)| until),
        }
    }

    /// The same search at another address. A personal number that somebody typed is not
    /// carried on.
    fn href(&self, path: &str, before: Option<u64>) -> String {
        let mut href = path.to_owned();
        let mut sign = '?';
        let parts = [
            ("person", mask_text(&self.person)),
            ("hvad", self.hvad.clone()),
            ("kommune", self.kommune.clone()),
            ("objekt", mask_text(&self.objekt)),
            ("fra", self.fra.clone()),
            ("til", self.til.clone()),
            ("foer", before.map_or_else(String::new, |n| n.to_string())),
        ];
        for (name, value) in parts.iter().filter(|(_, value)| !value.trim().is_empty()) {
            let _ = write!(href, "{sign}{name}={}", percent_encoded(value.trim()));
            sign = '&';
        }
        href
    }
}

/// `GET /log`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let mut faults = Faulty::default();
    let filter = query.filter(&state, &mut faults);
    let names = state.names();
    if !faults.is_empty() {
        let template = log_page(&query, faults, (&names, &viewer), Vec::new(), None);
        return Ok(unreadable_form(page(&template)?));
    }
    // One more than is shown tells whether there are older ones.
    let mut found = state
        .looks
        .search_log(&viewer.scope, &filter, query.foer, PAGE_LINES + 1)
        .await?;
    let shown = usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let oldest = found.last().filter(|_| more).map(|line| line.number);
    let lines = found.iter().map(|found| line(found, &names, &state));
    let template = log_page(&query, faults, (&names, &viewer), lines.collect(), oldest);
    Ok(page(&template)?.into_response())
}

fn log_page(
    query: &LogQuery,
    faults: Faulty,
    (names, viewer): (&Names, &Viewer),
    lines: Vec<LogLine>,
    oldest: Option<u64>,
) -> LogPage {
    let choice = |word: &str| {
        Choice::new(
            word.to_owned(),
            words::deed(word).to_owned(),
            query.hvad.trim(),
        )
    };
    let mut deeds: Vec<Choice> = deeds::ALL.into_iter().map(choice).collect();
    deeds.sort_by_cached_key(|choice| sort_key(&choice.label));
    let first = query.href("/log", None);
    LogPage {
        page: Page::inside("Log", Section::Log, viewer),
        faults,
        person: mask_text(&query.person),
        objekt: mask_text(&query.objekt),
        fra: query.fra.clone(),
        til: query.til.clone(),
        deeds,
        kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
        narrowed: first != "/log",
        newest: query.foer.is_none(),
        first,
        older: oldest.map(|number| query.href("/log", Some(number))),
        workbook: query.href("/log.xlsx", None),
        csv: query.href("/log.csv", None),
        lines,
    }
}

fn line(line: &LoggedDeed, names: &Names, state: &PortalState) -> LogLine {
    let object = &line.deed.object;
    let leads = [("bil_", "/bilag/"), ("msg_", "/afsendelser/")];
    let way = leads.iter().find(|(prefix, _)| {
        let id = object.strip_prefix(prefix);
        id.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
    });
    LogLine {
        number: whole(line.number),
        at: instant_short(line.deed.at, &state.zone),
        navn: line.deed.navn.to_string(),
        what: words::deed(&line.deed.what),
        kommune: match line.deed.kommune {
            Some(kommune) => names.kommune(kommune),
            None => "–".to_owned(),
        },
        object: mask_text(object),
        href: way.map(|(_, path)| format!("{path}{object}")),
    }
}

/// `GET /log.xlsx`
pub(super) async fn workbook(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (sheet, cut) = taken_out(&state, &viewer, &query, "log.xlsx").await?;
    let now = state.clock.now();
    let count = whole(u64::try_from(sheet.rows.len()).unwrap_or(u64::MAX));
    let more = if cut {
        " (der er flere; indsnævr søgningen)"
    } else {
        ""
    };
    let about = vec![
        ("Udtrukket", instant_short(now, &state.zone)),
        ("Af", viewer.person.navn.to_string()),
        ("Antal linjer", format!("{count}{more}")),
        ("Person", mask_text(&query.person)),
        ("Hvad", named(&query.hvad)),
        ("Kommune", query.kommune.clone()),
        ("På hvad", mask_text(&query.objekt)),
        ("Fra", query.fra.clone()),
        ("Til", query.til.clone()),
    ];
    let sheets = vec![sheet, Sheet::about(about)];
    workbook::download("log", (now, &state.zone), sheets).await
}

fn named(what: &str) -> String {
    match what.trim() {
        "" => String::new(),
        what => words::deed(what).to_owned(),
    }
}

/// `GET /log.csv`
pub(super) async fn csv(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (sheet, _) = taken_out(&state, &viewer, &query, "log.csv").await?;
    let when = (state.clock.now(), &state.zone);
    Ok(export::whole_csv("log", when, &sheet))
}

/// The lines of a search as a table, after writing down that they were taken out. The mark
/// says whether there were more.
async fn taken_out(
    state: &PortalState,
    viewer: &Viewer,
    query: &LogQuery,
    file: &str,
) -> Result<(Sheet, bool), PageError> {
    let mut faults = Faulty::default();
    let filter = query.filter(state, &mut faults);
    if !faults.is_empty() {
        return Err(PageError::BadAddress);
    }
    let names = state.names();
    let (mut rows, mut before) = (Vec::new(), None);
    let cut = loop {
        let found = state
            .looks
            .search_log(&viewer.scope, &filter, before, BATCH_LINES)
            .await?;
        rows.extend(found.iter().map(|line| row(line, &names, state)));
        let full = u32::try_from(found.len()).is_ok_and(|n| n >= BATCH_LINES);
        match found.last() {
            Some(last) if full && rows.len() < FILE_LINES => before = Some(last.number),
            Some(_) | None => break full,
        }
    };
    let count = whole(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    let object = format!("{file}, {count} linjer");
    state.exported(viewer, &object).await?;
    let columns = vec![
        Column::new("Nr.", 10.0, Kind::Figure),
        Column::new("Tidspunkt", 20.0, Kind::Time),
        Column::new("Person", 28.0, Kind::Text),
        Column::new("Personens id", 36.0, Kind::Text),
        Column::new("Hvad", 34.0, Kind::Text),
        Column::new("Kommune", 18.0, Kind::Text),
        Column::new("På hvad", 44.0, Kind::Text),
    ];
    let name = "Log";
    Ok((
        Sheet {
            name,
            columns,
            rows,
        },
        cut,
    ))
}

fn row(line: &LoggedDeed, names: &Names, state: &PortalState) -> Vec<Cell> {
    let deed = &line.deed;
    vec![
        Cell::Whole(line.number),
        Cell::Second(state.zone.to_datetime(deed.at)),
        (&*deed.navn).into(),
        (&*deed.subject).into(),
        words::deed(&deed.what).into(),
        deed.kommune
            .map_or(Cell::Empty, |kommune| names.kommune(kommune).into()),
        mask_text(&deed.object).into(),
    ]
}
