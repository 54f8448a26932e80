//! What the books do wrong, and when: data and a seed, so that a day repeats.

use std::time::Duration;

/// How often each misbehaviour happens, in percent of the deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Misbehaviour {
    /// Pause before each answer, milliseconds.
    pub slow_ms: u32,
    /// Says "busy" (503) and looks at nothing.
    pub fail_percent: u8,
    /// Cuts the connection after booking.
    pub cut_percent: u8,
    /// Answers, and brings the same receipts again afterwards.
    pub twice_percent: u8,
    /// Decides which calls are hit.
    pub seed: u64,
}

/// What is to be done with one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conduct {
    /// Wait so long.
    pub pause: Duration,
    /// Say busy.
    pub fail: bool,
    /// Book, then cut the connection.
    pub cut: bool,
    /// Bring the receipts again.
    pub twice: bool,
}

impl Misbehaviour {
    /// The conduct for the delivery with that number.
    #[must_use]
    pub fn conduct(&self, number: u64) -> Conduct {
        let dice = |purpose: u64| mixed(self.seed ^ (purpose << 56) ^ number) % 100;
        Conduct {
            pause: Duration::from_millis(u64::from(self.slow_ms)),
            fail: dice(1) < u64::from(self.fail_percent),
            cut: dice(2) < u64::from(self.cut_percent),
            twice: dice(3) < u64::from(self.twice_percent),
        }
    }
}

/// Spreads the bits of a number (the finalizer of SplitMix64).
const fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Misbehaviour;

    #[test]
    fn shares_are_kept_and_the_same_seed_hits_the_same_calls() {
        let books = Misbehaviour {
            fail_percent: 20,
            seed: 7,
            ..Misbehaviour::default()
        };
        let hits = |m: &Misbehaviour| {
            (0..10_000)
                .filter(|n| m.conduct(*n).fail)
                .collect::<Vec<_>>()
        };
        assert!((1_800..2_200).contains(&hits(&books).len()));
        assert_eq!(hits(&books), hits(&books));
        assert_ne!(hits(&books), hits(&Misbehaviour { seed: 8, ..books }));
        assert!(!(0..10_000).any(|n| books.conduct(n).cut));
    }
}
