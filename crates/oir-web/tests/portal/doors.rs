//! Who gets in, and who sees which page: every role at every address, both ways.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::{Action, Grant, Person, Reach, Role, TABLE};
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_web::portal::door::{Door, Needs, PAGES};
use oir_web::portal::{PortalState, router};

use crate::invented::{Invented, StoppedClock, WORDS, bilag_id, register, unreadable_id};
use crate::sessions::entrance;
use crate::{Answer, ask, attributes, get};

/// The first invented municipality and its neighbour; the first invented system.
pub(crate) const HERE: Kommunekode = Kommunekode(791);
pub(crate) const THERE: Kommunekode = Kommunekode(751);

fn system() -> FagsystemId {
    crate::invented::system(1)
}

pub(crate) fn holding(role: Role, kommune: Kommunekode) -> Person {
    Person {
        subject: role.word().into(),
        navn: format!("Opdigtet {role}").into(),
        grants: vec![Grant::try_new(role, Some(kommune), Some(system())).unwrap()],
    }
}

/// A portal whose door lets exactly these persons choose themselves.
pub(crate) fn portal(persons: &[Person]) -> Router {
    portal_over(Invented::day(60), persons)
}

/// The same, every text of its bilag saying this.
pub(crate) fn portal_saying(text: &str, persons: &[Person]) -> Router {
    portal_over(Invented::day(4).saying(text), persons)
}

pub(crate) fn portal_over(store: Invented, persons: &[Person]) -> Router {
    let door = Door::Invented(persons.into());
    router(PortalState::new(
        Arc::new(store),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    ))
}

/// Signs in as the person of that number; gives the session's cookie.
pub(crate) async fn signed_in(portal: &Router, number: usize) -> String {
    signed_in_to(portal, number, "/bilag").await
}

/// The same, for whom the list of bilag is closed.
pub(crate) async fn signed_in_to(portal: &Router, number: usize, page: &str) -> String {
    let form = format!("person={number}&til={page}");
    let answer = post(portal, "/log-ind", "", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), page);
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub(crate) async fn post(portal: &Router, address: &str, cookie: &str, form: &str) -> Answer {
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie)
        .body(Body::from(form.to_owned()));
    ask(portal, request.unwrap()).await
}

pub(crate) async fn look(portal: &Router, address: &str, cookie: &str) -> Answer {
    let request = Request::get(address).header("cookie", cookie);
    ask(portal, request.body(Body::empty()).unwrap()).await
}

/// An address of a page, with an object of the first municipality in it.
pub(crate) fn address(path: &str) -> String {
    let bilag = bilag_id(1).to_string();
    let page = if path.starts_with("/afsendelser") {
        path.replace("{id}", &unreadable_id().to_string())
    } else {
        path.replace("{id}", &bilag)
    };
    let page = page.replace("{gruppe}", "791~-~held~-~oekonomi~");
    page.replace("{*path}", "portal.css")
        .replace("{kommune}", "791")
        .replace("{fagsystem}", &system().to_string())
        .replace("{dag}", "2026-11-23")
        .replace("{fagsystem}", "KSD")
}

