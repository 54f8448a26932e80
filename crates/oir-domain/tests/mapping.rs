//! A bilag through a table with shares: no øre is lost or made, by bilag, side and posting; and
//! what is foreseen of an ERP is what the table says.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::fault::FaultCode;
use oir_domain::finans::{Finansbilag, Finanspostering, Posteringstype, Sortimentsvaerdi};
use oir_domain::ids::{BilagUuid, FagsystemId};
use oir_domain::ledger::{BooksKonto, Chart, LedgerFault, judge};
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::{
    Compiled, Condition, InForce, Konteret, Kontering, Konteringslinje, Rule, Share, Target,
    Template, map, predict,
};
use oir_domain::party::{Fagsystem, Kommunekode};
use oir_domain::register::{Register, RegisterData};
use proptest::prelude::*;
use uuid::Uuid;

const KOMMUNE: Kommunekode = Kommunekode(461);
const OLD_YEAR: i16 = 2025;

fn fagsystem() -> Fagsystem {
    Fagsystem {
        id: FagsystemId::from_uuid(Uuid::from_u128(1)),
        kortnavn: "FS".into(),
        navn: "Fagsystem".into(),
        konteringsfacet: "art".into(),
    }
}

/// A rule for one value: accounts `1`, `2`, … with shares that these cuts make.
fn rule(number: u32, value: &str, cuts: &[u16]) -> Rule {
    let ends = cuts.iter().copied().chain([10_000]);
    let mut from = 0;
    let targets = ends.enumerate().map(|(n, end)| {
        let share = Share::new(end - from).unwrap();
        from = end;
        Target {
            share,
            konto: Template::fixed(&format!("{value}.{n}")),
        }
    });
    Rule {
        number,
        conditions: vec![("art".into(), Condition::Is(value.into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: Date::MIN,
            to: None,
        },
        targets: targets.collect(),
        comment: "".into(),
    }
}

/// Versions 1, 2, … of the table, each in force from a day.
fn register(versions: Vec<(Date, Vec<Rule>)>) -> Register {
    let data = RegisterData {
        fagsystemer: vec![fagsystem()],
        ..RegisterData::default()
    };
    let versions = (1..).zip(versions).map(|(number, (from, rules))| {
        let table = Compiled::new(rules).unwrap().into();
        let version = InForce {
            number,
            from,
            table,
        };
        ((KOMMUNE, fagsystem().id), version)
    });
    Register::new(1, data).with_tables(versions.collect())
}

fn postering(linjenummer: u32, (value, oere, side): (&str, i64, Side)) -> Finanspostering {
    Finanspostering {
        linjenummer,
        beloeb: Oere::new(oere),
        side,
        tekst: "t".into(),
        sortiment: vec![Sortimentsvaerdi {
            facet: "art".into(),
            vaerdi: value.into(),
        }],
        kontering: None,
        periode: None,
        part: None,
        sag: None,
        ydelse: None,
        refusionsprocent: None,
        momskode: None,
        reference: None,
    }
}

fn bilag(posteringer: &[(&str, i64, Side)]) -> Finansbilag {
    let posteringer = (1..).zip(posteringer);
    Finansbilag {
        bilag_uuid: BilagUuid::from_uuid(Uuid::from_u128(9)),
        afsender_bilagsnummer: "1".into(),
        bilagsdato: date(2026, 1, 20),
        bogfoeringsdato: date(2026, 1, 20),
        regnskabsaar: Regnskabsaar(2026),
        posteringstype: Posteringstype::Normal,
        valuta: "DKK".into(),
        tekst: "t".into(),
        korrigerer: None,
        posteringer: posteringer.map(|(n, p)| postering(n, *p)).collect(),
    }
}

fn sum(amounts: impl Iterator<Item = Oere>) -> i64 {
    amounts.map(Oere::get).sum()
}

fn cuts() -> impl Strategy<Value = Vec<u16>> {
    proptest::collection::btree_set(1_u16..10_000, 0..6).prop_map(|set| set.into_iter().collect())
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Debit), Just(Side::Credit)]
}

