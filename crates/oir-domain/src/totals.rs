//! Control totals: how many bilag stand where, and for how much. Each step of a bilag
//! takes it out of one total and puts it into another, in the same transaction.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::ids::FagsystemId;
use crate::message::StateName;
use crate::money::{Oere, Overflow};
use crate::party::Kommunekode;

/// What a total is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TotalKey {
    /// Municipality.
    pub kommune: Kommunekode,
    /// Copenhagen day of reception.
    pub dag: Date,
    /// Sending system; the nil UUID when it is not known.
    pub fagsystem: FagsystemId,
    /// Where the bilag stand.
    pub state: StateName,
}

/// Number and sum of debit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// Number of bilag; a change may be negative.
    pub antal: i64,
    /// Sum of their debit sides, øre; a change may be negative.
    pub debet: Oere,
}

/// Changes to totals, collected over a transaction and written in key order, so that two
/// writers cannot wait for each other in a ring.
#[derive(Debug, Clone, Default)]
pub struct Changes(BTreeMap<TotalKey, Total>);

impl Changes {
    /// A bilag appears.
    ///
    /// # Errors
    /// [`Overflow`] when the sum does not fit.
    pub fn enter(&mut self, key: TotalKey, debet: Oere) -> Result<(), Overflow> {
        let total = self.0.entry(key).or_default();
        total.antal = total.antal.checked_add(1).ok_or(Overflow)?;
        total.debet = total.debet.checked_add(debet)?;
        Ok(())
    }

    /// A bilag moves from one state to another.
    ///
    /// # Errors
    /// [`Overflow`] when a sum does not fit.
    pub fn step(&mut self, from: TotalKey, to: StateName, debet: Oere) -> Result<(), Overflow> {
        let total = self.0.entry(from).or_default();
        total.antal = total.antal.checked_sub(1).ok_or(Overflow)?;
        total.debet = total.debet.checked_sub(debet)?;
        self.enter(TotalKey { state: to, ..from }, debet)
    }

    /// The changes that are not nothing, in key order.
    pub fn iter(&self) -> impl Iterator<Item = (&TotalKey, &Total)> {
        self.0
            .iter()
            .filter(|(_, total)| **total != Total::default())
    }
}
