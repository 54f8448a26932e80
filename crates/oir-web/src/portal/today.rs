//! The top of the front page: is there anything I must do today? Each line is one matter
//! of the reader's own, worst first, with the way to it.

use jiff::civil::Date;
use jiff::{SignedDuration, Span};
use oir_domain::access::{Action, Person, Role};
use oir_domain::fault::FaultCode;
use oir_domain::message::StateName;
use oir_domain::operation::alarm::Severity;
use oir_flow::ports::search::Count;
use oir_flow::ports::views::BilagFilter;
use oir_wire::danish;

use super::door::Viewer;
use super::failure::PageError;
use super::{PortalState, afstemning, guides, omsaetning, waiting, work};
use crate::danish_format::{kroner, whole};

/// So many foreseen refusals are counted; beyond it the number says nothing more.
const FORESEEN_MAX: u32 = 1_000;

/// An auditor is reminded when the last sample is older than this.
const SAMPLE_AGE: SignedDuration = SignedDuration::from_hours(24 * 31);

/// One matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matter {
    /// The design system's weight: error, warning or info.
    pub(super) weight: &'static str,
    /// What it is.
    pub(super) text: String,
    /// Where it is handled.
    pub(super) href: String,
    /// The words of that way.
    pub(super) way: &'static str,
}

impl Matter {
    /// Heavier matters first; of equal ones the order of gathering stands.
    fn rank(&self) -> u8 {
        match self.weight {
            "error" => 0,
            "warning" => 1,
            _ => 2,
        }
    }
}

/// Everything that waits for this reader.
pub(super) async fn matters(
    state: &PortalState,
    viewer: &Viewer,
) -> Result<Vec<Matter>, PageError> {
    let mut found = Vec::new();
    if viewer.may(Action::SeeOperation) {
        found.extend(of_operation(state, viewer).await?);
    }
    if viewer.may(Action::HandleWork) || viewer.may(Action::Redeliver) {
        found.extend(of_work(state, viewer).await?);
        found.extend(foreseen_refusals(state, viewer).await?);
    }
    if viewer.may(Action::SignOffDay) {
        found.extend(of_days(state, viewer).await?);
    }
    if viewer.may(Action::SampleLooks) {
        found.extend(of_samples(state, viewer).await?);
    }
    if viewer.may(Action::WriteGuides) {
        found.extend(of_guides(state, viewer).await?);
    }
    if viewer.may(Action::ApproveOmsaetning) {
        found.extend(omsaetning::waiting(state, viewer).await?);
    }
    found.sort_by_key(Matter::rank);
    Ok(found)
}

/// Whom those with a debtor role ask about debtor matters, which are not here yet; none for
/// others.
pub(super) fn debtor_help(person: &Person) -> Option<&'static str> {
    let holds = |role| person.grants.iter().any(|grant| grant.role() == role);
    if holds(Role::AnsvarligDebitor) {
        Some("KOMBITs ØiR-projekt")
    } else if holds(Role::OekonomiDebitor) {
        Some("kommunens ØiR-ansvarlige for debitor")
    } else {
        None
    }
}

/// Who writes guides is told where bilag stand still and none says how they are put right.
async fn of_guides(state: &PortalState, viewer: &Viewer) -> Result<Option<Matter>, PageError> {
    let scope = viewer.person.scope(Action::WriteGuides);
    let lacking = guides::lacking(state, &scope).await?;
    let text = match lacking {
        0 => return Ok(None),
        1 => "Ét fagsystem har bilag, der står stille, og ingen vejledning i at rette dem.".into(),
        many => format!(
            "{} fagsystemer har bilag, der står stille, og ingen vejledning i at rette dem.",
            whole(many)
        ),
    };
    Ok(Some(Matter {
        weight: "info",
        text,
        href: "/vejledninger".to_owned(),
        way: "Se, hvad der mangler",
    }))
}

async fn of_operation(state: &PortalState, viewer: &Viewer) -> Result<Option<Matter>, PageError> {
    let scope = viewer.person.scope(Action::SeeOperation);
    let now = state.clock.now();
    let (_, alarms) = state.watch.look(&*state.operation, &scope, now).await?;
    let worst = alarms.first().map(|alarm| alarm.severity);
    let weight = match worst {
        Some(Severity::Now) => "error",
        Some(Severity::Today) => "warning",
        Some(Severity::Soon) => "info",
        Some(Severity::Know) | None => return Ok(None),
    };
    Ok(Some(Matter {
        weight,
        text: format!("Drift: {}", danish::headline(&alarms)),
        href: "/drift".to_owned(),
        way: "Se driften",
    }))
}

