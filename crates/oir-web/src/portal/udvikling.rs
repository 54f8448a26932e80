//! Charts: how much came in, how much of it needed a person, and how long bookings took.
//! Each is laid out here, drawn as SVG by the template, and has its table beneath; shape and
//! words, never colour alone, tell the lines apart.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Span;
use oir_domain::day::EDGES_MS;
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_flow::ports::days::{DayFilter, Volume};
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::view::{Choice, Page, Section};
use crate::danish_format::{day_short, whole};

/// Days that can be shown; more would be lines without room between them.
const SPANS: [(&str, &str, i32); 3] = [
    ("14", "14 dage", 14),
    ("30", "30 dage", 30),
    ("90", "90 dage", 90),
];
/// The drawing's height without its labels, units.
const HEIGHT: u64 = 160;
/// Its width between the axis and the right edge.
const WIDTH: usize = 620;
/// Where the axis stands.
const LEFT: usize = 70;
/// Above the highest line.
const TOP: u64 = 14;

/// The address line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TrendQuery {
    dage: String,
    kommune: String,
    fagsystem: String,
}

#[derive(Debug, Template)]
#[template(path = "udvikling.html")]
struct TrendPage {
    page: Page,
    spans: Vec<Choice>,
    kommuner: Vec<Choice>,
    fagsystemer: Vec<Choice>,
    charts: Vec<Chart>,
}

/// A chart with its table.
#[derive(Debug)]
struct Chart {
    id: &'static str,
    title: &'static str,
    /// What is to be seen, in a sentence.
    description: String,
    drawing: Drawing,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// What is drawn, in units of the view box; rows count downwards.
#[derive(Debug, Default)]
struct Drawing {
    marks: Vec<Mark>,
    bars: Vec<Bar>,
    curves: Vec<Curve>,
    days: Vec<DayMark>,
}

impl Drawing {
    /// Where the axis and its grid begin.
    const LEFT: usize = LEFT;
    /// Where they end.
    const RIGHT: usize = LEFT + WIDTH;
    /// Where the values of the axis end.
    const WORDS: usize = LEFT - 6;
    /// The line of writing beneath the axis.
    const BELOW: u64 = TOP + HEIGHT + 18;
}

/// A line of the grid, and the value that it stands for.
#[derive(Debug)]
struct Mark {
    y: u64,
    word: String,
}

impl Mark {
    /// The line of writing: the middle of the letters is on the line.
    const fn baseline(&self) -> u64 {
        self.y + 4
    }
}

#[derive(Debug)]
struct Bar {
    x: usize,
    y: u64,
    width: usize,
    height: u64,
}

/// A line through its points, told from another by its stroke and its marks.
#[derive(Debug)]
struct Curve {
    stroke: Stroke,
    points: Vec<Point>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stroke {
    /// Unbroken, with round marks.
    Full,
    /// Dashed, with square marks.
    Dashed,
}

#[derive(Debug)]
struct Point {
    x: usize,
    y: u64,
}

impl Point {
    /// Left edge of a square around it.
    const fn left(&self) -> usize {
        self.x.saturating_sub(4)
    }

    /// Upper edge of a square around it.
    const fn top(&self) -> u64 {
        self.y.saturating_sub(4)
    }
}

/// A day's name beneath the axis.
#[derive(Debug)]
struct DayMark {
    x: usize,
    word: String,
}

/// `GET /udvikling`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<TrendQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let wanted = match query.dage.trim() {
        "" => "30",
        wanted => wanted,
    };
    let span = SPANS.iter().find(|(word, ..)| *word == wanted);
    let (_, _, days) = span.ok_or(PageError::BadAddress)?;
    let today = state.today();
    let back = Span::new().days(days - 1);
    let from = today.checked_sub(back).map_err(|_| PageError::BadAddress)?;
    let kommune = match query.kommune.trim() {
        "" => None,
        kode => Some(Kommunekode(
            kode.parse().map_err(|_| PageError::BadAddress)?,
        )),
    };
    let fagsystem = match query.fagsystem.trim() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageError::BadAddress)?),
    };
    let filter = DayFilter {
        from,
        to: today,
        kommune,
        fagsystem,
    };
    let volumes = state.days.volumes(&viewer.scope, &filter).await?;
    let names = state.names();
    let spans = SPANS.iter();
    let spans =
        spans.map(|(word, label, _)| Choice::new((*word).to_owned(), (*label).to_owned(), wanted));
    let template = TrendPage {
        page: Page::inside("Udvikling", Section::Afstemning, &viewer)
            .below(&[("/", "Forside"), ("/afstemning", "Afstemning")]),
        spans: spans.collect(),
        kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
        fagsystemer: names.fagsystem_choices(query.fagsystem.trim()),
        charts: if volumes.is_empty() {
            Vec::new()
        } else {
            vec![volume(&volumes), faults(&volumes), times(&volumes)]
        },
    };
    Ok(page(&template)?.into_response())
}

