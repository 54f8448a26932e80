//! One combination on all its days: the rules that fit its values are few, and the days are cut
//! where one of them begins or ends.

use jiff::civil::Date;
use rustc_hash::FxHashMap;

use crate::calendar::Validity;
use crate::finans::Posteringstype;
use crate::money::Side;

use super::super::rule::{Condition, Rank, Rule};
use super::Seen;

/// First and last day.
pub(in super::super) type Days = (Date, Date);

/// Rules with what is asked of them again and again.
#[derive(Debug)]
pub(in super::super) struct Ready<'q> {
    pub(super) rules: &'q [Rule],
    ranks: Vec<Rank>,
    /// The day after the last one.
    after: Vec<Option<Date>>,
    /// The facets that conditions are on, and the one that most are on.
    facets: Vec<&'q str>,
    facet: Option<&'q str>,
    /// The rules by that one.
    first: Split<'q>,
}

/// Rules by what they ask of one facet.
#[derive(Debug, Default)]
pub(super) struct Split<'q> {
    /// Those that ask nothing.
    pub(super) open: Vec<u32>,
    /// Those that name values.
    named: FxHashMap<&'q str, Vec<u32>>,
    /// Those that name beginnings and ranges.
    wide: Vec<(u32, &'q Condition)>,
}

impl<'q> Split<'q> {
    pub(super) fn of(rules: &'q [Rule], among: impl Iterator<Item = u32>, facet: &str) -> Self {
        let mut split = Self::default();
        for number in among {
            let Some(rule) = rules.get(wide(number)) else {
                continue;
            };
            let Some(condition) = rule.condition(facet) else {
                split.open.push(number);
                continue;
            };
            match condition.named() {
                Some(values) => {
                    for value in values {
                        split.named.entry(value).or_default().push(number);
                    }
                }
                None => split.wide.push((number, condition)),
            }
        }
        split
    }

    /// The rules that a posting with this value fits.
    pub(super) fn fitting(&self, value: Option<&str>, into: &mut Vec<u32>) {
        into.extend(&self.open);
        let Some(value) = value else { return };
        into.extend(self.named.get(value).into_iter().flatten());
        let holds = self.wide.iter().filter(|(_, c)| c.holds(value));
        into.extend(holds.map(|(number, _)| number));
    }
}

pub(super) fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What decides on some days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct Verdict {
    /// The rule that wins, by place.
    pub(in super::super) winner: Option<u32>,
    /// Rules as specific as the winner, by place.
    pub(in super::super) ties: Vec<u32>,
    /// Rules that fit and are beaten, by place.
    pub(in super::super) beaten: Vec<u32>,
}

/// The postings that a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Class {
    pub(in super::super) side: Option<Side>,
    pub(in super::super) kind: Option<Posteringstype>,
}

/// Sides and kinds that are asked about.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Asked<'a> {
    pub(in super::super) sides: &'a [Side],
    pub(in super::super) kinds: &'a [Posteringstype],
}

impl<'q> Ready<'q> {
    pub(in super::super) fn new(rules: &'q [Rule]) -> Self {
        let mut conditions: FxHashMap<&str, u32> = FxHashMap::default();
        for (facet, _) in rules.iter().flat_map(|rule| &rule.conditions) {
            let count = conditions.entry(facet).or_default();
            *count = count.saturating_add(1);
        }
        let most = conditions.iter().max_by_key(|(facet, n)| (**n, **facet));
        let facet = most.map(|(facet, _)| *facet);
        let all = 0..u32::try_from(rules.len()).unwrap_or(u32::MAX);
        let after = |rule: &Rule| rule.validity.to.and_then(|to| to.tomorrow().ok());
        Self {
            rules,
            ranks: rules.iter().map(Rule::rank).collect(),
            after: rules.iter().map(after).collect(),
            facets: conditions.keys().copied().collect(),
            facet,
            first: Split::of(rules, all, facet.unwrap_or("")),
        }
    }

