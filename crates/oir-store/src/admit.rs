//! Reception: a batch of judged messages as one plan.

use oir_domain::finans::{AMOUNT_MAX, Finansbilag, Finanspostering, POSTINGS_MAX, PartNummer};
use oir_domain::ids::BilagId;
use oir_domain::message::StateName;
use oir_domain::money::{Oere, Turnover};
use oir_domain::omsaetning::Konteret;
use oir_domain::party::Kommunekode;
use oir_domain::totals::{Changes, TotalKey};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{
    Accounts, Admit, BilagRecord, MessageOutcome, MessageRecord, NewBilag,
};
use uuid::Uuid;

use crate::Store;
use crate::codec::{
    GROUP, UNIT, damaged, date, fagsystem, fault_values, kommune, micros, oere, opt_date, packed,
};
use crate::mirror::MirrorRows;
use crate::plan::Column::{Bytes, Int, Text, Uuid as Id};
use crate::plan::{Column, Outcome, Plan, Shape, Value};
use crate::work::{CLOSE_CORRECTED, WORK, correction, of_message, of_new};

const AFSENDELSE: Shape = Shape {
    table: "afsendelse",
    columns: &[
        ("kommune", Int),
        ("afsendelse_id", Id),
        ("fagsystem", Id),
        ("transaktions_id", Id),
        ("claimed_id", Id),
        ("modtaget", Int),
        ("dag", Text),
        ("channel", Text),
        ("content_digest", Bytes),
        ("raw_digest", Bytes),
        ("raw", Bytes),
        ("outcome", Text),
        ("korrelations_id", Text),
        ("antal_bilag", Int),
    ],
    suffix: "",
};

/// A bilag's columns; the last one, the number of the books, no reception knows.
const BILAG_COLUMNS: &[(&str, Column)] = &[
    ("kommune", Int),
    ("bilag_id", Id),
    ("afsendelse_id", Id),
    ("position", Int),
    ("fagsystem", Id),
    ("bilag_uuid", Id),
    ("claimed_uuid", Id),
    ("modtaget", Int),
    ("dag", Text),
    ("digest", Bytes),
    ("afsender_bilagsnummer", Text),
    ("bilagsdato", Text),
    ("bogfoeringsdato", Text),
    ("regnskabsaar", Int),
    ("posteringstype", Text),
    ("valuta", Text),
    ("tekst", Text),
    ("korrigerer", Id),
    ("posteringer", Int),
    ("debet", Int),
    ("kredit", Int),
    ("rejected", Int),
    ("state", Text),
    ("attempts", Int),
    ("version", Int),
    ("changed", Int),
    ("omsaetning_version", Int),
    ("erp_bilagsnummer", Text),
];

pub(crate) const BILAG: Shape = Shape {
    table: "bilag",
    columns: BILAG_COLUMNS.split_at(BILAG_COLUMNS.len() - 1).0,
    suffix: "",
};

/// The same with the number of the books.
pub(crate) const BILAG_ENDED: Shape = Shape {
    table: "bilag",
    columns: BILAG_COLUMNS,
    suffix: "",
};

const REPEAT: Shape = Shape {
    table: "bilag_repeat",
    columns: &[
        ("kommune", Int),
        ("afsendelse_id", Id),
        ("position", Int),
        ("bilag_id", Id),
    ],
    suffix: "",
};

const POSTERING: Shape = Shape {
    table: "postering",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("position", Int),
        ("linjenummer", Int),
        ("side", Text),
        ("beloeb", Int),
        ("tekst", Text),
        ("sortiment", Text),
        ("konto", Text),
        ("periode_fra", Text),
        ("periode_til", Text),
        ("part_cpr", Text),
        ("part_cvr", Text),
        ("part_rolle", Text),
        ("kle", Text),
        ("sagsnummer", Text),
        ("ydelse", Text),
        ("refusionsprocent", Int),
        ("momskode", Text),
        ("reference", Text),
    ],
    suffix: "",
};

/// Accounts of a posting that has several; also written by steps.
pub(crate) const KONTERINGSLINJE: Shape = Shape {
    table: "konteringslinje",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("position", Int),
        ("number", Int),
        ("konto", Text),
        ("beloeb", Int),
    ],
    suffix: "",
};

/// A bilag's life; also written by steps.
pub(crate) const EVENT: Shape = Shape {
    table: "bilag_event",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("number", Int),
        ("at", Int),
        ("event", Text),
        ("to_state", Text),
        ("attempt", Int),
        ("detail", Text),
    ],
    suffix: "",
};

