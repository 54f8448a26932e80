//! Personal numbers: masked wherever nobody asked, shown once to whoever said why, and never
//! in an address, a log or a page beside.
#![expect(clippy::unwrap_used, reason = "tests")]

use axum::Router;
use axum::http::StatusCode;
use oir_domain::access::Role;
use oir_domain::look::SEARCHES_PER_SPELL;
use oir_flow::ports::sessions::deeds;

use crate::Answer;
use crate::doors::{
    HERE, THERE, form_token, holding, look, portal, portal_saying, post, signed_in,
};
use crate::invented::{Invented, bilag_id, looks};

/// The invented person of every bilag, as it may be written.
const FORMS: [&str; 4] = ["6101901234", "610190-1234", "610190 1234", "610190%201234"];

const PURPOSE: &str = "formaal=henvendelse&forklaring=Borger+har+ringet+om+sag+17";

/// Finance here, finance elsewhere, an auditor here and elsewhere, operation.
async fn house() -> (Router, [String; 5]) {
    let portal = portal(&[
        holding(Role::OekonomiFinans, HERE),
        holding(Role::OekonomiFinans, THERE),
        holding(Role::Revisor, HERE),
        holding(Role::Revisor, THERE),
        holding(Role::Drift, HERE),
    ]);
    let mut cookies = Vec::new();
    for number in 0..5 {
        cookies.push(signed_in(&portal, number).await);
    }
    (portal, cookies.try_into().unwrap())
}

async fn token(portal: &Router, cookie: &str) -> String {
    form_token(&look(portal, "/roller", cookie).await)
}

fn names_person(answer: &Answer) -> bool {
    let body = String::from_utf8_lossy(&answer.body);
    FORMS.iter().any(|form| body.contains(form))
}

/// Words of the log, oldest first, without those of signing in.
fn log() -> Vec<Box<str>> {
    let all = looks::logged().into_iter().map(|line| line.deed);
    for deed in all.clone() {
        for form in FORMS {
            assert!(!deed.object.contains(form), "{deed:?}");
        }
    }
    all.map(|deed| deed.what)
        .filter(|what| &**what != deeds::SIGNED_IN)
        .collect()
}

/// A bilag of the municipality of that number in turn: 0 is `HERE`.
fn own_bilag() -> String {
    format!("/bilag/{}", bilag_id(0))
}

#[tokio::test]
async fn numbers_are_shown_once_to_whoever_says_why_and_are_logged_before() {
    let (portal, [finance, ..]) = house().await;
    let page = look(&portal, &own_bilag(), &finance).await;
    assert!(page.text().contains("Vis personnumre på dette bilag"));
    assert!(!names_person(&page));
    let address = format!("{}/personnumre", own_bilag());
    let token = token(&portal, &finance).await;
    let shown = post(
        &portal,
        &address,
        &finance,
        &format!("token={token}&{PURPOSE}"),
    )
    .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(shown.text().contains("610190-1234 (ydelsesmodtager)"));
    assert!(
        shown
            .text()
            .contains("&#60;oir:CPR&#62;6101901234&#60;/oir:CPR&#62;")
    );
    assert_eq!(log(), [deeds::SAW_NUMBERS.into()]);
    let line = looks::logged().pop().unwrap().deed;
    assert_eq!(
        (line.object.to_string(), line.kommune),
        (bilag_id(0).to_string(), Some(HERE))
    );
    // The address itself shows nothing.
    let again = look(&portal, &address, &finance).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(again.header("location"), own_bilag());
    assert!(!names_person(&look(&portal, &own_bilag(), &finance).await));
}

