//! Writing: answers, change events, files. One form for each value, so that the same
//! registration is always the same bytes. What all kinds share stands in the default
//! namespace, what is the kind's own behind `k:`.

use jiff::Timestamp;
use oir_domain::klassifikation::{
    Egenskab, Indhold, Kind, Objekt, PubliceretStatus, Registrering, Relation, UnikId, Virkning,
};
use uuid::Uuid;

use super::{NS_SAGDOK, NS_SYSTEM, Status, namespace};
use crate::finans::message::Blame;
use crate::finans::write::{self, instant};
use crate::finans::{NS_HEADER, SoapVersion};
use crate::xml::Writer;

/// What an answer says besides its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Plain,
    /// The id of what was made.
    Made(Uuid),
    /// Objects as they were asked for.
    Seen(Vec<Objekt>),
    /// Ids of what was found.
    Found(Vec<Uuid>),
}

/// Writes the answer to a call; `output` = [`super::Request::output`].
#[must_use]
pub fn reply(
    (version, kind): (SoapVersion, Kind),
    transaction: Option<&str>,
    output: &'static str,
    (status, text): (Status, &str),
    answer: &Answer,
) -> Vec<u8> {
    let mut out = Writer::document();
    out.start("soap:Envelope", &[("xmlns:soap", version.namespace())]);
    if let Some(id) = transaction {
        out.start("soap:Header", &[]);
        out.start("rh:RequestHeader", &[("xmlns:rh", NS_HEADER)]);
        out.leaf("rh:TransactionUUID", id);
        out.end();
        out.end();
    }
    out.start("soap:Body", &[]);
    out.start(output, &spaces(kind));
    out.start("StandardRetur", &[]);
    out.leaf("StatusKode", &status.code().to_string());
    out.leaf("FejlbeskedTekst", text);
    out.end();
    match answer {
        Answer::Plain => {}
        Answer::Made(id) => out.leaf("UUIDIdentifikator", &id.to_string()),
        Answer::Seen(objekter) => {
            for objekt in objekter {
                out.start("k:FiltreretOejebliksbillede", &[]);
                out.start("k:ObjektType", &[]);
                out.leaf("UUIDIdentifikator", &objekt.id.to_string());
                out.end();
                for said in &objekt.registreringer {
                    registrering(&mut out, said);
                }
                out.end();
            }
        }
        Answer::Found(ids) => {
            out.start("IdListe", &[]);
            for id in ids {
                out.leaf("UUIDIdentifikator", &id.to_string());
            }
            out.end();
        }
    }
    out.end();
    out.end();
    out.end();
    out.finish()
}

/// Writes a SOAP fault: of what could not be taken as a call at all.
#[must_use]
pub fn fault(version: SoapVersion, text: &str) -> Vec<u8> {
    let mut out = write::begin(version);
    write::fault(&mut out, version, (Blame::Sender, text), None);
    write::finish(out)
}

/// Writes a change event.
#[must_use]
pub fn besked(kind: Kind, id: Uuid, said: &Registrering) -> Vec<u8> {
    let mut out = Writer::document();
    out.start("k:RegistreringBesked", &spaces(kind));
    out.leaf("UUIDIdentifikator", &id.to_string());
    registrering(&mut out, said);
    out.end();
    out.finish()
}

/// Writes an object with its registrations.
#[must_use]
pub fn objekt(objekt: &Objekt) -> Vec<u8> {
    let mut out = Writer::document();
    whole(&mut out, objekt);
    out.finish()
}

/// Writes a file of a whole sortiment: its classification, facets and values.
#[must_use]
pub fn system(objekter: &[Objekt]) -> Vec<u8> {
    let mut out = Writer::document();
    out.start(
        "s:ImporterKlassifikationSystemInput",
        &[("xmlns:s", NS_SYSTEM)],
    );
    let of = |kind: Kind| objekter.iter().filter(move |one| one.kind == kind);
    for one in of(Kind::Klassifikation) {
        whole(&mut out, one);
    }
    for (name, kind) in [
        ("s:FacetterInput", Kind::Facet),
        ("s:KlasserInput", Kind::Klasse),
    ] {
        out.start(name, &[]);
        for one in of(kind) {
            whole(&mut out, one);
        }
        out.end();
    }
    out.end();
    out.finish()
}

