//! Accounts held against the authorised kontoplan.
//!
//! An account is *refused* only where a source says that it cannot be: a value that a
//! sourced and exhaustive list does not have, or a gruppering that a source closed. All
//! else *warns*, and says how we know what we hold it against.

use std::collections::BTreeMap;

use crate::calendar::Regnskabsaar;

use super::authorised::AuthorisedKonto;
use super::national::{AuthorisedKontoplan, Coverage, Fact, Gruppering, Mark};
use super::{Konto, KontoForm};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// The account can be had; somebody should look.
    Warn,
    /// The account cannot be had.
    Refuse,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// What can be wrong with an authorised string. Codes are stable for ever; the
        /// Danish texts stand in `oir-wire`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum FindingCode { $($(#[$doc])* $name,)+ }

        impl FindingCode {
            /// All of them.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            /// Its stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }
        }
    };
}

codes! {
    /// No such hovedkonto. Values: hovedkonto.
    Hovedkonto = "AK-HOVEDKONTO";
    /// No such funktion that we know of. Values: funktion.
    Funktion = "AK-FUNKTION";
    /// No such dranst. Values: dranst.
    Dranst = "AK-DRANST";
    /// The dranst does not go with the hovedfunktion. Values: dranst, hovedfunktion.
    DranstHovedkonto = "AK-DRANST-HOVEDKONTO";
    /// No such ejerforhold. Values: ejerforhold.
    Ejerforhold = "AK-EJERFORHOLD";
    /// Not among the grupperinger. Values: gruppering, funktion, dranst.
    Gruppering = "AK-GRUPPERING";
    /// A gruppering of another dranst. Values: gruppering, funktion, dranst, the others.
    GrupperingDranst = "AK-GRUPPERING-DRANST";
    /// Closed for the year. Values: gruppering, funktion, dranst, year, last year.
    GrupperingClosed = "AK-GRUPPERING-LUKKET";
    /// Not there yet in the year. Values: gruppering, funktion, dranst, year, first year.
    GrupperingEarly = "AK-GRUPPERING-TIDLIG";
    /// No such art. Values: art.
    Art = "AK-ART";
    /// The art is for other hovedkonti. Values: art, hovedkonto, those it is for.
    ArtHovedkonto = "AK-ART-HOVEDKONTO";
    /// State refund with another art than the usual one. Values: art, the usual one.
    ArtStatsrefusion = "AK-ART-STATSREFUSION";
    /// One object leads to different strings. Values: object, one string, the other.
    ObjectContradicts = "AK-STAMDATA-OBJEKT";
    /// One artskonto leads to different arter. Values: artskonto, one art, the other.
    ArtskontoContradicts = "AK-STAMDATA-ARTSKONTO";
}

/// One thing that does not agree with the authorised kontoplan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Finding {
    /// What.
    pub code: FindingCode,
    /// How much it weighs.
    pub weight: Weight,
    /// Which part of the string it is about.
    pub part: &'static str,
    /// The words and digits that the text needs, in the order of the code.
    pub values: Vec<Box<str>>,
    /// How well what it is held against is attested.
    pub mark: Mark,
    /// Short name of the source.
    pub kilde: Box<str>,
}

/// The dranst of state refund.
const STATSREFUSION: &str = "2";
/// The art that state refund normally has (inferred).
const STATSTILSKUD: &str = "8.6";
/// The source of what is commonly known.
const KNOWN: &str = "KENDT";

/// What is wrong with an authorised string in a year.
#[must_use]
pub fn check(
    konto: &AuthorisedKonto,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let hovedkonto = konto.hovedkonto();
    if chart.hovedkonto(hovedkonto).is_none() {
        let list = chart.list("hovedkonto", "", "");
        let code = FindingCode::Hovedkonto;
        findings.push(missing(code, "hovedkonto", &[&hovedkonto], list));
    }
    let funktion = konto.funktion();
    if chart.funktion(&funktion).is_none() {
        let list = chart.list("funktion", "", "");
        findings.push(missing(
            FindingCode::Funktion,
            "funktion",
            &[&funktion],
            list,
        ));
    }
    findings.extend(dranst(konto, chart));
    let ejerforhold = konto.ejerforhold();
    if chart.ejerforhold(ejerforhold).is_none() {
        let list = chart.list("ejerforhold", "", "");
        let code = FindingCode::Ejerforhold;
        findings.push(missing(code, "ejerforhold", &[&ejerforhold], list));
    }
    findings.extend(gruppering(konto, aar, chart));
    findings.extend(art(konto, chart));
    findings
}

