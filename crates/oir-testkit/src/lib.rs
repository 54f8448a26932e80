//! What tests stand on: a clock that only they move, ids in order, books that misbehave
//! by the dice of a seed, and the simulation that lets the process die anywhere.
//!
//! Development only: no product crate depends on this one.

pub mod books;
pub mod house;
pub mod mortal;
mod people;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod process;
pub mod simulation;
