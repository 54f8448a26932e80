//! The page of one message: what became of it as a whole, its bilag, its bytes.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oir_domain::ids::AfsendelseId;
use oir_flow::ports::views::MessageDetail;

use super::door::Viewer;
use super::failure::{PageError, page};
use super::list::line;
use super::view::{AfsendelsePage, Fact, Page, Section};
use super::{PortalState, bilag, words};
use crate::danish_format::instant;

/// `GET /afsendelser/{id}`
pub(super) async fn show(
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
    Ok(page(&afsendelse_page(&message, &viewer, &state))?.into_response())
}

fn afsendelse_page(
    message: &MessageDetail,
    viewer: &Viewer,
    state: &PortalState,
) -> AfsendelsePage {
    let names = state.names();
    let mut facts = vec![
        Fact::new("Kommune", names.kommune(message.kommune)),
        Fact::new("Fagsystem", names.fagsystem(message.fagsystem)),
        Fact::new("Modtaget", instant(message.modtaget, &state.zone)),
        Fact::new("Modtaget gennem", words::channel(message.channel)),
        Fact::new("Afsendelsens id i ØiR", message.id.to_string()),
    ];
    if let Some(id) = message.transaktions_id {
        facts.push(Fact::new("TransactionUUID", id.to_string()));
    }
    AfsendelsePage {
        page: Page::inside("Afsendelse", Section::Bilag, viewer).below(&bilag::BILAG),
        outcome: words::outcome(message.outcome),
        advice: words::message_advice(message.outcome),
        facts,
        faults: bilag::faults_in_words(&message.faults, state),
        lines: message
            .bilag
            .iter()
            .map(|found| line(found, &names, state))
            .collect(),
        raw: format!("/afsendelser/{}/xml", message.id),
    }
}
