//! What was received for a table: pages of whole bilag along the index of the municipality's
//! bilag, so that a year is read in bounded pieces and no statement takes long.

use std::collections::HashMap;

use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::Posteringstype;
use oir_domain::finans::konteringsdag;
use oir_domain::ids::BilagId;
use oir_domain::message::State;
use oir_domain::money::Side;
use oir_domain::omsaetning::{Kontering, TableId};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::omsaetning::{PastCursor, PastPage, PastPosting, SeenValues};
use uuid::Uuid;

use crate::Store;
use crate::admit::SPLIT;
use crate::codec::{Cells, damaged, date, fagsystem, kommune};
use crate::find::{self, Splits, kontering, sortiment};
use crate::plan::{Row, Value};

/// Most bilag of a page.
const BILAG_MAX: u32 = 2_000;
/// Postings after which a page ends with the bilag that it is in.
const POSTINGS_ENOUGH: u64 = 20_000;
/// Bilag whose values are added up in one statement.
const TOGETHER: u32 = 5_000;

/// Accepted bilag of a table in a span of days: kommune, fagsystem, first and last day.
const OF_TABLE: &str = "b.kommune = $1 and b.fagsystem = $2 and b.dag >= $3 and b.dag <= $4 \
     and b.rejected = 0";
/// The bilag's rows of the one table, then those of the other, by their keys.
const WITH_POSTINGS: &str = "bilag b cross join postering p";
const ITS_POSTINGS: &str = "p.bilag_id = b.bilag_id and p.kommune = b.kommune";

/// Which table, and on which days of reception.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) table: TableId,
    pub(crate) days: (Date, Date),
}

impl Span {
    fn params(self, more: impl IntoIterator<Item = Value>) -> Vec<Value> {
        let own = [
            kommune(self.table.kommune),
            fagsystem(Some(self.table.fagsystem)),
            date(self.days.0),
            date(self.days.1),
        ];
        own.into_iter().chain(more).collect()
    }
}

/// The bilag after one.
pub(crate) fn heads_question(span: Span, after: Uuid) -> (String, Vec<Value>) {
    let sql = format!(
        "select b.bilag_id, b.bogfoeringsdato, b.regnskabsaar, b.posteringstype, b.posteringer, \
         b.state, b.attempts, b.erp_bilagsnummer from bilag b where {OF_TABLE} \
         and b.bilag_id > $5 order by b.bilag_id limit $6"
    );
    (sql, span.params([Value::Uuid(after), BILAG_MAX.into()]))
}

/// The postings of the bilag from one to another.
pub(crate) fn postings_question(span: Span, (first, last): (Uuid, Uuid)) -> (String, Vec<Value>) {
    let sql = format!(
        "select b.bilag_id, p.position, p.linjenummer, p.side, p.beloeb, p.sortiment, p.konto \
         from {WITH_POSTINGS} where {OF_TABLE} and b.bilag_id >= $5 and b.bilag_id <= $6 \
         and {ITS_POSTINGS} order by b.bilag_id, p.position"
    );
    (sql, span.params([Value::Uuid(first), Value::Uuid(last)]))
}

/// The accounts of those of these postings that have several.
pub(crate) fn splits_question(span: Span, (first, last): (Uuid, Uuid)) -> (String, Vec<Value>) {
    let sql = format!(
        "select b.bilag_id, l.position, l.konto, l.beloeb from bilag b \
         cross join konteringslinje l where {OF_TABLE} and b.bilag_id >= $5 and b.bilag_id <= $6 \
         and l.bilag_id = b.bilag_id and l.kommune = b.kommune \
         order by b.bilag_id, l.position, l.number"
    );
    (sql, span.params([Value::Uuid(first), Value::Uuid(last)]))
}

