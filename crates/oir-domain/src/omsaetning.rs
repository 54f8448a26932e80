//! From the sender's sortiment to the municipality's kontoplan. In this version an exact
//! table, value → account by date; the rule engine has an issue of its own.

use crate::fault::{Fault, FaultCode, Place, keep};
use crate::finans::Finansbilag;
use crate::party::{Fagsystem, Kommunekode};
use crate::register::Register;

/// The accounts of a bilag's postings, in their order, or what has no account.
///
/// # Errors
/// One fault per posting whose value the table does not know on the booking date, as far as
/// [`keep`] keeps them: the bilag is then held, not rejected, because the sender did nothing wrong.
pub fn map<'r>(
    bilag: &Finansbilag,
    index: u32,
    kommune: Kommunekode,
    fagsystem: &Fagsystem,
    register: &'r Register,
) -> Result<Vec<&'r str>, Vec<Fault>> {
    let day = bilag.bogfoeringsdato;
    let mut accounts = Vec::with_capacity(bilag.posteringer.len());
    let mut missing = Vec::new();
    for (position, postering) in bilag.posteringer.iter().enumerate() {
        let vaerdi = postering.vaerdi(&fagsystem.konteringsfacet).unwrap_or("");
        match register.konto(kommune, fagsystem.id, vaerdi, day) {
            Some(konto) => accounts.push(konto),
            None => {
                let (number, line) = (index.saturating_add(1), position.saturating_add(1));
                let path =
                    format!("Finansbilag[{number}]/Finanspostering[{line}]/Sortimentsvaerdi");
                let linje = Some(postering.linjenummer);
                let place = Place {
                    bilag: Some(index),
                    linje,
                    path: path.into(),
                };
                let values: [&dyn std::fmt::Display; 3] =
                    [&fagsystem.konteringsfacet, &vaerdi, &day];
                keep(
                    &mut missing,
                    Fault::foreign(FaultCode::Unmapped, place, &values),
                );
            }
        }
    }
    if missing.is_empty() {
        Ok(accounts)
    } else {
        Err(missing)
    }
}
