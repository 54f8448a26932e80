//! Items of the worklist, written with the steps of their bilag: what stops opens one, what
//! moves on closes its own. A bilag that passes cleanly has no statement here.

use oir_domain::finans::Finansbilag;
use oir_domain::message::{State, StateName};
use oir_domain::money::Oere;
use oir_domain::work::{Cause, Closing, Done, Stop};
use oir_flow::ports::inbox::{MessageOutcome, MessageRecord, NewBilag};
use oir_flow::ports::outbox::Move;
use oir_flow::ports::work::Written;

use crate::codec::{fagsystem, kommune, micros, oere, opt_date};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Value};

/// A bilag that stops a second time opens its item again: the holder stays, the rest is new.
pub(crate) const WORK: Shape = Shape {
    table: "work_item",
    columns: &[
        ("kommune", Int),
        ("subject_id", Id),
        ("kind", Text),
        ("fagsystem", Id),
        ("stop", Text),
        ("code", Text),
        ("vaerdi", Text),
        ("area", Text),
        ("opened", Int),
        ("debet", Int),
        ("transaktions_id", Id),
        ("version", Int),
    ],
    suffix: "on conflict (subject_id, kommune) do update set stop = excluded.stop, \
             code = excluded.code, vaerdi = excluded.vaerdi, area = excluded.area, \
             opened = excluded.opened, postponed_until = null, postponed_why = null, \
             version = work_item.version + 1, closed = null, how = null, closing = null",
};

const WORK_EVENT: Shape = Shape {
    table: "work_event",
    columns: &[
        ("kommune", Int),
        ("subject_id", Id),
        ("number", Int),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
        ("what", Text),
        ("text", Text),
    ],
    suffix: "",
};

/// Closes what an accepted bilag corrects: the one it names, those that that one was to
/// correct, and the attempts at correcting any of them that failed.
pub(crate) const CLOSE_CORRECTED: &str = "with recursive chain(uuid) as ( \
       select b.claimed_uuid from bilag b \
         where b.kommune = $1 and b.fagsystem = $2 and b.claimed_uuid = $3 \
       union \
       select b.korrigerer from chain c join bilag b on b.claimed_uuid = c.uuid \
         where b.kommune = $1 and b.fagsystem = $2 and b.korrigerer is not null) \
     update work_item set closed = $4, how = 'corrected', closing = $5, version = version + 1 \
     where kommune = $1 and closed is null and subject_id in ( \
       select b.bilag_id from chain c join bilag b on b.claimed_uuid = c.uuid \
         where b.kommune = $1 and b.fagsystem = $2 and b.state in ('rejected', 'refused') \
       union \
       select b.bilag_id from chain c join bilag b on b.korrigerer = c.uuid \
         where b.kommune = $1 and b.fagsystem = $2 and b.state in ('rejected', 'refused'))";

const CLOSE_SETTLED: &str = "update work_item set closed = $3, how = 'settled', \
     version = version + 1 where kommune = $1 and subject_id = $2 and closed is null";

const STEP: &str = "update work_item set area = $4, holder = $5, holder_navn = $6, \
     postponed_until = $7, postponed_why = $8, closed = $9, how = $10, closing = $11, \
     version = $12 where kommune = $1 and subject_id = $2 and version = $3 and closed is null";

/// A cause's columns, desk included.
fn cause_values(cause: &Cause) -> [Value; 4] {
    [
        cause.stop.word().into(),
        cause.code.map_or("", |code| code.code()).into(),
        cause.value.clone().into(),
        cause.area().word().into(),
    ]
}

/// The row of a bilag that stops at reception; none when it goes on.
pub(crate) fn of_new(message: &MessageRecord, new: &NewBilag, debet: Oere) -> Vec<Value> {
    let Some(stop) = Stop::of(new.state.name()) else {
        return Vec::new();
    };
    let mut row = vec![
        kommune(message.kommune),
        Value::Uuid(new.id.as_uuid()),
        "bilag".into(),
        fagsystem(message.fagsystem),
    ];
    row.extend(cause_values(&Cause::of(stop, &new.faults)));
    row.extend([
        micros(message.modtaget),
        oere(debet),
        Value::Null,
        1_i64.into(),
    ]);
    row
}

