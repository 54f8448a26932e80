//! Postings before and after mapping: what was sent, and the account it came to.

use oir_domain::finans::{Finanspostering, PartNummer};
use oir_domain::money::Side;
use oir_domain::omsaetning::{Kontering, Konteringslinje};

use super::super::view::PostingLine;
use super::super::words;
use crate::danish_format::{day, kroner};
use crate::masking::mask_text;

/// Whether the numbers of persons are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::portal) enum Numbers {
    /// The rule.
    Masked,
    /// In the answer to a look that was written down.
    Shown,
}

impl Numbers {
    pub(in crate::portal) fn text(self, text: &str) -> String {
        match self {
            Self::Masked => mask_text(text),
            Self::Shown => text.to_owned(),
        }
    }
}

/// A line as it was sent; `deciding` is the facet whose value decides the account.
pub(in crate::portal) fn posting(
    postering: &Finanspostering,
    deciding: Option<&str>,
    numbers: Numbers,
) -> PostingLine {
    let amount = kroner(postering.beloeb);
    let (debet, kredit) = match postering.side {
        Side::Debit => (Some(amount), None),
        Side::Credit => (None, Some(amount)),
    };
    let value = |value: &oir_domain::finans::Sortimentsvaerdi| {
        let decides = deciding == Some(&*value.facet);
        (
            numbers.text(&value.facet),
            numbers.text(&value.vaerdi),
            decides,
        )
    };
    PostingLine {
        linje: postering.linjenummer,
        tekst: numbers.text(&postering.tekst),
        debet,
        kredit,
        sortiment: postering.sortiment.iter().map(value).collect(),
        why: None,
        konto: postering.kontering.as_ref().map(accounts),
        part: postering.part.as_ref().map(|part| {
            let rolle = words::rolle(part.rolle);
            match (&part.nummer, numbers) {
                // `Cpr` shows itself masked.
                (PartNummer::Cpr(cpr), Numbers::Masked) => format!("{cpr} ({rolle})"),
                (PartNummer::Cpr(cpr), Numbers::Shown) => {
                    let (first, last) = cpr.unmasked().split_at_checked(6).unwrap_or_default();
                    format!("{first}-{last} ({rolle})")
                }
                (PartNummer::Cvr(cvr), _) => format!("CVR {cvr} ({rolle})"),
            }
        }),
        more: more(postering, numbers),
    }
}

/// The account; several each with its part of the amount.
pub(in crate::portal) fn accounts(kontering: &Kontering) -> Vec<String> {
    match kontering.as_whole() {
        Some(konto) => vec![konto.to_owned()],
        None => {
            let lines = kontering.lines().iter();
            let line = |line: &Konteringslinje| format!("{}: {}", line.konto, kroner(line.beloeb));
            lines.map(line).collect()
        }
    }
}

fn more(postering: &Finanspostering, numbers: Numbers) -> Vec<String> {
    let mut more = Vec::new();
    if let Some((fra, til)) = postering.periode {
        more.push(format!("Periode {} – {}", day(fra), day(til)));
    }
    if let Some(sag) = &postering.sag {
        more.push(format!(
            "Sag {} (KLE {})",
            numbers.text(&sag.sagsnummer),
            sag.kle
        ));
    }
    let mut add = |label: &str, value: &Option<Box<str>>| {
        if let Some(value) = value {
            more.push(format!("{label} {}", numbers.text(value)));
        }
    };
    add("Ydelse", &postering.ydelse);
    add("Momskode", &postering.momskode);
    add("Reference", &postering.reference);
    if let Some(percent) = postering.refusionsprocent {
        more.push(format!("Refusion {percent} %"));
    }
    more
}
