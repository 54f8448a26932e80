//! The keys of machines: who may call, for whom, until when; made, renewed and ended by
//! people. A secret is on one page once: the answer to the form that made the key.

mod form;
mod workbook;

use std::cmp::Reverse;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{Holder, Right, Standing, standing};
use oir_flow::keyring::Wish;
use oir_flow::ports::machine_keys::KeyRecord;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::names::Names;
use super::view::{Badge, Choice, Fact, FieldFault, Page, Section};
use crate::danish_format::{day_short, instant_short, sort_key};
use form::{KeyForm, Renewal};

pub(super) use workbook::download;

/// Pairs of a form whose names may stand more than once.
type Pairs = Vec<(String, String)>;
type Sent = Result<Form<Pairs>, FormRejection>;

/// The list.
#[derive(Debug, Template)]
#[template(path = "keys.html")]
struct KeysPage {
    page: Page,
    lines: Vec<KeyLine>,
    /// Whether the viewer has a session to send forms from.
    may_make: bool,
}

/// One key.
#[derive(Debug)]
struct KeyLine {
    href: String,
    navn: String,
    holder: String,
    kommuner: String,
    rights: String,
    until: String,
    standing: Badge,
    last_used: String,
    made_by: String,
}

/// The form for a new one.
#[derive(Debug, Template)]
#[template(path = "key_new.html")]
struct NewKeyPage {
    page: Page,
    token: String,
    id: String,
    form: KeyForm,
    holders: Vec<Choice>,
    kommuner: Vec<Choice>,
    rights: Vec<Choice>,
    lives: Vec<Choice>,
}

/// A key that was made, with its secret.
#[derive(Debug, Template)]
#[template(path = "key_made.html")]
struct MadePage {
    page: Page,
    id: String,
    secret: String,
    facts: Vec<Fact>,
}

/// One key with what can be done with it.
#[derive(Debug, Template)]
#[template(path = "key.html")]
struct KeyPage {
    page: Page,
    standing: Badge,
    facts: Vec<Fact>,
    fault: Option<FieldFault>,
    /// Token and id of the forms; none when this viewer cannot change the key.
    forms: Option<(String, String)>,
    address: String,
    lives: Vec<Choice>,
    overlaps: Vec<Choice>,
}

/// A right as people call it.
const fn right(right: Right) -> &'static str {
    match right {
        Right::Send => "Sende bilag",
        Right::LookUp => "Hente kvitteringer og slå op",
        Right::GiveReceipts => "Aflevere kvitteringer",
        Right::StateTotals => "Angive kontroltotaler",
        Right::FollowSortiment => "Læse sortimentet og følge dets ændringer",
        Right::EditSortiment => "Vedligeholde sit eget sortiment",
    }
}

/// Where a key stands.
const fn badge(standing: Standing) -> Badge {
    let (text, weight) = match standing {
        Standing::Valid => ("Gyldig", "success"),
        Standing::EndsSoon => ("Udløber snart", "warning"),
        Standing::NotYet => ("Gælder ikke endnu", "info"),
        Standing::Expired => ("Udløbet", "error"),
        Standing::Ended => ("Afsluttet", "error"),
    };
    Badge { text, weight }
}

fn stands(key: &KeyRecord, now: Timestamp) -> Standing {
    standing(&key.terms, key.ended.as_ref().map(|end| end.at), now)
}

fn holder(holder: Holder, names: &Names) -> String {
    match holder {
        Holder::Fagsystem(id) => names.fagsystem(Some(id)),
        Holder::Books => "Økonomisystem".to_owned(),
    }
}

/// The authorities that the viewer may know of by name, and how many others there are.
fn kommuner(key: &KeyRecord, names: &Names, scope: &Scope) -> String {
    let all = key.terms.kommuner();
    let mut seen: Vec<String> = all
        .iter()
        .filter(|kommune| scope.touches(**kommune))
        .map(|kommune| names.kommune(*kommune))
        .collect();
    seen.sort_by_cached_key(|navn| sort_key(navn));
    let others = all.len().saturating_sub(seen.len());
    let mut text = seen.join(", ");
    if others > 0 {
        text.push_str(&format!(" og {others} andre"));
    }
    text
}

fn rights(key: &KeyRecord) -> String {
    let words: Vec<&str> = key.terms.rights().iter().map(|r| right(*r)).collect();
    words.join(", ")
}

/// The keys that somebody sees: those that open first, by name, the newest first.
async fn seen(state: &PortalState, scope: &Scope) -> Result<Vec<KeyRecord>, PageError> {
    let now = state.clock.now();
    let mut keys = state.keys.seen(scope).await?;
    keys.sort_by_cached_key(|key| {
        let over = matches!(stands(key, now), Standing::Expired | Standing::Ended);
        (over, sort_key(&key.navn), Reverse(key.made))
    });
    Ok(keys)
}

