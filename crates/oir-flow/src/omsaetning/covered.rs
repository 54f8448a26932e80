//! Whether rules have an account for everything that can be sent: the sortiment as it is,
//! and what traffic brought together.

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::calendar::{Validity, copenhagen, day_of};
use oir_domain::finans::Posteringstype;
use oir_domain::klassifikation::sortiment::FIRST_DAY;
use oir_domain::omsaetning::coverage::{
    COMBINATIONS_MAX, Coverage, Dimension, Question, Seen, coverage,
};
use oir_domain::omsaetning::{Rule, TableId, Version};
use oir_domain::register::Sortimentspost;

use super::{NotDone, Work};

/// How far back traffic is looked at: a year, and the month that is compared with.
const MONTHS_BACK: i32 = 13;
/// How far ahead days are looked at.
const MONTHS_AHEAD: i32 = 12;

/// What rules cover.
#[derive(Debug)]
pub struct Covered {
    /// What was found.
    pub coverage: Coverage,
    /// Whether the fagsystem has a sortiment; without one, only what it sent was looked at.
    pub sortiment: bool,
}

/// The first day of reception whose traffic is looked at.
#[must_use]
pub fn traffic_since(today: Date) -> Date {
    today.saturating_sub(Span::new().months(MONTHS_BACK))
}

/// The last day that is looked at when the first one is this.
#[must_use]
pub fn year_ahead(first: Date) -> Date {
    first.saturating_add(Span::new().months(MONTHS_AHEAD))
}

/// The days that are looked at: a year from today, or from when a version begins that has not.
#[must_use]
pub fn window(version: Option<&Version>, today: Date) -> (Date, Date) {
    let begins = version.and_then(|version| version.in_force_from);
    let first = begins.map_or(today, |begins| begins.max(today));
    (first, year_ahead(first))
}

/// What rules cover on some days, by the sortiment of their table and by what was seen; without
/// a sortiment what was seen stands in its place. Lawful combinations are not asked about: the
/// register does not hold them, so that every value goes with every other.
#[must_use]
pub fn covered(
    rules: &[Rule],
    days: (Date, Date),
    table: TableId,
    posts: &[Sortimentspost],
    seen: &[Seen],
) -> Covered {
    let (kommune, fagsystem) = (table.kommune, table.fagsystem);
    let dimensions = if posts.is_empty() {
        Dimension::of_sortiment(&of_traffic(seen, table), kommune, fagsystem)
    } else {
        Dimension::of_sortiment(posts, kommune, fagsystem)
    };
    let coverage = coverage(&Question {
        rules,
        days,
        dimensions: &dimensions,
        lawful: &[],
        kinds: &[Posteringstype::Normal, Posteringstype::Supplement],
        seen,
        most: COMBINATIONS_MAX,
    });
    Covered {
        coverage,
        sortiment: !posts.is_empty(),
    }
}

/// What was sent, in the place of a sortiment that nobody has written.
fn of_traffic(seen: &[Seen], table: TableId) -> Vec<Sortimentspost> {
    let values = seen.iter().flat_map(|seen| &seen.values);
    let values: BTreeSet<&(Box<str>, Box<str>)> = values.collect();
    let post = |(facet, vaerdi): &(Box<str>, Box<str>)| Sortimentspost {
        fagsystem: table.fagsystem,
        kommune: None,
        facet: facet.clone(),
        vaerdi: vaerdi.clone(),
        validity: Validity {
            from: FIRST_DAY,
            to: None,
        },
    };
    values.into_iter().map(post).collect()
}

impl Work<'_> {
    /// What rules cover on some days, by the sortiment of the table and by the traffic of the
    /// last thirteen months.
    ///
    /// # Errors
    /// [`NotDone::NotThere`], [`NotDone::Store`].
    pub async fn coverage(
        &self,
        rules: &[Rule],
        days: (Date, Date),
        sortiment: &[Sortimentspost],
    ) -> Result<Covered, NotDone> {
        self.may(Action::SeeSortiment)?;
        let since = traffic_since(day_of(self.now, &copenhagen()));
        let seen = self.tables.seen(&self.own(), self.table, since).await?;
        let seen: Vec<Seen> = seen.into_iter().map(Seen::from).collect();
        Ok(covered(rules, days, self.table, sortiment, &seen))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use oir_domain::ids::FagsystemId;
    use oir_domain::money::Side;
    use oir_domain::party::Kommunekode;
    use uuid::Uuid;

    use super::*;

    const TABLE: TableId = TableId {
        kommune: Kommunekode(101),
        fagsystem: FagsystemId::from_uuid(Uuid::from_u128(7)),
    };

    #[test]
    fn without_a_sortiment_what_was_sent_must_have_an_account() {
        let seen = Seen {
            values: vec![("sted".into(), "4711".into())],
            side: Side::Debit,
            posteringstype: Posteringstype::Normal,
            postings: 3,
            first: date(2026, 1, 5),
            last: date(2026, 2, 5),
        };
        let days = (date(2026, 6, 1), date(2027, 6, 1));
        let found = covered(&[], days, TABLE, &[], &[seen]);
        assert!(!found.sortiment);
        assert!(!found.coverage.complete());
        assert_eq!(found.coverage.days, days);
        assert_ne!(found.coverage.looked_at, 0, "days on which nothing came");
    }

    #[test]
    fn a_year_is_looked_at_from_today_or_from_a_later_beginning() {
        let today = date(2026, 11, 25);
        assert_eq!(window(None, today), (today, date(2027, 11, 25)));
        let mut version = Version {
            table: TABLE,
            number: 1,
            stage: oir_domain::omsaetning::Stage::Draft,
            based_on: 0,
            edition: 1,
            purpose: Box::default(),
            in_force_from: Some(date(2026, 1, 1)),
            rules: 0,
            writers: Vec::new(),
            begun: jiff::Timestamp::UNIX_EPOCH,
            saved: jiff::Timestamp::UNIX_EPOCH,
            simulated: None,
            approved: None,
        };
        assert_eq!(window(Some(&version), today).0, today);
        version.in_force_from = Some(date(2027, 1, 1));
        let days = (date(2027, 1, 1), date(2028, 1, 1));
        assert_eq!(window(Some(&version), today), days);
        assert_eq!(traffic_since(today), date(2025, 10, 25));
    }
}
