//! Signing in, being recognised, and signing out.
//!
//! An attempt is tied to the browser that began it and to one answer of the provider; a
//! session is tied to a token that only the browser has: the store keeps digests. Roles
//! come with the identity and hold as long as the session.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::{Grant, Person, Reach, Role};
use oir_domain::guessing::Limit;
use oir_domain::ids::{FagsystemId, SessionId};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::Register;
use oir_wire::finans::digest;
use thiserror::Error;
use uuid::Uuid;

use crate::guesses::{Guessed, Guesser, Guesses};
use crate::keyring::{self, Keyring};
use crate::ports::StoreFailure;
use crate::ports::identity::{
    AttemptSecrets, Identity, IdentityFailure, IdentityProvider, Privilege,
};
use crate::ports::machine_keys::MachineKeys;
use crate::ports::process::{Clock, Ids, Secrets};
use crate::ports::sessions::{Attempt, Deed, Session, Sessions, deeds};

/// How long a person has at the provider: time to find a code card.
const ATTEMPT_TIME: SignedDuration = SignedDuration::from_mins(10);
/// Being seen is noted this often: a page costs no write.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// When a session ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// After so much time without a page.
    pub idle: SignedDuration,
    /// After so much time whatever happens.
    pub longest: SignedDuration,
}

impl SessionLimits {
    /// Half an hour of idleness, a working day at the longest.
    pub const STANDARD: Self = Self {
        idle: SignedDuration::from_mins(30),
        longest: SignedDuration::from_hours(10),
    };
}

/// What a provider's name of a role means here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleName {
    /// The name, as the provider states it.
    pub name: Box<str>,
    /// The role.
    pub role: Role,
    /// The fagsystem, for roles that need one.
    pub fagsystem: Option<FagsystemId>,
    /// Only when this authority gave it. Roles that reach beyond a municipality need it:
    /// no municipality may grant itself the country.
    pub cvr: Option<Cvr>,
}

impl RoleName {
    /// Whether a name with this role must say by whom it is given.
    #[must_use]
    pub fn needs_cvr(role: Role) -> bool {
        matches!(role.rule().reach, Reach::Country | Reach::Fagsystem)
    }
}

