//! A day in the life of a hub that dies at any write and any call, before books that
//! lose, delay and repeat. Afterwards nothing may be lost, nothing booked twice, and both
//! sides must agree. Everything follows from the seed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use oir_domain::access::{Person, Scope};
use oir_domain::fault::FaultCode;
use oir_domain::ids::BilagUuid;
use oir_domain::message::StateName;
use oir_domain::reconcile::compare;
use oir_domain::register::RegisterData;
use oir_domain::work::Act;
use oir_fagsystem::rng::Rng;
use oir_fagsystem::{Content, Day, DayPlan, Expected, Planned, apply, sample};
use oir_flow::deliver::round;
use oir_flow::hub::{Hub, Parts, Timing};
use oir_flow::judge::Arrival;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{Channel, Inbox};
use oir_flow::ports::outbox::Outbox;
use oir_flow::ports::views::{BilagFilter, BilagLine, Views};
use oir_flow::ports::work::{WorkFilter, WorkItems};
use oir_flow::work::{Asker, Selection, Worklist};
use oir_store::{Durability, Store};
use oir_wire::finans::message::{Call, Reply};
use oir_wire::finans::{SoapVersion, read, write};

use crate::books::{Mischief, SimBooks};
use crate::mortal::Mortal;
use crate::people::People;
use crate::process::{ManualClock, OrderedIds};

/// Longest message in the simulated day.
const BODY_LIMIT: usize = 60_000;
/// Rounds after which a hub that still has work is said to hang.
const ROUNDS_MAX: u32 = 20_000;

/// What a run was made of, for the reader of a failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Deaths of the process.
    pub deaths: u32,
    /// Messages sent, not counting what was sent again for want of an answer.
    pub messages: u32,
    /// Bilag booked.
    pub booked: u64,
    /// Pauses that were begun.
    pub pauses: u32,
}

/// Where the simulated hub keeps its memory.
#[derive(Debug, Clone)]
pub enum Database {
    /// A new SQLite file in this directory.
    Sqlite(PathBuf),
    /// An empty PostgreSQL database at this address.
    Postgres(String),
}

impl Database {
    async fn open(&self) -> Result<Store, StoreFailure> {
        match self {
            Self::Sqlite(directory) => {
                Store::open_sqlite(&directory.join("oir.db"), Durability::ProcessOnly).await
            }
            Self::Postgres(url) => Store::open_postgres(url, 0, 4).await,
        }
    }
}

struct World {
    day: Day,
    database: Database,
    clock: ManualClock,
    ids: OrderedIds,
    mortal: Mortal,
    books: SimBooks,
    dice: Rng,
    /// When somebody presses a button on the worklist.
    person: Rng,
    hub: Hub,
    store: Store,
    deaths: u32,
    people: People,
    receipts: BTreeMap<usize, Reply>,
}

/// Runs a seed on a database of its own.
///
/// # Errors
/// What went wrong, in words.
pub async fn run(seed: u64, database: Database, bilag: u32) -> Result<Outcome, String> {
    let mut world = World::new(seed, database, bilag).await?;
    let (first, all) = (world.day.first_wave(), world.day.len());
    let mut order: Vec<usize> = (0..first).collect();
    world.send(&order).await?;
    world.rest().await?;
    order = (first..all).collect();
    world.send(&order).await?;
    world.rest().await?;
    world.judge().await
}

fn text<E: std::fmt::Display>(error: E) -> String {
    error.to_string()
}

