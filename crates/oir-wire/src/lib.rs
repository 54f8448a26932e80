//! Bytes to domain values and back, for every external format. Pure: no I/O, no clock.
//!
//! This room holds the forms of things (lengths, patterns, namespaces) and the Danish
//! words for faults; what a value means is the domain's business.
#![deny(missing_docs)]

pub mod danish;
pub mod finans;
pub mod klassifikation;
pub mod kontoplan;
pub mod omsaetning_sheet;
pub mod register_csv;
pub mod sheet;
pub mod sortiment_sheet;
pub mod xml;
