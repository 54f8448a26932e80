//! Entering bilag into the search index, from a cursor over their ids, after reception: the
//! sender never waits for it. Two that enter at once meet at the cursor, and one of them
//! writes nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use oir_domain::ids::BilagId;
use oir_domain::search::{self, Found};
use oir_flow::ports::StoreFailure;
use uuid::Uuid;

use crate::Store;
use crate::admit::SPLIT;
use crate::codec::{Cells, GROUP, UNIT};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Row, Shape, Value};

const TERM: Shape = Shape {
    table: "search_term",
    columns: &[("term", Text), ("bilag_id", Id), ("kommune", Int)],
    suffix: "on conflict do nothing",
};

const WORD: Shape = Shape {
    table: "search_word",
    columns: &[("word", Text)],
    suffix: "on conflict do nothing",
};

const DAY: Shape = Shape {
    table: "search_day",
    columns: &[
        ("kind", Text),
        ("dag", Text),
        ("first_id", Id),
        ("last_id", Id),
    ],
    suffix: "on conflict (kind, dag) do update set \
             first_id = case when excluded.first_id < search_day.first_id \
             then excluded.first_id else search_day.first_id end, \
             last_id = case when excluded.last_id > search_day.last_id \
             then excluded.last_id else search_day.last_id end",
};

const LATE: Shape = Shape {
    table: "search_late",
    columns: &[("bilag_id", Id), ("kommune", Int)],
    suffix: "on conflict do nothing",
};

const CURSOR: &str = "select indexed_to from search_cursor";
const MOVE: &str = "update search_cursor set indexed_to = $2 where indexed_to = $1";
const NEXT: &str = "select kommune, bilag_id, dag, bogfoeringsdato, debet, state, tekst, \
     afsender_bilagsnummer from bilag where bilag_id > $1 and bilag_id < $2 \
     order by bilag_id limit $3";
const POSTINGS: &str = "select kommune, bilag_id, konto, sagsnummer, sortiment from postering \
     where bilag_id > $1 and bilag_id <= $2";
/// Accounts of postings that have several; their own is empty.
const LINES: &str = "select kommune, bilag_id, konto from konteringslinje \
     where bilag_id > $1 and bilag_id <= $2";
const WAITING: &str = "select modtaget from bilag where bilag_id > $1 order by bilag_id limit 1";
/// Held ones that got their accounts, or were given up.
const NO_LONGER_HELD: &str = "select l.kommune, l.bilag_id from search_late l join bilag b \
     on b.bilag_id = l.bilag_id and b.kommune = l.kommune where b.state <> 'held' limit 200";
const OF_ONE: &str = "select konto from postering where bilag_id = $1 and kommune = $2 \
     and konto is not null and konto <> '' \
     union select konto from konteringslinje where bilag_id = $1 and kommune = $2";
const NOT_LATE: &str = "delete from search_late where bilag_id = $1 and kommune = $2";

/// Rows for the index, each once and in order: neighbours share pages.
#[derive(Default)]
struct Entries {
    terms: BTreeSet<(String, Uuid, i64)>,
    words: BTreeSet<String>,
    days: BTreeMap<(&'static str, Box<str>), (Uuid, Uuid)>,
    late: Vec<Value>,
}

impl Entries {
    fn term(&mut self, term: String, (id, kommune): (Uuid, i64)) {
        if let Some(word) = term.strip_prefix('w') {
            self.words.insert(word.to_owned());
        }
        self.terms.insert((term, id, kommune));
    }

    fn bilag(&mut self, row: Row) -> Result<Uuid, StoreFailure> {
        let mut cells = Cells::new(row);
        let (kommune, id) = (cells.int()?, cells.uuid()?);
        for kind in ["r", "b"] {
            let days = self.days.entry((kind, cells.text()?)).or_insert((id, id));
            *days = (days.0.min(id), days.1.max(id));
        }
        let debet = cells.oere()?;
        if &*cells.text()? == "held" {
            self.late.extend([Value::Uuid(id), kommune.into()]);
        }
        let (tekst, afsender_bilagsnummer) = (cells.text()?, cells.text()?);
        let found = Found {
            tekst: &tekst,
            afsender_bilagsnummer: &afsender_bilagsnummer,
            debet,
        };
        for term in search::terms(&found) {
            self.term(term, (id, kommune));
        }
        Ok(id)
    }

