//! The tree as it is asked: cuts to walk down, and leaves that name the winner.

use super::super::axis::Span;
use super::{DIMENSIONS_MAX, Point};

/// A node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    /// Ask these rules, in order.
    Ask { start: u32, end: u32 },
    /// Ask those of them that every mesh lets through.
    Sift {
        start: u32,
        end: u32,
        /// The first of its meshes.
        meshes: u32,
        /// How many.
        count: u32,
        /// Words of a row.
        words: u32,
    },
    /// Look the number up: `next[start + number]`.
    LookUp { dimension: u32, start: u32 },
    /// Search the number: the last of `bounds[start..end]` that is not above it; where that
    /// leads stands at the same place from `next` on.
    Search {
        dimension: u32,
        start: u32,
        end: u32,
        next: u32,
    },
}

/// A rule to be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) rule: u32,
    pub(super) days: Span,
    /// The place in `questions` of what else is to be asked; [`NOTHING`] = nothing.
    pub(super) question: u32,
}

/// No place.
pub(super) const NOTHING: u32 = u32::MAX;

/// What some rules ask that most do not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    /// The sides and kinds.
    pub(super) kinds: u8,
    /// `tests[start..end]`.
    pub(super) tests: (u32, u32),
}

/// The number in that dimension lies in one of `spans[start..end]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Test {
    pub(super) dimension: u32,
    pub(super) spans: (u32, u32),
}

/// The rows of one dimension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mesh {
    pub(super) dimension: u32,
    /// Where its cells begin: the row of each. [`NOTHING`] = each number has a row of its own.
    pub(super) cells: u32,
    /// Where each cell begins, `bounds[start..end]`; nothing = each number has a cell of its own.
    pub(super) bounds: (u32, u32),
    /// Where its first row begins.
    pub(super) rows: u32,
}

/// A posting on its way through the tree. The steps are taken one after the other, so that of
/// several postings each can take a step while the memory of the others' next is fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought {
    pub(super) point: Point,
    /// Its side and kind.
    pub(super) kind: u8,
    /// Where it has come to.
    at: Option<Node>,
    /// Where the row of each mesh begins.
    rows: [u32; DIMENSIONS_MAX],
    /// The bits that all rows have in their first word.
    left: u64,
    /// The rule of the first bit.
    first: Option<Candidate>,
}

impl Sought {
    pub(super) fn new() -> Self {
        Self {
            point: [0; DIMENSIONS_MAX],
            kind: 0,
            at: None,
            rows: [0; DIMENSIONS_MAX],
            left: 0,
            first: None,
        }
    }
}

/// See the module above.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) root: u32,
    /// Which dimension the day is.
    pub(super) day: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) bounds: Vec<u32>,
    pub(super) next: Vec<u32>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) questions: Vec<Question>,
    pub(super) tests: Vec<Test>,
    pub(super) spans: Vec<Span>,
    pub(super) meshes: Vec<Mesh>,
    pub(super) cells: Vec<u16>,
    pub(super) rows: Vec<u64>,
}

#[inline]
pub(super) fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Which of the cells that begin at these bounds holds the number; the first begins at 0.
#[inline]
fn cell(bounds: &[u32], number: u32) -> usize {
    bounds
        .partition_point(|bound| *bound <= number)
        .wrapping_sub(1)
}

impl Tree {
    /// First step: down to the leaf.
    #[inline]
    pub(super) fn walk(&self, sought: &mut Sought) {
        sought.at = self.leaf(&sought.point);
    }

    #[inline]
    fn leaf(&self, point: &Point) -> Option<Node> {
        let mut at = self.root;
        loop {
            let node = *self.nodes.get(wide(at))?;
            let step = match node {
                Node::LookUp { dimension, start } => {
                    let number = *point.get(wide(dimension))?;
                    wide(start.wrapping_add(number))
                }
                Node::Search {
                    dimension,
                    start,
                    end,
                    next,
                } => {
                    let number = *point.get(wide(dimension))?;
                    let bounds = self.bounds.get(wide(start)..wide(end))?;
                    wide(next).wrapping_add(cell(bounds, number))
                }
                Node::Ask { .. } | Node::Sift { .. } => return Some(node),
            };
            at = *self.next.get(step)?;
        }
    }

