//! `POST /api/finans/v2/kontroltotaler`: a fagsystem says what it sent on a day.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use oir_domain::machine_key::{Pass, Right};
use oir_flow::days::{self, NotTaken};
use oir_flow::ports::days::Kept;
use oir_wire::finans::json::{StatedTotal, stated_total};
use serde_json::json;

use super::MachineState;
use super::api::{away, found, not_allowed, taken_in, wrong, wrong_method};
use super::door::Peer;

pub(super) fn route() -> MethodRouter<MachineState> {
    post(state).fallback(wrong_method)
}

async fn state(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (pass, message) = match taken_in(&state, peer, &headers, body).await {
        Ok(taken) => taken,
        Err(answer) => return answer,
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
