//! Reception in groups: many requests, one transaction, and no answer before it is
//! durable. While one group is being written the next one gathers, so the group's size
//! follows the load by itself.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use oir_domain::calendar::day_of;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::BilagUuid;
use oir_wire::finans::message::{Blame, Refusal, Reply};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::hub::Hub;
use crate::judge::{Arrival, Surroundings, Verdict, judge, parked};
use crate::ports::StoreFailure;
use crate::ports::inbox::{Admit, BilagRecord, Findings, Inquiry, MessageOutcome, MessageRecord};
use crate::receipts;

/// Most messages in one transaction: at 3 kB each, under half a megabyte.
pub(crate) const GROUP_MAX: usize = 128;
/// Most messages waiting for a transaction; beyond it senders wait at the door.
pub(crate) const QUEUE_MAX: usize = 1_024;
/// How often a message is judged anew because something moved meanwhile.
const ROUNDS_MAX: u32 = 6;

/// A message and where its answer goes.
#[derive(Debug)]
pub(crate) struct Job {
    arrival: Arrival,
    answer: oneshot::Sender<Reply>,
    /// Whether earlier messages and bilag must be looked up first.
    look_up: bool,
}

impl Job {
    pub(crate) fn new(arrival: Arrival) -> (Self, oneshot::Receiver<Reply>) {
        let (answer, receiver) = oneshot::channel();
        let corrects = |a: &oir_domain::finans::Afsendelse| {
            a.bilag.iter().any(|bilag| bilag.korrigerer.is_some())
        };
        let look_up = arrival.read.as_ref().is_ok_and(|(a, _)| corrects(a));
        let job = Self {
            arrival,
            answer,
            look_up,
        };
        (job, receiver)
    }

    fn say(self, reply: Reply) {
        // A sender that hung up asks again later and gets the same receipt.
        drop(self.answer.send(reply));
    }

    fn ids(&self) -> Vec<Uuid> {
        let Ok((afsendelse, _)) = &self.arrival.read else {
            return Vec::new();
        };
        let bilag = afsendelse.bilag.iter().map(|b| b.bilag_uuid.as_uuid());
        bilag
            .chain([afsendelse.transaktions_id.as_uuid()])
            .collect()
    }

    fn inquiry(&self, hub: &Hub) -> Option<Inquiry> {
        let (afsendelse, _) = self.arrival.read.as_ref().ok()?;
        let register = hub.register();
        let parties = oir_domain::finans::check::parties(afsendelse, &register);
        let named = |b: &oir_domain::finans::Finansbilag| [Some(b.bilag_uuid), b.korrigerer];
        let bilag: HashSet<BilagUuid> = afsendelse.bilag.iter().flat_map(named).flatten().collect();
        Some(Inquiry {
            kommune: parties.kommune(),
            fagsystem: afsendelse.afsender_system,
            transaktions_id: afsendelse.transaktions_id,
            bilag: bilag.into_iter().collect(),
        })
    }
}

/// Takes groups off the queue until it is closed and empty.
pub(crate) async fn run(hub: Hub, queue: Arc<tokio::sync::Mutex<mpsc::Receiver<Job>>>) {
    loop {
        let mut group = Vec::with_capacity(GROUP_MAX);
        let taken = queue.lock().await.recv_many(&mut group, GROUP_MAX).await;
        if taken == 0 {
            return;
        }
        commit(&hub, group).await;
    }
}

/// Judges and writes a group, answering every member.
pub(crate) async fn commit(hub: &Hub, group: Vec<Job>) {
    let mut waiting = group;
    while !waiting.is_empty() {
        let (together, later) = apart(waiting);
        write_group(hub, together).await;
        waiting = later;
    }
}

/// Members that share no id; the others go after them and look up what those left.
fn apart(group: Vec<Job>) -> (Vec<Job>, Vec<Job>) {
    let (mut seen, mut together, mut later) = (HashSet::new(), Vec::new(), Vec::new());
    for mut job in group {
        let ids = job.ids();
        if ids.iter().any(|id| seen.contains(id)) {
            job.look_up = true;
            later.push(job);
        } else {
            seen.extend(ids);
            together.push(job);
        }
    }
    (together, later)
}

async fn write_group(hub: &Hub, mut group: Vec<Job>) {
    for _ in 0..ROUNDS_MAX {
        let register = hub.register();
        let (jobs, records) = match judge_group(hub, group).await {
            Ok(judged) => judged,
            Err((jobs, failure)) => return refuse(jobs, &failure),
        };
        if jobs.is_empty() {
            return;
        }
        match hub.inbox().admit(&records, register.version()).await {
            Ok(Admit::Done) => return answer(hub, jobs, records).await,
            Ok(Admit::Conflict) => {
                group = jobs;
                for job in &mut group {
                    job.look_up = true;
                }
            }
            Ok(Admit::RegisterChanged) => {
                group = jobs;
                if let Err(failure) = hub.reload_register().await {
                    return refuse(group, &failure);
                }
            }
            Err(failure) => return refuse(jobs, &failure),
        }
    }
    // Others keep writing the same ids: busy, not broken.
    refuse(group, &StoreFailure::Unavailable("contended ids".into()));
}