/// What the form on a page carries.
pub(crate) fn form_token(page: &Answer) -> String {
    let rest = page.text().split("name=\"token\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_role_gets_exactly_the_pages_of_the_table() {
    let persons: Vec<Person> = TABLE.iter().map(|rule| holding(rule.role, HERE)).collect();
    let portal = portal(&persons);
    for (number, rule) in TABLE.iter().enumerate() {
        let cookie = signed_in(&portal, number).await;
        for (path, needs) in PAGES.iter().copied() {
            let Needs::Right(action) = needs else {
                continue;
            };
            let answer = look(&portal, &address(path), &cookie).await;
            // What only takes forms is walked in `attacks.rs`.
            if answer.status == StatusCode::METHOD_NOT_ALLOWED {
                continue;
            }
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(
                !forbidden,
                rule.may.contains(&action),
                "{} {path}",
                rule.role
            );
        }
        let roles = look(&portal, "/roller", &cookie).await;
        assert_eq!(roles.status, StatusCode::OK, "{}", rule.role);
    }
}

#[tokio::test]
async fn everybody_has_a_front_page_and_debtor_roles_see_nothing_of_finans_there() {
    let roles = TABLE.iter().map(|rule| holding(rule.role, HERE));
    let mut persons: Vec<Person> = roles.collect();
    // Works with both.
    persons.push(Person {
        grants: [Role::OekonomiDebitor, Role::OekonomiFinans]
            .into_iter()
            .flat_map(|role| holding(role, HERE).grants)
            .collect(),
        ..holding(Role::OekonomiFinans, HERE)
    });
    let portal = portal(&persons);
    let mut without = 0;
    for (number, person) in persons.iter().enumerate() {
        let cookie = signed_in_to(&portal, number, "/").await;
        let front = look(&portal, "/", &cookie).await;
        let who = &person.navn;
        assert_eq!(front.status, StatusCode::OK, "{who}");
        let says = |words: &str| front.text().contains(words);
        assert!(says("<h1>Er der noget, jeg skal gøre i dag?</h1>"), "{who}");
        assert!(says("aria-current=\"true\"><span>Forside</span>"), "{who}");
        let figures = person.may(Action::SeeFigures);
        for words in ["Bilag modtaget", "Kontroltotaler", "Viborg"] {
            assert_eq!(says(words), figures, "{who}: {words}");
        }
        let debtor =
            |grant: &Grant| matches!(grant.role(), Role::AnsvarligDebitor | Role::OekonomiDebitor);
        let debtor = person.grants.iter().any(debtor);
        assert_eq!(says("Debitor er ikke i ØiR endnu"), debtor, "{who}");
        without += usize::from(!figures);
        for href in attributes(front.text(), "href") {
            // Every way from there leads on.
            if href.starts_with('/') && !href.starts_with("/assets") {
                let page = look(&portal, &href, &cookie).await;
                assert_ne!(page.status, StatusCode::FORBIDDEN, "{who}: {href}");
            }
        }
    }
    assert_eq!(without, 2);
}

#[tokio::test]
async fn who_asks_about_debtors_is_sent_to_the_nearest_who_knows() {
    let person = |role| holding(role, HERE);
    let portal = portal(&[
        person(Role::AnsvarligDebitor),
        person(Role::OekonomiDebitor),
    ]);
    for (number, whom) in [
        "KOMBITs ØiR-projekt",
        "kommunens ØiR-ansvarlige for debitor",
    ]
    .into_iter()
    .enumerate()
    {
        let cookie = signed_in_to(&portal, number, "/").await;
        let front = look(&portal, "/", &cookie).await;
        assert!(front.text().contains(&format!("spørg {whom}.")), "{whom}");
    }
}

#[tokio::test]
async fn the_page_of_roles_says_what_the_table_says_both_ways() {
    let portal = portal(&[holding(Role::Revisor, HERE)]);
    let cookie = signed_in(&portal, 0).await;
    let page = look(&portal, "/roller", &cookie).await;
    let cells = |title: &str| -> Vec<usize> {
        let mark = format!("<td data-title=\"{title}\">");
        let cells = page.text().split(&*mark).skip(1);
        cells
            .map(|cell| {
                let cell = cell.split("</td>").next().unwrap();
                cell.split(" · ").count() - usize::from(cell == "Intet endnu")
            })
            .collect()
    };
    let rights: Vec<usize> = TABLE.iter().map(|rule| rule.may.len()).collect();
    assert_eq!(cells("Må"), rights);
    let may = |action| TABLE.iter().filter(move |rule| rule.may.contains(&action));
    assert_eq!(
        cells("Roller"),
        Action::ALL.map(|action| may(action).count())
    );
    let row = page
        .text()
        .split("data-title=\"Rolle\">Revisor")
        .nth(1)
        .unwrap();
    let row = row.split("</tr>").next().unwrap();
    for own in ["Din", "Udtage stikprøver af opslag", "Se loggen"] {
        assert!(row.contains(own), "{own}");
    }
    assert!(!row.contains("Behandle fejl"));
}

#[tokio::test]
async fn nobody_sees_a_page_before_they_are_in() {
    let portal = portal(&[holding(Role::OekonomiFinans, HERE)]);
    for (path, needs) in PAGES.iter().copied() {
        if needs == Needs::Nothing || path == "/log-ud" {
            continue;
        }
        let answer = get(&portal, &address(path)).await;
        if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            continue;
        }
        if path.starts_with("/api/") {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(answer.text().contains("F0012"), "{path}");
        } else {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(
                answer.header("location").starts_with("/log-ind?til=%2F"),
                "{path}"
            );
        }
    }
    for cookie in [
        "oir_session=",
        "oir_session=x",
        &format!("oir_session={}", "0".repeat(64)),
    ] {
        let answer = look(&portal, "/bilag", cookie).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{cookie}");
    }
}

