//! The calls to a provider: who may be called, how long, and how much is read.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use oir_flow::ports::courier::SeenCertificate;
use openidconnect::url::Url;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, Response, StatusCode};
use thiserror::Error;

use crate::certificate::Seen;

/// To connect.
const CONNECT: Duration = Duration::from_secs(5);
/// From the first byte sent to the last one read: a person waits.
const WHOLE: Duration = Duration::from_secs(10);
/// Longest answer read, bytes. Keys and tokens are some kilobytes; a person with a role in
/// every municipality is still under 100 kB.
const ANSWER_MAX: usize = 1024 * 1024;

/// Whether what is said to this address stays between us and it.
pub(super) fn is_encrypted_or_local(url: &Url) -> bool {
    let local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

/// Why there is no answer to read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum LineError {
    /// Nobody answered, or somebody who had no answer.
    #[error("{0}")]
    Away(String),
    /// An answer that is not read, or an address that is not called.
    #[error("{0}")]
    Suspicious(&'static str),
}

/// The way to a provider.
pub(super) struct Line {
    client: Client,
    seen: Seen,
}

impl Line {
    /// A way; nothing is connected yet. Fails when the platform gives no client.
    pub(super) fn open() -> Result<Self, reqwest::Error> {
        crate::tls::ready();
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            // Sign-ins are minutes apart: a connection that was kept is mostly one that the
            // provider has closed meanwhile, and a code is not sent twice.
            .pool_max_idle_per_host(0)
            // Codes and secrets go to whom the discovery document names, nobody further.
            .redirect(reqwest::redirect::Policy::none())
            .tls_info(true)
            .build()?;
        Ok(Self {
            client,
            seen: Seen::default(),
        })
    }

    /// The certificate that the host of an address showed last.
    pub(super) fn certificate(&self, url: &str) -> Option<SeenCertificate> {
        self.seen.of(url)
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, LineError> {
        let request = reqwest::Request::try_from(request).map_err(|e| of_error(&e))?;
        if !is_encrypted_or_local(request.url()) {
            let reason = "the provider names an address without encryption";
            return Err(LineError::Suspicious(reason));
        }
        let answer = self.client.execute(request).await;
        let answer = answer.map_err(|e| of_error(&e))?;
        self.seen.keep(&answer);
        // A refusal of the token endpoint comes with 400 or 401 (RFC 6749 § 5.2); some say
        // 403. Any other status is said by something that is not the provider at work.
        match answer.status() {
            StatusCode::OK
            | StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN => read(answer).await,
            other => Err(LineError::Away(format!("HTTP {}", other.as_u16()))),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Line {
    type Error = LineError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, LineError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

async fn read(mut answer: Response) -> Result<HttpResponse, LineError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|e| of_error(&e))? {
        if body.len().saturating_add(chunk.len()) > ANSWER_MAX {
            return Err(LineError::Suspicious("an answer of more than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = HttpResponse::new(body);
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

fn of_error(error: &reqwest::Error) -> LineError {
    // The error's own text holds the address; the kind says enough.
    let reason = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() || error.is_builder() {
        "no connection"
    } else {
        "the connection broke"
    };
    LineError::Away(reason.into())
}
