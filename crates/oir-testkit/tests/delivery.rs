//! Delivery and mapping in corners that a day at random seldom reaches: a bundle refused for
//! one of its bilag, books that hang, questions without answers, and changes of the register
//! that come while nobody follows it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use oir_domain::access::Scope;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::Afsendelse;
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, PauseId};
use oir_domain::message::StateName;
use oir_domain::operation::pause::Pause;
use oir_domain::register::Receiver;
use oir_fagsystem::sample;
use oir_flow::deliver::round;
use oir_flow::hub::Hub;
use oir_flow::judge::{Arrival, Surroundings, Verdict, judge};
use oir_flow::ports::courier::{Call as Carried, CallOutcome, Courier};
use oir_flow::ports::inbox::{Channel, Findings, Inbox};
use oir_flow::ports::operation::Operation;
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::remap::Follower;
use oir_flow::settle::{Release, release};
use oir_store::Store;
use oir_testkit::house;
use oir_testkit::process::{ManualClock, OrderedIds};
use oir_wire::finans::message::{
    Bilagskvittering, Blame, Call, Delivery, ForretningsKode, ModtagReply, Refusal, Reply,
    StatusOf, StatusReply, TransportKvittering,
};
use oir_wire::finans::{SoapVersion, read, write};

/// What books do with a call.
type Script = dyn Fn(&Call) -> Option<Reply> + Send + Sync;

/// Books that do as a test says, and remember what they were called for.
#[derive(Clone)]
struct Scripted {
    script: Arc<Script>,
    /// A hub that is handed a receipt while these books answer a question.
    meanwhile: Arc<Mutex<Option<(Hub, Delivery)>>>,
    calls: Arc<Mutex<Vec<(String, usize)>>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Courier for Scripted {
    fn call<'a>(&'a self, to: &'a Receiver, _: &'a str, body: Vec<u8>) -> Carried<'a> {
        let call = read::call(SoapVersion::V11, &body).unwrap();
        let count = match &call {
            Call::Modtag(afsendelse) => afsendelse.bilag.len(),
            _ => 0,
        };
        let called = format!("{} {}", to.kommune, call.operation());
        self.calls.lock().unwrap().push((called, count));
        let outcome = match (self.script)(&call) {
            Some(reply) => CallOutcome::Answered(write::reply(SoapVersion::V11, &reply)),
            None => CallOutcome::NoAnswer {
                reason: "stilhed".into(),
            },
        };
        let meanwhile = match call {
            Call::HentStatus(_) => self.meanwhile.lock().unwrap().take(),
            _ => None,
        };
        Box::pin(async move {
            if let Some((hub, delivery)) = meanwhile {
                let brought = Call::Aflever(delivery);
                hub.answer(Channel::Soap11, Ok(brought), Arc::from([]))
                    .await;
            }
            outcome
        })
    }
}

/// A hub over a file of its own.
struct House {
    hub: Hub,
    store: Store,
    clock: ManualClock,
    books: Scripted,
}

impl House {
    async fn new(
        name: &str,
        script: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("delivery-{name}"));
        let store = house::store(&folder).await;
        let register = sample::register_data("http://127.0.0.1:9/");
        store.replace_register(&register).await.unwrap();
        let books = Scripted {
            script: Arc::new(script),
            meanwhile: Arc::default(),
            calls: Arc::default(),
        };
        let clock = ManualClock::at(sample::CREATED);
        let hub = house::hub(&store, &clock, Arc::new(books.clone())).await;
        Self {
            hub,
            store,
            clock,
            books,
        }
    }

    async fn receive(&self, afsendelse: Afsendelse) {
        let raw = Arc::from(format!("{}", afsendelse.transaktions_id).into_bytes());
        let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(afsendelse)));
        let replies = self.hub.receive(vec![arrival]).await;
        assert!(
            matches!(replies.first(), Some(Reply::Modtag(_))),
            "{replies:?}"
        );
    }

    async fn state(&self, uuid: BilagUuid, kommune: u16) -> StateName {
        let kommune = oir_domain::party::Kommunekode(kommune);
        let found = self.store.standing(kommune, uuid, None).await.unwrap();
        found.unwrap().state.name()
    }

    fn calls(&self) -> Vec<(String, usize)> {
        std::mem::take(&mut self.books.calls.lock().unwrap())
    }
}

