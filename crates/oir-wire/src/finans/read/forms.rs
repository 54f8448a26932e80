//! The lexical forms of the schema's simple types, each as a function from text.
//!
//! `None` is "not of this form". Only `xs:date` and `xs:dateTime` collapse white space
//! around them; every other type is an `xs:string` and takes its text as it stands.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use oir_domain::calendar::Regnskabsaar;
use oir_domain::money::Oere;
use uuid::Uuid;

/// A UUID, 8-4-4-4-12 hexadecimal digits in either case.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    (text.len() == 36)
        .then(|| Uuid::try_parse(text).ok())
        .flatten()
}

/// One to `max` characters.
pub(crate) fn bounded(text: &str, max: usize) -> bool {
    !text.is_empty() && (text.len() <= max || text.chars().count() <= max)
}

/// One to `max` of the characters that a facet's key may have.
pub(crate) fn key(text: &str, max: usize) -> bool {
    bounded(text, max)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// One to `max` decimal digits.
pub(crate) fn digits(text: &str, max: usize) -> Option<i64> {
    if text.is_empty() || text.len() > max {
        return None;
    }
    let mut number = 0_i64;
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number
            .checked_mul(10)?
            .checked_add(i64::from(byte - b'0'))?;
    }
    Some(number)
}

/// An unsigned amount in øre, at most 15 digits.
pub(crate) fn beloeb(text: &str) -> Option<Oere> {
    digits(text, 15).map(Oere::new)
}

/// A control total in øre, at most 18 digits.
pub(crate) fn sum(text: &str) -> Option<Oere> {
    digits(text, 18).map(Oere::new)
}

/// `1` to `99999` without leading zero.
pub(crate) fn linjenummer(text: &str) -> Option<u32> {
    if text.starts_with('0') {
        return None;
    }
    digits(text, 5).and_then(|n| u32::try_from(n).ok())
}

/// `20YY`.
pub(crate) fn aar(text: &str) -> Option<Regnskabsaar> {
    let number = digits(text, 4).filter(|n| (2000..=2099).contains(n))?;
    (text.len() == 4)
        .then(|| i16::try_from(number).ok())
        .flatten()
        .map(Regnskabsaar)
}

/// `0` to `100` without leading zeros.
pub(crate) fn percent(text: &str) -> Option<u8> {
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    digits(text, 3)
        .and_then(|n| u8::try_from(n).ok())
        .filter(|n| *n <= 100)
}

/// Three capital letters.
pub(crate) fn valuta(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// A KLE subject, `NN.NN.NN`.
pub(crate) fn kle(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 8
        && bytes.iter().enumerate().all(|(i, b)| match i {
            2 | 5 => *b == b'.',
            _ => b.is_ascii_digit(),
        })
}

fn collapsed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r'])
}

fn pair(text: &str, at: usize) -> Option<i8> {
    let two = text.get(at..at.checked_add(2)?)?;
    digits(two, 2).and_then(|n| i8::try_from(n).ok())
}

fn plain_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let year = aar(text.get(..4)?)?.0;
    Date::new(year, pair(text, 5)?, pair(text, 8)?).ok()
}

/// `20YY-MM-DD`, a day that there is.
pub(crate) fn date(text: &str) -> Option<Date> {
    plain_date(collapsed(text))
}

/// `20YY-MM-DDThh:mm:ss`, up to six decimals, `Z` or `±hh:mm`; no 24:00 and no leap second.
pub(crate) fn date_time(text: &str) -> Option<Timestamp> {
    let text = collapsed(text);
    let day = plain_date(text.get(..10)?)?;
    let bytes = text.as_bytes();
    let marks = [(10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark)) {
        return None;
    }
    let (hour, minute, second) = (pair(text, 11)?, pair(text, 14)?, pair(text, 17)?);
    let (micros, zone) = fraction(text.get(19..)?)?;
    let time = Time::new(hour, minute, second, micros.checked_mul(1000)?).ok()?;
    let offset = offset_seconds(zone)?;
    let local = DateTime::from_parts(day, time);
    let offset = jiff::tz::Offset::from_seconds(offset).ok()?;
    offset.to_timestamp(local).ok()
}

/// Decimals in microseconds, and what follows them.
fn fraction(rest: &str) -> Option<(i32, &str)> {
    let Some(decimals) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let length = decimals.bytes().take_while(u8::is_ascii_digit).count();
    let (decimals, zone) = decimals.split_at_checked(length)?;
    let mut micros = i32::try_from(digits(decimals, 6)?).ok()?;
    for _ in length..6 {
        micros = micros.checked_mul(10)?;
    }
    Some((micros, zone))
}

fn offset_seconds(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if zone.len() != 6 || zone.as_bytes().get(3) != Some(&b':') {
        return None;
    }
    let (hours, minutes) = (i32::from(pair(zone, 1)?), i32::from(pair(zone, 4)?));
    (hours <= 13 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::{aar, beloeb, bounded, date, date_time, kle, linjenummer, percent, uuid};

    #[test]
    fn days_and_instants_take_what_the_schema_takes() {
        assert!(date("2026-02-28").is_some() && date(" 2028-02-29\n").is_some());
        for wrong in ["2026-02-29", "2026-2-01", "1999-01-01", "2026-01-01Z", ""] {
            assert!(date(wrong).is_none(), "{wrong}");
        }
        let noon = date_time("2026-11-18T12:00:00Z");
        assert_eq!(date_time("2026-11-18T13:00:00.000000+01:00"), noon);
        assert_eq!(date_time("2026-11-18T06:30:00-05:30"), noon);
        for wrong in [
            "2026-11-18T24:00:00Z",
            "2026-11-18T12:00:60Z",
            "2026-11-18T12:00:00",
            "2026-11-18T12:00:00.Z",
            "2026-11-18T12:00:00.1234567Z",
            "2026-11-18T12:00:00+14:00",
            "2026-11-18t12:00:00Z",
        ] {
            assert!(date_time(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_one_form_each() {
        assert!(beloeb("0").is_some() && beloeb("999999999999999").is_some());
        assert!(beloeb("").is_none() && beloeb("1,00").is_none() && beloeb("-1").is_none());
        assert!(beloeb("1234567890123456").is_none() && beloeb("１").is_none());
        assert!(linjenummer("01").is_none() && linjenummer("0").is_none());
        assert!(percent("100").is_some() && percent("101").is_none() && percent("00").is_none());
        assert!(aar("2026").is_some() && aar("1999").is_none() && aar("02026").is_none());
    }

    #[test]
    fn texts_are_counted_in_characters() {
        assert!(bounded(&"å".repeat(100), 100) && !bounded(&"å".repeat(101), 100));
        assert!(!bounded("", 100));
        assert!(kle("32.18.04") && !kle("32.18.4") && !kle("32-18-04"));
        assert!(uuid("5D0F2C7A-1111-4111-8111-111111111111").is_some());
        assert!(uuid("5D0F2C7A111141118111111111111111").is_none());
    }
}
