//! What a cell says of a facet: `1234` is that value, `a | b | c` one of them, `12*` what begins
//! so, `10 - 19` from the one to the other. A value with such signs in it is in quotation marks.

use std::fmt::Write as _;

use oir_domain::omsaetning::Condition;

/// Why a cell cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// A quotation mark without its mate, or one in the middle of a value.
    Quotes,
    /// An asterisk that is not at the end, or in a list or range.
    Asterisk,
    /// No value where there must be one.
    Empty,
    /// A list and a range in one, or a range of three.
    Mixed,
}

impl Unread {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Quotes => "et anførselstegn mangler sin makker eller står midt i en værdi",
            Self::Asterisk => "en stjerne kan kun stå sidst i en værdi, der står alene",
            Self::Empty => "der mangler en værdi",
            Self::Mixed => "en liste og et interval kan ikke blandes",
        }
    }
}

/// A value, and whether an asterisk follows.
struct Operand {
    text: Box<str>,
    open: bool,
}

/// Between the ends of a range.
const TO: &str = " - ";

/// Reads a cell that is not empty.
pub(super) fn parse(cell: &str) -> Result<Condition, Unread> {
    let mut rest = cell.trim();
    let first = operand(&mut rest)?;
    if let Some(after) = rest.strip_prefix(TO) {
        rest = after;
        let last = operand(&mut rest)?;
        return match (first.open || last.open, rest.trim()) {
            (true, _) => Err(Unread::Asterisk),
            (false, "") => Ok(Condition::Range(first.text, last.text)),
            (false, _) => Err(Unread::Mixed),
        };
    }
    rest = rest.trim_start();
    if rest.is_empty() {
        return Ok(if first.open {
            Condition::Prefix(first.text)
        } else {
            Condition::Is(first.text)
        });
    }
    let mut values = vec![first];
    while let Some(after) = rest.strip_prefix('|') {
        rest = after.trim_start();
        // `a |` is a list of one.
        if rest.is_empty() && values.len() == 1 {
            break;
        }
        values.push(operand(&mut rest)?);
        if rest.starts_with(TO) {
            return Err(Unread::Mixed);
        }
        rest = rest.trim_start();
    }
    if !rest.is_empty() {
        return Err(Unread::Quotes);
    }
    if values.iter().any(|value| value.open) {
        return Err(Unread::Asterisk);
    }
    let values = values.into_iter().map(|value| value.text);
    Ok(Condition::OneOf(values.collect()))
}

fn operand(rest: &mut &str) -> Result<Operand, Unread> {
    *rest = rest.trim_start();
    if let Some(after) = rest.strip_prefix('"') {
        return in_quotes(after, rest);
    }
    let ends = [rest.find('|'), rest.find(TO)];
    let end = ends.into_iter().flatten().min().unwrap_or(rest.len());
    let (value, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after;
    let value = value.trim();
    let text = value.strip_suffix('*').unwrap_or(value);
    if text.contains('"') {
        return Err(Unread::Quotes);
    }
    if text.contains('*') {
        return Err(Unread::Asterisk);
    }
    if text.is_empty() {
        return Err(Unread::Empty);
    }
    Ok(Operand {
        text: text.into(),
        open: text.len() < value.len(),
    })
}

/// The rest of a value in quotation marks; a mark in it is written twice.
fn in_quotes<'t>(mut after: &'t str, rest: &mut &'t str) -> Result<Operand, Unread> {
    let mut text = String::new();
    loop {
        let (part, behind) = after.split_once('"').ok_or(Unread::Quotes)?;
        text.push_str(part);
        match behind.strip_prefix('"') {
            Some(more) => {
                text.push('"');
                after = more;
            }
            None => {
                after = behind;
                break;
            }
        }
    }
    let open = after.starts_with('*');
    *rest = after.strip_prefix('*').unwrap_or(after);
    if text.is_empty() {
        return Err(Unread::Empty);
    }
    Ok(Operand {
        text: text.into(),
        open,
    })
}

/// Writes a condition as a cell.
pub(super) fn written(condition: &Condition) -> String {
    match condition {
        Condition::Is(value) => quoted(value),
        Condition::Prefix(start) => format!("{}*", quoted(start)),
        Condition::Range(first, last) => format!("{}{TO}{}", quoted(first), quoted(last)),
        Condition::OneOf(values) => {
            let mut text = String::new();
            for (place, value) in values.iter().enumerate() {
                let between = if place == 0 { "" } else { " | " };
                // Writing to a string cannot fail.
                let _ = write!(text, "{between}{}", quoted(value));
            }
            if values.len() == 1 {
                text.push_str(" |");
            }
            text
        }
    }
}

/// A value as it stands, or in quotation marks when it could be read as something else.
fn quoted(value: &str) -> String {
    let spaced = value.contains('-') && value.contains(char::is_whitespace);
    let dashed = value.starts_with('-') || value.ends_with('-');
    let signs = value.contains(['|', '*', '"']);
    if signs || spaced || dashed || value.trim() != value {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Unread, parse, written};
    use oir_domain::omsaetning::Condition;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Box<str>> {
        "[-a1 |*\"'=ø]{1,5}".prop_map(Into::into)
    }

    fn condition() -> impl Strategy<Value = Condition> {
        prop_oneof![
            value().prop_map(Condition::Is),
            value().prop_map(Condition::Prefix),
            proptest::collection::vec(value(), 1..4).prop_map(Condition::OneOf),
            (value(), value()).prop_map(|(a, b)| Condition::Range(a, b)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(condition in condition()) {
            prop_assert_eq!(parse(&written(&condition)), Ok(condition));
        }

        #[test]
        fn what_is_read_is_written_so_that_it_reads_the_same(cell in "[-a1 |*\"]{1,9}") {
            if let Ok(condition) = parse(&cell) {
                prop_assert_eq!(parse(&written(&condition)), Ok(condition));
            }
        }
    }

    #[test]
    fn a_cell_reads_as_people_write_it() {
        let one_of = |all: &[&str]| Condition::OneOf(all.iter().map(|v| (*v).into()).collect());
        let cases = [
            ("1234", Condition::Is("1234".into())),
            ("32.18-05", Condition::Is("32.18-05".into())),
            ("a|b | c", one_of(&["a", "b", "c"])),
            ("12*", Condition::Prefix("12".into())),
            ("10 - 19", Condition::Range("10".into(), "19".into())),
            ("\"10 - 19\"", Condition::Is("10 - 19".into())),
            ("\"a\"\"b\"", Condition::Is("a\"b".into())),
        ];
        for (cell, condition) in cases {
            assert_eq!(parse(cell), Ok(condition), "{cell}");
        }
        let unread = [
            ("*", Unread::Empty),
            ("1*2", Unread::Asterisk),
            ("1* | 2", Unread::Asterisk),
            ("a | | b", Unread::Empty),
            ("\"a", Unread::Quotes),
            ("\"a\" b", Unread::Quotes),
            ("1 - 2 | 3", Unread::Mixed),
            ("1 - 2 - 3", Unread::Mixed),
        ];
        for (cell, why) in unread {
            assert_eq!(parse(cell), Err(why), "{cell}");
        }
    }
}
