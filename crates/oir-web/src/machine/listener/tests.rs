//! Real sockets: one place, and a peer that keeps it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::patient::Patient;
use super::{Limits, Peer, serve};

/// More than the kernel holds for a connection on any machine we know.
const LARGE: usize = 64 * 1024 * 1024;
/// Longest that a test waits for what must happen at once.
const GUARD: Duration = Duration::from_secs(30);

async fn asked(address: std::net::SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn a_peer_that_takes_nothing_loses_its_place() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new()
        .route("/large", get(|| async { vec![b'x'; LARGE] }))
        .route("/small", get(|| async { "ok" }));
    let limits = Limits {
        connections: 1,
        taking: Duration::from_millis(50),
        ..Limits::STANDARD
    };
    let (end, ending) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serve(listener, routes, limits, async move {
        drop(ending.await);
    }));
    let silent = asked(address, "/large").await;
    let mut next = asked(address, "/small").await;
    let mut answer = String::new();
    let read = tokio::time::timeout(GUARD, next.read_to_string(&mut answer)).await;
    assert!(read.is_ok() && answer.ends_with("ok"), "{answer}");
    drop((silent, end));
    assert!(served.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_slow_reader_keeps_its_place() {
    let (ours, mut theirs) = tokio::io::duplex(16);
    let mut ours = Patient::new(ours, GUARD);
    let writing = tokio::spawn(async move { ours.write_all(&[7; 4_000]).await });
    let (mut byte, mut count) = ([0_u8; 1], 0_usize);
    while theirs.read(&mut byte).await.unwrap() > 0 {
        count += 1;
    }
    writing.await.unwrap().unwrap();
    assert_eq!(count, 4_000);
}

#[tokio::test]
async fn each_piece_taken_starts_the_patience_anew() {
    let (ours, mut theirs) = tokio::io::duplex(16);
    let mut ours = Patient::new(ours, Duration::from_millis(20));
    ours.write_all(&[7; 16]).await.unwrap();
    let stuck = ours.write_all(&[7; 16]).await.unwrap_err();
    assert_eq!(stuck.kind(), std::io::ErrorKind::TimedOut);
    let mut taken = [0_u8; 16];
    theirs.read_exact(&mut taken).await.unwrap();
    ours.write_all(&[7; 16]).await.unwrap();
}

/// What a listener with one route answers to a request, status line first.
async fn answered(request: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = |peer: axum::Extension<Peer>| async move { peer.0.0.to_string() };
    let routes = Router::new().route("/", get(peer));
    let (end, ending) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(serve(listener, routes, Limits::STANDARD, async move {
        drop(ending.await);
    }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server that has answered and closed does not take the rest.
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    drop(tokio::time::timeout(GUARD, stream.read_to_end(&mut answer)).await);
    drop(end);
    assert!(served.await.unwrap().unwrap());
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_request_knows_from_where_it_came() {
    let request = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let answer = answered(request.to_owned()).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("127.0.0.1"));
}

#[tokio::test]
async fn overlong_addresses_cookies_and_lists_of_headers_are_refused() {
    let head = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{more}\r\n")
    };
    let long = "a".repeat(200_000);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    for request in [
        head(&format!("/?{long}"), ""),
        head("/", &format!("Cookie: oir_session={long}\r\n")),
        head("/", &many),
    ] {
        let answer = answered(request).await;
        let status = answer.split(' ').nth(1).unwrap_or("");
        assert!(matches!(status, "414" | "431"), "{answer}");
    }
}
