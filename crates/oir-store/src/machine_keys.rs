//! Keys of machines and their tokens. A key's rows are written once; what comes later is
//! an earlier end, an end by a person, and the hour of its last use.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::ids::{FagsystemId, KeyId};
use oir_domain::machine_key::{Holder, Right, SOON, Terms};
use oir_domain::operation::{Expiry, ExpiryKind};
use oir_domain::party::Kommunekode;
use oir_flow::ports::machine_keys::{KeptKey, KeyEnd, KeyRecord, MachineKeys, NewKey, TokenRecord};
use oir_flow::ports::operation::Expiring;
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, kommune, micros};
use crate::list::Conditions;
use crate::plan::Column::{Bytes, Int, Text, Uuid as Id};
use crate::plan::{Plan, Shape, Value};
use crate::sessions::committed;

const KEY: Shape = Shape {
    table: "machine_key",
    columns: &[
        ("key_id", Id),
        ("digest", Bytes),
        ("fagsystem", Id),
        ("rights", Text),
        ("navn", Text),
        ("valid_from", Int),
        ("valid_until", Int),
        ("replaces", Id),
        ("made", Int),
        ("made_by", Text),
    ],
    suffix: "",
};
const KOMMUNE: Shape = Shape {
    table: "machine_key_kommune",
    columns: &[("key_id", Id), ("kommune", Int), ("fagsystem", Id)],
    suffix: "",
};
const TOKEN: Shape = Shape {
    table: "machine_token",
    columns: &[
        ("token_digest", Bytes),
        ("key_id", Id),
        ("rights", Text),
        ("expires", Int),
    ],
    suffix: "",
};

const MOVED: &str = "update machine_key_version set version = version + 1 where one = 1";
const NONE_YET: &str = "select count(*) from machine_key where key_id = $1";
const OLD_LASTS: &str = "select count(*) from machine_key \
     where key_id = $1 and ended is null and valid_until > $2";
const SHORTEN: &str = "update machine_key set valid_until = $2 \
     where key_id = $1 and valid_until > $2";
const END: &str = "update machine_key set ended = $2, ended_by = $3, ended_reason = $4 \
     where key_id = $1 and ended is null and valid_until > $2";
const USED: &str = "update machine_key set last_used = $2 \
     where key_id = $1 and (last_used is null or last_used < $2)";
const SWEEP: &str = "delete from machine_token where expires <= $1";
const COLUMNS: &str = "k.key_id, k.digest, k.fagsystem, k.rights, k.navn, k.valid_from, \
     k.valid_until, k.replaces, k.made, k.made_by, k.ended, k.ended_by, k.ended_reason, k.last_used";

impl Store {
    /// Keys that a `where` and an order pick out, with their authorities.
    async fn keys_where(
        &self,
        (wanted, params): (&str, Vec<Value>),
        order: &str,
    ) -> Result<Vec<KeptKey>, StoreFailure> {
        let sql = format!(
            "select a.key_id, a.kommune from machine_key_kommune a join machine_key k \
             on k.key_id = a.key_id {wanted} order by a.kommune"
        );
        let mut kommuner: HashMap<KeyId, Vec<Kommunekode>> = HashMap::new();
        for row in self.query(&sql, params.clone()).await? {
            let mut cells = Cells::new(row);
            let id = KeyId::from_uuid(cells.uuid()?);
            kommuner.entry(id).or_default().push(cells.kommune()?);
        }
        let sql = format!("select {COLUMNS} from machine_key k {wanted} order by {order}");
        let rows = self.query(&sql, params).await?.into_iter();
        // A key that came between the two questions has no authorities yet: the next look
        // finds it whole.
        let keys = rows.map(|row| kept(&mut Cells::new(row), &mut kommuner));
        keys.filter_map(Result::transpose).collect()
    }

    async fn read_key_version(&self) -> Result<i64, StoreFailure> {
        let sql = "select version from machine_key_version where one = 1";
        let row = self.query(sql, Vec::new()).await?.pop();
        Cells::new(row.unwrap_or_default()).int()
    }

