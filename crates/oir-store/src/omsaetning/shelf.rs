//! Which tables and versions there are, and their rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use oir_domain::access::{Patch, Scope};
use oir_domain::calendar::Validity;
use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Rule, Simulated, Stage, TableId, Version};
use oir_domain::register::{Omsaetningsrow, starting_rules};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::omsaetning::{CopySource, Sharing, TableLine};

use super::rows::{self, unescaped};
use super::{key, version_key};
use crate::Store;
use crate::codec::{Cells, damaged, fagsystem};
use crate::list::Conditions;
use crate::plan::{Row, Value};

const HEADS: &str = "select number, stage, based_on, edition, purpose, in_force_from, rules, \
     begun, saved, approver, approved from omsaetning_version \
     where kommune = $1 and fagsystem = $2";
const WRITERS: &str = "select number, subject from omsaetning_writer \
     where kommune = $1 and fagsystem = $2";
/// The last of each version comes last.
const SIMULATIONS: &str = "select number, edition, at, from_day, to_day, postings, moved, \
     booked_moved, unmapped from omsaetning_simulation where kommune = $1 and fagsystem = $2";
const START: &str = "select vaerdi, konto, valid_from, valid_to from omsaetning \
     where kommune = $1 and fagsystem = $2 order by vaerdi, valid_from";
const START_ROWS: &str = "select count(*) from omsaetning where kommune = $1 and fagsystem = $2";
const VERSIONS: &str =
    "select count(*) from omsaetning_version where kommune = $1 and fagsystem = $2";
const VERSION: &str = "select count(*) from omsaetning_version \
     where kommune = $1 and fagsystem = $2 and number = $3";
const HIGHEST: &str = "select max(rule) from omsaetning_rule where kommune = $1 and fagsystem = $2";
const FACET: &str = "select konteringsfacet from fagsystem where fagsystem = $1";
const AGREED: &str = "select count(*) from agreement where kommune = $1 and fagsystem = $2";
const SHARED: &str = "select s.kommune from omsaetning_sharing s where s.fagsystem = $1 \
     and s.shared = 1 and s.at = (select max(l.at) from omsaetning_sharing l \
     where l.kommune = s.kommune and l.fagsystem = s.fagsystem)";

/// Bilag that wait for an account, by table, and the values.
pub(crate) fn held_question(scope: &Scope) -> (String, Vec<Value>) {
    let (wanted, params) = Conditions::seen(scope, "b").clause();
    let held = if wanted.is_empty() { "where" } else { "and" };
    let sql = format!(
        "select kommune, fagsystem, count(*) from bilag b {wanted} {held} b.state = 'held' \
         group by kommune, fagsystem"
    );
    (sql, params)
}

impl Store {
    /// Asks about the tables that somebody sees; each row begins with the table.
    async fn by_table(
        &self,
        (sql, params): (String, Vec<Value>),
    ) -> Result<Vec<(TableId, Cells)>, StoreFailure> {
        let rows = self.query(&sql, params).await?;
        let read = |row: Row| {
            let mut cells = Cells::new(row);
            let (kommune, fagsystem) = (cells.kommune()?, cells.fagsystem()?);
            Ok((TableId { kommune, fagsystem }, cells))
        };
        rows.into_iter().map(read).collect()
    }

    pub(super) async fn table_lines(&self, scope: &Scope) -> Result<Vec<TableLine>, StoreFailure> {
        let mut lines = self.lines_without_held(scope).await?;
        for (table, mut cells) in self.by_table(held_question(scope)).await? {
            if let Some(line) = lines.get_mut(&table) {
                line.held = cells.narrow()?;
            }
        }
        Ok(lines.into_values().collect())
    }

    /// The tables that somebody sees, before what waits for an account is counted.
    async fn lines_without_held(
        &self,
        scope: &Scope,
    ) -> Result<BTreeMap<TableId, TableLine>, StoreFailure> {
        let mut lines: BTreeMap<TableId, TableLine> = BTreeMap::new();
        let line = |table| TableLine {
            table,
            approved: 0,
            rules: 0,
            draft: None,
            held: 0,
        };
        let of = |from: &str, what: &str, rest: &str| {
            let (wanted, params) = Conditions::seen(scope, "t").clause();
            let sql = format!("select t.kommune, t.fagsystem{what} from {from} t {wanted} {rest}");
            (sql, params)
        };
        let agreements = of("agreement", "", "group by t.kommune, t.fagsystem");
        for (table, _) in self.by_table(agreements).await? {
            lines.entry(table).or_insert_with(|| line(table));
        }
        let start = of(
            "omsaetning",
            ", count(*)",
            "group by t.kommune, t.fagsystem",
        );
        for (table, mut cells) in self.by_table(start).await? {
            lines.entry(table).or_insert_with(|| line(table)).rules = cells.narrow()?;
        }
        let versions = of(
            "omsaetning_version",
            ", t.number, t.stage, t.rules",
            "order by t.number",
        );
        for (table, mut cells) in self.by_table(versions).await? {
            let (number, stage, rules) = (cells.narrow()?, cells.text()?, cells.narrow()?);
            let line = lines.entry(table).or_insert_with(|| line(table));
            match read_stage(&stage)? {
                Stage::Draft => line.draft = Some(number),
                Stage::Approved => (line.approved, line.rules) = (number, rules),
                Stage::Discarded => {}
            }
        }
        Ok(lines)
    }

