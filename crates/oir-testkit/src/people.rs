//! People who pause receivers and resume them, by the dice of a seed, while all else goes on.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::ids::PauseId;
use oir_domain::operation::pause::Pause;
use oir_domain::party::Kommunekode;
use oir_domain::register::RegisterData;
use oir_fagsystem::rng::Rng;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::operation::{Operation, Partners};
use oir_flow::ports::process::Ids;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_store::Store;

use crate::books::SimBooks;
use crate::process::OrderedIds;

/// How often somebody pauses, in percent of the moments at which they might.
const PAUSES: u64 = 4;
/// How often somebody ends a pause that is in force.
const RESUMES: u64 = 15;
/// Pauses in a day at the most: at last all must go through.
const PAUSES_MAX: u32 = 12;

/// The people of a run.
pub(crate) struct People {
    dice: Rng,
    kommuner: Vec<Kommunekode>,
    paused: BTreeSet<Kommunekode>,
    /// Pauses that somebody began, whether or not they heard the answer.
    pub(crate) begun: u32,
}

impl People {
    pub(crate) fn new(dice: Rng, register: &RegisterData) -> Self {
        Self {
            dice,
            kommuner: register.receivers.iter().map(|r| r.kommune).collect(),
            paused: BTreeSet::new(),
            begun: 0,
        }
    }

    /// Whether anything is paused, as far as was told.
    pub(crate) fn any_paused(&self) -> bool {
        !self.paused.is_empty()
    }

    /// Pauses one or all, resumes one, or does nothing.
    pub(crate) async fn decide(
        &mut self,
        store: &Store,
        ids: &OrderedIds,
        now: Timestamp,
    ) -> Result<(), String> {
        let text = |failure: StoreFailure| failure.to_string();
        if self.begun < PAUSES_MAX && self.dice.percent(PAUSES) {
            self.begun += 1;
            let one = self.dice.index(self.kommuner.len().max(1));
            let one = self.kommuner.get(one).copied();
            let pause = Pause {
                id: PauseId::from_uuid(ids.next()),
                kommune: one.filter(|_| self.dice.percent(80)),
                since: now,
                until: self.until(now),
                reason: "prøve".into(),
                navn: "sim".into(),
                ended: None,
                stop: None,
            };
            let deed = deed(deeds::PAUSED, now);
            let done = store.pause(&Scope::everything(), &pause, &deed).await;
            return done.map(|_| ()).map_err(text);
        }
        if self.any_paused() && self.dice.percent(RESUMES) {
            let facts = store.facts(&Scope::everything(), now).await.map_err(text)?;
            let held = facts.pauses.iter().find(|pause| pause.holds(now));
            if let Some(pause) = held {
                let deed = deed(deeds::RESUMED, now);
                let done = store.resume(&Scope::everything(), pause.id, &deed).await;
                return done.map(|_| ()).map_err(text);
            }
        }
        Ok(())
    }

    /// Half of them end by themselves: some soon, some after what is uncertain would have
    /// been given up, had anybody asked meanwhile.
    fn until(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.dice.percent(50) {
            return None;
        }
        let seconds = i64::try_from(self.dice.below(3 * 3_600)).unwrap_or(0);
        now.checked_add(SignedDuration::from_secs(seconds + 1)).ok()
    }

    /// Tells the books which of them are paused now, by what the database says.
    pub(crate) async fn tell(
        &mut self,
        store: &Store,
        books: &SimBooks,
        now: Timestamp,
    ) -> Result<(), String> {
        if self.begun == 0 {
            return Ok(());
        }
        self.paused.clear();
        for kommune in &self.kommuner {
            let hold = store.hold(*kommune, now).await;
            if hold.map_err(|failure| failure.to_string())?.paused {
                self.paused.insert(*kommune);
                books.pause(*kommune);
            } else {
                books.resume(*kommune);
            }
        }
        Ok(())
    }
}

fn deed(what: &str, at: Timestamp) -> Deed {
    Deed {
        at,
        subject: "sim".into(),
        navn: "sim".into(),
        what: what.into(),
        kommune: None,
        object: "sim".into(),
    }
}
