//! Conditions as intervals: each dimension of a table is a line of whole numbers, so that values,
//! lists, beginnings, ranges, days and years are all asked about in one way.

use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use jiff::civil::Date;
use rustc_hash::{FxHashMap, FxHashSet};

use super::rule::Condition;

/// From and to, both included.
pub(super) type Span = (u32, u32);

/// The classes of the values of one facet: values that no condition tells apart share a number.
///
/// Values are ordered by their bytes, and every condition is an interval there, with one
/// exception: a range leaves values shorter than its ends out. So the line is laid once for each
/// length at which some range begins to count, one after the other. Places on the line where the
/// same conditions hold, such as those between values that are named, are one class.
#[derive(Debug, Clone, Default)]
pub(super) struct Axis {
    /// Where a condition begins or ends, in order.
    points: Vec<Box<[u8]>>,
    /// The first eight bytes of each point, as a number in the same order.
    heads: Vec<u64>,
    /// Lengths of ranges, in order.
    lengths: Vec<usize>,
    /// The class of each place, and last that of no value at all.
    classes: Vec<u32>,
    /// How many classes there are before each place, and how many at all: classes are numbered
    /// in the order in which they are met, so that those of an interval of places, as far as
    /// they were not met before, stand together.
    before: Vec<u32>,
    /// Values that are named: found without searching.
    named: FxHashMap<Key, u32>,
}

/// What holds for no number: a condition that no value fulfils.
const NOWHERE: Span = (u32::MAX, u32::MAX);

/// Longest value, in bytes, that is found without searching; codes are shorter.
const KEY_MAX: usize = 16;

/// A value of at most [`KEY_MAX`] bytes in two numbers: its beginning and its end, which may
/// overlap. With the length they say all of it, and are compared without following a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    head: u64,
    tail: u64,
    length: usize,
}

impl Key {
    #[inline]
    fn of(value: &str) -> Option<Self> {
        let bytes = value.as_bytes();
        let length = bytes.len();
        if length > KEY_MAX {
            return None;
        }
        let (head, tail) = if let Some((head, tail)) = ends::<8>(bytes) {
            (u64::from_le_bytes(head), u64::from_le_bytes(tail))
        } else if let Some((head, tail)) = ends::<4>(bytes) {
            (
                u32::from_le_bytes(head).into(),
                u32::from_le_bytes(tail).into(),
            )
        } else if let Some((head, tail)) = ends::<2>(bytes) {
            (
                u16::from_le_bytes(head).into(),
                u16::from_le_bytes(tail).into(),
            )
        } else {
            (bytes.first().copied().unwrap_or_default().into(), 0)
        };
        Some(Self { head, tail, length })
    }
}

#[inline]
fn ends<const N: usize>(bytes: &[u8]) -> Option<([u8; N], [u8; N])> {
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.head ^ self.tail.rotate_left(29));
    }
}

/// The smallest text that is greater than everything that begins so. UTF-8 has no byte 255.
fn after_all_of(start: &str) -> Box<[u8]> {
    let mut bytes = start.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    bytes.into()
}

fn just_after(value: &str) -> Box<[u8]> {
    [value.as_bytes(), &[0]].concat().into()
}

/// The first eight bytes as a number: what is smaller is not greater by it.
#[inline]
fn head(bytes: &[u8]) -> u64 {
    if let Some(head) = bytes.first_chunk() {
        return u64::from_be_bytes(*head);
    }
    let mut head = [0; 8];
    for (place, byte) in head.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_be_bytes(head)
}

