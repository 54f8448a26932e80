//! What a posting is booked on: one account, or several that share its amount.

use std::collections::BTreeMap;

use crate::finans::Finansbilag;
use crate::money::Oere;

use super::map::{Konteret, Konteringslinje, Mapped};

/// Most lines of one posting: a share is at least a hundredth of a percent.
pub const LINES_MAX: u32 = 10_000;

/// The accounts of one posting, each with its part of the amount; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kontering(Vec<Konteringslinje>);

impl Kontering {
    /// The whole amount on one account.
    #[must_use]
    pub fn whole(konto: impl Into<Box<str>>, beloeb: Oere) -> Self {
        let konto = konto.into();
        Self(vec![Konteringslinje { konto, beloeb }])
    }

    /// Lines as they are; none when there are none, or when one names no account.
    #[must_use]
    pub fn try_new(lines: Vec<Konteringslinje>) -> Option<Self> {
        let named = lines.iter().all(|line| !line.konto.is_empty());
        (named && !lines.is_empty()).then_some(Self(lines))
    }

    /// Its lines, in the order of the rule.
    #[must_use]
    pub fn lines(&self) -> &[Konteringslinje] {
        &self.0
    }

    /// Its lines, for somebody to keep.
    #[must_use]
    pub fn into_lines(self) -> Vec<Konteringslinje> {
        self.0
    }

    /// The account, when it is one alone.
    #[must_use]
    pub fn as_whole(&self) -> Option<&str> {
        match self.0.as_slice() {
            [line] => Some(&line.konto),
            _ => None,
        }
    }

    /// Whether the lines are the amount, no øre more or less.
    #[must_use]
    pub fn adds_up_to(&self, beloeb: Oere) -> bool {
        let mut amounts = self.0.iter().map(|line| line.beloeb);
        let sum = amounts.try_fold(Oere::ZERO, Oere::checked_add);
        sum == Ok(beloeb)
    }

    /// One line for each account that gets something, in the order of their numbers: what two
    /// konteringer are compared by, because books may write two lines of one account as one and
    /// leave out those of nothing. A sum that does not fit leaves the lines as they are, and so
    /// do lines that are all of nothing.
    #[must_use]
    pub fn merged(&self) -> Self {
        let mut sums: BTreeMap<&str, Oere> = BTreeMap::new();
        for line in &self.0 {
            let sum = sums.entry(&line.konto).or_insert(Oere::ZERO);
            match sum.checked_add(line.beloeb) {
                Ok(more) => *sum = more,
                Err(_) => return self.clone(),
            }
        }
        sums.retain(|_, beloeb| *beloeb != Oere::ZERO);
        let lines = sums.into_iter().map(|(konto, beloeb)| Konteringslinje {
            konto: konto.into(),
            beloeb,
        });
        Self::try_new(lines.collect()).unwrap_or_else(|| self.clone())
    }
}

impl Konteret {
    /// Its lines as what the posting is booked on; none when a table gave it no line, which no
    /// table that was checked does.
    #[must_use]
    pub fn kontering(&self) -> Option<Kontering> {
        Kontering::try_new(self.lines.clone())
    }
}

impl Mapped {
    /// Accounts of a bilag's postings in their order, each with the posting's whole amount: what
    /// a table without shares makes, for fills and tests.
    #[must_use]
    pub fn whole<K: Into<Box<str>>>(
        version: u32,
        bilag: &Finansbilag,
        accounts: impl IntoIterator<Item = K>,
    ) -> Self {
        let amounts = bilag.posteringer.iter().map(|p| p.beloeb);
        let amounts = amounts.chain(std::iter::repeat(Oere::ZERO));
        let konteret = accounts.into_iter().zip(amounts).map(|(konto, beloeb)| {
            let konto = konto.into();
            Konteret {
                rule: 0,
                lines: vec![Konteringslinje { konto, beloeb }],
            }
        });
        Self {
            version,
            posteringer: konteret.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Kontering, Konteringslinje};
    use crate::money::Oere;

    fn kontering(lines: &[(&str, i64)]) -> Kontering {
        let lines = lines.iter().map(|(konto, oere)| Konteringslinje {
            konto: (*konto).into(),
            beloeb: Oere::new(*oere),
        });
        Kontering::try_new(lines.collect()).unwrap()
    }

    #[test]
    fn no_lines_and_lines_without_an_account_are_no_kontering() {
        assert_eq!(Kontering::try_new(Vec::new()), None);
        let beloeb = Oere::new(1);
        let konto = "".into();
        assert_eq!(
            Kontering::try_new(vec![Konteringslinje { konto, beloeb }]),
            None
        );
    }

    #[test]
    fn it_adds_up_to_the_oere_and_not_beyond_what_fits() {
        let halves = kontering(&[("5.1", 51), ("5.2", 50)]);
        assert!(halves.adds_up_to(Oere::new(101)) && !halves.adds_up_to(Oere::new(100)));
        let much = kontering(&[("5.1", i64::MAX), ("5.2", 1)]);
        assert!(!much.adds_up_to(Oere::new(i64::MIN)));
        assert_eq!(much.merged(), much);
        let twice = kontering(&[("5.1", i64::MAX), ("5.1", 1)]);
        assert_eq!(twice.merged(), twice);
    }

    #[test]
    fn an_account_that_gets_nothing_makes_no_difference() {
        let half_an_oere = kontering(&[("5.1", 1), ("5.2", 0)]);
        let told = Kontering::whole("5.1", Oere::new(1));
        assert_eq!(half_an_oere.merged(), told.merged());
        let nothing = kontering(&[("5.1", 0), ("5.2", 0)]);
        assert_eq!(nothing.merged(), nothing);
    }

    #[test]
    fn two_lines_of_one_account_are_the_same_as_one() {
        let apart = kontering(&[("5.2", 1), ("5.1", 2), ("5.2", 3)]);
        assert_eq!(apart.merged(), kontering(&[("5.1", 2), ("5.2", 4)]));
        assert_eq!(apart.as_whole(), None);
        assert_eq!(
            Kontering::whole("5.1", Oere::new(7)).as_whole(),
            Some("5.1")
        );
    }
}
