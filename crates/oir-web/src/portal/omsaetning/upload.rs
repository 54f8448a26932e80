//! A spreadsheet into the draft: read whole, shown as what it changes, and written when a person
//! says so. What waits to be confirmed lives in this process; after a restart it is sent again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use jiff::{SignedDuration, Timestamp};
use oir_domain::omsaetning::difference::{Changed, Column, Difference};
use oir_domain::omsaetning::{Rule, TableId, Version, difference};
use oir_flow::omsaetning::NotDone;
use oir_wire::omsaetning_sheet::{Facets, TableFault, read};
use oir_wire::sheet::BYTES_MAX;

use super::acts::{head_of, work};
use super::{Address, Table, aside, known_facets, words};
use crate::danish_format::whole;
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::forms::{Parts, with_file};
use crate::portal::view::Page;

/// Lines of each list of the preview.
const SHOWN: usize = 200;
/// How long a file waits to be confirmed.
const KEPT: SignedDuration = SignedDuration::from_mins(30);
/// Files that wait at once: the oldest makes room.
const WAITING_MAX: usize = 20;

/// Files that wait to be confirmed, one for each person and table.
#[derive(Debug, Default)]
pub(in crate::portal) struct Uploads(Mutex<BTreeMap<(Box<str>, TableId), Waiting>>);

/// One of them, read.
#[derive(Debug, Clone)]
struct Waiting {
    rules: Arc<[Rule]>,
    /// The draft that it was compared with.
    version: u32,
    edition: u32,
    at: Timestamp,
}

impl Uploads {
    fn keep(&self, viewer: &Viewer, table: TableId, waiting: Waiting) {
        let all = self.0.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        let now = waiting.at;
        all.retain(|_, other| now.duration_since(other.at) < KEPT);
        if all.len() >= WAITING_MAX {
            let oldest = all.iter().min_by_key(|(_, other)| other.at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                all.remove(&oldest);
            }
        }
        all.insert((viewer.person.subject.clone(), table), waiting);
    }

    fn take(&self, viewer: &Viewer, table: TableId) -> Option<Waiting> {
        let all = self.0.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        all.remove(&(viewer.person.subject.clone(), table))
    }
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/upload.html")]
struct UploadPage {
    page: Page,
    here: String,
    back: String,
    begin: Option<String>,
    token: Option<String>,
    /// The draft's rules as a file to work in.
    file: String,
    most: usize,
    notice: Option<(&'static str, &'static str)>,
    faults: Vec<FaultLine>,
    more_faults: Option<String>,
    preview: Option<Preview>,
}

/// What is wrong in the file, and where.
#[derive(Debug)]
struct FaultLine {
    code: &'static str,
    place: String,
    text: String,
    cure: String,
}

/// What the file would do to the draft.
#[derive(Debug)]
struct Preview {
    added: Vec<(u32, String)>,
    removed: Vec<(u32, String)>,
    changed: Vec<ChangedLine>,
    counts: [String; 5],
    cut: bool,
    nothing: bool,
}

#[derive(Debug)]
struct ChangedLine {
    number: u32,
    columns: String,
    old: String,
    new: String,
}

/// `GET` and `POST …/kladde/regneark`, with the room that a file takes.
pub(in crate::portal) fn route() -> MethodRouter<PortalState> {
    with_file(get(ask).post(take))
}

fn upload_page(viewer: &Viewer, table: &Table) -> UploadPage {
    let none = table.draft().is_none();
    UploadPage {
        page: table.page("Hent regler ind fra et regneark", viewer),
        here: table.href("/kladde/regneark"),
        back: table.href("/kladde"),
        begin: none.then(|| table.href("/kladde/ny")),
        token: viewer.token(),
        file: table.href("/regler.xlsx?udgave=kladde"),
        most: BYTES_MAX / 1024 / 1024,
        notice: None,
        faults: Vec::new(),
        more_faults: None,
        preview: None,
    }
}

/// `GET …/kladde/regneark`
async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let table = Table::find(&state, &viewer.scope, &address).await?;
    Ok(page(&upload_page(&viewer, &table))?.into_response())
}

