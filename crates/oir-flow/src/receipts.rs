//! What senders are told: receipts from what is stored, and nothing else, so that a
//! repeat and a later question get the same words.

use oir_domain::fault::{Fault, FaultCode, Severity};
use oir_domain::ids::BilagUuid;
use oir_domain::message::{State, StateName};
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, ForretningsKode, ModtagReply, Tilstand, TransportKvittering,
};

use crate::ports::inbox::{BilagRecord, MessageRecord, StoredBilag, StoredMessage};

/// The message as it will be found in the store. None when it holds repeats, whose first
/// receipts only the store has.
#[must_use]
pub fn as_stored(record: &MessageRecord) -> Option<StoredMessage> {
    let one = |bilag: &BilagRecord| match bilag {
        BilagRecord::Repeat { .. } => None,
        BilagRecord::New(new) => Some(StoredBilag {
            id: new.id,
            bilag_uuid: new.bilag.bilag_uuid,
            state: new.state.clone(),
            rejected: new.state.name() == StateName::Rejected,
            faults: new.faults.clone(),
            later_faults: Vec::new(),
            changed: record.modtaget,
            attempts: 0,
        }),
    };
    Some(StoredMessage {
        kommune: record.kommune,
        id: record.id,
        content_digest: record.content_digest,
        modtaget: record.modtaget,
        bilag: record.bilag.iter().map(one).collect::<Option<_>>()?,
        faults: record.faults.clone(),
    })
}

/// The receipt given at reception, then and at every repeat.
#[must_use]
pub fn at_reception(message: &StoredMessage) -> ModtagReply {
    reply(message, |bilag| {
        let kode = if bilag.rejected {
            ForretningsKode::Afvist
        } else {
            ForretningsKode::Modtaget
        };
        Bilagskvittering::of(
            bilag.bilag_uuid,
            bilag.id.to_string(),
            kode,
            None,
            &for_sender(bilag.rejected, &bilag.faults, &[]),
        )
    })
}

/// The receipt as it stands now.
#[must_use]
pub fn now(message: &StoredMessage) -> ModtagReply {
    reply(message, current)
}

fn reply(message: &StoredMessage, one: impl Fn(&StoredBilag) -> Bilagskvittering) -> ModtagReply {
    ModtagReply {
        transport: TransportKvittering::of(&message.faults, false),
        afsendelse_id: message.id.to_string().into(),
        modtaget: message.modtaget,
        bilag: message.bilag.iter().map(one).collect(),
    }
}

fn current(bilag: &StoredBilag) -> Bilagskvittering {
    let number = match &bilag.state {
        State::Booked { number } => Some(number.clone()),
        _ => None,
    };
    let faults = for_sender(bilag.rejected, &bilag.faults, &bilag.later_faults);
    let kode = ForretningsKode::from(bilag.state.name());
    Bilagskvittering::of(
        bilag.bilag_uuid,
        bilag.id.to_string(),
        kode,
        number,
        &faults,
    )
}

/// How a bilag stands now.
#[must_use]
pub fn status(bilag: &StoredBilag) -> Bilagsstatus {
    let receipt = current(bilag);
    Bilagsstatus {
        bilag_uuid: bilag.bilag_uuid,
        bilag_id: Some(receipt.bilag_id),
        tilstand: bilag.state.name().into(),
        forsoeg: bilag.attempts,
        aendret: Some(bilag.changed),
        kvittering: Some(receipt.kvittering),
        erp_bilagsnummer: receipt.erp_bilagsnummer,
        positionsfejl: receipt.positionsfejl,
        konteret: Vec::new(),
    }
}

/// The answer for a bilag that is not here.
#[must_use]
pub fn unknown(bilag_uuid: BilagUuid) -> Bilagsstatus {
    Bilagsstatus {
        bilag_uuid,
        bilag_id: None,
        tilstand: Tilstand::Ukendt,
        forsoeg: 0,
        aendret: None,
        kvittering: None,
        erp_bilagsnummer: None,
        positionsfejl: Vec::new(),
        konteret: Vec::new(),
    }
}

/// What concerns the sender: why it was rejected or refused, else its warnings. A missing
/// account is the municipality's to put right, not the sender's, and so is one that the ERP will
/// miss.
fn for_sender(rejected: bool, faults: &[Fault], later: &[Fault]) -> Vec<Fault> {
    let ours = |f: &&Fault| rejected || f.code.severity() == Severity::Warning;
    let theirs = |f: &&Fault| f.code != FaultCode::RefusalForeseen;
    let faults = faults.iter().filter(ours).chain(later);
    faults.filter(theirs).cloned().collect()
}
