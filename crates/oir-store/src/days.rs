//! Days of reception: reading them. Questions to the books stand in `days/questions.rs`,
//! sums over many days in `days/sums.rs`, what is written down in `days/keep.rs`, the
//! background's part in `days/work.rs`.

mod keep;
mod questions;
mod sums;
mod work;

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::copenhagen;
use oir_domain::day::{BookedDay, Count, DayKey, Figures, Held, Listed, Origin};
use oir_domain::ids::uuid_v7;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::Statement;
use oir_flow::ports::days::{
    Comparison, DayFilter, DayRow, Days, Kept, NewTotal, Question, Signing, SigningKind,
    StatedTotal, Volume,
};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, known_fagsystem, kommune, places};
use crate::list::Conditions;
use crate::plan::Value;

/// Days that are named one by one: with them the index on day and municipality is walked in
/// steps. More than a quarter's are a range.
const NAMED_DAYS: usize = 100;

/// The days of a filter, in a table with the columns `kommune` and `fagsystem`.
fn wanted(scope: &Scope, filter: &DayFilter, table: &str, day: &str) -> (String, Vec<Value>) {
    let mut conditions = Conditions::seen(scope, table);
    narrowed(&mut conditions, filter, table, day);
    conditions.clause()
}

fn narrowed(conditions: &mut Conditions, filter: &DayFilter, table: &str, day: &str) {
    let days = filter.from.series(Span::new().days(1));
    let days: Vec<Date> = days
        .take_while(|dag| *dag <= filter.to)
        .take(NAMED_DAYS + 1)
        .collect();
    if days.len() > NAMED_DAYS {
        conditions.add(&format!("{table}.{day} >="), date(filter.from));
        conditions.add(&format!("{table}.{day} <="), date(filter.to));
    } else {
        let named: Vec<String> = days
            .iter()
            .map(|dag| conditions.place(date(*dag)))
            .collect();
        let named = if named.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("{table}.{day} in ({})", named.join(","))
        };
        conditions.say(named);
    }
    if let Some(owner) = filter.kommune {
        conditions.add(&format!("{table}.kommune ="), kommune(owner));
    }
    if let Some(sender) = filter.fagsystem {
        conditions.add(
            &format!("{table}.fagsystem ="),
            Value::Uuid(sender.as_uuid()),
        );
    }
}

/// `dag = $1 and kommune = $2 and fagsystem = $3`, and the values.
const OF_DAY: &str = "dag = $1 and kommune = $2 and fagsystem = $3";

fn day_values(key: DayKey) -> Vec<Value> {
    let sender = Value::Uuid(key.fagsystem.as_uuid());
    vec![date(key.dag), kommune(key.kommune), sender]
}

/// Whether somebody sees that day.
fn sees(scope: &Scope, key: DayKey) -> bool {
    scope.covers(key.kommune, known_fagsystem(key.fagsystem))
}

fn key(cells: &mut Cells) -> Result<DayKey, StoreFailure> {
    Ok(DayKey {
        dag: cells.date()?,
        kommune: cells.kommune()?,
        fagsystem: cells.fagsystem()?,
    })
}

fn statement(cells: &mut Cells) -> Result<Statement, StoreFailure> {
    Ok(Statement {
        antal: cells.narrow()?,
        debet: cells.oere()?,
        kredit: cells.oere()?,
    })
}

const STATED: &str = "version, at, origin, subject, navn, antal, debet, kredit, listed";

fn stated(cells: &mut Cells) -> Result<StatedTotal, StoreFailure> {
    let (version, at) = (cells.narrow()?, cells.time()?);
    let origin = Origin::from_word(&cells.text()?).ok_or_else(|| damaged("an origin"))?;
    Ok(StatedTotal {
        version,
        at,
        origin,
        subject: cells.text()?,
        navn: cells.text()?,
        total: statement(cells)?,
        listed: cells.int()? == 1,
    })
}

const BOOKS: &str = "bogfoeringsdato, our_antal, our_debet, our_kredit, antal, debet, kredit, at";

fn booked_day(cells: &mut Cells) -> Result<BookedDay, StoreFailure> {
    Ok(BookedDay {
        bogfoeringsdato: cells.date()?,
        ours: statement(cells)?,
        theirs: statement(cells)?,
        at: cells.time()?,
    })
}

const SIGNING: &str = "number, at, kind, subject, navn, words, figures";

