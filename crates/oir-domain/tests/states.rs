//! `docs/STATES.md` is what `apply` does, printed.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::path::Path;

use jiff::Timestamp;
use oir_domain::ids::ErpBilagsnummer;
use oir_domain::message::{Event, Outbox, State, StateName, Step, apply};

fn number(text: &str) -> ErpBilagsnummer {
    ErpBilagsnummer::try_new(text).unwrap()
}

fn states() -> Vec<State> {
    let all = StateName::ALL.into_iter();
    all.map(|name| State::from_parts(name, 1, Some("4711")).unwrap())
        .collect()
}

fn events() -> Vec<(&'static str, Event)> {
    let at = Timestamp::UNIX_EPOCH;
    vec![
        ("accounts found", Event::AccountsFound),
        ("claimed", Event::Claimed),
        ("handed over", Event::HandedOver),
        ("booked", Event::Booked(number("4711"))),
        ("booked, other number", Event::Booked(number("4712"))),
        ("refused", Event::Refused),
        ("unavailable", Event::Unavailable(at)),
        ("no answer", Event::NoAnswer(at)),
        ("not there", Event::NotThere(at)),
        ("given up", Event::GivenUp),
        ("released", Event::Released(at)),
    ]
}

fn cell(state: &State, event: &Event) -> String {
    match apply(state, event) {
        Ok(Step::AlreadyApplied) => "repeat".to_owned(),
        Ok(Step::Moved { to, outbox }) => {
            let when = match outbox {
                Outbox::DueNow => "due now",
                Outbox::DueAt(_) => "due later",
                Outbox::Leased => "leased",
                Outbox::AskLater => "ask later",
                Outbox::Gone => "done",
            };
            format!("{} ({when})", to.name())
        }
        Err(_) => "–".to_owned(),
    }
}

fn document() -> String {
    let mut out = String::from(
        "# The life of a bilag\n\n\
         Printed from `apply` in `crates/oir-domain/src/message.rs` by a test; write it anew with\n\
         `OIR_WRITE=1 cargo test -p oir-domain --test states`. A row is where a bilag stands, a column what\n\
         happens to it; the cell is where it goes and, in brackets, what its outbox row shows. *repeat* = it had\n\
         happened before, nothing is written. – = cannot happen: the message is parked and the alarm goes.\n\n",
    );
    let events = events();
    let names: Vec<&str> = events.iter().map(|(name, _)| *name).collect();
    writeln!(out, "| stands | {} |", names.join(" | ")).unwrap();
    writeln!(out, "|---|{}", "---|".repeat(names.len())).unwrap();
    for state in states() {
        let cells: Vec<String> = events
            .iter()
            .map(|(_, event)| cell(&state, event))
            .collect();
        writeln!(out, "| **{}** | {} |", state.name(), cells.join(" | ")).unwrap();
    }
    out
}

#[test]
fn the_matrix_of_states_and_events_is_the_documents() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/STATES.md");
    if std::env::var_os("OIR_WRITE").is_some() {
        std::fs::write(&file, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), document());
}

#[test]
fn an_end_stays_an_end() {
    for state in states().iter().filter(|state| state.name().is_end()) {
        for (name, event) in events() {
            let moved = matches!(apply(state, &event), Ok(Step::Moved { .. }));
            assert!(!moved, "{} moves on {name}", state.name());
        }
    }
}
