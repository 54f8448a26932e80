//! A new value from its announcement to the books: who follows the sortiment hears of it, the
//! table that lacks it is told beforehand, its rule is written by one and approved by another, and
//! a bilag with it is refused before its day, held without the rule, and goes on with it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::calendar::Validity;
use oir_domain::fault::FaultCode;
use oir_domain::finans::{Finansbilag, Posteringstype};
use oir_domain::message::StateName;
use oir_domain::omsaetning::coverage::{Dimension, Question};
use oir_domain::omsaetning::{
    Condition, Posting, Rule, Standing, TableId, Target, Template, coverage, explain,
};
use oir_fagsystem::sample;
use oir_flow::hub::Hub;
use oir_flow::judge::Arrival;
use oir_flow::omsaetning::{Head, Start, Surroundings, Work};
use oir_flow::ports::inbox::{Channel, Inbox};
use oir_flow::ports::omsaetning::Omsaetningstabeller;
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::ports::sortiment::{Announcement, Sortimenter, Subscription};
use oir_flow::remap::Follower;
use oir_flow::sortiment::{Classification, Editor, rows};
use oir_store::Store;
use oir_testkit::house::{self, Silent};
use oir_testkit::process::{ManualClock, OrderedIds};
use oir_wire::sortiment_sheet::SortimentRow;
use uuid::Uuid;

const TABLE: TableId = TableId {
    kommune: sample::KOMMUNE,
    fagsystem: sample::FAGSYSTEM,
};
const NEW: &str = "SDP-FORSIKRET";

struct House {
    store: Store,
    hub: Hub,
    clock: ManualClock,
    facet: Box<str>,
}

impl House {
    async fn new() -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("new-value");
        let store = house::store(&folder).await;
        let data = sample::register_data("http://127.0.0.1:9/");
        let system = data.fagsystemer.iter().find(|f| f.id == TABLE.fagsystem);
        let facet = system.unwrap().konteringsfacet.clone();
        let clock = ManualClock::at(sample::CREATED);
        store.import_register(&data, sample::CREATED).await.unwrap();
        let hub = house::hub(&store, &clock, Arc::new(Silent)).await;
        Self {
            store,
            hub,
            clock,
            facet,
        }
    }

    fn now(&self) -> Timestamp {
        self.hub.instant()
    }

    fn deed(&self, what: &str) -> Deed {
        Deed {
            at: self.now(),
            subject: "opdigtet".into(),
            navn: "Opdigtet".into(),
            what: what.into(),
            kommune: None,
            object: "sortiment".into(),
        }
    }

    /// Announces the value as the fagsystem's vendor does, from that day.
    async fn announce(&self, from: Date) {
        let row = SortimentRow {
            facet: self.facet.clone(),
            kommune: None,
            noegle: NEW.into(),
            titel: Some("Sygedagpenge, frivilligt forsikret".into()),
            validity: Validity { from, to: None },
            objekt: None,
        };
        let (orders, _) = rows::orders(&self.store, TABLE.fagsystem, &[row])
            .await
            .unwrap();
        let announcement = Announcement {
            id: Uuid::from_u128(1),
            fagsystem: TABLE.fagsystem,
            kommune: None,
            effective: from,
            tekst: "Frivilligt forsikrede får deres egen værdi".into(),
            navn: "Opdigtet leverandør".into(),
            announced: self.now(),
            positions: (0, 0),
        };
        let classification = Classification {
            store: Arc::new(self.store.clone()),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(OrderedIds::default()),
        };
        let deed = self.deed(deeds::ANNOUNCED_SORTIMENT);
        let editor = Editor::everything();
        let registered = classification
            .register(&editor, &orders, Some(&announcement), &deed)
            .await
            .unwrap();
        assert_eq!(registered.len(), 1);
    }

    async fn subscribe(&self) -> Subscription {
        let subscription = Subscription {
            id: Uuid::from_u128(2),
            subscriber: "books".into(),
            navn: "Økonomisystemet".into(),
            fagsystem: TABLE.fagsystem,
            kommune: TABLE.kommune,
            made: self.now(),
            acknowledged: self.store.position().await.unwrap(),
            acknowledged_at: None,
            ended: None,
        };
        let deed = self.deed(deeds::SUBSCRIBED_SORTIMENT);
        self.store.subscribe(&subscription, &deed).await.unwrap();
        subscription
    }

    async fn behind(&self) -> u64 {
        let lags = self.store.subscribers(&Scope::everything()).await.unwrap();
        lags.first().unwrap().behind
    }

    async fn gaps(&self, rules: &[Rule], days: (Date, Date)) -> Vec<(Box<str>, Date)> {
        let data = self.store.register_data().await.unwrap();
        let dimensions = Dimension::of_sortiment(&data.sortiment, TABLE.kommune, TABLE.fagsystem);
        let found = coverage(&Question {
            rules,
            days,
            dimensions: &dimensions,
            lawful: &[],
            kinds: &[Posteringstype::Normal],
            seen: &[],
            most: 100_000,
        });
        let gap = |gap: oir_domain::omsaetning::coverage::Gap| {
            let value = gap.combination.values.into_iter().find_map(|(_, v)| v);
            (value.unwrap(), gap.days.0)
        };
        found.unmapped.into_iter().map(gap).collect()
    }

    async fn receive(&self, n: u64, bilag: &Finansbilag) -> StateName {
        let message = sample::message(n, vec![bilag.clone()]);
        let raw = Arc::from(format!("{}", message.transaktions_id).into_bytes());
        let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(message)));
        self.hub.receive(vec![arrival]).await;
        self.state(bilag).await
    }

    async fn state(&self, bilag: &Finansbilag) -> StateName {
        let found = self.store.standing(TABLE.kommune, bilag.bilag_uuid, None);
        found.await.unwrap().unwrap().state.name()
    }

    async fn faults(&self, bilag: &Finansbilag) -> Vec<FaultCode> {
        let found = Inbox::bilag(&self.store, TABLE.kommune, bilag.bilag_uuid, None);
        let faults = found.await.unwrap().unwrap().faults;
        faults.iter().map(|fault| fault.code).collect()
    }

    /// A sound bilag of that day whose first posting has the new value.
    fn bilag(&self, n: u64, day: Date) -> Finansbilag {
        let mut bilag = sample::bilag(n);
        bilag.bogfoeringsdato = day;
        bilag.bilagsdato = day;
        let first = bilag.posteringer.first_mut().unwrap();
        let value = first.sortiment.iter_mut().find(|v| v.facet == self.facet);
        value.unwrap().vaerdi = NEW.into();
        bilag
    }

    /// Writes the rule as one person and puts it in force as another.
    async fn put_in_force(&self, from: Date) -> Vec<Rule> {
        let (writer, approver) = (
            person("skriver", Role::AnsvarligFinans),
            person("godkender", Role::OekonomiFinans),
        );
        let work = |by| Work {
            tables: &self.store,
            by,
            now: self.now(),
            table: TABLE,
        };
        let register = self.store.register().await.unwrap();
        let around = Surroundings {
            register: &register,
            kontoplaner: &self.store,
        };
        let head = Head {
            purpose: "Frivilligt forsikrede".into(),
            in_force_from: Some(from),
        };
        let writing = work(&writer);
        let begun = writing.begin(Start::Version(0), &head, around);
        let number = begun.await.unwrap().number;
        let everything = Scope::everything();
        let rules = self.store.rules(&everything, TABLE, number).await.unwrap();
        let mut rules = rules.unwrap();
        let like = rules.first().unwrap().clone();
        let condition = Condition::Is(NEW.into());
        rules.push(Rule {
            number: rules.iter().map(|rule| rule.number).max().unwrap() + 1,
            conditions: vec![(self.facet.clone(), condition)],
            validity: Validity { from, to: None },
            targets: vec![Target::whole(Template::fixed("5577111479101352"))],
            ..like
        });
        let saved = writing.save((number, 1), &head, Some(rules.clone()));
        let edition = saved.await.unwrap();
        let days = (
            jiff::civil::date(2025, 1, 1),
            jiff::civil::date(2025, 1, 31),
        );
        let on = |_| ControlFlow::Continue(());
        let ran = writing.simulate(number, days, on).await.unwrap();
        assert_eq!((ran.simulated.moved, ran.simulated.unmapped), (0, 0));
        let kept = writing.keep_simulation(number, &ran.simulated);
        kept.await.unwrap();
        assert!(writing.approve((number, edition)).await.is_err());
        let approved = work(&approver).approve((number, edition)).await;
        assert_eq!(approved, Ok(from));
        rules
    }
}

