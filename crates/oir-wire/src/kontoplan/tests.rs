#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::kontoplan::national::national;
use oir_domain::kontoplan::{Aarsspan, Dimensioner, Konto, KontoForm};
use proptest::prelude::*;

use super::{Reading, csv, read, xlsx};

const AAR: Regnskabsaar = Regnskabsaar(2026);

fn reading(text: &str, form: &KontoForm) -> Reading {
    read(text.as_bytes(), form, AAR, national())
}

fn forms() -> Vec<KontoForm> {
    let own = Dimensioner::try_new(["sted", "art"], '-').unwrap();
    vec![
        KontoForm::Autoriseret,
        KontoForm::SapPar,
        KontoForm::Prisme,
        KontoForm::EgneDimensioner(own),
    ]
}

fn text(form: &KontoForm) -> &'static str {
    match form {
        KontoForm::Autoriseret => "5571[1-9]1[1-3][0-9]{4}[0-9]{3}52",
        KontoForm::SapPar => "[1-8][0-9]{7}/(PSP|OMK|ORD)/[A-Z][A-Z0-9-]{0,8}",
        KontoForm::Prisme => "[A-Z0-9]{1,12}",
        KontoForm::EgneDimensioner(_) => "[a-zæøå0-9]{1,8}-[A-ZÆØÅ0-9]{0,8}",
    }
}

