//! Following a sortiment over HTTP: the whole, then each change by position, acknowledged and
//! replayable; and the changes announced beforehand. Described in `docs/HTTP.md`.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use jiff::Timestamp;
use oir_domain::access::Scope;
use oir_domain::calendar::{copenhagen, day_of};
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::FagsystemId;
use oir_domain::machine_key::{Holder, Pass, Right};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::ports::sortiment::{Change, Subscription};
use oir_wire::finans::write::instant;
use oir_wire::klassifikation::write;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::MachineState;
use super::api::{away, not_allowed, taken_in, told, turned_away, wrong, wrong_method};
use super::door::{self, Peer};
use super::lookup::question::{kommune, parsed, unexpected};

/// Where the interface lives.
pub const PATH: &str = "/api/sortiment/v1";
/// Changes of one answer, unless fewer are asked for.
const PAGE: u32 = 500;
/// Longest name of a subscriber, in characters.
const NAVN_MAX: usize = 80;

/// The routes.
pub(super) fn routes() -> Router<MachineState> {
    let at = |rest: &str| format!("{PATH}/{rest}");
    Router::new()
        .route(&at("abonnementer"), post(subscribe).fallback(wrong_method))
        .route(
            &at("abonnementer/{id}"),
            get(one).delete(end).fallback(wrong_method),
        )
        .route(
            &at("abonnementer/{id}/indhold"),
            get(whole).fallback(wrong_method),
        )
        .route(
            &at("abonnementer/{id}/aendringer"),
            get(changes).fallback(wrong_method),
        )
        .route(
            &at("abonnementer/{id}/kvittering"),
            post(acknowledge).fallback(wrong_method),
        )
        .route(&at("varsler"), get(announcements).fallback(wrong_method))
}

/// What may be said of a request before anything is looked up, or the answer that ends it.
type Or<T> = Result<T, Box<Response>>;

fn fault(code: FaultCode, place: &str, value: &str) -> Box<Response> {
    Box::new(wrong(&[Fault::foreign(
        code,
        Place::message(place),
        &[&value],
    )]))
}

fn failed(failure: &StoreFailure) -> Box<Response> {
    tracing::error!(%failure, "a sortiment cannot be followed");
    Box::new(away())
}

/// Who calls, as subscriptions name them; anybody when the door is open.
fn subscriber(pass: Option<&Pass>) -> Box<str> {
    match pass.map(Pass::holder) {
        None => "open".into(),
        Some(Holder::Fagsystem(id)) => id.to_string().into(),
        Some(Holder::Books) => "books".into(),
    }
}

fn covers(pass: Option<&Pass>, kommune: Kommunekode, fagsystem: FagsystemId) -> bool {
    pass.is_none_or(|pass| pass.may(Right::FollowSortiment, kommune, Some(fagsystem)))
}

async fn entered(
    state: &MachineState,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
) -> Or<Option<Pass>> {
    let peer = peer.map(|Extension(peer)| peer);
    let pass = door::enter(&state.door, headers, peer).await;
    pass.map_err(|turned| Box::new(turned_away(*turned)))
}

/// The subscription of an address, if it is the caller's.
async fn own(state: &MachineState, pass: Option<&Pass>, id: &str) -> Or<Subscription> {
    let shown: String = id.chars().take(60).collect();
    let unknown = || fault(FaultCode::NotFound, "AbonnementID", &shown);
    let id: Uuid = id.parse().map_err(|_| unknown())?;
    let kept = state.classification.store.subscription(id).await;
    let kept = kept.map_err(|failure| failed(&failure))?;
    let kept = kept.ok_or_else(unknown)?;
    let same = kept.subscriber == subscriber(pass);
    if same && covers(pass, kept.kommune, kept.fagsystem) {
        Ok(kept)
    } else {
        Err(unknown())
    }
}

fn deed(state: &MachineState, what: &str, subscription: &Subscription) -> Deed {
    Deed {
        at: state.classification.clock.now(),
        subject: "maskine".into(),
        navn: subscription.navn.clone(),
        what: what.into(),
        kommune: Some(subscription.kommune),
        object: subscription.id.to_string().into(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(rename = "Fagsystem")]
    fagsystem: String,
    #[serde(rename = "Kommunekode")]
    kommunekode: String,
    #[serde(rename = "Navn")]
    navn: String,
}

/// The JSON of a body; where it is not of the form wanted, that, and where it goes wrong.
fn read_json<T: DeserializeOwned>(bytes: &[u8], form: &str) -> Or<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let place = format!("JSON, linje {line}, kolonne {column}");
        fault(FaultCode::WrongForm, &place, form)
    })
}