    pub(super) async fn all_versions(
        &self,
        scope: &Scope,
        table: TableId,
    ) -> Result<Vec<Version>, StoreFailure> {
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Ok(Vec::new());
        }
        let (mut versions, start) = (
            self.version_heads(table, None).await?,
            self.starting_rows(table).await?,
        );
        if versions.is_empty() && start == 0 && !self.is_agreed(table).await? {
            return Ok(Vec::new());
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        versions.push(Version {
            table,
            number: 0,
            stage: Stage::Approved,
            based_on: 0,
            edition: 0,
            purpose: Box::default(),
            in_force_from: None,
            rules: start,
            writers: Vec::new(),
            begun: Timestamp::UNIX_EPOCH,
            saved: Timestamp::UNIX_EPOCH,
            simulated: None,
            approved: None,
        });
        Ok(versions)
    }

    /// One version as it is now, without asking for whom: for a write.
    pub(super) async fn version_head(
        &self,
        table: TableId,
        number: u32,
    ) -> Result<Option<Version>, StoreFailure> {
        let mut heads = self.version_heads(table, Some(number)).await?;
        Ok(heads.pop())
    }

    /// The versions that were written: all, or one.
    async fn version_heads(
        &self,
        table: TableId,
        only: Option<u32>,
    ) -> Result<Vec<Version>, StoreFailure> {
        let (one, params) = match only {
            Some(number) => (" and number = $3", version_key(table, number)),
            None => ("", key(table)),
        };
        let rows = self.query(&format!("{HEADS}{one}"), params.clone()).await?;
        let mut writers: HashMap<u32, Vec<Box<str>>> = HashMap::new();
        let sql = format!("{WRITERS}{one} order by number, position");
        for row in self.query(&sql, params.clone()).await? {
            let mut cells = Cells::new(row);
            writers
                .entry(cells.narrow()?)
                .or_default()
                .push(cells.text()?);
        }
        let mut simulations: HashMap<u32, Simulated> = HashMap::new();
        let sql = format!("{SIMULATIONS}{one} order by number, edition, at");
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            simulations.insert(cells.narrow()?, simulated(&mut cells)?);
        }
        let read = |row| {
            let mut version = version(table, row)?;
            version.writers = writers.remove(&version.number).unwrap_or_default();
            version.simulated = simulations.remove(&version.number);
            Ok(version)
        };
        rows.into_iter().map(read).collect()
    }

    pub(super) async fn rules_of(
        &self,
        scope: &Scope,
        table: TableId,
        number: u32,
    ) -> Result<Option<Vec<Rule>>, StoreFailure> {
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Ok(None);
        }
        if number == 0 {
            let rules = self.starting_table(table).await?;
            // A table without rows is there when anything else of it is.
            let is_there = !rules.is_empty()
                || self.counted(VERSIONS, key(table)).await? > 0
                || self.is_agreed(table).await?;
            return Ok(is_there.then_some(rules));
        }
        let of_version = version_key(table, number);
        if self.counted(VERSION, of_version).await? == 0 {
            return Ok(None);
        }
        self.stored_rules(table, number).await.map(Some)
    }

    pub(super) async fn next_rule_number(
        &self,
        scope: &Scope,
        table: TableId,
    ) -> Result<u32, StoreFailure> {
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Ok(1);
        }
        let row = self.query(HIGHEST, key(table)).await?.pop();
        let highest = Cells::new(row.unwrap_or_default()).opt_int()?.unwrap_or(0);
        let highest = u32::try_from(highest).map_err(|_| damaged("a rule's number"))?;
        let start = self.starting_rows(table).await?;
        Ok(highest.max(start).saturating_add(1))
    }

    /// How many rows came with the register: the rules of version 0 are numbered so.
    async fn starting_rows(&self, table: TableId) -> Result<u32, StoreFailure> {
        let rows = self.counted(START_ROWS, key(table)).await?;
        u32::try_from(rows).map_err(|_| damaged("a number of rows"))
    }

    async fn counted(&self, sql: &str, params: Vec<Value>) -> Result<i64, StoreFailure> {
        let row = self.query(sql, params).await?.pop();
        Cells::new(row.unwrap_or_default()).int()
    }

    /// The rules of a version that was written.
    pub(super) async fn stored_rules(
        &self,
        table: TableId,
        number: u32,
    ) -> Result<Vec<Rule>, StoreFailure> {
        let sql = format!(
            "select {} from omsaetning_rule where kommune = $1 and fagsystem = $2 \
             and number = $3 order by position",
            rows::COLUMNS
        );
        let rows = self.query(&sql, version_key(table, number)).await?;
        rows.into_iter().map(rows::rule).collect()
    }

    /// Version 0: the rows that came with the register.
    async fn starting_table(&self, table: TableId) -> Result<Vec<Rule>, StoreFailure> {
        let mut found = Vec::new();
        for row in self.query(START, key(table)).await? {
            let mut cells = Cells::new(row);
            let (vaerdi, konto) = (cells.text()?, cells.text()?);
            found.push(Omsaetningsrow {
                kommune: table.kommune,
                fagsystem: table.fagsystem,
                vaerdi,
                konto,
                validity: Validity {
                    from: cells.date()?,
                    to: cells.opt_date()?,
                },
            });
        }
        let system = vec![fagsystem(Some(table.fagsystem))];
        let facet = match self.query(FACET, system).await?.pop() {
            Some(row) => Cells::new(row).text()?,
            None => Box::default(),
        };
        Ok(starting_rules(&facet, found))
    }

    async fn is_agreed(&self, table: TableId) -> Result<bool, StoreFailure> {
        Ok(self.counted(AGREED, key(table)).await? > 0)
    }

    pub(super) async fn copy_sources(
        &self,
        scope: &Scope,
        of: FagsystemId,
    ) -> Result<Vec<CopySource>, StoreFailure> {
        if scope.is_nothing() {
            return Ok(Vec::new());
        }
        let mut shared = HashSet::new();
        for row in self.query(SHARED, vec![fagsystem(Some(of))]).await? {
            shared.insert(Cells::new(row).kommune()?);
        }
        let everywhere = Scope::of(vec![Patch {
            kommune: None,
            fagsystem: Some(of),
        }]);
        let lines = self.lines_without_held(&everywhere).await?.into_values();
        let source = |line: TableLine| {
            let (table, is_shared) = (line.table, shared.contains(&line.table.kommune));
            let theirs = is_shared || scope.covers(table.kommune, Some(table.fagsystem));
            (theirs && line.rules > 0).then_some(CopySource {
                table,
                approved: line.approved,
                rules: line.rules,
                sharing: if is_shared {
                    Sharing::Shared
                } else {
                    Sharing::Private
                },
            })
        };
        Ok(lines.filter_map(source).collect())
    }

    pub(super) async fn copied_rules(
        &self,
        scope: &Scope,
        table: TableId,
    ) -> Result<Option<Vec<Rule>>, StoreFailure> {
        let sources = self.copy_sources(scope, table.fagsystem).await?;
        let Some(source) = sources.iter().find(|source| source.table == table) else {
            return Ok(None);
        };
        self.rules_of(&Scope::everything(), table, source.approved)
            .await
    }
}

