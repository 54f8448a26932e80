//! Searching: the same bilag are found before they are in the index, while they are being
//! entered, and after; each filter finds what it must and leaves out what it must; a search
//! that stops early goes on where it stopped; no two pages give the same bilag.

use std::collections::BTreeSet;

use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::finans::{Finansbilag, Sag};
use oir_domain::ids::BilagId;
use oir_domain::message::{Event, StateName};
use oir_domain::money::Oere;
use oir_fagsystem::sample;
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::search::{Count, Search};
use oir_flow::ports::views::{BilagFilter, Views};
use oir_store::{Pace, Store};
use uuid::Uuid;

use crate::subject::{OTHER_KOMMUNE, Subject, booked, new_bilag, on_accounts, step};

on_both! {
    every_filter_finds_its_own_and_no_other,
    ids_and_numbers_of_every_kind_are_found,
    a_search_that_stops_goes_on_to_the_end,
    pages_give_every_bilag_once_while_others_arrive,
    accounts_that_come_late_are_found,
    what_is_typed_is_never_a_command,
    another_kommune_is_neither_found_nor_counted,
    the_index_is_entered_once_and_says_what_waits,
}

/// The end of all ids.
fn end() -> BilagId {
    BilagId::from_uuid(Uuid::max())
}

/// Enters all that there is.
async fn enter_all(store: &Store) -> u32 {
    let mut all = 0;
    loop {
        match store.enter(end(), 7).await.unwrap() {
            0 => return all,
            some => all += some,
        }
    }
}

async fn found(store: &Store, filter: &BilagFilter) -> Vec<BilagId> {
    let everything = Scope::everything();
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.search(&everything, filter, after, 4).await.unwrap();
        ids.extend(page.lines.iter().map(|line| line.id));
        after = match (page.stopped, page.lines.last()) {
            (Some(stop), _) => Some(stop.id),
            (None, Some(last)) if page.lines.len() == 4 => Some(last.id),
            _ => return ids,
        };
    }
}

/// Bilag 0 to 23, each another one in text, number, amount, account, case and day; three
/// in four of the sort `sample::bilag`, the others held or rejected.
fn bilag(n: u64) -> Finansbilag {
    let mut bilag = match n % 8 {
        3 => sample::held(n),
        7 => sample::rejected(n),
        _ => sample::bilag(n),
    };
    bilag.tekst = format!(
        "Hjælpemiddel{} til sag {n}",
        if n < 12 { "" } else { "sdepot" }
    )
    .into();
    bilag.afsender_bilagsnummer = format!("NR-{:05}/A", n * 7).into();
    for line in &mut bilag.posteringer {
        line.sag = Some(Sag {
            kle: "32.30.04".into(),
            sagsnummer: format!("S-2026-{n:04}").into(),
        });
    }
    bilag
}

async fn fill(subject: &Subject) -> Vec<BilagId> {
    let mut ids = Vec::new();
    for n in 0..24 {
        let message = sample::message(n, vec![bilag(n)]);
        let mut record = subject.judged(&message, i64::try_from(n).unwrap());
        record.dag = jiff::civil::date(2026, 11, 10 + i8::try_from(n / 6).unwrap());
        subject.admit(std::slice::from_ref(&record)).await;
        ids.extend(new_bilag(&record).iter().map(|new| new.id));
    }
    ids
}

fn filter(set: impl FnOnce(&mut BilagFilter)) -> BilagFilter {
    let mut filter = BilagFilter::default();
    set(&mut filter);
    filter
}

/// A filter, and which numbers it finds.
type Case = (BilagFilter, Vec<usize>);

/// Each filter.
fn cases(konto: &str, vaerdi: &str) -> Vec<Case> {
    let mut all = cases_of_words(konto, vaerdi);
    all.extend(cases_of_figures());
    all
}

