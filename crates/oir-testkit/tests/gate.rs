//! What one message from outside can do to the others: nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::PathBuf;
use std::sync::Arc;

use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place, Severity, any_stops};
use oir_domain::finans::{Afsendelse, Sortimentsvaerdi};
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::party::Kommunekode;
use oir_domain::register::{Register, RegisterData};
use oir_fagsystem::rng::Rng;
use oir_fagsystem::sample;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::judge::{Arrival, Surroundings, Verdict, judge};
use oir_flow::ports::inbox::{
    Admit, BilagRecord, Channel, Findings, Inbox, Inquiry, MessageRecord, NewBilag, StoredBilag,
    StoredMessage,
};
use oir_flow::ports::{Answer, StoreFailure};
use oir_flow::settle::Outcome;
use oir_store::{Durability, Store};
use oir_testkit::books::{Mischief, SimBooks};
use oir_testkit::mortal::Mortal;
use oir_testkit::process::{ManualClock, OrderedIds};
use oir_wire::finans::message::{
    Bilagskvittering, Call, ForretningsKode, Positionsfejl, Reply, Unreadable,
};
use oir_wire::finans::{SoapVersion, json, write};

/// A store that says of some messages what a database says of a value that it cannot hold.
#[derive(Debug)]
struct Fragile(Store);

fn breaks(message: &MessageRecord) -> bool {
    message.faults.iter().any(|f| f.place.path.contains('\0'))
}

impl Inbox for Fragile {
    fn admit<'a>(&'a self, messages: &'a [MessageRecord], version: i64) -> Answer<'a, Admit> {
        if messages.iter().any(breaks) {
            return Box::pin(async { Err(StoreFailure::Broken("SQLSTATE 22021".into())) });
        }
        self.0.admit(messages, version)
    }
    fn find<'a>(&'a self, inquiries: &'a [Inquiry]) -> Answer<'a, Vec<Findings>> {
        self.0.find(inquiries)
    }
    fn message<'a>(
        &'a self,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
        id: TransaktionsId,
    ) -> Answer<'a, Option<StoredMessage>> {
        self.0.message(kommune, fagsystem, id)
    }
    fn bilag<'a>(
        &'a self,
        kommune: Kommunekode,
        id: BilagUuid,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Option<StoredBilag>> {
        Inbox::bilag(&self.0, kommune, id, fagsystem)
    }
    fn register(&self) -> Answer<'_, Register> {
        Inbox::register(&self.0)
    }
    fn register_version(&self) -> Answer<'_, i64> {
        self.0.register_version()
    }
    fn replace_register<'a>(&'a self, data: &'a RegisterData) -> Answer<'a, i64> {
        self.0.replace_register(data)
    }
    fn register_data(&self) -> Answer<'_, RegisterData> {
        self.0.register_data()
    }
}

async fn hub(store: &Store, inbox: Arc<dyn Inbox>) -> Hub {
    let register = sample::register_data("http://127.0.0.1:9/");
    store.replace_register(&register).await.unwrap();
    let mortal = Mortal::new(Rng::new(1), 0);
    let mischief = Mischief {
        busy: 0,
        lost: 0,
        cut: 0,
        late: 0,
        twice: 0,
    };
    let books = SimBooks::new(
        &sample::kontoplan(),
        &register.myndigheder,
        mischief,
        Rng::new(1),
        mortal,
    );
    let now = "2026-11-18T08:00:00Z".parse().unwrap();
    let parts = Parts {
        inbox,
        outbox: Arc::new(store.clone()),
        partners: Arc::new(store.clone()),
        courier: Arc::new(books),
        clock: Arc::new(ManualClock::at(now)),
        ids: Arc::new(OrderedIds::default()),
    };
    Hub::new(parts, Timing::STANDARD).await.unwrap()
}

async fn sqlite(name: &str) -> Store {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("oir.db");
    Store::open_sqlite(&file, Durability::ProcessOnly)
        .await
        .unwrap()
}

fn arrival(afsendelse: Afsendelse) -> Arrival {
    let id = afsendelse.transaktions_id;
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let raw = write::call(SoapVersion::V11, id, &call);
    Arrival::new(Channel::Soap11, raw.into(), Ok(Box::new(afsendelse)))
}

/// A message that no store takes: made past the constructor, as a bug of ours would.
fn guilty() -> Arrival {
    let fault = Fault {
        code: FaultCode::UnexpectedElement,
        place: Place::message("a\0b"),
        values: vec!["a\0b".into()],
    };
    let read = Err(Box::new(Unreadable::only(fault)));
    Arrival::new(Channel::Json, Arc::from(*b"{}"), read)
}

fn taken(reply: &Reply) -> bool {
    matches!(reply, Reply::Modtag(m) if m.bilag.iter().all(|b| b.kvittering.kode == ForretningsKode::Modtaget))
}

fn code(reply: &Reply) -> Option<FaultCode> {
    match reply {
        Reply::Refused(refusal) => refusal.code(),
        _ => None,
    }
}

async fn only_the_guilty_one_is_refused(hub: &Hub) {
    let (first, last) = (sample::afsendelse(1), sample::afsendelse(2));
    let group = vec![arrival(first), guilty(), arrival(last)];
    let replies = hub.receive(group).await;
    let [first, middle, last] = replies.as_slice() else {
        panic!("{replies:?}");
    };
    assert!(taken(first) && taken(last), "{replies:?}");
    assert_eq!(code(middle), Some(FaultCode::Internal));
    // Alone it is still refused, and asked once.
    let replies = hub.receive(vec![guilty()]).await;
    let codes: Vec<_> = replies.iter().map(code).collect();
    assert_eq!(codes, [Some(FaultCode::Internal)]);
}

