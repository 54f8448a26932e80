//! Letters: a day is done once whoever does it, and a letter is sent until it is settled.

use std::sync::{Arc, Mutex};

use jiff::civil::{Date, Weekday, date};
use jiff::{SignedDuration, Timestamp};
use oir_domain::access::{Action, Grant, Person, Role};
use oir_domain::calendar::copenhagen;
use oir_domain::digest::{DigestRule, Email, Recipient, Weekdays};
use oir_fagsystem::sample;
use oir_flow::digest::{Carried, Office};
use oir_flow::ports::Answer;
use oir_flow::ports::post::{
    Letter, LetterFate, LetterState, Mailer, Post, Posted, Posting, Waiting, WaitingFor,
    WaitingLine,
};
use oir_flow::ports::process::Clock;
use oir_flow::ports::sessions::Deed;
use oir_store::Store;
use oir_testkit::process::OrderedIds;
use uuid::Uuid;

use crate::subject::{Subject, at};

on_both! {
    somebody_known_keeps_their_choice_when_they_come_again,
    a_day_is_done_once_however_many_do_it,
    days_are_undone_until_they_are_done_and_for_those_seen_lately,
    a_letter_is_claimed_by_one_and_due_again_when_its_taker_died,
    a_settled_letter_stays_settled,
    an_office_writes_each_person_once_a_day_and_carries_until_it_is_taken,
}

/// A clock that is set.
#[derive(Debug)]
struct Set(Mutex<Timestamp>);

