//! Pauses and planned stops: when a receiver is left alone because a person said so.
//!
//! While a pause is in force nothing new is taken to the receiver, neither sent nor asked
//! about; a call under way ends as it ends, and receipts that the books bring are taken in.
//! Bilag arrive and wait. A planned stop is said beforehand, and may bring a pause with it.

use jiff::Timestamp;
use thiserror::Error;

use crate::ids::{PauseId, StopId};
use crate::party::Kommunekode;

/// Longest reason and text, characters: what fits above a page.
pub const TEXT_MAX: usize = 300;

/// Receivers that are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Our id.
    pub id: PauseId,
    /// Whose books; none = everybody's.
    pub kommune: Option<Kommunekode>,
    /// From when.
    pub since: Timestamp,
    /// Until when; none = until somebody ends it.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: Box<str>,
    /// Who said so.
    pub navn: Box<str>,
    /// When somebody ended it.
    pub ended: Option<Timestamp>,
    /// The stop that brought it.
    pub stop: Option<StopId>,
}

impl Pause {
    /// Whether it is in force. Its last moment is the one before `until`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.since <= now
            && self.until.is_none_or(|until| now < until)
            && self.ended.is_none_or(|ended| now < ended)
    }

    /// Whether it is about that municipality's books.
    #[must_use]
    pub fn concerns(&self, kommune: Kommunekode) -> bool {
        self.kommune.is_none_or(|own| own == kommune)
    }
}

/// The pause that leaves a municipality's books alone now: the one that ends last.
#[must_use]
pub fn in_force(pauses: &[Pause], kommune: Kommunekode, now: Timestamp) -> Option<&Pause> {
    let here = pauses
        .iter()
        .filter(|pause| pause.concerns(kommune) && pause.holds(now));
    here.max_by_key(|pause| pause.until.unwrap_or(Timestamp::MAX))
}

/// What happens to deliveries during a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuringStop {
    /// They go on as far as the receiver answers.
    Continue,
    /// They are paused.
    Pause,
}

/// A stop that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStop {
    /// Our id.
    pub id: StopId,
    /// Whose books; none = the whole service.
    pub kommune: Option<Kommunekode>,
    /// When it was announced.
    pub announced: Timestamp,
    /// When it begins.
    pub from: Timestamp,
    /// When it is over.
    pub until: Timestamp,
    /// What people should know.
    pub tekst: Box<str>,
    /// What happens to deliveries meanwhile.
    pub during: DuringStop,
    /// Who announced it.
    pub navn: Box<str>,
    /// When it was called off.
    pub cancelled: Option<Timestamp>,
}

/// Where a stop stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Announced, not begun.
    Announced,
    /// Now.
    UnderWay,
    /// Over.
    Over,
    /// Called off.
    Cancelled,
}

/// A pause or stop that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanFault {
    /// It ends before it begins, or is over already.
    #[error("ends before it begins, or is over already")]
    Ends,
    /// Nothing is said.
    #[error("nothing is said")]
    Empty,
    /// More is said than [`TEXT_MAX`].
    #[error("too much is said")]
    TooLong,
}

/// A reason or text as it is kept.
///
/// # Errors
/// [`PlanFault`] when nothing or too much is said.
pub fn said(text: &str) -> Result<Box<str>, PlanFault> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(PlanFault::Empty),
        count if count > TEXT_MAX => Err(PlanFault::TooLong),
        _ => Ok(text.into()),
    }
}

/// Whether a window makes sense when it is planned.
///
/// # Errors
/// [`PlanFault::Ends`] when it does not.
pub fn window(from: Timestamp, until: Timestamp, now: Timestamp) -> Result<(), PlanFault> {
    if from < until && now < until {
        Ok(())
    } else {
        Err(PlanFault::Ends)
    }
}

impl PlannedStop {
    /// Where it stands.
    #[must_use]
    pub fn phase(&self, now: Timestamp) -> Phase {
        if self.cancelled.is_some_and(|at| at <= now) {
            Phase::Cancelled
        } else if self.until <= now {
            Phase::Over
        } else if self.from <= now {
            Phase::UnderWay
        } else {
            Phase::Announced
        }
    }

    /// Whether people should be told of it.
    #[must_use]
    pub fn is_news(&self, now: Timestamp) -> bool {
        self.announced <= now && matches!(self.phase(now), Phase::Announced | Phase::UnderWay)
    }

