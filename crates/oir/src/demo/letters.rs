//! The letters of a demo: to invented persons, at addresses that do not exist, and carried no
//! further than their mailbox page.

use std::sync::Arc;

use jiff::civil::Date;
use oir_domain::digest::{DigestRule, Email, Recipient, Weekdays};
use oir_domain::register::RegisterData;
use oir_flow::digest::{Carried, Office};
use oir_flow::hub::Hub;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::post::{Letter, Mailer, Post, Posted, Posting};
use oir_flow::ports::process::Clock;
use oir_store::Store;

use super::persons;
use crate::process::OrderedIds;
use crate::serve::mail::office;

/// Takes every letter and sends none.
#[derive(Debug)]
struct Nowhere;

impl Mailer for Nowhere {
    fn post<'a>(&'a self, _: &'a Letter) -> Posting<'a> {
        Box::pin(async { Posted::Taken })
    }
}

/// Writes what waits for each person of a register on a day, at the instant of a clock;
/// nobody gets letters on Saturdays and Sundays. `service` is the demo's own address.
pub(super) async fn write(
    hub: &Hub,
    store: &Store,
    register: &RegisterData,
    (day, clock): (Date, Arc<dyn Clock>),
    service: &str,
) -> Result<(), StoreFailure> {
    for (number, person) in persons::invented(register).into_iter().enumerate() {
        let recipient = Recipient {
            person,
            email: Email::try_new(&format!("person{number}@demo.invalid")),
            seen: clock.now(),
            weekdays: Weekdays::ALL,
        };
        store.note_recipient(&recipient).await?;
    }
    let portal = service.trim_end_matches(oir_wire::finans::SERVICE_PATH);
    let office = Office {
        ids: Arc::new(OrderedIds::by(Arc::clone(&clock))),
        clock,
        ..office(hub, store, DigestRule::STANDARD, portal)
    };
    office.write_for(day).await?;
    while office.carry(&Nowhere).await? != Carried::default() {}
    Ok(())
}
