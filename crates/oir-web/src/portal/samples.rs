//! Samples of looks at personal numbers: drawn by a seed that nobody could foresee and
//! everybody can draw again by, reviewed one by one. A review is the auditor's own record;
//! it changes nothing of what it is about.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use oir_domain::look::{EXPLANATION_MAX, EXPLANATION_MIN, SAMPLE_MAX, Verdict, period};
use oir_flow::looks::deed;
use oir_flow::ports::looks::{Review, Sample, SampledLook, Sampling, TakenLook};
use oir_flow::ports::sessions::deeds;
use serde::Deserialize;

use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::form::Faulty;
use super::names::Names;
use super::person::kommune;
use super::view::{Badge, Choice, Fact, Page, Section};
use super::workbook::{self, Cell, Column, Kind, Sheet};
use super::{PortalState, words};
use crate::danish_format::{day_short, instant_short, read_day, whole};
use crate::masking::mask_text;

/// What the form proposes.
const SIZE: &str = "20";

#[derive(Debug, Template)]
#[template(path = "samples.html")]
struct SamplesPage {
    page: Page,
    token: Option<String>,
    faults: Faulty,
    kommuner: Vec<Choice>,
    fra: String,
    til: String,
    antal: String,
    lines: Vec<SampleLine>,
}

#[derive(Debug)]
struct SampleLine {
    href: String,
    number: String,
    at: String,
    navn: String,
    kommune: String,
    period: String,
    drawn: String,
    population: String,
    reviewed: String,
}

#[derive(Debug, Template)]
#[template(path = "sample.html")]
struct SamplePage {
    page: Page,
    token: Option<String>,
    faults: Faulty,
    action: String,
    workbook: String,
    facts: Vec<Fact>,
    verdicts: Vec<(&'static str, &'static str)>,
    lines: Vec<LookLine>,
}

#[derive(Debug)]
struct LookLine {
    number: u64,
    shown: String,
    at: String,
    navn: String,
    what: &'static str,
    /// The way to the bilag, or how many a search found.
    href: Option<String>,
    found: Option<String>,
    reason: &'static str,
    explanation: String,
    reviews: Vec<ReviewLine>,
}

#[derive(Debug)]
struct ReviewLine {
    at: String,
    navn: String,
    verdict: Badge,
    note: String,
}

/// What the form of a new sample sends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    token: String,
    kommune: String,
    fra: String,
    til: String,
    antal: String,
}

/// `GET /stikproever`
pub(super) async fn list(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let wanted = Wanted {
        antal: SIZE.to_owned(),
        ..Wanted::default()
    };
    let template = samples_page(&state, &viewer, &wanted, Faulty::default()).await?;
    Ok(page(&template)?.into_response())
}

async fn samples_page(
    state: &PortalState,
    viewer: &Viewer,
    wanted: &Wanted,
    faults: Faulty,
) -> Result<SamplesPage, PageError> {
    let names = state.names();
    let samples = state.looks.samples(&viewer.scope).await?;
    let mut kommuner = names.kommune_choices(&viewer.scope, wanted.kommune.trim());
    if let [only] = kommuner.as_mut_slice() {
        only.chosen = true;
    }
    let line = |sample: &Sample| SampleLine {
        href: format!("/stikproever/{}", sample.number),
        number: whole(sample.number),
        at: instant_short(sample.at, &state.zone),
        navn: sample.navn.to_string(),
        kommune: names.kommune(sample.sampling.kommune),
        period: period_in_words(&sample.sampling, state),
        drawn: whole(sample.drawn),
        population: whole(sample.population),
        reviewed: whole(sample.reviewed),
    };
    Ok(SamplesPage {
        page: Page::inside("Stikprøver", Section::Samples, viewer),
        token: viewer.token(),
        faults,
        kommuner,
        fra: wanted.fra.clone(),
        til: wanted.til.clone(),
        antal: wanted.antal.clone(),
        lines: samples.iter().map(line).collect(),
    })
}

fn period_in_words(sampling: &Sampling, state: &PortalState) -> String {
    let last = sampling
        .until
        .saturating_sub(SignedDuration::from_micros(1));
    let day = |at: Timestamp| day_short(state.zone.to_datetime(at).date());
    format!(
        "{} – {}",
        day(sampling.from),
        day(last.unwrap_or(sampling.until))
    )
}

