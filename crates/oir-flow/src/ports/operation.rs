//! Operation: what workers tell of receivers and ask before they call, and what pages and
//! commands ask and decide. Kept by the store, so that every process knows the same.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::{PauseId, StopId};
use oir_domain::operation::health::Heard;
use oir_domain::operation::pause::{Pause, PlannedStop};
use oir_domain::operation::{Expiry, Facts, Upkeep, UpkeepKind};
use oir_domain::party::Kommunekode;

use super::Answer;
use super::sessions::Deed;

/// Whether a receiver may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hold {
    /// It is paused now.
    pub paused: bool,
    /// When its latest pause ended, if it had one: silence before it was no silence.
    pub resumed: Option<Timestamp>,
}

/// The workers' side.
pub trait Partners: Send + Sync + std::fmt::Debug {
    /// Whether a receiver is paused, and when it last was.
    fn hold(&self, kommune: Kommunekode, now: Timestamp) -> Answer<'_, Hold>;

    /// Adds calls to what is known of the receivers' health, whatever other processes add.
    fn heard<'a>(&'a self, calls: &'a [(Kommunekode, Heard)]) -> Answer<'a, ()>;

    /// Notes certificates as they were seen now, each in place of what was seen before.
    fn shown<'a>(&'a self, certificates: &'a [Expiry], now: Timestamp) -> Answer<'a, ()>;

    /// Notes how large the database is on a day.
    fn sized(&self, dag: Date) -> Answer<'_, ()>;
}

/// The side of pages and commands. What is written is written together with its line of the
/// log.
pub trait Operation: Send + Sync + std::fmt::Debug {
    /// Everything that somebody sees of the operation; the room on the disk is not the
    /// store's to know, and machine keys are another port's.
    fn facts<'a>(&'a self, scope: &'a Scope, now: Timestamp) -> Answer<'a, Facts>;

    /// Stops that people should know of now: those of the whole service, and of receivers
    /// that they see something of.
    fn news<'a>(&'a self, scope: &'a Scope, now: Timestamp) -> Answer<'a, Vec<PlannedStop>>;

    /// Begins a pause. The scope must cover it: false = it does not, and nothing is done.
    fn pause<'a>(&'a self, scope: &'a Scope, pause: &'a Pause, deed: &'a Deed) -> Answer<'a, bool>;

    /// Ends a pause that is not over. False = there is none, or the scope does not cover it.
    fn resume<'a>(&'a self, scope: &'a Scope, id: PauseId, deed: &'a Deed) -> Answer<'a, bool>;

    /// Announces a stop, with the pause that it brings. False = the scope does not cover it.
    fn announce<'a>(
        &'a self,
        scope: &'a Scope,
        stop: &'a PlannedStop,
        pause: Option<&'a Pause>,
        deed: &'a Deed,
    ) -> Answer<'a, bool>;

    /// Calls a stop off that is not over, and ends its pause. False = there is none, or the
    /// scope does not cover it.
    fn cancel<'a>(&'a self, scope: &'a Scope, id: StopId, deed: &'a Deed) -> Answer<'a, bool>;

    /// Notes that care was taken.
    fn cared<'a>(&'a self, kind: UpkeepKind, upkeep: &'a Upkeep) -> Answer<'a, ()>;
}

/// Something else that knows of ends, e.g. the keys of machines.
pub trait Expiring: Send + Sync + std::fmt::Debug {
    /// What ends before an instant, as far as somebody sees it.
    fn expiring<'a>(&'a self, scope: &'a Scope, before: Timestamp) -> Answer<'a, Vec<Expiry>>;
}

/// Whether somebody has a say over what is a municipality's, or the whole service's.
#[must_use]
pub fn has_say(scope: &Scope, kommune: Option<Kommunekode>) -> bool {
    match kommune {
        Some(kommune) => scope.covers(kommune, None),
        None => scope.is_everything(),
    }
}
