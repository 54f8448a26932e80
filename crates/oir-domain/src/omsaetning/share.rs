//! Shares of an amount that add up to the øre.

use crate::money::Oere;

/// A share in hundredths of a percent, 1 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u16);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(10_000);

    /// A share of so many hundredths of a percent; nothing and more than all are no shares.
    #[must_use]
    pub const fn new(hundredths: u16) -> Option<Self> {
        if hundredths == 0 || hundredths > Self::WHOLE.0 {
            return None;
        }
        Some(Self(hundredths))
    }

    /// Hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    /// Whether these are all of it together.
    #[must_use]
    pub fn add_up(shares: impl IntoIterator<Item = Self>) -> bool {
        let sum = shares
            .into_iter()
            .fold(0_u32, |sum, share| sum.saturating_add(u32::from(share.0)));
        sum == u32::from(Self::WHOLE.0)
    }
}

/// Splits by the rule of the *largest remainder*: each share gets its whole øre, and the øre that
/// are left go one each to the largest fractions, the first of equals first. The parts always add
/// up to the amount, and none is more than an øre from its exact share.
///
/// The shares add up ([`Share::add_up`]); a table whose shares do not is never written.
#[must_use]
pub fn split(amount: Oere, shares: &[Share]) -> Vec<Oere> {
    let whole = i128::from(Share::WHOLE.0);
    let exact = |share: &Share| {
        let product = i128::from(amount.get()).saturating_mul(i128::from(share.0));
        (product.div_euclid(whole), product.rem_euclid(whole))
    };
    let exact: Vec<(i128, i128)> = shares.iter().map(exact).collect();
    let given: i128 = exact.iter().fold(0, |sum, part| sum.saturating_add(part.0));
    let left = i128::from(amount.get()).saturating_sub(given);
    let mut by_fraction: Vec<usize> = (0..exact.len()).collect();
    by_fraction.sort_by_key(|at| std::cmp::Reverse(exact.get(*at).map(|part| part.1)));
    let mut parts: Vec<i128> = exact.into_iter().map(|part| part.0).collect();
    let left = usize::try_from(left).unwrap_or(0);
    for at in by_fraction.into_iter().take(left) {
        if let Some(part) = parts.get_mut(at) {
            *part = part.saturating_add(1);
        }
    }
    let fits = |part: i128| Oere::new(i64::try_from(part).unwrap_or(i64::MAX));
    parts.into_iter().map(fits).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]
    use super::{Share, split};
    use crate::money::Oere;
    use proptest::prelude::*;

    fn shares(hundredths: &[u16]) -> Vec<Share> {
        let shares = hundredths.iter().map(|h| Share::new(*h).unwrap());
        shares.collect()
    }

    #[test]
    fn the_odd_oere_goes_to_the_largest_fraction_and_among_equals_to_the_first() {
        let thirds = shares(&[3_333, 3_334, 3_333]);
        let parts = split(Oere::new(100), &thirds);
        assert_eq!(parts, [33, 34, 33].map(Oere::new));
        let halves = split(Oere::new(101), &shares(&[5_000, 5_000]));
        assert_eq!(halves, [51, 50].map(Oere::new));
        assert_eq!(
            split(Oere::new(-1), &shares(&[5_000, 5_000])),
            [0, -1].map(Oere::new)
        );
    }

    #[test]
    fn nothing_and_more_than_all_are_no_shares() {
        assert!(Share::new(0).is_none() && Share::new(10_001).is_none());
        assert!(!Share::add_up(shares(&[5_000, 4_999])));
    }

    proptest! {
        #[test]
        fn parts_add_up_and_are_within_an_oere_of_their_share(
            amount in -100_000_000_000_i64..=100_000_000_000,
            cuts in proptest::collection::btree_set(1_u16..10_000, 0..8),
        ) {
            let ends: Vec<u16> = cuts.into_iter().chain([10_000]).collect();
            let mut from = 0;
            let shares: Vec<Share> = ends.iter().map(|end| {
                let share = Share::new(end - from).unwrap();
                from = *end;
                share
            }).collect();
            prop_assert!(Share::add_up(shares.iter().copied()));
            let parts = split(Oere::new(amount), &shares);
            prop_assert_eq!(parts.iter().map(|p| p.get()).sum::<i64>(), amount);
            for (part, share) in parts.iter().zip(&shares) {
                let exact = i128::from(amount) * i128::from(share.hundredths());
                let off = i128::from(part.get()) * 10_000 - exact;
                prop_assert!(off.abs() < 10_000);
            }
        }
    }
}
