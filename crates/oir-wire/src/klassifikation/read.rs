//! Reading: calls, change events, files. Every fault of a document at once.

use jiff::Timestamp;
use jiff::civil::DateTime;
use oir_domain::calendar::copenhagen;
use oir_domain::klassifikation::apply::Rettelse;
use oir_domain::klassifikation::{
    AktoerType, Egenskab, Field, Indhold, Kind, Livscyklus, Objekt, PubliceretStatus, Registrering,
    Relation, RelationKind, Soegeord, UnikId, Virkning,
};
use uuid::Uuid;

use super::tree::{Node, TreeFault, Walk, tree};
use super::{Call, Filter, NS_SAGDOK, NS_SYSTEM, Note, Request, Soeg, namespace};
use crate::finans::{NS_HEADER, NS_SOAP11, NS_SOAP12};
use crate::xml::NsId;

const KNOWN: [&str; 8] = [
    NS_SAGDOK,
    namespace(Kind::Klassifikation),
    namespace(Kind::Facet),
    namespace(Kind::Klasse),
    NS_SYSTEM,
    NS_HEADER,
    NS_SOAP11,
    NS_SOAP12,
];
const SAGDOK: NsId = NsId(0);
const SYSTEM: NsId = NsId(4);
const HEADER: NsId = NsId(5);
const SOAP: [NsId; 2] = [NsId(6), NsId(7)];

const fn own(kind: Kind) -> NsId {
    match kind {
        Kind::Klassifikation => NsId(1),
        Kind::Facet => NsId(2),
        Kind::Klasse => NsId(3),
    }
}

/// Reads a call on objects of a kind, in an envelope of either version of SOAP.
///
/// # Errors
/// Every fault of the document.
pub fn call(kind: Kind, body: &[u8]) -> Result<Call, Vec<TreeFault>> {
    let root = tree(body, &KNOWN).map_err(|fault| vec![fault])?;
    let mut walk = Walk::default();
    let mut transaction = None;
    let mut request = None;
    if !SOAP.contains(&root.ns) || &*root.local != "Envelope" {
        walk.fault("dokumentet er ikke en SOAP-kuvert");
    }
    for part in root.children.iter().filter(|part| part.ns == root.ns) {
        match &*part.local {
            "Header" => transaction = found_transaction(part),
            "Body" => {
                if let [only] = &*part.children {
                    request = walk.at(only, |walk| operation(walk, kind, only));
                } else {
                    walk.fault("Body skal have præcis ét element");
                }
            }
            _ => walk.unexpected(part),
        }
    }
    match request {
        Some(request) if walk.faults.is_empty() => Ok(Call {
            transaction,
            request,
        }),
        _ => {
            if walk.faults.is_empty() {
                walk.fault("beskeden har ingen operation");
            }
            Err(walk.faults)
        }
    }
}

fn found_transaction(header: &Node) -> Option<Box<str>> {
    let ours = |node: &&Node| node.ns == HEADER && &*node.local == "RequestHeader";
    let header = header.children.iter().find(ours)?;
    let id = |node: &&Node| node.ns == HEADER && &*node.local == "TransactionUUID";
    let id = header.children.iter().find(id)?.text.trim();
    (1..=100).contains(&id.len()).then(|| id.into())
}

fn operation(walk: &mut Walk, kind: Kind, node: &Node) -> Option<Request> {
    if node.ns != own(kind) {
        walk.fault("operationen har et andet navnerum end tjenesten");
        return None;
    }
    let mut parts = Parts::read(walk, kind, node);
    let id = parts.ids.first().copied();
    let needed = |walk: &mut Walk| {
        if id.is_none() {
            walk.fault("UUIDIdentifikator mangler");
        }
        id
    };
    let indhold = |parts: &mut Parts| Indhold {
        egenskaber: parts.egenskaber.take().unwrap_or_default(),
        tilstande: parts.tilstande.take().unwrap_or_default(),
        relationer: parts.relationer.take().unwrap_or_default(),
    };
    match &*node.local {
        "OpretInput" => Some(Request::Opret(indhold(&mut parts), parts.note)),
        "ImportInput" => {
            let Some(objekt) = parts.objekt else {
                walk.fault(&format!("elementet {} mangler", kind.name()));
                return None;
            };
            let last = objekt.registreringer.into_iter().next_back()?;
            Some(Request::Importer(objekt.id, last.indhold))
        }
        "RetInput" => {
            let rettelse = Rettelse {
                egenskaber: parts.egenskaber.take(),
                tilstande: parts.tilstande.take(),
                relationer: parts.relationer.take(),
            };
            Some(Request::Ret(needed(walk)?, rettelse, parts.note))
        }
        "PassiverInput" => Some(Request::Passiver(needed(walk)?, parts.note)),
        "SletInput" => Some(Request::Slet(needed(walk)?, parts.note)),
        "LaesInput" => Some(Request::Laes(needed(walk)?, parts.filter)),
        "ListInput" => {
            needed(walk)?;
            Some(Request::List(parts.ids, parts.filter))
        }
        "SoegInput" => {
            let asked = indhold(&mut parts);
            let text = |field| {
                let mut texts = asked.egenskaber.iter().filter_map(|e| e.tekst(field));
                texts.next().filter(|text| !text.is_empty()).map(Into::into)
            };
            let facet = asked.related(RelationKind::Facet).next();
            Some(Request::Soeg(Soeg {
                noegle: text(Field::BrugervendtNoegle),
                titel: text(Field::Titel),
                facet: facet.and_then(|one| one.til.as_ref()?.uuid()),
                ..parts.soeg
            }))
        }
        _ => {
            walk.fault("operationen er ikke en af tjenestens");
            None
        }
    }
}

