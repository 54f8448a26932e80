//! The books' service over HTTP, with its misbehaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::TransaktionsId;
use oir_domain::party::Cvr;
use oir_wire::finans::message::{Blame, Call, Delivery, ModtagReply, Refusal, Reply};
use oir_wire::finans::{SERVICE_PATH, SoapVersion, read, write};

use crate::books::Books;
use crate::misbehaviour::Misbehaviour;

/// Longest message taken: the hub's own limit.
const BODY_MAX: usize = 16 * 1024 * 1024;

struct Desk {
    books: Books,
    misbehaviour: Misbehaviour,
    deliveries: AtomicU64,
    now: fn() -> Timestamp,
    again: Again,
}

/// Where receipts go that are brought a second time: SOAP 1.1 bodies for the hub.
pub type Again = Arc<dyn Fn(Vec<u8>) + Send + Sync>;

/// The service as routes.
pub fn router(
    books: Books,
    misbehaviour: Misbehaviour,
    now: fn() -> Timestamp,
    again: Again,
) -> Router {
    let desk = Arc::new(Desk {
        books,
        misbehaviour,
        deliveries: AtomicU64::new(0),
        now,
        again,
    });
    Router::new()
        .route(SERVICE_PATH, post(soap))
        .route("/health/live", get(|| async { "ok" }))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(desk)
}

async fn soap(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let announced = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let Some(version) = announced.and_then(SoapVersion::of_content_type) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    let call = match read::call(version, &body) {
        Ok(call) => call,
        Err(unreadable) => {
            let refusal = Refusal::of(Blame::Sender, &unreadable.faults);
            return answered(version, &Reply::Refused(refusal));
        }
    };
    let delivery = matches!(call, Call::Modtag(_));
    let conduct = if delivery {
        let number = desk.deliveries.fetch_add(1, Ordering::Relaxed);
        desk.misbehaviour.conduct(number)
    } else {
        Misbehaviour::default().conduct(0)
    };
    tokio::time::sleep(conduct.pause).await;
    if conduct.fail {
        let busy = [(RETRY_AFTER, HeaderValue::from_static("1"))];
        return (StatusCode::SERVICE_UNAVAILABLE, busy).into_response();
    }
    let myndighed = match &call {
        Call::Modtag(afsendelse) => Some(afsendelse.myndighed),
        _ => None,
    };
    let (books, now) = (desk.books.clone(), (desk.now)());
    let reply = tokio::task::spawn_blocking(move || books.answer(&call, now)).await;
    if let (true, Some(myndighed), Ok(Ok(Reply::Modtag(reply)))) =
        (conduct.twice, myndighed, &reply)
    {
        (desk.again)(receipts_again(myndighed, reply));
    }
    if conduct.cut {
        return cut();
    }
    match reply {
        Ok(Ok(reply)) => answered(version, &reply),
        Ok(Err(error)) => failed(version, &error.to_string()),
        Err(error) => failed(version, &error.to_string()),
    }
}

/// The receipts of an answer as a call of their own.
fn receipts_again(myndighed: Cvr, reply: &ModtagReply) -> Vec<u8> {
    let delivery = Delivery {
        myndighed,
        bilag: reply.bilag.clone(),
    };
    // An id that follows from what is brought: the hub keeps none of these.
    let id = reply.bilag.first().map(|b| b.bilag_uuid.as_uuid());
    let id = TransaktionsId::from_uuid(id.unwrap_or_default());
    write::call(SoapVersion::V11, id, &Call::Aflever(delivery))
}

fn failed(version: SoapVersion, reason: &str) -> Response {
    tracing::error!(reason, "the books failed");
    let fault = Fault::new(FaultCode::Unavailable, Place::message("Body"), &[]);
    answered(
        version,
        &Reply::Refused(Refusal::of(Blame::Receiver, &[fault])),
    )
}

fn answered(version: SoapVersion, reply: &Reply) -> Response {
    let status = match reply {
        Reply::Refused(_) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::OK,
    };
    let form = HeaderValue::from_static(version.content_type());
    (status, [(CONTENT_TYPE, form)], write::reply(version, reply)).into_response()
}

/// A body that breaks before its first byte: the server closes the connection, and the
/// caller has a status and no answer.
fn cut() -> Response {
    let broken = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "told to cut");
    let stream = CutStream(Some(broken));
    Response::new(Body::from_stream(stream))
}

struct CutStream(Option<std::io::Error>);

impl futures_util::Stream for CutStream {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Err))
    }
}

/// Serves until `stop` is done.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop)
        .await
}
