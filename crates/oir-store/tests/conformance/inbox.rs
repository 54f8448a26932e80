//! Reception: a group is written whole or not at all, an id is claimed once by whom it
//! belongs to, and what was written is found again as it was judged.

use std::sync::Arc;

use oir_domain::access::Scope;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{
    Finansbilag, Part, PartNummer, PartRolle, Posteringstype, Sag, Sortimentsvaerdi,
};
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_domain::omsaetning::Kontering;
use oir_fagsystem::sample;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{Admit, Inbox, Inquiry, MessageOutcome, MessageRecord};
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::views::Views;
use oir_flow::receipts::as_stored;
use uuid::Uuid;

use crate::subject::{OTHER_FAGSYSTEM, OTHER_KOMMUNE, Subject, new_bilag, on_accounts};

on_both! {
    a_message_is_found_as_it_was_judged,
    faults_come_back_with_places_and_values_in_order,
    a_document_comes_back_in_every_field,
    an_id_of_a_message_is_taken_once_and_nothing_of_the_group_is_written,
    an_id_of_a_bilag_is_taken_once_by_its_sender_and_kommune,
    a_register_that_moved_on_writes_nothing,
    what_could_not_be_read_claims_no_id,
    a_bilag_that_reuses_an_id_does_not_claim_it,
    a_rejected_bilag_keeps_its_id,
    a_repeated_bilag_is_the_one_recorded_first,
    an_inquiry_finds_what_it_names_and_nothing_else,
    an_inquiry_may_name_a_thousand_bilag,
    a_bilag_is_found_by_its_own_sender_only,
    of_many_at_once_with_one_id_exactly_one_is_written,
    groups_at_once_leave_one_total,
    amounts_beyond_every_limit_stop_no_reception,
}

fn alone(record: &MessageRecord) -> &[MessageRecord] {
    std::slice::from_ref(record)
}

async fn a_message_is_found_as_it_was_judged(subject: &Subject) {
    let bilag = vec![sample::bilag(1), sample::held(2), sample::rejected(3)];
    let record = subject.receive(1, bilag, 0).await;
    let states: Vec<StateName> = new_bilag(&record).iter().map(|b| b.state.name()).collect();
    let wanted = [StateName::Mapped, StateName::Held, StateName::Rejected];
    assert_eq!(
        states, wanted,
        "the samples are no longer what this test needs"
    );

    let (owner, sender) = (sample::KOMMUNE, sample::FAGSYSTEM);
    let id = record.transaktions_id.unwrap();
    let found = subject.store.message(owner, sender, id).await.unwrap();
    assert_eq!(found, as_stored(&record));

    for (owner, sender) in [(OTHER_KOMMUNE, sender), (owner, OTHER_FAGSYSTEM)] {
        let found = subject.store.message(owner, sender, id).await.unwrap();
        assert_eq!(found, None, "another's message");
    }
    let unknown = sample::afsendelse(2).transaktions_id;
    let found = subject.store.message(owner, sender, unknown).await.unwrap();
    assert_eq!(found, None);
}

fn fault(bilag: Option<u32>, linje: Option<u32>, path: &str, values: &[&str]) -> Fault {
    let place = Place {
        bilag,
        linje,
        path: path.into(),
    };
    Fault {
        code: FaultCode::UnknownValue,
        place,
        values: values.iter().map(|v| (*v).into()).collect(),
    }
}

async fn faults_come_back_with_places_and_values_in_order(subject: &Subject) {
    let mut record = subject.judged(&sample::message(1, vec![sample::rejected(1)]), 0);
    record.faults = vec![
        fault(None, None, "Afsendelse/Kontroltotal", &["3", "2"]),
        fault(None, None, "", &[]),
        fault(None, None, "b", &[""]),
        fault(None, None, "a", &["", ""]),
    ];
    let oir_flow::ports::inbox::BilagRecord::New(bilag) = &mut record.bilag[0] else {
        panic!("a new bilag was judged a repeat");
    };
    bilag.faults = (0..12_u32)
        .map(|n| {
            fault(
                Some(0),
                Some(99_999 - n),
                "Æ'\"%_\\",
                &["blå", "", "'; --", &n.to_string()],
            )
        })
        .collect();
    bilag.faults.push(fault(Some(0), None, "tom", &[""]));
    assert_eq!(subject.admit(alone(&record)).await, Admit::Done);
    let id = record.transaktions_id.unwrap();
    let found = subject
        .store
        .message(sample::KOMMUNE, sample::FAGSYSTEM, id)
        .await;
    assert_eq!(found.unwrap(), as_stored(&record));
}

