//! Who may see and do what, and where: one table, which the code asks and a page shows.
//!
//! A role is held in one municipality, for one fagsystem, or in the whole country; what a
//! person may is the sum of their roles and never more. Finans and debitor have roles of
//! their own, and neither sees the other's.

use std::fmt;

use crate::ids::FagsystemId;
use crate::party::Kommunekode;

/// A job-function role (note § 8, target groups 1-5; the project's own; operation; audit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// KOMBIT's ØiR project.
    KombitProjekt,
    /// The municipality's KOMBIT programme leader.
    KombitProgramleder,
    /// Owner of the municipality's ERP.
    ErpSystemejer,
    /// ØiR-ansvarlig Finans.
    AnsvarligFinans,
    /// ØiR-ansvarlig Debitor.
    AnsvarligDebitor,
    /// Works in finance: bookkeeping.
    OekonomiFinans,
    /// Works in finance: collection.
    OekonomiDebitor,
    /// Works in the area whose fagsystem sends.
    Fagomraade,
    /// Supplies a fagsystem or an ERP.
    Leverandoer,
    /// Runs the service.
    Drift,
    /// Audits: reads, never writes.
    Revisor,
}

/// Something that a role may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Counts and sums of a day, and which faults occurred.
    SeeFigures,
    /// Bilag and messages, with their text; personal numbers masked.
    SeeBilag,
    /// Lists of bilag as files.
    Export,
    /// Who is signed in, and the end of their sessions.
    EndSessions,
    /// The log of changes and looks.
    SeeAudit,
    /// Take, hand over, explain, postpone and close what stands still.
    HandleWork,
    /// Send again, release or give up what stands still on its way to the books.
    Redeliver,
    /// Write the guides of how errors are corrected at the source.
    WriteGuides,
    /// State what a fagsystem says that it has sent.
    StateControlTotal,
    /// Sign for a day whose accounts agree, or whose differences are explained.
    SignOffDay,
    /// Personal numbers of one bilag unmasked, for a purpose that is logged.
    Unmask,
    /// Bilag of one person, by their number.
    LookUpPerson,
    /// A random sample of others' looks at personal data.
    SampleLooks,
    /// Partners' health, queues, certificates, disk and backups.
    SeeOperation,
    /// Pause and resume a partner; announce a planned stop.
    RunPartners,
    /// Make, renew and end the keys of machines.
    ManageKeys,
    /// Sortimenter, kontoplaner and omsætningstabeller, their drafts included.
    SeeSortiment,
    /// Write values of a sortiment: one's own, and national ones where the whole fagsystem is.
    EditSortiment,
    /// Write a kontoplan.
    EditKontoplan,
    /// Write drafts of an omsætningstabel.
    EditOmsaetning,
    /// Put another person's draft of an omsætningstabel in force.
    ApproveOmsaetning,
}

impl Action {
    /// All of them, in the order in which the table of roles is shown.
    pub const ALL: [Self; 21] = [
        Self::SeeFigures,
        Self::SeeBilag,
        Self::Export,
        Self::HandleWork,
        Self::Redeliver,
        Self::WriteGuides,
        Self::SeeSortiment,
        Self::EditSortiment,
        Self::EditKontoplan,
        Self::EditOmsaetning,
        Self::ApproveOmsaetning,
        Self::StateControlTotal,
        Self::SignOffDay,
        Self::Unmask,
        Self::LookUpPerson,
        Self::SampleLooks,
        Self::SeeAudit,
        Self::SeeOperation,
        Self::RunPartners,
        Self::ManageKeys,
        Self::EndSessions,
    ];
}

/// How far a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The whole country.
    Country,
    /// One municipality.
    Kommune,
    /// One fagsystem in one municipality.
    KommuneFagsystem,
    /// One fagsystem wherever it is used.
    Fagsystem,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Who.
    pub role: Role,
    /// Where.
    pub reach: Reach,
    /// What.
    pub may: &'static [Action],
}

