//! `oir kontoplan`: a municipality's accounts from the command line, by the same rules and
//! with the same words as on the pages.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::{Regnskabsaar, copenhagen, day_of};
use oir_domain::kontoplan::change::{ChangeKind, Tally};
use oir_domain::kontoplan::national::national;
use oir_domain::kontoplan::{Closed, KontoForm, Kontoplan, Standing, check};
use oir_flow::kontoplan::{Imported, Incoming, Prepared, prepare};
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::kontoplan::Kontoplaner;
use oir_store::Store;
use oir_web::danish_format::{instant_short, whole};
use oir_wire::danish::kontoplan as danish;
use oir_wire::kontoplan::{Problem, csv, read, xlsx};

use crate::cli::kontoplan::{Kontoplan as Command, KontoplanCheck, KontoplanImport, KontoplanOf};
use crate::files::{ending, refuse};
use crate::house;

/// Carries out one of its commands.
pub(crate) async fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Import(options) => import(options).await,
        Command::Export { file, of, version } => export(file, of, *version).await,
        Command::Check(options) => examine(options).await,
        Command::List { at } => list(&at.database).await,
        Command::Show { konto, of } => show(konto, of).await,
    }
}

fn this_year() -> Regnskabsaar {
    Regnskabsaar(day_of(Timestamp::now(), &copenhagen()).year())
}

fn form(text: &str) -> anyhow::Result<KontoForm> {
    let form = text.parse::<KontoForm>();
    form.map_err(|fault| anyhow::anyhow!("--form {text}: {}", danish::dimensions(fault)))
        .context("vælg autoriseret, sap-par, prisme eller egne-dimensioner:-:navn,navn")
}

async fn ruling(
    store: &Store,
    of: &KontoplanOf,
    version: Option<u32>,
) -> anyhow::Result<Kontoplan> {
    let kommune = house::kommune(&store.register().await?, of.kommune)?;
    let everything = Scope::everything();
    let plan = store.kontoplan(&everything, kommune, version);
    let missing = || match version {
        Some(version) => format!("kommune {kommune} har ingen udgave {version}"),
        None => format!("kommune {kommune} har ingen kontoplan; importér den først"),
    };
    plan.await?.with_context(missing)
}

