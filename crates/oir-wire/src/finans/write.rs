//! Writing calls and answers. One form for each value: the same answer is always the same
//! bytes, which is what makes a repeated receipt comparable.

mod document;

use jiff::Timestamp;
use oir_domain::fault::Severity;
use oir_domain::ids::TransaktionsId;
use oir_domain::omsaetning::Told;
use oir_domain::party::Cvr;

use super::message::{
    Bilagskvittering, Bilagsstatus, Blame, Call, Fejl, Forretningskvittering, KontroltotalReply,
    ModtagReply, Positionsfejl, Refusal, Reply, StatusOf, StatusReply, TransportKode,
    TransportKvittering,
};
use super::{NS, NS_AUTHORITY, NS_HEADER, NS_KVITTERING, SoapVersion};
use crate::xml::Writer;

/// Writes a call under an id. `ModtagFinansbilag` goes under the id that it carries.
#[must_use]
pub fn call(version: SoapVersion, transaktions_id: TransaktionsId, call: &Call) -> Vec<u8> {
    let mut out = begin(version);
    match call {
        Call::Modtag(afsendelse) => {
            request(&mut out, "oir:ModtagFinansbilagRequest");
            header(&mut out, afsendelse.transaktions_id, afsendelse.myndighed);
            document::afsendelse(&mut out, afsendelse);
        }
        Call::HentKvittering(query) => {
            request(&mut out, "oir:HentKvitteringRequest");
            header(&mut out, transaktions_id, query.myndighed);
            out.leaf("oir:AfsenderSystem", &query.afsender_system.to_string());
            out.leaf("oir:TransaktionsID", &query.transaktions_id.to_string());
        }
        Call::HentStatus(query) => {
            request(&mut out, "oir:HentStatusRequest");
            header(&mut out, transaktions_id, query.myndighed);
            opt(&mut out, "oir:AfsenderSystem", query.afsender_system);
            match &query.of {
                StatusOf::Message(id) => out.leaf("oir:TransaktionsID", &id.to_string()),
                StatusOf::Bilag(bilag) => {
                    for id in bilag {
                        out.leaf("oir:BilagUUID", &id.to_string());
                    }
                }
            }
        }
        Call::Aflever(delivery) => {
            request(&mut out, "oir:AfleverForretningskvitteringRequest");
            header(&mut out, transaktions_id, delivery.myndighed);
            for bilag in &delivery.bilag {
                bilagskvittering(&mut out, bilag);
            }
        }
        Call::HentKontroltotal(query) => {
            request(&mut out, "oir:HentKontroltotalRequest");
            header(&mut out, transaktions_id, query.myndighed);
            out.leaf("oir:Fra", &query.fra.to_string());
            out.leaf("oir:Til", &query.til.to_string());
            opt(&mut out, "oir:AfsenderSystem", query.afsender_system);
        }
    }
    out.end();
    finish(out)
}

/// Writes an answer; a refusal becomes a SOAP fault.
#[must_use]
pub fn reply(version: SoapVersion, reply: &Reply) -> Vec<u8> {
    let mut out = begin(version);
    match reply {
        Reply::Modtag(reply) => modtag(&mut out, "oir:ModtagFinansbilagResponse", reply),
        Reply::HentKvittering(reply) => modtag(&mut out, "oir:HentKvitteringResponse", reply),
        Reply::HentStatus(reply) => status(&mut out, reply),
        Reply::Aflever(receipt) => {
            response(&mut out, "oir:AfleverForretningskvitteringResponse");
            transport(&mut out, receipt, &[]);
            out.end();
        }
        Reply::HentKontroltotal(reply) => kontroltotal(&mut out, reply),
        Reply::Refused(refusal) => {
            let said = (refusal.blame, reason(refusal));
            fault(&mut out, version, said, Some(refusal));
        }
    }
    finish(out)
}

pub(crate) fn begin(version: SoapVersion) -> Writer {
    let mut out = Writer::document();
    out.start("soap:Envelope", &[("xmlns:soap", version.namespace())]);
    out.start("soap:Body", &[]);
    out
}

pub(crate) fn finish(mut out: Writer) -> Vec<u8> {
    out.end();
    out.end();
    out.finish()
}

