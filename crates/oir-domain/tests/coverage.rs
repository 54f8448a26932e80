//! Coverage against trying every combination on every day.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::coverage::{
    Cause, Combination, Coverage, Dimension, Lack, Lawful, Question, Seen, Why, coverage,
};
use oir_domain::omsaetning::{Condition, Posting, Rule, Target, Template, winner};
use proptest::prelude::*;

const FACETS: [&str; 3] = ["art", "sted", "ydelse"];
const VALUES: [&str; 4] = ["a", "ab", "b", "bb"];
const SIDES: [Side; 2] = [Side::Debit, Side::Credit];
const KINDS: [Posteringstype; 3] = [
    Posteringstype::Normal,
    Posteringstype::Supplement,
    Posteringstype::Primo,
];
/// Over a new year, so that years and supplementary postings matter.
const WINDOW: (Date, Date) = (date(2025, 12, 20), date(2026, 1, 10));

fn day(number: i32) -> Date {
    date(2025, 12, 15)
        .checked_add(jiff::Span::new().days(number))
        .unwrap()
}

fn days() -> impl Iterator<Item = Date> {
    (0..60)
        .map(day)
        .filter(|d| WINDOW.0 <= *d && *d <= WINDOW.1)
}

fn validity() -> impl Strategy<Value = Validity> {
    (0_i32..30, proptest::option::of(0_i32..25)).prop_map(|(from, long)| Validity {
        from: day(from),
        to: long.map(|n| day(from + n)),
    })
}

fn pick<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![
        4 => pick(&VALUES).prop_map(|v| Condition::Is(v.into())),
        1 => proptest::sample::subsequence(&VALUES, 1..3)
            .prop_map(|all| Condition::OneOf(all.into_iter().map(Into::into).collect())),
        2 => pick(&["a", "b"]).prop_map(|v| Condition::Prefix(v.into())),
        1 => Just(Condition::Range("a".into(), "b".into())),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let conditions = proptest::array::uniform3(proptest::option::weighted(0.5, condition()));
    let side = proptest::option::weighted(0.2, pick(&SIDES));
    let year = proptest::option::weighted(0.2, 2025_i16..2027);
    let kind = proptest::option::weighted(0.2, pick(&KINDS));
    let konto = pick(&["1", "1", "1{sted}", "2{andet}"]);
    (conditions, side, year, kind, validity(), konto).prop_map(
        |(conditions, side, year, kind, validity, konto)| Rule {
            number: 0,
            conditions: FACETS
                .iter()
                .zip(conditions)
                .filter_map(|(f, c)| Some(((*f).into(), c?)))
                .collect(),
            side,
            regnskabsaar: year.map(|y| (Regnskabsaar(y), Regnskabsaar(y))),
            posteringstype: kind,
            validity,
            targets: vec![Target::whole(Template::parse(konto).unwrap())],
            comment: "".into(),
        },
    )
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(rule(), 0..10).prop_map(|mut rules| {
        for (number, rule) in (1..).zip(&mut rules) {
            rule.number = number;
        }
        rules
    })
}

fn dimensions() -> impl Strategy<Value = Vec<Dimension>> {
    let of = proptest::sample::subsequence(&VALUES, 0..4).prop_flat_map(|values| {
        let count = values.len();
        let days = proptest::collection::vec(proptest::collection::vec(validity(), 1..3), count);
        days.prop_map(move |days| {
            values
                .iter()
                .copied()
                .map(Into::into)
                .zip(days)
                .collect::<Vec<_>>()
        })
    });
    let lack = pick(&[Lack::Never, Lack::Never, Lack::Perhaps]);
    proptest::array::uniform3((of, lack)).prop_map(|all| {
        let dimension = |(facet, (values, lack)): (&&str, _)| Dimension {
            facet: (*facet).into(),
            values,
            lack,
        };
        FACETS.iter().zip(all).map(dimension).collect()
    })
}

