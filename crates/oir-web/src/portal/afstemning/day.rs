//! The account of one day: the chain of figures, every difference, and who signed.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::{Action, Scope};
use oir_domain::day::{Account, Count, DayFacts, DayKey, Finding, Stated};
use oir_domain::ids::FagsystemId;
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_domain::reconcile::Statement;
use oir_flow::ports::days::{DayFilter, DayRow, Question, Signing, SigningKind, StatedTotal};

use super::overflow;
use super::total::TotalForm;
use super::words;
use crate::danish_format::{day, day_short, instant, instant_short, kroner, whole};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::view::{Badge, FieldFault, Page, Section, fault_of};
use crate::portal::workbook::{self, Cell, Column, Kind, Sheet};

/// Differences shown on the page; the workbook has them all.
const SHOWN_MAX: usize = 200;

/// The three parts of the address.
pub(super) type Address = (String, String, String);

/// Whether the register knows the sender. One that it does not know can have sent all the
/// same: what came was rejected, and its day is there to be looked at.
pub(super) fn is_registered(state: &PortalState, key: DayKey) -> bool {
    let register = (state.register)();
    words::known(key).is_none_or(|id| register.fagsystem(id).is_some())
}

/// The day of an address, when somebody with that scope sees it.
pub(super) async fn key_of(
    (kommune, fagsystem, dag): &Address,
    scope: &Scope,
    state: &PortalState,
) -> Result<DayKey, PageError> {
    let key = (|| {
        Some(DayKey {
            dag: dag.parse().ok()?,
            kommune: Kommunekode(kommune.parse().ok()?),
            fagsystem: fagsystem.parse::<FagsystemId>().ok()?,
        })
    })();
    let key = key.ok_or(PageError::NotFound)?;
    let register = (state.register)();
    let kommune = key.kommune == Kommunekode::UNKNOWN
        || register.myndigheder().any(|m| m.kommune == key.kommune);
    if !kommune || !scope.covers(key.kommune, words::known(key)) {
        return Err(PageError::NotFound);
    }
    let only = DayFilter::only(key);
    if is_registered(state, key) || !state.days.days(scope, &only).await?.is_empty() {
        Ok(key)
    } else {
        Err(PageError::NotFound)
    }
}

/// Everything about one day.
pub(super) struct Loaded {
    pub(super) key: DayKey,
    pub(super) facts: DayFacts,
    pub(super) account: Account,
    pub(super) stated: Vec<StatedTotal>,
    pub(super) signings: Vec<Signing>,
    pub(super) questions: Vec<Question>,
}

impl Loaded {
    /// The latest signature, unless the day was taken up again.
    pub(super) fn signed(&self) -> Option<&Signing> {
        let last = self.signings.first();
        last.filter(|signing| signing.kind == SigningKind::Signed)
    }
}

/// Reads a day, for somebody who sees it.
pub(super) async fn load(
    state: &PortalState,
    scope: &Scope,
    key: DayKey,
) -> Result<Loaded, PageError> {
    let days = &state.days;
    let found = days.days(scope, &DayFilter::only(key)).await?.pop();
    let row = found.unwrap_or_else(|| DayRow::empty(key));
    let bilag = days.day_bilag(scope, key).await?;
    let booked = bilag.iter().filter(|b| b.state == StateName::Booked);
    let dates: BTreeSet<Date> = booked.map(|b| b.bogfoeringsdato).chain([key.dag]).collect();
    let dates: Vec<Date> = dates.into_iter().collect();
    let books = days.books(scope, key, &dates).await?;
    let stated = days.stated(scope, key).await?;
    let latest = match stated.first() {
        None => None,
        Some(latest) => {
            let lines = match latest.listed {
                true => Some(days.stated_lines(scope, key, latest.version).await?),
                false => None,
            };
            let total = latest.total;
            Some(Stated { total, lines })
        }
    };
    let questions = days.questions(scope, key).await?;
    let answers = questions.iter().filter_map(|q| q.answer.as_ref());
    let mut heard = answers.filter(|answer| answer.silent.is_none());
    let facts = DayFacts {
        states: row.states,
        skew: row.skew,
        unreadable: row.unreadable,
        stated: latest,
        bilag: Some(bilag),
        books,
        words: heard.next().map(|a| a.words.clone()).unwrap_or_default(),
    };
    Ok(Loaded {
        key,
        account: Account::of(&facts).map_err(overflow)?,
        facts,
        stated,
        signings: days.signings(scope, key).await?,
        questions,
    })
}

