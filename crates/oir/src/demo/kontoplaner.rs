//! The demo's municipalities have imported their kontoplaner, each in its own form, on the
//! way that everybody goes.

use anyhow::ensure;
use jiff::Timestamp;
use oir_domain::access::{Action, Scope};
use oir_domain::calendar::{Regnskabsaar, copenhagen, day_of};
use oir_domain::kontoplan::Konto;
use oir_fagsystem::{Day, KontoplanRow, accounts};
use oir_flow::kontoplan::{Imported, Incoming, prepare};
use oir_store::Store;
use oir_wire::kontoplan::csv;

use super::persons::{invented, who};

/// Imports the kontoplan of every municipality of the day.
pub(super) async fn import(store: &Store, day: &Day, at: Timestamp) -> anyhow::Result<()> {
    let persons = invented(&day.register);
    let aar = Regnskabsaar(day_of(at, &copenhagen()).year());
    let everything = Scope::everything();
    for myndighed in &day.register.myndigheder {
        let kommune = myndighed.kommune;
        let rows = day.kontoplan.iter().filter(|row| row.kommune == kommune);
        let konti: Vec<Konto> = rows.map(KontoplanRow::as_imported).collect();
        let source = format!("kontoplan {} {}.csv", myndighed.navn, aar.0);
        let form = accounts::form(kommune);
        let incoming = Incoming {
            kommune,
            form: &form,
            source: &source,
            bytes: &csv(&konti),
            aar,
        };
        let read = prepare(store, &everything, incoming).await?;
        ensure!(read.faults().is_empty(), "{source}: {:?}", read.faults());
        let editor = who(&persons, Action::EditKontoplan, kommune).next();
        // Not every municipality of the demo has its people.
        let by = editor.cloned().unwrap_or_else(crate::house::operator);
        let done = read.import(store, &by, at).await?;
        ensure!(done == Imported::Version(1), "{source}: {done:?}");
    }
    Ok(())
}
