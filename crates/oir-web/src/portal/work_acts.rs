//! The page of one item, and every step of a person on items: one, those ticked, or a whole
//! group. What lets bilag go on is shown first and done when it is confirmed.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::access::{Action, Person, Scope};
use oir_domain::calendar::day_of;
use oir_domain::work::{Act, Area, Closing, Holder, Subject, WorkItem, deadline};
use oir_flow::ports::work::WorkDetail;
use oir_flow::work::{Asker, Effect, Selection};
use serde::Deserialize;

use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::view::{Advice, Badge, Fact, FaultDetail, Page, Section};
use super::work::{FEJL, group_href, group_of, group_page, guide, seen_by};
use super::work_forms::{Handling, Notice};
use super::{PortalState, bilag, work_words};
use crate::danish_format::{day, day_short, instant, instant_short, kroner, read_day};
use crate::masking::mask_text;

/// One item.
#[derive(Debug, Template)]
#[template(path = "work_item.html")]
struct ItemPage {
    page: Page,
    heading: String,
    state: Badge,
    advice: Advice,
    facts: Vec<Fact>,
    faults: Vec<FaultDetail>,
    history: Vec<HistoryLine>,
    guide: Option<(String, String)>,
    id: String,
    /// Whether a step is possible at all.
    open: bool,
    own: bool,
    postponed: bool,
    may_close: bool,
    may_give_up: bool,
    may_release: bool,
    handling: Handling,
    notice: Option<Notice>,
}

/// One step of a person.
#[derive(Debug)]
struct HistoryLine {
    iso: String,
    at: String,
    navn: String,
    what: &'static str,
    text: String,
}

/// What came of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Happened {
    sket: String,
    antal: u64,
    tilbage: u64,
    flere: u64,
}

/// `GET /fejl/bilag/{id}`: of a bilag, or of a message.
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Result<Query<Happened>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let subject: Subject = id.parse().map_err(|_| PageError::NotFound)?;
    let notice = Notice::happened(&query.sket, [query.antal, query.tilbage, query.flere]);
    item_page(&state, &viewer, subject, notice, &Typed::default()).await
}

/// What stood in the form.
#[derive(Debug, Default)]
struct Typed {
    text: String,
    until: String,
}

async fn item_page(
    state: &PortalState,
    viewer: &Viewer,
    subject: Subject,
    notice: Option<Notice>,
    typed: &Typed,
) -> Result<Response, PageError> {
    let scope = seen_by(viewer);
    let found = state.work.item(&scope, subject).await?;
    let detail = found.ok_or(PageError::NotFound)?;
    let item = &detail.line.item;
    let mut handling = Handling::at(state, viewer, item.kommune, item.fagsystem).await?;
    // A personal number typed by mistake is not shown back.
    handling.typed = mask_text(&typed.text);
    handling.until.clone_from(&typed.until);
    let (open, stop) = (item.closed.is_none(), item.cause.stop);
    let subject_of = |holder: &Holder| holder.subject == viewer.person.subject;
    let template = ItemPage {
        page: Page::inside("Fejl på et bilag", Section::Work, viewer).below(&FEJL),
        heading: work_words::cause(&item.cause, state.words),
        state: work_words::stop(stop),
        advice: item_advice(item),
        facts: facts(&detail, state),
        faults: faults(state, &scope, subject).await?,
        history: history(&detail, state),
        guide: guide(
            item.kommune,
            item.fagsystem,
            item.cause.code,
            &state.names(),
        ),
        id: subject.to_string(),
        open,
        own: item.holder.as_ref().is_some_and(subject_of),
        postponed: item.is_postponed(state.today()),
        may_close: open && !stop.may_go_on(),
        may_give_up: open && stop.may_go_on(),
        may_release: open && stop == oir_domain::work::Stop::Parked,
        handling,
        notice,
    };
    let faulty = template
        .notice
        .as_ref()
        .is_some_and(|n| n.weight == "error");
    let html = page(&template)?;
    Ok(if faulty {
        unreadable_form(html)
    } else {
        html.into_response()
    })
}

fn item_advice(item: &WorkItem) -> Advice {
    match &item.closed {
        None => work_words::advice(&item.cause),
        Some((_, Closing::GivenUp(_))) => Advice {
            weight: "warning",
            heading: "Levering er opgivet",
            text: "Bilaget bliver ikke leveret herfra. Er det ikke allerede bogført på anden måde, \
                   skal fagsystemet sende et nyt.",
        },
        Some(_) => Advice {
            weight: "success",
            heading: "Fejlen er lukket",
            text: "Du skal ikke gøre mere.",
        },
    }
}

