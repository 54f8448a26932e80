#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use oir_domain::finans::Afsendelse;
use oir_fagsystem::sample;
use serde_json::{Value, json};

use super::{Call, OPERATIONS, call};
use crate::finans::message::Unreadable;

fn minimal() -> Value {
    json!({
        "AuthorityContext": { "MunicipalityCVR": "64942212" },
        "RequestHeader": { "TransactionUUID": "0198c5f0-0000-7000-8000-000000000001" },
        "Afsendelse": {
            "Leveranceform": "STRAKS",
            "AfsenderSystem": "0198c5f0-0000-7000-8000-00000000000a",
            "Oprettet": "2026-11-18T12:00:00Z",
            "Finansbilag": [{
                "BilagUUID": "0198c5f0-0000-7000-8000-0000000000b1",
                "AfsenderBilagsnummer": "1", "Bilagsdato": "2026-11-18",
                "Bogfoeringsdato": "2026-11-18", "Regnskabsaar": 2026,
                "Posteringstype": "NOR", "Valuta": "DKK", "Tekst": "Prøve < & >",
                "Finanspostering": [{
                    "Linjenummer": 1, "Beloeb": 1000.0, "DebetKredit": "D", "Tekst": "t",
                    "Sortimentsvaerdi": [{ "Facet": "ydelsesart", "Vaerdi": "x" }],
                    "Part": { "Rolle": "ANDEN", "CVR": "64942212" }
                }]
            }]
        }
    })
}

fn read(value: &Value) -> Result<Afsendelse, Box<Unreadable>> {
    match call(OPERATIONS[0], value.to_string().as_bytes())? {
        Call::Modtag(afsendelse) => Ok(*afsendelse),
        other => Err(Box::new(Unreadable {
            antal_bilag: u32::from(other.operation().is_empty()),
            ..read(&json!(null)).unwrap_err().as_ref().clone()
        })),
    }
}

/// Codes and places of what is wrong.
fn wrong(value: &Value) -> Vec<(String, String)> {
    let faults = read(value).unwrap_err().faults;
    let one = |f: &oir_domain::fault::Fault| (f.code.to_string(), f.place.path.to_string());
    faults.iter().map(one).collect()
}

#[test]
fn names_may_stand_in_any_order_and_texts_are_kept() {
    let afsendelse = read(&minimal()).unwrap();
    assert_eq!(&*afsendelse.bilag[0].tekst, "Prøve < & >");
    assert_eq!(afsendelse.bilag[0].posteringer[0].beloeb.get(), 1_000);
    assert_eq!(afsendelse.korrelations_id, None);
    // The sample and its XML say the same in both forms: one judge.
    assert_eq!(afsendelse.myndighed, sample::myndighed());
}

