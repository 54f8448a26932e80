//! Omsætningstabeller of the tests, kept in memory, by the same rules as the store's.

use std::sync::Mutex;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use oir_domain::access::Scope;
use oir_domain::calendar::Validity;
use oir_domain::finans::Posteringstype;
use oir_domain::ids::FagsystemId;
use oir_domain::money::Side;
use oir_domain::omsaetning::{
    Condition, Rule, Simulated, Stage, TableId, Target, Template, Version,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::Answer;
use oir_flow::ports::omsaetning::{
    CopySource, NewDraft, Omsaetningstabeller, PastCursor, PastPage, PastPosting, Save, SeenValues,
    Sharing, TableLine, Written,
};
use oir_flow::ports::sessions::Deed;

use super::{Invented, system};

/// Versions with their rules, and which tables others may copy.
#[derive(Debug)]
pub(crate) struct Kept {
    versions: Mutex<Vec<(Version, Vec<Rule>)>>,
    shared: Mutex<Vec<TableId>>,
    /// Whether reading the past meets a bug.
    pub(crate) broken: bool,
}

/// The table of an invented municipality and the first invented fagsystem.
pub(crate) fn table(kommune: u16) -> TableId {
    TableId {
        kommune: Kommunekode(kommune),
        fagsystem: system(1),
    }
}

/// A rule for one value of `ydelsesart`.
pub(crate) fn rule(number: u32, vaerdi: &str, konto: &str) -> Rule {
    Rule {
        number,
        conditions: vec![("ydelsesart".into(), Condition::Is(vaerdi.into()))],
        side: None,
        regnskabsaar: None,
        posteringstype: None,
        validity: Validity {
            from: date(2026, 1, 1),
            to: None,
        },
        targets: vec![Target::whole(Template::parse(konto).unwrap())],
        comment: "".into(),
    }
}

fn beginning(kommune: u16, rules: &[Rule]) -> (Version, Vec<Rule>) {
    let version = Version {
        table: table(kommune),
        number: 0,
        stage: Stage::Approved,
        based_on: 0,
        edition: 0,
        purpose: "".into(),
        in_force_from: None,
        rules: u32::try_from(rules.len()).unwrap(),
        writers: Vec::new(),
        begun: Timestamp::UNIX_EPOCH,
        saved: Timestamp::UNIX_EPOCH,
        simulated: None,
        approved: None,
    };
    (version, rules.to_vec())
}

impl Default for Kept {
    /// Viborg's table has a rule for one of the two values that are sent, Aarhus's for both.
    fn default() -> Self {
        let mut noted = rule(2, "ALDRIG", "5577122{omkostningssted}52");
        noted.comment = "Aftalt med <fagområdet>".into();
        let viborg = [rule(1, "MELLEMREGNING", "9998001"), noted];
        let aarhus = [
            rule(1, "SDP-LOEN", "55771101"),
            rule(2, "MELLEMREGNING", "9998002"),
        ];
        Self {
            versions: Mutex::new(vec![
                beginning(791, &viborg),
                beginning(751, &aarhus),
                beginning(492, &[]),
            ]),
            shared: Mutex::default(),
            broken: false,
        }
    }
}

impl Kept {
    fn change(
        &self,
        table: TableId,
        number: u32,
        edition: Option<u32>,
        with: impl FnOnce(&mut Version, &mut Vec<Rule>),
    ) -> Written {
        let mut all = self.versions.lock().unwrap();
        let found = all.iter_mut().find(|(version, _)| {
            version.table == table
                && version.number == number
                && version.stage == Stage::Draft
                && edition.is_none_or(|edition| edition == version.edition)
        });
        let Some((version, rules)) = found else {
            return Written::Stale;
        };
        with(version, rules);
        Written::Done(version.edition)
    }
}

impl Invented {
    /// The postings of a table as the past has them.
    fn postings(&self, table: TableId) -> Vec<PastPosting> {
        let own = self.bilag.iter().filter(|detail| {
            detail.line.kommune == table.kommune
                && detail.line.fagsystem == Some(table.fagsystem)
                && detail.line.state != oir_domain::message::State::Rejected
        });
        own.flat_map(|detail| {
            detail.bilag.posteringer.iter().map(|line| PastPosting {
                bilag: detail.line.id,
                linjenummer: line.linjenummer,
                sortiment: line.sortiment.clone(),
                side: line.side,
                beloeb: line.beloeb,
                day: detail.bilag.konteringsdag(),
                regnskabsaar: detail.bilag.regnskabsaar,
                posteringstype: detail.bilag.posteringstype,
                state: detail.line.state.clone(),
                lines: line
                    .kontering
                    .as_ref()
                    .map(|kontering| kontering.lines().to_vec())
                    .unwrap_or_default(),
            })
        })
        .collect()
    }

    fn held(&self, table: TableId) -> u64 {
        let held = self.bilag.iter().filter(|detail| {
            detail.line.kommune == table.kommune
                && detail.line.fagsystem == Some(table.fagsystem)
                && detail.line.state == oir_domain::message::State::Held
        });
        u64::try_from(held.count()).unwrap()
    }
}

fn covers(scope: &Scope, table: TableId) -> bool {
    scope.covers(table.kommune, Some(table.fagsystem))
}

impl Omsaetningstabeller for Invented {
    fn tables<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<TableLine>> {
        let all = self.tables.versions.lock().unwrap();
        let first = all.iter().filter(|(version, _)| version.number == 0);
        let lines = first.filter(|(version, _)| covers(scope, version.table));
        let line = |(version, _): &(Version, Vec<Rule>)| {
            let own = all.iter().filter(|(v, _)| v.table == version.table);
            let approved = own
                .clone()
                .filter(|(v, _)| v.stage == Stage::Approved)
                .max_by_key(|(v, _)| v.number);
            let (approved, rules) = approved.unwrap();
            TableLine {
                table: version.table,
                approved: approved.number,
                rules: u32::try_from(rules.len()).unwrap(),
                draft: own
                    .clone()
                    .find(|(v, _)| v.stage == Stage::Draft)
                    .map(|(v, _)| v.number),
                held: self.held(version.table),
            }
        };
        self.answer(lines.map(line).collect())
    }

    fn versions<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Vec<Version>> {
        let all = self.tables.versions.lock().unwrap();
        let own = all.iter().filter(|(version, _)| version.table == table);
        let own = own.filter(|_| covers(scope, table));
        let mut own: Vec<Version> = own.map(|(version, _)| version.clone()).collect();
        own.sort_by_key(|version| std::cmp::Reverse(version.number));
        self.answer(own)
    }

    fn rules<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        number: u32,
    ) -> Answer<'a, Option<Vec<Rule>>> {
        let all = self.tables.versions.lock().unwrap();
        let found = all
            .iter()
            .find(|(version, _)| version.table == table && version.number == number);
        let found = found.filter(|_| covers(scope, table));
        self.answer(found.map(|(_, rules)| rules.clone()))
    }

    fn next_number<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, u32> {
        let all = self.tables.versions.lock().unwrap();
        let own = all.iter().filter(|(version, _)| version.table == table);
        let own = own.filter(|_| covers(scope, table));
        let highest = own.flat_map(|(_, rules)| rules.iter().map(|rule| rule.number));
        self.answer(highest.max().unwrap_or(0) + 1)
    }

    fn begin<'a>(&'a self, draft: &'a NewDraft, _: &'a Deed) -> Answer<'a, Written> {
        let mut all = self.tables.versions.lock().unwrap();
        let own = all.iter().filter(|(v, _)| v.table == draft.table);
        if own.clone().any(|(v, _)| v.stage == Stage::Draft) {
            return self.answer(Written::Stale);
        }
        let number = own.map(|(v, _)| v.number).max().unwrap() + 1;
        let version = Version {
            table: draft.table,
            number,
            stage: Stage::Draft,
            based_on: draft.based_on,
            edition: 1,
            purpose: draft.purpose.clone(),
            in_force_from: draft.in_force_from,
            rules: u32::try_from(draft.rules.len()).unwrap(),
            writers: vec![draft.writer.clone()],
            begun: draft.at,
            saved: draft.at,
            simulated: None,
            approved: None,
        };
        all.push((version, draft.rules.clone()));
        self.answer(Written::Done(number))
    }

    fn save<'a>(&'a self, save: &'a Save, _: &'a Deed) -> Answer<'a, Written> {
        let edition = Some(save.edition);
        let written = self
            .tables
            .change(save.table, save.number, edition, |version, rules| {
                version.edition += 1;
                version.purpose = save.purpose.clone();
                version.in_force_from = save.in_force_from;
                version.saved = save.at;
                if !version.writers.contains(&save.writer) {
                    version.writers.push(save.writer.clone());
                }
                if let Some(all) = &save.rules {
                    rules.clone_from(all);
                }
                version.rules = u32::try_from(rules.len()).unwrap();
            });
        self.answer(written)
    }

    fn keep_simulation<'a>(
        &'a self,
        table: TableId,
        number: u32,
        simulated: &'a Simulated,
        _: &'a Deed,
    ) -> Answer<'a, Written> {
        let edition = Some(simulated.edition);
        let written = self.tables.change(table, number, edition, |version, _| {
            version.simulated = Some(simulated.clone());
        });
        self.answer(written)
    }

    fn approve<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        approver: &'a str,
        at: Timestamp,
        _: &'a Deed,
    ) -> Answer<'a, Written> {
        let written = self
            .tables
            .change(table, number, Some(edition), |version, _| {
                version.stage = Stage::Approved;
                version.approved = Some((approver.into(), at));
            });
        self.answer(written)
    }

    fn discard<'a>(
        &'a self,
        table: TableId,
        number: u32,
        edition: u32,
        _: &'a Deed,
    ) -> Answer<'a, Written> {
        let written = self
            .tables
            .change(table, number, Some(edition), |version, _| {
                version.stage = Stage::Discarded;
            });
        self.answer(written)
    }

    fn past<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        days: (Date, Date),
        _: Option<PastCursor>,
    ) -> Answer<'a, PastPage> {
        assert!(!self.tables.broken, "an invented bug");
        let there = covers(scope, table) && days.0 <= super::DAY && super::DAY <= days.1;
        let postings = if there {
            self.postings(table)
        } else {
            Vec::new()
        };
        self.answer(PastPage {
            postings,
            next: None,
        })
    }

    fn seen<'a>(
        &'a self,
        scope: &'a Scope,
        table: TableId,
        _: Date,
    ) -> Answer<'a, Vec<SeenValues>> {
        let own = covers(scope, table).then(|| self.postings(table));
        let own = own.unwrap_or_default();
        let of = |side: Side| {
            let lines = own.iter().filter(move |line| line.side == side);
            let first = lines.clone().next()?;
            Some(SeenValues {
                sortiment: first.sortiment.clone(),
                side,
                posteringstype: Posteringstype::Normal,
                postings: u64::try_from(lines.count()).unwrap(),
                first: first.day,
                last: first.day,
            })
        };
        let both = [Side::Debit, Side::Credit];
        self.answer(both.into_iter().filter_map(of).collect())
    }

    fn share<'a>(&'a self, table: TableId, sharing: Sharing, _: &'a Deed) -> Answer<'a, ()> {
        let mut shared = self.tables.shared.lock().unwrap();
        shared.retain(|other| *other != table);
        if sharing == Sharing::Shared {
            shared.push(table);
        }
        self.answer(())
    }

    fn copyable<'a>(
        &'a self,
        scope: &'a Scope,
        fagsystem: FagsystemId,
    ) -> Answer<'a, Vec<CopySource>> {
        let all = self.tables.versions.lock().unwrap();
        let shared = self.tables.shared.lock().unwrap();
        let sources = all.iter().filter(|(version, rules)| {
            let seen = covers(scope, version.table) || shared.contains(&version.table);
            version.number == 0 && version.table.fagsystem == fagsystem && seen && !rules.is_empty()
        });
        let source = |(version, rules): &(Version, Vec<Rule>)| CopySource {
            table: version.table,
            approved: version.number,
            rules: u32::try_from(rules.len()).unwrap(),
            sharing: if shared.contains(&version.table) {
                Sharing::Shared
            } else {
                Sharing::Private
            },
        };
        self.answer(sources.map(source).collect())
    }

    fn copy<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Option<Vec<Rule>>> {
        let all = self.tables.versions.lock().unwrap();
        let shared = self.tables.shared.lock().unwrap().contains(&table);
        let found = all
            .iter()
            .find(|(version, _)| version.table == table && version.number == 0);
        let found = found.filter(|_| shared || covers(scope, table));
        self.answer(found.map(|(_, rules)| rules.clone()))
    }
}
