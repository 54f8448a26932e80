//! *Drift*: what it says, to whom, and what somebody may decide there.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use oir_domain::access::{Person, Role};
use oir_domain::party::Kommunekode;
use oir_flow::ports::sessions::deeds;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};

use crate::doors::{HERE, THERE, form_token, holding, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, register};
use crate::sessions::entrance;
use crate::{Answer, get, portal};

/// A portal for these persons, and the store behind it.
fn house(persons: &[Person]) -> (Router, Arc<Invented>) {
    let store = Arc::new(Invented::day(3));
    let door = Door::Invented(persons.into());
    let state = PortalState::new(
        Arc::clone(&store),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    );
    (router(state), store)
}

/// Drift, the owner of Viborg's ERP, one in Viborg's finance, and the owner of Aarhus' ERP.
async fn everybody() -> (Router, Arc<Invented>, [String; 4]) {
    let persons = [
        holding(Role::Drift, HERE),
        holding(Role::ErpSystemejer, HERE),
        holding(Role::OekonomiFinans, HERE),
        holding(Role::ErpSystemejer, THERE),
    ];
    let (portal, store) = house(&persons);
    let mut cookies = Vec::new();
    for number in 0..persons.len() {
        cookies.push(signed_in(&portal, number).await);
    }
    (portal, store, cookies.try_into().unwrap())
}

fn said(store: &Invented) -> Vec<(String, Option<Kommunekode>)> {
    let deeds = store.operation.deeds.lock().unwrap();
    let one = |deed: &oir_flow::ports::sessions::Deed| (deed.what.to_string(), deed.kommune);
    deeds.iter().map(one).collect()
}

async fn token(portal: &Router, cookie: &str) -> String {
    form_token(&look(portal, "/drift/pause", cookie).await)
}

#[tokio::test]
async fn the_page_looks_as_reviewed() {
    let portal = portal(13);
    insta::assert_snapshot!("drift", get(&portal, "/drift").await.snapshot());
    insta::assert_snapshot!("drift_pause", get(&portal, "/drift/pause").await.snapshot());
}

#[tokio::test]
async fn it_says_what_to_do_and_how_urgent_it_is() {
    let page = get(&portal(13), "/drift").await;
    let text = page.text();
    for words in [
        "1 forhold skal ordnes straks",
        "Aarhus: 5 kald i træk uden svar (intet svar i tide).",
        "Ring til driften af kommunens økonomisystem.",
        "KSD: 75 procent af den seneste times bilag er afvist.",
        "bog.aarhus.example udløber",
        "Seneste sikkerhedskopi: ",
        "Databasen er ikke efterregnet længe",
        "/bilag?kommune=751&#38;tilstand=venter",
        "1.234",
    ] {
        assert!(text.contains(words), "{words}");
    }
    let first = text.find("D02").unwrap();
    assert!(
        ["D04", "D08", "D09", "D14", "D17"]
            .iter()
            .all(|code| first < text.find(code).unwrap())
    );
    assert!(!text.contains("http-equiv=\"refresh\""));
    let again = get(&portal(13), "/drift?opdater=60").await;
    assert!(
        again
            .text()
            .contains("http-equiv=\"refresh\" content=\"60\"")
    );
    let never = get(&portal(13), "/drift?opdater=1").await;
    assert!(!never.text().contains("http-equiv=\"refresh\""));
}

#[tokio::test]
async fn an_owner_sees_their_own_kommune_only() {
    let (portal, _, [drift, own, _, other]) = everybody().await;
    let page = look(&portal, "/drift", &own).await;
    assert!(page.text().contains("Viborg"));
    assert!(!page.text().contains("Aarhus") && !page.text().contains("bog.aarhus.example"));
    assert!(!page.text().contains("Sikkerhedskopi") && !page.text().contains("Databasens"));
    let all = look(&portal, "/drift", &drift).await;
    assert!(all.text().contains("Aarhus") && all.text().contains("Databasens størrelse"));
    let foreign = look(&portal, "/drift/pause?kommune=791", &other).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let choices = look(&portal, "/drift/pause", &own).await;
    assert_eq!(
        choices.text().matches("<option").count(),
        2,
        "none, and one's own"
    );
    assert!(!choices.text().contains("Alle kommuner"));
    let choices = look(&portal, "/drift/pause", &drift).await;
    assert!(choices.text().contains("Alle kommuner"));
}

