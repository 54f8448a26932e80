//! Kontoplaner: every version kept, an account written only when something of it changes.

use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::change::{Tally, compare};
use oir_domain::kontoplan::{
    Aarsspan, AuthorisedKonto, Konto, KontoForm, Kontoplan, KontoplanHead,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::kontoplan::{Kontoplaner, Upload};
use oir_flow::ports::sessions::Deed;
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, kommune, micros, opt_date, packed};
use crate::plan::Column::{Bytes, Int, Text, Uuid as Id};
use crate::plan::{Plan, Row, Shape, Value};
use crate::sessions::committed;

const VERSION: Shape = Shape {
    table: "kontoplan_version",
    columns: &[
        ("kommune", Int),
        ("version", Int),
        ("form", Text),
        ("at", Int),
        ("subject", Text),
        ("navn", Text),
        ("source", Text),
        ("digest", Bytes),
        ("accounts", Int),
        ("tally", Text),
    ],
    suffix: "",
};
const KONTO: Shape = Shape {
    table: "kontoplan_konto",
    columns: &[
        ("kommune", Int),
        ("konto", Text),
        ("since_version", Int),
        ("navn", Text),
        ("valid_from", Text),
        ("valid_to", Text),
        ("aar_from", Int),
        ("aar_to", Int),
        ("autoriseret", Text),
    ],
    suffix: "",
};
const END: Shape = Shape {
    table: "kontoplan_konto_end",
    columns: &[
        ("kommune", Int),
        ("konto", Text),
        ("since_version", Int),
        ("until_version", Int),
    ],
    suffix: "",
};
const UPLOAD: Shape = Shape {
    table: "kontoplan_upload",
    columns: &[
        ("upload_id", Id),
        ("kommune", Int),
        ("form", Text),
        ("at", Int),
        ("subject", Text),
        ("source", Text),
        ("bytes", Bytes),
    ],
    suffix: "",
};

const HEAD: &str = "v.kommune, v.version, v.form, v.at, v.subject, v.navn, v.source, v.digest, \
     v.accounts, v.tally";
const NEWEST: &str = "v.version = (select max(n.version) from kontoplan_version n \
     where n.kommune = v.kommune)";
/// Versions have no gaps: that many rows means that the newest has that number.
const FOLLOWS: &str = "select count(*) from kontoplan_version where kommune = $1";
const KONTI: &str = "select k.konto, k.since_version, k.navn, k.valid_from, k.valid_to, \
     k.aar_from, k.aar_to, k.autoriseret from kontoplan_konto k \
     left join kontoplan_konto_end e on e.kommune = k.kommune and e.konto = k.konto \
     and e.since_version = k.since_version \
     where k.kommune = $1 and k.since_version <= $2 \
     and (e.until_version is null or e.until_version > $2)";
const FORGET: &str = "delete from kontoplan_upload where at < $1";

impl Store {
    async fn kontoplan_heads(
        &self,
        (wanted, params): (&str, Vec<Value>),
        order: &str,
    ) -> Result<Vec<KontoplanHead>, StoreFailure> {
        let sql = format!("select {HEAD} from kontoplan_version v where {wanted} order by {order}");
        let rows = self.query(&sql, params).await?.into_iter();
        rows.map(|row| head(&mut Cells::new(row))).collect()
    }

    async fn newest_heads(&self, scope: &Scope) -> Result<Vec<KontoplanHead>, StoreFailure> {
        let mut heads = self
            .kontoplan_heads((NEWEST, Vec::new()), "v.kommune")
            .await?;
        heads.retain(|head| scope.touches(head.kommune));
        Ok(heads)
    }

