//! What a day consists of: the known share of every kind of bilag, as a table.
//!
//! **Counting.** A day of `bilag` bilag holds exactly that many: every bilag in every
//! message counts as one, rejected ones too, and a message that is damaged on the wire
//! counts as the one bilag it holds. Repeats of earlier messages and bilag come on top and
//! are counted by themselves.
//!
//! **Rule for small days.** A kind with `parts` comes `bilag * parts / 10,000` times,
//! rounded down; in a day of at least [`Share::from`] bilag (500 for nearly all) it comes
//! at least once. What is left is sound.
//!
//! **Not in any day**, though a sender could provoke it: `F0011` (too slow), because each
//! costs its whole time limit, and `F0321` (the sum does not fit), because it takes 9,224
//! postings of the highest amount that can be written, and so never comes alone. Both have
//! tests of their own elsewhere.

use oir_domain::fault::FaultCode;
use oir_domain::finans::BILAG_MAX;

/// What a bilag, or the message it comes in, is made to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing wrong.
    Sound,
    /// Booked with a warning: a CVR number whose check digit fails.
    Warned,
    /// Sound, and names an earlier bilag that was rejected or refused.
    Correction,
    /// A value that no omsætningstabel knows yet: held.
    Held,
    /// Mapped to an account that the books have closed: refused by the books.
    AccountClosed,
    /// Mapped to an account that the books do not have: refused by the books.
    AccountGone,
    /// Three faults in one bilag; all must be told.
    SeveralFaults,
    /// The hand-over fails with that code.
    Transport(FaultCode),
    /// The message as a whole has that fault; every bilag in it is rejected with it.
    Message(FaultCode),
    /// The bilag has that fault and no other.
    Bilag(FaultCode),
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Which kind.
    pub kind: Kind,
    /// How many of 10,000 bilag.
    pub parts: u32,
    /// Smallest day, in bilag, in which it comes at least once.
    pub from: u32,
}

/// From this size of day on every ordinary kind comes at least once: there are about 50.
pub const EVERY_KIND_FROM: u32 = 500;

/// Too many bilag in one message costs 1,001 bilag at once: only in a day where that is a
/// fiftieth.
pub const FLOOD_FROM: u32 = 50_000;

/// Messages sent a second time, unchanged, per 10,000 bilag; at least one from 500 on.
pub const REPEATED_MESSAGES: u32 = 100;

/// Bilag sent a second time in a message of their own, per 10,000; at least one from 500 on.
pub const REPEATED_BILAG: u32 = 20;

/// How many of a hundred messages are bundles of 20 to 50 bilag.
pub const BUNDLES_PERCENT: u64 = 3;

const fn share(kind: Kind, parts: u32) -> Share {
    Share {
        kind,
        parts,
        from: EVERY_KIND_FROM,
    }
}

/// The table. What it does not name is [`Kind::Sound`], about 9,170 of 10,000.
pub const SHARES: &[Share] = &[
    share(Kind::Warned, 40),
    share(Kind::Correction, 40),
    share(Kind::Held, 60),
    share(Kind::AccountClosed, 50),
    share(Kind::AccountGone, 20),
    share(Kind::SeveralFaults, 15),
    // The message cannot be read, or is not by the contract.
    share(Kind::Transport(FaultCode::NotWellFormed), 20),
    share(Kind::Transport(FaultCode::WrongEncoding), 10),
    share(Kind::Transport(FaultCode::DoctypeForbidden), 8),
    share(Kind::Transport(FaultCode::TooLarge), 1),
    share(Kind::Transport(FaultCode::TooComplex), 4),
    share(Kind::Transport(FaultCode::NotSoap), 8),
    share(Kind::Transport(FaultCode::UnknownOperation), 8),
    share(Kind::Transport(FaultCode::WrongNamespace), 10),
    share(Kind::Transport(FaultCode::NotUnderstood), 5),
    share(Kind::Transport(FaultCode::WrongContentType), 8),
    share(Kind::Transport(FaultCode::UnexpectedElement), 20),
    share(Kind::Transport(FaultCode::MissingElement), 15),
    share(Kind::Transport(FaultCode::WrongForm), 25),
    share(Kind::Transport(FaultCode::UnexpectedText), 6),
    share(Kind::Transport(FaultCode::UnexpectedAttribute), 6),
    share(Kind::Transport(FaultCode::TransactionNotUuid), 10),
    share(Kind::Transport(FaultCode::TransactionReused), 10),
    // The message as a whole.
    share(Kind::Message(FaultCode::UnknownFagsystem), 10),
    share(Kind::Message(FaultCode::UnknownMyndighed), 10),
    share(Kind::Message(FaultCode::NoAgreement), 15),
    share(Kind::Message(FaultCode::WrongCount), 8),
    share(Kind::Message(FaultCode::WrongTotal), 8),
    share(Kind::Message(FaultCode::MissingTotals), 8),
    Share {
        kind: Kind::Message(FaultCode::TooManyBilag),
        parts: 0,
        from: FLOOD_FROM,
    },
    share(Kind::Message(FaultCode::CreatedInFuture), 6),
    // The bilag.
    share(Kind::Bilag(FaultCode::Unbalanced), 60),
    share(Kind::Bilag(FaultCode::ZeroAmount), 15),
    share(Kind::Bilag(FaultCode::AmountOverLimit), 5),
    share(Kind::Bilag(FaultCode::WrongCurrency), 10),
    share(Kind::Bilag(FaultCode::NoPeriod), 25),
    share(Kind::Bilag(FaultCode::PeriodClosed), 40),
    share(Kind::Bilag(FaultCode::TooManyPostings), 1),
    share(Kind::Bilag(FaultCode::DuplicateLine), 15),
    share(Kind::Bilag(FaultCode::UnknownFacet), 10),
    share(Kind::Bilag(FaultCode::UnknownValue), 50),
    share(Kind::Bilag(FaultCode::ValueNotInForce), 30),
    share(Kind::Bilag(FaultCode::MissingKonteringsvalue), 15),
    share(Kind::Bilag(FaultCode::DuplicateFacet), 8),
    share(Kind::Bilag(FaultCode::PeriodReversed), 15),
    share(Kind::Bilag(FaultCode::CprWithoutDate), 15),
    share(Kind::Bilag(FaultCode::CorrectedUnknown), 8),
    share(Kind::Bilag(FaultCode::CorrectedNotOpen), 8),
    share(Kind::Bilag(FaultCode::BilagReused), 8),
    share(Kind::Bilag(FaultCode::BilagTwice), 4),
    share(Kind::Bilag(FaultCode::BlankText), 12),
    share(Kind::Bilag(FaultCode::KonteringNotYours), 8),
];

