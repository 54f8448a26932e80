//! Two ways to live with an ERP, before the reference books: what the hub foresees is what the
//! books do, and where the hub maps nothing is as it was.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::{Date, date};
use oir_domain::access::Scope;
use oir_domain::calendar::Validity;
use oir_domain::fault::FaultCode;
use oir_domain::finans::{Afsendelse, Finansbilag};
use oir_domain::ids::BilagUuid;
use oir_domain::message::StateName;
use oir_domain::omsaetning::{
    Comparison, Compiled, Condition, InForce, Mode, Rule, Share, TableId, Target, Template,
};
use oir_domain::register::{Receiver, Register, RegisterData};
use oir_erp::{Books, Setup};
use oir_fagsystem::sample;
use oir_flow::deliver::round;
use oir_flow::hub::Hub;
use oir_flow::judge::{Arrival, Surroundings, Verdict, judge};
use oir_flow::ports::courier::{Call as Carried, CallOutcome, Courier};
use oir_flow::ports::inbox::{Admit, Channel, Findings, Inbox};
use oir_flow::ports::mirror::{MirrorCount, MirrorFilter, Mirrors, ModeChange};
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::ports::views::{BilagDetail, BilagFilter, Views};
use oir_flow::remap::remap_held;
use oir_store::Store;
use oir_testkit::house;
use oir_testkit::process::{ManualClock, OrderedIds};
use oir_wire::finans::message::Reply;
use oir_wire::finans::{SoapVersion, read, write};

const TABLE: TableId = TableId {
    kommune: sample::KOMMUNE,
    fagsystem: sample::FAGSYSTEM,
};

/// Days of reception: all that the tests' clocks show.
const DAYS: (Date, Date) = (date(2025, 1, 1), date(2026, 12, 31));

/// The reference books, called as over the line, and the bodies that they were called with.
#[derive(Debug, Clone)]
struct Line {
    books: Books,
    bodies: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Courier for Line {
    fn call<'a>(&'a self, _: &'a Receiver, _: &'a str, body: Vec<u8>) -> Carried<'a> {
        let call = read::call(SoapVersion::V11, &body).unwrap();
        let body = String::from_utf8(body).unwrap();
        self.bodies.lock().unwrap().push(body);
        let reply = self.books.answer(&call, sample::CREATED).unwrap();
        let outcome = CallOutcome::Answered(write::reply(SoapVersion::V11, &reply));
        Box::pin(async move { outcome })
    }
}

struct House {
    hub: Hub,
    store: Store,
    line: Line,
    clock: ManualClock,
}

impl House {
    /// A hub before books that have these tables of their own, if any.
    async fn new(name: &str, own: Option<RegisterData>) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("mirror-{name}"));
        let store = house::store(&folder).await;
        let data = data();
        let myndigheder = data.myndigheder.iter().map(|m| (m.cvr, m.kommune));
        let kontoplan = sample::kontoplan().into_iter();
        let setup = Setup {
            myndigheder: myndigheder.collect(),
            kontoplan: kontoplan.map(|row| row.in_the_books()).collect(),
            own_tables: own.map(|own| Register::new(0, own)),
            ..Setup::default()
        };
        store.replace_register(&data).await.unwrap();
        let line = Line {
            books: Books::open(None, &setup).unwrap(),
            bodies: Arc::default(),
        };
        let clock = ManualClock::at(sample::CREATED);
        let hub = house::hub(&store, &clock, Arc::new(line.clone())).await;
        Self {
            hub,
            store,
            line,
            clock,
        }
    }

    async fn decide(&self, number: u32, mode: Mode) {
        let change = ModeChange {
            table: TABLE,
            number,
            mode,
            since: sample::CREATED,
            navn: "Vera Ven".into(),
        };
        let deed = Deed {
            at: sample::CREATED,
            subject: "vera".into(),
            navn: "Vera Ven".into(),
            what: deeds::DECIDED_MODE.into(),
            kommune: Some(TABLE.kommune),
            object: mode.word().into(),
        };
        assert!(self.store.decide_mode(&change, &deed).await.unwrap());
        self.hub.reload_register().await.unwrap();
    }

    async fn receive(&self, afsendelse: Afsendelse) {
        let raw = Arc::from(afsendelse.transaktions_id.to_string().into_bytes());
        let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(afsendelse)));
        let replies = self.hub.receive(vec![arrival]).await;
        let Some(Reply::Modtag(reply)) = replies.first() else {
            panic!("{replies:?}");
        };
        // What the municipality must put right is not told the sender.
        let told = reply.bilag.iter().flat_map(|bilag| &bilag.positionsfejl);
        assert_eq!(told.count(), 0);
    }

    async fn deliver(&self) {
        while round(&self.hub, "w").await.unwrap() {
            self.clock.advance_millis(1_000);
        }
    }

    async fn details(&self) -> BTreeMap<BilagUuid, BilagDetail> {
        let all = Scope::everything();
        let filter = BilagFilter::default();
        let lines = self.store.list(&all, &filter, None, 500);
        let mut details = BTreeMap::new();
        for line in lines.await.unwrap() {
            let detail = self.store.detail(&all, line.id).await.unwrap().unwrap();
            details.insert(line.bilag_uuid, detail);
        }
        details
    }

    async fn counts(&self) -> BTreeMap<Option<Comparison>, u64> {
        let days = DAYS;
        let counts = self
            .store
            .mirror_counts(&Scope::everything(), days)
            .await
            .unwrap();
        let mut sums = BTreeMap::new();
        for MirrorCount {
            comparison, bilag, ..
        } in counts
        {
            *sums.entry(comparison).or_default() += bilag;
        }
        sums
    }

    async fn sound(&self) {
        assert_eq!(self.store.verify(&|_| {}).await.unwrap().findings, []);
        assert_eq!(self.line.books.damage().unwrap(), [""; 0]);
    }
}

