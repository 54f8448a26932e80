//! Tokens for keys, as RFC 6749 § 4.4 and § 5 have them.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oir_fagsystem::sample;
use serde_json::Value;

use crate::house::{self, Answer, House, seconds};
use crate::{send, soap};

const FORM: &str = "application/x-www-form-urlencoded";
const GRANT: &str = "grant_type=client_credentials";

fn client_of(key: &str) -> String {
    format!("key_{}", key.split('_').nth(1).unwrap())
}

async fn token(house: &House, basic: Option<(&str, &str)>, form: &str) -> (Answer, Value) {
    let mut request = Request::post("/oauth/token").header("content-type", FORM);
    if let Some((client, secret)) = basic {
        let text = BASE64_STANDARD.encode(format!("{client}:{secret}"));
        request = request.header("authorization", format!("Basic {text}"));
    }
    let answer = house
        .ask(request.body(Body::from(form.to_owned())).unwrap())
        .await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let value = serde_json::from_str(&answer.text).unwrap();
    (answer, value)
}

#[tokio::test]
async fn a_key_gives_a_token_that_opens_for_an_hour() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let client = client_of(&key);
    let in_body = format!("{GRANT}&client_id={client}&client_secret={key}");
    let (_, posted) = token(&house, None, &in_body).await;
    let (answer, given) = token(&house, Some((&client, &key)), GRANT).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        (&given["token_type"], &given["expires_in"]),
        (&"Bearer".into(), &3600.into())
    );
    assert_eq!(
        given["scope"],
        "bilag:send bilag:read kontroltotal:state sortiment:read sortiment:edit"
    );
    assert_ne!(posted["access_token"], given["access_token"]);
    let shown = given["access_token"].as_str().unwrap();
    assert_eq!(house.ask(soap(&send(1), Some(shown))).await.status, 200);
    // Another process has never seen it, and knows it by its digest.
    let elsewhere = house.another_keyring();
    assert!(elsewhere.enter(shown, None).await.is_ok());
    house.advance(seconds(3_599));
    assert_eq!(house.ask(soap(&send(2), Some(shown))).await.status, 200);
    house.advance(seconds(1));
    assert_eq!(house.ask(soap(&send(3), Some(shown))).await.status, 401);
}

#[tokio::test]
async fn a_token_may_be_for_less_and_never_for_more() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let client = client_of(&key);
    let basic = Some((client.as_str(), key.as_str()));
    let (_, given) = token(&house, basic, &format!("{GRANT}&scope=bilag:read")).await;
    assert_eq!(given["scope"], "bilag:read");
    let shown = given["access_token"].as_str().unwrap();
    assert_eq!(house.ask(soap(&send(1), Some(shown))).await.status, 403);
    for beyond in ["kvittering:give", "bilag:send+alt", "alt"] {
        let (answer, said) = token(&house, basic, &format!("{GRANT}&scope={beyond}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{beyond}");
        assert_eq!(said["error"], "invalid_scope");
    }
    // A token is no client: it gives no other token.
    let (answer, _) = token(&house, Some((&client, shown)), GRANT).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_ends_with_its_key() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let client = client_of(&key);
    house.advance(house::LIFE_BUT_A_MINUTE);
    let (_, given) = token(&house, Some((&client, &key)), GRANT).await;
    assert_eq!(given["expires_in"], 60);
    let shown = given["access_token"].as_str().unwrap().to_owned();
    let elsewhere = house.another_keyring();
    let all = oir_domain::access::Scope::everything();
    let record = elsewhere.seen(&all).await.unwrap().remove(0);
    assert!(
        elsewhere
            .end(&house::operator(), &record, "Tabt")
            .await
            .unwrap()
    );
    house.advance(seconds(2));
    assert_eq!(house.ask(soap(&send(1), Some(&shown))).await.status, 401);
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_words_of_the_standard() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let client = client_of(&key);
    let basic = Some((client.as_str(), key.as_str()));
    let twice = format!("{GRANT}&{GRANT}");
    let both = format!("{GRANT}&client_id={client}&client_secret={key}");
    let another = format!("{GRANT}&client_id=key_0");
    let cases = [
        (basic, "", 400, "invalid_request"),
        (basic, "grant_type=password", 400, "unsupported_grant_type"),
        (
            basic,
            "grant_type=authorization_code",
            400,
            "unsupported_grant_type",
        ),
        (basic, twice.as_str(), 400, "invalid_request"),
        (basic, both.as_str(), 400, "invalid_request"),
        (basic, another.as_str(), 400, "invalid_request"),
        (None, GRANT, 401, "invalid_client"),
        (Some((client.as_str(), "x")), GRANT, 401, "invalid_client"),
        (Some(("key_0", key.as_str())), GRANT, 401, "invalid_client"),
    ];
    for (basic, form, status, error) in cases {
        let (answer, said) = token(&house, basic, form).await;
        assert_eq!(answer.status.as_u16(), status, "{form} {basic:?}");
        assert_eq!(said["error"], error, "{form}");
        assert!(said.get("access_token").is_none());
        if status == 401 {
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"oir\"");
        }
    }
    let large = Request::post("/oauth/token").header("content-type", FORM);
    let large = house
        .ask(large.body(Body::from(vec![b'a'; 20_000])).unwrap())
        .await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    let other = Request::post("/oauth/token").header("content-type", "application/json");
    let other = house.ask(other.body(Body::from("{}")).unwrap()).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_guesses_clients_waits() {
    let house = House::open().await;
    let from = std::net::Ipv4Addr::new(192, 0, 2, 9);
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let form = format!("{GRANT}&client_id=key_0&client_secret=x");
        let request = Request::post("/oauth/token").header("content-type", FORM);
        let request = request.body(Body::from(form)).unwrap();
        let answer = house.ask_from(request, from).await;
        statuses.push(answer.status.as_u16());
        assert!(answer.status != 429 || !answer.header("retry-after").is_empty());
    }
    assert_eq!(statuses.iter().filter(|s| **s == 401).count(), 10);
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn the_description_says_where_and_how() {
    let house = House::open().await;
    let request = Request::get("/.well-known/oauth-authorization-server");
    let answer = house.ask(request.body(Body::empty()).unwrap()).await;
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    assert_eq!(said["issuer"], "https://oir.example");
    assert_eq!(said["token_endpoint"], "https://oir.example/oauth/token");
    assert_eq!(said["grant_types_supported"][0], "client_credentials");
}
