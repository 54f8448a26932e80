//! The same contract as JSON: the same tree under the same names, judged by the same reader.
//!
//! A request is written as XML and then read as XML, so that there is one judge and one
//! list of places: `Afsendelse/Finansbilag[1]/Beloeb` means the same in both forms. Answers
//! are the XML's elements as objects, what may stand many times as an array.

mod stated;
mod tree;

pub use stated::{StatedTotal, stated_total};

use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place, Severity};
use oir_domain::omsaetning::{Kontering, Konteringslinje, Told};
use serde_json::{Map, Value, json};

use super::SoapVersion;
use super::message::{
    Bilagskvittering, Bilagsstatus, Call, Fejl, ForretningsKode, KontroltotalReply, ModtagReply,
    Positionsfejl, Refusal, Reply, StatusReply, TransportKvittering, Unreadable,
};
use super::read;
use super::write::instant;
use crate::danish;

/// The operations, by the name of their request's element without `Request`.
pub const OPERATIONS: [&str; 5] = [
    "ModtagFinansbilag",
    "HentKvittering",
    "HentStatus",
    "AfleverForretningskvittering",
    "HentKontroltotal",
];

/// Reads the request of an operation.
///
/// # Errors
/// [`Unreadable`] with every fault found: not JSON, names that are not the contract's,
/// values of the wrong kind, and whatever the XML reader finds.
pub fn call(operation: &str, body: &[u8]) -> Result<Call, Box<Unreadable>> {
    let node = tree::read(body).map_err(|refused| Box::new(Unreadable::only(no_tree(&refused))))?;
    let mut faults = Vec::new();
    let text = tree::envelope(operation, &node, &mut faults);
    match read::call(SoapVersion::V11, &text) {
        Ok(call) if faults.is_empty() => Ok(call),
        Ok(call) => {
            let mut unreadable =
                Unreadable::only(Fault::new(FaultCode::Internal, Place::message("Body"), &[]));
            if let Call::Modtag(afsendelse) = call {
                unreadable.myndighed = Some(afsendelse.myndighed);
                unreadable.afsender_system = Some(afsendelse.afsender_system);
                unreadable.transaktions_id = Some(afsendelse.transaktions_id);
                unreadable.antal_bilag = u32::try_from(afsendelse.bilag.len()).unwrap_or(u32::MAX);
            }
            unreadable.faults = faults;
            Err(Box::new(unreadable))
        }
        Err(mut unreadable) => {
            // What could not be written is missing there: one fault is enough.
            let ours: Vec<_> = faults.iter().map(|f| f.place.path.clone()).collect();
            let told = |path: &str| {
                let below = |our: &&str| {
                    path.strip_prefix(*our)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
                };
                ours.iter().map(|our| &**our).any(|our| below(&our))
            };
            let theirs = std::mem::take(&mut unreadable.faults);
            faults.extend(theirs.into_iter().filter(|f| !told(&f.place.path)));
            faults.truncate(FAULTS_MAX);
            unreadable.faults = faults;
            Err(unreadable)
        }
    }
}

fn no_tree(refused: &tree::Refused) -> Fault {
    match refused {
        tree::Refused::Json(error) => {
            let place = format!("linje {}, kolonne {}", error.line(), error.column());
            let reason = "teksten er ikke gyldig JSON";
            Fault::new(FaultCode::NotWellFormed, Place::message(&place), &[&reason])
        }
        tree::Refused::Limit => {
            let limit = format!(
                "højst {} værdier, og færre i en kort besked",
                tree::NODES_MAX
            );
            Fault::new(FaultCode::TooComplex, Place::message("JSON"), &[&limit])
        }
    }
}

/// Writes an answer; a refusal as a problem document (RFC 9457) without its status.
#[must_use]
pub fn reply(reply: &Reply) -> Value {
    match reply {
        Reply::Modtag(reply) | Reply::HentKvittering(reply) => modtag(reply),
        Reply::HentStatus(reply) => status(reply),
        Reply::Aflever(receipt) => json!({ "TransportKvittering": transport(receipt) }),
        Reply::HentKontroltotal(reply) => kontroltotal(reply),
        Reply::Refused(refusal) => problem(refusal),
    }
}

/// What is wrong, in a form that ordinary HTTP clients know.
#[must_use]
pub fn problem(refusal: &Refusal) -> Value {
    let code = refusal.code().unwrap_or(FaultCode::Internal);
    let detail = refusal.transport.begrundelse.as_deref().unwrap_or("");
    json!({
        "type": format!("urn:oir:fejl:{code}"),
        "title": danish::title(code),
        "detail": detail,
        "TransportKvittering": transport(&refusal.transport),
        "Positionsfejl": list(&refusal.positionsfejl, positionsfejl),
    })
}

fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    Value::Array(items.iter().map(one).collect())
}

/// Puts a value into an object when there is one.
fn put(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(name.to_owned(), value.into());
    }
}