fn cases_of_words(konto: &str, vaerdi: &str) -> Vec<Case> {
    let mapped = |n: &usize| n % 8 != 3 && n % 8 != 7;
    let usual = (0..24).filter(|n| n % 8 != 3).collect::<Vec<_>>();
    vec![
        (
            filter(|f| f.text = Some("hjælpemiddel".into())),
            (0..24).collect(),
        ),
        (
            filter(|f| f.text = Some("MIDDELSDEP".into())),
            (12..24).collect(),
        ),
        (
            filter(|f| f.text = Some("sag middelsdepot 17".into())),
            vec![17],
        ),
        (filter(|f| f.text = Some("nr-00161/a".into())), vec![23]),
        (filter(|f| f.text = Some("00161 findesikke".into())), vec![]),
        (filter(|f| f.sag = Some("s-2026-0005".into())), vec![5]),
        (
            filter(|f| f.sag = Some(" S-2026-001".into())),
            (10..20).collect(),
        ),
        (filter(|f| f.sag = Some("2026-0005".into())), vec![]),
        (
            filter(|f| f.konto = Some(konto.into())),
            (0..24).filter(mapped).collect(),
        ),
        (
            filter(|f| f.konto = Some(format!("{konto}x").into())),
            vec![],
        ),
        (
            filter(|f| f.sortiment = Some(vaerdi.to_lowercase().into())),
            usual,
        ),
        (filter(|f| f.sortiment = Some("findes ikke".into())), vec![]),
    ]
}

fn cases_of_figures() -> Vec<Case> {
    let day = |n| Some(jiff::civil::date(2026, 11, n));
    vec![
        (filter(|f| f.from = day(11)), (6..24).collect()),
        (filter(|f| f.to = day(11)), (0..12).collect()),
        (
            filter(|f| (f.from, f.to) = (day(12), day(12))),
            (12..18).collect(),
        ),
        (filter(|f| f.from = day(20)), vec![]),
        (filter(|f| f.booked_to = day(17)), vec![]),
        (filter(|f| f.booked_from = day(18)), (0..24).collect()),
        (filter(|f| f.booked_from = day(19)), vec![]),
        (
            filter(|f| {
                (f.debet_min, f.debet_max) = (Some(Oere::new(100_500)), Some(Oere::new(100_600)))
            }),
            vec![5, 6],
        ),
        (filter(|f| f.debet_max = Some(Oere::new(100_000))), vec![0]),
        (filter(|f| f.debet_min = Some(Oere::new(102_302))), vec![]),
        (
            filter(|f| f.fault = Some(oir_domain::fault::FaultCode::Unbalanced)),
            vec![7, 15, 23],
        ),
        (
            filter(|f| {
                f.fault = Some(oir_domain::fault::FaultCode::Unbalanced);
                f.text = Some("depot".into());
                f.sag = Some("S-2026-001".into());
                f.states = vec![StateName::Rejected];
            }),
            vec![15],
        ),
        (
            filter(|f| f.states = vec![StateName::Held]),
            vec![3, 11, 19],
        ),
    ]
}

async fn every_filter_finds_its_own_and_no_other(subject: &Subject) {
    let ids = fill(subject).await;
    let some = subject.rows("select konto from postering where konto is not null order by konto");
    let konto = some.await.remove(0);
    let first = bilag(0).posteringer[0].sortiment[0].vaerdi.clone();
    let check = async |when: &str| {
        let mut found_some = 0;
        for (filter, wanted) in cases(&konto, &first) {
            let mut wanted: Vec<BilagId> = wanted.iter().map(|n| ids[*n]).collect();
            wanted.reverse();
            found_some += usize::from(!wanted.is_empty());
            assert_eq!(
                found(&subject.store, &filter).await,
                wanted,
                "{when}: {filter:?}"
            );
        }
        assert!(found_some > 10);
    };
    check("before the index").await;
    assert_eq!(subject.store.enter(end(), 10).await.unwrap(), 10);
    check("half way").await;
    enter_all(&subject.store).await;
    check("in the index").await;
}

async fn ids_and_numbers_of_every_kind_are_found(subject: &Subject) {
    let record = subject.receive(1, vec![bilag(1), bilag(2)], 0).await;
    subject.receive(2, vec![bilag(3)], 1).await;
    let sending = subject.start_sending(1, 1).await.remove(0);
    subject.happen(&sending, &booked("2026-000417"), 2).await;
    let one = new_bilag(&record)[1];
    let transaktion = record.transaktions_id.unwrap().to_string();
    for entered in [false, true] {
        if entered {
            enter_all(&subject.store).await;
        }
        for (typed, count) in [
            (one.id.to_string(), 1),
            (one.bilag.bilag_uuid.to_string(), 1),
            (transaktion.clone(), 2),
            (record.id.to_string(), 2),
            ("2026-000417".to_owned(), 1),
            ("2026-00041".to_owned(), 0),
            ("NR-00014/A".to_owned(), 1),
            (sample::afsendelse(99).transaktions_id.to_string(), 0),
        ] {
            let filter = filter(|f| f.text = Some(typed.as_str().into()));
            let ids = found(&subject.store, &filter).await;
            assert_eq!(ids.len(), count, "{typed} {entered}");
        }
    }
}

