//! The tables of the page, each from the facts alone.

use jiff::tz::TimeZone;
use oir_domain::message::StateName;
use oir_domain::operation::alarm::{Alarm, Severity};
use oir_domain::operation::health::{FailureClass, Health};
use oir_domain::operation::pause::{DuringStop, Phase};
use oir_domain::operation::{ExpiryKind, House, Upkeep};
use oir_domain::party::Kommunekode;
use oir_flow::ports::operation::has_say;
use oir_wire::danish;

use super::table::{Cell, Table, figures, words};
use super::{Look, whose};
use crate::danish_format::{day_short, instant, sort_key};
use crate::portal::words as said;

/// Bytes of a megabyte, as disks are counted.
const MEGABYTE: u64 = 1_000_000;

/// What is wrong and what to do, the most urgent first.
pub(super) fn alarms(look: &Look, zone: &TimeZone) -> Table {
    let row = |alarm: &Alarm| {
        let whose = match alarm.fagsystem {
            Some(fagsystem) => look.names.fagsystem(Some(fagsystem)),
            None => whose(alarm.kommune, &look.names),
        };
        let at = alarm.at.map(|at| instant(at, zone));
        let text = danish::alarm_text(alarm, &whose, at.as_deref());
        let weight = match alarm.severity {
            Severity::Now => "error",
            Severity::Today => "warning",
            Severity::Soon | Severity::Know => "info",
        };
        vec![
            Cell::text(format!(
                "{} {}",
                alarm.code.code(),
                danish::alarm_title(alarm.code)
            )),
            Cell::badge(danish::severity(alarm.severity), weight),
            Cell::foreign(&text),
            Cell::text(danish::alarm_remedy(alarm.code)),
        ]
    };
    Table {
        id: "Alarmer",
        caption: "Det mest presserende øverst",
        empty: "Intet er galt lige nu.",
        columns: vec![
            words("Alarm"),
            words("Hvornår"),
            words("Hvad er galt"),
            words("Hvad gør du nu"),
        ],
        rows: look.alarms.iter().map(row).collect(),
    }
}

/// How the calls to each receiver go.
pub(super) fn receivers(look: &Look, zone: &TimeZone) -> Table {
    let quiet = Health::default();
    let row = |kommune: &Kommunekode| {
        let found = look.facts.health.iter().find(|(own, _)| own == kommune);
        let health = found.map_or(&quiet, |(_, health)| health);
        let failure = health.last_failure.as_ref();
        let took = |percent| {
            let took = health.took(percent);
            took.map_or_else(Cell::dash, |took| Cell::number(took.into()))
        };
        vec![
            Cell::text(look.names.kommune(*kommune)),
            standing(look, *kommune, health, zone),
            Cell::instant_or(health.last_good, zone, "Aldrig"),
            match failure {
                Some((at, _)) => Cell::instant(*at, zone),
                None => Cell::dash(),
            },
            match failure {
                Some((_, why)) => Cell::foreign(&format!("{} ({})", class(why.class), why.reason)),
                None => Cell::dash(),
            },
            Cell::number(health.failures.into()),
            took(50),
            took(95),
            control(look, *kommune),
        ]
    };
    let mut kommuner = look.receivers.clone();
    kommuner.sort_by_cached_key(|kommune| sort_key(&look.names.kommune(*kommune)));
    Table {
        id: "Modtagere",
        caption: "Økonomisystemerne, som bilag afleveres til",
        empty: "Der er ingen modtagere i registeret. Indlæs det med kommandoen oir register import.",
        columns: vec![
            words("Kommune"),
            words("Tilstand"),
            words("Seneste svar"),
            words("Seneste fejl"),
            words("Hvorfor"),
            figures("Fejl i træk"),
            figures("Svartid, median (ms)"),
            figures("Svartid, 95 % (ms)"),
            words("Pause"),
        ],
        rows: kommuner.iter().map(row).collect(),
    }
}

fn class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::NotReached => "ikke nået",
        FailureClass::NoAnswer => "uden svar",
    }
}

fn standing(look: &Look, kommune: Kommunekode, health: &Health, zone: &TimeZone) -> Cell {
    if let Some(pause) = look.facts.paused(kommune, look.now) {
        let until = match pause.until {
            Some(until) => format!("På pause til {}", instant(until, zone)),
            None => "På pause".to_owned(),
        };
        return Cell::badge(&until, "warning");
    }
    if health.failures > 0 {
        return match health.rests(look.now) {
            Some(_) => Cell::badge("Svarer ikke, prøves igen om lidt", "error"),
            None => Cell::badge("Svarer ikke", "error"),
        };
    }
    match health.last_good {
        Some(_) => Cell::badge("Svarer", "success"),
        None => Cell::badge("Ikke kaldt endnu", "info"),
    }
}

/// The way to pausing and resuming, for those who may.
fn control(look: &Look, kommune: Kommunekode) -> Cell {
    if !has_say(&look.runs, Some(kommune)) {
        return Cell::dash();
    }
    let href = format!("/drift/pause?kommune={}", kommune.0);
    match look.facts.paused(kommune, look.now) {
        Some(_) => Cell::text("Se pause").to(href),
        None => Cell::text("Sæt på pause").to(href),
    }
}

