//! The columns of each file.

use std::str::FromStr;

use jiff::civil::Date;
use oir_domain::calendar::{BookingPeriod, PeriodKind, Regnskabsaar, Validity};
use oir_domain::ids::FagsystemId;
use oir_domain::kontoplan::{Aarsspan, BEGINNING};
use oir_domain::ledger::BooksKonto;
use oir_domain::party::{Cvr, Fagsystem, Kommunekode, Myndighed};
use oir_domain::register::{Agreement, Omsaetningsrow, Receiver, Sortimentspost};

/// A row of a file.
pub(super) trait Row: Sized {
    /// The head line.
    const COLUMNS: &'static [&'static str];
    /// So many of them must be there; those after may be missing in older files.
    const NEEDED: usize = Self::COLUMNS.len();
    /// Its cells, one per column.
    fn cells(&self) -> Vec<String>;
    /// Reads it; the error names every cell that is wrong.
    fn read(cells: &[&str]) -> Result<Self, String>;
}

/// Takes the cells one by one and remembers what is wrong.
struct Cells<'a> {
    columns: &'static [&'static str],
    cells: &'a [&'a str],
    at: usize,
    wrong: Vec<String>,
}

impl<'a> Cells<'a> {
    fn of<R: Row>(cells: &'a [&'a str]) -> Self {
        Self {
            columns: R::COLUMNS,
            cells,
            at: 0,
            wrong: Vec::new(),
        }
    }

    fn take<T>(&mut self, form: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let cell = self.cells.get(self.at).copied().unwrap_or("");
        let column = self.columns.get(self.at).copied().unwrap_or("");
        self.at = self.at.saturating_add(1);
        let value = parse(cell);
        if value.is_none() {
            self.wrong.push(format!("{column} skal være {form}"));
        }
        value
    }

    fn parsed<T: FromStr>(&mut self, form: &str) -> Option<T> {
        self.take(form, |cell| cell.parse().ok())
    }

    fn text(&mut self) -> Option<Box<str>> {
        let fits = |cell: &str| (1..=200).contains(&cell.chars().count());
        self.take("1-200 tegn", |cell| fits(cell).then(|| cell.into()))
    }

    fn kommune(&mut self) -> Option<Kommunekode> {
        self.take("4 cifre", kommunekode)
    }

    fn optional_kommune(&mut self) -> Option<Option<Kommunekode>> {
        let parse = |cell: &str| match cell {
            "" => Some(None),
            cell => kommunekode(cell).map(Some),
        };
        self.take("4 cifre eller tom", parse)
    }

    fn day(&mut self) -> Option<Date> {
        self.parsed("en dato: ÅÅÅÅ-MM-DD")
    }

    fn validity(&mut self) -> Option<Validity> {
        let (from, to) = (self.day(), self.optional_day());
        Some(Validity {
            from: from?,
            to: to?,
        })
    }

    fn optional_day(&mut self) -> Option<Option<Date>> {
        let parse = |cell: &str| match cell {
            "" => Some(None),
            cell => cell.parse().ok().map(Some),
        };
        self.take("en dato: ÅÅÅÅ-MM-DD eller tom", parse)
    }

    fn optional_year(&mut self) -> Option<Option<Regnskabsaar>> {
        let parse = |cell: &str| match cell {
            "" => Some(None),
            cell if cell.len() == 4 => cell.parse().ok().map(|aar| Some(Regnskabsaar(aar))),
            _ => None,
        };
        self.take("et år med fire cifre eller tom", parse)
    }

    fn yes(&mut self) -> Option<bool> {
        self.take("ja eller nej", |cell| match cell {
            "ja" => Some(true),
            "nej" => Some(false),
            _ => None,
        })
    }

    /// The row, if every cell was right.
    fn built<T>(self, row: impl FnOnce() -> Option<T>) -> Result<T, String> {
        if self.wrong.is_empty() {
            return row().ok_or_else(|| "linjen er ufuldstændig".to_owned());
        }
        Err(self.wrong.join("; "))
    }
}

fn kommunekode(cell: &str) -> Option<Kommunekode> {
    let digits = cell.len() == 4 && cell.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| cell.parse().ok().map(Kommunekode))?
}

fn day(day: Option<Date>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn yes(yes: bool) -> String {
    if yes { "ja" } else { "nej" }.to_owned()
}

const UUID: &str = "en UUID";

impl Row for Myndighed {
    const COLUMNS: &'static [&'static str] = &["kommune", "cvr", "navn"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kommune.to_string(),
            self.cvr.to_string(),
            self.navn.to_string(),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let kommune = cells.kommune();
        let cvr: Option<Cvr> = cells.parsed("8 cifre");
        let navn = cells.text();
        cells.built(|| {
            Some(Self {
                kommune: kommune?,
                cvr: cvr?,
                navn: navn?,
            })
        })
    }
}

impl Row for Fagsystem {
    const COLUMNS: &'static [&'static str] = &["id", "kortnavn", "navn", "konteringsfacet"];

    fn cells(&self) -> Vec<String> {
        let texts = [&self.kortnavn, &self.navn, &self.konteringsfacet];
        let mut cells = vec![self.id.to_string()];
        cells.extend(texts.map(ToString::to_string));
        cells
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let id: Option<FagsystemId> = cells.parsed(UUID);
        let (kortnavn, navn, facet) = (cells.text(), cells.text(), cells.text());
        cells.built(|| {
            Some(Self {
                id: id?,
                kortnavn: kortnavn?,
                navn: navn?,
                konteringsfacet: facet?,
            })
        })
    }
}

