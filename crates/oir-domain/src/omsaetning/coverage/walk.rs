//! The walk through the combinations: one facet after the other, the one that rules ask most
//! about first.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::money::Side;

use super::dead::{self, Wins};
use super::judge::{Asked, Class, Days, Ready, Split, Verdict, clipped, common, union};
use super::{
    Ambiguity, Cause, Combination, Coverage, Dimension, Gap, LISTED_MAX, Lack, Question, Seen,
};

const SIDES: [Side; 2] = [Side::Debit, Side::Credit];

/// A facet ready to be walked.
pub(super) struct Axis<'q> {
    pub(super) facet: &'q str,
    /// Values that can be sent in the window.
    pub(super) values: Vec<(&'q str, Vec<Days>)>,
    by_name: FxHashMap<&'q str, usize>,
    lack: Lack,
    /// The days on which there is some value.
    days: Vec<Days>,
    /// Whether lawful combinations name it.
    bound: bool,
    /// Its bit in the masks of rules; facets beyond the 63rd share the last one.
    bit: u64,
    /// Its values, the lack of one among them.
    size: u64,
}

/// What a value allows: other facets by place, and the values there.
type Allowed<'q> = FxHashMap<(usize, &'q str), Vec<(usize, FxHashSet<&'q str>)>>;

struct Walk<'a, 'q> {
    question: &'a Question<'q>,
    ready: &'a Ready<'q>,
    axes: &'a [Axis<'q>],
    allowed: &'a Allowed<'q>,
    /// The facets that each rule asks about or takes over.
    masks: Vec<u64>,
    /// Combinations of the axes from each place on.
    below: Vec<u64>,
    chosen: Vec<Chosen<'q>>,
    leaves: usize,
    /// Whether something was left out.
    cut: bool,
    wins: Wins,
    found: Coverage,
    /// Gaps that traffic has met.
    met: Vec<Gap>,
    /// Combinations of traffic that are none of the sortiment's.
    strays: Vec<u32>,
}

/// What stands in a facet of the combination that is walked.
#[derive(Clone, Copy)]
enum Chosen<'q> {
    Value(&'q str),
    Lacking,
    /// No rule left asks.
    Any,
}

/// What is carried from facet to facet.
struct Step {
    rules: Vec<u32>,
    days: Vec<Days>,
    seen: Vec<u32>,
    weight: u64,
}

pub(super) fn cover(question: &Question<'_>) -> Coverage {
    let ready = Ready::new(question.rules);
    let axes = axes(question);
    let allowed = allowed(question, &axes);
    let masks = question.rules.iter().map(|rule| mask(rule, &axes));
    let mut below = vec![1_u64];
    for axis in axes.iter().rev() {
        let last = below.last().copied().unwrap_or(1);
        below.push(last.saturating_mul(axis.size));
    }
    below.reverse();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut walk = Walk {
        question,
        ready: &ready,
        axes: &axes,
        allowed: &allowed,
        masks: masks.collect(),
        below,
        chosen: Vec::with_capacity(axes.len()),
        leaves: 0,
        cut: false,
        wins: Wins::new(question.rules.len()),
        found: empty(question.days),
        met: Vec::new(),
        strays: Vec::new(),
    };
    let possible = |rule: &u32| {
        ready.rule(*rule).is_some_and(|rule| {
            let known = |facet: &str| axes.iter().any(|axis| axis.facet == facet);
            rule.conditions.iter().all(|(facet, _)| known(facet))
        })
    };
    let first = Step {
        rules: (0..count(question.rules.len())).filter(possible).collect(),
        days: union(
            vec![question.days]
                .into_iter()
                .filter(|d| d.0 <= d.1)
                .collect(),
        ),
        seen: (0..count(question.seen.len())).collect(),
        weight: 1,
    };
    walk.step(0, first);
    walk.end()
}

const fn empty(days: Days) -> Coverage {
    Coverage {
        days,
        looked_at: 0,
        left_out: 0,
        unlawful: 0,
        only_seen: 0,
        refused: 0,
        unmapped: Vec::new(),
        unmapped_more: 0,
        ambiguous: Vec::new(),
        ambiguous_more: 0,
        dead: Vec::new(),
    }
}

fn axes<'q>(question: &Question<'q>) -> Vec<Axis<'q>> {
    let mut asked: FxHashMap<&str, u32> = FxHashMap::default();
    for (facet, _) in question.rules.iter().flat_map(|rule| &rule.conditions) {
        let count = asked.entry(facet).or_default();
        *count = count.saturating_add(1);
    }
    let mut order: Vec<&Dimension> = question.dimensions.iter().collect();
    order.sort_by_key(|dimension| {
        let count = asked.get(&*dimension.facet).copied();
        (std::cmp::Reverse(count), &dimension.facet)
    });
    let axis = |(place, dimension): (u32, &'q Dimension)| axis(question, place, dimension);
    (0..).zip(order).map(axis).collect()
}

