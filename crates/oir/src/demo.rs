//! `oir demo`: a whole working day in one process, over real SOAP on loopback.

mod agreement;
mod earlier;
mod guides;
mod kontoplaner;
mod letters;
mod operation;
mod persons;
mod report;
mod senders;
mod tables;
mod unfinished;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::retry::RetryPolicy;
use oir_erp::{Books, Misbehaviour, Setup};
use oir_fagsystem::{Day, DayPlan};
use oir_flow::hub::{Hub, Timing};
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::process::Clock;
use oir_flow::ports::views::Views;
use oir_flow::reconcile::{Reconciliation, reconcile};
use oir_flow::sign_in::SessionLimits;
use oir_flow::{days, remap, worker};
use oir_store::Store;
use oir_transport::Settings;
use oir_web::machine::{self, listener};
use oir_web::portal::door::Door;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::cli::Demo;
use crate::house;
use crate::process::SystemClock;

/// A demo waits for nobody: short pauses, so that a broken line is healed in seconds.
const TIMING: Timing = Timing {
    lease_ms: 20_000,
    ask_ms: 200,
    call_ms: 10_000,
    patience_ms: 600_000,
    retry: RetryPolicy {
        first_ms: 100,
        longest_ms: 2_000,
        attempts_max: 200,
    },
};
/// A call ends well within the lease.
const CALLS: Settings = Settings {
    connect: Duration::from_secs(2),
    whole: Duration::from_secs(10),
};
/// Municipalities in the demo.
const KOMMUNER: usize = 10;
/// Deliveries under way at a time.
const WORKERS: usize = 4;
/// With nothing moving for so long, the demo says what is left and ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// Everything that runs.
struct Running {
    hub: Hub,
    store: Store,
    books: Books,
    day: Day,
    /// What had been booked before the day began.
    earlier: Reconciliation,
    url: String,
    stop: watch::Sender<bool>,
    ended: Vec<oneshot::Sender<()>>,
}

/// Runs the day; without `--once` the pages stay until interrupted.
pub(crate) async fn run(options: Demo) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let running = start(&options).await?;
    let bar = progress(&options, running.day.len());
    let first = running.day.first_wave();
    let mut sent = senders::Sent::default();
    senders::send(
        &running.day,
        0..first,
        &running.url,
        options.senders,
        &bar,
        &mut sent,
    )
    .await?;
    rest(&running, &bar).await?;
    let all = running.day.len();
    senders::send(
        &running.day,
        first..all,
        &running.url,
        options.senders,
        &bar,
        &mut sent,
    )
    .await?;
    rest(&running, &bar).await?;
    bar.finish_and_clear();
    let compared = compare(&running).await?;
    agreement::reach(&running).await?;
    tell(&running).await?;
    let report = report::make(&running, &sent, &compared, started.elapsed()).await?;
    report.print(&options, &running.url)?;
    if !options.once {
        tokio::signal::ctrl_c().await?;
    }
    running.stop.send_replace(true);
    for end in running.ended {
        end.send(()).ok();
    }
    Ok(ExitCode::from(u8::from(!report.is_sound())))
}

fn progress(options: &Demo, messages: usize) -> ProgressBar {
    if options.json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(messages).unwrap_or(0));
    let form = "{msg:24} {wide_bar} {pos}/{len} beskeder {elapsed}";
    bar.with_style(
        ProgressStyle::with_template(form).unwrap_or_else(|_| ProgressStyle::default_bar()),
    )
    .with_message("sender")
}

async fn start(options: &Demo) -> anyhow::Result<Running> {
    let data = directory(options)?;
    let books_at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let hub_at = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let receiver_url = service_url(&books_at)?;
    let now = SystemClock.now();
    let day = planned(options, now, receiver_url)?;
    let file = data.join("oir.db");
    let database = options
        .database
        .clone()
        .unwrap_or_else(|| file.display().to_string());
    let store = house::open(&database).await?;
    let empty = store.latest_day(&Scope::everything()).await?.is_none();
    ensure!(
        empty,
        "databasen {} har allerede trafik; vælg en tom",
        house::shown(&database)
    );
    let books = Books::open(Some(&data.join("books.db")), &setup(&day))?;
    let url = service_url(&hub_at)?;
    let books_end = serve_books(books_at, &books, options, &url)?;
    let earlier = earlier::happen(&store, day.plan(), &url).await?;
    store.replace_register(&day.register).await?;
    guides::write(&store, &day.register, now).await?;
    kontoplaner::import(&store, &day, now).await?;
    tables::approve(&store, &day.register, now).await?;
    let hub = house::hub(&store, TIMING, CALLS).await?;
    remap::remap_held(&hub).await?;
    let disk = options.database.is_none().then_some(data);
    // Here and nowhere else: `serve` has no way to this door.
    let door = Door::Invented(persons::invented(&day.register).into());
    let entrance = house::entrance(&store, door, false, SessionLimits::STANDARD);
    let watch = house::watch(&store, disk, operation::LIMITS);
    let routes = house::routes(&hub, &store, watch, entrance);
    let ended = vec![books_end, serve_hub(hub_at, routes)];
    let (stop, stopping) = watch::channel(false);
    for number in 0..WORKERS {
        tokio::spawn(worker::run(
            hub.clone(),
            format!("demo-{number}"),
            stopping.clone(),
        ));
    }
    operation::begin(&hub, &store, &day, &stopping).await?;
    tokio::spawn(crate::serve::answer(
        hub.clone(),
        store.clone(),
        stopping.clone(),
    ));
    Ok(Running {
        hub,
        store,
        books,
        day,
        earlier,
        url,
        stop,
        ended,
    })
}

