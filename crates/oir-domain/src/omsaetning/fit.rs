//! Whether rules fit a municipality: its sortiment and its kontoplan. Asked when a table is
//! copied from another one, and of a draft before it is approved. Nothing here is a fault: a
//! rule may be written for what is still to come.

use jiff::civil::Date;

use crate::calendar::Regnskabsaar;
use crate::kontoplan::{Kontoplan, Standing};
use crate::register::{Register, ValueFault};

use super::rule::Rule;
use super::version::TableId;

/// What of a rule does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// The fagsystem has no such facet: in a condition, or taken over into an account.
    Facet(Box<str>),
    /// The facet has no such value in this municipality.
    Value {
        /// The facet.
        facet: Box<str>,
        /// The value.
        vaerdi: Box<str>,
    },
    /// The value may be used on other days only.
    NotInForce {
        /// The facet.
        facet: Box<str>,
        /// The value.
        vaerdi: Box<str>,
    },
    /// The kontoplan has no such account.
    Konto(Box<str>),
    /// The account does not take postings of the rule's first day.
    KontoClosed(Box<str>),
}

/// Everything about rules that does not fit, by the rule's number and in their order.
///
/// `day` is the first day that the rules are for; a rule whose days or years begin later is
/// asked about on its own first day, and one that ended before it not at all. Beginnings and ranges of values
/// are not looked up, nor are accounts with parts taken over; without a kontoplan no account is.
#[must_use]
pub fn unfit(
    rules: &[Rule],
    table: TableId,
    day: Date,
    register: &Register,
    kontoplan: Option<&Kontoplan>,
) -> Vec<(u32, Unfit)> {
    let mut found = Vec::new();
    for rule in rules {
        let day = rule.begin().max(day);
        if rule.end().is_some_and(|end| end < day) {
            continue;
        }
        let mut unfit: Vec<Unfit> = Vec::new();
        for (facet, condition) in &rule.conditions {
            if is_no_facet(register, table, facet, day) {
                unfit.push(Unfit::Facet(facet.clone()));
                continue;
            }
            let values = condition.named().unwrap_or_default().iter();
            unfit.extend(values.filter_map(|value| of_value(register, table, (facet, value), day)));
        }
        let taken = rule.targets.iter().flat_map(|target| target.konto.facets());
        for facet in taken {
            if is_no_facet(register, table, facet, day) {
                unfit.push(Unfit::Facet(facet.into()));
            }
        }
        if let Some(kontoplan) = kontoplan {
            let year = Regnskabsaar(day.year());
            let kontos = rule.targets.iter().filter_map(|t| t.konto.as_fixed());
            unfit.extend(
                kontos.filter_map(|konto| match kontoplan.standing(konto, day, year) {
                    Standing::Open => None,
                    Standing::Closed(_) => Some(Unfit::KontoClosed(konto.into())),
                    Standing::Unknown => Some(Unfit::Konto(konto.into())),
                }),
            );
        }
        unfit.sort_unstable();
        unfit.dedup();
        found.extend(unfit.into_iter().map(|unfit| (rule.number, unfit)));
    }
    found
}

/// No facet has an empty value: what is said of it is said of the facet.
fn is_no_facet(register: &Register, table: TableId, facet: &str, day: Date) -> bool {
    let said = register.value_in_force(table.kommune, table.fagsystem, facet, "", day);
    said == Err(ValueFault::Facet)
}

