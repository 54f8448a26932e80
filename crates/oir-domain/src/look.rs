//! Looks at personal numbers: what somebody must say before they get one, how often they
//! may search by one, and which looks an auditor is given to review.
//!
//! A look is written down before it is answered. What is written never holds a number: the
//! number looked for is not kept in any form, since every digest of ten digits can be
//! reversed by trying them all.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::masking::mask_text;
use crate::party::Cpr;

/// The shortest explanation, characters: a case number and a word fit, a full stop does not.
pub const EXPLANATION_MIN: usize = 10;
/// The longest, characters: a reviewer reads hundreds.
pub const EXPLANATION_MAX: usize = 300;

/// Most searches by number of one person within [`SEARCH_SPELL`]: a case worker on the
/// telephone makes one in a few minutes.
pub const SEARCHES_PER_SPELL: usize = 20;
/// See [`SEARCHES_PER_SPELL`].
pub const SEARCH_SPELL: SignedDuration = SignedDuration::from_mins(10);
/// Most searches of one person within [`SEARCH_DAY`]: a busy day of a service desk.
pub const SEARCHES_PER_DAY: usize = 100;
/// See [`SEARCHES_PER_DAY`].
pub const SEARCH_DAY: SignedDuration = SignedDuration::from_hours(24);

/// The most looks in one sample: a day's work for a reviewer.
pub const SAMPLE_MAX: usize = 200;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LookKind {
    /// The numbers of one bilag, in its postings and in its message.
    Unmasked,
    /// The bilag of one person, found by their number.
    LookedUp,
}

impl LookKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Unmasked, Self::LookedUp];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unmasked => "unmasked",
            Self::LookedUp => "looked_up",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a number is needed for, of a closed list that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A person asks about their own matter.
    Inquiry,
    /// A fault of the bilag is being put right.
    Correction,
    /// The accounts of a day or a period are being brought to agree.
    Reconciliation,
    /// A request for access to one's own data, a complaint, an authority's request.
    Request,
    /// Something else, which the explanation says.
    Other,
}

impl Reason {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 5] = [
        Self::Inquiry,
        Self::Correction,
        Self::Reconciliation,
        Self::Request,
        Self::Other,
    ];

    /// The word in forms and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inquiry => "henvendelse",
            Self::Correction => "fejlretning",
            Self::Reconciliation => "afstemning",
            Self::Request => "indsigt",
            Self::Other => "andet",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// Why somebody needs to see a number: a reason and an explanation in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    reason: Reason,
    explanation: Box<str>,
}

/// What is wrong with a purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PurposeFault {
    /// No reason of the list.
    NoReason,
    /// Shorter than [`EXPLANATION_MIN`], blanks at the ends not counted.
    TooShort,
    /// Longer than [`EXPLANATION_MAX`].
    TooLong,
    /// It names a personal number, which would stand in the log for ever.
    NamesPerson,
}

impl Purpose {
    /// A purpose from a form: the reason's word and what was written.
    ///
    /// # Errors
    /// Everything that is wrong with it, so that a form says it all at once.
    ///
    /// ```
    /// use oir_domain::look::{Purpose, PurposeFault};
    /// assert!(Purpose::try_new("fejlretning", "Ret part på linje 2").is_ok());
    /// let faults = Purpose::try_new("", "kort").unwrap_err();
    /// assert_eq!(faults, [PurposeFault::NoReason, PurposeFault::TooShort]);
    /// ```
    pub fn try_new(reason: &str, explanation: &str) -> Result<Self, Vec<PurposeFault>> {
        // One line, whatever was pasted: the log and its files have lines.
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let explanation: String = explanation.chars().map(shown).collect();
        let explanation = explanation.trim();
        let mut faults = Vec::new();
        let reason = Reason::from_word(reason);
        if reason.is_none() {
            faults.push(PurposeFault::NoReason);
        }
        match explanation.chars().count() {
            0..EXPLANATION_MIN => faults.push(PurposeFault::TooShort),
            EXPLANATION_MIN..=EXPLANATION_MAX => {}
            _ => faults.push(PurposeFault::TooLong),
        }
        if mask_text(explanation) != explanation {
            faults.push(PurposeFault::NamesPerson);
        }
        match reason {
            Some(reason) if faults.is_empty() => Ok(Self {
                reason,
                explanation: explanation.into(),
            }),
            _ => Err(faults),
        }
    }

