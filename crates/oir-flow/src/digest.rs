//! Letters about what waits for somebody: written once a day for each, and carried until the
//! mail server has them.
//!
//! A day is marked as done in the transaction that writes the letter, so that nobody gets two
//! however many processes write and wherever one dies. A letter is marked as sent after the
//! mail server has it: who dies in between sends it again, under the same id.

mod letter;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use oir_domain::digest::{DigestRule, Recipient, wants};
use oir_domain::retry::{self, RetryPolicy};

use crate::ports::StoreFailure;
use crate::ports::post::{Letter, LetterFate, Mailer, Post, Posted, Waiting};
use crate::ports::process::{Clock, Ids};

pub use letter::compose;

/// Persons looked at in one go.
const BATCH: u32 = 100;
/// Letters taken in one go: each may take the mail server half a minute.
const CLAIMED: u32 = 5;
/// How long a taken letter is nobody else's.
const LEASE: SignedDuration = SignedDuration::from_mins(5);

/// Pauses of a minute, two, four … to an hour; 24 attempts outlast a mail server's night.
const RETRY: RetryPolicy = RetryPolicy {
    first_ms: 60_000,
    longest_ms: 3_600_000,
    attempts_max: 24,
};

/// What letters are written from.
#[derive(Debug, Clone)]
pub struct Office {
    /// Recipients and letters.
    pub post: Arc<dyn Post>,
    /// What waits for whom.
    pub waiting: Arc<dyn Waiting>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// When letters are written.
    pub rule: DigestRule,
    /// Where people reach the portal, without a slash at the end.
    pub portal_url: String,
    /// Days are Copenhagen days.
    pub zone: TimeZone,
}

/// What a round of carrying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carried {
    /// Taken by the mail server.
    pub sent: u32,
    /// To be tried again.
    pub later: u32,
    /// Given up.
    pub given_up: u32,
}

impl Office {
    /// Writes all letters that are to be written now; gives how many.
    ///
    /// # Errors
    /// [`StoreFailure`]; what was written before stays written.
    pub async fn write(&self) -> Result<u32, StoreFailure> {
        match self.rule.day(self.clock.now(), &self.zone) {
            Some(day) => self.write_for(day).await,
            None => Ok(0),
        }
    }

    /// Writes the letters of a day, whatever the time.
    ///
    /// # Errors
    /// [`StoreFailure`]; what was written before stays written.
    pub async fn write_for(&self, day: Date) -> Result<u32, StoreFailure> {
        let since = self.rule.seen_since(self.clock.now());
        let (mut after, mut written) = (Box::<str>::from(""), 0_u32);
        loop {
            let undone = self.post.undone(day, since, &after, BATCH).await?;
            let Some(last) = undone.last() else {
                return Ok(written);
            };
            after.clone_from(&last.person.subject);
            for recipient in &undone {
                let letter = self.letter(recipient, day).await?;
                let subject = &recipient.person.subject;
                let now = self.clock.now();
                let done = self.post.finish_day(subject, day, now, letter.as_ref());
                if done.await? && letter.is_some() {
                    written = written.saturating_add(1);
                }
            }
        }
    }

    async fn letter(&self, to: &Recipient, day: Date) -> Result<Option<Letter>, StoreFailure> {
        let Some(email) = to.email.clone().filter(|_| wants(to, day)) else {
            return Ok(None);
        };
        let lines = self.waiting.waiting(&to.person, day).await?;
        if lines.is_empty() {
            return Ok(None);
        }
        let (id, now) = (self.ids.next(), self.clock.now());
        Ok(Some(compose(to, email, &lines, &self.portal_url, id, now)))
    }

    /// Carries letters that are due, one after the other.
    ///
    /// # Errors
    /// [`StoreFailure`]; a letter whose end could not be noted is carried again.
    pub async fn carry(&self, mailer: &dyn Mailer) -> Result<Carried, StoreFailure> {
        let now = self.clock.now();
        let until = now.saturating_add(LEASE).unwrap_or(now);
        let letters = self.post.claim_letters(now, until, CLAIMED).await?;
        let mut carried = Carried::default();
        for letter in letters {
            let posted = mailer.post(&letter).await;
            let now = self.clock.now();
            let fate = fate(&letter, posted, now);
            let count = match &fate {
                LetterFate::Sent => &mut carried.sent,
                LetterFate::Again(_) => &mut carried.later,
                LetterFate::GivenUp(_) => &mut carried.given_up,
            };
            *count = count.saturating_add(1);
            self.post.settle_letter(letter.id, &fate, now).await?;
        }
        Ok(carried)
    }
}

/// What becomes of a letter after an attempt.
fn fate(letter: &Letter, posted: Posted, now: Timestamp) -> LetterFate {
    match posted {
        Posted::Taken => LetterFate::Sent,
        Posted::Refused(reason) => LetterFate::GivenUp(reason.into()),
        Posted::Away(reason) => {
            let (_, spread) = letter.id.as_u64_pair();
            match retry::next(&RETRY, letter.attempts, now, spread) {
                retry::Next::At(at) => LetterFate::Again(at),
                retry::Next::GiveUp => LetterFate::GivenUp(reason.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
