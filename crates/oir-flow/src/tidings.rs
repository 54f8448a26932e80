//! What this process has heard of the receivers and not told yet. Calls only add a line in
//! memory; the store is told of all of them together, every few seconds.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oir_domain::calendar::day_of;
use oir_domain::operation::health::{CallFailure, FailureClass, Heard};
use oir_domain::operation::{Expiry, ExpiryKind};
use oir_domain::party::Kommunekode;

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::courier::CallOutcome;

/// How often the store is told.
const TELL_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// How often the database's size is noted.
const SIZE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Most calls remembered while the store is away: minutes of them, and the latest count.
const KEPT_MAX: usize = 4_096;

/// The lines heard.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tidings(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    heard: VecDeque<(Kommunekode, Heard)>,
    told: Option<Timestamp>,
    sized: Option<Timestamp>,
}

impl Tidings {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a call.
    pub(crate) fn hear(&self, kommune: Kommunekode, heard: Heard) {
        let mut state = self.state();
        if state.heard.len() >= KEPT_MAX {
            state.heard.pop_front();
        }
        state.heard.push_back((kommune, heard));
    }

    /// What is to be told now; nothing when it was told lately.
    fn due(&self, now: Timestamp) -> Vec<(Kommunekode, Heard)> {
        let mut state = self.state();
        let lately = state
            .told
            .is_some_and(|told| now.duration_since(told) < TELL_EVERY);
        if lately || state.heard.is_empty() {
            return Vec::new();
        }
        state.told = Some(now);
        state.heard.drain(..).collect()
    }

    /// Takes back what could not be told.
    fn again(&self, untold: Vec<(Kommunekode, Heard)>) {
        let mut state = self.state();
        for one in untold.into_iter().rev() {
            if state.heard.len() < KEPT_MAX {
                state.heard.push_front(one);
            }
        }
    }

    fn size_due(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let lately = state
            .sized
            .is_some_and(|at| now.duration_since(at) < SIZE_EVERY);
        if !lately {
            state.sized = Some(now);
        }
        !lately
    }
}

/// A call as it is told of.
pub(crate) fn heard(
    outcome: &CallOutcome,
    at: Timestamp,
    took: Duration,
    rests_until: Timestamp,
) -> Heard {
    let failed = |class, reason: &str| CallFailure {
        class,
        reason: oir_domain::masking::mask_text(reason).into(),
    };
    let failure = match outcome {
        CallOutcome::Answered(_) => None,
        CallOutcome::NotReached { reason, .. } => Some(failed(FailureClass::NotReached, reason)),
        CallOutcome::NoAnswer { reason } => Some(failed(FailureClass::NoAnswer, reason)),
    };
    Heard {
        at,
        took_ms: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
        rests_until: failure.is_some().then_some(rests_until),
        failure,
    }
}

impl Hub {
    /// Tells the store what was heard of the receivers and their certificates, and how large
    /// the database is; does nothing when it was told a few seconds ago.
    ///
    /// # Errors
    /// [`StoreFailure`]; what could not be told is told later.
    pub async fn tell(&self) -> Result<(), StoreFailure> {
        let now = self.now();
        let calls = self.tidings().due(now);
        if !calls.is_empty() {
            if let Err(failure) = self.partners().heard(&calls).await {
                self.tidings().again(calls);
                return Err(failure);
            }
            let kommuner: BTreeSet<Kommunekode> = calls.iter().map(|(k, _)| *k).collect();
            let seen: Vec<Expiry> = kommuner
                .iter()
                .filter_map(|k| self.certificate(*k))
                .collect();
            if !seen.is_empty() {
                self.partners().shown(&seen, now).await?;
            }
        }
        if self.tidings().size_due(now) {
            self.partners().sized(day_of(now, self.zone())).await?;
        }
        Ok(())
    }

    fn certificate(&self, kommune: Kommunekode) -> Option<Expiry> {
        let register = self.register();
        let receiver = register.receiver(kommune)?;
        let seen = self.courier().certificate(receiver)?;
        Some(Expiry {
            kind: ExpiryKind::Receiver,
            name: seen.host,
            kommune: Some(kommune),
            expires: seen.expires,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::{KEPT_MAX, Tidings, heard};
    use crate::ports::courier::CallOutcome;
    use jiff::Timestamp;
    use oir_domain::party::Kommunekode;
    use std::time::Duration;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn calls_are_told_together_and_not_at_every_call() {
        let (tidings, here) = (Tidings::default(), Kommunekode(101));
        let call = |second| {
            let answered = CallOutcome::Answered(Vec::new());
            heard(&answered, at(second), Duration::from_millis(7), at(99))
        };
        assert!(tidings.due(at(0)).is_empty());
        tidings.hear(here, call(1));
        assert_eq!(tidings.due(at(1)), [(here, call(1))]);
        tidings.hear(here, call(2));
        tidings.hear(here, call(3));
        assert!(tidings.due(at(5)).is_empty(), "told four seconds ago");
        let both = tidings.due(at(6));
        assert_eq!(both, [(here, call(2)), (here, call(3))]);
        tidings.again(both.clone());
        assert_eq!(
            tidings.due(at(20)),
            both,
            "what could not be told is told later"
        );
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_latest() {
        let tidings = Tidings::default();
        let lost = CallOutcome::NoAnswer {
            reason: "person 6101901234".into(),
        };
        for second in 0..=i64::try_from(KEPT_MAX).unwrap() {
            let call = heard(&lost, at(second), Duration::ZERO, at(second + 30));
            tidings.hear(Kommunekode(101), call);
        }
        let all = tidings.due(at(9_999));
        assert_eq!((all.len(), all[0].1.at), (KEPT_MAX, at(1)));
        let reason = &all[0].1.failure.as_ref().unwrap().reason;
        assert!(!reason.contains("1234"), "{reason}");
    }
}
