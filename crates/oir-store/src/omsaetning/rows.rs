//! Rules as rows. Conditions and targets are texts that a person at the database can read: one
//! a line, parts with tabs between (V13 says which); what a part holds of those signs itself is
//! written with a backslash.

use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::{Condition, Rule, Share, TableId, Target, Template};
use oir_flow::ports::StoreFailure;

use crate::codec::{Cells, damaged, date, fagsystem, kommune, opt_date};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Row, Shape, Value};

/// A rule that is there already is written over: whoever saves says what all of them are.
pub(super) const RULE: Shape = Shape {
    table: "omsaetning_rule",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("rule", Int),
        ("position", Int),
        ("conditions", Text),
        ("side", Text),
        ("aar_from", Int),
        ("aar_to", Int),
        ("posteringstype", Text),
        ("valid_from", Text),
        ("valid_to", Text),
        ("targets", Text),
        ("comment", Text),
    ],
    suffix: "on conflict (kommune, fagsystem, number, rule) do update set \
         position = excluded.position, conditions = excluded.conditions, side = excluded.side, \
         aar_from = excluded.aar_from, aar_to = excluded.aar_to, \
         posteringstype = excluded.posteringstype, valid_from = excluded.valid_from, \
         valid_to = excluded.valid_to, targets = excluded.targets, comment = excluded.comment",
};

/// Columns of a rule in [`rule`]'s order.
pub(super) const COLUMNS: &str = "rule, conditions, side, aar_from, aar_to, posteringstype, \
     valid_from, valid_to, targets, comment";

/// The row of a rule at its place in the table.
pub(super) fn rule_values(table: TableId, number: u32, position: u32, rule: &Rule) -> Vec<Value> {
    let years = rule.regnskabsaar;
    vec![
        kommune(table.kommune),
        fagsystem(Some(table.fagsystem)),
        number.into(),
        rule.number.into(),
        position.into(),
        conditions(&rule.conditions).into(),
        rule.side.map(Side::letter).into(),
        years.map(|(first, _)| first.0).into(),
        years.map(|(_, last)| last.0).into(),
        rule.posteringstype.map(Posteringstype::code).into(),
        date(rule.validity.from),
        opt_date(rule.validity.to),
        targets(&rule.targets).into(),
        escaped(&rule.comment).into(),
    ]
}

/// Reads a row of [`COLUMNS`].
pub(super) fn rule(row: Row) -> Result<Rule, StoreFailure> {
    let mut cells = Cells::new(row);
    let number = cells.narrow()?;
    let conditions = read_conditions(&cells.text()?)?;
    let side = cells.opt_text()?;
    let side = side.map(|letter| Side::from_letter(&letter).ok_or_else(|| damaged("a side")));
    let regnskabsaar = match (cells.opt_narrow()?, cells.opt_narrow()?) {
        (Some(first), Some(last)) => Some((Regnskabsaar(first), Regnskabsaar(last))),
        (None, None) => None,
        _ => return Err(damaged("one of two years")),
    };
    let kind = cells.opt_text()?;
    let kind = kind
        .map(|code| Posteringstype::from_code(&code).ok_or_else(|| damaged("a kind of posting")));
    Ok(Rule {
        number,
        conditions,
        side: side.transpose()?,
        regnskabsaar,
        posteringstype: kind.transpose()?,
        validity: Validity {
            from: cells.date()?,
            to: cells.opt_date()?,
        },
        targets: read_targets(&cells.text()?)?,
        comment: unescaped(&cells.text()?)?,
    })
}

