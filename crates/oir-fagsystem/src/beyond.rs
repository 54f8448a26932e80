//! Systems that are on their way: their sortimenter and omsætningstabeller are there before
//! their first bilag, as they are in a municipality that prepares itself. SPK pays social
//! pensions, FBS books the fees of the libraries.
//!
//! Functions and their names are real (`data/kontoplan_funktioner.csv`); grupperinger, values
//! and facets are assumed, as no list of them was at hand. One municipality's table has gaps,
//! so that there is something to find before it goes live.

use jiff::civil::Date;
use oir_domain::calendar::Validity;
use oir_domain::ids::FagsystemId;
use oir_domain::omsaetning::{Condition, Rule, Target, Template};
use oir_domain::party::{Fagsystem, Kommunekode};
use oir_domain::register::{Agreement, Omsaetningsrow, RegisterData, Sortimentspost};
use uuid::Uuid;

use crate::kontoplan::KontoplanRow;
use crate::trade::{STED, Value, new_year, steder, value};

/// A system that does not send yet.
#[derive(Debug)]
struct Coming {
    id: u128,
    kortnavn: &'static str,
    navn: &'static str,
    facet: &'static str,
    values: &'static [Value],
    /// A second facet that its postings carry, with its values.
    other: (&'static str, &'static [&'static str]),
}

static SPK: Coming = Coming {
    id: 0x7370_6b00_4f50_4d49_8a01_0000_0000_0004,
    kortnavn: "SPK",
    navn: "Social pension",
    facet: "pensionsart",
    values: &[
        value(
            "SPK-SENIORPENSION",
            "Seniorpension",
            ("5.48.65", 1, "001", "52"),
        ),
        value(
            "SPK-FTP-2014",
            "Førtidspension fra 1. juli 2014",
            ("5.48.66", 1, "001", "52"),
        ),
        value(
            "SPK-FTP-FOER",
            "Førtidspension før 1. juli 2014",
            ("5.48.68", 1, "001", "52"),
        ),
        value(
            "SPK-FTP-MINDSTE",
            "Mindste førtidspension",
            ("5.48.68", 1, "002", "52"),
        ),
        value("SPK-HELBRED", "Helbredstillæg", ("5.48.67", 1, "001", "52")),
        value("SPK-VARME", "Varmetillæg", ("5.48.67", 1, "002", "52")),
        value(
            "SPK-PERSONLIGT",
            "Personligt tillæg",
            ("5.48.67", 1, "003", "52"),
        ),
        value(
            "SPK-REFUSION-65",
            "Statsrefusion, seniorpension",
            ("5.48.65", 2, "001", "86"),
        ),
        value(
            "SPK-REFUSION-66",
            "Statsrefusion, førtidspension",
            ("5.48.66", 2, "001", "86"),
        ),
        value(
            "SPK-REFUSION-67",
            "Statsrefusion, tillæg",
            ("5.48.67", 2, "001", "86"),
        ),
        value(
            "SPK-TILGODE",
            "Refusion til gode",
            ("8.25.12", 5, "000", "60"),
        ),
        value("SPK-ATP", "ATP-bidrag", ("8.51.52", 5, "101", "80")),
        value("SPK-SKAT", "A-skat", ("8.52.59", 5, "001", "80")),
        value("SPK-BANK", "Udbetaling", ("8.22.05", 5, "001", "80")),
    ],
    other: ("udbetaling", &["FORUD", "BAGUD", "EFTERBETALING"]),
};

static FBS: Coming = Coming {
    id: 0x6662_7300_4f50_4d49_8a01_0000_0000_0005,
    kortnavn: "FBS",
    navn: "Fælles Bibliotekssystem",
    facet: "gebyrart",
    values: &[
        value(
            "FBS-GEBYR-BARN",
            "Gebyr for sen aflevering, barn",
            ("3.32.50", 1, "001", "79"),
        ),
        value(
            "FBS-GEBYR-VOKSEN",
            "Gebyr for sen aflevering, voksen",
            ("3.32.50", 1, "001", "79"),
        ),
        value(
            "FBS-ERSTATNING-BOG",
            "Erstatning for bog",
            ("3.32.50", 1, "002", "79"),
        ),
        value(
            "FBS-ERSTATNING-SPIL",
            "Erstatning for spil",
            ("3.32.50", 1, "002", "79"),
        ),
        value(
            "FBS-EFTERGIVET",
            "Eftergivet gebyr",
            ("3.32.50", 1, "003", "40"),
        ),
        value(
            "FBS-TILGODE",
            "Tilgodehavende hos låner",
            ("8.28.15", 5, "000", "60"),
        ),
        value("FBS-BANK", "Indbetaling", ("8.22.05", 5, "001", "60")),
    ],
    other: ("afdeling", &["HOVED", "BOERN", "FILIAL", "BOGBUS"]),
};

const COMING: [&Coming; 2] = [&SPK, &FBS];

impl Coming {
    const fn id(&self) -> FagsystemId {
        FagsystemId::from_uuid(Uuid::from_u128(self.id))
    }
}

/// Puts the coming systems into what the hub and the books know on that day. The municipality
/// `with_gaps` has no rows for [`gaps`].
pub fn prepare(
    register: &mut RegisterData,
    kontoplan: &mut Vec<KontoplanRow>,
    day: Date,
    with_gaps: Kommunekode,
) {
    let kommuner: Vec<Kommunekode> = register.myndigheder.iter().map(|m| m.kommune).collect();
    let names = crate::reference::funktioner();
    for system in COMING {
        register.fagsystemer.push(Fagsystem {
            id: system.id(),
            kortnavn: system.kortnavn.into(),
            navn: system.navn.into(),
            konteringsfacet: system.facet.into(),
        });
        sortiment(&mut register.sortiment, system, &kommuner, day);
        for kommune in &kommuner {
            register.agreements.push(Agreement {
                kommune: *kommune,
                fagsystem: system.id(),
                validity: lasting(new_year(day, -1)),
            });
            let forgotten: &[&str] = if *kommune == with_gaps { &gaps() } else { &[] };
            for value in system.values {
                let funktion = names.get(value.funktion).map_or("", String::as_str);
                let row = KontoplanRow::of(value, *kommune, true, funktion);
                if !forgotten.contains(&value.vaerdi) {
                    let from = new_year(day, 0);
                    register
                        .omsaetning
                        .push(to_account(system, value, &row, from));
                }
                add_account(kontoplan, row);
            }
        }
    }
}

/// The row of an omsætningstabel that leads a value to its account.
fn to_account(
    system: &Coming,
    value: &Value,
    account: &KontoplanRow,
    from: Date,
) -> Omsaetningsrow {
    Omsaetningsrow {
        kommune: account.kommune,
        fagsystem: system.id(),
        vaerdi: value.vaerdi.into(),
        konto: account.konto.clone(),
        validity: lasting(from),
    }
}

/// The values that the municipality with gaps has forgotten.
#[must_use]
pub const fn gaps() -> [&'static str; 3] {
    ["SPK-VARME", "SPK-REFUSION-67", "FBS-EFTERGIVET"]
}

/// The first version of a table as a finance department would write it: values that go to one
/// account on the same days stand in one rule. It says the same as the rows it is made from.
#[must_use]
pub fn gathered(facet: &str, rows: &[Omsaetningsrow]) -> Vec<Rule> {
    let mut groups: Vec<(&str, Validity, Vec<Box<str>>)> = Vec::new();
    for row in rows {
        let same = |(konto, validity, _): &&mut (&str, Validity, Vec<Box<str>>)| {
            **konto == *row.konto && *validity == row.validity
        };
        match groups.iter_mut().find(same) {
            Some((_, _, values)) => values.push(row.vaerdi.clone()),
            None => groups.push((&row.konto, row.validity, vec![row.vaerdi.clone()])),
        }
    }
    let rule = |(number, (konto, validity, mut values)): (u32, (&str, Validity, Vec<Box<str>>))| {
        values.sort_unstable();
        let condition = match values.as_slice() {
            [one] => Condition::Is(one.clone()),
            _ => Condition::OneOf(values),
        };
        Rule {
            number,
            conditions: vec![(facet.into(), condition)],
            side: None,
            regnskabsaar: None,
            posteringstype: None,
            validity,
            targets: vec![Target::whole(Template::fixed(konto))],
            comment: Box::default(),
        }
    };
    (1..).zip(groups).map(rule).collect()
}

fn lasting(from: Date) -> Validity {
    Validity { from, to: None }
}

fn add_account(kontoplan: &mut Vec<KontoplanRow>, new: KontoplanRow) {
    let known = |row: &KontoplanRow| row.kommune == new.kommune && row.konto == new.konto;
    if !kontoplan.iter().any(known) {
        kontoplan.push(new);
    }
}

fn sortiment(
    posts: &mut Vec<Sortimentspost>,
    system: &Coming,
    kommuner: &[Kommunekode],
    day: Date,
) {
    let mut post = |kommune, facet: &str, vaerdi: &str| {
        posts.push(Sortimentspost {
            fagsystem: system.id(),
            kommune,
            facet: facet.into(),
            vaerdi: vaerdi.into(),
            validity: lasting(new_year(day, 0)),
        });
    };
    for value in system.values {
        post(None, system.facet, value.vaerdi);
    }
    let (other, values) = system.other;
    for value in values {
        post(None, other, value);
    }
    for kommune in kommuner {
        for sted in steder(kommune.0) {
            post(Some(*kommune), STED, &sted);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{gaps, gathered, prepare};
    use crate::plan::{DayPlan, day};
    use jiff::civil::date;
    use oir_domain::omsaetning::check::check;
    use oir_domain::register::{Register, overlapping_rows, starting_rules};

    fn prepared() -> (oir_domain::register::RegisterData, Vec<crate::KontoplanRow>) {
        let plan = DayPlan {
            seed: 1,
            bilag: 1,
            day: date(2026, 11, 24),
            now: "2026-11-24T08:00:00Z".parse().unwrap(),
            kommuner: 10,
            receiver_url: "http://127.0.0.1:1".into(),
            body_limit: 1_000,
        };
        let made = day(&plan);
        let (mut register, mut kontoplan) = (made.register, made.kontoplan);
        let last = register.myndigheder.last().unwrap().kommune;
        prepare(&mut register, &mut kontoplan, plan.day, last);
        (register, kontoplan)
    }

    #[test]
    fn only_the_one_with_gaps_lacks_anything_and_all_of_it() {
        let (data, kontoplan) = prepared();
        assert!(overlapping_rows(&data.omsaetning).is_empty());
        let last = data.myndigheder.last().unwrap().kommune;
        let values: Vec<_> = data
            .sortiment
            .iter()
            .filter(|p| p.kommune.is_none())
            .collect();
        let mut missing = Vec::new();
        for system in super::COMING {
            for kommune in data.myndigheder.iter().map(|m| m.kommune) {
                let own = values.iter().filter(|p| p.fagsystem == system.id());
                for post in own.filter(|p| *p.facet == *system.facet) {
                    let row = data.omsaetning.iter().find(|r| {
                        r.kommune == kommune
                            && r.fagsystem == system.id()
                            && r.vaerdi == post.vaerdi
                    });
                    match row {
                        None => missing.push((kommune, post.vaerdi.clone())),
                        Some(row) => assert!(kontoplan.iter().any(|k| k.konto == row.konto)),
                    }
                }
            }
        }
        missing.sort();
        let mut wanted: Vec<_> = gaps().map(|v| (last, v.into())).into();
        wanted.sort();
        assert_eq!(missing, wanted);
    }

    #[test]
    fn a_gathered_table_says_what_its_rows_say() {
        let (data, _) = prepared();
        let register = Register::new(1, data.clone());
        for fagsystem in register.fagsystemer() {
            let kommune = data.myndigheder.first().unwrap().kommune;
            let mine = |r: &&oir_domain::register::Omsaetningsrow| {
                r.kommune == kommune && r.fagsystem == fagsystem.id
            };
            let rows: Vec<_> = data.omsaetning.iter().filter(mine).cloned().collect();
            let plain = check(starting_rules(&fagsystem.konteringsfacet, rows.clone())).unwrap();
            let table = check(gathered(&fagsystem.konteringsfacet, &rows)).unwrap();
            assert!(table.rules().len() <= plain.rules().len());
            for row in &rows {
                let values = [(&*fagsystem.konteringsfacet, &*row.vaerdi)];
                let posting = oir_domain::omsaetning::Posting {
                    values: values.as_slice(),
                    side: oir_domain::money::Side::Debit,
                    day: row.validity.from,
                    regnskabsaar: oir_domain::calendar::Regnskabsaar(row.validity.from.year()),
                    posteringstype: oir_domain::finans::Posteringstype::Normal,
                };
                let targets = |t: &oir_domain::omsaetning::Compiled| {
                    t.find(&posting).map(|rule| rule.targets.clone())
                };
                assert_eq!(targets(&plain), targets(&table));
            }
        }
    }
}
