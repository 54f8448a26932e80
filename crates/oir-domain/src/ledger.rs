//! What a bookkeeping system asks of a bilag before it books it: the reference ledger's
//! rules, apart from any database.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::calendar::{Regnskabsaar, Validity};
use crate::finans::Finansbilag;
use crate::kontoplan::{Aarsspan, BEGINNING};
use crate::money::Oere;
use crate::party::Kommunekode;

/// An account of a municipality's books, in whatever form they write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksKonto {
    /// Whose books.
    pub kommune: Kommunekode,
    /// The account, as it comes with a posting.
    pub konto: Box<str>,
    /// Whether it takes postings at all; a blocked one refuses every one.
    pub open: bool,
    /// On which days; judged on the posting's konteringsdag.
    pub validity: Validity,
    /// For which years.
    pub aar: Aarsspan,
}

impl BooksKonto {
    /// An account that is the same on all days.
    #[must_use]
    pub fn lasting(kommune: Kommunekode, konto: &str, open: bool) -> Self {
        Self {
            kommune,
            konto: konto.into(),
            open,
            validity: Validity {
                from: BEGINNING,
                to: None,
            },
            aar: Aarsspan::default(),
        }
    }

    /// Whether it takes a posting of that konteringsdag and year.
    #[must_use]
    pub fn takes(&self, day: Date, aar: Regnskabsaar) -> bool {
        self.open && self.validity.covers(day) && self.aar.covers(aar)
    }
}

/// The accounts of one municipality.
#[derive(Debug, Clone, Default)]
pub struct Chart(HashMap<Box<str>, BooksKonto>);

impl Chart {
    /// Adds an account, or puts it in the place of the one with its text.
    pub fn add(&mut self, konto: BooksKonto) {
        self.0.insert(konto.konto.clone(), konto);
    }
}

/// Why a posting, or a whole bilag, is not booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerFault {
    /// Debit and credit differ.
    Unbalanced,
    /// The posting names no account.
    NoAccount {
        /// `Linjenummer`.
        linje: u32,
    },
    /// The parts of the posting's accounts are not its amount together.
    WrongParts {
        /// `Linjenummer`.
        linje: u32,
    },
    /// The chart has no such account.
    UnknownAccount {
        /// `Linjenummer`.
        linje: u32,
        /// The account.
        konto: Box<str>,
    },
    /// The account is closed on the konteringsdag or for the year, or the books were told to
    /// refuse it.
    ClosedAccount {
        /// `Linjenummer`.
        linje: u32,
        /// The account.
        konto: Box<str>,
    },
    /// The year is closed.
    ClosedYear {
        /// The year.
        aar: i16,
    },
}

impl LedgerFault {
    /// The reference books' own code for it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unbalanced => "BALANCE",
            Self::NoAccount { .. } => "KONTO-MANGLER",
            Self::WrongParts { .. } => "KONTERING-SUM",
            Self::UnknownAccount { .. } => "KONTO-UKENDT",
            Self::ClosedAccount { .. } => "KONTO-LUKKET",
            Self::ClosedYear { .. } => "PERIODE-LUKKET",
        }
    }

    /// The posting it concerns.
    #[must_use]
    pub const fn linje(&self) -> Option<u32> {
        match self {
            Self::NoAccount { linje }
            | Self::WrongParts { linje }
            | Self::UnknownAccount { linje, .. }
            | Self::ClosedAccount { linje, .. } => Some(*linje),
            Self::Unbalanced | Self::ClosedYear { .. } => None,
        }
    }
}

/// Everything that keeps a bilag out of the books; empty = it is booked.
#[must_use]
pub fn judge(bilag: &Finansbilag, chart: &Chart, closed_years: &HashSet<i16>) -> Vec<LedgerFault> {
    let mut faults = Vec::new();
    let difference = bilag
        .turnover()
        .and_then(crate::money::Turnover::difference);
    if difference != Ok(Oere::ZERO) {
        faults.push(LedgerFault::Unbalanced);
    }
    let aar = bilag.regnskabsaar.0;
    if closed_years.contains(&aar) {
        faults.push(LedgerFault::ClosedYear { aar });
    }
    let day = bilag.konteringsdag();
    for postering in &bilag.posteringer {
        let linje = postering.linjenummer;
        let Some(kontering) = &postering.kontering else {
            faults.push(LedgerFault::NoAccount { linje });
            continue;
        };
        if !kontering.adds_up_to(postering.beloeb) {
            faults.push(LedgerFault::WrongParts { linje });
        }
        for line in kontering.lines() {
            let konto = line.konto.clone();
            match chart.0.get(&konto) {
                Some(known) if known.takes(day, bilag.regnskabsaar) => {}
                Some(_) => faults.push(LedgerFault::ClosedAccount { linje, konto }),
                None => faults.push(LedgerFault::UnknownAccount { linje, konto }),
            }
        }
    }
    faults
}
