//! `verify` finds nothing on a sound database and names each damage. The damage is planted
//! past the store, by somebody who took the guards away first.

use oir_domain::message::Event;
use oir_domain::money::Oere;
use oir_fagsystem::sample;

use crate::subject::{Subject, at, booked};

on_both! {
    a_sound_database_has_no_findings,
    other_bytes_are_found,
    a_changed_digest_is_found,
    damaged_packing_is_found,
    a_changed_amount_is_found,
    a_changed_amount_of_a_rejected_bilag_is_found,
    a_lost_posting_is_found,
    a_posting_too_many_is_found,
    a_bilag_out_of_balance_is_found,
    a_lost_total_is_found,
    a_changed_total_is_found,
    a_total_of_nothing_is_found,
    a_state_that_its_last_event_does_not_say_is_found,
    a_lost_event_is_found,
    a_lost_outbox_row_is_found,
    an_outbox_row_too_many_is_found,
    an_outbox_row_of_no_bilag_is_found,
    a_sum_that_does_not_fit_stops_no_check,
    more_postings_than_a_bilag_may_have_are_no_finding,
    every_message_is_counted_once_over_many_pages,
}

const SUMS: &str = "posteringerne summer til bilagets debet og kredit";
const BALANCE: &str = "bilag, der ikke er afvist, balancerer";
const TOTALS: &str = "kontroltotalerne er summen af bilagene";
const TOTAL_LOST: &str = "hvert bilag har en kontroltotal";
const WORKLIST: &str = "hvert bilag, der står stille, er på fejllisten eller lukket med en grund";
const LAST_EVENT: &str = "forløbets sidste hændelse er bilagets tilstand";
const OUTBOX: &str = "udbakken rummer netop det, der udestår";
const DIGEST: &str = "fingeraftrykket passer til de modtagne bytes";

/// Two mapped, a held, a rejected and a booked bilag of three messages.
async fn fill(subject: &Subject) {
    subject
        .receive(1, vec![sample::bilag(1), sample::held(2)], 0)
        .await;
    let sending = subject.start_sending(1, 1).await.remove(0);
    subject.happen(&sending, &booked("1"), 2).await;
    subject
        .receive(2, vec![sample::rejected(3), sample::bilag(4)], 3)
        .await;
    subject
        .receive(3, vec![sample::bilag(5), sample::held(2)], 3)
        .await;
    assert_eq!(checks(subject).await, [""; 0], "before any damage");
}

/// The checks that found something, each once, in their order.
async fn checks(subject: &Subject) -> Vec<&'static str> {
    let report = subject.store.verify(&|_| {}).await.unwrap();
    let mut checks: Vec<&str> = report.findings.iter().map(|f| f.check).collect();
    checks.dedup();
    checks
}

/// Plants a damage in a filled database; exactly these checks find it.
async fn found(subject: &Subject, table: Option<&str>, damage: &str, wanted: &[&str]) {
    fill(subject).await;
    let before = subject.contents().await;
    if let Some(table) = table {
        subject.unguard(table).await;
    }
    subject.past_the_store(damage).await.unwrap();
    assert!(subject.contents().await != before, "no damage: {damage}");
    assert_eq!(checks(subject).await, wanted, "{damage}");
}

async fn a_sound_database_has_no_findings(subject: &Subject) {
    let empty = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!((empty.messages, empty.postings), (0, 0));
    assert_eq!(empty.findings, []);
    fill(subject).await;
    subject.admit(&[subject.unreadable(9, b"<", 4)]).await;
    let sending = subject.start_sending(5, 50).await;
    assert_eq!(sending.len(), 2);
    subject
        .happen(&sending[0], &Event::NoAnswer(at(90)), 6)
        .await;
    subject.happen(&sending[1], &Event::Refused, 6).await;
    let report = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.messages, report.postings), (4, 10));
}

async fn other_bytes_are_found(subject: &Subject) {
    // Packed soundly, of another message: only the digest can tell.
    let damage = "update afsendelse set raw = (select raw from afsendelse \
                  order by afsendelse_id desc limit 1) where afsendelse_id in \
                  (select afsendelse_id from afsendelse order by afsendelse_id limit 1)";
    found(subject, Some("afsendelse"), damage, &[DIGEST]).await;
}

async fn a_changed_digest_is_found(subject: &Subject) {
    let damage = "update afsendelse set raw_digest = content_digest";
    found(subject, Some("afsendelse"), damage, &[DIGEST]).await;
}

async fn damaged_packing_is_found(subject: &Subject) {
    let damage = "update afsendelse set raw = raw_digest";
    found(subject, Some("afsendelse"), damage, &[DIGEST]).await;
}

async fn a_changed_amount_is_found(subject: &Subject) {
    let damage = "update postering set beloeb = beloeb + 1 where beloeb = 100400 and side = 'D'";
    found(subject, Some("postering"), damage, &[SUMS]).await;
}

async fn a_changed_amount_of_a_rejected_bilag_is_found(subject: &Subject) {
    let damage = "update postering set beloeb = beloeb + 1 where beloeb = 100301 and side = 'D'";
    found(subject, Some("postering"), damage, &[SUMS]).await;
}

