//! The books of all municipalities behind one service: who is asked, what is answered.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use oir_domain::fault::{Fault, FaultCode, Place, Severity};
use oir_domain::finans::Afsendelse;
use oir_domain::ids::{BilagUuid, ErpBilagsnummer};
use oir_domain::ledger::{BooksKonto, Chart};
use oir_domain::party::{Cvr, Kommunekode};
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, Blame, Call, Fejl, ForretningsKode, Forretningskvittering,
    KontroltotalQuery, KontroltotalReply, ModtagReply, Positionsfejl, Refusal, Reply, StatusOf,
    StatusQuery, StatusReply, Systemtotal, Tilstand, TransportKvittering,
};
use thiserror::Error;

use crate::ledger_file::{Entered, LedgerFile, Sum};

/// The file of the books cannot be used.
#[derive(Debug, Error)]
#[error("the books' file: {0}")]
pub struct BooksError(#[from] rusqlite::Error);

/// What the books know beforehand.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Authorities and their municipalities.
    pub myndigheder: Vec<(Cvr, Kommunekode)>,
    /// Accounts of all municipalities, in whatever form each writes them.
    pub kontoplan: Vec<BooksKonto>,
    /// Accounts to refuse although they are open.
    pub refused: HashSet<Box<str>>,
    /// Years closed for booking.
    pub closed_years: HashSet<i16>,
}

#[derive(Debug)]
struct Shared {
    file: Mutex<LedgerFile>,
    kommuner: HashMap<Cvr, Kommunekode>,
    charts: HashMap<Kommunekode, Chart>,
    closed_years: HashSet<i16>,
}

/// The books. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Books(Arc<Shared>);

type Answer = Result<Reply, BooksError>;

impl Books {
    /// Opens or makes the file; without a path the books live in memory.
    ///
    /// # Errors
    /// [`BooksError`] when the file cannot be used.
    pub fn open(path: Option<&Path>, setup: &Setup) -> Result<Self, BooksError> {
        let mut charts: HashMap<Kommunekode, Chart> = HashMap::new();
        for konto in &setup.kontoplan {
            let mut konto = konto.clone();
            konto.open = konto.open && !setup.refused.contains(&konto.konto);
            charts.entry(konto.kommune).or_default().add(konto);
        }
        Ok(Self(Arc::new(Shared {
            file: Mutex::new(LedgerFile::open(path)?),
            kommuner: setup.myndigheder.iter().copied().collect(),
            charts,
            closed_years: setup.closed_years.clone(),
        })))
    }

    fn file(&self) -> std::sync::MutexGuard<'_, LedgerFile> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a call. Blocks on the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`BooksError`] when the file fails; nothing of the call is then booked.
    pub fn answer(&self, call: &Call, now: Timestamp) -> Result<Reply, BooksError> {
        match call {
            Call::Modtag(afsendelse) => self.book(afsendelse, now),
            Call::HentStatus(query) => self.status(query),
            Call::HentKontroltotal(query) => self.totals(query),
            Call::HentKvittering(_) | Call::Aflever(_) => {
                let operation = call.operation();
                Ok(refused(FaultCode::UnknownOperation, "Body", &operation))
            }
        }
    }

    fn kommune(&self, cvr: Cvr) -> Result<Kommunekode, Box<Reply>> {
        let known = self.0.kommuner.get(&cvr).copied();
        known.ok_or_else(|| {
            let place = "AuthorityContext/MunicipalityCVR";
            Box::new(refused(FaultCode::UnknownMyndighed, place, &cvr))
        })
    }

    fn book(&self, afsendelse: &Afsendelse, now: Timestamp) -> Answer {
        let kommune = match self.kommune(afsendelse.myndighed) {
            Ok(kommune) => kommune,
            Err(reply) => return Ok(*reply),
        };
        let none = Chart::default();
        let chart = self.0.charts.get(&kommune).unwrap_or(&none);
        let (system, closed) = (afsendelse.afsender_system, &self.0.closed_years);
        let entered = self
            .file()
            .enter(kommune, system, &afsendelse.bilag, chart, closed)?;
        let bilag = afsendelse.bilag.iter().zip(&entered);
        let bilag = bilag.map(|(bilag, entered)| receipt(bilag.bilag_uuid, entered));
        Ok(Reply::Modtag(ModtagReply {
            transport: TransportKvittering::OK,
            afsendelse_id: afsendelse.transaktions_id.to_string().into(),
            modtaget: now,
            bilag: bilag.collect(),
        }))
    }