const fn rule(role: Role, reach: Reach, may: &'static [Action]) -> Rule {
    Rule { role, reach, may }
}

/// The table: what each role may. The debtor roles get theirs with the debtor half.
pub const TABLE: [Rule; 11] = {
    use Action as A;
    [
        rule(
            Role::KombitProjekt,
            Reach::Country,
            &[A::SeeFigures, A::WriteGuides, A::SeeSortiment],
        ),
        rule(
            Role::KombitProgramleder,
            Reach::Kommune,
            &[A::SeeFigures, A::SeeSortiment],
        ),
        rule(
            Role::ErpSystemejer,
            Reach::Kommune,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::SeeOperation,
                A::RunPartners,
                A::ManageKeys,
                A::SeeSortiment,
                A::EditKontoplan,
                A::EditOmsaetning,
            ],
        ),
        rule(
            Role::AnsvarligFinans,
            Reach::Kommune,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::Export,
                A::HandleWork,
                A::Redeliver,
                A::WriteGuides,
                A::StateControlTotal,
                A::SignOffDay,
                A::Unmask,
                A::LookUpPerson,
                A::EndSessions,
                A::SeeSortiment,
                A::EditSortiment,
                A::EditKontoplan,
                A::EditOmsaetning,
                A::ApproveOmsaetning,
            ],
        ),
        rule(Role::AnsvarligDebitor, Reach::Kommune, &[]),
        rule(
            Role::OekonomiFinans,
            Reach::Kommune,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::Export,
                A::HandleWork,
                A::Redeliver,
                A::StateControlTotal,
                A::SignOffDay,
                A::Unmask,
                A::LookUpPerson,
                A::SeeSortiment,
                A::EditOmsaetning,
                A::ApproveOmsaetning,
            ],
        ),
        rule(Role::OekonomiDebitor, Reach::Kommune, &[]),
        rule(
            Role::Fagomraade,
            Reach::KommuneFagsystem,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::Export,
                A::HandleWork,
                A::WriteGuides,
                A::StateControlTotal,
                A::Unmask,
                A::LookUpPerson,
                A::SeeSortiment,
            ],
        ),
        rule(
            Role::Leverandoer,
            Reach::Fagsystem,
            &[
                A::SeeFigures,
                A::WriteGuides,
                A::SeeSortiment,
                A::EditSortiment,
            ],
        ),
        rule(
            Role::Drift,
            Reach::Country,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::Export,
                A::Redeliver,
                A::SeeAudit,
                A::SeeOperation,
                A::RunPartners,
                A::ManageKeys,
                A::EndSessions,
                A::SeeSortiment,
            ],
        ),
        rule(
            Role::Revisor,
            Reach::Kommune,
            &[
                A::SeeFigures,
                A::SeeBilag,
                A::Export,
                A::SampleLooks,
                A::SeeAudit,
                A::SeeSortiment,
            ],
        ),
    ]
};

impl Role {
    /// Its line of the table.
    #[must_use]
    pub fn rule(self) -> &'static Rule {
        // Every role has a line; a test says so.
        let found = TABLE.iter().find(|rule| rule.role == self);
        found.unwrap_or(&NOTHING)
    }

    /// Its word in settings, claims and the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::KombitProjekt => "kombit-projekt",
            Self::KombitProgramleder => "kombit-programleder",
            Self::ErpSystemejer => "erp-systemejer",
            Self::AnsvarligFinans => "oir-ansvarlig-finans",
            Self::AnsvarligDebitor => "oir-ansvarlig-debitor",
            Self::OekonomiFinans => "oekonomi-finans",
            Self::OekonomiDebitor => "oekonomi-debitor",
            Self::Fagomraade => "fagomraade",
            Self::Leverandoer => "leverandoer",
            Self::Drift => "drift",
            Self::Revisor => "revisor",
        }
    }

    /// The role with that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let found = TABLE.iter().find(|rule| rule.role.word() == word);
        found.map(|rule| rule.role)
    }
}

