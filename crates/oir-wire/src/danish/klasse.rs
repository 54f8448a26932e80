//! Faults of the classification, in Danish.

use oir_domain::klassifikation::check::{KlasseFault, KlasseFaultCode};

/// What is wrong and what to do about it, with the fault's code.
#[must_use]
pub fn klasse_fault(fault: &KlasseFault) -> String {
    use KlasseFaultCode as C;
    let text = match fault.code {
        C::Exists => "Objektet findes allerede. Brug ret eller importer.",
        C::Unknown => "Objektet findes ikke, eller det er slettet.",
        C::AlreadySo => "Objektet er det allerede.",
        C::BeforeTheLast => "Registreringen ligger før den seneste. Kontrollér urets tid.",
        C::Backwards => "En virkning for {0} slutter, før den begynder. Ret en af datoerne.",
        C::Overlap => {
            "To virkninger for {0} gælder samtidig. Afslut den ene, før den anden begynder."
        }
        C::TooLong => "{0} er længere end {1} tegn. Forkort teksten.",
        C::NoKey => "{0} mangler. Hver egenskab skal have en nøgle.",
        C::NotHere => "{0} hører ikke til denne slags objekt. Fjern det.",
        C::Twice => "{0} står to gange i samme egenskab. Fjern den ene.",
        C::TooMany => "Registreringen har flere end {0} dele. Del den op.",
        C::Cycle => "{0} fører tilbage til objektet selv. Bryd ringen.",
        C::KeyTaken => {
            "Nøglen {0} bruges af en anden værdi ({1}) på de samme dage. \
             Afslut den anden først, eller vælg en anden nøgle."
        }
        C::UnknownFacet => "Facetten {0} findes ikke. Opret den først.",
        C::UnknownOwner => "Myndigheden med CVR {0} kendes ikke. Ret CVR-nummeret.",
        C::Moved => {
            "En værdi kan ikke flyttes til en anden facet eller ejer. \
             Afslut den, og opret en ny."
        }
        C::NotYours => "Værdien er ikke jeres at ændre.",
        C::BeforeItsDay => "Ændringen er varslet fra {0}, men ændrer dage før den.",
    };
    let text = super::filled(text, &fault.values);
    format!("{}: {text} [{}]", fault.objekt, fault.code.code())
}

#[cfg(test)]
mod tests {
    use oir_domain::klassifikation::check::{KlasseFault, KlasseFaultCode};
    use uuid::Uuid;

    #[test]
    fn a_value_with_braces_is_not_filled_again() {
        let code = KlasseFaultCode::KeyTaken;
        let fault = KlasseFault::new(Uuid::nil(), code, &["{1}x", "{0}y"]);
        let told = super::klasse_fault(&fault);
        assert!(
            told.contains("Nøglen {1}x bruges af en anden værdi ({0}y) på"),
            "{told}"
        );
    }
}
