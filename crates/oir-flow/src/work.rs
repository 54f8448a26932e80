//! Handling the worklist: people's steps on items, and what they let go on or give up. Loads
//! the items, asks the domain, and has the steps, the moves and the log's line written in one
//! transaction.
//!
//! Nothing is sent from here. What is released becomes uncertain: the books are asked, and
//! only their "not known" makes it due. So nothing is booked twice, whoever presses what.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oir_domain::access::{Action, Person, Scope};
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::ids::BilagId;
use oir_domain::message::{Event, Outbox, StateName, Step, apply};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Act, Area, Done, Holder, Stop, Subject, WorkItem, Wrong, act};

use crate::ports::StoreFailure;
use crate::ports::inbox::Accounts;
use crate::ports::outbox::{Advance, Move, Standing};
use crate::ports::process::Clock;
use crate::ports::sessions::{Deed, deeds};
use crate::ports::work::{GroupKey, WorkFilter, WorkItems, WorkLine, Written};

/// Items of one transaction: a group of hundreds costs a few, and holds no lock for long.
const TOGETHER: usize = 100;
/// Most items of one request. More are left, and said to be.
pub const SELECTED_MAX: usize = 5_000;
/// Lines read at a time.
const PAGE: u32 = 500;

/// Which items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These.
    These(Vec<Subject>),
    /// All open ones of a group on a desk that are not set aside.
    Group(GroupKey, Area),
}

/// A number of items and the amount at stake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub antal: u64,
    /// Their debit, øre; the highest there is when the sum does not fit.
    pub debet: Oere,
}

impl Tally {
    fn add(&mut self, item: &WorkItem) {
        self.antal = self.antal.saturating_add(1);
        let sum = self.debet.checked_add(item.debet);
        self.debet = sum.unwrap_or(Oere::new(i64::MAX));
    }
}

/// What will happen, or has happened, to a selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effect {
    /// Sent again now instead of later.
    pub sent: Tally,
    /// Asked about now instead of later.
    pub asked: Tally,
    /// Released: asked about, and sent when the books do not know it.
    pub released: Tally,
    /// Given up for good.
    pub given_up: Tally,
    /// Handled otherwise.
    pub handled: Tally,
    /// Left as they are, because the step is not possible for them or they moved meanwhile.
    pub left: Tally,
    /// The first reason for leaving one.
    pub why_left: Option<Wrong>,
    /// How many of the selection were not looked at: more than [`SELECTED_MAX`] were chosen.
    pub beyond: u64,
}

impl Effect {
    fn note(&mut self, item: &WorkItem, act: &Act) {
        let tally = match (act, item.cause.stop) {
            (Act::GoOn, Stop::Waiting) => &mut self.sent,
            (Act::GoOn, Stop::Uncertain) => &mut self.asked,
            (Act::GoOn, _) => &mut self.released,
            (Act::GiveUp(_), _) => &mut self.given_up,
            _ => &mut self.handled,
        };
        tally.add(item);
    }

    fn leave(&mut self, item: &WorkItem, why: Option<Wrong>) {
        self.left.add(item);
        self.why_left = self.why_left.or(why);
    }

    /// How many something happened to.
    #[must_use]
    pub fn done(&self) -> u64 {
        let all = [
            self.sent,
            self.asked,
            self.released,
            self.given_up,
            self.handled,
        ];
        all.iter().fold(0, |sum, t| sum.saturating_add(t.antal))
    }
}

/// Who asks, and what they may handle.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Who.
    pub person: &'a Person,
    /// Where they may do it.
    pub scope: &'a Scope,
}

/// A step with what limits it beside the item itself.
#[derive(Debug)]
struct Wanted<'a> {
    act: &'a Act,
    /// What the person to whom it is passed may handle; none when it is passed to nobody.
    reach: Option<Scope>,
}

