//! Following a sortiment at the door of machines: the whole, each change once, replayed when
//! asked; for nobody but the one whose subscription it is. And what SOAP lets a key register.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_domain::access::Scope;
use oir_domain::klassifikation::Kind;
use oir_domain::machine_key::Right;
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::ports::sortiment::Sortimenter;
use oir_wire::klassifikation::read;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::house::{House, OTHER};

const PATH: &str = "/api/sortiment/v1";
const KLASSE: &str = "/service/OIR/klassifikation/6/klasse";

async fn ask(
    house: &House,
    (method, rest): (&str, &str),
    key: Option<&str>,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{PATH}/{rest}"))
        .header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let answer = house.ask(request.body(body).unwrap()).await;
    let said = serde_json::from_str(&answer.text).unwrap();
    (answer.status, said)
}

fn wish(kommune: Kommunekode) -> Option<Value> {
    Some(json!({
        "Fagsystem": sample::FAGSYSTEM.to_string(),
        "Kommunekode": kommune.to_string(),
        "Navn": "Opdigtet ERP",
    }))
}

/// Registers over SOAP; the status of the answer's StandardRetur, or of HTTP.
async fn opret(house: &House, key: &str, facet: &str, owner: &str) -> String {
    let always = "<s:Virkning/>";
    let relation =
        |name: &str, id: &str| format!("<s:{name}><s:ReferenceID>{id}</s:ReferenceID></s:{name}>");
    let facet = relation(
        "Facet",
        &format!("<s:UUIDIdentifikator>{facet}</s:UUIDIdentifikator>"),
    );
    let owner = match owner {
        "" => String::new(),
        cvr => relation(
            "Ejer",
            &format!("<s:URNIdentifikator>urn:oio:cvr-nr:{cvr}</s:URNIdentifikator>"),
        ),
    };
    let body = format!(
        "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body>\
         <k:OpretInput xmlns:k=\"http://stoettesystemerne.dk/klassifikation/klasse/6/\" \
         xmlns:s=\"urn:oio:sagdok:3.0.0\"><k:AttributListe><k:Egenskab>{always}\
         <s:BrugervendtNoegleTekst>NY</s:BrugervendtNoegleTekst></k:Egenskab></k:AttributListe>\
         <k:TilstandListe/><k:RelationListe>{owner}{facet}</k:RelationListe></k:OpretInput>\
         </e:Body></e:Envelope>"
    );
    let request = Request::post(KLASSE)
        .header("content-type", "application/soap+xml")
        .header("authorization", format!("Bearer {key}"));
    let answer = house.ask(request.body(Body::from(body)).unwrap()).await;
    let code = answer.text.split("<StatusKode>").nth(1);
    let code = code.and_then(|rest| rest.split('<').next());
    code.map_or_else(|| answer.status.as_u16().to_string(), str::to_owned)
}

