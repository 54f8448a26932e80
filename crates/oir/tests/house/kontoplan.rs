//! `oir kontoplan`: what it says, how it ends, and that nothing is half-imported.

use crate::running::{Desk, oir, text};

/// Accounts in SAP's form: one whose string is derived, one of one's own, one of the balance.
const SAP: &str = "Konto;Navn;Gyldig til;Funktion;Dranst;Ejerforhold;Gruppering;Art\n\
     40000000/PSP/XG-9212045210-00014;Sygedagpenge;;5.57.71;1;1;013;5.2\n\
     40000001/PSP/XG-9212045210-00015;Egen;31-12-2099;5.57.71;1;1;777;5.2\n\
     90001234;Mellemregning;;;;;;\n";

const OURS: &[&str] = &["--kommune", "101"];

#[test]
fn a_kontoplan_is_imported_read_and_taken_out_again() {
    let desk = Desk::new("kontoplan", "kontoplan");
    let file = desk.file("konti.csv", SAP);
    let import = ["import", &file, "--kommune", "101"];
    let (code, said) = desk.run(&import);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--form mangler"), "{said}");
    let sap = [&import[..], &["--form", "sap-par"]].concat();
    let (code, said) = desk.run(&[&sap[..], &["--preview"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Ny: 3") && said.contains("Intet er gemt"),
        "{said}"
    );
    assert!(
        said.contains("AK-GRUPPERING: ") && said.contains("(Formodet"),
        "{said}"
    );
    let (_, said) = desk.run(&["list"]);
    assert!(said.contains("Ingen kommune"), "{said}");

    let (code, said) = desk.run(&sap);
    assert_eq!(
        (code, said.contains("Gemt som udgave 1.")),
        (Some(0), true),
        "{said}"
    );
    let (code, said) = desk.run(&import);
    assert_eq!(
        (code, said.contains("Filen ændrer intet.")),
        (Some(0), true),
        "{said}"
    );
    let (_, said) = desk.run(&["list"]);
    assert!(said.contains("0101") && said.contains("3 konti"), "{said}");
    let show = [
        "show",
        "40000000 psp xg-9212045210-00014",
        "--kommune",
        "101",
    ];
    let (code, said) = desk.run(&show);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("5577111000001352 (5.57.71 Sygedagpenge)"),
        "{said}"
    );
    assert!(said.contains("I dag: åben"), "{said}");

    for name in ["ud.xlsx", "ud.csv"] {
        let out = text(&desk.folder.join(name));
        let (code, said) = desk.run(&[&["export", &out][..], OURS].concat());
        assert_eq!(code, Some(0), "{said}");
        let again = ["import", &out, "--kommune", "101"];
        let (code, said) = desk.run(&again);
        assert_eq!(
            (code, said.contains("Filen ændrer intet.")),
            (Some(0), true),
            "{name}: {said}"
        );
    }
    let (code, said) = desk.run(&[&["check"][..], OURS].concat());
    assert_eq!(
        (code, said.contains("3 konti, 0 fejl, 1 bemærkninger")),
        (Some(0), true),
        "{said}"
    );
    assert!(oir(&["verify", &desk.database]).status.success());
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_nothing_is_changed() {
    let desk = Desk::new("kontoplan", "kontoplan-wrong");
    let good = desk.file("god.csv", "Konto;Navn\n4711;Drift\n");
    let import = ["import", &good, "--kommune", "101", "--form", "prisme"];
    assert_eq!(desk.run(&import).0, Some(0));
    let bad = desk.file("daarlig.csv", "Konto;Navn\n4712;Ny\n47 13;\n4712;Igen\n");
    let (code, said) = desk.run(&["import", &bad, "--kommune", "101"]);
    assert_eq!(code, Some(1), "{said}");
    for expected in ["A3", "KONTO-TEGN", "A4", "KP-DOBBELT", "Intet er ændret."] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (_, said) = desk.run(&["list"]);
    assert!(
        said.contains("udgave   1") && said.contains("1 konti"),
        "{said}"
    );
    let closed = desk.file("lukket.csv", "Konto;Navn\n5577111000000152;Afløb\n");
    let check = ["check", "--file", &closed, "--form", "autoriseret"];
    let (code, said) = desk.run(&check);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("AK-GRUPPERING-LUKKET") && said.contains("https://"),
        "{said}"
    );
    let (code, _) = desk.run(&["import", &good, "--kommune", "999", "--form", "prisme"]);
    assert_eq!(code, Some(2));
    let (code, _) = desk.run(&["show", "4713", "--kommune", "101"]);
    assert_eq!(code, Some(2));
}
