//! Danish working days: when municipal offices are open.
//!
//! The holidays of the Danish church year, without *store bededag* (abolished from 2024), and
//! the days on which offices are usually closed besides: 5 June, 24 and 31 December (assumed
//! for every municipality; a few keep 24 or 31 December open in the morning).

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// Whether municipal offices are open on the day.
#[must_use]
pub fn is_workday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day)
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

/// Days from Easter Sunday on which offices are closed: Maundy Thursday, Good Friday, Easter
/// Sunday and Monday, Ascension, Whit Sunday and Monday.
const FROM_EASTER: [i64; 7] = [-3, -2, 0, 1, 39, 49, 50];

fn is_holiday(day: Date) -> bool {
    let fixed = [(1, 1), (6, 5), (12, 24), (12, 25), (12, 26), (12, 31)];
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    let Some(easter) = easter(day.year()) else {
        return false;
    };
    FROM_EASTER.iter().any(|days| {
        easter
            .checked_add(days.days())
            .is_ok_and(|closed| closed == day)
    })
}

/// Easter Sunday of a year (the anonymous Gregorian computus).
fn easter(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let rem = |n: i32, by: i32| n.checked_rem_euclid(by);
    let div = |n: i32, by: i32| n.checked_div_euclid(by);
    let sum = |terms: &[i32]| terms.iter().try_fold(0_i32, |all, t| all.checked_add(*t));
    let times = |n: i32, by: i32| n.checked_mul(by);
    let (a, b, c) = (
        rem(year_number, 19)?,
        div(year_number, 100)?,
        rem(year_number, 100)?,
    );
    let correction = div(sum(&[b, div(sum(&[b, 8])?, 25)?.checked_neg()?, 1])?, 3)?;
    let epact = rem(
        sum(&[
            times(a, 19)?,
            b,
            div(b, 4)?.checked_neg()?,
            correction.checked_neg()?,
            15,
        ])?,
        30,
    )?;
    let weekday = rem(
        sum(&[
            32,
            times(rem(b, 4)?, 2)?,
            times(div(c, 4)?, 2)?,
            epact.checked_neg()?,
            rem(c, 4)?.checked_neg()?,
        ])?,
        7,
    )?;
    let late = div(sum(&[a, times(epact, 11)?, times(weekday, 22)?])?, 451)?;
    let day = sum(&[epact, weekday, times(late, -7)?, 114])?;
    let (month, day) = (div(day, 31)?, rem(day, 31)?.checked_add(1)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{easter, is_workday, workdays_after};
    use jiff::civil::date;

    #[test]
    fn easter_falls_where_the_almanac_says() {
        let known = [
            date(2024, 3, 31),
            date(2025, 4, 20),
            date(2026, 4, 5),
            date(2027, 3, 28),
            date(2038, 4, 25),
        ];
        for day in known {
            assert_eq!(easter(day.year()), Some(day));
        }
    }

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
