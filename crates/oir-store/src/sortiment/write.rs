//! Registering: evidence, where the objects stand, and the judge's rows, in one plan.

use std::collections::HashMap;

use oir_domain::calendar::copenhagen;
use oir_domain::klassifikation::sortiment::{Dimension, dimension, facet_of, values};
use oir_domain::klassifikation::{Field, Kind};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::sortiment::{Announcement, Draft};
use uuid::Uuid;

use super::indhold::{encoded, id_text};
use super::{opt_fagsystem, owner};
use crate::Store;
use crate::codec::{date, fagsystem, micros, opt_date};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Value};

const REGISTRERING: Shape = Shape {
    table: "klassifikation_registrering",
    columns: &[
        ("position", Int),
        ("objekt", Id),
        ("kind", Text),
        ("number", Int),
        ("tidspunkt", Int),
        ("livscyklus", Text),
        ("bruger", Text),
        ("note", Text),
        ("indhold", Text),
        ("fagsystem", Id),
        ("kommune", Int),
    ],
    suffix: "",
};
const OBJEKT: Shape = Shape {
    table: "klassifikation_objekt",
    columns: &[
        ("objekt", Id),
        ("kind", Text),
        ("position", Int),
        ("livscyklus", Text),
        ("facet", Id),
        ("fagsystem", Id),
        ("kommune", Int),
        ("noegle", Text),
        ("titel", Text),
    ],
    suffix: "on conflict (objekt) do update set position = excluded.position, \
         livscyklus = excluded.livscyklus, facet = excluded.facet, \
         fagsystem = excluded.fagsystem, kommune = excluded.kommune, \
         noegle = excluded.noegle, titel = excluded.titel",
};
const EDGE: Shape = Shape {
    table: "klassifikation_edge",
    columns: &[("objekt", Id), ("relation", Text), ("target", Id)],
    suffix: "on conflict (objekt, relation, target) do nothing",
};
const VAERDI: Shape = Shape {
    table: "sortiment_vaerdi",
    columns: &[
        ("objekt", Id),
        ("facet", Id),
        ("kommune", Int),
        ("noegle", Text),
        ("titel", Text),
        ("valid_from", Text),
        ("valid_to", Text),
    ],
    suffix: "",
};
const ANNOUNCEMENT: Shape = Shape {
    table: "sortiment_announcement",
    columns: &[
        ("announcement", Id),
        ("fagsystem", Id),
        ("kommune", Int),
        ("effective", Text),
        ("tekst", Text),
        ("navn", Text),
        ("announced", Int),
        ("first_position", Int),
        ("last_position", Int),
    ],
    suffix: "",
};

const NEXT_POSITION: &str = "update klassifikation_position set position = $2 where position = $1";
const BUMP: &str = "update register_version set version = version + 1";
const FORGET_EDGES: &str = "delete from klassifikation_edge where objekt = $1";
const FORGET_VALUES: &str = "delete from sortiment_vaerdi where objekt = $1";
/// The judge's rows of one value go by what it came to before.
pub(crate) const FORGET_ROWS: &str = "delete from sortimentspost \
     where (fagsystem, kommune, facet, vaerdi, valid_from) in (\
     select f.fagsystem, v.kommune, f.noegle, v.noegle, v.valid_from \
     from sortiment_vaerdi v join klassifikation_objekt f on f.objekt = v.facet \
     where v.objekt = $1)";
const WRITE_ROWS: &str = "insert into sortimentspost \
     (fagsystem, kommune, facet, vaerdi, valid_from, valid_to) \
     select f.fagsystem, v.kommune, f.noegle, v.noegle, v.valid_from, v.valid_to \
     from sortiment_vaerdi v join klassifikation_objekt f on f.objekt = v.facet \
     where v.objekt = $1 and f.fagsystem is not null and f.livscyklus <> 'Slettet'";
/// A dimension that changes takes all its rows along.
pub(crate) const FORGET_FACET_ROWS: &str = "delete from sortimentspost \
     where (fagsystem, facet) in (select f.fagsystem, f.noegle \
     from klassifikation_objekt f where f.objekt = $1)";
const WRITE_FACET_ROWS: &str = "insert into sortimentspost \
     (fagsystem, kommune, facet, vaerdi, valid_from, valid_to) \
     select f.fagsystem, v.kommune, f.noegle, v.noegle, v.valid_from, v.valid_to \
     from sortiment_vaerdi v join klassifikation_objekt f on f.objekt = v.facet \
     where v.facet = $1 and f.fagsystem is not null and f.livscyklus <> 'Slettet'";
/// All of the judge's rows anew, after the table was emptied.
pub(super) const WRITE_ALL_ROWS: &str = "insert into sortimentspost \
     (fagsystem, kommune, facet, vaerdi, valid_from, valid_to) \
     select f.fagsystem, v.kommune, f.noegle, v.noegle, v.valid_from, v.valid_to \
     from sortiment_vaerdi v join klassifikation_objekt f on f.objekt = v.facet \
     where f.fagsystem is not null and f.livscyklus <> 'Slettet'";

/// Whether the plan writes the judge's rows of each object, or its caller all of them anew.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    OfEach,
    AllAnew,
}

