//! The received document: an Afsendelse with its Finansbilag and Finansposteringer.
//!
//! Field names and order follow `schemas/finans`; what is sourced and what is assumed
//! about them is marked there. Lengths and forms were checked by the reader (`oir-wire`);
//! everything that needs more than the document itself is a rule in [`check`].

pub mod check;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::calendar::Regnskabsaar;
use crate::ids::{BilagUuid, FagsystemId, TransaktionsId};
use crate::money::{Oere, Overflow, Side, Turnover};
use crate::omsaetning::Kontering;
use crate::party::{Cpr, Cvr};

/// Most bilag in one message. A bundle of this size with ten postings each is some
/// 3 MB: one parse, one commit and one receipt that both ends still hold in memory.
pub const BILAG_MAX: usize = 1_000;

/// Most postings in one bilag: `Linjenummer` has five digits, and a bilag of this size
/// still fits the size limit of a message.
pub const POSTINGS_MAX: usize = 5_000;

/// Most values of the sortiment on one posting. Each names a facet of its own, and no
/// sending system we know of has more than a handful of those.
pub const SORTIMENT_MAX: u32 = 20;

/// Highest amount of one posting, in øre: one billion kroner. The largest municipality's
/// whole yearly budget is some 50 billion; one benefit posting above this is a slip.
pub const AMOUNT_MAX: Oere = Oere::new(100_000_000_000);

/// How the message was handed over (SF1590_A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leveranceform {
    /// *Straksleverance*: treated and acknowledged at once.
    Straks,
    /// *Masseleverance*: a bundle, with control totals.
    Masse,
}

/// What a bundle says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kontroltotal {
    /// Number of bilag.
    pub antal: u32,
    /// Sum of debit, øre.
    pub debet: Oere,
    /// Sum of credit, øre.
    pub kredit: Oere,
}

/// One message.
#[doc(alias = "message")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Afsendelse {
    /// The sender's id of the call.
    pub transaktions_id: TransaktionsId,
    /// The authority in whose books it shall end.
    pub myndighed: Cvr,
    /// The sending system.
    pub afsender_system: FagsystemId,
    /// When the sender made it.
    pub oprettet: Timestamp,
    /// The sender's own reference, kept and shown, never interpreted.
    pub korrelations_id: Option<Box<str>>,
    /// One at a time, or a bundle.
    pub leveranceform: Leveranceform,
    /// Control totals; a bundle must have them.
    pub kontroltotal: Option<Kontroltotal>,
    /// The bilag, in the order sent; at least one.
    pub bilag: Vec<Finansbilag>,
}

/// What kind of posting this is (Prisme's `Posteringstype`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Posteringstype {
    /// `NOR`: ordinary.
    Normal,
    /// `SUP`: in the supplementary period of the old year.
    Supplement,
    /// `PRI`: opening balance.
    Primo,
}

impl Posteringstype {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "NOR",
            Self::Supplement => "SUP",
            Self::Primo => "PRI",
        }
    }

    /// Reads the code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "NOR" => Some(Self::Normal),
            "SUP" => Some(Self::Supplement),
            "PRI" => Some(Self::Primo),
            _ => None,
        }
    }
}

/// A voucher as received; the ledger's own thing is an entry.
#[doc(alias = "voucher")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finansbilag {
    /// The sender's id; what everybody is idempotent on.
    pub bilag_uuid: BilagUuid,
    /// The number a case worker knows it by.
    pub afsender_bilagsnummer: Box<str>,
    /// Date of the document.
    pub bilagsdato: Date,
    /// Date on which it shall count.
    pub bogfoeringsdato: Date,
    /// Year it belongs to.
    pub regnskabsaar: Regnskabsaar,
    /// Ordinary, supplementary or opening.
    pub posteringstype: Posteringstype,
    /// Three letters; only `DKK` is taken.
    pub valuta: Box<str>,
    /// What it is about.
    pub tekst: Box<str>,
    /// The rejected or refused bilag that this one replaces.
    pub korrigerer: Option<BilagUuid>,
    /// The lines, in the order sent; at least one.
    pub posteringer: Vec<Finanspostering>,
}

