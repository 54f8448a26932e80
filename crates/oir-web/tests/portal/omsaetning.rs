//! Omsætningstabeller from the first look to force: what is written, who may, what is said when it
//! is wrong, and that another municipality's table is not there.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::{Grant, Person, Role};
use oir_domain::party::Kommunekode;

use crate::doors::{HERE, THERE, form_token, look, portal_over, post, signed_in_to};
use crate::invented::{Invented, bilag_id, system};
use crate::{Answer, ask, attributes};

const LIST: &str = "/omsaetning";

fn person(role: Role, kommune: Kommunekode, name: &str) -> Person {
    Person {
        subject: name.into(),
        navn: format!("Opdigtet {name}").into(),
        grants: vec![Grant::try_new(role, Some(kommune), Some(system(1))).unwrap()],
    }
}

/// A writer and an approver in Viborg, an auditor there, and a writer in Aarhus.
fn portal() -> Router {
    portal_over(
        Invented::day(60),
        &[
            person(Role::AnsvarligFinans, HERE, "skriver"),
            person(Role::OekonomiFinans, HERE, "godkender"),
            person(Role::Revisor, HERE, "revisor"),
            person(Role::OekonomiFinans, THERE, "aarhus"),
        ],
    )
}

fn at(more: &str) -> String {
    format!("/omsaetning/791/{}{more}", system(1))
}

async fn in_as(portal: &Router, number: usize) -> String {
    signed_in_to(portal, number, LIST).await
}

/// Sends a form with the token of the session.
async fn sent(portal: &Router, cookie: &str, more: &str, form: &str) -> Answer {
    let token = form_token(&look(portal, "/roller", cookie).await);
    post(portal, &at(more), cookie, &format!("token={token}&{form}")).await
}

async fn begun(portal: &Router, cookie: &str) {
    let form = "formaal=Ny+ydelse&fra=0&dag=24.11.2026";
    let answer = sent(portal, cookie, "/kladde/ny", form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.header("location"), at("/kladde"));
}

/// The way from a held bilag of the table to why it has no account.
async fn asked_of_a_held_bilag(portal: &Router, cookie: &str) -> String {
    let mut found = None;
    for number in 0..60 {
        let page = look(portal, &format!("/bilag/{}", bilag_id(number)), cookie).await;
        let asked = attributes(page.text(), "href").into_iter();
        let asked = asked.filter(|_| page.text().contains("Hvorfor ingen konto?"));
        let own = at("/forklar");
        found = found.or(asked.into_iter().find(|href| href.starts_with(&own)));
    }
    found.unwrap()
}

const RULE: &str = "nummer=0&f0=ydelsesart&b0=SDP-LOEN&fra=01.01.2026&k0=55771101&handling=gem";

