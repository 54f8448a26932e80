//! What can be wrong with an omsætningstabel, and what stands in its way, for people: each with
//! a code that never changes its meaning, what it is, and what to do.

use jiff::civil::Date;
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::check::{
    COMMENT_MAX, RULES_MAX, TableFault, TableFaults, VALUE_MAX, VALUES_MAX, Wrong,
};
use oir_domain::omsaetning::{
    Condition, FACETS_MAX, Misfit, Objection, Rule, TemplateFault, Unfit,
};

/// Values of a list that are named before the rest is counted.
const NAMED: usize = 6;

/// A fault as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its code.
    pub code: &'static str,
    /// The rule's number; none = the table.
    pub rule: Option<u32>,
    /// What it is.
    pub text: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Everything wrong with a table: the whole first, then rule by rule.
#[must_use]
pub fn faults(faults: &TableFaults) -> Vec<Told> {
    let table = faults.table.iter().map(|fault| table_fault(*fault));
    let rules = faults.rules.iter().map(|fault| {
        let (code, text, remedy) = wrong(&fault.wrong);
        Told {
            code,
            rule: Some(fault.rule),
            text,
            remedy,
        }
    });
    table.chain(rules).collect()
}

fn table_fault(fault: TableFault) -> Told {
    let (code, text) = match fault {
        TableFault::Rules(count) => (
            "OT-REGLER",
            format!("Tabellen har {count} regler; der kan være {RULES_MAX}."),
        ),
        TableFault::Facets(count) => (
            "OT-FACETTER",
            format!("Betingelserne nævner {count} facetter; der kan være {FACETS_MAX}."),
        ),
    };
    Told {
        code,
        rule: None,
        text,
        remedy: "Saml regler med lister, begyndelser eller intervaller.",
    }
}

/// Code, what is wrong with a rule, and what to do.
#[must_use]
pub fn wrong(wrong: &Wrong) -> (&'static str, String, &'static str) {
    match wrong {
        Wrong::Number => (
            "OT-NUMMER",
            "Nummeret er 0 eller brugt af en anden regel.".to_owned(),
            "Giv reglen et nummer, som ingen anden har.",
        ),
        Wrong::DaysBackwards => (
            "OT-DAGE",
            "Sidste dag er før første dag.".to_owned(),
            "Byt dagene om.",
        ),
        Wrong::YearsBackwards => (
            "OT-AAR",
            "Sidste regnskabsår er før det første.".to_owned(),
            "Byt årene om.",
        ),
        Wrong::Facet(facet) => (
            "OT-FACET",
            format!("Facetten »{facet}« er tom eller har flere betingelser."),
            "Saml dem i én betingelse.",
        ),
        Wrong::Value(facet) => (
            "OT-VAERDI",
            format!(
                "{facet} skal have mindst én og højst {VALUES_MAX} værdier på 1-{VALUE_MAX} tegn."
            ),
            "Ret værdierne.",
        ),
        Wrong::ValueTwice(facet) => (
            "OT-VAERDI-TO-GANGE",
            format!("En værdi for {facet} står to gange."),
            "Fjern den ene.",
        ),
        Wrong::RangeLengths(facet) => (
            "OT-INTERVAL-LAENGDE",
            format!("Enderne af intervallet for {facet} er ikke lige lange."),
            "Skriv begge ender med lige mange tegn, fx 01 og 20.",
        ),
        Wrong::RangeBackwards(facet) => (
            "OT-INTERVAL",
            format!("Intervallet for {facet} slutter, før det begynder."),
            "Byt enderne om.",
        ),
        Wrong::NoTarget => (
            "OT-KONTO",
            "Reglen har ingen konto.".to_owned(),
            "Skriv kontoen.",
        ),
        Wrong::Shares(sum) => (
            "OT-ANDELE",
            format!("Andelene er {},{:02} % tilsammen.", sum / 100, sum % 100),
            "Ret dem, så de er 100 %.",
        ),
        Wrong::Comment => (
            "OT-BEMAERKNING",
            format!("Bemærkningen er længere end {COMMENT_MAX} tegn."),
            "Forkort den.",
        ),
        Wrong::Tie(other) => (
            "OT-LIGE",
            format!("Regel {other} er lige så præcis, og en postering kan passe på dem begge."),
            "Gør den ene mere præcis, eller lad dem gælde på forskellige dage.",
        ),
    }
}