type Judged = (Vec<Job>, Vec<MessageRecord>);

/// Judges all; repeats are answered at once and leave the group.
async fn judge_group(hub: &Hub, group: Vec<Job>) -> Result<Judged, (Vec<Job>, StoreFailure)> {
    let inquiries: Vec<Option<Inquiry>> = group
        .iter()
        .map(|job| job.look_up.then(|| job.inquiry(hub)).flatten())
        .collect();
    let asked: Vec<Inquiry> = inquiries.iter().flatten().cloned().collect();
    let found = if asked.is_empty() {
        Vec::new()
    } else {
        match hub.inbox().find(&asked).await {
            Ok(found) => found,
            Err(failure) => return Err((group, failure)),
        }
    };
    let mut found = found.into_iter();
    let (mut jobs, mut records) = (Vec::new(), Vec::new());
    let register = hub.register();
    let now = hub.now();
    let around = Surroundings {
        register: &register,
        now,
        today: day_of(now, hub.zone()),
        ids: hub.ids(),
    };
    for (job, inquiry) in group.into_iter().zip(inquiries) {
        let findings = inquiry.and_then(|_| found.next()).unwrap_or_default();
        match judge_or_park(&job.arrival, findings, &around) {
            Verdict::Repeat(stored) => {
                job.say(Reply::Modtag(receipts::at_reception(&stored)));
            }
            Verdict::Write(record) => {
                jobs.push(job);
                records.push(*record);
            }
        }
    }
    Ok((jobs, records))
}

/// A bug in the rules stops the one message, keeps its bytes and raises the alarm.
fn judge_or_park(arrival: &Arrival, findings: Findings, around: &Surroundings<'_>) -> Verdict {
    let judged = catch_unwind(AssertUnwindSafe(|| judge(arrival, findings, around)));
    judged.unwrap_or_else(|_| {
        let record = parked(arrival, around);
        metrics::counter!("oir_alarm_total", "reason" => "judging").increment(1);
        tracing::error!(alarm = true, message = %record.id, "a bug stopped this message");
        Verdict::Write(Box::new(record))
    })
}

async fn answer(hub: &Hub, jobs: Vec<Job>, records: Vec<MessageRecord>) {
    let mut to_deliver = false;
    for (job, record) in jobs.into_iter().zip(&records) {
        to_deliver |= record.bilag.iter().any(is_mapped);
        count(record);
        let reply = match record.outcome {
            MessageOutcome::Taken => taken(hub, record).await,
            MessageOutcome::Unreadable => {
                Reply::Refused(Refusal::of(Blame::Sender, &record.faults))
            }
            MessageOutcome::Parked => Reply::Refused(Refusal::of(Blame::Receiver, &record.faults)),
        };
        job.say(reply);
    }
    if to_deliver {
        hub.wake();
    }
}

fn is_mapped(bilag: &BilagRecord) -> bool {
    let mapped = oir_domain::message::State::Mapped;
    matches!(bilag, BilagRecord::New(new) if new.state == mapped)
}

fn count(record: &MessageRecord) {
    let bilag = u64::try_from(record.bilag.len()).unwrap_or(u64::MAX);
    metrics::counter!("oir_messages_total", "outcome" => record.outcome.word()).increment(1);
    metrics::counter!("oir_bilag_received_total").increment(bilag);
}

async fn taken(hub: &Hub, record: &MessageRecord) -> Reply {
    if let Some(stored) = receipts::as_stored(record) {
        return Reply::Modtag(receipts::at_reception(&stored));
    }
    let (Some(fagsystem), Some(id)) = (record.fagsystem, record.transaktions_id) else {
        return refusal(&StoreFailure::Broken("a taken message without ids".into()));
    };
    match hub.inbox().message(record.kommune, fagsystem, id).await {
        Ok(Some(stored)) => Reply::Modtag(receipts::at_reception(&stored)),
        Ok(None) => refusal(&StoreFailure::Broken(
            "a message just written is gone".into(),
        )),
        Err(failure) => refusal(&failure),
    }
}

fn refuse(jobs: Vec<Job>, failure: &StoreFailure) {
    for job in jobs {
        job.say(refusal(failure));
    }
}

/// What a sender is told when the store fails: try again, and nothing about the store.
pub(crate) fn refusal(failure: &StoreFailure) -> Reply {
    tracing::error!(failure = %failure, "the store failed");
    metrics::counter!("oir_store_failures_total").increment(1);
    let code = match failure {
        StoreFailure::Unavailable(_) | StoreFailure::Full(_) => FaultCode::Unavailable,
        StoreFailure::Broken(_) => FaultCode::Internal,
    };
    let fault = Fault::new(code, Place::message("Afsendelse"), &[]);
    Reply::Refused(Refusal::of(Blame::Receiver, &[fault]))
}
