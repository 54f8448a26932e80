//! A store under test, and a plain connection beside it. Messages are judged by the flow
//! itself; time is a number of seconds after [`NOW`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{SignedDuration, Timestamp};
use oir_domain::finans::{Afsendelse, Finansbilag};
use oir_domain::ids::{ErpBilagsnummer, FagsystemId};
use oir_domain::message::{Event, Outbox as Due, Step, apply};
use oir_domain::omsaetning::Mapped;
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;
use oir_fagsystem::sample;
use oir_flow::judge::{Arrival, Surroundings, Verdict, judge};
use oir_flow::ports::inbox::{
    Accounts, Admit, BilagRecord, Channel, Findings, Inbox, Inquiry, MessageOutcome, MessageRecord,
    NewBilag,
};
use oir_flow::ports::outbox::{Lease, Move, Outbox, Standing};
use oir_store::{Durability, Store};
use oir_testkit::process::OrderedIds;
use uuid::Uuid;

/// When the tests begin: a morning of [`sample::DAY`].
pub(crate) const NOW: Timestamp = Timestamp::constant(1_794_988_800, 0);

/// A municipality of the register besides [`sample::KOMMUNE`].
pub(crate) const OTHER_KOMMUNE: Kommunekode = Kommunekode(751);

/// A sender besides [`sample::FAGSYSTEM`].
pub(crate) const OTHER_FAGSYSTEM: FagsystemId =
    FagsystemId::from_uuid(Uuid::from_u128(0x0fa9_0000_0000_4000_8000_0000_0000_0002));

