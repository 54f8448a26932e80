//! Afstemning: a month's days per municipality and case system, and whether each agrees.

pub(super) mod day;
pub(super) mod forms;
mod total;
mod words;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::day::{Account, DayFacts, DayStatus, Stated};
use oir_domain::money::Overflow;
use oir_flow::ports::days::{DayFilter, DayRow, SigningKind};
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::names::Names;
use super::query::percent_encoded;
use super::view::{Badge, Choice, Page, Section};
use super::workbook::{self, Cell, Column, Kind, Sheet};
use crate::danish_format::{day_short, kroner, month, sort_key, whole};

/// The address line, as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct DaysQuery {
    maaned: String,
    kommune: String,
    fagsystem: String,
    status: String,
}

impl DaysQuery {
    /// The month, a day of it; today's when none is asked for.
    fn month(&self, today: Date) -> Result<Date, PageError> {
        match self.maaned.trim() {
            "" => Ok(today.first_of_month()),
            text => {
                let first = format!("{text}-01").parse::<Date>();
                first.map_err(|_| PageError::BadAddress)
            }
        }
    }

    fn filter(&self, month: Date) -> Result<DayFilter, PageError> {
        let kommune = self.kommune.trim();
        let kommune = match kommune {
            "" => None,
            kode => Some(oir_domain::party::Kommunekode(
                kode.parse().map_err(|_| PageError::BadAddress)?,
            )),
        };
        let fagsystem = match self.fagsystem.trim() {
            "" => None,
            id => Some(id.parse().map_err(|_| PageError::BadAddress)?),
        };
        Ok(DayFilter {
            from: month.first_of_month(),
            to: month.last_of_month(),
            kommune,
            fagsystem,
        })
    }

    fn pairs(&self, month: Date) -> String {
        format!(
            "maaned={}&kommune={}&fagsystem={}&status={}",
            words::month_iso(month),
            percent_encoded(self.kommune.trim()),
            percent_encoded(self.fagsystem.trim()),
            percent_encoded(self.status.trim())
        )
    }
}

/// The address of a month's days that nobody has signed for.
pub(super) fn unsigned_href(month: Date) -> String {
    format!(
        "/afstemning?maaned={}&status=aabne",
        words::month_iso(month)
    )
}

/// The choices of the status field: word, label, which lines.
type StatusChoice = (&'static str, &'static str, fn(&Judged) -> bool);

const STATUSES: [StatusChoice; 6] = [
    ("aabne", "Ikke godkendt", |day| !day.is_signed()),
    ("stemmer_ikke", "Stemmer ikke", |day| {
        day.status == DayStatus::Differs
    }),
    ("mangler", "Mangler total", |day| {
        day.status == DayStatus::NoTotal
    }),
    ("stemmer", "Stemmer", |day| day.status == DayStatus::Agrees),
    ("godkendt", "Godkendt", Judged::is_signed),
    ("aendret", "Ændret efter godkendelse", |day| day.changed),
];

/// A day with what it comes to.
struct Judged {
    row: DayRow,
    account: Account,
    status: DayStatus,
    /// Whether a figure is another one than was signed for.
    changed: bool,
}

impl Judged {
    fn of(row: DayRow) -> Result<Self, Overflow> {
        let books: Vec<_> = row.books.into_iter().collect();
        let facts = DayFacts {
            states: row.states.clone(),
            skew: row.skew,
            unreadable: row.unreadable,
            stated: row.stated.as_ref().map(|stated| Stated {
                total: stated.total,
                lines: None,
            }),
            bilag: None,
            books: books.clone(),
            words: Vec::new(),
        };
        let account = Account::of(&facts)?;
        let now = account.figures(&books).at_a_glance(row.key.dag);
        let changed = row.signing.as_ref().is_some_and(|signing| {
            let then = signing.figures.at_a_glance(row.key.dag);
            signing.kind == SigningKind::Signed && !then.changed_to(&now).is_empty()
        });
        Ok(Self {
            status: account.status(),
            row,
            account,
            changed,
        })
    }

    fn is_signed(&self) -> bool {
        let signing = self.row.signing.as_ref();
        signing.is_some_and(|signing| signing.kind == SigningKind::Signed)
    }