#[tokio::test]
async fn without_a_purpose_a_right_or_a_token_nothing_is_shown() {
    let (portal, [finance, elsewhere, auditor, _, drift]) = house().await;
    let address = format!("{}/personnumre", own_bilag());
    let own = token(&portal, &finance).await;
    let wrong = [
        "",
        "formaal=andet",
        "formaal=andet&forklaring=kort",
        "forklaring=Borger+har+ringet+om+sag",
        "formaal=x&forklaring=Borger+har+ringet+om+sag",
        "formaal=andet&forklaring=Borger+610190-1234+har+ringet",
        "formaal=andet&forklaring=Borger+6101901234+har+ringet",
        "formaal=andet&forklaring=Borger+610190+1234+har+ringet",
    ];
    for form in wrong {
        let answer = post(&portal, &address, &finance, &format!("token={own}&{form}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(!names_person(&answer), "{form}");
        assert!(answer.text().contains("form-error-message"), "{form}");
    }
    for token in ["x", ""] {
        let answer = post(
            &portal,
            &address,
            &finance,
            &format!("token={token}&{PURPOSE}"),
        )
        .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!names_person(&answer));
    }
    let cases = [
        (&elsewhere, StatusCode::NOT_FOUND),
        (&auditor, StatusCode::FORBIDDEN),
        (&drift, StatusCode::FORBIDDEN),
    ];
    for (cookie, status) in cases {
        let own = token(&portal, cookie).await;
        let answer = post(&portal, &address, cookie, &format!("token={own}&{PURPOSE}")).await;
        assert_eq!(answer.status, status);
        assert!(!names_person(&answer));
    }
    let page = look(&portal, &own_bilag(), &auditor).await;
    assert!(!page.text().contains("Vis personnumre på dette bilag"));
    assert_eq!(log(), [], "nothing was looked at");
}

#[tokio::test]
async fn what_was_received_is_read_masked_marked_and_logged() {
    let (portal, [finance, elsewhere, ..]) = house().await;
    // The first rejected bilag of this municipality has a fault in its first posting.
    let address = format!("/bilag/{}/xml", bilag_id(3));
    let page = look(&portal, &address, &finance).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!names_person(&page));
    assert!(
        page.text()
            .contains("&#60;oir:CPR&#62;610190****&#60;/oir:CPR&#62;")
    );
    assert!(
        page.text()
            .contains("<mark>  &#60;oir:Finanspostering&#62;</mark>")
    );
    assert_eq!(log(), [deeds::READ_MESSAGE.into()]);
    let foreign = look(&portal, &address, &elsewhere).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(log().len(), 1);
}

#[tokio::test]
async fn a_person_is_found_by_a_form_and_named_nowhere() {
    let (portal, [finance, elsewhere, auditor, ..]) = house().await;
    let own = token(&portal, &finance).await;
    for number in ["6101901234", "610190-1234", "610190+1234"] {
        let form = format!("token={own}&kommune=791&personnummer={number}&{PURPOSE}");
        let found = post(&portal, "/personopslag", &finance, &form).await;
        assert_eq!(found.status, StatusCode::OK);
        assert!(found.text().contains("20 bilag om 610190-**** i Viborg"));
        assert!(found.text().contains(&own_bilag()));
        assert!(!names_person(&found));
        assert_eq!(found.header("cache-control"), "no-store");
    }
    let nobody = format!("token={own}&kommune=791&personnummer=6202021234&{PURPOSE}");
    let found = post(&portal, "/personopslag", &finance, &nobody).await;
    assert!(found.text().contains("Ingen bilag fundet"));
    assert!(!found.text().contains("6202021234"));
    let words: Vec<Box<str>> = vec![deeds::SEARCHED_PERSON.into(); 4];
    assert_eq!(log(), words);
    // In an address it is not even read.
    let asked = look(&portal, "/personopslag?personnummer=6101901234", &finance).await;
    assert!(!names_person(&asked) && !asked.text().contains("bilag om"));
    let foreign = token(&portal, &elsewhere).await;
    for (cookie, token, status) in [
        (&elsewhere, &foreign, StatusCode::BAD_REQUEST),
        (&finance, &foreign, StatusCode::BAD_REQUEST),
        (&auditor, &own, StatusCode::FORBIDDEN),
    ] {
        let form = format!("token={token}&kommune=791&personnummer=6101901234&{PURPOSE}");
        let answer = post(&portal, "/personopslag", cookie, &form).await;
        assert_eq!(answer.status, status);
        assert!(!names_person(&answer));
    }
    let wrong = format!("token={own}&kommune=791&personnummer=610190123x&{PURPOSE}");
    let answer = post(&portal, "/personopslag", &finance, &wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.text().contains("610190123x"));
    assert_eq!(log().len(), 4);
}

