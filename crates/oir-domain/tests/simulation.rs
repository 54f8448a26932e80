//! A draft run over the past against asking it posting by posting.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::ids::{BilagId, ErpBilagsnummer};
use oir_domain::message::State;
use oir_domain::money::{Oere, Side, Turnover};
use oir_domain::omsaetning::simulation::{EXAMPLES_MAX, Landing};
use oir_domain::omsaetning::{
    Compiled, Condition, Konteringslinje, Past, Posting, Rule, Share, Simulation, SimulationReport,
    Target, Template,
};
use proptest::prelude::*;

const FROM: Date = date(2026, 7, 1);

fn rule(number: u32, ydelse: Option<&str>, targets: Vec<Target>) -> Rule {
    let condition = ydelse.map(|value| ("ydelse".into(), Condition::Is(value.into())));
    Rule {
        number,
        conditions: condition.into_iter().collect(),
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2026, 1, 1),
            to: None,
        },
        targets,
        comment: "".into(),
    }
}

fn target(konto: &str, hundredths: u16) -> Target {
    Target {
        share: Share::new(hundredths).unwrap(),
        konto: Template::parse(konto).unwrap(),
    }
}

/// `a` to one account, `b` split, `c` takes a value over; nothing for others.
fn draft() -> Arc<Compiled> {
    let rules = vec![
        rule(1, Some("a"), vec![target("100", 10_000)]),
        rule(
            2,
            Some("b"),
            vec![target("200", 5_000), target("201", 5_000)],
        ),
        rule(3, Some("c"), vec![target("3{sted}", 10_000)]),
    ];
    Arc::new(Compiled::new(rules).unwrap())
}

#[derive(Debug, Clone)]
struct Sent {
    bilag: u128,
    ydelse: &'static str,
    sted: Option<&'static str>,
    side: Side,
    day: Date,
    beloeb: i64,
    booked: bool,
    lines: Vec<Konteringslinje>,
}

fn line(konto: &str, beloeb: i64) -> Konteringslinje {
    Konteringslinje {
        konto: konto.into(),
        beloeb: Oere::new(beloeb),
    }
}

fn run(sent: &[Sent]) -> SimulationReport {
    let mut simulation = Simulation::new(draft(), Some(FROM));
    for one in sent {
        let mut values = vec![("ydelse", one.ydelse)];
        values.extend(one.sted.map(|sted| ("sted", sted)));
        let number = ErpBilagsnummer::try_new("1").unwrap();
        let state = if one.booked {
            State::Booked { number }
        } else {
            State::Mapped
        };
        let past = Past {
            bilag: BilagId::from_uuid(uuid::Uuid::from_u128(one.bilag)),
            linjenummer: 1,
            posting: Posting {
                values: values.as_slice(),
                side: one.side,
                day: one.day,
                regnskabsaar: Regnskabsaar(2026),
                posteringstype: Posteringstype::Normal,
            },
            beloeb: Oere::new(one.beloeb),
            state: &state,
            lines: &one.lines,
        };
        simulation.take(&past).unwrap();
    }
    simulation.finish()
}

fn sent() -> impl Strategy<Value = Sent> {
    let ydelse = prop_oneof![Just("a"), Just("b"), Just("c"), Just("d")];
    let sted = prop_oneof![Just(None), Just(Some("1")), Just(Some("2"))];
    let side = prop_oneof![Just(Side::Debit), Just(Side::Credit)];
    let days = 0_i64..365;
    let was = 0_usize..5;
    (
        0_u128..9,
        ydelse,
        sted,
        side,
        days,
        1_i64..1_000,
        any::<bool>(),
        was,
    )
        .prop_map(|(bilag, ydelse, sted, side, days, beloeb, booked, was)| {
            let day = date(2026, 1, 1)
                .checked_add(jiff::Span::new().days(days))
                .unwrap();
            let half = beloeb / 2;
            let lines = match was {
                0 => vec![],
                1 => vec![line("100", beloeb)],
                2 => vec![line("201", half), line("200", beloeb - half)],
                3 => vec![line("31", beloeb)],
                _ => vec![line("900", beloeb)],
            };
            Sent {
                bilag,
                ydelse,
                sted,
                side,
                day,
                beloeb,
                booked,
                lines,
            }
        })
}

