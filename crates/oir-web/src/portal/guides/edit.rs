//! Writing a guide: a form, a preview that needs no script, and a save that loses nothing
//! when two people write at once.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::guide::{BODY_MAX, Draft, DraftFault, Guide, GuidePlace, NOTE_MAX, Way};
use oir_flow::ports::sessions::{Deed, deeds};
use serde::Deserialize;

use super::{PortalState, Wanted, address, place_words, read_code, read_kommune, way_words};
use crate::danish_format::{instant_short, whole};
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::markdown;
use crate::portal::omsaetning::fagsystem_id;
use crate::portal::view::{FieldFault, Page, Section, fault_of};

/// The form of a guide, as a browser sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Writing {
    token: String,
    kommune: String,
    kode: String,
    /// The version that the writer began from; 0 = there was none.
    efter: u32,
    resend: String,
    annuller: String,
    manuelt: String,
    tekst: String,
    note: String,
    handling: String,
}

impl Writing {
    fn ways(&self) -> Vec<Way> {
        let boxes = [&self.resend, &self.annuller, &self.manuelt];
        let ticked = Way::ALL.into_iter().zip(boxes);
        let ticked = ticked.filter(|(_, ticked)| !ticked.is_empty());
        ticked.map(|(way, _)| way).collect()
    }

    fn place(&self, id: oir_domain::ids::FagsystemId) -> Result<GuidePlace, PageError> {
        Ok(GuidePlace {
            kommune: read_kommune(&self.kommune)?,
            fagsystem: id,
            code: read_code(&self.kode)?,
        })
    }
}

/// The page with the form.
#[derive(Debug, Template)]
#[template(path = "guide_edit.html")]
struct EditPage {
    page: Page,
    place: String,
    action: String,
    /// None when the viewer has no session to send the form from.
    token: Option<String>,
    kommune: String,
    kode: String,
    efter: u32,
    ways: Vec<WayBox>,
    tekst: String,
    note: String,
    limits: (String, String),
    faults: Vec<FieldFault>,
    /// HTML, made safe by `markdown.rs`; none = not asked for.
    preview: Option<markdown::Markup>,
    /// What somebody else saved meanwhile.
    conflict: Option<Conflict>,
    /// Whether there is a guide here that can be taken away.
    stands: bool,
    back: String,
}

#[derive(Debug)]
struct WayBox {
    name: &'static str,
    label: &'static str,
    ticked: bool,
}

#[derive(Debug)]
struct Conflict {
    version: String,
    at: String,
    navn: String,
    tekst: String,
}

impl EditPage {
    fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }
}

fn boxes(ways: &[Way]) -> Vec<WayBox> {
    let names = ["resend", "annuller", "manuelt"];
    let all = Way::ALL.into_iter().zip(names);
    let one = |(way, name)| WayBox {
        name,
        label: way_words(way),
        ticked: ways.contains(&way),
    };
    all.map(one).collect()
}

/// A page with the form as it was filled in.
fn form(state: &PortalState, viewer: &Viewer, place: &GuidePlace, writing: Writing) -> EditPage {
    let names = state.names();
    let fagsystem = names.fagsystem(Some(place.fagsystem));
    let home = address("", place, "");
    let title = format!("Skriv vejledning til {fagsystem}");
    let ways = writing.ways();
    let number = |most: usize| whole(u64::try_from(most).unwrap_or(u64::MAX));
    EditPage {
        page: Page::inside(&title, Section::Guides, viewer)
            .below(&[("/vejledninger", "Vejledninger"), (&home, &fagsystem)]),
        place: place_words(place, &names),
        action: format!("/vejledninger/{}/ret", place.fagsystem),
        token: viewer.token(),
        kommune: writing.kommune,
        kode: writing.kode,
        efter: writing.efter,
        ways: boxes(&ways),
        tekst: writing.tekst,
        note: writing.note,
        limits: (number(BODY_MAX), number(NOTE_MAX)),
        faults: Vec::new(),
        preview: None,
        conflict: None,
        stands: false,
        back: home,
    }
}

/// A guide as the form shows it.
fn writing(place: &GuidePlace, newest: Option<&Guide>, from: Option<&Guide>) -> Writing {
    let ways = from.map_or(&[][..], |guide| &guide.head.ways);
    let ticked = |way| if ways.contains(&way) { "ja" } else { "" }.to_owned();
    let restores = from.map(|guide| guide.head.version) < newest.map(|guide| guide.head.version);
    let note = match from {
        Some(guide) if restores => format!("Gendannet fra udgave {}", guide.head.version),
        _ => String::new(),
    };
    Writing {
        kommune: place.kommune.map_or_else(String::new, |k| k.0.to_string()),
        kode: place.code.map_or_else(String::new, |code| code.to_string()),
        efter: newest.map_or(0, |guide| guide.head.version),
        resend: ticked(Way::Resend),
        annuller: ticked(Way::CancelAndNew),
        manuelt: ticked(Way::ByHand),
        tekst: from.map_or_else(String::new, |guide| guide.body.to_string()),
        note,
        ..Writing::default()
    }
}

