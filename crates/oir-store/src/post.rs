//! Recipients, days that are done, and letters.

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Person;
use oir_domain::digest::{Email, Recipient, Weekdays};
use oir_flow::ports::post::{Letter, LetterFate, LetterState, Post};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};
use uuid::Uuid;

use crate::Store;
use crate::codec::{Cells, damaged, date, micros};
use crate::driver::Claiming;
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Row, Shape, Value};
use crate::sessions::{committed, grants_of, grants_text};

const RECIPIENT: Shape = Shape {
    table: "recipient",
    columns: &[
        ("subject", Text),
        ("navn", Text),
        ("email", Text),
        ("grants", Text),
        ("seen", Int),
        ("weekdays", Text),
    ],
    // Their own choice of weekdays stays.
    suffix: "on conflict (subject) do update set navn = excluded.navn, \
             email = excluded.email, grants = excluded.grants, seen = excluded.seen",
};

const DIGEST: Shape = Shape {
    table: "digest",
    columns: &[
        ("subject", Text),
        ("dag", Text),
        ("at", Int),
        ("letter_id", Id),
    ],
    suffix: "",
};

const LETTER: Shape = Shape {
    table: "letter",
    columns: &[
        ("letter_id", Id),
        ("subject", Text),
        ("email", Text),
        ("navn", Text),
        ("title", Text),
        ("body", Text),
        ("written", Int),
        ("state", Text),
        ("due", Int),
        ("attempts", Int),
    ],
    suffix: "",
};

const WHO: &str = "r.subject, r.navn, r.email, r.grants, r.seen, r.weekdays";
const CHOOSE: &str = "update recipient set weekdays = $2 where subject = $1";

/// PostgreSQL steps over letters that another process is taking at this moment.
const CLAIM: Claiming = Claiming {
    sqlite: "update letter set due = $2, attempts = attempts + 1 where letter_id in \
        (select letter_id from letter where state = 'waiting' and due <= $1 \
         order by due limit $3) \
        returning letter_id, subject, email, navn, title, body, written, state, attempts",
    postgres: "update letter set due = $2, attempts = attempts + 1 where letter_id in \
        (select letter_id from letter where state = 'waiting' and due <= $1 \
         order by due limit $3 for update skip locked) \
        returning letter_id, subject, email, navn, title, body, written, state, attempts",
};
/// A letter that is settled stays so: who was slow does not send it again.
const SETTLE: &str = "update letter set state = $2, settled = $3, reason = $4 \
     where letter_id = $1 and state = 'waiting'";
const AGAIN: &str = "update letter set due = $2 where letter_id = $1 and state = 'waiting'";

const fn word(state: LetterState) -> &'static str {
    match state {
        LetterState::Waiting => "waiting",
        LetterState::Sent => "sent",
        LetterState::GivenUp => "given_up",
    }
}

impl Store {
    async fn keep_recipient(&self, recipient: &Recipient) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let values = vec![
            recipient.person.subject.clone().into(),
            recipient.person.navn.clone().into(),
            recipient.email.as_ref().map(Email::as_str).into(),
            grants_text(&recipient.person.grants).into(),
            micros(recipient.seen),
            recipient.weekdays.digits().into(),
        ];
        plan.insert(&RECIPIENT, values);
        committed(self.transact(plan).await?)
    }

    async fn find_recipient(&self, subject: &str) -> Result<Option<Recipient>, StoreFailure> {
        let sql = format!("select {WHO} from recipient r where r.subject = $1");
        let row = self.query(&sql, vec![subject.into()]).await?.pop();
        row.map(recipient).transpose()
    }

    async fn keep_weekdays(
        &self,
        subject: &str,
        weekdays: Weekdays,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let params = vec![subject.into(), weekdays.digits().into()];
        plan.change(CHOOSE, params, Some(1));
        self.with_deed(&plan, deed).await
    }

    async fn undone_on(
        &self,
        dag: Date,
        since: Timestamp,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Recipient>, StoreFailure> {
        let sql = format!(
            "select {WHO} from recipient r where r.seen >= $1 and r.subject > $2 \
             and not exists (select 1 from digest d where d.subject = r.subject and d.dag = $3) \
             order by r.subject limit $4"
        );
        let params = vec![micros(since), after.into(), date(dag), limit.into()];
        let rows = self.query(&sql, params).await?;
        rows.into_iter().map(recipient).collect()
    }

    async fn keep_day(
        &self,
        subject: &str,
        dag: Date,
        at: Timestamp,
        letter: Option<&Letter>,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let id = letter.map(|letter| letter.id);
        let mark = vec![subject.into(), date(dag), micros(at), id.into()];
        plan.insert(&DIGEST, mark);
        if let Some(letter) = letter {
            plan.insert(&LETTER, letter_values(letter));
        }
        match self.transact(plan).await? {
            Outcome::Duplicate => Ok(false),
            outcome => committed(outcome).map(|()| true),
        }
    }

    async fn claim_post(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Letter>, StoreFailure> {
        let params = vec![micros(now), micros(until), limit.into()];
        let rows = self.claim_rows(CLAIM, params).await?;
        rows.into_iter().map(letter).collect()
    }

    async fn settle_post(
        &self,
        id: Uuid,
        fate: &LetterFate,
        at: Timestamp,
    ) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        let settled = |state, reason: Value| {
            let word = word(state).into();
            vec![Value::Uuid(id), word, micros(at), reason]
        };
        match fate {
            LetterFate::Again(due) => {
                plan.change(AGAIN, vec![Value::Uuid(id), micros(*due)], None);
            }
            LetterFate::Sent => {
                plan.change(SETTLE, settled(LetterState::Sent, Value::Null), None);
            }
            LetterFate::GivenUp(reason) => {
                let reason = Value::Text(reason.clone());
                plan.change(SETTLE, settled(LetterState::GivenUp, reason), None);
            }
        }
        committed(self.transact(plan).await?)
    }

    async fn letters_to(&self, subject: &str, limit: u32) -> Result<Vec<Letter>, StoreFailure> {
        let sql = "select letter_id, subject, email, navn, title, body, written, state, attempts \
             from letter where subject = $1 order by letter_id desc limit $2";
        let rows = self.query(sql, vec![subject.into(), limit.into()]).await?;
        rows.into_iter().map(letter).collect()
    }
}

