//! The list of bilag: a filter becomes a query.

use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::views::{BilagFilter, BilagLine};

use crate::Store;
use crate::codec::{Cells, GROUP, date, fagsystem, known_fagsystem, kommune, oere};
use crate::plan::Value;

/// [`StateName::FOR_A_PERSON`] as the index `bilag_to_handle` says it.
const TO_HANDLE_INDEXED: &str = "state in ('rejected', 'held', 'refused', 'parked')";
const ALL: &str = "bilag b";
/// Few at any time, and in the same order: the outbox is walked, and the bilag looked up.
pub(crate) const THROUGH_OUTBOX: &str = "outbox o cross join bilag b";
/// What belongs together there.
pub(crate) const ITS_BILAG: &str = "b.bilag_id = o.bilag_id and b.kommune = o.kommune";

/// Asks each bilag by itself: PostgreSQL would otherwise make a join of it, and its plan for
/// any value begins with all that have the fault, to find which of five hundred named do.
const EACH: &str = "limit 1 offset 0";

/// The columns of a line, in [`line`]'s order.
pub(crate) const LINE: &str = "b.kommune, b.bilag_id, b.bilag_uuid, b.fagsystem, \
     b.afsender_bilagsnummer, b.tekst, b.modtaget, b.bogfoeringsdato, b.debet, b.posteringer, \
     b.state, b.attempts, b.erp_bilagsnummer, (select string_agg(f.code, ',') from fault f \
     where f.bilag_id = b.bilag_id and f.kommune = b.kommune)";

pub(crate) fn line(cells: &mut Cells) -> Result<BilagLine, StoreFailure> {
    let (kommune, id, bilag_uuid) = (cells.kommune()?, cells.bilag_id()?, cells.bilag_uuid()?);
    let fagsystem = known_fagsystem(cells.fagsystem()?);
    let (afsender_bilagsnummer, tekst) = (cells.text()?, cells.text()?);
    let (modtaget, bogfoeringsdato) = (cells.time()?, cells.date()?);
    let (debet, posteringer) = (cells.oere()?, cells.narrow()?);
    let (state, _) = cells.state()?;
    let codes = codes(cells.opt_text()?.as_deref());
    Ok(BilagLine {
        kommune,
        id,
        bilag_uuid,
        fagsystem,
        afsender_bilagsnummer,
        tekst,
        modtaget,
        bogfoeringsdato,
        debet,
        posteringer,
        state,
        codes,
    })
}

