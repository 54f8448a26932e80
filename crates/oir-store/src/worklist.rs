//! The worklist as it is read, and the steps of people on it.

use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid};
use oir_domain::party::Kommunekode;
use oir_domain::work::{Area, Cause, Closing, Holder, Postponed, Stop, Subject, WorkItem};
use oir_flow::ports::outbox::{Advance, Move, Standing};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::work::{
    CauseGroup, GroupKey, Whose, WorkDetail, WorkEvent, WorkFilter, WorkItems, WorkLine, Written,
};
use oir_flow::ports::{Answer, StoreFailure};
use uuid::Uuid;

use crate::Store;
use crate::codec::{
    Cells, damaged, date, fagsystem, known_fagsystem, kommune, micros, places, time_of,
};
use crate::list::{Conditions, ITS_BILAG, THROUGH_OUTBOX};
use crate::plan::{Plan, Row, Value};
use crate::work::{plan_steps, plan_work};

/// Open, as far as is stored; and a message whose sender sent it again under the same id is
/// no longer open, which is looked up here so that taking it in costs nothing.
const OPEN: &str = "w.closed is null";
const NOT_SENT_AGAIN: &str = "not (w.kind = 'message' and exists (select 1 from afsendelse a \
     where a.claimed_id = w.transaktions_id and a.fagsystem = w.fagsystem \
     and a.kommune = w.kommune and a.modtaget > w.opened))";

/// Columns of a line, in [`line`]'s order; the last one says when a message came again.
const LINE: &str = "w.kommune, w.kind, w.subject_id, w.fagsystem, w.stop, w.code, w.vaerdi, \
     w.area, w.opened, w.debet, w.holder, w.holder_navn, w.postponed_until, w.postponed_why, \
     w.closed, w.how, w.closing, w.version, b.bilag_uuid, b.afsender_bilagsnummer, b.tekst, \
     (select min(a.modtaget) from afsendelse a where w.kind = 'message' \
       and a.claimed_id = w.transaktions_id and a.fagsystem = w.fagsystem \
       and a.kommune = w.kommune and a.modtaget > w.opened)";
const WITH_BILAG: &str = "work_item w left join bilag b \
     on b.kommune = w.kommune and b.bilag_id = w.subject_id";
/// What goes on by itself, said in the same columns.
const PASSING_LINE: &str = "b.kommune, 'bilag', b.bilag_id, b.fagsystem, b.state, '', '', \
     'drift', b.changed, b.debet, null, null, null, null, null, null, null, 0, b.bilag_uuid, \
     b.afsender_bilagsnummer, b.tekst, null";

/// What a worker has is left alone: its row has an owner.
const HURRY: &str = "update outbox set due = $3 where kommune = $1 and bilag_id = $2 \
     and due > $3 and owner is null and exists (select 1 from bilag b \
       where b.kommune = $1 and b.bilag_id = $2 and b.state in ('waiting', 'uncertain'))";

/// The groups' question and its values.
pub(crate) fn causes_question(scope: &Scope, filter: &WorkFilter<'_>) -> (String, Vec<Value>) {
    let mut wanted = Conditions::seen(scope, "w");
    // Both stand before the conditions of the filter, in which the day may stand again.
    let today = wanted.place(date(filter.today));
    narrow(&mut wanted, filter, &today);
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "select w.kommune, w.fagsystem, w.stop, w.code, w.vaerdi, w.area, count(*), \
         cast(sum(w.debet) as bigint), min(w.opened), count(w.holder), min(w.holder), \
         max(w.holder), min(w.holder_navn), \
         sum(case when w.postponed_until > {today} then 1 else 0 end) \
         from work_item w {wanted} group by 1, 2, 3, 4, 5, 6"
    );
    (sql, params)
}

fn narrow(wanted: &mut Conditions, filter: &WorkFilter<'_>, today: &str) {
    wanted.say(OPEN);
    wanted.say(NOT_SENT_AGAIN);
    if let Some(area) = filter.area {
        wanted.add("w.area =", area.word().into());
    }
    if let Some(owner) = filter.kommune {
        wanted.add("w.kommune =", kommune(owner));
    }
    if let Some(sender) = filter.fagsystem {
        wanted.add("w.fagsystem =", fagsystem(Some(sender)));
    }
    let back = format!("(w.postponed_until is null or w.postponed_until <= {today})");
    match filter.whose {
        Whose::All => wanted.say(back),
        Whose::Of(subject) => wanted.add("w.holder =", subject.into()),
        Whose::Untaken => {
            wanted.say("w.holder is null");
            wanted.say(back);
        }
        Whose::Postponed => wanted.say(format!("w.postponed_until > {today}")),
    }
}

