//! A draft over bilag of the past: begun by a form, run beside the pages, looked at while it runs
//! without a script, and kept on the draft when it is done. Runs live in this process; a restart
//! ends them, and what the draft remembers of the last one stands.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::header::REFRESH;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use oir_domain::access::Action;
use oir_domain::omsaetning::simulation::{Change, Count, Example, KontoShift, Landing};
use oir_domain::omsaetning::{SimulationReport, TableId};
use oir_flow::omsaetning::{NotDone, Progress};
use oir_flow::ports::process::Clock;
use serde::Deserialize;

use super::acts::work;
use super::{Address, Table, Way, approval, words};
use crate::danish_format::{day, day_short, kroner, read_day, whole};
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::form::Faulty;
use crate::portal::view::{Fact, Page};

/// Runs at once: each keeps a reading connection busy and a core half of the time.
const AT_ONCE: usize = 2;
/// How long what a run found is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(4);
/// Longest history that a run reads: two years of accounts.
const DAYS_MAX: i32 = 800;
/// Changes and accounts of a page; the largest come first.
const SHOWN: usize = 100;
/// Seconds between looks at the page.
const LOOK_EVERY: &str = "2";

/// All runs of this process, one for each table.
#[derive(Debug, Default)]
pub(in crate::portal) struct Runs(Mutex<BTreeMap<TableId, Arc<Run>>>);

/// A run under way or done.
#[derive(Debug)]
struct Run {
    number: u32,
    edition: u32,
    days: (Date, Date),
    postings: AtomicU64,
    /// How much of the days is run.
    permille: AtomicU16,
    standing: Mutex<Standing>,
}

#[derive(Debug, Clone)]
enum Standing {
    Running,
    /// What was found; whether the draft was still the same when it was; and when.
    Done(Arc<SimulationReport>, Kept, Timestamp),
    Failed(Timestamp),
}

/// Whether a draft remembers a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Here,
    /// It was saved while it ran.
    Stale,
}

impl Run {
    fn standing(&self) -> Standing {
        let standing = self.standing.lock();
        standing.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it, unless it has ended.
    fn end(&self, how: Standing) {
        let standing = self.standing.lock();
        let mut standing = standing.unwrap_or_else(PoisonError::into_inner);
        if matches!(*standing, Standing::Running) {
            *standing = how;
        }
    }

    fn is_running(&self) -> bool {
        matches!(self.standing(), Standing::Running)
    }

    fn is_over(&self, now: Timestamp) -> bool {
        match self.standing() {
            Standing::Running => false,
            Standing::Done(_, _, at) | Standing::Failed(at) => now.duration_since(at) > KEPT,
        }
    }
}

/// The end of a run whose work stops before it says how it went, be it by a bug: it failed.
struct Ending {
    run: Arc<Run>,
    clock: Arc<dyn Clock>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.run.end(Standing::Failed(self.clock.now()));
    }
}

impl Runs {
    fn runs(&self, now: Timestamp) -> std::sync::MutexGuard<'_, BTreeMap<TableId, Arc<Run>>> {
        let runs = self.0.lock();
        let mut runs = runs.unwrap_or_else(PoisonError::into_inner);
        runs.retain(|_, run| !run.is_over(now));
        runs
    }

    fn of(&self, table: TableId, now: Timestamp) -> Option<Arc<Run>> {
        self.runs(now).get(&table).map(Arc::clone)
    }

    /// Room for a run of a table, unless one is under way or too many are.
    fn begin(&self, table: TableId, run: &Arc<Run>, now: Timestamp) -> Begun {
        let mut runs = self.runs(now);
        let running = |run: &Arc<Run>| run.is_running();
        if runs.get(&table).is_some_and(running) {
            return Begun::Already;
        }
        if runs.values().filter(|run| running(run)).count() >= AT_ONCE {
            return Begun::Full;
        }
        runs.insert(table, Arc::clone(run));
        Begun::Here
    }
}

