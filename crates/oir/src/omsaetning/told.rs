//! Rules and findings as lines of a terminal.

use std::io::{Result, Write};

use jiff::civil::Date;
use oir_domain::omsaetning::coverage::{Cause, Combination, Coverage, Why};
use oir_domain::omsaetning::difference::Column;
use oir_domain::omsaetning::simulation::Landing;
use oir_domain::omsaetning::{
    Condition, Difference, Rule, SimulationReport, Stage, Target, Version,
};
use oir_web::danish_format::{kroner, whole};

/// Values of a list that are written before the rest is counted.
const NAMED: usize = 8;

/// `7  sted=2041 kle=32.* D 2026-  2027-01-01..  → 60 % 55{sted} + 40 % 77`.
pub(super) fn rule(rule: &Rule) -> String {
    let mut when: Vec<String> = rule.conditions.iter().map(condition).collect();
    when.extend(rule.side.map(|side| side.letter().to_owned()));
    when.extend(rule.posteringstype.map(|kind| kind.code().to_owned()));
    let years = rule.regnskabsaar;
    when.extend(years.map(|(first, last)| format!("år {}-{}", first.0, last.0)));
    if when.is_empty() {
        when.push("alt andet".to_owned());
    }
    let to = rule
        .validity
        .to
        .map_or_else(String::new, |to| to.to_string());
    let days = format!("{}..{to}", from_day(rule.validity.from));
    format!(
        "{:>6}  {}  {days}  → {}",
        rule.number,
        when.join(" "),
        goes(rule)
    )
}

fn from_day(day: Date) -> String {
    if day.year() < 1 {
        return String::new();
    }
    day.to_string()
}

fn condition((facet, condition): &(Box<str>, Condition)) -> String {
    match condition {
        Condition::Is(value) => format!("{facet}={value}"),
        Condition::OneOf(values) => {
            let named: Vec<&str> = values.iter().take(NAMED).map(|v| &**v).collect();
            let more = values.len().saturating_sub(NAMED);
            let more = match more {
                0 => String::new(),
                more => format!("|… {more} til"),
            };
            format!("{facet}={}{more}", named.join("|"))
        }
        Condition::Prefix(start) => format!("{facet}={start}*"),
        Condition::Range(first, last) => format!("{facet}={first}-{last}"),
    }
}

fn goes(rule: &Rule) -> String {
    let part = |target: &Target| {
        let share = target.share.hundredths();
        format!("{},{:02} % {}", share / 100, share % 100, target.konto)
    };
    match rule.targets.as_slice() {
        [one] => one.konto.to_string(),
        several => several.iter().map(part).collect::<Vec<_>>().join(" + "),
    }
}

pub(super) const fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Draft => "kladde",
        Stage::Approved => "godkendt",
        Stage::Discarded => "kasseret",
    }
}

pub(super) fn version(out: &mut impl Write, version: &Version) -> Result<()> {
    let from = match version.in_force_from {
        Some(day) => format!("fra {day}"),
        None if version.number == 0 => "kom med registeret".to_owned(),
        None => "ingen dag".to_owned(),
    };
    writeln!(
        out,
        "{:>4}  {:<8}  {:>7} regler  {from}  {}",
        version.number,
        stage(version.stage),
        whole(version.rules.into()),
        version.purpose
    )?;
    if version.number > 0 {
        writeln!(
            out,
            "      på grundlag af {}, rettelse {}, skrevet af {}",
            version.based_on,
            version.edition,
            version.writers.join(", ")
        )?;
    }
    if let Some(found) = &version.simulated {
        let fresh = if found.edition == version.edition {
            ""
        } else {
            " (før sidste rettelse)"
        };
        writeln!(
            out,
            "      simuleret{fresh}: {} posteringer, {} flyttes, heraf {} bogførte; {} uden konto",
            whole(found.postings),
            whole(found.moved),
            whole(found.booked_moved),
            whole(found.unmapped)
        )?;
    }
    if let Some((approver, at)) = &version.approved {
        writeln!(out, "      godkendt af {approver} {at}")?;
    }
    Ok(())
}

fn landing(landing: &Landing) -> String {
    match landing {
        Landing::Kontos(kontos) => kontos.join(" + "),
        Landing::NoRule => "ingen konto".to_owned(),
        Landing::Lacks(facet) => format!("ingen konto (mangler {facet})"),
    }
}

