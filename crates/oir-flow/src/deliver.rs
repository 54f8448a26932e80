//! Delivery to the books, one round at a time: lease, note, call, settle.
//!
//! The note that a call is about to be made is durable before the call is made. Whoever
//! finds such a note without an outcome asks the books; nothing is sent twice unasked.

use std::collections::HashMap;

use jiff::Timestamp;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{Afsendelse, Finansbilag, Kontroltotal, Leveranceform};
use oir_domain::ids::{BilagUuid, TransaktionsId};
use oir_domain::masking::mask_text;
use oir_domain::message::{Event, StateName};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::Receiver;
use oir_wire::finans::message::{Blame, Call, Refusal, Reply, StatusOf, StatusQuery};
use oir_wire::finans::{SoapVersion, receipt, write};

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::ports::courier::CallOutcome;
use crate::ports::outbox::{Advance, Lease, Move, Standing};
use crate::settle::{Outcome, later, settle, the_move, unanswered};
use crate::tidings::heard;

/// Most bilag in one call: some 150 kB, and what one question can name.
pub const BUNDLE_MAX: u32 = 50;

/// One round: takes what is due of one municipality and sender and sees it through.
/// False = nothing was due.
///
/// # Errors
/// [`StoreFailure`]; what was leased falls due again when the lease runs out.
pub async fn round(hub: &Hub, owner: &str) -> Result<bool, StoreFailure> {
    let now = hub.now();
    let until = later(now, u64::from(hub.timing().lease_ms));
    let lease = Lease {
        owner,
        now,
        until,
        limit: BUNDLE_MAX,
        avoid: &hub.lines().avoided(now),
    };
    let due = hub.outbox().claim(&lease).await?;
    let Some(kommune) = due.first().map(|standing| standing.kommune) else {
        return Ok(false);
    };
    let line = hub.lines().take(kommune);
    let (mut send, mut ask) = (Vec::new(), Vec::new());
    for standing in due {
        match standing.state.name() {
            StateName::Mapped | StateName::Waiting => send.push(standing),
            _ => ask.push(standing),
        }
    }
    let sent = deliver(hub, send, until).await?;
    let asked = inquire(hub, ask, until).await?;
    if sent == Reached::No || asked == Reached::No {
        line.rest(later(hub.now(), u64::from(hub.timing().ask_ms)));
    }
    Ok(true)
}

/// Whether the books answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// They did, or were not called.
    Yes,
    /// They did not.
    No,
}

impl Reached {
    fn by(outcome: &CallOutcome) -> Self {
        match outcome {
            CallOutcome::Answered(_) => Self::Yes,
            CallOutcome::NotReached { .. } | CallOutcome::NoAnswer { .. } => Self::No,
        }
    }
}

/// Whether a call would end within the lease. A process that was held up between lease and
/// call must not make it: somebody else may have asked, and sent, in the meantime.
fn in_time(hub: &Hub, until: Timestamp) -> bool {
    later(hub.now(), u64::from(hub.timing().call_ms)) < until
}

struct Books {
    receiver: Receiver,
    myndighed: Cvr,
}

fn books(hub: &Hub, kommune: Kommunekode) -> Option<Books> {
    let register = hub.register();
    let receiver = register.receiver(kommune)?.clone();
    let myndighed = register.myndigheder().find(|m| m.kommune == kommune)?.cvr;
    Some(Books {
        receiver,
        myndighed,
    })
}

/// Writes that all are being sent; the standings after it.
async fn note(hub: &Hub, due: &[Standing], event: &Event) -> Result<Vec<Standing>, StoreFailure> {
    let moves: Vec<Move> = due
        .iter()
        .filter_map(|standing| the_move(hub, standing, event, None, Vec::new()))
        .collect();
    if moves.is_empty() || hub.outbox().advance(&moves).await? == Advance::Stale {
        // Somebody else moved one of them: all are left to their lease.
        return Ok(Vec::new());
    }
    let after = moves.into_iter().map(|step| Standing {
        since: step.at,
        attempts: step.to.attempt(),
        state: step.to,
        version: step.seen.version.saturating_add(1),
        ..step.seen
    });
    Ok(after.collect())
}