impl Row for Agreement {
    const COLUMNS: &'static [&'static str] = &["kommune", "fagsystem", "fra", "til"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kommune.to_string(),
            self.fagsystem.to_string(),
            self.validity.from.to_string(),
            day(self.validity.to),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let (kommune, fagsystem) = (cells.kommune(), cells.parsed(UUID));
        let validity = cells.validity();
        cells.built(|| {
            Some(Self {
                kommune: kommune?,
                fagsystem: fagsystem?,
                validity: validity?,
            })
        })
    }
}

impl Row for (Kommunekode, BookingPeriod) {
    const COLUMNS: &'static [&'static str] =
        &["kommune", "regnskabsaar", "art", "fra", "til", "aaben"];

    fn cells(&self) -> Vec<String> {
        let (kommune, period) = self;
        let kind = match period.kind {
            PeriodKind::Ordinary => "ordinaer",
            PeriodKind::Supplementary => "supplement",
        };
        vec![
            kommune.to_string(),
            period.regnskabsaar.0.to_string(),
            kind.to_owned(),
            period.from.to_string(),
            period.to.to_string(),
            yes(period.open),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let kommune = cells.kommune();
        let aar: Option<i16> = cells.parsed("et år");
        let kind = cells.take("ordinaer eller supplement", |cell| match cell {
            "ordinaer" => Some(PeriodKind::Ordinary),
            "supplement" => Some(PeriodKind::Supplementary),
            _ => None,
        });
        let (from, to, open) = (cells.day(), cells.day(), cells.yes());
        cells.built(|| {
            let period = BookingPeriod {
                regnskabsaar: Regnskabsaar(aar?),
                kind: kind?,
                from: from?,
                to: to?,
                open: open?,
            };
            Some((kommune?, period))
        })
    }
}

impl Row for Sortimentspost {
    const COLUMNS: &'static [&'static str] =
        &["fagsystem", "kommune", "facet", "vaerdi", "fra", "til"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.fagsystem.to_string(),
            self.kommune.map_or_else(String::new, |k| k.to_string()),
            self.facet.to_string(),
            self.vaerdi.to_string(),
            self.validity.from.to_string(),
            day(self.validity.to),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let (fagsystem, kommune) = (cells.parsed(UUID), cells.optional_kommune());
        let (facet, vaerdi, validity) = (cells.text(), cells.text(), cells.validity());
        cells.built(|| {
            Some(Self {
                fagsystem: fagsystem?,
                kommune: kommune?,
                facet: facet?,
                vaerdi: vaerdi?,
                validity: validity?,
            })
        })
    }
}

impl Row for Omsaetningsrow {
    const COLUMNS: &'static [&'static str] =
        &["kommune", "fagsystem", "vaerdi", "konto", "fra", "til"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kommune.to_string(),
            self.fagsystem.to_string(),
            self.vaerdi.to_string(),
            self.konto.to_string(),
            self.validity.from.to_string(),
            day(self.validity.to),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let (kommune, fagsystem) = (cells.kommune(), cells.parsed(UUID));
        let (vaerdi, konto, validity) = (cells.text(), cells.text(), cells.validity());
        cells.built(|| {
            Some(Self {
                kommune: kommune?,
                fagsystem: fagsystem?,
                vaerdi: vaerdi?,
                konto: konto?,
                validity: validity?,
            })
        })
    }
}

impl Row for Receiver {
    const COLUMNS: &'static [&'static str] = &["kommune", "url", "idempotent"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kommune.to_string(),
            self.url.to_string(),
            yes(self.idempotent),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let (kommune, url, idempotent) = (cells.kommune(), cells.text(), cells.yes());
        cells.built(|| {
            Some(Self {
                kommune: kommune?,
                url: url?,
                idempotent: idempotent?,
            })
        })
    }
}

impl Row for BooksKonto {
    const COLUMNS: &'static [&'static str] = &[
        "kommune",
        "konto",
        "aaben",
        "gyldig_fra",
        "gyldig_til",
        "aar_fra",
        "aar_til",
    ];
    const NEEDED: usize = 3;

    fn cells(&self) -> Vec<String> {
        let aar = |aar: Option<Regnskabsaar>| aar.map_or_else(String::new, |aar| aar.0.to_string());
        let from = self.validity.from;
        vec![
            self.kommune.to_string(),
            self.konto.to_string(),
            yes(self.open),
            day((from != BEGINNING).then_some(from)),
            day(self.validity.to),
            aar(self.aar.from),
            aar(self.aar.to),
        ]
    }

    fn read(cells: &[&str]) -> Result<Self, String> {
        let mut cells = Cells::of::<Self>(cells);
        let (kommune, konto, open) = (cells.kommune(), cells.text(), cells.yes());
        let (from, to) = (cells.optional_day(), cells.optional_day());
        let (first, last) = (cells.optional_year(), cells.optional_year());
        cells.built(|| {
            Some(Self {
                kommune: kommune?,
                konto: konto?,
                open: open?,
                validity: Validity {
                    from: from?.unwrap_or(BEGINNING),
                    to: to?,
                },
                aar: Aarsspan {
                    from: first?,
                    to: last?,
                },
            })
        })
    }
}
