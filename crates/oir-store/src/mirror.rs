//! Who maps, what was said beforehand of bilag that an ERP maps, and what came of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, FagsystemId};
use oir_domain::omsaetning::{
    Comparison, Foreseen, Kontering, Konteringslinje, Mode, Prediction, TableId,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::inbox::Accounts;
use oir_flow::ports::mirror::{
    MirrorBilag, MirrorCount, MirrorFilter, MirrorLine, Mirrors, ModeChange,
};
use oir_flow::ports::outbox::Move;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, fagsystem, kommune, micros, oere, places, time_of};
use crate::list::Conditions;
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Plan, Row, Shape, Value};

const BILAG: Shape = Shape {
    table: "mirror_bilag",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("fagsystem", Id),
        ("dag", Text),
        ("omsaetning_version", Int),
        ("refusal", Int),
    ],
    suffix: "",
};

const LINE: Shape = Shape {
    table: "mirror_line",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("said_by", Text),
        ("linjenummer", Int),
        ("number", Int),
        ("konto", Text),
        ("beloeb", Int),
    ],
    // Of postings under one number the first is heard.
    suffix: "on conflict do nothing",
};

const ANSWER: Shape = Shape {
    table: "mirror_answer",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("at", Int),
        ("comparison", Text),
    ],
    suffix: "",
};

const MODE: Shape = Shape {
    table: "kontering_mode",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("number", Int),
        ("mode", Text),
        ("since", Int),
        ("subject", Text),
        ("navn", Text),
    ],
    suffix: "",
};

const MODE_COLUMNS: &str = "m.kommune, m.fagsystem, m.number, m.mode, m.since, m.navn";
const LAST: &str = "m.number = (select max(n.number) from kontering_mode n \
     where n.kommune = m.kommune and n.fagsystem = m.fagsystem)";
/// Decisions have no gaps: that many rows means that the last has that number.
const FOLLOWS: &str = "select count(*) from kontering_mode where kommune = $1 and fagsystem = $2";
const NEXT_REGISTER: &str = "update register_version set version = version + 1";

/// Who says what a posting is booked on.
const HUB: &str = "hub";
const BOOKS: &str = "books";

/// Rows about bilag that an ERP maps, for one plan.
#[derive(Default)]
pub(crate) struct MirrorRows {
    bilag: Vec<Value>,
    lines: Vec<Value>,
    answers: Vec<Value>,
}

impl MirrorRows {
    /// What is said beforehand of a bilag of this sender and day of reception.
    pub(crate) fn foreseen(
        &mut self,
        key: (Kommunekode, BilagId),
        (sender, dag): (FagsystemId, Date),
        foreseen: &Prediction,
    ) {
        self.bilag.extend([
            kommune(key.0),
            Value::Uuid(key.1.as_uuid()),
            fagsystem(Some(sender)),
            date(dag),
            foreseen.version.into(),
            foreseen.is_refusal().into(),
        ]);
        for posting in &foreseen.posteringer {
            if let Some(kontering) = &posting.kontering {
                self.lines(key, HUB, posting.linjenummer, kontering);
            }
        }
    }

    /// What a step says of it: that the ERP maps it after all, or what its books answered.
    pub(crate) fn step(&mut self, step: &Move) {
        let key = (step.seen.kommune, step.seen.id);
        if let Accounts::Foreseen(foreseen) = &step.accounts {
            self.foreseen(key, (step.seen.fagsystem, step.seen.dag), foreseen);
        }
        if let Some(compared) = &step.compared {
            // Books that name a posting twice are heard once: lines of two konteringer are none.
            let mut heard = HashSet::new();
            for told in &compared.told {
                if heard.insert(told.linjenummer) {
                    self.lines(key, BOOKS, told.linjenummer, &told.kontering);
                }
            }
            self.answers.extend([
                kommune(key.0),
                Value::Uuid(key.1.as_uuid()),
                micros(step.at),
                compared.comparison.word().into(),
            ]);
        }
    }

    fn lines(
        &mut self,
        (owner, id): (Kommunekode, BilagId),
        said_by: &'static str,
        linjenummer: u32,
        kontering: &Kontering,
    ) {
        for (number, line) in (1_u32..).zip(kontering.lines()) {
            self.lines.extend([
                kommune(owner),
                Value::Uuid(id.as_uuid()),
                said_by.into(),
                linjenummer.into(),
                number.into(),
                line.konto.clone().into(),
                oere(line.beloeb),
            ]);
        }
    }

