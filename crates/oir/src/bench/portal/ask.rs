//! Asking the portal: in this process without a socket, over HTTP, and for whole lists.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};
use hyper_util::service::TowerToHyperService;
use oir_web::Router;
use serde_json::{Value, json};

use super::questions::{DRIFT, Question};
use crate::bench::child::memory;

/// How long the answers to a question took.
#[derive(Debug, Clone)]
pub(super) struct Took {
    pub(super) who: &'static str,
    pub(super) name: String,
    pub(super) count: usize,
    /// Milliseconds.
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) max: f64,
}

impl Took {
    fn of(who: &'static str, name: String, mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |hundredth: usize| {
            let place = took.len().saturating_sub(1) * hundredth / 100;
            took.get(place).map_or(0.0, |took| took.as_secs_f64() * 1e3)
        };
        Self {
            who,
            name,
            count: took.len(),
            p50: at(50),
            p95: at(95),
            max: at(100),
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "who": self.who, "question": self.name, "requests": self.count,
                "p50_ms": self.p50, "p95_ms": self.p95, "max_ms": self.max })
    }
}

/// A list taken out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Export {
    pub(super) form: &'static str,
    pub(super) rows: u64,
    pub(super) seconds: f64,
    /// Resident bytes before, and the most while it ran.
    pub(super) before: u64,
    pub(super) peak: u64,
}

impl Export {
    pub(super) fn json(&self) -> Value {
        json!({ "form": self.form, "rows": self.rows, "seconds": self.seconds,
                "rss_before": self.before, "rss_peak": self.peak })
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    pub(super) fn rate(&self) -> f64 {
        self.rows as f64 / self.seconds.max(f64::EPSILON)
    }
}

/// Somebody at the portal.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    who: &'static str,
    portal: Router,
    cookie: String,
}

type Answer = Response<oir_web::Body>;

impl Visitor {
    /// Signs in as one of the invented persons.
    pub(super) async fn enter(
        who: &'static str,
        portal: Router,
        person: usize,
    ) -> anyhow::Result<Self> {
        let mut visitor = Self {
            who,
            portal,
            cookie: String::new(),
        };
        let form = format!("person={person}&til=%2Fbilag");
        let request = Request::post("/log-ind")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        let answer = visitor.send(request).await?;
        let cookie = answer.headers().get(SET_COOKIE).context("intet login")?;
        let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
        cookie.clone_into(&mut visitor.cookie);
        Ok(visitor)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let service = TowerToHyperService::new(self.portal.clone());
        // The router answers everything; its error is a type without values.
        service.call(request).await.map_err(Into::into)
    }

    async fn get(&self, address: &str) -> anyhow::Result<Answer> {
        let request = Request::get(address).header(COOKIE, &self.cookie);
        self.send(request.body(Full::default())?).await
    }

    /// So many requests of a question, one after the other; none when the page is not theirs.
    pub(super) async fn ask(&self, asked: &Question, count: usize) -> anyhow::Result<Option<Took>> {
        let mut took = Vec::with_capacity(count);
        for address in asked.addresses.iter().cycle().take(count) {
            let begun = Instant::now();
            let answer = self.get(address).await?;
            let status = answer.status();
            answer.into_body().collect().await?;
            took.push(begun.elapsed());
            if status == StatusCode::FORBIDDEN && address == DRIFT {
                return Ok(None);
            }
            ensure!(status == StatusCode::OK, "{address}: {status}");
        }
        Ok(Some(Took::of(self.who, asked.name.to_owned(), took)))
    }

    /// Takes a list out as a stream, up to so many lines.
    pub(super) async fn csv(&self, address: &str, most: u64) -> anyhow::Result<Export> {
        let before = begin_peak()?;
        let begun = Instant::now();
        let mut body = self.get(address).await?.into_body();
        let mut lines: u64 = 0;
        while lines <= most
            && let Some(frame) = body.frame().await
        {
            if let Ok(data) = frame?.into_data() {
                let ends = data.iter().filter(|byte| **byte == b'\n').count();
                lines += u64::try_from(ends)?;
            }
        }
        Ok(Export {
            form: "CSV",
            rows: lines.saturating_sub(1),
            seconds: begun.elapsed().as_secs_f64(),
            before,
            peak: memory(std::process::id(), "VmHWM:")?,
        })
    }

    /// Takes a list out as a workbook, by its page, to the last byte.
    pub(super) async fn xlsx(&self, address: &str, rows: u64) -> anyhow::Result<Export> {
        let before = begin_peak()?;
        let begun = Instant::now();
        let answer = self.get(address).await?;
        if let Some(job) = answer.headers().get(LOCATION) {
            let file = format!("{}/fil", job.to_str()?);
            loop {
                let answer = self.get(&file).await?;
                if answer.status() == StatusCode::OK {
                    let mut body = answer.into_body();
                    while let Some(frame) = body.frame().await {
                        frame?;
                    }
                    break;
                }
                // Its page is looked at as a browser does, so that it goes on.
                self.get(job.to_str()?).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        } else {
            answer.into_body().collect().await?;
        }
        Ok(Export {
            form: "XLSX",
            rows,
            seconds: begun.elapsed().as_secs_f64(),
            before,
            peak: memory(std::process::id(), "VmHWM:")?,
        })
    }
}

/// The resident bytes now, from which the peak is counted anew.
fn begin_peak() -> anyhow::Result<u64> {
    std::fs::write("/proc/self/clear_refs", "5")?;
    memory(std::process::id(), "VmRSS:")
}

/// The same over a socket, a new connection each, as somebody who did not sign in may: the
/// machine's operator.
pub(super) async fn over_http(url: &str, asked: &Question, count: usize) -> anyhow::Result<Took> {
    let mut took = Vec::with_capacity(count);
    for address in asked.addresses.iter().cycle().take(count) {
        let page = crate::bench::wire::Address::parse(&format!("{url}{address}"))?;
        let begun = Instant::now();
        let said = page.get().await?;
        took.push(begun.elapsed());
        ensure!(said.contains("</html>"), "{address}: {said:.80}");
    }
    Ok(Took::of("drift, HTTP", asked.name.to_owned(), took))
}
