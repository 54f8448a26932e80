//! `oir omsaetning`: what it says, how it ends, and that nobody approves their own draft.

use crate::running::{Desk, oir};

impl Desk {
    /// Runs it of the table of København and KSD.
    fn of_ksd(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let table = ["--kommune", "101", "--fagsystem", "ksd"];
        self.run(&[arguments, &table].concat())
    }
}

#[test]
fn a_draft_is_simulated_and_approved_by_another_name_and_compared() {
    let desk = Desk::new("omsaetning", "omsaetning");
    let (code, said) = desk.run(&["list", "--kommune", "101"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("KSD      udgave   0"), "{said}");
    let begin = ["begin", "--purpose", "Nyt år", "--from", "2099-01-01"];
    let by = |name: &'static str| ["--by", name];
    let (code, said) = desk.of_ksd(&[&begin[..], &by("Anna")].concat());
    assert_eq!((code, said.trim()), (Some(0), "Kladden er udgave 1."));
    let (code, said) = desk.of_ksd(&[&begin[..], &by("Bo")].concat());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("der er allerede en kladde"), "{said}");

    let approve = |name| [&["approve", "--version", "1"][..], &by(name)].concat();
    let (code, said) = desk.of_ksd(&approve("Anna"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("OT-EGET-ARBEJDE"), "{said}");
    assert!(said.contains("OT-IKKE-SIMULERET"), "{said}");
    assert!(said.contains("Intet er ændret."), "{said}");
    let (code, said) = desk.of_ksd(&["simulate", "--by", "Anna"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Gemt på udgave 1."), "{said}");
    let (code, said) = desk.of_ksd(&approve("Bo"));
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("gælder fra 2099-01-01"), "{said}");
    let (_, said) = desk.of_ksd(&["show"]);
    assert!(said.contains("skrevet af maskinen: Anna"), "{said}");
    assert!(said.contains("godkendt af maskinen: Bo"), "{said}");
    let (code, said) = desk.of_ksd(&["diff", "0", "1"]);
    assert_eq!(code, Some(0), "the same rules: {said}");
    assert!(
        said.starts_with("0 nye, 0 væk, 0 ændret, 0 flyttet"),
        "{said}"
    );
}

#[test]
fn rules_are_shown_checked_and_explained() {
    let desk = Desk::new("omsaetning", "omsaetning-forklar");
    let (code, said) = desk.of_ksd(&["show", "--version", "0"]);
    assert_eq!(code, Some(0), "{said}");
    let rule = said
        .lines()
        .find(|line| line.contains("  2026-01-01..  → "))
        .unwrap();
    let value = rule.split_whitespace().nth(1).unwrap();
    let konto = rule.rsplit(' ').next().unwrap();
    let (code, said) = desk.of_ksd(&["explain", value, "--day", "2026-11-18"]);
    assert_eq!(code, Some(0), "{said}");
    let wins = said
        .lines()
        .find(|line| line.starts_with("Vinder:"))
        .unwrap();
    assert!(wins.contains(value) && wins.ends_with(konto), "{said}");
    assert!(
        said.contains(", men reglen kræver, at "),
        "and why others do not: {said}"
    );
    let (code, said) = desk.of_ksd(&["explain", "intet=findes", "--day", "2026-11-18"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Ingen regel passer"), "{said}");
    let (code, said) = desk.of_ksd(&["check"]);
    assert_eq!(code, Some(1), "the example has a gap to find: {said}");
    assert!(said.contains("Uden konto:"), "{said}");
    let (code, said) = desk.of_ksd(&["show", "--version", "7"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ingen udgave 7"), "{said}");
    let wrong = desk.run(&["show", "--kommune", "101", "--fagsystem", "XYZ"]);
    assert_eq!(wrong.0, Some(2), "{}", wrong.1);
}

#[test]
fn a_draft_goes_out_as_a_spreadsheet_and_its_rows_come_back() {
    let desk = Desk::new("omsaetning", "omsaetning-ark");
    let file = desk.folder.join("tabel.csv");
    let path = file.to_str().unwrap();
    let by = ["--by", "Anna"];
    let begin = ["begin", "--purpose", "Ark"];
    let (code, said) = desk.of_ksd(&[&begin[..], &by].concat());
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = desk.of_ksd(&["export", path]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = desk.of_ksd(&["diff", "1", path]);
    assert_eq!(code, Some(0), "as it went out: {said}");
    let text = std::fs::read_to_string(&file).unwrap();
    let (head, last) = (text.lines().next().unwrap(), text.lines().last().unwrap());
    let lines = text.lines().filter(|line| *line != last);
    std::fs::write(&file, lines.collect::<Vec<_>>().join("\r\n")).unwrap();
    let (code, said) = desk.of_ksd(&["import", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 nye, 1 væk, 0 ændret"), "{said}");
    assert!(said.contains("Intet er gemt"), "{said}");
    let (code, said) = desk.of_ksd(&[&["import", path][..], &by].concat());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Gemt på udgave 1 som rettelse 2."), "{said}");
    let (code, said) = desk.of_ksd(&["diff", "0", "1"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("0 nye, 1 væk, 0 ændret"), "{said}");

    let wrong = format!("{head}\r\nikke et nummer{last}\r\n");
    std::fs::write(&file, wrong).unwrap();
    let (code, said) = desk.of_ksd(&[&["import", path][..], &by].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("A2") && said.contains("Intet er ændret."),
        "{said}"
    );
    let (code, said) = desk.of_ksd(&["check", "--file", path]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("A2"), "{said}");

    std::fs::write(&file, "").unwrap();
    let (code, said) = desk.of_ksd(&[&["import", path][..], &by].concat());
    assert_eq!(code, Some(1), "{said}");
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("Arket er tomt."),
        "no place, no gap: {said}"
    );
}

#[test]
fn a_table_is_copied_by_another_kommune_while_its_owner_shares_it() {
    let desk = Desk::new("omsaetning", "omsaetning-del");
    let by = |name: &'static str| ["--by", name];
    let copy = ["begin", "--purpose", "Kopi", "--copy", "751"];
    let copy = [&copy[..], &by("Anna")].concat();
    let theirs = |what: &str| {
        let table = ["--kommune", "751", "--fagsystem", "ksd"];
        desk.run(&[&[what][..], &table, &by("Bo")].concat())
    };
    let refused = |told: &str| {
        let (code, said) = desk.of_ksd(&copy);
        assert_eq!(code, Some(2), "{told}: {said}");
        assert!(said.contains("Intet er ændret."), "{told}: {said}");
    };
    refused("nobody has shared it");
    let (code, said) = theirs("share");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("kan nu kopiere"), "{said}");

    let (code, said) = desk.of_ksd(&copy);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Kladden er udgave 1."), "{said}");
    let own = "Passer ikke: regel ";
    assert!(said.contains(own), "values of 751 alone are named: {said}");
    let (_, ours) = desk.of_ksd(&["show", "--version", "1"]);
    let show = ["show", "--version", "0", "--kommune", "751"];
    let (_, shared) = desk.run(&[&show[..], &["--fagsystem", "ksd"]].concat());
    let rules = |said: &str| {
        let lines = said.lines().filter(|line| line.contains("→"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rules(&ours), rules(&shared));
    assert!(!rules(&ours).is_empty());

    let discard = [&["discard", "--version", "1"][..], &by("Anna")].concat();
    assert_eq!(desk.of_ksd(&discard).0, Some(0));
    let (code, said) = theirs("unshare");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ikke længere kopiere"), "{said}");
    refused("it is not shared any more");
    let stranger = ["share", "--kommune", "9999", "--fagsystem", "ksd"];
    let (code, said) = desk.run(&[&stranger[..], &by("Bo")].concat());
    assert_eq!(code, Some(2), "{said}");
    assert!(oir(&["verify", &desk.database]).status.success());
}
