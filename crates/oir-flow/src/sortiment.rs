//! Registering in the classification: read, judge, write, and again when somebody was first.

pub mod rows;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use oir_domain::access::Scope;
use oir_domain::calendar::{Validity, copenhagen};
use oir_domain::ids::FagsystemId;
use oir_domain::klassifikation::apply::{Operation, Said, apply};
use oir_domain::klassifikation::check::{KlasseFault, KlasseFaultCode, beside};
use oir_domain::klassifikation::sortiment::{
    Dimension, Owner, Vaerdi, dimension, facet_of, owner, values,
};
use oir_domain::klassifikation::{Kind, Livscyklus, Objekt, RelationKind, UnikId};
use oir_domain::party::{Cvr, Kommunekode};
use uuid::Uuid;

use crate::ports::StoreFailure;
use crate::ports::process::{Clock, Ids};
use crate::ports::sessions::Deed;
use crate::ports::sortiment::{Announcement, Draft, Sortimenter};

/// Others that may be first before the store counts as too busy.
const TRIES: usize = 20;

/// Whose national values somebody may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum National {
    /// Nobody's.
    None,
    /// One fagsystem's.
    Of(FagsystemId),
    /// Everybody's.
    All,
}

/// Who registers, and how far they may.
#[derive(Debug, Clone)]
pub struct Editor {
    /// Whose own values.
    pub scope: Scope,
    /// Whose national values and dimensions.
    pub national: National,
    /// As whom the registrations are signed.
    pub by: Option<UnikId>,
}

impl Editor {
    /// The program itself, on behalf of who runs it.
    #[must_use]
    pub fn everything() -> Self {
        Self {
            scope: Scope::everything(),
            national: National::All,
            by: None,
        }
    }

    fn may(&self, fagsystem: Option<FagsystemId>, kommune: Option<Kommunekode>) -> bool {
        match (kommune, self.national) {
            (Some(kommune), _) => self.scope.covers(kommune, fagsystem),
            (None, National::All) => true,
            (None, National::Of(own)) => fagsystem == Some(own),
            (None, National::None) => false,
        }
    }
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// To what kind of object.
    pub kind: Kind,
    /// To which.
    pub objekt: Uuid,
    /// What.
    pub operation: Operation,
    /// Why.
    pub note: Option<Box<str>>,
}

/// Why nothing was registered.
#[derive(Debug)]
pub enum NotRegistered {
    /// Everything that is wrong with the orders.
    Faults(Vec<KlasseFault>),
    /// The store failed.
    Store(StoreFailure),
}

impl From<StoreFailure> for NotRegistered {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

/// The classification with time and ids. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Classification {
    /// Where it is kept.
    pub store: Arc<dyn Sortimenter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
}

impl Classification {
    /// Registers all of the orders or none, with an announcement when it is a set of changes
    /// said beforehand.
    ///
    /// # Errors
    /// Every fault of every order; or the store's failure.
    pub async fn register(
        &self,
        editor: &Editor,
        orders: &[Order],
        announcement: Option<&Announcement>,
        deed: &Deed,
    ) -> Result<Vec<Draft>, NotRegistered> {
        for _ in 0..TRIES {
            let position = self.store.position().await?;
            let drafts = self.judged(editor, orders, announcement).await?;
            let written = self
                .store
                .register_changes(position, &drafts, announcement, deed);
            if written.await? {
                return Ok(drafts);
            }
        }
        let busy = "the classification is contended";
        Err(StoreFailure::Unavailable(busy.into()).into())
    }

