//! The worklist of the invented bilag: every one that stands still has an item, and steps of
//! people are kept as the store keeps them.

use std::collections::BTreeMap;
use std::sync::Mutex;

use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::ids::BilagId;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Cause, Closing, Stop, Subject, WorkItem};
use oir_flow::ports::Answer;
use oir_flow::ports::inbox::MessageOutcome;
use oir_flow::ports::outbox::{Advance, Move, Standing};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::views::{BilagDetail, MessageDetail};
use oir_flow::ports::work::{
    CauseGroup, GroupKey, Whose, WorkDetail, WorkEvent, WorkFilter, WorkItems, WorkLine, Written,
};

use super::Invented;

/// What people did: the items after their steps, their history, and what was sent on.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<BTreeMap<Subject, (WorkItem, Vec<WorkEvent>)>>);

fn of_bilag(detail: &BilagDetail) -> Option<WorkLine> {
    let stop = Stop::of(detail.line.state.name())?;
    let mut faults = detail.later_faults.clone();
    faults.extend(detail.faults.clone());
    let cause = Cause::of(stop, &faults);
    Some(WorkLine {
        item: WorkItem {
            kommune: detail.line.kommune,
            subject: Subject::Bilag(detail.line.id),
            fagsystem: detail.line.fagsystem,
            area: cause.area(),
            cause,
            opened: detail.line.modtaget,
            debet: detail.line.debet,
            holder: None,
            postponed: None,
            closed: None,
            version: i64::from(!stop.passes_by_itself()),
        },
        bilag_uuid: Some(detail.line.bilag_uuid),
        nummer: detail.line.afsender_bilagsnummer.clone(),
        tekst: detail.line.tekst.clone(),
    })
}

fn of_message(message: &MessageDetail) -> Option<WorkLine> {
    if message.outcome == MessageOutcome::Taken {
        return None;
    }
    let cause = Cause::of(Stop::Unreadable, &message.faults);
    Some(WorkLine {
        item: WorkItem {
            kommune: message.kommune,
            subject: Subject::Message(message.id),
            fagsystem: message.fagsystem,
            area: cause.area(),
            cause,
            opened: message.modtaget,
            debet: Oere::ZERO,
            holder: None,
            postponed: None,
            closed: None,
            version: 1,
        },
        bilag_uuid: None,
        nummer: "".into(),
        tekst: "".into(),
    })
}

fn key(item: &WorkItem) -> GroupKey {
    GroupKey {
        kommune: item.kommune,
        fagsystem: item.fagsystem,
        cause: item.cause.clone(),
    }
}

fn passes(item: &WorkItem, filter: &WorkFilter<'_>) -> bool {
    let set_aside = item.is_postponed(filter.today);
    let whose = match filter.whose {
        Whose::All => !set_aside,
        Whose::Of(subject) => item.holder.as_ref().is_some_and(|h| &*h.subject == subject),
        Whose::Untaken => item.holder.is_none() && !set_aside,
        Whose::Postponed => set_aside,
    };
    item.closed.is_none()
        && whose
        && filter.area.is_none_or(|area| area == item.area)
        && filter.kommune.is_none_or(|kommune| kommune == item.kommune)
        && filter.fagsystem.is_none_or(|f| Some(f) == item.fagsystem)
}

impl Invented {
    fn work_lines(&self, scope: &Scope) -> Vec<WorkLine> {
        let kept = self.work.0.lock().unwrap();
        let bilag = self.bilag.iter().filter_map(of_bilag);
        let messages = self.messages.iter().filter_map(of_message);
        let mut lines: Vec<WorkLine> = bilag.chain(messages).collect();
        lines.retain(|line| scope.covers(line.item.kommune, line.item.fagsystem));
        for line in &mut lines {
            if let Some((item, _)) = kept.get(&line.item.subject) {
                line.item.clone_from(item);
            }
        }
        lines.sort_by_key(|line| line.item.subject);
        lines
    }

    fn keep(&self, steps: &[Written]) -> bool {
        let lines = self.work_lines(&Scope::everything());
        let mut kept = self.work.0.lock().unwrap();
        let fresh = |step: &Written| {
            let own = |l: &&WorkLine| l.item.subject == step.done.item.subject;
            lines
                .iter()
                .find(own)
                .is_some_and(|l| l.item.version == step.seen)
        };
        if !steps.iter().all(fresh) {
            return false;
        }
        for step in steps {
            let item = &step.done.item;
            let entry = kept.entry(item.subject);
            let (now, history) = entry.or_insert_with(|| (item.clone(), Vec::new()));
            now.clone_from(item);
            history.push(WorkEvent {
                number: item.version,
                at: step.at,
                who: step.who.clone(),
                what: step.done.what.into(),
                text: step.done.text.clone(),
            });
        }
        true
    }
}

