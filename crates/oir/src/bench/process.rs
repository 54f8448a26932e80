//! What the program takes as a process: to start, to lie idle, and to verify a database.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use oir_store::Store;

use super::child::{Service, memory};
use super::load::{Messages, POSTINGS, Sender};
use super::reading::Court;
use super::wire::Address;

/// Bilag of the verified database: a million postings.
const VERIFIED: u64 = 100_000;
/// Bilag per transaction when it is filled.
const FILL: u64 = 250;
/// How often a process' memory is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// From the start of the process to its first receipt, and its memory before that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub(super) first_receipt: Duration,
    /// Bytes.
    pub(super) idle: u64,
}

/// Starts the service and sends it one message.
pub(super) async fn start(
    folder: &Path,
    database: &str,
    message: Vec<u8>,
) -> anyhow::Result<Start> {
    let started = Instant::now();
    let service = Service::start(folder, database)?;
    let mut connections = Address::parse(&service.url)?.connect(1).await?;
    let idle = service.memory("VmRSS:")?;
    let sender = connections.first_mut().context("ingen forbindelse")?;
    sender.exchange(message).await?;
    Ok(Start {
        first_receipt: started.elapsed(),
        idle,
    })
}

/// `oir verify` over a million postings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verified {
    pub(super) postings: u64,
    /// All checks, digests of the received bytes included.
    pub(super) took: Duration,
    /// The balances alone: what is booked per account, summed from the postings.
    pub(super) balances: Duration,
    /// Bytes.
    pub(super) peak: u64,
}

/// Fills a database and verifies it as its operator would.
pub(super) async fn verify(
    store: &Store,
    database: &str,
    messages: &Messages,
    run: u32,
) -> anyhow::Result<Verified> {
    let court = Court::default();
    for number in 0..VERIFIED / FILL {
        let records = court.records(messages, run, number.saturating_mul(FILL), FILL);
        store.write_rows(store.prepare_rows(&records)?).await?;
    }
    let begun = Instant::now();
    let accounts = store.balances().await?;
    let balances = begun.elapsed();
    ensure!(!accounts.is_empty(), "ingen saldi");
    let begun = Instant::now();
    let mut process = Command::new(std::env::current_exe()?)
        .args(["verify", database])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut said = process.stdout.take().context("intet svar")?;
    let (mut peak, mut look) = (0, tokio::time::interval(LOOK));
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break status;
        }
        peak = peak.max(memory(process.id(), "VmHWM:").unwrap_or(0));
        look.tick().await;
    };
    let took = begun.elapsed();
    let mut report = String::new();
    said.read_to_string(&mut report)?;
    ensure!(status.success(), "databasen holder ikke efterregningen");
    let postings = VERIFIED.saturating_mul(u64::from(POSTINGS));
    let all = format!("{VERIFIED} afsendelser og {postings} posteringer efterregnet");
    ensure!(report.contains(&all), "ikke alt er efterregnet: {report}");
    Ok(Verified {
        postings,
        took,
        balances,
        peak,
    })
}