fn receipt(code: (&str, &str), begrundelse: Option<&str>, fejl: &[Fejl]) -> Value {
    let mut object = Value::Object(Map::from_iter([(code.0.to_owned(), code.1.into())]));
    put(&mut object, "Begrundelse", begrundelse);
    let one = |f: &Fejl| json!({ "FejlKode": f.kode, "FejlTekst": f.tekst });
    let fejl = (!fejl.is_empty()).then(|| json!({ "Fejl": list(fejl, one) }));
    put(&mut object, "FejlListe", fejl);
    object
}

fn transport(of: &TransportKvittering) -> Value {
    let code = ("TransportValideringsKode", of.kode.word());
    receipt(code, of.begrundelse.as_deref(), &of.fejl)
}

fn forretning(kode: ForretningsKode, begrundelse: Option<&str>, fejl: &[Fejl]) -> Value {
    let code = ("ForretningsValideringsKode", kode.word());
    receipt(code, begrundelse, fejl)
}

/// A fault with its place, as in receipts.
#[must_use]
pub fn positionsfejl(fejl: &Positionsfejl) -> Value {
    let alvor = match fejl.alvor {
        Severity::Fault => "FEJL",
        Severity::Warning => "ADVARSEL",
    };
    let mut object = json!({
        "Sti": fejl.sti,
        "FejlKode": fejl.kode,
        "FejlTekst": fejl.tekst,
        "Alvor": alvor,
    });
    put(&mut object, "Linjenummer", fejl.linjenummer);
    put(&mut object, "Afhjaelpning", fejl.afhjaelpning.as_deref());
    object
}

fn modtag(reply: &ModtagReply) -> Value {
    json!({
        "TransportKvittering": transport(&reply.transport),
        "AfsendelseID": reply.afsendelse_id,
        "Modtaget": instant(reply.modtaget),
        "Bilagskvittering": list(&reply.bilag, bilagskvittering),
    })
}

fn bilagskvittering(bilag: &Bilagskvittering) -> Value {
    let of = &bilag.kvittering;
    let mut object = json!({
        "BilagUUID": bilag.bilag_uuid.to_string(),
        "BilagID": bilag.bilag_id,
        "Forretningskvittering": forretning(of.kode, of.begrundelse.as_deref(), &of.fejl),
        "Positionsfejl": list(&bilag.positionsfejl, positionsfejl),
    });
    let number = bilag.erp_bilagsnummer.as_ref();
    put(
        &mut object,
        "ErpBilagsnummer",
        number.map(ToString::to_string),
    );
    put(&mut object, "Konteret", konteret(&bilag.konteret));
    object
}

/// Accounts that books found by themselves; nothing when they did not.
fn konteret(told: &[Told]) -> Option<Value> {
    let one = |told: &Told| {
        json!({
            "Linjenummer": told.linjenummer,
            "Konteringslinje": konteringslinjer(&told.kontering),
        })
    };
    (!told.is_empty()).then(|| list(told, one))
}

/// The accounts of a posting, each with its part of the amount.
#[must_use]
pub fn konteringslinjer(kontering: &Kontering) -> Value {
    let one = |line: &Konteringslinje| json!({ "Konto": line.konto, "Beloeb": line.beloeb.get() });
    list(kontering.lines(), one)
}

fn status(reply: &StatusReply) -> Value {
    json!({
        "TransportKvittering": transport(&reply.transport),
        "Bilagsstatus": list(&reply.bilag, bilagsstatus),
    })
}

fn bilagsstatus(bilag: &Bilagsstatus) -> Value {
    let mut object = json!({
        "BilagUUID": bilag.bilag_uuid.to_string(),
        "Tilstand": bilag.tilstand.word(),
        "Forsoeg": bilag.forsoeg,
        "Positionsfejl": list(&bilag.positionsfejl, positionsfejl),
    });
    put(&mut object, "BilagID", bilag.bilag_id.as_deref());
    put(&mut object, "Aendret", bilag.aendret.map(instant));
    let receipt = bilag.kvittering.as_ref();
    let receipt = receipt.map(|of| forretning(of.kode, of.begrundelse.as_deref(), &of.fejl));
    put(&mut object, "Forretningskvittering", receipt);
    let number = bilag.erp_bilagsnummer.as_ref();
    put(
        &mut object,
        "ErpBilagsnummer",
        number.map(ToString::to_string),
    );
    put(&mut object, "Konteret", konteret(&bilag.konteret));
    object
}

fn kontroltotal(reply: &KontroltotalReply) -> Value {
    let one = |total: &super::message::Systemtotal| {
        json!({
            "AfsenderSystem": total.afsender_system.to_string(),
            "AntalBilag": total.antal,
            "DebetBeloeb": total.debet.get(),
            "KreditBeloeb": total.kredit.get(),
        })
    };
    json!({
        "TransportKvittering": transport(&reply.transport),
        "Systemtotal": list(&reply.totaler, one),
    })
}

#[cfg(test)]
mod tests;
