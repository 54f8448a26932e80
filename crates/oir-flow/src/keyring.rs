//! Machines sign in: what a key or a token opens now, and the life of keys.
//!
//! The keys in force are read into memory and looked at again when they are older than
//! [`FRESH`]: a revoked key opens nothing that much later, in every process. When the
//! database does not say whether they still hold, nobody comes in.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::{Person, Scope};
use oir_domain::guessing::Limit;
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{
    KeyFault, Pass, Right, Shown, Terms, key_text, opens, read, same_digest, token_text,
};
use oir_domain::party::Kommunekode;
use oir_wire::finans::digest;
use thiserror::Error;

use crate::guesses::{Guessed, Guesser, Guesses};
use crate::ports::StoreFailure;
use crate::ports::machine_keys::{KeptKey, KeyEnd, KeyRecord, MachineKeys, NewKey, TokenRecord};
use crate::ports::process::{Clock, Ids, Secrets};
use crate::ports::sessions::{Deed, Sessions, deeds};

/// How long what was read counts: the longest that an ended key still opens.
pub const FRESH: SignedDuration = SignedDuration::from_secs(2);
/// How long a token lasts at most.
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// How long the door remembers a key that is over: a machine that was forgotten is told
/// apart from one that guesses.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 90);
/// Most tokens remembered between two looks at the store.
const TOKENS_MAX: usize = 10_000;

/// What a keyring stands on.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Keys and tokens.
    pub keys: Arc<dyn MachineKeys>,
    /// The log of deeds.
    pub sessions: Arc<dyn Sessions>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Secrets.
    pub secrets: Arc<dyn Secrets>,
}

/// Why a machine does not come in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyRefusal {
    /// What it showed opens nothing. Outside, every reason looks the same.
    #[error("the key opens nothing")]
    Shut,
    /// Too many wrong ones came from there.
    #[error("too many guesses")]
    TooMany {
        /// Seconds until the next is heard, at least one.
        wait: u64,
    },
    /// Nobody can say now.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenRefusal {
    /// The client does not come in.
    #[error(transparent)]
    Client(#[from] KeyRefusal),
    /// It asks for what its key is not given for.
    #[error("a scope beyond the key's")]
    Scope,
}

/// A token as it is handed over, once.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The token.
    pub token: String,
    /// Seconds that it lasts.
    pub seconds: u64,
    /// What it may be used for.
    pub rights: Vec<Right>,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("seconds", &self.seconds)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

/// A key that somebody wants made. Its id is chosen before it is asked for, so that asking
/// twice makes one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its id.
    pub id: KeyId,
    /// What people will call it.
    pub navn: Box<str>,
    /// What for.
    pub terms: Terms,
    /// The key that it follows, and the instant at which that ends.
    pub follows: Option<(KeyId, Timestamp)>,
}

type Table = HashMap<KeyId, KeptKey>;

/// The keys as last read.
#[derive(Debug, Default)]
struct Known {
    version: i64,
    at: Option<Timestamp>,
    table: Arc<Table>,
}

#[derive(Debug)]
struct Shared {
    parts: Parts,
    known: RwLock<Known>,
    reading: tokio::sync::Mutex<()>,
    tokens: Mutex<HashMap<[u8; 32], TokenRecord>>,
    /// The hour noted as a key's last use by this process.
    used: Mutex<HashMap<KeyId, Timestamp>>,
    guesses: Guesses,
}

/// The keyring of a process. Cheap to clone; all clones are the same one.
#[derive(Debug, Clone)]
pub struct Keyring(Arc<Shared>);

