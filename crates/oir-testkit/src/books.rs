//! Bookkeeping systems in memory, reached over the real contract, that survive the
//! hub's deaths and misbehave as a seed decides.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{Afsendelse, Finansbilag, Finanspostering};
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, FagsystemId};
use oir_domain::omsaetning::Kontering;
use oir_domain::party::{Cvr, Kommunekode, Myndighed};
use oir_domain::reconcile::{Statement, Statements};
use oir_domain::register::Receiver;
use oir_fagsystem::KontoplanRow;
use oir_fagsystem::rng::Rng;
use oir_flow::ports::courier::{Call as Carried, CallOutcome, Courier};
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, Call, Delivery, ForretningsKode, KontroltotalQuery,
    KontroltotalReply, ModtagReply, Reply, StatusOf, StatusQuery, StatusReply, Systemtotal,
    Tilstand, TransportKvittering,
};
use oir_wire::finans::{SoapVersion, read, write};

use crate::mortal::Mortal;

/// How often each misbehaviour happens, in percent of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mischief {
    /// Busy: nothing is looked at.
    pub busy: u64,
    /// The call is lost on the way in.
    pub lost: u64,
    /// The connection breaks after booking.
    pub cut: u64,
    /// A bilag is taken, and its receipt brought later.
    pub late: u64,
    /// A receipt is brought although it was given, or brought twice.
    pub twice: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    system: FagsystemId,
    day: Date,
    debet: i64,
    kredit: i64,
    /// None = refused.
    number: Option<ErpBilagsnummer>,
}

#[derive(Debug, Default)]
struct Ledger {
    entries: HashMap<(Kommunekode, BilagUuid), Entry>,
    numbers: BTreeMap<Kommunekode, u64>,
    /// Receipts still to be brought.
    to_bring: Vec<Delivery>,
    /// Sent again although they were known: must stay empty.
    twice: Vec<BilagUuid>,
    /// Left alone because somebody said so.
    paused: HashSet<Kommunekode>,
    /// Called although they were left alone: must stay empty.
    disturbed: Vec<Kommunekode>,
}

/// The books of all municipalities, and the way to them.
#[derive(Debug, Clone)]
pub struct SimBooks {
    ledger: Arc<Mutex<Ledger>>,
    open: Arc<HashSet<(Kommunekode, Box<str>)>>,
    kommuner: Arc<HashMap<Cvr, Kommunekode>>,
    dice: Arc<Mutex<Rng>>,
    mischief: Mischief,
    hub: Mortal,
}

impl SimBooks {
    /// Books with these accounts. `hub` is the process that calls: it may die at a call.
    #[must_use]
    pub fn new(
        kontoplan: &[KontoplanRow],
        myndigheder: &[Myndighed],
        mischief: Mischief,
        dice: Rng,
        hub: Mortal,
    ) -> Self {
        let open = kontoplan.iter().filter(|row| row.open);
        Self {
            ledger: Arc::default(),
            open: Arc::new(open.map(|r| (r.kommune, r.konto.clone())).collect()),
            kommuner: Arc::new(myndigheder.iter().map(|m| (m.cvr, m.kommune)).collect()),
            dice: Arc::new(Mutex::new(dice)),
            mischief,
            hub,
        }
    }

