//! The page of one bilag: where it stands, what to do, its life, its lines, its receipts
//! and the bytes it came in.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use oir_domain::fault::{Fault, FaultCode, Severity};
use oir_domain::finans::{Finanspostering, PartNummer};
use oir_domain::ids::BilagId;
use oir_domain::message::{State as Standing, StateName};
use oir_domain::money::Side;
use oir_flow::ports::views::{BilagDetail, MessageDetail, TimelineEvent};

use super::door::Viewer;
use super::failure::{PageError, page};
use super::names::Names;
use super::view::{
    BilagPage, Correction, Fact, FaultDetail, Moment, Page, PostingLine, RawText, ReceiptLine,
    Section,
};
use super::{PortalState, excerpt, words};
use crate::danish_format::{day, instant, instant_to_the_second, kroner, whole};
use crate::masking::{mask_message, mask_text};

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
    let template = bilag_page(&detail, message.as_ref(), &viewer, &state);
    Ok(page(&template)?.into_response())
}

fn bilag_page(
    detail: &BilagDetail,
    message: Option<&MessageDetail>,
    viewer: &Viewer,
    state: &PortalState,
) -> BilagPage {
    let names = state.names();
    let standing = detail.line.state.name();
    let turnover = detail.bilag.turnover().unwrap_or_default();
    let title = format!("Bilag {}", mask_text(&detail.line.afsender_bilagsnummer));
    BilagPage {
        page: Page::inside(&title, Section::Bilag, viewer).below(&BILAG),
        state: words::state(standing),
        advice: words::advice(standing),
        work: StateName::FOR_A_PERSON
            .contains(&standing)
            .then(|| format!("/fejl/bilag/{}", detail.line.id)),
        facts: facts(detail, &names, state),
        faults: faults_in_words(&detail.faults, state),
        later_faults: faults_in_words(&detail.later_faults, state),
        timeline: detail
            .timeline
            .iter()
            .map(|event| moment(event, &detail.line.state, state))
            .collect(),
        postings: detail.bilag.posteringer.iter().map(posting).collect(),
        debet: kroner(turnover.debit),
        kredit: kroner(turnover.credit),
        receipts: receipts(detail, state),
        corrects: detail.bilag.korrigerer.map(|uuid| Correction {
            id: uuid.to_string(),
            href: detail.corrects.map(|id| format!("/bilag/{id}")),
        }),
        corrected_by: detail
            .corrected_by
            .iter()
            .map(|id| Correction {
                id: id.to_string(),
                href: Some(format!("/bilag/{id}")),
            })
            .collect(),
        afsendelse: format!("/afsendelser/{}", detail.afsendelse),
        siblings: message.map_or(0, |message| message.bilag.len().saturating_sub(1)),
        raw: message.map(|message| {
            let piece = excerpt::bilag(&message.raw, detail.index);
            raw_text(&piece, message.raw.len())
        }),
    }
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

fn moment(event: &TimelineEvent, standing: &Standing, state: &PortalState) -> Moment {
    let mut text = words::event(&event.event, event.to, event.attempt);
    if let (StateName::Booked, Standing::Booked { number }) = (event.to, standing) {
        text = format!("Bogført med bilagsnummer {number} hos bogføringen.");
    }
    Moment {
        iso: event.at.to_string(),
        at: instant_to_the_second(event.at, &state.zone),
        text,
        state: words::state(event.to),
        // The sentence of a claim names its attempt itself.
        attempt: (event.attempt > 0 && &*event.event != "claimed").then_some(event.attempt),
        detail: event.detail.as_deref().map(mask_text),
    }
}

fn posting(postering: &Finanspostering) -> PostingLine {
    let amount = kroner(postering.beloeb);
    let (debet, kredit) = match postering.side {
        Side::Debit => (Some(amount), None),
        Side::Credit => (None, Some(amount)),
    };
    let mut more = Vec::new();
    if let Some((fra, til)) = postering.periode {
        more.push(format!("Periode {} – {}", day(fra), day(til)));
    }
    if let Some(sag) = &postering.sag {
        more.push(format!(
            "Sag {} (KLE {})",
            mask_text(&sag.sagsnummer),
            sag.kle
        ));
    }
    let mut add = |label: &str, value: &Option<Box<str>>| {
        if let Some(value) = value {
            more.push(format!("{label} {}", mask_text(value)));
        }
    };
    add("Ydelse", &postering.ydelse);
    add("Momskode", &postering.momskode);
    add("Reference", &postering.reference);
    if let Some(percent) = postering.refusionsprocent {
        more.push(format!("Refusion {percent} %"));
    }
    PostingLine {
        linje: postering.linjenummer,
        tekst: mask_text(&postering.tekst),
        debet,
        kredit,
        sortiment: postering
            .sortiment
            .iter()
            .map(|value| (mask_text(&value.facet), mask_text(&value.vaerdi)))
            .collect(),
        konto: postering.kontering.as_deref().map(str::to_owned),
        part: postering.part.as_ref().map(|part| {
            let rolle = words::rolle(part.rolle);
            match &part.nummer {
                // `Cpr` shows itself masked.
                PartNummer::Cpr(cpr) => format!("{cpr} ({rolle})"),
                PartNummer::Cvr(cvr) => format!("CVR {cvr} ({rolle})"),
            }
        }),
        more,
    }
}

/// What was answered to the sender, and what the books answered.
fn receipts(detail: &BilagDetail, state: &PortalState) -> Vec<ReceiptLine> {
    let stopped = |fault: &&Fault| fault.code.severity() == Severity::Fault;
    let warned = detail
        .faults
        .iter()
        .any(|f| f.code.severity() == Severity::Warning);
    let received = instant(detail.line.modtaget, &state.zone);
    let mut receipts = vec![ReceiptLine {
        kind: "TransportKvittering",
        way: "ØiR til fagsystemet",
        outcome: if warned { "ADVARSEL" } else { "OK" }.to_owned(),
        at: received.clone(),
    }];
    // A held bilag has a fault that is ours to settle: its sender was told that it is here.
    let rejected = matches!(detail.line.state, Standing::Rejected);
    let faults = detail
        .faults
        .iter()
        .filter(|f| rejected && stopped(f))
        .count();
    receipts.push(ReceiptLine {
        kind: "Forretningskvittering",
        way: "ØiR til fagsystemet",
        outcome: match faults {
            0 => "MODTAGET".to_owned(),
            1 => "AFVIST med 1 fejl".to_owned(),
            faults => format!("AFVIST med {} fejl", count(faults)),
        },
        at: received,
    });
    let last = detail
        .timeline
        .iter()
        .rev()
        .find(|event| matches!(event.to, StateName::Booked | StateName::Refused));
    let outcome = match &detail.line.state {
        Standing::Booked { number } => Some(format!("Bogført med bilagsnummer {number}")),
        Standing::Refused => Some("Nægtet".to_owned()),
        Standing::Rejected
        | Standing::Held
        | Standing::Mapped
        | Standing::Sending { .. }
        | Standing::AwaitingReceipt { .. }
        | Standing::Waiting { .. }
        | Standing::Uncertain { .. }
        | Standing::Parked { .. } => None,
    };
    if let (Some(outcome), Some(last)) = (outcome, last) {
        receipts.push(ReceiptLine {
            kind: "Forretningskvittering",
            way: "Bogføringssystemet til ØiR",
            outcome,
            at: instant(last.at, &state.zone),
        });
    }
    receipts
}

fn count(number: usize) -> String {
    whole(u64::try_from(number).unwrap_or(u64::MAX))
}

/// A piece of a message, masked, with the size of the whole.
pub(super) fn raw_text(piece: &excerpt::Excerpt, bytes: usize) -> RawText {
    RawText {
        text: mask_message(&piece.text),
        cut: piece.cut,
        size: format!("{} byte", count(bytes)),
    }
}
