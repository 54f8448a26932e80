//! One rule of a draft: written, ended or taken out, with what it ties with.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::civil::Date;
use oir_domain::omsaetning::check::{TableFaults, Wrong};
use oir_domain::omsaetning::{Rule, Version};
use oir_flow::omsaetning::NotDone;

use super::acts::{head_of, work};
use super::rule_form::{Fault, Fields, RuleForm, kinds, sides};
use super::{Address, Table, facets, own_facet, words};
use crate::danish_format::day_short;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::query::{self, percent_encoded};
use crate::portal::view::{Choice, Page};

/// Fields as a browser sends them, in order.
type Pairs = Vec<(String, String)>;

#[derive(Debug, Template)]
#[template(path = "omsaetning/rule.html")]
struct RulePage {
    page: Page,
    here: String,
    back: String,
    token: Option<String>,
    version: u32,
    edition: u32,
    form: RuleForm,
    /// Rows of the form whose facet the table knows.
    known: usize,
    sides: Vec<Choice>,
    kinds: Vec<Choice>,
    faults: Vec<Fault>,
    /// Rules that tie with this one: way and words.
    ties: Vec<(String, String)>,
    /// Somebody saved meanwhile; how the rule is written now, when it is still there.
    stale: Option<Option<String>>,
}

impl RulePage {
    /// Whether the table knows the facet of a row.
    fn is_known(&self, at: &usize) -> bool {
        *at < self.known
    }

    fn fault(&self, field: &str, at: &usize) -> Option<&str> {
        let name = format!("{field}{at}");
        let found = self.faults.iter().find(|fault| fault.field == name);
        found.map(|fault| fault.text.as_str())
    }

    fn of(&self, field: &str) -> Option<&str> {
        let found = self.faults.iter().find(|fault| fault.field == field);
        found.map(|fault| fault.text.as_str())
    }
}

/// The draft and its rules; the way to begin one, when there is none.
async fn writing(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
) -> Result<Option<(Version, Vec<Rule>)>, PageError> {
    let Some(draft) = table.draft() else {
        return Ok(None);
    };
    let rules = table.rules(state, &viewer.scope, draft.number).await?;
    Ok(Some((draft.clone(), rules)))
}

fn rule_page(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    (draft, rules): (&Version, &[Rule]),
    mut form: RuleForm,
    more: usize,
) -> RulePage {
    let own = own_facet(&state.names(), table.id.fagsystem);
    let known = facets(rules, [own.as_str()]);
    form.laid_out(&known, more);
    if form.fra.is_empty() && form.number == 0 {
        let first = Date::new(state.today().year(), 1, 1).unwrap_or_default();
        form.fra = day_short(draft.in_force_from.unwrap_or(first));
    }
    let title = match form.number {
        0 => "Ny regel".to_owned(),
        number => format!("Ret regel {number}"),
    };
    RulePage {
        page: table.page(&title, viewer),
        here: table.href("/kladde/regel"),
        back: table.href("?udgave=kladde"),
        token: viewer.token(),
        version: draft.number,
        edition: draft.edition,
        known: known.len(),
        sides: sides(&form.side),
        kinds: kinds(&form.kind),
        form,
        faults: Vec::new(),
        ties: Vec::new(),
        stale: None,
    }
}

/// `GET …/kladde/regel`, of a rule (`?nummer=`) or of a new one, filled in from the address.
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Pairs>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(pairs) = query.map_err(|_| PageError::BadAddress)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let Some((draft, rules)) = writing(&state, &viewer, &table).await? else {
        let given: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (&**n, &**v)).collect();
        let given = query::pairs(&given);
        let on = percent_encoded(&table.href(&format!("/kladde/regel?{given}")));
        let way = table.href(&format!("/kladde/ny?videre={on}"));
        return Ok(Redirect::to(&way).into_response());
    };
    let fields = Fields(pairs);
    let form = match fields.number("nummer") {
        0 => RuleForm::of_fields(&fields),
        number => {
            let found = rules.iter().find(|rule| rule.number == number);
            RuleForm::of_rule(found.ok_or(PageError::NotFound)?)
        }
    };
    let template = rule_page(&state, &viewer, &table, (&draft, &rules), form, 1);
    Ok(page(&template)?.into_response())
}

/// The rules with one of them put in the place of its number, or added.
fn with(rules: &[Rule], rule: Rule) -> Vec<Rule> {
    let mut all = rules.to_vec();
    match all.iter_mut().find(|known| known.number == rule.number) {
        Some(known) => *known = rule,
        None => all.push(rule),
    }
    all
}

