//! The door of the portal: who comes in, how they are recognised on every page, and which
//! page needs which right.
//!
//! A page is reached through [`PAGES`] only: an address without a line there is refused to
//! everybody. Sessions live in a cookie that no script reads; forms carry a token of their
//! session, and a request from another site's page is refused before anything is done.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::access::{Action, Grant, Person, Role, Scope};
use oir_domain::machine_key::Right;
use oir_flow::ports::identity::{IdentityProvider, Privilege};
use oir_flow::ports::sessions::Session;
use oir_flow::sign_in::{SignIn, Token};

use super::PortalState;
use super::drift;
use super::failure::PageError;
use super::kontoplan;
use super::omsaetning as tables;
use super::query::percent_encoded;
use super::view::Notice;
use crate::machine::api;
use crate::machine::door::{self as machine, Peer};

/// The cookie of a session.
const SESSION: &str = "oir_session";
/// The cookie of an attempt to sign in.
const ATTEMPT: &str = "oir_login";

/// What a page needs of who asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it is for those who are not in yet, too.
    Nothing,
    /// To be signed in, whatever one's roles.
    Anybody,
    /// The right to do that, somewhere.
    Right(Action),
}

/// The account of one day of a fagsystem in a municipality.
pub(super) const DAY: &str = "/afstemning/{kommune}/{fagsystem}/{dag}";
/// The same as a workbook.
pub(super) const DAY_SHEET: &str = "/afstemning/{kommune}/{fagsystem}/{dag}/afstemning.xlsx";
/// What the sender says is stated here.
pub(super) const DAY_TOTAL: &str = "/afstemning/{kommune}/{fagsystem}/{dag}/kontroltotal";
/// The books are asked again from here.
pub(super) const DAY_ASK: &str = "/afstemning/{kommune}/{fagsystem}/{dag}/spoerg";
/// The day is signed for here.
pub(super) const DAY_SIGN: &str = "/afstemning/{kommune}/{fagsystem}/{dag}/godkend";
/// A day signed for is taken up again here.
pub(super) const DAY_REOPEN: &str = "/afstemning/{kommune}/{fagsystem}/{dag}/genaabn";

