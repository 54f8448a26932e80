//! The catalogue of business faults: everything that can be wrong with data we receive.
//!
//! A fault is a result, not an error: it is stored, answered in the receipt and shown with
//! place and remedy. Codes are stable for ever: one is never removed or given a new
//! meaning. The Danish texts stand in `oir-wire`, so that this room stays free of prose.

use std::fmt;

use crate::masking::mask_text;

/// How much a fault weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Told to the sender; the bilag goes on.
    Warning,
    /// The bilag stops.
    Fault,
}

/// Who can put it right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Responsible {
    /// The vendor of the sending system: the message itself is wrong.
    SenderVendor,
    /// The specialist area that made the bilag.
    Fagomraade,
    /// The municipality's finance department.
    Finance,
    /// Those who run this installation.
    Operation,
}

/// Where in a message a fault is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Place {
    /// Which bilag in the message, from 0; none = the message itself.
    pub bilag: Option<u32>,
    /// The posting's `Linjenummer`, when the fault is in one.
    pub linje: Option<u32>,
    /// Element path, e.g. `Finansbilag[1]/Finanspostering[3]/Beloeb`, or a line and
    /// column when the text could not be read as XML.
    pub path: Box<str>,
}

impl Place {
    /// A place in the message outside any bilag.
    #[must_use]
    pub fn message(path: &str) -> Self {
        Self {
            bilag: None,
            linje: None,
            path: path.into(),
        }
    }
}

/// One thing that is wrong, with the numbers and words that the text needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What is wrong.
    pub code: FaultCode,
    /// Where.
    pub place: Place,
    /// Values for the text's `{0}`, `{1}` …, in the order that the catalogue says.
    /// Never a CPR number.
    pub values: Vec<Box<str>>,
}

impl Fault {
    /// A fault at a place. Whatever stands in path and values, both are sound text after
    /// this: JSON can name a member with characters that no database, no XML and no log takes.
    #[must_use]
    pub fn new(code: FaultCode, place: Place, values: &[&dyn fmt::Display]) -> Self {
        let values = values.iter().map(|v| sound(v.to_string().into()));
        Self {
            code,
            values: values.collect(),
            place: Place {
                path: sound(place.path),
                ..place
            },
        }
    }

    /// A fault whose path or values hold words that others chose: names and values from a
    /// message, the books' texts. What looks like a CPR number in them is masked before
    /// anything is stored. Not for ids and amounts: ten of their digits can look like a person.
    #[must_use]
    pub fn foreign(code: FaultCode, place: Place, values: &[&dyn fmt::Display]) -> Self {
        let mut fault = Self::new(code, place, values);
        for value in &mut fault.values {
            *value = mask_text(value).into();
        }
        fault.place.path = mask_text(&fault.place.path).into();
        fault
    }
}

