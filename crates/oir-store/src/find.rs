//! Looking up what is known: earlier messages and bilag by their senders' ids, and the
//! documents themselves.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::fault::Fault;
use oir_domain::finans::check::KnownBilag;
use oir_domain::finans::{
    Finansbilag, Finanspostering, Part, PartNummer, PartRolle, Posteringstype, Sag,
    Sortimentsvaerdi,
};
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::message::State;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::{Kontering, Konteringslinje};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::inbox::{Findings, Inquiry, StoredBilag, StoredMessage};
use uuid::Uuid;

use crate::Store;
use crate::admit::SPLIT;
use crate::codec::{Cells, GROUP, LATER, UNIT, damaged, fagsystem, kommune, places};
use crate::plan::{Row, Value};

/// Most ids in one list: PostgreSQL and SQLite both take far more; the plan stays small.
const IDS_AT_ONCE: usize = 200;

const BILAG_HEAD: &str = "select b.bilag_id, b.bilag_uuid, b.position, b.rejected, b.state, \
     b.attempts, b.erp_bilagsnummer, b.changed from bilag b";

struct Head {
    id: BilagId,
    bilag_uuid: BilagUuid,
    position: u32,
    rejected: bool,
    state: State,
    attempts: u32,
    changed: Timestamp,
}

/// Faults of bilag: those of the reception, and those that came later.
#[derive(Default)]
pub(crate) struct KnownFaults(HashMap<BilagId, (Vec<Fault>, Vec<Fault>)>);

impl KnownFaults {
    /// Both lists of a bilag that stands at this place in its message.
    pub(crate) fn at(&self, id: BilagId, position: u32) -> (Vec<Fault>, Vec<Fault>) {
        let placed = |fault: &Fault| {
            let mut fault = fault.clone();
            fault.place.bilag = Some(position);
            fault
        };
        let all = |faults: &[Fault]| faults.iter().map(placed).collect();
        self.0
            .get(&id)
            .map(|(early, later)| (all(early), all(later)))
            .unwrap_or_default()
    }
}

fn head(row: Vec<Value>) -> Result<Head, StoreFailure> {
    let mut cells = Cells::new(row);
    let (id, bilag_uuid, position) = (cells.bilag_id()?, cells.bilag_uuid()?, cells.narrow()?);
    let rejected = cells.int()? != 0;
    let (state, attempts) = cells.state()?;
    Ok(Head {
        id,
        bilag_uuid,
        position,
        rejected,
        state,
        attempts,
        changed: cells.time()?,
    })
}

impl Store {
    pub(crate) async fn find_all(
        &self,
        inquiries: &[Inquiry],
    ) -> Result<Vec<Findings>, StoreFailure> {
        let mut all = Vec::with_capacity(inquiries.len());
        for inquiry in inquiries {
            let (owner, sender) = (inquiry.kommune, inquiry.fagsystem);
            let message = self
                .stored_message(owner, sender, inquiry.transaktions_id)
                .await?;
            let bilag = self.known_bilag(inquiry).await?;
            all.push(Findings { message, bilag });
        }
        Ok(all)
    }