#[tokio::test]
async fn another_kommune_is_not_there() {
    let here = holding(Role::OekonomiFinans, HERE);
    let portal = portal(&[here, holding(Role::OekonomiFinans, THERE)]);
    let (own, foreign) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    let mut seen = BTreeMap::from([(200, 0), (404, 0)]);
    for number in 0..60 {
        for path in ["/bilag", "/api/finans/v2/bilag"] {
            let address = format!("{path}/{}", bilag_id(number));
            let mine = look(&portal, &address, &own).await.status.as_u16();
            let theirs = look(&portal, &address, &foreign).await.status.as_u16();
            // Three municipalities take turns: nobody's bilag is seen by both.
            assert!(mine != 200 || theirs == 404, "{address}");
            *seen.get_mut(&mine).unwrap() += 1;
        }
    }
    assert!(seen.values().all(|count| *count > 0), "{seen:?}");
    let list = look(&portal, "/bilag", &own).await;
    let names = list.text().matches("<td data-title=\"Kommune\">").count();
    let own_names = list
        .text()
        .matches("<td data-title=\"Kommune\">Viborg")
        .count();
    assert!(names > 0 && names == own_names, "{own_names} of {names}");
}

/// Every role that a municipality gives, held in one.
fn everything_of(kommune: Kommunekode) -> Person {
    let roles = TABLE.iter().map(|rule| rule.role);
    let local = roles.filter(|role| matches!(role.rule().reach, Reach::Kommune));
    Person {
        grants: local
            .flat_map(|role| holding(role, kommune).grants)
            .collect(),
        ..holding(Role::OekonomiFinans, kommune)
    }
}

#[tokio::test]
async fn at_every_address_another_kommune_is_neither_found_nor_named() {
    let portal = portal(&[everything_of(HERE), everything_of(THERE)]);
    let (own, foreign) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    let (mut named, mut objects) = (0, 0);
    for (path, _) in PAGES.iter().copied() {
        // How to correct is the whole country's to read.
        if path.starts_with("/vejledninger") || path.starts_with("/assets") {
            continue;
        }
        let here = address(path).replace(&bilag_id(1).to_string(), &bilag_id(0).to_string());
        let mine = look(&portal, &here, &own).await;
        let theirs = look(&portal, &here, &foreign).await;
        let says =
            |answer: &Answer| std::str::from_utf8(&answer.body).is_ok_and(|t| t.contains("Viborg"));
        assert!(!says(&theirs), "{path}");
        named += usize::from(says(&mine));
        // National values are the country's; a municipality's own are tried in `omsaetning.rs`.
        if path.contains('{') && !path.starts_with("/sortiment") {
            assert_ne!(theirs.status, StatusCode::OK, "{path}");
            objects += usize::from(mine.status == StatusCode::OK);
        }
    }
    assert!(named >= 15 && objects >= 6, "{named} and {objects}");
}