#[test]
fn faults_of_both_readers_come_together_with_their_places() {
    let mut value = minimal();
    value["Afsendelse"]["Finansbilag"][0]["Finanspostering"][0]["Beloeb"] = json!("1000");
    value["Afsendelse"]["Finansbilag"][0]["Belob"] = json!(1);
    value["Afsendelse"]["Finansbilag"][0]["Valuta"] = json!("kr");
    value["Afsendelse"]["Oprettet"] = json!({});
    let mut found = wrong(&value);
    found.sort();
    let expected = [
        ("F0101", "Finansbilag[1]/Belob"),
        ("F0103", "Afsendelse/Oprettet"),
        ("F0103", "Finansbilag[1]/Finanspostering[1]/Beloeb"),
        ("F0103", "Finansbilag[1]/Valuta"),
    ];
    let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn what_json_readers_lose_is_a_fault() {
    let twice = r#"{"RequestHeader":{"TransactionUUID":"x","TransactionUUID":"y"}}"#;
    let faults = call(OPERATIONS[0], twice.as_bytes()).unwrap_err().faults;
    assert!(faults.iter().any(|f| f.code.code() == "F0101"));
    let mut value = minimal();
    value["Afsendelse"]["Kontroltotal"] = json!(null);
    assert_eq!(wrong(&value)[0].1, "Afsendelse/Kontroltotal");
    let mut value = minimal();
    value["Afsendelse"]["KorrelationsID"] = json!("a\u{0}b");
    assert_eq!(wrong(&value)[0].1, "Afsendelse/KorrelationsID");
    let faults = call(OPERATIONS[0], b"{\"a\":\n}").unwrap_err().faults;
    assert_eq!(&*faults[0].place.path, "linje 2, kolonne 1");
    assert_eq!(call(OPERATIONS[0], b"\xff").unwrap_err().faults.len(), 1);
    let deep = "[".repeat(100_000);
    assert_eq!(
        call(OPERATIONS[0], deep.as_bytes())
            .unwrap_err()
            .faults
            .len(),
        1
    );
}

#[test]
fn a_members_name_becomes_text_that_every_store_takes() {
    let body = r#"{"a\u0000b\u001d\u001f\uffff": 1, "6101011234": 2}"#;
    let faults = call(OPERATIONS[0], body.as_bytes()).unwrap_err().faults;
    let said = |f: &oir_domain::fault::Fault| format!("{} {}", f.place.path, f.values[0]);
    let said: Vec<String> = faults.iter().map(said).collect();
    assert!(said.contains(
        &"a\u{fffd}b\u{fffd}\u{fffd}\u{fffd} a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}".to_owned()
    ));
    assert!(
        said.contains(&"610101**** 610101****".to_owned()),
        "{said:?}"
    );
}

#[test]
fn a_tree_of_more_values_than_a_message_has_is_given_up() {
    let codes = |body: &str| -> Vec<&str> {
        let faults = call(OPERATIONS[0], body.as_bytes()).unwrap_err().faults;
        faults.iter().map(|f| f.code.code()).collect()
    };
    // Two bytes a value.
    assert_eq!(codes(&format!("[{}1]", "1,".repeat(2_000))), ["F0005"]);
    // Long enough, and too many.
    let long = format!("[{}1]", "1234567890,".repeat(1_000_001));
    assert_eq!(codes(&long), ["F0005"]);
    assert_eq!(codes(&format!("[{}1]", "1,".repeat(400)))[0], "F0103");
    assert_eq!(codes("[1] 2"), ["F0001"]);
}

#[test]
fn the_largest_message_is_within_the_limits() {
    let mut value = minimal();
    let posting = json!({
        "Linjenummer": 1, "Beloeb": 1, "DebetKredit": "D", "Tekst": "t",
        "Sortimentsvaerdi": vec![json!({ "Facet": "a", "Vaerdi": "b" }); 20],
    });
    value["Afsendelse"]["Finansbilag"][0]["Finanspostering"] = json!(vec![posting; 5_000]);
    assert_eq!(read(&value).unwrap().bilag[0].posteringer.len(), 5_000);
}

#[test]
fn the_twenty_first_sortiment_value_is_a_fault() {
    let mut value = minimal();
    let values = vec![json!({ "Facet": "a", "Vaerdi": "b" }); 22];
    value["Afsendelse"]["Finansbilag"][0]["Finanspostering"][0]["Sortimentsvaerdi"] = json!(values);
    let place = |n: u32| format!("Finansbilag[1]/Finanspostering[1]/Sortimentsvaerdi[{n}]");
    let expected = [21, 22].map(|n| ("F0101".to_owned(), place(n)));
    assert_eq!(wrong(&value), expected);
}

#[test]
fn numbers_keep_their_forms() {
    let with = |number: &str| {
        let text = minimal()
            .to_string()
            .replace("\"Beloeb\":1000.0", &format!("\"Beloeb\":{number}"));
        call(OPERATIONS[0], text.as_bytes()).is_ok()
    };
    assert!(with("0") && with("1e3") && with("999999999999999"));
    assert!(!with("-0") && !with("-0.0") && !with("-1") && !with("18446744073709551615"));
    assert!(!with("1.5") && !with("1e300"));
}
