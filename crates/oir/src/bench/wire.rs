//! A sender over HTTP: one connection kept open, one request at a time.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use oir_wire::finans::SoapVersion;
use tokio::net::TcpStream;

use super::load::Sender;

/// What every receipt for a sound bilag says, ours and the peer's, whatever the case.
const RECEIVED: &str = "modtaget";

/// Where to send.
#[derive(Debug, Clone)]
pub(super) struct Address {
    host: String,
    path: String,
}

impl Address {
    /// From `http://host:port/path`.
    pub(super) fn parse(url: &str) -> anyhow::Result<Self> {
        let rest = url
            .strip_prefix("http://")
            .context("adressen skal begynde med http://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(Self {
            host: host.to_owned(),
            path: format!("/{path}"),
        })
    }

    /// What a page says.
    pub(super) async fn get(&self) -> anyhow::Result<String> {
        let mut connection = Connection::open(self.clone()).await?;
        let request = Request::get(&self.path)
            .header(HOST, &self.host)
            .body(Full::default())?;
        let response = connection.line.send_request(request).await?;
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// So many connections to it.
    pub(super) async fn connect(&self, count: u16) -> anyhow::Result<Vec<Connection>> {
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(Connection::open(self.clone()).await?);
        }
        Ok(all)
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Connection {
    at: Address,
    line: SendRequest<Full<Bytes>>,
}

impl Connection {
    async fn open(at: Address) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(&at.host)
            .await
            .with_context(|| format!("{} svarer ikke", at.host))?;
        stream.set_nodelay(true)?;
        let (line, carry) = handshake(TokioIo::new(stream)).await?;
        // It ends when the last request's handle is dropped.
        tokio::spawn(async move { drop(carry.await) });
        Ok(Self { at, line })
    }
}

impl Sender for Connection {
    async fn exchange(&mut self, body: Vec<u8>) -> anyhow::Result<()> {
        let request = Request::post(&self.at.path)
            .header(HOST, &self.at.host)
            .header(CONTENT_TYPE, SoapVersion::V11.content_type())
            .body(Full::new(Bytes::from(body)))?;
        self.line.ready().await?;
        let response = self.line.send_request(request).await?;
        let status = response.status();
        let answer = response.into_body().collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&answer);
        ensure!(
            status == StatusCode::OK && text.to_ascii_lowercase().contains(RECEIVED),
            "svaret er ikke en kvittering for modtagelse ({status}): {text}"
        );
        Ok(())
    }
}