    async fn known_bilag(
        &self,
        inquiry: &Inquiry,
    ) -> Result<Vec<(BilagUuid, BilagId, KnownBilag)>, StoreFailure> {
        let mut known = Vec::new();
        for ids in inquiry.bilag.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "select bilag_uuid, bilag_id, digest, state from bilag \
                 where kommune = $1 and fagsystem = $2 and claimed_uuid in ({})",
                places(3, ids.len())
            );
            let mut params = vec![kommune(inquiry.kommune), fagsystem(Some(inquiry.fagsystem))];
            params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
            for row in self.query(&sql, params).await? {
                let mut cells = Cells::new(row);
                let (uuid, id) = (cells.bilag_uuid()?, cells.bilag_id()?);
                let digest = cells.digest()?;
                let open_for_correction = cells.state_name()?.open_for_correction();
                known.push((
                    uuid,
                    id,
                    KnownBilag {
                        digest,
                        open_for_correction,
                    },
                ));
            }
        }
        Ok(known)
    }

    pub(crate) async fn stored_message(
        &self,
        owner: Kommunekode,
        sender: FagsystemId,
        transaktions_id: TransaktionsId,
    ) -> Result<Option<StoredMessage>, StoreFailure> {
        let sql = "select afsendelse_id, content_digest, modtaget from afsendelse \
                   where kommune = $1 and fagsystem = $2 and claimed_id = $3";
        let params = vec![
            kommune(owner),
            fagsystem(Some(sender)),
            Value::Uuid(transaktions_id.as_uuid()),
        ];
        let Some(row) = self.query(sql, params).await?.pop() else {
            return Ok(None);
        };
        let mut cells = Cells::new(row);
        let (id, content_digest) = (cells.afsendelse_id()?, cells.digest()?);
        let modtaget = cells.time()?;
        let (bilag, faults) = self.message_bilag(owner, id).await?;
        Ok(Some(StoredMessage {
            kommune: owner,
            id,
            content_digest,
            modtaget,
            bilag,
            faults,
        }))
    }

    async fn message_bilag(
        &self,
        owner: Kommunekode,
        id: AfsendelseId,
    ) -> Result<(Vec<StoredBilag>, Vec<Fault>), StoreFailure> {
        let key = vec![kommune(owner), Value::Uuid(id.as_uuid())];
        let own = format!("{BILAG_HEAD} where b.kommune = $1 and b.afsendelse_id = $2");
        let mut heads = self.heads(&own, key.clone()).await?;
        let repeats = "select b.bilag_id, b.bilag_uuid, r.position, b.rejected, b.state, \
             b.attempts, b.erp_bilagsnummer, b.changed from bilag_repeat r \
             join bilag b on b.kommune = r.kommune and b.bilag_id = r.bilag_id \
             where r.kommune = $1 and r.afsendelse_id = $2";
        heads.extend(self.heads(repeats, key).await?);
        heads.sort_by_key(|h| h.position);
        let bilag = self.with_faults(owner, heads).await?;
        Ok((bilag, self.message_faults(owner, id).await?))
    }

    async fn heads(&self, sql: &str, params: Vec<Value>) -> Result<Vec<Head>, StoreFailure> {
        self.query(sql, params)
            .await?
            .into_iter()
            .map(head)
            .collect()
    }

    /// The bilag with their faults, which are read together: a message that is repeated
    /// may hold hundreds, and its group waits for them.
    async fn with_faults(
        &self,
        owner: Kommunekode,
        heads: Vec<Head>,
    ) -> Result<Vec<StoredBilag>, StoreFailure> {
        let ids: BTreeSet<BilagId> = heads.iter().map(|h| h.id).collect();
        let ids: Vec<BilagId> = ids.into_iter().collect();
        let known = self.faults_of(owner, &ids).await?;
        let stored = heads.into_iter().map(|h| {
            // Not taken out: the same bilag may stand in a message twice.
            let (faults, later_faults) = known.at(h.id, h.position);
            StoredBilag {
                id: h.id,
                bilag_uuid: h.bilag_uuid,
                state: h.state,
                rejected: h.rejected,
                faults,
                later_faults,
                changed: h.changed,
                attempts: h.attempts,
            }
        });
        Ok(stored.collect())
    }

    pub(crate) async fn faults_of(
        &self,
        owner: Kommunekode,
        bilag: &[BilagId],
    ) -> Result<KnownFaults, StoreFailure> {
        let mut known = KnownFaults::default();
        for ids in bilag.chunks(IDS_AT_ONCE) {
            let sql = format!(
                "select bilag_id, number, code, linje, path, vaerdier from fault \
                 where kommune = $1 and bilag_id in ({}) order by bilag_id, number",
                places(2, ids.len())
            );
            let mut params = vec![kommune(owner)];
            params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
            for row in self.query(&sql, params).await? {
                let mut cells = Cells::new(row);
                let (early, later) = known.0.entry(cells.bilag_id()?).or_default();
                let list = if cells.int()? < LATER { early } else { later };
                list.push(cells.fault(None)?);
            }
        }
        Ok(known)
    }

    /// Faults of the message itself.
    pub(crate) async fn message_faults(
        &self,
        owner: Kommunekode,
        id: AfsendelseId,
    ) -> Result<Vec<Fault>, StoreFailure> {
        let sql = "select code, linje, path, vaerdier from fault where kommune = $1 \
                   and afsendelse_id = $2 and bilag_id = $3 order by number";
        let params = vec![
            kommune(owner),
            Value::Uuid(id.as_uuid()),
            Value::Uuid(Uuid::nil()),
        ];
        let rows = self.query(sql, params).await?;
        rows.into_iter()
            .map(|row| Cells::new(row).fault(None))
            .collect()
    }

    pub(crate) async fn stored_bilag(
        &self,
        owner: Kommunekode,
        bilag_uuid: BilagUuid,
        sender: Option<FagsystemId>,
    ) -> Result<Option<StoredBilag>, StoreFailure> {
        let mut sql = format!("{BILAG_HEAD} where b.kommune = $1 and b.claimed_uuid = $2");
        let mut params = vec![kommune(owner), Value::Uuid(bilag_uuid.as_uuid())];
        if let Some(sender) = sender {
            sql.push_str(" and b.fagsystem = $3");
            params.push(fagsystem(Some(sender)));
        }
        let head = self.heads(&sql, params).await?.pop();
        let mut found = self.with_faults(owner, head.into_iter().collect()).await?;
        Ok(found.pop())
    }

    /// The documents, with accounts in `kontering` where mapped.
    pub(crate) async fn documents(
        &self,
        owner: Kommunekode,
        ids: &[BilagId],
    ) -> Result<HashMap<BilagId, Finansbilag>, StoreFailure> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IDS_AT_ONCE) {
            let list = places(2, ids.len());
            let mut params = vec![kommune(owner)];
            params.extend(ids.iter().map(|id| Value::Uuid(id.as_uuid())));
            let sql = format!(
                "select bilag_id, bilag_uuid, afsender_bilagsnummer, bilagsdato, bogfoeringsdato, \
                 regnskabsaar, posteringstype, valuta, tekst, korrigerer from bilag \
                 where kommune = $1 and bilag_id in ({list})"
            );
            for row in self.query(&sql, params.clone()).await? {
                let (id, bilag) = document(row)?;
                found.insert(id, bilag);
            }
            let sql = format!(
                "select bilag_id, position, linjenummer, side, beloeb, tekst, sortiment, konto, \
                 periode_fra, periode_til, part_cpr, part_cvr, part_rolle, kle, sagsnummer, \
                 ydelse, refusionsprocent, momskode, reference from postering \
                 where kommune = $1 and bilag_id in ({list}) order by bilag_id, position"
            );
            let rows = self.query(&sql, params).await?;
            let mut lines = self.lines_of_split(owner, &rows).await?;
            for row in rows {
                let mut cells = Cells::new(row);
                let (id, position) = (cells.bilag_id()?, cells.int()?);
                let split = lines.remove(&(id, position)).unwrap_or_default();
                let postering = postering(&mut cells, split)?;
                let bilag = found
                    .get_mut(&id)
                    .ok_or_else(|| damaged("a posting alone"))?;
                bilag.posteringer.push(postering);
            }
        }
        Ok(found)
    }

    /// The accounts of those postings that have several, by bilag and position: asked for only
    /// when there are any, so that the ordinary delivery reads no more than it did.
    async fn lines_of_split(
        &self,
        owner: Kommunekode,
        rows: &[Vec<Value>],
    ) -> Result<Splits, StoreFailure> {
        let is_split = |row: &&Vec<Value>| matches!(row.get(KONTO_AT), Some(Value::Text(konto)) if **konto == *SPLIT);
        let mut ids: Vec<Value> = rows
            .iter()
            .filter(is_split)
            .filter_map(|row| row.first().cloned())
            .collect();
        ids.dedup();
        if ids.is_empty() {
            return Ok(Splits::new());
        }
        let list = places(2, ids.len());
        let sql = format!(
            "select bilag_id, position, konto, beloeb from konteringslinje \
             where kommune = $1 and bilag_id in ({list}) order by bilag_id, position, number"
        );
        let params = std::iter::once(kommune(owner)).chain(ids).collect();
        splits(self.query(&sql, params).await?)
    }
}

