//! `oir omsaetning`: omsætningstabeller from the command line, by the same rules as on the
//! pages. Whoever sits at the machine works in the name that they give; the log says that it
//! was at the machine, and a draft is still approved under another name than it was written.

mod files;
mod told;

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::calendar::{Regnskabsaar, copenhagen, day_of};
use oir_domain::finans::Posteringstype;
use oir_domain::ids::BilagId;
use oir_domain::money::Side;
use oir_domain::omsaetning::check::check;
use oir_domain::omsaetning::{
    Explanation, Misfit, Posting, Rule, Stage, Standing, TableId, Unfit, Values, Version,
    difference, explain, unfit,
};
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;
use oir_flow::omsaetning::{Head, NotDone, Start, Surroundings, Work, window, year_ahead};
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::kontoplan::Kontoplaner;
use oir_flow::ports::omsaetning::{Omsaetningstabeller, Sharing};
use oir_flow::ports::views::Views;
use oir_store::Store;
use oir_web::danish_format::whole;
use oir_wire::danish::omsaetning as danish;

use crate::cli::omsaetning::{
    Begin, Explain, KindWord, Omsaetning as Command, Owned, SideWord, Simulate, TableOf,
};
use crate::files::refuse;
use crate::house;

/// Carries out one of its commands.
pub(crate) async fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List { at, kommune } => list(&at.database, *kommune).await,
        Command::Show { of, version } => show(of, *version).await,
        Command::Check {
            of,
            version,
            file,
            from,
            to,
        } => examine(of, (*version, file.as_deref()), (*from, *to)).await,
        Command::Simulate(options) => simulate(options).await,
        Command::Diff { old, new, of } => diff(of, (old, new)).await,
        Command::Export { file, of, version } => files::export(file, of, *version).await,
        Command::Import { file, of, by } => files::import(file, of, by.as_deref()).await,
        Command::Explain(options) => why(options).await,
        Command::Begin(options) => begin(options).await,
        Command::Approve { of, version, by } => approve(of, *version, by).await,
        Command::Discard { of, version, by } => discard(of, *version, by).await,
        Command::Share(owned) => share(owned, Sharing::Shared).await,
        Command::Unshare(owned) => share(owned, Sharing::Private).await,
    }
}

/// A table that is being worked on.
struct Desk {
    store: Store,
    register: Register,
    table: TableId,
    by: Person,
}

impl Desk {
    async fn open(of: &TableOf, by: Option<&str>) -> anyhow::Result<Self> {
        let store = house::open_existing(&of.at.database).await?;
        let register = store.register().await?;
        let kommune = house::kommune(&register, of.kommune)?;
        let fagsystem = house::fagsystem(&register, &of.fagsystem)?.id;
        Ok(Self {
            store,
            table: TableId { kommune, fagsystem },
            by: operator(kommune, by)?,
            register,
        })
    }

    fn work(&self) -> Work<'_> {
        Work {
            tables: &self.store,
            by: &self.by,
            now: Timestamp::now(),
            table: self.table,
        }
    }

    async fn versions(&self) -> anyhow::Result<Vec<Version>> {
        let all = Scope::everything();
        let versions = self.store.versions(&all, self.table).await?;
        anyhow::ensure!(
            !versions.is_empty(),
            "kommunen har ingen tabel for fagsystemet"
        );
        Ok(versions)
    }

    /// The version that is named; else the draft, or the newest approved one.
    async fn version(&self, number: Option<u32>) -> anyhow::Result<Version> {
        let versions = self.versions().await?;
        let wanted = |version: &&Version| match number {
            Some(number) => version.number == number,
            None => version.stage != Stage::Discarded,
        };
        let found = versions.iter().find(wanted).cloned();
        found.with_context(|| match number {
            Some(number) => format!("tabellen har ingen udgave {number}"),
            None => "tabellen har kun udgaver, der er kasseret".to_owned(),
        })
    }

    async fn draft(&self) -> anyhow::Result<Version> {
        let versions = self.versions().await?;
        let draft = versions.into_iter().find(|v| v.stage == Stage::Draft);
        draft.context("tabellen har ingen kladde; begynd én med oir omsaetning begin")
    }

    async fn rules(&self, number: u32) -> anyhow::Result<Vec<Rule>> {
        let all = Scope::everything();
        let rules = self.store.rules(&all, self.table, number).await?;
        rules.with_context(|| format!("tabellen har ingen udgave {number}"))
    }
}

