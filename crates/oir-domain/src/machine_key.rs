//! The keys by which machines sign in: what one may be used for, by whom and until when.
//!
//! A secret is 256 random bits, so it is kept as one plain SHA-256: a slow hash makes
//! guessing of *weak* secrets dear, and nobody guesses one of 2^256. Digests are made and
//! randomness is drawn elsewhere; here is only what follows from them.

use std::hint::black_box;

use jiff::{SignedDuration, Timestamp};

use crate::access::{Patch, Scope};
use crate::ids::{FagsystemId, KeyId};
use crate::party::Kommunekode;

/// Longest life of a key: a year, and a month to renew it in.
pub const LIFE_MAX: SignedDuration = SignedDuration::from_hours(24 * 397);
/// A key that ends within so long is shown as one to renew.
pub const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Longest name of a key, in characters.
pub const NAVN_MAX: usize = 80;

/// Something that a key may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Right {
    /// Send bilag.
    Send,
    /// Fetch receipts, status and totals, and look bilag up.
    LookUp,
    /// Bring receipts of what was booked: the books' way back.
    GiveReceipts,
    /// State what was sent on a day.
    StateTotals,
    /// Read a sortiment and follow its changes.
    FollowSortiment,
    /// Register in its own sortiment.
    EditSortiment,
}

impl Right {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Send,
        Self::LookUp,
        Self::GiveReceipts,
        Self::StateTotals,
        Self::FollowSortiment,
        Self::EditSortiment,
    ];

    /// Its word in the database and in the `scope` of a token (RFC 6749 § 3.3).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Send => "bilag:send",
            Self::LookUp => "bilag:read",
            Self::GiveReceipts => "kvittering:give",
            Self::StateTotals => "kontroltotal:state",
            Self::FollowSortiment => "sortiment:read",
            Self::EditSortiment => "sortiment:edit",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.word() == word)
    }
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A fagsystem: its own bilag and nothing else.
    Fagsystem(FagsystemId),
    /// A bookkeeping system: what goes to the authority's books, whoever sent it.
    Books,
}

impl Holder {
    /// What such a holder can be given.
    #[must_use]
    pub const fn rights(self) -> &'static [Right] {
        match self {
            Self::Fagsystem(_) => &[
                Right::Send,
                Right::LookUp,
                Right::StateTotals,
                Right::FollowSortiment,
                Right::EditSortiment,
            ],
            Self::Books => &[Right::LookUp, Right::GiveReceipts, Right::FollowSortiment],
        }
    }

    /// The fagsystem, if it is one.
    #[must_use]
    pub const fn fagsystem(self) -> Option<FagsystemId> {
        match self {
            Self::Fagsystem(id) => Some(id),
            Self::Books => None,
        }
    }
}

/// What is wrong with terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermsFault {
    /// No authority.
    NoKommune,
    /// Nothing that it may be used for.
    NoRight,
    /// Something that its holder cannot be given.
    RightOfAnother(Right),
    /// It ends before it begins.
    EndsFirst,
    /// It lasts longer than [`LIFE_MAX`].
    TooLong,
}

/// What a key is given for: by whom it is used, for which authorities, for what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    holder: Holder,
    kommuner: Vec<Kommunekode>,
    rights: Vec<Right>,
    from: Timestamp,
    until: Timestamp,
}