async fn of_work(state: &PortalState, viewer: &Viewer) -> Result<Vec<Matter>, PageError> {
    let mut found = Vec::new();
    let desk = work::desk(state, viewer).await?;
    if desk.antal > 0 {
        let mut text = match desk.antal {
            1 => format!(
                "Ét bilag eller én besked står stille ({} kr.).",
                kroner(desk.debet)
            ),
            many => format!(
                "{} bilag og beskeder står stille ({} kr.).",
                whole(many),
                kroner(desk.debet)
            ),
        };
        if desk.late > 0 {
            text.push_str(&format!(" {} er over fristen.", whole(desk.late)));
        }
        found.push(Matter {
            weight: if desk.late > 0 { "error" } else { "warning" },
            text,
            href: "/fejl".to_owned(),
            way: "Gå til fejlene",
        });
    }
    if desk.mine > 0 {
        found.push(Matter {
            weight: "warning",
            text: match desk.mine {
                1 => "Du har selv taget én af dem.".to_owned(),
                many => format!("Du har selv taget {} af dem.", whole(many)),
            },
            href: "/fejl?hvis=mine".to_owned(),
            way: "Se dine",
        });
    }
    Ok(found)
}

/// Bilag on their way to an ERP that maps by itself, and that will have no account for them: said
/// before it refuses them.
pub(super) async fn foreseen_refusals(
    state: &PortalState,
    viewer: &Viewer,
) -> Result<Option<Matter>, PageError> {
    let filter = BilagFilter {
        states: StateName::UNDER_WAY.to_vec(),
        fault: Some(FaultCode::RefusalForeseen),
        ..BilagFilter::default()
    };
    let scope = viewer.person.scope(Action::SeeBilag);
    let text = match state.search.count(&scope, &filter, FORESEEN_MAX).await? {
        None | Some(Count::Exactly(0)) => return Ok(None),
        Some(Count::Exactly(1)) => {
            "Ét bilag på vej ventes afvist: økonomisystemets tabel mangler en konto.".to_owned()
        }
        Some(Count::Exactly(many)) => format!(
            "{} bilag på vej ventes afvist: økonomisystemets tabel mangler en konto.",
            whole(u64::from(many))
        ),
        Some(Count::MoreThan(most)) => format!(
            "Flere end {} bilag på vej ventes afvist: økonomisystemets tabel mangler konti.",
            whole(u64::from(most))
        ),
    };
    let code = FaultCode::RefusalForeseen.code();
    Ok(Some(Matter {
        weight: "warning",
        text,
        href: format!("/bilag?tilstand=under_levering&fejlkode={code}"),
        way: "Se hvilke",
    }))
}

async fn of_days(state: &PortalState, viewer: &Viewer) -> Result<Vec<Matter>, PageError> {
    let today = state.today();
    let before = |days: i32| -> Date { today.saturating_sub(Span::new().days(days)) };
    let open = afstemning::open_days(state, viewer, before(waiting::DAYS), before(1)).await?;
    let mut found = Vec::new();
    if open.differ > 0 {
        found.push(Matter {
            weight: "error",
            text: match open.differ {
                1 => "Én dags afstemning stemmer ikke.".to_owned(),
                many => format!("{} dages afstemning stemmer ikke.", whole(many)),
            },
            href: "/afstemning?status=stemmer_ikke".to_owned(),
            way: "Find forskellene",
        });
    }
    if open.agree > 0 {
        found.push(Matter {
            weight: "info",
            text: match open.agree {
                1 => "Én dag stemmer og mangler din godkendelse.".to_owned(),
                many => format!("{} dage stemmer og mangler din godkendelse.", whole(many)),
            },
            href: "/afstemning?status=stemmer".to_owned(),
            way: "Godkend dagene",
        });
    }
    Ok(found)
}

async fn of_samples(state: &PortalState, viewer: &Viewer) -> Result<Option<Matter>, PageError> {
    let scope = viewer.person.scope(Action::SampleLooks);
    let samples = state.looks.samples(&scope).await?;
    let open: u64 = samples
        .iter()
        .map(|sample| sample.drawn.saturating_sub(sample.reviewed))
        .sum();
    let way = "Gå til stikprøverne";
    let matter = |weight, text| Matter {
        weight,
        text,
        href: "/stikproever".to_owned(),
        way,
    };
    if open > 0 {
        let text = format!(
            "{} opslag i dine stikprøver er ikke gennemgået.",
            whole(open)
        );
        return Ok(Some(matter("warning", text)));
    }
    let newest = samples.iter().map(|sample| sample.at).max();
    let now = state.clock.now();
    let old = newest.is_none_or(|at| now.duration_since(at) > SAMPLE_AGE);
    let text = "Der er ikke udtaget en stikprøve af opslag i over en måned.".to_owned();
    Ok(old.then(|| matter("info", text)))
}
