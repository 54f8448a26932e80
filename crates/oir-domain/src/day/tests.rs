#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use uuid::Uuid;

use super::{
    Account, BookedDay, BooksWord, Count, DayFacts, DayStatus, Figures, Finding, Held, Listed,
    Stated,
};
use crate::ids::{BilagId, BilagUuid, ErpBilagsnummer};
use crate::message::StateName;
use crate::money::Oere;
use crate::reconcile::Statement;

const DAY: Date = date(2026, 11, 23);
const STATES: [StateName; 10] = [
    StateName::Rejected,
    StateName::Held,
    StateName::Mapped,
    StateName::Sending,
    StateName::AwaitingReceipt,
    StateName::Waiting,
    StateName::Uncertain,
    StateName::Booked,
    StateName::Refused,
    StateName::Parked,
];

fn held(number: usize, oere: i64, state: StateName) -> Held {
    let id = Uuid::from_u128(u128::try_from(number).unwrap() + 1);
    Held {
        id: BilagId::from_uuid(id),
        bilag: BilagUuid::from_uuid(id),
        debet: Oere::new(oere),
        state,
        bogfoeringsdato: DAY,
    }
}

fn statement(antal: u64, oere: i64) -> Statement {
    Statement {
        antal,
        debet: Oere::new(oere),
        kredit: Oere::new(oere),
    }
}

/// A day on which sender, we and the books say the same.
fn agreeing(bilag: Vec<Held>) -> DayFacts {
    let count = |held: &Held| Count {
        antal: 1,
        debet: held.debet,
    };
    let lines = bilag.iter().map(|b| Listed {
        bilag: b.bilag,
        debet: b.debet,
    });
    let total: i64 = bilag.iter().map(|b| b.debet.get()).sum();
    let booked: Vec<&Held> = bilag
        .iter()
        .filter(|b| b.state == StateName::Booked)
        .collect();
    let sum = booked.iter().map(|b| b.debet.get()).sum();
    let both = statement(u64::try_from(booked.len()).unwrap(), sum);
    let words = booked.iter().map(|b| BooksWord {
        id: b.id,
        bilag: b.bilag,
        number: ErpBilagsnummer::try_new("1").ok(),
    });
    DayFacts {
        states: bilag.iter().map(|b| (b.state, count(b))).collect(),
        stated: Some(Stated {
            total: statement(u64::try_from(bilag.len()).unwrap(), total),
            lines: Some(lines.collect()),
        }),
        books: vec![BookedDay {
            bogfoeringsdato: DAY,
            ours: both,
            theirs: both,
            at: Timestamp::UNIX_EPOCH,
        }],
        words: words.collect(),
        bilag: Some(bilag),
        ..DayFacts::default()
    }
}

fn days() -> impl Strategy<Value = DayFacts> {
    let one = (1_i64..1_000_000, 0..STATES.len());
    prop::collection::vec(one, 1..30).prop_map(|all| {
        let bilag = all.into_iter().enumerate();
        agreeing(
            bilag
                .map(|(n, (oere, s))| held(n, oere, *STATES.get(s).unwrap()))
                .collect(),
        )
    })
}

/// A thing gone wrong, and whether a finding is the one that must name it.
type Planted = (fn(&mut DayFacts, usize), fn(&Finding) -> bool);

fn lines(facts: &mut DayFacts) -> &mut Vec<Listed> {
    facts.stated.as_mut().unwrap().lines.as_mut().unwrap()
}

fn total(facts: &mut DayFacts) -> &mut Statement {
    &mut facts.stated.as_mut().unwrap().total
}

/// Makes the bilag of that place stand in a state, without a word about it.
fn stands(facts: &mut DayFacts, at: usize, state: StateName, words: bool) {
    let bilag = facts.bilag.as_mut().unwrap();
    bilag.get_mut(at).unwrap().state = state;
    facts.states.get_mut(at).unwrap().0 = state;
    let held = *bilag.get(at).unwrap();
    facts.words.retain(|word| word.id != held.id);
    facts.words.push(BooksWord {
        id: held.id,
        bilag: held.bilag,
        number: words.then(|| ErpBilagsnummer::try_new("77").unwrap()),
    });
}

