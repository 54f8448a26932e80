//! Machines at the door: the service through its router, over a hub on an SQLite file. What
//! no key covers is neither done nor kept.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod house;
mod oauth;
mod sortiment;
mod tables;
mod totals;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::Scope;
use oir_domain::ids::{FagsystemId, TransaktionsId};
use oir_domain::machine_key::Right;
use oir_domain::party::Cvr;
use oir_fagsystem::sample;
use oir_flow::ports::sessions::Sessions;
use oir_flow::ports::views::{BilagFilter, Views};
use oir_wire::finans::message::{
    Call, Delivery, KontroltotalQuery, KvitteringQuery, StatusOf, StatusQuery,
};
use oir_wire::finans::{SERVICE_PATH, SoapVersion, write};
use uuid::Uuid;

use house::{Answer, House, OTHER, seconds};

/// A call as SOAP 1.1 with what is shown at the door.
pub(crate) fn soap(call: &Call, shown: Option<&str>) -> Request<Body> {
    let id = match call {
        Call::Modtag(afsendelse) => afsendelse.transaktions_id,
        _ => TransaktionsId::from_uuid(Uuid::from_u128(0x7000)),
    };
    let body = write::call(SoapVersion::V11, id, call);
    raw(body, shown)
}

fn raw(body: Vec<u8>, shown: Option<&str>) -> Request<Body> {
    let mut request = Request::post(SERVICE_PATH).header("content-type", "text/xml");
    if let Some(shown) = shown {
        request = request.header("authorization", format!("Bearer {shown}"));
    }
    request.body(Body::from(body)).unwrap()
}

fn send(n: u64) -> Call {
    Call::Modtag(Box::new(sample::bundle(n, 3)))
}

async fn kept(house: &House) -> usize {
    let all = Scope::everything();
    let filter = BilagFilter::default();
    let lines = house.store.list(&all, &filter, None, 100).await.unwrap();
    let day = jiff::tz::TimeZone::UTC.to_datetime(house.now()).date();
    let broken = house.store.unreadable(&all, day).await.unwrap();
    lines.len() + broken.len()
}

#[tokio::test]
async fn without_a_key_nothing_is_read_and_nothing_kept() {
    let house = House::open().await;
    for shown in [None, Some("oir_x"), Some(""), Some("oat_0_0")] {
        let answer = house.ask(soap(&send(1), shown)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{shown:?}");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Bearer realm=")
        );
        assert!(answer.text.contains("F0012") && answer.text.contains("Fault"));
        let json = Request::post("/api/finans/v2/ModtagFinansbilag")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", shown.unwrap_or("")));
        let answer = house.ask(json.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.text.contains("F0012"));
    }
    assert_eq!(kept(&house).await, 0);
    let wsdl = Request::get(format!("{SERVICE_PATH}?wsdl"));
    let wsdl = house.ask(wsdl.body(Body::empty()).unwrap()).await;
    assert_eq!(wsdl.status, StatusCode::OK, "the contract is no secret");
}

#[tokio::test]
async fn a_key_sends_what_it_covers() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let answer = house.ask(soap(&send(1), Some(&key))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(kept(&house).await, 3);
}

