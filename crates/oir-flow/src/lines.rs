//! The lines to the books, one for each municipality: who is calling there, and who has
//! just not answered. Books that hang or are away cost their own municipality time and
//! nobody else.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use oir_domain::party::Kommunekode;

/// The lines of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    busy: HashSet<Kommunekode>,
    resting: HashMap<Kommunekode, Timestamp>,
}

impl Lines {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Municipalities that nothing is to be taken for now.
    pub(crate) fn avoided(&self, now: Timestamp) -> Vec<Kommunekode> {
        let mut state = self.state();
        state.resting.retain(|_, until| *until > now);
        let all = state.busy.iter().chain(state.resting.keys());
        all.copied().collect()
    }

    /// Takes the line until what it gives is dropped.
    pub(crate) fn take(&self, kommune: Kommunekode) -> Line {
        self.state().busy.insert(kommune);
        Line {
            lines: self.clone(),
            kommune,
        }
    }

    /// When the first resting line may be tried again.
    pub(crate) fn rested(&self) -> Option<Timestamp> {
        self.state().resting.values().min().copied()
    }
}

/// A line in use.
#[derive(Debug)]
pub(crate) struct Line {
    lines: Lines,
    kommune: Kommunekode,
}

impl Line {
    /// Nobody answered there: it is left alone until then.
    pub(crate) fn rest(&self, until: Timestamp) {
        self.lines.state().resting.insert(self.kommune, until);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.lines.state().busy.remove(&self.kommune);
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;
    use jiff::{SignedDuration, Timestamp};
    use oir_domain::party::Kommunekode;

    #[test]
    fn a_line_is_avoided_while_it_is_used_and_while_it_rests() {
        let lines = Lines::default();
        let (now, here) = (Timestamp::UNIX_EPOCH, Kommunekode(101));
        let later = now + SignedDuration::from_secs(30);
        let line = lines.take(here);
        assert_eq!(lines.avoided(now), [here]);
        line.rest(later);
        drop(line);
        assert_eq!(lines.avoided(now), [here]);
        assert_eq!(lines.rested(), Some(later));
        assert!(lines.avoided(later).is_empty());
        drop(lines.take(here));
        assert!(lines.avoided(now).is_empty());
    }
}