/// An instant so many seconds after [`NOW`].
pub(crate) fn at(seconds: i64) -> Timestamp {
    NOW.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

/// Where the store's rows lie.
enum Home {
    Sqlite(std::path::PathBuf),
    #[cfg(feature = "test-postgres")]
    Postgres(oir_testkit::postgres::Scratch),
}

/// A store with the register of the samples. Its connections close before its home goes.
pub(crate) struct Subject {
    pub(crate) store: Store,
    pub(crate) register: Register,
    ids: OrderedIds,
    home: Home,
}

impl Subject {
    pub(crate) async fn on_sqlite() -> Self {
        let directory = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(new_name());
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(&directory).unwrap();
        let file = directory.join("oir.db");
        let store = Store::open_sqlite(&file, Durability::ProcessOnly).await;
        Self::furnished(store.unwrap(), Home::Sqlite(directory)).await
    }

    #[cfg(feature = "test-postgres")]
    pub(crate) async fn on_postgres() -> Self {
        let scratch = oir_testkit::postgres::Scratch::new(&new_name());
        let store = Store::open_postgres(&scratch.url(), 0, 4).await;
        Self::furnished(store.unwrap(), Home::Postgres(scratch)).await
    }

    async fn furnished(store: Store, home: Home) -> Self {
        let data = sample::register_data("http://127.0.0.1:9/");
        store.replace_register(&data).await.unwrap();
        let register = store.register().await.unwrap();
        Self {
            store,
            register,
            ids: OrderedIds::default(),
            home,
        }
    }

    /// Another process on the same database, under another shard where there are shards.
    pub(crate) async fn another_process(&self) -> Store {
        let opened = match &self.home {
            Home::Sqlite(directory) => {
                Store::open_sqlite(&directory.join("oir.db"), Durability::ProcessOnly).await
            }
            #[cfg(feature = "test-postgres")]
            Home::Postgres(scratch) => Store::open_postgres(&scratch.url(), 7, 2).await,
        };
        opened.unwrap()
    }

    /// The folder of an SQLite file; none on PostgreSQL.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        match &self.home {
            Home::Sqlite(directory) => Some(directory),
            #[cfg(feature = "test-postgres")]
            Home::Postgres(_) => None,
        }
    }

    /// A migration's own text, in the dialect of this database.
    pub(crate) fn migration(&self, name: &str) -> String {
        let dialect = if self.folder().is_some() {
            "sqlite"
        } else {
            "postgres"
        };
        let home = env!("CARGO_MANIFEST_DIR");
        std::fs::read_to_string(format!("{home}/migrations/{dialect}/{name}")).unwrap()
    }

    /// Runs statements past the store.
    pub(crate) async fn past_the_store(&self, sql: &str) -> Result<(), String> {
        match &self.home {
            Home::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(directory.join("oir.db")).unwrap();
                connection
                    .busy_timeout(std::time::Duration::from_secs(5))
                    .unwrap();
                connection.execute_batch(sql).map_err(|e| e.to_string())
            }
            #[cfg(feature = "test-postgres")]
            Home::Postgres(scratch) => {
                let client = plain_client(&scratch.url()).await;
                let done = client.batch_execute(sql).await;
                done.map_err(|e| {
                    e.as_db_error()
                        .map_or(e.to_string(), |d| d.message().into())
                })
            }
        }
    }

    /// Takes away what guards a table, as somebody with the owner's rights could.
    pub(crate) async fn unguard(&self, table: &str) {
        let sql = match &self.home {
            Home::Sqlite(_) => {
                let sql = format!(
                    "select 'drop trigger ' || name || ';' from sqlite_master \
                     where type = 'trigger' and tbl_name = '{table}'"
                );
                self.rows(&sql).await.concat()
            }
            #[cfg(feature = "test-postgres")]
            Home::Postgres(_) => format!("alter table {table} disable trigger user"),
        };
        assert!(!sql.is_empty(), "{table} has no guard");
        self.past_the_store(&sql).await.unwrap();
    }

    /// The first column, a text, of rows read past the store.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<String> {
        match &self.home {
            Home::Sqlite(directory) => {
                let connection = rusqlite::Connection::open(directory.join("oir.db")).unwrap();
                let mut prepared = connection.prepare(sql).unwrap();
                let width = prepared.column_count();
                let row = |row: &rusqlite::Row<'_>| {
                    let cell = |n| row.get_unwrap::<_, rusqlite::types::Value>(n);
                    Ok(match (width, cell(0)) {
                        (1, rusqlite::types::Value::Text(text)) => text,
                        _ => format!("{:?}", (0..width).map(cell).collect::<Vec<_>>()),
                    })
                };
                let found = prepared.query_map([], row).unwrap();
                found.collect::<Result<_, _>>().unwrap()
            }
            #[cfg(feature = "test-postgres")]
            Home::Postgres(scratch) => {
                let client = plain_client(&scratch.url()).await;
                let found = client.query(sql, &[]).await.unwrap();
                found.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Everything that the database holds, in a form to be compared.
    pub(crate) async fn contents(&self) -> Vec<String> {
        let tables = match &self.home {
            Home::Sqlite(_) => {
                "select name from sqlite_master where type = 'table' \
                 and name not like 'sqlite\\_%' escape '\\' order by name"
            }
            #[cfg(feature = "test-postgres")]
            Home::Postgres(_) => {
                "select tablename::text from pg_tables \
                 where schemaname = current_schema() order by tablename"
            }
        };
        let mut all = Vec::new();
        for table in self.rows(tables).await {
            let sql = match &self.home {
                Home::Sqlite(_) => format!("select * from {table}"),
                #[cfg(feature = "test-postgres")]
                Home::Postgres(_) => format!("select t::text from {table} t"),
            };
            let mut rows = self.rows(&sql).await;
            rows.sort();
            all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        all
    }

    /// What the flow writes of a message when no earlier one is looked up.
    pub(crate) fn judged(&self, message: &Afsendelse, seconds: i64) -> MessageRecord {
        self.judged_by(message, Findings::default(), seconds)
    }

    /// What the flow writes of a message after looking up what it names.
    pub(crate) async fn looked_up(&self, message: &Afsendelse, seconds: i64) -> MessageRecord {
        let inquiry = Inquiry {
            kommune: sample::KOMMUNE,
            fagsystem: message.afsender_system,
            transaktions_id: message.transaktions_id,
            bilag: message
                .bilag
                .iter()
                .flat_map(|b| [Some(b.bilag_uuid), b.korrigerer])
                .flatten()
                .collect(),
        };
        let found = self.store.find(&[inquiry]).await.unwrap().remove(0);
        self.judged_by(message, found, seconds)
    }

    fn judged_by(&self, message: &Afsendelse, found: Findings, seconds: i64) -> MessageRecord {
        let raw: Arc<[u8]> = format!("{message:?}").into_bytes().into();
        let arrival = Arrival::new(Channel::Soap11, raw, Ok(Box::new(message.clone())));
        let around = Surroundings {
            register: &self.register,
            now: at(seconds),
            today: sample::DAY,
            ids: &self.ids,
        };
        match judge(&arrival, found, &around) {
            Verdict::Write(record) => *record,
            Verdict::Repeat(_) => panic!("a repeat where a new message was meant"),
        }
    }

    /// The evidence of bytes that name the id of message `n` and could not be read.
    pub(crate) fn unreadable(&self, n: u64, raw: &[u8], seconds: i64) -> MessageRecord {
        let message = sample::afsendelse(n);
        let unreadable = oir_wire::finans::message::Unreadable {
            faults: Vec::new(),
            myndighed: Some(message.myndighed),
            afsender_system: Some(message.afsender_system),
            transaktions_id: Some(message.transaktions_id),
            antal_bilag: 3,
        };
        let arrival = Arrival::new(Channel::Soap12, raw.into(), Err(Box::new(unreadable)));
        let around = Surroundings {
            register: &self.register,
            now: at(seconds),
            today: sample::DAY,
            ids: &self.ids,
        };
        let Verdict::Write(record) = judge(&arrival, Findings::default(), &around) else {
            panic!("unreadable bytes are no repeat");
        };
        assert_eq!(record.outcome, MessageOutcome::Unreadable);
        *record
    }

    /// Writes records at the register's version now.
    pub(crate) async fn admit(&self, records: &[MessageRecord]) -> Admit {
        let version = self.store.register_version().await.unwrap();
        self.store.admit(records, version).await.unwrap()
    }

    /// Judges and writes a message of these bilag under the id of `n`.
    pub(crate) async fn receive(
        &self,
        n: u64,
        bilag: Vec<Finansbilag>,
        seconds: i64,
    ) -> MessageRecord {
        let record = self.looked_up(&sample::message(n, bilag), seconds).await;
        assert_eq!(self.admit(std::slice::from_ref(&record)).await, Admit::Done);
        record
    }

    /// Claims what is due and notes that it is being sent.
    pub(crate) async fn start_sending(&self, seconds: i64, limit: u32) -> Vec<Standing> {
        let claimed = self
            .store
            .claim(&lease("a", (at(seconds), at(seconds + 60)), limit))
            .await
            .unwrap();
        for seen in &claimed {
            self.happen(seen, &Event::Claimed, seconds).await;
        }
        self.again(&claimed).await
    }

    /// The same bilag as they stand now.
    pub(crate) async fn again(&self, seen: &[Standing]) -> Vec<Standing> {
        let mut now = Vec::new();
        for one in seen {
            let (owner, id) = (one.kommune, one.bilag_uuid);
            let found = self.store.standing(owner, id, Some(one.fagsystem)).await;
            now.push(found.unwrap().unwrap());
        }
        now
    }

    /// Writes one event of one bilag; gives how it stands then.
    pub(crate) async fn happen(&self, seen: &Standing, event: &Event, seconds: i64) -> Standing {
        let done = self.store.advance(&[step(seen, event, seconds)]).await;
        assert_eq!(done.unwrap(), oir_flow::ports::outbox::Advance::Done);
        self.again(std::slice::from_ref(seen)).await.remove(0)
    }
}

#[cfg(feature = "test-postgres")]
async fn plain_client(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

impl Drop for Subject {
    fn drop(&mut self) {
        if let Some(directory) = self.folder() {
            drop(std::fs::remove_dir_all(directory));
        }
    }
}

fn new_name() -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::SeqCst);
    format!("oir_store_{}_{number}", std::process::id())
}