#[tokio::test]
async fn who_searches_too_often_is_refused_in_words_and_logged() {
    let (portal, [finance, ..]) = house().await;
    let own = token(&portal, &finance).await;
    let form = format!("token={own}&kommune=791&personnummer=6101901234&{PURPOSE}");
    for number in 0..SEARCHES_PER_SPELL {
        let answer = post(&portal, "/personopslag", &finance, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{number}");
    }
    let refused = post(&portal, "/personopslag", &finance, &form).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "601");
    assert!(refused.text().contains("Du har søgt for mange gange"));
    assert!(!refused.text().contains("bilag om"));
    assert_eq!(log().pop().unwrap(), deeds::REFUSED_SEARCH.into());
}

#[tokio::test]
async fn an_auditor_draws_a_sample_and_says_what_they_make_of_it() {
    let (portal, [finance, _, auditor, foreign, _]) = house().await;
    let own = token(&portal, &finance).await;
    let search = format!("token={own}&kommune=791&personnummer=6101901234&{PURPOSE}");
    for _ in 0..5 {
        post(&portal, "/personopslag", &finance, &search).await;
    }
    let own = token(&portal, &auditor).await;
    let wanted = format!("token={own}&kommune=791&fra=2026-11-01&til=2026-11-30&antal=3");
    let drawn = post(&portal, "/stikproever", &auditor, &wanted).await;
    assert_eq!(drawn.status, StatusCode::SEE_OTHER);
    let address = drawn.header("location").to_owned();
    let page = look(&portal, &address, &auditor).await;
    assert_eq!(page.text().matches("Ikke vurderet endnu").count(), 3);
    assert!(
        page.text()
            .contains("Borgeren har henvendt sig: Borger har ringet om sag 17")
    );
    assert!(!names_person(&page));
    let first = page
        .text()
        .split("name=\"opslag\" value=\"")
        .nth(1)
        .unwrap();
    let first = first.split('"').next().unwrap();
    let judge = |verdict: &str| format!("token={own}&opslag={first}&vurdering={verdict}");
    for wrong in [
        judge("x"),
        judge("ikke_i_orden"),
        judge("i_orden&note=610190-1234"),
    ] {
        let answer = post(&portal, &address, &auditor, &wrong).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(!names_person(&answer));
    }
    let note = judge("ikke_i_orden&note=Sagen+findes+ikke");
    let kept = post(&portal, &address, &auditor, &note).await;
    assert_eq!(kept.header("location"), format!("{address}#opslag-{first}"));
    let page = look(&portal, &address, &auditor).await;
    assert!(
        page.text().contains("Ikke i orden</span>") && page.text().contains("Sagen findes ikke")
    );
    let other = format!("token={own}&opslag=999&vurdering=i_orden");
    let answer = post(&portal, &address, &auditor, &other).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let book = look(&portal, &format!("{address}/opslag.xlsx"), &auditor).await;
    assert!(book.body.starts_with(b"PK"));
    for address in [address.clone(), format!("{address}/opslag.xlsx")] {
        let answer = look(&portal, &address, &foreign).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
    }
    let theirs = token(&portal, &foreign).await;
    let form = format!("token={theirs}&opslag={first}&vurdering=i_orden");
    let answer = post(&portal, &address, &foreign, &form).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let elsewhere = format!("token={theirs}&kommune=791&fra=2026-11-01&til=2026-11-30&antal=3");
    let answer = post(&portal, "/stikproever", &foreign, &elsewhere).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_log_is_searched_and_taken_out() {
    let (portal, [finance, _, auditor, foreign, drift]) = house().await;
    let own = token(&portal, &finance).await;
    let address = format!("{}/personnumre", own_bilag());
    post(
        &portal,
        &address,
        &finance,
        &format!("token={own}&{PURPOSE}"),
    )
    .await;
    let shown = look(&portal, "/log?hvad=saw_numbers", &auditor).await;
    assert!(shown.text().contains("Så personnumre på et bilag</td>"));
    assert!(
        shown
            .text()
            .contains(&format!("<a href=\"{}\">", own_bilag()))
    );
    assert!(!shown.text().contains("Loggede ind</td>"));
    let hidden = look(&portal, "/log?hvad=saw_numbers", &foreign).await;
    assert!(hidden.text().contains("Intet i loggen passer"));
    let wrong = look(&portal, "/log?fra=x&til=2026-11-01", &auditor).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("Skriv en dato"));
    // A number that somebody searches the log by goes no further.
    for form in FORMS {
        let form = form.replace(' ', "+");
        let page = look(&portal, &format!("/log?person={form}"), &drift).await;
        assert!(!names_person(&page), "{form}");
    }
    let text = look(&portal, "/log.csv?hvad=saw_numbers", &auditor).await;
    assert_eq!(text.header("content-type"), "text/csv; charset=utf-8");
    assert!(text.text().starts_with("\u{feff}Nr.;Tidspunkt;Person;"));
    assert_eq!(text.text().lines().count(), 2);
    let book = look(&portal, "/log.xlsx", &auditor).await;
    assert!(book.body.starts_with(b"PK"));
    let exported = log()
        .iter()
        .filter(|what| &***what == deeds::EXPORTED)
        .count();
    assert_eq!(exported, 2);
}

