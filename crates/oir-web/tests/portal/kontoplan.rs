//! Kontoplaner on their pages: found, read, downloaded, and imported only after a look.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::Role;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::KontoForm;
use oir_domain::kontoplan::national::national;

use crate::doors::{HERE, THERE, form_token, holding, look, portal_over, post, signed_in_to};
use crate::invented::Invented;
use crate::invented::kontoplan::konti;
use crate::{Answer, ask};

const PLAN: &str = "/kontoplan/791";
const IMPORT: &str = "/kontoplan/791/import";

fn portal() -> Router {
    let roles = [Role::AnsvarligFinans, Role::Revisor];
    let mut persons = roles.map(|role| holding(role, HERE)).to_vec();
    persons.push(holding(Role::AnsvarligFinans, THERE));
    persons.push(holding(Role::ErpSystemejer, HERE));
    portal_over(Invented::day(1).with_kontoplan(), &persons)
}

async fn signed_in(portal: &Router, number: usize) -> String {
    signed_in_to(portal, number, "/kontoplan").await
}

/// A file sent with the form.
async fn sent(
    portal: &Router,
    cookie: &str,
    fields: &[(&str, &str)],
    (name, file): (&str, &[u8]),
) -> Answer {
    let token = form_token(&look(portal, IMPORT, cookie).await);
    let mut body = Vec::new();
    for (field, value) in fields.iter().chain(&[("token", &*token)]) {
        let part = format!(
            "--grænse\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.replace('æ', "ae").as_bytes());
    }
    let head = format!(
        "--graense\r\ncontent-disposition: form-data; name=\"fil\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--graense--\r\n");
    let request = Request::post(IMPORT)
        .header("content-type", "multipart/form-data; boundary=graense")
        .header("cookie", cookie)
        .body(Body::from(body));
    ask(portal, request.unwrap()).await
}

const AUTORISERET: [(&str, &str); 1] = [("form", "autoriseret")];

/// Where the preview of a file is.
async fn preview(portal: &Router, cookie: &str, file: &[u8]) -> String {
    let answer = sent(portal, cookie, &AUTORISERET, ("ny.csv", file)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.header("location").to_owned()
}

fn base(page: &Answer) -> String {
    let rest = page.text().split("name=\"base\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn confirmed(portal: &Router, cookie: &str, address: &str) -> Answer {
    let page = look(portal, address, cookie).await;
    let form = format!("token={}&base={}", form_token(&page), base(&page));
    post(portal, address, cookie, &form).await
}

/// What is there, with one account renamed, one closed, one gone and one new.
fn changed() -> Vec<u8> {
    let mut konti = konti();
    konti.remove(1);
    konti[0].navn = "Sygedagpenge m.v.".into();
    konti[1].aar.to = Some(Regnskabsaar(2026));
    konti.push(crate::invented::kontoplan::konto(
        "5577311000000752",
        "Kontanthjælp",
    ));
    oir_wire::kontoplan::csv(&konti)
}

#[tokio::test]
async fn pages_look_as_reviewed() {
    let portal = portal();
    let chief = signed_in(&portal, 0).await;
    for (name, address) in [
        ("kontoplaner", "/kontoplan".to_owned()),
        ("kontoplan", PLAN.to_owned()),
        (
            "konto",
            format!("{PLAN}/konto?konto=5.57.71.1.1.0000.777.5.2"),
        ),
        ("kontoplan_import", IMPORT.to_owned()),
    ] {
        let page = look(&portal, &address, &chief).await;
        assert_eq!(page.status, StatusCode::OK, "{address}");
        insta::assert_snapshot!(name, page.snapshot());
    }
    let address = preview(&portal, &chief, &changed()).await;
    let page = look(&portal, &address, &chief).await;
    insta::assert_snapshot!("kontoplan_preview", page.snapshot());
    let faulty = "Konto;Navn;Gyldig til\n55771;;30.02.2026\n5577111000000152;lukket;\n";
    let address = preview(&portal, &chief, faulty.as_bytes()).await;
    let page = look(&portal, &address, &chief).await;
    insta::assert_snapshot!("kontoplan_faults", page.snapshot());
    let other = signed_in(&portal, 2).await;
    let page = look(&portal, "/kontoplan/751", &other).await;
    assert!(page.text().contains("ikke importeret endnu"));
}

#[tokio::test]
async fn accounts_are_found_by_name_by_number_and_by_how_they_stand() {
    let portal = portal();
    let reader = signed_in(&portal, 1).await;
    for (query, expected) in [
        ("", vec!["001", "013", "090", "777", "010"]),
        ("?q=sygedagpenge+regres", vec!["090"]),
        ("?q=5.57.71.2", vec!["010"]),
        ("?tilstand=lukker", vec!["090"]),
        ("?tilstand=lukket", vec!["001"]),
        ("?tilstand=fund", vec!["777"]),
        ("?tilstand=aaben&q=refusion", vec!["010"]),
        ("?q=findes+ikke", vec![]),
    ] {
        let page = look(&portal, &format!("{PLAN}{query}"), &reader).await;
        let rows = page.text().split("/konto?konto=").skip(1);
        let found: Vec<&str> = rows.map(|row| &row[11..14]).collect();
        assert_eq!(found, expected, "{query}");
    }
    let person = look(&portal, &format!("{PLAN}?q=610190-1234"), &reader).await;
    assert!(person.text().contains("value=\"610190-****\""));
    assert!(!person.text().contains("610190-1234"));
    let page = look(&portal, &format!("{PLAN}?udgave=9"), &reader).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let page = look(&portal, &format!("{PLAN}/konto?konto=1"), &reader).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_long_kontoplan_comes_in_pages_that_hold_every_account_once() {
    let portal = portal();
    let chief = signed_in(&portal, 0).await;
    let mut file = "Konto;Navn\n".to_owned();
    for number in 0..120 {
        file.push_str(&format!("5577211000{number:04}52;Konto {number}\n"));
    }
    let address = preview(&portal, &chief, file.as_bytes()).await;
    assert_eq!(
        confirmed(&portal, &chief, &address).await.status,
        StatusCode::SEE_OTHER
    );
    let (mut address, mut seen) = (PLAN.to_owned(), Vec::new());
    loop {
        let page = look(&portal, &address, &chief).await;
        let rows = page.text().split("/konto?konto=").skip(1);
        seen.extend(rows.map(|row| row[..16].to_owned()));
        let Some(next) = page
            .text()
            .split("\" rel=\"next\"")
            .next()
            .filter(|_| page.text().contains("rel=\"next\""))
        else {
            break;
        };
        address = next.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (120, 120));
}

#[tokio::test]
async fn a_file_is_shown_before_it_is_written_and_written_once() {
    let portal = portal();
    let chief = signed_in(&portal, 0).await;
    let address = preview(&portal, &chief, &changed()).await;
    let before = look(&portal, PLAN, &chief).await;
    assert!(
        !before.text().contains("Kontanthjælp"),
        "nothing is written yet"
    );
    let done = confirmed(&portal, &chief, &address).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, PLAN)
    );
    let after = look(&portal, PLAN, &chief).await;
    assert!(after.text().contains("Kontanthjælp") && !after.text().contains("Kommunens egen"));
    assert!(
        after
            .text()
            .contains("Ny: 1, Fjernet: 1, Lukkes: 1, Omdøbt: 1")
    );
    let again = look(&portal, &address, &chief).await;
    assert!(again.text().contains("Filen ændrer intet"));
    let old = look(&portal, &format!("{PLAN}?udgave=1"), &chief).await;
    assert!(old.text().contains("Kommunens egen") && old.text().contains("gælder længere"));
}

#[tokio::test]
async fn of_two_who_import_the_second_sees_what_the_first_did() {
    let portal = portal();
    let (chief, owner) = (signed_in(&portal, 0).await, signed_in(&portal, 3).await);
    let mine = preview(&portal, &chief, &changed()).await;
    let page = look(&portal, &mine, &chief).await;
    let form = format!("token={}&base={}", form_token(&page), base(&page));
    let theirs = preview(&portal, &owner, b"Konto;Navn\n5577111000001352;Deres\n").await;
    assert_eq!(
        confirmed(&portal, &owner, &theirs).await.status,
        StatusCode::SEE_OTHER
    );
    let late = post(&portal, &mine, &chief, &form).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.text().contains("er ændret, mens du læste"));
    let kept = look(&portal, PLAN, &chief).await;
    assert!(kept.text().contains("Deres") && !kept.text().contains("Kontanthjælp"));
    // Nobody sees another's file.
    let foreign = look(&portal, &mine, &owner).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_with_faults_is_not_written_whatever_is_sent() {
    let portal = portal();
    let chief = signed_in(&portal, 0).await;
    let address = preview(
        &portal,
        &chief,
        b"Konto;Navn\n55771;x\n5577111000001352;y\n",
    )
    .await;
    let page = look(&portal, &address, &chief).await;
    assert!(page.text().contains("KONTO-LAENGDE") && page.text().contains("A2"));
    assert!(!page.text().contains("Gem som ny udgave"));
    let token = form_token(&look(&portal, "/roller", &chief).await);
    let forced = format!("token={token}&base=1");
    let answer = post(&portal, &address, &chief, &forced).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let kept = look(&portal, PLAN, &chief).await;
    assert!(kept.text().contains("Kommunens egen"));
    let foreign = post(&portal, &address, &chief, "token=x&base=1").await;
    assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_is_filled_in_wrong_is_said_at_its_field() {
    let portal = portal();
    let chief = signed_in(&portal, 0).await;
    for (fields, file, says) in [
        (
            vec![("form", "autoriseret")],
            &b""[..],
            "Vælg en fil med konti",
        ),
        (
            vec![("form", "opus")],
            b"x",
            "Vælg, hvordan kontiene er skrevet",
        ),
        (
            vec![("form", "egne-dimensioner")],
            b"x",
            "Vælg et skilletegn",
        ),
        (
            vec![
                ("form", "egne-dimensioner"),
                ("skilletegn", "-"),
                ("navne", "a,a"),
            ],
            b"x",
            "To dimensioner har samme navn",
        ),
    ] {
        let answer = sent(&portal, &chief, &fields, ("f.csv", file)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{says}");
        assert!(answer.text().contains(says), "{says}");
    }
    let own = [
        ("form", "egne-dimensioner"),
        ("skilletegn", "-"),
        ("navne", "sted, art"),
    ];
    let answer = sent(&portal, &chief, &own, ("f.csv", b"Konto;Navn\n7710-52;x\n")).await;
    let page = look(&portal, answer.header("location"), &chief).await;
    assert!(page.text().contains("Kontienes form skifter"));
    let large = vec![b'x'; oir_wire::sheet::BYTES_MAX + 1024 * 1024];
    let answer = sent(&portal, &chief, &AUTORISERET, ("stor.csv", &large)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn who_may_see_may_not_import_and_another_kommune_is_not_there() {
    let portal = portal();
    let (reader, foreign) = (signed_in(&portal, 1).await, signed_in(&portal, 2).await);
    let page = look(&portal, PLAN, &reader).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.text().contains("Importér kontoplan"));
    assert_eq!(
        look(&portal, IMPORT, &reader).await.status,
        StatusCode::FORBIDDEN
    );
    for address in [
        PLAN,
        IMPORT,
        "/kontoplan/791/konti.xlsx",
        "/kontoplan/791/konti.csv",
    ] {
        let answer = look(&portal, address, &foreign).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
    }
    let shelf = look(&portal, "/kontoplan", &foreign).await;
    assert!(shelf.text().contains("Aarhus") && !shelf.text().contains("Viborg"));
    assert_eq!(
        look(&portal, "/kontoplan/999", &reader).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn downloads_are_imported_again_as_they_were() {
    let portal = portal();
    let reader = signed_in(&portal, 1).await;
    let mut wanted = konti();
    wanted.sort_by(|one, other| one.konto.cmp(&other.konto));
    for ending in ["xlsx", "csv"] {
        let answer = look(&portal, &format!("{PLAN}/konti.{ending}?udgave=1"), &reader).await;
        assert_eq!(answer.status, StatusCode::OK);
        let file = format!("kontoplan-791-udgave-1.{ending}");
        assert!(answer.header("content-disposition").contains(&file));
        let form = KontoForm::Autoriseret;
        let aar = Regnskabsaar(2026);
        let read = oir_wire::kontoplan::read(&answer.body, &form, aar, national());
        assert_eq!(read.faults, [], "{ending}");
        assert_eq!(read.konti, wanted, "{ending}");
    }
    let chief = signed_in(&portal, 0).await;
    let address = preview(&portal, &chief, &changed()).await;
    let report = look(&portal, &format!("{address}/rapport.xlsx"), &chief).await;
    assert_eq!(report.status, StatusCode::OK);
    assert!(report.body.starts_with(b"PK"));
    let shelf = look(&portal, "/kontoplan.xlsx", &chief).await;
    assert!(shelf.body.starts_with(b"PK"));
}
