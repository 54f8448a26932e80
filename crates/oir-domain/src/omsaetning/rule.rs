//! One rule of an omsætningstabel: which postings it is for, and where they go.

use jiff::civil::Date;

use crate::calendar::{Regnskabsaar, Validity};
use crate::finans::Posteringstype;
use crate::money::{Oere, Side};

use super::share::{Share, split};
use super::template::Template;

/// What a rule asks of the value in one facet. No condition = any value, also none at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Exactly this value.
    Is(Box<str>),
    /// One of these.
    OneOf(Vec<Box<str>>),
    /// Every value that begins so, itself included.
    Prefix(Box<str>),
    /// From the first to the last, both of the same length, with everything that begins like one
    /// in between: `32.18`-`32.24` holds `32.24.05`. A value shorter than the ends is outside, so
    /// that `2` is not taken for something between `10` and `20`.
    Range(Box<str>, Box<str>),
}

impl Condition {
    /// Whether the value is one of those.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Self::Is(one) => **one == *value,
            Self::OneOf(all) => all.iter().any(|one| **one == *value),
            Self::Prefix(start) => value.starts_with(&**start),
            Self::Range(first, last) => {
                let head = value.as_bytes().get(..first.len());
                head.is_some_and(|head| first.as_bytes() <= head && head <= last.as_bytes())
            }
        }
    }

    /// The values that it names one by one; none = it names a beginning or a range.
    #[must_use]
    pub fn named(&self) -> Option<&[Box<str>]> {
        match self {
            Self::Is(value) => Some(std::slice::from_ref(value)),
            Self::OneOf(values) => Some(values),
            Self::Prefix(_) | Self::Range(..) => None,
        }
    }

    /// How narrow it is among conditions on one facet: an exact value before a list, a list before
    /// a beginning, a beginning before a range.
    const fn exactness(&self) -> u64 {
        match self {
            Self::Is(_) => 4,
            Self::OneOf(_) => 3,
            Self::Prefix(_) => 2,
            Self::Range(..) => 1,
        }
    }
}

/// One rule. Its place in the table says nothing: the most specific rule wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name in the table, unique there and kept through versions and spreadsheets.
    pub number: u32,
    /// Conditions by facet, each facet once, sorted by facet.
    pub conditions: Vec<(Box<str>, Condition)>,
    /// Debit or credit only.
    pub side: Option<Side>,
    /// First and last year it is for.
    pub regnskabsaar: Option<(Regnskabsaar, Regnskabsaar)>,
    /// One kind of posting only.
    pub posteringstype: Option<Posteringstype>,
    /// On which konteringsdage.
    pub validity: Validity,
    /// Where it goes: one account with the whole, or several with their shares.
    pub targets: Vec<Target>,
    /// What those who wrote it want remembered.
    pub comment: Box<str>,
}

/// An account and its share of the amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// How much of the amount.
    pub share: Share,
    /// The account.
    pub konto: Template,
}

impl Target {
    /// All of it to one account.
    #[must_use]
    pub const fn whole(konto: Template) -> Self {
        Self {
            share: Share::WHOLE,
            konto,
        }
    }
}

/// How specific a rule is. More conditions first; among as many, the narrower kinds; among those,
/// the longer beginnings. Two rules of one rank that can meet in a posting tie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank(u64);

impl Rank {
    /// The rank as one number, the higher the more specific.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// The fields of a rank, from the right: 24 bits of prefix lengths, 16 of exactness, 8 of count.
const EXACTNESS: u64 = 1 << 24;
const BOUND: u64 = EXACTNESS << 16;

impl Rule {
    /// Its rank.
    #[must_use]
    pub fn rank(&self) -> Rank {
        let plain = [
            self.side.is_some(),
            self.regnskabsaar.is_some(),
            self.posteringstype.is_some(),
        ];
        let plain = plain.into_iter().filter(|bound| *bound);
        let mut rank = plain.fold(0_u64, |sum, _| sum.saturating_add(BOUND));
        for (_, condition) in &self.conditions {
            let exactness = condition.exactness().saturating_mul(EXACTNESS);
            rank = rank.saturating_add(BOUND).saturating_add(exactness);
            if let Condition::Prefix(start) = condition {
                let length = u64::try_from(start.len()).unwrap_or(u64::MAX);
                rank = rank.saturating_add(length);
            }
        }
        Rank(rank)
    }

    /// The first konteringsdag that it is for, by its days and its years.
    #[must_use]
    pub fn begin(&self) -> Date {
        let first = self.regnskabsaar.map(|(first, _)| first.0);
        let first = first.and_then(|year| Date::new(year, 1, 1).ok());
        first.map_or(self.validity.from, |first| first.max(self.validity.from))
    }

    /// The last konteringsdag that it is for, by its days and its years; none = until further
    /// notice.
    #[must_use]
    pub fn end(&self) -> Option<Date> {
        let last = self.regnskabsaar.map(|(_, last)| last.0);
        let last = last.and_then(|year| Date::new(year, 12, 31).ok());
        match (self.validity.to, last) {
            (Some(day), Some(last)) => Some(day.min(last)),
            (day, last) => day.or(last),
        }
    }

    /// Its targets, each with its part of an amount.
    pub fn parts(&self, beloeb: Oere) -> impl Iterator<Item = (&Target, Oere)> {
        // One alone has all of it, and costs no list.
        let (whole, parts) = match self.targets.as_slice() {
            [_] => (Some(beloeb), Vec::new()),
            several => {
                let shares: Vec<_> = several.iter().map(|target| target.share).collect();
                (None, split(beloeb, &shares))
            }
        };
        self.targets.iter().zip(whole.into_iter().chain(parts))
    }

    /// The condition on a facet.
    #[must_use]
    pub fn condition(&self, facet: &str) -> Option<&Condition> {
        let found = self.conditions.iter().find(|(name, _)| **name == *facet);
        found.map(|(_, condition)| condition)
    }
}