async fn deliver(hub: &Hub, due: Vec<Standing>, until: Timestamp) -> Result<Reached, StoreFailure> {
    let sending = note(hub, &due, &Event::Claimed).await?;
    let Some(first) = sending.first() else {
        return Ok(Reached::Yes);
    };
    let Some(books) = books(hub, first.kommune) else {
        let away = |standing| {
            let reason = FaultCode::NoReceiver.code().to_owned();
            let retry_after = None;
            (
                standing,
                Outcome::Unavailable {
                    reason,
                    retry_after,
                },
            )
        };
        settle(hub, sending.into_iter().map(away).collect()).await?;
        return Ok(Reached::Yes);
    };
    // A bundle that is refused as such is halved until it is known who is meant: one bilag
    // never stops its neighbours.
    let mut bundles = vec![sending];
    let (mut reached, mut called) = (Reached::Yes, false);
    while let Some(bundle) = bundles.pop() {
        if reached == Reached::No || !in_time(hub, until) {
            // The lease runs out, and they are asked about.
            break;
        }
        if called
            && hub
                .partners()
                .hold(books.receiver.kommune, hub.now())
                .await?
                .paused
        {
            // The call under way was the last one; these are asked about when it is over.
            break;
        }
        called = true;
        let (bundle, outcome) = send(hub, &books, bundle).await?;
        reached = Reached::by(&outcome);
        let outcomes = outcomes(bundle, outcome);
        let (refused, settled): (Vec<_>, Vec<_>) = outcomes
            .into_iter()
            .partition(|(_, outcome)| matches!(outcome, Outcome::Hopeless(_)));
        if refused.len() > 1 {
            let mut first: Vec<Standing> = refused.into_iter().map(|(s, _)| s).collect();
            let second = first.split_off(first.len().div_ceil(2));
            bundles.extend([second, first]);
            settle(hub, settled).await?;
        } else {
            settle(hub, settled.into_iter().chain(refused).collect()).await?;
        }
    }
    Ok(reached)
}

/// Makes one call.
async fn send(
    hub: &Hub,
    books: &Books,
    sending: Vec<Standing>,
) -> Result<(Vec<Standing>, CallOutcome), StoreFailure> {
    let Some(first) = sending.first() else {
        let reason = "ingenting at sende".to_owned();
        return Ok((sending, CallOutcome::NoAnswer { reason }));
    };
    let ids: Vec<_> = sending.iter().map(|s| s.id).collect();
    let bilag = hub.outbox().load(first.kommune, &ids).await?;
    let id = TransaktionsId::from_uuid(hub.ids().next());
    let call = Call::Modtag(Box::new(bundle(hub, id, books, first, bilag)));
    let body = write::call(SoapVersion::V11, id, &call);
    let started = hub.now();
    let outcome = carry(hub, books, call.operation(), body).await;
    let took = hub.now().duration_since(started).as_secs_f64();
    metrics::histogram!("oir_delivery_seconds").record(took);
    Ok((sending, outcome))
}

/// Makes a call, and remembers how it went.
async fn carry(hub: &Hub, books: &Books, operation: &str, body: Vec<u8>) -> CallOutcome {
    let started = hub.now();
    let courier = hub.courier();
    let outcome = courier.call(&books.receiver, operation, body).await;
    let now = hub.now();
    let took = now.duration_since(started).unsigned_abs();
    let rests_until = later(now, u64::from(hub.timing().ask_ms));
    let told = heard(&outcome, now, took, rests_until);
    hub.tidings().hear(books.receiver.kommune, told);
    outcome
}

fn bundle(
    hub: &Hub,
    id: TransaktionsId,
    books: &Books,
    first: &Standing,
    bilag: Vec<Finansbilag>,
) -> Afsendelse {
    let kontroltotal = (bilag.len() > 1).then(|| totals(&bilag)).flatten();
    Afsendelse {
        transaktions_id: id,
        myndighed: books.myndighed,
        afsender_system: first.fagsystem,
        oprettet: hub.now(),
        korrelations_id: None,
        leveranceform: if bilag.len() > 1 {
            Leveranceform::Masse
        } else {
            Leveranceform::Straks
        },
        kontroltotal,
        bilag,
    }
}

/// None only when a sum does not fit; the books then say what they miss.
fn totals(bilag: &[Finansbilag]) -> Option<Kontroltotal> {
    let mut totals = Kontroltotal {
        antal: u32::try_from(bilag.len()).ok()?,
        debet: oir_domain::money::Oere::ZERO,
        kredit: oir_domain::money::Oere::ZERO,
    };
    for one in bilag {
        let turnover = one.turnover().ok()?;
        totals.debet = totals.debet.checked_add(turnover.debit).ok()?;
        totals.kredit = totals.kredit.checked_add(turnover.credit).ok()?;
    }
    Some(totals)
}

