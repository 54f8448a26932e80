//! The accept loop: time limits for headers and for a peer that does not take its answers, a limit on connections, and a stop that lets
//! requests under way finish.

mod patient;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::Peer;
use patient::Patient;

/// Limits of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time from connecting, or from the last answer, to the end of the headers.
    pub headers: Duration,
    /// Most connections at a time; more wait in the kernel's queue.
    pub connections: usize,
    /// Longest time in which a peer takes nothing of what it is sent.
    pub taking: Duration,
    /// Longest time that a stop waits for requests under way.
    pub stop: Duration,
}

impl Limits {
    /// Thirty seconds for headers, a thousand connections, a minute to take something of an
    /// answer, twenty seconds to finish. The kernel says that a peer took something when a
    /// third of its buffer is free again: a line of a few hundred kbit/s keeps its place.
    pub const STANDARD: Self = Self {
        headers: Duration::from_secs(30),
        connections: 1_000,
        taking: Duration::from_secs(60),
        stop: Duration::from_secs(20),
    };
}

/// Pause after the kernel refused a connection (out of file descriptors, mostly).
const AFTER_REFUSAL: Duration = Duration::from_millis(100);

/// Most bytes that a connection holds of a request not yet handed on, or of an answer not
/// yet taken: headers fit, and a thousand connections take 64 MiB.
const BUFFER_MAX: usize = 64 * 1024;

/// Serves until `stop` is done and what was under way has finished or had its time.
/// True = everything finished.
///
/// # Errors
/// Never at present; the listener is ready when it is handed over.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<bool> {
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place.ok(),
        };
        let (stream, from) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                    continue;
                }
            },
        };
        // Receipts are small and waited for.
        drop(stream.set_nodelay(true));
        let peer = Peer(from.ip());
        let service = routes
            .clone()
            .map_request(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(peer);
                request
            });
        let service = TowerToHyperService::new(service);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.headers)
            .max_buf_size(BUFFER_MAX)
            .serve_connection(TokioIo::new(Patient::new(stream, limits.taking)), service);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    Ok(tokio::time::timeout(limits.stop, graceful.shutdown())
        .await
        .is_ok())
}

#[cfg(test)]
mod tests;
