//! What one version of a kontoplan changes against the one before it.

use std::collections::BTreeMap;

use super::Konto;

/// What became of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there.
    New,
    /// It is no longer there.
    Gone,
    /// It ends, or ends earlier.
    Closed,
    /// It ends later, or no longer.
    Reopened,
    /// It has another name.
    Renamed,
    /// Something else of it: its beginning, or its derived string.
    Altered,
    /// Nothing.
    Unchanged,
}

impl ChangeKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Gone,
        Self::Closed,
        Self::Reopened,
        Self::Renamed,
        Self::Altered,
        Self::Unchanged,
    ];

    /// Its word in addresses and the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Renamed => "renamed",
            Self::Altered => "altered",
            Self::Unchanged => "unchanged",
        }
    }
}

/// One account before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'k> {
    /// What became of it; renamed and closed can both be.
    pub kinds: Vec<ChangeKind>,
    /// As it was.
    pub before: Option<&'k Konto>,
    /// As it is.
    pub after: Option<&'k Konto>,
}

impl Change<'_> {
    /// The account as it is, or was.
    #[must_use]
    pub fn konto(&self) -> &str {
        let any = self.after.or(self.before);
        any.map_or("", |konto| &*konto.konto)
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

/// How many accounts became what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    /// Accounts that were not there.
    pub new: u32,
    /// Accounts that are no longer there.
    pub gone: u32,
    /// Accounts that end, or end earlier.
    pub closed: u32,
    /// Accounts that end later, or no longer.
    pub reopened: u32,
    /// Accounts with another name.
    pub renamed: u32,
    /// Accounts of which something else changed.
    pub altered: u32,
    /// Accounts that are as they were.
    pub unchanged: u32,
}

impl Tally {
    /// Adds the changes up; an account that was renamed and closed counts in both.
    #[must_use]
    pub fn of(changes: &[Change<'_>]) -> Self {
        let mut tally = Self::default();
        for kind in changes.iter().flat_map(|change| &change.kinds) {
            let count = tally.count_mut(*kind);
            *count = count.saturating_add(1);
        }
        tally
    }

    fn count_mut(&mut self, kind: ChangeKind) -> &mut u32 {
        match kind {
            ChangeKind::New => &mut self.new,
            ChangeKind::Gone => &mut self.gone,
            ChangeKind::Closed => &mut self.closed,
            ChangeKind::Reopened => &mut self.reopened,
            ChangeKind::Renamed => &mut self.renamed,
            ChangeKind::Altered => &mut self.altered,
            ChangeKind::Unchanged => &mut self.unchanged,
        }
    }

    /// How many became that.
    #[must_use]
    pub fn count(mut self, kind: ChangeKind) -> u32 {
        *self.count_mut(kind)
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        let unchanged = self.unchanged;
        self == Self {
            unchanged,
            ..Self::default()
        }
    }
}

/// What becomes of every account, by text. Order of the accounts never matters.
#[must_use]
pub fn compare<'k>(before: &'k [Konto], after: &'k [Konto]) -> Vec<Change<'k>> {
    let mut pairs: BTreeMap<&str, (Option<&Konto>, Option<&Konto>)> = BTreeMap::new();
    for konto in before {
        pairs.entry(&konto.konto).or_default().0 = Some(konto);
    }
    for konto in after {
        pairs.entry(&konto.konto).or_default().1 = Some(konto);
    }
    let change = |(before, after): (Option<&'k Konto>, Option<&'k Konto>)| Change {
        kinds: kinds(before, after),
        before,
        after,
    };
    pairs.into_values().map(change).collect()
}

fn kinds(before: Option<&Konto>, after: Option<&Konto>) -> Vec<ChangeKind> {
    let (was, is) = match (before, after) {
        (Some(was), Some(is)) => (was, is),
        (None, _) => return vec![ChangeKind::New],
        (_, None) => return vec![ChangeKind::Gone],
    };
    let mut kinds = Vec::new();
    match (was.end(), is.end()) {
        (old, new) if old == new => {}
        (Some(old), Some(new)) if new > old => kinds.push(ChangeKind::Reopened),
        (Some(_), None) => kinds.push(ChangeKind::Reopened),
        _ => kinds.push(ChangeKind::Closed),
    }
    if was.navn != is.navn {
        kinds.push(ChangeKind::Renamed);
    }
    let begins = |konto: &Konto| (konto.validity.from, konto.aar.from, konto.autoriseret);
    let else_moved = was != is && kinds.is_empty();
    if begins(was) != begins(is) || else_moved {
        kinds.push(ChangeKind::Altered);
    }
    if kinds.is_empty() {
        kinds.push(ChangeKind::Unchanged);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{ChangeKind as Kind, Tally, compare};
    use crate::calendar::{Regnskabsaar, Validity};
    use crate::kontoplan::{Aarsspan, Konto};
    use jiff::civil::{Date, date};

    fn konto(text: &str, navn: &str, to: Option<Date>) -> Konto {
        Konto {
            konto: text.into(),
            navn: navn.into(),
            validity: Validity {
                from: date(2020, 1, 1),
                to,
            },
            aar: Aarsspan::default(),
            autoriseret: None,
        }
    }

    #[test]
    fn what_becomes_of_each_account_is_told_in_whatever_order_they_stand() {
        let end = Some(date(2025, 12, 31));
        let before = [
            konto("1", "ens", None),
            konto("2", "lukkes", None),
            konto("3", "genåbnes", end),
            konto("4", "før", None),
            konto("5", "før", None),
            konto("6", "væk", None),
            konto("7", "år", None),
        ];
        let mut by_year = konto("7", "år", None);
        by_year.aar.from = Some(Regnskabsaar(2021));
        let mut after = [
            konto("1", "ens", None),
            konto("2", "lukkes", end),
            konto("3", "genåbnes", None),
            konto("4", "nu", None),
            konto("5", "nu", end),
            by_year,
            konto("8", "ny", None),
        ];
        after.reverse();
        let changes = compare(&before, &after);
        let found: Vec<_> = changes.iter().map(|c| (c.konto(), &*c.kinds)).collect();
        let expected: [(&str, &[Kind]); 8] = [
            ("1", &[Kind::Unchanged]),
            ("2", &[Kind::Closed]),
            ("3", &[Kind::Reopened]),
            ("4", &[Kind::Renamed]),
            ("5", &[Kind::Closed, Kind::Renamed]),
            ("6", &[Kind::Gone]),
            ("7", &[Kind::Altered]),
            ("8", &[Kind::New]),
        ];
        assert_eq!(found, expected);
        let tally = Tally::of(&changes);
        assert_eq!((tally.renamed, tally.closed, tally.unchanged), (2, 2, 1));
        assert!(!tally.is_nothing());
        assert!(Tally::of(&compare(&before, &before)).is_nothing());
    }

    #[test]
    fn an_end_moved_from_a_day_to_a_year_is_written_though_nothing_closes() {
        let by_day = konto("1", "x", Some(date(2025, 12, 31)));
        let mut by_year = konto("1", "x", None);
        by_year.aar.to = Some(Regnskabsaar(2025));
        let (before, after) = ([by_day], [by_year]);
        let changes = compare(&before, &after);
        assert!(changes.iter().all(super::Change::is_change));
        assert_eq!(Tally::of(&changes).altered, 1);
    }
}
