//! `oir backup`: a consistent copy of a running SQLite database, checked before it counts.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use indicatif::ProgressBar;
use oir_domain::operation::{Upkeep, UpkeepKind};
use oir_flow::ports::operation::Operation;
use oir_flow::ports::process::Clock;
use oir_store::{Durability, Store};

use crate::house;
use crate::process::SystemClock;

/// Copies, then verifies the copy and notes that it was made; 1 when the copy has findings.
pub(crate) async fn run(database: &str, target: &Path) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    ensure!(
        store.is_sqlite(),
        "en PostgreSQL-database sikkerhedskopieres med dens egne værktøjer (pg_basebackup, pg_dump)"
    );
    let bar = ProgressBar::new(0).with_message("sider");
    store
        .backup(target, &|left, all| {
            bar.set_length(u64::try_from(all).unwrap_or(0));
            bar.set_position(u64::try_from(all.saturating_sub(left)).unwrap_or(0));
        })
        .with_context(|| format!("kopien {}", target.display()))?;
    bar.finish_and_clear();
    let copy = Store::open_sqlite(target, Durability::Durable).await?;
    let report = copy.verify(&|_| {}).await?;
    let done = Upkeep {
        at: SystemClock.now(),
        place: target.display().to_string().into(),
        bytes: std::fs::metadata(target).ok().map(|meta| meta.len()),
        findings: u64::try_from(report.findings.len()).ok(),
    };
    store.cared(UpkeepKind::Backup, &done).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{}: {} afsendelser, {} posteringer, {} afvigelser",
        target.display(),
        report.messages,
        report.postings,
        report.findings.len()
    )?;
    Ok(ExitCode::from(u8::from(!report.findings.is_empty())))
}
