//! A transaction as a value. Built by the ports, carried out by the drivers.

use std::sync::Arc;

use uuid::Uuid;

/// A value bound to a statement or read from a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Whole number: counts, øre, microseconds.
    Int(i64),
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Bytes shared with the message they came in.
    Shared(Arc<[u8]>),
    /// An id: 16 bytes in SQLite, `uuid` in PostgreSQL.
    Uuid(Uuid),
}

macro_rules! from {
    ($($type:ty => |$v:ident| $make:expr),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from($v: $type) -> Self {
                $make
            }
        })*
    };
}

from! {
    i64 => |v| Self::Int(v),
    u32 => |v| Self::Int(i64::from(v)),
    u16 => |v| Self::Int(i64::from(v)),
    u8 => |v| Self::Int(i64::from(v)),
    i16 => |v| Self::Int(i64::from(v)),
    bool => |v| Self::Int(i64::from(v)),
    &str => |v| Self::Text(v.into()),
    String => |v| Self::Text(v.into()),
    Box<str> => |v| Self::Text(v),
    Uuid => |v| Self::Uuid(v),
    &[u8; 32] => |v| Self::Bytes(v.to_vec()),
    Arc<[u8]> => |v| Self::Shared(v),
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The type of a column that is written in bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Whole number.
    Int,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Id.
    Uuid,
}

/// A table's columns in the order in which rows give their values.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Table.
    pub table: &'static str,
    /// Columns and their types.
    pub columns: &'static [(&'static str, Column)],
    /// What follows the values, e.g. `on conflict … do update …`; both dialects read it.
    pub suffix: &'static str,
}

/// One step of a transaction.
#[derive(Debug, Clone)]
pub enum Statement {
    /// Rows into a table, in bulk. Values row by row.
    Insert {
        /// Where to.
        shape: &'static Shape,
        /// All values, row after row.
        values: Vec<Value>,
    },
    /// A change of a known number of rows; another number aborts the transaction.
    Change {
        /// `update` or `delete`, with `$1`, `$2` …
        sql: &'static str,
        /// Its values.
        params: Vec<Value>,
        /// How many rows it must touch; none = any.
        rows: Option<i64>,
    },
    /// A count that must hold; another one aborts the transaction.
    Assert {
        /// `select count(*) …`
        sql: &'static str,
        /// Its values.
        params: Vec<Value>,
        /// The count.
        rows: i64,
    },
}

/// A transaction: all of it or nothing.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Its steps, in order.
    pub statements: Vec<Statement>,
}

impl Plan {
    /// Adds rows; nothing when there are none.
    pub fn insert(&mut self, shape: &'static Shape, values: Vec<Value>) {
        if !values.is_empty() {
            self.statements.push(Statement::Insert { shape, values });
        }
    }

    /// Adds a change that must touch so many rows.
    pub fn change(&mut self, sql: &'static str, params: Vec<Value>, rows: Option<i64>) {
        self.statements
            .push(Statement::Change { sql, params, rows });
    }

    /// Adds a count that must hold.
    pub fn assert(&mut self, sql: &'static str, params: Vec<Value>, rows: i64) {
        self.statements
            .push(Statement::Assert { sql, params, rows });
    }
}

/// How a plan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Durable.
    Committed,
    /// Nothing written: a key was there already.
    Duplicate,
    /// Nothing written: a number of rows was not as expected.
    Unexpected,
    /// Nothing written: another transaction was let go first. The facts may have changed.
    Contended,
}

/// A row read.
pub(crate) type Row = Vec<Value>;