fn signing(cells: &mut Cells) -> Result<Signing, StoreFailure> {
    let (number, at) = (cells.narrow()?, cells.time()?);
    let kind = match &*cells.text()? {
        "signed" => SigningKind::Signed,
        "reopened" => SigningKind::Reopened,
        _ => return Err(damaged("a kind of signing")),
    };
    let (subject, navn, words) = (cells.text()?, cells.text()?, cells.text()?);
    let figures = Figures::from_text(&cells.text()?).ok_or_else(|| damaged("figures"))?;
    Ok(Signing {
        number,
        at,
        kind,
        subject,
        navn,
        words,
        figures,
        explanations: BTreeMap::new(),
    })
}

/// Only the latest version of each day of a table under the name `t`.
fn latest(table: &str, day: &str, version: &str) -> String {
    format!(
        "t.{version} = (select max(m.{version}) from {table} m where m.{day} = t.{day} \
         and m.kommune = t.kommune and m.fagsystem = t.fagsystem)"
    )
}

/// Ids of bilag received on a day or the days beside it: our ids grow with time.
fn ids_around(dag: Date) -> Option<(Value, Value)> {
    let id_at = |day: Date| {
        let start = copenhagen().to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        let millis = u64::try_from(start.as_millisecond()).ok()?;
        Some(Value::Uuid(uuid_v7(millis, [0; 10])))
    };
    let after = dag.checked_add(Span::new().days(2)).ok()?;
    Some((id_at(dag.yesterday().ok()?)?, id_at(after)?))
}

/// The latest control total of each day.
pub(crate) fn statements_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "t", "dag");
    let latest = latest("day_statement", "dag", "version");
    let sql = format!(
        "select dag, kommune, fagsystem, {STATED} from day_statement t {clause} and {latest}"
    );
    (sql, params)
}

/// The latest line of signing of each day.
pub(crate) fn signings_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "t", "dag");
    let latest = latest("day_signing", "dag", "number");
    let sql = format!(
        "select dag, kommune, fagsystem, {SIGNING} from day_signing t {clause} and {latest}"
    );
    (sql, params)
}

/// The books' latest statement of each booking date.
pub(crate) fn books_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "t", "bogfoeringsdato");
    let latest = latest("books_statement", "bogfoeringsdato", "version");
    let sql = format!(
        "select bogfoeringsdato, kommune, fagsystem, {BOOKS} from books_statement t {clause} \
         and {latest}"
    );
    (sql, params)
}

/// Our totals of each day by state.
pub(crate) fn totals_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "t", "dag");
    let sql = format!(
        "select dag, kommune, fagsystem, state, cast(sum(antal) as bigint), \
         cast(sum(debet) as bigint) from control_total t {clause} \
         group by dag, kommune, fagsystem, state having sum(antal) <> 0"
    );
    (sql, params)
}

/// What of each day does not balance: it was rejected.
pub(crate) fn skew_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "b", "dag");
    let sql = format!(
        "select dag, kommune, fagsystem, cast(sum(debet - kredit) as bigint) from bilag b \
         {clause} and b.state = 'rejected' and b.debet <> b.kredit \
         group by dag, kommune, fagsystem"
    );
    (sql, params)
}

/// How many bilag of each day could not be read.
pub(crate) fn unreadable_question(scope: &Scope, filter: &DayFilter) -> (String, Vec<Value>) {
    let (clause, params) = wanted(scope, filter, "a", "dag");
    let sql = format!(
        "select dag, kommune, fagsystem, cast(sum(antal_bilag) as bigint) from afsendelse a \
         {clause} and a.outcome <> 'taken' group by dag, kommune, fagsystem"
    );
    (sql, params)
}

type Rows = BTreeMap<DayKey, DayRow>;

fn row(rows: &mut Rows, key: DayKey) -> &mut DayRow {
    rows.entry(key).or_insert_with(|| DayRow::empty(key))
}