/// Code, what stands in the way of an approval, and what to do.
#[must_use]
pub fn objection(objection: Objection) -> (&'static str, String, &'static str) {
    match objection {
        Objection::NoDraft => (
            "OT-INGEN-KLADDE",
            "Udgaven er ikke en kladde mere".to_owned(),
            "Den er godkendt eller opgivet af en anden. Se tabellens udgaver.",
        ),
        Objection::NoDay => (
            "OT-INGEN-DAG",
            "Kladden siger ikke, fra hvilken dag den gælder".to_owned(),
            "Skriv dagen i kladden.",
        ),
        Objection::OwnWork => (
            "OT-EGET-ARBEJDE",
            "Du har selv skrevet i kladden".to_owned(),
            "En anden med lov til at godkende skal gøre det.",
        ),
        Objection::NotSimulated => (
            "OT-IKKE-SIMULERET",
            "Kladden er ikke simuleret, siden den sidst blev ændret".to_owned(),
            "Kør en simulering, og se på resultatet.",
        ),
        Objection::MovesBooked(count) => (
            "OT-FLYTTER-BOGFOERT",
            format!("Kladden ville flytte {count} posteringer, der allerede er bogført"),
            "Lad kladden eller reglerne gælde fra en senere dag. Bogførte bilag rettes i fagsystemet.",
        ),
        Objection::Faults => (
            "OT-FEJL",
            "Nogle af reglerne har fejl".to_owned(),
            "Ret de regler, der står med fejl, og simulér igen.",
        ),
    }
}

/// What of a rule does not fit the municipality.
#[must_use]
pub fn unfit(unfit: &Unfit) -> String {
    match unfit {
        Unfit::Facet(facet) => format!("fagsystemet har ingen facet {facet}"),
        Unfit::Value { facet, vaerdi } => {
            format!("{facet} har ikke værdien {vaerdi} i kommunen")
        }
        Unfit::NotInForce { facet, vaerdi } => {
            format!("{facet} {vaerdi} må ikke bruges den dag, reglen begynder")
        }
        Unfit::Konto(konto) => format!("kontoplanen har ikke kontoen {konto}"),
        Unfit::KontoClosed(konto) => {
            format!("kontoen {konto} er lukket den dag, reglen begynder")
        }
    }
}

/// `a, b og c`, where `last` is what stands before the end.
#[must_use]
pub fn joined<T: AsRef<str>>(parts: &[T], last: &str) -> String {
    let texts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    match texts.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// A condition as a clause: `ydelsesart er 013`.
#[must_use]
pub fn condition((facet, condition): &(Box<str>, Condition)) -> String {
    match condition {
        Condition::Is(value) => format!("{facet} er {value}"),
        Condition::OneOf(values) if values.len() > NAMED => {
            let named: Vec<&str> = values.iter().take(NAMED).map(|v| &**v).collect();
            let more = values.len().saturating_sub(NAMED);
            format!("{facet} er {} eller {more} andre værdier", named.join(", "))
        }
        Condition::OneOf(values) => format!("{facet} er {}", joined(values, "eller")),
        Condition::Prefix(start) => format!("{facet} begynder med {start}"),
        Condition::Range(first, last) => format!("{facet} er fra {first} til {last}"),
    }
}

/// What a side is called.
#[must_use]
pub const fn side(side: Side) -> &'static str {
    match side {
        Side::Debit => "debet",
        Side::Credit => "kredit",
    }
}

/// What a kind of posting is called after "posteringen er".
#[must_use]
pub const fn kind(kind: Posteringstype) -> &'static str {
    match kind {
        Posteringstype::Normal => "normal",
        Posteringstype::Supplement => "i supplementsperioden",
        Posteringstype::Primo => "primo",
    }
}

