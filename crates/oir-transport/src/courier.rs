//! The courier: one POST, one outcome, never a retry of its own.

use std::sync::Arc;
use std::time::Duration;

use oir_domain::register::Receiver;
use oir_flow::ports::courier::{Call, CallOutcome, Courier, SeenCertificate};
use oir_wire::finans::SoapVersion;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};

use crate::certificate::Seen;
use crate::failure::{of_error, of_status};

/// Longest answer read: receipts of a bundle are some 100 kB; more is not from the books.
const ANSWER_MAX: usize = 16 * 1024 * 1024;

/// Time limits of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// To connect.
    pub connect: Duration,
    /// From the first byte sent to the last one read. Shorter than the lease.
    pub whole: Duration,
}

impl Settings {
    /// Five seconds to connect, a minute for the call.
    pub const STANDARD: Self = Self {
        connect: Duration::from_secs(5),
        whole: Duration::from_secs(60),
    };
}

/// Carries SOAP 1.1 over HTTP.
#[derive(Debug, Clone)]
pub struct HttpCourier {
    client: Client,
    seen: Arc<Seen>,
}

impl HttpCourier {
    /// A courier with its own pool of connections.
    ///
    /// # Errors
    /// When the platform gives no client.
    pub fn new(settings: Settings) -> Result<Self, reqwest::Error> {
        crate::tls::ready();
        let client = Client::builder()
            .connect_timeout(settings.connect)
            .timeout(settings.whole)
            // A receiver is addressed by the register, not by another receiver's redirect.
            .redirect(reqwest::redirect::Policy::none())
            .tls_info(true)
            .build()?;
        Ok(Self {
            client,
            seen: Arc::default(),
        })
    }

    /// Sends as a sender does: any media type, and every SOAP body is an answer whatever
    /// its status, because a refusal carries its reasons there.
    pub async fn exchange(&self, url: &str, media: &str, body: Vec<u8>) -> CallOutcome {
        let request = self.client.post(url).header(CONTENT_TYPE, media);
        self.outcome(request.body(body).send().await).await
    }

    /// Posts a SOAP 1.1 body to an address.
    pub async fn post(&self, url: &str, operation: &str, body: Vec<u8>) -> CallOutcome {
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, SoapVersion::V11.content_type())
            .header("SOAPAction", format!("\"{operation}\""));
        self.outcome(request.body(body).send().await).await
    }

    async fn outcome(&self, sent: Result<Response, reqwest::Error>) -> CallOutcome {
        if let Ok(answer) = &sent {
            self.seen.keep(answer);
        }
        outcome(sent).await
    }
}

/// What became of a call. XML is an answer whatever its status: a SOAP fault says who wrote
/// it and why.
async fn outcome(sent: Result<Response, reqwest::Error>) -> CallOutcome {
    match sent {
        Err(error) => of_error(&error),
        Ok(response) if is_xml(&response) => read(response).await,
        Ok(response) => match of_status(response.status(), response.headers()) {
            Some(outcome) => outcome,
            None => read(response).await,
        },
    }
}

fn is_xml(response: &Response) -> bool {
    let media = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    media.is_some_and(|media| SoapVersion::of_content_type(media).is_some())
}

async fn read(mut response: Response) -> CallOutcome {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) <= ANSWER_MAX => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                return CallOutcome::NoAnswer {
                    reason: "svaret er for stort".into(),
                };
            }
            Ok(None) => return CallOutcome::Answered(body),
            // A status came, so the call was taken; what it said is lost.
            Err(error) => {
                return match of_error(&error) {
                    CallOutcome::NotReached { reason, .. } => CallOutcome::NoAnswer { reason },
                    outcome => outcome,
                };
            }
        }
    }
}

impl Courier for HttpCourier {
    fn call<'a>(&'a self, receiver: &'a Receiver, operation: &'a str, body: Vec<u8>) -> Call<'a> {
        Box::pin(self.post(&receiver.url, operation, body))
    }

    fn certificate(&self, receiver: &Receiver) -> Option<SeenCertificate> {
        self.seen.of(&receiver.url)
    }
}
