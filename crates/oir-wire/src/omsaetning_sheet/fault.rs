//! What can be wrong with a table in a spreadsheet, in words that its owner can act on. The codes
//! never change their meaning; `docs/omsaetningsark.md` lists them.

use std::fmt;

use crate::sheet::{SheetFault, SheetFaultKind, filled, place};

/// Kinds of fault. The values that each one's text takes stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A column that is neither ours nor a facet (its name, the facets).
    UnknownColumn,
    /// Not the number of a rule (what stands there).
    Number,
    /// Two rules with one number (number, the other row, the columns that differ).
    NumberTwice,
    /// A row twice (the other row).
    RowTwice,
    /// A condition that cannot be read (what stands there, why).
    Condition,
    /// Ends of a range of unequal length (what stands there).
    RangeLengths,
    /// A range that ends before it begins (what stands there).
    RangeBackwards,
    /// A value twice in a list (what stands there).
    ValueTwice,
    /// A value that is too long, or a list of too many (longest, most).
    Value,
    /// Neither debit nor credit (what stands there).
    Side,
    /// No year, and no years (what stands there).
    Regnskabsaar,
    /// No kind of posting (what stands there).
    Posteringstype,
    /// Days that end before they begin.
    DaysBackwards,
    /// Not an account (what stands there, why).
    Konto,
    /// An account that takes over a facet that is not there (the facet).
    UnknownFacet,
    /// Not a share (what stands there).
    Share,
    /// Shares that are not all (number, their sum in percent).
    Shares,
    /// Not the place of a share, or one twice (what stands there).
    Part,
    /// As specific as another rule (number, the other, its row).
    Tie,
    /// A day where a text must stand: a spreadsheet made it of something else.
    MadeADay,
    /// Too many rules (how many, most).
    Rules,
    /// Conditions on too many facets (how many, most).
    Facets,
}