fn received(day: &Volume) -> u64 {
    day.states
        .iter()
        .fold(0, |sum, (_, n)| sum.saturating_add(*n))
}

/// Bilag that a person had to look at, of those received.
fn stopped(day: &Volume) -> u64 {
    let stopped = day.states.iter();
    let stopped = stopped.filter(|(state, _)| StateName::FOR_A_PERSON.contains(state));
    stopped.fold(0, |sum, (_, n)| sum.saturating_add(*n))
}

/// Thousandths of a whole.
fn per_mille(part: u64, of: u64) -> u64 {
    part.saturating_mul(1_000).checked_div(of).unwrap_or(0)
}

fn percent(per_mille: u64) -> String {
    format!("{},{} %", per_mille / 10, per_mille % 10)
}

fn volume(days: &[Volume]) -> Chart {
    let values: Vec<u64> = days.iter().map(received).collect();
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let all = values.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    let drawing = Drawing {
        marks: frame(&[(most, whole(most)), (most / 2, whole(most / 2))], most),
        bars: bars(&values, most),
        days: labels(days),
        ..Drawing::default()
    };
    let rows = days.iter().zip(&values);
    Chart {
        id: "maengde",
        title: "Modtagne bilag pr. dag",
        description: format!(
            "{} bilag på {} dage. Den travleste dag havde {}.",
            whole(all),
            days.len(),
            whole(most)
        ),
        drawing,
        columns: &["Dag", "Modtagne bilag"],
        rows: rows
            .map(|(day, n)| vec![day_short(day.dag), whole(*n)])
            .collect(),
    }
}

fn faults(days: &[Volume]) -> Chart {
    let share = |day: &Volume| per_mille(stopped(day), received(day));
    let values: Vec<u64> = days.iter().map(share).collect();
    let most = values.iter().copied().max().unwrap_or(0).max(10);
    let marks = [(most, percent(most)), (most / 2, percent(most / 2))];
    let drawing = Drawing {
        marks: frame(&marks, most),
        bars: bars(&values, most),
        days: labels(days),
        ..Drawing::default()
    };
    let rows = days.iter().zip(&values).map(|(day, share)| {
        vec![
            day_short(day.dag),
            whole(received(day)),
            whole(stopped(day)),
            percent(*share),
        ]
    });
    Chart {
        id: "fejl",
        title: "Andel af bilag med fejl",
        description: format!(
            "Afviste, tilbageholdte, nægtede og parkerede bilag af de modtagne, som de står nu. \
             Højest {}.",
            percent(values.iter().copied().max().unwrap_or(0))
        ),
        drawing,
        columns: &["Dag", "Modtaget", "Med fejl", "Andel"],
        rows: rows.collect(),
    }
}

/// A class's upper end in words.
fn within(edge: Option<Option<i64>>) -> String {
    match edge {
        None => "–".to_owned(),
        Some(None) => "over 7 døgn".to_owned(),
        Some(Some(ms)) => {
            let seconds = ms / 1_000;
            let (number, unit) = match seconds {
                s if s < 60 => (s, "sek."),
                s if s < 3_600 => (s / 60, "min."),
                s if s < 86_400 => (s / 3_600, "t."),
                s => (s / 86_400, "døgn"),
            };
            format!("under {number} {unit}")
        }
    }
}

/// The height of a class, from 1; 0 = nothing was booked.
fn step(edge: Option<Option<i64>>) -> u64 {
    let class = match edge {
        None => return 0,
        Some(None) => EDGES_MS.len(),
        Some(Some(ms)) => EDGES_MS.iter().take_while(|edge| **edge < ms).count(),
    };
    u64::try_from(class).unwrap_or(0).saturating_add(1)
}

