//! An omsætningstabel from draft to force by several people over a real store: who may do what,
//! what stands in the way, what a copy brings, and what becomes of bilag that waited for it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::calendar::Validity;
use oir_domain::finans::Finansbilag;
use oir_domain::ids::BilagUuid;
use oir_domain::kontoplan::change::Tally;
use oir_domain::kontoplan::{Aarsspan, Konto, KontoForm, KontoplanHead};
use oir_domain::message::StateName;
use oir_domain::omsaetning::check::Wrong;
use oir_domain::omsaetning::{
    Condition, Objection, Rule, Stage, TableId, Target, Template, Unfit, Version,
};
use oir_domain::party::Kommunekode;
use oir_fagsystem::sample;
use oir_flow::hub::Hub;
use oir_flow::judge::Arrival;
use oir_flow::omsaetning::{Head, NotDone, Ran, Start, Surroundings, Work};
use oir_flow::ports::inbox::{Channel, Inbox};
use oir_flow::ports::kontoplan::Kontoplaner;
use oir_flow::ports::omsaetning::{Omsaetningstabeller, Sharing};
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::sessions::Deed;
use oir_flow::remap::Follower;
use oir_store::Store;
use oir_testkit::house::{self, Silent};
use oir_testkit::process::ManualClock;

/// Where the other municipality of the tests is.
const OTHER: Kommunekode = Kommunekode(751);

const TABLE: TableId = TableId {
    kommune: sample::KOMMUNE,
    fagsystem: sample::FAGSYSTEM,
};

struct House {
    store: Store,
    hub: Hub,
    clock: ManualClock,
}

impl House {
    async fn new(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("tabel-{name}"));
        let store = house::store(&folder).await;
        let register = sample::register_data("http://127.0.0.1:9/");
        store.replace_register(&register).await.unwrap();
        let clock = ManualClock::at(sample::CREATED);
        let hub = house::hub(&store, &clock, Arc::new(Silent)).await;
        Self { store, hub, clock }
    }

    fn work<'a>(&'a self, by: &'a Person) -> Work<'a> {
        Work {
            tables: &self.store,
            by,
            now: sample::CREATED,
            table: TABLE,
        }
    }

    /// A draft with the rules of a version.
    async fn begun(&self, by: &Person, from: Start) -> Result<u32, NotDone> {
        let register = self.store.register().await.unwrap();
        let around = Surroundings {
            register: &register,
            kontoplaner: &self.store,
        };
        let begun = self.work(by).begin(from, &head(None), around).await?;
        Ok(begun.number)
    }

    async fn saved(
        &self,
        by: &Person,
        at: (u32, u32),
        (from, rules): (Option<Date>, Option<Vec<Rule>>),
    ) -> Result<u32, NotDone> {
        self.work(by).save(at, &head(from), rules).await
    }

    async fn version(&self, number: u32) -> Version {
        let all = Scope::everything();
        let versions = self.store.versions(&all, TABLE).await.unwrap();
        versions.into_iter().find(|v| v.number == number).unwrap()
    }

    async fn rules(&self, number: u32) -> Vec<Rule> {
        let all = Scope::everything();
        let rules = self.store.rules(&all, TABLE, number).await.unwrap();
        rules.unwrap()
    }

    async fn simulated(&self, by: &Person, number: u32) -> Ran {
        let (work, days) = (self.work(by), (date(2020, 1, 1), date(2030, 1, 1)));
        let ran = work
            .simulate(number, days, |_| ControlFlow::Continue(()))
            .await;
        let ran = ran.unwrap();
        work.keep_simulation(number, &ran.simulated).await.unwrap();
        ran
    }

    async fn receive(&self, n: u64, bilag: Vec<Finansbilag>) {
        let message = sample::message(n, bilag);
        let raw = Arc::from(format!("{}", message.transaktions_id).into_bytes());
        let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(message)));
        self.hub.receive(vec![arrival]).await;
    }

    async fn state(&self, uuid: BilagUuid) -> StateName {
        let found = self.store.standing(TABLE.kommune, uuid, None).await;
        found.unwrap().unwrap().state.name()
    }

    async fn kontoplan(&self, kommune: Kommunekode, form: KontoForm, konti: &[&str]) {
        let konto = |text: &&str| Konto {
            konto: (*text).into(),
            navn: "opdigtet".into(),
            validity: Validity {
                from: date(2020, 1, 1),
                to: None,
            },
            aar: Aarsspan::default(),
            autoriseret: None,
        };
        let konti: Vec<Konto> = konti.iter().map(konto).collect();
        let head = KontoplanHead {
            kommune,
            version: 1,
            form,
            at: sample::CREATED,
            subject: "opdigtet".into(),
            navn: "Opdigtet".into(),
            source: "x.csv".into(),
            digest: [0; 32],
            accounts: 1,
            tally: Tally::default(),
        };
        let deed = Deed {
            at: sample::CREATED,
            subject: "opdigtet".into(),
            navn: "Opdigtet".into(),
            what: "imported_kontoplan".into(),
            kommune: Some(kommune),
            object: "x".into(),
        };
        let kept = self.store.import_kontoplan(&head, &konti, &deed).await;
        assert!(kept.unwrap());
    }
}

