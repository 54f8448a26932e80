//! The worklist: what stands still until a person acts, as the store keeps it.
//!
//! Items open and close with the steps of their bilag, in the same transaction
//! (`Inbox::admit`, `Outbox::advance`). What goes on by itself is not kept: it is read from
//! the bilag as they stand. Every question is asked for somebody.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, BilagUuid, FagsystemId};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Area, Cause, Done, Holder, Subject, WorkItem};

use super::Answer;
use super::outbox::{Advance, Move, Standing};
use super::sessions::Deed;

/// What open items have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey {
    /// Whose.
    pub kommune: Kommunekode,
    /// Sender; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// Why they stand still.
    pub cause: Cause,
}

/// Open items with one cause on one desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseGroup {
    /// What they have in common.
    pub key: GroupKey,
    /// Whose desk. The same cause may lie on two desks when some were handed over.
    pub area: Area,
    /// How many.
    pub antal: u64,
    /// The amount at stake, øre.
    pub debet: Oere,
    /// When the oldest stopped.
    pub oldest: Timestamp,
    /// How many of them somebody has.
    pub taken: u64,
    /// Who has those, when it is one person.
    pub holder: Option<Holder>,
    /// How many of them are set aside on the day asked about.
    pub postponed: u64,
}

/// Whose items to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Whose<'a> {
    /// All but those set aside.
    #[default]
    All,
    /// Those that a person (their subject) has, set aside or not.
    Of(&'a str),
    /// Those that nobody has.
    Untaken,
    /// Those set aside.
    Postponed,
}

/// Which open items to read. The default is all that are not set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkFilter<'a> {
    /// The Copenhagen day: what is set aside until then or earlier is back.
    pub today: Date,
    /// One desk.
    pub area: Option<Area>,
    /// One municipality.
    pub kommune: Option<Kommunekode>,
    /// One sender.
    pub fagsystem: Option<FagsystemId>,
    /// Whose.
    pub whose: Whose<'a>,
}

impl WorkFilter<'_> {
    /// All open items that are not set aside on the day.
    #[must_use]
    pub const fn on(today: Date) -> Self {
        Self {
            today,
            area: None,
            kommune: None,
            fagsystem: None,
            whose: Whose::All,
        }
    }
}

/// An item with what a person knows its bilag by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkLine {
    /// The item.
    pub item: WorkItem,
    /// The sender's id of the bilag; none for a message.
    pub bilag_uuid: Option<BilagUuid>,
    /// The number a case worker knows; empty for a message.
    pub nummer: Box<str>,
    /// What the bilag is about; empty for a message.
    pub tekst: Box<str>,
}

/// A person's step, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkEvent {
    /// The item's version after it.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Holder,
    /// Which, [`oir_domain::work::Act::word`].
    pub what: Box<str>,
    /// What was said.
    pub text: Box<str>,
}

/// Everything about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDetail {
    /// The list's line.
    pub line: WorkLine,
    /// The bilag that its bilag was meant to correct.
    pub corrects: Option<BilagId>,
    /// What people did with it, oldest first.
    pub history: Vec<WorkEvent>,
}

/// A person's step to be written with its line of the log.
#[derive(Debug, Clone)]
pub struct Written {
    /// The item's version as it was seen.
    pub seen: i64,
    /// The step as it was judged.
    pub done: Done,
    /// Who.
    pub who: Holder,
    /// When.
    pub at: Timestamp,
}

/// The worklist's side of the store.
pub trait WorkItems: Send + Sync + std::fmt::Debug {
    /// Open items by cause and desk, in no order. For pages and digests.
    fn causes<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
    ) -> Answer<'a, Vec<CauseGroup>>;

    /// Open items of a group, or of all with no key, oldest first: a page of them after one.
    fn items<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
        key: Option<&'a GroupKey>,
        after: Option<Subject>,
        limit: u32,
    ) -> Answer<'a, Vec<WorkLine>>;

    /// One item, open or closed.
    fn item<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkDetail>>;

    /// A bilag that goes on by itself, as an item; none when it does not.
    fn passing<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkLine>>;

    /// Writes steps of a person with their history and a line of the log, in one
    /// transaction. False = an item moved meanwhile; nothing is written then.
    fn write<'a>(&'a self, steps: &'a [Written], deed: &'a Deed) -> Answer<'a, bool>;

    /// How bilag of a municipality stand, for moves of theirs.
    fn standings<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<Standing>>;

    /// Writes moves that a person asked for, with their steps and a line of the log, in one
    /// transaction, or nothing.
    fn advance_by_hand<'a>(
        &'a self,
        moves: &'a [Move],
        steps: &'a [Written],
        deed: &'a Deed,
    ) -> Answer<'a, Advance>;

    /// Makes bilag of a municipality that wait for their time due now: what waits is sent
    /// again, what is uncertain is asked about. What a worker has at this moment, or what
    /// moved on meanwhile, is left alone. How many rows were there is not told.
    fn hurry<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
        deed: &'a Deed,
    ) -> Answer<'a, ()>;
}