/// A bilag with something in every field that may be there.
fn laden(n: u64) -> Finansbilag {
    let mut bilag = sample::bilag(n);
    bilag.posteringstype = Posteringstype::Supplement;
    bilag.regnskabsaar = oir_domain::calendar::Regnskabsaar(2025);
    bilag.bilagsdato = jiff::civil::date(2025, 12, 31);
    bilag.afsender_bilagsnummer = "Nr. 1/Æ\\%_'\"".into();
    bilag.tekst = "Smørrebrød på Ærø – 100 % \"æøå\" 🧾".into();
    bilag.korrigerer = Some(sample::bilag(n + 1).bilag_uuid);
    let first = &mut bilag.posteringer[0];
    first.linjenummer = 99_999;
    first.sortiment.push(Sortimentsvaerdi {
        facet: "sted".into(),
        vaerdi: "Rønne, Store Torv".into(),
    });
    first.periode = Some((
        jiff::civil::date(2024, 2, 29),
        jiff::civil::date(2026, 11, 30),
    ));
    first.part = Some(Part {
        nummer: PartNummer::Cpr("6101010007".parse().unwrap()),
        rolle: PartRolle::Udbetalingsmodtager,
    });
    first.sag = Some(Sag {
        kle: "32.18.04".into(),
        sagsnummer: "OPDIGTET-7".into(),
    });
    first.ydelse = Some("ydelse".into());
    first.refusionsprocent = Some(100);
    first.momskode = Some("I25".into());
    first.reference = Some("reference".into());
    bilag.posteringer[1].part = Some(Part {
        nummer: PartNummer::Cvr("00000012".parse().unwrap()),
        rolle: PartRolle::Anden,
    });
    bilag
}

async fn a_document_comes_back_in_every_field(subject: &Subject) {
    let mut record = subject.judged(&sample::message(1, vec![laden(1), sample::bilag(8)]), 0);
    let mut wanted = vec![laden(1), sample::bilag(8)];
    for (bilag, wanted) in record.bilag.iter_mut().zip(&mut wanted) {
        let oir_flow::ports::inbox::BilagRecord::New(bilag) = bilag else {
            panic!("a new bilag was judged a repeat");
        };
        let accounts = ["5.57.71.200.1", "9.22.01"];
        bilag.accounts = on_accounts(&bilag.bilag, &accounts);
        for (postering, konto) in wanted.posteringer.iter_mut().zip(accounts) {
            postering.kontering = Some(Kontering::whole(konto, postering.beloeb));
        }
    }
    assert_eq!(subject.admit(alone(&record)).await, Admit::Done);
    let mut ids: Vec<BilagId> = new_bilag(&record).iter().map(|b| b.id).collect();
    ids.reverse();
    wanted.reverse();
    let found = subject.store.load(sample::KOMMUNE, &ids).await.unwrap();
    assert_eq!(found, wanted, "in the order of the ids asked for");

    let stranger = subject.store.load(OTHER_KOMMUNE, &ids).await;
    assert!(
        matches!(stranger, Err(StoreFailure::Broken(_))),
        "{stranger:?}"
    );
}

async fn an_id_of_a_message_is_taken_once_and_nothing_of_the_group_is_written(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let before = subject.contents().await;
    let again = subject.judged(&sample::message(1, vec![sample::bilag(2)]), 1);
    for group in [
        vec![again.clone()],
        vec![subject.judged(&sample::afsendelse(10), 1), again.clone()],
        vec![again, subject.judged(&sample::afsendelse(11), 1)],
        vec![
            subject.judged(&sample::message(12, vec![sample::bilag(12)]), 1),
            subject.judged(&sample::message(12, vec![sample::bilag(13)]), 1),
        ],
    ] {
        assert_eq!(subject.admit(&group).await, Admit::Conflict);
        assert_eq!(subject.contents().await, before);
    }
    let free = subject.judged(&sample::afsendelse(10), 1);
    assert_eq!(
        subject.admit(&[free]).await,
        Admit::Done,
        "it was never written"
    );
}