fn taken(afsendelse: &Afsendelse) -> Reply {
    let receipt = |bilag: &oir_domain::finans::Finansbilag| {
        let number = ErpBilagsnummer::try_new(&bilag.afsender_bilagsnummer).unwrap();
        let kode = ForretningsKode::Accepteret;
        Bilagskvittering::of(bilag.bilag_uuid, "b".into(), kode, Some(number), &[])
    };
    Reply::Modtag(ModtagReply {
        transport: TransportKvittering::OK,
        afsendelse_id: "a".into(),
        modtaget: afsendelse.oprettet,
        bilag: afsendelse.bilag.iter().map(receipt).collect(),
    })
}

fn unknown(of: &StatusOf) -> Reply {
    let StatusOf::Bilag(ids) = of else {
        panic!("the hub asks by bilag");
    };
    Reply::HentStatus(StatusReply {
        transport: TransportKvittering::OK,
        bilag: ids
            .iter()
            .map(|id| oir_flow::receipts::unknown(*id))
            .collect(),
    })
}

fn kommune() -> u16 {
    let cvr = sample::myndighed();
    sample::register().myndighed(cvr).unwrap().kommune.0
}

#[tokio::test]
async fn one_bilag_that_the_books_cannot_read_does_not_stop_its_neighbours() {
    let bundle = sample::bundle(1, 20);
    let ids: Vec<BilagUuid> = bundle.bilag.iter().map(|b| b.bilag_uuid).collect();
    let bad = *ids.get(13).unwrap();
    let house = House::new("halves", move |call| match call {
        Call::Modtag(sent) if sent.bilag.iter().any(|b| b.bilag_uuid == bad) => {
            let fault = Fault::new(FaultCode::WrongForm, Place::message("x"), &[&"y"]);
            Some(Reply::Refused(Refusal::of(Blame::Sender, &[fault])))
        }
        Call::Modtag(sent) => Some(taken(sent)),
        _ => None,
    })
    .await;
    house.receive(bundle).await;
    assert!(round(&house.hub, "w").await.unwrap());
    for id in &ids {
        let wanted = if *id == bad {
            StateName::Parked
        } else {
            StateName::Booked
        };
        assert_eq!(house.state(*id, kommune()).await, wanted);
    }
    let booked: usize = house.calls().iter().map(|(_, count)| count).sum();
    assert!(booked < 60, "{booked} bilag were sent to find one");
}

#[tokio::test]
async fn a_parked_bilag_is_asked_about_when_a_person_releases_it() {
    let deaf = Arc::new(Mutex::new(true));
    let ear = Arc::clone(&deaf);
    let house = House::new("release", move |call| match call {
        _ if *ear.lock().unwrap() => None,
        Call::Modtag(sent) => Some(taken(sent)),
        Call::HentStatus(query) => Some(unknown(&query.of)),
        _ => None,
    })
    .await;
    let message = sample::afsendelse(1);
    let (uuid, system) = (
        message.bilag.first().unwrap().bilag_uuid,
        message.afsender_system,
    );
    house.receive(message).await;
    // Sent, and asked about until nobody has patience any more.
    for _ in 0..400 {
        round(&house.hub, "w").await.unwrap();
        house.clock.advance_millis(30_000);
    }
    assert_eq!(house.state(uuid, kommune()).await, StateName::Parked);
    let calls = house.calls();
    assert_eq!(
        calls.iter().filter(|(_, count)| *count > 0).count(),
        1,
        "sent once only"
    );
    assert!(calls.len() > 10, "and asked about: {}", calls.len());
    *deaf.lock().unwrap() = false;
    let owner = oir_domain::party::Kommunekode(kommune());
    let released = release(&house.hub, owner, uuid, system).await.unwrap();
    assert_eq!(released, Release::Done);
    for _ in 0..3 {
        round(&house.hub, "w").await.unwrap();
    }
    let calls: Vec<usize> = house.calls().iter().map(|(_, count)| *count).collect();
    assert_eq!(calls, [0, 1], "asked first, then sent");
    assert_eq!(house.state(uuid, kommune()).await, StateName::Booked);
    let again = release(&house.hub, owner, uuid, system).await.unwrap();
    assert_eq!(again, Release::NotParked);
}

