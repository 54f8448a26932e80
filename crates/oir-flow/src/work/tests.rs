//! A group that is larger than one press may touch.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::ids::BilagId;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Act, Area, Cause, Stop, Subject, WorkItem, Wrong};
use uuid::Uuid;

use super::{Asker, SELECTED_MAX, Selection, Worklist, number};
use crate::ports::Answer;
use crate::ports::outbox::{Advance, Move, Standing};
use crate::ports::process::Clock;
use crate::ports::sessions::Deed;
use crate::ports::work::{
    CauseGroup, GroupKey, WorkDetail, WorkFilter, WorkItems, WorkLine, Written,
};

/// More than one press reaches, and not a whole page more.
const SIZE: usize = SELECTED_MAX + 7;
const KOMMUNE: Kommunekode = Kommunekode(791);

#[derive(Debug)]
struct Standstill;

impl Clock for Standstill {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// One group of items, in the order of their ids.
#[derive(Debug)]
struct Large(Mutex<Vec<WorkItem>>);

fn key() -> GroupKey {
    GroupKey {
        kommune: KOMMUNE,
        fagsystem: None,
        cause: Cause {
            stop: Stop::Rejected,
            code: None,
            value: "".into(),
        },
    }
}

fn large() -> Arc<Large> {
    let item = |n: usize| WorkItem {
        kommune: KOMMUNE,
        subject: Subject::Bilag(BilagId::from_uuid(Uuid::from_u64_pair(1, number(n)))),
        fagsystem: None,
        cause: key().cause,
        area: Area::Fagomraade,
        opened: Timestamp::UNIX_EPOCH,
        debet: Oere::new(100),
        holder: None,
        postponed: None,
        closed: None,
        version: 1,
    };
    Arc::new(Large(Mutex::new((0..SIZE).map(item).collect())))
}

impl WorkItems for Large {
    fn causes<'a>(&'a self, _: &'a Scope, _: &'a WorkFilter<'a>) -> Answer<'a, Vec<CauseGroup>> {
        let group = CauseGroup {
            key: key(),
            area: Area::Fagomraade,
            antal: number(self.0.lock().unwrap().len()),
            debet: Oere::ZERO,
            oldest: Timestamp::UNIX_EPOCH,
            taken: 0,
            holder: None,
            postponed: 0,
        };
        Box::pin(async move { Ok(vec![group]) })
    }

    fn items<'a>(
        &'a self,
        _: &'a Scope,
        _: &'a WorkFilter<'a>,
        _: Option<&'a GroupKey>,
        after: Option<Subject>,
        limit: u32,
    ) -> Answer<'a, Vec<WorkLine>> {
        let items = self.0.lock().unwrap();
        let later = items.iter().filter(|i| after.is_none_or(|a| i.subject > a));
        let line = |item: &WorkItem| WorkLine {
            item: item.clone(),
            bilag_uuid: None,
            nummer: "".into(),
            tekst: "".into(),
        };
        let page = later.take(usize::try_from(limit).unwrap()).map(line);
        let page = page.collect();
        Box::pin(async move { Ok(page) })
    }

    fn write<'a>(&'a self, steps: &'a [Written], _: &'a Deed) -> Answer<'a, bool> {
        let mut items = self.0.lock().unwrap();
        for step in steps {
            let at = items.binary_search_by_key(&step.done.item.subject, |i| i.subject);
            *items.get_mut(at.unwrap()).unwrap() = step.done.item.clone();
        }
        Box::pin(async { Ok(true) })
    }

    fn item<'a>(&'a self, _: &'a Scope, _: Subject) -> Answer<'a, Option<WorkDetail>> {
        unreachable!("a group is asked for")
    }

    fn passing<'a>(&'a self, _: &'a Scope, _: Subject) -> Answer<'a, Option<WorkLine>> {
        unreachable!("a group is asked for")
    }

    fn standings<'a>(&'a self, _: Kommunekode, _: &'a [BilagId]) -> Answer<'a, Vec<Standing>> {
        unreachable!("nothing moves")
    }

    fn advance_by_hand<'a>(
        &'a self,
        _: &'a [Move],
        _: &'a [Written],
        _: &'a Deed,
    ) -> Answer<'a, Advance> {
        unreachable!("nothing moves")
    }

    fn hurry<'a>(&'a self, _: Kommunekode, _: &'a [BilagId], _: &'a Deed) -> Answer<'a, ()> {
        unreachable!("nothing moves")
    }
}

#[tokio::test]
async fn a_large_group_is_taken_in_two_presses_and_the_first_says_what_is_left() {
    let person = Person {
        subject: "sub".into(),
        navn: "Opdigtet".into(),
        grants: Grant::try_new(Role::OekonomiFinans, Some(KOMMUNE), None)
            .into_iter()
            .collect(),
    };
    let scope = Scope::everything();
    let asker = Asker {
        person: &person,
        scope: &scope,
    };
    let (items, all) = (large(), Selection::Group(key(), Area::Fagomraade));
    let list = Worklist::new(items, Arc::new(Standstill));
    let shown = list.preview(asker, &all, &Act::Take).await.unwrap();
    let max = number(SELECTED_MAX);
    assert_eq!((shown.done(), shown.beyond), (max, 7));
    let first = list.perform(asker, &all, &Act::Take).await.unwrap();
    assert_eq!(first, shown);
    let second = list.perform(asker, &all, &Act::Take).await.unwrap();
    assert_eq!((second.done(), second.beyond), (7, 0));
    assert_eq!(second.left.antal, max);
    assert_eq!(second.why_left, Some(Wrong::AlreadyTheirs));
    let third = list.perform(asker, &all, &Act::Take).await.unwrap();
    assert_eq!((third.done(), third.beyond), (0, 0));
}