impl Finansbilag {
    /// Its [`konteringsdag`].
    #[must_use]
    pub fn konteringsdag(&self) -> Date {
        konteringsdag(self.bogfoeringsdato, self.posteringstype, self.regnskabsaar)
    }

    /// Sums by side.
    ///
    /// # Errors
    /// [`Overflow`] when a side does not fit.
    pub fn turnover(&self) -> Result<Turnover, Overflow> {
        let mut sum = Turnover::default();
        for postering in &self.posteringer {
            sum.add(postering.side, postering.beloeb)?;
        }
        Ok(sum)
    }
}

/// The day whose sortiment, whose omsætningstabel and whose accounts apply: the booking date. A
/// posting of the supplementary period belongs to the year that is over, so its day is that
/// year's last (budget- og regnskabssystem for kommuner, ch. 3; that `SUP` is how the bookkeeping
/// systems say so is in Prisme's interface G69).
#[must_use]
pub fn konteringsdag(
    bogfoeringsdato: Date,
    posteringstype: Posteringstype,
    regnskabsaar: Regnskabsaar,
) -> Date {
    match posteringstype {
        Posteringstype::Supplement => Date::new(regnskabsaar.0, 12, 31).unwrap_or(bogfoeringsdato),
        Posteringstype::Normal | Posteringstype::Primo => bogfoeringsdato,
    }
}

/// One value of the sender's sortiment on a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sortimentsvaerdi {
    /// The dimension, e.g. `ydelsesart`.
    pub facet: Box<str>,
    /// The value in it.
    pub vaerdi: Box<str>,
}

/// Who a posting concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The person or firm.
    pub nummer: PartNummer,
    /// In what role.
    pub rolle: PartRolle,
}

/// A person's or a firm's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartNummer {
    /// A citizen.
    Cpr(Cpr),
    /// A firm.
    Cvr(Cvr),
}

/// Roles of a party on a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartRolle {
    /// The citizen whose benefit it is.
    Ydelsesmodtager,
    /// Who gets the money.
    Udbetalingsmodtager,
    /// Anybody else.
    Anden,
}

impl PartRolle {
    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ydelsesmodtager => "YDELSESMODTAGER",
            Self::Udbetalingsmodtager => "UDBETALINGSMODTAGER",
            Self::Anden => "ANDEN",
        }
    }

    /// Reads the code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "YDELSESMODTAGER" => Some(Self::Ydelsesmodtager),
            "UDBETALINGSMODTAGER" => Some(Self::Udbetalingsmodtager),
            "ANDEN" => Some(Self::Anden),
            _ => None,
        }
    }
}

/// The case a posting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sag {
    /// KLE subject, `NN.NN.NN`.
    pub kle: Box<str>,
    /// Case number in the sending system.
    pub sagsnummer: Box<str>,
}

/// One line of a bilag, before mapping.
#[doc(alias = "posting")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finanspostering {
    /// 1 to 99999, unique in the bilag.
    pub linjenummer: u32,
    /// Unsigned; the side says which way.
    pub beloeb: Oere,
    /// Debit or credit.
    pub side: Side,
    /// Posting text.
    pub tekst: Box<str>,
    /// Sortiment values, at least one, each facet once.
    pub sortiment: Vec<Sortimentsvaerdi>,
    /// The accounts in the municipality's kontoplan: only between hub and books.
    pub kontering: Option<Kontering>,
    /// The days that the benefit is for.
    pub periode: Option<(Date, Date)>,
    /// Whom it concerns.
    pub part: Option<Part>,
    /// The case.
    pub sag: Option<Sag>,
    /// The benefit's own reference.
    pub ydelse: Option<Box<str>>,
    /// State refund share in whole percent, 0 to 100.
    pub refusionsprocent: Option<u8>,
    /// The books' VAT code.
    pub momskode: Option<Box<str>>,
    /// Any other reference.
    pub reference: Option<Box<str>>,
}

impl Finanspostering {
    /// The value in a facet.
    #[must_use]
    pub fn vaerdi(&self, facet: &str) -> Option<&str> {
        self.sortiment
            .iter()
            .find(|v| &*v.facet == facet)
            .map(|v| &*v.vaerdi)
    }
}
