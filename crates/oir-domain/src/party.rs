//! Who takes part: municipalities, using systems, citizens and firms.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::ids::{FagsystemId, IdError};

/// A municipality's code in the civil registration system, e.g. 101 for København.
/// 0 stands for "no known municipality" and owns what could not be routed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kommunekode(pub u16);

impl Kommunekode {
    /// The owner of messages whose authority we do not know.
    pub const UNKNOWN: Self = Self(0);
}

impl fmt::Display for Kommunekode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// Eight digits of the business register. The check digit is *not* part of the type:
/// KOMBIT's own test authority 11111111 fails it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cvr(u32);

impl Cvr {
    /// Whether the modulus-11 check digit holds (weights 2 7 6 5 4 3 2, last digit free).
    /// Failing it is a warning, never a rejection.
    #[must_use]
    pub fn check_digit_holds(self) -> bool {
        const WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];
        let mut rest = self.0;
        let mut sum = 0_u32;
        for weight in WEIGHTS.iter().rev() {
            sum = sum.saturating_add((rest % 10).saturating_mul(*weight));
            rest /= 10;
        }
        sum.is_multiple_of(11)
    }
}

impl FromStr for Cvr {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = IdError {
            kind: "Cvr",
            expected: "8 digits",
        };
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error);
        }
        text.parse().map(Self).map_err(|_| error)
    }
}

impl fmt::Display for Cvr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// A citizen's number. Shown masked wherever `Display` or `Debug` is used; the digits
/// come out only through [`Cpr::unmasked`], so that a search for that name finds every
/// place where a person can be seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cpr([u8; 10]);

impl Cpr {
    /// All ten digits. Personal data: for receipts, the books and digests only.
    #[must_use]
    pub fn unmasked(&self) -> &str {
        // The constructor let only ASCII digits in.
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Whether the first six digits are a date in the century that the seventh allows.
    /// *Erstatningspersonnumre* (day + 60) count. The old modulus-11 check is not made:
    /// numbers without it have been given out since 2007-10-01 (cpr.dk).
    #[must_use]
    pub fn has_a_date(&self) -> bool {
        let digit = |i: usize| {
            self.0
                .get(i)
                .map_or(0, |b| i16::from(b.saturating_sub(b'0')))
        };
        let pair = |i: usize| {
            digit(i)
                .saturating_mul(10)
                .saturating_add(digit(i.saturating_add(1)))
        };
        let (raw_day, month, year) = (pair(0), pair(2), pair(4));
        let day = if raw_day > 60 {
            raw_day.saturating_sub(60)
        } else {
            raw_day
        };
        let century = match (digit(6), year) {
            (0..=3, _) | (4 | 9, 37..) => 1900,
            (4 | 9, _) => 2000,
            (5..=8, 0..=57) => 2000,
            _ => 1800,
        };
        match (i8::try_from(month), i8::try_from(day)) {
            (Ok(month), Ok(day)) => Date::new(year.saturating_add(century), month, day).is_ok(),
            _ => false,
        }
    }
}

impl FromStr for Cpr {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let bytes: [u8; 10] = text.as_bytes().try_into().map_err(|_| CPR_FORM)?;
        if bytes.iter().all(u8::is_ascii_digit) {
            Ok(Self(bytes))
        } else {
            Err(CPR_FORM)
        }
    }
}

const CPR_FORM: IdError = IdError {
    kind: "Cpr",
    expected: "10 digits",
};

impl fmt::Display for Cpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-****", self.unmasked().get(..6).unwrap_or(""))
    }
}

impl fmt::Debug for Cpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cpr({self})")
    }
}

/// An authority that ØiR serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Myndighed {
    /// Its code; the first part of every key.
    pub kommune: Kommunekode,
    /// Its number in messages.
    pub cvr: Cvr,
    /// Its name, e.g. `Viborg`.
    pub navn: Box<str>,
}

/// A case system (*fagsystem*) that may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fagsystem {
    /// Its id in messages (`AfsenderSystem`).
    pub id: FagsystemId,
    /// Its short name, e.g. `KSD`.
    pub kortnavn: Box<str>,
    /// Its full name.
    pub navn: Box<str>,
    /// The facet whose value decides the account in the omsætningstabel.
    pub konteringsfacet: Box<str>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Cpr, Cvr};

    #[test]
    fn cvr_check_digits() {
        let check = |text: &str, holds: bool| {
            assert_eq!(
                text.parse::<Cvr>().unwrap().check_digit_holds(),
                holds,
                "{text}"
            );
        };
        check("64942212", true); // København
        check("11111111", false); // KOMBIT's test authority
        check("12345678", false);
        assert!("1234567".parse::<Cvr>().is_err());
        assert!("1234567a".parse::<Cvr>().is_err());
        assert_eq!("00000012".parse::<Cvr>().unwrap().to_string(), "00000012");
    }

    #[test]
    fn cpr_dates() {
        let check = |text: &str, dated: bool| {
            assert_eq!(text.parse::<Cpr>().unwrap().has_a_date(), dated, "{text}");
        };
        check("6101010000", true); // day + 60: a replacement number
        check("9102290000", false); // 1902 was no leap year
        check("8902004000", true); // 29 February 2000: 4 with year 00 is this century
        check("8902294000", false); // year 29 with 4: 2029, no leap year
        check("8902284000", true);
        check("0000000000", false);
        check("7213010000", false); // month 13
    }

    #[test]
    fn a_cpr_never_shows_itself() {
        let cpr: Cpr = "6101011234".parse().unwrap();
        assert_eq!(format!("{cpr} {cpr:?}"), "610101-**** Cpr(610101-****)");
        assert_eq!(cpr.unmasked(), "6101011234");
    }
}