/// The word of a state in the list's address.
fn tilstand(state: StateName) -> &'static str {
    match state {
        StateName::Mapped => "klar",
        StateName::Sending => "sendes",
        StateName::AwaitingReceipt => "afventer",
        StateName::Waiting => "venter",
        StateName::Uncertain => "usikker",
        StateName::Rejected
        | StateName::Held
        | StateName::Booked
        | StateName::Refused
        | StateName::Parked => "",
    }
}

/// What waits, with the way to it.
pub(super) fn queue(look: &Look, zone: &TimeZone) -> Table {
    let row = |line: &oir_domain::operation::QueueLine| {
        let [none, one, few, many] = line.attempts;
        let word = tilstand(line.state);
        let href = format!("/bilag?kommune={}&tilstand={word}", line.kommune.0);
        vec![
            Cell::text(look.names.kommune(line.kommune)),
            Cell::text(said::state(line.state).text),
            Cell::number(line.antal).to(href),
            Cell::instant(line.oldest, zone),
            Cell::instant(line.first_due, zone),
            Cell::number(none),
            Cell::number(one),
            Cell::number(few),
            Cell::number(many),
        ]
    };
    let mut lines: Vec<_> = look.facts.queue.iter().collect();
    lines.sort_by_cached_key(|line| (sort_key(&look.names.kommune(line.kommune)), line.state));
    Table {
        id: "Kø",
        caption: "Bilag på vej til økonomisystemerne. Hvert antal fører til bilagene.",
        empty: "Intet venter på at blive afleveret.",
        columns: vec![
            words("Kommune"),
            words("Tilstand"),
            figures("Antal"),
            words("Ældste siden"),
            words("Første forfalder"),
            figures("Uden forsøg"),
            figures("1 forsøg"),
            figures("2-5 forsøg"),
            figures("Over 5 forsøg"),
        ],
        rows: lines.into_iter().map(row).collect(),
    }
}

/// Who is calling.
pub(super) fn leases(look: &Look, zone: &TimeZone) -> Table {
    let row = |line: &oir_domain::operation::LeaseLine| {
        let over = line.expires <= look.now;
        vec![
            Cell::text(line.owner.to_string()),
            Cell::text(look.names.kommune(line.kommune)),
            Cell::number(line.antal),
            Cell::instant(line.since, zone),
            Cell::instant(line.expires, zone),
            if over {
                Cell::badge("Udløbet; tages af den næste", "warning")
            } else {
                Cell::badge("I gang", "info")
            },
        ]
    };
    Table {
        id: "Under aflevering",
        caption: "Bilag, som en aflevering har for sig selv lige nu",
        empty: "Ingen aflevering er i gang.",
        columns: vec![
            words("Aflevering"),
            words("Kommune"),
            figures("Bilag"),
            words("Ældste siden"),
            words("Udløber"),
            words("Tilstand"),
        ],
        rows: look.facts.leases.iter().map(row).collect(),
    }
}

/// What the senders send.
pub(super) fn senders(look: &Look, zone: &TimeZone) -> Table {
    let row = |line: &oir_domain::operation::SenderLine| {
        let share = line.rejected.saturating_mul(100).checked_div(line.received);
        vec![
            Cell::text(look.names.fagsystem(line.fagsystem)),
            match line.last {
                Some(at) => Cell::instant(at, zone),
                None => Cell::text(format!("{} (tavs siden)", day_short(line.last_day))),
            },
            Cell::number(line.received),
            Cell::number(line.rejected),
            share.map_or_else(Cell::dash, Cell::number),
        ]
    };
    let mut lines: Vec<_> = look.facts.senders.iter().collect();
    lines.sort_by_cached_key(|line| sort_key(&look.names.fagsystem(line.fagsystem)));
    Table {
        id: "Afsendere",
        caption: "Fagsystemer, der har sendt inden for 60 dage",
        empty: "Intet fagsystem har sendt noget inden for 60 dage.",
        columns: vec![
            words("Fagsystem"),
            words("Seneste bilag"),
            figures("Seneste time"),
            figures("Heraf afvist"),
            figures("Afvist (%)"),
        ],
        rows: lines.into_iter().map(row).collect(),
    }
}

/// Stops to come and those that were.
pub(super) fn stops(look: &Look, zone: &TimeZone) -> Table {
    let row = |stop: &oir_domain::operation::pause::PlannedStop| {
        let phase = stop.phase(look.now);
        let (text, weight) = match phase {
            Phase::Announced => ("Varslet", "info"),
            Phase::UnderWay => ("I gang", "warning"),
            Phase::Over => ("Slut", "success"),
            Phase::Cancelled => ("Aflyst", "info"),
        };
        let open = matches!(phase, Phase::Announced | Phase::UnderWay);
        vec![
            Cell::text(whose(stop.kommune, &look.names)),
            Cell::badge(text, weight),
            Cell::instant(stop.from, zone),
            Cell::instant(stop.until, zone),
            Cell::foreign(&stop.tekst),
            Cell::text(match stop.during {
                DuringStop::Pause => "Sættes på pause",
                DuringStop::Continue => "Fortsætter",
            }),
            Cell::foreign(&stop.navn),
            if open && has_say(&look.runs, stop.kommune) {
                Cell::text("Aflys").to(format!("/drift/stop?aflys={}", stop.id))
            } else {
                Cell::dash()
            },
        ]
    };
    Table {
        id: "Planlagte stop",
        caption: "Kommende stop, og dem fra de seneste 30 dage",
        empty: "Der er ingen planlagte stop.",
        columns: vec![
            words("Hvem"),
            words("Tilstand"),
            words("Fra"),
            words("Til"),
            words("Besked"),
            words("Aflevering imens"),
            words("Varslet af"),
            words("Aflys"),
        ],
        rows: look.facts.stops.iter().map(row).collect(),
    }
}