#[tokio::test]
async fn a_rule_goes_from_what_is_missing_to_force_by_another_person() {
    let portal = portal();
    let (writer, approver) = (in_as(&portal, 0).await, in_as(&portal, 1).await);
    let list = look(&portal, LIST, &writer).await;
    assert!(list.text().contains("Giv det, der venter, en konto"));
    insta::assert_snapshot!("tables", list.snapshot());
    let missing = look(&portal, &at("/daekning"), &writer).await;
    assert!(
        missing.text().contains("ydelsesart SDP-LOEN"),
        "{}",
        missing.text()
    );
    insta::assert_snapshot!("coverage", missing.snapshot());
    let why = look(
        &portal,
        &asked_of_a_held_bilag(&portal, &writer).await,
        &writer,
    )
    .await;
    assert!(why.text().contains("Ingen regel passer"));
    insta::assert_snapshot!("why_none", why.snapshot());

    let nothing = sent(&portal, &writer, "/kladde/ny", "formaal=+&fra=0").await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    assert!(nothing.text().contains("Skriv, hvad ændringen er til for"));
    begun(&portal, &writer).await;
    let again = sent(&portal, &approver, "/kladde/ny", "formaal=Mere&fra=0").await;
    assert!(again.text().contains("Der er allerede en kladde"));

    let first = format!("udgave=1&edition=1&{RULE}");
    let saved = sent(&portal, &writer, "/kladde/regel", &first).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let rules = look(&portal, saved.header("location"), &writer).await;
    assert!(rules.text().contains("Når ydelsesart er SDP-LOEN"));
    let covered = look(&portal, &at("/daekning?udgave=kladde"), &writer).await;
    assert!(
        covered
            .text()
            .contains("Alle kombinationer har netop én konto")
    );

    let early = look(&portal, &at("/godkend"), &approver).await;
    assert!(early.text().contains("Kladden er ikke simuleret"));
    let run = sent(&portal, &writer, "/simulering/koer", "periode=maaned").await;
    assert_eq!(run.status, StatusCode::SEE_OTHER);
    let mut page = look(&portal, &at("/simulering"), &writer).await;
    while page.text().contains("Simuleringen kører") {
        tokio::task::yield_now().await;
        page = look(&portal, &at("/simulering"), &writer).await;
    }
    assert!(page.text().contains("55771101"), "{}", page.text());
    insta::assert_snapshot!("simulation", page.snapshot());

    let own = look(&portal, &at("/godkend"), &writer).await;
    assert!(own.text().contains("Du har selv skrevet i kladden"));
    let refused = sent(&portal, &writer, "/godkend", "udgave=1&edition=2").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let front = look(&portal, "/", &approver).await;
    assert!(front.text().contains("venter på godkendelse"));
    let ready = look(&portal, &at("/godkend"), &approver).await;
    insta::assert_snapshot!("approval", ready.snapshot());
    let stale = sent(&portal, &approver, "/godkend", "udgave=1&edition=1").await;
    assert!(stale.text().contains("Kladden er ændret, siden du så den"));
    let done = sent(&portal, &approver, "/godkend", "udgave=1&edition=2").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    let after = look(&portal, done.header("location"), &approver).await;
    assert!(after.text().contains("bilag ventede på en konto") || after.text().contains("1 bilag"));
    let undo = look(&portal, &at("/kladde/ny?fra=0"), &writer).await;
    assert!(undo.text().contains("Tilbage til reglerne i udgave 0"));
}

#[tokio::test]
async fn a_run_that_a_bug_ends_has_failed_and_takes_no_place() {
    let writer = person(Role::AnsvarligFinans, HERE, "skriver");
    let mut store = Invented::day(60);
    store.tables.broken = true;
    let portal = portal_over(store, &[writer]);
    let writer = in_as(&portal, 0).await;
    begun(&portal, &writer).await;
    // More often than there are places.
    for _ in 0..3 {
        let run = sent(&portal, &writer, "/simulering/koer", "periode=maaned").await;
        assert_eq!(run.status, StatusCode::SEE_OTHER, "{}", run.text());
        let mut page = look(&portal, &at("/simulering"), &writer).await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
            page = look(&portal, &at("/simulering"), &writer).await;
        }
        assert!(page.text().contains("Simuleringen blev ikke færdig"));
    }
}

