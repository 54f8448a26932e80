//! Signing in against a provider that we did not write, and one that lies
//! (`tests/identity`, on Node.js; its packages are installed by `cargo xtask test`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oir_flow::ports::identity::{
    AttemptSecrets, Identity, IdentityFailure, IdentityProvider, Privilege,
};
use oir_transport::{OpenIdConnect, OpenIdSettings, OpenIdSettingsError, RoleClaim};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Url};

/// Nobody listens there: the walk ends before it is called.
const REDIRECT: &str = "http://127.0.0.1:9/signed-in";
/// As in `tests/identity/provider.mjs`; its signs show that the header is encoded rightly.
const SECRET: &str = "a secret: of 100 % invented characters";

/// A provider as a process of its own; it ends when its standard input does.
struct Provider {
    process: Child,
    issuer: String,
}

impl Provider {
    fn start(script: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/identity");
        let mut process = Command::new("node")
            .arg(folder.join(script))
            .arg(REDIRECT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut issuer = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut issuer).unwrap();
        let issuer = issuer.trim().to_owned();
        assert!(
            issuer.starts_with("http://127.0.0.1:"),
            "{script} does not start: run `cargo xtask test`, which installs its packages"
        );
        Self { process, issuer }
    }

    fn stop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // A test that fails still leaves nothing running.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

fn settings(issuer: &str) -> OpenIdSettings {
    OpenIdSettings {
        issuer: issuer.into(),
        client_id: "oir".into(),
        client_secret: Some(SECRET.into()),
        redirect_url: REDIRECT.into(),
        scopes: OpenIdSettings::standard_scopes(),
        role_claim: "privileges_b64".into(),
        role_form: RoleClaim::Privileges,
    }
}

fn by_pairs(issuer: &str) -> OpenIdSettings {
    OpenIdSettings {
        role_claim: "roles".into(),
        role_form: RoleClaim::Pairs,
        ..settings(issuer)
    }
}

fn open(settings: OpenIdSettings) -> OpenIdConnect {
    OpenIdConnect::new(settings).unwrap()
}

fn attempt() -> AttemptSecrets {
    AttemptSecrets {
        state: "the-state".into(),
        nonce: "the-nonce".into(),
        verifier: "v".repeat(43),
    }
}

fn held(cvr: &str, name: &str) -> Privilege {
    Privilege {
        cvr: cvr.parse().unwrap(),
        name: name.into(),
    }
}

/// What a browser does for a person who needs no page: follows redirects and keeps cookies.
async fn walk(address: &str, person: &str) -> BTreeMap<String, String> {
    let none = reqwest::redirect::Policy::none();
    let browser = Client::builder().redirect(none).build().unwrap();
    let mut url = Url::parse(address).unwrap();
    url.query_pairs_mut().append_pair("login_hint", person);
    let mut cookies = BTreeMap::new();
    for _ in 0..10 {
        if url.as_str().starts_with(REDIRECT) {
            return url.query_pairs().into_owned().collect();
        }
        let kept: Vec<String> = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = browser.get(url.clone()).header(COOKIE, kept.join("; "));
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        cookies.retain(|_, value| !value.is_empty());
        let status = answer.status();
        let Some(next) = answer.headers().get(LOCATION) else {
            panic!("{status} at {url}");
        };
        url = url.join(next.to_str().unwrap()).unwrap();
    }
    panic!("redirected for ever, last to {url}");
}

/// A code for a person at our client.
async fn code(oidc: &OpenIdConnect, person: &str) -> String {
    let secrets = attempt();
    let mut back = walk(&oidc.address(&secrets).await.unwrap(), person).await;
    assert_eq!(back.remove("state").as_deref(), Some("the-state"));
    back.remove("code")
        .unwrap_or_else(|| panic!("no code: {back:?}"))
}

async fn sign_in(oidc: &OpenIdConnect, person: &str) -> Result<Identity, IdentityFailure> {
    let code = code(oidc, person).await;
    oidc.redeem(&code, &attempt(), Timestamp::now()).await
}

#[tokio::test]
async fn a_person_signs_in_with_name_and_privileges() {
    let provider = Provider::start("provider.mjs");
    let expected = Identity {
        subject: "karen".into(),
        navn: "Karen Opdigtet-Ærø".into(),
        email: None,
        privileges: vec![
            held("29189846", "urn:oir:test:sagsbehandler"),
            held("29189846", "urn:oir:test:godkender"),
            held("11111111", "urn:oir:test:sagsbehandler"),
        ],
    };
    for client_id in ["oir", "oir-es256", "oir-ps256"] {
        let client_id = client_id.into();
        let oidc = open(OpenIdSettings {
            client_id,
            ..settings(&provider.issuer)
        });
        assert_eq!(sign_in(&oidc, "karen").await.as_ref(), Ok(&expected));
    }
    let pairs = sign_in(&open(by_pairs(&provider.issuer)), "karen").await;
    let privileges = vec![
        held("29189846", "sagsbehandler"),
        held("11111111", "urn:oir:test:laeser"),
    ];
    let expected = Identity {
        privileges,
        ..expected
    };
    assert_eq!(pairs, Ok(expected));
}

#[tokio::test]
async fn who_holds_nothing_is_somebody_and_who_has_no_name_is_not() {
    let provider = Provider::start("provider.mjs");
    let oidc = open(settings(&provider.issuer));
    let jens = sign_in(&oidc, "jens").await.unwrap();
    assert_eq!(&*jens.navn, "Jens Påfund");
    assert_eq!(jens.privileges, Vec::new());
    let nobody = sign_in(&oidc, "nobody").await;
    assert!(
        matches!(nobody, Err(IdentityFailure::Refused(_))),
        "{nobody:?}"
    );
    for settings in [settings(&provider.issuer), by_pairs(&provider.issuer)] {
        let broken = sign_in(&open(settings), "broken").await;
        assert!(
            matches!(broken, Err(IdentityFailure::Forged(_))),
            "{broken:?}"
        );
    }
}

#[tokio::test]
async fn a_code_holds_once_for_whom_it_was_made_and_with_our_secret() {
    let provider = Provider::start("provider.mjs");
    let oidc = open(settings(&provider.issuer));
    let (now, secrets) = (Timestamp::now(), attempt());
    let refused = Err(IdentityFailure::Refused("the code does not hold".into()));

    let twice = code(&oidc, "karen").await;
    assert!(oidc.redeem(&twice, &secrets, now).await.is_ok());
    assert_eq!(oidc.redeem(&twice, &secrets, now).await, refused);
    assert_eq!(oidc.redeem("invented", &secrets, now).await, refused);

    let stolen = code(&oidc, "karen").await;
    let verifier = "w".repeat(43);
    let other = AttemptSecrets {
        verifier,
        ..attempt()
    };
    assert_eq!(oidc.redeem(&stolen, &other, now).await, refused);

    let elsewhere = open(OpenIdSettings {
        client_id: "oir-es256".into(),
        ..settings(&provider.issuer)
    });
    let strange = code(&elsewhere, "karen").await;
    assert_eq!(oidc.redeem(&strange, &secrets, now).await, refused);

    let wrong = open(OpenIdSettings {
        client_secret: Some("another".into()),
        ..settings(&provider.issuer)
    });
    let reason = "the provider does not take our client id or secret";
    let refused = Err(IdentityFailure::Refused(reason.into()));
    assert_eq!(sign_in(&wrong, "karen").await, refused);
}

#[tokio::test]
async fn a_token_holds_for_its_attempt_and_its_time() {
    let provider = Provider::start("provider.mjs");
    let oidc = open(settings(&provider.issuer));
    let now = Timestamp::now();

    let nonce = "another".into();
    let other = AttemptSecrets { nonce, ..attempt() };
    let fresh = code(&oidc, "karen").await;
    let reason = "the token is for another attempt".into();
    let redeemed = oidc.redeem(&fresh, &other, now).await;
    assert_eq!(redeemed, Err(IdentityFailure::Forged(reason)));

    let reason = "the token is out of date".to_owned();
    let forged = Err(IdentityFailure::Forged(reason));
    for hours in [24, -24] {
        let then = now + SignedDuration::from_hours(hours);
        let fresh = code(&oidc, "karen").await;
        assert_eq!(oidc.redeem(&fresh, &attempt(), then).await, forged);
    }
}

#[tokio::test]
async fn a_provider_that_is_gone_is_unavailable() {
    let mut provider = Provider::start("provider.mjs");
    let oidc = open(settings(&provider.issuer));
    let kept = code(&oidc, "karen").await;
    let unread = open(settings(&provider.issuer));
    provider.stop();
    let gone = IdentityFailure::Unavailable("no connection".into());
    let redeemed = oidc.redeem(&kept, &attempt(), Timestamp::now()).await;
    assert_eq!(redeemed, Err(gone.clone()));
    assert_eq!(unread.address(&attempt()).await, Err(gone));
    // What was read once is kept: the browser finds out for itself.
    assert!(oidc.address(&attempt()).await.is_ok());
}

/// A forger's client, whose "secret" the forger knows.
fn deceived(forger: &Provider, path: &str) -> OpenIdConnect {
    open(OpenIdSettings {
        client_secret: Some("shared".into()),
        ..settings(&format!("{}{path}", forger.issuer))
    })
}

async fn told(oidc: &OpenIdConnect, lie: &str, now: Timestamp) -> Result<(), String> {
    let code = format!("{lie}~the-nonce");
    let redeemed = oidc.redeem(&code, &attempt(), now).await;
    redeemed.map(drop).map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn no_lie_is_believed() {
    let forger = Provider::start("forger.mjs");
    let oidc = deceived(&forger, "");
    let now = Timestamp::now();
    for truth in ["sound", "es256", "ps256"] {
        assert_eq!(told(&oidc, truth, now).await, Ok(()), "{truth}");
    }
    let algorithm = "the token is not signed, or in a way that is not accepted";
    let key = "the token is signed by no key of the provider";
    for (lie, reason) in [
        ("none", algorithm),
        ("none without key", algorithm),
        ("hs256 by the public key", algorithm),
        ("hs256 by our secret", algorithm),
        ("rs512", algorithm),
        ("another issuer", "the token is from another issuer"),
        ("another audience", "the token is for another audience"),
        ("a second audience", "the token is for another audience"),
        (
            "another authorised party",
            "the token is for another audience",
        ),
        ("another nonce", "the token is for another attempt"),
        ("no nonce", "the token is for another attempt"),
        ("from the future", "the token is out of date"),
        ("a stranger's key", key),
        ("a stranger's key under a known name", key),
        ("changed after signing", key),
        ("no token", "the answer has no identity token"),
        ("no token at all", "the answer to the code cannot be read"),
        ("large", "an answer of more than 1 MiB"),
    ] {
        let expected = Err(format!("not to be trusted: {reason}"));
        assert_eq!(told(&oidc, lie, now).await, expected, "{lie}");
    }
    for (odd, reason) in [
        ("away", "the identity provider is away: HTTP 503"),
        ("sent on", "the identity provider is away: HTTP 302"),
        (
            "busy",
            "the identity provider is away: the provider says that it cannot now",
        ),
        ("refused", "refused: the code does not hold"),
    ] {
        assert_eq!(told(&oidc, odd, now).await, Err(reason.into()), "{odd}");
    }
}

#[tokio::test]
async fn clocks_may_be_a_minute_apart() {
    let forger = Provider::start("forger.mjs");
    let oidc = deceived(&forger, "");
    // The forger's tokens are of now and hold for 300 s; between its clock and this one lies
    // the time that the calls take, so the edges are not hit to the second.
    for (seconds, holds) in [(-50, true), (-70, false), (355, true), (400, false)] {
        let now = Timestamp::now() + SignedDuration::from_secs(seconds);
        let told = told(&oidc, "sound", now).await;
        assert_eq!(told.is_ok(), holds, "{seconds} s: {told:?}");
    }
}

async fn fetched(forger: &Provider) -> String {
    let url = format!("{}/fetched", forger.issuer);
    let answer = Client::new().get(url).send().await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn keys_are_fetched_anew_for_a_new_key_and_at_most_once_a_minute() {
    let forger = Provider::start("forger.mjs");
    let oidc = deceived(&forger, "");
    let now = Timestamp::now();
    assert_eq!(told(&oidc, "sound", now).await, Ok(()));
    assert_eq!(told(&oidc, "es256", now).await, Ok(()));
    assert_eq!(fetched(&forger).await, "1");
    // No key would make these better.
    for lie in ["none", "another audience", "another nonce"] {
        assert!(told(&oidc, lie, now).await.is_err());
    }
    assert_eq!(fetched(&forger).await, "1");
    for _ in 0..3 {
        assert!(told(&oidc, "a stranger's key", now).await.is_err());
    }
    assert_eq!(fetched(&forger).await, "2");
    let before = now + Duration::from_secs(59);
    assert!(told(&oidc, "a new key", before).await.is_err());
    assert_eq!(fetched(&forger).await, "2");
    let after = now + Duration::from_secs(60);
    assert_eq!(told(&oidc, "a new key", after).await, Ok(()));
    assert_eq!(told(&oidc, "a new key", after).await, Ok(()));
    assert_eq!(fetched(&forger).await, "3");
}

#[tokio::test]
async fn a_discovery_document_is_of_its_issuer_and_leads_nowhere_open() {
    let forger = Provider::start("forger.mjs");
    for (path, reason) in [
        ("/misnamed", "the discovery document is of another issuer"),
        (
            "/open-keys",
            "the provider names an address without encryption",
        ),
        (
            "/open-login",
            "the provider sends browsers to an address without encryption",
        ),
    ] {
        let failure = IdentityFailure::Forged(reason.into());
        let oidc = deceived(&forger, path);
        assert_eq!(oidc.address(&attempt()).await, Err(failure));
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let with = |change: fn(&mut OpenIdSettings)| {
        let mut settings = settings("https://provider.example");
        change(&mut settings);
        OpenIdConnect::new(settings).err()
    };
    assert_eq!(with(|_| {}), None);
    for local in ["http://127.0.0.1:1", "http://[::1]:1/a", "http://localhost"] {
        assert!(OpenIdConnect::new(settings(local)).is_ok(), "{local}");
    }
    for open in [
        "http://provider.example",
        "http://127.0.0.1.provider.example",
        "http://127.0.0.2",
        "ftp://localhost",
    ] {
        let refused = OpenIdConnect::new(settings(open)).err();
        assert_eq!(refused, Some(OpenIdSettingsError::Unencrypted), "{open}");
    }
    assert_eq!(
        with(|s| s.issuer = "provider".into()),
        Some(OpenIdSettingsError::Issuer)
    );
    assert_eq!(
        with(|s| s.redirect_url = "here".into()),
        Some(OpenIdSettingsError::Redirect)
    );
    assert_eq!(
        with(|s| s.client_id.clear()),
        Some(OpenIdSettingsError::ClientId)
    );
    assert_eq!(
        with(|s| s.role_claim.clear()),
        Some(OpenIdSettingsError::RoleClaim)
    );
}

#[tokio::test]
async fn no_secret_is_shown() {
    let forger = Provider::start("forger.mjs");
    let settings = settings(&forger.issuer);
    assert!(!format!("{settings:?}").contains("invented"));
    let oidc = open(settings);
    assert!(!format!("{oidc:?}").contains("invented"));
    // The address goes through the browser and may hold nothing that only we should know.
    let address = oidc.address(&attempt()).await.unwrap();
    assert!(!address.contains("invented") && !address.contains(&"v".repeat(43)));
    assert!(address.contains("code_challenge_method=S256"));
    assert!(address.contains("scope=openid+profile"));
    let short = AttemptSecrets {
        verifier: "short".into(),
        ..attempt()
    };
    let refused = oidc.address(&short).await;
    assert!(matches!(refused, Err(IdentityFailure::Refused(_))));
}
