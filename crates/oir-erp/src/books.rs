//! The books of all municipalities behind one service: who is asked, what is answered.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use oir_domain::fault::{Fault, FaultCode, Place, Severity};
use oir_domain::finans::{Afsendelse, Finansbilag};
use oir_domain::ids::{BilagUuid, ErpBilagsnummer};
use oir_domain::ledger::{BooksKonto, Chart};
use oir_domain::omsaetning::predict;
use oir_domain::party::{Cvr, Fagsystem, Kommunekode};
use oir_domain::register::Register;
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, Blame, Call, Fejl, ForretningsKode, Forretningskvittering,
    KontroltotalQuery, KontroltotalReply, ModtagReply, Positionsfejl, Refusal, Reply, StatusOf,
    StatusQuery, StatusReply, Systemtotal, Tilstand, TransportKvittering,
};
use thiserror::Error;

use crate::ledger_file::{Entered, LedgerFile, Received, Rules, Sum};

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
    /// Books that map by themselves: fagsystemer and their own copy of the tables. What comes with
    /// an account is booked on that account all the same.
    pub own_tables: Option<Register>,
}

#[derive(Debug)]
struct Shared {
    file: Mutex<LedgerFile>,
    kommuner: HashMap<Cvr, Kommunekode>,
    charts: HashMap<Kommunekode, Chart>,
    closed_years: HashSet<i16>,
    own_tables: Option<Register>,
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
            own_tables: setup.own_tables.clone(),
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
        let rules = Rules {
            chart,
            closed: &self.0.closed_years,
        };
        let system = afsendelse.afsender_system;
        let own = self.0.own_tables.as_ref();
        let bilag = afsendelse.bilag.iter();
        let bilag: Vec<Received<'_>> = match own.and_then(|own| Some((own, own.fagsystem(system)?)))
        {
            Some((own, system)) => bilag.map(|one| mapped(one, kommune, system, own)).collect(),
            None => bilag.map(Received::as_sent).collect(),
        };
        let entered = self.file().enter(kommune, system, &bilag, &rules)?;
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

    /// What is booked on each account, debit less credit in øre, by municipality.
    ///
    /// # Errors
    /// [`BooksError`] when the file fails.
    pub fn balances(&self) -> Result<Vec<(Kommunekode, Box<str>, i64)>, BooksError> {
        Ok(self.file().balances()?)
    }

    /// Vouchers out of balance and gaps in the numbers; empty in sound books.
    ///
    /// # Errors
    /// [`BooksError`] when the file fails.
    pub fn damage(&self) -> Result<Vec<String>, BooksError> {
        Ok(self.file().damage()?)
    }
}

/// A bilag with the accounts that these books' own table gives it. What has an account keeps it,
/// and what the table has none for stays without one, and is refused for it.
fn mapped<'b>(
    bilag: &'b Finansbilag,
    kommune: Kommunekode,
    system: &Fagsystem,
    own: &Register,
) -> Received<'b> {
    let (found, _) = predict(bilag, 0, kommune, system, own);
    let mut bilag = bilag.clone();
    let mut told = Vec::new();
    for (postering, found) in bilag.posteringer.iter_mut().zip(found.posteringer) {
        if postering.kontering.is_none() {
            told.push(postering.linjenummer);
            postering.kontering = found.kontering;
        }
    }
    Received {
        bilag: Cow::Owned(bilag),
        told,
    }
}

fn refused(code: FaultCode, path: &str, value: &dyn std::fmt::Display) -> Reply {
    let fault = Fault::new(code, Place::message(path), &[value]);
    Reply::Refused(Refusal::of(Blame::Sender, &[fault]))
}

fn receipt(bilag_uuid: BilagUuid, entered: &Entered) -> Bilagskvittering {
    let id = bilag_uuid.to_string();
    match entered {
        Entered::Booked(number, told) => {
            let number = ErpBilagsnummer::try_new(number).ok();
            let kode = ForretningsKode::Accepteret;
            Bilagskvittering {
                konteret: told.clone(),
                ..Bilagskvittering::of(bilag_uuid, id, kode, number, &[])
            }
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
                konteret: Vec::new(),
            }
        }
    }
}

fn reason((linje, code, konto): &(u32, String, String)) -> Positionsfejl {
    let tekst = match code.as_str() {
        "KONTO-LUKKET" => format!("Kontoen {konto} er lukket"),
        "KONTO-UKENDT" => format!("Kontoen {konto} findes ikke"),
        "KONTERING-SUM" => "Konteringslinjerne er ikke posteringens beløb tilsammen".to_owned(),
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
        Some(Entered::Booked(..)) => Tilstand::Bogfoert,
        Some(Entered::Refused(_)) => Tilstand::AfvistAfOekonomi,
    };
    let unknown = Bilagsstatus {
        bilag_uuid,
        bilag_id: None,
        tilstand,
        forsoeg: u32::from(entered.is_some()),
        aendret: None,
        kvittering: None,
        erp_bilagsnummer: None,
        positionsfejl: Vec::new(),
        konteret: Vec::new(),
    };
    match receipt {
        None => unknown,
        Some(receipt) => Bilagsstatus {
            bilag_id: Some(receipt.bilag_id),
            kvittering: Some(receipt.kvittering),
            erp_bilagsnummer: receipt.erp_bilagsnummer,
            positionsfejl: receipt.positionsfejl,
            konteret: receipt.konteret,
            ..unknown
        },
    }
}
