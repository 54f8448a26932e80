//! Looks, samples and the log of one test. A test's thread is its own: deeds of the sessions
//! and of the looks go to the same log.

use std::cell::RefCell;
use std::sync::Mutex;

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::finans::PartNummer;
use oir_domain::ids::BilagId;
use oir_domain::look::{LookKind, Verdict, draw};
use oir_domain::party::{Cpr, Kommunekode};
use oir_flow::ports::Answer;
use oir_flow::ports::looks::{
    ChainLink, LogFilter, Look, Looks, Noted, PersonsBilag, Review, Sample, SampledLook, Sampling,
    TakenLook,
};
use oir_flow::ports::sessions::{Deed, LoggedDeed};
use oir_flow::ports::views::BilagDetail;

use super::Invented;

thread_local! {
    static LOG: RefCell<Vec<Deed>> = const { RefCell::new(Vec::new()) };
}

/// Adds a line; gives its number.
pub(crate) fn log(deed: &Deed) -> u64 {
    LOG.with_borrow_mut(|log| {
        log.push(deed.clone());
        u64::try_from(log.len()).unwrap()
    })
}

/// The log, oldest first.
pub(crate) fn logged() -> Vec<LoggedDeed> {
    LOG.with_borrow(|log| {
        let lines = log.iter().cloned().zip(1..);
        lines
            .map(|(deed, number)| LoggedDeed { number, deed })
            .collect()
    })
}

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    looks: Mutex<Vec<TakenLook>>,
    samples: Mutex<Vec<(Sample, Vec<SampledLook>)>>,
}

impl Invented {
    fn keep_look(&self, look: &Look, deed: &Deed) {
        self.looks.looks.lock().unwrap().push(TakenLook {
            number: log(deed),
            at: deed.at,
            subject: deed.subject.clone(),
            navn: deed.navn.clone(),
            look: look.clone(),
        });
    }
}

fn is_about(detail: &BilagDetail, cpr: &Cpr) -> bool {
    let parts = detail.bilag.posteringer.iter().flat_map(|line| &line.part);
    let mut numbers = parts.map(|part| &part.nummer);
    numbers.any(|number| *number == PartNummer::Cpr(*cpr))
}

