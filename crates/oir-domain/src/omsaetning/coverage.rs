//! Whether a table has an account for everything that can be sent: every combination that the
//! sortiment allows and every one that traffic brought, on every day of a window.
//!
//! Neither days nor postings are tried one by one. The walk fixes one facet after the other and
//! keeps the rules that still fit; a facet that none of them asks about is not walked at all, and
//! the days are cut only where one of the few rules left begins or ends. What is said of a
//! combination holds for every posting that has its values, whatever it has in other facets.

mod dead;
mod judge;
mod walk;

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::Validity;
use crate::finans::Posteringstype;
use crate::ids::FagsystemId;
use crate::money::Side;
use crate::party::Kommunekode;
use crate::register::Sortimentspost;

use super::rule::Rule;

pub(super) use judge::Ready;

/// Most combinations that are looked at; what is beyond them is counted
/// ([`Coverage::left_out`]). Twenty times the largest system we have heard of.
pub const COMBINATIONS_MAX: usize = 2_000_000;

/// Most gaps, and most ambiguities, that are listed without having been seen in traffic.
pub const LISTED_MAX: usize = 10_000;

/// Whether a posting may come without a value in a facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// It always has one.
    Never,
    /// Postings without one are to be covered, too.
    Perhaps,
}

/// A facet and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// The facet.
    pub facet: Box<str>,
    /// Its values, and the days on which each may be sent.
    pub values: Vec<(Box<str>, Vec<Validity>)>,
    /// Whether postings may lack one. A facet none of whose values can be sent is lacked by all.
    pub lack: Lack,
}

impl Dimension {
    /// The facets of a sortiment as one municipality has it: the national values and its own. No
    /// posting lacks a value; those that did in traffic are covered by what was seen.
    #[must_use]
    pub fn of_sortiment<'s>(
        posts: impl IntoIterator<Item = &'s Sortimentspost>,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
    ) -> Vec<Self> {
        let mut facets: BTreeMap<&str, BTreeMap<&str, Vec<Validity>>> = BTreeMap::new();
        for post in posts {
            let ours = post.kommune.is_none_or(|of| of == kommune);
            if post.fagsystem == fagsystem && ours {
                let values = facets.entry(&post.facet).or_default();
                values.entry(&post.vaerdi).or_default().push(post.validity);
            }
        }
        let dimension = |(facet, values): (&str, BTreeMap<&str, Vec<Validity>>)| Self {
            facet: facet.into(),
            values: values
                .into_iter()
                .map(|(v, days)| (v.into(), days))
                .collect(),
            lack: Lack::Never,
        };
        facets.into_iter().map(dimension).collect()
    }
}

/// A lawful combination (*lovlig kombination*): a value that only goes with some values of
/// another facet. Without one, every value goes with every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lawful {
    /// The facet of the value.
    pub facet: Box<str>,
    /// The value.
    pub vaerdi: Box<str>,
    /// The other facet.
    pub other: Box<str>,
    /// What may stand there. A posting without a value there is lawful.
    pub allowed: Vec<Box<str>>,
}

/// Values that traffic brought together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Facet and value.
    pub values: Vec<(Box<str>, Box<str>)>,
    /// Their side.
    pub side: Side,
    /// Their kind.
    pub posteringstype: Posteringstype,
    /// Postings with them.
    pub postings: u64,
    /// First and last konteringsdag.
    pub first: Date,
    /// See `first`.
    pub last: Date,
}

