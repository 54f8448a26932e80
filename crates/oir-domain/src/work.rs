//! The worklist: what stands still until a person acts, why, whose it is, and every legal
//! step of a person on it.
//!
//! An item belongs to a bilag that stopped or to a message that could not be read. It opens
//! and closes with the steps of its bilag; people only take, pass on, explain, postpone and
//! close. Nothing here moves a bilag: that is [`crate::message::apply`]'s alone.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use thiserror::Error;

use crate::fault::{Fault, FaultCode, Responsible, Severity};
use crate::ids::{AfsendelseId, BilagId, FagsystemId, IdError};
use crate::masking::mask_text;
use crate::message::StateName;
use crate::money::Oere;
use crate::party::Kommunekode;
use crate::workdays::workdays_after;

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A bilag that stopped.
    Bilag(BilagId),
    /// A message that could not be read.
    Message(AfsendelseId),
}

impl Subject {
    /// The bare id, as the database stores it.
    #[must_use]
    pub const fn as_uuid(self) -> uuid::Uuid {
        match self {
            Self::Bilag(id) => id.as_uuid(),
            Self::Message(id) => id.as_uuid(),
        }
    }

    /// The bilag, if it is one.
    #[must_use]
    pub const fn bilag(self) -> Option<BilagId> {
        match self {
            Self::Bilag(id) => Some(id),
            Self::Message(_) => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bilag(id) => id.fmt(f),
            Self::Message(id) => id.fmt(f),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.parse::<AfsendelseId>() {
            Ok(id) => Ok(Self::Message(id)),
            Err(_) => text.parse().map(Self::Bilag),
        }
    }
}

/// How it stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stop {
    /// [`StateName::Rejected`].
    Rejected,
    /// [`StateName::Refused`].
    Refused,
    /// [`StateName::Held`].
    Held,
    /// [`StateName::Parked`].
    Parked,
    /// [`StateName::Uncertain`]: asked about by itself, shown while it lasts.
    Uncertain,
    /// [`StateName::Waiting`]: sent again by itself, shown while it lasts.
    Waiting,
    /// A message that could not be read.
    Unreadable,
    /// A message that a bug of ours stopped.
    MessageParked,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Rejected,
        Self::Refused,
        Self::Held,
        Self::Parked,
        Self::Uncertain,
        Self::Waiting,
        Self::Unreadable,
        Self::MessageParked,
    ];

    /// How a bilag in that state stands still; none when it does not.
    #[must_use]
    pub const fn of(state: StateName) -> Option<Self> {
        match state {
            StateName::Rejected => Some(Self::Rejected),
            StateName::Refused => Some(Self::Refused),
            StateName::Held => Some(Self::Held),
            StateName::Parked => Some(Self::Parked),
            StateName::Uncertain => Some(Self::Uncertain),
            StateName::Waiting => Some(Self::Waiting),
            StateName::Mapped
            | StateName::Sending
            | StateName::AwaitingReceipt
            | StateName::Booked => None,
        }
    }

    /// The word in the database and in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::Parked => "parked",
            Self::Uncertain => "uncertain",
            Self::Waiting => "waiting",
            Self::Unreadable => "unreadable",
            Self::MessageParked => "message_parked",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stop| stop.word() == word)
    }

    /// Whether the corridor goes on by itself. Such items are read from the bilag as they
    /// stand: a line that fails for a minute would write and close thousands of rows.
    #[must_use]
    pub const fn passes_by_itself(self) -> bool {
        matches!(self, Self::Uncertain | Self::Waiting)
    }

    /// Whether it still may reach the books from here: then it is given up, not closed.
    #[must_use]
    pub const fn may_go_on(self) -> bool {
        matches!(
            self,
            Self::Held | Self::Parked | Self::Uncertain | Self::Waiting
        )
    }
}

/// Whose desk an item lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    /// The specialist area that sent it.
    Fagomraade,
    /// The finance department.
    Oekonomi,
    /// Those who run the installation.
    Drift,
}

impl Area {
    /// All of them, as tabs are shown.
    pub const ALL: [Self; 3] = [Self::Fagomraade, Self::Oekonomi, Self::Drift];

