//! `oir`: the corridor, its reference partners and its tools in one program.
//!
//! The only room that knows all the others: it reads the command line, puts the parts
//! together, and says in Danish what came of it.

mod backup;
mod bench;
mod bilag;
mod check;
mod cli;
mod demo;
mod erp;
mod example;
mod files;
mod house;
mod key;
mod kontoplan;
mod log;
mod omsaetning;
mod operation;
mod process;
mod register;
mod send;
mod serve;
mod sortiment;
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
    if !matches!(command, cli::Command::Serve(_) | cli::Command::Erp(_)) {
        log::quiet();
    }
    match command {
        cli::Command::Bench(cli::Bench::Finans(options)) => bench::finans(&options).await,
        cli::Command::Bench(cli::Bench::Omsaetning(options)) => bench::omsaetning::run(&options),
        cli::Command::Bench(cli::Bench::Portal(options)) => bench::portal::run(&options).await,
        cli::Command::Demo(options) => demo::run(options).await,
        cli::Command::Serve(options) if options.print_config => print_config(),
        cli::Command::Serve(options) => serve::run(options).await,
        cli::Command::Example { folder } => example::run(&folder),
        cli::Command::Send(options) => send::run(&options).await,
        cli::Command::Bilag(cli::Bilag::List(options)) => bilag::list(&options).await,
        cli::Command::Bilag(cli::Bilag::Release { id, at }) => {
            bilag::release(&at.database, &id).await
        }
        cli::Command::Bilag(cli::Bilag::Show { id, at }) => bilag::show(&at.database, &id).await,
        cli::Command::Key(cli::Key::New(options)) => key::make(&options).await,
        cli::Command::Key(cli::Key::List { at }) => key::list(&at.database).await,
        cli::Command::Key(cli::Key::End { id, reason, at }) => {
            key::end(&at.database, &id, &reason).await
        }
        cli::Command::Register(cli::Register::Import { folder, at }) => {
            register::import(&at.database, &folder).await
        }
        cli::Command::Register(cli::Register::Export { folder, at }) => {
            register::export(&at.database, &folder).await
        }
        cli::Command::Kontoplan(command) => kontoplan::run(&command).await,
        cli::Command::Omsaetning(command) => omsaetning::run(&command).await,
        cli::Command::Sortiment(command) => sortiment::run(command).await,
        cli::Command::Backup { database, target } => backup::run(&database, &target).await,
        cli::Command::BackupNoted {
            at,
            place,
            bytes,
            verified,
        } => operation::backup_noted(&at.database, &place, bytes, verified).await,
        cli::Command::Status { config, database } => {
            operation::status(config.as_deref(), database).await
        }
        cli::Command::Partner(cli::Partner::Pause {
            kommune,
            reason,
            until,
            at,
        }) => operation::pause(&at.database, &kommune, &reason, until).await,
        cli::Command::Partner(cli::Partner::Resume { kommune, at }) => {
            operation::resume(&at.database, &kommune).await
        }
        cli::Command::Erp(options) => erp::run(&options).await,
        cli::Command::Check { files } => check::run(&files),
        cli::Command::Verify { database } => verify::run(&database).await,
    }
}

fn print_config() -> anyhow::Result<ExitCode> {
    write!(std::io::stdout(), "{}", serve::config::DEFAULT)?;
    Ok(ExitCode::SUCCESS)
}
