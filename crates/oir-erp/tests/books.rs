//! The reference books: once per bilag, gapless numbers, reasons per posting, and a line
//! that is cut only after booking.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::Timestamp;
use oir_domain::finans::Finansbilag;
use oir_domain::register::Register;
use oir_erp::{Books, Misbehaviour, Setup, server};
use oir_fagsystem::sample;
use oir_wire::finans::message::{
    Call, ForretningsKode, KontroltotalQuery, Reply, StatusOf, StatusQuery, Tilstand,
};
use oir_wire::finans::{SERVICE_PATH, SoapVersion, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn books() -> Books {
    let register = sample::register_data("http://127.0.0.1:9/");
    let setup = Setup {
        myndigheder: register
            .myndigheder
            .iter()
            .map(|m| (m.cvr, m.kommune))
            .collect(),
        kontoplan: sample::kontoplan()
            .into_iter()
            .map(|r| (r.kommune, r.konto, r.open))
            .collect(),
        ..Setup::default()
    };
    Books::open(None, &setup).unwrap()
}

/// A bilag as the hub delivers it: with accounts.
fn mapped(mut bilag: Finansbilag) -> Finansbilag {
    let register: Register = sample::register();
    let fagsystem = register.fagsystem(sample::FAGSYSTEM).unwrap();
    let accounts =
        oir_domain::omsaetning::map(&bilag, 0, sample::KOMMUNE, fagsystem, &register).unwrap();
    for (postering, konteret) in bilag.posteringer.iter_mut().zip(accounts.posteringer) {
        postering.kontering = konteret.kontering();
    }
    bilag
}

fn delivery(n: u64, bilag: Vec<Finansbilag>) -> Call {
    Call::Modtag(Box::new(sample::message(n, bilag)))
}

fn codes(books: &Books, call: &Call) -> Vec<(ForretningsKode, String)> {
    let Reply::Modtag(reply) = books.answer(call, Timestamp::UNIX_EPOCH).unwrap() else {
        panic!("a receipt was due");
    };
    let number =
        |n: Option<oir_domain::ids::ErpBilagsnummer>| n.map_or(String::new(), |n| n.to_string());
    reply
        .bilag
        .into_iter()
        .map(|b| (b.kvittering.kode, number(b.erp_bilagsnummer)))
        .collect()
}

#[test]
fn a_bilag_is_booked_once_and_numbers_have_no_gaps() {
    let books = books();
    let refused = mapped(sample::refused(2));
    let first = delivery(
        1,
        vec![mapped(sample::bilag(1)), refused, mapped(sample::bilag(3))],
    );
    let booked = |n: &str| (ForretningsKode::Accepteret, n.to_owned());
    let expected = [
        booked("2026-000001"),
        (ForretningsKode::Afvist, String::new()),
        booked("2026-000002"),
    ];
    assert_eq!(codes(&books, &first), expected);
    assert_eq!(codes(&books, &first), expected);
    // The same bilag in another delivery keeps its number.
    assert_eq!(
        codes(&books, &delivery(9, vec![mapped(sample::bilag(3))])),
        [booked("2026-000002")]
    );
    assert!(books.damage().unwrap().is_empty());
    let query = KontroltotalQuery {
        myndighed: sample::myndighed(),
        fra: sample::DAY,
        til: sample::DAY,
        afsender_system: None,
    };
    let Reply::HentKontroltotal(totals) = books
        .answer(&Call::HentKontroltotal(query), Timestamp::UNIX_EPOCH)
        .unwrap()
    else {
        panic!("totals were due");
    };
    assert_eq!(
        totals.totaler.iter().map(|t| t.antal).collect::<Vec<_>>(),
        [2]
    );
}

#[test]
fn without_accounts_every_posting_has_its_reason() {
    let books = books();
    let call = delivery(1, vec![sample::bilag(1)]);
    let Reply::Modtag(reply) = books.answer(&call, Timestamp::UNIX_EPOCH).unwrap() else {
        panic!("a receipt was due");
    };
    let lines: Vec<_> = reply
        .bilag
        .first()
        .unwrap()
        .positionsfejl
        .iter()
        .map(|f| f.linjenummer)
        .collect();
    assert_eq!(lines, [Some(1), Some(2)]);
}

async fn post(address: std::net::SocketAddr, body: &[u8]) -> Vec<u8> {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST {SERVICE_PATH} HTTP/1.1\r\nHost: books\r\nContent-Type: text/xml\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    // A reset is how a cut line may look from here.
    drop(stream.read_to_end(&mut answer).await);
    answer
}

#[tokio::test]
async fn a_cut_line_hides_a_booking_that_can_be_asked_about() {
    let books = books();
    let misbehaviour = Misbehaviour {
        cut_percent: 100,
        ..Misbehaviour::default()
    };
    let routes = server::router(
        books.clone(),
        misbehaviour,
        Timestamp::now,
        std::sync::Arc::new(drop),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(server::serve(listener, routes, async move {
        drop(stopped.await);
    }));
    let bilag = mapped(sample::bilag(1));
    let id = sample::afsendelse(1).transaktions_id;
    let call = write::call(SoapVersion::V11, id, &delivery(1, vec![bilag.clone()]));
    let answer = String::from_utf8_lossy(&post(address, &call).await).into_owned();
    assert!(!answer.contains("Envelope"), "{answer}");
    let question = Call::HentStatus(StatusQuery {
        myndighed: sample::myndighed(),
        afsender_system: None,
        of: StatusOf::Bilag(vec![bilag.bilag_uuid]),
    });
    let answer = post(address, &write::call(SoapVersion::V11, id, &question)).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.contains(Tilstand::Bogfoert.word()), "{answer}");
    drop(stop);
    served.await.unwrap().unwrap();
}
