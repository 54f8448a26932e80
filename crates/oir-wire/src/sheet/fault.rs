//! What can be wrong with a spreadsheet, in words that its owner can act on.

use std::fmt;

/// Kinds of fault. The values that each one's text takes stand beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SheetFaultKind {
    /// Larger than is read (size and limit in MB).
    TooLarge,
    /// Neither a spreadsheet nor text.
    Unreadable,
    /// The format of Excel before 2007.
    OldExcel,
    /// No row in it.
    Empty,
    /// More rows or columns than are read (limit).
    TooMany,
    /// Letters as Windows wrote them before UTF-8 (the word as it was meant).
    Latin1,
    /// UTF-16.
    Utf16,
    /// Letters that an earlier program has spoiled (the word as it stands).
    SpoiledLetters,
    /// Cells merged into one (the area).
    Merged,
    /// A formula that was never computed.
    FormulaWithoutValue,
    /// A formula that failed (Excel's word for it).
    CellError,
    /// A number of more digits than a spreadsheet keeps.
    RoundedNumber,
    /// A quotation mark that is never closed.
    BrokenRow,
    /// A sign that nobody sees and no spreadsheet holds.
    ControlCharacter,
    /// A column that must be there (its name).
    ColumnMissing,
    /// A column that is there twice (its name).
    ColumnTwice,
    /// A cell that must hold something.
    CellMissing,
    /// A text that is too long (limit in characters).
    TextTooLong,
    /// Not a day (what stands there).
    NotADate,
    /// A row that says what another one says (its number).
    RowTwice,
    /// A last day before the first.
    DaysBackwards,
    /// Not a municipality's code.
    NotAKommune,
    /// Not a UUID.
    NotAUuid,
}

impl SheetFaultKind {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "ark-for-stort",
            Self::Unreadable => "ark-ulaeseligt",
            Self::OldExcel => "ark-gammelt-format",
            Self::Empty => "ark-tomt",
            Self::TooMany => "ark-for-mange",
            Self::Latin1 => "ark-latin1",
            Self::Utf16 => "ark-utf16",
            Self::SpoiledLetters => "ark-oedelagte-bogstaver",
            Self::Merged => "ark-flettede-celler",
            Self::FormulaWithoutValue => "ark-formel-uden-vaerdi",
            Self::CellError => "ark-formelfejl",
            Self::RoundedNumber => "ark-afrundet-tal",
            Self::BrokenRow => "ark-oedelagt-linje",
            Self::ControlCharacter => "ark-styretegn",
            Self::ColumnMissing => "ark-kolonne-mangler",
            Self::ColumnTwice => "ark-kolonne-to-gange",
            Self::CellMissing => "ark-celle-mangler",
            Self::TextTooLong => "ark-tekst-for-lang",
            Self::NotADate => "ark-ikke-en-dato",
            Self::RowTwice => "ark-raekke-to-gange",
            Self::DaysBackwards => "ark-datoer-omvendt",
            Self::NotAKommune => "ark-ikke-en-kommune",
            Self::NotAUuid => "ark-ikke-en-uuid",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "Filen er på {0} MB; der læses højst {1} MB.",
            Self::Unreadable => "Filen kan ikke læses som regneark.",
            Self::OldExcel => "Filen er i Excels format fra før 2007 (.xls).",
            Self::Empty => "Arket er tomt.",
            Self::TooMany => "Arket har flere end {0}.",
            Self::Latin1 => {
                "Filen er gemt med Windows' gamle tegnsæt (Latin-1), ikke UTF-8: her skulle stå »{0}«."
            }
            Self::Utf16 => "Filen er gemt som UTF-16 (»Unicode-tekst«), ikke UTF-8.",
            Self::SpoiledLetters => "De danske bogstaver er ødelagt: »{0}«.",
            Self::Merged => "Cellerne {0} er flettet sammen.",
            Self::FormulaWithoutValue => "Cellen har en formel uden en beregnet værdi.",
            Self::CellError => "Formlen i cellen giver fejlen {0}.",
            Self::RoundedNumber => "Tallet har flere end 15 cifre; regnearket har rundet det af.",
            Self::BrokenRow => "Linjen kan ikke læses: et anførselstegn mangler sin makker.",
            Self::ControlCharacter => "Cellen har et usynligt styretegn.",
            Self::ColumnMissing => "Kolonnen »{0}« mangler.",
            Self::ColumnTwice => "Kolonnen »{0}« står der to gange.",
            Self::CellMissing => "Cellen er tom.",
            Self::TextTooLong => "Teksten er længere end {0} tegn.",
            Self::NotADate => "»{0}« er ikke en dato.",
            Self::RowTwice => "Rækken siger det samme som række {0}.",
            Self::DaysBackwards => "Den sidste dag ligger før den første.",
            Self::NotAKommune => "Kommunen skal være dens kode på fire cifre.",
            Self::NotAUuid => "Det er ikke en UUID.",
        }
    }

    const fn cure(self) -> &'static str {
        match self {
            Self::TooLarge => "Del tabellen i flere filer.",
            Self::Unreadable | Self::OldExcel => {
                "Gem den som »Excel-projektmappe (.xlsx)« eller »CSV UTF-8«."
            }
            Self::Empty => "Den første række skal være kolonnernes navne.",
            Self::TooMany => "Slet tomme, formaterede områder, eller del tabellen i flere filer.",
            Self::Latin1 | Self::Utf16 => "Vælg »CSV UTF-8« under »Gem som«.",
            Self::SpoiledLetters => "Hent den oprindelige fil, og gem den igen som »CSV UTF-8«.",
            Self::Merged => "Ophæv fletningen, og skriv værdien i hver celle.",
            Self::FormulaWithoutValue => "Åbn filen i Excel, lad den regne, og gem den igen.",
            Self::CellError => "Ret formlen, eller skriv værdien i stedet.",
            Self::RoundedNumber => "Giv kolonnen formatet »Tekst«, og skriv det hele tal igen.",
            Self::BrokenRow => "Ret anførselstegnene i linjen.",
            Self::ControlCharacter => "Slet det, og skriv teksten igen.",
            Self::ColumnMissing => "Giv kolonnen det navn i den første række.",
            Self::ColumnTwice => "Slet eller omdøb den ene.",
            Self::CellMissing => "Udfyld den.",
            Self::TextTooLong => "Forkort den.",
            Self::NotADate => "Skriv den som 31-12-2026 eller 2026-12-31.",
            Self::RowTwice => "Slet den ene.",
            Self::DaysBackwards => "Ret en af dem.",
            Self::NotAKommune => "Skriv fx 0791.",
            Self::NotAUuid => "Lad cellen stå tom for en ny værdi.",
        }
    }
}

