//! The operator's commands: is all running, pause and resume, note a copy. They say what the
//! page *Drift* says, for whoever has only a line to the machine.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use jiff::civil::DateTime;
use oir_domain::access::Scope;
use oir_domain::calendar::copenhagen;
use oir_domain::ids::PauseId;
use oir_domain::operation::alarm::{Alarm, calls};
use oir_domain::operation::pause::{Pause, said, window};
use oir_domain::operation::{Upkeep, UpkeepKind};
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;
use oir_flow::ports::inbox::Inbox;
use oir_flow::ports::operation::Operation;
use oir_flow::ports::process::{Clock, Ids};
use oir_flow::ports::sessions::deeds;
use oir_store::Store;
use oir_web::danish_format::instant;
use oir_wire::danish;

use crate::house;
use crate::process::{OrderedIds, SystemClock};
use crate::serve::config::Config;

/// Says whether all is running; 1 when somebody must do something.
pub(crate) async fn status(
    config: Option<&Path>,
    database: Option<String>,
) -> anyhow::Result<ExitCode> {
    let config = Config::read(config, database, &[])?;
    let store = house::open_existing(&config.database).await?;
    let watch = house::watch(
        &store,
        house::folder(&config.database),
        config.alarm_limits(),
    );
    let (_, alarms) = watch
        .look(&store, &Scope::everything(), SystemClock.now())
        .await?;
    let register = store.register().await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", danish::headline(&alarms))?;
    for alarm in &alarms {
        writeln!(out, "\n{}", told(alarm, &register))?;
    }
    Ok(ExitCode::from(u8::from(calls(&alarms))))
}

/// An alarm as three lines: what it is, what is wrong, what to do.
fn told(alarm: &Alarm, register: &Register) -> String {
    let whose = match (alarm.fagsystem, alarm.kommune) {
        (Some(id), _) => register
            .fagsystem(id)
            .map_or_else(|| id.to_string(), |f| f.kortnavn.to_string()),
        (None, Some(kommune)) => name(kommune, register),
        (None, None) => "Hele servicen".to_owned(),
    };
    let at = alarm.at.map(|at| instant(at, &copenhagen()));
    let text = danish::alarm_text(alarm, &whose, at.as_deref());
    let urgency = danish::severity(alarm.severity);
    let (code, title) = (alarm.code.code(), danish::alarm_title(alarm.code));
    let remedy = danish::alarm_remedy(alarm.code);
    format!("{code} {title} [{urgency}]\n  {text}\n  Gør: {remedy}")
}

fn name(kommune: Kommunekode, register: &Register) -> String {
    let mut all = register.myndigheder();
    let found = all.find(|myndighed| myndighed.kommune == kommune);
    found.map_or_else(|| format!("Kommune {kommune}"), |m| m.navn.to_string())
}

/// Whose books a word means; nothing = everybody's.
fn whose(text: &str) -> anyhow::Result<Option<Kommunekode>> {
    if text == "alle" {
        return Ok(None);
    }
    let code = text.parse().ok();
    let code = code.with_context(|| format!("{text} er hverken en kommunekode eller alle"))?;
    Ok(Some(Kommunekode(code)))
}

async fn known(store: &Store, kommune: Option<Kommunekode>) -> anyhow::Result<()> {
    if let Some(kommune) = kommune {
        let register = store.register().await?;
        let here = register.receiver(kommune).is_some();
        ensure!(here, "kommune {kommune} har ingen modtager i registeret");
    }
    Ok(())
}

/// Pauses a receiver.
pub(crate) async fn pause(
    database: &str,
    kommune: &str,
    reason: &str,
    until: Option<DateTime>,
) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let (kommune, now) = (whose(kommune)?, SystemClock.now());
    known(&store, kommune).await?;
    let zone = copenhagen();
    let until = until
        .map(|until| zone.to_ambiguous_timestamp(until).compatible())
        .transpose()?;
    if let Some(until) = until {
        window(now, until, now)
            .ok()
            .context("--until er allerede passeret")?;
    }
    let reason = said(reason)
        .ok()
        .context("--reason skal være på 1-300 tegn")?;
    let pause = Pause {
        id: PauseId::from_uuid(OrderedIds::default().next()),
        kommune,
        since: now,
        until,
        reason,
        navn: house::operator().navn,
        ended: None,
        stop: None,
    };
    let deed = house::deed(
        now,
        deeds::PAUSED,
        kommune,
        format!(
            "{}: {}",
            pause.id,
            oir_domain::masking::mask_text(&pause.reason)
        ),
    );
    store.pause(&Scope::everything(), &pause, &deed).await?;
    let end = until.map_or_else(
        || "til den genoptages".to_owned(),
        |until| format!("til {}", instant(until, &zone)),
    );
    writeln!(
        std::io::stdout(),
        "På pause {end}. Bilag modtages og venter."
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Ends every pause of exactly that receiver, or of everybody; 1 when there was none.
pub(crate) async fn resume(database: &str, kommune: &str) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let (kommune, now) = (whose(kommune)?, SystemClock.now());
    let all = Scope::everything();
    let facts = store.facts(&all, now).await?;
    let mut ended = 0_u32;
    for pause in facts.pauses.iter().filter(|pause| pause.holds(now)) {
        if pause.kommune == kommune {
            let deed = house::deed(now, deeds::RESUMED, kommune, pause.id.to_string());
            ended += u32::from(store.resume(&all, pause.id, &deed).await?);
        }
    }
    let mut out = std::io::stdout().lock();
    let still = kommune.is_some()
        && facts
            .pauses
            .iter()
            .any(|p| p.kommune.is_none() && p.holds(now));
    writeln!(out, "{ended} pauser sluttet.")?;
    if still {
        writeln!(
            out,
            "Hele servicen er stadig på pause: oir partner resume alle"
        )?;
    }
    Ok(ExitCode::from(u8::from(ended == 0)))
}

/// Notes a copy that other tools made.
pub(crate) async fn backup_noted(
    database: &str,
    place: &str,
    bytes: Option<u64>,
    verified: bool,
) -> anyhow::Result<ExitCode> {
    let store = house::open_existing(database).await?;
    let done = Upkeep {
        at: SystemClock.now(),
        place: place.into(),
        bytes,
        findings: verified.then_some(0),
    };
    store.cared(UpkeepKind::Backup, &done).await?;
    writeln!(std::io::stdout(), "Noteret.")?;
    Ok(ExitCode::SUCCESS)
}