/// Who sits at the machine, with a finance officer's rights in that municipality.
fn operator(kommune: Kommunekode, by: Option<&str>) -> anyhow::Result<Person> {
    let mut person = house::operator();
    let grant = Grant::try_new(Role::AnsvarligFinans, Some(kommune), None);
    person.grants = grant.into_iter().collect();
    if let Some(navn) = by.map(str::trim) {
        anyhow::ensure!(!navn.is_empty(), "--by skal være et navn");
        person.subject = format!("{}: {navn}", person.subject).into();
        person.navn = navn.into();
    }
    Ok(person)
}

fn today() -> Date {
    day_of(Timestamp::now(), &copenhagen())
}

/// Why something was not done, in words; nothing is changed then.
fn refusal(not_done: NotDone) -> anyhow::Error {
    let lines: Vec<String> = match not_done {
        NotDone::NotThere => vec!["tabellen eller udgaven findes ikke".to_owned()],
        NotDone::Stale => {
            vec!["en anden har skrevet imens, eller der er allerede en kladde".to_owned()]
        }
        NotDone::Purpose => vec!["--purpose skal være på 1-300 tegn".to_owned()],
        NotDone::CalledOff => vec!["afbrudt".to_owned()],
        NotDone::OtherForm { .. } => vec!["kommunernes konti har ikke samme form".to_owned()],
        NotDone::Faults(faults) => danish::faults(&faults).iter().map(fault).collect(),
        NotDone::Objections(objections) => {
            let said = objections.into_iter().map(|objection| {
                let (code, text, remedy) = danish::objection(objection);
                format!("{code}: {text} {remedy}")
            });
            said.collect()
        }
        NotDone::Store(failure) => return failure.into(),
    };
    anyhow::anyhow!("{}\nIntet er ændret.", lines.join("\n"))
}

fn fault(told: &danish::Told) -> String {
    let rule = told
        .rule
        .map_or_else(String::new, |rule| format!(" regel {rule}"));
    format!("{}{rule}: {} {}", told.code, told.text, told.remedy)
}

async fn list(database: &str, kommune: Option<u16>) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let register = store.register().await?;
    let mut out = std::io::stdout().lock();
    let mut lines = store.tables(&Scope::everything()).await?;
    lines.retain(|line| kommune.is_none_or(|only| line.table.kommune.0 == only));
    for line in &lines {
        let system = register.fagsystem(line.table.fagsystem);
        let draft = line
            .draft
            .map_or_else(String::new, |n| format!("  kladde {n}"));
        writeln!(
            out,
            "{}  {:<8} udgave {:>3}  {:>8} regler  {:>7} venter{draft}",
            line.table.kommune,
            system.map_or("?", |system| &*system.kortnavn),
            line.approved,
            whole(line.rules.into()),
            whole(line.held)
        )?;
    }
    if lines.is_empty() {
        writeln!(out, "Ingen tabeller.")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(of: &TableOf, number: Option<u32>) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, None).await?;
    let mut out = std::io::stdout().lock();
    if let Some(number) = number {
        told::version(&mut out, &desk.version(Some(number)).await?)?;
        for rule in &desk.rules(number).await? {
            writeln!(out, "{}", told::rule(rule))?;
            if !rule.comment.is_empty() {
                writeln!(out, "        {}", rule.comment.replace('\n', " / "))?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    for version in &desk.versions().await? {
        told::version(&mut out, version)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn examine(
    of: &TableOf,
    (number, file): (Option<u32>, Option<&Path>),
    (from, to): (Option<Date>, Option<Date>),
) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, None).await?;
    let mut out = std::io::stdout().lock();
    let (rules, version) = match file {
        Some(file) => match files::read(&desk, file).await? {
            Ok(rules) => (rules, None),
            Err(faults) => return refuse(&mut out, faults),
        },
        None => {
            let version = desk.version(number).await?;
            told::version(&mut out, &version)?;
            (desk.rules(version.number).await?, Some(version))
        }
    };
    if let Err(faults) = check(rules.clone()) {
        for told in danish::faults(&faults) {
            writeln!(out, "{}", fault(&told))?;
        }
        return Ok(ExitCode::from(1));
    }
    let from = from.unwrap_or_else(|| window(version.as_ref(), today()).0);
    let to = to.unwrap_or_else(|| year_ahead(from));
    let (all, kommune) = (Scope::everything(), desk.table.kommune);
    let plan = desk.store.kontoplan(&all, kommune, None).await?;
    let unfitting = unfit(&rules, desk.table, from, &desk.register, plan.as_ref());
    misses(&mut out, &unfitting)?;
    if plan.is_none() {
        writeln!(out, "Kommunen har ingen kontoplan; konti er ikke slået op.")?;
    }
    let posts = desk.register.sortiment(kommune, desk.table.fagsystem);
    let work = desk.work();
    let covered = work.coverage(&rules, (from, to), &posts).await;
    let covered = covered.map_err(refusal)?;
    if !covered.sortiment {
        writeln!(
            out,
            "Fagsystemet har intet sortiment; der er kun set på, hvad det har sendt."
        )?;
    }
    told::coverage(&mut out, &covered.coverage)?;
    let is_sound = unfitting.is_empty() && covered.coverage.complete();
    Ok(ExitCode::from(u8::from(!is_sound)))
}

/// Rules that do not fit the municipality.
fn misses(out: &mut impl Write, unfitting: &[(u32, Unfit)]) -> std::io::Result<()> {
    for (rule, unfit) in unfitting {
        writeln!(out, "Passer ikke: regel {rule}: {}", danish::unfit(unfit))?;
    }
    Ok(())
}

async fn simulate(options: &Simulate) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&options.of, options.by.as_deref()).await?;
    let draft = desk.draft().await?;
    let to = options.to.unwrap_or_else(today);
    let a_year_back = to.checked_sub(Span::new().years(1))?;
    let days = (options.from.unwrap_or(a_year_back), to);
    let work = desk.work();
    let ran = work.simulate(draft.number, days, |progress| {
        let (percent, postings) = (progress.permille / 10, whole(progress.postings));
        // Progress that cannot be shown stops nothing.
        drop(write!(
            std::io::stderr(),
            "\r{percent:>3} % {postings} posteringer"
        ));
        ControlFlow::Continue(())
    });
    let ran = ran.await.map_err(refusal)?;
    drop(writeln!(std::io::stderr()));
    let mut out = std::io::stdout().lock();
    told::simulation(&mut out, &ran.report, options.limit)?;
    if options.by.is_some() {
        let kept = work.keep_simulation(draft.number, &ran.simulated).await;
        kept.map_err(refusal)?;
        writeln!(out, "Gemt på udgave {}.", draft.number)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn diff(of: &TableOf, (old, new): (&str, &str)) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, None).await?;
    let mut out = std::io::stdout().lock();
    let mut both = Vec::new();
    for named in [old, new] {
        match named.parse() {
            Ok(number) => both.push(desk.rules(number).await?),
            Err(_) => match files::read(&desk, Path::new(named)).await? {
                Ok(rules) => both.push(rules),
                Err(faults) => return refuse(&mut out, faults),
            },
        }
    }
    let [old, new] = both.as_slice() else {
        bail!("der skal være to at sammenligne");
    };
    let found = difference(old, new);
    told::difference(&mut out, &found)?;
    Ok(ExitCode::from(u8::from(!found.is_empty())))
}

