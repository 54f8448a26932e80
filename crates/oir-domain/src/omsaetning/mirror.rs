//! Two ways to live with an ERP. Either the hub maps, or the ERP does: then the hub holds a copy
//! of its table, says beforehand what the ERP will make of a bilag, and looks afterwards whether
//! it was right.

use crate::fault::Fault;
use crate::finans::Finansbilag;
use crate::party::{Fagsystem, Kommunekode};
use crate::register::Register;

use super::kontering::Kontering;
use super::map::{accounts, unforeseen};

/// Who finds the accounts for one municipality's bilag from one fagsystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// The hub; the books get the untouched posting and its account.
    #[default]
    Apply,
    /// The ERP; the books get the untouched posting alone.
    Mirror,
}

impl Mode {
    /// The word in the database and in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Mirror => "mirror",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Apply, Self::Mirror]
            .into_iter()
            .find(|mode| mode.word() == word)
    }
}

/// What the hub's copy of the table makes of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreseen {
    /// Its `Linjenummer`.
    pub linjenummer: u32,
    /// Its accounts; none = it has none, and the ERP will refuse the bilag.
    pub kontering: Option<Kontering>,
}

/// What the hub says that an ERP will make of a bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// The version of the table that says so; none = there is no table for its day.
    pub version: Option<u32>,
    /// Its postings, in their order.
    pub posteringer: Vec<Foreseen>,
}

impl Prediction {
    /// Whether the bilag will be refused for want of an account.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.posteringer.iter().any(|p| p.kontering.is_none())
    }
}

/// Says what an ERP will make of a bilag if its table is the one that we hold, and warns of each
/// posting for which it will have no account.
#[must_use]
pub fn predict(
    bilag: &Finansbilag,
    index: u32,
    kommune: Kommunekode,
    fagsystem: &Fagsystem,
    register: &Register,
) -> (Prediction, Vec<Fault>) {
    let version = register.table(kommune, fagsystem.id, bilag.konteringsdag());
    let found = accounts(version, bilag);
    let warnings = unforeseen(&found, bilag, index, fagsystem);
    let posteringer = found.into_iter().zip(&bilag.posteringer);
    let posteringer = posteringer.map(|(found, postering)| Foreseen {
        linjenummer: postering.linjenummer,
        kontering: found.ok().and_then(|konteret| konteret.kontering()),
    });
    let prediction = Prediction {
        version: version.map(|version| version.number),
        posteringer: posteringer.collect(),
    };
    (prediction, warnings)
}

/// The accounts that the books say that they booked a posting on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The posting's `Linjenummer`.
    pub linjenummer: u32,
    /// On what.
    pub kontering: Kontering,
}

/// The books' last word on a bilag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They booked it.
    Booked,
    /// They refused it.
    Refused,
}

/// A prediction held against the books' answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Comparison {
    /// Booked on the accounts that were foreseen.
    Agreed,
    /// Refused, as was foreseen.
    RefusedAsForeseen,
    /// An account was foreseen, and the books refused: their table lacks something, or they had
    /// another reason, which stands among the bilag's faults.
    RefusedUnforeseen,
    /// A refusal was foreseen, and the books booked it: our copy lacks something.
    BookedUnforeseen,
    /// Booked, and on another account than was foreseen.
    OtherAccount,
    /// Booked as was foreseen, and the books do not say on which accounts.
    Untold,
}

impl Comparison {
    /// All of them, those that agree first.
    pub const ALL: [Self; 6] = [
        Self::Agreed,
        Self::RefusedAsForeseen,
        Self::Untold,
        Self::RefusedUnforeseen,
        Self::BookedUnforeseen,
        Self::OtherAccount,
    ];

    /// The word in the database and in addresses.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::RefusedAsForeseen => "refused_as_foreseen",
            Self::RefusedUnforeseen => "refused_unforeseen",
            Self::BookedUnforeseen => "booked_unforeseen",
            Self::OtherAccount => "other_account",
            Self::Untold => "untold",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Whether the two tables say different things: somebody must look.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        match self {
            Self::RefusedUnforeseen | Self::BookedUnforeseen | Self::OtherAccount => true,
            Self::Agreed | Self::RefusedAsForeseen | Self::Untold => false,
        }
    }
}

/// Holds a prediction against the books' answer. Postings that the books say nothing of are not
/// held against them.
#[must_use]
pub fn compare(prediction: &Prediction, verdict: Verdict, told: &[Told]) -> Comparison {
    match (verdict, prediction.is_refusal()) {
        (Verdict::Refused, true) => Comparison::RefusedAsForeseen,
        (Verdict::Refused, false) => Comparison::RefusedUnforeseen,
        (Verdict::Booked, true) => Comparison::BookedUnforeseen,
        (Verdict::Booked, false) if told.is_empty() => Comparison::Untold,
        (Verdict::Booked, false) => {
            let differs = told.iter().any(|told| {
                let of = |p: &&Foreseen| p.linjenummer == told.linjenummer;
                let foreseen = prediction.posteringer.iter().find(of);
                let foreseen = foreseen.and_then(|p| p.kontering.as_ref());
                foreseen.map(Kontering::merged) != Some(told.kontering.merged())
            });
            if differs {
                Comparison::OtherAccount
            } else {
                Comparison::Agreed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Foreseen, Kontering, Mode, Prediction, Told, Verdict, compare};
    use crate::money::Oere;

    fn foreseen(accounts: &[Option<&str>]) -> Prediction {
        let one = |(linjenummer, konto): (u32, &Option<&str>)| Foreseen {
            linjenummer,
            kontering: konto.map(|konto| Kontering::whole(konto, Oere::new(100))),
        };
        Prediction {
            version: Some(3),
            posteringer: (1..).zip(accounts).map(one).collect(),
        }
    }

    fn told(linjenummer: u32, konto: &str) -> Told {
        let kontering = Kontering::whole(konto, Oere::new(100));
        Told {
            linjenummer,
            kontering,
        }
    }

    #[test]
    fn every_answer_is_one_of_six() {
        let (sound, lacking) = (
            foreseen(&[Some("1"), Some("2")]),
            foreseen(&[Some("1"), None]),
        );
        let same = [told(2, "2"), told(1, "1")];
        let other = [told(1, "1"), told(2, "9")];
        let unknown = [told(7, "1")];
        for (prediction, verdict, told, expected) in [
            (&sound, Verdict::Booked, &same[..], Comparison::Agreed),
            (&sound, Verdict::Booked, &same[..1], Comparison::Agreed),
            (&sound, Verdict::Booked, &other, Comparison::OtherAccount),
            (&sound, Verdict::Booked, &unknown, Comparison::OtherAccount),
            (&sound, Verdict::Booked, &[], Comparison::Untold),
            (&sound, Verdict::Refused, &[], Comparison::RefusedUnforeseen),
            (
                &lacking,
                Verdict::Refused,
                &[],
                Comparison::RefusedAsForeseen,
            ),
            (
                &lacking,
                Verdict::Booked,
                &same,
                Comparison::BookedUnforeseen,
            ),
        ] {
            assert_eq!(compare(prediction, verdict, told), expected, "{told:?}");
        }
    }

    #[test]
    fn words_read_back() {
        for one in Comparison::ALL {
            assert_eq!(Comparison::from_word(one.word()), Some(one));
        }
        for mode in [Mode::Apply, Mode::Mirror] {
            assert_eq!(Mode::from_word(mode.word()), Some(mode));
        }
        assert_eq!(Mode::default(), Mode::Apply);
    }
}