#[tokio::test]
async fn another_kommunes_totals_are_neither_counted_nor_named() {
    let persons = [Kommunekode(791), Kommunekode(492), THERE];
    let persons = persons.map(|kommune| holding(Role::OekonomiFinans, kommune));
    let state = PortalState::new(
        Arc::new(Invented::day(60).heard()),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Invented(persons.as_slice().into())),
    );
    let portal = router(state);
    // The difference is Ærø's alone; the booked ones are Viborg's alone.
    let said = [
        ("24 bogførte bilag, 98.765,43 kr.", "Stemmer ikke"),
        ("Stemmer ikke", "24 bogførte"),
        ("0 bogførte bilag, 0,00 kr.", "Stemmer ikke"),
    ];
    for (number, (says, hides)) in said.into_iter().enumerate() {
        let cookie = signed_in(&portal, number).await;
        let front = look(&portal, "/", &cookie).await;
        assert!(front.text().contains(says), "{number}: {says}");
        assert!(!front.text().contains(hides), "{number}: {hides}");
        let choices = look(&portal, "/bilag", &cookie).await;
        assert_eq!(choices.text().matches("name=\"kommune\"").count(), 1);
        let named = choices.text().split("name=\"kommune\"").nth(1).unwrap();
        let named = named.split("</select>").next().unwrap();
        assert_eq!(named.matches("<option").count(), 2, "all, and one's own");
    }
}

#[tokio::test]
async fn a_form_counts_only_with_the_token_of_its_session() {
    let portal = portal(&[
        holding(Role::Drift, HERE),
        holding(Role::OekonomiFinans, HERE),
    ]);
    let (drift, other) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    let token = form_token(&look(&portal, "/roller", &drift).await);
    let foreign = form_token(&look(&portal, "/roller", &other).await);
    assert_ne!(token, foreign);
    for wrong in [&*foreign, "", "x"] {
        let answer = post(&portal, "/log-ud", &drift, &format!("token={wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let elsewhere = Request::post("/log-ud")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", &drift)
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("token={token}")));
    let answer = ask(&portal, elsewhere.unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let left = post(&portal, "/log-ud", &drift, &format!("token={token}")).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(
        look(&portal, "/roller", &drift).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        look(&portal, "/roller", &other).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_session_is_ended_by_those_who_have_a_say_over_it() {
    let portal = portal(&[
        holding(Role::AnsvarligFinans, HERE),
        holding(Role::OekonomiFinans, HERE),
        holding(Role::OekonomiFinans, THERE),
        holding(Role::Drift, HERE),
    ]);
    let mut cookies = Vec::new();
    for number in 0..4 {
        cookies.push(signed_in(&portal, number).await);
    }
    let [chief, own, foreign, drift] = <[String; 4]>::try_from(cookies).unwrap();
    let page = look(&portal, "/sessioner", &chief).await;
    let sessions = |page: &Answer| -> Vec<String> {
        let rows = page.text().split("name=\"session\" value=\"").skip(1);
        rows.map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(sessions(&page).len(), 2, "one's own municipality only");
    let all = sessions(&look(&portal, "/sessioner", &drift).await);
    assert_eq!(all.len(), 4);
    let token = form_token(&page);
    let own_ids = sessions(&page);
    for session in all.iter().filter(|id| !own_ids.contains(id)) {
        let form = format!("token={token}&session={session}");
        let answer = post(&portal, "/sessioner", &chief, &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(
        look(&portal, "/roller", &foreign).await.status,
        StatusCode::OK
    );
    let mine = page.text().split("Dig</span>").nth(1).unwrap();
    let mine = mine.split("name=\"session\" value=\"").nth(1).unwrap();
    let mine = mine.split('"').next().unwrap().to_owned();
    let other = sessions(&page).into_iter().find(|id| *id != mine).unwrap();
    let form = format!("token={token}&session={other}");
    let answer = post(&portal, "/sessioner", &chief, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(
        look(&portal, "/roller", &own).await.status,
        StatusCode::SEE_OTHER
    );
    let log = look(&portal, "/log", &drift).await;
    assert!(log.text().contains("Afsluttede en session") && log.text().contains(&other));
}
