//! The keys of machines on their pages, and what a machine looks up with one.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::{Person, Role};
use oir_domain::party::Kommunekode;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};

use crate::doors::{form_token, holding, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, bilag_id, register, system};
use crate::sessions::entrance;
use crate::{Answer, ask, attributes};

const HERE: Kommunekode = Kommunekode(791);
const THERE: Kommunekode = Kommunekode(751);

pub(crate) fn portal(persons: &[Person]) -> Router {
    let door = Door::Invented(persons.into());
    router(PortalState::new(
        Arc::new(Invented::day(60)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    ))
}

/// What the form for a new key carries.
fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text().split(&mark).nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// A form for a key of the first system for these municipalities.
async fn filled(portal: &Router, cookie: &str, kommuner: &[u16]) -> String {
    let page = look(portal, "/noegler/ny", cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let (token, id) = (hidden(&page, "token"), hidden(&page, "id"));
    let kommuner: Vec<String> = kommuner.iter().map(|k| format!("&kommune={k}")).collect();
    format!(
        "token={token}&id={id}&navn=KSD+i+drift&system={}&ret=bilag:send&ret=bilag:read\
         &varighed=12{}",
        system(1),
        kommuner.concat()
    )
}

/// The secret on the page that shows it, and the key's address.
fn shown(page: &Answer) -> (String, String) {
    let values = attributes(page.text(), "value");
    let secret = values.iter().find(|v| v.starts_with("oir_")).unwrap();
    let id = values.iter().find(|v| v.starts_with("key_")).unwrap();
    (secret.clone(), format!("/noegler/{id}"))
}

/// A key made on the page.
pub(crate) async fn made(portal: &Router, cookie: &str, kommuner: &[u16]) -> (String, String) {
    let form = filled(portal, cookie, kommuner).await;
    let page = post(portal, "/noegler/ny", cookie, &form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    shown(&page)
}

pub(crate) async fn with_key(portal: &Router, address: &str, key: &str) -> Answer {
    let request = Request::get(address).header("authorization", format!("Bearer {key}"));
    ask(portal, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_key_is_shown_once_and_asking_again_makes_no_other() {
    let portal = portal(&[holding(Role::ErpSystemejer, HERE)]);
    let owner = signed_in(&portal, 0).await;
    let form = filled(&portal, &owner, &[791]).await;
    let first = post(&portal, "/noegler/ny", &owner, &form).await;
    let (secret, address) = shown(&first);
    assert_eq!(first.header("cache-control"), "no-store");
    let again = post(&portal, "/noegler/ny", &owner, &form).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(again.header("location"), address);
    for page in [address.as_str(), "/noegler", "/noegler.xlsx"] {
        let page = look(&portal, page, &owner).await;
        assert_eq!(page.status, StatusCode::OK);
        let body = String::from_utf8_lossy(&page.body);
        assert!(!body.contains(&secret));
    }
    let list = look(&portal, "/noegler", &owner).await;
    assert_eq!(list.text().matches("KSD i drift").count(), 1);
    assert!(list.text().contains("Aldrig") && list.text().contains("Gyldig"));
}

#[tokio::test]
async fn what_is_missing_is_said_field_by_field_and_nothing_is_made() {
    let portal = portal(&[holding(Role::Drift, HERE)]);
    let drift = signed_in(&portal, 0).await;
    let page = look(&portal, "/noegler/ny", &drift).await;
    let carried = format!("token={}&id={}", form_token(&page), hidden(&page, "id"));
    let answer = post(&portal, "/noegler/ny", &drift, &carried).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for field in ["navn", "system", "kommune", "ret", "varighed"] {
        assert!(
            answer.text().contains(&format!("href=\"#{field}\"")),
            "{field}"
        );
    }
    let foreign = format!("{carried}&navn=x&system=books&kommune=791&ret=bilag:send&varighed=1");
    let answer = post(&portal, "/noegler/ny", &drift, &foreign).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer
            .text()
            .contains("Det valgte system kan ikke sende bilag")
    );
    assert!(
        look(&portal, "/noegler", &drift)
            .await
            .text()
            .contains("ingen nøgler endnu")
    );
}

#[tokio::test]
async fn nobody_makes_sees_or_ends_a_key_beyond_their_kommune() {
    let persons = [
        holding(Role::ErpSystemejer, HERE),
        holding(Role::ErpSystemejer, THERE),
        holding(Role::Drift, HERE),
    ];
    let portal = portal(&persons);
    let (here, there) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    let drift = signed_in(&portal, 2).await;
    let form = filled(&portal, &here, &[751]).await;
    let beyond = post(&portal, "/noegler/ny", &here, &form).await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
    let (_, own) = made(&portal, &here, &[791]).await;
    let (_, shared) = made(&portal, &drift, &[791, 751]).await;
    assert_eq!(
        look(&portal, &own, &there).await.status,
        StatusCode::NOT_FOUND
    );
    let list = look(&portal, "/noegler", &there).await;
    assert!(!list.text().contains(&own) && !list.text().contains("Viborg"));
    assert!(list.text().contains("Aarhus og 1 andre"), "{}", list.text());
    // A key that reaches further than they do is seen, and is not theirs to end.
    let page = look(&portal, &shared, &there).await;
    assert!(page.status == StatusCode::OK && !page.text().contains("/afslut"));
    let token = form_token(&look(&portal, "/roller", &there).await);
    for address in [&own, &shared] {
        for (change, form) in [
            ("afslut", "grund=x"),
            ("forny", "id=key_1&varighed=1&overlap=0"),
        ] {
            let form = format!("token={token}&{form}");
            let answer = post(&portal, &format!("{address}/{change}"), &there, &form).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address} {change}");
        }
    }
}

#[tokio::test]
async fn a_machine_looks_up_what_its_key_covers_and_nothing_else() {
    let portal = portal(&[holding(Role::Drift, HERE)]);
    let drift = signed_in(&portal, 0).await;
    let (key, address) = made(&portal, &drift, &[791]).await;
    let mut seen = [0, 0];
    for number in 0..60_u8 {
        let bilag = format!("/api/finans/v2/bilag/{}", bilag_id(number));
        let answer = with_key(&portal, &bilag, &key).await;
        let own = number % 3 == 0 && (number / 3) % 3 == 0;
        let expected = if own {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(answer.status, expected, "{number}");
        *seen.get_mut(usize::from(own)).unwrap() += 1;
    }
    assert!(seen.iter().all(|count| *count > 0));
    let list = with_key(&portal, "/api/finans/v2/bilag", &key).await;
    assert_eq!(list.text().matches("BilagUUID").count(), seen[1]);
    // A key opens no page: those are for people.
    assert_eq!(
        with_key(&portal, "/bilag", &key).await.status,
        StatusCode::SEE_OTHER
    );
    let page = look(&portal, &address, &drift).await;
    assert!(!page.text().contains("Aldrig"), "its use is noted");
    let form = format!("token={}&grund=Tabt", form_token(&page));
    let ended = post(&portal, &format!("{address}/afslut"), &drift, &form).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER);
    let shut = with_key(&portal, "/api/finans/v2/bilag", &key).await;
    assert_eq!(shut.status, StatusCode::UNAUTHORIZED);
    assert!(shut.header("www-authenticate").contains("invalid_token"));
    assert!(
        look(&portal, &address, &drift)
            .await
            .text()
            .contains("Afsluttet")
    );
}

#[tokio::test]
async fn both_keys_open_until_the_old_one_ends() {
    let portal = portal(&[holding(Role::Drift, HERE)]);
    let drift = signed_in(&portal, 0).await;
    let (old, address) = made(&portal, &drift, &[791]).await;
    let renew = async |address: &str, overlap: &str| {
        let page = look(&portal, address, &drift).await;
        let (token, id) = (form_token(&page), hidden(&page, "id"));
        let form = format!("token={token}&id={id}&varighed=12&overlap={overlap}");
        shown(&post(&portal, &format!("{address}/forny"), &drift, &form).await)
    };
    let opens = async |key: &str| {
        let answer = with_key(&portal, "/api/finans/v2/bilag", key).await;
        answer.status == StatusCode::OK
    };
    let (second, second_address) = renew(&address, "7").await;
    assert!(opens(&old).await && opens(&second).await);
    let (third, _) = renew(&second_address, "0").await;
    assert!(opens(&old).await && opens(&third).await);
}
