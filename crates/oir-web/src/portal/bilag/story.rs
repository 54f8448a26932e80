//! A bilag's life in sentences: who did what, when, and what was asked of the books.

use oir_domain::message::{State as Standing, StateName};
use oir_flow::ports::views::{BilagDetail, TimelineEvent};

use super::super::names::Names;
use super::super::view::Moment;
use super::super::{PortalState, words};
use crate::danish_format::{instant_to_the_second, kroner, whole};
use crate::masking::mask_text;

/// What the bilag is and where it stands, in two sentences.
pub(super) fn summary(detail: &BilagDetail, names: &Names) -> String {
    let (line, bilag) = (&detail.line, &detail.bilag);
    let lines = match line.posteringer {
        1 => "én postering".to_owned(),
        many => format!("{} posteringer", whole(many.into())),
    };
    let standing = match &line.state {
        Standing::Booked { number } => {
            format!("Det er bogført med nummer {number}.")
        }
        Standing::Rejected => "Det er afvist og er ikke sendt til bogføringen.".to_owned(),
        Standing::Held => "Det venter på en konto i omsætningstabellen.".to_owned(),
        Standing::Refused => "Bogføringen har nægtet at bogføre det.".to_owned(),
        Standing::Parked { .. } => "Det er parkeret og venter på en medarbejder.".to_owned(),
        Standing::Mapped | Standing::Sending { .. } => "Det er på vej til bogføringen.".to_owned(),
        Standing::AwaitingReceipt { .. } => "Bogføringen har det og kvitterer senere.".to_owned(),
        Standing::Waiting { .. } => "Det venter på næste forsøg på levering.".to_owned(),
        Standing::Uncertain { .. } => {
            "Det er sendt, men ingen ved endnu, om det er bogført.".to_owned()
        }
    };
    format!(
        "{} {} fra {} til {} i {lines}. {standing}",
        kroner(line.debet),
        super::currency(&bilag.valuta),
        names.fagsystem(line.fagsystem),
        names.kommune(line.kommune),
    )
}

/// The timeline, oldest first.
pub(super) fn moments(detail: &BilagDetail, names: &Names, state: &PortalState) -> Vec<Moment> {
    let mut before = None;
    let mut moments = Vec::with_capacity(detail.timeline.len());
    for event in &detail.timeline {
        moments.push(moment(event, before, detail, (names, state)));
        before = Some(event.to);
    }
    moments
}

/// Whether the bilag went on its way without an account: its ERP finds it.
pub(super) fn erp_maps(detail: &BilagDetail) -> bool {
    let mut postings = detail.bilag.posteringer.iter();
    let mut moments = detail.timeline.iter();
    postings.all(|postering| postering.kontering.is_none())
        && moments.any(|event| event.to == StateName::Mapped)
}

fn moment(
    event: &TimelineEvent,
    before: Option<StateName>,
    detail: &BilagDetail,
    (names, state): (&Names, &PortalState),
) -> Moment {
    // What is in doubt is asked about, and what the books have is asked for.
    let asked = matches!(
        before,
        Some(StateName::Uncertain | StateName::AwaitingReceipt)
    );
    let text = match (event.to, &detail.line.state) {
        (StateName::Booked, Standing::Booked { number }) => {
            format!("Bogført med bilagsnummer {number} hos bogføringen.")
        }
        (StateName::Mapped, _) if erp_maps(detail) => {
            "Registreret. Økonomisystemet konterer selv. Klar til levering.".to_owned()
        }
        _ => words::event(&event.event, event.to, event.attempt),
    };
    Moment {
        iso: event.at.to_string(),
        at: instant_to_the_second(event.at, &state.zone),
        who: match &*event.event {
            "received" => names.fagsystem(detail.line.fagsystem),
            "released" => "En medarbejder".to_owned(),
            "claimed" | "accounts_found" | "given_up" | "unavailable" | "no_answer" => {
                "ØiR".to_owned()
            }
            _ => "Bogføringssystemet".to_owned(),
        },
        text,
        question: match &*event.event {
            "claimed" => Some("Bogføringssystemet blev bedt om at bogføre (ModtagFinansbilag)."),
            "booked" | "refused" | "not_there" | "handed_over" if asked => Some(
                "Svar på spørgsmålet, om bilaget er der (HentStatus), eller en kvittering \
                 afleveret af bogføringssystemet.",
            ),
            _ => None,
        },
        state: words::state(event.to),
        // The sentence of a claim names its attempt itself.
        attempt: (event.attempt > 0 && &*event.event != "claimed").then_some(event.attempt),
        detail: event.detail.as_deref().map(mask_text),
    }
}
