//! The register's plain rows of the sortiment as objects: what they change is registered, and
//! what they say already is left alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use oir_domain::calendar::{Validity, copenhagen};
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::apply::{Operation, Said, apply};
use oir_domain::klassifikation::sortiment::{
    Dimension, Name, Vaerdi, days, difference, facet_content, facet_uuid, klasse_content,
    klasse_uuid, owner_id,
};
use oir_domain::klassifikation::{Egenskab, Field, Indhold, Kind, Objekt};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::RegisterData;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sortiment::Draft;
use uuid::Uuid;

use super::write::{Rows, WRITE_ALL_ROWS, registered, with_drafts};
use crate::Store;
use crate::plan::Plan;

/// When a register is said to have been registered that was replaced without saying when.
const LONG_AGO: Timestamp = Timestamp::constant(946_684_800, 0);

impl Store {
    /// Adds to a plan that empties and fills the register what its sortiment changes, and the
    /// judge's rows. Without an instant it is just after what was registered last.
    pub(crate) async fn sortiment_of_register(
        &self,
        plan: &mut Plan,
        data: &RegisterData,
        now: Option<Timestamp>,
    ) -> Result<(), StoreFailure> {
        let position = self.sortiment_position().await?;
        let dimensions = self.read_dimensions().await?;
        let standing = self.all_values().await?;
        let difference = difference(&data.sortiment, &dimensions, &standing);
        let now = match now {
            Some(now) => now,
            None => self.after_the_last().await?,
        };
        let mut wanted = Wanted::new(data, &dimensions, &standing);
        for (fagsystem, noegle) in &difference.facets {
            let id = facet_uuid(*fagsystem, noegle);
            wanted
                .facets
                .push((id, facet_content(*fagsystem, noegle, noegle)));
        }
        for (objekt, noegle) in &difference.gone {
            wanted.without(*objekt, noegle);
        }
        for ((fagsystem, kommune, facet, vaerdi), days) in &difference.values {
            let dimension = wanted.facet_ids.get(&(*fagsystem, facet.clone())).copied();
            let dimension = dimension.unwrap_or_else(|| facet_uuid(*fagsystem, facet));
            let found = wanted
                .by_place
                .get(&(dimension, *kommune, &**vaerdi))
                .copied();
            let id = found.unwrap_or_else(|| klasse_uuid(*fagsystem, *kommune, facet, vaerdi));
            wanted.called(id, vaerdi, days, (*kommune, dimension));
        }
        let drafts = self.drafts(wanted, now).await?;
        if !drafts.is_empty() {
            registered(plan, position, &drafts, Rows::AllAnew);
        }
        plan.change(WRITE_ALL_ROWS, Vec::new(), None);
        Ok(())
    }

    /// Makes objects of plain rows that are older than the classification, once: whoever serves
    /// does so before anything is registered. Whether there were such rows.
    ///
    /// # Errors
    /// [`StoreFailure`]; nothing is written then.
    pub async fn adopt_sortiment(&self, now: Timestamp) -> Result<bool, StoreFailure> {
        if self.sortiment_position().await? != 0 {
            return Ok(false);
        }
        let data = self.read_register().await?;
        if data.sortiment.is_empty() {
            return Ok(false);
        }
        match self.replace_at(&data, Some(now)).await {
            Ok(_) => Ok(true),
            // Another process that begins at the same time.
            Err(_) if self.sortiment_position().await? != 0 => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn after_the_last(&self) -> Result<Timestamp, StoreFailure> {
        let last = self.last_registered().await?;
        let next = last.and_then(|last| last.checked_add(1.microsecond()).ok());
        Ok(next.unwrap_or(LONG_AGO))
    }

    async fn drafts(&self, wanted: Wanted<'_>, now: Timestamp) -> Result<Vec<Draft>, StoreFailure> {
        let zone = copenhagen();
        let ids: Vec<Uuid> = wanted.facets.iter().map(|(id, _)| *id).collect();
        let ids: Vec<Uuid> = ids
            .into_iter()
            .chain(wanted.names.keys().copied())
            .collect();
        let there = self.read_objekter(&ids).await?;
        let there: HashMap<Uuid, Objekt> = there.into_iter().map(|o| (o.id, o)).collect();
        let mut drafts = Vec::new();
        for (id, indhold) in wanted.facets {
            drafts.push(draft(
                &there,
                (Kind::Facet, id),
                Operation::Importer(indhold),
                now,
            )?);
        }
        let dimensions = with_drafts(wanted.dimensions.to_vec(), &drafts);
        let systems: HashMap<Uuid, _> = dimensions.iter().map(|d| (d.facet, d.fagsystem)).collect();
        for draft in &mut drafts {
            draft.fagsystem = systems.get(&draft.objekt).copied();
        }
        for (id, names) in wanted.names {
            let (kommune, facet) = wanted.places.get(&id).copied().unwrap_or_default();
            let cvr = kommune.and_then(|kommune| wanted.cvr.get(&kommune).copied());
            let ejer = kommune.map(|kommune| owner_id(kommune, cvr));
            let mut indhold = klasse_content(facet, ejer, &names, &zone);
            // What else was said of it stays.
            if let Some(before) = there.get(&id).and_then(Objekt::latest) {
                indhold.relationer.clone_from(&before.indhold.relationer);
                for (egenskab, name) in indhold.egenskaber.iter_mut().zip(&names) {
                    if let Some(old) = called_so(&before.indhold, name, &zone) {
                        egenskab.tekster.clone_from(&old.tekster);
                        egenskab.soegeord.clone_from(&old.soegeord);
                    }
                }
            }
            let operation = if names.is_empty() {
                Operation::Slet
            } else {
                Operation::Importer(indhold)
            };
            let mut draft = draft(&there, (Kind::Klasse, id), operation, now)?;
            draft.kommune = kommune;
            draft.fagsystem = systems.get(&facet).copied();
            drafts.push(draft);
        }
        Ok(drafts)
    }
}

/// What was said of a name: on some of the same days, or else last.
fn called_so<'i>(
    indhold: &'i Indhold,
    (noegle, titel, validity): &Name,
    zone: &TimeZone,
) -> Option<&'i Egenskab> {
    let mut named = indhold.egenskaber.iter().filter(|egenskab| {
        let own = egenskab.tekst(Field::BrugervendtNoegle);
        let own_titel = egenskab.tekst(Field::Titel).or(own);
        own == Some(&**noegle) && own_titel == Some(&**titel)
    });
    let on_them = |egenskab: &&Egenskab| {
        let days = days(&egenskab.virkning, zone);
        days.is_some_and(|days| days.overlaps(validity))
    };
    named.clone().find(on_them).or_else(|| named.next_back())
}

