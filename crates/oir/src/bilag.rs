//! `oir bilag`: a bilag and its life on the command line, for the operator at three in
//! the morning. Personal numbers are not shown.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::copenhagen;
use oir_domain::fault::Fault;
use oir_domain::finans::Finanspostering;
use oir_domain::ids::{BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_flow::hub::Timing;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::views::{BilagDetail, BilagFilter, BilagLine, Views};
use oir_flow::settle::{self, Release};
use oir_store::Store;
use oir_transport::Settings;
use oir_web::danish_format::{instant_to_the_second, kroner};
use oir_wire::danish;

use crate::cli::BilagList;
use crate::house;

/// Prints the newest bilag that fit.
pub(crate) async fn list(options: &BilagList) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(&options.at.database).await?;
    let filter = filter(&store, options).await?;
    let lines = store
        .list(&Scope::everything(), &filter, None, options.limit)
        .await?;
    let mut out = std::io::stdout().lock();
    for line in &lines {
        print_line(&mut out, line)?;
    }
    if lines.is_empty() {
        writeln!(out, "Ingen bilag passer.")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn filter(store: &Store, options: &BilagList) -> anyhow::Result<BilagFilter> {
    let state = match options.state.as_deref() {
        Some(word) => vec![StateName::from_word(word).with_context(|| {
            let known = StateName::ALL.map(StateName::word).join(", ");
            format!("tilstanden {word} findes ikke; vælg {known}")
        })?],
        None => Vec::new(),
    };
    let fagsystem = match options.fagsystem.as_deref() {
        Some(text) => Some(house::fagsystem(&store.register().await?, text)?.id),
        None => None,
    };
    Ok(BilagFilter {
        kommune: options.kommune.map(Kommunekode),
        fagsystem,
        states: state,
        from: options.from,
        to: options.to,
        text: options.text.as_deref().map(Into::into),
        ..BilagFilter::default()
    })
}

fn print_line(out: &mut impl Write, line: &BilagLine) -> std::io::Result<()> {
    let codes: Vec<&str> = line.codes.iter().map(|code| code.code()).collect();
    writeln!(
        out,
        "{} {} {} {:<16} {:>16} {} {}",
        line.id,
        when(line.modtaget),
        line.kommune,
        line.state.name().word(),
        kroner(line.debet),
        line.afsender_bilagsnummer,
        codes.join(" ")
    )
}

fn when(at: Timestamp) -> String {
    instant_to_the_second(at, &copenhagen())
}

/// Prints one bilag with its whole history, by our id or the sender's.
pub(crate) async fn show(database: &str, id: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let ids = find(&store, id).await?;
    let mut out = std::io::stdout().lock();
    for id in ids {
        if let Some(detail) = store.detail(&Scope::everything(), id).await? {
            print_detail(&mut out, &detail)?;
        } else {
            bail!("bilaget {id} findes ikke");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets a parked bilag go on.
pub(crate) async fn release(database: &str, id: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let hub = house::silent_hub(&store, Timing::STANDARD, Settings::STANDARD).await?;
    let mut out = std::io::stdout().lock();
    for id in find(&store, id).await? {
        let Some(detail) = store.detail(&Scope::everything(), id).await? else {
            bail!("bilaget {id} findes ikke");
        };
        let line = detail.line;
        let fagsystem = line.fagsystem.context("bilagets fagsystem er ukendt")?;
        let released = settle::release(&hub, line.kommune, line.bilag_uuid, fagsystem).await?;
        match released {
            Release::Done => writeln!(
                out,
                "{id} er frigivet: økonomisystemet spørges, og kender det ikke bilaget, sendes det."
            )?,
            Release::NeverMapped => {
                bail!("bilaget {id} blev opgivet, før det fik konti; fagsystemet skal sende et nyt")
            }
            Release::NotParked | Release::Unknown => {
                bail!("bilaget {id} er ikke parkeret; der er intet at frigive")
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(store: &Store, id: &str) -> anyhow::Result<Vec<BilagId>> {
    if let Ok(id) = id.parse::<BilagId>() {
        return Ok(vec![id]);
    }
    let Ok(uuid) = id.parse::<BilagUuid>() else {
        bail!("{id} er hverken et bil_-nummer eller en BilagUUID");
    };
    let filter = BilagFilter {
        text: Some(uuid.to_string().into()),
        ..BilagFilter::default()
    };
    let lines = store.list(&Scope::everything(), &filter, None, 10).await?;
    if lines.is_empty() {
        bail!("bilaget {uuid} findes ikke");
    }
    Ok(lines.iter().map(|line| line.id).collect())
}

fn print_detail(out: &mut impl Write, detail: &BilagDetail) -> std::io::Result<()> {
    let (line, bilag) = (&detail.line, &detail.bilag);
    print_line(out, line)?;
    writeln!(out, "  {}", bilag.tekst)?;
    writeln!(
        out,
        "  BilagUUID {} i afsendelse {}",
        bilag.bilag_uuid, detail.afsendelse
    )?;
    writeln!(
        out,
        "  bogføringsdato {}, regnskabsår {}",
        bilag.bogfoeringsdato, bilag.regnskabsaar.0
    )?;
    if let Some(corrected) = detail.corrects {
        writeln!(out, "  retter {corrected}")?;
    }
    for by in &detail.corrected_by {
        writeln!(out, "  rettet af {by}")?;
    }
    writeln!(out, "Posteringer:")?;
    for postering in &bilag.posteringer {
        print_postering(out, postering)?;
    }
    print_faults(out, "Fejl ved modtagelsen:", &detail.faults)?;
    print_faults(out, "Fejl siden:", &detail.later_faults)?;
    writeln!(out, "Forløb:")?;
    for event in &detail.timeline {
        writeln!(
            out,
            "  {:>3} {} {} → {} {}",
            event.number,
            when(event.at),
            event.event,
            event.to,
            event.detail.as_deref().unwrap_or("")
        )?;
    }
    Ok(())
}

fn print_postering(out: &mut impl Write, postering: &Finanspostering) -> std::io::Result<()> {
    let values: Vec<String> = postering
        .sortiment
        .iter()
        .map(|value| format!("{}={}", value.facet, value.vaerdi))
        .collect();
    writeln!(
        out,
        "  {:>5} {} {:>16} konto {} {}",
        postering.linjenummer,
        postering.side.letter(),
        kroner(postering.beloeb),
        accounts(postering),
        values.join(" ")
    )
}

/// The account, or several with their parts.
fn accounts(postering: &Finanspostering) -> String {
    let Some(kontering) = &postering.kontering else {
        return "–".to_owned();
    };
    if let Some(konto) = kontering.as_whole() {
        return konto.to_owned();
    }
    let lines = kontering.lines().iter();
    let lines = lines.map(|line| format!("{} {}", line.konto, kroner(line.beloeb)));
    lines.collect::<Vec<_>>().join(" + ")
}

fn print_faults(out: &mut impl Write, title: &str, faults: &[Fault]) -> std::io::Result<()> {
    if !faults.is_empty() {
        writeln!(out, "{title}")?;
    }
    for fault in faults {
        let (weight, code) = (crate::check::weight(fault.code.severity()), fault.code);
        writeln!(
            out,
            "  {weight} {code} ved {}: {}",
            fault.place.path,
            danish::text(fault)
        )?;
        writeln!(out, "    {}", danish::remedy(code))?;
    }
    Ok(())
}