/// Every address of the portal and what it needs: the whole of who sees which page. What
/// of a page's content they see is their scope's matter.
pub const PAGES: &[(&str, Needs)] = &[
    ("/", Needs::Anybody),
    ("/bilag", Needs::Right(Action::SeeBilag)),
    ("/bilag.xlsx", Needs::Right(Action::Export)),
    ("/bilag.csv", Needs::Right(Action::Export)),
    ("/eksport/{id}", Needs::Right(Action::Export)),
    ("/eksport/{id}/fil", Needs::Right(Action::Export)),
    ("/visninger", Needs::Right(Action::SeeBilag)),
    ("/bilag/{id}", Needs::Right(Action::SeeBilag)),
    ("/bilag/{id}/xml", Needs::Right(Action::SeeBilag)),
    ("/bilag/{id}/personnumre", Needs::Right(Action::Unmask)),
    ("/afsendelser/{id}", Needs::Right(Action::SeeBilag)),
    ("/afstemning", Needs::Right(Action::SeeFigures)),
    ("/afstemning.xlsx", Needs::Right(Action::Export)),
    (DAY, Needs::Right(Action::SeeFigures)),
    (DAY_SHEET, Needs::Right(Action::Export)),
    (DAY_TOTAL, Needs::Right(Action::StateControlTotal)),
    (DAY_ASK, Needs::Right(Action::StateControlTotal)),
    (DAY_SIGN, Needs::Right(Action::SignOffDay)),
    (DAY_REOPEN, Needs::Right(Action::SignOffDay)),
    ("/udvikling", Needs::Right(Action::SeeFigures)),
    ("/fejl", Needs::Right(Action::SeeBilag)),
    ("/fejl.xlsx", Needs::Right(Action::Export)),
    ("/fejl/{gruppe}", Needs::Right(Action::SeeBilag)),
    ("/fejl/bilag/{id}", Needs::Right(Action::SeeBilag)),
    ("/fejl/trin", Needs::Right(Action::HandleWork)),
    ("/fejl/levering", Needs::Right(Action::Redeliver)),
    ("/afsendelser/{id}/xml", Needs::Right(Action::SeeBilag)),
    ("/personopslag", Needs::Right(Action::LookUpPerson)),
    ("/stikproever", Needs::Right(Action::SampleLooks)),
    ("/stikproever/{number}", Needs::Right(Action::SampleLooks)),
    (
        "/stikproever/{number}/opslag.xlsx",
        Needs::Right(Action::SampleLooks),
    ),
    ("/api/finans/v2/bilag", Needs::Right(Action::SeeBilag)),
    ("/api/finans/v2/bilag/{id}", Needs::Right(Action::SeeBilag)),
    ("/vejledninger", Needs::Right(Action::SeeFigures)),
    ("/vejledninger.xlsx", Needs::Right(Action::Export)),
    (
        "/vejledninger/{fagsystem}",
        Needs::Right(Action::SeeFigures),
    ),
    (
        "/vejledninger/{fagsystem}/udgaver",
        Needs::Right(Action::SeeFigures),
    ),
    (
        "/vejledninger/{fagsystem}/ret",
        Needs::Right(Action::WriteGuides),
    ),
    ("/kontoplan", Needs::Right(Action::SeeSortiment)),
    ("/kontoplan.xlsx", Needs::Right(Action::SeeSortiment)),
    ("/kontoplan/{kommune}", Needs::Right(Action::SeeSortiment)),
    (
        "/kontoplan/{kommune}/konto",
        Needs::Right(Action::SeeSortiment),
    ),
    (
        "/kontoplan/{kommune}/konti.xlsx",
        Needs::Right(Action::SeeSortiment),
    ),
    (
        "/kontoplan/{kommune}/konti.csv",
        Needs::Right(Action::SeeSortiment),
    ),
    (kontoplan::IMPORT, Needs::Right(Action::EditKontoplan)),
    (
        "/kontoplan/{kommune}/import/{fil}",
        Needs::Right(Action::EditKontoplan),
    ),
    (
        "/kontoplan/{kommune}/import/{fil}/rapport.xlsx",
        Needs::Right(Action::EditKontoplan),
    ),
    ("/tilgaengelighed", Needs::Nothing),
    ("/mine-mails", Needs::Anybody),
    ("/postkasse", Needs::Anybody),
    ("/sessioner", Needs::Right(Action::EndSessions)),
    ("/log", Needs::Right(Action::SeeAudit)),
    ("/noegler", Needs::Right(Action::ManageKeys)),
    ("/noegler.xlsx", Needs::Right(Action::ManageKeys)),
    ("/noegler/ny", Needs::Right(Action::ManageKeys)),
    ("/noegler/{id}", Needs::Right(Action::ManageKeys)),
    ("/noegler/{id}/forny", Needs::Right(Action::ManageKeys)),
    ("/noegler/{id}/afslut", Needs::Right(Action::ManageKeys)),
    ("/log.xlsx", Needs::Right(Action::SeeAudit)),
    ("/log.csv", Needs::Right(Action::SeeAudit)),
    ("/drift", Needs::Right(Action::SeeOperation)),
    ("/drift.xlsx", Needs::Right(Action::SeeOperation)),
    ("/drift/pause", Needs::Right(Action::RunPartners)),
    ("/drift/stop", Needs::Right(Action::RunPartners)),
    ("/omsaetning", Needs::Right(Action::SeeSortiment)),
    ("/omsaetning.xlsx", Needs::Right(Action::Export)),
    (tables::TABLE, Needs::Right(Action::SeeSortiment)),
    (tables::RULES_SHEET, Needs::Right(Action::SeeSortiment)),
    (tables::RULES_CSV, Needs::Right(Action::SeeSortiment)),
    (tables::DRAFT, Needs::Right(Action::SeeSortiment)),
    (tables::DRAFT_BEGIN, Needs::Right(Action::EditOmsaetning)),
    (tables::DRAFT_CHANGE, Needs::Right(Action::EditOmsaetning)),
    (tables::RULE, Needs::Right(Action::EditOmsaetning)),
    (tables::UPLOAD, Needs::Right(Action::EditOmsaetning)),
    (tables::COVERAGE, Needs::Right(Action::SeeSortiment)),
    (tables::COVERAGE_SHEET, Needs::Right(Action::Export)),
    (tables::SIMULATION, Needs::Right(Action::SeeSortiment)),
    (tables::SIMULATION_RUN, Needs::Right(Action::EditOmsaetning)),
    (tables::APPROVAL, Needs::Right(Action::ApproveOmsaetning)),
    (tables::WHY, Needs::Right(Action::SeeSortiment)),
    (tables::UPKEEP, Needs::Right(Action::SeeSortiment)),
    ("/sortiment", Needs::Right(Action::SeeSortiment)),
    ("/sortiment/{fagsystem}", Needs::Right(Action::SeeSortiment)),
    (
        "/sortiment/{fagsystem}/vaerdier.xlsx",
        Needs::Right(Action::Export),
    ),
    ("/roller", Needs::Anybody),
    ("/log-ud", Needs::Anybody),
    ("/log-ind", Needs::Nothing),
    ("/log-ind/start", Needs::Nothing),
    ("/log-ind/svar", Needs::Nothing),
    ("/assets/{*path}", Needs::Nothing),
];

