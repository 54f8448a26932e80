//! What stands at the doors: slow, endless and foreign requests, and settings that cannot be.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::running::{House, exchange, folder, get, oir, text};

const SOAP: &str = "/service/OIR/ModtagFinansbilag/2";

fn host(url: &str) -> &str {
    url.strip_prefix("http://").unwrap()
}

fn post(host: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut request = format!("POST {SOAP} HTTP/1.0\r\nHost: {host}\r\n{headers}\r\n").into_bytes();
    request.extend_from_slice(body);
    exchange(host, &request)
}

#[test]
fn the_doors_answer_with_codes_whatever_comes() {
    let house = House::open("doors", None, &[], 10);
    let host = host(&house.service);
    let (status, body) = post(
        host,
        "Content-Type: text/plain\r\nContent-Length: 1\r\n",
        b"x",
    );
    assert!(status == 415 && body.contains("F0010"), "{status} {body}");
    let large = "Content-Type: text/xml\r\nContent-Length: 99999999999\r\n";
    let (status, body) = post(host, large, b"<a>");
    assert!(status == 413 && body.contains("F0004"), "{status} {body}");
    let empty = "Content-Type: text/xml\r\nContent-Length: 0\r\n";
    let (status, body) = post(host, empty, b"");
    assert!(status == 500 && body.contains("F0001"), "{status} {body}");
    let (status, _) = get(&format!("{}/nowhere", house.service));
    assert_eq!(status, 404);
    let (status, body) = get(&format!("{}{SOAP}?wsdl", house.service));
    assert!(status == 200 && body.contains(&format!("{}{SOAP}", house.service)));
    let (status, body) = get(&format!("{}/metrics", house.operation));
    assert_eq!(status, 200, "{body}");
    // An endless body is cut at the limit, not kept.
    assert_eq!(endless(host), 413);
    // Pages are for this machine's own names.
    let portal = house.portal.strip_prefix("http://").unwrap();
    let foreign = b"GET / HTTP/1.0\r\nHost: oir.example\r\n\r\n";
    assert_eq!(exchange(portal, foreign).0, 421);
    assert_eq!(get(&format!("{}/", house.portal)).0, 200);
    // The pages' link to the service's description leads there.
    assert_eq!(get(&format!("{}{SOAP}?wsdl", house.portal)).0, 307);
}

/// Sends chunks until the server answers.
fn endless(host: &str) -> u16 {
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST {SOAP} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/xml\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut chunk = b"100000\r\n".to_vec();
    chunk.extend(std::iter::repeat_n(b' ', 0x10_0000));
    chunk.extend(b"\r\n");
    for _ in 0..40 {
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(0)
}

#[test]
fn two_processes_never_share_a_file() {
    let house = House::open("two", None, &[], 10);
    let config = text(&house.folder.join("oir.toml"));
    let second = oir(&["serve", "--config", &config, "--database", &house.database]);
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("bruges af en anden proces"));
}

#[test]
fn books_say_everything_that_is_wrong_in_their_files() {
    let folder = folder("books-wrong");
    let register = text(&folder.join("example/register"));
    let example = text(&folder.join("example"));
    assert!(oir(&["example", &example]).status.success());
    let spoil = |name: &str| {
        let path = folder.join("example/register").join(name);
        let sound = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{sound}ene;alene\r\nto;alene\r\n")).unwrap();
    };
    spoil("myndigheder.csv");
    spoil("kontoplan.csv");
    let table = text(&folder.join("example/register/omsaetning.csv"));
    let file = text(&folder.join("books.db"));
    let books = ["erp", "--register", &register, "--file", &file];
    let books = [&books[..], &["--omsaetning", &table]].concat();
    let refused = oir(&[&books[..], &["--listen", "127.0.0.1:0"]].concat());
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let said = String::from_utf8(refused.stderr).unwrap();
    let named = |name: &str| said.lines().filter(|line| line.contains(name)).count();
    assert_eq!(
        (named("myndigheder.csv"), named("kontoplan.csv")),
        (2, 2),
        "{said}"
    );
}

#[test]
fn settings_that_cannot_be_are_refused_in_a_sentence() {
    let database = text(&folder("settings").join("x.db"));
    let refused = oir(&["serve", "--database", &database, "--role", "worker"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("SQLite"));
    let printed = oir(&["serve", "--print-config"]);
    assert!(
        String::from_utf8(printed.stdout)
            .unwrap()
            .contains("[delivery]")
    );
}
