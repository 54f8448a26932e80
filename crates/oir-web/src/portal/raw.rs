//! What was received, as text: of one bilag its own piece of the message, of a message all
//! of it. Personal numbers are masked; free text is not understood, so that whoever reads it
//! is written down.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oir_domain::fault::Fault;
use oir_domain::ids::{AfsendelseId, BilagId};
use oir_domain::party::Kommunekode;
use oir_flow::looks::deed;
use oir_flow::ports::sessions::deeds;

use askama::Template;

use super::door::Viewer;
use super::excerpt::Excerpt;
use super::failure::{PageError, page};
use super::view::{Page, Section};
use super::{PortalState, bilag, excerpt, pretty};
use crate::danish_format::whole;
use crate::masking::mask_message;

/// A text with its marks.
#[derive(Debug)]
pub(super) struct RawText {
    pub(super) lines: Vec<pretty::Line>,
    pub(super) cut: bool,
    pub(super) size: String,
}

impl RawText {
    /// A piece of a message of so many bytes, as it may be shown.
    pub(super) fn new(piece: &Excerpt, bytes: usize, faults: &[Fault], shown: &str) -> Self {
        Self {
            lines: pretty::lines(shown, faults),
            cut: piece.cut,
            size: format!("{} byte", whole(u64::try_from(bytes).unwrap_or(u64::MAX))),
        }
    }
}

#[derive(Debug, Template)]
#[template(path = "raw.html")]
struct RawPage {
    page: Page,
    raw: RawText,
}

/// `GET /bilag/{id}/xml`
pub(super) async fn bilag(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: BilagId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = state.views.detail(&viewer.scope, id).await?;
    let detail = found.ok_or(PageError::NotFound)?;
    let message = state
        .views
        .message_detail(&viewer.scope, detail.afsendelse)
        .await?
        .ok_or(PageError::NotFound)?;
    note(&state, &viewer, detail.line.kommune, id).await?;
    let piece = excerpt::bilag(&message.raw, detail.index);
    let faults: Vec<Fault> = detail
        .faults
        .iter()
        .chain(&detail.later_faults)
        .cloned()
        .collect();
    let here = (format!("/bilag/{id}"), bilag::title(&detail));
    let title = format!("Indholdet af {}", here.1.to_lowercase());
    let (first, second) = (bilag::BILAG[0], bilag::BILAG[1]);
    let template = RawPage {
        page: Page::inside(&title, Section::Bilag, &viewer).below(&[
            first,
            second,
            (&here.0, &here.1),
        ]),
        raw: RawText::new(
            &piece,
            message.raw.len(),
            &faults,
            &mask_message(&piece.text),
        ),
    };
    Ok(page(&template)?.into_response())
}

/// `GET /afsendelser/{id}/xml`
pub(super) async fn afsendelse(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: AfsendelseId = id.parse().map_err(|_| PageError::NotFound)?;
    let message = state
        .views
        .message_detail(&viewer.scope, id)
        .await?
        .ok_or(PageError::NotFound)?;
    note(&state, &viewer, message.kommune, id).await?;
    let piece = excerpt::whole(&message.raw);
    let here = format!("/afsendelser/{id}");
    let (first, second) = (bilag::BILAG[0], bilag::BILAG[1]);
    let template = RawPage {
        page: Page::inside("Indholdet af afsendelsen", Section::Bilag, &viewer).below(&[
            first,
            second,
            (&here, "Afsendelse"),
        ]),
        raw: RawText::new(&piece, message.raw.len(), &[], &mask_message(&piece.text)),
    };
    Ok(page(&template)?.into_response())
}

/// Writes down that somebody reads it, before they do.
async fn note(
    state: &PortalState,
    viewer: &Viewer,
    kommune: Kommunekode,
    object: impl ToString,
) -> Result<(), PageError> {
    let now = state.clock.now();
    let deed = deed(&viewer.person, deeds::READ_MESSAGE, kommune, object, now);
    let sessions = state.entrance.sign_in.sessions();
    Ok(sessions.log(&deed).await?)
}
