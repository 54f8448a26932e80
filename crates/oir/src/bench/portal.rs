//! `oir bench portal`: how long the pages take on a database of a given size, and what lists
//! taken out cost.

mod ask;
mod fill;
mod questions;

use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use oir_domain::access::{Grant, Person, Role};
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::operation::alarm;
use oir_domain::register::RegisterData;
use oir_fagsystem::DayPlan;
use oir_flow::follow::settled;
use oir_flow::hub::Timing;
use oir_flow::ports::inbox::Inbox;
use oir_flow::sign_in::SessionLimits;
use oir_store::Store;
use oir_transport::Settings;
use oir_web::Router;
use oir_web::machine::listener::{self, Limits};
use oir_web::portal::door::Door;
use serde_json::json;

use crate::cli::BenchPortal;
use oir_web::portal::Statement;

use crate::house;
use ask::{Export, Took, Visitor, over_http};
use fill::{LARGE, POSTINGS, Year};
use questions::Question;

/// Rows of a list taken out.
const EXPORTED: u64 = 100_000;
/// Questions asked over HTTP too: the socket adds the same to each.
const OVER_HTTP: [&str; 4] = ["forsiden", "et bilag", "listen", "ord, i næsten ingen"];

/// Fills, measures and prints.
pub(crate) async fn run(options: &BenchPortal) -> anyhow::Result<ExitCode> {
    let store = house::open(&options.database).await?;
    let register = register();
    let empty = store.register_data().await?.myndigheder.is_empty();
    let filled = !store.is_unfilled().await?;
    ensure!(empty || filled, "databasen er i brug; giv en tom");
    let bilag = (options.postings / POSTINGS).max(1);
    // Ends where it ended, so that a database once filled can be measured again.
    let ends = if empty {
        Timestamp::from_microsecond(Timestamp::now().as_microsecond())?
    } else {
        fill::end_of(bilag, newest(&store).await?)?
    };
    let mut year = Year::new(options.seed, bilag, ends, &register);
    let begun = Instant::now();
    if empty {
        store.replace_register(&register).await?;
        year.write(&store).await?;
        store.make_ready(settled(ends)).await?;
    } else {
        year.remember()?;
    }
    let filled = begun.elapsed().as_secs_f64();
    let measured = measure(&store, &year, options).await?;
    print(options, bilag, filled, &measured)?;
    Ok(ExitCode::SUCCESS)
}

async fn newest(store: &Store) -> anyhow::Result<Timestamp> {
    use oir_flow::ports::views::{BilagFilter, Views};
    let everything = oir_domain::access::Scope::everything();
    let all = BilagFilter::default();
    let page = store.list(&everything, &all, None, 1).await?;
    Ok(page.first().context("ingen bilag")?.modtaget)
}

/// All 98 municipalities.
fn register() -> RegisterData {
    let now = Timestamp::now();
    let plan = DayPlan {
        seed: 1,
        bilag: 0,
        day: day_of(now, &copenhagen()),
        now,
        kommuner: 98,
        receiver_url: super::NOWHERE.to_owned(),
        body_limit: 1 << 20,
    };
    oir_fagsystem::day(&plan).register
}

struct Measurements {
    pages: Vec<Took>,
    exports: Vec<Export>,
}

async fn measure(
    store: &Store,
    year: &Year,
    options: &BenchPortal,
) -> anyhow::Result<Measurements> {
    let drift = Visitor::enter("drift", portal(store, false).await?, 0).await?;
    let large = Visitor::enter("stor kommune", portal(store, false).await?, 1).await?;
    let own: Vec<_> = year
        .samples
        .iter()
        .filter(|s| s.kommune == LARGE)
        .cloned()
        .collect();
    let (everywhere, here) = (questions::all(&year.samples), questions::all(&own));
    let mut pages = Vec::new();
    let count = usize::from(options.requests);
    for (visitor, asked) in [(&drift, &everywhere), (&large, &here)] {
        for question in asked {
            pages.extend(visitor.ask(question, count).await?);
        }
    }
    pages.extend(http(portal(store, true).await?, &everywhere, count).await?);
    let all = "/bilag.csv?tilstand=bogfoert";
    let csv = drift.csv(all, EXPORTED).await?;
    let (period, rows) = period(year);
    let xlsx = drift.xlsx(&format!("/bilag.xlsx?{period}"), rows).await?;
    Ok(Measurements {
        pages,
        exports: vec![csv, xlsx],
    })
}

/// The last days that together have about as many bilag as are to be taken out.
fn period(year: &Year) -> (String, u64) {
    let (first, rows) = year.last(EXPORTED);
    (format!("fra={first}"), rows)
}

async fn portal(store: &Store, operator: bool) -> anyhow::Result<Router> {
    let hub = house::silent_hub(store, Timing::STANDARD, Settings::STANDARD).await?;
    let person = |navn: &str, grant: Option<Grant>| Person {
        subject: navn.into(),
        navn: navn.into(),
        grants: grant.into_iter().collect(),
    };
    let persons = [
        person("Drift", Grant::try_new(Role::Drift, None, None)),
        person(
            "Finans",
            Grant::try_new(Role::OekonomiFinans, Some(LARGE), None),
        ),
    ];
    let door = if operator {
        Door::Operator
    } else {
        Door::Invented(persons.into())
    };
    let entrance = house::entrance(store, door, false, SessionLimits::STANDARD);
    let watch = house::watch(store, None, alarm::Limits::STANDARD);
    Ok(house::portal(
        &hub,
        store,
        entrance,
        watch,
        Statement::default(),
    ))
}

async fn http(portal: Router, asked: &[Question], count: usize) -> anyhow::Result<Vec<Took>> {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", socket.local_addr()?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let until = async move { drop(stopped.await) };
    let serving =
        tokio::spawn(async move { listener::serve(socket, portal, Limits::STANDARD, until).await });
    let mut took = Vec::new();
    for question in asked.iter().filter(|q| OVER_HTTP.contains(&q.name)) {
        took.push(over_http(&url, question, count).await?);
    }
    drop(stop);
    serving.await??;
    Ok(took)
}

fn print(
    options: &BenchPortal,
    bilag: u64,
    filled: f64,
    measured: &Measurements,
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if options.json {
        let pages: Vec<_> = measured.pages.iter().map(Took::json).collect();
        let exports: Vec<_> = measured.exports.iter().map(Export::json).collect();
        let all = json!({ "bilag": bilag, "postings": bilag * POSTINGS, "filled_s": filled,
                          "pages": pages, "exports": exports });
        writeln!(out, "{all}")?;
        return Ok(());
    }
    let place = if house::is_postgres(&options.database) {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    writeln!(
        out,
        "{place}: {bilag} bilag, omkring {} posteringer, fyldt på {filled:.0} s\n\n\
         | hvem | spørgsmål | antal | p50 ms | p95 ms | max ms |\n|---|---|---|---|---|---|",
        bilag * POSTINGS
    )?;
    for took in &measured.pages {
        writeln!(
            out,
            "| {} | {} | {} | {:.1} | {:.1} | {:.1} |",
            took.who, took.name, took.count, took.p50, took.p95, took.max
        )?;
    }
    writeln!(
        out,
        "\n| fil | rækker | s | rækker/s | MB før | MB højst |\n|---|---|---|---|---|---|"
    )?;
    for export in &measured.exports {
        writeln!(
            out,
            "| {} | {} | {:.2} | {:.0} | {} | {} |",
            export.form,
            export.rows,
            export.seconds,
            export.rate(),
            export.before / 1_000_000,
            export.peak / 1_000_000
        )?;
    }
    Ok(())
}
