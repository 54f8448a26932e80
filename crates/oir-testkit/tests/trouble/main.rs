//! The store when its databases misbehave: hosts that fall silent, servers that only read,
//! transactions that stand in one another's way, copies while others write.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod files;
#[cfg(feature = "postgres")]
mod proxy;
mod records;
#[cfg(feature = "postgres")]
mod servers;