    fn roll(&self, percent: u64) -> bool {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        dice.percent(percent)
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these books are not to be called.
    pub fn pause(&self, kommune: Kommunekode) {
        self.ledger().paused.insert(kommune);
    }

    /// From now on they may be called again.
    pub fn resume(&self, kommune: Kommunekode) {
        self.ledger().paused.remove(&kommune);
    }

    /// Receipts that the books want to bring now.
    #[must_use]
    pub fn take_deliveries(&self) -> Vec<Delivery> {
        std::mem::take(&mut self.ledger().to_bring)
    }

    /// Brings a delivery again later: the hub was not there.
    pub fn bring_again(&self, delivery: Delivery) {
        self.ledger().to_bring.push(delivery);
    }

    /// What is booked, in all.
    #[must_use]
    pub fn statements(&self) -> Statements {
        let mut statements = Statements::new();
        for ((kommune, _), entry) in &self.ledger().entries {
            if entry.number.is_some() {
                let statement: &mut Statement =
                    statements.entry((*kommune, entry.system)).or_default();
                statement.antal += 1;
                statement.debet = add(statement.debet, entry.debet);
                statement.kredit = add(statement.kredit, entry.kredit);
            }
        }
        statements
    }

    /// What is wrong with the books themselves: bilag booked twice, gaps in the numbers, calls
    /// while they were paused.
    #[must_use]
    pub fn damage(&self) -> Vec<String> {
        let ledger = self.ledger();
        let mut found: Vec<String> = ledger
            .twice
            .iter()
            .map(|id| format!("{id} twice"))
            .collect();
        let disturbed = ledger.disturbed.iter();
        found.extend(disturbed.map(|kommune| format!("{kommune}: called while paused")));
        for (kommune, last) in &ledger.numbers {
            let booked = ledger.entries.iter();
            let booked = booked
                .filter(|((k, _), e)| k == kommune && e.number.is_some())
                .count();
            if u64::try_from(booked).ok() != Some(*last) {
                found.push(format!("{kommune}: {booked} vouchers up to number {last}"));
            }
        }
        found
    }

    fn answer(&self, body: &[u8]) -> Option<Reply> {
        match read::call(SoapVersion::V11, body).ok()? {
            Call::Modtag(afsendelse) => self.take(&afsendelse),
            Call::HentStatus(query) => self.status(&query),
            Call::HentKontroltotal(query) => self.totals(&query),
            Call::HentKvittering(_) | Call::Aflever(_) => None,
        }
    }

    fn take(&self, afsendelse: &Afsendelse) -> Option<Reply> {
        let kommune = *self.kommuner.get(&afsendelse.myndighed)?;
        let mut bilag = Vec::new();
        for one in &afsendelse.bilag {
            let receipt = self.book(kommune, afsendelse.afsender_system, one);
            let (late, twice) = (
                self.roll(self.mischief.late),
                self.roll(self.mischief.twice),
            );
            let delivery = Delivery {
                myndighed: afsendelse.myndighed,
                bilag: vec![receipt.clone()],
            };
            if late || twice {
                self.bring_again(delivery.clone());
            }
            if late && twice {
                self.bring_again(delivery);
            }
            bilag.push(if late {
                let (uuid, id) = (receipt.bilag_uuid, receipt.bilag_id.to_string());
                Bilagskvittering::of(uuid, id, ForretningsKode::Modtaget, None, &[])
            } else {
                receipt
            });
        }
        Some(Reply::Modtag(ModtagReply {
            transport: TransportKvittering::OK,
            afsendelse_id: "sim".into(),
            modtaget: afsendelse.oprettet,
            bilag,
        }))
    }

    /// Books a bilag once, or says again what was said.
    fn book(
        &self,
        kommune: Kommunekode,
        system: FagsystemId,
        bilag: &Finansbilag,
    ) -> Bilagskvittering {
        let mut ledger = self.ledger();
        let key = (kommune, bilag.bilag_uuid);
        let open = |konto: &str| self.open.contains(&(kommune, konto.into()));
        let sound = |kontering: &Kontering| {
            let mut lines = kontering.lines().iter();
            lines.all(|line| open(&line.konto))
        };
        if ledger.entries.contains_key(&key) {
            // These books would let it pass; others would book it once more. The hub promises
            // to ask before it sends again, and then it knows.
            ledger.twice.push(bilag.bilag_uuid);
        } else {
            let adds_up = |p: &Finanspostering| {
                let kontering = p.kontering.as_ref();
                kontering.is_some_and(|k| sound(k) && k.adds_up_to(p.beloeb))
            };
            let sound = bilag.posteringer.iter().all(adds_up);
            let number = sound.then(|| {
                let last = ledger.numbers.entry(kommune).or_default();
                *last += 1;
                ErpBilagsnummer::try_new(&format!("{:04}-{last}", kommune.0)).ok()
            });
            let turnover = bilag.turnover().unwrap_or_default();
            let entry = Entry {
                system,
                day: bilag.bogfoeringsdato,
                debet: turnover.debit.get(),
                kredit: turnover.credit.get(),
                number: number.flatten(),
            };
            ledger.entries.insert(key, entry);
        }
        let entry = ledger.entries.get(&key);
        receipt(bilag.bilag_uuid, entry.and_then(|e| e.number.clone()))
    }

    fn status(&self, query: &StatusQuery) -> Option<Reply> {
        let kommune = *self.kommuner.get(&query.myndighed)?;
        let StatusOf::Bilag(ids) = &query.of else {
            return None;
        };
        let ledger = self.ledger();
        let one = |id: &BilagUuid| match ledger.entries.get(&(kommune, *id)) {
            None => oir_flow::receipts::unknown(*id),
            Some(entry) => {
                let receipt = receipt(*id, entry.number.clone());
                let tilstand = if entry.number.is_some() {
                    Tilstand::Bogfoert
                } else {
                    Tilstand::Afvist
                };
                Bilagsstatus {
                    bilag_uuid: *id,
                    bilag_id: Some(receipt.bilag_id),
                    tilstand,
                    forsoeg: 1,
                    aendret: None,
                    kvittering: Some(receipt.kvittering),
                    erp_bilagsnummer: receipt.erp_bilagsnummer,
                    positionsfejl: receipt.positionsfejl,
                    konteret: Vec::new(),
                }
            }
        };
        Some(Reply::HentStatus(StatusReply {
            transport: TransportKvittering::OK,
            bilag: ids.iter().map(one).collect(),
        }))
    }

    fn totals(&self, query: &KontroltotalQuery) -> Option<Reply> {
        let kommune = *self.kommuner.get(&query.myndighed)?;
        let mut by_system: BTreeMap<FagsystemId, Systemtotal> = BTreeMap::new();
        for ((owner, _), entry) in &self.ledger().entries {
            let inside = (query.fra..=query.til).contains(&entry.day);
            if *owner == kommune && inside && entry.number.is_some() {
                let total = by_system.entry(entry.system).or_insert(Systemtotal {
                    afsender_system: entry.system,
                    antal: 0,
                    debet: oir_domain::money::Oere::ZERO,
                    kredit: oir_domain::money::Oere::ZERO,
                });
                total.antal += 1;
                total.debet = add(total.debet, entry.debet);
                total.kredit = add(total.kredit, entry.kredit);
            }
        }
        Some(Reply::HentKontroltotal(KontroltotalReply {
            transport: TransportKvittering::OK,
            totaler: by_system.into_values().collect(),
        }))
    }

    fn carry(&self, operation: &str, body: &[u8]) -> CallOutcome {
        let gone = || CallOutcome::NoAnswer {
            reason: "the caller died".into(),
        };
        let lost = |reason: &str| CallOutcome::NoAnswer {
            reason: reason.into(),
        };
        if self.hub.dies_here() {
            return gone();
        }
        if self.roll(self.mischief.busy) {
            let retry_after = self.roll(50).then_some(Duration::from_secs(3));
            let reason = "busy".into();
            return CallOutcome::NotReached {
                reason,
                retry_after,
            };
        }
        if self.roll(self.mischief.lost) {
            return lost("lost on the way in");
        }
        let Some(reply) = self.answer(body) else {
            return lost("nothing that the books answer");
        };
        let cut = operation == "ModtagFinansbilag" && self.roll(self.mischief.cut);
        if self.hub.dies_here() || cut {
            return lost("cut after booking");
        }
        CallOutcome::Answered(write::reply(SoapVersion::V11, &reply))
    }
}

fn add(sum: oir_domain::money::Oere, oere: i64) -> oir_domain::money::Oere {
    let more = oir_domain::money::Oere::new(oere);
    sum.checked_add(more).unwrap_or(sum)
}

fn receipt(bilag_uuid: BilagUuid, number: Option<ErpBilagsnummer>) -> Bilagskvittering {
    let id = format!("sim-{bilag_uuid}");
    match number {
        Some(number) => {
            let kode = ForretningsKode::Accepteret;
            Bilagskvittering::of(bilag_uuid, id, kode, Some(number), &[])
        }
        None => {
            let place = Place::message("Finanspostering/Kontering");
            let values: [&dyn std::fmt::Display; 2] = [&"KONTO", &"lukket eller ukendt"];
            let fault = Fault::new(FaultCode::RefusedByBooks, place, &values);
            Bilagskvittering::of(bilag_uuid, id, ForretningsKode::Afvist, None, &[fault])
        }
    }
}

impl Courier for SimBooks {
    fn call<'a>(
        &'a self,
        receiver: &'a Receiver,
        operation: &'a str,
        body: Vec<u8>,
    ) -> Carried<'a> {
        let mut ledger = self.ledger();
        if ledger.paused.contains(&receiver.kommune) {
            ledger.disturbed.push(receiver.kommune);
        }
        drop(ledger);
        Box::pin(async move { self.carry(operation, &body) })
    }
}