    /// The pause that it brings, if it does.
    #[must_use]
    pub fn pause(&self, id: PauseId) -> Option<Pause> {
        (self.during == DuringStop::Pause).then(|| Pause {
            id,
            kommune: self.kommune,
            since: self.from,
            until: Some(self.until),
            reason: self.tekst.clone(),
            navn: self.navn.clone(),
            ended: self.cancelled,
            stop: Some(self.id),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{
        DuringStop, Pause, Phase, PlanFault, PlannedStop, TEXT_MAX, in_force, said, window,
    };
    use crate::ids::{PauseId, StopId};
    use crate::party::Kommunekode;
    use jiff::Timestamp;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stop(during: DuringStop, cancelled: Option<i64>) -> PlannedStop {
        PlannedStop {
            id: StopId::from_uuid(Uuid::from_u128(1)),
            kommune: Some(Kommunekode(101)),
            announced: at(0),
            from: at(10),
            until: at(20),
            tekst: "Opdatering".into(),
            during,
            navn: "Drift".into(),
            cancelled: cancelled.map(at),
        }
    }

    fn pause(kommune: Option<u16>, since: i64, until: Option<i64>, ended: Option<i64>) -> Pause {
        Pause {
            id: PauseId::from_uuid(Uuid::from_u128(1)),
            kommune: kommune.map(Kommunekode),
            since: at(since),
            until: until.map(at),
            reason: "Lukket".into(),
            navn: "Drift".into(),
            ended: ended.map(at),
            stop: None,
        }
    }

    #[test]
    fn a_stop_pauses_in_its_window_and_nowhere_else() {
        let id = PauseId::from_uuid(Uuid::from_u128(2));
        let brought = stop(DuringStop::Pause, None).pause(id).unwrap();
        let held: Vec<i64> = (0..30).filter(|s| brought.holds(at(*s))).collect();
        assert_eq!(held, (10..20).collect::<Vec<i64>>());
        assert_eq!(stop(DuringStop::Continue, None).pause(id), None);
        let called_off = stop(DuringStop::Pause, Some(5)).pause(id).unwrap();
        assert!((0..30).all(|s| !called_off.holds(at(s))));
        let cut = stop(DuringStop::Pause, Some(15)).pause(id).unwrap();
        let held: Vec<i64> = (0..30).filter(|s| cut.holds(at(*s))).collect();
        assert_eq!(held, (10..15).collect::<Vec<i64>>());
    }

    #[test]
    fn people_are_told_from_the_announcement_to_the_end() {
        let told = |stop: &PlannedStop| -> Vec<i64> {
            (-5..30).filter(|s| stop.is_news(at(*s))).collect()
        };
        let planned = stop(DuringStop::Pause, None);
        assert_eq!(told(&planned), (0..20).collect::<Vec<i64>>());
        assert_eq!(told(&stop(DuringStop::Pause, Some(4))), [0, 1, 2, 3]);
        assert_eq!(planned.phase(at(9)), Phase::Announced);
        assert_eq!(planned.phase(at(10)), Phase::UnderWay);
        assert_eq!(planned.phase(at(20)), Phase::Over);
    }

    #[test]
    fn the_pause_that_ends_last_is_named() {
        let (here, there) = (Kommunekode(101), Kommunekode(751));
        let pauses = [
            pause(Some(101), 0, Some(9), None),
            pause(None, 0, Some(7), None),
            pause(Some(751), 0, None, Some(3)),
        ];
        let until = |kommune, now| in_force(&pauses, kommune, at(now)).map(|p| p.until);
        assert_eq!(until(here, 1), Some(Some(at(9))));
        assert_eq!(until(there, 1), Some(None), "until somebody ends it");
        assert_eq!(until(there, 5), Some(Some(at(7))));
        assert_eq!(until(there, 8), None);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(said("  \n "), Err(PlanFault::Empty));
        assert_eq!(said(&"ø".repeat(TEXT_MAX + 1)), Err(PlanFault::TooLong));
        assert_eq!(
            said(&" ø".repeat(10)).as_deref(),
            Ok(" ø".repeat(10).trim())
        );
        assert_eq!(window(at(1), at(5), at(3)), Ok(()));
        assert_eq!(window(at(1), at(5), at(5)), Err(PlanFault::Ends));
        assert_eq!(window(at(5), at(5), at(0)), Err(PlanFault::Ends));
    }

    proptest! {
        #[test]
        fn no_pause_holds_outside_its_time(
            since in 0_i64..50, until in proptest::option::of(0_i64..50),
            ended in proptest::option::of(0_i64..50), now in 0_i64..60,
        ) {
            let one = pause(Some(101), since, until, ended);
            let inside = since <= now && until.is_none_or(|u| now < u) && ended.is_none_or(|e| now < e);
            prop_assert_eq!(one.holds(at(now)), inside);
            let other = in_force(std::slice::from_ref(&one), Kommunekode(751), at(now));
            prop_assert_eq!(other, None);
        }
    }
}