async fn a_search_that_stops_goes_on_to_the_end(subject: &Subject) {
    let ids = fill(subject).await;
    let slow = subject.store.clone().with_pace(Pace {
        walked: 2,
        named: 2,
        steps: 2,
    });
    let rare = filter(|f| f.sag = Some("S-2026-0000".into()));
    let everything = Scope::everything();
    let first = slow.search(&everything, &rare, None, 4).await.unwrap();
    let stop = first.stopped.unwrap();
    assert_eq!((first.lines.len(), stop.id), (0, ids[20]));
    let at_stop = subject.store.detail(&everything, stop.id).await.unwrap();
    assert_eq!(stop.at, at_stop.unwrap().line.modtaget);
    let konto = subject.rows("select konto from postering where konto is not null order by konto");
    let konto = konto.await.remove(0);
    for entered in [0, 9, 24] {
        subject.store.enter(end(), entered).await.unwrap();
        for (filter, wanted) in cases(&konto, &bilag(0).posteringer[0].sortiment[0].vaerdi) {
            let mut wanted: Vec<BilagId> = wanted.iter().map(|n| ids[*n]).collect();
            wanted.reverse();
            assert_eq!(found(&slow, &filter).await, wanted, "{entered}: {filter:?}");
            let all = slow.list(&everything, &filter, None, 100).await.unwrap();
            let all: Vec<BilagId> = all.iter().map(|line| line.id).collect();
            assert_eq!(all, wanted, "{entered}: {filter:?}");
        }
    }
}

async fn pages_give_every_bilag_once_while_others_arrive(subject: &Subject) {
    let ids = fill(subject).await;
    enter_all(&subject.store).await;
    let wanted = filter(|f| f.text = Some("hjælpemiddel".into()));
    let everything = Scope::everything();
    let (mut seen, mut after) = (Vec::new(), None);
    for round in 100.. {
        let page = subject
            .store
            .search(&everything, &wanted, after, 5)
            .await
            .unwrap();
        seen.extend(page.lines.iter().map(|line| line.id));
        let Some(last) = page.lines.last().filter(|_| page.lines.len() == 5) else {
            break;
        };
        after = Some(last.id);
        subject.receive(round, vec![bilag(round)], 100).await;
        subject.store.enter(end(), 1).await.unwrap();
    }
    let once: BTreeSet<BilagId> = seen.iter().copied().collect();
    assert_eq!(once.len(), seen.len(), "a bilag stands on two pages");
    assert!(seen.is_sorted_by(|a, b| a > b), "not newest first");
    assert_eq!(once, ids.into_iter().collect());
}

async fn accounts_that_come_late_are_found(subject: &Subject) {
    let record = subject
        .receive(1, vec![sample::held(1), sample::bilag(2)], 0)
        .await;
    let id = new_bilag(&record)[0].id;
    enter_all(&subject.store).await;
    let held = subject
        .store
        .standing(sample::KOMMUNE, sample::held(1).bilag_uuid, None)
        .await;
    let held = held.unwrap().unwrap();
    assert_eq!(held.id, id);
    let wanted = filter(|f| f.konto = Some("9.99.SEN".into()));
    assert_eq!(found(&subject.store, &wanted).await, []);
    let mut mapped = step(&held, &Event::AccountsFound, 5);
    mapped.accounts = on_accounts(&sample::held(1), &["9.99.sent", "9.99.sent"]);
    subject.store.advance(&[mapped]).await.unwrap();
    assert_eq!(found(&subject.store, &wanted).await, [id]);
    enter_all(&subject.store).await;
    let left = subject
        .rows("select cast(count(*) as text) from search_late")
        .await;
    assert_eq!(left, ["0"]);
    assert_eq!(found(&subject.store, &wanted).await, [id]);
}

