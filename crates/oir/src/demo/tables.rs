//! Omsætningstabeller of a demo: the first municipality has written its tables anew, gathered
//! from the rows that came with the register, and put them in force in the way everybody must:
//! one writes, it is run over what was received, another one approves. Its tables for the
//! fagsystemer that are on their way have gaps to find.

use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use oir_domain::access::{Action, Person};
use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::TableId;
use oir_domain::party::Kommunekode;
use oir_domain::register::{Register, RegisterData};
use oir_fagsystem::beyond;
use oir_flow::omsaetning::{Head, Start, Surroundings, Work};
use oir_store::Store;

use super::{persons, today};

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
    let persons = persons::invented(data);
    let who = |action| {
        let may = |person: &&Person| person.scope(action).covers(kommune, None);
        persons.iter().find(may)
    };
    let approver = who(Action::ApproveOmsaetning).context("ingen må godkende")?;
    let writer = persons
        .iter()
        .filter(|person| person.subject != approver.subject)
        .find(|person| person.scope(Action::EditOmsaetning).covers(kommune, None))
        .context("ingen må skrive tabeller")?;
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
        version(store, data, (work(writer), work(approver)))
            .await
            .with_context(|| format!("omsætningstabellen for {}", fagsystem.kortnavn))?;
    }
    Ok(())
}

async fn version(
    store: &Store,
    data: &RegisterData,
    (writing, approving): (Work<'_>, Work<'_>),
) -> anyhow::Result<()> {
    let table = writing.table;
    let register = Register::new(0, data.clone());
    let day = today(writing.now);
    let head = Head {
        purpose: "Rækker til samme konto er samlet i én regel. Opdigtet til demoen.".into(),
        in_force_from: Some(day.first_of_month()),
    };
    let around = Surroundings {
        register: &register,
        kontoplaner: store,
    };
    let begun = writing.begin(Start::Version(0), &head, around).await?;
    let facet = register.fagsystem(table.fagsystem);
    let facet = facet.map_or("", |fagsystem| &*fagsystem.konteringsfacet);
    let rows = rows(data, table.kommune, table.fagsystem);
    let rules = beyond::gathered(facet, &rows);
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

fn rows(
    data: &RegisterData,
    kommune: Kommunekode,
    fagsystem: FagsystemId,
) -> Vec<oir_domain::register::Omsaetningsrow> {
    let rows = data.omsaetning.iter();
    let own = rows.filter(|row| row.kommune == kommune && row.fagsystem == fagsystem);
    own.cloned().collect()
}
