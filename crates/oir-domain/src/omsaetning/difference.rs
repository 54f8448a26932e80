//! Two tables compared, rule by rule: what an import would do, and what a version changed.

use std::collections::HashMap;

use super::rule::Rule;

/// What about a rule is another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The condition on a facet.
    Facet(Box<str>),
    /// Its side.
    Side,
    /// Its years.
    Regnskabsaar,
    /// Its kind of posting.
    Posteringstype,
    /// Its first day.
    From,
    /// Its last day.
    To,
    /// Its accounts.
    Konto,
    /// The shares of its accounts.
    Share,
    /// Its comment.
    Comment,
}

/// A rule that is another now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed<'r> {
    /// As it was.
    pub old: &'r Rule,
    /// As it is.
    pub new: &'r Rule,
    /// What is another; at least one.
    pub columns: Vec<Column>,
}

/// How two tables differ. A rule is the same one when it has the same number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference<'r> {
    /// Only in the new one, in its order.
    pub added: Vec<&'r Rule>,
    /// Only in the old one, in its order.
    pub removed: Vec<&'r Rule>,
    /// In both, not the same, in the order of the new one.
    pub changed: Vec<Changed<'r>>,
    /// The same, but at another place among the others: as few as explain the new order. It says
    /// nothing about any posting.
    pub moved: Vec<&'r Rule>,
    /// The same, at their place.
    pub unchanged: usize,
}

impl Difference<'_> {
    /// Whether no posting and no reader can tell the tables apart.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.is_only_order() && self.moved.is_empty()
    }

    /// Whether at most the order of rules differs.
    #[must_use]
    pub const fn is_only_order(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two tables; numbers are unique in each.
#[must_use]
pub fn difference<'r>(old: &'r [Rule], new: &'r [Rule]) -> Difference<'r> {
    let places: HashMap<u32, usize> = old.iter().map(|r| r.number).zip(0..).collect();
    let kept = new.iter().filter_map(|rule| {
        let place = *places.get(&rule.number)?;
        Some((place, old.get(place)?, rule))
    });
    let kept: Vec<(usize, &Rule, &Rule)> = kept.collect();
    let order: Vec<usize> = kept.iter().map(|(place, ..)| *place).collect();
    let in_order = longest_rise(&order);
    let mut found = Difference::default();
    for ((_, old, new), stays) in kept.iter().copied().zip(in_order) {
        let columns = columns(old, new);
        if !columns.is_empty() {
            found.changed.push(Changed { old, new, columns });
        } else if stays {
            found.unchanged = found.unchanged.saturating_add(1);
        } else {
            found.moved.push(new);
        }
    }
    let mut gone: Vec<bool> = vec![true; old.len()];
    for place in order {
        if let Some(gone) = gone.get_mut(place) {
            *gone = false;
        }
    }
    let removed = old.iter().zip(gone).filter(|(_, gone)| *gone);
    found.removed = removed.map(|(rule, _)| rule).collect();
    let added = new.iter().filter(|rule| !places.contains_key(&rule.number));
    found.added = added.collect();
    found
}

/// What about two rules differs.
#[must_use]
pub fn columns(old: &Rule, new: &Rule) -> Vec<Column> {
    let mut facets: Vec<&Box<str>> = old.conditions.iter().map(|(facet, _)| facet).collect();
    facets.extend(new.conditions.iter().map(|(facet, _)| facet));
    facets.sort_unstable();
    facets.dedup();
    facets.retain(|facet| old.condition(facet) != new.condition(facet));
    let mut columns: Vec<Column> = facets.into_iter().cloned().map(Column::Facet).collect();
    let kontos = |rule: &Rule| -> Vec<_> { rule.targets.iter().map(|t| t.konto.clone()).collect() };
    let shares = |rule: &Rule| -> Vec<_> { rule.targets.iter().map(|t| t.share).collect() };
    let others = [
        (Column::Side, old.side == new.side),
        (Column::Regnskabsaar, old.regnskabsaar == new.regnskabsaar),
        (
            Column::Posteringstype,
            old.posteringstype == new.posteringstype,
        ),
        (Column::From, old.validity.from == new.validity.from),
        (Column::To, old.validity.to == new.validity.to),
        (Column::Konto, kontos(old) == kontos(new)),
        (Column::Share, shares(old) == shares(new)),
        (Column::Comment, old.comment == new.comment),
    ];
    let others = others.into_iter().filter(|(_, same)| !same);
    columns.extend(others.map(|(column, _)| column));
    columns
}

/// Which of these belong to a longest row of them that only rises.
fn longest_rise(numbers: &[usize]) -> Vec<bool> {
    // The place of the smallest end of a rise of each length, and of each number the one before.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (place, number) in numbers.iter().enumerate() {
        let at = ends.partition_point(|end| numbers.get(*end) < Some(number));
        let previous = at.checked_sub(1).and_then(|at| ends.get(at).copied());
        before.push(previous);
        match ends.get_mut(at) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut rises = vec![false; numbers.len()];
    let mut at = ends.last().copied();
    while let Some(place) = at {
        if let Some(rises) = rises.get_mut(place) {
            *rises = true;
        }
        at = before.get(place).copied().flatten();
    }
    rises
}
