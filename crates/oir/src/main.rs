//! `oir`: the corridor, its reference partners and its tools in one program.
//!
//! The only room that knows all the others: it reads the command line, puts the parts
//! together, and says in Danish what came of it.

mod check;
mod cli;
mod demo;
mod house;
mod process;
mod verify;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let run = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match run {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell if even this cannot be written.
            drop(writeln!(std::io::stderr(), "oir: {error:#}"));
            ExitCode::from(2)
        }
    }
}

async fn run(command: cli::Command) -> anyhow::Result<ExitCode> {
    match command {
        cli::Command::Demo(options) => demo::run(options).await,
        cli::Command::Check { files } => check::run(&files),
        cli::Command::Verify { database } => verify::run(&database).await,
    }
}
