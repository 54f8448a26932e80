//! Leaves: few rules are asked one by one, more are sifted by bits.

use rustc_hash::FxHashMap;

use super::ALL_KINDS;
use super::grow::{Growing, Open, is_open, lengths, short};
use super::tree::{Candidate, Mesh, NOTHING, Node, Question, Test};

/// So few rules are asked one by one: that costs no more than finding their rows.
const FEW: usize = 4;

/// A mesh has at most so many words for each rule of its leaf; a dimension that wants more is
/// asked about rule by rule.
const MESH_MAX: usize = 64;

/// A row for each number instead of a cell that names its row, when those are at most so many
/// times the different rows.
const ROOMY: usize = 2;

impl Growing<'_> {
    /// A leaf for these rules, which are in the order in which they are asked.
    pub(super) fn leaf(&mut self, rules: &[u32], open: Open) -> u32 {
        let day = self.tree.day;
        let mut asked: Vec<usize> = (0..self.boxes.width)
            .filter(|d| is_open(open, *d) && *d != day)
            .collect();
        let meshes = short(self.tree.meshes.len());
        if rules.len() > FEW {
            asked.retain(|dimension| !self.mesh(rules, *dimension));
        }
        let start = short(self.tree.candidates.len());
        for rule in rules {
            let question = self.question(*rule, &asked);
            let days = is_open(open, day).then(|| self.boxes.spans(*rule, day));
            let days = days.and_then(|days| days.first().copied());
            self.tree.candidates.push(Candidate {
                rule: *rule,
                days: days.unwrap_or((0, u32::MAX)),
                question,
            });
        }
        let end = short(self.tree.candidates.len());
        let count = short(self.tree.meshes.len()).saturating_sub(meshes);
        if count == 0 {
            return self.push(Node::Ask { start, end });
        }
        self.push(Node::Sift {
            start,
            end,
            meshes,
            count,
            words: short(rules.len().div_ceil(64)),
        })
    }

    /// What a rule asks besides its meshes and days.
    fn question(&mut self, rule: u32, asked: &[usize]) -> u32 {
        let tests = short(self.tree.tests.len());
        for dimension in asked {
            self.test(rule, *dimension);
        }
        let question = Question {
            kinds: self.boxes.kinds(rule),
            tests: (tests, short(self.tree.tests.len())),
        };
        if question.tests.0 == question.tests.1 && question.kinds == ALL_KINDS {
            return NOTHING;
        }
        self.tree.questions.push(question);
        short(self.tree.questions.len()).saturating_sub(1)
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

    /// Makes the mesh of a dimension. Whether nothing is left to ask about it.
    fn mesh(&mut self, rules: &[u32], dimension: usize) -> bool {
        let bounds = self.bounds(rules, dimension);
        if bounds.len() == 1 {
            // A condition on all numbers has these bounds, too.
            return rules
                .iter()
                .all(|rule| self.boxes.spans(*rule, dimension).is_empty());
        }
        let words = rules.len().div_ceil(64);
        let size = bounds.len().saturating_mul(words);
        if size > rules.len().saturating_mul(MESH_MAX) || bounds.len() > usize::from(u16::MAX) {
            return false;
        }
        let bits = self.bits(rules, dimension, &bounds);
        let rows = short(self.tree.rows.len());
        // Most cells are between values that are named, and alike.
        let mut known: FxHashMap<&[u64], u16> = FxHashMap::default();
        let mut cells = Vec::with_capacity(bounds.len());
        for row in bits.chunks(words) {
            let next = u16::try_from(known.len()).unwrap_or(u16::MAX);
            cells.push(*known.entry(row).or_insert(next));
        }
        let numbers = self.spread(dimension, bounds.len());
        if let Some(numbers) = numbers.filter(|n| *n <= known.len().saturating_mul(ROOMY)) {
            for (row, length) in bits.chunks(words).zip(lengths(&bounds, numbers)) {
                self.tree.rows.extend(row.repeat(length));
            }
            self.push_mesh(dimension, NOTHING, (0, 0), rows);
            return true;
        }
        let mut different: Vec<(&[u64], u16)> = known.into_iter().collect();
        different.sort_unstable_by_key(|(_, number)| *number);
        for (row, _) in different {
            self.tree.rows.extend(row);
        }
        let start = short(self.tree.cells.len());
        if let Some(numbers) = numbers {
            for (cell, length) in cells.iter().zip(lengths(&bounds, numbers)) {
                self.tree.cells.extend(std::iter::repeat_n(*cell, length));
            }
            self.push_mesh(dimension, start, (0, 0), rows);
        } else {
            self.tree.cells.extend(cells);
            let from = short(self.tree.bounds.len());
            self.tree.bounds.extend(&bounds);
            let ends = (from, short(self.tree.bounds.len()));
            self.push_mesh(dimension, start, ends, rows);
        }
        true
    }

    fn push_mesh(&mut self, dimension: usize, cells: u32, bounds: (u32, u32), rows: u32) {
        self.tree.meshes.push(Mesh {
            dimension: short(dimension),
            cells,
            bounds,
            rows,
        });
    }

    /// The rows of all cells, one after the other: bit by bit the rules that hold there.
    fn bits(&self, rules: &[u32], dimension: usize, bounds: &[u32]) -> Vec<u64> {
        let words = rules.len().div_ceil(64);
        let mut everywhere = vec![0_u64; words];
        let mut bits = Vec::with_capacity(words.saturating_mul(bounds.len()));
        let places = || {
            (0..words).flat_map(|word| (0..64_u32).map(move |bit| (word, 1_u64.wrapping_shl(bit))))
        };
        for (rule, (word, bit)) in rules.iter().zip(places()) {
            if self.boxes.spans(*rule, dimension).is_empty()
                && let Some(word) = everywhere.get_mut(word)
            {
                *word |= bit;
            }
        }
        for _ in bounds {
            bits.extend(&everywhere);
        }
        for (rule, (word, bit)) in rules.iter().zip(places()) {
            if self.boxes.spans(*rule, dimension).is_empty() {
                continue;
            }
            self.cells(*rule, dimension, bounds, |cells| {
                for cell in cells {
                    let at = cell.saturating_mul(words).saturating_add(word);
                    if let Some(word) = bits.get_mut(at) {
                        *word |= bit;
                    }
                }
            });
        }
        bits
    }
}