/// The row of a message that could not be read; none when it was taken.
pub(crate) fn of_message(message: &MessageRecord) -> Vec<Value> {
    let stop = match message.outcome {
        MessageOutcome::Taken => return Vec::new(),
        MessageOutcome::Unreadable => Stop::Unreadable,
        MessageOutcome::Parked => Stop::MessageParked,
    };
    let mut row = vec![
        kommune(message.kommune),
        Value::Uuid(message.id.as_uuid()),
        "message".into(),
        fagsystem(message.fagsystem),
    ];
    row.extend(cause_values(&Cause::of(stop, &message.faults)));
    let own = message.transaktions_id.map(|id| id.as_uuid());
    row.extend([
        micros(message.modtaget),
        oere(Oere::ZERO),
        own.into(),
        1_i64.into(),
    ]);
    row
}

/// What closes the item of the bilag that this one corrects; none when it corrects none, or
/// is no better than it.
pub(crate) fn correction(message: &MessageRecord, new: &NewBilag) -> Option<Vec<Value>> {
    let bilag: &Finansbilag = &new.bilag;
    let corrected = bilag.korrigerer?;
    (new.state.name() != StateName::Rejected).then(|| {
        vec![
            kommune(message.kommune),
            fagsystem(message.fagsystem),
            Value::Uuid(corrected.as_uuid()),
            micros(message.modtaget),
            new.id.as_uuid().simple().to_string().into(),
        ]
    })
}

/// Whether a bilag that stands there has a row.
fn has_a_row(state: &State) -> Option<Stop> {
    Stop::of(state.name()).filter(|stop| !stop.passes_by_itself())
}

/// What steps of bilag mean for the worklist: nothing for almost all of them.
pub(crate) fn plan_work(plan: &mut Plan, moves: &[Move]) {
    let mut rows = Vec::new();
    for step in moves {
        match (has_a_row(&step.seen.state), has_a_row(&step.to)) {
            (_, Some(stop)) => {
                rows.extend([
                    kommune(step.seen.kommune),
                    Value::Uuid(step.seen.id.as_uuid()),
                    "bilag".into(),
                    fagsystem(Some(step.seen.fagsystem)),
                ]);
                rows.extend(cause_values(&Cause::of(stop, &step.faults)));
                rows.extend([
                    micros(step.at),
                    oere(step.seen.debet),
                    Value::Null,
                    1_i64.into(),
                ]);
            }
            (Some(_), None) => {
                let params = vec![
                    kommune(step.seen.kommune),
                    Value::Uuid(step.seen.id.as_uuid()),
                    micros(step.at),
                ];
                plan.change(CLOSE_SETTLED, params, None);
            }
            (None, None) => {}
        }
    }
    plan.insert(&WORK, rows);
}

/// A person's steps with their history. A step that saw another version stops the plan.
pub(crate) fn plan_steps(plan: &mut Plan, steps: &[Written]) {
    let mut events = Vec::new();
    for step in steps {
        plan.change(STEP, step_values(step.seen, &step.done), Some(1));
        events.extend([
            kommune(step.done.item.kommune),
            Value::Uuid(step.done.item.subject.as_uuid()),
            step.done.item.version.into(),
            micros(step.at),
            step.who.subject.clone().into(),
            step.who.navn.clone().into(),
            step.done.what.into(),
            step.done.text.clone().into(),
        ]);
    }
    plan.insert(&WORK_EVENT, events);
}

fn step_values(seen: i64, done: &Done) -> Vec<Value> {
    let item = &done.item;
    let holder = item.holder.as_ref();
    let postponed = item.postponed.as_ref();
    let closed = item.closed.as_ref();
    let closing = closed.map(|(_, how)| match how {
        Closing::Corrected(id) => id.as_uuid().simple().to_string().into(),
        Closing::ByHand(why) | Closing::GivenUp(why) => why.clone(),
        Closing::Settled => Box::from(""),
    });
    vec![
        kommune(item.kommune),
        Value::Uuid(item.subject.as_uuid()),
        seen.into(),
        item.area.word().into(),
        holder.map(|h| h.subject.clone()).into(),
        holder.map(|h| h.navn.clone()).into(),
        opt_date(postponed.map(|p| p.until)),
        postponed.map(|p| p.why.clone()).into(),
        closed.map_or(Value::Null, |(at, _)| micros(*at)),
        closed.map(|(_, how)| how.word()).into(),
        closing.into(),
        item.version.into(),
    ]
}