async fn faults(
    state: &PortalState,
    scope: &Scope,
    subject: Subject,
) -> Result<Vec<FaultDetail>, PageError> {
    let found = match subject {
        Subject::Bilag(id) => {
            let detail = state.views.detail(scope, id).await?;
            detail.map_or_else(Vec::new, |mut d| {
                d.faults.append(&mut d.later_faults);
                d.faults
            })
        }
        Subject::Message(id) => {
            let detail = state.views.message_detail(scope, id).await?;
            detail.map_or_else(Vec::new, |d| d.faults)
        }
    };
    Ok(bilag::faults_in_words(&found, state))
}

fn facts(detail: &WorkDetail, state: &PortalState) -> Vec<Fact> {
    let (item, names) = (&detail.line.item, state.names());
    let mut all = vec![match item.subject {
        Subject::Bilag(id) => Fact {
            label: "Bilag",
            value: mask_text(&detail.line.nummer),
            href: Some(format!("/bilag/{id}")),
        },
        Subject::Message(id) => Fact {
            label: "Afsendelse",
            value: id.to_string(),
            href: Some(format!("/afsendelser/{id}")),
        },
    }];
    if !detail.line.tekst.is_empty() {
        all.push(Fact::new("Tekst", mask_text(&detail.line.tekst)));
    }
    if let Some(old) = detail.corrects {
        all.push(Fact {
            label: "Skulle rette",
            value: old.to_string(),
            href: Some(format!("/fejl/bilag/{old}")),
        });
    }
    let due = deadline(item.area, day_of(item.opened, &state.zone));
    all.extend([
        Fact::new("Kommune", names.kommune(item.kommune)),
        Fact::new("Fagsystem", names.fagsystem(item.fagsystem)),
        Fact::new("Beløb", format!("{} kr.", kroner(item.debet))),
        Fact::new("Gik i stå", instant(item.opened, &state.zone)),
        Fact::new("Ligger hos", work_words::area(item.area)),
    ]);
    if let Some((at, how)) = &item.closed {
        all.push(Fact::new("Lukket", instant(*at, &state.zone)));
        all.push(Fact {
            label: "Hvordan",
            value: work_words::closing(how),
            href: match how {
                Closing::Corrected(by) => Some(format!("/bilag/{by}")),
                _ => None,
            },
        });
        return all;
    }
    let late = if due < state.today() {
        " (overskredet)"
    } else {
        ""
    };
    let holder = item.holder.as_ref().map_or("Ingen", |h| &h.navn);
    all.push(Fact::new("Taget af", holder));
    all.push(Fact::new("Frist", format!("{}{late}", day(due))));
    if let Some(postponed) = &item.postponed {
        let why = mask_text(&postponed.why);
        let until = format!("{}: {why}", day_short(postponed.until));
        all.push(Fact::new("Udskudt til", until));
    }
    all
}

fn history(detail: &WorkDetail, state: &PortalState) -> Vec<HistoryLine> {
    let line = |event: &oir_flow::ports::work::WorkEvent| HistoryLine {
        iso: event.at.to_string(),
        at: instant_short(event.at, &state.zone),
        navn: event.who.navn.to_string(),
        what: work_words::step(&event.what),
        text: mask_text(&event.text),
    };
    detail.history.iter().map(line).collect()
}

/// A form's fields as they were sent: ids may come many times.
type Fields = Vec<(String, String)>;

/// A form of the worklist, read.
struct Sent {
    fields: Fields,
}

