//! Why a posting goes where it goes: the rule that wins, and of every other why it does not.

use super::posting::{Posting, Values};
use super::rule::Rule;

/// What about a rule does not fit a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit<'r> {
    /// The posting's value in the facet is another one.
    Value(&'r str),
    /// The posting has no value in the facet.
    NoValue(&'r str),
    /// It is for the other side.
    Side,
    /// It is for other years.
    Regnskabsaar,
    /// It is for another kind of posting.
    Posteringstype,
    /// It holds later.
    NotYet,
    /// It held before.
    NoLonger,
}

/// How a rule stands to a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'r> {
    /// It decides.
    Wins,
    /// It fits, but the winner is more specific, or as specific with a lower number.
    Beaten,
    /// It does not fit, for all these reasons.
    Misses(Vec<Misfit<'r>>),
}

/// One rule's part in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// How it stands.
    pub standing: Standing<'r>,
}

/// Explains a posting by all rules: the winner, then those it beat, then those that do not fit,
/// the ones that lack least first; among equals the more specific first, then by number.
#[must_use]
pub fn explain<'r, V: Values + ?Sized>(
    rules: &'r [Rule],
    posting: &Posting<'_, V>,
) -> Vec<Explanation<'r>> {
    let judged = rules.iter().map(|rule| (rule, misfits(rule, posting)));
    let mut judged: Vec<(&Rule, Vec<Misfit<'_>>)> = judged.collect();
    judged.sort_by_cached_key(|(rule, misfits)| {
        (misfits.len(), std::cmp::Reverse(rule.rank()), rule.number)
    });
    let standing = |(at, (rule, misfits)): (usize, (&'r Rule, Vec<Misfit<'r>>))| {
        let standing = match (at, misfits.is_empty()) {
            (0, true) => Standing::Wins,
            (_, true) => Standing::Beaten,
            (_, false) => Standing::Misses(misfits),
        };
        Explanation { rule, standing }
    };
    judged.into_iter().enumerate().map(standing).collect()
}

fn misfits<'r, V: Values + ?Sized>(rule: &'r Rule, posting: &Posting<'_, V>) -> Vec<Misfit<'r>> {
    let mut found = Vec::new();
    for (facet, condition) in &rule.conditions {
        match posting.values.value(facet) {
            None => found.push(Misfit::NoValue(facet)),
            Some(value) if !condition.holds(value) => found.push(Misfit::Value(facet)),
            Some(_) => {}
        }
    }
    if rule.side.is_some_and(|side| side != posting.side) {
        found.push(Misfit::Side);
    }
    let year = posting.regnskabsaar;
    if rule
        .regnskabsaar
        .is_some_and(|(first, last)| year < first || last < year)
    {
        found.push(Misfit::Regnskabsaar);
    }
    if rule
        .posteringstype
        .is_some_and(|kind| kind != posting.posteringstype)
    {
        found.push(Misfit::Posteringstype);
    }
    if posting.day < rule.validity.from {
        found.push(Misfit::NotYet);
    }
    if rule.validity.to.is_some_and(|to| to < posting.day) {
        found.push(Misfit::NoLonger);
    }
    found
}
