//! A table that is a page's and a workbook's at once: what is shown, and what is kept of it
//! as a number or an instant.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::danish_format::{instant_short, whole};
use crate::masking::mask_text;

/// One table.
#[derive(Debug)]
pub(super) struct Table {
    /// Its name on the page and in the workbook.
    pub(super) id: &'static str,
    pub(super) caption: &'static str,
    /// What is said when there is no line.
    pub(super) empty: &'static str,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) heading: &'static str,
    /// Whether it holds figures, which stand to the right.
    pub(super) figure: bool,
}

/// A column of words.
pub(super) const fn words(heading: &'static str) -> Column {
    Column {
        heading,
        figure: false,
    }
}

/// A column of figures.
pub(super) const fn figures(heading: &'static str) -> Column {
    Column {
        heading,
        figure: true,
    }
}

/// What a workbook keeps of a cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kept {
    Text,
    Number(u64),
    Instant(DateTime),
}

/// One cell.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) shown: String,
    pub(super) href: Option<String>,
    /// The design system's weight, for a badge.
    pub(super) weight: Option<&'static str>,
    pub(super) kept: Kept,
}

impl Cell {
    /// Words of ours.
    pub(super) fn text(shown: impl Into<String>) -> Self {
        Self {
            shown: shown.into(),
            href: None,
            weight: None,
            kept: Kept::Text,
        }
    }

    /// Words that somebody wrote or a partner said.
    pub(super) fn foreign(shown: &str) -> Self {
        Self::text(mask_text(shown))
    }

    /// Nothing.
    pub(super) fn dash() -> Self {
        Self::text("–")
    }

    pub(super) fn number(number: u64) -> Self {
        Self {
            kept: Kept::Number(number),
            ..Self::text(whole(number))
        }
    }

    pub(super) fn instant(at: Timestamp, zone: &TimeZone) -> Self {
        Self {
            kept: Kept::Instant(zone.to_datetime(at)),
            ..Self::text(instant_short(at, zone))
        }
    }

    pub(super) fn instant_or(at: Option<Timestamp>, zone: &TimeZone, otherwise: &str) -> Self {
        match at {
            Some(at) => Self::instant(at, zone),
            None => Self::text(otherwise),
        }
    }

    pub(super) fn badge(shown: &str, weight: &'static str) -> Self {
        Self {
            weight: Some(weight),
            ..Self::text(shown)
        }
    }

    /// The same, leading somewhere.
    pub(super) fn to(self, href: String) -> Self {
        Self {
            href: Some(href),
            ..self
        }
    }
}
