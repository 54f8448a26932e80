//! The list of bilag, newest first, narrowed by a form.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Action;
use oir_flow::ports::views::BilagLine;

use super::bilag::codes;
use super::door::Viewer;
use super::failure::{PageError, page, unreadable_form};
use super::names::Names;
use super::query::ListQuery;
use super::view::{FieldFault, FilterForm, ListLine, ListPage, Page, Section};
use super::{PortalState, words};
use crate::danish_format::{day_short, instant_short, kroner};
use crate::masking::mask_text;

/// Lines of a page: two screens, and one index range for the database.
const PAGE_LINES: u32 = 50;

/// `GET /bilag`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let after = query.cursor().map_err(|()| PageError::BadAddress)?;
    let (filter, faults) = query.filter();
    let names = state.names();
    if !faults.is_empty() {
        let template = list_page(&query, faults, Vec::new(), None, (&names, &viewer));
        return Ok(unreadable_form(page(&template)?));
    }
    // One more than is shown tells whether there is a next page.
    let mut found = state
        .views
        .list(&viewer.scope, &filter, after, PAGE_LINES + 1)
        .await?;
    let shown = usize::try_from(PAGE_LINES).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| query.next_href(last.id));
    let lines = found
        .iter()
        .map(|found| line(found, &names, &state))
        .collect();
    let template = list_page(&query, faults, lines, next, (&names, &viewer));
    Ok(page(&template)?.into_response())
}

fn list_page(
    query: &ListQuery,
    faults: Vec<FieldFault>,
    lines: Vec<ListLine>,
    next: Option<String>,
    (names, viewer): (&Names, &Viewer),
) -> ListPage {
    let filter = query.filter_pairs();
    let export = if filter.is_empty() {
        "/bilag.xlsx".to_owned()
    } else {
        format!("/bilag.xlsx?{filter}")
    };
    let export = viewer.may(Action::Export).then_some(export);
    ListPage {
        page: Page::inside("Bilag", Section::Bilag, viewer).below(&[("/", "Forside")]),
        number: query.page_number(),
        previous: query.previous_href(),
        form: FilterForm {
            kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
            fagsystemer: names.fagsystem_choices(query.fagsystem.trim()),
            tilstande: query.tilstand_choices(),
            fra: query.fra.clone(),
            til: query.til.clone(),
            beloeb_fra: query.beloeb_fra.clone(),
            beloeb_til: query.beloeb_til.clone(),
            // A personal number typed by mistake is not shown back.
            q: mask_text(&query.q),
            fejlkode: query.fejlkode.clone(),
            faults,
            narrowed: !filter.is_empty(),
        },
        lines,
        next,
        export,
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