/// Whether what goes on by itself is among what a filter asks for: it lies with operation,
/// and nobody has it.
fn asks_for_passing(filter: &WorkFilter<'_>) -> bool {
    matches!(filter.whose, Whose::All | Whose::Untaken)
        && filter.area.is_none_or(|area| area == Area::Drift)
}

/// What goes on by itself, by cause, and the values.
pub(crate) fn passing_question(scope: &Scope, filter: &WorkFilter<'_>) -> (String, Vec<Value>) {
    let mut wanted = passing(scope, filter);
    wanted.say("b.state in ('uncertain', 'waiting')");
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "select b.kommune, b.fagsystem, b.state, '', '', 'drift', count(*), \
         cast(sum(b.debet) as bigint), min(b.changed), 0, null, null, null, 0 \
         from {THROUGH_OUTBOX} {wanted} group by b.kommune, b.fagsystem, b.state"
    );
    (sql, params)
}

fn passing(scope: &Scope, filter: &WorkFilter<'_>) -> Conditions {
    let mut wanted = Conditions::seen(scope, "b");
    wanted.say(ITS_BILAG);
    if let Some(owner) = filter.kommune {
        wanted.add("b.kommune =", kommune(owner));
    }
    if let Some(sender) = filter.fagsystem {
        wanted.add("b.fagsystem =", fagsystem(Some(sender)));
    }
    wanted
}

fn group(row: Row) -> Result<CauseGroup, StoreFailure> {
    let mut cells = Cells::new(row);
    let (owner, sender) = (cells.kommune()?, known_fagsystem(cells.fagsystem()?));
    let cause = cause(&mut cells)?;
    let area = area(&mut cells)?;
    let (antal, debet, oldest) = (cells.narrow()?, cells.oere()?, cells.time()?);
    let taken = cells.narrow()?;
    let (first, last, navn) = (cells.opt_text()?, cells.opt_text()?, cells.opt_text()?);
    let holder = (first == last).then_some(first).flatten().zip(navn);
    Ok(CauseGroup {
        key: GroupKey {
            kommune: owner,
            fagsystem: sender,
            cause,
        },
        area,
        antal,
        debet,
        oldest,
        taken,
        holder: holder.map(|(subject, navn)| Holder { subject, navn }),
        postponed: cells.narrow()?,
    })
}

/// Three columns: stop, code, vaerdi.
fn cause(cells: &mut Cells) -> Result<Cause, StoreFailure> {
    let stop = Stop::from_word(&cells.text()?).ok_or_else(|| damaged("a stop"))?;
    let code = cells.text()?;
    let known = FaultCode::from_code(&code);
    if known.is_none() && !code.is_empty() {
        return Err(damaged("not a fault"));
    }
    Ok(Cause {
        stop,
        code: known,
        value: cells.text()?,
    })
}

fn area(cells: &mut Cells) -> Result<Area, StoreFailure> {
    Area::from_word(&cells.text()?).ok_or_else(|| damaged("a desk"))
}

fn subject(kind: &str, id: Uuid) -> Subject {
    if kind == "message" {
        Subject::Message(AfsendelseId::from_uuid(id))
    } else {
        Subject::Bilag(BilagId::from_uuid(id))
    }
}

fn line(row: Row) -> Result<WorkLine, StoreFailure> {
    let mut cells = Cells::new(row);
    let (owner, kind, id) = (cells.kommune()?, cells.text()?, cells.uuid()?);
    let sender = known_fagsystem(cells.fagsystem()?);
    let (cause, area) = (cause(&mut cells)?, area(&mut cells)?);
    let (opened, debet) = (cells.time()?, cells.oere()?);
    let holder = cells.opt_text()?.zip(cells.opt_text()?);
    let postponed = cells.opt_date()?.zip(cells.opt_text()?);
    let closed = cells.opt_int()?.map(time_of).transpose()?;
    let (how, closing) = (cells.opt_text()?, cells.opt_text()?);
    let closing = how.map(|how| closing_of(&how, closing)).transpose()?;
    let version = cells.int()?;
    let bilag_uuid = cells.opt_uuid()?.map(BilagUuid::from_uuid);
    let (nummer, tekst) = (cells.opt_text()?, cells.opt_text()?);
    let again = cells.opt_int()?.map(time_of).transpose()?;
    let came_again = || again.map(|at| (at, Closing::Settled));
    Ok(WorkLine {
        item: WorkItem {
            kommune: owner,
            subject: subject(&kind, id),
            fagsystem: sender,
            cause,
            area,
            opened,
            debet,
            holder: holder.map(|(subject, navn)| Holder { subject, navn }),
            postponed: postponed.map(|(until, why)| Postponed { until, why }),
            closed: closed.zip(closing).or_else(came_again),
            version,
        },
        bilag_uuid,
        nummer: nummer.unwrap_or_default(),
        tekst: tekst.unwrap_or_default(),
    })
}