/// Adds registrations to a plan, after a position that must still be the last.
pub(super) fn registered(plan: &mut Plan, position: i64, drafts: &[Draft], rows: Rows) {
    let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
    let last = position.saturating_add(count);
    plan.change(NEXT_POSITION, vec![position.into(), last.into()], Some(1));
    let id = |draft: &Draft| vec![Value::Uuid(draft.objekt)];
    let of = |kind: Kind| drafts.iter().filter(move |draft| draft.kind == kind);
    if rows == Rows::OfEach {
        for facet in of(Kind::Facet).filter(|draft| draft.number > 0) {
            plan.change(FORGET_FACET_ROWS, id(facet), None);
        }
    }
    for draft in drafts.iter().filter(|draft| draft.number > 0) {
        if rows == Rows::OfEach && draft.kind == Kind::Klasse {
            plan.change(FORGET_ROWS, id(draft), None);
        }
        plan.change(FORGET_EDGES, id(draft), None);
        plan.change(FORGET_VALUES, id(draft), None);
    }
    write(plan, position, drafts);
    if rows == Rows::OfEach {
        let facets: Vec<Uuid> = of(Kind::Facet).map(|draft| draft.objekt).collect();
        for facet in of(Kind::Facet) {
            plan.change(WRITE_FACET_ROWS, id(facet), None);
        }
        // A facet's rows are written whole: those of its values with it.
        let own = of(Kind::Klasse).filter(|draft| {
            let facet = facet_of(&draft.registrering.indhold);
            facet.is_none_or(|facet| !facets.contains(&facet))
        });
        for draft in own {
            plan.change(WRITE_ROWS, id(draft), None);
        }
    }
}

fn write(plan: &mut Plan, position: i64, drafts: &[Draft]) {
    let (mut evidence, mut objects) = (Vec::new(), Vec::new());
    let (mut edges, mut found) = (Vec::new(), Vec::new());
    let zone = copenhagen();
    let mut at = position;
    for draft in drafts {
        at = at.saturating_add(1);
        let said = &draft.registrering;
        let bruger = said.bruger.as_ref().map(|id| id_text(Some(id)));
        evidence.extend([
            at.into(),
            Value::Uuid(draft.objekt),
            draft.kind.name().into(),
            draft.number.into(),
            micros(said.tidspunkt),
            said.livscyklus.word().into(),
            bruger.into(),
            said.note.clone().into(),
            encoded(&said.indhold).into(),
            opt_fagsystem(draft.fagsystem),
            owner(draft.kommune),
        ]);
        objects.extend(object(draft, at));
        for relation in &said.indhold.relationer {
            if let Some(target) = relation.til.as_ref().and_then(|til| til.uuid()) {
                let word = relation.kind.word().into();
                edges.extend([Value::Uuid(draft.objekt), word, Value::Uuid(target)]);
            }
        }
        if draft.kind == Kind::Klasse {
            for value in values(draft.objekt, said, draft.kommune, &zone) {
                found.extend([
                    Value::Uuid(value.objekt),
                    Value::Uuid(value.facet),
                    owner(value.kommune),
                    value.noegle.into(),
                    value.titel.into(),
                    date(value.validity.from),
                    opt_date(value.validity.to),
                ]);
            }
        }
    }
    plan.insert(&REGISTRERING, evidence);
    plan.insert(&OBJEKT, objects);
    plan.insert(&EDGE, edges);
    plan.insert(&VAERDI, found);
}

/// Where an object stands; called what it is called last.
fn object(draft: &Draft, position: i64) -> [Value; 9] {
    let said = &draft.registrering;
    let last = said.indhold.egenskaber.iter();
    let last = last.max_by_key(|egenskab| egenskab.virkning.fra);
    let text = |field| last.and_then(|egenskab| egenskab.tekst(field));
    let noegle = text(Field::BrugervendtNoegle).unwrap_or_default();
    let facet = facet_of(&said.indhold);
    [
        Value::Uuid(draft.objekt),
        draft.kind.name().into(),
        position.into(),
        said.livscyklus.word().into(),
        facet.map_or(Value::Null, Value::Uuid),
        opt_fagsystem(draft.fagsystem),
        owner(draft.kommune),
        noegle.into(),
        text(Field::Titel).unwrap_or(noegle).into(),
    ]
}

fn announced(plan: &mut Plan, announcement: &Announcement, (first, last): (i64, i64)) {
    let row = vec![
        Value::Uuid(announcement.id),
        fagsystem(Some(announcement.fagsystem)),
        owner(announcement.kommune),
        date(announcement.effective),
        announcement.tekst.clone().into(),
        announcement.navn.clone().into(),
        micros(announcement.announced),
        first.into(),
        last.into(),
    ];
    plan.insert(&ANNOUNCEMENT, row);
}

impl Store {
    pub(super) async fn write_changes(
        &self,
        position: i64,
        drafts: &[Draft],
        announcement: Option<&Announcement>,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        if drafts.is_empty() {
            return Ok(true);
        }
        let mut plan = Plan::default();
        registered(&mut plan, position, drafts, Rows::OfEach);
        plan.change(BUMP, Vec::new(), Some(1));
        if let Some(announcement) = announcement {
            let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
            let last = position.saturating_add(count);
            announced(&mut plan, announcement, (position.saturating_add(1), last));
        }
        self.with_deed(&plan, deed).await
    }
}

/// The dimensions after some registrations.
pub(super) fn with_drafts(dimensions: Vec<Dimension>, drafts: &[Draft]) -> Vec<Dimension> {
    let mut by_id: HashMap<Uuid, Dimension> =
        dimensions.into_iter().map(|d| (d.facet, d)).collect();
    for draft in drafts.iter().filter(|draft| draft.kind == Kind::Facet) {
        match dimension(draft.objekt, &draft.registrering) {
            Some(dimension) => by_id.insert(draft.objekt, dimension),
            None => by_id.remove(&draft.objekt),
        };
    }
    by_id.into_values().collect()
}