impl WorkItems for Invented {
    fn causes<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
    ) -> Answer<'a, Vec<CauseGroup>> {
        let mut groups: BTreeMap<_, CauseGroup> = BTreeMap::new();
        for line in self.work_lines(scope) {
            let item = line.item;
            if !passes(&item, filter) {
                continue;
            }
            let place = (key(&item), item.area);
            let group = groups.entry(place).or_insert_with(|| CauseGroup {
                key: key(&item),
                area: item.area,
                antal: 0,
                debet: Oere::ZERO,
                oldest: item.opened,
                taken: 0,
                holder: item.holder.clone(),
                postponed: 0,
            });
            group.antal += 1;
            group.debet = group.debet.checked_add(item.debet).unwrap();
            group.oldest = group.oldest.min(item.opened);
            group.taken += u64::from(item.holder.is_some());
            group.postponed += u64::from(item.is_postponed(filter.today));
        }
        self.answer(groups.into_values().collect())
    }

    fn items<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a WorkFilter<'a>,
        wanted: Option<&'a GroupKey>,
        after: Option<Subject>,
        limit: u32,
    ) -> Answer<'a, Vec<WorkLine>> {
        let mut lines = self.work_lines(scope);
        lines.retain(|line| {
            passes(&line.item, filter)
                && match wanted {
                    Some(wanted) => key(&line.item) == *wanted,
                    None => !line.item.cause.stop.passes_by_itself(),
                }
                && after.is_none_or(|after| line.item.subject > after)
        });
        lines.truncate(usize::try_from(limit).unwrap());
        self.answer(lines)
    }

    fn item<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkDetail>> {
        let lines = self.work_lines(scope).into_iter();
        let stored = |line: &WorkLine| !line.item.cause.stop.passes_by_itself();
        let found = lines.filter(stored).find(|l| l.item.subject == subject);
        let kept = self.work.0.lock().unwrap();
        let history = kept.get(&subject).map(|(_, history)| history.clone());
        let detail = found.map(|line| WorkDetail {
            line,
            corrects: None,
            history: history.unwrap_or_default(),
        });
        drop(kept);
        self.answer(detail)
    }

    fn passing<'a>(&'a self, scope: &'a Scope, subject: Subject) -> Answer<'a, Option<WorkLine>> {
        let mut lines = self.work_lines(scope).into_iter();
        let found =
            lines.find(|l| l.item.subject == subject && l.item.cause.stop.passes_by_itself());
        self.answer(found)
    }

    fn write<'a>(&'a self, steps: &'a [Written], _: &'a Deed) -> Answer<'a, bool> {
        self.answer(self.keep(steps))
    }

    fn standings<'a>(
        &'a self,
        kommune: Kommunekode,
        ids: &'a [BilagId],
    ) -> Answer<'a, Vec<Standing>> {
        let own = |d: &&BilagDetail| d.line.kommune == kommune && ids.contains(&d.line.id);
        let standing = |d: &BilagDetail| Standing {
            kommune,
            id: d.line.id,
            bilag_uuid: d.line.bilag_uuid,
            fagsystem: d.line.fagsystem.unwrap(),
            index: d.index,
            dag: day_of(d.line.modtaget, &copenhagen()),
            debet: d.line.debet,
            state: d.line.state.clone(),
            attempts: d.line.state.attempt(),
            version: 1,
            since: d.line.modtaget,
        };
        self.answer(self.bilag.iter().filter(own).map(standing).collect())
    }

    fn advance_by_hand<'a>(
        &'a self,
        moves: &'a [Move],
        steps: &'a [Written],
        deed: &'a Deed,
    ) -> Answer<'a, Advance> {
        if !self.keep(steps) {
            return self.answer(Advance::Stale);
        }
        let mut kept = self.work.0.lock().unwrap();
        for step in moves {
            if let Some((item, _)) = kept.get_mut(&Subject::Bilag(step.seen.id))
                && item.closed.is_none()
            {
                item.closed = Some((deed.at, Closing::Settled));
            }
        }
        drop(kept);
        self.answer(Advance::Done)
    }

    fn hurry<'a>(&'a self, _: Kommunekode, _: &'a [BilagId], _: &'a Deed) -> Answer<'a, ()> {
        self.answer(())
    }
}
