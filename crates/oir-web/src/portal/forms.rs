//! The bodies of forms: whole, small and in time before any page sees them, so that no
//! page can forget to ask.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::LengthLimitError;

use super::failure::PageError;

/// Largest form or file taken, in bytes: a guide or a day's control totals fit many times.
pub const FORM_MAX: usize = 1024 * 1024;
/// Longest time that one may take to arrive.
pub const FORM_TIME: Duration = Duration::from_secs(30);

/// Reads the body of a request that changes something, or says why not.
pub(super) async fn whole(request: Request, next: Next) -> Result<Response, PageError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|n| n > FORM_MAX)) {
        return Err(PageError::TooLarge);
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(FORM_TIME, to_bytes(body, FORM_MAX)).await;
    let bytes = read.map_err(|_| PageError::TooSlow)?.map_err(|error| {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return PageError::TooLarge;
            }
            cause = error.source();
        }
        PageError::BadForm
    })?;
    let request = Request::from_parts(parts, Body::from(bytes));
    Ok(next.run(request).await.into_response())
}