    fn posting(&mut self, row: Row) -> Result<(), StoreFailure> {
        let mut cells = Cells::new(row);
        let kommune = cells.int()?;
        let of = (cells.uuid()?, kommune);
        let (konto, sag) = (cells.opt_text()?, cells.opt_text()?);
        if let Some(konto) = konto.filter(|konto| **konto != *SPLIT) {
            self.term(search::konto(&konto), of);
        }
        if let Some(sag) = sag {
            self.term(search::sag(&sag), of);
        }
        for part in cells.text()?.split(UNIT) {
            let vaerdi = part.split_once(GROUP).map_or(part, |(_, vaerdi)| vaerdi);
            self.term(search::sortiment(vaerdi), of);
        }
        Ok(())
    }

    fn line(&mut self, row: Row) -> Result<(), StoreFailure> {
        let mut cells = Cells::new(row);
        let kommune = cells.int()?;
        let of = (cells.uuid()?, kommune);
        self.term(search::konto(&cells.text()?), of);
        Ok(())
    }

    fn into_plan(self, plan: &mut Plan) {
        let term = |(term, id, kommune): (String, Uuid, i64)| {
            [term.into(), Value::Uuid(id), kommune.into()]
        };
        let day = |((kind, dag), (first, last)): ((&'static str, Box<str>), (Uuid, Uuid))| {
            [
                kind.into(),
                dag.into(),
                Value::Uuid(first),
                Value::Uuid(last),
            ]
        };
        plan.insert(&TERM, self.terms.into_iter().flat_map(term).collect());
        plan.insert(&WORD, self.words.into_iter().map(Value::from).collect());
        plan.insert(&DAY, self.days.into_iter().flat_map(day).collect());
        plan.insert(&LATE, self.late);
    }
}

impl Store {
    /// Up to which id all bilag are in the index.
    pub(crate) async fn indexed_to(&self) -> Result<Uuid, StoreFailure> {
        let row = self.query(CURSOR, Vec::new()).await?.pop();
        Cells::new(row.unwrap_or_default()).uuid()
    }

    /// See [`oir_flow::ports::search::Search::enter`].
    pub(crate) async fn enter_bilag(
        &self,
        before: BilagId,
        limit: u32,
    ) -> Result<u32, StoreFailure> {
        self.enter_late().await?;
        let from = self.indexed_to().await?;
        let params = vec![
            Value::Uuid(from),
            Value::Uuid(before.as_uuid()),
            limit.into(),
        ];
        let rows = self.query(NEXT, params).await?;
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut entries = Entries::default();
        let mut to = from;
        for row in rows {
            to = entries.bilag(row)?;
        }
        if to == from {
            return Ok(0);
        }
        let part = vec![Value::Uuid(from), Value::Uuid(to)];
        for row in self.query(POSTINGS, part.clone()).await? {
            entries.posting(row)?;
        }
        for row in self.query(LINES, part.clone()).await? {
            entries.line(row)?;
        }
        let mut plan = Plan::default();
        plan.change(MOVE, part, Some(1));
        entries.into_plan(&mut plan);
        match self.transact(plan).await? {
            Outcome::Committed => Ok(count),
            // Another process was there first.
            Outcome::Unexpected | Outcome::Contended | Outcome::Duplicate => Ok(0),
        }
    }

    /// Enters accounts that came after their bilag was entered.
    async fn enter_late(&self) -> Result<(), StoreFailure> {
        let mut entries = Entries::default();
        let mut plan = Plan::default();
        for row in self.query(NO_LONGER_HELD, Vec::new()).await? {
            let mut cells = Cells::new(row);
            let (kommune, id) = (cells.int()?, cells.uuid()?);
            let key = vec![Value::Uuid(id), kommune.into()];
            for row in self.query(OF_ONE, key.clone()).await? {
                let konto = Cells::new(row).text()?;
                entries.term(search::konto(&konto), (id, kommune));
            }
            plan.change(NOT_LATE, key, None);
        }
        if plan.statements.is_empty() {
            return Ok(());
        }
        entries.into_plan(&mut plan);
        // Contended: the next round comes.
        self.transact(plan).await.map(|_| ())
    }

    pub(crate) async fn oldest_waiting(&self) -> Result<Option<Timestamp>, StoreFailure> {
        let from = Value::Uuid(self.indexed_to().await?);
        let row = self.query(WAITING, vec![from]).await?.pop();
        row.map(|row| Cells::new(row).time()).transpose()
    }
}
