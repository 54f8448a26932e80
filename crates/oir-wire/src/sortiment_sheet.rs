//! A sortiment as a spreadsheet: one row per value and span of days.

use jiff::civil::Date;
use oir_domain::calendar::Validity;
use oir_domain::klassifikation::Field;
use oir_domain::party::Kommunekode;
use uuid::Uuid;

use crate::sheet::write::{self, ColumnKind, Heading, Unwritable};
use crate::sheet::{Cell, Record, Sheet, SheetFault, SheetFaultKind};

/// The dimension.
pub const FACET: &str = "Facet";
/// The value's key.
pub const NOEGLE: &str = "Nøgle";
/// The value's name.
pub const TITEL: &str = "Titel";
/// Whose own; empty = national.
pub const KOMMUNE: &str = "Kommune";
/// First day.
pub const FRA: &str = "Gyldig fra";
/// Last day; empty = until further notice.
pub const TIL: &str = "Gyldig til";
/// The value's UUID; it stays when the key changes.
pub const UUID: &str = "UUID";

/// The columns, in the order in which they are written.
pub const COLUMNS: [&str; 7] = [FACET, NOEGLE, TITEL, KOMMUNE, FRA, TIL, UUID];

/// Name of the sheet in a workbook.
const SHEET: &str = "Sortiment";

/// A value on a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortimentRow {
    /// The dimension's key.
    pub facet: Box<str>,
    /// Whose own; none = national.
    pub kommune: Option<Kommunekode>,
    /// Its key.
    pub noegle: Box<str>,
    /// Its name; none = as it is, or the key.
    pub titel: Option<Box<str>>,
    /// When.
    pub validity: Validity,
    /// Its UUID; none = by its key.
    pub objekt: Option<Uuid>,
}

/// Reads the rows, each with its number in the file.
///
/// # Errors
/// Every fault with row and column, and rows that say the same twice.
pub fn read(sheet: &Sheet) -> Result<Vec<(u32, SortimentRow)>, Vec<SheetFault>> {
    let table = sheet.table(&[FACET, NOEGLE, FRA], &[TITEL, KOMMUNE, TIL, UUID])?;
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in table.rows() {
        match row(&record) {
            Ok(row) => rows.push((record.number(), row)),
            Err(found) => faults.extend(found),
        }
    }
    let mut seen = std::collections::HashMap::new();
    for (number, row) in &rows {
        let key = (&row.facet, row.kommune, &row.noegle, row.validity.from);
        if let Some(first) = seen.insert(key, *number) {
            let (kind, first) = (SheetFaultKind::RowTwice, first.to_string());
            faults.push(SheetFault::in_row(*number, kind, &[&first]));
        }
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        faults.sort_by_key(|fault| (fault.row, fault.column));
        Err(faults)
    }
}

fn row(record: &Record<'_>) -> Result<SortimentRow, Vec<SheetFault>> {
    let mut faults = Vec::new();
    let facet = record.needed(FACET, Field::BrugervendtNoegle.length_max());
    let facet = facet.map_err(|fault| faults.push(fault)).ok();
    let noegle = record.needed(NOEGLE, Field::BrugervendtNoegle.length_max());
    let noegle = noegle.map_err(|fault| faults.push(fault)).ok();
    let titel = match record.cell(TITEL) {
        Cell::Empty => None,
        _ => {
            let titel = record.needed(TITEL, Field::Titel.length_max());
            titel.map_err(|fault| faults.push(fault)).ok()
        }
    };
    let kommune = kommune(record).map_err(|fault| faults.push(fault)).ok();
    let from = day(record, FRA, &mut faults);
    if from.is_none() && *record.cell(FRA) == Cell::Empty {
        faults.push(record.fault(FRA, SheetFaultKind::CellMissing, &[]));
    }
    let to = day(record, TIL, &mut faults);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        faults.push(record.fault(TIL, SheetFaultKind::DaysBackwards, &[]));
    }
    let objekt = objekt(record).map_err(|fault| faults.push(fault)).ok();
    match (facet, noegle, kommune, from, objekt) {
        (Some(facet), Some(noegle), Some(kommune), Some(from), Some(objekt))
            if faults.is_empty() =>
        {
            Ok(SortimentRow {
                facet: facet.into(),
                kommune,
                noegle: noegle.into(),
                titel: titel.map(Into::into),
                validity: Validity { from, to },
                objekt,
            })
        }
        _ => Err(faults),
    }
}

fn day(record: &Record<'_>, column: &str, faults: &mut Vec<SheetFault>) -> Option<Date> {
    let day = record.date(column).map_err(|fault| faults.push(fault));
    day.ok().flatten()
}

/// A number cell has lost its leading zero.
fn kommune(record: &Record<'_>) -> Result<Option<Kommunekode>, SheetFault> {
    let Some(text) = record.text(KOMMUNE) else {
        return Ok(None);
    };
    let code = text
        .parse::<u16>()
        .ok()
        .filter(|code| (1..=999).contains(code));
    let wrong = || record.fault(KOMMUNE, SheetFaultKind::NotAKommune, &[]);
    code.map(|code| Some(Kommunekode(code))).ok_or_else(wrong)
}

fn objekt(record: &Record<'_>) -> Result<Option<Uuid>, SheetFault> {
    let Some(text) = record.text(UUID) else {
        return Ok(None);
    };
    let wrong = || record.fault(UUID, SheetFaultKind::NotAUuid, &[]);
    Uuid::try_parse(&text).map(Some).map_err(|_| wrong())
}