    async fn keys_seen(
        &self,
        mut wanted: Conditions,
        more: &[(&str, Value)],
        order: &str,
    ) -> Result<Vec<KeyRecord>, StoreFailure> {
        let places: Vec<String> = more
            .iter()
            .map(|(left, value)| format!(" and {left} {}", wanted.place(value.clone())))
            .collect();
        let (seen, params) = wanted.clause();
        let wanted = format!(
            "where k.key_id in (select p.key_id from machine_key_kommune p {seen}){}",
            places.concat()
        );
        let keys = self.keys_where((&wanted, params), order).await?;
        Ok(keys.into_iter().map(|key| key.record).collect())
    }

    async fn write_key(
        &self,
        NewKey { record, digest }: &NewKey,
        old_until: Timestamp,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let id = Value::Uuid(record.id.as_uuid());
        let system = record.terms.holder().fagsystem();
        let system: Value = system.map(FagsystemId::as_uuid).into();
        let mut plan = Plan::default();
        plan.assert(NONE_YET, vec![id.clone()], 0);
        if let Some(old) = record.replaces {
            let old = Value::Uuid(old.as_uuid());
            plan.assert(OLD_LASTS, vec![old.clone(), micros(record.made)], 1);
            plan.change(SHORTEN, vec![old, micros(old_until)], None);
        }
        let values = vec![
            id.clone(),
            digest.into(),
            system.clone(),
            rights_text(record.terms.rights()).into(),
            record.navn.clone().into(),
            micros(record.terms.from()),
            micros(record.terms.until()),
            record.replaces.map(KeyId::as_uuid).into(),
            micros(record.made),
            record.made_by.clone().into(),
        ];
        plan.insert(&KEY, values);
        let mut values = Vec::new();
        for owner in record.terms.kommuner() {
            values.extend([id.clone(), kommune(*owner), system.clone()]);
        }
        plan.insert(&KOMMUNE, values);
        plan.change(MOVED, Vec::new(), Some(1));
        self.with_deed(&plan, deed).await
    }

    async fn write_key_end(
        &self,
        id: KeyId,
        end: &KeyEnd,
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let mut plan = Plan::default();
        let params = vec![
            Value::Uuid(id.as_uuid()),
            micros(end.at),
            end.by.clone().into(),
            end.reason.clone().into(),
        ];
        plan.change(END, params, Some(1));
        plan.change(MOVED, Vec::new(), Some(1));
        self.with_deed(&plan, deed).await
    }

    async fn note_key_used(&self, id: KeyId, hour: Timestamp) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        plan.change(USED, vec![Value::Uuid(id.as_uuid()), micros(hour)], None);
        committed(self.transact(plan).await?)
    }

    async fn write_token(
        &self,
        digest: &[u8; 32],
        token: &TokenRecord,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        plan.change(SWEEP, vec![micros(now)], None);
        let values = vec![
            digest.into(),
            Value::Uuid(token.key.as_uuid()),
            rights_text(&token.rights).into(),
            micros(token.expires),
        ];
        plan.insert(&TOKEN, values);
        committed(self.transact(plan).await?)
    }

    async fn find_token(&self, digest: &[u8; 32]) -> Result<Option<TokenRecord>, StoreFailure> {
        let sql = "select key_id, rights, expires from machine_token where token_digest = $1";
        let Some(row) = self.query(sql, vec![digest.into()]).await?.pop() else {
            return Ok(None);
        };
        let mut cells = Cells::new(row);
        Ok(Some(TokenRecord {
            key: KeyId::from_uuid(cells.uuid()?),
            rights: rights_of(&cells.text()?),
            expires: cells.time()?,
        }))
    }
}

fn rights_text(rights: &[Right]) -> String {
    let words: Vec<&str> = rights.iter().map(|right| right.word()).collect();
    words.join(" ")
}

/// What is not understood, e.g. a right of a later version, is not given.
fn rights_of(text: &str) -> Vec<Right> {
    text.split(' ').filter_map(Right::from_word).collect()
}

fn opt_time(cells: &mut Cells) -> Result<Option<Timestamp>, StoreFailure> {
    cells.opt_int()?.map(crate::codec::time_of).transpose()
}

