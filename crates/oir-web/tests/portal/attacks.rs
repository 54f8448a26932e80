//! What attackers try at the portal, each with what stops it. A page that is added is
//! attacked here too: the addresses are the table's own.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Method, Request, StatusCode};
use oir_domain::access::{Person, Role, TABLE};
use oir_domain::party::Kommunekode;
use oir_flow::ports::identity::{
    Asked, AttemptSecrets, Identity, IdentityFailure, IdentityProvider,
};
use oir_web::portal::door::{Door, Needs, PAGES};
use oir_web::portal::forms::FORM_MAX;
use oir_web::portal::{PortalState, router};

use crate::doors::{address, form_token, holding, look, post, signed_in};
use crate::invented::{Invented, StoppedClock, WORDS, bilag_id, register};
use crate::keys::{made, portal, with_key};
use crate::sessions::entrance;
use crate::{Answer, ask, attributes};

const HERE: Kommunekode = Kommunekode(791);

/// Every role, so that somebody may ask for any page.
fn everybody() -> Vec<Person> {
    TABLE.iter().map(|rule| holding(rule.role, HERE)).collect()
}

fn number_of(role: Role) -> usize {
    TABLE.iter().position(|rule| rule.role == role).unwrap()
}

/// Somebody who may ask for a page.
fn who_may(needs: Needs) -> usize {
    match needs {
        Needs::Right(action) => {
            let may = |rule: &oir_domain::access::Rule| rule.may.contains(&action);
            // Drift last: it sees the country, and others are the narrower test.
            TABLE.iter().position(may).unwrap()
        }
        Needs::Anybody | Needs::Nothing => number_of(Role::Drift),
    }
}

fn form(address: &str, cookie: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("cookie", cookie)
        .body(body.into())
        .unwrap()
}

/// The addresses that take forms.
async fn forms(portal: &Router) -> Vec<(&'static str, Needs)> {
    let mut found = Vec::new();
    for (path, needs) in PAGES.iter().copied() {
        let cookie = signed_in(portal, who_may(needs)).await;
        let answer = post(portal, &address(path), &cookie, "").await;
        if answer.status != StatusCode::METHOD_NOT_ALLOWED {
            found.push((path, needs));
        }
    }
    assert!(found.len() >= 6, "{found:?}");
    found
}

/// Whose form says who they are by itself: nobody is in yet.
const WITHOUT_TOKEN: [&str; 1] = ["/log-ind"];

