//! The days of reception: what senders state, what the books state, who signed.
//!
//! Days are asked for with a scope like everything else; what is written down by a person
//! is written together with the line of the log that says so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::day::{
    BookedDay, BooksWord, Count, DayKey, Figures, Held, Histogram, Listed, Origin,
};
use oir_domain::ids::FagsystemId;
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Statement, Statements};

use super::Answer;
use super::sessions::Deed;

/// Which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayFilter {
    /// First day of reception.
    pub from: Date,
    /// Last day, included.
    pub to: Date,
    /// One municipality.
    pub kommune: Option<Kommunekode>,
    /// One sender.
    pub fagsystem: Option<FagsystemId>,
}

impl DayFilter {
    /// Exactly one day of one sender in one municipality.
    #[must_use]
    pub const fn only(key: DayKey) -> Self {
        Self {
            from: key.dag,
            to: key.dag,
            kommune: Some(key.kommune),
            fagsystem: Some(key.fagsystem),
        }
    }
}

/// A sender's control total as it was stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedTotal {
    /// From 1; a corrected one is the next.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// How it came.
    pub origin: Origin,
    /// Who stated it: the identity provider's name, or the fagsystem's id.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// Number and sums.
    pub total: Statement,
    /// Whether the bilag are listed one by one.
    pub listed: bool,
}

/// A signature, or a day taken up again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// From 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Signed for, or taken up again.
    pub kind: SigningKind,
    /// Who.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// A remark; for a day taken up again, the reason.
    pub words: Box<str>,
    /// The day's figures then.
    pub figures: Figures,
    /// What was said of each finding, by its key.
    pub explanations: BTreeMap<String, String>,
}

/// What a line of signing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningKind {
    /// Signed for.
    Signed,
    /// Taken up again.
    Reopened,
}

/// One day of one sender in one municipality, in sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRow {
    /// Whose day.
    pub key: DayKey,
    /// Where its bilag stand.
    pub states: Vec<(StateName, Count)>,
    /// Debit less credit of all of them, øre.
    pub skew: Oere,
    /// Bilag in messages that could not be read.
    pub unreadable: u64,
    /// The sender's latest control total.
    pub stated: Option<StatedTotal>,
    /// What the books last said of the same booking date.
    pub books: Option<BookedDay>,
    /// The latest line of signing.
    pub signing: Option<Signing>,
}

impl DayRow {
    /// A day of which nothing is known yet.
    #[must_use]
    pub const fn empty(key: DayKey) -> Self {
        Self {
            key,
            states: Vec::new(),
            skew: Oere::ZERO,
            unreadable: 0,
            stated: None,
            books: None,
            signing: None,
        }
    }
}

/// That the books be asked about the bilag of a day, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Whose day.
    pub key: DayKey,
    /// From 1.
    pub number: u32,
    /// When somebody asked for it.
    pub at: Timestamp,
    /// Who; the program itself when the totals differed.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// The answer; none while it is under way.
    pub answer: Option<QuestionAnswer>,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionAnswer {
    /// When.
    pub at: Timestamp,
    /// How many bilag were asked about.
    pub asked: u64,
    /// Why the books did not answer.
    pub silent: Option<Box<str>>,
    /// What they said where they and we do not agree.
    pub words: Vec<BooksWord>,
}

/// How a control total was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A new version.
    New(u32),
    /// Word for word the latest one: nothing was written.
    Same(u32),
}

/// A control total to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTotal {
    /// Whose day.
    pub key: DayKey,
    /// How it came.
    pub origin: Origin,
    /// Number and sums.
    pub total: Statement,
    /// The bilag one by one.
    pub lines: Option<Vec<Listed>>,
}

/// A comparison with the books, as last made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// When the books were last asked: the earliest of the municipalities seen.
    pub at: Timestamp,
    /// What we held as booked, of those that answered.
    pub ours: Statements,
    /// What the books said.
    pub theirs: Statements,
    /// Municipalities whose books did not answer the last time.
    pub silent: Vec<Kommunekode>,
}

