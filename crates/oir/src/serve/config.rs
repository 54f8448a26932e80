//! The settings of `oir serve`: one documented file, checked whole before anything starts.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use jiff::SignedDuration;
use oir_domain::operation::alarm::Limits as AlarmLimits;
use oir_domain::retry::RetryPolicy;
use oir_flow::hub::Timing;
use oir_flow::sign_in::SessionLimits;
use oir_transport::Settings;
use serde::Deserialize;

use super::identity::Identity;
use super::mail::{Answerable, Mail};

/// The documented file with every default.
pub(crate) const DEFAULT: &str = include_str!("oir.toml");

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Receives.
    Intake,
    /// Delivers.
    Worker,
    /// Shows pages.
    Web,
}

impl Role {
    const ALL: [Self; 3] = [Self::Intake, Self::Worker, Self::Web];
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) database: String,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) service: Service,
    pub(crate) portal: Portal,
    pub(crate) operation: Operation,
    pub(crate) delivery: Delivery,
    pub(crate) postgres: Postgres,
    pub(crate) log: Log,
    /// How people sign in; nothing = they do not.
    pub(crate) identity: Option<Identity>,
    /// How letters are sent; nothing = they are not.
    pub(crate) mail: Option<Mail>,
    /// Who answers for the pages.
    pub(crate) statement: Answerable,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    pub(crate) listen: SocketAddr,
    pub(crate) connections: usize,
    pub(crate) header_seconds: u64,
    pub(crate) sign_in: MachineSignIn,
    /// Where machines reach the service; empty = where it listens.
    pub(crate) public_url: String,
}

