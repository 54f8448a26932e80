//! The real names: municipalities and functions, read from the project's data files, which
//! are built into the program. Knows nothing of messages.

use std::collections::HashMap;

use oir_domain::party::{Cvr, Kommunekode};

const KOMMUNER: &str = include_str!("../../../data/kommuner.csv");
const FUNKTIONER: &str = include_str!("../../../data/kontoplan_funktioner.csv");

/// The ten of an ordinary demo, with their rough number of citizens in thousands: how much
/// of the day is theirs. Large, middling and the smallest, from all over the country.
const FIRST: [(u16, u64); 10] = [
    (101, 660),
    (751, 370),
    (851, 224),
    (461, 210),
    (561, 116),
    (147, 105),
    (740, 101),
    (791, 97),
    (779, 45),
    (825, 2),
];

/// Weight of the others: a municipality has some 60,000 citizens on average, those that
/// are not among the ten some 45,000.
const ORDINARY_WEIGHT: u64 = 45;

/// A real municipality.
#[derive(Debug, Clone)]
pub(crate) struct Kommune {
    pub(crate) kode: Kommunekode,
    pub(crate) cvr: Cvr,
    pub(crate) navn: Box<str>,
    /// How much of the day is theirs, relative to the others.
    pub(crate) weight: u64,
}

/// The first so many municipalities: the ten first, then the rest by code. At least one.
pub(crate) fn kommuner(count: usize) -> Vec<Kommune> {
    let mut all: Vec<Kommune> = rows(KOMMUNER).filter_map(|row| kommune(&row)).collect();
    let place = |k: &Kommune| {
        let first = FIRST.iter().position(|(kode, _)| *kode == k.kode.0);
        (first.unwrap_or(FIRST.len()), k.kode)
    };
    all.sort_by_key(place);
    all.truncate(count.max(1));
    all
}

fn kommune(row: &[String]) -> Option<Kommune> {
    let kode = Kommunekode(row.first()?.parse().ok()?);
    let weight = FIRST.iter().find(|(k, _)| *k == kode.0);
    Some(Kommune {
        kode,
        navn: row.get(1)?.as_str().into(),
        cvr: row.get(2)?.parse().ok()?,
        weight: weight.map_or(ORDINARY_WEIGHT, |(_, weight)| *weight),
    })
}

/// The functions' names by code, e.g. `5.57.71`.
pub(crate) fn funktioner() -> HashMap<String, String> {
    rows(FUNKTIONER)
        .filter_map(|row| Some((row.first()?.clone(), row.get(2)?.clone())))
        .collect()
}

/// The rows below the heading, as fields.
fn rows(text: &'static str) -> impl Iterator<Item = Vec<String>> {
    text.lines().skip(1).map(fields)
}

/// Splits at semicolons that are not between quotes. The files have no doubled quotes and
/// no line breaks inside a field.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ';' if !quoted => fields.push(String::new()),
            _ => {
                if let Some(field) = fields.last_mut() {
                    field.push(sign);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{fields, funktioner, kommuner};

    #[test]
    fn the_files_hold_98_municipalities_and_the_functions_we_use() {
        let all = kommuner(1_000);
        assert_eq!(all.len(), 98);
        assert!(all.iter().all(|k| k.cvr.check_digit_holds()));
        let names: Vec<&str> = all.iter().take(10).map(|k| &*k.navn).collect();
        assert_eq!(names.first(), Some(&"København"));
        assert!(names.contains(&"Viborg") && names.contains(&"Skive"));
        assert_eq!(kommuner(0).len(), 1);
        let names = funktioner();
        assert_eq!(
            names.get("5.57.71").map(String::as_str),
            Some("Sygedagpenge")
        );
    }

    #[test]
    fn a_quoted_semicolon_does_not_split() {
        assert_eq!(fields("a;\"b;c\";"), ["a", "b;c", ""]);
    }
}
