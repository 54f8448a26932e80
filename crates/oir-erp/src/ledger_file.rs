//! The ledger in an SQLite file: one transaction per delivery, synced before the answer.

use oir_domain::finans::Finansbilag;
use oir_domain::ids::{BilagUuid, FagsystemId};
use oir_domain::ledger::{Chart, LedgerFault, judge};
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use uuid::Uuid;

const SCHEMA: &str = "
create table if not exists bilag (
  kommune integer not null, bilag_uuid blob not null, fagsystem blob not null,
  booking_day text not null, regnskabsaar integer not null, number integer,
  refusal text, debet integer not null, kredit integer not null,
  primary key (kommune, bilag_uuid)) strict, without rowid;
create unique index if not exists bilag_number on bilag (kommune, regnskabsaar, number)
  where number is not null;
create table if not exists entry (
  kommune integer not null, bilag_uuid blob not null, position integer not null,
  konto text not null, side text not null, beloeb integer not null,
  primary key (kommune, bilag_uuid, position)) strict, without rowid;
create table if not exists last_number (
  kommune integer not null, regnskabsaar integer not null, number integer not null,
  primary key (kommune, regnskabsaar)) strict, without rowid;
";

/// What the ledger holds of one bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entered {
    /// Booked under this number.
    Booked(String),
    /// Refused, one line per reason: posting (0 = the bilag), code, account.
    Refused(Vec<(u32, String, String)>),
}

/// One sender's booked bilag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    pub(crate) antal: u32,
    pub(crate) debet: i64,
    pub(crate) kredit: i64,
}

#[derive(Debug)]
pub(crate) struct LedgerFile(Connection);

type Result<T> = std::result::Result<T, rusqlite::Error>;

