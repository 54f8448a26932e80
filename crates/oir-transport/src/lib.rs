//! Calls to partners over HTTP, and to the provider of identities. This room knows what a
//! connection can do to a call; what an answer means is the corridor's business.
#![deny(missing_docs)]

mod certificate;
mod courier;
mod failure;
mod identity;
mod mail;
mod tls;

pub use certificate::end_of_file;
pub use courier::{HttpCourier, Settings};
pub use identity::{OpenIdConnect, OpenIdSettings, OpenIdSettingsError, RoleClaim};
pub use mail::{MailSettings, MailSettingsError, MailTls, SmtpMailer};
