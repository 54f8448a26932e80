//! What the hub knows of its surroundings while it judges: who may send for whom, which
//! periods are open, what values there are and where they go. One immutable snapshot,
//! indexed for lookup; a change makes a new one with a higher version.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::calendar::{BookingPeriod, Validity};
use crate::ids::FagsystemId;
use crate::omsaetning::{
    Compiled, Condition, InForce, Mode, Rule, TableId, Tables, Target, Template,
};
use crate::party::{Cvr, Fagsystem, Kommunekode, Myndighed};

/// A system may post for an authority on these days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// For whom.
    pub kommune: Kommunekode,
    /// Who.
    pub fagsystem: FagsystemId,
    /// When; judged on the day of reception.
    pub validity: Validity,
}

/// One value that a system may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sortimentspost {
    /// Whose sortiment.
    pub fagsystem: FagsystemId,
    /// None = a national value; else the municipality's own.
    pub kommune: Option<Kommunekode>,
    /// The dimension.
    pub facet: Box<str>,
    /// The value.
    pub vaerdi: Box<str>,
    /// When it may be used; judged on the konteringsdag.
    pub validity: Validity,
}

/// One row of the table a municipality starts with: this value goes to that account. It is
/// version 0 of its omsætningstabel; later versions have rules ([`crate::omsaetning::Rule`]).
#[doc(alias = "mapping")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omsaetningsrow {
    /// Whose table.
    pub kommune: Kommunekode,
    /// Whose value.
    pub fagsystem: FagsystemId,
    /// The value, in the system's `konteringsfacet`.
    pub vaerdi: Box<str>,
    /// The account in the municipality's kontoplan, in the form its books use.
    pub konto: Box<str>,
    /// When; judged on the konteringsdag.
    pub validity: Validity,
}

/// The bookkeeping system of a municipality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Whose.
    pub kommune: Kommunekode,
    /// Address of its service.
    pub url: Box<str>,
    /// Whether it promises to book a `BilagUUID` once only, however often it is sent.
    /// Without that promise nothing uncertain is ever sent again unasked.
    pub idempotent: bool,
}

/// The facts as lists, in the form of import, export and storage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RegisterData {
    /// Authorities.
    pub myndigheder: Vec<Myndighed>,
    /// Using systems.
    pub fagsystemer: Vec<Fagsystem>,
    /// Who may send for whom.
    pub agreements: Vec<Agreement>,
    /// Booking periods.
    pub periods: Vec<(Kommunekode, BookingPeriod)>,
    /// Values.
    pub sortiment: Vec<Sortimentspost>,
    /// Value → account.
    pub omsaetning: Vec<Omsaetningsrow>,
    /// Bookkeeping systems.
    pub receivers: Vec<Receiver>,
}

/// Why a value may not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueFault {
    /// The system has no such facet.
    Facet,
    /// The facet has no such value here.
    Value,
    /// The value holds on other days.
    NotInForce,
}

type Values = HashMap<Box<str>, Vec<(Option<Kommunekode>, Validity)>>;

/// The indexed snapshot.
#[derive(Debug, Clone, Default)]
pub struct Register {
    version: i64,
    by_cvr: HashMap<Cvr, Myndighed>,
    fagsystemer: HashMap<FagsystemId, Fagsystem>,
    agreements: HashMap<(Kommunekode, FagsystemId), Vec<Validity>>,
    periods: HashMap<Kommunekode, Vec<BookingPeriod>>,
    sortiment: HashMap<FagsystemId, HashMap<Box<str>, Values>>,
    omsaetning: HashMap<(Kommunekode, FagsystemId), Tables>,
    receivers: HashMap<Kommunekode, Receiver>,
    modes: HashMap<(Kommunekode, FagsystemId), Mode>,
}

impl Register {
    /// Indexes the facts under the version they were read at.
    #[must_use]
    pub fn new(version: i64, data: RegisterData) -> Self {
        Self::compiling(version, data, |_, rules| {
            Arc::new(Compiled::lenient(rules).0)
        })
    }

