//! Putting the parts together: store, courier, hub, routes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use oir_domain::operation::alarm::Limits;
use oir_domain::party::{Fagsystem, Kommunekode};
use oir_domain::register::Register;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::keyring::{self, Keyring};
use oir_flow::ports::sessions::Deed;
use oir_flow::sign_in::{self, SessionLimits, SignIn};
use oir_flow::sortiment::Classification;
use oir_flow::watch::Watch;
use oir_store::{Durability, Store};
use oir_transport::{HttpCourier, Settings};
use oir_web::Router;
use oir_web::machine::{self, MachineDoor, MachineState, Room};
pub(crate) use oir_web::portal::door::operator;
use oir_web::portal::door::{Door, Entrance};
use oir_web::portal::{self, FaultWords, PortalState, Statement};
use oir_wire::danish;

use crate::process::{OrderedIds, SystemClock, SystemSecrets, free_space};

/// The words of receipts, handed to the portal and its letters.
pub(crate) const WORDS: FaultWords = FaultWords {
    title: |code| danish::title(code).to_owned(),
    text: |fault| danish::text(fault),
    remedy: |fault| danish::remedy(fault.code).to_owned(),
};

/// What the machine's operator does, as the log keeps it.
pub(crate) fn deed(
    at: Timestamp,
    what: &str,
    kommune: Option<Kommunekode>,
    object: impl Into<Box<str>>,
) -> Deed {
    let operator = operator();
    Deed {
        at,
        subject: operator.subject,
        navn: operator.navn,
        what: what.into(),
        kommune,
        object: object.into(),
    }
}

/// The fagsystem that is named on the command line: by its short name, in large or small
/// letters, or by its id.
pub(crate) fn fagsystem<'r>(register: &'r Register, text: &str) -> anyhow::Result<&'r Fagsystem> {
    let found = register.fagsystem_named(text);
    found.with_context(|| format!("fagsystemet {text} er ikke i registeret"))
}

/// The kommune of a code on the command line.
pub(crate) fn kommune(register: &Register, code: u16) -> anyhow::Result<Kommunekode> {
    let kommune = Kommunekode(code);
    let known = register.myndigheder().any(|own| own.kommune == kommune);
    ensure!(known, "kommunen {kommune} er ikke i registeret");
    Ok(kommune)
}

/// Connections that a tool opens at most.
const CONNECTIONS: usize = 16;

/// Opens a database by its address: `postgres://…`, or else a path.
pub(crate) async fn open(database: &str) -> anyhow::Result<Store> {
    open_with(database, CONNECTIONS).await
}

/// The same with a limit on connections to PostgreSQL.
pub(crate) async fn open_with(database: &str, connections: usize) -> anyhow::Result<Store> {
    let store = if is_postgres(database) {
        Store::join_postgres(database, connections).await
    } else {
        Store::open_sqlite(Path::new(database), Durability::Durable).await
    };
    store.with_context(|| format!("databasen {} kan ikke åbnes", shown(database)))
}

/// Opens a database that must be there: a tool that looks never makes one.
pub(crate) async fn open_existing(database: &str) -> anyhow::Result<Store> {
    let here = is_postgres(database) || Path::new(database).exists();
    ensure!(here, "databasen {database} findes ikke");
    open(database).await
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
pub(crate) async fn hub(store: &Store, timing: Timing, calls: Settings) -> anyhow::Result<Hub> {
    let hub = silent_hub(store, timing, calls).await?;
    hub.start_intake(store.writers());
    Ok(hub)
}

/// A hub that takes nothing in: for processes that deliver or show.
pub(crate) async fn silent_hub(
    store: &Store,
    timing: Timing,
    calls: Settings,
) -> anyhow::Result<Hub> {
    let shared = Arc::new(store.clone());
    let parts = Parts {
        inbox: Arc::clone(&shared) as _,
        outbox: Arc::clone(&shared) as _,
        partners: shared,
        courier: Arc::new(HttpCourier::new(calls)?),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
    };
    Ok(Hub::new(parts, timing).await?)
}

fn recorder() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| PrometheusBuilder::new().install_recorder().ok())
        .clone()
}