/// The year in which an account is held against the authorised kontoplan: this one, or the
/// nearest in which it takes postings.
#[must_use]
pub fn year_of(konto: &Konto, aar: Regnskabsaar) -> Regnskabsaar {
    let first = konto.aar.from.into_iter();
    let first = first
        .chain([Regnskabsaar(konto.validity.from.year())])
        .max();
    let last = konto.end().map(|end| Regnskabsaar(end.year()));
    let no_earlier = first.map_or(aar, |first| aar.max(first));
    last.map_or(no_earlier, |last| no_earlier.min(last))
}

/// What is wrong with one account, as far as its authorised string is known, in the year of
/// [`year_of`].
#[must_use]
pub fn of_konto(
    konto: &Konto,
    form: &KontoForm,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Vec<Finding> {
    let Some(own) = konto.authorised(form) else {
        return Vec::new();
    };
    check(&own, year_of(konto, aar), chart)
}

/// Where the master data of SAP contradict themselves: the same object, or the same
/// artskonto, with different parts of the authorised string. Each with the place of the
/// account where it shows. That the parts hang there is inferred, so it warns.
#[must_use]
pub fn contradictions(konti: &[Konto], form: &KontoForm) -> Vec<(usize, Finding)> {
    if *form != KontoForm::SapPar {
        return Vec::new();
    }
    let mut objects: BTreeMap<String, String> = BTreeMap::new();
    let mut arter: BTreeMap<Box<str>, String> = BTreeMap::new();
    let mut findings = Vec::new();
    for (place, konto) in konti.iter().enumerate() {
        let (Some(own), Ok(parts)) = (konto.autoriseret, form.split(&konto.konto)) else {
            continue;
        };
        let [artskonto, kind, object] = &*parts else {
            continue;
        };
        let hangs = own.digits().get(..7).unwrap_or("");
        let hangs = format!("{hangs}{}", own.gruppering());
        if !object.value.is_empty() {
            let name = format!("{} {}", kind.value, object.value);
            let first = objects.entry(name.clone()).or_insert_with(|| hangs.clone());
            if *first != hangs {
                let values: [&dyn std::fmt::Display; 3] = [&name, first, &hangs];
                let code = FindingCode::ObjectContradicts;
                findings.push((place, known(code, "objekt", &values)));
            }
        }
        let first = arter
            .entry(artskonto.value.clone())
            .or_insert_with(|| own.art());
        if *first != own.art() {
            let values: [&dyn std::fmt::Display; 3] = [&artskonto.value, first, &own.art()];
            let code = FindingCode::ArtskontoContradicts;
            findings.push((place, known(code, "artskonto", &values)));
        }
    }
    findings
}

fn dranst(konto: &AuthorisedKonto, chart: &AuthorisedKontoplan) -> Option<Finding> {
    let (dranst, hovedfunktion) = (konto.dranst(), konto.hovedfunktion());
    if chart.dranst(dranst).is_none() {
        let list = chart.list("dranst", "", "");
        return Some(missing(FindingCode::Dranst, "dranst", &[&dranst], list));
    }
    match chart.goes_with(&hovedfunktion, dranst) {
        Some((false, fact)) => {
            let values: [&dyn std::fmt::Display; 2] = [&dranst, &hovedfunktion];
            let code = FindingCode::DranstHovedkonto;
            Some(held_against(fact, code, "dranst", &values))
        }
        _ => None,
    }
}

fn gruppering(
    konto: &AuthorisedKonto,
    aar: Regnskabsaar,
    chart: &AuthorisedKontoplan,
) -> Option<Finding> {
    let (own, funktion, dranst) = (konto.gruppering(), konto.funktion(), konto.dranst());
    let list = chart.grupperinger(&funktion, dranst);
    let of_own: Vec<&Gruppering> = list.iter().filter(|g| *g.kode == *own).collect();
    if of_own.iter().any(|g| g.aar.covers(aar)) {
        return None;
    }
    let year = aar.0;
    if let Some(known) = of_own.last() {
        let closed = known.aar.to.filter(|last| *last < aar);
        let (code, limit) = match closed {
            Some(last) => (FindingCode::GrupperingClosed, last.0),
            None => {
                let first = known.aar.from.unwrap_or(aar);
                (FindingCode::GrupperingEarly, first.0)
            }
        };
        let values: [&dyn std::fmt::Display; 5] = [&own, &funktion, &dranst, &year, &limit];
        return Some(held_against(&known.fact, code, "gruppering", &values));
    }
    let coverage = chart.list("gruppering", &funktion, dranst);
    let coverage = coverage.filter(|coverage| coverage.aar.covers(aar));
    let mut others: Vec<&str> = chart.elsewhere(&funktion, own).collect();
    others.sort_unstable();
    if !list.is_empty() && !others.is_empty() {
        let others = others.join(", ");
        let values: [&dyn std::fmt::Display; 4] = [&own, &funktion, &dranst, &others];
        let code = FindingCode::GrupperingDranst;
        return Some(missing(code, "gruppering", &values, coverage));
    }
    // Where no list was read and nothing says that there is one, anything may be right.
    if list.is_empty() && !coverage.is_some_and(|coverage| coverage.exhaustive) {
        return None;
    }
    let values: [&dyn std::fmt::Display; 3] = [&own, &funktion, &dranst];
    let mut finding = missing(FindingCode::Gruppering, "gruppering", &values, coverage);
    if list.is_empty() {
        // It is sourced that the list is exhaustive, but the list itself was not read.
        finding.weight = Weight::Warn;
    }
    Some(finding)
}

fn art(konto: &AuthorisedKonto, chart: &AuthorisedKontoplan) -> Vec<Finding> {
    let (art, hovedkonto) = (konto.art(), konto.hovedkonto());
    let Some(fact) = chart.art(&art) else {
        let list = chart.list("art", "", "");
        return vec![missing(FindingCode::Art, "art", &[&art], list)];
    };
    let mut findings = Vec::new();
    let only = chart.only_hovedkonti(&art).unwrap_or_default();
    if !only.is_empty() && !only.iter().any(|own| **own == *hovedkonto) {
        let only = only.join(", ");
        let values: [&dyn std::fmt::Display; 3] = [&art, &hovedkonto, &only];
        let code = FindingCode::ArtHovedkonto;
        // The art may be sourced; that it is for these only is not.
        let mut finding = held_against(fact, code, "art", &values);
        (finding.weight, finding.mark) = (Weight::Warn, Mark::Inferred);
        findings.push(finding);
    }
    if konto.dranst() == STATSREFUSION && art != STATSTILSKUD {
        let values: [&dyn std::fmt::Display; 2] = [&art, &STATSTILSKUD];
        findings.push(known(FindingCode::ArtStatsrefusion, "art", &values));
    }
    findings
}

fn finding(
    code: FindingCode,
    part: &'static str,
    values: &[&dyn std::fmt::Display],
    (mark, kilde): (Mark, &str),
    weight: Weight,
) -> Finding {
    Finding {
        code,
        weight,
        part,
        values: values
            .iter()
            .map(|value| value.to_string().into())
            .collect(),
        mark,
        kilde: kilde.into(),
    }
}

/// A value that a list does not have: refused when a source says that the list is all.
fn missing(
    code: FindingCode,
    part: &'static str,
    values: &[&dyn std::fmt::Display],
    list: Option<&Coverage>,
) -> Finding {
    let Some(list) = list else {
        return known(code, part, values);
    };
    let sourced = list.fact.mark == Mark::Sourced;
    let weight = match list.exhaustive && sourced {
        true => Weight::Refuse,
        false => Weight::Warn,
    };
    finding(
        code,
        part,
        values,
        (list.fact.mark, &list.fact.kilde),
        weight,
    )
}

/// Held against one fact: refused when the fact is sourced.
fn held_against(
    fact: &Fact,
    code: FindingCode,
    part: &'static str,
    values: &[&dyn std::fmt::Display],
) -> Finding {
    let weight = match fact.mark {
        Mark::Sourced => Weight::Refuse,
        Mark::Inferred => Weight::Warn,
    };
    finding(code, part, values, (fact.mark, &fact.kilde), weight)
}

/// Held against what is commonly known: never refused.
fn known(code: FindingCode, part: &'static str, values: &[&dyn std::fmt::Display]) -> Finding {
    finding(code, part, values, (Mark::Inferred, KNOWN), Weight::Warn)
}

#[cfg(test)]
mod tests;