const NOTHING: Rule = rule(Role::AnsvarligDebitor, Reach::Kommune, &[]);

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A role that somebody holds, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    role: Role,
    kommune: Option<Kommunekode>,
    fagsystem: Option<FagsystemId>,
}

impl Grant {
    /// A role with exactly as much place as it reaches: what it does not need is left out,
    /// and what it needs must be there, or nothing is granted.
    ///
    /// ```
    /// use oir_domain::access::{Grant, Role};
    /// use oir_domain::party::Kommunekode;
    /// let here = Some(Kommunekode(101));
    /// assert!(Grant::try_new(Role::OekonomiFinans, here, None).is_some());
    /// assert!(Grant::try_new(Role::Fagomraade, here, None).is_none());
    /// ```
    #[must_use]
    pub fn try_new(
        role: Role,
        kommune: Option<Kommunekode>,
        fagsystem: Option<FagsystemId>,
    ) -> Option<Self> {
        let (kommune, fagsystem) = match role.rule().reach {
            Reach::Country => (None, None),
            Reach::Kommune => (Some(kommune?), None),
            Reach::KommuneFagsystem => (Some(kommune?), Some(fagsystem?)),
            Reach::Fagsystem => (None, Some(fagsystem?)),
        };
        Some(Self {
            role,
            kommune,
            fagsystem,
        })
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The municipality; none = all.
    #[must_use]
    pub const fn kommune(&self) -> Option<Kommunekode> {
        self.kommune
    }

    /// The fagsystem; none = all.
    #[must_use]
    pub const fn fagsystem(&self) -> Option<FagsystemId> {
        self.fagsystem
    }
}

/// Somebody and what they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What their identity provider calls them, for ever.
    pub subject: Box<str>,
    /// What people call them.
    pub navn: Box<str>,
    /// Their roles.
    pub grants: Vec<Grant>,
}

impl Person {
    /// Where they may do that.
    #[must_use]
    pub fn scope(&self, action: Action) -> Scope {
        let allows = |grant: &&Grant| grant.role.rule().may.contains(&action);
        let patches = self.grants.iter().filter(allows).map(|grant| Patch {
            kommune: grant.kommune,
            fagsystem: grant.fagsystem,
        });
        Scope(patches.collect())
    }

    /// Where they have anything to do at all: what concerns them.
    #[must_use]
    pub fn concern(&self) -> Scope {
        let patches = self.grants.iter().map(|grant| Patch {
            kommune: grant.kommune,
            fagsystem: grant.fagsystem,
        });
        Scope(patches.collect())
    }

    /// Whether they may do that anywhere at all.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        !self.scope(action).is_nothing()
    }
}

/// A part of the country's bilag: of a municipality, of a fagsystem, of both or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// The municipality; none = all, those that could not be told included.
    pub kommune: Option<Kommunekode>,
    /// The fagsystem; none = all, those that could not be told included.
    pub fagsystem: Option<FagsystemId>,
}

/// What somebody sees: the sum of patches. Every question about bilag is asked with one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(Vec<Patch>);

impl Scope {
    /// Everything: for the program itself and its operator at the machine.
    #[must_use]
    pub fn everything() -> Self {
        Self(vec![Patch {
            kommune: None,
            fagsystem: None,
        }])
    }

    /// These patches and nothing else.
    #[must_use]
    pub const fn of(patches: Vec<Patch>) -> Self {
        Self(patches)
    }

    /// Nothing at all.
    #[must_use]
    pub const fn nothing() -> Self {
        Self(Vec::new())
    }

    /// The patches; none = nothing is seen.
    #[must_use]
    pub fn patches(&self) -> &[Patch] {
        &self.0
    }

