//! Which room may know which, and where heavy libraries may be used.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{cargo, root};

/// A room and the rooms it may know.
const ROOMS: [(&str, &[&str]); 11] = [
    ("oir-domain", &[]),
    ("oir-wire", &["oir-domain"]),
    ("oir-flow", &["oir-domain", "oir-wire"]),
    ("oir-fagsystem", &["oir-domain"]),
    ("oir-store", &["oir-domain", "oir-flow"]),
    ("oir-transport", &["oir-domain", "oir-wire", "oir-flow"]),
    ("oir-web", &["oir-domain", "oir-wire", "oir-flow"]),
    ("oir-erp", &["oir-domain", "oir-wire"]),
    (
        "oir-testkit",
        &[
            "oir-domain",
            "oir-wire",
            "oir-flow",
            "oir-store",
            "oir-erp",
            "oir-fagsystem",
        ],
    ),
    (
        "oir",
        &[
            "oir-domain",
            "oir-wire",
            "oir-flow",
            "oir-store",
            "oir-transport",
            "oir-web",
            "oir-erp",
            "oir-fagsystem",
        ],
    ),
    ("xtask", &[]),
];

/// Libraries that only these rooms may use.
const KEPT: [(&str, &[&str]); 16] = [
    ("rusqlite", &["oir-store", "oir-erp"]),
    ("tokio-postgres", &["oir-store"]),
    ("deadpool-postgres", &["oir-store"]),
    ("refinery", &["oir-store"]),
    ("reqwest", &["oir-transport"]),
    ("openidconnect", &["oir-transport"]),
    ("lettre", &["oir-transport"]),
    ("pulldown-cmark", &["oir-web"]),
    ("axum", &["oir-web", "oir-erp"]),
    ("hyper", &["oir-web", "oir"]),
    ("askama", &["oir-web"]),
    ("rust_xlsxwriter", &["oir-web", "oir-wire"]),
    ("calamine", &["oir-wire"]),
    ("anyhow", &["oir", "xtask"]),
    ("clap", &["oir"]),
    ("indicatif", &["oir"]),
];

pub(super) fn check() -> Result<Vec<String>> {
    let output = cargo()
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--offline",
        ])
        .output()
        .context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or("");
        let empty = Vec::new();
        let dependencies = package["dependencies"].as_array().unwrap_or(&empty);
        let normal: BTreeSet<&str> = dependencies
            .iter()
            .filter(|d| d["kind"].is_null())
            .filter_map(|d| d["name"].as_str())
            .collect();
        findings.extend(room(name, &normal));
        findings.extend(unused(name, &normal));
    }
    findings.extend(reasons()?);
    Ok(findings)
}

fn room(name: &str, dependencies: &BTreeSet<&str>) -> Vec<String> {
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == name) else {
        return vec![format!(
            "{name}: a room that xtask/src/tidy/edges.rs does not know"
        )];
    };
    let mut findings = Vec::new();
    for dependency in dependencies {
        let own = ROOMS.iter().any(|(room, _)| room == dependency);
        if own && !allowed.contains(dependency) {
            findings.push(format!("{name}: may not know {dependency}"));
        }
        let kept = KEPT.iter().find(|(library, _)| library == dependency);
        if kept.is_some_and(|(_, rooms)| !rooms.contains(&name)) {
            findings.push(format!("{name}: may not use {dependency}"));
        }
    }
    findings
}

/// A dependency that no source names is not needed.
fn unused(name: &str, dependencies: &BTreeSet<&str>) -> Vec<String> {
    let folder = if name == "xtask" {
        root().join("xtask/src")
    } else {
        root().join("crates").join(name)
    };
    let mut text = String::new();
    gather(&folder, &mut text);
    dependencies
        .iter()
        .filter(|dependency| !text.contains(&dependency.replace('-', "_")))
        .map(|dependency| format!("{name}: {dependency} is used nowhere"))
        .collect()
}

fn gather(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, text);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

/// Every line of the version table says why we carry the library.
fn reasons() -> Result<Vec<String>> {
    let text = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let table = text.split("[workspace.dependencies]").nth(1).unwrap_or("");
    let table = table.split("\n[").next().unwrap_or("");
    let bare = table.lines().filter(|line| {
        line.contains('=')
            && !line.starts_with('#')
            && !line.starts_with("oir-")
            && !line.contains(" # ")
    });
    Ok(bare
        .map(|line| format!("Cargo.toml: no reason given: {line}"))
        .collect())
}
