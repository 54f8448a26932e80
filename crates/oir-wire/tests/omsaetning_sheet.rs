//! A table goes out as a spreadsheet and comes back as it was, and what is wrong in one is told
//! all at once, with its place.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::{Compiled, Condition, Rule, Share, Target, Template};
use oir_wire::omsaetning_sheet::{COLUMNS, Facets, Form, Kind, read, write};
use proptest::prelude::*;

/// One that is called as a column of ours is, and one that looks like its escape.
const FACETS: [&str; 4] = ["Facet: art", "Konto", "sted", "ydelse"];

fn facets() -> Vec<Box<str>> {
    FACETS.map(Into::into).to_vec()
}

fn read_back(bytes: &[u8]) -> Result<Vec<Rule>, Vec<String>> {
    let known = facets();
    let facets = Facets {
        known: &known,
        next: 1,
    };
    read(bytes, &facets).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn value() -> impl Strategy<Value = Box<str>> {
    "[-=+@'a1|*\"; ø,]{1,5}".prop_map(Into::into)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        3 => value().prop_map(Condition::Is),
        1 => value().prop_map(Condition::Prefix),
        1 => proptest::collection::btree_set(value(), 1..4)
            .prop_map(|set| Condition::OneOf(set.into_iter().collect())),
        1 => ("[-a1 ]{3}", "[-a1 ]{3}").prop_map(|(a, b)| {
            Condition::Range(a.clone().min(b.clone()).into(), a.max(b).into())
        }),
    ]
}

fn day() -> impl Strategy<Value = Date> {
    (0_i64..90_000).prop_map(|n| {
        date(1880, 1, 1)
            .checked_add(jiff::Span::new().days(n))
            .unwrap()
    })
}

