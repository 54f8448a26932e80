//! The outbox: who gets which rows, for how long, and what is said of what waits.

use std::collections::BTreeSet;

use oir_domain::ids::BilagId;
use oir_domain::message::Event;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Statement, Statements};
use oir_fagsystem::sample;
use oir_flow::ports::inbox::{Admit, MessageRecord};
use oir_flow::ports::outbox::{Backlog, Lease, Outbox, Standing};

use crate::subject::{OTHER_FAGSYSTEM, OTHER_KOMMUNE, Subject, at, booked, lease, new_bilag};

on_both! {
    nothing_is_claimed_before_it_is_due,
    a_claim_takes_one_kommune_and_one_sender_the_oldest_first,
    a_claimed_row_is_nobody_elses_until_its_lease_ends,
    claimers_at_once_never_share_a_row,
    only_what_is_mapped_waits,
    the_backlog_counts_rows_and_names_the_oldest_due,
    the_oldest_uncertain_is_named_however_often_it_is_asked_about,
    a_kommune_to_avoid_is_passed_over,
    the_next_row_due_is_known,
    held_bilag_are_paged_in_order,
    what_is_booked_is_summed_by_the_day_it_counts,
}

/// A mapped bilag of an owner and sender, received at a second; gives its id.
async fn waiting(
    subject: &Subject,
    n: u64,
    owner: Kommunekode,
    foreign: bool,
    second: i64,
) -> BilagId {
    let mut record = subject.judged(&sample::afsendelse(n), second);
    record.kommune = owner;
    if foreign {
        record.fagsystem = Some(OTHER_FAGSYSTEM);
    }
    write(subject, record).await
}

async fn write(subject: &Subject, record: MessageRecord) -> BilagId {
    let id = new_bilag(&record)[0].id;
    assert_eq!(subject.admit(&[record]).await, Admit::Done);
    id
}

fn ids(claimed: &[Standing]) -> BTreeSet<BilagId> {
    claimed.iter().map(|s| s.id).collect()
}

async fn claim(subject: &Subject, owner: &str, now: i64, until: i64, limit: u32) -> Vec<Standing> {
    let claimed = subject
        .store
        .claim(&lease(owner, (at(now), at(until)), limit))
        .await;
    claimed.unwrap()
}

async fn nothing_is_claimed_before_it_is_due(subject: &Subject) {
    assert!(
        claim(subject, "a", 0, 60, 50).await.is_empty(),
        "an empty outbox"
    );
    let id = waiting(subject, 1, sample::KOMMUNE, false, 10).await;
    assert!(claim(subject, "a", 9, 60, 50).await.is_empty());
    let claimed = claim(subject, "a", 10, 60, 50).await;
    assert_eq!(ids(&claimed), BTreeSet::from([id]));
    let (seen, sent) = (&claimed[0], sample::bilag(1));
    let key = (seen.kommune, seen.fagsystem, seen.bilag_uuid, seen.dag);
    assert_eq!(
        key,
        (
            sample::KOMMUNE,
            sample::FAGSYSTEM,
            sent.bilag_uuid,
            sample::DAY
        )
    );
    assert_eq!(seen.debet, sent.turnover().unwrap().debit);
    let stands = (seen.state.clone(), seen.attempts, seen.version);
    assert_eq!(stands, (oir_domain::message::State::Mapped, 0, 1));
}

async fn a_claim_takes_one_kommune_and_one_sender_the_oldest_first(subject: &Subject) {
    let (ours, theirs) = (sample::KOMMUNE, OTHER_KOMMUNE);
    let mut same = Vec::new();
    let third = waiting(subject, 1, ours, true, 3).await;
    let second = waiting(subject, 2, theirs, false, 2).await;
    // Later ids fall due earlier: age is what is due, not what is numbered.
    for (n, second) in [(3, 9), (4, 8), (5, 7), (6, 6), (7, 1)] {
        same.push(waiting(subject, n, ours, false, second).await);
    }
    waiting(subject, 8, ours, false, 100).await;
    let oldest = claim(subject, "a", 50, 99, 3).await;
    assert_eq!(ids(&oldest), BTreeSet::from([same[4], same[3], same[2]]));
    assert_eq!(
        ids(&claim(subject, "b", 50, 99, 50).await),
        BTreeSet::from([second])
    );
    assert_eq!(
        ids(&claim(subject, "c", 50, 99, 50).await),
        BTreeSet::from([third])
    );
    assert_eq!(
        ids(&claim(subject, "d", 50, 99, 50).await),
        BTreeSet::from([same[0], same[1]])
    );
    assert!(claim(subject, "e", 50, 99, 50).await.is_empty());
}