pub(super) fn simulation(
    out: &mut impl Write,
    report: &SimulationReport,
    limit: usize,
) -> Result<()> {
    let line = |name: &str, count: u64| format!("{name:<34} {:>14}", whole(count));
    writeln!(out, "{}", line("Posteringer", report.postings))?;
    writeln!(out, "{}", line("  før kladden gælder", report.before_force))?;
    writeln!(
        out,
        "{}",
        line("Havner et andet sted", report.moved.postings)
    )?;
    writeln!(out, "{}", line("  heraf bogført", report.moved.booked))?;
    writeln!(
        out,
        "{}",
        line("Får en konto", report.newly_mapped.postings)
    )?;
    writeln!(
        out,
        "{}",
        line("Mister deres konto", report.newly_unmapped.postings)
    )?;
    writeln!(
        out,
        "{}",
        line("Har stadig ingen konto", report.still_unmapped)
    )?;
    for change in report.changes.iter().take(limit) {
        let sum = change.count.elsewhere;
        writeln!(
            out,
            "{} → {}: {} posteringer på {} bilag, debet {}, kredit {}",
            landing(&change.from),
            landing(&change.to),
            whole(change.count.postings),
            whole(change.count.bilag),
            kroner(sum.debit),
            kroner(sum.credit)
        )?;
        if let Some(example) = change.examples.first() {
            writeln!(out, "  fx {} linje {}", example.bilag, example.linjenummer)?;
        }
    }
    let more = report.changes.len().saturating_sub(limit);
    if more > 0 {
        writeln!(out, "… og {more} andre ændringer")?;
    }
    Ok(())
}

fn column(column: &Column) -> &str {
    match column {
        Column::Facet(facet) => facet,
        Column::Side => "side",
        Column::Regnskabsaar => "regnskabsår",
        Column::Posteringstype => "posteringstype",
        Column::From => "gyldig fra",
        Column::To => "gyldig til",
        Column::Konto => "konto",
        Column::Share => "andel",
        Column::Comment => "bemærkning",
    }
}

pub(super) fn difference(out: &mut impl Write, found: &Difference<'_>) -> Result<()> {
    for gone in &found.removed {
        writeln!(out, "- {}", rule(gone))?;
    }
    for new in &found.added {
        writeln!(out, "+ {}", rule(new))?;
    }
    for changed in &found.changed {
        let columns: Vec<&str> = changed.columns.iter().map(column).collect();
        writeln!(out, "- {}", rule(changed.old))?;
        writeln!(out, "+ {}   ({})", rule(changed.new), columns.join(", "))?;
    }
    writeln!(
        out,
        "{} nye, {} væk, {} ændret, {} flyttet, {} ens.",
        found.added.len(),
        found.removed.len(),
        found.changed.len(),
        found.moved.len(),
        found.unchanged
    )
}

fn combination(combination: &Combination) -> String {
    let mut parts: Vec<String> = combination
        .values
        .iter()
        .map(|(facet, value)| format!("{facet}={}", value.as_deref().unwrap_or("–")))
        .collect();
    parts.extend(combination.side.map(|side| side.letter().to_owned()));
    if parts.is_empty() {
        parts.push("alt".to_owned());
    }
    parts.join(" ")
}

pub(super) fn coverage(out: &mut impl Write, found: &Coverage) -> Result<()> {
    for gap in &found.unmapped {
        let why = match &gap.cause {
            Cause::NoRule => "ingen regel".to_owned(),
            Cause::Lacks { rule, facet } => format!("regel {rule} mangler {facet}"),
        };
        writeln!(
            out,
            "Uden konto: {}  {}..{}  {why}; {} posteringer set",
            combination(&gap.combination),
            gap.days.0,
            gap.days.1,
            whole(gap.seen)
        )?;
    }
    if found.unmapped_more > 0 {
        writeln!(out, "… og {} til uden konto", whole(found.unmapped_more))?;
    }
    for two in &found.ambiguous {
        let rules: Vec<String> = two.rules.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "Flere lige gode: {}  regel {}",
            combination(&two.combination),
            rules.join(", ")
        )?;
    }
    for dead in &found.dead {
        let why = match &dead.why {
            Why::Days => "gælder ikke på nogen af dagene".to_owned(),
            Why::NoValue(facet) => format!("ingen værdi af {facet} passer"),
            Why::Shadowed(rules) => {
                let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
                format!("mere præcise regler vinder altid: {}", rules.join(", "))
            }
            Why::NoCombination => "værdierne forekommer ikke sammen".to_owned(),
        };
        writeln!(out, "Bruges aldrig: regel {}: {why}", dead.rule)?;
    }
    writeln!(
        out,
        "{} kombinationer {}..{}: {} uden konto, {} ikke set på.",
        whole(found.looked_at),
        found.days.0,
        found.days.1,
        found.unmapped.len(),
        whole(found.left_out)
    )
}
