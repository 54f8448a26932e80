//! `oir bench omsaetning`: what a large omsætningstabel costs to compile and to ask, beside the
//! same rules and postings joined in two databases, and the floors, in one run.

mod ours;
mod seed;
mod sql;

use std::cmp::Reverse;
use std::io::Write;
use std::process::ExitCode;

use anyhow::ensure;
use indicatif::ProgressBar;
use oir_domain::omsaetning::{Compiled, Rule};

use super::folder::Folder;
use crate::cli::BenchOmsaetning;
use ours::{Floors, Ours};
use seed::Sortiment;
use sql::{Files, Joined};

/// What the run came to.
struct Figures {
    ours: Ours,
    floors: Floors,
    joined: Vec<Joined>,
    growth: Vec<Ours>,
}

/// Rules in the order of their rank: the first that fits wins.
fn ranked(rules: &[Rule]) -> Vec<&Rule> {
    let mut order: Vec<&Rule> = rules.iter().collect();
    order.sort_by_key(|rule| (Reverse(rule.rank()), rule.number));
    order
}

/// Measures and prints.
pub(crate) fn run(options: &BenchOmsaetning) -> anyhow::Result<ExitCode> {
    let folder = Folder::open(options.data.as_deref())?;
    let sortiment = Sortiment::default();
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    let measure = |rules: usize, postings: u64| {
        bar.set_message(format!("{rules} regler"));
        ours::measure(options, (rules, postings), &sortiment)
    };
    let ours = measure(options.rules, options.postings)?;
    let compared = seed::postings(options.seed, 0, options.compared, &sortiment);
    let rules = seed::table(options.seed, options.rules, &sortiment);
    bar.set_message("gulve");
    let floors = ours::floors(options, &rules, &sortiment)?;
    let mut joined = Vec::new();
    if options.compared > 0 {
        let files = Files::write(folder.path(), &rules, &compared, &sortiment)?;
        bar.set_message("DuckDB");
        joined.push(files.duckdb(&options.python, options.rounds)?);
        if let Some(database) = &options.database {
            bar.set_message("PostgreSQL");
            joined.push(files.postgres(database, options.rounds)?);
        }
    }
    let (table, _) = Compiled::lenient(rules);
    for theirs in &joined {
        let mut place = theirs.rules.iter();
        let mut equal = 0_usize;
        table.find_each(compared.iter().map(seed::Sent::posting), |rule| {
            let same = place.next() == Some(&rule.map_or(0, |rule| rule.number));
            equal = equal.saturating_add(usize::from(same));
        });
        let (all, name) = (compared.len(), &theirs.name);
        ensure!(
            equal == all,
            "{name} giver kun samme regel for {equal} af {all}"
        );
    }
    drop((table, compared));
    let growth: anyhow::Result<Vec<Ours>> = options
        .growth
        .iter()
        .map(|rules| measure(*rules, options.postings / 10))
        .collect();
    bar.finish_and_clear();
    print(
        options,
        &Figures {
            ours,
            floors,
            joined,
            growth: growth?,
        },
    )?;
    Ok(ExitCode::SUCCESS)
}

fn print(options: &BenchOmsaetning, figures: &Figures) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let (ours, floors) = (&figures.ours, &figures.floors);
    writeln!(
        out,
        "{} regler, {} posteringer, frø {}: oversat på {:.0} ms, {} MB; {} uden regel; \
         alt i alt {:.2} mio. posteringer/s, typisk {:.2}\n",
        ours.rules,
        options.postings,
        options.seed,
        ours.compile_ms,
        ours.memory / 1_000_000,
        ours.unmapped,
        ours.whole / 1e6,
        ours.rate / 1e6
    )?;
    writeln!(
        out,
        "| hvad | posteringer/s | vores mod den | største hukommelse |\n|---|---|---|---|"
    )?;
    let mut line = |name: &str, rate: f64, peak: Option<u64>| {
        let peak = peak.map_or_else(
            || "–".to_owned(),
            |bytes| format!("{} MB", bytes / 1_000_000),
        );
        writeln!(
            out,
            "| {name} | {rate:.0} | {:.1} | {peak} |",
            ours.rate / rate
        )
    };
    line("oversat, flere ad gangen", ours.rate, Some(ours.peak))?;
    line("oversat, én ad gangen", ours.single, None)?;
    line("gulv: kun værdierne slået op", floors.values, None)?;
    line("opslag på ydelsesart, resten set efter", floors.map, None)?;
    line("alle regler set efter", floors.scan, None)?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let compared = options.compared as f64;
    for theirs in &figures.joined {
        line(&theirs.name, compared / theirs.seconds, theirs.peak)?;
    }
    if !figures.joined.is_empty() {
        writeln!(
            out,
            "\nSamme regel for alle {} posteringer hos {}.",
            options.compared,
            if options.database.is_some() {
                "begge databaser"
            } else {
                "DuckDB; PostgreSQL er ikke givet (--database)"
            }
        )?;
    }
    writeln!(
        out,
        "\n| regler | oversat ms | posteringer/s | hukommelse |\n|---|---|---|---|"
    )?;
    for one in &figures.growth {
        writeln!(
            out,
            "| {} | {:.1} | {:.0} | {:.1} MB |",
            one.rules,
            one.compile_ms,
            one.rate,
            ours::megabytes(one.memory)
        )?;
    }
    Ok(())
}
