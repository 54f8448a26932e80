//! The background's part: what the books say, and how long bookings took.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::day::EDGES_MS;
use oir_domain::party::Kommunekode;
use oir_flow::ports::days::{ByDate, DayWork, KeptByDate, Question, QuestionAnswer};
use oir_flow::ports::{Answer, StoreFailure};

use super::{day_values, latest, statement};
use crate::Store;
use crate::codec::{Cells, date, kommune, micros, oere};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Shape, Value};
use crate::sessions::committed;

const STATEMENT: Shape = Shape {
    table: "books_statement",
    columns: &[
        ("kommune", Int),
        ("bogfoeringsdato", Text),
        ("fagsystem", Id),
        ("version", Int),
        ("at", Int),
        ("our_antal", Int),
        ("our_debet", Int),
        ("our_kredit", Int),
        ("antal", Int),
        ("debet", Int),
        ("kredit", Int),
    ],
    suffix: "",
};

const ASKED: Shape = Shape {
    table: "books_asked",
    columns: &[("kommune", Int), ("at", Int), ("silent", Text)],
    suffix: "on conflict (kommune) do update set at = excluded.at, silent = excluded.silent",
};

const ANSWER: Shape = Shape {
    table: "day_answer",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("at", Int),
        ("asked", Int),
        ("silent", Text),
    ],
    suffix: "",
};

const WORD: Shape = Shape {
    table: "day_answer_word",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("bilag_id", Id),
        ("bilag_uuid", Id),
        ("erp_bilagsnummer", Text),
    ],
    suffix: "",
};

const TIME: Shape = Shape {
    table: "booking_time",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("class", Int),
        ("antal", Int),
    ],
    suffix: "",
};

/// Days whose classes count another number of bilag than the totals have as booked.
const STALE: &str = "select t.dag from (select dag, cast(sum(antal) as bigint) as antal \
     from control_total where state = 'booked' group by dag) t \
     left join (select dag, cast(sum(antal) as bigint) as antal from booking_time group by dag) b \
     on b.dag = t.dag where t.antal <> coalesce(b.antal, 0) order by t.dag desc limit $1";

/// The class of a bilag's time from reception to booking, in SQL.
fn class() -> String {
    let when = |(class, edge): (usize, &i64)| {
        let micros = edge.saturating_mul(1_000);
        format!("when b.changed - b.modtaget < {micros} then {class}")
    };
    let all: Vec<String> = EDGES_MS.iter().enumerate().map(when).collect();
    format!("case {} else {} end", all.join(" "), EDGES_MS.len())
}

fn count(antal: u64) -> Value {
    i64::try_from(antal).unwrap_or(i64::MAX).into()
}

impl Store {
    async fn booked_dates(
        &self,
        owner: Kommunekode,
        from: Date,
        to: Date,
    ) -> Result<ByDate, StoreFailure> {
        let sql = "select bogfoeringsdato, fagsystem, count(*), cast(sum(debet) as bigint), \
             cast(sum(kredit) as bigint) from bilag b where b.state = 'booked' \
             and b.kommune = $1 and b.bogfoeringsdato >= $2 and b.bogfoeringsdato <= $3 \
             group by bogfoeringsdato, fagsystem";
        let params = vec![kommune(owner), date(from), date(to)];
        let mut found = ByDate::new();
        for row in self.query_slowly(sql, params).await? {
            let mut cells = Cells::new(row);
            let of = (cells.date()?, cells.fagsystem()?);
            found.insert(of, statement(&mut cells)?);
        }
        Ok(found)
    }

