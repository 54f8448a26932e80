//! `/tilgaengelighed`: the accessibility statement that the law on accessibility of public
//! bodies' websites (lov nr. 692 of 8 June 2018) asks of each of them, with the points of
//! the model statement. Who runs the pages says who they are; until they do, the page says
//! that they have not.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::civil::{Date, date};

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::view::{Page, Section};
use crate::danish_format::day;

/// The day on which the pages were last held against the criteria, and the text below with
/// them.
const ASSESSED: Date = date(2026, 11, 24);

/// What is known not to meet the criteria.
const FAULTS: [&str; 3] = [
    "Brede tabeller rulles vandret på smalle skærme. De kan nås med tastaturet, men overskrifterne \
     følger ikke altid med (WCAG 2.2, 1.4.10).",
    "Regneark (XLSX), der hentes fra listerne, er ikke gennemgået med en skærmlæser.",
    "Vejledninger skrives af fagområder og leverandører. Et link kan have et navn, der ikke siger, \
     hvor det fører hen (WCAG 2.2, 2.4.4).",
];

/// What the operator says of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The authority that answers for the pages.
    pub operator: Option<String>,
    /// Where faults of accessibility are told: an e-mail address.
    pub email: Option<String>,
    /// A telephone number.
    pub telephone: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "accessibility.html")]
struct StatementPage {
    page: Page,
    operator: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
    faults: &'static [&'static str],
    assessed: String,
}

/// `GET /tilgaengelighed`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Option<Viewer>,
) -> Result<Response, PageError> {
    let title = "Tilgængelighedserklæring";
    let template = StatementPage {
        page: match &viewer {
            Some(viewer) => Page::inside(title, Section::Neither, viewer),
            None => Page::outside(title),
        },
        operator: state.statement.operator.clone(),
        email: state.statement.email.clone(),
        telephone: state.statement.telephone.clone(),
        faults: &FAULTS,
        assessed: day(ASSESSED),
    };
    Ok(page(&template)?.into_response())
}
