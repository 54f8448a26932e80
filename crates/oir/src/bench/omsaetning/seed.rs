//! A large table and the postings it is asked about, from a seed: five facets, with exact
//! values, lists, beginnings, ranges and days mixed, and no two rules that tie.

use std::collections::HashMap;

use jiff::civil::{Date, date};
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::{Posteringstype, Sortimentsvaerdi};
use oir_domain::money::Side;
use oir_domain::omsaetning::{Condition, Posting, Rank, Rule, Target, Template};
use oir_fagsystem::rng::Rng;

/// In the order in which the sender writes them.
pub(super) const FACETS: [&str; 5] = [
    "ydelsesart",
    "refusionssats",
    "omkostningssted",
    "KLE-emne",
    "posttype",
];
/// Ways to draw a rule that ties with none before the table is full.
const DRAWS: usize = 200;
/// Days on which postings fall; rules begin and end among them.
const DAYS: u64 = 3_000;
const FIRST: Date = date(2020, 1, 1);

/// The values that the sender can send, by facet; sorted.
#[derive(Debug)]
pub(super) struct Sortiment([Vec<Box<str>>; 5]);

impl Default for Sortiment {
    fn default() -> Self {
        let number = |count: u32, text: fn(u32) -> String| -> Vec<Box<str>> {
            (0..count).map(|n| text(n).into()).collect()
        };
        Self([
            number(400, |n| format!("YD{n:04}")),
            number(5, |n| format!("{:03}", n * 20)),
            number(98, |n| format!("{}", 2_000 + n * 13)),
            number(200, |n| {
                format!("{}.{:02}.{:02}", 26 + n / 40, n / 8 % 5, n % 8)
            }),
            number(50, |n| format!("T{n:02}")),
        ])
    }
}

impl Sortiment {
    /// The values of a facet.
    pub(super) fn of(&self, facet: usize) -> &[Box<str>] {
        self.0.get(facet).map_or(&[], Vec::as_slice)
    }

    fn any(&self, facet: usize, rng: &mut Rng) -> Box<str> {
        let values = self.of(facet);
        values
            .get(rng.index(values.len()))
            .cloned()
            .unwrap_or_default()
    }

    /// The values that a condition holds, all of the facet when there is none; by their places.
    pub(super) fn held(&self, facet: usize, condition: Option<&Condition>) -> Vec<usize> {
        let values = self.of(facet).iter().enumerate();
        let holds = |value: &str| condition.is_none_or(|c| c.holds(value));
        values.filter(|(_, v)| holds(v)).map(|(at, _)| at).collect()
    }

    /// A value by its place.
    pub(super) fn value(&self, facet: usize, at: usize) -> &str {
        self.of(facet).get(at).map_or("", |v| v)
    }

    /// An exact value, or one of the wider kinds so many times out of a hundred.
    fn condition(&self, facet: usize, wide: u64, rng: &mut Rng) -> Condition {
        let one = self.any(facet, rng);
        if !rng.percent(wide) {
            return Condition::Is(one);
        }
        let other = self.any(facet, rng);
        match rng.below(3) {
            0 => {
                let more = rng.below(4).saturating_add(1);
                let mut list: Vec<_> = (0..more).map(|_| self.any(facet, rng)).collect();
                list.push(one);
                list.sort_unstable();
                list.dedup();
                Condition::OneOf(list)
            }
            1 => {
                let shorter = one.len().saturating_sub(1);
                Condition::Prefix(one.get(..shorter).unwrap_or(&one).into())
            }
            _ => {
                let near = self.of(facet).binary_search(&one).unwrap_or(0);
                let values = self.of(facet);
                let last = values
                    .get(near.saturating_add(rng.index(15)))
                    .unwrap_or(&other);
                Condition::Range(one.clone().min(last.clone()), one.max(last.clone()))
            }
        }
    }
}

fn day(number: u64) -> Date {
    let span = jiff::Span::new().try_days(i64::try_from(number).unwrap_or(0));
    span.and_then(|span| FIRST.checked_add(span))
        .unwrap_or(FIRST)
}

/// A table while it is drawn.
struct Drawing<'s> {
    sortiment: &'s Sortiment,
    rules: Vec<Rule>,
    /// For each rank and value of the first facet the rules there: those that may tie.
    near: HashMap<(Rank, usize), Vec<u32>>,
    /// For each rule and facet the values that it holds, a bit for each.
    bits: Vec<[[u64; 7]; 5]>,
}

