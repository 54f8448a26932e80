//! Samples of looks, and what auditors wrote about them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::look::{Verdict, draw};
use oir_domain::party::Kommunekode;
use oir_flow::ports::looks::{Review, Sample, SampledLook, Sampling};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, kommune, micros};
use crate::list::Conditions;
use crate::looks::{TAKEN, taken};
use crate::plan::Column::{Int, Text};
use crate::plan::{Plan, Shape, Value};
use crate::verify::Finding;

const SAMPLE: Shape = Shape {
    table: "look_sample",
    columns: &[
        ("number", Int),
        ("at", Int),
        ("navn", Text),
        ("kommune", Int),
        ("period_from", Int),
        ("period_until", Int),
        ("size", Int),
        ("seed", Text),
        ("population", Int),
    ],
    suffix: "",
};

const SAMPLED: Shape = Shape {
    table: "sampled_look",
    columns: &[("sample", Int), ("look", Int)],
    suffix: "",
};

const REVIEW: Shape = Shape {
    table: "look_review",
    columns: &[
        ("number", Int),
        ("sample", Int),
        ("look", Int),
        ("at", Int),
        ("navn", Text),
        ("verdict", Text),
        ("note", Text),
    ],
    suffix: "",
};

/// The columns of a sample, in [`sample`]'s order.
const COLUMNS: &str = "s.number, s.at, s.navn, s.kommune, s.period_from, s.period_until, s.size, \
     s.seed, s.population, (select count(*) from sampled_look m where m.sample = s.number), \
     (select count(distinct r.look) from look_review r where r.sample = s.number)";

/// Samples listed.
const LISTED: i64 = 200;

/// Lines of samples and reviews that the log does not know, as such.
const STRANGERS: [(&str, &str); 2] = [
    (
        "hver stikprøve har sin linje i loggen",
        "select s.number from look_sample s left join deed d on d.number = s.number
         where d.number is null or d.what <> 'drew_sample' or d.at <> s.at or d.navn <> s.navn
         order by s.number limit $1",
    ),
    (
        "hver gennemgang har sin linje i loggen og sit opslag i stikprøven",
        "select r.number from look_review r left join deed d on d.number = r.number
         left join sampled_look m on m.sample = r.sample and m.look = r.look
         where d.number is null or d.what <> 'reviewed_look' or d.at <> r.at or d.navn <> r.navn
           or m.look is null
         order by r.number limit $1",
    ),
];

