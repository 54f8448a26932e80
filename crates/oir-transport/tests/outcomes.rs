//! What a courier makes of partners that answer, are busy, cut the line or are not there.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use oir_flow::ports::courier::CallOutcome;
use oir_transport::{HttpCourier, Settings};

/// A partner that reads a request, says these bytes and hangs up.
fn partner(says: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        while !request.ends_with(b"<call/>") {
            let read = stream.read(&mut piece).unwrap();
            if read == 0 {
                return;
            }
            request.extend_from_slice(piece.get(..read).unwrap());
        }
        stream.write_all(says.as_bytes()).unwrap();
    });
    url
}

fn call(url: &str) -> CallOutcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let settings = Settings {
        connect: Duration::from_secs(2),
        whole: Duration::from_secs(10),
    };
    runtime.block_on(async {
        let courier = HttpCourier::new(settings).unwrap();
        courier.post(url, "HentStatus", b"<call/>".to_vec()).await
    })
}

#[test]
fn an_answer_and_a_soap_fault_are_answers() {
    let ok = partner("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<a/>");
    assert_eq!(call(&ok), CallOutcome::Answered(b"<a/>".to_vec()));
    for status in ["500 Error", "503 Busy"] {
        let xml = "Content-Type: text/xml\r\nContent-Length: 4\r\n\r\n<f/>";
        let fault = format!("HTTP/1.1 {status}\r\n{xml}");
        let answered = call(&partner(fault.leak()));
        assert_eq!(answered, CallOutcome::Answered(b"<f/>".to_vec()));
    }
}

#[test]
fn a_busy_partner_did_not_take_it_and_says_when_to_come_back() {
    let busy = "HTTP/1.1 429 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let retry_after = Some(Duration::from_secs(7));
    let reason = "HTTP 429".to_owned();
    assert_eq!(
        call(&partner(busy)),
        CallOutcome::NotReached {
            reason,
            retry_after
        }
    );
}

#[test]
fn a_cut_line_and_half_an_answer_are_no_answer() {
    for says in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n<a/>",
        "HTTP/1.1 502 B\r\nContent-Length: 0\r\n\r\n",
        // A gateway writes this also when the line behind it broke after the call was taken.
        "HTTP/1.1 503 B\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
    ] {
        let outcome = call(&partner(says));
        assert!(
            matches!(outcome, CallOutcome::NoAnswer { .. }),
            "{says:?}: {outcome:?}"
        );
    }
}

#[test]
fn nobody_at_the_address_did_not_take_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(call(&url), CallOutcome::NotReached { .. }));
}
