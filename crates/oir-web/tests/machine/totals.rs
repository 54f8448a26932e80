//! Senders' control totals at their door: whoever the door lets in says what they sent, for
//! themselves only, and saying it again changes nothing.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::Scope;
use oir_domain::day::{DayKey, Origin};
use oir_domain::ids::FagsystemId;
use oir_domain::machine_key::Right;
use oir_domain::party::Cvr;
use oir_fagsystem::sample;
use oir_flow::ports::days::Days;
use oir_flow::ports::sessions::Sessions;
use serde_json::{Value, json};

use crate::house::{Answer, House, OTHER};

const PATH: &str = "/api/finans/v2/kontroltotaler";
const BILAG: [(&str, i64); 2] = [
    ("0192f0a0-0000-4000-8000-000000000001", 12_500),
    ("0192f0a0-0000-4000-8000-000000000002", 7_500),
];

fn total(sender: FagsystemId, authority: Cvr) -> Value {
    let line = |(id, oere): (&str, i64)| json!({ "BilagUUID": id, "DebetBeloeb": oere });
    json!({
        "Myndighed": authority.to_string(),
        "AfsenderSystem": sender.to_string(),
        "Dag": sample::DAY.to_string(),
        "AntalBilag": BILAG.len(),
        "DebetBeloeb": 20_000,
        "KreditBeloeb": 20_000,
        "Bilag": BILAG.map(line),
    })
}

fn own() -> Value {
    total(sample::FAGSYSTEM, sample::myndighed())
}

async fn state(house: &House, total: &Value, shown: Option<&str>) -> (Answer, Value) {
    let mut request = Request::post(PATH).header("content-type", "application/json");
    if let Some(shown) = shown {
        request = request.header("authorization", format!("Bearer {shown}"));
    }
    let body = Body::from(total.to_string());
    let answer = house.ask(request.body(body).unwrap()).await;
    let said = serde_json::from_str(&answer.text).unwrap();
    (answer, said)
}

/// Versions kept of the sample's day, and lines in the log that say so.
async fn kept(house: &House) -> (usize, usize) {
    let (all, mut versions) = (Scope::everything(), 0);
    let register = sample::register();
    for kommune in register.myndigheder().map(|m| m.kommune) {
        for fagsystem in [sample::FAGSYSTEM, OTHER] {
            let key = DayKey {
                dag: sample::DAY,
                kommune,
                fagsystem,
            };
            versions += house.store.stated(&all, key).await.unwrap().len();
        }
    }
    let log = house.store.logged(&all, None, 100).await.unwrap();
    let stated = log.iter().filter(|line| &*line.deed.what == "stated_total");
    (versions, stated.count())
}

async fn is_new_then_the_same_then_corrected(house: &House, shown: Option<&str>) {
    for (version, outcome) in [(1, "NY"), (1, "UAENDRET")] {
        let (answer, said) = state(house, &own(), shown).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(said["Dag"], sample::DAY.to_string());
        assert_eq!(
            (&said["Version"], &said["Udfald"]),
            (&version.into(), &outcome.into())
        );
    }
    assert_eq!(kept(house).await, (1, 1), "a repeat is no deed");
    let mut corrected = own();
    corrected["Bilag"][0]["DebetBeloeb"] = 12_501.into();
    corrected["DebetBeloeb"] = 20_001.into();
    let (_, said) = state(house, &corrected, shown).await;
    assert_eq!(
        (&said["Version"], &said["Udfald"]),
        (&2.into(), &"NY".into())
    );
    assert_eq!(kept(house).await, (2, 2));
    let key = DayKey {
        dag: sample::DAY,
        kommune: sample::KOMMUNE,
        fagsystem: sample::FAGSYSTEM,
    };
    let all = Scope::everything();
    let lines = house.store.stated_lines(&all, key, 1).await.unwrap();
    let found: Vec<_> = lines
        .iter()
        .map(|line| (line.bilag.to_string(), line.debet.get()))
        .collect();
    assert_eq!(found, BILAG.map(|(id, oere)| (id.to_owned(), oere)));
    let latest = house.store.stated(&all, key).await.unwrap().remove(0);
    assert_eq!((latest.origin, latest.listed), (Origin::Message, true));
}

#[tokio::test]
async fn at_an_open_door_a_total_is_kept_once() {
    let house = House::open_door().await;
    is_new_then_the_same_then_corrected(&house, None).await;
}

#[tokio::test]
async fn with_its_own_key_a_total_is_kept_once() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    is_new_then_the_same_then_corrected(&house, Some(&key)).await;
}

#[tokio::test]
async fn without_a_key_no_total_is_read() {
    let house = House::open().await;
    for shown in [None, Some("oir_x"), Some("")] {
        for total in [own(), json!({})] {
            let (answer, said) = state(&house, &total, shown).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{shown:?}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert!(said.to_string().contains("F0012"), "{said}");
        }
    }
    assert_eq!(kept(&house).await, (0, 0));
}

#[tokio::test]
async fn no_total_is_stated_for_another_or_without_the_right() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let other = house.key_of(OTHER, &[sample::KOMMUNE]).await;
    let books = house.books(&[sample::KOMMUNE]).await;
    let sends_only = house
        .key_for(sample::FAGSYSTEM, &[sample::KOMMUNE], &[Right::Send])
        .await;
    let elsewhere = total(sample::FAGSYSTEM, house.other_authority());
    let nowhere = total(sample::FAGSYSTEM, "12345674".parse().unwrap());
    for (shown, total) in [
        (&other, &own()),
        (&books, &own()),
        (&sends_only, &own()),
        (&key, &total(OTHER, sample::myndighed())),
        (&key, &elsewhere),
        (&key, &nowhere),
    ] {
        let (answer, said) = state(&house, total, Some(shown)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{total}");
        assert!(said.to_string().contains("F0013"), "{said}");
    }
    assert_eq!(kept(&house).await, (0, 0));
}

#[tokio::test]
async fn what_is_wrong_with_a_total_is_said_all_at_once() {
    let house = House::open_door().await;
    let mut wrong = own();
    wrong["AntalBilag"] = 3.into();
    wrong["DebetBeloeb"] = 20_002.into();
    wrong["Dag"] = "2099-01-04".into();
    let (answer, said) = state(&house, &wrong, None).await;
    assert!(answer.status.is_client_error(), "{}", answer.text);
    for field in ["AntalBilag", "DebetBeloeb", "Dag"] {
        assert!(said.to_string().contains(field), "{field}: {said}");
    }
    let text = Request::post(PATH).header("content-type", "text/plain");
    let answer = house
        .ask(text.body(Body::from(own().to_string())).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(kept(&house).await, (0, 0));
}
