//! Taking work from the outbox, and reading what the taker needs.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::finans::Finansbilag;
use oir_domain::ids::{BilagId, BilagUuid, FagsystemId};
use oir_domain::omsaetning::Prediction;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Statement, Statements};
use oir_flow::ports::outbox::{Advance, Backlog, Lease, Move, Outbox, Standing};
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, kommune, micros, time_of};
use crate::driver::Claiming;
use crate::plan::{Row, Value};

/// No receiver that is paused at `$1`: looked up once in a table of few rows. The same rule is
/// `Pause::holds` in the domain.
macro_rules! not_paused {
    () => {
        "not exists (select 1 from pause p where p.ended is null and p.until_at > $1
            and p.since <= $1 and p.kommune is null)
          and kommune not in (select p.kommune from pause p where p.ended is null
            and p.until_at > $1 and p.since <= $1 and p.kommune is not null)"
    };
}

/// Takes the group of the longest due row, then the longest due rows of that group among
/// the first two thousand: a bundle may be smaller than it could be, a look never longer.
/// Municipalities to avoid come as one text, `,101,751,`. PostgreSQL steps over rows that
/// another worker is taking at this moment.
const CLAIM: Claiming = Claiming {
    sqlite: concat!(
        "update outbox set due = $2, owner = $3 where (bilag_id, kommune) in (
        select o.bilag_id, o.kommune from
          (select * from outbox where due <= $1 and $5 not like '%,' || kommune || ',%' and ",
        not_paused!(),
        " order by due limit 2000) o
        join (select kommune, fagsystem from outbox where due <= $1
            and $5 not like '%,' || kommune || ',%' and ",
        not_paused!(),
        " order by due limit 1) g
          on g.kommune = o.kommune and g.fagsystem = o.fagsystem
        order by o.due, o.bilag_id limit $4) returning kommune, bilag_id"
    ),
    postgres: concat!(
        "with first as (
        select kommune, fagsystem from outbox where due <= $1
          and $5::text not like '%,' || kommune || ',%' and ",
        not_paused!(),
        " order by due limit 1 for update skip locked),
      taken as (
        select o.kommune, o.bilag_id from outbox o join first g
          on g.kommune = o.kommune and g.fagsystem = o.fagsystem
        where o.due <= $1 and (o.bilag_id, o.kommune) in (
          select bilag_id, kommune from outbox where due <= $1
            and $5::text not like '%,' || kommune || ',%' and ",
        not_paused!(),
        " order by due limit 2000)
        order by o.due, o.bilag_id limit $4 for update of o skip locked)
      update outbox o set due = $2, owner = $3 from taken t
      where o.kommune = t.kommune and o.bilag_id = t.bilag_id returning o.kommune, o.bilag_id"
    ),
};

/// Every municipality that has something booked, by a step in the index for each: the range
/// of days can then be looked up in each of them.
const EACH_BOOKED: &str = "with recursive each(kommune) as ( \
       select min(kommune) from bilag where state = 'booked' \
     union all \
       select (select min(kommune) from bilag where state = 'booked' and kommune > each.kommune) \
       from each where each.kommune is not null)";

const STANDING: &str = "select b.kommune, b.bilag_id, b.bilag_uuid, b.fagsystem, b.dag, b.debet, \
     b.state, b.attempts, b.erp_bilagsnummer, b.version, b.changed, b.position from bilag b";

fn standing(row: Row) -> Result<Standing, StoreFailure> {
    let mut cells = Cells::new(row);
    let (kommune, id) = (cells.kommune()?, cells.bilag_id()?);
    let (bilag_uuid, fagsystem) = (cells.bilag_uuid()?, cells.fagsystem()?);
    let (dag, debet) = (cells.date()?, cells.oere()?);
    let (state, attempts) = cells.state()?;
    let (version, since) = (cells.int()?, cells.time()?);
    let index = cells.narrow()?;
    Ok(Standing {
        kommune,
        id,
        bilag_uuid,
        fagsystem,
        index,
        dag,
        debet,
        state,
        attempts,
        version,
        since,
    })
}

/// What is booked in a range of days, of one municipality or each, and the values.
pub(crate) fn booked(owner: Option<Kommunekode>, from: Date, to: Date) -> (String, Vec<Value>) {
    let (each, from_each, one) = match owner {
        Some(_) => ("", "", "b.kommune = $3"),
        None => (EACH_BOOKED, "each e cross join", "b.kommune = e.kommune"),
    };
    let sql = format!(
        "{each} select b.kommune, b.fagsystem, count(*), cast(sum(b.debet) as bigint), \
         cast(sum(b.kredit) as bigint) from {from_each} bilag b where b.state = 'booked' \
         and {one} and b.bogfoeringsdato >= $1 and b.bogfoeringsdato <= $2 \
         group by b.kommune, b.fagsystem"
    );
    let mut params = vec![date(from), date(to)];
    params.extend(owner.map(kommune));
    (sql, params)
}

impl Store {
    pub(crate) async fn standings(
        &self,
        rest: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Standing>, StoreFailure> {
        let rows = self.query(&format!("{STANDING} {rest}"), params).await?;
        rows.into_iter().map(standing).collect()
    }

    async fn claim_due(&self, lease: &Lease<'_>) -> Result<Vec<Standing>, StoreFailure> {
        let avoid = lease.avoid.iter().map(|kommune| format!("{},", kommune.0));
        let params = vec![
            micros(lease.now),
            micros(lease.until),
            lease.owner.into(),
            lease.limit.into(),
            format!(",{}", avoid.collect::<String>()).into(),
        ];
        let taken = self.claim_rows(CLAIM, params).await?;
        let Some(first) = taken.first() else {
            return Ok(Vec::new());
        };
        let mut params = vec![first.first().cloned().unwrap_or(Value::Null)];
        params.extend(taken.iter().filter_map(|row| row.get(1).cloned()));
        let places = crate::codec::places(2, params.len().saturating_sub(1));
        let rest = format!("where b.kommune = $1 and b.bilag_id in ({places}) order by b.bilag_id");
        self.standings(&rest, params).await
    }

    async fn load_bilag(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
    ) -> Result<Vec<Finansbilag>, StoreFailure> {
        let mut found: HashMap<BilagId, Finansbilag> = self.documents(owner, ids).await?;
        ids.iter()
            .map(|id| found.remove(id).ok_or_else(|| damaged("a bilag is gone")))
            .collect()
    }

    async fn booked_totals(
        &self,
        owner: Option<Kommunekode>,
        from: Date,
        to: Date,
    ) -> Result<Statements, StoreFailure> {
        let (sql, params) = booked(owner, from, to);
        let mut statements = Statements::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let key = (cells.kommune()?, cells.fagsystem()?);
            let statement = Statement {
                antal: cells.narrow()?,
                debet: cells.oere()?,
                kredit: cells.oere()?,
            };
            statements.insert(key, statement);
        }
        Ok(statements)
    }

    async fn count_backlog(&self, now: Timestamp) -> Result<Backlog, StoreFailure> {
        // What a person paused is not late.
        let sql = concat!(
            "select count(*), min(case when due <= $1 and ",
            not_paused!(),
            " then due end) from outbox"
        );
        let mut rows = self.query(sql, vec![micros(now)]).await?;
        let mut cells = Cells::new(rows.pop().unwrap_or_default());
        let rows = cells.narrow()?;
        let oldest_due = cells.opt_int()?.map(time_of).transpose()?;
        let sql = "select min(b.changed) from outbox o join bilag b \
             on b.kommune = o.kommune and b.bilag_id = o.bilag_id where b.state = 'uncertain'";
        let mut uncertain = self.query(sql, Vec::new()).await?;
        let since = Cells::new(uncertain.pop().unwrap_or_default()).opt_int()?;
        let oldest_uncertain = since.map(time_of).transpose()?;
        Ok(Backlog {
            rows,
            oldest_due,
            oldest_uncertain,
        })
    }
}

impl Outbox for Store {
    fn claim<'a>(&'a self, lease: &'a Lease<'a>) -> Answer<'a, Vec<Standing>> {
        Box::pin(self.claim_due(lease))
    }

    fn advance<'a>(&'a self, moves: &'a [Move]) -> Answer<'a, Advance> {
        Box::pin(self.write_moves(moves))
    }

    fn load<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<Finansbilag>> {
        Box::pin(self.load_bilag(kommune, ids))
    }

    fn foreseen<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<(BilagId, Prediction)>> {
        Box::pin(self.predictions(kommune, ids))
    }

    fn standing<'a>(
        &'a self,
        owner: Kommunekode,
        bilag_uuid: BilagUuid,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Option<Standing>> {
        Box::pin(async move {
            let mut params = vec![kommune(owner), Value::Uuid(bilag_uuid.as_uuid())];
            let mut rest = "where b.kommune = $1 and b.claimed_uuid = $2".to_owned();
            if let Some(fagsystem) = fagsystem {
                rest.push_str(" and b.fagsystem = $3");
                params.push(Value::Uuid(fagsystem.as_uuid()));
            }
            Ok(self.standings(&rest, params).await?.pop())
        })
    }

    fn held<'a>(
        &'a self,
        after: Option<(Kommunekode, BilagId)>,
        limit: u32,
    ) -> Answer<'a, Vec<Standing>> {
        let nothing = (Kommunekode::UNKNOWN, BilagId::from_uuid(uuid::Uuid::nil()));
        let (owner, id) = after.unwrap_or(nothing);
        let params = vec![kommune(owner), Value::Uuid(id.as_uuid()), limit.into()];
        let rest = "where b.state = 'held' and (b.kommune, b.bilag_id) > ($1, $2) \
                    order by b.kommune, b.bilag_id limit $3";
        Box::pin(self.standings(rest, params))
    }

    fn backlog(&self, now: Timestamp) -> Answer<'_, Backlog> {
        Box::pin(self.count_backlog(now))
    }

    fn next_due(&self) -> Answer<'_, Option<Timestamp>> {
        Box::pin(async move {
            let mut rows = self
                .query("select min(due) from outbox", Vec::new())
                .await?;
            Cells::new(rows.pop().unwrap_or_default())
                .opt_int()?
                .map(time_of)
                .transpose()
        })
    }

    fn booked(&self, kommune: Option<Kommunekode>, from: Date, to: Date) -> Answer<'_, Statements> {
        Box::pin(self.booked_totals(kommune, from, to))
    }
}
