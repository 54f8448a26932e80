//! Who maps, table by table, and what came of saying beforehand what an ERP will make of a bilag.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_domain::omsaetning::{Comparison, Kontering, Mode, TableId};

use super::Answer;
use super::sessions::Deed;

/// A decision of who maps. The last one of a table counts; none = the hub maps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModeChange {
    /// Of which table.
    pub table: TableId,
    /// 1, 2, … in the order of the table's decisions.
    pub number: u32,
    /// Who maps from then on.
    pub mode: Mode,
    /// From when: bilag that are received after it. Those that wait for an account go on, too.
    pub since: Timestamp,
    /// The name of who decided it.
    pub navn: Box<str>,
}

/// How many bilag of a table came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorCount {
    /// Which table.
    pub table: TableId,
    /// How; none = the books have not answered yet.
    pub comparison: Option<Comparison>,
    /// Of them, those for which a refusal was foreseen.
    pub refusal_foreseen: bool,
    /// Number of bilag.
    pub bilag: u64,
}

/// Which comparisons to list, by days of reception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorFilter {
    /// Of one table; none = of all that are covered.
    pub table: Option<TableId>,
    /// First and last day, both included.
    pub days: (Date, Date),
    /// Those that came out so; none = all differences ([`Comparison::is_difference`]).
    pub comparison: Option<Comparison>,
}

/// One posting, foreseen and as the books say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorLine {
    /// Its `Linjenummer`.
    pub linjenummer: u32,
    /// What our copy of the table says; none = it has no account.
    pub foreseen: Option<Kontering>,
    /// What the books say; none = nothing.
    pub told: Option<Kontering>,
}

/// A bilag that an ERP maps, with what was said of it beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorBilag {
    /// Of which table.
    pub table: TableId,
    /// Our id.
    pub id: BilagId,
    /// The sender's.
    pub bilag_uuid: BilagUuid,
    /// The number a case worker knows.
    pub afsender_bilagsnummer: Box<str>,
    /// Its Copenhagen day of reception.
    pub dag: Date,
    /// Where it stands.
    pub state: StateName,
    /// The version of our copy that was asked; none = there was none for its day.
    pub version: Option<u32>,
    /// How it came out, and when; none = the books have not said their last word.
    pub answered: Option<(Comparison, Timestamp)>,
    /// Its postings by `Linjenummer`.
    pub lines: Vec<MirrorLine>,
}

/// The shelf of predictions. What a scope does not cover is not there.
pub trait Mirrors: Send + Sync + std::fmt::Debug {
    /// The last decision of each table of which any was made.
    fn modes<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<ModeChange>>;

    /// All decisions of a table, the newest first.
    fn mode_history<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Vec<ModeChange>>;

    /// Decides who maps: the decision, the register's next version and the line of the log in one
    /// transaction. False = another decision has the number; nothing was written.
    fn decide_mode<'a>(&'a self, change: &'a ModeChange, deed: &'a Deed) -> Answer<'a, bool>;

    /// How bilag received on these days, both included, came out, table by table.
    fn mirror_counts<'a>(
        &'a self,
        scope: &'a Scope,
        days: (Date, Date),
    ) -> Answer<'a, Vec<MirrorCount>>;

    /// Bilag with what was foreseen and what came, newest first: those older than one.
    fn mirror_bilag<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a MirrorFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Vec<MirrorBilag>>;

    /// One bilag with what was foreseen; none when the hub maps it.
    fn mirror_of<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Option<MirrorBilag>>;
}
