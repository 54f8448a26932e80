//! A kontoplan before it is written: everything that is wrong with its rows, at once.

use std::collections::HashMap;

use crate::calendar::Regnskabsaar;

use super::check::{Finding, Weight, contradictions, of_konto};
use super::form::{KontoFault, KontoForm};
use super::national::AuthorisedKontoplan;
use super::{Konto, NAVN_MAX};

/// What a row says of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The account.
    Konto,
    /// Its name.
    Navn,
    /// First day.
    From,
    /// Last day.
    To,
    /// First year.
    AarFrom,
    /// Last year.
    AarTo,
    /// The derived string.
    Autoriseret,
}

impl Field {
    /// All of them, in the order in which files have them.
    pub const ALL: [Self; 7] = [
        Self::Konto,
        Self::Navn,
        Self::From,
        Self::To,
        Self::AarFrom,
        Self::AarTo,
        Self::Autoriseret,
    ];
}

/// An account with the row that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The row of the file, from 1.
    pub row: u32,
    /// The account.
    pub konto: Konto,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The text is no account of the form.
    Konto(KontoFault),
    /// The derived string is none.
    Autoriseret(KontoFault),
    /// A string is derived, and the account says another itself.
    Contradicts,
    /// The name is missing, too long, or holds signs that cannot be shown.
    Navn,
    /// The last day is before the first.
    Reversed,
    /// The last year is before the first.
    AarReversed,
    /// Days and years have nothing in common: the account never takes a posting.
    NeverOpen,
    /// The account stands in an earlier row.
    Twice {
        /// That row.
        first: u32,
    },
    /// The authorised kontoplan refuses it.
    Refused(Finding),
}

impl Wrong {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Konto(fault) => fault.code(),
            Self::Autoriseret(_) => "KP-AUTORISERET",
            Self::Contradicts => "KP-MODSIGELSE",
            Self::Navn => "KP-NAVN",
            Self::Reversed => "KP-DATO-OMVENDT",
            Self::AarReversed => "KP-AAR-OMVENDT",
            Self::NeverOpen => "KP-ALDRIG-AABEN",
            Self::Twice { .. } => "KP-DOBBELT",
            Self::Refused(finding) => finding.code.code(),
        }
    }
}

/// One thing wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The row.
    pub row: u32,
    /// The column.
    pub field: Field,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What must be put right before anything is written, by row.
    pub faults: Vec<RowFault>,
    /// What somebody should look at, by row.
    pub warnings: Vec<(u32, Finding)>,
}

