//! Searching: a page of the list within bounded work, whatever is asked for.
//!
//! Whether a bilag fits is always asked of its own rows ([`question`]). The index
//! (`enter.rs`) only says which ones to ask. What is not in it yet is walked through, newest
//! first, a bounded part at a time; so is everything when no filter leads anywhere better.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_domain::search::{after, amount, konto, sag, sortiment, words};
use oir_flow::ports::search::{Count, Found, Search, Stop};
use oir_flow::ports::views::{BilagFilter, BilagLine};
use oir_flow::ports::{Answer, StoreFailure};
use uuid::Uuid;

use crate::Store;
use crate::codec::{Cells, date, kommune as code};
use crate::list::{Conditions, Part, counted, erp_numbers, is_under_way, question};
use crate::plan::Value;

/// How much a search looks at before it stops.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Bilag walked through in one step.
    pub walked: u32,
    /// Bilag that a lead names in one step.
    pub named: u32,
    /// Steps of one search.
    pub steps: u32,
}

impl Pace {
    /// A step is some ten milliseconds of rows; all together keep the worst search under its
    /// 300 ms (measured, see `docs/PERFORMANCE.md`).
    pub const STANDARD: Self = Self {
        walked: 20_000,
        named: 5_000,
        steps: 5,
    };
}

/// Of those, asked about in one question.
const ASKED: usize = 500;
/// A lead to more than that many, in no order, is none: sorting them takes longer than
/// walking to the next fifty.
const WIDE: u32 = 100_000;
/// Words that may hold what was typed before it says nothing.
const WORDS: u32 = 500;

/// Where to look for bilag that may fit.
#[derive(Debug)]
enum Lead {
    /// Terms from one on, up to but without another; with the late ones or not.
    Terms(String, String, Late),
    /// Any of these words, or this number of the books.
    Words(Vec<String>, String),
    /// A fault.
    Fault(FaultCode),
}

/// Whether bilag may fit whose account came after they were entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    Too,
    Never,
}

impl Lead {
    /// Whether its bilag come newest first without being sorted.
    fn is_ordered(&self) -> bool {
        match self {
            Self::Terms(..) => false,
            Self::Words(words, _) => words.len() <= 1,
            Self::Fault(_) => true,
        }
    }

    /// Questions for the ids of a part; together they name all of it.
    fn rows(&self, all: &mut Conditions, owner: Option<Kommunekode>, part: Part) -> Vec<String> {
        match self {
            Self::Terms(from, to, late) => {
                let (from, to) = (
                    all.place(from.as_str().into()),
                    all.place(to.as_str().into()),
                );
                let within = within(all, "t", owner, part);
                let terms = format!(
                    "select t.bilag_id from search_term t \
                     where t.term >= {from} and t.term < {to}{within}"
                );
                if *late == Late::Never {
                    return vec![terms];
                }
                let within = self::within(all, "l", owner, part);
                let late = format!("select l.bilag_id from search_late l where 1 = 1{within}");
                vec![terms, late]
            }
            Self::Words(words, number) => {
                let marks = words.iter().map(|w| all.place(format!("w{w}").into()));
                let marks: Vec<String> = marks.collect();
                let term = match marks.as_slice() {
                    [] => "1 = 0".to_owned(),
                    [one] => format!("t.term = {one}"),
                    many => format!("t.term in ({})", many.join(",")),
                };
                let of_terms = within(all, "t", owner, part);
                let [typed, upper] = erp_numbers(number).map(|n| all.place(n.into()));
                // Without the municipality, whose index SQLite would take for the better one.
                let of_books = within(all, "e", None, part);
                vec![
                    format!("select t.bilag_id from search_term t where {term}{of_terms}"),
                    format!(
                        "select e.bilag_id from bilag e \
                         where e.erp_bilagsnummer in ({typed}, {upper}){of_books}"
                    ),
                ]
            }
            Self::Fault(fault) => {
                let code = all.place(fault.code().into());
                let within = within(all, "f", owner, part);
                vec![format!(
                    "select f.bilag_id from fault f where f.code = {code}{within}"
                )]
            }
        }
    }
}

/// The newest of what these questions name. Each is cut by itself: PostgreSQL would read to
/// its end, and sort, what an index gives in order.
fn newest(rows: &[String], most: u32) -> String {
    let cut = |(number, rows): (usize, &String)| {
        format!("select bilag_id from ({rows} order by bilag_id desc limit {most}) named{number}")
    };
    let each: Vec<String> = rows.iter().enumerate().map(cut).collect();
    let all = each.join(" union all ");
    format!("{all} order by bilag_id desc limit {most}")
}

