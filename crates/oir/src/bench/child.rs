//! The service as a process of its own, as its users run it: `oir serve` on ports that the
//! kernel chooses.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use oir_wire::finans::SERVICE_PATH;
use serde_json::Value;

use super::wire::Address;

/// Settings of the process: nothing is delivered, so that reception alone is measured.
const CONFIG: &str = r#"
[service]
listen = "127.0.0.1:0"
[portal]
listen = "127.0.0.1:0"
reconcile_minutes = 0
[operation]
listen = "127.0.0.1:0"
[delivery]
workers = 0
[log]
form = "json"
"#;

/// A running service; ended with this value.
#[derive(Debug)]
pub(super) struct Service {
    process: Child,
    /// Where senders send.
    pub(super) url: String,
    operation: String,
}

impl Service {
    /// Starts it on a database.
    pub(super) fn start(folder: &Path, database: &str) -> anyhow::Result<Self> {
        let config = folder.join("bench.toml");
        std::fs::write(&config, CONFIG)?;
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", "--database", database, "--config"])
            .arg(&config)
            .stderr(Stdio::piped())
            .spawn()?;
        let said = process.stderr.take().context("ingen log")?;
        let mut lines = BufReader::new(said).lines();
        let (mut service, mut operation, mut last) = (None, None, String::new());
        while service.is_none() || operation.is_none() {
            let Some(line) = lines.next() else {
                drop(process.wait());
                bail!("tjenesten kom ikke i gang: {last}");
            };
            last = line?;
            let line: Value = serde_json::from_str(&last).unwrap_or_default();
            let address = line.get("address").and_then(Value::as_str);
            match line.get("what").and_then(Value::as_str) {
                Some("service") => service = address.map(str::to_owned),
                Some("operation") => operation = address.map(str::to_owned),
                _ => {}
            }
        }
        // What it says from now on is read away, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self {
            process,
            url: format!("http://{}{SERVICE_PATH}", service.unwrap_or_default()),
            operation: operation.unwrap_or_default(),
        })
    }

    /// A line of what the kernel says of its memory, bytes: `VmRSS:` held now, `VmHWM:` most.
    pub(super) fn memory(&self, line: &str) -> anyhow::Result<u64> {
        memory(self.process.id(), line)
    }

    /// Transactions in which it has received so far.
    pub(super) async fn groups(&self) -> anyhow::Result<u64> {
        let page = Address::parse(&format!("http://{}/metrics", self.operation))?;
        Ok(groups(&page.get().await?))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A line of what the kernel says of a process' memory, bytes.
pub(super) fn memory(process: u32, line: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let found = status.lines().find_map(|said| said.strip_prefix(line));
    let kilobytes = found.and_then(|said| said.trim().strip_suffix(" kB"));
    let kilobytes: u64 = kilobytes.and_then(|n| n.trim().parse().ok()).unwrap_or(0);
    Ok(kilobytes.saturating_mul(1024))
}

/// The counter of transactions in a text of metrics.
pub(super) fn groups(metrics: &str) -> u64 {
    let counter = |line: &str| {
        let number = line.strip_prefix("oir_store_commits_total")?;
        number.trim().parse().ok()
    };
    metrics.lines().find_map(counter).unwrap_or(0)
}