    pub(crate) fn into_plan(self, plan: &mut Plan) {
        plan.insert(&BILAG, self.bilag);
        plan.insert(&LINE, self.lines);
        plan.insert(&ANSWER, self.answers);
    }
}

/// Konteringer by bilag and `Linjenummer`.
type Said = HashMap<(BilagId, u32), Kontering>;

impl Store {
    /// The last decision of each table.
    pub(crate) async fn decided_modes(
        &self,
    ) -> Result<Vec<((Kommunekode, FagsystemId), Mode)>, StoreFailure> {
        let sql = format!("select {MODE_COLUMNS} from kontering_mode m where {LAST}");
        let changes = self.mode_changes(&sql, Vec::new()).await?;
        let pair = |c: ModeChange| ((c.table.kommune, c.table.fagsystem), c.mode);
        Ok(changes.into_iter().map(pair).collect())
    }

    async fn mode_changes(
        &self,
        sql: &str,
        params: Vec<Value>,
    ) -> Result<Vec<ModeChange>, StoreFailure> {
        let rows = self.query(sql, params).await?;
        rows.into_iter().map(mode_change).collect()
    }

    async fn modes_of(
        &self,
        scope: &Scope,
        table: Option<TableId>,
    ) -> Result<Vec<ModeChange>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "m");
        match table {
            Some(table) => of_table(&mut wanted, "m", table),
            None => wanted.say(LAST),
        }
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select {MODE_COLUMNS} from kontering_mode m {wanted} \
             order by m.kommune, m.fagsystem, m.number desc"
        );
        self.mode_changes(&sql, params).await
    }

    async fn keep_mode(&self, change: &ModeChange, deed: &Deed) -> Result<bool, StoreFailure> {
        let table = [
            kommune(change.table.kommune),
            fagsystem(Some(change.table.fagsystem)),
        ];
        let mut plan = Plan::default();
        let before = i64::from(change.number).saturating_sub(1);
        plan.assert(FOLLOWS, table.to_vec(), before);
        let mut row = table.to_vec();
        row.extend([
            change.number.into(),
            change.mode.word().into(),
            micros(change.since),
            deed.subject.clone().into(),
            change.navn.clone().into(),
        ]);
        plan.insert(&MODE, row);
        plan.change(NEXT_REGISTER, Vec::new(), Some(1));
        self.with_deed(&plan, deed).await
    }

    /// See [`oir_flow::ports::outbox::Outbox::foreseen`].
    pub(crate) async fn predictions(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
    ) -> Result<Vec<(BilagId, Prediction)>, StoreFailure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let (list, params) = of_ids(owner, ids);
        let sql = format!(
            "select bilag_id, omsaetning_version from mirror_bilag \
             where kommune = $1 and bilag_id in ({list}) order by bilag_id"
        );
        let mut heads = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let id = cells.bilag_id()?;
            heads.push((id, cells.opt_narrow()?));
        }
        let ids: Vec<BilagId> = heads.iter().map(|(id, _)| *id).collect();
        let mut postings = self.said_of(owner, &ids).await?;
        let prediction = |(id, version)| {
            let lines = postings.remove(&id).unwrap_or_default();
            let posteringer = lines.into_iter().map(|line| Foreseen {
                linjenummer: line.linjenummer,
                kontering: line.foreseen,
            });
            let posteringer = posteringer.collect();
            (
                id,
                Prediction {
                    version,
                    posteringer,
                },
            )
        };
        Ok(heads.into_iter().map(prediction).collect())
    }

    /// What hub and books say of each posting of these bilag, by position.
    async fn said_of(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
    ) -> Result<HashMap<BilagId, Vec<MirrorLine>>, StoreFailure> {
        let mut found: HashMap<BilagId, Vec<MirrorLine>> = HashMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let (mut hub, mut books) = self.konteringer(owner, ids).await?;
        let (list, params) = of_ids(owner, ids);
        let sql = format!(
            "select bilag_id, linjenummer from postering \
             where kommune = $1 and bilag_id in ({list}) order by bilag_id, position"
        );
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let key = (cells.bilag_id()?, cells.narrow()?);
            found.entry(key.0).or_default().push(MirrorLine {
                linjenummer: key.1,
                foreseen: hub.remove(&key),
                told: books.remove(&key),
            });
        }
        // Postings that the books name and nobody sent.
        let unknown: BTreeMap<_, _> = books.into_iter().collect();
        for ((id, linjenummer), told) in unknown {
            found.entry(id).or_default().push(MirrorLine {
                linjenummer,
                foreseen: None,
                told: Some(told),
            });
        }
        Ok(found)
    }

    async fn konteringer(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
    ) -> Result<(Said, Said), StoreFailure> {
        let (list, params) = of_ids(owner, ids);
        let sql = format!(
            "select bilag_id, said_by, linjenummer, konto, beloeb from mirror_line \
             where kommune = $1 and bilag_id in ({list}) \
             order by bilag_id, said_by, linjenummer, number"
        );
        let (mut hub, mut books) = (HashMap::new(), HashMap::new());
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let (id, said_by) = (cells.bilag_id()?, cells.text()?);
            let key: (BilagId, u32) = (id, cells.narrow()?);
            let (konto, beloeb) = (cells.text()?, cells.oere()?);
            let line = Konteringslinje { konto, beloeb };
            let side: &mut HashMap<_, Vec<_>> = match &*said_by {
                HUB => &mut hub,
                BOOKS => &mut books,
                _ => return Err(damaged("who says it")),
            };
            side.entry(key).or_default().push(line);
        }
        Ok((konteringer(hub)?, konteringer(books)?))
    }

    async fn count_mirrored(
        &self,
        scope: &Scope,
        days: (Date, Date),
    ) -> Result<Vec<MirrorCount>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "m");
        of_days(&mut wanted, days);
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select m.kommune, m.fagsystem, a.comparison, m.refusal, count(*) \
             from mirror_bilag m left join mirror_answer a \
             on a.bilag_id = m.bilag_id and a.kommune = m.kommune {wanted} \
             group by m.kommune, m.fagsystem, a.comparison, m.refusal order by 1, 2, 3, 4"
        );
        let count = |row| {
            let mut cells = Cells::new(row);
            Ok(MirrorCount {
                table: table(&mut cells)?,
                comparison: comparison(cells.opt_text()?)?,
                refusal_foreseen: cells.int()? != 0,
                bilag: cells.narrow()?,
            })
        };
        let rows = self.query(&sql, params).await?;
        rows.into_iter().map(count).collect()
    }

    async fn mirrored(
        &self,
        wanted: Conditions,
        limit: u32,
    ) -> Result<Vec<MirrorBilag>, StoreFailure> {
        let mut wanted = wanted;
        let limit = wanted.place(limit.into());
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select m.kommune, m.fagsystem, m.bilag_id, b.bilag_uuid, b.afsender_bilagsnummer, \
             m.dag, b.state, m.omsaetning_version, a.comparison, a.at \
             from mirror_bilag m join bilag b on b.bilag_id = m.bilag_id and b.kommune = m.kommune \
             left join mirror_answer a on a.bilag_id = m.bilag_id and a.kommune = m.kommune \
             {wanted} order by m.bilag_id desc limit {limit}"
        );
        let rows = self.query(&sql, params).await?;
        let mut bilag = rows.into_iter().map(head).collect::<Result<Vec<_>, _>>()?;
        let mut ids: HashMap<Kommunekode, Vec<BilagId>> = HashMap::new();
        for one in &bilag {
            ids.entry(one.table.kommune).or_default().push(one.id);
        }
        for (owner, ids) in ids {
            let mut said = self.said_of(owner, &ids).await?;
            for one in bilag.iter_mut().filter(|one| one.table.kommune == owner) {
                one.lines = said.remove(&one.id).unwrap_or_default();
                one.lines.sort_by_key(|line| line.linjenummer);
            }
        }
        Ok(bilag)
    }

    async fn list_mirrored(
        &self,
        scope: &Scope,
        filter: &MirrorFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Result<Vec<MirrorBilag>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "m");
        if let Some(table) = filter.table {
            of_table(&mut wanted, "m", table);
        }
        of_days(&mut wanted, filter.days);
        if let Some(after) = after {
            wanted.add("m.bilag_id <", Value::Uuid(after.as_uuid()));
        }
        let words: Vec<Comparison> = match filter.comparison {
            Some(one) => vec![one],
            None => {
                let all = Comparison::ALL.into_iter();
                all.filter(|one| one.is_difference()).collect()
            }
        };
        let words = words.into_iter().map(|one| wanted.place(one.word().into()));
        let words: Vec<String> = words.collect();
        wanted.say(format!("a.comparison in ({})", words.join(",")));
        self.mirrored(wanted, limit).await
    }

    async fn one_mirrored(
        &self,
        scope: &Scope,
        id: BilagId,
    ) -> Result<Option<MirrorBilag>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "m");
        wanted.add("m.bilag_id =", Value::Uuid(id.as_uuid()));
        Ok(self.mirrored(wanted, 1).await?.pop())
    }
}

