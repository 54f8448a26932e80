//! Tables that could make the tree grow without end: it must stay in proportion to the rules.
#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::calendar::Validity;

use super::super::rule::{Condition, Rule, Target};
use super::super::template::Template;
use super::{Compiled, TIES_MAX, Tie};

const RULES: u32 = 4_000;
const FIRST: Date = date(2024, 1, 1);

fn table(rule: impl Fn(u32) -> (Vec<(&'static str, Condition)>, Validity)) -> Vec<Rule> {
    let one = |number| {
        let (conditions, validity) = rule(number);
        let conditions = conditions.into_iter().map(|(f, c)| (f.into(), c));
        Rule {
            number,
            conditions: conditions.collect(),
            side: None,
            regnskabsaar: None,
            posteringstype: None,
            validity,
            targets: vec![Target::whole(Template::fixed("1"))],
            comment: "".into(),
        }
    };
    (1..=RULES).map(one).collect()
}

const ALWAYS: Validity = Validity {
    from: FIRST,
    to: None,
};

fn text(number: u32) -> Box<str> {
    format!("{number:05}").into()
}

/// Compiles, and counts what the tree holds: each part within its bound.
#[track_caller]
fn compiled(rules: Vec<Rule>) -> (Compiled, Vec<Tie>) {
    let count = rules.len();
    let (compiled, ties) = Compiled::lenient(rules);
    let tree = &compiled.tree;
    for (what, size, times) in [
        ("nodes", tree.nodes.len(), 12),
        ("candidates", tree.candidates.len(), 12),
        ("next", tree.next.len(), 64),
        ("bounds", tree.bounds.len(), 64),
        ("cells", tree.cells.len(), 64),
        ("rows", tree.rows.len(), 256),
        ("spans", tree.spans.len(), 64),
    ] {
        assert!(size <= count * times, "{size} {what} for {count} rules");
    }
    (compiled, ties)
}

#[test]
fn rules_that_are_all_the_same_tie_no_more_than_can_be_listed() {
    let is = || vec![("art", Condition::Is("1".into()))];
    let (_, ties) = compiled(table(|_| (is(), ALWAYS)));
    assert_eq!(ties.len(), TIES_MAX);
}

#[test]
fn rules_that_all_overlap_stay_in_proportion() {
    let wide = |number: u32| Condition::Range(text(number), text(RULES * 2 - number));
    let all = |number| {
        let conditions = ["art", "kle", "sted"].map(|facet| (facet, wide(number)));
        (conditions.into(), ALWAYS)
    };
    let (_, ties) = compiled(table(all));
    assert_eq!(ties.len(), TIES_MAX);
}

#[test]
fn a_facet_with_a_value_for_each_rule_is_one_cut() {
    let one = |number| (vec![("art", Condition::Is(text(number)))], ALWAYS);
    let (compiled, ties) = compiled(table(one));
    assert!(ties.is_empty());
    assert_eq!(compiled.tree.candidates.len(), 4_000);
}

#[test]
fn beginnings_within_beginnings_stay_in_proportion() {
    let heads = |number: u32| {
        let long = text(number).repeat(3);
        let length = usize::try_from(number % 15 + 1).unwrap_or(1);
        let head = Condition::Prefix(long[..length].into());
        (vec![("art", head)], ALWAYS)
    };
    compiled(table(heads));
    let deep = |number: u32| {
        let head = "1".repeat(usize::try_from(number).unwrap_or(1));
        (vec![("art", Condition::Prefix(head.into()))], ALWAYS)
    };
    let (_, ties) = compiled(table(deep).into_iter().take(60).collect());
    assert!(ties.is_empty());
}

#[test]
fn rules_that_only_their_days_part_are_one_cut() {
    let day = |number: u32| {
        let day = FIRST.saturating_add(i64::from(number).days());
        let only = Validity {
            from: day,
            to: Some(day),
        };
        (vec![("art", Condition::Is("1".into()))], only)
    };
    let (_, ties) = compiled(table(day));
    assert!(ties.is_empty());
}

#[test]
fn lists_that_cross_in_every_facet_stay_in_proportion() {
    let list = |number: u32, step: u32| {
        let values = (0..20).map(|n| text((number * step + n * 37) % 500));
        Condition::OneOf(values.collect())
    };
    let all = |number| {
        let facets = [("art", 7), ("kle", 11), ("sted", 13), ("type", 17)];
        let conditions = facets.map(|(facet, step)| (facet, list(number, step)));
        (conditions.into(), ALWAYS)
    };
    compiled(table(all));
}

#[test]
fn a_condition_that_nothing_fulfils_holds_for_nothing() {
    use super::super::posting::Posting;
    use crate::calendar::Regnskabsaar;
    use crate::finans::Posteringstype;
    use crate::money::Side;
    for never in [
        Condition::OneOf(Vec::new()),
        Condition::Range("20".into(), "10".into()),
    ] {
        let rules = table(|_| (vec![("art", never.clone())], ALWAYS));
        let (compiled, _) = compiled(rules);
        for value in ["10", "15", "20", "3"] {
            let found = compiled.find(&Posting {
                values: [("art", value)].as_slice(),
                side: Side::Debit,
                day: FIRST,
                regnskabsaar: Regnskabsaar(2024),
                posteringstype: Posteringstype::Normal,
            });
            assert_eq!(found.map(|rule| rule.number), None, "{never:?} {value}");
        }
    }
}