/// The day, and beside it the fagsystemer that are on their way.
fn planned(options: &Demo, now: Timestamp, receiver_url: String) -> anyhow::Result<Day> {
    let mut day = oir_fagsystem::day(&DayPlan {
        seed: options.seed,
        bilag: options.bilag,
        day: today(now),
        now,
        kommuner: KOMMUNER,
        receiver_url,
        body_limit: machine::BODY_MAX,
    });
    let first = day.register.myndigheder.first().map(|m| m.kommune);
    let with_gaps = first.context("demoen har ingen kommuner")?;
    let (register, kontoplan) = (&mut day.register, &mut day.kontoplan);
    oir_fagsystem::beyond::prepare(register, kontoplan, today(now), with_gaps);
    Ok(day)
}

/// Serves the books until what it gives is used or dropped.
fn serve_books(
    at: TcpListener,
    books: &Books,
    options: &Demo,
    hub: &str,
) -> anyhow::Result<oneshot::Sender<()>> {
    let again = crate::erp::again(Some(hub))?;
    let routes =
        oir_erp::server::router(books.clone(), misbehaviour(options), Timestamp::now, again);
    let (end, ending) = oneshot::channel();
    tokio::spawn(oir_erp::server::serve(at, routes, async move {
        drop(ending.await);
    }));
    Ok(end)
}

/// Serves the hub until what it gives is used or dropped.
fn serve_hub(at: TcpListener, routes: oir_web::Router) -> oneshot::Sender<()> {
    let (end, ending) = oneshot::channel();
    let limits = listener::Limits::STANDARD;
    tokio::spawn(listener::serve(at, routes, limits, async move {
        drop(ending.await);
    }));
    end
}

fn today(now: Timestamp) -> Date {
    day_of(now, &copenhagen())
}

fn service_url(listener: &TcpListener) -> anyhow::Result<String> {
    let address = listener.local_addr()?;
    Ok(format!(
        "http://{address}{}",
        oir_wire::finans::SERVICE_PATH
    ))
}

fn directory(options: &Demo) -> anyhow::Result<PathBuf> {
    let fresh = || {
        let name = format!("oir-demo-{}", Timestamp::now().as_millisecond());
        std::env::temp_dir().join(name)
    };
    let data = options.data.clone().unwrap_or_else(fresh);
    std::fs::create_dir_all(&data).with_context(|| format!("mappen {}", data.display()))?;
    Ok(data)
}

fn setup(day: &Day) -> Setup {
    let myndigheder = day.register.myndigheder.iter().map(|m| (m.cvr, m.kommune));
    let kontoplan = day
        .kontoplan
        .iter()
        .map(oir_fagsystem::KontoplanRow::in_the_books);
    Setup {
        myndigheder: myndigheder.collect(),
        kontoplan: kontoplan.collect(),
        ..Setup::default()
    }
}

fn misbehaviour(options: &Demo) -> Misbehaviour {
    Misbehaviour {
        slow_ms: options.books_slow_ms,
        fail_percent: options.books_fail_percent,
        cut_percent: options.books_cut_percent,
        twice_percent: options.books_twice_percent,
        seed: options.seed,
    }
}

/// Waits until nothing is on its way to the books.
async fn rest(running: &Running, bar: &ProgressBar) -> anyhow::Result<()> {
    bar.set_message("venter på økonomisystemet");
    let (mut last, mut moved) = (u64::MAX, Instant::now());
    loop {
        let rows = running.hub.backlog().await?.rows;
        if rows == 0 {
            return Ok(());
        }
        if rows != last {
            (last, moved) = (rows, Instant::now());
        }
        if moved.elapsed() > PATIENCE {
            tracing::warn!(rows, "the books take nothing more");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Writes the invented persons' letters.
async fn tell(running: &Running) -> anyhow::Result<()> {
    let (hub, store, day) = (&running.hub, &running.store, &running.day);
    let when = (day.plan().day, Arc::new(SystemClock) as _);
    letters::write(hub, store, &day.register, when, &running.url).await?;
    Ok(())
}

/// Asks the books for their totals, of the whole month and of last year's last one: the
/// supplementary period books there.
async fn compare(running: &Running) -> anyhow::Result<Reconciliation> {
    let day = running.day.plan().day;
    let from = day
        .first_of_year()
        .saturating_sub(jiff::Span::new().years(1));
    let result = reconcile(&running.hub, from, day.last_of_year()).await?;
    let (hub, store) = (&running.hub, &running.store);
    days::compare(hub, store, (from, day.last_of_year())).await?;
    days::count_times(store).await?;
    Ok(result)
}
