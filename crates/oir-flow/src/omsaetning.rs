//! Work on an omsætningstabel, for whoever asks: pages, machines and the command line. Who may
//! is asked here and nowhere else; what is written is written with its line of the log.
//!
//! A draft's rules are always right by themselves: what [`check`] finds is refused with all of
//! it at once, and the draft stays as it was. Undoing is a new draft that begins with an older
//! version's rules; nothing approved is ever taken back.
//!
//! A table is copied from another municipality of the same fagsystem when the one who copies
//! sees that table anyhow, or when its owner shares it, and when both write their accounts in
//! the same form. It comes with what does not fit: the other's own values and accounts.

mod covered;
mod simulate;

use std::ops::ControlFlow;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use oir_domain::access::{Action, Person, Scope};
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::kontoplan::KontoForm;
use oir_domain::omsaetning::check::{TableFaults, check};
use oir_domain::omsaetning::{
    self as rules_of, Compiled, Objection, Rule, Simulated, Stage, TableId, Unfit, Version, unfit,
};
use oir_domain::register::Register;
use thiserror::Error;

use crate::ports::StoreFailure;
use crate::ports::kontoplan::Kontoplaner;
use crate::ports::omsaetning::{CopySource, NewDraft, Omsaetningstabeller, Save, Sharing, Written};
use crate::ports::sessions::{Deed, deeds};

pub use covered::{Covered, covered, traffic_since, window, year_ahead};
pub use simulate::{Progress, Ran};

/// Longest purpose, in characters: two lines of a list.
pub const PURPOSE_MAX: usize = 300;

/// How long before its konteringsdag a bilag is sent at most (assumed: benefits are sent some
/// weeks ahead).
const AHEAD: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Somebody at work on one table, at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The shelf of tables.
    pub tables: &'a dyn Omsaetningstabeller,
    /// Who.
    pub by: &'a Person,
    /// When.
    pub now: Timestamp,
    /// On which table.
    pub table: TableId,
}

/// What a draft begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The rules of a version of the same table; an older one undoes what came after it.
    Version(u32),
    /// Another municipality's table of the same fagsystem.
    Copy(TableId),
}

/// What somebody says of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What it is for.
    pub purpose: Box<str>,
    /// First konteringsdag; none = not said yet.
    pub in_force_from: Option<Date>,
}

/// The facts that a copy is held against.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Sortimenter.
    pub register: &'a Register,
    /// Kontoplaner.
    pub kontoplaner: &'a dyn Kontoplaner,
}

/// A draft that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub number: u32,
    /// What of a copy does not fit here, by rule. Accounts are looked up when the municipality
    /// has imported its kontoplan.
    pub unfit: Vec<(u32, Unfit)>,
}

