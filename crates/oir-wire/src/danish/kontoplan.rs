//! The Danish words for accounts: forms, what is wrong with a row, and what the authorised
//! kontoplan says. Each fault has a text and a remedy.

use oir_domain::kontoplan::change::ChangeKind;
use oir_domain::kontoplan::check::{Finding, FindingCode};
use oir_domain::kontoplan::draft::{Field, Wrong};
use oir_domain::kontoplan::form::{DimensionerFault, SEPARATORS};
use oir_domain::kontoplan::national::{AuthorisedKontoplan, Mark};
use oir_domain::kontoplan::{BEGINNING, Closed, KontoFault, KontoForm, NAVN_MAX};

use super::filled;

/// What is wrong, and what the reader does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// A sentence.
    pub text: String,
    /// Another one.
    pub remedy: String,
}

fn told(text: impl Into<String>, remedy: impl Into<String>) -> Told {
    Told {
        text: text.into(),
        remedy: remedy.into(),
    }
}

/// The heading of a column, in files and on pages.
#[must_use]
pub const fn heading(field: Field) -> &'static str {
    match field {
        Field::Konto => "Konto",
        Field::Navn => "Navn",
        Field::From => "Gyldig fra",
        Field::To => "Gyldig til",
        Field::AarFrom => "Regnskabsår fra",
        Field::AarTo => "Regnskabsår til",
        Field::Autoriseret => "Autoriseret kontostreng",
    }
}

/// A form as people call it.
#[must_use]
pub fn form(form: &KontoForm) -> String {
    match form {
        KontoForm::Autoriseret => "Autoriseret kontostreng (16 cifre)".to_owned(),
        KontoForm::SapPar => "SAP: artskonto og objekt".to_owned(),
        KontoForm::Prisme => "Prisme: kontonummer".to_owned(),
        KontoForm::EgneDimensioner(own) => {
            let names: Vec<&str> = own.names().collect();
            format!("Egne dimensioner: {}", names.join(", "))
        }
    }
}

/// An account of the form, as an example.
#[must_use]
pub fn example(form: &KontoForm) -> String {
    match form {
        KontoForm::Autoriseret => "5577111000001352".to_owned(),
        KontoForm::SapPar => "40000000/PSP/XG-9212045210-00014".to_owned(),
        KontoForm::Prisme => "5577101301".to_owned(),
        KontoForm::EgneDimensioner(own) => {
            let names: Vec<&str> = own.names().collect();
            names.join(&own.separator().to_string())
        }
    }
}

/// Why dimensions cannot be had like that.
#[must_use]
pub fn dimensions(fault: DimensionerFault) -> String {
    match fault {
        DimensionerFault::Count => "Skriv mellem 1 og 12 dimensioner".to_owned(),
        DimensionerFault::Name => {
            "Dimensioners navne er 1-40 tegn: bogstaver, cifre, mellemrum og bindestreg".to_owned()
        }
        DimensionerFault::Twice => "To dimensioner har samme navn".to_owned(),
        DimensionerFault::Separator => {
            let signs: Vec<String> = SEPARATORS.chars().map(String::from).collect();
            format!("Vælg et skilletegn: {}", signs.join(" "))
        }
    }
}

