//! SQLite: one writer thread, a few readers, a checkpointer.
//!
//! The writer carries out all work that has gathered as one transaction, each piece in a
//! savepoint of its own, with `synchronous = FULL` in WAL mode: one sync serves them all.
//! Checkpoints run in a thread of their own, so that no sender waits for one.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use oir_flow::ports::StoreFailure;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, DropBehavior, OpenFlags, ToSql, TransactionBehavior};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

use crate::Durability;
use crate::failure::{Class, of_sqlite, sqlite_failure};
use crate::plan::{Outcome, Plan, Row, Shape, Statement, Value};

/// Bytes of a page: a message of ordinary size lies in its row without overflowing.
const PAGE_BYTES: u32 = 8_192;
/// Pages of write-ahead log after which even the writer checkpoints: a brake for the case
/// that the checkpointer cannot keep up.
const WAL_PAGES_HARD: u32 = 8_192;
/// Most pieces of work in one transaction: each of them is a group already.
const TOGETHER_MAX: usize = 16;
/// How often the checkpointer looks.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Prepared statements kept per connection: more than there are texts in this room.
const STATEMENTS_CACHED: usize = 128;
/// Most reading connections: each holds 16 MB of pages at most, and more readers than a
/// machine has cores and disks only wait for one another.
const READERS_MAX: usize = 12;
/// How long a connection waits for another process' lock before it says busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// What the writer is asked to do.
#[derive(Debug)]
enum Work {
    Transact(Plan),
    Claim(&'static str, Vec<Value>),
}

/// What came of it.
#[derive(Debug)]
enum Done {
    Transacted(Outcome),
    Claimed(Vec<Row>),
}

#[derive(Debug)]
struct Job {
    work: Work,
    reply: oneshot::Sender<Result<Done, StoreFailure>>,
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
    places: Arc<Semaphore>,
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
            places: Arc::new(Semaphore::new(READERS_MAX)),
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
        match self.write(Work::Transact(plan)).await? {
            Done::Transacted(outcome) => Ok(outcome),
            Done::Claimed(_) => Err(StoreFailure::Broken("rows for a plan".into())),
        }
    }

    pub(crate) async fn claim(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        match self.write(Work::Claim(sql, params)).await? {
            Done::Claimed(rows) => Ok(rows),
            Done::Transacted(_) => Err(StoreFailure::Broken("no rows for a claim".into())),
        }
    }

    async fn write(&self, work: Work) -> Result<Done, StoreFailure> {
        let (reply, answer) = oneshot::channel();
        self.writer
            .send(Job { work, reply })
            .map_err(|_| writer_gone())?;
        answer.await.map_err(|_| writer_gone())?
    }

    pub(crate) async fn query(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<Row>, StoreFailure> {
        let (readers, sql) = (Arc::clone(&self.readers), sql.to_owned());
        // Waited for here and not in a thread: waiting readers must not use up the threads.
        let place = Arc::clone(&readers.places).acquire_owned();
        let place = place.await.map_err(|_| writer_gone())?;
        let reading = move || {
            let rows = readers.with(|connection| query(connection, &sql, &params));
            drop(place);
            rows
        };
        tokio::task::spawn_blocking(reading)
            .await
            .map_err(|_| writer_gone())?
    }

    /// Bytes of the log of writes beside the file.
    pub(crate) fn wal_bytes(&self) -> Option<u64> {
        let mut name = self.readers.path.as_os_str().to_owned();
        name.push("-wal");
        let meta = std::fs::metadata(PathBuf::from(name)).ok()?;
        Some(meta.len())
    }

    /// Runs a closure in the calling thread on a reading connection of its own, for what
    /// takes long.
    pub(crate) fn read_alone<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreFailure>,
    ) -> Result<T, StoreFailure> {
        read(&self.readers.connect()?)
    }
}

fn writer_gone() -> StoreFailure {
    StoreFailure::Unavailable("the writer has stopped".into())
}

impl Readers {
    fn connect(&self) -> Result<Connection, StoreFailure> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        connect(&self.path, flags, Durability::Durable)
    }

    /// Runs a closure on an idle connection or a new one, for a caller that has a place.
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
            None => self.connect()?,
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
            connection.pragma_update(None, "page_size", PAGE_BYTES)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let synchronous = match durability {
                Durability::Durable => "FULL",
                Durability::ProcessOnly => "OFF",
            };
            connection.pragma_update(None, "synchronous", synchronous)?;
            // What a savepoint needs to undo fits in memory.
            connection.pragma_update(None, "temp_store", "MEMORY")?;
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
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(TOGETHER_MAX - 1));
        match together(connection, &batch) {
            Ok(done) => {
                for (job, done) in batch.into_iter().zip(done) {
                    job.say(Ok(done));
                }
            }
            // Nothing of it is written: alone, each learns what became of its own.
            Err(_) if batch.len() > 1 => {
                for job in batch {
                    let alone = together(connection, std::slice::from_ref(&job));
                    let done = alone.map(|mut all| all.pop());
                    job.say(done.transpose().unwrap_or_else(|| Err(writer_gone())));
                }
            }
            Err(failure) => batch
                .into_iter()
                .for_each(|job| job.say(Err(failure.clone()))),
        }
    }
}

impl Job {
    fn say(self, done: Result<Done, StoreFailure>) {
        // A caller that went away has its answer in the database.
        drop(self.reply.send(done));
    }
}

/// Carries out all of a batch in one transaction, or nothing of it. Work whose condition
/// does not hold leaves no trace and does not disturb its neighbours.
fn together(connection: &mut Connection, batch: &[Job]) -> Result<Vec<Done>, StoreFailure> {
    let mut transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|e| sqlite_failure(&e))?;
    let mut all = Vec::with_capacity(batch.len());
    for job in batch {
        let mut part = transaction.savepoint().map_err(|e| sqlite_failure(&e))?;
        part.set_drop_behavior(DropBehavior::Rollback);
        let done = match &job.work {
            Work::Transact(plan) => Done::Transacted(carry_out(&part, plan)?),
            Work::Claim(sql, params) => Done::Claimed(query(&part, sql, params)?),
        };
        if !matches!(
            done,
            Done::Transacted(Outcome::Duplicate | Outcome::Unexpected | Outcome::Contended)
        ) {
            part.commit().map_err(|e| sqlite_failure(&e))?;
        }
        all.push(done);
    }
    transaction.commit().map_err(|e| sqlite_failure(&e))?;
    metrics::counter!("oir_store_commits_total").increment(1);
    Ok(all)
}

fn carry_out(connection: &Connection, plan: &Plan) -> Result<Outcome, StoreFailure> {
    for statement in &plan.statements {
        match execute(connection, statement) {
            Ok(true) => {}
            Ok(false) => return Ok(Outcome::Unexpected),
            Err(error) => match of_sqlite(&error) {
                Class::Duplicate => return Ok(Outcome::Duplicate),
                Class::Unexpected => return Ok(Outcome::Unexpected),
                Class::Contended => return Ok(Outcome::Contended),
                Class::Failure(failure) => return Err(failure),
            },
        }
    }
    Ok(Outcome::Committed)
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
