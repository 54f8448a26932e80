//! The operations that ask: receipts, status, control totals; and the one by which the
//! books bring a receipt later.

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::FagsystemId;
use oir_domain::party::{Cvr, Kommunekode};
use oir_wire::finans::message::{
    Blame, Call, Delivery, KontroltotalQuery, KontroltotalReply, KvitteringQuery, Refusal, Reply,
    StatusOf, StatusQuery, StatusReply, Systemtotal, TransportKvittering,
};

use crate::hub::Hub;
use crate::ports::StoreFailure;
use crate::settle::{self, Outcome};
use crate::{intake, receipts};

/// What stops a question.
enum Stop {
    Fault(Fault),
    Store(StoreFailure),
}

impl From<StoreFailure> for Stop {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

pub(crate) async fn answer(hub: &Hub, call: Call) -> Reply {
    let answered = match call {
        Call::HentKvittering(query) => kvittering(hub, query).await,
        Call::HentStatus(query) => status(hub, query).await,
        Call::Aflever(delivery) => delivered(hub, delivery).await,
        Call::HentKontroltotal(query) => kontroltotal(hub, query).await,
        Call::Modtag(_) => Err(Stop::Fault(Fault::new(
            FaultCode::Internal,
            Place::message("Afsendelse"),
            &[],
        ))),
    };
    answered.unwrap_or_else(|stop| match stop {
        Stop::Fault(fault) => Reply::Refused(Refusal::of(Blame::Sender, &[fault])),
        Stop::Store(failure) => intake::refusal(&failure),
    })
}

fn kommune(hub: &Hub, cvr: Cvr) -> Result<Kommunekode, Stop> {
    let known = hub.register().myndighed(cvr).map(|m| m.kommune);
    known.ok_or_else(|| {
        let place = Place::message("AuthorityContext/MunicipalityCVR");
        Stop::Fault(Fault::new(FaultCode::UnknownMyndighed, place, &[&cvr]))
    })
}

fn not_found(path: &str, what: &dyn std::fmt::Display) -> Stop {
    Stop::Fault(Fault::new(
        FaultCode::NotFound,
        Place::message(path),
        &[what],
    ))
}

async fn kvittering(hub: &Hub, query: KvitteringQuery) -> Result<Reply, Stop> {
    let owner = kommune(hub, query.myndighed)?;
    let (sender, id) = (query.afsender_system, query.transaktions_id);
    let found = hub.inbox().message(owner, sender, id).await?;
    let stored = found.ok_or_else(|| not_found("TransaktionsID", &id))?;
    Ok(Reply::HentKvittering(receipts::now(&stored)))
}

async fn status(hub: &Hub, query: StatusQuery) -> Result<Reply, Stop> {
    let owner = kommune(hub, query.myndighed)?;
    let mut bilag = Vec::new();
    match query.of {
        StatusOf::Message(id) => {
            let sender = query.afsender_system.ok_or_else(|| {
                let name = "AfsenderSystem";
                Stop::Fault(Fault::new(
                    FaultCode::MissingElement,
                    Place::message(name),
                    &[&name],
                ))
            })?;
            let found = hub.inbox().message(owner, sender, id).await?;
            let stored = found.ok_or_else(|| not_found("TransaktionsID", &id))?;
            bilag.extend(stored.bilag.iter().map(receipts::status));
        }
        StatusOf::Bilag(ids) => {
            for id in ids {
                let found = hub.inbox().bilag(owner, id, query.afsender_system).await?;
                let status = found.as_ref().map(receipts::status);
                bilag.push(status.unwrap_or_else(|| receipts::unknown(id)));
            }
        }
    }
    Ok(Reply::HentStatus(StatusReply {
        transport: TransportKvittering::OK,
        bilag,
    }))
}

/// Receipts brought by the books, perhaps twice, perhaps before the answer to the call
/// that they belong to. What was applied before is a success.
async fn delivered(hub: &Hub, delivery: Delivery) -> Result<Reply, Stop> {
    let owner = kommune(hub, delivery.myndighed)?;
    let mut unknown = Vec::new();
    for receipt in &delivery.bilag {
        let id = receipt.bilag_uuid;
        let Some(standing) = hub.outbox().standing(owner, id, None).await? else {
            let place = Place::message("Bilagskvittering/BilagUUID");
            unknown.push(Fault::new(FaultCode::NotFound, place, &[&id]));
            continue;
        };
        settle::settle(hub, vec![(standing, Outcome::of_receipt(receipt))]).await?;
    }
    let receipt = TransportKvittering::of(&unknown, false);
    Ok(Reply::Aflever(receipt))
}

async fn kontroltotal(hub: &Hub, query: KontroltotalQuery) -> Result<Reply, Stop> {
    let owner = kommune(hub, query.myndighed)?;
    let booked = hub
        .outbox()
        .booked(Some(owner), query.fra, query.til)
        .await?;
    let wanted = |id: &FagsystemId| query.afsender_system.is_none_or(|only| only == *id);
    let totaler =
        booked
            .iter()
            .filter(|((_, system), _)| wanted(system))
            .map(|((_, system), statement)| Systemtotal {
                afsender_system: *system,
                antal: u32::try_from(statement.antal).unwrap_or(u32::MAX),
                debet: statement.debet,
                kredit: statement.kredit,
            });
    Ok(Reply::HentKontroltotal(KontroltotalReply {
        transport: TransportKvittering::OK,
        totaler: totaler.collect(),
    }))
}
