//! The register as seven files of comma-separated values, as finance departments keep them:
//! UTF-8, semicolons, one head line. Read whole: every fault with file, line and column.

mod rows;

use std::collections::BTreeMap;

use oir_domain::ledger::BooksKonto;
use oir_domain::register::{RegisterData, overlapping_rows};
use thiserror::Error;

use rows::Row;

/// Files by name, e.g. `omsaetning.csv`.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

/// One thing wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}, linje {line}: {what}")]
pub struct CsvFault {
    /// The file.
    pub file: &'static str,
    /// Its line, from 1; 0 = the file as a whole.
    pub line: u64,
    /// What is wrong, in Danish; holds no value of a row but its keys.
    pub what: String,
}

/// Names of the files, in the order of the register's lists.
pub const FILES: [&str; 7] = [
    "myndigheder.csv",
    "fagsystemer.csv",
    "aftaler.csv",
    "perioder.csv",
    "sortiment.csv",
    "omsaetning.csv",
    "modtagere.csv",
];

/// Writes all files.
#[must_use]
pub fn write(data: &RegisterData) -> Files {
    let written = [
        list(&data.myndigheder),
        list(&data.fagsystemer),
        list(&data.agreements),
        list(&data.periods),
        list(&data.sortiment),
        list(&data.omsaetning),
        list(&data.receivers),
    ];
    FILES.into_iter().zip(written).collect()
}

/// Reads all files; one that is missing is an empty list.
///
/// # Errors
/// Every fault of every file, and rows of an omsætningstabel that claim the same value on
/// the same day.
pub fn read(files: &Files) -> Result<RegisterData, Vec<CsvFault>> {
    let mut faults = Vec::new();
    let mut of = Reader {
        files,
        faults: &mut faults,
    };
    let data = RegisterData {
        myndigheder: of.list(FILES[0]),
        fagsystemer: of.list(FILES[1]),
        agreements: of.list(FILES[2]),
        periods: of.list(FILES[3]),
        sortiment: of.list(FILES[4]),
        omsaetning: of.list(FILES[5]),
        receivers: of.list(FILES[6]),
    };
    for (one, other) in overlapping_rows(&data.omsaetning) {
        faults.push(CsvFault {
            file: FILES[5],
            line: 0,
            what: format!(
                "kommune {} har både konto {} og {} for værdien {} på samme dag",
                one.kommune, one.konto, other.konto, one.vaerdi
            ),
        });
    }
    if faults.is_empty() {
        Ok(data)
    } else {
        Err(faults)
    }
}

/// The accounts of a bookkeeping system, in `kontoplan.csv`.
pub const KONTOPLAN: &str = "kontoplan.csv";

/// Writes a kontoplan.
#[must_use]
pub fn write_kontoplan(accounts: &[BooksKonto]) -> Vec<u8> {
    list(accounts)
}

/// Reads a kontoplan. The columns that say when an account takes postings may be missing, as
/// in files from before they were there: it then always does.
///
/// # Errors
/// Every fault of the file.
pub fn read_kontoplan(bytes: &[u8]) -> Result<Vec<BooksKonto>, Vec<CsvFault>> {
    let files = Files::from([(KONTOPLAN, bytes.to_vec())]);
    let mut faults = Vec::new();
    let mut of = Reader {
        files: &files,
        faults: &mut faults,
    };
    let accounts = of.list(KONTOPLAN);
    if faults.is_empty() {
        Ok(accounts)
    } else {
        Err(faults)
    }
}

fn list<R: Row>(rows: &[R]) -> Vec<u8> {
    let mut text = R::COLUMNS.join(";");
    text.push('\n');
    for row in rows {
        let cells: Vec<String> = row.cells().iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(";"));
        text.push('\n');
    }
    text.into_bytes()
}

