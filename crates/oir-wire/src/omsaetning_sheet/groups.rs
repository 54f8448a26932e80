//! Rows of one rule brought together, and what is wrong with rules as wholes.

use std::collections::{HashMap, HashSet};

use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::check::{
    COMMENT_MAX, RULES_MAX, VALUE_MAX, VALUES_MAX, Wrong, rule_faults,
};
use oir_domain::omsaetning::{Compiled, Condition, FACETS_MAX, Rule, Share, Target, Template};

use super::fault::{Kind, TableFault};
use super::read::Columns;
use super::{COMMENT, FROM, KIND, KONTO, NUMBER, PART, SHARE, SIDE, TO, YEARS, condition};
use crate::sheet::SheetFaultKind;

/// What all rows of a rule say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) conditions: Vec<(Box<str>, Condition)>,
    pub(super) side: Option<Side>,
    pub(super) regnskabsaar: Option<(Regnskabsaar, Regnskabsaar)>,
    pub(super) posteringstype: Option<Posteringstype>,
    pub(super) validity: Validity,
    pub(super) comment: Box<str>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) row: u32,
    pub(super) number: Option<u32>,
    pub(super) part: Option<u32>,
    pub(super) said: Said,
    /// In ten thousandths of a percent; none = all of it.
    pub(super) share: Option<u32>,
    pub(super) konto: Option<Template>,
    /// Whether nothing is wrong with it by itself.
    pub(super) sound: bool,
}

/// The rows of one rule; at least one.
struct Group {
    number: Option<u32>,
    lines: Vec<Line>,
}

/// All of an amount, in ten thousandths of a percent.
const WHOLE: u32 = 1_000_000;

pub(super) fn rules_of(
    lines: Vec<Line>,
    columns: &Columns,
    next: u32,
    faults: &mut Vec<TableFault>,
) -> Vec<Rule> {
    let mut groups = gathered(lines);
    number(&mut groups, next);
    let mut rules = Vec::with_capacity(groups.len());
    let mut places = HashMap::with_capacity(groups.len());
    for group in groups {
        let row = group.lines.first().map_or(0, |line| line.row);
        if let Some(rule) = rule(group, columns, faults) {
            for wrong in rule_faults(&rule) {
                faults.push(fault(&rule, row, columns, &wrong));
            }
            places.insert(rule.number, row);
            rules.push(rule);
        }
    }
    if rules.len() > RULES_MAX {
        let values = [rules.len().to_string(), RULES_MAX.to_string()];
        faults.push(TableFault::at(
            (0, 0),
            Kind::Rules,
            &[&values[0], &values[1]],
        ));
    }
    let facets: HashSet<&str> = rules
        .iter()
        .flat_map(|rule| rule.conditions.iter().map(|(facet, _)| &**facet))
        .collect();
    if facets.len() > FACETS_MAX {
        let values = [facets.len().to_string(), FACETS_MAX.to_string()];
        faults.push(TableFault::at(
            (0, 0),
            Kind::Facets,
            &[&values[0], &values[1]],
        ));
    }
    if faults.is_empty() {
        faults.extend(ties(&rules, &places));
    }
    rules
}

/// Rows of one number are one rule, wherever they stand. Rows without a number that follow each
/// other and only differ in account and share are one, too.
fn gathered(lines: Vec<Line>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut by_number: HashMap<u32, usize> = HashMap::new();
    let mut unnumbered = None;
    for line in lines {
        let place = match line.number {
            Some(number) => {
                unnumbered = None;
                *by_number.entry(number).or_insert(groups.len())
            }
            None => {
                let before = unnumbered.and_then(|place: usize| groups.get(place));
                let place = if before.is_some_and(|group| goes_on(group, &line)) {
                    unnumbered.unwrap_or(groups.len())
                } else {
                    groups.len()
                };
                unnumbered = Some(place);
                place
            }
        };
        match groups.get_mut(place) {
            Some(group) => group.lines.push(line),
            None => groups.push(Group {
                number: line.number,
                lines: vec![line],
            }),
        }
    }
    groups
}

fn goes_on(group: &Group, line: &Line) -> bool {
    let mut shares = group.lines.iter().map(|line| line.share);
    let sum = shares.try_fold(0_u32, |sum, share| sum.checked_add(share?));
    let open = sum.is_some_and(|sum| sum < WHOLE) && line.share.is_some();
    open && group.lines.iter().all(|other| other.said == line.said)
}

/// The next free numbers, in the order of rows.
fn number(groups: &mut [Group], next: u32) {
    let highest = groups.iter().filter_map(|group| group.number).max();
    let mut next = highest
        .map_or(1, |highest| highest.saturating_add(1))
        .max(next);
    for group in groups.iter_mut().filter(|group| group.number.is_none()) {
        group.number = Some(next);
        next = next.saturating_add(1);
    }
}

