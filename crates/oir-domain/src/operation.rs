//! Operation: is the corridor running, and what must somebody do now?
//!
//! Facts in, alarms out ([`alarm::alarms`]). How a receiver's health follows from its calls
//! ([`health`]) and when a receiver is paused ([`pause`]) are rules here too, so that a page,
//! a command and every worker say the same.

pub mod alarm;
pub mod health;
pub mod pause;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::FagsystemId;
use crate::message::StateName;
use crate::party::Kommunekode;
use health::Health;
use pause::{Pause, PlannedStop};

/// Everything that alarms are made of, as far as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// How the calls to each receiver go.
    pub health: Vec<(Kommunekode, Health)>,
    /// What waits, per receiver and state.
    pub queue: Vec<QueueLine>,
    /// Who is calling, or was when they stopped.
    pub leases: Vec<LeaseLine>,
    /// What the senders send.
    pub senders: Vec<SenderLine>,
    /// Pauses that are not over yet, those to come included.
    pub pauses: Vec<Pause>,
    /// Stops, those to come and the latest ones that are over.
    pub stops: Vec<PlannedStop>,
    /// Certificates and keys with an end.
    pub expiries: Vec<Expiry>,
    /// Database, disk and copies; none for those whose matter they are not.
    pub house: Option<House>,
}

impl Facts {
    /// The pause that holds a receiver back now.
    #[must_use]
    pub fn paused(&self, kommune: Kommunekode, now: Timestamp) -> Option<&Pause> {
        pause::in_force(&self.pauses, kommune, now)
    }
}

/// Bilag under way to one receiver in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueLine {
    /// Whose.
    pub kommune: Kommunekode,
    /// Where they stand; one of [`StateName::UNDER_WAY`].
    pub state: StateName,
    /// How many.
    pub antal: u64,
    /// Since when the oldest stands there.
    pub oldest: Timestamp,
    /// When the first of them was or is due.
    pub first_due: Timestamp,
    /// How many by attempts used: none, one, two to five, more.
    pub attempts: [u64; 4],
}

/// Bilag that one worker has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseLine {
    /// The worker's name.
    pub owner: Box<str>,
    /// Whose bilag.
    pub kommune: Kommunekode,
    /// How many.
    pub antal: u64,
    /// Since when the oldest is being sent.
    pub since: Timestamp,
    /// When others may take them.
    pub expires: Timestamp,
}

/// What one sender has sent lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderLine {
    /// Who; none when unknown.
    pub fagsystem: Option<FagsystemId>,
    /// The last day with anything.
    pub last_day: Date,
    /// The last bilag, when it came within the last day and night.
    pub last: Option<Timestamp>,
    /// Bilag received in the last hour.
    pub received: u64,
    /// Of these, rejected.
    pub rejected: u64,
}

/// What has an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExpiryKind {
    /// The certificate that a receiver showed at the last call.
    Receiver,
    /// The certificate of the identity provider.
    Provider,
    /// A certificate in a file of this house.
    File,
    /// A machine's key.
    MachineKey,
}

impl ExpiryKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Receiver, Self::Provider, Self::File, Self::MachineKey];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Receiver => "receiver",
            Self::Provider => "provider",
            Self::File => "file",
            Self::MachineKey => "machine_key",
        }
    }

    /// The kind with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A certificate or key and its end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expiry {
    /// What it is.
    pub kind: ExpiryKind,
    /// Which one: a host, a file, a key's name; never a secret.
    pub name: Box<str>,
    /// Whose matter; none = the whole service's.
    pub kommune: Option<Kommunekode>,
    /// When it ends.
    pub expires: Timestamp,
}

/// Database, disk and copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct House {
    /// Free bytes of the disk that the database lies on; none where it cannot be seen.
    pub free: Option<u64>,
    /// Size of the database, bytes.
    pub bytes: Option<u64>,
    /// Size of its log of writes, bytes; none where we may not ask.
    pub wal: Option<u64>,
    /// Its size at the end of earlier days, oldest first.
    pub sizes: Vec<(Date, u64)>,
    /// The last copy.
    pub backup: Option<Upkeep>,
    /// The last time that everything was computed again.
    pub verify: Option<Upkeep>,
}

impl House {
    /// Bytes that the database grows by in a day, between the first and the last size known;
    /// none before two days are. A database that shrank grows by nothing.
    #[must_use]
    pub fn growth(&self) -> Option<u64> {
        let ((first, small), (last, large)) = (self.sizes.first()?, self.sizes.last()?);
        let days = first.until(*last).ok()?.get_days();
        let days = u64::try_from(days).ok().filter(|days| *days > 0)?;
        large.saturating_sub(*small).checked_div(days)
    }

    /// Days until the disk is full at that pace; none when it does not grow or is not seen.
    #[must_use]
    pub fn days_left(&self) -> Option<u64> {
        self.free?.checked_div(self.growth()?)
    }
}

/// Care that was taken: a copy made, or everything computed again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upkeep {
    /// When it was done.
    pub at: Timestamp,
    /// Where the copy lies; empty for a computation.
    pub place: Box<str>,
    /// Size, bytes; none when nobody said.
    pub bytes: Option<u64>,
    /// Differences found; none = a copy that nobody has computed again.
    pub findings: Option<u64>,
}

/// What care was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpkeepKind {
    /// A copy was made.
    Backup,
    /// Everything was computed again.
    Verify,
}

impl UpkeepKind {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Verify => "verify",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ExpiryKind, House};
    use jiff::civil::date;

    #[test]
    fn growth_is_told_from_two_days_on() {
        let day = |day| date(2026, 11, day);
        let house = |sizes: &[(i8, u64)], free| House {
            sizes: sizes.iter().map(|(d, bytes)| (day(*d), *bytes)).collect(),
            free: Some(free),
            ..House::default()
        };
        assert_eq!(house(&[(1, 100)], 9).growth(), None);
        assert_eq!(house(&[(1, 100), (11, 1_100)], 900).growth(), Some(100));
        assert_eq!(house(&[(1, 100), (11, 1_100)], 900).days_left(), Some(9));
        assert_eq!(house(&[(1, 100), (2, 50)], 900).growth(), Some(0));
        assert_eq!(house(&[(1, 100), (2, 50)], 900).days_left(), None);
    }

    #[test]
    fn every_word_leads_back() {
        for kind in ExpiryKind::ALL {
            assert_eq!(ExpiryKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(ExpiryKind::from_word(""), None);
    }
}
