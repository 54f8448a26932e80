//! The sortiment as a projection of the classification: which value a fagsystem may send for
//! whom on which days; and the register's plain rows as objects.
//!
//! A Facet is in the sortiment of the fagsystem that owns it (Ejer). A Klasse is national,
//! or, when an authority owns it, that municipality's own: a *delsortiment*. It may be sent on
//! the days on which it is both called something and published. A day is inside when its
//! first instant is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::{
    Egenskab, Field, Indhold, Livscyklus, PubliceretStatus, Registrering, Relation, RelationKind,
    UnikId, Virkning,
};
use crate::calendar::{Validity, day_of};
use crate::ids::FagsystemId;
use crate::party::{Cvr, Kommunekode};
use crate::register::Sortimentspost;

/// Days before this one are "since ever" in a validity, which has no open beginning.
pub const FIRST_DAY: Date = Date::constant(1900, 1, 1);

/// A dimension of a fagsystem's sortiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// The Facet's UUID.
    pub facet: Uuid,
    /// Whose sortiment.
    pub fagsystem: FagsystemId,
    /// Its key: what a posting names.
    pub noegle: Box<str>,
    /// Its human name.
    pub titel: Box<str>,
}

/// A value on the days on which it has one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vaerdi {
    /// The Klasse's UUID.
    pub objekt: Uuid,
    /// The dimension.
    pub facet: Uuid,
    /// Whose own; none = national.
    pub kommune: Option<Kommunekode>,
    /// What a posting names.
    pub noegle: Box<str>,
    /// Its human name; the key where it has none.
    pub titel: Box<str>,
    /// When.
    pub validity: Validity,
}

impl Vaerdi {
    /// Where no other value may have the same key on the same days.
    #[must_use]
    pub fn place(&self) -> (Uuid, Option<Kommunekode>, &str) {
        (self.facet, self.kommune, &self.noegle)
    }
}

/// The dimension that a Facet is now; none = of no fagsystem's sortiment.
#[must_use]
pub fn dimension(id: Uuid, registrering: &Registrering) -> Option<Dimension> {
    if registrering.livscyklus == Livscyklus::Slettet {
        return None;
    }
    let indhold = &registrering.indhold;
    let owner = indhold.related(RelationKind::Ejer).last()?.til.as_ref()?;
    // A dimension has one name; what it was called before is in its registrations.
    let egenskab = indhold.egenskaber.iter().max_by_key(|e| e.virkning.fra)?;
    let noegle = egenskab.tekst(Field::BrugervendtNoegle)?;
    Some(Dimension {
        facet: id,
        fagsystem: FagsystemId::from_uuid(owner.uuid()?),
        noegle: noegle.into(),
        titel: egenskab.tekst(Field::Titel).unwrap_or(noegle).into(),
    })
}

/// Who owns a Klasse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The fagsystem, or nobody in particular.
    National,
    /// An authority.
    Myndighed(Cvr),
    /// A municipality that the register knows no CVR of.
    Kommune(Kommunekode),
}

/// How a municipality without a CVR is named as an actor: ours.
const KOMMUNE_URN: &str = "urn:oir:kommunekode:";

/// The name of a municipality as an owner.
#[must_use]
pub fn owner_id(kommune: Kommunekode, cvr: Option<Cvr>) -> UnikId {
    let without = || UnikId::Urn(format!("{KOMMUNE_URN}{kommune}").into());
    cvr.map_or_else(without, UnikId::of_cvr)
}

/// Whose a content says that it is.
#[must_use]
pub fn owner(indhold: &Indhold) -> Owner {
    let said = indhold.related(RelationKind::Ejer).last();
    let said = said.and_then(|one| one.til.as_ref());
    if let Some(cvr) = said.and_then(UnikId::cvr) {
        return Owner::Myndighed(cvr);
    }
    let Some(UnikId::Urn(urn)) = said else {
        return Owner::National;
    };
    let code = urn.strip_prefix(KOMMUNE_URN);
    let code = code.and_then(|code| code.parse().ok());
    code.map_or(Owner::National, |code| Owner::Kommune(Kommunekode(code)))
}

/// The facet that a content says that it is in.
#[must_use]
pub fn facet_of(indhold: &Indhold) -> Option<Uuid> {
    let said = indhold.related(RelationKind::Facet).last()?;
    said.til.as_ref()?.uuid()
}