#[tokio::test]
async fn a_member_that_breaks_its_group_is_refused_alone() {
    let store = sqlite("gate-fragile").await;
    let hub = hub(&store, Arc::new(Fragile(store.clone()))).await;
    only_the_guilty_one_is_refused(&hub).await;
}

fn named_with_nul() -> Arrival {
    let raw = r#"{"a\u0000b\u001d\u001f": 1}"#.as_bytes();
    let read = json::call("ModtagFinansbilag", raw);
    Arrival::new(Channel::Json, raw.into(), Err(read.unwrap_err()))
}

#[tokio::test]
async fn a_name_with_nul_is_the_senders_fault() {
    let store = sqlite("gate-nul").await;
    let hub = hub(&store, Arc::new(Fragile(store.clone()))).await;
    let group = vec![arrival(sample::afsendelse(1)), named_with_nul()];
    let replies = hub.receive(group).await;
    assert!(replies.first().is_some_and(taken), "{replies:?}");
    let last = replies.last().and_then(code);
    assert!(last.is_some_and(|c| c != FaultCode::Internal), "{last:?}");
}

/// What a message becomes with each posting's values made anew.
fn judged(message: Afsendelse) -> Vec<NewBilag> {
    let register = sample::register();
    let ids = OrderedIds::default();
    let around = Surroundings {
        register: &register,
        now: "2026-11-18T08:00:00Z".parse().unwrap(),
        today: sample::DAY,
        ids: &ids,
    };
    let Verdict::Write(record) = judge(&arrival(message), Findings::default(), &around) else {
        panic!("a repeat of nothing");
    };
    let new = |record| match record {
        BilagRecord::New(new) => *new,
        BilagRecord::Repeat { .. } => panic!("a repeat of nothing"),
    };
    record.bilag.into_iter().map(new).collect()
}

#[test]
fn faults_of_a_bilag_are_bounded() {
    let mut message = sample::afsendelse(1);
    let bilag = message.bilag.first_mut().expect("a bilag");
    let posting = bilag.posteringer.first_mut().expect("a posting");
    let value = posting.sortiment.first().cloned().expect("a value");
    // Far more than the reader lets through: twice as many take twice as long, not four times.
    posting.sortiment.resize(200_000, value);
    let new = judged(message);
    let faults = &new.first().expect("a bilag").faults;
    assert_eq!(faults.len(), FAULTS_MAX);
    assert!(any_stops(faults));
}

#[test]
fn faults_of_a_message_are_bounded_and_every_bilag_has_one() {
    let mut message = sample::bundle(1, 300);
    for bilag in &mut message.bilag {
        let posting = bilag.posteringer.first_mut().expect("a posting");
        let value = posting.sortiment.first().cloned().expect("a value");
        posting.sortiment.resize(250, value);
    }
    let new = judged(message);
    assert_eq!(new.len(), 300);
    assert!(new.iter().all(|bilag| any_stops(&bilag.faults)));
    let sum: usize = new.iter().map(|bilag| bilag.faults.len()).sum();
    assert!(sum < 11_000, "{sum}");
}

#[test]
fn a_person_in_a_sortiment_value_is_masked_before_it_is_stored() {
    let mut message = sample::afsendelse(1);
    for bilag in &mut message.bilag {
        for posting in &mut bilag.posteringer {
            posting.sortiment.push(Sortimentsvaerdi {
                facet: "CPR.6101011234".into(),
                vaerdi: "610101-1234".into(),
            });
            for value in &mut posting.sortiment {
                value.vaerdi = "6101011234".into();
            }
        }
    }
    let new = judged(message);
    let faults: Vec<&Fault> = new.iter().flat_map(|b| &b.faults).collect();
    let has = |code| faults.iter().any(|f| f.code == code);
    assert!(has(FaultCode::UnknownValue) && has(FaultCode::UnknownFacet));
    let values: Vec<&str> = faults
        .iter()
        .flat_map(|f| &f.values)
        .map(|v| &**v)
        .collect();
    assert!(!values.iter().any(|v| v.contains("1234")), "{values:?}");
    assert!(values.contains(&"610101****"), "{values:?}");
}

#[test]
fn the_books_words_are_masked_and_counted_before_they_are_stored() {
    let fejl = Positionsfejl {
        linjenummer: None,
        sti: "Part/610101-1234".into(),
        kode: "K-6101011234".into(),
        tekst: "Borger 6101011234 er ukendt".into(),
        afhjaelpning: None,
        alvor: Severity::Fault,
    };
    let mut receipt = Bilagskvittering::of(
        BilagUuid::from_uuid(uuid::Uuid::nil()),
        "b".into(),
        ForretningsKode::Afvist,
        None,
        &[],
    );
    receipt.positionsfejl = vec![fejl; 10_000];
    let Outcome::Refused(faults) = Outcome::of_receipt(&receipt) else {
        panic!("they refused");
    };
    assert_eq!(faults.len(), FAULTS_MAX);
    let said = format!("{faults:?}");
    assert!(!said.contains("1234") && said.contains("Borger 610101****"));
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use super::*;
    use oir_testkit::postgres::Scratch;

    #[tokio::test]
    async fn the_same_holds_on_postgresql() {
        let scratch = Scratch::new("oir_gate");
        let store = Store::open_postgres(&scratch.url(), 0, 4).await.unwrap();
        let hub = hub(&store, Arc::new(store.clone())).await;
        only_the_guilty_one_is_refused(&hub).await;
        let group = vec![arrival(sample::afsendelse(3)), named_with_nul()];
        let replies = hub.receive(group).await;
        assert!(replies.first().is_some_and(taken), "{replies:?}");
        let last = replies.last().and_then(code);
        assert!(last.is_some_and(|c| c != FaultCode::Internal), "{last:?}");
    }
}