#[tokio::test]
async fn a_number_in_any_text_is_masked_however_it_is_written() {
    let between = ["", "-", " ", "\u{a0}", "\u{2013}", "\u{2212}"];
    for mark in between {
        let number = format!("610190{mark}1234");
        let text = format!("Til {number}, aftalt");
        let portal = portal_saying(&text, &[holding(Role::OekonomiFinans, HERE)]);
        let cookie = signed_in(&portal, 0).await;
        for address in [
            own_bilag(),
            format!("{}/xml", own_bilag()),
            "/bilag".to_owned(),
        ] {
            let page = look(&portal, &address, &cookie).await;
            assert_eq!(page.status, StatusCode::OK, "{address}");
            assert!(page.text().contains("Til 610190"), "{address}");
            assert!(!page.text().contains(&number), "{address} {mark:?}");
        }
    }
}

#[tokio::test]
async fn hostile_text_stays_text_masked_or_not() {
    let hostile = "</code></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'";
    let portal = portal_saying(hostile, &[holding(Role::OekonomiFinans, HERE)]);
    let cookie = signed_in(&portal, 0).await;
    let token = token(&portal, &cookie).await;
    let numbers = format!("{}/personnumre", own_bilag());
    let search = format!("token={token}&kommune=791&personnummer=6101901234&{PURPOSE}");
    let answers = [
        look(&portal, &own_bilag(), &cookie).await,
        look(&portal, &format!("{}/xml", own_bilag()), &cookie).await,
        post(
            &portal,
            &numbers,
            &cookie,
            &format!("token={token}&{PURPOSE}"),
        )
        .await,
        post(&portal, "/personopslag", &cookie, &search).await,
    ];
    for answer in answers {
        assert_eq!(answer.status, StatusCode::OK);
        let page = answer.text();
        assert!(page.contains("alert(1)"), "it is shown");
        assert!(!page.contains("<script>") && !page.contains("<img"));
    }
}

impl Invented {
    /// The same bilag, every text of theirs saying this, as it would stand in the messages.
    pub(crate) fn saying(mut self, text: &str) -> Self {
        for detail in &mut self.bilag {
            detail.bilag.tekst = text.into();
            detail.line.tekst = text.into();
            detail.line.afsender_bilagsnummer = text.into();
            for line in &mut detail.bilag.posteringer {
                line.tekst = text.into();
                line.reference = Some(text.into());
            }
            for event in &mut detail.timeline {
                event.detail = Some(text.into());
            }
        }
        for message in &mut self.messages {
            message.raw =
                format!("<o:Finansbilag><o:Tekst>{text}</o:Tekst></o:Finansbilag>").into();
        }
        self
    }
}
