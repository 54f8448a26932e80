//! A file for a municipality's kontoplan comes in: it is kept for the one who sent it, and
//! shown before anything is written.

use askama::Template;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use jiff::SignedDuration;
use oir_domain::ids::UploadId;
use oir_domain::kontoplan::form::SEPARATORS;
use oir_domain::kontoplan::{Dimensioner, KontoForm};
use oir_domain::party::Kommunekode;
use oir_flow::ports::kontoplan::Upload;
use oir_wire::danish::kontoplan as danish;
use oir_wire::sheet::BYTES_MAX;

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::{PageError, page, unreadable_form};
use super::super::forms::{Parts, with_file};
use super::super::view::{Choice, FieldFault, Page, Section, fault_of};
use super::{BACK, HOME, href, own_kommune};

/// How long a file waits to be confirmed.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The word of own dimensions in the form.
const OWN: &str = "egne-dimensioner";
/// Longest names of own dimensions, characters.
const NAMES_MAX: usize = 600;

/// The form for a file.
#[derive(Debug, Template)]
#[template(path = "kontoplan_import.html")]
struct ImportPage {
    page: Page,
    kommune: String,
    href: String,
    /// None when nobody signed in: then files are imported at the machine.
    token: Option<String>,
    faults: Vec<FieldFault>,
    forms: Vec<FormChoice>,
    separators: Vec<Choice>,
    names: String,
    headings: Vec<&'static str>,
    most: usize,
}

impl ImportPage {
    fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }
}

/// A form of accounts to choose.
#[derive(Debug)]
struct FormChoice {
    word: &'static str,
    label: String,
    example: String,
    chosen: bool,
}

/// How the accounts of the file are written, as it was filled in.
#[derive(Debug, Default)]
struct Filled {
    form: String,
    names: String,
    separator: String,
}

impl Filled {
    fn of(parts: &Parts) -> Self {
        Self {
            form: parts.text("form").to_owned(),
            names: parts.text("navne").chars().take(NAMES_MAX).collect(),
            separator: parts.text("skilletegn").to_owned(),
        }
    }
}

/// `GET` and `POST …/import`, with the room that a file takes.
pub(in crate::portal) fn upload_route() -> MethodRouter<PortalState> {
    with_file(get(ask).post(take))
}

async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
) -> Result<Response, PageError> {
    let kommune = own_kommune(&code, &viewer, &state)?;
    let heads = state
        .kontoplaner
        .kontoplan_versions(&viewer.scope, kommune, None, 1);
    let ruling = heads.await?.into_iter().next().map(|head| head.form);
    let mut filled = Filled {
        form: ruling.as_ref().map_or("", |form| form.word()).to_owned(),
        ..Filled::default()
    };
    if let Some(KontoForm::EgneDimensioner(own)) = &ruling {
        let names: Vec<&str> = own.names().collect();
        filled.names = names.join(", ");
        filled.separator = own.separator().to_string();
    }
    let template = import_page(&state, &viewer, kommune, (filled, Vec::new()));
    Ok(page(&template)?.into_response())
}

fn import_page(
    state: &PortalState,
    viewer: &Viewer,
    kommune: Kommunekode,
    (filled, faults): (Filled, Vec<FieldFault>),
) -> ImportPage {
    let navn = state.names().kommune(kommune);
    let plan = format!("Kontoplan for {navn}");
    let back = [HOME, BACK, (&*href(kommune), &*plan)];
    let choice = |form: &KontoForm| FormChoice {
        word: form.word(),
        label: danish::form(form),
        example: danish::example(form),
        chosen: form.word() == filled.form,
    };
    let mut forms: Vec<FormChoice> = [KontoForm::Autoriseret, KontoForm::SapPar, KontoForm::Prisme]
        .iter()
        .map(choice)
        .collect();
    forms.push(FormChoice {
        word: OWN,
        label: "Egne dimensioner med et skilletegn imellem".to_owned(),
        example: "7710-52-4711".to_owned(),
        chosen: filled.form == OWN,
    });
    let separator = |sign: char| Choice::new(sign.to_string(), sign.to_string(), &filled.separator);
    ImportPage {
        page: Page::inside("Importér kontoplan", Section::Kontering, viewer).below(&back),
        kommune: navn,
        href: href(kommune),
        token: viewer.token(),
        faults,
        forms,
        separators: SEPARATORS.chars().map(separator).collect(),
        names: filled.names,
        headings: oir_wire::kontoplan::headings().into(),
        most: BYTES_MAX / 1024 / 1024,
    }
}

/// The form that was chosen, or the fields that are wrong.
fn chosen(filled: &Filled) -> Result<KontoForm, FieldFault> {
    if filled.form != OWN {
        let form = filled.form.parse();
        return form.map_err(|_| FieldFault::new("form", "Vælg, hvordan kontiene er skrevet"));
    }
    let separator = filled.separator.chars().next();
    let separator = separator.ok_or_else(|| FieldFault::new("skilletegn", "Vælg et skilletegn"))?;
    let own = Dimensioner::try_new(filled.names.split(','), separator);
    let own = own.map_err(|fault| FieldFault::new("navne", &danish::dimensions(fault)))?;
    Ok(KontoForm::EgneDimensioner(own))
}

/// `POST …/import`: keeps the file and leads to its preview.
async fn take(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, PageError> {
    let kommune = own_kommune(&code, &viewer, &state)?;
    let parts = Parts::read(parts).await?;
    viewer.sent(parts.text("token"))?;
    let filled = Filled::of(&parts);
    let mut faults = Vec::new();
    let form = chosen(&filled).map_err(|fault| faults.push(fault)).ok();
    let file = parts.file;
    if file.bytes.is_empty() {
        faults.push(FieldFault::new(
            "fil",
            "Vælg en fil med konti: XLSX eller CSV",
        ));
    }
    let Some(form) = form.filter(|_| faults.is_empty()) else {
        let template = import_page(&state, &viewer, kommune, (filled, faults));
        return Ok(unreadable_form(page(&template)?));
    };
    let now = state.clock.now();
    let source = file.name.chars().filter(|c| !c.is_control());
    let source: String = source.take(200).collect();
    let upload = Upload {
        id: UploadId::from_uuid(state.entrance.sign_in.new_id()),
        kommune,
        form,
        at: now,
        subject: viewer.person.subject.clone(),
        source: source.into(),
        bytes: file.bytes,
    };
    let oldest = now.saturating_sub(KEPT).unwrap_or(now);
    state.kontoplaner.keep_upload(&upload, oldest).await?;
    let target = format!("{}/import/{}", href(kommune), upload.id);
    Ok(Redirect::to(&target).into_response())
}
