//! Reception: what a message leaves behind, and what is known of earlier ones.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::Fault;
use oir_domain::finans::Finansbilag;
use oir_domain::finans::check::KnownBilag;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::message::{State, StateName};
use oir_domain::omsaetning::{Mapped, Prediction};
use oir_domain::party::Kommunekode;
use oir_domain::register::{Register, RegisterData};

use super::Answer;

/// By which door a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// SOAP 1.1.
    Soap11,
    /// SOAP 1.2.
    Soap12,
    /// The JSON interface.
    Json,
}

impl Channel {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Soap11 => "soap11",
            Self::Soap12 => "soap12",
            Self::Json => "json",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Soap11, Self::Soap12, Self::Json]
            .into_iter()
            .find(|c| c.word() == word)
    }
}

/// What became of a message as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageOutcome {
    /// Taken in; its bilag have states of their own. Claims the sender's id.
    Taken,
    /// Could not be read or identified; the bytes are kept as evidence. Does not claim
    /// the sender's id: the hand-over failed, so the sender may use it again.
    Unreadable,
    /// A bug of ours stopped it; kept for a person to look at.
    Parked,
}

impl MessageOutcome {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Unreadable => "unreadable",
            Self::Parked => "parked",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Taken, Self::Unreadable, Self::Parked]
            .into_iter()
            .find(|o| o.word() == word)
    }
}

/// A message to be written: the bytes, the verdict and everything that follows from it.
#[derive(Debug, Clone)]
pub struct MessageRecord {
    /// Owner; [`Kommunekode::UNKNOWN`] when the authority is not known.
    pub kommune: Kommunekode,
    /// Our id.
    pub id: AfsendelseId,
    /// The sender, as far as it could be read.
    pub fagsystem: Option<FagsystemId>,
    /// The sender's id, as far as it could be read.
    pub transaktions_id: Option<TransaktionsId>,
    /// When it was received, whole microseconds.
    pub modtaget: Timestamp,
    /// The Copenhagen day of that.
    pub dag: Date,
    /// By which door.
    pub channel: Channel,
    /// SHA-256 of what it says; for unreadable ones the same as `raw_digest`.
    pub content_digest: [u8; 32],
    /// SHA-256 of the bytes.
    pub raw_digest: [u8; 32],
    /// The bytes as received.
    pub raw: Arc<[u8]>,
    /// What became of it.
    pub outcome: MessageOutcome,
    /// The sender's own reference.
    pub korrelations_id: Option<Box<str>>,
    /// How many bilag it held, as far as could be seen; at least 1 in the totals.
    pub antal_bilag: u32,
    /// Faults of the message itself (`place.bilag` is none).
    pub faults: Vec<Fault>,
    /// Its bilag; empty unless taken.
    pub bilag: Vec<BilagRecord>,
}

/// A bilag to be written.
#[derive(Debug, Clone)]
pub enum BilagRecord {
    /// Not seen before.
    New(Box<NewBilag>),
    /// The same bilag as one taken in an earlier message: nothing is recorded but that.
    Repeat {
        /// Its place in this message, from 0.
        index: u32,
        /// The one recorded first.
        first: BilagId,
    },
}

/// Who decided the accounts of a bilag, and what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Accounts {
    /// Nobody, or there is nothing to decide.
    #[default]
    Open,
    /// The hub, by a version of its table.
    Mapped(Mapped),
    /// The ERP will. What it will come to, if its table is the one that we hold.
    Foreseen(Prediction),
}

/// A bilag seen for the first time.
#[derive(Debug, Clone)]
pub struct NewBilag {
    /// Our id.
    pub id: BilagId,
    /// Its place in the message, from 0.
    pub index: u32,
    /// Whether it claims its `BilagUUID`: false only for one that reuses another's.
    pub claims_uuid: bool,
    /// SHA-256 of its content.
    pub digest: [u8; 32],
    /// What was sent.
    pub bilag: Finansbilag,
    /// `Rejected`, `Held` or `Mapped`.
    pub state: State,
    /// Its accounts; nobody has decided unless it is mapped.
    pub accounts: Accounts,
    /// Its faults and warnings.
    pub faults: Vec<Fault>,
}

