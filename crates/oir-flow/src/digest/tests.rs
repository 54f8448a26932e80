#![expect(clippy::unwrap_used, reason = "tests")]
use jiff::Timestamp;
use jiff::civil::date;
use oir_domain::access::{Grant, Person, Role};
use oir_domain::digest::{Email, Recipient, Weekdays};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use uuid::Uuid;

use super::{compose, fate};
use crate::ports::post::{Letter, LetterFate, Posted, WaitingFor, WaitingLine};

/// A page of the worklist, as the portal writes its address.
const GROUP: &str = "/fejl/101~-~held~F0401~oekonomi~SDP-LEDIG";
/// A month's days, as the portal writes their address.
const DAYS: &str = "/afstemning?maaned=2026-11&status=aabne";

fn line(why: WaitingFor, what: &str, antal: u64) -> WaitingLine {
    let path = if why == WaitingFor::SignOff {
        DAYS
    } else {
        GROUP
    };
    WaitingLine {
        why,
        what: what.into(),
        antal,
        beloeb: (antal > 1).then(|| Oere::new(123_456_789)),
        frist: (antal > 1).then(|| date(2026, 11, 27)),
        path: path.into(),
    }
}

fn letter(lines: &[WaitingLine]) -> Letter {
    let to = Recipient {
        person: Person {
            subject: "opdigtet|1".into(),
            navn: "Åse Opdigtet".into(),
            grants: Grant::try_new(Role::OekonomiFinans, Some(Kommunekode(101)), None)
                .into_iter()
                .collect(),
        },
        email: Email::try_new("aase@kommune.example"),
        seen: Timestamp::UNIX_EPOCH,
        weekdays: Weekdays::ALL,
    };
    let email = to.email.clone().unwrap();
    let id = Uuid::from_u128(7);
    compose(
        &to,
        email,
        lines,
        "https://oir.example",
        id,
        Timestamp::UNIX_EPOCH,
    )
}

#[test]
fn a_letter_says_what_waits_where_it_is_done_and_how_to_end_letters() {
    let letter = letter(&[
        line(
            WaitingFor::Area,
            "Mangler konto for SDP-LEDIG, KSD, Viborg",
            4_120,
        ),
        line(WaitingFor::Own, "Se efter 610101-1234", 1),
        line(
            WaitingFor::SignOff,
            "Modtagelsesdage i november 2026, der ikke er godkendt",
            1,
        ),
    ]);
    assert_eq!(&*letter.title, "ØiR: 3 ting venter på dig");
    let golden = format!(
        "Hej Åse Opdigtet\n\nDet her venter på dig i ØiR.\n\
        \nDet har du selv taget\n- Se efter 610101-****: 1\n  https://oir.example{GROUP}\n\
        \nDet venter hos dit område\n- Mangler konto for SDP-LEDIG, KSD, Viborg: 4.120, \
        1.234.567,89 kr., frist 27.11.2026\n  https://oir.example{GROUP}\n\
        \nDage, der ikke er godkendt\n- Modtagelsesdage i november 2026, der ikke er godkendt: 1\n  \
        https://oir.example{DAYS}\n\
        \nMailen har kun antal og links, aldrig personnumre. Vælg dage, eller sig nej tak:\n\
        https://oir.example/mine-mails\n"
    );
    assert_eq!(&*letter.body, golden);
}

#[test]
fn a_letter_is_short_and_no_line_of_it_is_two() {
    let many = vec![line(WaitingFor::Area, "Et\r\nBcc: x", 1); 33];
    let letter = letter(&many);
    assert!(letter.body.contains("- og 13 til"));
    assert!(!letter.body.contains("\nBcc"));
    assert_eq!(letter.body.matches("- Et").count(), 20);
}

#[test]
fn what_is_refused_is_given_up_and_what_is_away_is_tried_again() {
    let mut letter = letter(&[line(WaitingFor::Own, "x", 1)]);
    let now = Timestamp::UNIX_EPOCH;
    letter.attempts = 1;
    assert_eq!(fate(&letter, Posted::Taken, now), LetterFate::Sent);
    let refused = fate(&letter, Posted::Refused("550".into()), now);
    assert_eq!(refused, LetterFate::GivenUp("550".into()));
    let LetterFate::Again(at) = fate(&letter, Posted::Away("421".into()), now) else {
        unreachable!("a first attempt");
    };
    assert!((45..=60).contains(&at.as_second()));
    letter.attempts = 24;
    let spent = fate(&letter, Posted::Away("421".into()), now);
    assert_eq!(spent, LetterFate::GivenUp("421".into()));
}
