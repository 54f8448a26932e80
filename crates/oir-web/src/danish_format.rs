//! How numbers, amounts, days and times are written and read in Danish: `1.234,56`,
//! `23. november 2026 kl. 14.05`. Pure; the zone is an argument.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use oir_domain::money::Oere;

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];

/// A whole number with full stops between thousands: `12.345`.
#[must_use]
pub fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    text
}

/// An amount in kroner with two decimals and without the unit: `1.234,56`, `-0,05`.
#[must_use]
pub fn kroner(amount: Oere) -> String {
    let sign = if amount.get() < 0 { "-" } else { "" };
    let oere = amount.get().unsigned_abs();
    format!("{sign}{},{:02}", whole(oere / 100), oere % 100)
}

/// A day in words: `23. november 2026`.
#[must_use]
pub fn day(day: Date) -> String {
    let month = usize::try_from(day.month()).unwrap_or(0);
    let name = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("");
    format!("{}. {name} {}", day.day(), day.year())
}

/// A month in words: `november 2026`.
#[must_use]
pub fn month(day: Date) -> String {
    let month = usize::try_from(day.month()).unwrap_or(0);
    let name = MONTHS.get(month.saturating_sub(1)).copied().unwrap_or("");
    format!("{name} {}", day.year())
}

/// A day in figures, for tables: `23.11.2026`.
#[must_use]
pub fn day_short(day: Date) -> String {
    format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year())
}

/// An instant in words: `23. november 2026 kl. 14.05`.
#[must_use]
pub fn instant(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    format!("{} kl. {}", day(local.date()), hour_minute(local))
}

/// An instant to the second, for timelines: `23. november 2026 kl. 14.05.09`.
#[must_use]
pub fn instant_to_the_second(at: Timestamp, zone: &TimeZone) -> String {
    format!(
        "{}.{:02}",
        instant(at, zone),
        zone.to_datetime(at).time().second()
    )
}

/// An instant in figures, for tables: `23.11.2026 14.05`.
#[must_use]
pub fn instant_short(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    format!("{} {}", day_short(local.date()), hour_minute(local))
}

fn hour_minute(local: DateTime) -> String {
    format!("{:02}.{:02}", local.hour(), local.minute())
}

/// Reads an amount in kroner: `1234`, `1234,5`, `1.234,50`, with or without `kr.`; nothing
/// when it is another thing or has more than two decimals.
#[must_use]
pub fn read_kroner(text: &str) -> Option<Oere> {
    let text = text.trim().trim_end_matches("kr.").trim_end_matches("kr");
    let (kroner, decimals) = match text.trim().split_once(',') {
        Some((kroner, decimals)) => (kroner, decimals),
        None => (text.trim(), "0"),
    };
    let kroner = without_thousands(kroner)?;
    if decimals.is_empty() || decimals.len() > 2 || !all_digits(decimals) {
        return None;
    }
    let oere: i64 = format!("{decimals:0<2}").parse().ok()?;
    let kroner: i64 = kroner.parse().ok()?;
    Some(Oere::new(kroner.checked_mul(100)?.checked_add(oere)?))
}

/// Takes the full stops out of `1.234.567`; nothing when they stand elsewhere.
fn without_thousands(text: &str) -> Option<String> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let mut digits = String::from(first);
    let mut grouped = false;
    for group in groups {
        if group.len() != 3 {
            return None;
        }
        grouped = true;
        digits.push_str(group);
    }
    let first_fits = !first.is_empty() && (!grouped || first.len() <= 3);
    (first_fits && all_digits(&digits)).then_some(digits)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads a day: `2026-11-23` as browsers send it, or `23.11.2026`, `23-11-2026`,
