//! Reading for people: the portal, the lookup half of the JSON interface and the command
//! line. Nothing here writes.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::fault::{Fault, FaultCode};
use oir_domain::finans::Finansbilag;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::message::{State, StateName};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;

use super::Answer;
use super::inbox::{Channel, MessageOutcome};

/// One line of the front page: bilag of a day in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayTotal {
    /// Municipality; [`Kommunekode::UNKNOWN`] for what could not be routed.
    pub kommune: Kommunekode,
    /// Sender; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// Where they stand.
    pub state: StateName,
    /// How many.
    pub antal: u64,
    /// Sum of debit.
    pub debet: Oere,
}

/// Messages of a day that could not be read, per municipality as far as known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableTotal {
    /// Municipality.
    pub kommune: Kommunekode,
    /// Sender; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// How many messages.
    pub messages: u64,
    /// How many bilag they held, as far as could be seen, at least one each.
    pub bilag: u64,
}

/// Which bilag to list. An empty filter lists all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BilagFilter {
    /// One municipality.
    pub kommune: Option<Kommunekode>,
    /// One sender.
    pub fagsystem: Option<FagsystemId>,
    /// Any of these states; empty = all.
    pub states: Vec<StateName>,
    /// First day of reception.
    pub from: Option<Date>,
    /// Last day of reception.
    pub to: Option<Date>,
    /// Debit sum at least.
    pub debet_min: Option<Oere>,
    /// Debit sum at most.
    pub debet_max: Option<Oere>,
    /// First booking date.
    pub booked_from: Option<Date>,
    /// Last booking date.
    pub booked_to: Option<Date>,
    /// Words that all stand in the bilag's text or number, or an id in any of its forms.
    pub text: Option<Box<str>>,
    /// A posting belongs to a case whose number begins like this.
    pub sag: Option<Box<str>>,
    /// A posting has an account that begins like this.
    pub konto: Option<Box<str>>,
    /// A posting has a sortiment value that begins like this.
    pub sortiment: Option<Box<str>>,
    /// Has this fault.
    pub fault: Option<FaultCode>,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilagLine {
    /// Municipality.
    pub kommune: Kommunekode,
    /// Our id.
    pub id: BilagId,
    /// The sender's id.
    pub bilag_uuid: BilagUuid,
    /// Sender; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// The number a case worker knows.
    pub afsender_bilagsnummer: Box<str>,
    /// What it is about.
    pub tekst: Box<str>,
    /// When it was received.
    pub modtaget: Timestamp,
    /// Its booking date.
    pub bogfoeringsdato: Date,
    /// Its debit sum.
    pub debet: Oere,
    /// Number of postings.
    pub posteringer: u32,
    /// Where it stands.
    pub state: State,
    /// Codes of its faults and warnings, each once.
    pub codes: Vec<FaultCode>,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEvent {
    /// Number in the bilag's life, from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// The event's word; `received` is the first.
    pub event: Box<str>,
    /// Where it went.
    pub to: StateName,
    /// Attempts used.
    pub attempt: u32,
    /// A few words.
    pub detail: Option<Box<str>>,
}

/// Everything about one bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BilagDetail {
    /// The list's line.
    pub line: BilagLine,
    /// The message it came in.
    pub afsendelse: AfsendelseId,
    /// The sender's id of that message.
    pub transaktions_id: Option<TransaktionsId>,
    /// By which door.
    pub channel: Channel,
    /// Its place in the message, from 0.
    pub index: u32,
    /// The document, with accounts in `kontering` when mapped.
    pub bilag: Finansbilag,
    /// The version of the omsætningstabel that decided them; none = nobody has, the ERP maps, or
    /// it was before there were versions.
    pub omsaetning_version: Option<u32>,
    /// Faults and warnings of the reception.
    pub faults: Vec<Fault>,
    /// Faults from the books, or why it was parked.
    pub later_faults: Vec<Fault>,
    /// Its life.
    pub timeline: Vec<TimelineEvent>,
    /// The bilag it corrects, if that is here.
    pub corrects: Option<BilagId>,
    /// Bilag that correct it.
    pub corrected_by: Vec<BilagId>,
}

/// Everything about one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageDetail {
    /// Municipality.
    pub kommune: Kommunekode,
    /// Our id.
    pub id: AfsendelseId,
    /// Sender; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// The sender's id.
    pub transaktions_id: Option<TransaktionsId>,
    /// When it was received.
    pub modtaget: Timestamp,
    /// By which door.
    pub channel: Channel,
    /// What became of it.
    pub outcome: MessageOutcome,
    /// Faults of the message itself.
    pub faults: Vec<Fault>,
    /// Its bilag.
    pub bilag: Vec<BilagLine>,
    /// The bytes as received. Personal data: mask before showing.
    pub raw: Vec<u8>,
}

/// How often a fault occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultCount {
    /// The fault.
    pub code: FaultCode,
    /// Bilag that have it; for unreadable messages, messages.
    pub antal: u64,
}

/// The reading side of the store. Every question is asked for somebody: what their scope
/// does not cover is not counted, not listed and not found.
pub trait Views: Send + Sync + std::fmt::Debug {
    /// Totals of a day of reception.
    fn day<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<DayTotal>>;

    /// Messages of a day that could not be read.
    fn unreadable<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<UnreadableTotal>>;

    /// Unreadable or parked messages of a day, newest first.
    fn unreadable_messages<'a>(
        &'a self,
        scope: &'a Scope,
        dag: Date,
        limit: u32,
    ) -> Answer<'a, Vec<MessageDetail>>;

    /// How often each fault occurred on a day.
    fn fault_counts<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<FaultCount>>;

    /// The latest day with traffic, if there is any.
    fn latest_day<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Option<Date>>;

    /// A page of bilag, newest first: those older than one, by ids, which grow with time.
    fn list<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Vec<BilagLine>>;

    /// One bilag.
    fn detail<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Option<BilagDetail>>;

    /// One message.
    fn message_detail<'a>(
        &'a self,
        scope: &'a Scope,
        id: AfsendelseId,
    ) -> Answer<'a, Option<MessageDetail>>;
}
