//! PostgreSQL: a pool of connections; a plan goes out in one flight and comes back in one.
//!
//! Bulk rows travel as arrays through `unnest`. Conditions on row counts abort on the
//! server (`oir_expect`), so that the commit need not wait for our look at them.

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use oir_flow::ports::StoreFailure;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{NoTls, Statement as Prepared};
use uuid::Uuid;

use crate::failure::{Class, describe, of_postgres, postgres_failure};
use crate::flight::{Ending, Message, fly};
use crate::plan::{Column, Outcome, Plan, Row, Shape, Statement, Value};

/// How long a host may take to accept a connection: one in reach takes milliseconds.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long sent bytes may stay unacknowledged: a switch of routes takes less.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);
/// How long a quiet connection is trusted while an answer is awaited, and then how often
/// and how many times the host is asked for a sign of life: 25 s in all.
const QUIET: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_secs(5);
const ASK_TIMES: u32 = 3;
/// Most milliseconds for one statement: the server stops what nobody waits for any longer.
const STATEMENT_MILLIS: u32 = 30_000;
/// How long an answer may take in all. Longer than a statement may, so that a server that
/// can still speak is the one that says no; a host that vanished says nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(35);
/// How long a caller waits for a connection to be free, made or found sound.
const CONNECTION_WITHIN: Duration = Duration::from_secs(10);

/// A pool of connections to one database.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The pool's configuration holds the password.
        f.write_str("Postgres")
    }
}

impl Postgres {
    pub(crate) async fn open(url: &str, connections: usize) -> Result<Self, StoreFailure> {
        let mut config: tokio_postgres::Config = url
            .parse()
            .map_err(|_| StoreFailure::Unavailable("not a PostgreSQL address".into()))?;
        be_impatient(&mut config);
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config, NoTls, recycling);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECTION_WITHIN))
            .create_timeout(Some(CONNECTION_WITHIN))
            .recycle_timeout(Some(CONNECTION_WITHIN))
            .build()
            .map_err(|e| StoreFailure::Unavailable(e.to_string()))?;
        let opened = Self { pool };
        let mut client = opened.patient_client().await?;
        crate::migrate::postgres(&mut client).await?;
        Ok(opened)
    }

    async fn client(&self) -> Result<Object, StoreFailure> {
        self.pool
            .get()
            .await
            .map_err(|e| StoreFailure::Unavailable(e.to_string()))
    }

    /// A connection without a limit of time, outside the pool: its statements may take hours.
    async fn patient_client(&self) -> Result<ClientWrapper, StoreFailure> {
        let client = Object::take(self.client().await?);
        client
            .batch_execute("set statement_timeout = 0")
            .await
            .map_err(|e| postgres_failure(&e))?;
        Ok(client)
    }

    pub(crate) async fn transact(&self, plan: &Plan) -> Result<Outcome, StoreFailure> {
        let client = self.client().await?;
        let done = in_time(carry_out(&client, plan)).await;
        keep(client, done)
    }

    pub(crate) async fn query(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreFailure> {
        let client = self.client().await?;
        let rows = in_time(read(&client, sql, params)).await;
        keep(client, rows)
    }

    /// Reads the whole database: as long as it takes.
    pub(crate) async fn query_slowly(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreFailure> {
        let client = self.patient_client().await?;
        read(&client, sql, params).await
    }
}

/// Gives every wait for the server an end. What the address itself says goes before.
fn be_impatient(config: &mut tokio_postgres::Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_WITHIN);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(ACKNOWLEDGED_WITHIN);
    }
    config
        .keepalives_idle(QUIET)
        .keepalives_interval(ASK_AGAIN)
        .keepalives_retries(ASK_TIMES);
    let given = config.get_options().unwrap_or_default();
    // The later one of two settings holds.
    let options = format!("-c statement_timeout={STATEMENT_MILLIS} {given}");
    config.options(options);
}

