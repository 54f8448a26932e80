//! Putting the parts together: store, courier, hub, routes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use oir_flow::hub::{Hub, Parts, Timing};
use oir_store::{Durability, Store};
use oir_transport::{HttpCourier, Settings};
use oir_web::Router;
use oir_web::machine::{self, MachineState};
use oir_web::portal::{self, ControlTotals, FaultWords, PortalState};
use oir_wire::danish;

use crate::process::{OrderedIds, SystemClock, free_space};

/// The words of receipts, handed to the portal.
const WORDS: FaultWords = FaultWords {
    title: |code| danish::title(code).to_owned(),
    text: |fault| danish::text(fault),
    remedy: |fault| danish::remedy(fault.code).to_owned(),
};

/// Opens a database by its address: `postgres://…`, or else a path.
pub(crate) async fn open(database: &str) -> anyhow::Result<Store> {
    let store = if is_postgres(database) {
        Store::open_postgres(database, 0, 16).await
    } else {
        Store::open_sqlite(Path::new(database), Durability::Durable).await
    };
    store.with_context(|| format!("databasen {} kan ikke åbnes", shown(database)))
}

/// Whether the address is PostgreSQL's.
pub(crate) fn is_postgres(database: &str) -> bool {
    database.starts_with("postgres://") || database.starts_with("postgresql://")
}

/// An address without its password.
pub(crate) fn shown(database: &str) -> String {
    match database.split_once("://").zip(database.rsplit_once('@')) {
        Some(((scheme, _), (_, host))) => format!("{scheme}://…@{host}"),
        None => database.to_owned(),
    }
}

/// A hub over a store, with committers running.
pub(crate) async fn hub(store: &Store, timing: Timing) -> anyhow::Result<Hub> {
    let shared = Arc::new(store.clone());
    let parts = Parts {
        inbox: Arc::clone(&shared) as _,
        outbox: shared,
        courier: Arc::new(HttpCourier::new(Settings::STANDARD)?),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
    };
    let hub = Hub::new(parts, timing).await?;
    hub.start_intake(store.writers());
    Ok(hub)
}

fn recorder() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| PrometheusBuilder::new().install_recorder().ok())
        .clone()
}

/// All routes of one process: machines and people.
pub(crate) fn routes(
    hub: &Hub,
    store: &Store,
    disk: Option<PathBuf>,
    control: Arc<dyn ControlTotals>,
) -> Router {
    let recorder = recorder();
    let metrics = Arc::new(move || {
        recorder
            .as_ref()
            .map_or_else(String::new, PrometheusHandle::render)
    });
    let machine = machine::router(MachineState {
        hub: hub.clone(),
        metrics,
        free_space: free_space(disk),
    });
    let source = hub.clone();
    let register = Arc::new(move || source.register());
    let pages = PortalState::new(
        Arc::new(store.clone()),
        register,
        Arc::new(SystemClock),
        WORDS,
    )
    .with_control_totals(control);
    portal::router(pages).merge(machine)
}