fn axis<'q>(question: &Question<'q>, place: u32, dimension: &'q Dimension) -> Axis<'q> {
    let values = dimension.values.iter().map(|(value, validity)| {
        let days = clipped(validity, question.days);
        (&**value, days)
    });
    let values: Vec<(&str, Vec<Days>)> = values.filter(|(_, days)| !days.is_empty()).collect();
    let days = union(values.iter().flat_map(|(_, days)| days).copied().collect());
    let names = values
        .iter()
        .enumerate()
        .map(|(at, (value, _))| (*value, at));
    let facet = &*dimension.facet;
    let names_it = |lawful: &&super::Lawful| *lawful.facet == *facet || *lawful.other == *facet;
    let size = u64::try_from(values.len()).unwrap_or(u64::MAX);
    let lack = if values.is_empty() {
        Lack::Perhaps
    } else {
        dimension.lack
    };
    Axis {
        facet,
        by_name: names.collect(),
        days,
        lack,
        bound: question.lawful.iter().any(|lawful| names_it(&lawful)),
        bit: 1_u64.wrapping_shl(place.min(63)),
        size: size.saturating_add(u64::from(lack == Lack::Perhaps)),
        values,
    }
}

fn allowed<'q>(question: &Question<'q>, axes: &[Axis<'q>]) -> Allowed<'q> {
    let place = |facet: &str| axes.iter().position(|axis| axis.facet == facet);
    let mut allowed = Allowed::default();
    for lawful in question.lawful {
        if let (Some(one), Some(other)) = (place(&lawful.facet), place(&lawful.other)) {
            let values = lawful.allowed.iter().map(|value| &**value).collect();
            let of = allowed.entry((one, &*lawful.vaerdi)).or_default();
            of.push((other, values));
        }
    }
    allowed
}

fn mask(rule: &super::Rule, axes: &[Axis<'_>]) -> u64 {
    let conditions = rule.conditions.iter().map(|(facet, _)| &**facet);
    let taken = rule.targets.iter().flat_map(|target| target.konto.facets());
    let bit = |facet: &str| {
        axes.iter()
            .find(|axis| axis.facet == facet)
            .map(|axis| axis.bit)
    };
    conditions
        .chain(taken)
        .filter_map(bit)
        .fold(0, |mask, bit| mask | bit)
}

impl<'q> Walk<'_, 'q> {
    fn below(&self, place: usize) -> u64 {
        self.below.get(place).copied().unwrap_or(1)
    }

    fn seen(&self, number: u32) -> Option<&'q Seen> {
        self.question.seen.get(usize::try_from(number).ok()?)
    }

    fn step(&mut self, place: usize, mut step: Step) {
        if step.days.is_empty() {
            // Its values are never there on one day: nobody can send it.
            let all = step.weight.saturating_mul(self.below(place));
            self.found.looked_at = self.found.looked_at.saturating_add(all);
            self.strays.append(&mut step.seen);
            return;
        }
        let axes = self.axes;
        let Some(axis) = axes.get(place) else {
            return self.leaf(step);
        };
        let asked = step.rules.iter().any(|rule| {
            let mask = self.masks.get(super::judge::wide(*rule));
            mask.is_some_and(|mask| mask & axis.bit != 0)
        });
        if asked || axis.bound {
            self.split(place, axis, step);
        } else {
            self.pass(place, axis, step);
        }
    }

    /// No rule left asks about the facet: all its values at once.
    fn pass(&mut self, place: usize, axis: &Axis<'q>, mut step: Step) {
        if axis.lack == Lack::Never {
            step.days = common(&step.days, &axis.days);
        }
        step.weight = step.weight.saturating_mul(axis.size);
        let seen = std::mem::take(&mut step.seen);
        let (of_it, strays) = seen.into_iter().partition(|seen| {
            let value = self.seen(*seen).and_then(|seen| seen.value(axis.facet));
            value.map_or(axis.lack == Lack::Perhaps, |v| axis.by_name.contains_key(v))
        });
        step.seen = of_it;
        self.strays.extend::<Vec<u32>>(strays);
        self.chosen.push(Chosen::Any);
        self.step(place.saturating_add(1), step);
        self.chosen.pop();
    }

    fn split(&mut self, place: usize, axis: &Axis<'q>, step: Step) {
        let next = place.saturating_add(1);
        let split = Split::of(self.question.rules, step.rules.iter().copied(), axis.facet);
        let mut seen: FxHashMap<Option<usize>, Vec<u32>> = FxHashMap::default();
        for number in step.seen {
            let value = self.seen(number).and_then(|seen| seen.value(axis.facet));
            match value.map(|value| axis.by_name.get(value)) {
                Some(Some(at)) => seen.entry(Some(*at)).or_default().push(number),
                None if axis.lack == Lack::Perhaps => seen.entry(None).or_default().push(number),
                Some(None) | None => self.strays.push(number),
            }
        }
        for (at, (value, days)) in axis.values.iter().enumerate() {
            let seen = seen.remove(&Some(at)).unwrap_or_default();
            if !self.is_lawful(place, value) {
                let all = step.weight.saturating_mul(self.below(next));
                self.found.unlawful = self.found.unlawful.saturating_add(all);
                self.strays.extend(seen);
                continue;
            }
            let days = common(&step.days, days);
            self.child(
                next,
                Chosen::Value(value),
                &split,
                (days, seen, step.weight),
            );
        }
        if axis.lack == Lack::Perhaps {
            let seen = seen.remove(&None).unwrap_or_default();
            self.child(
                next,
                Chosen::Lacking,
                &split,
                (step.days, seen, step.weight),
            );
        }
    }

    fn child(
        &mut self,
        next: usize,
        chosen: Chosen<'q>,
        split: &Split<'q>,
        (days, mut seen, weight): (Vec<Days>, Vec<u32>, u64),
    ) {
        if self.leaves >= self.question.most {
            self.cut = true;
            self.strays.append(&mut seen);
            return;
        }
        let value = match chosen {
            Chosen::Value(value) => Some(value),
            Chosen::Lacking | Chosen::Any => None,
        };
        let mut rules = Vec::new();
        split.fitting(value, &mut rules);
        self.chosen.push(chosen);
        let step = Step {
            rules,
            days,
            seen,
            weight,
        };
        self.step(next, step);
        self.chosen.pop();
    }

    /// Whether a value goes with all that are chosen already.
    fn is_lawful(&self, place: usize, value: &'q str) -> bool {
        let goes = |one: (usize, &'q str), other: (usize, &str)| {
            let rules = self.allowed.get(&one).into_iter().flatten();
            let mut about = rules.filter(|(place, _)| *place == other.0);
            about.all(|(_, values)| values.contains(other.1))
        };
        self.allowed.is_empty()
            || self
                .chosen
                .iter()
                .enumerate()
                .all(|(at, chosen)| match chosen {
                    Chosen::Value(there) => {
                        goes((at, there), (place, value)) && goes((place, value), (at, there))
                    }
                    Chosen::Lacking | Chosen::Any => true,
                })
    }

    fn leaf(&mut self, mut step: Step) {
        if self.leaves >= self.question.most {
            self.cut = true;
            self.strays.append(&mut step.seen);
            return;
        }
        self.leaves = self.leaves.saturating_add(1);
        self.found.looked_at = self.found.looked_at.saturating_add(step.weight);
        let ready = self.ready;
        let asked = Asked {
            sides: &SIDES,
            kinds: self.question.kinds,
        };
        let mut verdicts = Vec::new();
        ready.judge(
            &mut step.rules,
            &step.days,
            asked,
            |class, days, verdict| {
                verdicts.push((class, days, verdict.clone()));
            },
        );
        let named: Vec<(&'q str, Option<&'q str>)> = self
            .axes
            .iter()
            .zip(&self.chosen)
            .filter_map(|(axis, chosen)| match chosen {
                Chosen::Value(value) => Some((axis.facet, Some(*value))),
                Chosen::Lacking => Some((axis.facet, None)),
                Chosen::Any => None,
            })
            .collect();
        for (class, days, verdict) in &verdicts {
            self.record(&named, (*class, *days), verdict, (&step.seen, step.weight));
        }
    }

    fn record(
        &mut self,
        named: &[(&str, Option<&str>)],
        (class, days): (Class, Days),
        verdict: &Verdict,
        (seen, weight): (&[u32], u64),
    ) {
        self.wins.count(verdict);
        let combination = || Combination {
            values: named
                .iter()
                .map(|(f, v)| ((*f).into(), v.map(Into::into)))
                .collect(),
            side: class.side,
            posteringstype: class.kind.map(Into::into),
        };
        let number = |place: &u32| self.ready.number(*place);
        if !verdict.ties.is_empty() {
            if self.found.ambiguous.len() < LISTED_MAX {
                let mut rules: Vec<u32> = verdict.ties.iter().map(number).collect();
                rules.extend(verdict.winner.as_ref().map(number));
                rules.sort_unstable();
                self.found.ambiguous.push(Ambiguity {
                    combination: combination(),
                    days,
                    rules,
                });
            } else {
                self.found.ambiguous_more = self.found.ambiguous_more.saturating_add(1);
            }
        }
        let Some(cause) = cause(self.ready, named, verdict) else {
            return;
        };
        let of_class = |seen: &&Seen| {
            class.side.is_none_or(|side| side == seen.side)
                && class.kind.is_none_or(|kind| kind == seen.posteringstype)
        };
        let seen = seen
            .iter()
            .filter_map(|number| self.seen(*number))
            .filter(of_class);
        let seen = seen.fold(0_u64, |sum, seen| sum.saturating_add(seen.postings));
        if seen == 0 && self.found.unmapped.len() >= LISTED_MAX {
            self.found.unmapped_more = self.found.unmapped_more.saturating_add(1);
            return;
        }
        let gap = Gap {
            combination: combination(),
            days,
            cause,
            combinations: weight,
            seen,
        };
        if seen == 0 {
            self.found.unmapped.push(gap);
        } else {
            self.met.push(gap);
        }
    }

    /// Combinations of traffic that the walk did not come by.
    fn stray(&mut self, number: u32) {
        let Some(seen) = self.seen(number) else {
            return;
        };
        let mut days = vec![self.question.days];
        for (facet, value) in &seen.values {
            let Some(axis) = self.axes.iter().find(|axis| *axis.facet == **facet) else {
                continue;
            };
            let at = axis
                .by_name
                .get(&**value)
                .and_then(|at| axis.values.get(*at));
            days = at.map_or_else(Vec::new, |(_, valid)| common(&days, valid));
        }
        if days.is_empty() {
            self.found.refused = self.found.refused.saturating_add(1);
            return;
        }
        self.found.only_seen = self.found.only_seen.saturating_add(1);
        let ready = self.ready;
        let mut fitting = ready.fitting(|facet| seen.value(facet));
        let class = Class {
            side: Some(seen.side),
            kind: Some(seen.posteringstype),
        };
        let named = seen.values.iter().map(|(f, v)| (&**f, Some(&**v)));
        let lacking = ready
            .facets()
            .chain(self.axes.iter().map(|axis| axis.facet));
        let lacking = lacking.filter(|facet| seen.value(facet).is_none());
        let mut named: Vec<(&str, Option<&str>)> =
            named.chain(lacking.map(|facet| (facet, None))).collect();
        named.sort_unstable();
        named.dedup();
        let mut verdicts = Vec::new();
        ready.of_seen(&mut fitting, seen, &days, |days, verdict| {
            verdicts.push((days, verdict.clone()));
        });
        for (days, verdict) in &verdicts {
            self.record(&named, (class, *days), verdict, (&[number], 1));
        }
    }

    fn end(mut self) -> Coverage {
        for number in std::mem::take(&mut self.strays) {
            self.stray(number);
        }
        let looked = self.found.looked_at.saturating_add(self.found.unlawful);
        if self.cut {
            // Of numbers beyond all counting, at least the fact.
            self.found.left_out = self.below(0).saturating_sub(looked).max(1);
        }
        self.met.sort_by(|a, b| {
            let by_seen = b.seen.cmp(&a.seen);
            by_seen.then_with(|| (&a.combination, a.days).cmp(&(&b.combination, b.days)))
        });
        self.found
            .unmapped
            .sort_by(|a, b| (&a.combination, a.days).cmp(&(&b.combination, b.days)));
        self.met.append(&mut self.found.unmapped);
        self.found.unmapped = self.met;
        let all = self.found.left_out == 0;
        self.found.dead = dead::dead(self.ready, self.question.days, self.axes, &self.wins, all);
        self.found
    }
}

/// Why the postings of a verdict have no account; none = they have one.
fn cause(ready: &Ready<'_>, named: &[(&str, Option<&str>)], verdict: &Verdict) -> Option<Cause> {
    let Some(rule) = verdict.winner.and_then(|place| ready.rule(place)) else {
        return Some(Cause::NoRule);
    };
    let value = |facet: &str| named.iter().find(|(name, _)| *name == facet)?.1;
    let missing = rule
        .targets
        .iter()
        .filter(|target| target.konto.as_fixed().is_none())
        .find_map(|target| target.konto.fill(value).err())?;
    Some(Cause::Lacks {
        rule: rule.number,
        facet: missing.0.into(),
    })
}