    async fn heads_before(
        &self,
        scope: &Scope,
        owner: Kommunekode,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<KontoplanHead>, StoreFailure> {
        if !scope.touches(owner) {
            return Ok(Vec::new());
        }
        let before = before.map_or(i64::MAX, i64::from);
        let params = vec![kommune(owner), before.into(), limit.into()];
        let wanted = "v.kommune = $1 and v.version < $2";
        self.kontoplan_heads((wanted, params), "v.version desc limit $3")
            .await
    }

    async fn kontoplan_version(
        &self,
        scope: &Scope,
        owner: Kommunekode,
        version: Option<u32>,
    ) -> Result<Option<Kontoplan>, StoreFailure> {
        if !scope.touches(owner) {
            return Ok(None);
        }
        let (wanted, params) = match version {
            Some(version) => (
                "v.kommune = $1 and v.version = $2",
                vec![kommune(owner), version.into()],
            ),
            None => ("v.kommune = $1", vec![kommune(owner)]),
        };
        let heads = self
            .kontoplan_heads((wanted, params), "v.version desc limit 1")
            .await?;
        let Some(head) = heads.into_iter().next() else {
            return Ok(None);
        };
        let konti = self.konti_of(owner, head.version).await?;
        let konti = konti.into_iter().map(|(_, konto)| konto).collect();
        let plan = Kontoplan::new(owner, head.version, head.form, konti);
        Ok(Some(plan))
    }

    /// The accounts of a version, each with the version that it was written in.
    async fn konti_of(
        &self,
        owner: Kommunekode,
        version: u32,
    ) -> Result<Vec<(u32, Konto)>, StoreFailure> {
        let params = vec![kommune(owner), version.into()];
        let rows = self.query(KONTI, params).await?.into_iter();
        rows.map(|row| konto(&mut Cells::new(row))).collect()
    }

    async fn keep_kontoplan(
        &self,
        head: &KontoplanHead,
        konti: &[Konto],
        deed: &Deed,
    ) -> Result<bool, StoreFailure> {
        let (owner, mut plan) = (kommune(head.kommune), Plan::default());
        let before = head.version.saturating_sub(1);
        // Said anew at each try of the log: who comes second finds one row more.
        plan.assert(FOLLOWS, vec![owner.clone()], before.into());
        plan.insert(&VERSION, head_values(head));
        let (since, old): (Vec<u32>, Vec<Konto>) = self
            .konti_of(head.kommune, before)
            .await?
            .into_iter()
            .unzip();
        let since = old.iter().map(|konto| &*konto.konto).zip(since);
        let since: std::collections::HashMap<&str, u32> = since.collect();
        let (mut written, mut ended) = (Vec::new(), Vec::new());
        for change in compare(&old, konti) {
            if !change.is_change() {
                continue;
            }
            if let Some(was) = change.before {
                let since = since.get(&*was.konto).copied().unwrap_or(before);
                let text: Value = was.konto.clone().into();
                ended.extend([owner.clone(), text, since.into(), head.version.into()]);
            }
            if let Some(is) = change.after {
                written.extend(konto_values(&owner, head.version, is));
            }
        }
        plan.insert(&END, ended);
        plan.insert(&KONTO, written);
        self.with_deed(&plan, deed).await
    }

    async fn write_upload(&self, upload: &Upload, oldest: Timestamp) -> Result<(), StoreFailure> {
        let mut plan = Plan::default();
        plan.change(FORGET, vec![micros(oldest)], None);
        let values = vec![
            Value::Uuid(upload.id.as_uuid()),
            kommune(upload.kommune),
            upload.form.to_string().into(),
            micros(upload.at),
            upload.subject.clone().into(),
            upload.source.clone().into(),
            packed(&upload.bytes),
        ];
        plan.insert(&UPLOAD, values);
        committed(self.transact(plan).await?)
    }

    async fn find_upload(
        &self,
        id: UploadId,
        subject: &str,
    ) -> Result<Option<Upload>, StoreFailure> {
        let sql = "select kommune, form, at, subject, source, bytes \
             from kontoplan_upload where upload_id = $1 and subject = $2";
        let params = vec![Value::Uuid(id.as_uuid()), subject.into()];
        let read = |row: Row| {
            let mut cells = Cells::new(row);
            Ok(Upload {
                id,
                kommune: cells.kommune()?,
                form: form(&cells.text()?)?,
                at: cells.time()?,
                subject: cells.text()?,
                source: cells.text()?,
                bytes: cells.raw()?,
            })
        };
        self.query(sql, params).await?.pop().map(read).transpose()
    }
}

fn form(text: &str) -> Result<KontoForm, StoreFailure> {
    text.parse().map_err(|_| damaged("not a form of accounts"))
}

fn head_values(head: &KontoplanHead) -> Vec<Value> {
    vec![
        kommune(head.kommune),
        head.version.into(),
        head.form.to_string().into(),
        micros(head.at),
        head.subject.clone().into(),
        head.navn.clone().into(),
        head.source.clone().into(),
        (&head.digest).into(),
        head.accounts.into(),
        tally_text(head.tally).into(),
    ]
}

fn head(cells: &mut Cells) -> Result<KontoplanHead, StoreFailure> {
    Ok(KontoplanHead {
        kommune: cells.kommune()?,
        version: cells.narrow()?,
        form: form(&cells.text()?)?,
        at: cells.time()?,
        subject: cells.text()?,
        navn: cells.text()?,
        source: cells.text()?,
        digest: cells.digest()?,
        accounts: cells.narrow()?,
        tally: tally(&cells.text()?)?,
    })
}

fn tally_text(tally: Tally) -> String {
    let counts = [
        tally.new,
        tally.gone,
        tally.closed,
        tally.reopened,
        tally.renamed,
        tally.altered,
        tally.unchanged,
    ];
    counts.map(|count| count.to_string()).join(",")
}

fn tally(text: &str) -> Result<Tally, StoreFailure> {
    let counts: Result<Vec<u32>, _> = text.split(',').map(str::parse).collect();
    let counts = counts.map_err(|_| damaged("not a tally"))?;
    let [new, gone, closed, reopened, renamed, altered, unchanged] = *counts else {
        return Err(damaged("not a tally"));
    };
    Ok(Tally {
        new,
        gone,
        closed,
        reopened,
        renamed,
        altered,
        unchanged,
    })
}

fn konto_values(owner: &Value, version: u32, konto: &Konto) -> [Value; 9] {
    let aar = |aar: Option<Regnskabsaar>| aar.map(|aar| aar.0).into();
    [
        owner.clone(),
        konto.konto.clone().into(),
        version.into(),
        konto.navn.clone().into(),
        date(konto.validity.from),
        opt_date(konto.validity.to),
        aar(konto.aar.from),
        aar(konto.aar.to),
        konto.autoriseret.map(|own| own.to_string()).into(),
    ]
}

fn konto(cells: &mut Cells) -> Result<(u32, Konto), StoreFailure> {
    let (konto, since, navn) = (cells.text()?, cells.narrow()?, cells.text()?);
    let validity = Validity {
        from: cells.date()?,
        to: cells.opt_date()?,
    };
    let aar = Aarsspan {
        from: aar(cells)?,
        to: aar(cells)?,
    };
    let autoriseret = cells.opt_text()?;
    let autoriseret = autoriseret.map(|text| text.parse::<AuthorisedKonto>());
    let autoriseret = autoriseret.transpose();
    let konto = Konto {
        konto,
        navn,
        validity,
        aar,
        autoriseret: autoriseret.map_err(|_| damaged("not an authorised string"))?,
    };
    Ok((since, konto))
}

fn aar(cells: &mut Cells) -> Result<Option<Regnskabsaar>, StoreFailure> {
    let aar = cells.opt_int()?.map(i16::try_from).transpose();
    let aar = aar.map_err(|_| damaged("a year out of range"))?;
    Ok(aar.map(Regnskabsaar))
}

impl Kontoplaner for Store {
    fn kontoplaner<'a>(&'a self, scope: &'a Scope) -> Answer<'a, Vec<KontoplanHead>> {
        Box::pin(self.newest_heads(scope))
    }

    fn kontoplan_versions<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        before: Option<u32>,
        limit: u32,
    ) -> Answer<'a, Vec<KontoplanHead>> {
        Box::pin(self.heads_before(scope, kommune, before, limit))
    }

    fn kontoplan<'a>(
        &'a self,
        scope: &'a Scope,
        kommune: Kommunekode,
        version: Option<u32>,
    ) -> Answer<'a, Option<Kontoplan>> {
        Box::pin(self.kontoplan_version(scope, kommune, version))
    }

    fn import_kontoplan<'a>(
        &'a self,
        head: &'a KontoplanHead,
        konti: &'a [Konto],
        deed: &'a Deed,
    ) -> Answer<'a, bool> {
        Box::pin(self.keep_kontoplan(head, konti, deed))
    }

    fn keep_upload<'a>(&'a self, upload: &'a Upload, oldest: Timestamp) -> Answer<'a, ()> {
        Box::pin(self.write_upload(upload, oldest))
    }

    fn upload<'a>(&'a self, id: UploadId, subject: &'a str) -> Answer<'a, Option<Upload>> {
        Box::pin(self.find_upload(id, subject))
    }
}
