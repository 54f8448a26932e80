//! Days: versions and signatures that stay, what the books said, how long bookings took.

use std::collections::BTreeMap;

use jiff::civil::date;
use oir_domain::access::Scope;
use oir_domain::day::{BooksWord, DayKey, Figures, Listed, Origin};
use oir_domain::ids::{BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_domain::money::Oere;
use oir_domain::reconcile::Statement;
use oir_fagsystem::sample;
use oir_flow::ports::days::{
    DayFilter, DayWork, Days, Kept, KeptByDate, NewTotal, Question, QuestionAnswer, Signing,
    SigningKind,
};
use oir_flow::ports::sessions::{Deed, Sessions, deeds};
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, at, booked};

on_both! {
    a_control_total_is_kept_once_and_corrected_by_the_next,
    a_signature_stays_and_has_one_number,
    a_question_is_open_until_it_is_answered,
    a_day_is_the_sum_of_its_bilag,
    what_the_books_say_is_kept_by_version_and_seen_by_scope,
    booking_times_are_counted_when_more_are_booked,
    what_was_said_about_a_day_is_neither_changed_nor_deleted,
}

fn key() -> DayKey {
    DayKey {
        dag: sample::DAY,
        kommune: sample::KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
    }
}

fn all() -> Scope {
    Scope::everything()
}

fn deed(what: &str) -> Deed {
    Deed {
        at: at(9),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        what: what.into(),
        kommune: Some(sample::KOMMUNE),
        object: "2026-11-18".into(),
    }
}

fn statement(antal: u64, oere: i64) -> Statement {
    Statement {
        antal,
        debet: Oere::new(oere),
        kredit: Oere::new(oere),
    }
}

fn total(antal: u64, lines: Option<&[u128]>) -> NewTotal {
    let line = |n: &u128| Listed {
        bilag: BilagUuid::from_uuid(Uuid::from_u128(*n)),
        debet: Oere::new(100),
    };
    NewTotal {
        key: key(),
        origin: Origin::Planted,
        total: statement(antal, 100),
        lines: lines.map(|all| all.iter().map(line).collect()),
    }
}

fn signing(number: u32, kind: SigningKind) -> Signing {
    Signing {
        number,
        at: at(9),
        kind,
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        words: "Aftalt".into(),
        figures: Figures::from_text("booked\t1\t100\t0\nreceived\t2\t100\t100").unwrap(),
        explanations: BTreeMap::from([("number".to_owned(), "Ringede".to_owned())]),
    }
}

fn question(number: u32) -> Question {
    Question {
        key: key(),
        number,
        at: at(9),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        answer: None,
    }
}

async fn logged(subject: &Subject) -> usize {
    subject.store.logged(&all(), None, 100).await.unwrap().len()
}

async fn a_control_total_is_kept_once_and_corrected_by_the_next(subject: &Subject) {
    let deed = deed(deeds::STATED_TOTAL);
    let keep = async |total: &NewTotal| subject.store.keep_total(total, &deed).await.unwrap();
    assert_eq!(keep(&total(2, Some(&[2, 1]))).await, Kept::New(1));
    assert_eq!(keep(&total(2, Some(&[1, 2]))).await, Kept::Same(1));
    assert_eq!(logged(subject).await, 1, "a repeat is no deed");
    assert_eq!(keep(&total(2, Some(&[1, 3]))).await, Kept::New(2));
    assert_eq!(keep(&total(2, None)).await, Kept::New(3));
    assert_eq!(keep(&total(3, None)).await, Kept::New(4));
    let elsewhere = subject.another_process().await;
    let stated = elsewhere.stated(&all(), key()).await.unwrap();
    let versions: Vec<u32> = stated.iter().map(|s| s.version).collect();
    assert_eq!(versions, [4, 3, 2, 1]);
    assert_eq!(
        (&*stated[0].navn, stated[0].origin),
        ("Åse Opdigtet", Origin::Planted)
    );
    let lines = elsewhere.stated_lines(&all(), key(), 2).await.unwrap();
    assert_eq!(lines, total(0, Some(&[1, 3])).lines.unwrap());
    let nobody = Scope::nothing();
    assert!(elsewhere.stated(&nobody, key()).await.unwrap().is_empty());
    assert!(
        elsewhere
            .stated_lines(&nobody, key(), 2)
            .await
            .unwrap()
            .is_empty()
    );
    let rows = elsewhere
        .days(&all(), &DayFilter::only(key()))
        .await
        .unwrap();
    assert_eq!(rows[0].stated.as_ref().unwrap().version, 4);
}