/// `POST /stikproever`
pub(super) async fn draw(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Wanted>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(wanted) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&wanted.token)?;
    let mut faults = Faulty::default();
    let seed = state.entrance.sign_in.seed()?;
    let Some(sampling) = read(&wanted, (&viewer, &state), seed, &mut faults) else {
        let template = samples_page(&state, &viewer, &wanted, faults).await?;
        return Ok(unreadable_form(page(&template)?));
    };
    let (by, now) = (&viewer.person, state.clock.now());
    let object = format!(
        "{}, {} ønsket",
        period_in_words(&sampling, &state),
        sampling.size
    );
    let deed = deed(by, deeds::DREW_SAMPLE, sampling.kommune, object, now);
    let number = state.looks.draw_sample(&sampling, &deed).await?;
    Ok(Redirect::to(&format!("/stikproever/{number}")).into_response())
}

fn read(
    wanted: &Wanted,
    (viewer, state): (&Viewer, &PortalState),
    seed: u64,
    faults: &mut Faulty,
) -> Option<Sampling> {
    let kommune = kommune(&wanted.kommune, viewer);
    if kommune.is_none() {
        faults.add("kommune", "Vælg en kommune på listen");
    }
    let (first, last) = (read_day(&wanted.fra), read_day(&wanted.til));
    for (field, day) in [("fra", first), ("til", last)] {
        if day.is_none() {
            faults.add(field, "Skriv en dato, fx 23.11.2026");
        }
    }
    let days = first.zip(last).and_then(|(first, last)| {
        let days = period(first, last, &state.zone);
        if days.is_none() {
            faults.add("til", "Vælg en dato, der ikke er før den første");
        }
        days
    });
    let size: Option<u32> = wanted.antal.trim().parse().ok();
    let size =
        size.filter(|size| usize::try_from(*size).is_ok_and(|n| (1..=SAMPLE_MAX).contains(&n)));
    if size.is_none() {
        faults.add("antal", &format!("Skriv et antal fra 1 til {SAMPLE_MAX}"));
    }
    let (from, until) = days?;
    Some(Sampling {
        kommune: kommune?,
        from,
        until,
        size: size?,
        seed,
    })
}

/// `GET /stikproever/{number}`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let (sample, looks) = found(&state, &viewer, &number).await?;
    let template = sample_page(&state, &viewer, (&sample, &looks), Faulty::default());
    Ok(page(&template)?.into_response())
}

async fn found(
    state: &PortalState,
    viewer: &Viewer,
    number: &str,
) -> Result<(Sample, Vec<SampledLook>), PageError> {
    let number = number.parse().map_err(|_| PageError::NotFound)?;
    let found = state.looks.sample(&viewer.scope, number).await?;
    found.ok_or(PageError::NotFound)
}

fn sample_page(
    state: &PortalState,
    viewer: &Viewer,
    (sample, looks): (&Sample, &[SampledLook]),
    faults: Faulty,
) -> SamplePage {
    let names = state.names();
    let address = format!("/stikproever/{}", sample.number);
    let title = format!("Stikprøve {}", whole(sample.number));
    let verdict = |verdict: Verdict| (verdict.word(), words::verdict(verdict).text);
    SamplePage {
        page: Page::inside(&title, Section::Samples, viewer)
            .below(&[("/", "Forside"), ("/stikproever", "Stikprøver")]),
        token: viewer.token(),
        faults,
        workbook: format!("{address}/opslag.xlsx"),
        action: address,
        facts: about(sample, &names, state)
            .into_iter()
            .map(|(label, value)| Fact::new(label, value))
            .collect(),
        verdicts: Verdict::ALL.map(verdict).into(),
        lines: looks.iter().map(|look| line(look, state)).collect(),
    }
}

fn about(sample: &Sample, names: &Names, state: &PortalState) -> Vec<(&'static str, String)> {
    let sampling = &sample.sampling;
    vec![
        ("Kommune", names.kommune(sampling.kommune)),
        ("Periode", period_in_words(sampling, state)),
        ("Udtaget af", sample.navn.to_string()),
        ("Udtaget", instant_short(sample.at, &state.zone)),
        ("Opslag i perioden", whole(sample.population)),
        ("Udtaget i alt", whole(sample.drawn)),
        ("Gennemgået", whole(sample.reviewed)),
        ("Startværdi", format!("{:016x}", sampling.seed)),
    ]
}

fn line(sampled: &SampledLook, state: &PortalState) -> LookLine {
    let TakenLook {
        number,
        at,
        navn,
        look,
        ..
    } = &sampled.look;
    let review = |review: &Review| ReviewLine {
        at: instant_short(review.at, &state.zone),
        navn: review.navn.to_string(),
        verdict: words::verdict(review.verdict),
        note: review.note.to_string(),
    };
    LookLine {
        number: *number,
        shown: whole(*number),
        at: instant_short(*at, &state.zone),
        navn: navn.to_string(),
        what: words::look(look.kind),
        href: look.bilag.map(|id| format!("/bilag/{id}")),
        found: look.found.map(whole),
        reason: words::reason(look.purpose.reason()),
        explanation: look.purpose.explanation().to_owned(),
        reviews: sampled.reviews.iter().map(review).collect(),
    }
}

