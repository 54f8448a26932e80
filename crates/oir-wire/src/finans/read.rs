//! Reading a call: the SOAP envelope, then the operation.

mod afsendelse;
pub(crate) mod forms;
pub(crate) mod kvittering;
mod queries;
pub(crate) mod walk;

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::{FagsystemId, TransaktionsId};
use oir_domain::party::Cvr;

use super::SoapVersion;
use super::message::{Call, Unreadable};
use walk::{Child, OIR, Read, SOAP11, SOAP12, Walk, ill_formed};

/// What can be seen of a call even when the rest of it is wrong.
#[derive(Debug, Default)]
struct Seen {
    myndighed: Option<Cvr>,
    afsender_system: Option<FagsystemId>,
    transaktions_id: Option<TransaktionsId>,
    antal_bilag: u32,
}

/// Reads a call in an envelope of that version.
///
/// # Errors
/// [`Unreadable`] with every fault found, when the text is not well-formed XML, not such
/// an envelope, no operation of ours, or not as the schema says.
pub fn call(version: SoapVersion, body: &[u8]) -> Result<Call, Box<Unreadable>> {
    let mut seen = Seen::default();
    let mut walk = Walk::new(body).map_err(|e| ill_formed(&e))?;
    let read = envelope(&mut walk, version, &mut |walk| operation(walk, &mut seen));
    let call = read.map_err(|e| ill_formed(&e))?;
    if let (Some(call), true) = (call.flatten(), walk.faults.is_empty()) {
        return Ok(call);
    }
    if walk.faults.is_empty() {
        let internal = Fault::new(FaultCode::Internal, Place::message("Envelope"), &[]);
        walk.faults.push(internal);
    }
    Err(Box::new(Unreadable {
        faults: walk.faults,
        myndighed: seen.myndighed,
        afsender_system: seen.afsender_system,
        transaktions_id: seen.transaktions_id,
        antal_bilag: seen.antal_bilag,
    }))
}

/// Passes the envelope and hands over the single element of its body, which `inner` must
/// read to its end. None when there was no such element.
pub(crate) fn envelope<'a, T>(
    walk: &mut Walk<'a>,
    version: SoapVersion,
    inner: &mut dyn FnMut(&mut Walk<'a>) -> Read<T>,
) -> Read<Option<T>> {
    walk.reader.next_event()?;
    let soap = match version {
        SoapVersion::V11 => SOAP11,
        SoapVersion::V12 => SOAP12,
    };
    if (walk.reader.ns(), walk.reader.local()) != (soap, "Envelope") {
        let found = format!(
            "{{{}}}{}",
            clipped(walk.reader.namespace(walk.reader.ns())),
            clipped(walk.reader.local())
        );
        walk.fault(FaultCode::NotSoap, &[&found]);
        walk.reader.skip_element()?;
        walk.reader.next_event()?;
        return Ok(None);
    }
    let (mut body_seen, mut result) = (false, None);
    while walk.next_child()? {
        let ours = walk.reader.ns() == soap;
        match walk.reader.local() {
            "Header" if ours && !body_seen => header(walk, version, soap)?,
            "Body" if ours && !body_seen => {
                body_seen = true;
                result = body(walk, inner)?;
            }
            local => {
                let found = clipped(local);
                walk.fault_at(FaultCode::NotSoap, &found, &[&found]);
                walk.reader.skip_element()?;
            }
        }
    }
    if !body_seen {
        walk.fault(FaultCode::NotSoap, &[&"Envelope uden Body"]);
    }
    walk.reader.next_event()?;
    Ok(result)
}