async fn an_id_of_a_bilag_is_taken_once_by_its_sender_and_kommune(subject: &Subject) {
    subject.receive(1, vec![sample::bilag(1)], 0).await;
    let before = subject.contents().await;
    let again = subject.judged(
        &sample::message(2, vec![sample::bilag(5), sample::bilag(1)]),
        1,
    );
    assert_eq!(subject.admit(alone(&again)).await, Admit::Conflict);
    assert_eq!(subject.contents().await, before);

    let mut sender = again.clone();
    sender.fagsystem = Some(OTHER_FAGSYSTEM);
    assert_eq!(
        subject.admit(&[sender]).await,
        Admit::Done,
        "another sender"
    );
    let mut kommune = subject.judged(&sample::message(2, vec![sample::bilag(1)]), 1);
    kommune.kommune = OTHER_KOMMUNE;
    assert_eq!(
        subject.admit(&[kommune]).await,
        Admit::Done,
        "another kommune"
    );
}

async fn a_register_that_moved_on_writes_nothing(subject: &Subject) {
    let record = subject.judged(&sample::afsendelse(1), 0);
    let judged_by = subject.store.register_version().await.unwrap();
    let data = subject.store.register_data().await.unwrap();
    let now = subject.store.replace_register(&data).await.unwrap();
    let before = subject.contents().await;
    for version in [judged_by, now + 1, 0] {
        let done = subject.store.admit(alone(&record), version).await.unwrap();
        assert_eq!(done, Admit::RegisterChanged);
        assert_eq!(subject.contents().await, before);
    }
    let done = subject.store.admit(alone(&record), now).await.unwrap();
    assert_eq!(done, Admit::Done);
}

async fn what_could_not_be_read_claims_no_id(subject: &Subject) {
    let (owner, sender) = (sample::KOMMUNE, sample::FAGSYSTEM);
    let id = sample::afsendelse(1).transaktions_id;
    let mut parked = subject.unreadable(1, b"<parked", 0);
    parked.outcome = MessageOutcome::Parked;
    let group = [
        subject.unreadable(1, b"<one", 0),
        subject.unreadable(1, b"<two", 0),
        parked,
    ];
    assert_eq!(subject.admit(&group).await, Admit::Done);
    assert_eq!(
        subject.store.message(owner, sender, id).await.unwrap(),
        None
    );
    let taken = subject.receive(1, vec![sample::bilag(1)], 1).await;
    assert_eq!(
        subject.admit(&[subject.unreadable(1, b"<three", 2)]).await,
        Admit::Done
    );
    let found = subject.store.message(owner, sender, id).await.unwrap();
    assert_eq!(found, as_stored(&taken));
}

async fn a_bilag_that_reuses_an_id_does_not_claim_it(subject: &Subject) {
    let mut other = sample::bilag(1);
    other.tekst = "en anden tekst".into();
    let twice = subject
        .receive(1, vec![sample::bilag(1), other.clone()], 0)
        .await;
    let first = new_bilag(&twice)[0].id;
    let found = subject
        .store
        .bilag(sample::KOMMUNE, other.bilag_uuid, None)
        .await;
    assert_eq!(found.unwrap().unwrap().id, first, "twice in one message");

    let later = subject.receive(2, vec![other.clone()], 1).await;
    assert!(!new_bilag(&later)[0].claims_uuid);
    let found = subject
        .store
        .bilag(sample::KOMMUNE, other.bilag_uuid, None)
        .await;
    assert_eq!(found.unwrap().unwrap().id, first, "in a later message");
    let standing = subject
        .store
        .standing(sample::KOMMUNE, other.bilag_uuid, None)
        .await;
    assert_eq!(standing.unwrap().unwrap().id, first);
    let found = subject.store.message(
        sample::KOMMUNE,
        sample::FAGSYSTEM,
        later.transaktions_id.unwrap(),
    );
    assert_eq!(
        found.await.unwrap(),
        as_stored(&later),
        "its own message has it"
    );
}

async fn a_rejected_bilag_keeps_its_id(subject: &Subject) {
    subject.receive(1, vec![sample::rejected(1)], 0).await;
    let again = subject.judged(&sample::message(2, vec![sample::bilag(1)]), 1);
    assert_eq!(subject.admit(&[again]).await, Admit::Conflict);
}

