//! Reading for people: one bilag, one message, and the sums of a day.

use std::collections::BTreeMap;

use oir_domain::access::Scope;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::Finansbilag;
use oir_domain::ids::{AfsendelseId, BilagId};
use oir_domain::message::{Event, StateName};
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{Admit, Channel, MessageOutcome, MessageRecord};
use oir_flow::ports::views::{FaultCount, UnreadableTotal, Views};
use uuid::Uuid;

use crate::subject::{OTHER_FAGSYSTEM, OTHER_KOMMUNE, Subject, at, booked, new_bilag};

on_both! {
    one_bilag_is_shown_whole,
    corrections_are_shown_from_both_sides,
    a_correction_by_another_sender_is_not_ours,
    one_message_is_shown_whole,
    the_totals_of_a_day_are_the_sum_of_its_bilag,
    the_totals_of_two_processes_are_one,
    what_could_not_be_read_is_counted_per_kommune_and_sender,
    unreadable_messages_come_newest_first,
    faults_are_counted_once_per_bilag_and_message,
    the_latest_day_is_the_last_with_traffic,
}

fn first_id(record: &MessageRecord) -> BilagId {
    new_bilag(record)[0].id
}

async fn one_bilag_is_shown_whole(subject: &Subject) {
    let record = subject
        .receive(1, vec![sample::bilag(1), sample::held(2)], 3)
        .await;
    let new = new_bilag(&record)[1];
    let found = subject
        .store
        .detail(&Scope::everything(), new.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.afsendelse, record.id);
    assert_eq!(found.transaktions_id, record.transaktions_id);
    assert_eq!((found.channel, found.index), (Channel::Soap11, 1));
    assert_eq!(found.bilag, sample::held(2));
    assert_eq!((&found.faults, found.later_faults.len()), (&new.faults, 0));
    assert_eq!(found.line.codes, [FaultCode::Unmapped]);
    assert_eq!((found.line.modtaget, found.line.posteringer), (at(3), 2));
    let received = &found.timeline[0];
    assert_eq!((found.timeline.len(), received.number), (1, 1));
    assert_eq!(
        (&*received.event, received.to),
        ("received", StateName::Held)
    );
    assert_eq!((found.corrects, found.corrected_by), (None, Vec::new()));
    let nobody = BilagId::from_uuid(Uuid::nil());
    assert_eq!(
        subject
            .store
            .detail(&Scope::everything(), nobody)
            .await
            .unwrap(),
        None
    );
}

fn correcting(n: u64, what: u64) -> Finansbilag {
    let mut bilag = sample::bilag(n);
    bilag.korrigerer = Some(sample::bilag(what).bilag_uuid);
    bilag
}

async fn corrections_are_shown_from_both_sides(subject: &Subject) {
    let wrong = first_id(&subject.receive(1, vec![sample::rejected(1)], 0).await);
    let one = first_id(&subject.receive(2, vec![correcting(2, 1)], 1).await);
    let two = first_id(&subject.receive(3, vec![correcting(3, 1)], 2).await);
    let lost = first_id(&subject.receive(4, vec![correcting(4, 99)], 3).await);
    for (id, corrects, by) in [
        (wrong, None, vec![one, two]),
        (one, Some(wrong), vec![]),
        (two, Some(wrong), vec![]),
        (lost, None, vec![]),
    ] {
        let found = subject
            .store
            .detail(&Scope::everything(), id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.corrects, found.corrected_by), (corrects, by), "{id}");
    }
}

