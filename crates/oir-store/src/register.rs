//! The register on disk, and the receiving port as a whole.

use jiff::Timestamp;
use oir_domain::calendar::{BookingPeriod, PeriodKind, Regnskabsaar, Validity};
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::party::{Fagsystem, Kommunekode, Myndighed};
use oir_domain::register::{
    Agreement, Omsaetningsrow, Receiver, Register, RegisterData, Sortimentspost,
};
use oir_flow::ports::inbox::{
    Admit, Findings, Inbox, Inquiry, MessageRecord, StoredBilag, StoredMessage,
};
use oir_flow::ports::{Answer, StoreFailure};

use crate::Store;
use crate::codec::{Cells, damaged, date, fagsystem, kommune, opt_date};
use crate::plan::Column::{Int, Text, Uuid as Id};
use crate::plan::{Outcome, Plan, Shape, Value};

const MYNDIGHED: Shape = Shape {
    table: "myndighed",
    columns: &[("kommune", Int), ("cvr", Text), ("navn", Text)],
    suffix: "",
};
const FAGSYSTEM: Shape = Shape {
    table: "fagsystem",
    columns: &[
        ("fagsystem", Id),
        ("kortnavn", Text),
        ("navn", Text),
        ("konteringsfacet", Text),
    ],
    suffix: "",
};
const AGREEMENT: Shape = Shape {
    table: "agreement",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("valid_from", Text),
        ("valid_to", Text),
    ],
    suffix: "",
};
const PERIOD: Shape = Shape {
    table: "booking_period",
    columns: &[
        ("kommune", Int),
        ("regnskabsaar", Int),
        ("kind", Text),
        ("first_day", Text),
        ("last_day", Text),
        ("is_open", Int),
    ],
    suffix: "",
};
const OMSAETNING: Shape = Shape {
    table: "omsaetning",
    columns: &[
        ("kommune", Int),
        ("fagsystem", Id),
        ("vaerdi", Text),
        ("konto", Text),
        ("valid_from", Text),
        ("valid_to", Text),
    ],
    suffix: "",
};
const RECEIVER: Shape = Shape {
    table: "receiver",
    columns: &[("kommune", Int), ("url", Text), ("idempotent", Int)],
    suffix: "",
};

const CLEAR: [&str; 7] = [
    "delete from myndighed",
    "delete from fagsystem",
    "delete from agreement",
    "delete from booking_period",
    "delete from sortimentspost",
    "delete from omsaetning",
    "delete from receiver",
];

const fn kind_word(kind: PeriodKind) -> &'static str {
    match kind {
        PeriodKind::Ordinary => "ordinary",
        PeriodKind::Supplementary => "supplementary",
    }
}

fn validity(v: &Validity) -> [Value; 2] {
    [date(v.from), opt_date(v.to)]
}

fn insert_all(plan: &mut Plan, data: &RegisterData) {
    let rows = data.myndigheder.iter();
    let rows = rows.flat_map(|m| {
        [
            kommune(m.kommune),
            m.cvr.to_string().into(),
            m.navn.clone().into(),
        ]
    });
    plan.insert(&MYNDIGHED, rows.collect());
    let rows = data.fagsystemer.iter().flat_map(|f| {
        [
            fagsystem(Some(f.id)),
            f.kortnavn.clone().into(),
            f.navn.clone().into(),
            f.konteringsfacet.clone().into(),
        ]
    });
    plan.insert(&FAGSYSTEM, rows.collect());
    let mut rows = Vec::new();
    for a in &data.agreements {
        rows.extend([kommune(a.kommune), fagsystem(Some(a.fagsystem))]);
        rows.extend(validity(&a.validity));
    }
    plan.insert(&AGREEMENT, rows);
    let rows = data.periods.iter().flat_map(|(owner, p)| {
        [
            kommune(*owner),
            p.regnskabsaar.0.into(),
            kind_word(p.kind).into(),
            date(p.from),
            date(p.to),
            p.open.into(),
        ]
    });
    plan.insert(&PERIOD, rows.collect());
    let mut rows = Vec::new();
    for o in &data.omsaetning {
        rows.extend([kommune(o.kommune), fagsystem(Some(o.fagsystem))]);
        rows.extend([o.vaerdi.clone().into(), o.konto.clone().into()]);
        rows.extend(validity(&o.validity));
    }
    plan.insert(&OMSAETNING, rows);
    let rows = data.receivers.iter();
    let rows = rows.flat_map(|r| {
        [
            kommune(r.kommune),
            r.url.clone().into(),
            r.idempotent.into(),
        ]
    });
    plan.insert(&RECEIVER, rows.collect());
}

