//! A draft run over the past: which postings would land elsewhere, and what that does to each
//! account. Takes the past page by page and keeps no posting: memory grows with accounts and
//! changes between them, not with years.
//!
//! Every posting is asked as if the draft had ruled on its day. On days before the draft is in
//! force the older version rules, whatever this says: what is counted `from_day` is what the
//! draft would change in truth, the rest is what it would have changed.

mod report;

use std::sync::Arc;

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::ids::BilagId;
use crate::message::State;
use crate::money::{Oere, Overflow, Turnover};

use super::compiled::Compiled;
use super::map::Konteringslinje;
use super::posting::{Posting, Values};
use super::rule::Rule;

pub use report::{
    CHANGES_MAX, Change, Count, EXAMPLES_MAX, Example, KontoShift, Landing, SimulationReport,
};

/// A posting of the past, as it was sent and where it went.
#[derive(Debug)]
pub struct Past<'p, V: ?Sized> {
    /// Its bilag. Postings of one bilag come one after the other.
    pub bilag: BilagId,
    /// Its line there.
    pub linjenummer: u32,
    /// What rules are asked about.
    pub posting: Posting<'p, V>,
    /// Its amount.
    pub beloeb: Oere,
    /// Where its bilag is.
    pub state: &'p State,
    /// Where it was booked or is to be; empty = it has no account.
    pub lines: &'p [Konteringslinje],
}

/// Whether the books have the bilag, or perhaps have it.
const fn is_booked(state: &State) -> bool {
    match state {
        State::Sending { .. }
        | State::AwaitingReceipt { .. }
        | State::Uncertain { .. }
        | State::Booked { .. } => true,
        State::Rejected
        | State::Held
        | State::Mapped
        | State::Waiting { .. }
        | State::Refused
        | State::Parked { .. } => false,
    }
}

/// A number for each account that was met.
#[derive(Debug, Default)]
struct Kontos {
    numbers: FxHashMap<Box<str>, u32>,
    shifts: Vec<KontoShift>,
}

impl Kontos {
    fn number(&mut self, konto: &str) -> u32 {
        if let Some(number) = self.numbers.get(konto) {
            return *number;
        }
        let number = u32::try_from(self.shifts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(konto.into(), number);
        self.shifts.push(KontoShift {
            konto: konto.into(),
            before: Turnover::default(),
            after: Turnover::default(),
        });
        number
    }

    fn shift(&mut self, number: u32) -> Option<&mut KontoShift> {
        self.shifts.get_mut(usize::try_from(number).ok()?)
    }
}

/// A part of an amount on the account with that number.
type Part = (u32, Oere);

/// Accounts by number, or why there is none, as a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Place {
    Kontos(Box<[u32]>),
    NoRule,
    Lacks(Box<str>),
}

/// A change while it is being counted.
#[derive(Debug)]
struct Counted {
    count: Count,
    last: BilagId,
    examples: Vec<Example>,
}

/// A run of a draft over the past.
#[derive(Debug)]
pub struct Simulation {
    draft: Arc<Compiled>,
    in_force_from: Option<Date>,
    kontos: Kontos,
    changes: FxHashMap<(Place, Place), Counted>,
    used: FxHashMap<u32, u64>,
    report: SimulationReport,
    before: Vec<Part>,
    after: Vec<Part>,
}

