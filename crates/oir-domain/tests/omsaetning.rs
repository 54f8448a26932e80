//! The compiled table against looking at every rule, on random tables.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::{
    Compiled, Condition, Posting, Rule, Standing, Target, Template, explain, winner,
};
use proptest::prelude::*;

const FACETS: [&str; 4] = ["art", "refusion", "sted", "ydelse"];
const KINDS: [Posteringstype; 3] = [
    Posteringstype::Normal,
    Posteringstype::Supplement,
    Posteringstype::Primo,
];

/// Few letters and lengths, so that values, beginnings and ranges meet all the time.
fn value() -> impl Strategy<Value = Box<str>> {
    "[abø]{1,3}".prop_map(Into::into)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => value().prop_map(Condition::Is),
        1 => proptest::collection::btree_set(value(), 1..4)
            .prop_map(|set| Condition::OneOf(set.into_iter().collect())),
        2 => value().prop_map(Condition::Prefix),
        2 => ("[ab]{2}", "[ab]{2}").prop_map(|(a, b)| {
            Condition::Range(a.clone().min(b.clone()).into(), a.max(b).into())
        }),
    ]
}

fn day() -> impl Strategy<Value = Date> {
    (0_i32..800).prop_map(|n| {
        date(2024, 2, 20)
            .checked_add(jiff::Span::new().days(n))
            .unwrap()
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let conditions = proptest::array::uniform4(proptest::option::of(condition()));
    let side = proptest::option::weighted(0.2, prop_oneof![Just(Side::Debit), Just(Side::Credit)]);
    let years = proptest::option::weighted(0.2, (2024_i16..2027, 0_i16..2));
    let kind = proptest::option::weighted(0.2, (0_usize..3).prop_map(|k| KINDS[k]));
    let days = (day(), proptest::option::of(0_i32..500));
    (conditions, side, years, kind, days).prop_map(
        |(conditions, side, years, kind, (from, long))| {
            let set = FACETS.iter().zip(conditions);
            let to = long.map(|n| from.checked_add(jiff::Span::new().days(n)).unwrap());
            Rule {
                number: 0,
                conditions: set.filter_map(|(f, c)| Some(((*f).into(), c?))).collect(),
                side,
                regnskabsaar: years.map(|(y, n)| (Regnskabsaar(y), Regnskabsaar(y + n))),
                posteringstype: kind,
                validity: Validity { from, to },
                targets: vec![Target::whole(Template::fixed("1"))],
                comment: "".into(),
            }
        },
    )
}

fn table(size: usize) -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(rule(), 0..size).prop_map(|mut rules| {
        for (number, rule) in (1..).zip(&mut rules) {
            rule.number = number;
        }
        rules
    })
}

type Asked = ([Option<Box<str>>; 4], Side, Date, i16, usize);

fn asked() -> impl Strategy<Value = Asked> {
    let values = proptest::array::uniform4(proptest::option::weighted(0.9, value()));
    let side = prop_oneof![Just(Side::Debit), Just(Side::Credit)];
    (values, side, day(), 2024_i16..2028, 0_usize..3)
}

fn with_posting<T>(asked: &Asked, judge: impl FnOnce(Posting<'_, [(&str, &str)]>) -> T) -> T {
    let (values, side, day, year, kind) = asked;
    let values: Vec<(&str, &str)> = FACETS
        .iter()
        .zip(values)
        .filter_map(|(f, v)| Some((*f, v.as_deref()?)))
        .collect();
    judge(Posting {
        values: values.as_slice(),
        side: *side,
        day: *day,
        regnskabsaar: Regnskabsaar(*year),
        posteringstype: KINDS[*kind],
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn the_compiled_table_agrees_with_looking_at_every_rule(
        rules in table(60),
        all in proptest::collection::vec(asked(), 60),
    ) {
        let (compiled, _) = Compiled::lenient(rules.clone());
        for one in &all {
            with_posting(one, |posting| {
                let found = compiled.find(&posting).map(|rule| rule.number);
                prop_assert_eq!(found, winner(&rules, &posting).map(|rule| rule.number));
                let first = explain(&rules, &posting).into_iter().next();
                let wins = first.filter(|e| e.standing == Standing::Wins);
                prop_assert_eq!(found, wins.map(|e| e.rule.number));
                let mut together = Vec::new();
                compiled.find_each([posting; 17], |rule| together.push(rule.map(|r| r.number)));
                prop_assert_eq!(together, vec![found; 17]);
                Ok(())
            })?;
        }
    }

    #[test]
    fn a_table_too_large_for_one_leaf_agrees_as_well(
        rules in table(600),
        all in proptest::collection::vec(asked(), 20),
    ) {
        let (compiled, _) = Compiled::lenient(rules.clone());
        for one in &all {
            with_posting(one, |posting| {
                let found = compiled.find(&posting).map(|rule| rule.number);
                prop_assert_eq!(found, winner(&rules, &posting).map(|rule| rule.number));
                Ok(())
            })?;
        }
    }

    #[test]
    fn rules_that_tie_in_some_posting_are_named(
        rules in table(40),
        all in proptest::collection::vec(asked(), 80),
    ) {
        let (_, ties) = Compiled::lenient(rules.clone());
        let named: BTreeSet<(u32, u32)> = ties.iter().map(|t| (t.one, t.other)).collect();
        for one in &all {
            with_posting(one, |posting| {
                let fitting: Vec<&Rule> = rules.iter().filter(|r| r.is_for(&posting)).collect();
                for (at, a) in fitting.iter().enumerate() {
                    for b in fitting.iter().skip(at + 1).filter(|b| b.rank() == a.rank()) {
                        prop_assert!(named.contains(&(a.number, b.number)));
                    }
                }
                Ok(())
            })?;
        }
    }

    #[test]
    fn the_order_of_rows_says_nothing(
        (rules, shuffled) in table(40).prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle())),
        all in proptest::collection::vec(asked(), 40),
    ) {
        let ((one, ties), (other, others)) =
            (Compiled::lenient(rules), Compiled::lenient(shuffled));
        prop_assert_eq!(ties, others);
        for posting in &all {
            with_posting(posting, |posting| {
                let number = |table: &Compiled| table.find(&posting).map(|rule| rule.number);
                prop_assert_eq!(number(&one), number(&other));
                Ok(())
            })?;
        }
    }
}

#[test]
fn a_range_takes_what_begins_within_it_and_nothing_shorter() {
    let range = Condition::Range("10".into(), "19".into());
    for (value, holds) in [
        ("10", true),
        ("19", true),
        ("195", true),
        ("2", false),
        ("1", false),
    ] {
        assert_eq!(range.holds(value), holds, "{value}");
    }
}
