//! Time and identity of the running process: the only source of both.

use jiff::Timestamp;
use uuid::Uuid;

/// The clock.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// This instant, whole microseconds.
    fn now(&self) -> Timestamp;
}

/// The source of new ids.
pub trait Ids: Send + Sync + std::fmt::Debug {
    /// A UUIDv7, later than all before it in this process.
    fn next(&self) -> Uuid;
}

/// The source of secrets.
pub trait Secrets: Send + Sync + std::fmt::Debug {
    /// Thirty-two bytes that nobody can foresee; none when the machine has none to give.
    fn secret(&self) -> Option<[u8; 32]>;
}
