//! SQLite: one writer thread, a few readers, a checkpointer.
//!
//! The writer commits whole plans with `synchronous = FULL` in WAL mode. Checkpoints run
//! in a thread of their own, so that no sender waits for one.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use oir_flow::ports::StoreFailure;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, TransactionBehavior};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::Durability;
use crate::failure::{Class, of_sqlite, sqlite_failure};
use crate::plan::{Outcome, Plan, Row, Shape, Statement, Value};

/// Pages of write-ahead log (4 kB each) after which even the writer checkpoints: a
/// brake for the case that the checkpointer cannot keep up.
const WAL_PAGES_HARD: u32 = 65_536;
/// How often the checkpointer looks.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Prepared statements kept per connection: more than there are texts in this room.
const STATEMENTS_CACHED: usize = 128;
/// How long a connection waits for another process' lock before it says busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

enum Job {
    Transact(Plan, oneshot::Sender<Result<Outcome, StoreFailure>>),
    Claim(
        &'static str,
        Vec<Value>,
        oneshot::Sender<Result<Vec<Row>, StoreFailure>>,
    ),
}

/// An open file.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite {
    writer: mpsc::Sender<Job>,
    readers: Arc<Readers>,
    // Dropping the last handle ends the checkpointer.
    _checkpointer: Arc<mpsc::Sender<()>>,
}

#[derive(Debug)]
struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, durability: Durability) -> Result<Self, StoreFailure> {
        let mut connection = connect(path, OpenFlags::default(), durability)?;
        crate::migrate::sqlite(&mut connection)?;
        let (writer, jobs) = mpsc::channel();
        thread::Builder::new()
            .name("oir-sqlite-writer".into())
            .spawn(move || write_all(&mut connection, &jobs))
            .map_err(|e| StoreFailure::Unavailable(e.to_string()))?;
        let readers = Arc::new(Readers {
            path: path.into(),
            idle: Mutex::default(),
        });
        let checkpointer = Arc::new(start_checkpointer(path, durability)?);
        Ok(Self {
            writer,
            readers,
            _checkpointer: checkpointer,
        })
    }

    pub(crate) async fn transact(&self, plan: Plan) -> Result<Outcome, StoreFailure> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .send(Job::Transact(plan, reply))
            .map_err(|_| writer_gone())?;
        answer.await.map_err(|_| writer_gone())?
    }

    pub(crate) async fn claim(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .send(Job::Claim(sql, params, reply))
            .map_err(|_| writer_gone())?;
        answer.await.map_err(|_| writer_gone())?
    }

    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        let (readers, sql) = (Arc::clone(&self.readers), sql.to_owned());
        let reading = move || readers.with(|connection| query(connection, &sql, &params));
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|_| writer_gone())?
    }

    /// Runs a closure on a reading connection in the calling thread.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        self.readers.with(read)
    }
}

fn writer_gone() -> StoreFailure {
    StoreFailure::Unavailable("the writer has stopped".into())
}

impl Readers {
    fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect(
                &self.path,
                OpenFlags::SQLITE_OPEN_READ_ONLY,
                Durability::Durable,
            )?,
        };
        let result = read(&connection);
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        result
    }
}

fn connect(
    path: &Path,
    flags: OpenFlags,
    durability: Durability,
) -> Result<Connection, StoreFailure> {
    let open = || -> Result<Connection, rusqlite::Error> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        if !flags.contains(OpenFlags::SQLITE_OPEN_READ_ONLY) {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let synchronous = match durability {
                Durability::Durable => "FULL",
                Durability::ProcessOnly => "OFF",
            };
            connection.pragma_update(None, "synchronous", synchronous)?;
            connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES_HARD)?;
        }
        Ok(connection)
    };
    open().map_err(|e| sqlite_failure(&e))
}

fn start_checkpointer(
    path: &Path,
    durability: Durability,
) -> Result<mpsc::Sender<()>, StoreFailure> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, durability)?;
    let (alive, ended) = mpsc::channel::<()>();
    thread::Builder::new()
        .name("oir-sqlite-checkpoint".into())
        .spawn(move || {
            while ended.recv_timeout(CHECKPOINT_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                let checkpoint =
                    connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
                if let Err(error) = checkpoint {
                    tracing::warn!(%error, "checkpoint failed; the log grows until one succeeds");
                }
            }
        })
        .map_err(|e| StoreFailure::Unavailable(e.to_string()))?;
    Ok(alive)
}