fn times(days: &[Volume]) -> Chart {
    let most = u64::try_from(EDGES_MS.len()).unwrap_or(0).saturating_add(1);
    let marks = [(1, "1 sek."), (6, "1 min."), (11, "1 t."), (15, "1 døgn")];
    let marks: Vec<(u64, String)> = marks.map(|(at, word)| (at, word.to_owned())).into();
    let median: Vec<u64> = days.iter().map(|d| step(d.times.within(50))).collect();
    let slow: Vec<u64> = days.iter().map(|d| step(d.times.within(95))).collect();
    let drawing = Drawing {
        marks: frame(&marks, most),
        curves: vec![
            curve(Stroke::Full, &median, most),
            curve(Stroke::Dashed, &slow, most),
        ],
        days: labels(days),
        ..Drawing::default()
    };
    let rows = days.iter().map(|day| {
        vec![
            day_short(day.dag),
            whole(day.times.antal()),
            within(day.times.within(50)),
            within(day.times.within(95)),
        ]
    });
    Chart {
        id: "tid",
        title: "Tid fra modtagelse til bogføring",
        description: "Fuld linje med runde mærker: halvdelen af dagens bilag var bogført inden \
                      for tiden (median). Stiplet linje med firkanter: 95 af 100 var bogført. \
                      Dage efter modtagelsesdag."
            .to_owned(),
        drawing,
        columns: &["Dag", "Bogført", "Median", "95 af 100"],
        rows: rows.collect(),
    }
}

fn y(value: u64, most: u64) -> u64 {
    let up = value.saturating_mul(HEIGHT).checked_div(most).unwrap_or(0);
    (TOP + HEIGHT).saturating_sub(up.min(HEIGHT))
}

/// The grid with its values, and the axis.
fn frame(marks: &[(u64, String)], most: u64) -> Vec<Mark> {
    let axis = [(0, String::new())];
    let all = marks.iter().chain(&axis);
    let mark = |(value, word): &(u64, String)| Mark {
        y: y(*value, most),
        word: word.clone(),
    };
    all.map(mark).collect()
}

/// The middle of a day's place.
fn x(number: usize, of: usize) -> usize {
    let of = of.max(1);
    LEFT + (number * WIDTH + WIDTH / 2) / of
}

fn bars(values: &[u64], most: u64) -> Vec<Bar> {
    let width = (WIDTH * 2 / 3 / values.len().max(1)).max(2);
    let bar = |(number, value): (usize, &u64)| {
        let top = y(*value, most);
        Bar {
            x: x(number, values.len()).saturating_sub(width / 2),
            y: top,
            width,
            height: (TOP + HEIGHT).saturating_sub(top),
        }
    };
    values.iter().enumerate().map(bar).collect()
}

fn curve(stroke: Stroke, values: &[u64], most: u64) -> Curve {
    let known = values.iter().enumerate().filter(|(_, value)| **value > 0);
    let points = known.map(|(number, value)| Point {
        x: x(number, values.len()),
        y: y(*value, most),
    });
    Curve {
        stroke,
        points: points.collect(),
    }
}

/// The first, the middle and the last day beneath the axis.
fn labels(days: &[Volume]) -> Vec<DayMark> {
    let last = days.len().saturating_sub(1);
    let shown = std::collections::BTreeSet::from([0, last / 2, last]);
    let label = |number: usize| {
        let dag = days.get(number)?.dag;
        Some(DayMark {
            x: x(number, days.len()),
            word: format!("{:02}.{:02}.", dag.day(), dag.month()),
        })
    };
    shown.into_iter().filter_map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::{step, within, y};

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!(within(None), "–");
        assert_eq!(within(Some(Some(30_000))), "under 30 sek.");
        assert_eq!(within(Some(Some(300_000))), "under 5 min.");
        assert_eq!(within(Some(Some(14_400_000))), "under 4 t.");
        assert_eq!(within(Some(Some(172_800_000))), "under 2 døgn");
        assert_eq!(within(Some(None)), "over 7 døgn");
        assert!(step(None) == 0 && step(Some(Some(1_000))) == 1 && step(Some(None)) == 18);
    }

    #[test]
    fn the_highest_value_reaches_the_top_and_nothing_the_axis() {
        assert!(y(10, 10) < y(5, 10) && y(5, 10) < y(0, 10));
        assert_eq!((y(7, 7), y(0, 0)), (14, 174));
    }
}
