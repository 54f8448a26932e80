//! How a municipality writes its accounts: the parts of the text, their names and signs.
//!
//! Reading is kind: people write points, spaces and small letters. What is kept is one
//! spelling, so that two texts are the same account exactly when they are equal.

use std::str::FromStr;

/// The parts of the authorised string and their widths. Order and total of 16 digits are
/// the ministry's (budget- og regnskabssystem for kommuner, ch. 2); where one part ends and
/// the next begins is assumed, as the only split that agrees with the widths in use.
pub(super) const AUTORISERET: [(&str, usize); 9] = [
    ("hovedkonto", 1),
    ("hovedfunktion", 2),
    ("funktion", 2),
    ("dranst", 1),
    ("ejerforhold", 1),
    ("omkostningssted", 4),
    ("gruppering", 3),
    ("hovedart", 1),
    ("art", 1),
];
/// Digits of the authorised string.
pub const AUTORISERET_LENGTH: usize = 16;
/// Digits of an artskonto (assumed).
const ARTSKONTO_LENGTH: usize = 8;
const SAP: [&str; 3] = ["artskonto", "objekttype", "objekt"];
/// What an artskonto can be booked with, and the longest number of each in SAP (assumed:
/// 24 for a PSP element, 10 for a cost centre, 12 for an order).
const OBJECTS: [(&str, usize); 3] = [("PSP", 24), ("OMK", 10), ("ORD", 12)];
const PRISME: [&str; 1] = ["kontonr"];
/// Longest account number in Prisme (assumed; the field's width was not read).
const KONTONR_MAX: usize = 30;
/// Longest account, characters: what the contract's `Kontering` takes.
pub const KONTO_MAX: usize = 40;
/// Longest name of an own dimension, characters.
const NAME_MAX: usize = 40;
/// Most own dimensions.
const DIMENSIONS_MAX: usize = 12;
/// Signs that may stand between own dimensions.
pub const SEPARATORS: &str = "-./:|_";

/// The form of a municipality's accounts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KontoForm {
    /// The ministry's string of 16 digits.
    Autoriseret,
    /// SAP: an artskonto and exactly one object: PSP element (`PSP`), omkostningssted
    /// (`OMK`) or order (`ORD`), written `40000000/PSP/XG-9212045210-00014`. An artskonto of
    /// the 9-series, a balance account, may stand alone (assumed).
    SapPar,
    /// Prisme: one account number, whose dimensions Prisme resolves itself.
    Prisme,
    /// Named dimensions with a sign between them.
    EgneDimensioner(Dimensioner),
}

/// The dimensions of a municipality that has its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dimensioner {
    names: Vec<Box<str>>,
    separator: char,
}

/// Why dimensions cannot be had like that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionerFault {
    /// There are none, or more than twelve.
    Count,
    /// A name is empty, longer than 40 characters, or holds other signs than letters,
    /// digits, spaces and hyphens.
    Name,
    /// A name stands twice.
    Twice,
    /// The separator is not one of [`SEPARATORS`].
    Separator,
}

impl Dimensioner {
    /// Dimensions with these names, in the order in which they stand in an account.
    ///
    /// # Errors
    /// The first thing wrong with them.
    pub fn try_new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        separator: char,
    ) -> Result<Self, DimensionerFault> {
        let names: Vec<Box<str>> = names
            .into_iter()
            .map(|name| name.trim().to_lowercase().into())
            .collect();
        let sign = |c: char| c.is_alphanumeric() || c == ' ' || c == '-';
        let sound = |name: &str| {
            !name.is_empty() && name.chars().count() <= NAME_MAX && name.chars().all(sign)
        };
        let twice = |place: usize| {
            let name = names.get(place);
            names
                .iter()
                .take(place)
                .any(|earlier| Some(earlier) == name)
        };
        if names.is_empty() || names.len() > DIMENSIONS_MAX {
            Err(DimensionerFault::Count)
        } else if !names.iter().all(|name| sound(name)) {
            Err(DimensionerFault::Name)
        } else if (0..names.len()).any(twice) {
            Err(DimensionerFault::Twice)
        } else if !SEPARATORS.contains(separator) {
            Err(DimensionerFault::Separator)
        } else {
            Ok(Self { names, separator })
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// What stands between their values.
    #[must_use]
    pub const fn separator(&self) -> char {
        self.separator
    }
}

/// One part of an account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part<'f> {
    /// Which part; of the form.
    pub name: &'f str,
    /// Its value.
    pub value: Box<str>,
}

