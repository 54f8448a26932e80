//! A table made ready: rules as boxes in a space of intervals, and a tree that leads to the few
//! that can hold a posting.
//!
//! Each level cuts the space along one dimension at every place where a rule there begins or
//! ends, so that below it no rule needs to be asked about that dimension again. When few rules
//! are left, or no cut parts them without copying most of them, they get a bit each, the most
//! specific first, and every dimension left says by a row of bits which of them hold: the first
//! bit that all rows have, and whose days and kinds hold, wins.

mod grow;
#[cfg(test)]
mod nightmares;
mod sieve;
mod tree;

use std::sync::Arc;

use super::axis::{self, Axis, Span};
use super::posting::{Posting, Values};
use super::rule::{Rank, Rule};
use crate::finans::Posteringstype;
use crate::money::Side;

use tree::{Sought, Tree};

/// Most facets that a table's conditions name; a posting has no more
/// ([`crate::finans::SORTIMENT_MAX`]).
pub const FACETS_MAX: usize = 20;

/// Facets, and after them the day and the year.
const DIMENSIONS_MAX: usize = FACETS_MAX + 2;

/// Where a posting is on every line.
type Point = [u32; DIMENSIONS_MAX];

/// Two rules of one rank that can meet in a posting. By number, the lower first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tie {
    /// One rule.
    pub one: u32,
    /// The other.
    pub other: u32,
}

/// A table ready to be asked.
#[derive(Debug, Clone)]
pub struct Compiled {
    rules: Arc<[Rule]>,
    facets: Vec<Box<str>>,
    axes: Vec<Axis>,
    tree: Tree,
}

/// The rules as boxes, while the tree grows.
struct Boxes {
    /// Dimensions.
    width: usize,
    /// Where the spans of a rule in a dimension are; an empty range = everywhere.
    places: Vec<(u32, u32)>,
    spans: Vec<Span>,
    /// The sides and kinds that a rule is for.
    kinds: Vec<u8>,
    ranks: Vec<Rank>,
}

impl Compiled {
    /// Compiles rules that are to be written.
    ///
    /// # Errors
    /// Every pair that ties; at most [`TIES_MAX`] of them.
    pub fn new(rules: impl Into<Arc<[Rule]>>) -> Result<Self, Vec<Tie>> {
        let (compiled, ties) = Self::lenient(rules);
        if ties.is_empty() {
            Ok(compiled)
        } else {
            Err(ties)
        }
    }

    /// Compiles rules that may tie, and says which do; of rules that tie the lowest number wins.
    /// For drafts, which may be asked before they are right.
    #[must_use]
    pub fn lenient(rules: impl Into<Arc<[Rule]>>) -> (Self, Vec<Tie>) {
        let rules: Arc<[Rule]> = rules.into();
        let facets = facets_of(&rules);
        let axis = |facet: &str| {
            let on_it = rules.iter().filter_map(|rule| rule.condition(facet));
            Axis::of(on_it)
        };
        let axes: Vec<Axis> = facets.iter().map(|facet| axis(facet)).collect();
        let boxes = Boxes::of(&rules, &facets, &axes);
        let dense: Vec<u32> = axes.iter().map(Axis::count).collect();
        let (tree, ties) = grow::grow(&boxes, &dense, &rules);
        let compiled = Self {
            rules,
            facets,
            axes,
            tree,
        };
        (compiled, ties)
    }

    /// The rules, in the order they were given.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The facets that conditions name, sorted.
    #[must_use]
    pub fn facets(&self) -> &[Box<str>] {
        &self.facets
    }

    /// The rule for a posting.
    #[must_use]
    #[inline]
    pub fn find<V: Values + ?Sized>(&self, posting: &Posting<'_, V>) -> Option<&Rule> {
        let mut sought = Sought::new();
        self.place(posting, &mut sought);
        self.tree.walk(&mut sought);
        self.tree.lay(&mut sought);
        self.tree.sift(&mut sought);
        self.tree.reach(&mut sought);
        self.rule(self.tree.answer(&sought)?)
    }

    /// The rules for many postings, in their order: faster than [`Compiled::find`] for each,
    /// because what one waits for is fetched while others are asked.
    pub fn find_each<'p, V: Values + ?Sized + 'p>(
        &self,
        postings: impl IntoIterator<Item = Posting<'p, V>>,
        mut found: impl FnMut(Option<&Rule>),
    ) {
        let mut postings = postings.into_iter();
        let mut together = [Sought::new(); TOGETHER];
        loop {
            let mut count = 0_usize;
            for (sought, posting) in together.iter_mut().zip(&mut postings) {
                self.place(&posting, sought);
                count = count.saturating_add(1);
            }
            let asked = together.get_mut(..count).unwrap_or_default();
            asked.iter_mut().for_each(|sought| self.tree.walk(sought));
            asked.iter_mut().for_each(|sought| self.tree.lay(sought));
            asked.iter_mut().for_each(|sought| self.tree.sift(sought));
            asked.iter_mut().for_each(|sought| self.tree.reach(sought));
            for sought in asked {
                let rule = self.tree.answer(sought);
                found(rule.and_then(|rule| self.rule(rule)));
            }
            if count < TOGETHER {
                return;
            }
        }
    }

