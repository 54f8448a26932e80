//! The front page: what came in on a day, where it stands, and whether the books agree.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::fault::FaultCode;
use oir_domain::ids::FagsystemId;
use oir_domain::message::StateName;
use oir_domain::money::{Oere, Overflow};
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Statement, compare};
use oir_flow::ports::days::Comparison;
use oir_flow::ports::views::{DayTotal, FaultCount, MessageDetail};
use serde::Deserialize;

use super::door::{Door, Viewer};
use super::failure::{PageError, page, unreadable_form};
use super::names::Names;
use super::query::list_href;
use super::today::Matter;
use super::view::{
    Control, DayChoice, DifferenceLine, FaultLine, FieldFault, Figure, FigureRow, Figures,
    FrontPage, Page, Section, UnreadableLine,
};
use super::{PortalState, bilag, today, words};
use crate::danish_format::{day, instant, instant_short, kroner, month, read_day, sort_key, whole};

/// Most unreadable messages shown; the rest is a number. They come with their bytes, which
/// may be megabytes each.
const UNREADABLE_MAX: u32 = 20;

/// The address line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FrontQuery {
    dag: String,
}

/// The columns: heading in words, word in the list's address, states.
type Column = (&'static str, &'static str, fn(StateName) -> bool);

const COLUMNS: [Column; 7] = [
    ("modtagne bilag", "", |_| true),
    ("afviste bilag", "afvist", |s| s == StateName::Rejected),
    ("tilbageholdte bilag", "tilbageholdt", |s| {
        s == StateName::Held
    }),
    ("bilag under levering", "under_levering", |s| {
        StateName::UNDER_WAY.contains(&s)
    }),
    ("bogførte bilag", "bogfoert", |s| s == StateName::Booked),
    ("bilag nægtet af bogføringen", "naegtet", |s| {
        s == StateName::Refused
    }),
    ("parkerede bilag", "parkeret", |s| s == StateName::Parked),
];

/// `GET /`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<FrontQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (dag, fault) = match (query.dag.trim(), read_day(&query.dag)) {
        ("", _) => (state.today(), None),
        (_, Some(dag)) => (dag, None),
        (_, None) => (
            state.today(),
            Some(FieldFault::new("dag", "Skriv en dato, fx 23.11.2026")),
        ),
    };
    if !viewer.may(Action::SeeFigures) {
        return Ok(page(&without_figures(&state, &viewer).await?)?.into_response());
    }
    let faulty = fault.is_some();
    let html = page(&read(&state, &viewer, dag, fault).await?)?;
    Ok(if faulty {
        unreadable_form(html)
    } else {
        html.into_response()
    })
}

async fn read(
    state: &PortalState,
    viewer: &Viewer,
    dag: Date,
    fault: Option<FieldFault>,
) -> Result<FrontPage, PageError> {
    let scope = &viewer.person.scope(Action::SeeFigures);
    let names = state.names();
    let totals = state.views.day(scope, dag).await?;
    let counts = state.views.fault_counts(scope, dag).await?;
    let unreadable = state.views.unreadable(scope, dag).await?;
    let messages: u64 = unreadable.iter().map(|total| total.messages).sum();
    let shown = if messages == 0 {
        Vec::new()
    } else {
        state
            .views
            .unreadable_messages(scope, dag, UNREADABLE_MAX)
            .await?
    };
    let latest = if totals.is_empty() && messages == 0 {
        state.views.latest_day(scope).await?
    } else {
        None
    };
    let (first, last) = (dag.first_of_month(), dag.last_of_month());
    let comparison = state.days.comparison(scope, first, last).await?;
    let broken = |_: Overflow| PageError::Broken("the sums of a day overflow".to_owned());
    let front = FrontPage {
        page: Page::inside("Forside", Section::Front, viewer),
        matters: today::matters(state, viewer).await?,
        debtor: today::debtor_help(&viewer.person),
        dag: day_choice(dag, state.today()),
        fault,
        figures: figures(&totals, &names, dag).map_err(broken)?,
        latest: latest.map(|latest| (format!("/?dag={latest}"), day(latest))),
        control: control(comparison, dag, &names, state).map_err(broken)?,
        faults: fault_lines(&counts, state, dag, messages > 0),
        unreadable_more: (messages > u64::from(UNREADABLE_MAX)).then(|| whole(messages)),
        unreadable: shown
            .iter()
            .map(|message| unreadable_line(message, &names, state))
            .collect(),
    };
    Ok(if viewer.may(Action::SeeBilag) {
        front
    } else {
        without_bilag(front)
    })
}