/// What a Klasse comes to, in order of its days: nothing when it is in no facet, unpublished
/// or gone. One taken out of use ends on the day before.
#[must_use]
pub fn values(
    id: Uuid,
    registrering: &Registrering,
    kommune: Option<Kommunekode>,
    zone: &TimeZone,
) -> Vec<Vaerdi> {
    let indhold = &registrering.indhold;
    let Some(facet) = facet_of(indhold) else {
        return Vec::new();
    };
    let cut = match registrering.livscyklus {
        Livscyklus::Slettet => return Vec::new(),
        Livscyklus::Passiveret => day_of(registrering.tidspunkt, zone).yesterday().ok(),
        _ => None,
    };
    let mut rows = Vec::new();
    for egenskab in &indhold.egenskaber {
        let Some(noegle) = egenskab.tekst(Field::BrugervendtNoegle) else {
            continue;
        };
        let published = indhold.tilstande.iter();
        for state in published.filter(|state| state.er_publiceret == Some(true)) {
            let days = days(&meeting(&egenskab.virkning, &state.virkning), zone);
            let Some(validity) = days.and_then(|days| ended(days, cut)) else {
                continue;
            };
            rows.push(Vaerdi {
                objekt: id,
                facet,
                kommune,
                noegle: noegle.into(),
                titel: egenskab.tekst(Field::Titel).unwrap_or(noegle).into(),
                validity,
            });
        }
    }
    rows.sort_by_key(|row| row.validity.from);
    rows
}

fn meeting(one: &Virkning, other: &Virkning) -> Virkning {
    let fra = one.fra.max(other.fra);
    let til = match (one.til, other.til) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    Virkning::between(fra, til)
}

fn ended(days: Validity, cut: Option<Date>) -> Option<Validity> {
    let to = match (days.to, cut) {
        (Some(to), Some(cut)) => Some(to.min(cut)),
        (to, cut) => to.or(cut),
    };
    let days = Validity { to, ..days };
    days.to.is_none_or(|to| days.from <= to).then_some(days)
}

/// The days whose first instant lies in a virkning; none = no day's does.
#[must_use]
pub fn days(virkning: &Virkning, zone: &TimeZone) -> Option<Validity> {
    let from = match virkning.fra {
        None => FIRST_DAY,
        Some(fra) => {
            let day = day_of(fra, zone);
            if beginning(day, zone)? < fra {
                day.tomorrow().ok()?
            } else {
                day
            }
        }
    };
    let to = match virkning.til {
        None => None,
        Some(til) => Some(day_of(til.checked_sub(1.microsecond()).ok()?, zone)),
    };
    ended(Validity { from, to }, None)
}

/// The virkning of whole days.
#[must_use]
pub fn virkning(days: &Validity, zone: &TimeZone) -> Virkning {
    let fra = (days.from > FIRST_DAY).then(|| beginning(days.from, zone));
    let after = days.to.and_then(|to| to.tomorrow().ok());
    let til = after.and_then(|day| beginning(day, zone));
    Virkning::between(fra.flatten(), til)
}

fn beginning(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

/// The space of names in which the register's plain rows get their UUIDs.
const SPACE: Uuid = Uuid::from_u128(0x7d1f_5a0e_9b1c_5c43_8f0a_3d6b_21e4_a9c7);

/// The UUID of a fagsystem's facet that came as a plain row.
#[must_use]
pub fn facet_uuid(fagsystem: FagsystemId, facet: &str) -> Uuid {
    Uuid::new_v5(&SPACE, format!("{fagsystem}\u{1f}{facet}").as_bytes())
}

/// The UUID of a value that came as a plain row.
#[must_use]
pub fn klasse_uuid(
    fagsystem: FagsystemId,
    kommune: Option<Kommunekode>,
    facet: &str,
    vaerdi: &str,
) -> Uuid {
    let kommune = kommune.unwrap_or(Kommunekode::UNKNOWN);
    let name = format!("{fagsystem}\u{1f}{kommune}\u{1f}{facet}\u{1f}{vaerdi}");
    Uuid::new_v5(&SPACE, name.as_bytes())
}

/// A Facet of a fagsystem.
#[must_use]
pub fn facet_content(fagsystem: FagsystemId, noegle: &str, titel: &str) -> Indhold {
    let always = Virkning::default();
    Indhold {
        egenskaber: vec![named(noegle, titel, always.clone())],
        tilstande: vec![published(always.clone())],
        relationer: vec![Relation {
            kind: RelationKind::Ejer,
            virkning: always,
            til: Some(UnikId::Uuid(fagsystem.as_uuid())),
        }],
    }
}

/// What a value is called on a span of days: key, title.
pub type Name = (Box<str>, Box<str>, Validity);

/// A Klasse that is published on each of these spans of days.
#[must_use]
pub fn klasse_content(
    facet: Uuid,
    ejer: Option<UnikId>,
    names: &[Name],
    zone: &TimeZone,
) -> Indhold {
    let always = Virkning::default();
    let relation = |kind, til| Relation {
        kind,
        virkning: always.clone(),
        til: Some(til),
    };
    let called = |(noegle, titel, days): &Name| named(noegle, titel, virkning(days, zone));
    let mut relationer = Vec::new();
    relationer.extend(ejer.map(|ejer| relation(RelationKind::Ejer, ejer)));
    relationer.push(relation(RelationKind::Facet, UnikId::Uuid(facet)));
    Indhold {
        egenskaber: names.iter().map(called).collect(),
        tilstande: published_on(names, zone),
        relationer,
    }
}

/// Published on these spans of days.
#[must_use]
pub fn published_on(names: &[Name], zone: &TimeZone) -> Vec<PubliceretStatus> {
    let times = names.iter().map(|(_, _, days)| virkning(days, zone));
    times.map(published).collect()
}

fn named(noegle: &str, titel: &str, virkning: Virkning) -> Egenskab {
    Egenskab {
        virkning,
        tekster: vec![
            (Field::BrugervendtNoegle, noegle.into()),
            (Field::Titel, titel.into()),
        ],
        soegeord: Vec::new(),
    }
}

const fn published(virkning: Virkning) -> PubliceretStatus {
    PubliceretStatus {
        virkning,
        er_publiceret: Some(true),
    }
}

/// Whose row of the register, in which dimension, under which key.
pub type RowKey = (FagsystemId, Option<Kommunekode>, Box<str>, Box<str>);

/// What a register's plain rows ask for beside what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Dimensions that are new.
    pub facets: Vec<(FagsystemId, Box<str>)>,
    /// Values whose days are new or others, with all of them.
    pub values: Vec<(RowKey, Vec<Validity>)>,
    /// Values that are there and not in the rows, and under which key.
    pub gone: Vec<(Uuid, Box<str>)>,
}

