//! Guides from reading to writing, one's letters, and the accessibility statement.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use oir_domain::access::{Grant, Person, Role};
use oir_domain::party::Kommunekode;
use oir_web::portal::door::Door;
use oir_web::portal::{PortalState, Statement, router};

use crate::doors::{form_token, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, register, system};
use crate::sessions::entrance;
use crate::{Answer, get};

const VIBORG: Kommunekode = Kommunekode(791);
const AARHUS: Kommunekode = Kommunekode(751);

fn person(role: Role, kommune: Kommunekode) -> Person {
    Person {
        subject: format!("{role}-{kommune}").into(),
        navn: format!("Opdigtet {role}").into(),
        grants: vec![Grant::try_new(role, Some(kommune), Some(system(1))).unwrap()],
    }
}

/// Vendor, Viborg's area, Viborg's finance chief, Aarhus's area, Viborg's auditor.
fn portal() -> Router {
    let persons = [
        person(Role::Leverandoer, VIBORG),
        person(Role::Fagomraade, VIBORG),
        person(Role::AnsvarligFinans, VIBORG),
        person(Role::Fagomraade, AARHUS),
        person(Role::Revisor, VIBORG),
    ];
    router(PortalState::new(
        Arc::new(Invented::day(30)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Invented(persons.as_slice().into())),
    ))
}