    async fn judged(
        &self,
        editor: &Editor,
        orders: &[Order],
        announcement: Option<&Announcement>,
    ) -> Result<Vec<Draft>, NotRegistered> {
        let ids: Vec<Uuid> = orders.iter().map(|order| order.objekt).collect();
        let there = self.store.objekter(&ids).await?;
        let there: HashMap<Uuid, Objekt> = there.into_iter().map(|one| (one.id, one)).collect();
        let owners = self.store.owners().await?.into_iter().collect();
        let dimensions = self.store.dimensions().await?;
        let mut judge = Judge {
            editor,
            owners,
            dimensions: dimensions.into_iter().map(|d| (d.facet, d)).collect(),
            there,
            announcement,
            now: self.clock.now(),
            drafts: Vec::new(),
            drafted: HashSet::new(),
            values: Vec::new(),
            same: HashSet::new(),
            faults: Vec::new(),
        };
        // Facets first: values of the same set may be in them.
        let facets = |order: &&Order| order.kind == Kind::Facet;
        for order in orders.iter().filter(facets) {
            judge.order(order);
        }
        for order in orders.iter().filter(|order| !facets(order)) {
            judge.order(order);
        }
        let around = self.store.surroundings(&ids, &judge.values).await?;
        let contents = judge.drafts.iter();
        let contents: Vec<_> = contents
            .filter(|draft| draft.registrering.livscyklus != Livscyklus::Slettet)
            .map(|draft| (draft.objekt, &draft.registrering.indhold))
            .collect();
        let beside = beside(&contents, &judge.values, &around);
        judge.faults.extend(beside);
        if judge.faults.is_empty() {
            let same = judge.same;
            let mut drafts = judge.drafts;
            drafts.retain(|draft| !same.contains(&draft.objekt));
            Ok(drafts)
        } else {
            Err(NotRegistered::Faults(judge.faults))
        }
    }
}

struct Judge<'a> {
    editor: &'a Editor,
    owners: HashMap<Cvr, Kommunekode>,
    dimensions: HashMap<Uuid, Dimension>,
    there: HashMap<Uuid, Objekt>,
    announcement: Option<&'a Announcement>,
    now: Timestamp,
    drafts: Vec<Draft>,
    /// The objects of `drafts`.
    drafted: HashSet<Uuid>,
    values: Vec<Vaerdi>,
    /// Objects that are brought in as they stand: judged beside the others, not said again.
    same: HashSet<Uuid>,
    faults: Vec<KlasseFault>,
}

