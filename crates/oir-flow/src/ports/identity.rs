//! Signing in by a municipality's own identity provider: the questions that this room asks
//! of it. OpenID Connect's authorisation code flow with PKCE (RFC 6749, RFC 7636, OpenID
//! Connect Core 1.0) is what stands behind, and is the edge's matter.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use oir_domain::party::Cvr;
use thiserror::Error;

use super::courier::SeenCertificate;

/// An answer of the provider, still to come.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, IdentityFailure>> + Send + 'a>>;

/// The secrets of one attempt to sign in; each is new, random and used once.
#[derive(Clone, PartialEq, Eq)]
pub struct AttemptSecrets {
    /// Comes back with the answer and ties it to the attempt.
    pub state: String,
    /// Comes back inside the identity token and ties that to the attempt.
    pub nonce: String,
    /// PKCE: proves that who redeems the code is who asked for it.
    pub verifier: String,
}

impl std::fmt::Debug for AttemptSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AttemptSecrets")
    }
}

/// A job-function role as the provider states it: whose, and under which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privilege {
    /// The authority that gave it.
    pub cvr: Cvr,
    /// Its name there; what it means here is a setting.
    pub name: Box<str>,
}

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's name for the person, stable and without meaning.
    pub subject: Box<str>,
    /// The person's name.
    pub navn: Box<str>,
    /// Their e-mail address, if the provider gives one (the claim `email`).
    pub email: Option<Box<str>>,
    /// What they hold.
    pub privileges: Vec<Privilege>,
}

/// Why nobody signed in. The text is for the log; it holds no secret and no person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdentityFailure {
    /// The provider said no, or the answer is not for this attempt: the person begins anew.
    #[error("refused: {0}")]
    Refused(String),
    /// The answer is not to be trusted: signature, issuer, audience, age or nonce.
    #[error("not to be trusted: {0}")]
    Forged(String),
    /// The provider does not answer.
    #[error("the identity provider is away: {0}")]
    Unavailable(String),
}

/// An identity provider.
pub trait IdentityProvider: Send + Sync + std::fmt::Debug {
    /// The address to which a browser is sent to begin.
    fn address<'a>(&'a self, attempt: &'a AttemptSecrets) -> Asked<'a, String>;

    /// Exchanges the code that came back for who signed in. `now` judges the token's age.
    fn redeem<'a>(
        &'a self,
        code: &'a str,
        attempt: &'a AttemptSecrets,
        now: Timestamp,
    ) -> Asked<'a, Identity>;

    /// The certificate that the provider showed last, if it was asked by TLS.
    fn certificate(&self) -> Option<SeenCertificate> {
        None
    }
}
