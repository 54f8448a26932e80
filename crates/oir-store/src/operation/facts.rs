//! What the page and the command ask: everything that alarms are made of.

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::ids::uuid_v7;
use oir_domain::operation::pause::PlannedStop;
use oir_domain::operation::{
    Expiry, ExpiryKind, Facts, House, LeaseLine, QueueLine, SenderLine, Upkeep, UpkeepKind,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;

use super::{HEALTH_COLUMNS, PAUSE_COLUMNS, STOP_COLUMNS, health, pause, stop};
use crate::Store;
use crate::codec::{Cells, damaged, date, known_fagsystem, micros};
use crate::driver::Driver;
use crate::list::{Conditions, ITS_BILAG, THROUGH_OUTBOX};
use crate::plan::Value;

/// Sizes of days that are looked back on for what the database grows by.
const SIZES: i64 = 15;
/// Stops that are listed at most.
const STOPS: i64 = 50;
/// Days after which a stop that is over is no longer listed.
const STOPS_DAYS: i64 = 30;
/// Days that a sender is looked for.
const SENDER_DAYS: i64 = 60;

fn hours_before(now: Timestamp, hours: i64) -> Timestamp {
    let earlier = now.saturating_sub(SignedDuration::from_hours(hours));
    earlier.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What is under way, by receiver and state, and the values.
fn queue_question(scope: &Scope) -> (String, Vec<Value>) {
    let mut wanted = Conditions::seen(scope, "o");
    wanted.say(ITS_BILAG);
    let (wanted, params) = wanted.clause();
    let some = |condition: &str| format!("sum(case when {condition} then 1 else 0 end)");
    let sql = format!(
        "select o.kommune, b.state, count(*), min(b.changed), min(o.due), {}, {}, {}, {} \
         from {THROUGH_OUTBOX} {wanted} group by o.kommune, b.state order by 1, 2",
        some("b.attempts = 0"),
        some("b.attempts = 1"),
        some("b.attempts between 2 and 5"),
        some("b.attempts > 5")
    );
    (sql, params)
}

/// Who has taken what, and the values.
fn lease_question(scope: &Scope) -> (String, Vec<Value>) {
    let mut wanted = Conditions::seen(scope, "o");
    wanted.say(ITS_BILAG);
    // Whoever took it said so; nobody has an empty name.
    wanted.add("o.owner >", "".into());
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "select o.owner, o.kommune, count(*), min(b.changed), max(o.due) \
         from {THROUGH_OUTBOX} {wanted} group by o.owner, o.kommune order by 1, 2"
    );
    (sql, params)
}

impl Store {
    pub(super) async fn operation_facts(
        &self,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Facts, StoreFailure> {
        let mut facts = Facts {
            queue: self.queue(scope).await?,
            leases: self.leases(scope).await?,
            senders: self.senders(scope, now).await?,
            expiries: self.certificates(scope).await?,
            ..Facts::default()
        };
        for row in self.query(HEALTH_COLUMNS, Vec::new()).await? {
            let (owner, _, health) = health(row)?;
            if scope.touches(owner) {
                facts.health.push((owner, health));
            }
        }
        facts.health.sort_by_key(|(owner, _)| *owner);
        let concerns = |owner: Option<Kommunekode>| owner.is_none_or(|owner| scope.touches(owner));
        let sql = format!("{PAUSE_COLUMNS} where ended is null and until_at > $1 order by since");
        for row in self.query(&sql, vec![micros(now)]).await? {
            let one = pause(row)?;
            if concerns(one.kommune) && !scope.is_nothing() {
                facts.pauses.push(one);
            }
        }
        let sql = format!("{STOP_COLUMNS} where until_at > $1 order by from_at desc limit $2");
        let since = hours_before(now, STOPS_DAYS.saturating_mul(24));
        for row in self.query(&sql, vec![micros(since), STOPS.into()]).await? {
            let one = stop(row)?;
            if concerns(one.kommune) && !scope.is_nothing() {
                facts.stops.push(one);
            }
        }
        if scope.is_everything() {
            facts.house = Some(self.house().await?);
        }
        Ok(facts)
    }

    pub(super) async fn stops_to_tell(
        &self,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Vec<PlannedStop>, StoreFailure> {
        let sql = format!(
            "{STOP_COLUMNS} where until_at > $1 and cancelled is null order by from_at, stop_id"
        );
        let rows = self.query(&sql, vec![micros(now)]).await?;
        let stops: Result<Vec<PlannedStop>, _> = rows.into_iter().map(stop).collect();
        let told = |stop: &PlannedStop| {
            stop.is_news(now) && stop.kommune.is_none_or(|owner| scope.touches(owner))
        };
        Ok(stops?.into_iter().filter(told).collect())
    }

    async fn queue(&self, scope: &Scope) -> Result<Vec<QueueLine>, StoreFailure> {
        let (sql, params) = queue_question(scope);
        let rows = self.query(&sql, params).await?;
        let line = |row| {
            let mut cells = Cells::new(row);
            Ok(QueueLine {
                kommune: cells.kommune()?,
                state: cells.state_name()?,
                antal: cells.narrow()?,
                oldest: cells.time()?,
                first_due: cells.time()?,
                attempts: [
                    cells.narrow()?,
                    cells.narrow()?,
                    cells.narrow()?,
                    cells.narrow()?,
                ],
            })
        };
        rows.into_iter().map(line).collect()
    }

    async fn leases(&self, scope: &Scope) -> Result<Vec<LeaseLine>, StoreFailure> {
        let (sql, params) = lease_question(scope);
        let rows = self.query(&sql, params).await?;
        let line = |row| {
            let mut cells = Cells::new(row);
            Ok(LeaseLine {
                owner: cells.text()?,
                kommune: cells.kommune()?,
                antal: cells.narrow()?,
                since: cells.time()?,
                expires: cells.time()?,
            })
        };
        rows.into_iter().map(line).collect()
    }

    /// The days come from the totals, the hours from the bilag of the last day and night:
    /// their ids grow with time, so that no more than these are looked at.
    async fn senders(
        &self,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<Vec<SenderLine>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "t");
        let first = day_of(
            hours_before(now, SENDER_DAYS.saturating_mul(24)),
            &copenhagen(),
        );
        wanted.add("t.antal <> 0 and t.dag >=", date(first));
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select t.fagsystem, max(t.dag) from control_total t {wanted} \
             group by t.fagsystem order by 1"
        );
        let mut lines = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            lines.push(SenderLine {
                fagsystem: known_fagsystem(cells.fagsystem()?),
                last_day: cells.date()?,
                last: None,
                received: 0,
                rejected: 0,
            });
        }
        let mut wanted = Conditions::seen(scope, "b");
        let yesterday = hours_before(now, 24);
        let millis = u64::try_from(yesterday.as_millisecond()).unwrap_or(0);
        wanted.add("b.bilag_id >=", Value::Uuid(uuid_v7(millis, [0; 10])));
        wanted.add("b.modtaget >=", micros(yesterday));
        let hour = wanted.place(micros(hours_before(now, 1)));
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select b.fagsystem, max(b.modtaget), \
             sum(case when b.modtaget > {hour} then 1 else 0 end), \
             sum(case when b.modtaget > {hour} and b.rejected <> 0 then 1 else 0 end) \
             from bilag b {wanted} group by b.fagsystem"
        );
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let sender = known_fagsystem(cells.fagsystem()?);
            if let Some(line) = lines.iter_mut().find(|line| line.fagsystem == sender) {
                line.last = Some(cells.time()?);
                (line.received, line.rejected) = (cells.narrow()?, cells.narrow()?);
            }
        }
        Ok(lines)
    }

    async fn certificates(&self, scope: &Scope) -> Result<Vec<Expiry>, StoreFailure> {
        let sql = "select kind, name, kommune, expires from certificate order by expires, name";
        let mut all = Vec::new();
        for row in self.query(sql, Vec::new()).await? {
            let mut cells = Cells::new(row);
            let kind = ExpiryKind::from_word(&cells.text()?).ok_or_else(|| damaged("a kind"))?;
            let name = cells.text()?;
            let owner = Some(cells.kommune()?).filter(|owner| *owner != Kommunekode::UNKNOWN);
            let seen = match owner {
                Some(owner) => scope.touches(owner),
                None => scope.is_everything(),
            };
            if seen {
                all.push(Expiry {
                    kind,
                    name,
                    kommune: owner,
                    expires: cells.time()?,
                });
            }
        }
        Ok(all)
    }

    async fn house(&self) -> Result<House, StoreFailure> {
        let sql = "select dag, bytes from database_size order by dag desc limit $1";
        let mut sizes = Vec::new();
        for row in self.query(sql, vec![SIZES.into()]).await? {
            let mut cells = Cells::new(row);
            sizes.push((cells.date()?, cells.narrow()?));
        }
        sizes.reverse();
        let bytes = self.database_bytes().await?;
        Ok(House {
            free: None,
            bytes: bytes.and_then(|bytes| u64::try_from(bytes).ok()),
            wal: self.wal_bytes().await,
            sizes,
            backup: self.last_care(UpkeepKind::Backup).await?,
            verify: self.last_care(UpkeepKind::Verify).await?,
        })
    }

    async fn last_care(&self, kind: UpkeepKind) -> Result<Option<Upkeep>, StoreFailure> {
        let sql = "select at, place, bytes, findings from upkeep where kind = $1 \
                   order by at desc limit 1";
        let found = self.query(sql, vec![kind.word().into()]).await?.pop();
        let Some(row) = found else {
            return Ok(None);
        };
        let mut cells = Cells::new(row);
        let number = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
        Ok(Some(Upkeep {
            at: cells.time()?,
            place: cells.text()?,
            bytes: number(cells.opt_int()?),
            findings: number(cells.opt_int()?),
        }))
    }

    /// How large the database is.
    pub(super) async fn database_bytes(&self) -> Result<Option<i64>, StoreFailure> {
        let sql = match &self.driver {
            Driver::Sqlite(_) => {
                "select page_count * page_size from pragma_page_count(), pragma_page_size()"
            }
            Driver::Postgres(_) => "select pg_database_size(current_database())",
        };
        let mut rows = self.query(sql, Vec::new()).await?;
        Cells::new(rows.pop().unwrap_or_default()).opt_int()
    }

    /// How large its log of writes is; none where we may not ask.
    async fn wal_bytes(&self) -> Option<u64> {
        match &self.driver {
            Driver::Sqlite(database) => database.wal_bytes(),
            Driver::Postgres(_) => {
                let sql = "select cast(coalesce(sum(size), 0) as bigint) from pg_ls_waldir()";
                let row = self.query(sql, Vec::new()).await.ok()?.pop()?;
                let bytes = Cells::new(row).opt_int().ok()??;
                u64::try_from(bytes).ok()
            }
        }
    }
}
