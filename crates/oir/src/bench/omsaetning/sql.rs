//! The same rules and postings as the best join that we know in two databases: equality on the
//! facet that every rule names, an interval of texts on each other one, and the smallest place
//! in the order of the ranks. What the rules have to be rewritten for it is done beforehand,
//! and not counted.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use jiff::civil::Date;
use oir_domain::omsaetning::{Condition, Rule};
use serde_json::Value;

use super::ranked;
use super::seed::{FACETS, Sent, Sortiment};

/// Packages with their versions; among them DuckDB, installed when the Python given has none.
const PACKAGES: &str = include_str!("../../../../../tests/clients/requirements.txt");
/// After every value of the seed.
const LAST: &str = "~";

/// What a database took.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) name: String,
    /// Its best round.
    pub(super) seconds: f64,
    /// Most memory held, bytes; not known of a server.
    pub(super) peak: Option<u64>,
    /// The rule of each posting, 0 = none.
    pub(super) rules: Vec<u32>,
}

/// The files.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    rules: PathBuf,
    postings: PathBuf,
    count: usize,
}

fn number(day: Date) -> i32 {
    i32::from(day.year()) * 10_000 + i32::from(day.month()) * 100 + i32::from(day.day())
}

/// The intervals of texts for which a condition holds.
fn intervals(condition: Option<&Condition>) -> Vec<(String, String)> {
    let one = |value: &str| (value.to_owned(), value.to_owned());
    match condition {
        None => vec![(String::new(), LAST.to_owned())],
        Some(Condition::Is(value)) => vec![one(value)],
        Some(Condition::OneOf(values)) => values.iter().map(|value| one(value)).collect(),
        Some(Condition::Prefix(start)) => vec![(start.to_string(), format!("{start}{LAST}"))],
        Some(Condition::Range(first, last)) => vec![(first.to_string(), format!("{last}{LAST}"))],
    }
}

/// A rule as rows: one for each value of the first facet and each way through the lists of the
/// others.
fn rows(
    out: &mut impl Write,
    place: usize,
    rule: &Rule,
    sortiment: &Sortiment,
) -> anyhow::Result<()> {
    let mut heads = vec![String::new()];
    let mut others = FACETS.iter();
    let first = others.next().copied().unwrap_or_default();
    for facet in others {
        let mut longer = Vec::new();
        for (from, to) in intervals(rule.condition(facet)) {
            longer.extend(heads.iter().map(|head| format!("{head},{from},{to}")));
        }
        heads = longer;
    }
    let (from, to) = (rule.validity.from, rule.validity.to.unwrap_or(Date::MAX));
    for at in sortiment.held(0, rule.condition(first)) {
        let value = sortiment.value(0, at);
        for head in &heads {
            let (from, to) = (number(from), number(to));
            writeln!(out, "{place},{},{value}{head},{from},{to}", rule.number)?;
        }
    }
    Ok(())
}

impl Files {
    /// Writes them.
    pub(super) fn write(
        folder: &Path,
        rules: &[Rule],
        sent: &[Sent],
        sortiment: &Sortiment,
    ) -> anyhow::Result<Self> {
        let files = Self {
            folder: folder.to_owned(),
            rules: folder.join("rules.csv"),
            postings: folder.join("postings.csv"),
            count: sent.len(),
        };
        let mut out = BufWriter::new(fs::File::create(&files.rules)?);
        writeln!(out, "place,rule,f0,f1,t1,f2,t2,f3,t3,f4,t4,first,last")?;
        for (place, rule) in ranked(rules).into_iter().enumerate() {
            rows(&mut out, place, rule, sortiment)?;
        }
        out.flush()?;
        let mut out = BufWriter::new(fs::File::create(&files.postings)?);
        writeln!(out, "posting,f0,f1,f2,f3,f4,day")?;
        for (at, posting) in sent.iter().enumerate() {
            let mut line = at.to_string();
            for facet in FACETS {
                let found = posting.values.iter().find(|v| *v.facet == *facet);
                write!(line, ",{}", found.map_or("", |v| &v.vaerdi))?;
            }
            writeln!(out, "{line},{}", number(posting.day))?;
        }
        out.flush()?;
        Ok(files)
    }