impl World {
    async fn new(seed: u64, database: Database, bilag: u32) -> Result<Self, String> {
        let now = "2026-11-18T08:00:00Z"
            .parse()
            .map_err(text::<jiff::Error>)?;
        let day = oir_fagsystem::day(&DayPlan {
            seed,
            bilag,
            day: sample::DAY,
            now,
            kommuner: 3,
            receiver_url: "http://127.0.0.1:9/".into(),
            body_limit: BODY_LIMIT,
        });
        let mut dice = Rng::new(seed).child("simulation", 0);
        let mortal = Mortal::new(dice.child("death", 0), dice.below(4));
        let people = People::new(dice.child("people", 0), &day.register);
        let mischief = Mischief {
            busy: dice.below(30),
            lost: dice.below(20),
            cut: dice.below(30),
            late: dice.below(30),
            twice: dice.below(30),
        };
        let books = SimBooks::new(
            &day.kontoplan,
            &day.register.myndigheder,
            mischief,
            dice.child("books", 0),
            mortal.clone(),
        );
        prepare(&database, &day.register).await?;
        let (clock, ids) = (ManualClock::at(now), OrderedIds::default());
        let (hub, store) = open(&database, &clock, &ids, &books, &mortal).await?;
        Ok(Self {
            day,
            database,
            clock,
            ids,
            mortal,
            books,
            person: dice.child("person", 0),
            dice,
            hub,
            store,
            deaths: 0,
            people,
            receipts: BTreeMap::new(),
        })
    }

    /// The process died: another one opens the file.
    async fn restart(&mut self) -> Result<(), String> {
        self.deaths += 1;
        self.mortal.revive();
        let (hub, store) = open(
            &self.database,
            &self.clock,
            &self.ids,
            &self.books,
            &self.mortal,
        )
        .await?;
        (self.hub, self.store) = (hub, store);
        Ok(())
    }

    /// Sends in groups of any size; what got no answer is sent again, unchanged.
    async fn send(&mut self, numbers: &[usize]) -> Result<(), String> {
        let mut rest: Vec<Planned> = numbers
            .iter()
            .filter_map(|n| self.day.message(*n))
            .collect();
        rest.retain(|p| !at_the_door(p));
        let mut tries = 0_u32;
        while !rest.is_empty() {
            tries += 1;
            if tries > ROUNDS_MAX {
                return Err(format!("{} messages never got an answer", rest.len()));
            }
            let size = self.dice.index(rest.len().min(8)) + 1;
            let group: Vec<Planned> = rest.drain(..size).collect();
            let arrivals = group.iter().map(arrival).collect();
            let replies = self.hub.receive(arrivals).await;
            let mut again = Vec::new();
            for (planned, reply) in group.into_iter().zip(replies) {
                if unanswered(&reply) {
                    again.push(planned);
                } else {
                    self.keep(&planned, reply)?;
                }
            }
            rest.splice(0..0, again);
            if self.mortal.is_dead() {
                self.restart().await?;
            }
            self.clock.advance_millis(50);
            if self.dice.percent(30) {
                self.work().await?;
            }
        }
        Ok(())
    }

    /// Keeps a receipt; a repeat must get the very one that the first got.
    fn keep(&mut self, planned: &Planned, reply: Reply) -> Result<(), String> {
        if let Content::Repeat { of, .. } = &planned.content
            && let Some(first) = self.receipts.get(of)
        {
            let (one, other) = (
                write::reply(SoapVersion::V11, first),
                write::reply(SoapVersion::V11, &reply),
            );
            if one != other {
                return Err(format!(
                    "message {} got another receipt than {of}",
                    planned.number
                ));
            }
        }
        self.receipts.insert(planned.number, reply);
        Ok(())
    }

    /// One round of delivery, one receipt brought. False = nothing to do.
    async fn work(&mut self) -> Result<bool, String> {
        self.decide().await?;
        let mut busy = false;
        for delivery in self.books.take_deliveries() {
            busy = true;
            let call = Call::Aflever(delivery.clone());
            let reply = self
                .hub
                .answer(Channel::Soap11, Ok(call), Arc::from([]))
                .await;
            if unanswered(&reply) {
                self.books.bring_again(delivery);
            }
        }
        match round(&self.hub, "sim").await {
            Ok(worked) => busy |= worked,
            Err(StoreFailure::Unavailable(_)) => busy = true,
            Err(failure) => return Err(failure.to_string()),
        }
        if self.person.percent(3) {
            self.press_everything().await?;
        }
        if self.mortal.is_dead() {
            self.restart().await?;
            busy = true;
        }
        Ok(busy)
    }