/// A cell in quotes when it must be.
fn quoted(cell: &str) -> String {
    if cell.contains([';', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

struct Reader<'a> {
    files: &'a Files,
    faults: &'a mut Vec<CsvFault>,
}

impl Reader<'_> {
    fn list<R: Row>(&mut self, file: &'static str) -> Vec<R> {
        let Some(bytes) = self.files.get(file) else {
            return Vec::new();
        };
        // Spreadsheets put a byte order mark in front.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let head: Vec<String> = match reader.headers() {
            Ok(head) => head.iter().map(str::to_owned).collect(),
            Err(_) => Vec::new(),
        };
        let named = R::COLUMNS
            .iter()
            .zip(&head)
            .all(|(one, other)| one == other);
        if !named || !(R::NEEDED..=R::COLUMNS.len()).contains(&head.len()) {
            let what = format!("første linje skal være {}", R::COLUMNS.join(";"));
            self.faults.push(CsvFault {
                file,
                line: 1,
                what,
            });
            return Vec::new();
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let cells: Vec<&str> = record.iter().collect();
                    match R::read(&cells) {
                        Ok(row) => rows.push(row),
                        Err(what) => self.faults.push(CsvFault { file, line, what }),
                    }
                }
                Err(error) => self.faults.push(CsvFault {
                    file,
                    line: error.position().map_or(0, csv::Position::line),
                    what: "linjen har et andet antal kolonner eller er ikke UTF-8".to_owned(),
                }),
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{BooksKonto, FILES, read, read_kontoplan, write, write_kontoplan};

    #[test]
    fn what_is_written_is_read_back() {
        let data = oir_fagsystem::sample::register_data("http://127.0.0.1:1/x;\"y\"");
        let files = write(&data);
        assert_eq!(read(&files).unwrap(), data);
    }

    #[test]
    fn a_kontoplan_of_books_says_when_each_account_takes_postings() {
        let kommune = oir_domain::party::Kommunekode(791);
        let mut closing = BooksKonto::lasting(kommune, "40000000/PSP/XG-1", true);
        closing.validity.to = Some(jiff::civil::date(2026, 12, 31));
        closing.aar.from = Some(oir_domain::calendar::Regnskabsaar(2025));
        let accounts = [BooksKonto::lasting(kommune, "4711", false), closing];
        assert_eq!(
            read_kontoplan(&write_kontoplan(&accounts)).unwrap(),
            accounts
        );
        let short = b"kommune;konto;aaben\n0791;4711;nej\n";
        assert_eq!(read_kontoplan(short).unwrap(), accounts[..1]);
        let wrong = "kommune;konto;aaben;gyldig_fra;gyldig_til;aar_fra;aar_til\n\
                     0791;4711;nej;2026-02-30;;26;\n";
        let faults = read_kontoplan(wrong.as_bytes()).unwrap_err();
        assert_eq!(faults.len(), 1);
        let what = &faults.first().unwrap().what;
        assert!(
            what.contains("gyldig_fra") && what.contains("aar_fra"),
            "{what}"
        );
        assert!(read_kontoplan(b"kommune;konto\n").is_err());
    }

    #[test]
    fn all_faults_come_at_once_with_their_lines() {
        let mut files = write(&oir_fagsystem::sample::register_data("http://127.0.0.1:1"));
        files.insert(
            FILES[0],
            b"\xEF\xBB\xBFkommune;cvr;navn\n0791;29189846;Viborg\n791;1;\n0999;29189846\n".to_vec(),
        );
        files.insert(FILES[4], b"forkert;hoved\n".to_vec());
        let rows = String::from_utf8(files.remove(FILES[5]).unwrap()).unwrap();
        let first = rows.lines().nth(1).unwrap();
        files.insert(FILES[5], format!("{rows}{first}\n").into_bytes());
        let faults = read(&files).unwrap_err();
        let found: Vec<(&str, u64)> = faults.iter().map(|f| (f.file, f.line)).collect();
        assert_eq!(
            found,
            [(FILES[0], 3), (FILES[0], 4), (FILES[4], 1), (FILES[5], 0)]
        );
        assert_eq!(
            faults.first().unwrap().what,
            "kommune skal være 4 cifre; cvr skal være 8 cifre; navn skal være 1-200 tegn"
        );
    }
}
