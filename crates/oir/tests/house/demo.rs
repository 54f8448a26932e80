//! The demo as a user runs it: its exit code and its figures.

use std::path::PathBuf;

use serde_json::Value;

use crate::running::{folder, oir};

const KEYS: [&str; 11] = [
    "sent",
    "received",
    "rejected",
    "booked",
    "refused",
    "waiting",
    "held",
    "lost",
    "duplicated",
    "difference_oere",
    "seconds",
];

/// Runs a day and gives its figures without the time it took.
fn day(name: &str, more: &[&str]) -> Value {
    let data = folder(name);
    let mut arguments = vec![
        "demo", "--once", "--json", "--bilag", "600", "--seed", "4", "--data",
    ];
    arguments.push(data.to_str().unwrap());
    arguments.extend(more);
    let run = oir(&arguments);
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{name}: {said}");
    let mut figures: Value = serde_json::from_slice(&run.stdout).unwrap();
    let object = figures.as_object_mut().unwrap();
    assert_eq!(object.len(), KEYS.len());
    assert!(KEYS.iter().all(|key| object.contains_key(*key)));
    object.remove("seconds");
    for nothing in ["lost", "duplicated", "difference_oere", "waiting"] {
        assert_eq!(object.get(nothing), Some(&Value::from(0)), "{nothing}");
    }
    assert!(object.get("booked").unwrap().as_u64().unwrap() > 500);
    figures
}

#[test]
fn the_same_seed_gives_the_same_day_however_the_books_behave() {
    let quiet = day("quiet", &[]);
    assert_eq!(day("slow", &["--books-slow-ms", "15"]), quiet);
    assert_eq!(day("busy", &["--books-fail-percent", "30"]), quiet);
    assert_eq!(day("cut", &["--books-cut-percent", "40"]), quiet);
    let database = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("quiet-again/oir.db");
    assert_eq!(day("quiet-again", &[]), quiet);
    let verified = oir(&["verify", database.to_str().unwrap()]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
}

#[test]
fn a_file_is_judged_with_code_place_and_remedy() {
    let directory = folder("check");
    let file = directory.join("broken.xml");
    std::fs::write(&file, "<a><b></a>").unwrap();
    let judged = oir(&["check", file.to_str().unwrap()]);
    assert_eq!(judged.status.code(), Some(1));
    let said = String::from_utf8(judged.stdout).unwrap();
    assert!(
        said.contains("F0001") && said.contains("linje 1, kolonne"),
        "{said}"
    );
}

#[cfg(feature = "postgres")]
#[test]
fn the_day_is_the_same_on_postgresql() {
    let scratch = oir_testkit::postgres::Scratch::new("oir_demo");
    let url = scratch.url();
    let there = day(
        "on-postgres",
        &["--database", &url, "--books-cut-percent", "30"],
    );
    assert_eq!(there, day("beside-postgres", &[]));
    assert!(oir(&["verify", &url]).status.success());
}
