//! Letters about what waits for somebody: who gets one, and on which mornings.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::access::{Action, Person};
use crate::holiday::is_working_day;

/// An address for letters, of the form that any mail server takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Email(Box<str>);

impl Email {
    /// Longest address (RFC 5321 § 4.5.3.1.3, without the angle brackets).
    const LENGTH_MAX: usize = 254;

    /// Takes an address; none when it is not one. Only the plain form counts: quoted names
    /// and letters beyond ASCII are left out, as no directory of ours gives them.
    #[must_use]
    pub fn try_new(text: &str) -> Option<Self> {
        let (name, host) = text.split_once('@')?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
        let label = |part: &str| {
            let inner = part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            !part.is_empty() && inner && !part.starts_with('-') && !part.ends_with('-')
        };
        let dots = !name.starts_with('.') && !name.ends_with('.') && !name.contains("..");
        let good = !name.is_empty()
            && name.len() <= 64
            && text.len() <= Self::LENGTH_MAX
            && dots
            && name.bytes().all(plain)
            && host.split('.').all(label);
        good.then(|| Self(text.into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The weekdays on which somebody wants letters; of Monday to Friday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weekdays([bool; 5]);

impl Weekdays {
    /// Every weekday.
    pub const ALL: Self = Self([true; 5]);
    /// None: no letters.
    pub const NONE: Self = Self([false; 5]);
    /// The days that can be chosen, in order.
    pub const DAYS: [Weekday; 5] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ];

    /// These days; Saturday and Sunday are left out.
    #[must_use]
    pub fn of(days: &[Weekday]) -> Self {
        Self(Self::DAYS.map(|day| days.contains(&day)))
    }

    /// Whether the day is among them.
    #[must_use]
    pub fn has(self, day: Weekday) -> bool {
        let mut chosen = Self::DAYS.into_iter().zip(self.0);
        chosen.any(|(own, on)| on && own == day)
    }

    /// Their digits in the database, Monday 1.
    #[must_use]
    pub fn digits(self) -> String {
        let chosen = ["1", "2", "3", "4", "5"].into_iter().zip(self.0);
        chosen
            .filter(|(_, on)| *on)
            .map(|(digit, _)| digit)
            .collect()
    }

    /// The days of such digits; others are left out.
    #[must_use]
    pub fn from_digits(text: &str) -> Self {
        Self(['1', '2', '3', '4', '5'].map(|digit| text.contains(digit)))
    }
}

/// Somebody who was seen at sign-in and may get letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Who, with the roles they came with.
    pub person: Person,
    /// Where to; none when their provider gave no address.
    pub email: Option<Email>,
    /// When they last signed in.
    pub seen: Timestamp,
    /// When they want letters.
    pub weekdays: Weekdays,
}

/// When letters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DigestRule {
    /// Not before this time of the morning in Copenhagen.
    pub morning: Time,
    /// Not to somebody who was not seen for so many days: they may have left, and their
    /// roles may be gone with them.
    pub unseen_days: u16,
}

impl DigestRule {
    /// Seven in the morning; a month unseen.
    pub const STANDARD: Self = Self {
        morning: Time::constant(7, 0, 0, 0),
        unseen_days: 30,
    };

    /// The day for which letters are to be written at this instant; none = not now.
    #[must_use]
    pub fn day(&self, now: Timestamp, zone: &TimeZone) -> Option<Date> {
        let local = zone.to_datetime(now);
        let day = local.date();
        (is_working_day(day) && local.time() >= self.morning).then_some(day)
    }

    /// Who was seen before is not written to.
    #[must_use]
    pub fn seen_since(&self, now: Timestamp) -> Timestamp {
        let hours = i64::from(self.unseen_days).saturating_mul(24);
        let back = SignedDuration::from_hours(hours);
        now.saturating_sub(back).unwrap_or(Timestamp::MIN)
    }
}

/// Whether somebody is to be told on a day, if anything waits.
#[must_use]
pub fn wants(recipient: &Recipient, day: Date) -> bool {
    let works = recipient.person.may(Action::HandleWork)
        || recipient.person.may(Action::Redeliver)
        || recipient.person.may(Action::SignOffDay);
    works && recipient.email.is_some() && recipient.weekdays.has(day.weekday())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{DigestRule, Email, Recipient, Weekdays, wants};
    use crate::access::{Grant, Person, Role};
    use crate::calendar::copenhagen;
    use crate::party::Kommunekode;
    use jiff::Timestamp;
    use jiff::civil::{Weekday, date};

    #[test]
    fn addresses_have_one_form() {
        for good in ["a@b", "a.b+c@x-y.dk", "O'Brien@kommune.example"] {
            assert_eq!(Email::try_new(good).unwrap().as_str(), good);
        }
        let long = format!("{}@x.dk", "a".repeat(65));
        let bad = [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: x@y",
            "a,b@c",
            "<a@b>",
            "a..b@c",
            ".a@b",
            "a@-b",
            "a@b..c",
            "æ@b",
            &long,
        ];
        for bad in bad {
            assert_eq!(Email::try_new(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn weekdays_are_chosen_one_by_one() {
        let some = Weekdays::of(&[Weekday::Friday, Weekday::Monday, Weekday::Sunday]);
        assert_eq!(some.digits(), "15");
        assert_eq!(Weekdays::from_digits("15"), some);
        assert!(some.has(Weekday::Monday) && !some.has(Weekday::Sunday));
        assert_eq!(Weekdays::NONE.digits(), "");
        assert_eq!(Weekdays::from_digits("12345"), Weekdays::ALL);
    }

    #[test]
    fn letters_are_written_on_mornings_of_working_days_in_copenhagen() {
        let day = |at: &str| DigestRule::STANDARD.day(at.parse().unwrap(), &copenhagen());
        assert_eq!(day("2026-11-24T05:59:59Z"), None);
        assert_eq!(day("2026-11-24T06:00:00Z"), Some(date(2026, 11, 24)));
        assert_eq!(
            day("2026-07-01T05:00:00Z"),
            Some(date(2026, 7, 1)),
            "summer"
        );
        assert_eq!(day("2026-11-22T09:00:00Z"), None, "a Sunday");
        assert_eq!(day("2026-04-06T09:00:00Z"), None, "Easter Monday");
    }

    #[test]
    fn those_who_can_do_something_are_told_on_their_days() {
        let grant = |role| Grant::try_new(role, Some(Kommunekode(101)), None);
        let recipient = |role| Recipient {
            person: Person {
                subject: "s".into(),
                navn: "n".into(),
                grants: grant(role).into_iter().collect(),
            },
            email: Email::try_new("a@b"),
            seen: Timestamp::UNIX_EPOCH,
            weekdays: Weekdays::of(&[Weekday::Tuesday]),
        };
        let (tuesday, wednesday) = (date(2026, 11, 24), date(2026, 11, 25));
        let mut finans = recipient(Role::OekonomiFinans);
        assert!(wants(&finans, tuesday) && !wants(&finans, wednesday));
        finans.email = None;
        assert!(!wants(&finans, tuesday));
        assert!(!wants(&recipient(Role::Revisor), tuesday));
    }
}