fn of_table(wanted: &mut Conditions, name: &str, table: TableId) {
    wanted.add(&format!("{name}.kommune ="), kommune(table.kommune));
    let sender = fagsystem(Some(table.fagsystem));
    wanted.add(&format!("{name}.fagsystem ="), sender);
}

fn of_days(wanted: &mut Conditions, (from, to): (Date, Date)) {
    wanted.add("m.dag >=", date(from));
    wanted.add("m.dag <=", date(to));
}

/// Places for ids, and them after the municipality as values.
fn of_ids(owner: Kommunekode, ids: &[BilagId]) -> (String, Vec<Value>) {
    let mut params = vec![kommune(owner)];
    params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
    (places(2, ids.len()), params)
}

fn konteringer(lines: HashMap<(BilagId, u32), Vec<Konteringslinje>>) -> Result<Said, StoreFailure> {
    let one = |(key, lines)| {
        let kontering = Kontering::try_new(lines).ok_or_else(|| damaged("an account"))?;
        Ok((key, kontering))
    };
    lines.into_iter().map(one).collect()
}

fn table(cells: &mut Cells) -> Result<TableId, StoreFailure> {
    Ok(TableId {
        kommune: cells.kommune()?,
        fagsystem: cells.fagsystem()?,
    })
}

fn comparison(word: Option<Box<str>>) -> Result<Option<Comparison>, StoreFailure> {
    let read = |word: Box<str>| Comparison::from_word(&word).ok_or_else(|| damaged("a comparison"));
    word.map(read).transpose()
}