/// What an address needs; an unknown one needs what nobody has.
#[must_use]
pub fn needs(path: &str) -> Option<Needs> {
    let line = PAGES.iter().find(|(known, _)| *known == path);
    line.map(|(_, needs)| *needs)
}

/// What a provider's privileges come to here.
pub type Meaning = Arc<dyn Fn(&[Privilege]) -> Vec<Grant> + Send + Sync>;

/// How people come in.
#[derive(Clone)]
pub enum Door {
    /// Nobody signs in: who sits at the machine operates it. For loopback only.
    Operator,
    /// A page of invented persons to choose from: the demo's.
    Invented(Arc<[Person]>),
    /// The municipalities' identity provider.
    Provider {
        /// The provider.
        provider: Arc<dyn IdentityProvider>,
        /// What its privileges mean.
        means: Meaning,
    },
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Operator => "Operator",
            Self::Invented(_) => "Invented",
            Self::Provider { .. } => "Provider",
        })
    }
}

/// The door with what stands behind it.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Sessions.
    pub sign_in: SignIn,
    /// How people come in.
    pub door: Door,
    /// Whether browsers reach us by TLS only, so that cookies never go another way.
    pub secure: bool,
}

/// Who asks for a page.
#[derive(Debug, Clone)]
pub(super) struct Viewer {
    pub(super) person: Person,
    /// What of this page's matter they see.
    pub(super) scope: Scope,
    /// Their session and its form token; none when the machine's operator looks.
    pub(super) session: Option<(Session, String)>,
    /// Stops that they should know of.
    pub(super) notices: Vec<Notice>,
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Viewer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, PageError> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let viewer = parts.extensions.get::<Self>().cloned();
        viewer.ok_or_else(|| PageError::Broken("a page that no door leads to".to_owned()))
    }
}

/// What of bilag the caller of the lookup interface sees.
#[derive(Debug, Clone)]
pub(crate) struct Seen(pub(crate) Scope);

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let person = parts.extensions.get::<Viewer>();
        let machine = parts.extensions.get::<Self>();
        match (person, machine) {
            (Some(viewer), _) => Ok(Self(viewer.scope.clone())),
            (None, Some(seen)) => Ok(seen.clone()),
            (None, None) => Err(api::away()),
        }
    }
}

/// Who sits at the machine: the program's own commands act as the same person.
#[must_use]
pub fn operator() -> Person {
    let grant = Grant::try_new(Role::Drift, None, None);
    Person {
        subject: "maskinen".into(),
        navn: "Maskinens operatør".into(),
        grants: grant.into_iter().collect(),
    }
}

/// Lets a request through to its page, or says why not.
pub(super) async fn enter(
    State((state, wanted)): State<(PortalState, Needs)>,
    mut request: Request,
    next: Next,
) -> Result<Response, PageError> {
    if request.method() == Method::POST && !from_here(request.headers()) {
        return Err(PageError::ForeignForm);
    }
    let machine = request.uri().path().starts_with("/api/");
    if machine && request.headers().contains_key(AUTHORIZATION) {
        return Ok(machine_looks(&state, request, next).await);
    }
    let Some(mut viewer) = viewer(&state.entrance, request.headers()).await? else {
        return Ok(match wanted {
            Needs::Nothing => next.run(request).await,
            _ if machine => api::not_signed_in(),
            _ => to_sign_in(&request),
        });
    };
    if !machine {
        viewer.notices = drift::notices(&state, &viewer.person.concern()).await;
    }
    if let Needs::Right(action) = wanted {
        viewer.scope = viewer.person.scope(action);
        if viewer.scope.is_nothing() {
            return if machine {
                Ok(api::not_allowed())
            } else {
                Err(PageError::Forbidden(Box::new(viewer)))
            };
        }
    }
    request.extensions_mut().insert(viewer);
    Ok(next.run(request).await)
}

/// A machine looks up with a key or a token: what it covers, and never more.
async fn machine_looks(state: &PortalState, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let pass = match machine::with_key(&state.keys, request.headers(), peer).await {
        Ok(pass) => pass,
        Err(turned) => return api::turned_away(*turned),
    };
    let scope = pass.scope(Right::LookUp);
    if scope.is_nothing() {
        return api::not_allowed();
    }
    request.extensions_mut().insert(Seen(scope));
    next.run(request).await
}

