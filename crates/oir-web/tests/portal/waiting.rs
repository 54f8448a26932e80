//! What letters say, from the worklist and the days: each line leads to its page.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::civil::date;
use oir_domain::access::{Grant, Person, Role};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::post::{Waiting, WaitingFor, WaitingLine};
use oir_web::portal::door::Door;
use oir_web::portal::{Desks, PortalState, router};

use crate::doors::{HERE, THERE, form_token, holding, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, register, system};
use crate::sessions::entrance;

const TODAY: jiff::civil::Date = date(2026, 11, 24);

async fn waits(store: &Arc<Invented>, person: &Person) -> Vec<WaitingLine> {
    let desks = Desks::new(Arc::clone(store), register(), WORDS);
    desks.waiting(person, TODAY).await.unwrap()
}

fn of(lines: &[WaitingLine], why: WaitingFor) -> Vec<&WaitingLine> {
    lines.iter().filter(|line| line.why == why).collect()
}

#[tokio::test]
async fn everybody_is_told_of_their_own_desk_and_every_line_leads_to_its_page() {
    let store = Arc::new(Invented::day(60));
    let persons = [
        holding(Role::OekonomiFinans, HERE),
        holding(Role::Fagomraade, HERE),
    ];
    let door = Door::Invented(persons.to_vec().into());
    let portal = router(PortalState::new(
        Arc::clone(&store),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    ));
    for (number, (person, area)) in persons.iter().zip(["oekonomi", "fagomraade"]).enumerate() {
        let cookie = signed_in(&portal, number).await;
        let lines = waits(&store, person).await;
        let desk = of(&lines, WaitingFor::Area);
        assert!(!desk.is_empty(), "{area}");
        let days = of(&lines, WaitingFor::SignOff);
        assert_eq!(days.len(), usize::from(number == 0), "who may sign");
        assert!(desk.iter().map(|l| l.frist).is_sorted());
        for line in desk {
            assert!(line.path.contains(area), "{}", line.path);
            let page = look(&portal, &line.path, &cookie).await;
            assert_eq!(page.status, StatusCode::OK, "{}", line.path);
            let count = format!("{} i Viborg", line.antal);
            assert!(page.text().contains(&count), "{}", line.path);
            assert!(line.what.ends_with(", Viborg"), "{}", line.what);
        }
        for line in days {
            assert_eq!(&*line.path, "/afstemning?maaned=2026-11&status=aabne");
            let page = look(&portal, &line.path, &cookie).await;
            assert_eq!(page.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn what_somebody_took_is_theirs_and_no_longer_the_desks() {
    let store = Arc::new(Invented::day(60));
    let person = holding(Role::OekonomiFinans, HERE);
    let door = Door::Invented(vec![person.clone()].into());
    let portal = router(PortalState::new(
        Arc::clone(&store),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    ));
    let cookie = signed_in(&portal, 0).await;
    let before = waits(&store, &person).await;
    assert!(of(&before, WaitingFor::Own).is_empty());
    let taken = of(&before, WaitingFor::Area)[0].clone();
    let page = look(&portal, &taken.path, &cookie).await;
    let form = format!(
        "token={}&gruppe={}&trin=tag&alle=ja",
        form_token(&page),
        taken.path.trim_start_matches("/fejl/")
    );
    let answer = post(&portal, "/fejl/trin", &cookie, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let after = waits(&store, &person).await;
    let own = of(&after, WaitingFor::Own);
    assert_eq!(own.len(), 1);
    assert_eq!(
        (own[0].antal, own[0].beloeb, own[0].frist, &own[0].path),
        (taken.antal, taken.beloeb, taken.frist, &taken.path)
    );
    let desk = of(&after, WaitingFor::Area);
    assert!(desk.iter().all(|line| line.path != taken.path));
    assert_eq!(desk.len() + 1, of(&before, WaitingFor::Area).len());
}

#[tokio::test]
async fn a_desk_reaches_as_far_as_the_role_that_sits_at_it() {
    let store = Arc::new(Invented::day(60));
    let grant =
        |role, kommune: Kommunekode| Grant::try_new(role, Some(kommune), Some(system(1))).unwrap();
    let two = Person {
        subject: "to".into(),
        navn: "Opdigtet".into(),
        grants: vec![
            grant(Role::Fagomraade, THERE),
            grant(Role::OekonomiFinans, HERE),
        ],
    };
    let lines = waits(&store, &two).await;
    let of_desk = |area: &str| {
        let desk = of(&lines, WaitingFor::Area);
        let own = desk.into_iter().filter(|l| l.path.contains(area));
        own.map(|line| line.path.to_string()).collect::<Vec<_>>()
    };
    let (here, there) = (of_desk("oekonomi"), of_desk("fagomraade"));
    assert!(!here.is_empty() && !there.is_empty());
    assert!(here.iter().all(|path| path.starts_with("/fejl/791~")));
    assert!(there.iter().all(|path| path.starts_with("/fejl/751~")));
    assert!(
        waits(&store, &holding(Role::Revisor, HERE))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_no_empty_letter() {
    let away = StoreFailure::Unavailable("væk".into());
    let store = Arc::new(Invented::away(away));
    let desks = Desks::new(store, register(), WORDS);
    let person = holding(Role::OekonomiFinans, HERE);
    assert!(desks.waiting(&person, TODAY).await.is_err());
}
