//! How many wrong guesses are heard before the rest must wait: a bucket per guesser, which
//! fills again with time. Right answers are never counted, so nobody who holds one waits
//! for those who guess beside them.

use jiff::{SignedDuration, Timestamp};

/// How much is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Wrong guesses at once.
    pub burst: u32,
    /// One more is allowed after so long.
    pub every: SignedDuration,
}

impl Limit {
    /// Ten at once, and one more every six seconds: a person's slips and a machine that
    /// was given a wrong key, and not one in 2^200 of what guessing a secret takes.
    pub const STANDARD: Self = Self {
        burst: 10,
        every: SignedDuration::from_secs(6),
    };

    /// The time in which an empty bucket is full again.
    #[must_use]
    pub fn window(self) -> SignedDuration {
        let burst = i32::try_from(self.burst).unwrap_or(i32::MAX);
        self.every.saturating_mul(burst)
    }
}

/// What comes of a wrong guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Answered as any other.
    Counted,
    /// Too many: told to wait.
    Blocked {
        /// How long until the next is heard.
        wait: SignedDuration,
        /// Whether this is the first of its window, of which somebody should know.
        first: bool,
    },
}

/// The guesses of one guesser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    left: u32,
    filled: Timestamp,
    told: Option<Timestamp>,
}

impl Bucket {
    /// Somebody who has not guessed yet.
    #[must_use]
    pub const fn new(limit: Limit, now: Timestamp) -> Self {
        Self {
            left: limit.burst,
            filled: now,
            told: None,
        }
    }

    /// Whether it says no more than a new one would.
    #[must_use]
    pub fn is_as_new(&self, limit: Limit, now: Timestamp) -> bool {
        let mut bucket = *self;
        bucket.fill(limit, now);
        bucket.left >= limit.burst && bucket.is_quiet(limit, now)
    }

    /// When it was last taken from: the oldest is forgotten first.
    #[must_use]
    pub const fn filled(&self) -> Timestamp {
        self.filled
    }

    /// Counts a wrong guess.
    #[must_use]
    pub fn wrong(&mut self, limit: Limit, now: Timestamp) -> Heard {
        self.fill(limit, now);
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Heard::Counted;
        }
        let since = now.duration_since(self.filled).max(SignedDuration::ZERO);
        let wait = limit.every.saturating_sub(since);
        let first = self.is_quiet(limit, now);
        if first {
            self.told = Some(now);
        }
        Heard::Blocked { wait, first }
    }

    fn is_quiet(&self, limit: Limit, now: Timestamp) -> bool {
        self.told
            .is_none_or(|told| now.duration_since(told) >= limit.window())
    }

    fn fill(&mut self, limit: Limit, now: Timestamp) {
        let since = now.duration_since(self.filled).as_micros();
        let every = limit.every.as_micros().max(1);
        let more = u32::try_from(since.checked_div(every).unwrap_or(0)).unwrap_or(0);
        if more == 0 {
            return;
        }
        self.left = self.left.saturating_add(more).min(limit.burst);
        let steps = limit
            .every
            .saturating_mul(i32::try_from(more).unwrap_or(i32::MAX));
        self.filled = if self.left == limit.burst {
            now
        } else {
            self.filled.saturating_add(steps).unwrap_or(now)
        };
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::{SignedDuration, Timestamp};

    use super::{Bucket, Heard, Limit};

    const LIMIT: Limit = Limit {
        burst: 3,
        every: SignedDuration::from_secs(10),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000_i64.saturating_add(seconds)).unwrap()
    }

    fn blocked(wait: i64, first: bool) -> Heard {
        let wait = SignedDuration::from_secs(wait);
        Heard::Blocked { wait, first }
    }

    #[test]
    fn so_many_are_heard_at_once_and_one_more_with_time() {
        let mut bucket = Bucket::new(LIMIT, at(0));
        for _ in 0..3 {
            assert_eq!(bucket.wrong(LIMIT, at(0)), Heard::Counted);
        }
        assert_eq!(bucket.wrong(LIMIT, at(4)), blocked(6, true));
        assert_eq!(bucket.wrong(LIMIT, at(9)), blocked(1, false));
        assert_eq!(bucket.wrong(LIMIT, at(10)), Heard::Counted);
        assert_eq!(bucket.wrong(LIMIT, at(11)), blocked(9, false));
    }

    #[test]
    fn somebody_is_told_once_in_a_window() {
        let mut bucket = Bucket::new(LIMIT, at(0));
        let mut told = 0;
        for second in 0..90 {
            let heard = bucket.wrong(LIMIT, at(second));
            told += i32::from(matches!(heard, Heard::Blocked { first: true, .. }));
        }
        assert_eq!(told, 3, "three windows of thirty seconds");
    }

    #[test]
    fn who_was_quiet_long_enough_is_as_new() {
        let mut bucket = Bucket::new(LIMIT, at(0));
        assert!(bucket.is_as_new(LIMIT, at(0)));
        for _ in 0..4 {
            let _ = bucket.wrong(LIMIT, at(0));
        }
        assert!(!bucket.is_as_new(LIMIT, at(29)));
        assert!(bucket.is_as_new(LIMIT, at(30)));
        // A clock that goes back gives nobody more.
        assert_eq!(bucket.wrong(LIMIT, at(-100)), blocked(10, false));
    }
}
