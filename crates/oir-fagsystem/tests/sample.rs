//! The samples are what their names say, judged by the rules.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;
use std::sync::LazyLock;

use oir_domain::fault::FaultCode;
use oir_domain::finans::Afsendelse;
use oir_domain::finans::check::{Facts, Known, check_bilag, check_message, parties};
use oir_domain::omsaetning::map;
use oir_domain::register::Register;
use oir_fagsystem::{bench_bilag, sample};

fn codes(afsendelse: &Afsendelse, register: &Register) -> Vec<FaultCode> {
    let facts = Facts {
        register,
        known: &Known::new(),
        now: "2026-11-18T09:00:00Z".parse().unwrap(),
        today: sample::DAY,
    };
    let parties = parties(afsendelse, register);
    let mut faults = check_message(afsendelse, &facts);
    for (bilag, index) in afsendelse.bilag.iter().zip(0..) {
        faults.extend(check_bilag(bilag, index, &[0; 32], &parties, &facts));
    }
    faults.iter().map(|f| f.code).collect()
}

fn accounts(afsendelse: &Afsendelse, register: &Register) -> Option<Vec<Box<str>>> {
    let parties = parties(afsendelse, register);
    let (kommune, fagsystem) = (parties.kommune(), parties.fagsystem.unwrap());
    let bilag = afsendelse.bilag.first().unwrap();
    let found = map(bilag, 0, kommune, fagsystem, register).ok()?;
    let lines = found.posteringer.into_iter().flat_map(|k| k.lines);
    Some(lines.map(|line| line.konto).collect())
}

fn all_open(accounts: &[Box<str>]) -> bool {
    static OPEN: LazyLock<HashSet<Box<str>>> = LazyLock::new(|| {
        let rows = sample::kontoplan().into_iter();
        rows.filter(|r| r.open).map(|r| r.konto).collect()
    });
    accounts.iter().all(|konto| OPEN.contains(konto))
}

#[test]
fn each_sample_earns_what_it_is_for() {
    let register = sample::register();
    for sound in [
        sample::afsendelse(0),
        sample::afsendelse(99),
        sample::bundle(7, 50),
    ] {
        assert_eq!(codes(&sound, &register), []);
        assert!(all_open(&accounts(&sound, &register).unwrap()));
    }
    let held = sample::message(1, vec![sample::held(1)]);
    assert_eq!(codes(&held, &register), []);
    assert_eq!(accounts(&held, &register), None);
    let refused = sample::message(2, vec![sample::refused(2)]);
    assert_eq!(codes(&refused, &register), []);
    assert!(!all_open(&accounts(&refused, &register).unwrap()));
    let rejected = sample::message(3, vec![sample::rejected(3)]);
    assert_eq!(codes(&rejected, &register), [FaultCode::Unbalanced]);
}

#[test]
fn the_missing_row_releases_what_is_held() {
    let mut data = sample::register_data("http://127.0.0.1:9/");
    data.omsaetning.push(sample::missing_row());
    let register = Register::new(2, data);
    let held = sample::message(1, vec![sample::held(1)]);
    assert!(all_open(&accounts(&held, &register).unwrap()));
}

#[test]
fn the_kommune_and_the_sender_are_in_the_register() {
    let register = sample::register();
    let myndighed = register.myndighed(sample::myndighed()).unwrap();
    assert_eq!(
        (myndighed.kommune, &*myndighed.navn),
        (sample::KOMMUNE, "København")
    );
    assert!(register.may_send(sample::KOMMUNE, sample::FAGSYSTEM, sample::DAY));
}

#[test]
fn measured_bilag_are_sound_distinct_and_spread_over_all_ten() {
    let register = sample::register();
    let (mut ids, mut kommuner) = (HashSet::new(), HashSet::new());
    for n in 0..1_000 {
        let afsendelse = bench_bilag(1, n, 10);
        assert_eq!(codes(&afsendelse, &register), []);
        assert!(all_open(&accounts(&afsendelse, &register).unwrap()));
        let bilag = afsendelse.bilag.first().unwrap();
        assert_eq!(bilag.posteringer.len(), 10);
        assert!(ids.insert((afsendelse.transaktions_id, bilag.bilag_uuid)));
        kommuner.insert(afsendelse.myndighed);
    }
    assert_eq!(kommuner.len(), 10);
    assert_eq!(bench_bilag(1, 5, 10), bench_bilag(1, 5, 10));
    assert_ne!(bench_bilag(1, 5, 10), bench_bilag(2, 5, 10));
}