/// The accounts of postings that have several, by bilag and position.
pub(crate) type Splits = HashMap<(BilagId, i64), Vec<Konteringslinje>>;

/// Reads rows of bilag, position, account and amount.
pub(crate) fn splits(rows: Vec<Row>) -> Result<Splits, StoreFailure> {
    let mut splits = Splits::new();
    for row in rows {
        let mut cells = Cells::new(row);
        let key = (cells.bilag_id()?, cells.int()?);
        let (konto, beloeb) = (cells.text()?, cells.oere()?);
        let line = Konteringslinje { konto, beloeb };
        splits.entry(key).or_default().push(line);
    }
    Ok(splits)
}

/// What a posting is booked on: its own account, or the several that share its amount.
pub(crate) fn kontering(
    konto: Option<Box<str>>,
    split: Vec<Konteringslinje>,
    beloeb: Oere,
) -> Result<Option<Kontering>, StoreFailure> {
    match konto {
        None => Ok(None),
        Some(konto) if *konto == *SPLIT => {
            let lines = Kontering::try_new(split).filter(|lines| lines.adds_up_to(beloeb));
            lines
                .map(Some)
                .ok_or_else(|| damaged("the accounts of a posting"))
        }
        Some(konto) => Ok(Some(Kontering::whole(konto, beloeb))),
    }
}

