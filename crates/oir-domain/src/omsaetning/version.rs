//! A version of an omsætningstabel from draft to force. Pure: who may do what with it, and when.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::FagsystemId;
use crate::party::Kommunekode;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId {
    /// Whose kontoplan.
    pub kommune: Kommunekode,
    /// Whose sortiment.
    pub fagsystem: FagsystemId,
}

/// How far a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Being written; its rules change.
    Draft,
    /// Approved by another person than its writers; nothing in it ever changes.
    Approved,
    /// Given up; kept, never used.
    Discarded,
}

/// What a simulation of a draft over history found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    /// The edition of the draft that was run: a later edit makes it count no more.
    pub edition: u32,
    /// When.
    pub at: Timestamp,
    /// First and last konteringsdag of the postings that were run.
    pub from: Date,
    /// See `from`.
    pub to: Date,
    /// Postings run.
    pub postings: u64,
    /// Of them, those that would land on another account.
    pub moved: u64,
    /// Of the moved, those of bilag that are booked already, on days from which the draft
    /// would be in force.
    pub booked_moved: u64,
    /// Of all, those that would have no account.
    pub unmapped: u64,
}

/// A version without its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Which table.
    pub table: TableId,
    /// 1, 2, … in the order in which they were begun; 0 came with the register.
    pub number: u32,
    /// How far it is.
    pub stage: Stage,
    /// The version whose rules it began with.
    pub based_on: u32,
    /// Counts the saves of a draft: two people who edit at once have the same one in hand.
    pub edition: u32,
    /// What it is for, in the writer's words.
    pub purpose: Box<str>,
    /// First konteringsdag; none = not said yet.
    pub in_force_from: Option<Date>,
    /// How many rules.
    pub rules: u32,
    /// Everybody who saved it: ids of persons, in the order of their first save.
    pub writers: Vec<Box<str>>,
    /// Begun.
    pub begun: Timestamp,
    /// Last saved.
    pub saved: Timestamp,
    /// The last simulation.
    pub simulated: Option<Simulated>,
    /// Who approved it, and when.
    pub approved: Option<(Box<str>, Timestamp)>,
}

/// Why a version may not be approved. All of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// It is no draft any more.
    NoDraft,
    /// It does not say from which day.
    NoDay,
    /// The approver has written in it.
    OwnWork,
    /// It was not simulated since its last save.
    NotSimulated,
    /// It would move what is booked already; the number of postings. A version in force from a
    /// day that has passed may give accounts to what has none, and nothing else.
    MovesBooked(u64),
    /// Its rules are not right ([`super::check::check`]).
    Faults,
}

/// Whether a person may put a version in force.
///
/// # Errors
/// Everything that stands in the way.
pub fn approve(
    version: &Version,
    person: &str,
    rules_are_right: bool,
) -> Result<Date, Vec<Objection>> {
    let mut objections = Vec::new();
    if version.stage != Stage::Draft {
        objections.push(Objection::NoDraft);
    }
    if version.writers.iter().any(|writer| **writer == *person) {
        objections.push(Objection::OwnWork);
    }
    match &version.simulated {
        Some(simulated) if simulated.edition == version.edition => {
            if simulated.booked_moved > 0 {
                objections.push(Objection::MovesBooked(simulated.booked_moved));
            }
        }
        _ => objections.push(Objection::NotSimulated),
    }
    if !rules_are_right {
        objections.push(Objection::Faults);
    }
    match version.in_force_from {
        Some(day) if objections.is_empty() => Ok(day),
        Some(_) => Err(objections),
        None => {
            objections.push(Objection::NoDay);
            Err(objections)
        }
    }
}
