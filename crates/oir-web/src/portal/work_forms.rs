//! What the forms of the worklist offer a person, and what is told above a page.

use oir_domain::access::{Action, Scope};
use oir_domain::ids::FagsystemId;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Area, Holder};
use oir_flow::ports::work::GroupKey;
use oir_flow::work::SELECTED_MAX;

use super::door::Viewer;
use super::failure::PageError;
use super::view::Choice;
use super::{PortalState, work_words};
use crate::danish_format::sort_key;

/// Something told above the page.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) weight: &'static str,
    pub(super) text: String,
}

impl Notice {
    /// What came of a step, from the address it led to; only words known here are shown.
    pub(super) fn happened(sket: &str, [antal, tilbage, flere]: [u64; 3]) -> Option<Self> {
        let done = match sket {
            "taget" => "er taget",
            "lagt" => "er lagt tilbage",
            "sendt" => "er sendt videre",
            "skrevet" => "har fået en kommentar",
            "udskudt" => "er udskudt",
            "genoptaget" => "er taget op igen",
            "lukket" => "er lukket",
            "opgivet" => "er opgivet",
            "videre" => "er sat i gang igen",
            _ => return None,
        };
        let whole = crate::danish_format::whole;
        let fejl = if antal == 1 { "fejl" } else { "fejl i alt" };
        let mut text = format!("{} {fejl} {done}.", whole(antal));
        if tilbage > 0 {
            text.push_str(&format!(
                " {} er, som de var: skridtet var ikke muligt, eller en anden kom først.",
                whole(tilbage)
            ));
        }
        if flere > 0 {
            text.push_str(&format!(
                " {} i gruppen er ikke nået: højst {} tages ad gangen. Gør det samme igen.",
                whole(flere),
                whole(u64::try_from(SELECTED_MAX).unwrap_or(u64::MAX))
            ));
        }
        let weight = if antal == 0 || flere > 0 {
            "warning"
        } else {
            "success"
        };
        Some(Self { weight, text })
    }

    pub(super) fn wrong(text: &str) -> Self {
        Self {
            weight: "error",
            text: text.to_owned(),
        }
    }

    /// What the symbol beside it says to those who do not see it.
    pub(super) fn spoken(&self) -> &'static str {
        match self.weight {
            "error" => "Fejl",
            "warning" => "Advarsel",
            _ => "Udført",
        }
    }
}

/// What of the forms a person gets.
#[derive(Debug)]
pub(super) struct Handling {
    /// The token of the forms; none when they may neither handle nor redeliver.
    pub(super) token: Option<String>,
    pub(super) may_handle: bool,
    pub(super) may_redeliver: bool,
    pub(super) persons: Vec<Choice>,
    pub(super) areas: Vec<Choice>,
    /// What was typed before a step that was not possible.
    pub(super) typed: String,
    pub(super) until: String,
}

impl Handling {
    /// For the items of a group.
    pub(super) async fn of(
        state: &PortalState,
        viewer: &Viewer,
        key: &GroupKey,
    ) -> Result<Self, PageError> {
        Self::at(state, viewer, key.kommune, key.fagsystem).await
    }

    /// For one item.
    pub(super) async fn at(
        state: &PortalState,
        viewer: &Viewer,
        kommune: Kommunekode,
        fagsystem: Option<FagsystemId>,
    ) -> Result<Self, PageError> {
        let token = viewer.token();
        let may = |action| viewer.person.scope(action).covers(kommune, fagsystem);
        let signed_in = token.is_some();
        let may_handle = signed_in && may(Action::HandleWork);
        let may_redeliver = signed_in && may(Action::Redeliver);
        let mut persons = Vec::new();
        if may_handle {
            let colleagues = colleagues(state, viewer, kommune, fagsystem).await?;
            let choice = |h: Holder| Choice::new(h.subject.into(), h.navn.into(), "");
            persons = colleagues.into_iter().map(choice).collect();
        }
        let area = |area: Area| {
            Choice::new(
                area.word().to_owned(),
                work_words::area(area).to_owned(),
                "",
            )
        };
        Ok(Self {
            token: token.filter(|_| may_handle || may_redeliver),
            may_handle,
            may_redeliver,
            persons,
            areas: Area::ALL.map(area).into(),
            typed: String::new(),
            until: String::new(),
        })
    }
}

/// Those who are signed in and may handle the same, without the person themself, by name.
async fn colleagues(
    state: &PortalState,
    viewer: &Viewer,
    kommune: Kommunekode,
    fagsystem: Option<FagsystemId>,
) -> Result<Vec<Holder>, PageError> {
    let everybody = state.entrance.sign_in.everybody().await?;
    let may = |scope: Scope| scope.covers(kommune, fagsystem);
    let mut found: Vec<Holder> = everybody
        .iter()
        .filter(|s| may(s.person.scope(Action::HandleWork)))
        .filter(|s| s.person.subject != viewer.person.subject)
        .map(|s| oir_flow::work::holder(&s.person))
        .collect();
    found.sort_by_cached_key(|h| (sort_key(&h.navn), h.subject.clone()));
    found.dedup_by(|a, b| a.subject == b.subject);
    Ok(found)
}
