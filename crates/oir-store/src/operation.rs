//! Pauses, planned stops, receivers' health, certificates, sizes and care. What is read for
//! the page stands in `facts.rs`.

mod facts;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::{PauseId, StopId};
use oir_domain::operation::health::{CallFailure, FailureClass, Health, Heard};
use oir_domain::operation::pause::{DuringStop, Pause, PlannedStop};
use oir_domain::operation::{Expiry, Facts, Upkeep, UpkeepKind};
use oir_domain::party::Kommunekode;
use oir_flow::ports::operation::{Hold, Operation, Partners, has_say};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, kommune, micros, time_of};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Row, Shape, Value};
use crate::sessions::committed;

const PAUSE: Shape = Shape {
    table: "pause",
    columns: &[
        ("pause_id", Id),
        ("kommune", Int),
        ("since", Int),
        ("until_at", Int),
        ("reason", Text),
        ("navn", Text),
        ("ended", Int),
        ("stop_id", Id),
    ],
    suffix: "",
};

const STOP: Shape = Shape {
    table: "planned_stop",
    columns: &[
        ("stop_id", Id),
        ("kommune", Int),
        ("announced", Int),
        ("from_at", Int),
        ("until_at", Int),
        ("tekst", Text),
        ("pauses", Int),
        ("navn", Text),
        ("cancelled", Int),
    ],
    suffix: "",
};

const HEALTH: Shape = Shape {
    table: "receiver_health",
    columns: &[
        ("kommune", Int),
        ("version", Int),
        ("last_good", Int),
        ("last_failure", Int),
        ("failure_class", Text),
        ("failure_reason", Text),
        ("failures", Int),
        ("took_ms", Text),
        ("rests_until", Int),
    ],
    suffix: "",
};

const CERTIFICATE: Shape = Shape {
    table: "certificate",
    columns: &[
        ("kind", Text),
        ("name", Text),
        ("kommune", Int),
        ("expires", Int),
        ("seen", Int),
    ],
    suffix: "on conflict (kind, name, kommune) do update \
         set expires = excluded.expires, seen = excluded.seen",
};

const SIZE: Shape = Shape {
    table: "database_size",
    columns: &[("dag", Text), ("bytes", Int)],
    suffix: "on conflict (dag) do update set bytes = excluded.bytes",
};

const UPKEEP: Shape = Shape {
    table: "upkeep",
    columns: &[
        ("kind", Text),
        ("at", Int),
        ("place", Text),
        ("bytes", Int),
        ("findings", Int),
    ],
    suffix: "",
};

const SET_HEALTH: &str = "update receiver_health set version = $2 + 1, last_good = $3, \
     last_failure = $4, failure_class = $5, failure_reason = $6, failures = $7, took_ms = $8, \
     rests_until = $9 where kommune = $1 and version = $2";
/// A pause that is over is not ended once more.
const END_PAUSE: &str = "update pause set ended = $2 where pause_id = $1 and ended is null \
     and until_at > $2";
const END_PAUSE_OF_STOP: &str =
    "update pause set ended = $2 where stop_id = $1 and ended is null and until_at > $2";
const CANCEL: &str = "update planned_stop set cancelled = $2 where stop_id = $1 \
     and cancelled is null and until_at > $2";

const PAUSE_COLUMNS: &str =
    "select pause_id, kommune, since, until_at, reason, navn, ended, stop_id from pause";
const STOP_COLUMNS: &str = "select stop_id, kommune, announced, from_at, until_at, tekst, pauses, \
     navn, cancelled from planned_stop";
const HEALTH_COLUMNS: &str = "select kommune, version, last_good, last_failure, failure_class, \
     failure_reason, failures, took_ms, rests_until from receiver_health";

/// Other processes that may be first before the store counts as too busy.
const TRIES: usize = 20;
/// Stands for an end that nobody has set.
const FOREVER: i64 = i64::MAX;

