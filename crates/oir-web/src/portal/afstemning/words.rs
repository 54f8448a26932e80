//! What is said about a day, in Danish.

use jiff::civil::Date;
use oir_domain::day::{Change, Count, DayKey, DayStatus, Finding, Listed, Origin};
use oir_domain::ids::FagsystemId;
use oir_domain::money::Side;
use oir_domain::reconcile::Statement;

use crate::danish_format::{day, kroner, read_day, whole};
use crate::masking::mask_text;
use crate::portal::view::Badge;

/// The address of a day's page.
pub(super) fn href(key: DayKey) -> String {
    format!(
        "/afstemning/{}/{}/{}",
        key.kommune.0, key.fagsystem, key.dag
    )
}

/// The sender, when it is known.
pub(super) fn known(key: DayKey) -> Option<FagsystemId> {
    (!key.fagsystem.as_uuid().is_nil()).then_some(key.fagsystem)
}

/// A month as addresses have it: `2026-11`.
pub(super) fn month_iso(month: Date) -> String {
    format!("{:04}-{:02}", month.year(), month.month())
}

pub(super) const fn status(status: DayStatus) -> Badge {
    let (text, weight) = match status {
        DayStatus::Agrees => ("Stemmer", "success"),
        DayStatus::Differs => ("Stemmer ikke", "error"),
        DayStatus::NoTotal => ("Mangler total", "warning"),
        DayStatus::BooksSilent => ("Bogføringen mangler", "info"),
    };
    Badge { text, weight }
}

pub(super) const fn signed(changed: bool) -> Badge {
    if changed {
        Badge {
            text: "Ændret efter godkendelse",
            weight: "warning",
        }
    } else {
        Badge {
            text: "Godkendt",
            weight: "success",
        }
    }
}

pub(super) const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Message => "besked fra fagsystemet",
        Origin::Upload => "fil",
        Origin::Typed => "skrevet på siden",
        Origin::Planted => "plantet til demonstration",
    }
}

pub(super) fn side(s: Statement) -> String {
    format!(
        "{} bilag, debet {} kr., kredit {} kr.",
        whole(s.antal),
        kroner(s.debet),
        kroner(s.kredit)
    )
}

fn count(c: Count) -> String {
    format!("{} bilag, {} kr.", whole(c.antal), kroner(c.debet))
}

/// A difference: what it is, what each side says, what to do.
pub(super) struct FindingWords {
    pub(super) what: String,
    pub(super) theirs: String,
    pub(super) ours: String,
    pub(super) advice: &'static str,
}

fn four(what: &str, theirs: String, ours: String, advice: &'static str) -> FindingWords {
    FindingWords {
        what: what.to_owned(),
        theirs,
        ours,
        advice,
    }
}

fn kr(listed: Listed) -> String {
    format!("{} kr.", kroner(listed.debet))
}

/// What a finding says.
pub(super) fn finding(finding: &Finding) -> FindingWords {
    let nothing = || "–".to_owned();
    match finding {
        Finding::NoControlTotal => four(
            "Afsenderen har ikke oplyst nogen kontroltotal",
            nothing(),
            nothing(),
            "Bed fagsystemet om dagens total, eller skriv den herunder.",
        ),
        Finding::NumberDiffers { stated, received } => four(
            if stated > received {
                "Afsenderen har talt flere bilag, end der er modtaget"
            } else {
                "Afsenderen har talt færre bilag, end der er modtaget"
            },
            whole(*stated),
            whole(*received),
            "Find de bilag, der mangler på den ene side.",
        ),
        Finding::AmountDiffers {
            side,
            stated,
            received,
        } => four(
            match side {
                Side::Debit => "Debet er ikke den samme",
                Side::Credit => "Kredit er ikke den samme",
            },
            format!("{} kr.", kroner(*stated)),
            format!("{} kr.", kroner(*received)),
            "Find de bilag, hvor beløbet er forskelligt.",
        ),
        Finding::ListAstray { stated, listed } => four(
            "Afsenderens liste passer ikke med afsenderens egen total",
            format!("total {}, liste {}", count(*stated), count(*listed)),
            nothing(),
            "Bed fagsystemet om en ny total og liste.",
        ),
        Finding::TotalsAstray { counted, found } => four(
            "ØiR's egne totaler passer ikke med bilagene",
            nothing(),
            format!("totaler {}, bilag {}", count(*counted), count(*found)),
            "Det må ikke ske. Kontakt driften, og oplys sidens adresse.",
        ),
        Finding::BooksDiffer {
            bogfoeringsdato,
            ours,
            theirs,
        } => four(
            &format!("Bogføringen den {} stemmer ikke", day(*bogfoeringsdato)),
            self::side(*theirs),
            self::side(*ours),
            "Spørg bogføringen om bilagene, så det ses, hvilke det er.",
        ),
        Finding::BooksSilent { bogfoeringsdato } => four(
            &format!("Bogføringen er ikke hørt om den {}", day(*bogfoeringsdato)),
            nothing(),
            nothing(),
            "Spørg bogføringen igen.",
        ),
        of_bilag => of_one(of_bilag),
    }
}

