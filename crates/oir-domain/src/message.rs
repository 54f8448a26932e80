//! The life of a bilag in the corridor: one enum, one function that moves it.
//!
//! Nothing else in the program decides a state. The matrix of all states and events is
//! printed by a test and stands in `docs/STATES.md`.

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

use crate::ids::ErpBilagsnummer;

/// Where a bilag stands.
///
/// Reception, checking and recording are steps of one transaction and therefore no
/// resting places; the first states a bilag can be found in are the first three here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Faults; the sender has them. End.
    Rejected,
    /// Sound, but no account for some value. Waits for the omsætningstabel.
    Held,
    /// Accounts found; due for delivery.
    Mapped,
    /// Claimed for delivery number `attempt`; the call may be under way.
    Sending {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The books have it and will answer later.
    AwaitingReceipt {
        /// Attempts used.
        attempt: u32,
    },
    /// The books were away; due again later.
    Waiting {
        /// Attempts used.
        attempt: u32,
    },
    /// Sent without an answer: perhaps booked. Never sent again unasked.
    Uncertain {
        /// Attempts used.
        attempt: u32,
    },
    /// In the books. End.
    Booked {
        /// Their number for it.
        number: ErpBilagsnummer,
    },
    /// The books said no; corrected by a new bilag. End.
    Refused,
    /// A person must look.
    Parked {
        /// Attempts used.
        attempt: u32,
    },
}

/// The name of a state without its data: what the database and the totals hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StateName {
    /// See [`State::Rejected`].
    Rejected,
    /// See [`State::Held`].
    Held,
    /// See [`State::Mapped`].
    Mapped,
    /// See [`State::Sending`].
    Sending,
    /// See [`State::AwaitingReceipt`].
    AwaitingReceipt,
    /// See [`State::Waiting`].
    Waiting,
    /// See [`State::Uncertain`].
    Uncertain,
    /// See [`State::Booked`].
    Booked,
    /// See [`State::Refused`].
    Refused,
    /// See [`State::Parked`].
    Parked,
}

impl StateName {
    /// All of them, in the order of the corridor.
    pub const ALL: [Self; 10] = [
        Self::Rejected,
        Self::Held,
        Self::Mapped,
        Self::Sending,
        Self::AwaitingReceipt,
        Self::Waiting,
        Self::Uncertain,
        Self::Booked,
        Self::Refused,
        Self::Parked,
    ];

    /// On the way to the books, in any way: what has a row in the outbox.
    pub const UNDER_WAY: [Self; 5] = [
        Self::Mapped,
        Self::Sending,
        Self::AwaitingReceipt,
        Self::Waiting,
        Self::Uncertain,
    ];

    /// Stopped until a person does something, here or where the bilag came from.
    pub const FOR_A_PERSON: [Self; 4] = [Self::Rejected, Self::Held, Self::Refused, Self::Parked];

    /// The word in the database and on machine interfaces.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Held => "held",
            Self::Mapped => "mapped",
            Self::Sending => "sending",
            Self::AwaitingReceipt => "awaiting_receipt",
            Self::Waiting => "waiting",
            Self::Uncertain => "uncertain",
            Self::Booked => "booked",
            Self::Refused => "refused",
            Self::Parked => "parked",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.word() == word)
    }

    /// Whether nothing more happens by itself and nobody need do anything here.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Rejected | Self::Booked | Self::Refused)
    }

    /// Whether a corrected bilag may name this one.
    #[must_use]
    pub const fn open_for_correction(self) -> bool {
        matches!(self, Self::Rejected | Self::Refused)
    }
}

impl State {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> StateName {
        match self {
            Self::Rejected => StateName::Rejected,
            Self::Held => StateName::Held,
            Self::Mapped => StateName::Mapped,
            Self::Sending { .. } => StateName::Sending,
            Self::AwaitingReceipt { .. } => StateName::AwaitingReceipt,
            Self::Waiting { .. } => StateName::Waiting,
            Self::Uncertain { .. } => StateName::Uncertain,
            Self::Booked { .. } => StateName::Booked,
            Self::Refused => StateName::Refused,
            Self::Parked { .. } => StateName::Parked,
        }
    }

    /// Attempts used so far.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        match self {
            Self::Sending { attempt }
            | Self::AwaitingReceipt { attempt }
            | Self::Waiting { attempt }
            | Self::Uncertain { attempt }
            | Self::Parked { attempt } => *attempt,
            Self::Rejected | Self::Held | Self::Mapped | Self::Booked { .. } | Self::Refused => 0,
        }
    }

    /// Builds a state from its stored parts; nothing when they do not fit together.
    #[must_use]
    pub fn from_parts(name: StateName, attempt: u32, number: Option<&str>) -> Option<Self> {
        Some(match name {
            StateName::Rejected => Self::Rejected,
            StateName::Held => Self::Held,
            StateName::Mapped => Self::Mapped,
            StateName::Sending => Self::Sending { attempt },
            StateName::AwaitingReceipt => Self::AwaitingReceipt { attempt },
            StateName::Waiting => Self::Waiting { attempt },
            StateName::Uncertain => Self::Uncertain { attempt },
            StateName::Booked => Self::Booked {
                number: ErpBilagsnummer::try_new(number?).ok()?,
            },
            StateName::Refused => Self::Refused,
            StateName::Parked => Self::Parked { attempt },
        })
    }
}

