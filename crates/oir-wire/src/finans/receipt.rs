//! Reading an answer: what a sender, and we towards the books, get back.

use oir_domain::fault::{Fault, FaultCode};
use thiserror::Error;

use super::SoapVersion;
use super::message::{Blame, Refusal, Reply};
use super::read::walk::{Child, KVITTERING, OIR, Read, SOAP11, SOAP12, Walk, any, one};
use super::read::{envelope, kvittering as receipts};
use crate::xml::XmlError;

/// An answer that is none of ours. What became of the call is then not known.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplyError {
    /// Not well-formed XML.
    #[error("not well-formed: {0}")]
    Xml(#[from] XmlError),
    /// XML, but not an answer that the contract knows.
    #[error("not an answer of the contract: {0} at '{1}'")]
    Form(FaultCode, Box<str>),
    /// A SOAP fault without our detail, e.g. from a proxy.
    #[error("a SOAP fault without a receipt")]
    BareFault,
}

enum Answer {
    Reply(Reply),
    BareFault,
}

/// Reads an answer in an envelope of either version.
///
/// # Errors
/// [`ReplyError`] when it is not an answer of the contract.
pub fn reply(body: &[u8]) -> Result<Reply, ReplyError> {
    let version = version_of(body);
    let mut walk = Walk::new(body)?;
    let answer = envelope(&mut walk, version, &mut answer)?;
    if let Some(fault) = walk.faults.first() {
        return Err(form_error(fault));
    }
    match answer.flatten() {
        Some(Answer::Reply(reply)) => Ok(reply),
        Some(Answer::BareFault) => Err(ReplyError::BareFault),
        None => Err(ReplyError::Form(FaultCode::NotSoap, "Envelope".into())),
    }
}

fn form_error(fault: &Fault) -> ReplyError {
    ReplyError::Form(fault.code, fault.place.path.clone())
}

/// The version whose namespace stands in the text; the walk then judges it properly.
fn version_of(body: &[u8]) -> SoapVersion {
    let soap12 = memchr::memmem::find(body, super::NS_SOAP12.as_bytes()).is_some();
    if soap12 {
        SoapVersion::V12
    } else {
        SoapVersion::V11
    }
}

fn answer(walk: &mut Walk<'_>) -> Read<Option<Answer>> {
    let (ns, local) = (walk.reader.ns(), walk.reader.local());
    if (ns == SOAP11 || ns == SOAP12) && local == "Fault" {
        return Ok(Some(fault(walk)?.map_or(Answer::BareFault, |refusal| {
            Answer::Reply(Reply::Refused(refusal))
        })));
    }
    if ns != OIR {
        walk.fault(FaultCode::UnknownOperation, &[&local]);
        walk.reader.skip_element()?;
        return Ok(None);
    }
    walk.attributes();
    let reply = match local {
        "ModtagFinansbilagResponse" => receipts::modtag(walk)?.map(Reply::Modtag),
        "HentKvitteringResponse" => receipts::modtag(walk)?.map(Reply::HentKvittering),
        "HentStatusResponse" => receipts::status(walk)?.map(Reply::HentStatus),
        "AfleverForretningskvitteringResponse" => receipts::aflever(walk)?.map(Reply::Aflever),
        "HentKontroltotalResponse" => receipts::kontroltotal(walk)?.map(Reply::HentKontroltotal),
        _ => {
            walk.fault(FaultCode::UnknownOperation, &[&local]);
            walk.reader.skip_element()?;
            None
        }
    };
    Ok(reply.map(Answer::Reply))
}

const DETAIL: [Child; 2] = [
    one(&["TransportKvittering"]).within(KVITTERING),
    any(&["Positionsfejl"]),
];

/// A SOAP fault: who is to blame, and the detail when it is ours.
fn fault(walk: &mut Walk<'_>) -> Read<Option<Refusal>> {
    let (mut blame, mut refusal) = (Blame::Receiver, None);
    while walk.next_child()? {
        match walk.reader.local() {
            "faultcode" => blame = blame_of(walk.text()?.as_deref()),
            "Code" => blame = code12(walk)?,
            "detail" | "Detail" => refusal = detail(walk)?,
            _ => walk.reader.skip_element()?,
        }
    }
    Ok(refusal.map(|refusal| Refusal { blame, ..refusal }))
}

fn blame_of(code: Option<&str>) -> Blame {
    let local = code.and_then(|c| c.trim().rsplit(':').next());
    match local {
        Some("Client" | "Sender" | "VersionMismatch" | "MustUnderstand") => Blame::Sender,
        _ => Blame::Receiver,
    }
}

fn code12(walk: &mut Walk<'_>) -> Read<Blame> {
    let mut blame = Blame::Receiver;
    while walk.next_child()? {
        if walk.reader.local() == "Value" {
            blame = blame_of(walk.text()?.as_deref());
        } else {
            walk.reader.skip_element()?;
        }
    }
    Ok(blame)
}

fn detail(walk: &mut Walk<'_>) -> Read<Option<Refusal>> {
    let (mut receipt, mut fejl) = (None, Vec::new());
    let before = walk.faults.len();
    walk.sequence(&DETAIL, |walk, place, _| {
        if place == 0 {
            receipt = receipts::transport(walk)?;
        } else {
            fejl.extend(receipts::positionsfejl(walk)?);
        }
        Ok(())
    })?;
    // Another's detail makes it a bare fault, not an unreadable answer.
    walk.faults.truncate(before);
    Ok(receipt.map(|transport| Refusal {
        blame: Blame::Receiver,
        transport,
        positionsfejl: fejl,
    }))
}
