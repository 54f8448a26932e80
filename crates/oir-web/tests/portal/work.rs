//! The worklist as people use it: one's own desk first, steps on one, some and all, what is
//! shown before it is done, and hostile words.

use axum::Router;
use axum::http::StatusCode;
use oir_domain::access::Role;

use crate::Answer;
use crate::doors::{HERE, THERE, form_token, holding, look, portal, post, signed_in};
use crate::invented::bilag_id;

/// Bilag of the first municipality and its first system: 0, 9, 18 … belong to others; this
/// is found by asking, so that the test does not know how they are invented.
async fn hrefs(portal: &Router, cookie: &str, address: &str, prefix: &str) -> Vec<String> {
    let page = look(portal, address, cookie).await;
    assert_eq!(page.status, StatusCode::OK, "{address}");
    let mut found = crate::attributes(page.text(), "href");
    found.retain(|href| href.starts_with(prefix));
    found
}

async fn groups(portal: &Router, cookie: &str, omraade: &str) -> Vec<String> {
    let address = format!("/fejl?omraade={omraade}");
    let mut all = hrefs(portal, cookie, &address, "/fejl/").await;
    all.retain(|href| !href.starts_with("/fejl/bilag"));
    all
}

fn word(page: &Answer) -> String {
    field(page, "gruppe")
}

