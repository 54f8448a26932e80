//! The facts that the hub judges the day by: authorities, systems, agreements, periods,
//! sortiment, omsætningstabel and the books' address.

use jiff::civil::Date;
use oir_domain::calendar::{BookingPeriod, PeriodKind, Regnskabsaar, Validity};
use oir_domain::party::{Fagsystem, Kommunekode, Myndighed};
use oir_domain::register::{Agreement, Receiver, RegisterData, Sortimentspost};

use crate::kontoplan::omsaetning;
use crate::reference::Kommune;
use crate::trade::{STED, SYSTEMS, System, YR, new_year, steder};

/// Builds the facts as they are on that day; the books of all municipalities answer at
/// `receiver_url` and promise to book an id once only.
pub(crate) fn register_data(kommuner: &[Kommune], day: Date, receiver_url: &str) -> RegisterData {
    let mut data = RegisterData {
        fagsystemer: SYSTEMS.map(fagsystem).into(),
        omsaetning: omsaetning(kommuner, day),
        ..RegisterData::default()
    };
    let last = kommuner.last().map(|k| k.kode);
    for kommune in kommuner {
        data.myndigheder.push(Myndighed {
            kommune: kommune.kode,
            cvr: kommune.cvr,
            navn: kommune.navn.clone(),
        });
        data.receivers.push(Receiver {
            kommune: kommune.kode,
            url: receiver_url.into(),
            idempotent: true,
        });
        for period in periods(day) {
            data.periods.push((kommune.kode, period));
        }
        for system in SYSTEMS {
            data.agreements.push(Agreement {
                kommune: kommune.kode,
                fagsystem: system.id(),
                validity: agreed(system, Some(kommune.kode) == last, day),
            });
        }
    }
    for system in SYSTEMS {
        national(&mut data.sortiment, system, day);
        for kommune in kommuner {
            local(&mut data.sortiment, system, kommune.kode, day);
        }
    }
    data
}

fn fagsystem(system: &System) -> Fagsystem {
    Fagsystem {
        id: system.id(),
        kortnavn: system.kortnavn.into(),
        navn: system.navn.into(),
        konteringsfacet: system.facet.into(),
    }
}

/// All may send to all since 2020, but one: YR begins in the last municipality only next
/// year. A bilag from it there is a fault (`NoAgreement`), and the only way to make one.
fn agreed(system: &System, last: bool, day: Date) -> Validity {
    let from = if last && system.id() == YR.id() {
        new_year(day, -1)
    } else {
        Date::constant(2020, 1, 1)
    };
    Validity { from, to: None }
}

/// The year before is closed, its supplementary period open through February; this year's
/// months are closed before the day's own; the coming supplementary period is not open.
pub(crate) fn periods(day: Date) -> Vec<BookingPeriod> {
    let year = day.year();
    let before = year.saturating_sub(1);
    let mut periods = Vec::with_capacity(26);
    for month in 1..=12 {
        periods.push(ordinary(before, month, false, day));
        periods.push(ordinary(year, month, month >= day.month(), day));
    }
    periods.push(supplementary(before, day.month() <= 2, day));
    periods.push(supplementary(year, false, day));
    periods
}

fn ordinary(year: i16, month: i8, open: bool, day: Date) -> BookingPeriod {
    let from = Date::new(year, month, 1).unwrap_or(day);
    BookingPeriod {
        regnskabsaar: Regnskabsaar(year),
        kind: PeriodKind::Ordinary,
        from,
        to: from.last_of_month(),
        open,
    }
}

/// January and February of the following year: its length is the municipality's choice.
fn supplementary(year: i16, open: bool, day: Date) -> BookingPeriod {
    let after = year.saturating_add(1);
    BookingPeriod {
        regnskabsaar: Regnskabsaar(year),
        kind: PeriodKind::Supplementary,
        from: Date::new(after, 1, 1).unwrap_or(day),
        to: Date::new(after, 2, 1).unwrap_or(day).last_of_month(),
        open,
    }
}

fn national(sortiment: &mut Vec<Sortimentspost>, system: &System, day: Date) {
    let lasting = Validity {
        from: new_year(day, 2),
        to: None,
    };
    // In force since this month only: the omsætningstabeller have not followed yet.
    let new = Validity {
        from: day.first_of_month(),
        to: None,
    };
    let expired = Validity {
        to: new_year(day, 1).yesterday().ok(),
        ..lasting
    };
    let mapped = system.mapped().map(|value| (value, lasting));
    for (value, validity) in mapped.chain([(&system.new, new), (&system.expired, expired)]) {
        sortiment.push(post(system, None, system.facet, value.vaerdi, validity));
    }
}

fn local(sortiment: &mut Vec<Sortimentspost>, system: &System, kommune: Kommunekode, day: Date) {
    let lasting = Validity {
        from: new_year(day, 2),
        to: None,
    };
    let own = system.local_vaerdi(kommune.0);
    sortiment.push(post(system, Some(kommune), system.facet, &own, lasting));
    for sted in steder(kommune.0) {
        sortiment.push(post(system, Some(kommune), STED, &sted, lasting));
    }
}

fn post(
    system: &System,
    kommune: Option<Kommunekode>,
    facet: &str,
    vaerdi: &str,
    validity: Validity,
) -> Sortimentspost {
    Sortimentspost {
        fagsystem: system.id(),
        kommune,
        facet: facet.into(),
        vaerdi: vaerdi.into(),
        validity,
    }
}

#[cfg(test)]
mod tests {
    use super::periods;
    use jiff::civil::date;

    #[test]
    fn some_period_is_open_and_some_closed_on_every_day_of_the_year() {
        for month in 1..=12 {
            let day = date(2026, month, 28);
            let of_day = |p: &&oir_domain::calendar::BookingPeriod| p.covers(day);
            let found = periods(day);
            assert!(found.iter().filter(of_day).any(|p| p.open));
            assert!(found.iter().any(|p| !p.open && p.to < day));
        }
    }
}