fn read_stage(word: &str) -> Result<Stage, StoreFailure> {
    match word {
        "draft" => Ok(Stage::Draft),
        "approved" => Ok(Stage::Approved),
        "discarded" => Ok(Stage::Discarded),
        _ => Err(damaged("a stage")),
    }
}

fn version(table: TableId, row: Row) -> Result<Version, StoreFailure> {
    let mut cells = Cells::new(row);
    let (number, stage) = (cells.narrow()?, read_stage(&cells.text()?)?);
    let (based_on, edition) = (cells.narrow()?, cells.narrow()?);
    let (purpose, in_force_from) = (unescaped(&cells.text()?)?, cells.opt_date()?);
    let (rules, begun, saved) = (cells.narrow()?, cells.time()?, cells.time()?);
    let (approver, approved) = (cells.opt_text()?, cells.opt_int()?);
    let approved = approved.map(crate::codec::time_of).transpose()?;
    Ok(Version {
        table,
        number,
        stage,
        based_on,
        edition,
        purpose,
        in_force_from,
        rules,
        writers: Vec::new(),
        begun,
        saved,
        simulated: None,
        approved: approver.zip(approved),
    })
}

fn simulated(cells: &mut Cells) -> Result<Simulated, StoreFailure> {
    let (edition, at) = (cells.narrow()?, cells.time()?);
    Ok(Simulated {
        edition,
        at,
        from: cells.date()?,
        to: cells.date()?,
        postings: cells.narrow()?,
        moved: cells.narrow()?,
        booked_moved: cells.narrow()?,
        unmapped: cells.narrow()?,
    })
}
