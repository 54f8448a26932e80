//! How each municipality of the reference writes its accounts: in one of three forms, all of
//! which say the same authorised string. Which form is whose is invented, but that
//! København and Aalborg have SAP (`data/kommuner.csv`) and Aarhus PSP elements.

use oir_domain::kontoplan::{AuthorisedKonto, KontoForm};
use oir_domain::party::Kommunekode;

/// Those with SAP, by code; of the others every third has Prisme.
const SAP: [u16; 3] = [101, 751, 851];

/// The form of a municipality's accounts.
#[must_use]
pub fn form(kommune: Kommunekode) -> KontoForm {
    if SAP.contains(&kommune.0) {
        KontoForm::SapPar
    } else if kommune.0.is_multiple_of(3) {
        KontoForm::Prisme
    } else {
        KontoForm::Autoriseret
    }
}

/// An account in the municipality's form. Different strings give different accounts.
pub(crate) fn written(kommune: Kommunekode, konto: &str) -> String {
    let Ok(own) = konto.parse::<AuthorisedKonto>() else {
        return konto.to_owned();
    };
    let digits = |text: String| text.replace('.', "");
    let (funktion, art) = (digits(own.funktion()), digits(own.art()));
    let (dranst, sted) = (own.dranst(), own.omkostningssted());
    let gruppering = own.gruppering();
    match form(kommune) {
        // An artskonto says the art; on the object hangs everything else.
        KontoForm::SapPar => {
            format!("40{art}0000/PSP/XG-{funktion}{dranst}{sted}-00{gruppering}")
        }
        KontoForm::Prisme => format!("{funktion}{dranst}{gruppering}{art}{sted}"),
        KontoForm::Autoriseret | KontoForm::EgneDimensioner(_) => own.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{form, written};
    use crate::reference::kommuner;

    #[test]
    fn ten_municipalities_write_in_three_forms_that_are_read_as_they_are_written() {
        let mut words = std::collections::BTreeSet::new();
        for kommune in kommuner(10) {
            let form = form(kommune.kode);
            let konto = written(kommune.kode, "5577111479101352");
            assert_eq!(&*form.normalise(&konto).unwrap(), konto);
            assert_ne!(konto, written(kommune.kode, "5577111479101386"));
            assert_ne!(konto, written(kommune.kode, "5577111479201352"));
            words.insert(form.word());
        }
        assert_eq!(words.len(), 3);
    }
}