async fn why(options: &Explain) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&options.of, None).await?;
    if let Some(id) = &options.bilag {
        return of_bilag(&desk, id, options).await;
    }
    let value = |text: &String| {
        let (facet, value) = text.split_once('=')?;
        Some((facet.to_owned(), value.to_owned()))
    };
    let values: Option<Vec<(String, String)>> = options.values.iter().map(value).collect();
    let values = values.context("værdier skrives facet=værdi")?;
    let day = options.day.unwrap_or_else(today);
    let posting = Posting {
        values: values.as_slice(),
        side: match options.side {
            SideWord::Debet => Side::Debit,
            SideWord::Kredit => Side::Credit,
        },
        day,
        regnskabsaar: Regnskabsaar(options.year.unwrap_or(day.year())),
        posteringstype: match options.kind {
            KindWord::Nor => Posteringstype::Normal,
            KindWord::Sup => Posteringstype::Supplement,
            KindWord::Pri => Posteringstype::Primo,
        },
    };
    explained(&desk, &posting, options).await
}

async fn of_bilag(desk: &Desk, id: &str, options: &Explain) -> anyhow::Result<ExitCode> {
    let unknown = || format!("{id} er ikke et bil_-nummer");
    let id: BilagId = id.parse().ok().with_context(unknown)?;
    let detail = desk.store.detail(&Scope::everything(), id).await?;
    let detail = detail.with_context(|| format!("bilaget {id} findes ikke"))?;
    let ours = (Some(desk.table.fagsystem), desk.table.kommune);
    let theirs = (detail.line.fagsystem, detail.line.kommune);
    anyhow::ensure!(ours == theirs, "bilaget {id} er ikke tabellens");
    let mut lines = detail.bilag.posteringer.iter();
    let line = lines.find(|line| line.linjenummer == options.line);
    let line = line.with_context(|| format!("bilaget har ingen linje {}", options.line))?;
    explained(desk, &Posting::of(&detail.bilag, line), options).await
}

