//! `oir bench`: what reception costs, beside the floor under it and whoever else is given,
//! all in one run on one machine, so that the ratios mean something.

mod child;
mod finding;
mod floor;
mod folder;
mod inside;
mod load;
pub(crate) mod omsaetning;
pub(crate) mod portal;
mod process;
mod reading;
mod table;
mod wire;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::ensure;
use indicatif::ProgressBar;
use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_fagsystem::sample;
use oir_flow::hub::Timing;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::views::Views;
use oir_transport::Settings;

use crate::cli::BenchFinans;
use crate::house;
use child::Service;
use finding::{Finding, Follower};
use folder::Folder;
use inside::Inside;
use load::{Measured, Messages, drive};
use table::{Cell, Measurement, What};
use wire::Address;

/// The books' address in the register: nothing is delivered.
const NOWHERE: &str = "http://127.0.0.1:9/";

/// How long a load in process lasts before it is measured.
const BEFORE: Duration = Duration::from_secs(1);

/// Measures and prints.
pub(crate) async fn finans(options: &BenchFinans) -> anyhow::Result<ExitCode> {
    if let Some(database) = &options.database {
        ensure_empty(database).await?;
    }
    let mut bench = Bench::new(options)?;
    let costs = reading::measure(&bench.messages);
    let cells = options.senders.len().saturating_mul(bench.places.len());
    let steps = cells.saturating_mul(usize::from(options.rounds));
    let bar = ProgressBar::new(u64::try_from(steps).unwrap_or(0)).with_message("måler");
    // First, while the databases are empty.
    for place in bench.places.clone() {
        bench.process(&place).await?;
    }
    let (mut measurements, mut findings) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        for &senders in &options.senders {
            if let Some(theirs) = bench.peer(senders).await? {
                measurements.push(theirs);
            }
            for place in bench.places.clone() {
                let (measured, finding) = bench.measure(&place, senders).await?;
                measurements.extend(measured);
                findings.push(finding);
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    table::print(&costs, &measurements)?;
    finding::print(&findings)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether bilag are entered into the search index while they come.
#[derive(Debug, Clone, Copy)]
enum Index {
    Rests,
    Follows,
}

/// A database to measure on.
#[derive(Debug, Clone)]
enum Place {
    /// A new file each time.
    Sqlite,
    /// One database for all.
    Postgres(String),
}

struct Bench<'a> {
    options: &'a BenchFinans,
    folder: Folder,
    messages: Messages,
    places: Vec<Place>,
    /// Loads so far: keeps their ids apart.
    run: u32,
}

impl<'a> Bench<'a> {
    fn new(options: &'a BenchFinans) -> anyhow::Result<Self> {
        let mut places = vec![Place::Sqlite];
        places.extend(options.database.clone().map(Place::Postgres));
        Ok(Self {
            options,
            folder: Folder::open(options.data.as_deref())?,
            messages: Messages::ours()?,
            places,
            run: 0,
        })
    }

    fn time(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.seconds))
    }

    fn next_run(&mut self) -> u32 {
        self.run = self.run.saturating_add(1);
        self.run
    }

    async fn peer(&mut self, senders: u16) -> anyhow::Result<Option<Measurement>> {
        let options = self.options;
        let Some((url, file)) = options.peer.as_deref().zip(options.peer_message.as_deref()) else {
            return Ok(None);
        };
        let messages = Messages::theirs(file, &options.peer_id)?;
        let connections = Address::parse(url)?.connect(senders).await?;
        // The peer's table may hold an earlier bench's numbers: begin elsewhere each time.
        let begun = u32::try_from(Timestamp::now().as_second().rem_euclid(900)).unwrap_or(0);
        let run = self.next_run().saturating_add(begun);
        let load = drive(connections, &messages, run, self.time()).await?;
        let cell = Cell::of(load, 1.0);
        Ok(Some(Measurement::new(What::Peer, "", senders, cell)))
    }

    /// HTTP, in process, and the floor in the groups that each of them made; in process with
    /// the search index too.
    async fn measure(
        &mut self,
        place: &Place,
        senders: u16,
    ) -> anyhow::Result<(Vec<Measurement>, Finding)> {
        let (over_http, peak) = self.over_http(place, senders).await?;
        let (within, _) = self.within(place, senders, Index::Rests).await?;
        let (with, entered) = self.within(place, senders, Index::Follows).await?;
        let under_http = self.floor(place, over_http.group).await?;
        let under_within = self.floor(place, within.group).await?;
        let name = place.name();
        let one = |what, cell| Measurement::new(what, name, senders, cell);
        let measured = vec![
            one(What::Http, over_http).above(under_http).with_peak(peak),
            one(What::Inside, within).above(under_within),
        ];
        let finding = Finding {
            place: name,
            senders,
            without: within,
            with,
            entered,
        };
        Ok((measured, finding))
    }

    async fn over_http(&mut self, place: &Place, senders: u16) -> anyhow::Result<(Cell, u64)> {
        let fresh = self.next_run();
        let database = place.fresh(self.folder.path(), fresh).await?;
        let service = Service::start(self.folder.path(), &database)?;
        let connections = Address::parse(&service.url)?.connect(senders).await?;
        let before = service.groups().await?;
        let run = self.next_run();
        let load = drive(connections, &self.messages, run, self.time()).await?;
        let groups = service.groups().await?.saturating_sub(before);
        let peak = service.memory("VmHWM:")?;
        Ok((Cell::of(load, per(load, groups)), peak))
    }

    /// In process; and how many bilag a second came into the search index meanwhile.
    async fn within(
        &mut self,
        place: &Place,
        senders: u16,
        index: Index,
    ) -> anyhow::Result<(Cell, f64)> {
        let fresh = self.next_run();
        let database = place.fresh(self.folder.path(), fresh).await?;
        let store = house::open(&database).await?;
        let hub = house::hub(&store, Timing::STANDARD, Settings::STANDARD).await?;
        let all = vec![Inside(hub); usize::from(senders)];
        // What the index enters at once: with nothing before it, it looks again much later.
        let run = self.next_run();
        drive(all.clone(), &self.messages, run, BEFORE).await?;
        let before = child::groups(&house::metrics());
        let run = self.next_run();
        let follower = match index {
            Index::Rests => None,
            Index::Follows => Some(Follower::start(&store)),
        };
        let load = drive(all, &self.messages, run, self.time()).await?;
        let groups = child::groups(&house::metrics()).saturating_sub(before);
        let entered = match follower {
            None => 0,
            Some(follower) => follower.stop().await?,
        };
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let entered = entered as f64 / load.seconds.max(f64::EPSILON);
        Ok((Cell::of(load, per(load, groups)), entered))
    }

    async fn process(&mut self, place: &Place) -> anyhow::Result<()> {
        let fresh = self.next_run();
        let database = place.fresh(self.folder.path(), fresh).await?;
        let store = house::open(&database).await?;
        let run = self.next_run();
        let verified = process::verify(&store, &database, &self.messages, run).await?;
        drop(store);
        let run = self.next_run();
        let message = self.messages.make(run, 0, 0);
        let start = process::start(self.folder.path(), &database, message).await?;
        table::print_process(place.name(), start, verified)
    }

    async fn floor(&mut self, place: &Place, group: f64) -> anyhow::Result<f64> {
        let fresh = self.next_run();
        let database = place.fresh(self.folder.path(), fresh).await?;
        let store = house::open(&database).await?;
        let run = self.next_run();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between one and the largest group"
        )]
        let group = group.round().max(1.0) as usize;
        floor::measure(&store, &self.messages, (run, group), self.time()).await
    }
}

