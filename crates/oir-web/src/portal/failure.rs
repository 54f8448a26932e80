//! Pages for what went wrong: in Danish, with what to do next. The only file of the portal
//! that names status codes.

use askama::Template;
use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::identity::IdentityFailure;
use oir_flow::sign_in::SignInFailure;

use super::door::Viewer;
use super::view::{FailurePage, Page, Section};

/// How long a browser should wait while the database is away, seconds: the time in which a
/// PostgreSQL standby takes over.
const RETRY_SECS: HeaderValue = HeaderValue::from_static("30");

/// Why a page could not be shown.
#[derive(Debug)]
pub(super) enum PageError {
    /// No such page, bilag or message.
    NotFound,
    /// The address line cannot be read.
    BadAddress,
    /// The page can only be read.
    WrongMethod,
    /// Nobody is signed in any more who could send a form.
    SignedOut,
    /// No role of this person leads there.
    Forbidden(Box<Viewer>),
    /// A form that did not come from a page of ours for this session.
    ForeignForm,
    /// A form whose fields cannot be read.
    BadForm,
    /// A form or a file that is larger than is taken.
    TooLarge,
    /// A form that did not arrive in time.
    TooSlow,
    /// Too many wrong answers from there; how many seconds to wait.
    TooMany(u64),
    /// The answer of the identity provider belongs to no attempt of this browser.
    NotBegun,
    /// The identity provider, or the person, said no.
    SignInRefused,
    /// The answer of the identity provider is not to be trusted.
    SignInForged(String),
    /// The identity provider does not answer.
    SignInAway(String),
    /// Signed in, but without a role here.
    NoRole,
    /// As many exports are under way as the machine can bear.
    TooMuchAtOnce,
    /// The store could not answer.
    Store(StoreFailure),
    /// A bug of ours, with what failed.
    Broken(String),
}

impl From<StoreFailure> for PageError {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

impl From<SignInFailure> for PageError {
    fn from(failure: SignInFailure) -> Self {
        match failure {
            SignInFailure::NotBegun => Self::NotBegun,
            SignInFailure::NoRole => Self::NoRole,
            SignInFailure::TooMany(wait) => Self::TooMany(wait),
            SignInFailure::Provider(IdentityFailure::Refused(_)) => Self::SignInRefused,
            SignInFailure::Provider(IdentityFailure::Forged(why)) => Self::SignInForged(why),
            SignInFailure::Provider(IdentityFailure::Unavailable(why)) => Self::SignInAway(why),
            SignInFailure::Store(failure) => Self::Store(failure),
        }
    }
}

/// The reason of a failure, carried by the response to [`log`]; never shown.
#[derive(Debug, Clone)]
struct Reason(String);

/// Logs a failed request once, on its way out.
pub(super) async fn log(response: Response) -> Response {
    if let Some(Reason(reason)) = response.extensions().get() {
        tracing::error!(status = response.status().as_u16(), reason, "page failed");
    }
    response
}

/// A page ready to be sent; a template that fails is a bug of ours.
pub(super) fn page(template: &impl Template) -> Result<Html<String>, PageError> {
    match template.render() {
        Ok(html) => Ok(Html(html)),
        Err(error) => Err(PageError::Broken(format!("a template failed: {error}"))),
    }
}

/// A page with a form in which something could not be read.
pub(super) fn unreadable_form(html: Html<String>) -> Response {
    (StatusCode::BAD_REQUEST, html).into_response()
}

/// A page that says that this person must wait, so many seconds.
pub(super) fn too_often(html: Html<String>, seconds: u64) -> Response {
    let wait = [(RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, wait, html).into_response()
}

struct Words {
    status: StatusCode,
    title: &'static str,
    text: &'static str,
    steps: &'static [&'static str],
}

impl PageError {
    fn words(&self) -> Words {
        match self {
            Self::NotFound => Words {
                status: StatusCode::NOT_FOUND,
                title: "Siden findes ikke",
                text: "Adressen fører ikke til noget bilag, nogen afsendelse eller nogen side.",
                steps: &[
                    "Se efter, om hele adressen er kommet med.",
                    "Søg efter bilaget på listen med dets nummer eller id.",
                ],
            },
            Self::BadAddress => Words {
                status: StatusCode::BAD_REQUEST,
                title: "Adressen kan ikke læses",
                text: "En del af adressen har ikke den form, som siden venter.",
                steps: &["Gå til listen, og vælg igen i stedet for at rette i adressen."],
            },
            Self::WrongMethod => Words {
                status: StatusCode::METHOD_NOT_ALLOWED,
                title: "Siden kan kun læses",
                text: "Her kan intet indsendes. Bilag sendes af fagsystemerne til servicen.",
                steps: &["Gå til forsiden, og find det, du søger, derfra."],
            },
            Self::SignedOut
            | Self::Forbidden(_)
            | Self::ForeignForm
            | Self::BadForm
            | Self::NotBegun
            | Self::SignInRefused
            | Self::SignInForged(_)
            | Self::SignInAway(_)
            | Self::NoRole => self.words_of_the_door(),
            Self::TooMuchAtOnce => Words {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Der hentes for mange filer lige nu",
                text: "Kun nogle få lister hentes som fil på samme tid.",
                steps: &["Vent et halvt minut, og prøv igen. Listen på siden virker som før."],
            },
            Self::TooLarge | Self::TooSlow | Self::TooMany(_) => self.words_of_too_much(),
            Self::Store(StoreFailure::Unavailable(_) | StoreFailure::Full(_)) => Words {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title: "Oplysningerne kan ikke hentes lige nu",
                text: "Databasen svarer ikke. Intet er gået tabt: hvad der er kvitteret for, \
                       er gemt.",
                steps: &[
                    "Vent et halvt minut, og genindlæs siden.",
                    "Kontakt driften, hvis det fortsætter, og oplys klokkeslættet.",
                ],
            },
            Self::Store(StoreFailure::Broken(_)) | Self::Broken(_) => Words {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                title: "Der er en fejl i systemet",
                text: "Siden kunne ikke vises. Fejlen er skrevet i loggen.",
                steps: &["Kontakt driften, og oplys sidens adresse og klokkeslættet."],
            },
        }
    }