/// What can stand in the requests, whichever stands in which.
#[derive(Default)]
struct Parts {
    ids: Vec<Uuid>,
    note: Note,
    filter: Filter,
    soeg: Soeg,
    objekt: Option<Objekt>,
    egenskaber: Option<Vec<Egenskab>>,
    tilstande: Option<Vec<PubliceretStatus>>,
    relationer: Option<Vec<Relation>>,
}

impl Parts {
    fn read(walk: &mut Walk, kind: Kind, node: &Node) -> Self {
        let mut parts = Self::default();
        for child in &node.children {
            if child.ns == own(kind) {
                parts.own(walk, kind, child);
            } else if child.ns == SAGDOK {
                parts.shared(walk, child);
            } else {
                walk.unexpected(child);
            }
        }
        parts
    }

    fn own(&mut self, walk: &mut Walk, kind: Kind, child: &Node) {
        match &*child.local {
            "AttributListe" => self.egenskaber = Some(attributter(walk, kind, child)),
            "TilstandListe" => self.tilstande = Some(tilstande(walk, kind, child)),
            "RelationListe" => self.relationer = Some(relationer(walk, kind, child)),
            name if name == kind.name() => {
                self.objekt = walk.at(child, |walk| objekt(walk, kind, child));
            }
            _ => walk.unexpected(child),
        }
    }

    fn shared(&mut self, walk: &mut Walk, child: &Node) {
        let count = |text: &str| text.parse::<u32>().ok();
        match &*child.local {
            "UUIDIdentifikator" => self.ids.extend(uuid(walk, child)),
            "NoteTekst" => self.note = bounded(walk, child, 1_024),
            "VirkningFraFilter" => self.filter.virkning.fra = tidspunkt(walk, child),
            "VirkningTilFilter" => self.filter.virkning.til = tidspunkt(walk, child),
            "RegistreringFraFilter" => self.filter.registrering.0 = tidspunkt(walk, child),
            "RegistreringTilFilter" => self.filter.registrering.1 = tidspunkt(walk, child),
            "FoersteResultatReference" => {
                self.soeg.skip = walk.value(child, "et tal fra 0", count).unwrap_or(0);
            }
            "MaksimalAntalKvantitet" => {
                self.soeg.limit = walk.value(child, "et tal fra 0", count);
            }
            "SoegRegistrering" => {
                let code = child
                    .children
                    .iter()
                    .find(|c| &*c.local == "LivscyklusKode");
                self.soeg.livscyklus = code.and_then(|code| livscyklus(walk, code));
            }
            "SoegVirkning" => {}
            _ => walk.unexpected(child),
        }
    }
}

/// Reads a change event of a kind: of which object, what was registered.
///
/// # Errors
/// Every fault of the document.
pub fn besked(kind: Kind, bytes: &[u8]) -> Result<(Uuid, Registrering), Vec<TreeFault>> {
    let root = tree(bytes, &KNOWN).map_err(|fault| vec![fault])?;
    let mut walk = Walk::default();
    let mut read = (None, None);
    if root.ns != own(kind) || &*root.local != "RegistreringBesked" {
        walk.fault("dokumentet er ikke en RegistreringBesked");
    }
    for child in &root.children {
        match &*child.local {
            "UUIDIdentifikator" => read.0 = uuid(&mut walk, child),
            "Registrering" => {
                read.1 = Some(walk.at(child, |walk| registrering(walk, kind, child)));
            }
            _ => walk.unexpected(child),
        }
    }
    match read {
        (Some(id), Some(said)) if walk.faults.is_empty() => Ok((id, said)),
        _ => {
            if walk.faults.is_empty() {
                walk.fault("UUIDIdentifikator eller Registrering mangler");
            }
            Err(walk.faults)
        }
    }
}

