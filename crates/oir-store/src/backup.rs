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
        database.read(|source| {
            let copy = || -> Result<(), rusqlite::Error> {
                // One snapshot for the whole copy: without it every commit between two steps
                // makes the copy begin anew, and under steady reception it never ends. While
                // it is held the write-ahead log grows by what is written meanwhile.
                let snapshot = source.unchecked_transaction()?;
                snapshot.query_row("select version from register_version", [], |_| Ok(()))?;
                let mut target = Connection::open(target)?;
                let backup = Backup::new(source, &mut target)?;
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
                snapshot.finish()?;
                target.pragma_update(None, "journal_mode", "WAL")
            };
            copy().map_err(|e| sqlite_failure(&e))
        })
    }
}
