//! What the corridor needs of the world, as traits that it owns itself.
//!
//! Each is small, is used by this room, and is implemented at the edge. They hand over
//! domain values; nothing here names a database, a protocol or a product.

pub mod courier;
pub mod days;
pub mod guides;
pub mod identity;
pub mod inbox;
pub mod kontoplan;
pub mod looks;
pub mod machine_keys;
pub mod mirror;
pub mod omsaetning;
pub mod operation;
pub mod outbox;
pub mod post;
pub mod process;
pub mod search;
pub mod sessions;
pub mod sortiment;
pub mod views;
pub mod work;

use std::future::Future;
use std::pin::Pin;

use thiserror::Error;

/// A port's answer, still to come.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFailure>> + Send + 'a>>;

/// The store could not do what was asked. The class decides what happens next; the text
/// is for the log and never for a partner.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreFailure {
    /// Away, busy or shutting down: try again.
    #[error("the database is away: {0}")]
    Unavailable(String),
    /// No room left: try again when somebody has made some.
    #[error("the database is full: {0}")]
    Full(String),
    /// What it holds contradicts itself or our schema: a bug or damage; alarm.
    #[error("the database is broken: {0}")]
    Broken(String),
}