impl Store {
    async fn day_rows(
        &self,
        scope: &Scope,
        filter: &DayFilter,
    ) -> Result<Vec<DayRow>, StoreFailure> {
        let mut rows = Rows::new();
        self.add_totals(scope, filter, &mut rows).await?;
        self.add_skew(scope, filter, &mut rows).await?;
        let (sql, params) = statements_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            row(&mut rows, at).stated = Some(stated(&mut cells)?);
        }
        let (sql, params) = signings_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            row(&mut rows, at).signing = Some(signing(&mut cells)?);
        }
        let (sql, params) = books_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            let day = booked_day(&mut cells)?;
            // Agreeing books alone make no day of reception.
            if day.ours != day.theirs || rows.contains_key(&at) {
                row(&mut rows, at).books = Some(day);
            }
        }
        let mut rows: Vec<DayRow> = rows.into_values().collect();
        rows.sort_by_key(|row| (std::cmp::Reverse(row.key.dag), row.key));
        Ok(rows)
    }

    async fn add_totals(
        &self,
        scope: &Scope,
        filter: &DayFilter,
        rows: &mut Rows,
    ) -> Result<(), StoreFailure> {
        let (sql, params) = totals_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            let state = cells.state_name()?;
            let count = Count {
                antal: cells.narrow()?,
                debet: cells.oere()?,
            };
            row(rows, at).states.push((state, count));
        }
        Ok(())
    }

    /// What does not balance was rejected, and what could not be read was not counted.
    async fn add_skew(
        &self,
        scope: &Scope,
        filter: &DayFilter,
        rows: &mut Rows,
    ) -> Result<(), StoreFailure> {
        let (sql, params) = skew_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            row(rows, at).skew = cells.oere()?;
        }
        let (sql, params) = unreadable_question(scope, filter);
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let at = key(&mut cells)?;
            row(rows, at).unreadable = cells.narrow()?;
        }
        Ok(())
    }

    /// Bilag of a municipality's day by columns and a further condition on its values from
    /// `$3`: by their ids, and when those do not tell the time, by looking at all.
    async fn of_day(
        &self,
        (columns, rest): (&str, &str),
        (owner, dag): (Kommunekode, Date),
        more: Vec<Value>,
        whole: impl Fn(&[crate::plan::Row]) -> bool,
    ) -> Result<Vec<crate::plan::Row>, StoreFailure> {
        let mut params = vec![kommune(owner), date(dag)];
        params.extend(more);
        let base = format!("select {columns} from bilag b where b.kommune = $1 and b.dag = $2");
        if let Some((from, to)) = ids_around(dag) {
            let (first, second) = (params.len() + 1, params.len() + 2);
            let sql =
                format!("{base} and b.bilag_id >= ${first} and b.bilag_id < ${second} {rest}");
            let mut params = params.clone();
            params.extend([from, to]);
            let found = self.query(&sql, params).await?;
            if whole(&found) {
                return Ok(found);
            }
        }
        self.query_slowly(&format!("{base} {rest}"), params).await
    }

    async fn held_of_day(&self, scope: &Scope, of: DayKey) -> Result<Vec<Held>, StoreFailure> {
        if !sees(scope, of) {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select cast(coalesce(sum(antal), 0) as bigint) from control_total where {OF_DAY}"
        );
        let mut counted = self.query(&sql, day_values(of)).await?;
        let counted: i64 = Cells::new(counted.pop().unwrap_or_default()).int()?;
        let columns = "b.bilag_id, b.bilag_uuid, b.debet, b.state, b.bogfoeringsdato";
        let rest = "and b.fagsystem = $3 order by b.bilag_id";
        let sender = vec![Value::Uuid(of.fagsystem.as_uuid())];
        let whole = |rows: &[_]| i64::try_from(rows.len()).is_ok_and(|n| n >= counted);
        let rows = self
            .of_day((columns, rest), (of.kommune, of.dag), sender, whole)
            .await?;
        rows.into_iter()
            .map(|found| {
                let mut cells = Cells::new(found);
                Ok(Held {
                    id: cells.bilag_id()?,
                    bilag: cells.bilag_uuid()?,
                    debet: cells.oere()?,
                    state: cells.state_name()?,
                    bogfoeringsdato: cells.date()?,
                })
            })
            .collect()
    }

    pub(crate) async fn stated_versions(
        &self,
        of: DayKey,
        limit: u32,
    ) -> Result<Vec<StatedTotal>, StoreFailure> {
        let sql = format!(
            "select {STATED} from day_statement where {OF_DAY} order by version desc limit $4"
        );
        let mut params = day_values(of);
        params.push(limit.into());
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|r| stated(&mut Cells::new(r)))
            .collect()
    }

    pub(crate) async fn lines_of(
        &self,
        of: DayKey,
        version: u32,
    ) -> Result<Vec<Listed>, StoreFailure> {
        let sql = format!(
            "select bilag_uuid, debet from day_statement_line where {OF_DAY} and version = $4 \
             order by bilag_uuid"
        );
        let mut params = day_values(of);
        params.push(version.into());
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|found| {
                let mut cells = Cells::new(found);
                Ok(Listed {
                    bilag: cells.bilag_uuid()?,
                    debet: cells.oere()?,
                })
            })
            .collect()
    }

    async fn books_of(&self, of: DayKey, dates: &[Date]) -> Result<Vec<BookedDay>, StoreFailure> {
        if dates.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select {BOOKS} from books_statement t where kommune = $1 and fagsystem = $2 and {} \
             and bogfoeringsdato in ({}) order by bogfoeringsdato",
            latest("books_statement", "bogfoeringsdato", "version"),
            places(3, dates.len())
        );
        let mut params = vec![kommune(of.kommune), Value::Uuid(of.fagsystem.as_uuid())];
        params.extend(dates.iter().map(|dag| date(*dag)));
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|r| booked_day(&mut Cells::new(r)))
            .collect()
    }

    async fn signings_of(&self, of: DayKey) -> Result<Vec<Signing>, StoreFailure> {
        let sql = format!("select {SIGNING} from day_signing where {OF_DAY} order by number desc");
        let rows = self.query(&sql, day_values(of)).await?;
        let found: Result<Vec<Signing>, StoreFailure> = rows
            .into_iter()
            .map(|r| signing(&mut Cells::new(r)))
            .collect();
        let mut found = found?;
        let sql = format!("select number, finding, words from day_explanation where {OF_DAY}");
        for told in self.query(&sql, day_values(of)).await? {
            let mut cells = Cells::new(told);
            let number: u32 = cells.narrow()?;
            let (finding, words) = (cells.text()?.into(), cells.text()?.into());
            if let Some(signing) = found.iter_mut().find(|s| s.number == number) {
                signing.explanations.insert(finding, words);
            }
        }
        Ok(found)
    }
}

