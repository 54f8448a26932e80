//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use jiff::civil::{Date, DateTime};

use crate::serve::config::Role;

pub(crate) mod kontoplan;
pub(crate) mod omsaetning;

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
    /// Kør tjenesten.
    Serve(Serve),
    /// Skriv en mappe med indstillinger, register og en besked af hver slags at begynde med.
    Example {
        /// Mappen; den oprettes.
        folder: PathBuf,
    },
    /// Send filer som et fagsystem gør, og vis kvitteringerne. Slutter med 1 ved afvisning.
    Send(Send),
    /// Vis bilag og deres forløb.
    #[command(subcommand)]
    Bilag(Bilag),
    /// Nøgler, som fagsystemer og økonomisystemer logger ind med.
    #[command(subcommand)]
    Key(Key),
    /// Registeret som filer: hvem sender for hvem, perioder, sortiment, omsætningstabeller.
    #[command(subcommand)]
    Register(Register),
    /// Kommunernes kontoplaner: importér, hent, kontrollér, slå op.
    #[command(subcommand)]
    Kontoplan(kontoplan::Kontoplan),
    /// Omsætningstabeller: se, kontrollér, simulér, sammenlign, forklar og godkend udgaver.
    #[command(subcommand)]
    Omsaetning(omsaetning::Omsaetning),
    /// Sortimenter: hvilke værdier et fagsystem må sende, hvem der følger dem, og varsler.
    #[command(subcommand)]
    Sortiment(Sortiment),
    /// Tag en sikker kopi af en SQLite-database i brug, og efterregn kopien.
    Backup {
        /// SQLite-fil.
        #[arg(long, default_value = "oir.db")]
        database: String,
        /// Kopien; må ikke findes.
        target: PathBuf,
    },
    /// Notér en sikkerhedskopi, der er taget med databasens egne værktøjer (PostgreSQL).
    BackupNoted {
        #[command(flatten)]
        at: At,
        /// Hvor kopien ligger.
        place: String,
        /// Kopiens størrelse i byte.
        #[arg(long)]
        bytes: Option<u64>,
        /// Kopien er efterregnet med `oir verify` uden afvigelser.
        #[arg(long)]
        verified: bool,
    },
    /// Sig, om alt kører, og hvad der skal gøres. Slutter med 1, når nogen skal gøre noget.
    Status {
        /// Indstillingerne, som tjenesten kører med.
        #[arg(long)]
        config: Option<PathBuf>,
        /// Databasen, i stedet for indstillingernes.
        #[arg(long, env = "OIR_DATABASE", hide_env_values = true)]
        database: Option<String>,
    },
    /// Sæt et økonomisystem på pause, og genoptag det.
    #[command(subcommand)]
    Partner(Partner),
    /// Kør prøveøkonomisystemet alene.
    Erp(Erp),
    /// Bedøm filer med finansbilag mod kontrakten, uden server. Slutter med 1 ved fejl.
    Check {
        /// SOAP-beskeder, 1.1 eller 1.2.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Mål hastighed og hukommelse på denne maskine.
    #[command(subcommand)]
    Bench(Bench),
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
    /// Økonomisystemet kvitterer igen bagefter i så mange procent af kaldene.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) books_twice_percent: u8,
}

/// Hvordan tjenesten køres.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// Indstillingerne; uden fil gælder standardværdierne.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Skriv alle indstillinger med forklaring og standardværdi, og slut.
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Databasen, i stedet for indstillingernes.
    #[arg(long, env = "OIR_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Hvad processen gør, i stedet for indstillingernes roller.
    #[arg(long, value_delimiter = ',')]
    pub(crate) role: Vec<Role>,
}

/// Hvad der sendes, og hvorhen.
#[derive(Debug, Clone, Args)]
pub(crate) struct Send {
    /// SOAP-beskeder, 1.1 eller 1.2.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Tjenestens adresse, fx <http://127.0.0.1:8590/service/OIR/ModtagFinansbilag/2>.
    #[arg(long)]
    pub(crate) to: String,
}

/// Hvor der slås op.
#[derive(Debug, Clone, Args)]
pub(crate) struct At {
    /// SQLite-fil eller adresse på en PostgreSQL-database.
    #[arg(
        long,
        env = "OIR_DATABASE",
        hide_env_values = true,
        default_value = "oir.db"
    )]
    pub(crate) database: String,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Bilag {
    /// De nyeste bilag, der passer.
    List(BilagList),
    /// Lad et parkeret bilag gå videre, når årsagen er rettet.
    Release {
        /// bil_-nummer eller BilagUUID.
        id: String,
        #[command(flatten)]
        at: At,
    },
    /// Ét bilag med hele dets forløb.
    Show {
        /// bil_-nummer eller BilagUUID.
        id: String,
        #[command(flatten)]
        at: At,
    },
}

