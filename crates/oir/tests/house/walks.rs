//! People at their desks in a running demo, as a browser walks for them: a case worker whose
//! fagsystem corrects, finance that takes over, and finance that reconciles a day.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::day::{DayKey, Origin};
use oir_domain::finans::Afsendelse;
use oir_domain::ids::{BilagId, FagsystemId};
use oir_domain::party::Kommunekode;
use oir_fagsystem::{Content, DayPlan, Expected, Planned};
use oir_flow::ports::days::{Days, SigningKind};
use oir_flow::ports::views::Views;
use oir_store::{Durability, Store};
use oir_wire::finans::message::Call;
use oir_wire::finans::{SERVICE_PATH, SoapVersion, write};

use crate::running::{Process, demo, folder, oir, text};

/// So many that the first municipality has several held for one missing account.
const BILAG: &str = "1500";

/// A demo with its folder.
struct Stage {
    _demo: Process,
    portal: String,
    data: PathBuf,
}

impl Stage {
    fn open(name: &str) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        drop(listener);
        let data = folder(name);
        let place = text(&data);
        let more = ["--bilag", BILAG, "--port", &port, "--data", &place];
        let (demo, portal) = demo(&more, &port);
        Self {
            _demo: demo,
            portal,
            data,
        }
    }

    fn walk(&self, script: &str) -> Child {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new("node");
        command
            .arg(project.join("tests/browser").join(script))
            .arg(&self.portal)
            .arg(project.join("target/pictures"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Asks the demo's database, beside it.
    fn ask<T>(&self, question: impl AsyncFnOnce(Store) -> T) -> T {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let file = self.data.join("oir.db");
            let store = Store::open_sqlite(&file, Durability::Durable).await;
            question(store.unwrap()).await
        })
    }

    /// A sound bilag of the same sender and municipality that corrects that one, sent.
    fn corrects(&self, id: BilagId) {
        let corrected = self.ask(async |store| {
            let found = store.detail(&Scope::everything(), id).await.unwrap();
            found.unwrap()
        });
        let line = &corrected.line;
        let mut afsendelse = sound(|planned| {
            planned.kommune == line.kommune && Some(planned.fagsystem) == line.fagsystem
        });
        let bilag = afsendelse.bilag.first_mut().unwrap();
        bilag.korrigerer = Some(line.bilag_uuid);
        bilag.tekst = corrected.bilag.tekst;
        let call = Call::Modtag(Box::new(afsendelse.clone()));
        let body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
        let file = self.data.join("corrected.xml");
        std::fs::write(&file, body).unwrap();
        let soap = format!("{}{SERVICE_PATH}", self.portal);
        let sent = oir(&["send", &text(&file), "--to", &soap]);
        assert!(sent.status.success(), "{sent:?}");
    }
}

/// A message with one sound bilag, of a day that is nobody else's.
fn sound(fits: impl Fn(&Planned) -> bool) -> Afsendelse {
    let now = Timestamp::now();
    let day = oir_fagsystem::day(&DayPlan {
        seed: 4_711,
        bilag: 400,
        day: day_of(now, &copenhagen()),
        now,
        kommuner: 10,
        receiver_url: "http://127.0.0.1:1".to_owned(),
        body_limit: 16 * 1024 * 1024,
    });
    let planned = day.messages().find(|planned| {
        let one = matches!(&*planned.expected, [Expected::Booked(w)] if w.is_empty());
        let new = matches!(planned.content, Content::New(_));
        let corrects = |a: &Afsendelse| a.bilag.iter().any(|b| b.korrigerer.is_some());
        new && one && fits(planned) && !corrects(planned.content.afsendelse())
    });
    planned.unwrap().content.afsendelse().clone()
}

/// Waits for the end of a walk, which says what it found.
fn ends(mut walk: Child, said: &str) {
    let status = walk.wait().unwrap();
    assert!(status.success(), "{said}");
}

#[test]
fn a_caseworker_corrects_at_the_source() {
    let stage = Stage::open("correct");
    let mut walk = stage.walk("correct.mjs");
    let mut turn = walk.stdin.take().unwrap();
    let (mut said, mut corrected) = (String::new(), 0);
    for line in BufReader::new(walk.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(id) = line.strip_prefix("retter ") {
            stage.corrects(id.parse().unwrap());
            corrected += 1;
            writeln!(turn, "sendt").unwrap();
        }
        said.push_str(&line);
        said.push('\n');
    }
    ends(walk, &said);
    assert_eq!(corrected, 1, "{said}");
    let database = text(&stage.data.join("oir.db"));
    assert!(oir(&["verify", &database]).status.success());
}

#[test]
fn finance_takes_over_a_held_group() {
    let stage = Stage::open("takeover");
    let mut walk = stage.walk("takeover.mjs");
    let said = std::io::read_to_string(walk.stdout.take().unwrap()).unwrap();
    ends(walk, &said);
    let database = text(&stage.data.join("oir.db"));
    assert!(oir(&["verify", &database]).status.success());
}

#[test]
fn what_waits_for_an_account_gets_one_by_two_people() {
    let stage = Stage::open("kontering");
    let mut walk = stage.walk("kontering.mjs");
    let said = std::io::read_to_string(walk.stdout.take().unwrap()).unwrap();
    ends(walk, &said);
    let database = text(&stage.data.join("oir.db"));
    assert!(oir(&["verify", &database]).status.success());
}

/// The day whose page that is.
fn day_of_page(path: &str) -> DayKey {
    let mut parts = path.strip_prefix("/afstemning/").unwrap().split('/');
    let kommune = parts.next().unwrap().parse().unwrap();
    let fagsystem = parts.next().unwrap().parse().unwrap();
    DayKey {
        kommune: Kommunekode(kommune),
        fagsystem: FagsystemId::from_uuid(fagsystem),
        dag: parts.next().unwrap().parse().unwrap(),
    }
}

#[test]
fn finance_finds_the_planted_difference_and_signs_for_the_day() {
    let stage = Stage::open("day");
    let mut walk = stage.walk("day.mjs");
    let said = std::io::read_to_string(walk.stdout.take().unwrap()).unwrap();
    ends(walk, &said);
    let mut found = said.lines().filter_map(|line| line.strip_prefix("fundet "));
    let key = day_of_page(found.next().expect("a day"));
    let (stated, signings) = stage.ask(async |store| {
        let all = Scope::everything();
        let stated = store.stated(&all, key).await.unwrap();
        (stated, store.signings(&all, key).await.unwrap())
    });
    // It is the planted one, which is marked so, and what was said since stands beside it.
    let mut origins: Vec<_> = stated.iter().map(|s| (s.version, s.origin)).collect();
    origins.sort_unstable_by_key(|(version, _)| *version);
    assert_eq!(origins, [(1, Origin::Planted), (2, Origin::Upload)]);
    let [signed] = &*signings else {
        panic!("{signings:?}");
    };
    assert_eq!(signed.kind, SigningKind::Signed);
    assert_eq!(&*signed.navn, "Birk Opdigtet");
    let lost = |(key, words): (&String, &String)| {
        key.starts_with("never_received_") && words == "Fagsystemet sender det igen i morgen"
    };
    assert!(signed.explanations.iter().any(lost), "{signed:?}");
    let database = text(&stage.data.join("oir.db"));
    assert!(oir(&["verify", &database]).status.success());
}