/// What an identity's privileges come to, each grant once. What is not understood, or
/// belongs to an authority that is not in the register, grants nothing.
#[must_use]
pub fn grants(privileges: &[Privilege], names: &[RoleName], register: &Register) -> Vec<Grant> {
    let mut all = Vec::new();
    for privilege in privileges {
        let means = |name: &&RoleName| {
            let given = name.cvr.is_some() || !RoleName::needs_cvr(name.role);
            let by = name.cvr.is_none_or(|cvr| cvr == privilege.cvr);
            name.name == privilege.name && given && by
        };
        let kommune = register.myndighed(privilege.cvr).map(|m| m.kommune);
        for name in names.iter().filter(means) {
            all.extend(Grant::try_new(name.role, kommune, name.fagsystem));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Why nobody is signed in.
#[derive(Debug, Error)]
pub enum SignInFailure {
    /// The answer belongs to no attempt of this browser: given up, used, or another's.
    #[error("no such attempt in this browser")]
    NotBegun,
    /// Who signed in holds no role here.
    #[error("no role")]
    NoRole,
    /// Too many wrong answers from there: wait so many seconds.
    #[error("too many wrong answers")]
    TooMany(u64),
    /// The provider, or its answer.
    #[error(transparent)]
    Provider(#[from] IdentityFailure),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl SignInFailure {
    /// Whether somebody may be guessing: an answer that nobody here asked for, or forged.
    #[must_use]
    pub const fn is_a_guess(&self) -> bool {
        let forged = matches!(self, Self::Provider(IdentityFailure::Forged(_)));
        forged || matches!(self, Self::NotBegun)
    }
}

/// What signing in stands on.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Sessions and the log.
    pub sessions: Arc<dyn Sessions>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Secrets.
    pub secrets: Arc<dyn Secrets>,
    /// When sessions end.
    pub limits: SessionLimits,
}

/// An attempt begun: where the browser goes, and what it must keep until it is back.
#[derive(Debug)]
pub struct Begun {
    /// The provider's address.
    pub address: String,
    /// For the browser alone.
    pub browser: Token,
}

/// A session begun.
#[derive(Debug)]
pub struct Entered {
    /// For the browser alone.
    pub token: Token,
    /// The page that was wanted.
    pub target: String,
    /// Who it is.
    pub person: Person,
    /// Their e-mail address, if the provider gave one.
    pub email: Option<Box<str>>,
}

/// A secret that a browser keeps: 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Reads what a browser sent.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    fn new(secret: [u8; 32]) -> Self {
        Self(secret.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The secret itself, for the cookie.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> [u8; 32] {
        digest::raw(self.0.as_bytes())
    }

    /// What a form of this session carries, so that no page elsewhere can send one.
    #[must_use]
    pub fn form_token(&self) -> String {
        Self::new(digest::raw(format!("form {}", self.0).as_bytes())).0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// Signing in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SignIn(Arc<Parts>, Arc<Guesses>);

impl SignIn {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts), Arc::new(Guesses::new(Limit::STANDARD)))
    }

    /// A keyring over the same clock, ids, secrets and log.
    #[must_use]
    pub fn keyring(&self, keys: Arc<dyn MachineKeys>) -> Keyring {
        let parts = Parts::clone(&self.0);
        Keyring::new(keyring::Parts {
            keys,
            sessions: parts.sessions,
            clock: parts.clock,
            ids: parts.ids,
            secrets: parts.secrets,
        })
    }

    /// Counts an answer that belongs to no attempt, or is forged. Somebody with a right one
    /// is never asked to wait.
    ///
    /// # Errors
    /// [`SignInFailure::TooMany`] once too many came from there; the first of a window is
    /// logged.
    pub async fn guessed(&self, from: Option<IpAddr>) -> Result<(), SignInFailure> {
        let now = self.0.clock.now();
        let from: Vec<Guesser> = from.map(Guesser::at).into_iter().collect();
        let Guessed::Blocked { wait, told } = self.1.wrong(&from, now) else {
            return Ok(());
        };
        for guesser in told {
            metrics::counter!("oir_alarm_total", "reason" => "guessing").increment(1);
            tracing::error!(alarm = true, %guesser, "somebody guesses answers of the sign-in");
            let deed = Deed {
                at: now,
                subject: "oir".into(),
                navn: "ØiR".into(),
                what: deeds::GUESSING.into(),
                kommune: None,
                object: guesser.to_string().into(),
            };
            self.0.sessions.log(&deed).await?;
        }
        let wait = u64::try_from(wait.as_secs()).unwrap_or(0);
        Err(SignInFailure::TooMany(wait.saturating_add(1)))
    }

    fn new_token(&self) -> Result<Token, StoreFailure> {
        let secret = self.0.secrets.secret().map(Token::new);
        secret.ok_or_else(|| StoreFailure::Unavailable("no randomness".into()))
    }

    /// Begins an attempt. `target` is a path of ours.
    ///
    /// # Errors
    /// [`SignInFailure`] when the provider or the store is away.
    pub async fn begin(
        &self,
        provider: &dyn IdentityProvider,
        target: &str,
    ) -> Result<Begun, SignInFailure> {
        let (state, browser) = (self.new_token()?, self.new_token()?);
        let secrets = AttemptSecrets {
            state: state.0.clone(),
            nonce: self.new_token()?.0,
            verifier: self.new_token()?.0,
        };
        let address = provider.address(&secrets).await?;
        let now = self.0.clock.now();
        let attempt = Attempt {
            state_digest: state.digest(),
            browser_digest: browser.digest(),
            nonce: secrets.nonce,
            verifier: secrets.verifier,
            target: target.to_owned(),
            expires: later(now, ATTEMPT_TIME),
        };
        self.0.sessions.begin(&attempt, now).await?;
        Ok(Begun { address, browser })
    }

    /// Takes the provider's answer: state and code as they came back, and the secret that
    /// the browser kept.
    ///
    /// # Errors
    /// [`SignInFailure`]; an attempt is used up whatever comes of it.
    pub async fn complete(
        &self,
        provider: &dyn IdentityProvider,
        (state, code): (&str, &str),
        browser: Option<&Token>,
        means: impl Fn(&[Privilege]) -> Vec<Grant>,
    ) -> Result<Entered, SignInFailure> {
        let now = self.0.clock.now();
        let attempt = self.attempt(state, browser, now).await?;
        let secrets = AttemptSecrets {
            state: state.to_owned(),
            nonce: attempt.nonce,
            verifier: attempt.verifier,
        };
        let Identity {
            subject,
            navn,
            email,
            privileges,
        } = provider.redeem(code, &secrets, now).await?;
        let grants = means(&privileges);
        if grants.is_empty() {
            return Err(SignInFailure::NoRole);
        }
        let person = Person {
            subject,
            navn,
            grants,
        };
        let token = self.enter(person.clone()).await?;
        Ok(Entered {
            token,
            target: attempt.target,
            person,
            email,
        })
    }

    /// Gives up an attempt that the provider ended.
    ///
    /// # Errors
    /// [`SignInFailure`] when there was none in this browser.
    pub async fn give_up(&self, state: &str, browser: Option<&Token>) -> Result<(), SignInFailure> {
        let now = self.0.clock.now();
        self.attempt(state, browser, now).await.map(|_| ())
    }

    async fn attempt(
        &self,
        state: &str,
        browser: Option<&Token>,
        now: Timestamp,
    ) -> Result<Attempt, SignInFailure> {
        let state = Token::read(state).ok_or(SignInFailure::NotBegun)?;
        let found = self.0.sessions.take(&state.digest()).await?;
        let ours = |attempt: &Attempt| {
            browser.map(Token::digest) == Some(attempt.browser_digest) && attempt.expires > now
        };
        found.filter(ours).ok_or(SignInFailure::NotBegun)
    }

    /// Begins a session for somebody whose identity is settled.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be kept.
    pub async fn enter(&self, person: Person) -> Result<Token, StoreFailure> {
        let now = self.0.clock.now();
        let token = self.new_token()?;
        let session = Session {
            id: SessionId::from_uuid(self.0.ids.next()),
            person,
            begun: now,
            seen: now,
            ends: later(now, self.0.limits.longest),
        };
        let deed = deed(&session.person, deeds::SIGNED_IN, session.id, now);
        let digest = token.digest();
        self.0.sessions.open(&session, &digest, &deed).await?;
        Ok(token)
    }

    /// Who holds a token, if their session has not ended.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be looked up.
    pub async fn who(&self, token: &Token) -> Result<Option<Session>, StoreFailure> {
        let Some(session) = self.0.sessions.session(&token.digest()).await? else {
            return Ok(None);
        };
        let now = self.0.clock.now();
        if !self.lasts(&session, now) {
            return Ok(None);
        }
        if now.duration_since(session.seen) >= SEEN_EVERY {
            self.0.sessions.seen(session.id, now).await?;
        }
        Ok(Some(session))
    }

    fn lasts(&self, session: &Session, now: Timestamp) -> bool {
        now < session.ends && now.duration_since(session.seen) <= self.0.limits.idle
    }

    /// Ends a session of one's own.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be ended.
    pub async fn leave(&self, session: &Session) -> Result<(), StoreFailure> {
        let now = self.0.clock.now();
        let deed = deed(&session.person, deeds::SIGNED_OUT, session.id, now);
        self.0.sessions.end(session.id, &deed).await.map(|_| ())
    }

    /// Everybody who is signed in now, newest first.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be read.
    pub async fn everybody(&self) -> Result<Vec<Session>, StoreFailure> {
        let now = self.0.clock.now();
        let since = now.saturating_sub(self.0.limits.idle).unwrap_or(now);
        let mut open = self.0.sessions.open_sessions(since).await?;
        open.retain(|session| self.lasts(session, now));
        Ok(open)
    }

    /// Ends somebody's session. False = it had ended already.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be ended.
    pub async fn end(&self, by: &Person, id: SessionId) -> Result<bool, StoreFailure> {
        let deed = deed(by, deeds::ENDED_SESSION, id, self.0.clock.now());
        self.0.sessions.end(id, &deed).await
    }

    /// Logs that somebody did something to an object.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be logged: then it must not be done either.
    pub async fn log(&self, by: &Person, what: &str, object: &str) -> Result<(), StoreFailure> {
        let deed = deed(by, what, object, self.0.clock.now());
        self.0.sessions.log(&deed).await
    }

    /// A number that nobody can foresee, e.g. to draw a sample by.
    ///
    /// # Errors
    /// [`StoreFailure`] when the machine has no randomness to give.
    pub fn seed(&self) -> Result<u64, StoreFailure> {
        let secret = self.0.secrets.secret();
        let front = secret.and_then(|bytes| bytes.first_chunk().copied());
        let seed = front.map(u64::from_be_bytes);
        seed.ok_or_else(|| StoreFailure::Unavailable("no randomness".into()))
    }

    /// A deed of a person on somebody's matter, to be written with what it did.
    #[must_use]
    pub fn deed_about(
        &self,
        by: &Person,
        what: &str,
        kommune: Option<Kommunekode>,
        object: impl ToString,
    ) -> Deed {
        Deed {
            kommune,
            ..deed(by, what, object, self.0.clock.now())
        }
    }

    /// A new id.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.0.ids.next()
    }

    /// The port beneath, for reading the log.
    #[must_use]
    pub fn sessions(&self) -> &dyn Sessions {
        &*self.0.sessions
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

/// A deed of a person; the matter of their municipality when all their roles are in one.
fn deed(by: &Person, what: &str, object: impl ToString, at: Timestamp) -> Deed {
    let mut places = by.grants.iter().map(Grant::kommune);
    let first = places.next().flatten();
    Deed {
        at,
        subject: by.subject.clone(),
        navn: by.navn.clone(),
        what: what.into(),
        kommune: first.filter(|_| places.all(|place| place == first)),
        object: object.to_string().into(),
    }
}
