//! The portal through its router: every page as a reviewed snapshot, every link followed,
//! every guard in place. No socket, no database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod bundles;
mod days;
mod doors;
mod drift;
mod find;
mod guides;
mod invented;
mod keys;
mod kontoplan;
mod looks;
mod omsaetning;
mod sessions;
mod waiting;
mod work;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use invented::{Invented, StoppedClock, WORDS, bilag_id, register, unreadable_id};
use oir_flow::ports::StoreFailure;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};
use sessions::entrance;
use tower::ServiceExt;

/// A page as it was answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The page without the digests of its files, which change with every style change.
    fn snapshot(&self) -> String {
        let mut parts = self.text().split("?v=");
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            text.push_str(part.get(16..).unwrap());
        }
        text
    }
}

fn portal(bilag: u8) -> Router {
    let views = Arc::new(Invented::day(bilag));
    router(PortalState::new(
        views,
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Operator),
    ))
}

async fn ask(portal: &Router, request: Request<Body>) -> Answer {
    let response = portal.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

async fn get(portal: &Router, address: &str) -> Answer {
    ask(portal, Request::get(address).body(Body::empty()).unwrap()).await
}

/// What stands in `name="…"` anywhere on a page, as an address.
fn attributes(page: &str, name: &str) -> Vec<String> {
    page.split(&format!(" {name}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"))
        .collect()
}

#[tokio::test]
async fn pages_look_as_reviewed() {
    let portal = portal(13);
    let pages = [
        ("front", "/".to_owned()),
        ("front_of_an_empty_day", "/?dag=2026-11-01".to_owned()),
        ("front_of_no_day", "/?dag=i+dag".to_owned()),
        ("list", "/bilag?tilstand=kraever_handling".to_owned()),
        ("list_with_nothing", "/bilag?q=findes+ikke".to_owned()),
        (
            "list_with_faults",
            "/bilag?fra=x&beloeb_til=abc&q=610190-1234".to_owned(),
        ),
        (
            "bilag_rejected_and_corrected",
            format!("/bilag/{}", bilag_id(1)),
        ),
        (
            "bilag_booked_and_correcting",
            format!("/bilag/{}", bilag_id(4)),
        ),
        ("bilag_held", format!("/bilag/{}", bilag_id(3))),
        ("bilag_refused", format!("/bilag/{}", bilag_id(6))),
        ("bilag_uncertain", format!("/bilag/{}", bilag_id(7))),
        (
            "message_unreadable",
            format!("/afsendelser/{}", unreadable_id()),
        ),
        ("days", "/afstemning".to_owned()),
        ("days_with_nothing", "/afstemning?maaned=2025-01".to_owned()),
        (
            "day",
            format!("/afstemning/791/{}/2026-11-23", invented::system(1)),
        ),
        ("trends", "/udvikling".to_owned()),
        ("work_of_operation", "/fejl".to_owned()),
        ("work_of_finance", "/fejl?omraade=oekonomi".to_owned()),
        ("work_item", format!("/fejl/bilag/{}", bilag_id(3))),
        ("not_found", "/nowhere".to_owned()),
    ];
    for (name, address) in pages {
        insta::assert_snapshot!(name, get(&portal, &address).await.snapshot());
    }
}

#[tokio::test]
async fn an_empty_hub_says_what_to_do_next() {
    let portal = portal(0);
    insta::assert_snapshot!(
        "list_of_an_empty_hub",
        get(&portal, "/bilag").await.snapshot()
    );
    let front = get(&portal, "/?dag=2026-01-01").await;
    assert!(front.text().contains("oir send FIL --to ADRESSE"));
}

#[tokio::test]
async fn a_difference_with_the_books_is_shown() {
    let portal = router(PortalState::new(
        Arc::new(Invented::day(13).heard()),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Operator),
    ));
    let front = get(&portal, "/").await;
    assert!(front.text().contains("Stemmer ikke"));
    assert!(front.text().contains("3 bilag, 12.345,00 kr."));
    assert!(front.text().contains("<td class=\"figure\">100,00</td>"));
}

