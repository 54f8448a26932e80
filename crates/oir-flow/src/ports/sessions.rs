//! Who is signed in, who is on the way, and what they did: kept by the store, so that a
//! restart signs nobody out and every process knows the same.

use jiff::Timestamp;
use oir_domain::access::{Person, Scope};
use oir_domain::ids::SessionId;
use oir_domain::party::Kommunekode;

use super::Answer;

/// An attempt to sign in that is under way at the identity provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Attempt {
    /// SHA-256 of the state that comes back.
    pub state_digest: [u8; 32],
    /// SHA-256 of the secret that the browser keeps: the answer counts in that browser only.
    pub browser_digest: [u8; 32],
    /// See [`AttemptSecrets`](super::identity::AttemptSecrets).
    pub nonce: String,
    /// The same.
    pub verifier: String,
    /// The page that the person wanted, a path of ours.
    pub target: String,
    /// When it is given up.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt")
            .field("target", &self.target)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id; no secret.
    pub id: SessionId,
    /// Who, with the roles they came with: a change of roles counts from the next sign-in.
    pub person: Person,
    /// When they signed in.
    pub begun: Timestamp,
    /// When they were last seen, to the minute.
    pub seen: Timestamp,
    /// When it ends at the latest.
    pub ends: Timestamp,
}

/// Something that somebody did, or looked at, that others may ask about later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: the identity provider's name for them, or what the program calls itself.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// What, one word of [`deeds`].
    pub what: Box<str>,
    /// Whose matter it was; none = nobody's in particular.
    pub kommune: Option<Kommunekode>,
    /// On what: an id, never a person's number.
    pub object: Box<str>,
}

/// The words of what is logged.
pub mod deeds {
    /// Each word once: what is written here is in [`ALL`] and cannot be forgotten there.
    macro_rules! deeds {
        ($($(#[$doc:meta])* $name:ident = $word:literal;)+) => {
            $($(#[$doc])* pub const $name: &str = $word;)+

            /// All of them: what a search of the log offers, and each has words on the pages.
            pub const ALL: [&str; [$($word),+].len()] = [$($name),+];
        };
    }

    deeds! {
        /// Signed in.
        SIGNED_IN = "signed_in";
        /// Signed out.
        SIGNED_OUT = "signed_out";
        /// Ended somebody's session.
        ENDED_SESSION = "ended_session";
        /// Had a receiver left alone.
        PAUSED = "paused";
        /// Had a receiver called again.
        RESUMED = "resumed";
        /// Announced a stop.
        ANNOUNCED_STOP = "announced_stop";
        /// Called a stop off.
        CANCELLED_STOP = "cancelled_stop";
        /// Took a list out as a file.
        EXPORTED = "exported";
        /// Stated what a fagsystem says that it has sent on a day.
        STATED_TOTAL = "stated_total";
        /// Signed for a day's account.
        SIGNED_DAY = "signed_day";
        /// Took up again a day that was signed for.
        REOPENED_DAY = "reopened_day";
        /// Had the books asked about the bilag of a day.
        ASKED_BOOKS = "asked_books";
        /// Worked on what stands still: took, passed on, explained, postponed or closed it.
        HANDLED_WORK = "handled_work";
        /// Let what stood still go on: tried again, asked about or released.
        LET_GO_ON = "let_go_on";
        /// Gave up what stood still.
        GAVE_UP = "gave_up";
        /// Made the key of a machine.
        MADE_KEY = "made_key";
        /// Made the key that follows another.
        RENEWED_KEY = "renewed_key";
        /// Ended the key of a machine.
        ENDED_KEY = "ended_key";
        /// Too many wrong keys or answers from one place: the program's own line.
        GUESSING = "guessing";
        /// Saw the personal numbers of a bilag.
        SAW_NUMBERS = "saw_numbers";
        /// Searched for the bilag of a person by their number.
        SEARCHED_PERSON = "searched_person";
        /// Was refused such a search, having made too many.
        REFUSED_SEARCH = "refused_search";
        /// Read a message as it was received, personal numbers masked.
        READ_MESSAGE = "read_message";
        /// Drew a sample of looks at personal data.
        DREW_SAMPLE = "drew_sample";
        /// Reviewed a look of a sample.
        REVIEWED_LOOK = "reviewed_look";
        /// Wrote, restored or withdrew a guide.
        WROTE_GUIDE = "wrote_guide";
        /// Registered something in a sortiment.
        CHANGED_SORTIMENT = "changed_sortiment";
        /// Announced changes of a sortiment.
        ANNOUNCED_SORTIMENT = "announced_sortiment";
        /// Began to follow a sortiment.
        SUBSCRIBED_SORTIMENT = "subscribed_sortiment";
        /// Followed a sortiment no longer.
        UNSUBSCRIBED_SORTIMENT = "unsubscribed_sortiment";
        /// Imported a municipality's kontoplan.
        IMPORTED_KONTOPLAN = "imported_kontoplan";
        /// Began a draft of an omsætningstabel.
        BEGAN_OMSAETNING = "began_omsaetning";
        /// Saved a draft of an omsætningstabel.
        SAVED_OMSAETNING = "saved_omsaetning";
        /// Ran a draft of an omsætningstabel over history.
        SIMULATED_OMSAETNING = "simulated_omsaetning";
        /// Put a version of an omsætningstabel in force.
        APPROVED_OMSAETNING = "approved_omsaetning";
        /// Gave a draft of an omsætningstabel up.
        DISCARDED_OMSAETNING = "discarded_omsaetning";
        /// Said whether others may copy an omsætningstabel.
        SHARED_OMSAETNING = "shared_omsaetning";
        /// Decided whether the hub or the ERP maps a table's bilag.
        DECIDED_MODE = "decided_mode";
        /// Chose when to get letters.
        CHOSE_LETTERS = "chose_letters";
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedDeed {
    /// Its number, from 1 without gaps.
    pub number: u64,
    /// What happened.
    pub deed: Deed,
}

/// Sessions and the log, as the store keeps them.
pub trait Sessions: Send + Sync + std::fmt::Debug {
    /// Keeps an attempt, and forgets those that were given up before it began.
    fn begin<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> Answer<'a, ()>;

    /// Takes an attempt out; whoever asks again gets nothing.
    fn take<'a>(&'a self, state_digest: &'a [u8; 32]) -> Answer<'a, Option<Attempt>>;

    /// Keeps a session under the digest of its token, with the deed that began it.
    fn open<'a>(
        &'a self,
        session: &'a Session,
        token_digest: &'a [u8; 32],
        deed: &'a Deed,
    ) -> Answer<'a, ()>;

    /// The session of a token, unless it was ended. Whether it has run out is not judged.
    fn session<'a>(&'a self, token_digest: &'a [u8; 32]) -> Answer<'a, Option<Session>>;

    /// Notes that somebody was seen.
    fn seen(&self, id: SessionId, at: Timestamp) -> Answer<'_, ()>;

    /// Ends a session. False = there was none to end, and nothing is logged.
    fn end<'a>(&'a self, id: SessionId, deed: &'a Deed) -> Answer<'a, bool>;

    /// All sessions that were not ended and were seen since, newest first.
    fn open_sessions(&self, since: Timestamp) -> Answer<'_, Vec<Session>>;

    /// Logs a deed.
    fn log<'a>(&'a self, deed: &'a Deed) -> Answer<'a, ()>;

    /// The log as far as somebody sees it, newest first: lines before a number, or the newest.
    fn logged<'a>(
        &'a self,
        scope: &'a Scope,
        before: Option<u64>,
        limit: u32,
    ) -> Answer<'a, Vec<LoggedDeed>>;
}