    fn status(&self, query: &StatusQuery) -> Answer {
        let kommune = match self.kommune(query.myndighed) {
            Ok(kommune) => kommune,
            Err(reply) => return Ok(*reply),
        };
        let StatusOf::Bilag(ids) = &query.of else {
            let what = "TransaktionsID";
            return Ok(refused(FaultCode::NotFound, what, &what));
        };
        let file = self.file();
        let mut bilag = Vec::with_capacity(ids.len());
        for id in ids {
            bilag.push(status(*id, file.find(kommune, *id)?.as_ref()));
        }
        drop(file);
        Ok(Reply::HentStatus(StatusReply {
            transport: TransportKvittering::OK,
            bilag,
        }))
    }

    fn totals(&self, query: &KontroltotalQuery) -> Answer {
        let kommune = match self.kommune(query.myndighed) {
            Ok(kommune) => kommune,
            Err(reply) => return Ok(*reply),
        };
        let (from, to) = (query.fra.to_string(), query.til.to_string());
        let sums = self.file().sums(kommune, &from, &to)?;
        let wanted = |system| query.afsender_system.is_none_or(|only| only == system);
        let total = |(system, sum): (_, Sum)| Systemtotal {
            afsender_system: system,
            antal: sum.antal,
            debet: sum.debet(),
            kredit: sum.kredit(),
        };
        let totaler = sums
            .into_iter()
            .filter(|(system, _)| wanted(*system))
            .map(total);
        Ok(Reply::HentKontroltotal(KontroltotalReply {
            transport: TransportKvittering::OK,
            totaler: totaler.collect(),
        }))
    }

    /// Vouchers out of balance and gaps in the numbers; empty in sound books.
    ///
    /// # Errors
    /// [`BooksError`] when the file fails.
    pub fn damage(&self) -> Result<Vec<String>, BooksError> {
        Ok(self.file().damage()?)
    }
}

fn refused(code: FaultCode, path: &str, value: &dyn std::fmt::Display) -> Reply {
    let fault = Fault::new(code, Place::message(path), &[value]);
    Reply::Refused(Refusal::of(Blame::Sender, &[fault]))
}

fn receipt(bilag_uuid: BilagUuid, entered: &Entered) -> Bilagskvittering {
    let id = bilag_uuid.to_string();
    match entered {
        Entered::Booked(number) => {
            let number = ErpBilagsnummer::try_new(number).ok();
            Bilagskvittering::of(bilag_uuid, id, ForretningsKode::Accepteret, number, &[])
        }
        Entered::Refused(reasons) => {
            let positionsfejl: Vec<_> = reasons.iter().map(reason).collect();
            let fejl = positionsfejl.iter().map(|f| Fejl {
                kode: f.kode.clone(),
                tekst: f.tekst.clone(),
            });
            let fejl: Vec<Fejl> = fejl.collect();
            Bilagskvittering {
                bilag_uuid,
                bilag_id: id.into(),
                kvittering: Forretningskvittering {
                    kode: ForretningsKode::Afvist,
                    begrundelse: fejl.first().map(|f| f.tekst.clone()),
                    fejl,
                },
                erp_bilagsnummer: None,
                positionsfejl,
            }
        }
    }
}

fn reason((linje, code, konto): &(u32, String, String)) -> Positionsfejl {
    let tekst = match code.as_str() {
        "KONTO-LUKKET" => format!("Kontoen {konto} er lukket"),
        "KONTO-UKENDT" => format!("Kontoen {konto} findes ikke"),
        "KONTO-MANGLER" => "Posteringen har ingen konto".to_owned(),
        "PERIODE-LUKKET" => "Regnskabsåret er lukket".to_owned(),
        _ => "Debet og kredit er ikke ens".to_owned(),
    };
    let sti = if *linje == 0 {
        "Finansbilag"
    } else {
        "Finanspostering/Kontering"
    };
    Positionsfejl {
        linjenummer: (*linje > 0).then_some(*linje),
        sti: sti.into(),
        kode: code.as_str().into(),
        tekst: tekst.into(),
        afhjaelpning: None,
        alvor: Severity::Fault,
    }
}

fn status(bilag_uuid: BilagUuid, entered: Option<&Entered>) -> Bilagsstatus {
    let receipt = entered.map(|entered| receipt(bilag_uuid, entered));
    let tilstand = match entered {
        None => Tilstand::Ukendt,
        Some(Entered::Booked(_)) => Tilstand::Bogfoert,
        Some(Entered::Refused(_)) => Tilstand::AfvistAfOekonomi,
    };
    let (bilag_id, kvittering, erp_bilagsnummer, positionsfejl) = match receipt {
        Some(r) => (
            Some(r.bilag_id),
            Some(r.kvittering),
            r.erp_bilagsnummer,
            r.positionsfejl,
        ),
        None => (None, None, None, Vec::new()),
    };
    Bilagsstatus {
        bilag_uuid,
        bilag_id,
        tilstand,
        forsoeg: u32::from(entered.is_some()),
        aendret: None,
        kvittering,
        erp_bilagsnummer,
        positionsfejl,
    }
}
