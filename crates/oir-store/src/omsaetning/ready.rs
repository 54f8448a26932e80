//! Tables made ready for the register. Approved versions never change, so each is compiled once
//! in the life of the process, however often the register is read; what came with the register
//! is compiled anew when it has become another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Compiled, InForce, Rule, TableId};
use oir_domain::party::Kommunekode;
use oir_domain::register::{Register, RegisterData};
use oir_flow::ports::StoreFailure;

use crate::Store;
use crate::codec::Cells;

/// Without those that a newer one is instead of on all their days.
const APPROVED: &str = "select v.kommune, v.fagsystem, v.number, v.in_force_from \
     from omsaetning_version v where v.stage = 'approved' and not exists (\
     select 1 from omsaetning_version n where n.kommune = v.kommune \
     and n.fagsystem = v.fagsystem and n.stage = 'approved' and n.number > v.number \
     and n.in_force_from <= v.in_force_from)";

/// The versions compiled so far.
#[derive(Debug, Default)]
pub(crate) struct Ready(Mutex<HashMap<(TableId, u32), Arc<Compiled>>>);

/// What came with the register.
const START: u32 = 0;

impl Ready {
    fn get(&self, table: TableId, number: u32) -> Option<Arc<Compiled>> {
        let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(&(table, number)).map(Arc::clone)
    }

    fn keep(&self, table: TableId, number: u32, compiled: &Arc<Compiled>) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.insert((table, number), Arc::clone(compiled));
    }

    /// The rules that came with the register, compiled now or, when they are the same, before.
    fn start(&self, table: TableId, rules: Vec<Rule>) -> Arc<Compiled> {
        if let Some(ready) = self.get(table, START)
            && *ready.rules() == *rules
        {
            return ready;
        }
        let compiled = Arc::new(Compiled::lenient(rules).0);
        self.keep(table, START, &compiled);
        compiled
    }
}

impl Store {
    /// The register as it was read, with the tables that came with it.
    pub(crate) async fn ready_register(
        &self,
        version: i64,
        data: RegisterData,
    ) -> Result<Register, StoreFailure> {
        let ready = Arc::clone(&self.tables);
        let index =
            move || Register::compiling(version, data, |table, rules| ready.start(table, rules));
        let indexed = tokio::task::spawn_blocking(index).await;
        indexed.map_err(|e| StoreFailure::Broken(e.to_string()))
    }

    /// Every approved version of every table that is for some day.
    pub(crate) async fn approved_tables(
        &self,
    ) -> Result<Vec<((Kommunekode, FagsystemId), InForce)>, StoreFailure> {
        let mut approved = Vec::new();
        for row in self.query(APPROVED, Vec::new()).await? {
            let mut cells = Cells::new(row);
            let table = TableId {
                kommune: cells.kommune()?,
                fagsystem: cells.fagsystem()?,
            };
            let (number, from) = (cells.narrow()?, cells.date()?);
            let compiled = self.compiled(table, number).await?;
            let version = InForce {
                number,
                from,
                table: compiled,
            };
            approved.push(((table.kommune, table.fagsystem), version));
        }
        Ok(approved)
    }

    async fn compiled(&self, table: TableId, number: u32) -> Result<Arc<Compiled>, StoreFailure> {
        if let Some(ready) = self.tables.get(table, number) {
            return Ok(ready);
        }
        let rules = self.stored_rules(table, number).await?;
        // Ties were refused when it was approved; and what was approved is never left out.
        let compile = || Arc::new(Compiled::lenient(rules).0);
        let compiled = tokio::task::spawn_blocking(compile).await;
        let compiled = compiled.map_err(|e| StoreFailure::Broken(e.to_string()))?;
        self.tables.keep(table, number, &compiled);
        Ok(compiled)
    }
}
