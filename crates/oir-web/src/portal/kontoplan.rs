//! The municipalities' kontoplaner: which there are, one with its accounts, and (in files of
//! their own) one account, the import of a file with its preview, and downloads.

pub(super) mod import;
pub(super) mod one;
pub(super) mod preview;
pub(super) mod sheets;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::kontoplan::change::{ChangeKind, Tally};
use oir_domain::kontoplan::check::of_konto;
use oir_domain::kontoplan::national::national;
use oir_domain::kontoplan::{Konto, KontoForm, Kontoplan, KontoplanHead, Standing};
use oir_domain::party::Kommunekode;
use oir_wire::danish::kontoplan as danish;
use serde::Deserialize;

use super::PortalState;
use super::door::Viewer;
use super::failure::{PageError, page};
use super::query::{pairs, percent_encoded};
use super::view::{Badge, Choice, Page, Section};
use crate::danish_format::{day_short, instant_short, sort_key, whole};
use crate::masking::mask_text;

/// A file for a municipality's kontoplan is sent here.
pub(super) const IMPORT: &str = "/kontoplan/{kommune}/import";
/// Accounts of a page: two screens.
const PAGE_LINES: usize = 50;
/// Versions that are shown.
const VERSIONS: u32 = 20;
/// An account that ends within so many days is about to close: a quarter, in which its rules
/// can be drafted, simulated and approved.
const SOON_DAYS: i64 = 90;
/// The way to all of them.
const BACK: (&str, &str) = ("/kontoplan", "Kontoplaner");
/// The way to what accounts are for.
const HOME: (&str, &str) = ("/omsaetning", "Kontering");

/// All kontoplaner.
#[derive(Debug, Template)]
#[template(path = "kontoplaner.html")]
struct ShelfPage {
    page: Page,
    lines: Vec<ShelfLine>,
}

/// One municipality's.
#[derive(Debug)]
struct ShelfLine {
    href: String,
    kommune: String,
    form: String,
    konti: String,
    version: String,
    imported: String,
}

/// One kontoplan.
#[derive(Debug, Template)]
#[template(path = "kontoplan.html")]
struct ListPage {
    page: Page,
    kommune: String,
    /// Its address.
    href: String,
    /// What is there; none when nothing was imported yet.
    shown: Option<Shown>,
    versions: Vec<VersionLine>,
    may_import: bool,
    query: ListQuery,
    standings: Vec<Choice>,
}

/// The accounts shown of a version.
#[derive(Debug)]
struct Shown {
    form: String,
    version: String,
    /// Whether this is an older version than the one that rules.
    old: bool,
    count: String,
    lines: Vec<KontoLine>,
    number: usize,
    previous: Option<String>,
    next: Option<String>,
    /// The query of downloads: which version.
    files: String,
}

/// One account of the list.
#[derive(Debug)]
struct KontoLine {
    href: String,
    konto: String,
    navn: String,
    standing: Badge,
    open: String,
    autoriseret: String,
}

/// One version.
#[derive(Debug)]
struct VersionLine {
    href: String,
    version: String,
    at: String,
    navn: String,
    source: String,
    konti: String,
    changes: String,
    current: bool,
}

/// What is asked of the list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// Words of the name, or the beginning of the account.
    q: String,
    /// A word of [`STANDINGS`].
    tilstand: String,
    /// A version; empty = the one that rules.
    udgave: String,
    /// The page, from 1.
    side: String,
}

/// What accounts can be asked for: word in the address, and words.
const STANDINGS: [(&str, &str); 4] = [
    ("aaben", "Åbne i dag"),
    ("lukker", "Lukker inden for 90 dage"),
    ("lukket", "Ikke åbne i dag"),
    ("fund", "Med bemærkninger"),
];

impl ListQuery {
    fn version(&self) -> Result<Option<u32>, PageError> {
        match self.udgave.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| PageError::BadAddress),
        }
    }

    fn page(&self) -> usize {
        self.side.trim().parse().unwrap_or(1).max(1)
    }

    fn narrowed(&self) -> bool {
        !self.q.trim().is_empty() || !self.tilstand.is_empty()
    }

    fn href(&self, base: &str, page: usize) -> String {
        let asked = pairs(&[
            ("q", &self.q),
            ("tilstand", &self.tilstand),
            ("udgave", &self.udgave),
            ("side", &page.to_string()),
        ]);
        format!("{base}?{asked}")
    }
}

/// A municipality of the register that the viewer sees something of, from an address.
fn kommune(code: &str, viewer: &Viewer, state: &PortalState) -> Result<Kommunekode, PageError> {
    let code = code.parse().map_err(|_| PageError::NotFound)?;
    let kommune = Kommunekode(code);
    let register = (state.register)();
    let known = register.myndigheder().any(|own| own.kommune == kommune);
    let seen = known && viewer.scope.touches(kommune);
    seen.then_some(kommune).ok_or(PageError::NotFound)
}

