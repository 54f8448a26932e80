//! Announcements and subscribers.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::sortiment::{Announcement, Lag, Subscription};
use uuid::Uuid;

use super::{owned, seen};
use crate::Store;
use crate::codec::{Cells, date, fagsystem, kommune, micros, time_of};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Shape, Value};
use crate::sessions::committed;

const SUBSCRIPTION: Shape = Shape {
    table: "sortiment_subscription",
    columns: &[
        ("subscription", Id),
        ("subscriber", Text),
        ("navn", Text),
        ("fagsystem", Id),
        ("kommune", Int),
        ("made", Int),
        ("acknowledged", Int),
        ("acknowledged_at", Int),
        ("ended", Int),
    ],
    suffix: "",
};
const COLUMNS: &str = "s.subscription, s.subscriber, s.navn, s.fagsystem, s.kommune, s.made, \
     s.acknowledged, s.acknowledged_at, s.ended";
/// Beyond what was registered nobody has come.
const ACKNOWLEDGE: &str = "update sortiment_subscription set acknowledged = $2, \
     acknowledged_at = $3 where subscription = $1 and ended is null \
     and exists (select 1 from klassifikation_position p where p.position >= $2)";
const END: &str =
    "update sortiment_subscription set ended = $2 where subscription = $1 and ended is null";

fn subscription(cells: &mut Cells) -> Result<Subscription, StoreFailure> {
    let opt_time = |cells: &mut Cells| cells.opt_int()?.map(time_of).transpose();
    Ok(Subscription {
        id: cells.uuid()?,
        subscriber: cells.text()?,
        navn: cells.text()?,
        fagsystem: cells.fagsystem()?,
        kommune: cells.kommune()?,
        made: cells.time()?,
        acknowledged: cells.int()?,
        acknowledged_at: opt_time(cells)?,
        ended: opt_time(cells)?,
    })
}

impl Store {
    pub(super) async fn read_announcements(
        &self,
        scope: &Scope,
        from: Date,
    ) -> Result<Vec<Announcement>, StoreFailure> {
        let mut params = vec![date(from)];
        let own = seen(scope, "a", &mut params);
        let sql = format!(
            "select a.announcement, a.fagsystem, a.kommune, a.effective, a.tekst, a.navn, \
             a.announced, a.first_position, a.last_position from sortiment_announcement a \
             where a.effective >= $1 and {own} order by a.effective, a.first_position"
        );
        let mut found = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            found.push(Announcement {
                id: cells.uuid()?,
                fagsystem: cells.fagsystem()?,
                kommune: owned(cells.kommune()?),
                effective: cells.date()?,
                tekst: cells.text()?,
                navn: cells.text()?,
                announced: cells.time()?,
                positions: (cells.int()?, cells.int()?),
            });
        }
        Ok(found)
    }

    pub(super) async fn keep_subscription(
        &self,
        subscription: &Subscription,
        deed: &Deed,
    ) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let row = vec![
            Value::Uuid(subscription.id),
            subscription.subscriber.clone().into(),
            subscription.navn.clone().into(),
            fagsystem(Some(subscription.fagsystem)),
            kommune(subscription.kommune),
            micros(subscription.made),
            subscription.acknowledged.into(),
            subscription.acknowledged_at.map_or(Value::Null, micros),
            subscription.ended.map_or(Value::Null, micros),
        ];
        plan.insert(&SUBSCRIPTION, row);
        self.with_deed(&plan, deed).await.map(|_| ())
    }

    pub(super) async fn find_subscription(
        &self,
        id: Uuid,
    ) -> Result<Option<Subscription>, StoreFailure> {
        let sql = format!(
            "select {COLUMNS} from sortiment_subscription s \
             where s.subscription = $1 and s.ended is null"
        );
        let row = self.query(&sql, vec![Value::Uuid(id)]).await?.pop();
        row.map(|row| subscription(&mut Cells::new(row)))
            .transpose()
    }

    pub(super) async fn note_acknowledged(
        &self,
        id: Uuid,
        position: i64,
        at: Timestamp,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let params = vec![Value::Uuid(id), position.into(), micros(at)];
        plan.change(ACKNOWLEDGE, params, Some(1));
        match self.transact(plan).await? {
            Outcome::Unexpected => Ok(false),
            outcome => committed(outcome).map(|()| true),
        }
    }

    pub(super) async fn end_subscription(
        &self,
        id: Uuid,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        plan.change(END, vec![Value::Uuid(id), micros(deed.at)], Some(1));
        self.with_deed(&plan, deed).await
    }

    pub(super) async fn read_subscribers(&self, scope: &Scope) -> Result<Vec<Lag>, StoreFailure> {
        let mut params = Vec::new();
        let own = seen(scope, "s", &mut params);
        let sql = format!(
            "select {COLUMNS}, count(r.position), min(r.tidspunkt) \
             from sortiment_subscription s left join klassifikation_registrering r \
             on r.fagsystem = s.fagsystem and r.kommune in (0, s.kommune) \
             and r.position > s.acknowledged where s.ended is null and {own} \
             group by {COLUMNS} order by count(r.position) desc, s.navn, s.subscription"
        );
        let mut found = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let subscription = subscription(&mut cells)?;
            let behind = cells.narrow()?;
            let oldest = cells.opt_int()?.map(time_of).transpose()?;
            found.push(Lag {
                subscription,
                behind,
                oldest,
            });
        }
        Ok(found)
    }
}