/// What can happen to a bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The omsætningstabel now has accounts for all its values.
    AccountsFound,
    /// A worker took it to deliver it.
    Claimed,
    /// The books have it and will answer later.
    HandedOver,
    /// The books booked it.
    Booked(ErpBilagsnummer),
    /// The books refused it.
    Refused,
    /// The books were away before they can have seen it; due again at the instant.
    Unavailable(Timestamp),
    /// The call was made and no answer came, or its maker died; ask at the instant.
    NoAnswer(Timestamp),
    /// The books, asked, do not know it: it may be sent again.
    NotThere(Timestamp),
    /// All attempts are used, asking is impossible, or a person gave it up.
    GivenUp,
    /// A person released it from the parking place.
    Released(Timestamp),
}

impl Event {
    /// Its word in the database.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AccountsFound => "accounts_found",
            Self::Claimed => "claimed",
            Self::HandedOver => "handed_over",
            Self::Booked(_) => "booked",
            Self::Refused => "refused",
            Self::Unavailable(_) => "unavailable",
            Self::NoAnswer(_) => "no_answer",
            Self::NotThere(_) => "not_there",
            Self::GivenUp => "given_up",
            Self::Released(_) => "released",
        }
    }
}

/// What the outbox must show after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outbox {
    /// Due now.
    DueNow,
    /// Due at an instant.
    DueAt(Timestamp),
    /// Leased to the worker that is calling.
    Leased,
    /// Due for a question after the usual time.
    AskLater,
    /// Nothing outstanding.
    Gone,
}

/// The outcome of an event: what must be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A new state and what the outbox shows.
    Moved {
        /// The state to write.
        to: State,
        /// The outbox row to write.
        outbox: Outbox,
    },
    /// It had happened before; a repeat is success and nothing is written.
    AlreadyApplied,
}

/// An event that cannot happen in that state: a bug of ours or a lie of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{event} cannot happen to a bilag that is {from}")]
pub struct IllegalTransition {
    /// Where it stood.
    pub from: &'static str,
    /// What came.
    pub event: &'static str,
}

/// Moves a bilag.
///
/// # Errors
/// [`IllegalTransition`] when the event cannot happen in the state, among them a second
/// booking under another number.
pub fn apply(state: &State, event: &Event) -> Result<Step, IllegalTransition> {
    use State as S;
    let attempt = state.attempt();
    let moved = |to, outbox| Ok(Step::Moved { to, outbox });
    match (state, event) {
        (S::Held, Event::AccountsFound) => moved(S::Mapped, Outbox::DueNow),
        (S::Mapped | S::Waiting { .. }, Event::Claimed) => moved(
            S::Sending {
                attempt: attempt.saturating_add(1),
            },
            Outbox::Leased,
        ),
        (S::Sending { .. } | S::Uncertain { .. }, Event::HandedOver) => {
            moved(S::AwaitingReceipt { attempt }, Outbox::AskLater)
        }
        (S::Booked { number: had }, Event::Booked(got)) if had == got => Ok(Step::AlreadyApplied),
        (S::Refused, Event::Refused)
        | (S::Booked { .. } | S::Refused | S::AwaitingReceipt { .. }, Event::HandedOver)
        | (S::Uncertain { .. }, Event::NoAnswer(_)) => Ok(Step::AlreadyApplied),
        // A receipt may overtake the answer to the call that it belongs to.
        (
            S::Sending { .. }
            | S::AwaitingReceipt { .. }
            | S::Uncertain { .. }
            | S::Waiting { .. }
            | S::Parked { .. },
            Event::Booked(number),
        ) => moved(
            S::Booked {
                number: number.clone(),
            },
            Outbox::Gone,
        ),
        (
            S::Sending { .. }
            | S::AwaitingReceipt { .. }
            | S::Uncertain { .. }
            | S::Waiting { .. }
            | S::Parked { .. },
            Event::Refused,
        ) => moved(S::Refused, Outbox::Gone),
        (S::Sending { .. }, Event::Unavailable(at)) => {
            moved(S::Waiting { attempt }, Outbox::DueAt(*at))
        }
        (S::Sending { .. }, Event::NoAnswer(at)) => {
            moved(S::Uncertain { attempt }, Outbox::DueAt(*at))
        }
        (S::Uncertain { .. } | S::AwaitingReceipt { .. }, Event::NotThere(at)) => {
            moved(S::Waiting { attempt }, Outbox::DueAt(*at))
        }
        (
            S::Held
            | S::Sending { .. }
            | S::Uncertain { .. }
            | S::AwaitingReceipt { .. }
            | S::Waiting { .. },
            Event::GivenUp,
        ) => moved(S::Parked { attempt }, Outbox::Gone),
        // What was sent without an answer is asked about, not sent, when it is released.
        (S::Parked { .. }, Event::Released(at)) => {
            moved(S::Uncertain { attempt: 0 }, Outbox::DueAt(*at))
        }
        _ => Err(IllegalTransition {
            from: state.name().word(),
            event: event.word(),
        }),
    }
}

/// Whether a call with the id of an earlier one is a repeat of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Never seen.
    New,
    /// The same content: answer the same receipt.
    Repeat,
    /// The same id for something else: a fault, the first one stands.
    Conflict,
}

/// Judges an id that may have been used before by the digests of the contents.
#[must_use]
pub fn admit(earlier: Option<&[u8; 32]>, digest: &[u8; 32]) -> Admission {
    match earlier {
        None => Admission::New,
        Some(earlier) if earlier == digest => Admission::Repeat,
        Some(_) => Admission::Conflict,
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
