//! Finding: what the list says of how far it looked, files of it, and kept searches.
#![expect(clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::{Grant, Person, Role};
use oir_domain::party::Kommunekode;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};
use tower::ServiceExt;

use crate::invented::find::{HOW_MANY, MANY, RARE};
use crate::invented::{Invented, StoppedClock, WORDS, register};
use crate::sessions::entrance;
use crate::{Answer, ask, attributes, get, portal};

fn person(name: &str, role: Role) -> Person {
    Person {
        subject: name.into(),
        navn: name.into(),
        grants: vec![Grant::try_new(role, Some(Kommunekode(791)), None).unwrap()],
    }
}

/// A portal with so many bilag, and the cookies of two persons of finance.
async fn two_persons(bilag: u8) -> (Router, [String; 2]) {
    let drift = Grant::try_new(Role::Drift, None, None).unwrap();
    let mut persons = ["a", "b"].map(|name| person(name, Role::OekonomiFinans));
    persons[0].grants.push(drift);
    let portal = router(PortalState::new(
        Arc::new(Invented::day(bilag)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Invented(persons.into())),
    ));
    let mut cookies = [String::new(), String::new()];
    for (number, cookie) in cookies.iter_mut().enumerate() {
        let form = format!("person={number}&til=/bilag");
        let entered = post(&portal, "/log-ind", "", &form).await;
        let set = entered.header("set-cookie");
        set.split(';').next().unwrap().clone_into(cookie);
    }
    (portal, cookies)
}