    fn signed(&self) -> Option<Badge> {
        self.is_signed().then(|| words::signed(self.changed))
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "afstemning.html")]
struct DaysPage {
    page: Page,
    month: String,
    month_iso: String,
    before: Option<String>,
    after: Option<String>,
    kommuner: Vec<Choice>,
    fagsystemer: Vec<Choice>,
    statusser: Vec<Choice>,
    lines: Vec<DayLine>,
    export: Option<String>,
}

/// One line.
#[derive(Debug)]
struct DayLine {
    href: String,
    dag: String,
    kommune: String,
    fagsystem: String,
    sent: Option<String>,
    received: String,
    rejected: String,
    booked: String,
    outstanding: String,
    waiting: String,
    kr: String,
    status: Badge,
    signed: Option<Badge>,
}

/// `GET /afstemning`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<DaysQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let today = state.today();
    let first = query.month(today)?;
    let names = state.names();
    let days = judged(&state, &viewer, &query, first, &names).await?;
    let turn = |to: Option<Date>| {
        let query = DaysQuery::clone(&query);
        to.map(|to| format!("/afstemning?{}", query.pairs(to)))
    };
    let next = first.last_of_month().tomorrow().ok();
    let label = |choice: &StatusChoice| {
        Choice::new(
            choice.0.to_owned(),
            choice.1.to_owned(),
            query.status.trim(),
        )
    };
    let template = DaysPage {
        page: Page::inside("Afstemning", Section::Afstemning, &viewer).below(&[("/", "Forside")]),
        month: month(first),
        month_iso: words::month_iso(first),
        before: turn(first.yesterday().ok()),
        after: turn(next.filter(|next| *next <= today)),
        kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
        fagsystemer: names.fagsystem_choices(query.fagsystem.trim()),
        statusser: STATUSES.iter().map(label).collect(),
        export: (viewer.may(Action::Export) && !days.is_empty())
            .then(|| format!("/afstemning.xlsx?{}", query.pairs(first))),
        lines: days.iter().map(|day| line(day, &names)).collect(),
    };
    Ok(page(&template)?.into_response())
}

/// The month's days that the query wants, in the order they are shown.
async fn judged(
    state: &PortalState,
    viewer: &Viewer,
    query: &DaysQuery,
    month: Date,
    names: &Names,
) -> Result<Vec<Judged>, PageError> {
    let filter = query.filter(month)?;
    let wanted = query.status.trim();
    let choice = STATUSES.iter().find(|(word, ..)| *word == wanted);
    if choice.is_none() && !wanted.is_empty() {
        return Err(PageError::BadAddress);
    }
    let rows = state.days.days(&viewer.scope, &filter).await?;
    let judged: Result<Vec<Judged>, Overflow> = rows.into_iter().map(Judged::of).collect();
    let mut judged = judged.map_err(overflow)?;
    judged.retain(|day| choice.is_none_or(|(_, _, wanted)| wanted(day)));
    judged.sort_by_cached_key(|day| {
        let key = day.row.key;
        let sender = names.fagsystem(words::known(key));
        let place = (sort_key(&names.kommune(key.kommune)), sort_key(&sender));
        (std::cmp::Reverse(key.dag), place)
    });
    Ok(judged)
}

/// Days of a span that nobody has signed for.
#[derive(Debug, Default)]
pub(super) struct OpenDays {
    /// Those that do not agree, or changed after they were signed for.
    pub(super) differ: u64,
    /// Those that agree.
    pub(super) agree: u64,
}

/// Counts the days that wait for a reader's signature.
pub(super) async fn open_days(
    state: &PortalState,
    viewer: &Viewer,
    from: Date,
    to: Date,
) -> Result<OpenDays, PageError> {
    let scope = viewer.person.scope(Action::SignOffDay);
    let filter = DayFilter {
        from,
        to,
        kommune: None,
        fagsystem: None,
    };
    let mut open = OpenDays::default();
    for row in state.days.days(&scope, &filter).await? {
        let day = Judged::of(row).map_err(overflow)?;
        match (day.is_signed(), day.changed, day.status) {
            (true, true, _) | (false, _, DayStatus::Differs) => {
                open.differ = open.differ.saturating_add(1);
            }
            (false, _, DayStatus::Agrees) => open.agree = open.agree.saturating_add(1),
            _ => {}
        }
    }
    Ok(open)
}

