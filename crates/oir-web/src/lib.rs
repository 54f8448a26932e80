//! The web: the portal's pages and the machine interface, over the ports of `oir-flow`.
//!
//! This room turns requests into questions and answers into pages; it decides nothing
//! about a bilag and knows no database and no partner.

pub mod assets;
pub mod danish_format;
pub mod portal;