/// What is wrong with one rule of a table, by itself or beside the others.
fn concerning(faults: TableFaults, number: u32) -> Vec<Wrong> {
    let concerns = faults
        .rules
        .into_iter()
        .filter_map(|fault| match fault.wrong {
            Wrong::Tie(other) if other == number => Some(Wrong::Tie(fault.rule)),
            wrong if fault.rule == number => Some(wrong),
            _ => None,
        });
    concerns.collect()
}

/// `POST …/kladde/regel`
pub(in crate::portal) async fn save(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    sent: Result<Form<Pairs>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(pairs) = sent.map_err(|_| PageError::BadForm)?;
    let fields = Fields(pairs);
    viewer.sent(fields.get("token"))?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let Some((draft, rules)) = writing(&state, &viewer, &table).await? else {
        return Ok(Redirect::to(&table.href("/kladde")).into_response());
    };
    let form = RuleForm::of_fields(&fields);
    let at = (&draft, rules.as_slice());
    let at_hand = (fields.number("udgave"), fields.number("edition"));
    if at_hand != (draft.number, draft.edition) {
        return stale(&state, &viewer, &table, at, form);
    }
    let number = match form.number {
        0 => state.tables.next_number(&viewer.scope, table.id).await?,
        number => number,
    };
    let all = match fields.get("handling") {
        "flere" => {
            let template = rule_page(&state, &viewer, &table, at, form, 2);
            return Ok(page(&template)?.into_response());
        }
        "fjern" => {
            let others = rules.iter().filter(|rule| rule.number != number);
            others.cloned().collect()
        }
        "gem" => match form.read(number) {
            Ok(rule) => with(&rules, rule),
            Err(faults) => {
                let template = rule_page(&state, &viewer, &table, at, form, 1);
                return refused(template, faults);
            }
        },
        _ => return Err(PageError::BadForm),
    };
    let place = (draft.number, draft.edition);
    let own = work(&state, &viewer, table.id);
    match own.save(place, &head_of(&draft), Some(all)).await {
        Ok(_) => {
            let way = table.href(&format!("?udgave=kladde&regel={number}"));
            Ok(Redirect::to(&way).into_response())
        }
        Err(NotDone::Stale) => {
            let table = Table::find(&state, &viewer.scope, &address).await?;
            match writing(&state, &viewer, &table).await? {
                Some((draft, rules)) => stale(&state, &viewer, &table, (&draft, &rules), form),
                None => Ok(Redirect::to(&table.href("/kladde")).into_response()),
            }
        }
        Err(NotDone::Faults(found)) => {
            let wrong = concerning(found, number);
            if wrong.is_empty() {
                return Err(PageError::BadForm);
            }
            let faults = wrong.iter().map(|wrong| Fault {
                field: form.field_of(wrong),
                text: words::wrong(wrong),
            });
            let faults = faults.collect();
            let mut template = rule_page(&state, &viewer, &table, at, form, 1);
            template.ties = ties(&table, &rules, &wrong);
            refused(template, faults)
        }
        Err(other) => Err(other.into()),
    }
}

/// The form as it was filled in, with what is wrong at its fields.
fn refused(mut template: RulePage, faults: Vec<Fault>) -> Result<Response, PageError> {
    template.faults = faults;
    Ok(unreadable_form(page(&template)?))
}

/// The rules that tie with one: way and words.
fn ties(table: &Table, rules: &[Rule], wrong: &[Wrong]) -> Vec<(String, String)> {
    let of = |wrong: &Wrong| {
        let Wrong::Tie(number) = wrong else {
            return None;
        };
        let rule = rules.iter().find(|rule| rule.number == *number)?;
        let href = table.href(&format!("/kladde/regel?nummer={number}"));
        Some((href, format!("Regel {number}: {}", words::sentence(rule))))
    };
    wrong.iter().filter_map(of).collect()
}

/// Somebody else saved first: the form stays as it was filled in, and follows their edition.
fn stale(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    (draft, rules): (&Version, &[Rule]),
    form: RuleForm,
) -> Result<Response, PageError> {
    let theirs = rules.iter().find(|rule| rule.number == form.number);
    let theirs =
        theirs.map(|rule| format!("{}. Gælder: {}.", words::sentence(rule), words::holds(rule)));
    let mut template = rule_page(state, viewer, table, (draft, rules), form, 1);
    template.stale = Some(theirs);
    Ok(unreadable_form(page(&template)?))
}