async fn post(portal: &Router, address: &str, cookie: &str, form: &str) -> Answer {
    let request = Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie);
    ask(portal, request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn look(portal: &Router, address: &str, cookie: &str) -> Answer {
    let request = Request::get(address).header("cookie", cookie);
    ask(portal, request.body(Body::empty()).unwrap()).await
}

fn token(page: &Answer) -> String {
    let rest = page.text().split("name=\"token\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn pages_of_finding_look_as_reviewed() {
    let all = portal(13);
    let far = format!("/bilag?q={}", RARE.replace(' ', "%20"));
    insta::assert_snapshot!("list_stopped", get(&all, &far).await.snapshot());
    let (portal, [own, _]) = two_persons(13).await;
    let new = look(&portal, "/visninger?tilstand=afvist", &own).await;
    insta::assert_snapshot!("saved_new", new.snapshot());
}

#[tokio::test]
async fn a_search_that_stopped_says_so_and_goes_on() {
    let portal = portal(13);
    let page = get(&portal, "/bilag?q=langt+tilbage").await;
    assert!(
        page.text()
            .contains("søgt tilbage til 3. marts 2026 kl. 10.02")
    );
    assert!(!page.text().contains("Ingen bilag fundet"));
    let before = page.text().split(" rel=\"next\"").next().unwrap();
    let next = attributes(before, "href").pop().unwrap();
    let next = get(&portal, &next).await;
    assert!(next.text().contains("Ingen bilag fundet"));
}

#[tokio::test]
async fn the_list_says_how_many_there_are_where_it_knows() {
    let portal = portal(60);
    assert!(
        get(&portal, "/bilag")
            .await
            .text()
            .contains("<p>60 bilag</p>")
    );
    let some = get(&portal, "/bilag?tilstand=afvist").await;
    assert!(some.text().contains("<p>5 bilag</p>"));
}

#[tokio::test]
async fn a_person_typed_anywhere_is_neither_looked_for_nor_shown() {
    let portal = portal(13);
    for field in ["q", "sag", "konto", "sortiment"] {
        for typed in ["610190-1234", "6101901234", "navn%206101901234"] {
            let page = get(&portal, &format!("/bilag?{field}={typed}")).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{field}");
            assert!(
                page.text().contains("Brug opslaget på en person"),
                "{field}"
            );
            assert!(!page.text().contains("1901234") && !page.text().contains("190-1234"));
            for file in ["xlsx", "csv"] {
                let file = get(&portal, &format!("/bilag.{file}?{field}={typed}")).await;
                assert_eq!(file.status, StatusCode::BAD_REQUEST, "{field}");
            }
            let kept = get(&portal, &format!("/visninger?{field}={typed}")).await;
            assert_eq!(kept.status, StatusCode::BAD_REQUEST, "{field}");
        }
    }
}

#[tokio::test]
async fn hostile_words_come_back_as_words() {
    let portal = portal(13);
    for typed in [
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%22%20autofocus%20onfocus=x",
        "%27;drop%20table%20bilag;--",
        "%25_%5C",
        "%00",
        &"x".repeat(5_000),
    ] {
        for field in ["q", "sag", "konto", "sortiment"] {
            let page = get(&portal, &format!("/bilag?{field}={typed}")).await;
            let status = page.status.as_u16();
            assert!(
                status == 200 || status == 400,
                "{field}={typed:.40}: {status}"
            );
            assert!(!page.text().contains("<script>alert"), "{field}");
            assert!(!page.text().contains("\" autofocus"), "{field}");
        }
    }
}

#[tokio::test]
async fn the_list_comes_as_csv_in_danish_form() {
    let portal = portal(60);
    let answer = get(&portal, "/bilag.csv?tilstand=afvist").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"bilag-2026-11-23-1505.csv\""
    );
    let text = answer.text().strip_prefix('\u{feff}').unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(lines.len(), 1 + 5 + 1, "{text}");
    assert!(lines[0].starts_with("Modtaget;Kommune;Fagsystem;Afsenders bilagsnummer;Tekst;"));
    assert!(lines[5].starts_with("23.11.2026 07:02;"), "{}", lines[5]);
    assert!(
        lines[5].contains(";23.11.2026;2222,15;2;Afvist;"),
        "{}",
        lines[5]
    );
    let none = get(&portal, "/bilag.csv?q=findes+ikke").await;
    assert_eq!(none.text().split("\r\n").count(), 2, "the headings alone");
}

#[tokio::test]
async fn what_is_taken_out_is_logged_with_what_was_asked_for() {
    let (portal, [own, _]) = two_persons(13).await;
    for file in ["/bilag.csv?tilstand=afvist", "/bilag.xlsx?q=uge"] {
        assert_eq!(look(&portal, file, &own).await.status, StatusCode::OK);
    }
    let log = look(&portal, "/log", &own).await;
    assert!(log.text().contains("bilag.csv: tilstand=afvist"));
    assert!(log.text().contains("bilag.xlsx: q=uge"));
}

#[tokio::test]
async fn a_job_that_is_nobodys_is_not_there() {
    let (portal, [own, _]) = two_persons(2).await;
    for address in ["/eksport/1", "/eksport/x", "/eksport/1/fil", "/eksport/-1"] {
        assert_eq!(
            look(&portal, address, &own).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

/// What the form that keeps a search sends.
fn keep(token: &str, navn: &str, filter: &str) -> String {
    format!("token={token}&handling=gem&navn={navn}&filter={filter}")
}

#[tokio::test]
async fn a_search_is_kept_and_used_by_its_person_alone() {
    let (portal, [own, other]) = two_persons(13).await;
    let list = look(&portal, "/bilag?tilstand=afvist", &own).await;
    let way = "href=\"/visninger?tilstand=afvist\">Gem søgningen";
    assert!(list.text().contains(way));
    let token = token(&look(&portal, "/visninger?tilstand=afvist", &own).await);
    let form = keep(&token, "Mine%20%3Cb%3E", "tilstand%3Dafvist");
    let kept = post(&portal, "/visninger", &own, &form).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    assert_eq!(kept.header("location"), "/bilag?tilstand=afvist");
    let list = look(&portal, "/bilag?tilstand=afvist", &own).await;
    let current = "aria-current=\"true\">Mine &#60;b&#62;</a>";
    assert!(list.text().contains(current));
    assert!(!list.text().contains("Gem søgningen"), "it is kept already");
    let theirs = look(&portal, "/bilag?tilstand=afvist", &other).await;
    assert!(!theirs.text().contains("Mine &#60;b&#62;"));
}

#[tokio::test]
async fn a_search_that_cannot_be_kept_says_why() {
    let (portal, [own, _]) = two_persons(13).await;
    let token = token(&look(&portal, "/roller", &own).await);
    let form = keep(&token, "Mine", "tilstand%3Dafvist");
    let kept = post(&portal, "/visninger", &own, &form).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let twice = keep(&token, "Mine", "konto%3D5");
    let twice = post(&portal, "/visninger", &own, &twice).await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let said = "Du har allerede en søgning med det navn";
    assert!(twice.text().contains(said));
    for filter in ["", "fra%3Dx", "q%3D6101901234", "%20%22"] {
        let form = keep(&token, "x", filter);
        let refused = post(&portal, "/visninger", &own, &form).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{filter}");
    }
    for navn in ["", "%20", &"x".repeat(61), "6101901234"] {
        let form = keep(&token, navn, "konto%3D5");
        let refused = post(&portal, "/visninger", &own, &form).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{navn}");
        assert!(!refused.text().contains("6101901234"));
    }
}

#[tokio::test]
async fn a_search_is_renamed_and_forgotten_by_its_person_alone() {
    let (portal, [own, other]) = two_persons(13).await;
    let token = token(&look(&portal, "/roller", &own).await);
    let form = keep(&token, "Mine", "tilstand%3Dafvist");
    post(&portal, "/visninger", &own, &form).await;
    let page = look(&portal, "/visninger", &own).await;
    let parts: Vec<&str> = page.text().split("name=\"visning\" value=\"").collect();
    let id = parts[1].split('"').next().unwrap().to_owned();
    let rename = format!("token={token}&handling=omdoeb&visning={id}&navn=Nyt");
    let their_token = self::token(&look(&portal, "/roller", &other).await);
    let foreign = rename.replace(&token, &their_token);
    let sent =
        async |cookie: &str, form: &str| post(&portal, "/visninger", cookie, form).await.status;
    assert_eq!(sent(&other, &foreign).await, StatusCode::NOT_FOUND);
    assert_eq!(sent(&other, &rename).await, StatusCode::BAD_REQUEST);
    assert_eq!(sent(&own, &rename).await, StatusCode::SEE_OTHER);
    let page = look(&portal, "/visninger", &own).await;
    assert!(page.text().contains("Nyt</a>"));
    let forget = format!("token={token}&handling=glem&visning={id}");
    assert_eq!(sent(&own, &forget).await, StatusCode::SEE_OTHER);
    let page = look(&portal, "/visninger", &own).await;
    assert!(page.text().contains("Du har ingen gemte søgninger"));
}

/// The page of a job when it is no longer growing.
async fn ended(portal: &Router, address: &str, cookie: &str) -> Answer {
    loop {
        let page = look(portal, address, cookie).await;
        assert_eq!(page.status, StatusCode::OK);
        let growing = page.text().contains("Regnearket skrives.");
        assert_eq!(page.header("refresh"), if growing { "2" } else { "" });
        if !growing {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_long_workbook_has_a_page_and_then_a_file() {
    let (portal, [own, other]) = two_persons(13).await;
    let address = format!("/bilag.xlsx?q={MANY}");
    let begun = look(&portal, &address, &own).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let job = begun.header("location").to_owned();
    assert!(job.starts_with("/eksport/"), "{job}");
    let theirs = look(&portal, &job, &other).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    let page = ended(&portal, &job, &own).await;
    assert!(
        page.text().contains("klar med 12.000 bilag"),
        "{}",
        page.text()
    );
    let file = format!("{job}/fil");
    assert_eq!(
        look(&portal, &file, &other).await.status,
        StatusCode::NOT_FOUND
    );
    let file = look(&portal, &file, &own).await;
    assert!(file.body.starts_with(b"PK"));
    assert_eq!(file.header("content-length"), file.body.len().to_string());
    let log = look(&portal, "/log", &own).await;
    assert!(log.text().contains("bilag.xlsx: 12.000 linjer, q=mange"));
    let again = look(&portal, &address, &own).await;
    assert_ne!(
        again.header("location"),
        job,
        "what is done is not what is asked for now"
    );
}

#[tokio::test]
async fn a_long_workbook_is_stopped_by_its_person_alone() {
    let (portal, [own, other]) = two_persons(13).await;
    let address = format!("/bilag.xlsx?q={MANY}");
    let job = look(&portal, &address, &own)
        .await
        .header("location")
        .to_owned();
    let own_token = token(&look(&portal, "/roller", &own).await);
    let other_token = token(&look(&portal, "/roller", &other).await);
    let stop = async |cookie: &str, token: &str| {
        post(&portal, &job, cookie, &format!("token={token}"))
            .await
            .status
    };
    assert_eq!(stop(&own, &other_token).await, StatusCode::BAD_REQUEST);
    assert_eq!(stop(&other, &other_token).await, StatusCode::NOT_FOUND);
    assert_eq!(stop(&own, &own_token).await, StatusCode::SEE_OTHER);
    let page = ended(&portal, &job, &own).await;
    // It may have been done before it was stopped.
    let (stopped, done) = ("blev ikke skrevet færdigt", "klar med 12.000");
    assert!(page.text().contains(stopped) || page.text().contains(done));
}

#[tokio::test]
async fn a_long_csv_comes_whole_and_no_text_is_a_formula() {
    let portal = portal(13);
    let answer = get(&portal, &format!("/bilag.csv?q={MANY}")).await;
    let text = answer.text();
    assert_eq!(text.split("\r\n").count(), 1 + HOW_MANY + 1);
    assert_eq!(text.matches('\u{feff}').count(), 1);
    assert_eq!(text.matches("Modtaget;").count(), 1);
    for (cell, count) in [
        (";'=1+1;", 2_400),
        (";'+1;", 2_400),
        (";'@x;", 2_400),
        (";' =1;", 2_400),
    ] {
        assert_eq!(text.matches(cell).count(), count, "{cell}");
    }
    assert!(!text.contains("6101901234") && text.contains("610190**** æ"));
}

#[tokio::test]
async fn only_so_many_lists_leave_at_once_and_who_goes_away_makes_room() {
    let portal = portal(13);
    let open = async || {
        let request = Request::get(format!("/bilag.csv?q={MANY}")).body(Body::empty());
        portal.clone().oneshot(request.unwrap()).await.unwrap()
    };
    let mut held = Vec::new();
    for _ in 0..4 {
        let answer = open().await;
        assert_eq!(answer.status(), StatusCode::OK);
        held.push(answer);
    }
    assert_eq!(open().await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let page = get(&portal, "/bilag.xlsx").await;
    assert!(page.text().contains("Der hentes for mange filer lige nu"));
    assert_eq!(page.header("retry-after"), "30");
    // The browser goes away with most of it unread.
    held.pop();
    assert_eq!(open().await.status(), StatusCode::OK);
}
