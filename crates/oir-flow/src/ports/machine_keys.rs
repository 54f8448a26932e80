//! The keys of machines and the tokens given for them, as the store keeps them: digests of
//! secrets, never the secrets.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{Right, Terms};

use super::Answer;
use super::sessions::Deed;

/// How a key was ended by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEnd {
    /// When.
    pub at: Timestamp,
    /// Their name then.
    pub by: Box<str>,
    /// Why.
    pub reason: Box<str>,
}

/// A key as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id, which is also its `client_id`; no secret.
    pub id: KeyId,
    /// What people call it.
    pub navn: Box<str>,
    /// For what it is given.
    pub terms: Terms,
    /// The key that it follows.
    pub replaces: Option<KeyId>,
    /// When it was made.
    pub made: Timestamp,
    /// The name of who made it.
    pub made_by: Box<str>,
    /// Whether and how a person ended it.
    pub ended: Option<KeyEnd>,
    /// The hour in which it was last used.
    pub last_used: Option<Timestamp>,
}

/// A key to be kept.
#[derive(Clone, PartialEq, Eq)]
pub struct NewKey {
    /// The key; neither ended nor used.
    pub record: KeyRecord,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
}

/// A key as the door knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// The key.
    pub record: KeyRecord,
    /// SHA-256 of its text.
    pub digest: [u8; 32],
}

/// A token as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// The key that it was given for.
    pub key: KeyId,
    /// What it may be used for: some or all of the key's.
    pub rights: Vec<Right>,
    /// When it ends.
    pub expires: Timestamp,
}

macro_rules! without_digest {
    ($($name:ident),*) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("record", &self.record)
                    .finish_non_exhaustive()
            }
        })*
    };
}
without_digest!(NewKey, KeptKey);

/// Keys and tokens.
pub trait MachineKeys: Send + Sync + std::fmt::Debug {
    /// One more at each change of a key, its use apart.
    fn key_version(&self) -> Answer<'_, i64>;

    /// All keys that last, or were given to last, beyond an instant: the door's own table.
    fn key_table(&self, since: Timestamp) -> Answer<'_, Vec<KeptKey>>;

    /// Keys that touch somebody's matter, newest first.
    fn keys<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KeyRecord>>;

    /// Keys that touch somebody's matter, were not ended, and end by themselves in a span:
    /// after the first instant and not after the second. The first to end first.
    fn keys_expiring<'a>(
        &'a self,
        scope: &'a Scope,
        span: (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<KeyRecord>>;

    /// Keeps a key, and ends the one it follows at `old_until` unless that ends before.
    /// False = there is such a key already, or the one that it follows is over; nothing is
    /// written.
    fn make_key<'a>(
        &'a self,
        key: &'a NewKey,
        old_until: Timestamp,
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// Ends a key. False = there is none to end.
    fn end_key<'a>(&'a self, id: KeyId, end: &'a KeyEnd, deed: &'a Deed) -> Answer<'a, bool>;

    /// Notes the hour in which a key was used.
    fn key_used(&self, id: KeyId, hour: Timestamp) -> Answer<'_, ()>;

    /// Keeps a token, and forgets those that ended before `now`.
    fn keep_token<'a>(
        &'a self,
        digest: &'a [u8; 32],
        token: &'a TokenRecord,
        now: Timestamp,
    ) -> Answer<'a, ()>;

    /// The token of a digest. Whether it, or its key, has ended is not judged.
    fn token<'a>(&'a self, digest: &'a [u8; 32]) -> Answer<'a, Option<TokenRecord>>;
}