impl Wanted<'_> {
    fn judge(
        &self,
        item: &WorkItem,
        who: &Holder,
        moment: (Timestamp, Date),
    ) -> Result<Done, Wrong> {
        let covers = |scope: &Scope| scope.covers(item.kommune, item.fagsystem);
        if self.reach.as_ref().is_some_and(|scope| !covers(scope)) {
            return Err(Wrong::OutOfReach);
        }
        act(item, self.act, who, moment)
    }
}

/// The worklist for those who work on it.
#[derive(Debug, Clone)]
pub struct Worklist {
    items: Arc<dyn WorkItems>,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
}

impl Worklist {
    /// Over a store.
    #[must_use]
    pub fn new(items: Arc<dyn WorkItems>, clock: Arc<dyn Clock>) -> Self {
        Self {
            items,
            clock,
            zone: copenhagen(),
        }
    }

    /// What would happen; nothing is written. A reason need not be given yet.
    ///
    /// # Errors
    /// [`StoreFailure`] when it cannot be read.
    pub async fn preview(
        &self,
        asker: Asker<'_>,
        selection: &Selection,
        wanted: &Act,
    ) -> Result<Effect, StoreFailure> {
        let mut effect = Effect::default();
        let unlimited = Wanted {
            act: wanted,
            reach: None,
        };
        for line in self
            .selected(asker, selection, &unlimited, &mut effect)
            .await?
        {
            effect.note(&line.item, wanted);
        }
        Ok(effect)
    }

    /// Does it to all of a selection for which it is possible. What moved meanwhile is left.
    ///
    /// # Errors
    /// [`StoreFailure`]; what was written before it stays written.
    pub async fn perform(
        &self,
        asker: Asker<'_>,
        selection: &Selection,
        wanted: &Act,
    ) -> Result<Effect, StoreFailure> {
        let unlimited = Wanted {
            act: wanted,
            reach: None,
        };
        self.perform_within(asker, selection, &unlimited).await
    }

    /// Passes those of a selection to another person that they may handle.
    ///
    /// # Errors
    /// [`StoreFailure`]; what was written before it stays written.
    pub async fn hand_over(
        &self,
        asker: Asker<'_>,
        selection: &Selection,
        to: &Person,
        text: &str,
    ) -> Result<Effect, StoreFailure> {
        let wanted = Wanted {
            act: &Act::ToPerson(holder(to), text.into()),
            reach: Some(to.scope(Action::HandleWork)),
        };
        self.perform_within(asker, selection, &wanted).await
    }

    async fn perform_within(
        &self,
        asker: Asker<'_>,
        selection: &Selection,
        wanted: &Wanted<'_>,
    ) -> Result<Effect, StoreFailure> {
        let mut effect = Effect::default();
        let lines = self.selected(asker, selection, wanted, &mut effect).await?;
        for kommune in lines.chunk_by(|a, b| a.item.kommune == b.item.kommune) {
            for together in kommune.chunks(TOGETHER) {
                self.together(asker.person, together, wanted, &mut effect)
                    .await?;
            }
        }
        Ok(effect)
    }

    fn moment(&self) -> (Timestamp, Date) {
        let now = self.clock.now();
        (now, day_of(now, &self.zone))
    }

