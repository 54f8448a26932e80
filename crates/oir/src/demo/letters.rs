//! The letters of a demo: to invented persons, at addresses that do not exist, and carried no
//! further than their mailbox page.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Person;
use oir_domain::digest::{DigestRule, Email, Recipient, Weekdays};
use oir_flow::digest::Carried;
use oir_flow::hub::Hub;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::post::{Letter, Mailer, Post, Posted, Posting};
use oir_store::Store;

use crate::serve::mail::office;

/// Takes every letter and sends none.
#[derive(Debug)]
struct Nowhere;

impl Mailer for Nowhere {
    fn post<'a>(&'a self, _: &'a Letter) -> Posting<'a> {
        Box::pin(async { Posted::Taken })
    }
}

/// Writes what waits for each person on the demo's day, whatever day of the week it is.
pub(super) async fn write(
    hub: &Hub,
    store: &Store,
    persons: Vec<Person>,
    (day, now): (Date, Timestamp),
    portal_url: &str,
) -> Result<(), StoreFailure> {
    for (number, person) in persons.into_iter().enumerate() {
        let recipient = Recipient {
            person,
            email: Email::try_new(&format!("person{number}@demo.invalid")),
            seen: now,
            weekdays: Weekdays::ALL,
        };
        store.note_recipient(&recipient).await?;
    }
    let office = office(hub, store, DigestRule::STANDARD, portal_url);
    // On a Saturday, too, somebody may want to look.
    let weekday = (0..3).find_map(|back| {
        let day = day.saturating_sub(jiff::Span::new().days(back));
        Weekdays::ALL.has(day.weekday()).then_some(day)
    });
    office.write_for(weekday.unwrap_or(day)).await?;
    while office.carry(&Nowhere).await? != Carried::default() {}
    Ok(())
}