/// A fault of an account's text.
#[must_use]
pub fn konto_fault(fault: &KontoFault) -> Told {
    match fault {
        KontoFault::Empty => told("Kontoen mangler.", "Skriv kontoen."),
        KontoFault::Length { expected, found } => told(
            format!("Kontoen har {found} tegn og skal have {expected} cifre."),
            "Skriv alle cifre. I et regneark skal kolonnen have formatet »Tekst«, ellers \
             forsvinder nuller forrest.",
        ),
        KontoFault::Parts { expected, found } => told(
            format!("Kontoen har {found} dele og skal have {expected}."),
            "Skriv alle dele i rækkefølge med skilletegnet imellem. En artskonto har præcis \
             ét objekt.",
        ),
        KontoFault::Digits { part } => told(
            format!("Delen {part} må kun være cifre."),
            format!("Ret {part}."),
        ),
        KontoFault::Signs { part } => told(
            format!("Delen {part} har tegn, som den ikke kan have."),
            format!("Ret {part}: bogstaver a-z, cifre, punktum og bindestreg, ingen mellemrum."),
        ),
        KontoFault::Width { part, max } => told(
            format!("Delen {part} har ikke den rigtige længde (højst {max} tegn)."),
            format!("Ret {part}."),
        ),
        KontoFault::NoObject => told(
            "Artskontoen står uden objekt.",
            "Skriv objektet efter artskontoen, fx 40000000/PSP/XG-9212045210-00014. Kun \
             statuskonti, der begynder med 9, kan stå alene.",
        ),
        KontoFault::ObjectKind { found } => told(
            format!("Objekttypen {found} kendes ikke."),
            "Skriv PSP (PSP-element), OMK (omkostningssted) eller ORD (ordre).",
        ),
    }
}

/// What is wrong with a row.
#[must_use]
pub fn wrong(wrong: &Wrong) -> Told {
    match wrong {
        Wrong::Konto(fault) => konto_fault(fault),
        Wrong::Autoriseret(fault) => {
            let Told { text, remedy } = konto_fault(fault);
            told(format!("Den autoriserede kontostreng: {text}"), remedy)
        }
        Wrong::Contradicts => told(
            "Den autoriserede kontostreng er en anden end kontoen selv.",
            "Lad kolonnen være tom: kontoen er selv den autoriserede streng.",
        ),
        Wrong::Navn => told(
            format!("Navnet skal være 1-{NAVN_MAX} tegn."),
            "Skriv kontoens navn.",
        ),
        Wrong::Reversed => told(
            "Sidste dag ligger før første dag.",
            "Ret »Gyldig fra« eller »Gyldig til«.",
        ),
        Wrong::AarReversed => told(
            "Sidste regnskabsår ligger før det første.",
            "Ret »Regnskabsår fra« eller »Regnskabsår til«.",
        ),
        Wrong::NeverOpen => told(
            "Dagene og regnskabsårene har intet tilfælles, så kontoen er aldrig åben.",
            "Ret dagene eller regnskabsårene.",
        ),
        Wrong::Twice { first } => told(
            format!("Kontoen står også i række {first}."),
            "Slet den ene af rækkerne.",
        ),
        Wrong::Refused(finding) => {
            let Told { text, remedy } = self::finding(finding);
            told(text, remedy)
        }
    }
}

/// What the authorised kontoplan says of an account.
#[must_use]
pub fn finding(finding: &Finding) -> Told {
    let (text, remedy) = patterns(finding.code);
    told(
        filled(text, &finding.values),
        filled(remedy, &finding.values),
    )
}

/// How we know what an account was held against.
#[must_use]
pub fn provenance(finding: &Finding, chart: &AuthorisedKontoplan) -> String {
    match finding.mark {
        Mark::Sourced => format!("Slået op: {}", chart.kilde(&finding.kilde)),
        Mark::Inferred => "Formodet; ikke slået op i den autoriserede kontoplan".to_owned(),
    }
}