/// What the draft says of a posting.
enum Verdict<'d> {
    Rule(&'d Rule),
    NoRule,
    Lacks(&'d str),
}

impl Simulation {
    /// A run of a draft that is to be in force from a day; none = no day is said yet, and
    /// nothing counts as from it on.
    #[must_use]
    pub fn new(draft: Arc<Compiled>, in_force_from: Option<Date>) -> Self {
        Self {
            draft,
            in_force_from,
            kontos: Kontos::default(),
            changes: FxHashMap::default(),
            used: FxHashMap::default(),
            report: SimulationReport {
                in_force_from,
                ..SimulationReport::default()
            },
            before: Vec::new(),
            after: Vec::new(),
        }
    }

    /// How many postings were taken so far.
    #[must_use]
    pub const fn postings(&self) -> u64 {
        self.report.postings
    }

    /// Takes one posting.
    ///
    /// # Errors
    /// [`Overflow`] when the sum of an account does not fit.
    pub fn take<V: Values + ?Sized>(&mut self, past: &Past<'_, V>) -> Result<(), Overflow> {
        let draft = Arc::clone(&self.draft);
        let (mut before, mut after) = (
            std::mem::take(&mut self.before),
            std::mem::take(&mut self.after),
        );
        before.clear();
        after.clear();
        let kontos = &mut self.kontos;
        before.extend(
            past.lines
                .iter()
                .map(|l| (kontos.number(&l.konto), l.beloeb)),
        );
        let verdict = landing(&draft, past, kontos, &mut after);
        self.count(past, &verdict);
        let counted = self.compare(past, &verdict, &mut before, &mut after);
        (self.before, self.after) = (before, after);
        counted
    }

    fn count<V: ?Sized>(&mut self, past: &Past<'_, V>, verdict: &Verdict<'_>) {
        let report = &mut self.report;
        let day = past.posting.day;
        report.postings = report.postings.saturating_add(1);
        report.days = Some(
            report
                .days
                .map_or((day, day), |(from, to)| (from.min(day), to.max(day))),
        );
        if self.in_force_from.is_none_or(|from| day < from) {
            report.before_force = report.before_force.saturating_add(1);
        }
        match verdict {
            Verdict::Rule(rule) => {
                let used = self.used.entry(rule.number).or_default();
                *used = used.saturating_add(1);
            }
            Verdict::NoRule | Verdict::Lacks(_) => {
                report.unmapped = report.unmapped.saturating_add(1);
            }
        }
    }

    fn compare<V: ?Sized>(
        &mut self,
        past: &Past<'_, V>,
        verdict: &Verdict<'_>,
        before: &mut Vec<Part>,
        after: &mut Vec<Part>,
    ) -> Result<(), Overflow> {
        let side = past.posting.side;
        for (konto, beloeb) in before.iter() {
            if let Some(shift) = self.kontos.shift(*konto) {
                shift.before.add(side, *beloeb)?;
            }
        }
        for (konto, beloeb) in after.iter() {
            if let Some(shift) = self.kontos.shift(*konto) {
                shift.after.add(side, *beloeb)?;
            }
        }
        let nowhere = before.is_empty() && after.is_empty();
        if before == after && !nowhere {
            return Ok(());
        }
        if nowhere {
            // It had no account and gets none: nothing moves.
            self.report.still_unmapped = self.report.still_unmapped.saturating_add(1);
            return Ok(());
        }
        gather(before)?;
        gather(after)?;
        if before == after {
            return Ok(());
        }
        let elsewhere = elsewhere(before, after, past.beloeb)?;
        let real = self
            .in_force_from
            .is_some_and(|from| from <= past.posting.day);
        let one = Count::one(side, elsewhere, real, real && is_booked(past.state))?;
        let total = match (before.is_empty(), after.is_empty()) {
            (true, _) => &mut self.report.newly_mapped,
            (_, true) => &mut self.report.newly_unmapped,
            (false, false) => &mut self.report.moved,
        };
        total.add(&one)?;
        self.change(past, verdict, (before, after), &one, elsewhere)
    }

    fn change<V: ?Sized>(
        &mut self,
        past: &Past<'_, V>,
        verdict: &Verdict<'_>,
        (before, after): (&[Part], &[Part]),
        one: &Count,
        elsewhere: Oere,
    ) -> Result<(), Overflow> {
        let kontos = |parts: &[Part]| Place::Kontos(parts.iter().map(|part| part.0).collect());
        let from = if before.is_empty() {
            Place::NoRule
        } else {
            kontos(before)
        };
        let (to, rule) = match verdict {
            Verdict::Rule(rule) => (kontos(after), Some(rule.number)),
            Verdict::NoRule => (Place::NoRule, None),
            Verdict::Lacks(facet) => (Place::Lacks((*facet).into()), None),
        };
        let key = (from, to);
        if self.changes.len() >= CHANGES_MAX && !self.changes.contains_key(&key) {
            return self.report.other_changes.add(one);
        }
        let counted = self.changes.entry(key).or_insert_with(|| Counted {
            count: Count::default(),
            last: past.bilag,
            examples: Vec::new(),
        });
        if counted.count.bilag == 0 || counted.last != past.bilag {
            counted.count.bilag = counted.count.bilag.saturating_add(1);
            counted.last = past.bilag;
        }
        counted.count.add(one)?;
        if counted.examples.len() < EXAMPLES_MAX {
            counted.examples.push(Example {
                bilag: past.bilag,
                linjenummer: past.linjenummer,
                day: past.posting.day,
                side: past.posting.side,
                beloeb: past.beloeb,
                elsewhere,
                rule,
            });
        }
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn finish(self) -> SimulationReport {
        let Self {
            kontos,
            changes,
            used,
            mut report,
            ..
        } = self;
        let landing = |place: Place| match place {
            Place::NoRule => Landing::NoRule,
            Place::Lacks(facet) => Landing::Lacks(facet),
            Place::Kontos(numbers) => {
                let named = numbers.iter().filter_map(|number| {
                    let shift = kontos.shifts.get(usize::try_from(*number).ok()?)?;
                    Some(shift.konto.clone())
                });
                Landing::Kontos(named.collect())
            }
        };
        let mut listed: Vec<Change> = changes
            .into_iter()
            .map(|((from, to), counted)| Change {
                from: landing(from),
                to: landing(to),
                count: counted.count,
                examples: counted.examples,
            })
            .collect();
        listed.sort_by(Change::larger_first);
        report.changes = listed;
        report.kontos = kontos.shifts;
        report.kontos.sort_by(|a, b| a.konto.cmp(&b.konto));
        report.used = used.into_iter().collect();
        report.used.sort_unstable();
        report
    }
}

/// Asks the draft, and lays the parts of the amount where it says.
fn landing<'d, V: Values + ?Sized>(
    draft: &'d Compiled,
    past: &Past<'_, V>,
    kontos: &mut Kontos,
    after: &mut Vec<Part>,
) -> Verdict<'d> {
    let Some(rule) = draft.find(&past.posting) else {
        return Verdict::NoRule;
    };
    let mut lay = |target: &'d super::rule::Target, beloeb| {
        let number = match target.konto.as_fixed() {
            Some(konto) => kontos.number(konto),
            None => {
                let filled = target.konto.fill(|facet| past.posting.values.value(facet));
                kontos.number(&filled.map_err(|missing| missing.0)?)
            }
        };
        after.push((number, beloeb));
        Ok::<(), &'d str>(())
    };
    let mut parts = rule.parts(past.beloeb);
    let laid = parts.try_for_each(|(target, beloeb)| lay(target, beloeb));
    match laid {
        Ok(()) => Verdict::Rule(rule),
        Err(facet) => {
            after.clear();
            Verdict::Lacks(facet)
        }
    }
}