#[tokio::test]
async fn no_form_does_anything_without_its_sessions_token_or_from_elsewhere() {
    let portal = portal(&everybody());
    for (path, needs) in forms(&portal).await {
        let cookie = signed_in(&portal, who_may(needs)).await;
        let other = signed_in(&portal, number_of(Role::Drift)).await;
        let own = form_token(&look(&portal, "/roller", &cookie).await);
        let foreign = form_token(&look(&portal, "/roller", &other).await);
        let place = address(path);
        if !WITHOUT_TOKEN.contains(&path) {
            for wrong in ["", "token=", "token=x", &format!("token={foreign}")] {
                let answer = post(&portal, &place, &cookie, wrong).await;
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {wrong}");
            }
        }
        let headers = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
            ("origin", "https://attacker.example"),
            ("origin", "null"),
        ];
        for (name, value) in headers {
            let mut request = form(&place, &cookie, format!("token={own}"));
            request.headers_mut().insert(name, value.parse().unwrap());
            request
                .headers_mut()
                .insert("host", "oir.example".parse().unwrap());
            let answer = ask(&portal, request).await;
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path} {name}: {value}"
            );
        }
        // The session is still there: nothing was done by any of them.
        let still = look(&portal, "/roller", &cookie).await;
        assert_eq!(still.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn every_role_sends_exactly_the_forms_of_the_table() {
    let portal = portal(&everybody());
    for (path, needs) in forms(&portal).await {
        let Needs::Right(action) = needs else {
            continue;
        };
        for (number, rule) in TABLE.iter().enumerate() {
            let cookie = signed_in(&portal, number).await;
            let answer = post(&portal, &address(path), &cookie, "token=x").await;
            let forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(
                !forbidden,
                rule.may.contains(&action),
                "{} {path}",
                rule.role
            );
        }
        let nobody = post(&portal, &address(path), "", "token=x").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn no_address_does_anything_by_another_method() {
    let portal = portal(&everybody());
    for (path, needs) in PAGES.iter().copied() {
        let cookie = signed_in(&portal, who_may(needs)).await;
        for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            let request = Request::builder()
                .method(method.clone())
                .uri(address(path))
                .header("cookie", &cookie)
                .body(Body::empty());
            let answer = ask(&portal, request.unwrap()).await;
            assert_eq!(
                answer.status,
                StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn every_page_forbids_frames_scripts_and_styles_of_others() {
    let portal = portal(&everybody());
    for (path, needs) in PAGES.iter().copied() {
        let cookie = signed_in(&portal, who_may(needs)).await;
        for cookie in [cookie.as_str(), ""] {
            let answer = look(&portal, &address(path), cookie).await;
            let policy = answer.header("content-security-policy");
            for wanted in [
                "default-src 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "object-src 'none'",
            ] {
                assert!(policy.contains(wanted), "{path}: {policy}");
            }
            let loose = policy.contains("unsafe") || policy.contains('*');
            assert!(!loose, "{path}: {policy}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
            assert!(!path.contains("noegler") || answer.header("cache-control") == "no-store");
        }
    }
}

#[test]
fn no_template_carries_script_or_style_of_its_own() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let (mut seen, mut paths) = (0, vec![folder]);
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            let files = std::fs::read_dir(path).unwrap();
            paths.extend(files.map(|file| file.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let found = inline(&text);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
        assert!(
            !text.contains("|safe") && !text.contains("| safe"),
            "{}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen > 10);
    for bad in [
        "<p style=\"x\">",
        "<a onclick='x'>",
        "<script>x</script>",
        "<script src=\"x\">y</script>",
        "<style>x</style>",
        "<a href=\"javascript:x\">",
    ] {
        assert!(!inline(bad).is_empty(), "{bad}");
    }
}

/// What of a page a browser would run or draw by itself under a looser policy.
fn inline(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    for tag in lower.split('<').skip(1) {
        let (inside, after) = tag.split_once('>').unwrap_or((tag, ""));
        // Between the quotes stand values, outside them names.
        for (part, quoted) in inside.split('"').zip([false, true].into_iter().cycle()) {
            let words = part.split_whitespace();
            found.extend(
                words
                    .filter(|w| !quoted && names_code(w))
                    .map(str::to_owned),
            );
            if quoted && part.trim_start().starts_with("javascript:") {
                found.push(part.to_owned());
            }
        }
        let name = inside.split([' ', '\n']).next().unwrap_or("");
        if name == "style" || name == "script" && !after.trim().is_empty() {
            found.push(format!("{inside}: {after}"));
        }
    }
    found
}

fn names_code(word: &str) -> bool {
    let Some((name, value)) = word.split_once('=') else {
        return false;
    };
    let handler = name.len() > 2 && name.starts_with("on");
    handler || name == "style" || value.starts_with("javascript:")
}

/// What others may write where we show it.
const SCRIPTS: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "{{7*7}}${7*7}",
    "</textarea><svg/onload=alert(1)>",
];

#[tokio::test]
async fn words_of_others_are_words_on_every_page() {
    let mut store = Invented::day(13);
    store.write_on_everything(&SCRIPTS.join(" "));
    let portal = router(PortalState::new(
        Arc::new(store),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(Door::Operator),
    ));
    let mut pages = vec!["/".to_owned(), "/bilag".to_owned()];
    for number in 0..13 {
        pages.push(format!("/bilag/{}", bilag_id(number)));
    }
    let mut shown = 0;
    for page in pages {
        let answer = crate::get(&portal, &page).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert_clean(&answer, &page);
        shown += usize::from(answer.text().contains("&#60;script&#62;"));
    }
    assert!(shown > 10, "the words are shown, as words: {shown}");
}

fn assert_clean(answer: &Answer, page: &str) {
    let text = answer.text();
    let found = inline(&text.replace("defer></script>", "></script>"));
    assert!(found.is_empty(), "{page}: {found:?}");
    for script in ["<img src=x", "<svg/onload", "<script>alert"] {
        assert!(!text.contains(script), "{page}: {script}");
    }
}

#[tokio::test]
async fn words_of_the_address_and_of_forms_are_words_too() {
    let portal = portal(&everybody());
    let drift = signed_in(&portal, number_of(Role::Drift)).await;
    for script in SCRIPTS {
        let word: String = script.bytes().map(|b| format!("%{b:02x}")).collect();
        for place in [
            format!("/bilag?q={word}&fejlkode={word}&kommune={word}&fra={word}"),
            format!("/?dag={word}"),
            format!("/log-ind?til={word}"),
            format!("/bilag/{word}"),
            format!("/noegler/{word}"),
            format!("/{word}"),
        ] {
            for cookie in [drift.as_str(), ""] {
                assert_clean(&look(&portal, &place, cookie).await, &place);
            }
        }
        let page = look(&portal, "/noegler/ny", &drift).await;
        let token = form_token(&page);
        let form = format!("token={token}&id=key_{:032x}&navn={word}&system={word}", 1);
        let answer = post(&portal, "/noegler/ny", &drift, &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_clean(&answer, script);
    }
}

#[tokio::test]
async fn nobody_is_led_to_another_site() {
    let portal = portal(&everybody());
    for wanted in [
        "https://attacker.example/",
        "//attacker.example",
        "/\\attacker.example",
        "\\/attacker.example",
        "/%5cattacker.example",
        "/%09/attacker.example",
        "javascript:alert(1)",
        "/%0d%0aLocation:%20https://attacker.example",
        "%2f%2fattacker.example",
    ] {
        let signed = post(&portal, "/log-ind", "", &format!("person=0&til={wanted}")).await;
        assert_eq!(signed.status, StatusCode::SEE_OTHER, "{wanted}");
        let to = signed.header("location");
        let ours = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
        assert!(ours && !to.contains("attacker"), "{wanted} leads to {to}");
        let cookie = signed
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let already = look(&portal, &format!("/log-ind?til={wanted}"), &cookie).await;
        assert!(!already.header("location").contains("attacker"), "{wanted}");
        let page = look(&portal, &format!("/log-ind?til={wanted}"), "").await;
        for link in attributes(page.text(), "href") {
            assert!(link.starts_with('/') || link.starts_with('#'), "{link}");
        }
    }
}

#[tokio::test]
async fn a_planted_cookie_is_nobodys_session() {
    let portal = portal(&everybody());
    let planted = format!("oir_session={}", "a".repeat(64));
    let request = form("/log-ind", &planted, "person=0&til=/roller");
    let answer = ask(&portal, request).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let given = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_ne!(
        given, planted,
        "a session is never one that the browser brought"
    );
    assert_eq!(
        look(&portal, "/roller", &given).await.status,
        StatusCode::OK
    );
    let theirs = look(&portal, "/roller", &planted).await;
    assert_eq!(
        theirs.status,
        StatusCode::SEE_OTHER,
        "who planted it has nothing"
    );
    // Signing in again gives another one, and the old one of another person stays theirs.
    let again = signed_in(&portal, 0).await;
    assert_ne!(again, given);
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words_at_every_form() {
    let portal = portal(&everybody());
    for (path, needs) in forms(&portal).await {
        let cookie = signed_in(&portal, who_may(needs)).await;
        let place = address(path);
        let large = vec![b'a'; FORM_MAX + 1];
        let mut announced = form(&place, &cookie, "token=x");
        let length = (FORM_MAX + 1).to_string();
        announced
            .headers_mut()
            .insert("content-length", length.parse().unwrap());
        for request in [form(&place, &cookie, large), announced] {
            let answer = ask(&portal, request).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            assert!(answer.text().contains("fylder for meget"), "{path}");
        }
        let fits = form(&place, &cookie, vec![b'a'; FORM_MAX]);
        let fits = ask(&portal, fits).await;
        assert_ne!(fits.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}

/// A body that never comes.
struct Silent;

impl HttpBody for Silent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_that_never_comes_is_given_up_in_words() {
    let portal = portal(&everybody());
    let cookie = signed_in(&portal, number_of(Role::Drift)).await;
    // The clock moves when all wait: a form without a limit of time would wait for ever.
    let asked = ask(&portal, form("/log-ud", &cookie, Body::new(Silent)));
    let answer = tokio::time::timeout(Duration::from_secs(3_600), asked).await;
    let answer = answer.unwrap();
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert!(answer.text().contains("nåede ikke frem"));
}

#[tokio::test]
async fn words_that_would_be_sql_find_nothing_and_harm_nothing() {
    let portal = portal(&everybody());
    let drift = signed_in(&portal, number_of(Role::Drift)).await;
    let all = look(&portal, "/bilag", &drift).await;
    for word in [
        "'%20or%20'1'='1",
        "%25';drop%20table%20bilag;--",
        "%00",
        "\\",
    ] {
        let answer = look(&portal, &format!("/bilag?q={word}"), &drift).await;
        assert_eq!(answer.status, StatusCode::OK, "{word}");
        assert!(answer.text().contains("Ingen bilag fundet"), "{word}");
    }
    for name in ["kommune", "fagsystem", "tilstand", "fra", "beloeb_fra"] {
        let place = format!("/bilag?{name}='%20or%201=1--");
        let answer = look(&portal, &place, &drift).await;
        assert!(answer.status == StatusCode::BAD_REQUEST, "{place}");
    }
    assert_eq!(look(&portal, "/bilag", &drift).await.text(), all.text());
}

#[tokio::test]
async fn who_guesses_keys_waits_and_who_has_one_does_not() {
    let portal = portal(&everybody());
    let drift = signed_in(&portal, number_of(Role::Drift)).await;
    let (key, _) = made(&portal, &drift, &[791]).await;
    let peer = oir_web::machine::Peer("192.0.2.7".parse().unwrap());
    let from = async |shown: &str| {
        let mut request = Request::get("/api/finans/v2/bilag")
            .header("authorization", format!("Bearer {shown}"))
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(peer);
        ask(&portal, request).await
    };
    let mut statuses = Vec::new();
    for _ in 0..15 {
        statuses.push(from("oir_wrong").await.status.as_u16());
    }
    let heard = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!((heard, statuses.last()), (10, Some(&429)), "{statuses:?}");
    let blocked = from("oir_wrong").await;
    assert!(blocked.text().contains("F0014"));
    let wait: u64 = blocked.header("retry-after").parse().unwrap();
    assert!((1..=7).contains(&wait));
    assert_eq!(
        from(&key).await.status,
        StatusCode::OK,
        "beside the one who guesses"
    );
    // Elsewhere nobody waits.
    let elsewhere = with_key(&portal, "/api/finans/v2/bilag", "oir_wrong").await;
    assert_eq!(elsewhere.status, StatusCode::UNAUTHORIZED);
    let log = look(&portal, "/log", &drift).await;
    let lines = log.text().matches("<td>Så nogen gætte på nøgler").count();
    assert_eq!(lines, 1, "once in a window");
    assert!(log.text().contains("adresse 192.0.2.7") && !log.text().contains("oir_wrong"));
}

/// A provider that nobody comes back from.
#[derive(Debug)]
struct Elsewhere;

impl IdentityProvider for Elsewhere {
    fn address<'a>(&'a self, _: &'a AttemptSecrets) -> Asked<'a, String> {
        Box::pin(async { Ok("https://login.example/".to_owned()) })
    }

    fn redeem<'a>(
        &'a self,
        _: &'a str,
        _: &'a AttemptSecrets,
        _: jiff::Timestamp,
    ) -> Asked<'a, Identity> {
        Box::pin(async { Err(IdentityFailure::Forged("invented".to_owned())) })
    }
}

#[tokio::test]
async fn who_guesses_answers_of_the_sign_in_waits() {
    let door = Door::Provider {
        provider: Arc::new(Elsewhere),
        means: Arc::new(|_| Vec::new()),
    };
    let portal = router(PortalState::new(
        Arc::new(Invented::day(1)),
        register(),
        Arc::new(StoppedClock),
        WORDS,
        entrance(door),
    ));
    let guess = async |from: &str, more: &str| {
        let place = format!("/log-ind/svar?state={}&{more}", "a".repeat(64));
        let mut request = Request::get(place).body(Body::empty()).unwrap();
        let peer = oir_web::machine::Peer(from.parse().unwrap());
        request.extensions_mut().insert(peer);
        ask(&portal, request).await
    };
    let mut statuses = Vec::new();
    for number in 0..12 {
        let more = if number % 2 == 0 { "code=x" } else { "error=x" };
        statuses.push(guess("192.0.2.7", more).await.status.as_u16());
    }
    let heard = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!((heard, statuses.last()), (10, Some(&429)), "{statuses:?}");
    let blocked = guess("192.0.2.7", "code=x").await;
    assert!(blocked.text().contains("For mange forsøg"));
    assert!(!blocked.header("retry-after").is_empty());
    let elsewhere = guess("192.0.2.8", "code=x").await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
}
