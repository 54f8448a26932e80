//! From what was read to what is written: the decision about one message. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place, any_stops, cut};
use oir_domain::finans::check::{self, Facts, Known, Parties};
use oir_domain::finans::{Afsendelse, Finansbilag};
use oir_domain::ids::{AfsendelseId, BilagId};
use oir_domain::message::{Admission, State, admit};
use oir_domain::omsaetning::{self, Mode};
use oir_domain::party::{Fagsystem, Kommunekode};
use oir_domain::register::Register;
use oir_wire::finans::digest;
use oir_wire::finans::message::Unreadable;

use crate::ports::inbox::{
    Accounts, BilagRecord, Channel, Findings, MessageOutcome, MessageRecord, NewBilag,
    StoredMessage,
};
use crate::ports::process::Ids;

/// Most faults stored of one message, some two megabytes; each bilag after those keeps one,
/// so that all still say why they stopped.
const FAULTS_OF_MESSAGE: usize = 10_000;

/// A message at the door: its bytes, and what could be read of them.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// By which door.
    pub channel: Channel,
    /// The bytes.
    pub raw: Arc<[u8]>,
    /// SHA-256 of the bytes.
    pub raw_digest: [u8; 32],
    /// The document with its digest, or why there is none.
    pub read: Result<(Box<Afsendelse>, [u8; 32]), Box<Unreadable>>,
}

impl Arrival {
    /// Takes the digests: the only costly part, done before the queue.
    #[must_use]
    pub fn new(
        channel: Channel,
        raw: Arc<[u8]>,
        read: Result<Box<Afsendelse>, Box<Unreadable>>,
    ) -> Self {
        let read = read.map(|afsendelse| {
            let content = digest::afsendelse(&afsendelse);
            (afsendelse, content)
        });
        let raw_digest = digest::raw(&raw);
        Self {
            channel,
            raw,
            raw_digest,
            read,
        }
    }
}

/// What a message is judged by, besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Who may send what, where and when.
    pub register: &'a Register,
    /// The instant of reception, whole microseconds.
    pub now: Timestamp,
    /// Its Copenhagen day.
    pub today: Date,
    /// New ids.
    pub ids: &'a dyn Ids,
}

/// The decision.
#[derive(Debug)]
pub enum Verdict {
    /// To be written; answered when that is durable.
    Write(Box<MessageRecord>),
    /// The same message came before: answer as then, write nothing.
    Repeat(Box<StoredMessage>),
}

/// Judges a message by what is known of earlier ones; `findings` is empty when nothing
/// was looked up, which is right for a message that names no earlier one and whose ids
/// the write will find to be new.
#[must_use]
pub fn judge(arrival: &Arrival, findings: Findings, around: &Surroundings<'_>) -> Verdict {
    let (afsendelse, content) = match &arrival.read {
        Ok((afsendelse, content)) => (afsendelse, *content),
        Err(unreadable) => return Verdict::Write(Box::new(evidence(arrival, unreadable, around))),
    };
    let earlier = findings.message.as_ref().map(|m| &m.content_digest);
    match (admit(earlier, &content), findings.message) {
        (Admission::Repeat, Some(stored)) => return Verdict::Repeat(Box::new(stored)),
        (Admission::Conflict, _) => {
            let place = Place::message("RequestHeader/TransactionUUID");
            let id = &afsendelse.transaktions_id;
            let reused = Fault::new(FaultCode::TransactionReused, place, &[id]);
            let unreadable = Unreadable {
                faults: vec![reused],
                myndighed: Some(afsendelse.myndighed),
                afsender_system: Some(afsendelse.afsender_system),
                transaktions_id: Some(afsendelse.transaktions_id),
                antal_bilag: count(afsendelse.bilag.len()),
            };
            return Verdict::Write(Box::new(evidence(arrival, &unreadable, around)));
        }
        (Admission::New | Admission::Repeat, _) => {}
    }
    let mut known = Known::new();
    let mut first = std::collections::HashMap::new();
    for (uuid, id, bilag) in findings.bilag {
        known.insert(uuid, bilag);
        first.insert(uuid, id);
    }
    let facts = Facts {
        register: around.register,
        known: &known,
        now: around.now,
        today: around.today,
    };
    let parties = check::parties(afsendelse, around.register);
    let faults = check::check_message(afsendelse, &facts);
    let mut record = blank(arrival, parties.kommune(), MessageOutcome::Taken, around);
    record.fagsystem = Some(afsendelse.afsender_system);
    record.transaktions_id = Some(afsendelse.transaktions_id);
    record.content_digest = content;
    record
        .korrelations_id
        .clone_from(&afsendelse.korrelations_id);
    record.antal_bilag = count(afsendelse.bilag.len());
    let judging = Judging {
        message_faults: &faults,
        parties,
        facts,
        first: &first,
        ids: around.ids,
    };
    record.bilag = judging.all(&afsendelse.bilag);
    record.faults = faults;
    Verdict::Write(Box::new(record))
}