    /// Second step: finds the rows of the leaf's meshes.
    #[inline]
    pub(super) fn lay(&self, sought: &mut Sought) {
        if let Some(Node::Sift {
            meshes,
            count,
            words,
            ..
        }) = sought.at
        {
            let last = meshes.wrapping_add(count);
            let meshes = self.meshes.get(wide(meshes)..wide(last));
            for (row, mesh) in sought.rows.iter_mut().zip(meshes.unwrap_or_default()) {
                let found = self.row(mesh, words, &sought.point);
                *row = found.unwrap_or(NOTHING);
            }
        }
    }

    /// Third step: the bits that all rows have. Nothing is decided yet: a decision that waits
    /// for memory would keep the other postings waiting.
    #[inline]
    pub(super) fn sift(&self, sought: &mut Sought) {
        sought.left = 0;
        if let Some(Node::Sift { count, .. }) = sought.at {
            let rows = sought.rows.get(..wide(count)).unwrap_or_default();
            sought.left = self.word(rows, 0);
        }
    }

    /// Fourth step: the rule of the first bit.
    #[inline]
    pub(super) fn reach(&self, sought: &mut Sought) {
        if let Some(Node::Sift { start, .. } | Node::Ask { start, .. }) = sought.at {
            let place = wide(start).wrapping_add(wide(sought.left.trailing_zeros() & 63));
            sought.first = self.candidates.get(place).copied();
        }
    }

    /// Last step: the rule.
    #[inline]
    pub(super) fn answer(&self, sought: &Sought) -> Option<u32> {
        match sought.at? {
            Node::Ask { start, end } => {
                let mut asked = self.candidates.get(wide(start)..wide(end))?.iter();
                let wins = asked.find(|one| self.holds(one, sought));
                wins.map(|one| one.rule)
            }
            Node::Sift {
                start, end, count, ..
            } => {
                if sought.left != 0
                    && let Some(first) = sought.first
                    && self.holds(&first, sought)
                {
                    return Some(first.rule);
                }
                let asked = self.candidates.get(wide(start)..wide(end))?;
                self.next(asked, sought.rows.get(..wide(count))?, sought)
            }
            Node::LookUp { .. } | Node::Search { .. } => None,
        }
    }

    /// The first that holds after the first bit.
    #[inline]
    fn next(&self, asked: &[Candidate], rows: &[u32], sought: &Sought) -> Option<u32> {
        let mut left = sought.left & sought.left.saturating_sub(1);
        for (word, asked) in asked.chunks(64).enumerate() {
            if word > 0 {
                left = self.word(rows, word);
            }
            while left != 0 {
                // There is a mesh, so there are no bits after the last rule.
                let one = asked.get(wide(left.trailing_zeros()))?;
                if self.holds(one, sought) {
                    return Some(one.rule);
                }
                left &= left.wrapping_sub(1);
            }
        }
        None
    }

    #[inline]
    fn word(&self, rows: &[u32], word: usize) -> u64 {
        let bits = |row: &u32| self.rows.get(wide(*row).wrapping_add(word)).copied();
        rows.iter()
            .fold(u64::MAX, |left, row| left & bits(row).unwrap_or(0))
    }

    /// Where the row of a point begins.
    #[inline]
    fn row(&self, mesh: &Mesh, words: u32, point: &Point) -> Option<u32> {
        let number = *point.get(wide(mesh.dimension))?;
        if mesh.cells == NOTHING {
            let row = number.wrapping_mul(words);
            return Some(mesh.rows.wrapping_add(row));
        }
        let (start, end) = mesh.bounds;
        let place = if start == end {
            wide(number)
        } else {
            cell(self.bounds.get(wide(start)..wide(end))?, number)
        };
        let row = *self.cells.get(wide(mesh.cells).wrapping_add(place))?;
        let row = u32::from(row).wrapping_mul(words);
        Some(mesh.rows.wrapping_add(row))
    }

    #[inline]
    fn holds(&self, one: &Candidate, sought: &Sought) -> bool {
        let day = sought.point.get(self.day).copied().unwrap_or_default();
        one.days.0 <= day
            && day <= one.days.1
            && (one.question == NOTHING || self.agrees(one.question, sought))
    }

    fn agrees(&self, question: u32, sought: &Sought) -> bool {
        let Some(question) = self.questions.get(wide(question)) else {
            return false;
        };
        let (start, end) = question.tests;
        let tests = self.tests.get(wide(start)..wide(end)).unwrap_or_default();
        question.kinds & sought.kind != 0
            && tests.iter().all(|test| self.passes(*test, &sought.point))
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