/// Bilag in the one message that holds too many.
pub(crate) const FLOOD: usize = BILAG_MAX.saturating_add(1);

impl Share {
    /// How often the kind comes in a day of that many bilag.
    #[must_use]
    pub fn times(&self, bilag: u32) -> u32 {
        times(self.parts, self.from, bilag)
    }
}

impl Kind {
    /// How many bilag of the day one occurrence takes: with a bilag that comes twice in a
    /// message its sound first one, and with too many bilag all of them.
    #[must_use]
    pub fn bilag(self) -> u32 {
        match self {
            Self::Message(FaultCode::TooManyBilag) => u32::try_from(FLOOD).unwrap_or(u32::MAX),
            Self::Bilag(FaultCode::BilagTwice) => 2,
            _ => 1,
        }
    }

    /// Whether a later bilag may correct it: it was taken in and then rejected or refused,
    /// under an id of its own.
    pub(crate) fn correctable(self) -> bool {
        match self {
            Self::AccountClosed | Self::AccountGone | Self::SeveralFaults => true,
            Self::Bilag(code) => !matches!(code, FaultCode::BilagReused | FaultCode::BilagTwice),
            _ => false,
        }
    }
}

pub(crate) fn times(parts: u32, from: u32, bilag: u32) -> u32 {
    let exact = u64::from(bilag).saturating_mul(u64::from(parts)) / 10_000;
    let least = u32::from(bilag >= from);
    u32::try_from(exact).unwrap_or(u32::MAX).max(least)
}

#[cfg(test)]
mod tests {
    use super::{EVERY_KIND_FROM, Kind, SHARES};
    use oir_domain::fault::FaultCode;
    use std::collections::HashSet;

    #[test]
    fn about_92_of_a_hundred_are_sound_and_a_small_day_has_room_for_every_kind() {
        let parts: u32 = SHARES.iter().map(|s| s.parts * s.kind.bilag()).sum();
        assert!((700..900).contains(&parts), "{parts}");
        let taken = |s: &super::Share| s.times(EVERY_KIND_FROM) * s.kind.bilag();
        let small: u32 = SHARES.iter().map(taken).sum();
        assert!(small < EVERY_KIND_FROM / 8, "{small}");
    }

    #[test]
    fn every_code_that_a_sender_can_provoke_has_its_place_once() {
        let mut named = HashSet::new();
        for share in SHARES {
            match share.kind {
                Kind::Transport(code) | Kind::Message(code) | Kind::Bilag(code) => {
                    assert!(named.insert(code), "{code} twice");
                }
                Kind::Warned => assert!(named.insert(FaultCode::CvrCheckDigit)),
                _ => {}
            }
        }
        // The last three are said at the door, before anything is read.
        let left_out = [
            FaultCode::TooSlow,
            FaultCode::SumOverflow,
            FaultCode::NotSignedIn,
            FaultCode::NotAllowed,
            FaultCode::TooManyGuesses,
        ];
        for code in FaultCode::ALL.iter().filter(|c| c.code() < "F0400") {
            assert_ne!(named.contains(code), left_out.contains(code), "{code}");
        }
    }
}