#[tokio::test]
async fn every_link_and_file_leads_somewhere_and_no_person_is_shown() {
    let portal = portal(60);
    let mut known = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    while let Some(address) = waiting.pop() {
        let answer = get(&portal, &address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        let page = answer.text();
        for person in ["6101901234", "610190-1234"] {
            assert!(!page.contains(person), "{address}");
        }
        assert!(
            !page.contains(" style=") && !page.contains("<style"),
            "{address}"
        );
        assert!(
            !page.contains("<script>") && !page.contains(" onclick"),
            "{address}"
        );
        let links = attributes(page, "href")
            .into_iter()
            .chain(attributes(page, "src"));
        for link in links {
            let link = link.split('#').next().unwrap().to_owned();
            // The service is the other half of this room; days go back for ever.
            let ours = link.starts_with('/') && !link.starts_with("/service/");
            let older = link.starts_with("/?dag=") && link != "/?dag=2026-11-22"
                || link.starts_with("/afstemning?") && !link.contains("maaned=2026-1");
            if ours && !older && known.insert(link.clone()) {
                waiting.push(link);
            }
        }
    }
    assert!(known.len() > 200, "{}", known.len());
}

#[tokio::test]
async fn a_person_in_the_books_words_is_masked_in_a_look_up_too() {
    let portal = portal(13);
    let mut masked = 0;
    for number in 0..13 {
        let address = format!("/api/finans/v2/bilag/{}", bilag_id(number));
        let answer = get(&portal, &address).await;
        assert_eq!(answer.status, StatusCode::OK, "{address}");
        for person in ["6101901234", "610190-1234"] {
            assert!(!answer.text().contains(person), "{address}");
        }
        let (in_fault, in_event) = ("person 610190****", "\"610190-****\"");
        let both = answer.text().contains(in_fault) && answer.text().contains(in_event);
        masked += usize::from(both);
    }
    assert!(masked > 0, "nobody was there to be masked");
}

#[tokio::test]
async fn pages_of_the_list_hold_every_bilag_once_and_lead_back() {
    let portal = portal(130);
    let mut address = "/bilag".to_owned();
    let mut way = Vec::new();
    let mut seen = BTreeSet::new();
    let last = loop {
        let answer = get(&portal, &address).await;
        for bilag in attributes(answer.text(), "href") {
            if bilag.starts_with("/bilag/bil_") {
                assert!(seen.insert(bilag));
            }
        }
        way.push(address);
        let next = answer.text().split("rel=\"next\"").next().unwrap();
        if next.len() == answer.text().len() {
            break answer;
        }
        address = attributes(next, "href").pop().unwrap();
    };
    assert_eq!((seen.len(), way.len()), (130, 3));
    let before = last.text().split(" rel=\"prev\"").next().unwrap();
    assert_eq!(attributes(before, "href").pop(), way.get(1).cloned());
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let portal = portal(2);
    let bilag = format!("/bilag/{}", bilag_id(1));
    for address in [
        "/",
        "/bilag",
        &bilag,
        "/nowhere",
        "/bilag.xlsx",
        "/assets/x",
    ] {
        let answer = get(&portal, address).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';"), "{address}");
        assert!(!policy.contains("unsafe"), "{address}");
        assert_eq!(
            answer.header("x-content-type-options"),
            "nosniff",
            "{address}"
        );
        assert_eq!(answer.header("cache-control"), "no-store", "{address}");
    }
}

#[tokio::test]
async fn files_are_kept_for_ever_by_their_digest() {
    let portal = portal(1);
    let front = get(&portal, "/").await;
    let style = attributes(front.text(), "href")
        .into_iter()
        .find(|link| link.contains("dkfds.min.css"))
        .unwrap();
    let named = get(&portal, &style).await;
    assert_eq!(named.header("content-type"), "text/css; charset=utf-8");
    assert!(named.header("cache-control").contains("immutable"));

    let font = "/assets/fonts/IBMPlexSans/complete/woff2/IBMPlexSans-Regular.woff2";
    let unnamed = get(&portal, font).await;
    assert_eq!(unnamed.header("content-type"), "font/woff2");
    assert_eq!(unnamed.header("cache-control"), "public, max-age=3600");
    let again = Request::get(font)
        .header("if-none-match", unnamed.header("etag"))
        .body(Body::empty())
        .unwrap();
    let again = ask(&portal, again).await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(
        get(&portal, "/assets/../Cargo.toml").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn failures_are_pages_with_the_right_status() {
    let portal = portal(2);
    let check = async |address: &str, status: u16, words: &str| {
        let answer = get(&portal, address).await;
        assert_eq!(answer.status.as_u16(), status, "{address}");
        assert!(answer.text().contains(words), "{address}");
    };
    check("/bilag/bil_0", 404, "Siden findes ikke").await;
    check(
        &format!("/bilag/{}", bilag_id(99)),
        404,
        "Siden findes ikke",
    )
    .await;
    check("/afsendelser/x", 404, "Siden findes ikke").await;
    check("/bilag?efter=nonsense", 400, "Adressen kan ikke læses").await;
    check("/bilag?q=a&q=b", 400, "Adressen kan ikke læses").await;
    check("/bilag?kommune=abc", 400, "Vælg en kommune på listen").await;
    check("/bilag.xlsx?fra=x", 400, "Adressen kan ikke læses").await;
    check("/?dag=x", 400, "Skriv en dato").await;
    let post = Request::post("/bilag").body(Body::empty()).unwrap();
    let answer = ask(&portal, post).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn a_store_in_trouble_is_a_page_without_its_secrets() {
    let cases = [
        (StoreFailure::Unavailable("secret".into()), 503),
        (StoreFailure::Full("secret".into()), 503),
        (StoreFailure::Broken("secret".into()), 500),
    ];
    for (failure, status) in cases {
        let views = Arc::new(Invented::away(failure));
        let portal = router(PortalState::new(
            views,
            register(),
            Arc::new(StoppedClock),
            WORDS,
            entrance(Door::Operator),
        ));
        for address in ["/", "/bilag", "/bilag.xlsx"] {
            let answer = get(&portal, address).await;
            assert_eq!(answer.status.as_u16(), status, "{address}");
            assert!(!answer.text().contains("secret"), "{address}");
            assert_eq!(answer.header("retry-after").is_empty(), status == 500);
        }
    }
}

#[tokio::test]
async fn the_list_comes_as_a_workbook() {
    let portal = portal(13);
    let answer = get(&portal, "/bilag.xlsx?tilstand=afvist").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer
            .header("content-type")
            .ends_with("spreadsheetml.sheet")
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"bilag-2026-11-23-1505.xlsx\""
    );
    assert!(answer.body.starts_with(b"PK"));
}

#[tokio::test]
async fn a_page_may_be_asked_for_by_its_head() {
    let portal = portal(1);
    let request = Request::builder().method(Method::HEAD).uri("/bilag");
    let answer = ask(&portal, request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}
