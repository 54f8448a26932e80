//! Conditions as intervals: each dimension of a table is a line of whole numbers, so that values,
//! lists, beginnings, ranges, days and years are all asked about in one way.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use super::rule::Condition;

/// From and to, both included.
pub(super) type Span = (u32, u32);

/// The classes of the values of one facet: values that no condition tells apart share a number.
///
/// Values are ordered by their bytes, and every condition is an interval there, with one
/// exception: a range leaves values shorter than its ends out. So the line is laid once for each
/// length at which some range begins to count, one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Axis {
    /// Where a condition begins or ends, in order.
    points: Vec<Vec<u8>>,
    /// Lengths of ranges, in order.
    lengths: Vec<usize>,
    /// Values that are named: found without searching.
    named: FxHashMap<Box<str>, u32>,
}

/// The smallest text that is greater than everything that begins so. UTF-8 has no byte 255.
fn after_all_of(start: &str) -> Vec<u8> {
    let mut bytes = start.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes
}

fn just_after(value: &str) -> Vec<u8> {
    let mut bytes = value.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Axis {
    /// The line on which all these conditions are intervals.
    pub(super) fn of<'c>(conditions: impl Iterator<Item = &'c Condition> + Clone) -> Self {
        let mut axis = Self::default();
        for condition in conditions.clone() {
            axis.mark(condition);
        }
        axis.points.sort_unstable();
        axis.points.dedup();
        axis.lengths.sort_unstable();
        axis.lengths.dedup();
        let mut named = FxHashMap::default();
        for condition in conditions {
            let values: &[Box<str>] = match condition {
                Condition::Is(value) => std::slice::from_ref(value),
                Condition::OneOf(values) => values,
                Condition::Prefix(_) | Condition::Range(..) => &[],
            };
            for value in values {
                if !named.contains_key(value) {
                    named.insert(value.clone(), axis.searched(value));
                }
            }
        }
        axis.named = named;
        axis
    }

    fn mark(&mut self, condition: &Condition) {
        match condition {
            Condition::Is(value) => {
                let ends = [value.as_bytes().to_vec(), just_after(value)];
                self.points.extend(ends);
            }
            Condition::OneOf(values) => {
                let ends = values
                    .iter()
                    .flat_map(|v| [v.as_bytes().to_vec(), just_after(v)]);
                self.points.extend(ends);
            }
            Condition::Prefix(start) => {
                let ends = [start.as_bytes().to_vec(), after_all_of(start)];
                self.points.extend(ends);
            }
            Condition::Range(first, last) => {
                let ends = [first.as_bytes().to_vec(), after_all_of(last)];
                self.points.extend(ends);
                self.lengths.push(first.len());
            }
        }
    }

    /// How many numbers one laying of the line takes.
    fn width(&self) -> usize {
        self.points.len().saturating_add(1)
    }

    /// The number of a posting that has no value here; no condition holds it.
    pub(super) fn absent(&self) -> u32 {
        let layings = self.lengths.len().saturating_add(1);
        short(layings.saturating_mul(self.width()))
    }

    /// The number of a value.
    #[inline]
    pub(super) fn class(&self, value: &str) -> u32 {
        match self.named.get(value) {
            Some(class) => *class,
            None => self.searched(value),
        }
    }

    fn searched(&self, value: &str) -> u32 {
        let laying = self.lengths.partition_point(|n| *n <= value.len());
        let place = self
            .points
            .partition_point(|point| point.as_slice() <= value.as_bytes());
        short(laying.saturating_mul(self.width()).saturating_add(place))
    }

    /// The numbers for which a condition holds, in order.
    pub(super) fn spans(&self, condition: &Condition) -> Vec<Span> {
        match condition {
            Condition::Is(value) => {
                let class = self.class(value);
                vec![(class, class)]
            }
            Condition::OneOf(values) => {
                let mut classes: Vec<u32> = values.iter().map(|v| self.class(v)).collect();
                classes.sort_unstable();
                classes.dedup();
                classes.into_iter().map(|class| (class, class)).collect()
            }
            Condition::Prefix(start) => self.laid(start.as_bytes(), &after_all_of(start), 0),
            Condition::Range(first, last) => {
                self.laid(first.as_bytes(), &after_all_of(last), first.len())
            }
        }
    }

    /// From the one point to before the other, in every laying of values that long.
    fn laid(&self, from: &[u8], before: &[u8], length: usize) -> Vec<Span> {
        let place = |text: &[u8]| self.points.partition_point(|point| point.as_slice() < text);
        let (from, to) = (place(from).saturating_add(1), place(before));
        let first = self.lengths.partition_point(|n| *n < length);
        let first = if length == 0 {
            0
        } else {
            first.saturating_add(1)
        };
        let layings = first..=self.lengths.len();
        let span = |laying: usize| {
            let start = laying.saturating_mul(self.width());
            let end = |place: usize| short(start.saturating_add(place));
            (end(from), end(to))
        };
        layings.map(span).collect()
    }
}

/// A day on its line: in the order of days, not their distance.
#[inline]
pub(super) fn day(date: Date) -> u32 {
    let part = |n: i8| u32::try_from(n).unwrap_or(0);
    year(date.year())
        .wrapping_shl(9)
        .wrapping_add(part(date.month()).wrapping_shl(5))
        .wrapping_add(part(date.day()))
}

/// A year on its line; jiff's years begin at -9999.
#[inline]
pub(super) fn year(year: i16) -> u32 {
    u32::try_from(i32::from(year).saturating_add(10_000)).unwrap_or(0)
}