/// How a lead to a word is followed, for the test of plans.
#[cfg(test)]
pub(crate) fn following_question(word: &str, below: BilagId) -> (String, Vec<Value>) {
    let lead = Lead::Words(vec![word.to_owned()], word.to_owned());
    let (from, below) = (None, Some(below));
    let mut all = Conditions::default();
    let rows = lead.rows(&mut all, None, Part { from, below });
    let (_, params) = all.clause();
    (newest(&rows, Pace::STANDARD.named), params)
}

/// ` and …` for a part of a table with the columns `bilag_id` and `kommune`.
fn within(all: &mut Conditions, table: &str, owner: Option<Kommunekode>, part: Part) -> String {
    let mut text = String::new();
    let bounds = [(">=", part.from), ("<", part.below)];
    for (sign, id) in bounds {
        if let Some(id) = id {
            let place = all.place(Value::Uuid(id.as_uuid()));
            text.push_str(&format!(" and {table}.bilag_id {sign} {place}"));
        }
    }
    if let Some(owner) = owner {
        let place = all.place(code(owner));
        text.push_str(&format!(" and {table}.kommune = {place}"));
    }
    text
}

/// The one municipality that can be asked about, if it is one.
fn only(scope: &Scope, filter: &BilagFilter) -> Option<Kommunekode> {
    filter.kommune.or(match scope.patches() {
        [patch] => patch.kommune,
        _ => None,
    })
}

/// Whether the filter names single bilag, or is for few that have an index of their own.
fn is_narrow(filter: &BilagFilter, owner: Option<Kommunekode>) -> bool {
    let text = filter.text.as_deref().map_or("", str::trim);
    let names = text.parse::<BilagId>().is_ok()
        || text.parse::<AfsendelseId>().is_ok()
        || text.parse::<BilagUuid>().is_ok();
    let states = &filter.states;
    let to_handle = StateName::FOR_A_PERSON;
    let handled = !states.is_empty() && states.iter().all(|s| to_handle.contains(s));
    names || is_under_way(filter) || (handled && owner.is_some() && !asks_postings(filter))
}

/// Whether each bilag's postings have to be looked at.
fn asks_postings(filter: &BilagFilter) -> bool {
    filter.sag.is_some() || filter.konto.is_some() || filter.sortiment.is_some()
}

fn next(id: Uuid) -> BilagId {
    BilagId::from_uuid(Uuid::from_u128(id.as_u128().saturating_add(1)))
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The page is full.
    Full,
    /// All of the part has been looked at.
    Through,
    /// No step is left.
    Tired,
}

/// A search under way.
struct Hunt<'a> {
    store: &'a Store,
    scope: &'a Scope,
    filter: &'a BilagFilter,
    owner: Option<Kommunekode>,
    limit: u32,
    pace: Pace,
    steps: u32,
    /// Everything from here on has been looked at.
    position: Option<BilagId>,
    lines: Vec<BilagLine>,
}