/// Whether machines sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MachineSignIn {
    /// With a key or a token.
    Required,
    /// Not at all: for a service that only this machine reaches.
    Off,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Portal {
    pub(crate) listen: SocketAddr,
    pub(crate) reconcile_minutes: u32,
    pub(crate) idle_minutes: u32,
    pub(crate) longest_hours: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Operation {
    pub(crate) listen: SocketAddr,
    pub(crate) stop_seconds: u64,
    pub(crate) backup_hours: u32,
    pub(crate) verify_days: u32,
    pub(crate) certificates: Vec<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Delivery {
    pub(crate) workers: u16,
    pub(crate) call_seconds: u32,
    pub(crate) lease_seconds: u32,
    pub(crate) ask_seconds: u32,
    pub(crate) uncertain_minutes: u32,
    pub(crate) retry_first_ms: u32,
    pub(crate) retry_longest_seconds: u32,
    pub(crate) attempts_max: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Postgres {
    pub(crate) connections: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    pub(crate) form: LogForm,
    pub(crate) level: LogLevel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogForm {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// An address of this machine.
fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl Default for Config {
    fn default() -> Self {
        Self {
            database: "oir.db".to_owned(),
            roles: Role::ALL.into(),
            service: Service::default(),
            portal: Portal::default(),
            operation: Operation::default(),
            delivery: Delivery::default(),
            postgres: Postgres::default(),
            log: Log::default(),
            identity: None,
            mail: None,
            statement: Answerable::default(),
        }
    }
}

impl Default for Service {
    fn default() -> Self {
        Self {
            listen: loopback(8590),
            connections: 1_000,
            header_seconds: 30,
            sign_in: MachineSignIn::Off,
            public_url: String::new(),
        }
    }
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            listen: loopback(8591),
            reconcile_minutes: 15,
            idle_minutes: 30,
            longest_hours: 10,
        }
    }
}

impl Default for Operation {
    fn default() -> Self {
        Self {
            listen: loopback(8592),
            stop_seconds: 20,
            backup_hours: 26,
            verify_days: 31,
            certificates: Vec::new(),
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            workers: 4,
            call_seconds: 60,
            lease_seconds: 120,
            ask_seconds: 30,
            uncertain_minutes: 120,
            retry_first_ms: 1_000,
            retry_longest_seconds: 300,
            attempts_max: 30,
        }
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self { connections: 16 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            form: LogForm::Text,
            level: LogLevel::Info,
        }
    }
}

/// A lease lasts longer than a call by at least so much: the time to settle it.
const SETTLE_SECONDS: u32 = 2;

impl Config {
    /// Reads the file, lets command line and environment go before it, and checks the whole.
    pub(crate) fn read(
        file: Option<&Path>,
        database: Option<String>,
        roles: &[Role],
    ) -> anyhow::Result<Self> {
        let mut config: Self = match file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("indstillingerne {}", file.display()))?;
                toml::from_str(&text)
                    .with_context(|| format!("indstillingerne {}", file.display()))?
            }
            None => Self::default(),
        };
        if let Some(database) = database {
            config.database = database;
        }
        if !roles.is_empty() {
            config.roles = roles.iter().copied().collect();
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            !self.roles.is_empty(),
            "roles er tom: processen ville intet gøre"
        );
        let all = self.roles.len() == Role::ALL.len();
        ensure!(
            all || crate::house::is_postgres(&self.database),
            "på SQLite har én proces alle roller; brug PostgreSQL, hvis de skal deles ud"
        );
        ensure!(
            self.identity.is_some() || self.portal.listen.ip().is_loopback(),
            "portal.listen skal være en adresse på denne maskine (127.0.0.1), når der ikke er \
             login ([identity])"
        );
        if let Some(identity) = &self.identity {
            identity.check()?;
        }
        self.check_service()?;
        if let Some(mail) = &self.mail {
            mail.check()?;
        }
        ensure!(
            self.portal.idle_minutes > 0 && self.portal.longest_hours > 0,
            "portal.idle_minutes og portal.longest_hours skal være mindst 1"
        );
        let delivery = &self.delivery;
        ensure!(
            delivery.call_seconds > 0,
            "delivery.call_seconds skal være mindst 1"
        );
        let lease_min = delivery.call_seconds.saturating_add(SETTLE_SECONDS);
        ensure!(
            delivery.lease_seconds >= lease_min,
            "delivery.lease_seconds skal være mindst {lease_min}: længere end et kald"
        );
        ensure!(
            delivery.attempts_max > 0,
            "delivery.attempts_max skal være mindst 1"
        );
        ensure!(
            self.service.connections > 0,
            "service.connections skal være mindst 1"
        );
        ensure!(
            self.postgres.connections > 1,
            "postgres.connections skal være mindst 2"
        );
        Ok(())
    }

    /// What machines reach, and how they come in.
    fn check_service(&self) -> anyhow::Result<()> {
        let service = &self.service;
        ensure!(
            service.sign_in == MachineSignIn::Required || service.listen.ip().is_loopback(),
            "service.listen skal være en adresse på denne maskine (127.0.0.1), når maskiner ikke \
             logger ind (service.sign_in = \"required\")"
        );
        let url = service.public_url.as_str();
        let secure = ["https://", "http://127.0.0.1", "http://localhost"];
        ensure!(
            url.is_empty() || secure.iter().any(|start| url.starts_with(start)),
            "service.public_url skal begynde med https:// (http:// kun på denne maskine): nøgler \
             sendes aldrig i klar tekst"
        );
        Ok(())
    }

    /// Whether this process has the role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Time limits of a call to the books.
    pub(crate) fn calls(&self) -> Settings {
        let whole = Duration::from_secs(u64::from(self.delivery.call_seconds));
        Settings {
            connect: Settings::STANDARD.connect.min(whole),
            whole,
        }
    }

    /// When sessions end by themselves.
    pub(crate) fn session_limits(&self) -> SessionLimits {
        SessionLimits {
            idle: SignedDuration::from_mins(self.portal.idle_minutes.into()),
            longest: SignedDuration::from_hours(self.portal.longest_hours.into()),
        }
    }

    /// When facts of the operation become alarms.
    pub(crate) fn alarm_limits(&self) -> AlarmLimits {
        let operation = &self.operation;
        AlarmLimits {
            backup: Some(SignedDuration::from_hours(operation.backup_hours.into())),
            verify: Some(SignedDuration::from_hours(
                i64::from(operation.verify_days).saturating_mul(24),
            )),
            ..AlarmLimits::STANDARD
        }
    }

    /// How deliveries are timed.
    pub(crate) fn timing(&self) -> Timing {
        let delivery = &self.delivery;
        Timing {
            lease_ms: delivery.lease_seconds.saturating_mul(1_000),
            ask_ms: delivery.ask_seconds.saturating_mul(1_000),
            call_ms: delivery.call_seconds.saturating_mul(1_000),
            patience_ms: delivery.uncertain_minutes.saturating_mul(60_000),
            retry: RetryPolicy {
                first_ms: delivery.retry_first_ms,
                longest_ms: delivery.retry_longest_seconds.saturating_mul(1_000),
                attempts_max: delivery.attempts_max,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Config, DEFAULT, Role};

    #[test]
    fn the_printed_file_says_the_defaults() {
        assert_eq!(
            toml::from_str::<Config>(DEFAULT).unwrap(),
            Config::default()
        );
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn every_setting_is_documented() {
        let lines: Vec<&str> = DEFAULT.lines().collect();
        for pair in lines.windows(2) {
            let [before, line] = pair else { continue };
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(before.starts_with('#'), "{line}");
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_reason() {
        let refused = |database: &str, roles: &[Role]| {
            let read = Config::read(None, Some(database.to_owned()), roles);
            read.err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refused("x.db", &[Role::Worker]).contains("SQLite"));
        assert_eq!(refused("postgres://h/d", &[Role::Worker]), "");
        let public: Config = toml::from_str("[portal]\nlisten = \"0.0.0.0:80\"").unwrap();
        assert!(public.check().is_err());
        let service = |text: &str| {
            let config: Config = toml::from_str(&format!("[service]\n{text}")).unwrap();
            config
                .check()
                .err()
                .map(|e| e.to_string())
                .unwrap_or_default()
        };
        let everywhere = "listen = '0.0.0.0:8590'";
        assert!(service(everywhere).contains("service.sign_in"));
        assert_eq!(service(&format!("{everywhere}\nsign_in = 'required'")), "");
        assert!(service("public_url = 'http://oir.example'").contains("klar tekst"));
        assert_eq!(service("public_url = 'https://oir.example'"), "");
        assert!(toml::from_str::<Config>("databse = \"x\"").is_err());
    }
}
