//! Messages with one bilag each, and steps of those.

use std::sync::Arc;

use jiff::Timestamp;
use oir_domain::ids::{AfsendelseId, BilagId, TransaktionsId, uuid_v7};
use oir_domain::message::{Outbox, State};
use oir_domain::omsaetning::Mapped;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{
    Accounts, BilagRecord, Channel, Inbox as _, MessageOutcome, MessageRecord, NewBilag,
};
use oir_flow::ports::outbox::{Move, Outbox as _, Standing};
use oir_store::Store;
use sha2::{Digest, Sha256};

const NOW: i64 = 1_795_000_000_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_microsecond(NOW).expect("an instant")
}

/// Message number `n`, with these bytes and one bilag that is due.
pub(crate) fn message(n: u64, raw: &[u8]) -> MessageRecord {
    let bilag = sample::bilag(n);
    let new = NewBilag {
        id: BilagId::from_uuid(uuid_v7(2 * n, [1; 10])),
        index: 0,
        claims_uuid: true,
        digest: Sha256::digest(n.to_be_bytes()).into(),
        accounts: Accounts::Mapped(Mapped::whole(0, &bilag, vec!["1"; bilag.posteringer.len()])),
        bilag,
        state: State::Mapped,
        faults: Vec::new(),
    };
    MessageRecord {
        kommune: sample::KOMMUNE,
        id: AfsendelseId::from_uuid(uuid_v7(2 * n + 1, [1; 10])),
        fagsystem: Some(sample::FAGSYSTEM),
        transaktions_id: Some(TransaktionsId::from_uuid(uuid_v7(n, [2; 10]))),
        modtaget: now(),
        dag: sample::DAY,
        channel: Channel::Json,
        content_digest: Sha256::digest(raw).into(),
        raw_digest: Sha256::digest(raw).into(),
        raw: Arc::from(raw),
        outcome: MessageOutcome::Taken,
        korrelations_id: None,
        antal_bilag: 1,
        faults: Vec::new(),
        bilag: vec![BilagRecord::New(Box::new(new))],
    }
}

/// Small messages with these numbers.
pub(crate) fn messages(numbers: std::ops::Range<u64>) -> Vec<MessageRecord> {
    numbers.map(|n| message(n, b"bytes")).collect()
}

/// The bilag of a message as it stands in the store.
pub(crate) async fn standing(store: &Store, n: u64) -> Standing {
    store
        .standing(sample::KOMMUNE, sample::bilag(n).bilag_uuid, None)
        .await
        .expect("the store answers")
        .expect("it is there")
}

/// A bilag claimed for its first delivery.
pub(crate) fn claimed(seen: Standing) -> Move {
    Move {
        seen,
        to: State::Sending { attempt: 1 },
        outbox: Outbox::DueNow,
        due: now(),
        event: "claimed",
        at: now(),
        detail: None,
        faults: Vec::new(),
        accounts: Accounts::Open,
        compared: None,
    }
}

/// How many of these messages are in the store.
pub(crate) async fn found(store: &Store, numbers: std::ops::Range<u64>) -> u64 {
    let mut found = 0;
    for n in numbers {
        let id = TransaktionsId::from_uuid(uuid_v7(n, [2; 10]));
        let message = store.message(sample::KOMMUNE, sample::FAGSYSTEM, id).await;
        found += u64::from(message.expect("the store answers").is_some());
    }
    found
}