    /// The same, with the rules of version 0 of each table compiled by somebody who may have
    /// done so before.
    #[must_use]
    pub fn compiling(
        version: i64,
        data: RegisterData,
        compile: impl FnMut(TableId, Vec<Rule>) -> Arc<Compiled>,
    ) -> Self {
        let mut register = Self {
            version,
            ..Self::default()
        };
        register.by_cvr = data.myndigheder.into_iter().map(|m| (m.cvr, m)).collect();
        register.fagsystemer = data.fagsystemer.into_iter().map(|f| (f.id, f)).collect();
        register.receivers = data.receivers.into_iter().map(|r| (r.kommune, r)).collect();
        for a in data.agreements {
            register
                .agreements
                .entry((a.kommune, a.fagsystem))
                .or_default()
                .push(a.validity);
        }
        for (kommune, period) in data.periods {
            register.periods.entry(kommune).or_default().push(period);
        }
        for s in data.sortiment {
            let values = register
                .sortiment
                .entry(s.fagsystem)
                .or_default()
                .entry(s.facet)
                .or_default();
            values
                .entry(s.vaerdi)
                .or_default()
                .push((s.kommune, s.validity));
        }
        register.omsaetning = starting_tables(data.omsaetning, &register.fagsystemer, compile)
            .map(|(whose, version)| (whose, Tables::new(vec![version])))
            .collect();
        register
    }

    /// The version it was read at.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The authority with that CVR.
    #[must_use]
    pub fn myndighed(&self, cvr: Cvr) -> Option<&Myndighed> {
        self.by_cvr.get(&cvr)
    }

    /// All authorities, in no order.
    pub fn myndigheder(&self) -> impl Iterator<Item = &Myndighed> {
        self.by_cvr.values()
    }

    /// The system with that id.
    #[must_use]
    pub fn fagsystem(&self, id: FagsystemId) -> Option<&Fagsystem> {
        self.fagsystemer.get(&id)
    }

    /// The system with that id or short name, large letters or small.
    #[must_use]
    pub fn fagsystem_named(&self, named: &str) -> Option<&Fagsystem> {
        let by_id = named.parse().ok().and_then(|id| self.fagsystem(id));
        let so = |f: &&Fagsystem| f.kortnavn.eq_ignore_ascii_case(named);
        by_id.or_else(|| self.fagsystemer.values().find(so))
    }

    /// All systems, in no order.
    pub fn fagsystemer(&self) -> impl Iterator<Item = &Fagsystem> {
        self.fagsystemer.values()
    }

    /// Whether the system may send for the authority on the day.
    #[must_use]
    pub fn may_send(&self, kommune: Kommunekode, fagsystem: FagsystemId, day: Date) -> bool {
        self.agreements
            .get(&(kommune, fagsystem))
            .is_some_and(|v| v.iter().any(|v| v.covers(day)))
    }

    /// The municipality's booking periods.
    #[must_use]
    pub fn periods(&self, kommune: Kommunekode) -> &[BookingPeriod] {
        self.periods.get(&kommune).map_or(&[], Vec::as_slice)
    }

    /// The values that a system may send for a municipality: national ones and its own, on
    /// the days on which each may be used; in no order.
    #[must_use]
    pub fn sortiment(&self, kommune: Kommunekode, fagsystem: FagsystemId) -> Vec<Sortimentspost> {
        let facets = self.sortiment.get(&fagsystem).into_iter().flatten();
        let values = facets.flat_map(|(facet, values)| values.iter().map(move |v| (facet, v)));
        let posts = values.flat_map(|(facet, (vaerdi, uses))| {
            let ours = uses
                .iter()
                .filter(move |(of, _)| of.is_none_or(|of| of == kommune));
            ours.map(move |(of, validity)| Sortimentspost {
                fagsystem,
                kommune: *of,
                facet: facet.clone(),
                vaerdi: vaerdi.clone(),
                validity: *validity,
            })
        });
        posts.collect()
    }

    /// Whether the value may be used.
    ///
    /// # Errors
    /// The reason, when it may not.
    pub fn value_in_force(
        &self,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
        facet: &str,
        vaerdi: &str,
        day: Date,
    ) -> Result<(), ValueFault> {
        let facets = self.sortiment.get(&fagsystem).ok_or(ValueFault::Facet)?;
        let values = facets.get(facet).ok_or(ValueFault::Facet)?;
        let posts = values.get(vaerdi).ok_or(ValueFault::Value)?;
        let mut ours = posts
            .iter()
            .filter(|(k, _)| k.is_none_or(|k| k == kommune))
            .peekable();
        if ours.peek().is_none() {
            return Err(ValueFault::Value);
        }
        if ours.any(|(_, v)| v.covers(day)) {
            Ok(())
        } else {
            Err(ValueFault::NotInForce)
        }
    }