    /// The purpose that was kept; the database holds what the constructor let through.
    #[must_use]
    pub const fn kept(reason: Reason, explanation: Box<str>) -> Self {
        Self {
            reason,
            explanation,
        }
    }

    /// The reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// In their own words; no personal number, one line.
    #[must_use]
    pub fn explanation(&self) -> &str {
        &self.explanation
    }
}

/// Reads a personal number as people write it: ten digits, with a hyphen or blanks between
/// or around them.
#[must_use]
pub fn read_number(text: &str) -> Option<Cpr> {
    let mark =
        |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let digits: String = text.chars().filter(|c| !mark(c)).collect();
    let cpr: Cpr = digits.parse().ok()?;
    cpr.has_a_date().then_some(cpr)
}

/// Too many searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// When the next one is allowed.
    pub again: Timestamp,
}

/// Whether somebody may search by number now, who did so at these instants of the last
/// [`SEARCH_DAY`], in any order.
///
/// # Errors
/// [`TooMany`] with the instant at which the next search is allowed.
pub fn may_search(earlier: &[Timestamp], now: Timestamp) -> Result<(), TooMany> {
    let mut newest_first = earlier.to_vec();
    newest_first.sort_unstable_by(|a, b| b.cmp(a));
    let limits = [
        (SEARCHES_PER_SPELL, SEARCH_SPELL),
        (SEARCHES_PER_DAY, SEARCH_DAY),
    ];
    let mut again = now;
    for (most, within) in limits {
        // The search that must be old enough before there may be another.
        let oldest = most.checked_sub(1).and_then(|n| newest_first.get(n));
        let free = oldest.and_then(|at| at.checked_add(within).ok());
        again = again.max(free.unwrap_or(now));
    }
    if again > now {
        return Err(TooMany { again });
    }
    Ok(())
}

/// Draws a sample: the `size` looks whose numbers, mixed with the seed, come to the least.
/// Whoever has the seed and the numbers draws the same ones, in whatever order they stand;
/// who does not know the seed beforehand cannot know which ones it will be.
///
/// The mixing is SplitMix64's (Steele, Lea, Flood: *Fast splittable pseudorandom number
/// generators*, 2014). Gives the numbers in ascending order.
#[must_use]
pub fn draw(seed: u64, looks: &[u64], size: usize) -> Vec<u64> {
    let mut ranked: Vec<(u64, u64)> = looks.iter().map(|n| (mixed(seed, *n), *n)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    let mut drawn: Vec<u64> = ranked.into_iter().take(size).map(|(_, n)| n).collect();
    drawn.sort_unstable();
    drawn
}

fn mixed(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Days, both counted in, as instants: from the first's midnight until before the midnight
/// after the last. Nothing when they are not in order.
#[must_use]
pub fn period(first: Date, last: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| zone.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let until = midnight(last.tomorrow().ok()?)?;
    (first <= last).then_some((midnight(first)?, until))
}

/// What an auditor makes of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// In order.
    Sound,
    /// Must be looked into.
    Doubtful,
    /// Not in order.
    Unsound,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sound, Self::Doubtful, Self::Unsound];

    /// The word in forms and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sound => "i_orden",
            Self::Doubtful => "undersoeges",
            Self::Unsound => "ikke_i_orden",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// Whether it must be explained: everything but that all is well.
    #[must_use]
    pub const fn needs_note(self) -> bool {
        !matches!(self, Self::Sound)
    }
}

#[cfg(test)]
#[path = "look/tests.rs"]
mod tests;