fn conditions(all: &[(Box<str>, Condition)]) -> String {
    let line = |(facet, condition): &(Box<str>, Condition)| {
        let (word, values) = match condition {
            Condition::Is(value) => ("is", vec![value]),
            Condition::OneOf(values) => ("in", values.iter().collect()),
            Condition::Prefix(start) => ("begins", vec![start]),
            Condition::Range(first, last) => ("between", vec![first, last]),
        };
        let mut line = format!("{}\t{word}", escaped(facet));
        for value in values {
            line.push('\t');
            line.push_str(&escaped(value));
        }
        line
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read_conditions(text: &str) -> Result<Vec<(Box<str>, Condition)>, StoreFailure> {
    let read = |line: &str| {
        let mut parts = line.split('\t').map(unescaped);
        let facet = parts.next().ok_or_else(|| damaged("a condition"))??;
        let word = parts.next().ok_or_else(|| damaged("a condition"))??;
        let mut values = parts.collect::<Result<Vec<_>, _>>()?;
        let (last, count) = (values.pop(), values.len());
        let condition = match (&*word, last, count) {
            ("in", last, _) => {
                values.extend(last);
                Condition::OneOf(values)
            }
            ("is", Some(value), 0) => Condition::Is(value),
            ("begins", Some(start), 0) => Condition::Prefix(start),
            ("between", Some(last), 1) => {
                let first = values.pop().unwrap_or_default();
                Condition::Range(first, last)
            }
            _ => return Err(damaged("a condition")),
        };
        Ok((facet, condition))
    };
    // No condition at all is no line; a line is never empty.
    let lines = text.split('\n').filter(|line| !line.is_empty());
    lines.map(read).collect()
}

fn targets(all: &[Target]) -> String {
    let line = |target: &Target| {
        let (word, konto) = match target.konto.as_fixed() {
            Some(konto) => ("konto", konto.to_owned()),
            None => ("template", target.konto.to_string()),
        };
        format!("{}\t{word}\t{}", target.share.hundredths(), escaped(&konto))
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn read_targets(text: &str) -> Result<Vec<Target>, StoreFailure> {
    let read = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let share = parts.next().and_then(|share| share.parse().ok());
        let share = share.and_then(Share::new)?;
        let (word, konto) = (parts.next()?, unescaped(parts.next()?).ok()?);
        let konto = match word {
            "konto" => Template::fixed(&konto),
            "template" => Template::parse(&konto).ok()?,
            _ => return None,
        };
        Some(Target { share, konto })
    };
    let lines = text.split('\n').filter(|line| !line.is_empty());
    let targets: Option<Vec<_>> = lines.map(read).collect();
    targets.ok_or_else(|| damaged("a target"))
}

/// A text without tabs, line ends and the zero that PostgreSQL takes in no text.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        let letter = match sign {
            '\\' => '\\',
            '\t' => 't',
            '\n' => 'n',
            '\r' => 'r',
            '\0' => '0',
            plain => {
                out.push(plain);
                continue;
            }
        };
        out.extend(['\\', letter]);
    }
    out
}

