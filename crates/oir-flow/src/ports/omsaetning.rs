//! Omsætningstabeller as the store keeps them: versions, their rules, and the history that a
//! draft is run over.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{Posteringstype, Sortimentsvaerdi};
use oir_domain::ids::{BilagId, FagsystemId};
use oir_domain::message::State;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::coverage::Seen;
use oir_domain::omsaetning::{Konteringslinje, Past, Posting, Rule, Simulated, TableId, Version};

use super::Answer;
use super::sessions::Deed;

/// A table as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableLine {
    /// Which.
    pub table: TableId,
    /// The newest approved version; 0 = what came with the register.
    pub approved: u32,
    /// How many rules that one has.
    pub rules: u32,
    /// The draft that is being written.
    pub draft: Option<u32>,
    /// Bilag that wait for an account.
    pub held: u64,
}

/// Whether other municipalities may copy a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// They may: its owner has said so.
    Shared,
    /// Only those may who see it anyhow.
    Private,
}

/// A table that a draft may be copied from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// Which.
    pub table: TableId,
    /// Its newest approved version.
    pub approved: u32,
    /// How many rules that one has; at least one.
    pub rules: u32,
    /// Whether its owner lets everybody copy it.
    pub sharing: Sharing,
}

/// What a new draft begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDraft {
    /// Which table.
    pub table: TableId,
    /// The version it begins with; its number is kept for the record.
    pub based_on: u32,
    /// What it is for.
    pub purpose: Box<str>,
    /// From which day.
    pub in_force_from: Option<Date>,
    /// Its rules: those of `based_on`, or of another municipality's table.
    pub rules: Vec<Rule>,
    /// The writer's id.
    pub writer: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// A save of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Save {
    /// Which table.
    pub table: TableId,
    /// Which draft.
    pub number: u32,
    /// The edition it was made from; another one there = [`Written::Stale`].
    pub edition: u32,
    /// What it is for.
    pub purpose: Box<str>,
    /// From which day.
    pub in_force_from: Option<Date>,
    /// All its rules; none = they stay.
    pub rules: Option<Vec<Rule>>,
    /// The writer's id.
    pub writer: Box<str>,
    /// When.
    pub at: Timestamp,
}

/// How a write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is durable; the edition or number there now.
    Done(u32),
    /// Somebody else wrote meanwhile, or the version is no draft any more.
    Stale,
}

/// A posting of the past, as it was sent and where it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPosting {
    /// Its bilag.
    pub bilag: BilagId,
    /// Its line there.
    pub linjenummer: u32,
    /// Its values.
    pub sortiment: Vec<Sortimentsvaerdi>,
    /// Its side.
    pub side: Side,
    /// Its amount.
    pub beloeb: Oere,
    /// Its konteringsdag.
    pub day: Date,
    /// Its year.
    pub regnskabsaar: Regnskabsaar,
    /// Its kind.
    pub posteringstype: Posteringstype,
    /// Where the bilag is.
    pub state: State,
    /// Where it was booked or is to be; empty = it has no account.
    pub lines: Vec<Konteringslinje>,
}

impl PastPosting {
    /// The posting as a simulation takes it.
    #[must_use]
    pub fn past(&self) -> Past<'_, [Sortimentsvaerdi]> {
        Past {
            bilag: self.bilag,
            linjenummer: self.linjenummer,
            posting: Posting {
                values: &self.sortiment,
                side: self.side,
                day: self.day,
                regnskabsaar: self.regnskabsaar,
                posteringstype: self.posteringstype,
            },
            beloeb: self.beloeb,
            state: &self.state,
            lines: &self.lines,
        }
    }
}

/// Where a reading of the past goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastCursor {
    /// After this bilag.
    pub bilag: BilagId,
}

/// A page of the past: whole bilag, in the order of reception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPage {
    /// Postings of accepted bilag: held, on their way, or booked; rejected ones are not there.
    pub postings: Vec<PastPosting>,
    /// Where the next page begins; none = that was all.
    pub next: Option<PastCursor>,
}

/// Values that traffic brought together on postings of one table, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenValues {
    /// Values by facet, as sent.
    pub sortiment: Vec<Sortimentsvaerdi>,
    /// Side and kind.
    pub side: Side,
    /// See `side`.
    pub posteringstype: Posteringstype,
    /// Postings with them.
    pub postings: u64,
    /// First and last konteringsdag.
    pub first: Date,
    /// See `first`.
    pub last: Date,
}

impl From<SeenValues> for Seen {
    fn from(seen: SeenValues) -> Self {
        let values = seen.sortiment.into_iter();
        Self {
            values: values.map(|value| (value.facet, value.vaerdi)).collect(),
            side: seen.side,
            posteringstype: seen.posteringstype,
            postings: seen.postings,
            first: seen.first,
            last: seen.last,
        }
    }
}

/// The shelf of tables. What a scope does not cover is not there.
pub trait Omsaetningstabeller: Send + Sync + std::fmt::Debug {
    /// The tables that there are: those with rows or versions, and those whose fagsystem has an
    /// agreement with the municipality.
    fn tables<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<TableLine>>;

    /// The versions of one table, newest first, version 0 the last. That one came with the
    /// register and so has no day (it holds before every other) and no times ([`Timestamp::UNIX_EPOCH`]).
    fn versions<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Vec<Version>>;

    /// The rules of a version, in their own order. None = there is no such version.
    fn rules<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        number: u32,
    ) -> Answer<'a, Option<Vec<Rule>>>;

    /// The lowest number above those that rules of any version have, and above those of the rows
    /// that came with the register; 1 for a table that is not there.
    fn next_number<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, u32>;

    /// Begins a draft together with its line of the log. A table has one draft at a time:
    /// another one there is [`Written::Stale`].
    fn begin<'a>(&'a self, draft: &'a NewDraft, deed: &'a Deed) -> Answer<'a, Written>;

    /// Saves a draft together with its line of the log.
    fn save<'a>(&'a self, save: &'a Save, deed: &'a Deed) -> Answer<'a, Written>;

    /// Keeps what a simulation found, if the draft is still of that edition.
    fn keep_simulation<'a>(
        &'a self,
        table: TableId,
        number: u32,
        simulated: &'a Simulated,
        deed: &'a Deed,
    ) -> Answer<'a, Written>;

    /// Puts a draft in force: stage, approver, register version and the line of the log in one
    /// transaction. What waits for an account goes on by itself after it.
    fn approve<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        approver: &'a str,
        at: Timestamp,
        deed: &'a Deed,
    ) -> Answer<'a, Written>;

    /// Gives a draft up.
    fn discard<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        deed: &'a Deed,
    ) -> Answer<'a, Written>;

    /// Says whether others may copy a table, together with the line of the log.
    fn share<'a>(&'a self, table: TableId, sharing: Sharing, deed: &'a Deed) -> Answer<'a, ()>;

    /// The tables of a fagsystem that somebody may copy: those that the scope covers, and those
    /// whose owners share them. A table holds no personal data, so that sharing is its owner's
    /// to decide.
    fn copyable<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: FagsystemId,
    ) -> Answer<'a, Vec<CopySource>>;

    /// The rules of the newest approved version of a table that may be copied.
    fn copy<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Option<Vec<Rule>>>;

    /// Reads the past of one table, by days of reception, some thousand postings at a time.
    fn past<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        days: (Date, Date),
        after: Option<PastCursor>,
    ) -> Answer<'a, PastPage>;

    /// What traffic brought together on postings of one table since a day of reception.
    fn seen<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        since: Date,
    ) -> Answer<'a, Vec<SeenValues>>;
}