/// How the write went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admit {
    /// Everything is durable.
    Done,
    /// Some id was there already; nothing was written. Look up what is known, judge again.
    Conflict,
    /// The register moved on since the judgement; nothing was written.
    RegisterChanged,
}

/// Which earlier messages and bilag to look up, for one sender and authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// Authority.
    pub kommune: Kommunekode,
    /// Sender.
    pub fagsystem: FagsystemId,
    /// The message's id.
    pub transaktions_id: TransaktionsId,
    /// The bilag that it holds or corrects.
    pub bilag: Vec<BilagUuid>,
}

/// What is known of what an [`Inquiry`] names.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// The earlier message under that id.
    pub message: Option<StoredMessage>,
    /// The earlier bilag under those ids.
    pub bilag: Vec<(BilagUuid, BilagId, KnownBilag)>,
}

/// A message as stored: enough to write its receipt again, byte for byte, and to say how
/// its bilag stand now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Owner.
    pub kommune: Kommunekode,
    /// Our id.
    pub id: AfsendelseId,
    /// SHA-256 of what it says.
    pub content_digest: [u8; 32],
    /// When it was received.
    pub modtaget: Timestamp,
    /// Its bilag, in the order sent.
    pub bilag: Vec<StoredBilag>,
    /// Faults of the message itself.
    pub faults: Vec<Fault>,
}

/// A bilag as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBilag {
    /// Our id.
    pub id: BilagId,
    /// The sender's.
    pub bilag_uuid: BilagUuid,
    /// Where it stands now.
    pub state: State,
    /// Whether it was rejected at reception.
    pub rejected: bool,
    /// Faults and warnings of the reception.
    pub faults: Vec<Fault>,
    /// Faults that the books gave later, or why it was parked.
    pub later_faults: Vec<Fault>,
    /// When its state was last changed.
    pub changed: Timestamp,
    /// Deliveries tried.
    pub attempts: u32,
}

/// The receiving side of the store.
pub trait Inbox: Send + Sync + std::fmt::Debug {
    /// Writes the messages with their bilag, postings, events, outbox rows, faults and
    /// totals in one durable transaction, or nothing. The transaction also asserts that
    /// the register is still at `register_version`.
    fn admit<'a>(
        &'a self,
        messages: &'a [MessageRecord],
        register_version: i64,
    ) -> Answer<'a, Admit>;

    /// Looks up earlier messages and bilag, an answer per inquiry, in order.
    fn find<'a>(&'a self, inquiries: &'a [Inquiry]) -> Answer<'a, Vec<Findings>>;

    /// Looks up a message by the sender's id alone (for `HentKvittering`).
    fn message<'a>(
        &'a self,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
        transaktions_id: TransaktionsId,
    ) -> Answer<'a, Option<StoredMessage>>;

    /// Looks up a bilag by the sender's id (for `HentStatus`).
    fn bilag<'a>(
        &'a self,
        kommune: Kommunekode,
        bilag_uuid: BilagUuid,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Option<StoredBilag>>;

    /// Reads the register.
    fn register(&self) -> Answer<'_, Register>;

    /// The register's version now: one more at each change.
    fn register_version(&self) -> Answer<'_, i64>;

    /// Replaces the register by these facts, in one transaction, under the next version.
    fn replace_register<'a>(&'a self, data: &'a RegisterData) -> Answer<'a, i64>;

    /// The register as lists, for export.
    fn register_data(&self) -> Answer<'_, RegisterData>;
}

/// Whether a stored state is one that came of reception alone.
#[must_use]
pub fn is_intake_state(name: StateName) -> bool {
    matches!(
        name,
        StateName::Rejected | StateName::Held | StateName::Mapped
    )
}
