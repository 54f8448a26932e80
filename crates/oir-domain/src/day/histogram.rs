//! How long bilag took from reception to the books, counted in classes: enough for a median
//! and the time within which 95 of 100 were booked, and a few numbers a day to keep.

/// Upper ends of the classes, milliseconds; the last class has none. Chosen as people say
/// times: seconds, minutes, hours, days.
pub const EDGES_MS: [i64; 17] = [
    1_000,
    2_000,
    5_000,
    10_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
    7_200_000,
    14_400_000,
    28_800_000,
    86_400_000,
    172_800_000,
    604_800_000,
];

/// Counts by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram([u64; EDGES_MS.len() + 1]);

impl Histogram {
    /// Adds so many to a class; a class that does not exist is the last one.
    pub fn add(&mut self, class: usize, antal: u64) {
        let last = EDGES_MS.len();
        if let Some(place) = self.0.get_mut(class.min(last)) {
            *place = place.saturating_add(antal);
        }
    }

    /// How many in all.
    #[must_use]
    pub fn antal(&self) -> u64 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The upper end, in milliseconds, of the class within which so many of a hundred lie.
    /// None when there are none; `Some(None)` = longer than the last end.
    #[must_use]
    pub fn within(&self, percent: u64) -> Option<Option<i64>> {
        let all = self.antal();
        if all == 0 {
            return None;
        }
        let wanted = all.saturating_mul(percent).div_ceil(100).max(1);
        let mut so_far = 0_u64;
        for (class, antal) in self.0.iter().enumerate() {
            so_far = so_far.saturating_add(*antal);
            if so_far >= wanted {
                return Some(EDGES_MS.get(class).copied());
            }
        }
        Some(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{EDGES_MS, Histogram};

    #[test]
    fn the_median_and_the_slow_ones_are_in_their_classes() {
        let mut times = Histogram::default();
        assert_eq!(times.within(50), None);
        times.add(0, 94);
        times.add(5, 5);
        assert_eq!(times.within(50), Some(EDGES_MS.first().copied()));
        assert_eq!(times.within(95), Some(EDGES_MS.get(5).copied()));
        times.add(99, 1_000);
        assert_eq!(times.within(95), Some(None));
        assert_eq!(times.antal(), 1_099);
    }
}
