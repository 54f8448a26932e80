//! What a machine that signed in may call: its own system, its own authorities. Decided by
//! what the call names, before anything is looked up, so that a refusal tells nothing.

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::machine_key::{Holder, Pass, Right};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::Register;
use oir_wire::finans::message::{Call, StatusOf, Unreadable};

/// The call as this machine may make it: questions that name no sender are narrowed to
/// the machine's own.
///
/// # Errors
/// `F0013` when it names what the key does not cover.
pub fn admit(pass: &Pass, call: Call, register: &Register) -> Result<Call, Box<Fault>> {
    let own = pass.holder().fagsystem();
    let owner = |cvr: Cvr| register.myndighed(cvr).map(|m| m.kommune);
    let may = |right, cvr, sender| {
        let covered = owner(cvr).is_some_and(|kommune| pass.may(right, kommune, sender));
        covered.then_some(()).ok_or_else(outside)
    };
    match call {
        Call::Modtag(afsendelse) => {
            let sender = Some(afsendelse.afsender_system);
            may(Right::Send, afsendelse.myndighed, sender)?;
            Ok(Call::Modtag(afsendelse))
        }
        Call::HentKvittering(query) => {
            may(Right::LookUp, query.myndighed, Some(query.afsender_system))?;
            Ok(Call::HentKvittering(query))
        }
        Call::HentStatus(mut query) => {
            // A message needs its sender named; bilag are found among the machine's own.
            if matches!(query.of, StatusOf::Bilag(_)) {
                query.afsender_system = query.afsender_system.or(own);
            }
            let sender = query.afsender_system.or(own);
            may(Right::LookUp, query.myndighed, sender)?;
            Ok(Call::HentStatus(query))
        }
        Call::Aflever(delivery) => {
            may(Right::GiveReceipts, delivery.myndighed, None)?;
            Ok(Call::Aflever(delivery))
        }
        Call::HentKontroltotal(mut query) => {
            query.afsender_system = query.afsender_system.or(own);
            may(Right::LookUp, query.myndighed, query.afsender_system)?;
            Ok(Call::HentKontroltotal(query))
        }
    }
}

/// Whether what could be seen of an unreadable message is this machine's to send: it is
/// kept as evidence, and nobody may lay it at another's door.
///
/// # Errors
/// `F0013` when it names a sender or an authority that the key does not cover.
pub fn admit_unreadable(
    pass: &Pass,
    unreadable: &Unreadable,
    register: &Register,
) -> Result<(), Box<Fault>> {
    let Holder::Fagsystem(own) = pass.holder() else {
        return Err(outside());
    };
    let sender = unreadable.afsender_system.is_none_or(|named| named == own);
    let kommune: Option<Option<Kommunekode>> = unreadable
        .myndighed
        .map(|cvr| register.myndighed(cvr).map(|m| m.kommune));
    let covered = match kommune {
        None => pass.rights().contains(&Right::Send),
        Some(named) => named.is_some_and(|kommune| pass.may(Right::Send, kommune, Some(own))),
    };
    (sender && covered).then_some(()).ok_or_else(outside)
}

fn outside() -> Box<Fault> {
    let place = Place::message("RequestHeader");
    Box::new(Fault::new(FaultCode::NotAllowed, place, &[]))
}