fn data() -> RegisterData {
    sample::register_data("http://127.0.0.1:9/")
}

/// Twelve bilag, every third without an account.
fn day() -> Afsendelse {
    let one = |n: u64| {
        if n.is_multiple_of(3) {
            sample::held(n)
        } else {
            sample::bilag(n)
        }
    };
    sample::message(1, (1..=12).map(one).collect())
}

fn in_state(details: &BTreeMap<BilagUuid, BilagDetail>, state: StateName) -> BTreeSet<BilagUuid> {
    let there = details.iter().filter(|(_, d)| d.line.state.name() == state);
    there.map(|(id, _)| *id).collect()
}

fn warned(details: &BTreeMap<BilagUuid, BilagDetail>) -> BTreeSet<BilagUuid> {
    let code = FaultCode::RefusalForeseen;
    let there = details
        .iter()
        .filter(|(_, d)| d.faults.iter().any(|f| f.code == code));
    there.map(|(id, _)| *id).collect()
}

/// The bilag of the day that have no account.
fn lacking() -> BTreeSet<BilagUuid> {
    (1..=4).map(|n| sample::bilag(3 * n).bilag_uuid).collect()
}

#[tokio::test]
async fn books_with_the_same_table_refuse_exactly_what_was_foreseen() {
    let house = House::new("same", Some(data())).await;
    house.decide(1, Mode::Mirror).await;
    house.receive(day()).await;
    // Said before the books have seen anything, and nothing is held.
    let before = house.details().await;
    assert_eq!(warned(&before), lacking());
    assert_eq!(in_state(&before, StateName::Mapped).len(), 12);
    house.deliver().await;
    let after = house.details().await;
    assert_eq!(in_state(&after, StateName::Refused), lacking());
    assert_eq!(in_state(&after, StateName::Booked).len(), 8);
    for (id, detail) in &after {
        let codes: Vec<&str> = detail
            .later_faults
            .iter()
            .filter_map(|fault| fault.values.first().map(|v| &**v))
            .collect();
        let wanted: &[&str] = if lacking().contains(id) {
            &["KONTO-MANGLER"]
        } else {
            &[]
        };
        assert_eq!(codes, wanted);
    }
    let counts = BTreeMap::from([
        (Some(Comparison::Agreed), 8),
        (Some(Comparison::RefusedAsForeseen), 4),
    ]);
    assert_eq!(house.counts().await, counts);
    // The books got the postings as they were sent, and nothing beside them.
    for body in house.line.bodies.lock().unwrap().iter() {
        assert!(!body.contains("Konter"), "{body}");
    }
    house.sound().await;
}