    /// Whether nothing is seen.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything is seen: what belongs to the whole service is for those alone.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        let all = |patch: &Patch| patch.kommune.is_none() && patch.fagsystem.is_none();
        self.0.iter().any(all)
    }

    /// Whether what belongs there is seen.
    #[must_use]
    pub fn covers(&self, kommune: Kommunekode, fagsystem: Option<FagsystemId>) -> bool {
        self.0.iter().any(|patch| {
            patch.kommune.is_none_or(|own| own == kommune)
                && (patch.fagsystem.is_none() || patch.fagsystem == fagsystem)
        })
    }

    /// Whether something of that municipality is seen.
    #[must_use]
    pub fn touches(&self, kommune: Kommunekode) -> bool {
        let touches = |patch: &Patch| patch.kommune.is_none_or(|own| own == kommune);
        self.0.iter().any(touches)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Action, Grant, Person, Reach, Role, Scope, TABLE};
    use crate::ids::FagsystemId;
    use crate::party::Kommunekode;
    use uuid::Uuid;

    fn system(number: u128) -> FagsystemId {
        FagsystemId::from_uuid(Uuid::from_u128(number))
    }

    fn holding(role: Role) -> Person {
        let grant = Grant::try_new(role, Some(Kommunekode(101)), Some(system(1)));
        Person {
            subject: "s".into(),
            navn: "n".into(),
            grants: vec![grant.unwrap()],
        }
    }

    #[test]
    fn every_role_has_one_line_and_its_word_leads_back_to_it() {
        for rule in TABLE {
            let lines = TABLE.iter().filter(|other| other.role == rule.role);
            assert_eq!(lines.count(), 1, "{}", rule.role);
            assert_eq!(*rule.role.rule(), rule);
            assert_eq!(Role::from_word(rule.role.word()), Some(rule.role));
        }
        assert_eq!(Role::from_word("alt"), None);
    }

    #[test]
    fn a_role_is_seen_exactly_where_it_reaches() {
        for rule in TABLE {
            let person = holding(rule.role);
            for action in Action::ALL {
                let scope = person.scope(action);
                let may = rule.may.contains(&action);
                let beyond = matches!(rule.reach, Reach::Country | Reach::Fagsystem);
                let any_system = matches!(rule.reach, Reach::Country | Reach::Kommune);
                let at = |kommune, number| scope.covers(Kommunekode(kommune), Some(system(number)));
                assert_eq!(at(101, 1), may, "{} {action:?}", rule.role);
                assert_eq!(at(751, 1), may && beyond, "{} {action:?}", rule.role);
                assert_eq!(at(101, 2), may && any_system, "{} {action:?}", rule.role);
                let untold = scope.covers(Kommunekode::UNKNOWN, None);
                assert_eq!(untold, may && rule.reach == Reach::Country);
            }
        }
    }

    #[test]
    fn a_debtor_role_sees_nothing_of_finans() {
        for role in [Role::AnsvarligDebitor, Role::OekonomiDebitor] {
            assert!(Action::ALL.iter().all(|action| !holding(role).may(*action)));
        }
    }

    #[test]
    fn an_auditor_changes_nothing() {
        use Action as A;
        let reads = [
            A::SeeFigures,
            A::SeeBilag,
            A::Export,
            A::SampleLooks,
            A::SeeAudit,
            A::SeeSortiment,
        ];
        assert_eq!(Role::Revisor.rule().may, reads);
    }

    #[test]
    fn roles_add_up_and_nothing_more() {
        let mut person = holding(Role::Fagomraade);
        let other = Grant::try_new(Role::OekonomiFinans, Some(Kommunekode(751)), None);
        person.grants.push(other.unwrap());
        let scope = person.scope(Action::SeeBilag);
        assert!(scope.covers(Kommunekode(101), Some(system(1))));
        assert!(scope.covers(Kommunekode(751), Some(system(9))));
        assert!(!scope.covers(Kommunekode(101), Some(system(9))));
        assert!(scope.touches(Kommunekode(751)) && !scope.touches(Kommunekode(461)));
        assert!(Scope::everything().covers(Kommunekode::UNKNOWN, None));
    }
}
