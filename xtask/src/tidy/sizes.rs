//! How large files and functions are, and what they may not hold.

use super::Source;

/// Longest file, lines.
const FILE_MAX: usize = 600;
/// Longest function, lines.
const FUNCTION_MAX: usize = 70;
/// Names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "manager", "common", "helpers", "misc"];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let rust = sources.iter().filter(|source| source.path.ends_with(".rs"));
    rust.flat_map(file).collect()
}

fn file(source: &Source) -> Vec<String> {
    let path = &source.path;
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    if lines.len() > FILE_MAX {
        findings.push(format!("{path}: {} lines, at most {FILE_MAX}", lines.len()));
    }
    let stem = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let name = stem.rsplit('/').next().unwrap_or(stem);
    if EMPTY_NAMES.contains(&name) {
        findings.push(format!("{path}: the name says nothing"));
    }
    for (start, name, length) in functions(&lines) {
        if length > FUNCTION_MAX {
            findings.push(format!(
                "{path}:{start}: {name} has {length} lines, at most {FUNCTION_MAX}"
            ));
        }
    }
    // This file names what it forbids.
    if !path.starts_with("xtask/") {
        findings.extend(forbidden(path, &lines));
    }
    findings
}

fn forbidden(path: &str, lines: &[&str]) -> Vec<String> {
    let test = path.contains("/tests/") || path.ends_with("tests.rs") || path.contains("testkit");
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let stub = line.contains("todo!(") || line.contains("unimplemented!(");
        if stub || line.contains("#[ignore") {
            findings.push(format!("{path}:{number}: unfinished or skipped"));
        }
        if test && line.contains("sleep(") {
            findings.push(format!("{path}:{number}: a test that sleeps"));
        }
    }
    findings
}

/// Functions with their first line, name and length. The text is formatted by `rustfmt`,
/// so a function ends at the brace in its own column.
fn functions(lines: &[&str]) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let Some(name) = name_of(line.trim_start()) else {
            continue;
        };
        let end = format!("{}}}", " ".repeat(indent));
        let body = lines.iter().skip(start).position(|l| *l == end);
        if let Some(body) = body {
            found.push((start + 1, name, body + 1));
        }
    }
    found
}

fn name_of(line: &str) -> Option<String> {
    let words = [
        "pub ",
        "pub(crate) ",
        "pub(super) ",
        "const ",
        "async ",
        "unsafe ",
    ];
    let mut rest = line;
    while let Some(next) = words.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = next;
    }
    let name = rest.strip_prefix("fn ")?;
    let one_line = line.ends_with(';') || line.ends_with('}');
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    (!one_line).then(|| name.get(..end).unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::functions;

    #[test]
    fn functions_are_measured_from_name_to_brace() {
        let text = "fn a() {\n    b();\n}\n\nimpl X {\n    pub(crate) async fn c(\n        d: u8,\n    ) {\n    }\n    fn e();\n}\n";
        let lines: Vec<&str> = text.lines().collect();
        let found = functions(&lines);
        assert_eq!(found, vec![(1, "a".to_owned(), 3), (6, "c".to_owned(), 4)]);
    }
}