impl Hunt<'_> {
    /// Young ones first, then what the index leads to.
    async fn run(&mut self) -> Result<End, StoreFailure> {
        let indexed = self.store.indexed_to().await?;
        let young = next(indexed);
        if self.position.is_none_or(|position| position > young) {
            let end = self.walk(Some(young)).await?;
            if end != End::Through {
                return Ok(end);
            }
            self.position = Some(young);
        }
        let Some(part) = self.days().await? else {
            return Ok(End::Through);
        };
        self.position = self.position.min(part.below.or(self.position));
        match self.lead(part).await? {
            Some(lead) => self.follow(&lead, part.from).await,
            None => self.walk(part.from).await,
        }
    }

    /// Takes what fits of a part, or of these of it; whether the page is full.
    async fn take(&mut self, part: Part, named: Option<&[BilagId]>) -> Result<bool, StoreFailure> {
        let found = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let wanted = self.limit.saturating_sub(found);
        let asked = question(self.scope, self.filter, part, named, wanted);
        self.lines.extend(self.store.lines(asked).await?);
        Ok(self.lines.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX))
    }

    /// Looks at all bilag, down to one.
    async fn walk(&mut self, lowest: Option<BilagId>) -> Result<End, StoreFailure> {
        while self.steps > 0 {
            self.steps -= 1;
            let floor = self.floor(lowest).await?;
            let part = Part {
                from: floor.or(lowest),
                below: self.position,
            };
            if self.take(part, None).await? {
                return Ok(End::Full);
            }
            if floor.is_none() {
                return Ok(End::Through);
            }
            self.position = floor;
        }
        Ok(End::Tired)
    }

    /// The last bilag of a step's walk; none when fewer are left.
    async fn floor(&self, lowest: Option<BilagId>) -> Result<Option<BilagId>, StoreFailure> {
        let mut wanted = Conditions::default();
        if let Some(owner) = self.owner {
            wanted.add("b.kommune =", code(owner));
        }
        let below = self.position;
        wanted.part(
            "b.bilag_id",
            Part {
                from: lowest,
                below,
            },
        );
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select b.bilag_id from bilag b {wanted} order by b.bilag_id desc \
             limit 1 offset {}",
            self.pace.walked.saturating_sub(1)
        );
        let row = self.store.query(&sql, params).await?.pop();
        row.map(|row| Cells::new(row).bilag_id()).transpose()
    }

    /// Looks at what a lead names, newest first.
    async fn follow(&mut self, lead: &Lead, from: Option<BilagId>) -> Result<End, StoreFailure> {
        while self.steps > 0 {
            self.steps -= 1;
            let below = self.position;
            let part = Part { from, below };
            let mut all = Conditions::default();
            let rows = lead.rows(&mut all, self.owner, part);
            let (_, params) = all.clause();
            let sql = newest(&rows, self.pace.named);
            let rows = self.store.query(&sql, params).await?;
            let more = u32::try_from(rows.len()).is_ok_and(|n| n >= self.pace.named);
            let ids = rows.into_iter().map(|row| Cells::new(row).bilag_id());
            let mut ids = ids.collect::<Result<Vec<_>, _>>()?;
            ids.dedup();
            for named in ids.chunks(ASKED) {
                if self.take(Part::default(), Some(named)).await? {
                    return Ok(End::Full);
                }
            }
            if !more {
                return Ok(End::Through);
            }
            self.position = ids.last().copied();
        }
        Ok(End::Tired)
    }

    /// The part of the index in which the days lie; none when no bilag is of them.
    async fn days(&self) -> Result<Option<Part>, StoreFailure> {
        let filter = self.filter;
        let mut part = Part {
            from: None,
            below: self.position,
        };
        for (kind, from, to) in [
            ("r", filter.from, filter.to),
            ("b", filter.booked_from, filter.booked_to),
        ] {
            if from.is_none() && to.is_none() {
                continue;
            }
            let Some((first, last)) = self.between(kind, from, to).await? else {
                return Ok(None);
            };
            part.from = part.from.max(Some(first));
            let below = next(last.as_uuid());
            part.below = Some(part.below.map_or(below, |known| known.min(below)));
        }
        Ok(Some(part))
    }

    async fn between(
        &self,
        kind: &str,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Option<(BilagId, BilagId)>, StoreFailure> {
        let mut wanted = Conditions::default();
        wanted.add("kind =", kind.into());
        if let Some(from) = from {
            wanted.add("dag >=", date(from));
        }
        if let Some(to) = to {
            wanted.add("dag <=", date(to));
        }
        let (wanted, params) = wanted.clause();
        let sql = format!("select first_id, last_id from search_day {wanted}");
        let mut found: Option<(BilagId, BilagId)> = None;
        for row in self.store.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let (first, last) = (cells.bilag_id()?, cells.bilag_id()?);
            found = Some(found.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
        }
        Ok(found)
    }

    /// The lead to the fewest bilag, if any is better than walking.
    async fn lead(&self, part: Part) -> Result<Option<Lead>, StoreFailure> {
        let mut best: Option<(u32, Lead)> = None;
        for lead in self.leads().await? {
            // What is followed in order is followed no further than the steps reach, and
            // what leads to more than the best so far need not be counted to its end.
            let enough = if lead.is_ordered() {
                self.pace.named.saturating_mul(self.pace.steps)
            } else {
                WIDE
            };
            let enough = best
                .as_ref()
                .map_or(enough, |(fewest, _)| enough.min(*fewest));
            let count = self.probe(&lead, part, enough).await?;
            let better = best.as_ref().is_none_or(|(fewest, _)| count < *fewest);
            if better && (count <= enough || lead.is_ordered()) {
                best = Some((count, lead));
            }
        }
        Ok(best.map(|(_, lead)| lead))
    }

    /// To how many bilag it leads, up to one more than are enough.
    async fn probe(&self, lead: &Lead, part: Part, enough: u32) -> Result<u32, StoreFailure> {
        let mut all = Conditions::default();
        let rows = lead.rows(&mut all, self.owner, part).join(" union all ");
        let (_, params) = all.clause();
        let most = enough.saturating_add(1);
        let sql =
            format!("select count(*) from (select 1 from ({rows}) named limit {most}) counted");
        let row = self.store.query(&sql, params).await?.pop();
        Cells::new(row.unwrap_or_default()).narrow()
    }

    async fn leads(&self) -> Result<Vec<Lead>, StoreFailure> {
        let filter = self.filter;
        let mut leads: Vec<Lead> = filter.fault.map(Lead::Fault).into_iter().collect();
        // What comes in order is counted first: it is counted the least far.
        let text = filter.text.as_deref().unwrap_or_default();
        for typed in text
            .split_whitespace()
            .filter(|typed| !typed.contains('\0'))
        {
            leads.extend(self.words(typed).await?);
        }
        for (typed, term, late) in [
            (&filter.sag, sag as fn(&str) -> String, Late::Never),
            (&filter.konto, konto, Late::Too),
            (&filter.sortiment, sortiment, Late::Never),
        ] {
            // PostgreSQL takes no NUL, and nothing stored holds one.
            let typed = typed.as_deref().filter(|typed| !typed.contains('\0'));
            if let Some(term) = typed.map(term) {
                let to = after(&term);
                leads.push(Lead::Terms(term, to, late));
            }
        }
        if filter.debet_min.is_some() || filter.debet_max.is_some() {
            let from = filter.debet_min.map_or_else(|| "d".to_owned(), amount);
            let to = filter.debet_max.map_or_else(|| "d".to_owned(), amount);
            leads.push(Lead::Terms(from, after(&to), Late::Never));
        }
        Ok(leads)
    }

    /// All words in which the longest run of what was typed stands.
    async fn words(&self, typed: &str) -> Result<Option<Lead>, StoreFailure> {
        let longest = words(typed).max_by_key(|run| run.chars().count());
        let Some(run) = longest.filter(|run| run.chars().count() >= 2) else {
            return Ok(None);
        };
        let sql = format!(
            "select word from search_word where word like $1 limit {}",
            WORDS + 1
        );
        let rows = self
            .store
            .query(&sql, vec![format!("%{run}%").into()])
            .await?;
        let words = rows.into_iter().map(|row| Cells::new(row).text());
        let words = words.collect::<Result<Vec<_>, _>>()?;
        let few = u32::try_from(words.len()).is_ok_and(|n| n <= WORDS);
        let words = words.into_iter().map(Into::into).collect();
        Ok(few.then(|| Lead::Words(words, typed.to_owned())))
    }

    /// Where it stopped.
    async fn stop(&self) -> Result<Option<Stop>, StoreFailure> {
        let Some(id) = self.position else {
            return Ok(None);
        };
        let sql = "select modtaget from bilag where bilag_id >= $1 order by bilag_id limit 1";
        let row = self
            .store
            .query(sql, vec![Value::Uuid(id.as_uuid())])
            .await?;
        let at = row.into_iter().next().map(|row| Cells::new(row).time());
        Ok(at.transpose()?.map(|at| Stop { id, at }))
    }
}

