//! `oir verify`: everything computed again.

use std::io::Write;
use std::process::ExitCode;

use indicatif::ProgressBar;

use oir_domain::operation::{Upkeep, UpkeepKind};
use oir_flow::ports::operation::Operation;
use oir_flow::ports::process::Clock;

use crate::house;
use crate::process::SystemClock;

/// Verifies a database; 1 when anything differs.
pub(crate) async fn run(database: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let bar = ProgressBar::new_spinner().with_message("afsendelser efterregnet");
    let report = store.verify(&|messages| bar.set_position(messages)).await?;
    bar.finish_and_clear();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} afsendelser og {} posteringer efterregnet, {} afvigelser",
        report.messages,
        report.postings,
        report.findings.len()
    )?;
    let done = Upkeep {
        at: SystemClock.now(),
        place: "".into(),
        bytes: None,
        findings: u64::try_from(report.findings.len()).ok(),
    };
    // What was found is said, even where it cannot be noted.
    if let Err(failure) = store.cared(UpkeepKind::Verify, &done).await {
        writeln!(out, "Efterregningen kunne ikke noteres: {failure}")?;
    }
    for finding in &report.findings {
        writeln!(out, "AFVIGELSE: {}: {}", finding.check, finding.what)?;
    }
    Ok(ExitCode::from(u8::from(!report.findings.is_empty())))
}
