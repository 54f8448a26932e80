//! What happens to a message, step by step, and what that needs of the world.
//!
//! This room loads facts, asks the domain, and has the decision written in one
//! transaction. It knows no SQL, no HTTP and no product.
#![deny(missing_docs)]

mod answers;
pub mod days;
pub mod deliver;
pub mod digest;
pub mod follow;
pub mod gate;
pub mod guesses;
pub mod hub;
mod intake;
pub mod judge;
pub mod keyring;
pub mod kontoplan;
mod lines;
pub mod looks;
pub mod omsaetning;
pub mod ports;
pub mod receipts;
pub mod reconcile;
pub mod remap;
pub mod settle;
pub mod sign_in;
pub mod sortiment;
mod tidings;
pub mod watch;
pub mod work;
pub mod worker;
