//! A hub on an SQLite file behind its door, with a clock that moves when told to.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::ids::{FagsystemId, KeyId};
use oir_domain::machine_key::{Holder, Right, Terms};
use oir_domain::party::{Cvr, Kommunekode};
use oir_domain::register::Receiver;
use oir_fagsystem::sample;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::keyring::{self, Keyring, Wish};
use oir_flow::ports::courier::{Call, Courier};
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::machine_keys::{KeptKey, KeyEnd, KeyRecord, MachineKeys, NewKey, TokenRecord};
use oir_flow::ports::process::{Clock, Secrets};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer as Still, StoreFailure};
use oir_flow::sortiment::Classification;
use oir_flow::watch::Watch;
use oir_store::{Durability, Store};
use oir_testkit::process::{ManualClock, OrderedIds};
use oir_web::machine::{self, MachineDoor, MachineState, Peer, Room};
use tower::ServiceExt;
use uuid::Uuid;

/// A sender besides [`sample::FAGSYSTEM`].
pub(crate) const OTHER: FagsystemId =
    FagsystemId::from_uuid(Uuid::from_u128(0x0fa9_0000_0000_4000_8000_0000_0000_0002));
/// A municipality besides [`sample::KOMMUNE`].
const OTHER_KOMMUNE: Kommunekode = Kommunekode(751);
/// How long a key lasts here.
pub(crate) const LIFE: SignedDuration = SignedDuration::from_hours(24);
pub(crate) const LIFE_BUT_A_MINUTE: SignedDuration = SignedDuration::from_secs(24 * 3_600 - 60);

pub(crate) const fn seconds(number: i64) -> SignedDuration {
    SignedDuration::from_secs(number)
}

/// An answer of the service.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

#[derive(Debug)]
struct NoBooks;

impl Courier for NoBooks {
    fn call<'a>(&'a self, _: &'a Receiver, _: &'a str, _: Vec<u8>) -> Call<'a> {
        Box::pin(std::future::pending())
    }
}

#[derive(Debug, Default)]
struct Counted(AtomicU8);

impl Secrets for Counted {
    fn secret(&self) -> Option<[u8; 32]> {
        Some([self.0.fetch_add(1, Ordering::SeqCst); 32])
    }
}

/// Keys of a store that may be away.
#[derive(Debug)]
struct Mortal {
    store: Store,
    away: AtomicBool,
}

impl Mortal {
    fn or_away<'a, T: Send + 'a>(&'a self, answer: Still<'a, T>) -> Still<'a, T> {
        if self.away.load(Ordering::SeqCst) {
            let away = StoreFailure::Unavailable("away".into());
            return Box::pin(async move { Err(away) });
        }
        answer
    }
}

impl MachineKeys for Mortal {
    fn key_version(&self) -> Still<'_, i64> {
        self.or_away(self.store.key_version())
    }
    fn key_table(&self, since: Timestamp) -> Still<'_, Vec<KeptKey>> {
        self.or_away(self.store.key_table(since))
    }
    fn keys<'a>(&'a self, scope: &'a Scope) -> Still<'a, Vec<KeyRecord>> {
        self.or_away(self.store.keys(scope))
    }
    fn keys_expiring<'a>(
        &'a self,
        scope: &'a Scope,
        span: (Timestamp, Timestamp),
    ) -> Still<'a, Vec<KeyRecord>> {
        self.or_away(self.store.keys_expiring(scope, span))
    }
    fn make_key<'a>(
        &'a self,
        key: &'a NewKey,
        old_until: Timestamp,
        deed: &'a Deed,
    ) -> Still<'a, bool> {
        self.or_away(self.store.make_key(key, old_until, deed))
    }
    fn end_key<'a>(&'a self, id: KeyId, end: &'a KeyEnd, deed: &'a Deed) -> Still<'a, bool> {
        self.or_away(self.store.end_key(id, end, deed))
    }
    fn key_used(&self, id: KeyId, hour: Timestamp) -> Still<'_, ()> {
        self.or_away(self.store.key_used(id, hour))
    }
    fn keep_token<'a>(
        &'a self,
        digest: &'a [u8; 32],
        token: &'a TokenRecord,
        now: Timestamp,
    ) -> Still<'a, ()> {
        self.or_away(self.store.keep_token(digest, token, now))
    }
    fn token<'a>(&'a self, digest: &'a [u8; 32]) -> Still<'a, Option<TokenRecord>> {
        self.or_away(self.store.token(digest))
    }
}

pub(crate) fn operator() -> Person {
    let grant = Grant::try_new(Role::Drift, None, None);
    Person {
        subject: "opdigtet|drift".into(),
        navn: "Opdigtet Drift".into(),
        grants: grant.into_iter().collect(),
    }
}

/// Everything that runs for a test.
pub(crate) struct House {
    pub(crate) store: Store,
    keys: Keyring,
    mortal: Arc<Mortal>,
    clock: ManualClock,
    ids: OrderedIds,
    secrets: Arc<Counted>,
    routes: Router,
}

