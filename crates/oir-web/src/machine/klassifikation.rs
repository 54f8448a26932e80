//! The classification over SOAP: a service per kind of object, at KOMBIT's operations. Answers
//! carry their verdict in *StandardRetur*; a SOAP fault is of what is no call at all.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use axum::{Extension, Router};
use oir_domain::access::Scope;
use oir_domain::klassifikation::check::{KlasseFault, KlasseFaultCode};
use oir_domain::klassifikation::{Kind, Objekt, UnikId};
use oir_domain::machine_key::{Holder, Pass, Right};
use oir_flow::ports::StoreFailure;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_flow::ports::sortiment::ObjektQuestion;
use oir_flow::sortiment::{Classification, Editor, National, NotRegistered, Order};
use oir_wire::danish::klasse_fault;
use oir_wire::finans::SoapVersion;
use oir_wire::klassifikation::write::{self, Answer};
use oir_wire::klassifikation::{Filter, Request, Soeg, Status, read};

use super::MachineState;
use super::door::{self, Peer};
use super::hand_over::received;

/// Where the services live; the kind's name in small letters follows.
pub const PATH: &str = "/service/OIR/klassifikation/6";
/// Most objects that one answer holds.
const OBJECTS_MAX: usize = 500;

/// The services.
pub(super) fn services() -> Router<MachineState> {
    let mut routes = Router::new();
    for kind in Kind::ALL {
        let path = format!("{PATH}/{}", kind.name().to_lowercase());
        routes = routes.route(&path, service(kind));
    }
    routes
}

fn service(kind: Kind) -> MethodRouter<MachineState> {
    post(
        move |State(state): State<MachineState>,
              peer: Option<Extension<Peer>>,
              headers: HeaderMap,
              body: Body| async move { called(&state, kind, peer, &headers, body).await },
    )
}

/// What a caller may: read with one scope, register as an editor.
struct Caller {
    sees: Scope,
    editor: Option<Editor>,
    navn: String,
}

impl Caller {
    fn of(pass: Option<&Pass>) -> Option<Self> {
        let Some(pass) = pass else {
            return Some(Self {
                sees: Scope::everything(),
                editor: Some(Editor::everything()),
                navn: "Maskine uden nøgle".to_owned(),
            });
        };
        let may = |right| pass.rights().contains(&right);
        if !may(Right::FollowSortiment) && !may(Right::EditSortiment) {
            return None;
        }
        let right = if may(Right::FollowSortiment) {
            Right::FollowSortiment
        } else {
            Right::EditSortiment
        };
        let editor = may(Right::EditSortiment).then(|| {
            let own = pass.holder().fagsystem();
            Editor {
                scope: pass.scope(Right::EditSortiment),
                national: own.map_or(National::None, National::Of),
                by: own.map(|own| UnikId::Uuid(own.as_uuid())),
            }
        });
        let holder = match pass.holder() {
            Holder::Fagsystem(id) => format!("Fagsystem {id}"),
            Holder::Books => "Økonomisystem".to_owned(),
        };
        Some(Self {
            sees: pass.scope(right),
            editor,
            navn: format!("{holder} ({})", pass.key()),
        })
    }
}

async fn called(
    state: &MachineState,
    kind: Kind,
    peer: Option<Extension<Peer>>,
    headers: &HeaderMap,
    body: Body,
) -> Response {
    let announced = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let announced = announced.unwrap_or("");
    let Some(version) = SoapVersion::of_content_type(announced) else {
        let fault = write::fault(SoapVersion::V12, "Content-Type er ikke SOAP's");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return answered(SoapVersion::V12, status, fault);
    };
    let peer = peer.map(|Extension(peer)| peer);
    let pass = match door::enter(&state.door, headers, peer).await {
        Ok(pass) => pass,
        Err(turned) => {
            let text = "Kaldet har ingen gyldig nøgle";
            let answer = answered(version, turned.status, write::fault(version, text));
            return turned.on(answer);
        }
    };
    let Some(caller) = Caller::of(pass.as_ref()) else {
        let fault = write::fault(version, "Nøglen giver ikke adgang til sortimentet");
        return answered(version, StatusCode::FORBIDDEN, fault);
    };
    let message = match received(&state.room, headers, body).await {
        Ok(message) => message,
        Err((status, _)) => {
            let fault = write::fault(version, "Beskeden kunne ikke modtages");
            return answered(version, status, fault);
        }
    };
    let call = match read::call(kind, message.bytes()) {
        Ok(call) => call,
        Err(faults) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let fault = write::fault(version, &lines.join("; "));
            return answered(version, StatusCode::BAD_REQUEST, fault);
        }
    };
    let output = call.request.output();
    let (verdict, answer) = carried_out(&state.classification, kind, &caller, call.request).await;
    let verdict = (verdict.0, &*verdict.1);
    let transaction = call.transaction.as_deref();
    let body = write::reply((version, kind), transaction, output, verdict, &answer);
    answered(version, StatusCode::OK, body)
}