/// The volume of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Day of reception.
    pub dag: Date,
    /// Bilag by state.
    pub states: Vec<(StateName, u64)>,
    /// From reception to booking.
    pub times: Histogram,
}

/// Booking dates and what is booked on them.
pub type ByDate = BTreeMap<(Date, FagsystemId), Statement>;

/// The books' statements of a municipality, as last kept: ours then, and theirs.
pub type KeptByDate = BTreeMap<(Date, FagsystemId), (Statement, Statement)>;

/// Days for people.
pub trait Days: Send + Sync + std::fmt::Debug {
    /// Days with anything at all, by day (newest first), municipality and sender.
    fn days<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<DayRow>>;

    /// The bilag of a day, by our id. Empty outside the scope.
    fn day_bilag<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Held>>;

    /// Every version of the sender's control total, newest first.
    fn stated<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<StatedTotal>>;

    /// The bilag that a version lists, by the sender's id.
    fn stated_lines<'a>(
        &'a self,
        scope: &'a Scope,
        key: DayKey,
        version: u32,
    ) -> Answer<'a, Vec<Listed>>;

    /// Keeps a control total with the deed that brought it, whose person stated it.
    fn keep_total<'a>(&'a self, total: &'a NewTotal, deed: &'a Deed) -> Answer<'a, Kept>;

    /// What the books last said of these booking dates.
    fn books<'a>(
        &'a self,
        scope: &'a Scope,
        key: DayKey,
        dates: &'a [Date],
    ) -> Answer<'a, Vec<BookedDay>>;

    /// Every line of signing with its explanations, newest first.
    fn signings<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Signing>>;

    /// Writes the next line of signing. False = somebody else wrote that number.
    fn sign<'a>(&'a self, key: DayKey, signing: &'a Signing, deed: &'a Deed) -> Answer<'a, bool>;

    /// Questions to the books about a day, newest first.
    fn questions<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Question>>;

    /// Asks for the books to be asked. False = a question of that number is there.
    fn ask<'a>(&'a self, question: &'a Question, deed: &'a Deed) -> Answer<'a, bool>;

    /// The last comparison with the books over booking dates; none when none was made.
    fn comparison<'a>(
        &'a self,
        scope: &'a Scope,
        from: Date,
        to: Date,
    ) -> Answer<'a, Option<Comparison>>;

    /// The volume of each day with traffic, oldest first.
    fn volumes<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<Volume>>;
}

/// What the background steps of reconciliation need.
pub trait DayWork: Days {
    /// What we hold as booked of a municipality, by booking date and sender.
    fn booked_by_date(&self, kommune: Kommunekode, from: Date, to: Date) -> Answer<'_, ByDate>;

    /// The statements kept of a municipality.
    fn kept_by_date(&self, kommune: Kommunekode, from: Date, to: Date) -> Answer<'_, KeptByDate>;

    /// Keeps what the books say of booking dates, as new versions.
    fn keep_statements<'a>(
        &'a self,
        kommune: Kommunekode,
        at: Timestamp,
        rows: &'a KeptByDate,
    ) -> Answer<'a, ()>;

    /// Notes that a municipality's books were asked, and why they did not answer.
    fn note_asked<'a>(
        &'a self,
        kommune: Kommunekode,
        at: Timestamp,
        silent: Option<&'a str>,
    ) -> Answer<'a, ()>;

    /// Questions without an answer, oldest day first.
    fn open_questions(&self, limit: u32) -> Answer<'_, Vec<Question>>;

    /// Keeps the answer to a question. A question that has one keeps it.
    fn answer<'a>(&'a self, question: &'a Question, answer: &'a QuestionAnswer) -> Answer<'a, ()>;

    /// Days whose booking times count other bilag than are booked, newest first.
    fn stale_times(&self, limit: u32) -> Answer<'_, Vec<Date>>;

    /// Counts a day's booking times anew.
    fn count_times(&self, dag: Date) -> Answer<'_, ()>;
}