impl Sent {
    fn one(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// What the step is for: the whole group, those ticked, or the one item of its page.
    fn selection(&self) -> Result<Option<Selection>, PageError> {
        if self.one("alle") == "ja" {
            let group = group_of(self.one("gruppe")).ok_or(PageError::BadForm)?;
            return Ok(Some(Selection::Group(group.0, group.1)));
        }
        let ids = self.fields.iter().filter(|(field, _)| field == "id");
        let ids: Result<Vec<Subject>, _> = ids.map(|(_, id)| id.parse()).collect();
        let ids = ids.map_err(|_| PageError::BadForm)?;
        Ok((!ids.is_empty()).then_some(Selection::These(ids)))
    }

    /// The one item whose page the form stood on.
    fn single(&self) -> Result<Option<Subject>, PageError> {
        if !self.one("gruppe").is_empty() {
            return Ok(None);
        }
        let id = self.one("id").parse().map_err(|_| PageError::BadForm)?;
        Ok(Some(id))
    }

    fn typed(&self) -> Typed {
        Typed {
            text: self.one("tekst").to_owned(),
            until: self.one("til").to_owned(),
        }
    }

    /// Back to where the form stood, with what came of it.
    fn back(&self, sket: &str, effect: &Effect) -> Result<Response, PageError> {
        let to = match self.single()? {
            Some(subject) => format!("/fejl/bilag/{subject}"),
            None => {
                let (key, area) = group_of(self.one("gruppe")).ok_or(PageError::BadForm)?;
                group_href(&key, area)
            }
        };
        let (done, left) = (effect.done(), effect.left.antal);
        let mut to = format!("{to}?sket={sket}&antal={done}&tilbage={left}");
        if effect.beyond > 0 {
            to.push_str(&format!("&flere={}", effect.beyond));
        }
        Ok(Redirect::to(&to).into_response())
    }

    /// The page again, with why nothing was done.
    async fn again(
        &self,
        state: &PortalState,
        viewer: &Viewer,
        text: &str,
    ) -> Result<Response, PageError> {
        let notice = Some(Notice::wrong(text));
        match self.single()? {
            Some(subject) => item_page(state, viewer, subject, notice, &self.typed()).await,
            None => group_page(state, viewer, self.one("gruppe"), None, notice).await,
        }
    }
}

const NOTHING_TICKED: &str = "Sæt kryds ved mindst ét bilag, eller vælg hele gruppen.";
const NO_DAY: &str = "Skriv den dag, fejlen skal tages op igen, fx 30.11.2026.";
const NO_PERSON: &str = "Vælg en person på listen. Kun de, der er logget ind, står på den.";

/// `POST /fejl/trin`: take, give back, pass on, comment, postpone, close.
pub(super) async fn step(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(fields) = form.map_err(|_| PageError::BadForm)?;
    let sent = Sent { fields };
    viewer.sent(sent.one("token"))?;
    let Some(selection) = sent.selection()? else {
        return sent.again(&state, &viewer, NOTHING_TICKED).await;
    };
    let text: Box<str> = sent.one("tekst").into();
    let (act, sket) = match sent.one("trin") {
        "tag" => (Act::Take, "taget"),
        "laeg" => (Act::GiveBack, "lagt"),
        "omraade" => {
            let area = Area::from_word(sent.one("omraade")).ok_or(PageError::BadForm)?;
            (Act::ToArea(area, text), "sendt")
        }
        "person" => {
            let Some(to) = chosen(&state, &viewer, sent.one("person")).await? else {
                return sent.again(&state, &viewer, NO_PERSON).await;
            };
            let given = state
                .worklist
                .hand_over(asker(&viewer), &selection, &to, &text);
            return told(&state, &viewer, &sent, &given.await?, "sendt").await;
        }
        "skriv" => (Act::Comment(text), "skrevet"),
        "udskyd" => match read_day(sent.one("til")) {
            Some(until) => (Act::Postpone(until, text), "udskudt"),
            None => return sent.again(&state, &viewer, NO_DAY).await,
        },
        "genoptag" => (Act::Resume, "genoptaget"),
        "luk" => (Act::Close(text), "lukket"),
        _ => return Err(PageError::BadForm),
    };
    perform(&state, &viewer, &sent, &selection, (&act, sket)).await
}

/// The person of a choice; only those who could be chosen count. What of the selection is
/// theirs to handle is judged item by item.
async fn chosen(
    state: &PortalState,
    viewer: &Viewer,
    subject: &str,
) -> Result<Option<Person>, PageError> {
    let everybody = state.entrance.sign_in.everybody().await?;
    let own = |patch: &oir_domain::access::Patch, scope: &Scope| {
        patch.kommune.is_none_or(|kommune| scope.touches(kommune))
    };
    let shares = |scope: Scope| {
        viewer
            .scope
            .patches()
            .iter()
            .any(|patch| own(patch, &scope))
    };
    let found = everybody
        .iter()
        .find(|s| &*s.person.subject == subject && shares(s.person.scope(Action::HandleWork)));
    Ok(found.map(|s| s.person.clone()))
}

async fn perform(
    state: &PortalState,
    viewer: &Viewer,
    sent: &Sent,
    selection: &Selection,
    (act, sket): (&Act, &str),
) -> Result<Response, PageError> {
    let effect = state
        .worklist
        .perform(asker(viewer), selection, act)
        .await?;
    told(state, viewer, sent, &effect, sket).await
}

fn asker(viewer: &Viewer) -> Asker<'_> {
    Asker {
        person: &viewer.person,
        scope: &viewer.scope,
    }
}

