//! Afstemning: what is planted is named, what differs is explained before it is signed for,
//! and what changes afterwards is said.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::Role;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, router};

use crate::doors::{HERE, THERE, form_token, holding, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, register, system};
use crate::sessions::entrance;
use crate::{Answer, ask};

/// A bilag that nobody sent.
const MISSING: &str = "0fa90000-0000-4000-8000-00000000beef";

fn day() -> String {
    format!("/afstemning/791/{}/2026-11-23", system(1))
}

/// A portal with a bookkeeper, a programme leader and a bookkeeper of another municipality.
async fn people() -> (Router, [String; 3]) {
    let mut chief = holding(Role::OekonomiFinans, HERE);
    chief.navn = "<script>alert(1)</script> 610190-1234".into();
    let persons = [
        chief,
        holding(Role::KombitProgramleder, HERE),
        holding(Role::OekonomiFinans, THERE),
    ];
    let portal = router(PortalState::new(
        Arc::new(Invented::day(60)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Invented(persons.as_slice().into())),
    ));
    let finans = signed_in(&portal, 0).await;
    let leader = crate::doors::signed_in_to(&portal, 1, "/").await;
    let other = signed_in(&portal, 2).await;
    (portal, [finans, leader, other])
}

async fn upload(portal: &Router, cookie: &str, address: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in fields {
        let file = if *name == "fil" {
            "; filename=\"a.csv\""
        } else {
            ""
        };
        body.push_str(&format!(
            "--grænse\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--grænse--\r\n");
    let body = body.replace("grænse", "xyz");
    let request = Request::post(address)
        .header("content-type", "multipart/form-data; boundary=xyz")
        .header("cookie", cookie)
        .body(Body::from(body));
    ask(portal, request.unwrap()).await
}

/// Signs with a word for every finding that the page asks about.
async fn sign(portal: &Router, cookie: &str, words: &str) -> Answer {
    let page = look(portal, &day(), cookie).await;
    let mut form = format!("token={}", form_token(&page));
    for part in page.text().split("name=\"forklaring_").skip(1) {
        let key = part.split('"').next().unwrap();
        form.push_str(&format!("&forklaring_{key}={words}"));
    }
    let figures = page.text().split("name=\"tal\" value=\"").nth(1).unwrap();
    let figures = figures.split('"').next().unwrap();
    let figures = figures.replace('\t', "%09").replace('\n', "%0D%0A");
    form.push_str(&format!("&tal={}", figures.replace(' ', "%20")));
    post(portal, &format!("{}/godkend", day()), cookie, &form).await
}

#[tokio::test]
async fn a_planted_difference_is_named_to_those_who_may_see_bilag() {
    let (portal, [finans, leader, _]) = people().await;
    let token = form_token(&look(&portal, &day(), &finans).await);
    let file = format!("BilagUUID;Debet;Kredit\r\n{MISSING};1.234,50;1.234,50\r\n");
    let address = format!("{}/kontroltotal", day());
    let fields = [("token", token.as_str()), ("fil", &file)];
    let preview = upload(&portal, &finans, &address, &fields).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.text().contains("Se efter, før det gemmes"));
    let before = look(&portal, &day(), &finans).await;
    assert!(!before.text().contains(MISSING), "a preview keeps nothing");
    let fields = [("token", token.as_str()), ("liste", &file), ("ja", "ja")];
    let kept = upload(&portal, &finans, &address, &fields).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &day(), &finans).await;
    assert!(
        page.text()
            .contains("Sendt ifølge afsenderen, aldrig modtaget")
    );
    assert!(page.text().contains(MISSING) && page.text().contains("Stemmer ikke"));
    // Their own name stands in the head; whatever is kept is masked.
    let main = page.text().split("<main").nth(1).unwrap();
    assert!(!page.text().contains("<script>alert") && !main.contains("610190-1234"));
    let leader = look(&portal, &day(), &leader).await;
    assert_eq!(leader.status, StatusCode::OK);
    assert!(leader.text().contains("færre bilag, end der er modtaget"));
    assert!(
        !leader.text().contains(MISSING)
            && !leader
                .text()
                .contains("<form method=\"post\" action=\"/afst")
    );
    let list = look(
        &portal,
        "/afstemning?maaned=2026-11&status=stemmer_ikke",
        &finans,
    )
    .await;
    assert!(list.text().contains(&day()));
}

