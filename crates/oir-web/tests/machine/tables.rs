//! Omsætningstabeller at the machines' door: read and explained for whom the key is, and for
//! nobody else.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use oir_fagsystem::sample;
use serde_json::Value;

use crate::house::{House, OTHER};

const PATH: &str = "/api/finans/v2/omsaetningstabeller";

async fn get(house: &House, rest: &str, key: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::get(format!("{PATH}{rest}"));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let answer = house.ask(request.body(Body::empty()).unwrap()).await;
    let said = serde_json::from_str(&answer.text).unwrap();
    (answer.status, said)
}

#[tokio::test]
async fn a_key_reads_its_own_tables_and_no_others() {
    let house = House::open().await;
    let key = house.sender(&[sample::KOMMUNE]).await;
    let (status, said) = get(&house, "", Some(&key)).await;
    assert_eq!(status, StatusCode::OK);
    let tables = said["Omsaetningstabel"].as_array().unwrap();
    assert_eq!(tables.len(), 1, "{said}");
    assert_eq!(tables[0]["Kommunekode"], sample::KOMMUNE.to_string());
    assert_eq!(tables[0]["Fagsystem"], sample::FAGSYSTEM.to_string());
    let (status, said) = get(&house, "/101/KSD", Some(&key)).await;
    assert_eq!(
        (status, &said["Udgave"][0]["Udgave"]),
        (StatusCode::OK, &0.into())
    );
    let (status, said) = get(&house, "/101/ksd/0", Some(&key)).await;
    assert_eq!(status, StatusCode::OK);
    let rules = said["Regel"].as_array().unwrap();
    assert!(rules.len() > 5 && rules[0]["Kontering"][0]["AndelHundrededele"] == 10_000);
    for rest in ["/751/KSD", "/751/KSD/0", "/101/XYZ", "/101/KSD/7", "/x/KSD"] {
        let (status, _) = get(&house, rest, Some(&key)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{rest}");
    }
    let foreign = "/751/KSD/forklaring?dag=2026-11-18";
    let (status, _) = get(&house, foreign, Some(&key)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = get(&house, "", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let other = house.key_of(OTHER, &[sample::KOMMUNE]).await;
    let (status, _) = get(&house, "/101/KSD/0", Some(&other)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_posting_is_explained_by_the_version_in_force() {
    let house = House::open_door().await;
    let line = &sample::bilag(1).posteringer[0];
    let values = line.sortiment.iter();
    let values: String = values
        .map(|value| format!("&vaerdi={}:{}", value.facet, value.vaerdi))
        .collect();
    let asked = format!("/101/KSD/forklaring?dag=2026-11-18&side=D&type=NOR{values}");
    let (status, said) = get(&house, &asked, None).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let [first, second, ..] = said["Forklaring"].as_array().unwrap().as_slice() else {
        panic!("{said}");
    };
    assert_eq!(first["Udfald"], "VINDER");
    assert_eq!(second["Udfald"], "PASSER_IKKE");
    assert!(!second["Grunde"].as_array().unwrap().is_empty());
    let reason = second["Grunde"][0].as_str().unwrap();
    assert!(reason.contains(", men reglen kræver, at "), "{reason}");
    let signed = "/+101/KSD/forklaring?dag=2026-11-18";
    let (status, _) = get(&house, signed, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let wrong = "/101/KSD/forklaring?side=X&vaerdi=uden&sted=1";
    let (status, said) = get(&house, wrong, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = said.to_string();
    assert!(
        told.contains("side") && told.contains("vaerdi"),
        "all at once: {told}"
    );
    for form in [
        "ventet: D eller K",
        "ventet: facet:værdi",
        "ventet: en parameter fra beskrivelsen",
    ] {
        assert!(told.contains(form), "{form}: {told}");
    }
    let (status, said) = get(&house, "/101/KSD/forklaring?side=D", None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(said.to_string().contains("ventet: en dato"), "{said}");
}
