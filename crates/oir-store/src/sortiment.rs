//! The classification on disk. Registrations are evidence; where each object stands, its
//! edges, its values and the judge's rows are made of them in the same transaction.

mod follow;
mod import;
mod indhold;
mod read;
mod write;

#[cfg(test)]
pub(crate) use write::{FORGET_FACET_ROWS, FORGET_ROWS};

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::Objekt;
use oir_domain::klassifikation::check::Surroundings;
use oir_domain::klassifikation::sortiment::{Dimension, Vaerdi};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::RegisterData;
use oir_flow::ports::Answer;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::sortiment::{
    Announcement, Change, Draft, Lag, ListedVaerdi, ObjektQuestion, Sortimenter, Subscription,
    VaerdiFilter,
};
use uuid::Uuid;

use crate::Store;
use crate::codec::{fagsystem, kommune};
use crate::plan::Value;

/// Ids that are asked about at a time: both databases bind that many.
const AT_A_TIME: usize = 500;

/// National values of what somebody sees something of, and authorities' own: a condition on
/// a table with the columns `kommune` and `fagsystem`, its values appended.
fn seen(scope: &Scope, table: &str, params: &mut Vec<Value>) -> String {
    let mut patches = Vec::new();
    for patch in scope.patches() {
        let mut both = Vec::new();
        if let Some(owner) = patch.kommune {
            params.push(kommune(owner));
            both.push(format!("{table}.kommune in (0, ${})", params.len()));
        }
        if let Some(of) = patch.fagsystem {
            params.push(fagsystem(Some(of)));
            both.push(format!("{table}.fagsystem = ${}", params.len()));
        }
        if both.is_empty() {
            return "1 = 1".to_owned();
        }
        patches.push(format!("({})", both.join(" and ")));
    }
    if patches.is_empty() {
        "1 = 0".to_owned()
    } else {
        format!("({})", patches.join(" or "))
    }
}

/// None = national, which is 0 in the database.
fn owner(kommune: Option<Kommunekode>) -> Value {
    crate::codec::kommune(kommune.unwrap_or(Kommunekode::UNKNOWN))
}

fn owned(kommune: Kommunekode) -> Option<Kommunekode> {
    (kommune != Kommunekode::UNKNOWN).then_some(kommune)
}

fn opt_fagsystem(id: Option<FagsystemId>) -> Value {
    id.map_or(Value::Null, |id| Value::Uuid(id.as_uuid()))
}

impl Sortimenter for Store {
    fn position(&self) -> Answer<'_, i64> {
        Box::pin(self.sortiment_position())
    }

    fn objekter<'a>(&'a self, ids: &'a [Uuid]) -> Answer<'a, Vec<Objekt>> {
        Box::pin(self.read_objekter(ids))
    }

    fn seen<'a>(&'a self, scope: &'a Scope, ids: &'a [Uuid]) -> Answer<'a, Vec<Uuid>> {
        Box::pin(self.seen_objekter(scope, ids))
    }

    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        question: &'a ObjektQuestion,
    ) -> Answer<'a, Vec<Uuid>> {
        Box::pin(self.search_objekter(scope, question))
    }

    fn dimensions(&self) -> Answer<'_, Vec<Dimension>> {
        Box::pin(self.read_dimensions())
    }

    fn owners(&self) -> Answer<'_, Vec<(Cvr, Kommunekode)>> {
        Box::pin(self.read_owners())
    }

    fn surroundings<'a>(
        &'a self,
        ids: &'a [Uuid],
        values: &'a [Vaerdi],
    ) -> Answer<'a, Surroundings> {
        Box::pin(self.read_surroundings(ids, values))
    }

    fn register_changes<'a>(
        &'a self,
        position: i64,
        drafts: &'a [Draft],
        announcement: Option<&'a Announcement>,
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.write_changes(position, drafts, announcement, deed))
    }

    fn import_register<'a>(&'a self, data: &'a RegisterData, now: Timestamp) -> Answer<'a, i64> {
        Box::pin(self.replace_at(data, Some(now)))
    }

    fn values<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a VaerdiFilter,
        limit: u32,
    ) -> Answer<'a, Vec<ListedVaerdi>> {
        Box::pin(self.list_values(scope, filter, limit))
    }

    fn snapshot(
        &self,
        fagsystem: FagsystemId,
        kommune: Kommunekode,
    ) -> Answer<'_, (i64, Vec<Change>)> {
        Box::pin(self.read_snapshot(fagsystem, kommune))
    }

    fn changes(
        &self,
        fagsystem: FagsystemId,
        kommune: Kommunekode,
        after: i64,
        limit: u32,
    ) -> Answer<'_, Vec<Change>> {
        Box::pin(self.read_changes(fagsystem, kommune, after, limit))
    }

    fn announcements<'a>(&'a self, scope: &'a Scope, from: Date) -> Answer<'a, Vec<Announcement>> {
        Box::pin(self.read_announcements(scope, from))
    }

    fn subscribe<'a>(&'a self, subscription: &'a Subscription, deed: &'a Deed) -> Answer<'a, ()> {
        Box::pin(self.keep_subscription(subscription, deed))
    }

    fn subscription(&self, id: Uuid) -> Answer<'_, Option<Subscription>> {
        Box::pin(self.find_subscription(id))
    }

    fn acknowledge(&self, id: Uuid, position: i64, at: Timestamp) -> Answer<'_, bool> {
        Box::pin(self.note_acknowledged(id, position, at))
    }

    fn unsubscribe<'a>(&'a self, id: Uuid, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.end_subscription(id, deed))
    }

    fn subscribers<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<Lag>> {
        Box::pin(self.read_subscribers(scope))
    }
}