#[tokio::test]
async fn where_the_hub_maps_nothing_is_other_than_it_was() {
    let house = House::new("apply", None).await;
    house.receive(day()).await;
    house.deliver().await;
    let details = house.details().await;
    assert_eq!(in_state(&details, StateName::Held), lacking());
    assert_eq!(in_state(&details, StateName::Booked).len(), 8);
    assert_eq!(warned(&details), BTreeSet::new());
    assert_eq!(house.counts().await, BTreeMap::new());
    assert_eq!(house.line.books.balances().unwrap(), balances(&house).await);
    house.sound().await;
    // Books that could map by themselves book on the hub's accounts all the same.
    let own = House::new("apply-own", Some(data())).await;
    own.receive(day()).await;
    own.deliver().await;
    let bodies = |house: &House| house.line.bodies.lock().unwrap().clone();
    let documents = |bodies: Vec<String>| -> Vec<String> {
        let from = |body: String| {
            body.split("<oir:Finansbilag>")
                .skip(1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        bodies.into_iter().flat_map(from).collect()
    };
    assert_eq!(documents(bodies(&own)), documents(bodies(&house)));
    assert_eq!(
        own.line.books.balances().unwrap(),
        house.line.books.balances().unwrap()
    );
}

/// The hub's own balances of what is booked, as the books say theirs.
async fn balances(house: &House) -> Vec<(oir_domain::party::Kommunekode, Box<str>, i64)> {
    let all = house.store.balances().await.unwrap();
    let booked = all.into_iter().filter(|(_, konto, _)| !konto.is_empty());
    let owner = |kommune: i64| oir_domain::party::Kommunekode(u16::try_from(kommune).unwrap());
    booked
        .map(|(kommune, konto, oere)| (owner(kommune), konto, oere))
        .collect()
}

#[tokio::test]
async fn tables_that_differ_are_told_apart_by_how() {
    let [taken, moved] = [sample::bilag(1), sample::bilag(2)];
    let value = |bilag: &Finansbilag| {
        let facet = &data()
            .fagsystemer
            .iter()
            .find(|f| f.id == TABLE.fagsystem)
            .unwrap()
            .konteringsfacet
            .clone();
        let first = bilag.posteringer.first().unwrap();
        Box::<str>::from(first.vaerdi(facet).unwrap())
    };
    // Theirs knows the value that ours lacks, and books the one that we know elsewhere.
    let mut theirs = data();
    theirs.omsaetning.push(sample::missing_row());
    let cost = value(&moved);
    let other = sample::kontoplan().into_iter().find(|row| {
        let ours = data().omsaetning.into_iter();
        let mut ours = ours.filter(|o| o.vaerdi == cost && o.kommune == TABLE.kommune);
        row.kommune == TABLE.kommune && row.open && ours.all(|o| o.konto != row.konto)
    });
    let other = other.unwrap().konto;
    let is_ours = |o: &&mut oir_domain::register::Omsaetningsrow| {
        o.kommune == TABLE.kommune && o.fagsystem == TABLE.fagsystem && o.vaerdi == cost
    };
    for row in theirs.omsaetning.iter_mut().filter(is_ours) {
        row.konto.clone_from(&other);
    }
    let house = House::new("other", Some(theirs)).await;
    house.decide(1, Mode::Mirror).await;
    house
        .receive(sample::message(1, vec![taken, sample::held(3)]))
        .await;
    house.deliver().await;
    let counts = BTreeMap::from([
        (Some(Comparison::BookedUnforeseen), 1),
        (Some(Comparison::OtherAccount), 1),
    ]);
    assert_eq!(house.counts().await, counts);
    let filter = MirrorFilter {
        table: Some(TABLE),
        days: DAYS,
        comparison: Some(Comparison::OtherAccount),
    };
    let found = house
        .store
        .mirror_bilag(&Scope::everything(), &filter, None, 9)
        .await
        .unwrap();
    let first = found.first().unwrap().lines.first().unwrap().clone();
    let told = first.told.unwrap();
    assert_eq!(told.as_whole(), Some(&*other));
    assert_ne!(first.foreseen.unwrap().as_whole(), Some(&*other));

    // Theirs lacks what ours has.
    let mut less = data();
    less.omsaetning.retain(|o| o.vaerdi != cost);
    let house = House::new("less", Some(less)).await;
    house.decide(1, Mode::Mirror).await;
    house.receive(sample::afsendelse(1)).await;
    house.deliver().await;
    let counts = BTreeMap::from([(Some(Comparison::RefusedUnforeseen), 1)]);
    assert_eq!(house.counts().await, counts);
}

#[tokio::test]
async fn what_was_held_goes_to_an_erp_that_maps_from_now_on_in_the_order_of_reception() {
    let house = House::new("switch", Some(data())).await;
    let held: Vec<Finansbilag> = (1..=30).map(sample::held).collect();
    let order: Vec<BilagUuid> = held.iter().map(|bilag| bilag.bilag_uuid).collect();
    house.receive(sample::message(1, held)).await;
    house.deliver().await;
    assert_eq!(in_state(&house.details().await, StateName::Held).len(), 30);
    house.decide(1, Mode::Mirror).await;
    assert_eq!(remap_held(&house.hub).await.unwrap(), 30);
    house.deliver().await;
    let details = house.details().await;
    assert_eq!(in_state(&details, StateName::Refused).len(), 30);
    let bodies = house.line.bodies.lock().unwrap().concat();
    let at = |id: &BilagUuid| bodies.find(&id.to_string()).unwrap();
    assert!(order.is_sorted_by_key(at), "not in the order of reception");
    let counts = BTreeMap::from([(Some(Comparison::RefusedAsForeseen), 30)]);
    assert_eq!(house.counts().await, counts);
    // And back: the next one waits for the hub's table again.
    house.decide(2, Mode::Apply).await;
    house
        .receive(sample::message(2, vec![sample::held(99)]))
        .await;
    assert_eq!(in_state(&house.details().await, StateName::Held).len(), 1);
    house.sound().await;
}

#[tokio::test]
async fn a_held_bilag_is_warned_of_at_its_own_place_in_its_message() {
    let house = House::new("place", None).await;
    let message = vec![sample::bilag(1), sample::held(2), sample::held(3)];
    house.receive(sample::message(1, message)).await;
    house.decide(1, Mode::Mirror).await;
    assert_eq!(remap_held(&house.hub).await.unwrap(), 2);
    let details = house.details().await;
    for (number, place) in [(2, "Finansbilag[2]"), (3, "Finansbilag[3]")] {
        let detail = details.get(&sample::bilag(number).bilag_uuid).unwrap();
        let all = detail.faults.iter().chain(&detail.later_faults);
        let foreseen = all.filter(|fault| fault.code == FaultCode::RefusalForeseen);
        let paths: Vec<&str> = foreseen.map(|fault| &*fault.place.path).collect();
        let own = paths.iter().all(|path| path.starts_with(place));
        assert!(own && !paths.is_empty(), "{number}: {paths:?}");
    }
}

/// The sample's table with the value of the first posting on two accounts.
fn sharing(register: &Register, bilag: &Finansbilag) -> Register {
    let table = register.table(TABLE.kommune, TABLE.fagsystem, sample::DAY);
    let mut rules: Vec<Rule> = table.unwrap().table.rules().to_vec();
    let first = bilag.posteringer.first().unwrap();
    let shared = |rule: &&mut Rule| {
        rule.conditions.iter().all(|(facet, condition)| {
            let value = first.vaerdi(facet);
            matches!((condition, value), (Condition::Is(wanted), Some(value)) if **wanted == *value)
        }) && rule.validity.covers(sample::DAY)
    };
    let rule = rules.iter_mut().find(shared).unwrap();
    let konto = rule.targets.first().unwrap().konto.clone();
    let other = sample::kontoplan()
        .into_iter()
        .find(|row| row.kommune == TABLE.kommune && row.open && *row.konto != *konto.to_string());
    let share = |hundredths, konto| Target {
        share: Share::new(hundredths).unwrap(),
        konto,
    };
    let other = Template::fixed(&other.unwrap().konto);
    rule.targets = vec![share(3_333, konto), share(6_667, other)];
    rule.validity = Validity {
        from: rule.validity.from,
        to: rule.validity.to,
    };
    let version = InForce {
        number: 5,
        from: sample::DAY,
        table: Compiled::new(rules).unwrap().into(),
    };
    register
        .clone()
        .with_tables(vec![((TABLE.kommune, TABLE.fagsystem), version)])
}

#[tokio::test]
async fn shares_reach_the_books_to_the_oere() {
    let house = House::new("shares", None).await;
    let register = sharing(&house.hub.register(), &sample::bilag(1));
    let bilag: Vec<Finansbilag> = (1..=7).map(sample::bilag).collect();
    let message = sample::message(1, bilag);
    let raw = Arc::from(b"shares".as_slice());
    let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(message)));
    let ids = OrderedIds::default();
    let around = Surroundings {
        register: &register,
        now: sample::CREATED,
        today: sample::DAY,
        ids: &ids,
    };
    let Verdict::Write(record) = judge(&arrival, Findings::default(), &around) else {
        panic!("nothing was there before");
    };
    let version = house.store.register_version().await.unwrap();
    let admitted = house.store.admit(&[*record], version).await.unwrap();
    assert_eq!(admitted, Admit::Done);
    house.deliver().await;
    let details = house.details().await;
    assert_eq!(in_state(&details, StateName::Booked).len(), 7);
    for detail in details.values() {
        assert_eq!(detail.omsaetning_version, Some(5));
        let first = detail.bilag.posteringer.first().unwrap();
        let kontering = first.kontering.as_ref().unwrap();
        assert_eq!(kontering.lines().len(), 2);
        assert!(kontering.adds_up_to(first.beloeb));
    }
    assert_eq!(house.line.books.balances().unwrap(), balances(&house).await);
    let body = house.line.bodies.lock().unwrap().concat();
    assert_eq!(body.matches("<oir:Konteringslinje>").count(), 14);
    assert_eq!(body.matches("<oir:Kontering>").count(), 7);
    assert_eq!(house.store.next_due().await.unwrap(), None);
    house.sound().await;
}