fn head(in_force_from: Option<Date>) -> Head {
    Head {
        purpose: "  Ny ydelse  ".into(),
        in_force_from,
    }
}

fn person(name: &str, role: Role, kommune: Kommunekode) -> Person {
    let grant = Grant::try_new(role, Some(kommune), Some(TABLE.fagsystem));
    Person {
        subject: name.into(),
        navn: name.into(),
        grants: grant.into_iter().collect(),
    }
}

fn anna() -> Person {
    person("anna", Role::OekonomiFinans, TABLE.kommune)
}

fn bo() -> Person {
    person("bo", Role::AnsvarligFinans, TABLE.kommune)
}

/// The rules of version 0 and the one that a held sample waits for.
async fn with_the_missing(house: &House) -> Vec<Rule> {
    let (mut rules, row) = (house.rules(0).await, sample::missing_row());
    let like = rules.last().unwrap().clone();
    rules.push(Rule {
        number: like.number + 1,
        conditions: vec![(like.conditions[0].0.clone(), Condition::Is(row.vaerdi))],
        validity: row.validity,
        targets: vec![Target::whole(Template::fixed(&row.konto))],
        ..like
    });
    rules
}

#[tokio::test]
async fn another_person_puts_a_simulated_draft_in_force_and_what_waited_goes_on_in_order() {
    let house = House::new("force").await;
    let (anna, bo) = (anna(), bo());
    let held: Vec<Finansbilag> = (1..=3).map(sample::held).collect();
    for (n, bilag) in (1..).zip(&held) {
        house.receive(n, vec![bilag.clone()]).await;
    }
    house.receive(9, vec![sample::bilag(9)]).await;
    let mut follower = Follower::default();
    follower.catch_up(&house.hub).await.unwrap();
    assert_eq!(house.state(held[0].bilag_uuid).await, StateName::Held);

    let number = house.begun(&anna, Start::Version(0)).await.unwrap();
    let rules = with_the_missing(&house).await;
    let from = Some(sample::DAY.first_of_month());
    let saved = house.saved(&anna, (number, 1), (from, Some(rules)));
    assert_eq!(saved.await, Ok(2));
    assert_eq!(&*house.version(number).await.purpose, "Ny ydelse");
    let early = house.work(&bo).approve((number, 2)).await;
    assert_eq!(
        early,
        Err(NotDone::Objections(vec![Objection::NotSimulated]))
    );
    let ran = house.simulated(&anna, number).await;
    assert_eq!((ran.report.postings, ran.report.moved.postings), (8, 0));
    assert_eq!(ran.report.newly_mapped.postings, 6);
    let own = house.work(&anna).objections(number).await;
    assert_eq!(own, Ok(vec![Objection::OwnWork]));
    let own = house.work(&anna).approve((number, 2)).await;
    assert_eq!(own, Err(NotDone::Objections(vec![Objection::OwnWork])));
    assert_eq!(house.work(&bo).objections(number).await, Ok(Vec::new()));
    let old = house.work(&bo).approve((number, 1)).await;
    assert_eq!(old, Err(NotDone::Stale), "not what was looked at");
    let day = house.work(&bo).approve((number, 2)).await;
    assert_eq!(day.ok(), from);

    house.clock.advance_millis(1_000);
    house.hub.reload_register().await.unwrap();
    assert_eq!(follower.catch_up(&house.hub).await, Ok(3));
    for bilag in &held {
        assert_eq!(house.state(bilag.bilag_uuid).await, StateName::Mapped);
    }
    let lease = oir_flow::ports::outbox::Lease {
        owner: "w",
        now: Timestamp::MAX.min(house.hub.instant() + jiff::SignedDuration::from_hours(1)),
        until: house.hub.instant() + jiff::SignedDuration::from_hours(2),
        limit: 10,
        avoid: &[],
    };
    let mut due = house.store.claim(&lease).await.unwrap();
    due.sort_by_key(|standing| standing.id);
    let order: Vec<BilagUuid> = due.iter().map(|standing| standing.bilag_uuid).collect();
    let mut wanted: Vec<BilagUuid> = held.iter().map(|bilag| bilag.bilag_uuid).collect();
    wanted.push(sample::bilag(9).bilag_uuid);
    assert_eq!(order, wanted, "as they were received");
}