async fn in_time<T>(
    work: impl Future<Output = Result<T, StoreFailure>>,
) -> Result<T, StoreFailure> {
    tokio::time::timeout(ANSWER_WITHIN, work)
        .await
        .unwrap_or_else(|_| Err(StoreFailure::Unavailable("no answer in time".into())))
}

/// Puts a connection back, but not one whose host is silent, shutting down or no longer
/// the one that writes: the next caller would only learn the same.
fn keep<T>(client: Object, done: Result<T, StoreFailure>) -> Result<T, StoreFailure> {
    if matches!(done, Err(StoreFailure::Unavailable(_))) {
        drop(Object::take(client));
    }
    done
}

async fn carry_out(client: &ClientWrapper, plan: &Plan) -> Result<Outcome, StoreFailure> {
    let texts = match in_one(plan) {
        Some(one) => vec![one],
        None => plan.statements.iter().map(text_of).collect(),
    };
    let mut arguments: Vec<Vec<Argument<'_>>> = plan.statements.iter().map(arguments).collect();
    if texts.len() == 1 {
        arguments = vec![arguments.into_iter().flatten().collect()];
    }
    let mut prepared = Vec::with_capacity(texts.len());
    for (text, arguments) in texts.iter().zip(arguments) {
        let found = client
            .prepare_cached(text)
            .await
            .map_err(|e| postgres_failure(&e))?;
        prepared.push((found, arguments));
    }
    for error in send(client, &prepared).await {
        match of_postgres(&error) {
            None => {}
            Some(Class::Duplicate) => return Ok(Outcome::Duplicate),
            Some(Class::Unexpected) => return Ok(Outcome::Unexpected),
            Some(Class::Contended) => return Ok(Outcome::Contended),
            Some(Class::Failure(failure)) => return Err(failure),
        }
    }
    metrics::counter!("oir_store_commits_total").increment(1);
    Ok(Outcome::Committed)
}

async fn read(
    client: &ClientWrapper,
    sql: &str,
    params: &[Value],
) -> Result<Vec<Row>, StoreFailure> {
    let prepared = client
        .prepare_cached(sql)
        .await
        .map_err(|e| postgres_failure(&e))?;
    if prepared.params().len() != params.len() {
        return Err(StoreFailure::Broken(format!(
            "{} values for: {sql}",
            params.len()
        )));
    }
    let arguments: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
    let rows = client
        .query(&prepared, &arguments)
        .await
        .map_err(|e| postgres_failure(&e))?;
    rows.iter().map(read_row).collect()
}

