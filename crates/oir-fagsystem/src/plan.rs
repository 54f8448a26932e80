//! The working day: what is asked for, what is made, and what must come of it.
//!
//! **Waves.** Messages of the first wave may be sent in any order and at the same time.
//! Those of the second refer to the first (repeats, reused ids, corrections) and may be
//! sent in any order once every bilag of the first has come to an end (rejected, held,
//! booked or refused): a correction names a bilag that the books must have refused before.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::FaultCode;
use oir_domain::finans::Afsendelse;
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_domain::register::RegisterData;

use crate::compose::compose;
use crate::kontoplan::{KontoplanRow, accounts};
use crate::mutate::Mutation;
use crate::recipe::{Recipe, recipes};
use crate::reference::{Kommune, kommuner};
use crate::register::register_data;
use crate::rng::Rng;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayPlan {
    /// Decides everything that is left open here.
    pub seed: u64,
    /// How many bilag, exactly; see [`crate::shares`] for what counts.
    pub bilag: u32,
    /// The Copenhagen day on which they are sent, in the years 2003 to 2097.
    pub day: Date,
    /// The instant at which it begins: messages say that they were made in the hour before.
    pub now: Timestamp,
    /// How many municipalities; at least 1, at most all 98.
    pub kommuner: usize,
    /// Address of the bookkeeping systems, for the register.
    pub receiver_url: String,
    /// Longest message that the receiver takes, in bytes; one is made a byte longer.
    pub body_limit: usize,
}

/// When a message may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wave {
    /// At once.
    First,
    /// When the first wave has come to its end.
    Second,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A message with new bilag; it may correct an earlier one.
    New(Afsendelse),
    /// A message to be damaged by [`crate::apply`] after it was written.
    Broken(Afsendelse, Mutation),
    /// An earlier message again, unchanged: the same receipt must come.
    Repeat {
        /// The earlier message's number.
        of: usize,
        /// It, once more.
        afsendelse: Afsendelse,
    },
    /// An earlier message's id with other content.
    ReusedId {
        /// The earlier message's number.
        of: usize,
        /// The other content.
        afsendelse: Afsendelse,
    },
    /// An earlier bilag, unchanged, in a new message of its own: its receipt must come.
    Resent {
        /// The earlier message's number.
        of: usize,
        /// The new message.
        afsendelse: Afsendelse,
    },
}

impl Content {
    /// What is written as XML.
    #[must_use]
    pub const fn afsendelse(&self) -> &Afsendelse {
        match self {
            Self::New(afsendelse)
            | Self::Broken(afsendelse, _)
            | Self::Repeat { afsendelse, .. }
            | Self::ReusedId { afsendelse, .. }
            | Self::Resent { afsendelse, .. } => afsendelse,
        }
    }

    /// The damage to do to the XML.
    #[must_use]
    pub const fn mutation(&self) -> Option<&Mutation> {
        match self {
            Self::Broken(_, mutation) => Some(mutation),
            Self::New(_) | Self::Repeat { .. } | Self::ReusedId { .. } | Self::Resent { .. } => {
                None
            }
        }
    }
}

/// What must come of a bilag in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// In the books; with these warnings, ordinarily none.
    Booked(Vec<FaultCode>),
    /// Rejected with exactly these faults, in order of their codes.
    Rejected(Vec<FaultCode>),
    /// Waits for the omsætningstabel.
    Held,
    /// Taken, mapped, delivered, and refused by the books.
    RefusedByBooks,
    /// Not taken: its message was answered by a SOAP fault with that code.
    TransportFault(FaultCode),
}

/// A message of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Its place in the day, from 0.
    pub number: usize,
    /// When it may be sent.
    pub wave: Wave,
    /// Whom it says that it is from.
    pub fagsystem: FagsystemId,
    /// Whom it is for; unknown when its authority is not served.
    pub kommune: Kommunekode,
    /// What is sent.
    pub content: Content,
    /// One for each new bilag in it, in their order; empty for a repeat.
    pub expected: Vec<Expected>,
}

/// A working day. The messages are made one at a time, each the same whenever it is asked
/// for, so that a day of a million bilag needs no memory but its plan.
#[derive(Debug, Clone)]
pub struct Day {
    /// What the hub must know.
    pub register: RegisterData,
    /// What the books must know.
    pub kontoplan: Vec<KontoplanRow>,
    pub(crate) plan: DayPlan,
    pub(crate) kommuner: Vec<Kommune>,
    pub(crate) recipes: Vec<Recipe>,
    pub(crate) root: Rng,
}

/// Plans a day.
#[must_use]
pub fn day(plan: &DayPlan) -> Day {
    let kommuner = kommuner(plan.kommuner);
    let root = Rng::new(plan.seed);
    Day {
        register: register_data(&kommuner, plan.day, &plan.receiver_url),
        kontoplan: accounts(&kommuner),
        recipes: recipes(plan.bilag, &kommuner, &root),
        plan: plan.clone(),
        kommuner,
        root,
    }
}

impl Day {
    /// What was asked for.
    #[must_use]
    pub const fn plan(&self) -> &DayPlan {
        &self.plan
    }

    /// Number of messages, repeats included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.recipes.len()
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.recipes.is_empty()
    }

    /// Number of messages in the first wave: those with lower numbers than this.
    #[must_use]
    pub fn first_wave(&self) -> usize {
        self.recipes.partition_point(|r| r.wave == Wave::First)
    }

    /// All messages in order, made as they are asked for.
    pub fn messages(&self) -> impl Iterator<Item = Planned> {
        (0..self.len()).filter_map(|number| self.message(number))
    }

    /// The message with that number; none when there is none.
    #[must_use]
    pub fn message(&self, number: usize) -> Option<Planned> {
        compose(self, number)
    }
}
