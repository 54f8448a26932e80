//! Reading for people.

use std::collections::BTreeMap;

use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, TransaktionsId};
use oir_domain::party::Kommunekode;
use oir_flow::ports::inbox::{Channel, MessageOutcome};
use oir_flow::ports::views::{
    BilagDetail, BilagFilter, BilagLine, DayTotal, FaultCount, MessageDetail, TimelineEvent,
    UnreadableTotal, Views,
};
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, fagsystem, known_fagsystem, kommune};
use crate::list::{Conditions, LINE, line};
use crate::plan::Value;

/// Bilag that correct one; another sender may use the same id for another bilag. Without an
/// order, for which SQLite would walk through all of the municipality's.
pub(crate) const CORRECTED_BY: &str =
    "select bilag_id from bilag where kommune = $1 and korrigerer = $2 and fagsystem = $3";

/// The totals of a day, and the values.
pub(crate) fn totals_of_day(scope: &Scope, dag: Date) -> (String, Vec<Value>) {
    let mut wanted = Conditions::seen(scope, "t");
    wanted.add("t.dag =", date(dag));
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "select kommune, fagsystem, state, cast(sum(antal) as bigint), \
         cast(sum(debet) as bigint) from control_total t {wanted} \
         group by kommune, fagsystem, state having sum(antal) <> 0 order by 1, 2, 3"
    );
    (sql, params)
}

/// How many bilag of a day have which fault, and the values: from the day's faults to their
/// bilag, because most bilag of a day have none.
pub(crate) fn faults_of_day(scope: &Scope, dag: Date) -> (String, Vec<Value>) {
    let mut wanted = Conditions::seen(scope, "b");
    wanted.add("f.dag =", date(dag));
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "select f.code, count(distinct f.bilag_id) from fault f join bilag b \
         on b.kommune = f.kommune and b.bilag_id = f.bilag_id {wanted} group by f.code"
    );
    (sql, params)
}

