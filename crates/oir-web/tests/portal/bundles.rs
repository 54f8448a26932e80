//! A bundle holds other persons: whoever looks at one bilag of it, for whatever purpose, is
//! not shown its neighbours.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use axum::Router;
use axum::http::StatusCode;
use oir_domain::access::Role;
use oir_domain::finans::PartNummer;
use serde_json::json;

use crate::Answer;
use crate::doors::{HERE, THERE, form_token, holding, look, portal_over, post, signed_in};
use crate::invented::{Invented, bilag_id};

const PURPOSE: &str = "formaal=henvendelse&forklaring=Borger+har+ringet+om+sag+17";

/// The two persons, and the two bilag of one message that are about them.
const PERSONS: [&str; 2] = ["6302039753", "6404048642"];
const BILAG: [u8; 2] = [0, 3];

/// A store in which both bilag came in one message, of these bytes.
fn bundle(raw: impl Fn([String; 2]) -> String) -> Router {
    let mut store = Invented::day(4);
    let shared = store.bilag[0].afsendelse;
    let mut names = Vec::new();
    for (index, (number, person)) in (0..).zip(BILAG.into_iter().zip(PERSONS)) {
        let detail = &mut store.bilag[usize::from(number)];
        (detail.afsendelse, detail.index) = (shared, index);
        for posting in &mut detail.bilag.posteringer {
            if let Some(part) = &mut posting.part {
                part.nummer = PartNummer::Cpr(person.parse().unwrap());
            }
        }
        names.push(detail.line.bilag_uuid.to_string());
    }
    let other = store.bilag[3].line.clone();
    let message = store.messages.iter_mut().find(|m| m.id == shared).unwrap();
    message.bilag.push(other);
    message.raw = raw(names.try_into().unwrap()).into_bytes();
    portal_over(
        store,
        &[
            holding(Role::OekonomiFinans, HERE),
            holding(Role::OekonomiFinans, THERE),
        ],
    )
}

fn json([one, two]: [String; 2]) -> String {
    let bilag = |name: String, person: &str| {
        let (day, rest) = person.split_at(6);
        json!({
            "BilagUUID": name,
            "Tekst": format!("Til {day}-{rest}"),
            "Finanspostering": [{ "Linjenummer": 1, "Part": { "CPR": person } }],
        })
    };
    let bilag = [bilag(one, PERSONS[0]), bilag(two, PERSONS[1])];
    json!({ "RequestHeader": {}, "Afsendelse": { "Finansbilag": bilag } }).to_string()
}

fn soap([one, two]: [String; 2]) -> String {
    let bilag = |name: String, person: &str| {
        let (day, rest) = person.split_at(6);
        format!(
            "<o:Finansbilag><o:BilagUUID>{name}</o:BilagUUID><o:Tekst>Til {day} {rest}</o:Tekst>\
             <o:Finanspostering><o:Part><o:CPR>{person}</o:CPR></o:Part></o:Finanspostering>\
             </o:Finansbilag>"
        )
    };
    let (one, two) = (bilag(one, PERSONS[0]), bilag(two, PERSONS[1]));
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <o:Afsendelse xmlns:o=\"urn:oir:finans:modtagfinansbilag:2\">{one}{two}</o:Afsendelse>\
         </s:Body></s:Envelope>"
    )
}

/// The page of what was received, and the answer with numbers, of a bilag.
async fn shown(portal: &Router, bilag: u8) -> [Answer; 2] {
    let cookie = signed_in(portal, 0).await;
    let token = form_token(&look(portal, "/roller", &cookie).await);
    let address = format!("/bilag/{}", bilag_id(bilag));
    let form = format!("token={token}&{PURPOSE}");
    let answers = [
        look(portal, &format!("{address}/xml"), &cookie).await,
        post(portal, &format!("{address}/personnumre"), &cookie, &form).await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::OK);
    }
    answers
}

#[tokio::test]
async fn of_a_bundle_one_bilag_is_shown_and_no_other_person() {
    for raw in [json, soap] {
        let portal = bundle(raw);
        for (place, bilag) in BILAG.into_iter().enumerate() {
            let (own, other) = (PERSONS[place], PERSONS[1 - place]);
            let [masked, numbers] = shown(&portal, bilag).await;
            assert!(masked.text().contains(&own[..6]) && !masked.text().contains(&own[6..]));
            assert!(numbers.text().contains(own));
            for answer in [masked, numbers] {
                // Neither half: no form of the number, masked or not.
                assert!(!answer.text().contains(&other[..6]), "{}", answer.text());
                assert!(!answer.text().contains(&other[6..]));
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_cut_out_is_masked_whoever_asks() {
    let torn: [fn([String; 2]) -> String; 4] = [
        |names| json(names).trim_end_matches('}').to_owned(),
        |names| soap(names).replace("</s:Body>", ""),
        // In another order than was noted.
        |[one, two]| json([two, one]),
        |[one, two]| soap([two, one]),
    ];
    for (number, raw) in torn.into_iter().enumerate() {
        // XML is read up to the end of the bilag; what comes behind does not matter to it.
        let cut = number == 1;
        let portal = bundle(raw);
        for (place, bilag) in BILAG.into_iter().enumerate() {
            for answer in shown(&portal, bilag).await {
                let page = answer.text();
                assert_eq!(page.contains("kunne ikke skæres ud"), !cut);
                assert!(!page.contains(&PERSONS[1 - place][6..]), "{page}");
                assert!(cut || !page.contains(PERSONS[place]), "{page}");
            }
        }
    }
}

#[tokio::test]
async fn a_number_typed_into_the_search_leads_to_the_look_up_for_those_who_may() {
    let portal = portal_over(
        Invented::day(4),
        &[
            holding(Role::OekonomiFinans, HERE),
            holding(Role::Revisor, HERE),
        ],
    );
    const WAY: &str = "<a class=\"function-link\" href=\"/personopslag\">";
    let (finance, auditor) = (signed_in(&portal, 0).await, signed_in(&portal, 1).await);
    for field in ["q", "sag", "konto", "sortiment"] {
        let address = format!("/bilag?{field}={}", PERSONS[0]);
        let page = look(&portal, &address, &finance).await;
        assert!(page.text().contains(WAY), "{field}");
        assert!(!page.text().contains(PERSONS[0]));
        let page = look(&portal, &address, &auditor).await;
        assert!(page.text().contains("ikke på CPR-numre") && !page.text().contains(WAY));
    }
    let page = look(&portal, "/bilag?fejlkode=x", &finance).await;
    assert!(page.text().contains("Fejlkoden findes ikke") && !page.text().contains(WAY));
}
