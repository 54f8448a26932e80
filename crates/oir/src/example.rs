//! `oir example`: a folder to begin with: settings, a register, a kontoplan, and one
//! message of every kind, all invented.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use oir_domain::calendar::{copenhagen, day_of};
use oir_fagsystem::{Content, DayPlan, Expected, Mutation, Planned, apply};
use oir_flow::ports::process::Clock;
use oir_wire::finans::message::Call;
use oir_wire::finans::{SERVICE_PATH, SoapVersion, write};
use oir_wire::register_csv::{KONTOPLAN, write_kontoplan};

use crate::process::SystemClock;
use crate::{register, serve};

/// The books' address in the example.
const BOOKS: &str = "http://127.0.0.1:8600";
/// Longest message written: the one that is too large for the hub is too large here too.
const LONGEST: usize = 1024 * 1024;
/// Enough for one of every kind.
const BILAG: u32 = 600;

/// Writes the folder.
pub(crate) fn run(folder: &Path) -> anyhow::Result<ExitCode> {
    let now = SystemClock.now();
    let day = oir_fagsystem::day(&DayPlan {
        seed: 1,
        bilag: BILAG,
        day: day_of(now, &copenhagen()),
        now,
        kommuner: 10,
        receiver_url: format!("{BOOKS}{SERVICE_PATH}"),
        body_limit: oir_web::machine::BODY_MAX,
    });
    let bilag = folder.join("bilag");
    std::fs::create_dir_all(&bilag).with_context(|| format!("mappen {}", bilag.display()))?;
    std::fs::write(folder.join("oir.toml"), serve::config::DEFAULT)?;
    register::write(&day.register, &folder.join("register"))?;
    let kontoplan = day
        .kontoplan
        .iter()
        .map(oir_fagsystem::KontoplanRow::in_the_books);
    let kontoplan: Vec<_> = kontoplan.collect();
    std::fs::write(
        folder.join("register").join(KONTOPLAN),
        write_kontoplan(&kontoplan),
    )?;
    let mut written = BTreeSet::new();
    for planned in day.messages() {
        let Some(name) = name(&planned).filter(|name| written.insert(name.clone())) else {
            continue;
        };
        let message = message(&planned);
        if message.len() <= LONGEST {
            std::fs::write(bilag.join(format!("{name}.xml")), message)?;
        }
    }
    let mut out = std::io::stdout().lock();
    let folder = folder.display();
    writeln!(
        out,
        "{folder} har nu indstillinger, register, kontoplan og {} beskeder. Prøv:",
        written.len()
    )?;
    for command in [
        format!("oir register import {folder}/register --database {folder}/oir.db"),
        format!("oir erp --register {folder}/register --file {folder}/books.db &"),
        format!("oir serve --config {folder}/oir.toml --database {folder}/oir.db &"),
        format!("oir send {folder}/bilag/bogfoert.xml --to http://127.0.0.1:8590{SERVICE_PATH}"),
    ] {
        writeln!(out, "  {command}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file name that says what must come of the message; none for those that need others
/// before them, or are not for a file.
fn name(planned: &Planned) -> Option<String> {
    let told_by_http = |m: &Mutation| m.content_type().is_some();
    let alone = match &planned.content {
        Content::New(_) => true,
        // A wrong content type is no part of a file.
        Content::Broken(_, mutation) => !told_by_http(mutation),
        Content::Repeat { .. } | Content::ReusedId { .. } | Content::Resent { .. } => false,
    };
    if !alone {
        return None;
    }
    let afsendelse = planned.content.afsendelse();
    let corrects = afsendelse.bilag.iter().any(|b| b.korrigerer.is_some());
    let mut names: Vec<String> = planned.expected.iter().map(outcome).collect();
    names.sort();
    names.dedup();
    match names.as_slice() {
        _ if corrects => None,
        [one] if planned.expected.len() == 1 => Some(one.clone()),
        [one] => Some(format!("bundt-{one}")),
        _ => Some("bundt-blandet".to_owned()),
    }
}

fn outcome(expected: &Expected) -> String {
    match expected {
        Expected::Booked(warnings) if warnings.is_empty() => "bogfoert".to_owned(),
        Expected::Booked(_) => "bogfoert-med-advarsel".to_owned(),
        Expected::Rejected(codes) => {
            let codes: Vec<&str> = codes.iter().map(|code| code.code()).collect();
            format!("afvist-{}", codes.join("-"))
        }
        Expected::Held => "tilbageholdt".to_owned(),
        Expected::RefusedByBooks => "afvist-af-oekonomi".to_owned(),
        Expected::TransportFault(code) => format!("ikke-modtaget-{code}"),
    }
}

fn message(planned: &Planned) -> Vec<u8> {
    let afsendelse = planned.content.afsendelse();
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    let body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
    match planned.content.mutation() {
        Some(mutation) => apply(mutation, &String::from_utf8_lossy(&body)),
        None => body,
    }
}