fn targets() -> impl Strategy<Value = Vec<Target>> {
    let konto = prop_oneof![
        "[-=+@'1a]{1,6}".prop_map(|text| Template::parse(&text).unwrap()),
        "[1-9]{1,4}".prop_map(|text| Template::parse(&format!("{text}{{sted}}0")).unwrap()),
    ];
    let cuts = proptest::collection::btree_set(1_u16..10_000, 0..3);
    (cuts, proptest::collection::vec(konto, 4)).prop_map(|(cuts, kontos)| {
        let mut from = 0;
        let ends = cuts.into_iter().chain([10_000]);
        ends.zip(kontos)
            .map(|(end, konto)| {
                let share = Share::new(end - from).unwrap();
                from = end;
                Target { share, konto }
            })
            .collect()
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let conditions = proptest::array::uniform4(proptest::option::of(condition()));
    let side = proptest::option::of(prop_oneof![Just(Side::Debit), Just(Side::Credit)]);
    let years = proptest::option::of((1999_i16..2027, 0_i16..2));
    let kind = proptest::option::of(prop_oneof![
        Just(Posteringstype::Normal),
        Just(Posteringstype::Supplement),
        Just(Posteringstype::Primo),
    ]);
    let days = (day(), proptest::option::of(0_i64..500));
    let comment = "[-=a-zæøå\"; \n]{0,20}".prop_map(|text| text.trim().into());
    (conditions, side, years, kind, days, targets(), comment).prop_map(
        |(conditions, side, years, kind, (from, long), targets, comment)| {
            let set = FACETS.iter().zip(conditions);
            let to = long.map(|n| from.checked_add(jiff::Span::new().days(n)).unwrap());
            Rule {
                number: 0,
                conditions: set.filter_map(|(f, c)| Some(((*f).into(), c?))).collect(),
                side,
                regnskabsaar: years.map(|(y, n)| (Regnskabsaar(y), Regnskabsaar(y + n))),
                posteringstype: kind,
                validity: Validity { from, to },
                targets,
                comment,
            }
        },
    )
}

/// Rules in some order of numbers; of two that tie only one is kept.
fn table() -> impl Strategy<Value = Vec<Rule>> {
    let numbers = proptest::collection::btree_set(1_u32..100_000, 12);
    let numbers = numbers.prop_map(|set| set.into_iter().collect::<Vec<u32>>());
    let numbers = numbers.prop_shuffle();
    (proptest::collection::vec(rule(), 0..12), numbers).prop_map(|(mut rules, numbers)| {
        for (rule, number) in rules.iter_mut().zip(numbers) {
            rule.number = number;
        }
        let (_, ties) = Compiled::lenient(rules.clone());
        let gone: BTreeSet<u32> = ties.iter().map(|tie| tie.other).collect();
        rules.retain(|rule| !gone.contains(&rule.number));
        rules
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn a_table_comes_back_from_csv_as_it_was(rules in table()) {
        let file = write(&rules, &facets(), Form::Csv).unwrap();
        prop_assert_eq!(read_back(&file), Ok(rules));
    }

    #[test]
    fn shuffled_rows_are_the_same_table(
        (rules, order) in table().prop_flat_map(|rules| {
            let rows: usize = rules.iter().map(|rule| rule.targets.len()).sum();
            (Just(rules), Just((0..rows).collect::<Vec<_>>()).prop_shuffle())
        }),
    ) {
        let file = String::from_utf8(write(&rules, &[], Form::Csv).unwrap()).unwrap();
        // Rows end with both signs, comments only hold the second of them.
        let rows: Vec<&str> = file.split_terminator("\r\n").collect();
        let mut shuffled = vec![rows[0]];
        shuffled.extend(order.iter().map(|at| rows[at + 1]));
        let by_number = |mut rules: Vec<Rule>| {
            rules.sort_by_key(|rule| rule.number);
            rules
        };
        let read = read_back(shuffled.join("\r\n").as_bytes()).map(by_number);
        prop_assert_eq!(read, Ok(by_number(rules)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_table_comes_back_from_a_workbook_as_it_was(rules in table()) {
        let file = write(&rules, &facets(), Form::Xlsx).unwrap();
        prop_assert_eq!(read_back(&file), Ok(rules));
    }
}

/// The faults of rows under the usual head, as place and code.
fn faults(rows: &str) -> Vec<(String, &'static str)> {
    let head = "Nummer;ydelse;sted;Side;Regnskabsår;Posteringstype;Gælder fra;Gælder til;Konto;Andel;Del;Bemærkning";
    let known = facets();
    let facets = Facets {
        known: &known,
        next: 1,
    };
    let file = format!("{head}\n{rows}\n");
    let faults = read(file.as_bytes(), &facets).unwrap_err();
    faults
        .iter()
        .map(|fault| (fault.place(), fault.code))
        .collect()
}

fn told(places: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    places
        .iter()
        .map(|(place, code)| ((*place).to_owned(), *code))
        .collect()
}

#[test]
fn every_fault_is_told_at_once_with_row_and_column() {
    let rows = "\
x;1*2;;debat;26;NOTAT;31-02-2026;;12{;0;;
1;20 - 101;;;;;2026-02-01;2026-01-31;1;;;
2;b - a;;;2027-2026;;01.01.2026;;;;;
3;a | a;;;;;01/01/2026;;{projekt};;;
4;a;;;;;;;1;33,333333;;";
    let expected = [
        ("A2", "T0002"),
        ("B2", "T0005"),
        ("D2", "T0010"),
        ("E2", "T0011"),
        ("F2", "T0012"),
        ("G2", "ark-ikke-en-dato"),
        ("I2", "T0014"),
        ("J2", "T0016"),
        ("H3", "T0013"),
        ("E4", "T0011"),
        ("I4", "ark-celle-mangler"),
        ("I5", "T0015"),
        ("G6", "ark-celle-mangler"),
        ("J6", "T0016"),
    ];
    assert_eq!(faults(rows), told(&expected));
}

#[test]
fn what_is_wrong_with_a_rule_as_a_whole_is_told_at_its_rows() {
    let rows = "\
1;20 - 101;;;;;01-01-2026;;1;;;
2;b - a;;;;;01-01-2026;;1;;;
3;a | a;;;;;01-01-2026;;1;;;
4;c;;;;;01-01-2026;;1;;;
4;d;;;;;01-01-2026;;1;;;
5;e;;;;;01-01-2026;;1;50;;
5;e;;;;;01-01-2026;;2;49,5;;
6;f;;;;;01-01-2026;;1;50;1;
6;f;;;;;01-01-2026;;2;50;1;
7;g;;;;;01-01-2026;;1;;;
7;g;;;;;01-01-2026;;1;;;";
    let expected = [
        ("B2", "T0006"),
        ("B3", "T0007"),
        ("B4", "T0008"),
        ("A6", "T0003"),
        ("J7", "T0017"),
        ("K10", "T0018"),
        ("række 12", "T0004"),
    ];
    assert_eq!(faults(rows), told(&expected));
}

#[test]
fn rules_that_tie_name_each_other() {
    let rows = "Nummer;ydelse;sted;Gælder fra;Konto\n\
                8;a;;01-01-2026;1\n\
                3;;b;01-01-2026;2\n";
    let faults = read_back(rows.as_bytes()).unwrap_err();
    let expected = "række 3: Regel 3 er lige så specifik som regel 8 i række 2, og en postering \
                    kan passe på begge. Gør den ene mere specifik, eller lad dem gælde på hver \
                    sine dage, år eller sider. [T0019]";
    assert_eq!(faults, [expected]);
}

#[test]
fn columns_that_nobody_knows_or_that_are_missing_are_told() {
    let faults = read_back("Nummer;ydelse;ydlse;Ydelse;Konto\n".as_bytes()).unwrap_err();
    let codes: Vec<&str> = faults.iter().filter_map(|f| f.split('[').nth(1)).collect();
    assert_eq!(
        codes,
        ["ark-kolonne-mangler]", "T0001]", "ark-kolonne-to-gange]"]
    );
}

#[test]
fn rules_without_a_number_get_the_next_free_ones_and_fractions_are_percent() {
    let rows = "Nummer;ydelse;Gælder fra;Konto;Andel\n\
                ;a;1-1-2026;1;0,25\n\
                ;a;1-1-2026;2;0,75\n\
                7;b;1-1-2026;3;\n\
                ;c;1-1-2026;4;33,33 %\n\
                ;c;1-1-2026;5;66.67\n";
    let known = facets();
    let numbers = |next| {
        let facets = Facets {
            known: &known,
            next,
        };
        let rules = read(rows.as_bytes(), &facets).unwrap();
        let shares = |rule: &Rule| -> Vec<u16> {
            rule.targets.iter().map(|t| t.share.hundredths()).collect()
        };
        rules
            .iter()
            .map(|rule| (rule.number, shares(rule)))
            .collect::<Vec<_>>()
    };
    let (quarter, third) = (vec![2_500, 7_500], vec![3_333, 6_667]);
    let whole = vec![10_000];
    let expected = |one, two| {
        vec![
            (one, quarter.clone()),
            (7, whole.clone()),
            (two, third.clone()),
        ]
    };
    assert_eq!(numbers(1), expected(8, 9));
    assert_eq!(numbers(40), expected(40, 41));
}

#[test]
fn what_a_spreadsheet_made_a_day_is_not_taken_for_a_value() {
    use oir_wire::sheet::Cell;
    use oir_wire::sheet::write::{ColumnKind, Heading, xlsx};
    let heading = |(title, kind): (&str, ColumnKind)| Heading {
        title: title.into(),
        width: 9.0,
        kind,
    };
    let (day, text) = (ColumnKind::Day, ColumnKind::Text);
    let head = [("ydelse", day), ("Gælder fra", day), ("Konto", text)].map(heading);
    let row = vec![
        Cell::Date(date(2026, 12, 10)),
        Cell::Date(date(2026, 1, 1)),
        Cell::Number(551.0),
    ];
    let faults = read_back(&xlsx("Ark1", &head, [row]).unwrap()).unwrap_err();
    assert!(faults.len() == 1 && faults[0].starts_with("A2: ") && faults[0].ends_with("[T0020]"));
}

#[test]
fn texts_that_look_like_formulas_are_texts() {
    let mut rule = Rule {
        number: 1,
        conditions: vec![("ydelse".into(), Condition::Is("=1+1".into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2026, 1, 1),
            to: None,
        },
        targets: vec![Target::whole(Template::fixed("@55"))],
        comment: "+SUM(A1)".into(),
    };
    let file = write(std::slice::from_ref(&rule), &[], Form::Csv).unwrap();
    let text = String::from_utf8(file).unwrap();
    assert!(text.contains(";'=1+1;") && text.contains(";'@55;") && text.contains(";'+SUM(A1)"));
    rule.comment = "'-dette".into();
    for form in [Form::Csv, Form::Xlsx] {
        let file = write(std::slice::from_ref(&rule), &[], form).unwrap();
        assert_eq!(read_back(&file).unwrap(), [rule.clone()]);
    }
}

#[test]
fn a_list_that_no_cell_holds_is_not_cut() {
    let values = (0..1_000).map(|n| format!("{n:060}").into());
    let rule = Rule {
        number: 1,
        conditions: vec![("ydelse".into(), Condition::OneOf(values.collect()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2026, 1, 1),
            to: None,
        },
        targets: vec![Target::whole(Template::fixed("55"))],
        comment: "".into(),
    };
    assert!(write(&[rule], &[], Form::Xlsx).is_err());
}

#[test]
fn the_guide_names_every_column_and_every_fault_in_our_words() {
    let guide = include_str!("../../../docs/omsaetningsark.md");
    for column in COLUMNS {
        assert!(guide.contains(&format!("| {column} |")), "{column}");
    }
    let codes: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        let cell = |text: &str| text.replace('|', "\\|");
        let line = format!(
            "| {} | {} | {} |",
            kind.code(),
            cell(kind.text()),
            cell(kind.cure())
        );
        assert!(
            guide.contains(&line),
            "docs/omsaetningsark.md lacks: {line}"
        );
    }
}
