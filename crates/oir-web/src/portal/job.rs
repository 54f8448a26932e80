//! Long workbooks under way: each has a page that shows how far it is, a file when it is
//! done, and an end: after half an hour, when its person stops it, or when nobody has looked
//! for two minutes. They live in this process; a restart ends them.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::header::{CONTENT_LENGTH, REFRESH};
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};
use oir_flow::ports::views::BilagLine;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::PortalState;
use super::door::Viewer;
use super::export::{COLUMNS, Reader, cells, note, said};
use super::failure::{PageError, page};
use super::names::Names;
use super::view::{Page, Section};
use super::workbook::{Growing, XLSX, attached, file_name};
use crate::danish_format::{instant_short, whole};

/// Exports at once, streams and workbooks together: each keeps a reading connection busy and
/// a core half of the time.
const AT_ONCE: usize = 4;
/// How long a file is kept when it is done.
const KEPT: SignedDuration = SignedDuration::from_mins(30);
/// After so long without a look, nobody waits for it.
const UNSEEN: SignedDuration = SignedDuration::from_mins(2);
/// Seconds between looks at the page.
const LOOK_EVERY: &str = "2";
/// Bytes of a file read at a time.
const CHUNK: usize = 256 * 1024;
/// Batches that wait for the writer.
const AHEAD: usize = 2;

/// All exports of this process.
#[derive(Debug)]
pub(super) struct Exports {
    places: Arc<Semaphore>,
    jobs: Mutex<BTreeMap<u64, Arc<Job>>>,
}

impl Default for Exports {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            jobs: Mutex::default(),
        }
    }
}

/// A workbook under way or done.
#[derive(Debug)]
struct Job {
    number: u64,
    owner: Box<str>,
    query: String,
    rows: AtomicU64,
    /// When its page was last looked at, microseconds.
    seen: AtomicI64,
    standing: Mutex<Standing>,
}

#[derive(Debug, Clone)]
enum Standing {
    Growing,
    Done(Arc<File>, u64, Timestamp),
    Failed(Timestamp),
    Stopped(Timestamp),
}

impl Job {
    fn standing(&self) -> Standing {
        let standing = self.standing.lock();
        standing.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it, unless it has ended.
    fn end(&self, how: Standing) {
        let standing = self.standing.lock();
        let mut standing = standing.unwrap_or_else(PoisonError::into_inner);
        if matches!(*standing, Standing::Growing) {
            *standing = how;
        }
    }

    /// Whether somebody still waits for it.
    fn is_wanted(&self, now: Timestamp) -> bool {
        let seen = self.seen.load(Ordering::Relaxed);
        let unseen = now.as_microsecond().saturating_sub(seen);
        let patience = i64::try_from(UNSEEN.as_micros()).unwrap_or(i64::MAX);
        matches!(self.standing(), Standing::Growing) && unseen < patience
    }

    fn is_over(&self, now: Timestamp) -> bool {
        match self.standing() {
            Standing::Growing => false,
            Standing::Done(_, _, at) | Standing::Failed(at) | Standing::Stopped(at) => {
                now.duration_since(at) > KEPT
            }
        }
    }
}

impl Exports {
    /// A place for one more, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    fn jobs(&self, now: Timestamp) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Job>>> {
        let jobs = self.jobs.lock();
        let mut jobs = jobs.unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, job| !job.is_over(now));
        jobs
    }

    /// A person's job of that number; another's is not there.
    fn of(&self, viewer: &Viewer, number: u64, now: Timestamp) -> Option<Arc<Job>> {
        let jobs = self.jobs(now);
        let job = jobs.get(&number)?;
        (job.owner == viewer.person.subject).then(|| Arc::clone(job))
    }
}

/// What a job begins with.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) query: String,
    pub(super) about: Vec<(&'static str, String)>,
    /// Lines read already.
    pub(super) lines: Vec<BilagLine>,
    pub(super) reader: Reader,
    pub(super) place: OwnedSemaphorePermit,
}

