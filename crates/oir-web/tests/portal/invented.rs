//! Invented bilag for the tests and the preview: no person, no case and no number in here
//! is real. Numbers of persons have day + 60 (*erstatningspersonnumre*).
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and a preview; the data is fixed"
)]

#[path = "invented/days.rs"]
mod days;
#[path = "invented/find.rs"]
pub(crate) mod find;
#[path = "invented/guides.rs"]
mod guides;
#[path = "invented/kontoplan.rs"]
pub(crate) mod kontoplan;
#[path = "invented/looks.rs"]
pub(crate) mod looks;
#[path = "invented/machine_keys.rs"]
mod machine_keys;
#[path = "invented/omsaetning.rs"]
pub(crate) mod omsaetning;
#[path = "invented/operation.rs"]
mod operation;
#[path = "invented/work.rs"]
mod work;

use std::sync::{Arc, Mutex};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use oir_domain::access::Scope;
use oir_domain::calendar::{Regnskabsaar, copenhagen, day_of};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{
    Finansbilag, Finanspostering, Part, PartNummer, PartRolle, Posteringstype, Sag,
    Sortimentsvaerdi,
};
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId, TransaktionsId, uuid_v7};
use oir_domain::message::{State, StateName};
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::Kontering;
use oir_domain::party::{Fagsystem, Kommunekode, Myndighed};
use oir_domain::register::{Register, RegisterData};
use oir_flow::ports::inbox::{Channel, MessageOutcome};
use oir_flow::ports::process::Clock;
use oir_flow::ports::views::{
    BilagDetail, BilagFilter, BilagLine, DayTotal, FaultCount, MessageDetail, TimelineEvent,
    UnreadableTotal, Views,
};
use oir_flow::ports::{Answer, StoreFailure};
use oir_web::portal::{FaultWords, RegisterSource};
use uuid::Uuid;

/// The day on which everything happened.
pub(crate) const DAY: Date = date(2026, 11, 23);

const KOMMUNER: [(u16, &str, &str); 3] = [
    (791, "Viborg", "29189846"),
    (751, "Aarhus", "55133018"),
    (492, "Ærø", "28856075"),
];

const SYSTEMS: [(u8, &str, &str); 3] = [
    (1, "KSD", "Kommunernes Sygedagpengesystem"),
    (2, "KY", "Kommunernes Ydelsessystem"),
    (3, "YR", "Ydelsesrefusion"),
];

/// The states that bilag are invented in, one after the other.
const STATES: [StateName; 12] = [
    StateName::Booked,
    StateName::Rejected,
    StateName::Booked,
    StateName::Held,
    StateName::Booked,
    StateName::Mapped,
    StateName::Refused,
    StateName::Uncertain,
    StateName::Waiting,
    StateName::Booked,
    StateName::Parked,
    StateName::AwaitingReceipt,
];

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        "2026-11-23T14:05:09Z".parse().unwrap()
    }
}

/// A store of invented bilag; or one that is away.
#[derive(Debug, Default)]
pub(crate) struct Invented {
    pub(crate) bilag: Vec<BilagDetail>,
    pub(crate) messages: Vec<MessageDetail>,
    away: Option<StoreFailure>,
    kept: Mutex<Vec<(String, oir_flow::ports::search::SavedView)>>,
    days: days::Written,
    work: work::Kept,
    keys: machine_keys::Keys,
    looks: looks::Kept,
    pub(crate) operation: operation::Kept,
    papers: guides::Papers,
    pub(crate) tables: omsaetning::Kept,
    kontoplaner: kontoplan::Kept,
}

/// Words for faults; the real ones stand with the receipts.
pub(crate) const WORDS: FaultWords = FaultWords {
    title: |code| format!("Opdigtet betydning af {code}"),
    text: |fault| {
        let values = fault.values.join(" · ");
        format!("Opdigtet tekst om {}: {values}", fault.code)
    },
    remedy: |fault| format!("Opdigtet råd om {}.", fault.code),
};

