//! What was received and what happened is append-only: both databases themselves refuse
//! to change or delete it, whoever asks.

use oir_domain::omsaetning::Kontering;
use oir_fagsystem::sample;
use oir_flow::ports::outbox::Outbox;

use crate::subject::{Subject, booked};

on_both! {
    messages_are_neither_changed_nor_deleted,
    postings_are_neither_changed_nor_deleted,
    events_and_faults_are_neither_changed_nor_deleted,
    what_a_bilag_says_is_neither_changed_nor_deleted,
    repeats_are_neither_changed_nor_deleted,
    no_table_of_evidence_is_emptied_at_once,
    a_posting_gets_an_account_once_and_nothing_else,
}

/// A booked, a held and a rejected bilag, a repeat, and bytes nobody could read.
async fn fill(subject: &Subject) {
    let bilag = vec![sample::bilag(1), sample::held(2), sample::rejected(3)];
    subject.receive(1, bilag, 0).await;
    subject
        .receive(2, vec![sample::held(2), sample::bilag(4)], 1)
        .await;
    subject.admit(&[subject.unreadable(3, b"<", 2)]).await;
    let sending = subject.start_sending(3, 1).await.remove(0);
    subject.happen(&sending, &booked("1"), 4).await;
}

/// Each statement, which would touch at least one row, is refused for the right reason.
async fn refused(subject: &Subject, statements: &[&str]) {
    let before = subject.contents().await;
    for sql in statements {
        let answer = subject.past_the_store(sql).await;
        let why = answer.err().unwrap_or_else(|| panic!("done: {sql}"));
        assert!(why.contains("append-only"), "{sql}: {why}");
    }
    assert_eq!(subject.contents().await, before);
}

async fn messages_are_neither_changed_nor_deleted(subject: &Subject) {
    fill(subject).await;
    let statements = [
        "update afsendelse set raw = raw_digest",
        "update afsendelse set raw_digest = content_digest",
        "update afsendelse set kommune = 1",
        "update afsendelse set claimed_id = null",
        "update afsendelse set modtaget = modtaget + 1",
        "update afsendelse set dag = '2020-01-01'",
        "update afsendelse set outcome = 'parked'",
        "update afsendelse set antal_bilag = 9",
        "update afsendelse set kommune = kommune",
        "delete from afsendelse",
    ];
    refused(subject, &statements).await;
}

async fn postings_are_neither_changed_nor_deleted(subject: &Subject) {
    fill(subject).await;
    let statements = [
        "update postering set beloeb = beloeb + 1",
        "update postering set beloeb = 1 where konto is null",
        "update postering set beloeb = 1, konto = '9' where konto is null",
        "update postering set side = 'D', konto = '9' where konto is null",
        "update postering set kommune = 1, konto = '9' where konto is null",
        "update postering set position = position + 100, konto = '9' where konto is null",
        "update postering set part_cpr = '6101010000', konto = '9' where konto is null",
        "update postering set part_cvr = '00000012', konto = '9' where konto is null",
        "update postering set part_rolle = 'ANDEN', konto = '9' where konto is null",
        "update postering set kle = '32.18.04', konto = '9' where konto is null",
        "update postering set sagsnummer = '1', konto = '9' where konto is null",
        "update postering set periode_fra = '2020-01-01', konto = '9' where konto is null",
        "update postering set periode_til = '2020-01-01', konto = '9' where konto is null",
        "update postering set ydelse = 'y', konto = '9' where konto is null",
        "update postering set refusionsprocent = 1, konto = '9' where konto is null",
        "update postering set momskode = 'm', konto = '9' where konto is null",
        "update postering set reference = 'r', konto = '9' where konto is null",
        "update postering set konto = '9' where konto is not null",
        "update postering set konto = null where konto is not null",
        "delete from postering",
    ];
    refused(subject, &statements).await;
}

