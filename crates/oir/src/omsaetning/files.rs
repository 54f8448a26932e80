//! Tables as spreadsheets, in and out. What is wrong in a file is told with row and column, all
//! of it at once, and nothing of the file is kept then.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use oir_domain::access::Scope;
use oir_domain::omsaetning::{Rule, difference, known_facets};
use oir_flow::omsaetning::Head;
use oir_flow::ports::omsaetning::Omsaetningstabeller;
use oir_wire::omsaetning_sheet::{self, Facets, Form, TableFault};

use super::{Desk, refusal, told};
use crate::cli::omsaetning::TableOf;
use crate::files::{ending, refuse};

/// Reads a file, against the draft or the newest version as the page does; the inner error is everything wrong in it.
pub(super) async fn read(
    desk: &Desk,
    file: &Path,
) -> anyhow::Result<Result<Vec<Rule>, Vec<TableFault>>> {
    let bytes = std::fs::read(file).with_context(|| format!("filen {}", file.display()))?;
    let newest = desk.version(None).await?;
    let rules = desk.rules(newest.number).await?;
    let known = known_facets(&desk.register, desk.table, &rules);
    let all = Scope::everything();
    let facets = Facets {
        known: &known,
        next: desk.store.next_number(&all, desk.table).await?,
    };
    Ok(omsaetning_sheet::read(&bytes, &facets))
}

/// Writes a version as a file.
pub(super) async fn export(
    file: &Path,
    of: &TableOf,
    number: Option<u32>,
) -> anyhow::Result<ExitCode> {
    let form = match &*ending(file) {
        "xlsx" => Form::Xlsx,
        "csv" => Form::Csv,
        _ => anyhow::bail!("filens navn skal ende på .xlsx eller .csv"),
    };
    let desk = Desk::open(of, None).await?;
    let version = desk.version(number).await?;
    let rules = desk.rules(version.number).await?;
    let facets = known_facets(&desk.register, desk.table, &rules);
    let bytes = omsaetning_sheet::write(&rules, &facets, form)?;
    std::fs::write(file, bytes).with_context(|| format!("filen {}", file.display()))?;
    let count = rules.len();
    writeln!(
        std::io::stdout(),
        "Udgave {} med {count} regler er skrevet i {}.",
        version.number,
        file.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what a file changes in the draft, and saves it when somebody puts their name to it.
pub(super) async fn import(
    file: &Path,
    of: &TableOf,
    by: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(of, by).await?;
    let draft = desk.draft().await?;
    let mut out = std::io::stdout().lock();
    let rules = match read(&desk, file).await? {
        Ok(rules) => rules,
        Err(faults) => return refuse(&mut out, faults),
    };
    let before = desk.rules(draft.number).await?;
    let found = difference(&before, &rules);
    told::difference(&mut out, &found)?;
    if by.is_none() {
        writeln!(out, "Intet er gemt; gem med --by NAVN.")?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        writeln!(out, "Filen ændrer intet.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let head = Head {
        purpose: draft.purpose.clone(),
        in_force_from: draft.in_force_from,
    };
    let at = (draft.number, draft.edition);
    let saved = desk.work().save(at, &head, Some(rules)).await;
    let edition = saved.map_err(refusal)?;
    writeln!(
        out,
        "Gemt på udgave {} som rettelse {edition}.",
        draft.number
    )?;
    Ok(ExitCode::SUCCESS)
}
