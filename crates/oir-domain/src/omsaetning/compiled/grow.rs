//! How the tree grows: by cutting the space where that leaves few rules on every side.

use std::collections::HashSet;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::super::rule::Rule;
use super::tree::{Node, Tree, wide};
use super::{Boxes, TIES_MAX, Tie};

/// So many rules are sifted rather than cut again: a row of two words.
const SIFTED: usize = 128;

/// All leaves together hold at most this many times the rules: a rule without a condition in a
/// dimension is needed on every side of a cut there, and cuts below cuts multiply.
const COPIES: usize = 8;

/// A cut along a facet is a list with a place for every number when that is at most this many
/// times its cells: then it is looked up, not searched.
pub(super) const SPREAD: usize = 16;

pub(super) fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// How many dimensions there can be: a bit for each that is still to be asked about.
pub(super) type Open = u32;

fn bit(dimension: usize) -> Open {
    1_u32.wrapping_shl(short(dimension))
}

pub(super) fn is_open(open: Open, dimension: usize) -> bool {
    open & bit(dimension) != 0
}

/// The tree while it grows.
pub(super) struct Growing<'b> {
    pub(super) boxes: &'b Boxes,
    /// Numbers of each facet's line, the absent one included.
    pub(super) dense: &'b [u32],
    /// Numbers of the rules, for naming ties.
    rules: &'b [Rule],
    pub(super) tree: Tree,
    ties: HashSet<Tie>,
}

/// One way to cut: where its cells begin, and how many rules are in each.
struct Cut {
    dimension: usize,
    bounds: Vec<u32>,
    counts: Vec<u32>,
    largest: u32,
    sum: usize,
}

/// A tree over the boxes, and what ties; `dense` holds, for each facet, how many numbers its
/// line has.
pub(super) fn grow(boxes: &Boxes, dense: &[u32], rules: &[Rule]) -> (Tree, Vec<Tie>) {
    let mut all: Vec<u32> = (0..short(rules.len())).collect();
    let order = |rule: &u32| {
        let number = rules.get(wide(*rule)).map(|r| r.number);
        (std::cmp::Reverse(boxes.rank(*rule)), number)
    };
    all.sort_by_cached_key(order);
    let mut growing = Growing {
        boxes,
        dense,
        rules,
        tree: Tree {
            day: dense.len(),
            ..Tree::default()
        },
        ties: HashSet::new(),
    };
    let open: Open = 1_u32.wrapping_shl(short(boxes.width)).wrapping_sub(1);
    let root = growing.node(&all, open, all.len().saturating_mul(COPIES));
    growing.tree.root = root;
    let mut ties: Vec<Tie> = growing.ties.into_iter().collect();
    ties.sort_unstable();
    (growing.tree, ties)
}

