//! The CSV half: text, its encoding judged before anything is read.

use std::io::Read;

use super::write::unguarded;
use super::{COLUMNS_MAX, Cell, ROWS_MAX, Row, Sheet, SheetFault, SheetFaultKind, TEXT_MAX};

/// What UTF-8 letters look like after somebody read them as Windows-1252 and saved them.
const SPOILED: [&str; 7] = ["Ã¦", "Ã¸", "Ã¥", "Ã†", "Ã˜", "Ã…", "\u{FFFD}"];

/// A line that we put after the last one. The library ends a file inside quotes without a word;
/// this line tells it: it stands alone, or a quotation mark without its mate has swallowed it.
const END: &[u8] = b"\n\x01\n";

pub(super) fn read(bytes: &[u8], faults: &mut Vec<SheetFault>) -> Sheet {
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        faults.push(SheetFault::of_file(SheetFaultKind::Utf16, &[]));
        return Sheet::default();
    }
    // Spreadsheets put a byte order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.contains(&0) {
        faults.push(SheetFault::of_file(SheetFaultKind::Unreadable, &[]));
        return Sheet::default();
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(bytes))
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes.chain(END));
    let mut sheet = Sheet::default();
    let mut record = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return sheet,
            Err(_) => {
                faults.push(SheetFault::of_file(SheetFaultKind::Unreadable, &[]));
                return sheet;
            }
        }
        let number = line_of(&record, bytes);
        let read = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        if read == bytes.len().saturating_add(END.len()) {
            if !record.iter().eq([b"\x01"]) {
                faults.push(SheetFault::in_row(number, SheetFaultKind::BrokenRow, &[]));
            }
            return sheet;
        }
        if !within(number, &record, faults) {
            return sheet;
        }
        let cells: Vec<Cell> = (0_u32..)
            .zip(record.iter())
            .map(|(column, raw)| cell(number, column, raw, faults))
            .collect();
        if cells.iter().any(|cell| *cell != Cell::Empty) {
            sheet.rows.push(Row { number, cells });
        }
    }
}

/// The line on which a record begins; its position is before the empty lines passed over.
fn line_of(record: &csv::ByteRecord, bytes: &[u8]) -> u32 {
    let Some(position) = record.position() else {
        return 0;
    };
    let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = bytes.get(at..).unwrap_or(&[]).iter();
    let passed = rest.take_while(|b| matches!(b, b'\n' | b'\r'));
    let passed = passed.filter(|b| **b == b'\n').count();
    let line = usize::try_from(position.line()).unwrap_or(usize::MAX);
    u32::try_from(line.saturating_add(passed)).unwrap_or(u32::MAX)
}

fn within(number: u32, record: &csv::ByteRecord, faults: &mut Vec<SheetFault>) -> bool {
    let columns = u32::try_from(record.len()).unwrap_or(u32::MAX);
    let limit = if number > ROWS_MAX {
        format!("{ROWS_MAX} rækker")
    } else if columns > COLUMNS_MAX {
        format!("{COLUMNS_MAX} kolonner")
    } else {
        return true;
    };
    let kind = SheetFaultKind::TooMany;
    faults.push(SheetFault::in_row(number, kind, &[&limit]));
    false
}

/// What separates the columns of the first line most.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or(bytes);
    let times = |delimiter: &u8| line.iter().filter(|b| *b == delimiter).count();
    // The last of equals wins: semicolons before tabs before commas.
    [b',', b'\t', b';']
        .into_iter()
        .max_by_key(times)
        .unwrap_or(b';')
}

fn cell(row: u32, column: u32, raw: &[u8], faults: &mut Vec<SheetFault>) -> Cell {
    let Ok(text) = std::str::from_utf8(raw) else {
        let meant: String = raw.iter().map(|byte| char::from(*byte)).take(60).collect();
        let kind = SheetFaultKind::Latin1;
        faults.push(SheetFault::at(row, column, kind, &[meant.trim()]));
        return Cell::Empty;
    };
    let text = unguarded(text.trim()).trim_start();
    if text.is_empty() {
        return Cell::Empty;
    }
    faults.extend(text_fault(row, column, text));
    Cell::Text(text.into())
}

/// What can be wrong with a text of either kind of file.
pub(super) fn text_fault(row: u32, column: u32, text: &str) -> Option<SheetFault> {
    if text.chars().count() > TEXT_MAX {
        let (kind, most) = (SheetFaultKind::TextTooLong, TEXT_MAX.to_string());
        return Some(SheetFault::at(row, column, kind, &[&most]));
    }
    if SPOILED.iter().any(|spoiled| text.contains(spoiled)) {
        let shown: String = text.chars().take(60).collect();
        let kind = SheetFaultKind::SpoiledLetters;
        return Some(SheetFault::at(row, column, kind, &[&shown]));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.contains(control) {
        let kind = SheetFaultKind::ControlCharacter;
        return Some(SheetFault::at(row, column, kind, &[]));
    }
    None
}
