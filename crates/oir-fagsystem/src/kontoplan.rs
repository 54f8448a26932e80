//! The kontoplan of each municipality, for the reference bookkeeping system, and the
//! omsætningstabel that leads to it. Both are made from the same values, so that what is
//! missing in one or closed in the other is so on purpose.

use std::collections::BTreeMap;

use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::kontoplan::{Aarsspan, BEGINNING, Konto, KontoForm};
use oir_domain::ledger::BooksKonto;
use oir_domain::party::Kommunekode;
use oir_domain::register::Omsaetningsrow;

use jiff::civil::Date;

use crate::accounts::{form, written};
use crate::reference::{Kommune, funktioner};
use crate::trade::{SYSTEMS, System, Value, account_name, konto, new_year, sted_number};

/// The last year of accounts that are closed.
const LAST_OF_CLOSED: Regnskabsaar = Regnskabsaar(2021);

/// One account in a municipality's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KontoplanRow {
    /// Whose books.
    pub kommune: Kommunekode,
    /// The account, in the municipality's own form.
    pub konto: Box<str>,
    /// The authorised string that it stands for, 16 digits.
    pub autoriseret: Box<str>,
    /// Its name.
    pub navn: Box<str>,
    /// Whether it takes postings; a closed one makes the books refuse.
    pub open: bool,
}

impl KontoplanRow {
    /// The account of a value, as the municipality writes it: from the first of the day's year
    /// on, or before. `funktion` is the name of the value's function.
    pub(crate) fn of(value: &Value, kommune: Kommunekode, this_year: bool, funktion: &str) -> Self {
        let autoriseret = konto(value, sted_number(value, kommune.0, this_year));
        Self {
            kommune,
            konto: written(kommune, &autoriseret).into(),
            autoriseret: autoriseret.into(),
            navn: account_name(value, funktion).into(),
            open: true,
        }
    }

    /// As the books know it.
    #[must_use]
    pub fn in_the_books(&self) -> BooksKonto {
        BooksKonto::lasting(self.kommune, &self.konto, self.open)
    }

    /// As the municipality imports it: a closed account ended with the year after which a
    /// source closed grupperinger of sick pay.
    #[must_use]
    pub fn as_imported(&self) -> Konto {
        let derives = form(self.kommune) != KontoForm::Autoriseret;
        Konto {
            konto: self.konto.clone(),
            navn: self.navn.clone(),
            validity: Validity {
                from: BEGINNING,
                to: None,
            },
            aar: Aarsspan {
                from: None,
                to: (!self.open).then_some(LAST_OF_CLOSED),
            },
            autoriseret: self.autoriseret.parse().ok().filter(|_| derives),
        }
    }
}

/// The accounts of all the municipalities, by municipality and account.
pub(crate) fn accounts(kommuner: &[Kommune]) -> Vec<KontoplanRow> {
    let names = funktioner();
    let mut rows = BTreeMap::new();
    for kommune in kommuner {
        for system in SYSTEMS {
            for value in in_the_books(system) {
                let funktion = names.get(value.funktion).map_or("", String::as_str);
                for this_year in [false, true] {
                    let row = KontoplanRow {
                        open: value.vaerdi != system.closed.vaerdi,
                        ..KontoplanRow::of(value, kommune.kode, this_year, funktion)
                    };
                    rows.insert((kommune.kode, row.konto.clone()), row);
                }
            }
        }
    }
    rows.into_values().collect()
}

fn in_the_books(system: &System) -> impl Iterator<Item = &Value> {
    let has_account = |v: &&Value| v.vaerdi != system.gone.vaerdi;
    system.mapped().chain([&system.local]).filter(has_account)
}

/// The omsætningstabeller: one row per value, two where the account changed at the turn
/// of the year. The new value of each system has none.
pub(crate) fn omsaetning(kommuner: &[Kommune], day: Date) -> Vec<Omsaetningsrow> {
    let mut rows = Vec::new();
    for kommune in kommuner {
        for system in SYSTEMS {
            for value in system.mapped() {
                push_rows(&mut rows, kommune, system, value, value.vaerdi.into(), day);
            }
            let vaerdi = system.local_vaerdi(kommune.kode.0);
            push_rows(&mut rows, kommune, system, &system.local, vaerdi, day);
        }
    }
    rows
}

fn push_rows(
    rows: &mut Vec<Omsaetningsrow>,
    kommune: &Kommune,
    system: &System,
    value: &Value,
    vaerdi: String,
    day: Date,
) {
    let account = |this_year: bool| {
        let sted = sted_number(value, kommune.kode.0, this_year);
        written(kommune.kode, &konto(value, sted))
    };
    let mut push = |from: Date, to: Option<Date>, this_year: bool| {
        rows.push(Omsaetningsrow {
            kommune: kommune.kode,
            fagsystem: system.id(),
            vaerdi: vaerdi.as_str().into(),
            konto: account(this_year).into(),
            validity: Validity { from, to },
        });
    };
    let (last_year, this_year) = (new_year(day, 1), new_year(day, 0));
    if sted_number(value, 0, false) == sted_number(value, 0, true) {
        push(last_year, None, true);
    } else {
        push(last_year, this_year.yesterday().ok(), false);
        push(this_year, None, true);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::HashMap;

    use super::{accounts, omsaetning};
    use crate::reference::kommuner;
    use crate::trade::SYSTEMS;
    use jiff::civil::date;
    use oir_domain::register::overlapping_rows;

    #[test]
    fn every_row_leads_to_an_open_account_but_those_that_shall_not() {
        let kommuner = kommuner(10);
        let books: HashMap<_, _> = accounts(&kommuner)
            .into_iter()
            .map(|row| ((row.kommune, row.konto), row.open))
            .collect();
        let table = omsaetning(&kommuner, date(2026, 11, 18));
        assert!(overlapping_rows(&table).is_empty());
        for row in &table {
            let system = SYSTEMS.iter().find(|s| s.id() == row.fagsystem).unwrap();
            let wanted = match &*row.vaerdi {
                v if v == system.closed.vaerdi => Some(false),
                v if v == system.gone.vaerdi => None,
                _ => Some(true),
            };
            let found = books.get(&(row.kommune, row.konto.clone())).copied();
            assert_eq!(found, wanted, "{} {}", row.vaerdi, row.konto);
        }
    }
}
