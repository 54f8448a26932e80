//! For measurements: the rows of judged messages written with nothing around them. What
//! this takes is the floor under every reception that keeps the same rows.

use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::MessageRecord;

use crate::Store;
use crate::plan::{Outcome, Plan};

/// Rows of a group of messages, ready to be written as one transaction.
#[derive(Debug)]
pub struct Rows(Plan);

impl Store {
    /// Makes the rows.
    ///
    /// # Errors
    /// [`StoreFailure::Broken`] when a total does not fit.
    pub fn prepare_rows(&self, messages: &[MessageRecord]) -> Result<Rows, StoreFailure> {
        let mut plan = Plan::default();
        self.plan_rows(&mut plan, messages)?;
        Ok(Rows(plan))
    }

    /// Writes them.
    ///
    /// # Errors
    /// [`StoreFailure`]; also when they are there already.
    pub async fn write_rows(&self, rows: Rows) -> Result<(), StoreFailure> {
        match self.transact(rows.0).await? {
            Outcome::Committed => Ok(()),
            other => Err(StoreFailure::Broken(format!("not written: {other:?}"))),
        }
    }
}
