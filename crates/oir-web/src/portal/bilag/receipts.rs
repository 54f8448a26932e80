//! What the sender was told, as it is told at every repeat too, and what the books said.

use oir_domain::message::{State as Standing, StateName};
use oir_flow::ports::inbox::{StoredBilag, StoredMessage};
use oir_flow::ports::views::{BilagDetail, MessageDetail};
use oir_flow::receipts;
use oir_wire::finans::message::{Bilagskvittering, Positionsfejl};

use super::super::PortalState;
use super::super::view::ReceiptLine;
use crate::danish_format::instant;
use crate::masking::mask_text;

/// All receipts about a bilag, in the order in which they were given.
pub(super) fn receipts(
    detail: &BilagDetail,
    message: Option<&MessageDetail>,
    state: &PortalState,
) -> Vec<ReceiptLine> {
    let stored = as_stored(detail, message);
    let received = instant(detail.line.modtaget, &state.zone);
    let (first, now) = (receipts::at_reception(&stored), receipts::now(&stored));
    let mut all = vec![ReceiptLine {
        kind: "TransportKvittering",
        way: "ØiR til fagsystemet",
        outcome: first.transport.kode.word().to_owned(),
        words: first
            .transport
            .begrundelse
            .iter()
            .map(|text| mask_text(text))
            .collect(),
        at: received.clone(),
    }];
    let to_sender = |bilag: &Bilagskvittering, way, at| ReceiptLine {
        kind: "Forretningskvittering",
        way,
        outcome: bilag.kvittering.kode.word().to_owned(),
        words: bilag.positionsfejl.iter().map(in_words).collect(),
        at,
    };
    if let Some(bilag) = first.bilag.first() {
        all.push(to_sender(bilag, "ØiR til fagsystemet", received));
    }
    all.extend(of_the_books(detail, state));
    if let (Some(before), Some(after)) = (first.bilag.first(), now.bilag.first())
        && before != after
    {
        let at = "Gives, når fagsystemet spørger (HentKvittering)".to_owned();
        all.push(to_sender(after, "ØiR til fagsystemet, som det står nu", at));
    }
    all
}

/// The message as far as it concerns this bilag: what receipts are made from.
fn as_stored(detail: &BilagDetail, message: Option<&MessageDetail>) -> StoredMessage {
    let line = &detail.line;
    let last = detail.timeline.last();
    StoredMessage {
        kommune: line.kommune,
        id: detail.afsendelse,
        content_digest: [0; 32],
        modtaget: line.modtaget,
        bilag: vec![StoredBilag {
            id: line.id,
            bilag_uuid: line.bilag_uuid,
            state: line.state.clone(),
            rejected: line.state.name() == StateName::Rejected,
            faults: detail.faults.clone(),
            later_faults: detail.later_faults.clone(),
            changed: last.map_or(line.modtaget, |event| event.at),
            attempts: line.state.attempt(),
        }],
        faults: message.map_or_else(Vec::new, |message| message.faults.clone()),
    }
}

fn in_words(fejl: &Positionsfejl) -> String {
    let place = match fejl.linjenummer {
        Some(linje) => format!("linje {linje}"),
        None => "hele bilaget".to_owned(),
    };
    mask_text(&format!("{} ({place}): {}", fejl.kode, fejl.tekst))
}

fn of_the_books(detail: &BilagDetail, state: &PortalState) -> Option<ReceiptLine> {
    let outcome = match &detail.line.state {
        Standing::Booked { number } => format!("Bogført med bilagsnummer {number}"),
        Standing::Refused => "Nægtet".to_owned(),
        Standing::Rejected
        | Standing::Held
        | Standing::Mapped
        | Standing::Sending { .. }
        | Standing::AwaitingReceipt { .. }
        | Standing::Waiting { .. }
        | Standing::Uncertain { .. }
        | Standing::Parked { .. } => return None,
    };
    let end = |to| matches!(to, StateName::Booked | StateName::Refused);
    let last = detail.timeline.iter().rev().find(|event| end(event.to))?;
    let fault = |fault| mask_text(&(state.words.text)(fault));
    Some(ReceiptLine {
        kind: "Forretningskvittering",
        way: "Bogføringssystemet til ØiR",
        outcome,
        words: detail.later_faults.iter().map(fault).collect(),
        at: instant(last.at, &state.zone),
    })
}
