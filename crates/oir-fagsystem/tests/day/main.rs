//! The day keeps its promises: same seed, same day; exact counts; and every bilag earns
//! from the rules exactly what the plan says of it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod judge;

use std::collections::{BTreeMap, HashSet};

use jiff::civil::{Date, date};
use judge::{Judge, verify};
use oir_domain::fault::{FaultCode, Severity};
use oir_domain::finans::{Finansbilag, PartNummer};
use oir_domain::money::Oere;
use oir_fagsystem::{Content, Day, DayPlan, Expected, Kind, Planned, SHARES, Tally, day};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

const NOVEMBER: Date = date(2026, 11, 18);

fn plan(seed: u64, bilag: u32, day: Date) -> DayPlan {
    DayPlan {
        seed,
        bilag,
        day,
        now: format!("{day}T09:00:00Z").parse().unwrap(),
        kommuner: 10,
        receiver_url: "http://127.0.0.1:9/".to_owned(),
        body_limit: 4_000_000,
    }
}

/// How often the plan expects what each kind of the table stands for.
fn found(day: &Day) -> BTreeMap<Kind, u32> {
    let mut found = BTreeMap::new();
    for planned in day.messages() {
        let sent = &planned.content.afsendelse().bilag;
        for (expected, bilag) in planned.expected.iter().zip(sent) {
            let kind = match expected {
                Expected::Booked(codes) if !codes.is_empty() => Kind::Warned,
                Expected::Booked(_) if bilag.korrigerer.is_some() => Kind::Correction,
                Expected::Booked(_) => Kind::Sound,
                Expected::Rejected(codes) if codes.len() > 1 => Kind::SeveralFaults,
                Expected::Rejected(codes) => match codes.first().unwrap() {
                    code if code.code() < "F0300" => Kind::Message(*code),
                    code => Kind::Bilag(*code),
                },
                Expected::Held => Kind::Held,
                Expected::RefusedByBooks if closed(day, bilag) => Kind::AccountClosed,
                Expected::RefusedByBooks => Kind::AccountGone,
                Expected::TransportFault(code) => Kind::Transport(*code),
            };
            *found.entry(kind).or_insert(0) += 1;
        }
    }
    found
}

fn closed(day: &Day, bilag: &Finansbilag) -> bool {
    let values: HashSet<_> = bilag
        .posteringer
        .iter()
        .flat_map(|p| &p.sortiment)
        .map(|s| &s.vaerdi)
        .collect();
    let shut = day
        .kontoplan
        .iter()
        .filter(|row| !row.open)
        .map(|row| &row.konto);
    let shut: HashSet<_> = shut.collect();
    let mut rows = day.register.omsaetning.iter();
    rows.any(|row| shut.contains(&row.konto) && values.contains(&row.vaerdi))
}

#[test]
fn every_bilag_of_a_day_earns_what_the_plan_says() {
    verify(&day(&plan(1, 4_000, NOVEMBER)));
}

#[test]
fn so_in_every_month_and_with_any_number_of_municipalities() {
    for month in 1_i8..=12 {
        verify(&day(&plan(
            u64::from(month.unsigned_abs()),
            500,
            date(2026, month, 28),
        )));
    }
    verify(&day(&plan(20, 600, date(2027, 1, 1))));
    for kommuner in [0, 1, 2, 98] {
        let plan = DayPlan {
            kommuner,
            ..plan(21, 600, NOVEMBER)
        };
        verify(&day(&plan));
    }
}

#[test]
fn a_day_of_five_hundred_has_every_kind_as_often_as_the_table_says() {
    for bilag in [500, 20_000] {
        let day = day(&plan(3, bilag, NOVEMBER));
        let found = found(&day);
        for share in SHARES {
            let wanted = share.times(bilag);
            assert_eq!(
                found.get(&share.kind).copied().unwrap_or(0),
                wanted,
                "{share:?}"
            );
        }
        assert_eq!(found.values().sum::<u32>(), bilag);
    }
}

#[test]
fn about_92_of_a_hundred_are_booked_and_bundles_are_few() {
    let tally = day(&plan(4, 20_000, NOVEMBER)).tally();
    assert!((18_300..18_700).contains(&tally.booked), "{}", tally.booked);
    let singles = tally.messages - tally.bundles;
    assert!((20..=50).contains(&(singles / tally.bundles)), "{tally:?}");
    let sum = tally.rejected + tally.held + tally.refused + tally.transport_faults;
    assert_eq!(tally.booked + sum, tally.sent);
    let books: u64 = tally.books.values().map(|s| s.antal).sum();
    assert_eq!(books, tally.booked);
    assert!(
        tally
            .books
            .values()
            .all(|s| s.debet == s.kredit && s.debet > Oere::ZERO)
    );
    assert_eq!((tally.repeated_messages, tally.repeated_bilag), (200, 40));
}

#[test]
fn a_large_day_has_the_message_with_too_many_bilag() {
    let day = day(&plan(5, 50_000, NOVEMBER));
    let is_flood = |p: &Planned| p.expected.len() > 1_000;
    let floods: Vec<Planned> = day.messages().filter(is_flood).collect();
    assert_eq!(floods.len(), 1);
    let flood = floods.first().unwrap();
    let outcomes = Judge::new(&day).outcomes(flood.content.afsendelse());
    assert_eq!(outcomes, flood.expected);
    assert_eq!(day.tally().sent, 50_000);
}