fn rule(mut group: Group, columns: &Columns, faults: &mut Vec<TableFault>) -> Option<Rule> {
    let number = group.number?;
    let sound = group.lines.iter().all(|line| line.sound);
    let before = faults.len();
    same_rule(&group, number, columns, faults);
    if !sound || faults.len() > before {
        return None;
    }
    in_order(&mut group.lines, columns, faults);
    let shares = shares(&group, number, columns, faults)?;
    let said = group.lines.first()?.said.clone();
    let lines = group.lines.into_iter().zip(shares);
    let targets = lines.map(|(line, share)| {
        Some(Target {
            share,
            konto: line.konto?,
        })
    });
    let targets = targets.collect::<Option<Vec<Target>>>()?;
    (faults.len() == before).then_some(Rule {
        number,
        conditions: said.conditions,
        side: said.side,
        regnskabsaar: said.regnskabsaar,
        posteringstype: said.posteringstype,
        validity: said.validity,
        targets,
        comment: said.comment,
    })
}

/// What a row of a rule says beside what all of them say: part, share, account.
type Row<'l> = (Option<u32>, Option<u32>, Option<&'l Template>);

/// Rows of one number say the same but for account and share, and none of them stands twice.
fn same_rule(group: &Group, number: u32, columns: &Columns, faults: &mut Vec<TableFault>) {
    let Some((first, rest)) = group.lines.split_first() else {
        return;
    };
    let mut seen: HashMap<Row<'_>, u32> = HashMap::new();
    seen.insert((first.part, first.share, first.konto.as_ref()), first.row);
    for line in rest.iter().filter(|line| line.sound && first.sound) {
        let (number, row) = (number.to_string(), first.row.to_string());
        let differing = differing(&first.said, &line.said);
        if differing.is_empty() {
            let key = (line.part, line.share, line.konto.as_ref());
            if let Some(same) = seen.insert(key, line.row) {
                let at = (line.row, 0);
                faults.push(TableFault::at(at, Kind::RowTwice, &[&same.to_string()]));
            }
        } else {
            let at = (line.row, columns.number(NUMBER));
            let values = [&*number, &*row, &*differing.join(", ")];
            faults.push(TableFault::at(at, Kind::NumberTwice, &values));
        }
    }
}

/// The columns in which two rows differ, as the person knows them.
fn differing<'s>(one: &'s Said, other: &'s Said) -> Vec<&'s str> {
    let mut columns: Vec<&str> = Vec::new();
    for (facet, condition) in &one.conditions {
        if !other
            .conditions
            .iter()
            .any(|(f, c)| f == facet && c == condition)
        {
            columns.push(facet);
        }
    }
    for (facet, _) in &other.conditions {
        if !one.conditions.iter().any(|(f, _)| f == facet) {
            columns.push(facet);
        }
    }
    let own = [
        (SIDE, one.side == other.side),
        (YEARS, one.regnskabsaar == other.regnskabsaar),
        (KIND, one.posteringstype == other.posteringstype),
        (FROM, one.validity.from == other.validity.from),
        (TO, one.validity.to == other.validity.to),
        (COMMENT, one.comment == other.comment),
    ];
    columns.extend(own.iter().filter(|(_, same)| !same).map(|(name, _)| *name));
    columns
}

/// The odd øre of a split goes by the order of its shares, so that order is written down.
fn in_order(lines: &mut [Line], columns: &Columns, faults: &mut Vec<TableFault>) {
    let numbered = lines.iter().filter(|line| line.part.is_some()).count();
    if numbered == 0 {
        return;
    }
    let mut seen = HashSet::new();
    for line in lines.iter() {
        let once = line.part.is_some_and(|part| seen.insert(part));
        if !once {
            let part = line.part.map(|part| part.to_string()).unwrap_or_default();
            let at = (line.row, columns.number(PART));
            faults.push(TableFault::at(at, Kind::Part, &[&part]));
        }
    }
    lines.sort_by_key(|line| line.part);
}

