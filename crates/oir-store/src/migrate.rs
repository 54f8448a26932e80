//! Schema versions. Forward only; the same numbers and names in both dialects.

use oir_flow::ports::StoreFailure;
use rusqlite::Connection;

mod sqlite_files {
    refinery::embed_migrations!("migrations/sqlite");
}
mod postgres_files {
    refinery::embed_migrations!("migrations/postgres");
}

/// Two processes may start at once: one migrates, the other waits for this lock.
const MIGRATION_LOCK: &str = "select pg_advisory_lock(7267236001)";
const MIGRATION_UNLOCK: &str = "select pg_advisory_unlock(7267236001)";

fn failure(error: &refinery::Error) -> StoreFailure {
    StoreFailure::Broken(format!(
        "the schema could not be brought up to date: {error}"
    ))
}

/// Brings an SQLite file up to date.
pub(crate) fn sqlite(connection: &mut Connection) -> Result<(), StoreFailure> {
    sqlite_files::migrations::runner()
        .run(connection)
        .map(|_| ())
        .map_err(|e| failure(&e))
}

/// Brings a PostgreSQL database up to date.
pub(crate) async fn postgres(client: &mut tokio_postgres::Client) -> Result<(), StoreFailure> {
    let lock = |e: tokio_postgres::Error| crate::failure::postgres_failure(&e);
    client.batch_execute(MIGRATION_LOCK).await.map_err(lock)?;
    let migrated = postgres_files::migrations::runner().run_async(client).await;
    client.batch_execute(MIGRATION_UNLOCK).await.map_err(lock)?;
    migrated.map(|_| ()).map_err(|e| failure(&e))
}