    /// DuckDB, with the Python given or one with the package made in the folder.
    pub(super) fn duckdb(&self, python: &Path, rounds: u16) -> anyhow::Result<Joined> {
        let python = with_duckdb(python, &self.folder)?;
        let script = self.folder.join("duckdb_join.py");
        fs::write(&script, include_str!("duckdb.py"))?;
        let answers = self.folder.join("duckdb.csv");
        let said = Command::new(python)
            .arg(script)
            .args([&self.rules, &self.postings, &answers])
            .arg(rounds.to_string())
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(said.status.success(), "DuckDB gik i stå");
        let said: Value = serde_json::from_slice(&said.stdout)?;
        let seconds = said.get("seconds").and_then(Value::as_array);
        let seconds = seconds.into_iter().flatten().filter_map(Value::as_f64);
        let version = said.get("version").and_then(Value::as_str).unwrap_or("");
        Ok(Joined {
            name: format!("DuckDB {version}, én kerne"),
            seconds: best(seconds)?,
            peak: said.get("peak").and_then(Value::as_u64),
            rules: self.answers(&answers)?,
        })
    }

    /// PostgreSQL through its own client; everything is temporary.
    pub(super) fn postgres(&self, database: &str, rounds: u16) -> anyhow::Result<Joined> {
        let answers = self.folder.join("postgres.csv");
        let text = |path: &Path| path.display().to_string();
        let mut script = include_str!("postgres.sql")
            .replace("RULES", &text(&self.rules))
            .replace("POSTINGS", &text(&self.postings));
        script.push_str("\\timing on\n");
        for view in ["joined", "walked"] {
            let ask =
                format!("select count(*), sum(place::bigint * (posting % 997 + 1)) from {view};\n");
            script.push_str(&ask.repeat(usize::from(rounds)));
        }
        writeln!(
            script,
            "\\timing off\n\\copy (select w.posting, (select rule from rules r where r.place = \
             w.place limit 1) from (select posting, place from walked) w) to '{}' (format csv)",
            answers.display()
        )?;
        // A place has many rows: the rule is found by an index.
        let script = script.replace(
            "analyze rules;",
            "create index on rules (place, rule);\nanalyze rules;",
        );
        let file = self.folder.join("join.sql");
        fs::write(&file, script)?;
        let said = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--file"])
            .arg(file)
            .arg(database)
            .stderr(Stdio::inherit())
            .output()
            .context("psql")?;
        ensure!(said.status.success(), "PostgreSQL gik i stå");
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let milliseconds = said.lines().filter_map(|line| {
            let number = line.strip_prefix("Time: ")?.split(' ').next()?;
            number.parse::<f64>().ok()
        });
        Ok(Joined {
            name: "PostgreSQL, én kerne".to_owned(),
            seconds: best(milliseconds.map(|ms| ms / 1e3))?,
            peak: None,
            rules: self.answers(&answers)?,
        })
    }

    fn answers(&self, file: &Path) -> anyhow::Result<Vec<u32>> {
        let mut rules = vec![0; self.count];
        for line in fs::read_to_string(file)?.lines() {
            let (posting, rule) = line.split_once(',').context("et svar uden regel")?;
            let place = rules.get_mut(posting.parse::<usize>()?);
            *place.context("et svar uden postering")? = rule.parse()?;
        }
        Ok(rules)
    }
}

fn best(seconds: impl Iterator<Item = f64>) -> anyhow::Result<f64> {
    seconds.min_by(f64::total_cmp).context("ingen tider")
}

fn with_duckdb(python: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let has = |python: &Path| {
        let mut asked = Command::new(python);
        asked.args(["-c", "import duckdb"]).stderr(Stdio::null());
        asked.status().is_ok_and(|status| status.success())
    };
    if has(python) {
        return Ok(python.to_owned());
    }
    let own = folder.join("python");
    let made = own.join("bin/python");
    if !has(&made) {
        let run = |command: &mut Command| command.status().is_ok_and(|status| status.success());
        ensure!(
            run(Command::new(python).args(["-m", "venv"]).arg(&own)),
            "Python mangler venv"
        );
        let mut packages = PACKAGES.lines();
        let duckdb = packages.find(|line| line.starts_with("duckdb=="));
        let duckdb = duckdb.context("ingen udgave af DuckDB")?;
        let install = [
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            duckdb,
        ];
        ensure!(
            run(Command::new(&made).args(install)),
            "DuckDB kan ikke hentes"
        );
    }
    Ok(made)
}
