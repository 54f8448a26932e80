//! Omsætningstabeller as JSON, for machines that read: which there are, their versions, the
//! rules of one, and why a posting lands where it does. A key with `bilag:read` sees the tables
//! of its own authorities and system. Nothing is written here, and nothing is ever approved by
//! a machine.

use axum::Extension;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use oir_domain::access::Scope;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::finans::Posteringstype;
use oir_domain::machine_key::Right;
use oir_domain::money::Side;
use oir_domain::omsaetning::{
    Condition, Misfit, Posting, Rule, Stage, Standing, TableId, Values, Version, explain,
};
use oir_domain::party::Kommunekode;
use oir_flow::ports::StoreFailure;
use oir_wire::danish::omsaetning::misfit;
use serde_json::{Value, json};

use super::MachineState;
use super::api::{PATH, away, found, not_allowed, told, turned_away, wrong, wrong_method};
use super::door::{self, Peer};
use super::lookup::question::{self, parsed, unexpected};
use crate::masking::mask_text;

/// Rules that are named beside the winner: those that lack least.
const OTHERS: usize = 20;

/// The routes.
pub(super) fn routes() -> Router<MachineState> {
    let list = format!("{PATH}/omsaetningstabeller");
    let one = format!("{list}/{{kommune}}/{{fagsystem}}");
    Router::new()
        .route(&list, get(all).fallback(wrong_method))
        .route(&one, get(versions).fallback(wrong_method))
        .route(
            &format!("{one}/forklaring"),
            get(why).fallback(wrong_method),
        )
        .route(
            &format!("{one}/{{udgave}}"),
            get(rules).fallback(wrong_method),
        )
}

/// What the caller sees; or the answer that turns them away.
async fn seen(
    state: &MachineState,
    headers: &HeaderMap,
    peer: Option<Extension<Peer>>,
) -> Result<Scope, Response> {
    let peer = peer.map(|Extension(peer)| peer);
    let entered = door::enter(&state.door, headers, peer).await;
    let Some(pass) = entered.map_err(|turned| turned_away(*turned))? else {
        return Ok(Scope::everything());
    };
    let scope = pass.scope(Right::LookUp);
    if scope.is_nothing() {
        return Err(not_allowed());
    }
    Ok(scope)
}

fn failed(failure: &StoreFailure) -> Response {
    tracing::error!(%failure, "a table could not be read");
    away()
}

fn missing(what: &str, shown: &str) -> Fault {
    let shown = question::shown(shown);
    Fault::new(FaultCode::NotFound, Place::message(what), &[&shown])
}

fn unknown(what: &str, shown: &str) -> Response {
    wrong(&[missing(what, shown)])
}

/// The table of an address; the system by its id or its short name.
fn table(state: &MachineState, (kommune, system): (&str, &str)) -> Result<TableId, Fault> {
    // The contract's `^[0-9]{1,4}$`: a sign is no digit.
    let digits = kommune.len() <= 4 && kommune.bytes().all(|b| b.is_ascii_digit());
    let code = kommune.parse().ok().filter(|_| digits).map(Kommunekode);
    let code = code.ok_or_else(|| missing("Kommunekode", kommune))?;
    let register = state.hub.register();
    let named = register.fagsystem_named(system);
    let fagsystem = named.ok_or_else(|| missing("Fagsystem", system))?.id;
    Ok(TableId {
        kommune: code,
        fagsystem,
    })
}

async fn all(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Response {
    let scope = match seen(&state, &headers, peer).await {
        Ok(scope) => scope,
        Err(answer) => return answer,
    };
    let lines = match state.tables.tables(&scope).await {
        Ok(lines) => lines,
        Err(failure) => return failed(&failure),
    };
    let lines: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "Kommunekode": line.table.kommune.to_string(),
                "Fagsystem": line.table.fagsystem.to_string(),
                "Udgave": line.approved,
                "AntalRegler": line.rules,
                "Kladde": line.draft,
                "AntalVentende": line.held,
            })
        })
        .collect();
    found(&json!({ "Omsaetningstabel": lines }))
}

