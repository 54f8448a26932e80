//! The ministry's account string, whether a municipality writes it or it is derived.

use std::fmt;
use std::str::FromStr;

use super::form::{AUTORISERET_LENGTH, KontoFault, KontoForm};

/// Sixteen digits of the authorised kontoplan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AuthorisedKonto([u8; AUTORISERET_LENGTH]);

impl AuthorisedKonto {
    fn piece(&self, from: usize, to: usize) -> &str {
        // Only ASCII digits are let in.
        let digits = std::str::from_utf8(&self.0).unwrap_or("");
        digits.get(from..to).unwrap_or("")
    }

    /// All digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.piece(0, AUTORISERET_LENGTH)
    }

    /// First digit.
    #[must_use]
    pub fn hovedkonto(&self) -> &str {
        self.piece(0, 1)
    }

    /// As the kontoplan writes it, e.g. `5.57`.
    #[must_use]
    pub fn hovedfunktion(&self) -> String {
        format!("{}.{}", self.piece(0, 1), self.piece(1, 3))
    }

    /// As the kontoplan writes it, e.g. `5.57.71`.
    #[must_use]
    pub fn funktion(&self) -> String {
        format!("{}.{}", self.hovedfunktion(), self.piece(3, 5))
    }

    /// Drift, statsrefusion, anlæg and so on: one digit.
    #[must_use]
    pub fn dranst(&self) -> &str {
        self.piece(5, 6)
    }

    /// Who owns what is run: one digit.
    #[must_use]
    pub fn ejerforhold(&self) -> &str {
        self.piece(6, 7)
    }

    /// The municipality's own four digits.
    #[must_use]
    pub fn omkostningssted(&self) -> &str {
        self.piece(7, 11)
    }

    /// Three digits; authorised, or the municipality's own.
    #[must_use]
    pub fn gruppering(&self) -> &str {
        self.piece(11, 14)
    }

    /// One digit.
    #[must_use]
    pub fn hovedart(&self) -> &str {
        self.piece(14, 15)
    }

    /// As the kontoplan writes it, e.g. `5.2`.
    #[must_use]
    pub fn art(&self) -> String {
        format!("{}.{}", self.piece(14, 15), self.piece(15, 16))
    }

    /// From master data: what hangs on an object, and the art of an artskonto. Points, commas
    /// and spaces are let be, and so are zeros that a spreadsheet took away in front. The place of the omkostningssted is `0000`.
    ///
    /// # Errors
    /// What is wrong with the digits.
    pub fn derived(
        funktion: &str,
        dranst: &str,
        ejerforhold: &str,
        gruppering: &str,
        art: &str,
    ) -> Result<Self, Vec<KontoFault>> {
        let text = |digits: &str, width: usize, name: &str| {
            let between = |c: &char| !matches!(c, '.' | ',' | ' ');
            let mut kept: String = digits.chars().filter(between).collect();
            // Spreadsheets take the zeros in front of numbers away; of an art they would
            // take the one behind, and `4` may be 0.4 or 4.0.
            if name != "art" {
                kept = format!("{kept:0>width$}");
            }
            if kept.len() == width && kept.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty()
            {
                Ok(kept)
            } else {
                let (part, max) = (name.into(), width);
                Err(KontoFault::Width { part, max })
            }
        };
        let parts = [
            text(funktion, 5, "funktion"),
            text(dranst, 1, "dranst"),
            text(ejerforhold, 1, "ejerforhold"),
            Ok("0000".to_owned()),
            text(gruppering, 3, "gruppering"),
            text(art, 2, "art"),
        ];
        let faults = parts.iter().filter_map(|part| part.as_ref().err().cloned());
        let faults: Vec<KontoFault> = faults.collect();
        if faults.is_empty() {
            let digits: String = parts.into_iter().filter_map(Result::ok).collect();
            digits.parse()
        } else {
            Err(faults)
        }
    }
}

impl FromStr for AuthorisedKonto {
    type Err = Vec<KontoFault>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = KontoForm::Autoriseret.normalise(text)?;
        let expected = AUTORISERET_LENGTH;
        let found = text.len();
        let digits = text.as_bytes().try_into();
        digits
            .map(Self)
            .map_err(|_| vec![KontoFault::Length { expected, found }])
    }
}

impl fmt::Display for AuthorisedKonto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.digits())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::AuthorisedKonto;

    #[test]
    fn the_parts_stand_where_the_ministry_has_them() {
        let konto: AuthorisedKonto = "5.57.71.2.1.0042.010.8.6".parse().unwrap();
        assert_eq!(konto.digits(), "5577121004201086");
        assert_eq!(konto.funktion(), "5.57.71");
        assert_eq!(konto.hovedfunktion(), "5.57");
        assert_eq!((konto.dranst(), konto.ejerforhold()), ("2", "1"));
        assert_eq!(
            (konto.omkostningssted(), konto.gruppering()),
            ("0042", "010")
        );
        assert_eq!((konto.hovedart(), konto.art()), ("8", "8.6".to_owned()));
    }

    #[test]
    fn master_data_make_the_string() {
        let konto = AuthorisedKonto::derived("5.57.71", "1", "1", "13", "5.2");
        assert_eq!(konto.unwrap().digits(), "5577111000001352");
        let faults = AuthorisedKonto::derived("5.57.7x", "", "1", "0131", "5.2").unwrap_err();
        assert_eq!(faults.len(), 3);
        assert!(AuthorisedKonto::derived("55771", "1", "1", "013", "4").is_err());
        let konto = AuthorisedKonto::derived("2201", "1", "1", "1", "4,0");
        assert_eq!(konto.unwrap().digits(), "0220111000000140");
    }
}
