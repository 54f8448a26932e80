//! The reference books: once per bilag, gapless numbers, reasons per posting, and a line
//! that is cut only after booking.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::Timestamp;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{Finansbilag, Posteringstype};
use oir_domain::ledger::BooksKonto;
use oir_domain::omsaetning::Kontering;
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
            .map(|row| row.in_the_books())
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

/// The codes of what the books refuse of one bilag on these accounts.
fn refusals(accounts: &[BooksKonto], bilag: Finansbilag) -> Vec<String> {
    let register = sample::register_data("http://127.0.0.1:9/");
    let setup = Setup {
        myndigheder: register
            .myndigheder
            .iter()
            .map(|m| (m.cvr, m.kommune))
            .collect(),
        kontoplan: accounts.to_vec(),
        ..Setup::default()
    };
    let books = Books::open(None, &setup).unwrap();
    let call = delivery(1, vec![bilag]);
    let Reply::Modtag(reply) = books.answer(&call, Timestamp::UNIX_EPOCH).unwrap() else {
        panic!("a receipt was due");
    };
    let faults = reply
        .bilag
        .into_iter()
        .flat_map(|bilag| bilag.positionsfejl);
    faults.map(|fault| fault.kode.into()).collect()
}

#[test]
fn accounts_of_every_form_close_by_day_and_by_year_but_not_for_the_supplement() {
    let (year, day) = (sample::DAY.year(), sample::DAY);
    let open = |konto: &str| BooksKonto::lasting(sample::KOMMUNE, konto, true);
    for konto in [
        "40000000/PSP/XG-9212045210-00014",
        "47110815",
        "7710-52-4711",
    ] {
        let on = |aar: i16, kind: Posteringstype| {
            let mut bilag = sample::bilag(1);
            bilag.regnskabsaar = Regnskabsaar(aar);
            bilag.posteringstype = kind;
            for postering in &mut bilag.posteringer {
                postering.kontering = Some(Kontering::whole(konto, postering.beloeb));
            }
            bilag
        };
        let (normal, old) = (
            on(year, Posteringstype::Normal),
            on(year - 1, Posteringstype::Supplement),
        );
        let (mut by_day, mut by_year) = (open(konto), open(konto));
        by_day.validity.to = Some(jiff::civil::date(year - 1, 12, 31));
        by_year.aar.to = Some(Regnskabsaar(year - 1));
        assert!(refusals(&[open(konto)], normal.clone()).is_empty());
        for closed in [by_day, by_year] {
            let refused = refusals(&[closed.clone()], normal.clone());
            assert_eq!(refused, ["KONTO-LUKKET", "KONTO-LUKKET"], "{konto}");
            assert!(refusals(&[closed], old.clone()).is_empty(), "{konto} {day}");
        }
        let mut next = open(konto);
        next.aar.from = Some(Regnskabsaar(year));
        assert_eq!(refusals(&[next], old), ["KONTO-LUKKET", "KONTO-LUKKET"]);
        let unknown = refusals(&[open("x")], normal);
        assert_eq!(unknown, ["KONTO-UKENDT", "KONTO-UKENDT"]);
    }
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
