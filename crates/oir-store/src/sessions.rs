//! Sessions, attempts to sign in, and the log of deeds.
//!
//! The log is a chain: every line's digest is over its own content and the digest before
//! it. Two processes that log at once both take the next number; the later one reads
//! again.

use jiff::Timestamp;
use oir_domain::access::{Grant, Person, Role, Scope};
use oir_domain::ids::{FagsystemId, SessionId};
use oir_domain::party::Kommunekode;
use oir_flow::ports::sessions::{Attempt, Deed, LoggedDeed, Session, Sessions};
use oir_flow::ports::{Answer, StoreFailure};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Store;
use crate::codec::{Cells, GROUP, UNIT, damaged, micros};
use crate::driver::Claiming;
use crate::list::Conditions;
use crate::plan::Column::{Bytes, Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Shape, Value};

const SIGN_IN: Shape = Shape {
    table: "sign_in",
    columns: &[
        ("state_digest", Bytes),
        ("browser_digest", Bytes),
        ("nonce", Text),
        ("verifier", Text),
        ("target", Text),
        ("expires", Int),
    ],
    suffix: "",
};

const SESSION: Shape = Shape {
    table: "session",
    columns: &[
        ("session_id", Id),
        ("token_digest", Bytes),
        ("subject", Text),
        ("navn", Text),
        ("grants", Text),
        ("begun", Int),
        ("seen", Int),
        ("ends", Int),
    ],
    suffix: "",
};

const DEED: Shape = Shape {
    table: "deed",
    columns: &[
        ("number", Int),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
        ("what", Text),
        ("kommune", Int),
        ("object", Text),
        ("previous", Bytes),
        ("digest", Bytes),
    ],
    suffix: "",
};

/// A row that is read is gone: an attempt is answered once.
const TAKE: &str = "delete from sign_in where state_digest = $1 \
     returning browser_digest, nonce, verifier, target, expires";
const SEEN: &str = "update session set seen = $2 where session_id = $1 and ended is null";
const END: &str = "update session set ended = $2 where session_id = $1 and ended is null";
const COLUMNS: &str = "session_id, subject, navn, grants, begun, seen, ends";
/// Numbers lost to other processes before the store counts as too busy.
const TRIES: usize = 50;

/// The first line's predecessor.
const NOTHING: [u8; 32] = [0; 32];

