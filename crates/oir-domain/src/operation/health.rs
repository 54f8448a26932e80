//! How the calls to a receiver go, told by its calls one at a time. Several processes call
//! and tell, in no certain order: what is older than what is known already changes nothing
//! that it must not.

use jiff::Timestamp;

/// Response times kept: enough for a 95th percentile that one call does not decide.
pub const TOOK_KEPT: usize = 64;
/// Longest reason kept, characters.
pub const REASON_MAX: usize = 120;

/// What can have become of a call that brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureClass {
    /// The books surely did not take it.
    NotReached,
    /// They may have.
    NoAnswer,
}

impl FailureClass {
    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotReached => "not_reached",
            Self::NoAnswer => "no_answer",
        }
    }

    /// The class with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::NotReached, Self::NoAnswer];
        all.into_iter().find(|class| class.word() == word)
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFailure {
    /// What can have become of it.
    pub class: FailureClass,
    /// A few words, never content of a message; at most [`REASON_MAX`] characters.
    pub reason: Box<str>,
}

/// One call, as the caller tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took, milliseconds.
    pub took_ms: u32,
    /// Why no answer came; none = one did.
    pub failure: Option<CallFailure>,
    /// Until when the receiver is left alone, after silence.
    pub rests_until: Option<Timestamp>,
}

/// How the calls go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Health {
    /// The last answer.
    pub last_good: Option<Timestamp>,
    /// The last failure and why.
    pub last_failure: Option<(Timestamp, CallFailure)>,
    /// Failures since the last answer.
    pub failures: u32,
    /// How long the last answers took, milliseconds, oldest first.
    pub took_ms: Vec<u32>,
    /// Until when the receiver is left alone.
    pub rests_until: Option<Timestamp>,
}

impl Health {
    /// What is known after one more call.
    pub fn hear(&mut self, heard: &Heard) {
        match &heard.failure {
            None => self.answered(heard),
            Some(failure) => self.failed(heard, failure),
        }
    }

    fn answered(&mut self, heard: &Heard) {
        self.took_ms.push(heard.took_ms);
        let spare = self.took_ms.len().saturating_sub(TOOK_KEPT);
        self.took_ms.drain(..spare);
        self.last_good = self.last_good.max(Some(heard.at));
        let before_failure = self.last_failure.as_ref().map(|(at, _)| *at) > Some(heard.at);
        if !before_failure {
            self.failures = 0;
            self.rests_until = None;
        }
    }

    fn failed(&mut self, heard: &Heard, failure: &CallFailure) {
        if self.last_good <= Some(heard.at) {
            self.failures = self.failures.saturating_add(1);
            self.rests_until = self.rests_until.max(heard.rests_until);
        }
        if self
            .last_failure
            .as_ref()
            .is_none_or(|(at, _)| *at <= heard.at)
        {
            let reason: String = failure.reason.chars().take(REASON_MAX).collect();
            let failure = CallFailure {
                class: failure.class,
                reason: reason.into(),
            };
            self.last_failure = Some((heard.at, failure));
        }
    }

    /// The time in which so many percent of the last answers came, milliseconds; none
    /// before there is any.
    #[must_use]
    pub fn took(&self, percent: usize) -> Option<u32> {
        let mut sorted = self.took_ms.clone();
        sorted.sort_unstable();
        let place = sorted.len().saturating_mul(percent).div_ceil(100);
        sorted.get(place.saturating_sub(1)).copied()
    }

    /// Until when the receiver rests, if it does now.
    #[must_use]
    pub fn rests(&self, now: Timestamp) -> Option<Timestamp> {
        self.rests_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]
    use super::{CallFailure, FailureClass, Health, Heard, REASON_MAX, TOOK_KEPT};
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn good(second: i64, took_ms: u32) -> Heard {
        Heard {
            at: at(second),
            took_ms,
            failure: None,
            rests_until: None,
        }
    }

    fn bad(second: i64, reason: &str) -> Heard {
        let class = FailureClass::NoAnswer;
        Heard {
            failure: Some(CallFailure {
                class,
                reason: reason.into(),
            }),
            rests_until: Some(at(second + 30)),
            ..good(second, 0)
        }
    }

    fn after(all: &[Heard]) -> Health {
        let mut health = Health::default();
        all.iter().for_each(|heard| health.hear(heard));
        health
    }

    #[test]
    fn an_answer_ends_a_row_of_failures_and_a_rest() {
        let health = after(&[good(1, 9), bad(2, "x"), bad(3, "y")]);
        assert_eq!((health.failures, health.rests(at(20))), (2, Some(at(33))));
        assert_eq!(health.rests(at(33)), None);
        let health = after(&[bad(2, "x"), bad(3, "y"), good(4, 7)]);
        assert_eq!((health.failures, health.rests_until), (0, None));
        let (last, why) = health.last_failure.unwrap();
        assert_eq!((last, &*why.reason), (at(3), "y"));
    }

    #[test]
    fn what_is_told_late_does_not_count_against_what_is_known() {
        let health = after(&[good(10, 1), bad(5, "old")]);
        assert_eq!(health.failures, 0);
        let health = after(&[bad(10, "new"), good(5, 1), bad(4, "old")]);
        assert_eq!(health.failures, 1);
        assert_eq!(&*health.last_failure.unwrap().1.reason, "new");
    }

    #[test]
    fn percentiles_are_of_answers() {
        let times: Vec<Heard> = (1..=20).map(|n| good(n, n.try_into().unwrap())).collect();
        let health = after(&times);
        assert_eq!((health.took(50), health.took(95)), (Some(10), Some(19)));
        assert_eq!(Health::default().took(95), None);
    }

    fn any_heard() -> impl Strategy<Value = Heard> {
        let reason = "[a-zæøå]{0,200}";
        (0_i64..50, any::<u32>(), proptest::option::of(reason)).prop_map(|(second, took, why)| {
            match why {
                None => good(second, took),
                Some(why) => bad(second, &why),
            }
        })
    }

    proptest! {
        #[test]
        fn health_is_bounded_and_says_the_latest(all in proptest::collection::vec(any_heard(), 0..200)) {
            let health = after(&all);
            prop_assert!(health.took_ms.len() <= TOOK_KEPT);
            let answers = all.iter().filter(|h| h.failure.is_none());
            prop_assert_eq!(health.last_good, answers.clone().map(|h| h.at).max());
            let failures = all.iter().filter(|h| h.failure.is_some());
            let latest = failures.clone().map(|h| h.at).max();
            prop_assert_eq!(health.last_failure.as_ref().map(|(at, _)| *at), latest);
            if let Some((_, why)) = &health.last_failure {
                prop_assert!(why.reason.chars().count() <= REASON_MAX);
            }
            // Whatever the order: an answer after every failure means that all is well.
            if health.last_good > latest {
                prop_assert_eq!(health.failures, 0);
            }
            prop_assert!(usize::try_from(health.failures).unwrap() <= failures.count());
        }
    }
}
