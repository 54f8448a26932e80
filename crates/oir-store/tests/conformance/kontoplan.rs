//! Kontoplaner: versions without gaps whoever imports, each read back as it was imported,
//! seen by whom they are for.

use jiff::civil::date;
use oir_domain::access::{Patch, Scope};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::change::{Tally, compare};
use oir_domain::kontoplan::{Aarsspan, Dimensioner, Konto, KontoForm, KontoplanHead, Standing};
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::kontoplan::{Kontoplaner, Upload};
use oir_flow::ports::sessions::{Deed, Sessions, deeds};
use oir_store::Store;
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, at};

on_both! {
    every_version_is_read_as_it_was_imported,
    of_two_who_import_on_the_same_version_one_is_kept,
    many_who_import_at_once_leave_no_gap_and_nothing_half,
    a_kontoplan_is_there_for_its_own_people_only,
    versions_are_neither_changed_nor_deleted,
    a_file_waits_for_the_one_who_sent_it_and_is_forgotten,
}

fn konto(text: &str, navn: &str) -> Konto {
    Konto {
        konto: text.into(),
        navn: navn.into(),
        validity: Validity {
            from: date(2020, 2, 29),
            to: None,
        },
        aar: Aarsspan::default(),
        autoriseret: None,
    }
}

/// Three versions: something new, closed, gone, and something that comes back.
fn versions() -> [Vec<Konto>; 3] {
    let mut closed = konto("200", "lukkes'; \"b\" \\ %");
    closed.validity.to = Some(date(2025, 12, 31));
    closed.aar.to = Some(Regnskabsaar(2025));
    closed.autoriseret = "5577111000001352".parse().ok();
    let first = vec![
        konto("100", "Ærø"),
        konto("200", "åben"),
        konto("300", "🧾"),
    ];
    let second = vec![konto("100", "Ærø"), closed.clone(), konto("400", "ny")];
    let third = vec![konto("100", "Ærø"), closed, konto("300", "🧾")];
    [first, second, third]
}

fn head(kommune: Kommunekode, version: u32, before: &[Konto], konti: &[Konto]) -> KontoplanHead {
    KontoplanHead {
        kommune,
        version,
        form: KontoForm::Prisme,
        at: at(version.into()),
        subject: "opdigtet|1".into(),
        navn: "Åse Opdigtet".into(),
        source: "kontoplan.xlsx".into(),
        digest: [u8::try_from(version).unwrap(); 32],
        accounts: u32::try_from(konti.len()).unwrap(),
        tally: Tally::of(&compare(before, konti)),
    }
}

async fn import(store: &Store, head: &KontoplanHead, konti: &[Konto]) -> bool {
    let deed = Deed {
        at: head.at,
        subject: head.subject.clone(),
        navn: head.navn.clone(),
        what: deeds::IMPORTED_KONTOPLAN.into(),
        kommune: Some(head.kommune),
        object: format!("udgave {}", head.version).into(),
    };
    store.import_kontoplan(head, konti, &deed).await.unwrap()
}

async fn logged(subject: &Subject) -> usize {
    let all = Scope::everything();
    subject.store.logged(&all, None, 1_000).await.unwrap().len()
}

async fn every_version_is_read_as_it_was_imported(subject: &Subject) {
    let (all, here) = (Scope::everything(), sample::KOMMUNE);
    assert_eq!(
        subject.store.kontoplan(&all, here, None).await.unwrap(),
        None
    );
    let versions = versions();
    let mut before: &[Konto] = &[];
    let mut heads = Vec::new();
    for (konti, version) in versions.iter().zip(1..) {
        let mut head = head(here, version, before, konti);
        if version == 3 {
            let own = Dimensioner::try_new(["sted", "art"], '-').unwrap();
            head.form = KontoForm::EgneDimensioner(own);
        }
        assert!(import(&subject.store, &head, konti).await);
        before = konti;
        heads.push(head);
    }
    let store = subject.another_process().await;
    for (konti, head) in versions.iter().zip(&heads) {
        let found = store.kontoplan(&all, here, Some(head.version)).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.konti(), konti);
        assert_eq!((found.version(), found.form()), (head.version, &head.form));
    }
    let newest = store.kontoplan(&all, here, None).await.unwrap().unwrap();
    assert_eq!(newest.version(), 3);
    let closed = newest.standing("200", date(2026, 1, 1), Regnskabsaar(2026));
    assert!(matches!(closed, Standing::Closed(_)));
    assert_eq!(store.kontoplaner(&all).await.unwrap(), heads[2..]);
    heads.reverse();
    let page = store.kontoplan_versions(&all, here, None, 2).await.unwrap();
    assert_eq!(page, heads[..2]);
    let page = store
        .kontoplan_versions(&all, here, Some(2), 9)
        .await
        .unwrap();
    assert_eq!(page, heads[2..]);
    assert_eq!(store.kontoplan(&all, here, Some(4)).await.unwrap(), None);
    assert_eq!(logged(subject).await, 3);
}

