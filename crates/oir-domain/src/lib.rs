//! The rules of ØiR as pure functions: facts in, decision out.
//!
//! This room knows no database, no network, no file, no clock, no randomness and no
//! Danish prose. Dates, instants and ids are arguments; faults are codes with values.
#![deny(missing_docs)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::float_arithmetic,
    clippy::as_conversions
)]

pub mod access;
pub mod calendar;
pub mod day;
pub mod digest;
pub mod fault;
pub mod finans;
pub mod guessing;
pub mod guide;
pub mod holiday;
pub mod ids;
pub mod klassifikation;
pub mod kontoplan;
pub mod ledger;
pub mod look;
pub mod machine_key;
pub mod masking;
pub mod message;
pub mod money;
pub mod omsaetning;
pub mod operation;
pub mod party;
pub mod reconcile;
pub mod register;
pub mod retry;
pub mod search;
pub mod totals;
pub mod work;
pub mod workdays;