impl Seen {
    pub(super) fn value(&self, facet: &str) -> Option<&str> {
        let found = self.values.iter().find(|(name, _)| **name == *facet);
        found.map(|(_, value)| &**value)
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The rules of one version.
    pub rules: &'q [Rule],
    /// First and last konteringsdag. Where versions change, ask once for each
    /// ([`super::Tables::within`]).
    pub days: (Date, Date),
    /// What can be sent.
    pub dimensions: &'q [Dimension],
    /// What goes together.
    pub lawful: &'q [Lawful],
    /// The kinds of posting that can be sent.
    pub kinds: &'q [Posteringstype],
    /// What was sent.
    pub seen: &'q [Seen],
    /// Most combinations to look at, usually [`COMBINATIONS_MAX`].
    pub most: usize,
}

/// Values that a posting can have, as far as the table asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Combination {
    /// Facet and value; none = no value there. A facet that is not named may have any.
    pub values: Vec<(Box<str>, Option<Box<str>>)>,
    /// Its side; none = either.
    pub side: Option<Side>,
    /// Its kind; none = any.
    pub posteringstype: Option<Kind>,
}

/// A kind of posting in the order of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// See [`Posteringstype::Normal`].
    Normal,
    /// See [`Posteringstype::Supplement`]: always on the last day of its year.
    Supplement,
    /// See [`Posteringstype::Primo`].
    Primo,
}

impl From<Posteringstype> for Kind {
    fn from(kind: Posteringstype) -> Self {
        match kind {
            Posteringstype::Normal => Self::Normal,
            Posteringstype::Supplement => Self::Supplement,
            Posteringstype::Primo => Self::Primo,
        }
    }
}

/// Why a combination has no account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No rule is for it.
    NoRule,
    /// A rule is, but its account takes over the value of a facet that the combination lacks,
    /// or that makes it too long.
    Lacks {
        /// The rule.
        rule: u32,
        /// The facet.
        facet: Box<str>,
    },
}

/// A combination without an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Which.
    pub combination: Combination,
    /// First and last day of it.
    pub days: (Date, Date),
    /// Why.
    pub cause: Cause,
    /// How many combinations of values that is: facets that are not named have several.
    pub combinations: u64,
    /// Postings with it in the traffic that was given.
    pub seen: u64,
}

/// A combination for which several rules are as specific. Such a table is refused when written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ambiguity {
    /// Which.
    pub combination: Combination,
    /// First and last day of it.
    pub days: (Date, Date),
    /// The rules, by number.
    pub rules: Vec<u32>,
}

/// A rule that wins for nothing that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dead {
    /// Its number.
    pub rule: u32,
    /// Why.
    pub why: Why,
}

/// Why a rule never wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It holds on no day of the window.
    Days,
    /// No value of this facet that can be sent in the window is what it asks for.
    NoValue(Box<str>),
    /// More specific ones always win; some of them, by number.
    Shadowed(Vec<u32>),
    /// What it asks for never comes together.
    NoCombination,
}

/// What a table covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The window.
    pub days: (Date, Date),
    /// Combinations of values looked at.
    pub looked_at: u64,
    /// Combinations that were too many to be looked at; with lawful combinations at most so many.
    pub left_out: u64,
    /// Combinations that are not lawful, and were not looked at.
    pub unlawful: u64,
    /// Combinations of traffic that are none of the sortiment's, and were looked at by themselves.
    pub only_seen: u64,
    /// Combinations of traffic with a value that may not be sent in the window any more.
    pub refused: u64,
    /// Without an account: first what traffic brought most often.
    pub unmapped: Vec<Gap>,
    /// Gaps that are not listed, because there are more than [`LISTED_MAX`].
    pub unmapped_more: u64,
    /// With several rules as specific.
    pub ambiguous: Vec<Ambiguity>,
    /// Ambiguities that are not listed.
    pub ambiguous_more: u64,
    /// Rules that never win, by number. When combinations were left out, only those of which it
    /// is certain.
    pub dead: Vec<Dead>,
}

impl Coverage {
    /// Whether everything was looked at and has exactly one account: the condition of going live.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.left_out == 0 && self.unmapped.is_empty() && self.ambiguous.is_empty()
    }
}

/// Looks at everything that can be sent.
#[must_use]
pub fn coverage(question: &Question<'_>) -> Coverage {
    walk::cover(question)
}
