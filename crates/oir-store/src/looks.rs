//! Looks at personal numbers: written down before they are answered, each with its line of
//! the log and the digest of the look before it.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::BilagId;
use oir_domain::look::{LookKind, Purpose, Reason, Verdict};
use oir_domain::party::{Cpr, Kommunekode};
use oir_flow::ports::looks::{
    ChainLink, LogFilter, Look, Looks, Noted, PersonsBilag, Sample, SampledLook, Sampling,
    TakenLook,
};
use oir_flow::ports::sessions::{Deed, LoggedDeed, deeds};
use oir_flow::ports::{Answer, StoreFailure};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::codec::{Cells, damaged, kommune, micros, places};
use crate::list::{Conditions, LINE, folded, line};
use crate::plan::Column::{Bytes, Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Statement, Value};
use crate::sessions::logged;
use crate::verify::Finding;

const LOOK: Shape = Shape {
    table: "look",
    columns: &[
        ("number", Int),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
        ("kommune", Int),
        ("kind", Text),
        ("bilag_id", Id),
        ("reason", Text),
        ("explanation", Text),
        ("found", Int),
        ("previous", Bytes),
        ("digest", Bytes),
    ],
    suffix: "",
};

/// The columns of a look, in [`taken`]'s order.
pub(crate) const TAKEN: &str = "l.number, l.at, l.subject, l.navn, l.kommune, l.kind, \
     l.bilag_id, l.reason, l.explanation, l.found";

/// The first look's predecessor.
const NOTHING: [u8; 32] = [0; 32];

/// Most bilag counted for one person: decades of monthly benefits; beyond it the number says
/// that the person is no person.
const COUNTED_MAX: u32 = 10_000;

const SEARCHES: &str =
    "select count(*) from look where subject = $1 and kind = 'looked_up' and at > $2";

/// Looks and log lines that do not belong together, both ways round.
const STRANGERS: [(&str, &str); 2] = [
    (
        "hvert opslag har sin linje i loggen",
        "select l.number from look l left join deed d on d.number = l.number
         where d.number is null or d.at <> l.at or d.subject <> l.subject or d.navn <> l.navn
           or d.kommune is null or d.kommune <> l.kommune
           or d.what <> case l.kind when 'unmasked' then 'saw_numbers' else 'searched_person' end
         order by l.number limit $1",
    ),
    (
        "hver linje om et opslag har sit opslag",
        "select d.number from deed d left join look l on l.number = d.number
         where d.what in ('saw_numbers', 'searched_person') and l.number is null
         order by d.number limit $1",
    ),
];

impl Store {
    /// A look in its own right: rows of a plan, to be written with its deed.
    async fn look_plan(&self, number: u64, look: &Look, deed: &Deed) -> Result<Plan, StoreFailure> {
        let sql = "select digest from look order by number desc limit 1";
        let last = self.query(sql, Vec::new()).await?.pop();
        let previous = last.map_or(Ok(NOTHING), |row| Cells::new(row).digest())?;
        let taken = TakenLook {
            number,
            at: deed.at,
            subject: deed.subject.clone(),
            navn: deed.navn.clone(),
            look: look.clone(),
        };
        let mut plan = Plan::default();
        plan.insert(&LOOK, look_values(&taken, &previous));
        Ok(plan)
    }

    async fn write_look(&self, look: &Look, deed: &Deed) -> Result<(), StoreFailure> {
        let plan = |number| -> Answer<'_, Plan> { Box::pin(self.look_plan(number, look, deed)) };
        match self.with_line(deed, plan).await? {
            Some(_) => Ok(()),
            None => Err(StoreFailure::Broken("a look was not written".into())),
        }
    }