impl Store {
    /// Replaces everything; what that changes in the sortiment is registered at an instant.
    pub(crate) async fn replace_at(
        &self,
        data: &RegisterData,
        now: Option<Timestamp>,
    ) -> Result<i64, StoreFailure> {
        let version = self.version().await?;
        let mut plan = Plan::default();
        let next = version.saturating_add(1);
        let step = "update register_version set version = $1 where version = $2";
        plan.change(step, vec![next.into(), version.into()], Some(1));
        for clear in CLEAR {
            plan.change(clear, Vec::new(), None);
        }
        insert_all(&mut plan, data);
        self.sortiment_of_register(&mut plan, data, now).await?;
        match self.transact(plan).await? {
            Outcome::Committed => Ok(next),
            Outcome::Duplicate => Err(StoreFailure::Broken(
                "the register says something twice".into(),
            )),
            Outcome::Unexpected | Outcome::Contended => Err(StoreFailure::Unavailable(
                "the register was changed meanwhile".into(),
            )),
        }
    }

    pub(crate) async fn version(&self) -> Result<i64, StoreFailure> {
        let mut rows = self
            .query("select version from register_version", Vec::new())
            .await?;
        Cells::new(rows.pop().unwrap_or_default()).int()
    }

    async fn rows(&self, sql: &str) -> Result<impl Iterator<Item = Cells> + use<>, StoreFailure> {
        Ok(self
            .query(sql, Vec::new())
            .await?
            .into_iter()
            .map(Cells::new))
    }

    pub(crate) async fn read_register(&self) -> Result<RegisterData, StoreFailure> {
        let mut data = RegisterData::default();
        for mut c in self
            .rows("select kommune, cvr, navn from myndighed order by kommune")
            .await?
        {
            let kommune = c.kommune()?;
            let cvr = c.text()?.parse().map_err(|_| damaged("a CVR number"))?;
            data.myndigheder.push(Myndighed {
                kommune,
                cvr,
                navn: c.text()?,
            });
        }
        let sql =
            "select fagsystem, kortnavn, navn, konteringsfacet from fagsystem order by kortnavn";
        for mut c in self.rows(sql).await? {
            let (id, kortnavn, navn) = (c.fagsystem()?, c.text()?, c.text()?);
            data.fagsystemer.push(Fagsystem {
                id,
                kortnavn,
                navn,
                konteringsfacet: c.text()?,
            });
        }
        let sql = "select kommune, fagsystem, valid_from, valid_to from agreement order by 1, 2, 3";
        for mut c in self.rows(sql).await? {
            let (kommune, fagsystem) = (c.kommune()?, c.fagsystem()?);
            let validity = Validity {
                from: c.date()?,
                to: c.opt_date()?,
            };
            data.agreements.push(Agreement {
                kommune,
                fagsystem,
                validity,
            });
        }
        self.read_periods(&mut data).await?;
        self.read_values(&mut data).await?;
        for mut c in self
            .rows("select kommune, url, idempotent from receiver order by 1")
            .await?
        {
            let (kommune, url) = (c.kommune()?, c.text()?);
            data.receivers.push(Receiver {
                kommune,
                url,
                idempotent: c.int()? != 0,
            });
        }
        Ok(data)
    }