/// Faults; also written by steps.
pub(crate) const FAULT: Shape = Shape {
    table: "fault",
    columns: &[
        ("kommune", Int),
        ("afsendelse_id", Id),
        ("bilag_id", Id),
        ("number", Int),
        ("dag", Text),
        ("code", Text),
        ("linje", Int),
        ("path", Text),
        ("vaerdier", Text),
    ],
    suffix: "",
};

const OUTBOX: Shape = Shape {
    table: "outbox",
    columns: &[
        ("kommune", Int),
        ("bilag_id", Id),
        ("fagsystem", Id),
        ("due", Int),
    ],
    suffix: "",
};

const TOTAL: Shape = Shape {
    table: "control_total",
    columns: &[
        ("kommune", Int),
        ("dag", Text),
        ("fagsystem", Id),
        ("state", Text),
        ("shard", Int),
        ("antal", Int),
        ("debet", Int),
    ],
    suffix: "on conflict (dag, kommune, fagsystem, state, shard) do update set \
             antal = control_total.antal + excluded.antal, \
             debet = control_total.debet + excluded.debet",
};

const REGISTER_UNCHANGED: &str = "select count(*) from register_version where version = $1";

/// Rows collected for one plan, table by table.
#[derive(Default)]
struct Rows {
    afsendelse: Vec<Value>,
    bilag: Vec<Value>,
    repeat: Vec<Value>,
    postering: Vec<Value>,
    konteringslinje: Vec<Value>,
    mirror: MirrorRows,
    event: Vec<Value>,
    fault: Vec<Value>,
    outbox: Vec<Value>,
    work: Vec<Value>,
    /// For each bilag that corrects another and was accepted: what closes that one's item.
    corrections: Vec<Vec<Value>>,
    totals: Changes,
}

impl Store {
    pub(crate) async fn admit_messages(
        &self,
        messages: &[MessageRecord],
        register_version: i64,
    ) -> Result<Admit, StoreFailure> {
        let mut plan = Plan::default();
        plan.assert(REGISTER_UNCHANGED, vec![register_version.into()], 1);
        self.plan_rows(&mut plan, messages)?;
        match self.transact(plan).await? {
            Outcome::Committed => Ok(Admit::Done),
            Outcome::Duplicate | Outcome::Contended => Ok(Admit::Conflict),
            Outcome::Unexpected => Ok(Admit::RegisterChanged),
        }
    }

    /// Adds the rows of judged messages to a plan.
    pub(crate) fn plan_rows(
        &self,
        plan: &mut Plan,
        messages: &[MessageRecord],
    ) -> Result<(), StoreFailure> {
        let mut rows = Rows::default();
        for message in messages {
            rows.message(message)?;
        }
        plan.insert(&AFSENDELSE, rows.afsendelse);
        plan.insert(&BILAG, rows.bilag);
        plan.insert(&REPEAT, rows.repeat);
        plan.insert(&POSTERING, rows.postering);
        plan.insert(&KONTERINGSLINJE, rows.konteringslinje);
        rows.mirror.into_plan(plan);
        plan.insert(&EVENT, rows.event);
        plan.insert(&FAULT, rows.fault);
        plan.insert(&OUTBOX, rows.outbox);
        plan.insert(&WORK, rows.work);
        plan.insert(&TOTAL, self.total_rows(&rows.totals));
        for correction in rows.corrections {
            plan.change(CLOSE_CORRECTED, correction, None);
        }
        Ok(())
    }

    /// Adds changes of totals to a plan.
    pub(crate) fn plan_totals(&self, plan: &mut Plan, changes: &Changes) {
        plan.insert(&TOTAL, self.total_rows(changes));
    }

    fn total_rows(&self, changes: &Changes) -> Vec<Value> {
        let row = |(key, total): (&TotalKey, &oir_domain::totals::Total)| {
            [
                kommune(key.kommune),
                date(key.dag),
                fagsystem(Some(key.fagsystem)),
                key.state.word().into(),
                self.shard.into(),
                total.antal.into(),
                oere(total.debet),
            ]
        };
        changes.iter().flat_map(row).collect()
    }
}