/// The last of so many bilag after one.
pub(crate) fn cut_question(span: Span, after: Uuid) -> (String, Vec<Value>) {
    let sql = format!(
        "select b.bilag_id from bilag b where {OF_TABLE} and b.bilag_id > $5 \
         order by b.bilag_id limit 1 offset $6"
    );
    let skipped = TOGETHER.saturating_sub(1);
    (sql, span.params([Value::Uuid(after), skipped.into()]))
}

/// What the postings of the bilag after one and up to another bring together. The day is
/// [`konteringsdag`].
pub(crate) fn seen_question(span: Span, (after, last): (Uuid, Uuid)) -> (String, Vec<Value>) {
    let day = "case b.posteringstype when 'SUP' then cast(b.regnskabsaar as text) || '-12-31' \
               else b.bogfoeringsdato end";
    let sql = format!(
        "select p.sortiment, p.side, b.posteringstype, count(*), min({day}), max({day}) \
         from {WITH_POSTINGS} where {OF_TABLE} and b.bilag_id > $5 and b.bilag_id <= $6 \
         and {ITS_POSTINGS} group by p.sortiment, p.side, b.posteringstype"
    );
    (sql, span.params([Value::Uuid(after), Value::Uuid(last)]))
}

/// What all postings of a bilag have in common.
struct Head {
    id: BilagId,
    day: Date,
    regnskabsaar: Regnskabsaar,
    posteringstype: Posteringstype,
    posteringer: u64,
    state: State,
}

fn kind(cells: &mut Cells) -> Result<Posteringstype, StoreFailure> {
    Posteringstype::from_code(&cells.text()?).ok_or_else(|| damaged("a kind of posting"))
}

fn side(cells: &mut Cells) -> Result<Side, StoreFailure> {
    Side::from_letter(&cells.text()?).ok_or_else(|| damaged("a side"))
}

fn head(row: Row) -> Result<Head, StoreFailure> {
    let mut cells = Cells::new(row);
    let (id, bogfoeringsdato) = (cells.bilag_id()?, cells.date()?);
    let (regnskabsaar, posteringstype) = (Regnskabsaar(cells.narrow()?), kind(&mut cells)?);
    let posteringer = cells.narrow()?;
    let (state, _) = cells.state()?;
    Ok(Head {
        id,
        day: konteringsdag(bogfoeringsdato, posteringstype, regnskabsaar),
        regnskabsaar,
        posteringstype,
        posteringer,
        state,
    })
}

fn posting(
    head: &Head,
    cells: &mut Cells,
    splits: &mut Splits,
) -> Result<PastPosting, StoreFailure> {
    let position = cells.int()?;
    let (linjenummer, side) = (cells.narrow()?, side(cells)?);
    let (beloeb, sortiment) = (cells.oere()?, sortiment(&cells.text()?)?);
    let split = splits.remove(&(head.id, position)).unwrap_or_default();
    let kontering = kontering(cells.opt_text()?, split, beloeb)?;
    Ok(PastPosting {
        bilag: head.id,
        linjenummer,
        sortiment,
        side,
        beloeb,
        day: head.day,
        regnskabsaar: head.regnskabsaar,
        posteringstype: head.posteringstype,
        state: head.state.clone(),
        lines: kontering.map(Kontering::into_lines).unwrap_or_default(),
    })
}

/// As many bilag as make a page, and whether there may be more.
fn page_of(heads: &mut Vec<Head>) -> bool {
    let full = heads.len() >= usize::try_from(BILAG_MAX).unwrap_or(usize::MAX);
    let mut postings = 0_u64;
    let enough = heads.iter().position(|head| {
        postings = postings.saturating_add(head.posteringer);
        postings >= POSTINGS_ENOUGH
    });
    match enough {
        Some(last) if last.saturating_add(1) < heads.len() => {
            heads.truncate(last.saturating_add(1));
            true
        }
        _ => full,
    }
}