#[tokio::test]
async fn a_day_is_signed_for_with_words_and_stays_so() {
    let (portal, [finans, ..]) = people().await;
    let silent = sign(&portal, &finans, "").await;
    assert_eq!(silent.status, StatusCode::BAD_REQUEST);
    assert!(
        silent
            .text()
            .contains("Skriv en forklaring til hver forskel")
    );
    let signed = sign(&portal, &finans, "Aftalt+%3Cb%3E").await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &day(), &finans).await;
    assert!(
        page.text()
            .contains("<span class=\"badge badge-success\">Godkendt")
    );
    assert!(
        page.text().contains("Aftalt &#60;b&#62;"),
        "{}",
        page.text()
    );
    // A total that comes later is said to have changed the day, and takes nothing back.
    let token = form_token(&page);
    let total = [
        ("token", token.as_str()),
        ("antal", "1"),
        ("debet", "1,00"),
        ("kredit", "1,00"),
        ("ja", "ja"),
    ];
    let address = format!("{}/kontroltotal", day());
    assert_eq!(
        upload(&portal, &finans, &address, &total).await.status,
        StatusCode::SEE_OTHER
    );
    let page = look(&portal, &day(), &finans).await;
    assert!(page.text().contains("Ændret efter godkendelse"));
    assert!(page.text().contains("Afsenderens total: var 0 bilag"));
    let reopen = format!("{}/genaabn", day());
    let without = post(&portal, &reopen, &finans, &format!("token={token}&grund=+")).await;
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    let with = post(
        &portal,
        &reopen,
        &finans,
        &format!("token={token}&grund=Ny+total"),
    )
    .await;
    assert_eq!(with.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &day(), &finans).await;
    assert!(page.text().contains("Genåbnet") && page.text().contains("Godkend dagen"));
}

#[tokio::test]
async fn one_explanation_may_stand_for_all_that_have_none() {
    let (portal, [finans, ..]) = people().await;
    let page = look(&portal, &day(), &finans).await;
    let figures = page.text().split("name=\"tal\" value=\"").nth(1).unwrap();
    let figures = figures.split('"').next().unwrap();
    let figures = figures.replace('\t', "%09").replace('\n', "%0A");
    let token = form_token(&page);
    let figures = figures.replace(' ', "%20");
    let form = format!("token={token}&faelles=Aftalt+med+drift&tal={figures}");
    let answer = post(&portal, &format!("{}/godkend", day()), &finans, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &day(), &finans).await;
    assert!(page.text().contains("Aftalt med drift"));
}

#[tokio::test]
async fn figures_that_moved_while_somebody_read_are_not_signed_for() {
    let (portal, [finans, ..]) = people().await;
    let page = look(&portal, &day(), &finans).await;
    let token = form_token(&page);
    let form = format!("token={token}&forklaring_no_total=x&tal=received%091%091%091");
    let answer = post(&portal, &format!("{}/godkend", day()), &finans, &form).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("Tallene har ændret sig"));
    assert!(
        !look(&portal, &day(), &finans)
            .await
            .text()
            .contains("badge-success\">Godkendt")
    );
}

#[tokio::test]
async fn another_kommunes_day_is_not_there_and_forms_need_their_token() {
    let (portal, [finans, _, other]) = people().await;
    for below in ["", "/afstemning.xlsx"] {
        let address = format!("{}{below}", day());
        assert_eq!(
            look(&portal, &address, &other).await.status,
            StatusCode::NOT_FOUND
        );
        assert_eq!(
            look(&portal, &address, &finans).await.status,
            StatusCode::OK
        );
    }
    let foreign = form_token(&look(&portal, "/roller", &other).await);
    for below in ["spoerg", "godkend", "genaabn"] {
        let address = format!("{}/{below}", day());
        let form = format!("token={foreign}&grund=x");
        let answer = post(&portal, &address, &other, &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
        let answer = post(&portal, &address, &finans, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{below}");
    }
    let address = format!("{}/kontroltotal", day());
    let total = [
        ("token", foreign.as_str()),
        ("antal", "1"),
        ("debet", "1"),
        ("kredit", "1"),
        ("ja", "ja"),
    ];
    let answer = upload(&portal, &other, &address, &total).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let list = look(&portal, "/afstemning?maaned=2026-11", &other).await;
    assert!(!list.text().contains("/afstemning/791/"));
    for address in ["/afstemning/x/y/z", "/afstemning/791/x/2026-11-23"] {
        assert_eq!(
            look(&portal, address, &finans).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn the_books_are_asked_once_however_often_the_button_is_pressed() {
    let (portal, [finans, ..]) = people().await;
    let token = form_token(&look(&portal, &day(), &finans).await);
    for _ in 0..3 {
        let form = format!("token={token}");
        let answer = post(&portal, &format!("{}/spoerg", day()), &finans, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
    }
    let page = look(&portal, &day(), &finans).await;
    assert!(page.text().contains("Spørgsmålet er på vej"));
}

#[tokio::test]
async fn charts_have_their_tables_and_a_file_with_faults_is_told_line_by_line() {
    let (portal, [finans, ..]) = people().await;
    let page = look(&portal, "/udvikling", &finans).await;
    assert_eq!(page.text().matches("<svg class=\"chart\"").count(), 3);
    assert_eq!(page.text().matches("som tabel</summary>").count(), 3);
    let token = form_token(&look(&portal, &day(), &finans).await);
    let fields = [("token", token.as_str()), ("fil", "x;1\r\ny;en")];
    let answer = upload(
        &portal,
        &finans,
        &format!("{}/kontroltotal", day()),
        &fields,
    )
    .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().contains("Linje 1:") && answer.text().contains("Linje 2:"));
}