impl Rows {
    fn message(&mut self, message: &MessageRecord) -> Result<(), StoreFailure> {
        let own = |id: oir_domain::ids::TransaktionsId| Value::Uuid(id.as_uuid());
        let claims = message.outcome == MessageOutcome::Taken;
        self.afsendelse.extend([
            kommune(message.kommune),
            Value::Uuid(message.id.as_uuid()),
            fagsystem(message.fagsystem),
            message.transaktions_id.map_or(Value::Null, own),
            message
                .transaktions_id
                .filter(|_| claims)
                .map_or(Value::Null, own),
            micros(message.modtaget),
            date(message.dag),
            message.channel.word().into(),
            (&message.content_digest).into(),
            (&message.raw_digest).into(),
            packed(&message.raw),
            message.outcome.word().into(),
            message.korrelations_id.clone().into(),
            message.antal_bilag.into(),
        ]);
        self.faults(message, Uuid::nil(), &message.faults);
        self.work.extend(of_message(message));
        for bilag in &message.bilag {
            match bilag {
                BilagRecord::New(bilag) => self.bilag(message, bilag)?,
                BilagRecord::Repeat { index, first } => self.repeat.extend([
                    kommune(message.kommune),
                    Value::Uuid(message.id.as_uuid()),
                    (*index).into(),
                    Value::Uuid(first.as_uuid()),
                ]),
            }
        }
        Ok(())
    }

    fn bilag(&mut self, message: &MessageRecord, new: &NewBilag) -> Result<(), StoreFailure> {
        let (id, owner) = (Value::Uuid(new.id.as_uuid()), kommune(message.kommune));
        let turnover = counted(&new.bilag);
        let state = new.state.name();
        self.bilag.extend([owner.clone(), id.clone()]);
        self.bilag_columns(message, new, turnover);
        self.bilag.extend([
            Value::from(state == StateName::Rejected),
            state.word().into(),
            0_i64.into(),
            1_i64.into(),
            micros(message.modtaget),
            version(&new.accounts).into(),
        ]);
        self.posteringer(message, new);
        self.event.extend([
            owner.clone(),
            id.clone(),
            1_i64.into(),
            micros(message.modtaget),
            "received".into(),
            state.word().into(),
            0_i64.into(),
            Value::Null,
        ]);
        self.faults(message, new.id.as_uuid(), &new.faults);
        self.work.extend(of_new(message, new, turnover.debit));
        self.corrections.extend(correction(message, new));
        if state == StateName::Mapped {
            self.outbox.extend([
                owner,
                id,
                fagsystem(message.fagsystem),
                micros(message.modtaget),
            ]);
        }
        let nil = oir_domain::ids::FagsystemId::from_uuid(Uuid::nil());
        let key = TotalKey {
            kommune: message.kommune,
            dag: message.dag,
            fagsystem: message.fagsystem.unwrap_or(nil),
            state,
        };
        self.totals
            .enter(key, turnover.debit)
            .map_err(|_| damaged("a total overflows"))
    }

    fn posteringer(&mut self, message: &MessageRecord, new: &NewBilag) {
        let key = (message.kommune, new.id);
        let mut found = match &new.accounts {
            Accounts::Mapped(mapped) => mapped.posteringer.iter(),
            Accounts::Open | Accounts::Foreseen(_) => [].iter(),
        };
        for (position, postering) in (0_u32..).zip(&new.bilag.posteringer) {
            let konteret = found.next();
            self.postering.extend([
                kommune(key.0),
                Value::Uuid(key.1.as_uuid()),
                position.into(),
            ]);
            let konto = konteret.map(konto_of);
            self.postering.extend(postering_values(postering, konto));
            if let Some(konteret) = konteret {
                lines_of(&mut self.konteringslinje, key, position, konteret);
            }
        }
        if let (Accounts::Foreseen(foreseen), Some(fagsystem)) = (&new.accounts, message.fagsystem)
        {
            self.mirror
                .foreseen(key, (fagsystem, message.dag), foreseen);
        }
    }