/// The front page of those whose roles show no figures: what waits, and what is theirs.
#[derive(Debug, Template)]
#[template(path = "front_without_figures.html")]
struct PlainFront {
    page: Page,
    matters: Vec<Matter>,
    debtor: Option<&'static str>,
    /// Whether letters can be read here.
    mailbox: bool,
}

async fn without_figures(state: &PortalState, viewer: &Viewer) -> Result<PlainFront, PageError> {
    Ok(PlainFront {
        page: Page::inside("Forside", Section::Front, viewer),
        matters: today::matters(state, viewer).await?,
        debtor: today::debtor_help(&viewer.person),
        mailbox: matches!(state.entrance.door, Door::Invented(_)),
    })
}

impl FrontPage {
    /// Whether its figures lead to bilag.
    pub(super) fn leads(&self) -> bool {
        self.faults.iter().all(|fault| fault.href.is_some())
            && self.unreadable.iter().all(|message| message.href.is_some())
            && self
                .figures
                .as_ref()
                .is_none_or(|figures| figures.total.cells.iter().any(|cell| cell.href.is_some()))
    }
}

/// The page for those who see figures but no bilag: nothing leads to what they may not open.
fn without_bilag(mut front: FrontPage) -> FrontPage {
    if let Some(figures) = &mut front.figures {
        let rows = figures.rows.iter_mut().chain([&mut figures.total]);
        for cell in rows.flat_map(|row| &mut row.cells) {
            cell.href = None;
        }
    }
    for fault in &mut front.faults {
        fault.href.take_if(|href| !href.starts_with('#'));
    }
    for message in &mut front.unreadable {
        message.href = None;
    }
    front
}

fn day_choice(dag: Date, today: Date) -> DayChoice {
    let href = |dag: Date| format!("/?dag={dag}");
    DayChoice {
        iso: dag.to_string(),
        words: day(dag),
        before: dag.yesterday().ok().map(href),
        after: dag.tomorrow().ok().filter(|next| *next <= today).map(href),
    }
}

/// A row's sums: number and debit per column, in the columns' order.
type Sums = [(u64, Oere); COLUMNS.len()];

fn figures(totals: &[DayTotal], names: &Names, dag: Date) -> Result<Option<Figures>, Overflow> {
    if totals.iter().all(|total| total.antal == 0) {
        return Ok(None);
    }
    let mut rows: BTreeMap<(Kommunekode, Option<FagsystemId>), Sums> = BTreeMap::new();
    let mut all = Sums::default();
    for total in totals {
        add(
            rows.entry((total.kommune, total.fagsystem)).or_default(),
            total,
        )?;
        add(&mut all, total)?;
    }
    let mut rows: Vec<FigureRow> = rows
        .iter()
        .map(|((kommune, fagsystem), sums)| {
            let name = names.kommune(*kommune);
            let sender = names.fagsystem(*fagsystem);
            let whom = format!("{sender} til {name}");
            row(name, sender, sums, &whom, |word| {
                list_href(Some(*kommune), *fagsystem, word, dag)
            })
        })
        .collect();
    rows.sort_by_cached_key(|row| (sort_key(&row.kommune), sort_key(&row.fagsystem)));
    let total = row("I alt".to_owned(), String::new(), &all, "i alt", |word| {
        list_href(None, None, word, dag)
    });
    Ok(Some(Figures { rows, total }))
}

fn add(sums: &mut Sums, total: &DayTotal) -> Result<(), Overflow> {
    for ((antal, debet), (_, _, counts)) in sums.iter_mut().zip(COLUMNS) {
        if counts(total.state) {
            *antal = antal.checked_add(total.antal).ok_or(Overflow)?;
            *debet = debet.checked_add(total.debet)?;
        }
    }
    Ok(())
}