/// One part for each account, in the order of their numbers: how a split is written does not
/// matter, only where the amount is in the end.
fn gather(parts: &mut Vec<Part>) -> Result<(), Overflow> {
    if parts.len() < 2 {
        return Ok(());
    }
    parts.sort_unstable();
    let mut gathered: Vec<Part> = Vec::with_capacity(parts.len());
    for (konto, beloeb) in parts.drain(..) {
        match gathered.last_mut() {
            Some((same, sum)) if *same == konto => *sum = sum.checked_add(beloeb)?,
            _ => gathered.push((konto, beloeb)),
        }
    }
    gathered.retain(|part| part.1 != Oere::ZERO);
    *parts = gathered;
    Ok(())
}

/// How much of the amount lands elsewhere: what accounts get more than before. All of it, when
/// it had no account or would have none.
fn elsewhere(before: &[Part], after: &[Part], beloeb: Oere) -> Result<Oere, Overflow> {
    if before.is_empty() || after.is_empty() {
        return Ok(beloeb);
    }
    let mut more = Oere::ZERO;
    for (konto, now) in after {
        let was = before.iter().find(|part| part.0 == *konto);
        let was = was.map_or(Oere::ZERO, |part| part.1);
        if now > &was {
            more = more.checked_add(now.checked_sub(was)?)?;
        }
    }
    Ok(more)
}