    /// The word in the database and in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fagomraade => "fagomraade",
            Self::Oekonomi => "oekonomi",
            Self::Drift => "drift",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|area| area.word() == word)
    }
}

/// Most characters of a cause's value: enough to tell any two sortiment values apart.
pub const VALUE_MAX: usize = 100;

/// Why it stands still: what makes neighbours alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cause {
    /// How.
    pub stop: Stop,
    /// The fault that decided; none when there is none, e.g. for what is uncertain.
    pub code: Option<FaultCode>,
    /// The one value that neighbours share, e.g. the sortiment value without account; empty
    /// when the code says all. Never a personal number.
    pub value: Box<str>,
}

impl Cause {
    /// The cause, from how it stopped and the faults that came with that.
    #[must_use]
    pub fn of(stop: Stop, faults: &[Fault]) -> Self {
        let stops = |fault: &&Fault| fault.code.severity() == Severity::Fault;
        let fault = faults.iter().find(stops);
        let value = fault
            .and_then(|fault| fault.values.get(telling_value(fault.code)?))
            .map_or("", |value| value);
        Self {
            stop,
            code: fault.map(|fault| fault.code),
            value: value.chars().take(VALUE_MAX).collect::<String>().into(),
        }
    }

    /// The desk where it lies first. What the sender must send anew lies with the sending
    /// area, also when its vendor or finance has to help; what only finance can open, with
    /// finance; what is on its way, with those who run it.
    #[must_use]
    pub fn area(&self) -> Area {
        let who = self.code.map(FaultCode::responsible);
        match (self.stop, who) {
            (Stop::Held, _) => Area::Oekonomi,
            (Stop::Rejected | Stop::Unreadable, Some(Responsible::Operation))
            | (Stop::Uncertain | Stop::Waiting | Stop::MessageParked, _) => Area::Drift,
            (Stop::Rejected | Stop::Parked, Some(Responsible::Finance)) => Area::Oekonomi,
            (Stop::Rejected | Stop::Refused | Stop::Unreadable, _) => Area::Fagomraade,
            (Stop::Parked, _) => Area::Drift,
        }
    }
}

/// Which of a fault's values its neighbours share.
const fn telling_value(code: FaultCode) -> Option<usize> {
    match code {
        FaultCode::UnknownFacet
        | FaultCode::MissingKonteringsvalue
        | FaultCode::WrongCurrency
        | FaultCode::RefusedByBooks => Some(0),
        FaultCode::UnknownValue | FaultCode::ValueNotInForce | FaultCode::Unmapped => Some(1),
        _ => None,
    }
}

/// The working days that an area has, counted from the day after the one on which it
/// opened; 0 = that day itself.
///
/// Assumed: no rule gives a time limit. A benefit is paid days after it is posted, so the
/// sending area has two working days to correct; finance has to the next one, so that
/// what is held reaches the same day's closing of the books at the latest a day late;
/// operation the same day.
const fn working_days(area: Area) -> u8 {
    match area {
        Area::Fagomraade => 2,
        Area::Oekonomi => 1,
        Area::Drift => 0,
    }
}

/// The last day on which it is in time, for what opened on a Copenhagen day.
#[must_use]
pub fn deadline(area: Area, opened: Date) -> Date {
    workdays_after(opened, working_days(area))
}

/// A person on the worklist.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder {
    /// What their identity provider calls them.
    pub subject: Box<str>,
    /// What people call them.
    pub navn: Box<str>,
}

/// Set aside until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postponed {
    /// The day on which it is back.
    pub until: Date,
    /// Why.
    pub why: Box<str>,
}

/// How an item came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closing {
    /// A bilag that corrects it was accepted.
    Corrected(BilagId),
    /// Its bilag moved on, or its message came again and was taken.
    Settled,
    /// By a person, with the reason.
    ByHand(Box<str>),
    /// By a person who gave it up for good, with the reason.
    GivenUp(Box<str>),
}

impl Closing {
    /// The word in the database.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Corrected(_) => "corrected",
            Self::Settled => "settled",
            Self::ByHand(_) => "by_hand",
            Self::GivenUp(_) => "given_up",
        }
    }
}