/// The new bilag of a record.
pub(crate) fn new_bilag(record: &MessageRecord) -> Vec<&NewBilag> {
    let mut all = Vec::new();
    for bilag in &record.bilag {
        match bilag {
            BilagRecord::New(new) => all.push(&**new),
            BilagRecord::Repeat { .. } => {}
        }
    }
    all
}

/// The move that the domain makes of an event.
pub(crate) fn step(seen: &Standing, event: &Event, seconds: i64) -> Move {
    let Step::Moved { to, outbox } = apply(&seen.state, event).unwrap() else {
        panic!("{event:?} changes nothing");
    };
    let due = match outbox {
        Due::DueAt(at) => at,
        Due::AskLater => at(seconds + 30),
        Due::DueNow | Due::Leased | Due::Gone => at(seconds),
    };
    Move {
        seen: seen.clone(),
        to,
        outbox,
        due,
        event: event.word(),
        at: at(seconds),
        detail: None,
        faults: Vec::new(),
        accounts: Accounts::Open,
        compared: None,
    }
}

/// Accounts for a bilag's postings in their order, by version 7 of a table.
pub(crate) fn on_accounts(bilag: &Finansbilag, accounts: &[&str]) -> Accounts {
    Accounts::Mapped(Mapped::whole(7, bilag, accounts.iter().copied()))
}

/// Booked under a number.
pub(crate) fn booked(number: &str) -> Event {
    Event::Booked(ErpBilagsnummer::try_new(number).unwrap())
}

/// What a worker asks for, whatever the municipality.
pub(crate) fn lease(owner: &str, (now, until): (Timestamp, Timestamp), limit: u32) -> Lease<'_> {
    Lease {
        owner,
        now,
        until,
        limit,
        avoid: &[],
    }
}