/// What a form said when it could not be carried out.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) faults: Vec<FieldFault>,
    /// Explanations by the finding's key.
    pub(super) explanations: BTreeMap<String, String>,
    pub(super) words: String,
    pub(super) total: TotalForm,
    /// A control total that was read and waits for a yes.
    pub(super) preview: Option<Preview>,
}

/// A control total read and not yet kept.
#[derive(Debug)]
pub(super) struct Preview {
    pub(super) total: String,
    pub(super) lines: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "afstemning_dag.html")]
struct DayPage {
    page: Page,
    dag: String,
    kommune: String,
    fagsystem: String,
    href: String,
    status: Badge,
    signed: Option<Badge>,
    chain: Vec<ChainLine>,
    unreadable: Option<String>,
    booked_days: Vec<BookedLine>,
    findings: Vec<FindingLine>,
    /// How many there are, when not all are shown.
    findings_more: Option<String>,
    /// Whether some name bilag that this person does not see.
    hidden: bool,
    changes: Vec<String>,
    stated: Vec<StatedLine>,
    history: Vec<SigningLine>,
    questions: Vec<QuestionLine>,
    forms: Forms,
    export: Option<String>,
    said: Said,
}

/// What this person may send from the page.
#[derive(Debug)]
struct Forms {
    token: Option<String>,
    state_total: bool,
    sign: bool,
    reopen: bool,
    figures: String,
}

#[derive(Debug)]
struct ChainLine {
    what: &'static str,
    antal: String,
    debet: String,
    kredit: String,
    /// Part of the line above that is received.
    part: bool,
    href: Option<String>,
}

#[derive(Debug)]
struct BookedLine {
    dag: String,
    ours: String,
    theirs: String,
    agrees: Badge,
    at: String,
}

#[derive(Debug)]
struct FindingLine {
    key: String,
    what: String,
    theirs: String,
    ours: String,
    advice: &'static str,
    bilag: Option<(Option<String>, String)>,
    /// What was written of it so far.
    words: String,
}

#[derive(Debug)]
struct StatedLine {
    version: String,
    at: String,
    navn: String,
    origin: &'static str,
    total: String,
    listed: bool,
}

#[derive(Debug)]
struct SigningLine {
    what: &'static str,
    at: String,
    navn: String,
    words: String,
    explanations: Vec<(String, String)>,
}

#[derive(Debug)]
struct QuestionLine {
    at: String,
    navn: String,
    answer: String,
}

impl DayPage {
    fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.said.faults, field)
    }

    fn of_file(&self) -> impl Iterator<Item = &FieldFault> {
        self.said.faults.iter().filter(|fault| fault.field == "fil")
    }
}

/// `GET /afstemning/{kommune}/{fagsystem}/{dag}`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let key = key_of(&address, &viewer.scope, &state).await?;
    let loaded = load(&state, &viewer.scope, key).await?;
    Ok(render(&state, &viewer, &loaded, Said::default())?.into_response())
}

