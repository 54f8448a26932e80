//! Looking at personal numbers: the look is written down first, and only then answered.

use jiff::Timestamp;
use oir_domain::access::{Person, Scope};
use oir_domain::look::{LookKind, Purpose, SEARCH_DAY, TooMany, may_search};
use oir_domain::party::{Cpr, Kommunekode};

use crate::ports::StoreFailure;
use crate::ports::looks::{Look, Looks, Noted, PersonsBilag};
use crate::ports::sessions::{Deed, Sessions, deeds};
use crate::ports::views::BilagLine;

/// Bilag listed of one person; the number of all of them is told.
pub const LISTED_MAX: u32 = 200;

/// How often searches of the same person may come between before it counts as too many.
const TRIES: usize = 20;

/// A deed of somebody in a municipality's matter.
#[must_use]
pub fn deed(
    by: &Person,
    what: &str,
    kommune: Kommunekode,
    object: impl ToString,
    at: Timestamp,
) -> Deed {
    Deed {
        at,
        subject: by.subject.clone(),
        navn: by.navn.clone(),
        what: what.into(),
        kommune: Some(kommune),
        object: object.to_string().into(),
    }
}

/// Writes down that somebody is about to see the numbers of a bilag.
///
/// # Errors
/// [`StoreFailure`]: then they must not be shown.
pub async fn unmask(
    looks: &dyn Looks,
    by: &Person,
    (line, purpose): (&BilagLine, &Purpose),
    now: Timestamp,
) -> Result<(), StoreFailure> {
    let look = Look {
        kind: LookKind::Unmasked,
        kommune: line.kommune,
        bilag: Some(line.id),
        purpose: purpose.clone(),
        found: None,
    };
    let deed = deed(by, deeds::SAW_NUMBERS, line.kommune, line.id, now);
    looks.take_look(&look, &deed).await
}

/// Whom somebody looks for, where and what for.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// What they may search.
    pub scope: &'a Scope,
    /// In which municipality.
    pub kommune: Kommunekode,
    /// Whom.
    pub cpr: Cpr,
    /// What for.
    pub purpose: Purpose,
}

/// Finds the bilag of a person, after writing down who searched, what for and how many there
/// were; never for whom.
///
/// # Errors
/// [`StoreFailure`]: nothing is answered. The inner [`TooMany`] when this person has searched
/// too often of late, which is written down too.
pub async fn search(
    looks: &dyn Looks,
    log: &dyn Sessions,
    by: &Person,
    asked: &Search<'_>,
    now: Timestamp,
) -> Result<Result<PersonsBilag, TooMany>, StoreFailure> {
    let since = now.saturating_sub(SEARCH_DAY).unwrap_or(now);
    for _ in 0..TRIES {
        let earlier = looks.searches(&by.subject, since).await?;
        if let Err(too_many) = may_search(&earlier, now) {
            return refused(log, by, asked, too_many, now).await.map(Err);
        }
        let found = looks
            .bilag_of(asked.scope, asked.kommune, &asked.cpr, LISTED_MAX)
            .await?;
        let look = Look {
            kind: LookKind::LookedUp,
            kommune: asked.kommune,
            bilag: None,
            purpose: asked.purpose.clone(),
            found: Some(found.found),
        };
        let object = format!("{} bilag fundet", found.found);
        let deed = deed(by, deeds::SEARCHED_PERSON, asked.kommune, object, now);
        let counted = (since, earlier.len());
        if looks.take_search(&look, &deed, counted).await? == Noted::Done {
            return Ok(Ok(found));
        }
    }
    refused(log, by, asked, TooMany { again: now }, now)
        .await
        .map(Err)
}

async fn refused(
    log: &dyn Sessions,
    by: &Person,
    asked: &Search<'_>,
    too_many: TooMany,
    now: Timestamp,
) -> Result<TooMany, StoreFailure> {
    let object = "for mange opslag på kort tid";
    let deed = deed(by, deeds::REFUSED_SEARCH, asked.kommune, object, now);
    log.log(&deed).await?;
    Ok(too_many)
}
