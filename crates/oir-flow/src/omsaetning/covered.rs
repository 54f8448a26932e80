//! Whether rules have an account for everything that can be sent: the sortiment as it is,
//! and what traffic brought together.

use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::finans::Posteringstype;
use oir_domain::omsaetning::Rule;
use oir_domain::omsaetning::coverage::{
    COMBINATIONS_MAX, Coverage, Dimension, Question, Seen, coverage,
};
use oir_domain::register::Sortimentspost;

use super::{NotDone, Work};
use crate::ports::omsaetning::SeenValues;

impl Work<'_> {
    /// What rules cover on some days, by a sortiment and by what was received since a day.
    ///
    /// # Errors
    /// [`NotDone::NotThere`], [`NotDone::Store`].
    pub async fn coverage(
        &self,
        rules: &[Rule],
        days: (Date, Date),
        sortiment: &[Sortimentspost],
        since: Date,
    ) -> Result<Coverage, NotDone> {
        self.may(Action::SeeSortiment)?;
        let seen = self.tables.seen(&self.own(), self.table, since).await?;
        let seen: Vec<Seen> = seen.into_iter().map(of_traffic).collect();
        let (kommune, fagsystem) = (self.table.kommune, self.table.fagsystem);
        Ok(coverage(&Question {
            rules,
            days,
            dimensions: &Dimension::of_sortiment(sortiment, kommune, fagsystem),
            lawful: &[],
            kinds: &[Posteringstype::Normal, Posteringstype::Supplement],
            seen: &seen,
            most: COMBINATIONS_MAX,
        }))
    }
}

fn of_traffic(seen: SeenValues) -> Seen {
    let values = seen.sortiment.into_iter();
    Seen {
        values: values.map(|v| (v.facet, v.vaerdi)).collect(),
        side: seen.side,
        posteringstype: seen.posteringstype,
        postings: seen.postings,
        first: seen.first,
        last: seen.last,
    }
}