/// `GET /noegler`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let (names, now) = (state.names(), state.clock.now());
    let keys = seen(&state, &viewer.scope).await?;
    let line = |key: &KeyRecord| KeyLine {
        href: format!("/noegler/{}", key.id),
        navn: key.navn.to_string(),
        holder: holder(key.terms.holder(), &names),
        kommuner: kommuner(key, &names, &viewer.scope),
        rights: rights(key),
        until: instant_short(key.terms.until(), &state.zone),
        standing: badge(stands(key, now)),
        last_used: last_used(key, &state),
        made_by: key.made_by.to_string(),
    };
    let template = KeysPage {
        page: Page::inside("Maskiners nøgler", Section::Neither, &viewer),
        lines: keys.iter().map(line).collect(),
        may_make: viewer.session.is_some(),
    };
    Ok(page(&template)?.into_response())
}

fn last_used(key: &KeyRecord, state: &PortalState) -> String {
    let hour = key.last_used.map(|at| instant_short(at, &state.zone));
    hour.unwrap_or_else(|| "Aldrig".to_owned())
}

/// `GET /noegler/ny`
pub(super) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let template = new_page(&state, &viewer, KeyForm::default())?;
    Ok(page(&template)?.into_response())
}

fn new_page(state: &PortalState, viewer: &Viewer, form: KeyForm) -> Result<NewKeyPage, PageError> {
    let (_, token) = viewer.session.as_ref().ok_or(PageError::SignedOut)?;
    let names = state.names();
    let title = "Ny nøgle til en maskine";
    let back = [("/noegler", "Maskiners nøgler")];
    let books = Choice::new("books".to_owned(), "Økonomisystem".to_owned(), &form.holder);
    let mut holders = vec![books];
    holders.extend(names.fagsystem_choices(&form.holder));
    let mut kommuner = names.kommune_choices(&viewer.scope, "");
    let only = kommuner.len() == 1;
    for choice in &mut kommuner {
        choice.chosen = only || form.kommuner.contains(&choice.value);
    }
    let choice = |one: Right| {
        let mut choice = Choice::new(one.word().to_owned(), right(one).to_owned(), "");
        choice.chosen = form.rights.contains(&choice.value);
        choice
    };
    Ok(NewKeyPage {
        page: Page::inside(title, Section::Neither, viewer).below(&back),
        token: token.clone(),
        id: state.keys.next_id().to_string(),
        holders,
        kommuner,
        rights: Right::ALL.map(choice).into(),
        lives: form::lives(&form.months),
        form,
    })
}

/// `POST /noegler/ny`: makes a key, and shows its secret this once. The form carries the
/// key's id, so that sending it again makes no other key and shows nothing.
pub(super) async fn make(
    State(state): State<PortalState>,
    viewer: Viewer,
    sent: Sent,
) -> Result<Response, PageError> {
    let Form(pairs) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(form::one(&pairs, "token"))?;
    let id: KeyId = form::one(&pairs, "id")
        .parse()
        .map_err(|_| PageError::BadForm)?;
    let mut form = KeyForm::read(&pairs);
    let Some((navn, terms)) = form.terms(state.clock.now(), &(state.register)()) else {
        let template = new_page(&state, &viewer, form)?;
        return Ok(unreadable_form(page(&template)?));
    };
    if !terms.governed_by(&viewer.scope) {
        return Err(PageError::NotFound);
    }
    let wish = Wish {
        id,
        navn,
        terms,
        follows: None,
    };
    made(&state, &viewer, wish).await
}

/// Makes a key and shows it; one that was made before is shown without its secret.
async fn made(state: &PortalState, viewer: &Viewer, wish: Wish) -> Result<Response, PageError> {
    let id = wish.id;
    let Some(secret) = state.keys.make(&viewer.person, wish).await? else {
        return Ok(Redirect::to(&format!("/noegler/{id}")).into_response());
    };
    let key = find(state, viewer, id).await?;
    let title = "Nøglen er lavet";
    let back = [("/noegler", "Maskiners nøgler")];
    let template = MadePage {
        page: Page::inside(title, Section::Neither, viewer).below(&back),
        id: id.to_string(),
        secret,
        facts: facts(state, viewer, &key),
    };
    Ok(page(&template)?.into_response())
}

async fn find(state: &PortalState, viewer: &Viewer, id: KeyId) -> Result<KeyRecord, PageError> {
    let keys = state.keys.seen(&viewer.scope).await?;
    let found = keys.into_iter().find(|key| key.id == id);
    found.ok_or(PageError::NotFound)
}

