//! The one door to the databases: which one, and a probe for simulated crashes.

use oir_flow::ports::StoreFailure;

use crate::Store;
use crate::plan::{Outcome, Plan, Row, Value};
use crate::postgres::Postgres;
use crate::sqlite::Sqlite;

/// Where a probe is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbePoint {
    /// Nothing of the write has happened yet.
    BeforeWrite,
    /// The write is durable, its caller does not know yet.
    AfterWrite,
}

/// Decides whether the process "dies" at a write. Simulation only.
pub trait Probe: Send + Sync + std::fmt::Debug {
    /// True = die here.
    fn dies(&self, point: ProbePoint) -> bool;
}

/// One of the two databases.
#[derive(Debug, Clone)]
pub(crate) enum Driver {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// A read that also changes rows and therefore needs the writer; its text per dialect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claiming {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Store {
    fn probe(&self, point: ProbePoint) -> Result<(), StoreFailure> {
        match &self.probe {
            Some(probe) if probe.dies(point) => Err(StoreFailure::Unavailable(format!(
                "simulated death {point:?}"
            ))),
            _ => Ok(()),
        }
    }

    /// Carries out a plan as one transaction.
    pub(crate) async fn transact(&self, plan: Plan) -> Result<Outcome, StoreFailure> {
        self.probe(ProbePoint::BeforeWrite)?;
        let outcome = match &self.driver {
            Driver::Sqlite(database) => database.transact(plan).await,
            Driver::Postgres(database) => database.transact(&plan).await,
        }?;
        self.probe(ProbePoint::AfterWrite)?;
        Ok(outcome)
    }

    /// Reads.
    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        match &self.driver {
            Driver::Sqlite(database) => database.query(sql, params).await,
            Driver::Postgres(database) => database.query(sql, &params).await,
        }
    }

    /// Reads what takes as long as the database is large.
    pub(crate) async fn query_slowly(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        match &self.driver {
            Driver::Sqlite(database) => database.query(sql, params).await,
            Driver::Postgres(database) => database.query_slowly(sql, &params).await,
        }
    }

    /// Changes rows and reads which.
    pub(crate) async fn claim_rows(
        &self,
        claiming: Claiming,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        self.probe(ProbePoint::BeforeWrite)?;
        let rows = match &self.driver {
            Driver::Sqlite(database) => database.claim(claiming.sqlite, params).await,
            Driver::Postgres(database) => database.query(claiming.postgres, &params).await,
        }?;
        self.probe(ProbePoint::AfterWrite)?;
        Ok(rows)
    }
}