async fn what_is_typed_is_never_a_command(subject: &Subject) {
    let ids = fill(subject).await;
    let long = "x".repeat(100_000);
    let texts = [
        "'; drop table bilag; --",
        "' or '1'='1",
        "%",
        "_",
        "\\",
        "\\%",
        "$1",
        "?1",
        "\0",
        "a\0b",
        "\u{10ffff}",
        "\u{202e}ØÅ\u{0301}",
        "union select 1",
        &long,
    ];
    for entered in [false, true] {
        if entered {
            enter_all(&subject.store).await;
        }
        for text in texts {
            for set in [
                (|f, t| f.text = Some(t)) as fn(&mut BilagFilter, Box<str>),
                |f, t| f.sag = Some(t),
                |f, t| f.konto = Some(t),
                |f, t| f.sortiment = Some(t),
            ] {
                let hostile = filter(|f| set(f, text.into()));
                assert_eq!(found(&subject.store, &hostile).await, [], "{text:.30}");
            }
        }
    }
    let all = found(&subject.store, &BilagFilter::default()).await;
    assert_eq!(all.len(), ids.len());
}

async fn another_kommune_is_neither_found_nor_counted(subject: &Subject) {
    for n in 0..6 {
        let mut record = subject.judged(&sample::message(n, vec![bilag(n)]), 0);
        if n >= 4 {
            record.kommune = OTHER_KOMMUNE;
        }
        subject.admit(std::slice::from_ref(&record)).await;
    }
    let grant = Grant::try_new(Role::OekonomiFinans, Some(OTHER_KOMMUNE), None);
    let person = Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: grant.into_iter().collect(),
    };
    let own = person.scope(oir_domain::access::Action::SeeBilag);
    let search = async |filter: &BilagFilter, scope: &Scope| {
        let page = subject.store.search(scope, filter, None, 50).await.unwrap();
        page.lines.len()
    };
    for _ in 0..2 {
        let everybodys = filter(|f| f.text = Some("hjælpemiddel".into()));
        assert_eq!(search(&everybodys, &own).await, 2);
        assert_eq!(search(&everybodys, &Scope::nothing()).await, 0);
        let foreign = filter(|f| f.sag = Some("S-2026-0001".into()));
        assert_eq!(search(&foreign, &own).await, 0);
        assert_eq!(search(&foreign, &Scope::everything()).await, 1);
        let theirs = filter(|f| f.kommune = Some(sample::KOMMUNE));
        assert_eq!(search(&theirs, &own).await, 0);
        let count = async |filter: &BilagFilter, scope: &Scope, most| {
            subject.store.count(scope, filter, most).await.unwrap()
        };
        let all = BilagFilter::default();
        assert_eq!(count(&all, &own, 10).await, Some(Count::Exactly(2)));
        assert_eq!(count(&all, &own, 1).await, Some(Count::MoreThan(1)));
        assert_eq!(count(&theirs, &own, 10).await, Some(Count::Exactly(0)));
        assert_eq!(count(&everybodys, &own, 10).await, None, "not cheap");
        enter_all(&subject.store).await;
    }
}

async fn the_index_is_entered_once_and_says_what_waits(subject: &Subject) {
    let store = &subject.store;
    assert_eq!(store.waiting_since().await.unwrap(), None);
    let ids = fill(subject).await;
    assert_eq!(
        store.waiting_since().await.unwrap(),
        Some(crate::subject::at(0))
    );
    // Only what is older than the bound.
    assert_eq!(store.enter(ids[5], 100).await.unwrap(), 5);
    assert_eq!(
        store.waiting_since().await.unwrap(),
        Some(crate::subject::at(5))
    );
    let other = subject.another_process().await;
    let (one, two) = tokio::join!(store.enter(end(), 100), other.enter(end(), 100));
    assert!(one.unwrap() + two.unwrap() >= 19);
    assert_eq!(enter_all(store).await, 0);
    assert_eq!(store.waiting_since().await.unwrap(), None);
    let doubled = "select term from search_term group by term, bilag_id, kommune \
                   having count(*) > 1";
    assert_eq!(subject.rows(doubled).await, Vec::<String>::new());
}
