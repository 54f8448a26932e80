//! TLS for every client of this room.

/// Chooses the cryptography of the process, once; a choice made before stands.
pub(crate) fn ready() {
    drop(rustls::crypto::ring::default_provider().install_default());
}
