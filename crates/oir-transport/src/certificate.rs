//! When certificates end: those that partners show, and those in files of this house.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use oir_flow::ports::courier::SeenCertificate;
use reqwest::Response;
use reqwest::tls::TlsInfo;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Hosts remembered: some hundred receivers, far below this.
const HOSTS_MAX: usize = 1_024;

/// The end of each host's certificate, as last shown.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<Box<str>, Timestamp>>);

impl Seen {
    /// Remembers what came with an answer; nothing when it did not come by TLS.
    pub(crate) fn keep(&self, answer: &Response) {
        let info = answer.extensions().get::<TlsInfo>();
        let der = info.and_then(TlsInfo::peer_certificate);
        let (Some(der), Some(host)) = (der, answer.url().host_str()) else {
            return;
        };
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(expires) = end(der).filter(|_| seen.len() < HOSTS_MAX) {
            seen.insert(host.into(), expires);
        }
    }

    /// What the host of an address showed last.
    pub(crate) fn of(&self, url: &str) -> Option<SeenCertificate> {
        let url = reqwest::Url::parse(url).ok()?;
        let host: Box<str> = url.host_str()?.into();
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let expires = *seen.get(&host)?;
        Some(SeenCertificate { host, expires })
    }
}

/// The end of a certificate in DER; nothing when it cannot be read.
fn end(der: &[u8]) -> Option<Timestamp> {
    let certificate = Certificate::from_der(der).ok()?;
    ends(&certificate)
}

fn ends(certificate: &Certificate) -> Option<Timestamp> {
    let end = certificate.tbs_certificate.validity.not_after;
    let seconds = i64::try_from(end.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
}

/// When the first certificate of a PEM file ends; with several, the one that ends first.
///
/// # Errors
/// When the file cannot be read, or holds no certificate.
pub fn end_of_file(path: &Path) -> std::io::Result<Timestamp> {
    let pem = std::fs::read(path)?;
    let all = Certificate::load_pem_chain(&pem).unwrap_or_default();
    let first = all.iter().filter_map(ends).min();
    first.ok_or_else(|| std::io::Error::other("no certificate in PEM form"))
}

#[cfg(test)]
mod tests;
