//! What waits for somebody, for letters: causes on the worklist and days without a signature,
//! in the words of the pages and with their addresses. No text of a bilag and no person.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use oir_domain::access::{Action, Person, Role, Scope};
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::masking::mask_text;
use oir_domain::work::{Area, deadline};
use oir_flow::ports::days::{DayFilter, Days, SigningKind};
use oir_flow::ports::post::{Waiting, WaitingFor, WaitingLine};
use oir_flow::ports::work::{CauseGroup, Whose, WorkFilter, WorkItems};
use oir_flow::ports::{Answer, StoreFailure};

use super::names::Names;
use super::{FaultWords, RegisterSource, afstemning, work, work_words};
use crate::danish_format::{month, sort_key};

/// Days before today that are looked at: who has not signed after two weeks has been told
/// on ten mornings.
pub(super) const DAYS: i32 = 14;

/// Whose desk an area is, and the right that lets them do something there.
const DESKS: [(Role, Area, Action); 4] = [
    (Role::Fagomraade, Area::Fagomraade, Action::HandleWork),
    (Role::OekonomiFinans, Area::Oekonomi, Action::HandleWork),
    (Role::AnsvarligFinans, Area::Oekonomi, Action::HandleWork),
    (Role::Drift, Area::Drift, Action::Redeliver),
];

/// What waits on the worklist and among the days.
#[derive(Clone)]
pub struct Desks {
    work: Arc<dyn WorkItems>,
    days: Arc<dyn Days>,
    register: RegisterSource,
    words: FaultWords,
    zone: TimeZone,
}

impl fmt::Debug for Desks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desks").finish_non_exhaustive()
    }
}

impl Desks {
    /// Over the worklist and the days of a store.
    pub fn new<S: WorkItems + Days + 'static>(
        store: Arc<S>,
        register: RegisterSource,
        words: FaultWords,
    ) -> Self {
        Self {
            work: Arc::<S>::clone(&store),
            days: store,
            register,
            words,
            zone: copenhagen(),
        }
    }

    async fn lines(&self, person: &Person, today: Date) -> Result<Vec<WaitingLine>, StoreFailure> {
        let names = Names::new((self.register)());
        let handled = person.scope(Action::HandleWork);
        let own = WorkFilter {
            whose: Whose::Of(&person.subject),
            ..WorkFilter::on(today)
        };
        let held = self.groups((&handled, &own), WaitingFor::Own, &names);
        let mut lines = held.await?;
        for (area, scope) in desks(person) {
            let untaken = WorkFilter {
                area: Some(area),
                whose: Whose::Untaken,
                ..WorkFilter::on(today)
            };
            let found = self.groups((&scope, &untaken), WaitingFor::Area, &names);
            lines.extend(found.await?);
        }
        lines.extend(self.unsigned(person, today).await?);
        Ok(lines)
    }

    /// The causes of a filter, the most urgent first; what is set aside, or goes on by
    /// itself, waits for nobody.
    async fn groups(
        &self,
        (scope, filter): (&Scope, &WorkFilter<'_>),
        why: WaitingFor,
        names: &Names,
    ) -> Result<Vec<WaitingLine>, StoreFailure> {
        if scope.is_nothing() {
            return Ok(Vec::new());
        }
        let mut groups = self.work.causes(scope, filter).await?;
        groups.retain(|g| !g.key.cause.stop.passes_by_itself() && g.postponed < g.antal);
        groups.sort_by_cached_key(|group| {
            let worth = group.debet.get().saturating_neg();
            let navn = sort_key(&names.kommune(group.key.kommune));
            (self.due(group), worth, navn, group.key.clone())
        });
        Ok(groups.iter().map(|g| self.line(g, why, names)).collect())
    }

    fn due(&self, group: &CauseGroup) -> Date {
        deadline(group.area, day_of(group.oldest, &self.zone))
    }

    fn line(&self, group: &CauseGroup, why: WaitingFor, names: &Names) -> WaitingLine {
        let cause = work_words::cause(&group.key.cause, self.words);
        let sender = names.fagsystem(group.key.fagsystem);
        let owner = names.kommune(group.key.kommune);
        WaitingLine {
            why,
            what: format!("{cause}, {sender}, {owner}").into(),
            antal: group.antal,
            beloeb: Some(group.debet),
            frist: Some(self.due(group)),
            path: path(group).into(),
        }
    }

    /// Days that nobody has signed for, by month: the page shows a month.
    async fn unsigned(
        &self,
        person: &Person,
        today: Date,
    ) -> Result<Vec<WaitingLine>, StoreFailure> {
        let scope = person.scope(Action::SignOffDay);
        if scope.is_nothing() {
            return Ok(Vec::new());
        }
        let filter = DayFilter {
            from: today.saturating_sub(DAYS.days()),
            to: today.saturating_sub(1.day()),
            kommune: None,
            fagsystem: None,
        };
        let mut months: BTreeMap<Date, u64> = BTreeMap::new();
        for row in self.days.days(&scope, &filter).await? {
            let last = row.signing.as_ref().map(|signing| signing.kind);
            if last != Some(SigningKind::Signed) {
                let count = months.entry(row.key.dag.first_of_month()).or_default();
                *count = count.saturating_add(1);
            }
        }
        let line = |(first, antal)| WaitingLine {
            why: WaitingFor::SignOff,
            what: format!("Modtagelsesdage i {}, der ikke er godkendt", month(first)).into(),
            antal,
            beloeb: None,
            frist: None,
            path: afstemning::unsigned_href(first).into(),
        };
        Ok(months.into_iter().map(line).collect())
    }
}

impl Waiting for Desks {
    fn waiting<'a>(&'a self, person: &'a Person, today: Date) -> Answer<'a, Vec<WaitingLine>> {
        Box::pin(self.lines(person, today))
    }
}

/// The desks of a person, and how far each reaches: only as far as the roles that sit there.
pub(super) fn desks(person: &Person) -> Vec<(Area, Scope)> {
    let reach = |area: Area| {
        let of_area = |role| DESKS.iter().find(|desk| desk.0 == role && desk.1 == area);
        let sits = person.grants.iter().find_map(|g| of_area(g.role()))?;
        let there = Person {
            grants: person
                .grants
                .iter()
                .filter(|grant| of_area(grant.role()).is_some())
                .cloned()
                .collect(),
            ..person.clone()
        };
        Some((area, there.scope(sits.2)))
    };
    Area::ALL.into_iter().filter_map(reach).collect()
}

/// The page of a cause; of its whole desk, should its value look like a person's number.
fn path(group: &CauseGroup) -> String {
    let value = &group.key.cause.value;
    if mask_text(value) == **value {
        work::group_href(&group.key, group.area)
    } else {
        format!("/fejl?omraade={}", group.area.word())
    }
}