impl Store {
    async fn day_totals(&self, scope: &Scope, dag: Date) -> Result<Vec<DayTotal>, StoreFailure> {
        let (sql, params) = totals_of_day(scope, dag);
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|row| {
                let mut cells = Cells::new(row);
                Ok(DayTotal {
                    kommune: cells.kommune()?,
                    fagsystem: known_fagsystem(cells.fagsystem()?),
                    state: cells.state_name()?,
                    antal: cells.narrow()?,
                    debet: cells.oere()?,
                })
            })
            .collect()
    }

    async fn unreadable_totals(
        &self,
        scope: &Scope,
        dag: Date,
    ) -> Result<Vec<UnreadableTotal>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "a");
        wanted.add("a.outcome <> 'taken' and a.dag =", date(dag));
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select kommune, fagsystem, count(*), cast(sum(antal_bilag) as bigint) \
             from afsendelse a {wanted} group by kommune, fagsystem order by 1, 2"
        );
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|row| {
                let mut cells = Cells::new(row);
                Ok(UnreadableTotal {
                    kommune: cells.kommune()?,
                    fagsystem: known_fagsystem(cells.fagsystem()?),
                    messages: cells.narrow()?,
                    bilag: cells.narrow()?,
                })
            })
            .collect()
    }

    async fn count_faults(
        &self,
        scope: &Scope,
        dag: Date,
    ) -> Result<Vec<FaultCount>, StoreFailure> {
        let (bilag, of_bilag) = faults_of_day(scope, dag);
        let mut messages = Conditions::seen(scope, "a");
        messages.add("a.outcome <> 'taken' and a.dag =", date(dag));
        let (messages, of_messages) = messages.clause();
        let messages = format!(
            "select f.code, count(distinct f.afsendelse_id) from afsendelse a join fault f \
             on f.kommune = a.kommune and f.afsendelse_id = a.afsendelse_id {messages} \
             group by f.code"
        );
        let mut counts: BTreeMap<FaultCode, u64> = BTreeMap::new();
        for (sql, params) in [(bilag, of_bilag), (messages, of_messages)] {
            for row in self.query(&sql, params).await? {
                let mut cells = Cells::new(row);
                let code = FaultCode::from_code(&cells.text()?).ok_or_else(|| damaged("a code"))?;
                let count = counts.entry(code).or_default();
                *count = count.saturating_add(cells.narrow()?);
            }
        }
        let count = |(code, antal)| FaultCount { code, antal };
        Ok(counts.into_iter().map(count).collect())
    }

    async fn bilag_detail(
        &self,
        scope: &Scope,
        id: BilagId,
    ) -> Result<Option<BilagDetail>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "b");
        wanted.add("b.bilag_id =", Value::Uuid(id.as_uuid()));
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select {LINE}, b.position, b.afsendelse_id, a.transaktions_id, a.channel, \
             b.omsaetning_version from bilag b \
             join afsendelse a on a.kommune = b.kommune and a.afsendelse_id = b.afsendelse_id \
             {wanted}"
        );
        let Some(row) = self.query(&sql, params).await?.pop() else {
            return Ok(None);
        };
        let mut cells = Cells::new(row);
        let line = line(&mut cells)?;
        let (index, afsendelse) = (cells.narrow()?, cells.afsendelse_id()?);
        let transaktions_id = cells.opt_uuid()?.map(TransaktionsId::from_uuid);
        let channel = Channel::from_word(&cells.text()?).ok_or_else(|| damaged("a channel"))?;
        let omsaetning_version = cells.opt_narrow()?;
        let document = self.documents(line.kommune, &[id]).await?.remove(&id);
        let bilag = document.ok_or_else(|| damaged("a bilag is gone"))?;
        let known = self.faults_of(line.kommune, &[id]).await?;
        let (faults, later_faults) = known.at(id, index);
        let timeline = self.timeline(line.kommune, id).await?;
        let corrects = match bilag.korrigerer {
            Some(uuid) => {
                self.stored_bilag(line.kommune, uuid, line.fagsystem)
                    .await?
            }
            None => None,
        };
        let corrected_by = self.corrected_by(&line).await?;
        Ok(Some(BilagDetail {
            line,
            afsendelse,
            transaktions_id,
            channel,
            index,
            bilag,
            omsaetning_version,
            faults,
            later_faults,
            timeline,
            corrects: corrects.map(|b| b.id),
            corrected_by,
        }))
    }

    async fn timeline(
        &self,
        owner: Kommunekode,
        id: BilagId,
    ) -> Result<Vec<TimelineEvent>, StoreFailure> {
        let sql = "select number, at, event, to_state, attempt, detail from bilag_event \
             where kommune = $1 and bilag_id = $2 order by number";
        let rows = self
            .query(sql, vec![kommune(owner), Value::Uuid(id.as_uuid())])
            .await?;
        rows.into_iter()
            .map(|row| {
                let mut cells = Cells::new(row);
                Ok(TimelineEvent {
                    number: cells.narrow()?,
                    at: cells.time()?,
                    event: cells.text()?,
                    to: cells.state_name()?,
                    attempt: cells.narrow()?,
                    detail: cells.opt_text()?,
                })
            })
            .collect()
    }

    async fn corrected_by(&self, line: &BilagLine) -> Result<Vec<BilagId>, StoreFailure> {
        let params = vec![
            kommune(line.kommune),
            Value::Uuid(line.bilag_uuid.as_uuid()),
            fagsystem(line.fagsystem),
        ];
        let rows = self.query(CORRECTED_BY, params).await?;
        let ids = rows.into_iter().map(|row| Cells::new(row).bilag_id());
        let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
        ids.sort_unstable();
        Ok(ids)
    }

    async fn messages(
        &self,
        rest: &str,
        params: Vec<Value>,
    ) -> Result<Vec<MessageDetail>, StoreFailure> {
        let sql = format!(
            "select a.kommune, a.afsendelse_id, a.fagsystem, a.transaktions_id, a.modtaget, \
             a.channel, a.outcome, a.raw from afsendelse a {rest}"
        );
        let mut found = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let (kommune, id) = (cells.kommune()?, cells.afsendelse_id()?);
            let fagsystem = known_fagsystem(cells.fagsystem()?);
            let transaktions_id = cells.opt_uuid()?.map(TransaktionsId::from_uuid);
            let modtaget = cells.time()?;
            let channel = Channel::from_word(&cells.text()?).ok_or_else(|| damaged("a channel"))?;
            let outcome = MessageOutcome::from_word(&cells.text()?);
            found.push(MessageDetail {
                kommune,
                id,
                fagsystem,
                transaktions_id,
                modtaget,
                channel,
                outcome: outcome.ok_or_else(|| damaged("an outcome"))?,
                faults: self.message_faults(kommune, id).await?,
                bilag: Vec::new(),
                raw: cells.raw()?,
            });
        }
        Ok(found)
    }

    async fn one_message(
        &self,
        scope: &Scope,
        id: AfsendelseId,
    ) -> Result<Option<MessageDetail>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "a");
        wanted.add("a.afsendelse_id =", Value::Uuid(id.as_uuid()));
        let (wanted, params) = wanted.clause();
        let found = self.messages(&wanted, params).await?.pop();
        let Some(mut message) = found else {
            return Ok(None);
        };
        let sql = format!(
            "select {LINE} from bilag b where b.kommune = $1 and b.afsendelse_id = $2 \
             order by b.position"
        );
        let params = vec![kommune(message.kommune), Value::Uuid(id.as_uuid())];
        for row in self.query(&sql, params).await? {
            message.bilag.push(line(&mut Cells::new(row))?);
        }
        Ok(Some(message))
    }
}