fn lawful() -> impl Strategy<Value = Vec<Lawful>> {
    let one = (
        0_usize..3,
        1_usize..3,
        pick(&VALUES),
        proptest::sample::subsequence(&VALUES, 0..4),
    );
    let one = one.prop_map(|(at, on, value, allowed)| Lawful {
        facet: FACETS[at].into(),
        vaerdi: value.into(),
        other: FACETS[(at + on) % 3].into(),
        allowed: allowed.into_iter().map(Into::into).collect(),
    });
    proptest::collection::vec(one, 0..3)
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let values = proptest::array::uniform3(proptest::option::weighted(
        0.8,
        pick(&["a", "b", "bb", "c"]),
    ));
    let one =
        (values, pick(&SIDES), pick(&KINDS), 1_u64..9).prop_map(|(values, side, kind, n)| Seen {
            values: FACETS
                .iter()
                .zip(values)
                .filter_map(|(f, v)| Some(((*f).into(), v?.into())))
                .collect(),
            side,
            posteringstype: kind,
            postings: n,
            first: WINDOW.0,
            last: WINDOW.1,
        });
    proptest::collection::vec(one, 0..6)
}

type Values = Vec<(&'static str, &'static str)>;

/// A value as one of ours, so that it lives long enough.
fn ours(value: &str) -> &'static str {
    ["a", "ab", "b", "bb", "c"]
        .into_iter()
        .find(|v| *v == value)
        .unwrap()
}

/// All combinations of values, and whether they are lawful.
fn combinations(dimensions: &[Dimension], lawful: &[Lawful]) -> Vec<(Values, bool)> {
    let mut all: Vec<Values> = vec![vec![]];
    for (facet, dimension) in FACETS.iter().zip(dimensions) {
        let valid = |days: &Vec<Validity>| days.iter().any(|v| self::days().any(|d| v.covers(d)));
        let values = dimension.values.iter().filter(|(_, days)| valid(days));
        let values: Vec<&str> = values.map(|(v, _)| ours(v)).collect();
        let mut next = Vec::new();
        for one in &all {
            for value in &values {
                next.push([one.as_slice(), &[(*facet, ours(value))]].concat());
            }
            if values.is_empty() || dimension.lack == Lack::Perhaps {
                next.push(one.clone());
            }
        }
        all = next;
    }
    let is_lawful = |values: &Values| {
        lawful.iter().all(|l| {
            let value = |facet: &str| values.iter().find(|(f, _)| *f == facet).map(|(_, v)| *v);
            value(&l.facet) != Some(&*l.vaerdi)
                || value(&l.other).is_none_or(|v| l.allowed.iter().any(|a| **a == *v))
        })
    };
    all.into_iter()
        .map(|v| (v.clone(), is_lawful(&v)))
        .collect()
}

fn can_be_sent(dimensions: &[Dimension], values: &Values, day: Date) -> bool {
    values.iter().all(|(facet, value)| {
        let dimension = dimensions.iter().find(|d| *d.facet == **facet).unwrap();
        let days = dimension.values.iter().find(|(v, _)| **v == **value);
        days.is_some_and(|(_, days)| days.iter().any(|v| v.covers(day)))
    })
}

struct Asked<'a> {
    values: &'a Values,
    side: Side,
    kind: Posteringstype,
    day: Date,
}

fn judged<'r>(rules: &'r [Rule], asked: &Asked<'_>) -> (Option<&'r Rule>, bool) {
    let posting = Posting {
        values: asked.values.as_slice(),
        side: asked.side,
        day: asked.day,
        regnskabsaar: Regnskabsaar(asked.day.year()),
        posteringstype: asked.kind,
    };
    let won = winner(rules, &posting);
    let mapped = won.is_some_and(|rule| {
        let value = |facet: &str| {
            asked
                .values
                .iter()
                .find(|(f, _)| *f == facet)
                .map(|(_, v)| *v)
        };
        rule.targets
            .iter()
            .all(|target| target.konto.fill(value).is_ok())
    });
    (won, mapped)
}

