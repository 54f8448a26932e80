//! A control total as people hand it in: three fields, and a file with one line per bilag
//! in Danish form. Pure; every fault at once, each with its line.

use std::collections::BTreeSet;

use oir_domain::day::Listed;
use oir_domain::ids::BilagUuid;
use oir_domain::money::Oere;
use oir_domain::reconcile::Statement;

use crate::danish_format::{kroner, read_kroner, whole};
use crate::masking::mask_text;
use crate::portal::view::FieldFault;

/// Lines of a file at most: a big municipality's busiest day several times over.
const LINES_MAX: usize = 100_000;
/// Faults shown of a file; more only repeat.
const FAULTS_MAX: usize = 50;

/// The form as it was filled in.
#[derive(Debug, Default, Clone)]
pub(super) struct TotalForm {
    pub(super) antal: String,
    pub(super) debet: String,
    pub(super) kredit: String,
    /// The file's text.
    pub(super) liste: String,
}

/// What was handed in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadTotal {
    pub(super) total: Statement,
    pub(super) lines: Option<Vec<Listed>>,
}

/// Reads the form.
pub(super) fn read(form: &TotalForm) -> Result<ReadTotal, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let list = (!form.liste.trim().is_empty()).then(|| list(&form.liste, &mut faults));
    let mut fault = |field, text: &str| faults.push(FieldFault::new(field, text));
    let typed = |text: &str| !text.trim().is_empty();
    let antal = match form.antal.trim().replace('.', "") {
        text if text.is_empty() => list.as_ref().map(|(sum, _)| sum.antal),
        text if text.len() <= 9 => text.parse().ok(),
        _ => None,
    };
    let debet = match &form.debet {
        text if typed(text) => read_kroner(text),
        _ => list.as_ref().map(|(sum, _)| sum.debet),
    };
    let kredit = match &form.kredit {
        text if typed(text) => read_kroner(text),
        _ => list.as_ref().map(|(sum, _)| sum.kredit),
    };
    if antal.is_none() {
        fault("antal", "Skriv antallet af bilag, fx 412");
    }
    if debet.is_none() {
        fault("debet", "Skriv debet i kroner, fx 1.234,50");
    }
    if kredit.is_none() {
        fault("kredit", "Skriv kredit i kroner, fx 1.234,50");
    }
    if let (Some((sum, _)), Some(antal), Some(debet)) = (&list, antal, debet)
        && faults.is_empty()
        && (sum.antal, sum.debet) != (antal, debet)
    {
        let text = format!(
            "Filen har {} bilag og debet {} kr. Ret felterne, eller lad dem stå tomme",
            whole(sum.antal),
            kroner(sum.debet)
        );
        faults.push(FieldFault::new("antal", &text));
    }
    match (antal, debet, kredit) {
        (Some(antal), Some(debet), Some(kredit)) if faults.is_empty() => Ok(ReadTotal {
            total: Statement {
                antal,
                debet,
                kredit,
            },
            lines: list.map(|(_, lines)| lines),
        }),
        _ => Err(faults),
    }
}

/// The file's lines and their sum.
fn list(text: &str, faults: &mut Vec<FieldFault>) -> (Statement, Vec<Listed>) {
    let (mut sum, mut lines) = (Statement::default(), Vec::new());
    let mut seen = BTreeSet::new();
    let text = text.trim_start_matches('\u{feff}');
    for (row, number) in text.lines().zip(1_usize..) {
        let cells: Vec<&str> = row
            .split(';')
            .map(|cell| cell.trim().trim_matches('"'))
            .collect();
        let head = number == 1
            && cells
                .first()
                .is_some_and(|c| c.eq_ignore_ascii_case("BilagUUID"));
        if row.trim().is_empty() || head {
            continue;
        }
        match one(&cells) {
            Ok((line, kredit)) if lines.len() < LINES_MAX => {
                let twice = !seen.insert(line.bilag);
                if twice {
                    wrong(faults, number, "bilaget står to gange");
                } else if !add(&mut sum, line.debet, kredit) {
                    wrong(faults, number, "summen er for stor");
                }
                lines.push(line);
            }
            Ok(_) => {
                wrong(faults, number, "filen har for mange linjer");
                break;
            }
            Err(what) => wrong(faults, number, &what),
        }
    }
    (sum, lines)
}

