//! OAuth 2.0 client credentials (RFC 6749 § 4.4): a key for a token of an hour, and the
//! description that clients find it by (RFC 8414).

use std::net::IpAddr;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oir_domain::machine_key::Right;
use oir_flow::keyring::{Issued, KeyRefusal, Keyring, TokenRefusal};
use serde_json::{Value, json};

use super::BODY_TIME;
use super::door::Peer;
use super::hand_over::COME_BACK;

/// Where tokens are given.
pub const TOKEN: &str = "/oauth/token";
/// Where it is described.
pub const METADATA: &str = "/.well-known/oauth-authorization-server";
/// Longest form taken, in bytes: a key and its words fit many times.
const FORM_MAX: usize = 16 * 1024;

const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"oir\"");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the routes stand on.
#[derive(Debug, Clone)]
struct Desk {
    keys: Keyring,
    issuer: String,
}

/// The routes. `issuer` is the address by which clients reach this service.
pub(super) fn routes(keys: Keyring, issuer: &str) -> Router {
    let issuer = issuer.trim_end_matches('/').to_owned();
    Router::new()
        .route(TOKEN, post(token))
        .route(METADATA, get(metadata))
        .with_state(Desk { keys, issuer })
}

async fn metadata(State(desk): State<Desk>) -> Response {
    let issuer = &desk.issuer;
    let methods = ["client_secret_basic", "client_secret_post"];
    let described = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}{TOKEN}"),
        "token_endpoint_auth_methods_supported": methods,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": Right::ALL.map(Right::word),
    });
    answer(StatusCode::OK, &described, &[])
}

async fn token(
    State(desk): State<Desk>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let form = match form(&headers, body).await {
        Ok(form) => form,
        Err(status) => return wrong(status, "invalid_request", &[]),
    };
    let request = match Request::read(&headers, &form) {
        Ok(request) => request,
        Err(why) => return why.answer(),
    };
    let from: Option<IpAddr> = peer.map(|Extension(peer)| peer.0);
    let client = (request.client.as_str(), request.secret.as_str());
    match desk.keys.issue(client, request.scope, from).await {
        Ok(issued) => given(&issued),
        Err(refusal) => refused(&refusal),
    }
}

fn given(issued: &Issued) -> Response {
    let rights: Vec<&str> = issued.rights.iter().map(|right| right.word()).collect();
    let token = json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.seconds,
        "scope": rights.join(" "),
    });
    answer(StatusCode::OK, &token, &[])
}

fn refused(refusal: &TokenRefusal) -> Response {
    match refusal {
        TokenRefusal::Scope => wrong(StatusCode::BAD_REQUEST, "invalid_scope", &[]),
        TokenRefusal::Client(KeyRefusal::Shut) => unknown_client(),
        TokenRefusal::Client(KeyRefusal::TooMany { wait }) => {
            let wait = (RETRY_AFTER, HeaderValue::from(*wait));
            // RFC 6749 has no word for it; the status says the rest.
            wrong(StatusCode::TOO_MANY_REQUESTS, "invalid_client", &[wait])
        }
        TokenRefusal::Client(KeyRefusal::Store(failure)) => {
            tracing::error!(%failure, "no token can be given");
            let header = (RETRY_AFTER, COME_BACK);
            let status = StatusCode::SERVICE_UNAVAILABLE;
            wrong(status, "temporarily_unavailable", &[header])
        }
    }
}

fn unknown_client() -> Response {
    let header = (WWW_AUTHENTICATE, BASIC);
    wrong(StatusCode::UNAUTHORIZED, "invalid_client", &[header])
}

fn wrong(status: StatusCode, error: &str, more: &[(HeaderName, HeaderValue)]) -> Response {
    answer(status, &json!({ "error": error }), more)
}

/// Tokens, and what is said of them, are kept by nobody on the way (RFC 6749 § 5.1).
fn answer(status: StatusCode, value: &Value, more: &[(HeaderName, HeaderValue)]) -> Response {
    let mut answer = (status, value.to_string()).into_response();
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    for (name, value) in more {
        headers.insert(name, value.clone());
    }
    answer
}

type Form = Vec<(String, String)>;

/// The form of a request, small and in time.
async fn form(headers: &HeaderMap, body: Body) -> Result<Form, StatusCode> {
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media = media.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let read = tokio::time::timeout(BODY_TIME, axum::body::to_bytes(body, FORM_MAX)).await;
    let read = read.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let bytes = read.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| StatusCode::BAD_REQUEST)?;
    pairs(text).ok_or(StatusCode::BAD_REQUEST)
}

/// The pairs of a form; none when it is not one.
fn pairs(text: &str) -> Option<Form> {
    let address: axum::http::Uri = format!("/?{}", text.replace(' ', "+")).parse().ok()?;
    let form = axum::extract::Query::<Form>::try_from_uri(&address).ok()?;
    Some(form.0)
}

/// Why nothing is asked for that could be given.
enum Unasked {
    Invalid,
    OtherGrant,
    NoClient,
}

impl Unasked {
    fn answer(self) -> Response {
        match self {
            Self::Invalid => wrong(StatusCode::BAD_REQUEST, "invalid_request", &[]),
            Self::OtherGrant => wrong(StatusCode::BAD_REQUEST, "unsupported_grant_type", &[]),
            Self::NoClient => unknown_client(),
        }
    }
}

/// What is asked for, with the client's own name and secret.
struct Request<'a> {
    client: String,
    secret: String,
    scope: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Reads it; a parameter twice, or two ways of saying who one is, is an error
    /// (RFC 6749 § 2.3, 3.2).
    fn read(headers: &HeaderMap, form: &'a Form) -> Result<Self, Unasked> {
        let one = |name: &str| {
            let mut found = form.iter().filter(|(key, _)| key == name);
            match (found.next(), found.next()) {
                (one, None) => Ok(one.map(|(_, value)| value.as_str())),
                (_, Some(_)) => Err(Unasked::Invalid),
            }
        };
        let (grant, scope) = (one("grant_type")?, one("scope")?);
        let (client, secret) = (one("client_id")?, one("client_secret")?);
        match grant {
            Some("client_credentials") => {}
            Some(_) => return Err(Unasked::OtherGrant),
            None => return Err(Unasked::Invalid),
        }
        let (client, secret) = match (headers.contains_key(AUTHORIZATION), client, secret) {
            (true, client, None) => {
                let (named, secret) = basic(headers).ok_or(Unasked::NoClient)?;
                if client.is_some_and(|client| client != named) {
                    return Err(Unasked::Invalid);
                }
                (named, secret)
            }
            (true, _, Some(_)) => return Err(Unasked::Invalid),
            (false, Some(client), Some(secret)) => (client.to_owned(), secret.to_owned()),
            (false, ..) => return Err(Unasked::NoClient),
        };
        Ok(Self {
            client,
            secret,
            scope,
        })
    }
}

/// Name and secret of the one `Authorization: Basic`, form-encoded within.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, text) = one.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = BASE64_STANDARD.decode(text.trim()).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (client, secret) = text.split_once(':')?;
    let plain = |text: &str| {
        let mut pairs = pairs(&format!("x={text}"))?.into_iter();
        let (_, value) = pairs.next()?;
        pairs.next().is_none().then_some(value)
    };
    Some((plain(client)?, plain(secret)?))
}