impl Store {
    async fn begin_attempt(&self, attempt: &Attempt, now: Timestamp) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let old = "delete from sign_in where expires <= $1";
        plan.change(old, vec![micros(now)], None);
        let values = vec![
            (&attempt.state_digest).into(),
            (&attempt.browser_digest).into(),
            attempt.nonce.as_str().into(),
            attempt.verifier.as_str().into(),
            attempt.target.as_str().into(),
            micros(attempt.expires),
        ];
        plan.insert(&SIGN_IN, values);
        committed(self.transact(plan).await?)
    }

    async fn take_attempt(&self, digest: &[u8; 32]) -> Result<Option<Attempt>, StoreFailure> {
        let take = Claiming {
            sqlite: TAKE,
            postgres: TAKE,
        };
        let Some(row) = self.claim_rows(take, vec![digest.into()]).await?.pop() else {
            return Ok(None);
        };
        let mut cells = Cells::new(row);
        let browser_digest = cells.digest()?;
        let (nonce, verifier) = (cells.text()?.into(), cells.text()?.into());
        Ok(Some(Attempt {
            state_digest: *digest,
            browser_digest,
            nonce,
            verifier,
            target: cells.text()?.into(),
            expires: cells.time()?,
        }))
    }

    async fn open_session(
        &self,
        session: &Session,
        token_digest: &[u8; 32],
        deed: &Deed,
    ) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let values = vec![
            Value::Uuid(session.id.as_uuid()),
            token_digest.into(),
            session.person.subject.clone().into(),
            session.person.navn.clone().into(),
            grants_text(&session.person.grants).into(),
            micros(session.begun),
            micros(session.seen),
            micros(session.ends),
        ];
        plan.insert(&SESSION, values);
        self.with_deed(&plan, deed).await.map(|_| ())
    }

    async fn find_session(&self, digest: &[u8; 32]) -> Result<Option<Session>, StoreFailure> {
        let sql =
            format!("select {COLUMNS} from session where token_digest = $1 and ended is null");
        let row = self.query(&sql, vec![digest.into()]).await?.pop();
        row.map(|row| session(&mut Cells::new(row))).transpose()
    }

    async fn note_seen(&self, id: SessionId, at: Timestamp) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        plan.change(SEEN, vec![Value::Uuid(id.as_uuid()), micros(at)], None);
        committed(self.transact(plan).await?)
    }

    async fn end_session(&self, id: SessionId, deed: &Deed) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let params = vec![Value::Uuid(id.as_uuid()), micros(deed.at)];
        plan.change(END, params, Some(1));
        self.with_deed(&plan, deed).await
    }

    async fn sessions_since(&self, since: Timestamp) -> Result<Vec<Session>, StoreFailure> {
        let sql = format!(
            "select {COLUMNS} from session where seen >= $1 and ended is null \
             order by session_id desc"
        );
        let rows = self.query(&sql, vec![micros(since)]).await?;
        rows.into_iter()
            .map(|row| session(&mut Cells::new(row)))
            .collect()
    }

    /// Carries out a plan together with the log's next line. False = a condition of the
    /// plan does not hold, and nothing is logged.
    pub(crate) async fn with_deed(&self, plan: &Plan, deed: &Deed) -> Result<bool, StoreFailure> {
        let same = |_| -> Answer<'_, Plan> { Box::pin(async { Ok(plan.clone()) }) };
        self.with_line(deed, same).await.map(|line| line.is_some())
    }

    /// The same for rows that are known by their line of the log: the plan is made again
    /// for every number that is tried. None = a condition of the plan does not hold.
    pub(crate) async fn with_line<'a>(
        &'a self,
        deed: &'a Deed,
        plan: impl Fn(u64) -> Answer<'a, Plan> + Send + Sync,
    ) -> Result<Option<u64>, StoreFailure> {
        for _ in 0..TRIES {
            let (last, previous) = self.last_deed().await?;
            let number = last.saturating_add(1);
            let mut plan = plan(number).await?;
            plan.insert(&DEED, deed_values(number, deed, &previous));
            match self.transact(plan).await? {
                Outcome::Committed => return Ok(Some(number)),
                Outcome::Unexpected => return Ok(None),
                // Somebody else took the number, or was let go first.
                Outcome::Duplicate | Outcome::Contended => {}
            }
        }
        Err(StoreFailure::Unavailable("the log is contended".into()))
    }

    async fn last_deed(&self) -> Result<(u64, [u8; 32]), StoreFailure> {
        let sql = "select number, digest from deed order by number desc limit 1";
        let Some(row) = self.query(sql, Vec::new()).await?.pop() else {
            return Ok((0, NOTHING));
        };
        let mut cells = Cells::new(row);
        Ok((cells.narrow()?, cells.digest()?))
    }

    async fn deeds_before(
        &self,
        scope: &Scope,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<LoggedDeed>, StoreFailure> {
        let before = before.map_or(i64::MAX, |n| i64::try_from(n).unwrap_or(i64::MAX));
        let mut wanted = Conditions::seen(scope, "d");
        wanted.add("d.number <", before.into());
        let limit = wanted.place(limit.into());
        let (wanted, params) = wanted.clause();
        let sql = format!(
            "select number, at, subject, navn, what, kommune, object from deed d {wanted} \
             order by number desc limit {limit}"
        );
        let rows = self.query(&sql, params).await?;
        rows.into_iter()
            .map(|row| logged(&mut Cells::new(row)))
            .collect()
    }

    /// Numbers of the log's lines that do not follow from the line before them.
    pub(crate) async fn broken_deeds(&self, limit: usize) -> Result<Vec<u64>, StoreFailure> {
        const PAGE: i64 = 1_000;
        let sql = "select number, at, subject, navn, what, kommune, object, previous, digest \
                   from deed where number > $1 order by number limit $2";
        let (mut broken, mut last, mut previous) = (Vec::new(), 0_u64, NOTHING);
        loop {
            let after = i64::try_from(last).unwrap_or(i64::MAX);
            let rows = self.query(sql, vec![after.into(), PAGE.into()]).await?;
            if rows.is_empty() || broken.len() >= limit {
                return Ok(broken);
            }
            for row in rows {
                let mut cells = Cells::new(row);
                let line = logged(&mut cells)?;
                let (said, digest) = (cells.digest()?, cells.digest()?);
                let follows = line.number == last.saturating_add(1) && said == previous;
                if !follows || link(line.number, &line.deed, &said) != digest {
                    broken.push(line.number);
                }
                (last, previous) = (line.number, digest);
            }
        }
    }
}

pub(crate) fn committed(outcome: Outcome) -> Result<(), StoreFailure> {
    match outcome {
        Outcome::Committed => Ok(()),
        Outcome::Contended => Err(StoreFailure::Unavailable("contended".into())),
        other => Err(StoreFailure::Broken(format!("not written: {other:?}"))),
    }
}