impl Growing<'_> {
    /// Grows the node for these rules, which are in the order in which they are asked. Its leaves
    /// may hold so many together.
    fn node(&mut self, rules: &[u32], open: Open, allowed: usize) -> u32 {
        if rules.len() > SIFTED
            && let Some(cut) = self.best(rules, open, allowed)
        {
            return self.branch(rules, open, &cut, allowed);
        }
        self.name_ties(rules);
        self.leaf(rules, open)
    }

    pub(super) fn push(&mut self, node: Node) -> u32 {
        let at = short(self.tree.nodes.len());
        self.tree.nodes.push(node);
        at
    }

    /// The cut that leaves the fewest rules in its fullest cell, and of those the one that copies
    /// least.
    fn best(&self, rules: &[u32], open: Open, allowed: usize) -> Option<Cut> {
        let width = self.boxes.width;
        let dimensions = (0..width).filter(|d| is_open(open, *d));
        let cuts = dimensions.filter_map(|dimension| self.cut(rules, dimension, allowed));
        cuts.min_by_key(|cut| (cut.largest, cut.sum))
    }

    /// Where the conditions of these rules begin, and where what is after them does.
    pub(super) fn bounds(&self, rules: &[u32], dimension: usize) -> Vec<u32> {
        let mut bounds = vec![0];
        for rule in rules {
            for (from, to) in self.boxes.spans(*rule, dimension) {
                bounds.push(*from);
                bounds.extend(to.checked_add(1));
            }
        }
        bounds.sort_unstable();
        bounds.dedup();
        bounds
    }

    fn cut(&self, rules: &[u32], dimension: usize, allowed: usize) -> Option<Cut> {
        let bounds = self.bounds(rules, dimension);
        if bounds.len() == 1 {
            return None;
        }
        // What each cell has more than the one before it, so that a wide rule costs no more.
        let mut more = vec![0_i64; bounds.len().saturating_add(1)];
        for rule in rules {
            self.cells(*rule, dimension, &bounds, |cells| {
                for (end, change) in [(cells.start, 1), (cells.end, -1)] {
                    if let Some(more) = more.get_mut(end) {
                        *more = more.saturating_add(change);
                    }
                }
            });
        }
        let running = more.iter().scan(0_i64, |sum, more| {
            *sum = sum.saturating_add(*more);
            Some(u32::try_from(*sum).unwrap_or(0))
        });
        let counts: Vec<u32> = running.take(bounds.len()).collect();
        let largest = counts.iter().copied().max()?;
        let add = |sum: usize, count: &u32| sum.saturating_add(wide(*count));
        let sum = counts.iter().fold(0, add);
        let (twice, all) = (wide(largest).saturating_mul(2), rules.len());
        // One that hardly copies may help little; one that copies must help much.
        let cheap = wide(largest) < all && sum <= all.saturating_mul(2);
        let worth = sum <= allowed && (cheap || twice <= all);
        worth.then_some(Cut {
            dimension,
            bounds,
            counts,
            largest,
            sum,
        })
    }

    /// The cells of a cut that a rule is in, range by range.
    pub(super) fn cells(
        &self,
        rule: u32,
        dimension: usize,
        bounds: &[u32],
        mut each: impl FnMut(Range<usize>),
    ) {
        let spans = self.boxes.spans(rule, dimension);
        if spans.is_empty() {
            each(0..bounds.len());
        }
        for (from, to) in spans {
            let first = bounds.partition_point(|bound| bound < from);
            let after = bounds.partition_point(|bound| bound <= to);
            each(first..after.max(first));
        }
    }

    fn branch(&mut self, rules: &[u32], open: Open, cut: &Cut, allowed: usize) -> u32 {
        let below = open & !bit(cut.dimension);
        let fits = |count: &u32| Vec::with_capacity(wide(*count));
        let mut cells: Vec<Vec<u32>> = cut.counts.iter().map(fits).collect();
        for rule in rules {
            self.cells(*rule, cut.dimension, &cut.bounds, |range| {
                for cell in cells.get_mut(range).unwrap_or_default() {
                    cell.push(*rule);
                }
            });
        }
        // Values that nobody names have the same few rules: one node serves all of them.
        let mut known: FxHashMap<Vec<u32>, u32> = FxHashMap::default();
        let mut children = Vec::with_capacity(cells.len());
        for cell in cells {
            let child = if let Some(child) = known.get(&cell) {
                *child
            } else {
                let part = allowed.saturating_mul(cell.len()).checked_div(cut.sum);
                let child = self.node(&cell, below, part.unwrap_or(0));
                known.insert(cell, child);
                child
            };
            children.push(child);
        }
        self.junction(cut, &children)
    }

    fn junction(&mut self, cut: &Cut, children: &[u32]) -> u32 {
        let (dimension, next) = (short(cut.dimension), short(self.tree.next.len()));
        if let Some(numbers) = self.spread(cut.dimension, cut.bounds.len()) {
            for (child, length) in children.iter().zip(lengths(&cut.bounds, numbers)) {
                self.tree.next.extend(std::iter::repeat_n(*child, length));
            }
            let start = next;
            return self.push(Node::LookUp { dimension, start });
        }
        let start = short(self.tree.bounds.len());
        self.tree.bounds.extend(&cut.bounds);
        self.tree.next.extend(children);
        let end = short(self.tree.bounds.len());
        self.push(Node::Search {
            dimension,
            start,
            end,
            next,
        })
    }

    /// The numbers of a line that is short enough, for so many cells, to be looked up.
    pub(super) fn spread(&self, dimension: usize, cells: usize) -> Option<usize> {
        let numbers = wide(*self.dense.get(dimension)?);
        (numbers <= cells.saturating_mul(SPREAD).max(256)).then_some(numbers)
    }

    /// Rules that meet in a posting are both in the leaf that the posting leads to.
    fn name_ties(&mut self, rules: &[u32]) {
        for (at, one) in rules.iter().enumerate() {
            let rank = self.boxes.rank(*one);
            let equals = rules.iter().skip(at.saturating_add(1));
            for other in equals.take_while(|other| self.boxes.rank(**other) == rank) {
                if self.ties.len() >= TIES_MAX {
                    return;
                }
                if self.boxes.meet(*one, *other) {
                    let number = |rule: u32| self.rules.get(wide(rule)).map_or(0, |r| r.number);
                    let (a, b) = (number(*one), number(*other));
                    self.ties.insert(Tie {
                        one: a.min(b),
                        other: a.max(b),
                    });
                }
            }
        }
    }
}

/// How many numbers each cell has on a line of so many.
pub(super) fn lengths(bounds: &[u32], numbers: usize) -> impl Iterator<Item = usize> {
    let ends = bounds.iter().skip(1).map(|bound| wide(*bound));
    let ends = ends.chain([numbers]);
    let starts = bounds.iter().map(|bound| wide(*bound));
    starts
        .zip(ends)
        .map(move |(from, to)| to.min(numbers).saturating_sub(from))
}