fn is_of(combination: &Combination, days: (Date, Date), asked: &Asked<'_>) -> bool {
    days.0 <= asked.day
        && asked.day <= days.1
        && combination.side.is_none_or(|side| side == asked.side)
        && combination
            .posteringstype
            .is_none_or(|kind| kind == asked.kind.into())
        && combination.values.iter().all(|(facet, value)| {
            let there = asked
                .values
                .iter()
                .find(|(f, _)| **f == **facet)
                .map(|(_, v)| *v);
            there == value.as_deref()
        })
}

/// Everything that can be sent: by the sortiment, and by traffic as far as it may still be.
fn sent(question: &Question<'_>, mut each: impl FnMut(&Asked<'_>)) {
    let all = combinations(question.dimensions, question.lawful);
    let all = all
        .into_iter()
        .filter(|(_, lawful)| *lawful)
        .map(|(values, _)| values);
    for values in all {
        for (side, kind) in SIDES.into_iter().flat_map(|s| KINDS.map(|k| (s, k))) {
            every_day(question, (&values, side, kind), &mut each);
        }
    }
    for one in question.seen {
        let values = one.values.iter().map(|(facet, value)| {
            (
                *FACETS.iter().find(|f| ***f == **facet).unwrap(),
                ours(value),
            )
        });
        every_day(
            question,
            (&values.collect(), one.side, one.posteringstype),
            &mut each,
        );
    }
}