    async fn write_search(
        &self,
        look: &Look,
        deed: &Deed,
        (since, made): (Timestamp, usize),
    ) -> Result<Noted, StoreFailure> {
        let made = i64::try_from(made).unwrap_or(i64::MAX);
        let plan = |number| -> Answer<'_, Plan> {
            Box::pin(async move {
                let mut plan = self.look_plan(number, look, deed).await?;
                let counted = Statement::Assert {
                    sql: SEARCHES,
                    params: vec![deed.subject.clone().into(), micros(since)],
                    rows: made,
                };
                plan.statements.insert(0, counted);
                Ok(plan)
            })
        };
        let written = self.with_line(deed, plan).await?;
        Ok(written.map_or(Noted::Counted, |_| Noted::Done))
    }

    async fn searches_since(
        &self,
        subject: &str,
        since: Timestamp,
    ) -> Result<Vec<Timestamp>, StoreFailure> {
        let sql = "select at from look where subject = $1 and kind = 'looked_up' and at > $2 \
                   order by at desc";
        let rows = self.query(sql, vec![subject.into(), micros(since)]).await?;
        let times = rows.into_iter().map(|row| Cells::new(row).time());
        times.collect()
    }

    async fn persons_bilag(
        &self,
        scope: &Scope,
        owner: Kommunekode,
        cpr: &Cpr,
        limit: u32,
    ) -> Result<PersonsBilag, StoreFailure> {
        let (sql, params) = persons_question(self.is_sqlite(), scope, owner, cpr);
        let rows = self.query(&sql, params).await?;
        let ids = rows.into_iter().map(|row| Cells::new(row).bilag_id());
        let ids: Vec<BilagId> = ids.collect::<Result<_, _>>()?;
        let newest = ids.get(..usize::try_from(limit).unwrap_or(usize::MAX));
        let newest = newest.unwrap_or(&ids);
        let mut lines = Vec::with_capacity(newest.len());
        for ids in newest.chunks(200) {
            let sql = format!(
                "select {LINE} from bilag b where b.kommune = $1 and b.bilag_id in ({}) \
                 order by b.bilag_id desc",
                places(2, ids.len())
            );
            let mut params = vec![kommune(owner)];
            params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
            for row in self.query(&sql, params).await? {
                lines.push(line(&mut Cells::new(row))?);
            }
        }
        let found = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        Ok(PersonsBilag { lines, found })
    }

    async fn lines_of_the_log(
        &self,
        scope: &Scope,
        filter: &LogFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<LoggedDeed>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "d");
        if let Some(before) = before {
            let before = i64::try_from(before).unwrap_or(i64::MAX);
            wanted.add("d.number <", before.into());
        }
        narrow(&mut wanted, filter);
        let limit = wanted.place(limit.into());
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select number, at, subject, navn, what, kommune, object from deed d {wanted} \
             order by number desc limit {limit}"
        );
        let rows = self.query(&sql, params).await?;
        let lines = rows.into_iter().map(|row| logged(&mut Cells::new(row)));
        lines.collect()
    }

    /// Looks that do not follow from the one before them, or belong to no line of the log.
    pub(crate) async fn verify_looks(&self, limit: u32) -> Result<Vec<Finding>, StoreFailure> {
        let mut findings = Vec::new();
        for (check, sql) in STRANGERS {
            for row in self.query_slowly(sql, vec![limit.into()]).await? {
                let number: u64 = Cells::new(row).narrow()?;
                let what = format!("linje {number}");
                findings.push(Finding { check, what });
            }
        }
        let sql = format!(
            "select {TAKEN}, l.previous, l.digest from look l where l.number > $1 \
             order by l.number limit 1000"
        );
        let (mut last, mut previous) = (0_u64, NOTHING);
        loop {
            let after = i64::try_from(last).unwrap_or(i64::MAX);
            let rows = self.query(&sql, vec![after.into()]).await?;
            if rows.is_empty() {
                return Ok(findings);
            }
            for row in rows {
                let mut cells = Cells::new(row);
                let look = taken(&mut cells)?;
                let (said, digest) = (cells.digest()?, cells.digest()?);
                if said != previous || fingerprint(&look, &said) != digest {
                    findings.push(Finding {
                        check: "opslagene følger hvert af det foregående",
                        what: format!("linje {}", look.number),
                    });
                }
                (last, previous) = (look.number, digest);
            }
        }
    }
}

