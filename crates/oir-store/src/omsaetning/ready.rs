//! Approved versions made ready for the register. They never change, so each is compiled once
//! in the life of the process, however often the register is read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Compiled, InForce, TableId};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;

use crate::Store;
use crate::codec::Cells;

const APPROVED: &str = "select kommune, fagsystem, number, in_force_from \
     from omsaetning_version where stage = 'approved'";

/// The versions compiled so far.
#[derive(Debug, Default)]
pub(crate) struct Ready(Mutex<HashMap<(TableId, u32), Arc<Compiled>>>);

impl Ready {
    fn get(&self, table: TableId, number: u32) -> Option<Arc<Compiled>> {
        let ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(&(table, number)).map(Arc::clone)
    }

    fn keep(&self, table: TableId, number: u32, compiled: &Arc<Compiled>) {
        let mut ready = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ready.insert((table, number), Arc::clone(compiled));
    }
}

impl Store {
    /// Every approved version of every table.
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