async fn events_and_faults_are_neither_changed_nor_deleted(subject: &Subject) {
    fill(subject).await;
    let statements = [
        "update bilag_event set at = at + 1",
        "update bilag_event set to_state = 'booked'",
        "update bilag_event set detail = 'x'",
        "update bilag_event set number = number + 10",
        "delete from bilag_event",
        "delete from bilag_event where number = 1",
        "update fault set code = 'F0001'",
        "update fault set linje = 7",
        "update fault set vaerdier = ''",
        "delete from fault",
    ];
    refused(subject, &statements).await;
}

async fn what_a_bilag_says_is_neither_changed_nor_deleted(subject: &Subject) {
    fill(subject).await;
    // Each of them counts on as a step would, so that only what it changes is refused.
    let statements = [
        "update bilag set version = version + 1, debet = debet + 1",
        "update bilag set version = version + 1, kredit = kredit + 1",
        "update bilag set version = version + 1, posteringer = 1",
        "update bilag set version = version + 1, tekst = 'x'",
        "update bilag set version = version + 1, afsender_bilagsnummer = 'x'",
        "update bilag set version = version + 1, digest = (select raw_digest from afsendelse limit 1)",
        "update bilag set version = version + 1, bilag_uuid = afsendelse_id",
        "update bilag set version = version + 1, claimed_uuid = null",
        "update bilag set version = version + 1, korrigerer = bilag_uuid",
        "update bilag set version = version + 1, afsendelse_id = bilag_id",
        "update bilag set version = version + 1, position = 9",
        "update bilag set version = version + 1, kommune = 1",
        "update bilag set version = version + 1, fagsystem = bilag_id",
        "update bilag set version = version + 1, modtaget = modtaget + 1",
        "update bilag set version = version + 1, dag = '2020-01-01'",
        "update bilag set version = version + 1, bilagsdato = '2020-01-01'",
        "update bilag set version = version + 1, bogfoeringsdato = '2020-01-01'",
        "update bilag set version = version + 1, regnskabsaar = 2020",
        "update bilag set version = version + 1, posteringstype = 'PRI'",
        "update bilag set version = version + 1, valuta = 'EUR'",
        "update bilag set version = version + 1, rejected = 1 - rejected",
        "update bilag set state = 'booked', erp_bilagsnummer = '7'",
        "update bilag set version = version - 1",
        "delete from bilag",
        "delete from bilag where rejected = 1",
    ];
    refused(subject, &statements).await;
}

async fn repeats_are_neither_changed_nor_deleted(subject: &Subject) {
    fill(subject).await;
    let statements = [
        "update bilag_repeat set position = position + 1",
        "update bilag_repeat set bilag_id = afsendelse_id",
        "delete from bilag_repeat",
    ];
    refused(subject, &statements).await;
}

async fn no_table_of_evidence_is_emptied_at_once(subject: &Subject) {
    fill(subject).await;
    if subject.folder().is_some() {
        // SQLite knows no other word than delete for it.
        return;
    }
    let statements = [
        "truncate afsendelse",
        "truncate bilag",
        "truncate bilag_repeat",
        "truncate postering",
        "truncate bilag_event",
        "truncate fault",
        "truncate konteringslinje",
        "truncate kontering_mode",
        "truncate mirror_bilag",
        "truncate mirror_line",
        "truncate mirror_answer",
    ];
    refused(subject, &statements).await;
}

async fn a_posting_gets_an_account_once_and_nothing_else(subject: &Subject) {
    fill(subject).await;
    let give = "update postering set konto = '9' where konto is null";
    subject.past_the_store(give).await.unwrap();
    let held = subject.store.held(None, 50).await.unwrap().remove(0);
    let loaded = subject.store.load(held.kommune, &[held.id]).await.unwrap();
    let accounts: Vec<_> = loaded[0]
        .posteringer
        .iter()
        .map(|p| p.kontering.as_ref().and_then(Kontering::as_whole))
        .collect();
    assert_eq!(accounts, [Some("9"), Some("9")]);
    refused(subject, &["update postering set konto = '8'"]).await;
}
