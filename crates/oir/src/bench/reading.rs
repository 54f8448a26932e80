//! What one message costs on one core without any database: step by step, in this thread.

use std::hint::black_box;
use std::time::Instant;

use oir_domain::register::Register;
use oir_fagsystem::sample::{CREATED, DAY, register};
use oir_flow::judge::{Arrival, Surroundings, Verdict, judge};
use oir_flow::ports::inbox::{Channel, Findings, MessageRecord};
use oir_wire::finans::message::{Call, Unreadable};
use oir_wire::finans::{SoapVersion, read};

use super::load::Messages;
use super::table::median;
use crate::process::OrderedIds;

/// Different messages measured; together far larger than the caches.
const MESSAGES: u64 = 4_000;
/// Each figure is the median of so many passes.
const PASSES: usize = 5;

/// Microseconds per message of ten postings.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Costs {
    /// Bytes of a message.
    pub(super) bytes: usize,
    /// Well-formedness, the contract's rules, and the document built.
    pub(super) read: f64,
    /// Both digests.
    pub(super) digests: f64,
    /// The rules of the corridor.
    pub(super) judge: f64,
}

/// Measures.
pub(super) fn measure(messages: &Messages) -> Costs {
    let raw: Vec<Vec<u8>> = (0..MESSAGES).map(|n| messages.make(0, 0, n)).collect();
    let bytes = raw.iter().map(Vec::len).max().unwrap_or(0);
    let read = passes(&raw, |raw| read::call(SoapVersion::V11, raw).is_ok());
    let documents: Vec<_> = raw.iter().map(|raw| (raw, document(raw))).collect();
    let digests = passes(&documents, |(raw, read)| {
        Arrival::new(Channel::Soap11, raw.as_slice().into(), read.clone()).raw_digest
    });
    let copies = passes(&documents, |(raw, read)| {
        (std::sync::Arc::<[u8]>::from(raw.as_slice()), read.clone())
    });
    let arrivals: Vec<Arrival> = raw.iter().map(|raw| arrival(raw)).collect();
    let court = Court::default();
    let judge = passes(&arrivals, |arrival| court.judge(arrival));
    Costs {
        bytes,
        read,
        digests: (digests - copies).max(0.0),
        judge,
    }
}

/// What messages are judged by; made once, as a hub makes it once.
pub(super) struct Court {
    register: Register,
    ids: OrderedIds,
}

impl Default for Court {
    fn default() -> Self {
        Self {
            register: register(),
            ids: OrderedIds::default(),
        }
    }
}

impl Court {
    fn judge(&self, arrival: &Arrival) -> Verdict {
        let around = Surroundings {
            register: &self.register,
            now: CREATED,
            today: DAY,
            ids: &self.ids,
        };
        judge(arrival, Findings::default(), &around)
    }

    /// The records that so many messages from a number on are written as.
    pub(super) fn records(
        &self,
        messages: &Messages,
        run: u32,
        first: u64,
        count: u64,
    ) -> Vec<MessageRecord> {
        let record = |n| match self.judge(&arrival(&messages.make(run, 0, n))) {
            Verdict::Write(record) => Some(*record),
            Verdict::Repeat(_) => None,
        };
        (first..first.saturating_add(count))
            .filter_map(record)
            .collect()
    }
}

fn arrival(raw: &[u8]) -> Arrival {
    Arrival::new(Channel::Soap11, raw.into(), document(raw))
}

type Document = Result<Box<oir_domain::finans::Afsendelse>, Box<Unreadable>>;

fn document(raw: &[u8]) -> Document {
    match read::call(SoapVersion::V11, raw)? {
        Call::Modtag(afsendelse) => Ok(afsendelse),
        _ => Err(Box::new(Unreadable {
            faults: Vec::new(),
            myndighed: None,
            afsender_system: None,
            transaktions_id: None,
            antal_bilag: 0,
        })),
    }
}

/// Microseconds per element, the median of some passes.
fn passes<T, U>(all: &[T], mut work: impl FnMut(&T) -> U) -> f64 {
    let took = (0..PASSES).map(|_| {
        let started = Instant::now();
        for one in all {
            black_box(work(one));
        }
        let count = u32::try_from(all.len()).unwrap_or(u32::MAX).max(1);
        started.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    });
    median(took)
}