#[tokio::test]
async fn a_link_to_a_rule_leads_to_that_rule_alone() {
    let portal = portal();
    let writer = in_as(&portal, 0).await;
    begun(&portal, &writer).await;
    // A rule whose account and comment have the number of the first one in them.
    let other = "udgave=1&edition=1&nummer=0&f0=ydelsesart&b0=SDP-LOEN&fra=01.01.2026&k0=1\
                 &bem=1&handling=gem";
    let saved = sent(&portal, &writer, "/kladde/regel", other).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    assert!(saved.header("location").ends_with("&regel=3"));
    let searched = look(&portal, &at("?udgave=kladde&q=1"), &writer).await;
    assert!(searched.text().contains("SDP-LOEN") && searched.text().contains("9998001"));
    let one = look(&portal, &at("?udgave=kladde&regel=1"), &writer).await;
    assert!(one.text().contains("Du ser kun regel 1"), "{}", one.text());
    assert!(one.text().contains("9998001") && !one.text().contains("SDP-LOEN"));
    let odd = look(&portal, &at("?regel=x"), &writer).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_works_in_a_file_of_rules_gets_it_without_the_right_to_take_lists_out() {
    let owner = person(Role::ErpSystemejer, HERE, "systemejer");
    let portal = portal_over(Invented::day(60), &[owner]);
    let owner = in_as(&portal, 0).await;
    begun(&portal, &owner).await;
    let upload = look(&portal, &at("/kladde/regneark"), &owner).await;
    let mut ways = attributes(upload.text(), "href").into_iter();
    let file = ways.find(|href| href.contains("/regler.xlsx"));
    let file = look(&portal, &file.unwrap(), &owner).await;
    assert_eq!(file.status, StatusCode::OK);
    let table = look(&portal, &at(""), &owner).await;
    assert!(table.text().contains("Hent alle regler som regneark"));
}

#[tokio::test]
async fn a_rule_that_is_wrong_or_ties_or_is_late_says_so_at_its_field() {
    let portal = portal();
    let (writer, other) = (in_as(&portal, 0).await, in_as(&portal, 1).await);
    begun(&portal, &writer).await;
    let wrong = "udgave=1&edition=1&nummer=0&f0=ydelsesart&b0=a*b&fra=x&k0=55%7B&handling=gem";
    let answer = sent(&portal, &writer, "/kladde/regel", wrong).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for field in ["b0-error", "fra-error", "k0-error"] {
        let id = format!("id=\"{field}\"");
        assert!(answer.text().contains(&id), "{field}");
    }
    insta::assert_snapshot!("rule_wrong", answer.snapshot());
    let tie = "udgave=1&edition=1&nummer=0&f0=ydelsesart&b0=MELLEMREGNING&fra=01.01.2026&k0=1&handling=gem";
    let answer = sent(&portal, &writer, "/kladde/regel", tie).await;
    assert!(answer.text().contains("lige så præcis som regel 1"));
    assert!(
        answer
            .text()
            .contains("Regel 1: Når ydelsesart er MELLEMREGNING")
    );

    let first = format!("udgave=1&edition=1&{RULE}");
    let theirs = sent(&portal, &other, "/kladde/regel", &first).await;
    assert_eq!(theirs.status, StatusCode::SEE_OTHER);
    let late = "udgave=1&edition=1&nummer=1&f0=ydelsesart&b0=MELLEMREGNING&fra=01.01.2026&k0=42&handling=gem";
    let answer = sent(&portal, &writer, "/kladde/regel", late).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer
            .text()
            .contains("En anden har gemt kladden, mens du skrev")
    );
    assert!(
        answer.text().contains("value=\"42\""),
        "what was typed stays"
    );
    assert!(answer.text().contains("name=\"edition\" value=\"2\""));
    let again = late.replace("edition=1", "edition=2");
    let saved = sent(&portal, &writer, "/kladde/regel", &again).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let gone = "udgave=1&edition=3&nummer=2&handling=fjern";
    let gone = sent(&portal, &writer, "/kladde/regel", gone).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    let rules = look(&portal, &at("?udgave=kladde"), &writer).await;
    assert!(!rules.text().contains("ALDRIG") && rules.text().contains("konto 42"));
    let draft = look(&portal, &at("/kladde"), &writer).await;
    assert!(draft.text().contains("Opdigtet skriver") || draft.text().contains("skriver"));
    let given_up = sent(
        &portal,
        &writer,
        "/kladde/ret",
        "udgave=1&edition=4&handling=opgiv",
    )
    .await;
    assert_eq!(given_up.status, StatusCode::SEE_OTHER);
    let none = look(&portal, &at("/kladde"), &writer).await;
    assert!(none.text().contains("Der er ingen kladde"));
}