impl House {
    /// Behind a door that asks for a key.
    pub(crate) async fn open() -> Self {
        Self::behind(|keys| MachineDoor::Keys(keys.clone())).await
    }

    /// Behind a door that lets everybody in.
    pub(crate) async fn open_door() -> Self {
        Self::behind(|_| MachineDoor::Open).await
    }

    async fn behind(door: fn(&Keyring) -> MachineDoor) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("machine-{}-{number}", std::process::id());
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("oir.db");
        let store = Store::open_sqlite(&file, Durability::ProcessOnly)
            .await
            .unwrap();
        let register = sample::register_data("http://127.0.0.1:9/");
        store.replace_register(&register).await.unwrap();
        let noon = sample::DAY.at(12, 0, 0, 0);
        let noon = jiff::tz::TimeZone::UTC.to_timestamp(noon).unwrap();
        let (clock, ids) = (ManualClock::at(noon), OrderedIds::default());
        let shared = Arc::new(store.clone());
        let parts = Parts {
            inbox: Arc::clone(&shared) as _,
            outbox: shared,
            partners: Arc::new(store.clone()),
            courier: Arc::new(NoBooks),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
        };
        let hub = Hub::new(parts, Timing::STANDARD).await.unwrap();
        hub.start_intake(1);
        let away = AtomicBool::new(false);
        let mortal = Arc::new(Mortal {
            store: store.clone(),
            away,
        });
        let secrets = Arc::new(Counted::default());
        let mut house = Self {
            keys: keyring(&store, &mortal, &clock, &ids, &secrets),
            store,
            mortal,
            clock,
            ids,
            secrets,
            routes: Router::new(),
        };
        let state = MachineState {
            hub,
            metrics: Arc::new(String::new),
            watch: Watch::default(),
            operation: Arc::new(house.store.clone()),
            room: Room::default(),
            days: Arc::new(house.store.clone()),
            tables: Arc::new(house.store.clone()),
            classification: Classification {
                store: Arc::new(house.store.clone()),
                clock: Arc::new(house.clock.clone()),
                ids: Arc::new(house.ids.clone()),
            },
            door: door(&house.keys),
        };
        let tokens = machine::tokens(house.keys.clone(), "https://oir.example/");
        house.routes = machine::service(state).merge(tokens);
        house
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.clock.advance_millis(millis);
    }

    pub(crate) fn keys_away(&self, away: bool) {
        self.mortal.away.store(away, Ordering::SeqCst);
    }

    /// The keyring of another process over the same database.
    pub(crate) fn another_keyring(&self) -> Keyring {
        keyring(
            &self.store,
            &self.mortal,
            &self.clock,
            &self.ids,
            &self.secrets,
        )
    }

    pub(crate) fn other_authority(&self) -> Cvr {
        let register = sample::register();
        let mut all = register.myndigheder();
        all.find(|m| m.kommune == OTHER_KOMMUNE).unwrap().cvr
    }

    async fn key(&self, holder: Holder, kommuner: &[Kommunekode]) -> String {
        self.key_with(holder, kommuner, holder.rights()).await
    }

    /// A key of a sender with some of its rights only.
    pub(crate) async fn key_for(
        &self,
        system: FagsystemId,
        kommuner: &[Kommunekode],
        rights: &[Right],
    ) -> String {
        let holder = Holder::Fagsystem(system);
        self.key_with(holder, kommuner, rights).await
    }

    async fn key_with(&self, holder: Holder, kommuner: &[Kommunekode], rights: &[Right]) -> String {
        let now = self.now();
        let (kommuner, rights) = (kommuner.to_vec(), rights.to_vec());
        let wish = Wish {
            id: self.keys.next_id(),
            navn: "Opdigtet".into(),
            terms: Terms::try_new(holder, kommuner, rights, (now, now + LIFE)).unwrap(),
            follows: None,
        };
        self.keys.make(&operator(), wish).await.unwrap().unwrap()
    }

    /// A key of the ordinary sender.
    pub(crate) async fn sender(&self, kommuner: &[Kommunekode]) -> String {
        self.key_of(sample::FAGSYSTEM, kommuner).await
    }

    pub(crate) async fn key_of(&self, system: FagsystemId, kommuner: &[Kommunekode]) -> String {
        self.key(Holder::Fagsystem(system), kommuner).await
    }

    pub(crate) async fn books(&self, kommuner: &[Kommunekode]) -> String {
        self.key(Holder::Books, kommuner).await
    }

    pub(crate) async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes).unwrap(),
        }
    }

    pub(crate) async fn ask_from(&self, mut request: Request<Body>, from: Ipv4Addr) -> Answer {
        request.extensions_mut().insert(Peer(from.into()));
        self.ask(request).await
    }
}

fn keyring(
    store: &Store,
    keys: &Arc<Mortal>,
    clock: &ManualClock,
    ids: &OrderedIds,
    secrets: &Arc<Counted>,
) -> Keyring {
    Keyring::new(keyring::Parts {
        keys: Arc::clone(keys) as _,
        sessions: Arc::new(store.clone()),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(ids.clone()),
        secrets: Arc::clone(secrets) as _,
    })
}
