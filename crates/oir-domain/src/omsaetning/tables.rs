//! The versions of one table, and which of them is for a day.

use std::sync::Arc;

use jiff::civil::Date;

use super::compiled::Compiled;

/// An approved version.
#[derive(Debug, Clone)]
pub struct InForce {
    /// Its number; 0 = the rows that came with the register, before anybody wrote a version.
    pub number: u32,
    /// The first konteringsdag it is for.
    pub from: Date,
    /// Its rules.
    pub table: Arc<Compiled>,
}

/// All approved versions of one table. The newest that has begun on a day is for that day, so
/// that a version for next year leaves this year's rules in force, and so does its undoing.
#[derive(Debug, Clone, Default)]
pub struct Tables(Vec<InForce>);

impl Tables {
    /// From versions in any order.
    #[must_use]
    pub fn new(mut versions: Vec<InForce>) -> Self {
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        Self(versions)
    }

    /// The version for a konteringsdag.
    #[must_use]
    pub fn on(&self, day: Date) -> Option<&InForce> {
        self.0.iter().find(|version| version.from <= day)
    }

    /// Which version is for which days of a window, in order; none = no version has begun.
    #[must_use]
    pub fn within(&self, (first, last): (Date, Date)) -> Vec<(Option<&InForce>, (Date, Date))> {
        let begins = self.0.iter().map(|version| version.from);
        let mut begins: Vec<Date> = begins.filter(|d| first < *d && *d <= last).collect();
        begins.push(first);
        begins.sort_unstable();
        begins.dedup();
        let ends = begins.iter().skip(1).filter_map(|day| day.yesterday().ok());
        let days = begins.iter().copied().zip(ends.chain([last]));
        let mut parts: Vec<(Option<&InForce>, (Date, Date))> = Vec::new();
        for (from, to) in days.filter(|(from, to)| from <= to) {
            let version = self.on(from);
            match parts.last_mut() {
                // A version that began under a newer one changes nothing.
                Some((same, days)) if same.map(|v| v.number) == version.map(|v| v.number) => {
                    days.1 = to;
                }
                _ => parts.push((version, (from, to))),
            }
        }
        parts
    }

    /// All, the newest first.
    #[must_use]
    pub fn versions(&self) -> &[InForce] {
        &self.0
    }
}
