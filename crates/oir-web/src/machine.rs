//! The machine interfaces: SOAP, health, metrics, and the listener that carries them.
//!
//! This room turns HTTP into calls of the corridor and its replies into HTTP; it judges
//! nothing but what HTTP alone can say: media type, size, time.

pub mod api;
pub(crate) mod door;
mod hand_over;
mod health;
pub mod klassifikation;
pub mod listener;
pub mod lookup;
pub mod oauth;
mod room;
mod soap;
pub mod sortiment;
mod stated;
mod tables;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use oir_flow::hub::Hub;
use oir_flow::keyring::Keyring;
use oir_flow::ports::days::Days;
use oir_flow::ports::omsaetning::Omsaetningstabeller;
use oir_flow::ports::operation::Operation;
use oir_flow::sortiment::Classification;
use oir_flow::watch::Watch;
use oir_wire::finans::SERVICE_PATH;

pub use door::{MachineDoor, Peer};
pub use room::{ROOM_BYTES, Room};

/// Longest message taken, in bytes: the largest bundle with room to spare.
pub const BODY_MAX: usize = 16 * 1024 * 1024;
/// Longest time that a message may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// What a text-making function hands out, e.g. the metrics of the process.
pub type Text = Arc<dyn Fn() -> String + Send + Sync>;

/// What the machine interfaces stand on.
#[derive(Clone)]
pub struct MachineState {
    /// The corridor.
    pub hub: Hub,
    /// Metrics in Prometheus' text form.
    pub metrics: Text,
    /// Room on the disk, and what else makes alarms.
    pub watch: Watch,
    /// The facts that alarms are made of.
    pub operation: Arc<dyn Operation>,
    /// Room for what is being received.
    pub room: Room,
    /// What senders state of their days.
    pub days: Arc<dyn Days>,
    /// The sortimenter.
    pub classification: Classification,
    /// Omsætningstabeller.
    pub tables: Arc<dyn Omsaetningstabeller>,
    /// Who comes in.
    pub door: MachineDoor,
}

impl fmt::Debug for MachineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MachineState")
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}

/// The senders' routes. They have no fallback, so that the portal's can stand beside them.
pub fn service(state: MachineState) -> Router {
    api::operations()
        .route(&format!("{}/kontroltotaler", api::PATH), stated::route())
        .merge(tables::routes())
        .route(SERVICE_PATH, post(soap::call).get(soap::describe))
        .merge(klassifikation::services())
        .merge(sortiment::routes())
        .with_state(state)
}

/// Where machines get tokens; `issuer` is the address by which they reach the service.
pub fn tokens(keys: Keyring, issuer: &str) -> Router {
    oauth::routes(keys, issuer)
}

/// The operators' routes: health and metrics; every process has them.
pub fn operation(state: MachineState) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "ok\n" }))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .with_state(state)
}
