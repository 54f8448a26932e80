//! What slowly goes out of step: values that traffic brings for the first time, rules that
//! nothing needs any more, accounts that close under rules that go on.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::coverage::{Ready, Seen};
use super::rule::Rule;

/// A value that traffic brought for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewValue {
    /// Its facet.
    pub facet: Box<str>,
    /// The value.
    pub vaerdi: Box<str>,
    /// The first konteringsdag with it.
    pub first: Date,
    /// Postings with it.
    pub postings: u64,
}

/// The values whose first konteringsdag in the traffic given is that day or later; the newest
/// first, then by facet and value.
#[must_use]
pub fn new_values(seen: &[Seen], since: Date) -> Vec<NewValue> {
    let mut values: BTreeMap<(&str, &str), (Date, u64)> = BTreeMap::new();
    for one in seen {
        for (facet, value) in &one.values {
            let (first, postings) = values.entry((facet, value)).or_insert((one.first, 0));
            *first = one.first.min(*first);
            *postings = postings.saturating_add(one.postings);
        }
    }
    let new = values.into_iter().filter(|(_, (first, _))| *first >= since);
    let new = new.map(|((facet, vaerdi), (first, postings))| NewValue {
        facet: facet.into(),
        vaerdi: vaerdi.into(),
        first,
        postings,
    });
    let mut new: Vec<NewValue> = new.collect();
    new.sort_by_key(|value| std::cmp::Reverse(value.first));
    new
}

/// The rules, by number, that have held since before `since` and hold today, and that decided
/// nothing of the traffic given on any day from `since` to `today`.
#[must_use]
pub fn unused(rules: &[Rule], seen: &[Seen], since: Date, today: Date) -> Vec<u32> {
    let ready = Ready::new(rules);
    let mut used = vec![false; rules.len()];
    for one in seen.iter().filter(|one| one.last >= since) {
        let days = (one.first.max(since), one.last.min(today));
        if days.0 > days.1 {
            continue;
        }
        winners(&ready, one, days, |place, _| {
            let place = usize::try_from(place).ok();
            if let Some(used) = place.and_then(|place| used.get_mut(place)) {
                *used = true;
            }
        });
    }
    let living = |rule: &Rule| rule.validity.from < since && rule.validity.covers(today);
    let unused = rules
        .iter()
        .zip(used)
        .filter(|(rule, used)| living(rule) && !used);
    let mut unused: Vec<u32> = unused.map(|(rule, _)| rule.number).collect();
    unused.sort_unstable();
    unused
}

/// The rules that decide postings like these on these days, each with the days.
fn winners(
    ready: &Ready<'_>,
    seen: &Seen,
    days: (Date, Date),
    mut each: impl FnMut(u32, (Date, Date)),
) {
    let mut fitting = ready.fitting(|facet| seen.value(facet));
    ready.of_seen(&mut fitting, seen, &[days], |days, verdict| {
        if let Some(place) = verdict.winner {
            each(place, days);
        }
    });
}

/// An account that closes while a rule goes on sending to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The rule.
    pub rule: u32,
    /// The account.
    pub konto: Box<str>,
    /// Its last open day.
    pub last_open: Date,
    /// The rule's last day; none = until further notice.
    pub to: Option<Date>,
    /// Postings of the traffic given that go there by this rule; 0 = an account as it stands in
    /// the rule, and no traffic.
    pub postings: u64,
}

/// The accounts that close until a day, or are closed already, under rules that hold after that;
/// the soonest first. Accounts that take a value over are looked for as the traffic given would
/// fill them between today and that day.
#[must_use]
pub fn closing(
    rules: &[Rule],
    seen: &[Seen],
    (today, until): (Date, Date),
    last_open: impl Fn(&str) -> Option<Date>,
) -> Vec<Closing> {
    let ready = Ready::new(rules);
    let mut postings: HashMap<(u32, Box<str>), u64> = HashMap::new();
    for (place, rule) in (0_u32..).zip(rules) {
        for konto in rule
            .targets
            .iter()
            .filter_map(|target| target.konto.as_fixed())
        {
            postings.insert((place, konto.into()), 0);
        }
    }
    for one in seen {
        let mut places = Vec::new();
        winners(&ready, one, (today, until), |place, _| places.push(place));
        places.sort_unstable();
        places.dedup();
        for place in places {
            let targets = ready.rule(place).map_or(&[][..], |rule| &rule.targets);
            for target in targets {
                if let Ok(konto) = target.konto.fill(|facet| one.value(facet)) {
                    let sum = postings.entry((place, konto)).or_default();
                    *sum = sum.saturating_add(one.postings);
                }
            }
        }
    }
    let closing = postings
        .into_iter()
        .filter_map(|((place, konto), postings)| {
            let rule = ready.rule(place)?;
            let last_open = last_open(&konto).filter(|day| *day <= until)?;
            let to = rule.end();
            let outlives = to.is_none_or(|to| to > last_open && to >= today);
            outlives.then_some(Closing {
                rule: rule.number,
                konto,
                last_open,
                to,
                postings,
            })
        });
    let mut closing: Vec<Closing> = closing.collect();
    closing.sort_by(|a, b| (a.last_open, a.rule, &a.konto).cmp(&(b.last_open, b.rule, &b.konto)));
    closing
}
