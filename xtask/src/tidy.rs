//! What the house asks of its text: who may know whom, how large pieces are, which words
//! are used, and that documents name things that exist.

mod documents;
mod edges;
mod glossary;
mod sizes;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::root;

/// A tracked text file.
#[derive(Debug)]
pub(crate) struct Source {
    /// Path from the project's folder.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// Checks everything and lists all findings at once.
pub(crate) fn run() -> Result<()> {
    let sources = sources()?;
    let mut findings = Vec::new();
    findings.extend(edges::check()?);
    findings.extend(sizes::check(&sources));
    findings.extend(glossary::check(&sources)?);
    findings.extend(documents::check(&sources));
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    Ok(())
}

fn sources() -> Result<Vec<Source>> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git")
        .args(list)
        .current_dir(root())
        .output()
        .context("git")?;
    let text = String::from_utf8(output.stdout)?;
    let wanted = |path: &&str| {
        [".rs", ".md", ".sql", ".toml"]
            .iter()
            .any(|end| path.ends_with(end))
    };
    let mut sources = Vec::new();
    for path in text.lines().filter(wanted) {
        let file: PathBuf = root().join(path);
        // A file that was deleted and not yet committed is still listed.
        if let Ok(text) = std::fs::read_to_string(file) {
            sources.push(Source {
                path: path.to_owned(),
                text,
            });
        }
    }
    Ok(sources)
}