/// One thing that stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// Owner; [`Kommunekode::UNKNOWN`] when the authority is not known.
    pub kommune: Kommunekode,
    /// What.
    pub subject: Subject,
    /// The sender, as far as known.
    pub fagsystem: Option<FagsystemId>,
    /// Why.
    pub cause: Cause,
    /// Whose desk.
    pub area: Area,
    /// When it stopped.
    pub opened: Timestamp,
    /// The amount at stake: its debit, øre.
    pub debet: Oere,
    /// Who has it.
    pub holder: Option<Holder>,
    /// Until when it is set aside.
    pub postponed: Option<Postponed>,
    /// Its end; none = open.
    pub closed: Option<(Timestamp, Closing)>,
    /// Counts its changes; a step names the one it saw. 0 = not stored, read from its bilag.
    pub version: i64,
}

impl WorkItem {
    /// Whether it is set aside on a day. On the day itself it is back, by itself.
    #[must_use]
    pub fn is_postponed(&self, today: Date) -> bool {
        self.postponed.as_ref().is_some_and(|p| today < p.until)
    }
}

/// What a person does with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Takes it, also from somebody else who has it.
    Take,
    /// Gives it back to the desk.
    GiveBack,
    /// Passes it to another desk; a word with it or none.
    ToArea(Area, Box<str>),
    /// Passes it to another person.
    ToPerson(Holder, Box<str>),
    /// Says something.
    Comment(Box<str>),
    /// Sets it aside until a day.
    Postpone(Date, Box<str>),
    /// Takes it up again before its day.
    Resume,
    /// Closes it by hand: what must be done was done elsewhere.
    Close(Box<str>),
    /// Gives up what still might have gone on. Its bilag is parked for good.
    GiveUp(Box<str>),
    /// Lets it go on: tried again, asked about or released.
    GoOn,
}

impl Act {
    /// Its word in the history.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Take => "taken",
            Self::GiveBack => "given_back",
            Self::ToArea(..) => "to_area",
            Self::ToPerson(..) => "to_person",
            Self::Comment(_) => "comment",
            Self::Postpone(..) => "postponed",
            Self::Resume => "resumed",
            Self::Close(_) => "closed",
            Self::GiveUp(_) => "given_up",
            Self::GoOn => "let_go_on",
        }
    }
}

/// Most characters of a comment or a reason.
pub const TEXT_MAX: usize = 2_000;
/// The longest that an item may be set aside, days: two closings of a month.
pub const POSTPONED_MAX_DAYS: i32 = 62;

/// Why a step is not possible: a fault of the form or of the moment, told to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    /// It is closed.
    #[error("it is closed")]
    Closed,
    /// It goes on by itself; nobody need hold it.
    #[error("it goes on by itself")]
    PassesByItself,
    /// It is theirs already.
    #[error("it is theirs already")]
    AlreadyTheirs,
    /// It is not theirs to give back.
    #[error("it is not theirs")]
    NotTheirs,
    /// It lies there already.
    #[error("it lies there already")]
    SameArea,
    /// A reason or a text is missing.
    #[error("a text is missing")]
    NoText,
    /// Longer than [`TEXT_MAX`].
    #[error("the text is too long")]
    TextTooLong,
    /// The day is not after today.
    #[error("the day is not after today")]
    DayNotLater,
    /// Further away than [`POSTPONED_MAX_DAYS`].
    #[error("the day is too far away")]
    DayTooFar,
    /// It is not set aside.
    #[error("it is not set aside")]
    NotPostponed,
    /// It may still be booked: it is given up, not closed.
    #[error("it may still be booked")]
    MayGoOn,
    /// The person it shall be passed to may not handle it.
    #[error("out of that person's reach")]
    OutOfReach,
    /// It cannot go on from here: only a new bilag of the sender helps.
    #[error("it cannot go on")]
    CannotGoOn,
}

/// A step that was judged: the item as it is after it, and the line of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// After the step.
    pub item: WorkItem,
    /// The word of the step.
    pub what: &'static str,
    /// What was said, or to whom it was passed; personal numbers masked.
    pub text: Box<str>,
}

