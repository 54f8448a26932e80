//! Reading the classification: objects, what they come to, what is around them.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::Validity;
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::check::Surroundings;
use oir_domain::klassifikation::sortiment::{Dimension, Vaerdi};
use oir_domain::klassifikation::{Kind, Livscyklus, Objekt, Registrering, RelationKind};
use oir_domain::party::{Cvr, Kommunekode};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sortiment::{Change, Draft, ListedVaerdi, ObjektQuestion, VaerdiFilter};
use uuid::Uuid;

use super::indhold::{decoded, read_id};
use super::{AT_A_TIME, owned, owner, seen};
use crate::Store;
use crate::codec::{Cells, damaged, date, fagsystem, kommune, places, time_of};
use crate::list::{escaped, folded};
use crate::plan::Value;

/// The columns of a registration, in [`change`]'s order.
pub(super) const CHANGE: &str = "r.position, r.objekt, r.kind, r.number, r.tidspunkt, \
     r.livscyklus, r.bruger, r.note, r.indhold, r.fagsystem, r.kommune";

pub(super) fn change(cells: &mut Cells) -> Result<Change, StoreFailure> {
    let (position, objekt) = (cells.int()?, cells.uuid()?);
    let kind = Kind::from_name(&cells.text()?).ok_or_else(|| damaged("a kind of object"))?;
    let number = cells.narrow()?;
    let tidspunkt = cells.time()?;
    let livscyklus = livscyklus(cells)?;
    let bruger = read_id(&cells.opt_text()?.unwrap_or_default())?;
    let note = cells.opt_text()?;
    let indhold = decoded(&cells.text()?)?;
    let fagsystem = cells.opt_uuid()?.map(FagsystemId::from_uuid);
    let kommune = owned(cells.kommune()?);
    let registrering = Registrering {
        tidspunkt,
        livscyklus,
        bruger,
        note,
        indhold,
    };
    let draft = Draft {
        kind,
        objekt,
        number,
        registrering,
        fagsystem,
        kommune,
    };
    Ok(Change { position, draft })
}

fn livscyklus(cells: &mut Cells) -> Result<Livscyklus, StoreFailure> {
    Livscyklus::from_word(&cells.text()?).ok_or_else(|| damaged("a stage of life"))
}

fn vaerdi(cells: &mut Cells) -> Result<Vaerdi, StoreFailure> {
    Ok(Vaerdi {
        objekt: cells.uuid()?,
        facet: cells.uuid()?,
        kommune: owned(cells.kommune()?),
        noegle: cells.text()?,
        titel: cells.text()?,
        validity: Validity {
            from: cells.date()?,
            to: cells.opt_date()?,
        },
    })
}

fn listed(cells: &mut Cells) -> Result<ListedVaerdi, StoreFailure> {
    let value = vaerdi(cells)?;
    Ok(ListedVaerdi {
        objekt: value.objekt,
        dimension: Dimension {
            facet: value.facet,
            fagsystem: cells.fagsystem()?,
            noegle: cells.text()?,
            titel: cells.text()?,
        },
        kommune: value.kommune,
        noegle: value.noegle,
        titel: value.titel,
        validity: value.validity,
        livscyklus: livscyklus(cells)?,
        lovlige_kombinationer: Vec::new(),
    })
}

/// The values of several ids, from `$first`.
fn ids(ids: &[Uuid]) -> Vec<Value> {
    ids.iter().map(|id| Value::Uuid(*id)).collect()
}

/// What was typed as a pattern: `*` and `%` are anything, and every other sign itself; none
/// when no stored text can be like it.
fn pattern(typed: &str) -> Option<Value> {
    let pattern = escaped(typed)?.replace("\\%", "%");
    Some(pattern.replace('*', "%").into())
}

const VAERDI: &str =
    "select objekt, facet, kommune, noegle, titel, valid_from, valid_to from sortiment_vaerdi";