    /// What is said at the door.
    fn words_of_the_door(&self) -> Words {
        let words = |status, title, text, steps| Words {
            status,
            title,
            text,
            steps,
        };
        match self {
            Self::Forbidden(_) => words(
                StatusCode::FORBIDDEN,
                "Dine roller giver ikke adgang til siden",
                "Siden hører til en rolle, du ikke har. Intet er galt med dit login.",
                &[
                    "Se under Dine roller, hvilke roller der giver adgang til hvad.",
                    "Bed din kommunes administrator om rollen, hvis du skal bruge siden.",
                ],
            ),
            Self::ForeignForm | Self::BadForm => words(
                StatusCode::BAD_REQUEST,
                "Formularen blev ikke taget imod",
                "Den kom ikke fra en side, du har åben i dette login, eller et felt manglede. \
                 Intet er ændret.",
                &["Gå tilbage til siden, genindlæs den, og send igen."],
            ),
            Self::NotBegun => words(
                StatusCode::BAD_REQUEST,
                "Login skal begyndes forfra",
                "Svaret fra kommunens login hører ikke til et login, der er i gang i denne \
                 browser. Det kan være for gammelt eller allerede brugt.",
                &["Gå til forsiden, og log ind igen."],
            ),
            Self::SignInForged(_) => words(
                StatusCode::BAD_REQUEST,
                "Login kunne ikke godkendes",
                "Svaret fra kommunens login er ikke gyldigt. Du er ikke logget ind.",
                &[
                    "Gå til forsiden, og log ind igen.",
                    "Kontakt driften, hvis det sker igen, og oplys klokkeslættet.",
                ],
            ),
            Self::SignInAway(_) => words(
                StatusCode::SERVICE_UNAVAILABLE,
                "Kommunens login svarer ikke",
                "ØiR kan ikke få fat i det system, du logger ind med.",
                &["Vent et halvt minut, og prøv igen."],
            ),
            Self::NoRole => words(
                StatusCode::FORBIDDEN,
                "Du har ingen rolle i ØiR",
                "Du er kendt af kommunens login, men har ingen rolle her.",
                &["Bed din kommunes administrator om en rolle i ØiR, og log ind igen."],
            ),
            _ => words(
                StatusCode::UNAUTHORIZED,
                "Du er ikke logget ind",
                "Dit login er udløbet, afsluttet eller blev afbrudt. Intet er ændret.",
                &["Gå til forsiden, og log ind."],
            ),
        }
    }

    /// What is said when more came than is taken.
    fn words_of_too_much(&self) -> Words {
        let words = |status, title, text, steps| Words {
            status,
            title,
            text,
            steps,
        };
        match self {
            Self::TooLarge => words(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Det, du sendte, fylder for meget",
                "En formular eller fil må højst fylde 1 MB. Intet er ændret.",
                &["Gå tilbage, gør teksten eller filen mindre, og send igen."],
            ),
            Self::TooSlow => words(
                StatusCode::REQUEST_TIMEOUT,
                "Det, du sendte, nåede ikke frem",
                "Formularen eller filen var ikke nået frem efter et halvt minut. Intet er ændret.",
                &["Gå tilbage, og send igen, når forbindelsen er bedre."],
            ),
            _ => words(
                StatusCode::TOO_MANY_REQUESTS,
                "For mange forsøg",
                "Der er kommet for mange forkerte svar fra dit netværk. Et rigtigt login slipper \
                 ind hele tiden.",
                &["Vent et øjeblik, og log ind forfra fra forsiden."],
            ),
        }
    }

    fn reason(&self) -> Option<String> {
        match self {
            Self::Store(failure) => Some(failure.to_string()),
            Self::Broken(reason) | Self::SignInForged(reason) | Self::SignInAway(reason) => {
                Some(reason.clone())
            }
            _ => None,
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let words = self.words();
        let template = FailurePage {
            page: match &self {
                Self::Forbidden(viewer) => Page::inside(words.title, Section::Neither, viewer),
                _ => Page::outside(words.title),
            },
            text: words.text,
            steps: words.steps,
            code: words.status.as_u16(),
        };
        let html = template.render().unwrap_or_else(|_| words.title.to_owned());
        let mut response = (words.status, Html(html)).into_response();
        match words.status {
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(RETRY_AFTER, RETRY_SECS);
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                let read = HeaderValue::from_static("GET, HEAD");
                response.headers_mut().insert(ALLOW, read);
            }
            _ => {}
        }
        if let Self::TooMany(wait) = self {
            let wait = HeaderValue::from(wait);
            response.headers_mut().insert(RETRY_AFTER, wait);
        }
        if let Some(reason) = self.reason() {
            response.extensions_mut().insert(Reason(reason));
        }
        response
    }
}
