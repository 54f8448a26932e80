//! A draft run over the past, page by page: while one page is compared the next one is read.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::calendar::copenhagen;
use oir_domain::ids::BilagId;
use oir_domain::omsaetning::{Compiled, Simulated, Simulation, SimulationReport, Stage, Version};

use super::{NotDone, Work, aside};
use crate::ports::StoreFailure;
use crate::ports::omsaetning::{PastPage, PastPosting};

/// How far a simulation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Postings run.
    pub postings: u64,
    /// How much of the days is run, in thousandths, by the time at which bilag were received.
    pub permille: u16,
}

/// A simulation that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// What was found.
    pub report: SimulationReport,
    /// What the version is to remember of it.
    pub simulated: Simulated,
}

impl Work<'_> {
    /// Runs a draft over the postings that were received on some days, both included. Nothing
    /// is written. `progress` is told after each page, and calls it off by breaking.
    ///
    /// # Errors
    /// [`NotDone::CalledOff`]; [`NotDone::NotThere`] also for what is no draft.
    pub async fn simulate(
        &self,
        number: u32,
        days: (Date, Date),
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Ran, NotDone> {
        self.may_simulate()?;
        let version = self.version(number).await?;
        if version.stage != Stage::Draft {
            return Err(NotDone::NotThere);
        }
        let rules = self.rules(number).await?;
        let draft = aside(move || Compiled::lenient(rules).0).await?;
        self.run(&version, draft, days, progress).await
    }

    /// Runs the rules of a version over the past.
    pub(super) async fn run(
        &self,
        version: &Version,
        draft: Compiled,
        days: (Date, Date),
        mut progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Ran, NotDone> {
        let mut simulation = Simulation::new(Arc::new(draft), version.in_force_from);
        let (scope, table) = (self.own(), self.table);
        let read = |after| self.tables.past(&scope, table, days, after);
        let mut page = Some(read(None).await?);
        while let Some(PastPage { postings, next }) = page {
            let last = postings.last().map(|posting| posting.bilag);
            let compare = async { take(&mut simulation, &postings) };
            page = match next {
                Some(next) => {
                    let (coming, compared) = tokio::join!(read(Some(next)), compare);
                    compared?;
                    Some(coming?)
                }
                None => {
                    compare.await?;
                    None
                }
            };
            let told = Progress {
                postings: simulation.postings(),
                permille: match (&page, last) {
                    (Some(_), Some(last)) => permille(last, days),
                    _ => 1_000,
                },
            };
            if progress(told).is_break() {
                return Err(NotDone::CalledOff);
            }
        }
        let report = simulation.finish();
        let simulated = report.simulated(version.edition, self.now, days);
        Ok(Ran { report, simulated })
    }
}

fn take(simulation: &mut Simulation, postings: &[PastPosting]) -> Result<(), StoreFailure> {
    for past in postings {
        let taken = simulation.take(&past.past());
        taken.map_err(|_| StoreFailure::Broken("the sum of an account overflows".into()))?;
    }
    Ok(())
}

/// Where in the days a bilag was received: its id begins with the time.
fn permille(reached: BilagId, days: (Date, Date)) -> u16 {
    let zone = copenhagen();
    let start = |day: Date| {
        let begins = zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible();
        begins.map_or(0, Timestamp::as_millisecond)
    };
    let (from, to) = (start(days.0), start(days.1.tomorrow().unwrap_or(days.1)));
    let at = received(reached).as_millisecond();
    let run = at.saturating_sub(from).saturating_mul(1_000);
    let all = to.saturating_sub(from).max(1);
    u16::try_from(run.saturating_div(all).clamp(0, 999)).unwrap_or(999)
}

fn received(id: BilagId) -> Timestamp {
    let millis = id.as_uuid().as_u128() >> 80;
    let at = i64::try_from(millis).map(Timestamp::from_millisecond);
    at.map_or(Timestamp::UNIX_EPOCH, |at| {
        at.unwrap_or(Timestamp::UNIX_EPOCH)
    })
}