async fn a_signature_stays_and_has_one_number(subject: &Subject) {
    let deed = deed(deeds::SIGNED_DAY);
    let first = signing(1, SigningKind::Signed);
    assert!(subject.store.sign(key(), &first, &deed).await.unwrap());
    assert!(!subject.store.sign(key(), &first, &deed).await.unwrap());
    let late = signing(3, SigningKind::Reopened);
    assert!(!subject.store.sign(key(), &late, &deed).await.unwrap());
    assert_eq!(
        logged(subject).await,
        1,
        "what was not written is not logged"
    );
    let second = signing(2, SigningKind::Reopened);
    assert!(subject.store.sign(key(), &second, &deed).await.unwrap());
    let found = subject.store.signings(&all(), key()).await.unwrap();
    assert_eq!(found, [second, first]);
    assert!(
        subject
            .store
            .signings(&Scope::nothing(), key())
            .await
            .unwrap()
            .is_empty()
    );
    let rows = subject
        .store
        .days(&all(), &DayFilter::only(key()))
        .await
        .unwrap();
    assert_eq!(rows[0].signing.as_ref().unwrap().number, 2);
}

async fn a_question_is_open_until_it_is_answered(subject: &Subject) {
    let deed = deed(deeds::ASKED_BOOKS);
    let store = &subject.store;
    assert!(store.ask(&question(1), &deed).await.unwrap());
    assert!(!store.ask(&question(1), &deed).await.unwrap());
    assert_eq!(store.open_questions(10).await.unwrap(), [question(1)]);
    let answer = QuestionAnswer {
        at: at(20),
        asked: 3,
        silent: None,
        words: vec![BooksWord {
            id: BilagId::from_uuid(Uuid::from_u128(7)),
            bilag: BilagUuid::from_uuid(Uuid::from_u128(8)),
            number: None,
        }],
    };
    store.answer(&question(1), &answer).await.unwrap();
    let other = QuestionAnswer {
        silent: Some("tavs".into()),
        ..answer.clone()
    };
    store.answer(&question(1), &other).await.unwrap();
    assert!(store.open_questions(10).await.unwrap().is_empty());
    let found = store.questions(&all(), key()).await.unwrap();
    assert_eq!(found[0].answer, Some(answer), "the first answer stays");
}

/// A booked, a held, a rejected bilag and one on its way; and bytes nobody could read.
async fn fill(subject: &Subject) {
    let bilag = vec![
        sample::bilag(1),
        sample::held(2),
        sample::rejected(3),
        sample::bilag(4),
    ];
    subject.receive(1, bilag, 0).await;
    subject.admit(&[subject.unreadable(3, b"<", 2)]).await;
    let sending = subject.start_sending(3, 1).await.remove(0);
    subject.happen(&sending, &booked("1"), 40).await;
}

async fn a_day_is_the_sum_of_its_bilag(subject: &Subject) {
    fill(subject).await;
    let whole = DayFilter {
        from: date(2026, 11, 1),
        to: date(2026, 11, 30),
        kommune: None,
        fagsystem: None,
    };
    let year = DayFilter {
        from: date(2026, 1, 1),
        to: date(2026, 12, 31),
        ..whole
    };
    for filter in [whole, year, DayFilter::only(key())] {
        let rows = subject.store.days(&all(), &filter).await.unwrap();
        let row = rows.iter().find(|row| row.key == key()).unwrap();
        let antal: u64 = row.states.iter().map(|(_, count)| count.antal).sum();
        assert_eq!(antal, 4, "{row:?}");
        let bilag = subject.store.day_bilag(&all(), key()).await.unwrap();
        assert_eq!(bilag.len(), 4);
        let debet: i64 = bilag.iter().map(|b| b.debet.get()).sum();
        let counted: i64 = row.states.iter().map(|(_, count)| count.debet.get()).sum();
        assert_eq!(debet, counted);
        let unbalanced = sample::rejected(3)
            .turnover()
            .unwrap()
            .difference()
            .unwrap();
        assert_eq!(row.skew, unbalanced);
        assert_eq!(rows.iter().map(|row| row.unreadable).sum::<u64>(), 3);
    }
    let elsewhere = DayFilter {
        from: date(2026, 11, 19),
        ..whole
    };
    empty(subject, &all(), elsewhere).await;
    let elsewhere = DayFilter {
        kommune: Some(OTHER_KOMMUNE),
        ..whole
    };
    empty(subject, &all(), elsewhere).await;
    let nobody = Scope::nothing();
    empty(subject, &nobody, whole).await;
    let bilag = subject.store.day_bilag(&nobody, key()).await.unwrap();
    assert!(bilag.is_empty());
}

async fn empty(subject: &Subject, scope: &Scope, filter: DayFilter) {
    let rows = subject.store.days(scope, &filter).await.unwrap();
    assert!(rows.is_empty(), "{filter:?}: {rows:?}");
}