fn answered(version: SoapVersion, status: StatusCode, body: Vec<u8>) -> Response {
    let form = HeaderValue::from_static(version.content_type());
    (status, [(CONTENT_TYPE, form)], body).into_response()
}

type Verdict = (Status, String);

async fn carried_out(
    classification: &Classification,
    kind: Kind,
    caller: &Caller,
    request: Request,
) -> (Verdict, Answer) {
    let read = match request.change(classification.ids.next()) {
        Ok(change) => return changed(classification, kind, caller, change).await,
        Err(read) => read,
    };
    let found = match *read {
        Request::Laes(id, filter) => seen(classification, kind, caller, &[id], &filter).await,
        Request::List(ids, filter) => seen(classification, kind, caller, &ids, &filter).await,
        Request::Soeg(soeg) => searched(classification, kind, caller, soeg).await,
        _ => Ok((ok(), Answer::Plain)),
    };
    found.unwrap_or_else(|failure| (away(&failure), Answer::Plain))
}

fn ok() -> Verdict {
    (Status::Ok, "OK".to_owned())
}

fn away(failure: &StoreFailure) -> Verdict {
    tracing::error!(%failure, "the classification cannot be reached");
    (Status::Away, "Prøv igen om lidt".to_owned())
}

type Change = (
    uuid::Uuid,
    oir_domain::klassifikation::apply::Operation,
    oir_wire::klassifikation::Note,
);

async fn changed(
    classification: &Classification,
    kind: Kind,
    caller: &Caller,
    (objekt, operation, note): Change,
) -> (Verdict, Answer) {
    let Some(editor) = &caller.editor else {
        let text = "Nøglen må ikke registrere i sortimentet".to_owned();
        return ((Status::NotAllowed, text), Answer::Plain);
    };
    let made = matches!(
        operation,
        oir_domain::klassifikation::apply::Operation::Opret(_)
    );
    let order = Order {
        kind,
        objekt,
        operation,
        note,
    };
    let deed = Deed {
        at: classification.clock.now(),
        subject: "maskine".into(),
        navn: caller.navn.as_str().into(),
        what: deeds::CHANGED_SORTIMENT.into(),
        kommune: None,
        object: objekt.to_string().into(),
    };
    match classification.register(editor, &[order], None, &deed).await {
        Ok(_) if made => (ok(), Answer::Made(objekt)),
        Ok(_) => (ok(), Answer::Plain),
        Err(NotRegistered::Faults(faults)) => (verdict(&faults), Answer::Plain),
        Err(NotRegistered::Store(failure)) => (away(&failure), Answer::Plain),
    }
}

fn verdict(faults: &[KlasseFault]) -> Verdict {
    let has = |code| faults.iter().any(|fault| fault.code == code);
    let status = if has(KlasseFaultCode::NotYours) {
        Status::NotAllowed
    } else if has(KlasseFaultCode::Unknown) {
        Status::NotFound
    } else {
        Status::Wrong
    };
    let texts: Vec<String> = faults.iter().map(klasse_fault).collect();
    (status, texts.join(" "))
}

async fn seen(
    classification: &Classification,
    kind: Kind,
    caller: &Caller,
    ids: &[uuid::Uuid],
    filter: &Filter,
) -> Result<(Verdict, Answer), StoreFailure> {
    let too_many = ids.len() > OBJECTS_MAX;
    if too_many {
        let text = format!("Der gives højst {OBJECTS_MAX} objekter ad gangen");
        return Ok(((Status::Wrong, text), Answer::Plain));
    }
    let visible = classification.store.seen(&caller.sees, ids).await?;
    let mut objekter: Vec<Objekt> = classification.store.objekter(&visible).await?;
    objekter.retain(|objekt| objekt.kind == kind);
    objekter.sort_by_key(|objekt| ids.iter().position(|id| *id == objekt.id));
    for objekt in &mut objekter {
        objekt.registreringer = objekt.filtered(filter.registrering, &filter.virkning);
    }
    if objekter.is_empty() {
        let text = "Objektet findes ikke".to_owned();
        return Ok(((Status::NotFound, text), Answer::Plain));
    }
    Ok((ok(), Answer::Seen(objekter)))
}

async fn searched(
    classification: &Classification,
    kind: Kind,
    caller: &Caller,
    soeg: Soeg,
) -> Result<(Verdict, Answer), StoreFailure> {
    let most = u32::try_from(OBJECTS_MAX).unwrap_or(u32::MAX);
    let question = ObjektQuestion {
        kind,
        noegle: soeg.noegle,
        titel: soeg.titel,
        facet: soeg.facet,
        livscyklus: soeg.livscyklus,
        skip: soeg.skip,
        limit: soeg.limit.unwrap_or(most).min(most),
    };
    let found = classification.store.search(&caller.sees, &question).await?;
    Ok((ok(), Answer::Found(found)))
}
