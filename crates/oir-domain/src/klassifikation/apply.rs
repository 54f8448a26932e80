//! The operations: what each makes of an object, or why it does not.

use jiff::Timestamp;
use uuid::Uuid;

use super::check::{KlasseFault, KlasseFaultCode, content};
use super::{Egenskab, Indhold, Kind, Livscyklus, PubliceretStatus, Registrering};
use super::{Relation, UnikId};

/// Who says it, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Option<UnikId>,
    /// Why.
    pub note: Option<Box<str>>,
}

/// The lists that *ret* replaces; one that is none stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rettelse {
    /// AttributListe.
    pub egenskaber: Option<Vec<Egenskab>>,
    /// TilstandListe.
    pub tilstande: Option<Vec<PubliceretStatus>>,
    /// RelationListe.
    pub relationer: Option<Vec<Relation>>,
}

/// One operation that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A new object.
    Opret(Indhold),
    /// An object from another system, or what it says now.
    Importer(Indhold),
    /// A change.
    Ret(Rettelse),
    /// Out of use.
    Passiver,
    /// Away.
    Slet,
}

/// The registration that follows, on an object as it stands (`before`, none = there is none).
///
/// # Errors
/// Everything that is wrong with the operation or its content, at once.
pub fn apply(
    kind: Kind,
    id: Uuid,
    before: Option<&Registrering>,
    operation: Operation,
    said: Said,
) -> Result<Registrering, Vec<KlasseFault>> {
    let refuse = |code| Err(vec![KlasseFault::new(id, code, &[])]);
    let gone = before.is_some_and(|b| b.livscyklus == Livscyklus::Slettet);
    let standing = before.filter(|_| !gone);
    let (livscyklus, indhold) = match operation {
        Operation::Opret(indhold) if before.is_none() => (Livscyklus::Opstaaet, indhold),
        Operation::Opret(_) => return refuse(KlasseFaultCode::Exists),
        Operation::Importer(indhold) => (Livscyklus::Importeret, indhold),
        Operation::Ret(rettelse) => {
            let Some(before) = standing else {
                return refuse(KlasseFaultCode::Unknown);
            };
            // What was out of use is in use again.
            let stands = match before.livscyklus {
                Livscyklus::Importeret => Livscyklus::Importeret,
                _ => Livscyklus::Opstaaet,
            };
            (stands, corrected(&before.indhold, rettelse))
        }
        Operation::Passiver | Operation::Slet => {
            let Some(before) = standing else {
                return refuse(KlasseFaultCode::Unknown);
            };
            let code = match operation {
                Operation::Slet => Livscyklus::Slettet,
                _ => Livscyklus::Passiveret,
            };
            if before.livscyklus == code {
                return refuse(KlasseFaultCode::AlreadySo);
            }
            (code, before.indhold.clone())
        }
    };
    if before.is_some_and(|before| said.at <= before.tidspunkt) {
        return refuse(KlasseFaultCode::BeforeTheLast);
    }
    let ordered = ordered(kind, indhold);
    let faults = content(kind, id, &ordered);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Registrering {
        tidspunkt: said.at,
        livscyklus,
        bruger: said.by,
        note: said.note,
        indhold: ordered,
    })
}

fn corrected(before: &Indhold, rettelse: Rettelse) -> Indhold {
    Indhold {
        egenskaber: rettelse
            .egenskaber
            .unwrap_or_else(|| before.egenskaber.clone()),
        tilstande: rettelse
            .tilstande
            .unwrap_or_else(|| before.tilstande.clone()),
        relationer: rettelse
            .relationer
            .unwrap_or_else(|| before.relationer.clone()),
    }
}

/// Texts and relations in the schema's order, whatever order they were handed in.
fn ordered(kind: Kind, mut indhold: Indhold) -> Indhold {
    for egenskab in &mut indhold.egenskaber {
        let place = |field| kind.fields().iter().position(|own| *own == field);
        egenskab.tekster.sort_by_key(|(field, _)| place(*field));
    }
    let place = |relation| kind.relations().iter().position(|own| *own == relation);
    indhold.relationer.sort_by_key(|one| place(one.kind));
    indhold
}