/// The metrics of this process in Prometheus' text form.
pub(crate) fn metrics() -> String {
    recorder().map_or_else(String::new, |recorder| recorder.render())
}

fn machine_state(hub: &Hub, store: &Store, watch: Watch, door: MachineDoor) -> MachineState {
    // Counting begins now, not when somebody first looks.
    drop(recorder());
    MachineState {
        hub: hub.clone(),
        metrics: Arc::new(metrics),
        watch,
        operation: Arc::new(store.clone()),
        room: Room::default(),
        days: Arc::new(store.clone()),
        tables: Arc::new(store.clone()),
        classification: classification(store),
        door,
    }
}

/// The classification with this machine's clock.
pub(crate) fn classification(store: &Store) -> Classification {
    Classification {
        store: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
    }
}

/// Routes for senders and books on this machine, who need no key.
pub(crate) fn open_service(hub: &Hub, store: &Store) -> Router {
    machine::service(machine_state(
        hub,
        store,
        Watch::default(),
        MachineDoor::Open,
    ))
}

/// Routes for senders and books that sign in, with those where tokens are given. `issuer`
/// is the address by which they reach us.
pub(crate) fn service(hub: &Hub, store: &Store, keys: &Keyring, issuer: &str) -> Router {
    let door = MachineDoor::Keys(keys.clone());
    let routes = machine::service(machine_state(hub, store, Watch::default(), door));
    routes.merge(machine::tokens(keys.clone(), issuer))
}

/// The keys of machines.
pub(crate) fn keyring(store: &Store) -> Keyring {
    Keyring::new(keyring::Parts {
        keys: Arc::new(store.clone()),
        sessions: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
        secrets: Arc::new(SystemSecrets),
    })
}

/// Routes for operators: health and metrics.
pub(crate) fn operation(hub: &Hub, store: &Store, watch: Watch) -> Router {
    machine::operation(machine_state(hub, store, watch, MachineDoor::Open))
}

/// The door of the pages.
pub(crate) fn entrance(store: &Store, door: Door, secure: bool, limits: SessionLimits) -> Entrance {
    let sign_in = SignIn::new(sign_in::Parts {
        sessions: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
        secrets: Arc::new(SystemSecrets),
        limits,
    });
    Entrance {
        sign_in,
        door,
        secure,
    }
}

/// What is known of the operation besides its own port: the disk under a folder, and the
/// keys of machines.
pub(crate) fn watch(store: &Store, disk: Option<PathBuf>, limits: Limits) -> Watch {
    Watch {
        free: free_space(disk),
        expiring: vec![Arc::new(store.clone())],
        limits,
    }
}

/// The folder that a database lies in; none for PostgreSQL's, which lies elsewhere.
pub(crate) fn folder(database: &str) -> Option<PathBuf> {
    if is_postgres(database) {
        return None;
    }
    Some(match Path::new(database).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    })
}

/// Pages for people.
pub(crate) fn portal(
    hub: &Hub,
    store: &Store,
    entrance: Entrance,
    watch: Watch,
    statement: Statement,
) -> Router {
    let source = hub.clone();
    let register = Arc::new(move || source.register());
    let pages = PortalState::new(
        Arc::new(store.clone()),
        register,
        Arc::new(SystemClock),
        WORDS,
        entrance,
    );
    portal::router(pages.with_watch(watch).with_statement(statement))
}

/// All routes of one process on one address.
pub(crate) fn routes(hub: &Hub, store: &Store, watch: Watch, entrance: Entrance) -> Router {
    portal(hub, store, entrance, watch.clone(), Statement::default())
        .merge(open_service(hub, store))
        .merge(operation(hub, store, watch))
}
