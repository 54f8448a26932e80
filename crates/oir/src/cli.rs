//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Korridoren mellem fagsystemer og kommunernes økonomi.
#[derive(Debug, Parser)]
#[command(name = "oir", version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Kør en hel arbejdsdag med opdigtede bilag: fagsystemer, korridor og økonomisystem.
    Demo(Demo),
    /// Bedøm filer med finansbilag mod kontrakten, uden server. Slutter med 1 ved fejl.
    Check {
        /// SOAP-beskeder, 1.1 eller 1.2.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Regn fingeraftryk, saldi og kontroltotaler efter i en database.
    Verify {
        /// SQLite-fil eller adresse på en PostgreSQL-database.
        database: String,
    },
}

/// Hvad demoen skal gøre.
#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// Slut, når dagen er omme; 0 kun hvis intet er tabt, dobbelt eller uafstemt.
    #[arg(long)]
    pub(crate) once: bool,
    /// Skriv resultatet som ét JSON-objekt.
    #[arg(long)]
    pub(crate) json: bool,
    /// Frø: samme frø giver samme dag.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Antal bilag.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) bilag: u32,
    /// Mappe til data; ellers en ny midlertidig mappe.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// En tom PostgreSQL-database i stedet for SQLite.
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// Port til siden; 0 = en ledig.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Samtidige afsendere.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) senders: u16,
    /// Økonomisystemet venter så mange millisekunder, før det svarer.
    #[arg(long, default_value_t = 0)]
    pub(crate) books_slow_ms: u32,
    /// Økonomisystemet er optaget i så mange procent af kaldene.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=95))]
    pub(crate) books_fail_percent: u8,
    /// Økonomisystemet bryder forbindelsen efter bogføring i så mange procent af kaldene.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) books_cut_percent: u8,
}
