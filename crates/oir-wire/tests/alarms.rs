//! Every alarm is said in Danish, and has its entry in the runbook.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use oir_domain::operation::alarm::{Alarm, AlarmCode, Severity};
use oir_domain::party::Kommunekode;
use oir_wire::danish::{alarm_remedy, alarm_text, alarm_title, headline};

fn alarm(code: AlarmCode, severity: Severity) -> Alarm {
    Alarm {
        code,
        severity,
        kommune: Some(Kommunekode(751)),
        fagsystem: None,
        name: "bog.example".into(),
        at: None,
        number: Some(3_000_000_000),
    }
}

#[test]
fn every_alarm_has_its_entry_in_the_runbook() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATION.md");
    let runbook = std::fs::read_to_string(file).unwrap();
    for code in AlarmCode::ALL {
        let heading = format!("### {} {}\n", code.code(), alarm_title(code));
        let entry = runbook.split(&heading).nth(1);
        let entry = entry.unwrap_or_else(|| panic!("no entry: {heading}"));
        let entry = entry.split("\n###").next().unwrap();
        for part in ["**Means.**", "**Do.**"] {
            assert!(entry.contains(part), "{heading} lacks {part}");
        }
    }
    let entries = runbook.matches("### D").count();
    assert_eq!(entries, AlarmCode::ALL.len(), "an entry without an alarm");
}

#[test]
fn every_alarm_is_a_sentence_and_an_order() {
    let mut titles = BTreeSet::new();
    for code in AlarmCode::ALL {
        let said = alarm_text(&alarm(code, Severity::Now), "Aarhus", Some("i går"));
        assert!(said.ends_with('.') && !said.contains(['{', '}']), "{said}");
        assert!(alarm_remedy(code).ends_with('.'), "{code:?}");
        assert!(titles.insert(alarm_title(code)), "{code:?}");
    }
    let slow = Alarm {
        number: Some(21_450),
        ..alarm(AlarmCode::ReceiverSlow, Severity::Soon)
    };
    assert!(alarm_text(&slow, "Aarhus", None).contains("21,4 sekunder"));
    let full = alarm(AlarmCode::DiskFull, Severity::Now);
    assert!(alarm_text(&full, "", None).contains("3000 MB"));
}

#[test]
fn the_headline_says_how_much_of_a_hurry_there_is() {
    let all = |severities: &[Severity]| -> String {
        let alarms = severities.iter().map(|s| alarm(AlarmCode::Stop, *s));
        headline(&alarms.collect::<Vec<_>>())
    };
    assert!(all(&[]).starts_with("Alt kører"));
    assert!(all(&[Severity::Know]).starts_with("Alt kører"));
    let said = all(&[Severity::Now, Severity::Now, Severity::Soon]);
    assert_eq!(
        said,
        "2 forhold skal ordnes straks, 1 forhold skal ordnes snart. Begynd øverst."
    );
}