impl Clock for Set {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Two bilag for finance, nothing for anybody else.
#[derive(Debug)]
struct Two;

impl Waiting for Two {
    fn waiting<'a>(&'a self, person: &'a Person, _: Date) -> Answer<'a, Vec<WaitingLine>> {
        let line = WaitingLine {
            why: WaitingFor::Area,
            what: "Mangler konto".into(),
            antal: 2,
            beloeb: None,
            frist: None,
            path: "/arbejde".into(),
        };
        let waits = person.may(Action::Redeliver);
        Box::pin(async move { Ok(waits.then_some(line).into_iter().collect()) })
    }
}

/// Away the first time, then it takes what it gets.
#[derive(Debug, Default)]
struct Hesitant(Mutex<u32>);

impl Mailer for Hesitant {
    fn post<'a>(&'a self, _: &'a Letter) -> Posting<'a> {
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        let first = *asked == 1;
        Box::pin(async move {
            if first {
                Posted::Away("not now: 451".into())
            } else {
                Posted::Taken
            }
        })
    }
}

async fn an_office_writes_each_person_once_a_day_and_carries_until_it_is_taken(subject: &Subject) {
    // A Tuesday, 7.30 in Copenhagen.
    let morning: Timestamp = "2026-11-24T06:30:00Z".parse().unwrap();
    let clock = Arc::new(Set(Mutex::new(morning)));
    let office = |store: Store| Office {
        post: Arc::new(store),
        waiting: Arc::new(Two),
        clock: Arc::clone(&clock) as _,
        ids: Arc::new(OrderedIds::default()),
        rule: DigestRule::STANDARD,
        portal_url: "https://oir.example".into(),
        zone: copenhagen(),
    };
    let seen = |number, back: i64| Recipient {
        seen: morning - SignedDuration::from_hours(24 * back),
        ..recipient(number, 0)
    };
    let mut area = seen(3, 0);
    area.person.grants.clear();
    let mut silent = seen(4, 0);
    silent.weekdays = Weekdays::of(&[Weekday::Monday]);
    for somebody in [seen(1, 0), seen(2, 31), area, silent] {
        subject.store.note_recipient(&somebody).await.unwrap();
    }
    let (one, other) = (
        office(subject.store.clone()),
        office(subject.another_process().await),
    );
    assert_eq!(one.write().await.unwrap(), 1);
    assert_eq!(other.write().await.unwrap(), 0, "the day is done");
    let letters = subject.store.letters("opdigtet|1", 9).await.unwrap();
    assert!(
        letters[0]
            .body
            .contains("- Mangler konto: 2\n  https://oir.example/arbejde")
    );
    let mailer = Hesitant::default();
    let carried = |sent, later| Carried {
        sent,
        later,
        given_up: 0,
    };
    assert_eq!(one.carry(&mailer).await.unwrap(), carried(0, 1));
    assert_eq!(one.carry(&mailer).await.unwrap(), carried(0, 0), "not yet");
    *clock.0.lock().unwrap() = morning + SignedDuration::from_mins(2);
    assert_eq!(other.carry(&mailer).await.unwrap(), carried(1, 0));
    assert_eq!(one.carry(&mailer).await.unwrap(), carried(0, 0));
    *clock.0.lock().unwrap() = morning + SignedDuration::from_hours(24);
    assert_eq!(one.write().await.unwrap(), 1, "the next day");
    *clock.0.lock().unwrap() = morning + SignedDuration::from_hours(24 * 4);
    assert_eq!(one.write().await.unwrap(), 0, "a Saturday");
}

fn recipient(number: u8, seen: i64) -> Recipient {
    Recipient {
        person: Person {
            subject: format!("opdigtet|{number}").into(),
            navn: format!("Åse Opdigtet {number}").into(),
            grants: Grant::try_new(Role::OekonomiFinans, Some(sample::KOMMUNE), None)
                .into_iter()
                .collect(),
        },
        email: Email::try_new(&format!("person{number}@kommune.example")),
        seen: at(seen),
        weekdays: Weekdays::ALL,
    }
}

fn letter(number: u8, to: &Recipient) -> Letter {
    Letter {
        id: Uuid::from_u128(number.into()),
        subject: to.person.subject.clone(),
        navn: to.person.navn.clone(),
        email: to.email.clone().unwrap(),
        title: "ØiR: 3 ting".into(),
        body: "Linje 1\nLinje 2\n".into(),
        written: at(100),
        state: LetterState::Waiting,
        attempts: 0,
    }
}

fn deed() -> Deed {
    Deed {
        at: at(5),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet 1".into(),
        what: "chose_letters".into(),
        kommune: None,
        object: "opdigtet|1".into(),
    }
}

async fn somebody_known_keeps_their_choice_when_they_come_again(subject: &Subject) {
    let store = &subject.store;
    let first = recipient(1, 10);
    store.note_recipient(&first).await.unwrap();
    let who = &*first.person.subject;
    assert_eq!(store.recipient(who).await.unwrap(), Some(first.clone()));
    assert_eq!(store.recipient("en anden").await.unwrap(), None);
    let mondays = Weekdays::of(&[Weekday::Monday]);
    assert!(store.choose_weekdays(who, mondays, &deed()).await.unwrap());
    let nobody = store.choose_weekdays("en anden", mondays, &deed()).await;
    assert!(!nobody.unwrap());
    let mut again = recipient(1, 99);
    again.email = None;
    again.person.grants.clear();
    store.note_recipient(&again).await.unwrap();
    again.weekdays = mondays;
    assert_eq!(store.recipient(who).await.unwrap(), Some(again));
}

async fn a_day_is_done_once_however_many_do_it(subject: &Subject) {
    let (to, dag) = (recipient(1, 10), date(2026, 11, 24));
    subject.store.note_recipient(&to).await.unwrap();
    let other = subject.another_process().await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 1..=6_u8 {
        let store = [&subject.store, &other][usize::from(number % 2)].clone();
        let letter = letter(number, &to);
        writers.spawn(async move {
            let done = store.finish_day(&letter.subject, dag, at(100), Some(&letter));
            // On PostgreSQL who loses may be told to come again, and comes.
            done.await.unwrap_or(false)
        });
    }
    let mut done = 0;
    while let Some(answer) = writers.join_next().await {
        done += usize::from(answer.unwrap());
    }
    assert_eq!(done, 1);
    let letters = subject.store.letters("opdigtet|1", 10).await.unwrap();
    assert_eq!(
        letters,
        [letter(u8::try_from(letters[0].id.as_u128()).unwrap(), &to)]
    );
    let next = date(2026, 11, 25);
    let without = subject.store.finish_day("opdigtet|1", next, at(200), None);
    assert!(without.await.unwrap());
    assert_eq!(
        subject.store.letters("opdigtet|1", 10).await.unwrap().len(),
        1
    );
}

async fn days_are_undone_until_they_are_done_and_for_those_seen_lately(subject: &Subject) {
    let (store, dag) = (&subject.store, date(2026, 11, 24));
    for number in 1..=4 {
        let seen = i64::from(number) * 10;
        store
            .note_recipient(&recipient(number, seen))
            .await
            .unwrap();
    }
    let done = store.finish_day("opdigtet|3", dag, at(100), None).await;
    assert!(done.unwrap());
    let undone = store.undone(dag, at(20), "", 10).await.unwrap();
    assert_eq!(undone, [recipient(2, 20), recipient(4, 40)]);
    let rest = store.undone(dag, at(20), "opdigtet|2", 10).await.unwrap();
    assert_eq!(rest, [recipient(4, 40)]);
    let other_day = store.undone(date(2026, 11, 25), at(0), "", 3).await;
    assert_eq!(other_day.unwrap().len(), 3);
}

async fn a_letter_is_claimed_by_one_and_due_again_when_its_taker_died(subject: &Subject) {
    let (store, to, dag) = (&subject.store, recipient(1, 10), date(2026, 11, 24));
    let written = letter(1, &to);
    let done = store.finish_day("opdigtet|1", dag, at(100), Some(&written));
    assert!(done.await.unwrap());
    assert_eq!(store.claim_letters(at(99), at(160), 5).await.unwrap(), []);
    let claimed = store.claim_letters(at(100), at(160), 5).await.unwrap();
    let once = Letter {
        attempts: 1,
        ..written.clone()
    };
    assert_eq!(claimed, [once]);
    let other = subject.another_process().await;
    assert_eq!(other.claim_letters(at(159), at(220), 5).await.unwrap(), []);
    let again = other.claim_letters(at(160), at(220), 5).await.unwrap();
    assert_eq!(
        again,
        [Letter {
            attempts: 2,
            ..written
        }]
    );
}

async fn a_settled_letter_stays_settled(subject: &Subject) {
    let (store, to) = (&subject.store, recipient(1, 10));
    for (number, day) in [(1, 23), (2, 24), (3, 25)] {
        let letter = letter(number, &to);
        let dag = date(2026, 11, day);
        let done = store.finish_day("opdigtet|1", dag, at(100), Some(&letter));
        assert!(done.await.unwrap());
    }
    let settle = |number: u8, fate| async move {
        let id = Uuid::from_u128(number.into());
        store.settle_letter(id, &fate, at(110)).await.unwrap();
    };
    settle(1, LetterFate::Sent).await;
    settle(2, LetterFate::GivenUp("550".into())).await;
    settle(3, LetterFate::Again(at(500))).await;
    // Who was slow changes nothing.
    settle(1, LetterFate::GivenUp("sent".into())).await;
    settle(2, LetterFate::Again(at(0))).await;
    assert_eq!(store.claim_letters(at(499), at(600), 9).await.unwrap(), []);
    let due = store.claim_letters(at(500), at(600), 9).await.unwrap();
    assert_eq!(due.iter().map(|l| l.id.as_u128()).collect::<Vec<_>>(), [3]);
    let states = store.letters("opdigtet|1", 9).await.unwrap();
    let states: Vec<_> = states.into_iter().map(|l| l.state).collect();
    let expected = [
        LetterState::Waiting,
        LetterState::GivenUp,
        LetterState::Sent,
    ];
    assert_eq!(states, expected);
}