/// `POST …/kladde/regneark`: shows what a file changes, or writes what was shown.
async fn take(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, PageError> {
    let parts = Parts::read(parts).await?;
    viewer.sent(parts.text("token"))?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let Some(draft) = table.draft().cloned() else {
        return Ok(Redirect::to(&table.href("/kladde")).into_response());
    };
    if parts.text("handling") == "gem" {
        return confirm(&state, &viewer, &table, &draft).await;
    }
    let old = table.rules(&state, &viewer.scope, draft.number).await?;
    let known = known_facets(&state, &table, &old);
    let next = state.tables.next_number(&viewer.scope, table.id).await?;
    let bytes = parts.file.bytes;
    let found = aside(move || {
        let facets = Facets {
            known: &known,
            next,
        };
        read(&bytes, &facets)
    });
    let mut template = upload_page(&viewer, &table);
    let rules = match found.await? {
        Ok(rules) => rules,
        Err(faults) => {
            template.more_faults = cut(faults.len());
            template.faults = faults.iter().take(SHOWN).map(fault_line).collect();
            return Ok(unreadable_form(page(&template)?));
        }
    };
    template.preview = Some(preview(&difference(&old, &rules)));
    let waiting = Waiting {
        rules: rules.into(),
        version: draft.number,
        edition: draft.edition,
        at: state.clock.now(),
    };
    state.uploads.keep(&viewer, table.id, waiting);
    Ok(page(&template)?.into_response())
}

/// Writes what was shown, if the draft is still the one that it was compared with.
async fn confirm(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    draft: &Version,
) -> Result<Response, PageError> {
    let mut template = upload_page(viewer, table);
    let Some(waiting) = state.uploads.take(viewer, table.id) else {
        template.notice = Some((
            "Regnearket er her ikke mere",
            "Der gik for lang tid, før du bekræftede, eller ØiR er startet igen. Intet er gemt. Vælg filen igen.",
        ));
        return Ok(unreadable_form(page(&template)?));
    };
    let own = work(state, viewer, table.id);
    let place = (waiting.version, waiting.edition);
    let rules = Some(waiting.rules.to_vec());
    match own.save(place, &head_of(draft), rules).await {
        Ok(_) => Ok(Redirect::to(&table.href("/kladde")).into_response()),
        Err(NotDone::Stale | NotDone::NotThere) => {
            template.notice = Some((
                "En anden har gemt kladden imens",
                "Intet er gemt. Hent kladden som regneark igen, tag dine ændringer med over i det, og vælg filen igen.",
            ));
            Ok(unreadable_form(page(&template)?))
        }
        Err(other) => Err(other.into()),
    }
}

fn fault_line(fault: &TableFault) -> FaultLine {
    FaultLine {
        code: fault.code,
        place: fault.place(),
        text: mask_text(&fault.text),
        cure: mask_text(&fault.cure),
    }
}

fn count(lines: usize) -> String {
    whole(u64::try_from(lines).unwrap_or(u64::MAX))
}

fn cut(lines: usize) -> Option<String> {
    (lines > SHOWN).then(|| count(lines))
}

fn column(column: &Column) -> String {
    match column {
        Column::Facet(facet) => facet.to_string(),
        Column::Side => "debet eller kredit".to_owned(),
        Column::Regnskabsaar => "regnskabsår".to_owned(),
        Column::Posteringstype => "posteringstype".to_owned(),
        Column::From => "første dag".to_owned(),
        Column::To => "sidste dag".to_owned(),
        Column::Konto => "konto".to_owned(),
        Column::Share => "andel".to_owned(),
        Column::Comment => "bemærkning".to_owned(),
    }
}

fn whole_rule(rule: &Rule) -> String {
    let comment = if rule.comment.is_empty() {
        String::new()
    } else {
        format!(" Bemærkning: {}", mask_text(&rule.comment))
    };
    format!(
        "{}. Gælder: {}.{comment}",
        words::sentence(rule),
        words::holds(rule)
    )
}

fn preview(found: &Difference<'_>) -> Preview {
    let line = |rule: &&Rule| (rule.number, whole_rule(rule));
    let changed = |changed: &Changed<'_>| ChangedLine {
        number: changed.new.number,
        columns: words::all_of(&changed.columns.iter().map(column).collect::<Vec<_>>()),
        old: whole_rule(changed.old),
        new: whole_rule(changed.new),
    };
    let lengths = [found.added.len(), found.changed.len(), found.removed.len()];
    Preview {
        added: found.added.iter().take(SHOWN).map(line).collect(),
        removed: found.removed.iter().take(SHOWN).map(line).collect(),
        changed: found.changed.iter().take(SHOWN).map(changed).collect(),
        counts: [
            lengths[0],
            lengths[1],
            lengths[2],
            found.moved.len(),
            found.unchanged,
        ]
        .map(count),
        cut: lengths.iter().any(|length| *length > SHOWN),
        nothing: found.is_empty(),
    }
}
