//! What a simulation found.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::BilagId;
use crate::money::{Oere, Overflow, Side, Turnover};

use super::super::version::Simulated;

/// Most changes that are told apart; what is beyond them is counted together
/// ([`SimulationReport::other_changes`]). A person reads the largest of them.
pub const CHANGES_MAX: usize = 20_000;

/// Most postings that are named for one change.
pub const EXAMPLES_MAX: usize = 20;

/// Where a posting lands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Landing {
    /// On these accounts, each once.
    Kontos(Vec<Box<str>>),
    /// Nowhere: no rule is for it; or, of the past, it has no account.
    NoRule,
    /// Nowhere: the rule's account takes over the value of this facet, and the posting has none.
    Lacks(Box<str>),
}

/// How many, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Postings.
    pub postings: u64,
    /// Bilag that they are in; only told of one change, as a bilag may be in several.
    pub bilag: u64,
    /// What of their amounts lands elsewhere, by side.
    pub elsewhere: Turnover,
    /// Of the postings, those on days from which the draft would be in force.
    pub from_day: u64,
    /// Of those from that day on, those that the books have, or perhaps have.
    pub booked: u64,
}

impl Count {
    pub(super) fn one(
        side: Side,
        elsewhere: Oere,
        real: bool,
        booked: bool,
    ) -> Result<Self, Overflow> {
        let mut one = Self {
            postings: 1,
            from_day: u64::from(real),
            booked: u64::from(booked),
            ..Self::default()
        };
        one.elsewhere.add(side, elsewhere)?;
        Ok(one)
    }

    pub(super) fn add(&mut self, one: &Self) -> Result<(), Overflow> {
        self.postings = self.postings.saturating_add(one.postings);
        self.from_day = self.from_day.saturating_add(one.from_day);
        self.booked = self.booked.saturating_add(one.booked);
        self.elsewhere.add(Side::Debit, one.elsewhere.debit)?;
        self.elsewhere.add(Side::Credit, one.elsewhere.credit)
    }
}

/// A posting of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Its bilag.
    pub bilag: BilagId,
    /// Its line there.
    pub linjenummer: u32,
    /// Its konteringsdag.
    pub day: Date,
    /// Its side.
    pub side: Side,
    /// Its amount.
    pub beloeb: Oere,
    /// What of that lands elsewhere.
    pub elsewhere: Oere,
    /// The draft's rule; none = it has none for it.
    pub rule: Option<u32>,
}

/// Postings that would land elsewhere in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where they are.
    pub from: Landing,
    /// Where they would be. The same accounts = in other shares.
    pub to: Landing,
    /// How many.
    pub count: Count,
    /// The first of them, at most [`EXAMPLES_MAX`].
    pub examples: Vec<Example>,
}

impl Change {
    /// The larger amount first, then the more postings, then by account.
    pub(super) fn larger_first(&self, other: &Self) -> Ordering {
        let size = |change: &Self| {
            let sum = change.count.elsewhere;
            let wide = |oere: Oere| i128::from(oere.get());
            let oere = wide(sum.debit).saturating_add(wide(sum.credit));
            (oere, change.count.postings)
        };
        let by_size = size(other).cmp(&size(self));
        by_size.then_with(|| (&self.from, &self.to).cmp(&(&other.from, &other.to)))
    }
}

/// An account and what was run, with and without the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KontoShift {
    /// The account.
    pub konto: Box<str>,
    /// What is on it.
    pub before: Turnover,
    /// What would be.
    pub after: Turnover,
}

impl KontoShift {
    /// Whether the draft changes its sums.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.before != self.after
    }
}

/// What a simulation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimulationReport {
    /// From which day the draft would be in force; none = not said.
    pub in_force_from: Option<Date>,
    /// First and last konteringsdag; none = no posting.
    pub days: Option<(Date, Date)>,
    /// Postings run.
    pub postings: u64,
    /// Of them, those on days on which the older version still rules: the draft will not be
    /// asked about them.
    pub before_force: u64,
    /// Had an account and would be on another, or in other shares.
    pub moved: Count,
    /// Had none and would have one.
    pub newly_mapped: Count,
    /// Had one and would have none.
    pub newly_unmapped: Count,
    /// Had none and would have none.
    pub still_unmapped: u64,
    /// All that would have none.
    pub unmapped: u64,
    /// What would land elsewhere, the largest amount first.
    pub changes: Vec<Change>,
    /// What is in none of `changes`, because there are more than [`CHANGES_MAX`].
    pub other_changes: Count,
    /// Accounts, in the order of their texts.
    pub kontos: Vec<KontoShift>,
    /// Rules of the draft that decided something, by number, and for how many postings.
    pub used: Vec<(u32, u64)>,
}

impl SimulationReport {
    /// What the version remembers of it. An account lost is moved, too: what is booked there
    /// would not be booked again. `asked` are the days that were asked for: what it says of an
    /// empty past.
    #[must_use]
    pub fn simulated(&self, edition: u32, at: Timestamp, asked: (Date, Date)) -> Simulated {
        let (from, to) = self.days.unwrap_or(asked);
        let (moved, lost) = (&self.moved, &self.newly_unmapped);
        Simulated {
            edition,
            at,
            from,
            to,
            postings: self.postings,
            moved: moved.postings.saturating_add(lost.postings),
            booked_moved: moved.booked.saturating_add(lost.booked),
            unmapped: self.unmapped,
        }
    }
}