fn read_wanted(bytes: &[u8]) -> Or<(FagsystemId, Kommunekode, Box<str>)> {
    let wanted: Wanted = read_json(
        bytes,
        "et objekt med Fagsystem, Kommunekode og Navn som tekst",
    )?;
    let mut faults = Vec::new();
    let mut wrong_form = |place: &str, want: &str| {
        let place = Place::message(place);
        faults.push(Fault::new(FaultCode::WrongForm, place, &[&want]));
    };
    let fagsystem: Option<FagsystemId> = wanted.fagsystem.parse().ok();
    if fagsystem.is_none() {
        wrong_form("Fagsystem", "en UUID");
    }
    let code = kommune(&wanted.kommunekode).filter(|code| code.0 > 0);
    if code.is_none() {
        wrong_form("Kommunekode", "4 cifre");
    }
    let navn = wanted.navn.trim();
    if !(1..=NAVN_MAX).contains(&navn.chars().count()) {
        wrong_form("Navn", "1 til 80 tegn");
    }
    match (fagsystem, code) {
        (Some(fagsystem), Some(code)) if faults.is_empty() => Ok((fagsystem, code, navn.into())),
        _ => Err(Box::new(wrong(&faults))),
    }
}

async fn subscribe(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let kept = async {
        let (pass, message) = taken_in(&state, peer, &headers, body)
            .await
            .map_err(Box::new)?;
        let (fagsystem, kommune, navn) = read_wanted(message.bytes())?;
        let register = state.hub.register();
        if !covers(pass.as_ref(), kommune, fagsystem) {
            return Err(Box::new(not_allowed()));
        }
        if register.fagsystem(fagsystem).is_none() {
            let shown = fagsystem.to_string();
            return Err(fault(FaultCode::UnknownFagsystem, "Fagsystem", &shown));
        }
        let subscription = Subscription {
            id: state.classification.ids.next(),
            subscriber: subscriber(pass.as_ref()),
            navn,
            fagsystem,
            kommune,
            made: state.classification.clock.now(),
            acknowledged: 0,
            acknowledged_at: None,
            ended: None,
        };
        let deed = deed(&state, deeds::SUBSCRIBED_SORTIMENT, &subscription);
        let done = state.classification.store.subscribe(&subscription, &deed);
        done.await.map_err(|failure| failed(&failure))?;
        Ok(subscription)
    };
    told(kept.await.map(|subscription| shown(&subscription)))
}

fn shown(subscription: &Subscription) -> Value {
    json!({
        "AbonnementID": subscription.id.to_string(),
        "Navn": subscription.navn,
        "Fagsystem": subscription.fagsystem.to_string(),
        "Kommunekode": subscription.kommune.to_string(),
        "Oprettet": instant(subscription.made),
        "Position": subscription.acknowledged,
        "Kvitteret": subscription.acknowledged_at.map(instant),
    })
}

async fn one(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let kept = async {
        let pass = entered(&state, peer, &headers).await?;
        own(&state, pass.as_ref(), &id).await
    };
    told(kept.await.map(|subscription| shown(&subscription)))
}

async fn end(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let ended = async {
        let pass = entered(&state, peer, &headers).await?;
        let subscription = own(&state, pass.as_ref(), &id).await?;
        let deed = deed(&state, deeds::UNSUBSCRIBED_SORTIMENT, &subscription);
        let done = state
            .classification
            .store
            .unsubscribe(subscription.id, &deed);
        done.await.map_err(|failure| failed(&failure))?;
        Ok(json!({ "AbonnementID": id, "Udfald": "OPSAGT" }))
    };
    told(ended.await)
}

/// A change: what kind of object, and the event as KOMBIT's XML.
fn event(change: &Change) -> Value {
    let draft = &change.draft;
    let xml = write::besked(draft.kind, draft.objekt, &draft.registrering);
    json!({
        "Position": change.position,
        "Art": draft.kind.name(),
        "UUID": draft.objekt.to_string(),
        "Kommunekode": draft.kommune.map(|kommune| kommune.to_string()),
        "Livscyklus": draft.registrering.livscyklus.word(),
        "RegistreringBesked": String::from_utf8_lossy(&xml),
    })
}