/// The shares of a rule. A spreadsheet keeps a cell of percent as a fraction of one: shares that
/// are one together are meant so.
fn shares(
    group: &Group,
    number: u32,
    columns: &Columns,
    faults: &mut Vec<TableFault>,
) -> Option<Vec<Share>> {
    let alone = group.lines.len() == 1;
    let mut given = Vec::with_capacity(group.lines.len());
    for line in &group.lines {
        match line.share {
            Some(share) => given.push((line, share)),
            None if alone => given.push((line, WHOLE)),
            None => {
                let at = (line.row, columns.number(SHARE));
                let kind = SheetFaultKind::CellMissing;
                faults.push(TableFault::of_sheet(at, kind, &[]));
            }
        }
    }
    if given.len() < group.lines.len() {
        return None;
    }
    let sum = given
        .iter()
        .fold(0_u32, |sum, (_, share)| sum.saturating_add(*share));
    let hundred = WHOLE / 100;
    let unit = if sum == hundred { 1 } else { 100 };
    if sum != WHOLE && sum != hundred {
        let row = group.lines.first().map_or(0, |line| line.row);
        let percent = decimal(sum);
        let values = [&*number.to_string(), &*percent];
        let at = (row, columns.number(SHARE));
        faults.push(TableFault::at(at, Kind::Shares, &values));
        return None;
    }
    let mut shares = Vec::with_capacity(given.len());
    for (line, share) in given {
        let hundredths = share.is_multiple_of(unit).then(|| share / unit);
        let hundredths = hundredths.and_then(|share| u16::try_from(share).ok());
        match hundredths.and_then(Share::new) {
            Some(share) => shares.push(share),
            None => {
                let at = (line.row, columns.number(SHARE));
                faults.push(TableFault::at(at, Kind::Share, &[&decimal(share)]));
            }
        }
    }
    (shares.len() == group.lines.len()).then_some(shares)
}

/// Ten thousandths as a Danish number without needless zeros.
fn decimal(ten_thousandths: u32) -> String {
    let (whole, rest) = (ten_thousandths / 10_000, ten_thousandths % 10_000);
    let text = format!("{whole},{rest:04}");
    text.trim_end_matches('0').trim_end_matches(',').to_owned()
}

/// What the domain finds wrong with a rule, at its place.
fn fault(rule: &Rule, row: u32, columns: &Columns, wrong: &Wrong) -> TableFault {
    let own = |column: &str| (row, columns.number(column));
    let of = |facet: &str| (row, columns.facet(facet));
    let cell = |facet: &str| {
        rule.condition(facet)
            .map(condition::written)
            .unwrap_or_default()
    };
    match wrong {
        Wrong::Number => TableFault::at(own(NUMBER), Kind::Number, &[&rule.number.to_string()]),
        Wrong::DaysBackwards => TableFault::at(own(TO), Kind::DaysBackwards, &[]),
        Wrong::YearsBackwards => TableFault::at(own(YEARS), Kind::Regnskabsaar, &[""]),
        Wrong::Facet(facet) => TableFault::at(of(facet), Kind::UnknownColumn, &[facet, ""]),
        Wrong::Value(facet) => {
            let limits = [VALUE_MAX.to_string(), VALUES_MAX.to_string()];
            TableFault::at(of(facet), Kind::Value, &[&limits[0], &limits[1]])
        }
        Wrong::ValueTwice(facet) => TableFault::at(of(facet), Kind::ValueTwice, &[&cell(facet)]),
        Wrong::RangeLengths(facet) => {
            TableFault::at(of(facet), Kind::RangeLengths, &[&cell(facet)])
        }
        Wrong::RangeBackwards(facet) => {
            TableFault::at(of(facet), Kind::RangeBackwards, &[&cell(facet)])
        }
        Wrong::NoTarget => TableFault::at(own(KONTO), Kind::Konto, &["", ""]),
        Wrong::Shares(sum) => {
            let percent = decimal(sum.saturating_mul(100));
            let values = [&*rule.number.to_string(), &*percent];
            TableFault::at(own(SHARE), Kind::Shares, &values)
        }
        Wrong::Comment => {
            let (kind, most) = (SheetFaultKind::TextTooLong, COMMENT_MAX.to_string());
            TableFault::of_sheet(own(COMMENT), kind, &[&most])
        }
        Wrong::Tie(other) => TableFault::at(
            (row, 0),
            Kind::Tie,
            &[&rule.number.to_string(), &other.to_string(), ""],
        ),
    }
}

/// Rules that tie, at the later row of the two.
fn ties(rules: &[Rule], places: &HashMap<u32, u32>) -> Vec<TableFault> {
    let found = Compiled::new(rules.to_vec()).err().unwrap_or_default();
    let row = |number: u32| places.get(&number).copied().unwrap_or(0);
    let fault = |tie: oir_domain::omsaetning::Tie| {
        let (first, last) = if row(tie.one) <= row(tie.other) {
            (tie.one, tie.other)
        } else {
            (tie.other, tie.one)
        };
        let values = [last.to_string(), first.to_string(), row(first).to_string()];
        let values = values.each_ref().map(|value| &**value);
        TableFault::at((row(last), 0), Kind::Tie, &values)
    };
    found.into_iter().map(fault).collect()
}
