//! The Danish words for faults: what is wrong, and what the reader does about it.
//!
//! Texts hold places for a fault's values: `{0}` as it is, `{0:kr}` an amount in øre as
//! kroner, `{0:dag}` a day in figures. The order of values is the catalogue's.

mod alarms;
mod klasse;
pub mod kontoplan;
pub mod omsaetning;
mod texts;

use oir_domain::fault::{Fault, FaultCode};

use crate::xml::XmlErrorKind;

pub use alarms::{alarm_remedy, alarm_text, alarm_title, headline, severity};
pub use klasse::klasse_fault;

/// A fault's texts.
struct Words {
    title: &'static str,
    text: &'static str,
    remedy: &'static str,
}

/// What a code means, in a few words without values.
#[must_use]
pub fn title(code: FaultCode) -> &'static str {
    texts::words(code).title
}

/// What is wrong, as a sentence with the fault's values.
#[must_use]
pub fn text(fault: &Fault) -> String {
    filled(texts::words(fault.code).text, &fault.values)
}

/// What to do about it, said to whoever can ([`FaultCode::responsible`]).
#[must_use]
pub fn remedy(code: FaultCode) -> &'static str {
    texts::words(code).remedy
}

/// The sentence with its places, for the list of all faults.
#[must_use]
pub fn pattern(code: FaultCode) -> &'static str {
    texts::words(code).text
}

/// Puts values into their places; a place without a value shows a dash.
fn filled(pattern: &str, values: &[Box<str>]) -> String {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((place, following)) = after.split_once('}') else {
            break;
        };
        let (number, form) = place.split_once(':').unwrap_or((place, ""));
        let value = number.parse::<usize>().ok().and_then(|n| values.get(n));
        match value {
            Some(value) => out.push_str(&formed(value, form)),
            None => out.push('–'),
        }
        // "kr." at the end of a sentence has the sentence's full stop in it.
        rest = match (out.ends_with('.'), following.strip_prefix('.')) {
            (true, Some(after)) => after,
            _ => following,
        };
    }
    out.push_str(rest);
    out
}

fn formed(value: &str, form: &str) -> String {
    match form {
        "kr" => kroner(value).unwrap_or_else(|| value.to_owned()),
        "dag" => day(value).unwrap_or_else(|| value.to_owned()),
        _ => value.to_owned(),
    }
}

/// A whole number as `1.234`.
#[must_use]
pub fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

/// `123456` øre as `1.234,56 kr.`; none when it is no whole number.
#[must_use]
pub fn kroner(oere: &str) -> Option<String> {
    let (sign, digits) = match oere.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", oere),
    };
    let oere: u64 = digits.parse().ok()?;
    let whole = whole(oere / 100);
    Some(format!("{sign}{whole},{:02} kr.", oere % 100))
}

/// `2026-11-18` as `18.11.2026`; none when it is no date.
#[must_use]
pub fn day(iso: &str) -> Option<String> {
    let day: jiff::civil::Date = iso.parse().ok()?;
    Some(format!(
        "{:02}.{:02}.{}",
        day.day(),
        day.month(),
        day.year()
    ))
}

/// Why a text is not XML.
#[must_use]
pub fn xml_error(kind: XmlErrorKind) -> &'static str {
    match kind {
        XmlErrorKind::Encoding => "teksten er ikke UTF-8",
        XmlErrorKind::Doctype => "en dokumenttype er ikke tilladt",
        XmlErrorKind::Character => "et tegn, som XML ikke tillader",
        XmlErrorKind::UnexpectedEnd => "teksten slutter for tidligt",
        XmlErrorKind::Markup => "fejl i opmærkningen",
        XmlErrorKind::Declaration => "fejl i XML-erklæringen",
        XmlErrorKind::Name => "et navn er ikke gyldigt",
        XmlErrorKind::EndTag => "et sluttag passer ikke til sit starttag",
        XmlErrorKind::Attribute => "fejl i en attribut",
        XmlErrorKind::DuplicateAttribute => "samme attribut to gange",
        XmlErrorKind::Reference => "en reference, der ikke er defineret (skriv & som &amp;)",
        XmlErrorKind::CdataEnd => "']]>' i almindelig tekst",
        XmlErrorKind::Comment => "'--' inde i en kommentar",
        XmlErrorKind::Instruction => "fejl i en behandlingsinstruktion",
        XmlErrorKind::Prefix => "et præfiks uden navnerum",
        XmlErrorKind::Root => "der skal være netop ét yderste element",
        XmlErrorKind::Limit => "for dybt eller for mange attributter",
    }
}

#[cfg(test)]
mod tests {
    use super::{filled, pattern, remedy, text, title};
    use oir_domain::fault::{Fault, FaultCode, Place};

    #[test]
    fn every_code_has_words_that_end_as_sentences() {
        for code in FaultCode::ALL {
            assert!(
                !title(*code).is_empty() && !title(*code).ends_with('.'),
                "{code}"
            );
            for sentence in [pattern(*code), remedy(*code)] {
                assert!(
                    sentence.ends_with('.') && sentence.len() > 15,
                    "{code}: {sentence}"
                );
                assert!(!sentence.contains('!'), "{code} shouts");
            }
        }
    }

    #[test]
    fn values_go_to_their_places_and_missing_ones_show() {
        for code in FaultCode::ALL {
            let fault = Fault::new(*code, Place::default(), &[&1, &2, &3]);
            assert!(!text(&fault).contains(['{', '}']), "{code}");
            let bare = Fault::new(*code, Place::default(), &[]);
            assert!(!text(&bare).contains(['{', '}']), "{code}");
        }
        assert_eq!(filled("{0} og {1}.", &["a".into()]), "a og –.");
    }

    #[test]
    fn amounts_and_days_are_danish() {
        let values = ["123456789".into(), "2026-11-18".into(), "-5".into()];
        let filled = filled("{0:kr} {1:dag} {2:kr}", &values);
        assert_eq!(filled, "1.234.567,89 kr. 18.11.2026 -0,05 kr.");
        assert_eq!(
            super::filled("I alt {0:kr}.", &["100".into()]),
            "I alt 1,00 kr."
        );
    }
}