/// `GET /vejledninger/{fagsystem}/ret`
pub(in crate::portal) async fn write(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(text): Path<String>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(wanted) = query.map_err(|_| PageError::BadAddress)?;
    let place = GuidePlace {
        kommune: wanted.kommune()?,
        fagsystem: fagsystem_id(&state, &text)?,
        code: wanted.code()?,
    };
    if !place.is_writable(&viewer.scope) {
        return Err(PageError::NotFound);
    }
    let newest = state.guides.guide(&viewer.scope, &place, None).await?;
    let older = match wanted.version()? {
        Some(version) => {
            let found = state
                .guides
                .guide(&viewer.scope, &place, Some(version))
                .await?;
            Some(found.ok_or(PageError::NotFound)?)
        }
        None => None,
    };
    let from = older.as_ref().or(newest.as_ref());
    let writing = writing(&place, newest.as_ref(), from);
    let mut template = form(&state, &viewer, &place, writing);
    template.stands = newest.is_some_and(|guide| !guide.head.withdrawn);
    Ok(page(&template)?.into_response())
}

/// `POST /vejledninger/{fagsystem}/ret`
pub(in crate::portal) async fn save(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(text): Path<String>,
    sent: Result<Form<Writing>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(writing) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&writing.token)?;
    let place = writing.place(fagsystem_id(&state, &text)?)?;
    if !place.is_writable(&viewer.scope) {
        return Err(PageError::NotFound);
    }
    let newest = state.guides.guide(&viewer.scope, &place, None).await?;
    let stands = newest.as_ref().is_some_and(|guide| !guide.head.withdrawn);
    let draft = match writing.handling.as_str() {
        "gem" => Draft::try_new(&writing.ways(), &writing.tekst, &writing.note),
        "traek" if stands => Draft::withdrawal(&writing.note),
        "vis" => {
            let mut template = form(&state, &viewer, &place, writing);
            template.preview = Some(markdown::markup(&template.tekst));
            template.stands = stands;
            return Ok(page(&template)?.into_response());
        }
        _ => return Err(PageError::BadForm),
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(faults) => {
            let mut template = form(&state, &viewer, &place, writing);
            template.faults = faults.iter().map(|fault| fault_words(*fault)).collect();
            template.stands = stands;
            return Ok(unreadable_form(page(&template)?));
        }
    };
    let now = state.clock.now();
    let author = (&*viewer.person.subject, &*viewer.person.navn);
    let guide = draft.version(place, writing.efter, now, author);
    let deed = deed(&viewer, &guide, &state);
    if state.guides.write_guide(&guide, &deed).await? {
        return Ok(Redirect::to(&address("/udgaver", &place, "")).into_response());
    }
    conflicting(&state, &viewer, &place, writing).await
}

/// Somebody else saved first: both texts, and a form that now follows theirs.
async fn conflicting(
    state: &PortalState,
    viewer: &Viewer,
    place: &GuidePlace,
    writing: Writing,
) -> Result<Response, PageError> {
    let newest = state.guides.guide(&viewer.scope, place, None).await?;
    let theirs = newest.ok_or(PageError::BadForm)?;
    let mut template = form(state, viewer, place, writing);
    template.efter = theirs.head.version;
    template.stands = !theirs.head.withdrawn;
    template.conflict = Some(Conflict {
        version: whole(theirs.head.version.into()),
        at: instant_short(theirs.head.at, &state.zone),
        navn: theirs.head.navn.to_string(),
        tekst: crate::masking::mask_text(&theirs.body),
    });
    Ok(unreadable_form(page(&template)?))
}

fn deed(viewer: &Viewer, guide: &Guide, state: &PortalState) -> Deed {
    let place = &guide.head.place;
    let code = place
        .code
        .map_or_else(String::new, |code| format!(", {code}"));
    let fagsystem = state.names().fagsystem(Some(place.fagsystem));
    let version = guide.head.version;
    Deed {
        at: guide.head.at,
        subject: viewer.person.subject.clone(),
        navn: viewer.person.navn.clone(),
        what: deeds::WROTE_GUIDE.into(),
        kommune: place.kommune,
        object: format!("vejledning {fagsystem}{code}, udgave {version}").into(),
    }
}

fn fault_words(fault: DraftFault) -> FieldFault {
    match fault {
        DraftFault::NoBody => FieldFault::new("tekst", "Skriv vejledningens tekst"),
        DraftFault::BodyTooLong => FieldFault::new(
            "tekst",
            "Teksten er for lang. Forkort den, eller del den på fejlkoder",
        ),
        DraftFault::PersonInBody => FieldFault::new(
            "tekst",
            "Teksten har et tal, der ligner et personnummer. Fjern det",
        ),
        DraftFault::NoNote => FieldFault::new("note", "Skriv kort, hvad du har ændret og hvorfor"),
        DraftFault::NoteTooLong => FieldFault::new("note", "Forkort beskrivelsen af ændringen"),
        DraftFault::PersonInNote => FieldFault::new(
            "note",
            "Beskrivelsen har et tal, der ligner et personnummer. Fjern det",
        ),
    }
}
