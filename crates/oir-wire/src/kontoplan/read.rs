//! Rows as accounts.

use std::collections::HashMap;

use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::kontoplan::check::Finding;
use oir_domain::kontoplan::draft::{Field, Given, RowFault, Wrong, carrier, judge};
use oir_domain::kontoplan::national::AuthorisedKontoplan;
use oir_domain::kontoplan::{Aarsspan, AuthorisedKonto, BEGINNING, Konto, KontoFault, KontoForm};

use super::{MASTER_DATA, PROBLEMS_MAX, Problem, Reading};
use crate::danish::kontoplan::{Told, finding, heading, provenance, wrong};
use crate::sheet::{self, Record, SheetFault, SheetFaultKind, Table};

/// Years that can be meant.
const AAR: std::ops::RangeInclusive<i16> = 1970..=2199;

/// Reads and judges a file (XLSX or CSV). `aar` is the year of accounts that it now is.
#[must_use]
pub fn read(
    bytes: &[u8],
    form: &KontoForm,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Reading {
    let optional: Vec<&'static str> = Field::ALL
        .into_iter()
        .skip(2)
        .map(heading)
        .chain(MASTER_DATA)
        .collect();
    let needed = [heading(Field::Konto), heading(Field::Navn)];
    let sheet = match sheet::read(bytes) {
        Ok(sheet) => sheet,
        Err(faults) => return broken(&faults),
    };
    match sheet.table(&needed, &optional) {
        Ok(table) => of_table(&table, form, aar, chart),
        Err(faults) => broken(&faults),
    }
}

fn broken(faults: &[SheetFault]) -> Reading {
    Reading {
        faults: faults.iter().take(PROBLEMS_MAX).map(of_sheet).collect(),
        ..Reading::default()
    }
}

fn of_sheet(fault: &SheetFault) -> Problem {
    Problem {
        row: fault.row,
        place: fault.place(),
        code: fault.kind.code().into(),
        text: fault.text(),
        remedy: fault.cure(),
        provenance: None,
    }
}

/// Where the cells of a row stand.
type Places = HashMap<(u32, Field), String>;

/// A row as it is read: what it holds, or all that is wrong with it.
type ReadRow = Result<Konto, Vec<Problem>>;

fn of_table(
    table: &Table<'_>,
    form: &KontoForm,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Reading {
    let (mut reading, mut rows) = (Reading::default(), Vec::new());
    for record in table.rows() {
        let row = record.number();
        match of_record(record, form) {
            Ok(konto) => rows.push(Given { row, konto }),
            Err(problems) => reading.faults.extend(problems),
        }
    }
    if rows.is_empty() && reading.faults.is_empty() {
        return broken(&[SheetFault::of_file(SheetFaultKind::Empty, &[])]);
    }
    let judged = judge(&rows, form, aar, chart);
    let places = places(table, &judged.faults, &judged.warnings, form);
    let faults = judged.faults.iter();
    reading.faults.extend(faults.map(|fault| {
        let place = places.get(&(fault.row, fault.field)).cloned();
        of_fault(fault, place.unwrap_or_default(), chart)
    }));
    reading.faults.sort_by_key(|fault| fault.row);
    reading.faults.truncate(PROBLEMS_MAX);
    let warnings = judged.warnings.iter().take(PROBLEMS_MAX);
    let warning = |(row, found): &(u32, Finding)| {
        let place = places.get(&(*row, carrier(form))).cloned();
        of_finding(*row, found, place.unwrap_or_default(), chart)
    };
    reading.warnings = warnings.map(warning).collect();
    reading.konti = rows.into_iter().map(|given| given.konto).collect();
    reading
}

/// The names of the cells that something is said about.
fn places(
    table: &Table<'_>,
    faults: &[RowFault],
    warnings: &[(u32, Finding)],
    form: &KontoForm,
) -> Places {
    let own = carrier(form);
    let mut wanted: HashMap<u32, Vec<Field>> = HashMap::new();
    let faults = faults.iter().map(|fault| (fault.row, fault.field));
    for (row, field) in faults.chain(warnings.iter().map(|(row, _)| (*row, own))) {
        wanted.entry(row).or_default().push(field);
    }
    let mut places = Places::new();
    for record in table.rows() {
        for field in wanted.get(&record.number()).into_iter().flatten() {
            let place = record.place(heading(*field));
            places.insert((record.number(), *field), place);
        }
    }
    places
}

fn of_fault(fault: &RowFault, place: String, chart: &AuthorisedKontoplan) -> Problem {
    let Told { text, remedy } = wrong(&fault.wrong);
    let known = match &fault.wrong {
        Wrong::Refused(finding) => Some(provenance(finding, chart)),
        _ => None,
    };
    Problem {
        row: fault.row,
        place,
        code: fault.wrong.code().into(),
        text,
        remedy,
        provenance: known,
    }
}

fn of_finding(row: u32, found: &Finding, place: String, chart: &AuthorisedKontoplan) -> Problem {
    let Told { text, remedy } = finding(found);
    Problem {
        row,
        place,
        code: found.code.code().into(),
        text,
        remedy,
        provenance: Some(provenance(found, chart)),
    }
}

fn of_record(record: Record<'_>, form: &KontoForm) -> ReadRow {
    let mut problems = Vec::new();
    let konto = konto(record, form, &mut problems);
    // An account may have no name in no form: the judge says so.
    let navn = record.text(heading(Field::Navn)).unwrap_or_default();
    let from = day(record, Field::From, &mut problems);
    let to = day(record, Field::To, &mut problems);
    let aar = Aarsspan {
        from: year(record, Field::AarFrom, &mut problems),
        to: year(record, Field::AarTo, &mut problems),
    };
    let autoriseret = derived(record, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Konto {
        konto,
        navn: (*navn).into(),
        validity: Validity {
            from: from.unwrap_or(BEGINNING),
            to,
        },
        aar,
        autoriseret,
    })
}

fn say(record: Record<'_>, field: Field, said: &Wrong, problems: &mut Vec<Problem>) {
    let Told { text, remedy } = wrong(said);
    problems.push(Problem {
        row: record.number(),
        place: record.place(heading(field)),
        code: said.code().into(),
        text,
        remedy,
        provenance: None,
    });
}

fn konto(record: Record<'_>, form: &KontoForm, problems: &mut Vec<Problem>) -> Box<str> {
    let text = record.text(heading(Field::Konto)).unwrap_or_default();
    form.normalise(&text).unwrap_or_else(|faults| {
        for fault in faults {
            say(record, Field::Konto, &Wrong::Konto(fault), problems);
        }
        "".into()
    })
}

fn day(record: Record<'_>, field: Field, problems: &mut Vec<Problem>) -> Option<jiff::civil::Date> {
    record.date(heading(field)).unwrap_or_else(|fault| {
        problems.push(of_sheet(&fault));
        None
    })
}

fn year(record: Record<'_>, field: Field, problems: &mut Vec<Problem>) -> Option<Regnskabsaar> {
    let text = record.text(heading(field))?;
    let read: Option<i16> = text.parse().ok();
    let read = read.filter(|aar| AAR.contains(aar));
    if read.is_none() {
        problems.push(Problem {
            row: record.number(),
            place: record.place(heading(field)),
            code: "KP-AAR".into(),
            text: format!("»{text}« er ikke et regnskabsår."),
            remedy: "Skriv året med fire cifre, fx 2026.".to_owned(),
            provenance: None,
        });
    }
    read.map(Regnskabsaar)
}

/// The derived string: as it stands, or from the master data when all of them stand there.
fn derived(record: Record<'_>, problems: &mut Vec<Problem>) -> Option<AuthorisedKonto> {
    let read = match record.text(heading(Field::Autoriseret)) {
        Some(whole) => whole.parse(),
        None => {
            let [funktion, dranst, ejerforhold, gruppering, art] =
                MASTER_DATA.map(|column| record.text(column).unwrap_or_default());
            let parts = [&funktion, &dranst, &ejerforhold, &gruppering, &art];
            if parts.iter().all(|part| part.is_empty()) {
                return None;
            }
            AuthorisedKonto::derived(&funktion, &dranst, &ejerforhold, &gruppering, &art)
        }
    };
    let faults: Vec<KontoFault> = match read {
        Ok(own) => return Some(own),
        Err(faults) => faults,
    };
    for fault in faults {
        say(
            record,
            Field::Autoriseret,
            &Wrong::Autoriseret(fault),
            problems,
        );
    }
    None
}
