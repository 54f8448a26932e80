//! What rules are asked about: the values of a posting and when it counts.

use jiff::civil::Date;

use crate::calendar::Regnskabsaar;
use crate::finans::{Finansbilag, Finanspostering, Posteringstype, Sortimentsvaerdi};
use crate::money::Side;

use super::rule::Rule;

/// Values by facet.
pub trait Values {
    /// The value in the facet, if there is one.
    fn value(&self, facet: &str) -> Option<&str>;
}

impl Values for [Sortimentsvaerdi] {
    fn value(&self, facet: &str) -> Option<&str> {
        let found = self.iter().find(|v| *v.facet == *facet);
        found.map(|v| &*v.vaerdi)
    }
}

impl<F: AsRef<str>, V: AsRef<str>> Values for [(F, V)] {
    fn value(&self, facet: &str) -> Option<&str> {
        let found = self.iter().find(|(name, _)| name.as_ref() == facet);
        found.map(|(_, value)| value.as_ref())
    }
}

/// A posting as the rules see it.
#[derive(Debug)]
pub struct Posting<'v, V: ?Sized> {
    /// Its values.
    pub values: &'v V,
    /// Debit or credit.
    pub side: Side,
    /// Its konteringsdag.
    pub day: Date,
    /// The year it belongs to.
    pub regnskabsaar: Regnskabsaar,
    /// Its kind.
    pub posteringstype: Posteringstype,
}

// Derived ones would ask the values to be copied, too.
impl<V: ?Sized> Clone for Posting<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: ?Sized> Copy for Posting<'_, V> {}

impl<'v> Posting<'v, [Sortimentsvaerdi]> {
    /// A line of a bilag.
    #[must_use]
    pub fn of(bilag: &Finansbilag, line: &'v Finanspostering) -> Self {
        Self {
            values: &line.sortiment,
            side: line.side,
            day: bilag.konteringsdag(),
            regnskabsaar: bilag.regnskabsaar,
            posteringstype: bilag.posteringstype,
        }
    }
}

impl Rule {
    /// Whether the rule is for the posting.
    #[must_use]
    pub fn is_for<V: Values + ?Sized>(&self, posting: &Posting<'_, V>) -> bool {
        let year = posting.regnskabsaar;
        self.validity.covers(posting.day)
            && self.side.is_none_or(|side| side == posting.side)
            && self
                .posteringstype
                .is_none_or(|kind| kind == posting.posteringstype)
            && self
                .regnskabsaar
                .is_none_or(|(first, last)| first <= year && year <= last)
            && self.conditions.iter().all(|(facet, condition)| {
                let value = posting.values.value(facet);
                value.is_some_and(|value| condition.holds(value))
            })
    }
}

/// The rule that wins, found by looking at each: what a compiled table must agree with.
#[must_use]
pub fn winner<'r, V: Values + ?Sized>(
    rules: &'r [Rule],
    posting: &Posting<'_, V>,
) -> Option<&'r Rule> {
    let fitting = rules.iter().filter(|rule| rule.is_for(posting));
    fitting.max_by_key(|rule| (rule.rank(), std::cmp::Reverse(rule.number)))
}
