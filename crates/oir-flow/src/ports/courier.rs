//! Calls to partners. A courier carries bytes and says what became of the call; what the
//! bytes mean is decided in this room. Calls stand outside every transaction.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use oir_domain::register::Receiver;

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOutcome {
    /// An answer came; a SOAP fault is an answer too.
    Answered(Vec<u8>),
    /// The partner surely did not take the call: no connection, or it said that it is busy.
    NotReached {
        /// For the log and the timeline; never message content.
        reason: String,
        /// How long the partner asked us to wait.
        retry_after: Option<Duration>,
    },
    /// The partner may have taken the call: it was sent and no whole answer came.
    NoAnswer {
        /// For the log and the timeline; never message content.
        reason: String,
    },
}

/// A certificate that a partner showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCertificate {
    /// The host that showed it.
    pub host: Box<str>,
    /// When it ends.
    pub expires: Timestamp,
}

/// A call under way.
pub type Call<'a> = Pin<Box<dyn Future<Output = CallOutcome> + Send + 'a>>;

/// Carries a SOAP 1.1 request to a bookkeeping system.
pub trait Courier: Send + Sync + std::fmt::Debug {
    /// Makes one call; never retries by itself.
    fn call<'a>(&'a self, receiver: &'a Receiver, operation: &'a str, body: Vec<u8>) -> Call<'a>;

    /// The certificate that the receiver showed at its last call, if it was called by TLS.
    fn certificate(&self, _receiver: &Receiver) -> Option<SeenCertificate> {
        None
    }
}