#[tokio::test]
async fn a_number_that_a_rule_had_is_given_to_no_other() {
    let portal = portal();
    let writer = in_as(&portal, 0).await;
    begun(&portal, &writer).await;
    let gone = "udgave=1&edition=1&nummer=2&handling=fjern";
    let gone = sent(&portal, &writer, "/kladde/regel", gone).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    // Version 0 has a rule 2.
    let out = look(&portal, &at("/regler.csv?udgave=kladde"), &writer).await;
    let numberless = out.text().replace("\n1;", "\n;");
    assert_ne!(numberless, out.text());
    let shown = file(&portal, &writer, "vis", numberless.as_bytes()).await;
    assert!(shown.text().contains("<li>Regel 3: "), "{}", shown.text());
    let new = format!("udgave=1&edition=2&{RULE}");
    let saved = sent(&portal, &writer, "/kladde/regel", &new).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let rules = look(&portal, &at("?udgave=kladde"), &writer).await;
    let link = |number: u32| {
        rules
            .text()
            .contains(&format!("/kladde/regel?nummer={number}\""))
    };
    assert!(link(3) && !link(2), "{}", rules.text());
}

#[tokio::test]
async fn a_link_to_a_new_rule_leads_through_the_beginning_of_a_draft() {
    let portal = portal();
    let writer = in_as(&portal, 0).await;
    let wanted = at("/kladde/regel?f0=ydelsesart&b0=NY");
    let led = look(&portal, &wanted, &writer).await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    assert!(
        led.header("location")
            .starts_with(&at("/kladde/ny?videre="))
    );
    let encoded = wanted
        .replace('?', "%3F")
        .replace('&', "%26")
        .replace('=', "%3D");
    let form = format!("formaal=Ny&fra=0&dag=&videre={encoded}");
    let begun = sent(&portal, &writer, "/kladde/ny", &form).await;
    assert_eq!(begun.header("location"), wanted);
    let rule = look(&portal, &wanted, &writer).await;
    assert!(rule.text().contains("value=\"NY\""));
    insta::assert_snapshot!("rule_new", rule.snapshot());
}

/// A file as a browser sends it.
async fn file(portal: &Router, cookie: &str, handling: &str, bytes: &[u8]) -> Answer {
    let token = form_token(&look(portal, "/roller", cookie).await);
    let mut body = Vec::new();
    for (name, value) in [
        ("token", token.as_bytes()),
        ("handling", handling.as_bytes()),
    ] {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    let head = "--x\r\nContent-Disposition: form-data; name=\"fil\"; filename=\"r.csv\"\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(at("/kladde/regneark"))
        .header("content-type", "multipart/form-data; boundary=x")
        .header("cookie", cookie)
        .body(Body::from(body));
    ask(portal, request.unwrap()).await
}

#[tokio::test]
async fn a_spreadsheet_is_shown_as_what_it_changes_before_it_is_written() {
    let portal = portal();
    let writer = in_as(&portal, 0).await;
    begun(&portal, &writer).await;
    let out = look(&portal, &at("/regler.csv?udgave=kladde"), &writer).await;
    assert_eq!(out.status, StatusCode::OK);
    let same = file(&portal, &writer, "vis", &out.body).await;
    assert!(
        same.text().contains("det samme som kladden"),
        "{}",
        same.text()
    );
    let changed = out.text().replace("9998001", "9998077");
    let shown = file(&portal, &writer, "vis", changed.as_bytes()).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text());
    assert!(shown.text().contains("1 ændrede regler") && shown.text().contains("9998077"));
    insta::assert_snapshot!("upload_preview", shown.snapshot());
    let before = look(&portal, &at("?udgave=kladde"), &writer).await;
    assert!(before.text().contains("9998001"), "nothing is written yet");
    let saved = file(&portal, &writer, "gem", b"").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text());
    let after = look(&portal, &at("?udgave=kladde"), &writer).await;
    assert!(after.text().contains("9998077"));
    let twice = file(&portal, &writer, "gem", b"").await;
    assert!(twice.text().contains("Regnearket er her ikke mere"));
    let wrong = out.text().replace("9998001", "99{");
    let wrong = file(&portal, &writer, "vis", wrong.as_bytes()).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text().contains("Intet er hentet ind"));
}