    /// Puts approved versions of tables beside those that came with the register.
    #[must_use]
    pub fn with_tables(mut self, approved: Vec<((Kommunekode, FagsystemId), InForce)>) -> Self {
        let mut by_table: HashMap<_, Vec<InForce>> = HashMap::new();
        for (whose, version) in approved {
            by_table.entry(whose).or_default().push(version);
        }
        for (whose, mut versions) in by_table {
            let tables = self.omsaetning.entry(whose).or_default();
            versions.extend_from_slice(tables.versions());
            *tables = Tables::new(versions);
        }
        self
    }

    /// Says who finds the accounts: for each table what was decided last. A table that nothing was
    /// decided of is the hub's to apply.
    #[must_use]
    pub fn with_modes(mut self, decided: Vec<((Kommunekode, FagsystemId), Mode)>) -> Self {
        self.modes.extend(decided);
        self
    }

    /// Who finds the accounts of a municipality's bilag from a fagsystem.
    #[must_use]
    pub fn mode(&self, kommune: Kommunekode, fagsystem: FagsystemId) -> Mode {
        let decided = self.modes.get(&(kommune, fagsystem));
        decided.copied().unwrap_or_default()
    }

    /// Whether anything was ever decided of a table: else no bilag of it is the ERP's to map.
    #[must_use]
    pub fn was_decided(&self, kommune: Kommunekode, fagsystem: FagsystemId) -> bool {
        self.modes.contains_key(&(kommune, fagsystem))
    }

    /// The version of the omsætningstabel that is for a konteringsdag.
    #[must_use]
    pub fn table(
        &self,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
        day: Date,
    ) -> Option<&InForce> {
        self.omsaetning.get(&(kommune, fagsystem))?.on(day)
    }

    /// The municipality's bookkeeping system.
    #[must_use]
    pub fn receiver(&self, kommune: Kommunekode) -> Option<&Receiver> {
        self.receivers.get(&kommune)
    }
}

/// Version 0 of each table: in force since ever, one rule for each row.
fn starting_tables(
    rows: Vec<Omsaetningsrow>,
    fagsystemer: &HashMap<FagsystemId, Fagsystem>,
    mut compile: impl FnMut(TableId, Vec<Rule>) -> Arc<Compiled>,
) -> impl Iterator<Item = ((Kommunekode, FagsystemId), InForce)> {
    let mut by_table: HashMap<_, Vec<Omsaetningsrow>> = HashMap::new();
    for row in rows {
        let whose = (row.kommune, row.fagsystem);
        by_table.entry(whose).or_default().push(row);
    }
    by_table.into_iter().map(move |(whose, rows)| {
        let fagsystem = fagsystemer.get(&whose.1);
        let facet = fagsystem.map_or("", |f| &*f.konteringsfacet);
        let table = TableId {
            kommune: whose.0,
            fagsystem: whose.1,
        };
        let version = InForce {
            number: 0,
            from: Date::MIN,
            table: compile(table, starting_rules(facet, rows)),
        };
        (whose, version)
    })
}

/// The rules that such rows are, numbered from 1 in their order. An import refuses rows that
/// overlap ([`overlapping_rows`]), so they do not tie.
#[must_use]
pub fn starting_rules(facet: &str, rows: Vec<Omsaetningsrow>) -> Vec<Rule> {
    let rule = |(number, row): (u32, Omsaetningsrow)| Rule {
        number,
        conditions: vec![(facet.into(), Condition::Is(row.vaerdi))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: row.validity,
        targets: vec![Target::whole(Template::fixed(&row.konto))],
        comment: Box::default(),
    };
    (1..).zip(rows).map(rule).collect()
}

/// Two rows of one omsætningstabel that claim the same value on the same day.
/// They are refused when the table is written, never met when a bilag is booked.
#[must_use]
pub fn overlapping_rows(rows: &[Omsaetningsrow]) -> Vec<(&Omsaetningsrow, &Omsaetningsrow)> {
    let mut seen: HashMap<(Kommunekode, FagsystemId, &str), Vec<&Omsaetningsrow>> = HashMap::new();
    let mut overlaps = Vec::new();
    for row in rows {
        let others = seen
            .entry((row.kommune, row.fagsystem, &row.vaerdi))
            .or_default();
        overlaps.extend(
            others
                .iter()
                .filter(|o| o.validity.overlaps(&row.validity))
                .map(|o| (*o, row)),
        );
        others.push(row);
    }
    overlaps
}
