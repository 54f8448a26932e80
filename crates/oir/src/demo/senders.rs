//! The fagsystemer of the demo: send what was planned, and again when no answer came.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use oir_fagsystem::{Content, Day, Planned, apply};
use oir_flow::ports::courier::CallOutcome;
use oir_transport::{HttpCourier, Settings};
use oir_wire::finans::message::{Call, ForretningsKode, Reply};
use oir_wire::finans::{SoapVersion, receipt, write};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What the senders saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// Bilag in messages whose hand-over was refused.
    pub(super) refused_at_door: u64,
    /// New bilag whose receipt said received.
    pub(super) received: u64,
    /// New bilag whose receipt said rejected.
    pub(super) rejected: u64,
    /// New bilag without any receipt in the end.
    pub(super) unanswered: u64,
}

/// How often a message without an answer is sent again.
const TRIES: u32 = 20;

/// Sends a wave. Messages of a wave do not depend on each other.
pub(super) async fn send(
    day: &Day,
    numbers: Range<usize>,
    url: &str,
    senders: u16,
    bar: &ProgressBar,
    sent: &mut Sent,
) -> anyhow::Result<()> {
    bar.set_message("sender");
    let courier = HttpCourier::new(Settings::STANDARD)?;
    let places = Arc::new(Semaphore::new(usize::from(senders)));
    let mut tasks = JoinSet::new();
    for number in numbers {
        let Some(planned) = day.message(number) else {
            continue;
        };
        let place = Arc::clone(&places).acquire_owned().await?;
        let (courier, url) = (courier.clone(), url.to_owned());
        tasks.spawn(async move {
            let seen = see(&planned, deliver(&courier, &url, &planned).await);
            drop(place);
            seen
        });
        while let Some(seen) = tasks.try_join_next() {
            add(sent, seen?);
            bar.inc(1);
        }
    }
    while let Some(seen) = tasks.join_next().await {
        add(sent, seen?);
        bar.inc(1);
    }
    Ok(())
}

fn add(sent: &mut Sent, seen: Sent) {
    sent.refused_at_door = sent.refused_at_door.saturating_add(seen.refused_at_door);
    sent.received = sent.received.saturating_add(seen.received);
    sent.rejected = sent.rejected.saturating_add(seen.rejected);
    sent.unanswered = sent.unanswered.saturating_add(seen.unanswered);
}

/// Hands a message in until it is answered; none when it never was.
pub(super) async fn deliver(courier: &HttpCourier, url: &str, planned: &Planned) -> Option<Reply> {
    let afsendelse = planned.content.afsendelse();
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let mut body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
    let mut media = SoapVersion::V11.content_type();
    if let Some(mutation) = planned.content.mutation() {
        body = apply(mutation, &String::from_utf8_lossy(&body));
        media = mutation.content_type().unwrap_or(media);
    }
    for attempt in 1..=TRIES {
        match courier.exchange(url, media, body.clone()).await {
            CallOutcome::Answered(answer) => match receipt::reply(&answer) {
                Ok(Reply::Refused(refusal))
                    if refusal.blame == oir_wire::finans::message::Blame::Receiver => {}
                Ok(reply) => return Some(reply),
                Err(error) => tracing::warn!(%error, number = planned.number, "no receipt"),
            },
            CallOutcome::NotReached { reason, .. } | CallOutcome::NoAnswer { reason } => {
                tracing::warn!(reason, number = planned.number, "no answer");
            }
        }
        tokio::time::sleep(Duration::from_millis(50).saturating_mul(attempt)).await;
    }
    None
}

/// Counts a message's new bilag by what its receipt said.
fn see(planned: &Planned, reply: Option<Reply>) -> Sent {
    let mut seen = Sent::default();
    let new = u64::try_from(planned.expected.len()).unwrap_or(0);
    if matches!(
        planned.content,
        Content::Repeat { .. } | Content::Resent { .. }
    ) {
        return seen;
    }
    match reply {
        Some(Reply::Modtag(reply)) => {
            for bilag in &reply.bilag {
                match bilag.kvittering.kode {
                    ForretningsKode::Afvist => seen.rejected = seen.rejected.saturating_add(1),
                    _ => seen.received = seen.received.saturating_add(1),
                }
            }
        }
        Some(Reply::Refused(_)) => seen.refused_at_door = new,
        Some(_) | None => seen.unanswered = new,
    }
    seen
}
