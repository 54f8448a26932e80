//! Who guesses, and how often: in memory, per process and bounded. A wrong guess is
//! counted for the address it came from and for the key it names.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use oir_domain::guessing::{Bucket, Heard, Limit};
use oir_domain::ids::KeyId;

/// Most guessers remembered: some megabyte. When more come, the one that was quiet longest
/// is forgotten.
const GUESSERS_MAX: usize = 10_000;

/// Somebody who guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guesser {
    /// Whoever is at that address; of IPv6, in that network of 64 bits, which is what one
    /// subscriber has.
    Address(IpAddr),
    /// Whoever tries that key.
    Key(KeyId),
}

impl Guesser {
    /// The guesser at an address.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(v6) => {
                let network = u128::from(v6) & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from(network))
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl std::fmt::Display for Guesser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => write!(f, "adresse {address}"),
            Self::Key(id) => id.fmt(f),
        }
    }
}

/// What comes of a wrong guess by one or more guessers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guessed {
    /// Answered as any other.
    Counted,
    /// Told to wait.
    Blocked {
        /// For so long.
        wait: SignedDuration,
        /// Those of whom somebody should know now: each once in a window.
        told: Vec<Guesser>,
    },
}

/// The guesses of a process.
#[derive(Debug)]
pub struct Guesses {
    limit: Limit,
    buckets: Mutex<HashMap<Guesser, Bucket>>,
}

impl Guesses {
    /// Nobody has guessed yet.
    #[must_use]
    pub fn new(limit: Limit) -> Self {
        Self {
            limit,
            buckets: Mutex::default(),
        }
    }

    /// Counts a wrong guess.
    pub fn wrong(&self, guessers: &[Guesser], now: Timestamp) -> Guessed {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut longest, mut all) = (None, Vec::new());
        for guesser in guessers {
            if buckets.len() >= GUESSERS_MAX && !buckets.contains_key(guesser) {
                self.make_room(&mut buckets, now);
            }
            let new = || Bucket::new(self.limit, now);
            let bucket = buckets.entry(*guesser).or_insert_with(new);
            if let Heard::Blocked { wait, first } = bucket.wrong(self.limit, now) {
                longest = longest.max(Some(wait));
                all.extend(first.then_some(*guesser));
            }
        }
        match longest {
            Some(wait) => Guessed::Blocked { wait, told: all },
            None => Guessed::Counted,
        }
    }

    fn make_room(&self, buckets: &mut HashMap<Guesser, Bucket>, now: Timestamp) {
        buckets.retain(|_, bucket| !bucket.is_as_new(self.limit, now));
        if buckets.len() >= GUESSERS_MAX {
            let quietest = buckets.iter().min_by_key(|(_, bucket)| bucket.filled());
            if let Some(quietest) = quietest.map(|(guesser, _)| *guesser) {
                buckets.remove(&quietest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::net::{IpAddr, Ipv4Addr};

    use jiff::Timestamp;
    use oir_domain::guessing::Limit;

    use super::{GUESSERS_MAX, Guessed, Guesser, Guesses};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + seconds).unwrap()
    }

    fn address(number: u32) -> Guesser {
        Guesser::at(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn one_network_is_one_guesser() {
        let v6 = |text: &str| Guesser::at(text.parse().unwrap());
        assert_eq!(v6("2001:db8::1"), v6("2001:db8::ffff:1"));
        assert_ne!(v6("2001:db8::1"), v6("2001:db8:0:1::1"));
        assert_eq!(v6("::ffff:10.0.0.1"), v6("10.0.0.1"));
        assert_ne!(v6("10.0.0.1"), v6("10.0.0.2"));
    }

    #[test]
    fn one_guesser_costs_no_other() {
        let guesses = Guesses::new(Limit::STANDARD);
        for _ in 0..100 {
            guesses.wrong(&[address(1)], at(0));
        }
        assert_eq!(guesses.wrong(&[address(2)], at(0)), Guessed::Counted);
        let blocked = guesses.wrong(&[address(2), address(1)], at(1));
        assert!(matches!(blocked, Guessed::Blocked { told, .. } if told.is_empty()));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_quietest_goes_first() {
        let guesses = Guesses::new(Limit::STANDARD);
        let many = u32::try_from(GUESSERS_MAX).unwrap() + 500;
        for _ in 0..=Limit::STANDARD.burst {
            guesses.wrong(&[address(0)], at(50));
        }
        for number in 1..many {
            guesses.wrong(&[address(number)], at(51));
        }
        let kept = guesses.buckets.lock().unwrap();
        assert_eq!(kept.len(), GUESSERS_MAX);
        assert!(!kept.contains_key(&address(0)) && kept.contains_key(&address(many - 1)));
    }
}
