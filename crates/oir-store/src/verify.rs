//! `oir verify`: computes again what the tables say of themselves and names every
//! difference. Reads only.
//!
//! Balances and totals are summed by the database itself, which holds no more than the
//! groups in memory; digests are computed over the raw bytes, a page at a time.

use oir_flow::ports::StoreFailure;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Store;
use crate::codec::{Cells, kommune, unpacked};
use crate::plan::Value;

/// Messages whose digests are computed at a time: with the largest message some 16 MB.
const PAGE: i64 = 200;
/// Findings listed per check; a broken database has millions, the first ones tell.
const LISTED: i64 = 100;
/// The same for lines of the log.
const LISTED_DEEDS: usize = 100;
/// The same for looks at personal numbers and for samples of them.
const LISTED_LOOKS: u32 = 100;

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check.
    pub check: &'static str,
    /// What differs, ids and numbers only.
    pub what: String,
}

/// What was checked and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Messages whose digest was computed.
    pub messages: u64,
    /// Postings summed.
    pub postings: u64,
    /// Differences; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Checks that are one query each: no row = no difference. A posting above the highest amount
/// (`AMOUNT_MAX`, 10^11 øre) is only in a rejected bilag, which counts as nothing when it is
/// beyond all limits: it is left out of the sums, so that none overflows and a bilag that was
/// taken in shows the difference. Nor are those compared that have too many postings.
const CHECKS: [(&str, &str); 9] = [
    (
        "posteringerne summer til bilagets debet og kredit",
        "select b.kommune, b.bilag_id, b.debet, b.kredit from bilag b left join (
           select kommune, bilag_id, count(*) as n, max(beloeb) as most,
             sum(case when side = 'D' and beloeb <= 100000000000 then beloeb else 0 end) as d,
             sum(case when side = 'K' and beloeb <= 100000000000 then beloeb else 0 end) as k
           from postering group by kommune, bilag_id) p
         on p.kommune = b.kommune and p.bilag_id = b.bilag_id
         where p.n is null or p.n <> b.posteringer
           or ((b.rejected = 0 or (p.most <= 100000000000 and p.n <= 5000))
             and (p.d <> b.debet or p.k <> b.kredit)) limit $1",
    ),
    (
        "posteringernes konteringslinjer summer til posteringen",
        "select p.kommune, p.bilag_id, p.beloeb, coalesce(l.beloeb, 0) from postering p
         left join (select kommune, bilag_id, position, count(*) as n,
             cast(sum(beloeb) as bigint) as beloeb from konteringslinje
           group by kommune, bilag_id, position) l
         on l.kommune = p.kommune and l.bilag_id = p.bilag_id and l.position = p.position
         where (p.konto = '' and (l.n is null or l.n < 2 or l.beloeb <> p.beloeb))
           or (l.n is not null and (p.konto is null or p.konto <> ''))
         union all
         select l.kommune, l.bilag_id, l.beloeb, l.beloeb from konteringslinje l
         left join postering p on p.kommune = l.kommune and p.bilag_id = l.bilag_id
           and p.position = l.position where p.bilag_id is null limit $1",
    ),
    (
        "bilag, der ikke er afvist, balancerer",
        "select kommune, bilag_id, debet, kredit from bilag
         where rejected = 0 and debet <> kredit limit $1",
    ),
    (
        "kontroltotalerne er summen af bilagene",
        "select t.kommune, t.fagsystem, t.antal, t.debet from (
           select kommune, dag, fagsystem, state, cast(sum(antal) as bigint) as antal,
             cast(sum(debet) as bigint) as debet from control_total group by kommune, dag, fagsystem, state) t
         left join (select kommune, dag, fagsystem, state, count(*) as antal, sum(debet) as debet
           from bilag group by kommune, dag, fagsystem, state) b
         on b.kommune = t.kommune and b.dag = t.dag and b.fagsystem = t.fagsystem
           and b.state = t.state
         where coalesce(b.antal, 0) <> t.antal or coalesce(b.debet, 0) <> t.debet limit $1",
    ),
    (
        "hvert bilag har en kontroltotal",
        "select b.kommune, b.bilag_id, b.debet, b.kredit from bilag b left join control_total t
         on t.kommune = b.kommune and t.dag = b.dag and t.fagsystem = b.fagsystem
           and t.state = b.state where t.kommune is null limit $1",
    ),
    (
        "forløbets sidste hændelse er bilagets tilstand",
        "select b.kommune, b.bilag_id, b.version, b.version from bilag b left join bilag_event e
         on e.kommune = b.kommune and e.bilag_id = b.bilag_id and e.number = b.version
         where e.number is null or e.to_state <> b.state limit $1",
    ),
    (
        "udbakken rummer netop det, der udestår",
        "select b.kommune, b.bilag_id, b.version, b.version from bilag b left join outbox o
         on o.kommune = b.kommune and o.bilag_id = b.bilag_id
         where (o.bilag_id is not null) <> (b.state in
           ('mapped', 'sending', 'awaiting_receipt', 'waiting', 'uncertain'))
         union all
         select o.kommune, o.bilag_id, o.due, o.due from outbox o left join bilag b
         on b.kommune = o.kommune and b.bilag_id = o.bilag_id
         where b.bilag_id is null limit $1",
    ),
    (
        "hvert bilag, der står stille, er på fejllisten eller lukket med en grund",
        "select b.kommune, b.bilag_id, b.version, coalesce(w.version, 0) from bilag b
         left join work_item w on w.kommune = b.kommune and w.subject_id = b.bilag_id
         where b.state in ('rejected', 'held', 'refused', 'parked') and (w.subject_id is null
           or (w.closed is null and w.stop <> b.state) or w.how = 'settled'
           or (w.how = 'corrected' and b.state not in ('rejected', 'refused'))) limit $1",
    ),
    (
        "fejllisten rummer intet, der er kommet videre eller er rettet",
        "select w.kommune, w.subject_id, w.version, w.version from work_item w
         left join bilag b on b.kommune = w.kommune and b.bilag_id = w.subject_id
         where w.kind = 'bilag' and w.closed is null and (b.bilag_id is null
           or b.state not in ('rejected', 'held', 'refused', 'parked')
           or exists (select 1 from bilag c where c.kommune = b.kommune
             and c.korrigerer = b.claimed_uuid and c.fagsystem = b.fagsystem
             and c.rejected = 0)) limit $1",
    ),
];

