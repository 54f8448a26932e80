//! What was received, as text: of one bilag its own piece of the message, of a message all
//! of it. What cannot be cut out is shown within its message, masked whoever asks. Personal
//! numbers are masked; free text is not understood, so that whoever reads it is written down.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oir_domain::fault::Fault;
use oir_domain::ids::{AfsendelseId, BilagId};
use oir_domain::party::Kommunekode;
use oir_flow::looks::deed;
use oir_flow::ports::sessions::deeds;
use oir_flow::ports::views::BilagDetail;

use askama::Template;

use super::door::Viewer;
use super::excerpt::Wanted;
use super::failure::{PageError, page};
use super::view::{Page, Section};
use super::{PortalState, bilag, excerpt, pretty};
use crate::danish_format::whole;
use crate::masking::mask_message;

/// The longest text that a page shows, in characters. A bilag of ten postings is some 3,000;
/// beyond this a browser gets slow and nobody reads.
const SHOWN_MAX: usize = 200_000;

/// How much of its message a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// One bilag, cut out.
    Own,
    /// All of it, as was asked for.
    Whole,
    /// All of it, because the bilag could not be cut out.
    NotCut,
}

/// A text with its marks.
#[derive(Debug)]
pub(super) struct RawText {
    pub(super) lines: Vec<pretty::Line>,
    /// Whether it ends at [`SHOWN_MAX`].
    pub(super) cut: bool,
    pub(super) size: String,
    pub(super) piece: Piece,
}

impl RawText {
    /// One bilag of a message, masked.
    pub(super) fn masked(raw: &[u8], detail: &BilagDetail) -> Self {
        match excerpt::bilag(raw, wanted(detail)) {
            Some(own) => Self::new(raw, &faults(detail), (Piece::Own, &mask_message(own))),
            None => Self::masked_whole(raw),
        }
    }

    /// One bilag of a message with its personal numbers; where it cannot be cut out, masked
    /// all the same.
    pub(super) fn with_numbers(raw: &[u8], detail: &BilagDetail) -> Self {
        match excerpt::bilag(raw, wanted(detail)) {
            Some(own) => Self::new(raw, &faults(detail), (Piece::Own, own)),
            None => Self::masked_whole(raw),
        }
    }

    /// A whole message, masked; bytes that are no UTF-8 as replacement marks.
    fn whole(raw: &[u8]) -> Self {
        let text = mask_message(&String::from_utf8_lossy(raw));
        Self::new(raw, &[], (Piece::Whole, &text))
    }

    fn masked_whole(raw: &[u8]) -> Self {
        Self {
            piece: Piece::NotCut,
            ..Self::whole(raw)
        }
    }

    /// Whether it is more than was asked for.
    pub(super) fn not_cut(&self) -> bool {
        self.piece == Piece::NotCut
    }

    /// A piece of a message, masked already where it must be: the end may go through a number.
    fn new(raw: &[u8], faults: &[Fault], (piece, text): (Piece, &str)) -> Self {
        let end = text.char_indices().nth(SHOWN_MAX).map(|(end, _)| end);
        let shown = end.and_then(|end| text.get(..end)).unwrap_or(text);
        let bytes = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        Self {
            lines: pretty::lines(shown, faults),
            cut: end.is_some(),
            size: format!("{} byte", whole(bytes)),
            piece,
        }
    }
}

fn wanted(detail: &BilagDetail) -> Wanted {
    Wanted {
        index: detail.index,
        uuid: detail.line.bilag_uuid,
    }
}

fn faults(detail: &BilagDetail) -> Vec<Fault> {
    let all = detail.faults.iter().chain(&detail.later_faults);
    all.cloned().collect()
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
    let here = (format!("/bilag/{id}"), bilag::title(&detail));
    let title = format!("Indholdet af bilag {}", bilag::number(&detail));
    let (first, second) = (bilag::BILAG[0], bilag::BILAG[1]);
    let template = RawPage {
        page: Page::inside(&title, Section::Bilag, &viewer).below(&[
            first,
            second,
            (&here.0, &here.1),
        ]),
        raw: RawText::masked(&message.raw, &detail),
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
    let here = format!("/afsendelser/{id}");
    let (first, second) = (bilag::BILAG[0], bilag::BILAG[1]);
    let template = RawPage {
        page: Page::inside("Indholdet af afsendelsen", Section::Bilag, &viewer).below(&[
            first,
            second,
            (&here, "Afsendelse"),
        ]),
        raw: RawText::whole(&message.raw),
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

#[cfg(test)]
mod tests {
    use super::{RawText, SHOWN_MAX};

    #[test]
    fn a_long_message_ends_at_a_character_and_in_no_number() {
        let shown = RawText::whole("æ".repeat(SHOWN_MAX + 1).as_bytes());
        assert!(shown.cut);
        let characters: usize = shown.lines.iter().map(|l| l.text.chars().count()).sum();
        assert_eq!(characters, SHOWN_MAX);
        // Eight figures of a number are no number, but enough of one.
        let text = format!("{}6101011234", "æ".repeat(SHOWN_MAX - 8));
        let shown = RawText::whole(text.as_bytes());
        assert!(shown.cut && shown.lines.iter().all(|l| !l.text.contains("61010112")));
        assert!(!RawText::whole(b"\xff\xfe").cut);
    }
}
