//! The authorised kontoplan as far as it is known: what there is, what goes together, for
//! which years, and how well each fact is attested.
//!
//! It is data, `data/kontoplan_autoriseret.csv`: every row has its mark and its source.
//! The ministry's own chapters were not at hand; what is only commonly known is marked
//! inferred, and nothing is refused on such a fact (see [`check`](super::check)).

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::calendar::Regnskabsaar;

use super::Aarsspan;

const FILE: &str = include_str!("../../../../data/kontoplan_autoriseret.csv");

/// How well a fact is attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mark {
    /// Commonly known, or concluded from other facts.
    Inferred,
    /// Read in the source that is named.
    Sourced,
}

/// Something that is so, and how we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name in Danish.
    pub navn: Box<str>,
    /// How well it is attested.
    pub mark: Mark,
    /// The short name of the source, a key of [`AuthorisedKontoplan::kilde`].
    pub kilde: Box<str>,
}

/// A gruppering of a funktion and dranst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gruppering {
    /// Three digits.
    pub kode: Box<str>,
    /// What it is.
    pub fact: Fact,
    /// For which years it is authorised.
    pub aar: Aarsspan,
}

/// How much is known of a list of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Whether nothing else is allowed; the mark says how we know.
    pub exhaustive: bool,
    /// For which years that holds.
    pub aar: Aarsspan,
    /// How we know.
    pub fact: Fact,
}

/// Which hovedfunktioner a dranst goes with: from one to one of the same hovedkonto.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Combination {
    hovedkonto: Box<str>,
    /// First and last hovedfunktion, e.g. `7.22`; none = the whole hovedkonto.
    span: Option<(Box<str>, Box<str>)>,
    dranst: Box<str>,
    fact: Fact,
}

/// Kind, funktion and dranst.
type ListKey = (Box<str>, Box<str>, Box<str>);
type Facts = BTreeMap<Box<str>, Fact>;

/// The facts, indexed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthorisedKontoplan {
    udgave: Box<str>,
    kilder: BTreeMap<Box<str>, Box<str>>,
    hovedkonti: Facts,
    hovedfunktioner: Facts,
    funktioner: Facts,
    dranst: Facts,
    ejerforhold: Facts,
    hovedarter: Facts,
    arter: Facts,
    /// The hovedkonti of an art that is not for all of them.
    arter_only: BTreeMap<Box<str>, Vec<Box<str>>>,
    combinations: Vec<Combination>,
    grupperinger: HashMap<(Box<str>, Box<str>), Vec<Gruppering>>,
    /// By kind, funktion and dranst; an empty dranst = every one.
    lists: HashMap<ListKey, Coverage>,
}

/// A row of the data that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadRow {
    /// Its line, from 1.
    pub line: usize,
}

/// The authorised kontoplan that the program carries with it.
#[must_use]
pub fn national() -> &'static AuthorisedKontoplan {
    static CHART: LazyLock<AuthorisedKontoplan> = LazyLock::new(|| {
        // A test reads the file; were it damaged, nothing would be known and nothing refused.
        AuthorisedKontoplan::read(FILE).unwrap_or_default()
    });
    &CHART
}

impl AuthorisedKontoplan {
    /// Reads facts in the form of the data file: semicolons, a head line, no quotes.
    ///
    /// # Errors
    /// The first row that cannot be read.
    pub fn read(text: &str) -> Result<Self, BadRow> {
        let mut chart = Self::default();
        for (place, row) in text.lines().enumerate().skip(1) {
            let line = place.saturating_add(1);
            let cells: Vec<&str> = row.split(';').collect();
            chart.take(&cells).ok_or(BadRow { line })?;
        }
        Ok(chart)
    }