fn person(name: &str, role: Role) -> Person {
    let grant = Grant::try_new(role, Some(TABLE.kommune), Some(TABLE.fagsystem));
    Person {
        subject: name.into(),
        navn: name.into(),
        grants: grant.into_iter().collect(),
    }
}

#[tokio::test]
async fn a_new_value_is_announced_mapped_beforehand_and_booked_from_its_day() {
    let house = House::new().await;
    let from = sample::DAY.saturating_add(2.days());
    let window = (sample::DAY, sample::DAY.saturating_add(1.month()));
    let subscription = house.subscribe().await;
    let everything = Scope::everything();
    let rules = house.store.rules(&everything, TABLE, 0).await.unwrap();
    let rules = rules.unwrap();
    let before = house.gaps(&rules, window).await;

    house.announce(from).await;
    house.hub.reload_register().await.unwrap();
    assert_eq!(house.behind().await, 1);
    let heard = house.store.changes(
        TABLE.fagsystem,
        TABLE.kommune,
        subscription.acknowledged,
        10,
    );
    let heard = heard.await.unwrap();
    let position = heard.last().unwrap().position;
    let (id, now) = (subscription.id, house.now());
    let told = house.store.acknowledge(id, position, now).await;
    assert_eq!((told, house.behind().await), (Ok(true), 0));

    let mut after = house.gaps(&rules, window).await;
    after.retain(|gap| !before.contains(gap));
    assert_eq!(after, [(Box::from(NEW), from)], "found before its day");

    let early = house.bilag(1, sample::DAY);
    assert_eq!(house.receive(1, &early).await, StateName::Rejected);
    assert_eq!(house.faults(&early).await, [FaultCode::ValueNotInForce]);

    // On the day, before anybody has written the rule: held, and the sender did nothing wrong.
    house.clock.advance_millis(2 * 86_400_000);
    let waiting = house.bilag(2, from);
    assert_eq!(house.receive(2, &waiting).await, StateName::Held);
    let mut follower = Follower::default();
    assert_eq!(follower.catch_up(&house.hub).await, Ok(0));

    let rules = house.put_in_force(from).await;
    house.hub.reload_register().await.unwrap();
    assert_eq!(follower.catch_up(&house.hub).await, Ok(1));
    assert_eq!(house.state(&waiting).await, StateName::Mapped);
    let sent = house.bilag(3, from);
    assert_eq!(house.receive(3, &sent).await, StateName::Mapped);
    assert_eq!(house.gaps(&rules, window).await, before);

    let first = sent.posteringer.first().unwrap();
    let why = explain(&rules, &Posting::of(&sent, first));
    let winner = why.first().unwrap();
    assert_eq!(winner.standing, Standing::Wins);
    assert_eq!(winner.rule.number, rules.last().unwrap().number);
}