#[tokio::test]
async fn rules_with_faults_are_refused_with_all_of_them_and_the_draft_stays() {
    let house = House::new("faults").await;
    let anna = anna();
    let number = house.begun(&anna, Start::Version(0)).await.unwrap();
    let before = house.rules(number).await;
    let mut rules = before.clone();
    rules[0].targets.clear();
    rules[1].number = rules[2].number;
    let saved = house.saved(&anna, (number, 1), (None, Some(rules)));
    let Err(NotDone::Faults(faults)) = saved.await else {
        panic!("saved");
    };
    let wrong: Vec<_> = faults.rules.iter().map(|fault| &fault.wrong).collect();
    assert!(wrong.contains(&&Wrong::NoTarget) && wrong.contains(&&Wrong::Number));
    let mut tied = before.clone();
    tied.push(Rule {
        number: 9_999,
        ..before[0].clone()
    });
    let saved = house.saved(&anna, (number, 1), (None, Some(tied)));
    let Err(NotDone::Faults(faults)) = saved.await else {
        panic!("saved");
    };
    assert_eq!(faults.rules[0].wrong, Wrong::Tie(9_999));
    assert_eq!(house.rules(number).await, before);
    let nameless = Head {
        purpose: " ".into(),
        in_force_from: None,
    };
    let saved = house.work(&anna).save((number, 1), &nameless, None).await;
    assert_eq!(saved, Err(NotDone::Purpose));
    assert_eq!(house.version(number).await.edition, 1);
}