impl Kind {
    /// All of them, by code.
    pub const ALL: [Self; 22] = [
        Self::UnknownColumn,
        Self::Number,
        Self::NumberTwice,
        Self::RowTwice,
        Self::Condition,
        Self::RangeLengths,
        Self::RangeBackwards,
        Self::ValueTwice,
        Self::Value,
        Self::Side,
        Self::Regnskabsaar,
        Self::Posteringstype,
        Self::DaysBackwards,
        Self::Konto,
        Self::UnknownFacet,
        Self::Share,
        Self::Shares,
        Self::Part,
        Self::Tie,
        Self::MadeADay,
        Self::Rules,
        Self::Facets,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownColumn => "T0001",
            Self::Number => "T0002",
            Self::NumberTwice => "T0003",
            Self::RowTwice => "T0004",
            Self::Condition => "T0005",
            Self::RangeLengths => "T0006",
            Self::RangeBackwards => "T0007",
            Self::ValueTwice => "T0008",
            Self::Value => "T0009",
            Self::Side => "T0010",
            Self::Regnskabsaar => "T0011",
            Self::Posteringstype => "T0012",
            Self::DaysBackwards => "T0013",
            Self::Konto => "T0014",
            Self::UnknownFacet => "T0015",
            Self::Share => "T0016",
            Self::Shares => "T0017",
            Self::Part => "T0018",
            Self::Tie => "T0019",
            Self::MadeADay => "T0020",
            Self::Rules => "T0021",
            Self::Facets => "T0022",
        }
    }

    /// What is wrong, in Danish; `{0}` and so on are the fault's values.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::UnknownColumn => "Kolonnen »{0}« kendes ikke.",
            Self::Number => "»{0}« er ikke et regelnummer.",
            Self::NumberTwice => "Nummer {0} står også i række {1}, men med andet indhold i {2}.",
            Self::RowTwice => "Rækken er den samme som række {0}.",
            Self::Condition => "»{0}« kan ikke læses: {1}.",
            Self::RangeLengths => "Enderne af intervallet {0} er ikke lige lange.",
            Self::RangeBackwards => "Intervallet {0} slutter, før det begynder.",
            Self::ValueTwice => "Den samme værdi står flere gange i {0}.",
            Self::Value => "En værdi er længere end {0} tegn, eller listen har flere end {1}.",
            Self::Side => "»{0}« er hverken debet eller kredit.",
            Self::Regnskabsaar => "»{0}« er ikke et regnskabsår.",
            Self::Posteringstype => "»{0}« er ikke en posteringstype.",
            Self::DaysBackwards => "Reglen slutter, før den begynder.",
            Self::Konto => "»{0}« er ikke en konto: {1}.",
            Self::UnknownFacet => "Kontoen henter facetten »{0}«, som fagsystemet ikke har.",
            Self::Share => "»{0}« er ikke en andel.",
            Self::Shares => "Andelene i regel {0} er {1} % tilsammen, ikke 100 %.",
            Self::Part => "»{0}« er ikke et delnummer, eller det står to gange i reglen.",
            Self::Tie => {
                "Regel {0} er lige så specifik som regel {1} i række {2}, og en postering kan \
                 passe på begge."
            }
            Self::MadeADay => "Cellen er en dato; regnearket har lavet den af noget andet.",
            Self::Rules => "Arket har {0} regler; der må være {1}.",
            Self::Facets => "Reglerne spørger til {0} facetter; der må være {1}.",
        }
    }

    /// What to do about it, in Danish.
    #[must_use]
    pub const fn cure(self) -> &'static str {
        match self {
            Self::UnknownColumn => "Ret navnet, eller slet kolonnen. Facetterne er: {1}.",
            Self::Number => {
                "Skriv et helt tal fra 1, eller lad cellen være tom: så får reglen det næste \
                 ledige."
            }
            Self::NumberTwice => {
                "Giv den ene regel et andet nummer. Er rækkerne dele af én regel, skal de være ens \
                 i alt andet end konto og andel."
            }
            Self::RowTwice => "Slet den ene.",
            Self::Condition => {
                "Skriv én værdi (1234), flere (a | b | c), en begyndelse (12*) eller et interval \
                 (10 - 19). Sæt anførselstegn om en værdi, der selv har de tegn."
            }
            Self::RangeLengths => "Skriv dem med lige mange tegn, f.eks. 010 - 120.",
            Self::RangeBackwards => "Byt om på enderne.",
            Self::ValueTwice => "Slet den ene.",
            Self::Value => "Forkort værdien, eller del listen på flere regler.",
            Self::Side => "Skriv debet eller kredit, eller lad cellen være tom: begge.",
            Self::Regnskabsaar => {
                "Skriv et år (2026) eller det første og det sidste (2025-2027), eller lad cellen \
                 være tom: alle år."
            }
            Self::Posteringstype => {
                "Skriv NOR (normal), SUP (supplement) eller PRI (primo), eller lad cellen være \
                 tom: alle."
            }
            Self::DaysBackwards => "Ret den ene dato.",
            Self::Konto => {
                "Skriv kontoen, som den står i kontoplanen; en del, der hentes fra posteringen, \
                 skrives {facet}."
            }
            Self::UnknownFacet => "Ret facettens navn mellem { og }.",
            Self::Share => {
                "Skriv en procent over 0 og højst 100 med højst to decimaler (33,33), eller lad \
                 cellen være tom: det hele."
            }
            Self::Shares => "Ret andelene, så de giver 100 % tilsammen.",
            Self::Part => "Nummerer reglens rækker 1, 2, 3 …, eller lad dem alle være tomme.",
            Self::Tie => {
                "Gør den ene mere specifik, eller lad dem gælde på hver sine dage, år eller sider."
            }
            Self::MadeADay => "Giv kolonnen formatet »Tekst«, og skriv værdien igen.",
            Self::Rules | Self::Facets => {
                "Saml regler, der siger det samme, med en liste, en \
                                           begyndelse eller et interval."
            }
        }
    }
}

/// A fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFault {
    /// The row, from 1; 0 = the file as a whole.
    pub row: u32,
    /// The column, from 1; 0 = the row as a whole.
    pub column: u32,
    /// The stable code: [`Kind::code`], or that of the spreadsheet's own faults.
    pub code: &'static str,
    /// What is wrong, in Danish.
    pub text: Box<str>,
    /// What to do about it, in Danish.
    pub cure: Box<str>,
}

impl TableFault {
    /// A fault of a cell: row and column from 1; column 0 = the row, row 0 = the file.
    #[must_use]
    pub fn at((row, column): (u32, u32), kind: Kind, values: &[&str]) -> Self {
        Self {
            row,
            column,
            code: kind.code(),
            text: filled(kind.text(), values).into(),
            cure: filled(kind.cure(), values).into(),
        }
    }

    /// A fault that every spreadsheet can have; row and column as in [`Self::at`].
    pub(super) fn of_sheet(
        (row, column): (u32, u32),
        kind: SheetFaultKind,
        values: &[&str],
    ) -> Self {
        SheetFault::at(row, column.saturating_sub(1), kind, values).into()
    }

    /// The place as a spreadsheet names it: `C14`, `række 14`, or nothing for the file.
    #[must_use]
    pub fn place(&self) -> String {
        place(self.row, self.column)
    }
}

impl From<SheetFault> for TableFault {
    fn from(fault: SheetFault) -> Self {
        Self {
            row: fault.row,
            column: fault.column,
            code: fault.kind.code(),
            text: fault.text().into(),
            cure: fault.cure().into(),
        }
    }
}

impl fmt::Display for TableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        write!(f, "{} {} [{}]", self.text, self.cure, self.code)
    }
}