fn pause_row(pause: &Pause) -> Vec<Value> {
    vec![
        Value::Uuid(pause.id.as_uuid()),
        pause.kommune.map(|kommune| kommune.0).into(),
        micros(pause.since),
        pause.until.map_or(Value::Int(FOREVER), micros),
        pause.reason.clone().into(),
        pause.navn.clone().into(),
        pause.ended.map_or(Value::Null, micros),
        pause
            .stop
            .map_or(Value::Null, |stop| Value::Uuid(stop.as_uuid())),
    ]
}

fn opt_time(cells: &mut Cells) -> Result<Option<Timestamp>, StoreFailure> {
    cells.opt_int()?.map(time_of).transpose()
}

fn opt_kommune(cells: &mut Cells) -> Result<Option<Kommunekode>, StoreFailure> {
    let code = cells.opt_int()?.map(u16::try_from).transpose();
    let code = code.map_err(|_| damaged("a municipality"))?;
    Ok(code.map(Kommunekode))
}

fn pause(row: Row) -> Result<Pause, StoreFailure> {
    let mut cells = Cells::new(row);
    Ok(Pause {
        id: PauseId::from_uuid(cells.uuid()?),
        kommune: opt_kommune(&mut cells)?,
        since: cells.time()?,
        until: match cells.int()? {
            FOREVER => None,
            until => Some(time_of(until)?),
        },
        reason: cells.text()?,
        navn: cells.text()?,
        ended: opt_time(&mut cells)?,
        stop: cells.opt_uuid()?.map(StopId::from_uuid),
    })
}

fn stop_row(stop: &PlannedStop) -> Vec<Value> {
    vec![
        Value::Uuid(stop.id.as_uuid()),
        stop.kommune.map(|kommune| kommune.0).into(),
        micros(stop.announced),
        micros(stop.from),
        micros(stop.until),
        stop.tekst.clone().into(),
        (stop.during == DuringStop::Pause).into(),
        stop.navn.clone().into(),
        stop.cancelled.map_or(Value::Null, micros),
    ]
}

fn stop(row: Row) -> Result<PlannedStop, StoreFailure> {
    let mut cells = Cells::new(row);
    Ok(PlannedStop {
        id: StopId::from_uuid(cells.uuid()?),
        kommune: opt_kommune(&mut cells)?,
        announced: cells.time()?,
        from: cells.time()?,
        until: cells.time()?,
        tekst: cells.text()?,
        during: match cells.int()? {
            0 => DuringStop::Continue,
            _ => DuringStop::Pause,
        },
        navn: cells.text()?,
        cancelled: opt_time(&mut cells)?,
    })
}

/// A receiver's health with the version it was read at.
fn health(row: Row) -> Result<(Kommunekode, i64, Health), StoreFailure> {
    let mut cells = Cells::new(row);
    let (kommune, version) = (cells.kommune()?, cells.int()?);
    let last_good = opt_time(&mut cells)?;
    let at = opt_time(&mut cells)?;
    let (class, reason) = (cells.opt_text()?, cells.opt_text()?);
    let last_failure = match (at, class.as_deref().map(FailureClass::from_word), reason) {
        (Some(at), Some(Some(class)), Some(reason)) => Some((at, CallFailure { class, reason })),
        (None, None, None) => None,
        _ => return Err(damaged("half a failure")),
    };
    let failures = cells.narrow()?;
    let took = cells.text()?;
    let took = took.split(',').filter(|text| !text.is_empty());
    let took_ms: Result<Vec<u32>, _> = took.map(str::parse).collect();
    let health = Health {
        last_good,
        last_failure,
        failures,
        took_ms: took_ms.map_err(|_| damaged("response times"))?,
        rests_until: opt_time(&mut cells)?,
    };
    Ok((kommune, version, health))
}