fn outcomes(sending: Vec<Standing>, call: CallOutcome) -> Vec<(Standing, Outcome)> {
    let said = match call {
        CallOutcome::Answered(body) => said(&body),
        CallOutcome::NotReached {
            reason,
            retry_after,
        } => Said::Same(Outcome::Unavailable {
            reason,
            retry_after,
        }),
        CallOutcome::NoAnswer { reason } => Said::Same(Outcome::NoAnswer(reason)),
    };
    let one = |standing: Standing| {
        let outcome = match &said {
            Said::Same(outcome) => outcome.clone(),
            Said::Each(each) => each
                .get(&standing.bilag_uuid)
                .cloned()
                .unwrap_or_else(|| Outcome::NoAnswer("svaret nævner ikke bilaget".into())),
        };
        (standing, outcome)
    };
    sending.into_iter().map(one).collect()
}

enum Said {
    Same(Outcome),
    Each(HashMap<BilagUuid, Outcome>),
}

fn said(body: &[u8]) -> Said {
    match receipt::reply(body) {
        Ok(Reply::Modtag(reply)) => {
            let each = |k| (bilag_uuid(k), Outcome::of_receipt(k));
            Said::Each(reply.bilag.iter().map(each).collect())
        }
        Ok(Reply::HentStatus(reply)) => {
            let each =
                |s: &oir_wire::finans::message::Bilagsstatus| (s.bilag_uuid, Outcome::of_status(s));
            Said::Each(reply.bilag.iter().map(each).collect())
        }
        Ok(Reply::Refused(refusal)) => Said::Same(refused(&refusal)),
        Ok(_) => Said::Same(Outcome::NoAnswer("svar på noget andet".into())),
        Err(error) => Said::Same(Outcome::NoAnswer(error.to_string())),
    }
}

fn bilag_uuid(receipt: &oir_wire::finans::message::Bilagskvittering) -> BilagUuid {
    receipt.bilag_uuid
}

/// The books refused the hand-over as such: nothing in the call was taken.
fn refused(refusal: &Refusal) -> Outcome {
    let fejl = refusal.transport.fejl.first();
    let (kode, tekst) = fejl.map_or(("-", "uden begrundelse"), |f| (&*f.kode, &*f.tekst));
    match refusal.blame {
        Blame::Receiver => Outcome::Unavailable {
            // Their word, and it is stored.
            reason: mask_text(kode),
            retry_after: None,
        },
        Blame::Sender => {
            let place = Place::message("");
            Outcome::Hopeless(Fault::foreign(
                FaultCode::RefusedByBooks,
                place,
                &[&kode, &tekst],
            ))
        }
    }
}

/// Asks the books about what was sent without an answer, or without a final one.
async fn inquire(hub: &Hub, due: Vec<Standing>, until: Timestamp) -> Result<Reached, StoreFailure> {
    // A lease that ran out while sending: its maker died, or hangs beyond its time.
    let (orphaned, mut asked): (Vec<_>, Vec<_>) = due
        .into_iter()
        .partition(|s| s.state.name() == StateName::Sending);
    if !orphaned.is_empty() {
        asked.extend(note(hub, &orphaned, &Event::NoAnswer(hub.now())).await?);
    }
    let Some(first) = asked.first() else {
        return Ok(Reached::Yes);
    };
    let Some(books) = books(hub, first.kommune) else {
        return Ok(Reached::Yes);
    };
    let hold = hub.partners().hold(first.kommune, hub.now()).await?;
    if hold.paused || !in_time(hub, until) {
        return Ok(Reached::Yes);
    }
    let call = Call::HentStatus(StatusQuery {
        myndighed: books.myndighed,
        afsender_system: Some(first.fagsystem),
        of: StatusOf::Bilag(asked.iter().map(|s| s.bilag_uuid).collect()),
    });
    let id = TransaktionsId::from_uuid(hub.ids().next());
    let body = write::call(SoapVersion::V11, id, &call);
    let answer = carry(hub, &books, call.operation(), body).await;
    let reached = Reached::by(&answer);
    let outcomes = outcomes(asked, answer).into_iter();
    // A question without an answer, or refused, says nothing of the bilag: it is asked again
    // when the lease runs out, until it has been asked long enough.
    let told = |(standing, outcome): (Standing, Outcome)| {
        let outcome = match outcome {
            Outcome::Booked(..) | Outcome::Refused(_) | Outcome::HandedOver | Outcome::NotThere => {
                outcome
            }
            Outcome::NoAnswer(why) | Outcome::Unavailable { reason: why, .. } => {
                unanswered(hub, &standing, hold.resumed, &why)?
            }
            Outcome::Hopeless(_) => unanswered(hub, &standing, hold.resumed, "HentStatus afvist")?,
        };
        Some((standing, outcome))
    };
    settle(hub, outcomes.filter_map(told).collect()).await?;
    Ok(reached)
}