fn closing_of(how: &str, closing: Option<Box<str>>) -> Result<Closing, StoreFailure> {
    let closing = closing.unwrap_or_default();
    Ok(match how {
        "corrected" => {
            let by = Uuid::try_parse(&closing).map_err(|_| damaged("what corrected it"))?;
            Closing::Corrected(BilagId::from_uuid(by))
        }
        "by_hand" => Closing::ByHand(closing),
        "given_up" => Closing::GivenUp(closing),
        "settled" => Closing::Settled,
        _ => return Err(damaged("an end")),
    })
}

impl Store {
    async fn work_causes(
        &self,
        scope: &Scope,
        filter: &WorkFilter<'_>,
    ) -> Result<Vec<CauseGroup>, StoreFailure> {
        let (sql, params) = causes_question(scope, filter);
        let rows = self.query(&sql, params).await?;
        let mut groups: Vec<CauseGroup> = rows.into_iter().map(group).collect::<Result<_, _>>()?;
        if asks_for_passing(filter) {
            let (sql, params) = passing_question(scope, filter);
            for row in self.query(&sql, params).await? {
                groups.push(group(row)?);
            }
        }
        Ok(groups)
    }

    async fn work_items(
        &self,
        scope: &Scope,
        filter: &WorkFilter<'_>,
        key: Option<&GroupKey>,
        after: Option<Subject>,
        limit: u32,
    ) -> Result<Vec<WorkLine>, StoreFailure> {
        let by_itself = key.is_some_and(|key| key.cause.stop.passes_by_itself());
        if by_itself && !asks_for_passing(filter) {
            return Ok(Vec::new());
        }
        let mut wanted = if by_itself {
            passing(scope, filter)
        } else {
            let mut wanted = Conditions::seen(scope, "w");
            let today = wanted.place(date(filter.today));
            // Said although it may be needed nowhere: every value has a place.
            wanted.say(format!("{today} <> ''"));
            narrow(&mut wanted, filter, &today);
            wanted
        };
        let (table, id, stop) = if by_itself {
            ("b", "b.bilag_id", "b.state =")
        } else {
            ("w", "w.subject_id", "w.stop =")
        };
        if let Some(key) = key {
            wanted.add(&format!("{table}.kommune ="), kommune(key.kommune));
            wanted.add(&format!("{table}.fagsystem ="), fagsystem(key.fagsystem));
            wanted.add(stop, key.cause.stop.word().into());
            if !by_itself {
                let code = key.cause.code.map_or("", FaultCode::code);
                wanted.add("w.code =", code.into());
                wanted.add("w.vaerdi =", key.cause.value.clone().into());
            }
        }
        if let Some(after) = after {
            wanted.add(&format!("{id} >"), Value::Uuid(after.as_uuid()));
        }
        let limit = wanted.place(limit.into());
        let (wanted, params) = wanted.clause();
        let (columns, from) = if by_itself {
            (PASSING_LINE, THROUGH_OUTBOX)
        } else {
            (LINE, WITH_BILAG)
        };
        let sql = format!("select {columns} from {from} {wanted} order by {id} limit {limit}");
        let rows = self.query(&sql, params).await?;
        rows.into_iter().map(line).collect()
    }