/// Text and remedy, with places for values in the code's order.
const fn patterns(code: FindingCode) -> (&'static str, &'static str) {
    match code {
        FindingCode::Hovedkonto => (
            "Hovedkonto {0} findes ikke.",
            "Ret første ciffer af den autoriserede streng.",
        ),
        FindingCode::Funktion => (
            "Funktion {0} er ikke blandt de funktioner, vi kender.",
            "Kontrollér funktionen i ministeriets kontoplan, kapitel 3.",
        ),
        FindingCode::Dranst => ("Dranst {0} findes ikke.", "Ret dranst: ciffer 6."),
        FindingCode::DranstHovedkonto => (
            "Dranst {0} bruges normalt ikke sammen med hovedfunktion {1}.",
            "Kontrollér dranst i ministeriets kontoplan.",
        ),
        FindingCode::Ejerforhold => (
            "Ejerforhold {0} er ikke blandt dem, vi kender.",
            "Kontrollér ejerforholdet: ciffer 7.",
        ),
        FindingCode::Gruppering => (
            "Gruppering {0} er ikke blandt de autoriserede, vi kender for funktion {1}, dranst {2}.",
            "Er den kommunens egen, er alt i orden. Ellers ret grupperingen.",
        ),
        FindingCode::GrupperingDranst => (
            "Gruppering {0} på funktion {1} kendes på dranst {3}, ikke på dranst {2}.",
            "Kontrollér dranst og gruppering; samme nummer betyder noget andet på en anden dranst.",
        ),
        FindingCode::GrupperingClosed => (
            "Gruppering {0} på funktion {1}, dranst {2}, er lukket: sidste regnskabsår er {4}, \
             og kontoen er åben i {3}.",
            "Skriv {4} i »Regnskabsår til«, eller brug en anden gruppering.",
        ),
        FindingCode::GrupperingEarly => (
            "Gruppering {0} på funktion {1}, dranst {2}, begynder først i regnskabsår {4}.",
            "Skriv {4} i »Regnskabsår fra«.",
        ),
        FindingCode::Art => (
            "Art {0} er ikke blandt de arter, vi kender.",
            "Kontrollér arten: de to sidste cifre.",
        ),
        FindingCode::ArtHovedkonto => (
            "Art {0} bruges normalt kun på hovedkonto {2}, ikke på {1}.",
            "Kontrollér arten.",
        ),
        FindingCode::ArtStatsrefusion => (
            "Statsrefusion (dranst 2) har normalt art {1}, ikke {0}.",
            "Kontrollér arten.",
        ),
        FindingCode::ObjectContradicts => (
            "Objektet {0} fører både til {1} og {2} (funktion, dranst, ejerforhold, gruppering).",
            "Kontrollér objektets stamdata i SAP.",
        ),
        FindingCode::ArtskontoContradicts => (
            "Artskonto {0} fører både til art {1} og {2}.",
            "Kontrollér artskontoens stamdata i SAP.",
        ),
    }
}

/// Why an account does not take a posting.
#[must_use]
pub fn closed(closed: Closed) -> String {
    match closed {
        Closed::Day(validity) => {
            let day = |day: jiff::civil::Date| super::day(&day.to_string()).unwrap_or_default();
            let since = (validity.from != BEGINNING).then(|| day(validity.from));
            match (since, validity.to.map(day)) {
                (Some(from), Some(to)) => format!("åben fra {from} til {to}"),
                (Some(from), None) => format!("åben fra {from}"),
                (None, Some(to)) => format!("åben til og med {to}"),
                (None, None) => "altid åben".to_owned(),
            }
        }
        Closed::Aar(aar) => match (aar.from, aar.to) {
            (Some(from), Some(to)) => format!("kun regnskabsår {}-{}", from.0, to.0),
            (Some(from), None) => format!("fra regnskabsår {}", from.0),
            (None, Some(to)) => format!("til og med regnskabsår {}", to.0),
            (None, None) => "alle regnskabsår".to_owned(),
        },
    }
}

/// What became of an account, as a word.
#[must_use]
pub const fn change(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::New => "Ny",
        ChangeKind::Gone => "Fjernet",
        ChangeKind::Closed => "Lukkes",
        ChangeKind::Reopened => "Genåbnes",
        ChangeKind::Renamed => "Omdøbt",
        ChangeKind::Altered => "Ændret",
        ChangeKind::Unchanged => "Uændret",
    }
}

#[cfg(test)]
mod tests {
    use super::{FindingCode, patterns};

    #[test]
    fn every_finding_has_words_of_its_own_and_a_remedy() {
        let mut seen = Vec::new();
        for code in FindingCode::ALL {
            let (text, remedy) = patterns(code);
            assert!(text.ends_with('.') && remedy.ends_with('.'), "{code:?}");
            assert!(!seen.contains(&text), "{code:?}");
            seen.push(text);
        }
    }
}
