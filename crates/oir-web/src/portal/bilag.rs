//! The page of one bilag: where it stands, what to do, its life, its lines, its receipts
//! and the bytes it came in.

mod chain;
pub(super) mod postings;
mod receipts;
mod story;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oir_domain::access::Action;
use oir_domain::fault::{Fault, FaultCode};
use oir_domain::finans::Finanspostering;
use oir_domain::ids::BilagId;
use oir_domain::message::State as Standing;
use oir_domain::message::StateName;
use oir_domain::omsaetning::TableId;
use oir_domain::work::{Cause, Stop};
use oir_flow::ports::looks::ChainLink;
use oir_flow::ports::views::{BilagDetail, BilagLine, MessageDetail};

use super::door::Viewer;
use super::failure::{PageError, page};
use super::form::{Faulty, PurposeForm};
use super::names::Names;
use super::unmask;
use super::view::{BilagPage, Fact, FaultDetail, Page, Section};
use super::{PortalState, omsaetning, words};
use crate::danish_format::{day, instant, kroner};
use crate::masking::mask_text;
use postings::Numbers;

/// The way to a bilag or a message.
pub(super) const BILAG: [(&str, &str); 2] = [("/", "Forside"), ("/bilag", "Bilag")];

/// `GET /bilag/{id}`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: BilagId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = state.views.detail(&viewer.scope, id).await?;
    let detail = found.ok_or(PageError::NotFound)?;
    // The message is evidence beside the bilag: without it the page still tells its life.
    let message = state
        .views
        .message_detail(&viewer.scope, detail.afsendelse)
        .await?;
    let chain = state.looks.chain(&viewer.scope, id).await?;
    let template = bilag_page(&detail, (message.as_ref(), &chain), &viewer, &state);
    Ok(page(&template)?.into_response())
}

/// What a bilag is called on pages.
pub(super) fn title(detail: &BilagDetail) -> String {
    format!("Bilag {}", number(detail))
}

/// The number that a case worker knows it by.
pub(super) fn number(detail: &BilagDetail) -> String {
    mask_text(&detail.line.afsender_bilagsnummer)
}

fn bilag_page(
    detail: &BilagDetail,
    (message, chain): (Option<&MessageDetail>, &[ChainLink]),
    viewer: &Viewer,
    state: &PortalState,
) -> BilagPage {
    let names = state.names();
    let (line, own) = (&detail.line, detail.line.id);
    let standing = line.state.name();
    let turnover = detail.bilag.turnover().unwrap_or_default();
    let deciding = names.deciding_facet(line.fagsystem);
    let elsewhere = story::erp_maps(detail);
    let table = asks_why(line, viewer).filter(|_| !elsewhere);
    let posting = |line: &Finanspostering| {
        let mut shown = postings::posting(line, deciding.as_deref(), Numbers::Masked);
        if elsewhere {
            shown.konto = Some(vec!["Økonomisystemet konterer selv".to_owned()]);
        }
        shown.why = table.map(|table| {
            let asked = format!("/forklar?bilag={own}&linje={}", line.linjenummer);
            omsaetning::address(table, &asked)
        });
        shown
    };
    let unmasks = viewer.person.scope(Action::Unmask);
    let may_unmask = unmasks.covers(line.kommune, line.fagsystem);
    BilagPage {
        page: Page::inside(&title(detail), Section::Bilag, viewer).below(&BILAG),
        state: words::state(standing),
        summary: story::summary(detail, &names),
        advice: words::advice(standing),
        work: StateName::FOR_A_PERSON
            .contains(&standing)
            .then(|| format!("/fejl/bilag/{}", detail.line.id)),
        guide: guide(detail, &names),
        facts: facts(detail, &names, state),
        faults: faults_in_words(&detail.faults, state),
        later_faults: faults_in_words(&detail.later_faults, state),
        timeline: story::moments(detail, &names, state),
        postings: detail.bilag.posteringer.iter().map(posting).collect(),
        debet: kroner(turnover.debit),
        kredit: kroner(turnover.credit),
        receipts: receipts::receipts(detail, message, state),
        chain: chain::steps(chain, own, state),
        corrects_missing: chain::missing(chain, own),
        afsendelse: format!("/afsendelser/{}", detail.afsendelse),
        siblings: message.map_or(0, |message| message.bilag.len().saturating_sub(1)),
        raw: message.map(|_| format!("/bilag/{own}/xml")),
        unmask: viewer
            .token()
            .filter(|_| may_unmask)
            .map(|token| unmask::Form {
                action: format!("/bilag/{own}/personnumre"),
                token,
                faults: Faulty::default(),
                purpose: PurposeForm::default(),
            }),
    }
}