    pub(in super::super) fn rule(&self, place: u32) -> Option<&'q Rule> {
        self.rules.get(wide(place))
    }

    pub(super) fn facets(&self) -> impl Iterator<Item = &'q str> {
        self.facets.iter().copied()
    }

    pub(in super::super) fn number(&self, place: u32) -> u32 {
        self.rule(place).map_or(0, |rule| rule.number)
    }

    /// The rules whose conditions hold for these values.
    pub(in super::super) fn fitting<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Vec<u32> {
        let mut fitting = Vec::new();
        self.first
            .fitting(self.facet.and_then(&value), &mut fitting);
        fitting.retain(|place| {
            self.rule(*place).is_some_and(|rule| {
                let holds = |(facet, condition): &(Box<str>, Condition)| {
                    value(facet).is_some_and(|value| condition.holds(value))
                };
                rule.conditions.iter().all(holds)
            })
        });
        fitting
    }

    /// Judges rules that fit by their values, for the sides and kinds that they tell apart, on
    /// these days. Days that follow each other with one verdict come together.
    pub(in super::super) fn judge(
        &self,
        fitting: &mut [u32],
        days: &[Days],
        asked: Asked<'_>,
        mut each: impl FnMut(Class, Days, &Verdict),
    ) {
        let rule = |place: &u32| self.rule(*place);
        fitting.sort_unstable_by_key(|place| {
            let rank = self.ranks.get(wide(*place)).copied();
            (std::cmp::Reverse(rank), self.number(*place))
        });
        let by_side = fitting.iter().filter_map(rule).any(|r| r.side.is_some());
        let by_kind = fitting
            .iter()
            .filter_map(rule)
            .any(|r| r.posteringstype.is_some());
        let sides: Vec<Option<Side>> = if by_side {
            asked.sides.iter().copied().map(Some).collect()
        } else {
            vec![None]
        };
        let kinds: Vec<Option<Posteringstype>> = if by_kind {
            asked.kinds.iter().copied().map(Some).collect()
        } else {
            vec![None]
        };
        let supplement_only = asked.kinds == [Posteringstype::Supplement];
        for side in sides {
            for kind in &kinds {
                let class = Class { side, kind: *kind };
                let last_days = match kind {
                    Some(kind) => *kind == Posteringstype::Supplement,
                    None => supplement_only,
                };
                let spans = if last_days {
                    last_days_of(days)
                } else {
                    days.to_vec()
                };
                self.spans(fitting, &spans, class, &mut each);
            }
        }
    }

    /// Judges what traffic brought, on these days.
    pub(in super::super) fn of_seen(
        &self,
        fitting: &mut [u32],
        seen: &Seen,
        days: &[Days],
        mut each: impl FnMut(Days, &Verdict),
    ) {
        let asked = Asked {
            sides: &[seen.side],
            kinds: &[seen.posteringstype],
        };
        self.judge(fitting, days, asked, |_, days, verdict| each(days, verdict));
    }

    fn spans(
        &self,
        fitting: &[u32],
        spans: &[Days],
        class: Class,
        each: &mut impl FnMut(Class, Days, &Verdict),
    ) {
        let mut open: Option<(Days, Verdict)> = None;
        let mut cuts = Vec::new();
        for span in spans {
            self.cuts(fitting, *span, &mut cuts);
            for (at, from) in cuts.iter().enumerate() {
                let next = cuts.get(at.saturating_add(1));
                let to = next
                    .and_then(|next| next.yesterday().ok())
                    .unwrap_or(span.1);
                let verdict = self.on(fitting, *from, class);
                match &mut open {
                    Some((days, same))
                        if *same == verdict && days.1.tomorrow().is_ok_and(|d| d == *from) =>
                    {
                        days.1 = to;
                    }
                    _ => {
                        if let Some((days, done)) = open.replace(((*from, to), verdict)) {
                            each(class, days, &done);
                        }
                    }
                }
            }
        }
        if let Some((days, done)) = open {
            each(class, days, &done);
        }
    }

    /// Where the days of a span must be cut, its first day included.
    fn cuts(&self, fitting: &[u32], (from, to): Days, cuts: &mut Vec<Date>) {
        cuts.clear();
        cuts.push(from);
        let inside = |day: &Date| from < *day && *day <= to;
        let new_year = |year: i16| Date::new(year, 1, 1).ok();
        for place in fitting {
            let Some(rule) = self.rule(*place) else {
                continue;
            };
            let after = self.after.get(wide(*place)).copied().flatten();
            let years = rule.regnskabsaar.map(|(first, last)| {
                let next = last.0.checked_add(1).and_then(new_year);
                [new_year(first.0), next]
            });
            let years = years.into_iter().flatten().flatten();
            let ends = [Some(rule.validity.from), after].into_iter().flatten();
            cuts.extend(ends.chain(years).filter(inside));
        }
        cuts.sort_unstable();
        cuts.dedup();
    }

    /// A posting belongs to the year of its konteringsdag; one of the supplementary period is
    /// counted on that year's last day.
    fn on(&self, fitting: &[u32], day: Date, class: Class) -> Verdict {
        let mut verdict = Verdict::default();
        let live = fitting.iter().filter(|place| {
            self.rule(**place).is_some_and(|rule| {
                rule.validity.covers(day)
                    && rule.side.is_none_or(|side| Some(side) == class.side)
                    && rule
                        .posteringstype
                        .is_none_or(|kind| Some(kind) == class.kind)
                    && rule
                        .regnskabsaar
                        .is_none_or(|(first, last)| first.0 <= day.year() && day.year() <= last.0)
            })
        });
        for place in live {
            let rank = |place: u32| self.ranks.get(wide(place));
            match verdict.winner {
                None => verdict.winner = Some(*place),
                Some(winner) if rank(winner) == rank(*place) => verdict.ties.push(*place),
                Some(_) => verdict.beaten.push(*place),
            }
        }
        verdict
    }
}

/// The last days of years within these days.
fn last_days_of(days: &[Days]) -> Vec<Days> {
    let years = |(from, to): &Days| {
        let (from, to) = (*from, *to);
        let last = (from.year()..=to.year()).filter_map(|year| Date::new(year, 12, 31).ok());
        last.filter(move |day| from <= *day && *day <= to)
    };
    days.iter().flat_map(years).map(|day| (day, day)).collect()
}

/// The days of a window on which some of these hold, in order, each once.
pub(in super::super) fn clipped(all: &[Validity], window: Days) -> Vec<Days> {
    let clip = |validity: &Validity| {
        let to = validity.to.map_or(window.1, |to| to.min(window.1));
        let from = validity.from.max(window.0);
        (from <= to).then_some((from, to))
    };
    union(all.iter().filter_map(clip).collect())
}

/// The same days in order, each once.
pub(super) fn union(mut spans: Vec<Days>) -> Vec<Days> {
    spans.sort_unstable();
    let mut joined: Vec<Days> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.1.tomorrow().map_or(true, |next| span.0 <= next) => {
                last.1 = last.1.max(span.1);
            }
            _ => joined.push(span),
        }
    }
    joined
}

/// The days that are in both.
pub(super) fn common(one: &[Days], other: &[Days]) -> Vec<Days> {
    let mut both = Vec::new();
    for a in one {
        for b in other {
            let span = (a.0.max(b.0), a.1.min(b.1));
            if span.0 <= span.1 {
                both.push(span);
            }
        }
    }
    both.sort_unstable();
    both
}