async fn facet(house: &House) -> String {
    let dimensions = house.store.dimensions().await.unwrap();
    let own = dimensions.iter().find(|d| d.fagsystem == sample::FAGSYSTEM);
    own.unwrap().facet.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_gets_the_whole_then_each_change_and_can_go_back() {
    let house = House::open().await;
    let here = sample::KOMMUNE;
    let rights = [Right::FollowSortiment, Right::EditSortiment];
    let key = house.key_for(sample::FAGSYSTEM, &[here], &rights).await;
    let shown = key.as_str();
    let key = Some(shown);
    let (status, made) = ask(&house, ("POST", "abonnementer"), key, wish(here)).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let at = |rest: &str| {
        format!(
            "abonnementer/{}{rest}",
            made["AbonnementID"].as_str().unwrap()
        )
    };
    let (_, whole) = ask(&house, ("GET", &at("/indhold")), key, None).await;
    let first = &whole["Objekter"][0];
    let kind = Kind::from_name(first["Art"].as_str().unwrap()).unwrap();
    let xml = first["RegistreringBesked"].as_str().unwrap();
    let (id, _) = read::besked(kind, xml.as_bytes()).unwrap();
    assert_eq!(first["UUID"], id.to_string());
    let position = whole["Position"].clone();
    let said = Some(json!({ "Position": position }));
    let (status, _) = ask(&house, ("POST", &at("/kvittering")), key, said.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(opret(&house, shown, &facet(&house).await, "").await, "20");
    let lag = house.store.subscribers(&Scope::everything()).await.unwrap();
    assert_eq!(lag[0].behind, 1);
    let (_, news) = ask(&house, ("GET", &at("/aendringer")), key, None).await;
    assert_eq!(news["Aendringer"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&news["Aendringer"][0]["Livscyklus"], &news["Flere"]),
        (&json!("Opstaaet"), &json!(false))
    );
    let taken = Some(json!({ "Position": news["Position"] }));
    ask(&house, ("POST", &at("/kvittering")), key, taken).await;
    let (_, none) = ask(&house, ("GET", &at("/aendringer")), key, None).await;
    assert_eq!(none["Aendringer"], json!([]));
    let (_, again) = ask(
        &house,
        ("GET", &at(&format!("/aendringer?fra={position}"))),
        key,
        None,
    )
    .await;
    assert_eq!(again["Aendringer"], news["Aendringer"]);
    for never_given in [1_000_000, -5] {
        let said = Some(json!({ "Position": never_given }));
        let (status, _) = ask(&house, ("POST", &at("/kvittering")), key, said).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{never_given}");
        let (_, kept) = ask(&house, ("GET", &at("")), key, None).await;
        assert_eq!(kept["Position"], news["Position"], "{never_given}");
    }
    let (status, _) = ask(&house, ("DELETE", &at("")), key, None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = ask(&house, ("GET", &at("")), key, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_follows_and_registers_its_own_only() {
    let house = House::open().await;
    let here = sample::KOMMUNE;
    let rights = [Right::FollowSortiment, Right::EditSortiment];
    let own = house.key_for(sample::FAGSYSTEM, &[here], &rights).await;
    let other = house.key_for(OTHER, &[here], &rights).await;
    let sends = house
        .key_for(sample::FAGSYSTEM, &[here], &[Right::Send])
        .await;
    let (_, made) = ask(&house, ("POST", "abonnementer"), Some(&own), wish(here)).await;
    let one = format!("abonnementer/{}", made["AbonnementID"].as_str().unwrap());
    for (key, expected) in [
        (None, StatusCode::UNAUTHORIZED),
        (Some(&*other), StatusCode::NOT_FOUND),
        (Some(&*sends), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&house, ("GET", &one), key, None).await.0, expected);
    }
    let (status, _) = ask(&house, ("POST", "abonnementer"), Some(&other), wish(here)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let elsewhere = wish(Kommunekode(751));
    let (status, _) = ask(&house, ("POST", "abonnementer"), Some(&own), elsewhere).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let facet = facet(&house).await;
    let (mine, theirs) = (
        sample::myndighed().to_string(),
        house.other_authority().to_string(),
    );
    let position = house.store.position().await.unwrap();
    assert_eq!(opret(&house, &other, &facet, "").await, "41");
    assert_eq!(opret(&house, &own, &facet, &theirs).await, "41");
    assert_eq!(opret(&house, &sends, &facet, "").await, "403");
    assert_eq!(
        opret(&house, &own, &Uuid::nil().to_string(), "").await,
        "40"
    );
    assert_eq!(house.store.position().await.unwrap(), position);
    assert_eq!(opret(&house, &own, &facet, &mine).await, "20");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_is_answered_in_danish_with_the_form_wanted() {
    let house = House::open().await;
    let here = sample::KOMMUNE;
    let rights = [Right::FollowSortiment];
    let key = house.key_for(sample::FAGSYSTEM, &[here], &rights).await;
    let key = Some(key.as_str());
    let signed = Some(json!({
        "Fagsystem": sample::FAGSYSTEM.to_string(),
        "Kommunekode": "+101",
        "Navn": "Opdigtet ERP",
    }));
    let (status, said) = ask(&house, ("POST", "abonnementer"), key, signed).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.to_string().contains("ventet: 4 cifre"), "{said}");
    let half = Some(json!({ "Fagsystem": 7 }));
    let (status, said) = ask(&house, ("POST", "abonnementer"), key, half).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = said.to_string();
    assert!(told.contains("ventet: et objekt med Fagsystem"), "{told}");
    assert!(!told.contains("invalid type"), "{told}");
    let (_, made) = ask(&house, ("POST", "abonnementer"), key, wish(here)).await;
    let changes = format!(
        "abonnementer/{}/aendringer",
        made["AbonnementID"].as_str().unwrap()
    );
    let odd = format!("{changes}?fra=abc&antal=x&antal=1&sidste=1");
    let (status, said) = ask(&house, ("GET", &odd), key, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = said.to_string();
    for told_of in [
        "ventet: en position",
        "ventet: et tal fra 1 til 500",
        "ventet: samme navn én gang",
        "ventet: en parameter fra beskrivelsen",
    ] {
        assert!(told.contains(told_of), "{told_of}: {told}");
    }
    let (status, _) = ask(&house, ("GET", &format!("{changes}?antal=1")), key, None).await;
    assert_eq!(status, StatusCode::OK);
}
