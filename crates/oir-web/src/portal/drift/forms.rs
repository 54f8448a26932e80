//! What the two forms share: instants as people write them, and the faults of fields.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use oir_domain::access::Scope;
use oir_domain::operation::pause::{PlanFault, TEXT_MAX};
use oir_domain::party::Kommunekode;
use oir_flow::ports::operation::has_say;

use crate::danish_format::read_day;
use crate::portal::names::Names;
use crate::portal::view::{Choice, FieldFault};

/// What is said of an instant that cannot be read.
pub(super) const INSTANT: &str = "Skriv dato og klokkeslæt, fx 24.11.2026 22.00";
/// The value of the field that means everybody's books.
pub(super) const EVERYBODY: &str = "alle";

/// Reads `2026-11-24T22:00` as browsers send it, or `24.11.2026 22.00` as people write it,
/// in Danish time. A time that the clock skips in spring is the one an hour later.
pub(super) fn read_instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (day, time) = text.trim().split_once(['T', ' '])?;
    let (hour, minute) = time.trim().split_once([':', '.'])?;
    let whole = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i8>().ok())?
    };
    let minute = minute
        .get(..2)
        .filter(|_| minute.len() == 2 || minute.len() == 5)?;
    let time = Time::new(whole(hour)?, whole(minute)?, 0, 0).ok()?;
    let local = read_day(day)?.to_datetime(time);
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

/// An instant as the browser's field wants it.
pub(super) fn field_instant(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    format!("{}T{:02}:{:02}", local.date(), local.hour(), local.minute())
}

/// What is wrong with a field of words.
pub(super) fn words_fault(field: &'static str, fault: PlanFault) -> FieldFault {
    let text = match fault {
        PlanFault::TooLong => format!("Skriv højst {TEXT_MAX} tegn"),
        PlanFault::Empty | PlanFault::Ends => {
            "Skriv, hvad der sker, så andre forstår det".to_owned()
        }
    };
    FieldFault::new(field, &text)
}

/// Whose books are meant; nothing when the choice cannot be read.
pub(super) fn read_kommune(text: &str) -> Option<Option<Kommunekode>> {
    match text.trim() {
        EVERYBODY => Some(None),
        code => code.parse().ok().map(|code| Some(Kommunekode(code))),
    }
}

/// The choices that somebody with that say has.
pub(super) fn choices(names: &Names, say: &Scope, everybody: &str, chosen: &str) -> Vec<Choice> {
    let mut all = Vec::new();
    if has_say(say, None) {
        all.push(Choice::new(
            EVERYBODY.to_owned(),
            everybody.to_owned(),
            chosen,
        ));
    }
    all.extend(names.kommune_choices(say, chosen));
    all
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{field_instant, read_instant, read_kommune};
    use oir_domain::calendar::copenhagen;
    use oir_domain::party::Kommunekode;

    #[test]
    fn instants_are_read_as_browsers_and_people_write_them() {
        let zone = copenhagen();
        let read = |text: &str| read_instant(text, &zone).map(|at| at.to_string());
        let winter = Some("2026-11-24T21:05:00Z".to_owned());
        for text in [
            "2026-11-24T22:05",
            "2026-11-24T22:05:00",
            "24.11.2026 22.05",
            " 24/11/2026 22:05 ",
        ] {
            assert_eq!(read(text), winter, "{text}");
        }
        let summer = read("2026-07-01T22:05");
        assert_eq!(summer, Some("2026-07-01T20:05:00Z".to_owned()));
        for text in [
            "",
            "2026-11-24",
            "22:05",
            "2026-11-24T25:00",
            "2026-11-24T22:5",
            "x T y:zz",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let at = read_instant("2026-11-24T22:05", &zone).unwrap();
        assert_eq!(field_instant(at, &zone), "2026-11-24T22:05");
    }

    #[test]
    fn whose_books_are_meant_is_read() {
        assert_eq!(read_kommune("alle"), Some(None));
        assert_eq!(read_kommune("101"), Some(Some(Kommunekode(101))));
        assert_eq!(read_kommune(""), None);
    }
}