impl Views for Store {
    fn day<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<DayTotal>> {
        Box::pin(self.day_totals(scope, dag))
    }

    fn unreadable<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<UnreadableTotal>> {
        Box::pin(self.unreadable_totals(scope, dag))
    }

    fn unreadable_messages<'a>(
        &'a self,
        scope: &'a Scope,
        dag: Date,
        limit: u32,
    ) -> Answer<'a, Vec<MessageDetail>> {
        let mut wanted = Conditions::seen(scope, "a");
        wanted.add("a.outcome <> 'taken' and a.dag =", date(dag));
        let limit = wanted.place(limit.into());
        let (wanted, params) = wanted.clause();
        let rest = format!("{wanted} order by a.modtaget desc limit {limit}");
        Box::pin(async move { self.messages(&rest, params).await })
    }

    fn fault_counts<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<FaultCount>> {
        Box::pin(self.count_faults(scope, dag))
    }

    fn latest_day<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Option<Date>> {
        Box::pin(async move {
            let (totals, params) = Conditions::seen(scope, "t").clause();
            let sql = format!("select max(t.dag) from control_total t {totals}");
            let mut rows = self.query(&sql, params).await?;
            let counted = Cells::new(rows.pop().unwrap_or_default()).opt_date()?;
            let mut unreadable = Conditions::seen(scope, "a");
            unreadable.add("a.outcome <>", "taken".into());
            let (unreadable, params) = unreadable.clause();
            let sql = format!("select max(a.dag) from afsendelse a {unreadable}");
            let mut rows = self.query(&sql, params).await?;
            let not_read = Cells::new(rows.pop().unwrap_or_default()).opt_date()?;
            Ok(counted.max(not_read))
        })
    }

    fn list<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Vec<BilagLine>> {
        Box::pin(self.list_bilag(scope, filter, after, limit))
    }

    fn detail<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Option<BilagDetail>> {
        Box::pin(self.bilag_detail(scope, id))
    }

    fn message_detail<'a>(
        &'a self,
        scope: &'a Scope,
        id: AfsendelseId,
    ) -> Answer<'a, Option<MessageDetail>> {
        Box::pin(self.one_message(scope, id))
    }
}