#[tokio::test]
async fn no_bundle_passes_for_another_sender_or_authority() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let foreign = |change: fn(&House, &mut oir_domain::finans::Afsendelse)| {
        let mut afsendelse = sample::bundle(1, 3);
        change(&house, &mut afsendelse);
        Call::Modtag(Box::new(afsendelse))
    };
    let calls = [
        foreign(|_, a| a.afsender_system = OTHER),
        foreign(|house, a| a.myndighed = house.other_authority()),
        foreign(|_, a| a.myndighed = "12345674".parse().unwrap()),
    ];
    for call in calls {
        let answer = house.ask(soap(&call, Some(&key))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert!(answer.text.contains("F0013"));
    }
    // Nor does one that cannot be read, laid at another's door.
    let text = String::from_utf8(write::call(
        SoapVersion::V11,
        sample::bundle(2, 3).transaktions_id,
        &foreign(|house, a| a.myndighed = house.other_authority()),
    ));
    let text = text.unwrap();
    let broken = text.replacen("DKK", "?<x/>", 1);
    assert_ne!(broken, text);
    let answer = house.ask(raw(broken.into_bytes(), Some(&key))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
    assert_eq!(kept(&house).await, 0);
}

fn questions(sender: Option<FagsystemId>, myndighed: Cvr) -> Vec<(Call, Right)> {
    let afsendelse = sample::bundle(1, 3);
    let bilag = afsendelse.bilag.iter().map(|b| b.bilag_uuid).collect();
    let status = |of| StatusQuery {
        myndighed,
        afsender_system: sender,
        of,
    };
    let mut calls = vec![
        (
            Call::HentStatus(status(StatusOf::Bilag(bilag))),
            Right::LookUp,
        ),
        (
            Call::HentKontroltotal(KontroltotalQuery {
                myndighed,
                fra: sample::DAY,
                til: sample::DAY,
                afsender_system: sender,
            }),
            Right::LookUp,
        ),
    ];
    if let Some(afsender_system) = sender {
        let of = KvitteringQuery {
            myndighed,
            afsender_system,
            transaktions_id: afsendelse.transaktions_id,
        };
        calls.push((Call::HentKvittering(of), Right::LookUp));
        let of = StatusOf::Message(afsendelse.transaktions_id);
        calls.push((Call::HentStatus(status(of)), Right::LookUp));
    }
    calls
}

#[tokio::test]
async fn receipts_and_status_are_ones_own() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    house.ask(soap(&send(1), Some(&key))).await;
    let (own, here) = (sample::FAGSYSTEM, sample::myndighed());
    for (call, _) in questions(Some(own), here) {
        let answer = house.ask(soap(&call, Some(&key))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    for (sender, at) in [(OTHER, here), (own, house.other_authority())] {
        for (call, _) in questions(Some(sender), at) {
            let answer = house.ask(soap(&call, Some(&key))).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{call:?}");
        }
    }
    // Who names no sender asks about their own: another's bilag are not known.
    let other = house.key_of(OTHER, &[sample::KOMMUNE]).await;
    for (key, known) in [(&key, 0), (&other, 3)] {
        let asked = questions(None, here).swap_remove(0).0;
        let answer = house.ask(soap(&asked, Some(key))).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.text.matches("UKENDT").count(),
            known,
            "{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn only_the_books_give_receipts_and_they_send_nothing() {
    let house = House::open().await;
    let (sender, books) = (
        house.sender(&[sample::KOMMUNE]).await,
        house.books(&[sample::KOMMUNE]).await,
    );
    let refused = house.ask(soap(&send(1), Some(&books))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let delivery = |myndighed| {
        Call::Aflever(Delivery {
            myndighed,
            bilag: vec![oir_wire::finans::message::Bilagskvittering::of(
                sample::bilag(1).bilag_uuid,
                "x".to_owned(),
                oir_wire::finans::message::ForretningsKode::Modtaget,
                None,
                &[],
            )],
        })
    };
    let here = delivery(sample::myndighed());
    let status = |answer: Answer| answer.status;
    assert_eq!(status(house.ask(soap(&here, Some(&sender))).await), 403);
    assert_eq!(status(house.ask(soap(&here, Some(&books))).await), 200);
    let there = delivery(house.other_authority());
    assert_eq!(status(house.ask(soap(&there, Some(&books))).await), 403);
}

#[tokio::test]
async fn a_key_that_is_ended_opens_nothing_two_seconds_later_in_another_process() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    assert_eq!(house.ask(soap(&send(1), Some(&key))).await.status, 200);
    let elsewhere = house.another_keyring();
    let record = elsewhere
        .seen(&Scope::everything())
        .await
        .unwrap()
        .remove(0);
    assert!(
        elsewhere
            .end(&house::operator(), &record, "Tabt")
            .await
            .unwrap()
    );
    house.advance(seconds(2));
    let answer = house.ask(soap(&send(2), Some(&key))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let log = house.store.logged(&Scope::everything(), None, 10).await;
    let words: Vec<String> = log
        .unwrap()
        .iter()
        .map(|l| l.deed.what.to_string())
        .collect();
    assert_eq!(words, ["ended_key", "made_key"]);
}

#[tokio::test]
async fn a_key_opens_nothing_before_or_after_its_time() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    house.advance(house::LIFE - seconds(1));
    assert_eq!(house.ask(soap(&send(1), Some(&key))).await.status, 200);
    house.advance(seconds(1));
    assert_eq!(house.ask(soap(&send(2), Some(&key))).await.status, 401);
}

#[tokio::test]
async fn when_nobody_can_say_whether_a_key_holds_nobody_comes_in() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    assert_eq!(house.ask(soap(&send(1), Some(&key))).await.status, 200);
    house.keys_away(true);
    house.advance(seconds(2));
    let answer = house.ask(soap(&send(2), Some(&key))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text.contains("F0902") && !answer.header("retry-after").is_empty());
    house.keys_away(false);
    assert_eq!(house.ask(soap(&send(2), Some(&key))).await.status, 200);
}

#[tokio::test]
async fn who_guesses_one_key_waits_and_its_owner_does_not() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    // The right id with another secret, from ever new addresses: counted by the key.
    let id = key.split('_').nth(1).unwrap();
    let id = format!("key_{id}").parse().unwrap();
    let mut last = StatusCode::OK;
    for guess in 0..12_u8 {
        let wrong = oir_domain::machine_key::key_text(id, [guess; 32]);
        let from = std::net::Ipv4Addr::new(192, 0, 2, guess);
        last = house
            .ask_from(soap(&send(1), Some(&wrong)), from)
            .await
            .status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let from = std::net::Ipv4Addr::new(192, 0, 2, 1);
    let answer = house.ask_from(soap(&send(1), Some(&key)), from).await;
    assert_eq!(answer.status, StatusCode::OK);
    let log = house
        .store
        .logged(&Scope::everything(), None, 10)
        .await
        .unwrap();
    let told = log.iter().filter(|line| &*line.deed.what == "guessing");
    assert_eq!(told.count(), 1);
}
