//! Danish public holidays (*helligdage*): the days of the people's church and New Year's Day,
//! on which offices are closed by law. Store bededag was one until 2023 (lov nr. 214 of
//! 7 March 2023). Christmas Eve, Constitution Day and New Year's Eve are none.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, ToSpan};

/// The last year with store bededag.
const STORE_BEDEDAG_LAST: i16 = 2023;

/// Easter Sunday of a year of the Gregorian calendar; none outside the years that dates
/// have.
///
/// The anonymous rule printed in *Nature*, 20 April 1876, as in Meeus, *Astronomical
/// Algorithms*, ch. 8.
#[must_use]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "small whole numbers: a year has four digits"
)]
pub fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    if !(1583..=9999).contains(&year) {
        return None;
    }
    let (golden, century, rest) = (year % 19, year / 100, year % 100);
    let (leap, odd) = (century / 4, century % 4);
    let shift = (century + 8) / 25;
    let moon = (century - shift + 1) / 3;
    let epact = (19 * golden + century - leap - moon + 15) % 30;
    let (quarter, year_odd) = (rest / 4, rest % 4);
    let sunday = (32 + 2 * odd + 2 * quarter - epact - year_odd) % 7;
    let late = (golden + 11 * epact + 22 * sunday) / 451;
    let place = epact + sunday - 7 * late + 114;
    let (month, day) = (place / 31, place % 31 + 1);
    let year = i16::try_from(year).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Whether the day is a public holiday, Sundays that are none besides left out.
#[must_use]
pub fn is_holiday(day: Date) -> bool {
    let fixed = matches!((day.month(), day.day()), (1, 1) | (12, 25 | 26));
    let Some(easter) = easter(day.year()) else {
        return fixed;
    };
    let after = |days: i32| -> Span { days.days() };
    let moves = |days: i32| easter.checked_add(after(days)).is_ok_and(|it| it == day);
    // Maundy Thursday, Good Friday, Easter, Ascension, Whitsun.
    let movable = [-3, -2, 0, 1, 39, 49, 50].into_iter().any(moves);
    let bededag = day.year() <= STORE_BEDEDAG_LAST && moves(26);
    fixed || movable || bededag
}

/// Whether offices are open: Monday to Friday, and no public holiday.
#[must_use]
pub fn is_working_day(day: Date) -> bool {
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !weekend && !is_holiday(day)
}

/// A year's public holidays in order, for those who want to see them.
#[must_use]
pub fn holidays(year: i16) -> Vec<Date> {
    let days = date(year, 1, 1).series(1.day());
    days.take_while(|day| day.year() == year)
        .filter(|day| is_holiday(*day))
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{easter, holidays, is_working_day};
    use jiff::civil::{Date, Weekday, date};
    use proptest::prelude::*;

    #[test]
    fn easter_falls_where_the_calendars_say() {
        // Printed calendars, among them the earliest and the latest that can be.
        let known = [
            date(1818, 3, 22),
            date(1943, 4, 25),
            date(1954, 4, 18),
            date(1981, 4, 19),
            date(2000, 4, 23),
            date(2008, 3, 23),
            date(2019, 4, 21),
            date(2024, 3, 31),
            date(2025, 4, 20),
            date(2026, 4, 5),
            date(2027, 3, 28),
            date(2038, 4, 25),
            date(2049, 4, 18),
        ];
        for day in known {
            assert_eq!(easter(day.year()), Some(day));
        }
        assert_eq!(easter(1582), None);
    }

    fn days(text: &str) -> Vec<Date> {
        text.split(' ').map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn a_years_holidays_are_those_of_the_printed_calendar() {
        let with_bededag = days(
            "2023-01-01 2023-04-06 2023-04-07 2023-04-09 2023-04-10 2023-05-05 2023-05-18 \
             2023-05-28 2023-05-29 2023-12-25 2023-12-26",
        );
        assert_eq!(holidays(2023), with_bededag);
        let without = days(
            "2024-01-01 2024-03-28 2024-03-29 2024-03-31 2024-04-01 2024-05-09 2024-05-19 \
             2024-05-20 2024-12-25 2024-12-26",
        );
        assert_eq!(holidays(2024), without);
        let of_2026 = days(
            "2026-01-01 2026-04-02 2026-04-03 2026-04-05 2026-04-06 2026-05-14 2026-05-24 \
             2026-05-25 2026-12-25 2026-12-26",
        );
        assert_eq!(holidays(2026), of_2026);
    }

    #[test]
    fn offices_are_open_on_weekdays_that_are_no_holiday() {
        let open = ["2024-04-26", "2026-06-05", "2026-12-24", "2026-12-31"];
        assert!(open.iter().all(|day| is_working_day(day.parse().unwrap())));
        let shut = ["2023-05-05", "2026-04-06", "2026-11-21", "2026-11-22"];
        assert!(!shut.iter().any(|day| is_working_day(day.parse().unwrap())));
    }

    proptest! {
        #[test]
        fn easter_is_a_sunday_between_the_two_limits(year in 1583_i16..=9999) {
            let easter = easter(year).unwrap();
            prop_assert_eq!(easter.weekday(), Weekday::Sunday);
            prop_assert!(date(year, 3, 22) <= easter && easter <= date(year, 4, 25));
            // Days that fall together are one: 25 April 2038 + 26 never meets another.
            prop_assert!((9..=11).contains(&holidays(year).len()));
        }
    }
}
