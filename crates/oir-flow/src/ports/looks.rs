//! Looks at personal numbers, samples of them, the log as somebody searches it, and the
//! bilag that correct one another.
//!
//! Whatever is written here is written together with its line of the log; a look, a sample
//! and a review are known by the number of that line.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, BilagUuid};
use oir_domain::look::{LookKind, Purpose, Verdict};
use oir_domain::party::{Cpr, Kommunekode};

use super::Answer;
use super::sessions::{Deed, LoggedDeed};
use super::views::BilagLine;

/// A look that somebody is about to take. Who, when and where stand in its [`Deed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// What kind.
    pub kind: LookKind,
    /// In whose matters.
    pub kommune: Kommunekode,
    /// At which bilag; none when it is a person who is looked for.
    pub bilag: Option<BilagId>,
    /// What for.
    pub purpose: Purpose,
    /// How many bilag a search found; none when it was no search.
    pub found: Option<u64>,
}

/// A look that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenLook {
    /// Its line of the log.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: the identity provider's name for them.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// The rest.
    pub look: Look,
}

/// Whether a search by number was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noted {
    /// It was.
    Done,
    /// Others of the same person were written meanwhile: count again.
    Counted,
}

/// The bilag of one person in one municipality.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonsBilag {
    /// The newest, as many as were asked for.
    pub lines: Vec<BilagLine>,
    /// How many there are.
    pub found: u64,
}

/// A sample that is to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampling {
    /// Of which municipality's looks.
    pub kommune: Kommunekode,
    /// Looks taken from here.
    pub from: Timestamp,
    /// Until before here.
    pub until: Timestamp,
    /// How many are wanted.
    pub size: u32,
    /// What it is drawn by, see [`oir_domain::look::draw`].
    pub seed: u64,
}

/// A sample that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its line of the log.
    pub number: u64,
    /// When it was drawn.
    pub at: Timestamp,
    /// By whom: their name then.
    pub navn: Box<str>,
    /// What was asked for.
    pub sampling: Sampling,
    /// How many looks there were to draw from.
    pub population: u64,
    /// How many were drawn.
    pub drawn: u64,
    /// How many of them have been reviewed.
    pub reviewed: u64,
}

/// What an auditor wrote about a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// When.
    pub at: Timestamp,
    /// Their name then.
    pub navn: Box<str>,
    /// In order or not.
    pub verdict: Verdict,
    /// In words; may be empty when it is in order.
    pub note: Box<str>,
}

/// A look of a sample and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampledLook {
    /// The look.
    pub look: TakenLook,
    /// Everything written about it in this sample, oldest first; the last one holds.
    pub reviews: Vec<Review>,
}

/// Which lines of the log. An empty filter gives all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// A part of the name, or the whole of the identity provider's name for them.
    pub person: Option<Box<str>>,
    /// One word of [`deeds`](super::sessions::deeds).
    pub what: Option<Box<str>>,
    /// Of one municipality's matter.
    pub kommune: Option<Kommunekode>,
    /// A part of the object.
    pub object: Option<Box<str>>,
    /// From this instant.
    pub from: Option<Timestamp>,
    /// Until before this one.
    pub until: Option<Timestamp>,
}

/// One bilag of a chain of corrections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// The bilag.
    pub line: BilagLine,
    /// The sender's id of the one that it corrects.
    pub corrects: Option<BilagUuid>,
    /// How many corrections lie between it and the first of the chain.
    pub depth: u32,
}

/// Personal numbers seen and searched, and what is known of it afterwards.
pub trait Looks: Send + Sync + std::fmt::Debug {
    /// Writes a look at the numbers of a bilag down, with its deed. Only then may the
    /// numbers be shown.
    fn take_look<'a>(&'a self, look: &'a Look, deed: &'a Deed) -> Answer<'a, ()>;

    /// When somebody searched by number since then.
    fn searches<'a>(&'a self, subject: &'a str, since: Timestamp) -> Answer<'a, Vec<Timestamp>>;

    /// The bilag of a person as far as somebody sees them, newest first.
    fn bilag_of<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        cpr: &'a Cpr,
        limit: u32,
    ) -> Answer<'a, PersonsBilag>;

    /// Writes a search by number down, if its person has made exactly so
    /// many since an instant.
    fn take_search<'a>(
        &'a self,
        look: &'a Look,
        deed: &'a Deed,
        made_since: (Timestamp, usize),
    ) -> Answer<'a, Noted>;

    /// Draws a sample of the looks written before it; gives its number.
    fn draw_sample<'a>(&'a self, sampling: &'a Sampling, deed: &'a Deed) -> Answer<'a, u64>;

    /// Samples of what somebody sees, newest first, at most 200.
    fn samples<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<Sample>>;

    /// One sample and its looks in the order of the log.
    fn sample<'a>(
        &'a self,
        scope: &'a Scope,
        number: u64,
    ) -> Answer<'a, Option<(Sample, Vec<SampledLook>)>>;

    /// Adds a review of a look to a sample. False = that sample has no such look.
    fn review<'a>(
        &'a self,
        sample_and_look: (u64, u64),
        written: (Verdict, &'a str),
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// A page of the log as far as somebody sees it, newest first: lines before a number.
    fn search_log<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a LogFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Answer<'a, Vec<LoggedDeed>>;

    /// The whole chain of corrections that a bilag belongs to, oldest first; itself alone
    /// when it corrects nothing and nothing corrects it. Nothing when it is not seen.
    fn chain<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Vec<ChainLink>>;
}