/// The record of a message that a bug of ours stopped.
#[must_use]
pub fn parked(arrival: &Arrival, around: &Surroundings<'_>) -> MessageRecord {
    let (cvr, sender, id, antal) = match &arrival.read {
        Ok((a, _)) => (
            Some(a.myndighed),
            Some(a.afsender_system),
            Some(a.transaktions_id),
            count(a.bilag.len()),
        ),
        Err(u) => (
            u.myndighed,
            u.afsender_system,
            u.transaktions_id,
            u.antal_bilag,
        ),
    };
    let mut record = evidence(
        arrival,
        &Unreadable {
            faults: vec![Fault::new(FaultCode::Internal, Place::message(""), &[])],
            myndighed: cvr,
            afsender_system: sender,
            transaktions_id: id,
            antal_bilag: antal,
        },
        around,
    );
    record.outcome = MessageOutcome::Parked;
    record
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn evidence(
    arrival: &Arrival,
    unreadable: &Unreadable,
    around: &Surroundings<'_>,
) -> MessageRecord {
    let myndighed = unreadable
        .myndighed
        .and_then(|cvr| around.register.myndighed(cvr));
    let kommune = myndighed.map_or(Kommunekode::UNKNOWN, |m| m.kommune);
    let mut record = blank(arrival, kommune, MessageOutcome::Unreadable, around);
    record.fagsystem = unreadable.afsender_system;
    record.transaktions_id = unreadable.transaktions_id;
    record.antal_bilag = unreadable.antal_bilag.max(1);
    record.faults.clone_from(&unreadable.faults);
    record
}

fn blank(
    arrival: &Arrival,
    kommune: Kommunekode,
    outcome: MessageOutcome,
    around: &Surroundings<'_>,
) -> MessageRecord {
    MessageRecord {
        kommune,
        id: AfsendelseId::from_uuid(around.ids.next()),
        fagsystem: None,
        transaktions_id: None,
        modtaget: around.now,
        dag: around.today,
        channel: arrival.channel,
        content_digest: arrival.raw_digest,
        raw_digest: arrival.raw_digest,
        raw: Arc::clone(&arrival.raw),
        outcome,
        korrelations_id: None,
        antal_bilag: 1,
        faults: Vec::new(),
        bilag: Vec::new(),
    }
}

/// The accounts of a bilag by whoever finds them, and the warnings that go with them.
///
/// # Errors
/// What has no account, when it is the hub that finds them.
pub(crate) fn accounts(
    bilag: &Finansbilag,
    index: u32,
    kommune: Kommunekode,
    fagsystem: &Fagsystem,
    register: &Register,
) -> Result<(Accounts, Vec<Fault>), Vec<Fault>> {
    match register.mode(kommune, fagsystem.id) {
        Mode::Apply => {
            let mapped = omsaetning::map(bilag, index, kommune, fagsystem, register)?;
            Ok((Accounts::Mapped(mapped), Vec::new()))
        }
        Mode::Mirror => {
            let (foreseen, warnings) =
                omsaetning::predict(bilag, index, kommune, fagsystem, register);
            Ok((Accounts::Foreseen(foreseen), warnings))
        }
    }
}

struct Judging<'a> {
    message_faults: &'a [Fault],
    parties: Parties<'a>,
    facts: Facts<'a>,
    first: &'a std::collections::HashMap<oir_domain::ids::BilagUuid, BilagId>,
    ids: &'a dyn Ids,
}

impl Judging<'_> {
    fn all(&self, bilag: &[Finansbilag]) -> Vec<BilagRecord> {
        let mut here = HashSet::with_capacity(bilag.len());
        let mut room = FAULTS_OF_MESSAGE;
        let judged = (0_u32..).zip(bilag).map(|(index, bilag)| {
            let twice = !here.insert(bilag.bilag_uuid);
            let mut record = self.one(index, bilag, twice);
            if let BilagRecord::New(new) = &mut record {
                cut(&mut new.faults, FAULTS_MAX.min(room));
                room = room.saturating_sub(new.faults.len());
            }
            record
        });
        judged.collect()
    }

    fn one(&self, index: u32, bilag: &Finansbilag, twice: bool) -> BilagRecord {
        let digest = digest::bilag(bilag);
        let known = self.facts.known.get(&bilag.bilag_uuid);
        let repeated = known.is_some_and(|known| known.digest == digest) && !twice;
        if repeated && let Some(first) = self.first.get(&bilag.bilag_uuid) {
            return BilagRecord::Repeat {
                index,
                first: *first,
            };
        }
        let mut faults = self.message_faults.to_vec();
        faults.extend(check::check_bilag(
            bilag,
            index,
            &digest,
            &self.parties,
            &self.facts,
        ));
        if twice {
            let path = format!("Finansbilag[{}]/BilagUUID", index.saturating_add(1));
            let place = Place {
                bilag: Some(index),
                linje: None,
                path: path.into(),
            };
            faults.push(Fault::new(
                FaultCode::BilagTwice,
                place,
                &[&bilag.bilag_uuid],
            ));
        }
        let (state, accounts) = self.place(index, bilag, &mut faults);
        BilagRecord::New(Box::new(NewBilag {
            id: BilagId::from_uuid(self.ids.next()),
            index,
            claims_uuid: !twice && known.is_none(),
            digest,
            bilag: bilag.clone(),
            state,
            accounts,
            faults,
        }))
    }

    /// Where a bilag goes: rejected, held for want of an account, or on its way. What the ERP maps
    /// is never held: the ERP decides, and what it will refuse goes there with a warning.
    fn place(&self, index: u32, bilag: &Finansbilag, faults: &mut Vec<Fault>) -> (State, Accounts) {
        let (Some(myndighed), Some(fagsystem)) = (self.parties.myndighed, self.parties.fagsystem)
        else {
            return (State::Rejected, Accounts::Open);
        };
        if any_stops(faults) {
            return (State::Rejected, Accounts::Open);
        }
        let register = self.facts.register;
        match accounts(bilag, index, myndighed.kommune, fagsystem, register) {
            Ok((accounts, warnings)) => {
                faults.extend(warnings);
                (State::Mapped, accounts)
            }
            Err(missing) => {
                faults.extend(missing);
                (State::Held, Accounts::Open)
            }
        }
    }
}
