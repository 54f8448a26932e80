//! The operator's commands beside a running house: what they say, how they end, and that the
//! process that delivers does what they said.

use std::process::Output;

use serde_json::Value;

use crate::running::{House, get, oir};

/// What a command said and its exit code; it must have understood.
fn said(run: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    (run.status.code(), text)
}

fn counted(house: &House, code: &str) -> (Option<u64>, f64) {
    let (status, body) = get(&format!("{}/health/ready", house.operation));
    assert_eq!(status, 200, "an alarm alone makes nothing unready: {body}");
    let ready: Value = serde_json::from_str(&body).unwrap();
    let (_, metrics) = get(&format!("{}/metrics", house.operation));
    let line = format!("oir_alarms{{code=\"{code}\"}} ");
    let gauge = metrics.lines().find_map(|l| l.strip_prefix(&line)).unwrap();
    (ready["alarms"][code].as_u64(), gauge.parse().unwrap())
}

#[test]
fn a_receiver_is_paused_and_resumed_from_the_line() {
    let house = House::open("operation", None, &[], 20);
    let database = house.database.as_str();
    let kommune = house.day.register.myndigheder[0].kommune.to_string();
    let status = || said(&oir(&["status", "--database", database]));
    let partner = |arguments: &[&str]| {
        let all = [&["partner"], arguments, &["--database", database]].concat();
        oir(&all)
    };

    // Nobody has made a copy: somebody must, and it says which alarm that is.
    let (code, text) = status();
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("D14 ") && !text.contains("D05 "), "{text}");
    assert_eq!(counted(&house, "D14"), (Some(1), 1.0));
    assert_eq!(counted(&house, "D05"), (None, 0.0));

    let paused = partner(&["pause", &kommune, "--reason", "Ny udgave i nat"]);
    assert!(paused.status.success(), "{paused:?}");
    let (_, text) = status();
    assert!(text.contains("D05 "), "{text}");
    assert!(text.contains("Ny udgave i nat"), "{text}");
    assert_eq!(counted(&house, "D05"), (Some(1), 1.0));

    // Another's pause is not ended with it, nor this one with everybody's.
    let (code, text) = said(&partner(&["resume", "alle"]));
    assert_eq!((code, text.contains("0 pauser")), (Some(1), true), "{text}");
    let (code, text) = said(&partner(&["resume", &kommune]));
    assert_eq!((code, text.contains("1 pauser")), (Some(0), true), "{text}");
    let (_, text) = status();
    assert!(!text.contains("D05 "), "{text}");
    let (code, _) = said(&partner(&["resume", &kommune]));
    assert_eq!(code, Some(1), "there is none any more");

    // What was done is sound, and in the log.
    assert!(oir(&["verify", database]).status.success());
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_paused() {
    let house = House::open("operation-refused", None, &[], 20);
    let database = house.database.as_str();
    let kommune = house.day.register.myndigheder[0].kommune.to_string();
    let kommune = kommune.as_str();
    let wrong: [&[&str]; 4] = [
        &["9999", "--reason", "Lukket"],
        &["alting", "--reason", "Lukket"],
        &[kommune, "--reason", "  "],
        &[kommune, "--reason", "Lukket", "--until", "2020-01-01T06:00"],
    ];
    for arguments in wrong {
        let all = [&["partner", "pause"], arguments, &["--database", database]].concat();
        let run = oir(&all);
        assert!(!run.status.success(), "{arguments:?}: {run:?}");
        assert!(!run.stderr.is_empty(), "{arguments:?} is told why");
    }
    assert_eq!(counted(&house, "D05"), (None, 0.0));
    let nowhere = oir(&["status", "--database", "/nowhere/oir.db"]);
    assert!(!nowhere.status.success(), "a tool that looks makes none");
}
