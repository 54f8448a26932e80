//! The question of the list: every parameter judged, all faults at once.

use std::fmt::Display;
use std::str::FromStr;

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::BilagId;
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_flow::ports::views::{BilagFilter, BilagLine};
use oir_wire::finans::message::Tilstand;

/// Lines on a page, unless asked otherwise.
const LIMIT: u32 = 100;
/// Most lines on a page.
const LIMIT_MAX: u32 = 500;
/// Longest text searched for, in characters.
const TEXT_MAX: usize = 100;

/// What is asked for.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) filter: BilagFilter,
    pub(super) after: Option<BilagId>,
    pub(super) limit: u32,
}

impl Question {
    /// Reads the parameters of an address.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let mut question = Self {
            filter: BilagFilter::default(),
            after: None,
            limit: LIMIT,
        };
        let mut faults = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in pairs {
            if seen.contains(&name.as_str()) {
                faults.push(unexpected(name, &"samme navn én gang"));
            } else if let Err(fault) = question.take(name, value) {
                faults.push(fault);
            }
            seen.push(name);
        }
        if faults.is_empty() {
            Ok(question)
        } else {
            Err(faults)
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        let filter = &mut self.filter;
        match name {
            "kommunekode" => filter.kommune = Some(parsed(name, "4 cifre", kommune(value))?),
            "afsenderSystem" => filter.fagsystem = Some(parsed(name, "en UUID", own(value))?),
            "tilstand" => {
                let known = StateName::ALL
                    .into_iter()
                    .find(|state| Tilstand::from(*state).word() == value);
                filter.states = vec![parsed(name, "en af kontraktens tilstande", known)?];
            }
            "fra" => filter.from = Some(parsed(name, "en dato: ÅÅÅÅ-MM-DD", day(value))?),
            "til" => filter.to = Some(parsed(name, "en dato: ÅÅÅÅ-MM-DD", day(value))?),
            "tekst" => {
                let fits = (1..=TEXT_MAX).contains(&value.chars().count()) && !value.contains('\0');
                let text = fits.then(|| value.into());
                filter.text = Some(parsed(name, "1 til 100 tegn", text)?);
            }
            "fejlkode" => {
                let code = FaultCode::from_code(value);
                filter.fault = Some(parsed(name, "en kendt fejlkode", code)?);
            }
            "antal" => {
                let number = own(value).filter(|n| (1..=LIMIT_MAX).contains(n));
                self.limit = parsed(name, "et tal fra 1 til 500", number)?;
            }
            "efter" => self.after = Some(parsed(name, "Naeste fra en side", own(value))?),
            _ => return Err(unexpected(name, &"en parameter fra beskrivelsen")),
        }
        Ok(())
    }
}

fn own<T: FromStr>(value: &str) -> Option<T> {
    value.parse().ok()
}

/// A kommunekode: four digits and nothing else.
pub(in crate::machine) fn kommune(value: &str) -> Option<Kommunekode> {
    let digits = value.len() == 4 && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| own(value).map(Kommunekode))?
}

fn day(value: &str) -> Option<jiff::civil::Date> {
    (value.len() == 10).then(|| own(value))?
}

/// What was read of a parameter; or that it is not of the form wanted.
pub(in crate::machine) fn parsed<T>(name: &str, form: &str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| wrong(name, &form))
}

/// A parameter that is not of the form wanted.
pub(in crate::machine) fn wrong(name: &str, form: &dyn Display) -> Fault {
    Fault::new(FaultCode::WrongForm, place(name), &[form])
}

/// A parameter that does not belong there.
pub(in crate::machine) fn unexpected(name: &str, expected: &dyn Display) -> Fault {
    let shown = shown(name);
    Fault::new(
        FaultCode::UnexpectedElement,
        place(name),
        &[&shown, expected],
    )
}

/// What was asked, as it may stand in an answer: short, and of characters that can be shown.
pub(in crate::machine) fn shown(text: &str) -> String {
    let sound = |c: char| {
        if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().take(80).map(sound).collect()
}

fn place(name: &str) -> Place {
    Place::message(&format!("?{}", shown(name)))
}

/// Where the page after this line begins.
pub(super) fn cursor(line: &BilagLine) -> String {
    line.id.to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::Question;

    #[test]
    fn a_question_is_read_whole_and_all_its_faults_come_at_once() {
        let read = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
            Question::read(&pairs.collect::<Vec<_>>())
        };
        let question = read(&[("tekst", "a b"), ("antal", "7"), ("tilstand", "BOGFOERT")]);
        let question = question.unwrap();
        assert_eq!(question.filter.text.as_deref(), Some("a b"));
        assert_eq!(question.limit, 7);
        let faults = read(&[
            ("kommunekode", "791"),
            ("antal", "0"),
            ("foo", "1"),
            ("fra", "x"),
            ("fra", "y"),
        ])
        .unwrap_err();
        let found: Vec<(&str, &str)> = faults
            .iter()
            .map(|f| (f.code.code(), &*f.place.path))
            .collect();
        let expected = [
            ("F0103", "?kommunekode"),
            ("F0103", "?antal"),
            ("F0101", "?foo"),
            ("F0103", "?fra"),
            ("F0101", "?fra"),
        ];
        assert_eq!(found, expected);
    }
}