    fn take(&mut self, cells: &[&str]) -> Option<()> {
        let [
            slags,
            kode,
            funktion,
            dranst,
            navn,
            from,
            to,
            mark,
            _,
            kilde,
            _,
        ] = *cells
        else {
            return None;
        };
        let fact = || {
            Some(Fact {
                navn: navn.into(),
                mark: match mark {
                    "S" => Mark::Sourced,
                    "I" | "I?" => Mark::Inferred,
                    _ => return None,
                },
                kilde: kilde.into(),
            })
        };
        let aar = Aarsspan {
            from: year(from)?,
            to: year(to)?,
        };
        match slags {
            "udgave" => self.udgave = kode.into(),
            "kilde" => drop(self.kilder.insert(kode.into(), navn.into())),
            "hovedkonto" => drop(self.hovedkonti.insert(kode.into(), fact()?)),
            "hovedfunktion" => drop(self.hovedfunktioner.insert(kode.into(), fact()?)),
            "funktion" => drop(self.funktioner.insert(kode.into(), fact()?)),
            "dranst" => drop(self.dranst.insert(kode.into(), fact()?)),
            "ejerforhold" => drop(self.ejerforhold.insert(kode.into(), fact()?)),
            "hovedart" => drop(self.hovedarter.insert(kode.into(), fact()?)),
            "art" => {
                self.arter.insert(kode.into(), fact()?);
                if !funktion.is_empty() {
                    let only = funktion.split(',').map(Into::into).collect();
                    self.arter_only.insert(kode.into(), only);
                }
            }
            "kombination" => self.combinations.push(combination(kode, dranst, fact()?)),
            "gruppering" => {
                let kode = kode.into();
                let fact = fact()?;
                let key = (funktion.into(), dranst.into());
                let list = self.grupperinger.entry(key).or_default();
                list.push(Gruppering { kode, fact, aar });
            }
            "liste" => {
                let coverage = Coverage {
                    exhaustive: navn == "udtømmende",
                    aar,
                    fact: fact()?,
                };
                let key = (kode.into(), funktion.into(), dranst.into());
                self.lists.insert(key, coverage);
            }
            _ => return None,
        }
        Some(())
    }

    /// Which edition of our data it is: a day.
    #[must_use]
    pub fn udgave(&self) -> &str {
        &self.udgave
    }

    /// Where a source is found: an address, or what it is instead of one.
    #[must_use]
    pub fn kilde(&self, short: &str) -> &str {
        self.kilder.get(short).map_or("", |place| &**place)
    }

    /// A hovedkonto by its digit.
    #[must_use]
    pub fn hovedkonto(&self, kode: &str) -> Option<&Fact> {
        self.hovedkonti.get(kode)
    }

    /// A hovedfunktion, e.g. `5.57`.
    #[must_use]
    pub fn hovedfunktion(&self, kode: &str) -> Option<&Fact> {
        self.hovedfunktioner.get(kode)
    }

    /// A funktion, e.g. `5.57.71`.
    #[must_use]
    pub fn funktion(&self, kode: &str) -> Option<&Fact> {
        self.funktioner.get(kode)
    }

    /// All funktioner, by code.
    pub fn funktioner(&self) -> impl Iterator<Item = (&str, &Fact)> {
        self.funktioner.iter().map(|(kode, fact)| (&**kode, fact))
    }

    /// A dranst by its digit.
    #[must_use]
    pub fn dranst(&self, kode: &str) -> Option<&Fact> {
        self.dranst.get(kode)
    }

    /// An ejerforhold by its digit.
    #[must_use]
    pub fn ejerforhold(&self, kode: &str) -> Option<&Fact> {
        self.ejerforhold.get(kode)
    }

    /// An art, e.g. `5.2`.
    #[must_use]
    pub fn art(&self, kode: &str) -> Option<&Fact> {
        self.arter.get(kode)
    }

    /// A hovedart by its digit.
    #[must_use]
    pub fn hovedart(&self, kode: &str) -> Option<&Fact> {
        self.hovedarter.get(kode)
    }

    /// The hovedkonti that an art is for; none = all of them.
    #[must_use]
    pub fn only_hovedkonti(&self, art: &str) -> Option<&[Box<str>]> {
        self.arter_only.get(art).map(Vec::as_slice)
    }

    /// The grupperinger that we know of a funktion and dranst; empty = none.
    #[must_use]
    pub fn grupperinger(&self, funktion: &str, dranst: &str) -> &[Gruppering] {
        let found = self.grupperinger.get(&(funktion.into(), dranst.into()));
        found.map_or(&[], Vec::as_slice)
    }

