//! A sortiment as rows of a spreadsheet: one row per value and span of days. What a file does
//! not name stays as it is; what it names is called what its rows say, and nothing else.

use std::collections::{BTreeMap, HashMap, HashSet};

use oir_domain::calendar::copenhagen;
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::apply::{Operation, Rettelse};
use oir_domain::klassifikation::sortiment::{
    Dimension, Name, facet_content, facet_uuid, klasse_content, klasse_uuid, owner_id, published_on,
};
use oir_domain::klassifikation::{Kind, Livscyklus, Objekt, Registrering};
use oir_domain::party::{Cvr, Kommunekode};
use oir_wire::sortiment_sheet::SortimentRow;
use uuid::Uuid;

use super::Order;
use crate::ports::StoreFailure;
use crate::ports::sortiment::{ListedVaerdi, Sortimenter, VaerdiFilter};
use oir_domain::access::Scope;

/// Values that are read at a time.
const PAGE: u32 = 1_000;

/// All values of a sortiment that somebody sees.
///
/// # Errors
/// The store's failure.
pub async fn all_values(
    store: &dyn Sortimenter,
    scope: &Scope,
    filter: VaerdiFilter,
) -> Result<Vec<ListedVaerdi>, StoreFailure> {
    let mut all: Vec<ListedVaerdi> = Vec::new();
    let mut filter = filter;
    loop {
        let page = store.values(scope, &filter, PAGE).await?;
        let full = u32::try_from(page.len()).unwrap_or(PAGE) == PAGE;
        all.extend(page);
        let Some(last) = all.last().filter(|_| full) else {
            return Ok(all);
        };
        filter.after = Some((
            last.dimension.noegle.clone(),
            last.noegle.clone(),
            last.objekt,
            last.validity.from,
        ));
    }
}

/// The rows of values.
#[must_use]
pub fn rows(values: &[ListedVaerdi]) -> Vec<SortimentRow> {
    let row = |value: &ListedVaerdi| SortimentRow {
        facet: value.dimension.noegle.clone(),
        kommune: value.kommune,
        noegle: value.noegle.clone(),
        titel: Some(value.titel.clone()),
        validity: value.validity,
        objekt: Some(value.objekt),
    };
    values.iter().map(row).collect()
}

/// What rows of a fagsystem's sortiment ask for, beside what is there, and from which row of
/// the list each order comes.
///
/// # Errors
/// The store's failure.
pub async fn orders(
    store: &dyn Sortimenter,
    fagsystem: FagsystemId,
    rows: &[SortimentRow],
) -> Result<(Vec<Order>, HashMap<Uuid, usize>), StoreFailure> {
    let filter = VaerdiFilter {
        fagsystem: Some(fagsystem),
        ..VaerdiFilter::default()
    };
    let standing = all_values(store, &Scope::everything(), filter).await?;
    let dimensions = store.dimensions().await?;
    let own = dimensions.iter().filter(|d| d.fagsystem == fagsystem);
    let facets: HashMap<&str, Uuid> = own.map(|d: &Dimension| (&*d.noegle, d.facet)).collect();
    let owners = store.owners().await?.into_iter().map(|(cvr, k)| (k, cvr));
    let owners: HashMap<Kommunekode, Cvr> = owners.collect();
    let place = |v: &ListedVaerdi| (v.dimension.facet, v.kommune, v.noegle.clone());
    let by_place: HashMap<_, Uuid> = standing.iter().map(|v| (place(v), v.objekt)).collect();
    let mut named: BTreeMap<Uuid, Named> = BTreeMap::new();
    let mut from_row = HashMap::new();
    let mut orders = Vec::new();
    let mut new_facets = HashSet::new();
    for (index, row) in rows.iter().enumerate() {
        let facet = facets.get(&*row.facet).copied().unwrap_or_else(|| {
            let id = facet_uuid(fagsystem, &row.facet);
            if new_facets.insert(id) {
                let indhold = facet_content(fagsystem, &row.facet, &row.facet);
                orders.push(order(Kind::Facet, id, Operation::Importer(indhold)));
                from_row.insert(id, index);
            }
            id
        });
        let known = by_place
            .get(&(facet, row.kommune, row.noegle.clone()))
            .copied();
        let id = row.objekt.or(known);
        let id = id.unwrap_or_else(|| klasse_uuid(fagsystem, row.kommune, &row.facet, &row.noegle));
        from_row.entry(id).or_insert(index);
        let entry = named
            .entry(id)
            .or_insert_with(|| (facet, row.kommune, Vec::new()));
        let same = |v: &&ListedVaerdi| v.objekt == id && v.noegle == row.noegle;
        let titel = row.titel.clone();
        let titel = titel.or_else(|| standing.iter().find(same).map(|v| v.titel.clone()));
        let titel = titel.unwrap_or_else(|| row.noegle.clone());
        entry.2.push((row.noegle.clone(), titel, row.validity));
    }
    let ids: Vec<Uuid> = named.keys().copied().collect();
    let there = store.objekter(&ids).await?;
    let there: HashMap<Uuid, Objekt> = there.into_iter().map(|one| (one.id, one)).collect();
    let mut by_objekt: HashMap<Uuid, Vec<&ListedVaerdi>> = HashMap::new();
    for value in &standing {
        by_objekt.entry(value.objekt).or_default().push(value);
    }
    for (id, named) in named {
        let before = there.get(&id).and_then(Objekt::latest);
        let standing = by_objekt.remove(&id).unwrap_or_default();
        let operation = operation(named, before, standing, &owners);
        orders.extend(operation.map(|operation| order(Kind::Klasse, id, operation)));
    }
    Ok((orders, from_row))
}

/// What makes a value what its rows say; none when it is so.
fn operation(
    (facet, kommune, mut names): Named,
    before: Option<&Registrering>,
    mut standing: Vec<&ListedVaerdi>,
    owners: &HashMap<Kommunekode, Cvr>,
) -> Option<Operation> {
    let zone = copenhagen();
    names.sort_by_key(|(_, _, days)| days.from);
    let ejer = kommune.map(|k| owner_id(k, owners.get(&k).copied()));
    let indhold = klasse_content(facet, ejer, &names, &zone);
    let Some(before) = before.filter(|before| before.livscyklus != Livscyklus::Slettet) else {
        return Some(Operation::Importer(indhold));
    };
    standing.sort_by_key(|value| value.validity.from);
    let here = |v: &&ListedVaerdi| (v.dimension.facet, v.kommune) == (facet, kommune);
    let stays = standing.iter().all(here);
    let called = |v: &&ListedVaerdi| (v.noegle.clone(), v.titel.clone(), v.validity);
    if stays && standing.iter().map(called).eq(names.iter().cloned()) {
        return None;
    }
    // What else was said of it stays. A move is handed on, to be refused with its row.
    let relationer = if stays {
        before.indhold.relationer.clone()
    } else {
        indhold.relationer
    };
    Some(Operation::Ret(Rettelse {
        egenskaber: Some(indhold.egenskaber),
        tilstande: Some(published_on(&names, &zone)),
        relationer: Some(relationer),
    }))
}

/// The facet, owner and names that rows give a value.
type Named = (Uuid, Option<Kommunekode>, Vec<Name>);

const fn order(kind: Kind, objekt: Uuid, operation: Operation) -> Order {
    Order {
        kind,
        objekt,
        operation,
        note: None,
    }
}