/// Sends all statements in one flight as one transaction; gives what went wrong, first
/// cause first.
async fn send(
    client: &ClientWrapper,
    prepared: &[(Prepared, Vec<Argument<'_>>)],
) -> Vec<tokio_postgres::Error> {
    if let [(alone, arguments)] = prepared {
        // A statement by itself is a transaction by itself.
        return step(client, alone, arguments)
            .await
            .err()
            .into_iter()
            .collect();
    }
    let mut messages: Vec<Message<'_, tokio_postgres::Error>> =
        Vec::with_capacity(prepared.len().saturating_add(1));
    messages.push(Box::pin(client.batch_execute("begin")));
    for (statement, arguments) in prepared {
        messages.push(Box::pin(step(client, statement, arguments)));
    }
    fly(messages, |ending| {
        Box::pin(client.batch_execute(match ending {
            Ending::Commit => "commit",
            Ending::Rollback => "rollback",
        }))
    })
    .await
}

async fn step(
    client: &ClientWrapper,
    prepared: &Prepared,
    arguments: &[Argument<'_>],
) -> Result<(), tokio_postgres::Error> {
    let arguments: Vec<&(dyn ToSql + Sync)> = arguments.iter().map(|a| a as _).collect();
    client.execute(prepared, &arguments).await.map(|_| ())
}

fn text_of(statement: &Statement) -> String {
    match statement {
        Statement::Insert { shape, .. } => insert_text(shape, 1),
        Statement::Change {
            sql,
            rows: Some(rows),
            ..
        } => format!(
            "with changed as ({sql} returning 1) \
             select oir_expect((select count(*) from changed), {rows})"
        ),
        Statement::Change {
            sql, rows: None, ..
        } => (*sql).to_owned(),
        Statement::Assert { sql, rows, .. } => format!("select oir_expect(({sql}), {rows})"),
    }
}

/// A plan of rows only, behind at most one condition, as one statement: it takes a third of
/// the server's time that as many statements take. Its parts see none of one another's
/// rows, which rows for different tables need not.
///
/// The server carries out the parts from the last one named to the first. So they are named
/// backwards: the totals, whose rows all writers share, are written last and locked for the
/// shortest time.
fn in_one(plan: &Plan) -> Option<String> {
    let (mut parts, mut answers) = (Vec::new(), vec!["1".to_owned()]);
    let mut next = 1;
    for (statement, number) in plan.statements.iter().zip(0..) {
        match statement {
            Statement::Insert { shape, .. } => {
                parts.push(format!("part{number} as ({})", insert_text(shape, next)));
                next += shape.columns.len();
            }
            Statement::Assert { sql, params, rows } if next == 1 => {
                answers.push(format!("oir_expect(({sql}), {rows})"));
                next += params.len();
            }
            Statement::Assert { .. } | Statement::Change { .. } => return None,
        }
    }
    parts.reverse();
    let one = format!("with {} select {}", parts.join(", "), answers.join(", "));
    (!parts.is_empty()).then_some(one)
}

/// Rows into a table; `first` is the number of its first parameter.
fn insert_text(shape: &Shape, first: usize) -> String {
    let names: Vec<&str> = shape.columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> = shape
        .columns
        .iter()
        .zip(first..)
        .map(|((_, column), n)| match column {
            Column::Int => format!("${n}::bigint[]"),
            Column::Text => format!("${n}::text[]"),
            Column::Bytes => format!("${n}::bytea[]"),
            Column::Uuid => format!("${n}::uuid[]"),
        })
        .collect();
    format!(
        "insert into {} ({}) select * from unnest({}) {}",
        shape.table,
        names.join(","),
        arrays.join(","),
        shape.suffix
    )
}

/// A statement's parameter: one value, or one column of many rows.
#[derive(Debug)]
enum Argument<'a> {
    One(&'a Value),
    Column(Vec<&'a Value>),
}

fn arguments(statement: &Statement) -> Vec<Argument<'_>> {
    match statement {
        Statement::Insert { shape, values } => {
            let width = shape.columns.len();
            (0..width)
                .map(|c| Argument::Column(values.iter().skip(c).step_by(width).collect()))
                .collect()
        }
        Statement::Change { params, .. } | Statement::Assert { params, .. } => {
            params.iter().map(Argument::One).collect()
        }
    }
}

type SqlResult = Result<IsNull, Box<dyn std::error::Error + Sync + Send>>;

impl ToSql for Argument<'_> {
    fn to_sql(&self, ty: &Type, out: &mut bytes::BytesMut) -> SqlResult {
        match self {
            Self::One(value) => value.to_sql(ty, out),
            Self::Column(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut bytes::BytesMut) -> SqlResult {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) if *ty == Type::INT2 => i16::try_from(*number)?.to_sql(ty, out),
            Self::Int(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.as_slice().to_sql(ty, out),
            Self::Shared(bytes) => (&**bytes).to_sql(ty, out),
            Self::Uuid(uuid) => uuid.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::UUID => Self::Uuid(Uuid::from_sql(ty, raw)?),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            Type::TEXT | Type::VARCHAR | Type::UNKNOWN => {
                Self::Text(<&str>::from_sql(ty, raw)?.into())
            }
            _ => return Err(format!("a column of type {ty} is read nowhere").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn read_row(row: &tokio_postgres::Row) -> Result<Row, StoreFailure> {
    (0..row.len())
        .map(|n| {
            row.try_get(n)
                .map_err(|e| StoreFailure::Broken(describe(&e)))
        })
        .collect()
}
