//! The tree itself: grown by cutting, walked by looking up.

use std::collections::HashSet;

use super::super::axis::Span;
use super::super::rule::Rule;
use super::{Boxes, Point, TIES_MAX, Tie};

/// So few rules are asked one by one rather than cut again.
const FEW: usize = 6;

/// A cut may hold this many times the rules that it cuts: rules without a condition there are
/// needed on every side of it.
const COPIES: usize = 24;

/// A cut along a facet is a list with a place for every number when that is at most this many
/// times its cells: then it is looked up, not searched.
const SPREAD: usize = 6;

/// A node.
#[derive(Debug, Clone, Copy)]
enum Node {
    /// Ask these, in order.
    Ask { start: u32, end: u32 },
    /// Look the number up: `next[start + number]`.
    LookUp { dimension: u32, start: u32 },
    /// Search the number: the last of `bounds[start..end]` that is not above it.
    Search {
        dimension: u32,
        start: u32,
        end: u32,
    },
}

/// A rule to be asked.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    rule: u32,
    days: Span,
    /// What is still to be asked, `tests[start..end]`.
    tests: (u32, u32),
    kinds: u8,
}

/// The number in that dimension lies in one of `spans[start..end]`.
#[derive(Debug, Clone, Copy)]
struct Test {
    dimension: u32,
    spans: (u32, u32),
}

/// See the module above.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    root: u32,
    /// Which dimension the day is.
    day: usize,
    nodes: Vec<Node>,
    bounds: Vec<u32>,
    next: Vec<u32>,
    candidates: Vec<Candidate>,
    tests: Vec<Test>,
    spans: Vec<Span>,
}

/// What growing gives.
pub(super) struct TreeParts {
    pub(super) tree: Tree,
    pub(super) ties: Vec<Tie>,
}

#[inline]
fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Tree {
    /// The rule at a point, for a posting of that side and kind.
    #[inline]
    pub(super) fn find(&self, point: &Point, kind: u8) -> Option<u32> {
        let mut at = self.root;
        let day = *point.get(self.day)?;
        loop {
            match *self.nodes.get(wide(at))? {
                Node::LookUp { dimension, start } => {
                    let number = *point.get(wide(dimension))?;
                    at = *self.next.get(wide(start.wrapping_add(number)))?;
                }
                Node::Search {
                    dimension,
                    start,
                    end,
                } => {
                    let number = *point.get(wide(dimension))?;
                    let bounds = self.bounds.get(wide(start)..wide(end))?;
                    let cell = bounds.partition_point(|bound| *bound <= number);
                    let cell = wide(start).wrapping_add(cell.wrapping_sub(1));
                    at = *self.next.get(cell)?;
                }
                Node::Ask { start, end } => {
                    let asked = self.candidates.get(wide(start)..wide(end))?;
                    let wins = asked.iter().find(|one| self.holds(one, point, day, kind))?;
                    return Some(wins.rule);
                }
            }
        }
    }

    #[inline]
    fn holds(&self, one: &Candidate, point: &Point, day: u32, kind: u8) -> bool {
        let (start, end) = one.tests;
        one.kinds & kind != 0
            && one.days.0 <= day
            && day <= one.days.1
            && (start == end
                || self
                    .tests
                    .get(wide(start)..wide(end))
                    .is_some_and(|tests| tests.iter().all(|test| self.passes(*test, point))))
    }

    #[inline]
    fn passes(&self, test: Test, point: &Point) -> bool {
        let number = point.get(wide(test.dimension)).copied().unwrap_or(u32::MAX);
        let (start, end) = test.spans;
        let spans = self.spans.get(wide(start)..wide(end)).unwrap_or_default();
        spans
            .iter()
            .any(|span| span.0 <= number && number <= span.1)
    }
}

/// How many dimensions there can be: a bit for each that is still to be asked about.
type Open = u32;

/// The tree while it grows.
struct Growing<'b> {
    boxes: &'b Boxes,
    /// Numbers of each facet's line, the absent one included.
    dense: &'b [u32],
    /// Numbers of the rules, for naming ties.
    rules: &'b [Rule],
    tree: Tree,
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

impl Tree {
    /// Grows a tree over the boxes; `dense` holds, for each facet, how many numbers its line has.
    pub(super) fn grow(boxes: &Boxes, dense: &[u32], rules: &[Rule]) -> TreeParts {
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
            tree: Self {
                root: 0,
                day: dense.len(),
                nodes: Vec::new(),
                bounds: Vec::new(),
                next: Vec::new(),
                candidates: Vec::new(),
                tests: Vec::new(),
                spans: Vec::new(),
            },
            ties: HashSet::new(),
        };
        let open: Open = 1_u32.wrapping_shl(short(boxes.width)).wrapping_sub(1);
        let root = growing.node(&all, open);
        growing.tree.root = root;
        let mut ties: Vec<Tie> = growing.ties.into_iter().collect();
        ties.sort_unstable();
        TreeParts {
            tree: growing.tree,
            ties,
        }
    }
}

