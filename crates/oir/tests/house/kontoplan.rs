//! `oir kontoplan`: what it says, how it ends, and that nothing is half-imported.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::running::{folder, oir};

/// A database with a register, and a folder for files.
struct Desk {
    folder: PathBuf,
    database: String,
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let example = text(&folder.join("example"));
        assert!(oir(&["example", &example]).status.success());
        let (register, database) = (format!("{example}/register"), text(&folder.join("oir.db")));
        let import = oir(&["register", "import", &register, "--database", &database]);
        assert!(import.status.success(), "{import:?}");
        Self { folder, database }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, content).unwrap();
        text(&path)
    }

    fn kontoplan(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let all = [&["kontoplan"], arguments, &["--database", &self.database]].concat();
        let Output {
            status,
            stdout,
            stderr,
        } = oir(&all);
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

/// Accounts in SAP's form: one whose string is derived, one of one's own, one of the balance.
const SAP: &str = "Konto;Navn;Gyldig til;Funktion;Dranst;Ejerforhold;Gruppering;Art\n\
     40000000/PSP/XG-9212045210-00014;Sygedagpenge;;5.57.71;1;1;013;5.2\n\
     40000001/PSP/XG-9212045210-00015;Egen;31-12-2099;5.57.71;1;1;777;5.2\n\
     90001234;Mellemregning;;;;;;\n";

const OURS: &[&str] = &["--kommune", "101"];

#[test]
fn a_kontoplan_is_imported_read_and_taken_out_again() {
    let desk = Desk::new("kontoplan");
    let file = desk.file("konti.csv", SAP);
    let import = ["import", &file, "--kommune", "101"];
    let (code, said) = desk.kontoplan(&import);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--form mangler"), "{said}");
    let sap = [&import[..], &["--form", "sap-par"]].concat();
    let (code, said) = desk.kontoplan(&[&sap[..], &["--preview"]].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Ny: 3") && said.contains("Intet er gemt"),
        "{said}"
    );
    assert!(
        said.contains("AK-GRUPPERING: ") && said.contains("(Formodet"),
        "{said}"
    );
    let (_, said) = desk.kontoplan(&["list"]);
    assert!(said.contains("Ingen kommune"), "{said}");

    let (code, said) = desk.kontoplan(&sap);
    assert_eq!(
        (code, said.contains("Gemt som udgave 1.")),
        (Some(0), true),
        "{said}"
    );
    let (code, said) = desk.kontoplan(&import);
    assert_eq!(
        (code, said.contains("Filen ændrer intet.")),
        (Some(0), true),
        "{said}"
    );
    let (_, said) = desk.kontoplan(&["list"]);
    assert!(said.contains("0101") && said.contains("3 konti"), "{said}");
    let show = [
        "show",
        "40000000 psp xg-9212045210-00014",
        "--kommune",
        "101",
    ];
    let (code, said) = desk.kontoplan(&show);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("5577111000001352 (5.57.71 Sygedagpenge)"),
        "{said}"
    );
    assert!(said.contains("I dag: åben"), "{said}");

    for name in ["ud.xlsx", "ud.csv"] {
        let out = text(&desk.folder.join(name));
        let (code, said) = desk.kontoplan(&[&["export", &out][..], OURS].concat());
        assert_eq!(code, Some(0), "{said}");
        let again = ["import", &out, "--kommune", "101"];
        let (code, said) = desk.kontoplan(&again);
        assert_eq!(
            (code, said.contains("Filen ændrer intet.")),
            (Some(0), true),
            "{name}: {said}"
        );
    }
    let (code, said) = desk.kontoplan(&[&["check"][..], OURS].concat());
    assert_eq!(
        (code, said.contains("3 konti, 0 fejl, 1 bemærkninger")),
        (Some(0), true),
        "{said}"
    );
    assert!(oir(&["verify", &desk.database]).status.success());
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_nothing_is_changed() {
    let desk = Desk::new("kontoplan-wrong");
    let good = desk.file("god.csv", "Konto;Navn\n4711;Drift\n");
    let import = ["import", &good, "--kommune", "101", "--form", "prisme"];
    assert_eq!(desk.kontoplan(&import).0, Some(0));
    let bad = desk.file("daarlig.csv", "Konto;Navn\n4712;Ny\n47 13;\n4712;Igen\n");
    let (code, said) = desk.kontoplan(&["import", &bad, "--kommune", "101"]);
    assert_eq!(code, Some(1), "{said}");
    for expected in ["A3", "KONTO-TEGN", "A4", "KP-DOBBELT", "Intet er ændret."] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let (_, said) = desk.kontoplan(&["list"]);
    assert!(
        said.contains("udgave   1") && said.contains("1 konti"),
        "{said}"
    );
    let closed = desk.file("lukket.csv", "Konto;Navn\n5577111000000152;Afløb\n");
    let check = ["check", "--file", &closed, "--form", "autoriseret"];
    let (code, said) = desk.kontoplan(&check);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("AK-GRUPPERING-LUKKET") && said.contains("https://"),
        "{said}"
    );
    let (code, _) = desk.kontoplan(&["import", &good, "--kommune", "999", "--form", "prisme"]);
    assert_eq!(code, Some(2));
    let (code, _) = desk.kontoplan(&["show", "4713", "--kommune", "101"]);
    assert_eq!(code, Some(2));
}
