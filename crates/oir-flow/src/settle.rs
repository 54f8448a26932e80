//! What the books said, or did not say, turned into steps and written.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place};
use oir_domain::ids::{BilagId, BilagUuid, ErpBilagsnummer, FagsystemId};
use oir_domain::message::{Event, Outbox as OutboxChange, StateName, Step, apply};
use oir_domain::omsaetning::{Prediction, Told, Verdict, compare};
use oir_domain::party::Kommunekode;
use oir_domain::retry::{Next, next};
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, ForretningsKode, Positionsfejl, Tilstand,
};

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::inbox::Accounts;
use crate::ports::outbox::{Advance, Compared, Move, Standing};

/// What became of one bilag at the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// In the books under a number, and the accounts that they name, if they found them.
    Booked(ErpBilagsnummer, Vec<Told>),
    /// Refused, with their reasons.
    Refused(Vec<Fault>),
    /// They have it and will answer.
    HandedOver,
    /// They surely did not take it.
    Unavailable {
        /// For the timeline.
        reason: String,
        /// How long they asked us to wait.
        retry_after: Option<Duration>,
    },
    /// They may have taken it.
    NoAnswer(String),
    /// Asked, they do not know it.
    NotThere,
    /// Sending it again cannot help; a person must look.
    Hopeless(Fault),
}

impl Outcome {
    /// What a receipt says.
    #[must_use]
    pub fn of_receipt(receipt: &Bilagskvittering) -> Self {
        match (receipt.kvittering.kode, &receipt.erp_bilagsnummer) {
            (ForretningsKode::Accepteret, Some(number)) => {
                Self::Booked(number.clone(), receipt.konteret.clone())
            }
            (ForretningsKode::Accepteret, None) => {
                Self::NoAnswer("ACCEPTERET uden ErpBilagsnummer".into())
            }
            (ForretningsKode::Afvist, _) => Self::Refused(reasons(
                &receipt.positionsfejl,
                receipt.kvittering.begrundelse.as_deref(),
            )),
            (ForretningsKode::Modtaget | ForretningsKode::Afleveret, _) => Self::HandedOver,
            (ForretningsKode::Fejlet, _) => Self::Unavailable {
                reason: "FEJLET".into(),
                retry_after: None,
            },
        }
    }

    /// Whether the books said it of the bilag itself. Such a word holds wherever the bilag
    /// stands meanwhile; silence, or not knowing it, held only while the call was the last
    /// that was known: applied to what has moved on, it would send a second time.
    const fn is_word_of_the_books(&self) -> bool {
        matches!(self, Self::Booked(..) | Self::Refused(_) | Self::HandedOver)
    }

    /// The books' last word, if this is one.
    const fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Booked(..) => Some(Verdict::Booked),
            Self::Refused(_) => Some(Verdict::Refused),
            _ => None,
        }
    }

    /// What a status says.
    #[must_use]
    pub fn of_status(status: &Bilagsstatus) -> Self {
        match (status.tilstand, &status.erp_bilagsnummer) {
            (Tilstand::Bogfoert, Some(number)) => {
                Self::Booked(number.clone(), status.konteret.clone())
            }
            (Tilstand::Afvist | Tilstand::AfvistAfOekonomi, _) => {
                let receipt = status.kvittering.as_ref();
                let sentence = receipt.and_then(|k| k.begrundelse.as_deref());
                Self::Refused(reasons(&status.positionsfejl, sentence))
            }
            (Tilstand::Ukendt, _) => Self::NotThere,
            _ => Self::HandedOver,
        }
    }
}

fn reasons(fejl: &[Positionsfejl], sentence: Option<&str>) -> Vec<Fault> {
    let one = |linje, path: &str, kode: &str, tekst: &str| {
        let place = Place {
            bilag: None,
            linje,
            path: path.into(),
        };
        Fault::foreign(FaultCode::RefusedByBooks, place, &[&kode, &tekst])
    };
    let mut faults: Vec<Fault> = fejl
        .iter()
        .take(FAULTS_MAX)
        .map(|f| one(f.linjenummer, &f.sti, &f.kode, &f.tekst))
        .collect();
    if faults.is_empty() {
        faults.push(one(None, "", "-", sentence.unwrap_or("ingen begrundelse")));
    }
    faults
}