fn of_value(
    register: &Register,
    table: TableId,
    (facet, vaerdi): (&str, &str),
    day: Date,
) -> Option<Unfit> {
    let said = register.value_in_force(table.kommune, table.fagsystem, facet, vaerdi, day);
    let (facet, vaerdi) = (facet.into(), vaerdi.into());
    match said.err()? {
        ValueFault::Facet => Some(Unfit::Facet(facet)),
        ValueFault::Value => Some(Unfit::Value { facet, vaerdi }),
        ValueFault::NotInForce => Some(Unfit::NotInForce { facet, vaerdi }),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use jiff::civil::date;
    use uuid::Uuid;

    use super::super::{Condition, Rule, TableId, Target, Template};
    use super::{Unfit, unfit};
    use crate::calendar::{Regnskabsaar, Validity};
    use crate::ids::FagsystemId;
    use crate::kontoplan::{Aarsspan, Konto, KontoForm, Kontoplan};
    use crate::party::Kommunekode;
    use crate::register::{Register, RegisterData, Sortimentspost};

    const TABLE: TableId = TableId {
        kommune: Kommunekode(101),
        fagsystem: FagsystemId::from_uuid(Uuid::from_u128(1)),
    };

    fn from(year: i16) -> Validity {
        Validity {
            from: date(year, 1, 1),
            to: None,
        }
    }

    fn register() -> Register {
        let post = |kommune: Option<u16>, vaerdi: &str, validity| Sortimentspost {
            fagsystem: TABLE.fagsystem,
            kommune: kommune.map(Kommunekode),
            facet: "sted".into(),
            vaerdi: vaerdi.into(),
            validity,
        };
        let data = RegisterData {
            sortiment: vec![
                post(None, "national", from(2020)),
                post(Some(751), "andres", from(2020)),
                post(Some(101), "næste år", from(2027)),
            ],
            ..RegisterData::default()
        };
        Register::new(1, data)
    }

    fn kontoplan() -> Kontoplan {
        let konto = |text: &str, validity| Konto {
            konto: text.into(),
            navn: "opdigtet".into(),
            validity,
            aar: Aarsspan::default(),
            autoriseret: None,
        };
        let closed = Validity {
            to: Some(date(2025, 12, 31)),
            ..from(2020)
        };
        let konti = vec![konto("55", from(2020)), konto("66", closed)];
        Kontoplan::new(TABLE.kommune, 1, KontoForm::Prisme, konti)
    }

    fn rule(facet: &str, values: &[&str], konto: &str, validity: Validity) -> Rule {
        let values = values.iter().map(|value| (*value).into());
        Rule {
            number: 1,
            conditions: vec![(facet.into(), Condition::OneOf(values.collect()))],
            side: None,
            regnskabsaar: None,
            posteringstype: None,
            validity,
            targets: vec![Target::whole(Template::parse(konto).unwrap())],
            comment: Box::default(),
        }
    }

    fn found(rule: Rule) -> Vec<Unfit> {
        let plan = kontoplan();
        let all = unfit(&[rule], TABLE, date(2026, 6, 1), &register(), Some(&plan));
        all.into_iter().map(|(_, unfit)| unfit).collect()
    }

    #[test]
    fn values_of_another_kommune_and_of_other_days_are_named() {
        let values = ["national", "andres", "næste år", "andres"];
        let value = |vaerdi: &str| (Box::from("sted"), Box::from(vaerdi));
        let ((facet, other), (same, later)) = (value("andres"), value("næste år"));
        let wanted = [
            Unfit::Value {
                facet,
                vaerdi: other,
            },
            Unfit::NotInForce {
                facet: same,
                vaerdi: later,
            },
        ];
        assert_eq!(found(rule("sted", &values, "55", from(2020))), wanted);
        let next_year = found(rule("sted", &["næste år"], "55", from(2027)));
        assert_eq!(next_year, [], "asked on the rule's own first day");
        let over = Validity {
            to: Some(date(2026, 5, 31)),
            ..from(2020)
        };
        assert_eq!(found(rule("sted", &["andres"], "x", over)), []);
    }

    #[test]
    fn accounts_are_looked_up_in_the_kontoplan_when_there_is_one() {
        let known = |konto: &str| found(rule("sted", &["national"], konto, from(2020)));
        assert_eq!(known("55"), []);
        assert_eq!(known("77"), [Unfit::Konto("77".into())]);
        assert_eq!(known("66"), [Unfit::KontoClosed("66".into())]);
        assert_eq!(known("7{sted}"), [], "known only with a posting");
        assert_eq!(known("7{sted2}"), [Unfit::Facet("sted2".into())]);
        let strange = found(rule("farve", &["rød"], "55", from(2020)));
        assert_eq!(strange, [Unfit::Facet("farve".into())]);
        let mut old = rule("sted", &["national"], "66", from(2020));
        old.regnskabsaar = Some((Regnskabsaar(2024), Regnskabsaar(2025)));
        let none = unfit(&[old], TABLE, date(2026, 6, 1), &register(), None);
        assert_eq!(none, []);
        // Asked on the first day of the rule's own first year.
        let mut coming = rule("sted", &["næste år"], "55", from(2020));
        coming.regnskabsaar = Some((Regnskabsaar(2027), Regnskabsaar(2028)));
        assert_eq!(found(coming), []);
    }
}