impl LedgerFile {
    pub(crate) fn open(path: Option<&Path>) -> Result<Self> {
        let connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Books what is sound, remembers what is not; what was entered before stays as it is.
    pub(crate) fn enter(
        &mut self,
        kommune: Kommunekode,
        system: FagsystemId,
        bilag: &[Finansbilag],
        chart: &Chart,
        closed: &HashSet<i16>,
    ) -> Result<Vec<Entered>> {
        let work = self.0.transaction()?;
        let mut entered = Vec::with_capacity(bilag.len());
        for one in bilag {
            let before = find(&work, kommune, one.bilag_uuid)?;
            entered.push(match before {
                Some(entered) => entered,
                None => book(&work, kommune, system, one, &judge(one, chart, closed))?,
            });
        }
        work.commit()?;
        Ok(entered)
    }

    /// What is known of a bilag.
    pub(crate) fn find(&self, kommune: Kommunekode, id: BilagUuid) -> Result<Option<Entered>> {
        find(&self.0, kommune, id)
    }

    /// What is booked in these days, by sender.
    pub(crate) fn sums(
        &self,
        kommune: Kommunekode,
        from: &str,
        to: &str,
    ) -> Result<BTreeMap<FagsystemId, Sum>> {
        let mut prepared = self.0.prepare_cached(
            "select fagsystem, count(*), sum(debet), sum(kredit) from bilag
             where kommune = ?1 and number is not null and booking_day between ?2 and ?3
             group by fagsystem",
        )?;
        let rows = prepared.query_map(params![kommune.0, from, to], |row| {
            let system = Uuid::from_bytes(row.get::<_, [u8; 16]>(0)?);
            let sum = Sum {
                antal: row.get(1)?,
                debet: row.get(2)?,
                kredit: row.get(3)?,
            };
            Ok((FagsystemId::from_uuid(system), sum))
        })?;
        rows.collect()
    }

    /// Vouchers whose entries do not balance, or whose numbers have gaps: none, or a bug.
    pub(crate) fn damage(&self) -> Result<Vec<String>> {
        let checks = [
            "select 'ubalance ' || kommune || ' ' || hex(bilag_uuid) from entry
             group by kommune, bilag_uuid
             having sum(case side when 'D' then beloeb else -beloeb end) <> 0",
            "select 'huller i nummerrækken ' || kommune || ' ' || regnskabsaar from bilag
             where number is not null group by kommune, regnskabsaar
             having count(*) <> max(number) or min(number) <> 1",
        ];
        let mut found = Vec::new();
        for sql in checks {
            let mut prepared = self.0.prepare(sql)?;
            let rows = prepared.query_map([], |row| row.get::<_, String>(0))?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }
}

fn find(connection: &Connection, kommune: Kommunekode, id: BilagUuid) -> Result<Option<Entered>> {
    let mut prepared = connection.prepare_cached(
        "select regnskabsaar, number, refusal from bilag where kommune = ?1 and bilag_uuid = ?2",
    )?;
    let row = prepared.query_row(params![kommune.0, id.as_uuid().as_bytes()], |row| {
        Ok((
            row.get::<_, i16>(0)?,
            row.get::<_, Option<i64>>(1)?,
            row.get::<_, Option<String>>(2)?,
        ))
    });
    let found = row.optional()?.map(|(aar, number, refusal)| match number {
        Some(number) => Entered::Booked(erp_bilagsnummer(aar, number)),
        None => Entered::Refused(lines(&refusal.unwrap_or_default())),
    });
    Ok(found)
}

fn erp_bilagsnummer(aar: i16, number: i64) -> String {
    format!("{aar}-{number:06}")
}

fn lines(refusal: &str) -> Vec<(u32, String, String)> {
    let one = |line: &str| {
        let mut parts = line.splitn(3, '\t');
        let linje = parts.next()?.parse().ok()?;
        Some((linje, parts.next()?.to_owned(), parts.next()?.to_owned()))
    };
    refusal.lines().filter_map(one).collect()
}

fn account(fault: &LedgerFault) -> &str {
    match fault {
        LedgerFault::UnknownAccount { konto, .. } | LedgerFault::ClosedAccount { konto, .. } => {
            konto
        }
        LedgerFault::Unbalanced
        | LedgerFault::NoAccount { .. }
        | LedgerFault::ClosedYear { .. } => "",
    }
}

fn book(
    work: &Transaction<'_>,
    kommune: Kommunekode,
    system: FagsystemId,
    bilag: &Finansbilag,
    faults: &[LedgerFault],
) -> Result<Entered> {
    let aar = bilag.regnskabsaar.0;
    let number = if faults.is_empty() {
        Some(next_number(work, kommune, aar)?)
    } else {
        None
    };
    let reasons: Vec<_> = faults
        .iter()
        .map(|f| {
            (
                f.linje().unwrap_or(0),
                f.code().to_owned(),
                account(f).to_owned(),
            )
        })
        .collect();
    let refusal: Vec<String> = reasons
        .iter()
        .map(|(linje, code, konto)| format!("{linje}\t{code}\t{konto}"))
        .collect();
    let sums = bilag.turnover().unwrap_or_default();
    work.prepare_cached("insert into bilag values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            kommune.0,
            bilag.bilag_uuid.as_uuid().as_bytes(),
            system.as_uuid().as_bytes(),
            bilag.bogfoeringsdato.to_string(),
            aar,
            number,
            number.is_none().then(|| refusal.join("\n")),
            sums.debit.get(),
            sums.credit.get(),
        ])?;
    let Some(number) = number else {
        return Ok(Entered::Refused(reasons));
    };
    let mut entry = work.prepare_cached("insert into entry values (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (position, postering) in (0_i64..).zip(&bilag.posteringer) {
        entry.execute(params![
            kommune.0,
            bilag.bilag_uuid.as_uuid().as_bytes(),
            position,
            postering.kontering.as_deref().unwrap_or(""),
            postering.side.letter(),
            postering.beloeb.get(),
        ])?;
    }
    Ok(Entered::Booked(erp_bilagsnummer(aar, number)))
}

fn next_number(work: &Transaction<'_>, kommune: Kommunekode, aar: i16) -> Result<i64> {
    work.prepare_cached(
        "insert into last_number values (?1, ?2, 1)
         on conflict (kommune, regnskabsaar) do update set number = number + 1 returning number",
    )?
    .query_row(params![kommune.0, aar], |row| row.get(0))
}

impl Sum {
    pub(crate) const fn debet(self) -> Oere {
        Oere::new(self.debet)
    }

    pub(crate) const fn kredit(self) -> Oere {
        Oere::new(self.kredit)
    }
}