fn clipped(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Headers are passed over, unless one must be understood by us.
fn header(walk: &mut Walk<'_>, version: SoapVersion, soap: crate::xml::NsId) -> Read<()> {
    while walk.next_child()? {
        let value = |local: &str| {
            let own = |a: &&crate::xml::Attribute<'_>| a.ns == soap && a.local == local;
            let found = walk.reader.attributes().iter().find(own);
            found.map(|a| a.value.trim().to_owned())
        };
        let must = matches!(value("mustUnderstand").as_deref(), Some("1" | "true"));
        let role = match version {
            SoapVersion::V11 => value("actor"),
            SoapVersion::V12 => value("role"),
        };
        let ours = role.is_none_or(|role| {
            role.is_empty() || role.ends_with("/next") || role.ends_with("/ultimateReceiver")
        });
        if must && ours {
            let name = clipped(walk.reader.local());
            walk.fault_at(FaultCode::NotUnderstood, &name, &[&name]);
        }
        walk.reader.skip_element()?;
    }
    Ok(())
}

fn body<'a, T>(
    walk: &mut Walk<'a>,
    inner: &mut dyn FnMut(&mut Walk<'a>) -> Read<T>,
) -> Read<Option<T>> {
    let mut result = None;
    while walk.next_child()? {
        if result.is_none() {
            result = Some(inner(walk)?);
        } else {
            let found = clipped(walk.reader.local());
            walk.fault_at(FaultCode::UnexpectedElement, &found, &[&found, &"Body"]);
            walk.reader.skip_element()?;
        }
    }
    if result.is_none() {
        walk.fault(FaultCode::UnknownOperation, &[&"Body uden indhold"]);
    }
    Ok(result)
}

/// The operations' request elements.
const OPERATIONS: [&str; 5] = [
    "ModtagFinansbilagRequest",
    "HentKvitteringRequest",
    "HentStatusRequest",
    "AfleverForretningskvitteringRequest",
    "HentKontroltotalRequest",
];

/// What stands in an element of a request, in its order; nothing in one that holds text.
/// The JSON form is written as XML by this table and then read as XML.
pub(crate) fn children_of(element: &str) -> &'static [Child] {
    match element {
        "ModtagFinansbilagRequest" => &afsendelse::REQUEST,
        "HentKvitteringRequest" => &queries::KVITTERING,
        "HentStatusRequest" => &queries::STATUS,
        "AfleverForretningskvitteringRequest" => &queries::DELIVERY,
        "HentKontroltotalRequest" => &queries::KONTROLTOTAL,
        "RequestHeader" => &afsendelse::REQUEST_HEADER,
        "AuthorityContext" => &afsendelse::AUTHORITY_CONTEXT,
        "Afsendelse" => &afsendelse::AFSENDELSE,
        "Kontroltotal" => &afsendelse::KONTROLTOTAL,
        "Finansbilag" => &afsendelse::FINANSBILAG,
        "Finanspostering" => &afsendelse::FINANSPOSTERING,
        "Konteringslinje" => &afsendelse::KONTERINGSLINJE,
        "Sortimentsvaerdi" => &afsendelse::SORTIMENTSVAERDI,
        "Periode" => &afsendelse::PERIODE,
        "Part" => &afsendelse::PART,
        "Sag" => &afsendelse::SAG,
        "Bilagskvittering" => &kvittering::BILAGSKVITTERING,
        "Forretningskvittering" => &kvittering::FORRETNING,
        "FejlListe" => &kvittering::FEJLLISTE,
        "Fejl" => &kvittering::FEJL,
        "Positionsfejl" => &kvittering::POSITIONSFEJL,
        "Konteret" => &kvittering::KONTERET,
        _ => &[],
    }
}

fn operation(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let (ns, local) = (walk.reader.ns(), walk.reader.local());
    if ns != OIR || !OPERATIONS.contains(&local) {
        let (address, name) = (clipped(walk.reader.namespace(ns)), clipped(local));
        if OPERATIONS.contains(&local) {
            let values: [&dyn std::fmt::Display; 2] = [&address, &super::NS];
            walk.fault_at(FaultCode::WrongNamespace, &name, &values);
        } else {
            walk.fault_at(FaultCode::UnknownOperation, &name, &[&name]);
        }
        walk.reader.skip_element()?;
        return Ok(None);
    }
    walk.attributes();
    match local {
        "ModtagFinansbilagRequest" => afsendelse::request(walk, seen),
        "HentKvitteringRequest" => queries::kvittering(walk, seen),
        "HentStatusRequest" => queries::status(walk, seen),
        "AfleverForretningskvitteringRequest" => queries::delivery(walk, seen),
        _ => queries::kontroltotal(walk, seen),
    }
}