    async fn work_item(
        &self,
        scope: &Scope,
        subject: Subject,
    ) -> Result<Option<WorkDetail>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "w");
        wanted.add("w.subject_id =", Value::Uuid(subject.as_uuid()));
        let (wanted, params) = wanted.clause();
        let sql = format!("select {LINE} from {WITH_BILAG} {wanted}");
        let Some(row) = self.query(&sql, params).await?.pop() else {
            return Ok(None);
        };
        let line = line(row)?;
        let key = vec![kommune(line.item.kommune), Value::Uuid(subject.as_uuid())];
        let sql = "select number, at, subject, navn, what, text from work_event \
             where kommune = $1 and subject_id = $2 order by number";
        let rows = self.query(sql, key.clone()).await?;
        let history = rows.into_iter().map(event).collect::<Result<_, _>>()?;
        let sql = "select c.bilag_id from bilag b join bilag c on c.kommune = b.kommune \
             and c.fagsystem = b.fagsystem and c.claimed_uuid = b.korrigerer \
             where b.kommune = $1 and b.bilag_id = $2";
        let corrects = self.query(sql, key).await?.pop();
        let corrects = corrects.map(|row| Cells::new(row).bilag_id()).transpose()?;
        Ok(Some(WorkDetail {
            line,
            corrects,
            history,
        }))
    }

    async fn write_steps(&self, steps: &[Written], deed: &Deed) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        plan_steps(&mut plan, steps);
        self.with_deed(&plan, deed).await
    }

    async fn write_by_hand(
        &self,
        moves: &[Move],
        steps: &[Written],
        deed: &Deed,
    ) -> Result<Advance, StoreFailure> {
        let mut plan = Plan::default();
        self.plan_moves(&mut plan, moves).await?;
        plan_steps(&mut plan, steps);
        // What a person closed here stays closed, wherever its bilag goes.
        let closed = |step: &&Move| {
            let own = |s: &&Written| s.done.item.subject == Subject::Bilag(step.seen.id);
            let step = steps.iter().find(own);
            step.is_some_and(|step| step.done.item.closed.is_some())
        };
        let others: Vec<Move> = moves.iter().filter(|step| !closed(step)).cloned().collect();
        plan_work(&mut plan, &others);
        Ok(if self.with_deed(&plan, deed).await? {
            Advance::Done
        } else {
            Advance::Stale
        })
    }

    async fn hurry_up(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
        deed: &Deed,
    ) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        for id in ids {
            let params = vec![kommune(owner), Value::Uuid(id.as_uuid()), micros(deed.at)];
            plan.change(HURRY, params, None);
        }
        self.with_deed(&plan, deed).await.map(|_| ())
    }
}

fn event(row: Row) -> Result<WorkEvent, StoreFailure> {
    let mut cells = Cells::new(row);
    let (number, at) = (cells.int()?, cells.time()?);
    let (subject, navn) = (cells.text()?, cells.text()?);
    Ok(WorkEvent {
        number,
        at,
        who: Holder { subject, navn },
        what: cells.text()?,
        text: cells.text()?,
    })
}

impl WorkItems for Store {
    fn causes<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
    ) -> Answer<'a, Vec<CauseGroup>> {
        Box::pin(self.work_causes(scope, filter))
    }

    fn items<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
        key: Option<&'a GroupKey>,
        after: Option<Subject>,
        limit: u32,
    ) -> Answer<'a, Vec<WorkLine>> {
        Box::pin(self.work_items(scope, filter, key, after, limit))
    }

    fn item<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkDetail>> {
        Box::pin(self.work_item(scope, subject))
    }

    fn passing<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkLine>> {
        Box::pin(async move {
            let mut wanted = Conditions::seen(scope, "b");
            wanted.say(ITS_BILAG);
            wanted.say("b.state in ('uncertain', 'waiting')");
            wanted.add("o.bilag_id =", Value::Uuid(subject.as_uuid()));
            let (wanted, params) = wanted.clause();
            let sql = format!("select {PASSING_LINE} from {THROUGH_OUTBOX} {wanted}");
            let row = self.query(&sql, params).await?.pop();
            row.map(line).transpose()
        })
    }

    fn write<'a>(&'a self, steps: &'a [Written], deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.write_steps(steps, deed))
    }

    fn standings<'a>(
        &'a self,
        owner: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<Standing>> {
        Box::pin(async move {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            let mut params = vec![kommune(owner)];
            params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
            let list = places(2, ids.len());
            let rest = format!("where b.kommune = $1 and b.bilag_id in ({list})");
            self.standings(&rest, params).await
        })
    }

    fn advance_by_hand<'a>(
        &'a self,
        moves: &'a [Move],
        steps: &'a [Written],
        deed: &'a Deed,
    ) -> Answer<'a, Advance> {
        Box::pin(self.write_by_hand(moves, steps, deed))
    }

    fn hurry<'a>(
        &'a self,
        owner: Kommunekode,
        ids: &'a [BilagId],
        deed: &'a Deed,
    ) -> Answer<'a, ()> {
        Box::pin(self.hurry_up(owner, ids, deed))
    }
}
