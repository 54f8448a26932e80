//! `oir sortiment`: what it says, and that nobody is shown another's values as their own.

use crate::running::{Desk, oir, text};

#[test]
fn a_fagsystem_is_known_by_name_or_id_and_a_kommune_that_is_not_there_is_refused() {
    let desk = Desk::new("sortiment", "sortiment");
    let (code, all) = desk.run(&["list", "--fagsystem", "ksd"]);
    assert_eq!(code, Some(0), "{all}");
    let (code, own) = desk.run(&["list", "--fagsystem", "KSD", "--kommune", "101"]);
    assert_eq!(code, Some(0), "{own}");
    let systems = desk.folder.join("example/register/fagsystemer.csv");
    let systems = std::fs::read_to_string(systems).unwrap();
    let ksd = systems.lines().find(|line| line.contains("KSD")).unwrap();
    let id = ksd.split(';').find(|cell| cell.len() == 36).unwrap();
    let (code, by_id) = desk.run(&["list", "--fagsystem", id]);
    assert_eq!((code, by_id), (Some(0), all));

    let file = text(&desk.folder.join("ud.csv"));
    let (export, announce) = (["export", &file], ["announce", &file]);
    let later = ["--from", "2099-01-01", "--text", "Nyt"];
    let commands = [
        vec!["list"],
        export.to_vec(),
        [&announce[..], &later].concat(),
    ];
    for command in commands {
        let of = ["--fagsystem", "KSD", "--kommune", "9999"];
        let (code, said) = desk.run(&[&command[..], &of].concat());
        assert_eq!(code, Some(2), "{command:?}: {said}");
        let why = "kommunen 9999 er ikke i registeret";
        assert!(said.contains(why), "{command:?}: {said}");
    }
    assert!(!desk.folder.join("ud.csv").exists());
    let (code, said) = desk.run(&["list", "--fagsystem", "XYZ"]);
    assert_eq!(code, Some(2), "{said}");
    let why = "fagsystemet XYZ er ikke i registeret";
    assert!(said.contains(why), "{said}");
    assert!(oir(&["verify", &desk.database]).status.success());
}
