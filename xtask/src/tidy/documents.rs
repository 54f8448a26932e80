//! Documents name real paths.

use super::Source;
use crate::root;

/// Folders that a path in a document begins with.
const FOLDERS: [&str; 9] = [
    "crates/",
    "docs/",
    "schemas/",
    "data/",
    "fixtures/",
    "fuzz/",
    "xtask/",
    "tests/",
    ".ci/",
];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".md")) {
        for (number, line) in (1..).zip(source.text.lines()) {
            for path in paths(line) {
                if !root().join(path).exists() {
                    findings.push(format!("{}:{number}: {path} does not exist", source.path));
                }
            }
        }
    }
    findings
}

/// Code spans and link targets that look like paths of ours.
fn paths(line: &str) -> Vec<&str> {
    let spans = line.split('`').skip(1).step_by(2);
    let links = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let ours = |text: &&str| {
        FOLDERS.iter().any(|folder| text.starts_with(folder))
            && !text.contains(|c: char| c == '*' || c == '<' || c == '{' || c.is_whitespace())
    };
    spans
        .chain(links)
        .filter(ours)
        .map(|text| text.split(['#', ':']).next().unwrap_or(text))
        .collect()
}