#[tokio::test]
async fn a_receipt_that_overtakes_not_known_is_believed() {
    let house = House::new("overtaken", |call| match call {
        Call::HentStatus(query) => Some(unknown(&query.of)),
        _ => None,
    })
    .await;
    let message = sample::afsendelse(1);
    let (uuid, myndighed) = (message.bilag.first().unwrap().bilag_uuid, message.myndighed);
    house.receive(message).await;
    // Sent without an answer: the call is still inside the books when they are asked.
    assert!(round(&house.hub, "w").await.unwrap());
    assert_eq!(house.state(uuid, kommune()).await, StateName::Uncertain);
    let kode = ForretningsKode::Modtaget;
    let receipt = Bilagskvittering::of(uuid, "b".into(), kode, None, &[]);
    let delivery = Delivery {
        myndighed,
        bilag: vec![receipt],
    };
    *house.books.meanwhile.lock().unwrap() = Some((house.hub.clone(), delivery));
    house.clock.advance_millis(31_000);
    assert!(round(&house.hub, "w").await.unwrap());
    assert!(house.books.meanwhile.lock().unwrap().is_none(), "asked");
    assert_eq!(
        house.state(uuid, kommune()).await,
        StateName::AwaitingReceipt
    );
    let sent = house.calls().iter().filter(|(_, count)| *count > 0).count();
    assert_eq!(sent, 1, "and not sent again");
}

#[tokio::test]
async fn books_that_hang_cost_nobody_else_their_turn() {
    let hanging = sample::myndighed();
    let house = House::new("hanging", move |call| match call {
        Call::Modtag(sent) if sent.myndighed != hanging => Some(taken(sent)),
        _ => None,
    })
    .await;
    let mut others = 0;
    for n in 0..300 {
        let message = oir_fagsystem::sample::bench_bilag(1, n, 2);
        others += usize::from(message.myndighed != hanging);
        house.receive(message).await;
    }
    for n in 0..400 {
        house.receive(sample::afsendelse(10_000 + n)).await;
    }
    assert!(others > 200);
    // Every other municipality's are booked before the hanging one is called a second time.
    let mut called = HashSet::new();
    let mut booked = 0;
    while booked < others {
        assert!(
            round(&house.hub, "w").await.unwrap(),
            "{booked} of {others}"
        );
        for (what, count) in house.calls() {
            if what.starts_with(&format!("{:04} ", kommune())) {
                assert!(called.insert(what), "the books that hang were called again");
            } else {
                booked += count;
            }
        }
    }
}

#[tokio::test]
async fn what_was_held_goes_on_whoever_reads_the_register_first() {
    let house = House::new("follow", |_| None).await;
    let held = sample::held(1);
    let uuid = held.bilag_uuid;
    house.receive(sample::message(1, vec![held])).await;
    let mut follower = Follower::default();
    follower.catch_up(&house.hub).await.unwrap();
    assert_eq!(house.state(uuid, kommune()).await, StateName::Held);
    let mut register = sample::register_data("http://127.0.0.1:9/");
    register.omsaetning.push(sample::missing_row());
    house.store.replace_register(&register).await.unwrap();
    // An admission that finds the register changed reads it before the follower looks.
    house.hub.reload_register().await.unwrap();
    assert_eq!(follower.catch_up(&house.hub).await.unwrap(), 1);
    assert_eq!(house.state(uuid, kommune()).await, StateName::Mapped);
}

#[tokio::test]
async fn what_was_held_goes_on_when_the_register_changed_while_nobody_ran() {
    let house = House::new("restart", |_| None).await;
    let held = sample::held(1);
    let uuid = held.bilag_uuid;
    house.receive(sample::message(1, vec![held])).await;
    let mut register = sample::register_data("http://127.0.0.1:9/");
    register.omsaetning.push(sample::missing_row());
    house.store.replace_register(&register).await.unwrap();
    let next = house::hub(&house.store, &house.clock, Arc::new(house.books.clone())).await;
    assert_eq!(Follower::default().catch_up(&next).await.unwrap(), 1);
    assert_eq!(house.state(uuid, kommune()).await, StateName::Mapped);
}

#[tokio::test]
async fn an_admission_written_after_the_change_is_found_a_minute_later() {
    let house = House::new("late", |_| None).await;
    let mut register = sample::register_data("http://127.0.0.1:9/");
    register.omsaetning.push(sample::missing_row());
    house.store.replace_register(&register).await.unwrap();
    house.hub.reload_register().await.unwrap();
    let mut follower = Follower::default();
    assert_eq!(follower.catch_up(&house.hub).await.unwrap(), 0);
    // Judged by the register before the change, written when the follower has looked.
    let held = sample::held(1);
    let uuid = held.bilag_uuid;
    let message = sample::message(1, vec![held]);
    let arrival = Arrival::new(Channel::Soap11, Arc::from([]), Ok(Box::new(message)));
    let around = Surroundings {
        register: &sample::register(),
        now: sample::CREATED,
        today: sample::DAY,
        ids: &OrderedIds::default(),
    };
    let Verdict::Write(record) = judge(&arrival, Findings::default(), &around) else {
        panic!("a message never seen");
    };
    let version = house.hub.register().version();
    house.store.admit(&[*record], version).await.unwrap();
    assert_eq!(follower.catch_up(&house.hub).await.unwrap(), 0);
    assert_eq!(house.state(uuid, kommune()).await, StateName::Held);
    house.clock.advance_millis(61_000);
    assert_eq!(follower.catch_up(&house.hub).await.unwrap(), 1);
    assert_eq!(house.state(uuid, kommune()).await, StateName::Mapped);
}

