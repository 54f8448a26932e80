//! The program from outside: its own processes, real sockets, real clients.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

#[cfg(feature = "clients")]
mod clients;
mod demo;
mod doors;
mod killed;
mod kontoplan;
mod omsaetning;
mod operation;
mod running;
mod sortiment;
#[cfg(feature = "clients")]
mod walks;