impl Terms {
    /// Terms that can be: at least one authority and one right that the holder can have,
    /// and an end within [`LIFE_MAX`] of the beginning.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn try_new(
        holder: Holder,
        mut kommuner: Vec<Kommunekode>,
        mut rights: Vec<Right>,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Self, Vec<TermsFault>> {
        kommuner.retain(|kommune| *kommune != Kommunekode::UNKNOWN);
        kommuner.sort_unstable();
        kommuner.dedup();
        rights.sort_unstable();
        rights.dedup();
        let mut faults = Vec::new();
        if kommuner.is_empty() {
            faults.push(TermsFault::NoKommune);
        }
        if rights.is_empty() {
            faults.push(TermsFault::NoRight);
        }
        let foreign = |right: &&Right| !holder.rights().contains(right);
        let foreign = rights.iter().filter(foreign);
        faults.extend(foreign.map(|right| TermsFault::RightOfAnother(*right)));
        if until <= from {
            faults.push(TermsFault::EndsFirst);
        } else if until.duration_since(from) > LIFE_MAX {
            faults.push(TermsFault::TooLong);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            holder,
            kommuner,
            rights,
            from,
            until,
        })
    }

    /// Whose.
    #[must_use]
    pub const fn holder(&self) -> Holder {
        self.holder
    }

    /// The authorities, by code; at least one.
    #[must_use]
    pub fn kommuner(&self) -> &[Kommunekode] {
        &self.kommuner
    }

    /// What for; at least one.
    #[must_use]
    pub fn rights(&self) -> &[Right] {
        &self.rights
    }

    /// When it begins.
    #[must_use]
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// When it ends: from this instant on it opens nothing.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// The same terms for the key that follows: from now, and for `life`.
    ///
    /// # Errors
    /// As [`Terms::try_new`].
    pub fn renewed(&self, now: Timestamp, life: SignedDuration) -> Result<Self, Vec<TermsFault>> {
        let until = now.saturating_add(life).unwrap_or(now);
        let (kommuner, rights) = (self.kommuner.clone(), self.rights.clone());
        Self::try_new(self.holder, kommuner, rights, (now, until))
    }

    /// Whether somebody with that scope has a say over such a key: over all of it.
    #[must_use]
    pub fn governed_by(&self, scope: &Scope) -> bool {
        let system = self.holder.fagsystem();
        self.kommuner.iter().all(|own| scope.covers(*own, system))
    }
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// It opens.
    Valid,
    /// It opens, and ends within [`SOON`].
    EndsSoon,
    /// It does not open yet.
    NotYet,
    /// Its time is over.
    Expired,
    /// A person ended it.
    Ended,
}

/// Where a key with these terms stands now; `ended` = a person ended it.
#[must_use]
pub fn standing(terms: &Terms, ended: Option<Timestamp>, now: Timestamp) -> Standing {
    if ended.is_some_and(|at| at <= now) {
        Standing::Ended
    } else if terms.until <= now {
        Standing::Expired
    } else if terms.from > now {
        Standing::NotYet
    } else if terms.until.duration_since(now) <= SOON {
        Standing::EndsSoon
    } else {
        Standing::Valid
    }
}

/// Why a key opens nothing. Told to nobody outside: all of them look the same there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// Not a key's text: cut off, mistyped, or something else.
    NotAKey,
    /// No such key, or no such token.
    Unknown,
    /// Another secret than the key's.
    WrongSecret,
    /// The right secret, and the key does not open yet, not any more, or was ended.
    Shut(Standing),
}

impl KeyFault {
    /// Whether somebody may be guessing: who holds the right secret of a key that is over
    /// is a machine that was forgotten, not an attacker.
    #[must_use]
    pub const fn is_a_guess(self) -> bool {
        !matches!(self, Self::Shut(_))
    }
}

/// What a machine that signed in may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    key: KeyId,
    holder: Holder,
    kommuner: Vec<Kommunekode>,
    rights: Vec<Right>,
}

impl Pass {
    /// The key by which it came in.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Who it is.
    #[must_use]
    pub const fn holder(&self) -> Holder {
        self.holder
    }

    /// What it may.
    #[must_use]
    pub fn rights(&self) -> &[Right] {
        &self.rights
    }

    /// Whether it may do that with bilag of that authority and that sender; none = of any
    /// sender, which only the books may.
    #[must_use]
    pub fn may(&self, right: Right, kommune: Kommunekode, sender: Option<FagsystemId>) -> bool {
        let own = match self.holder {
            Holder::Fagsystem(own) => sender == Some(own),
            Holder::Books => true,
        };
        own && self.rights.contains(&right) && self.kommuner.contains(&kommune)
    }

    /// What it sees with that right.
    #[must_use]
    pub fn scope(&self, right: Right) -> Scope {
        if !self.rights.contains(&right) {
            return Scope::nothing();
        }
        let patch = |kommune: &Kommunekode| Patch {
            kommune: Some(*kommune),
            fagsystem: self.holder.fagsystem(),
        };
        Scope::of(self.kommuner.iter().map(patch).collect())
    }

    /// The same for fewer rights: those of a token.
    #[must_use]
    pub fn limited_to(mut self, rights: &[Right]) -> Self {
        self.rights.retain(|right| rights.contains(right));
        self
    }
}