impl Store {
    pub(super) async fn sortiment_position(&self) -> Result<i64, StoreFailure> {
        let sql = "select position from klassifikation_position";
        let row = self.query(sql, Vec::new()).await?.pop();
        Cells::new(row.unwrap_or_default()).int()
    }

    pub(super) async fn last_registered(&self) -> Result<Option<Timestamp>, StoreFailure> {
        let sql = "select max(tidspunkt) from klassifikation_registrering";
        let row = self.query(sql, Vec::new()).await?.pop();
        let last = Cells::new(row.unwrap_or_default()).opt_int()?;
        last.map(time_of).transpose()
    }

    pub(super) async fn read_objekter(&self, wanted: &[Uuid]) -> Result<Vec<Objekt>, StoreFailure> {
        let mut objekter: Vec<Objekt> = Vec::new();
        for some in wanted.chunks(AT_A_TIME) {
            let sql = format!(
                "select {CHANGE} from klassifikation_registrering r where r.objekt in ({}) \
                 order by r.objekt, r.number",
                places(1, some.len())
            );
            for row in self.query(&sql, ids(some)).await? {
                let draft = change(&mut Cells::new(row))?.draft;
                match objekter.last_mut() {
                    Some(last) if last.id == draft.objekt => {
                        last.registreringer.push(draft.registrering);
                    }
                    _ => objekter.push(Objekt {
                        kind: draft.kind,
                        id: draft.objekt,
                        registreringer: vec![draft.registrering],
                    }),
                }
            }
        }
        Ok(objekter)
    }

    pub(super) async fn seen_objekter(
        &self,
        scope: &Scope,
        wanted: &[Uuid],
    ) -> Result<Vec<Uuid>, StoreFailure> {
        let mut found = Vec::new();
        for some in wanted.chunks(AT_A_TIME) {
            let mut params = ids(some);
            let own = seen(scope, "o", &mut params);
            let sql = format!(
                "select o.objekt from klassifikation_objekt o where o.objekt in ({}) \
                 and (o.fagsystem is null or {own})",
                places(1, some.len())
            );
            for row in self.query(&sql, params).await? {
                found.push(Cells::new(row).uuid()?);
            }
        }
        Ok(found)
    }