/// Begins a job and gives its number. Who asks again for what is under way gets the same.
pub(super) fn begin(state: &PortalState, viewer: &Viewer, begun: Begun) -> u64 {
    let now = state.clock.now();
    let owner = &viewer.person.subject;
    let mut jobs = state.exports.jobs(now);
    let same = jobs
        .values()
        .find(|job| job.owner == *owner && job.query == begun.query && job.is_wanted(now));
    if let Some(job) = same {
        return job.number;
    }
    // Beyond all numbers of this process, and of one that ran before.
    let micros = u64::try_from(now.as_microsecond()).unwrap_or(0);
    let last = jobs.last_key_value().map_or(0, |(number, _)| *number);
    let number = micros.max(last.saturating_add(1));
    let job = Arc::new(Job {
        number,
        owner: owner.clone(),
        query: begun.query.clone(),
        rows: AtomicU64::new(0),
        seen: AtomicI64::new(now.as_microsecond()),
        standing: Mutex::new(Standing::Growing),
    });
    jobs.insert(number, Arc::clone(&job));
    drop(jobs);
    tokio::spawn(grow(state.clone(), job, begun));
    number
}

/// What the writing thread is handed.
enum Part {
    Lines(Vec<BilagLine>),
    End(usize),
}

/// Reads the list and has it written, as long as somebody waits for it.
async fn grow(state: PortalState, job: Arc<Job>, begun: Begun) {
    let (give, take) = mpsc::channel(AHEAD);
    let (names, about) = (state.names(), begun.about);
    let zone = state.zone.clone();
    let writer = tokio::task::spawn_blocking(move || write(take, about, &names, &zone));
    let read = read(&state, &job, begun.lines, begun.reader, &give).await;
    drop(give);
    let written = writer.await;
    let now = state.clock.now();
    match (read, written) {
        (Ok(()), Ok(Ok(Some((file, size))))) => {
            job.end(Standing::Done(Arc::new(file), size, now));
        }
        (Ok(()), Ok(Ok(None))) => job.end(Standing::Stopped(now)),
        (Err(failure), _) => {
            tracing::error!(%failure, "an export's list could not be read");
            job.end(Standing::Failed(now));
        }
        (Ok(()), failed) => {
            tracing::error!(?failed, "an export could not be written");
            job.end(Standing::Failed(now));
        }
    }
    drop(begun.place);
}

async fn read(
    state: &PortalState,
    job: &Job,
    mut lines: Vec<BilagLine>,
    mut reader: Reader,
    give: &mpsc::Sender<Part>,
) -> Result<(), oir_flow::ports::StoreFailure> {
    let mut all: usize = 0;
    while !lines.is_empty() {
        if !job.is_wanted(state.clock.now()) {
            return Ok(());
        }
        all = all.saturating_add(lines.len());
        let count = u64::try_from(lines.len()).unwrap_or(0);
        if give.send(Part::Lines(lines)).await.is_err() {
            // The writer says why.
            return Ok(());
        }
        job.rows.fetch_add(count, Ordering::Relaxed);
        lines = reader.next().await?;
    }
    // A writer that is gone says why itself.
    drop(give.send(Part::End(all)).await);
    Ok(())
}

type Written = Option<(File, u64)>;