#[tokio::test]
async fn another_kommunes_table_is_not_there_and_an_auditor_only_reads() {
    let portal = portal();
    let (auditor, foreign) = (in_as(&portal, 2).await, in_as(&portal, 3).await);
    for page in [
        "",
        "/kladde",
        "/daekning",
        "/simulering",
        "/forklar",
        "/eftersyn",
    ] {
        let answer = look(&portal, &at(page), &foreign).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        let own = look(&portal, &at(page), &auditor).await;
        assert_eq!(own.status, StatusCode::OK, "{page}");
        assert!(!own.text().contains("/kladde/ny\""), "{page}");
    }
    for page in ["/regler.xlsx", "/daekning.xlsx"] {
        let answer = look(&portal, &at(page), &foreign).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(
            look(&portal, &at(page), &auditor).await.status,
            StatusCode::OK
        );
    }
    let writer = in_as(&portal, 0).await;
    for (cookie, writes) in [(&writer, true), (&auditor, false)] {
        let upkeep = look(&portal, &at("/eftersyn"), cookie).await;
        assert!(upkeep.text().contains("SDP-LOEN"));
        let column = upkeep.text().contains("Hvis den skal have sin egen konto");
        assert_eq!(column, writes);
    }
    let list = look(&portal, LIST, &foreign).await;
    assert!(!list.text().contains("for Viborg") && list.text().contains("for Aarhus"));
    let foreign = sent(&portal, &foreign, "/kladde/ny", "formaal=x&fra=0").await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn values_of_another_kommune_are_not_there_and_an_empty_sortiment_says_whom_to_ask() {
    let portal = portal();
    let own = in_as(&portal, 2).await;
    let list = look(&portal, "/sortiment", &own).await;
    let page = format!("/sortiment/{}", system(1));
    assert!(list.text().contains(&page));
    let values = look(&portal, &page, &own).await;
    assert_eq!(values.status, StatusCode::OK);
    assert!(values.text().contains("bed fagsystemets leverandør"));
    let foreign = look(&portal, &format!("{page}?kommune=751"), &own).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let sheet = look(&portal, &format!("{page}/vaerdier.xlsx?kommune=751"), &own).await;
    assert_eq!(sheet.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn national_values_can_be_chosen_and_the_first_kommune_is_one_of_the_fagsystem() {
    let two = Person {
        grants: [(HERE, system(2)), (THERE, system(1))]
            .map(|(kommune, id)| Grant::try_new(Role::Fagomraade, Some(kommune), Some(id)).unwrap())
            .to_vec(),
        ..person(Role::Fagomraade, HERE, "to fagsystemer")
    };
    let portal = portal_over(Invented::day(60), &[two]);
    let reader = in_as(&portal, 0).await;
    let page = format!("/sortiment/{}", system(1));
    let own = look(&portal, &page, &reader).await;
    assert_eq!(own.status, StatusCode::OK);
    let chosen = format!("<option value=\"{}\" selected>", THERE.0);
    assert!(own.text().contains(&chosen), "{}", own.text());
    let elsewhere = format!("<option value=\"{}\"", HERE.0);
    assert!(!own.text().contains(&elsewhere), "not of this fagsystem");
    let national = look(&portal, &format!("{page}?kommune="), &reader).await;
    assert_eq!(national.status, StatusCode::OK);
    assert!(!national.text().contains("selected"), "{}", national.text());
    assert!(national.text().contains("vaerdier.xlsx?kommune=\""));
}