/// Settles what came of a call. A bilag that moved meanwhile, because its receipt came by
/// the other door, is read again and settled by itself.
pub(crate) async fn settle(
    hub: &Hub,
    outcomes: Vec<(Standing, Outcome)>,
) -> Result<(), StoreFailure> {
    let foreseen = foreseen(hub, &outcomes).await?;
    let one = |(seen, outcome): &(Standing, Outcome)| {
        step(hub, seen, outcome).map(|step| compared(step, foreseen.get(&seen.id), outcome))
    };
    let moves: Vec<Move> = outcomes.iter().filter_map(one).collect();
    if moves.is_empty() || hub.outbox().advance(&moves).await? == Advance::Done {
        return Ok(());
    }
    for (standing, outcome) in outcomes {
        let foreseen = foreseen.get(&standing.id);
        settle_one(hub, standing, &outcome, foreseen).await?;
    }
    Ok(())
}

/// What was said beforehand of the bilag that the books now have said their last word on. Asked
/// for only where the ERP maps, or once did.
async fn foreseen(
    hub: &Hub,
    outcomes: &[(Standing, Outcome)],
) -> Result<HashMap<BilagId, Prediction>, StoreFailure> {
    let register = hub.register();
    let mut asked: HashMap<Kommunekode, Vec<BilagId>> = HashMap::new();
    for (seen, outcome) in outcomes {
        if outcome.verdict().is_some() && register.was_decided(seen.kommune, seen.fagsystem) {
            asked.entry(seen.kommune).or_default().push(seen.id);
        }
    }
    let mut foreseen = HashMap::new();
    for (kommune, ids) in asked {
        foreseen.extend(hub.outbox().foreseen(kommune, &ids).await?);
    }
    Ok(foreseen)
}

/// The step with what became of the prediction, when there was one and this is the last word.
fn compared(step: Move, foreseen: Option<&Prediction>, outcome: &Outcome) -> Move {
    let told = match outcome {
        Outcome::Booked(_, told) => told.as_slice(),
        _ => &[],
    };
    let compared = foreseen.zip(outcome.verdict());
    let compared = compared.map(|(foreseen, verdict)| Compared {
        comparison: compare(foreseen, verdict, told),
        told: told.to_vec(),
    });
    Move { compared, ..step }
}

/// How often a bilag is read again before it is left to its lease.
const READINGS_MAX: u32 = 4;

async fn settle_one(
    hub: &Hub,
    seen: Standing,
    outcome: &Outcome,
    foreseen: Option<&Prediction>,
) -> Result<(), StoreFailure> {
    let called_at = seen.version;
    let mut standing = Some(seen);
    for _ in 0..READINGS_MAX {
        let Some(now) = standing else {
            return Ok(());
        };
        if now.version != called_at && !outcome.is_word_of_the_books() {
            return Ok(());
        }
        let Some(one) = step(hub, &now, outcome) else {
            return Ok(());
        };
        let one = compared(one, foreseen, outcome);
        if hub.outbox().advance(&[one]).await? == Advance::Done {
            return Ok(());
        }
        let (owner, id, sender) = (now.kommune, now.bilag_uuid, now.fagsystem);
        standing = hub.outbox().standing(owner, id, Some(sender)).await?;
    }
    Ok(())
}

/// What came of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// It is due: the books are asked first, and it is sent when they do not know it.
    Done,
    /// It is not parked.
    NotParked,
    /// It was given up before it had accounts: only a new bilag of the sender helps.
    NeverMapped,
    /// There is no such bilag.
    Unknown,
}

/// Lets a parked bilag go on, because a person has seen to what stopped it.
///
/// # Errors
/// [`StoreFailure`] when it cannot be written.
pub async fn release(
    hub: &Hub,
    kommune: Kommunekode,
    bilag: BilagUuid,
    fagsystem: FagsystemId,
) -> Result<Release, StoreFailure> {
    for _ in 0..READINGS_MAX {
        let found = hub
            .outbox()
            .standing(kommune, bilag, Some(fagsystem))
            .await?;
        let Some(seen) = found else {
            return Ok(Release::Unknown);
        };
        if seen.state.name() != StateName::Parked {
            return Ok(Release::NotParked);
        }
        let document = hub.outbox().load(kommune, &[seen.id]).await?;
        let mut posted = document.iter().flat_map(|bilag| &bilag.posteringer);
        let unmapped = posted.any(|postering| postering.kontering.is_none());
        if unmapped && hub.outbox().foreseen(kommune, &[seen.id]).await?.is_empty() {
            return Ok(Release::NeverMapped);
        }
        let event = Event::Released(hub.now());
        let step = the_move(hub, &seen, &event, None, Vec::new());
        let moves: Vec<Move> = step.into_iter().collect();
        if hub.outbox().advance(&moves).await? == Advance::Done {
            hub.wake();
            return Ok(Release::Done);
        }
    }
    Err(StoreFailure::Unavailable(
        "a bilag that keeps moving".into(),
    ))
}