/// What came of a step, told where the form stood.
async fn told(
    state: &PortalState,
    viewer: &Viewer,
    sent: &Sent,
    effect: &Effect,
    sket: &str,
) -> Result<Response, PageError> {
    match effect.why_left {
        Some(why) if effect.done() == 0 => sent.again(state, viewer, work_words::wrong(why)).await,
        // Somebody else's, or gone: not there for this person.
        None if *effect == Effect::default() => Err(PageError::NotFound),
        Some(_) | None => sent.back(sket, effect),
    }
}

/// What will happen, to be confirmed.
#[derive(Debug, Template)]
#[template(path = "work_preview.html")]
struct PreviewPage {
    page: Page,
    token: String,
    hvad: &'static str,
    button: &'static str,
    lines: Vec<String>,
    why_left: Option<&'static str>,
    possible: bool,
    asks_reason: bool,
    reason: String,
    fault: Option<&'static str>,
    gruppe: String,
    alle: bool,
    ids: Vec<String>,
    back: String,
}

/// `POST /fejl/levering`: first shown, then, confirmed, done.
pub(super) async fn deliver(
    State(state): State<PortalState>,
    viewer: Viewer,
    form: Result<Form<Fields>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(fields) = form.map_err(|_| PageError::BadForm)?;
    let sent = Sent { fields };
    viewer.sent(sent.one("token"))?;
    let Some(selection) = sent.selection()? else {
        return sent.again(&state, &viewer, NOTHING_TICKED).await;
    };
    let reason = sent.one("tekst").trim();
    let (act, hvad, sket) = match sent.one("hvad") {
        "videre" => (Act::GoOn, "videre", "videre"),
        "opgiv" => (Act::GiveUp(reason.into()), "opgiv", "opgivet"),
        _ => return Err(PageError::BadForm),
    };
    let confirmed = sent.one("bekraeftet") == "ja";
    let reasoned = !work_words::asks_reason(&act) || !reason.is_empty();
    if confirmed && reasoned {
        return perform(&state, &viewer, &sent, &selection, (&act, sket)).await;
    }
    let effect = state
        .worklist
        .preview(asker(&viewer), &selection, &act)
        .await?;
    if effect == Effect::default() {
        return Err(PageError::NotFound);
    }
    let ids = match &selection {
        Selection::These(ids) => ids.iter().map(ToString::to_string).collect(),
        Selection::Group(..) => Vec::new(),
    };
    let back = match sent.single()? {
        Some(subject) => format!("/fejl/bilag/{subject}"),
        None => group_of(sent.one("gruppe"))
            .map(|(key, area)| group_href(&key, area))
            .ok_or(PageError::BadForm)?,
    };
    let fault =
        (confirmed && !reasoned).then(|| work_words::wrong(oir_domain::work::Wrong::NoText));
    let template = PreviewPage {
        page: Page::inside("Det her sker", Section::Work, &viewer).below(&FEJL),
        token: sent.one("token").to_owned(),
        hvad,
        button: if hvad == "videre" {
            "Sæt i gang"
        } else {
            "Opgiv levering"
        },
        lines: work_words::effect(&effect),
        why_left: effect.why_left.map(work_words::wrong),
        possible: effect.done() > 0,
        asks_reason: work_words::asks_reason(&act),
        reason: mask_text(reason),
        fault,
        gruppe: sent.one("gruppe").to_owned(),
        alle: matches!(selection, Selection::Group(..)),
        ids,
        back,
    };
    let html = page(&template)?;
    Ok(if fault.is_some() {
        unreadable_form(html)
    } else {
        html.into_response()
    })
}

/// `GET` of an address that only takes forms: somebody reloads, or comes back to it.
pub(super) async fn to_the_list() -> Redirect {
    Redirect::to("/fejl")
}