/// Writes the rows as CSV that [`read`] reads as they were.
#[must_use]
pub fn csv(rows: &[SortimentRow]) -> Vec<u8> {
    write::csv(&head(), rows.iter().map(cells))
}

/// Writes the rows as a workbook that [`read`] reads as they were.
///
/// # Errors
/// [`Unwritable`], when there are more values than a sheet has rows.
pub fn xlsx(rows: &[SortimentRow]) -> Result<Vec<u8>, Unwritable> {
    write::xlsx(SHEET, &head(), rows.iter().map(cells))
}

fn head() -> [Heading; 7] {
    COLUMNS.map(|title| {
        let (width, kind) = match title {
            FACET => (18.0, ColumnKind::Text),
            NOEGLE => (24.0, ColumnKind::Text),
            TITEL => (48.0, ColumnKind::Text),
            KOMMUNE => (10.0, ColumnKind::Text),
            FRA | TIL => (12.0, ColumnKind::Day),
            _ => (38.0, ColumnKind::Text),
        };
        Heading {
            title: title.into(),
            width,
            kind,
        }
    })
}

/// A row's cells, by [`COLUMNS`].
fn cells(row: &SortimentRow) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.into());
    let (kommune, objekt) = (row.kommune, row.objekt);
    vec![
        text(&row.facet),
        text(&row.noegle),
        row.titel.as_deref().map_or(Cell::Empty, text),
        kommune.map_or(Cell::Empty, |kommune| text(&kommune.to_string())),
        Cell::Date(row.validity.from),
        row.validity.to.map_or(Cell::Empty, Cell::Date),
        objekt.map_or(Cell::Empty, |objekt| text(&objekt.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{COLUMNS, SortimentRow, csv, read, xlsx};
    use crate::sheet;
    use jiff::civil::date;
    use oir_domain::calendar::Validity;
    use oir_domain::party::Kommunekode;
    use proptest::prelude::{Strategy, any, prop, prop_assert_eq, proptest};
    use uuid::Uuid;

    fn row() -> impl Strategy<Value = SortimentRow> {
        let text = "[A-Za-z0-9æøåÆØÅ;\"=+,-]{1,20}";
        let days = (0_i32..30_000, prop::option::of(0_i32..900)).prop_map(|(from, length)| {
            let day = |n: i32| {
                date(1980, 1, 1)
                    .checked_add(jiff::Span::new().days(n))
                    .unwrap()
            };
            Validity {
                from: day(from),
                to: length.map(|length| day(from + length)),
            }
        });
        let kommune = prop::option::of((1_u16..999).prop_map(Kommunekode));
        (
            text,
            kommune,
            text,
            prop::option::of(text),
            days,
            any::<Option<u128>>(),
        )
            .prop_map(
                |(facet, kommune, noegle, titel, validity, objekt)| SortimentRow {
                    facet: facet.into(),
                    kommune,
                    noegle: noegle.into(),
                    titel: titel.map(Into::into),
                    validity,
                    objekt: objekt.map(Uuid::from_u128),
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_exported_is_imported(rows in prop::collection::vec(row(), 0..20)) {
            let mut rows = rows;
            let mut seen = std::collections::HashSet::new();
            rows.retain(|r| seen.insert((r.facet.clone(), r.kommune, r.noegle.clone(), r.validity.from)));
            for file in [csv(&rows), xlsx(&rows).unwrap()] {
                let sheet = sheet::read(&file).unwrap();
                let back: Vec<_> = read(&sheet).unwrap().into_iter().map(|(_, row)| row).collect();
                prop_assert_eq!(&back, &rows);
            }
        }
    }

    #[test]
    fn a_name_that_looks_like_a_formula_leaves_and_comes_back_as_text() {
        let row = SortimentRow {
            facet: "art".into(),
            kommune: None,
            noegle: "@A".into(),
            titel: Some("=HYPERLINK(\"x\")".into()),
            validity: Validity {
                from: date(2026, 1, 1),
                to: None,
            },
            objekt: None,
        };
        let rows = std::slice::from_ref(&row);
        let file = csv(rows);
        let text = std::str::from_utf8(&file).unwrap();
        let guarded = "art;'@A;\"'=HYPERLINK(\"\"x\"\")\";;01-01-2026;;\r\n";
        assert!(text.ends_with(guarded), "{text}");
        for file in [file, xlsx(rows).unwrap()] {
            let back = read(&sheet::read(&file).unwrap()).unwrap();
            assert_eq!(back, [(2, row.clone())]);
        }
    }

    #[test]
    fn every_fault_comes_with_its_cell() {
        let text = format!(
            "{}\nart;A;;0791;31-02-2026;;x\nart;B;;79100;01-01-2026;31-12-2025;\n\
             art;C;;;01-01-2026;;\nart;C;;;2026-01-01;;\n;;;;;;1\n",
            COLUMNS.join(";")
        );
        let faults = read(&sheet::read(text.as_bytes()).unwrap()).unwrap_err();
        let places: Vec<String> = faults.iter().map(sheet::SheetFault::place).collect();
        assert_eq!(
            places,
            ["E2", "G2", "D3", "F3", "række 5", "A6", "B6", "E6", "G6"]
        );
        let codes: Vec<&str> = faults.iter().map(|fault| fault.kind.code()).collect();
        let empty = "ark-celle-mangler";
        assert_eq!(
            codes,
            [
                "ark-ikke-en-dato",
                "ark-ikke-en-uuid",
                "ark-ikke-en-kommune",
                "ark-datoer-omvendt",
                "ark-raekke-to-gange",
                empty,
                empty,
                empty,
                "ark-ikke-en-uuid"
            ]
        );
    }
}