/// Why a text is no account of the form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum KontoFault {
    /// There is nothing.
    Empty,
    /// A string of another length.
    Length {
        /// Digits that there should be.
        expected: usize,
        /// Signs that there are.
        found: usize,
    },
    /// Another number of parts.
    Parts {
        /// Parts that there should be.
        expected: usize,
        /// Parts that there are.
        found: usize,
    },
    /// A part that must be digits holds other signs.
    Digits {
        /// Which part.
        part: Box<str>,
    },
    /// A part holds signs that it cannot hold.
    Signs {
        /// Which part.
        part: Box<str>,
    },
    /// A part is empty or too long.
    Width {
        /// Which part.
        part: Box<str>,
        /// The most signs it may have.
        max: usize,
    },
    /// An artskonto without its object.
    NoObject,
    /// The object is of no known kind.
    ObjectKind {
        /// What was written.
        found: Box<str>,
    },
}

impl KontoFault {
    /// Its stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "KONTO-TOM",
            Self::Length { .. } => "KONTO-LAENGDE",
            Self::Parts { .. } => "KONTO-DELE",
            Self::Digits { .. } => "KONTO-CIFRE",
            Self::Signs { .. } => "KONTO-TEGN",
            Self::Width { .. } => "KONTO-BREDDE",
            Self::NoObject => "KONTO-OBJEKT-MANGLER",
            Self::ObjectKind { .. } => "KONTO-OBJEKTTYPE",
        }
    }
}

type Values = Result<Vec<Box<str>>, Vec<KontoFault>>;

impl KontoForm {
    /// Its word in files, forms and the database.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Autoriseret => "autoriseret",
            Self::SapPar => "sap-par",
            Self::Prisme => "prisme",
            Self::EgneDimensioner(_) => "egne-dimensioner",
        }
    }

    /// The names of the parts, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        match self {
            Self::Autoriseret => AUTORISERET.iter().map(|(name, _)| *name).collect(),
            Self::SapPar => SAP.to_vec(),
            Self::Prisme => PRISME.to_vec(),
            Self::EgneDimensioner(own) => own.names().collect(),
        }
    }

    /// The parts of an account, however it is spelt.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn split(&self, text: &str) -> Result<Vec<Part<'_>>, Vec<KontoFault>> {
        let text = text.trim();
        if text.is_empty() {
            return Err(vec![KontoFault::Empty]);
        }
        let values = match self {
            Self::Autoriseret => autoriseret(text),
            Self::SapPar => sap(text),
            Self::Prisme => Ok(vec![text.to_uppercase().into()]),
            Self::EgneDimensioner(own) => own_values(own, text),
        }?;
        self.checked(values)
    }

    /// The account with these values, in the order of [`parts`](Self::parts).
    ///
    /// # Errors
    /// Everything that is wrong with the values.
    pub fn join<S: AsRef<str>>(&self, values: &[S]) -> Result<Box<str>, Vec<KontoFault>> {
        let values = values.iter().map(|value| value.as_ref().into()).collect();
        let parts = self.checked(values)?;
        Ok(self.written(&parts))
    }

    /// The one spelling of an account.
    ///
    /// # Errors
    /// As [`split`](Self::split).
    pub fn normalise(&self, text: &str) -> Result<Box<str>, Vec<KontoFault>> {
        self.split(text).map(|parts| self.written(&parts))
    }

    /// The account as people read it; what is no account of the form is shown as it is.
    #[must_use]
    pub fn render(&self, konto: &str) -> String {
        let Ok(parts) = self.split(konto) else {
            return konto.to_owned();
        };
        let values: Vec<&str> = parts.iter().map(|part| &*part.value).collect();
        match self {
            Self::Autoriseret => values.join("."),
            Self::SapPar => values.join(" ").trim_end().to_owned(),
            Self::Prisme | Self::EgneDimensioner(_) => self.written(&parts).into(),
        }
    }

    fn written(&self, parts: &[Part<'_>]) -> Box<str> {
        let values: Vec<&str> = parts.iter().map(|part| &*part.value).collect();
        match self {
            Self::Autoriseret | Self::Prisme => values.concat().into(),
            Self::SapPar => values.join("/").trim_end_matches('/').into(),
            Self::EgneDimensioner(own) => values.join(&own.separator.to_string()).into(),
        }
    }

    /// The values under their names, when each is what its part can hold.
    fn checked(&self, values: Vec<Box<str>>) -> Result<Vec<Part<'_>>, Vec<KontoFault>> {
        let names = self.parts();
        if names.len() != values.len() {
            let (expected, found) = (names.len(), values.len());
            return Err(vec![KontoFault::Parts { expected, found }]);
        }
        let parts: Vec<Part<'_>> = names
            .into_iter()
            .zip(values)
            .map(|(name, value)| Part { name, value })
            .collect();
        let faults = match self {
            Self::Autoriseret => {
                let widths = parts.iter().zip(AUTORISERET);
                let fault = |(part, (_, width))| digits(part, width);
                widths.filter_map(fault).collect()
            }
            Self::SapPar => sap_faults(&parts),
            Self::Prisme => {
                let fault = |part| signs(part, KONTONR_MAX);
                parts.iter().filter_map(fault).collect()
            }
            Self::EgneDimensioner(own) => own_faults(own, &parts),
        };
        if faults.is_empty() {
            Ok(parts)
        } else {
            Err(faults)
        }
    }
}

