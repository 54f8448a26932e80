//! What is sent from a day's page: a control total, a question to the books, a signature.

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, post};
use oir_domain::access::Person;
use oir_domain::day::{DayKey, Origin};
use oir_flow::ports::days::{NewTotal, Question, Signing, SigningKind};
use oir_flow::ports::sessions::{Deed, deeds};
use serde::Deserialize;

use super::day::{Address, Loaded, Preview, Said, key_of, load, render};
use super::total::{self, TotalForm};
use super::words;
use crate::danish_format::whole;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, unreadable_form};
use crate::portal::forms::{Parts, with_file};
use crate::portal::view::FieldFault;

/// Characters of a remark or an explanation.
const WORDS_MAX: usize = 1_000;

/// `POST …/kontroltotal`, with the room that a file takes.
pub(in crate::portal) fn total_route() -> MethodRouter<PortalState> {
    with_file(post(state_total)).get(day_page)
}

/// `GET` of an address that only takes forms, e.g. when a page is loaded again after the way
/// in: to the day's page.
pub(in crate::portal) async fn day_page(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    Ok(back(key_of(&address, &viewer.scope, &state).await?))
}

fn deed(state: &PortalState, by: &Person, what: &str, key: DayKey) -> Deed {
    Deed {
        at: state.clock.now(),
        subject: by.subject.clone(),
        navn: by.navn.clone(),
        what: what.into(),
        kommune: Some(key.kommune),
        object: oir_flow::days::object(key),
    }
}

fn back(key: DayKey) -> Response {
    Redirect::to(&words::href(key)).into_response()
}

/// The control total, as it was sent.
struct Sent {
    form: TotalForm,
    file: bool,
    yes: bool,
}

impl Sent {
    fn of(parts: &Parts) -> Self {
        // Excel writes other alphabets than UTF-8; ids and amounts are in both.
        let file = String::from_utf8_lossy(&parts.file.bytes);
        let kept = parts.text("liste");
        let list = [&*file, kept]
            .into_iter()
            .find(|text| !text.trim().is_empty());
        Self {
            form: TotalForm {
                antal: parts.text("antal").to_owned(),
                debet: parts.text("debet").to_owned(),
                kredit: parts.text("kredit").to_owned(),
                liste: list.unwrap_or("").to_owned(),
            },
            file: list.is_some(),
            yes: parts.text("ja") == "ja",
        }
    }
}

async fn state_total(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, PageError> {
    let parts = Parts::read(parts).await?;
    viewer.sent(parts.text("token"))?;
    let sent = Sent::of(&parts);
    let key = key_of(&address, &viewer.scope, &state).await?;
    let read = match total::read(&sent.form) {
        Ok(read) => read,
        Err(faults) => {
            let said = Said {
                faults,
                total: sent.form,
                ..Said::default()
            };
            let loaded = load(&state, &viewer.scope, key).await?;
            return Ok(unreadable_form(render(&state, &viewer, &loaded, said)?));
        }
    };
    if !sent.yes {
        let lines = read.lines.as_ref().map(Vec::len);
        let lines = lines.map(|n| whole(u64::try_from(n).unwrap_or(u64::MAX)));
        let said = Said {
            preview: Some(Preview {
                total: words::side(read.total),
                lines,
            }),
            total: sent.form,
            ..Said::default()
        };
        let loaded = load(&state, &viewer.scope, key).await?;
        return Ok(render(&state, &viewer, &loaded, said)?.into_response());
    }
    let origin = if sent.file {
        Origin::Upload
    } else {
        Origin::Typed
    };
    let new = NewTotal {
        key,
        origin,
        total: read.total,
        lines: read.lines,
    };
    let deed = deed(&state, &viewer.person, deeds::STATED_TOTAL, key);
    state.days.keep_total(&new, &deed).await?;
    Ok(back(key))
}

/// A form that only carries its session's token.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Token {
    token: String,
}

/// `POST …/spoerg`
pub(in crate::portal) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    form: Result<Form<Token>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let key = key_of(&address, &viewer.scope, &state).await?;
    let questions = state.days.questions(&viewer.scope, key).await?;
    // One at a time: the books are asked once, however often the button is pressed.
    if questions.first().is_none_or(|last| last.answer.is_some()) {
        let last = questions.first().map_or(0, |question| question.number);
        let deed = deed(&state, &viewer.person, deeds::ASKED_BOOKS, key);
        let question = Question {
            key,
            number: last.saturating_add(1),
            at: deed.at,
            subject: deed.subject.clone(),
            navn: deed.navn.clone(),
            answer: None,
        };
        state.days.ask(&question, &deed).await?;
    }
    Ok(back(key))
}

type Fields = Vec<(String, String)>;

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    let mut found = fields.iter().filter(|(key, _)| key == name);
    found.next().map_or("", |(_, value)| value.as_str())
}