    fn bilag_columns(&mut self, message: &MessageRecord, new: &NewBilag, turnover: Turnover) {
        let bilag: &Finansbilag = &new.bilag;
        let uuid = Value::Uuid(bilag.bilag_uuid.as_uuid());
        let count = u32::try_from(bilag.posteringer.len()).unwrap_or(u32::MAX);
        self.bilag.extend([
            Value::Uuid(message.id.as_uuid()),
            new.index.into(),
            fagsystem(message.fagsystem),
            uuid.clone(),
            if new.claims_uuid { uuid } else { Value::Null },
            micros(message.modtaget),
            date(message.dag),
            (&new.digest).into(),
            bilag.afsender_bilagsnummer.clone().into(),
            date(bilag.bilagsdato),
            date(bilag.bogfoeringsdato),
            bilag.regnskabsaar.0.into(),
            bilag.posteringstype.code().into(),
            bilag.valuta.clone().into(),
            bilag.tekst.clone().into(),
            bilag
                .korrigerer
                .map_or(Value::Null, |k| Value::Uuid(k.as_uuid())),
            count.into(),
            oere(turnover.debit),
            oere(turnover.credit),
        ]);
    }

    fn faults(
        &mut self,
        message: &MessageRecord,
        bilag: Uuid,
        faults: &[oir_domain::fault::Fault],
    ) {
        for (number, fault) in (0_i64..).zip(faults) {
            self.fault.extend([
                kommune(message.kommune),
                Value::Uuid(message.id.as_uuid()),
                Value::Uuid(bilag),
                number.into(),
                date(message.dag),
            ]);
            self.fault.extend(fault_values(fault));
        }
    }
}

/// The version that decided a bilag's accounts.
pub(crate) fn version(accounts: &Accounts) -> Option<u32> {
    match accounts {
        Accounts::Mapped(mapped) => Some(mapped.version),
        Accounts::Open | Accounts::Foreseen(_) => None,
    }
}

/// Stands in a posting for its account when it has several: they have rows of their own, and no
/// account is empty.
pub(crate) const SPLIT: &str = "";

/// A posting's account.
pub(crate) fn konto_of(konteret: &Konteret) -> Box<str> {
    match konteret.lines.as_slice() {
        [line] => line.konto.clone(),
        _ => SPLIT.into(),
    }
}

/// Rows for the accounts of a posting that has several.
pub(crate) fn lines_of(
    rows: &mut Vec<Value>,
    (owner, id): (Kommunekode, BilagId),
    position: u32,
    konteret: &Konteret,
) {
    if konteret.lines.len() == 1 {
        return;
    }
    for (number, line) in (1_u32..).zip(&konteret.lines) {
        rows.extend([
            kommune(owner),
            Value::Uuid(id.as_uuid()),
            position.into(),
            number.into(),
            line.konto.clone().into(),
            oere(line.beloeb),
        ]);
    }
}

/// What no sound bilag exceeds: every posting at the limit, as many as there may be.
const TURNOVER_MAX: Oere = Oere::new(AMOUNT_MAX.get() * POSTINGS_MAX as i64);

/// The sums that a bilag counts for. Beyond all limits it is rejected, and counts as nothing:
/// else a few such, or one whose sum does not fit, would stop a day's total and with it
/// everybody's reception.
fn counted(bilag: &Finansbilag) -> Turnover {
    let sum = bilag.turnover().ok();
    sum.filter(|sum| sum.debit <= TURNOVER_MAX && sum.credit <= TURNOVER_MAX)
        .unwrap_or_default()
}

/// A posting's columns after (kommune, bilag_id, position).
fn postering_values(p: &Finanspostering, konto: Option<Box<str>>) -> [Value; 17] {
    let sortiment: Vec<String> = p
        .sortiment
        .iter()
        .map(|v| format!("{}{GROUP}{}", v.facet, v.vaerdi))
        .collect();
    let (cpr, cvr) = match p.part.as_ref().map(|part| &part.nummer) {
        Some(PartNummer::Cpr(cpr)) => (Value::from(cpr.unmasked()), Value::Null),
        Some(PartNummer::Cvr(cvr)) => (Value::Null, Value::from(cvr.to_string())),
        None => (Value::Null, Value::Null),
    };
    [
        p.linjenummer.into(),
        p.side.letter().into(),
        oere(p.beloeb),
        p.tekst.clone().into(),
        sortiment.join(&*UNIT.to_string()).into(),
        konto.into(),
        opt_date(p.periode.map(|(from, _)| from)),
        opt_date(p.periode.map(|(_, to)| to)),
        cpr,
        cvr,
        p.part.as_ref().map(|part| part.rolle.code()).into(),
        p.sag.as_ref().map(|sag| sag.kle.clone()).into(),
        p.sag.as_ref().map(|sag| sag.sagsnummer.clone()).into(),
        p.ydelse.clone().into(),
        p.refusionsprocent.into(),
        p.momskode.clone().into(),
        p.reference.clone().into(),
    ]
}
