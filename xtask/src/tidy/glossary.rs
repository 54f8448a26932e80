//! One word for one thing: the terms of `docs/GLOSSARY.md` and the words not to use.

use anyhow::{Context, Result};

use super::Source;

struct Term {
    name: String,
    never: Vec<String>,
}

pub(super) fn check(sources: &[Source]) -> Result<Vec<String>> {
    let glossary = sources
        .iter()
        .find(|source| source.path == "docs/GLOSSARY.md")
        .context("docs/GLOSSARY.md is missing")?;
    let terms = terms(&glossary.text);
    let code: Vec<&Source> = sources
        .iter()
        .filter(|s| s.path.ends_with(".rs") && s.path.starts_with("crates/"))
        .collect();
    let mut findings = Vec::new();
    for term in &terms {
        let lower = term.name.to_lowercase();
        if !code
            .iter()
            .any(|source| source.text.to_lowercase().contains(&lower))
        {
            findings.push(format!("docs/GLOSSARY.md: {} is used nowhere", term.name));
        }
        for word in &term.never {
            for source in &code {
                findings.extend(uses(source, word, &term.name));
            }
        }
    }
    Ok(findings)
}

/// Rows `| Term | meaning | not |`; the words of the last column are set as code.
fn terms(text: &str) -> Vec<Term> {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line
            .trim()
            .strip_prefix('|')?
            .split('|')
            .map(str::trim)
            .collect();
        let name = cells.first()?.strip_prefix('`')?.strip_suffix('`')?;
        let never = cells
            .get(2)?
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect();
        Some(Term {
            name: name.to_owned(),
            never,
        })
    });
    rows.collect()
}

/// Identifiers that have the word as one of their parts.
fn uses(source: &Source, word: &str, instead: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        let code = line.split("//").next().unwrap_or("");
        let names = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        // Prose inside string literals has spaces around its words and is let be.
        let named = |name: &str| parts(name).iter().any(|part| part == word);
        if !code.contains('"') && names.filter(|n| !n.is_empty()).any(named) {
            findings.push(format!(
                "{}:{number}: {word}: the word is {instead}",
                source.path
            ));
        }
    }
    findings
}

/// `HeldBilag` and `held_bilag` are both `held`, `bilag`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut().filter(|_| c != '_') {
            last.extend(c.to_lowercase());
        }
    }
    parts
}
