//! A road to the server that can be blocked: what is sent arrives nowhere, and no
//! connection is refused or closed, as when a host loses its power.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Road {
    port: u16,
    open: watch::Sender<bool>,
}

impl Road {
    /// A road to the server of an address such as `postgres://user@host:port/name`.
    pub(crate) async fn to(url: &str) -> Self {
        let server = url
            .split('@')
            .nth(1)
            .and_then(|rest| rest.split('/').next());
        let server = server.expect("host and port").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (open, seen) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&server).await else {
                    continue;
                };
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                tokio::spawn(carry(near_in, far_out, seen.clone()));
                tokio::spawn(carry(far_in, near_out, seen.clone()));
            }
        });
        Self { port, open }
    }

    /// The address by this road.
    pub(crate) fn by(&self, url: &str) -> String {
        let (user, rest) = url.split_once('@').expect("a user");
        let (_, name) = rest.split_once('/').expect("a database");
        format!("{user}@127.0.0.1:{}/{name}", self.port)
    }

    pub(crate) fn block(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn unblock(&self) {
        self.open.send_replace(true);
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut open: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if open.wait_for(|open| *open).await.is_err()
            || to.write_all(&bytes[..length]).await.is_err()
        {
            return;
        }
    }
}