/// The bilag of a person, newest first. The index stands by stretches of time; a search goes
/// from one to the next and looks for the person in each.
pub(crate) fn persons_question(
    sqlite: bool,
    scope: &Scope,
    owner: Kommunekode,
    cpr: &Cpr,
) -> (String, Vec<Value>) {
    let front = |table: &str| {
        if sqlite {
            format!("substr({table}.bilag_id, 1, 3)")
        } else {
            format!("substr(uuid_send({table}.bilag_id), 1, 3)")
        }
    };
    let (first, next, own) = (front("f"), front("n"), front("p"));
    let mut wanted = Conditions::seen(scope, "b");
    let place = wanted.place(kommune(owner));
    let number = wanted.place(cpr.unmasked().into());
    wanted.say(format!("b.kommune = {place}"));
    wanted.say(format!(
        "b.bilag_id in (select p.bilag_id from stretch cross join postering p \
         where {own} = stretch.front and p.kommune = {place} and p.part_cpr = {number} \
         and p.part_cpr is not null)"
    ));
    let limit = wanted.place(COUNTED_MAX.into());
    let (wanted, params) = wanted.clause();
    let sql = format!(
        "with recursive stretch(front) as (\
           select (select {first} from postering f where f.part_cpr is not null \
             order by {first} limit 1) \
           union all \
           select (select {next} from postering n where n.part_cpr is not null \
             and {next} > stretch.front order by {next} limit 1) \
           from stretch where stretch.front is not null) \
         select b.bilag_id from bilag b {wanted} order by b.bilag_id desc limit {limit}"
    );
    (sql, params)
}

fn narrow(wanted: &mut Conditions, filter: &LogFilter) {
    let part = |wanted: &mut Conditions, column: &str, text: &str| {
        let text = text.replace('\0', "\u{fffd}");
        let escaped = text
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let place = wanted.place(format!("%{escaped}%").into());
        let (column, pattern) = (folded(column, &text), folded(&place, &text));
        format!("{column} like {pattern} escape '\\'")
    };
    if let Some(person) = &filter.person {
        let named = part(wanted, "d.navn", person);
        let subject = wanted.place(person.replace('\0', "\u{fffd}").into());
        wanted.say(format!("({named} or d.subject = {subject})"));
    }
    if let Some(object) = &filter.object {
        let named = part(wanted, "d.object", object);
        wanted.say(named);
    }
    if let Some(what) = &filter.what {
        wanted.add("d.what =", what.clone().into());
    }
    if let Some(owner) = filter.kommune {
        wanted.add("d.kommune =", kommune(owner));
    }
    if let Some(from) = filter.from {
        wanted.add("d.at >=", micros(from));
    }
    if let Some(until) = filter.until {
        wanted.add("d.at <", micros(until));
    }
}

fn look_values(taken: &TakenLook, previous: &[u8; 32]) -> Vec<Value> {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let look = &taken.look;
    vec![
        count(taken.number).into(),
        micros(taken.at),
        taken.subject.clone().into(),
        taken.navn.clone().into(),
        kommune(look.kommune),
        look.kind.word().into(),
        look.bilag.map(BilagId::as_uuid).into(),
        look.purpose.reason().word().into(),
        look.purpose.explanation().into(),
        look.found.map(count).into(),
        previous.into(),
        (&fingerprint(taken, previous)).into(),
    ]
}

