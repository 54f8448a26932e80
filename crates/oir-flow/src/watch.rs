//! Looking at the operation: the facts of all who know some, put together for the page, the
//! command and the metrics alike.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::operation::Facts;
use oir_domain::operation::alarm::{Alarm, Limits, alarms};

use crate::ports::StoreFailure;
use crate::ports::operation::{Expiring, Operation};

/// How far ahead ends are asked for: the first warning comes thirty days before.
const AHEAD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Asks for the free bytes of the database's disk; none where it cannot be seen.
pub type FreeSpace = Arc<dyn Fn() -> Option<u64> + Send + Sync>;

/// What is known of the operation besides the store, and when it becomes an alarm.
#[derive(Clone)]
pub struct Watch {
    /// The room on the disk.
    pub free: FreeSpace,
    /// Others that know of ends.
    pub expiring: Vec<Arc<dyn Expiring>>,
    /// When facts become alarms.
    pub limits: Limits,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            free: Arc::new(|| None),
            expiring: Vec::new(),
            limits: Limits::STANDARD,
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("expiring", &self.expiring)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Watch {
    /// The facts as far as somebody sees them, and the alarms that they are.
    ///
    /// # Errors
    /// [`StoreFailure`] when they cannot be read.
    pub async fn look(
        &self,
        operation: &dyn Operation,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<(Facts, Vec<Alarm>), StoreFailure> {
        let mut facts = operation.facts(scope, now).await?;
        if let Some(house) = &mut facts.house {
            house.free = (self.free)();
        }
        let before = now.saturating_add(AHEAD).unwrap_or(now);
        for source in &self.expiring {
            facts.expiries.extend(source.expiring(scope, before).await?);
        }
        facts
            .expiries
            .sort_by(|a, b| (a.expires, &a.name).cmp(&(b.expires, &b.name)));
        let alarms = alarms(&facts, now, &self.limits);
        Ok((facts, alarms))
    }
}
