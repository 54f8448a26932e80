//! One account: its parts, its authorised string, when it takes postings, and what the
//! authorised kontoplan says of it.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::check::{Finding, Weight, of_konto, year_of};
use oir_domain::kontoplan::national::national;
use oir_domain::kontoplan::{AuthorisedKonto, Closed, Konto, Kontoplan, Standing};
use oir_wire::danish::kontoplan as danish;
use serde::Deserialize;

use super::super::PortalState;
use super::super::door::Viewer;
use super::super::failure::{PageError, page};
use super::super::view::{Badge, Fact, Page, Section};
use super::{BACK, HOME, badge, href, kommune};

/// One account.
#[derive(Debug, Template)]
#[template(path = "konto.html")]
struct KontoPage {
    page: Page,
    navn: String,
    standing: Badge,
    facts: Vec<Fact>,
    parts: Vec<PartLine>,
    /// The authorised string in parts; none = it is not known.
    authorised: Vec<PartLine>,
    /// The year of accounts in which it was judged.
    aar: String,
    findings: Vec<FindingLine>,
    /// The edition of what it was held against.
    udgave: String,
}

/// A part, its value and what that is called.
#[derive(Debug)]
struct PartLine {
    name: String,
    value: String,
    navn: String,
}

/// What the authorised kontoplan says.
#[derive(Debug)]
struct FindingLine {
    code: &'static str,
    weight: Badge,
    part: &'static str,
    text: String,
    remedy: String,
    provenance: String,
}

/// Which account.
#[derive(Debug, Deserialize)]
pub(in crate::portal) struct Which {
    konto: String,
}

/// `GET /kontoplan/{kommune}/konto?konto=…`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
    query: Result<Query<Which>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(which) = query.map_err(|_| PageError::NotFound)?;
    let kommune = kommune(&code, &viewer, &state)?;
    let plan = state.kontoplaner.kontoplan(&viewer.scope, kommune, None);
    let plan = plan.await?.ok_or(PageError::NotFound)?;
    let text = plan.form().normalise(&which.konto);
    let text = text.map_err(|_| PageError::NotFound)?;
    let konto = plan.konto(&text).ok_or(PageError::NotFound)?;
    let today = state.today();
    let aar = Regnskabsaar(today.year());
    let findings = of_konto(konto, plan.form(), aar, national());
    let authorised = konto.authorised(plan.form());
    let title = format!("Konto {}", plan.form().render(&konto.konto));
    let navn = format!("Kontoplan for {}", state.names().kommune(kommune));
    let back = [HOME, BACK, (&*href(kommune), &*navn)];
    let template = KontoPage {
        page: Page::inside(&title, Section::Kontering, &viewer).below(&back),
        navn: konto.navn.to_string(),
        standing: badge(konto, today),
        facts: facts(konto, &plan, &state),
        parts: parts(konto, &plan),
        authorised: authorised.as_ref().map(named).unwrap_or_default(),
        aar: year_of(konto, aar).0.to_string(),
        findings: findings.iter().map(finding).collect(),
        udgave: national().udgave().to_owned(),
    };
    Ok(page(&template)?.into_response())
}

fn facts(konto: &Konto, plan: &Kontoplan, state: &PortalState) -> Vec<Fact> {
    let today = state.today();
    let last_year = Regnskabsaar(today.year().saturating_sub(1));
    let year_end = jiff::civil::Date::new(last_year.0, 12, 31).unwrap_or(today);
    let said = |standing| match standing {
        Standing::Open => "Ja".to_owned(),
        Standing::Closed(why) => format!("Nej: {}", danish::closed(why)),
        Standing::Unknown => "Nej".to_owned(),
    };
    let now = konto.standing(today, Regnskabsaar(today.year()));
    let supplement = konto.standing(year_end, last_year);
    vec![
        Fact::new("Konto, som den står i økonomisystemet", &*konto.konto),
        Fact::new("Navn", &*konto.navn),
        Fact::new("Form", danish::form(plan.form())),
        Fact::new("Gyldig", danish::closed(Closed::Day(konto.validity))),
        Fact::new("Regnskabsår", danish::closed(Closed::Aar(konto.aar))),
        Fact::new("Kan bruges i dag", said(now)),
        Fact::new(
            "Kan bruges i supplementsperioden",
            format!("{} (regnskabsår {})", said(supplement), last_year.0),
        ),
    ]
}

fn parts(konto: &Konto, plan: &Kontoplan) -> Vec<PartLine> {
    let parts = plan.form().split(&konto.konto).unwrap_or_default();
    let line = |part: oir_domain::kontoplan::Part<'_>| PartLine {
        name: part.name.to_owned(),
        value: part.value.to_string(),
        navn: String::new(),
    };
    parts.into_iter().map(line).collect()
}

/// The authorised string with what its values are called.
fn named(own: &AuthorisedKonto) -> Vec<PartLine> {
    let chart = national();
    let (hovedfunktion, funktion, art) = (own.hovedfunktion(), own.funktion(), own.art());
    let gruppering = chart
        .grupperinger(&funktion, own.dranst())
        .iter()
        .find(|known| *known.kode == *own.gruppering());
    let name = |fact: Option<&oir_domain::kontoplan::national::Fact>| {
        fact.map_or_else(String::new, |fact| fact.navn.to_string())
    };
    let line = |part: &str, value: &str, navn: String| PartLine {
        name: part.to_owned(),
        value: value.to_owned(),
        navn,
    };
    vec![
        line(
            "Hovedkonto",
            own.hovedkonto(),
            name(chart.hovedkonto(own.hovedkonto())),
        ),
        line(
            "Hovedfunktion",
            &hovedfunktion,
            name(chart.hovedfunktion(&hovedfunktion)),
        ),
        line("Funktion", &funktion, name(chart.funktion(&funktion))),
        line("Dranst", own.dranst(), name(chart.dranst(own.dranst()))),
        line(
            "Ejerforhold",
            own.ejerforhold(),
            name(chart.ejerforhold(own.ejerforhold())),
        ),
        line("Omkostningssted", own.omkostningssted(), String::new()),
        line(
            "Gruppering",
            own.gruppering(),
            name(gruppering.map(|known| &known.fact)),
        ),
        line("Art", &art, name(chart.art(&art))),
    ]
}

/// What a finding weighs.
pub(super) const fn weight(weight: Weight) -> Badge {
    let (text, weight) = match weight {
        Weight::Warn => ("Bemærkning", "warning"),
        Weight::Refuse => ("Fejl", "error"),
    };
    Badge { text, weight }
}

fn finding(finding: &Finding) -> FindingLine {
    let told = danish::finding(finding);
    FindingLine {
        code: finding.code.code(),
        weight: weight(finding.weight),
        part: finding.part,
        text: told.text,
        remedy: told.remedy,
        provenance: danish::provenance(finding, national()),
    }
}
