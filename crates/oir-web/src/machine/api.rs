//! The same operations as JSON over HTTP; described by `schemas/finans/openapi.json`.

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::machine_key::Pass;
use oir_flow::ports::inbox::Channel;
use oir_wire::finans::json;
use oir_wire::finans::message::{Blame, Refusal, Reply};
use serde_json::Value;

use super::MachineState;
use super::door::{self, Peer, Turned};
use super::hand_over::{COME_BACK, Received, received, refused, work};

/// Where the interface lives.
pub const PATH: &str = "/api/finans/v2";
const OPENAPI: &str = include_str!("../../../../schemas/finans/openapi.json");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The five operations and their description.
pub(super) fn operations() -> Router<MachineState> {
    let mut routes = Router::new().route(
        &format!("{PATH}/openapi.json"),
        get(|| async { ([(CONTENT_TYPE, JSON)], OPENAPI) }).fallback(wrong_method),
    );
    for operation in json::OPERATIONS {
        let handler =
            move |State(state): State<MachineState>,
                  peer: Option<Extension<Peer>>,
                  headers: HeaderMap,
                  body: Body| { call(state, operation, peer, headers, body) };
        routes = routes.route(
            &format!("{PATH}/{operation}"),
            post(handler).fallback(wrong_method),
        );
    }
    routes
}

async fn call(
    state: MachineState,
    operation: &'static str,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (pass, raw) = match taken_in(&state, peer, &headers, body).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
    };
    let read = move |raw: &[u8]| json::call(operation, raw);
    answered(
        &work(&state.hub, Channel::Json, raw, pass, read).await,
        None,
    )
}

/// Who calls, and the JSON that they sent; or the answer that turns them away.
pub(super) async fn taken_in(
    state: &MachineState,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Option<Pass>, Received), Response> {
    let peer = peer.map(|Extension(peer)| peer);
    let entered = door::enter(&state.door, headers, peer).await;
    let pass = entered.map_err(|turned| turned_away(*turned))?;
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media = media.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let found: String = media.chars().take(80).collect();
        let reply = refused(FaultCode::WrongContentType, &found);
        return Err(answered(&reply, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE)));
    }
    let read = received(&state.room, headers, body).await;
    let message = read.map_err(|(status, reply)| answered(&reply, Some(status)))?;
    Ok((pass, message))
}

/// The statuses of refusals; `docs/HTTP.md` says what a sender does at each.
fn status(refusal: &Refusal) -> StatusCode {
    match (refusal.code(), refusal.blame) {
        (Some(FaultCode::Unavailable), _) => StatusCode::SERVICE_UNAVAILABLE,
        (
            Some(FaultCode::NotFound | FaultCode::UnknownMyndighed | FaultCode::UnknownFagsystem),
            _,
        ) => StatusCode::NOT_FOUND,
        (Some(FaultCode::TransactionReused), _) => StatusCode::CONFLICT,
        (Some(FaultCode::NotAllowed), _) => StatusCode::FORBIDDEN,
        (_, Blame::Sender) => StatusCode::BAD_REQUEST,
        (_, Blame::Receiver) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(super) fn answered(reply: &Reply, given: Option<StatusCode>) -> Response {
    match reply {
        Reply::Refused(refusal) => problem(refusal, given.unwrap_or_else(|| status(refusal))),
        reply => written(StatusCode::OK, JSON, &json::reply(reply)),
    }
}

/// A refusal as a problem document.
fn problem(refusal: &Refusal, status: StatusCode) -> Response {
    let mut problem = json::problem(refusal);
    if let Some(object) = problem.as_object_mut() {
        object.insert("status".to_owned(), status.as_u16().into());
    }
    let mut response = written(status, PROBLEM, &problem);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, COME_BACK);
    }
    response
}

fn written(status: StatusCode, media: HeaderValue, value: &Value) -> Response {
    (status, [(CONTENT_TYPE, media)], value.to_string()).into_response()
}

/// An answer of the looking-up half.
pub(super) fn found(value: &Value) -> Response {
    written(StatusCode::OK, JSON, value)
}

/// What was found, or the answer that ended the question.
pub(super) fn told(asked: Result<Value, Box<Response>>) -> Response {
    match asked {
        Ok(value) => found(&value),
        Err(answer) => *answer,
    }
}

/// What was wrong with a question, all at once.
pub(super) fn wrong(faults: &[Fault]) -> Response {
    let refusal = Refusal::of(Blame::Sender, faults);
    problem(&refusal, status(&refusal))
}

/// Somebody whom the door of machines does not let in.
pub(crate) fn turned_away(turned: Turned) -> Response {
    let answer = problem(&turned.refusal, turned.status);
    turned.on(answer)
}

/// Nobody is signed in.
pub(crate) fn not_signed_in() -> Response {
    at_the_door(FaultCode::NotSignedIn, StatusCode::UNAUTHORIZED)
}

/// Somebody is, without the right to look.
pub(crate) fn not_allowed() -> Response {
    at_the_door(FaultCode::NotAllowed, StatusCode::FORBIDDEN)
}

fn at_the_door(code: FaultCode, status: StatusCode) -> Response {
    let fault = Fault::new(code, Place::message("HTTP"), &[]);
    problem(&Refusal::of(Blame::Sender, &[fault]), status)
}

/// The store is away.
pub(crate) fn away() -> Response {
    let fault = Fault::new(FaultCode::Unavailable, Place::message("HTTP"), &[]);
    problem(
        &Refusal::of(Blame::Receiver, &[fault]),
        StatusCode::SERVICE_UNAVAILABLE,
    )
}

/// Another method than the address has.
pub(super) async fn wrong_method() -> Response {
    let place = Place::message("HTTP");
    let fault = Fault::new(FaultCode::UnknownOperation, place, &[&"HTTP-metoden"]);
    problem(
        &Refusal::of(Blame::Sender, &[fault]),
        StatusCode::METHOD_NOT_ALLOWED,
    )
}
