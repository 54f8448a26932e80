//! What every interface does with a request before it is read: limits of size and time, and
//! a task of its own for the work.

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_flow::hub::Hub;
use oir_flow::ports::inbox::Channel;
use oir_wire::finans::message::{Blame, Call, Refusal, Reply, Unreadable};

use super::{BODY_MAX, BODY_TIME};

/// Asked to come back after so many seconds when the store is away.
pub(super) const COME_BACK: HeaderValue = HeaderValue::from_static("5");

/// Reads and answers in a task of its own: a panic stops this message, and a sender that
/// hangs up does not stop a message half-way.
pub(super) async fn work(
    hub: &Hub,
    channel: Channel,
    raw: Bytes,
    read: impl FnOnce(&[u8]) -> Result<Call, Box<Unreadable>> + Send + 'static,
) -> Reply {
    let hub = hub.clone();
    let work = tokio::spawn(async move {
        let read = read(&raw);
        hub.answer(channel, read, raw.as_ref().into()).await
    });
    work.await.unwrap_or_else(|error| {
        metrics::counter!("oir_alarm_total", "reason" => "panic").increment(1);
        tracing::error!(
            alarm = true,
            panic = error.is_panic(),
            "a call was stopped by a bug"
        );
        let fault = Fault::new(FaultCode::Internal, Place::message("Envelope"), &[]);
        Reply::Refused(Refusal::of(Blame::Receiver, &[fault]))
    })
}

pub(super) fn refused(code: FaultCode, value: &dyn std::fmt::Display) -> Reply {
    let fault = Fault::new(code, Place::message("HTTP"), &[value]);
    Reply::Refused(Refusal::of(Blame::Sender, &[fault]))
}

/// The whole body, in time and within the limit.
pub(super) async fn received(
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, (StatusCode, Reply)> {
    let too_large = || {
        let reply = refused(FaultCode::TooLarge, &BODY_MAX);
        (StatusCode::PAYLOAD_TOO_LARGE, reply)
    };
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    if announced
        .and_then(|v| v.parse().ok())
        .is_some_and(|n: usize| n > BODY_MAX)
    {
        return Err(too_large());
    }
    let whole = Limited::new(body, BODY_MAX).collect();
    match tokio::time::timeout(BODY_TIME, whole).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        // The sender cut the line: nobody reads this answer.
        Ok(Err(_)) => Err((
            StatusCode::BAD_REQUEST,
            refused(FaultCode::NotWellFormed, &"forbindelsen brød"),
        )),
        Err(_) => Err((
            StatusCode::REQUEST_TIMEOUT,
            refused(FaultCode::TooSlow, &BODY_TIME.as_secs()),
        )),
    }
}