    /// The other dranst of a funktion that have a gruppering with that number.
    pub fn elsewhere<'a>(
        &'a self,
        funktion: &'a str,
        gruppering: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let of = |(key, list): (&'a (Box<str>, Box<str>), &'a Vec<Gruppering>)| {
            let has = list.iter().any(|own| *own.kode == *gruppering);
            (*key.0 == *funktion && has).then_some(&*key.1)
        };
        self.grupperinger.iter().filter_map(of)
    }

    /// How much is known of a list: its kind is `gruppering`, `dranst`, `ejerforhold`,
    /// `funktion` or `art`, the last without funktion.
    #[must_use]
    pub fn list(&self, kind: &str, funktion: &str, dranst: &str) -> Option<&Coverage> {
        let at = |dranst: &str| {
            self.lists
                .get(&(kind.into(), funktion.into(), dranst.into()))
        };
        at(dranst).or_else(|| at(""))
    }

    /// Whether a dranst goes with a hovedfunktion, and how we know. None = the dranst goes
    /// with nothing that we know of.
    #[must_use]
    pub fn goes_with(&self, hovedfunktion: &str, dranst: &str) -> Option<(bool, &Fact)> {
        let of = |c: &&Combination| *c.dranst == *dranst;
        let hovedkonto = hovedfunktion.split('.').next().unwrap_or("");
        let covers = |c: &&Combination| {
            let inside = |(from, to): &(Box<str>, Box<str>)| {
                **from <= *hovedfunktion && *hovedfunktion <= **to
            };
            *c.hovedkonto == *hovedkonto && c.span.as_ref().is_none_or(inside)
        };
        let all = || self.combinations.iter().filter(of);
        let found = all().find(covers).map(|c| (true, &c.fact));
        found.or_else(|| all().next().map(|c| (false, &c.fact)))
    }
}

fn year(text: &str) -> Option<Option<Regnskabsaar>> {
    if text.is_empty() {
        return Some(None);
    }
    text.parse().ok().map(|aar| Some(Regnskabsaar(aar)))
}

fn combination(kode: &str, dranst: &str, fact: Fact) -> Combination {
    let span = kode.split_once('-');
    Combination {
        hovedkonto: kode.split(['.', '-']).next().unwrap_or("").into(),
        span: span.map(|(from, to)| (from.into(), to.into())),
        dranst: dranst.into(),
        fact,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{AuthorisedKontoplan, BadRow, FILE, Mark, national};
    use crate::calendar::Regnskabsaar;

    /// The notes that the file is made from.
    const FUNKTIONER: &str = include_str!("../../../../data/kontoplan_funktioner.csv");

    #[test]
    fn the_file_is_read_whole_and_every_source_is_named() {
        let chart = AuthorisedKontoplan::read(FILE).unwrap();
        assert_eq!(chart.udgave(), "2026-11-24");
        assert_eq!(chart.hovedkonti.len(), 10);
        assert_eq!((chart.funktioner.len(), chart.arter.len()), (338, 35));
        for row in FILE
            .lines()
            .skip(1)
            .filter(|row| !row.starts_with("udgave"))
        {
            let kilde = row.split(';').nth(9).unwrap();
            let named = row.starts_with("kilde;") || !chart.kilde(kilde).is_empty();
            assert!(named, "{row}");
        }
    }

    #[test]
    fn every_funktion_of_the_notes_has_its_mark() {
        for row in FUNKTIONER.lines().filter(|row| row.contains(";funktion;")) {
            let kode = row.split(';').next().unwrap();
            let sourced = row.trim_end_matches("?").rsplit(';').nth(1) == Some("S");
            let fact = national().funktion(kode).unwrap();
            assert_eq!(fact.mark == Mark::Sourced, sourced, "{kode}");
        }
    }

    #[test]
    fn the_published_grupperinger_have_their_years() {
        let list = national().grupperinger("5.57.71", "1");
        let closed: Vec<&str> = list
            .iter()
            .filter(|own| own.aar.to == Some(Regnskabsaar(2021)))
            .map(|own| &*own.kode)
            .collect();
        assert_eq!(closed, ["001", "003", "005", "006"]);
        assert_eq!(national().grupperinger("8.51.52", "5").len(), 21);
        assert!(national().grupperinger("5.57.71", "3").is_empty());
    }

    #[test]
    fn a_dranst_goes_with_its_hovedfunktioner() {
        let goes = |at, dranst| national().goes_with(at, dranst).map(|(goes, _)| goes);
        assert_eq!(goes("5.57", "1"), Some(true));
        assert_eq!(goes("5.57", "4"), Some(false));
        assert_eq!(goes("7.22", "4"), Some(true));
        assert_eq!(goes("7.65", "4"), Some(false));
        assert_eq!(goes("8.55", "6"), Some(true));
        assert_eq!(goes("5.57", "0"), None);
    }

    #[test]
    fn a_row_that_is_wrong_is_named() {
        let read = AuthorisedKontoplan::read("h\nhovedkonto;1;;;x;;;Q;;K;\n");
        assert_eq!(read, Err(BadRow { line: 2 }));
        let read = AuthorisedKontoplan::read("h\nhovedkonto;1;;;x;;;S;;K;\n;\n");
        assert_eq!(read, Err(BadRow { line: 3 }));
    }
}
