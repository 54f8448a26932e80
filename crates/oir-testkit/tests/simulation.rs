//! Five hundred days, each with its own deaths and its own mischief.
#![expect(clippy::panic, clippy::expect_used, reason = "tests")]

use std::path::PathBuf;

use oir_testkit::simulation::{self, Database};

/// Seeds in the ordinary run; `OIR_SEED=n` repeats one alone.
const SEEDS: u64 = 500;
/// Bilag in each day.
const BILAG: u32 = 40;

fn run(seed: u64) -> simulation::Outcome {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sim-{seed}"));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).expect("a directory for the run");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let result = runtime.block_on(simulation::run(
        seed,
        Database::Sqlite(directory.clone()),
        BILAG,
    ));
    match result {
        Ok(outcome) => {
            drop(std::fs::remove_dir_all(&directory));
            outcome
        }
        Err(what) => panic!(
            "seed {seed}: {what}\nrepeat: OIR_SEED={seed} cargo test -p oir-testkit --test simulation"
        ),
    }
}

#[test]
fn nothing_is_lost_and_nothing_booked_twice_whatever_dies() {
    let only: Option<u64> = std::env::var("OIR_SEED").ok().and_then(|s| s.parse().ok());
    let seeds: Vec<u64> = only.map_or_else(|| (0..SEEDS).collect(), |seed| vec![seed]);
    let (mut deaths, mut booked, mut pauses) = (0_u64, 0_u64, 0_u64);
    for seed in &seeds {
        let outcome = run(*seed);
        deaths += u64::from(outcome.deaths);
        booked += outcome.booked;
        pauses += u64::from(outcome.pauses);
    }
    // A simulation in which nobody dies or nothing is booked proves nothing.
    if only.is_none() {
        assert!(deaths > SEEDS, "only {deaths} deaths");
        assert!(booked > SEEDS * 10, "only {booked} booked");
        assert!(pauses > SEEDS, "only {pauses} pauses");
    }
}

#[cfg(feature = "postgres")]
mod on_postgres {
    use super::{BILAG, simulation};
    use oir_testkit::postgres::Scratch;
    use oir_testkit::simulation::Database;

    /// Seeds on PostgreSQL: each takes a database of its own, so there are fewer.
    const SEEDS: u64 = 20;

    #[test]
    fn the_same_holds_on_postgresql() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            for seed in 0..SEEDS {
                let scratch = Scratch::new(&format!("oir_sim_{seed}"));
                let database = Database::Postgres(scratch.url());
                if let Err(what) = simulation::run(seed, database, BILAG).await {
                    panic!("seed {seed} on PostgreSQL: {what}");
                }
            }
        });
    }
}
