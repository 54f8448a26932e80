//! What people left lying on the last evening before the demo's day: a correction that was
//! itself rejected, an error set aside, one passed on to finance. Everything as a person and
//! their fagsystem would do it, through the worklist and the service.

use std::sync::Arc;

use jiff::{SignedDuration, ToSpan};
use oir_domain::access::{Action, Person, Role};
use oir_domain::fault::FaultCode;
use oir_domain::finans::{Afsendelse, Leveranceform};
use oir_domain::ids::{BilagUuid, TransaktionsId};
use oir_domain::work::{Act, Area, Stop, Subject};
use oir_fagsystem::people::INVENTED;
use oir_fagsystem::{Content, Day, Planned, Wave};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::process::{Clock, Ids};
use oir_flow::ports::views::Views;
use oir_flow::ports::work::{WorkFilter, WorkItems, WorkLine};
use oir_flow::work::{Asker, Selection, Worklist};
use oir_store::Store;
use oir_transport::HttpCourier;

use super::earlier::SetClock;
use super::{CALLS, persons, senders};
use crate::process::OrderedIds;

/// Looked through for something to leave lying; a sending area of the demo has a few.
const LOOKED_AT: u32 = 200;
/// Between two things that the person does.
const PACE: SignedDuration = SignedDuration::from_mins(4);
/// How long an error is set aside, counted from the demo's day: still so when it is looked at.
const ASIDE_DAYS: i64 = 3;

/// A person of a sending area at their desk in the evening.
struct Evening<'a> {
    store: &'a Store,
    clock: &'a Arc<SetClock>,
    worklist: Worklist,
    person: Person,
}

/// Leaves things half done on the evening of that day, the day before the demo's.
///
/// # Errors
/// When the store or the way to the service fails.
pub(super) async fn leave(
    store: &Store,
    clock: &Arc<SetClock>,
    day: &Day,
    (url, demo_day): (&str, jiff::civil::Date),
) -> anyhow::Result<()> {
    let sends = |person: &Person| person.grants.iter().any(|g| g.role() == Role::Fagomraade);
    let Some(person) = persons::invented(&day.register).into_iter().find(sends) else {
        return Ok(());
    };
    let shared = Arc::new(store.clone());
    let evening = Evening {
        store,
        clock,
        worklist: Worklist::new(shared, Arc::clone(clock) as _),
        person,
    };
    let mut open = evening.rejected(demo_day).await?;
    let half = open.iter().position(comes_again).map(|at| open.remove(at));
    if let Some(line) = half {
        evening.half_finish(&line, day, url).await?;
    }
    let mut others = open.iter();
    if let Some(line) = others.next() {
        let until = demo_day.saturating_add(ASIDE_DAYS.days());
        let why = "Borgeren skal sende dokumentation. Den ventes i denne uge.";
        evening.acts(line, &Act::Take).await?;
        evening
            .acts(line, &Act::Postpone(until, why.into()))
            .await?;
    }
    if let Some(line) = others.next() {
        let why = "Er bilaget bogført i hånden hos jer? Skriv, om vi skal sende et nyt.";
        let to_finance = Act::ToArea(Area::Oekonomi, why.into());
        evening.acts(line, &to_finance).await?;
    }
    Ok(())
}

/// Whether the fault lies in what was sent, so that the same once more is rejected once more.
fn comes_again(line: &WorkLine) -> bool {
    let about_ids = [
        FaultCode::CorrectedUnknown,
        FaultCode::CorrectedNotOpen,
        FaultCode::BilagReused,
        FaultCode::BilagTwice,
    ];
    let code = line.item.cause.code;
    code.is_some_and(|code| code.code().starts_with("F03") && !about_ids.contains(&code))
}

impl Evening<'_> {
    /// The person's rejected bilag, the latest first.
    async fn rejected(&self, demo_day: jiff::civil::Date) -> Result<Vec<WorkLine>, StoreFailure> {
        let scope = self.person.scope(Action::HandleWork);
        let filter = WorkFilter {
            area: Some(Area::Fagomraade),
            ..WorkFilter::on(demo_day)
        };
        let items = self.store.items(&scope, &filter, None, None, LOOKED_AT);
        let mut found = items.await?;
        found.retain(|line| line.item.cause.stop == Stop::Rejected);
        found.sort_by_key(|line| std::cmp::Reverse(line.item.opened));
        Ok(found)
    }

    async fn acts(&self, line: &WorkLine, act: &Act) -> Result<(), StoreFailure> {
        self.clock.advance(PACE);
        let scope = self.person.scope(Action::HandleWork);
        let asker = Asker {
            person: &self.person,
            scope: &scope,
        };
        let these = Selection::These(vec![line.item.subject]);
        let effect = self.worklist.perform(asker, &these, act).await?;
        if effect.done() != 1 {
            tracing::warn!(step = act.word(), "a step of the evening was not possible");
        }
        Ok(())
    }

    /// Taken, corrected, and the correction has the same fault.
    async fn half_finish(&self, line: &WorkLine, day: &Day, url: &str) -> anyhow::Result<()> {
        self.acts(line, &Act::Take).await?;
        let Some(planned) = self.same_fault_again(line, day).await? else {
            return Ok(());
        };
        self.clock.advance(PACE);
        let courier = HttpCourier::new(CALLS)?;
        senders::deliver(&courier, url, &planned).await;
        let said = "Rettelsen er sendt og blev også afvist, med samme fejl. \
                    Venter på svar fra leverandøren.";
        self.acts(line, &Act::Comment(said.into())).await?;
        Ok(())
    }

    /// A message of the fagsystem with the bilag once more, under a new id that corrects it.
    async fn same_fault_again(
        &self,
        line: &WorkLine,
        day: &Day,
    ) -> Result<Option<Planned>, StoreFailure> {
        let (Subject::Bilag(id), Some(fagsystem)) = (line.item.subject, line.item.fagsystem) else {
            return Ok(None);
        };
        let kommune = line.item.kommune;
        let mut register = day.register.myndigheder.iter();
        let myndighed = register.find(|m| m.kommune == kommune).map(|m| m.cvr);
        let scope = self.person.scope(Action::SeeBilag);
        let found = self.store.detail(&scope, id).await?;
        let Some((detail, myndighed)) = found.zip(myndighed) else {
            return Ok(None);
        };
        let ids = OrderedIds::by(Arc::clone(self.clock) as _);
        let mut bilag = detail.bilag;
        bilag.korrigerer = Some(bilag.bilag_uuid);
        bilag.bilag_uuid = BilagUuid::from_uuid(ids.next());
        let afsendelse = Afsendelse {
            transaktions_id: TransaktionsId::from_uuid(ids.next()),
            myndighed,
            afsender_system: fagsystem,
            oprettet: self.clock.now(),
            korrelations_id: Some(format!("{INVENTED} halvfærdig rettelse").into()),
            leveranceform: Leveranceform::Straks,
            kontroltotal: None,
            bilag: vec![bilag],
        };
        Ok(Some(Planned {
            number: day.len(),
            wave: Wave::Second,
            fagsystem,
            kommune,
            content: Content::New(afsendelse),
            expected: Vec::new(),
        }))
    }
}