/// Compares plain rows with the sortiment that stands. Days of one value that overlap or follow
/// each other are one span; nothing but days is compared, so that titles and relations stay.
#[must_use]
pub fn difference(
    rows: &[Sortimentspost],
    dimensions: &[Dimension],
    standing: &[Vaerdi],
) -> Difference {
    let mut wanted: BTreeMap<RowKey, Vec<Validity>> = BTreeMap::new();
    for row in rows {
        let key = (
            row.fagsystem,
            row.kommune,
            row.facet.clone(),
            row.vaerdi.clone(),
        );
        wanted.entry(key).or_default().push(row.validity);
    }
    let by_id: HashMap<Uuid, &Dimension> = dimensions.iter().map(|d| (d.facet, d)).collect();
    let mut there: BTreeMap<RowKey, Vec<&Vaerdi>> = BTreeMap::new();
    for value in standing {
        if let Some(of) = by_id.get(&value.facet) {
            let key = (
                of.fagsystem,
                value.kommune,
                of.noegle.clone(),
                value.noegle.clone(),
            );
            there.entry(key).or_default().push(value);
        }
    }
    let mut difference = Difference::default();
    let known: BTreeSet<_> = dimensions
        .iter()
        .map(|d| (d.fagsystem, d.noegle.clone()))
        .collect();
    let asked: BTreeSet<_> = wanted.keys().map(|key| (key.0, key.2.clone())).collect();
    difference.facets = asked.difference(&known).cloned().collect();
    for (key, days) in wanted {
        let days = joined(days);
        let standing = there.remove(&key).unwrap_or_default();
        let same: Vec<Validity> = standing.iter().map(|value| value.validity).collect();
        if joined(same) != days {
            difference.values.push((key, days));
        }
    }
    let gone = there.values().flatten();
    difference.gone = gone.map(|v| (v.objekt, v.noegle.clone())).collect();
    difference.gone.sort_unstable();
    difference.gone.dedup();
    difference
}

/// Spans in order, those with no day between them as one, those that hold no day left out.
fn joined(mut days: Vec<Validity>) -> Vec<Validity> {
    days.retain(|span| span.to.is_none_or(|to| span.from <= to));
    days.sort_by_key(|span| span.from);
    let mut out: Vec<Validity> = Vec::new();
    for span in days {
        match out.last_mut() {
            Some(last) if reaches(last, &span) => {
                last.to = last.to.zip(span.to).map(|(a, b)| a.max(b));
            }
            _ => out.push(span),
        }
    }
    out
}

/// Whether a span that begins no earlier overlaps one, or begins on the day after it.
fn reaches(one: &Validity, later: &Validity) -> bool {
    one.to.is_none_or(|to| {
        let next = to.tomorrow().unwrap_or(to);
        later.from <= next
    })
}
