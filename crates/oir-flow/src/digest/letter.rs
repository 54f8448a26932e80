//! The letter's words. Counts, amounts, days and addresses of pages; no person's number and
//! no text of a bilag, whatever was handed in.

use std::fmt::Write;

use jiff::Timestamp;
use oir_domain::digest::{Email, Recipient};
use oir_domain::masking::mask_text;
use oir_domain::money::Oere;
use oir_wire::danish;
use uuid::Uuid;

use crate::ports::post::{Letter, LetterState, WaitingFor, WaitingLine};

/// Lines of one kind; a longer letter is not read, and the pages have them all.
const LINES_MAX: usize = 20;

/// A letter about what waits. `lines` is not empty.
#[must_use]
pub fn compose(
    to: &Recipient,
    email: Email,
    lines: &[WaitingLine],
    portal_url: &str,
    id: Uuid,
    now: Timestamp,
) -> Letter {
    let mut body = format!("Hej {}\n\nDet her venter på dig i ØiR.\n", to.person.navn);
    let kinds = [
        (WaitingFor::Own, "Det har du selv taget"),
        (WaitingFor::Area, "Det venter hos dit område"),
        (WaitingFor::SignOff, "Dage, der ikke er godkendt"),
    ];
    for (kind, heading) in kinds {
        let of_kind: Vec<&WaitingLine> = lines.iter().filter(|line| line.why == kind).collect();
        if !of_kind.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(body, "\n{heading}\n");
            section(&mut body, &of_kind, portal_url);
        }
    }
    let _ = write!(
        body,
        "\nMailen har kun antal og links, aldrig personnumre. Vælg dage, eller sig nej tak:\n\
         {portal_url}/mine-mails\n"
    );
    let count = lines.len();
    let things = if count == 1 { "1 ting" } else { "ting" };
    let title = if count == 1 {
        format!("ØiR: {things} venter på dig")
    } else {
        format!("ØiR: {count} {things} venter på dig")
    };
    Letter {
        id,
        subject: to.person.subject.clone(),
        navn: to.person.navn.clone(),
        email,
        title: title.into(),
        body: body.into(),
        written: now,
        state: LetterState::Waiting,
        attempts: 0,
    }
}

fn section(body: &mut String, lines: &[&WaitingLine], portal_url: &str) {
    for line in lines.iter().take(LINES_MAX) {
        let what = mask_text(&line.what).replace(char::is_control, " ");
        let mut facts = vec![danish::whole(line.antal)];
        facts.extend(line.beloeb.map(kroner));
        facts.extend(line.frist.map(|day| {
            let day = danish::day(&day.to_string()).unwrap_or_default();
            format!("frist {day}")
        }));
        let facts = facts.join(", ");
        let _ = write!(body, "- {what}: {facts}\n  {portal_url}{}\n", line.path);
    }
    let more = lines.len().saturating_sub(LINES_MAX);
    if more > 0 {
        let _ = write!(
            body,
            "- og {more} til, som står i portalen\n  {portal_url}/\n"
        );
    }
}

fn kroner(amount: Oere) -> String {
    danish::kroner(&amount.get().to_string()).unwrap_or_default()
}