/// Reads a file of a whole sortiment: its classification, facets and values, in that order.
///
/// # Errors
/// Every fault of the document.
pub fn system(bytes: &[u8]) -> Result<Vec<Objekt>, Vec<TreeFault>> {
    let root = tree(bytes, &KNOWN).map_err(|fault| vec![fault])?;
    let mut walk = Walk::default();
    let mut objekter = Vec::new();
    if root.ns != SYSTEM || &*root.local != "ImporterKlassifikationSystemInput" {
        walk.fault("dokumentet er ikke et ImporterKlassifikationSystemInput");
    }
    let lists = root.children.iter().flat_map(|child| match &*child.local {
        "FacetterInput" | "KlasserInput" if child.ns == SYSTEM => child.children.iter().collect(),
        _ => vec![child],
    });
    for node in lists {
        match Kind::from_name(&node.local).filter(|kind| node.ns == own(*kind)) {
            Some(kind) => objekter.extend(walk.at(node, |walk| objekt(walk, kind, node))),
            None => walk.unexpected(node),
        }
    }
    if walk.faults.is_empty() {
        Ok(objekter)
    } else {
        Err(walk.faults)
    }
}

fn objekt(walk: &mut Walk, kind: Kind, node: &Node) -> Option<Objekt> {
    let (mut id, mut registreringer) = (None, Vec::new());
    for child in &node.children {
        match &*child.local {
            "UUIDIdentifikator" if child.ns == SAGDOK => id = uuid(walk, child),
            "Registrering" if child.ns == own(kind) => {
                registreringer.push(walk.at(child, |walk| registrering(walk, kind, child)));
            }
            _ => walk.unexpected(child),
        }
    }
    if id.is_none() {
        walk.fault("UUIDIdentifikator mangler");
    }
    if registreringer.is_empty() {
        walk.fault("Registrering mangler");
    }
    Some(Objekt {
        kind,
        id: id?,
        registreringer,
    })
}

fn registrering(walk: &mut Walk, kind: Kind, node: &Node) -> Registrering {
    let mut said = Registrering {
        tidspunkt: Timestamp::UNIX_EPOCH,
        livscyklus: Livscyklus::Opstaaet,
        bruger: None,
        note: None,
        indhold: Indhold::default(),
    };
    for child in &node.children {
        let shared = child.ns == SAGDOK;
        match &*child.local {
            "NoteTekst" if shared => said.note = bounded(walk, child, 1_024),
            "Tidspunkt" if shared => {
                said.tidspunkt = instant(walk, child).unwrap_or(said.tidspunkt);
            }
            "LivscyklusKode" if shared => {
                said.livscyklus = livscyklus(walk, child).unwrap_or(said.livscyklus);
            }
            "BrugerRef" if shared => said.bruger = unik_id(walk, child),
            "AttributListe" if !shared => {
                said.indhold.egenskaber = attributter(walk, kind, child);
            }
            "TilstandListe" if !shared => said.indhold.tilstande = tilstande(walk, kind, child),
            "RelationListe" if !shared => said.indhold.relationer = relationer(walk, kind, child),
            _ => walk.unexpected(child),
        }
    }
    said
}

fn attributter(walk: &mut Walk, kind: Kind, list: &Node) -> Vec<Egenskab> {
    let mut all = Vec::new();
    walk.at(list, |walk| {
        for node in &list.children {
            if node.ns == own(kind) && &*node.local == "Egenskab" {
                all.push(walk.at(node, |walk| egenskab(walk, kind, node)));
            } else {
                walk.unexpected(node);
            }
        }
    });
    all
}

fn egenskab(walk: &mut Walk, kind: Kind, node: &Node) -> Egenskab {
    let mut egenskab = Egenskab::default();
    for child in &node.children {
        let field = Field::from_word(&child.local).filter(|field| kind.fields().contains(field));
        if child.ns == SAGDOK && &*child.local == "Virkning" {
            egenskab.virkning = virkning(walk, child);
        } else if let (SAGDOK, Some(field)) = (child.ns, field) {
            if let Some(tekst) = bounded(walk, child, field.length_max()) {
                egenskab.tekster.push((field, tekst));
            }
        } else if kind == Kind::Klasse && child.ns == own(kind) && &*child.local == "Soegeord" {
            egenskab
                .soegeord
                .push(walk.at(child, |walk| soegeord(walk, child)));
        } else {
            walk.unexpected(child);
        }
    }
    egenskab
}

fn soegeord(walk: &mut Walk, node: &Node) -> Soegeord {
    let mut word = Soegeord::default();
    for child in &node.children {
        match &*child.local {
            "SoegeordIdentifikator" => word.identifikator = bounded(walk, child, 50),
            "BeskrivelseTekst" => word.beskrivelse = bounded(walk, child, 10_000),
            "SoegeordKategoriTekst" => word.kategori = bounded(walk, child, 1_024),
            _ => walk.unexpected(child),
        }
    }
    word
}

