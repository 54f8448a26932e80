//! The pages of coming in and going out, and of who else is in.

use askama::Template;
use axum::Extension;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::access::{Action, Person, Rule, Scope, TABLE};
use oir_domain::ids::SessionId;
use oir_flow::ports::sessions::Session;
use oir_flow::sign_in::SignInFailure;
use serde::Deserialize;

use super::door::{self, Door, Viewer};
use super::failure::{PageError, page};
use super::letters;
use super::names::Names;
use super::view::{InventedPerson, Page, RoleLine, RolesPage, Section, SignInPage};
use super::{PortalState, words};
use crate::danish_format::instant_short;
use crate::machine::Peer;

/// Where somebody wants to go once they are in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    til: String,
}

/// `GET /log-ind`
pub(super) async fn ask(
    State(state): State<PortalState>,
    viewer: Option<Viewer>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let target = door::target(&wanted.til);
    if viewer.is_some() {
        return Ok(Redirect::to(target).into_response());
    }
    let persons = match &state.entrance.door {
        Door::Invented(persons) => invented(persons, &state.names()),
        Door::Operator | Door::Provider { .. } => Vec::new(),
    };
    // Who is not in belongs nowhere yet: the whole service's stops are for all.
    let whole = super::drift::notices(&state, &Scope::nothing()).await;
    let template = SignInPage {
        page: Page::outside("Log ind").telling(whole),
        start: format!(
            "/log-ind/start?til={}",
            super::query::percent_encoded(target)
        ),
        target: target.to_owned(),
        persons,
    };
    Ok(page(&template)?.into_response())
}

fn invented(persons: &[Person], names: &Names) -> Vec<InventedPerson> {
    let person = |(number, person): (usize, &Person)| InventedPerson {
        number,
        navn: person.navn.to_string(),
        roles: roles_in_words(person, names).join(", "),
    };
    persons.iter().enumerate().map(person).collect()
}

/// A person's roles with their places.
fn roles_in_words(person: &Person, names: &Names) -> Vec<String> {
    let role = |grant: &oir_domain::access::Grant| {
        let mut places = Vec::new();
        places.extend(grant.fagsystem().map(|id| names.fagsystem(Some(id))));
        places.extend(grant.kommune().map(|kommune| names.kommune(kommune)));
        let role = words::role(grant.role());
        if places.is_empty() {
            format!("{role} (hele landet)")
        } else {
            format!("{role} ({})", places.join(", "))
        }
    };
    person.grants.iter().map(role).collect()
}

/// An invented person chosen.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    person: usize,
    #[serde(default)]
    til: String,
}

/// `POST /log-ind`: the demo's only.
pub(super) async fn choose(
    State(state): State<PortalState>,
    form: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, PageError> {
    let Door::Invented(persons) = &state.entrance.door else {
        return Err(PageError::NotFound);
    };
    let Form(chosen) = form.map_err(|_| PageError::BadForm)?;
    let person = persons.get(chosen.person).ok_or(PageError::BadForm)?;
    let token = state.entrance.sign_in.enter(person.clone()).await?;
    // Nobody's address: the top-level domain is set aside for this (RFC 2606).
    let email = format!("person{}@demo.invalid", chosen.person);
    letters::note(&state, person.clone(), Some(&email)).await?;
    let answer = Redirect::to(door::target(&chosen.til)).into_response();
    Ok(door::with_session(&state.entrance, &token, answer))
}

/// `GET /log-ind/start`: to the identity provider.
pub(super) async fn start(
    State(state): State<PortalState>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Door::Provider { provider, .. } = &state.entrance.door else {
        return Err(PageError::NotFound);
    };
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let target = door::target(&wanted.til);
    let sign_in = &state.entrance.sign_in;
    let begun = sign_in.begin(&**provider, target).await?;
    let answer = Redirect::to(&begun.address).into_response();
    Ok(door::with_attempt(&state.entrance, &begun.browser, answer))
}

/// What the provider sends the browser back with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProviderAnswer {
    state: String,
    code: String,
    error: String,
}

/// `GET /log-ind/svar`: back from the identity provider.
pub(super) async fn answer(
    State(state): State<PortalState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    query: Result<Query<ProviderAnswer>, QueryRejection>,
) -> Result<Response, PageError> {
    let Door::Provider { provider, means } = &state.entrance.door else {
        return Err(PageError::NotFound);
    };
    let Query(answer) = query.map_err(|_| PageError::BadAddress)?;
    let (sign_in, browser) = (&state.entrance.sign_in, door::attempt(&headers));
    if !answer.error.is_empty() {
        let given_up = sign_in.give_up(&answer.state, browser.as_ref()).await;
        if given_up.as_ref().is_err_and(SignInFailure::is_a_guess) {
            sign_in.guessed(peer.map(|Extension(peer)| peer.0)).await?;
        }
        given_up?;
        return Err(PageError::SignInRefused);
    }
    let came = (answer.state.as_str(), answer.code.as_str());
    let entered = sign_in
        .complete(&**provider, came, browser.as_ref(), |all| means(all))
        .await;
    let entered = match entered {
        Err(failure) if failure.is_a_guess() => {
            sign_in.guessed(peer.map(|Extension(peer)| peer.0)).await?;
            return Err(failure.into());
        }
        entered => entered?,
    };
    letters::note(&state, entered.person, entered.email.as_deref()).await?;
    let onward = Redirect::to(&entered.target).into_response();
    Ok(door::with_session(&state.entrance, &entered.token, onward))
}

