//! Invented certificates whose ends another tool (`openssl x509 -enddate`) has told.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{end, end_of_file};
use std::path::{Path, PathBuf};
use x509_cert::Certificate;
use x509_cert::der::{DecodePem, Encode};

const NEAR: &str = "2027-12-29T17:27:30Z";
/// Beyond 2050, where the form of the date changes (RFC 5280 § 4.1.2.5).
const FAR: &str = "2059-10-02T17:27:30Z";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/certificates")
        .join(name)
}

#[test]
fn the_end_is_the_one_that_the_certificate_says() {
    for (name, ends) in [("near.pem", NEAR), ("far.pem", FAR)] {
        assert_eq!(end_of_file(&file(name)).unwrap().to_string(), ends);
        let pem = std::fs::read(file(name)).unwrap();
        let der = Certificate::from_pem(&pem).unwrap().to_der().unwrap();
        assert_eq!(end(&der).unwrap().to_string(), ends);
    }
}

#[test]
fn of_several_the_first_to_end_counts() {
    let both = [file("far.pem"), file("near.pem")].map(|path| std::fs::read(path).unwrap());
    let chain = std::env::temp_dir().join(format!("oir-chain-{}.pem", std::process::id()));
    std::fs::write(&chain, both.concat()).unwrap();
    let ends = end_of_file(&chain);
    std::fs::remove_file(&chain).unwrap();
    assert_eq!(ends.unwrap().to_string(), NEAR);
}

#[test]
fn what_is_no_certificate_has_no_end() {
    assert!(end_of_file(&file("missing.pem")).is_err());
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(end_of_file(&words).is_err());
    assert_eq!(end(b"\x30\x03\x02\x01\x01"), None);
}