/// The codes of all faults, each once and in order; what a later version wrote is left out.
fn codes(listed: Option<&str>) -> Vec<FaultCode> {
    let listed = listed.unwrap_or_default().split(',');
    let mut codes: Vec<FaultCode> = listed.filter_map(FaultCode::from_code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Letters beyond ASCII that people type in either case: `lower` does not know them in
/// SQLite, and in PostgreSQL only when the database was made with a locale that does.
const LETTERS: [(char, char); 7] = [
    ('Æ', 'æ'),
    ('Ø', 'ø'),
    ('Å', 'å'),
    ('Ä', 'ä'),
    ('Ö', 'ö'),
    ('Ü', 'ü'),
    ('É', 'é'),
];

/// An expression in lower case, as far as it matters to what was typed: each letter replaced
/// costs as much as the rest of the search. Column and pattern go through the same one, so
/// that what a database does with other letters it does to both.
pub(crate) fn folded(expression: &str, typed: &str) -> String {
    let text = LETTERS
        .iter()
        .filter(|(upper, lower)| typed.contains([*upper, *lower]))
        .fold(expression.to_owned(), |inner, (upper, lower)| {
            format!("replace({inner}, '{upper}', '{lower}')")
        });
    format!("lower({text})")
}

/// Conditions and their values, numbered as they come.
#[derive(Default)]
pub(crate) struct Conditions {
    texts: Vec<String>,
    params: Vec<Value>,
}

impl Conditions {
    /// What somebody sees of a table with the columns `kommune` and `fagsystem`.
    pub(crate) fn seen(scope: &Scope, table: &str) -> Self {
        let mut conditions = Self::default();
        let mut patches = Vec::new();
        for patch in scope.patches() {
            let mut both = Vec::new();
            if let Some(owner) = patch.kommune {
                let place = conditions.place(kommune(owner));
                both.push(format!("{table}.kommune = {place}"));
            }
            if let Some(sender) = patch.fagsystem {
                let place = conditions.place(fagsystem(Some(sender)));
                both.push(format!("{table}.fagsystem = {place}"));
            }
            if both.is_empty() {
                return Self::default();
            }
            patches.push(format!("({})", both.join(" and ")));
        }
        let seen = if patches.is_empty() {
            "1 = 0".to_owned()
        } else {
            format!("({})", patches.join(" or "))
        };
        conditions.texts.push(seen);
        conditions
    }

    /// The conditions as a `where`, which is empty when there are none, and their values.
    pub(crate) fn clause(self) -> (String, Vec<Value>) {
        if self.texts.is_empty() {
            return (String::new(), self.params);
        }
        (format!("where {}", self.texts.join(" and ")), self.params)
    }

    /// The place of a value that stands elsewhere in the query.
    pub(crate) fn place(&mut self, value: Value) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    /// A condition that ends in a value.
    pub(crate) fn add(&mut self, left: &str, value: Value) {
        let place = self.place(value);
        self.texts.push(format!("{left} {place}"));
    }

    /// Bilag of a part, by the column that says which.
    pub(crate) fn part(&mut self, column: &str, part: Part) {
        if let Some(from) = part.from {
            self.add(&format!("{column} >="), Value::Uuid(from.as_uuid()));
        }
        if let Some(below) = part.below {
            self.add(&format!("{column} <"), Value::Uuid(below.as_uuid()));
        }
    }

    /// A condition whose values have their places already.
    pub(crate) fn say(&mut self, condition: impl Into<String>) {
        self.texts.push(condition.into());
    }

    fn filter(&mut self, filter: &BilagFilter) {
        if let Some(owner) = filter.kommune {
            self.add("b.kommune =", kommune(owner));
        }
        if let Some(sender) = filter.fagsystem {
            self.add("b.fagsystem =", fagsystem(Some(sender)));
        }
        if !filter.states.is_empty() {
            let words = filter.states.iter().map(|s| Value::from(s.word()));
            let marks: Vec<String> = words.map(|w| self.place(w)).collect();
            self.texts.push(format!("b.state in ({})", marks.join(",")));
            if filter
                .states
                .iter()
                .all(|s| StateName::FOR_A_PERSON.contains(s))
            {
                // Said again in the index's own words, by which both databases know it.
                self.texts.push(format!("b.{TO_HANDLE_INDEXED}"));
            }
        }
        if let Some(from) = filter.from {
            self.add("b.dag >=", date(from));
        }
        if let Some(to) = filter.to {
            self.add("b.dag <=", date(to));
        }
        if let Some(from) = filter.booked_from {
            self.add("b.bogfoeringsdato >=", date(from));
        }
        if let Some(to) = filter.booked_to {
            self.add("b.bogfoeringsdato <=", date(to));
        }
        if let Some(least) = filter.debet_min {
            self.add("b.debet >=", oere(least));
        }
        if let Some(most) = filter.debet_max {
            self.add("b.debet <=", oere(most));
        }
        if let Some(code) = filter.fault {
            let place = self.place(code.code().into());
            self.texts.push(format!(
                "exists (select 1 from fault f where f.kommune = b.kommune \
                 and f.bilag_id = b.bilag_id and f.code = {place} {EACH})"
            ));
        }
        for (column, text, starts) in [
            (KONTO, &filter.konto, Starts::Cell),
            ("p.sagsnummer", &filter.sag, Starts::Cell),
            ("p.sortiment", &filter.sortiment, Starts::Part),
        ] {
            if let Some(text) = text {
                self.posting(column, text.trim(), starts);
            }
        }
        if let Some(text) = &filter.text {
            self.text(text.trim());
        }
    }

    /// A posting in which a column, or a part of it, begins so.
    fn posting(&mut self, column: &str, text: &str, starts: Starts) {
        let Some(escaped) = escaped(text) else {
            return self.texts.push("1 = 0".into());
        };
        let pattern = match starts {
            Starts::Cell => format!("{escaped}%"),
            Starts::Part => format!("%{GROUP}{escaped}%"),
        };
        let pattern = folded(&self.place(pattern.into()), text);
        let found = |from: &str, column: &str| {
            let column = folded(column, text);
            format!(
                "exists (select 1 from {from} where p.bilag_id = b.bilag_id \
                 and p.kommune = b.kommune and {column} like {pattern} escape '\\' {EACH})"
            )
        };
        let posting = found("postering p", column);
        self.texts.push(match column {
            // A posting of several accounts has them in rows of their own.
            KONTO => format!("({posting} or {})", found("konteringslinje p", column)),
            _ => posting,
        });
    }

    /// An id in any of its forms, or words of the text or number.
    fn text(&mut self, text: &str) {
        if let Ok(id) = text.parse::<BilagId>() {
            return self.add("b.bilag_id =", Value::Uuid(id.as_uuid()));
        }
        if let Ok(id) = text.parse::<AfsendelseId>() {
            return self.add("b.afsendelse_id =", Value::Uuid(id.as_uuid()));
        }
        if let Ok(id) = text.parse::<BilagUuid>() {
            // Each has an index of its own: the bilag's id, claimed or not, and the message's.
            let place = self.place(Value::Uuid(id.as_uuid()));
            return self.texts.push(format!(
                "b.bilag_id in (select c.bilag_id from bilag c where c.claimed_uuid = {place} \
                 union select c.bilag_id from bilag c where c.claimed_uuid is null \
                 and c.bilag_uuid = {place} union select c.bilag_id from afsendelse a \
                 join bilag c on c.afsendelse_id = a.afsendelse_id and c.kommune = a.kommune \
                 where a.claimed_id = {place})"
            ));
        }
        for word in text.split_whitespace() {
            self.word(word);
        }
    }

    /// A word of the text or of the sender's number, or the whole number of the books.
    fn word(&mut self, word: &str) {
        let Some(escaped) = escaped(word) else {
            return self.texts.push("1 = 0".into());
        };
        let pattern = folded(&self.place(format!("%{escaped}%").into()), word);
        let like = |column: &str| format!("{} like {pattern} escape '\\'", folded(column, word));
        let any = ["b.tekst", "b.afsender_bilagsnummer"]
            .map(like)
            .join(" or ");
        let [typed, upper] = erp_numbers(word).map(|number| self.place(number.into()));
        self.texts.push(format!(
            "({any} or b.erp_bilagsnummer in ({typed}, {upper}))"
        ));
    }
}

const KONTO: &str = "p.konto";

/// Where a value must begin.
#[derive(Clone, Copy)]
enum Starts {
    /// Where the column does.
    Cell,
    /// After the facet, in a column of several values.
    Part,
}

/// The number of the books as it was typed, and in capitals.
pub(crate) fn erp_numbers(word: &str) -> [String; 2] {
    [word.to_owned(), word.to_uppercase()]
}

/// Most bytes of a word that is looked for: no text or number is longer, and SQLite takes
/// no pattern above 50,000.
const TYPED_MAX: usize = 4_000;

/// A text as a part of a pattern; none when no stored text can hold it: PostgreSQL refuses
/// NUL, and SQLite would stop reading there.
pub(crate) fn escaped(text: &str) -> Option<String> {
    if text.len() > TYPED_MAX {
        return None;
    }
    let escaped = text
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    (!text.contains('\0')).then_some(escaped)
}

/// A part of all bilag, by id: from one on, and up to but without another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Part {
    pub(crate) from: Option<BilagId>,
    pub(crate) below: Option<BilagId>,
}

/// The list's question and its values: lines of a part, and of these bilag only, if any are
/// named.
pub(crate) fn question(
    scope: &Scope,
    filter: &BilagFilter,
    part: Part,
    named: Option<&[BilagId]>,
    limit: u32,
) -> (String, Vec<Value>) {
    let (rest, params) = rest(scope, filter, part, named, limit);
    (format!("select {LINE} {rest}"), params)
}

/// How many there are, up to a number.
pub(crate) fn counted(scope: &Scope, filter: &BilagFilter, most: u32) -> (String, Vec<Value>) {
    let (rest, params) = rest(scope, filter, Part::default(), None, most);
    let sql = format!("select count(*) from (select b.bilag_id {rest}) counted");
    (sql, params)
}

fn rest(
    scope: &Scope,
    filter: &BilagFilter,
    part: Part,
    named: Option<&[BilagId]>,
    limit: u32,
) -> (String, Vec<Value>) {
    let mut conditions = Conditions::seen(scope, "b");
    conditions.filter(filter);
    let (from, key) = if named.is_none() && is_under_way(filter) {
        conditions.say(ITS_BILAG);
        (THROUGH_OUTBOX, "o.bilag_id")
    } else {
        (ALL, "b.bilag_id")
    };
    conditions.part(key, part);
    if let Some(named) = named {
        let ids = named.iter().map(|id| Value::Uuid(id.as_uuid()));
        let marks: Vec<String> = ids.map(|id| conditions.place(id)).collect();
        let marks = marks.join(",");
        conditions.texts.push(format!("b.bilag_id in ({marks})"));
    }
    let limit = conditions.place(limit.into());
    let (wanted, params) = conditions.clause();
    let rest = format!("from {from} {wanted} order by {key} desc limit {limit}");
    (rest, params)
}

/// Whether only bilag on their way are asked for: few, and all in the outbox.
pub(crate) fn is_under_way(filter: &BilagFilter) -> bool {
    let states = &filter.states;
    !states.is_empty() && states.iter().all(|s| StateName::UNDER_WAY.contains(s))
}

impl Store {
    /// Lines of a question.
    pub(crate) async fn lines(
        &self,
        (sql, params): (String, Vec<Value>),
    ) -> Result<Vec<BilagLine>, StoreFailure> {
        let rows = self.query(&sql, params).await?;
        let read = |row| line(&mut Cells::new(row));
        rows.into_iter().map(read).collect()
    }

    /// As many as there are, however far back: search by search.
    pub(crate) async fn list_bilag(
        &self,
        scope: &Scope,
        filter: &BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Result<Vec<BilagLine>, StoreFailure> {
        let (mut lines, mut position) = (Vec::new(), after);
        loop {
            let found = u32::try_from(lines.len()).unwrap_or(u32::MAX);
            let wanted = limit.saturating_sub(found);
            if wanted == 0 {
                return Ok(lines);
            }
            let found = self.search_bilag(scope, filter, position, wanted).await?;
            lines.extend(found.lines);
            let Some(stopped) = found.stopped else {
                return Ok(lines);
            };
            position = Some(stopped.id);
        }
    }
}
