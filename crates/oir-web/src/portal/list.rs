//! The list of bilag, newest first, narrowed by a form.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Action;
use oir_flow::ports::search::{Count, Found, Stop};
use oir_flow::ports::views::BilagLine;

use super::bilag::codes;
use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::names::Names;
use super::query::{ListQuery, shown};
use super::saved::SavedLink;
use super::view::{FieldFault, FilterForm, ListLine, ListPage, Page, Section};
use super::{PortalState, saved, words};
use crate::danish_format::{day_short, instant, instant_short, kroner, whole};
use crate::masking::mask_text;

/// Lines of a page: two screens, and one index range for the database.
const PAGE_LINES: u32 = 50;
/// So far is counted: a few milliseconds, and nobody pages through more.
const COUNTED: u32 = 10_000;

/// `GET /bilag`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let after = query.cursor().map_err(|()| PageError::BadAddress)?;
    let (filter, faults) = query.filter();
    let saved = saved::links(&state, &viewer, &query.filter_pairs()).await?;
    if !faults.is_empty() {
        let template = list_page(&query, faults, Shown::nothing(saved), (&state, &viewer));
        return Ok(unreadable_form(page(&template)?));
    }
    // One more than is shown tells whether there is a next page.
    let search = &state.search;
    let found = search.search(&viewer.scope, &filter, after, PAGE_LINES + 1);
    let Found { mut lines, stopped } = found.await?;
    let shown = usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let more = lines.len() > shown;
    lines.truncate(shown);
    let last = lines.last().filter(|_| more);
    let next = last.map(|last| query.next_href(last.id));
    let stopped = stopped.filter(|_| !more);
    let count = if after.is_some() || stopped.is_some() {
        None
    } else if more {
        search.count(&viewer.scope, &filter, COUNTED).await?
    } else {
        let all = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        Some(Count::Exactly(all))
    };
    let shown = Shown {
        lines,
        next,
        count,
        stopped,
        saved,
    };
    let template = list_page(&query, faults, shown, (&state, &viewer));
    Ok(page(&template)?.into_response())
}

/// What a page of the list shows.
struct Shown {
    lines: Vec<BilagLine>,
    next: Option<String>,
    count: Option<Count>,
    stopped: Option<Stop>,
    saved: Vec<SavedLink>,
}

impl Shown {
    fn nothing(saved: Vec<SavedLink>) -> Self {
        Self {
            lines: Vec::new(),
            next: None,
            count: None,
            stopped: None,
            saved,
        }
    }
}

fn counted(count: Count) -> String {
    match count {
        Count::Exactly(1) => "1 bilag".to_owned(),
        Count::Exactly(count) => format!("{} bilag", whole(count.into())),
        Count::MoreThan(count) => format!("Mere end {} bilag", whole(count.into())),
    }
}

fn list_page(
    query: &ListQuery,
    faults: Vec<FieldFault>,
    shown: Shown,
    (state, viewer): (&PortalState, &Viewer),
) -> ListPage {
    let names = state.names();
    let filter = query.filter_pairs();
    let narrowed = !filter.is_empty();
    let way_on = |stop: Stop| (instant(stop.at, &state.zone), query.next_href(stop.id));
    // What is wrong is kept nowhere and carried on nowhere: it may be a person's number.
    let sound = faults.is_empty();
    let own = viewer.session.is_some() && narrowed && sound;
    let known = shown.saved.iter().any(|saved| saved.current);
    ListPage {
        page: Page::inside("Bilag", Section::Bilag, viewer).below(&[("/", "Forside")]),
        number: query.page_number(),
        previous: query.previous_href(),
        form: form(query, faults, narrowed, (&names, viewer)),
        lines: shown
            .lines
            .iter()
            .map(|found| line(found, &names, state))
            .collect(),
        next: shown.next,
        count: shown.count.map(counted),
        stopped: shown.stopped.map(way_on),
        saved: shown.saved,
        keep: (own && !known).then(|| filter.clone()),
        export: (sound && viewer.may(Action::Export)).then_some(filter),
    }
}

fn form(
    query: &ListQuery,
    faults: Vec<FieldFault>,
    narrowed: bool,
    (names, viewer): (&Names, &Viewer),
) -> FilterForm {
    FilterForm {
        kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
        fagsystemer: names.fagsystem_choices(query.fagsystem.trim()),
        tilstande: query.tilstand_choices(),
        fra: query.fra.clone(),
        til: query.til.clone(),
        bogfoert_fra: query.bogfoert_fra.clone(),
        bogfoert_til: query.bogfoert_til.clone(),
        beloeb_fra: query.beloeb_fra.clone(),
        beloeb_til: query.beloeb_til.clone(),
        // A personal number typed by mistake is not shown back.
        q: shown(&query.q),
        sag: mask_text(&query.sag),
        konto: mask_text(&query.konto),
        sortiment: mask_text(&query.sortiment),
        fejlkode: query.fejlkode.clone(),
        faults,
        narrowed,
        person: viewer.may(Action::LookUpPerson) && query.names_person(),
    }
}

/// One line, as the list and the page of a message show it.
pub(super) fn line(line: &BilagLine, names: &Names, state: &PortalState) -> ListLine {
    ListLine {
        href: format!("/bilag/{}", line.id),
        nummer: mask_text(&line.afsender_bilagsnummer),
        tekst: mask_text(&line.tekst),
        kommune: names.kommune(line.kommune),
        fagsystem: names.fagsystem(line.fagsystem),
        modtaget: instant_short(line.modtaget, &state.zone),
        bogfoeringsdato: day_short(line.bogfoeringsdato),
        kr: kroner(line.debet),
        state: words::state(line.state.name()),
        codes: codes(line.codes.iter().copied()),
    }
}