fn signed(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

impl Store {
    /// Numbers of the looks of a municipality in a period that stand before a line.
    async fn looks_before(
        &self,
        number: u64,
        owner: Kommunekode,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<u64>, StoreFailure> {
        let sql = "select number from look where kommune = $1 and at >= $2 and at < $3 \
                   and number < $4 order by number";
        let params = vec![kommune(owner), micros(from), micros(until), signed(number)];
        let rows = self.query(sql, params).await?;
        rows.into_iter()
            .map(|row| Cells::new(row).narrow())
            .collect()
    }

    async fn sample_plan(
        &self,
        number: u64,
        sampling: &Sampling,
        deed: &Deed,
    ) -> Result<Plan, StoreFailure> {
        let period = (sampling.from, sampling.until);
        let looks = self.looks_before(number, sampling.kommune, period).await?;
        let size = usize::try_from(sampling.size).unwrap_or(usize::MAX);
        let drawn = draw(sampling.seed, &looks, size);
        let mut plan = Plan::default();
        let values = vec![
            signed(number),
            micros(deed.at),
            deed.navn.clone().into(),
            kommune(sampling.kommune),
            micros(sampling.from),
            micros(sampling.until),
            sampling.size.into(),
            format!("{:016x}", sampling.seed).into(),
            i64::try_from(looks.len()).unwrap_or(i64::MAX).into(),
        ];
        plan.insert(&SAMPLE, values);
        let member = |look: &u64| [signed(number), signed(*look)];
        plan.insert(&SAMPLED, drawn.iter().flat_map(member).collect());
        Ok(plan)
    }

    pub(crate) async fn write_sample(
        &self,
        sampling: &Sampling,
        deed: &Deed,
    ) -> Result<u64, StoreFailure> {
        let plan =
            |number| -> Answer<'_, Plan> { Box::pin(self.sample_plan(number, sampling, deed)) };
        let number = self.with_line(deed, plan).await?;
        number.ok_or_else(|| StoreFailure::Broken("a sample was not written".into()))
    }

    pub(crate) async fn samples_seen(&self, scope: &Scope) -> Result<Vec<Sample>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "s");
        let limit = wanted.place(LISTED.into());
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select {COLUMNS} from look_sample s {wanted} order by s.number desc limit {limit}"
        );
        let rows = self.query(&sql, params).await?;
        let samples = rows.into_iter().map(|row| sample(&mut Cells::new(row)));
        samples.collect()
    }

    pub(crate) async fn one_sample(
        &self,
        scope: &Scope,
        number: u64,
    ) -> Result<Option<(Sample, Vec<SampledLook>)>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "s");
        wanted.add("s.number =", signed(number));
        let (wanted, params) = wanted.clause();
        let sql = format!("select {COLUMNS} from look_sample s {wanted}");
        let Some(row) = self.query(&sql, params).await?.pop() else {
            return Ok(None);
        };
        let found = sample(&mut Cells::new(row))?;
        let mut reviews = self.reviews(number).await?;
        let sql = format!(
            "select {TAKEN} from sampled_look m join look l on l.number = m.look \
             where m.sample = $1 order by l.number"
        );
        let mut looks = Vec::new();
        for row in self.query(&sql, vec![signed(number)]).await? {
            let look = taken(&mut Cells::new(row))?;
            let reviews = reviews.remove(&look.number).unwrap_or_default();
            looks.push(SampledLook { look, reviews });
        }
        Ok(Some((found, looks)))
    }

    async fn reviews(&self, number: u64) -> Result<BTreeMap<u64, Vec<Review>>, StoreFailure> {
        let sql = "select look, at, navn, verdict, note from look_review where sample = $1 \
                   order by number";
        let mut all: BTreeMap<u64, Vec<Review>> = BTreeMap::new();
        for row in self.query(sql, vec![signed(number)]).await? {
            let mut cells = Cells::new(row);
            let look = cells.narrow()?;
            let (at, navn) = (cells.time()?, cells.text()?);
            let verdict = Verdict::from_word(&cells.text()?).ok_or_else(|| damaged("a verdict"))?;
            let note = cells.text()?;
            all.entry(look).or_default().push(Review {
                at,
                navn,
                verdict,
                note,
            });
        }
        Ok(all)
    }

    pub(crate) async fn write_review(
        &self,
        (of, look): (u64, u64),
        (verdict, note): (Verdict, &str),
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        const THERE: &str = "select count(*) from sampled_look where sample = $1 and look = $2";
        let plan = |number| -> Answer<'_, Plan> {
            Box::pin(async move {
                let mut plan = Plan::default();
                plan.assert(THERE, vec![signed(of), signed(look)], 1);
                let values = vec![
                    signed(number),
                    signed(of),
                    signed(look),
                    micros(deed.at),
                    deed.navn.clone().into(),
                    verdict.word().into(),
                    note.into(),
                ];
                plan.insert(&REVIEW, values);
                Ok(plan)
            })
        };
        Ok(self.with_line(deed, plan).await?.is_some())
    }

    /// Samples that are not what their seed draws, and what the log does not know of.
    pub(crate) async fn verify_samples(&self, limit: u32) -> Result<Vec<Finding>, StoreFailure> {
        let mut findings = Vec::new();
        for (check, sql) in STRANGERS {
            for row in self.query_slowly(sql, vec![limit.into()]).await? {
                let number: u64 = Cells::new(row).narrow()?;
                let what = format!("linje {number}");
                findings.push(Finding { check, what });
            }
        }
        let sql = format!("select {COLUMNS} from look_sample s order by s.number");
        for row in self.query_slowly(&sql, Vec::new()).await? {
            let sample = sample(&mut Cells::new(row))?;
            let asked = &sample.sampling;
            let period = (asked.from, asked.until);
            let looks = self
                .looks_before(sample.number, asked.kommune, period)
                .await?;
            let size = usize::try_from(asked.size).unwrap_or(usize::MAX);
            let sql = "select look from sampled_look where sample = $1 order by look";
            let rows = self.query(sql, vec![signed(sample.number)]).await?;
            let kept = rows.into_iter().map(|row| Cells::new(row).narrow());
            let kept: Vec<u64> = kept.collect::<Result<_, _>>()?;
            let population = u64::try_from(looks.len()).unwrap_or(u64::MAX);
            if kept != draw(asked.seed, &looks, size) || population != sample.population {
                findings.push(Finding {
                    check: "hver stikprøve er den, dens startværdi udtager",
                    what: format!("linje {}", sample.number),
                });
            }
        }
        Ok(findings)
    }
}

fn sample(cells: &mut Cells) -> Result<Sample, StoreFailure> {
    let (number, at, navn) = (cells.narrow()?, cells.time()?, cells.text()?);
    let (kommune, from, until) = (cells.kommune()?, cells.time()?, cells.time()?);
    let size = cells.narrow()?;
    let seed = u64::from_str_radix(&cells.text()?, 16).map_err(|_| damaged("a seed"))?;
    Ok(Sample {
        number,
        at,
        navn,
        sampling: Sampling {
            kommune,
            from,
            until,
            size,
            seed,
        },
        population: cells.narrow()?,
        drawn: cells.narrow()?,
        reviewed: cells.narrow()?,
    })
}
