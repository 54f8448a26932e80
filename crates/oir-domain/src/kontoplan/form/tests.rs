#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::{Dimensioner, DimensionerFault, KontoFault, KontoForm};

fn own() -> KontoForm {
    let names = ["sted", "art", "projekt nr"];
    KontoForm::EgneDimensioner(Dimensioner::try_new(names, '-').unwrap())
}

fn values(form: &KontoForm) -> BoxedStrategy<Vec<String>> {
    match form {
        KontoForm::Autoriseret => "[0-9]{16}"
            .prop_map(|text| {
                let parts = KontoForm::Autoriseret.split(&text).unwrap();
                parts.iter().map(|part| part.value.to_string()).collect()
            })
            .boxed(),
        KontoForm::SapPar => prop_oneof![
            ("[0-8][0-9]{7}", "(PSP|OMK|ORD)", "[A-Z0-9][A-Z0-9-]{0,9}")
                .prop_map(|(konto, kind, object)| vec![konto, kind, object]),
            "9[0-9]{7}".prop_map(|konto| vec![konto, String::new(), String::new()]),
        ]
        .boxed(),
        KontoForm::Prisme => "[A-Z0-9-]{1,30}".prop_map(|text| vec![text]).boxed(),
        KontoForm::EgneDimensioner(_) => prop::collection::vec("[a-zæøåA-ZÆØÅ0-9./]{0,12}", 3)
            .prop_filter("something", |values| values.iter().any(|v| !v.is_empty()))
            .boxed(),
    }
}

fn any_account() -> impl Strategy<Value = (KontoForm, Vec<String>)> {
    let forms = [
        KontoForm::Autoriseret,
        KontoForm::SapPar,
        KontoForm::Prisme,
        own(),
    ];
    prop::sample::select(forms.to_vec())
        .prop_flat_map(|form| values(&form).prop_map(move |values| (form.clone(), values)))
}

proptest! {
    #[test]
    fn what_is_joined_splits_into_the_same_parts((form, values) in any_account()) {
        let text = form.join(&values).unwrap();
        let parts = form.split(&text).unwrap();
        let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
        prop_assert_eq!(names, form.parts());
        let again: Vec<String> = parts.iter().map(|part| part.value.to_string()).collect();
        prop_assert_eq!(&again, &values);
        prop_assert_eq!(form.join(&again).unwrap(), text.clone());
        prop_assert_eq!(form.normalise(&text).unwrap(), text);
    }

    #[test]
    fn what_people_read_is_the_same_account((form, values) in any_account()) {
        let text = form.join(&values).unwrap();
        prop_assert_eq!(form.normalise(&form.render(&text)).unwrap(), text);
    }

    #[test]
    fn whatever_is_read_has_one_spelling(text in "\\PC{0,40}") {
        for form in [KontoForm::Autoriseret, KontoForm::SapPar, KontoForm::Prisme, own()] {
            if let Ok(once) = form.normalise(&text) {
                prop_assert_eq!(form.normalise(&once), Ok(once.clone()));
            }
        }
    }
}

#[test]
fn accounts_are_read_as_people_write_them() {
    let text = KontoForm::Autoriseret.normalise(" 5.57.71.1.1.0000.013.5.2 ");
    assert_eq!(&*text.unwrap(), "5577111000001352");
    let text = KontoForm::SapPar.normalise("40000000 psp xg-9212045210-00014");
    assert_eq!(&*text.unwrap(), "40000000/PSP/XG-9212045210-00014");
    let text = KontoForm::SapPar.normalise("90001234");
    assert_eq!(&*text.unwrap(), "90001234");
    assert_eq!(&*KontoForm::Prisme.normalise(" 4711 ").unwrap(), "4711");
    assert_eq!(&*own().normalise("7710 - 52 - ").unwrap(), "7710-52-");
    assert_eq!(
        KontoForm::Autoriseret.render("5577111000001352"),
        "5.57.71.1.1.0000.013.5.2"
    );
}

#[test]
fn everything_wrong_with_an_account_is_said() {
    let length = KontoForm::Autoriseret.split("55771").unwrap_err();
    let (expected, found) = (16, 5);
    assert_eq!(length, [KontoFault::Length { expected, found }]);
    let signs = KontoForm::Autoriseret
        .split("557711100000A35B")
        .unwrap_err();
    let part = |name: &str| KontoFault::Digits { part: name.into() };
    assert_eq!(signs, [part("gruppering"), part("art")]);
    let alone = KontoForm::SapPar.split("40000000").unwrap_err();
    assert_eq!(alone, [KontoFault::NoObject]);
    let two = KontoForm::SapPar.split("4000 XYZ 12").unwrap_err();
    let codes: Vec<&str> = two.iter().map(KontoFault::code).collect();
    assert_eq!(codes, ["KONTO-BREDDE", "KONTO-OBJEKTTYPE"]);
    let many = KontoForm::SapPar.split("40000000/PSP/1/OMK/2").unwrap_err();
    assert_eq!(many.first().unwrap().code(), "KONTO-DELE");
    assert_eq!(own().split("--").unwrap_err(), [KontoFault::Empty]);
    let long = own()
        .split(&format!("{}-52-1", "7".repeat(36)))
        .unwrap_err();
    let (part, max) = ("konto".into(), 40);
    assert_eq!(long, [KontoFault::Width { part, max }]);
    assert_eq!(
        KontoForm::Prisme.split("  ").unwrap_err(),
        [KontoFault::Empty]
    );
    let space = KontoForm::Prisme.split("47 11").unwrap_err();
    assert_eq!(space.first().unwrap().code(), "KONTO-TEGN");
}

#[test]
fn a_form_is_read_back_as_it_is_written() {
    for form in [
        KontoForm::Autoriseret,
        KontoForm::SapPar,
        KontoForm::Prisme,
        own(),
    ] {
        assert_eq!(form.to_string().parse(), Ok(form));
    }
    assert_eq!(own().to_string(), "egne-dimensioner:-:sted,art,projekt nr");
    let parse = |text: &str| text.parse::<KontoForm>().unwrap_err();
    assert_eq!(parse("opus"), DimensionerFault::Count);
    assert_eq!(parse("egne-dimensioner:;:a"), DimensionerFault::Separator);
    assert_eq!(parse("egne-dimensioner:-:a,A"), DimensionerFault::Twice);
    assert_eq!(parse("egne-dimensioner:-:a,"), DimensionerFault::Name);
}