/// A form that only carries its session's token.
#[derive(Debug, Deserialize)]
pub(super) struct Leaving {
    token: String,
}

/// `POST /log-ud`
pub(super) async fn leave(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Leaving>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    let session = viewer.sent(&form.token)?;
    state.entrance.sign_in.leave(session).await?;
    let answer = Redirect::to("/log-ind").into_response();
    Ok(door::without_session(&state.entrance, answer))
}

/// `GET /roller`: the table that the code asks.
pub(super) async fn roles(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let held = |role| {
        viewer
            .person
            .grants
            .iter()
            .any(|grant| grant.role() == role)
    };
    let line = |rule: &Rule| RoleLine {
        role: words::role(rule.role),
        reach: words::reach(rule.reach),
        may: rights_of(rule),
        held: held(rule.role),
    };
    let template = RolesPage {
        page: Page::inside("Roller og rettigheder", Section::Neither, &viewer),
        own: roles_in_words(&viewer.person, &state.names()),
        keys: viewer.may(Action::ManageKeys),
        actions: Action::ALL.map(|a| (words::action(a), who_may(a))).into(),
        lines: TABLE.iter().map(line).collect(),
    };
    Ok(page(&template)?.into_response())
}

/// What a role may, in the order of all actions.
fn rights_of(rule: &Rule) -> Vec<&'static str> {
    let may = Action::ALL.into_iter().filter(|a| rule.may.contains(a));
    may.map(words::action).collect()
}

/// The roles that may do that.
fn who_may(action: Action) -> Vec<&'static str> {
    let may = TABLE.iter().filter(|rule| rule.may.contains(&action));
    may.map(|rule| words::role(rule.role)).collect()
}

/// Whether somebody with that scope has a say over a session: over every role in it.
fn covers(scope: &Scope, session: &Session) -> bool {
    let grants = &session.person.grants;
    grants.iter().all(|grant| match grant.kommune() {
        Some(kommune) => scope.touches(kommune),
        None => *scope == Scope::everything(),
    })
}

/// Who is signed in.
#[derive(Debug, Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    page: Page,
    /// The token of the forms; none when the viewer has no session to send it from.
    token: Option<String>,
    lines: Vec<SessionLine>,
}

/// One session.
#[derive(Debug)]
struct SessionLine {
    id: String,
    navn: String,
    roles: String,
    begun: String,
    seen: String,
    own: bool,
}

/// `GET /sessioner`
pub(super) async fn sessions(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let everybody = state.entrance.sign_in.everybody().await?;
    let seen = everybody.iter().filter(|s| covers(&viewer.scope, s));
    let names = state.names();
    let own = viewer.session.as_ref().map(|(session, _)| session.id);
    let line = |session: &Session| SessionLine {
        id: session.id.to_string(),
        navn: session.person.navn.to_string(),
        roles: roles_in_words(&session.person, &names).join(", "),
        begun: instant_short(session.begun, &state.zone),
        seen: instant_short(session.seen, &state.zone),
        own: own == Some(session.id),
    };
    let template = SessionsPage {
        page: Page::inside("Hvem er logget ind", Section::Sessions, &viewer),
        token: viewer.token(),
        lines: seen.map(line).collect(),
    };
    Ok(page(&template)?.into_response())
}

/// A session to end.
#[derive(Debug, Deserialize)]
pub(super) struct Ending {
    token: String,
    session: String,
}

/// `POST /sessioner`
pub(super) async fn end(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Ending>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let id: SessionId = form.session.parse().map_err(|_| PageError::BadForm)?;
    let everybody = state.entrance.sign_in.everybody().await?;
    let found = everybody.iter().find(|session| session.id == id);
    match found {
        Some(session) if covers(&viewer.scope, session) => {
            state.entrance.sign_in.end(&viewer.person, id).await?;
        }
        // Another's, or ended meanwhile: both are no longer there for this person.
        Some(_) | None => return Err(PageError::NotFound),
    }
    Ok(Redirect::to("/sessioner").into_response())
}

impl Viewer {
    /// The session of a form that carries its token; an error when it does not.
    pub(super) fn sent(&self, token: &str) -> Result<&Session, PageError> {
        match &self.session {
            Some((session, own)) if own == token => Ok(session),
            Some(_) | None => Err(PageError::ForeignForm),
        }
    }

    /// What this person's forms carry; none when nobody signed in.
    pub(super) fn token(&self) -> Option<String> {
        self.session.as_ref().map(|(_, token)| token.clone())
    }

    /// Whether the menu shows the way to a page of that action.
    pub(super) fn may(&self, action: Action) -> bool {
        self.person.may(action)
    }
}
