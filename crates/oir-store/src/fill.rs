//! For measurements: a database filled with messages whose bilag have already come to their
//! end, and made ready to be asked.

use oir_domain::ids::BilagId;
use oir_domain::message::State;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{BilagRecord, MessageRecord};
use uuid::Uuid;

use crate::Store;
use crate::admit::{BILAG, BILAG_ENDED};
use crate::driver::Driver;
use crate::plan::{Outcome, Plan, Statement, Value};

/// Bilag entered into the search index at a time: neighbours in order share pages.
const TOGETHER: u32 = 20_000;

impl Store {
    /// Writes messages in one transaction, with the numbers of the books where they are
    /// booked. A fill and no measurement: nothing is judged.
    ///
    /// # Errors
    /// [`StoreFailure`]; also when they are there already.
    pub async fn fill(&self, messages: &[MessageRecord]) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        self.plan_rows(&mut plan, messages)?;
        let all = messages.iter().flat_map(|message| &message.bilag);
        let number = |bilag: &BilagRecord| match bilag {
            BilagRecord::New(new) => match &new.state {
                State::Booked { number } => Some(Value::from(number.to_string())),
                _ => Some(Value::Null),
            },
            BilagRecord::Repeat { .. } => None,
        };
        let mut numbers = all.filter_map(number);
        for statement in &mut plan.statements {
            if let Statement::Insert { shape, values } = statement
                && shape.table == BILAG.table
            {
                let rows = values.chunks(BILAG.columns.len());
                let ended = rows.flat_map(|row| {
                    let number = numbers.next().unwrap_or(Value::Null);
                    row.iter().cloned().chain([number])
                });
                *statement = Statement::Insert {
                    shape: &BILAG_ENDED,
                    values: ended.collect(),
                };
            }
        }
        match self.transact(plan).await? {
            Outcome::Committed => Ok(()),
            other => Err(StoreFailure::Broken(format!("not written: {other:?}"))),
        }
    }

    /// Enters all bilag before an id into the search index, and lets PostgreSQL look at its
    /// tables as it does by itself in time.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn make_ready(&self, before: BilagId) -> Result<(), StoreFailure> {
        loop {
            let from = self.indexed_to().await?;
            self.enter_bilag(before, TOGETHER).await?;
            if self.indexed_to().await? == from {
                break;
            }
        }
        if let Driver::Postgres(database) = &self.driver {
            database.query_slowly("vacuum analyze", &[]).await?;
        }
        Ok(())
    }

    /// Whether no bilag is in the index yet.
    ///
    /// # Errors
    /// [`StoreFailure`].
    pub async fn is_unfilled(&self) -> Result<bool, StoreFailure> {
        Ok(self.indexed_to().await? == Uuid::nil())
    }
}
