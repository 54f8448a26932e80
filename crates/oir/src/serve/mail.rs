//! `[mail]`: letters by e-mail, and `[statement]`: who answers for the pages.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use jiff::civil::Time;
use oir_domain::calendar::copenhagen;
use oir_domain::digest::{DigestRule, Email};
use oir_flow::digest::Office;
use oir_flow::hub::Hub;
use oir_store::Store;
use oir_transport::{MailSettings, MailTls, SmtpMailer};
use oir_web::portal::{Desks, Statement};
use serde::Deserialize;
use tokio::sync::watch;

use crate::house::WORDS;
use crate::process::{OrderedIds, SystemClock};

/// Pause between two looks for letters: nobody waits for one to the second.
const PAUSE: Duration = Duration::from_secs(30);

/// How letters are sent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    host: String,
    #[serde(default = "submission")]
    port: u16,
    #[serde(default)]
    tls: Protection,
    user: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    portal_url: String,
    #[serde(default = "seven")]
    morning: String,
    #[serde(default = "month")]
    unseen_days: u16,
}

/// The words of [`MailTls`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Protection {
    #[default]
    Starttls,
    Tls,
    None,
}

const fn submission() -> u16 {
    587
}

fn seven() -> String {
    "07:00".to_owned()
}

const fn month() -> u16 {
    DigestRule::STANDARD.unseen_days
}

impl Mail {
    /// Checks what can be checked without asking anybody.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        self.morning()?;
        ensure!(
            Email::try_new(&self.from).is_some(),
            "mail.from er ikke en mailadresse"
        );
        let url = &self.portal_url;
        ensure!(
            url.starts_with("https://") || url.starts_with("http://"),
            "mail.portal_url skal begynde med https:// eller http://"
        );
        ensure!(
            self.user.is_some() == self.password_file.is_some(),
            "mail.user og mail.password_file hører sammen"
        );
        Ok(())
    }

    fn morning(&self) -> anyhow::Result<Time> {
        let time = self.morning.parse();
        time.with_context(|| format!("mail.morning skal være et klokkeslæt: {}", self.morning))
    }

    fn mailer(&self) -> anyhow::Result<SmtpMailer> {
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => {
                let password = std::fs::read_to_string(file)
                    .with_context(|| format!("mail.password_file {}", file.display()))?;
                Some((user.clone(), password.trim().to_owned()))
            }
            _ => None,
        };
        let settings = MailSettings {
            host: self.host.clone(),
            port: self.port,
            tls: match self.tls {
                Protection::Starttls => MailTls::Start,
                Protection::Tls => MailTls::Whole,
                Protection::None => MailTls::Nothing,
            },
            login,
            from: self.from.clone(),
        };
        SmtpMailer::new(settings).context("[mail]")
    }

    /// Writes and carries letters until told to stop.
    pub(super) fn worker(
        &self,
        hub: &Hub,
        store: &Store,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<impl Future<Output = ()> + use<>> {
        let rule = DigestRule {
            morning: self.morning()?,
            unseen_days: self.unseen_days,
        };
        let office = office(hub, store, rule, &self.portal_url);
        Ok(run(office, self.mailer()?, stop))
    }
}

/// Where letters are written.
pub(crate) fn office(hub: &Hub, store: &Store, rule: DigestRule, portal_url: &str) -> Office {
    let (source, shared) = (hub.clone(), Arc::new(store.clone()));
    let register = Arc::new(move || source.register());
    Office {
        post: Arc::<Store>::clone(&shared),
        waiting: Arc::new(Desks::new(shared, register, WORDS)),
        clock: Arc::new(SystemClock),
        ids: Arc::new(OrderedIds::default()),
        rule,
        portal_url: portal_url.trim_end_matches('/').to_owned(),
        zone: copenhagen(),
    }
}

async fn run(office: Office, mailer: SmtpMailer, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match office.write().await {
            Ok(0) => {}
            Ok(letters) => tracing::info!(letters, "letters written"),
            Err(failure) => tracing::error!(%failure, "letters cannot be written"),
        }
        match office.carry(&mailer).await {
            Ok(carried) if carried.sent > 0 && carried.later == 0 => continue,
            Ok(carried) if carried.later > 0 || carried.given_up > 0 => {
                tracing::warn!(?carried, "letters that the mail server did not take");
            }
            Ok(_) => {}
            Err(failure) => tracing::error!(%failure, "letters cannot be carried"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Who answers for the pages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Answerable {
    operator: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
}

impl Answerable {
    /// As the page says it.
    pub(super) fn statement(&self) -> Statement {
        Statement {
            operator: self.operator.clone(),
            email: self.email.clone(),
            telephone: self.telephone.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::Mail;

    fn read(more: &str) -> Result<(), String> {
        let text = format!(
            "host = \"smtp.kommune.example\"\nfrom = \"oir@kommune.example\"\n\
             portal_url = \"https://oir.kommune.example\"\n{more}"
        );
        let mail: Mail = toml::from_str(&text).map_err(|e| e.to_string())?;
        mail.check().map_err(|e| e.to_string())
    }

    #[test]
    fn settings_that_cannot_work_are_refused_with_the_reason() {
        read("").unwrap();
        read("morning = \"06:30\"\ntls = \"tls\"\nport = 465").unwrap();
        assert!(
            read("morning = \"tidligt\"")
                .unwrap_err()
                .contains("klokkeslæt")
        );
        assert!(
            read("user = \"oir\"")
                .unwrap_err()
                .contains("password_file")
        );
        assert!(read("tls = \"måske\"").is_err());
        assert!(read("smtp = 1").is_err());
    }
}