impl Drawing<'_> {
    /// Takes the rule in unless it ties with one that is there.
    fn take(&mut self, mut rule: Rule) -> bool {
        let mut bits = [[0_u64; 7]; 5];
        let mut first = Vec::new();
        for (facet, (name, bits)) in FACETS.iter().zip(&mut bits).enumerate() {
            let held = self.sortiment.held(facet, rule.condition(name));
            for at in &held {
                if let Some(word) = bits.get_mut(at / 64) {
                    *word |= 1 << (at % 64);
                }
            }
            if facet == 0 {
                first = held;
            }
        }
        let rank = rule.rank();
        let ties = |other: &u32| {
            let other = usize::try_from(*other).unwrap_or(usize::MAX);
            let meets = self.rules.get(other).zip(self.bits.get(other));
            meets.is_some_and(|(there, theirs)| {
                there.validity.overlaps(&rule.validity)
                    && bits
                        .iter()
                        .zip(theirs)
                        .all(|(a, b)| a.iter().zip(b).any(|(a, b)| a & b != 0))
            })
        };
        let near = first.iter().filter_map(|at| self.near.get(&(rank, *at)));
        if near.flatten().any(ties) {
            return false;
        }
        let place = u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        for at in first {
            self.near.entry((rank, at)).or_default().push(place);
        }
        rule.number = place.saturating_add(1);
        self.bits.push(bits);
        self.rules.push(rule);
        true
    }
}

/// So many rules. Every value of the first facet has one that takes all the others.
pub(super) fn table(seed: u64, count: usize, sortiment: &Sortiment) -> Vec<Rule> {
    let mut rng = Rng::new(seed).child("regler", 0);
    let mut drawing = Drawing {
        sortiment,
        rules: Vec::with_capacity(count),
        near: HashMap::new(),
        bits: Vec::with_capacity(count),
    };
    let first = FACETS.first().copied().unwrap_or_default();
    for value in sortiment.of(0) {
        let head = value.get(..value.len().saturating_sub(1)).unwrap_or(value);
        let condition = if count < 2_000 {
            Condition::Prefix(head.into())
        } else {
            Condition::Is(value.clone())
        };
        let from_the_start = Validity {
            from: FIRST,
            to: None,
        };
        drawing.take(rule(vec![(first.into(), condition)], from_the_start, 0));
    }
    let mut draws = count.saturating_mul(DRAWS);
    while drawing.rules.len() < count && draws > 0 {
        draws = draws.saturating_sub(1);
        drawing.take(drawn(sortiment, &mut rng));
    }
    drawing.rules
}

/// How often, of a hundred, a rule asks about a facet, and how often it asks widely.
const ASKED: [(u64, u64); 5] = [(100, 12), (50, 20), (90, 30), (20, 60), (30, 20)];

fn drawn(sortiment: &Sortiment, rng: &mut Rng) -> Rule {
    let mut conditions = Vec::new();
    for (facet, (name, (asked, wide))) in FACETS.iter().zip(ASKED).enumerate() {
        if rng.percent(asked) {
            let condition = sortiment.condition(facet, wide, rng);
            conditions.push(((*name).into(), condition));
        }
    }
    conditions.sort_by(|(one, _): &(Box<str>, _), (other, _)| one.cmp(other));
    let from = rng.below(2_000);
    let to = from.saturating_add(200).saturating_add(rng.below(1_500));
    let validity = Validity {
        from: day(from),
        to: Some(day(to)),
    };
    rule(conditions, validity, rng.below(5_000))
}

fn rule(conditions: Vec<(Box<str>, Condition)>, validity: Validity, konto: u64) -> Rule {
    Rule {
        number: 0,
        conditions,
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity,
        targets: vec![Target::whole(Template::fixed(&format!(
            "{}",
            10_000 + konto
        )))],
        comment: Box::default(),
    }
}

/// A posting as it comes: values as texts in the sender's order.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) values: Vec<Sortimentsvaerdi>,
    pub(super) day: Date,
}

impl Sent {
    /// As the rules see it.
    pub(super) fn posting(&self) -> Posting<'_, [Sortimentsvaerdi]> {
        Posting {
            values: &self.values,
            side: Side::Debit,
            day: self.day,
            regnskabsaar: Regnskabsaar(self.day.year()),
            posteringstype: Posteringstype::Normal,
        }
    }
}

/// Postings from a number on. One in twenty has no value in the fourth facet.
pub(super) fn postings(seed: u64, first: u64, count: u64, sortiment: &Sortiment) -> Vec<Sent> {
    let root = Rng::new(seed);
    let one = |number| {
        let mut rng = root.child("postering", number);
        let mut values = Vec::with_capacity(FACETS.len());
        for (facet, name) in FACETS.iter().enumerate() {
            let vaerdi = sortiment.any(facet, &mut rng);
            if facet != 3 || !rng.percent(5) {
                values.push(Sortimentsvaerdi {
                    facet: (*name).into(),
                    vaerdi,
                });
            }
        }
        Sent {
            values,
            day: day(rng.below(DAYS)),
        }
    };
    (first..first.saturating_add(count)).map(one).collect()
}
