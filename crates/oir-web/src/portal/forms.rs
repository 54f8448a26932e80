//! The bodies of forms: whole, small and in time before any page sees them, so that no
//! page can forget to ask.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http_body_util::LengthLimitError;

use super::failure::PageError;
use super::{PortalState, kontoplan, omsaetning};

/// Largest form or file taken, in bytes: a guide or a day's control totals fit many times.
pub const FORM_MAX: usize = 1024 * 1024;
/// Largest file taken where a spreadsheet is sent, with the form around it.
const FILE_MAX: usize = oir_wire::sheet::BYTES_MAX + 64 * 1024;
/// Where spreadsheets are sent.
const FILES: [&str; 2] = [kontoplan::IMPORT, omsaetning::UPLOAD];
/// Longest time that one may take to arrive.
pub const FORM_TIME: Duration = Duration::from_secs(30);

/// Reads the body of a request that changes something, or says why not.
pub(super) async fn whole(request: Request, next: Next) -> Result<Response, PageError> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let most = room(&request);
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|n| n > most)) {
        return Err(PageError::TooLarge);
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(FORM_TIME, to_bytes(body, most)).await;
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

/// How much a request may bring: a spreadsheet more than any form.
fn room(request: &Request) -> usize {
    let path = request.extensions().get::<MatchedPath>();
    let takes_file = path.is_some_and(|path| FILES.contains(&path.as_str()));
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    if takes_file && kind.starts_with("multipart/form-data") {
        FILE_MAX
    } else {
        FORM_MAX
    }
}

/// A page that takes a file, without a limit smaller than [`whole`]'s.
pub(super) fn with_file(page: MethodRouter<PortalState>) -> MethodRouter<PortalState> {
    page.layer(DefaultBodyLimit::max(FILE_MAX))
}

/// A form with a file, as it was sent.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Name and text, in order.
    fields: Vec<(String, String)>,
    /// What stood in the field `fil`.
    pub(super) file: File,
}

/// A file of a form; empty when none was chosen.
#[derive(Debug, Default)]
pub(super) struct File {
    /// What it is called where it comes from.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

impl Parts {
    /// Reads the whole form.
    pub(super) async fn read(
        sent: Result<Multipart, MultipartRejection>,
    ) -> Result<Self, PageError> {
        let mut sent = sent.map_err(|_| PageError::BadForm)?;
        let mut parts = Self::default();
        while let Some(part) = sent.next_field().await.map_err(|e| broken(&e))? {
            let name = part.name().unwrap_or("").to_owned();
            let file = part.file_name().unwrap_or("").to_owned();
            let bytes = part.bytes().await.map_err(|e| broken(&e))?;
            if name == "fil" {
                parts.file = File {
                    name: file,
                    bytes: bytes.to_vec(),
                };
            } else {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                parts.fields.push((name, text));
            }
        }
        Ok(parts)
    }

    /// The text of a field; of two with its name the last, nothing when it was not sent.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.fields.iter().rev().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }
}

fn broken(error: &MultipartError) -> PageError {
    // The only kind that the sender can do something about.
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        PageError::TooLarge
    } else {
        PageError::BadForm
    }
}
