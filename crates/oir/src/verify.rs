//! `oir verify`: everything computed again.

use std::io::Write;
use std::process::ExitCode;

use indicatif::ProgressBar;

use crate::house;

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
    for finding in &report.findings {
        writeln!(out, "AFVIGELSE: {}: {}", finding.check, finding.what)?;
    }
    Ok(ExitCode::from(u8::from(!report.findings.is_empty())))
}
