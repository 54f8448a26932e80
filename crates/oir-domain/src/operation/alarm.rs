//! Alarms: what is wrong and who must hurry, told from the facts and nothing else. The words
//! stand with the other Danish texts; the runbook has an entry for each code.

use jiff::{SignedDuration, Timestamp};

use super::{ExpiryKind, Facts, House, QueueLine, Upkeep};
use crate::ids::FagsystemId;
use crate::message::StateName;
use crate::party::Kommunekode;

/// Below this much room a reception may fail at any moment: 256 MiB.
pub const FREE_MIN: u64 = 256 * 1024 * 1024;
/// A log of writes that grows beyond this is not being emptied: 1 GiB.
pub const WAL_MAX: u64 = 1024 * 1024 * 1024;
/// Failures in a row after which a receiver counts as silent: one may be a cut line.
pub const FAILURES_MIN: u32 = 3;
/// Bilag in an hour below which a share says nothing.
pub const SHARE_OF_MIN: u64 = 20;

/// When facts become alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A delivery that is due for longer is late.
    pub late: SignedDuration,
    /// What is uncertain for longer is worth a telephone call.
    pub uncertain: SignedDuration,
    /// A pause without an end that lasts longer may have been forgotten.
    pub paused: SignedDuration,
    /// Answers that take longer are slow, milliseconds at the 95th percentile.
    pub slow_ms: u32,
    /// The last copy may be so old; none where nobody makes any, as in a demo.
    pub backup: Option<SignedDuration>,
    /// Everything should have been computed again within this time; none where nobody does.
    pub verify: Option<SignedDuration>,
    /// Days until the disk is full that are too few.
    pub disk_days: u64,
}

impl Limits {
    /// Ten minutes for what is due, half an hour for what is uncertain, a day for a pause,
    /// twenty seconds for an answer, a day and two hours for a copy, a month for a
    /// computation, two weeks of disk.
    pub const STANDARD: Self = Self {
        late: SignedDuration::from_mins(10),
        uncertain: SignedDuration::from_mins(30),
        paused: SignedDuration::from_hours(24),
        slow_ms: 20_000,
        backup: Some(SignedDuration::from_hours(26)),
        verify: Some(SignedDuration::from_hours(31 * 24)),
        disk_days: 14,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// How long before its end something is told of, days, and how urgent that is.
const EXPIRY_WARNINGS: [(i64, Severity); 3] = [
    (3, Severity::Now),
    (14, Severity::Today),
    (30, Severity::Soon),
];

/// How much of a hurry there is, the greatest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody gets up at night.
    Now,
    /// Before the day is over.
    Today,
    /// In the coming days.
    Soon,
    /// Nothing to do; good to know.
    Know,
}

/// What is wrong. The codes are stable: runbooks and monitors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmCode {
    /// Deliveries are due and nobody makes them.
    DeliveryLate,
    /// A receiver does not answer.
    ReceiverSilent,
    /// A receiver answers slowly.
    ReceiverSlow,
    /// Bilag were sent and nobody says what became of them.
    Uncertain,
    /// A receiver is paused.
    Paused,
    /// A receiver has been paused for long, without an end.
    PausedLong,
    /// A stop is under way or near.
    Stop,
    /// A sender's bilag are mostly rejected.
    SenderRejected,
    /// A certificate or key ends soon.
    Expiring,
    /// A certificate or key has ended.
    Expired,
    /// The disk is nearly full.
    DiskFull,
    /// The disk will be full before long.
    DiskFilling,
    /// The database's log of writes grows.
    WalGrows,
    /// There is no copy, or it is too old.
    BackupOld,
    /// The last copy is not sound, or was never computed again.
    BackupUnsound,
    /// The last computation found differences.
    VerifyDiffers,
    /// Nobody has computed everything again for long.
    VerifyOld,
}

impl AlarmCode {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::DeliveryLate,
        Self::ReceiverSilent,
        Self::ReceiverSlow,
        Self::Uncertain,
        Self::Paused,
        Self::PausedLong,
        Self::Stop,
        Self::SenderRejected,
        Self::Expiring,
        Self::Expired,
        Self::DiskFull,
        Self::DiskFilling,
        Self::WalGrows,
        Self::BackupOld,
        Self::BackupUnsound,
        Self::VerifyDiffers,
        Self::VerifyOld,
    ];

    /// Its code, e.g. `D01`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DeliveryLate => "D01",
            Self::ReceiverSilent => "D02",
            Self::ReceiverSlow => "D03",
            Self::Uncertain => "D04",
            Self::Paused => "D05",
            Self::PausedLong => "D06",
            Self::Stop => "D07",
            Self::SenderRejected => "D08",
            Self::Expiring => "D09",
            Self::Expired => "D10",
            Self::DiskFull => "D11",
            Self::DiskFilling => "D12",
            Self::WalGrows => "D13",
            Self::BackupOld => "D14",
            Self::BackupUnsound => "D15",
            Self::VerifyDiffers => "D16",
            Self::VerifyOld => "D17",
        }
    }
}