fn autoriseret(text: &str) -> Values {
    let between = |c: &char| !c.is_whitespace() && !matches!(c, '.' | '-' | '/');
    let signs: String = text.chars().filter(between).collect();
    let found = signs.chars().count();
    if found != AUTORISERET_LENGTH {
        let expected = AUTORISERET_LENGTH;
        return Err(vec![KontoFault::Length { expected, found }]);
    }
    let mut rest = signs.chars();
    let take = |(_, width): (&str, usize)| -> Box<str> {
        rest.by_ref().take(width).collect::<String>().into()
    };
    Ok(AUTORISERET.map(take).into())
}

fn sap(text: &str) -> Values {
    let between = |c: char| c == '/' || c.is_whitespace();
    let tokens = text.split(between).filter(|token| !token.is_empty());
    let mut values: Vec<Box<str>> = tokens.map(|token| token.to_uppercase().into()).collect();
    let alone = |values: &[Box<str>]| values.first().is_some_and(|v| v.starts_with('9'));
    match values.len() {
        1 if alone(&values) => values.extend(["".into(), "".into()]),
        1 => return Err(vec![KontoFault::NoObject]),
        _ => {}
    }
    Ok(values)
}

fn own_values(own: &Dimensioner, text: &str) -> Values {
    let values = text.split(own.separator);
    Ok(values.map(|value| value.trim().into()).collect())
}

fn digits(part: &Part<'_>, width: usize) -> Option<KontoFault> {
    let name = || part.name.into();
    if !part.value.bytes().all(|b| b.is_ascii_digit()) {
        Some(KontoFault::Digits { part: name() })
    } else if part.value.len() != width {
        let (part, max) = (name(), width);
        Some(KontoFault::Width { part, max })
    } else {
        None
    }
}

/// Capital letters without accents, digits and hyphens, and some of them.
fn signs(part: &Part<'_>, max: usize) -> Option<KontoFault> {
    let sign = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    if !part.value.bytes().all(sign) {
        let part = part.name.into();
        Some(KontoFault::Signs { part })
    } else if part.value.is_empty() || part.value.len() > max {
        let part = part.name.into();
        Some(KontoFault::Width { part, max })
    } else {
        None
    }
}

fn sap_faults(parts: &[Part<'_>]) -> Vec<KontoFault> {
    let [artskonto, kind, object] = parts else {
        return vec![KontoFault::NoObject];
    };
    let mut faults: Vec<KontoFault> = digits(artskonto, ARTSKONTO_LENGTH).into_iter().collect();
    if kind.value.is_empty() && object.value.is_empty() {
        if !artskonto.value.starts_with('9') {
            faults.push(KontoFault::NoObject);
        }
        return faults;
    }
    match OBJECTS.iter().find(|(word, _)| **word == *kind.value) {
        Some((_, max)) => faults.extend(signs(object, *max)),
        None => faults.push(KontoFault::ObjectKind {
            found: kind.value.clone(),
        }),
    }
    faults
}

fn own_faults(own: &Dimensioner, parts: &[Part<'_>]) -> Vec<KontoFault> {
    if parts.iter().all(|part| part.value.is_empty()) {
        return vec![KontoFault::Empty];
    }
    let mut faults = Vec::new();
    for part in parts {
        let bad = |c: char| c == own.separator || c.is_whitespace() || c.is_control();
        if part.value.contains(bad) {
            let part = part.name.into();
            faults.push(KontoFault::Signs { part });
        }
    }
    let signs = parts.iter().map(|part| part.value.chars().count());
    let between = parts.len().saturating_sub(1);
    if signs.fold(between, usize::saturating_add) > KONTO_MAX {
        let (part, max) = ("konto".into(), KONTO_MAX);
        faults.push(KontoFault::Width { part, max });
    }
    faults
}

/// A form as files and forms write it: its word, and for own dimensions
/// `egne-dimensioner:-:sted,art,projekt`.
impl FromStr for KontoForm {
    type Err = DimensionerFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "autoriseret" => return Ok(Self::Autoriseret),
            "sap-par" => return Ok(Self::SapPar),
            "prisme" => return Ok(Self::Prisme),
            _ => {}
        }
        let own = text.trim().strip_prefix("egne-dimensioner:");
        let own = own.ok_or(DimensionerFault::Count)?;
        let mut signs = own.chars();
        let separator = signs.next().ok_or(DimensionerFault::Separator)?;
        let names = signs.as_str().strip_prefix(':');
        let names = names.ok_or(DimensionerFault::Separator)?.split(',');
        Dimensioner::try_new(names, separator).map(Self::EgneDimensioner)
    }
}

impl std::fmt::Display for KontoForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())?;
        if let Self::EgneDimensioner(own) = self {
            let names: Vec<&str> = own.names().collect();
            write!(f, ":{}:{}", own.separator, names.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