async fn a_lost_posting_is_found(subject: &Subject) {
    let damage = "delete from postering where beloeb = 100300";
    found(subject, Some("postering"), damage, &[SUMS]).await;
}

async fn a_posting_too_many_is_found(subject: &Subject) {
    let damage = "insert into postering (kommune, bilag_id, position, linjenummer, side, beloeb, \
                  tekst, sortiment) select kommune, bilag_id, 9, 9, side, 0, tekst, sortiment \
                  from postering where beloeb = 100400 and position = 1";
    found(subject, None, damage, &[SUMS]).await;
}

async fn a_bilag_out_of_balance_is_found(subject: &Subject) {
    let damage = "update bilag set kredit = kredit + 1 where debet = 100400";
    found(subject, Some("bilag"), damage, &[SUMS, BALANCE]).await;
}

async fn a_lost_total_is_found(subject: &Subject) {
    let damage = "delete from control_total where state = 'booked'";
    found(subject, None, damage, &[TOTAL_LOST]).await;
}

async fn a_changed_total_is_found(subject: &Subject) {
    let damage = "update control_total set debet = debet + 1 where state = 'booked'";
    found(subject, None, damage, &[TOTALS]).await;
}

async fn a_total_of_nothing_is_found(subject: &Subject) {
    let damage = "insert into control_total select kommune, '2020-01-01', fagsystem, state, \
                  shard, antal, debet from control_total where state = 'booked'";
    found(subject, None, damage, &[TOTALS]).await;
}

async fn a_state_that_its_last_event_does_not_say_is_found(subject: &Subject) {
    let damage = "update bilag set state = 'refused' where state = 'booked'; \
                  update control_total set state = 'refused' where state = 'booked'";
    found(subject, Some("bilag"), damage, &[LAST_EVENT, WORKLIST]).await;
}

async fn a_lost_event_is_found(subject: &Subject) {
    let damage = "delete from bilag_event where to_state = 'booked'";
    found(subject, Some("bilag_event"), damage, &[LAST_EVENT]).await;
}

async fn a_lost_outbox_row_is_found(subject: &Subject) {
    found(subject, None, "delete from outbox", &[OUTBOX]).await;
}

async fn an_outbox_row_too_many_is_found(subject: &Subject) {
    let damage = "insert into outbox (kommune, bilag_id, fagsystem, due) \
                  select kommune, bilag_id, fagsystem, 0 from bilag where state = 'booked'";
    found(subject, None, damage, &[OUTBOX]).await;
}

async fn an_outbox_row_of_no_bilag_is_found(subject: &Subject) {
    let damage = "insert into outbox (kommune, bilag_id, fagsystem, due) \
                  select kommune, afsendelse_id, fagsystem, 0 from bilag where state = 'booked'";
    found(subject, None, damage, &[OUTBOX]).await;
}

/// A sender may write any fifteen digits; the bilag is rejected, the rest goes on.
async fn a_sum_that_does_not_fit_stops_no_check(subject: &Subject) {
    let mut bilag = sample::bilag(1);
    let first = bilag.posteringer[0].clone();
    for n in 0..9_300 {
        let mut more = first.clone();
        (more.beloeb, more.linjenummer) = (Oere::new(999_999_999_999_999), 10 + n);
        bilag.posteringer.push(more);
    }
    let record = subject.receive(1, vec![bilag, sample::bilag(2)], 0).await;
    let states: Vec<_> = crate::subject::new_bilag(&record)
        .iter()
        .map(|b| b.state.name())
        .collect();
    assert_eq!(states[0], oir_domain::message::StateName::Rejected);
    assert_eq!(checks(subject).await, [""; 0]);
    subject.unguard("postering").await;
    let damage = "delete from postering where position = 77";
    subject.past_the_store(damage).await.unwrap();
    assert_eq!(checks(subject).await, [SUMS]);
}

async fn more_postings_than_a_bilag_may_have_are_no_finding(subject: &Subject) {
    let mut bilag = sample::bilag(1);
    let first = bilag.posteringer[0].clone();
    for n in 0..6_000 {
        let mut more = first.clone();
        (more.beloeb, more.linjenummer) = (oir_domain::finans::AMOUNT_MAX, 10 + n);
        bilag.posteringer.push(more);
    }
    subject.receive(1, vec![bilag], 0).await;
    assert_eq!(checks(subject).await, [""; 0]);
}

async fn every_message_is_counted_once_over_many_pages(subject: &Subject) {
    let all: Vec<_> = (0..450).map(|n| subject.unreadable(n, b"<", 0)).collect();
    subject.admit(&all).await;
    let told = std::sync::Mutex::new(Vec::new());
    let report = subject
        .store
        .verify(&|n| told.lock().unwrap().push(n))
        .await
        .unwrap();
    assert_eq!((report.messages, report.findings.len()), (450, 0));
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted() && told.last() == Some(&450), "{told:?}");
}
