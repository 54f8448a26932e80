//! What a database's error means, by code and never by text. The only file that knows
//! SQLSTATEs and SQLite result codes.

use oir_flow::ports::StoreFailure;
use rusqlite::ErrorCode;

/// A class that the drivers act on.
#[derive(Debug)]
pub(crate) enum Class {
    /// A unique key was there already.
    Duplicate,
    /// Our own row count check said no.
    Unexpected,
    /// The server chose this transaction to give way to another; nothing of it is written.
    Contended,
    /// Anything else, for the caller.
    Failure(StoreFailure),
}

/// Classifies an SQLite error.
pub(crate) fn of_sqlite(error: &rusqlite::Error) -> Class {
    let text = error.to_string();
    let Some(code) = error.sqlite_error() else {
        return Class::Failure(StoreFailure::Broken(text));
    };
    match code.code {
        ErrorCode::ConstraintViolation if is_unique(code.extended_code) => Class::Duplicate,
        ErrorCode::DiskFull => Class::Failure(StoreFailure::Full(text)),
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::CannotOpen
        | ErrorCode::SystemIoFailure
        | ErrorCode::OperationInterrupted => Class::Failure(StoreFailure::Unavailable(text)),
        _ => Class::Failure(StoreFailure::Broken(text)),
    }
}

fn is_unique(extended: i32) -> bool {
    // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID: sqlite.org/rescode.html.
    matches!(extended, 1555 | 2067 | 2579)
}

/// The failure behind an SQLite error where no class is acted on.
pub(crate) fn sqlite_failure(error: &rusqlite::Error) -> StoreFailure {
    match of_sqlite(error) {
        Class::Failure(failure) => failure,
        Class::Duplicate | Class::Unexpected | Class::Contended => {
            StoreFailure::Broken(error.to_string())
        }
    }
}

/// SQLSTATE that `oir_expect` raises.
const UNEXPECTED: &str = "OI001";

/// Classifies a PostgreSQL error. None = this statement only shares the fate of an
/// earlier one in the same transaction.
pub(crate) fn of_postgres(error: &tokio_postgres::Error) -> Option<Class> {
    let Some(state) = error.code() else {
        return Some(Class::Failure(without_code(error)));
    };
    let class = match state.code() {
        "25P02" => return None,
        UNEXPECTED => Class::Unexpected,
        "23505" => Class::Duplicate,
        // Serialisation, deadlock.
        "40001" | "40P01" => Class::Contended,
        "53100" => Class::Failure(StoreFailure::Full(describe(error))),
        // Read-only: after a failover this is no longer the server that writes. A lock was
        // not to be had.
        "25006" | "55P03" => Class::Failure(StoreFailure::Unavailable(describe(error))),
        // Out of memory or connections; shutting down or stopped for its time; connection.
        code if code.starts_with("53") || code.starts_with("57") || code.starts_with("08") => {
            Class::Failure(StoreFailure::Unavailable(describe(error)))
        }
        _ => Class::Failure(StoreFailure::Broken(describe(error))),
    };
    Some(class)
}

/// An error that the server did not send: the connection failed, unless the cause is a
/// value of ours that has no place in its column, which no other try would change.
fn without_code(error: &tokio_postgres::Error) -> StoreFailure {
    let text = describe(error);
    let Some(cause) = std::error::Error::source(error) else {
        return StoreFailure::Unavailable(text);
    };
    if cause.is::<std::num::TryFromIntError>() {
        return StoreFailure::Broken(text);
    }
    match cause.downcast_ref::<std::io::Error>() {
        // A message larger than the protocol can carry.
        Some(io) if io.kind() == std::io::ErrorKind::InvalidInput => StoreFailure::Broken(text),
        _ => StoreFailure::Unavailable(text),
    }
}

/// What happened, without the values that the database quotes.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        // The message may quote values (a CPR number): the code and the constraint do not.
        Some(db) => {
            let constraint = db.constraint().or_else(|| db.table()).unwrap_or("-");
            format!("SQLSTATE {} on {constraint}", db.code().code())
        }
        None => error.to_string(),
    }
}

/// The failure behind a PostgreSQL error where no class is acted on.
pub(crate) fn postgres_failure(error: &tokio_postgres::Error) -> StoreFailure {
    match of_postgres(error) {
        Some(Class::Failure(failure)) => failure,
        Some(Class::Contended) => StoreFailure::Unavailable(describe(error)),
        Some(Class::Duplicate | Class::Unexpected) | None => StoreFailure::Broken(describe(error)),
    }
}
