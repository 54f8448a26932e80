//! Kontoplaner as the store keeps them: every version of each, and none is ever changed.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::{Konto, KontoForm, Kontoplan, KontoplanHead};
use oir_domain::party::Kommunekode;

use super::Answer;
use super::sessions::Deed;

/// A file that somebody looks at before it becomes a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id; no secret.
    pub id: UploadId,
    /// Whose kontoplan it shall become.
    pub kommune: Kommunekode,
    /// The form that was chosen.
    pub form: KontoForm,
    /// When it came.
    pub at: Timestamp,
    /// From whom: the identity provider's name for them. Nobody else sees it.
    pub subject: Box<str>,
    /// The file's name.
    pub source: Box<str>,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The kontoplaner of the municipalities. What a scope does not touch is not there.
pub trait Kontoplaner: Send + Sync + std::fmt::Debug {
    /// The newest version of each kontoplan, by municipality.
    fn kontoplaner<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KontoplanHead>>;

    /// The versions of one kontoplan, newest first: those before one, or the newest.
    fn kontoplan_versions<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<KontoplanHead>>;

    /// One version with all its accounts; the newest when none is named. None = nobody has
    /// imported it.
    fn kontoplan<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        version: Option<u32>,
    ) -> Answer<'a, Option<Kontoplan>>;

    /// Keeps a version together with its line of the log. False = the version before it is
    /// not the newest, and nothing is kept: somebody else imported meanwhile.
    fn import_kontoplan<'a>(
        &'a self,
        head: &'a KontoplanHead,
        konti: &'a [Konto],
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// Keeps a file for the one who sent it, and forgets those that came before `oldest`.
    fn keep_upload<'a>(&'a self, upload: &'a Upload, oldest: Timestamp) -> Answer<'a, ()>;

    /// The file that this person sent.
    fn upload<'a>(&'a self, id: UploadId, subject: &'a str) -> Answer<'a, Option<Upload>>;
}
