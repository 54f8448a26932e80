//! Days of the invented bilag: what is stated and signed is kept for the time of a test.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::day::{BookedDay, Count, DayKey, Held, Histogram, Listed};
use oir_domain::ids::FagsystemId;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::{Statement, Statements};
use oir_flow::ports::Answer;
use oir_flow::ports::days::{
    Comparison, DayFilter, DayRow, Days, Kept, NewTotal, Question, Signing, StatedTotal, Volume,
};
use oir_flow::ports::process::Clock;
use oir_flow::ports::sessions::Deed;

use super::{Invented, StoppedClock, system};

/// What people wrote, newest last.
#[derive(Debug, Default)]
pub(crate) struct Written {
    totals: Mutex<Vec<(DayKey, StatedTotal, Vec<Listed>)>>,
    signings: Mutex<Vec<(DayKey, Signing)>>,
    questions: Mutex<Vec<Question>>,
    /// Whether the books have been heard.
    heard: bool,
}

impl Invented {
    /// The same with a comparison that disagrees by 100 kroner in one place.
    pub(crate) fn heard(mut self) -> Self {
        self.days.heard = true;
        self
    }

    fn row(&self, rows: &mut BTreeMap<DayKey, DayRow>, key: DayKey, scope: &Scope) {
        rows.entry(key).or_insert_with(|| DayRow {
            stated: self.stated_of(scope, key).first().cloned(),
            signing: self.signed_of(scope, key).first().cloned(),
            ..DayRow::empty(key)
        });
    }

    fn stated_of(&self, scope: &Scope, key: DayKey) -> Vec<StatedTotal> {
        let all = self.days.totals.lock().unwrap();
        let seen = scope.covers(key.kommune, Some(key.fagsystem));
        let own = all.iter().rev().filter(|(of, ..)| seen && *of == key);
        own.map(|(_, stated, _)| stated.clone()).collect()
    }

    fn signed_of(&self, scope: &Scope, key: DayKey) -> Vec<Signing> {
        let all = self.days.signings.lock().unwrap();
        let seen = scope.covers(key.kommune, Some(key.fagsystem));
        let own = all.iter().rev().filter(|(of, _)| seen && *of == key);
        own.map(|(_, signing)| signing.clone()).collect()
    }

    fn keys(&self, scope: &Scope) -> Vec<(DayKey, Held)> {
        let zone = copenhagen();
        let seen = self.bilag.iter().map(|detail| &detail.line);
        let seen = seen.filter(|line| scope.covers(line.kommune, line.fagsystem));
        seen.map(|line| {
            let key = DayKey {
                dag: day_of(line.modtaget, &zone),
                kommune: line.kommune,
                fagsystem: line.fagsystem.unwrap(),
            };
            let held = Held {
                id: line.id,
                bilag: line.bilag_uuid,
                debet: line.debet,
                state: line.state.name(),
                bogfoeringsdato: line.bogfoeringsdato,
            };
            (key, held)
        })
        .collect()
    }
}

fn passes(filter: &DayFilter, key: DayKey) -> bool {
    (filter.from..=filter.to).contains(&key.dag)
        && filter.kommune.is_none_or(|own| own == key.kommune)
        && filter.fagsystem.is_none_or(|own| own == key.fagsystem)
}

fn statement(antal: u64, oere: i64) -> Statement {
    Statement {
        antal,
        debet: Oere::new(oere),
        kredit: Oere::new(oere),
    }
}

impl Days for Invented {
    fn days<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<DayRow>> {
        let mut rows = BTreeMap::new();
        for (key, held) in self.keys(scope) {
            if passes(filter, key) {
                self.row(&mut rows, key, scope);
                let count = Count {
                    antal: 1,
                    debet: held.debet,
                };
                rows.get_mut(&key).unwrap().states.push((held.state, count));
            }
        }
        let stated: Vec<DayKey> = self
            .days
            .totals
            .lock()
            .unwrap()
            .iter()
            .map(|t| t.0)
            .collect();
        for key in stated {
            if passes(filter, key) && scope.covers(key.kommune, Some(key.fagsystem)) {
                self.row(&mut rows, key, scope);
            }
        }
        self.answer(rows.into_values().collect())
    }

    fn day_bilag<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Held>> {
        let own = self.keys(scope).into_iter().filter(|(of, _)| *of == key);
        self.answer(own.map(|(_, held)| held).collect())
    }

