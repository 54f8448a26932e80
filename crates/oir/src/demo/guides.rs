//! Guides of a demo: invented, and said to be so. The last fagsystem has none, so that the
//! list of what is missing has something to show.

use anyhow::{Context, ensure};
use jiff::Timestamp;
use oir_domain::access::Action;
use oir_domain::fault::FaultCode;
use oir_domain::guide::{Draft, GuidePlace, Way};
use oir_domain::register::RegisterData;
use oir_flow::ports::guides::Guides;
use oir_flow::ports::sessions::{Deed, deeds};
use oir_store::Store;

use super::persons;

/// A guide for the whole country.
struct Text {
    /// Short name of the fagsystem.
    fagsystem: &'static str,
    code: Option<FaultCode>,
    ways: &'static [Way],
    body: &'static str,
}

const TEXTS: [Text; 3] = [
    Text {
        fagsystem: "KSD",
        code: None,
        ways: &[Way::Resend, Way::CancelAndNew],
        body: include_str!("guides/ksd.md"),
    },
    Text {
        fagsystem: "KSD",
        code: Some(FaultCode::UnknownValue),
        ways: &[Way::Resend],
        body: include_str!("guides/ksd_f0310.md"),
    },
    Text {
        fagsystem: "KY",
        code: None,
        ways: &[Way::CancelAndNew, Way::ByHand],
        body: include_str!("guides/ky.md"),
    },
];

/// Writes them, each in the name of an invented person who may.
///
/// # Errors
/// When the store fails, or the demo's register has no such fagsystem or nobody who may.
pub(super) async fn write(
    store: &Store,
    register: &RegisterData,
    at: Timestamp,
) -> anyhow::Result<()> {
    let persons = persons::invented(register);
    for text in &TEXTS {
        let mut systems = register.fagsystemer.iter();
        let system = systems
            .find(|system| &*system.kortnavn == text.fagsystem)
            .with_context(|| format!("fagsystemet {} mangler", text.fagsystem))?;
        let place = GuidePlace {
            kommune: None,
            fagsystem: system.id,
            code: text.code,
        };
        let author = persons
            .iter()
            .find(|person| place.is_writable(&person.scope(Action::WriteGuides)))
            .context("ingen må skrive vejledninger")?;
        let draft = Draft::try_new(text.ways, text.body, "Første udgave, opdigtet til demoen")
            .map_err(|faults| anyhow::anyhow!("vejledningen kan ikke gemmes: {faults:?}"))?;
        let guide = draft.version(place, 0, at, (&author.subject, &author.navn));
        let code = text
            .code
            .map_or_else(String::new, |code| format!(", {code}"));
        let deed = Deed {
            at,
            subject: author.subject.clone(),
            navn: author.navn.clone(),
            what: deeds::WROTE_GUIDE.into(),
            kommune: None,
            object: format!("vejledning {}{code}, udgave 1", text.fagsystem).into(),
        };
        let written = store.write_guide(&guide, &deed).await?;
        ensure!(written, "der står allerede en vejledning");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::TEXTS;
    use oir_domain::guide::Draft;

    #[test]
    fn every_guide_can_be_kept_and_says_that_it_is_invented() {
        for text in &TEXTS {
            let draft = Draft::try_new(text.ways, text.body, "x");
            assert!(draft.is_ok(), "{}: {draft:?}", text.fagsystem);
            let first = text.body.lines().next();
            assert!(first.is_some_and(|line| line.contains("opdigtet")));
        }
    }
}
