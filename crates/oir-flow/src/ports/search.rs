//! Searching in many bilag: a page at a time, each within a bounded part of them, and the
//! searches that people keep.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::BilagId;
use uuid::Uuid;

use super::Answer;
use super::views::{BilagFilter, BilagLine};

/// What a search came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Bilag that fit, newest first; when there are as many as were asked for, there may be
    /// more after the last.
    pub lines: Vec<BilagLine>,
    /// Where it stopped without having looked at all that are older; none = it has, or the
    /// page is full.
    pub stopped: Option<Stop>,
}

/// Where a search stopped: go on from the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Everything younger, and this one, has been looked at.
    pub id: BilagId,
    /// When that one was received.
    pub at: Timestamp,
}

/// A number of bilag, as far as it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Exactly(u32),
    /// More than that.
    MoreThan(u32),
}

/// Searching, and the index that makes it quick.
pub trait Search: Send + Sync + std::fmt::Debug {
    /// A page, newest first, of those older than one. Looks at a bounded number of bilag,
    /// so that it takes bounded time whatever is asked for.
    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Found>;

    /// How many fit, up to a number, where that is cheap to say; none where it is not.
    fn count<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        most: u32,
    ) -> Answer<'a, Option<Count>>;

    /// Enters the next bilag into the index, of those older than an id, at most so many;
    /// gives how many it entered. Two at once do no harm: one of them enters nothing.
    fn enter(&self, before: BilagId, limit: u32) -> Answer<'_, u32>;

    /// When the oldest bilag was received that is not in the index yet; none = all are.
    fn waiting_since(&self) -> Answer<'_, Option<Timestamp>>;
}

/// A search that a person keeps under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: Uuid,
    /// Its name, once per person.
    pub navn: Box<str>,
    /// The filter, as it stands in the list's address.
    pub query: Box<str>,
    /// When it was kept.
    pub made: Timestamp,
}

/// How keeping or renaming one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    Done,
    /// The person has another one with that name.
    NameTaken,
    /// The person has as many as anybody may have.
    TooMany,
    /// There is no such one of this person.
    NotThere,
}

/// Searches that people keep: each person's own, by subject. They are no evidence, and no
/// deed is logged.
pub trait SavedViews: Send + Sync + std::fmt::Debug {
    /// A person's, by name.
    fn saved<'a>(&'a self, subject: &'a str) -> Answer<'a, Vec<SavedView>>;

    /// Keeps one more, at most `most` in all.
    fn save<'a>(&'a self, subject: &'a str, view: &'a SavedView, most: u32) -> Answer<'a, Kept>;

    /// Gives one another name.
    fn rename<'a>(&'a self, subject: &'a str, id: Uuid, navn: &'a str) -> Answer<'a, Kept>;

    /// Forgets one.
    fn forget<'a>(&'a self, subject: &'a str, id: Uuid) -> Answer<'a, Kept>;
}
