//! What every interface does with a request before it is read: limits of size and time, and
//! a task of its own for the work.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::machine_key::Pass;
use oir_flow::gate;
use oir_flow::hub::Hub;
use oir_flow::ports::inbox::Channel;
use oir_wire::finans::message::{Blame, Call, Refusal, Reply, Unreadable};

use super::room::{Place as Held, Room};
use super::{BODY_MAX, BODY_TIME};

/// Asked to come back after so many seconds when the store is away.
pub(super) const COME_BACK: HeaderValue = HeaderValue::from_static("5");

/// Reads and answers in a task of its own: a panic stops this message, and a sender that
/// hangs up does not stop a message half-way.
pub(super) async fn work(
    hub: &Hub,
    channel: Channel,
    message: Received,
    pass: Option<Pass>,
    read: impl FnOnce(&[u8]) -> Result<Call, Box<Unreadable>> + Send + 'static,
) -> Reply {
    let hub = hub.clone();
    let work = tokio::spawn(async move {
        let Received { raw, place } = message;
        let read = read(&raw);
        let bytes: Arc<[u8]> = raw.as_ref().into();
        drop(raw);
        let reply = match admitted(&hub, pass.as_ref(), read) {
            Ok(read) => hub.answer(channel, read, bytes).await,
            Err(fault) => Reply::Refused(Refusal::of(Blame::Sender, &[*fault])),
        };
        // Held until here: the message outlives its connection, and so does its weight.
        drop(place);
        reply
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

type Read = Result<Call, Box<Unreadable>>;

/// What was read, as the caller may send it. What it may not is neither done nor kept.
fn admitted(hub: &Hub, pass: Option<&Pass>, read: Read) -> Result<Read, Box<Fault>> {
    let Some(pass) = pass else { return Ok(read) };
    let register = hub.register();
    match read {
        Ok(call) => gate::admit(pass, call, &register).map(Ok),
        Err(unreadable) => {
            gate::admit_unreadable(pass, &unreadable, &register)?;
            Ok(Err(unreadable))
        }
    }
}

pub(super) fn refused(code: FaultCode, value: &dyn std::fmt::Display) -> Reply {
    let fault = Fault::new(code, Place::message("HTTP"), &[value]);
    Reply::Refused(Refusal::of(Blame::Sender, &[fault]))
}

/// A message as it came, with its place in the room.
#[derive(Debug)]
pub(super) struct Received {
    raw: Bytes,
    place: Held,
}

impl Received {
    /// The body.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.raw
    }
}

type Refused = (StatusCode, Reply);

/// The whole body, in time and within the limits.
pub(super) async fn received(
    room: &Room,
    headers: &HeaderMap,
    body: Body,
) -> Result<Received, Refused> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok());
    let announced = announced.and_then(|v| v.parse().ok()).unwrap_or(0_usize);
    if announced > BODY_MAX {
        return Err(too_large());
    }
    let place = room.enter(announced).ok_or_else(full)?;
    match tokio::time::timeout(BODY_TIME, whole(body, place)).await {
        Ok(read) => read,
        Err(_) => Err((
            StatusCode::REQUEST_TIMEOUT,
            refused(FaultCode::TooSlow, &BODY_TIME.as_secs()),
        )),
    }
}

async fn whole(mut body: Body, mut place: Held) -> Result<Received, Refused> {
    // One buffer: a list of pieces would let a body of tiny ones take many times its bytes.
    let mut raw = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // The sender cut the line: nobody reads this answer.
        let frame = frame.map_err(|_| {
            let reply = refused(FaultCode::NotWellFormed, &"forbindelsen brød");
            (StatusCode::BAD_REQUEST, reply)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let length = raw.len().saturating_add(data.len());
        if length > BODY_MAX {
            return Err(too_large());
        }
        if !place.grow_to(length) {
            return Err(full());
        }
        raw.extend_from_slice(&data);
    }
    let raw = raw.freeze();
    Ok(Received { raw, place })
}

fn too_large() -> Refused {
    let reply = refused(FaultCode::TooLarge, &BODY_MAX);
    (StatusCode::PAYLOAD_TOO_LARGE, reply)
}

/// No room now: the sender comes back, as when the store is away.
fn full() -> Refused {
    metrics::counter!("oir_turned_away_total").increment(1);
    let fault = Fault::new(FaultCode::Unavailable, Place::message("HTTP"), &[]);
    let reply = Reply::Refused(Refusal::of(Blame::Receiver, &[fault]));
    (StatusCode::SERVICE_UNAVAILABLE, reply)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::HttpBody;
    use hyper::body::Frame;

    use super::{
        Body, Bytes, CONTENT_LENGTH, FaultCode, HeaderMap, Reply, Room, StatusCode, received,
    };

    /// A body that never comes.
    struct Silent;

    impl HttpBody for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    fn announced(bytes: usize) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, bytes.into());
        headers
    }

    /// The status of a refusal, and that it asks to come back.
    async fn turned_away(room: &Room, headers: &HeaderMap, body: Body) -> bool {
        match received(room, headers, body).await {
            Err((status, Reply::Refused(refusal))) => {
                status == StatusCode::SERVICE_UNAVAILABLE
                    && refusal.code() == Some(FaultCode::Unavailable)
            }
            _ => false,
        }
    }

    #[tokio::test]
    async fn messages_under_way_are_bounded_by_bytes() {
        let room = Room::new(64 * 1024);
        let forty = || Bytes::from(vec![b' '; 40 * 1024]);
        let none = HeaderMap::new();
        let first = received(&room, &announced(40 * 1024), forty().into()).await;
        assert!(first.is_ok());
        // Announced or not, a second one does not fit beside it.
        assert!(turned_away(&room, &announced(40 * 1024), forty().into()).await);
        assert!(turned_away(&room, &none, forty().into()).await);
        // A small one does.
        let small = received(&room, &none, Bytes::from_static(b"<a/>").into()).await;
        assert!(small.is_ok());
        assert!(turned_away(&room, &none, Body::empty()).await);
        drop(first);
        assert!(received(&room, &none, forty().into()).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_announced_and_not_sent_keeps_nobody_out() {
        let room = Room::new(64 * 1024);
        let headers = announced(48 * 1024);
        let mut silent = std::pin::pin!(received(&room, &headers, Body::new(Silent)));
        let waits = tokio::select! {
            biased;
            _ = silent.as_mut() => false,
            () = std::future::ready(()) => true,
        };
        assert!(waits, "there is no body yet");
        let body = Bytes::from(vec![b' '; 48 * 1024]);
        assert!(received(&room, &headers, body.into()).await.is_ok());
    }
}
