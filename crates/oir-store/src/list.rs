//! The list of bilag: a filter becomes a query.

use oir_domain::access::Scope;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid};
use oir_domain::message::StateName;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::views::{BilagFilter, BilagLine};

use crate::Store;
use crate::codec::{Cells, date, fagsystem, known_fagsystem, kommune, oere, places};
use crate::plan::{Row, Value};

/// [`StateName::FOR_A_PERSON`] as the index `bilag_to_handle` says it.
const TO_HANDLE_INDEXED: &str = "state in ('rejected', 'held', 'refused', 'parked')";
const ALL: &str = "bilag b";
/// Few at any time, and in the same order: the outbox is walked, and the bilag looked up.
const THROUGH_OUTBOX: &str = "outbox o cross join bilag b";

/// The columns of a line, in [`line`]'s order.
pub(crate) const LINE: &str = "b.kommune, b.bilag_id, b.bilag_uuid, b.fagsystem, \
     b.afsender_bilagsnummer, b.tekst, b.modtaget, b.bogfoeringsdato, b.debet, b.posteringer, \
     b.state, b.attempts, b.erp_bilagsnummer";

pub(crate) fn line(cells: &mut Cells) -> Result<BilagLine, StoreFailure> {
    let (kommune, id, bilag_uuid) = (cells.kommune()?, cells.bilag_id()?, cells.bilag_uuid()?);
    let fagsystem = known_fagsystem(cells.fagsystem()?);
    let (afsender_bilagsnummer, tekst) = (cells.text()?, cells.text()?);
    let (modtaget, bogfoeringsdato) = (cells.time()?, cells.date()?);
    let (debet, posteringer) = (cells.oere()?, cells.narrow()?);
    let (state, _) = cells.state()?;
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
        codes: Vec::new(),
    })
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

    /// A condition whose values have been given their places.
    pub(crate) fn also(&mut self, condition: String) {
        self.texts.push(condition);
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
                 and f.bilag_id = b.bilag_id and f.code = {place})"
            ));
        }
        if let Some(text) = &filter.text {
            self.words(text.trim());
        }
    }

    /// An id in any of its forms, or words of the text or number.
    fn words(&mut self, text: &str) {
        if let Ok(id) = text.parse::<BilagId>() {
            return self.add("b.bilag_id =", Value::Uuid(id.as_uuid()));
        }
        if let Ok(id) = text.parse::<AfsendelseId>() {
            return self.add("b.afsendelse_id =", Value::Uuid(id.as_uuid()));
        }
        if let Ok(id) = text.parse::<BilagUuid>() {
            // Either half has an index of its own.
            let place = self.place(Value::Uuid(id.as_uuid()));
            return self.texts.push(format!(
                "(b.claimed_uuid = {place} or (b.claimed_uuid is null and b.bilag_uuid = {place}))"
            ));
        }
        if text.contains('\0') {
            // No stored text holds it, PostgreSQL refuses it, and SQLite would stop reading there.
            return self.texts.push("1 = 0".into());
        }
        let escaped = text
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let pattern = folded(&self.place(format!("%{escaped}%").into()), text);
        let like = |column: &str| format!("{} like {pattern} escape '\\'", folded(column, text));
        let columns = [
            "b.tekst",
            "b.afsender_bilagsnummer",
            "coalesce(b.erp_bilagsnummer, '')",
        ];
        let any = columns.map(like).join(" or ");
        self.texts.push(format!("({any})"));
    }
}

/// The list's question and its values.
pub(crate) fn question(
    scope: &Scope,
    filter: &BilagFilter,
    after: Option<BilagId>,
    limit: u32,
) -> (String, Vec<Value>) {
    let mut conditions = Conditions::seen(scope, "b");
    conditions.filter(filter);
    let states = &filter.states;
    let under_way = !states.is_empty() && states.iter().all(|s| StateName::UNDER_WAY.contains(s));
    let (from, key) = if under_way {
        let same = "b.bilag_id = o.bilag_id and b.kommune = o.kommune";
        conditions.texts.push(same.to_owned());
        (THROUGH_OUTBOX, "o.bilag_id")
    } else {
        (ALL, "b.bilag_id")
    };
    if let Some(after) = after {
        conditions.add(&format!("{key} <"), Value::Uuid(after.as_uuid()));
    }
    let limit = conditions.place(limit.into());
    let (wanted, params) = conditions.clause();
    let sql = format!("select {LINE} from {from} {wanted} order by {key} desc limit {limit}");
    (sql, params)
}

impl Store {
    pub(crate) async fn list_bilag(
        &self,
        scope: &Scope,
        filter: &BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Result<Vec<BilagLine>, StoreFailure> {
        let (sql, params) = question(scope, filter, after, limit);
        let rows = self.query(&sql, params).await?;
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            lines.push(line(&mut Cells::new(row))?);
        }
        self.add_codes(&mut lines).await?;
        Ok(lines)
    }

    /// Fills in the fault codes of the lines, a query per municipality and two hundred.
    pub(crate) async fn add_codes(&self, lines: &mut [BilagLine]) -> Result<(), StoreFailure> {
        for lines in lines.chunk_by_mut(|a, b| a.kommune == b.kommune) {
            for lines in lines.chunks_mut(200) {
                let Some(owner) = lines.first().map(|l| l.kommune) else {
                    continue;
                };
                let mut params = vec![kommune(owner)];
                params.extend(lines.iter().map(|l| Value::Uuid(l.id.as_uuid())));
                let sql = format!(
                    "select distinct bilag_id, code from fault where kommune = $1 \
                     and bilag_id in ({}) order by bilag_id, code",
                    places(2, lines.len())
                );
                for row in self.query(&sql, params).await? {
                    put_code(lines, row)?;
                }
            }
        }
        Ok(())
    }
}

fn put_code(lines: &mut [BilagLine], row: Row) -> Result<(), StoreFailure> {
    let mut cells = Cells::new(row);
    let (id, code) = (cells.bilag_id()?, cells.text()?);
    let line = lines.iter_mut().find(|l| l.id == id);
    if let (Some(line), Some(code)) = (line, FaultCode::from_code(&code)) {
        line.codes.push(code);
    }
    Ok(())
}