/// Why a rule is not for a posting that has this value in the facet, when it is about one.
#[must_use]
pub fn misfit(misfit: &Misfit<'_>, rule: &Rule, value: Option<&str>) -> String {
    match misfit {
        Misfit::Value(facet) => {
            let wants = rule.conditions.iter().find(|(name, _)| **name == **facet);
            let wants = wants.map(condition).unwrap_or_default();
            format!(
                "{facet} er {}, men reglen kræver, at {wants}",
                value.unwrap_or("")
            )
        }
        Misfit::NoValue(facet) => format!("posteringen har ingen værdi for {facet}"),
        Misfit::Side => match rule.side {
            Some(wanted) => format!("reglen er kun for {}", side(wanted)),
            None => String::new(),
        },
        Misfit::Regnskabsaar => "reglen er for andre regnskabsår".to_owned(),
        Misfit::Posteringstype => match rule.posteringstype {
            Some(wanted) => format!("reglen er kun, når posteringen er {}", kind(wanted)),
            None => String::new(),
        },
        Misfit::NotYet => format!("reglen gælder først fra {}", day(rule.validity.from)),
        Misfit::NoLonger => match rule.validity.to {
            Some(to) => format!("reglen gjaldt kun til og med {}", day(to)),
            None => String::new(),
        },
    }
}

/// What is wrong with the text of an account, and what to do.
#[must_use]
pub const fn template(fault: TemplateFault) -> (&'static str, &'static str) {
    match fault {
        TemplateFault::Empty => ("der står ingenting", "Skriv en konto"),
        TemplateFault::TooLong => (
            "den er længere end 40 tegn",
            "Kontoen er for lang. En konto har højst 40 tegn",
        ),
        TemplateFault::Braces => (
            "{ og } passer ikke sammen",
            "Skriv { og } parvis om navnet, fx {sted}",
        ),
        TemplateFault::NoFacet => (
            "der står ingen facet mellem { og }",
            "Skriv navnet mellem { og }, fx {sted}",
        ),
    }
}

fn day(day: Date) -> String {
    super::day(&day.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use oir_domain::omsaetning::Objection;
    use oir_domain::omsaetning::check::{RuleFault, TableFault, TableFaults, Wrong};

    #[test]
    fn each_fault_has_a_code_of_its_own_and_says_what_to_do() {
        let facet = || "sted".into();
        let wrong = [
            Wrong::Number,
            Wrong::DaysBackwards,
            Wrong::YearsBackwards,
            Wrong::Facet(facet()),
            Wrong::Value(facet()),
            Wrong::ValueTwice(facet()),
            Wrong::RangeLengths(facet()),
            Wrong::RangeBackwards(facet()),
            Wrong::NoTarget,
            Wrong::Shares(9_950),
            Wrong::Comment,
            Wrong::Tie(7),
        ];
        let rules = wrong.map(|wrong| RuleFault { rule: 3, wrong });
        let all = TableFaults {
            table: vec![TableFault::Rules(1), TableFault::Facets(2)],
            rules: rules.into(),
        };
        let told = super::faults(&all);
        let objections = [
            Objection::NoDraft,
            Objection::NoDay,
            Objection::OwnWork,
            Objection::NotSimulated,
            Objection::MovesBooked(3),
            Objection::Faults,
        ];
        let objections = objections.map(super::objection);
        let codes = told.iter().map(|told| told.code);
        let codes: HashSet<&str> = codes.chain(objections.iter().map(|o| o.0)).collect();
        assert_eq!(codes.len(), told.len() + objections.len());
        assert!(told.iter().all(|told| told.remedy.ends_with('.')));
        let shares = told.iter().find(|told| told.code == "OT-ANDELE");
        let text = shares.map(|told| &*told.text);
        assert_eq!(text, Some("Andelene er 99,50 % tilsammen."));
    }
}