async fn what_the_books_say_is_kept_by_version_and_seen_by_scope(subject: &Subject) {
    fill(subject).await;
    let (from, to) = (date(2026, 1, 1), date(2026, 12, 31));
    let store = &subject.store;
    let ours = store
        .booked_by_date(sample::KOMMUNE, from, to)
        .await
        .unwrap();
    assert_eq!(ours.len(), 1);
    let (of, booked) = ours.into_iter().next().unwrap();
    assert_eq!(store.comparison(&all(), from, to).await.unwrap(), None);
    for (seconds, theirs) in [(50, statement(9, 9)), (60, booked)] {
        let rows = KeptByDate::from([(of, (booked, theirs))]);
        store
            .keep_statements(sample::KOMMUNE, at(seconds), &rows)
            .await
            .unwrap();
        store
            .note_asked(sample::KOMMUNE, at(seconds), None)
            .await
            .unwrap();
        assert_eq!(
            store.kept_by_date(sample::KOMMUNE, from, to).await.unwrap(),
            rows
        );
        let last = store.comparison(&all(), from, to).await.unwrap().unwrap();
        assert_eq!((last.at, last.silent.len()), (at(seconds), 0));
        assert_eq!(last.theirs[&(sample::KOMMUNE, of.1)], theirs);
        let days = store.books(&all(), key(), &[of.0]).await.unwrap();
        assert_eq!((days[0].ours, days[0].theirs), (booked, theirs));
    }
    store
        .note_asked(sample::KOMMUNE, at(70), Some("tavs"))
        .await
        .unwrap();
    let last = store.comparison(&all(), from, to).await.unwrap().unwrap();
    assert_eq!(last.silent, [sample::KOMMUNE]);
    let nobody = Scope::nothing();
    assert_eq!(store.comparison(&nobody, from, to).await.unwrap(), None);
    assert!(
        store
            .books(&nobody, key(), &[of.0])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn booking_times_are_counted_when_more_are_booked(subject: &Subject) {
    fill(subject).await;
    let store = &subject.store;
    assert_eq!(store.stale_times(10).await.unwrap(), [sample::DAY]);
    store.count_times(sample::DAY).await.unwrap();
    assert!(store.stale_times(10).await.unwrap().is_empty());
    let filter = DayFilter::only(key());
    let volumes = store.volumes(&all(), &filter).await.unwrap();
    assert_eq!(volumes.len(), 1);
    // Forty seconds: the class that ends at a minute.
    assert_eq!(volumes[0].times.within(50), Some(Some(60_000)));
    assert_eq!(volumes[0].times.antal(), 1);
    assert!(volumes[0].states.contains(&(StateName::Booked, 1)));
    let sending = subject.start_sending(50, 1).await.remove(0);
    subject.happen(&sending, &booked("2"), 52).await;
    assert_eq!(store.stale_times(10).await.unwrap(), [sample::DAY]);
    store.count_times(sample::DAY).await.unwrap();
    let volumes = store.volumes(&all(), &filter).await.unwrap();
    assert_eq!(volumes[0].times.antal(), 2);
    assert!(
        store
            .volumes(&Scope::nothing(), &filter)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn what_was_said_about_a_day_is_neither_changed_nor_deleted(subject: &Subject) {
    let store = &subject.store;
    let deed = deed(deeds::STATED_TOTAL);
    store
        .keep_total(&total(2, Some(&[1])), &deed)
        .await
        .unwrap();
    store
        .sign(key(), &signing(1, SigningKind::Signed), &deed)
        .await
        .unwrap();
    store.ask(&question(1), &deed).await.unwrap();
    let answer = QuestionAnswer {
        at: at(20),
        asked: 1,
        silent: None,
        words: vec![BooksWord {
            id: BilagId::from_uuid(Uuid::from_u128(7)),
            bilag: BilagUuid::from_uuid(Uuid::from_u128(8)),
            number: None,
        }],
    };
    store.answer(&question(1), &answer).await.unwrap();
    let rows = KeptByDate::from([(
        (sample::DAY, sample::FAGSYSTEM),
        (statement(1, 1), statement(1, 1)),
    )]);
    store
        .keep_statements(sample::KOMMUNE, at(5), &rows)
        .await
        .unwrap();
    for table in [
        "day_statement",
        "day_statement_line",
        "books_statement",
        "day_question",
        "day_answer",
        "day_answer_word",
        "day_signing",
        "day_explanation",
    ] {
        for sql in [
            format!("update {table} set kommune = 1"),
            format!("delete from {table}"),
        ] {
            let why = subject.past_the_store(&sql).await.err().unwrap_or_default();
            assert!(why.contains("append-only"), "{sql}: {why}");
        }
    }
}