/// The class of a value until the line is laid.
const UNKNOWN: u32 = u32::MAX;

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Random bits for a number: SplitMix64's steps, twice.
fn scattered(number: u64) -> u128 {
    let mix = |n: u64| {
        let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    };
    let (high, low) = (mix(number), mix(!number));
    (u128::from(high) << 64) | u128::from(low)
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
        axis.heads = axis.points.iter().map(|point| head(point)).collect();
        axis.lengths.sort_unstable();
        axis.lengths.dedup();
        let mut seen: FxHashSet<&Condition> = FxHashSet::default();
        let different = conditions.filter(|condition| seen.insert(condition));
        let different: Vec<&Condition> = different.collect();
        axis.classify(&different);
        for value in different.into_iter().filter_map(Condition::named).flatten() {
            if let Some(key) = Key::of(value) {
                let class = axis.searched(value);
                axis.named.insert(key, class);
            }
        }
        axis
    }

    /// Finds which places are one class. A place is known by which conditions hold there: each
    /// has 128 random bits, so that two sets with one sum are not to be expected in this world.
    fn classify(&mut self, conditions: &[&Condition]) {
        let places = wide(self.nowhere()).saturating_add(1);
        let mut changes = vec![0_u128; places];
        for (condition, number) in conditions.iter().zip(1..) {
            let bits = scattered(number);
            for (from, to) in self.places(condition) {
                for end in [Some(from), to.checked_add(1)].into_iter().flatten() {
                    if let Some(change) = changes.get_mut(wide(end)) {
                        *change ^= bits;
                    }
                }
            }
        }
        let mut known: FxHashMap<u128, u32> = FxHashMap::default();
        let mut sum = 0;
        for change in changes {
            sum ^= change;
            let met = short(known.len());
            self.before.push(met);
            self.classes.push(*known.entry(sum).or_insert(met));
        }
        self.before.push(short(known.len()));
    }

    fn mark(&mut self, condition: &Condition) {
        match condition {
            Condition::Is(_) | Condition::OneOf(_) => {
                for value in condition.named().unwrap_or_default() {
                    // A value that a thousand rules name is marked once.
                    let new = Key::of(value).is_none_or(|key| match self.named.entry(key) {
                        Entry::Vacant(place) => {
                            place.insert(UNKNOWN);
                            true
                        }
                        Entry::Occupied(_) => false,
                    });
                    if new {
                        let ends = [value.as_bytes().into(), just_after(value)];
                        self.points.extend(ends);
                    }
                }
            }
            Condition::Prefix(start) => {
                let ends = [start.as_bytes().into(), after_all_of(start)];
                self.points.extend(ends);
            }
            Condition::Range(first, last) => {
                let ends = [first.as_bytes().into(), after_all_of(last)];
                self.points.extend(ends);
                self.lengths.push(first.len());
            }
        }
    }

    /// How many numbers one laying of the line takes.
    fn width(&self) -> usize {
        self.points.len().saturating_add(1)
    }

    /// The place of a posting that has no value here; no condition holds it.
    fn nowhere(&self) -> u32 {
        let layings = self.lengths.len().saturating_add(1);
        short(layings.saturating_mul(self.width()))
    }

    /// The number of a posting that has no value here.
    pub(super) fn absent(&self) -> u32 {
        self.classes.last().copied().unwrap_or_default()
    }

    /// How many numbers there are.
    pub(super) fn count(&self) -> u32 {
        self.before.last().copied().unwrap_or_default()
    }

    /// The number of a value.
    #[inline]
    pub(super) fn class(&self, value: &str) -> u32 {
        let known = Key::of(value).and_then(|key| self.named.get(&key));
        match known {
            Some(class) => *class,
            None => self.searched(value),
        }
    }

    fn searched(&self, value: &str) -> u32 {
        let class = self.classes.get(wide(self.place(value)));
        class.copied().unwrap_or_else(|| self.absent())
    }

    fn place(&self, value: &str) -> u32 {
        let laying = self.lengths.partition_point(|n| *n <= value.len());
        let bytes = value.as_bytes();
        let head = head(bytes);
        let smaller = self.heads.partition_point(|point| *point < head);
        let rest = self.points.get(smaller..).unwrap_or_default();
        let heads = self.heads.get(smaller..).unwrap_or_default();
        let same = heads.partition_point(|point| *point == head);
        let rest = rest.get(..same).unwrap_or_default();
        let place = smaller.saturating_add(rest.partition_point(|point| **point <= *bytes));
        short(laying.saturating_mul(self.width()).saturating_add(place))
    }

    /// The numbers for which a condition holds, in order; never empty.
    pub(super) fn spans(&self, condition: &Condition) -> Vec<Span> {
        let met = |place: u32| self.before.get(wide(place)).copied().unwrap_or_default();
        let mut spans: Vec<Span> = match condition {
            Condition::Is(_) | Condition::OneOf(_) => {
                let classes = condition
                    .named()
                    .unwrap_or_default()
                    .iter()
                    .map(|value| self.class(value));
                classes.map(|class| (class, class)).collect()
            }
            Condition::Prefix(_) | Condition::Range(..) => {
                let ends = |(from, to): Span| (met(from), met(to.saturating_add(1)));
                let met = self.places(condition).into_iter().map(ends);
                let some = met.filter(|(from, after)| from < after);
                some.map(|(from, after)| (from, after.saturating_sub(1)))
                    .collect()
            }
        };
        if spans.is_empty() {
            spans.push(NOWHERE);
        }
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// The places where a condition holds, each once.
    fn places(&self, condition: &Condition) -> Vec<Span> {
        let mut spans = match condition {
            Condition::Is(_) | Condition::OneOf(_) => {
                let places = condition
                    .named()
                    .unwrap_or_default()
                    .iter()
                    .map(|value| self.place(value));
                places.map(|place| (place, place)).collect()
            }
            Condition::Prefix(start) => self.laid(start.as_bytes(), &after_all_of(start), 0),
            Condition::Range(first, last) => {
                self.laid(first.as_bytes(), &after_all_of(last), first.len())
            }
        };
        spans.retain(|(from, to)| from <= to);
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// From the one point to before the other, in every laying of values that long.
    fn laid(&self, from: &[u8], before: &[u8], length: usize) -> Vec<Span> {
        let place = |text: &[u8]| self.points.partition_point(|point| **point < *text);
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
