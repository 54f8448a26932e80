//! Omsætningstabeller: every version kept, the rules of a draft replaced by what changed, and
//! what is approved never touched again. How rules stand in rows is `rows.rs`'s, history
//! `past.rs`'s, and what the register needs `ready.rs`'s.

mod past;
mod ready;
mod rows;
mod shelf;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Rule, Simulated, TableId, Version};
use oir_flow::ports::omsaetning::{
    CopySource, NewDraft, Omsaetningstabeller, PastCursor, PastPage, Save, SeenValues, Sharing,
    TableLine, Written,
};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, date, fagsystem, kommune, micros, opt_date};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Value};

#[cfg(test)]
pub(crate) use past::{
    Span, cut_question, heads_question, postings_question, seen_question, splits_question,
};
pub(crate) use ready::Ready;
#[cfg(test)]
pub(crate) use shelf::held_question;

use rows::{RULE, escaped, rule_values};

const VERSION: Shape = Shape {
    table: "omsaetning_version",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("stage", Text),
        ("based_on", Int),
        ("edition", Int),
        ("purpose", Text),
        ("in_force_from", Text),
        ("rules", Int),
        ("begun", Int),
        ("saved", Int),
    ],
    suffix: "",
};
const WRITER: Shape = Shape {
    table: "omsaetning_writer",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("subject", Text),
        ("position", Int),
    ],
    suffix: "on conflict (kommune, fagsystem, number, subject) do nothing",
};
const SIMULATION: Shape = Shape {
    table: "omsaetning_simulation",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("edition", Int),
        ("at", Int),
        ("from_day", Text),
        ("to_day", Text),
        ("postings", Int),
        ("moved", Int),
        ("booked_moved", Int),
        ("unmapped", Int),
    ],
    suffix: "on conflict (kommune, fagsystem, number, edition, at) do nothing",
};
const SHARING: Shape = Shape {
    table: "omsaetning_sharing",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("at", Int),
        ("shared", Int),
    ],
    suffix: "on conflict (kommune, fagsystem, at) do nothing",
};

/// Versions have no gaps: that many rows means that the newest has that number.
const VERSIONS: &str =
    "select count(*) from omsaetning_version where kommune = $1 and fagsystem = $2";
const DRAFTS: &str = "select count(*) from omsaetning_version where kommune = $1 \
     and fagsystem = $2 and stage = 'draft'";
const THIS_EDITION: &str = "select count(*) from omsaetning_version where kommune = $1 \
     and fagsystem = $2 and number = $3 and edition = $4 and stage = 'draft'";
const SAVE: &str = "update omsaetning_version set edition = edition + 1, purpose = $5, \
     in_force_from = $6, saved = $7, rules = coalesce($8, rules) where kommune = $1 \
     and fagsystem = $2 and number = $3 and edition = $4 and stage = 'draft'";
const APPROVE: &str = "update omsaetning_version set stage = 'approved', approver = $5, \
     approved = $6 where kommune = $1 and fagsystem = $2 and number = $3 and edition = $4 \
     and stage = 'draft' and in_force_from is not null";
const DISCARD: &str = "update omsaetning_version set stage = 'discarded' where kommune = $1 \
     and fagsystem = $2 and number = $3 and edition = $4 and stage = 'draft'";
/// Every process reads the register anew, and looks at what is held.
const REGISTER_CHANGED: &str = "update register_version set version = version + 1";
const DELETE_RULE: &str = "delete from omsaetning_rule where kommune = $1 and fagsystem = $2 \
     and number = $3 and rule = $4";
const DELETE_RULES: &str =
    "delete from omsaetning_rule where kommune = $1 and fagsystem = $2 and number = $3";

/// Most rules deleted one by one; when more go, all are written anew.
const SINGLY_MAX: usize = 200;

fn key(table: TableId) -> Vec<Value> {
    vec![kommune(table.kommune), fagsystem(Some(table.fagsystem))]
}

fn version_key(table: TableId, number: u32) -> Vec<Value> {
    let mut key = key(table);
    key.push(number.into());
    key
}