pub(super) fn render(
    state: &PortalState,
    viewer: &Viewer,
    loaded: &Loaded,
    said: Said,
) -> Result<Html<String>, PageError> {
    let (key, account, names) = (loaded.key, &loaded.account, state.names());
    let sender = words::known(key);
    let (kommune, fagsystem) = (names.kommune(key.kommune), names.fagsystem(sender));
    let may = |action| viewer.person.scope(action).covers(key.kommune, sender);
    let sees_bilag = may(Action::SeeBilag);
    let now = account.figures(&loaded.facts.books);
    let changes = loaded
        .signed()
        .map(|signing| signing.figures.changed_to(&now));
    let changes = changes.unwrap_or_default();
    let seen = |f: &&Finding| sees_bilag || !f.names_a_bilag();
    let findings: Vec<&Finding> = account.findings.iter().filter(seen).collect();
    let told = |finding: &Finding| finding_line(finding, loaded, &said);
    let shown = findings.iter().take(SHOWN_MAX);
    let title = format!("Afstemning {}", day(key.dag));
    let token = viewer.token();
    let template = DayPage {
        page: Page::inside(&title, Section::Afstemning, viewer)
            .below(&[("/", "Forside"), ("/afstemning", "Afstemning")]),
        dag: day(key.dag),
        href: words::href(key),
        status: words::status(account.status()),
        signed: loaded.signed().map(|_| words::signed(!changes.is_empty())),
        chain: chain(account, key, sees_bilag),
        unreadable: (account.unreadable > 0).then(|| whole(account.unreadable)),
        booked_days: booked_lines(loaded, state),
        findings_more: (findings.len() > SHOWN_MAX).then(|| count_words(findings.len())),
        findings: shown.map(|finding| told(finding)).collect(),
        hidden: findings.len() < account.findings.len(),
        changes: changes.iter().map(words::change).collect(),
        stated: loaded
            .stated
            .iter()
            .map(|s| stated_line(s, state))
            .collect(),
        history: loaded
            .signings
            .iter()
            .map(|s| signing_line(s, state))
            .collect(),
        questions: loaded
            .questions
            .iter()
            .map(|q| question_line(q, state))
            .collect(),
        forms: Forms {
            state_total: token.is_some()
                && may(Action::StateControlTotal)
                && is_registered(state, key),
            sign: token.is_some() && may(Action::SignOffDay),
            reopen: loaded.signed().is_some(),
            figures: now.to_text(),
            token,
        },
        export: may(Action::Export).then(|| format!("{}/afstemning.xlsx", words::href(key))),
        kommune,
        fagsystem,
        said,
    };
    page(&template)
}

fn count_words(number: usize) -> String {
    whole(u64::try_from(number).unwrap_or(u64::MAX))
}

fn chain(account: &Account, key: DayKey, sees_bilag: bool) -> Vec<ChainLine> {
    let full = |what, s: Statement, part| ChainLine {
        what,
        antal: whole(s.antal),
        debet: kroner(s.debet),
        kredit: kroner(s.kredit),
        part,
        href: None,
    };
    let mut lines = Vec::new();
    lines.extend(
        account
            .sent
            .map(|sent| full("Sendt ifølge afsenderen", sent, false)),
    );
    lines.push(full("Modtaget i ØiR", account.received, false));
    let parts: [(&str, &str, Count); 6] = [
        ("heraf afvist ved modtagelsen", "afvist", account.rejected),
        ("heraf tilbageholdt", "tilbageholdt", account.held),
        (
            "heraf under levering",
            "under_levering",
            account.outstanding,
        ),
        ("heraf nægtet af bogføringen", "naegtet", account.refused),
        ("heraf parkeret", "parkeret", account.parked),
        ("heraf bogført", "bogfoert", account.booked),
    ];
    lines.extend(parts.map(|(what, word, count)| ChainLine {
        what,
        antal: whole(count.antal),
        debet: kroner(count.debet),
        kredit: String::new(),
        part: true,
        href: (sees_bilag && count.antal > 0).then(|| {
            crate::portal::query::list_href(Some(key.kommune), words::known(key), word, key.dag)
        }),
    }));
    lines
}

fn booked_lines(loaded: &Loaded, state: &PortalState) -> Vec<BookedLine> {
    let line = |d: &oir_domain::day::BookedDay| BookedLine {
        dag: day_short(d.bogfoeringsdato),
        ours: words::side(d.ours),
        theirs: words::side(d.theirs),
        agrees: words::status(if d.ours == d.theirs {
            oir_domain::day::DayStatus::Agrees
        } else {
            oir_domain::day::DayStatus::Differs
        }),
        at: instant_short(d.at, &state.zone),
    };
    loaded.facts.books.iter().map(line).collect()
}

fn finding_line(finding: &Finding, loaded: &Loaded, said: &Said) -> FindingLine {
    let spoken = words::finding(finding);
    let key = finding.key();
    let before = loaded
        .signings
        .first()
        .and_then(|s| s.explanations.get(&key));
    let words = said.explanations.get(&key).or(before).cloned();
    FindingLine {
        key,
        what: spoken.what,
        theirs: spoken.theirs,
        ours: spoken.ours,
        advice: spoken.advice,
        bilag: words::bilag(finding),
        words: mask_text(&words.unwrap_or_default()),
    }
}

fn stated_line(stated: &StatedTotal, state: &PortalState) -> StatedLine {
    StatedLine {
        version: whole(stated.version.into()),
        at: instant_short(stated.at, &state.zone),
        navn: mask_text(&stated.navn),
        origin: words::origin(stated.origin),
        total: words::side(stated.total),
        listed: stated.listed,
    }
}

