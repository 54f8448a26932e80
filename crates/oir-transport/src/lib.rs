//! Calls to partners over HTTP. This room knows what a connection can do to a call; what
//! an answer means is the corridor's business.
#![deny(missing_docs)]

mod courier;
mod failure;

pub use courier::{HttpCourier, Settings};