impl Store {
    pub(super) async fn past_page(
        &self,
        scope: &Scope,
        table: TableId,
        days: (Date, Date),
        after: Option<PastCursor>,
    ) -> Result<PastPage, StoreFailure> {
        let nothing = PastPage {
            postings: Vec::new(),
            next: None,
        };
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Ok(nothing);
        }
        let (span, after) = (
            Span { table, days },
            after.map_or(Uuid::nil(), |cursor| cursor.bilag.as_uuid()),
        );
        let (sql, params) = heads_question(span, after);
        let rows = self.query(&sql, params).await?.into_iter();
        let mut heads = rows.map(head).collect::<Result<Vec<_>, _>>()?;
        let more = page_of(&mut heads);
        let (Some(first), Some(last)) = (heads.first(), heads.last()) else {
            return Ok(nothing);
        };
        let next = more.then_some(PastCursor { bilag: last.id });
        let (sql, params) = postings_question(span, (first.id.as_uuid(), last.id.as_uuid()));
        let rows = self.query(&sql, params).await?;
        let is_split =
            |row: &Row| matches!(row.last(), Some(Value::Text(konto)) if **konto == *SPLIT);
        let mut splits = Splits::new();
        if rows.iter().any(is_split) {
            splits = self.splits(span, (first.id, last.id)).await?;
        }
        let (mut heads, mut postings) = (heads.iter().peekable(), Vec::with_capacity(rows.len()));
        for row in rows {
            let mut cells = Cells::new(row);
            let id = cells.bilag_id()?;
            while heads.next_if(|head| head.id != id).is_some() {}
            // A bilag that came between the two questions is not on the page.
            let Some(head) = heads.peek() else { break };
            postings.push(posting(head, &mut cells, &mut splits)?);
        }
        Ok(PastPage { postings, next })
    }

    async fn splits(
        &self,
        span: Span,
        (first, last): (BilagId, BilagId),
    ) -> Result<Splits, StoreFailure> {
        let (sql, params) = splits_question(span, (first.as_uuid(), last.as_uuid()));
        find::splits(self.query(&sql, params).await?)
    }

    pub(super) async fn seen_values(
        &self,
        scope: &Scope,
        table: TableId,
        since: Date,
    ) -> Result<Vec<SeenValues>, StoreFailure> {
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Ok(Vec::new());
        }
        let days = (since, Date::MAX);
        let (span, mut after) = (Span { table, days }, Uuid::nil());
        let mut all = HashMap::new();
        loop {
            let (sql, params) = cut_question(span, after);
            let cut = self.query(&sql, params).await?.pop();
            let cut = cut.map(|row| Cells::new(row).uuid()).transpose()?;
            let (sql, params) = seen_question(span, (after, cut.unwrap_or(Uuid::max())));
            for row in self.query(&sql, params).await? {
                add(&mut all, row)?;
            }
            match cut {
                Some(cut) => after = cut,
                None => break,
            }
        }
        let mut all: Vec<SeenValues> = all.into_values().collect();
        all.sort_by_cached_key(|seen| {
            let values = seen.sortiment.iter();
            let values: Vec<_> = values
                .map(|v| (v.facet.clone(), v.vaerdi.clone()))
                .collect();
            (values, seen.side.letter(), seen.posteringstype.code())
        });
        Ok(all)
    }
}

/// Values as stored, side and kind.
type SeenKey = (Box<str>, &'static str, &'static str);

fn add(all: &mut HashMap<SeenKey, SeenValues>, row: Row) -> Result<(), StoreFailure> {
    let mut cells = Cells::new(row);
    let stored = cells.text()?;
    let (side, posteringstype) = (side(&mut cells)?, kind(&mut cells)?);
    let postings: u64 = cells.narrow()?;
    let (first, last) = (cells.date()?, cells.date()?);
    let sortiment = sortiment(&stored)?;
    let key = (stored, side.letter(), posteringstype.code());
    let seen = all.entry(key).or_insert(SeenValues {
        sortiment,
        side,
        posteringstype,
        postings: 0,
        first,
        last,
    });
    seen.postings = seen.postings.saturating_add(postings);
    (seen.first, seen.last) = (seen.first.min(first), seen.last.max(last));
    Ok(())
}