/// What a finding about one bilag says.
fn of_one(finding: &Finding) -> FindingWords {
    let nothing = || "–".to_owned();
    match finding {
        Finding::NeverReceived(listed) => four(
            "Sendt ifølge afsenderen, aldrig modtaget",
            kr(*listed),
            nothing(),
            "Bed fagsystemet sende bilaget.",
        ),
        Finding::NotListed { received, .. } => four(
            "Modtaget, men ikke på afsenderens liste",
            nothing(),
            kr(*received),
            "Spørg fagsystemet, om bilaget er deres.",
        ),
        Finding::BilagDiffers {
            stated, received, ..
        } => four(
            "Beløbet er forskelligt",
            kr(*stated),
            format!("{} kr.", kroner(*received)),
            "Sammenlign bilaget med fagsystemets.",
        ),
        Finding::BookedHereOnly { bilag, .. } => four(
            "Bogført her, ukendt i bogføringen",
            "ikke bogført".to_owned(),
            kr(*bilag),
            "Kontakt økonomisystemets leverandør.",
        ),
        Finding::BookedThereOnly { bilag, number, .. } => four(
            "Bogført i bogføringen, ikke bogført her",
            format!("nr. {}", mask_text(number.as_str())),
            kr(*bilag),
            "Vent på kvitteringen, eller kontakt økonomisystemets leverandør.",
        ),
        _ => four("Forskel", nothing(), nothing(), ""),
    }
}

/// The bilag that a finding names: our id for its page, and the sender's.
pub(super) fn bilag(finding: &Finding) -> Option<(Option<String>, String)> {
    let both = |id: &oir_domain::ids::BilagId, listed: &Listed| {
        Some((Some(format!("/bilag/{id}")), listed.bilag.to_string()))
    };
    match finding {
        Finding::NeverReceived(listed) => Some((None, listed.bilag.to_string())),
        Finding::NotListed { id, received } => both(id, received),
        Finding::BilagDiffers { id, stated, .. } => both(id, stated),
        Finding::BookedHereOnly { id, bilag } | Finding::BookedThereOnly { id, bilag, .. } => {
            both(id, bilag)
        }
        _ => None,
    }
}

/// A changed figure in a sentence.
pub(super) fn change(change: &Change) -> String {
    let what = match &*change.name {
        "sent" => "Afsenderens total",
        "received" => "Modtaget",
        "rejected" => "Afvist",
        "held" => "Tilbageholdt",
        "outstanding" => "Under levering",
        "booked" => "Bogført",
        "refused" => "Nægtet af bogføringen",
        "parked" => "Parkeret",
        "unreadable" => "Ikke læst",
        _ => "",
    };
    let what = match change.name.strip_prefix("books ").and_then(read_day) {
        Some(date) => format!("Bogføringens total for {}", day(date)),
        None => what.to_owned(),
    };
    let one = |s: Statement| format!("{} bilag, {} kr.", whole(s.antal), kroner(s.debet));
    format!(
        "{what}: var {}, er nu {}.",
        one(change.then),
        one(change.now)
    )
}

/// A finding's key in words, for what was explained of it.
pub(super) fn key(key: &str) -> String {
    const WHOLE: [(&str, &str); 6] = [
        ("no_total", "Ingen kontroltotal"),
        ("number", "Antal"),
        ("amount_D", "Debet"),
        ("amount_K", "Kredit"),
        ("list", "Afsenderens liste"),
        ("totals", "ØiR's totaler"),
    ];
    const WITH: [(&str, &str); 7] = [
        ("never_received_", "Aldrig modtaget"),
        ("not_listed_", "Ikke på afsenderens liste"),
        ("differs_", "Forskelligt beløb"),
        ("here_only_", "Kun bogført her"),
        ("there_only_", "Kun bogført i bogføringen"),
        ("books_", "Bogføringen"),
        ("silent_", "Bogføringen ikke hørt"),
    ];
    if let Some((_, words)) = WHOLE.iter().find(|(whole, _)| *whole == key) {
        return (*words).to_owned();
    }
    let mut with = WITH.iter().filter_map(|(prefix, words)| {
        let rest = key.strip_prefix(prefix)?;
        Some(format!(
            "{words} {}",
            read_day(rest).map_or(rest.to_owned(), day)
        ))
    });
    with.next().unwrap_or_else(|| key.to_owned())
}