fn every_day(
    question: &Question<'_>,
    (values, side, kind): (&Values, Side, Posteringstype),
    each: &mut impl FnMut(&Asked<'_>),
) {
    for day in days() {
        let last = day.month() == 12 && day.day() == 31;
        let supplement = kind == Posteringstype::Supplement;
        if (last || !supplement) && can_be_sent(question.dimensions, values, day) {
            each(&Asked {
                values,
                side,
                kind,
                day,
            });
        }
    }
}

fn check(question: &Question<'_>, found: &Coverage) -> Result<(), TestCaseError> {
    let mut won = BTreeSet::new();
    let mut failed = None;
    sent(question, |asked| {
        let (rule, mapped) = judged(question.rules, asked);
        won.extend(rule.map(|rule| rule.number));
        let gap = found
            .unmapped
            .iter()
            .any(|gap| is_of(&gap.combination, gap.days, asked));
        let fitting = question.rules.iter().filter(|rule| {
            let posting = Posting {
                values: asked.values.as_slice(),
                side: asked.side,
                day: asked.day,
                regnskabsaar: Regnskabsaar(asked.day.year()),
                posteringstype: asked.kind,
            };
            rule.is_for(&posting)
        });
        let top: Vec<&Rule> = fitting
            .filter(|r| Some(r.rank()) == rule.map(Rule::rank))
            .collect();
        let tied = top.len() > 1;
        if tied {
            won.extend(top.iter().map(|rule| rule.number));
        }
        let told = found
            .ambiguous
            .iter()
            .any(|one| is_of(&one.combination, one.days, asked));
        if gap == mapped || tied != told {
            let (values, side, kind) = (asked.values, asked.side, asked.kind);
            failed = Some(format!("{values:?} {side:?} {kind:?} {}", asked.day));
        }
    });
    prop_assert_eq!(failed, None);
    let dead: BTreeSet<u32> = found.dead.iter().map(|dead| dead.rule).collect();
    let never = question
        .rules
        .iter()
        .map(|r| r.number)
        .filter(|n| !won.contains(n));
    prop_assert_eq!(dead, never.collect::<BTreeSet<u32>>());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn it_finds_what_trying_everything_on_every_day_finds(
        rules in rules(),
        dimensions in dimensions(),
        lawful in lawful(),
        seen in seen(),
    ) {
        let question = Question {
            rules: &rules,
            days: WINDOW,
            dimensions: &dimensions,
            lawful: &lawful,
            kinds: &KINDS,
            seen: &seen,
            most: usize::MAX,
        };
        let found = coverage(&question);
        check(&question, &found)?;
        let all = combinations(&dimensions, &lawful).len() as u64;
        prop_assert_eq!(found.looked_at + found.unlawful, all);
        prop_assert_eq!(found.left_out, 0);
    }

    #[test]
    fn what_is_too_much_is_counted_and_nothing_is_called_complete_or_dead_for_it(
        rules in rules(),
        dimensions in dimensions(),
        most in 0_usize..4,
    ) {
        let question = Question {
            rules: &rules,
            days: WINDOW,
            dimensions: &dimensions,
            lawful: &[],
            kinds: &KINDS,
            seen: &[],
            most,
        };
        let (some, all) = (coverage(&question), coverage(&Question { most: 1_000, ..question }));
        prop_assert_eq!(some.looked_at + some.left_out, all.looked_at);
        prop_assert!(some.left_out == 0 || !some.complete());
        for dead in &some.dead {
            prop_assert!(all.dead.iter().any(|d| d.rule == dead.rule));
        }
        for gap in &some.unmapped {
            prop_assert!(all.unmapped.contains(gap));
        }
    }
}

fn is(facet: &str, value: &str) -> (Box<str>, Condition) {
    (facet.into(), Condition::Is(value.into()))
}

fn plain(number: u32, conditions: Vec<(Box<str>, Condition)>, konto: &str) -> Rule {
    Rule {
        number,
        conditions,
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

fn dimension(facet: &str, values: impl IntoIterator<Item = String>) -> Dimension {
    let always = Validity {
        from: date(2020, 1, 1),
        to: None,
    };
    Dimension {
        facet: facet.into(),
        values: values
            .into_iter()
            .map(|v| (v.into(), vec![always]))
            .collect(),
        lack: Lack::Never,
    }
}

#[test]
fn gaps_say_their_days_and_cause_and_what_traffic_met_comes_first() {
    let mut late = plain(1, vec![is("ydelse", "a")], "1");
    late.validity.from = date(2026, 2, 1);
    let takes = plain(2, vec![is("ydelse", "b")], "2{projekt}");
    let general = plain(3, vec![is("ydelse", "d")], "3");
    let narrow = plain(4, vec![is("ydelse", "d"), is("art", "x")], "4");
    let unknown = plain(5, vec![is("ydelse", "gammel")], "5");
    let rules = [late, takes, general, narrow, unknown];
    let names = |all: &[&str]| all.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    let dimensions = [
        dimension("ydelse", names(&["a", "b", "d"])),
        dimension("art", names(&["x"])),
        dimension("sted", (0..500).map(|n| n.to_string())),
    ];
    let seen = [Seen {
        values: vec![
            ("ydelse".into(), "b".into()),
            ("art".into(), "x".into()),
            ("sted".into(), "7".into()),
        ],
        side: Side::Debit,
        posteringstype: Posteringstype::Normal,
        postings: 12,
        first: date(2026, 1, 1),
        last: date(2026, 1, 1),
    }];
    let found = coverage(&Question {
        rules: &rules,
        days: (date(2026, 1, 1), date(2026, 12, 31)),
        dimensions: &dimensions,
        lawful: &[],
        kinds: &KINDS,
        seen: &seen,
        most: 100,
    });
    assert_eq!((found.looked_at, found.left_out), (1_500, 0));
    let gaps: Vec<_> = found
        .unmapped
        .iter()
        .map(|g| (&g.cause, g.days, g.combinations, g.seen))
        .collect();
    let lacks = Cause::Lacks {
        rule: 2,
        facet: "projekt".into(),
    };
    let expected = [
        (&lacks, (date(2026, 1, 1), date(2026, 12, 31)), 500, 12),
        (
            &Cause::NoRule,
            (date(2026, 1, 1), date(2026, 1, 31)),
            500,
            0,
        ),
    ];
    assert_eq!(gaps, expected);
    let dead: Vec<_> = found.dead.iter().map(|d| (d.rule, &d.why)).collect();
    let expected = [
        (3, &Why::Shadowed(vec![4])),
        (5, &Why::NoValue("ydelse".into())),
    ];
    assert_eq!(dead, expected);
    assert!(!found.complete());
}
