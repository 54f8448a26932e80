//! A municipality's kontoplan: its accounts as its own bookkeeping system writes them, and
//! on which days and for which years each of them takes postings.
//!
//! An account is one text; what the parts of the text are is the municipality's
//! [`KontoForm`]. A kontoplan is imported whole, as a version, and never changed: what the
//! next version changes is told by [`change::compare`] before it is written.

pub mod authorised;
pub mod change;
pub mod check;
pub mod draft;
pub mod form;
pub mod national;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::{Regnskabsaar, Validity};
use crate::party::Kommunekode;

pub use authorised::AuthorisedKonto;
pub use form::{Dimensioner, KontoFault, KontoForm, Part};

/// The first day of an account whose beginning nobody wrote: since ever.
pub const BEGINNING: Date = Date::constant(1970, 1, 1);

/// Longest name of an account, characters.
pub const NAVN_MAX: usize = 200;

/// Years of accounts: from a first, to a last, either of them without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Aarsspan {
    /// First year, included; none = since ever.
    pub from: Option<Regnskabsaar>,
    /// Last year, included; none = until further notice.
    pub to: Option<Regnskabsaar>,
}

impl Aarsspan {
    /// Whether the year is inside.
    #[must_use]
    pub fn covers(&self, aar: Regnskabsaar) -> bool {
        self.from.is_none_or(|from| from <= aar) && self.to.is_none_or(|to| aar <= to)
    }
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Konto {
    /// The account as the bookkeeping system writes it, in the kontoplan's form.
    pub konto: Box<str>,
    /// Its name, up to [`NAVN_MAX`] characters.
    pub navn: Box<str>,
    /// The days on which it takes postings; judged on the konteringsdag.
    pub validity: Validity,
    /// The years for which it does; judged on the posting's own year.
    pub aar: Aarsspan,
    /// The authorised string, where the form does not say it itself but its master data do:
    /// in SAP funktion, dranst, ejerforhold and gruppering hang on the object and the art on
    /// the artskonto (assumed; read in no specification). The place of the omkostningssted
    /// is then `0000`.
    pub autoriseret: Option<AuthorisedKonto>,
}

impl Konto {
    /// The authorised string: the account itself in the authorised form, else the derived.
    #[must_use]
    pub fn authorised(&self, form: &KontoForm) -> Option<AuthorisedKonto> {
        match form {
            KontoForm::Autoriseret => self.konto.parse().ok(),
            _ => self.autoriseret,
        }
    }

    /// The last day on which anything can be posted; none = until further notice.
    #[must_use]
    pub fn end(&self) -> Option<Date> {
        let year_end = |aar: Regnskabsaar| Date::new(aar.0, 12, 31).ok();
        match (self.validity.to, self.aar.to.and_then(year_end)) {
            (Some(day), Some(year)) => Some(day.min(year)),
            (day, year) => day.or(year),
        }
    }

    /// How it stands for a posting of that day and year.
    #[must_use]
    pub fn standing(&self, konteringsdag: Date, regnskabsaar: Regnskabsaar) -> Standing {
        if !self.validity.covers(konteringsdag) {
            Standing::Closed(Closed::Day(self.validity))
        } else if self.aar.covers(regnskabsaar) {
            Standing::Open
        } else {
            Standing::Closed(Closed::Aar(self.aar))
        }
    }
}

/// How an account stands for a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes it.
    Open,
    /// It is there and does not take it.
    Closed(Closed),
    /// There is no such account.
    Unknown,
}

/// Why an account does not take a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// It takes postings on these days only.
    Day(Validity),
    /// It takes postings of these years only.
    Aar(Aarsspan),
}

/// One version of a municipality's kontoplan, indexed for lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kontoplan {
    kommune: Kommunekode,
    version: u32,
    form: KontoForm,
    konti: Vec<Konto>,
    places: HashMap<Box<str>, usize>,
}

impl Kontoplan {
    /// The accounts under the version they were read at; of two with the same text the
    /// first counts ([`draft::judge`] refuses them before they are written).
    #[must_use]
    pub fn new(kommune: Kommunekode, version: u32, form: KontoForm, mut konti: Vec<Konto>) -> Self {
        konti.sort_by(|one, other| one.konto.cmp(&other.konto));
        konti.dedup_by(|later, kept| later.konto == kept.konto);
        let places = konti.iter().enumerate();
        let places = places.map(|(place, konto)| (konto.konto.clone(), place));
        Self {
            kommune,
            version,
            form,
            places: places.collect(),
            konti,
        }
    }