impl Judge<'_> {
    fn order(&mut self, order: &Order) {
        let id = order.objekt;
        if self.drafted.contains(&id) {
            self.fault(id, KlasseFaultCode::Exists, &[]);
            return;
        }
        let objekt = self.there.get(&id);
        if objekt.is_some_and(|objekt| objekt.kind != order.kind) {
            self.fault(id, KlasseFaultCode::Unknown, &[]);
            return;
        }
        let before = objekt.and_then(Objekt::latest);
        // A clock that was set back, or two registrations in a microsecond: just after.
        let next = before.and_then(|b| b.tidspunkt.checked_add(1.microsecond()).ok());
        let said = Said {
            at: next.map_or(self.now, |next| next.max(self.now)),
            by: self.editor.by.clone(),
            note: order.note.clone(),
        };
        let operation = order.operation.clone();
        let registrering = match apply(order.kind, id, before, operation, said) {
            Ok(registrering) => registrering,
            Err(faults) => {
                self.faults.extend(faults);
                return;
            }
        };
        let in_use = |l| matches!(l, Livscyklus::Opstaaet | Livscyklus::Importeret);
        let repeat = before.is_some_and(|b| {
            matches!(order.operation, Operation::Importer(_))
                && in_use(b.livscyklus)
                && b.indhold == registrering.indhold
        });
        let number = objekt.map_or(0, |objekt| objekt.registreringer.len());
        let mut draft = Draft {
            kind: order.kind,
            objekt: id,
            number: u32::try_from(number).unwrap_or(u32::MAX),
            registrering,
            fagsystem: None,
            kommune: None,
        };
        if repeat {
            self.same.insert(id);
        }
        match self.place(&mut draft) {
            Ok(()) => self.placed(draft),
            Err(fault) => self.faults.push(fault),
        }
    }

    fn fault(&mut self, id: Uuid, code: KlasseFaultCode, values: &[&str]) {
        self.faults.push(KlasseFault::new(id, code, values));
    }

    /// In whose sortiment it is and whose own.
    fn place(&mut self, draft: &mut Draft) -> Result<(), KlasseFault> {
        let id = draft.objekt;
        let indhold = &draft.registrering.indhold;
        if draft.kind != Kind::Klasse {
            let ejer = indhold.related(RelationKind::Ejer).last();
            let ejer = ejer.and_then(|one| one.til.as_ref()?.uuid());
            draft.fagsystem = ejer.map(FagsystemId::from_uuid);
            if draft.kind == Kind::Facet {
                let old = self.dimensions.remove(&id);
                if let Some(new) = dimension(id, &draft.registrering) {
                    let moved = old.is_some_and(|old| old.fagsystem != new.fagsystem);
                    self.dimensions.insert(id, new);
                    if moved {
                        return Err(KlasseFault::new(id, KlasseFaultCode::Moved, &[]));
                    }
                }
            }
            return Ok(());
        }
        draft.kommune = match owner(indhold) {
            Owner::National => None,
            Owner::Kommune(kommune) => Some(kommune),
            Owner::Myndighed(cvr) => {
                let kommune = self.owners.get(&cvr).copied();
                let code = KlasseFaultCode::UnknownOwner;
                let unknown = || KlasseFault::new(id, code, &[&cvr.to_string()]);
                Some(kommune.ok_or_else(unknown)?)
            }
        };
        if let Some(facet) = facet_of(indhold) {
            let code = KlasseFaultCode::UnknownFacet;
            let gone = draft.registrering.livscyklus == Livscyklus::Slettet;
            match self.dimensions.get(&facet) {
                Some(dimension) => draft.fagsystem = Some(dimension.fagsystem),
                None if gone => {}
                None => return Err(KlasseFault::new(id, code, &[&facet.to_string()])),
            }
        }
        let before = self.there.get(&id).and_then(Objekt::latest);
        let before = before.filter(|before| before.livscyklus != Livscyklus::Slettet);
        let moved = before.is_some_and(|before| {
            owner(&before.indhold) != owner(indhold)
                || facet_of(&before.indhold).is_some_and(|f| Some(f) != facet_of(indhold))
        });
        if moved {
            return Err(KlasseFault::new(id, KlasseFaultCode::Moved, &[]));
        }
        Ok(())
    }

    fn placed(&mut self, draft: Draft) {
        let id = draft.objekt;
        if !self.editor.may(draft.fagsystem, draft.kommune) {
            self.fault(id, KlasseFaultCode::NotYours, &[]);
            return;
        }
        if draft.kind == Kind::Klasse {
            let zone = copenhagen();
            let after = values(id, &draft.registrering, draft.kommune, &zone);
            if let Some(announcement) = self.announcement {
                let before = self.there.get(&id).and_then(Objekt::latest);
                let before =
                    before.map_or_else(Vec::new, |before| values(id, before, draft.kommune, &zone));
                let outside = Some(draft.fagsystem) != Some(Some(announcement.fagsystem))
                    || draft.kommune != announcement.kommune;
                if outside {
                    self.fault(id, KlasseFaultCode::NotYours, &[]);
                }
                let day = announcement.effective;
                if until(&before, day) != until(&after, day) {
                    let code = KlasseFaultCode::BeforeItsDay;
                    self.fault(id, code, &[&day.to_string()]);
                }
            }
            self.values.extend(after);
        }
        self.drafted.insert(draft.objekt);
        self.drafts.push(draft);
    }
}

/// What values are on the days before one.
fn until(values: &[Vaerdi], day: Date) -> Vec<(Box<str>, Box<str>, Validity)> {
    let Ok(last) = day.yesterday() else {
        return Vec::new();
    };
    let before = values.iter().filter(|value| value.validity.from <= last);
    before
        .map(|value| {
            let to = value.validity.to.map_or(last, |to| to.min(last));
            let days = Validity {
                from: value.validity.from,
                to: Some(to),
            };
            (value.noegle.clone(), value.titel.clone(), days)
        })
        .collect()
}
