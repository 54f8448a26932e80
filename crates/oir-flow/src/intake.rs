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
/// So many bytes make a group full: two of the largest messages. Its rows, which take some
/// ten times that, are all in memory at once.
pub(crate) const GROUP_BYTES: usize = 32 * 1024 * 1024;
/// Most messages waiting for a transaction; beyond it senders wait at the door,
/// which weighs them: this bounds the number, the door the bytes.
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
        let Some(group) = gathered(&mut *queue.lock().await).await else {
            return;
        };
        commit(&hub, group).await;
    }
}

/// What has gathered, up to the limits of a group; none when the queue is closed and empty.
async fn gathered(queue: &mut mpsc::Receiver<Job>) -> Option<Vec<Job>> {
    let first = queue.recv().await?;
    let mut bytes = first.arrival.raw.len();
    let mut group = Vec::with_capacity(GROUP_MAX);
    group.push(first);
    while group.len() < GROUP_MAX && bytes < GROUP_BYTES {
        let Ok(job) = queue.try_recv() else {
            break;
        };
        bytes = bytes.saturating_add(job.arrival.raw.len());
        group.push(job);
    }
    Some(group)
}

/// Judges and writes a group, answering every member.
pub(crate) async fn commit(hub: &Hub, group: Vec<Job>) {
    let mut waiting = group;
    while !waiting.is_empty() {
        let (together, later) = apart(waiting);
        // A group that a member breaks is written one by one: only the guilty one is refused.
        for job in write_group(hub, together).await {
            drop(write_group(hub, vec![job]).await);
        }
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

/// Writes and answers a group; gives back what must be written one by one instead, which is
/// never a member alone.
async fn write_group(hub: &Hub, mut group: Vec<Job>) -> Vec<Job> {
    for _ in 0..ROUNDS_MAX {
        let register = hub.register();
        let (jobs, records) = match judge_group(hub, group).await {
            Ok(judged) => judged,
            Err((jobs, failure)) => return failed(jobs, &failure),
        };
        if jobs.is_empty() {
            return Vec::new();
        }
        match hub.inbox().admit(&records, register.version()).await {
            Ok(Admit::Done) => {
                answer(hub, jobs, records).await;
                return Vec::new();
            }
            Ok(Admit::Conflict) => {
                group = jobs;
                for job in &mut group {
                    job.look_up = true;
                }
            }
            Ok(Admit::RegisterChanged) => {
                group = jobs;
                if let Err(failure) = hub.reload_register().await {
                    refuse(group, &failure);
                    return Vec::new();
                }
            }
            Err(failure) => return failed(jobs, &failure),
        }
    }
    // Others keep writing the same ids: busy, not broken.
    refuse(group, &StoreFailure::Unavailable("contended ids".into()));
    Vec::new()
}

/// Who is refused when a group could not be written: all when the store is away, nobody yet
/// when one of several members may have broken it.
fn failed(jobs: Vec<Job>, failure: &StoreFailure) -> Vec<Job> {
    if jobs.len() > 1 && matches!(failure, StoreFailure::Broken(_)) {
        tracing::warn!(%failure, members = jobs.len(), "a group is written one by one");
        return jobs;
    }
    refuse(jobs, failure);
    Vec::new()
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

#[cfg(test)]
mod tests {
    use super::{GROUP_BYTES, GROUP_MAX, Job, gathered, mpsc};
    use crate::judge::Arrival;
    use crate::ports::inbox::Channel;
    use oir_domain::fault::{Fault, FaultCode, Place};
    use oir_wire::finans::message::Unreadable;
    use std::sync::Arc;

    fn job(bytes: usize) -> Job {
        let fault = Fault::new(FaultCode::NotWellFormed, Place::message(""), &[]);
        let raw: Arc<[u8]> = vec![0; bytes].into();
        let mut arrival = Arrival::new(
            Channel::Json,
            Arc::from([]),
            Err(Box::new(Unreadable::only(fault))),
        );
        arrival.raw = raw;
        Job::new(arrival).0
    }

    #[tokio::test]
    async fn a_group_is_bounded_by_number_and_by_bytes() {
        let (sender, mut queue) = mpsc::channel(1_000);
        for _ in 0..3 {
            sender.try_send(job(GROUP_BYTES / 2)).ok();
        }
        for _ in 0..GROUP_MAX {
            sender.try_send(job(1)).ok();
        }
        drop(sender);
        let mut sizes = Vec::new();
        while let Some(group) = gathered(&mut queue).await {
            sizes.push(group.len());
        }
        assert_eq!(sizes, [2, GROUP_MAX, 1]);
    }
}
