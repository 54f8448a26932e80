//! The web: the portal's pages and the machine interface, over the ports of `oir-flow`.
//!
//! This room turns requests into questions and answers into pages; it decides nothing
//! about a bilag and knows no database and no partner.

pub mod assets;
pub mod danish_format;
pub mod machine;
mod masking;
pub mod portal;

/// A set of routes, as this room hands them out and serves them.
pub use axum::Router;
pub use axum::body::Body;
