//! A consistent copy of a running SQLite database.

use std::path::Path;

use oir_flow::ports::StoreFailure;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::Store;
use crate::driver::Driver;
use crate::failure::sqlite_failure;

/// Pages copied between two pauses: 8 MB, so that progress is told often.
const PAGES_AT_ONCE: i32 = 1_000;

/// A transaction sees the database as it was at its first read.
const TAKE_VIEW: &str = "select count(*) from sqlite_schema";

impl Store {
    /// Copies the database into a new file while it is used. `progress` is told pages
    /// left and pages in all.
    ///
    /// # Errors
    /// [`StoreFailure`] when the target exists, cannot be written, or the source is
    /// PostgreSQL, which has `pg_basebackup` for that.
    pub fn backup(&self, target: &Path, progress: &dyn Fn(i32, i32)) -> Result<(), StoreFailure> {
        let Driver::Sqlite(database) = &self.driver else {
            let text = "PostgreSQL is backed up with its own tools (pg_basebackup, pg_dump)";
            return Err(StoreFailure::Unavailable(text.into()));
        };
        if target.exists() {
            return Err(StoreFailure::Unavailable(format!(
                "{} exists",
                target.display()
            )));
        }
        database.read_alone(|source| {
            let copy = || -> Result<(), rusqlite::Error> {
                // One view of the database from the first page to the last. Without it each
                // commit of another connection starts the copy anew, and a hub that is used
                // never lets it end. Until then the log of writes only grows.
                let view = source.unchecked_transaction()?;
                view.query_row(TAKE_VIEW, [], |_| Ok(()))?;
                let mut target = Connection::open(target)?;
                let backup = Backup::new(&view, &mut target)?;
                loop {
                    match backup.step(PAGES_AT_ONCE)? {
                        StepResult::Done => break,
                        StepResult::Busy | StepResult::Locked => std::thread::yield_now(),
                        _ => {}
                    }
                    let now = backup.progress();
                    progress(now.remaining, now.pagecount);
                }
                drop(backup);
                drop(view);
                target.pragma_update(None, "journal_mode", "WAL")
            };
            copy().map_err(|e| sqlite_failure(&e))
        })
    }
}
