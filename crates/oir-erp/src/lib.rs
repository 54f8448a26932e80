//! The reference bookkeeping system: receives by the corridor's own contract, books
//! double-entry once per `BilagUUID`, and can be told to misbehave.
//!
//! It is a partner, not a part: nothing of the hub's database or memory is known here.
#![deny(missing_docs)]

mod books;
mod ledger_file;
mod misbehaviour;
pub mod server;

pub use books::{Books, BooksError, Setup};
pub use misbehaviour::{Conduct, Misbehaviour};
