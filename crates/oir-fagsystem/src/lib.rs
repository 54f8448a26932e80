//! The reference sender: makes a working day of finansbilag from a seed, and says of each
//! bilag what must come of it.
//!
//! Everything here is a pure function of its arguments: the same plan gives the same day,
//! byte for byte, whatever else the process does. No clock, no network, no file; the caller
//! writes the messages as XML, applies the planned damage ([`mutate::apply`]) and sends.
//! This room must not know the hub, a database or a bookkeeping system.
//!
//! **Every person is invented.** A citizen is always an *erstatningspersonnummer* (day of
//! birth + 60), which the CPR register never gives to anybody with a real number; every
//! message's `KorrelationsID` and every `Sagsnummer` begin with [`people::INVENTED`].
//! Firms have CVR numbers that begin with `00`, outside the numbers in use (assumed), or
//! KOMBIT's own test authority's. Only municipalities, functions and kinds are real.
#![deny(missing_docs)]

mod benefits;
mod compose;
mod kontoplan;
mod recipe;
mod reference;
mod register;
mod spoil;
mod trade;

pub mod accounts;
pub mod beyond;
pub mod mutate;
pub mod people;
pub mod plan;
pub mod rng;
pub mod sample;
pub mod shares;
pub mod tally;

pub use kontoplan::KontoplanRow;
pub use mutate::{Mutation, apply};
pub use plan::{Content, Day, DayPlan, Expected, Planned, Wave, day};
pub use sample::bench_bilag;
pub use shares::{Kind, SHARES};
pub use tally::Tally;