#[test]
fn texts_have_danish_letters_and_signs_of_xml_and_forms_are_those_of_the_contract() {
    let day = day(&plan(6, 3_000, NOVEMBER));
    let mut signs = HashSet::new();
    for planned in day.messages() {
        let afsendelse = planned.content.afsendelse();
        let reference = afsendelse.korrelations_id.as_deref().unwrap();
        assert!(reference.starts_with("OPDIGTET ") && reference.len() <= 255);
        for bilag in &afsendelse.bilag {
            signs.extend(bilag.tekst.chars());
            assert!(
                (1..=100).contains(&bilag.tekst.chars().count()),
                "{}",
                bilag.tekst
            );
            assert!((1..=40).contains(&bilag.afsender_bilagsnummer.chars().count()));
            let normal = bilag.posteringer.len() > 5_000 || bilag.posteringer.len() <= 13;
            assert!(
                normal && bilag.posteringer.len() >= 2,
                "{}",
                bilag.posteringer.len()
            );
            for line in &bilag.posteringer {
                assert!((1..=100).contains(&line.tekst.chars().count()));
                assert!((1..=99_999).contains(&line.linjenummer) && line.beloeb >= Oere::ZERO);
                assert!(!line.sortiment.is_empty());
                let person = line.part.as_ref().map(|p| &p.nummer);
                if let Some(PartNummer::Cpr(cpr)) = person {
                    assert!(cpr.unmasked() > "6099999999", "an erstatningspersonnummer");
                }
                if let Some(sag) = &line.sag {
                    assert!(sag.sagsnummer.starts_with("OPDIGTET-"));
                    assert_eq!(
                        sag.kle.split('.').map(str::len).collect::<Vec<_>>(),
                        [2, 2, 2]
                    );
                }
            }
        }
    }
    for sign in "æøåÆ&<\"'–§".chars() {
        assert!(signs.contains(&sign), "{sign}");
    }
}

#[test]
fn ids_are_used_twice_only_where_that_is_the_point() {
    let day = day(&plan(7, 5_000, NOVEMBER));
    let (mut calls, mut bilag) = (HashSet::new(), HashSet::new());
    let (mut calls_again, mut bilag_again) = (0, 0);
    for planned in day.messages() {
        let afsendelse = planned.content.afsendelse();
        calls_again += usize::from(!calls.insert(afsendelse.transaktions_id));
        for b in &afsendelse.bilag {
            let new = bilag.insert(b.bilag_uuid);
            let repeat = matches!(planned.content, Content::Repeat { .. });
            bilag_again += usize::from(!new && !repeat);
        }
    }
    let of = |code| {
        let named = |s: &&oir_fagsystem::shares::Share| s.kind == code;
        SHARES.iter().find(named).unwrap().times(5_000) as usize
    };
    assert_eq!(
        calls_again,
        50 + of(Kind::Transport(FaultCode::TransactionReused))
    );
    let reused = of(Kind::Bilag(FaultCode::BilagReused)) + of(Kind::Bilag(FaultCode::BilagTwice));
    assert_eq!(bilag_again, 10 + reused);
}

#[test]
fn warnings_in_the_plan_are_warnings_in_the_catalogue() {
    let tally: Tally = day(&plan(8, 2_000, NOVEMBER)).tally();
    assert!(
        tally
            .warnings
            .keys()
            .all(|c| c.severity() == Severity::Warning)
    );
    assert!(tally.faults.keys().all(|c| c.severity() == Severity::Fault));
    assert_eq!(tally.warnings.len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_same_seed_gives_the_same_day_and_the_count_is_exact(
        seed in any::<u64>(), bilag in 0_u32..900, kommuner in 1_usize..=98,
    ) {
        let plan = DayPlan { kommuner, ..plan(seed, bilag, NOVEMBER) };
        let (one, other) = (day(&plan), day(&plan));
        prop_assert!(one.messages().eq(other.messages()));
        prop_assert_eq!(&one.register, &other.register);
        let tally = one.tally();
        prop_assert_eq!(tally.sent, u64::from(bilag));
        prop_assert_eq!(one.messages().count(), one.len());
        if bilag >= 500 {
            prop_assert_eq!(tally.repeated_messages, u64::from(bilag / 100));
        }
        // Any message can be made by itself.
        let last = one.len().checked_sub(1);
        prop_assert_eq!(last.and_then(|n| one.message(n)), one.messages().last());
    }

    #[test]
    fn another_seed_gives_another_day_of_the_same_counts(seed in any::<u64>()) {
        let (one, other) = (day(&plan(seed, 600, NOVEMBER)), day(&plan(!seed, 600, NOVEMBER)));
        prop_assert!(!one.messages().eq(other.messages()));
        let (one, other) = (one.tally(), other.tally());
        prop_assert_eq!(one.faults, other.faults);
        prop_assert_eq!(
            (one.booked, one.rejected, one.held, one.refused, one.transport_faults),
            (other.booked, other.rejected, other.held, other.refused, other.transport_faults)
        );
    }
}
