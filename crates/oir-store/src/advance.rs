//! Writing steps: state, event, faults, outbox row and totals in one plan.

use oir_domain::message::{Outbox as Due, State};
use oir_domain::totals::{Changes, TotalKey};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::Accounts;
use oir_flow::ports::outbox::{Advance, Move};

use crate::Store;
use crate::admit::{EVENT, FAULT, KONTERINGSLINJE, konto_of, lines_of, version};
use crate::codec::{LATER, damaged, date, fagsystem, fault_values, kommune, micros};
use crate::mirror::MirrorRows;
use crate::plan::{Outcome, Plan, Value};
use crate::work::plan_work;

const SET_STATE: &str = "update bilag set state = $3, attempts = $4, erp_bilagsnummer = $5, \
     version = $6, changed = $7 where kommune = $1 and bilag_id = $2 and version = $8";
/// The same for a step that maps.
const SET_MAPPED: &str = "update bilag set state = $3, attempts = $4, erp_bilagsnummer = $5, \
     version = $6, changed = $7, omsaetning_version = $9 \
     where kommune = $1 and bilag_id = $2 and version = $8";
const SET_DUE: &str = "update outbox set due = $3, owner = $4 where kommune = $1 and bilag_id = $2";
const NEW_DUE: &str = "insert into outbox (kommune, bilag_id, fagsystem, due) \
     values ($1, $2, $3, $4) on conflict (kommune, bilag_id) do update set due = excluded.due";
const NOT_DUE: &str = "delete from outbox where kommune = $1 and bilag_id = $2";
const SET_KONTO: &str = "update postering set konto = $4 \
     where kommune = $1 and bilag_id = $2 and position = $3";

impl Store {
    pub(crate) async fn write_moves(&self, moves: &[Move]) -> Result<Advance, StoreFailure> {
        let mut plan = Plan::default();
        self.plan_moves(&mut plan, moves).await?;
        plan_work(&mut plan, moves);
        match self.transact(plan).await? {
            Outcome::Committed => Ok(Advance::Done),
            // Another's event took the number: it moved meanwhile, like a version that differs.
            // The same when another transaction was let go first.
            Outcome::Duplicate | Outcome::Unexpected | Outcome::Contended => Ok(Advance::Stale),
        }
    }

    /// Adds moves to a plan: everything but what they mean for the worklist.
    pub(crate) async fn plan_moves(
        &self,
        plan: &mut Plan,
        moves: &[Move],
    ) -> Result<(), StoreFailure> {
        let mut totals = Changes::default();
        let (mut events, mut faults) = (Vec::new(), Vec::new());
        let (mut lines, mut mirror) = (Vec::new(), MirrorRows::default());
        for step in moves {
            plan_state(plan, step);
            plan_outbox(plan, step);
            plan_accounts(plan, &mut lines, step);
            mirror.step(step);
            event(&mut events, step);
            self.later_faults(&mut faults, step).await?;
            let from = TotalKey {
                kommune: step.seen.kommune,
                dag: step.seen.dag,
                fagsystem: step.seen.fagsystem,
                state: step.seen.state.name(),
            };
            totals
                .step(from, step.to.name(), step.seen.debet)
                .map_err(|_| damaged("a total overflows"))?;
        }
        plan.insert(&EVENT, events);
        plan.insert(&FAULT, faults);
        plan.insert(&KONTERINGSLINJE, lines);
        mirror.into_plan(plan);
        self.plan_totals(plan, &totals);
        Ok(())
    }

    async fn later_faults(&self, rows: &mut Vec<Value>, step: &Move) -> Result<(), StoreFailure> {
        if step.faults.is_empty() {
            return Ok(());
        }
        let key = vec![
            kommune(step.seen.kommune),
            Value::Uuid(step.seen.id.as_uuid()),
        ];
        let sql = "select afsendelse_id from bilag where kommune = $1 and bilag_id = $2";
        let mut found = self.query(sql, key).await?;
        let message = found.pop().and_then(|mut row| row.pop());
        let message = message.ok_or_else(|| damaged("a bilag is gone"))?;
        let first = step.seen.version.saturating_mul(LATER);
        for (number, fault) in (first..).zip(&step.faults) {
            rows.extend([
                kommune(step.seen.kommune),
                message.clone(),
                Value::Uuid(step.seen.id.as_uuid()),
                number.into(),
                date(step.seen.dag),
            ]);
            rows.extend(fault_values(fault));
        }
        Ok(())
    }
}

fn attempts(step: &Move) -> u32 {
    match &step.to {
        State::Sending { attempt } => *attempt,
        State::Uncertain { attempt } if *attempt == 0 => 0,
        _ => step.seen.attempts,
    }
}

fn plan_state(plan: &mut Plan, step: &Move) {
    let number = match &step.to {
        State::Booked { number } => Value::from(number.as_str()),
        _ => Value::Null,
    };
    let mut params = vec![
        kommune(step.seen.kommune),
        Value::Uuid(step.seen.id.as_uuid()),
        step.to.name().word().into(),
        attempts(step).into(),
        number,
        step.seen.version.saturating_add(1).into(),
        micros(step.at),
        step.seen.version.into(),
    ];
    match version(&step.accounts) {
        Some(version) => {
            params.push(version.into());
            plan.change(SET_MAPPED, params, Some(1));
        }
        None => plan.change(SET_STATE, params, Some(1)),
    }
}

fn plan_outbox(plan: &mut Plan, step: &Move) {
    let key = || {
        vec![
            kommune(step.seen.kommune),
            Value::Uuid(step.seen.id.as_uuid()),
        ]
    };
    match step.outbox {
        Due::Gone => plan.change(NOT_DUE, key(), None),
        // The claim already leased the row to its owner.
        Due::Leased => {}
        Due::DueNow => {
            let mut params = key();
            params.extend([fagsystem(Some(step.seen.fagsystem)), micros(step.at)]);
            plan.change(NEW_DUE, params, None);
        }
        Due::DueAt(_) | Due::AskLater if was_parked(step) => {
            let mut params = key();
            params.extend([fagsystem(Some(step.seen.fagsystem)), micros(step.due)]);
            plan.change(NEW_DUE, params, None);
        }
        Due::DueAt(_) | Due::AskLater => {
            let mut params = key();
            params.extend([micros(step.due), Value::Null]);
            plan.change(SET_DUE, params, None);
        }
    }
}

/// A parked bilag has no outbox row; releasing it makes one.
fn was_parked(step: &Move) -> bool {
    matches!(step.seen.state, State::Parked { .. })
}

fn plan_accounts(plan: &mut Plan, lines: &mut Vec<Value>, step: &Move) {
    let Accounts::Mapped(mapped) = &step.accounts else {
        return;
    };
    for (position, konteret) in (0_u32..).zip(&mapped.posteringer) {
        let params = vec![
            kommune(step.seen.kommune),
            Value::Uuid(step.seen.id.as_uuid()),
            position.into(),
            konto_of(konteret).into(),
        ];
        plan.change(SET_KONTO, params, Some(1));
        lines_of(lines, (step.seen.kommune, step.seen.id), position, konteret);
    }
}

fn event(rows: &mut Vec<Value>, step: &Move) {
    rows.extend([
        kommune(step.seen.kommune),
        Value::Uuid(step.seen.id.as_uuid()),
        step.seen.version.saturating_add(1).into(),
        micros(step.at),
        step.event.into(),
        step.to.name().word().into(),
        attempts(step).into(),
        step.detail.clone().into(),
    ]);
}