/// Judges a person's step.
///
/// # Errors
/// [`Wrong`] when it cannot be done now; nothing is changed then.
pub fn act(
    item: &WorkItem,
    act: &Act,
    who: &Holder,
    (at, today): (Timestamp, Date),
) -> Result<Done, Wrong> {
    if item.closed.is_some() {
        return Err(Wrong::Closed);
    }
    let own = item
        .holder
        .as_ref()
        .is_some_and(|h| h.subject == who.subject);
    if item.cause.stop.passes_by_itself() && !matches!(act, Act::GoOn) {
        return Err(Wrong::PassesByItself);
    }
    let mut after = item.clone();
    after.version = item.version.saturating_add(1);
    let said = match act {
        Act::Take if own => return Err(Wrong::AlreadyTheirs),
        Act::Take => {
            after.holder = Some(who.clone());
            String::new()
        }
        Act::GiveBack if !own => return Err(Wrong::NotTheirs),
        Act::GiveBack => {
            after.holder = None;
            String::new()
        }
        Act::ToArea(area, _) if *area == item.area => return Err(Wrong::SameArea),
        Act::ToArea(area, text) => {
            after.area = *area;
            after.holder = None;
            optional(text)?
        }
        Act::ToPerson(person, text) => {
            let same = |h: &Holder| h.subject == person.subject;
            if item.holder.as_ref().is_some_and(same) {
                return Err(Wrong::AlreadyTheirs);
            }
            after.holder = Some(person.clone());
            optional(text)?
        }
        Act::Comment(text) => required(text)?,
        Act::Postpone(until, why) => {
            let why = required(why)?;
            after.postponed = Some(Postponed {
                until: later_day(*until, today)?,
                why: why.as_str().into(),
            });
            why
        }
        Act::Resume if item.postponed.is_none() => return Err(Wrong::NotPostponed),
        Act::Resume => {
            after.postponed = None;
            String::new()
        }
        Act::Close(_) | Act::GiveUp(_) | Act::GoOn => ending(&mut after, act, at)?,
    };
    Ok(Done {
        item: after,
        what: act.word(),
        text: said.into(),
    })
}

/// The steps that end an item, here or by letting its bilag go on.
fn ending(item: &mut WorkItem, act: &Act, at: Timestamp) -> Result<String, Wrong> {
    let stop = item.cause.stop;
    match act {
        Act::Close(_) if stop.may_go_on() => Err(Wrong::MayGoOn),
        Act::Close(why) => {
            let why = required(why)?;
            item.closed = Some((at, Closing::ByHand(why.as_str().into())));
            Ok(why)
        }
        Act::GiveUp(why) if stop.may_go_on() => {
            let why = required(why)?;
            item.closed = Some((at, Closing::GivenUp(why.as_str().into())));
            Ok(why)
        }
        // Held waits for an account, which no button gives.
        Act::GoOn if stop.may_go_on() && stop != Stop::Held => Ok(String::new()),
        _ => Err(Wrong::CannotGoOn),
    }
}

fn later_day(until: Date, today: Date) -> Result<Date, Wrong> {
    if until <= today {
        return Err(Wrong::DayNotLater);
    }
    match today.checked_add(POSTPONED_MAX_DAYS.days()) {
        Ok(last) if until > last => Err(Wrong::DayTooFar),
        Ok(_) | Err(_) => Ok(until),
    }
}

fn required(text: &str) -> Result<String, Wrong> {
    let text = optional(text)?;
    if text.is_empty() {
        return Err(Wrong::NoText);
    }
    Ok(text)
}

/// A person's words as they are kept: trimmed, without control characters but line ends,
/// personal numbers masked.
fn optional(text: &str) -> Result<String, Wrong> {
    let sound = |c: char| match c {
        '\n' | '\t' => Some(c),
        '\r' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    };
    let kept: String = text.chars().filter_map(sound).collect();
    let kept = kept.trim();
    if kept.chars().count() > TEXT_MAX {
        return Err(Wrong::TextTooLong);
    }
    Ok(mask_text(kept))
}
