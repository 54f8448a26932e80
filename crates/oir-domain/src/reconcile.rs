//! Comparing two accounts of the same days: ours and the books'. Every difference is
//! named; agreement is the absence of rows.

use std::collections::BTreeMap;

use crate::ids::FagsystemId;
use crate::money::{Oere, Overflow};
use crate::party::Kommunekode;

/// What one side says of one sender in one municipality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statement {
    /// Number of booked bilag.
    pub antal: u64,
    /// Sum of debit, øre.
    pub debet: Oere,
    /// Sum of credit, øre.
    pub kredit: Oere,
}

/// A side's statements.
pub type Statements = BTreeMap<(Kommunekode, FagsystemId), Statement>;

/// Where the two do not agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Municipality.
    pub kommune: Kommunekode,
    /// Sending system.
    pub fagsystem: FagsystemId,
    /// What we say.
    pub ours: Statement,
    /// What the books say.
    pub theirs: Statement,
}

impl Difference {
    /// Øre of disagreement: the larger of the two sides' absolute differences.
    ///
    /// # Errors
    /// [`Overflow`] when a difference does not fit.
    pub fn oere(&self) -> Result<Oere, Overflow> {
        let debet = self
            .ours
            .debet
            .checked_sub(self.theirs.debet)?
            .get()
            .checked_abs();
        let kredit = self
            .ours
            .kredit
            .checked_sub(self.theirs.kredit)?
            .get()
            .checked_abs();
        debet.max(kredit).map(Oere::new).ok_or(Overflow)
    }
}

/// All disagreements, in order of municipality and sender.
#[must_use]
pub fn compare(ours: &Statements, theirs: &Statements) -> Vec<Difference> {
    let keys: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let of = |side: &Statements, key| side.get(key).copied().unwrap_or_default();
    keys.into_iter()
        .map(|key| (key, of(ours, key), of(theirs, key)))
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|((kommune, fagsystem), ours, theirs)| Difference {
            kommune: *kommune,
            fagsystem: *fagsystem,
            ours,
            theirs,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Statement, Statements, compare};
    use crate::ids::FagsystemId;
    use crate::money::Oere;
    use crate::party::Kommunekode;

    #[test]
    fn a_row_that_one_side_lacks_is_a_difference_and_equal_rows_are_none() {
        let system = FagsystemId::from_uuid(uuid::Uuid::nil());
        let row = Statement {
            antal: 1,
            debet: Oere::new(500),
            kredit: Oere::new(500),
        };
        let ours = Statements::from([((Kommunekode(101), system), row)]);
        assert!(compare(&ours, &ours).is_empty());
        let found = compare(&ours, &Statements::new());
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().unwrap().oere().unwrap(), Oere::new(500));
    }
}
