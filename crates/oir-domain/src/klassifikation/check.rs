//! What an object may say: of itself, and beside the others.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::sortiment::Vaerdi;
use super::{Field, Indhold, Kind, RelationKind, Virkning};

/// Most members of a registration: a value with a hundred legal combinations is a small one.
pub const MEMBERS_MAX: usize = 5_000;

/// Kinds of fault; each has a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KlasseFaultCode {
    /// There is such an object already.
    Exists,
    /// There is none, or it was taken away.
    Unknown,
    /// It is so already.
    AlreadySo,
    /// It would be said before what was said last.
    BeforeTheLast,
    /// A virkning that ends before it begins (what).
    Backwards,
    /// Two members hold at the same time (what).
    Overlap,
    /// A text that is too long (element, limit).
    TooLong,
    /// An object that is never called anything (element).
    NoKey,
    /// A text or relation that such an object does not have (element).
    NotHere,
    /// The same text twice in an Egenskab (element).
    Twice,
    /// More members than are taken (limit).
    TooMany,
    /// A relation that leads back to where it began (relation).
    Cycle,
    /// Its key is another value's on the same days (key, the other's UUID).
    KeyTaken,
    /// A facet that is not known (its name).
    UnknownFacet,
    /// An authority that is not known (its name).
    UnknownOwner,
    /// A value that would move to another facet or owner.
    Moved,
    /// Somebody else's to change.
    NotYours,
    /// Part of an announced set, and begins before its day (the day).
    BeforeItsDay,
}

impl KlasseFaultCode {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exists => "klasse-findes",
            Self::Unknown => "klasse-ukendt",
            Self::AlreadySo => "klasse-allerede-saadan",
            Self::BeforeTheLast => "klasse-foer-den-sidste",
            Self::Backwards => "klasse-virkning-baglaens",
            Self::Overlap => "klasse-virkning-overlap",
            Self::TooLong => "klasse-tekst-for-lang",
            Self::NoKey => "klasse-uden-noegle",
            Self::NotHere => "klasse-hoerer-ikke-til",
            Self::Twice => "klasse-to-gange",
            Self::TooMany => "klasse-for-mange",
            Self::Cycle => "klasse-ring",
            Self::KeyTaken => "klasse-noegle-i-brug",
            Self::UnknownFacet => "klasse-ukendt-facet",
            Self::UnknownOwner => "klasse-ukendt-ejer",
            Self::Moved => "klasse-flyttet",
            Self::NotYours => "klasse-andres",
            Self::BeforeItsDay => "klasse-foer-dagen",
        }
    }
}

/// A fault of an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KlasseFault {
    /// Which.
    pub objekt: Uuid,
    /// What.
    pub code: KlasseFaultCode,
    /// What its text names.
    pub values: Vec<Box<str>>,
}

impl KlasseFault {
    /// A fault with its values.
    #[must_use]
    pub fn new(objekt: Uuid, code: KlasseFaultCode, values: &[&str]) -> Self {
        Self {
            objekt,
            code,
            values: values.iter().map(|value| (*value).into()).collect(),
        }
    }
}

/// Faults of a content by itself.
#[must_use]
pub fn content(kind: Kind, id: Uuid, indhold: &Indhold) -> Vec<KlasseFault> {
    let mut check = Content {
        kind,
        id,
        faults: Vec::new(),
    };
    let members = indhold
        .egenskaber
        .len()
        .saturating_add(indhold.tilstande.len())
        .saturating_add(indhold.relationer.len());
    if members > MEMBERS_MAX {
        let most = MEMBERS_MAX.to_string();
        check.fault(KlasseFaultCode::TooMany, &[&most]);
        return check.faults;
    }
    check.texts(indhold);
    check.times("Egenskab", indhold.egenskaber.iter().map(|e| &e.virkning));
    check.times(
        "PubliceretStatus",
        indhold.tilstande.iter().map(|t| &t.virkning),
    );
    check.relations(indhold);
    check.faults
}

struct Content {
    kind: Kind,
    id: Uuid,
    faults: Vec<KlasseFault>,
}

impl Content {
    fn fault(&mut self, code: KlasseFaultCode, values: &[&str]) {
        self.faults.push(KlasseFault::new(self.id, code, values));
    }

