//! `POST /api/finans/v2/kontroltotaler`: a fagsystem says what it sent on a day.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use oir_domain::fault::FaultCode;
use oir_domain::machine_key::{Pass, Right};
use oir_flow::days::{self, NotTaken};
use oir_flow::ports::days::Kept;
use oir_wire::finans::json::StatedTotal;
use oir_wire::finans::json::stated_total;
use serde_json::json;

use super::MachineState;
use super::api::{answered, away, found, not_allowed, turned_away, wrong, wrong_method};
use super::door::{self, Peer};
use super::hand_over::{received, refused};

pub(super) fn route() -> MethodRouter<MachineState> {
    post(state).fallback(wrong_method)
}

async fn state(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let peer = peer.map(|Extension(peer)| peer);
    let pass = match door::enter(&state.door, &headers, peer).await {
        Ok(pass) => pass,
        Err(turned) => return turned_away(*turned),
    };
    let media = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let media = media.unwrap_or("").split(';').next().unwrap_or("").trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let found: String = media.chars().take(80).collect();
        let reply = refused(FaultCode::WrongContentType, &found);
        return answered(&reply, Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let message = match received(&state.room, &headers, body).await {
        Ok(message) => message,
        Err((status, reply)) => return answered(&reply, Some(status)),
    };
    let stated = match stated_total(message.bytes()) {
        Ok(stated) => stated,
        Err(faults) => return wrong(&faults),
    };
    if pass.is_some_and(|pass| !covers(&pass, &state, &stated)) {
        return not_allowed();
    }
    let day = stated.dag.to_string();
    match days::take_total(&state.hub, &*state.days, stated).await {
        Ok(kept) => {
            let (version, outcome) = match kept {
                Kept::New(version) => (version, "NY"),
                Kept::Same(version) => (version, "UAENDRET"),
            };
            found(&json!({ "Dag": day, "Version": version, "Udfald": outcome }))
        }
        Err(NotTaken::Faults(faults)) => wrong(&faults),
        Err(NotTaken::Store(failure)) => {
            tracing::error!(%failure, "a control total could not be kept");
            away()
        }
    }
}

/// Whether a key lets its system speak for that sender in that municipality.
fn covers(pass: &Pass, state: &MachineState, stated: &StatedTotal) -> bool {
    let register = state.hub.register();
    let kommune = register.myndighed(stated.myndighed).map(|m| m.kommune);
    kommune
        .is_some_and(|kommune| pass.may(Right::StateTotals, kommune, Some(stated.afsender_system)))
}
