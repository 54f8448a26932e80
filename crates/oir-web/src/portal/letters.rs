//! One's letters: when they come, and, in a demo, what they say.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::access::Person;
use oir_domain::digest::{Email, Recipient, Weekdays};
use oir_flow::ports::post::{Letter, LetterState};
use oir_flow::ports::sessions::{Deed, deeds};
use serde::Deserialize;

use super::PortalState;
use super::door::{Door, Viewer};
use super::failure::{PageError, page};
use super::view::{Badge, Page, Section};
use crate::danish_format::instant_short;

/// Letters shown in the mailbox.
const LETTERS: u32 = 30;
/// The names of the form's boxes and of the days, Monday first.
const DAYS: [(&str, &str); 5] = [
    ("mandag", "Mandag"),
    ("tirsdag", "Tirsdag"),
    ("onsdag", "Onsdag"),
    ("torsdag", "Torsdag"),
    ("fredag", "Fredag"),
];

/// Notes that somebody signed in, so that they may be written to. Letters come unless one
/// says no: correcting errors is a standing duty of those who get them, the letters hold
/// counts and links only, and each says how to end them.
pub(super) async fn note(
    state: &PortalState,
    person: Person,
    email: Option<&str>,
) -> Result<(), PageError> {
    let recipient = Recipient {
        person,
        email: email.and_then(Email::try_new),
        seen: state.clock.now(),
        weekdays: Weekdays::ALL,
    };
    Ok(state.post.note_recipient(&recipient).await?)
}

#[derive(Debug, Template)]
#[template(path = "my_letters.html")]
struct ChoicePage {
    page: Page,
    token: Option<String>,
    /// None when the identity provider gave no address.
    email: Option<String>,
    days: Vec<(&'static str, &'static str, bool)>,
    /// Whether the letters can be read here.
    mailbox: bool,
}

/// `GET /mine-mails`
pub(super) async fn choices(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let found = state.post.recipient(&viewer.person.subject).await?;
    let chosen = found.as_ref().map_or(Weekdays::NONE, |r| r.weekdays);
    let email = found.and_then(|recipient| recipient.email);
    let days = Weekdays::DAYS.into_iter().zip(DAYS);
    let template = ChoicePage {
        page: Page::inside("Dine mails", Section::Neither, &viewer),
        token: viewer.token(),
        email: email.map(|email| email.as_str().to_owned()),
        days: days
            .map(|(day, (name, label))| (name, label, chosen.has(day)))
            .collect(),
        mailbox: matches!(state.entrance.door, Door::Invented(_)),
    };
    Ok(page(&template)?.into_response())
}

/// The boxes that were ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    token: String,
    mandag: String,
    tirsdag: String,
    onsdag: String,
    torsdag: String,
    fredag: String,
}

/// `POST /mine-mails`
pub(super) async fn choose(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Chosen>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let boxes = [
        &form.mandag,
        &form.tirsdag,
        &form.onsdag,
        &form.torsdag,
        &form.fredag,
    ];
    let ticked = Weekdays::DAYS.into_iter().zip(boxes);
    let ticked = ticked.filter(|(_, ticked)| !ticked.is_empty());
    let days: Vec<_> = ticked.map(|(day, _)| day).collect();
    let subject = &viewer.person.subject;
    let deed = Deed {
        at: state.clock.now(),
        subject: subject.clone(),
        navn: viewer.person.navn.clone(),
        what: deeds::CHOSE_LETTERS.into(),
        kommune: None,
        object: format!("{} dage om ugen", days.len()).into(),
    };
    let weekdays = Weekdays::of(&days);
    if !state.post.choose_weekdays(subject, weekdays, &deed).await? {
        return Err(PageError::NotFound);
    }
    Ok(Redirect::to("/mine-mails").into_response())
}

#[derive(Debug, Template)]
#[template(path = "mailbox.html")]
struct MailboxPage {
    page: Page,
    navn: String,
    letters: Vec<LetterCells>,
}

#[derive(Debug)]
struct LetterCells {
    title: String,
    at: String,
    email: String,
    state: Badge,
    /// Lines of the letter; those that are addresses lead there.
    lines: Vec<(String, bool)>,
}

/// `GET /postkasse`: a demo's only; elsewhere letters are read where letters are read.
pub(super) async fn mailbox(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let Door::Invented(_) = &state.entrance.door else {
        return Err(PageError::NotFound);
    };
    let letters = state.post.letters(&viewer.person.subject, LETTERS).await?;
    let cells = |letter: &Letter| LetterCells {
        title: letter.title.to_string(),
        at: instant_short(letter.written, &state.zone),
        email: letter.email.as_str().to_owned(),
        state: match letter.state {
            LetterState::Waiting => badge("Sendes", "info"),
            LetterState::Sent => badge("Sendt", "success"),
            LetterState::GivenUp => badge("Kunne ikke sendes", "error"),
        },
        lines: letter.body.lines().map(line).collect(),
    };
    let template = MailboxPage {
        page: Page::inside("Postkasse", Section::Neither, &viewer)
            .below(&[("/mine-mails", "Dine mails")]),
        navn: viewer.person.navn.to_string(),
        letters: letters.iter().map(cells).collect(),
    };
    Ok(page(&template)?.into_response())
}

const fn badge(text: &'static str, weight: &'static str) -> Badge {
    Badge { text, weight }
}

fn line(text: &str) -> (String, bool) {
    let address = text.trim();
    let leads = address.starts_with("http://") || address.starts_with("https://");
    (if leads { address } else { text }.to_owned(), leads)
}