fn edition_key(table: TableId, number: u32, edition: u32) -> Vec<Value> {
    let mut key = version_key(table, number);
    key.push(edition.into());
    key
}

fn count(rules: &[Rule]) -> u32 {
    u32::try_from(rules.len()).unwrap_or(u32::MAX)
}

fn insert_rules<'r>(
    plan: &mut Plan,
    (table, number): (TableId, u32),
    rules: impl Iterator<Item = (u32, &'r Rule)>,
) {
    let rows = rules.flat_map(|(at, rule)| rule_values(table, number, at, rule));
    plan.insert(&RULE, rows.collect());
}

impl Store {
    async fn begin_draft(&self, draft: &NewDraft, deed: &Deed) -> Result<Written, StoreFailure> {
        let (table, mut plan) = (draft.table, Plan::default());
        let mut found = self.query(VERSIONS, key(table)).await?;
        let there: u32 = Cells::new(found.pop().unwrap_or_default()).narrow()?;
        let number = there.saturating_add(1);
        plan.assert(VERSIONS, key(table), i64::from(there));
        plan.assert(DRAFTS, key(table), 0);
        let mut values = version_key(table, number);
        values.extend([
            "draft".into(),
            draft.based_on.into(),
            1_u32.into(),
            escaped(&draft.purpose).into(),
            opt_date(draft.in_force_from),
            count(&draft.rules).into(),
            micros(draft.at),
            micros(draft.at),
        ]);
        plan.insert(&VERSION, values);
        plan.insert(&WRITER, writer(table, number, &draft.writer, 0));
        insert_rules(&mut plan, (table, number), (0..).zip(&draft.rules));
        self.written(&plan, deed, number).await
    }

    async fn save_draft(&self, save: &Save, deed: &Deed) -> Result<Written, StoreFailure> {
        let (table, number) = (save.table, save.number);
        // Read first, and the edition after it again in the transaction: the rules that are
        // compared with are those of the edition in hand.
        let Some(draft) = self.version_head(table, number).await? else {
            return Ok(Written::Stale);
        };
        if draft.edition != save.edition {
            return Ok(Written::Stale);
        }
        let mut plan = Plan::default();
        let mut params = edition_key(table, number, save.edition);
        params.extend([
            escaped(&save.purpose).into(),
            opt_date(save.in_force_from),
            micros(save.at),
            save.rules.as_deref().map(count).into(),
        ]);
        plan.change(SAVE, params, Some(1));
        let position = u32::try_from(draft.writers.len()).unwrap_or(u32::MAX);
        plan.insert(&WRITER, writer(table, number, &save.writer, position));
        if let Some(rules) = &save.rules {
            let there = self.stored_rules(table, number).await?;
            change_rules(&mut plan, (table, number), &there, rules);
        }
        self.written(&plan, deed, save.edition.saturating_add(1))
            .await
    }

    async fn note_simulation(
        &self,
        table: TableId,
        number: u32,
        simulated: &Simulated,
        deed: &Deed,
    ) -> Result<Written, StoreFailure> {
        let mut plan = Plan::default();
        let key = edition_key(table, number, simulated.edition);
        plan.assert(THIS_EDITION, key.clone(), 1);
        let mut values = key;
        let amount = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        values.extend([
            micros(simulated.at),
            date(simulated.from),
            date(simulated.to),
            amount(simulated.postings),
            amount(simulated.moved),
            amount(simulated.booked_moved),
            amount(simulated.unmapped),
        ]);
        plan.insert(&SIMULATION, values);
        self.written(&plan, deed, simulated.edition).await
    }

    async fn note_sharing(
        &self,
        table: TableId,
        sharing: Sharing,
        deed: &Deed,
    ) -> Result<(), StoreFailure> {
        let (mut plan, mut values) = (Plan::default(), key(table));
        values.extend([micros(deed.at), (sharing == Sharing::Shared).into()]);
        plan.insert(&SHARING, values);
        self.with_deed(&plan, deed).await.map(|_| ())
    }

    async fn written(&self, plan: &Plan, deed: &Deed, done: u32) -> Result<Written, StoreFailure> {
        Ok(match self.with_deed(plan, deed).await? {
            true => Written::Done(done),
            false => Written::Stale,
        })
    }
}

