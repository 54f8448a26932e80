//! Signing in by OpenID Connect: the authorisation code flow with PKCE (RFC 6749,
//! RFC 7636, OpenID Connect Core 1.0).
//!
//! The protocol, the signatures and the checks of an identity token are the library's; this
//! file says which of its choices we take, keeps what the provider tells of itself, and
//! turns every way of failing into one of the port's three. No text of a failure holds
//! anything that came from outside: a provider may repeat a code, a token or a person.

mod line;
mod roles;
mod token;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use oir_flow::ports::courier::SeenCertificate;
use oir_flow::ports::identity::{
    Asked, AttemptSecrets, Identity, IdentityFailure, IdentityProvider,
};
use openidconnect::core::{CoreAuthenticationFlow, CoreClientAuthMethod, CoreProviderMetadata};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use thiserror::Error;

use line::{Line, is_encrypted_or_local};
pub use roles::RoleClaim;
use token::{Client, Token, of_discovery, of_exchange};

/// Shortest time between two fetches of keys that a token asked for. Whoever can make us
/// read tokens with unknown keys must not be able to make us call the provider each time.
const RENEWAL_PAUSE: Duration = Duration::from_secs(60);
/// Lengths of a verifier, characters (RFC 7636 § 4.1).
const VERIFIER_LENGTHS: std::ops::RangeInclusive<usize> = 43..=128;

/// What we must know of a provider, and it of us.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenIdSettings {
    /// Its issuer URL, written exactly as in its tokens. `https`, or `http` on this machine.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our password there; a public client has none. Never shown.
    pub client_secret: Option<String>,
    /// Where it sends the browser back to, as registered there.
    pub redirect_url: String,
    /// What is asked for. `openid` is asked for in any case.
    pub scopes: Vec<String>,
    /// The claim of the identity token that holds the roles.
    pub role_claim: String,
    /// How the roles are written in it.
    pub role_form: RoleClaim,
}

impl OpenIdSettings {
    /// The scopes asked for when nothing else is set: who it is, and their name.
    #[must_use]
    pub fn standard_scopes() -> Vec<String> {
        ["openid", "profile"].map(str::to_owned).to_vec()
    }
}

impl fmt::Debug for OpenIdSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("redirect_url", &self.redirect_url)
            .field("scopes", &self.scopes)
            .field("role_claim", &self.role_claim)
            .field("role_form", &self.role_form)
            .finish_non_exhaustive()
    }
}

/// Settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenIdSettingsError {
    /// The issuer is no URL.
    #[error("the issuer is not a URL")]
    Issuer,
    /// Tokens would travel where others read and change them.
    #[error("the issuer is reached without encryption; only this machine itself may be")]
    Unencrypted,
    /// The redirect address is no URL.
    #[error("the redirect address is not a URL")]
    Redirect,
    /// The client id is empty.
    #[error("the client id is empty")]
    ClientId,
    /// The claim with roles has no name.
    #[error("the claim with roles has no name")]
    RoleClaim,
    /// The platform gives no HTTP client.
    #[error("the platform gives no HTTP client")]
    Platform,
}

/// An identity provider that speaks OpenID Connect. What it tells of itself is fetched when
/// first needed and kept; its keys are fetched anew when a token was signed with another.
pub struct OpenIdConnect {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect_url: RedirectUrl,
    scopes: Vec<Scope>,
    role_claim: Box<str>,
    role_form: RoleClaim,
    line: Line,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    metadata: Option<Arc<CoreProviderMetadata>>,
    renewed: Option<Timestamp>,
}

impl fmt::Debug for OpenIdConnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdConnect")
            .field("issuer", &self.issuer.as_str())
            .finish_non_exhaustive()
    }
}

