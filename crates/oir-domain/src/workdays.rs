//! Municipal working days: when offices are open for what has a deadline.
//!
//! Public holidays are [`holiday`](crate::holiday)'s. Offices are usually closed besides on
//! 5 June, 24 and 31 December (assumed for every municipality; a few keep 24 or 31 December
//! open in the morning).

use jiff::civil::Date;

use crate::holiday::is_working_day;

/// Whether municipal offices are open on the day.
#[must_use]
pub fn is_workday(day: Date) -> bool {
    let closed = matches!((day.month(), day.day()), (6, 5) | (12, 24 | 31));
    is_working_day(day) && !closed
}

/// The working day that is so many working days after a day; with 0, the day itself or the
/// first working day after it.
#[must_use]
pub fn workdays_after(day: Date, days: u8) -> Date {
    let mut found = day;
    let mut left = days;
    loop {
        if is_workday(found) {
            if left == 0 {
                return found;
            }
            left = left.saturating_sub(1);
        }
        let Ok(next) = found.tomorrow() else {
            return found;
        };
        found = next;
    }
}

#[cfg(test)]
mod tests {
    use super::{is_workday, workdays_after};
    use jiff::civil::date;

    #[test]
    fn closed_days_are_no_workdays() {
        let closed = [
            date(2026, 4, 2),
            date(2026, 4, 6),
            date(2026, 5, 14),
            date(2026, 5, 25),
            date(2026, 6, 5),
            date(2026, 12, 24),
            date(2026, 11, 22),
        ];
        assert!(closed.iter().all(|day| !is_workday(*day)));
        // Store bededag is no holiday any more.
        assert!(is_workday(date(2026, 5, 1)));
    }

    #[test]
    fn working_days_are_counted_over_weekends_and_christmas() {
        assert_eq!(workdays_after(date(2026, 11, 20), 0), date(2026, 11, 20));
        assert_eq!(workdays_after(date(2026, 11, 20), 1), date(2026, 11, 23));
        assert_eq!(workdays_after(date(2026, 11, 21), 0), date(2026, 11, 23));
        assert_eq!(workdays_after(date(2026, 11, 21), 1), date(2026, 11, 24));
        assert_eq!(workdays_after(date(2026, 12, 23), 2), date(2026, 12, 29));
    }
}
