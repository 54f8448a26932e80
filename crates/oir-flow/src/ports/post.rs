//! Letters to people: whom we may write to, what was written, and who carries it.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Person;
use oir_domain::digest::{Email, Recipient, Weekdays};
use oir_domain::money::Oere;
use uuid::Uuid;

use super::Answer;
use super::sessions::Deed;

/// Why something waits for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitingFor {
    /// They took it themselves.
    Own,
    /// It lies with their area and nobody has taken it.
    Area,
    /// A day that they may sign off.
    SignOff,
}

/// One thing that waits. It holds counts and a way there, and no word of a bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLine {
    /// Why.
    pub why: WaitingFor,
    /// What, in Danish, with no person in it: a cause, a fagsystem, a municipality.
    pub what: Box<str>,
    /// How many bilag or days.
    pub antal: u64,
    /// What they come to; none where no amount is at stake.
    pub beloeb: Option<Oere>,
    /// The earliest day by which something must be done.
    pub frist: Option<Date>,
    /// The page where it is done: a path of the portal.
    pub path: Box<str>,
}

/// What waits for somebody.
pub trait Waiting: Send + Sync + std::fmt::Debug {
    /// Everything that waits for exactly this person on a day, the most urgent first.
    fn waiting<'a>(&'a self, person: &'a Person, today: Date) -> Answer<'a, Vec<WaitingLine>>;
}

/// What became of a letter so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterState {
    /// To be sent.
    Waiting,
    /// The mail server has it.
    Sent,
    /// The mail server will not have it.
    GivenUp,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its id, later for later letters; also names the letter to mail servers, so that one
    /// that comes twice is seen to be the same.
    pub id: Uuid,
    /// To whom: the identity provider's name for them.
    pub subject: Box<str>,
    /// Their name.
    pub navn: Box<str>,
    /// Their address.
    pub email: Email,
    /// The subject line.
    pub title: Box<str>,
    /// The text, plain, lines ended by `\n`.
    pub body: Box<str>,
    /// When it was written.
    pub written: Timestamp,
    /// Where it stands.
    pub state: LetterState,
    /// Attempts begun.
    pub attempts: u32,
}

/// What is noted after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterFate {
    /// Sent.
    Sent,
    /// To be tried again.
    Again(Timestamp),
    /// Never again, for that reason; it names no person.
    GivenUp(Box<str>),
}

/// Recipients and letters, as the store keeps them.
pub trait Post: Send + Sync + std::fmt::Debug {
    /// Notes somebody at sign-in. Who is new gets the weekdays given; who is known keeps
    /// their own.
    fn note_recipient<'a>(&'a self, recipient: &'a Recipient) -> Answer<'a, ()>;

    /// Somebody, if they were ever noted.
    fn recipient<'a>(&'a self, subject: &'a str) -> Answer<'a, Option<Recipient>>;

    /// Keeps somebody's own choice. False = they were never noted.
    fn choose_weekdays<'a>(
        &'a self,
        subject: &'a str,
        weekdays: Weekdays,
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// Those seen since whose day is not done yet, in order of their subject, after one.
    fn undone<'a>(
        &'a self,
        dag: Date,
        seen_since: Timestamp,
        after: &'a str,
        limit: u32,
    ) -> Answer<'a, Vec<Recipient>>;

    /// Marks somebody's day as done, with the letter if there is one: both or neither.
    /// False = it was done already.
    fn finish_day<'a>(
        &'a self,
        subject: &'a str,
        dag: Date,
        at: Timestamp,
        letter: Option<&'a Letter>,
    ) -> Answer<'a, bool>;

    /// Takes letters that are due, until an instant; who dies with one leaves it due then.
    fn claim_letters(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Answer<'_, Vec<Letter>>;

    /// Notes what became of a letter.
    fn settle_letter<'a>(&'a self, id: Uuid, fate: &'a LetterFate, at: Timestamp)
    -> Answer<'a, ()>;

    /// Letters to somebody, newest first.
    fn letters<'a>(&'a self, subject: &'a str, limit: u32) -> Answer<'a, Vec<Letter>>;
}

/// What a mail server made of a letter. The texts are for the log and hold no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// It has it.
    Taken,
    /// It will never have it.
    Refused(String),
    /// Not now, or nobody knows: to be tried again, at the cost of a letter that comes twice.
    Away(String),
}

/// A letter under way.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Posted> + Send + 'a>>;

/// Carries letters.
pub trait Mailer: Send + Sync + std::fmt::Debug {
    /// Makes one attempt.
    fn post<'a>(&'a self, letter: &'a Letter) -> Posting<'a>;
}