fn day() -> impl Strategy<Value = Date> {
    (2000_i16..2040, 1_i8..=12, 1_i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

/// Accounts that are open at some time, and whose derived string says nothing wrong.
fn konto(form: &KontoForm) -> impl Strategy<Value = Konto> + use<> {
    let derives = *form != KontoForm::Autoriseret && *form != KontoForm::SapPar;
    let names = "[A-ZÆØÅa-zæøå0-9;\",'=+ ]{0,20}[a-zæøå]";
    (text(form), names, day(), 0_i64..4_000, any::<[bool; 5]>()).prop_map(
        move |(konto, navn, from, length, [to, aar_from, aar_to, own, since])| {
            let last = from.saturating_add(jiff::Span::new().days(length));
            let aar = |day: Date, given: bool| given.then(|| Regnskabsaar(day.year()));
            let from = if since { from } else { beginning() };
            Konto {
                konto: konto.into(),
                navn: navn.trim().into(),
                validity: Validity {
                    from,
                    to: to.then_some(last),
                },
                aar: Aarsspan {
                    from: aar(from, aar_from),
                    to: aar(last, aar_to),
                },
                autoriseret: (own && derives).then(|| "5577111000001352".parse().unwrap()),
            }
        },
    )
}

fn beginning() -> Date {
    oir_domain::kontoplan::BEGINNING
}

fn any_plan() -> impl Strategy<Value = (KontoForm, Vec<Konto>)> {
    prop::sample::select(forms()).prop_flat_map(|form| {
        let konti = prop::collection::vec(konto(&form), 1..20);
        konti.prop_map(move |mut konti| {
            let mut seen = std::collections::HashSet::new();
            konti.retain(|konto| seen.insert(konto.konto.clone()));
            (form.clone(), konti)
        })
    })
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_as_it_was((form, konti) in any_plan()) {
        for file in [csv(&konti), xlsx(&konti).unwrap()] {
            let found = read(&file, &form, AAR, national());
            prop_assert_eq!(found.faults, []);
            prop_assert_eq!(&found.konti, &konti);
        }
    }
}

#[test]
fn a_name_that_looks_like_a_formula_leaves_and_comes_back_as_text() {
    let konto = |konto: &str, navn: &str| Konto {
        konto: konto.into(),
        navn: navn.into(),
        validity: Validity {
            from: beginning(),
            to: None,
        },
        aar: Aarsspan::default(),
        autoriseret: None,
    };
    let konti = [
        konto("A1", "=HYPERLINK(\"x\")"),
        konto("A2", "＝1+1"),
        konto("A3", "'-dette"),
    ];
    let file = csv(&konti);
    let text = std::str::from_utf8(&file).unwrap();
    assert!(text.contains("A1;\"'=HYPERLINK(\"\"x\"\")\";"), "{text}");
    assert!(text.contains("A2;'＝1+1;") && text.contains("A3;''-dette;"));
    for file in [file, xlsx(&konti).unwrap()] {
        let found = read(&file, &KontoForm::Prisme, AAR, national());
        assert_eq!(found.faults, []);
        assert_eq!(found.konti, konti);
    }
}

#[test]
fn a_file_as_people_keep_it_is_read() {
    let file = "Navn;KONTO;Gyldig til;Bemærkning\n\
                Sygedagpenge;5.57.71.1.1.0000.013.5.2;31.12.2026;til\n\
                \n\
                Refusion;5577121000001086;;\n";
    let found = reading(file, &KontoForm::Autoriseret);
    assert_eq!(found.faults, []);
    let (one, other) = (found.konti.first().unwrap(), found.konti.get(1).unwrap());
    assert_eq!(&*one.konto, "5577111000001352");
    assert_eq!(one.validity.to, Some(date(2026, 12, 31)));
    assert_eq!(
        (&*other.navn, other.validity.from),
        ("Refusion", beginning())
    );
}

#[test]
fn master_data_give_the_derived_string() {
    let file = "Konto;Navn;Funktion;Dranst;Ejerforhold;Gruppering;Art\n\
                40000000/PSP/XG-9212045210-00014;Sygedagpenge;5.57.71;1;1;13;5,2\n\
                90001234;Mellemregning;;;;;\n\
                40000001/PSP/XG-1;Halv;5.57.71;1;;;\n";
    let found = reading(file, &KontoForm::SapPar);
    let derived = found.konti.first().unwrap().autoriseret.unwrap();
    assert_eq!(derived.digits(), "5577111000001352");
    assert_eq!(found.konti.get(1).unwrap().autoriseret, None);
    let codes: Vec<_> = found.faults.iter().map(|f| (f.row, &*f.code)).collect();
    let wrong = (4, "KP-AUTORISERET");
    assert_eq!(codes, [wrong, wrong, wrong]);
}

#[test]
fn all_faults_come_at_once_with_row_and_column_and_what_to_do() {
    let file = "Konto;Navn;Gyldig fra;Gyldig til;Regnskabsår til\n\
                5577111000001352;Sygedagpenge;;;\n\
                557711;;31.12.2026;30.02.2027;26\n\
                5577111000001352;igen;;;\n\
                5577111000000152;lukket;;;\n\
                5577111000077752;egen;;;\n";
    let found = reading(file, &KontoForm::Autoriseret);
    let places: Vec<_> = found.faults.iter().map(|f| (&*f.place, &*f.code)).collect();
    let expected = [
        ("A3", "KONTO-LAENGDE"),
        ("D3", "ark-ikke-en-dato"),
        ("E3", "KP-AAR"),
        ("A4", "KP-DOBBELT"),
        ("A5", "AK-GRUPPERING-LUKKET"),
    ];
    assert_eq!(places, expected);
    assert!(
        found
            .faults
            .iter()
            .all(|f| !f.text.is_empty() && !f.remedy.is_empty())
    );
    let closed = found.faults.last().unwrap();
    assert!(
        closed
            .provenance
            .as_deref()
            .unwrap()
            .contains("https://star.dk/")
    );
    assert!(
        closed.text.contains("001") && closed.remedy.contains("2021"),
        "{closed:?}"
    );
    let warned: Vec<_> = found
        .warnings
        .iter()
        .map(|w| (&*w.place, &*w.code))
        .collect();
    assert_eq!(warned, [("A6", "AK-GRUPPERING")]);
    let known = found.warnings.first().unwrap().provenance.as_deref();
    assert!(known.unwrap().starts_with("Formodet"));
}

#[test]
fn files_that_are_no_kontoplan_say_why() {
    for (file, code) in [
        ("", "ark-tomt"),
        ("Konto;Navn\n", "ark-tomt"),
        ("Konto;Beskrivelse\n1;x\n", "ark-kolonne-mangler"),
        ("Konto;Navn;konto\n1;x;2\n", "ark-kolonne-to-gange"),
    ] {
        let found = reading(file, &KontoForm::Prisme);
        let codes: Vec<_> = found.faults.iter().map(|f| &*f.code).collect();
        assert_eq!(codes, [code], "{file}");
        assert_eq!(found.konti, []);
    }
    let latin = read(
        b"Konto;Navn\n1;S\xF8\n",
        &KontoForm::Prisme,
        AAR,
        national(),
    );
    assert_eq!(&*latin.faults.first().unwrap().code, "ark-latin1");
}