fn whole(out: &mut Writer, objekt: &Objekt) {
    let name = match objekt.kind {
        Kind::Klassifikation => "k:Klassifikation",
        Kind::Facet => "k:Facet",
        Kind::Klasse => "k:Klasse",
    };
    out.start(name, &spaces(objekt.kind));
    out.leaf("UUIDIdentifikator", &objekt.id.to_string());
    for said in &objekt.registreringer {
        registrering(out, said);
    }
    out.end();
}

const fn spaces(kind: Kind) -> [(&'static str, &'static str); 2] {
    [("xmlns", NS_SAGDOK), ("xmlns:k", namespace(kind))]
}

fn registrering(out: &mut Writer, said: &Registrering) {
    out.start("k:Registrering", &[]);
    out.opt_leaf("NoteTekst", said.note.as_deref());
    out.leaf("Tidspunkt", &instant(said.tidspunkt));
    out.leaf("LivscyklusKode", said.livscyklus.word());
    if let Some(bruger) = &said.bruger {
        unik_id(out, "BrugerRef", bruger);
    }
    indhold(out, &said.indhold);
    out.end();
}

fn indhold(out: &mut Writer, indhold: &Indhold) {
    out.start("k:AttributListe", &[]);
    for one in &indhold.egenskaber {
        egenskab(out, one);
    }
    out.end();
    out.start("k:TilstandListe", &[]);
    for one in &indhold.tilstande {
        tilstand(out, one);
    }
    out.end();
    out.start("k:RelationListe", &[]);
    for one in &indhold.relationer {
        relation(out, one);
    }
    out.end();
}

fn egenskab(out: &mut Writer, egenskab: &Egenskab) {
    out.start("k:Egenskab", &[]);
    virkning(out, &egenskab.virkning);
    for (field, tekst) in &egenskab.tekster {
        out.leaf(field.word(), tekst);
    }
    for word in &egenskab.soegeord {
        out.start("k:Soegeord", &[]);
        out.opt_leaf("SoegeordIdentifikator", word.identifikator.as_deref());
        out.opt_leaf("BeskrivelseTekst", word.beskrivelse.as_deref());
        out.opt_leaf("SoegeordKategoriTekst", word.kategori.as_deref());
        out.end();
    }
    out.end();
}

fn tilstand(out: &mut Writer, state: &PubliceretStatus) {
    out.start("k:PubliceretStatus", &[]);
    virkning(out, &state.virkning);
    let said = state
        .er_publiceret
        .map(|yes| if yes { "true" } else { "false" });
    out.opt_leaf("ErPubliceretIndikator", said);
    out.end();
}

fn relation(out: &mut Writer, relation: &Relation) {
    out.start(relation.kind.word(), &[]);
    virkning(out, &relation.virkning);
    if let Some(til) = &relation.til {
        unik_id(out, "ReferenceID", til);
    }
    out.end();
}

fn virkning(out: &mut Writer, virkning: &Virkning) {
    out.start("Virkning", &[]);
    tidspunkt(out, "FraTidspunkt", virkning.fra);
    tidspunkt(out, "TilTidspunkt", virkning.til);
    if let Some(aktoer) = &virkning.aktoer {
        unik_id(out, "AktoerRef", aktoer);
    }
    out.opt_leaf("AktoerTypeKode", virkning.aktoer_type.map(|t| t.word()));
    out.opt_leaf("NoteTekst", virkning.note.as_deref());
    out.end();
}

fn tidspunkt(out: &mut Writer, name: &'static str, time: Option<Timestamp>) {
    out.start(name, &[]);
    match time {
        Some(time) => out.leaf("TidsstempelDatoTid", &instant(time)),
        None => out.leaf("GraenseIndikator", "true"),
    }
    out.end();
}

fn unik_id(out: &mut Writer, name: &'static str, id: &UnikId) {
    out.start(name, &[]);
    match id {
        UnikId::Uuid(uuid) => out.leaf("UUIDIdentifikator", &uuid.to_string()),
        UnikId::Urn(urn) => out.leaf("URNIdentifikator", urn),
    }
    out.end();
}
