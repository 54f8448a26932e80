//! When to try again: a policy as data, and one function. No clock, no dice.

use jiff::{SignedDuration, Timestamp};

/// How often and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Pause after the first failure.
    pub first_ms: u32,
    /// Longest pause.
    pub longest_ms: u32,
    /// Attempts before a person must look.
    pub attempts_max: u32,
}

impl RetryPolicy {
    /// Pauses of 1 s, 2 s, 4 s … to 5 minutes; 30 attempts bridge some two hours, after
    /// which a bookkeeping system is down, not busy.
    pub const STANDARD: Self = Self {
        first_ms: 1_000,
        longest_ms: 300_000,
        attempts_max: 30,
    };
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again at the instant.
    At(Timestamp),
    /// No more attempts.
    GiveUp,
}

/// Doubles the pause at each attempt. `spread` (any number, e.g. from the bilag's id)
/// shortens it by up to a quarter, so that what failed together does not return together.
#[must_use]
pub fn next(policy: &RetryPolicy, attempt: u32, now: Timestamp, spread: u64) -> Next {
    if attempt >= policy.attempts_max {
        return Next::GiveUp;
    }
    let doublings = attempt.saturating_sub(1).min(20);
    let pause = u64::from(policy.first_ms).saturating_mul(1_u64 << doublings);
    let pause = pause.min(u64::from(policy.longest_ms));
    let shorter = (pause / 4).saturating_mul(spread % 101) / 100;
    let millis = i64::try_from(pause.saturating_sub(shorter)).unwrap_or(i64::MAX);
    Next::At(
        now.saturating_add(SignedDuration::from_millis(millis))
            .unwrap_or(now),
    )
}

#[cfg(test)]
mod tests {
    use super::{Next, RetryPolicy, next};
    use jiff::Timestamp;

    #[test]
    fn pauses_double_to_the_longest_and_end() {
        let wait = |attempt| match next(&RetryPolicy::STANDARD, attempt, Timestamp::UNIX_EPOCH, 0) {
            Next::At(at) => at.as_millisecond(),
            Next::GiveUp => -1,
        };
        assert_eq!(
            [wait(1), wait(2), wait(3), wait(29), wait(30)],
            [1_000, 2_000, 4_000, 300_000, -1]
        );
    }

    #[test]
    fn spread_only_shortens_and_at_most_by_a_quarter() {
        for spread in 0..500 {
            let Next::At(at) = next(&RetryPolicy::STANDARD, 5, Timestamp::UNIX_EPOCH, spread)
            else {
                unreachable!("attempt 5 of 30");
            };
            assert!((12_000..=16_000).contains(&at.as_millisecond()));
        }
    }
}
