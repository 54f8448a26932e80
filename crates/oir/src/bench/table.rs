//! The figures as Markdown: medians of the rounds, each beside what it is measured against.

use std::collections::BTreeMap;
use std::io::Write;

use super::load::Measured;
use super::process::{Start, Verified};
use super::reading::Costs;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The other receiver.
    Peer,
    /// Ours over HTTP.
    Http,
    /// Ours in process.
    Inside,
}

/// One load.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    /// Bilag a second.
    pub(super) rate: f64,
    p50: f64,
    /// Milliseconds.
    pub(super) p99: f64,
    /// Messages per transaction.
    pub(super) group: f64,
}

impl Cell {
    /// Of a load that was written in groups of that mean size.
    pub(super) fn of(load: Measured, group: f64) -> Self {
        Self {
            rate: load.rate(),
            p50: f64::from(load.p50) / 1e3,
            p99: f64::from(load.p99) / 1e3,
            group,
        }
    }
}

/// One load and what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measurement {
    what: What,
    place: &'static str,
    senders: u16,
    cell: Cell,
    floor: Option<f64>,
    peak: Option<u64>,
}

impl Measurement {
    pub(super) fn new(what: What, place: &'static str, senders: u16, cell: Cell) -> Self {
        Self {
            what,
            place,
            senders,
            cell,
            floor: None,
            peak: None,
        }
    }

    /// With the floor under it, bilag per second.
    pub(super) fn above(mut self, floor: f64) -> Self {
        self.floor = Some(floor);
        self
    }

    /// With the most memory that the process held, bytes.
    pub(super) fn with_peak(mut self, bytes: u64) -> Self {
        self.peak = Some(bytes);
        self
    }
}

/// Prints costs and measurements.
pub(super) fn print(costs: &Costs, measurements: &[Measurement]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Én besked på {} bytes med {} posteringer, én kerne: læse og validere {:.1} µs, \
         fingeraftryk {:.1} µs, bedømme {:.1} µs\n",
        costs.bytes,
        super::load::POSTINGS,
        costs.read,
        costs.digests,
        costs.judge
    )?;
    writeln!(
        out,
        "| afsendere | hvad | bilag/s | p50 ms | p99 ms | pr. transaktion | gulv/s | af gulvet \
         | af den anden | største hukommelse |\n|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut rows: BTreeMap<_, Vec<Measurement>> = BTreeMap::new();
    for one in measurements {
        let key = (one.senders, one.place, one.what);
        rows.entry(key).or_default().push(*one);
    }
    let theirs = |senders: u16| {
        let peer = rows.get(&(senders, "", What::Peer))?;
        Some(median(peer.iter().map(|m| m.cell.rate)))
    };
    for ((senders, place, what), all) in &rows {
        writeln!(
            out,
            "{}",
            line(*senders, place, *what, all, theirs(*senders))
        )?;
    }
    Ok(())
}

/// Prints what a process took on one database.
pub(super) fn print_process(place: &str, start: Start, verified: Verified) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "\n{place}: første kvittering {} ms efter start, {} MB i hvile; \
         {} posteringer: saldi på {:.2} s, hele `oir verify` på {:.2} s og {} MB",
        start.first_receipt.as_millis(),
        start.idle / 1_000_000,
        verified.postings,
        verified.balances.as_secs_f64(),
        verified.took.as_secs_f64(),
        verified.peak / 1_000_000,
    )?;
    Ok(())
}

fn line(senders: u16, place: &str, what: What, all: &[Measurement], peer: Option<f64>) -> String {
    let of = |value: fn(&Measurement) -> f64| median(all.iter().map(value));
    let rate = of(|m| m.cell.rate);
    let name = match what {
        What::Peer => "den anden".to_owned(),
        What::Http => format!("{place}, HTTP"),
        What::Inside => format!("{place}, i processen"),
    };
    let floors: Vec<f64> = all.iter().filter_map(|m| m.floor).collect();
    let (floor, share) = if floors.is_empty() {
        ("–".to_owned(), "–".to_owned())
    } else {
        // Each round against its own floor: the machine is not equally fast in all.
        let shares = all
            .iter()
            .filter_map(|m| m.floor.map(|floor| m.cell.rate / floor));
        let share = format!("{:.2}", median(shares));
        (format!("{:.0}", median(floors.into_iter())), share)
    };
    let of_peer = peer
        .filter(|_| what != What::Peer)
        .map_or_else(|| "–".to_owned(), |peer| format!("{:.1}", rate / peer));
    let peak = all.iter().filter_map(|m| m.peak).max();
    let peak = peak.map_or_else(|| "–".to_owned(), |b| format!("{} MB", b / 1_000_000));
    format!(
        "| {senders} | {name} | {rate:.0} | {:.2} | {:.2} | {:.1} | {floor} | {share} | {of_peer} \
         | {peak} |",
        of(|m| m.cell.p50),
        of(|m| m.cell.p99),
        of(|m| m.cell.group),
    )
}

/// The middle one; nothing of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