    fn stated<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<StatedTotal>> {
        self.answer(self.stated_of(scope, key))
    }

    fn stated_lines<'a>(
        &'a self,
        _: &'a Scope,
        key: DayKey,
        version: u32,
    ) -> Answer<'a, Vec<Listed>> {
        let all = self.days.totals.lock().unwrap();
        let own = all
            .iter()
            .find(|(of, stated, _)| *of == key && stated.version == version);
        let lines = own.map(|(_, _, lines)| lines.clone()).unwrap_or_default();
        drop(all);
        self.answer(lines)
    }

    fn keep_total<'a>(&'a self, new: &'a NewTotal, deed: &'a Deed) -> Answer<'a, Kept> {
        let mut all = self.days.totals.lock().unwrap();
        let before = all.iter().filter(|(of, ..)| *of == new.key).count();
        let version = u32::try_from(before).unwrap() + 1;
        let stated = StatedTotal {
            version,
            at: deed.at,
            origin: new.origin,
            subject: deed.subject.clone(),
            navn: deed.navn.clone(),
            total: new.total,
            listed: new.lines.is_some(),
        };
        all.push((new.key, stated, new.lines.clone().unwrap_or_default()));
        drop(all);
        self.answer(Kept::New(version))
    }

    fn books<'a>(
        &'a self,
        _: &'a Scope,
        _: DayKey,
        dates: &'a [Date],
    ) -> Answer<'a, Vec<BookedDay>> {
        let day = |date: &Date| BookedDay {
            bogfoeringsdato: *date,
            ours: statement(2, 100),
            theirs: statement(2, 100),
            at: StoppedClock.now(),
        };
        self.answer(dates.iter().map(day).collect())
    }

    fn signings<'a>(&'a self, scope: &'a Scope, key: DayKey) -> Answer<'a, Vec<Signing>> {
        self.answer(self.signed_of(scope, key))
    }

    fn sign<'a>(&'a self, key: DayKey, signing: &'a Signing, _: &'a Deed) -> Answer<'a, bool> {
        self.days
            .signings
            .lock()
            .unwrap()
            .push((key, signing.clone()));
        self.answer(true)
    }

    fn questions<'a>(&'a self, _: &'a Scope, key: DayKey) -> Answer<'a, Vec<Question>> {
        let all = self.days.questions.lock().unwrap();
        let own: Vec<Question> = all.iter().rev().filter(|q| q.key == key).cloned().collect();
        drop(all);
        self.answer(own)
    }

    fn ask<'a>(&'a self, question: &'a Question, _: &'a Deed) -> Answer<'a, bool> {
        self.days.questions.lock().unwrap().push(question.clone());
        self.answer(true)
    }

    fn comparison<'a>(
        &'a self,
        scope: &'a Scope,
        _: Date,
        _: Date,
    ) -> Answer<'a, Option<Comparison>> {
        type Side = (u16, FagsystemId, Statement);
        let here = |side: Side| {
            let seen = scope.covers(Kommunekode(side.0), Some(side.1));
            seen.then_some(((Kommunekode(side.0), side.1), side.2))
        };
        let viborg = (791, system(1), statement(24, 9_876_543));
        let ours = [viborg, (492, system(1), statement(3, 1_234_500))];
        let theirs = [viborg, (492, system(1), statement(3, 1_224_500))];
        let comparison = Comparison {
            at: StoppedClock.now(),
            ours: ours.into_iter().filter_map(here).collect::<Statements>(),
            theirs: theirs.into_iter().filter_map(here).collect(),
            silent: Vec::new(),
        };
        self.answer(self.days.heard.then_some(comparison))
    }

    fn volumes<'a>(&'a self, scope: &'a Scope, filter: &'a DayFilter) -> Answer<'a, Vec<Volume>> {
        let mut days: BTreeMap<Date, Volume> = BTreeMap::new();
        for (key, held) in self.keys(scope) {
            if passes(filter, key) {
                let day = days.entry(key.dag).or_insert_with(|| Volume {
                    dag: key.dag,
                    states: Vec::new(),
                    times: Histogram::default(),
                });
                day.states.push((held.state, 1));
                day.times.add(5, 1);
            }
        }
        self.answer(days.into_values().collect())
    }
}