/// Where the account stands among a posting's columns.
const KONTO_AT: usize = 7;

fn document(row: Vec<Value>) -> Result<(BilagId, Finansbilag), StoreFailure> {
    let mut cells = Cells::new(row);
    let id = cells.bilag_id()?;
    let bilag = Finansbilag {
        bilag_uuid: cells.bilag_uuid()?,
        afsender_bilagsnummer: cells.text()?,
        bilagsdato: cells.date()?,
        bogfoeringsdato: cells.date()?,
        regnskabsaar: Regnskabsaar(cells.narrow()?),
        posteringstype: Posteringstype::from_code(&cells.text()?)
            .ok_or_else(|| damaged("a kind of posting"))?,
        valuta: cells.text()?,
        tekst: cells.text()?,
        korrigerer: cells.opt_uuid()?.map(BilagUuid::from_uuid),
        posteringer: Vec::new(),
    };
    Ok((id, bilag))
}

fn postering(
    cells: &mut Cells,
    split: Vec<Konteringslinje>,
) -> Result<Finanspostering, StoreFailure> {
    let linjenummer = cells.narrow()?;
    let side = Side::from_letter(&cells.text()?).ok_or_else(|| damaged("a side"))?;
    let (beloeb, tekst) = (cells.oere()?, cells.text()?);
    let sortiment = sortiment(&cells.text()?)?;
    let kontering = kontering(cells.opt_text()?, split, beloeb)?;
    let periode = cells.opt_date()?.zip(cells.opt_date()?);
    let part = part(cells)?;
    let (kle, sagsnummer) = (cells.opt_text()?, cells.opt_text()?);
    Ok(Finanspostering {
        linjenummer,
        beloeb,
        side,
        tekst,
        sortiment,
        kontering,
        periode,
        part,
        sag: kle
            .zip(sagsnummer)
            .map(|(kle, sagsnummer)| Sag { kle, sagsnummer }),
        ydelse: cells.opt_text()?,
        refusionsprocent: cells.opt_narrow()?,
        momskode: cells.opt_text()?,
        reference: cells.opt_text()?,
    })
}

pub(crate) fn sortiment(stored: &str) -> Result<Vec<Sortimentsvaerdi>, StoreFailure> {
    let one = |text: &str| {
        let (facet, vaerdi) = text.split_once(GROUP)?;
        Some(Sortimentsvaerdi {
            facet: facet.into(),
            vaerdi: vaerdi.into(),
        })
    };
    let values: Option<Vec<_>> = stored.split(UNIT).map(one).collect();
    values.ok_or_else(|| damaged("a sortiment value"))
}

fn part(cells: &mut Cells) -> Result<Option<Part>, StoreFailure> {
    let (cpr, cvr, rolle) = (cells.opt_text()?, cells.opt_text()?, cells.opt_text()?);
    let nummer = match (cpr, cvr) {
        (Some(cpr), _) => PartNummer::Cpr(cpr.parse().map_err(|_| damaged("a CPR number"))?),
        (None, Some(cvr)) => PartNummer::Cvr(cvr.parse().map_err(|_| damaged("a CVR number"))?),
        (None, None) => return Ok(None),
    };
    let rolle = rolle
        .and_then(|r| PartRolle::from_code(&r))
        .ok_or_else(|| damaged("a role"))?;
    Ok(Some(Part { nummer, rolle }))
}