/// The register that names the invented parties.
pub(crate) fn register() -> RegisterSource {
    let data = RegisterData {
        myndigheder: KOMMUNER
            .iter()
            .map(|(kode, navn, cvr)| Myndighed {
                kommune: Kommunekode(*kode),
                cvr: cvr.parse().unwrap(),
                navn: (*navn).into(),
            })
            .collect(),
        fagsystemer: SYSTEMS
            .iter()
            .map(|(number, kort, navn)| Fagsystem {
                id: system(*number),
                kortnavn: (*kort).into(),
                navn: (*navn).into(),
                konteringsfacet: "ydelsesart".into(),
            })
            .collect(),
        ..RegisterData::default()
    };
    let register = Arc::new(Register::new(1, data));
    Arc::new(move || Arc::clone(&register))
}

pub(crate) fn system(number: u8) -> FagsystemId {
    FagsystemId::from_uuid(uuid(number, 0))
}

fn uuid(kind: u8, number: u8) -> Uuid {
    Uuid::from_bytes([kind, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

fn at(number: u8) -> Timestamp {
    let morning: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
    morning + SignedDuration::from_secs(i64::from(number) * 137)
}

/// The invented bilag number so and so.
pub(crate) fn bilag_id(number: u8) -> BilagId {
    BilagId::from_uuid(uuid_v7(1_795_000_000_000 + u64::from(number), [number; 10]))
}

/// The invented message that could not be read.
pub(crate) fn unreadable_id() -> AfsendelseId {
    message_id(200)
}

fn message_id(number: u8) -> AfsendelseId {
    AfsendelseId::from_uuid(uuid_v7(1_795_000_000_000 + u64::from(number), [number; 10]))
}

fn value(facet: &str, vaerdi: &str) -> Sortimentsvaerdi {
    Sortimentsvaerdi {
        facet: facet.into(),
        vaerdi: vaerdi.into(),
    }
}

fn posting(linje: u32, side: Side, oere: i64, konto: Option<&str>) -> Finanspostering {
    let person = side == Side::Debit;
    Finanspostering {
        linjenummer: linje,
        beloeb: Oere::new(oere),
        side,
        tekst: if person {
            "Sygedagpenge uge 47".into()
        } else {
            "Mellemregning med 610190-1234".into()
        },
        sortiment: vec![
            value(
                "ydelsesart",
                if person { "SDP-LOEN" } else { "MELLEMREGNING" },
            ),
            value("omkostningssted", "4711"),
        ],
        kontering: konto.map(|konto| Kontering::whole(konto, Oere::new(oere))),
        periode: person.then_some((date(2026, 11, 16), date(2026, 11, 22))),
        part: person.then(|| Part {
            nummer: PartNummer::Cpr("6101901234".parse().unwrap()),
            rolle: PartRolle::Ydelsesmodtager,
        }),
        sag: person.then(|| Sag {
            kle: "32.30.04".into(),
            sagsnummer: "S-2026-004711".into(),
        }),
        ydelse: None,
        refusionsprocent: person.then_some(40),
        momskode: None,
        reference: (!person).then(|| "REF-9".into()),
    }
}

fn state_of(name: StateName, number: u8) -> State {
    let erp = format!("2026-{:06}", u32::from(number) * 7 + 100);
    State::from_parts(name, u32::from(number % 3) + 1, Some(&erp)).unwrap()
}

fn faults_of(name: StateName) -> (Vec<Fault>, Vec<Fault>) {
    let place = |path: &str, linje| Place {
        bilag: Some(0),
        linje,
        path: path.into(),
    };
    let warning = Fault::new(
        FaultCode::CvrCheckDigit,
        place("Finansbilag[1]/Finanspostering[2]/Part/CVR", Some(2)),
        &[&"11111111"],
    );
    let own = match name {
        StateName::Rejected => vec![
            Fault::new(
                FaultCode::Unbalanced,
                place("Finansbilag[1]", None),
                &[&"1234500", &"1234400", &"100"],
            ),
            Fault::new(
                FaultCode::UnknownValue,
                place(
                    "Finansbilag[1]/Finanspostering[1]/Sortimentsvaerdi[1]",
                    Some(1),
                ),
                &[&"ydelsesart", &"SDP-LOEN"],
            ),
            warning,
        ],
        StateName::Held => vec![Fault::new(
            FaultCode::Unmapped,
            place("Finansbilag[1]/Finanspostering[1]", Some(1)),
            &[&"ydelsesart", &"SDP-LOEN", &"2026-11-23"],
        )],
        _ => Vec::new(),
    };
    let later = match name {
        StateName::Refused => vec![Fault::new(
            FaultCode::RefusedByBooks,
            place("Finansbilag[1]", None),
            &[&"K-204", &"Kontoen 5.57.71.5 er lukket for postering"],
        )],
        StateName::Parked => vec![Fault::new(
            FaultCode::AttemptsSpent,
            place("Finansbilag[1]", None),
            &[&"8", &"ukendt person 6101901234"],
        )],
        _ => Vec::new(),
    };
    (own, later)
}

fn timeline(state: &State, number: u8) -> Vec<TimelineEvent> {
    let mut events = Vec::new();
    let mut add = |event: &str, to, attempt, detail: Option<&str>| {
        let number_now = u32::try_from(events.len()).unwrap() + 1;
        events.push(TimelineEvent {
            number: number_now,
            at: at(number) + SignedDuration::from_secs(i64::from(number_now) * 21 - 21),
            event: event.into(),
            to,
            attempt,
            detail: detail.map(Into::into),
        });
    };
    let first = match state.name() {
        StateName::Rejected => StateName::Rejected,
        StateName::Held => StateName::Held,
        _ => StateName::Mapped,
    };
    add("received", first, 0, None);
    if matches!(
        state.name(),
        StateName::Rejected | StateName::Held | StateName::Mapped
    ) {
        return events;
    }
    add("claimed", StateName::Sending, 1, None);
    match state.name() {
        StateName::Booked => {
            add(
                "unavailable",
                StateName::Waiting,
                1,
                Some("forbindelsen blev afvist"),
            );
            add("claimed", StateName::Sending, 2, None);
            add("booked", StateName::Booked, 2, None);
        }
        StateName::Refused => add("refused", StateName::Refused, 1, Some("K-204")),
        StateName::Uncertain => add(
            "no_answer",
            StateName::Uncertain,
            1,
            Some("tidsfristen løb ud"),
        ),
        StateName::Waiting => add("unavailable", StateName::Waiting, 1, Some("svarede 503")),
        StateName::Parked => add("given_up", StateName::Parked, 8, Some("610190-1234")),
        StateName::AwaitingReceipt => add("handed_over", StateName::AwaitingReceipt, 1, None),
        StateName::Rejected | StateName::Held | StateName::Mapped | StateName::Sending => {}
    }
    events
}

fn detail(number: u8) -> BilagDetail {
    let name = STATES[usize::from(number) % STATES.len()];
    let state = state_of(name, number);
    let (faults, later_faults) = faults_of(name);
    let oere = 123_450 + i64::from(number) * 98_765;
    let konto = |konto| (!matches!(name, StateName::Rejected | StateName::Held)).then_some(konto);
    let bilag = Finansbilag {
        bilag_uuid: BilagUuid::from_uuid(uuid(0xb1, number)),
        afsender_bilagsnummer: format!("SDP-2026-{:05}", u32::from(number) + 4_000).into(),
        bilagsdato: DAY,
        bogfoeringsdato: DAY,
        regnskabsaar: Regnskabsaar(2026),
        posteringstype: Posteringstype::Normal,
        valuta: "DKK".into(),
        tekst: "Sygedagpenge, udbetaling uge 47".into(),
        korrigerer: (number == 4).then(|| BilagUuid::from_uuid(uuid(0xb1, 1))),
        posteringer: vec![
            posting(1, Side::Debit, oere, konto("5.57.71.5.52 sygedagpenge")),
            posting(2, Side::Credit, oere, konto("9.52.59 mellemregning")),
        ],
    };
    let mut codes: Vec<FaultCode> = Vec::new();
    for fault in faults.iter().chain(&later_faults) {
        codes.push(fault.code);
    }
    BilagDetail {
        line: BilagLine {
            kommune: Kommunekode(KOMMUNER[usize::from(number) % 3].0),
            id: bilag_id(number),
            bilag_uuid: bilag.bilag_uuid,
            fagsystem: Some(system(SYSTEMS[usize::from(number / 3) % 3].0)),
            afsender_bilagsnummer: bilag.afsender_bilagsnummer.clone(),
            tekst: bilag.tekst.clone(),
            modtaget: at(number),
            bogfoeringsdato: bilag.bogfoeringsdato,
            debet: Oere::new(oere),
            posteringer: 2,
            state: state.clone(),
            codes,
        },
        afsendelse: message_id(number),
        transaktions_id: Some(TransaktionsId::from_uuid(uuid(0xa1, number))),
        channel: Channel::Soap11,
        index: 0,
        bilag,
        omsaetning_version: None,
        faults,
        later_faults,
        timeline: timeline(&state, number),
        corrects: (number == 4).then(|| bilag_id(1)),
        corrected_by: if number == 1 {
            vec![bilag_id(4)]
        } else {
            Vec::new()
        },
    }
}

const RAW: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<oir:Afsendelse xmlns:oir="urn:oir:finans:modtagfinansbilag:2">
<oir:Finansbilag>
  <oir:BilagUUID>{uuid}</oir:BilagUUID>
  <oir:Tekst>{tekst}</oir:Tekst>
  <oir:Finanspostering>
    <oir:Linjenummer>1</oir:Linjenummer>
    <oir:Beloeb>{beloeb}</oir:Beloeb>
    <oir:DebetKredit>D</oir:DebetKredit>
    <oir:Part>
      <oir:CPR>6101901234</oir:CPR>
    </oir:Part>
  </oir:Finanspostering>
</oir:Finansbilag>
</oir:Afsendelse>
"#;

fn raw(detail: &BilagDetail) -> Vec<u8> {
    RAW.replace("{uuid}", &detail.bilag.bilag_uuid.to_string())
        .replace("{tekst}", &detail.bilag.tekst)
        .replace("{beloeb}", &detail.line.debet.to_string())
        .into_bytes()
}

fn unreadable() -> MessageDetail {
    MessageDetail {
        kommune: Kommunekode::UNKNOWN,
        id: unreadable_id(),
        fagsystem: None,
        transaktions_id: None,
        modtaget: at(200),
        channel: Channel::Soap12,
        outcome: MessageOutcome::Unreadable,
        faults: vec![Fault::new(
            FaultCode::NotWellFormed,
            Place::message("linje 4, kolonne 12"),
            &[&"sluttag mangler"],
        )],
        bilag: Vec::new(),
        raw: b"<?xml version=\"1.0\"?>\n<a>\n  <CPR>6101901234\n</a>\n".to_vec(),
    }
}

impl Invented {
    /// A day with so many bilag and one message that could not be read.
    pub(crate) fn day(bilag: u8) -> Self {
        let bilag: Vec<_> = (0..bilag).map(detail).collect();
        let mut messages: Vec<_> = bilag
            .iter()
            .map(|detail| MessageDetail {
                kommune: detail.line.kommune,
                id: detail.afsendelse,
                fagsystem: detail.line.fagsystem,
                transaktions_id: detail.transaktions_id,
                modtaget: detail.line.modtaget,
                channel: detail.channel,
                outcome: MessageOutcome::Taken,
                faults: Vec::new(),
                bilag: vec![detail.line.clone()],
                raw: raw(detail),
            })
            .collect();
        messages.push(unreadable());
        Self {
            bilag,
            messages,
            ..Self::default()
        }
    }

    /// A store that fails every question.
    pub(crate) fn away(failure: StoreFailure) -> Self {
        Self {
            away: Some(failure),
            ..Self::default()
        }
    }

    fn answer<T: Send + 'static>(&self, value: T) -> Answer<'_, T> {
        let answer = match &self.away {
            Some(failure) => Err(failure.clone()),
            None => Ok(value),
        };
        Box::pin(async move { answer })
    }

    fn of_day(&self, scope: &Scope, dag: Date) -> impl Iterator<Item = &BilagDetail> {
        let zone = copenhagen();
        self.bilag.iter().filter(move |detail| {
            let line = &detail.line;
            scope.covers(line.kommune, line.fagsystem) && day_of(line.modtaget, &zone) == dag
        })
    }

    fn unreadable_of(&self, scope: &Scope, dag: Date) -> Vec<MessageDetail> {
        let broken = |m: &&MessageDetail| {
            let seen = scope.covers(m.kommune, m.fagsystem);
            m.outcome != MessageOutcome::Taken && dag == DAY && seen
        };
        self.messages.iter().filter(broken).cloned().collect()
    }
}

fn passes(detail: &BilagDetail, filter: &BilagFilter) -> bool {
    let line = &detail.line;
    let day = day_of(line.modtaget, &copenhagen());
    filter.kommune.is_none_or(|k| k == line.kommune)
        && filter.fagsystem.is_none_or(|f| Some(f) == line.fagsystem)
        && (filter.states.is_empty() || filter.states.contains(&line.state.name()))
        && filter.from.is_none_or(|from| from <= day)
        && filter.to.is_none_or(|to| day <= to)
        && filter.debet_min.is_none_or(|min| min <= line.debet)
        && filter.debet_max.is_none_or(|max| line.debet <= max)
        && filter.fault.is_none_or(|code| line.codes.contains(&code))
        && filter.text.as_deref().is_none_or(|text| {
            line.tekst.contains(text) || line.afsender_bilagsnummer.contains(text)
        })
}

impl Views for Invented {
    fn day<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<DayTotal>> {
        let totals = self.of_day(scope, dag).map(|detail| DayTotal {
            kommune: detail.line.kommune,
            fagsystem: detail.line.fagsystem,
            state: detail.line.state.name(),
            antal: 1,
            debet: detail.line.debet,
        });
        self.answer(totals.collect())
    }

    fn unreadable<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<UnreadableTotal>> {
        let totals = self
            .unreadable_of(scope, dag)
            .into_iter()
            .map(|m| UnreadableTotal {
                kommune: m.kommune,
                fagsystem: m.fagsystem,
                messages: 1,
                bilag: 1,
            });
        self.answer(totals.collect())
    }

    fn unreadable_messages<'a>(
        &'a self,
        scope: &'a Scope,
        dag: Date,
        limit: u32,
    ) -> Answer<'a, Vec<MessageDetail>> {
        let limit = usize::try_from(limit).unwrap();
        let all = self.unreadable_of(scope, dag).into_iter();
        self.answer(all.take(limit).collect())
    }

    fn fault_counts<'a>(&'a self, scope: &'a Scope, dag: Date) -> Answer<'a, Vec<FaultCount>> {
        let count = |code: FaultCode| {
            let has = |detail: &&BilagDetail| detail.line.codes.contains(&code);
            let broken = self.unreadable_of(scope, dag);
            let messages = broken
                .iter()
                .filter(|m| m.faults.iter().any(|f| f.code == code))
                .count();
            FaultCount {
                code,
                antal: u64::try_from(self.of_day(scope, dag).filter(has).count() + messages)
                    .unwrap(),
            }
        };
        self.answer(FaultCode::ALL.iter().copied().map(count).collect())
    }

    fn latest_day<'a>(&'a self, _: &'a Scope) -> Answer<'a, Option<Date>> {
        self.answer((!self.bilag.is_empty()).then_some(DAY))
    }

    fn list<'a>(
        &'a self,
        scope: &'a Scope,
        filter: &'a BilagFilter,
        after: Option<BilagId>,
        limit: u32,
    ) -> Answer<'a, Vec<BilagLine>> {
        let limit = usize::try_from(limit).unwrap();
        let older = |line: &BilagLine| after.is_none_or(|after| line.id < after);
        let lines = self
            .bilag
            .iter()
            .rev()
            .filter(|detail| scope.covers(detail.line.kommune, detail.line.fagsystem))
            .filter(|detail| passes(detail, filter) && older(&detail.line))
            .map(|detail| detail.line.clone())
            .take(limit);
        self.answer(lines.collect())
    }

    fn detail<'a>(&'a self, scope: &'a Scope, id: BilagId) -> Answer<'a, Option<BilagDetail>> {
        let found = self.bilag.iter().find(|detail| detail.line.id == id);
        let seen = |d: &&BilagDetail| scope.covers(d.line.kommune, d.line.fagsystem);
        self.answer(found.filter(seen).cloned())
    }

    fn message_detail<'a>(
        &'a self,
        scope: &'a Scope,
        id: AfsendelseId,
    ) -> Answer<'a, Option<MessageDetail>> {
        let found = self.messages.iter().find(|message| message.id == id);
        let seen = |m: &&MessageDetail| scope.covers(m.kommune, m.fagsystem);
        self.answer(found.filter(seen).cloned())
    }
}