fn plants() -> impl Strategy<Value = Planted> {
    let all: [Planted; 10] = [
        (
            |f, _| total(f).antal += 1,
            |f| matches!(f, Finding::NumberDiffers { .. }),
        ),
        (
            |f, _| total(f).debet = Oere::new(total(f).debet.get() + 5),
            |f| matches!(f, Finding::AmountDiffers { .. }),
        ),
        (
            |f, _| total(f).kredit = Oere::new(total(f).kredit.get() - 5),
            |f| matches!(f, Finding::AmountDiffers { .. }),
        ),
        (
            |f, at| lines(f).get_mut(at).unwrap().bilag = BilagUuid::from_uuid(Uuid::max()),
            |f| matches!(f, Finding::NeverReceived(l) if l.bilag.as_uuid() == Uuid::max()),
        ),
        (
            |f, at| {
                lines(f).remove(at);
            },
            |f| matches!(f, Finding::NotListed { .. }),
        ),
        (
            |f, at| {
                let line = lines(f).get_mut(at).unwrap();
                line.debet = Oere::new(line.debet.get() + 1);
            },
            |f| matches!(f, Finding::BilagDiffers { .. }),
        ),
        (
            |f, _| f.books.first_mut().unwrap().theirs.antal += 1,
            |f| matches!(f, Finding::BooksDiffer { .. }),
        ),
        (
            |f, at| stands(f, at, StateName::Booked, false),
            |f| matches!(f, Finding::BookedHereOnly { .. }),
        ),
        (
            |f, at| stands(f, at, StateName::Uncertain, true),
            |f| matches!(f, Finding::BookedThereOnly { .. }),
        ),
        (
            |f, at| {
                f.bilag.as_mut().unwrap().remove(at);
            },
            |f| matches!(f, Finding::TotalsAstray { .. }),
        ),
    ];
    (0..all.len()).prop_map(move |n| *all.get(n).unwrap())
}

proptest! {
    #[test]
    fn the_account_always_adds_up(facts in days(), skew in -500_i64..500) {
        let facts = DayFacts { skew: Oere::new(skew), ..facts };
        let account = Account::of(&facts).unwrap();
        let parts = [
            account.rejected, account.held, account.outstanding, account.booked,
            account.refused, account.parked,
        ];
        let antal: u64 = parts.iter().map(|part| part.antal).sum();
        let debet: i64 = parts.iter().map(|part| part.debet.get()).sum();
        prop_assert_eq!(antal, account.received.antal);
        prop_assert_eq!(debet, account.received.debet.get());
        prop_assert_eq!(debet - account.received.kredit.get(), skew);
    }

    #[test]
    fn sides_that_say_the_same_leave_nothing_to_explain(facts in days()) {
        let account = Account::of(&facts).unwrap();
        prop_assert_eq!(&account.findings, &Vec::new());
        prop_assert_eq!(account.status(), DayStatus::Agrees);
        prop_assert!(account.unexplained(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn what_is_planted_is_found_and_named(
        facts in days(), (plant, is_it) in plants(), place in any::<prop::sample::Index>(),
    ) {
        let mut facts = facts;
        let at = place.index(facts.states.len());
        plant(&mut facts, at);
        let account = Account::of(&facts).unwrap();
        prop_assert!(account.findings.iter().any(is_it), "{:?}", account.findings);
        prop_assert_eq!(account.status(), DayStatus::Differs);
        let left = account.unexplained(&BTreeMap::new());
        prop_assert_eq!(left.len(), account.findings.len());
        let told = account.findings.iter().map(|f| (f.key(), "Aftalt".to_owned()));
        let told: BTreeMap<_, _> = told.collect();
        prop_assert_eq!(told.len(), account.findings.len(), "two findings share a name");
        prop_assert!(account.unexplained(&told).is_empty());
        let blank = told.into_keys().map(|key| (key, " \n".to_owned())).collect();
        prop_assert_eq!(account.unexplained(&blank).len(), account.findings.len());
    }

    #[test]
    fn figures_come_back_from_their_text_and_show_what_moved(
        facts in days(), silent in any::<bool>(),
    ) {
        let account = Account::of(&facts).unwrap();
        let then = account.figures(if silent { &[] } else { &facts.books });
        prop_assert_eq!(Figures::from_text(&then.to_text()), Some(then.clone()));
        prop_assert!(then.changed_to(&then).is_empty());
        let mut later = account;
        later.booked.antal += 1;
        let now = later.figures(if silent { &[] } else { &facts.books });
        let names: Vec<_> = then.changed_to(&now).into_iter().map(|c| c.name).collect();
        prop_assert_eq!(names, vec![Box::<str>::from("booked")]);
    }
}

#[test]
fn silence_is_said_and_is_no_contradiction() {
    let mut facts = agreeing(vec![held(0, 100, StateName::Booked)]);
    facts.stated = None;
    let account = Account::of(&facts).unwrap();
    assert_eq!(account.status(), DayStatus::NoTotal);
    assert_eq!(account.findings, [Finding::NoControlTotal]);
    let mut facts = agreeing(vec![held(0, 100, StateName::Booked)]);
    facts.books.clear();
    let account = Account::of(&facts).unwrap();
    assert_eq!(account.status(), DayStatus::BooksSilent);
    let nothing = Account::of(&DayFacts::default()).unwrap();
    assert_eq!(nothing.status(), DayStatus::Agrees);
    assert_eq!(Figures::from_text("booked\tx"), None);
}