/// The same for somebody who has a say over the whole of it.
fn own_kommune(code: &str, viewer: &Viewer, state: &PortalState) -> Result<Kommunekode, PageError> {
    let kommune = kommune(code, viewer, state)?;
    let governs = viewer.scope.covers(kommune, None);
    governs.then_some(kommune).ok_or(PageError::NotFound)
}

fn href(kommune: Kommunekode) -> String {
    format!("/kontoplan/{}", kommune.0)
}

/// The address of an account's page.
fn konto_href(kommune: Kommunekode, konto: &str) -> String {
    format!("{}/konto?konto={}", href(kommune), percent_encoded(konto))
}

/// Every municipality that the viewer sees, by name, with the version that rules.
async fn all(
    state: &PortalState,
    viewer: &Viewer,
) -> Result<Vec<(Kommunekode, String, Option<KontoplanHead>)>, PageError> {
    let mut heads = state.kontoplaner.kontoplaner(&viewer.scope).await?;
    let register = (state.register)();
    let mut found: Vec<_> = register
        .myndigheder()
        .filter(|own| viewer.scope.touches(own.kommune))
        .map(|own| {
            let place = heads.iter().position(|head| head.kommune == own.kommune);
            let head = place.map(|place| heads.swap_remove(place));
            (own.kommune, own.navn.to_string(), head)
        })
        .collect();
    found.sort_by_cached_key(|(_, navn, _)| sort_key(navn));
    Ok(found)
}

/// `GET /kontoplan`
pub(super) async fn shelf(
    State(state): State<PortalState>,
    viewer: Viewer,
) -> Result<Response, PageError> {
    let line = |(kommune, navn, head): (Kommunekode, String, Option<KontoplanHead>)| {
        let of = |text: &dyn Fn(&KontoplanHead) -> String| head.as_ref().map(text);
        let imported = |head: &KontoplanHead| {
            format!("{} af {}", instant_short(head.at, &state.zone), head.navn)
        };
        ShelfLine {
            href: href(kommune),
            kommune: navn,
            form: of(&|head| danish::form(&head.form)).unwrap_or_default(),
            konti: of(&|head| whole(head.accounts.into())).unwrap_or_default(),
            version: of(&|head| head.version.to_string()).unwrap_or_default(),
            imported: of(&imported).unwrap_or_else(|| "Ikke importeret".to_owned()),
        }
    };
    let lines = all(&state, &viewer).await?.into_iter().map(line);
    let template = ShelfPage {
        page: Page::inside("Kontoplaner", Section::Kontering, &viewer).below(&[HOME]),
        lines: lines.collect(),
    };
    Ok(page(&template)?.into_response())
}

/// `GET /kontoplan/{kommune}`
pub(super) async fn list(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(code): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let kommune = kommune(&code, &viewer, &state)?;
    let version = query.version()?;
    let (kontoplaner, scope) = (&state.kontoplaner, &viewer.scope);
    let plan = kontoplaner.kontoplan(scope, kommune, version).await?;
    if plan.is_none() && version.is_some() {
        return Err(PageError::NotFound);
    }
    let heads = kontoplaner.kontoplan_versions(scope, kommune, None, VERSIONS);
    let heads = heads.await?;
    let ruling = heads.first().map_or(0, |head| head.version);
    let shown = plan.map(|plan| shown(&plan, &query, ruling, state.today()));
    let navn = state.names().kommune(kommune);
    let editor = viewer.person.scope(Action::EditKontoplan);
    let current = version.unwrap_or(ruling);
    let standing = |(word, words): (&str, &str)| {
        Choice::new(word.to_owned(), words.to_owned(), &query.tilstand)
    };
    let template = ListPage {
        page: Page::inside(
            &format!("Kontoplan for {navn}"),
            Section::Kontering,
            &viewer,
        )
        .below(&[HOME, BACK]),
        kommune: navn,
        href: href(kommune),
        shown,
        versions: heads
            .iter()
            .map(|head| version_line(head, current, &state))
            .collect(),
        may_import: editor.covers(kommune, None),
        standings: STANDINGS.map(standing).into(),
        query: ListQuery {
            q: mask_text(&query.q),
            ..query
        },
    };
    Ok(page(&template)?.into_response())
}

fn version_line(head: &KontoplanHead, current: u32, state: &PortalState) -> VersionLine {
    VersionLine {
        href: format!("{}?udgave={}", href(head.kommune), head.version),
        version: head.version.to_string(),
        at: instant_short(head.at, &state.zone),
        navn: head.navn.to_string(),
        source: head.source.to_string(),
        konti: whole(head.accounts.into()),
        changes: tally(head.tally),
        current: head.version == current,
    }
}

/// What changed, in a few words.
fn tally(tally: Tally) -> String {
    let counts = ChangeKind::ALL.into_iter().filter_map(|kind| {
        let count = tally.count(kind);
        let said = count > 0 && kind != ChangeKind::Unchanged;
        said.then(|| format!("{}: {}", danish::change(kind), whole(count.into())))
    });
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() {
        "Ingen konti ændret".to_owned()
    } else {
        counts.join(", ")
    }
}