/// What a review sends.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    token: String,
    opslag: u64,
    #[serde(default)]
    vurdering: String,
    #[serde(default)]
    note: String,
}

/// `POST /stikproever/{number}`
pub(super) async fn review(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
    form: Result<Form<Written>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(written) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&written.token)?;
    let (sample, looks) = found(&state, &viewer, &number).await?;
    let mut faults = Faulty::default();
    let Some((verdict, note)) = judged(&written, &mut faults) else {
        let template = sample_page(&state, &viewer, (&sample, &looks), faults);
        return Ok(unreadable_form(page(&template)?));
    };
    let (by, now) = (&viewer.person, state.clock.now());
    let object = format!("opslag {} i stikprøve {}", written.opslag, sample.number);
    let deed = deed(
        by,
        deeds::REVIEWED_LOOK,
        sample.sampling.kommune,
        object,
        now,
    );
    let of = (sample.number, written.opslag);
    if !state.looks.review(of, (verdict, &note), &deed).await? {
        return Err(PageError::NotFound);
    }
    let place = format!("/stikproever/{}#opslag-{}", sample.number, written.opslag);
    Ok(Redirect::to(&place).into_response())
}

fn judged(written: &Written, faults: &mut Faulty) -> Option<(Verdict, String)> {
    let verdict = Verdict::from_word(&written.vurdering);
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let note: String = written.note.chars().map(shown).collect();
    let note = note.trim().to_owned();
    let length = note.chars().count();
    match verdict {
        None => faults.add("stikproeven", "Vælg en vurdering"),
        Some(verdict) if verdict.needs_note() && length < EXPLANATION_MIN => {
            let text = format!("Skriv en bemærkning på mindst {EXPLANATION_MIN} tegn");
            faults.add("stikproeven", &text);
        }
        Some(_) => {}
    }
    if length > EXPLANATION_MAX {
        let text = format!("Skriv en bemærkning på højst {EXPLANATION_MAX} tegn");
        faults.add("stikproeven", &text);
    }
    if mask_text(&note) != note {
        faults.add("stikproeven", "Skriv bemærkningen uden personnummer");
    }
    verdict
        .filter(|_| faults.is_empty())
        .map(|verdict| (verdict, note))
}

/// `GET /stikproever/{number}/opslag.xlsx`
pub(super) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let (sample, looks) = found(&state, &viewer, &number).await?;
    let now = state.clock.now();
    let object = format!("stikprøve {}, {} opslag", sample.number, looks.len());
    let (what, owner) = (deeds::EXPORTED, sample.sampling.kommune);
    let deed = deed(&viewer.person, what, owner, object, now);
    state.entrance.sign_in.sessions().log(&deed).await?;
    let columns = vec![
        Column::new("Logget som nr.", 14.0, Kind::Figure),
        Column::new("Tidspunkt", 20.0, Kind::Time),
        Column::new("Person", 28.0, Kind::Text),
        Column::new("Hvad", 30.0, Kind::Text),
        Column::new("Bilag", 38.0, Kind::Text),
        Column::new("Bilag fundet", 12.0, Kind::Figure),
        Column::new("Formål", 30.0, Kind::Text),
        Column::new("Forklaring", 50.0, Kind::Text),
        Column::new("Vurdering", 16.0, Kind::Text),
        Column::new("Bemærkning", 50.0, Kind::Text),
        Column::new("Vurderet af", 28.0, Kind::Text),
    ];
    let sheet = Sheet {
        name: "Opslag",
        columns,
        rows: looks.iter().map(|look| row(look, &state)).collect(),
    };
    let about = Sheet::about(about(&sample, &state.names(), &state));
    workbook::download("stikproeve", (now, &state.zone), vec![sheet, about]).await
}

fn row(sampled: &SampledLook, state: &PortalState) -> Vec<Cell> {
    let (taken, look) = (&sampled.look, &sampled.look.look);
    let last = sampled.reviews.last();
    let text = |text: Option<String>| text.map_or(Cell::Empty, Cell::Text);
    vec![
        Cell::Whole(taken.number),
        Cell::Second(state.zone.to_datetime(taken.at)),
        (&*taken.navn).into(),
        words::look(look.kind).into(),
        text(look.bilag.map(|id| id.to_string())),
        look.found.map_or(Cell::Empty, Cell::Whole),
        words::reason(look.purpose.reason()).into(),
        look.purpose.explanation().into(),
        text(last.map(|review| words::verdict(review.verdict).text.to_owned())),
        text(last.map(|review| review.note.to_string())),
        text(last.map(|review| review.navn.to_string())),
    ]
}
