//! The identity token: which ones we take, and what failures mean.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use oir_flow::ports::identity::{Identity, IdentityFailure};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, DiscoveryError, EmptyExtraTokenFields,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IdToken, IdTokenClaims, IdTokenFields,
    IdTokenVerifier, LocalizedClaim, Nonce, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::line::LineError;
use super::roles::RoleClaim;

/// How far the provider's clock and ours may be apart.
const LEEWAY: Duration = Duration::from_secs(60);

/// Claims beyond the standard's, by name: one of them holds the roles.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Further {
    #[serde(flatten)]
    by_name: HashMap<String, Value>,
}

impl AdditionalClaims for Further {}

pub(super) type Token =
    IdToken<Further, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<Further, CoreGenderClaim>;
type Fields = IdTokenFields<
    Further,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Refusal = StandardErrorResponse<CoreErrorResponseType>;

/// Our side, as the library has it after reading a discovery document.
pub(super) type Client = openidconnect::Client<
    Further,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Refusal,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a token is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum Untrusted {
    #[error("the token is signed by no key of the provider")]
    Signature,
    #[error("the token is not signed, or in a way that is not accepted")]
    Algorithm,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token is out of date")]
    Age,
    #[error("the token is for another attempt")]
    Nonce,
    #[error("the token is not one that we read")]
    Form,
}

impl Untrusted {
    /// Whether the provider may have changed its keys since we fetched them.
    pub(super) const fn may_be_new_keys(self) -> bool {
        matches!(self, Self::Signature)
    }
}

impl From<ClaimsVerificationError> for Untrusted {
    fn from(error: ClaimsVerificationError) -> Self {
        use SignatureVerificationError as Signature;
        match error {
            ClaimsVerificationError::Expired(_) => Self::Age,
            ClaimsVerificationError::InvalidAudience(_) => Self::Audience,
            ClaimsVerificationError::InvalidIssuer(_) => Self::Issuer,
            ClaimsVerificationError::InvalidNonce(_) => Self::Nonce,
            ClaimsVerificationError::SignatureVerification(
                Signature::DisallowedAlg(_) | Signature::NoSignature | Signature::UnsupportedAlg(_),
            ) => Self::Algorithm,
            ClaimsVerificationError::SignatureVerification(_) => Self::Signature,
            _ => Self::Form,
        }
    }
}

/// The claims of a token that the provider made for us, for this attempt, and lately.
pub(super) fn verify<'t>(
    token: &'t Token,
    client_id: &ClientId,
    metadata: &CoreProviderMetadata,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'t Claims, Untrusted> {
    let (early, late) = around(now).ok_or(Untrusted::Age)?;
    // A verifier without our password: a token "signed" with what we both know, or with the
    // public key as if it were a password, proves nothing of who wrote it.
    let verifier = IdTokenVerifier::new_public_client(
        client_id.clone(),
        metadata.issuer().clone(),
        metadata.jwks().clone(),
    )
    .set_allowed_algs([
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        CoreJwsSigningAlgorithm::EcdsaP256Sha256,
        CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    ])
    .set_time_fn(move || early.into())
    .set_issue_time_verifier_fn(move |issued| {
        if SystemTime::from(issued) > late {
            Err(String::new())
        } else {
            Ok(())
        }
    });
    let claims = token.claims(&verifier, nonce)?;
    // The library leaves the authorised party alone; a token that names another client was
    // made for that one (OpenID Connect Core 1.0 § 3.1.3.7, 5).
    match claims.authorized_party() {
        Some(party) if party != client_id => Err(Untrusted::Audience),
        _ => Ok(claims),
    }
}

/// The times between which a token that is valid now may be by the provider's clock. The
/// standard library's times stand between jiff's and the library's.
fn around(now: Timestamp) -> Option<(SystemTime, SystemTime)> {
    let millis = u64::try_from(now.as_millisecond()).ok()?;
    let now = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
    Some((now.checked_sub(LEEWAY)?, now.checked_add(LEEWAY)?))
}

