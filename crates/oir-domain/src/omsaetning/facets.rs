//! The facets that a table speaks of.

use std::collections::HashSet;

use crate::register::Register;

use super::rule::Rule;
use super::version::TableId;

impl Rule {
    /// The facets that it asks about, then those that its accounts take over.
    pub fn facets(&self) -> impl Iterator<Item = &str> {
        let asked = self.conditions.iter().map(|(facet, _)| &**facet);
        let taken = self.targets.iter().flat_map(|target| target.konto.facets());
        asked.chain(taken)
    }
}

/// The facets of rules, then those of others that none of the rules has; each once.
pub fn facets<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    more: impl IntoIterator<Item = &'a str>,
) -> Vec<&'a str> {
    let mut known = HashSet::new();
    let of_rules = rules.into_iter().flat_map(Rule::facets);
    let all = of_rules.chain(more);
    all.filter(|facet| known.insert(*facet)).collect()
}

/// The facets that a spreadsheet of a table may have columns for: those of its rules, those of
/// the sortiment, and the one that decides accounts when nothing more is said; in the order of
/// their bytes.
#[must_use]
pub fn known_facets(register: &Register, table: TableId, rules: &[Rule]) -> Vec<Box<str>> {
    let posts = register.sortiment(table.kommune, table.fagsystem);
    let own = register.fagsystem(table.fagsystem);
    let own = own.map(|fagsystem| &*fagsystem.konteringsfacet);
    let more = posts.iter().map(|post| &*post.facet).chain(own);
    let mut all = facets(rules, more);
    all.retain(|facet| !facet.is_empty());
    all.sort_unstable();
    all.into_iter().map(Into::into).collect()
}