async fn viewer(entrance: &Entrance, headers: &HeaderMap) -> Result<Option<Viewer>, PageError> {
    if matches!(entrance.door, Door::Operator) {
        let person = operator();
        let scope = Scope::everything();
        return Ok(Some(Viewer {
            person,
            scope,
            session: None,
            notices: Vec::new(),
        }));
    }
    let Some(token) = cookie(headers, SESSION) else {
        return Ok(None);
    };
    let session = entrance.sign_in.who(&token).await?;
    Ok(session.map(|session| Viewer {
        person: session.person.clone(),
        scope: Scope::nothing(),
        session: Some((session, token.form_token())),
        notices: Vec::new(),
    }))
}

/// Whether a form was sent from a page of ours, as far as the browser says (Fetch Metadata;
/// older browsers say `Origin`).
fn from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => match (text("origin"), text("host")) {
            (Some(origin), Some(host)) => {
                origin.split_once("://").is_some_and(|(_, at)| at == host)
            }
            (Some(_), None) => false,
            // No browser at all: the form's token decides.
            (None, _) => true,
        },
    }
}

/// To the sign-in page, and from there back to the page that was wanted.
fn to_sign_in(request: &Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return PageError::SignedOut.into_response();
    }
    let path = request.uri().path_and_query();
    let path = path.map_or("/", axum::http::uri::PathAndQuery::as_str);
    Redirect::to(&format!("/log-ind?til={}", percent_encoded(path))).into_response()
}

/// A path of ours that a browser may be sent to: nothing that leads elsewhere.
pub(super) fn target(wanted: &str) -> &str {
    let ours = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.starts_with("/\\")
        && !wanted.starts_with("/log-")
        && wanted.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if ours { wanted } else { "/" }
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<Token> {
    let all = headers.get_all(COOKIE).iter();
    let pairs = all.filter_map(|value| value.to_str().ok());
    let mut pairs = pairs.flat_map(|text| text.split(';'));
    pairs.find_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then(|| Token::read(value))?
    })
}

/// The secret of this browser's attempt to sign in.
pub(super) fn attempt(headers: &HeaderMap) -> Option<Token> {
    cookie(headers, ATTEMPT)
}

/// An answer that gives the browser its session and takes its attempt away.
pub(super) fn with_session(entrance: &Entrance, token: &Token, answer: Response) -> Response {
    let answer = with_cookie(entrance, SESSION, token.secret(), None, answer);
    with_cookie(entrance, ATTEMPT, "", Some(0), answer)
}

/// An answer that ties an attempt to the browser.
pub(super) fn with_attempt(entrance: &Entrance, token: &Token, answer: Response) -> Response {
    with_cookie(entrance, ATTEMPT, token.secret(), Some(600), answer)
}

/// An answer that takes the session away.
pub(super) fn without_session(entrance: &Entrance, answer: Response) -> Response {
    with_cookie(entrance, SESSION, "", Some(0), answer)
}

/// `Lax`, not `Strict`: coming back from the provider is a way in from another site.
fn with_cookie(
    entrance: &Entrance,
    name: &str,
    value: &str,
    seconds: Option<u32>,
    mut answer: Response,
) -> Response {
    let secure = if entrance.secure { "; Secure" } else { "" };
    let age = seconds.map_or_else(String::new, |s| format!("; Max-Age={s}"));
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        answer.headers_mut().append(SET_COOKIE, text);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::{PAGES, from_here, needs, target};
    use axum::http::HeaderMap;

    #[test]
    fn only_paths_of_ours_are_led_to() {
        for ours in ["/", "/bilag?tilstand=afvist", "/bilag/bil_0"] {
            assert_eq!(target(ours), ours);
        }
        let foreign = [
            "https://oir.example/",
            "//oir.example/",
            "/\\oir.example",
            "/x\\y",
            "javascript:alert(1)",
            "",
            "/a\r\nSet-Cookie: x=y",
            "/log-ind",
        ];
        for foreign in foreign {
            assert_eq!(target(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_told_apart() {
        let from = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs.iter().map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, axum::http::HeaderValue::from_static(value))
            });
            from_here(&headers.collect::<HeaderMap>())
        };
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("sec-fetch-site", "same-site")]));
        assert!(!from(&[("sec-fetch-site", "none")]));
        assert!(from(&[("origin", "http://a:1"), ("host", "a:1")]));
        assert!(!from(&[("origin", "http://b"), ("host", "a")]));
        assert!(!from(&[("origin", "null"), ("host", "a")]));
        assert!(from(&[("host", "a")]));
    }

    #[test]
    fn an_address_without_a_line_needs_what_nobody_has() {
        assert_eq!(needs("/alt"), None);
        assert!(
            PAGES
                .iter()
                .all(|(path, found)| needs(path) == Some(*found))
        );
    }
}