async fn pause(house: &House, number: u128) -> Pause {
    let now = house.hub.instant();
    let pause = Pause {
        id: PauseId::from_uuid(uuid::Uuid::from_u128(number)),
        kommune: Some(oir_domain::party::Kommunekode(kommune())),
        since: now,
        until: None,
        reason: "opdateres".into(),
        navn: "Drift".into(),
        ended: None,
        stop: None,
    };
    let (all, deed) = (Scope::everything(), deed(now));
    assert!(house.store.pause(&all, &pause, &deed).await.unwrap());
    pause
}

fn deed(at: jiff::Timestamp) -> Deed {
    Deed {
        at,
        subject: "s".into(),
        navn: "Drift".into(),
        what: deeds::PAUSED.into(),
        kommune: None,
        object: "x".into(),
    }
}

#[tokio::test]
async fn paused_books_are_neither_sent_to_nor_asked_and_patience_waits_with_them() {
    let deaf = Arc::new(Mutex::new(true));
    let ear = Arc::clone(&deaf);
    let house = House::new("paused", move |call| match call {
        _ if *ear.lock().unwrap() => None,
        Call::Modtag(sent) => Some(taken(sent)),
        Call::HentStatus(query) => Some(unknown(&query.of)),
        _ => None,
    })
    .await;
    let (first, second) = (sample::afsendelse(1), sample::afsendelse(2));
    let uncertain = first.bilag.first().unwrap().bilag_uuid;
    let waiting = second.bilag.first().unwrap().bilag_uuid;
    house.receive(first).await;
    assert!(round(&house.hub, "w").await.unwrap());
    assert_eq!(house.calls().len(), 1);
    let held = pause(&house, 1).await;
    house.receive(second).await;
    // Longer than anybody has patience with what is uncertain.
    for _ in 0..400 {
        assert!(!round(&house.hub, "w").await.unwrap());
        house.clock.advance_millis(30_000);
    }
    assert_eq!(house.calls(), [], "called while paused");
    assert_eq!(
        house.state(uncertain, kommune()).await,
        StateName::Uncertain
    );
    assert_eq!(house.state(waiting, kommune()).await, StateName::Mapped);
    let now = house.hub.instant();
    let all = Scope::everything();
    let ended = deed(now);
    assert!(house.store.resume(&all, held.id, &ended).await.unwrap());
    // Still silent just after the pause: nobody gives up for that.
    for _ in 0..4 {
        round(&house.hub, "w").await.unwrap();
        house.clock.advance_millis(31_000);
    }
    assert!(!house.calls().is_empty());
    assert_ne!(house.state(uncertain, kommune()).await, StateName::Parked);
    *deaf.lock().unwrap() = false;
    for _ in 0..12 {
        round(&house.hub, "w").await.unwrap();
        house.clock.advance_millis(61_000);
    }
    for uuid in [uncertain, waiting] {
        assert_eq!(house.state(uuid, kommune()).await, StateName::Booked);
    }
}

#[tokio::test]
async fn what_was_heard_of_the_books_is_told_to_every_process() {
    let house = House::new("heard", |_| None).await;
    house.receive(sample::afsendelse(1)).await;
    for _ in 0..3 {
        round(&house.hub, "w").await.unwrap();
        // Longer than the lease of a question without an answer.
        house.clock.advance_millis(151_000);
    }
    house.hub.tell().await.unwrap();
    let (all, now) = (Scope::everything(), house.hub.instant());
    let facts = house.store.facts(&all, now).await.unwrap();
    let [(owner, health)] = &*facts.health else {
        panic!("{:?}", facts.health);
    };
    assert_eq!((owner.0, health.failures), (kommune(), 3));
    let (_, why) = health.last_failure.clone().unwrap();
    assert_eq!(&*why.reason, "stilhed");
    let house_facts = facts.house.unwrap();
    assert_eq!(house_facts.sizes.len(), 1, "the size is noted with it");
    round(&house.hub, "w").await.unwrap();
    house.hub.tell().await.unwrap();
    let again = house.store.facts(&all, now).await.unwrap();
    assert!(again.health.iter().all(|(_, health)| health.failures >= 3));
}