fn write_all(connection: &mut Connection, jobs: &mpsc::Receiver<Job>) {
    for job in jobs {
        // A caller that went away has its answer in the database.
        match job {
            Job::Transact(plan, reply) => drop(reply.send(transact(connection, &plan))),
            Job::Claim(sql, params, reply) => drop(reply.send(query(connection, sql, &params))),
        }
    }
}

fn transact(connection: &mut Connection, plan: &Plan) -> Result<Outcome, StoreFailure> {
    let mut run = || -> Result<Outcome, rusqlite::Error> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for statement in &plan.statements {
            if !execute(&transaction, statement)? {
                transaction.rollback()?;
                return Ok(Outcome::Unexpected);
            }
        }
        transaction.commit()?;
        Ok(Outcome::Committed)
    };
    match run() {
        Ok(outcome) => Ok(outcome),
        Err(error) => match of_sqlite(&error) {
            Class::Duplicate => Ok(Outcome::Duplicate),
            Class::Unexpected => Ok(Outcome::Unexpected),
            Class::Failure(failure) => Err(failure),
        },
    }
}

/// Whether the statement found as many rows as it should.
fn execute(connection: &Connection, statement: &Statement) -> Result<bool, rusqlite::Error> {
    match statement {
        Statement::Insert { shape, values } => {
            let mut prepared = connection.prepare_cached(&insert_text(shape))?;
            for row in values.chunks(shape.columns.len()) {
                bind(&mut prepared, row)?;
                prepared.raw_execute()?;
            }
            Ok(true)
        }
        Statement::Change { sql, params, rows } => {
            let mut prepared = connection.prepare_cached(&numbered(sql))?;
            bind(&mut prepared, params)?;
            let changed = i64::try_from(prepared.raw_execute()?).unwrap_or(i64::MAX);
            Ok(rows.is_none_or(|rows| rows == changed))
        }
        Statement::Assert { sql, params, rows } => {
            let mut prepared = connection.prepare_cached(&numbered(sql))?;
            bind(&mut prepared, params)?;
            let mut found = prepared.raw_query();
            let count: i64 = match found.next()? {
                Some(row) => row.get(0)?,
                None => return Ok(false),
            };
            Ok(count == *rows)
        }
    }
}

/// `$1` → `?1`: SQLite numbers `$1` by first appearance, `?1` by its number.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn insert_text(shape: &Shape) -> String {
    let names: Vec<&str> = shape.columns.iter().map(|(name, _)| *name).collect();
    let marks = vec!["?"; names.len()].join(",");
    format!(
        "insert into {} ({}) values ({marks}) {}",
        shape.table,
        names.join(","),
        shape.suffix
    )
}

/// Binds all values; a statement with more places than values is a bug of ours that
/// SQLite would answer with silent NULLs.
fn bind(
    statement: &mut rusqlite::CachedStatement<'_>,
    values: &[Value],
) -> Result<(), rusqlite::Error> {
    let places = statement.parameter_count();
    if places != values.len() {
        return Err(rusqlite::Error::InvalidParameterCount(values.len(), places));
    }
    for (value, index) in values.iter().zip(1..) {
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

fn query(connection: &Connection, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreFailure> {
    let run = || -> Result<Vec<Row>, rusqlite::Error> {
        let mut prepared = connection.prepare_cached(&numbered(sql))?;
        bind(&mut prepared, params)?;
        let width = prepared.column_count();
        let mut rows = prepared.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(width);
            for column in 0..width {
                values.push(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into()),
                    ValueRef::Blob(bytes) => match Uuid::from_slice(bytes) {
                        Ok(uuid) => Value::Uuid(uuid),
                        Err(_) => Value::Bytes(bytes.to_vec()),
                    },
                    ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
                });
            }
            found.push(values);
        }
        Ok(found)
    };
    run().map_err(|e| sqlite_failure(&e))
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Shared(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(uuid) => ValueRef::Blob(uuid.as_bytes()),
        }))
    }
}