/// The step that an outcome means for a bilag; none when it changes nothing.
fn step(hub: &Hub, seen: &Standing, outcome: &Outcome) -> Option<Move> {
    let now = hub.now();
    let soon = later(now, u64::from(hub.timing().ask_ms));
    let (event, detail, faults) = match outcome {
        Outcome::Booked(number, _) => (Event::Booked(number.clone()), None, Vec::new()),
        Outcome::Refused(faults) => (Event::Refused, None, faults.clone()),
        Outcome::HandedOver => (Event::HandedOver, None, Vec::new()),
        Outcome::NoAnswer(reason) => (Event::NoAnswer(soon), Some(reason.clone()), Vec::new()),
        Outcome::NotThere => match again(hub, seen, "UKENDT", None) {
            (Event::GivenUp, faults) => (Event::GivenUp, None, faults),
            // The books answer, so there is nothing to wait for.
            _ => (Event::NotThere(now), None, Vec::new()),
        },
        Outcome::Hopeless(fault) => (Event::GivenUp, None, vec![fault.clone()]),
        Outcome::Unavailable {
            reason,
            retry_after,
        } => {
            let (event, faults) = again(hub, seen, reason, *retry_after);
            (event, Some(reason.clone()), faults)
        }
    };
    the_move(hub, seen, &event, detail, faults)
}

/// What is uncertain and has been asked about long enough without an answer. While its books
/// were paused nobody asked: the time counts from the pause's end.
pub(crate) fn unanswered(
    hub: &Hub,
    seen: &Standing,
    resumed: Option<Timestamp>,
    reason: &str,
) -> Option<Outcome> {
    let longest = SignedDuration::from_millis(hub.timing().patience_ms.into());
    let since = resumed.map_or(seen.since, |resumed| seen.since.max(resumed));
    (hub.now().duration_since(since) >= longest)
        .then(|| Outcome::Hopeless(attempts_spent(seen, reason)))
}

fn attempts_spent(seen: &Standing, reason: &str) -> Fault {
    let values: [&dyn std::fmt::Display; 2] = [&seen.attempts, &reason];
    Fault::new(FaultCode::AttemptsSpent, Place::message(""), &values)
}

fn again(
    hub: &Hub,
    seen: &Standing,
    reason: &str,
    retry_after: Option<Duration>,
) -> (Event, Vec<Fault>) {
    let now = hub.now();
    let spread = seen.bilag_uuid.as_uuid().as_u64_pair().1;
    match next(&hub.timing().retry, seen.attempts, now, spread) {
        Next::GiveUp => (Event::GivenUp, vec![attempts_spent(seen, reason)]),
        Next::At(at) => {
            let asked = retry_after.and_then(|wait| u64::try_from(wait.as_millis()).ok());
            let asked = asked.map_or(at, |millis| later(now, millis));
            (Event::Unavailable(at.max(asked)), Vec::new())
        }
    }
}

/// An instant so many milliseconds on.
pub(crate) fn later(now: Timestamp, millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    now.saturating_add(SignedDuration::from_millis(millis))
        .unwrap_or(now)
}

/// Asks the domain and lays out the write; none when nothing is to be written.
pub(crate) fn the_move(
    hub: &Hub,
    seen: &Standing,
    event: &Event,
    detail: Option<String>,
    faults: Vec<Fault>,
) -> Option<Move> {
    match apply(&seen.state, event) {
        Ok(Step::AlreadyApplied) => None,
        Ok(Step::Moved { to, outbox }) => {
            metrics::counter!("oir_steps_total", "to" => to.name().word()).increment(1);
            let now = hub.now();
            let due = match outbox {
                OutboxChange::DueAt(at) => at,
                OutboxChange::AskLater => later(now, u64::from(hub.timing().ask_ms)),
                OutboxChange::DueNow | OutboxChange::Leased | OutboxChange::Gone => now,
            };
            Some(Move {
                seen: seen.clone(),
                to,
                outbox,
                due,
                event: event.word(),
                at: now,
                detail: detail.map(Into::into),
                faults,
                accounts: Accounts::Open,
                compared: None,
            })
        }
        Err(illegal) => {
            // A second number for a booked bilag, or a bug: nobody may overlook it.
            metrics::counter!("oir_alarm_total", "reason" => "transition").increment(1);
            tracing::error!(alarm = true, bilag = %seen.id, %illegal, "a step that cannot be");
            None
        }
    }
}
