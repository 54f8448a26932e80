//! What can be wrong with the rules of a table, before it is written. All of it at once.

use std::collections::HashSet;

use super::compiled::{Compiled, FACETS_MAX, Tie};
use super::rule::{Condition, Rule};
use super::share::Share;

/// Most rules in one table: twenty times the largest we have heard of.
pub const RULES_MAX: usize = 200_000;

/// Longest comment, in characters.
pub const COMMENT_MAX: usize = 500;

/// Longest value in a condition, in characters, as the contract's values.
pub const VALUE_MAX: usize = 60;

/// Most values in one list.
pub const VALUES_MAX: usize = 1_000;

/// One thing wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    /// The rule's number.
    pub rule: u32,
    /// What.
    pub wrong: Wrong,
}

/// What can be wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Another rule has the number, or it is 0.
    Number,
    /// Its last day is before its first.
    DaysBackwards,
    /// Its last year is before its first.
    YearsBackwards,
    /// Two conditions on one facet, or an empty facet.
    Facet(Box<str>),
    /// An empty or overlong value, an empty list, or a list with more than [`VALUES_MAX`].
    Value(Box<str>),
    /// A value twice in a list.
    ValueTwice(Box<str>),
    /// The ends of a range are not of the same length.
    RangeLengths(Box<str>),
    /// A range that ends before it begins.
    RangeBackwards(Box<str>),
    /// No account.
    NoTarget,
    /// Its shares are not all of the amount together; hundredths of a percent.
    Shares(u32),
    /// Its comment is longer than [`COMMENT_MAX`].
    Comment,
    /// Another rule is as specific, and a posting can fit both.
    Tie(u32),
}

/// What is wrong with a table as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFault {
    /// More than [`RULES_MAX`] rules.
    Rules(usize),
    /// Conditions on more than [`FACETS_MAX`] facets.
    Facets(usize),
}

/// Everything wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableFaults {
    /// With the whole.
    pub table: Vec<TableFault>,
    /// With its rules, by number.
    pub rules: Vec<RuleFault>,
}

/// Checks and compiles a table.
///
/// # Errors
/// Everything wrong with it; ties are looked for when each rule is right by itself.
pub fn check(rules: Vec<Rule>) -> Result<Compiled, TableFaults> {
    let mut faults = TableFaults::default();
    if rules.len() > RULES_MAX {
        faults.table.push(TableFault::Rules(rules.len()));
    }
    let conditions = rules.iter().flat_map(|rule| &rule.conditions);
    let facets: HashSet<&str> = conditions.map(|(facet, _)| &**facet).collect();
    if facets.len() > FACETS_MAX {
        faults.table.push(TableFault::Facets(facets.len()));
    }
    let mut numbers = HashSet::with_capacity(rules.len());
    for rule in &rules {
        if rule.number == 0 || !numbers.insert(rule.number) {
            faults.rules.push(RuleFault {
                rule: rule.number,
                wrong: Wrong::Number,
            });
        }
        let found = rule_faults(rule).into_iter();
        faults.rules.extend(found.map(|wrong| RuleFault {
            rule: rule.number,
            wrong,
        }));
    }
    if faults != TableFaults::default() {
        faults.rules.sort_by_key(|fault| fault.rule);
        return Err(faults);
    }
    Compiled::new(rules).map_err(|ties| TableFaults {
        table: Vec::new(),
        rules: ties.into_iter().map(tie_fault).collect(),
    })
}

fn tie_fault(tie: Tie) -> RuleFault {
    RuleFault {
        rule: tie.one,
        wrong: Wrong::Tie(tie.other),
    }
}

/// What is wrong with one rule by itself.
#[must_use]
pub fn rule_faults(rule: &Rule) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if rule.validity.to.is_some_and(|to| to < rule.validity.from) {
        wrong.push(Wrong::DaysBackwards);
    }
    if rule.regnskabsaar.is_some_and(|(first, last)| last < first) {
        wrong.push(Wrong::YearsBackwards);
    }
    let mut seen = HashSet::new();
    for (facet, condition) in &rule.conditions {
        if facet.is_empty() || !seen.insert(facet) {
            wrong.push(Wrong::Facet(facet.clone()));
        }
        condition_faults(facet, condition, &mut wrong);
    }
    if rule.targets.is_empty() {
        wrong.push(Wrong::NoTarget);
    } else if !Share::add_up(rule.targets.iter().map(|target| target.share)) {
        let shares = rule.targets.iter().map(|target| target.share.hundredths());
        let sum = shares.fold(0_u32, |sum, share| sum.saturating_add(share.into()));
        wrong.push(Wrong::Shares(sum));
    }
    if rule.comment.chars().count() > COMMENT_MAX {
        wrong.push(Wrong::Comment);
    }
    wrong
}

fn condition_faults(facet: &str, condition: &Condition, wrong: &mut Vec<Wrong>) {
    let fits = |value: &str| !value.is_empty() && value.chars().count() <= VALUE_MAX;
    match condition {
        Condition::Is(value) | Condition::Prefix(value) => {
            if !fits(value) {
                wrong.push(Wrong::Value(facet.into()));
            }
        }
        Condition::OneOf(values) => {
            let empty = values.is_empty() || values.len() > VALUES_MAX;
            if empty || !values.iter().all(|value| fits(value)) {
                wrong.push(Wrong::Value(facet.into()));
            }
            let mut seen = HashSet::new();
            if values.iter().any(|value| !seen.insert(value)) {
                wrong.push(Wrong::ValueTwice(facet.into()));
            }
        }
        Condition::Range(first, last) => {
            if !fits(first) || !fits(last) {
                wrong.push(Wrong::Value(facet.into()));
            } else if first.len() != last.len() {
                wrong.push(Wrong::RangeLengths(facet.into()));
            } else if last < first {
                wrong.push(Wrong::RangeBackwards(facet.into()));
            }
        }
    }
}