async fn a_repeated_bilag_is_the_one_recorded_first(subject: &Subject) {
    let first = subject
        .receive(1, vec![sample::held(1), sample::bilag(2)], 0)
        .await;
    let mixed = vec![
        sample::bilag(3),
        sample::bilag(2),
        sample::bilag(4),
        sample::held(1),
    ];
    let second = subject.receive(2, mixed, 1).await;
    let (old, new) = (new_bilag(&first), new_bilag(&second));
    assert_eq!(new.len(), 2, "two of them are repeats");
    let found = subject.store.message(
        sample::KOMMUNE,
        sample::FAGSYSTEM,
        second.transaktions_id.unwrap(),
    );
    let found = found.await.unwrap().unwrap();
    let ids: Vec<BilagId> = found.bilag.iter().map(|b| b.id).collect();
    assert_eq!(ids, [new[0].id, old[1].id, new[1].id, old[0].id]);
    let faults = &found.bilag[3].faults;
    assert!(!faults.is_empty(), "a repeat tells the faults of the first");
    assert!(
        faults.iter().all(|f| f.place.bilag == Some(3)),
        "at its place here"
    );
}

async fn an_inquiry_finds_what_it_names_and_nothing_else(subject: &Subject) {
    let bilag = vec![sample::bilag(1), sample::rejected(2)];
    let record = subject.receive(1, bilag, 0).await;
    let ask = |n: u64, bilag: &[u64]| Inquiry {
        kommune: sample::KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
        transaktions_id: sample::afsendelse(n).transaktions_id,
        bilag: bilag.iter().map(|n| sample::bilag(*n).bilag_uuid).collect(),
    };
    let mut stranger = ask(1, &[1, 2]);
    stranger.fagsystem = OTHER_FAGSYSTEM;
    let mut elsewhere = ask(1, &[1, 2]);
    elsewhere.kommune = OTHER_KOMMUNE;
    let asked = [ask(9, &[2, 9, 1]), stranger, ask(1, &[]), elsewhere];
    let mut found = subject.store.find(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());

    assert_eq!(found[0].message, None);
    found[0].bilag.sort_by_key(|(uuid, ..)| *uuid);
    let known: Vec<_> = found[0]
        .bilag
        .iter()
        .map(|(uuid, id, known)| (*uuid, *id, known.digest, known.open_for_correction))
        .collect();
    let new = new_bilag(&record);
    let wanted = [(new[0], false), (new[1], true)]
        .map(|(b, open)| (b.bilag.bilag_uuid, b.id, b.digest, open));
    assert_eq!(known, wanted);

    assert_eq!(found[2].message, as_stored(&record));
    assert!(found[2].bilag.is_empty());
    for nothing in [&found[1], &found[3]] {
        assert_eq!(nothing.message, None);
        assert!(nothing.bilag.is_empty());
    }
}

async fn an_inquiry_may_name_a_thousand_bilag(subject: &Subject) {
    let record = subject.judged(&sample::bundle(1, 450), 0);
    assert_eq!(subject.admit(alone(&record)).await, Admit::Done);
    let bilag: Vec<BilagUuid> = (0..1_000).map(|n| sample::bilag(n).bilag_uuid).collect();
    let asked = Inquiry {
        kommune: sample::KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
        transaktions_id: record.transaktions_id.unwrap(),
        bilag,
    };
    let found = subject.store.find(&[asked]).await.unwrap().remove(0);
    assert_eq!(found.message, as_stored(&record));
    let mut ids: Vec<BilagId> = found.bilag.iter().map(|(_, id, _)| *id).collect();
    ids.sort();
    let wanted: Vec<BilagId> = new_bilag(&record).iter().map(|b| b.id).collect();
    assert_eq!(ids, wanted);
}

