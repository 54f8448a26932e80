//! The XLSX half, on `calamine`. The file is measured before it is read, and read cell by
//! cell: one cell in the far corner of a sheet must not cost the whole rectangle.

use std::io::{Cursor, Read};

use calamine::{DataRef, Dimensions, ExcelDateTime, Reader, Xlsx, XlsxError};
use jiff::civil::Date;

use super::csv_file::text_fault;
use super::fault::letters;
use super::{
    COLUMNS_MAX, Cell, FAULTS_MAX, ROWS_MAX, Row, Sheet, SheetFault, SheetFaultKind, UNPACKED_MAX,
};

/// The first number that a spreadsheet has perhaps rounded: sixteen digits.
const ROUNDED_FROM: f64 = 1e15;

pub(super) fn read(bytes: &[u8], faults: &mut Vec<SheetFault>) -> Sheet {
    if let Err(kind) = measure(bytes) {
        let most = (UNPACKED_MAX / 1024 / 1024).to_string();
        let over = format!("over {most}");
        faults.push(SheetFault::of_file(kind, &[&over, &most]));
        return Sheet::default();
    }
    let sheet = Xlsx::new(Cursor::new(bytes)).and_then(|mut book| first_sheet(&mut book, faults));
    sheet.unwrap_or_else(|_| {
        faults.push(SheetFault::of_file(SheetFaultKind::Unreadable, &[]));
        Sheet::default()
    })
}

/// Unpacks everything once into nothing: what the file says of its sizes proves nothing.
fn measure(bytes: &[u8]) -> Result<(), SheetFaultKind> {
    let unreadable = |_| SheetFaultKind::Unreadable;
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let mut left = UNPACKED_MAX;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(unreadable)?;
        let mut entry = entry.take(left.saturating_add(1));
        let size = std::io::copy(&mut entry, &mut std::io::sink());
        let size = size.map_err(|_| SheetFaultKind::Unreadable)?;
        left = left.checked_sub(size).ok_or(SheetFaultKind::TooLarge)?;
    }
    Ok(())
}

fn first_sheet(
    book: &mut Xlsx<Cursor<&[u8]>>,
    faults: &mut Vec<SheetFault>,
) -> Result<Sheet, XlsxError> {
    let Some(name) = book.sheet_names().first().cloned() else {
        faults.push(SheetFault::of_file(SheetFaultKind::Empty, &[]));
        return Ok(Sheet::default());
    };
    for area in book.merge_cells_by_sheet_name(&name)? {
        faults.push(merged(&area));
    }
    let mut cells = book.worksheet_cells_reader(&name)?;
    let mut sheet = Sheet::default();
    while let Some(found) = cells.next_cell_with_formula_metadata()? {
        let (row, column) = (found.pos.0.saturating_add(1), found.pos.1);
        let empty = matches!(&found.value, DataRef::Empty)
            || matches!(&found.value, DataRef::String(text) if text.is_empty());
        if empty {
            if found.formula.is_some() {
                let kind = SheetFaultKind::FormulaWithoutValue;
                faults.push(SheetFault::at(row, column, kind, &[]));
            }
            continue;
        }
        if row > ROWS_MAX || column >= COLUMNS_MAX {
            let limit = format!("{ROWS_MAX} rækker eller {COLUMNS_MAX} kolonner");
            let kind = SheetFaultKind::TooMany;
            faults.push(SheetFault::at(row, column, kind, &[&limit]));
            break;
        }
        if faults.len() > FAULTS_MAX {
            break;
        }
        match cell(row, column, &found.value) {
            Ok(Cell::Empty) => {}
            Ok(cell) => put(&mut sheet, row, column, cell),
            Err(fault) => faults.push(fault),
        }
    }
    sheet.rows.sort_by_key(|row| row.number);
    Ok(sheet)
}

fn merged(area: &Dimensions) -> SheetFault {
    let name = |(row, column): (u32, u32)| {
        format!(
            "{}{}",
            letters(column.saturating_add(1)),
            row.saturating_add(1)
        )
    };
    let area_name = format!("{}:{}", name(area.start), name(area.end));
    let (row, column) = area.start;
    let kind = SheetFaultKind::Merged;
    SheetFault::at(row.saturating_add(1), column, kind, &[&area_name])
}

fn cell(row: u32, column: u32, value: &DataRef<'_>) -> Result<Cell, SheetFault> {
    let fault = |kind, values: &[&str]| Err(SheetFault::at(row, column, kind, values));
    match value {
        DataRef::Empty => Ok(Cell::Empty),
        DataRef::Int(number) => {
            number_cell(row, column, number.to_string().parse().unwrap_or(f64::MAX))
        }
        DataRef::Float(number) => number_cell(row, column, *number),
        DataRef::Bool(yes) => Ok(Cell::Bool(*yes)),
        DataRef::String(text) => text_cell(row, column, text),
        DataRef::SharedString(text) => text_cell(row, column, text),
        DataRef::DateTime(time) => match day(time) {
            Some(day) => Ok(Cell::Date(day)),
            None => fault(SheetFaultKind::NotADate, &[&time.as_f64().to_string()]),
        },
        DataRef::DateTimeIso(text) => {
            let day = text.get(..10).and_then(|day| day.parse().ok());
            match day {
                Some(day) => Ok(Cell::Date(day)),
                None => fault(SheetFaultKind::NotADate, &[text]),
            }
        }
        DataRef::DurationIso(text) => fault(SheetFaultKind::NotADate, &[text]),
        DataRef::Error(error) => fault(SheetFaultKind::CellError, &[&error.to_string()]),
    }
}

fn number_cell(row: u32, column: u32, number: f64) -> Result<Cell, SheetFault> {
    if number.abs() >= ROUNDED_FROM {
        let kind = SheetFaultKind::RoundedNumber;
        return Err(SheetFault::at(row, column, kind, &[]));
    }
    Ok(Cell::Number(number))
}

fn text_cell(row: u32, column: u32, text: &str) -> Result<Cell, SheetFault> {
    let text = text.trim();
    match text_fault(row, column, text) {
        Some(fault) => Err(fault),
        None if text.is_empty() => Ok(Cell::Empty),
        None => Ok(Cell::Text(text.into())),
    }
}

fn day(time: &ExcelDateTime) -> Option<Date> {
    let (year, month, day, ..) = time.to_ymd_hms_milli();
    let year = i16::try_from(year).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Cells come row by row; a file that jumps about costs a search.
fn put(sheet: &mut Sheet, row: u32, column: u32, cell: Cell) {
    let at = match sheet.rows.last() {
        Some(last) if last.number == row => sheet.rows.len().saturating_sub(1),
        Some(last) if last.number > row => {
            match sheet.rows.binary_search_by_key(&row, |r| r.number) {
                Ok(at) => at,
                Err(at) => {
                    sheet.rows.insert(at, empty_row(row));
                    at
                }
            }
        }
        _ => {
            sheet.rows.push(empty_row(row));
            sheet.rows.len().saturating_sub(1)
        }
    };
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    if let Some(row) = sheet.rows.get_mut(at) {
        if row.cells.len() <= column {
            row.cells.resize(column.saturating_add(1), Cell::Empty);
        }
        if let Some(place) = row.cells.get_mut(column) {
            *place = cell;
        }
    }
}

const fn empty_row(number: u32) -> Row {
    Row {
        number,
        cells: Vec::new(),
    }
}
