//! The days against books over the real contract: what agrees is left alone, what the books
//! have lost is found down to the bilag, and what a sender states is taken once.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::{Date, date};
use oir_domain::access::Scope;
use oir_domain::day::{Account, DayFacts, DayKey, DayStatus, Finding, Listed, Stated};
use oir_domain::fault::FaultCode;
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::reconcile::Statement;
use oir_fagsystem::rng::Rng;
use oir_fagsystem::sample;
use oir_flow::days::{NotTaken, Round, answer_questions, compare, take_total};
use oir_flow::deliver::round;
use oir_flow::hub::Hub;
use oir_flow::judge::Arrival;
use oir_flow::ports::days::{DayWork, Days, Kept, Question};
use oir_flow::ports::inbox::{Channel, Inbox};
use oir_flow::ports::sessions::{Deed, deeds};
use oir_store::Store;
use oir_testkit::books::{Mischief, SimBooks};
use oir_testkit::house;
use oir_testkit::mortal::Mortal;
use oir_testkit::process::ManualClock;
use oir_wire::finans::json::StatedTotal;

const YEAR: (Date, Date) = (date(2026, 1, 1), date(2026, 12, 31));

fn key() -> DayKey {
    DayKey {
        dag: sample::DAY,
        kommune: sample::KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
    }
}

fn books() -> SimBooks {
    let honest = Mischief {
        busy: 0,
        lost: 0,
        cut: 0,
        late: 0,
        twice: 0,
    };
    let register = sample::register_data("http://127.0.0.1:9/");
    SimBooks::new(
        &sample::kontoplan(),
        &register.myndigheder,
        honest,
        Rng::new(1),
        Mortal::new(Rng::new(1), 0),
    )
}

async fn store(name: &str) -> Store {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("days-{name}"));
    let store = house::store(&folder).await;
    let register = sample::register_data("http://127.0.0.1:9/");
    store.replace_register(&register).await.unwrap();
    store
}

async fn hub(store: &Store, books: &SimBooks) -> Hub {
    let clock = ManualClock::at("2026-11-18T08:00:00Z".parse().unwrap());
    house::hub(store, &clock, Arc::new(books.clone())).await
}

/// Three bilag of the day, booked.
async fn booked(store: &Store, books: &SimBooks) -> Hub {
    let hub = hub(store, books).await;
    let message = sample::message(1, (1..=3).map(sample::bilag).collect());
    let raw = Arc::from(&b"opdigtet"[..]);
    let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(message)));
    hub.receive(vec![arrival]).await;
    while round(&hub, "a").await.unwrap() {}
    let held = store.day_bilag(&Scope::everything(), key()).await.unwrap();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|b| b.state == StateName::Booked));
    hub
}

#[tokio::test]
async fn agreeing_books_are_heard_once_and_then_left_alone() {
    let (store, books) = (store("agree").await, books());
    let hub = booked(&store, &books).await;
    let first = compare(&hub, &store, YEAR).await.unwrap();
    assert_eq!((first.differences, first.silent), (0, 0));
    assert!(first.calls > 1);
    let kept = store
        .kept_by_date(sample::KOMMUNE, YEAR.0, YEAR.1)
        .await
        .unwrap();
    assert!(
        kept.values()
            .all(|(ours, theirs)| ours == theirs && ours.antal > 0)
    );
    let again = compare(&hub, &store, YEAR).await.unwrap();
    let kommuner = sample::register_data("").receivers.len();
    let asked = u32::try_from(kommuner).unwrap();
    let quiet = Round {
        calls: asked,
        ..Round::default()
    };
    assert_eq!(again, quiet, "one call to each");
}

#[tokio::test]
async fn what_the_books_have_lost_is_found_down_to_the_bilag() {
    let (store, full) = (store("lost").await, books());
    booked(&store, &full).await;
    // The same day before books that know nothing of it.
    let hub = hub(&store, &books()).await;
    let found = compare(&hub, &store, YEAR).await.unwrap();
    assert_eq!(found.differences, 1);
    let all = Scope::everything();
    let asked = store.questions(&all, key()).await.unwrap();
    let answer = asked[0].answer.clone().unwrap();
    assert_eq!((answer.asked, answer.words.len()), (3, 3));
    let facts = DayFacts {
        bilag: Some(store.day_bilag(&all, key()).await.unwrap()),
        states: store
            .days(&all, &oir_flow::ports::days::DayFilter::only(key()))
            .await
            .unwrap()[0]
            .states
            .clone(),
        books: store.books(&all, key(), &[sample::DAY]).await.unwrap(),
        words: answer.words,
        ..DayFacts::default()
    };
    let account = Account::of(&facts).unwrap();
    assert_eq!(account.status(), DayStatus::Differs);
    let here = account.findings.iter();
    let here = here.filter(|f| matches!(f, Finding::BookedHereOnly { .. }));
    assert_eq!(here.count(), 3);
    // The books find them again; somebody asks.
    let hub = self::hub(&store, &full).await;
    let question = Question {
        key: key(),
        number: asked[0].number + 1,
        at: hub.instant(),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        answer: None,
    };
    let deed = Deed {
        at: question.at,
        subject: question.subject.clone(),
        navn: question.navn.clone(),
        what: deeds::ASKED_BOOKS.into(),
        kommune: Some(sample::KOMMUNE),
        object: "x".into(),
    };
    assert!(store.ask(&question, &deed).await.unwrap());
    assert_eq!(answer_questions(&hub, &store).await.unwrap(), 1);
    assert_eq!(answer_questions(&hub, &store).await.unwrap(), 0);
    let asked = store.questions(&all, key()).await.unwrap();
    assert!(asked[0].answer.as_ref().unwrap().words.is_empty());
    let books = store.books(&all, key(), &[sample::DAY]).await.unwrap();
    assert_eq!(books[0].ours, books[0].theirs);
}

fn stated(antal: u64, lines: Option<Vec<Listed>>) -> StatedTotal {
    StatedTotal {
        myndighed: sample::myndighed(),
        afsender_system: sample::FAGSYSTEM,
        dag: sample::DAY,
        total: Statement {
            antal,
            debet: Oere::new(500),
            kredit: Oere::new(500),
        },
        lines,
    }
}

#[tokio::test]
async fn a_senders_total_is_taken_once_and_judged_whole() {
    let store = store("total").await;
    let hub = hub(&store, &books()).await;
    let take = async |stated| take_total(&hub, &store, stated).await;
    assert_eq!(take(stated(1, None)).await.unwrap(), Kept::New(1));
    assert_eq!(take(stated(1, None)).await.unwrap(), Kept::Same(1));
    assert_eq!(take(stated(2, None)).await.unwrap(), Kept::New(2));
    let line = Listed {
        bilag: sample::bilag(1).bilag_uuid,
        debet: Oere::new(400),
    };
    let wrong = StatedTotal {
        dag: date(2027, 1, 1),
        ..stated(7, Some(vec![line]))
    };
    let Err(NotTaken::Faults(faults)) = take(wrong).await else {
        unreachable!("a total that is wrong in three ways was taken");
    };
    let codes: Vec<FaultCode> = faults.iter().map(|fault| fault.code).collect();
    for code in [
        FaultCode::CreatedInFuture,
        FaultCode::WrongCount,
        FaultCode::WrongTotal,
    ] {
        assert!(codes.contains(&code), "{codes:?}");
    }
    let all = Scope::everything();
    let kept = store.stated(&all, key()).await.unwrap();
    assert_eq!(kept.len(), 2);
    let total = Stated {
        total: kept[0].total,
        lines: None,
    };
    assert_eq!(total.total.antal, 2);
}