/// The columns after the version.
fn health_values(health: &Health) -> [Value; 7] {
    let failure = health.last_failure.as_ref();
    let took: Vec<String> = health.took_ms.iter().map(u32::to_string).collect();
    [
        health.last_good.map_or(Value::Null, micros),
        failure.map_or(Value::Null, |(at, _)| micros(*at)),
        failure.map(|(_, failure)| failure.class.word()).into(),
        failure.map(|(_, failure)| failure.reason.clone()).into(),
        health.failures.into(),
        took.join(",").into(),
        health.rests_until.map_or(Value::Null, micros),
    ]
}

impl Store {
    async fn hold_of(&self, owner: Kommunekode, now: Timestamp) -> Result<Hold, StoreFailure> {
        let sql = "select \
             coalesce(sum(case when ended is null and until_at > $2 then 1 else 0 end), 0), \
             max(case when ended is null then until_at else ended end) \
             from pause where since <= $2 and (kommune = $1 or kommune is null) \
             and (ended is null or ended > since)";
        let params = vec![kommune(owner), micros(now)];
        let mut rows = self.query(sql, params).await?;
        let mut cells = Cells::new(rows.pop().unwrap_or_default());
        let paused = cells.int()? > 0;
        let last = if paused { None } else { cells.opt_int()? };
        Ok(Hold {
            paused,
            resumed: last.map(time_of).transpose()?,
        })
    }

    async fn add_heard(&self, calls: &[(Kommunekode, Heard)]) -> Result<(), StoreFailure> {
        for _ in 0..TRIES {
            let mut known = BTreeMap::new();
            for row in self.query(HEALTH_COLUMNS, Vec::new()).await? {
                let (owner, version, health) = health(row)?;
                known.insert(owner, (version, health));
            }
            let mut changed: BTreeMap<Kommunekode, (i64, Health)> = BTreeMap::new();
            for (owner, heard) in calls {
                let before = || known.get(owner).cloned().unwrap_or_default();
                changed.entry(*owner).or_insert_with(before).1.hear(heard);
            }
            let mut plan = Plan::default();
            for (owner, (version, health)) in &changed {
                let mut values = vec![kommune(*owner), (*version).into()];
                values.extend(health_values(health));
                if known.contains_key(owner) {
                    plan.change(SET_HEALTH, values, Some(1));
                } else {
                    plan.insert(&HEALTH, values);
                }
            }
            match self.transact(plan).await? {
                Outcome::Committed => return Ok(()),
                // Another process added something meanwhile.
                Outcome::Duplicate | Outcome::Unexpected | Outcome::Contended => {}
            }
        }
        Err(StoreFailure::Unavailable("health is contended".into()))
    }