async fn a_claimed_row_is_nobody_elses_until_its_lease_ends(subject: &Subject) {
    let id = waiting(subject, 1, sample::KOMMUNE, false, 0).await;
    assert_eq!(
        ids(&claim(subject, "a", 0, 60, 50).await),
        BTreeSet::from([id])
    );
    for owner in ["a", "b"] {
        assert!(
            claim(subject, owner, 59, 120, 50).await.is_empty(),
            "{owner}"
        );
    }
    let elsewhere = subject.another_process().await;
    let early = elsewhere
        .claim(&lease("b", (at(59), at(120)), 50))
        .await
        .unwrap();
    assert!(early.is_empty(), "another process");
    let late = elsewhere
        .claim(&lease("b", (at(60), at(120)), 50))
        .await
        .unwrap();
    assert_eq!(ids(&late), BTreeSet::from([id]), "the lease ran out");
    assert!(
        claim(subject, "a", 119, 180, 50).await.is_empty(),
        "leased anew"
    );
}

async fn claimers_at_once_never_share_a_row(subject: &Subject) {
    let record = subject.judged(&sample::bundle(1, 90), 0);
    let all: BTreeSet<BilagId> = new_bilag(&record).iter().map(|b| b.id).collect();
    assert_eq!(subject.admit(&[record]).await, Admit::Done);
    let elsewhere = subject.another_process().await;
    let mut tasks = Vec::new();
    for n in 0..6 {
        let store = if n % 2 == 0 {
            &elsewhere
        } else {
            &subject.store
        }
        .clone();
        tasks.push(tokio::spawn(async move {
            let (mut mine, owner) = (Vec::new(), format!("worker {n}"));
            for _ in 0..4 {
                mine.extend(
                    store
                        .claim(&lease(&owner, (at(1), at(60)), 7))
                        .await
                        .unwrap(),
                );
            }
            mine
        }));
    }
    let mut given = Vec::new();
    for task in tasks {
        given.extend(task.await.unwrap());
    }
    assert!(!given.is_empty());
    given.extend(claim(subject, "the rest", 1, 60, 100).await);
    assert_eq!(given.len(), all.len(), "a row was given twice, or never");
    assert_eq!(ids(&given), all);
}

async fn only_what_is_mapped_waits(subject: &Subject) {
    let bilag = vec![sample::rejected(1), sample::held(2), sample::bilag(3)];
    let record = subject.receive(1, bilag, 0).await;
    assert_eq!(
        subject.admit(&[subject.unreadable(4, b"<", 0)]).await,
        Admit::Done
    );
    let claimed = claim(subject, "a", 0, 60, 50).await;
    assert_eq!(ids(&claimed), BTreeSet::from([new_bilag(&record)[2].id]));
}

async fn backlog(subject: &Subject, now: i64) -> Backlog {
    subject.store.backlog(at(now)).await.unwrap()
}

async fn the_backlog_counts_rows_and_names_the_oldest_due(subject: &Subject) {
    let said = |rows, oldest: Option<i64>| Backlog {
        rows,
        oldest_due: oldest.map(at),
        oldest_uncertain: None,
    };
    assert_eq!(backlog(subject, 0).await, said(0, None));
    waiting(subject, 1, sample::KOMMUNE, false, 20).await;
    waiting(subject, 2, OTHER_KOMMUNE, false, 10).await;
    assert_eq!(backlog(subject, 9).await, said(2, None));
    assert_eq!(backlog(subject, 10).await, said(2, Some(10)));
    let sending = subject.start_sending(15, 1).await;
    assert_eq!(
        backlog(subject, 20).await,
        said(2, Some(20)),
        "leased until 75"
    );
    assert_eq!(backlog(subject, 75).await, said(2, Some(20)));
    subject.happen(&sending[0], &booked("1"), 30).await;
    assert_eq!(backlog(subject, 75).await, said(1, Some(20)));
}

async fn the_oldest_uncertain_is_named_however_often_it_is_asked_about(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, false, 0).await;
    let sending = subject.start_sending(5, 1).await;
    let uncertain = subject
        .happen(&sending[0], &Event::NoAnswer(at(40)), 7)
        .await;
    claim(subject, "b", 40, 90, 50).await;
    assert_eq!(backlog(subject, 60).await.oldest_uncertain, Some(at(7)));
    let seen = subject.again(&sending).await;
    assert_eq!(seen[0].since, at(7));
    subject.happen(&seen[0], &booked("1"), 61).await;
    assert_eq!(backlog(subject, 62).await.oldest_uncertain, None);
    drop(uncertain);
}