    /// Somebody lets everything go on that may, at any moment: nothing may come of it but
    /// questions and calls that were due anyway.
    async fn press_everything(&mut self) -> Result<(), String> {
        let person = Person {
            subject: "bogholder".into(),
            navn: "Opdigtet Bogholder".into(),
            grants: Vec::new(),
        };
        let (everything, filter) = (Scope::everything(), WorkFilter::on(sample::DAY));
        let clock = Arc::new(self.clock.clone());
        let list = Worklist::new(Arc::new(self.store.clone()), clock);
        let groups = self.store.causes(&everything, &filter).await;
        for group in groups.map_err(text)? {
            let asker = Asker {
                person: &person,
                scope: &everything,
            };
            let all = Selection::Group(group.key, group.area);
            match list.perform(asker, &all, &Act::GoOn).await {
                Ok(_) | Err(StoreFailure::Unavailable(_)) => {}
                Err(failure) => return Err(failure.to_string()),
            }
        }
        Ok(())
    }

    /// A person may pause a receiver now, or end a pause.
    async fn decide(&mut self) -> Result<(), String> {
        let now = oir_flow::ports::process::Clock::now(&self.clock);
        let decided = self.people.decide(&self.store, &self.ids, now).await;
        if self.mortal.is_dead() {
            self.restart().await?;
        } else {
            decided?;
        }
        // Whether or not whoever decided heard the answer: the database says what holds.
        self.people.tell(&self.store, &self.books, now).await
    }

    /// Works until nothing is outstanding, moving the clock to what is due next.
    async fn rest(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS_MAX {
            if self.work().await? {
                continue;
            }
            let now = oir_flow::ports::process::Clock::now(&self.clock);
            match self.store.next_due().await.map_err(text)? {
                None => return Ok(()),
                Some(due) => {
                    // Due already, and still not taken: its books are left alone for now.
                    let next = self.hub.rested().filter(|_| due <= now).unwrap_or(due);
                    let wait = next.as_millisecond() - now.as_millisecond();
                    // Or a person said so: then only time and people change anything.
                    let least = if self.people.any_paused() { 1_000 } else { 1 };
                    self.clock.advance_millis(wait.max(least));
                }
            }
        }
        let backlog = self
            .store
            .backlog(jiff::Timestamp::MAX)
            .await
            .map_err(text)?;
        Err(format!("still busy after {ROUNDS_MAX} rounds: {backlog:?}"))
    }

