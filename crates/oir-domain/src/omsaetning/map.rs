//! The accounts of a whole bilag.

use crate::fault::{Fault, FaultCode, Place, keep};
use crate::finans::{Finansbilag, Finanspostering};
use crate::money::Oere;
use crate::party::{Fagsystem, Kommunekode};
use crate::register::Register;

use super::posting::Posting;
use super::rule::Rule;
use super::tables::InForce;
use super::template::Missing;

/// One account with its part of a posting's amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Konteringslinje {
    /// The account in the municipality's kontoplan.
    pub konto: Box<str>,
    /// Its part of the amount, on the posting's side.
    pub beloeb: Oere,
}

/// Where a posting goes: the lines add up to its amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Konteret {
    /// The rule that says so.
    pub rule: u32,
    /// At least one.
    pub lines: Vec<Konteringslinje>,
}

/// Where a bilag goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The version of the table that says so.
    pub version: u32,
    /// Its postings, in their order.
    pub posteringer: Vec<Konteret>,
}

/// Finds the accounts of a bilag's postings.
///
/// # Errors
/// One fault per posting without an account on its konteringsdag, as far as [`keep`] keeps them:
/// the bilag is then held, not rejected, because the sender did nothing wrong.
pub fn map(
    bilag: &Finansbilag,
    index: u32,
    kommune: Kommunekode,
    fagsystem: &Fagsystem,
    register: &Register,
) -> Result<Mapped, Vec<Fault>> {
    let version = register.table(kommune, fagsystem.id, bilag.konteringsdag());
    let found = accounts(version, bilag);
    let missing = faults(FaultCode::Unmapped, &found, bilag, index, fagsystem);
    match version {
        Some(version) if missing.is_empty() => Ok(Mapped {
            version: version.number,
            posteringer: found.into_iter().flatten().collect(),
        }),
        _ => Err(missing),
    }
}

/// The facet that an account wants and a posting lacks; none = there is no rule.
pub(super) type Lack<'r> = Option<&'r str>;

/// Where each posting goes, or what is lacking.
pub(super) fn accounts<'r>(
    version: Option<&'r InForce>,
    bilag: &Finansbilag,
) -> Vec<Result<Konteret, Lack<'r>>> {
    let lines = bilag.posteringer.iter();
    let one = |postering| match version {
        Some(version) => kontering(version, bilag, postering),
        None => Err(None),
    };
    lines.map(one).collect()
}

/// Warnings that the books, which map themselves, will have no account.
pub(super) fn unforeseen(
    found: &[Result<Konteret, Lack<'_>>],
    bilag: &Finansbilag,
    index: u32,
    fagsystem: &Fagsystem,
) -> Vec<Fault> {
    faults(FaultCode::RefusalForeseen, found, bilag, index, fagsystem)
}

fn faults(
    code: FaultCode,
    found: &[Result<Konteret, Lack<'_>>],
    bilag: &Finansbilag,
    index: u32,
    fagsystem: &Fagsystem,
) -> Vec<Fault> {
    let mut missing = Vec::new();
    for (position, found) in found.iter().enumerate() {
        if let Err(facet) = found {
            let facet = facet.unwrap_or(&fagsystem.konteringsfacet);
            keep(
                &mut missing,
                unmapped(code, bilag, (index, position), facet),
            );
        }
    }
    missing
}

/// The error names the facet that the account wants and the posting lacks; none = no rule.
fn kontering<'r>(
    version: &'r InForce,
    bilag: &Finansbilag,
    postering: &Finanspostering,
) -> Result<Konteret, Lack<'r>> {
    let found = version.table.find(&Posting::of(bilag, postering));
    let rule = found.ok_or(None)?;
    let lines = lines(rule, postering).map_err(|missing| Some(missing.0))?;
    Ok(Konteret {
        rule: rule.number,
        lines,
    })
}

/// The lines that a rule makes of a posting.
///
/// # Errors
/// [`Missing`], when an account takes over what the posting lacks.
pub fn lines<'r>(
    rule: &'r Rule,
    postering: &Finanspostering,
) -> Result<Vec<Konteringslinje>, Missing<'r>> {
    let value = |facet: &str| postering.vaerdi(facet);
    let lines = rule.parts(postering.beloeb).map(|(target, beloeb)| {
        let konto = target.konto.fill(value)?;
        Ok(Konteringslinje { konto, beloeb })
    });
    lines.collect()
}

fn unmapped(code: FaultCode, bilag: &Finansbilag, at: (u32, usize), facet: &str) -> Fault {
    let (index, position) = at;
    let postering = bilag.posteringer.get(position);
    let (number, line) = (index.saturating_add(1), position.saturating_add(1));
    let path = format!("Finansbilag[{number}]/Finanspostering[{line}]/Sortimentsvaerdi");
    let place = Place {
        bilag: Some(index),
        linje: postering.map(|postering| postering.linjenummer),
        path: path.into(),
    };
    let vaerdi = postering.and_then(|postering| postering.vaerdi(facet));
    let (vaerdi, day) = (vaerdi.unwrap_or(""), bilag.konteringsdag());
    let values: [&dyn std::fmt::Display; 3] = [&facet, &vaerdi, &day];
    Fault::foreign(code, place, &values)
}