/// A fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetFault {
    /// The row, from 1; 0 = the file as a whole.
    pub row: u32,
    /// The column, from 1; 0 = the row as a whole.
    pub column: u32,
    /// What is wrong.
    pub kind: SheetFaultKind,
    /// What its text names.
    pub values: Vec<Box<str>>,
}

impl SheetFault {
    /// A fault of the file.
    #[must_use]
    pub fn of_file(kind: SheetFaultKind, values: &[&str]) -> Self {
        Self::in_row(0, kind, values)
    }

    /// A fault of a row, counted from 1.
    #[must_use]
    pub fn in_row(row: u32, kind: SheetFaultKind, values: &[&str]) -> Self {
        Self {
            row,
            column: 0,
            kind,
            values: values.iter().map(|value| (*value).into()).collect(),
        }
    }

    /// A fault of a cell: row from 1, column from 0.
    #[must_use]
    pub fn at(row: u32, column: u32, kind: SheetFaultKind, values: &[&str]) -> Self {
        Self {
            column: column.saturating_add(1),
            ..Self::in_row(row, kind, values)
        }
    }

    /// The place as a spreadsheet names it: `C14`, `række 14`, or nothing for the file.
    #[must_use]
    pub fn place(&self) -> String {
        place(self.row, self.column)
    }

    /// What is wrong, in Danish.
    #[must_use]
    pub fn text(&self) -> String {
        filled(self.kind.text(), &self.values)
    }

    /// What to do about it, in Danish.
    #[must_use]
    pub fn cure(&self) -> String {
        filled(self.kind.cure(), &self.values)
    }
}

/// Puts values into their places `{0}` and so on. Fills once: a value that has braces in it is
/// not filled again.
pub(crate) fn filled(template: &str, values: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((head, tail)) = rest.split_once('{') {
        text.push_str(head);
        let number = tail.split_once('}').and_then(|(number, after)| {
            let value = values.get(number.parse::<usize>().ok()?)?;
            Some((value, after))
        });
        match number {
            Some((value, after)) => {
                text.push_str(value.as_ref());
                rest = after;
            }
            None => {
                text.push('{');
                rest = tail;
            }
        }
    }
    text.push_str(rest);
    text
}

impl fmt::Display for SheetFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place();
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        write!(f, "{} {}", self.text(), self.cure())?;
        write!(f, " [{}]", self.kind.code())
    }
}

/// A place as a spreadsheet names it.
pub(crate) fn place(row: u32, column: u32) -> String {
    match (row, column) {
        (0, _) => String::new(),
        (row, 0) => format!("række {row}"),
        (row, column) => format!("{}{row}", letters(column)),
    }
}

/// A column's letters: 1 = A, 27 = AA.
pub(super) fn letters(column: u32) -> String {
    let mut text = String::new();
    let mut rest = column;
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        text.insert(0, char::from(b'A'.saturating_add(digit)));
        rest = (rest - 1) / 26;
    }
    text
}
