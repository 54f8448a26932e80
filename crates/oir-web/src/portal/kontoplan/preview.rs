//! What a file would change, before anything is written; and the yes to it.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::calendar::Regnskabsaar;
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::change::{Change, ChangeKind, Tally};
use oir_domain::party::Kommunekode;
use oir_flow::kontoplan::{Imported, Incoming, Prepared, prepare};
use oir_wire::danish::kontoplan as danish;
use oir_wire::kontoplan::Problem;
use serde::Deserialize;

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::{PageError, page, unreadable_form};
use super::super::view::{Page, Section};
use super::{BACK, HOME, href, own_kommune};
use crate::danish_format::whole;

/// Most lines of a table on the page; the workbook has them all.
const LINES: usize = 200;

/// The preview.
#[derive(Debug, Template)]
#[template(path = "kontoplan_preview.html")]
struct PreviewPage {
    page: Page,
    kommune: String,
    href: String,
    address: String,
    source: String,
    form: String,
    /// The form that the ruling version has, when this one has another.
    other_form: Option<String>,
    konti: String,
    base: u32,
    /// Kinds of change with their numbers.
    counts: Vec<(&'static str, String)>,
    gone: bool,
    changes: Vec<ChangeLine>,
    more_changes: bool,
    faults: Vec<ProblemLine>,
    warnings: Vec<ProblemLine>,
    warnings_all: String,
    /// Somebody else imported while this was read.
    overtaken: bool,
    /// None when there is nothing to say yes to.
    token: Option<String>,
}

/// One account and what becomes of it.
#[derive(Debug)]
pub(super) struct ChangeLine {
    pub(super) konto: String,
    pub(super) kinds: String,
    pub(super) navn: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// One thing wrong, or to look at.
#[derive(Debug)]
struct ProblemLine {
    place: String,
    code: String,
    text: String,
    remedy: String,
    provenance: String,
}

/// The yes.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Yes {
    token: String,
    base: u32,
}

/// The file that this person sent for this municipality, read and held against what rules.
pub(super) async fn prepared(
    state: &PortalState,
    viewer: &Viewer,
    (code, file): (&str, &str),
) -> Result<(Kommunekode, UploadId, Prepared), PageError> {
    let kommune = own_kommune(code, viewer, state)?;
    let id: UploadId = file.parse().map_err(|_| PageError::NotFound)?;
    let upload = state.kontoplaner.upload(id, &viewer.person.subject).await?;
    let upload = upload.filter(|upload| upload.kommune == kommune);
    let upload = upload.ok_or(PageError::NotFound)?;
    let incoming = Incoming {
        kommune,
        form: &upload.form,
        source: &upload.source,
        bytes: &upload.bytes,
        aar: Regnskabsaar(state.today().year()),
    };
    let prepared = prepare(&*state.kontoplaner, &viewer.scope, incoming).await?;
    Ok((kommune, id, prepared))
}

/// `GET …/import/{fil}`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path((code, file)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (_, id, prepared) = prepared(&state, &viewer, (&code, &file)).await?;
    let template = preview_page(&state, &viewer, id, &prepared);
    Ok(page(&template)?.into_response())
}

/// `POST …/import/{fil}`: writes what was shown, and only that.
pub(in crate::portal) async fn confirm(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path((code, file)): Path<(String, String)>,
    form: Result<Form<Yes>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(yes) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&yes.token)?;
    let (kommune, id, read) = prepared(&state, &viewer, (&code, &file)).await?;
    if read.base() == yes.base {
        let now = state.clock.now();
        let imported = read.import(&*state.kontoplaner, &viewer.person, now);
        match imported.await? {
            Imported::Version(_) | Imported::Unchanged => {
                return Ok(Redirect::to(&href(kommune)).into_response());
            }
            Imported::Faulty | Imported::Overtaken => {}
        }
    }
    let (_, _, read) = prepared(&state, &viewer, (&code, &file)).await?;
    let mut template = preview_page(&state, &viewer, id, &read);
    template.overtaken = true;
    Ok(unreadable_form(page(&template)?))
}

fn preview_page(
    state: &PortalState,
    viewer: &Viewer,
    id: UploadId,
    read: &Prepared,
) -> PreviewPage {
    let kommune = read.kommune();
    let navn = state.names().kommune(kommune);
    let plan = format!("Kontoplan for {navn}");
    let upload = format!("{}/import", href(kommune));
    let back = [
        HOME,
        BACK,
        (&*href(kommune), &*plan),
        (&*upload, "Importér kontoplan"),
    ];
    let sound = read.faults().is_empty();
    let changes = if sound { read.changes() } else { Vec::new() };
    let tally = Tally::of(&changes);
    let lines = change_lines(&changes, read);
    let news = !tally.is_nothing() || read.other_form().is_some() || read.base() == 0;
    let number = |count: usize| whole(u64::try_from(count).unwrap_or(u64::MAX));
    let count = |kind: ChangeKind| (danish::change(kind), whole(tally.count(kind).into()));
    PreviewPage {
        page: Page::inside("Se, hvad der ændres", Section::Kontering, viewer).below(&back),
        kommune: navn,
        href: href(kommune),
        address: format!("{}/import/{id}", href(kommune)),
        source: read.source().to_owned(),
        form: danish::form(read.form()),
        other_form: read.other_form().map(danish::form),
        konti: number(read.konti().len()),
        base: read.base(),
        counts: ChangeKind::ALL.map(count).into(),
        gone: tally.gone > 0,
        more_changes: lines.len() > LINES,
        changes: lines.into_iter().take(LINES).collect(),
        faults: read.faults().iter().take(LINES).map(problem).collect(),
        warnings: read.warnings().iter().take(LINES).map(problem).collect(),
        warnings_all: number(read.warnings().len()),
        overtaken: false,
        token: viewer.token().filter(|_| sound && news),
    }
}

/// The accounts that change; what stays is only counted.
pub(super) fn change_lines(changes: &[Change<'_>], read: &Prepared) -> Vec<ChangeLine> {
    let old_form = read.other_form().unwrap_or_else(|| read.form());
    let said =
        |konto: &oir_domain::kontoplan::Konto| format!("{}; {}", konto.navn, super::open(konto));
    let line = |change: &Change<'_>| {
        let words: Vec<&str> = change
            .kinds
            .iter()
            .map(|kind| danish::change(*kind))
            .collect();
        let form = if change.after.is_some() {
            read.form()
        } else {
            old_form
        };
        let any = change.after.or(change.before);
        ChangeLine {
            konto: form.render(change.konto()),
            kinds: words.join(", "),
            navn: any.map_or_else(String::new, |konto| konto.navn.to_string()),
            before: change.before.map_or_else(String::new, said),
            after: change.after.map_or_else(String::new, said),
        }
    };
    changes
        .iter()
        .filter(|change| change.is_change())
        .map(line)
        .collect()
}

fn problem(problem: &Problem) -> ProblemLine {
    let place = if problem.place.is_empty() {
        "Filen".to_owned()
    } else {
        problem.place.clone()
    };
    ProblemLine {
        place,
        code: problem.code.to_string(),
        text: problem.text.clone(),
        remedy: problem.remedy.clone(),
        provenance: problem.provenance.clone().unwrap_or_default(),
    }
}