/// A key that this person has a say over.
async fn own(state: &PortalState, viewer: &Viewer, id: &str) -> Result<KeyRecord, PageError> {
    let id: KeyId = id.parse().map_err(|_| PageError::NotFound)?;
    let key = find(state, viewer, id).await?;
    let governs = key.terms.governed_by(&viewer.scope);
    governs.then_some(key).ok_or(PageError::NotFound)
}

fn facts(state: &PortalState, viewer: &Viewer, key: &KeyRecord) -> Vec<Fact> {
    let names = state.names();
    let at = |instant| instant_short(instant, &state.zone);
    let mut facts = vec![
        Fact::new("Navn", &*key.navn),
        Fact::new("Klient-id (client_id)", key.id.to_string()),
        Fact::new("System", holder(key.terms.holder(), &names)),
        Fact::new("Myndighed", kommuner(key, &names, &viewer.scope)),
        Fact::new("Må", rights(key)),
        Fact::new("Gælder fra", at(key.terms.from())),
        Fact::new("Gælder til", at(key.terms.until())),
        Fact::new("Sidst brugt (time)", last_used(key, state)),
        Fact::new("Lavet", format!("{} af {}", at(key.made), key.made_by)),
    ];
    if let Some(old) = key.replaces {
        let mut fact = Fact::new("Afløser", old.to_string());
        fact.href = Some(format!("/noegler/{old}"));
        facts.push(fact);
    }
    if let Some(end) = &key.ended {
        let ended = format!("{} af {}: {}", at(end.at), end.by, end.reason);
        facts.push(Fact::new("Afsluttet", ended));
    }
    facts
}

/// `GET /noegler/{id}`
pub(super) async fn one(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: KeyId = id.parse().map_err(|_| PageError::NotFound)?;
    let key = find(&state, &viewer, id).await?;
    let template = key_page(&state, &viewer, &key, None);
    Ok(page(&template)?.into_response())
}

fn key_page(
    state: &PortalState,
    viewer: &Viewer,
    key: &KeyRecord,
    fault: Option<FieldFault>,
) -> KeyPage {
    let standing = stands(key, state.clock.now());
    let over = matches!(standing, Standing::Expired | Standing::Ended);
    let governs = key.terms.governed_by(&viewer.scope) && !over;
    let token = viewer.session.as_ref().filter(|_| governs);
    let forms = token.map(|(_, token)| (token.clone(), state.keys.next_id().to_string()));
    let back = [("/noegler", "Maskiners nøgler")];
    KeyPage {
        page: Page::inside(&key.navn, Section::Neither, viewer).below(&back),
        standing: badge(standing),
        facts: facts(state, viewer, key),
        fault,
        forms,
        address: format!("/noegler/{}", key.id),
        lives: form::lives(""),
        overlaps: form::overlaps(),
    }
}

/// `POST /noegler/{id}/forny`: a key that follows this one, which ends after an overlap.
pub(super) async fn renew(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let Form(pairs) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(form::one(&pairs, "token"))?;
    let key = own(&state, &viewer, &id).await?;
    let now = state.clock.now();
    let renewal = Renewal::read(&pairs).ok_or(PageError::BadForm)?;
    let terms = key.terms.renewed(now, renewal.life);
    let terms = terms.map_err(|_| PageError::BadForm)?;
    let until = now.saturating_add(renewal.overlap).unwrap_or(now);
    let wish = Wish {
        id: renewal.id,
        navn: key.navn.clone(),
        terms,
        follows: Some((key.id, until.min(key.terms.until()))),
    };
    made(&state, &viewer, wish).await
}

/// `POST /noegler/{id}/afslut`
pub(super) async fn end(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let Form(pairs) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(form::one(&pairs, "token"))?;
    let key = own(&state, &viewer, &id).await?;
    let reason = form::one(&pairs, "grund").trim();
    if !(1..=form::REASON_MAX).contains(&reason.chars().count()) {
        let text = "Skriv, hvorfor nøglen afsluttes: 1 til 200 tegn";
        let fault = FieldFault::new("grund", text);
        let template = key_page(&state, &viewer, &key, Some(fault));
        return Ok(unreadable_form(page(&template)?));
    }
    // One that ended meanwhile is over: what was wanted.
    state.keys.end(&viewer.person, &key, reason).await?;
    Ok(Redirect::to(&format!("/noegler/{}", key.id)).into_response())
}

/// The day of an instant, for lists as files.
fn day(at: Timestamp, state: &PortalState) -> String {
    day_short(oir_domain::calendar::day_of(at, &state.zone))
}