/// What a key opens now, given that its secret was shown.
///
/// # Errors
/// [`KeyFault::Shut`] with where it stands.
pub fn opens(
    id: KeyId,
    terms: &Terms,
    ended: Option<Timestamp>,
    now: Timestamp,
) -> Result<Pass, KeyFault> {
    match standing(terms, ended, now) {
        Standing::Valid | Standing::EndsSoon => Ok(Pass {
            key: id,
            holder: terms.holder,
            kommuner: terms.kommuner.clone(),
            rights: terms.rights.clone(),
        }),
        shut @ (Standing::NotYet | Standing::Expired | Standing::Ended) => {
            Err(KeyFault::Shut(shut))
        }
    }
}

/// Whether two digests are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same_digest(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let differ = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    black_box(differ) == 0
}

/// The text of a key: `oir_`, its id, its secret, and a check by which a slip of the pen
/// and a scanner of leaked secrets know it without asking anybody.
#[must_use]
pub fn key_text(id: KeyId, secret: [u8; 32]) -> String {
    checked(format!("oir_{}_{}", id.as_uuid().simple(), hex(&secret)))
}

/// The text of a token, which says nothing but that it is one.
#[must_use]
pub fn token_text(secret: [u8; 32]) -> String {
    checked(format!("oat_{}", hex(&secret)))
}

/// A text that a machine showed, as far as it can be told by looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// A key.
    Key(KeyId),
    /// A token.
    Token,
}

/// Reads what a machine showed.
///
/// # Errors
/// [`KeyFault::NotAKey`] when it has not the form, or its check does not agree.
pub fn read(text: &str) -> Result<Shown, KeyFault> {
    let (body, check) = text.rsplit_once('_').ok_or(KeyFault::NotAKey)?;
    if check != format!("{:08x}", crc32(body.as_bytes())) {
        return Err(KeyFault::NotAKey);
    }
    let shown = match body.split_once('_') {
        Some(("oat", secret)) if is_hex(secret, 64) => Some(Shown::Token),
        Some(("oir", rest)) => rest.split_once('_').and_then(|(id, secret)| {
            let sound = is_hex(id, 32) && is_hex(secret, 64);
            let id = format!("{}{id}", KeyId::PREFIX).parse().ok()?;
            sound.then_some(Shown::Key(id))
        }),
        _ => None,
    };
    shown.ok_or(KeyFault::NotAKey)
}

