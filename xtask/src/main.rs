//! The house's own tools: `cargo xtask test` runs everything that must hold, on a fresh
//! machine too; `cargo xtask tidy` only what the house asks of its text.

mod postgres;
mod suite;
mod tidy;
mod tools;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo xtask test    everything: tools, text, lints, tests on both databases and with real clients
cargo xtask tidy    edges, sizes, glossary, paths in documents
cargo xtask errors  writes docs/errors.md from the catalogue of faults";

fn main() -> ExitCode {
    let job = std::env::args().nth(1).unwrap_or_default();
    let done = match job.as_str() {
        "test" => suite::run(),
        "tidy" => tidy::run(),
        "errors" => errors(),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {job}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn errors() -> Result<()> {
    let command = &mut cargo();
    command.args(["test", "-q", "-p", "oir-wire", "--test", "errors"]);
    run(command.env("OIR_WRITE", "1"))
}

/// The project's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command and fails with its words when it does.
fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command.status().with_context(|| shown.clone())?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}