enum Begun {
    Here,
    Already,
    Full,
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/simulation.html")]
struct SimulationPage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    draft: Option<(u32, u32)>,
    begin: Option<String>,
    /// None when this reader may not run it.
    token: Option<String>,
    here: String,
    /// None where the reader may not go.
    approval: Option<String>,
    faults: Faulty,
    fra: String,
    til: String,
    /// A run under way: its days, postings and percent of the days.
    running: Option<(String, String, u16)>,
    failed: bool,
    full: bool,
    /// Whether the draft changed while it was run, or since.
    outdated: bool,
    kept: Option<Vec<Fact>>,
    found: Option<Found>,
}

/// What a run found, as the page shows it.
#[derive(Debug)]
struct Found {
    facts: Vec<Fact>,
    changes: Vec<ChangeLine>,
    more_changes: Option<String>,
    kontos: Vec<KontoLine>,
    more_kontos: Option<String>,
    bilag: bool,
}

#[derive(Debug)]
struct ChangeLine {
    from: String,
    to: String,
    postings: String,
    bilag: String,
    kr: String,
    from_day: String,
    booked: String,
    examples: Vec<(String, String)>,
}

#[derive(Debug)]
struct KontoLine {
    konto: String,
    before_debit: String,
    before_credit: String,
    after_debit: String,
    after_credit: String,
}

fn landing(landing: &Landing) -> String {
    match landing {
        Landing::Kontos(kontos) => words::all_of(kontos),
        Landing::NoRule => "Ingen konto".to_owned(),
        Landing::Lacks(facet) => format!("Ingen konto: posteringen har ingen {facet}"),
    }
}

fn change_line(change: &Change) -> ChangeLine {
    let count = &change.count;
    let example = |one: &Example| {
        let words = format!(
            "{}, linje {}, {} kr.",
            day_short(one.day),
            one.linjenummer,
            kroner(one.beloeb)
        );
        (format!("/bilag/{}", one.bilag), words)
    };
    ChangeLine {
        from: landing(&change.from),
        to: landing(&change.to),
        postings: whole(count.postings),
        bilag: whole(count.bilag),
        kr: sums(count, ""),
        from_day: whole(count.from_day),
        booked: whole(count.booked),
        examples: change.examples.iter().map(example).collect(),
    }
}

/// Debit and credit of what moves; mostly it is one of them.
fn sums(count: &Count, unit: &str) -> String {
    let (debit, credit) = (count.elsewhere.debit, count.elsewhere.credit);
    let debit_words = format!("{}{unit} debet", kroner(debit));
    let credit_words = format!("{}{unit} kredit", kroner(credit));
    match (debit.get(), credit.get()) {
        (_, 0) => debit_words,
        (0, _) => credit_words,
        _ => format!("{debit_words}, {credit_words}"),
    }
}

fn found(report: &SimulationReport, bilag: bool) -> Found {
    let count = |label, count: &Count| {
        let words = format!(
            "{} posteringer, {}",
            whole(count.postings),
            sums(count, " kr.")
        );
        Fact::new(label, words)
    };
    let more = |all: usize| {
        let all = u64::try_from(all).unwrap_or(u64::MAX);
        (all > u64::try_from(SHOWN).unwrap_or(u64::MAX)).then(|| whole(all))
    };
    let days = report.days.map_or_else(
        || "Ingen posteringer i perioden".to_owned(),
        |(from, to)| format!("{} – {}", day(from), day(to)),
    );
    let shifted: Vec<_> = report
        .kontos
        .iter()
        .filter(|konto| konto.changes())
        .collect();
    let konto = |shift: &&KontoShift| KontoLine {
        konto: shift.konto.to_string(),
        before_debit: kroner(shift.before.debit),
        before_credit: kroner(shift.before.credit),
        after_debit: kroner(shift.after.debit),
        after_credit: kroner(shift.after.credit),
    };
    Found {
        facts: vec![
            Fact::new("Konteringsdage", days),
            Fact::new("Posteringer i alt", whole(report.postings)),
            Fact::new("Før kladdens dag", whole(report.before_force)),
            count("Ville flytte til en anden konto", &report.moved),
            count("Ville få en konto", &report.newly_mapped),
            count("Ville miste deres konto", &report.newly_unmapped),
            Fact::new("Ville stadig mangle en konto", whole(report.still_unmapped)),
        ],
        changes: report.changes.iter().take(SHOWN).map(change_line).collect(),
        more_changes: more(report.changes.len()),
        more_kontos: more(shifted.len()),
        kontos: shifted.iter().take(SHOWN).map(konto).collect(),
        bilag,
    }
}

