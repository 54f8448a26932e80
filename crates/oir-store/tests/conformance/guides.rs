//! Guides: numbered without gaps whoever writes, never changed, seen by whom they are for.

use oir_domain::access::{Action, Grant, Person, Role, Scope};
use oir_domain::fault::FaultCode;
use oir_domain::guide::{Draft, Guide, GuidePlace, Way, resolve};
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::sessions::{Deed, Sessions};

use crate::subject::{OTHER_KOMMUNE, Subject, at};

on_both! {
    a_guide_is_read_as_it_was_written_in_every_version,
    of_two_who_write_on_the_same_version_one_is_kept,
    many_who_write_at_once_leave_no_gap,
    guides_are_seen_by_those_they_are_for,
    a_withdrawn_guide_stays_on_the_shelf_and_holds_no_more,
    versions_are_neither_changed_nor_deleted,
}

fn system() -> FagsystemId {
    sample::afsendelse(1).afsender_system
}

fn place(kommune: Option<Kommunekode>, code: Option<FaultCode>) -> GuidePlace {
    GuidePlace {
        kommune,
        fagsystem: system(),
        code,
    }
}

fn guide(place: GuidePlace, after: u32, body: &str) -> Guide {
    let ways = [Way::ByHand, Way::Resend];
    let draft = Draft::try_new(&ways, body, &format!("efter {after}")).unwrap();
    draft.version(
        place,
        after,
        at(after.into()),
        ("opdigtet|1", "Åse Opdigtet"),
    )
}

fn deed(guide: &Guide) -> Deed {
    Deed {
        at: guide.head.at,
        subject: guide.head.subject.clone(),
        navn: guide.head.navn.clone(),
        what: "wrote_guide".into(),
        kommune: guide.head.place.kommune,
        object: format!("udgave {}", guide.head.version).into(),
    }
}

async fn write(subject: &Subject, guide: &Guide) -> bool {
    let written = subject.store.write_guide(guide, &deed(guide)).await;
    written.unwrap()
}

async fn logged(subject: &Subject) -> usize {
    let all = Scope::everything();
    subject.store.logged(&all, None, 1_000).await.unwrap().len()
}

async fn a_guide_is_read_as_it_was_written_in_every_version(subject: &Subject) {
    let (all, at_place) = (Scope::everything(), place(Some(sample::KOMMUNE), None));
    let bodies = ["# Ét\n\n<b>x</b> 'a' \"b\" \\ %", "to", "tre 🧾"];
    for (body, after) in bodies.iter().zip(0..) {
        assert!(write(subject, &guide(at_place, after, body)).await);
    }
    let store = subject.another_process().await;
    for (body, after) in bodies.iter().zip(0..) {
        let found = store.guide(&all, &at_place, Some(after + 1)).await.unwrap();
        assert_eq!(found, Some(guide(at_place, after, body)));
    }
    let newest = store.guide(&all, &at_place, None).await.unwrap();
    assert_eq!(newest, Some(guide(at_place, 2, bodies[2])));
    assert_eq!(store.guide(&all, &at_place, Some(4)).await.unwrap(), None);
    let heads = store
        .guide_versions(&all, &at_place, None, 2)
        .await
        .unwrap();
    assert_eq!(heads.iter().map(|h| h.version).collect::<Vec<_>>(), [3, 2]);
    let older = store.guide_versions(&all, &at_place, Some(2), 9).await;
    let older = older.unwrap();
    assert_eq!(older, [guide(at_place, 0, bodies[0]).head]);
    assert_eq!(logged(subject).await, 3);
}

async fn of_two_who_write_on_the_same_version_one_is_kept(subject: &Subject) {
    let at_place = place(None, Some(FaultCode::Unbalanced));
    assert!(write(subject, &guide(at_place, 0, "først")).await);
    let (mine, theirs) = (guide(at_place, 1, "min"), guide(at_place, 1, "din"));
    assert!(write(subject, &theirs).await);
    assert!(!write(subject, &mine).await);
    assert!(!write(subject, &guide(at_place, 5, "et hul")).await);
    let all = Scope::everything();
    let kept = subject.store.guide(&all, &at_place, None).await.unwrap();
    assert_eq!(kept, Some(theirs));
    assert_eq!(logged(subject).await, 2, "what is not kept is not logged");
}

async fn many_who_write_at_once_leave_no_gap(subject: &Subject) {
    let at_place = place(Some(sample::KOMMUNE), None);
    let other = subject.another_process().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..6 {
        let store = [&subject.store, &other][writer % 2].clone();
        writers.spawn(async move {
            let mine = guide(at_place, 0, &format!("skriver {writer}"));
            store.write_guide(&mine, &deed(&mine)).await.unwrap()
        });
    }
    let mut kept = 0;
    while let Some(done) = writers.join_next().await {
        kept += usize::from(done.unwrap());
    }
    assert_eq!((kept, logged(subject).await), (1, 1));
}

async fn guides_are_seen_by_those_they_are_for(subject: &Subject) {
    let places = [
        place(None, None),
        place(Some(sample::KOMMUNE), None),
        place(Some(OTHER_KOMMUNE), Some(FaultCode::Unbalanced)),
    ];
    for at_place in places {
        assert!(write(subject, &guide(at_place, 0, "x")).await);
    }
    let person = |role, kommune| Person {
        subject: "s".into(),
        navn: "n".into(),
        grants: Grant::try_new(role, Some(kommune), Some(system()))
            .into_iter()
            .collect(),
    };
    let own = person(Role::Fagomraade, OTHER_KOMMUNE).scope(Action::SeeFigures);
    let store = &subject.store;
    let seen = |scope: Scope| async move {
        let shelf = store.shelf(&scope, Some(system())).await.unwrap();
        shelf.into_iter().map(|head| head.place).collect::<Vec<_>>()
    };
    assert_eq!(seen(own.clone()).await, [places[0], places[2]]);
    assert_eq!(seen(Scope::everything()).await.len(), 3);
    assert_eq!(seen(Scope::nothing()).await, []);
    let foreign = store.guide(&own, &places[1], None).await.unwrap();
    assert_eq!(foreign, None);
    let versions = store.guide_versions(&own, &places[1], None, 9).await;
    assert_eq!(versions.unwrap(), []);
    let all = store.shelf(&own, None).await.unwrap();
    assert_eq!(all.len(), 2);
}

async fn a_withdrawn_guide_stays_on_the_shelf_and_holds_no_more(subject: &Subject) {
    let (country, own) = (place(None, None), place(Some(sample::KOMMUNE), None));
    assert!(write(subject, &guide(country, 0, "landet")).await);
    assert!(write(subject, &guide(own, 0, "kommunen")).await);
    let gone = Draft::withdrawal("samme som landets").unwrap();
    let gone = gone.version(own, 1, at(9), ("s", "n"));
    assert!(write(subject, &gone).await);
    let all = Scope::everything();
    let shelf = subject.store.shelf(&all, Some(system())).await.unwrap();
    assert_eq!(shelf.len(), 2);
    let holds = resolve(&shelf, Some(sample::KOMMUNE), system(), None).unwrap();
    assert_eq!(holds.place, country);
}

async fn versions_are_neither_changed_nor_deleted(subject: &Subject) {
    assert!(write(subject, &guide(place(None, None), 0, "x")).await);
    for sql in [
        "update guide_version set body = 'y'",
        "update guide_version set version = version + 1",
        "delete from guide_version",
    ] {
        let why = subject.past_the_store(sql).await.unwrap_err();
        assert!(why.contains("append-only"), "{sql}: {why}");
    }
}