    #[inline]
    fn rule(&self, place: u32) -> Option<&Rule> {
        self.rules.get(usize::try_from(place).ok()?)
    }

    /// Where a posting is on every line.
    #[inline]
    fn place<V: Values + ?Sized>(&self, posting: &Posting<'_, V>, sought: &mut Sought) {
        let mut places = sought.point.iter_mut();
        for ((facet, axis), place) in self.facets.iter().zip(&self.axes).zip(&mut places) {
            *place = match posting.values.value(facet) {
                Some(value) => axis.class(value),
                None => axis.absent(),
            };
        }
        let after = [axis::day(posting.day), axis::year(posting.regnskabsaar.0)];
        for (place, coordinate) in places.zip(after) {
            *place = coordinate;
        }
        sought.kind = kind_bit(posting.side, posting.posteringstype);
    }
}

/// Postings that are asked for together.
const TOGETHER: usize = 16;

/// Most ties that are listed: a table with more has one cause for them.
pub const TIES_MAX: usize = 1_000;

fn facets_of(rules: &[Rule]) -> Vec<Box<str>> {
    let mut facets: Vec<Box<str>> = Vec::new();
    for (facet, _) in rules.iter().flat_map(|rule| &rule.conditions) {
        if let Err(at) = facets.binary_search(facet) {
            facets.insert(at, facet.clone());
        }
    }
    facets.truncate(FACETS_MAX);
    facets
}

/// A rule for both sides and all kinds.
const ALL_KINDS: u8 = 0b11_1111;

/// One bit for each pair of side and kind.
const fn kind_bit(side: Side, kind: Posteringstype) -> u8 {
    let bit: u8 = match kind {
        Posteringstype::Normal => 0b001,
        Posteringstype::Supplement => 0b010,
        Posteringstype::Primo => 0b100,
    };
    match side {
        Side::Debit => bit,
        Side::Credit => bit << 3,
    }
}

fn kinds_of(rule: &Rule) -> u8 {
    let sides = [Side::Debit, Side::Credit];
    let kinds = [
        Posteringstype::Normal,
        Posteringstype::Supplement,
        Posteringstype::Primo,
    ];
    let mut bits = 0;
    for side in sides
        .into_iter()
        .filter(|s| rule.side.is_none_or(|r| r == *s))
    {
        let fits = |k: &Posteringstype| rule.posteringstype.is_none_or(|r| r == *k);
        for kind in kinds.into_iter().filter(fits) {
            bits |= kind_bit(side, kind);
        }
    }
    bits
}

impl Boxes {
    fn of(rules: &[Rule], facets: &[Box<str>], axes: &[Axis]) -> Self {
        let mut boxes = Self {
            width: facets.len().saturating_add(2),
            places: Vec::with_capacity(rules.len().saturating_mul(facets.len().saturating_add(2))),
            spans: Vec::new(),
            kinds: rules.iter().map(kinds_of).collect(),
            ranks: rules.iter().map(Rule::rank).collect(),
        };
        for rule in rules {
            for (facet, axis) in facets.iter().zip(axes) {
                let spans = rule.condition(facet).map(|c| axis.spans(c));
                boxes.push(spans.unwrap_or_default());
            }
            let last = rule.validity.to.map_or(u32::MAX, axis::day);
            boxes.push(vec![(axis::day(rule.validity.from), last)]);
            let years = rule.regnskabsaar;
            let years = years.map(|(first, last)| (axis::year(first.0), axis::year(last.0)));
            boxes.push(years.into_iter().collect());
        }
        boxes
    }

    fn push(&mut self, spans: Vec<Span>) {
        let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let start = length(self.spans.len());
        self.spans.extend(spans);
        self.places.push((start, length(self.spans.len())));
    }

    /// The spans of a rule in a dimension; none = everywhere.
    fn spans(&self, rule: u32, dimension: usize) -> &[Span] {
        let wide = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let at = wide(rule)
            .saturating_mul(self.width)
            .saturating_add(dimension);
        let (start, end) = self.places.get(at).copied().unwrap_or_default();
        self.spans.get(wide(start)..wide(end)).unwrap_or_default()
    }

    /// Whether some posting is in both boxes.
    fn meet(&self, one: u32, other: u32) -> bool {
        self.kinds(one) & self.kinds(other) != 0
            && (0..self.width).all(|dimension| {
                let (a, b) = (self.spans(one, dimension), self.spans(other, dimension));
                a.is_empty()
                    || b.is_empty()
                    || a.iter().any(|a| b.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
            })
    }

    fn kinds(&self, rule: u32) -> u8 {
        let at = usize::try_from(rule).unwrap_or(usize::MAX);
        self.kinds.get(at).copied().unwrap_or_default()
    }

    fn rank(&self, rule: u32) -> Option<Rank> {
        self.ranks.get(usize::try_from(rule).ok()?).copied()
    }
}
