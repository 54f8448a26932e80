//! By which words a bilag is found: pure, the same for what is written down beforehand and
//! for what a person types.
//!
//! A term is a letter for what it is and the value in lower case. The index of terms only
//! says where to look; whether a bilag fits is always asked of the bilag itself.

use std::collections::BTreeSet;

use crate::masking::mask_text;
use crate::money::Oere;

/// Longest value of a term, characters: longer ones are cut, and looked for cut.
const LONGEST: usize = 60;

/// What a bilag is found by besides its ids, days and faults.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Its text.
    pub tekst: &'a str,
    /// The sender's number.
    pub afsender_bilagsnummer: &'a str,
    /// Its debit sum.
    pub debet: Oere,
}

/// Terms of a bilag, each once.
#[must_use]
pub fn terms(found: &Found<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::from([amount(found.debet)]);
    for text in [found.tekst, found.afsender_bilagsnummer] {
        // Who stands in a text is no word to be looked up by.
        all.extend(words(&mask_text(text)).map(|word| format!("w{word}")));
    }
    all
}

/// The words of a text: runs of letters and digits, in lower case.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    let lower = text.to_lowercase();
    let runs: Vec<String> = lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(cut)
        .collect();
    runs.into_iter()
}

/// The term of a debit sum; terms of amounts sort as the amounts do.
#[must_use]
pub fn amount(debet: Oere) -> String {
    format!("d{:019}", debet.get().max(0))
}

/// The term of an account.
#[must_use]
pub fn konto(text: &str) -> String {
    format!("k{}", cut(&text.trim().to_lowercase()))
}

/// The term of a case.
#[must_use]
pub fn sag(text: &str) -> String {
    format!("s{}", cut(&text.trim().to_lowercase()))
}

/// The term of a sortiment value.
#[must_use]
pub fn sortiment(text: &str) -> String {
    format!("v{}", cut(&text.trim().to_lowercase()))
}

/// The first term after all that begin like this one.
#[must_use]
pub fn after(term: &str) -> String {
    format!("{term}\u{10ffff}")
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::{Found, after, amount, konto, terms, words};
    use crate::money::Oere;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found: Vec<String> = words("Sygedagpenge, uge 47 (ÆRØ): SDP-2026-00_1 %").collect();
        let wanted = ["sygedagpenge", "uge", "47", "ærø", "sdp", "2026", "00", "1"];
        assert_eq!(found, wanted);
        assert_eq!(words(" %_\\'\0").count(), 0);
        assert!(words(&"x".repeat(10_000)).all(|word| word.len() == 60));
    }

    #[test]
    fn a_person_in_a_text_is_no_term() {
        let found = terms(&Found {
            tekst: "Vedr. 610190-1234 og 6101901234",
            afsender_bilagsnummer: "A-1",
            debet: Oere::new(5),
        });
        assert!(found.iter().all(|term| !term.contains("1234")), "{found:?}");
        assert!(found.contains("w610190"));
    }

    #[test]
    fn amounts_sort_as_terms_do() {
        let amounts = [0, 1, 99, 100, 123_456, i64::MAX];
        assert!(amounts.map(|n| amount(Oere::new(n))).is_sorted());
    }

    #[test]
    fn what_begins_alike_lies_between_a_term_and_its_after() {
        let (from, to) = (konto("5.57"), after(&konto("5.57")));
        for inside in ["5.57", "5.57.71", "5.57 sygedagpenge"] {
            assert!(from <= konto(inside) && konto(inside) < to);
        }
        assert!(konto("5.58") > to && konto("5.5") < from);
    }
}