async fn a_kommune_to_avoid_is_passed_over(subject: &Subject) {
    waiting(subject, 1, sample::KOMMUNE, false, 0).await;
    waiting(subject, 2, OTHER_KOMMUNE, false, 10).await;
    let avoiding = async |avoid: &[Kommunekode]| {
        let asked = Lease {
            avoid,
            ..lease("a", (at(20), at(20)), 50)
        };
        let claimed = subject.store.claim(&asked).await.unwrap();
        let owners: BTreeSet<Kommunekode> = claimed.iter().map(|s| s.kommune).collect();
        owners
    };
    // A lease that ends at once leaves the rows due.
    assert_eq!(avoiding(&[]).await, BTreeSet::from([sample::KOMMUNE]));
    let passed = avoiding(&[sample::KOMMUNE]).await;
    assert_eq!(passed, BTreeSet::from([OTHER_KOMMUNE]));
    let both = [sample::KOMMUNE, OTHER_KOMMUNE];
    assert_eq!(avoiding(&both).await, BTreeSet::new());
    // A number that begins or ends like another one is another one.
    let alike = [Kommunekode(1), Kommunekode(10), Kommunekode(7910)];
    assert_eq!(avoiding(&alike).await.len(), 1);
}

async fn the_next_row_due_is_known(subject: &Subject) {
    assert_eq!(subject.store.next_due().await.unwrap(), None);
    waiting(subject, 1, sample::KOMMUNE, false, 20).await;
    waiting(subject, 2, OTHER_KOMMUNE, false, 10).await;
    assert_eq!(subject.store.next_due().await.unwrap(), Some(at(10)));
    claim(subject, "a", 10, 99, 1).await;
    assert_eq!(subject.store.next_due().await.unwrap(), Some(at(20)));
    claim(subject, "a", 20, 50, 1).await;
    assert_eq!(
        subject.store.next_due().await.unwrap(),
        Some(at(50)),
        "a lease's end"
    );
}

async fn held_bilag_are_paged_in_order(subject: &Subject) {
    let mut wanted = Vec::new();
    for (n, owner) in [
        (1, OTHER_KOMMUNE),
        (2, sample::KOMMUNE),
        (3, OTHER_KOMMUNE),
        (4, sample::KOMMUNE),
    ] {
        let mut record = subject.judged(&sample::message(n, vec![sample::held(n)]), 0);
        record.kommune = owner;
        wanted.push((owner, write(subject, record).await));
        waiting(subject, 10 + n, owner, false, 0).await;
    }
    wanted.sort();
    for limit in [1, 2, 3, 50] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = subject.store.held(after, limit).await.unwrap();
            assert!(page.len() <= usize::try_from(limit).unwrap());
            found.extend(page.iter().map(|s| (s.kommune, s.id)));
            match page.last() {
                Some(last) => after = Some((last.kommune, last.id)),
                None => break,
            }
        }
        assert_eq!(found, wanted, "{limit} at a time");
    }
}

async fn what_is_booked_is_summed_by_the_day_it_counts(subject: &Subject) {
    let day = |n| jiff::civil::date(2026, 11, n);
    for (n, dag, owner) in [
        (1, 9, sample::KOMMUNE),
        (2, 10, sample::KOMMUNE),
        (3, 12, sample::KOMMUNE),
        (4, 12, OTHER_KOMMUNE),
        (5, 13, OTHER_KOMMUNE),
    ] {
        let mut bilag = sample::bilag(n);
        bilag.bogfoeringsdato = day(dag);
        let mut record = subject.judged(&sample::message(n, vec![bilag]), 0);
        record.kommune = owner;
        write(subject, record).await;
    }
    let none = subject.store.booked(None, day(1), day(30)).await.unwrap();
    assert_eq!(none, Statements::new(), "mapped is not booked");
    for _ in 0..2 {
        for sending in subject.start_sending(1, 50).await {
            let number = sending.bilag_uuid.to_string();
            subject.happen(&sending, &booked(&number), 2).await;
        }
    }
    let sum = |numbers: &[i64]| {
        let oere = numbers.iter().map(|n| 100_000 + n * 100).sum();
        Statement {
            antal: u64::try_from(numbers.len()).unwrap(),
            debet: oir_domain::money::Oere::new(oere),
            kredit: oir_domain::money::Oere::new(oere),
        }
    };
    let (ours, theirs) = (
        (sample::KOMMUNE, sample::FAGSYSTEM),
        (OTHER_KOMMUNE, sample::FAGSYSTEM),
    );
    let all = subject.store.booked(None, day(10), day(12)).await.unwrap();
    assert_eq!(
        all,
        Statements::from([(ours, sum(&[2, 3])), (theirs, sum(&[4]))])
    );
    let one = subject
        .store
        .booked(Some(OTHER_KOMMUNE), day(1), day(30))
        .await;
    assert_eq!(one.unwrap(), Statements::from([(theirs, sum(&[4, 5]))]));
}