async fn a_bilag_is_found_by_its_own_sender_only(subject: &Subject) {
    let ours = subject.receive(1, vec![sample::bilag(1)], 0).await;
    let mut theirs = subject.judged(&sample::message(2, vec![sample::bilag(1)]), 0);
    theirs.fagsystem = Some(OTHER_FAGSYSTEM);
    assert_eq!(subject.admit(alone(&theirs)).await, Admit::Done);
    let uuid = sample::bilag(1).bilag_uuid;
    for (record, sender) in [(&ours, sample::FAGSYSTEM), (&theirs, OTHER_FAGSYSTEM)] {
        let wanted = as_stored(record).unwrap().bilag.remove(0);
        let found = subject
            .store
            .bilag(sample::KOMMUNE, uuid, Some(sender))
            .await;
        assert_eq!(found.unwrap(), Some(wanted.clone()));
        let standing = subject
            .store
            .standing(sample::KOMMUNE, uuid, Some(sender))
            .await;
        assert_eq!(
            standing.unwrap().map(|s| (s.id, s.fagsystem)),
            Some((wanted.id, sender))
        );
    }
    for (owner, uuid) in [
        (OTHER_KOMMUNE, uuid),
        (sample::KOMMUNE, BilagUuid::from_uuid(Uuid::nil())),
    ] {
        assert_eq!(subject.store.bilag(owner, uuid, None).await.unwrap(), None);
        assert_eq!(
            subject.store.standing(owner, uuid, None).await.unwrap(),
            None
        );
    }
}

async fn of_many_at_once_with_one_id_exactly_one_is_written(subject: &Subject) {
    let version = subject.store.register_version().await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..12_u64 {
        let other = subject.judged(&sample::afsendelse(100 + n), 0);
        let same = subject.judged(&sample::message(1, vec![sample::bilag(200 + n)]), 0);
        let store = subject.store.clone();
        let group = Arc::new([other, same]);
        tasks.push(tokio::spawn(
            async move { store.admit(&*group, version).await },
        ));
    }
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap().unwrap());
    }
    let done = outcomes.iter().filter(|o| **o == Admit::Done).count();
    let conflict = outcomes.iter().filter(|o| **o == Admit::Conflict).count();
    assert_eq!((done, conflict), (1, 11), "{outcomes:?}");
    let written = subject
        .rows("select cast(count(*) as varchar(9)) from bilag")
        .await;
    assert_eq!(
        written,
        ["2"],
        "one group of two, and nothing of the others"
    );
}

async fn groups_at_once_leave_one_total(subject: &Subject) {
    let version = subject.store.register_version().await.unwrap();
    let elsewhere = subject.another_process().await;
    let mut tasks = Vec::new();
    for n in 0..12_u64 {
        let record = subject.judged(&sample::afsendelse(n), 0);
        let store = if n.is_multiple_of(2) {
            &elsewhere
        } else {
            &subject.store
        }
        .clone();
        tasks.push(tokio::spawn(async move {
            store.admit(&[record], version).await
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), Admit::Done);
    }
    let total = Views::day(&subject.store, &Scope::everything(), sample::DAY)
        .await
        .unwrap();
    assert_eq!(total.len(), 1, "{total:?}");
    assert_eq!((total[0].state, total[0].antal), (StateName::Mapped, 12));
    let sum: i64 = (0..12).map(|n| 100_000 + n * 100).sum();
    assert_eq!(total[0].debet.get(), sum);
    let id = AfsendelseId::from_uuid(Uuid::nil());
    assert_eq!(
        Views::message_detail(&subject.store, &Scope::everything(), id)
            .await
            .unwrap(),
        None
    );
}

/// A sender may write any fifteen digits, as often as it likes: its bilag are rejected and
/// must not stop those of others by a total that does not fit.
async fn amounts_beyond_every_limit_stop_no_reception(subject: &Subject) {
    for n in 0..12_u32 {
        let mut bilag = sample::bilag(u64::from(n));
        let line = bilag.posteringer[0].clone();
        for linjenummer in 10..1_010 {
            let mut more = line.clone();
            more.linjenummer = linjenummer;
            more.beloeb = oir_domain::money::Oere::new(999_999_999_999_999);
            bilag.posteringer.push(more);
        }
        let record = subject.judged(&sample::message(u64::from(n), vec![bilag]), 0);
        assert_eq!(new_bilag(&record)[0].state.name(), StateName::Rejected);
        assert_eq!(subject.admit(&[record]).await, Admit::Done, "message {n}");
    }
    let total = Views::day(&subject.store, &Scope::everything(), sample::DAY)
        .await
        .unwrap();
    assert_eq!((total.len(), total[0].antal), (1, 12));
    let report = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
}
