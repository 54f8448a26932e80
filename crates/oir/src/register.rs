//! `oir register`: the register as files, in and out.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use oir_domain::register::RegisterData;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::process::Clock;
use oir_flow::ports::sortiment::Sortimenter;
use oir_wire::register_csv::{self, FILES, Files};

use crate::process::SystemClock;
use crate::{files, house};

/// Writes the register as files.
pub(crate) async fn export(database: &str, folder: &Path) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    write(&store.register_data().await?, folder)?;
    Ok(ExitCode::SUCCESS)
}

/// Replaces the register by files; 1 and nothing changed when anything is wrong in them.
pub(crate) async fn import(database: &str, folder: &Path) -> anyhow::Result<ExitCode> {
    let data = match register_csv::read(&load(folder)?) {
        Ok(data) => data,
        Err(faults) => return files::refuse(&mut std::io::stdout().lock(), faults),
    };
    let store = house::open(database).await?;
    let now = SystemClock.now();
    let version = store.import_register(&data, now).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Register {version}: {} myndigheder, {} fagsystemer, {} aftaler, {} sortimentsværdier, \
         {} rækker i omsætningstabeller, {} økonomisystemer. En kørende oir følger med selv.",
        data.myndigheder.len(),
        data.fagsystemer.len(),
        data.agreements.len(),
        data.sortiment.len(),
        data.omsaetning.len(),
        data.receivers.len()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the files of a register into a folder, which is made.
pub(crate) fn write(data: &RegisterData, folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("mappen {}", folder.display()))?;
    for (name, bytes) in register_csv::write(data) {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// Reads the files of a register that are in a folder.
pub(crate) fn load(folder: &Path) -> anyhow::Result<Files> {
    let mut files = Files::new();
    for name in FILES {
        let path = folder.join(name);
        if path.exists() {
            files.insert(name, std::fs::read(path)?);
        }
    }
    anyhow::ensure!(
        !files.is_empty(),
        "mappen {} har ingen af filerne {}",
        folder.display(),
        FILES.join(", ")
    );
    Ok(files)
}