impl Store {
    /// Runs all checks. `progress` is told the number of messages read so far.
    ///
    /// # Errors
    /// [`StoreFailure`] when the database cannot be read.
    pub async fn verify(
        &self,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<VerifyReport, StoreFailure> {
        // Sums and digests have nothing to do with one another: they are done side by side.
        let (sums, digests) =
            futures_util::future::join(self.verify_sums(), self.verify_digests(progress)).await;
        let (mut report, digests) = (sums?, digests?);
        report.messages = digests.messages;
        report.findings.extend(digests.findings);
        Ok(report)
    }

    async fn verify_sums(&self) -> Result<VerifyReport, StoreFailure> {
        let mut report = VerifyReport::default();
        for (check, sql) in CHECKS {
            for row in self.query_slowly(sql, vec![LISTED.into()]).await? {
                let mut cells = Cells::new(row);
                let (owner, id) = (cells.kommune()?, cells.uuid()?);
                let (a, b) = (cells.int()?, cells.int()?);
                let what = format!("kommune {owner}, {}: {a} / {b}", id.simple());
                report.findings.push(Finding { check, what });
            }
        }
        for number in self.broken_deeds(LISTED_DEEDS).await? {
            report.findings.push(Finding {
                check: "loggens linjer følger hver af den foregående",
                what: format!("linje {number}"),
            });
        }
        report
            .findings
            .extend(self.verify_looks(LISTED_LOOKS).await?);
        report
            .findings
            .extend(self.verify_samples(LISTED_LOOKS).await?);
        let mut counted = self
            .query_slowly("select count(*) from postering", Vec::new())
            .await?;
        report.postings = Cells::new(counted.pop().unwrap_or_default()).narrow()?;
        Ok(report)
    }

    /// The balances alone: what is booked per account and side, computed from the
    /// postings. The figure behind the speed promise of `oir verify`.
    ///
    /// # Errors
    /// [`StoreFailure`] when the database cannot be read.
    pub async fn balances(&self) -> Result<Vec<(i64, Box<str>, i64)>, StoreFailure> {
        // No account is the empty text: it says that there are several, with rows of their own.
        let sql = "select kommune, coalesce(konto, ''), \
             cast(sum(case when side = 'D' then beloeb else -beloeb end) as bigint) from ( \
               select kommune, konto, side, beloeb from postering \
               where konto is null or konto <> '' \
               union all select l.kommune, l.konto, p.side, l.beloeb from konteringslinje l \
               join postering p on p.bilag_id = l.bilag_id and p.kommune = l.kommune \
                 and p.position = l.position) posted \
             group by kommune, konto order by 1, 2";
        let rows = self.query_slowly(sql, Vec::new()).await?;
        rows.into_iter()
            .map(|row| {
                let mut cells = Cells::new(row);
                Ok((cells.int()?, cells.text()?, cells.int()?))
            })
            .collect()
    }

    async fn verify_digests(
        &self,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<VerifyReport, StoreFailure> {
        let mut report = VerifyReport::default();
        let sql = "select kommune, afsendelse_id, raw_digest, raw from afsendelse \
             where (afsendelse_id, kommune) > ($1, $2) order by afsendelse_id, kommune limit $3";
        let mut last = (oir_domain::party::Kommunekode::UNKNOWN, Uuid::nil());
        loop {
            let params = vec![Value::Uuid(last.1), kommune(last.0), PAGE.into()];
            let rows = self.query(sql, params).await?;
            if rows.is_empty() {
                return Ok(report);
            }
            for row in rows {
                let mut cells = Cells::new(row);
                last = (cells.kommune()?, cells.uuid()?);
                let (kept, packed) = (cells.digest()?, cells.bytes()?);
                let digest = |raw: Vec<u8>| -> [u8; 32] { Sha256::digest(&raw).into() };
                if unpacked(&packed).map(digest) != Some(kept) {
                    let what = format!("kommune {}, msg_{}", last.0, last.1.simple());
                    report.findings.push(Finding {
                        check: "fingeraftrykket passer til de modtagne bytes",
                        what,
                    });
                }
                report.messages = report.messages.saturating_add(1);
            }
            progress(report.messages);
        }
    }
}
