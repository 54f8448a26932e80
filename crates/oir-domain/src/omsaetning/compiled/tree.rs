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
                    next,
                } => {
                    let number = *point.get(wide(dimension))?;
                    let bounds = self.bounds.get(wide(start)..wide(end))?;
                    at = *self
                        .next
                        .get(wide(next).wrapping_add(cell(bounds, number)))?;
                }
                Node::Ask { start, end } => {
                    let asked = self.candidates.get(wide(start)..wide(end))?;
                    let wins = asked.iter().find(|one| self.holds(one, point, day, kind))?;
                    return Some(wins.rule);
                }
                Node::Sift {
                    start,
                    end,
                    meshes,
                    count,
                    words,
                } => {
                    let last = meshes.wrapping_add(count);
                    let meshes = self.meshes.get(wide(meshes)..wide(last))?;
                    let asked = self.candidates.get(wide(start)..wide(end))?;
                    let mut rows = [0_usize; DIMENSIONS_MAX];
                    for (row, mesh) in rows.iter_mut().zip(meshes) {
                        *row = self.row(mesh, words, point)?;
                    }
                    return self.sift(asked, rows.get(..meshes.len())?, (point, day, kind));
                }
            }
        }
    }

    #[inline]
    fn sift(
        &self,
        asked: &[Candidate],
        rows: &[usize],
        (point, day, kind): (&Point, u32, u8),
    ) -> Option<u32> {
        for (word, asked) in asked.chunks(64).enumerate() {
            let mut left = u64::MAX;
            for row in rows {
                left &= *self.rows.get(row.wrapping_add(word))?;
            }
            while left != 0 {
                // There is a mesh, so there are no bits after the last rule.
                let one = asked.get(wide(left.trailing_zeros()))?;
                if self.holds(one, point, day, kind) {
                    return Some(one.rule);
                }
                left &= left.wrapping_sub(1);
            }
        }
        None
    }

    /// Where the row of a point begins.
    #[inline]
    fn row(&self, mesh: &Mesh, words: u32, point: &Point) -> Option<usize> {
        let number = *point.get(wide(mesh.dimension))?;
        if mesh.cells == NOTHING {
            let row = number.wrapping_mul(words);
            return Some(wide(mesh.rows.wrapping_add(row)));
        }
        let (start, end) = mesh.bounds;
        let place = if start == end {
            wide(number)
        } else {
            cell(self.bounds.get(wide(start)..wide(end))?, number)
        };
        let row = *self.cells.get(wide(mesh.cells).wrapping_add(place))?;
        let row = u32::from(row).wrapping_mul(words);
        Some(wide(mesh.rows.wrapping_add(row)))
    }

    #[inline]
    fn holds(&self, one: &Candidate, point: &Point, day: u32, kind: u8) -> bool {
        one.days.0 <= day
            && day <= one.days.1
            && (one.question == NOTHING || self.agrees(one.question, point, kind))
    }

    fn agrees(&self, question: u32, point: &Point, kind: u8) -> bool {
        let Some(question) = self.questions.get(wide(question)) else {
            return false;
        };
        let (start, end) = question.tests;
        let tests = self.tests.get(wide(start)..wide(end)).unwrap_or_default();
        question.kinds & kind != 0 && tests.iter().all(|test| self.passes(*test, point))
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