/// What ends when.
pub(super) fn expiries(look: &Look, zone: &TimeZone) -> Table {
    let row = |expiry: &oir_domain::operation::Expiry| {
        let days = expiry.expires.duration_since(look.now).as_hours() / 24;
        vec![
            Cell::text(match expiry.kind {
                ExpiryKind::Receiver => "Økonomisystemets certifikat",
                ExpiryKind::Provider => "Loginudbyderens certifikat",
                ExpiryKind::File => "Certifikat i en fil",
                ExpiryKind::MachineKey => "Nøgle til en maskine",
            }),
            Cell::text(whose(expiry.kommune, &look.names)),
            Cell::foreign(&expiry.name),
            Cell::instant(expiry.expires, zone),
            match u64::try_from(days) {
                Ok(days) => Cell::number(days),
                Err(_) => Cell::badge("Udløbet", "error"),
            },
        ]
    };
    Table {
        id: "Certifikater og nøgler",
        caption: "Det, der udløber først, øverst",
        empty: "Der er endnu ikke set certifikater. De ses, når der kaldes over https.",
        columns: vec![
            words("Hvad"),
            words("Hvem"),
            words("Navn"),
            words("Udløber"),
            figures("Dage tilbage"),
        ],
        rows: look.facts.expiries.iter().map(row).collect(),
    }
}

/// Database, disk and copies.
pub(super) fn house(look: &Look, zone: &TimeZone) -> Option<Table> {
    let house = look.facts.house.as_ref()?;
    let kept = |limit: Option<jiff::SignedDuration>| match limit {
        Some(_) => "",
        None => "Her er det ikke sat op, og der kommer ingen alarm.",
    };
    let (backup, verify) = (kept(look.limits.backup), kept(look.limits.verify));
    Some(Table {
        id: "Database og kopier",
        caption: "Database, disk, sikkerhedskopier og efterregning",
        empty: "",
        columns: vec![
            words("Hvad"),
            words("Hvor meget eller hvornår"),
            words("Bemærk"),
        ],
        rows: vec![
            amount("Databasens størrelse", house.bytes),
            amount("Databasens skrivelog", house.wal),
            growth(house),
            amount("Ledig plads på databasens disk", house.free),
            care(
                "Seneste sikkerhedskopi",
                house.backup.as_ref(),
                backup,
                zone,
            ),
            care("Seneste efterregning", house.verify.as_ref(), verify, zone),
        ],
    })
}

fn amount(what: &str, bytes: Option<u64>) -> Vec<Cell> {
    match bytes {
        Some(bytes) => vec![
            Cell::text(what),
            Cell::text(megabytes(bytes)),
            Cell::text(""),
        ],
        None => vec![
            Cell::text(what),
            Cell::dash(),
            Cell::text("Kan ikke ses herfra; se efter på databasens egen maskine."),
        ],
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", crate::danish_format::whole(bytes / MEGABYTE))
}

fn growth(house: &House) -> Vec<Cell> {
    let note = house.days_left().map_or_else(String::new, |days| {
        format!(
            "Der er plads til {} dage endnu.",
            crate::danish_format::whole(days)
        )
    });
    let what = Cell::text("Vokser om dagen");
    match house.growth() {
        Some(bytes) => vec![what, Cell::text(megabytes(bytes)), Cell::text(note)],
        None => vec![what, Cell::dash(), Cell::text("Kan siges efter to dage.")],
    }
}

fn care(what: &str, upkeep: Option<&Upkeep>, never: &str, zone: &TimeZone) -> Vec<Cell> {
    let Some(upkeep) = upkeep else {
        return vec![Cell::text(what), Cell::text("Aldrig"), Cell::text(never)];
    };
    let size = upkeep.bytes.map(megabytes);
    let found = match upkeep.findings {
        None => "ikke efterregnet".to_owned(),
        Some(0) => "uden afvigelser".to_owned(),
        Some(findings) => format!("{} afvigelser", crate::danish_format::whole(findings)),
    };
    let place = Some(upkeep.place.to_string()).filter(|place| !place.is_empty());
    let note: Vec<String> = [place, size, Some(found)].into_iter().flatten().collect();
    vec![
        Cell::text(what),
        Cell::instant(upkeep.at, zone),
        Cell::foreign(&note.join(", ")),
    ]
}