/// The table that a reader may ask why a posting goes where it goes.
fn asks_why(line: &BilagLine, viewer: &Viewer) -> Option<TableId> {
    let fagsystem = line.fagsystem?;
    let scope = viewer.person.scope(Action::SeeSortiment);
    let seen = scope.covers(line.kommune, Some(fagsystem));
    (seen && line.state.name() != StateName::Rejected).then_some(TableId {
        kommune: line.kommune,
        fagsystem,
    })
}

/// The guide for what a bilag stopped by.
fn guide(detail: &BilagDetail, names: &Names) -> Option<(String, String)> {
    let line = &detail.line;
    let standing = line.state.name();
    let stop = Stop::of(standing).filter(|_| StateName::FOR_A_PERSON.contains(&standing))?;
    let mut faults = detail.later_faults.clone();
    faults.extend(detail.faults.iter().cloned());
    let code = Cause::of(stop, &faults).code;
    super::work::guide(line.kommune, line.fagsystem, code, names)
}

fn facts(detail: &BilagDetail, names: &Names, state: &PortalState) -> Vec<Fact> {
    let line = &detail.line;
    let bilag = &detail.bilag;
    let mut facts = vec![
        Fact::new("Kommune", names.kommune(line.kommune)),
        Fact::new("Fagsystem", names.fagsystem(line.fagsystem)),
        Fact::new("Tekst", mask_text(&bilag.tekst)),
        Fact::new(
            "Beløb",
            format!("{} {}", kroner(line.debet), currency(&bilag.valuta)),
        ),
        Fact::new("Bilagsdato", day(bilag.bilagsdato)),
        Fact::new("Bogføringsdato", day(bilag.bogfoeringsdato)),
        Fact::new("Regnskabsår", bilag.regnskabsaar.0.to_string()),
        Fact::new(
            "Posteringstype",
            words::posteringstype(bilag.posteringstype),
        ),
        Fact::new("Modtaget", instant(line.modtaget, &state.zone)),
        Fact::new("Modtaget gennem", words::channel(detail.channel)),
    ];
    if let Standing::Booked { number } = &line.state {
        facts.push(Fact::new("Bogføringens bilagsnummer", number.as_str()));
    }
    facts.push(Fact::new(
        "Afsenders bilagsnummer",
        mask_text(&line.afsender_bilagsnummer),
    ));
    facts.push(Fact::new(
        "Bilagets id hos afsender",
        line.bilag_uuid.to_string(),
    ));
    facts.push(Fact::new("Bilagets id i ØiR", line.id.to_string()));
    facts.push(Fact {
        label: "Afsendelse",
        value: detail.afsendelse.to_string(),
        href: Some(format!("/afsendelser/{}", detail.afsendelse)),
    });
    if let Some(id) = detail.transaktions_id {
        facts.push(Fact::new("TransactionUUID", id.to_string()));
    }
    facts
}

fn currency(valuta: &str) -> &str {
    if valuta == "DKK" { "kr." } else { valuta }
}

/// Faults as a person needs them.
pub(super) fn faults_in_words(faults: &[Fault], state: &PortalState) -> Vec<FaultDetail> {
    faults.iter().map(|found| fault(found, state)).collect()
}

fn fault(fault: &Fault, state: &PortalState) -> FaultDetail {
    let mut place = String::new();
    if let Some(linje) = fault.place.linje {
        place = format!("Linje {linje}: ");
    }
    place.push_str(&fault.place.path);
    FaultDetail {
        code: fault.code.code(),
        severity: words::severity(fault.code.severity()),
        place: mask_text(&place),
        text: mask_text(&(state.words.text)(fault)),
        remedy: mask_text(&(state.words.remedy)(fault)),
        responsible: words::responsible(fault.code.responsible()),
    }
}

/// Codes as a list in a cell, each once.
pub(super) fn codes(codes: impl Iterator<Item = FaultCode>) -> String {
    let mut known: Vec<&str> = Vec::new();
    for code in codes.map(FaultCode::code) {
        if !known.contains(&code) {
            known.push(code);
        }
    }
    known.join(", ")
}