/// Writes until the end; nothing when the end never comes.
fn write(
    mut take: mpsc::Receiver<Part>,
    about: Vec<(&'static str, String)>,
    names: &Names,
    zone: &jiff::tz::TimeZone,
) -> Result<Written, String> {
    let told = |error: rust_xlsxwriter::XlsxError| error.to_string();
    let mut growing = Growing::new("Bilag", COLUMNS.to_vec()).map_err(told)?;
    while let Some(part) = take.blocking_recv() {
        match part {
            Part::Lines(lines) => {
                for line in &lines {
                    growing.add(&cells(line, names, zone)).map_err(told)?;
                }
            }
            Part::End(all) => {
                let file = tempfile::tempfile().map_err(|e| e.to_string())?;
                let into = file.try_clone().map_err(|e| e.to_string())?;
                growing.save(&said(about, all), into).map_err(told)?;
                let size = file.metadata().map_err(|e| e.to_string())?.len();
                return Ok(Some((file, size)));
            }
        }
    }
    Ok(None)
}

/// The page of a job.
#[derive(Debug, Template)]
#[template(path = "eksport.html")]
struct JobPage {
    page: Page,
    number: u64,
    rows: String,
    standing: &'static str,
    kept_until: String,
    back: String,
    token: Option<String>,
}

/// `GET /eksport/{id}`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let (job, now) = (find(&state, &viewer, &number)?, state.clock.now());
    job.seen.store(now.as_microsecond(), Ordering::Relaxed);
    let (standing, kept_until) = match job.standing() {
        Standing::Growing => ("growing", None),
        Standing::Done(_, _, at) => ("done", at.checked_add(KEPT).ok()),
        Standing::Failed(_) => ("failed", None),
        Standing::Stopped(_) => ("stopped", None),
    };
    let crumbs = [("/", "Forside"), ("/bilag", "Bilag")];
    let template = JobPage {
        page: Page::inside("Regneark", Section::Bilag, &viewer).below(&crumbs),
        number: job.number,
        rows: whole(job.rows.load(Ordering::Relaxed)),
        standing,
        kept_until: kept_until.map_or_else(String::new, |at| instant_short(at, &state.zone)),
        back: format!("/bilag?{}", job.query),
        token: viewer.token(),
    };
    let answer = page(&template)?;
    Ok(match standing {
        "growing" => ([(REFRESH, LOOK_EVERY)], answer).into_response(),
        _ => answer.into_response(),
    })
}

fn find(state: &PortalState, viewer: &Viewer, number: &str) -> Result<Arc<Job>, PageError> {
    let number = number.parse().map_err(|_| PageError::NotFound)?;
    let found = state.exports.of(viewer, number, state.clock.now());
    found.ok_or(PageError::NotFound)
}

/// `GET /eksport/{id}/fil`
pub(super) async fn file(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
) -> Result<Response, PageError> {
    let job = find(&state, &viewer, &number)?;
    let Standing::Done(file, size, at) = job.standing() else {
        return Ok(Redirect::to(&format!("/eksport/{}", job.number)).into_response());
    };
    let rows = whole(job.rows.load(Ordering::Relaxed));
    let what = format!("{rows} linjer, {}", job.query);
    note(&state, &viewer, "bilag.xlsx", &what).await?;
    let name = file_name("bilag", "xlsx", at, &state.zone);
    let chunks = stream::try_unfold((file, 0), |(file, from)| async move {
        let read = tokio::task::spawn_blocking(move || chunk(&file, from).map(|c| (c, file)));
        let (bytes, file) = read.await.map_err(std::io::Error::other)??;
        let next = from.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        let more = (!bytes.is_empty()).then_some((bytes, (file, next)));
        Ok::<_, std::io::Error>(more)
    });
    let length = [(CONTENT_LENGTH, size.to_string())];
    let body = Body::from_stream(chunks);
    Ok((attached(XLSX, &name), length, body).into_response())
}

fn chunk(file: &File, from: u64) -> std::io::Result<Bytes> {
    let mut bytes = vec![0; CHUNK];
    let read = file.read_at(&mut bytes, from)?;
    bytes.truncate(read);
    Ok(bytes.into())
}

/// The form that stops it.
#[derive(Debug, Deserialize)]
pub(super) struct Stop {
    token: String,
}

/// `POST /eksport/{id}`
pub(super) async fn stop(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(number): Path<String>,
    form: Result<Form<Stop>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let job = find(&state, &viewer, &number)?;
    job.end(Standing::Stopped(state.clock.now()));
    Ok(Redirect::to(&format!("/eksport/{}", job.number)).into_response())
}
