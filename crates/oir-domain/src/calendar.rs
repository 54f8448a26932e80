//! Days and periods of a municipality's books. Days are Copenhagen days.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The accounting year (*regnskabsår*), a calendar year for Danish municipalities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Regnskabsaar(pub i16);

/// Days on which something holds: from a first day, to a last day or without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Validity {
    /// First day, included.
    pub from: Date,
    /// Last day, included; none = until further notice.
    pub to: Option<Date>,
}

impl Validity {
    /// Whether the day is inside.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether some day is inside both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }
}

/// What kind of postings a period takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    /// A month of the year itself.
    Ordinary,
    /// The supplementary period (*supplementsperiode*) after the year's end: postings
    /// dated in the new year that belong to the old one (budget- og regnskabssystem
    /// for kommuner, ch. 3). Its length is each municipality's, so it is data.
    Supplementary,
}

/// A booking period of one municipality, open or closed by its finance department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingPeriod {
    /// The year the postings belong to.
    pub regnskabsaar: Regnskabsaar,
    /// Which postings it takes.
    pub kind: PeriodKind,
    /// First booking date, included.
    pub from: Date,
    /// Last booking date, included.
    pub to: Date,
    /// Whether postings are still taken.
    pub open: bool,
}

impl BookingPeriod {
    /// Whether the booking date lies in this period, open or not.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && day <= self.to
    }
}

/// The Danish zone, from the zone data built into the program.
///
/// Falls back to UTC only if that data were missing, which a test rules out.
#[must_use]
pub fn copenhagen() -> TimeZone {
    TimeZone::get("Europe/Copenhagen").unwrap_or(TimeZone::UTC)
}

/// The Copenhagen day of an instant.
#[must_use]
pub fn day_of(instant: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(instant).date()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Validity, copenhagen, day_of};
    use jiff::civil::date;

    #[test]
    fn the_day_turns_at_danish_midnight_summer_and_winter() {
        let zone = copenhagen();
        let winter = "2026-01-31T23:30:00Z".parse().unwrap();
        let summer = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(day_of(winter, &zone), date(2026, 2, 1));
        assert_eq!(day_of(summer, &zone), date(2026, 7, 1));
    }

    #[test]
    fn both_ends_of_a_validity_are_inside() {
        let year = Validity {
            from: date(2026, 1, 1),
            to: Some(date(2026, 12, 31)),
        };
        assert!(year.covers(date(2026, 1, 1)) && year.covers(date(2026, 12, 31)));
        assert!(!year.covers(date(2027, 1, 1)));
        let open = Validity {
            from: date(2026, 12, 31),
            to: None,
        };
        assert!(year.overlaps(&open) && open.overlaps(&year));
        assert!(!year.overlaps(&Validity {
            from: date(2027, 1, 1),
            to: None
        }));
    }
}
