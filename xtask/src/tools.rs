//! What the tests need of the machine, installed when it is missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{root, run};

/// A program to look for, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 4] = [
    ("psql", "postgresql"),
    ("xmllint", "libxml2-utils"),
    ("chromium", "chromium"),
    ("setpriv", "util-linux"),
];

/// What runs on Node.js, each folder with its own `package-lock.json`: the browser's driver
/// with axe, and the OpenID provider.
const NODE: [&str; 2] = ["tests/browser", "tests/identity"];

/// Where the tools are.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Python with the clients that we did not write.
    pub(crate) python: PathBuf,
    /// The folder of PostgreSQL's programs.
    pub(crate) postgres: PathBuf,
}

/// Finds everything, and installs what is missing, saying so.
pub(crate) fn ready() -> Result<Tools> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(program, _)| !is_here(program))
        .map(|(_, package)| *package)
        .chain((!has_server()).then_some("postgresql"))
        .collect();
    if !missing.is_empty() {
        debian(&missing)?;
    }
    let postgres = server().context("PostgreSQL's server is nowhere under /usr/lib/postgresql")?;
    let python = python()?;
    for folder in NODE {
        node(folder)?;
    }
    Ok(Tools { python, postgres })
}

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn has_server() -> bool {
    server().is_some()
}

/// The newest server's folder, 15 or later.
fn server() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("postgres").is_file())
        .max()
}

fn debian(packages: &[&str]) -> Result<()> {
    println!("xtask: installs Debian packages: {}", packages.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = if is_root() {
            Command::new("apt-get")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", "apt-get"]);
            sudo
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run(command.args(arguments).stdout(Stdio::null()))
    };
    apt(&["update", "-q"])?;
    let mut arguments = vec!["install", "-q", "-y", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    let said = Command::new("id").arg("-u").output();
    said.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

/// A Python of its own with the packages of `tests/clients/requirements.txt`.
fn python() -> Result<PathBuf> {
    let folder = root().join("target/xtask/python");
    let wanted = root().join("tests/clients/requirements.txt");
    let (python, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
    if is_same(&wanted, &stamp) && python.is_file() {
        return Ok(python);
    }
    println!("xtask: installs Python packages of {}", wanted.display());
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        debian(&["python3", "python3-venv"])?;
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder))?;
    }
    let install = [
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-r",
    ];
    run(Command::new(&python).args(install).arg(&wanted))?;
    std::fs::copy(&wanted, &stamp)?;
    Ok(python)
}

/// The packages of a folder's lock file, in the folder.
fn node(folder: &str) -> Result<()> {
    let folder = root().join(folder);
    let wanted = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/installed.json");
    if is_same(&wanted, &stamp) {
        return Ok(());
    }
    if !is_here("npm") {
        bail!("npm is missing: install Node.js 20 or later");
    }
    println!("xtask: installs npm packages of {}", wanted.display());
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    run(npm.current_dir(&folder).stdout(Stdio::null()))?;
    std::fs::copy(&wanted, &stamp)?;
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::read(one), std::fs::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
