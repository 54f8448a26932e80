//! Money: whole øre in an `i64`, checked. There is no other kind of amount in the system.

use std::fmt;

use thiserror::Error;

/// An amount in whole øre; may be negative only as a difference.
///
/// ```
/// use oir_domain::money::Oere;
/// let sum = Oere::new(150).checked_add(Oere::new(50)).expect("small numbers");
/// assert_eq!(sum, Oere::new(200));
/// assert!(Oere::new(i64::MAX).checked_add(Oere::new(1)).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Oere(i64);

/// A sum that does not fit: 92 million billion øre. Data, not a bug: it comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sum does not fit in whole øre")]
pub struct Overflow;

impl Oere {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of so many øre.
    #[must_use]
    pub const fn new(oere: i64) -> Self {
        Self(oere)
    }

    /// The number of øre.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }
}

impl fmt::Display for Oere {
    /// Bare øre, for logs and machines; people get the Danish form from the portal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The side of a posting. Amounts on the wire are unsigned and carry this mark:
/// `D` or `K` (Prisme's `DebitKreditMarkering`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Debet, the expenditure side.
    Debit,
    /// Kredit, the income side.
    Credit,
}

impl Side {
    /// The letter on the wire.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Debit => "D",
            Self::Credit => "K",
        }
    }

    /// Reads the letter; anything but `D` and `K` is nothing.
    #[must_use]
    pub fn from_letter(letter: &str) -> Option<Self> {
        match letter {
            "D" => Some(Self::Debit),
            "K" => Some(Self::Credit),
            _ => None,
        }
    }
}

/// Sums by side of a set of postings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turnover {
    /// Sum of the debit side.
    pub debit: Oere,
    /// Sum of the credit side.
    pub credit: Oere,
}

impl Turnover {
    /// Adds one posting.
    ///
    /// # Errors
    /// [`Overflow`] when a side does not fit.
    pub fn add(&mut self, side: Side, amount: Oere) -> Result<(), Overflow> {
        let sum = match side {
            Side::Debit => &mut self.debit,
            Side::Credit => &mut self.credit,
        };
        *sum = sum.checked_add(amount)?;
        Ok(())
    }

    /// Debit less credit: zero for a balanced set.
    ///
    /// # Errors
    /// [`Overflow`] when it does not fit.
    pub fn difference(self) -> Result<Oere, Overflow> {
        self.debit.checked_sub(self.credit)
    }
}