async fn whole(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        let pass = entered(&state, peer, &headers).await?;
        let of = own(&state, pass.as_ref(), &id).await?;
        let read = state
            .classification
            .store
            .snapshot(of.fagsystem, of.kommune);
        let (position, whole) = read.await.map_err(|failure| failed(&failure))?;
        let objects: Vec<Value> = whole.iter().map(event).collect();
        Ok(json!({ "Position": position, "Objekter": objects }))
    };
    told(read.await)
}

/// Which changes are asked for.
#[derive(Default)]
struct From {
    fra: Option<i64>,
    antal: Option<u32>,
}

impl From {
    /// Reads the parameters of an address.
    fn read(pairs: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let mut from = Self::default();
        let mut faults = Vec::new();
        for (place, (name, value)) in pairs.iter().enumerate() {
            let mut before = pairs.iter().take(place);
            let read = if before.any(|(other, _)| other == name) {
                Err(unexpected(name, &"samme navn én gang"))
            } else {
                from.take(name, value)
            };
            faults.extend(read.err());
        }
        if faults.is_empty() {
            Ok(from)
        } else {
            Err(faults)
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "fra" => self.fra = Some(parsed(name, "en position", value.parse().ok())?),
            "antal" => {
                let form = "et tal fra 1 til 500";
                self.antal = Some(parsed(name, form, value.parse().ok())?);
            }
            _ => return Err(unexpected(name, &"en parameter fra beskrivelsen")),
        }
        Ok(())
    }
}

async fn changes(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        let pass = entered(&state, peer, &headers).await?;
        let of = own(&state, pass.as_ref(), &id).await?;
        let from = From::read(&query).map_err(|faults| Box::new(wrong(&faults)))?;
        let after = from.fra.unwrap_or(of.acknowledged);
        let limit = from.antal.unwrap_or(PAGE).clamp(1, PAGE);
        let store = &state.classification.store;
        // Before the changes are read: what comes between is told next time.
        let newest = store.position().await;
        let read = store.changes(of.fagsystem, of.kommune, after, limit);
        let read = read.await.and_then(|changes| Ok((changes, newest?)));
        let (changes, newest) = read.map_err(|failure| failed(&failure))?;
        let full = u32::try_from(changes.len()).is_ok_and(|count| count == limit);
        let last = changes.last().map(|change| change.position);
        // Where there is no more, everything up to the newest position is passed.
        let position = match last {
            Some(last) if full => last,
            last => last.unwrap_or(after).max(newest).max(after),
        };
        let events: Vec<Value> = changes.iter().map(event).collect();
        Ok(json!({ "Position": position, "Flere": full, "Aendringer": events }))
    };
    told(read.await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledged {
    #[serde(rename = "Position")]
    position: i64,
}

async fn acknowledge(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let noted = async {
        let (pass, message) = taken_in(&state, peer, &headers, body)
            .await
            .map_err(Box::new)?;
        let of = own(&state, pass.as_ref(), &id).await?;
        let said: Acknowledged = read_json(message.bytes(), "et objekt med Position som heltal")?;
        let never_given = || {
            let want = "en position, der er givet";
            fault(FaultCode::WrongForm, "Position", want)
        };
        if said.position < 0 {
            return Err(never_given());
        }
        let now = state.classification.clock.now();
        let store = &state.classification.store;
        let noted = store.acknowledge(of.id, said.position, now).await;
        if !noted.map_err(|failure| failed(&failure))? {
            return Err(never_given());
        }
        Ok(json!({ "AbonnementID": id, "Position": said.position }))
    };
    told(noted.await)
}

async fn announcements(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        let pass = entered(&state, peer, &headers).await?;
        let scope = pass.map_or_else(Scope::everything, |pass| pass.scope(Right::FollowSortiment));
        let now: Timestamp = state.classification.clock.now();
        let today = day_of(now, &copenhagen());
        let all = state
            .classification
            .store
            .announcements(&scope, today)
            .await;
        let all = all.map_err(|failure| failed(&failure))?;
        let line = |one: &oir_flow::ports::sortiment::Announcement| {
            json!({
                "VarselID": one.id.to_string(),
                "Fagsystem": one.fagsystem.to_string(),
                "Kommunekode": one.kommune.map(|kommune| kommune.to_string()),
                "GaelderFra": one.effective.to_string(),
                "Tekst": one.tekst,
                "Varslet": instant(one.announced),
                "FoerstePosition": one.positions.0,
                "SidstePosition": one.positions.1,
            })
        };
        Ok(json!({ "Varsler": all.iter().map(line).collect::<Vec<_>>() }))
    };
    told(read.await)
}