impl Days for Store {
    fn days<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<DayRow>> {
        Box::pin(self.day_rows(scope, filter))
    }

    fn day_bilag<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Held>> {
        Box::pin(self.held_of_day(scope, key))
    }

    fn stated<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<StatedTotal>> {
        Box::pin(async move {
            if !sees(scope, key) {
                return Ok(Vec::new());
            }
            self.stated_versions(key, 1_000).await
        })
    }

    fn stated_lines<'a>(
        &'a self,
        scope: &'a Scope,
        key: DayKey,
        version: u32,
    ) -> Answer<'a, Vec<Listed>> {
        Box::pin(async move {
            if !sees(scope, key) {
                return Ok(Vec::new());
            }
            self.lines_of(key, version).await
        })
    }

    fn keep_total<'a>(&'a self, total: &'a NewTotal, deed: &'a Deed) -> Answer<'a, Kept> {
        Box::pin(self.write_total(total, deed))
    }

    fn books<'a>(
        &'a self,
        scope: &'a Scope,
        key: DayKey,
        dates: &'a [Date],
    ) -> Answer<'a, Vec<BookedDay>> {
        Box::pin(async move {
            if !sees(scope, key) {
                return Ok(Vec::new());
            }
            let mut found = Vec::new();
            for dates in dates.chunks(100) {
                found.extend(self.books_of(key, dates).await?);
            }
            Ok(found)
        })
    }

    fn signings<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Signing>> {
        Box::pin(async move {
            if !sees(scope, key) {
                return Ok(Vec::new());
            }
            self.signings_of(key).await
        })
    }

    fn sign<'a>(&'a self, key: DayKey, signing: &'a Signing, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.write_signing(key, signing, deed))
    }

    fn questions<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Question>> {
        Box::pin(async move {
            if !sees(scope, key) {
                return Ok(Vec::new());
            }
            let rest = "where q.dag = $1 and q.kommune = $2 and q.fagsystem = $3 \
                        order by q.number desc limit 20";
            self.questions_where(rest, day_values(key)).await
        })
    }

    fn ask<'a>(&'a self, question: &'a Question, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.write_question(question, deed))
    }

    fn comparison<'a>(
        &'a self,
        scope: &'a Scope,
        from: Date,
        to: Date,
    ) -> Answer<'a, Option<Comparison>> {
        Box::pin(self.last_comparison(scope, from, to))
    }

    fn volumes<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<Volume>> {
        Box::pin(self.day_volumes(scope, filter))
    }
}