/// The explanations by the finding's key; the common one stands for those that have none.
fn explanations(fields: &Fields, loaded: &Loaded) -> BTreeMap<String, String> {
    let told = fields.iter().filter_map(|(name, words)| {
        let key = name.strip_prefix("forklaring_")?;
        Some((key.to_owned(), cut(words)))
    });
    let mut told: BTreeMap<String, String> = told.collect();
    let common = cut(field(fields, "faelles"));
    for finding in &loaded.account.findings {
        let words = told.entry(finding.key()).or_default();
        if words.is_empty() {
            words.clone_from(&common);
        }
    }
    told
}

/// A text as every store takes it, of bounded length.
fn cut(text: &str) -> String {
    let kept = text
        .trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n');
    kept.take(WORDS_MAX).collect()
}

/// `POST …/godkend`
pub(in crate::portal) async fn sign(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(fields) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(field(&fields, "token"))?;
    let key = key_of(&address, &viewer.scope, &state).await?;
    let loaded = load(&state, &viewer.scope, key).await?;
    let said = Said {
        faults: faults_of(&loaded, &fields),
        explanations: explanations(&fields, &loaded),
        words: cut(field(&fields, "bemaerkning")),
        ..Said::default()
    };
    if !said.faults.is_empty() {
        return Ok(unreadable_form(render(&state, &viewer, &loaded, said)?));
    }
    let findings = loaded.account.findings.iter().map(|finding| finding.key());
    let told = findings.filter_map(|key| {
        let words = said.explanations.get(&key)?.clone();
        Some((key, words))
    });
    let kept = Signed {
        kind: SigningKind::Signed,
        words: said.words.clone(),
        explanations: told.collect(),
    };
    write(&state, &viewer, &loaded, kept).await
}

fn faults_of(loaded: &Loaded, fields: &Fields) -> Vec<FieldFault> {
    let mut faults = Vec::new();
    if loaded.signed().is_some() {
        let text = "Dagen er allerede godkendt. Genåbn den, hvis den skal godkendes igen";
        faults.push(FieldFault::new("godkend", text));
    }
    let now = loaded.account.figures(&loaded.facts.books).to_text();
    // Browsers send line ends as CR LF.
    if field(fields, "tal").replace('\r', "") != now {
        let text = "Tallene har ændret sig, mens du læste. Gennemgå dem, og godkend igen";
        faults.push(FieldFault::new("godkend", text));
    }
    let told = explanations(fields, loaded);
    let missing = loaded.account.unexplained(&told).len();
    if missing > 0 {
        let text = format!(
            "Skriv en forklaring til hver forskel. {} mangler",
            whole(u64::try_from(missing).unwrap_or(u64::MAX))
        );
        faults.push(FieldFault::new("forskelle", &text));
    }
    faults
}

/// A day to be taken up again.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Reopening {
    token: String,
    #[serde(default)]
    grund: String,
}

/// `POST …/genaabn`
pub(in crate::portal) async fn reopen(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    form: Result<Form<Reopening>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(form) = form.map_err(|_| PageError::BadForm)?;
    viewer.sent(&form.token)?;
    let key = key_of(&address, &viewer.scope, &state).await?;
    let loaded = load(&state, &viewer.scope, key).await?;
    let words = cut(&form.grund);
    if words.is_empty() || loaded.signed().is_none() {
        let fault = if words.is_empty() {
            FieldFault::new("grund", "Skriv, hvorfor dagen genåbnes")
        } else {
            FieldFault::new("grund", "Dagen er ikke godkendt, og kan ikke genåbnes")
        };
        let said = Said {
            faults: vec![fault],
            ..Said::default()
        };
        return Ok(unreadable_form(render(&state, &viewer, &loaded, said)?));
    }
    let kept = Signed {
        kind: SigningKind::Reopened,
        words,
        explanations: BTreeMap::new(),
    };
    write(&state, &viewer, &loaded, kept).await
}

struct Signed {
    kind: SigningKind,
    words: String,
    explanations: BTreeMap<String, String>,
}

async fn write(
    state: &PortalState,
    viewer: &Viewer,
    loaded: &Loaded,
    kept: Signed,
) -> Result<Response, PageError> {
    let key = loaded.key;
    let what = match kept.kind {
        SigningKind::Signed => deeds::SIGNED_DAY,
        SigningKind::Reopened => deeds::REOPENED_DAY,
    };
    let last = loaded.signings.first().map_or(0, |signing| signing.number);
    let deed = deed(state, &viewer.person, what, key);
    let signing = Signing {
        number: last.saturating_add(1),
        at: deed.at,
        kind: kept.kind,
        subject: deed.subject.clone(),
        navn: deed.navn.clone(),
        words: kept.words.into(),
        figures: loaded.account.figures(&loaded.facts.books),
        explanations: kept.explanations,
    };
    // Somebody else was first: the page shows what they did, and nothing was written.
    state.days.sign(key, &signing, &deed).await?;
    Ok(back(key))
}
