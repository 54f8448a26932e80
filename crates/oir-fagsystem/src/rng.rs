//! Randomness as a tree: every purpose has a child generator of its own, derived from the
//! seed and not from what was drawn, so that one more draw in one place changes no other.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixing function. Good enough to
//! make test data; never for secrets.

use uuid::Uuid;

/// One generator.
#[derive(Debug, Clone)]
pub struct Rng {
    seed: u64,
    state: u64,
}

impl Rng {
    /// The generator of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// The generator for a purpose and a number under this one.
    #[must_use]
    pub fn child(&self, purpose: &str, number: u64) -> Self {
        // FNV-1a over the purpose, begun at the seed; mixed, so that neighbours differ.
        let fnv = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let purpose = purpose.bytes().fold(mix(self.seed), fnv);
        Self::new(mix(purpose ^ mix(number ^ 0x5851_f42d_4c95_7f2d)))
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number from 0 up to but not including the bound; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.bits()).wrapping_mul(u128::from(bound));
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number between the two, both included; the first when they are reversed.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u64::try_from(to.saturating_sub(from)).map_or(0, |w| w.saturating_add(1));
        from.saturating_add_unsigned(self.below(width))
    }

    /// True so many times out of a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// A place in a list of that length; 0 when it is empty.
    pub fn index(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).unwrap_or(0)
    }

    /// One of them; the type's default when there are none.
    pub fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        items
            .get(self.index(items.len()))
            .copied()
            .unwrap_or_default()
    }

    /// Puts them in another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last.saturating_add(1));
            items.swap(last, other);
        }
    }

    /// A random UUID (version 4), as senders make them.
    pub fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.bits()) << 64) | u128::from(self.bits());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs for seed 0, as published with the reference implementation.
        let mut rng = Rng::new(0);
        assert_eq!(rng.bits(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.bits(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn a_child_does_not_depend_on_what_its_parent_drew() {
        let mut parent = Rng::new(7);
        let before = parent.child("people", 3).bits();
        parent.bits();
        assert_eq!(parent.child("people", 3).bits(), before);
        assert_ne!(parent.child("people", 4).bits(), before);
        assert_ne!(parent.child("texts", 3).bits(), before);
    }

    #[test]
    fn numbers_stay_inside_their_bounds_and_reach_both_ends() {
        let mut rng = Rng::new(1);
        let drawn: Vec<i64> = (0..1_000).map(|_| rng.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert_eq!(rng.below(0), 0);
    }
}
