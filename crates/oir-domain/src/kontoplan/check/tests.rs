#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::civil::date;

use super::{FindingCode, Weight, check, contradictions, of_konto, year_of};
use crate::calendar::{Regnskabsaar, Validity};
use crate::kontoplan::national::{AuthorisedKontoplan, Mark, national};
use crate::kontoplan::{Aarsspan, Konto, KontoForm};

const AAR: Regnskabsaar = Regnskabsaar(2026);

fn found(text: &str, aar: i16) -> Vec<(&'static str, Weight, &'static str)> {
    let findings = check(&text.parse().unwrap(), Regnskabsaar(aar), national());
    findings
        .iter()
        .map(|f| (f.code.code(), f.weight, f.part))
        .collect()
}

#[test]
fn benefits_and_their_refund_have_nothing_wrong() {
    for text in [
        "5.57.71.1.1.0000.013.5.2",
        "5.57.71.2.1.0000.010.8.6",
        "5.57.73.1.1.0000.007.5.2",
        "8.51.52.5.1.0000.101.6.0",
    ] {
        assert_eq!(found(text, 2026), [], "{text}");
    }
}

#[test]
fn a_gruppering_that_a_source_closed_is_refused_from_its_year() {
    for gruppering in ["001", "003", "005", "006"] {
        let text = format!("5.57.71.1.1.0000.{gruppering}.5.2");
        assert_eq!(found(&text, 2021), []);
        let refused = ("AK-GRUPPERING-LUKKET", Weight::Refuse, "gruppering");
        assert_eq!(found(&text, 2022), [refused]);
    }
    let text = "5577111000000152".parse().unwrap();
    let finding = check(&text, AAR, national()).pop().unwrap();
    assert_eq!(&*finding.values.join(" "), "001 5.57.71 1 2026 2021");
    assert_eq!((finding.mark, &*finding.kilde), (Mark::Sourced, "STAR-CH"));
    // The same number on dranst 2 is another gruppering, and lives.
    assert_eq!(found("5.57.71.2.1.0000.003.8.6", 2026), []);
}

#[test]
fn what_is_only_inferred_warns() {
    let warned = |code, part| (code, Weight::Warn, part);
    let cases = [
        (
            "5.57.99.1.1.0000.013.5.2",
            warned("AK-FUNKTION", "funktion"),
        ),
        (
            "5.57.72.4.1.0000.013.5.2",
            warned("AK-DRANST-HOVEDKONTO", "dranst"),
        ),
        (
            "5.57.71.1.9.0000.013.5.2",
            warned("AK-EJERFORHOLD", "ejerforhold"),
        ),
        (
            "5.57.71.1.1.0000.777.5.2",
            warned("AK-GRUPPERING", "gruppering"),
        ),
        (
            "5.57.71.1.1.0000.010.5.2",
            warned("AK-GRUPPERING-DRANST", "gruppering"),
        ),
        (
            "5.48.68.1.1.0000.001.5.2",
            warned("AK-GRUPPERING", "gruppering"),
        ),
        ("5.57.71.1.1.0000.013.5.3", warned("AK-ART", "art")),
        (
            "5.57.71.1.1.0000.013.6.0",
            warned("AK-ART-HOVEDKONTO", "art"),
        ),
        (
            "5.57.71.2.1.0000.010.5.2",
            warned("AK-ART-STATSREFUSION", "art"),
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(found(text, 2026), [expected], "{text}");
    }
}

#[test]
fn a_value_outside_a_sourced_and_whole_list_is_refused() {
    let refused = ("AK-DRANST", Weight::Refuse, "dranst");
    assert_eq!(found("5.57.71.0.1.0000.013.5.2", 2026), [refused]);
    // The same list, once from a source and once not.
    let facts = |mark: &str| {
        let rows = [
            "h",
            "hovedkonto;5;;;x;;;S;;K;",
            "funktion;5.57.71;;;x;;;S;;K;",
            "dranst;1;;;x;;;S;;K;",
            "ejerforhold;1;;;x;;;S;;K;",
            "art;5.2;;;x;;;S;;K;",
            "gruppering;013;5.57.71;1;x;2024;;S;;K;",
            &format!("liste;gruppering;5.57.71;1;udtømmende;;;{mark};;K;"),
        ];
        AuthorisedKontoplan::read(&rows.join("\n")).unwrap()
    };
    let konto = "5577111000077752".parse().unwrap();
    for (mark, weight) in [("S", Weight::Refuse), ("I", Weight::Warn)] {
        let findings = check(&konto, AAR, &facts(mark));
        let found: Vec<_> = findings.iter().map(|f| (f.code, f.weight)).collect();
        assert_eq!(found, [(FindingCode::Gruppering, weight)]);
    }
    let early = check(
        &"5577111000001352".parse().unwrap(),
        Regnskabsaar(2023),
        &facts("S"),
    );
    assert_eq!(early.first().unwrap().code, FindingCode::GrupperingEarly);
}

#[test]
fn every_finding_names_its_part_and_all_come_at_once() {
    let parts: Vec<&str> = found("5.99.99.0.0.0000.001.3.3", 2026)
        .iter()
        .map(|(_, _, part)| *part)
        .collect();
    assert_eq!(parts, ["funktion", "dranst", "ejerforhold", "art"]);
}

fn konto(text: &str, autoriseret: &str, last: Option<i16>) -> Konto {
    Konto {
        konto: text.into(),
        navn: "x".into(),
        validity: Validity {
            from: date(2018, 1, 1),
            to: None,
        },
        aar: Aarsspan {
            from: None,
            to: last.map(Regnskabsaar),
        },
        autoriseret: autoriseret.parse().ok(),
    }
}

#[test]
fn an_account_is_judged_in_a_year_in_which_it_lives() {
    let closed = konto("5577111000000152", "", Some(2021));
    assert_eq!(year_of(&closed, AAR), Regnskabsaar(2021));
    let form = KontoForm::Autoriseret;
    assert_eq!(of_konto(&closed, &form, AAR, national()), []);
    let open = konto("5577111000000152", "", None);
    assert_eq!(of_konto(&open, &form, AAR, national()).len(), 1);
    let derived = konto("4711", "5577111000000152", None);
    assert_eq!(
        of_konto(&derived, &KontoForm::Prisme, AAR, national()).len(),
        1
    );
    let untold = konto("4711", "", None);
    assert_eq!(of_konto(&untold, &KontoForm::Prisme, AAR, national()), []);
}

#[test]
fn master_data_that_contradict_themselves_are_found() {
    let konti = [
        konto("40000000/PSP/A", "5577111000001352", None),
        konto("40000001/PSP/A", "5577121000001086", None),
        konto("40000000/PSP/B", "5577121000001086", None),
    ];
    let found = contradictions(&konti, &KontoForm::SapPar);
    let codes: Vec<_> = found.iter().map(|(at, f)| (*at, f.code.code())).collect();
    assert_eq!(
        codes,
        [(1, "AK-STAMDATA-OBJEKT"), (2, "AK-STAMDATA-ARTSKONTO")]
    );
    assert_eq!(contradictions(&konti, &KontoForm::Prisme), []);
}

#[test]
fn codes_are_all_different() {
    let mut codes: Vec<&str> = FindingCode::ALL.iter().map(|code| code.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), FindingCode::ALL.len());
}