fn deed_values(number: u64, deed: &Deed, previous: &[u8; 32]) -> Vec<Value> {
    vec![
        i64::try_from(number).unwrap_or(i64::MAX).into(),
        micros(deed.at),
        deed.subject.clone().into(),
        deed.navn.clone().into(),
        deed.what.clone().into(),
        deed.kommune.map(|kommune| kommune.0).into(),
        deed.object.clone().into(),
        previous.into(),
        (&link(number, deed, previous)).into(),
    ]
}

/// The digest of a line: every field with its length, so that no two lines share a form.
fn link(number: u64, deed: &Deed, previous: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(number.to_be_bytes());
    hasher.update(deed.at.as_microsecond().to_be_bytes());
    let kommune = deed.kommune.map_or(u32::MAX, |kommune| kommune.0.into());
    hasher.update(kommune.to_be_bytes());
    for text in [&deed.subject, &deed.navn, &deed.what, &deed.object] {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

pub(crate) fn logged(cells: &mut Cells) -> Result<LoggedDeed, StoreFailure> {
    let (number, at) = (cells.narrow()?, cells.time()?);
    let (subject, navn, what) = (cells.text()?, cells.text()?, cells.text()?);
    let kommune = cells.opt_int()?.map(u16::try_from).transpose();
    let deed = Deed {
        at,
        subject,
        navn,
        what,
        kommune: kommune
            .map_err(|_| damaged("a municipality"))?
            .map(Kommunekode),
        object: cells.text()?,
    };
    Ok(LoggedDeed { number, deed })
}

fn session(cells: &mut Cells) -> Result<Session, StoreFailure> {
    let id = SessionId::from_uuid(cells.uuid()?);
    let (subject, navn) = (cells.text()?, cells.text()?);
    let person = Person {
        subject,
        navn,
        grants: grants_of(&cells.text()?),
    };
    Ok(Session {
        id,
        person,
        begun: cells.time()?,
        seen: cells.time()?,
        ends: cells.time()?,
    })
}

pub(crate) fn grants_text(grants: &[Grant]) -> String {
    let one = |grant: &Grant| {
        let kommune = grant.kommune().map_or_else(String::new, |k| k.to_string());
        let fagsystem = grant
            .fagsystem()
            .map_or_else(String::new, |f| f.as_uuid().to_string());
        format!("{}{GROUP}{kommune}{GROUP}{fagsystem}", grant.role())
    };
    let all: Vec<String> = grants.iter().map(one).collect();
    all.join(&UNIT.to_string())
}

/// What is not understood, e.g. a role of a later version, grants nothing.
pub(crate) fn grants_of(text: &str) -> Vec<Grant> {
    let one = |text: &str| {
        let mut parts = text.split(GROUP);
        let role = Role::from_word(parts.next()?)?;
        let kommune = parts.next()?.parse().ok().map(Kommunekode);
        let fagsystem = Uuid::try_parse(parts.next()?).ok();
        Grant::try_new(role, kommune, fagsystem.map(FagsystemId::from_uuid))
    };
    text.split(UNIT).filter_map(one).collect()
}

impl Sessions for Store {
    fn begin<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> Answer<'a, ()> {
        Box::pin(self.begin_attempt(attempt, now))
    }

    fn take<'a>(&'a self, state_digest: &'a [u8; 32]) -> Answer<'a, Option<Attempt>> {
        Box::pin(self.take_attempt(state_digest))
    }

    fn open<'a>(
        &'a self,
        session: &'a Session,
        token_digest: &'a [u8; 32],
        deed: &'a Deed,
    ) -> Answer<'a, ()> {
        Box::pin(self.open_session(session, token_digest, deed))
    }

    fn session<'a>(&'a self, token_digest: &'a [u8; 32]) -> Answer<'a, Option<Session>> {
        Box::pin(self.find_session(token_digest))
    }

    fn seen(&self, id: SessionId, at: Timestamp) -> Answer<'_, ()> {
        Box::pin(self.note_seen(id, at))
    }

    fn end<'a>(&'a self, id: SessionId, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.end_session(id, deed))
    }

    fn open_sessions(&self, since: Timestamp) -> Answer<'_, Vec<Session>> {
        Box::pin(self.sessions_since(since))
    }

    fn log<'a>(&'a self, deed: &'a Deed) -> Answer<'a, ()> {
        Box::pin(async move { self.with_deed(&Plan::default(), deed).await.map(|_| ()) })
    }

    fn logged<'a>(
        &'a self,
        scope: &'a Scope,
        before: Option<u64>,
        limit: u32,
    ) -> Answer<'a, Vec<LoggedDeed>> {
        Box::pin(self.deeds_before(scope, before, limit))
    }
}