/// Messages per transaction.
fn per(load: Measured, groups: u64) -> f64 {
    load.rate() * load.seconds / f64::from(u32::try_from(groups.max(1)).unwrap_or(u32::MAX))
}

impl Place {
    fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The database, with the samples' register in it.
    async fn fresh(&self, folder: &Path, run: u32) -> anyhow::Result<String> {
        let database = match self {
            Self::Sqlite => {
                // A name of its own: who used the last one may only now be closing it.
                let file = |run: u32| folder.join(format!("bench-{run}.db"));
                for ending in ["", "-wal", "-shm"] {
                    for old in 0..run {
                        let mut name = file(old).into_os_string();
                        name.push(ending);
                        drop(std::fs::remove_file(name));
                    }
                }
                file(run).display().to_string()
            }
            Self::Postgres(url) => url.clone(),
        };
        let store = house::open(&database).await?;
        store
            .replace_register(&sample::register_data(NOWHERE))
            .await?;
        Ok(database)
    }
}

/// Somebody's database is not measured on.
async fn ensure_empty(database: &str) -> anyhow::Result<()> {
    let store = house::open(database).await?;
    let register = store.register_data().await?;
    ensure!(
        store.latest_day(&Scope::everything()).await?.is_none() && register.myndigheder.is_empty(),
        "databasen {} er i brug; giv en tom",
        house::shown(database)
    );
    Ok(())
}