fn shown(plan: &Kontoplan, query: &ListQuery, ruling: u32, today: Date) -> Shown {
    let found = found(plan, query, today);
    let (base, number) = (href(plan.kommune()), query.page());
    let from = number.saturating_sub(1).saturating_mul(PAGE_LINES);
    let line = |konto: &&Konto| konto_line(plan, konto, today);
    let lines: Vec<KontoLine> = found.iter().skip(from).take(PAGE_LINES).map(line).collect();
    let more = found.len() > from.saturating_add(PAGE_LINES);
    let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let all = u64::try_from(plan.konti().len()).unwrap_or(u64::MAX);
    Shown {
        form: danish::form(plan.form()),
        version: plan.version().to_string(),
        old: plan.version() != ruling,
        count: if query.narrowed() {
            format!("{} af {} konti", whole(count), whole(all))
        } else {
            format!("{} konti", whole(all))
        },
        lines,
        number,
        previous: (number > 1).then(|| query.href(&base, number.saturating_sub(1))),
        next: more.then(|| query.href(&base, number.saturating_add(1))),
        files: format!("udgave={}", plan.version()),
    }
}

/// The accounts that were asked for.
fn found<'p>(plan: &'p Kontoplan, query: &ListQuery, today: Date) -> Vec<&'p Konto> {
    let words = query.q.to_lowercase();
    let words: Vec<&str> = words.split_whitespace().collect();
    // An account is found as people write it, with points and spaces, or by its beginning.
    let start: String = query.q.to_uppercase();
    let start = match plan.form() {
        KontoForm::Autoriseret => start.replace(['.', ' '], ""),
        _ => start.trim().to_owned(),
    };
    let named = |konto: &Konto| {
        let navn = konto.navn.to_lowercase();
        let begins = !start.is_empty() && konto.konto.to_uppercase().starts_with(&start);
        begins || words.iter().all(|word| navn.contains(word))
    };
    let konti = plan.konti().iter();
    let wanted = |konto: &&Konto| named(konto) && stands(konto, plan.form(), query, today);
    konti.filter(wanted).collect()
}

fn stands(konto: &Konto, form: &KontoForm, query: &ListQuery, today: Date) -> bool {
    let aar = Regnskabsaar(today.year());
    let open = konto.standing(today, aar) == Standing::Open;
    match &*query.tilstand {
        "aaben" => open,
        "lukket" => !open,
        "lukker" => open && soon(konto, today),
        "fund" => !of_konto(konto, form, aar, national()).is_empty(),
        _ => true,
    }
}

fn soon(konto: &Konto, today: Date) -> bool {
    let limit = today.saturating_add(jiff::Span::new().days(SOON_DAYS));
    konto.end().is_some_and(|end| today <= end && end <= limit)
}

/// How an account stands on a day.
fn badge(konto: &Konto, today: Date) -> Badge {
    let (text, weight) = match konto.standing(today, Regnskabsaar(today.year())) {
        Standing::Open if soon(konto, today) => ("Lukker snart", "warning"),
        Standing::Open => ("Åben", "success"),
        Standing::Closed(_) if konto.validity.from > today => ("Åbner senere", "info"),
        Standing::Closed(_) | Standing::Unknown => ("Ikke åben", "error"),
    };
    Badge { text, weight }
}

/// When an account takes postings, in words.
fn open(konto: &Konto) -> String {
    let since = konto.validity.from != oir_domain::kontoplan::BEGINNING;
    let mut parts = Vec::new();
    match (since, konto.validity.to) {
        (true, Some(to)) => {
            let from = day_short(konto.validity.from);
            parts.push(format!("{from} – {}", day_short(to)));
        }
        (true, None) => parts.push(format!("fra {}", day_short(konto.validity.from))),
        (false, Some(to)) => parts.push(format!("til {}", day_short(to))),
        (false, None) => {}
    }
    match (konto.aar.from, konto.aar.to) {
        (Some(from), Some(to)) => parts.push(format!("regnskabsår {}-{}", from.0, to.0)),
        (Some(from), None) => parts.push(format!("fra regnskabsår {}", from.0)),
        (None, Some(to)) => parts.push(format!("til regnskabsår {}", to.0)),
        (None, None) => {}
    }
    if parts.is_empty() {
        "Altid".to_owned()
    } else {
        parts.join(", ")
    }
}

fn konto_line(plan: &Kontoplan, konto: &Konto, today: Date) -> KontoLine {
    let own = konto
        .autoriseret
        .map(|own| KontoForm::Autoriseret.render(own.digits()));
    KontoLine {
        href: konto_href(plan.kommune(), &konto.konto),
        konto: plan.form().render(&konto.konto),
        navn: konto.navn.to_string(),
        standing: badge(konto, today),
        open: open(konto),
        autoriseret: own.unwrap_or_default(),
    }
}
