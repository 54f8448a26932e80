//! What people and senders write down about a day: each a new line beside the old ones.

use oir_domain::day::DayKey;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::{Kept, NewTotal, Question, Signing, SigningKind};
use oir_flow::ports::sessions::Deed;

use super::day_values;
use crate::Store;
use crate::codec::{micros, oere};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Value};

const TOTAL: Shape = Shape {
    table: "day_statement",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("version", Int),
        ("at", Int),
        ("origin", Text),
        ("subject", Text),
        ("navn", Text),
        ("antal", Int),
        ("debet", Int),
        ("kredit", Int),
        ("listed", Int),
    ],
    suffix: "",
};

const LINE: Shape = Shape {
    table: "day_statement_line",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("version", Int),
        ("bilag_uuid", Id),
        ("debet", Int),
    ],
    suffix: "",
};

const SIGNED: Shape = Shape {
    table: "day_signing",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("at", Int),
        ("kind", Text),
        ("subject", Text),
        ("navn", Text),
        ("words", Text),
        ("figures", Text),
    ],
    suffix: "",
};

const EXPLAINED: Shape = Shape {
    table: "day_explanation",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("finding", Text),
        ("words", Text),
    ],
    suffix: "",
};

const ASKED: Shape = Shape {
    table: "day_question",
    columns: &[
        ("dag", Text),
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
    ],
    suffix: "",
};

/// Lines written so far: the next one is the one after, or somebody else came first.
const TOTALS_SO_FAR: &str =
    "select count(*) from day_statement where dag = $1 and kommune = $2 and fagsystem = $3";
const SIGNINGS_SO_FAR: &str =
    "select count(*) from day_signing where dag = $1 and kommune = $2 and fagsystem = $3";
const QUESTIONS_SO_FAR: &str =
    "select count(*) from day_question where dag = $1 and kommune = $2 and fagsystem = $3";

/// Others that may come first before the store counts as too busy.
const TRIES: usize = 10;

fn numbered(key: DayKey, number: u32) -> Vec<Value> {
    let mut values = day_values(key);
    values.push(number.into());
    values
}

impl Store {
    pub(super) async fn write_total(
        &self,
        new: &NewTotal,
        deed: &Deed,
    ) -> Result<Kept, StoreFailure> {
        let mut lines = new.lines.clone();
        if let Some(lines) = &mut lines {
            lines.sort_unstable();
        }
        for _ in 0..TRIES {
            let last = self.stated_versions(new.key, 1).await?.pop();
            if let Some(last) = &last {
                let same = last.total == new.total && last.listed == lines.is_some();
                let old = if same && last.listed {
                    Some(self.lines_of(new.key, last.version).await?)
                } else {
                    None
                };
                if same && old == lines {
                    return Ok(Kept::Same(last.version));
                }
            }
            let before = last.map_or(0, |last| last.version);
            let version = before.saturating_add(1);
            let mut plan = Plan::default();
            plan.assert(TOTALS_SO_FAR, day_values(new.key), before.into());
            let mut values = numbered(new.key, version);
            values.extend([
                micros(deed.at),
                new.origin.word().into(),
                deed.subject.clone().into(),
                deed.navn.clone().into(),
                i64::try_from(new.total.antal).unwrap_or(i64::MAX).into(),
                oere(new.total.debet),
                oere(new.total.kredit),
                lines.is_some().into(),
            ]);
            plan.insert(&TOTAL, values);
            let mut listed = Vec::new();
            for line in lines.iter().flatten() {
                listed.extend(numbered(new.key, version));
                listed.extend([Value::Uuid(line.bilag.as_uuid()), oere(line.debet)]);
            }
            plan.insert(&LINE, listed);
            if self.with_deed(&plan, deed).await? {
                return Ok(Kept::New(version));
            }
        }
        Err(StoreFailure::Unavailable("the day is contended".into()))
    }

    pub(super) async fn write_signing(
        &self,
        key: DayKey,
        signing: &Signing,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let before = i64::from(signing.number).saturating_sub(1);
        plan.assert(SIGNINGS_SO_FAR, day_values(key), before);
        let kind = match signing.kind {
            SigningKind::Signed => "signed",
            SigningKind::Reopened => "reopened",
        };
        let mut values = numbered(key, signing.number);
        values.extend([
            micros(signing.at),
            kind.into(),
            signing.subject.clone().into(),
            signing.navn.clone().into(),
            signing.words.clone().into(),
            signing.figures.to_text().into(),
        ]);
        plan.insert(&SIGNED, values);
        let mut told = Vec::new();
        for (finding, words) in &signing.explanations {
            told.extend(numbered(key, signing.number));
            told.extend([finding.as_str().into(), words.as_str().into()]);
        }
        plan.insert(&EXPLAINED, told);
        self.with_deed(&plan, deed).await
    }

    pub(super) async fn write_question(
        &self,
        question: &Question,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let before = i64::from(question.number).saturating_sub(1);
        plan.assert(QUESTIONS_SO_FAR, day_values(question.key), before);
        let mut values = numbered(question.key, question.number);
        values.extend([
            micros(question.at),
            question.subject.clone().into(),
            question.navn.clone().into(),
        ]);
        plan.insert(&ASKED, values);
        self.with_deed(&plan, deed).await
    }
}