async fn import(options: &KontoplanImport) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(&options.of.at.database).await?;
    let kommune = house::kommune(&store.register().await?, options.of.kommune)?;
    let everything = Scope::everything();
    let form = match &options.form {
        Some(text) => form(text)?,
        None => {
            let heads = store
                .kontoplan_versions(&everything, kommune, None, 1)
                .await?;
            let head = heads.into_iter().next();
            head.context("--form mangler: kommunen har ingen kontoplan endnu")?
                .form
        }
    };
    let path = &options.file;
    let bytes = std::fs::read(path).with_context(|| format!("filen {}", path.display()))?;
    let source = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let incoming = Incoming {
        kommune,
        form: &form,
        source: source.as_deref().unwrap_or(""),
        bytes: &bytes,
        aar: this_year(),
    };
    let read = prepare(&store, &everything, incoming).await?;
    let mut out = std::io::stdout().lock();
    told(&mut out, &read)?;
    if options.preview && read.faults().is_empty() {
        writeln!(out, "Intet er gemt.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let done = read
        .import(&store, &house::operator(), Timestamp::now())
        .await?;
    match done {
        Imported::Version(version) => writeln!(out, "Gemt som udgave {version}.")?,
        Imported::Unchanged => writeln!(out, "Filen ændrer intet.")?,
        Imported::Faulty => return refuse(&mut out, lines("FEJL", read.faults())),
        Imported::Overtaken => {
            writeln!(
                out,
                "En anden har importeret imens. Intet er ændret; prøv igen."
            )?;
        }
    }
    Ok(ExitCode::from(u8::from(done == Imported::Overtaken)))
}

/// Everything that a sound file would change, and everything that is said of it.
fn told(out: &mut impl Write, read: &Prepared) -> anyhow::Result<()> {
    if !read.faults().is_empty() {
        return Ok(());
    }
    for line in lines("bemærk", read.warnings()) {
        writeln!(out, "{line}")?;
    }
    if let Some(other) = read.other_form() {
        let (old, new) = (danish::form(other), danish::form(read.form()));
        writeln!(out, "Formen skifter fra {old} til {new}.")?;
    }
    let changes = read.changes();
    for change in changes.iter().filter(|change| change.is_change()) {
        let words: Vec<&str> = change
            .kinds
            .iter()
            .map(|kind| danish::change(*kind))
            .collect();
        let navn = change
            .after
            .or(change.before)
            .map_or("", |konto| &*konto.navn);
        writeln!(out, "{:<18} {}  {navn}", words.join(", "), change.konto())?;
    }
    let tally = Tally::of(&changes);
    let counts = ChangeKind::ALL.map(|kind| {
        let count = whole(tally.count(kind).into());
        format!("{}: {count}", danish::change(kind))
    });
    writeln!(out, "{}", counts.join(", "))?;
    Ok(())
}

/// Problems as lines: their weight, their place, and what is to be done.
fn lines<'p>(weight: &'p str, problems: &'p [Problem]) -> impl Iterator<Item = String> + 'p {
    problems.iter().map(move |problem| {
        let place = match &*problem.place {
            "" => "filen",
            place => place,
        };
        let Problem {
            code, text, remedy, ..
        } = problem;
        let known = problem.provenance.as_ref();
        let known = known.map_or_else(String::new, |known| format!(" ({known})"));
        format!("{weight:<6} {place:<6} {code}: {text} {remedy}{known}")
    })
}

async fn export(file: &Path, of: &KontoplanOf, version: Option<u32>) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(&of.at.database).await?;
    let plan = ruling(&store, of, version).await?;
    let bytes = match &*ending(file) {
        "xlsx" => xlsx(plan.konti()).context("regnearket kunne ikke skrives")?,
        "csv" => csv(plan.konti()),
        _ => bail!("filen skal ende på .xlsx eller .csv"),
    };
    std::fs::write(file, bytes).with_context(|| format!("filen {}", file.display()))?;
    let count = whole(u64::try_from(plan.konti().len()).unwrap_or(u64::MAX));
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "Udgave {}: {count} konti i {}.",
        plan.version(),
        file.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn examine(options: &KontoplanCheck) -> anyhow::Result<ExitCode> {
    let (bytes, form) = match (&options.file, &options.form) {
        (Some(path), Some(text)) => {
            let bytes = std::fs::read(path);
            (
                bytes.with_context(|| format!("filen {}", path.display()))?,
                form(text)?,
            )
        }
        _ => {
            let store = house::open_existing(&options.at.database).await?;
            let of = KontoplanOf {
                at: options.at.clone(),
                kommune: options.kommune.context("--kommune mangler")?,
            };
            let plan = ruling(&store, &of, None).await?;
            // What is stored is judged like a file: rows are those of an export.
            (csv(plan.konti()), plan.form().clone())
        }
    };
    let reading = read(&bytes, &form, this_year(), national());
    let mut out = std::io::stdout().lock();
    let faults = lines("FEJL", &reading.faults);
    for line in faults.chain(lines("bemærk", &reading.warnings)) {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "{} konti, {} fejl, {} bemærkninger. Holdt op mod vores udgave {} af den autoriserede \
         kontoplan.",
        whole(u64::try_from(reading.konti.len()).unwrap_or(u64::MAX)),
        reading.faults.len(),
        reading.warnings.len(),
        national().udgave()
    )?;
    Ok(ExitCode::from(u8::from(!reading.faults.is_empty())))
}

async fn list(database: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let zone = copenhagen();
    let heads = store.kontoplaner(&Scope::everything()).await?;
    let mut out = std::io::stdout().lock();
    for head in &heads {
        writeln!(
            out,
            "{}  udgave {:>3}  {:>8} konti  {}  {}  {}",
            head.kommune,
            head.version,
            whole(head.accounts.into()),
            instant_short(head.at, &zone),
            danish::form(&head.form),
            head.navn
        )?;
    }
    if heads.is_empty() {
        writeln!(out, "Ingen kommune har en kontoplan endnu.")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(konto: &str, of: &KontoplanOf) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(&of.at.database).await?;
    let plan = ruling(&store, of, None).await?;
    let text = plan.form().normalise(konto);
    let text = text.map_err(|faults| {
        let told = faults.first().map(danish::konto_fault);
        anyhow::anyhow!(
            "{konto}: {}",
            told.map_or_else(String::new, |told| told.text)
        )
    })?;
    let found = plan.konto(&text);
    let found = found.with_context(|| format!("kontoen {text} er ikke i kontoplanen"))?;
    let today = day_of(Timestamp::now(), &copenhagen());
    let aar = Regnskabsaar(today.year());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}  {}", plan.form().render(&text), found.navn)?;
    for part in plan.form().split(&text).unwrap_or_default() {
        writeln!(out, "  {:<18} {}", part.name, part.value)?;
    }
    let standing = match found.standing(today, aar) {
        Standing::Open => "åben".to_owned(),
        Standing::Closed(why) => format!("ikke åben: {}", danish::closed(why)),
        Standing::Unknown => "findes ikke".to_owned(),
    };
    writeln!(out, "I dag: {standing}")?;
    let days = danish::closed(Closed::Day(found.validity));
    writeln!(
        out,
        "Gyldig: {days}; {}",
        danish::closed(Closed::Aar(found.aar))
    )?;
    if let Some(own) = found.authorised(plan.form()) {
        let funktion = own.funktion();
        let navn = national()
            .funktion(&funktion)
            .map_or("", |fact| &*fact.navn);
        writeln!(out, "Autoriseret: {own} ({funktion} {navn})")?;
    }
    for finding in check::of_konto(found, plan.form(), aar, national()) {
        let told = danish::finding(&finding);
        let known = danish::provenance(&finding, national());
        writeln!(
            out,
            "{}: {} {} ({known})",
            finding.code.code(),
            told.text,
            told.remedy
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