fn kept(
    cells: &mut Cells,
    kommuner: &mut HashMap<KeyId, Vec<Kommunekode>>,
) -> Result<Option<KeptKey>, StoreFailure> {
    let id = KeyId::from_uuid(cells.uuid()?);
    let digest = cells.digest()?;
    let system = cells.opt_uuid()?.map(FagsystemId::from_uuid);
    let holder = system.map_or(Holder::Books, Holder::Fagsystem);
    let (rights, navn) = (rights_of(&cells.text()?), cells.text()?);
    let span = (cells.time()?, cells.time()?);
    let replaces = cells.opt_uuid()?.map(KeyId::from_uuid);
    let (made, made_by) = (cells.time()?, cells.text()?);
    let (at, by, reason) = (opt_time(cells)?, cells.opt_text()?, cells.opt_text()?);
    let last_used = opt_time(cells)?;
    let Some(kommuner) = kommuner.remove(&id) else {
        return Ok(None);
    };
    // A key whose follower was made in its first instant has no span left: it is over.
    let terms = match Terms::try_new(holder, kommuner, rights, span) {
        Ok(terms) => terms,
        Err(_) if span.1 <= span.0 => return Ok(None),
        Err(faults) => return Err(damaged(&format!("terms of {id}: {faults:?}"))),
    };
    let ended = at.map(|at| KeyEnd {
        at,
        by: by.unwrap_or_default(),
        reason: reason.unwrap_or_default(),
    });
    let record = KeyRecord {
        id,
        navn,
        terms,
        replaces,
        made,
        made_by,
        ended,
        last_used,
    };
    Ok(Some(KeptKey { record, digest }))
}

impl MachineKeys for Store {
    fn key_version(&self) -> Answer<'_, i64> {
        Box::pin(self.read_key_version())
    }

    fn key_table(&self, since: Timestamp) -> Answer<'_, Vec<KeptKey>> {
        Box::pin(async move {
            let wanted = "where k.valid_until > $1";
            let params = vec![micros(since)];
            self.keys_where((wanted, params), "k.key_id").await
        })
    }

    fn keys<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KeyRecord>> {
        let seen = Conditions::seen(scope, "p");
        Box::pin(self.keys_seen(seen, &[], "k.key_id desc"))
    }

    fn keys_expiring<'a>(
        &'a self,
        scope: &'a Scope,
        (after, to): (Timestamp, Timestamp),
    ) -> Answer<'a, Vec<KeyRecord>> {
        Box::pin(async move {
            let more = [
                ("k.ended is null and k.valid_until >", micros(after)),
                ("k.valid_until <=", micros(to)),
            ];
            let seen = Conditions::seen(scope, "p");
            self.keys_seen(seen, &more, "k.valid_until, k.key_id").await
        })
    }

    fn make_key<'a>(
        &'a self,
        key: &'a NewKey,
        old_until: Timestamp,
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.write_key(key, old_until, deed))
    }

    fn end_key<'a>(&'a self, id: KeyId, end: &'a KeyEnd, deed: &'a Deed) -> Answer<'a, bool> {
        Box::pin(self.write_key_end(id, end, deed))
    }

    fn key_used(&self, id: KeyId, hour: Timestamp) -> Answer<'_, ()> {
        Box::pin(self.note_key_used(id, hour))
    }

    fn keep_token<'a>(
        &'a self,
        digest: &'a [u8; 32],
        token: &'a TokenRecord,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(self.write_token(digest, token, now))
    }

    fn token<'a>(&'a self, digest: &'a [u8; 32]) -> Answer<'a, Option<TokenRecord>> {
        Box::pin(self.find_token(digest))
    }
}

/// Keys that ended longer ago than this are no news to an operator.
const PAST: SignedDuration = SignedDuration::from_hours(24 * 14);

impl Expiring for Store {
    fn expiring<'a>(&'a self, scope: &'a Scope, before: Timestamp) -> Answer<'a, Vec<Expiry>> {
        Box::pin(async move {
            let after = before.saturating_sub(SOON + PAST).unwrap_or(Timestamp::MIN);
            let keys = self.keys_expiring(scope, (after, before)).await?;
            let expiry = |key: KeyRecord| Expiry {
                kind: ExpiryKind::MachineKey,
                name: key.navn,
                kommune: match key.terms.kommuner() {
                    [one] => Some(*one),
                    _ => None,
                },
                expires: key.terms.until(),
            };
            Ok(keys.into_iter().map(expiry).collect())
        })
    }
}
