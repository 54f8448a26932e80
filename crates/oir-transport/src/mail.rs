//! Letters by SMTP (RFC 5321), one connection each: a handful a morning.
//!
//! A mail server's *no* for good (5yz) is told from its *not now* and from silence. No text
//! of a failure holds what the server said: it repeats addresses.

use std::fmt;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use oir_flow::ports::post::{Letter, Mailer, Posted, Posting};
use thiserror::Error;

use crate::tls;

/// How long a mail server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte (port 465).
    Whole,
    /// `STARTTLS`, without which nothing is sent (port 587).
    Start,
    /// None: for a relay on this machine only.
    Nothing,
}

/// How to reach the mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: MailTls,
    /// Name and password, where it asks for them. Never shown.
    pub login: Option<(String, String)>,
    /// Whom letters are from: an address.
    pub from: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Settings that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailSettingsError {
    /// The sender is no address.
    #[error("the sender is not an address")]
    From,
    /// Letters and password would travel where others read them.
    #[error("the mail server is reached without encryption; only this machine itself may be")]
    Unencrypted,
    /// The platform gives no TLS.
    #[error("the platform gives no TLS for that host")]
    Platform,
}

/// A mail server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// A mail server by its settings; nothing is sent yet.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn new(settings: MailSettings) -> Result<Self, MailSettingsError> {
        tls::ready();
        let from = settings.from.parse().map_err(|_| MailSettingsError::From)?;
        let local = matches!(&*settings.host, "localhost" | "127.0.0.1" | "::1");
        if settings.tls == MailTls::Nothing && !local {
            return Err(MailSettingsError::Unencrypted);
        }
        let parameters = || {
            let made = TlsParameters::new(settings.host.clone());
            made.map_err(|_| MailSettingsError::Platform)
        };
        let tls = match settings.tls {
            MailTls::Whole => Tls::Wrapper(parameters()?),
            MailTls::Start => Tls::Required(parameters()?),
            MailTls::Nothing => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(PATIENCE))
            .tls(tls);
        if let Some((name, password)) = settings.login {
            builder = builder.credentials(Credentials::new(name, password));
        }
        Ok(Self {
            transport: builder.build(),
            from,
        })
    }

    fn message(&self, letter: &Letter) -> Option<Message> {
        let to: Address = letter.email.as_str().parse().ok()?;
        let host = self.from.domain();
        Message::builder()
            .from(Mailbox::new(Some("ØiR".to_owned()), self.from.clone()))
            .to(Mailbox::new(Some(letter.navn.to_string()), to))
            .subject(letter.title.replace(char::is_control, " "))
            .message_id(Some(format!("<{}@{host}>", letter.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(letter.body.to_string())
            .ok()
    }

    async fn send(&self, letter: &Letter) -> Posted {
        let Some(message) = self.message(letter) else {
            return Posted::Refused("the letter cannot be addressed".into());
        };
        match self.transport.send(message).await {
            Ok(_) => Posted::Taken,
            Err(error) if error.is_permanent() => {
                let code = error.status().map(|code| code.to_string());
                Posted::Refused(format!("refused: {}", code.unwrap_or_default()))
            }
            Err(error) => {
                let code = error.status().map(|code| code.to_string());
                Posted::Away(code.map_or_else(|| "no answer".into(), |c| format!("not now: {c}")))
            }
        }
    }
}

impl Mailer for SmtpMailer {
    fn post<'a>(&'a self, letter: &'a Letter) -> Posting<'a> {
        Box::pin(self.send(letter))
    }
}