fn simulation_page(state: &PortalState, viewer: &Viewer, table: &Table) -> SimulationPage {
    let draft = table.draft();
    let edit = table.may(viewer, Action::EditOmsaetning);
    let approver = table.may(viewer, Action::ApproveOmsaetning);
    let run = state.runs.of(table.id, state.clock.now());
    let run = run.filter(|run| draft.is_some_and(|draft| draft.number == run.number));
    let mut template = SimulationPage {
        page: table.page("Simulering", viewer),
        ways: table.ways(Way::Simulation),
        draft: draft.map(|draft| (draft.number, draft.edition)),
        begin: (edit && draft.is_none()).then(|| table.href("/kladde/ny")),
        token: viewer.token().filter(|_| edit),
        here: table.href("/simulering"),
        approval: approver.then(|| table.href("/godkend")),
        faults: Faulty::default(),
        fra: String::new(),
        til: String::new(),
        running: None,
        failed: false,
        full: false,
        outdated: false,
        kept: None,
        found: None,
    };
    let Some(draft) = draft else {
        return template;
    };
    match run.as_ref().map(|run| (run, run.standing())) {
        Some((run, Standing::Running)) => {
            let days = format!("{} – {}", day(run.days.0), day(run.days.1));
            let postings = whole(run.postings.load(Ordering::Relaxed));
            let percent = run.permille.load(Ordering::Relaxed) / 10;
            template.running = Some((days, postings, percent));
        }
        Some((run, Standing::Done(report, kept, _))) => {
            template.outdated = kept == Kept::Stale || run.edition != draft.edition;
            template.found = Some(found(&report, viewer.may(Action::SeeBilag)));
        }
        Some((_, Standing::Failed(_))) => template.failed = true,
        None => {
            let simulated = draft.simulated.as_ref();
            template.outdated = simulated.is_some() && !words::is_simulated(draft);
            template.kept = simulated.map(|found| approval::figures(found, state));
        }
    }
    template
}

/// `GET …/simulering`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let template = simulation_page(&state, &viewer, &table);
    let answer = page(&template)?;
    Ok(match template.running {
        Some(_) => ([(REFRESH, LOOK_EVERY)], answer).into_response(),
        None => answer.into_response(),
    })
}

/// The form that begins a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Wanted {
    token: String,
    periode: String,
    fra: String,
    til: String,
}

impl Wanted {
    /// First and last day of reception.
    fn days(&self, today: Date, faults: &mut Faulty) -> Option<(Date, Date)> {
        let back = |days: i32| today.saturating_sub(Span::new().days(days));
        match self.periode.as_str() {
            "maaned" => return Some((back(31), today)),
            "aar" => return Some((back(366), today)),
            _ => {}
        }
        let (from, to) = (read_day(&self.fra), read_day(&self.til));
        if from.is_none() {
            faults.add("fra", "Skriv første dag som 01.11.2026");
        }
        if to.is_none() {
            faults.add("til", "Skriv sidste dag som 30.11.2026");
        }
        let days = from.zip(to)?;
        if days.1 < days.0 {
            faults.add("til", "Sidste dag ligger før første dag. Byt dem om");
            return None;
        }
        if days.0.saturating_add(Span::new().days(DAYS_MAX)) < days.1 {
            faults.add("fra", "Vælg højst to år");
            return None;
        }
        Some(days)
    }
}

