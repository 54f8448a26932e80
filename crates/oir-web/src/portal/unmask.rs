//! The personal numbers of one bilag: for a purpose, written down before they are shown, in
//! this one answer and nowhere else.

use askama::Template;
use axum::Form as Sent;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::ids::BilagId;
use oir_flow::looks::unmask;
use oir_flow::ports::views::BilagDetail;
use serde::Deserialize;

use super::PortalState;
use super::bilag::{self, postings};
use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::form::{self, Faulty, PurposeForm};
use super::raw::RawText;
use super::view::{Page, PostingLine, Section};
use crate::danish_format::instant_to_the_second;
use postings::Numbers;

/// The form on the bilag's page and on the page that says what is wrong with it.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) action: String,
    pub(super) token: String,
    pub(super) faults: Faulty,
    pub(super) purpose: PurposeForm,
}

#[derive(Debug, Template)]
#[template(path = "unmask.html")]
struct AskPage {
    page: Page,
    form: Form,
    back: String,
}

#[derive(Debug, Template)]
#[template(path = "unmasked.html")]
struct NumbersPage {
    page: Page,
    back: String,
    at: String,
    navn: String,
    postings: Vec<PostingLine>,
    raw: Option<RawText>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    token: String,
    #[serde(default)]
    formaal: String,
    #[serde(default)]
    forklaring: String,
}

/// `GET /bilag/{id}/personnumre`: the numbers are not to be had by an address; whoever comes
/// by one, e.g. by loading the page anew, gets to the bilag.
pub(super) async fn back(Path(id): Path<String>) -> Result<Redirect, PageError> {
    let id: BilagId = id.parse().map_err(|_| PageError::NotFound)?;
    Ok(Redirect::to(&format!("/bilag/{id}")))
}

/// `POST /bilag/{id}/personnumre`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
    sent: Result<Sent<Asked>, FormRejection>,
) -> Result<Response, PageError> {
    let Sent(asked) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&asked.token)?;
    let id: BilagId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = state.views.detail(&viewer.scope, id).await?;
    let detail = found.ok_or(PageError::NotFound)?;
    let mut faults = Faulty::default();
    let Some(purpose) = form::purpose(&asked.formaal, &asked.forklaring, &mut faults) else {
        return ask_again(&viewer, &detail, asked, faults);
    };
    // Everything is read first: what is written down is then shown, whatever happens.
    let message = state
        .views
        .message_detail(&viewer.scope, detail.afsendelse)
        .await?;
    let now = state.clock.now();
    let look = (&detail.line, &purpose);
    unmask(&*state.looks, &viewer.person, look, now).await?;
    let deciding = state.names().deciding_facet(detail.line.fagsystem);
    let posting = |line| postings::posting(line, deciding.as_deref(), Numbers::Shown);
    let template = NumbersPage {
        page: title_of(&viewer, &detail, "Personnumre på"),
        back: format!("/bilag/{id}"),
        at: instant_to_the_second(now, &state.zone),
        navn: viewer.person.navn.to_string(),
        postings: detail.bilag.posteringer.iter().map(posting).collect(),
        raw: message.map(|message| RawText::with_numbers(&message.raw, &detail)),
    };
    Ok(page(&template)?.into_response())
}

fn ask_again(
    viewer: &Viewer,
    detail: &BilagDetail,
    asked: Asked,
    faults: Faulty,
) -> Result<Response, PageError> {
    let id = detail.line.id;
    let template = AskPage {
        page: title_of(viewer, detail, "Se personnumre på"),
        form: Form {
            action: format!("/bilag/{id}/personnumre"),
            token: asked.token,
            faults,
            purpose: PurposeForm::filled(&asked.formaal, &asked.forklaring),
        },
        back: format!("/bilag/{id}"),
    };
    Ok(unreadable_form(page(&template)?))
}

fn title_of(viewer: &Viewer, detail: &BilagDetail, what: &str) -> Page {
    let own = bilag::title(detail);
    let address = format!("/bilag/{}", detail.line.id);
    let (first, second) = (bilag::BILAG[0], bilag::BILAG[1]);
    Page::inside(
        &format!("{what} bilag {}", bilag::number(detail)),
        Section::Bilag,
        viewer,
    )
    .below(&[first, second, (&address, &own)])
}
