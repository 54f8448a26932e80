//! The four operations that ask or bring receipts.

use oir_domain::fault::FaultCode;
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};

use super::super::message::{
    Call, Delivery, KontroltotalQuery, KvitteringQuery, STATUS_MAX, StatusOf, StatusQuery,
};
use super::afsendelse::{DATO, PREFIX, UUID, prefix};
use super::walk::{Child, Read, Walk, any, many, one, opt};
use super::{Seen, forms, kvittering as receipts};

pub(super) const KVITTERING: [Child; 4] = [
    PREFIX[0],
    PREFIX[1],
    one(&["AfsenderSystem"]),
    one(&["TransaktionsID"]),
];
pub(super) const STATUS: [Child; 5] = [
    PREFIX[0],
    PREFIX[1],
    opt(&["AfsenderSystem"]),
    opt(&["TransaktionsID"]),
    any(&["BilagUUID"]),
];
pub(super) const DELIVERY: [Child; 3] = [PREFIX[0], PREFIX[1], many(&["Bilagskvittering"])];
pub(super) const KONTROLTOTAL: [Child; 5] = [
    PREFIX[0],
    PREFIX[1],
    one(&["Fra"]),
    one(&["Til"]),
    opt(&["AfsenderSystem"]),
];

pub(super) fn kvittering(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let mut asked = None;
    walk.sequence(&KVITTERING, |walk, place, _| {
        match place {
            0 | 1 => prefix(walk, place, seen)?,
            2 => sender(walk, seen)?,
            _ => asked = transaction(walk)?,
        }
        Ok(())
    })?;
    let build = || {
        Some(Call::HentKvittering(KvitteringQuery {
            myndighed: seen.myndighed?,
            afsender_system: seen.afsender_system?,
            transaktions_id: asked?,
        }))
    };
    Ok(build())
}

fn sender(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<()> {
    let id = walk.value(UUID, forms::uuid)?;
    seen.afsender_system = id.map(FagsystemId::from_uuid);
    Ok(())
}

fn transaction(walk: &mut Walk<'_>) -> Read<Option<TransaktionsId>> {
    let id = walk.value(UUID, forms::uuid)?;
    Ok(id.map(TransaktionsId::from_uuid))
}

pub(super) fn status(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let (mut message, mut message_named, mut bilag, mut named) = (None, false, Vec::new(), 0_usize);
    walk.sequence(&STATUS, |walk, place, _| {
        match place {
            0 | 1 => prefix(walk, place, seen)?,
            2 => sender(walk, seen)?,
            3 => {
                message_named = true;
                message = transaction(walk)?;
            }
            _ => {
                named = named.saturating_add(1);
                bilag.extend(walk.value(UUID, forms::uuid)?.map(BilagUuid::from_uuid));
            }
        }
        Ok(())
    })?;
    if !message_named && named == 0 {
        let names = "TransaktionsID / BilagUUID";
        walk.fault_at(FaultCode::MissingElement, names, &[&names]);
    }
    if (message_named && named > 0) || named > STATUS_MAX {
        let expected = format!("enten ét TransaktionsID eller 1 til {STATUS_MAX} BilagUUID");
        let values: [&dyn std::fmt::Display; 2] = [&"BilagUUID", &expected];
        walk.fault_at(FaultCode::UnexpectedElement, "BilagUUID", &values);
    }
    let build = || {
        Some(Call::HentStatus(StatusQuery {
            myndighed: seen.myndighed?,
            afsender_system: seen.afsender_system,
            of: match message {
                Some(id) => StatusOf::Message(id),
                None => StatusOf::Bilag(bilag),
            },
        }))
    };
    Ok(build())
}

pub(super) fn delivery(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let mut bilag = Vec::new();
    walk.sequence(&DELIVERY, |walk, place, _| {
        match place {
            0 | 1 => prefix(walk, place, seen)?,
            _ => bilag.extend(receipts::bilagskvittering(walk)?),
        }
        Ok(())
    })?;
    Ok(seen
        .myndighed
        .map(|myndighed| Call::Aflever(Delivery { myndighed, bilag })))
}

pub(super) fn kontroltotal(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let (mut fra, mut til) = (None, None);
    walk.sequence(&KONTROLTOTAL, |walk, place, _| {
        match place {
            0 | 1 => prefix(walk, place, seen)?,
            2 => fra = walk.value(DATO, forms::date)?,
            3 => til = walk.value(DATO, forms::date)?,
            _ => sender(walk, seen)?,
        }
        Ok(())
    })?;
    let build = || {
        Some(Call::HentKontroltotal(KontroltotalQuery {
            myndighed: seen.myndighed?,
            fra: fra?,
            til: til?,
            afsender_system: seen.afsender_system,
        }))
    };
    Ok(build())
}