    async fn lines(&self) -> Result<BTreeMap<BilagUuid, Vec<BilagLine>>, String> {
        let mut by_id: BTreeMap<BilagUuid, Vec<BilagLine>> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self
                .store
                .list(&Scope::everything(), &BilagFilter::default(), after, 200)
                .await
                .map_err(text)?;
            let Some(last) = page.last() else {
                return Ok(by_id);
            };
            after = Some(last.id);
            for line in page {
                by_id.entry(line.bilag_uuid).or_default().push(line);
            }
        }
    }

    /// Holds what was to come of every message against what came of it.
    async fn judge(&self) -> Result<Outcome, String> {
        let report = self.store.verify(&|_| {}).await.map_err(text)?;
        if !report.findings.is_empty() {
            return Err(format!("verify: {:?}", report.findings));
        }
        let damage = self.books.damage();
        if !damage.is_empty() {
            return Err(format!("the books: {damage:?}"));
        }
        let lines = self.lines().await?;
        let mut outcome = Outcome {
            deaths: self.deaths,
            pauses: self.people.begun,
            ..Outcome::default()
        };
        for planned in self.day.messages().filter(|p| !at_the_door(p)) {
            outcome.messages += 1;
            self.judge_message(&planned, &lines, &mut outcome)?;
        }
        let (from, to) = (sample::DAY.first_of_year(), sample::DAY.last_of_year());
        let from = from.saturating_sub(jiff::Span::new().years(1));
        let ours = self.store.booked(None, from, to).await.map_err(text)?;
        let differences = compare(&ours, &self.books.statements());
        if !differences.is_empty() {
            return Err(format!("hub and books differ: {differences:?}"));
        }
        Ok(outcome)
    }

    fn judge_message(
        &self,
        planned: &Planned,
        lines: &BTreeMap<BilagUuid, Vec<BilagLine>>,
        outcome: &mut Outcome,
    ) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("message {}: {what}", planned.number));
        let Some(reply) = self.receipts.get(&planned.number) else {
            return wrong("no receipt");
        };
        if let Some(Expected::TransportFault(code)) = planned.expected.first() {
            let Reply::Refused(refusal) = reply else {
                return wrong("taken, should have been refused");
            };
            let has = refusal
                .transport
                .fejl
                .iter()
                .any(|f| *f.kode == *code.code());
            return if has {
                Ok(())
            } else {
                wrong(&format!("{code} is missing in {refusal:?}"))
            };
        }
        for (bilag, expected) in planned
            .content
            .afsendelse()
            .bilag
            .iter()
            .zip(&planned.expected)
        {
            let here = lines.get(&bilag.bilag_uuid).map_or(&[][..], Vec::as_slice);
            let wanted = match expected {
                Expected::Booked(_) => StateName::Booked,
                Expected::Rejected(_) => StateName::Rejected,
                Expected::Held => StateName::Held,
                Expected::RefusedByBooks => StateName::Refused,
                Expected::TransportFault(_) => continue,
            };
            if !here.iter().any(|line| line.state.name() == wanted) {
                let states: Vec<_> = here.iter().map(|l| (l.state.name(), &l.codes)).collect();
                return wrong(&format!(
                    "{} should be {wanted}: {states:?}",
                    bilag.bilag_uuid
                ));
            }
            if let Expected::Rejected(codes) = expected {
                let has = |code: &FaultCode| here.iter().any(|l| l.codes.contains(code));
                if !codes.iter().all(has) {
                    return wrong(&format!("{codes:?} not all of {here:?}"));
                }
            }
            outcome.booked += u64::from(wanted == StateName::Booked);
        }
        Ok(())
    }
}

/// Judged at the HTTP door, which the simulation does not have.
fn at_the_door(planned: &Planned) -> bool {
    let door = [FaultCode::TooLarge, FaultCode::WrongContentType];
    planned
        .expected
        .iter()
        .any(|e| matches!(e, Expected::TransportFault(code) if door.contains(code)))
}

/// A dead or failing hub gives no answer that a sender may rely on.
fn unanswered(reply: &Reply) -> bool {
    let codes = [FaultCode::Unavailable, FaultCode::Internal];
    matches!(reply, Reply::Refused(r) if r.code().is_some_and(|c| codes.contains(&c)))
}

fn arrival(planned: &Planned) -> Arrival {
    let afsendelse = planned.content.afsendelse();
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let mut bytes = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
    if let Some(mutation) = planned.content.mutation() {
        bytes = apply(mutation, &String::from_utf8_lossy(&bytes));
    }
    let read = read::call(SoapVersion::V11, &bytes).and_then(|call| match call {
        Call::Modtag(afsendelse) => Ok(afsendelse),
        _ => Err(Box::new(oir_wire::finans::message::Unreadable::only(
            oir_domain::fault::Fault::new(
                FaultCode::UnknownOperation,
                oir_domain::fault::Place::default(),
                &[],
            ),
        ))),
    });
    Arrival::new(Channel::Soap11, bytes.into(), read)
}

async fn prepare(database: &Database, register: &RegisterData) -> Result<(), String> {
    let store = database.open().await.map_err(text)?;
    store.replace_register(register).await.map_err(text)?;
    Ok(())
}

async fn open(
    database: &Database,
    clock: &ManualClock,
    ids: &OrderedIds,
    books: &SimBooks,
    mortal: &Mortal,
) -> Result<(Hub, Store), String> {
    let store = database.open().await.map_err(text)?;
    let store = store.with_probe(Arc::new(mortal.clone()));
    let shared = Arc::new(store.clone());
    let parts = Parts {
        inbox: Arc::clone(&shared) as _,
        outbox: Arc::clone(&shared) as _,
        partners: shared,
        courier: Arc::new(books.clone()),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(ids.clone()),
    };
    let hub = Hub::new(parts, Timing::STANDARD).await.map_err(text)?;
    Ok((hub, store))
}
