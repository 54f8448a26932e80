//! The list of guides, and of what is missing: fagsystemer that are in use where nobody has
//! said how an error is corrected.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::ToSpan;
use oir_domain::access::{Action, Scope};
use oir_domain::guide::{GuideHead, resolve};
use oir_domain::ids::FagsystemId;
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;

use super::{PortalState, address, place_words, ways_words};
use crate::danish_format::{instant_short, sort_key, whole};
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::names::Names;
use crate::portal::view::{Page, Section};

/// Days of reception that are counted: a week shows what happens now.
const DAYS: i32 = 7;

/// One guide that there is.
#[derive(Debug)]
pub(super) struct GuideLine {
    pub(super) href: String,
    pub(super) fagsystem: String,
    pub(super) place: String,
    pub(super) ways: String,
    pub(super) at: String,
    pub(super) navn: String,
}

/// A fagsystem whose bilag stop somewhere without anybody having said what to do.
#[derive(Debug)]
pub(super) struct MissingLine {
    pub(super) href: String,
    pub(super) fagsystem: String,
    pub(super) kommuner: u64,
    pub(super) stopped: u64,
}

/// What the shelf holds for somebody, and what it lacks.
pub(super) struct Shelf {
    pub(super) lines: Vec<GuideLine>,
    pub(super) missing: Vec<MissingLine>,
}

#[derive(Debug, Template)]
#[template(path = "guides.html")]
struct ShelfPage {
    page: Page,
    lines: Vec<GuideLine>,
    missing: Vec<MissingCells>,
    days: i32,
    /// For those who may take lists out.
    export: bool,
}

#[derive(Debug)]
struct MissingCells {
    href: String,
    fagsystem: String,
    kommuner: String,
    stopped: String,
}

/// `GET /vejledninger`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let shelf = read(&state, &viewer.scope).await?;
    let cells = |line: MissingLine| MissingCells {
        href: line.href,
        fagsystem: line.fagsystem,
        kommuner: whole(line.kommuner),
        stopped: whole(line.stopped),
    };
    let template = ShelfPage {
        page: Page::inside("Vejledninger", Section::Guides, &viewer),
        lines: shelf.lines,
        missing: shelf.missing.into_iter().map(cells).collect(),
        days: DAYS,
        export: viewer.may(Action::Export),
    };
    Ok(page(&template)?.into_response())
}

/// Reads the shelf and compares it with who sends.
pub(super) async fn read(state: &PortalState, scope: &Scope) -> Result<Shelf, PageError> {
    let heads = state.guides.shelf(scope, None).await?;
    let names = state.names();
    let stopped = stopped(state, scope).await?;
    let missing = missing(state, scope, &heads, &stopped, &names);
    let mut standing: Vec<&GuideHead> = heads.iter().filter(|head| !head.withdrawn).collect();
    standing.sort_by_cached_key(|head| {
        let name = sort_key(&names.fagsystem(Some(head.place.fagsystem)));
        let owner = head.place.kommune.map(|k| sort_key(&names.kommune(k)));
        (name, owner, head.place.code)
    });
    let line = |head: &&GuideHead| GuideLine {
        href: address("", &head.place, ""),
        fagsystem: names.fagsystem(Some(head.place.fagsystem)),
        place: place_words(&head.place, &names),
        ways: ways_words(&head.ways),
        at: instant_short(head.at, &state.zone),
        navn: head.navn.to_string(),
    };
    Ok(Shelf {
        lines: standing.iter().map(line).collect(),
        missing,
    })
}

/// How many fagsystemer have bilag that wait for a person and no guide for them.
pub(in crate::portal) async fn lacking(
    state: &PortalState,
    scope: &Scope,
) -> Result<u64, PageError> {
    let shelf = read(state, scope).await?;
    let waiting = shelf.missing.iter().filter(|line| line.stopped > 0);
    Ok(u64::try_from(waiting.count()).unwrap_or(u64::MAX))
}

type Stopped = BTreeMap<(FagsystemId, Kommunekode), u64>;

/// Who sent lately, and how many of their bilag wait for a person.
async fn stopped(state: &PortalState, scope: &Scope) -> Result<Stopped, PageError> {
    let (mut counts, today) = (Stopped::new(), state.today());
    for back in 0..DAYS {
        let day = today.saturating_sub(back.days());
        for total in state.views.day(scope, day).await? {
            let Some(fagsystem) = total.fagsystem else {
                continue;
            };
            let waits = StateName::FOR_A_PERSON.contains(&total.state);
            let count = counts.entry((fagsystem, total.kommune)).or_default();
            *count = count.saturating_add(if waits { total.antal } else { 0 });
        }
    }
    Ok(counts)
}

fn missing(
    state: &PortalState,
    scope: &Scope,
    heads: &[GuideHead],
    stopped: &Stopped,
    names: &Names,
) -> Vec<MissingLine> {
    let (register, today) = ((state.register)(), state.today());
    let mut lines = Vec::new();
    for fagsystem in register.fagsystemer() {
        let id = fagsystem.id;
        let in_use =
            |kommune| stopped.contains_key(&(id, kommune)) || register.may_send(kommune, id, today);
        let without = |kommune| {
            let seen = scope.covers(kommune, Some(id));
            seen && in_use(kommune) && resolve(heads, Some(kommune), id, None).is_none()
        };
        let kommuner = register.myndigheder().map(|m| m.kommune);
        let kommuner: Vec<Kommunekode> = kommuner.filter(|kommune| without(*kommune)).collect();
        if kommuner.is_empty() {
            continue;
        }
        let counts = kommuner.iter().filter_map(|k| stopped.get(&(id, *k)));
        lines.push(MissingLine {
            href: format!("/vejledninger/{id}"),
            fagsystem: names.fagsystem(Some(id)),
            kommuner: u64::try_from(kommuner.len()).unwrap_or(u64::MAX),
            stopped: counts.fold(0, |sum, count| sum.saturating_add(*count)),
        });
    }
    let by_name = |line: &MissingLine| sort_key(&line.fagsystem);
    lines.sort_by_cached_key(|line| (std::cmp::Reverse(line.stopped), by_name(line)));
    lines
}