fn overflow(_: Overflow) -> PageError {
    PageError::Broken("the sums of a day overflow".to_owned())
}

fn line(day: &Judged, names: &Names) -> DayLine {
    let (key, account) = (day.row.key, &day.account);
    let waiting = [account.held, account.refused, account.parked];
    let waiting = waiting
        .iter()
        .fold(0_u64, |sum, c| sum.saturating_add(c.antal));
    DayLine {
        href: words::href(key),
        dag: day_short(key.dag),
        kommune: names.kommune(key.kommune),
        fagsystem: names.fagsystem(words::known(key)),
        sent: account.sent.map(|sent| whole(sent.antal)),
        received: whole(account.received.antal),
        rejected: whole(account.rejected.antal),
        booked: whole(account.booked.antal),
        outstanding: whole(account.outstanding.antal),
        waiting: whole(waiting),
        kr: kroner(account.received.debet),
        status: words::status(day.status),
        signed: day.signed(),
    }
}

const COLUMNS: [Column; 16] = [
    Column::new("Dag (modtaget)", 15.0, Kind::Time),
    Column::new("Kommune", 18.0, Kind::Text),
    Column::new("Fagsystem", 14.0, Kind::Text),
    Column::new("Sendt, antal", 12.0, Kind::Figure),
    Column::new("Sendt (kr.)", 18.0, Kind::Figure),
    Column::new("Modtaget, antal", 15.0, Kind::Figure),
    Column::new("Modtaget (kr.)", 18.0, Kind::Figure),
    Column::new("Afvist, antal", 12.0, Kind::Figure),
    Column::new("Afvist (kr.)", 18.0, Kind::Figure),
    Column::new("Bogført, antal", 14.0, Kind::Figure),
    Column::new("Bogført (kr.)", 18.0, Kind::Figure),
    Column::new("Under levering, antal", 20.0, Kind::Figure),
    Column::new(
        "Tilbageholdt, nægtet og parkeret, antal",
        36.0,
        Kind::Figure,
    ),
    Column::new("Ikke læst, antal", 15.0, Kind::Figure),
    Column::new("Status", 22.0, Kind::Text),
    Column::new("Godkendelse", 26.0, Kind::Text),
];

/// `GET /afstemning.xlsx`
pub(super) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<DaysQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let first = query.month(state.today())?;
    let names = state.names();
    let days = judged(&state, &viewer, &query, first, &names).await?;
    let object = format!("afstemning.xlsx, {} linjer", days.len());
    state.exported(&viewer, &object).await?;
    let rows = days.iter().map(|day| sheet_line(day, &names)).collect();
    let name = format!("afstemning-{}.xlsx", words::month_iso(first));
    let sheet = Sheet {
        name: "Afstemning",
        columns: COLUMNS.into(),
        rows,
    };
    workbook::answer(&name, vec![sheet]).await
}

fn sheet_line(day: &Judged, names: &Names) -> Vec<Cell> {
    let (key, account) = (day.row.key, &day.account);
    let waiting = [account.held, account.refused, account.parked];
    let waiting = waiting
        .iter()
        .fold(0_u64, |sum, c| sum.saturating_add(c.antal));
    let sent = account.sent;
    vec![
        Cell::Day(key.dag),
        Cell::Text(names.kommune(key.kommune)),
        Cell::Text(names.fagsystem(words::known(key))),
        sent.map_or(Cell::Empty, |sent| Cell::Whole(sent.antal)),
        sent.map_or(Cell::Empty, |sent| Cell::Amount(sent.debet)),
        Cell::Whole(account.received.antal),
        Cell::Amount(account.received.debet),
        Cell::Whole(account.rejected.antal),
        Cell::Amount(account.rejected.debet),
        Cell::Whole(account.booked.antal),
        Cell::Amount(account.booked.debet),
        Cell::Whole(account.outstanding.antal),
        Cell::Whole(waiting),
        Cell::Whole(account.unreadable),
        Cell::Text(words::status(day.status).text.to_owned()),
        day.signed()
            .map_or(Cell::Empty, |b| Cell::Text(b.text.to_owned())),
    ]
}
