//! Guides: how an error is corrected at the source, which is another matter in every
//! fagsystem.
//!
//! A guide stands at a place: for the whole country or for one municipality, for a fagsystem,
//! for every fault or for one code. What somebody is shown is the nearest one: a municipality's
//! own words go before the country's, and the code's before the general ones.

use jiff::Timestamp;

use crate::access::Scope;
use crate::fault::FaultCode;
use crate::ids::FagsystemId;
use crate::masking::mask_text;
use crate::party::Kommunekode;

/// Longest text, characters: some ten printed pages. A guide that is longer is not read.
pub const BODY_MAX: usize = 20_000;
/// Longest word on what was changed, characters.
pub const NOTE_MAX: usize = 200;

/// A way in which a fagsystem can correct what it sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Put right what was wrong and send again; the new bilag names the old one.
    Resend,
    /// Cancel in the fagsystem and make a new one there.
    CancelAndNew,
    /// By hand, outside the fagsystem.
    ByHand,
}

impl Way {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Resend, Self::CancelAndNew, Self::ByHand];

    /// Its word in forms and in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::CancelAndNew => "cancel-and-new",
            Self::ByHand => "by-hand",
        }
    }

    /// The way with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }
}

/// What a guide is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuidePlace {
    /// Whose words they are; none = the whole country's.
    pub kommune: Option<Kommunekode>,
    /// Where the error is corrected.
    pub fagsystem: FagsystemId,
    /// Which fault; none = all that have no guide of their own.
    pub code: Option<FaultCode>,
}

impl GuidePlace {
    /// Whether somebody who sees that much may read it: the country's are for everybody.
    #[must_use]
    pub fn is_seen(&self, scope: &Scope) -> bool {
        let own = |kommune| scope.covers(kommune, Some(self.fagsystem));
        self.kommune.is_none_or(own)
    }

    /// Whether somebody with that right to write may write here. A municipality's words are
    /// written in that municipality only, and the country's only by those whose right covers
    /// the country: neither writes in the other's name.
    #[must_use]
    pub fn is_writable(&self, scope: &Scope) -> bool {
        scope.patches().iter().any(|patch| {
            let here = patch.fagsystem.is_none_or(|own| own == self.fagsystem);
            patch.kommune == self.kommune && here
        })
    }
}

/// A version of a guide without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuideHead {
    /// What it is about.
    pub place: GuidePlace,
    /// From 1 without gaps; every version is kept.
    pub version: u32,
    /// When it was written.
    pub at: Timestamp,
    /// By whom: the identity provider's name for them.
    pub subject: Box<str>,
    /// Their name then.
    pub navn: Box<str>,
    /// What the fagsystem can do, in the order of [`Way::ALL`].
    pub ways: Vec<Way>,
    /// What was changed.
    pub note: Box<str>,
    /// Whether this version took the guide away.
    pub withdrawn: bool,
}

/// A version of a guide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    /// Who wrote it, when and where.
    pub head: GuideHead,
    /// Markdown; empty when withdrawn.
    pub body: Box<str>,
}

/// The places where a guide is looked for, the nearest first.
#[must_use]
pub fn chain(
    kommune: Option<Kommunekode>,
    fagsystem: FagsystemId,
    code: Option<FaultCode>,
) -> Vec<GuidePlace> {
    let mut places = Vec::new();
    let owners = kommune.map(Some).into_iter().chain([None]);
    for kommune in owners {
        let codes = code.map(Some).into_iter().chain([None]);
        places.extend(codes.map(|code| GuidePlace {
            kommune,
            fagsystem,
            code,
        }));
    }
    places
}

/// The guide that holds, among the newest versions of guides; none = nobody has written one.
#[must_use]
pub fn resolve(
    heads: &[GuideHead],
    kommune: Option<Kommunekode>,
    fagsystem: FagsystemId,
    code: Option<FaultCode>,
) -> Option<&GuideHead> {
    chain(kommune, fagsystem, code).iter().find_map(|place| {
        heads
            .iter()
            .find(|head| head.place == *place && !head.withdrawn)
    })
}

/// What cannot be kept of a text that somebody wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFault {
    /// There is no text.
    NoBody,
    /// The text is longer than [`BODY_MAX`].
    BodyTooLong,
    /// A number in it looks like a person's.
    PersonInBody,
    /// Nothing is said about what was changed.
    NoNote,
    /// More is said about it than [`NOTE_MAX`].
    NoteTooLong,
    /// A number in it looks like a person's.
    PersonInNote,
}

/// A text that may become a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    ways: Vec<Way>,
    body: Box<str>,
    note: Box<str>,
}

impl Draft {
    /// Takes what somebody wrote. Line ends become single ones, and what no text holds is
    /// left out.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn try_new(ways: &[Way], body: &str, note: &str) -> Result<Self, Vec<DraftFault>> {
        let (body, mut faults) = (sound(body), Vec::new());
        if body.trim().is_empty() {
            faults.push(DraftFault::NoBody);
        }
        if body.chars().count() > BODY_MAX {
            faults.push(DraftFault::BodyTooLong);
        }
        if mask_text(&body) != body {
            faults.push(DraftFault::PersonInBody);
        }
        let note = checked_note(note, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        let known = |way: &Way| ways.contains(way);
        Ok(Self {
            ways: Way::ALL.into_iter().filter(known).collect(),
            body: body.into(),
            note: note.into(),
        })
    }

    /// Takes a guide away, so that the next one of the chain holds again.
    ///
    /// # Errors
    /// When nothing sound is said about why.
    pub fn withdrawal(note: &str) -> Result<Self, Vec<DraftFault>> {
        let mut faults = Vec::new();
        let note = checked_note(note, &mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            ways: Vec::new(),
            body: "".into(),
            note: note.into(),
        })
    }

    /// The version after one.
    #[must_use]
    pub fn version(
        self,
        place: GuidePlace,
        after: u32,
        at: Timestamp,
        (subject, navn): (&str, &str),
    ) -> Guide {
        Guide {
            head: GuideHead {
                place,
                version: after.saturating_add(1),
                at,
                subject: subject.into(),
                navn: navn.into(),
                ways: self.ways,
                note: self.note,
                withdrawn: self.body.is_empty(),
            },
            body: self.body,
        }
    }
}

fn checked_note(note: &str, faults: &mut Vec<DraftFault>) -> String {
    let note = sound(note.trim());
    if note.is_empty() {
        faults.push(DraftFault::NoNote);
    }
    if note.chars().count() > NOTE_MAX {
        faults.push(DraftFault::NoteTooLong);
    }
    if mask_text(&note) != note {
        faults.push(DraftFault::PersonInNote);
    }
    note
}

/// Text with single line ends and without control characters.
fn sound(text: &str) -> String {
    let kept = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(kept)
        .collect()
}

#[cfg(test)]
mod tests;
