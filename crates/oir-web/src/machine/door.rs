//! The door of machines: who calls, by the key or token that they show. The checks cost a
//! digest and a look in memory; what a call may name is judged once it is read.

use std::net::IpAddr;

use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::machine_key::Pass;
use oir_flow::keyring::{KeyRefusal, Keyring};
use oir_wire::finans::message::{Blame, Refusal, Reply};

use super::hand_over::COME_BACK;

/// What a caller without a key is told (RFC 6750 § 3).
const ASKED: HeaderValue = HeaderValue::from_static("Bearer realm=\"oir\"");
/// What one with a wrong key is told.
const WRONG: HeaderValue =
    HeaderValue::from_static("Bearer realm=\"oir\", error=\"invalid_token\"");

/// How machines come in.
#[derive(Debug, Clone)]
pub enum MachineDoor {
    /// Nobody signs in: for services that only this machine reaches.
    Open,
    /// With a key, or a token given for one.
    Keys(Keyring),
}

/// The address at the other end of the connection, put there by the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Why a request goes no further: an answer in the making.
#[derive(Debug)]
pub(crate) struct Turned {
    pub(crate) status: StatusCode,
    pub(crate) refusal: Refusal,
    header: (HeaderName, HeaderValue),
}

impl Turned {
    fn new(status: StatusCode, fault: &Fault, header: (HeaderName, HeaderValue)) -> Self {
        let blame = match status {
            StatusCode::SERVICE_UNAVAILABLE => Blame::Receiver,
            _ => Blame::Sender,
        };
        Self {
            status,
            refusal: Refusal::of(blame, std::slice::from_ref(fault)),
            header,
        }
    }

    /// The refusal as a reply of the corridor.
    pub(super) fn reply(&self) -> Reply {
        Reply::Refused(self.refusal.clone())
    }

    /// The answer with the header that says how to go on.
    pub(crate) fn on(self, mut answer: Response) -> Response {
        let (name, value) = self.header;
        answer.headers_mut().insert(name, value);
        answer
    }
}

fn fault(code: FaultCode, values: &[&dyn std::fmt::Display]) -> Fault {
    Fault::new(code, Place::message("HTTP"), values)
}

/// What was shown; none when nothing was, or something that is no bearer's.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        return None;
    };
    let (scheme, shown) = one.to_str().ok()?.split_once(' ')?;
    let shown = shown.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !shown.is_empty()).then_some(shown)
}

/// Who calls; nothing when the door is open.
pub(super) async fn enter(
    door: &MachineDoor,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Option<Pass>, Box<Turned>> {
    match door {
        MachineDoor::Open => Ok(None),
        MachineDoor::Keys(keys) => with_key(keys, headers, peer).await.map(Some),
    }
}

/// Who calls with a key.
pub(crate) async fn with_key(
    keys: &Keyring,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Pass, Box<Turned>> {
    let not_signed_in = |header| {
        let fault = fault(FaultCode::NotSignedIn, &[]);
        let header = (WWW_AUTHENTICATE, header);
        Box::new(Turned::new(StatusCode::UNAUTHORIZED, &fault, header))
    };
    let shown = bearer(headers).ok_or_else(|| not_signed_in(ASKED))?;
    let entered = keys.enter(shown, peer.map(|peer| peer.0)).await;
    entered.map_err(|refusal| match refusal {
        KeyRefusal::Shut => not_signed_in(WRONG),
        KeyRefusal::TooMany { wait } => {
            let fault = fault(FaultCode::TooManyGuesses, &[&wait]);
            let header = (RETRY_AFTER, HeaderValue::from(wait));
            Box::new(Turned::new(StatusCode::TOO_MANY_REQUESTS, &fault, header))
        }
        KeyRefusal::Store(failure) => {
            tracing::error!(%failure, "keys cannot be looked up; nobody comes in");
            let fault = fault(FaultCode::Unavailable, &[]);
            let header = (RETRY_AFTER, COME_BACK);
            Box::new(Turned::new(StatusCode::SERVICE_UNAVAILABLE, &fault, header))
        }
    })
}