async fn versions(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path((kommune, system)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let asked = async {
        let scope = seen(&state, &headers, peer).await?;
        let table = table(&state, (&kommune, &system)).map_err(|fault| wrong(&[fault]))?;
        let versions = state.tables.versions(&scope, table).await;
        let versions = versions.map_err(|failure| failed(&failure))?;
        if versions.is_empty() {
            return Err(unknown("Omsaetningstabel", &kommune).into());
        }
        Ok(json!({ "Udgave": versions.iter().map(version).collect::<Vec<_>>() }))
    };
    told(asked.await)
}

async fn rules(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path((kommune, system, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let asked = async {
        let scope = seen(&state, &headers, peer).await?;
        let table = table(&state, (&kommune, &system)).map_err(|fault| wrong(&[fault]))?;
        let absent = || unknown("Udgave", &number);
        let wanted = number.parse().map_err(|_| absent())?;
        let rules = state.tables.rules(&scope, table, wanted).await;
        let rules = rules.map_err(|failure| failed(&failure))?;
        let rules = rules.ok_or_else(absent)?;
        Ok(json!({
            "Udgave": wanted,
            "Regel": rules.iter().map(rule).collect::<Vec<_>>(),
        }))
    };
    told(asked.await)
}

/// The parameter that must be there.
const DAY: &str = "dag";
/// How it is written.
const DAY_FORM: &str = "en dato: ÅÅÅÅ-MM-DD";

/// A posting as an address describes it.
struct Asked {
    values: Vec<(String, String)>,
    side: Side,
    day: Date,
    regnskabsaar: Option<Regnskabsaar>,
    posteringstype: Posteringstype,
}

impl Asked {
    /// Reads the parameters: `dag`, `side`, `type`, `aar`, and `vaerdi` for each facet, as
    /// `facet:værdi`.
    fn read(pairs: &[(String, String)]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut asked = Self {
            values: Vec::new(),
            side: Side::Debit,
            day: Date::MIN,
            regnskabsaar: None,
            posteringstype: Posteringstype::Normal,
        };
        let mut day = None;
        for (name, value) in pairs {
            let read = match name.as_str() {
                DAY => parsed(name, DAY_FORM, value.parse().ok()).map(|read| day = Some(read)),
                _ => asked.take(name, value),
            };
            faults.extend(read.err());
        }
        match day {
            Some(day) => asked.day = day,
            None if faults.is_empty() => faults.push(question::wrong(DAY, &DAY_FORM)),
            None => {}
        }
        if faults.is_empty() {
            Ok(asked)
        } else {
            Err(faults)
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "side" => self.side = parsed(name, "D eller K", Side::from_letter(value))?,
            "type" => {
                let kind = Posteringstype::from_code(value);
                self.posteringstype = parsed(name, "NOR, SUP eller PRI", kind)?;
            }
            "aar" => {
                let year = value.parse().ok();
                let year = year.filter(|year| (-9_999..=9_999).contains(year));
                self.regnskabsaar = Some(parsed(name, "et år", year.map(Regnskabsaar))?);
            }
            "vaerdi" => {
                let (facet, value) = parsed(name, "facet:værdi", value.split_once(':'))?;
                self.values.push((facet.to_owned(), value.to_owned()));
            }
            _ => return Err(unexpected(name, &"en parameter fra beskrivelsen")),
        }
        Ok(())
    }
}

async fn why(
    State(state): State<MachineState>,
    peer: Option<Extension<Peer>>,
    Path((kommune, system)): Path<(String, String)>,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let asked = async {
        let scope = seen(&state, &headers, peer).await?;
        let table = table(&state, (&kommune, &system)).map_err(|fault| wrong(&[fault]))?;
        let asked = Asked::read(&query).map_err(|faults| wrong(&faults))?;
        if !scope.covers(table.kommune, Some(table.fagsystem)) {
            return Err(unknown("Omsaetningstabel", &kommune).into());
        }
        let register = state.hub.register();
        let ruling = register.table(table.kommune, table.fagsystem, asked.day);
        let ruling = ruling.ok_or_else(|| unknown("Omsaetningstabel", &kommune))?;
        let posting = Posting {
            values: asked.values.as_slice(),
            side: asked.side,
            day: asked.day,
            regnskabsaar: asked.regnskabsaar.unwrap_or(Regnskabsaar(asked.day.year())),
            posteringstype: asked.posteringstype,
        };
        let all = explain(ruling.table.rules(), &posting);
        let told = all.iter().take(OTHERS.saturating_add(1)).map(|one| {
            let (word, reasons) = match &one.standing {
                Standing::Wins => ("VINDER", Vec::new()),
                Standing::Beaten => ("SLAAET", Vec::new()),
                Standing::Misses(misfits) => {
                    let told = |reason: &Misfit<'_>| {
                        let value = match reason {
                            Misfit::Value(facet) => posting.values.value(facet),
                            _ => None,
                        };
                        mask_text(&misfit(reason, one.rule, value))
                    };
                    ("PASSER_IKKE", misfits.iter().map(told).collect())
                }
            };
            json!({ "Regel": rule(one.rule), "Udfald": word, "Grunde": reasons })
        });
        Ok(json!({ "Udgave": ruling.number, "Forklaring": told.collect::<Vec<_>>() }))
    };
    told(asked.await)
}

fn version(version: &Version) -> Value {
    let stage = match version.stage {
        Stage::Draft => "KLADDE",
        Stage::Approved => "GODKENDT",
        Stage::Discarded => "KASSERET",
    };
    json!({
        "Udgave": version.number,
        "Tilstand": stage,
        "PaaGrundlagAf": version.based_on,
        "Rettelse": version.edition,
        "Formaal": version.purpose,
        "GaelderFra": version.in_force_from.map(|day| day.to_string()),
        "AntalRegler": version.rules,
    })
}

fn rule(rule: &Rule) -> Value {
    let condition = |(facet, condition): &(Box<str>, Condition)| match condition {
        Condition::Is(value) => json!({ "Facet": facet, "Vaerdi": [value] }),
        Condition::OneOf(values) => json!({ "Facet": facet, "Vaerdi": values }),
        Condition::Prefix(start) => json!({ "Facet": facet, "BegynderMed": start }),
        Condition::Range(first, last) => json!({ "Facet": facet, "Fra": first, "Til": last }),
    };
    let kontering = rule.targets.iter().map(|target| {
        json!({
            "Konto": target.konto.to_string(),
            "AndelHundrededele": target.share.hundredths(),
        })
    });
    let years = rule.regnskabsaar;
    json!({
        "Nummer": rule.number,
        "Betingelse": rule.conditions.iter().map(condition).collect::<Vec<_>>(),
        "DebetKredit": rule.side.map(Side::letter),
        "RegnskabsaarFra": years.map(|(first, _)| first.0),
        "RegnskabsaarTil": years.map(|(_, last)| last.0),
        "Posteringstype": rule.posteringstype.map(Posteringstype::code),
        "GyldigFra": rule.validity.from.to_string(),
        "GyldigTil": rule.validity.to.map(|day| day.to_string()),
        "Kontering": kontering.collect::<Vec<_>>(),
        "Bemaerkning": rule.comment,
    })
}
