//! Two tables compared, and what goes out of step.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::coverage::Seen;
use oir_domain::omsaetning::difference::Column;
use oir_domain::omsaetning::drift::{closing, new_values, unused};
use oir_domain::omsaetning::{
    Compiled, Condition, InForce, Rule, Tables, Target, Template, difference,
};
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 24);
const A_YEAR_AGO: Date = date(2025, 11, 24);

fn rule(number: u32, ydelse: &str, konto: &str) -> Rule {
    Rule {
        number,
        conditions: vec![("ydelse".into(), Condition::Is(ydelse.into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2020, 1, 1),
            to: None,
        },
        targets: vec![Target::whole(Template::parse(konto).unwrap())],
        comment: "".into(),
    }
}

fn seen(ydelse: &str, sted: &str, (first, last): (Date, Date)) -> Seen {
    Seen {
        values: vec![
            ("ydelse".into(), ydelse.into()),
            ("sted".into(), sted.into()),
        ],
        side: Side::Debit,
        posteringstype: Posteringstype::Normal,
        postings: 10,
        first,
        last,
    }
}

#[test]
fn each_column_that_is_another_is_named() {
    let old = rule(1, "a", "100");
    let mut new = rule(1, "b", "200");
    new.conditions
        .push(("sted".into(), Condition::Prefix("1".into())));
    new.side = Some(Side::Credit);
    new.regnskabsaar = Some((Regnskabsaar(2026), Regnskabsaar(2026)));
    new.posteringstype = Some(Posteringstype::Primo);
    new.validity = Validity {
        from: date(2026, 1, 1),
        to: Some(date(2026, 12, 31)),
    };
    new.comment = "ny".into();
    let (old, new) = ([old, rule(2, "x", "2")], [new, rule(3, "y", "3")]);
    let found = difference(&old, &new);
    let expected = [
        Column::Facet("sted".into()),
        Column::Facet("ydelse".into()),
        Column::Side,
        Column::Regnskabsaar,
        Column::Posteringstype,
        Column::From,
        Column::To,
        Column::Konto,
        Column::Comment,
    ];
    assert_eq!(found.changed.first().unwrap().columns, expected);
    assert_eq!(found.removed, [&old[1]]);
    assert_eq!(found.added, [&new[1]]);
    assert!(!found.is_only_order());
}

#[test]
fn a_row_that_was_moved_is_the_only_one_that_moved() {
    let old: Vec<Rule> = (1..=6).map(|n| rule(n, &n.to_string(), "1")).collect();
    let mut new = old.clone();
    let last = new.pop().unwrap();
    new.insert(1, last.clone());
    let found = difference(&old, &new);
    assert_eq!(found.moved, [&last]);
    assert_eq!(found.unchanged, 5);
    assert!(found.is_only_order() && !found.is_empty());
    assert!(difference(&old, &old).is_empty());
}

proptest! {
    #[test]
    fn every_rule_of_both_tables_is_told_once(
        old in proptest::collection::vec((1_u32..20, 0_u32..3), 0..15),
        new in proptest::collection::vec((1_u32..20, 0_u32..3), 0..15),
    ) {
        let table = |rows: &[(u32, u32)]| {
            let mut numbers = BTreeSet::new();
            let rows = rows.iter().filter(|(number, _)| numbers.insert(*number));
            rows.map(|(number, konto)| rule(*number, "a", &konto.to_string())).collect::<Vec<_>>()
        };
        let (old, new) = (table(&old), table(&new));
        let found = difference(&old, &new);
        let kept = found.changed.len() + found.moved.len() + found.unchanged;
        prop_assert_eq!(kept + found.added.len(), new.len());
        prop_assert_eq!(kept + found.removed.len(), old.len());
        for changed in &found.changed {
            prop_assert_ne!(changed.old, changed.new);
        }
        // Without what was added, removed or moved, both are in one order.
        let stays = |rule: &&Rule| {
            let moved = found.moved.iter().any(|m| m.number == rule.number);
            let changed = found.changed.iter().any(|c| c.new.number == rule.number);
            !moved && !changed
        };
        let numbers = |rules: &[Rule], other: &[Rule]| -> Vec<u32> {
            let both = rules.iter().filter(|r| other.iter().any(|o| o.number == r.number));
            both.filter(stays).map(|r| r.number).collect()
        };
        prop_assert_eq!(numbers(&old, &new), numbers(&new, &old));
    }
}

#[test]
fn values_that_are_new_and_rules_that_nothing_needs_are_named() {
    let long = (date(2025, 6, 1), date(2026, 11, 1));
    let new = (date(2026, 11, 20), date(2026, 11, 23));
    let before = (date(2025, 1, 1), date(2025, 10, 1));
    let traffic = [
        seen("a", "1", long),
        seen("a", "2", new),
        seen("b", "1", before),
    ];
    let values = new_values(&traffic, date(2026, 11, 1));
    let values: Vec<_> = values.iter().map(|v| (&*v.facet, &*v.vaerdi)).collect();
    assert_eq!(values, [("sted", "2")]);
    let mut ended = rule(3, "c", "3");
    ended.validity.to = Some(date(2026, 1, 1));
    let mut young = rule(4, "d", "4");
    young.validity.from = date(2026, 11, 1);
    // Won in the middle of the traffic's days only: used all the same.
    let mut middle = rule(5, "a", "5");
    middle.validity.from = date(2025, 11, 1);
    middle
        .conditions
        .push(("sted".into(), Condition::Is("1".into())));
    let rules = [
        rule(1, "a", "1"),
        rule(2, "b", "2"),
        ended,
        young,
        middle,
        rule(6, "e", "6"),
    ];
    assert_eq!(unused(&rules, &traffic, A_YEAR_AGO, TODAY), [2, 6]);
}

#[test]
fn accounts_that_close_under_living_rules_are_named_also_those_that_take_a_value_over() {
    let mut until = rule(3, "c", "300");
    until.validity.to = Some(date(2026, 12, 31));
    // For this year and those before it: it ends with its account.
    let mut this_year = rule(4, "d", "400");
    this_year.regnskabsaar = Some((Regnskabsaar(2020), Regnskabsaar(2026)));
    let mut next_year = rule(5, "e", "500");
    next_year.regnskabsaar = Some((Regnskabsaar(2026), Regnskabsaar(2027)));
    let rules = [
        rule(1, "a", "100"),
        rule(2, "b", "2{sted}"),
        until,
        this_year,
        next_year,
    ];
    let closes = |konto: &str| match konto {
        "500" => Some(date(2026, 11, 30)),
        "400" | "100" | "300" | "27" => Some(date(2026, 12, 31)),
        "28" => Some(date(2027, 6, 30)),
        _ => None,
    };
    let days = (TODAY, TODAY);
    let traffic = [
        seen("b", "7", days),
        seen("b", "8", days),
        seen("b", "9", days),
    ];
    let found = closing(&rules, &traffic, (TODAY, date(2027, 1, 31)), closes);
    let ends: Vec<_> = found.iter().map(|c| c.to).collect();
    assert_eq!(ends, [Some(date(2027, 12, 31)), None, None]);
    let found: Vec<_> = found
        .iter()
        .map(|c| (c.rule, &*c.konto, c.postings))
        .collect();
    assert_eq!(found, [(5, "500", 0), (1, "100", 0), (2, "27", 10)]);
}

#[test]
fn a_window_falls_into_the_days_of_its_versions() {
    let table = || Arc::new(Compiled::new(vec![]).unwrap());
    let version = |number, from| InForce {
        number,
        from,
        table: table(),
    };
    let tables = Tables::new(vec![
        version(1, date(2026, 1, 1)),
        version(2, date(2026, 7, 1)),
        version(3, date(2026, 3, 1)),
    ]);
    let days = (date(2025, 12, 1), date(2026, 12, 31));
    let parts = tables.within(days);
    let parts: Vec<_> = parts
        .iter()
        .map(|(v, days)| (v.map(|v| v.number), *days))
        .collect();
    let expected = [
        (None, (date(2025, 12, 1), date(2025, 12, 31))),
        (Some(1), (date(2026, 1, 1), date(2026, 2, 28))),
        (Some(3), (date(2026, 3, 1), date(2026, 12, 31))),
    ];
    assert_eq!(parts, expected);
}