    /// Whose.
    #[must_use]
    pub const fn kommune(&self) -> Kommunekode {
        self.kommune
    }

    /// Its version, from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// How its accounts are written.
    #[must_use]
    pub const fn form(&self) -> &KontoForm {
        &self.form
    }

    /// All accounts, by text.
    #[must_use]
    pub fn konti(&self) -> &[Konto] {
        &self.konti
    }

    /// The account with that text, exactly as it is written in the books.
    #[must_use]
    pub fn konto(&self, konto: &str) -> Option<&Konto> {
        self.konti.get(*self.places.get(konto)?)
    }

    /// How an account stands for a posting of that konteringsdag and year.
    #[must_use]
    pub fn standing(
        &self,
        konto: &str,
        konteringsdag: Date,
        regnskabsaar: Regnskabsaar,
    ) -> Standing {
        let found = self.konto(konto);
        found.map_or(Standing::Unknown, |konto| {
            konto.standing(konteringsdag, regnskabsaar)
        })
    }
}

/// A version of a kontoplan without its accounts: who imported it, when and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KontoplanHead {
    /// Whose.
    pub kommune: Kommunekode,
    /// From 1 without gaps; every version is kept.
    pub version: u32,
    /// How its accounts are written.
    pub form: KontoForm,
    /// When it was imported.
    pub at: Timestamp,
    /// By whom: the identity provider's name for them.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// The file's name, or what it was called.
    pub source: Box<str>,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// How many accounts it has.
    pub accounts: u32,
    /// What it changed against the version before.
    pub tally: change::Tally,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Aarsspan, Closed, Konto, KontoForm, Kontoplan, Standing};
    use crate::calendar::{Regnskabsaar, Validity};
    use crate::party::Kommunekode;
    use jiff::civil::{Date, date};

    fn konto(text: &str, to: Option<Date>, last: Option<i16>) -> Konto {
        Konto {
            konto: text.into(),
            navn: "Sygedagpenge".into(),
            validity: Validity {
                from: date(2020, 1, 1),
                to,
            },
            aar: Aarsspan {
                from: None,
                to: last.map(Regnskabsaar),
            },
            autoriseret: None,
        }
    }

    fn plan() -> Kontoplan {
        let konti = vec![
            konto("300", None, Some(2025)),
            konto("100", None, None),
            konto("200", Some(date(2025, 12, 31)), None),
        ];
        Kontoplan::new(Kommunekode(101), 1, KontoForm::Prisme, konti)
    }

    #[test]
    fn the_supplementary_period_still_posts_to_last_years_account() {
        let plan = plan();
        for text in ["200", "300"] {
            // What a bilag of the supplementary period is judged by: its own year's last day.
            let old = plan.standing(text, date(2025, 12, 31), Regnskabsaar(2025));
            assert_eq!(old, Standing::Open, "{text}");
            let new = plan.standing(text, date(2026, 1, 15), Regnskabsaar(2026));
            assert!(matches!(new, Standing::Closed(_)), "{text}");
        }
    }

    #[test]
    fn what_closes_an_account_is_said() {
        let plan = plan();
        let day = date(2026, 1, 1);
        let by_day = plan.standing("200", day, Regnskabsaar(2026));
        let validity = plan.konto("200").unwrap().validity;
        assert_eq!(by_day, Standing::Closed(Closed::Day(validity)));
        assert_eq!(validity.to, Some(date(2025, 12, 31)));
        let by_year = plan.standing("300", day, Regnskabsaar(2026));
        assert!(matches!(by_year, Standing::Closed(Closed::Aar(_))));
        let before = plan.standing("100", date(2019, 12, 31), Regnskabsaar(2019));
        assert!(matches!(before, Standing::Closed(Closed::Day(_))));
        assert_eq!(
            plan.standing("100", day, Regnskabsaar(2026)),
            Standing::Open
        );
        assert_eq!(
            plan.standing("101", day, Regnskabsaar(2026)),
            Standing::Unknown
        );
    }

    #[test]
    fn an_account_ends_by_day_or_by_year() {
        let plan = plan();
        let ending = plan.konti().iter().filter(|konto| konto.end().is_some());
        let found: Vec<&str> = ending.map(|konto| &*konto.konto).collect();
        assert_eq!(found, ["200", "300"]);
        assert_eq!(plan.konto("200").unwrap().end(), Some(date(2025, 12, 31)));
        assert_eq!(plan.konto("300").unwrap().end(), Some(date(2025, 12, 31)));
    }
}