/// Why something was not done. Nothing is written then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotDone {
    /// There is no such table or version for them, or it is not theirs to do that.
    #[error("not there")]
    NotThere,
    /// Somebody else wrote meanwhile, there is a draft already, or it is no draft any more.
    #[error("somebody else wrote meanwhile")]
    Stale,
    /// The purpose is empty or longer than [`PURPOSE_MAX`].
    #[error("the purpose is empty or too long")]
    Purpose,
    /// The rules are wrong.
    #[error("the rules have faults")]
    Faults(TableFaults),
    /// It may not be approved.
    #[error("there are objections")]
    Objections(Vec<Objection>),
    /// The other municipality writes its accounts in another form.
    #[error("the accounts have another form")]
    OtherForm {
        /// Here.
        ours: KontoForm,
        /// There.
        theirs: KontoForm,
    },
    /// The simulation was called off.
    #[error("called off")]
    CalledOff,
    /// The store cannot do it now.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl Work<'_> {
    fn may(&self, action: Action) -> Result<(), NotDone> {
        let table = self.table;
        let covered = self
            .by
            .scope(action)
            .covers(table.kommune, Some(table.fagsystem));
        if covered {
            Ok(())
        } else {
            Err(NotDone::NotThere)
        }
    }

    /// What the rest of a question is asked with, when they may do that here.
    fn own(&self) -> Scope {
        Scope::of(vec![oir_domain::access::Patch {
            kommune: Some(self.table.kommune),
            fagsystem: Some(self.table.fagsystem),
        }])
    }

    fn deed(&self, what: &str, object: &str) -> Deed {
        Deed {
            at: self.now,
            subject: self.by.subject.clone(),
            navn: self.by.navn.clone(),
            what: what.into(),
            kommune: Some(self.table.kommune),
            object: format!("omsætningstabel {}{object}", self.table.fagsystem).into(),
        }
    }

    fn of_version(&self, what: &str, number: u32) -> Deed {
        self.deed(what, &format!(", udgave {number}"))
    }

    async fn version(&self, number: u32) -> Result<Version, NotDone> {
        let versions = self.tables.versions(&self.own(), self.table).await?;
        let found = versions.into_iter().find(|v| v.number == number);
        found.ok_or(NotDone::NotThere)
    }

    async fn rules(&self, number: u32) -> Result<Vec<Rule>, NotDone> {
        let rules = self.tables.rules(&self.own(), self.table, number).await?;
        rules.ok_or(NotDone::NotThere)
    }

    async fn compiled(&self, number: u32) -> Result<Result<Compiled, TableFaults>, NotDone> {
        let rules = self.rules(number).await?;
        Ok(aside(move || check(rules)).await?)
    }

    /// Begins a draft.
    ///
    /// # Errors
    /// [`NotDone`]: not theirs, a draft there already, another form of accounts, or rules of
    /// the start that would be refused today.
    pub async fn begin(
        &self,
        start: Start,
        head: &Head,
        around: Surroundings<'_>,
    ) -> Result<Begun, NotDone> {
        self.may(Action::EditOmsaetning)?;
        purpose(head)?;
        let versions = self.tables.versions(&self.own(), self.table).await?;
        let newest = versions.first().ok_or(NotDone::NotThere)?.number;
        let (based_on, rules, unfit) = match start {
            Start::Version(number) => (number, self.rules(number).await?, Vec::new()),
            Start::Copy(from) => {
                let approved = versions.iter().find(|v| v.stage == Stage::Approved);
                let rules = self.copied(from).await?;
                let unfit = self.fit(&rules, from, head, around).await?;
                (approved.map_or(0, |v| v.number), rules, unfit)
            }
        };
        let rules = right(rules).await?;
        let draft = NewDraft {
            table: self.table,
            based_on,
            purpose: head.purpose.trim().into(),
            in_force_from: head.in_force_from,
            rules,
            writer: self.by.subject.clone(),
            at: self.now,
        };
        let next = newest.saturating_add(1);
        let object = match start {
            Start::Version(number) => format!(", udgave {next} på grundlag af udgave {number}"),
            Start::Copy(from) => format!(", udgave {next} kopieret fra {}", from.kommune),
        };
        let deed = self.deed(deeds::BEGAN_OMSAETNING, &object);
        let number = done(self.tables.begin(&draft, &deed).await?)?;
        Ok(Begun { number, unfit })
    }

    /// The tables that this one may be copied from.
    ///
    /// # Errors
    /// [`NotDone::NotThere`], [`NotDone::Store`].
    pub async fn sources(&self) -> Result<Vec<CopySource>, NotDone> {
        self.may(Action::EditOmsaetning)?;
        let seen = self.by.scope(Action::SeeSortiment);
        let mut all = self.tables.copyable(&seen, self.table.fagsystem).await?;
        all.retain(|source| source.table != self.table);
        Ok(all)
    }

    async fn copied(&self, from: TableId) -> Result<Vec<Rule>, NotDone> {
        if from.fagsystem != self.table.fagsystem || from == self.table {
            return Err(NotDone::NotThere);
        }
        let seen = self.by.scope(Action::SeeSortiment);
        let rules = self.tables.copy(&seen, from).await?;
        rules.ok_or(NotDone::NotThere)
    }

    async fn fit(
        &self,
        rules: &[Rule],
        from: TableId,
        head: &Head,
        around: Surroundings<'_>,
    ) -> Result<Vec<(u32, Unfit)>, NotDone> {
        // Which form a municipality has is no secret, and is all that is told of it.
        let (all, plans) = (Scope::everything(), around.kontoplaner);
        let ours = plans.kontoplan(&all, self.table.kommune, None).await?;
        let theirs = plans.kontoplan_versions(&all, from.kommune, None, 1);
        if let (Some(ours), Some(theirs)) = (&ours, theirs.await?.pop())
            && *ours.form() != theirs.form
        {
            return Err(NotDone::OtherForm {
                ours: ours.form().clone(),
                theirs: theirs.form,
            });
        }
        let today = day_of(self.now, &copenhagen());
        let day = head.in_force_from.unwrap_or(today);
        Ok(unfit(
            rules,
            self.table,
            day,
            around.register,
            ours.as_ref(),
        ))
    }

    /// Saves a draft; no rules = they stay. Gives its edition now.
    ///
    /// # Errors
    /// [`NotDone`]; rules with faults are not saved.
    pub async fn save(
        &self,
        (number, edition): (u32, u32),
        head: &Head,
        rules: Option<Vec<Rule>>,
    ) -> Result<u32, NotDone> {
        self.may(Action::EditOmsaetning)?;
        purpose(head)?;
        let rules = match rules {
            Some(rules) => Some(right(rules).await?),
            None => None,
        };
        self.version(number).await?;
        let save = Save {
            table: self.table,
            number,
            edition,
            purpose: head.purpose.trim().into(),
            in_force_from: head.in_force_from,
            rules,
            writer: self.by.subject.clone(),
            at: self.now,
        };
        let deed = self.of_version(deeds::SAVED_OMSAETNING, number);
        done(self.tables.save(&save, &deed).await?)
    }

    /// Whoever may write or approve may look at what a draft would do.
    fn may_simulate(&self) -> Result<(), NotDone> {
        self.may(Action::EditOmsaetning)
            .or_else(|_| self.may(Action::ApproveOmsaetning))
    }

    /// Keeps what a simulation found.
    ///
    /// # Errors
    /// [`NotDone::Stale`] when the draft was saved since.
    pub async fn keep_simulation(&self, number: u32, simulated: &Simulated) -> Result<(), NotDone> {
        self.may_simulate()?;
        self.version(number).await?;
        let deed = self.of_version(deeds::SIMULATED_OMSAETNING, number);
        let tables = self.tables;
        let kept = tables.keep_simulation(self.table, number, simulated, &deed);
        done(kept.await?).map(|_| ())
    }

    /// What stands in the way of this person's approval now; nothing = they may.
    ///
    /// # Errors
    /// [`NotDone::NotThere`], [`NotDone::Store`].
    pub async fn objections(&self, number: u32) -> Result<Vec<Objection>, NotDone> {
        self.may(Action::ApproveOmsaetning)?;
        let version = self.version(number).await?;
        let compiled = self.compiled(number).await?;
        let said = rules_of::approve(&version, &self.by.subject, compiled.is_ok());
        Ok(said.err().unwrap_or_default())
    }

    /// Puts a draft in force; gives its first day.
    ///
    /// # Errors
    /// [`NotDone::Objections`] with everything in the way; [`NotDone::Stale`] when the draft is
    /// of another edition than the one that was looked at.
    pub async fn approve(&self, (number, edition): (u32, u32)) -> Result<Date, NotDone> {
        self.may(Action::ApproveOmsaetning)?;
        let version = self.version(number).await?;
        if version.edition != edition {
            return Err(NotDone::Stale);
        }
        let compiled = self.compiled(number).await?;
        let day = rules_of::approve(&version, &self.by.subject, compiled.is_ok());
        let day = day.map_err(NotDone::Objections)?;
        let rules = compiled.map_err(NotDone::Faults)?;
        self.moves_nothing_booked(&version, rules, day).await?;
        let what = format!(", udgave {number} fra {day}");
        let deed = self.deed(deeds::APPROVED_OMSAETNING, &what);
        let (tables, person) = (self.tables, &self.by.subject);
        let approved = tables.approve(self.table, number, edition, person, self.now, &deed);
        done(approved.await?)?;
        Ok(day)
    }

    /// Runs the draft once more over everything that it could touch: whatever days somebody chose
    /// to simulate, and whatever came since, nothing that is booked is moved.
    async fn moves_nothing_booked(
        &self,
        version: &Version,
        rules: Compiled,
        day: Date,
    ) -> Result<(), NotDone> {
        let today = day_of(self.now, &copenhagen());
        let first = day.min(today).saturating_sub(AHEAD);
        let on = |_| ControlFlow::Continue(());
        let ran = self.run(version, rules, (first, today), on).await?;
        match ran.simulated.booked_moved {
            0 => Ok(()),
            moved => Err(NotDone::Objections(vec![Objection::MovesBooked(moved)])),
        }
    }

    /// Gives a draft up.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn discard(&self, (number, edition): (u32, u32)) -> Result<(), NotDone> {
        self.may(Action::EditOmsaetning)?;
        self.version(number).await?;
        let deed = self.of_version(deeds::DISCARDED_OMSAETNING, number);
        let tables = self.tables;
        let gone = tables.discard(self.table, number, edition, &deed);
        done(gone.await?).map(|_| ())
    }

    /// Says whether others may copy the table.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn share(&self, sharing: Sharing) -> Result<(), NotDone> {
        self.may(Action::EditOmsaetning)?;
        let said = match sharing {
            Sharing::Shared => " må kopieres",
            Sharing::Private => " må ikke kopieres",
        };
        let deed = self.deed(deeds::SHARED_OMSAETNING, said);
        Ok(self.tables.share(self.table, sharing, &deed).await?)
    }
}

fn purpose(head: &Head) -> Result<(), NotDone> {
    let length = head.purpose.trim().chars().count();
    if length == 0 || length > PURPOSE_MAX {
        return Err(NotDone::Purpose);
    }
    Ok(())
}

/// The rules, when nothing is wrong with them.
async fn right(rules: Vec<Rule>) -> Result<Vec<Rule>, NotDone> {
    let checked = aside(move || check(rules.clone()).map(|_| rules)).await?;
    checked.map_err(NotDone::Faults)
}

/// Work that takes a core for a while, off the threads that answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreFailure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreFailure::Broken(format!("work on a table died: {error}")))
}

fn done(written: Written) -> Result<u32, NotDone> {
    match written {
        Written::Done(number) => Ok(number),
        Written::Stale => Err(NotDone::Stale),
    }
}
