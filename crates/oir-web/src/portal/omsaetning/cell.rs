//! What a cell says of one facet, as spreadsheets and the form have it.

use oir_domain::omsaetning::Condition;

/// Reads a cell; an empty one asks nothing.
pub(super) fn read(text: &str) -> Result<Option<Condition>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some((first, last)) = text.split_once(" - ") {
        return Ok(Some(Condition::Range(first.trim().into(), last.trim().into())));
    }
    if text.contains('|') {
        let values = text.split('|').map(|value| value.trim().into());
        return Ok(Some(Condition::OneOf(values.collect())));
    }
    Ok(Some(match text.strip_suffix('*') {
        Some(start) => Condition::Prefix(start.into()),
        None => Condition::Is(text.into()),
    }))
}

/// Writes a condition as it is read.
pub(super) fn write(condition: &Condition) -> String {
    match condition {
        Condition::Is(value) => value.to_string(),
        Condition::OneOf(values) => values.join(" | "),
        Condition::Prefix(start) => format!("{start}*"),
        Condition::Range(first, last) => format!("{first} - {last}"),
    }
}