fn draft(
    there: &HashMap<Uuid, Objekt>,
    (kind, id): (Kind, Uuid),
    operation: Operation,
    now: Timestamp,
) -> Result<Draft, StoreFailure> {
    let objekt = there.get(&id);
    let before = objekt.and_then(Objekt::latest);
    // Two imports within a microsecond, or a clock that was set back: just after the last.
    let after = before.and_then(|before| before.tidspunkt.checked_add(1.microsecond()).ok());
    let said = Said {
        at: after.map_or(now, |after| after.max(now)),
        by: None,
        note: Some("Indlæst fra registeret".into()),
    };
    let registrering = apply(kind, id, before, operation, said).map_err(|faults| {
        let codes: BTreeSet<_> = faults.iter().map(|fault| fault.code.code()).collect();
        StoreFailure::Broken(format!("the sortiment of the register: {codes:?}"))
    })?;
    let number = objekt.map_or(0, |objekt| objekt.registreringer.len());
    Ok(Draft {
        kind,
        objekt: id,
        number: u32::try_from(number).unwrap_or(u32::MAX),
        registrering,
        fagsystem: None,
        kommune: None,
    })
}

/// What values shall be called, by object.
struct Wanted<'a> {
    dimensions: &'a [Dimension],
    facet_ids: HashMap<(FagsystemId, Box<str>), Uuid>,
    by_place: HashMap<(Uuid, Option<Kommunekode>, &'a str), Uuid>,
    cvr: HashMap<Kommunekode, Cvr>,
    facets: Vec<(Uuid, Indhold)>,
    names: BTreeMap<Uuid, Vec<Name>>,
    places: HashMap<Uuid, (Option<Kommunekode>, Uuid)>,
    by_objekt: HashMap<Uuid, Vec<&'a Vaerdi>>,
}

impl<'a> Wanted<'a> {
    fn new(data: &RegisterData, dimensions: &'a [Dimension], standing: &'a [Vaerdi]) -> Self {
        let cvr = data.myndigheder.iter().map(|m| (m.kommune, m.cvr));
        let mut by_objekt: HashMap<Uuid, Vec<&Vaerdi>> = HashMap::new();
        for value in standing {
            by_objekt.entry(value.objekt).or_default().push(value);
        }
        Self {
            dimensions,
            facet_ids: dimensions
                .iter()
                .map(|d| ((d.fagsystem, d.noegle.clone()), d.facet))
                .collect(),
            by_place: standing.iter().map(|v| (v.place(), v.objekt)).collect(),
            cvr: cvr.collect(),
            facets: Vec::new(),
            names: BTreeMap::new(),
            places: HashMap::new(),
            by_objekt,
        }
    }

    /// The names of an object as they stand, to be changed.
    fn names(&mut self, objekt: Uuid) -> &mut Vec<Name> {
        let standing = self.by_objekt.get(&objekt).map_or(&[][..], Vec::as_slice);
        if let Some(first) = standing.first() {
            self.places.insert(objekt, (first.kommune, first.facet));
        }
        self.names.entry(objekt).or_insert_with(|| {
            let name = |v: &&Vaerdi| (v.noegle.clone(), v.titel.clone(), v.validity);
            standing.iter().map(name).collect()
        })
    }

    fn without(&mut self, objekt: Uuid, noegle: &str) {
        self.names(objekt).retain(|(own, ..)| &**own != noegle);
    }

    fn called(
        &mut self,
        objekt: Uuid,
        noegle: &str,
        days: &[Validity],
        place: (Option<Kommunekode>, Uuid),
    ) {
        self.places.insert(objekt, place);
        let names = self.names(objekt);
        let titel = names.iter().rfind(|(own, ..)| &**own == noegle);
        let titel: Box<str> = titel.map_or_else(|| noegle.into(), |(_, titel, _)| titel.clone());
        names.retain(|(own, ..)| &**own != noegle);
        names.extend(
            days.iter()
                .map(|days| (noegle.into(), titel.clone(), *days)),
        );
    }
}
