//! The reference books: once per bilag, gapless numbers, reasons per posting, and a line
//! that is cut only after booking.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::Timestamp;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{Finansbilag, Posteringstype};
use oir_domain::ledger::BooksKonto;
use oir_domain::money::Oere;
use oir_domain::omsaetning::{Kontering, Konteringslinje, Told};
use oir_domain::register::{Register, RegisterData};
use oir_erp::{Books, Misbehaviour, Setup, server};
use oir_fagsystem::sample;
use oir_wire::finans::message::{
    Bilagskvittering, Call, ForretningsKode, KontroltotalQuery, Reply, StatusOf, StatusQuery,
    Tilstand,
};
use oir_wire::finans::{SERVICE_PATH, SoapVersion, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the books know of these facts.
fn setup(data: &RegisterData) -> Setup {
    let myndigheder = data.myndigheder.iter().map(|m| (m.cvr, m.kommune));
    let kontoplan = sample::kontoplan().into_iter();
    Setup {
        myndigheder: myndigheder.collect(),
        kontoplan: kontoplan.map(|row| row.in_the_books()).collect(),
        ..Setup::default()
    }
}

fn books() -> Books {
    let data = sample::register_data("http://127.0.0.1:9/");
    Books::open(None, &setup(&data)).unwrap()
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
        kontoplan: accounts.to_vec(),
        ..setup(&register)
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
            let refused = refusals(std::slice::from_ref(&closed), normal.clone());
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

/// Books that map by themselves, by these facts.
fn mapping(change: impl FnOnce(&mut RegisterData)) -> Books {
    let mut data = sample::register_data("http://127.0.0.1:9/");
    change(&mut data);
    let setup = Setup {
        own_tables: Some(Register::new(1, data.clone())),
        ..setup(&data)
    };
    Books::open(None, &setup).unwrap()
}

fn receipts(books: &Books, call: &Call) -> Vec<Bilagskvittering> {
    match books.answer(call, Timestamp::UNIX_EPOCH).unwrap() {
        Reply::Modtag(reply) => reply.bilag,
        other => panic!("a receipt was due, not {other:?}"),
    }
}

#[test]
fn split_postings_are_booked_line_by_line() {
    let books = books();
    let mut bilag = mapped(sample::bilag(1));
    let first = bilag.posteringer.first_mut().unwrap();
    let konto = first
        .kontering
        .as_ref()
        .and_then(Kontering::as_whole)
        .unwrap();
    let konto: Box<str> = konto.into();
    let other = sample::kontoplan()
        .into_iter()
        .find(|row| row.kommune == sample::KOMMUNE && row.open && row.konto != konto);
    let other = other.unwrap().konto;
    let line = |konto: &str, oere| Konteringslinje {
        konto: konto.into(),
        beloeb: Oere::new(oere),
    };
    let lines = vec![line(&konto, first.beloeb.get() - 7), line(&other, 7)];
    first.kontering = Kontering::try_new(lines);
    let booked = receipts(&books, &delivery(1, vec![bilag.clone()]));
    let booked = booked.first().unwrap();
    assert_eq!(booked.kvittering.kode, ForretningsKode::Accepteret);
    assert_eq!(booked.konteret, [], "they did not map it");
    assert_eq!(books.damage().unwrap(), [""; 0]);
    let balances = books.balances().unwrap();
    let of = |konto: &str| {
        let mut all = balances.iter();
        all.find(|(_, k, _)| **k == *konto)
            .map(|(_, _, oere)| *oere)
    };
    assert_eq!(of(&other), Some(7));
    assert_eq!(balances.iter().map(|(_, _, oere)| oere).sum::<i64>(), 0);

    let mut wrong = mapped(sample::bilag(2));
    let first = wrong.posteringer.first_mut().unwrap();
    first.kontering = Kontering::try_new(vec![line(&konto, 1), line(&other, 7)]);
    let refused = receipts(&books, &delivery(2, vec![wrong]));
    let codes: Vec<&str> = refused
        .first()
        .unwrap()
        .positionsfejl
        .iter()
        .map(|fejl| &*fejl.kode)
        .collect();
    assert_eq!(codes, ["KONTERING-SUM"]);
}

#[test]
fn books_that_map_say_on_which_account_and_refuse_what_has_none() {
    let books = mapping(|_| ());
    let (sound, lacking) = (sample::bilag(1), sample::held(2));
    let call = delivery(1, vec![sound.clone(), lacking]);
    let answered = receipts(&books, &call);
    let [booked, refused] = answered.as_slice() else {
        panic!("two receipts were due");
    };
    let wanted: Vec<Told> = mapped(sound.clone())
        .posteringer
        .into_iter()
        .map(|postering| Told {
            linjenummer: postering.linjenummer,
            kontering: postering.kontering.unwrap(),
        })
        .collect();
    assert_eq!(booked.konteret, wanted);
    assert_eq!(refused.kvittering.kode, ForretningsKode::Afvist);
    let codes: Vec<&str> = refused.positionsfejl.iter().map(|f| &*f.kode).collect();
    assert_eq!(codes, ["KONTO-MANGLER"]);
    // Said again, and asked about, they say the same.
    assert_eq!(receipts(&books, &call), answered);
    let question = Call::HentStatus(StatusQuery {
        myndighed: sample::myndighed(),
        afsender_system: None,
        of: StatusOf::Bilag(vec![sound.bilag_uuid]),
    });
    let Reply::HentStatus(reply) = books.answer(&question, Timestamp::UNIX_EPOCH).unwrap() else {
        panic!("a status was due");
    };
    assert_eq!(reply.bilag.first().unwrap().konteret, wanted);
    // What comes with an account is booked on it.
    let with = receipts(&books, &delivery(3, vec![mapped(sample::bilag(3))]));
    assert_eq!(with.first().unwrap().konteret, []);
    assert_eq!(books.damage().unwrap(), [""; 0]);
}

#[test]
fn books_that_map_judge_the_supplementary_period_by_the_old_year() {
    let (old, new) = (sample::DAY.year() - 1, sample::DAY.year());
    // The tables begin this year: the old one has no account for anything.
    let books = mapping(|data| {
        for row in &mut data.omsaetning {
            row.validity.from = jiff::civil::date(new, 1, 1);
        }
    });
    let ordinary = sample::bilag(1);
    let mut supplement = sample::bilag(2);
    supplement.posteringstype = Posteringstype::Supplement;
    supplement.regnskabsaar = Regnskabsaar(old);
    let answered = receipts(&books, &delivery(1, vec![ordinary, supplement]));
    let kinds: Vec<_> = answered.iter().map(|one| one.kvittering.kode).collect();
    assert_eq!(
        kinds,
        [ForretningsKode::Accepteret, ForretningsKode::Afvist]
    );
}