    async fn read_periods(&self, data: &mut RegisterData) -> Result<(), StoreFailure> {
        let sql = "select kommune, regnskabsaar, kind, first_day, last_day, is_open \
                   from booking_period order by 1, 2, 3, 4";
        for mut c in self.rows(sql).await? {
            let (owner, regnskabsaar) = (c.kommune()?, Regnskabsaar(c.narrow()?));
            let kind = match &*c.text()? {
                "ordinary" => PeriodKind::Ordinary,
                "supplementary" => PeriodKind::Supplementary,
                _ => return Err(damaged("a kind of period")),
            };
            let (from, to, open) = (c.date()?, c.date()?, c.int()? != 0);
            data.periods.push((
                owner,
                BookingPeriod {
                    regnskabsaar,
                    kind,
                    from,
                    to,
                    open,
                },
            ));
        }
        Ok(())
    }

    async fn read_values(&self, data: &mut RegisterData) -> Result<(), StoreFailure> {
        let sql = "select fagsystem, kommune, facet, vaerdi, valid_from, valid_to \
                   from sortimentspost order by 1, 2, 3, 4, 5";
        for mut c in self.rows(sql).await? {
            let (fagsystem, owner) = (c.fagsystem()?, c.kommune()?);
            let kommune = (owner != Kommunekode::UNKNOWN).then_some(owner);
            let (facet, vaerdi) = (c.text()?, c.text()?);
            let validity = Validity {
                from: c.date()?,
                to: c.opt_date()?,
            };
            data.sortiment.push(Sortimentspost {
                fagsystem,
                kommune,
                facet,
                vaerdi,
                validity,
            });
        }
        let sql = "select kommune, fagsystem, vaerdi, konto, valid_from, valid_to \
                   from omsaetning order by 1, 2, 3, 5";
        for mut c in self.rows(sql).await? {
            let (kommune, fagsystem) = (c.kommune()?, c.fagsystem()?);
            let (vaerdi, konto) = (c.text()?, c.text()?);
            let validity = Validity {
                from: c.date()?,
                to: c.opt_date()?,
            };
            data.omsaetning.push(Omsaetningsrow {
                kommune,
                fagsystem,
                vaerdi,
                konto,
                validity,
            });
        }
        Ok(())
    }
}

impl Inbox for Store {
    fn admit<'a>(
        &'a self,
        messages: &'a [MessageRecord],
        register_version: i64,
    ) -> Answer<'a, Admit> {
        Box::pin(self.admit_messages(messages, register_version))
    }

    fn find<'a>(&'a self, inquiries: &'a [Inquiry]) -> Answer<'a, Vec<Findings>> {
        Box::pin(self.find_all(inquiries))
    }

    fn message<'a>(
        &'a self,
        kommune: Kommunekode,
        fagsystem: FagsystemId,
        transaktions_id: TransaktionsId,
    ) -> Answer<'a, Option<StoredMessage>> {
        Box::pin(self.stored_message(kommune, fagsystem, transaktions_id))
    }

    fn bilag<'a>(
        &'a self,
        kommune: Kommunekode,
        bilag_uuid: BilagUuid,
        fagsystem: Option<FagsystemId>,
    ) -> Answer<'a, Option<StoredBilag>> {
        Box::pin(self.stored_bilag(kommune, bilag_uuid, fagsystem))
    }

    fn register(&self) -> Answer<'_, Register> {
        Box::pin(async move {
            // The version first: a change in between makes the snapshot look older than
            // it is, and the next commit that leans on it is judged again.
            let version = self.version().await?;
            let register = self.ready_register(version, self.read_register().await?);
            let register = register.await?;
            let register = register.with_tables(self.approved_tables().await?);
            Ok(register.with_modes(self.decided_modes().await?))
        })
    }

    fn register_version(&self) -> Answer<'_, i64> {
        Box::pin(self.version())
    }

    fn replace_register<'a>(&'a self, data: &'a RegisterData) -> Answer<'a, i64> {
        Box::pin(self.replace_at(data, None))
    }

    fn register_data(&self) -> Answer<'_, RegisterData> {
        Box::pin(self.read_register())
    }
}