    fn texts(&mut self, indhold: &Indhold) {
        let key = Field::BrugervendtNoegle;
        if indhold.egenskaber.is_empty() {
            self.fault(KlasseFaultCode::NoKey, &[key.word()]);
        }
        for egenskab in &indhold.egenskaber {
            if egenskab
                .tekst(key)
                .is_none_or(|text| text.trim().is_empty())
            {
                self.fault(KlasseFaultCode::NoKey, &[key.word()]);
            }
            let mut seen = HashSet::new();
            for (field, text) in &egenskab.tekster {
                if !self.kind.fields().contains(field) {
                    self.fault(KlasseFaultCode::NotHere, &[field.word()]);
                }
                if !seen.insert(*field) {
                    self.fault(KlasseFaultCode::Twice, &[field.word()]);
                }
                let most = field.length_max();
                if text.chars().count() > most {
                    let values = [field.word(), &most.to_string()];
                    self.fault(KlasseFaultCode::TooLong, &values);
                }
            }
            if self.kind != Kind::Klasse && !egenskab.soegeord.is_empty() {
                self.fault(KlasseFaultCode::NotHere, &["Soegeord"]);
            }
        }
    }

    /// Virkninger of which no two may hold at once.
    fn times<'a>(&mut self, what: &str, times: impl Iterator<Item = &'a Virkning>) {
        let mut times: Vec<&Virkning> = times.collect();
        let backwards = times.iter().filter(|one| !one.is_forward()).count();
        for _ in 0..backwards {
            self.fault(KlasseFaultCode::Backwards, &[what]);
        }
        times.retain(|one| one.is_forward());
        times.sort_by_key(|one| one.fra);
        let clash = |pair: &[&Virkning]| matches!(pair, [a, b] if a.overlaps(b));
        if times.windows(2).any(clash) {
            self.fault(KlasseFaultCode::Overlap, &[what]);
        }
    }

    fn relations(&mut self, indhold: &Indhold) {
        let mut groups: HashMap<_, Vec<&Virkning>> = HashMap::new();
        for relation in &indhold.relationer {
            if !self.kind.relations().contains(&relation.kind) {
                self.fault(KlasseFaultCode::NotHere, &[relation.kind.word()]);
                continue;
            }
            // Of several at a time only the same one twice is a contradiction.
            let target = relation.kind.is_many().then_some(relation.til.as_ref());
            let group = groups.entry((relation.kind, target)).or_default();
            group.push(&relation.virkning);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by(|a, b| a.0.cmp(&b.0));
        for ((kind, _), times) in groups {
            self.times(kind.word(), times.into_iter());
        }
    }
}

/// What is known around the objects that are judged.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// From an object to those that it is below or takes the place of, per relation: all of
    /// them but those of the objects judged.
    pub edges: HashMap<RelationKind, HashMap<Uuid, Vec<Uuid>>>,
    /// Values of the same sortiment under the same keys, those judged left out.
    pub values: Vec<Vaerdi>,
}

/// Faults of new contents beside one another and beside what is there: cycles, and keys that
/// are another value's on the same days. `values` = what the contents come to.
#[must_use]
pub fn beside(
    contents: &[(Uuid, &Indhold)],
    values: &[Vaerdi],
    around: &Surroundings,
) -> Vec<KlasseFault> {
    let mut faults = Vec::new();
    for relation in RelationKind::ALL.into_iter().filter(|r| r.is_acyclic()) {
        let mut edges = around.edges.get(&relation).cloned().unwrap_or_default();
        for (id, indhold) in contents {
            let targets = indhold.related(relation);
            let targets = targets.filter_map(|one| one.til.as_ref()?.uuid());
            edges.insert(*id, targets.collect());
        }
        let around = contents.iter().filter(|(id, _)| comes_back(*id, &edges));
        let code = KlasseFaultCode::Cycle;
        faults.extend(around.map(|(id, _)| KlasseFault::new(*id, code, &[relation.word()])));
    }
    let mut taken: HashMap<_, Vec<&Vaerdi>> = HashMap::new();
    for value in &around.values {
        taken.entry(value.place()).or_default().push(value);
    }
    for value in values {
        let others = taken.entry(value.place()).or_default();
        let mut others_there = others
            .iter()
            .filter(|o| o.objekt != value.objekt && o.validity.overlaps(&value.validity));
        if let Some(other) = others_there.next() {
            let values = [&*value.noegle, &other.objekt.to_string()];
            let code = KlasseFaultCode::KeyTaken;
            faults.push(KlasseFault::new(value.objekt, code, &values));
        }
        others.push(value);
    }
    faults
}

/// Whether following the edges from an object leads back to it.
fn comes_back(start: Uuid, edges: &HashMap<Uuid, Vec<Uuid>>) -> bool {
    let mut seen = HashSet::new();
    let mut ahead: Vec<Uuid> = edges.get(&start).cloned().unwrap_or_default();
    while let Some(next) = ahead.pop() {
        if next == start {
            return true;
        }
        if seen.insert(next) {
            ahead.extend(edges.get(&next).into_iter().flatten());
        }
    }
    false
}