#[tokio::test]
async fn what_moves_booked_postings_is_not_approved_but_from_a_later_day_it_is() {
    let house = House::new("booked").await;
    let (anna, bo) = (anna(), bo());
    house.receive(1, vec![sample::bilag(1)]).await;
    // On its way to the books: they may have it.
    oir_flow::deliver::round(&house.hub, "w").await.unwrap();
    let uuid = sample::bilag(1).bilag_uuid;
    assert_eq!(house.state(uuid).await, StateName::Uncertain);
    let number = house.begun(&anna, Start::Version(0)).await.unwrap();
    let mut rules = house.rules(number).await;
    for rule in &mut rules {
        rule.targets = vec![Target::whole(Template::fixed("99"))];
    }
    let passed = Some(sample::DAY.first_of_month());
    let work = house.work(&anna);
    let saved = work.save((number, 1), &head(passed), Some(rules)).await;
    assert_eq!(saved, Ok(2));
    let ran = house.simulated(&anna, number).await;
    assert_eq!(ran.simulated.booked_moved, 2);
    let refused = house.work(&bo).approve((number, 2)).await;
    let objection = Objection::MovesBooked(2);
    assert_eq!(refused, Err(NotDone::Objections(vec![objection])));
    // Days on which nothing came hide nothing: what is put in force is run once more.
    let before = (date(2020, 1, 1), date(2020, 1, 2));
    let on = |_| ControlFlow::Continue(());
    let ran = work.simulate(number, before, on).await.unwrap();
    assert_eq!(ran.simulated.booked_moved, 0);
    work.keep_simulation(number, &ran.simulated).await.unwrap();
    let refused = house.work(&bo).approve((number, 2)).await;
    assert_eq!(refused, Err(NotDone::Objections(vec![objection])));
    let later = head(Some(date(2027, 1, 1)));
    assert_eq!(work.save((number, 2), &later, None).await, Ok(3));
    house.simulated(&bo, number).await;
    assert!(house.work(&bo).approve((number, 3)).await.is_ok());
    // Undone: a new draft with the rules of before.
    let undone = house.begun(&anna, Start::Version(0)).await.unwrap();
    assert_eq!(house.rules(undone).await, house.rules(0).await);
    let undone = house.version(undone).await;
    assert_eq!((undone.based_on, undone.stage), (0, Stage::Draft));
}

#[tokio::test]
async fn a_role_does_what_it_may_and_only_in_its_own_kommune() {
    let house = House::new("roles").await;
    let (anna, none) = (anna(), Err(NotDone::NotThere));
    let number = house.begun(&anna, Start::Version(0)).await.unwrap();
    let taken = house.begun(&bo(), Start::Version(0)).await;
    assert_eq!(taken, Err(NotDone::Stale), "a draft is there");
    let strangers = [
        person("cy", Role::AnsvarligFinans, OTHER),
        person("di", Role::Fagomraade, TABLE.kommune),
        person("ea", Role::Revisor, TABLE.kommune),
        person("fi", Role::Drift, TABLE.kommune),
    ];
    for stranger in &strangers {
        let work = house.work(stranger);
        assert_eq!(house.begun(stranger, Start::Version(0)).await, none);
        let saved = work.save((number, 1), &head(None), None).await;
        assert_eq!(saved, Err(NotDone::NotThere));
        assert_eq!(work.discard((number, 1)).await, Err(NotDone::NotThere));
        assert_eq!(work.approve((number, 1)).await, Err(NotDone::NotThere));
        assert_eq!(work.sources().await, Err(NotDone::NotThere));
        let shared = work.share(Sharing::Shared).await;
        assert_eq!(shared, Err(NotDone::NotThere));
        let days = (date(2026, 1, 1), date(2026, 12, 31));
        let ran = work
            .simulate(number, days, |_| ControlFlow::Continue(()))
            .await;
        assert_eq!(ran.err(), Some(NotDone::NotThere));
    }
    let owner = person("gro", Role::ErpSystemejer, TABLE.kommune);
    let work = house.work(&owner);
    let saved = work.save((number, 1), &head(None), None).await;
    assert_eq!(saved, Ok(2));
    assert_eq!(work.approve((number, 2)).await, Err(NotDone::NotThere));
    let stale = house.work(&anna).discard((number, 1)).await;
    assert_eq!(stale, Err(NotDone::Stale));
    assert_eq!(house.work(&anna).discard((number, 2)).await, Ok(()));
    assert_eq!(house.version(number).await.stage, Stage::Discarded);
}