    /// The items of a selection that the asker sees and that the step is possible for, but
    /// for a missing text, by municipality. The others are left, which is noted.
    async fn selected(
        &self,
        asker: Asker<'_>,
        selection: &Selection,
        wanted: &Wanted<'_>,
        effect: &mut Effect,
    ) -> Result<Vec<WorkLine>, StoreFailure> {
        let (who, moment) = (holder(asker.person), self.moment());
        let possible = |line: &WorkLine, effect: &mut Effect| {
            let judged = wanted.judge(&line.item, &who, moment);
            match judged {
                Ok(_) | Err(Wrong::NoText) => true,
                Err(why) => {
                    effect.leave(&line.item, Some(why));
                    false
                }
            }
        };
        let mut lines = Vec::new();
        match selection {
            Selection::These(subjects) => {
                for subject in subjects.iter().take(SELECTED_MAX) {
                    let found = self.one(asker.scope, *subject).await?;
                    lines.extend(found.filter(|line| possible(line, effect)));
                }
                lines.sort_by_key(|line| line.item.kommune);
                effect.beyond = number(subjects.len().saturating_sub(SELECTED_MAX));
            }
            Selection::Group(key, area) => {
                let size = self.size(asker.scope, (key, *area)).await?;
                let filter = WorkFilter {
                    area: Some(*area),
                    ..WorkFilter::on(moment.1)
                };
                let mut after = None;
                // What is theirs already is passed over, so that a second time does the rest.
                while lines.len() < SELECTED_MAX {
                    let page = self
                        .items
                        .items(asker.scope, &filter, Some(key), after, PAGE);
                    let page = page.await?;
                    let last = u32::try_from(page.len()).is_ok_and(|n| n < PAGE);
                    after = page.last().map(|line| line.item.subject);
                    lines.extend(page.into_iter().filter(|line| possible(line, effect)));
                    if last {
                        break;
                    }
                }
                let seen = number(lines.len()).saturating_add(effect.left.antal);
                effect.beyond = size.saturating_sub(seen);
            }
        }
        Ok(lines)
    }

    /// How many open items of a group on a desk are not set aside.
    async fn size(
        &self,
        scope: &Scope,
        (key, area): (&GroupKey, Area),
    ) -> Result<u64, StoreFailure> {
        let filter = WorkFilter {
            area: Some(area),
            kommune: Some(key.kommune),
            fagsystem: key.fagsystem,
            ..WorkFilter::on(self.moment().1)
        };
        let groups = self.items.causes(scope, &filter).await?;
        let own = groups.iter().find(|g| g.key == *key && g.area == area);
        Ok(own.map_or(0, |group| group.antal))
    }

    /// One item; a bilag that goes on by itself has none stored.
    async fn one(&self, scope: &Scope, subject: Subject) -> Result<Option<WorkLine>, StoreFailure> {
        if let Some(passing) = self.items.passing(scope, subject).await? {
            return Ok(Some(passing));
        }
        Ok(self.items.item(scope, subject).await?.map(|d| d.line))
    }

    /// Items of one municipality in one transaction; one by one when one of them moved.
    async fn together(
        &self,
        person: &Person,
        lines: &[WorkLine],
        within: &Wanted<'_>,
        effect: &mut Effect,
    ) -> Result<(), StoreFailure> {
        let (who, wanted) = (holder(person), within.act);
        let moment = self.moment();
        let mut possible = Vec::with_capacity(lines.len());
        for line in lines {
            match within.judge(&line.item, &who, moment) {
                Ok(done) => possible.push((&line.item, done)),
                Err(why) => effect.leave(&line.item, Some(why)),
            }
        }
        if possible.is_empty() || self.write(person, &possible, wanted, moment.0).await? {
            for (item, _) in possible {
                effect.note(item, wanted);
            }
            return Ok(());
        }
        for one in possible {
            let written = self
                .write(person, std::slice::from_ref(&one), wanted, moment.0)
                .await?;
            if written {
                effect.note(one.0, wanted);
            } else {
                effect.leave(one.0, None);
            }
        }
        Ok(())
    }