fn request(out: &mut Writer, name: &'static str) {
    let namespaces = [
        ("xmlns:oir", NS),
        ("xmlns:rh", NS_HEADER),
        ("xmlns:ac", NS_AUTHORITY),
        ("xmlns:kv", NS_KVITTERING),
    ];
    out.start(name, &namespaces);
}

fn response(out: &mut Writer, name: &'static str) {
    out.start(name, &[("xmlns:oir", NS), ("xmlns:kv", NS_KVITTERING)]);
}

fn header(out: &mut Writer, id: TransaktionsId, myndighed: Cvr) {
    out.start("rh:RequestHeader", &[]);
    out.leaf("rh:TransactionUUID", &id.to_string());
    out.end();
    out.start("ac:AuthorityContext", &[]);
    out.leaf("ac:MunicipalityCVR", &myndighed.to_string());
    out.end();
}

fn opt<T: ToString>(out: &mut Writer, name: &'static str, value: Option<T>) {
    out.opt_leaf(name, value.map(|v| v.to_string()).as_deref());
}

/// An instant in UTC with six decimals: one form, and the precision that is stored.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn fejlliste(out: &mut Writer, fejl: &[Fejl]) {
    if fejl.is_empty() {
        return;
    }
    out.start("kv:FejlListe", &[]);
    for fejl in fejl {
        out.start("kv:Fejl", &[]);
        out.leaf("kv:FejlKode", &fejl.kode);
        out.leaf("kv:FejlTekst", &fejl.tekst);
        out.end();
    }
    out.end();
}

fn transport(out: &mut Writer, receipt: &TransportKvittering, namespaces: &[(&str, &str)]) {
    out.start("kv:TransportKvittering", namespaces);
    out.leaf("kv:TransportValideringsKode", receipt.kode.word());
    out.opt_leaf("kv:Begrundelse", receipt.begrundelse.as_deref());
    fejlliste(out, &receipt.fejl);
    out.end();
}

fn forretning(out: &mut Writer, receipt: &Forretningskvittering) {
    out.start("kv:Forretningskvittering", &[]);
    out.leaf("kv:ForretningsValideringsKode", receipt.kode.word());
    out.opt_leaf("kv:Begrundelse", receipt.begrundelse.as_deref());
    fejlliste(out, &receipt.fejl);
    out.end();
}

/// Cuts a text to what the schema takes.
fn cut(text: &str, max: usize) -> &str {
    text.char_indices()
        .nth(max)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or(text))
}

fn positionsfejl(out: &mut Writer, fejl: &Positionsfejl, namespaces: &[(&str, &str)]) {
    out.start("oir:Positionsfejl", namespaces);
    opt(out, "oir:Linjenummer", fejl.linjenummer);
    out.leaf("oir:Sti", cut(&fejl.sti, 300));
    out.leaf("oir:FejlKode", cut(&fejl.kode, 40));
    out.leaf("oir:FejlTekst", cut(&fejl.tekst, 1000));
    let remedy = fejl.afhjaelpning.as_deref();
    out.opt_leaf("oir:Afhjaelpning", remedy.map(|text| cut(text, 1000)));
    let alvor = match fejl.alvor {
        Severity::Fault => "FEJL",
        Severity::Warning => "ADVARSEL",
    };
    out.leaf("oir:Alvor", alvor);
    out.end();
}

/// Postings with the accounts that the books found for them.
fn konteret(out: &mut Writer, told: &[Told]) {
    for told in told {
        out.start("oir:Konteret", &[]);
        out.leaf("oir:Linjenummer", &told.linjenummer.to_string());
        document::linjer(out, &told.kontering);
        out.end();
    }
}

fn bilagskvittering(out: &mut Writer, bilag: &Bilagskvittering) {
    out.start("oir:Bilagskvittering", &[]);
    out.leaf("oir:BilagUUID", &bilag.bilag_uuid.to_string());
    out.leaf("oir:BilagID", &bilag.bilag_id);
    forretning(out, &bilag.kvittering);
    opt(out, "oir:ErpBilagsnummer", bilag.erp_bilagsnummer.as_ref());
    for fejl in &bilag.positionsfejl {
        positionsfejl(out, fejl, &[]);
    }
    konteret(out, &bilag.konteret);
    out.end();
}

