//! `oir omsaetning` on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::Date;

use super::At;

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Omsaetning {
    /// Alle tabeller: udgaven, der gælder, regler, kladde, og bilag, der venter på en konto.
    List {
        #[command(flatten)]
        at: At,
        /// Kun denne kommune.
        #[arg(long)]
        kommune: Option<u16>,
    },
    /// En tabels udgaver, og med --version også reglerne i én af dem.
    Show {
        #[command(flatten)]
        of: TableOf,
        /// Udgaven, hvis regler vises.
        #[arg(long)]
        version: Option<u32>,
    },
    /// Kontrollér en udgave: fejl, hvad der ikke passer til kommunen, og hvad der kan sendes
    /// uden at have en konto. Slutter med 1, når der er noget.
    Check {
        #[command(flatten)]
        of: TableOf,
        /// Udgaven; ellers kladden, eller den nyeste godkendte.
        #[arg(long)]
        version: Option<u32>,
        /// Et regneark (XLSX eller CSV) i stedet for en udgave.
        #[arg(long, conflicts_with = "version")]
        file: Option<PathBuf>,
        /// Første dag, der ses på; ellers i dag, eller udgavens første dag, når den er senere.
        #[arg(long)]
        from: Option<Date>,
        /// Sidste dag; ellers et år efter den første.
        #[arg(long)]
        to: Option<Date>,
    },
    /// Kør kladden over bilag, der er modtaget: hvad ville havne et andet sted.
    Simulate(Simulate),
    /// Forskellen på to udgaver eller regneark. Slutter med 1, når der er en.
    Diff {
        /// Den gamle: en udgaves nummer eller en fil.
        old: String,
        /// Den nye.
        new: String,
        #[command(flatten)]
        of: TableOf,
    },
    /// Skriv en udgave som regneark, efter endelsen XLSX eller CSV.
    Export {
        /// Filen.
        file: PathBuf,
        #[command(flatten)]
        of: TableOf,
        /// Udgaven; ellers kladden, eller den nyeste godkendte.
        #[arg(long)]
        version: Option<u32>,
    },
    /// Læs et regneark, vis forskellen, og gem det som kladdens regler. Slutter med 1, og intet
    /// er ændret, når der er fejl.
    Import {
        /// Filen, XLSX eller CSV.
        file: PathBuf,
        #[command(flatten)]
        of: TableOf,
        /// Navnet på den, der gemmer; ellers vises kun forskellen.
        #[arg(long)]
        by: Option<String>,
    },
    /// Hvorfor en postering havner, hvor den gør: reglen, der vinder, og de nærmeste andre.
    Explain(Explain),
    /// Begynd en kladde med en udgaves regler; en ældre udgave fortryder de nyere.
    Begin(Begin),
    /// Sæt kladden i kraft. En anden end den, der har skrevet i den.
    Approve {
        #[command(flatten)]
        of: TableOf,
        /// Udgaven.
        #[arg(long)]
        version: u32,
        /// Navnet på den, der godkender.
        #[arg(long)]
        by: String,
    },
    /// Lad andre kommuner kopiere tabellen til en kladde.
    Share(Owned),
    /// Lad dem ikke kopiere den længere; kladder, der er begyndt, bliver.
    Unshare(Owned),
    /// Kassér kladden.
    Discard {
        #[command(flatten)]
        of: TableOf,
        /// Udgaven.
        #[arg(long)]
        version: u32,
        /// Navnet på den, der kasserer.
        #[arg(long)]
        by: String,
    },
}

/// Hvilken tabel.
#[derive(Debug, Clone, Args)]
pub(crate) struct TableOf {
    #[command(flatten)]
    pub(crate) at: At,
    /// Kommunekode.
    #[arg(long)]
    pub(crate) kommune: u16,
    /// Fagsystemets korte navn, fx KSD.
    #[arg(long)]
    pub(crate) fagsystem: String,
}

/// Hvad der simuleres.
#[derive(Debug, Clone, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) of: TableOf,
    /// Modtaget fra og med denne dag; ellers et år tilbage.
    #[arg(long)]
    pub(crate) from: Option<Date>,
    /// Modtaget til og med denne dag; ellers i dag.
    #[arg(long)]
    pub(crate) to: Option<Date>,
    /// Gem resultatet på kladden, så den kan godkendes; navnet på den, der har kørt den.
    #[arg(long)]
    pub(crate) by: Option<String>,
    /// Flest ændringer, der vises.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: usize,
}

/// Hvilken postering.
#[derive(Debug, Clone, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) of: TableOf,
    /// Værdier, fx ydelsesart=013 sted=2041.
    #[arg(required_unless_present = "bilag")]
    pub(crate) values: Vec<String>,
    /// En postering på dette bilag (bil_-nummer) i stedet for værdier.
    #[arg(long, conflicts_with = "values")]
    pub(crate) bilag: Option<String>,
    /// Bilagets linje.
    #[arg(long, default_value_t = 1)]
    pub(crate) line: u32,
    /// Konteringsdagen; ellers i dag.
    #[arg(long)]
    pub(crate) day: Option<Date>,
    /// Debet eller kredit.
    #[arg(long, value_enum, default_value_t = SideWord::Debet)]
    pub(crate) side: SideWord,
    /// Posteringstype.
    #[arg(long, value_enum, default_value_t = KindWord::Nor)]
    pub(crate) kind: KindWord,
    /// Regnskabsåret; ellers konteringsdagens.
    #[arg(long)]
    pub(crate) year: Option<i16>,
    /// Udgaven; ellers den, der gælder på dagen.
    #[arg(long)]
    pub(crate) version: Option<u32>,
    /// Et regneark (XLSX eller CSV) i stedet for en udgave.
    #[arg(long, conflicts_with = "version")]
    pub(crate) file: Option<PathBuf>,
    /// Flest andre regler, der vises.
    #[arg(long, default_value_t = 10)]
    pub(crate) limit: usize,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SideWord {
    Debet,
    Kredit,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum KindWord {
    Nor,
    Sup,
    Pri,
}

/// Hvis tabel, og hvem der siger det.
#[derive(Debug, Clone, Args)]
pub(crate) struct Owned {
    #[command(flatten)]
    pub(crate) of: TableOf,
    /// Navnet på den, der bestemmer det.
    #[arg(long)]
    pub(crate) by: String,
}

/// Hvordan en kladde begynder.
#[derive(Debug, Clone, Args)]
pub(crate) struct Begin {
    #[command(flatten)]
    pub(crate) of: TableOf,
    /// Udgaven, hvis regler den begynder med.
    #[arg(long, default_value_t = 0)]
    pub(crate) version: u32,
    /// Begynd med en anden kommunes tabel for fagsystemet i stedet; den skal være delt.
    #[arg(long, value_name = "KOMMUNE", conflicts_with = "version")]
    pub(crate) copy: Option<u16>,
    /// Hvad den er til.
    #[arg(long)]
    pub(crate) purpose: String,
    /// Den første dag, den gælder.
    #[arg(long)]
    pub(crate) from: Option<Date>,
    /// Navnet på den, der begynder den.
    #[arg(long)]
    pub(crate) by: String,
}