/// The text that was escaped.
pub(super) fn unescaped(text: &str) -> Result<Box<str>, StoreFailure> {
    if !text.contains('\\') {
        return Ok(text.into());
    }
    let (mut out, mut signs) = (String::with_capacity(text.len()), text.chars());
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            out.push(sign);
            continue;
        }
        out.push(match signs.next() {
            Some('\\') => '\\',
            Some('t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('0') => '\0',
            _ => return Err(damaged("a backslash")),
        });
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use jiff::civil::date;
    use oir_domain::calendar::{Regnskabsaar, Validity};
    use oir_domain::finans::Posteringstype;
    use oir_domain::ids::FagsystemId;
    use oir_domain::money::Side;
    use oir_domain::omsaetning::{Condition, Rule, Share, TableId, Target, Template};
    use oir_domain::party::Kommunekode;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{rule, rule_values};
    use crate::plan::Value;

    const TABLE: TableId = TableId {
        kommune: Kommunekode(101),
        fagsystem: FagsystemId::from_uuid(Uuid::from_u128(1)),
    };

    /// What a select of [`super::COLUMNS`] gives of a row.
    fn row(values: &[Value]) -> Vec<Value> {
        let order = [3, 5, 6, 7, 8, 9, 10, 11, 12, 13];
        order.map(|at| values[at].clone()).to_vec()
    }

    fn read_back(values: &[Value]) -> Rule {
        rule(row(values)).unwrap()
    }

    #[test]
    fn a_row_can_be_read_by_a_person() {
        let rule = Rule {
            number: 7,
            conditions: vec![
                (
                    "sted".into(),
                    Condition::OneOf(vec!["1".into(), "2".into()]),
                ),
                ("art".into(), Condition::Range("01".into(), "09".into())),
            ],
            side: None,
            regnskabsaar: None,
            posteringstype: None,
            validity: Validity {
                from: date(2027, 1, 1),
                to: None,
            },
            targets: vec![Target::whole(Template::parse("55{sted}01").unwrap())],
            comment: "linje 1\nlinje 2".into(),
        };
        let values = rule_values(TABLE, 1, 0, &rule);
        assert_eq!(values[5], "sted\tin\t1\t2\nart\tbetween\t01\t09".into());
        assert_eq!(values[12], "10000\ttemplate\t55{sted}01".into());
        assert_eq!(values[13], "linje 1\\nlinje 2".into());
        assert_eq!(read_back(&values), rule);
    }

    #[test]
    fn a_year_that_is_damaged_makes_no_rule_for_every_year() {
        let rule = Rule {
            number: 7,
            conditions: Vec::new(),
            side: None,
            regnskabsaar: Some((Regnskabsaar(2026), Regnskabsaar(2027))),
            posteringstype: None,
            validity: Validity {
                from: date(2027, 1, 1),
                to: None,
            },
            targets: vec![Target::whole(Template::fixed("5501"))],
            comment: Box::default(),
        };
        let sound = rule_values(TABLE, 1, 0, &rule);
        assert_eq!(read_back(&sound), rule);
        for (first, last) in [
            (Value::Int(2026), Value::Null),
            (Value::Null, Value::Int(2027)),
            (Value::Int(40_000), Value::Int(2027)),
            (Value::Int(2026), Value::Int(40_000)),
        ] {
            let mut values = sound.clone();
            (values[7], values[8]) = (first, last);
            assert!(super::rule(row(&values)).is_err());
        }
    }

    fn text() -> impl Strategy<Value = Box<str>> {
        "[a-zæ0-9 .\t\n\r\\\\\u{0}{}|]{1,8}".prop_map(Into::into)
    }

    fn condition() -> impl Strategy<Value = Condition> {
        prop_oneof![
            text().prop_map(Condition::Is),
            proptest::collection::vec(text(), 1..4).prop_map(Condition::OneOf),
            text().prop_map(Condition::Prefix),
            (text(), text()).prop_map(|(first, last)| Condition::Range(first, last)),
        ]
    }

    fn target() -> impl Strategy<Value = Target> {
        let konto = prop_oneof![
            text().prop_map(|text| Template::fixed(&text)),
            Just(Template::parse("55{sted}/{a b}").unwrap()),
        ];
        (1_u16..=10_000, konto).prop_map(|(share, konto)| Target {
            share: Share::new(share).unwrap(),
            konto,
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(
            conditions in proptest::collection::vec((text(), condition()), 0..4),
            targets in proptest::collection::vec(target(), 0..4),
            comment in text(),
            (side, year, kind) in (0_usize..3, 0_i16..3, 0_usize..4),
            days in (-3_000_i32..3_000, proptest::option::of(0_i32..3_000)),
        ) {
            let day = |days: i32| {
                date(2026, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap()
            };
            let kinds = [
                Posteringstype::Normal,
                Posteringstype::Supplement,
                Posteringstype::Primo,
            ];
            let rule = Rule {
                number: 1,
                conditions,
                side: [Side::Debit, Side::Credit].get(side).copied(),
                regnskabsaar: (year > 0)
                    .then_some((Regnskabsaar(2026), Regnskabsaar(2025 + year))),
                posteringstype: kinds.get(kind).copied(),
                validity: Validity { from: day(days.0), to: days.1.map(day) },
                targets,
                comment,
            };
            prop_assert_eq!(read_back(&rule_values(TABLE, 1, 0, &rule)), rule);
        }
    }
}