fn mode_change(row: Row) -> Result<ModeChange, StoreFailure> {
    let mut cells = Cells::new(row);
    let (table, number) = (table(&mut cells)?, cells.narrow()?);
    let mode = Mode::from_word(&cells.text()?).ok_or_else(|| damaged("who maps"))?;
    Ok(ModeChange {
        table,
        number,
        mode,
        since: cells.time()?,
        navn: cells.text()?,
    })
}

fn head(row: Row) -> Result<MirrorBilag, StoreFailure> {
    let mut cells = Cells::new(row);
    let table = table(&mut cells)?;
    let (id, bilag_uuid, number) = (cells.bilag_id()?, cells.bilag_uuid()?, cells.text()?);
    let (dag, state) = (cells.date()?, cells.state_name()?);
    let version = cells.opt_narrow()?;
    let comparison = comparison(cells.opt_text()?)?;
    let at = cells.opt_int()?.map(time_of).transpose()?;
    Ok(MirrorBilag {
        table,
        id,
        bilag_uuid,
        afsender_bilagsnummer: number,
        dag,
        state,
        version,
        answered: comparison.zip(at),
        lines: Vec::new(),
    })
}

impl Mirrors for Store {
    fn modes<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<ModeChange>> {
        Box::pin(self.modes_of(scope, None))
    }

    fn mode_history<'a>(&'a self, scope: &'a Scope, table: TableId) -> Answer<'a, Vec<ModeChange>> {
        Box::pin(self.modes_of(scope, Some(table)))
    }

    fn decide_mode<'a>(&'a self, change: &'a ModeChange, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.keep_mode(change, deed))
    }

    fn mirror_counts<'a>(
        &'a self,
        scope: &'a Scope,
        days: (Date, Date),
    ) -> Answer<'a, Vec<MirrorCount>> {
        Box::pin(self.count_mirrored(scope, days))
    }

    fn mirror_bilag<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a MirrorFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Vec<MirrorBilag>> {
        Box::pin(self.list_mirrored(scope, filter, after, limit))
    }

    fn mirror_of<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Option<MirrorBilag>> {
        Box::pin(self.one_mirrored(scope, id))
    }
}