    /// False = something moved meanwhile, and nothing is written.
    async fn write(
        &self,
        person: &Person,
        items: &[(&WorkItem, Done)],
        wanted: &Act,
        at: Timestamp,
    ) -> Result<bool, StoreFailure> {
        let Some((first, _)) = items.first() else {
            return Ok(true);
        };
        let (kommune, what) = (first.kommune, deed_of(wanted));
        let passing = |item: &WorkItem| item.cause.stop.passes_by_itself();
        let hurried: Vec<BilagId> = items
            .iter()
            .filter(|(item, _)| passing(item))
            .filter_map(|(item, _)| item.subject.bilag())
            .collect();
        if !hurried.is_empty() {
            let deed = deed(person, what, kommune, &object(&hurried), at);
            self.items.hurry(kommune, &hurried, &deed).await?;
        }
        let steps: Vec<Written> = items
            .iter()
            .filter(|(item, _)| !passing(item))
            .map(|(item, done)| Written {
                seen: item.version,
                done: done.clone(),
                who: holder(person),
                at,
            })
            .collect();
        if steps.is_empty() {
            return Ok(true);
        }
        let subjects: Vec<Subject> = steps.iter().map(|s| s.done.item.subject).collect();
        let deed = deed(person, what, kommune, &object(&subjects), at);
        let Some(moves) = self.moves(kommune, items, wanted, at).await? else {
            return Ok(false);
        };
        if moves.is_empty() {
            return self.items.write(&steps, &deed).await;
        }
        let advanced = self.items.advance_by_hand(&moves, &steps, &deed).await?;
        Ok(advanced == Advance::Done)
    }

    /// What the bilag of the items must do; none when one of them no longer stands as it did.
    async fn moves(
        &self,
        kommune: Kommunekode,
        items: &[(&WorkItem, Done)],
        wanted: &Act,
        at: Timestamp,
    ) -> Result<Option<Vec<Move>>, StoreFailure> {
        let (event, word, from) = match wanted {
            Act::GoOn => (Event::Released(at), "released", StateName::Parked),
            // What is parked stays there: only its item closes.
            Act::GiveUp(_) => (Event::GivenUp, "given_up_by_hand", StateName::Held),
            _ => return Ok(Some(Vec::new())),
        };
        let moving = |item: &WorkItem| Stop::of(from) == Some(item.cause.stop);
        let moving = items.iter().filter(|(item, _)| moving(item));
        let ids: Vec<BilagId> = moving.filter_map(|(i, _)| i.subject.bilag()).collect();
        let seen = self.items.standings(kommune, &ids).await?;
        let moves: Option<Vec<Move>> = seen
            .iter()
            .map(|seen| by_hand(seen, &event, word, at).filter(|_| seen.state.name() == from))
            .collect();
        Ok(moves.filter(|moves| moves.len() == ids.len()))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn by_hand(seen: &Standing, event: &Event, word: &'static str, at: Timestamp) -> Option<Move> {
    match apply(&seen.state, event) {
        Ok(Step::Moved { to, outbox }) => Some(Move {
            seen: seen.clone(),
            to,
            outbox,
            due: match outbox {
                Outbox::DueAt(due) => due,
                Outbox::DueNow | Outbox::Leased | Outbox::AskLater | Outbox::Gone => at,
            },
            event: word,
            at,
            detail: None,
            faults: Vec::new(),
            accounts: Accounts::Open,
            compared: None,
        }),
        Ok(Step::AlreadyApplied) | Err(_) => None,
    }
}

/// A person as the worklist knows them.
#[must_use]
pub fn holder(person: &Person) -> Holder {
    Holder {
        subject: person.subject.clone(),
        navn: person.navn.clone(),
    }
}

fn deed_of(wanted: &Act) -> &'static str {
    match wanted {
        Act::GoOn => deeds::LET_GO_ON,
        Act::GiveUp(_) => deeds::GAVE_UP,
        _ => deeds::HANDLED_WORK,
    }
}

/// The log's words for what a step was on: the one, or how many and the first; each item's
/// own history names the step.
fn object<T: std::fmt::Display>(subjects: &[T]) -> String {
    match subjects {
        [only] => only.to_string(),
        [first, ..] => format!("{} fejl, den første {first}", subjects.len()),
        [] => String::new(),
    }
}

fn deed(person: &Person, what: &str, kommune: Kommunekode, object: &str, at: Timestamp) -> Deed {
    Deed {
        at,
        subject: person.subject.clone(),
        navn: person.navn.clone(),
        what: what.into(),
        kommune: Some(kommune),
        object: object.into(),
    }
}

#[cfg(test)]
mod tests;