/// Two senders may use one id: a correction names its own sender's.
async fn a_correction_by_another_sender_is_not_ours(subject: &Subject) {
    let ours = first_id(&subject.receive(1, vec![sample::rejected(1)], 0).await);
    let mut theirs = Vec::new();
    for (n, bilag) in [(2, sample::rejected(1)), (3, correcting(3, 1))] {
        let mut record = subject.judged(&sample::message(n, vec![bilag]), 1);
        record.fagsystem = Some(OTHER_FAGSYSTEM);
        assert_eq!(
            subject.admit(std::slice::from_ref(&record)).await,
            Admit::Done
        );
        theirs.push(first_id(&record));
    }
    let wrong = subject
        .store
        .detail(&Scope::everything(), ours)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(wrong.corrected_by, [], "another sender's correction");
    let wrong = subject
        .store
        .detail(&Scope::everything(), theirs[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(wrong.corrected_by, [theirs[1]]);
    let correction = subject
        .store
        .detail(&Scope::everything(), theirs[1])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(correction.corrects, Some(theirs[0]));
}

async fn one_message_is_shown_whole(subject: &Subject) {
    let bilag = (1..=12).map(sample::bilag).collect();
    let mut record = subject.judged(&sample::message(1, bilag), 2);
    record.channel = Channel::Json;
    record.faults = vec![Fault::new(
        FaultCode::WrongCount,
        Place::message("x"),
        &[&1, &2],
    )];
    assert_eq!(
        subject.admit(std::slice::from_ref(&record)).await,
        Admit::Done
    );
    let found = subject
        .store
        .message_detail(&Scope::everything(), record.id)
        .await
        .unwrap()
        .unwrap();
    let key = (
        found.kommune,
        found.id,
        found.fagsystem,
        found.transaktions_id,
    );
    let wanted = (
        record.kommune,
        record.id,
        record.fagsystem,
        record.transaktions_id,
    );
    assert_eq!(key, wanted);
    let how = (found.modtaget, found.channel, found.outcome);
    assert_eq!(how, (at(2), Channel::Json, MessageOutcome::Taken));
    assert_eq!((&found.faults, &*found.raw), (&record.faults, &*record.raw));
    let ids: Vec<BilagId> = found.bilag.iter().map(|l| l.id).collect();
    let sent: Vec<BilagId> = new_bilag(&record).iter().map(|b| b.id).collect();
    assert_eq!(ids, sent, "in the order sent");
    let nobody = AfsendelseId::from_uuid(Uuid::nil());
    assert_eq!(
        subject
            .store
            .message_detail(&Scope::everything(), nobody)
            .await
            .unwrap(),
        None
    );
}

type Sums = BTreeMap<(Kommunekode, Option<Uuid>, StateName), (u64, i64)>;

async fn said(subject: &Subject, dag: jiff::civil::Date) -> Sums {
    let totals = subject.store.day(&Scope::everything(), dag).await.unwrap();
    let count = totals.len();
    let sums: Sums = totals
        .into_iter()
        .map(|t| {
            let key = (t.kommune, t.fagsystem.map(|f| f.as_uuid()), t.state);
            (key, (t.antal, t.debet.get()))
        })
        .collect();
    assert_eq!(sums.len(), count, "a line twice");
    sums
}

async fn the_totals_of_a_day_are_the_sum_of_its_bilag(subject: &Subject) {
    let mut wanted = Sums::new();
    let tomorrow = sample::DAY.tomorrow().unwrap();
    for n in 0..24_u64 {
        let bilag = if n.is_multiple_of(3) {
            sample::rejected(n)
        } else {
            sample::bilag(n)
        };
        let mut record = subject.judged(&sample::message(n, vec![bilag]), 0);
        if n.is_multiple_of(2) {
            record.kommune = OTHER_KOMMUNE;
        }
        if n.is_multiple_of(5) {
            record.fagsystem = None;
        }
        if n == 23 {
            record.dag = tomorrow;
        } else {
            let new = new_bilag(&record)[0];
            let key = (
                record.kommune,
                record.fagsystem.map(|f| f.as_uuid()),
                new.state.name(),
            );
            let sum = wanted.entry(key).or_default();
            *sum = (sum.0 + 1, sum.1 + new.bilag.turnover().unwrap().debit.get());
        }
        assert_eq!(subject.admit(&[record]).await, Admit::Done);
    }
    assert_eq!(said(subject, sample::DAY).await, wanted);
    assert_eq!(said(subject, tomorrow).await.len(), 1);
    assert_eq!(
        said(subject, sample::DAY.yesterday().unwrap()).await,
        Sums::new()
    );
}

async fn the_totals_of_two_processes_are_one(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let elsewhere = subject.another_process().await;
    let seen = subject.start_sending(1, 1).await.remove(0);
    let moved = [crate::subject::step(&seen, &booked("1"), 2)];
    let done = oir_flow::ports::outbox::Outbox::advance(&elsewhere, &moved).await;
    assert_eq!(done.unwrap(), oir_flow::ports::outbox::Advance::Done);
    let key = (
        sample::KOMMUNE,
        Some(sample::FAGSYSTEM.as_uuid()),
        StateName::Booked,
    );
    let wanted = Sums::from([(key, (1, 100_100))]);
    assert_eq!(
        said(subject, sample::DAY).await,
        wanted,
        "what moved away leaves no line"
    );
    assert_eq!(subject.store.verify(&|_| {}).await.unwrap().findings, []);
}

/// Messages nobody could read: of two kommuner, with and without a sender, one parked.
async fn unread(subject: &Subject) -> Vec<MessageRecord> {
    let mut all: Vec<MessageRecord> = (0..6_i64)
        .map(|n| subject.unreadable(n.unsigned_abs(), b"<", n))
        .collect();
    all[1].kommune = Kommunekode::UNKNOWN;
    all[1].fagsystem = None;
    all[2].kommune = Kommunekode::UNKNOWN;
    all[2].fagsystem = None;
    all[3].fagsystem = Some(OTHER_FAGSYSTEM);
    all[4].outcome = MessageOutcome::Parked;
    all[5].dag = sample::DAY.tomorrow().unwrap();
    assert_eq!(subject.admit(&all).await, Admit::Done);
    all
}

async fn what_could_not_be_read_is_counted_per_kommune_and_sender(subject: &Subject) {
    unread(subject).await;
    subject.receive(50, vec![sample::bilag(50)], 0).await;
    let line = |kommune, fagsystem, messages| UnreadableTotal {
        kommune,
        fagsystem,
        messages,
        bilag: 3 * messages,
    };
    let mut found = subject
        .store
        .unreadable(&Scope::everything(), sample::DAY)
        .await
        .unwrap();
    found.sort_by_key(|t| (t.kommune, t.messages));
    let wanted = [
        line(Kommunekode::UNKNOWN, None, 2),
        line(sample::KOMMUNE, Some(OTHER_FAGSYSTEM), 1),
        line(sample::KOMMUNE, Some(sample::FAGSYSTEM), 2),
    ];
    assert_eq!(found, wanted);
    assert_eq!(
        said(subject, sample::DAY).await.len(),
        1,
        "they are in no total of bilag"
    );
}

async fn unreadable_messages_come_newest_first(subject: &Subject) {
    let all = unread(subject).await;
    let newest = |count: usize| {
        all[..5]
            .iter()
            .rev()
            .take(count)
            .map(|r| r.id)
            .collect::<Vec<_>>()
    };
    for limit in [1, 3, 5, 50] {
        let found = subject
            .store
            .unreadable_messages(&Scope::everything(), sample::DAY, limit)
            .await
            .unwrap();
        let ids: Vec<AfsendelseId> = found.iter().map(|m| m.id).collect();
        assert_eq!(ids, newest(usize::try_from(limit).unwrap()));
    }
    let found = subject
        .store
        .unreadable_messages(&Scope::everything(), sample::DAY, 50)
        .await
        .unwrap();
    assert_eq!(found[0].outcome, MessageOutcome::Parked);
    assert_eq!(
        (found[1].fagsystem, found[2].fagsystem),
        (Some(OTHER_FAGSYSTEM), None)
    );
    assert_eq!(
        (found[0].channel, &*found[0].raw),
        (Channel::Soap12, &b"<"[..])
    );
}

async fn faults_are_counted_once_per_bilag_and_message(subject: &Subject) {
    let bilag = vec![
        sample::rejected(1),
        sample::rejected(2),
        sample::held(3),
        sample::bilag(4),
    ];
    let mut record = subject.judged(&sample::message(1, bilag), 0);
    let oir_flow::ports::inbox::BilagRecord::New(first) = &mut record.bilag[0] else {
        panic!("a new bilag was judged a repeat");
    };
    let twice = first.faults[0].clone();
    first.faults.push(twice);
    let unreadable = |n, dag| {
        let mut record = subject.unreadable(n, b"<", 0);
        let fault = Fault::new(FaultCode::NotWellFormed, Place::message("1:1"), &[&"x"]);
        record.faults = vec![fault.clone(), fault];
        record.dag = dag;
        record
    };
    let tomorrow = sample::DAY.tomorrow().unwrap();
    let group = [record, unreadable(8, sample::DAY), unreadable(9, tomorrow)];
    assert_eq!(subject.admit(&group).await, Admit::Done);
    let count = |code, antal| FaultCount { code, antal };
    let wanted = [
        count(FaultCode::NotWellFormed, 1),
        count(FaultCode::Unbalanced, 2),
        count(FaultCode::Unmapped, 1),
    ];
    assert_eq!(
        subject
            .store
            .fault_counts(&Scope::everything(), sample::DAY)
            .await
            .unwrap(),
        wanted
    );
    let wanted = [count(FaultCode::NotWellFormed, 1)];
    assert_eq!(
        subject
            .store
            .fault_counts(&Scope::everything(), tomorrow)
            .await
            .unwrap(),
        wanted
    );
}

async fn the_latest_day_is_the_last_with_traffic(subject: &Subject) {
    assert_eq!(
        subject
            .store
            .latest_day(&Scope::everything())
            .await
            .unwrap(),
        None
    );
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    assert_eq!(
        subject
            .store
            .latest_day(&Scope::everything())
            .await
            .unwrap(),
        Some(sample::DAY)
    );
    let tomorrow = sample::DAY.tomorrow().unwrap();
    let mut unread = subject.unreadable(2, b"<", 0);
    unread.dag = tomorrow;
    assert_eq!(subject.admit(&[unread]).await, Admit::Done);
    assert_eq!(
        subject
            .store
            .latest_day(&Scope::everything())
            .await
            .unwrap(),
        Some(tomorrow)
    );
    let seen = subject.start_sending(1, 1).await.remove(0);
    subject.happen(&seen, &Event::Refused, 2).await;
    assert_eq!(
        subject
            .store
            .latest_day(&Scope::everything())
            .await
            .unwrap(),
        Some(tomorrow)
    );
}