impl Keyring {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Shared {
            parts,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
            tokens: Mutex::default(),
            used: Mutex::default(),
            guesses: Guesses::new(Limit::STANDARD),
        }))
    }

    /// What the key or token opens that a machine at an address shows.
    ///
    /// # Errors
    /// [`KeyRefusal`].
    pub async fn enter(&self, shown: &str, from: Option<IpAddr>) -> Result<Pass, KeyRefusal> {
        let now = self.0.parts.clock.now();
        let table = self.table(now).await?;
        match self.recognise(&table, shown, now).await? {
            Ok(pass) => {
                self.note_use(&table, pass.key(), now).await;
                Ok(pass)
            }
            Err((key, fault)) => Err(self.refused(key, fault, from, now).await),
        }
    }

    /// A token for the key of a client: for all that the key is given for, or the part that
    /// `scope` names (RFC 6749 § 4.4).
    ///
    /// # Errors
    /// [`TokenRefusal`].
    pub async fn issue(
        &self,
        (client, secret): (&str, &str),
        scope: Option<&str>,
        from: Option<IpAddr>,
    ) -> Result<Issued, TokenRefusal> {
        let now = self.0.parts.clock.now();
        let named = client.parse::<KeyId>().ok();
        let is_its_own = matches!(read(secret), Ok(Shown::Key(id)) if Some(id) == named);
        if !is_its_own {
            return Err(self
                .refused(named, KeyFault::NotAKey, from, now)
                .await
                .into());
        }
        let pass = self.enter(secret, from).await?;
        let pass = match scope.map(str::trim).filter(|scope| !scope.is_empty()) {
            None => pass,
            Some(scope) => {
                let wanted: Option<Vec<Right>> = scope.split(' ').map(Right::from_word).collect();
                let wanted = wanted.ok_or(TokenRefusal::Scope)?;
                if !wanted.iter().all(|right| pass.rights().contains(right)) {
                    return Err(TokenRefusal::Scope);
                }
                pass.limited_to(&wanted)
            }
        };
        Ok(self.give(&pass, now).await?)
    }

    async fn give(&self, pass: &Pass, now: Timestamp) -> Result<Issued, KeyRefusal> {
        let known = self.table(now).await?;
        let key = known.get(&pass.key()).ok_or(KeyRefusal::Shut)?;
        let latest = now.saturating_add(TOKEN_LIFE).unwrap_or(now);
        let expires = latest.min(key.record.terms.until());
        let token = token_text(self.secret()?);
        let record = TokenRecord {
            key: pass.key(),
            rights: pass.rights().to_vec(),
            expires,
        };
        let digest = digest::raw(token.as_bytes());
        let keys = &self.0.parts.keys;
        keys.keep_token(&digest, &record, now).await?;
        self.remember(digest, record.clone(), now);
        let seconds = expires.duration_since(now).as_secs();
        Ok(Issued {
            token,
            seconds: u64::try_from(seconds).unwrap_or(0),
            rights: record.rights,
        })
    }

    fn secret(&self) -> Result<[u8; 32], StoreFailure> {
        let secret = self.0.parts.secrets.secret();
        secret.ok_or_else(|| StoreFailure::Unavailable("no randomness".into()))
    }

    /// The keys in force, not older than [`FRESH`]. One caller reads, the others wait for it.
    async fn table(&self, now: Timestamp) -> Result<Arc<Table>, StoreFailure> {
        if let Some(table) = self.fresh(now) {
            return Ok(table);
        }
        let _reading = self.0.reading.lock().await;
        if let Some(table) = self.fresh(now) {
            return Ok(table);
        }
        let keys = &self.0.parts.keys;
        let version = keys.key_version().await?;
        let same = {
            let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
            let same = known.at.is_some() && known.version == version;
            same.then(|| Arc::clone(&known.table))
        };
        let table = match same {
            Some(table) => table,
            None => {
                let since = now.saturating_sub(REMEMBERED).unwrap_or(now);
                let all = keys.key_table(since).await?.into_iter();
                Arc::new(all.map(|key| (key.record.id, key)).collect())
            }
        };
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known {
            version,
            at: Some(now),
            table: Arc::clone(&table),
        };
        Ok(table)
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Table>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let age = now.duration_since(known.at?);
        let fresh = (SignedDuration::ZERO..FRESH).contains(&age);
        fresh.then(|| Arc::clone(&known.table))
    }

    /// Looks at what was shown: what it opens, or why nothing and which key it names.
    async fn recognise(
        &self,
        table: &Table,
        shown: &str,
        now: Timestamp,
    ) -> Result<Result<Pass, (Option<KeyId>, KeyFault)>, StoreFailure> {
        let digest = digest::raw(shown.as_bytes());
        let open = |key: &KeptKey| {
            let record = &key.record;
            let ended = record.ended.as_ref().map(|end| end.at);
            opens(record.id, &record.terms, ended, now)
        };
        let id = match read(shown) {
            Err(fault) => return Ok(Err((None, fault))),
            Ok(Shown::Token) => return self.token(table, &digest, now, open).await,
            Ok(Shown::Key(id)) => id,
        };
        let Some(key) = table.get(&id) else {
            return Ok(Err((None, KeyFault::Unknown)));
        };
        if !same_digest(&key.digest, &digest) {
            return Ok(Err((Some(id), KeyFault::WrongSecret)));
        }
        Ok(open(key).map_err(|fault| (Some(id), fault)))
    }

    async fn token(
        &self,
        table: &Table,
        digest: &[u8; 32],
        now: Timestamp,
        open: impl Fn(&KeptKey) -> Result<Pass, KeyFault>,
    ) -> Result<Result<Pass, (Option<KeyId>, KeyFault)>, StoreFailure> {
        let remembered = {
            let tokens = self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.get(digest).cloned()
        };
        let found = match remembered {
            Some(token) => Some(token),
            None => {
                let found = self.0.parts.keys.token(digest).await?;
                if let Some(token) = &found {
                    self.remember(*digest, token.clone(), now);
                }
                found
            }
        };
        let Some(token) = found else {
            return Ok(Err((None, KeyFault::Unknown)));
        };
        let over = KeyFault::Shut(oir_domain::machine_key::Standing::Expired);
        let key = table.get(&token.key).filter(|_| token.expires > now);
        let opened = key.ok_or(over).and_then(open);
        Ok(opened
            .map(|pass| pass.limited_to(&token.rights))
            .map_err(|fault| (Some(token.key), fault)))
    }

    fn remember(&self, digest: [u8; 32], token: TokenRecord, now: Timestamp) {
        let mut tokens = self.0.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= TOKENS_MAX {
            tokens.retain(|_, token| token.expires > now);
        }
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(digest, token);
    }

    /// Notes the hour of a use, once an hour. That it cannot be noted keeps nobody out.
    async fn note_use(&self, table: &Table, id: KeyId, now: Timestamp) {
        let second = now
            .as_second()
            .saturating_sub(now.as_second().rem_euclid(3_600));
        let hour = Timestamp::from_second(second).unwrap_or(now);
        let noted = table.get(&id).and_then(|key| key.record.last_used);
        let news = {
            let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
            let before = used.insert(id, hour);
            before.max(noted).is_none_or(|before| before < hour)
        };
        if news && let Err(failure) = self.0.parts.keys.key_used(id, hour).await {
            tracing::warn!(%failure, key = %id, "the use of a key was not noted");
        }
    }

    /// Counts what was wrong, tells of those who guess, and says what is answered.
    async fn refused(
        &self,
        key: Option<KeyId>,
        fault: KeyFault,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> KeyRefusal {
        metrics::counter!("oir_key_refused_total").increment(1);
        if !fault.is_a_guess() {
            tracing::info!(key = ?key, ?fault, "a key that is not open was shown");
            return KeyRefusal::Shut;
        }
        let mut guessers: Vec<Guesser> = from.map(Guesser::at).into_iter().collect();
        guessers.extend(key.map(Guesser::Key));
        match self.0.guesses.wrong(&guessers, now) {
            Guessed::Counted => KeyRefusal::Shut,
            Guessed::Blocked { wait, told } => {
                for guesser in told {
                    self.tell(&guesser, now).await;
                }
                let wait = u64::try_from(wait.as_secs()).unwrap_or(0);
                KeyRefusal::TooMany {
                    wait: wait.saturating_add(1),
                }
            }
        }
    }

    /// Tells operation of somebody who guesses: an alarm, and a line of the log that stays.
    async fn tell(&self, guesser: &Guesser, now: Timestamp) {
        metrics::counter!("oir_alarm_total", "reason" => "guessing").increment(1);
        tracing::error!(alarm = true, %guesser, "somebody guesses keys");
        let deed = Deed {
            at: now,
            subject: "oir".into(),
            navn: "ØiR".into(),
            what: deeds::GUESSING.into(),
            kommune: None,
            object: guesser.to_string().into(),
        };
        if let Err(failure) = self.0.parts.sessions.log(&deed).await {
            tracing::error!(%failure, "the guessing was not logged");
        }
    }

    /// A new id for a key that somebody is about to ask for.
    #[must_use]
    pub fn next_id(&self) -> KeyId {
        KeyId::from_uuid(self.0.parts.ids.next())
    }

    /// This instant.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.parts.clock.now()
    }

    /// Makes a key, and gives its text: the only time that anybody sees it. None = that id
    /// was used before, or the key that it follows is over; nothing is made.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be kept.
    pub async fn make(&self, by: &Person, wish: Wish) -> Result<Option<String>, StoreFailure> {
        let now = self.now();
        let text = key_text(wish.id, self.secret()?);
        let what = match wish.follows {
            Some(_) => deeds::RENEWED_KEY,
            None => deeds::MADE_KEY,
        };
        let deed = key_deed(by, what, (wish.id, &wish.terms), now);
        let old_until = wish.follows.map_or(now, |(_, until)| until);
        let key = NewKey {
            digest: digest::raw(text.as_bytes()),
            record: KeyRecord {
                id: wish.id,
                navn: wish.navn,
                terms: wish.terms,
                replaces: wish.follows.map(|(old, _)| old),
                made: now,
                made_by: by.navn.clone(),
                ended: None,
                last_used: None,
            },
        };
        let made = self.0.parts.keys.make_key(&key, old_until, &deed).await?;
        self.forget();
        Ok(made.then_some(text))
    }

    /// Ends a key now. False = it was over already.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be ended.
    pub async fn end(
        &self,
        by: &Person,
        key: &KeyRecord,
        reason: &str,
    ) -> Result<bool, StoreFailure> {
        let now = self.now();
        let end = KeyEnd {
            at: now,
            by: by.navn.clone(),
            reason: reason.into(),
        };
        let deed = key_deed(by, deeds::ENDED_KEY, (key.id, &key.terms), now);
        let ended = self.0.parts.keys.end_key(key.id, &end, &deed).await?;
        self.forget();
        Ok(ended)
    }

    /// The next look reads anew.
    fn forget(&self) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.at = None;
    }

    /// The keys that somebody sees.
    ///
    /// # Errors
    /// [`StoreFailure`] when they cannot be read.
    pub async fn seen(&self, scope: &Scope) -> Result<Vec<KeyRecord>, StoreFailure> {
        self.0.parts.keys.keys(scope).await
    }
}

/// A deed on a key: its authority's matter when there is one only.
fn key_deed(by: &Person, what: &str, (id, terms): (KeyId, &Terms), at: Timestamp) -> Deed {
    let one: Option<Kommunekode> = match terms.kommuner() {
        [one] => Some(*one),
        _ => None,
    };
    Deed {
        at,
        subject: by.subject.clone(),
        navn: by.navn.clone(),
        what: what.into(),
        kommune: one,
        object: id.to_string().into(),
    }
}