/// `POST …/simulering/koer`
pub(in crate::portal) async fn run(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    sent: Result<Form<Wanted>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(wanted) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&wanted.token)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let back = Redirect::to(&table.href("/simulering"));
    let Some(draft) = table.draft() else {
        return Ok(back.into_response());
    };
    let mut faults = Faulty::default();
    let Some(days) = wanted.days(state.today(), &mut faults) else {
        let mut template = simulation_page(&state, &viewer, &table);
        (template.fra, template.til) = (wanted.fra, wanted.til);
        template.faults = faults;
        return Ok(unreadable_form(page(&template)?));
    };
    let now = state.clock.now();
    let run = Arc::new(Run {
        number: draft.number,
        edition: draft.edition,
        days,
        postings: AtomicU64::new(0),
        permille: AtomicU16::new(0),
        standing: Mutex::new(Standing::Running),
    });
    match state.runs.begin(table.id, &run, now) {
        Begun::Here => {
            tokio::spawn(go(state, viewer, table.id, run));
            Ok(back.into_response())
        }
        Begun::Already => Ok(back.into_response()),
        Begun::Full => {
            let mut template = simulation_page(&state, &viewer, &table);
            template.full = true;
            Ok(unreadable_form(page(&template)?))
        }
    }
}

/// Runs the draft and keeps what it found on it, if it is still the same.
async fn go(state: PortalState, viewer: Viewer, table: TableId, run: Arc<Run>) {
    let _ending = Ending {
        run: Arc::clone(&run),
        clock: Arc::clone(&state.clock),
    };
    let own = work(&state, &viewer, table);
    let progress = |progress: Progress| {
        run.postings.store(progress.postings, Ordering::Relaxed);
        run.permille.store(progress.permille, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let ran = match own.simulate(run.number, run.days, progress).await {
        Ok(ran) => ran,
        Err(failure) => {
            tracing::error!(%failure, "a simulation failed");
            return;
        }
    };
    let own = work(&state, &viewer, table);
    let kept = match own.keep_simulation(run.number, &ran.simulated).await {
        Ok(()) => Kept::Here,
        Err(NotDone::Stale) => Kept::Stale,
        Err(failure) => {
            tracing::error!(%failure, "what a simulation found could not be kept");
            return;
        }
    };
    let report = Arc::new(ran.report);
    run.end(Standing::Done(report, kept, state.clock.now()));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::{Arc, Mutex};

    use jiff::civil::date;
    use jiff::{SignedDuration, Timestamp};
    use oir_domain::ids::FagsystemId;
    use oir_domain::omsaetning::TableId;
    use oir_domain::party::Kommunekode;
    use uuid::Uuid;

    use super::{Begun, Run, Runs, Standing};

    #[test]
    fn what_a_run_ended_as_stands_and_is_kept_from_its_end() {
        let at = |hours: i64| {
            let begun: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
            begun + SignedDuration::from_hours(hours)
        };
        let table = TableId {
            kommune: Kommunekode(791),
            fagsystem: FagsystemId::from_uuid(Uuid::nil()),
        };
        let run = Arc::new(Run {
            number: 1,
            edition: 1,
            days: (date(2026, 1, 1), date(2026, 1, 31)),
            postings: 0.into(),
            permille: 0.into(),
            standing: Mutex::new(Standing::Running),
        });
        let runs = Runs::default();
        assert!(matches!(runs.begin(table, &run, at(0)), Begun::Here));
        assert!(matches!(runs.begin(table, &run, at(9)), Begun::Already));
        run.end(Standing::Failed(at(10)));
        run.end(Standing::Running);
        assert!(!run.is_running(), "an end is not taken back");
        assert!(runs.of(table, at(13)).is_some());
        assert!(runs.of(table, at(15)).is_none());
        assert!(matches!(runs.begin(table, &run, at(15)), Begun::Here));
    }
}