proptest! {
    #[test]
    fn no_oere_is_lost_or_made(
        tables in proptest::array::uniform3(cuts()),
        sent in proptest::collection::vec((0_usize..3, 0_i64..=100_000_000_000, side()), 1..12),
    ) {
        let values = ["a", "b", "c"];
        let rules = (1..).zip(values).zip(&tables).map(|((n, v), cuts)| rule(n, v, cuts));
        let register = register(vec![(Date::MIN, rules.collect())]);
        let sent: Vec<_> = sent.iter().map(|(v, oere, side)| (values[*v], *oere, *side)).collect();
        let bilag = bilag(&sent);
        let mapped = map(&bilag, 0, KOMMUNE, &fagsystem(), &register).unwrap();
        prop_assert_eq!(mapped.version, 1);
        prop_assert_eq!(mapped.posteringer.len(), bilag.posteringer.len());
        let both = || bilag.posteringer.iter().zip(&mapped.posteringer);
        for (postering, konteret) in both() {
            prop_assert!(konteret.kontering().unwrap().adds_up_to(postering.beloeb));
        }
        for side in [Side::Debit, Side::Credit] {
            let before = both().filter(|(p, _)| p.side == side).map(|(p, _)| p.beloeb);
            let after = both().filter(|(p, _)| p.side == side).flat_map(|(_, k)| &k.lines);
            prop_assert_eq!(sum(before), sum(after.map(|line| line.beloeb)));
        }
        // What the table says of an ERP is what it says.
        let (prediction, warnings) = predict(&bilag, 0, KOMMUNE, &fagsystem(), &register);
        prop_assert!(warnings.is_empty() && !prediction.is_refusal());
        prop_assert_eq!(prediction.version, Some(1));
        let foreseen = prediction.posteringer.into_iter().map(|p| p.kontering);
        let found: Vec<_> = mapped.posteringer.iter().map(Konteret::kontering).collect();
        prop_assert_eq!(foreseen.collect::<Vec<_>>(), found);
    }

    #[test]
    fn a_refusal_is_foreseen_of_exactly_what_has_no_account(
        sent in proptest::collection::vec((0_usize..3, 1_i64..1_000, side()), 1..12),
    ) {
        let register = register(vec![(Date::MIN, vec![rule(1, "a", &[]), rule(2, "b", &[5_000])])]);
        let values = ["a", "b", "ukendt"];
        let sent: Vec<_> = sent.iter().map(|(v, oere, side)| (values[*v], *oere, *side)).collect();
        let bilag = bilag(&sent);
        let (prediction, warnings) = predict(&bilag, 0, KOMMUNE, &fagsystem(), &register);
        let lacking: Vec<u32> = (1..).zip(&sent)
            .filter(|(_, (value, ..))| *value == "ukendt").map(|(n, _)| n).collect();
        let none = prediction.posteringer.iter().filter(|p| p.kontering.is_none());
        prop_assert_eq!(none.map(|p| p.linjenummer).collect::<Vec<_>>(), lacking.clone());
        let warned: Vec<u32> = warnings.iter().map(|w| w.place.linje.unwrap()).collect();
        prop_assert_eq!(warned, lacking.clone());
        prop_assert!(warnings.iter().all(|w| w.code == FaultCode::RefusalForeseen));
        let mapped = map(&bilag, 0, KOMMUNE, &fagsystem(), &register);
        prop_assert_eq!(mapped.is_err(), !lacking.is_empty());
    }
}

#[test]
fn the_supplementary_period_is_the_old_years() {
    let (old, new) = (rule(1, "a", &[]), rule(1, "a", &[5_000]));
    let register = register(vec![(Date::MIN, vec![old]), (date(2026, 1, 1), vec![new])]);
    let mut supplement = bilag(&[("a", 100, Side::Debit), ("a", 100, Side::Credit)]);
    supplement.posteringstype = Posteringstype::Supplement;
    supplement.regnskabsaar = Regnskabsaar(OLD_YEAR);
    let ordinary = bilag(&[("a", 100, Side::Debit), ("a", 100, Side::Credit)]);
    for (bilag, version) in [(&supplement, 1), (&ordinary, 2)] {
        let mapped = map(bilag, 0, KOMMUNE, &fagsystem(), &register).unwrap();
        assert_eq!(mapped.version, version);
        let (prediction, _) = predict(bilag, 0, KOMMUNE, &fagsystem(), &register);
        assert_eq!(prediction.version, Some(version));
    }
}

#[test]
fn books_take_lines_that_are_the_amount_and_no_others() {
    let mut chart = Chart::default();
    for konto in ["1", "2"] {
        chart.add(BooksKonto::lasting(KOMMUNE, konto, true));
    }
    chart.add(BooksKonto::lasting(KOMMUNE, "9", false));
    let line = |konto: &str, oere| Konteringslinje {
        konto: konto.into(),
        beloeb: Oere::new(oere),
    };
    let judged = |lines: Vec<Konteringslinje>| {
        let mut bilag = bilag(&[("a", 100, Side::Debit), ("a", 100, Side::Credit)]);
        for postering in &mut bilag.posteringer {
            postering.kontering = Some(Kontering::whole("1", postering.beloeb));
        }
        let first = bilag.posteringer.first_mut().unwrap();
        first.kontering = Kontering::try_new(lines);
        judge(&bilag, &chart, &std::collections::HashSet::new())
    };
    assert_eq!(judged(vec![line("1", 60), line("2", 40)]), []);
    let wrong = LedgerFault::WrongParts { linje: 1 };
    assert_eq!(judged(vec![line("1", 60), line("2", 41)]), [wrong]);
    let closed = LedgerFault::ClosedAccount {
        linje: 1,
        konto: "9".into(),
    };
    let unknown = LedgerFault::UnknownAccount {
        linje: 1,
        konto: "7".into(),
    };
    assert_eq!(
        judged(vec![line("9", 60), line("7", 40)]),
        [closed, unknown]
    );
    assert_eq!(judged(Vec::new()), [LedgerFault::NoAccount { linje: 1 }]);
}
