//! Searches that people keep. They are each person's own and no evidence: no deed is logged,
//! and what is forgotten is gone.

use oir_flow::ports::search::{Kept, SavedView, SavedViews};
use oir_flow::ports::{Answer, StoreFailure};
use uuid::Uuid;

use crate::Store;
use crate::codec::{Cells, micros};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Shape, Value};

const VIEW: Shape = Shape {
    table: "saved_view",
    columns: &[
        ("view_id", Id),
        ("subject", Text),
        ("navn", Text),
        ("query", Text),
        ("made", Int),
    ],
    suffix: "",
};

const OF_A_PERSON: &str =
    "select view_id, navn, query, made from saved_view where subject = $1 order by navn, view_id";
const RENAME: &str = "update saved_view set navn = $3 where view_id = $1 and subject = $2";
const FORGET: &str = "delete from saved_view where view_id = $1 and subject = $2";

impl Store {
    async fn saved_views(&self, subject: &str) -> Result<Vec<SavedView>, StoreFailure> {
        let rows = self.query(OF_A_PERSON, vec![subject.into()]).await?;
        let view = |row| {
            let mut cells = Cells::new(row);
            Ok(SavedView {
                id: cells.uuid()?,
                navn: cells.text()?,
                query: cells.text()?,
                made: cells.time()?,
            })
        };
        rows.into_iter().map(view).collect()
    }

    async fn save_view(
        &self,
        subject: &str,
        view: &SavedView,
        most: u32,
    ) -> Result<Kept, StoreFailure> {
        // Two at once may go one over: the number only keeps the page readable.
        let own = self.saved_views(subject).await?.len();
        if u32::try_from(own).is_ok_and(|own| own >= most) {
            return Ok(Kept::TooMany);
        }
        let mut plan = Plan::default();
        let values = vec![
            Value::Uuid(view.id),
            subject.into(),
            view.navn.clone().into(),
            view.query.clone().into(),
            micros(view.made),
        ];
        plan.insert(&VIEW, values);
        kept(self.transact(plan).await?)
    }

    async fn change_view(
        &self,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<Kept, StoreFailure> {
        let mut plan = Plan::default();
        plan.change(sql, params, Some(1));
        kept(self.transact(plan).await?)
    }
}

fn kept(outcome: Outcome) -> Result<Kept, StoreFailure> {
    match outcome {
        Outcome::Committed => Ok(Kept::Done),
        Outcome::Duplicate => Ok(Kept::NameTaken),
        Outcome::Unexpected => Ok(Kept::NotThere),
        Outcome::Contended => Err(StoreFailure::Unavailable("contended".into())),
    }
}

impl SavedViews for Store {
    fn saved<'a>(&'a self, subject: &'a str) -> Answer<'a, Vec<SavedView>> {
        Box::pin(self.saved_views(subject))
    }

    fn save<'a>(&'a self, subject: &'a str, view: &'a SavedView, most: u32) -> Answer<'a, Kept> {
        Box::pin(self.save_view(subject, view, most))
    }

    fn rename<'a>(&'a self, subject: &'a str, id: Uuid, navn: &'a str) -> Answer<'a, Kept> {
        let params = vec![Value::Uuid(id), subject.into(), navn.into()];
        Box::pin(self.change_view(RENAME, params))
    }

    fn forget<'a>(&'a self, subject: &'a str, id: Uuid) -> Answer<'a, Kept> {
        Box::pin(self.change_view(FORGET, vec![Value::Uuid(id), subject.into()]))
    }
}