fn letter_values(letter: &Letter) -> Vec<Value> {
    vec![
        Value::Uuid(letter.id),
        letter.subject.clone().into(),
        letter.email.as_str().into(),
        letter.navn.clone().into(),
        letter.title.clone().into(),
        letter.body.clone().into(),
        micros(letter.written),
        word(letter.state).into(),
        micros(letter.written),
        letter.attempts.into(),
    ]
}

fn recipient(row: Row) -> Result<Recipient, StoreFailure> {
    let mut cells = Cells::new(row);
    let (subject, navn, email) = (cells.text()?, cells.text()?, cells.opt_text()?);
    let person = Person {
        subject,
        navn,
        grants: grants_of(&cells.text()?),
    };
    Ok(Recipient {
        person,
        email: email.and_then(|text| Email::try_new(&text)),
        seen: cells.time()?,
        weekdays: Weekdays::from_digits(&cells.text()?),
    })
}

fn letter(row: Row) -> Result<Letter, StoreFailure> {
    let mut cells = Cells::new(row);
    let (id, subject) = (cells.uuid()?, cells.text()?);
    let email = Email::try_new(&cells.text()?).ok_or_else(|| damaged("not an address"))?;
    let (navn, title, body) = (cells.text()?, cells.text()?, cells.text()?);
    let written = cells.time()?;
    let state = match &*cells.text()? {
        "waiting" => LetterState::Waiting,
        "sent" => LetterState::Sent,
        "given_up" => LetterState::GivenUp,
        _ => return Err(damaged("not a letter's state")),
    };
    Ok(Letter {
        id,
        subject,
        navn,
        email,
        title,
        body,
        written,
        state,
        attempts: cells.narrow()?,
    })
}

impl Post for Store {
    fn note_recipient<'a>(&'a self, recipient: &'a Recipient) -> Answer<'a, ()> {
        Box::pin(self.keep_recipient(recipient))
    }

    fn recipient<'a>(&'a self, subject: &'a str) -> Answer<'a, Option<Recipient>> {
        Box::pin(self.find_recipient(subject))
    }

    fn choose_weekdays<'a>(
        &'a self,
        subject: &'a str,
        weekdays: Weekdays,
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.keep_weekdays(subject, weekdays, deed))
    }

    fn undone<'a>(
        &'a self,
        dag: Date,
        seen_since: Timestamp,
        after: &'a str,
        limit: u32,
    ) -> Answer<'a, Vec<Recipient>> {
        Box::pin(self.undone_on(dag, seen_since, after, limit))
    }

    fn finish_day<'a>(
        &'a self,
        subject: &'a str,
        dag: Date,
        at: Timestamp,
        letter: Option<&'a Letter>,
    ) -> Answer<'a, bool> {
        Box::pin(self.keep_day(subject, dag, at, letter))
    }

    fn claim_letters(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Answer<'_, Vec<Letter>> {
        Box::pin(self.claim_post(now, until, limit))
    }

    fn settle_letter<'a>(
        &'a self,
        id: Uuid,
        fate: &'a LetterFate,
        at: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(self.settle_post(id, fate, at))
    }

    fn letters<'a>(&'a self, subject: &'a str, limit: u32) -> Answer<'a, Vec<Letter>> {
        Box::pin(self.letters_to(subject, limit))
    }
}
