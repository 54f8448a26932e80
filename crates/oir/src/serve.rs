//! `oir serve`: the service itself, in one process or in several over one PostgreSQL.

mod certificates;
pub(crate) mod config;
mod identity;
pub(crate) mod mail;

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use oir_domain::calendar::{copenhagen, day_of};
use oir_flow::follow;
use oir_flow::hub::Hub;
use oir_flow::{days, worker};
use oir_store::Store;
use oir_web::Router;
use oir_web::machine::listener::{self, Limits};
use oir_web::portal::door::Door;
use rustix::fs::{FlockOperation, flock};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cli::Serve;
use crate::house;
use crate::process::SystemClock;
use config::{Config, MachineSignIn, Role};
use identity::Identity;

/// Runs until told to stop (SIGTERM or Ctrl-C).
pub(crate) async fn run(options: Serve) -> anyhow::Result<ExitCode> {
    let config = Config::read(options.config.as_deref(), options.database, &options.role)?;
    crate::log::start(&config.log);
    let file = database_file(&config);
    let _held = file.as_deref().map(hold).transpose()?;
    let store = house::open_with(&config.database, config.postgres.connections).await?;
    if store.adopt_sortiment(jiff::Timestamp::now()).await? {
        tracing::info!("the values of the register became a classification");
    }
    let hub = if config.has(Role::Intake) {
        house::hub(&store, config.timing(), config.calls()).await?
    } else {
        house::silent_hub(&store, config.timing(), config.calls()).await?
    };
    if hub.register().myndigheder().next().is_none() {
        tracing::warn!("the register is empty; fill it with `oir register import`");
    }
    let (stop, stopping) = watch::channel(false);
    let mut running = JoinSet::new();
    listen(&config, &store, &hub, &stopping, &mut running).await?;
    work(&config, &hub, &stopping, &mut running);
    if config.has(Role::Worker) {
        let (search, clock) = (Arc::new(store.clone()), Arc::new(SystemClock));
        running.spawn(follow::follow(search, clock, stopping.clone()));
    }
    if let Some(mail) = config.mail.as_ref().filter(|_| config.has(Role::Worker)) {
        running.spawn(mail.worker(&hub, &store, stopping.clone())?);
    }
    wait_for_signal().await?;
    tracing::info!("stopping");
    stop.send_replace(true);
    // Rounds of delivery end within their call's limit; a lease covers what does not.
    let patience = Duration::from_secs(config.operation.stop_seconds.saturating_add(1));
    let ended = tokio::time::timeout(patience, async {
        while running.join_next().await.is_some() {}
    });
    if ended.await.is_err() {
        tracing::warn!("stopped with calls under way; they are asked about at the next start");
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

fn database_file(config: &Config) -> Option<PathBuf> {
    (!house::is_postgres(&config.database)).then(|| PathBuf::from(&config.database))
}

/// Holds an SQLite file for this process alone: two that deliver from one file would each
/// think it had it to itself. The lock goes with the process, however it ends.
fn hold(database: &Path) -> anyhow::Result<File> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = File::create(&path).with_context(|| format!("låsefilen {}", path.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        bail!("databasen {} bruges af en anden proces", database.display());
    }
    Ok(file)
}

async fn listen(
    config: &Config,
    store: &Store,
    hub: &Hub,
    stop: &watch::Receiver<bool>,
    running: &mut JoinSet<()>,
) -> anyhow::Result<()> {
    let limits = Limits {
        headers: Duration::from_secs(config.service.header_seconds),
        connections: config.service.connections,
        stop: Duration::from_secs(config.operation.stop_seconds),
        ..Limits::STANDARD
    };
    let start = |what, socket, routes| server(what, socket, routes, limits, stop.clone());
    let operation = bind("operation", config.operation.listen).await?;
    let folder = house::folder(&config.database);
    let watch = house::watch(store, folder, config.alarm_limits());
    let routes = house::operation(hub, store, watch);
    running.spawn(start("operation", operation, routes));
    let mut service_at = config.service.listen;
    if config.has(Role::Intake) {
        let service = bind("service", config.service.listen).await?;
        service_at = service.local_addr()?;
        let routes = match config.service.sign_in {
            MachineSignIn::Off => house::open_service(hub, store),
            MachineSignIn::Required => {
                let issuer = match config.service.public_url.as_str() {
                    "" => format!("http://{service_at}"),
                    url => url.to_owned(),
                };
                house::service(hub, store, &house::keyring(store), &issuer)
            }
        };
        running.spawn(start("service", service, routes));
    }
    if config.has(Role::Web) {
        let portal = bind("portal", config.portal.listen).await?;
        let service = format!("http://{service_at}{}", oir_wire::finans::SERVICE_PATH);
        let pages = pages(config, store, hub, stop, running)?;
        let pages = pages.merge(oir_web::portal::service_at(&service));
        let pages = match &config.identity {
            Some(identity) => oir_web::portal::hosts::only(pages, Some(identity.host())),
            None => oir_web::portal::hosts::only(pages, None),
        };
        running.spawn(start("portal", portal, pages));
        let (hub, store, stop) = (hub.clone(), store.clone(), stop.clone());
        match config.portal.reconcile_minutes {
            0 => running.spawn(answer(hub, store, stop)),
            minutes => running.spawn(compare(hub, store, minutes, stop)),
        };
    }
    Ok(())
}

/// The portal's routes, with what watches over them.
fn pages(
    config: &Config,
    store: &Store,
    hub: &Hub,
    stop: &watch::Receiver<bool>,
    running: &mut JoinSet<()>,
) -> anyhow::Result<Router> {
    let door = match &config.identity {
        Some(identity) => identity.door(hub)?,
        None => Door::Operator,
    };
    let secure = config.identity.as_ref().is_some_and(Identity::is_secure);
    let entrance = house::entrance(store, door, secure, config.session_limits());
    let provider = match &entrance.door {
        Door::Provider { provider, .. } => Some(Arc::clone(provider)),
        Door::Operator | Door::Invented(_) => None,
    };
    let files = config.operation.certificates.clone();
    running.spawn(certificates::follow(
        store.clone(),
        provider,
        files,
        stop.clone(),
    ));
    let folder = house::folder(&config.database);
    let watch = house::watch(store, folder, config.alarm_limits());
    let statement = config.statement.statement();
    Ok(house::portal(hub, store, entrance, watch, statement))
}

async fn bind(what: &'static str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = TcpListener::bind(address).await;
    let socket = socket.with_context(|| format!("adressen {address} ({what}) kan ikke bruges"))?;
    let address = socket.local_addr()?;
    tracing::info!(what, %address, "listening");
    Ok(socket)
}

async fn server(
    what: &'static str,
    socket: TcpListener,
    routes: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    match listener::serve(socket, routes, limits, stopped).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!(what, "stopped with requests under way"),
        Err(error) => tracing::error!(what, %error, "stopped listening"),
    }
}

fn work(config: &Config, hub: &Hub, stop: &watch::Receiver<bool>, running: &mut JoinSet<()>) {
    running.spawn(worker::follow(hub.clone(), stop.clone()));
    if config.has(Role::Worker) {
        let process = std::process::id();
        for number in 0..config.delivery.workers {
            let owner = format!("{process}-{number}");
            running.spawn(worker::run(hub.clone(), owner, stop.clone()));
        }
    }
}

/// How often the pages' questions to the books are looked for.
const QUESTIONS: Duration = Duration::from_secs(3);

/// Asks the books for their totals of every booking date every so often, and in between
/// whatever somebody asked for on a page.
async fn compare(hub: Hub, store: Store, minutes: u32, mut stop: watch::Receiver<bool>) {
    let pause = Duration::from_secs(u64::from(minutes).saturating_mul(60));
    let mut next = tokio::time::Instant::now();
    while !*stop.borrow() {
        if tokio::time::Instant::now() >= next {
            next += pause;
            round(&hub, &store).await;
        }
        if let Err(failure) = days::answer_questions(&hub, &store).await {
            tracing::error!(%failure, "questions to the books cannot be answered");
        }
        tokio::select! {
            () = tokio::time::sleep(QUESTIONS) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Answers the pages' questions to the books only.
pub(crate) async fn answer(hub: Hub, store: Store, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(failure) = days::answer_questions(&hub, &store).await {
            tracing::error!(%failure, "questions to the books cannot be answered");
        }
        tokio::select! {
            () = tokio::time::sleep(QUESTIONS) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn round(hub: &Hub, store: &Store) {
    let today = day_of(hub.instant(), &copenhagen());
    match days::compare(hub, store, days::booking_dates(today)).await {
        Ok(round) => {
            metrics::gauge!("oir_reconcile_differences").set(count(round.differences));
            metrics::gauge!("oir_reconcile_silent").set(count(round.silent));
            if round.differences > 0 {
                let differences = round.differences;
                tracing::warn!(differences, "the books' control totals differ from ours");
            }
        }
        Err(failure) => tracing::error!(%failure, "control totals cannot be compared"),
    }
    if let Err(failure) = days::count_times(store).await {
        tracing::error!(%failure, "booking times cannot be counted");
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

async fn wait_for_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        pressed = tokio::signal::ctrl_c() => pressed?,
    }
    Ok(())
}