#[tokio::test]
async fn a_receiver_is_paused_and_resumed_by_those_who_may() {
    let (portal, store, [drift, own, finans, other]) = everybody().await;
    let form = |token: &str, kommune: &str| {
        format!("token={token}&kommune={kommune}&grund=Opdateres+610190-1234&til=2026-11-23T23:00")
    };
    let refused = post(&portal, "/drift/pause", &finans, &form("x", "791")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let foreign = form(&token(&portal, &other).await, "791");
    let refused = post(&portal, "/drift/pause", &other, &foreign).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let mine = token(&portal, &own).await;
    let all = post(&portal, "/drift/pause", &own, &form(&mine, "alle")).await;
    assert_eq!(all.status, StatusCode::NOT_FOUND);
    let forged = post(&portal, "/drift/pause", &own, &form("x", "791")).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    assert_eq!(said(&store), []);

    let done = post(&portal, "/drift/pause", &own, &form(&mine, "791")).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/drift")
    );
    let page = look(&portal, "/drift", &drift).await;
    assert!(
        page.text()
            .contains("På pause til 23. november 2026 kl. 23.00")
    );
    assert!(!page.text().contains("610190-1234"), "a person in a reason");
    let pauses = look(&portal, "/drift/pause", &own).await;
    let id = pauses
        .text()
        .split("name=\"pause\" value=\"")
        .nth(1)
        .unwrap();
    let id = id.split('"').next().unwrap();
    let theirs = format!("token={}&pause={id}", token(&portal, &other).await);
    let refused = post(&portal, "/drift/pause", &other, &theirs).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let done = post(
        &portal,
        "/drift/pause",
        &own,
        &format!("token={mine}&pause={id}"),
    )
    .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = look(&portal, "/drift", &drift).await;
    assert!(!page.text().contains("På pause til"));
    let here = Some(HERE);
    let expected = [
        (deeds::PAUSED.to_owned(), here),
        (deeds::RESUMED.to_owned(), here),
    ];
    assert_eq!(said(&store), expected);
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_kept() {
    let (portal, store, [drift, ..]) = everybody().await;
    let token = token(&portal, &drift).await;
    let wrong = format!("token={token}&kommune=791&grund=+&til=2020-01-01T00:00");
    let answer = post(&portal, "/drift/pause", &drift, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("Tidspunktet er allerede passeret"));
    assert!(answer.text().contains("value=\"2020-01-01T00:00\""));
    let wrong = format!("token={token}&kommune=&fra=x&til=&tekst=%3Cb%3E");
    let answer = post(&portal, "/drift/stop", &drift, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("Skriv dato og klokkeslæt"));
    assert!(answer.text().contains("&#60;b&#62;") && !answer.text().contains("<b>"));
    let long = "x".repeat(301);
    let wrong = format!("token={token}&kommune=791&grund={long}");
    let answer = post(&portal, "/drift/pause", &drift, &wrong).await;
    assert!(answer.text().contains("Skriv højst 300 tegn"));
    assert_eq!(said(&store), []);
}

#[tokio::test]
async fn a_stop_is_told_above_every_page_of_those_it_concerns() {
    let (portal, store, [drift, own, finans, other]) = everybody().await;
    let token = token(&portal, &drift).await;
    let form = format!(
        "token={token}&kommune=791&fra=2026-11-24T01:00&til=2026-11-24T03:00&tekst=Ny+version&pause=ja"
    );
    let done = post(&portal, "/drift/stop", &drift, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let words = "Økonomisystemet i Viborg stopper 24.11.2026 01.00–24.11.2026 03.00";
    let tells = async |cookie: &str, address: &str| -> bool {
        let page: Answer = look(&portal, address, cookie).await;
        page.text().contains(words) && page.text().contains("Ny version")
    };
    for address in ["/", "/bilag", "/roller"] {
        assert!(tells(&finans, address).await, "{address}");
        assert!(!tells(&other, address).await, "{address}");
    }
    assert!(!get(&portal, "/log-ind").await.text().contains(words));
    let page = look(&portal, "/drift", &own).await;
    assert!(page.text().contains("Sættes på pause") && page.text().contains("Varslet"));
    let off = page.text().split("/drift/stop?aflys=").nth(1).unwrap();
    let id = off.split('"').next().unwrap().to_owned();
    let foreign = look(&portal, &format!("/drift/stop?aflys={id}"), &other).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let ask = look(&portal, &format!("/drift/stop?aflys={id}"), &own).await;
    let form = format!("token={}&aflys={id}", form_token(&ask));
    let done = post(&portal, "/drift/stop", &own, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(!tells(&finans, "/bilag").await);
    let words: Vec<String> = said(&store).into_iter().map(|(what, _)| what).collect();
    assert_eq!(words, [deeds::ANNOUNCED_STOP, deeds::CANCELLED_STOP]);
}

#[tokio::test]
async fn the_whole_services_stop_is_told_before_one_is_in() {
    let (portal, _, [drift, ..]) = everybody().await;
    let token = token(&portal, &drift).await;
    let form = format!(
        "token={token}&kommune=alle&fra=2026-11-23T14:00&til=2026-11-24T03:00&tekst=Ny+version"
    );
    let done = post(&portal, "/drift/stop", &drift, &form).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = get(&portal, "/log-ind").await;
    assert!(page.text().contains("ØiR er stoppet til 24.11.2026 03.00"));
}

#[tokio::test]
async fn the_tables_come_as_a_workbook() {
    let answer = get(&portal(13), "/drift.xlsx").await;
    assert_eq!(answer.status, StatusCode::OK);
    let name = answer.header("content-disposition");
    assert_eq!(name, "attachment; filename=\"drift-2026-11-23-1505.xlsx\"");
    assert!(answer.body.starts_with(b"PK"));
}