impl Store {
    pub(crate) async fn search_bilag(
        &self,
        scope: &Scope,
        filter: &BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Result<Found, StoreFailure> {
        let owner = only(scope, filter);
        if is_narrow(filter, owner) {
            let part = Part {
                from: None,
                below: after,
            };
            let lines = self.lines(question(scope, filter, part, None, limit));
            let lines = lines.await?;
            return Ok(Found {
                lines,
                stopped: None,
            });
        }
        let mut hunt = Hunt {
            store: self,
            scope,
            filter,
            owner,
            limit,
            pace: self.pace,
            steps: self.pace.steps,
            position: after,
            lines: Vec::new(),
        };
        let stopped = match hunt.run().await? {
            End::Full | End::Through => None,
            End::Tired => hunt.stop().await?,
        };
        Ok(Found {
            lines: hunt.lines,
            stopped,
        })
    }

    async fn count_bilag(
        &self,
        scope: &Scope,
        filter: &BilagFilter,
        most: u32,
    ) -> Result<Option<Count>, StoreFailure> {
        let owner = only(scope, filter);
        let plain = BilagFilter {
            kommune: filter.kommune,
            ..BilagFilter::default()
        };
        let whole = scope.patches().iter().all(|p| p.fagsystem.is_none());
        let cheap = (*filter == plain && whole) || is_narrow(filter, owner);
        if !cheap || scope.patches().len() > 1 {
            return Ok(None);
        }
        let (sql, params) = counted(scope, filter, most.saturating_add(1));
        let row = self.query(&sql, params).await?.pop();
        let count: u32 = Cells::new(row.unwrap_or_default()).narrow()?;
        Ok(Some(if count > most {
            Count::MoreThan(most)
        } else {
            Count::Exactly(count)
        }))
    }
}

impl Search for Store {
    fn search<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Found> {
        Box::pin(self.search_bilag(scope, filter, after, limit))
    }

    fn count<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        most: u32,
    ) -> Answer<'a, Option<Count>> {
        Box::pin(self.count_bilag(scope, filter, most))
    }

    fn enter(&self, before: BilagId, limit: u32) -> Answer<'_, u32> {
        Box::pin(self.enter_bilag(before, limit))
    }

    fn waiting_since(&self) -> Answer<'_, Option<Timestamp>> {
        Box::pin(self.oldest_waiting())
    }
}
