//! Sums over many days: the last comparison with the books, and volumes for the charts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::Statements;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::days::{Comparison, DayFilter, Volume};

use super::{latest, statement, wanted};
use crate::Store;
use crate::codec::Cells;

impl Store {
    pub(super) async fn last_comparison(
        &self,
        scope: &Scope,
        from: Date,
        to: Date,
    ) -> Result<Option<Comparison>, StoreFailure> {
        let sql = "select kommune, at, silent from books_asked order by kommune";
        let (mut at, mut silent): (Option<Timestamp>, Vec<Kommunekode>) = (None, Vec::new());
        for asked in self.query(sql, Vec::new()).await? {
            let mut cells = Cells::new(asked);
            let (owner, when) = (cells.kommune()?, cells.time()?);
            if scope.touches(owner) {
                at = Some(at.map_or(when, |earliest| earliest.min(when)));
                silent.extend(cells.opt_text()?.map(|_| owner));
            }
        }
        let Some(at) = at else {
            return Ok(None);
        };
        let filter = DayFilter {
            from,
            to,
            kommune: None,
            fagsystem: None,
        };
        let (clause, params) = wanted(scope, &filter, "t", "bogfoeringsdato");
        let sums = [
            "our_antal",
            "our_debet",
            "our_kredit",
            "antal",
            "debet",
            "kredit",
        ];
        let sums = sums
            .map(|column| format!("cast(sum({column}) as bigint)"))
            .join(", ");
        let sql = format!(
            "select kommune, fagsystem, {sums} from books_statement t {clause} and {} \
             group by kommune, fagsystem",
            latest("books_statement", "bogfoeringsdato", "version")
        );
        let (mut ours, mut theirs) = (Statements::new(), Statements::new());
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let of = (cells.kommune()?, cells.fagsystem()?);
            ours.insert(of, statement(&mut cells)?);
            theirs.insert(of, statement(&mut cells)?);
        }
        Ok(Some(Comparison {
            at,
            ours,
            theirs,
            silent,
        }))
    }

    pub(super) async fn day_volumes(
        &self,
        scope: &Scope,
        filter: &DayFilter,
    ) -> Result<Vec<Volume>, StoreFailure> {
        let mut days: BTreeMap<Date, Volume> = BTreeMap::new();
        let empty = |dag| Volume {
            dag,
            states: Vec::new(),
            times: oir_domain::day::Histogram::default(),
        };
        let (clause, params) = wanted(scope, filter, "t", "dag");
        let sql = format!(
            "select dag, state, cast(sum(antal) as bigint) from control_total t {clause} \
             group by dag, state having sum(antal) <> 0"
        );
        for found in self.query(&sql, params.clone()).await? {
            let mut cells = Cells::new(found);
            let dag = cells.date()?;
            let (state, antal) = (cells.state_name()?, cells.narrow()?);
            let day = days.entry(dag).or_insert_with(|| empty(dag));
            day.states.push((state, antal));
        }
        let sql = format!(
            "select dag, class, cast(sum(antal) as bigint) from booking_time t {clause} \
             group by dag, class"
        );
        for found in self.query(&sql, params).await? {
            let mut cells = Cells::new(found);
            let dag = cells.date()?;
            let (class, antal) = (cells.narrow()?, cells.narrow()?);
            let day = days.entry(dag).or_insert_with(|| empty(dag));
            day.times.add(class, antal);
        }
        Ok(days.into_values().collect())
    }
}
