//! Looking things up as JSON: the list of bilag and one bilag with its life. Personal
//! numbers are masked. It stands behind the portal's door and sees what its caller sees.

pub(super) mod question;

use std::sync::Arc;

use axum::extract::{FromRef, Path, Query, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use jiff::Timestamp;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::{Finanspostering, PartNummer};
use oir_domain::ids::BilagId;
use oir_flow::ports::StoreFailure;
use oir_flow::ports::views::{BilagDetail, BilagLine, TimelineEvent, Views};
use oir_wire::finans::json::konteringslinjer;
use oir_wire::finans::message::{Positionsfejl, Tilstand};
use oir_wire::finans::{json, write};
use serde_json::{Map, Value, json};

use super::api::{away, found, wrong, wrong_method};
use crate::masking::mask_text;
use crate::portal::door::Seen;
use question::Question;

type Source = Arc<dyn Views>;

/// Address of the list.
pub const LIST: &str = "/api/finans/v2/bilag";
/// Address of one bilag.
pub const ONE: &str = "/api/finans/v2/bilag/{id}";

/// The list over the reading side of a store.
pub(crate) fn list_route<S>() -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Source: FromRef<S>,
{
    get(list).fallback(wrong_method)
}

/// One bilag over the reading side of a store.
pub(crate) fn one_route<S>() -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Source: FromRef<S>,
{
    get(one).fallback(wrong_method)
}

async fn list(
    State(views): State<Source>,
    Seen(scope): Seen,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let question = match Question::read(&query) {
        Ok(question) => question,
        Err(faults) => return wrong(&faults),
    };
    // One more than asked for says whether there is a next page.
    let limit = question.limit.saturating_add(1);
    let lines = match views
        .list(&scope, &question.filter, question.after, limit)
        .await
    {
        Ok(lines) => lines,
        Err(failure) => return failed(&failure),
    };
    let shown = usize::try_from(question.limit).unwrap_or(usize::MAX);
    let page: Vec<Value> = lines.iter().take(shown).map(line).collect();
    let mut answer = json!({ "Bilag": page });
    if lines.len() > shown {
        let last = lines.get(shown.saturating_sub(1));
        put(&mut answer, "Naeste", last.map(question::cursor));
    }
    found(&answer)
}

async fn one(State(views): State<Source>, Seen(scope): Seen, Path(id): Path<String>) -> Response {
    let unknown = || {
        let shown = question::shown(&id);
        wrong(&[Fault::new(
            FaultCode::NotFound,
            Place::message("BilagID"),
            &[&shown],
        )])
    };
    let Ok(wanted) = id.parse::<BilagId>() else {
        return unknown();
    };
    match views.detail(&scope, wanted).await {
        Ok(Some(bilag)) => found(&detail(&bilag)),
        Ok(None) => unknown(),
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &StoreFailure) -> Response {
    tracing::error!(%failure, "a look-up failed");
    away()
}

fn put(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
        object.insert(name.to_owned(), value.into());
    }
}

fn instant(at: Timestamp) -> Value {
    write::instant(at).into()
}

fn line(line: &BilagLine) -> Value {
    let codes: Vec<&str> = line.codes.iter().map(|code| code.code()).collect();
    let mut object = json!({
        "BilagID": line.id.to_string(),
        "BilagUUID": line.bilag_uuid.to_string(),
        "Kommunekode": line.kommune.to_string(),
        "AfsenderBilagsnummer": mask_text(&line.afsender_bilagsnummer),
        "Tekst": mask_text(&line.tekst),
        "Modtaget": instant(line.modtaget),
        "Bogfoeringsdato": line.bogfoeringsdato.to_string(),
        "DebetBeloeb": line.debet.get(),
        "AntalPosteringer": line.posteringer,
        "Tilstand": Tilstand::from(line.state.name()).word(),
        "FejlKoder": codes,
    });
    put(
        &mut object,
        "AfsenderSystem",
        line.fagsystem.map(|id| id.to_string()),
    );
    if let oir_domain::message::State::Booked { number } = &line.state {
        put(&mut object, "ErpBilagsnummer", Some(number.as_str()));
    }
    object
}

fn detail(bilag: &BilagDetail) -> Value {
    let faults = bilag.faults.iter().chain(&bilag.later_faults);
    let faults: Vec<Value> = faults
        .map(|fault| json::positionsfejl(&masked(Positionsfejl::from(fault))))
        .collect();
    let document = &bilag.bilag;
    let mut object = line(&bilag.line);
    let more = json!({
        "AfsendelseID": bilag.afsendelse.to_string(),
        "Bilagsdato": document.bilagsdato.to_string(),
        "Regnskabsaar": document.regnskabsaar.0,
        "Posteringstype": document.posteringstype.code(),
        "Valuta": document.valuta,
        "Finanspostering": document.posteringer.iter().map(postering).collect::<Vec<_>>(),
        "Positionsfejl": faults,
        "Forloeb": bilag.timeline.iter().map(event).collect::<Vec<_>>(),
        "KorrigeretAf": bilag.corrected_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    put(
        &mut object,
        "TransaktionsID",
        bilag.transaktions_id.map(|id| id.to_string()),
    );
    put(
        &mut object,
        "KorrigererBilag",
        document.korrigerer.map(|id| id.to_string()),
    );
    object
}

/// A fault holds words of others; what was stored before they were masked is masked here.
fn masked(fejl: Positionsfejl) -> Positionsfejl {
    Positionsfejl {
        sti: mask_text(&fejl.sti).into(),
        tekst: mask_text(&fejl.tekst).into(),
        afhjaelpning: fejl.afhjaelpning.map(|text| mask_text(&text).into()),
        ..fejl
    }
}

fn postering(postering: &Finanspostering) -> Value {
    let values = postering.sortiment.iter();
    let values =
        values.map(|v| json!({ "Facet": mask_text(&v.facet), "Vaerdi": mask_text(&v.vaerdi) }));
    let mut object = json!({
        "Linjenummer": postering.linjenummer,
        "Beloeb": postering.beloeb.get(),
        "DebetKredit": postering.side.letter(),
        "Tekst": mask_text(&postering.tekst),
        "Sortimentsvaerdi": values.collect::<Vec<_>>(),
    });
    if let Some(kontering) = &postering.kontering {
        match kontering.as_whole() {
            Some(konto) => put(&mut object, "Kontering", Some(konto)),
            None => put(
                &mut object,
                "Konteringslinje",
                Some(konteringslinjer(kontering)),
            ),
        }
    }
    let period = postering
        .periode
        .map(|(from, to)| json!({ "Fra": from.to_string(), "Til": to.to_string() }));
    put(&mut object, "Periode", period);
    let part = postering.part.as_ref().map(|part| {
        let (name, number) = match &part.nummer {
            // Shows itself masked.
            PartNummer::Cpr(cpr) => ("CPR", cpr.to_string()),
            PartNummer::Cvr(cvr) => ("CVR", cvr.to_string()),
        };
        let fields = [
            (name.to_owned(), number.into()),
            ("Rolle".to_owned(), part.rolle.code().into()),
        ];
        Value::Object(Map::from_iter(fields))
    });
    put(&mut object, "Part", part);
    let sag = postering.sag.as_ref();
    let sag = sag.map(|sag| json!({ "KLE": sag.kle, "Sagsnummer": mask_text(&sag.sagsnummer) }));
    put(&mut object, "Sag", sag);
    put(
        &mut object,
        "Ydelse",
        postering.ydelse.as_deref().map(mask_text),
    );
    put(&mut object, "Refusionsprocent", postering.refusionsprocent);
    put(
        &mut object,
        "Momskode",
        postering.momskode.as_deref().map(mask_text),
    );
    put(
        &mut object,
        "Reference",
        postering.reference.as_deref().map(mask_text),
    );
    object
}

fn event(event: &TimelineEvent) -> Value {
    let mut object = json!({
        "Nummer": event.number,
        "Tidspunkt": instant(event.at),
        "Haendelse": event.event,
        "Tilstand": Tilstand::from(event.to).word(),
        "Forsoeg": event.attempt,
    });
    put(
        &mut object,
        "Detalje",
        event.detail.as_deref().map(mask_text),
    );
    object
}