/// Where the draft puts it, said once more and plainly.
fn expected(one: &Sent) -> BTreeMap<String, i64> {
    let odd = one.beloeb % 2;
    let parts = match (one.ydelse, one.sted) {
        ("a", _) => vec![("100".to_owned(), one.beloeb)],
        ("b", _) => vec![
            ("200".into(), one.beloeb / 2 + odd),
            ("201".into(), one.beloeb / 2),
        ],
        ("c", Some(sted)) => vec![(format!("3{sted}"), one.beloeb)],
        _ => vec![],
    };
    parts.into_iter().filter(|part| part.1 != 0).collect()
}

fn was(one: &Sent) -> BTreeMap<String, i64> {
    let parts = one
        .lines
        .iter()
        .map(|l| (l.konto.to_string(), l.beloeb.get()));
    parts.filter(|part| part.1 != 0).collect()
}

proptest! {
    #[test]
    fn every_posting_is_counted_once_and_every_account_adds_up(
        all in proptest::collection::vec(sent(), 0..80),
    ) {
        let report = run(&all);
        let moves = |one: &&Sent| was(one) != expected(one);
        let kind = |before: bool, after: bool| {
            let of = all.iter().filter(moves);
            of.filter(|s| was(s).is_empty() == before && expected(s).is_empty() == after).count() as u64
        };
        prop_assert_eq!(report.moved.postings, kind(false, false));
        prop_assert_eq!(report.newly_mapped.postings, kind(true, false));
        prop_assert_eq!(report.newly_unmapped.postings, kind(false, true));
        let without = all.iter().filter(|s| expected(s).is_empty()).count() as u64;
        prop_assert_eq!(report.unmapped, without);
        let real = all.iter().filter(moves).filter(|s| s.day >= FROM && s.booked);
        let real = real.filter(|s| !was(s).is_empty()).count() as u64;
        let asked = (FROM, FROM);
        let simulated = report.simulated(3, jiff::Timestamp::UNIX_EPOCH, asked);
        prop_assert_eq!(simulated.booked_moved, real);
        prop_assert_eq!(report.before_force, all.iter().filter(|s| s.day < FROM).count() as u64);
        let listed: u64 = report.changes.iter().map(|c| c.count.postings).sum();
        prop_assert_eq!(listed, all.iter().filter(moves).count() as u64);
        for konto in &report.kontos {
            let mut sums = (Turnover::default(), Turnover::default());
            for one in &all {
                let of = |parts: BTreeMap<String, i64>| parts.get(&*konto.konto).copied().unwrap_or(0);
                sums.0.add(one.side, Oere::new(of(was(one)))).unwrap();
                sums.1.add(one.side, Oere::new(of(expected(one)))).unwrap();
            }
            prop_assert_eq!((konto.before, konto.after), sums);
        }
    }
}

#[test]
fn a_change_is_named_down_to_its_bilag_and_the_rest_of_it_is_counted() {
    let one = |bilag: u128, lines| Sent {
        bilag,
        ydelse: "b",
        sted: None,
        side: Side::Debit,
        day: FROM,
        beloeb: 101,
        booked: true,
        lines,
    };
    let mut all: Vec<Sent> = (0..60_u128)
        .map(|n| one(n / 2, vec![line("200", 101)]))
        .collect();
    // The same accounts in the same shares, written the other way round: nothing moves.
    all.push(one(99, vec![line("201", 50), line("200", 51)]));
    let report = run(&all);
    let change = report.changes.first().unwrap();
    assert_eq!(change.from, Landing::Kontos(vec!["200".into()]));
    assert_eq!(change.to, Landing::Kontos(vec!["200".into(), "201".into()]));
    assert_eq!((change.count.postings, change.count.bilag), (60, 30));
    assert_eq!(change.count.elsewhere.debit, Oere::new(60 * 50));
    assert_eq!(change.examples.len(), EXAMPLES_MAX);
    assert_eq!(report.changes.len(), 1);
    assert_eq!(report.used, [(2, 61)]);
    assert_eq!(report.moved.booked, 60);
}

#[test]
fn an_empty_past_says_the_days_that_were_asked_for() {
    let asked = (date(2026, 1, 1), date(2026, 1, 31));
    let simulated = run(&[]).simulated(1, jiff::Timestamp::UNIX_EPOCH, asked);
    assert_eq!((simulated.from, simulated.to), asked);
    assert_eq!((simulated.postings, simulated.moved), (0, 0));
}
