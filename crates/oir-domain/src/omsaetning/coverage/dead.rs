//! Rules that never win, and why.

use super::judge::{Days, Ready, Verdict, wide};
use super::walk::Axis;
use super::{Dead, Why};
use crate::omsaetning::rule::Rule;

/// How many of those that beat a rule are named.
const NAMED_MAX: usize = 5;

/// Which rules won, and of the others what beat them.
pub(super) struct Wins {
    won: Vec<bool>,
    beaten_by: Vec<Vec<u32>>,
}

impl Wins {
    pub(super) fn new(rules: usize) -> Self {
        Self {
            won: vec![false; rules],
            beaten_by: vec![Vec::new(); rules],
        }
    }

    /// Rules that tie are told as ambiguous; none of them is dead.
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let Some(winner) = verdict.winner else { return };
        for place in verdict.ties.iter().chain([&winner]) {
            if let Some(won) = self.won.get_mut(wide(*place)) {
                *won = true;
            }
        }
        for place in &verdict.beaten {
            if self.won.get(wide(*place)).is_some_and(|won| *won) {
                continue;
            }
            if let Some(by) = self.beaten_by.get_mut(wide(*place))
                && by.len() < NAMED_MAX
                && !by.contains(&winner)
            {
                by.push(winner);
            }
        }
    }
}

/// The rules that did not win, by number. Unless everything was looked at, only those that
/// cannot win.
pub(super) fn dead(
    ready: &Ready<'_>,
    window: Days,
    axes: &[Axis<'_>],
    wins: &Wins,
    all: bool,
) -> Vec<Dead> {
    let lost = (0_u32..)
        .zip(ready.rules)
        .zip(wins.won.iter().zip(&wins.beaten_by));
    let lost = lost.filter(|(_, (won, _))| !**won);
    let mut dead: Vec<Dead> = lost
        .filter_map(|((_, rule), (_, by))| {
            let why = cannot(rule, window, axes).or_else(|| {
                let numbers = || by.iter().map(|place| ready.number(*place));
                all.then(|| match by.as_slice() {
                    [] => Why::NoCombination,
                    _ => Why::Shadowed(numbers().collect()),
                })
            })?;
            Some(Dead {
                rule: rule.number,
                why,
            })
        })
        .collect();
    dead.sort_by_key(|dead| dead.rule);
    dead
}

/// Why a rule cannot win, whatever the others say.
fn cannot(rule: &Rule, window: Days, axes: &[Axis<'_>]) -> Option<Why> {
    let validity = &rule.validity;
    if validity.from > window.1 || validity.to.is_some_and(|to| to < window.0) {
        return Some(Why::Days);
    }
    let without = rule.conditions.iter().find(|(facet, condition)| {
        let axis = axes.iter().find(|axis| *axis.facet == **facet);
        axis.is_none_or(|axis| !axis.values.iter().any(|(value, _)| condition.holds(value)))
    });
    without.map(|(facet, _)| Why::NoValue(facet.clone()))
}