fn field(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.text().split(&mark).nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn encoded(text: &str) -> String {
    let byte = |b: u8| {
        if b.is_ascii_alphanumeric() {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(byte).collect()
}

#[tokio::test]
async fn everybody_sees_their_own_desk_first_and_only_handlers_get_buttons() {
    let portal = portal(&[
        holding(Role::OekonomiFinans, HERE),
        holding(Role::Fagomraade, HERE),
        holding(Role::Drift, HERE),
        holding(Role::Revisor, HERE),
    ]);
    let desks = ["Økonomi", "Fagområde", "Drift", "Fagområde"];
    for (number, desk) in desks.into_iter().enumerate() {
        let cookie = signed_in(&portal, number).await;
        let page = look(&portal, "/fejl", &cookie).await;
        let current = page
            .text()
            .split("button-primary\" aria-current=\"page\">")
            .nth(1)
            .unwrap();
        assert!(current.starts_with(desk), "{number}: {current:.20}");
        let held = groups(&portal, &cookie, "oekonomi").await;
        for group in held {
            let page = look(&portal, &group, &cookie).await;
            assert_eq!(page.status, StatusCode::OK, "{group}");
            let text = page.text();
            assert_eq!(text.contains("value=\"tag\""), number < 2, "{number}");
            let delivers = number == 0 || number == 2;
            assert_eq!(text.contains("/fejl/levering"), delivers, "{number}");
        }
    }
}

#[tokio::test]
async fn a_group_is_taken_explained_postponed_and_closed() {
    let portal = portal(&[holding(Role::OekonomiFinans, HERE)]);
    let cookie = signed_in(&portal, 0).await;
    let group = groups(&portal, &cookie, "fagomraade").await.remove(0);
    let page = look(&portal, &group, &cookie).await;
    let (token, gruppe) = (form_token(&page), encoded(&word(&page)));
    let form = |rest: &str| format!("token={token}&gruppe={gruppe}&{rest}");
    let nothing = post(&portal, "/fejl/trin", &cookie, &form("trin=tag")).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.text().contains("Sæt kryds"));
    let taken = post(&portal, "/fejl/trin", &cookie, &form("trin=tag&alle=ja")).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER);
    let told = look(&portal, taken.header("location"), &cookie).await;
    assert!(
        told.text().contains("er taget."),
        "{}",
        taken.header("location")
    );
    let mine = look(&portal, "/fejl?omraade=fagomraade&hvis=mine", &cookie).await;
    assert!(mine.text().contains("Opdigtet oekonomi-finans"));
    let item = hrefs(&portal, &cookie, &group, "/fejl/bilag/")
        .await
        .remove(0);
    let id = item.rsplit('/').next().unwrap().to_owned();
    let single = |rest: &str| format!("token={token}&id={id}&{rest}");
    let hostile = encoded("<script>alert(1)</script> 610190-1234");
    let said = post(
        &portal,
        "/fejl/trin",
        &cookie,
        &single(&format!("trin=skriv&tekst={hostile}")),
    )
    .await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &item, &cookie).await;
    assert!(!page.text().contains("<script>alert") && !page.text().contains("610190-1234"));
    assert!(page.text().contains("610190-****"));
    for (rest, why) in [
        ("trin=udskyd&tekst=x&til=2026-11-23", "efter i dag"),
        ("trin=udskyd&tekst=x&til=snart", "Skriv den dag"),
        ("trin=udskyd&tekst=&til=2026-12-01", "Skriv en begrundelse"),
        ("trin=luk&tekst=+", "Skriv en begrundelse"),
        ("trin=omraade&omraade=fagomraade", "Vælg et andet"),
        ("trin=person&person=ingen", "Vælg en person"),
        ("trin=genoptag", "ikke udskudt"),
    ] {
        let answer = post(&portal, "/fejl/trin", &cookie, &single(rest)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{rest}");
        assert!(answer.text().contains(why), "{rest}");
    }
    let later = single("trin=udskyd&tekst=venter&til=2026-12-01");
    let postponed = post(&portal, "/fejl/trin", &cookie, &later).await;
    assert_eq!(postponed.status, StatusCode::SEE_OTHER);
    let list = hrefs(&portal, &cookie, &group, &item).await;
    assert!(list.is_empty(), "what is set aside is not on the list");
    let closed = post(
        &portal,
        "/fejl/trin",
        &cookie,
        &single("trin=luk&tekst=ordnet"),
    )
    .await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER);
    let page = look(&portal, &item, &cookie).await;
    assert!(page.text().contains("Lukket i hånden: ordnet"));
    assert!(!page.text().contains("value=\"tag\""));
    let again = post(&portal, "/fejl/trin", &cookie, &single("trin=tag")).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_will_happen_is_shown_before_it_is_done() {
    let portal = portal(&[
        holding(Role::OekonomiFinans, HERE),
        holding(Role::OekonomiFinans, THERE),
    ]);
    let mut seen = [false; 3];
    for number in 0..2 {
        let cookie = signed_in(&portal, number).await;
        previewed(&portal, &cookie, &mut seen).await;
    }
    assert_eq!(seen, [true; 3]);
}

/// Shows and then does what can be done to every group of two desks; notes what was said.
async fn previewed(portal: &Router, cookie: &str, seen: &mut [bool; 3]) {
    let mut all = groups(portal, cookie, "drift").await;
    all.extend(groups(portal, cookie, "oekonomi").await);
    for group in all {
        let page = look(portal, &group, cookie).await;
        let (token, gruppe) = (form_token(&page), encoded(&word(&page)));
        let form = |rest: &str| format!("token={token}&gruppe={gruppe}&alle=ja&{rest}");
        let held = page.text().contains("Mangler konto");
        let hvad = if held { "opgiv" } else { "videre" };
        let shown = form(&format!("hvad={hvad}"));
        let preview = post(portal, "/fejl/levering", cookie, &shown).await;
        assert_eq!(preview.status, StatusCode::OK, "{group}");
        let says = |text: &str| preview.text().contains(text);
        seen[0] |= says("opgives. De leveres ikke");
        seen[1] |= says("frigives. Bogføringen spørges");
        seen[2] |= says("sendes igen nu") || says("spørges der til nu");
        let still = look(portal, &group, cookie).await;
        assert_eq!(still.text(), page.text(), "a preview changes nothing");
        if held {
            let bare = form("hvad=opgiv&bekraeftet=ja");
            let refused = post(portal, "/fejl/levering", cookie, &bare).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        }
        let sure = form(&format!("hvad={hvad}&bekraeftet=ja&tekst=klaret"));
        let done = post(portal, "/fejl/levering", cookie, &sure).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{group}");
        assert!(done.header("location").contains("tilbage=0"));
    }
}

#[tokio::test]
async fn others_items_and_strange_addresses_lead_nowhere() {
    let portal = portal(&[
        holding(Role::OekonomiFinans, HERE),
        holding(Role::OekonomiFinans, THERE),
    ]);
    let (own, foreign) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    for omraade in ["fagomraade", "oekonomi", "drift"] {
        for group in groups(&portal, &own, omraade).await {
            let page = look(&portal, &group, &foreign).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{group}");
        }
    }
    let group = groups(&portal, &own, "fagomraade").await.remove(0);
    let item = hrefs(&portal, &own, &group, "/fejl/bilag/").await.remove(0);
    assert_eq!(
        look(&portal, &item, &foreign).await.status,
        StatusCode::NOT_FOUND
    );
    let token = form_token(&look(&portal, "/roller", &foreign).await);
    let id = item.rsplit('/').next().unwrap();
    for (address, rest) in [
        ("/fejl/trin", "trin=tag"),
        ("/fejl/levering", "hvad=videre"),
    ] {
        let form = format!("token={token}&id={id}&{rest}");
        let answer = post(&portal, address, &foreign, &form).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        let forged = format!("token=x&id={id}&{rest}");
        let answer = post(&portal, address, &foreign, &forged).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{address}");
    }
    let clean = format!("/fejl/bilag/{}", bilag_id(0));
    for (address, status) in [
        (clean.as_str(), StatusCode::NOT_FOUND),
        ("/fejl/bilag/x", StatusCode::NOT_FOUND),
        ("/fejl/%3Cscript%3E", StatusCode::NOT_FOUND),
        ("/fejl/791~-~held~-~oekonomi~%00", StatusCode::NOT_FOUND),
        ("/fejl?omraade=x", StatusCode::BAD_REQUEST),
        ("/fejl?hvis=x", StatusCode::BAD_REQUEST),
        ("/fejl?kommune=x", StatusCode::BAD_REQUEST),
        ("/fejl?fagsystem='--", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(
            look(&portal, address, &own).await.status,
            status,
            "{address}"
        );
    }
    let made_up = look(&portal, "/fejl?sket=%3Cb%3E", &own).await;
    assert_eq!(made_up.status, StatusCode::OK);
}

#[tokio::test]
async fn the_workbook_holds_what_goes_on_by_itself_too() {
    let portal = portal(&[holding(Role::Drift, HERE)]);
    let cookie = signed_in(&portal, 0).await;
    let mut listed = 0;
    let mut passing = 0;
    for group in groups(&portal, &cookie, "drift").await {
        let page = look(&portal, &group, &cookie).await;
        let rows = page.text().matches("name=\"id\"").count();
        listed += rows;
        if group.contains("uncertain") || group.contains("waiting") {
            passing += rows;
        }
    }
    assert!(passing > 0 && listed > passing, "{passing} of {listed}");
    let sheet = look(&portal, "/fejl.xlsx?omraade=drift", &cookie).await;
    assert_eq!(sheet.status, StatusCode::OK);
    let log = look(&portal, "/log", &cookie).await;
    let said = format!("fejl.xlsx, {listed} linjer");
    assert!(log.text().contains(&said), "{said}");
}

#[tokio::test]
async fn what_one_press_did_not_reach_is_said() {
    let portal = portal(&[holding(Role::OekonomiFinans, HERE)]);
    let cookie = signed_in(&portal, 0).await;
    let group = groups(&portal, &cookie, "oekonomi").await.remove(0);
    let told = format!("{group}?sket=taget&antal=5000&tilbage=0&flere=1200");
    let page = look(&portal, &told, &cookie).await;
    let said = "1.200 i gruppen er ikke nået: højst 5.000 tages ad gangen.";
    assert!(page.text().contains(said));
}