fn checked(body: String) -> String {
    let check = crc32(body.as_bytes());
    format!("{body}_{check:08x}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_hex(text: &str, length: usize) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == length && text.bytes().all(digit)
}

/// The CRC-32 of ISO 3309, bit by bit: a hundred bytes at a sign-in.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xedb8_8320
        } else {
            crc >> 1
        }
    };
    let take = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(u32::MAX, take)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::{SignedDuration, Timestamp};
    use uuid::Uuid;

    use super::{
        Holder, KeyFault, LIFE_MAX, Right, SOON, Shown, Standing, Terms, TermsFault, crc32,
        key_text, opens, read, same_digest, standing, token_text,
    };
    use crate::ids::{FagsystemId, KeyId};
    use crate::party::Kommunekode;

    const HERE: Kommunekode = Kommunekode(791);
    const THERE: Kommunekode = Kommunekode(751);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000_i64.saturating_add(seconds)).unwrap()
    }

    fn system(number: u128) -> FagsystemId {
        FagsystemId::from_uuid(Uuid::from_u128(number))
    }

    fn id() -> KeyId {
        KeyId::from_uuid(Uuid::from_u128(7))
    }

    fn terms(holder: Holder, rights: &[Right]) -> Terms {
        Terms::try_new(holder, vec![HERE], rights.to_vec(), (at(0), at(1_000))).unwrap()
    }

    #[test]
    fn terms_that_cannot_be_are_refused_with_every_reason() {
        let faults = Terms::try_new(
            Holder::Books,
            vec![Kommunekode::UNKNOWN],
            vec![Right::Send],
            (at(0), at(0) + LIFE_MAX + SignedDuration::from_secs(1)),
        );
        let expected = [
            TermsFault::NoKommune,
            TermsFault::RightOfAnother(Right::Send),
            TermsFault::TooLong,
        ];
        assert_eq!(faults.unwrap_err(), expected);
        let nothing = Terms::try_new(Holder::Books, vec![HERE], Vec::new(), (at(5), at(5)));
        assert_eq!(
            nothing.unwrap_err(),
            [TermsFault::NoRight, TermsFault::EndsFirst]
        );
        let all = Holder::Fagsystem(system(1)).rights().to_vec();
        let whole = (at(0), at(0) + LIFE_MAX);
        assert!(Terms::try_new(Holder::Fagsystem(system(1)), vec![HERE], all, whole).is_ok());
    }

    #[test]
    fn a_key_opens_from_its_first_instant_to_its_last() {
        let terms = terms(Holder::Books, &[Right::LookUp]);
        let open = |ended, now| opens(id(), &terms, ended, now);
        assert_eq!(open(None, at(-1)), Err(KeyFault::Shut(Standing::NotYet)));
        assert!(open(None, at(0)).is_ok() && open(None, at(999)).is_ok());
        assert_eq!(
            open(None, at(1_000)),
            Err(KeyFault::Shut(Standing::Expired))
        );
        assert!(open(Some(at(500)), at(499)).is_ok());
        let ended = open(Some(at(500)), at(500));
        assert_eq!(ended, Err(KeyFault::Shut(Standing::Ended)));
    }

    #[test]
    fn a_key_that_ends_within_a_month_says_so() {
        let long = (at(0), at(0) + LIFE_MAX);
        let terms = Terms::try_new(Holder::Books, vec![HERE], vec![Right::LookUp], long).unwrap();
        let soon = terms.until() - SOON;
        assert_eq!(standing(&terms, None, soon), Standing::EndsSoon);
        let before = soon - SignedDuration::from_secs(1);
        assert_eq!(standing(&terms, None, before), Standing::Valid);
    }

    #[test]
    fn a_fagsystem_reaches_its_own_bilag_of_its_authorities_and_nothing_else() {
        let terms = terms(Holder::Fagsystem(system(1)), &[Right::Send, Right::LookUp]);
        let pass = opens(id(), &terms, None, at(1)).unwrap();
        assert!(pass.may(Right::Send, HERE, Some(system(1))));
        assert!(!pass.may(Right::Send, HERE, Some(system(2))));
        assert!(!pass.may(Right::Send, HERE, None));
        assert!(!pass.may(Right::Send, THERE, Some(system(1))));
        assert!(!pass.may(Right::StateTotals, HERE, Some(system(1))));
        let seen = pass.scope(Right::LookUp);
        assert!(seen.covers(HERE, Some(system(1))));
        assert!(!seen.covers(HERE, Some(system(2))) && !seen.covers(THERE, Some(system(1))));
        assert!(pass.scope(Right::GiveReceipts).is_nothing());
        let less = pass.limited_to(&[Right::LookUp, Right::GiveReceipts]);
        assert_eq!(less.rights(), [Right::LookUp]);
    }

    #[test]
    fn books_reach_what_all_senders_sent_to_their_authority() {
        let terms = terms(Holder::Books, &[Right::LookUp, Right::GiveReceipts]);
        let pass = opens(id(), &terms, None, at(1)).unwrap();
        assert!(pass.may(Right::GiveReceipts, HERE, None));
        assert!(pass.may(Right::LookUp, HERE, Some(system(9))));
        assert!(!pass.may(Right::GiveReceipts, THERE, None));
    }

    #[test]
    fn a_text_is_read_back_and_every_slip_is_seen() {
        let (key, token) = (key_text(id(), [0xa5; 32]), token_text([0x5a; 32]));
        assert_eq!(read(&key), Ok(Shown::Key(id())));
        assert_eq!(read(&token), Ok(Shown::Token));
        for text in [key.as_str(), token.as_str()] {
            for place in 0..text.len() {
                let mut wrong = text.as_bytes().to_vec();
                let byte = wrong.get_mut(place).unwrap();
                *byte = if *byte == b'0' { b'1' } else { b'0' };
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(read(&wrong), Err(KeyFault::NotAKey), "{wrong}");
                let cut = text.get(..place).unwrap();
                assert_eq!(read(cut), Err(KeyFault::NotAKey), "{cut}");
            }
        }
        assert_eq!(read(&key.to_uppercase()), Err(KeyFault::NotAKey));
        // The check value that every description of this CRC gives.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn digests_are_the_same_only_when_every_byte_is() {
        assert!(same_digest(&[9; 32], &[9; 32]));
        for place in 0..32 {
            let mut other = [9; 32];
            *other.get_mut(place).unwrap() = 8;
            assert!(!same_digest(&[9; 32], &other), "{place}");
        }
    }

    #[test]
    fn every_right_has_a_word_that_a_scope_can_carry() {
        for right in Right::ALL {
            assert_eq!(Right::from_word(right.word()), Some(right));
            assert!(right.word().bytes().all(|b| b.is_ascii_graphic()));
        }
        assert_eq!(Right::from_word("alt"), None);
    }
}
