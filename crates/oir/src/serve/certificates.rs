//! Notes when the certificates end that no delivery shows: the identity provider's, and
//! those in files that the settings name.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use oir_domain::operation::{Expiry, ExpiryKind};
use oir_flow::ports::identity::IdentityProvider;
use oir_flow::ports::operation::Partners;
use oir_flow::ports::process::Clock;
use oir_store::Store;
use oir_transport::end_of_file;
use tokio::sync::watch;

use crate::process::SystemClock;

/// How often it is looked: certificates are told of days before they end.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// Looks until told to stop.
pub(super) async fn follow(
    store: Store,
    provider: Option<Arc<dyn IdentityProvider>>,
    files: Vec<PathBuf>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let mut seen = of_files(&files);
        let shown = provider
            .as_ref()
            .and_then(|provider| provider.certificate());
        seen.extend(shown.map(|shown| Expiry {
            kind: ExpiryKind::Provider,
            name: shown.host,
            kommune: None,
            expires: shown.expires,
        }));
        if !seen.is_empty()
            && let Err(failure) = store.shown(&seen, SystemClock.now()).await
        {
            tracing::warn!(%failure, "certificates could not be noted");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

fn of_files(files: &[PathBuf]) -> Vec<Expiry> {
    let mut seen = Vec::new();
    for file in files {
        match end_of_file(file) {
            Ok(expires) => seen.push(Expiry {
                kind: ExpiryKind::File,
                name: file.display().to_string().into(),
                kommune: None,
                expires,
            }),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a certificate cannot be read");
            }
        }
    }
    seen
}