fn encoded(text: &str) -> String {
    let one = |b: u8| {
        if b.is_ascii_alphanumeric() {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(one).collect()
}

const KSD: &str = "/vejledninger/KSD";

/// Sends the form of a guide; `kommune` may be empty.
async fn write(
    portal: &Router,
    cookie: &str,
    (kommune, code, after): (&str, &str, u32),
    (text, action): (&str, &str),
) -> Answer {
    let page = look(portal, "/roller", cookie).await;
    let form = format!(
        "token={}&kommune={kommune}&kode={code}&efter={after}&resend=ja&tekst={}&note=derfor&handling={action}",
        form_token(&page),
        encoded(text)
    );
    post(portal, &format!("{KSD}/ret"), cookie, &form).await
}

#[tokio::test]
async fn the_nearest_guide_is_shown_and_where_there_is_none_it_says_who_can_write() {
    let portal = portal();
    let (vendor, area) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    let aarhus = signed_in(&portal, 3).await;
    let none = look(&portal, KSD, &area).await;
    assert_eq!(none.status, StatusCode::OK);
    assert!(none.text().contains("Der er ikke skrevet en vejledning"));
    assert!(
        none.text().contains("RetterBilag") && none.text().contains("leverandør eller af KOMBIT")
    );
    insta::assert_snapshot!("guide_none", none.snapshot());

    let written = write(
        &portal,
        &vendor,
        ("", "", 0),
        ("# Landet\n\nRet sagen.", "gem"),
    )
    .await;
    assert_eq!(written.status, StatusCode::SEE_OTHER);
    let own = write(&portal, &area, ("791", "", 0), ("Viborgs ord", "gem")).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let code = write(&portal, &vendor, ("", "F0301", 0), ("Om balance", "gem")).await;
    assert_eq!(code.status, StatusCode::SEE_OTHER);

    let shown = |address: &'static str, cookie: String| {
        let portal = portal.clone();
        async move { look(&portal, address, &cookie).await }
    };
    let viborg = shown(KSD, area.clone()).await;
    assert!(viborg.text().contains("Viborgs ord") && viborg.text().contains("Ret og gensend"));
    // The municipality's own words go before the country's on the code.
    let viborg = shown("/vejledninger/KSD?kode=F0301", area.clone()).await;
    assert!(viborg.text().contains("Viborgs ord"));
    let other = shown("/vejledninger/ksd", aarhus.clone()).await;
    assert!(other.text().contains("<h2>Landet</h2>") && !other.text().contains("Viborgs ord"));
    let other = shown("/vejledninger/KSD?kode=f0301", aarhus.clone()).await;
    assert!(other.text().contains("Om balance"));
    for foreign in [
        "?kommune=791",
        "/udgaver?kommune=791",
        "/ret?kommune=791",
        "/ret",
    ] {
        let answer = look(&portal, &format!("{KSD}{foreign}"), &aarhus).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{foreign}");
    }
    for bad in [
        "?kode=F9999",
        "?kommune=x",
        "?kommune=0",
        "/udgaver?udgave=x",
    ] {
        let answer = look(&portal, &format!("{KSD}{bad}"), &area).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let nowhere = look(&portal, "/vejledninger/NIX", &area).await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nobody_writes_in_anothers_name() {
    let portal = portal();
    let tries = [(0, "791"), (1, ""), (1, "751"), (2, ""), (3, "791")];
    for (number, kommune) in tries {
        let cookie = signed_in(&portal, number).await;
        let answer = write(&portal, &cookie, (kommune, "", 0), ("x", "gem")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{number} {kommune}");
    }
    let auditor = signed_in(&portal, 4).await;
    let answer = write(&portal, &auditor, ("791", "", 0), ("x", "gem")).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let area = signed_in(&portal, 1).await;
    let forged = "token=x&kommune=791&kode=&efter=0&tekst=x&note=x&handling=gem";
    let answer = post(&portal, &format!("{KSD}/ret"), &area, forged).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let page = look(&portal, KSD, &area).await;
    assert!(page.text().contains("Der er ikke skrevet en vejledning"));
}

#[tokio::test]
async fn a_preview_keeps_nothing_and_shows_what_would_be_kept() {
    let portal = portal();
    let area = signed_in(&portal, 1).await;
    let hostile = "# Hej\n\n<script>alert(1)</script> [x](javascript:alert(1)) </textarea>";
    let page = write(&portal, &area, ("791", "", 0), (hostile, "vis")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("<h2>Hej</h2>"));
    assert!(!page.text().contains("<script>alert") && !page.text().contains("href=\"javascript"));
    assert_eq!(page.text().matches("</textarea>").count(), 1);
    insta::assert_snapshot!("guide_preview", page.snapshot());
    let kept = look(&portal, KSD, &area).await;
    assert!(kept.text().contains("Der er ikke skrevet en vejledning"));
    let huge = "æ".repeat(20_001);
    let cpr = "Ring om 610101-1234";
    for (text, says) in [
        ("", "Skriv vejledningens tekst"),
        (&*huge, "for lang"),
        (cpr, "personnummer"),
    ] {
        let page = write(&portal, &area, ("791", "", 0), (text, "gem")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        assert!(page.text().contains(says), "{says}");
    }
}

#[tokio::test]
async fn of_two_writers_the_second_sees_both_texts_and_can_go_on() {
    let portal = portal();
    let (area, chief) = (signed_in(&portal, 1).await, signed_in(&portal, 2).await);
    let first = write(&portal, &chief, ("791", "", 0), ("Chefens tekst", "gem")).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let second = write(&portal, &area, ("791", "", 0), ("Områdets tekst", "gem")).await;
    assert_eq!(second.status, StatusCode::BAD_REQUEST);
    let text = second.text();
    assert!(text.contains("Chefens tekst") && text.contains("Områdets tekst"));
    assert!(text.contains("name=\"efter\" value=\"1\""));
    insta::assert_snapshot!("guide_conflict", second.snapshot());
    let third = write(&portal, &area, ("791", "", 1), ("Begges tekst", "gem")).await;
    assert_eq!(third.status, StatusCode::SEE_OTHER);
    let versions = look(
        &portal,
        &format!("{KSD}/udgaver?kommune=791&udgave=1"),
        &area,
    )
    .await;
    assert!(versions.text().contains("Chefens tekst"));
    assert!(versions.text().contains("Gendan denne udgave"));
    insta::assert_snapshot!("guide_versions", versions.snapshot());
    let restore = look(&portal, &format!("{KSD}/ret?kommune=791&udgave=1"), &area).await;
    assert!(restore.text().contains("Chefens tekst</textarea>"));
    assert!(restore.text().contains("Gendannet fra udgave 1"));
    assert!(restore.text().contains("name=\"efter\" value=\"2\""));
    let gone = write(&portal, &area, ("791", "", 2), ("", "traek")).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    let after = look(&portal, KSD, &area).await;
    assert!(after.text().contains("Der er ikke skrevet en vejledning"));
    let again = write(&portal, &area, ("791", "", 3), ("", "traek")).await;
    assert_eq!(
        again.status,
        StatusCode::BAD_REQUEST,
        "there is nothing to take away"
    );
}

#[tokio::test]
async fn what_is_missing_is_listed_with_what_it_costs() {
    let portal = portal();
    let area = signed_in(&portal, 1).await;
    let before = look(&portal, "/vejledninger", &area).await;
    insta::assert_snapshot!("guides_missing", before.snapshot());
    assert!(before.text().contains("Fagsystemer i brug uden vejledning"));
    let told = look(&portal, "/", &area).await;
    assert!(told.text().contains("ingen vejledning i at rette dem. <a"));
    write(&portal, &area, ("791", "", 0), ("x", "gem")).await;
    let after = look(&portal, "/vejledninger", &area).await;
    assert!(!after.text().contains("Fagsystemer i brug uden vejledning"));
    let told = look(&portal, "/", &area).await;
    assert!(!told.text().contains("ingen vejledning i at rette dem"));
    assert!(
        after
            .text()
            .contains("Viborgs egen vejledning for alle fejl")
    );
    let file = look(&portal, "/vejledninger.xlsx", &area).await;
    assert!(file.body.starts_with(b"PK"));
    assert!(
        file.header("content-disposition")
            .contains("vejledninger-2026-11-23.xlsx")
    );
}

#[tokio::test]
async fn letters_come_on_the_days_one_chose() {
    let portal = portal();
    let area = signed_in(&portal, 1).await;
    let page = look(&portal, "/mine-mails", &area).await;
    assert_eq!(
        page.text().matches(" checked").count(),
        5,
        "on unless one says no"
    );
    insta::assert_snapshot!("my_letters", page.snapshot());
    let form = format!("token={}&mandag=ja&fredag=ja", form_token(&page));
    let answer = post(&portal, "/mine-mails", &area, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let page = look(&portal, "/mine-mails", &area).await;
    assert_eq!(page.text().matches(" checked").count(), 2);
    let answer = post(&portal, "/mine-mails", &area, "token=x").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let mailbox = look(&portal, "/postkasse", &area).await;
    assert!(
        mailbox
            .text()
            .contains("href=\"https://oir.example/bilag?a=1&#38;b=2\"")
    );
    assert!(!mailbox.text().contains("<ting>"));
    insta::assert_snapshot!("mailbox", mailbox.snapshot());
    let other = look(&portal, "/postkasse", &signed_in(&portal, 2).await).await;
    assert!(other.text().contains("Der er ingen mails"));
    let operated = get(&crate::portal(3), "/postkasse").await;
    assert_eq!(operated.status, StatusCode::NOT_FOUND, "a demo's only");
}

#[tokio::test]
async fn the_statement_is_read_without_signing_in_and_says_who_answers() {
    let bare = get(&portal(), "/tilgaengelighed").await;
    assert_eq!(bare.status, StatusCode::OK);
    assert!(bare.text().contains("har endnu ikke oplyst sit navn"));
    assert!(bare.text().contains("Digitaliseringsstyrelsen"));
    insta::assert_snapshot!("statement_bare", bare.snapshot());
    let said = Statement {
        operator: Some("Opdigtet Kommune".into()),
        email: Some("web@opdigtet.example".into()),
        telephone: None,
    };
    let state = PortalState::new(
        Arc::new(Invented::day(0)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Operator),
    );
    let full = get(&router(state.with_statement(said)), "/tilgaengelighed").await;
    assert!(full.text().contains("Opdigtet Kommune er ansvarlig"));
    assert!(full.text().contains("mailto:web@opdigtet.example"));
    assert!(
        full.text().contains("href=\"/tilgaengelighed\""),
        "the footer leads here"
    );
}

#[tokio::test]
async fn every_version_can_be_reached_page_by_page() {
    let portal = portal();
    let vendor = signed_in(&portal, 0).await;
    for after in 0..52 {
        let written = write(&portal, &vendor, ("", "", after), ("Ret sagen", "gem")).await;
        assert_eq!(written.status, StatusCode::SEE_OTHER, "{after}");
    }
    let first = look(&portal, &format!("{KSD}/udgaver"), &vendor).await;
    assert!(!first.text().contains("Nyeste udgaver"));
    let mut links = crate::attributes(first.text(), "href");
    links.retain(|href| href.contains("foer="));
    assert_eq!(links.len(), 1);
    let older = look(&portal, &links[0], &vendor).await;
    assert_eq!(older.status, StatusCode::OK);
    let mut versions = crate::attributes(older.text(), "href");
    versions.retain(|href| href.contains("udgave="));
    let numbers: Vec<&str> = versions
        .iter()
        .filter_map(|href| href.rsplit('=').next())
        .collect();
    assert_eq!(numbers, ["2", "1"]);
    assert!(older.text().contains("Nyeste udgaver"));
    assert!(!older.text().contains("Gendan"), "the newest is shown");
    let wrong = look(&portal, &format!("{KSD}/udgaver?foer=x"), &vendor).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_bilag_and_its_fault_lead_to_the_guide_of_that_kommune_and_code() {
    let portal = portal();
    let area = signed_in(&portal, 1).await;
    let list = look(&portal, "/fejl?omraade=fagomraade", &area).await;
    let mut groups = crate::attributes(list.text(), "href");
    groups.retain(|href| href.starts_with("/fejl/791~"));
    let group = groups.first().unwrap();
    let page = look(&portal, group, &area).await;
    let mut links = crate::attributes(page.text(), "href");
    let item = links
        .iter()
        .find(|href| href.starts_with("/fejl/bilag/"))
        .unwrap()
        .clone();
    links.retain(|href| href.starts_with("/vejledninger/"));
    let code = group.split('~').nth(3).unwrap();
    let wanted = format!("/vejledninger/{}?kommune=791&kode={code}", system(1));
    assert_eq!(links, [wanted.as_str()]);
    for page in [item.clone(), item.replace("/fejl", "")] {
        let page = look(&portal, &page, &area).await;
        let links = crate::attributes(page.text(), "href");
        assert!(links.contains(&wanted), "{links:?}");
    }
    let guide = look(&portal, &wanted, &area).await;
    assert_eq!(guide.status, StatusCode::OK);
}