impl Growing<'_> {
    /// Grows the node for these rules, which are in the order in which they are asked.
    fn node(&mut self, rules: &[u32], open: Open) -> u32 {
        if rules.len() > FEW
            && let Some(cut) = self.best(rules, open)
        {
            return self.branch(rules, open, &cut);
        }
        self.leaf(rules, open)
    }

    fn push(&mut self, node: Node) -> u32 {
        let at = short(self.tree.nodes.len());
        self.tree.nodes.push(node);
        at
    }

    /// The cut that leaves the fewest rules in its fullest cell, and of those the one that copies
    /// least.
    fn best(&self, rules: &[u32], open: Open) -> Option<Cut> {
        let width = self.boxes.width;
        let dimensions = (0..width).filter(|d| is_open(open, *d));
        let cuts = dimensions.filter_map(|dimension| self.cut(rules, dimension));
        cuts.min_by_key(|cut| (cut.largest, cut.sum))
    }

    fn cut(&self, rules: &[u32], dimension: usize) -> Option<Cut> {
        let mut bounds = vec![0];
        for rule in rules {
            for (from, to) in self.boxes.spans(*rule, dimension) {
                bounds.push(*from);
                bounds.extend(to.checked_add(1));
            }
        }
        bounds.sort_unstable();
        bounds.dedup();
        if bounds.len() == 1 {
            return None;
        }
        let mut counts = vec![0_u32; bounds.len()];
        for rule in rules {
            self.cells(*rule, dimension, &bounds, |cells| {
                for count in counts.get_mut(cells).unwrap_or_default() {
                    *count = count.saturating_add(1);
                }
            });
        }
        let largest = counts.iter().copied().max()?;
        let sum = counts
            .iter()
            .fold(0, |sum: usize, count| sum.saturating_add(wide(*count)));
        let worth = wide(largest) < rules.len() && sum <= rules.len().saturating_mul(COPIES);
        worth.then_some(Cut {
            dimension,
            bounds,
            counts,
            largest,
            sum,
        })
    }

    /// The cells of a cut that a rule is in, range by range.
    fn cells(
        &self,
        rule: u32,
        dimension: usize,
        bounds: &[u32],
        mut each: impl FnMut(std::ops::Range<usize>),
    ) {
        let spans = self.boxes.spans(rule, dimension);
        if spans.is_empty() {
            each(0..bounds.len());
        }
        for (from, to) in spans {
            let first = bounds.partition_point(|bound| bound < from);
            let after = bounds.partition_point(|bound| bound <= to);
            each(first..after);
        }
    }

    fn branch(&mut self, rules: &[u32], open: Open, cut: &Cut) -> u32 {
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
        let mut same: Vec<(usize, u32)> = Vec::new();
        let mut children = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            let known = same
                .iter()
                .find(|(other, _)| cells.get(*other) == Some(cell));
            let child = match known {
                Some((_, child)) => *child,
                None => self.node(cell, below),
            };
            if known.is_none() && same.len() < 2 {
                same.push((at, child));
            }
            children.push(child);
        }
        self.junction(cut, &children)
    }

    fn junction(&mut self, cut: &Cut, children: &[u32]) -> u32 {
        let (dimension, start) = (short(cut.dimension), short(self.tree.next.len()));
        let numbers = self.dense.get(cut.dimension).copied().map(wide);
        let spread = cut.bounds.len().saturating_mul(SPREAD);
        if let Some(numbers) = numbers.filter(|numbers| *numbers <= spread.max(64)) {
            let ends = cut.bounds.iter().skip(1).map(|bound| wide(*bound));
            let ends = ends.chain([numbers]);
            for ((from, to), child) in cut.bounds.iter().zip(ends).zip(children) {
                let length = to.min(numbers).saturating_sub(wide(*from));
                self.tree.next.extend(std::iter::repeat_n(*child, length));
            }
            return self.push(Node::LookUp { dimension, start });
        }
        self.tree.next.extend(children);
        // One index serves both lists: bounds that are looked up, not searched, are left empty.
        self.tree.bounds.resize(wide(start), 0);
        self.tree.bounds.extend(&cut.bounds);
        let end = short(self.tree.next.len());
        self.push(Node::Search {
            dimension,
            start,
            end,
        })
    }

    fn leaf(&mut self, rules: &[u32], open: Open) -> u32 {
        self.name_ties(rules);
        let start = short(self.tree.candidates.len());
        let day = self.tree.day;
        for rule in rules {
            let tests = short(self.tree.tests.len());
            let asked = (0..self.boxes.width).filter(|d| is_open(open, *d) && *d != day);
            for dimension in asked {
                self.test(*rule, dimension);
            }
            let days = is_open(open, day).then(|| self.boxes.spans(*rule, day));
            let days = days.and_then(|days| days.first().copied());
            self.tree.candidates.push(Candidate {
                rule: *rule,
                days: days.unwrap_or((0, u32::MAX)),
                tests: (tests, short(self.tree.tests.len())),
                kinds: self.boxes.kinds(*rule),
            });
        }
        let end = short(self.tree.candidates.len());
        self.push(Node::Ask { start, end })
    }

    fn test(&mut self, rule: u32, dimension: usize) {
        let spans = self.boxes.spans(rule, dimension);
        if spans.is_empty() {
            return;
        }
        let start = short(self.tree.spans.len());
        self.tree.spans.extend(spans);
        self.tree.tests.push(Test {
            dimension: short(dimension),
            spans: (start, short(self.tree.spans.len())),
        });
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

fn bit(dimension: usize) -> Open {
    1_u32.wrapping_shl(short(dimension))
}

fn is_open(open: Open, dimension: usize) -> bool {
    open & bit(dimension) != 0
}