async fn explained<V: Values + ?Sized>(
    desk: &Desk,
    posting: &Posting<'_, V>,
    options: &Explain,
) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let (name, rules) = match (&options.file, options.version) {
        (Some(file), _) => match files::read(desk, file).await? {
            Ok(rules) => ("Regnearket".to_owned(), rules),
            Err(faults) => return refuse(&mut out, faults),
        },
        (None, Some(number)) => (format!("Udgave {number}"), desk.rules(number).await?),
        (None, None) => {
            let (kommune, fagsystem) = (desk.table.kommune, desk.table.fagsystem);
            let rules = desk.register.table(kommune, fagsystem, posting.day);
            let number = rules.context("ingen udgave gælder på dagen")?.number;
            (format!("Udgave {number}"), desk.rules(number).await?)
        }
    };
    let all = explain(&rules, posting);
    writeln!(out, "{name}, konteringsdag {}", posting.day)?;
    let won = all.first().is_some_and(|e| e.standing == Standing::Wins);
    if !won {
        writeln!(out, "Ingen regel passer; bilaget ville vente.")?;
    }
    for one in all.iter().take(options.limit.saturating_add(1)) {
        standing(&mut out, one, posting.values)?;
    }
    Ok(ExitCode::from(u8::from(!won)))
}

fn standing<V: Values + ?Sized>(
    out: &mut impl Write,
    one: &Explanation<'_>,
    values: &V,
) -> std::io::Result<()> {
    match &one.standing {
        Standing::Wins => {
            writeln!(out, "Vinder:   {}", told::rule(one.rule))?;
            if !one.rule.comment.is_empty() {
                writeln!(out, "          {}", one.rule.comment.replace('\n', " / "))?;
            }
            Ok(())
        }
        Standing::Beaten => writeln!(out, "Slået:    {}", told::rule(one.rule)),
        Standing::Misses(misfits) => {
            let told = |misfit: &Misfit<'_>| {
                let value = match misfit {
                    Misfit::Value(facet) => values.value(facet),
                    _ => None,
                };
                danish::misfit(misfit, one.rule, value)
            };
            let why: Vec<String> = misfits.iter().map(told).collect();
            writeln!(out, "Passer ej {}", told::rule(one.rule))?;
            writeln!(out, "          {}", why.join("; "))
        }
    }
}

async fn begin(options: &Begin) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&options.of, Some(&options.by)).await?;
    let head = Head {
        purpose: options.purpose.as_str().into(),
        in_force_from: options.from,
    };
    let around = Surroundings {
        register: &desk.register,
        kontoplaner: &desk.store,
    };
    let start = match options.copy {
        None => Start::Version(options.version),
        Some(code) => Start::Copy(TableId {
            kommune: house::kommune(&desk.register, code)?,
            ..desk.table
        }),
    };
    let begun = desk.work().begin(start, &head, around).await;
    let begun = begun.map_err(refusal)?;
    let mut out = std::io::stdout().lock();
    misses(&mut out, &begun.unfit)?;
    writeln!(out, "Kladden er udgave {}.", begun.number)?;
    Ok(ExitCode::SUCCESS)
}

async fn approve(of: &TableOf, number: u32, by: &str) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, Some(by)).await?;
    let version = desk.version(Some(number)).await?;
    let day = desk.work().approve((number, version.edition)).await;
    let day = day.map_err(refusal)?;
    writeln!(
        std::io::stdout(),
        "Udgave {number} gælder fra {day}. En kørende oir følger med selv, og bilag, der \
         ventede på en konto, går videre."
    )?;
    Ok(ExitCode::SUCCESS)
}

async fn discard(of: &TableOf, number: u32, by: &str) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, Some(by)).await?;
    let version = desk.version(Some(number)).await?;
    if version.stage != Stage::Draft {
        bail!("udgave {number} er ikke en kladde");
    }
    let gone = desk.work().discard((number, version.edition)).await;
    gone.map_err(refusal)?;
    writeln!(std::io::stdout(), "Udgave {number} er kasseret.")?;
    Ok(ExitCode::SUCCESS)
}

async fn share(owned: &Owned, sharing: Sharing) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&owned.of, Some(&owned.by)).await?;
    desk.work().share(sharing).await.map_err(refusal)?;
    let said = match sharing {
        Sharing::Shared => "Andre kommuner kan nu kopiere tabellen.",
        Sharing::Private => "Andre kommuner kan ikke længere kopiere tabellen.",
    };
    writeln!(std::io::stdout(), "{said}")?;
    Ok(ExitCode::SUCCESS)
}