fn modtag(out: &mut Writer, name: &'static str, reply: &ModtagReply) {
    response(out, name);
    transport(out, &reply.transport, &[]);
    out.leaf("oir:AfsendelseID", &reply.afsendelse_id);
    out.leaf("oir:Modtaget", &instant(reply.modtaget));
    for bilag in &reply.bilag {
        bilagskvittering(out, bilag);
    }
    out.end();
}

fn status(out: &mut Writer, reply: &StatusReply) {
    response(out, "oir:HentStatusResponse");
    transport(out, &reply.transport, &[]);
    for bilag in &reply.bilag {
        bilagsstatus(out, bilag);
    }
    out.end();
}

fn bilagsstatus(out: &mut Writer, bilag: &Bilagsstatus) {
    out.start("oir:Bilagsstatus", &[]);
    out.leaf("oir:BilagUUID", &bilag.bilag_uuid.to_string());
    out.opt_leaf("oir:BilagID", bilag.bilag_id.as_deref());
    out.leaf("oir:Tilstand", bilag.tilstand.word());
    out.leaf("oir:Forsoeg", &bilag.forsoeg.to_string());
    opt(out, "oir:Aendret", bilag.aendret.map(instant));
    if let Some(receipt) = &bilag.kvittering {
        forretning(out, receipt);
    }
    opt(out, "oir:ErpBilagsnummer", bilag.erp_bilagsnummer.as_ref());
    for fejl in &bilag.positionsfejl {
        positionsfejl(out, fejl, &[]);
    }
    konteret(out, &bilag.konteret);
    out.end();
}

fn kontroltotal(out: &mut Writer, reply: &KontroltotalReply) {
    response(out, "oir:HentKontroltotalResponse");
    transport(out, &reply.transport, &[]);
    for total in &reply.totaler {
        out.start("oir:Systemtotal", &[]);
        out.leaf("oir:AfsenderSystem", &total.afsender_system.to_string());
        out.leaf("oir:AntalBilag", &total.antal.to_string());
        out.leaf("oir:DebetBeloeb", &total.debet.to_string());
        out.leaf("oir:KreditBeloeb", &total.kredit.to_string());
        out.end();
    }
    out.end();
}

fn reason(refusal: &Refusal) -> &str {
    debug_assert!(refusal.transport.kode == TransportKode::Fejl);
    let text = refusal.transport.begrundelse.as_deref();
    text.unwrap_or("Afleveringen mislykkedes")
}

fn detail(out: &mut Writer, refusal: &Refusal) {
    transport(out, &refusal.transport, &[("xmlns:kv", NS_KVITTERING)]);
    for fejl in &refusal.positionsfejl {
        positionsfejl(out, fejl, &[("xmlns:oir", NS)]);
    }
}

/// A SOAP fault: whose, why, and of a hand-over what the receipt says.
pub(crate) fn fault(
    out: &mut Writer,
    version: SoapVersion,
    (blame, reason): (Blame, &str),
    refusal: Option<&Refusal>,
) {
    out.start("soap:Fault", &[]);
    let (code, detail_name) = match (version, blame) {
        (SoapVersion::V11, Blame::Sender) => ("soap:Client", "detail"),
        (SoapVersion::V11, Blame::Receiver) => ("soap:Server", "detail"),
        (SoapVersion::V12, Blame::Sender) => ("soap:Sender", "soap:Detail"),
        (SoapVersion::V12, Blame::Receiver) => ("soap:Receiver", "soap:Detail"),
    };
    match version {
        SoapVersion::V11 => {
            out.leaf("faultcode", code);
            out.leaf("faultstring", reason);
        }
        SoapVersion::V12 => {
            out.start("soap:Code", &[]);
            out.leaf("soap:Value", code);
            out.end();
            out.start("soap:Reason", &[]);
            out.start("soap:Text", &[("xml:lang", "da")]);
            out.text(reason);
            out.end();
            out.end();
        }
    }
    if let Some(refusal) = refusal {
        out.start(detail_name, &[]);
        detail(out, refusal);
        out.end();
    }
    out.end();
}