fn writer(table: TableId, number: u32, subject: &str, position: u32) -> Vec<Value> {
    let mut values = version_key(table, number);
    values.extend([subject.into(), position.into()]);
    values
}

/// Writes what is new, changed or moved, and deletes what is gone: one row edited among twenty
/// thousand is one row written.
fn change_rules(plan: &mut Plan, at: (TableId, u32), there: &[Rule], wanted: &[Rule]) {
    let kept: HashSet<u32> = wanted.iter().map(|rule| rule.number).collect();
    let gone = there.iter().filter(|rule| !kept.contains(&rule.number));
    let gone: Vec<u32> = gone.map(|rule| rule.number).collect();
    if gone.len() > SINGLY_MAX {
        plan.change(DELETE_RULES, version_key(at.0, at.1), None);
        insert_rules(plan, at, (0..).zip(wanted));
        return;
    }
    for rule in gone {
        plan.change(DELETE_RULE, edition_key(at.0, at.1, rule), Some(1));
    }
    let before: HashMap<u32, (u32, &Rule)> = (0..)
        .zip(there)
        .map(|(place, rule)| (rule.number, (place, rule)))
        .collect();
    let news = (0..)
        .zip(wanted)
        .filter(|(place, rule)| before.get(&rule.number) != Some(&(*place, rule)));
    insert_rules(plan, at, news);
}

impl Omsaetningstabeller for Store {
    fn tables<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<TableLine>> {
        Box::pin(self.table_lines(scope))
    }

    fn versions<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Vec<Version>> {
        Box::pin(self.all_versions(scope, table))
    }

    fn rules<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        number: u32,
    ) -> Answer<'a, Option<Vec<Rule>>> {
        Box::pin(self.rules_of(scope, table, number))
    }

    fn next_number<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, u32> {
        Box::pin(self.next_rule_number(scope, table))
    }

    fn begin<'a>(&'a self, draft: &'a NewDraft, deed: &'a Deed) -> Answer<'a, Written> {
        Box::pin(self.begin_draft(draft, deed))
    }

    fn save<'a>(&'a self, save: &'a Save, deed: &'a Deed) -> Answer<'a, Written> {
        Box::pin(self.save_draft(save, deed))
    }

    fn keep_simulation<'a>(
        &'a self,
        table: TableId,
        number: u32,
        simulated: &'a Simulated,
        deed: &'a Deed,
    ) -> Answer<'a, Written> {
        Box::pin(self.note_simulation(table, number, simulated, deed))
    }

    fn approve<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        approver: &'a str,
        at: Timestamp,
        deed: &'a Deed,
    ) -> Answer<'a, Written> {
        let mut params = edition_key(table, number, edition);
        params.extend([approver.into(), micros(at)]);
        let mut plan = Plan::default();
        plan.change(APPROVE, params, Some(1));
        plan.change(REGISTER_CHANGED, Vec::new(), Some(1));
        Box::pin(async move { self.written(&plan, deed, edition).await })
    }

    fn discard<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        deed: &'a Deed,
    ) -> Answer<'a, Written> {
        let mut plan = Plan::default();
        plan.change(DISCARD, edition_key(table, number, edition), Some(1));
        Box::pin(async move { self.written(&plan, deed, edition).await })
    }

    fn share<'a>(&'a self, table: TableId, sharing: Sharing, deed: &'a Deed) -> Answer<'a, ()> {
        Box::pin(self.note_sharing(table, sharing, deed))
    }

    fn copyable<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: FagsystemId,
    ) -> Answer<'a, Vec<CopySource>> {
        Box::pin(self.copy_sources(scope, fagsystem))
    }

    fn copy<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Option<Vec<Rule>>> {
        Box::pin(self.copied_rules(scope, table))
    }

    fn past<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        days: (Date, Date),
        after: Option<PastCursor>,
    ) -> Answer<'a, PastPage> {
        Box::pin(self.past_page(scope, table, days, after))
    }

    fn seen<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        since: Date,
    ) -> Answer<'a, Vec<SeenValues>> {
        Box::pin(self.seen_values(scope, table, since))
    }
}
