//! PostgreSQL in trouble.

use std::io::Write;
use std::process::{Child, Command, Stdio};

use oir_domain::ids::uuid_v7;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{Admit, Inbox};
use oir_flow::ports::outbox::{Advance, Lease, Outbox};
use oir_store::Store;
use oir_testkit::postgres::Scratch;

use crate::proxy::Road;
use crate::records::{claimed, found, messages, now, standing};

async fn open(scratch: &Scratch) -> Store {
    Store::open_postgres(&scratch.url(), 0, 4)
        .await
        .expect("a store")
}

fn psql(url: &str, sql: &str) -> String {
    let output = Command::new("psql")
        .args([
            "-q",
            "-t",
            "-A",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            url,
            "-c",
            sql,
        ])
        .output()
        .expect("psql");
    assert!(output.status.success(), "{sql}: {output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn a_plan_of_many_statements_is_all_or_nothing() {
    let scratch = Scratch::new("oir_trouble_many");
    let store = open(&scratch).await;
    assert_eq!(store.admit(&messages(0..45), 1).await, Ok(Admit::Done));
    let mut moves = Vec::new();
    for n in 0..45 {
        moves.push(claimed(standing(&store, n).await));
    }
    // Two statements each: the last of them is some ninety statements behind the first.
    moves[44].seen.version += 1;
    // Which of two answers came first was a matter of threads: many times.
    for _ in 0..20 {
        assert_eq!(store.advance(&moves).await, Ok(Advance::Stale));
        for n in [0, 30, 43, 44] {
            assert_eq!(standing(&store, n).await.version, 1, "bilag {n}");
        }
    }
    moves[44].seen.version -= 1;
    assert_eq!(store.advance(&moves).await, Ok(Advance::Done));
    assert_eq!(standing(&store, 44).await.version, 2);
}

#[tokio::test]
async fn a_statement_that_cannot_be_sent_takes_its_neighbours_back() {
    let scratch = Scratch::new("oir_trouble_unsendable");
    let store = open(&scratch).await;
    assert_eq!(store.admit(&messages(0..3), 1).await, Ok(Admit::Done));
    let mut moves = Vec::new();
    for n in 0..3 {
        moves.push(claimed(standing(&store, n).await));
    }
    // More attempts than the column holds: refused here, before the server sees it.
    moves[1].to = oir_domain::message::State::Sending { attempt: u32::MAX };
    let advanced = store.advance(&moves).await;
    assert!(
        matches!(advanced, Err(StoreFailure::Broken(_))),
        "{advanced:?}"
    );
    for n in 0..3 {
        assert_eq!(standing(&store, n).await.version, 1, "bilag {n}");
    }
}

#[tokio::test]
async fn a_silent_server_is_away_and_back_when_it_speaks() {
    let scratch = Scratch::new("oir_trouble_silent");
    let road = Road::to(&scratch.url()).await;
    let url = road.by(&scratch.url());
    let store = Store::open_postgres(&url, 0, 4).await.expect("a store");
    assert_eq!(store.admit(&messages(0..1), 1).await, Ok(Admit::Done));
    road.block();
    // The clock now runs on as soon as nothing else happens: nobody waits for the limits.
    tokio::time::pause();
    let away = |failed: bool, what: &str| assert!(failed, "{what} did not say that it is away");
    let admitted = store.admit(&messages(1..2), 1).await;
    away(
        matches!(admitted, Err(StoreFailure::Unavailable(_))),
        "reception",
    );
    let lease = Lease {
        owner: "worker",
        now: now(),
        until: now(),
        limit: 10,
        avoid: &[],
    };
    let taken = store.claim(&lease).await;
    away(
        matches!(taken, Err(StoreFailure::Unavailable(_))),
        "a claim",
    );
    let version = store.register_version().await;
    away(
        matches!(version, Err(StoreFailure::Unavailable(_))),
        "a look-up",
    );
    let opened = Store::open_postgres(&url, 0, 4).await;
    away(
        matches!(opened, Err(StoreFailure::Unavailable(_))),
        "opening",
    );
    tokio::time::resume();
    road.unblock();
    // What was under way may have been written after all; the sender asks again.
    let again = store.admit(&messages(1..2), 1).await;
    assert!(
        matches!(again, Ok(Admit::Done | Admit::Conflict)),
        "{again:?}"
    );
    assert_eq!(found(&store, 0..2).await, 2);
}

#[tokio::test]
async fn a_server_that_only_reads_is_away_and_left() {
    let scratch = Scratch::new("oir_trouble_reads");
    let store = open(&scratch).await;
    let only_read = "alter database oir_trouble_reads set default_transaction_read_only";
    psql(&scratch.url(), &format!("{only_read} = on"));
    psql(
        &scratch.url(),
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where datname = current_database() and pid <> pg_backend_pid()",
    );
    // Until the connections that were ended are noticed and a new one reads.
    let mut reads = false;
    for _ in 0..10 {
        reads = reads || store.register_version().await.is_ok();
    }
    assert!(reads, "it does not even read");
    let admitted = store.admit(&messages(0..1), 1).await;
    assert!(
        matches!(admitted, Err(StoreFailure::Unavailable(_))),
        "{admitted:?}"
    );
    psql(
        &scratch.url(),
        "set transaction read write; \
         alter database oir_trouble_reads reset default_transaction_read_only",
    );
    // On a new connection: the old one would go on reading only.
    assert_eq!(store.admit(&messages(0..1), 1).await, Ok(Admit::Done));
}

/// Another's session on the server, to which one statement after the other is said.
struct Session(Child);

impl Session {
    fn new(url: &str) -> Self {
        let child = Command::new("psql")
            .args(["-q", "-d", url])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("psql");
        Self(child)
    }

    fn say(&mut self, sql: &str) {
        let input = self.0.stdin.as_mut().expect("its input");
        writeln!(input, "{sql}").expect("it listens");
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

/// Asks until it is so; each question takes a while, so nothing sleeps.
fn until(url: &str, sql: &str) {
    let met = (0..2_000).any(|_| psql(url, sql) == "t");
    assert!(met, "never: {sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_a_reason_to_look_again() {
    let scratch = Scratch::new("oir_trouble_deadlock");
    let (store, url) = (open(&scratch).await, scratch.url());
    assert_eq!(store.admit(&messages(0..2), 1).await, Ok(Admit::Done));
    let moves = vec![
        claimed(standing(&store, 0).await),
        claimed(standing(&store, 1).await),
    ];
    let id = |n: u64| uuid_v7(2 * n, [1; 10]);
    let touch = |n: u64| {
        let lock = "select 1 from bilag where bilag_id =";
        format!("{lock} '{}' for update;", id(n))
    };
    let mut other = Session::new(&url);
    // The other one never looks for deadlocks: the store's transaction gives way.
    other.say("set deadlock_timeout = '10min'; begin;");
    other.say(&touch(1));
    until(
        &url,
        "select count(*) > 0 from pg_stat_activity where state = 'idle in transaction' \
         and query like '%for update%' and datname = current_database()",
    );
    let writer = store.clone();
    let advancing = tokio::spawn(async move { writer.advance(&moves).await });
    until(
        &url,
        "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock' \
         and query like '%update bilag%' and datname = current_database()",
    );
    other.say(&touch(0));
    assert_eq!(advancing.await.ok(), Some(Ok(Advance::Stale)));
    assert_eq!(standing(&store, 0).await.version, 1);
    other.end();
}

#[tokio::test]
async fn totals_are_written_last() {
    let scratch = Scratch::new("oir_trouble_order");
    let (store, url) = (open(&scratch).await, scratch.url());
    psql(
        &url,
        "create table written (number bigserial, name text);
         create function note() returns trigger language plpgsql as $$
           begin insert into written (name) values (tg_table_name); return new; end $$;
         create trigger note before insert on afsendelse for each row execute function note();
         create trigger note before insert on bilag for each row execute function note();
         create trigger note before insert on postering for each row execute function note();
         create trigger note before insert on bilag_event for each row execute function note();
         create trigger note before insert on outbox for each row execute function note();
         create trigger note before insert on control_total for each row execute function note();",
    );
    assert_eq!(store.admit(&messages(0..4), 1).await, Ok(Admit::Done));
    let order = psql(
        &url,
        "select string_agg(name, ' ' order by number) from written",
    );
    // Triggers before each row: those after it wait for the end of the whole statement.
    let first_total = order.find("control_total").expect("totals");
    for rows in ["afsendelse", "bilag", "postering", "bilag_event", "outbox"] {
        let last = order.rfind(rows).expect("rows of each table");
        assert!(last < first_total, "{rows} after totals: {order}");
    }
}

#[tokio::test]
async fn each_process_that_joins_adds_to_rows_of_its_own() {
    let scratch = Scratch::new("oir_trouble_shards");
    let mut shards = std::collections::BTreeSet::new();
    for _ in 0..4 {
        let store = Store::join_postgres(&scratch.url(), 2)
            .await
            .expect("a store");
        shards.insert(store.shard());
    }
    assert_eq!(shards.len(), 4, "{shards:?}");
}