impl OpenIdConnect {
    /// A provider by its settings; nothing is fetched yet.
    ///
    /// # Errors
    /// When the settings cannot work, or the platform gives no HTTP client.
    pub fn new(settings: OpenIdSettings) -> Result<Self, OpenIdSettingsError> {
        let issuer = IssuerUrl::new(settings.issuer).map_err(|_| OpenIdSettingsError::Issuer)?;
        if !is_encrypted_or_local(issuer.url()) {
            return Err(OpenIdSettingsError::Unencrypted);
        }
        if settings.client_id.is_empty() {
            return Err(OpenIdSettingsError::ClientId);
        }
        if settings.role_claim.is_empty() {
            return Err(OpenIdSettingsError::RoleClaim);
        }
        // The library asks for `openid` of itself; twice is once too often for some.
        let scopes = settings.scopes.into_iter().filter(|s| s != "openid");
        Ok(Self {
            issuer,
            client_id: ClientId::new(settings.client_id),
            client_secret: settings.client_secret.map(ClientSecret::new),
            redirect_url: RedirectUrl::new(settings.redirect_url)
                .map_err(|_| OpenIdSettingsError::Redirect)?,
            scopes: scopes.map(Scope::new).collect(),
            role_claim: settings.role_claim.into(),
            role_form: settings.role_form,
            line: Line::open().map_err(|_| OpenIdSettingsError::Platform)?,
            memory: Mutex::default(),
        })
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the provider tells of itself, fetched if nobody needed it before.
    async fn metadata(&self) -> Result<Arc<CoreProviderMetadata>, IdentityFailure> {
        let kept = self.memory().metadata.clone();
        match kept {
            Some(metadata) => Ok(metadata),
            None => self.learn().await,
        }
    }

    /// Fetches the discovery document and the keys, and keeps them.
    async fn learn(&self) -> Result<Arc<CoreProviderMetadata>, IdentityFailure> {
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.line);
        let metadata = asked.await.map_err(of_discovery)?;
        // The browser goes there, not our line, which looks at its own calls.
        if !is_encrypted_or_local(metadata.authorization_endpoint().url()) {
            return Err(IdentityFailure::Forged(
                "the provider sends browsers to an address without encryption".into(),
            ));
        }
        let metadata = Arc::new(metadata);
        self.memory().metadata = Some(Arc::clone(&metadata));
        Ok(metadata)
    }

    /// Whether keys may be fetched anew at this time; if so, the pause begins.
    fn may_renew(&self, now: Timestamp) -> bool {
        let mut memory = self.memory();
        // The clock may have been set back; a pause that never ends would lock everyone out.
        let pausing = memory
            .renewed
            .is_some_and(|last| now.duration_since(last).unsigned_abs() < RENEWAL_PAUSE);
        if !pausing {
            memory.renewed = Some(now);
        }
        !pausing
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        let client = Client::from_provider_metadata(
            metadata.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
        );
        let client = client.set_redirect_uri(self.redirect_url.clone());
        // OpenID Connect Discovery 1.0 § 3: who says nothing takes the header.
        let posts = metadata
            .token_endpoint_auth_methods_supported()
            .is_some_and(|methods| {
                methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                    && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
            });
        if posts {
            client.set_auth_type(AuthType::RequestBody)
        } else {
            client
        }
    }

    async fn begin(&self, attempt: &AttemptSecrets) -> Result<String, IdentityFailure> {
        // The library stops the process at other lengths.
        if !VERIFIER_LENGTHS.contains(&attempt.verifier.len()) {
            return Err(IdentityFailure::Refused(
                "a verifier has 43 to 128 characters".into(),
            ));
        }
        let metadata = self.metadata().await?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let client = self.client(&metadata);
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        );
        let (url, _, _) = request
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url.into())
    }

    async fn exchange(
        &self,
        metadata: &CoreProviderMetadata,
        code: &str,
        attempt: &AttemptSecrets,
    ) -> Result<Token, IdentityFailure> {
        let client = self.client(metadata);
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| IdentityFailure::Forged("the provider names no token address".into()))?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let answer = request.request_async(&self.line).await;
        let fields = answer.map_err(of_exchange)?;
        let token = fields.extra_fields().id_token().cloned();
        token.ok_or_else(|| IdentityFailure::Forged("the answer has no identity token".into()))
    }

    async fn finish(
        &self,
        code: &str,
        attempt: &AttemptSecrets,
        now: Timestamp,
    ) -> Result<Identity, IdentityFailure> {
        let metadata = self.metadata().await?;
        let token = self.exchange(&metadata, code, attempt).await?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let first = token::verify(&token, &self.client_id, &metadata, &nonce, now);
        let verified = match first {
            Err(reason) if reason.may_be_new_keys() && self.may_renew(now) => {
                let metadata = self.learn().await?;
                token::verify(&token, &self.client_id, &metadata, &nonce, now)
            }
            first => first,
        };
        let claims = verified.map_err(|reason| IdentityFailure::Forged(reason.to_string()))?;
        token::identity(claims, &self.role_claim, self.role_form)
    }
}

impl IdentityProvider for OpenIdConnect {
    fn address<'a>(&'a self, attempt: &'a AttemptSecrets) -> Asked<'a, String> {
        Box::pin(self.begin(attempt))
    }

    fn redeem<'a>(
        &'a self,
        code: &'a str,
        attempt: &'a AttemptSecrets,
        now: Timestamp,
    ) -> Asked<'a, Identity> {
        Box::pin(self.finish(code, attempt, now))
    }

    fn certificate(&self) -> Option<SeenCertificate> {
        self.line.certificate(self.issuer.as_str())
    }
}
