//! Ours, and the floors under it, in this thread.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{anyhow, ensure};
use oir_domain::omsaetning::{Compiled, Rule, winner};

use crate::bench::child::memory;
use crate::bench::table::median;
use crate::cli::BenchOmsaetning;

use super::ranked;
use super::seed::{FACETS, Sent, Sortiment, postings, table};

/// Postings made, and then timed, together: as many as a message brings, just read.
const BLOCK: u64 = 256;
/// The table is compiled so many times; the median counts.
const COMPILED: usize = 5;
/// Blocks that the floors are timed on.
const FLOORED: u64 = 400;

/// What ours took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ours {
    pub(super) rules: usize,
    /// The median.
    pub(super) compile_ms: f64,
    /// Postings a second in the median block: what runs beside us on the machine hits some.
    pub(super) rate: f64,
    /// The same when each is asked for by itself.
    pub(super) single: f64,
    /// Postings a second, all blocks together.
    pub(super) whole: f64,
    /// Postings without a rule.
    pub(super) unmapped: u64,
    /// What the compiled table holds besides its rules, bytes.
    pub(super) memory: u64,
    /// Most memory of the process while it compiled and asked, bytes.
    pub(super) peak: u64,
}

/// Megabytes, with a decimal.
pub(super) fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "bytes far below 2^52")]
    let bytes = bytes as f64;
    bytes / 1e6
}

fn here(line: &str) -> u64 {
    memory(std::process::id(), line).unwrap_or(0)
}

/// Compiles a table and maps postings with it, block by block.
pub(super) fn measure(
    options: &BenchOmsaetning,
    (count, all): (usize, u64),
    sortiment: &Sortiment,
) -> anyhow::Result<Ours> {
    let rules: Arc<[Rule]> = table(options.seed, count, sortiment).into();
    ensure!(
        rules.len() == count,
        "frøet giver kun {} regler",
        rules.len()
    );
    // The kernel begins counting the peak anew; where it does not, the seed's work is in it.
    drop(std::fs::write("/proc/self/clear_refs", "5"));
    let before = here("VmRSS:");
    let mut took = Vec::new();
    let mut compiled = None;
    for _ in 0..COMPILED {
        drop(compiled.take());
        let begun = Instant::now();
        let new = Compiled::new(Arc::clone(&rules));
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        compiled = Some(new.map_err(|ties| anyhow!("{} regler er lige gode", ties.len()))?);
    }
    let compiled = compiled.ok_or_else(|| anyhow!("ingen tabel"))?;
    let memory = here("VmRSS:").saturating_sub(before);
    let (mut together, mut single) = (Vec::new(), Vec::new());
    let (mut unmapped, mut first) = (0_u64, 0);
    while first < all {
        let block = postings(options.seed, first, BLOCK.min(all - first), sortiment);
        let begun = Instant::now();
        let mut sum = 0_u64;
        compiled.find_each(block.iter().map(Sent::posting), |rule| match rule {
            Some(rule) => sum = sum.wrapping_add(rule.number.into()),
            None => unmapped += 1,
        });
        together.push(begun.elapsed().as_secs_f64());
        black_box(sum);
        first += BLOCK;
    }
    // Other postings, so that none is asked about twice; a tenth is enough to tell.
    while first < all + all / 10 {
        let block = postings(options.seed, first, BLOCK, sortiment);
        single.push(timed(&block, |sent| {
            compiled.find(&sent.posting()).map(|r| r.number)
        }));
        first += BLOCK;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let (block, all) = (BLOCK as f64, all as f64);
    Ok(Ours {
        rules: count,
        compile_ms: median(took.into_iter()),
        whole: all / together.iter().sum::<f64>(),
        rate: block / median(together.into_iter()),
        single: block / median(single.into_iter()),
        unmapped,
        memory,
        peak: here("VmHWM:"),
    })
}

/// Seconds for all of them.
fn timed<T, U>(all: &[T], work: impl FnMut(&T) -> U) -> f64 {
    let begun = Instant::now();
    all.iter().map(work).for_each(|answer| {
        black_box(answer);
    });
    begun.elapsed().as_secs_f64()
}

/// Postings a second in other ways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Floors {
    /// Each value looked up in a hash map of its facet: nobody who takes texts does less.
    pub(super) values: f64,
    /// A hash map of the first facet's values, and there the rules in the order of their rank.
    pub(super) map: f64,
    /// Every rule looked at.
    pub(super) scan: f64,
}

/// Measures them, and that they find the same rules.
pub(super) fn floors(
    options: &BenchOmsaetning,
    rules: &[Rule],
    sortiment: &Sortiment,
) -> anyhow::Result<Floors> {
    let known: HashMap<&str, HashMap<&str, u32>> = FACETS
        .iter()
        .enumerate()
        .map(|(facet, name)| {
            (
                *name,
                sortiment.of(facet).iter().map(|v| &**v).zip(0..).collect(),
            )
        })
        .collect();
    let looked_up = |sent: &Sent| {
        let number = |facet: &str, value: &str| known.get(facet)?.get(value).copied();
        let each = sent.values.iter();
        each.filter_map(|v| number(&v.facet, &v.vaerdi))
            .sum::<u32>()
    };
    let first = FACETS.first().copied().unwrap_or_default();
    let map = by_first_facet(rules, first, sortiment);
    let mapped = |sent: &Sent| {
        let value = sent.values.iter().find(|v| *v.facet == *first)?;
        let near = map.get(&*value.vaerdi)?;
        let mut fitting = near.iter().filter(|rule| rule.is_for(&sent.posting()));
        fitting.next().map(|rule| rule.number)
    };
    let scanned = |sent: &Sent| winner(rules, &sent.posting()).map(|rule| rule.number);
    let few = postings(options.seed, 0, BLOCK, sortiment);
    ensure!(
        few.iter().all(|sent| mapped(sent) == scanned(sent)),
        "gulvene er uenige"
    );
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let block = BLOCK as f64;
    let rate = |work: &dyn Fn(&Sent) -> Option<u32>| {
        let each = (0..FLOORED).map(|number| {
            let sent = postings(options.seed, number * BLOCK, BLOCK, sortiment);
            timed(&sent, work)
        });
        block / median(each)
    };
    Ok(Floors {
        values: rate(&|sent| Some(looked_up(sent))),
        map: rate(&mapped),
        scan: block / timed(&few, scanned),
    })
}

fn by_first_facet<'a>(
    rules: &'a [Rule],
    first: &str,
    sortiment: &'a Sortiment,
) -> HashMap<&'a str, Vec<&'a Rule>> {
    let order = ranked(rules);
    let near = |value: &str| -> Vec<&Rule> {
        let holds = |rule: &&Rule| {
            let condition = rule.condition(first);
            condition.is_none_or(|condition| condition.holds(value))
        };
        order.iter().copied().filter(holds).collect()
    };
    let values = sortiment.of(0).iter();
    values.map(|value| (&**value, near(value))).collect()
}