#[tokio::test]
async fn a_simulation_tells_how_far_it_is_and_is_called_off() {
    let house = House::new("progress").await;
    let anna = anna();
    let number = house.begun(&anna, Start::Version(0)).await.unwrap();
    for n in 0..6 {
        let bilag = (n * 450..(n + 1) * 450).map(sample::bilag).collect();
        house.receive(100_000 + n, bilag).await;
    }
    let (work, days) = (house.work(&anna), (date(2020, 1, 1), date(2030, 1, 1)));
    let mut told = Vec::new();
    let ran = work.simulate(number, days, |progress| {
        told.push((progress.postings, progress.permille));
        ControlFlow::Continue(())
    });
    assert_eq!(ran.await.unwrap().report.postings, 5_400);
    assert!(told.len() > 1, "in pages: {told:?}");
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(5_400, 1_000)));
    let ran = work.simulate(number, days, |_| ControlFlow::Break(()));
    assert_eq!(ran.await, Err(NotDone::CalledOff));
    let version = house.version(number).await;
    assert_eq!(version.simulated, None, "nothing is kept unasked");
    let missing = work.simulate(77, days, |_| ControlFlow::Continue(()));
    assert_eq!(missing.await, Err(NotDone::NotThere));
}

#[tokio::test]
async fn a_shared_table_of_the_same_form_is_copied_and_comes_with_what_does_not_fit() {
    let house = House::new("copy").await;
    let from = TableId {
        kommune: OTHER,
        ..TABLE
    };
    let anna = anna();
    let unseen = house.begun(&anna, Start::Copy(from)).await;
    assert_eq!(unseen, Err(NotDone::NotThere));
    assert_eq!(house.work(&anna).sources().await, Ok(Vec::new()));
    let theirs = person("cy", Role::AnsvarligFinans, OTHER);
    let owner = Work {
        table: from,
        ..house.work(&theirs)
    };
    owner.share(Sharing::Shared).await.unwrap();
    let sources = house.work(&anna).sources().await.unwrap();
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0].table, from);

    house.kontoplan(OTHER, KontoForm::Prisme, &["1"]).await;
    house
        .kontoplan(TABLE.kommune, KontoForm::SapPar, &["1"])
        .await;
    let other_form = house.begun(&anna, Start::Copy(from)).await;
    let (ours, theirs) = (KontoForm::SapPar, KontoForm::Prisme);
    assert_eq!(other_form, Err(NotDone::OtherForm { ours, theirs }));
}

#[tokio::test]
async fn of_a_copy_the_accounts_that_are_not_ours_are_named() {
    let house = House::new("unfit").await;
    let from = TableId {
        kommune: OTHER,
        ..TABLE
    };
    let (anna, theirs) = (anna(), person("cy", Role::AnsvarligFinans, OTHER));
    let owner = Work {
        table: from,
        ..house.work(&theirs)
    };
    owner.share(Sharing::Shared).await.unwrap();
    let rules = house.store.rules(&Scope::everything(), from, 0).await;
    let rules = rules.unwrap().unwrap();
    let known = rules[0].targets[0].konto.as_fixed().unwrap();
    for kommune in [OTHER, TABLE.kommune] {
        house.kontoplan(kommune, KontoForm::Prisme, &[known]).await;
    }
    let register = house.store.register().await.unwrap();
    let around = Surroundings {
        register: &register,
        kontoplaner: &house.store,
    };
    let work = house.work(&anna);
    let begun = work.begin(Start::Copy(from), &head(None), around).await;
    let begun = begun.unwrap();
    assert_eq!(house.rules(begun.number).await, rules);
    let kontos = rules.iter().filter(|rule| {
        let konto = rule.targets[0].konto.as_fixed();
        konto != Some(known)
    });
    let mut wanted: Vec<u32> = kontos.map(|rule| rule.number).collect();
    let unknown = begun.unfit.iter();
    let unknown = unknown.filter(|(_, unfit)| matches!(unfit, Unfit::Konto(_)));
    let mut named: Vec<u32> = unknown.map(|(rule, _)| *rule).collect();
    named.sort_unstable();
    wanted.sort_unstable();
    assert!(!wanted.is_empty());
    assert_eq!(named, wanted);
}
