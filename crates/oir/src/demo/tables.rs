//! Omsætningstabeller of a demo: the first municipality has written its tables anew, gathered
//! from the rows that came with the register, and put them in force in the way everybody must:
//! one writes, it is run over what was received, another one approves. Its tables for the
//! fagsystemer that are on their way have gaps to find.

use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use oir_domain::access::Action;
use oir_domain::omsaetning::{Rule, TableId};
use oir_domain::register::{Omsaetningsrow, Register, RegisterData};
use oir_fagsystem::beyond;
use oir_flow::omsaetning::{Head, Start, Surroundings, Work};
use oir_store::Store;

use super::persons::{invented, who};
use super::today;

/// Writes, runs and approves a first version of each of the first municipality's tables.
///
/// # Errors
/// When the store fails, nobody may, or a version would change what is booked.
pub(super) async fn approve(
    store: &Store,
    data: &RegisterData,
    now: Timestamp,
) -> anyhow::Result<()> {
    let kommune = data.myndigheder.first().context("ingen kommuner")?.kommune;
    let persons = invented(data);
    let approver = who(&persons, Action::ApproveOmsaetning, kommune).next();
    let approver = approver.context("ingen må godkende")?;
    let writer = who(&persons, Action::EditOmsaetning, kommune)
        .find(|person| person.subject != approver.subject)
        .context("ingen må skrive tabeller")?;
    let register = Register::new(0, data.clone());
    for fagsystem in &data.fagsystemer {
        let table = TableId {
            kommune,
            fagsystem: fagsystem.id,
        };
        let work = |by| Work {
            tables: store,
            by,
            now,
            table,
        };
        let rows = data.omsaetning.iter();
        let rows = rows.filter(|row| row.kommune == kommune && row.fagsystem == fagsystem.id);
        let rows: Vec<Omsaetningsrow> = rows.cloned().collect();
        let rules = beyond::gathered(&fagsystem.konteringsfacet, &rows);
        let around = Surroundings {
            register: &register,
            kontoplaner: store,
        };
        version(rules, (work(writer), work(approver)), around)
            .await
            .with_context(|| format!("omsætningstabellen for {}", fagsystem.kortnavn))?;
    }
    Ok(())
}

async fn version(
    rules: Vec<Rule>,
    (writing, approving): (Work<'_>, Work<'_>),
    around: Surroundings<'_>,
) -> anyhow::Result<()> {
    let day = today(writing.now);
    let head = Head {
        purpose: "Rækker til samme konto er samlet i én regel. Opdigtet til demoen.".into(),
        in_force_from: Some(day.first_of_month()),
    };
    let begun = writing.begin(Start::Version(0), &head, around).await?;
    let draft = (begun.number, 1);
    let edition = writing.save(draft, &head, Some(rules)).await?;
    let month = (day.first_of_month(), day);
    let on = |_| ControlFlow::Continue(());
    let ran = writing.simulate(begun.number, month, on).await?;
    writing
        .keep_simulation(begun.number, &ran.simulated)
        .await?;
    approving
        .approve((begun.number, edition))
        .await
        .map_err(|why| anyhow!("kan ikke godkendes: {why:?}"))?;
    Ok(())
}
