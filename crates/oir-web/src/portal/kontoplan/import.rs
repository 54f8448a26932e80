//! A file for a municipality's kontoplan comes in: it is kept for the one who sent it, and
//! shown before anything is written.

use askama::Template;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
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
use super::super::view::{Choice, FieldFault, Page, Section, fault_of};
use super::{BACK, href, own_kommune};

/// Room for the rest of the form.
const FORM_BYTES: usize = 64 * 1024;
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

/// What was filled in.
#[derive(Debug, Default)]
struct Sent {
    token: String,
    form: String,
    names: String,
    separator: String,
    source: String,
    bytes: Vec<u8>,
}

/// `GET` and `POST …/import`, with the room that a file takes.
pub(in crate::portal) fn upload_route() -> MethodRouter<PortalState> {
    get(ask)
        .post(take)
        .layer(DefaultBodyLimit::max(BYTES_MAX.saturating_add(FORM_BYTES)))
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
    let mut sent = Sent {
        form: ruling.as_ref().map_or("", |form| form.word()).to_owned(),
        ..Sent::default()
    };
    if let Some(KontoForm::EgneDimensioner(own)) = &ruling {
        let names: Vec<&str> = own.names().collect();
        sent.names = names.join(", ");
        sent.separator = own.separator().to_string();
    }
    let template = import_page(&state, &viewer, kommune, (sent, Vec::new()));
    Ok(page(&template)?.into_response())
}

fn import_page(
    state: &PortalState,
    viewer: &Viewer,
    kommune: Kommunekode,
    (sent, faults): (Sent, Vec<FieldFault>),
) -> ImportPage {
    let navn = state.names().kommune(kommune);
    let plan = format!("Kontoplan for {navn}");
    let back = [("/", "Forside"), BACK, (&*href(kommune), &*plan)];
    let choice = |form: &KontoForm| FormChoice {
        word: form.word(),
        label: danish::form(form),
        example: danish::example(form),
        chosen: form.word() == sent.form,
    };
    let mut forms: Vec<FormChoice> = [KontoForm::Autoriseret, KontoForm::SapPar, KontoForm::Prisme]
        .iter()
        .map(choice)
        .collect();
    forms.push(FormChoice {
        word: OWN,
        label: "Egne dimensioner med et skilletegn imellem".to_owned(),
        example: "7710-52-4711".to_owned(),
        chosen: sent.form == OWN,
    });
    let separator = |sign: char| Choice::new(sign.to_string(), sign.to_string(), &sent.separator);
    ImportPage {
        page: Page::inside("Importér kontoplan", Section::Neither, viewer).below(&back),
        kommune: navn,
        href: href(kommune),
        token: viewer.token(),
        faults,
        forms,
        separators: SEPARATORS.chars().map(separator).collect(),
        names: sent.names,
        headings: oir_wire::kontoplan::headings().into(),
        most: BYTES_MAX / 1024 / 1024,
    }
}

fn broken(error: &MultipartError) -> PageError {
    // The only kind that the sender can do something about.
    if error.status().as_u16() == 413 {
        PageError::TooLarge
    } else {
        PageError::BadForm
    }
}

async fn sent(mut parts: Multipart) -> Result<Sent, PageError> {
    let mut sent = Sent::default();
    while let Some(part) = parts.next_field().await.map_err(|e| broken(&e))? {
        let name = part.name().unwrap_or("").to_owned();
        let source = part.file_name().unwrap_or("").to_owned();
        let bytes = part.bytes().await.map_err(|e| broken(&e))?;
        if name == "fil" {
            (sent.source, sent.bytes) = (source, bytes.to_vec());
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        let text: String = text.chars().take(NAMES_MAX).collect();
        match &*name {
            "token" => sent.token = text,
            "form" => sent.form = text,
            "navne" => sent.names = text,
            "skilletegn" => sent.separator = text,
            _ => {}
        }
    }
    Ok(sent)
}

/// The form that was chosen, or the fields that are wrong.
fn chosen(sent: &Sent) -> Result<KontoForm, FieldFault> {
    if sent.form != OWN {
        let form = sent.form.parse();
        return form.map_err(|_| FieldFault::new("form", "Vælg, hvordan kontiene er skrevet"));
    }
    let separator = sent.separator.chars().next();
    let separator = separator.ok_or_else(|| FieldFault::new("skilletegn", "Vælg et skilletegn"))?;
    let own = Dimensioner::try_new(sent.names.split(','), separator);
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
    let sent = sent(parts.map_err(|_| PageError::BadForm)?).await?;
    viewer.sent(&sent.token)?;
    let mut faults = Vec::new();
    let form = chosen(&sent).map_err(|fault| faults.push(fault)).ok();
    if sent.bytes.is_empty() {
        faults.push(FieldFault::new(
            "fil",
            "Vælg en fil med konti: XLSX eller CSV",
        ));
    }
    let Some(form) = form.filter(|_| faults.is_empty()) else {
        let template = import_page(&state, &viewer, kommune, (sent, faults));
        return Ok(unreadable_form(page(&template)?));
    };
    let now = state.clock.now();
    let source = sent.source.chars().filter(|c| !c.is_control());
    let source: String = source.take(200).collect();
    let upload = Upload {
        id: UploadId::from_uuid(state.entrance.sign_in.new_id()),
        kommune,
        form,
        at: now,
        subject: viewer.person.subject.clone(),
        source: source.into(),
        bytes: sent.bytes,
    };
    let oldest = now.saturating_sub(KEPT).unwrap_or(now);
    state.kontoplaner.keep_upload(&upload, oldest).await?;
    let target = format!("{}/import/{}", href(kommune), upload.id);
    Ok(Redirect::to(&target).into_response())
}
