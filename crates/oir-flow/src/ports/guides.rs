//! Guides as the store keeps them: every version of each, and none is ever changed.

use oir_domain::access::Scope;
use oir_domain::guide::{Guide, GuideHead, GuidePlace};
use oir_domain::ids::FagsystemId;

use super::Answer;
use super::sessions::Deed;

/// The shelf of guides. What a scope does not cover is not there; the country's guides are
/// for everybody who sees anything.
pub trait Guides: Send + Sync + std::fmt::Debug {
    /// The newest version of each guide of one fagsystem, or of all; withdrawn ones too.
    fn shelf<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Vec<GuideHead>>;

    /// One version with its text; the newest when none is named.
    fn guide<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        version: Option<u32>,
    ) -> Answer<'a, Option<Guide>>;

    /// The versions of one guide, newest first: those before one, or the newest.
    fn guide_versions<'a>(
        &'a self,
        scope: &'a Scope,
        place: &'a GuidePlace,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<GuideHead>>;

    /// Keeps a version together with its line of the log. False = the version before it is
    /// not the newest, and nothing is kept: somebody else wrote meanwhile.
    fn write_guide<'a>(&'a self, guide: &'a Guide, deed: &'a Deed) -> Answer<'a, bool>;
}