/// Hvilke bilag.
#[derive(Debug, Clone, Args)]
pub(crate) struct BilagList {
    #[command(flatten)]
    pub(crate) at: At,
    /// Kommunekode.
    #[arg(long)]
    pub(crate) kommune: Option<u16>,
    /// Fagsystemets korte navn, fx KSD.
    #[arg(long)]
    pub(crate) fagsystem: Option<String>,
    /// Tilstand, fx held, uncertain, refused, parked.
    #[arg(long)]
    pub(crate) state: Option<String>,
    /// Modtaget fra og med denne dag.
    #[arg(long)]
    pub(crate) from: Option<Date>,
    /// Modtaget til og med denne dag.
    #[arg(long)]
    pub(crate) to: Option<Date>,
    /// Ord i teksten, bilagsnummer eller id.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// Flest linjer.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Key {
    /// Lav en nøgle. Den skrives på standard output, denne ene gang.
    New(KeyNew),
    /// Alle nøgler: id, tilstand, udløb, sidst brugt, navn.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Afslut en nøgle; den virker ikke få sekunder efter.
    End {
        /// key_-nummer.
        id: String,
        /// Hvorfor.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        at: At,
    },
}

/// Hvad nøglen gælder for.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeyNew {
    #[command(flatten)]
    pub(crate) at: At,
    /// Navn, fx "KSD i produktion".
    #[arg(long)]
    pub(crate) name: String,
    /// Fagsystemets korte navn, fx KSD.
    #[arg(long, required_unless_present = "books")]
    pub(crate) fagsystem: Option<String>,
    /// Nøglen er til et økonomisystem.
    #[arg(long, conflicts_with = "fagsystem")]
    pub(crate) books: bool,
    /// Kommunekoder.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) kommune: Vec<u16>,
    /// Hvad den må bruges til: bilag:send, bilag:read, kvittering:give, kontroltotal:state;
    /// ellers alt, hvad systemet kan få.
    #[arg(long, value_delimiter = ',')]
    pub(crate) right: Vec<String>,
    /// Dage, den gælder; højst 397.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=397))]
    pub(crate) days: u16,
    /// Nøglen, den afløser; den slutter efter --overlap-days.
    #[arg(long)]
    pub(crate) follows: Option<String>,
    /// Dage, hvor begge gælder.
    #[arg(long, default_value_t = 7)]
    pub(crate) overlap_days: u16,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Partner {
    /// Kald ikke økonomisystemet; bilag modtages og venter. Gælder straks i alle processer.
    Pause {
        /// Kommunekode, eller `alle`.
        kommune: String,
        /// Hvorfor; vises på siderne og står i loggen.
        #[arg(long)]
        reason: String,
        /// Slutter af sig selv, dansk tid, fx 2026-11-25T06:00.
        #[arg(long)]
        until: Option<DateTime>,
        #[command(flatten)]
        at: At,
    },
    /// Kald økonomisystemet igen: slutter alle pauser, der gælder netop det nu.
    Resume {
        /// Kommunekode, eller `alle`.
        kommune: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Register {
    /// Erstat registeret med mappens filer; er der fejl i dem, ændres intet.
    Import {
        /// Mappen med filerne.
        folder: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// Skriv registeret som filer.
    Export {
        /// Mappen; den oprettes.
        folder: PathBuf,
        #[command(flatten)]
        at: At,
    },
}

/// Hvis sortiment.
#[derive(Debug, Clone, Args)]
pub(crate) struct Whose {
    /// Fagsystemets korte navn eller UUID.
    #[arg(long)]
    pub(crate) fagsystem: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Sortiment {
    /// Registrér, hvad en fil siger (.xml, .xlsx eller .csv); er der fejl i den, ændres intet.
    Import {
        /// Filen.
        file: PathBuf,
        #[command(flatten)]
        whose: Whose,
    },
    /// Skriv sortimentet som fil; endelsen siger, om det er .xml, .xlsx eller .csv.
    Export {
        /// Filen.
        file: PathBuf,
        #[command(flatten)]
        whose: Whose,
        /// Kun det, der kan sendes for denne kommune.
        #[arg(long)]
        kommune: Option<u16>,
    },
    /// Vis værdierne.
    List {
        #[command(flatten)]
        whose: Whose,
        /// Kun det, der kan sendes for denne kommune.
        #[arg(long)]
        kommune: Option<u16>,
        /// Kun det, der gælder denne dag.
        #[arg(long)]
        day: Option<jiff::civil::Date>,
    },
    /// Varsl ændringerne i en fil (.xlsx eller .csv) fra en dag; før den dag må intet ændres.
    Announce {
        /// Filen.
        file: PathBuf,
        #[command(flatten)]
        whose: Whose,
        /// Den første dag, de gælder.
        #[arg(long)]
        from: jiff::civil::Date,
        /// Hvad de handler om.
        #[arg(long)]
        text: String,
        /// Hvis egne værdier; ellers de landsdækkende.
        #[arg(long)]
        kommune: Option<u16>,
    },
    /// Vis, hvem der følger sortimenterne, og hvor langt de er.
    Subscribers {
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Bench {
    /// Modtagelse af bilag på ti posteringer: over HTTP og uden, og gulvet i samme kørsel.
    Finans(BenchFinans),
    /// Portalens sider, søgninger og udtræk på en fyldt database.
    Portal(BenchPortal),
    /// En stor omsætningstabel: oversættelse og opslag ved siden af databaser i samme kørsel.
    Omsaetning(BenchOmsaetning),
}

/// Hvor stor en tabel der måles, og ved siden af hvad.
#[derive(Debug, Clone, Args)]
pub(crate) struct BenchOmsaetning {
    /// Regler i tabellen.
    #[arg(long, default_value_t = 20_000)]
    pub(crate) rules: usize,
    /// Posteringer, der omsættes.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    pub(crate) postings: u64,
    /// Posteringer, som databaserne også får; 0 = ingen databaser.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) compared: u64,
    /// Størrelser på tabeller, der vises ved siden af hinanden.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 2_000, 20_000, 200_000])]
    pub(crate) growth: Vec<usize>,
    /// En PostgreSQL-database; alt i den er midlertidigt.
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// Python med DuckDB; uden hentes DuckDB til en Python i mappen.
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Runder i hver database; den bedste vises.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: u16,
    /// Frø: afgør regler og posteringer.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Mappe til data; ellers en ny midlertidig mappe.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
}

/// Hvor stor en database der spørges, og hvor tit.
#[derive(Debug, Clone, Args)]
pub(crate) struct BenchPortal {
    /// En tom database, eller en, der er fyldt med samme tal og frø: en fil eller en adresse
    /// på PostgreSQL.
    #[arg(long)]
    pub(crate) database: String,
    /// Posteringer, omtrent.
    #[arg(long, default_value_t = 10_000_000)]
    pub(crate) postings: u64,
    /// Frø: afgør alt i databasen.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Forespørgsler pr. spørgsmål.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) requests: u16,
    /// Skriv tallene som JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Hvad der måles, og hvor længe.
#[derive(Debug, Clone, Args)]
pub(crate) struct BenchFinans {
    /// En tom PostgreSQL-database, der måles ved siden af SQLite.
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// Mappe til data; ellers en ny midlertidig mappe.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Samtidige afsendere.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32, 128], value_parser = clap::value_parser!(u16).range(1..=900))]
    pub(crate) senders: Vec<u16>,
    /// Sekunder pr. måling.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) seconds: u16,
    /// Runder; medianen vises.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: u16,
    /// En anden modtager, der måles på skift med os.
    #[arg(long, requires = "peer_message")]
    pub(crate) peer: Option<String>,
    /// Den andens besked: en fil, hvori --peer-id er bilagets nummer.
    #[arg(long)]
    pub(crate) peer_message: Option<PathBuf>,
    /// De tolv cifre i filen, der skiftes ud.
    #[arg(long, default_value = "424242424242")]
    pub(crate) peer_id: String,
}

/// Hvordan prøveøkonomisystemet opfører sig.
#[derive(Debug, Clone, Args)]
pub(crate) struct Erp {
    /// Mappe med myndigheder og kontoplan.
    #[arg(long)]
    pub(crate) register: PathBuf,
    /// Bøgernes fil.
    #[arg(long, default_value = "books.db")]
    pub(crate) file: PathBuf,
    /// Hvor det lytter.
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub(crate) listen: SocketAddr,
    /// Afvis denne konto; kan gentages.
    #[arg(long)]
    pub(crate) refuse: Vec<String>,
    /// Dette regnskabsår er lukket; kan gentages.
    #[arg(long)]
    pub(crate) closed_year: Vec<i16>,
    /// Kontér selv efter denne omsætningstabel (en fil som registerets omsaetning.csv), og afvis
    /// det, den ingen konto har for.
    #[arg(long)]
    pub(crate) omsaetning: Option<PathBuf>,
    /// Vent så mange millisekunder før svar.
    #[arg(long, default_value_t = 0)]
    pub(crate) slow_ms: u32,
    /// Vær optaget i så mange procent af kaldene.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) fail_percent: u8,
    /// Bryd forbindelsen efter bogføring i så mange procent af kaldene.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) cut_percent: u8,
    /// Kvittér igen bagefter i så mange procent af kaldene; kræver --hub.
    #[arg(long, default_value_t = 0, requires = "hub", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) twice_percent: u8,
    /// Korridorens adresse, for kvitteringer, der bringes igen.
    #[arg(long)]
    pub(crate) hub: Option<String>,
    /// Frø: afgør, hvilke kald der rammes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}
