//! A table is opened, edited and saved by a program that is not ours, and read back.
#![cfg(feature = "oracle")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use oir_domain::calendar::Validity;
use oir_domain::money::Side;
use oir_domain::omsaetning::difference::Column;
use oir_domain::omsaetning::{Condition, Rule, Share, Target, Template, difference};
use oir_wire::omsaetning_sheet::{Facets, Form, read, write};

fn rule(number: u32, ydelse: &str, targets: Vec<Target>, comment: &str) -> Rule {
    Rule {
        number,
        conditions: vec![("ydelse".into(), Condition::Is(ydelse.into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2026, 1, 1),
            to: None,
        },
        targets,
        comment: comment.into(),
    }
}

fn target(konto: &str, hundredths: u16) -> Target {
    Target {
        share: Share::new(hundredths).unwrap(),
        konto: Template::parse(konto).unwrap(),
    }
}

#[test]
fn openpyxl_edits_a_table_and_only_that_is_another() {
    let whole = vec![target("=1+1", 10_000)];
    let parts = vec![target("100", 3_333), target("200", 6_667)];
    let old = [
        rule(10, "007", whole, "@husk\nbøger"),
        rule(4, "12", parts, ""),
    ];
    let known: [Box<str>; 2] = ["sted".into(), "ydelse".into()];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("omsaetning_sheet");
    std::fs::create_dir_all(&folder).unwrap();
    let (file, edited) = (folder.join("tabel.xlsx"), folder.join("rettet.xlsx"));
    std::fs::write(&file, write(&old, &known, Form::Xlsx).unwrap()).unwrap();
    let python = std::env::var_os("OIR_TEST_PYTHON");
    let python = python.expect("OIR_TEST_PYTHON is not set: run `cargo xtask test`");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(python)
        .arg(project.join("tests/clients/omsaetning_sheet.py"))
        .args([&file, &edited])
        .output()
        .unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complained}");
    let facets = Facets {
        known: &known,
        next: 11,
    };
    let new = read(&std::fs::read(&edited).unwrap(), &facets).unwrap();
    let found = difference(&old, &new);
    let changed = found.changed.iter().map(|c| (c.new.number, &*c.columns));
    let expected = [
        (10, &[Column::Facet("ydelse".into()), Column::To][..]),
        (4, &[Column::Share][..]),
    ];
    assert_eq!(changed.collect::<Vec<_>>(), expected);
    let mut added = rule(11, "4711", vec![target("551{sted}", 10_000)], "");
    added.side = Some(Side::Credit);
    added.validity.from = date(2026, 7, 1);
    assert_eq!(found.added, [&added]);
    assert!(found.removed.is_empty() && found.moved.is_empty());
}
