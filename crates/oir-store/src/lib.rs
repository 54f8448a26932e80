//! The corridor's memory: the ports of `oir-flow` on SQLite and on PostgreSQL.
//!
//! One implementation of each port, two drivers under it. A write is a value, a [`Plan`],
//! that either driver carries out as one durable transaction; a read is a text with
//! parameters. This room decides nothing: it writes down what the domain decided.
#![deny(missing_docs)]

mod admit;
mod advance;
mod backup;
mod chain;
mod claim;
mod codec;
mod days;
mod driver;
mod enter;
mod failure;
mod fill;
mod find;
mod flight;
mod floor;
mod guides;
mod kontoplan;
mod list;
mod looks;
mod machine_keys;
mod migrate;
mod mirror;
mod omsaetning;
mod operation;
mod plan;
mod post;
mod postgres;
#[cfg(test)]
mod questions;
mod register;
mod samples;
mod saved;
mod search;
mod sessions;
mod sortiment;
mod sqlite;
mod verify;
mod views;
mod work;
mod worklist;

use std::sync::Arc;

pub use driver::{Probe, ProbePoint};
pub use floor::Rows;
pub use plan::{Plan, Statement, Value};
pub use search::Pace;
pub use verify::{Finding, VerifyReport};

use oir_flow::ports::StoreFailure;

use driver::Driver;

/// Goes round: after the last shard the first is given out again. Two processes in one
/// shard only wait for one another.
const NEXT_SHARD: &str = "select nextval('total_shard')";

/// An open store. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub struct Store {
    driver: Driver,
    shard: i64,
    probe: Option<Arc<dyn Probe>>,
    pace: Pace,
    tables: Arc<omsaetning::Ready>,
}

/// How an SQLite file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on the disk when it answers (`synchronous = FULL`).
    Durable,
    /// For simulations, whose crashes are of the process and not of the machine.
    ProcessOnly,
}

impl Store {
    /// Opens, or makes, an SQLite file and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreFailure`] when the file cannot be opened or migrated.
    pub async fn open_sqlite(
        path: &std::path::Path,
        durability: Durability,
    ) -> Result<Self, StoreFailure> {
        let database = sqlite::Sqlite::open(path, durability)?;
        Ok(Self {
            driver: Driver::Sqlite(database),
            shard: 0,
            probe: None,
            pace: Pace::STANDARD,
            tables: Arc::default(),
        })
    }

    /// Connects to a PostgreSQL database and brings its schema up to date. `shard` keeps
    /// the totals of processes apart that share it; `connections` is the most it opens.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be reached or migrated.
    pub async fn open_postgres(
        url: &str,
        shard: u16,
        connections: usize,
    ) -> Result<Self, StoreFailure> {
        let database = postgres::Postgres::open(url, connections).await?;
        Ok(Self {
            driver: Driver::Postgres(database),
            shard: i64::from(shard),
            probe: None,
            pace: Pace::STANDARD,
            tables: Arc::default(),
        })
    }

    /// Connects as one of several processes that share the database, which hands out the
    /// shard: a process cannot know by itself what the others took (in containers all have
    /// the same number).
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be reached or migrated.
    pub async fn join_postgres(url: &str, connections: usize) -> Result<Self, StoreFailure> {
        let mut store = Self::open_postgres(url, 0, connections).await?;
        let mut rows = store.query(NEXT_SHARD, Vec::new()).await?;
        store.shard = codec::Cells::new(rows.pop().unwrap_or_default()).int()?;
        Ok(store)
    }

    /// Which rows of the totals this store adds to.
    #[must_use]
    pub fn shard(&self) -> i64 {
        self.shard
    }

    /// The same store with a probe that may stop it before or after each write.
    #[must_use]
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// The same store whose searches stop after another amount of looking.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// How many callers may usefully hand in plans at the same time. SQLite's writer makes
    /// one transaction of all that gather while it syncs; on PostgreSQL each caller is a
    /// transaction, and more of them only make the groups smaller.
    #[must_use]
    pub fn writers(&self) -> usize {
        match self.driver {
            Driver::Sqlite(_) => 8,
            Driver::Postgres(_) => 2,
        }
    }

    /// Whether this is an SQLite file, which one process must have to itself.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        matches!(self.driver, Driver::Sqlite(_))
    }
}