/// Judges all rows. `aar` is the year of accounts that it now is: an account is held against
/// the authorised kontoplan in that year, or the nearest in which it takes postings.
#[must_use]
pub fn judge(
    rows: &[Given],
    form: &KontoForm,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Judged {
    let mut judged = Judged::default();
    let mut seen: HashMap<&str, u32> = HashMap::with_capacity(rows.len());
    for Given { row, konto } in rows {
        let mut fault = |field, wrong| {
            let row = *row;
            judged.faults.push(RowFault { row, field, wrong });
        };
        for (field, wrong) in of_row(konto, form) {
            fault(field, wrong);
        }
        match seen.get(&*konto.konto) {
            Some(first) => fault(Field::Konto, Wrong::Twice { first: *first }),
            None => drop(seen.insert(&konto.konto, *row)),
        }
        for finding in of_konto(konto, form, aar, chart) {
            match finding.weight {
                Weight::Refuse => fault(carrier(form), Wrong::Refused(finding)),
                Weight::Warn => judged.warnings.push((*row, finding)),
            }
        }
    }
    let konti: Vec<Konto> = rows.iter().map(|given| given.konto.clone()).collect();
    for (place, finding) in contradictions(&konti, form) {
        let row = rows.get(place).map_or(0, |given| given.row);
        judged.warnings.push((row, finding));
    }
    judged
        .warnings
        .sort_by_key(|(row, finding)| (*row, finding.code));
    judged
}

/// The column that carries the authorised string.
#[must_use]
pub const fn carrier(form: &KontoForm) -> Field {
    match form {
        KontoForm::Autoriseret => Field::Konto,
        _ => Field::Autoriseret,
    }
}

fn of_row(konto: &Konto, form: &KontoForm) -> Vec<(Field, Wrong)> {
    let mut found = Vec::new();
    match form.split(&konto.konto) {
        Ok(_) => {}
        Err(faults) => {
            let wrong = faults.into_iter().map(Wrong::Konto);
            found.extend(wrong.map(|wrong| (Field::Konto, wrong)));
        }
    }
    let own = konto.konto.parse().ok();
    if *form == KontoForm::Autoriseret && konto.autoriseret.is_some() && konto.autoriseret != own {
        found.push((Field::Autoriseret, Wrong::Contradicts));
    }
    let navn = konto.navn.trim();
    let length = navn.chars().count();
    if !(1..=NAVN_MAX).contains(&length) || navn.contains(char::is_control) {
        found.push((Field::Navn, Wrong::Navn));
    }
    let (validity, aar) = (konto.validity, konto.aar);
    if validity.to.is_some_and(|to| to < validity.from) {
        found.push((Field::To, Wrong::Reversed));
    } else if aar.from.zip(aar.to).is_some_and(|(from, to)| to < from) {
        found.push((Field::AarTo, Wrong::AarReversed));
    } else {
        let first = validity.from.year();
        let too_late = aar.to.is_some_and(|last| last.0 < first);
        let last = validity.to.map(|to| to.year());
        let too_early = aar.from.zip(last).is_some_and(|(from, last)| last < from.0);
        if too_late || too_early {
            found.push((Field::AarTo, Wrong::NeverOpen));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Field, Given, judge};
    use crate::calendar::{Regnskabsaar, Validity};
    use crate::kontoplan::national::national;
    use crate::kontoplan::{Aarsspan, Konto, KontoForm};
    use jiff::civil::date;

    fn row(row: u32, text: &str, change: impl Fn(&mut Konto)) -> Given {
        let mut konto = Konto {
            konto: text.into(),
            navn: "Sygedagpenge".into(),
            validity: Validity {
                from: date(2020, 1, 1),
                to: None,
            },
            aar: Aarsspan::default(),
            autoriseret: None,
        };
        change(&mut konto);
        Given { row, konto }
    }

    fn found(rows: &[Given], form: &KontoForm) -> Vec<(u32, Field, &'static str)> {
        let judged = judge(rows, form, Regnskabsaar(2026), national());
        let fault = |f: &super::RowFault| (f.row, f.field, f.wrong.code());
        judged.faults.iter().map(fault).collect()
    }

    #[test]
    fn all_faults_come_at_once_with_row_and_column() {
        let rows = [
            row(2, "4711", |_| {}),
            row(3, "47 11", |k| k.navn = " ".into()),
            row(4, "4712", |k| k.validity.to = Some(date(2019, 12, 31))),
            row(5, "4713", |k| {
                k.aar.from = Some(Regnskabsaar(2026));
                k.aar.to = Some(Regnskabsaar(2025));
            }),
            row(6, "4714", |k| k.aar.to = Some(Regnskabsaar(2019))),
            row(7, "4711", |_| {}),
        ];
        let expected = [
            (3, Field::Konto, "KONTO-TEGN"),
            (3, Field::Navn, "KP-NAVN"),
            (4, Field::To, "KP-DATO-OMVENDT"),
            (5, Field::AarTo, "KP-AAR-OMVENDT"),
            (6, Field::AarTo, "KP-ALDRIG-AABEN"),
            (7, Field::Konto, "KP-DOBBELT"),
        ];
        assert_eq!(found(&rows, &KontoForm::Prisme), expected);
    }

    #[test]
    fn what_a_source_closed_is_refused_and_what_is_inferred_warns() {
        let rows = [
            row(2, "5577111000000152", |_| {}),
            row(3, "5577111000000352", |k| {
                k.aar.to = Some(Regnskabsaar(2021))
            }),
            row(4, "5577111000077752", |_| {}),
        ];
        let form = KontoForm::Autoriseret;
        let expected = [(2, Field::Konto, "AK-GRUPPERING-LUKKET")];
        assert_eq!(found(&rows, &form), expected);
        let judged = judge(&rows, &form, Regnskabsaar(2026), national());
        let warned: Vec<_> = judged
            .warnings
            .iter()
            .map(|(r, f)| (*r, f.code.code()))
            .collect();
        assert_eq!(warned, [(4, "AK-GRUPPERING")]);
        let other = "5577121000001086".parse().ok();
        let rows = [row(2, "5577111000001352", |k| k.autoriseret = other)];
        let expected = [(2, Field::Autoriseret, "KP-MODSIGELSE")];
        assert_eq!(found(&rows, &form), expected);
    }
}