/// `23/11/2026` as people write it.
#[must_use]
pub fn read_day(text: &str) -> Option<Date> {
    let text = text.trim();
    let mut parts = text.split(['-', '.', '/']);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || ![first, second, third].iter().all(|part| all_digits(part)) {
        return None;
    }
    let (year, month, day) = if first.len() == 4 {
        (first, second, third)
    } else if third.len() == 4 {
        (third, second, first)
    } else {
        return None;
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// The key by which Danish names sort: æ, ø, å last, and `aa` as å.
#[must_use]
pub fn sort_key(name: &str) -> Vec<u32> {
    let lower = name.to_lowercase().replace("aa", "å");
    lower
        .chars()
        .map(|letter| match letter {
            'æ' | 'ä' => 0x11_0001,
            'ø' | 'ö' => 0x11_0002,
            'å' => 0x11_0003,
            other => u32::from(other),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{
        day, day_short, instant, instant_short, instant_to_the_second, kroner, read_day,
        read_kroner, sort_key, whole,
    };
    use jiff::civil::date;
    use oir_domain::calendar::copenhagen;
    use oir_domain::money::Oere;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    #[test]
    fn whole_numbers() {
        let check = |number, text: &str| assert_eq!(whole(number), text);
        check(0, "0");
        check(999, "999");
        check(1_000, "1.000");
        check(12_345, "12.345");
        check(1_234_567, "1.234.567");
        check(u64::MAX, "18.446.744.073.709.551.615");
    }

    #[test]
    fn amounts() {
        let check = |oere, text: &str| assert_eq!(kroner(Oere::new(oere)), text);
        check(0, "0,00");
        check(5, "0,05");
        check(-5, "-0,05");
        check(100, "1,00");
        check(123_456, "1.234,56");
        check(-123_456_789, "-1.234.567,89");
        check(i64::MIN, "-92.233.720.368.547.758,08");
    }

    #[test]
    fn days_and_times_are_danish_summer_and_winter() {
        let zone = copenhagen();
        let winter = "2026-11-23T13:05:09Z".parse().unwrap();
        let summer = "2026-06-30T22:30:00Z".parse().unwrap();
        assert_eq!(day(date(2026, 11, 23)), "23. november 2026");
        assert_eq!(day(date(2026, 1, 1)), "1. januar 2026");
        assert_eq!(day_short(date(2026, 1, 9)), "09.01.2026");
        assert_eq!(instant(winter, &zone), "23. november 2026 kl. 14.05");
        assert_eq!(
            instant_to_the_second(winter, &zone),
            "23. november 2026 kl. 14.05.09"
        );
        assert_eq!(instant_short(summer, &zone), "01.07.2026 00.30");
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let check = |text: &str, oere: Option<i64>| {
            assert_eq!(read_kroner(text).map(Oere::get), oere, "{text}")
        };
        check("1234", Some(123_400));
        check("1234,5", Some(123_450));
        check("1.234,50", Some(123_450));
        check(" 1.234.567 kr. ", Some(123_456_700));
        check("0,05", Some(5));
        check("1,234", None);
        check("1.23", None);
        check("1234.567", None);
        check("1,", None);
        check(",5", None);
        check("-5", None);
        check("", None);
        check("12a", None);
        check("99999999999999999999", None);
    }

    #[test]
    fn days_are_read_from_browsers_and_people() {
        let check = |text: &str, day| assert_eq!(read_day(text), day, "{text}");
        let monday = Some(date(2026, 11, 23));
        check("2026-11-23", monday);
        check("23.11.2026", monday);
        check("23-11-2026", monday);
        check("23/11/2026", monday);
        check("1.2.2026", Some(date(2026, 2, 1)));
        check("2026-02-30", None);
        check("23.11.26", None);
        check("2026-11", None);
        check("+2026-11-23", None);
        check("i dag", None);
    }

    #[test]
    fn danish_names_sort_with_aa_last() {
        let mut names = ["Aarhus", "Ærø", "Viborg", "Ødsherred", "Odense", "Aabenraa"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(
            names,
            ["Odense", "Viborg", "Ærø", "Ødsherred", "Aabenraa", "Aarhus"]
        );
    }

    proptest! {
        #[test]
        fn an_amount_written_is_read_back(oere in 0..=i64::MAX) {
            prop_assert_eq!(read_kroner(&kroner(Oere::new(oere))), Some(Oere::new(oere)));
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = (read_kroner(&text), read_day(&text), sort_key(&text));
        }
    }
}