fn wrong(faults: &mut Vec<FieldFault>, number: usize, what: &str) {
    if faults.len() < FAULTS_MAX {
        let text = format!("Linje {number}: {what}");
        faults.push(FieldFault::new("fil", &text));
    }
}

fn add(sum: &mut Statement, debet: Oere, kredit: Oere) -> bool {
    sum.antal = sum.antal.saturating_add(1);
    match (sum.debet.checked_add(debet), sum.kredit.checked_add(kredit)) {
        (Ok(debet), Ok(kredit)) => {
            (sum.debet, sum.kredit) = (debet, kredit);
            true
        }
        _ => false,
    }
}

/// A line: id; debit; credit, which is the debit when it is left out.
fn one(cells: &[&str]) -> Result<(Listed, Oere), String> {
    let (id, debet, kredit) = match cells {
        [id, debet] => (id, debet, debet),
        [id, debet, ""] => (id, debet, debet),
        [id, debet, kredit] => (id, debet, kredit),
        _ => return Err("der skal stå BilagUUID;Debet eller BilagUUID;Debet;Kredit".to_owned()),
    };
    let shown = |text: &str| mask_text(&text.chars().take(40).collect::<String>());
    let Ok(bilag) = id.parse::<BilagUuid>() else {
        return Err(format!("»{}« er ikke et BilagUUID", shown(id)));
    };
    let amount = |text: &str| {
        read_kroner(text).ok_or_else(|| format!("»{}« er ikke et beløb i kroner", shown(text)))
    };
    let (debet, kredit) = (amount(debet)?, amount(kredit)?);
    Ok((Listed { bilag, debet }, kredit))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{TotalForm, read};
    use oir_domain::money::Oere;
    use proptest::prelude::{any, proptest};

    const A: &str = "0fa90000-0000-4000-8000-000000000001";
    const B: &str = "0fa90000-0000-4000-8000-000000000002";

    fn form(antal: &str, debet: &str, kredit: &str, liste: &str) -> TotalForm {
        TotalForm {
            antal: antal.into(),
            debet: debet.into(),
            kredit: kredit.into(),
            liste: liste.into(),
        }
    }

    #[test]
    fn a_file_gives_the_total_and_its_lines() {
        let file =
            format!("\u{feff}BilagUUID;Debet;Kredit\r\n\"{A}\";1.234,50;\r\n{B};0,50;1,00\r\n\r\n");
        let read = read(&form("", "", "", &file)).unwrap();
        assert_eq!(read.total.antal, 2);
        assert_eq!(read.total.debet, Oere::new(123_500));
        assert_eq!(read.total.kredit, Oere::new(123_550));
        assert_eq!(read.lines.unwrap().len(), 2);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let file = format!("x;1\n{A};en krone\n{A};1;1;1\n{A};1\n{A};2");
        let faults = read(&form("mange", "", "", &file)).unwrap_err();
        let texts: Vec<&str> = faults.iter().map(|f| f.text.as_str()).collect();
        assert_eq!(texts.len(), 5, "{texts:?}");
        assert!(
            texts
                .iter()
                .any(|t| t.starts_with("Linje 5: bilaget står to gange"))
        );
        assert!(read(&form("", "", "", "")).unwrap_err().len() == 3);
        let other = format!("{A};1,00");
        assert_eq!(read(&form("2", "", "", &other)).unwrap_err().len(), 1);
    }

    #[test]
    fn a_person_in_a_file_is_not_shown_back() {
        let faults = read(&form("", "", "", "610190-1234;1,00")).unwrap_err();
        assert!(faults.iter().all(|f| !f.text.contains("610190-1234")));
    }

    proptest! {
        #[test]
        fn reading_never_panics(a in any::<String>(), b in any::<String>(), c in any::<String>()) {
            drop(read(&form(&a, &b, &b, &c)));
        }
    }
}