/// The digest of a look: every field with its length, so that no two looks share a form.
fn fingerprint(taken: &TakenLook, previous: &[u8; 32]) -> [u8; 32] {
    let look = &taken.look;
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(taken.number.to_be_bytes());
    hasher.update(taken.at.as_microsecond().to_be_bytes());
    hasher.update(look.kommune.0.to_be_bytes());
    hasher.update(look.found.map_or(u64::MAX, |n| n).to_be_bytes());
    let bilag = look.bilag.map_or_else(String::new, |id| id.to_string());
    let texts = [
        &*taken.subject,
        &taken.navn,
        look.kind.word(),
        &bilag,
        look.purpose.reason().word(),
        look.purpose.explanation(),
    ];
    for text in texts {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

pub(crate) fn taken(cells: &mut Cells) -> Result<TakenLook, StoreFailure> {
    let (number, at) = (cells.narrow()?, cells.time()?);
    let (subject, navn) = (cells.text()?, cells.text()?);
    let kommune = cells.kommune()?;
    let kind = LookKind::from_word(&cells.text()?).ok_or_else(|| damaged("a kind of look"))?;
    let bilag = cells.opt_uuid()?.map(BilagId::from_uuid);
    let reason = Reason::from_word(&cells.text()?).ok_or_else(|| damaged("a reason"))?;
    let purpose = Purpose::kept(reason, cells.text()?);
    let found = cells.opt_int()?.map(u64::try_from).transpose();
    Ok(TakenLook {
        number,
        at,
        subject,
        navn,
        look: Look {
            kind,
            kommune,
            bilag,
            purpose,
            found: found.map_err(|_| damaged("a count"))?,
        },
    })
}

/// The word under which a kind of look stands in the log.
const fn deed_of(kind: LookKind) -> &'static str {
    match kind {
        LookKind::Unmasked => deeds::SAW_NUMBERS,
        LookKind::LookedUp => deeds::SEARCHED_PERSON,
    }
}

/// A look and its deed say the same, or nothing is written.
fn same_matter(look: &Look, deed: &Deed) -> Result<(), StoreFailure> {
    if deed.kommune == Some(look.kommune) && &*deed.what == deed_of(look.kind) {
        return Ok(());
    }
    Err(StoreFailure::Broken("a look with another's deed".into()))
}

impl Looks for Store {
    fn take_look<'a>(&'a self, look: &'a Look, deed: &'a Deed) -> Answer<'a, ()> {
        Box::pin(async move {
            same_matter(look, deed)?;
            self.write_look(look, deed).await
        })
    }

    fn searches<'a>(&'a self, subject: &'a str, since: Timestamp) -> Answer<'a, Vec<Timestamp>> {
        Box::pin(self.searches_since(subject, since))
    }

    fn bilag_of<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        cpr: &'a Cpr,
        limit: u32,
    ) -> Answer<'a, PersonsBilag> {
        Box::pin(self.persons_bilag(scope, kommune, cpr, limit))
    }

    fn take_search<'a>(
        &'a self,
        look: &'a Look,
        deed: &'a Deed,
        counted: (Timestamp, usize),
    ) -> Answer<'a, Noted> {
        Box::pin(async move {
            same_matter(look, deed)?;
            self.write_search(look, deed, counted).await
        })
    }

    fn draw_sample<'a>(&'a self, sampling: &'a Sampling, deed: &'a Deed) -> Answer<'a, u64> {
        Box::pin(self.write_sample(sampling, deed))
    }

    fn samples<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<Sample>> {
        Box::pin(self.samples_seen(scope))
    }

    fn sample<'a>(
        &'a self,
        scope: &'a Scope,
        number: u64,
    ) -> Answer<'a, Option<(Sample, Vec<SampledLook>)>> {
        Box::pin(self.one_sample(scope, number))
    }

    fn review<'a>(
        &'a self,
        of: (u64, u64),
        written: (Verdict, &'a str),
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.write_review(of, written, deed))
    }

    fn search_log<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a LogFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Answer<'a, Vec<LoggedDeed>> {
        Box::pin(self.lines_of_the_log(scope, filter, before, limit))
    }

    fn chain<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Vec<ChainLink>> {
        Box::pin(self.chain_of(scope, id))
    }
}