    async fn kept_dates(
        &self,
        owner: Kommunekode,
        from: Date,
        to: Date,
    ) -> Result<KeptByDate, StoreFailure> {
        let sql = format!(
            "select bogfoeringsdato, fagsystem, our_antal, our_debet, our_kredit, antal, debet, \
             kredit from books_statement t where kommune = $1 and bogfoeringsdato >= $2 \
             and bogfoeringsdato <= $3 and {}",
            latest("books_statement", "bogfoeringsdato", "version")
        );
        let params = vec![kommune(owner), date(from), date(to)];
        let mut found = KeptByDate::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let of = (cells.date()?, cells.fagsystem()?);
            let both = (statement(&mut cells)?, statement(&mut cells)?);
            found.insert(of, both);
        }
        Ok(found)
    }

    async fn write_statements(
        &self,
        owner: Kommunekode,
        at: Timestamp,
        rows: &KeptByDate,
    ) -> Result<(), StoreFailure> {
        let mut values = Vec::new();
        for ((dag, sender), (ours, theirs)) in rows {
            let sender = Value::Uuid(sender.as_uuid());
            let sql = "select coalesce(max(version), 0) from books_statement \
                       where kommune = $1 and bogfoeringsdato = $2 and fagsystem = $3";
            let params = vec![kommune(owner), date(*dag), sender.clone()];
            let mut last = self.query(sql, params).await?;
            let last = Cells::new(last.pop().unwrap_or_default()).int()?;
            values.extend([kommune(owner), date(*dag), sender]);
            values.extend([last.saturating_add(1).into(), micros(at)]);
            for side in [ours, theirs] {
                values.extend([count(side.antal), oere(side.debet), oere(side.kredit)]);
            }
        }
        let mut plan = Plan::default();
        plan.insert(&STATEMENT, values);
        match self.transact(plan).await? {
            // Another process kept what it heard at the same moment: as good as ours.
            Outcome::Duplicate => Ok(()),
            other => committed(other),
        }
    }

    async fn write_answer(
        &self,
        question: &Question,
        answer: &QuestionAnswer,
    ) -> Result<(), StoreFailure> {
        let numbered = || {
            let mut values = day_values(question.key);
            values.push(question.number.into());
            values
        };
        let mut values = numbered();
        values.extend([
            micros(answer.at),
            count(answer.asked),
            answer.silent.clone().into(),
        ]);
        let mut plan = Plan::default();
        plan.insert(&ANSWER, values);
        let mut words = Vec::new();
        for word in &answer.words {
            words.extend(numbered());
            let number = word
                .number
                .as_ref()
                .map(oir_domain::ids::ErpBilagsnummer::as_str);
            words.extend([
                Value::Uuid(word.id.as_uuid()),
                Value::Uuid(word.bilag.as_uuid()),
                number.into(),
            ]);
        }
        plan.insert(&WORD, words);
        match self.transact(plan).await? {
            Outcome::Duplicate => Ok(()),
            other => committed(other),
        }
    }

    async fn write_times(&self, dag: Date) -> Result<(), StoreFailure> {
        let sql = "select kommune, cast(sum(antal) as bigint) from control_total \
                   where dag = $1 and state = 'booked' group by kommune having sum(antal) <> 0";
        let mut values = Vec::new();
        let columns = format!("b.fagsystem, {} as class, count(*)", class());
        let rest = "and b.state = 'booked' group by b.fagsystem, class";
        for row in self.query(sql, vec![date(dag)]).await? {
            let mut cells = Cells::new(row);
            let (owner, booked) = (cells.kommune()?, cells.int()?);
            let whole = |rows: &[crate::plan::Row]| {
                let counted = |row: &crate::plan::Row| match row.get(2) {
                    Some(Value::Int(antal)) => *antal,
                    _ => 0,
                };
                rows.iter().map(counted).sum::<i64>() >= booked
            };
            let found = self
                .of_day((&columns, rest), (owner, dag), Vec::new(), whole)
                .await?;
            for row in found {
                values.extend([date(dag), kommune(owner)]);
                values.extend(row);
            }
        }
        let mut plan = Plan::default();
        let old = "delete from booking_time where dag = $1";
        plan.change(old, vec![date(dag)], None);
        plan.insert(&TIME, values);
        match self.transact(plan).await? {
            Outcome::Duplicate => Ok(()),
            other => committed(other),
        }
    }
}

impl DayWork for Store {
    fn booked_by_date(&self, kommune: Kommunekode, from: Date, to: Date) -> Answer<'_, ByDate> {
        Box::pin(self.booked_dates(kommune, from, to))
    }

    fn kept_by_date(&self, kommune: Kommunekode, from: Date, to: Date) -> Answer<'_, KeptByDate> {
        Box::pin(self.kept_dates(kommune, from, to))
    }

    fn keep_statements<'a>(
        &'a self,
        kommune: Kommunekode,
        at: Timestamp,
        rows: &'a KeptByDate,
    ) -> Answer<'a, ()> {
        Box::pin(self.write_statements(kommune, at, rows))
    }

    fn note_asked<'a>(
        &'a self,
        owner: Kommunekode,
        at: Timestamp,
        silent: Option<&'a str>,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let mut plan = Plan::default();
            plan.insert(&ASKED, vec![kommune(owner), micros(at), silent.into()]);
            committed(self.transact(plan).await?)
        })
    }

    fn open_questions(&self, limit: u32) -> Answer<'_, Vec<Question>> {
        let rest = "where a.at is null order by q.dag limit $1";
        Box::pin(self.questions_where(rest, vec![limit.into()]))
    }

    fn answer<'a>(&'a self, question: &'a Question, answer: &'a QuestionAnswer) -> Answer<'a, ()> {
        Box::pin(self.write_answer(question, answer))
    }

    fn stale_times(&self, limit: u32) -> Answer<'_, Vec<Date>> {
        Box::pin(async move {
            let rows = self.query_slowly(STALE, vec![limit.into()]).await?;
            rows.into_iter().map(|row| Cells::new(row).date()).collect()
        })
    }

    fn count_times(&self, dag: Date) -> Answer<'_, ()> {
        Box::pin(self.write_times(dag))
    }
}
