//! The ledger in an SQLite file: one transaction per delivery, synced before the answer.

use oir_domain::finans::Finansbilag;
use oir_domain::ids::{BilagUuid, FagsystemId};
use oir_domain::ledger::{Chart, LedgerFault, judge};
use oir_domain::money::Oere;
use oir_domain::omsaetning::{Kontering, Konteringslinje, Told};
use oir_domain::party::Kommunekode;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::borrow::Cow;
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
-- Entries whose account these books found by themselves, with the posting that each is of.
create table if not exists found_here (
  kommune integer not null, bilag_uuid blob not null, position integer not null,
  linje integer not null, primary key (kommune, bilag_uuid, position)) strict, without rowid;
create table if not exists last_number (
  kommune integer not null, regnskabsaar integer not null, number integer not null,
  primary key (kommune, regnskabsaar)) strict, without rowid;
";

/// What the ledger holds of one bilag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entered {
    /// Booked under this number, on these accounts where the books found them by themselves.
    Booked(String, Vec<Told>),
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

/// A bilag as it is to be entered.
#[derive(Debug)]
pub(crate) struct Received<'b> {
    /// With its accounts.
    pub(crate) bilag: Cow<'b, Finansbilag>,
    /// `Linjenummer` of the postings whose accounts the books found by themselves.
    pub(crate) told: Vec<u32>,
}

impl<'b> Received<'b> {
    /// With the accounts that it came with.
    pub(crate) const fn as_sent(bilag: &'b Finansbilag) -> Self {
        Self {
            bilag: Cow::Borrowed(bilag),
            told: Vec::new(),
        }
    }

    /// What is said of the accounts that the books found: the same as is read of the file when
    /// the bilag comes again.
    fn found_here(&self) -> Vec<Told> {
        if self.told.is_empty() {
            return Vec::new();
        }
        let postings = self.bilag.posteringer.iter();
        let found = postings.filter(|posting| self.told.contains(&posting.linjenummer));
        let told = found.filter_map(|posting| {
            Some(Told {
                linjenummer: posting.linjenummer,
                kontering: posting.kontering.clone()?,
            })
        });
        told.collect()
    }
}

/// What a municipality's books ask of a bilag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'r> {
    pub(crate) chart: &'r Chart,
    pub(crate) closed: &'r HashSet<i16>,
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
        bilag: &[Received<'_>],
        rules: &Rules<'_>,
    ) -> Result<Vec<Entered>> {
        let work = self.0.transaction()?;
        let mut entered = Vec::with_capacity(bilag.len());
        for one in bilag {
            let before = find(&work, kommune, one.bilag.bilag_uuid)?;
            entered.push(match before {
                Some(entered) => entered,
                None => {
                    let faults = judge(&one.bilag, rules.chart, rules.closed);
                    book(&work, kommune, system, one, &faults)?
                }
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

    /// Debit less credit by municipality and account.
    pub(crate) fn balances(&self) -> Result<Vec<(Kommunekode, Box<str>, i64)>> {
        let mut prepared = self.0.prepare(
            "select kommune, konto, sum(case side when 'D' then beloeb else -beloeb end)
             from entry group by kommune, konto order by 1, 2",
        )?;
        let rows = prepared.query_map([], |row| {
            let konto: String = row.get(1)?;
            Ok((Kommunekode(row.get(0)?), konto.into(), row.get(2)?))
        })?;
        rows.collect()
    }

    /// Vouchers whose entries do not balance, or whose numbers have gaps: none, or a bug.
    pub(crate) fn damage(&self) -> Result<Vec<String>> {
        let checks = [
            "select 'ubalance ' || kommune || ' ' || hex(bilag_uuid) from entry
             group by kommune, bilag_uuid
             having sum(case side when 'D' then beloeb else -beloeb end) <> 0",
            "select 'posteringer og bilag ' || b.kommune || ' ' || hex(b.bilag_uuid)
             from bilag b left join entry e
             on e.kommune = b.kommune and e.bilag_uuid = b.bilag_uuid
             where b.number is not null group by b.kommune, b.bilag_uuid
             having total(e.beloeb) <> b.debet + b.kredit",
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
    let Some((aar, number, refusal)) = row.optional()? else {
        return Ok(None);
    };
    Ok(Some(match number {
        Some(number) => {
            let told = told(connection, kommune, id)?;
            Entered::Booked(erp_bilagsnummer(aar, number), told)
        }
        None => Entered::Refused(lines(&refusal.unwrap_or_default())),
    }))
}

/// The accounts that the books found for a bilag by themselves.
fn told(connection: &Connection, kommune: Kommunekode, id: BilagUuid) -> Result<Vec<Told>> {
    let mut prepared = connection.prepare_cached(
        "select f.linje, e.konto, e.beloeb from found_here f join entry e
         on e.kommune = f.kommune and e.bilag_uuid = f.bilag_uuid and e.position = f.position
         where f.kommune = ?1 and f.bilag_uuid = ?2 order by f.position",
    )?;
    let rows = prepared.query_map(params![kommune.0, id.as_uuid().as_bytes()], |row| {
        let konto: String = row.get(1)?;
        let line = Konteringslinje {
            konto: konto.into(),
            beloeb: Oere::new(row.get(2)?),
        };
        Ok((row.get::<_, u32>(0)?, line))
    })?;
    let mut by_posting: Vec<(u32, Vec<Konteringslinje>)> = Vec::new();
    for row in rows {
        let (linje, line) = row?;
        match by_posting.last_mut() {
            Some((last, lines)) if *last == linje => lines.push(line),
            _ => by_posting.push((linje, vec![line])),
        }
    }
    let told = by_posting.into_iter().filter_map(|(linjenummer, lines)| {
        Some(Told {
            linjenummer,
            kontering: Kontering::try_new(lines)?,
        })
    });
    Ok(told.collect())
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
        | LedgerFault::WrongParts { .. }
        | LedgerFault::ClosedYear { .. } => "",
    }
}

fn book(
    work: &Transaction<'_>,
    kommune: Kommunekode,
    system: FagsystemId,
    received: &Received<'_>,
    faults: &[LedgerFault],
) -> Result<Entered> {
    let bilag = &*received.bilag;
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
    enter_lines(work, kommune, received)?;
    Ok(Entered::Booked(
        erp_bilagsnummer(aar, number),
        received.found_here(),
    ))
}

/// An entry for each account of each posting.
fn enter_lines(
    work: &Transaction<'_>,
    kommune: Kommunekode,
    received: &Received<'_>,
) -> Result<()> {
    let mut entry = work.prepare_cached("insert into entry values (?1, ?2, ?3, ?4, ?5, ?6)")?;
    let mut found = work.prepare_cached("insert into found_here values (?1, ?2, ?3, ?4)")?;
    let id = received.bilag.bilag_uuid.as_uuid();
    let posteringer = received.bilag.posteringer.iter();
    let lines = posteringer.flat_map(|postering| {
        let lines = postering.kontering.as_ref().map(Kontering::lines);
        let lines = lines.unwrap_or_default().iter();
        lines.map(move |line| (postering, line))
    });
    for (position, (postering, line)) in (0_i64..).zip(lines) {
        entry.execute(params![
            kommune.0,
            id.as_bytes(),
            position,
            line.konto,
            postering.side.letter(),
            line.beloeb.get(),
        ])?;
        let linje = postering.linjenummer;
        if received.told.contains(&linje) {
            found.execute(params![kommune.0, id.as_bytes(), position, linje])?;
        }
    }
    Ok(())
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