async fn of_two_who_import_on_the_same_version_one_is_kept(subject: &Subject) {
    let (all, here) = (Scope::everything(), sample::KOMMUNE);
    let [first, theirs, mine] = versions();
    assert!(import(&subject.store, &head(here, 1, &[], &first), &first).await);
    assert!(import(&subject.store, &head(here, 2, &first, &theirs), &theirs).await);
    assert!(!import(&subject.store, &head(here, 2, &first, &mine), &mine).await);
    assert!(!import(&subject.store, &head(here, 7, &first, &mine), &mine).await);
    let kept = subject.store.kontoplan(&all, here, None).await.unwrap();
    assert_eq!(kept.unwrap().konti(), theirs);
    assert_eq!(logged(subject).await, 2, "what is not kept is not logged");
}

async fn many_who_import_at_once_leave_no_gap_and_nothing_half(subject: &Subject) {
    let here = sample::KOMMUNE;
    let other = subject.another_process().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6_usize {
        let store = [&subject.store, &other][writer % 2].clone();
        writers.spawn(async move {
            let konti: Vec<Konto> = (0..50)
                .map(|number| konto(&format!("{writer}{number:03}"), "x"))
                .collect();
            import(&store, &head(here, 1, &[], &konti), &konti).await
        });
    }
    let mut kept = 0;
    while let Some(done) = writers.join_next().await {
        kept += usize::from(done.unwrap());
    }
    let found = subject
        .store
        .kontoplan(&Scope::everything(), here, None)
        .await;
    assert_eq!(found.unwrap().unwrap().konti().len(), 50);
    assert_eq!((kept, logged(subject).await), (1, 1));
}

async fn a_kontoplan_is_there_for_its_own_people_only(subject: &Subject) {
    let [first, ..] = versions();
    for kommune in [sample::KOMMUNE, OTHER_KOMMUNE] {
        assert!(import(&subject.store, &head(kommune, 1, &[], &first), &first).await);
    }
    let own = Scope::of(vec![Patch {
        kommune: Some(OTHER_KOMMUNE),
        fagsystem: None,
    }]);
    let store = &subject.store;
    let seen = store.kontoplaner(&own).await.unwrap();
    let seen: Vec<Kommunekode> = seen.iter().map(|head| head.kommune).collect();
    assert_eq!(seen, [OTHER_KOMMUNE]);
    let foreign = store.kontoplan(&own, sample::KOMMUNE, None).await.unwrap();
    assert_eq!(foreign, None);
    let foreign = store
        .kontoplan_versions(&own, sample::KOMMUNE, None, 9)
        .await;
    assert_eq!(foreign.unwrap(), []);
    assert!(
        store
            .kontoplan(&own, OTHER_KOMMUNE, Some(1))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.kontoplaner(&Scope::nothing()).await.unwrap(), []);
    assert_eq!(
        store.kontoplaner(&Scope::everything()).await.unwrap().len(),
        2
    );
}

async fn versions_are_neither_changed_nor_deleted(subject: &Subject) {
    let [first, second, _] = versions();
    let here = sample::KOMMUNE;
    assert!(import(&subject.store, &head(here, 1, &[], &first), &first).await);
    assert!(import(&subject.store, &head(here, 2, &first, &second), &second).await);
    for sql in [
        "update kontoplan_version set navn = 'y'",
        "delete from kontoplan_version",
        "update kontoplan_konto set navn = 'y'",
        "delete from kontoplan_konto",
        "update kontoplan_konto_end set until_version = 9",
        "delete from kontoplan_konto_end",
    ] {
        let why = subject.past_the_store(sql).await.unwrap_err();
        assert!(why.contains("append-only"), "{sql}: {why}");
    }
}

async fn a_file_waits_for_the_one_who_sent_it_and_is_forgotten(subject: &Subject) {
    let upload = |number: u128, seconds| Upload {
        id: UploadId::from_uuid(Uuid::from_u128(number)),
        kommune: sample::KOMMUNE,
        form: KontoForm::SapPar,
        at: at(seconds),
        subject: "opdigtet|1".into(),
        source: "Kontoplan æøå.csv".into(),
        bytes: b"konto;navn\n".repeat(1_000),
    };
    let (old, new) = (upload(1, 0), upload(2, 100));
    let store = &subject.store;
    store.keep_upload(&old, at(-100)).await.unwrap();
    let found = store.upload(old.id, "opdigtet|1").await.unwrap();
    assert_eq!(found, Some(old.clone()));
    assert_eq!(store.upload(old.id, "opdigtet|2").await.unwrap(), None);
    store.keep_upload(&new, at(50)).await.unwrap();
    assert_eq!(store.upload(old.id, "opdigtet|1").await.unwrap(), None);
    let found = store.upload(new.id, "opdigtet|1").await.unwrap();
    assert_eq!(found, Some(new));
}
