//! The classification as the store keeps it: registrations in order, what they come to, and
//! who follows them.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::Validity;
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::check::Surroundings;
use oir_domain::klassifikation::sortiment::{Dimension, Vaerdi};
use oir_domain::klassifikation::{Kind, Livscyklus, Objekt, Registrering};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::RegisterData;
use uuid::Uuid;

use super::Answer;
use super::sessions::Deed;

/// A registration to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Of what kind of object.
    pub kind: Kind,
    /// Of which object.
    pub objekt: Uuid,
    /// How many registrations the object has before it.
    pub number: u32,
    /// What is said.
    pub registrering: Registrering,
    /// In whose sortiment; none = in none.
    pub fagsystem: Option<FagsystemId>,
    /// Whose own; none = national.
    pub kommune: Option<Kommunekode>,
}

/// A registration in its order: a change event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place among all registrations, from 1.
    pub position: i64,
    /// What was registered.
    pub draft: Draft,
}

/// A set of changes that was announced before its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: Uuid,
    /// In whose sortiment.
    pub fagsystem: FagsystemId,
    /// Whose own values; none = national ones.
    pub kommune: Option<Kommunekode>,
    /// The day from which it holds.
    pub effective: Date,
    /// What it is about.
    pub tekst: Box<str>,
    /// Who announced it.
    pub navn: Box<str>,
    /// When.
    pub announced: Timestamp,
    /// The positions of its registrations, both included; set by the store.
    pub positions: (i64, i64),
}

/// Somebody who follows a sortiment for an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: Uuid,
    /// Who: a fagsystem's UUID, `books`, or what the program calls itself. Only the same
    /// one may use the subscription.
    pub subscriber: Box<str>,
    /// What people call them.
    pub navn: Box<str>,
    /// Whose sortiment.
    pub fagsystem: FagsystemId,
    /// For which authority: national values and its own.
    pub kommune: Kommunekode,
    /// Since when.
    pub made: Timestamp,
    /// The position up to which everything was taken over.
    pub acknowledged: i64,
    /// When they last said so.
    pub acknowledged_at: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// How far a subscriber is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lag {
    /// Who.
    pub subscription: Subscription,
    /// Changes that they have not taken over.
    pub behind: u64,
    /// When the first of those was registered.
    pub oldest: Option<Timestamp>,
}

/// A value as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVaerdi {
    /// The Klasse's UUID.
    pub objekt: Uuid,
    /// Its dimension.
    pub dimension: Dimension,
    /// Whose own; none = national.
    pub kommune: Option<Kommunekode>,
    /// What a posting names.
    pub noegle: Box<str>,
    /// Its human name.
    pub titel: Box<str>,
    /// The days of this key and name.
    pub validity: Validity,
    /// Where it stands.
    pub livscyklus: Livscyklus,
    /// The values that it may stand beside, by UUID; empty = any.
    pub lovlige_kombinationer: Vec<Uuid>,
}

/// Which values are listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VaerdiFilter {
    /// Of one sortiment.
    pub fagsystem: Option<FagsystemId>,
    /// Those that may be sent for one authority: national ones and its own.
    pub kommune: Option<Kommunekode>,
    /// Of one dimension.
    pub facet: Option<Uuid>,
    /// That hold on a day.
    pub day: Option<Date>,
    /// The last one of the page before: facet key, value key, UUID, first day.
    pub after: Option<(Box<str>, Box<str>, Uuid, Date)>,
}

/// Which objects are searched for; what is none is not asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjektQuestion {
    /// Kind.
    pub kind: Kind,
    /// Key of what stands now; `*` and `%` stand for anything.
    pub noegle: Option<Box<str>>,
    /// Title, in the same way.
    pub titel: Option<Box<str>>,
    /// The facet of a Klasse.
    pub facet: Option<Uuid>,
    /// Where it stands; none = everything but what was taken away.
    pub livscyklus: Option<Livscyklus>,
    /// How many to pass over.
    pub skip: u32,
    /// How many at most.
    pub limit: u32,
}

/// The classification.
pub trait Sortimenter: Send + Sync + std::fmt::Debug {
    /// The position of the last registration; 0 = there is none.
    fn position(&self) -> Answer<'_, i64>;

    /// Objects with all their registrations, whoever asks; unknown ones are left out.
    fn objekter<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, Vec<Objekt>>;

    /// Those of some objects that somebody sees: what is in no sortiment, national values of
    /// a fagsystem that they see something of, and authorities' own.
    fn seen<'a>(&'a self, scope: &'a Scope, ids: &'a [Uuid]) -> Answer<'a, Vec<Uuid>>;

    /// Objects that somebody sees and that answer a question, by key.
    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        question: &'a ObjektQuestion,
    ) -> Answer<'a, Vec<Uuid>>;

    /// All dimensions.
    fn dimensions(&self) -> Answer<'_, Vec<Dimension>>;

    /// The authorities by CVR.
    fn owners(&self) -> Answer<'_, Vec<(Cvr, Kommunekode)>>;

    /// What is around some objects that come to these values.
    fn surroundings<'a>(
        &'a self,
        ids: &'a [Uuid],
        values: &'a [Vaerdi],
    ) -> Answer<'a, Surroundings>;

    /// Writes registrations that were judged at a position, with what they come to, the
    /// judge's rows, the register's next version, the announcement and the line of the log.
    /// False = somebody registered something meanwhile; nothing is written.
    fn register_changes<'a>(
        &'a self,
        position: i64,
        drafts: &'a [Draft],
        announcement: Option<&'a Announcement>,
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// Replaces the register, and registers what that changes in the sortiment at an instant.
    fn import_register<'a>(&'a self, data: &'a RegisterData, now: Timestamp) -> Answer<'a, i64>;

    /// Values that somebody sees, by facet, key and day.
    fn values<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a VaerdiFilter,
        limit: u32,
    ) -> Answer<'a, Vec<ListedVaerdi>>;

    /// The last registration of everything in a sortiment for an authority, with the
    /// position that this is true at.
    fn snapshot(
        &self,
        fagsystem: FagsystemId,
        kommune: Kommunekode,
    ) -> Answer<'_, (i64, Vec<Change>)>;

    /// Changes of a sortiment for an authority after a position, oldest first.
    fn changes(
        &self,
        fagsystem: FagsystemId,
        kommune: Kommunekode,
        after: i64,
        limit: u32,
    ) -> Answer<'_, Vec<Change>>;

    /// Announcements that somebody sees and that hold from a day or later, the next first.
    fn announcements<'a>(&'a self, scope: &'a Scope, from: Date) -> Answer<'a, Vec<Announcement>>;

    /// Keeps a subscription.
    fn subscribe<'a>(&'a self, subscription: &'a Subscription, deed: &'a Deed) -> Answer<'a, ()>;

    /// A subscription that has not ended.
    fn subscription(&self, id: Uuid) -> Answer<'_, Option<Subscription>>;

    /// Notes how far a subscriber has come; going back is a replay. False = there is no such
    /// subscription, or no such position yet.
    fn acknowledge(&self, id: Uuid, position: i64, at: Timestamp) -> Answer<'_, bool>;

    /// Ends a subscription. False = there is none to end.
    fn unsubscribe<'a>(&'a self, id: Uuid, deed: &'a Deed) -> Answer<'a, bool>;

    /// The subscribers that somebody sees and how far behind each is, the furthest first.
    fn subscribers<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<Lag>>;
}
