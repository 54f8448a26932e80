//! Letters to a mail server that we did not write (Python's `aiosmtpd`): what arrives, what
//! it refuses, and what it does not answer.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::{BufRead, BufReader, Lines};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};

use jiff::Timestamp;
use oir_domain::digest::Email;
use oir_flow::ports::post::{Letter, LetterState, Mailer, Posted};
use oir_transport::{MailSettings, MailSettingsError, MailTls, SmtpMailer};
use uuid::Uuid;

/// The server; it says its port, then a line of JSON for every letter.
struct Server {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Server {
    fn start() -> Self {
        Self::with(&[])
    }

    fn with(arguments: &[&str]) -> Self {
        let python = std::env::var_os("OIR_TEST_PYTHON")
            .expect("OIR_TEST_PYTHON is not set: run `cargo xtask test`");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/mail/server.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = said.next().expect("the server says its port").unwrap();
        Self {
            child,
            said,
            port: port.parse().unwrap(),
        }
    }

    fn arrived(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.said.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn mailer(port: u16) -> SmtpMailer {
    SmtpMailer::new(settings("127.0.0.1", port, MailTls::Nothing)).unwrap()
}

fn settings(host: &str, port: u16, tls: MailTls) -> MailSettings {
    MailSettings {
        host: host.into(),
        port,
        tls,
        login: None,
        from: "oir@kommune.example".into(),
    }
}

fn letter(to: &str) -> Letter {
    Letter {
        id: Uuid::from_u128(7),
        subject: "opdigtet|1".into(),
        navn: "Åse \"Æ\" Opdigtet, <x@y.example>".into(),
        email: Email::try_new(to).unwrap(),
        title: "ØiR: 3 ting\r\nBcc: ond@x.example".into(),
        body: format!("Hej Åse\n.\n.punktum\n{}\n", "æ".repeat(1_200)).into(),
        written: Timestamp::UNIX_EPOCH,
        state: LetterState::Waiting,
        attempts: 1,
    }
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written_and_at_its_address_only() {
    let mut server = Server::start();
    let sent = letter("aase@kommune.example");
    assert_eq!(mailer(server.port).post(&sent).await, Posted::Taken);
    let got = server.arrived();
    assert_eq!(got["from"], "oir@kommune.example");
    assert_eq!(got["to"], serde_json::json!(["aase@kommune.example"]));
    assert_eq!(got["body"], *sent.body);
    assert_eq!(
        got["headers"]["To"],
        "Åse \"Æ\" Opdigtet, <x@y.example>|aase@kommune.example"
    );
    assert_eq!(
        got["headers"]["Message-ID"],
        format!("<{}@kommune.example>", sent.id)
    );
    let names: Vec<&String> = got["headers"].as_object().unwrap().keys().collect();
    assert!(
        !names.iter().any(|name| name.eq_ignore_ascii_case("bcc")),
        "{names:?}"
    );
    let subject = got["headers"]["Subject"].as_str().unwrap();
    assert!(
        subject.starts_with("ØiR: 3 ting") && !subject.contains(char::is_control),
        "{subject:?}"
    );
}

#[tokio::test]
async fn a_no_for_good_is_told_from_not_now() {
    let server = Server::start();
    let mailer = mailer(server.port);
    let gone = mailer.post(&letter("gone@kommune.example")).await;
    assert_eq!(gone, Posted::Refused("refused: 550".into()));
    let busy = mailer.post(&letter("busy@kommune.example")).await;
    assert_eq!(busy, Posted::Away("not now: 451".into()));
    // A port that was free a moment ago: nobody answers.
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let away = self::mailer(closed.port())
        .post(&letter("a@kommune.example"))
        .await;
    assert_eq!(away, Posted::Away("no answer".into()));
}

#[tokio::test]
async fn without_the_encryption_asked_for_nothing_is_sent() {
    let server = Server::start();
    let start = SmtpMailer::new(settings("127.0.0.1", server.port, MailTls::Start)).unwrap();
    let posted = start.post(&letter("aase@kommune.example")).await;
    assert!(!matches!(posted, Posted::Taken), "{posted:?}");
    let plain = SmtpMailer::new(settings("smtp.kommune.example", 25, MailTls::Nothing));
    assert_eq!(plain.err(), Some(MailSettingsError::Unencrypted));
    let nobody = MailSettings {
        from: "ingen".into(),
        ..settings("localhost", 25, MailTls::Nothing)
    };
    assert_eq!(SmtpMailer::new(nobody).err(), Some(MailSettingsError::From));
}

/// Who trusts a server's issuer, run by itself: the trusted ones are read once in a process.
const TRUSTING: &str = "with_tls_a_letter_reaches_the_named_server_alone";
/// Where it finds the server.
const PORT: &str = "OIR_TEST_MAIL_PORT";

#[tokio::test]
async fn with_tls_a_letter_reaches_the_named_server_alone() {
    let ways = [("start", MailTls::Start), ("whole", MailTls::Whole)];
    let post = async |host: &str, port: u16, tls: MailTls| {
        let mailer = SmtpMailer::new(settings(host, port, tls)).unwrap();
        mailer.post(&letter("aase@kommune.example")).await
    };
    if let Ok(place) = std::env::var(PORT) {
        // The child: its environment names the issuer.
        let (way, port) = place.split_once(' ').unwrap();
        let tls = ways.iter().find(|(word, _)| *word == way).unwrap().1;
        let port = port.parse().unwrap();
        let other_name = post("localhost", port, tls).await;
        assert_eq!(other_name, Posted::Away("no answer".into()), "{way}");
        assert_eq!(post("127.0.0.1", port, tls).await, Posted::Taken, "{way}");
        return;
    }
    for (way, tls) in ways {
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mail-{way}"));
        std::fs::create_dir_all(&folder).unwrap();
        let mut server = Server::with(&[way, folder.to_str().unwrap()]);
        let stranger = post("127.0.0.1", server.port, tls).await;
        assert_eq!(stranger, Posted::Away("no answer".into()), "{way}");
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TRUSTING])
            .env("SSL_CERT_FILE", folder.join("issuer.pem"))
            .env(PORT, format!("{way} {}", server.port))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout);
        assert!(
            child.status.success() && said.contains("1 passed"),
            "{said}"
        );
        // The first letter that arrives is the one that was trusted to it.
        let got = server.arrived();
        assert_eq!(got["tls"], true, "{way}");
        assert_eq!(got["to"], serde_json::json!(["aase@kommune.example"]));
    }
}