    pub(super) async fn search_objekter(
        &self,
        scope: &Scope,
        question: &ObjektQuestion,
    ) -> Result<Vec<Uuid>, StoreFailure> {
        let mut params = Vec::new();
        let own = seen(scope, "o", &mut params);
        let mut wheres = vec![format!("(o.fagsystem is null or {own})")];
        let typed = [("o.noegle", &question.noegle), ("o.titel", &question.titel)];
        for (column, typed) in typed {
            let Some(typed) = typed else {
                continue;
            };
            let Some(pattern) = pattern(typed) else {
                return Ok(Vec::new());
            };
            params.push(pattern);
            let pattern = folded(&format!("${}", params.len()), typed);
            let column = folded(column, typed);
            wheres.push(format!("{column} like {pattern} escape '\\'"));
        }
        let mut and = |condition: &str, value: Value| {
            params.push(value);
            wheres.push(format!("{condition} ${}", params.len()));
        };
        and("o.kind =", question.kind.name().into());
        if let Some(facet) = question.facet {
            and("o.facet =", Value::Uuid(facet));
        }
        match question.livscyklus {
            Some(livscyklus) => and("o.livscyklus =", livscyklus.word().into()),
            None => and("o.livscyklus <>", Livscyklus::Slettet.word().into()),
        }
        let sql = format!(
            "select o.objekt from klassifikation_objekt o where {} \
             order by o.noegle, o.objekt limit {} offset {}",
            wheres.join(" and "),
            question.limit,
            question.skip
        );
        let rows = self.query(&sql, params).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            found.push(Cells::new(row).uuid()?);
        }
        Ok(found)
    }

    pub(super) async fn read_dimensions(&self) -> Result<Vec<Dimension>, StoreFailure> {
        let sql = "select objekt, fagsystem, noegle, titel from klassifikation_objekt \
                   where kind = 'Facet' and fagsystem is not null and livscyklus <> 'Slettet' \
                   order by fagsystem, noegle";
        let mut dimensions = Vec::new();
        for row in self.query(sql, Vec::new()).await? {
            let mut cells = Cells::new(row);
            dimensions.push(Dimension {
                facet: cells.uuid()?,
                fagsystem: cells.fagsystem()?,
                noegle: cells.text()?,
                titel: cells.text()?,
            });
        }
        Ok(dimensions)
    }

    pub(super) async fn read_owners(&self) -> Result<Vec<(Cvr, Kommunekode)>, StoreFailure> {
        let sql = "select cvr, kommune from myndighed order by kommune";
        let mut owners = Vec::new();
        for row in self.query(sql, Vec::new()).await? {
            let mut cells = Cells::new(row);
            let cvr = cells.text()?.parse().map_err(|_| damaged("a CVR number"))?;
            owners.push((cvr, cells.kommune()?));
        }
        Ok(owners)
    }

    pub(super) async fn all_values(&self) -> Result<Vec<Vaerdi>, StoreFailure> {
        let sql = format!("{VAERDI} order by objekt, valid_from");
        let rows = self.query(&sql, Vec::new()).await?;
        rows.into_iter()
            .map(|r| vaerdi(&mut Cells::new(r)))
            .collect()
    }

    pub(super) async fn read_surroundings(
        &self,
        ids: &[Uuid],
        values: &[Vaerdi],
    ) -> Result<Surroundings, StoreFailure> {
        let mut around = Surroundings::default();
        let judged: BTreeSet<Uuid> = ids.iter().copied().collect();
        let sql = "select relation, objekt, target from klassifikation_edge \
                   where relation in ('Erstatter', 'OverordnetKlasse')";
        for row in self.query(sql, Vec::new()).await? {
            let mut cells = Cells::new(row);
            let word = cells.text()?;
            let relation = RelationKind::from_word(&word).ok_or_else(|| damaged("a relation"))?;
            let (from, to) = (cells.uuid()?, cells.uuid()?);
            if !judged.contains(&from) {
                let edges = around.edges.entry(relation).or_default();
                edges.entry(from).or_default().push(to);
            }
        }
        let keys: BTreeSet<(Uuid, &str)> = values.iter().map(|v| (v.facet, &*v.noegle)).collect();
        let mut by_facet: HashMap<Uuid, Vec<&str>> = HashMap::new();
        for (facet, noegle) in keys {
            by_facet.entry(facet).or_default().push(noegle);
        }
        for (facet, keys) in by_facet {
            for some in keys.chunks(AT_A_TIME) {
                let sql = format!(
                    "{VAERDI} where facet = $1 and noegle in ({})",
                    places(2, some.len())
                );
                let mut params = vec![Value::Uuid(facet)];
                params.extend(some.iter().map(|key| Value::from(*key)));
                for row in self.query(&sql, params).await? {
                    let value = vaerdi(&mut Cells::new(row))?;
                    if !judged.contains(&value.objekt) {
                        around.values.push(value);
                    }
                }
            }
        }
        Ok(around)
    }

    pub(super) async fn list_values(
        &self,
        scope: &Scope,
        filter: &VaerdiFilter,
        limit: u32,
    ) -> Result<Vec<ListedVaerdi>, StoreFailure> {
        let mut params = Vec::new();
        let mut wheres = vec![seen(scope, "o", &mut params)];
        let mut place = |value: Value| {
            params.push(value);
            format!("${}", params.len())
        };
        if let Some(of) = filter.fagsystem {
            wheres.push(format!("f.fagsystem = {}", place(fagsystem(Some(of)))));
        }
        if let Some(whose) = filter.kommune {
            wheres.push(format!("v.kommune in (0, {})", place(kommune(whose))));
        }
        if let Some(facet) = filter.facet {
            wheres.push(format!("v.facet = {}", place(Value::Uuid(facet))));
        }
        if let Some(day) = filter.day {
            let (from, to) = (place(date(day)), place(date(day)));
            wheres.push(format!(
                "v.valid_from <= {from} and (v.valid_to is null or v.valid_to >= {to})"
            ));
        }
        if let Some((facet, noegle, objekt, from)) = &filter.after {
            let values = [
                place(facet.clone().into()),
                place(noegle.clone().into()),
                place(Value::Uuid(*objekt)),
                place(date(*from)),
            ];
            wheres.push(format!(
                "(f.noegle, v.noegle, v.objekt, v.valid_from) > ({})",
                values.join(", ")
            ));
        }
        let sql = format!(
            "select v.objekt, v.facet, v.kommune, v.noegle, v.titel, v.valid_from, v.valid_to, \
             f.fagsystem, f.noegle, f.titel, o.livscyklus from sortiment_vaerdi v \
             join klassifikation_objekt o on o.objekt = v.objekt \
             join klassifikation_objekt f on f.objekt = v.facet \
             where f.fagsystem is not null and {} \
             order by f.noegle, v.noegle, v.objekt, v.valid_from limit {limit}",
            wheres.join(" and ")
        );
        let rows = self.query(&sql, params).await?;
        let listed: Result<_, _> = rows
            .into_iter()
            .map(|r| listed(&mut Cells::new(r)))
            .collect();
        let mut listed: Vec<ListedVaerdi> = listed?;
        self.with_combinations(&mut listed).await?;
        Ok(listed)
    }

    async fn with_combinations(&self, listed: &mut [ListedVaerdi]) -> Result<(), StoreFailure> {
        for some in listed.chunks_mut(AT_A_TIME) {
            let objekter: Vec<Uuid> = some.iter().map(|value| value.objekt).collect();
            let sql = format!(
                "select objekt, target from klassifikation_edge \
                 where relation = 'LovligeKombinationer' and objekt in ({}) order by 1, 2",
                places(1, objekter.len())
            );
            let mut targets: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
            for row in self.query(&sql, ids(&objekter)).await? {
                let mut cells = Cells::new(row);
                targets
                    .entry(cells.uuid()?)
                    .or_default()
                    .push(cells.uuid()?);
            }
            for value in some {
                let own = targets.get(&value.objekt).cloned();
                value.lovlige_kombinationer = own.unwrap_or_default();
            }
        }
        Ok(())
    }

    pub(super) async fn read_snapshot(
        &self,
        of: FagsystemId,
        whose: Kommunekode,
    ) -> Result<(i64, Vec<Change>), StoreFailure> {
        // The position first: registrations after it are left to the changes that follow.
        let position = self.sortiment_position().await?;
        let sql = format!(
            "select {CHANGE} from klassifikation_registrering r where r.position in (\
             select max(i.position) from klassifikation_registrering i where i.fagsystem = $1 \
             and i.kommune in (0, $2) and i.position <= $3 group by i.objekt) \
             order by r.position"
        );
        let params = vec![fagsystem(Some(of)), kommune(whose), position.into()];
        let rows = self.query(&sql, params).await?;
        let changes: Result<_, _> = rows
            .into_iter()
            .map(|r| change(&mut Cells::new(r)))
            .collect();
        Ok((position, changes?))
    }

    pub(super) async fn read_changes(
        &self,
        of: FagsystemId,
        whose: Kommunekode,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Change>, StoreFailure> {
        let sql = format!(
            "select {CHANGE} from klassifikation_registrering r where r.fagsystem = $1 \
             and r.kommune in (0, $2) and r.position > $3 order by r.position limit {limit}"
        );
        let params = vec![fagsystem(Some(of)), owner(Some(whose)), after.into()];
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|r| change(&mut Cells::new(r)))
            .collect()
    }
}