fn row(
    kommune: String,
    fagsystem: String,
    sums: &Sums,
    whom: &str,
    href: impl Fn(&str) -> String,
) -> FigureRow {
    let cell = |((antal, debet), (words, word, _)): (&(u64, Oere), Column)| Figure {
        antal: whole(*antal),
        kr: kroner(*debet),
        href: (*antal > 0).then(|| href(word)),
        spoken: format!("{words}, {whom}"),
    };
    let amount = |word: &str| {
        sums.iter()
            .zip(COLUMNS)
            .find(|(_, column)| column.1 == word)
            .map(|((_, debet), _)| kroner(*debet))
            .unwrap_or_default()
    };
    FigureRow {
        kommune,
        fagsystem,
        cells: sums.iter().zip(COLUMNS).map(cell).collect(),
        modtaget_kr: amount(""),
        bogfoert_kr: amount("bogfoert"),
    }
}

fn control(
    comparison: Option<Comparison>,
    dag: Date,
    names: &Names,
    state: &PortalState,
) -> Result<Control, Overflow> {
    let Some(comparison) = comparison else {
        return Ok(Control::Unknown);
    };
    let (at, month) = (instant(comparison.at, &state.zone), month(dag));
    let differences = compare(&comparison.ours, &comparison.theirs);
    if differences.is_empty() {
        let (mut antal, mut debet) = (0_u64, Oere::ZERO);
        for statement in comparison.ours.values() {
            antal = antal.checked_add(statement.antal).ok_or(Overflow)?;
            debet = debet.checked_add(statement.debet)?;
        }
        return Ok(Control::Agrees {
            month,
            at,
            antal: whole(antal),
            kr: kroner(debet),
        });
    }
    let side = |s: &Statement| format!("{} bilag, {} kr.", whole(s.antal), kroner(s.debet));
    let mut lines = Vec::with_capacity(differences.len());
    for difference in differences {
        lines.push(DifferenceLine {
            kommune: names.kommune(difference.kommune),
            fagsystem: names.fagsystem(Some(difference.fagsystem)),
            ours: side(&difference.ours),
            theirs: side(&difference.theirs),
            kr: kroner(difference.oere()?),
        });
    }
    Ok(Control::Differs { month, at, lines })
}

fn fault_lines(
    counts: &[FaultCount],
    state: &PortalState,
    dag: Date,
    any_unreadable: bool,
) -> Vec<FaultLine> {
    let mut counts: Vec<_> = counts.iter().filter(|count| count.antal > 0).collect();
    counts.sort_by_key(|count| (std::cmp::Reverse(count.antal), count.code));
    counts
        .into_iter()
        .map(|count| FaultLine {
            code: count.code.code(),
            text: (state.words.title)(count.code),
            responsible: words::responsible(count.code.responsible()),
            antal: whole(count.antal),
            href: Some(if any_unreadable && stops_messages(count.code) {
                "#ulaeselige".to_owned()
            } else {
                format!("/bilag?fra={dag}&til={dag}&fejlkode={}", count.code)
            }),
        })
        .collect()
}

/// Whether the fault belongs to messages that could not be taken in rather than to bilag:
/// form, schema, the message as a whole, and bugs of ours (groups 00, 01, 02 and 09).
fn stops_messages(code: FaultCode) -> bool {
    let group = code.code().get(1..3);
    matches!(group, Some("00" | "01" | "02" | "09"))
}

fn unreadable_line(message: &MessageDetail, names: &Names, state: &PortalState) -> UnreadableLine {
    UnreadableLine {
        href: Some(format!("/afsendelser/{}", message.id)),
        modtaget: instant_short(message.modtaget, &state.zone),
        kommune: names.kommune(message.kommune),
        fagsystem: names.fagsystem(message.fagsystem),
        outcome: words::outcome(message.outcome),
        codes: bilag::codes(message.faults.iter().map(|fault| fault.code)),
    }
}