fn signing_line(signing: &Signing, state: &PortalState) -> SigningLine {
    let told = signing.explanations.iter();
    SigningLine {
        what: match signing.kind {
            SigningKind::Signed => "Godkendt",
            SigningKind::Reopened => "Genåbnet",
        },
        at: instant(signing.at, &state.zone),
        navn: mask_text(&signing.navn),
        words: mask_text(&signing.words),
        explanations: told
            .map(|(key, told)| (words::key(key), mask_text(told)))
            .collect(),
    }
}

fn question_line(question: &Question, state: &PortalState) -> QuestionLine {
    let answer = match &question.answer {
        None => "Spørgsmålet er på vej. Genindlæs siden om et øjeblik.".to_owned(),
        Some(answer) => match &answer.silent {
            Some(reason) => format!("Bogføringen svarede ikke: {}", mask_text(reason)),
            None => format!(
                "Spurgt om {} bilag; {} er der uenighed om.",
                whole(answer.asked),
                count_words(answer.words.len())
            ),
        },
    };
    QuestionLine {
        at: instant_short(question.at, &state.zone),
        navn: mask_text(&question.navn),
        answer,
    }
}

const CHAIN: [Column; 4] = [
    Column::new("Led", 34.0, Kind::Text),
    Column::new("Antal", 12.0, Kind::Figure),
    Column::new("Debet (kr.)", 18.0, Kind::Figure),
    Column::new("Kredit (kr.)", 18.0, Kind::Figure),
];
const FINDINGS: [Column; 5] = [
    Column::new("Forskel", 48.0, Kind::Text),
    Column::new("Den anden side", 34.0, Kind::Text),
    Column::new("ØiR", 34.0, Kind::Text),
    Column::new("BilagUUID", 38.0, Kind::Text),
    Column::new("Forklaring", 48.0, Kind::Text),
];

/// `GET /afstemning/{kommune}/{fagsystem}/{dag}/afstemning.xlsx`
pub(in crate::portal) async fn download(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let key = key_of(&address, &viewer.scope, &state).await?;
    let loaded = load(&state, &viewer.scope, key).await?;
    let object = format!("afstemning {}", oir_flow::days::object(key));
    state.exported(&viewer, &object).await?;
    let account = &loaded.account;
    let full = |what: &str, s: Statement| {
        let amounts = [Cell::Amount(s.debet), Cell::Amount(s.kredit)];
        let mut cells = vec![Cell::Text(what.to_owned()), Cell::Whole(s.antal)];
        cells.extend(amounts);
        cells
    };
    let part = |what: &str, c: Count| {
        let what = Cell::Text(what.to_owned());
        vec![what, Cell::Whole(c.antal), Cell::Amount(c.debet)]
    };
    let mut chain = Vec::new();
    chain.extend(
        account
            .sent
            .map(|sent| full("Sendt ifølge afsenderen", sent)),
    );
    chain.extend([
        full("Modtaget", account.received),
        part("Afvist", account.rejected),
        part("Tilbageholdt", account.held),
        part("Under levering", account.outstanding),
        part("Nægtet af bogføringen", account.refused),
        part("Parkeret", account.parked),
        part("Bogført", account.booked),
    ]);
    let sees = viewer.person.scope(Action::SeeBilag);
    let sees_bilag = sees.covers(key.kommune, words::known(key));
    let shown = account.findings.iter();
    let shown = shown.filter(|finding| sees_bilag || !finding.names_a_bilag());
    let said = Said::default();
    let findings = shown.map(|finding| {
        let line = finding_line(finding, &loaded, &said);
        let bilag = line.bilag.map_or(Cell::Empty, |(_, id)| Cell::Text(id));
        let texts = [line.what, line.theirs, line.ours].map(Cell::Text);
        texts
            .into_iter()
            .chain([bilag, Cell::Text(line.words)])
            .collect()
    });
    let chain = Sheet {
        name: "Dagen",
        columns: CHAIN.into(),
        rows: chain,
    };
    let findings = Sheet {
        name: "Forskelle",
        columns: FINDINGS.into(),
        rows: findings.collect(),
    };
    let name = format!("afstemning-{}.xlsx", key.dag);
    workbook::answer(&name, vec![chain, findings]).await
}