impl Looks for Invented {
    fn take_look<'a>(&'a self, look: &'a Look, deed: &'a Deed) -> Answer<'a, ()> {
        if self.away.is_none() {
            self.keep_look(look, deed);
        }
        self.answer(())
    }

    fn searches<'a>(&'a self, subject: &'a str, since: Timestamp) -> Answer<'a, Vec<Timestamp>> {
        let looks = self.looks.looks.lock().unwrap();
        let mine = |look: &&TakenLook| {
            &*look.subject == subject && look.at > since && look.look.kind == LookKind::LookedUp
        };
        self.answer(looks.iter().filter(mine).map(|look| look.at).collect())
    }

    fn bilag_of<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        cpr: &'a Cpr,
        limit: u32,
    ) -> Answer<'a, PersonsBilag> {
        let seen = |detail: &&BilagDetail| {
            let line = &detail.line;
            line.kommune == kommune && scope.covers(kommune, line.fagsystem)
        };
        let all = self.bilag.iter().rev().filter(seen);
        let lines: Vec<_> = all
            .filter(|d| is_about(d, cpr))
            .map(|d| d.line.clone())
            .collect();
        let found = u64::try_from(lines.len()).unwrap();
        let limit = usize::try_from(limit).unwrap();
        let lines = lines.into_iter().take(limit).collect();
        self.answer(PersonsBilag { lines, found })
    }

    fn take_search<'a>(
        &'a self,
        look: &'a Look,
        deed: &'a Deed,
        _: (Timestamp, usize),
    ) -> Answer<'a, Noted> {
        self.keep_look(look, deed);
        self.answer(Noted::Done)
    }

    fn draw_sample<'a>(&'a self, sampling: &'a Sampling, deed: &'a Deed) -> Answer<'a, u64> {
        let looks = self.looks.looks.lock().unwrap();
        let of_it = |look: &&TakenLook| {
            look.look.kommune == sampling.kommune
                && (sampling.from..sampling.until).contains(&look.at)
        };
        let population: Vec<&TakenLook> = looks.iter().filter(of_it).collect();
        let numbers: Vec<u64> = population.iter().map(|look| look.number).collect();
        let drawn = draw(
            sampling.seed,
            &numbers,
            usize::try_from(sampling.size).unwrap(),
        );
        let members: Vec<SampledLook> = population
            .into_iter()
            .filter(|look| drawn.contains(&look.number))
            .map(|look| SampledLook {
                look: look.clone(),
                reviews: Vec::new(),
            })
            .collect();
        let sample = Sample {
            number: log(deed),
            at: deed.at,
            navn: deed.navn.clone(),
            sampling: sampling.clone(),
            population: u64::try_from(numbers.len()).unwrap(),
            drawn: u64::try_from(members.len()).unwrap(),
            reviewed: 0,
        };
        let number = sample.number;
        self.looks.samples.lock().unwrap().push((sample, members));
        self.answer(number)
    }

    fn samples<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<Sample>> {
        let samples = self.looks.samples.lock().unwrap();
        let all = samples.iter().map(|(sample, _)| sample.clone());
        self.answer(all.filter(|s| scope.touches(s.sampling.kommune)).collect())
    }

    fn sample<'a>(
        &'a self,
        scope: &'a Scope,
        number: u64,
    ) -> Answer<'a, Option<(Sample, Vec<SampledLook>)>> {
        let samples = self.looks.samples.lock().unwrap();
        let found = samples.iter().find(|(sample, _)| sample.number == number);
        let seen = found.filter(|(sample, _)| scope.touches(sample.sampling.kommune));
        self.answer(seen.cloned())
    }

    fn review<'a>(
        &'a self,
        (of, look): (u64, u64),
        (verdict, note): (Verdict, &'a str),
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        let mut samples = self.looks.samples.lock().unwrap();
        let sample = samples.iter_mut().find(|(sample, _)| sample.number == of);
        let member = sample.and_then(|(_, looks)| looks.iter_mut().find(|m| m.look.number == look));
        let Some(member) = member else {
            return self.answer(false);
        };
        log(deed);
        member.reviews.push(Review {
            at: deed.at,
            navn: deed.navn.clone(),
            verdict,
            note: note.into(),
        });
        self.answer(true)
    }

    fn search_log<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a LogFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Answer<'a, Vec<LoggedDeed>> {
        let seen = |deed: &Deed| match deed.kommune {
            Some(kommune) => scope.touches(kommune),
            None => *scope == Scope::everything(),
        };
        let wanted = |line: &LoggedDeed| {
            seen(&line.deed)
                && before.is_none_or(|before| line.number < before)
                && filter
                    .what
                    .as_deref()
                    .is_none_or(|what| what == &*line.deed.what)
                && filter
                    .person
                    .as_deref()
                    .is_none_or(|name| line.deed.navn.contains(name))
        };
        let mut lines: Vec<LoggedDeed> = logged().into_iter().rev().filter(wanted).collect();
        lines.truncate(usize::try_from(limit).unwrap());
        self.answer(lines)
    }

    fn chain<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Vec<ChainLink>> {
        let find = |id: BilagId| self.bilag.iter().find(|detail| detail.line.id == id);
        let seen = |d: &&BilagDetail| scope.covers(d.line.kommune, d.line.fagsystem);
        let Some(own) = find(id).filter(seen) else {
            return self.answer(Vec::new());
        };
        let neighbours = own.corrects.iter().chain(&own.corrected_by).copied();
        let mut all: Vec<&BilagDetail> = neighbours.filter_map(find).collect();
        all.push(own);
        all.sort_by_key(|detail| detail.line.id);
        let link = |detail: &&BilagDetail| ChainLink {
            line: detail.line.clone(),
            corrects: detail.bilag.korrigerer,
            depth: u32::from(detail.corrects.is_some()),
        };
        self.answer(all.iter().map(link).collect())
    }
}