    async fn note_certificates(&self, all: &[Expiry], now: Timestamp) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        for one in all {
            let values = vec![
                one.kind.word().into(),
                one.name.clone().into(),
                kommune(one.kommune.unwrap_or(Kommunekode::UNKNOWN)),
                micros(one.expires),
                micros(now),
            ];
            plan.insert(&CERTIFICATE, values);
        }
        committed(self.transact(plan).await?)
    }

    async fn note_size(&self, dag: Date) -> Result<(), StoreFailure> {
        let Some(bytes) = self.database_bytes().await? else {
            return Ok(());
        };
        let mut plan = Plan::default();
        plan.insert(&SIZE, vec![date(dag), bytes.into()]);
        committed(self.transact(plan).await?)
    }

    async fn begin_pause(
        &self,
        scope: &Scope,
        pause: &Pause,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        if !has_say(scope, pause.kommune) {
            return Ok(false);
        }
        let mut plan = Plan::default();
        plan.insert(&PAUSE, pause_row(pause));
        self.with_deed(&plan, deed).await
    }

    async fn end_pause(
        &self,
        scope: &Scope,
        id: PauseId,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let sql = format!("{PAUSE_COLUMNS} where pause_id = $1");
        let found = self.query(&sql, vec![Value::Uuid(id.as_uuid())]).await?;
        let found = found.into_iter().next().map(pause).transpose()?;
        if !found.is_some_and(|pause| has_say(scope, pause.kommune)) {
            return Ok(false);
        }
        let mut plan = Plan::default();
        let params = vec![Value::Uuid(id.as_uuid()), micros(deed.at)];
        plan.change(END_PAUSE, params, Some(1));
        self.with_deed(&plan, deed).await
    }

    async fn announce_stop(
        &self,
        scope: &Scope,
        stop: &PlannedStop,
        pause: Option<&Pause>,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        if !has_say(scope, stop.kommune) {
            return Ok(false);
        }
        let mut plan = Plan::default();
        plan.insert(&STOP, stop_row(stop));
        if let Some(pause) = pause {
            plan.insert(&PAUSE, pause_row(pause));
        }
        self.with_deed(&plan, deed).await
    }

    async fn cancel_stop(
        &self,
        scope: &Scope,
        id: StopId,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let sql = format!("{STOP_COLUMNS} where stop_id = $1");
        let found = self.query(&sql, vec![Value::Uuid(id.as_uuid())]).await?;
        let found = found.into_iter().next().map(stop).transpose()?;
        if !found.is_some_and(|stop| has_say(scope, stop.kommune)) {
            return Ok(false);
        }
        let mut plan = Plan::default();
        let params = || vec![Value::Uuid(id.as_uuid()), micros(deed.at)];
        plan.change(CANCEL, params(), Some(1));
        plan.change(END_PAUSE_OF_STOP, params(), None);
        self.with_deed(&plan, deed).await
    }

    async fn note_care(&self, kind: UpkeepKind, upkeep: &Upkeep) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let values = vec![
            kind.word().into(),
            micros(upkeep.at),
            upkeep.place.clone().into(),
            upkeep.bytes.map(number).into(),
            upkeep.findings.map(number).into(),
        ];
        plan.insert(&UPKEEP, values);
        committed(self.transact(plan).await?)
    }
}

impl Partners for Store {
    fn hold(&self, kommune: Kommunekode, now: Timestamp) -> Answer<'_, Hold> {
        Box::pin(self.hold_of(kommune, now))
    }

    fn heard<'a>(&'a self, calls: &'a [(Kommunekode, Heard)]) -> Answer<'a, ()> {
        Box::pin(self.add_heard(calls))
    }

    fn shown<'a>(&'a self, certificates: &'a [Expiry], now: Timestamp) -> Answer<'a, ()> {
        Box::pin(self.note_certificates(certificates, now))
    }

    fn sized(&self, dag: Date) -> Answer<'_, ()> {
        Box::pin(self.note_size(dag))
    }
}

impl Operation for Store {
    fn facts<'a>(&'a self, scope: &'a Scope, now: Timestamp) -> Answer<'a, Facts> {
        Box::pin(self.operation_facts(scope, now))
    }

    fn news<'a>(&'a self, scope: &'a Scope, now: Timestamp) -> Answer<'a, Vec<PlannedStop>> {
        Box::pin(self.stops_to_tell(scope, now))
    }

    fn pause<'a>(&'a self, scope: &'a Scope, pause: &'a Pause, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.begin_pause(scope, pause, deed))
    }

    fn resume<'a>(&'a self, scope: &'a Scope, id: PauseId, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.end_pause(scope, id, deed))
    }

    fn announce<'a>(
        &'a self,
        scope: &'a Scope,
        stop: &'a PlannedStop,
        pause: Option<&'a Pause>,
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.announce_stop(scope, stop, pause, deed))
    }

    fn cancel<'a>(&'a self, scope: &'a Scope, id: StopId, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.cancel_stop(scope, id, deed))
    }

    fn cared<'a>(&'a self, kind: UpkeepKind, upkeep: &'a Upkeep) -> Answer<'a, ()> {
        Box::pin(self.note_care(kind, upkeep))
    }
}
