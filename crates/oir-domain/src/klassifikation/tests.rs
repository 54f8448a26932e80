#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use uuid::Uuid;

use super::apply::{Operation, Rettelse, Said, apply};
use super::check::{KlasseFaultCode, Surroundings, beside};
use super::sortiment::{
    Owner, Vaerdi, days, difference, dimension, facet_content, facet_uuid, klasse_content,
    klasse_uuid, owner, values, virkning,
};
use super::{Indhold, Kind, Livscyklus, Objekt, Registrering, Relation, RelationKind};
use super::{UnikId, Virkning};
use crate::calendar::{Validity, copenhagen};
use crate::ids::FagsystemId;
use crate::party::Kommunekode;
use crate::register::Sortimentspost;

const HERE: Option<Kommunekode> = Some(Kommunekode(791));

fn system() -> FagsystemId {
    FagsystemId::from_uuid(Uuid::from_u128(7))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn said(second: i64) -> Said {
    Said {
        at: at(second),
        by: None,
        note: None,
    }
}

fn span(from: Date, to: Option<Date>) -> Validity {
    Validity { from, to }
}

fn content(key: &str, spans: &[Validity]) -> Indhold {
    let facet = facet_uuid(system(), "ydelsesart");
    let names: Vec<_> = spans
        .iter()
        .map(|days| (key.into(), "Et navn".into(), *days))
        .collect();
    klasse_content(facet, None, &names, &copenhagen())
}

fn made(second: i64, indhold: Indhold) -> Registrering {
    let operation = Operation::Opret(indhold);
    apply(
        Kind::Klasse,
        Uuid::from_u128(1),
        None,
        operation,
        said(second),
    )
    .unwrap()
}

fn codes(result: Result<Registrering, Vec<super::check::KlasseFault>>) -> Vec<KlasseFaultCode> {
    result.unwrap_err().iter().map(|fault| fault.code).collect()
}

#[test]
fn an_object_lives_and_dies_by_its_operations() {
    let id = Uuid::from_u128(1);
    let year = span(date(2026, 1, 1), None);
    let first = made(10, content("A", &[year]));
    let again = Operation::Opret(content("A", &[year]));
    let refused = apply(Kind::Klasse, id, Some(&first), again, said(11));
    assert_eq!(codes(refused), [KlasseFaultCode::Exists]);
    let early = apply(
        Kind::Klasse,
        id,
        Some(&first),
        Operation::Passiver,
        said(10),
    );
    assert_eq!(codes(early), [KlasseFaultCode::BeforeTheLast]);
    let renamed = Operation::Ret(Rettelse {
        egenskaber: Some(content("B", &[year]).egenskaber),
        ..Rettelse::default()
    });
    let renamed = apply(Kind::Klasse, id, Some(&first), renamed, said(11)).unwrap();
    assert_eq!(renamed.livscyklus, Livscyklus::Opstaaet);
    assert_eq!(renamed.indhold.relationer, first.indhold.relationer);
    let passive = apply(
        Kind::Klasse,
        id,
        Some(&renamed),
        Operation::Passiver,
        said(12),
    )
    .unwrap();
    let twice = apply(
        Kind::Klasse,
        id,
        Some(&passive),
        Operation::Passiver,
        said(13),
    );
    assert_eq!(codes(twice), [KlasseFaultCode::AlreadySo]);
    let gone = apply(Kind::Klasse, id, Some(&passive), Operation::Slet, said(13)).unwrap();
    let ret = Operation::Ret(Rettelse::default());
    let after = apply(Kind::Klasse, id, Some(&gone), ret, said(14));
    assert_eq!(codes(after), [KlasseFaultCode::Unknown]);
    let back = Operation::Importer(content("B", &[year]));
    assert!(apply(Kind::Klasse, id, Some(&gone), back, said(14)).is_ok());
}

#[test]
fn contents_that_contradict_themselves_are_refused_all_at_once() {
    let overlapping = [
        span(date(2026, 1, 1), Some(date(2026, 6, 30))),
        span(date(2026, 6, 30), None),
    ];
    let mut wrong = content(&"x".repeat(51), &overlapping);
    wrong.relationer.push(Relation {
        kind: RelationKind::FacetTilhoerer,
        virkning: Virkning::between(Some(at(5)), Some(at(5))),
        til: None,
    });
    let id = Uuid::from_u128(1);
    let mut found = codes(apply(
        Kind::Klasse,
        id,
        None,
        Operation::Opret(wrong),
        said(1),
    ));
    found.sort_unstable();
    found.dedup();
    let expected = [
        KlasseFaultCode::Overlap,
        KlasseFaultCode::TooLong,
        KlasseFaultCode::NotHere,
    ];
    assert_eq!(found, expected);
    // Days that meet do not overlap.
    let meeting = [
        span(date(2026, 1, 1), Some(date(2026, 6, 30))),
        span(date(2026, 7, 1), None),
    ];
    let fine = Operation::Opret(content("A", &meeting));
    assert!(apply(Kind::Klasse, id, None, fine, said(1)).is_ok());
}

#[test]
fn rings_are_refused_however_long() {
    let id = Uuid::from_u128;
    let below = |target: u128| {
        let mut indhold = content("A", &[span(date(2026, 1, 1), None)]);
        indhold.relationer.push(Relation {
            kind: RelationKind::OverordnetKlasse,
            virkning: Virkning::default(),
            til: Some(UnikId::Uuid(id(target))),
        });
        indhold
    };
    let mut around = Surroundings::default();
    let edges = around
        .edges
        .entry(RelationKind::OverordnetKlasse)
        .or_default();
    edges.insert(id(2), vec![id(3)]);
    edges.insert(id(3), vec![id(1)]);
    let (ring, line, own) = (below(2), below(4), below(5));
    let codes = |contents: &[(Uuid, &Indhold)]| -> Vec<(Uuid, KlasseFaultCode)> {
        let faults = beside(contents, &[], &around);
        faults.iter().map(|f| (f.objekt, f.code)).collect()
    };
    assert_eq!(codes(&[(id(1), &ring)]), [(id(1), KlasseFaultCode::Cycle)]);
    assert_eq!(codes(&[(id(1), &line)]), []);
    assert_eq!(codes(&[(id(5), &own)]), [(id(5), KlasseFaultCode::Cycle)]);
}

#[test]
fn a_key_is_one_values_at_a_time() {
    let zone = copenhagen();
    let until = span(date(2026, 1, 1), Some(date(2026, 12, 31)));
    let after = span(date(2027, 1, 1), None);
    let rows = |id: u128, days| {
        let registration = made(1, content("A", &[days]));
        values(Uuid::from_u128(id), &registration, None, &zone)
    };
    let around = Surroundings {
        values: rows(1, until),
        ..Surroundings::default()
    };
    assert_eq!(beside(&[], &rows(2, after), &around), []);
    let clash = beside(&[], &rows(2, until), &around);
    assert_eq!(clash.first().unwrap().code, KlasseFaultCode::KeyTaken);
    assert_eq!(beside(&[], &rows(1, until), &around), []);
}

#[test]
fn what_is_taken_out_of_use_ends_the_day_before() {
    let zone = copenhagen();
    let first = made(1, content("A", &[span(date(2026, 1, 1), None)]));
    let noon = Said {
        at: "2026-06-01T10:00:00Z".parse().unwrap(),
        ..said(0)
    };
    let id = Uuid::from_u128(1);
    let passive = apply(Kind::Klasse, id, Some(&first), Operation::Passiver, noon).unwrap();
    let rows = values(id, &passive, HERE, &zone);
    assert_eq!(rows.first().unwrap().validity.to, Some(date(2026, 5, 31)));
    let gone = apply(
        Kind::Klasse,
        id,
        Some(&passive),
        Operation::Slet,
        said(1_800_000_000),
    )
    .unwrap();
    assert_eq!(values(id, &gone, HERE, &zone), []);
    let mut hidden = first.clone();
    hidden.indhold.tilstande.clear();
    assert_eq!(values(id, &hidden, HERE, &zone), []);
}

#[test]
fn plain_rows_become_objects_and_the_same_rows_change_nothing() {
    let zone = copenhagen();
    let row = |kommune, vaerdi: &str, validity| Sortimentspost {
        fagsystem: system(),
        kommune,
        facet: "ydelsesart".into(),
        vaerdi: vaerdi.into(),
        validity,
    };
    let all = span(date(2026, 1, 1), None);
    let rows = [
        row(None, "A", all),
        row(HERE, "B", span(date(2026, 1, 1), Some(date(2026, 1, 31)))),
        row(HERE, "B", span(date(2026, 2, 1), None)),
    ];
    let first = difference(&rows, &[], &[]);
    assert_eq!(first.facets, [(system(), "ydelsesart".into())]);
    assert_eq!(first.values.len(), 2);
    let facet = facet_uuid(system(), "ydelsesart");
    let of = made(1, facet_content(system(), "ydelsesart", "Ydelsesart"));
    let dimensions = [dimension(facet, &of).unwrap()];
    let mut standing = Vec::new();
    for ((fagsystem, kommune, name, vaerdi), days) in &first.values {
        let id = klasse_uuid(*fagsystem, *kommune, name, vaerdi);
        let name = |days: &Validity| (vaerdi.clone(), vaerdi.clone(), *days);
        let names: Vec<_> = days.iter().map(name).collect();
        let indhold = klasse_content(facet, None, &names, &zone);
        standing.extend(values(id, &made(1, indhold), *kommune, &zone));
    }
    assert_eq!(
        difference(&rows, &dimensions, &standing),
        super::sortiment::Difference::default()
    );
    let fewer = difference(rows.get(..1).unwrap(), &dimensions, &standing);
    let gone = klasse_uuid(system(), HERE, "ydelsesart", "B");
    assert_eq!(
        (fewer.gone, fewer.values.len()),
        (vec![(gone, "B".into())], 0)
    );
}

#[test]
fn the_same_days_change_nothing_however_they_are_cut() {
    let facet = facet_uuid(system(), "ydelsesart");
    let of = made(1, facet_content(system(), "ydelsesart", "Ydelsesart"));
    let dimensions = [dimension(facet, &of).unwrap()];
    let standing = |validity| Vaerdi {
        objekt: Uuid::from_u128(1),
        facet,
        kommune: None,
        noegle: "A".into(),
        titel: "A".into(),
        validity,
    };
    let (old, new) = (
        span(date(2025, 1, 1), Some(date(2025, 12, 31))),
        span(date(2026, 1, 1), None),
    );
    let row = |validity| Sortimentspost {
        fagsystem: system(),
        kommune: None,
        facet: "ydelsesart".into(),
        vaerdi: "A".into(),
        validity,
    };
    let rows = [row(span(date(2025, 1, 1), None))];
    let there = [standing(new), standing(old)];
    let none = super::sortiment::Difference::default();
    assert_eq!(difference(&rows, &dimensions, &there), none);
    let apart = [row(new), row(old)];
    assert_eq!(difference(&apart, &dimensions, &there), none);
    let gap = [
        row(span(date(2025, 1, 1), Some(date(2025, 12, 30)))),
        row(new),
    ];
    assert_eq!(difference(&gap, &dimensions, &there).values.len(), 1);
}

#[test]
fn owners_are_told_apart_by_their_names() {
    let cvr = "29189846".parse().unwrap();
    let mut indhold = content("A", &[]);
    assert_eq!(owner(&indhold), Owner::National);
    indhold.relationer.insert(
        0,
        Relation {
            kind: RelationKind::Ejer,
            virkning: Virkning::default(),
            til: Some(UnikId::of_cvr(cvr)),
        },
    );
    assert_eq!(owner(&indhold), Owner::Myndighed(cvr));
}

fn any_virkning() -> impl Strategy<Value = Virkning> {
    let end = || prop_oneof![Just(None), (0_i64..40).prop_map(Some)];
    (end(), end()).prop_map(|(fra, til)| Virkning::between(fra.map(at), til.map(at)))
}

proptest! {
    /// Bitemporal reads against the plainest model: try everything said, keep the last that was
    /// said by then, and of it what covers the instant.
    #[test]
    fn reads_equal_a_naive_model(
        said in prop::collection::vec((0_i64..30, prop::collection::vec(any_virkning(), 0..4), any::<bool>()), 1..6),
        registered in -1_i64..32,
        instant in -1_i64..42,
    ) {
        let mut said = said;
        said.sort_by_key(|(second, ..)| *second);
        said.dedup_by_key(|(second, ..)| *second);
        let objekt = Objekt {
            kind: Kind::Klasse,
            id: Uuid::from_u128(1),
            registreringer: said.iter().map(|(second, times, gone)| Registrering {
                tidspunkt: at(*second),
                livscyklus: if *gone { Livscyklus::Slettet } else { Livscyklus::Opstaaet },
                bruger: None,
                note: None,
                indhold: Indhold {
                    tilstande: times.iter().map(|time| super::PubliceretStatus {
                        virkning: time.clone(),
                        er_publiceret: Some(true),
                    }).collect(),
                    ..Indhold::default()
                },
            }).collect(),
        };
        let mut naive = None;
        for (second, times, gone) in &said {
            if *second <= registered {
                let holds = |time: &&Virkning| {
                    let after = time.fra.is_none_or(|fra| fra.as_second() <= instant);
                    after && time.til.is_none_or(|til| instant < til.as_second())
                };
                naive = (!gone).then(|| times.iter().filter(holds).cloned().collect::<Vec<_>>());
            }
        }
        let read = objekt.read(at(registered), at(instant));
        let read = read.map(|indhold| indhold.tilstande.into_iter().map(|t| t.virkning).collect());
        prop_assert_eq!(read, naive);
    }

    #[test]
    fn whole_days_are_a_virkning_and_back(first in 0_i32..60_000, length in prop::option::of(0_i32..900)) {
        let plus = |n: i32| date(1950, 1, 1).checked_add(jiff::Span::new().days(n)).unwrap();
        let validity = span(plus(first), length.map(|length| plus(first + length)));
        let zone = copenhagen();
        prop_assert_eq!(days(&virkning(&validity, &zone), &zone), Some(validity));
    }
}
