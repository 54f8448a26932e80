//! Searching among the invented bilag, and kept searches in memory.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, uuid_v7};
use oir_flow::ports::search::{Count, Found, Kept, SavedView, SavedViews, Search, Stop};
use oir_flow::ports::views::{BilagFilter, BilagLine, Views};
use oir_flow::ports::{Answer, StoreFailure};
use uuid::Uuid;

use super::Invented;

/// A word for which one has to look far back.
pub(crate) const RARE: &str = "langt tilbage";

/// A word that finds more than comes at once, and how many that is.
pub(crate) const MANY: &str = "mange";
pub(crate) const HOW_MANY: usize = 12_000;

/// Lines without number, newest first, with texts that would like to be formulas.
fn many(one: &BilagLine, after: Option<BilagId>, limit: u32) -> Vec<BilagLine> {
    let id = |number: usize| {
        let millis = 1_795_000_000_000 + u64::try_from(number).unwrap();
        BilagId::from_uuid(uuid_v7(millis, [0; 10]))
    };
    let texts = ["=1+1", "+1", "@x", "\t=1", "6101901234 æ"];
    let older = (0..HOW_MANY)
        .rev()
        .filter(|n| after.is_none_or(|after| id(*n) < after));
    let line = |number: usize| BilagLine {
        id: id(number),
        tekst: texts[number % texts.len()].into(),
        ..one.clone()
    };
    older
        .map(line)
        .take(usize::try_from(limit).unwrap())
        .collect()
}

impl Search for Invented {
    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Found> {
        Box::pin(async move {
            if filter.text.as_deref() == Some(MANY) {
                let lines = many(&self.bilag[0].line, after, limit);
                return Ok(Found {
                    lines,
                    stopped: None,
                });
            }
            let lines = self.list(scope, filter, after, limit).await?;
            let rare = filter.text.as_deref() == Some(RARE) && after.is_none();
            let stopped = rare.then(|| Stop {
                id: super::bilag_id(7),
                at: "2026-03-03T09:02:00Z".parse().unwrap(),
            });
            Ok(Found { lines, stopped })
        })
    }

    fn count<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        most: u32,
    ) -> Answer<'a, Option<Count>> {
        Box::pin(async move {
            let all = self.list(scope, filter, None, most + 1).await?.len();
            let all = u32::try_from(all).unwrap();
            Ok(Some(if all > most {
                Count::MoreThan(most)
            } else {
                Count::Exactly(all)
            }))
        })
    }

    fn enter(&self, _: BilagId, _: u32) -> Answer<'_, u32> {
        Box::pin(async { Ok(0) })
    }

    fn waiting_since(&self) -> Answer<'_, Option<Timestamp>> {
        Box::pin(async { Ok(None) })
    }
}

impl SavedViews for Invented {
    fn saved<'a>(&'a self, subject: &'a str) -> Answer<'a, Vec<SavedView>> {
        let kept = self.kept.lock().unwrap();
        let own = kept.iter().filter(|(owner, _)| owner == subject);
        let own: Vec<SavedView> = own.map(|(_, view)| view.clone()).collect();
        let answer = match &self.away {
            Some(failure) => Err::<_, StoreFailure>(failure.clone()),
            None => Ok(own),
        };
        Box::pin(async { answer })
    }

    fn save<'a>(&'a self, subject: &'a str, view: &'a SavedView, most: u32) -> Answer<'a, Kept> {
        let mut kept = self.kept.lock().unwrap();
        let own = kept.iter().filter(|(owner, _)| owner == subject);
        let (count, taken) = own.fold((0, false), |(count, taken), (_, other)| {
            (count + 1, taken || other.navn == view.navn)
        });
        let answer = if count >= most {
            Kept::TooMany
        } else if taken {
            Kept::NameTaken
        } else {
            kept.push((subject.to_owned(), view.clone()));
            Kept::Done
        };
        Box::pin(async move { Ok(answer) })
    }

    fn rename<'a>(&'a self, subject: &'a str, id: Uuid, navn: &'a str) -> Answer<'a, Kept> {
        let mut kept = self.kept.lock().unwrap();
        let own = kept
            .iter_mut()
            .find(|(owner, view)| owner == subject && view.id == id);
        let answer = own.map_or(Kept::NotThere, |(_, view)| {
            view.navn = navn.into();
            Kept::Done
        });
        Box::pin(async move { Ok(answer) })
    }

    fn forget<'a>(&'a self, subject: &'a str, id: Uuid) -> Answer<'a, Kept> {
        let mut kept = self.kept.lock().unwrap();
        let before = kept.len();
        kept.retain(|(owner, view)| owner != subject || view.id != id);
        let gone = kept.len() < before;
        Box::pin(async move { Ok(if gone { Kept::Done } else { Kept::NotThere }) })
    }
}
