//! `cargo xtask test`: every check, in the order in which a mistake is found soonest.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::postgres::Server;
use crate::tools::Tools;
use crate::{cargo, root, tidy, tools};

/// Runs all steps; the last line says how many tests passed.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();
    let tools = tools::ready()?;
    step("text", tidy::run)?;
    step("format", || run_cargo(&["fmt", "--all", "--check"]))?;
    step("schemas", schemas)?;
    step("lints", || {
        run_cargo(&[
            "clippy",
            "-q",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ])
    })?;
    let server = Server::start(&tools)?;
    let passed = step("tests", || tests(&tools, &server))?;
    println!(
        "xtask test: all steps done, {passed} tests passed, 0 failed, in {} s",
        started.elapsed().as_secs()
    );
    Ok(())
}

fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    println!("xtask: {name}");
    let done = work().with_context(|| format!("step {name}"))?;
    println!("xtask: {name} done in {} s", started.elapsed().as_secs());
    Ok(done)
}

fn run_cargo(arguments: &[&str]) -> Result<()> {
    crate::run(cargo().args(arguments))
}

/// Every schema compiles with a validator that is not ours.
fn schemas() -> Result<()> {
    let folder = root().join("schemas/finans");
    for file in std::fs::read_dir(&folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|e| e == "xsd") {
            let probe = root().join("fixtures/finans/not-a-message.xml");
            let mut lint = Command::new("xmllint");
            let output = lint
                .args(["--noout", "--nonet", "--schema"])
                .arg(&path)
                .arg(&probe)
                .output()?;
            // 3 = the document is invalid, as meant; 5 = the schema does not compile.
            if !matches!(output.status.code(), Some(3 | 4)) {
                bail!(
                    "{}: {}",
                    path.display(),
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
    Ok(())
}

/// All tests of the workspace; gives how many passed.
fn tests(tools: &Tools, server: &Server) -> Result<u64> {
    let arguments = ["test", "--workspace", "--all-features", "--no-fail-fast"];
    let mut command = cargo();
    command
        .args(arguments)
        .env("OIR_TEST_POSTGRES", server.url())
        .env("OIR_TEST_PYTHON", &tools.python)
        .env("OIR_TEST_POSTGRES_BIN", &tools.postgres);
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    if !output.status.success() {
        bail!("cargo test: {}", output.status);
    }
    let results = said
        .lines()
        .filter(|line| line.starts_with("test result: ok. "));
    let passed = results.filter_map(|line| line.split(' ').nth(3)?.parse::<u64>().ok());
    Ok(passed.sum())
}
