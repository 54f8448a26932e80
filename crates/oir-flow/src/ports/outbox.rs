//! Delivery: what is due, who has it, and how a bilag moves on.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::Fault;
use oir_domain::finans::Finansbilag;
use oir_domain::ids::{BilagId, BilagUuid, FagsystemId};
use oir_domain::message::{Outbox as OutboxChange, State};
use oir_domain::money::Oere;
use oir_domain::omsaetning::{Comparison, Prediction, Told};
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::Statements;

use super::Answer;
use super::inbox::Accounts;

/// A bilag's standing: what a step needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Owner.
    pub kommune: Kommunekode,
    /// Our id.
    pub id: BilagId,
    /// The sender's id.
    pub bilag_uuid: BilagUuid,
    /// The sender.
    pub fagsystem: FagsystemId,
    /// Its place in its message, from 0: where its faults say they are.
    pub index: u32,
    /// Copenhagen day of reception, the key of its totals.
    pub dag: Date,
    /// Its debit side, øre.
    pub debet: Oere,
    /// Where it stands.
    pub state: State,
    /// Attempts used so far, whatever the state.
    pub attempts: u32,
    /// Counts its changes; a step names the one it saw.
    pub version: i64,
    /// When it came to stand there.
    pub since: Timestamp,
}

/// One step of one bilag, decided by the domain, to be written.
#[derive(Debug, Clone)]
pub struct Move {
    /// The bilag as it was seen.
    pub seen: Standing,
    /// Where it goes.
    pub to: State,
    /// What its outbox row shows afterwards.
    pub outbox: OutboxChange,
    /// When a row that is due later, leased or to be asked about is due again.
    pub due: Timestamp,
    /// The event's word for the timeline.
    pub event: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// A few words for the timeline, e.g. the books' reason; never personal data.
    pub detail: Option<Box<str>>,
    /// Faults that came with it.
    pub faults: Vec<Fault>,
    /// Accounts, when the step maps a held bilag.
    pub accounts: Accounts,
    /// What became of a prediction, when the step is the books' last word on a bilag that they
    /// map themselves.
    pub compared: Option<Compared>,
}

/// A prediction held against the books' answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// How it came out.
    pub comparison: Comparison,
    /// The accounts that the books named.
    pub told: Vec<Told>,
}

/// How a write of moves went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// All are durable.
    Done,
    /// Some bilag had moved meanwhile; nothing was written.
    Stale,
}

/// How much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Outbox rows.
    pub rows: u64,
    /// When the oldest due row became due, of those whose receiver is not paused.
    pub oldest_due: Option<Timestamp>,
    /// Since when the oldest one that was sent without an answer is uncertain.
    pub oldest_uncertain: Option<Timestamp>,
}

/// What a worker asks for.
#[derive(Debug, Clone, Copy)]
pub struct Lease<'a> {
    /// Who takes it.
    pub owner: &'a str,
    /// What is due by now.
    pub now: Timestamp,
    /// For how long.
    pub until: Timestamp,
    /// Rows at the most.
    pub limit: u32,
    /// Not of these municipalities.
    pub avoid: &'a [Kommunekode],
}

/// The delivering side of the store.
pub trait Outbox: Send + Sync + std::fmt::Debug {
    /// Leases due rows of one municipality and one sender; empty when nothing is due. A row
    /// whose lease ran out is due. Two workers never get the same row.
    fn claim<'a>(&'a self, lease: &'a Lease<'a>) -> Answer<'a, Vec<Standing>>;

    /// Writes steps with their events, faults, totals and outbox rows in one durable
    /// transaction, or nothing.
    fn advance<'a>(&'a self, moves: &'a [Move]) -> Answer<'a, Advance>;

    /// Reads bilag with the accounts they were mapped to (in `kontering`), in the order
    /// of the ids.
    fn load<'a>(&'a self, kommune: Kommunekode, ids: &'a [BilagId])
    -> Answer<'a, Vec<Finansbilag>>;

    /// What was said beforehand of those of the bilag that the ERP maps by itself.
    fn foreseen<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<(BilagId, Prediction)>>;

    /// The standing of a bilag by the sender's id.
    fn standing<'a>(
        &'a self,
        kommune: Kommunekode,
        bilag_uuid: BilagUuid,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Option<Standing>>;

    /// Held bilag after an id, in order, for mapping anew.
    fn held<'a>(
        &'a self,
        after: Option<(Kommunekode, BilagId)>,
        limit: u32,
    ) -> Answer<'a, Vec<Standing>>;

    /// How much waits.
    fn backlog(&self, now: Timestamp) -> Answer<'_, Backlog>;

    /// When the next row falls due; none when there is none.
    fn next_due(&self) -> Answer<'_, Option<Timestamp>>;

    /// What we hold as booked, by booking date (`Bogfoeringsdato`), both days included.
    fn booked(&self, kommune: Option<Kommunekode>, from: Date, to: Date) -> Answer<'_, Statements>;
}