fn tilstande(walk: &mut Walk, kind: Kind, list: &Node) -> Vec<PubliceretStatus> {
    let mut all = Vec::new();
    walk.at(list, |walk| {
        for node in &list.children {
            if node.ns != own(kind) || &*node.local != "PubliceretStatus" {
                walk.unexpected(node);
                continue;
            }
            let mut state = PubliceretStatus::default();
            for child in &node.children {
                match &*child.local {
                    "Virkning" => state.virkning = virkning(walk, child),
                    "ErPubliceretIndikator" => {
                        state.er_publiceret = walk.value(child, "true eller false", truth);
                    }
                    _ => walk.unexpected(child),
                }
            }
            all.push(state);
        }
    });
    all
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn relationer(walk: &mut Walk, kind: Kind, list: &Node) -> Vec<Relation> {
    let mut all = Vec::new();
    walk.at(list, |walk| {
        for node in &list.children {
            let relation = RelationKind::from_word(&node.local);
            let relation = relation.filter(|r| kind.relations().contains(r));
            let Some(relation) = relation.filter(|_| node.ns == SAGDOK) else {
                walk.unexpected(node);
                continue;
            };
            let mut one = Relation {
                kind: relation,
                virkning: Virkning::default(),
                til: None,
            };
            walk.at(node, |walk| {
                for child in &node.children {
                    match &*child.local {
                        "Virkning" => one.virkning = virkning(walk, child),
                        "ReferenceID" => one.til = unik_id(walk, child),
                        _ => walk.unexpected(child),
                    }
                }
            });
            all.push(one);
        }
    });
    all
}

fn virkning(walk: &mut Walk, node: &Node) -> Virkning {
    let mut virkning = Virkning::default();
    walk.at(node, |walk| {
        for child in &node.children {
            match &*child.local {
                "FraTidspunkt" => virkning.fra = tidspunkt(walk, child),
                "TilTidspunkt" => virkning.til = tidspunkt(walk, child),
                "AktoerRef" => virkning.aktoer = unik_id(walk, child),
                "AktoerTypeKode" => {
                    let want = "en af modellens aktørtyper";
                    virkning.aktoer_type = walk.value(child, want, AktoerType::from_word);
                }
                "NoteTekst" => virkning.note = bounded(walk, child, 1_024),
                _ => walk.unexpected(child),
            }
        }
    });
    virkning
}

fn unik_id(walk: &mut Walk, node: &Node) -> Option<UnikId> {
    let Some(child) = node.children.first() else {
        walk.at(node, |walk| {
            walk.fault("skal have UUIDIdentifikator eller URNIdentifikator");
        });
        return None;
    };
    match &*child.local {
        "UUIDIdentifikator" => uuid(walk, child).map(UnikId::Uuid),
        "URNIdentifikator" => bounded(walk, child, 255).map(UnikId::Urn),
        _ => {
            walk.unexpected(child);
            None
        }
    }
}

/// None = a limit: since ever, or for ever.
fn tidspunkt(walk: &mut Walk, node: &Node) -> Option<Timestamp> {
    let child = node.children.first()?;
    match &*child.local {
        "TidsstempelDatoTid" => instant(walk, child),
        "GraenseIndikator" => None,
        _ => {
            walk.unexpected(child);
            None
        }
    }
}

fn instant(walk: &mut Walk, node: &Node) -> Option<Timestamp> {
    walk.value(node, "et tidspunkt, fx 2026-12-31T23:00:00Z", |text| {
        let time: Timestamp = match text.parse() {
            Ok(time) => time,
            // Without a zone it is Danish time.
            Err(_) => copenhagen()
                .to_timestamp(text.parse::<DateTime>().ok()?)
                .ok()?,
        };
        Timestamp::from_microsecond(time.as_microsecond()).ok()
    })
}

fn livscyklus(walk: &mut Walk, node: &Node) -> Option<Livscyklus> {
    walk.value(
        node,
        "en af modellens livscykluskoder",
        Livscyklus::from_word,
    )
}

fn uuid(walk: &mut Walk, node: &Node) -> Option<Uuid> {
    walk.value(node, "en UUID", |text| {
        (text.len() == 36).then(|| Uuid::try_parse(text).ok())?
    })
}

/// A text as it stands, white space and all.
fn bounded(walk: &mut Walk, node: &Node, most: usize) -> Option<Box<str>> {
    if let Some(child) = node.children.first() {
        walk.at(node, |walk| walk.unexpected(child));
        return None;
    }
    if node.text.chars().count() > most {
        walk.at(node, |walk| {
            walk.fault(&format!("må højst være {most} tegn"))
        });
        return None;
    }
    Some(node.text.as_str().into())
}
