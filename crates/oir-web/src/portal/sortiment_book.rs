//! A sortiment as a workbook, in the columns in which it is read back.

use oir_wire::sortiment_sheet::{COLUMNS, SortimentRow};

use super::workbook::{Cell, Column, Kind, Sheet, whole_book};

/// Width of each column, in characters.
const WIDTHS: [f64; 7] = [18.0, 24.0, 48.0, 10.0, 12.0, 12.0, 38.0];

/// Writes the rows of a sortiment as XLSX.
///
/// # Errors
/// What the workbook's library says, when a sheet cannot hold them.
pub fn sortiment_book(rows: &[SortimentRow]) -> Result<Vec<u8>, String> {
    let column = |(place, (title, width)): (usize, (&'static str, f64))| {
        let kind = if matches!(place, 4 | 5) {
            Kind::Time
        } else {
            Kind::Text
        };
        Column::new(title, width, kind)
    };
    let columns = COLUMNS.into_iter().zip(WIDTHS).enumerate().map(column);
    let sheet = Sheet {
        name: "Sortiment",
        columns: columns.collect(),
        rows: rows.iter().map(cells).collect(),
    };
    whole_book(&[sheet]).map_err(|error| error.to_string())
}

fn cells(row: &SortimentRow) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    vec![
        text(&row.facet),
        text(&row.noegle),
        row.titel.as_deref().map_or(Cell::Empty, text),
        row.kommune
            .map_or(Cell::Empty, |kommune| text(&kommune.to_string())),
        Cell::Day(row.validity.from),
        row.validity.to.map_or(Cell::Empty, Cell::Day),
        row.objekt
            .map_or(Cell::Empty, |objekt| text(&objekt.to_string())),
    ]
}
