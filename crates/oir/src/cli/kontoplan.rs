//! `oir kontoplan` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::At;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Kontoplan {
    /// Læs en fil (XLSX eller CSV) med alle kommunens konti, vis hvad der ændres, og gem den
    /// som ny udgave. Slutter med 1, og intet er ændret, når der er fejl.
    Import(KontoplanImport),
    /// Skriv en kommunes konti som fil, efter endelsen XLSX eller CSV.
    Export {
        /// Filen.
        file: PathBuf,
        #[command(flatten)]
        of: KontoplanOf,
        /// Udgaven; ellers den, der gælder.
        #[arg(long)]
        version: Option<u32>,
    },
    /// Hold konti op mod den autoriserede kontoplan: en fil, eller det, kommunen har.
    /// Slutter med 1, når noget afvises.
    Check(KontoplanCheck),
    /// Alle kommuners kontoplaner: form, antal konti, udgave, hvem og hvornår.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Én konto: dele, autoriseret kontostreng, hvornår den er åben, og hvad der er at bemærke.
    Show {
        /// Kontoen, som økonomisystemet skriver den.
        konto: String,
        #[command(flatten)]
        of: KontoplanOf,
    },
}

/// Hvis kontoplan.
#[derive(Debug, Clone, Args)]
pub(crate) struct KontoplanOf {
    #[command(flatten)]
    pub(crate) at: At,
    /// Kommunekode.
    #[arg(long)]
    pub(crate) kommune: u16,
}

/// Hvad der importeres.
#[derive(Debug, Clone, Args)]
pub(crate) struct KontoplanImport {
    /// Filen.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) of: KontoplanOf,
    /// Kontienes form: autoriseret, sap-par, prisme, eller fx
    /// "egne-dimensioner:-:sted,art,projekt". Ellers den, kontoplanen har.
    #[arg(long)]
    pub(crate) form: Option<String>,
    /// Vis kun, hvad der ville ændres.
    #[arg(long)]
    pub(crate) preview: bool,
}

/// Hvad der holdes op.
#[derive(Debug, Clone, Args)]
pub(crate) struct KontoplanCheck {
    /// En fil; ellers kommunens kontoplan i databasen.
    #[arg(long, requires = "form", conflicts_with = "kommune")]
    pub(crate) file: Option<PathBuf>,
    /// Filens form, som ved import.
    #[arg(long)]
    pub(crate) form: Option<String>,
    /// Kommunekode.
    #[arg(long, required_unless_present = "file")]
    pub(crate) kommune: Option<u16>,
    #[command(flatten)]
    pub(crate) at: At,
}