/// Who the claims speak of.
pub(super) fn identity(
    claims: &Claims,
    role_claim: &str,
    form: RoleClaim,
) -> Result<Identity, IdentityFailure> {
    let navn = name(claims)
        .ok_or_else(|| IdentityFailure::Refused("the token holds no name of a person".into()))?;
    let privileges = match claims.additional_claims().by_name.get(role_claim) {
        // Who has no role here is somebody all the same; the portal shows them nothing.
        None | Some(Value::Null) => Vec::new(),
        Some(value) => form
            .read(value)
            .map_err(|error| IdentityFailure::Forged(error.to_string()))?,
    };
    Ok(Identity {
        subject: claims.subject().as_str().into(),
        navn,
        email: email(claims),
        privileges,
    })
}

/// The address, unless the provider itself doubts it.
fn email(claims: &Claims) -> Option<Box<str>> {
    let doubted = claims.email_verified() == Some(false);
    let email = claims.email().filter(|_| !doubted)?;
    Some(email.as_str().into())
}

/// The whole name, or what it is made of.
fn name(claims: &Claims) -> Option<Box<str>> {
    fn said<T: std::ops::Deref<Target = String>>(claim: Option<&LocalizedClaim<T>>) -> &str {
        let text = claim.and_then(|c| c.get(None).or_else(|| c.iter().next().map(|(_, t)| t)));
        text.map_or("", |t| t.trim())
    }
    let whole = said(claims.name());
    if !whole.is_empty() {
        return Some(whole.into());
    }
    let parts = [said(claims.given_name()), said(claims.family_name())];
    let made = parts.join(" ");
    let made = made.trim();
    (!made.is_empty()).then(|| made.into())
}

fn of_line(error: LineError) -> IdentityFailure {
    match error {
        LineError::Away(reason) => IdentityFailure::Unavailable(reason),
        LineError::Suspicious(reason) => IdentityFailure::Forged(reason.into()),
    }
}

/// What it means that the provider could not tell of itself.
pub(super) fn of_discovery(error: DiscoveryError<LineError>) -> IdentityFailure {
    match error {
        DiscoveryError::Request(error) => of_line(error),
        DiscoveryError::Validation(_) => {
            IdentityFailure::Forged("the discovery document is of another issuer".into())
        }
        DiscoveryError::Parse(_) | DiscoveryError::UrlParse(_) => {
            IdentityFailure::Forged("the discovery document or the keys cannot be read".into())
        }
        DiscoveryError::Response(status, _, _) => IdentityFailure::Unavailable(format!(
            "HTTP {} without a discovery document or keys",
            status.as_u16()
        )),
        _ => IdentityFailure::Unavailable("no discovery document".into()),
    }
}

/// What it means that a code brought no token.
pub(super) fn of_exchange(error: RequestTokenError<LineError, Refusal>) -> IdentityFailure {
    match error {
        RequestTokenError::Request(error) => of_line(error),
        RequestTokenError::ServerResponse(refusal) => of_refusal(refusal.error()),
        RequestTokenError::Parse(_, _) | RequestTokenError::Other(_) => {
            IdentityFailure::Forged("the answer to the code cannot be read".into())
        }
    }
}

fn of_refusal(kind: &CoreErrorResponseType) -> IdentityFailure {
    let reason = match kind {
        CoreErrorResponseType::InvalidGrant => "the code does not hold",
        CoreErrorResponseType::InvalidClient | CoreErrorResponseType::UnauthorizedClient => {
            "the provider does not take our client id or secret"
        }
        CoreErrorResponseType::Extension(kind)
            if kind == "temporarily_unavailable" || kind == "server_error" =>
        {
            return IdentityFailure::Unavailable("the provider says that it cannot now".into());
        }
        _ => "the provider refuses to exchange the code",
    };
    IdentityFailure::Refused(reason.into())
}
