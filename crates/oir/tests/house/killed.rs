//! `kill -9` under load: what was answered is there, nothing is booked twice, and the
//! books agree.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use oir_erp::{Books, Setup};
use oir_fagsystem::{Expected, apply};
use oir_flow::ports::courier::CallOutcome;
use oir_transport::{HttpCourier, Settings};
use oir_wire::finans::message::{
    Blame, Call, ForretningsKode, KvitteringQuery, ModtagReply, Reply,
};
use oir_wire::finans::{SoapVersion, receipt, write};
use tokio::task::JoinSet;

use crate::running::{House, oir, text};

/// Bilag in the day.
const BILAG: u32 = 900;
/// Deaths in it.
const DEATHS: usize = 3;
/// Senders at a time.
const SENDERS: usize = 8;

type Answers = HashMap<usize, ModtagReply>;

/// Sends until there is an answer; senders are patient and repeat.
async fn deliver(courier: &HttpCourier, url: &RwLock<String>, media: &str, body: &[u8]) -> Reply {
    let mut pause = tokio::time::interval(Duration::from_millis(20));
    loop {
        pause.tick().await;
        let now = url.read().unwrap().clone();
        if let CallOutcome::Answered(answer) = courier.exchange(&now, media, body.to_vec()).await {
            match receipt::reply(&answer) {
                Ok(Reply::Refused(refusal)) if refusal.blame == Blame::Receiver => {}
                Ok(reply) => return reply,
                Err(_) => {}
            }
        }
    }
}

/// Sends the first wave while the hub is killed and started again.
async fn send_and_kill(house: &mut House) -> Answers {
    let url = Arc::new(RwLock::new(house.soap()));
    let answered = Arc::new(AtomicUsize::new(0));
    let messages: Arc<Vec<_>> = Arc::new(
        (0..house.day.first_wave())
            .filter_map(|n| house.day.message(n))
            .collect(),
    );
    let (next, mut senders) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..SENDERS {
        let (url, next) = (Arc::clone(&url), Arc::clone(&next));
        let (messages, answered) = (Arc::clone(&messages), Arc::clone(&answered));
        senders.spawn(async move {
            let courier = HttpCourier::new(Settings::STANDARD).unwrap();
            let mut answers = Answers::new();
            while let Some(planned) = messages.get(next.fetch_add(1, Ordering::SeqCst)) {
                let afsendelse = planned.content.afsendelse();
                let call = Call::Modtag(Box::new(afsendelse.clone()));
                let mut body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
                let mut media = SoapVersion::V11.content_type();
                if let Some(mutation) = planned.content.mutation() {
                    body = apply(mutation, &String::from_utf8_lossy(&body));
                    media = mutation.content_type().unwrap_or(media);
                }
                if let Reply::Modtag(reply) = deliver(&courier, &url, media, &body).await {
                    answers.insert(planned.number, reply);
                }
                answered.fetch_add(1, Ordering::SeqCst);
            }
            answers
        });
    }
    let mut look = tokio::time::interval(Duration::from_millis(1));
    for death in 1..=DEATHS {
        while answered.load(Ordering::SeqCst) < messages.len() * death / (DEATHS + 1) {
            look.tick().await;
        }
        house.hub.kill();
        house.reopen();
        *url.write().unwrap() = house.soap();
    }
    let all = senders.join_all().await;
    all.into_iter().flatten().collect()
}

/// Asks for every receipt again and compares it with the first one.
async fn receipts_are_the_same(house: &House, answers: &Answers) {
    let courier = HttpCourier::new(Settings::STANDARD).unwrap();
    for (number, first) in answers {
        let planned = house.day.message(*number).unwrap();
        let afsendelse = planned.content.afsendelse();
        let query = KvitteringQuery {
            myndighed: afsendelse.myndighed,
            afsender_system: afsendelse.afsender_system,
            transaktions_id: afsendelse.transaktions_id,
        };
        let known = house
            .day
            .register
            .myndigheder
            .iter()
            .any(|m| m.cvr == query.myndighed);
        if !known {
            continue;
        }
        let call = Call::HentKvittering(query);
        let body = write::call(SoapVersion::V11, query.transaktions_id, &call);
        let outcome = courier.post(&house.soap(), call.operation(), body).await;
        let CallOutcome::Answered(answer) = outcome else {
            panic!("{outcome:?}");
        };
        let Ok(Reply::HentKvittering(now)) = receipt::reply(&answer) else {
            panic!("message {number} was answered and is gone");
        };
        assert_eq!(now.afsendelse_id, first.afsendelse_id);
        assert_eq!(now.modtaget, first.modtaget);
        for ((now, first), expected) in now.bilag.iter().zip(&first.bilag).zip(&planned.expected) {
            assert_eq!(now.bilag_id, first.bilag_id);
            let kode = now.kvittering.kode;
            match expected {
                Expected::Booked(_) => assert_eq!(kode, ForretningsKode::Accepteret),
                Expected::Held => assert_eq!(kode, ForretningsKode::Modtaget),
                Expected::Rejected(_) | Expected::RefusedByBooks => {
                    assert_eq!(kode, ForretningsKode::Afvist);
                }
                Expected::TransportFault(_) => panic!("message {number} was taken"),
            }
        }
    }
}

fn books_are_sound(file: &Path) {
    let books = Books::open(Some(file), &Setup::default()).unwrap();
    assert_eq!(books.damage().unwrap(), Vec::<String>::new());
}

async fn survives(name: &str, database: Option<&str>) {
    let misbehaviour = ["--cut-percent", "20", "--slow-ms", "5"];
    let mut house = House::open(name, database, &misbehaviour, BILAG);
    let answers = send_and_kill(&mut house).await;
    assert!(answers.len() > 300, "{} answers", answers.len());
    house.rest().await;
    receipts_are_the_same(&house, &answers).await;
    let (books, database, code) = house.close();
    assert_eq!(code, Some(0), "a stop that was asked for is a success");
    books_are_sound(&books);
    let verified = oir(&["verify", &database]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answered_is_lost_when_the_process_is_killed() {
    survives("killed", None).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql() {
    let scratch = oir_testkit::postgres::Scratch::new("oir_killed");
    survives("killed-postgres", Some(&scratch.url())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_running_database_is_whole_and_serves() {
    let house = House::open("backup", None, &[], 60);
    let courier = HttpCourier::new(Settings::STANDARD).unwrap();
    let url = RwLock::new(house.soap());
    for number in 0..40 {
        let planned = house.day.message(number).unwrap();
        let afsendelse = planned.content.afsendelse();
        let call = Call::Modtag(Box::new(afsendelse.clone()));
        let body = write::call(SoapVersion::V11, afsendelse.transaktions_id, &call);
        deliver(&courier, &url, SoapVersion::V11.content_type(), &body).await;
    }
    let copy = text(&house.folder.join("copy.db"));
    let backed_up = oir(&["backup", "--database", &house.database, &copy]);
    assert!(backed_up.status.success(), "{backed_up:?}");
    assert!(
        !oir(&["backup", "--database", &house.database, &copy])
            .status
            .success()
    );
    // Restored over the original: the copy is the database now.
    let (folder, database) = (house.folder.clone(), house.database.clone());
    let mut house = house;
    house.hub.kill();
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{database}{end}")));
    }
    std::fs::copy(&copy, &database).unwrap();
    house.reopen();
    house.rest().await;
    assert!(oir(&["verify", &database]).status.success());
    let listed = oir(&[
        "bilag",
        "list",
        "--database",
        &database,
        "--state",
        "booked",
    ]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.lines().count() > 20, "{listed} {}", folder.display());
}
