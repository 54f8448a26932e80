//! What came of the day: three accounts of it, the senders', the corridor's and the
//! books', held against each other.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use oir_domain::access::Scope;
use oir_domain::message::StateName;
use oir_domain::money::Overflow;
use oir_domain::reconcile::{Statement, Statements, compare};
use oir_flow::ports::views::{FaultCount, Views};
use oir_flow::reconcile::Reconciliation;
use oir_wire::danish;
use serde::Serialize;

use super::Running;
use super::senders::Sent;
use crate::cli::Demo;

/// The result, in the form of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Figures {
    sent: u64,
    received: u64,
    rejected: u64,
    booked: u64,
    refused: u64,
    waiting: u64,
    held: u64,
    lost: u64,
    duplicated: u64,
    difference_oere: i64,
    seconds: f64,
}

/// The result with what the text shows besides.
#[derive(Debug)]
pub(super) struct Report {
    figures: Figures,
    faults: Vec<FaultCount>,
    damage: Vec<String>,
    silent: usize,
    seed: u64,
}

/// Gathers the three accounts.
pub(super) async fn make(
    running: &Running,
    sent: &Sent,
    compared: &Reconciliation,
    elapsed: Duration,
) -> anyhow::Result<Report> {
    let tally = running.day.tally();
    let day = running.day.plan().day;
    let mut states: BTreeMap<StateName, u64> = BTreeMap::new();
    for total in running.store.day(&Scope::everything(), day).await? {
        let sum = states.entry(total.state).or_default();
        *sum = sum.saturating_add(total.antal);
    }
    let state = |name| states.get(&name).copied().unwrap_or(0);
    let kept: u64 = states.values().sum();
    // The day by itself: without what stood in the accounts when it began.
    let ours = since(&compared.ours, &running.earlier.ours)?;
    let theirs = since(&compared.theirs, &running.earlier.theirs)?;
    let booked_there: u64 = theirs.values().map(|s| s.antal).sum();
    let mut difference = 0_i64;
    let planned = compare(&tally.books, &ours);
    for one in compared.differences.iter().chain(&planned) {
        difference =
            difference.saturating_add(one.oere().map_or(i64::MAX, oir_domain::money::Oere::get));
    }
    let damage = running.books.damage()?;
    let (booked, ended) = (
        state(StateName::Booked),
        [
            StateName::Booked,
            StateName::Rejected,
            StateName::Refused,
            StateName::Held,
        ],
    );
    let twice = booked_there.saturating_sub(booked);
    let figures = Figures {
        sent: tally.sent,
        received: kept,
        rejected: state(StateName::Rejected).saturating_add(sent.refused_at_door),
        booked,
        refused: state(StateName::Refused),
        waiting: kept.saturating_sub(ended.iter().map(|name| state(*name)).sum()),
        held: state(StateName::Held),
        lost: tally
            .sent
            .saturating_sub(sent.refused_at_door)
            .saturating_sub(kept),
        duplicated: twice.saturating_add(u64::try_from(damage.len()).unwrap_or(0)),
        difference_oere: difference,
        seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
    };
    Ok(Report {
        figures,
        faults: running
            .store
            .fault_counts(&Scope::everything(), day)
            .await?,
        damage,
        silent: compared.silent.len(),
        seed: running.day.plan().seed,
    })
}

/// What a side's account grew by, of those for whom it did.
fn since(now: &Statements, before: &Statements) -> Result<Statements, Overflow> {
    let mut grown = Statements::new();
    for (key, now) in now {
        let before = before.get(key).copied().unwrap_or_default();
        let one = Statement {
            antal: now.antal.saturating_sub(before.antal),
            debet: now.debet.checked_sub(before.debet)?,
            kredit: now.kredit.checked_sub(before.kredit)?,
        };
        if one != Statement::default() {
            grown.insert(*key, one);
        }
    }
    Ok(grown)
}

impl Report {
    /// Nothing lost, nothing twice, nothing that differs, nobody who did not say.
    pub(super) fn is_sound(&self) -> bool {
        let f = &self.figures;
        f.lost == 0 && f.duplicated == 0 && f.difference_oere == 0 && self.silent == 0
    }

    /// Prints it for people or for machines.
    pub(super) fn print(&self, options: &Demo, url: &str) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if options.json {
            writeln!(out, "{}", serde_json::to_string(&self.figures)?)?;
            return Ok(());
        }
        let f = &self.figures;
        writeln!(
            out,
            "En arbejdsdag med opdigtede bilag (frø {}), {} sekunder",
            self.seed, f.seconds
        )?;
        for (name, number) in [
            ("sendt", f.sent),
            ("modtaget", f.received),
            ("afvist", f.rejected),
            ("bogført", f.booked),
            ("afvist af økonomisystemet", f.refused),
            ("tilbageholdt (mangler konto)", f.held),
            ("venter", f.waiting),
        ] {
            writeln!(out, "  {name:<30} {number:>9}")?;
        }
        writeln!(out, "Fejl og advarsler efter kode:")?;
        for fault in &self.faults {
            writeln!(
                out,
                "  {} {:<42} {:>6}",
                fault.code,
                danish::title(fault.code),
                fault.antal
            )?;
        }
        self.print_agreement(&mut out)?;
        let page = url.replace(oir_wire::finans::SERVICE_PATH, "/");
        if !options.once {
            writeln!(out, "Følg hver besked på {page} (Ctrl-C slutter)")?;
        }
        Ok(())
    }

    fn print_agreement(&self, out: &mut impl Write) -> std::io::Result<()> {
        let f = &self.figures;
        if self.is_sound() {
            return writeln!(
                out,
                "Kontroltotalerne stemmer på øren mellem afsendere, korridor og økonomisystem: \
                 intet tabt, intet bogført to gange."
            );
        }
        writeln!(
            out,
            "STEMMER IKKE: {} tabt, {} dobbelt, {} øre til forskel, {} kommuner uden svar",
            f.lost, f.duplicated, f.difference_oere, self.silent
        )?;
        for damage in &self.damage {
            writeln!(out, "  økonomisystemet: {damage}")?;
        }
        Ok(())
    }
}