/// The text with every character that XML cannot carry (XML 1.0, production 2) replaced.
/// Among those are NUL, which PostgreSQL refuses, and the store's own separators.
fn sound(text: Box<str>) -> Box<str> {
    if text.chars().all(is_sound) {
        return text;
    }
    let replaced = |c| {
        if is_sound(c) {
            c
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    text.chars().map(replaced).collect::<String>().into()
}

const fn is_sound(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// Most faults kept of one bilag, as of one message that cannot be read: more only repeat.
pub const FAULTS_MAX: usize = 200;

/// Keeps a fault while there is room for it. A full list still takes the first fault that
/// stops, in the place of a warning: what is left out must never let a bilag through.
pub fn keep(faults: &mut Vec<Fault>, fault: Fault) {
    if faults.len() < FAULTS_MAX {
        faults.push(fault);
    } else if let Some(last) = faults.last_mut()
        && last.code.severity() < fault.code.severity()
    {
        *last = fault;
    }
}

/// Cuts a list to so many, under the same promise as [`keep`].
pub fn cut(faults: &mut Vec<Fault>, most: usize) {
    let most = most.max(1);
    if faults.len() <= most {
        return;
    }
    let stops = |fault: &Fault| fault.code.severity() == Severity::Fault;
    if let Some(first) = faults.iter().position(stops)
        && first >= most
    {
        faults.swap(first, most.saturating_sub(1));
    }
    faults.truncate(most);
}

/// Whether any of the faults stops its bilag.
#[must_use]
pub fn any_stops(faults: &[Fault]) -> bool {
    faults.iter().any(|f| f.code.severity() == Severity::Fault)
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $severity:ident, $who:ident;)*) => {
        /// Every fault there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FaultCode { $($(#[$doc])* $variant,)* }

        impl FaultCode {
            /// All codes, in numerical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code, e.g. `F0301`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Its weight.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// Who can put it right.
            #[must_use]
            pub const fn responsible(self) -> Responsible {
                match self { $(Self::$variant => Responsible::$who,)* }
            }

            /// Finds a code by its text.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

catalogue! {
    // F00nn: the message cannot be read at all.
    /// Not well-formed XML or JSON. Values: reason.
    NotWellFormed = "F0001", Fault, SenderVendor;
    /// Not UTF-8, or declared otherwise. Values: what was found.
    WrongEncoding = "F0002", Fault, SenderVendor;
    /// A document type or an entity: SOAP forbids them.
    DoctypeForbidden = "F0003", Fault, SenderVendor;
    /// Larger than we take. Values: limit in bytes.
    TooLarge = "F0004", Fault, SenderVendor;
    /// Deeper, wider or with more values than we read. Values: the limits.
    TooComplex = "F0005", Fault, SenderVendor;
    /// Not a SOAP 1.1 or 1.2 envelope. Values: what was found.
    NotSoap = "F0006", Fault, SenderVendor;
    /// No such operation in this service. Values: the element found.
    UnknownOperation = "F0007", Fault, SenderVendor;
    /// The operation is ours but in another namespace or version. Values: found, expected.
    WrongNamespace = "F0008", Fault, SenderVendor;
    /// A header that must be understood and is not. Values: the header.
    NotUnderstood = "F0009", Fault, SenderVendor;
    /// The content type is none we take. Values: found.
    WrongContentType = "F0010", Fault, SenderVendor;
    /// The body did not arrive in time. Values: limit in seconds.
    TooSlow = "F0011", Fault, SenderVendor;
    /// Nobody is signed in.
    NotSignedIn = "F0012", Fault, Operation;
    /// Whoever is signed in has no role that may.
    NotAllowed = "F0013", Fault, Operation;
    /// Too many wrong keys from there. Values: seconds to wait.
    TooManyGuesses = "F0014", Fault, Operation;

    // F01nn: against the schema.
    /// An element that may not stand here. Values: found, expected.
    UnexpectedElement = "F0101", Fault, SenderVendor;
    /// An element that must stand here. Values: the element.
    MissingElement = "F0102", Fault, SenderVendor;
    /// A value of the wrong form. Values: the form wanted.
    WrongForm = "F0103", Fault, SenderVendor;
    /// Text between elements.
    UnexpectedText = "F0104", Fault, SenderVendor;
    /// An attribute that may not stand here. Values: the attribute.
    UnexpectedAttribute = "F0105", Fault, SenderVendor;

    // F02nn: the message as a whole.
    /// `TransactionUUID` is not a UUID.
    TransactionNotUuid = "F0201", Fault, SenderVendor;
    /// The id of the call was used for other content. Values: the id.
    TransactionReused = "F0202", Fault, SenderVendor;
    /// The sending system is not registered. Values: its id.
    UnknownFagsystem = "F0203", Fault, SenderVendor;
    /// The authority is not served. Values: its CVR.
    UnknownMyndighed = "F0204", Fault, SenderVendor;
    /// The system may not post for the authority on that day. Values: system, authority, day.
    NoAgreement = "F0205", Fault, Finance;
    /// The bundle's number of bilag is not what it says. Values: said, found.
    WrongCount = "F0206", Fault, SenderVendor;
    /// The bundle's debit or credit is not what it says. Values: side, said, found (øre).
    WrongTotal = "F0207", Fault, SenderVendor;
    /// A bundle without control totals.
    MissingTotals = "F0208", Fault, SenderVendor;
    /// More bilag than a message may hold. Values: found, limit.
    TooManyBilag = "F0209", Fault, SenderVendor;
    /// Made in the future. Values: time said, time now.
    CreatedInFuture = "F0210", Fault, SenderVendor;

    // F03nn: a bilag.
    /// Debit and credit differ. Values: debit, credit, difference (øre).
    Unbalanced = "F0301", Fault, Fagomraade;
    /// An amount of nothing.
    ZeroAmount = "F0302", Fault, Fagomraade;
    /// An amount over the limit. Values: amount, limit (øre).
    AmountOverLimit = "F0303", Fault, Fagomraade;
    /// Not Danish kroner. Values: found.
    WrongCurrency = "F0304", Fault, SenderVendor;
    /// No period of that year has the booking date. Values: date, year, kind.
    NoPeriod = "F0305", Fault, Fagomraade;
    /// The period is closed. Values: date, year.
    PeriodClosed = "F0306", Fault, Finance;
    /// More postings than a bilag may hold. Values: found, limit.
    TooManyPostings = "F0307", Fault, SenderVendor;
    /// A line number twice. Values: the number.
    DuplicateLine = "F0308", Fault, SenderVendor;
    /// The sending system has no such facet. Values: facet.
    UnknownFacet = "F0309", Fault, Fagomraade;
    /// No such value in the sortiment. Values: facet, value.
    UnknownValue = "F0310", Fault, Fagomraade;
    /// The value does not hold on the booking date. Values: facet, value, date.
    ValueNotInForce = "F0311", Fault, Fagomraade;
    /// No value in the facet that decides the account. Values: facet.
    MissingKonteringsvalue = "F0312", Fault, Fagomraade;
    /// A facet twice on one posting. Values: facet.
    DuplicateFacet = "F0313", Fault, SenderVendor;
    /// A period that ends before it begins. Values: from, to.
    PeriodReversed = "F0314", Fault, Fagomraade;
    /// The CPR number holds no date.
    CprWithoutDate = "F0315", Fault, Fagomraade;
    /// The CVR number's check digit fails. Values: the number.
    CvrCheckDigit = "F0316", Warning, Fagomraade;
    /// The corrected bilag is not known here. Values: its id.
    CorrectedUnknown = "F0317", Fault, Fagomraade;
    /// The corrected bilag is neither rejected nor refused. Values: its id.
    CorrectedNotOpen = "F0318", Fault, Fagomraade;
    /// The id of the bilag was used for other content. Values: the id.
    BilagReused = "F0319", Fault, SenderVendor;
    /// The same bilag id twice in one message. Values: the id.
    BilagTwice = "F0320", Fault, SenderVendor;
    /// The sum does not fit.
    SumOverflow = "F0321", Fault, SenderVendor;
    /// A text of blanks only. Values: the element.
    BlankText = "F0322", Fault, Fagomraade;
    /// The mapped account is ours to set, not the sender's.
    KonteringNotYours = "F0323", Fault, SenderVendor;

    // F04nn: on the way to the books.
    /// The omsætningstabel has no account for the value on the date. Values: facet, value, date.
    Unmapped = "F0401", Fault, Finance;
    /// No bookkeeping system is set up for the municipality. Values: kommune.
    NoReceiver = "F0402", Fault, Operation;
    /// The ERP maps by itself, and our copy of its table has no account for the value on the
    /// date: it will refuse. Values: facet, value, date.
    RefusalForeseen = "F0403", Warning, Finance;

    // F05nn: from the books.
    /// The books refused. Values: their code, their text.
    RefusedByBooks = "F0501", Fault, Finance;
    /// All attempts were used. Values: number, last reason.
    AttemptsSpent = "F0502", Fault, Operation;
    /// Sent without an answer, and the books could not be asked. Values: last reason.
    NoAnswer = "F0503", Fault, Operation;

    // F09nn: ours.
    /// A bug of ours stopped this message; it is kept and the alarm went.
    Internal = "F0901", Fault, Operation;
    /// The database or the disk is away; try again.
    Unavailable = "F0902", Fault, Operation;
    /// No such thing is known here. Values: what was asked for.
    NotFound = "F0903", Fault, SenderVendor;
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::{FAULTS_MAX, Fault, FaultCode, Place, any_stops, cut, keep};

    #[test]
    fn codes_are_unique_ordered_and_read_back() {
        assert!(
            FaultCode::ALL
                .windows(2)
                .all(|w| w.first().map(|c| c.code()) < w.last().map(|c| c.code()))
        );
        for code in FaultCode::ALL {
            assert_eq!(FaultCode::from_code(code.code()), Some(*code));
        }
    }

    #[test]
    fn path_and_values_are_text_that_every_store_takes() {
        let place = Place::message("RequestHeader/a\0b");
        let fault = Fault::new(
            FaultCode::UnexpectedElement,
            place,
            &[&"\u{1d}\u{1f}\tæ\u{ffff}"],
        );
        assert_eq!(&*fault.place.path, "RequestHeader/a\u{fffd}b");
        let values: Vec<&str> = fault.values.iter().map(|v| &**v).collect();
        assert_eq!(values, ["\u{fffd}\u{fffd}\tæ\u{fffd}"]);
    }

    #[test]
    fn foreign_words_are_masked_and_our_own_values_stay() {
        let foreign = |value: &str| {
            let place = Place::message("Afsendelse/CPR6101011234");
            Fault::foreign(FaultCode::UnknownValue, place, &[&"ydelsesart", &value])
        };
        let fault = foreign("610101-1234");
        assert_eq!(&*fault.place.path, "Afsendelse/CPR610101****");
        assert_eq!(fault.values.last().map(|v| &**v), Some("610101-****"));
        let own = Fault::new(FaultCode::ZeroAmount, Place::message(""), &[&"6101011234"]);
        assert_eq!(own.values.last().map(|v| &**v), Some("6101011234"));
    }

    #[test]
    fn lists_are_bounded_and_never_lose_the_only_fault_that_stops() {
        let fault = |code| Fault::new(code, Place::message(""), &[]);
        let (warning, stop) = (FaultCode::CvrCheckDigit, FaultCode::ZeroAmount);
        let mut faults = Vec::new();
        for _ in 0..FAULTS_MAX * 2 {
            keep(&mut faults, fault(warning));
        }
        assert!(faults.len() == FAULTS_MAX && !any_stops(&faults));
        keep(&mut faults, fault(stop));
        assert!(faults.len() == FAULTS_MAX && any_stops(&faults));
        cut(&mut faults, 3);
        assert!(faults.len() == 3 && any_stops(&faults));
        cut(&mut faults, 0);
        assert!(faults.len() == 1 && any_stops(&faults));
    }
}
