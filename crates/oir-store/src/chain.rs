//! Bilag that correct one another, as one chain.

use std::collections::BTreeSet;

use oir_domain::access::Scope;
use oir_domain::ids::{BilagId, BilagUuid, FagsystemId};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::looks::ChainLink;
use oir_flow::ports::views::BilagLine;

use crate::Store;
use crate::codec::{Cells, fagsystem, kommune};
use crate::list::{Conditions, LINE, line};
use crate::plan::Value;

/// Most bilag of a chain: a person reads ten, and a sender that corrects for ever stops here.
const LINKS_MAX: usize = 100;

impl Store {
    /// Goes back to the first of the chain and from there over everything that corrects it.
    /// Only bilag of the same municipality and sender belong: another's use of the same id
    /// is another bilag, and what one sees of them is the same.
    pub(crate) async fn chain_of(
        &self,
        scope: &Scope,
        id: BilagId,
    ) -> Result<Vec<ChainLink>, StoreFailure> {
        let mut wanted = Conditions::seen(scope, "b");
        wanted.add("b.bilag_id =", Value::Uuid(id.as_uuid()));
        let Some(mut first) = self.links(question(wanted)).await?.pop() else {
            return Ok(Vec::new());
        };
        let mut seen = BTreeSet::from([first.line.id]);
        while let Some(earlier) = self.corrected(&first).await? {
            if !seen.insert(earlier.line.id) || seen.len() > LINKS_MAX {
                break;
            }
            first = earlier;
        }
        let mut chain = vec![first];
        let mut seen: BTreeSet<BilagId> = chain.iter().map(|link| link.line.id).collect();
        let mut next = 0;
        while let Some(link) = chain.get(next).cloned() {
            for mut later in self.correcting(&link.line).await? {
                if chain.len() < LINKS_MAX && seen.insert(later.line.id) {
                    later.depth = link.depth.saturating_add(1);
                    chain.push(later);
                }
            }
            next = next.saturating_add(1);
        }
        chain.sort_by_key(|link| link.line.id);
        Ok(chain)
    }

    async fn links(
        &self,
        (sql, params): (String, Vec<Value>),
    ) -> Result<Vec<ChainLink>, StoreFailure> {
        let mut found = Vec::new();
        for row in self.query(&sql, params).await? {
            let mut cells = Cells::new(row);
            let line = line(&mut cells)?;
            let corrects = cells.opt_uuid()?.map(BilagUuid::from_uuid);
            found.push(ChainLink {
                line,
                corrects,
                depth: 0,
            });
        }
        found.sort_by_key(|link| link.line.id);
        Ok(found)
    }

    async fn corrected(&self, link: &ChainLink) -> Result<Option<ChainLink>, StoreFailure> {
        let Some(uuid) = link.corrects else {
            return Ok(None);
        };
        let (owner, sender) = (link.line.kommune, link.line.fagsystem);
        let asked = claiming_question(owner, sender, uuid);
        Ok(self.links(asked).await?.pop())
    }

    async fn correcting(&self, line: &BilagLine) -> Result<Vec<ChainLink>, StoreFailure> {
        let (owner, sender) = (line.kommune, line.fagsystem);
        self.links(correcting_question(owner, sender, line.bilag_uuid))
            .await
    }
}

/// Not put in order by the database: SQLite would walk through the municipality for it.
fn question(wanted: Conditions) -> (String, Vec<Value>) {
    let (wanted, params) = wanted.clause();
    let sql = format!("select {LINE}, b.korrigerer from bilag b {wanted}");
    (sql, params)
}

/// What corrects a bilag of a sender, and the values.
pub(crate) fn correcting_question(
    owner: Kommunekode,
    sender: Option<FagsystemId>,
    bilag: BilagUuid,
) -> (String, Vec<Value>) {
    let mut wanted = of_the_same(owner, sender);
    wanted.add("b.korrigerer =", Value::Uuid(bilag.as_uuid()));
    question(wanted)
}

/// The bilag of a sender that has that id, and the values.
pub(crate) fn claiming_question(
    owner: Kommunekode,
    sender: Option<FagsystemId>,
    bilag: BilagUuid,
) -> (String, Vec<Value>) {
    let mut wanted = of_the_same(owner, sender);
    wanted.add("b.claimed_uuid =", Value::Uuid(bilag.as_uuid()));
    question(wanted)
}

fn of_the_same(owner: Kommunekode, sender: Option<FagsystemId>) -> Conditions {
    let mut wanted = Conditions::default();
    wanted.add("b.kommune =", kommune(owner));
    wanted.add("b.fagsystem =", fagsystem(sender));
    wanted
}