/// One thing that is wrong, or good to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub code: AlarmCode,
    /// How urgent.
    pub severity: Severity,
    /// Whose matter; none = the whole service's.
    pub kommune: Option<Kommunekode>,
    /// The sender, where it is one's.
    pub fagsystem: Option<FagsystemId>,
    /// A name or a few words: a reason, a host, a file.
    pub name: Box<str>,
    /// Since when, or until when where something ends.
    pub at: Option<Timestamp>,
    /// A count: bilag, failures, milliseconds, bytes, days, per cent or findings, by code.
    pub number: Option<u64>,
}

impl Alarm {
    fn new(code: AlarmCode, severity: Severity) -> Self {
        Self {
            code,
            severity,
            kommune: None,
            fagsystem: None,
            name: "".into(),
            at: None,
            number: None,
        }
    }

    fn of(self, kommune: Kommunekode) -> Self {
        Self {
            kommune: Some(kommune),
            ..self
        }
    }

    fn at(self, at: Timestamp) -> Self {
        Self {
            at: Some(at),
            ..self
        }
    }

    fn counting(self, number: u64) -> Self {
        Self {
            number: Some(number),
            ..self
        }
    }

    fn named(self, name: &str) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

/// Everything that is wrong or good to know, the most urgent first.
#[must_use]
pub fn alarms(facts: &Facts, now: Timestamp, limits: &Limits) -> Vec<Alarm> {
    let mut all = queue(facts, now, limits);
    all.extend(receivers(facts, now, limits));
    all.extend(pauses(facts, now, limits));
    all.extend(stops(facts, now));
    all.extend(senders(facts));
    all.extend(expiries(facts, now));
    if let Some(house) = &facts.house {
        all.extend(disk(house, limits));
        all.extend(care(house, now, limits));
    }
    all.sort_by_key(|alarm| (alarm.severity, alarm.code, alarm.kommune));
    all
}

/// Whether anything of it calls for somebody.
#[must_use]
pub fn calls(alarms: &[Alarm]) -> bool {
    alarms.iter().any(|alarm| alarm.severity != Severity::Know)
}

fn older(then: Timestamp, now: Timestamp, than: SignedDuration) -> bool {
    now.duration_since(then) > than
}

/// Late and uncertain bilag, one alarm for each receiver.
fn queue(facts: &Facts, now: Timestamp, limits: &Limits) -> Vec<Alarm> {
    let free = |line: &&QueueLine| facts.paused(line.kommune, now).is_none();
    let mut all = Vec::new();
    let late = |line: &&QueueLine| {
        let silent = facts
            .health
            .iter()
            .any(|(kommune, health)| *kommune == line.kommune && health.failures >= FAILURES_MIN);
        // Books that do not answer have an alarm of their own.
        older(line.first_due, now, limits.late) && !silent
    };
    let mut by_owner: std::collections::BTreeMap<Kommunekode, (Timestamp, u64)> =
        std::collections::BTreeMap::new();
    for line in facts.queue.iter().filter(free).filter(late) {
        let (due, antal) = by_owner.entry(line.kommune).or_insert((line.first_due, 0));
        *due = (*due).min(line.first_due);
        *antal = antal.saturating_add(line.antal);
    }
    for (kommune, (due, antal)) in by_owner {
        let alarm = Alarm::new(AlarmCode::DeliveryLate, Severity::Now);
        all.push(alarm.of(kommune).at(due).counting(antal));
    }
    let uncertain = |line: &&QueueLine| {
        line.state == StateName::Uncertain && older(line.oldest, now, limits.uncertain)
    };
    for line in facts.queue.iter().filter(free).filter(uncertain) {
        let alarm = Alarm::new(AlarmCode::Uncertain, Severity::Today);
        all.push(alarm.of(line.kommune).at(line.oldest).counting(line.antal));
    }
    all
}

/// Receivers that are silent or slow, unless somebody paused them.
fn receivers(facts: &Facts, now: Timestamp, limits: &Limits) -> Vec<Alarm> {
    let mut all = Vec::new();
    for (kommune, health) in &facts.health {
        if facts.paused(*kommune, now).is_some() {
            continue;
        }
        if health.failures >= FAILURES_MIN {
            let failure = health.last_failure.as_ref();
            let reason = failure.map_or("", |(_, failure)| &*failure.reason);
            let waits = facts.queue.iter().any(|line| line.kommune == *kommune);
            let severity = if waits {
                Severity::Now
            } else {
                Severity::Today
            };
            let alarm = Alarm::new(AlarmCode::ReceiverSilent, severity);
            let alarm = alarm.of(*kommune).named(reason);
            all.push(Alarm {
                at: health.last_good,
                ..alarm.counting(health.failures.into())
            });
        } else if let Some(took) = health.took(95).filter(|took| *took > limits.slow_ms) {
            let alarm = Alarm::new(AlarmCode::ReceiverSlow, Severity::Soon);
            all.push(alarm.of(*kommune).counting(took.into()));
        }
    }
    all
}

fn pauses(facts: &Facts, now: Timestamp, limits: &Limits) -> Vec<Alarm> {
    let held = facts.pauses.iter().filter(|pause| pause.holds(now));
    let told = held.map(|pause| {
        let forgotten = pause.until.is_none() && older(pause.since, now, limits.paused);
        let alarm = if forgotten {
            Alarm::new(AlarmCode::PausedLong, Severity::Today).at(pause.since)
        } else {
            Alarm {
                at: pause.until,
                ..Alarm::new(AlarmCode::Paused, Severity::Know)
            }
        };
        Alarm {
            kommune: pause.kommune,
            ..alarm.named(&pause.reason)
        }
    });
    told.collect()
}

/// Stops under way, and those of the coming day and night.
fn stops(facts: &Facts, now: Timestamp) -> Vec<Alarm> {
    let near = |from: Timestamp| from.duration_since(now) < SignedDuration::from_hours(24);
    let told = facts.stops.iter().filter(|stop| stop.is_news(now));
    let told = told.filter(|stop| near(stop.from)).map(|stop| Alarm {
        kommune: stop.kommune,
        ..Alarm::new(AlarmCode::Stop, Severity::Know)
            .at(stop.until)
            .named(&stop.tekst)
    });
    told.collect()
}

/// Senders of whose last hour more than half was rejected.
fn senders(facts: &Facts) -> Vec<Alarm> {
    let mut all = Vec::new();
    for line in &facts.senders {
        let share = line.rejected.saturating_mul(100).checked_div(line.received);
        let share = share.filter(|share| line.received >= SHARE_OF_MIN && *share > 50);
        if let Some(share) = share {
            all.push(Alarm {
                fagsystem: line.fagsystem,
                ..Alarm::new(AlarmCode::SenderRejected, Severity::Today).counting(share)
            });
        }
    }
    all
}

fn expiries(facts: &Facts, now: Timestamp) -> Vec<Alarm> {
    let mut all = Vec::new();
    for expiry in &facts.expiries {
        let named = |alarm: Alarm| Alarm {
            kommune: expiry.kommune,
            ..alarm.at(expiry.expires).named(&expiry.name)
        };
        if expiry.expires <= now {
            // A key that has ended does what it should; a certificate stops calls.
            let severity = match expiry.kind {
                ExpiryKind::MachineKey => Severity::Know,
                ExpiryKind::Receiver | ExpiryKind::Provider | ExpiryKind::File => Severity::Now,
            };
            all.push(named(Alarm::new(AlarmCode::Expired, severity)));
            continue;
        }
        let left = expiry.expires.duration_since(now);
        let warning = EXPIRY_WARNINGS
            .iter()
            .find(|(days, _)| left <= SignedDuration::from_hours(days.saturating_mul(24)));
        if let Some((_, severity)) = warning {
            let days = u64::try_from(left.as_hours()).unwrap_or(0).div_ceil(24);
            let alarm = Alarm::new(AlarmCode::Expiring, *severity);
            all.push(named(alarm).counting(days));
        }
    }
    all
}

fn disk(house: &House, limits: &Limits) -> Vec<Alarm> {
    let mut all = Vec::new();
    if let Some(free) = house.free.filter(|free| *free < FREE_MIN) {
        all.push(Alarm::new(AlarmCode::DiskFull, Severity::Now).counting(free));
    } else if let Some(days) = house.days_left().filter(|days| *days < limits.disk_days) {
        all.push(Alarm::new(AlarmCode::DiskFilling, Severity::Today).counting(days));
    }
    if let Some(wal) = house.wal.filter(|wal| *wal > WAL_MAX) {
        all.push(Alarm::new(AlarmCode::WalGrows, Severity::Today).counting(wal));
    }
    all
}

fn care(house: &House, now: Timestamp, limits: &Limits) -> Vec<Alarm> {
    let mut all = Vec::new();
    let aged = |code, severity, last: Option<&Upkeep>, limit: Option<SignedDuration>| {
        let limit = limit?;
        match last {
            None => Some(Alarm::new(code, severity)),
            Some(last) if older(last.at, now, limit) => {
                Some(Alarm::new(code, severity).at(last.at))
            }
            Some(_) => None,
        }
    };
    let (backup, verify) = (house.backup.as_ref(), house.verify.as_ref());
    all.extend(aged(
        AlarmCode::BackupOld,
        Severity::Today,
        backup,
        limits.backup,
    ));
    if let Some(backup) = backup {
        let unsound = match backup.findings {
            Some(0) => None,
            Some(_) => Some(Severity::Today),
            None => Some(Severity::Soon),
        };
        all.extend(unsound.map(|severity| {
            Alarm {
                number: backup.findings,
                ..Alarm::new(AlarmCode::BackupUnsound, severity)
                    .at(backup.at)
                    .named(&backup.place)
            }
        }));
    }
    all.extend(aged(
        AlarmCode::VerifyOld,
        Severity::Soon,
        verify,
        limits.verify,
    ));
    if let Some(verify) = verify
        && let Some(findings) = verify.findings.filter(|findings| *findings > 0)
    {
        let alarm = Alarm::new(AlarmCode::VerifyDiffers, Severity::Now);
        all.push(alarm.at(verify.at).counting(findings));
    }
    all
}

#[cfg(test)]
mod tests;
