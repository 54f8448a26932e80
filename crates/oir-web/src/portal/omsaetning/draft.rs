//! The draft of a table: how it is begun, what it is for, how far it is, and its end.

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use oir_domain::access::{Action, Patch, Scope};
use oir_domain::omsaetning::{Rule, Stage, TableId, Unfit, Version, unfit};
use oir_domain::party::Kommunekode;
use oir_flow::omsaetning::{Head, NotDone, PURPOSE_MAX, Start, Surroundings};
use oir_wire::danish::{kontoplan as kontoplan_words, omsaetning as table_words};
use serde::Deserialize;

use super::acts::work;
use super::table::{RuleLine, rule_line};
use super::{Address, Table, Way, words, writers};
use crate::danish_format::{day, day_short, instant_short, read_day, sort_key, whole};
use crate::portal::PortalState;
use crate::portal::door::{Viewer, target};
use crate::portal::failure::{PageError, page, unreadable_form};
use crate::portal::form::Faulty;
use crate::portal::view::{Badge, Choice, Page};

/// What does not fit, as far as it is listed: whoever has more mends these first.
const UNFIT_SHOWN: usize = 50;

/// The form that begins or changes a draft.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct Writing {
    token: String,
    formaal: String,
    dag: String,
    /// The version that a new draft begins with; or a municipality, whose table it begins with.
    fra: String,
    udgave: u32,
    edition: u32,
    handling: String,
    /// Where a person was going when there was no draft yet.
    videre: String,
}

/// What a person wrote of a draft, or what is wrong with it. A day may be left for later.
fn head(writing: &Writing, faults: &mut Faulty) -> Option<Head> {
    let purpose = writing.formaal.trim();
    if purpose.is_empty() {
        faults.add("formaal", "Skriv, hvad ændringen er til for");
    } else if purpose.chars().count() > PURPOSE_MAX {
        faults.add("formaal", &format!("Skriv højst {PURPOSE_MAX} tegn"));
    } else if crate::masking::mask_text(purpose) != purpose {
        faults.add("formaal", "Skriv formålet uden personnummer");
    }
    let from = match writing.dag.trim() {
        "" => None,
        text => {
            let day = read_day(text);
            if day.is_none() {
                faults.add("dag", "Skriv dagen som 23.11.2026");
            }
            day
        }
    };
    faults.is_empty().then(|| Head {
        purpose: purpose.into(),
        in_force_from: from,
    })
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/begin.html")]
struct BeginPage {
    page: Page,
    here: String,
    back: String,
    token: Option<String>,
    faults: Faulty,
    formaal: String,
    dag: String,
    froms: Vec<Choice>,
    videre: String,
    /// Somebody's draft that is there already.
    other: Option<String>,
}

/// Which version a new draft begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::portal) struct From {
    fra: String,
    videre: String,
}

async fn begin_page(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    writing: Writing,
) -> Result<BeginPage, PageError> {
    let mut froms = Vec::new();
    let chosen = writing.fra.trim();
    let current = table.in_force(state.today()).map(|v| v.number.to_string());
    let chosen = match chosen {
        "" => current.as_deref().unwrap_or("0"),
        chosen => chosen,
    };
    for version in table.versions.iter().filter(|v| v.stage != Stage::Draft) {
        let (name, rules) = (words::version(version), words::rules(version.rules.into()));
        let label = format!("{name} ({rules})");
        froms.push(Choice::new(version.number.to_string(), label, chosen));
    }
    let names = state.names();
    let mut far: Vec<Choice> = Vec::new();
    for source in work(state, viewer, table.id).sources().await? {
        let kommune = names.kommune(source.table.kommune);
        let rules = words::rules(source.rules.into());
        let label = format!("{kommune}: udgave {} ({rules})", source.approved);
        let value = format!("k{}", source.table.kommune.0);
        far.push(Choice::new(value, label, chosen));
    }
    far.sort_by_cached_key(|choice| sort_key(&choice.label));
    froms.extend(far);
    Ok(BeginPage {
        page: table.page("Begynd en kladde", viewer),
        here: table.href("/kladde/ny"),
        back: table.href(""),
        token: viewer.token(),
        faults: Faulty::default(),
        formaal: crate::masking::mask_text(&writing.formaal),
        dag: writing.dag,
        froms,
        videre: writing.videre,
        other: table.draft().map(|_| table.href("/kladde")),
    })
}

/// `GET …/kladde/ny`
pub(in crate::portal) async fn ask(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<From>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(from) = query.map_err(|_| PageError::BadAddress)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let writing = Writing {
        formaal: match from.fra.parse::<u32>() {
            Ok(number) => format!("Tilbage til reglerne i udgave {number}"),
            Err(_) => String::new(),
        },
        fra: from.fra,
        videre: from.videre,
        ..Writing::default()
    };
    let template = begin_page(&state, &viewer, &table, writing).await?;
    Ok(page(&template)?.into_response())
}

/// What a draft begins with: a version of the table, or another municipality's table.
fn start(table: TableId, from: &str) -> Result<Start, PageError> {
    let Some(kode) = from.strip_prefix('k') else {
        return from
            .parse()
            .map(Start::Version)
            .map_err(|_| PageError::BadForm);
    };
    let kommune = kode.parse().map(Kommunekode);
    Ok(Start::Copy(TableId {
        kommune: kommune.map_err(|_| PageError::BadForm)?,
        fagsystem: table.fagsystem,
    }))
}

/// `POST …/kladde/ny`
pub(in crate::portal) async fn begin(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    sent: Result<Form<Writing>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(writing) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&writing.token)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let start = start(table.id, writing.fra.trim())?;
    let mut faults = Faulty::default();
    if let Some(head) = head(&writing, &mut faults) {
        let register = (state.register)();
        let around = Surroundings {
            register: &register,
            kontoplaner: &*state.kontoplaner,
        };
        let own = work(&state, &viewer, table.id);
        match own.begin(start, &head, around).await {
            Ok(_) => {
                let on = Some(target(&writing.videre));
                let on = on.filter(|on| on.starts_with(&table.href("/kladde/regel?")));
                let home = table.href("/kladde");
                return Ok(Redirect::to(on.unwrap_or(&home)).into_response());
            }
            // Somebody was faster: the page says so, and leads to their draft.
            Err(NotDone::Stale) => {}
            Err(NotDone::OtherForm { ours, theirs }) => faults.add(
                "fra",
                &format!(
                    "Den tabel har konti af en anden form ({}) end jeres ({}). Vælg en anden",
                    kontoplan_words::form(&theirs),
                    kontoplan_words::form(&ours)
                ),
            ),
            Err(NotDone::Faults(_)) => faults.add(
                "fra",
                "Reglerne dér har fejl, så en kladde ikke kan begynde med dem. Vælg en anden udgave",
            ),
            Err(other) => return Err(other.into()),
        }
    }
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let mut template = begin_page(&state, &viewer, &table, writing).await?;
    template.faults = faults;
    Ok(unreadable_form(page(&template)?))
}

/// The page of the draft.
#[derive(Debug, Template)]
#[template(path = "omsaetning/draft.html")]
struct DraftPage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    begin: Option<String>,
    draft: Option<Draft>,
    notice: Option<&'static str>,
    faults: Faulty,
    token: Option<String>,
    formaal: String,
    dag: String,
    change: String,
}

#[derive(Debug)]
struct Draft {
    number: u32,
    edition: u32,
    stage: Badge,
    facts: Vec<(&'static str, String)>,
    /// What does not fit the municipality's sortiment or kontoplan: way and words.
    unfit: Vec<(String, String)>,
    rules: Vec<RuleLine>,
    rules_href: String,
    steps: Vec<Step>,
    regel: String,
    regneark: String,
}

/// One step on the way to force.
#[derive(Debug)]
struct Step {
    done: bool,
    /// None where the reader may not go.
    href: Option<String>,
    words: &'static str,
    text: String,
}

/// What of the rules does not fit the municipality, the first of it.
async fn unfit_lines(
    state: &PortalState,
    table: &Table,
    (version, rules): (&Version, &[Rule]),
) -> Result<Vec<(String, String)>, PageError> {
    let scope = Scope::of(vec![Patch {
        kommune: Some(table.id.kommune),
        fagsystem: None,
    }]);
    let kommune = table.id.kommune;
    let kontoplan = state.kontoplaner.kontoplan(&scope, kommune, None).await?;
    let day = version.in_force_from.unwrap_or_else(|| state.today());
    let register = (state.register)();
    let found = unfit(rules, table.id, day, &register, kontoplan.as_ref());
    let line = |(number, unfit): (u32, Unfit)| {
        let href = table.href(&format!("/kladde/regel?nummer={number}"));
        (
            href,
            format!("Regel {number}: {}", table_words::unfit(&unfit)),
        )
    };
    Ok(found.into_iter().take(UNFIT_SHOWN).map(line).collect())
}

async fn draft_of(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    version: &Version,
) -> Result<Draft, PageError> {
    let rules = table.rules(state, &viewer.scope, version.number).await?;
    let approver = table.may(viewer, Action::ApproveOmsaetning);
    let approver = approver.then(|| table.href("/godkend"));
    let edit = table.may(viewer, Action::EditOmsaetning);
    let line = |rule: &Rule| {
        let href = || table.href(&format!("/kladde/regel?nummer={}", rule.number));
        rule_line(rule, edit.then(href))
    };
    let facts = vec![
        ("Begynder med", format!("Udgave {}", version.based_on)),
        ("Skrevet af", writers(state, &version.writers).await?),
        ("Sidst gemt", instant_short(version.saved, &state.zone)),
        ("Regler", whole(version.rules.into())),
    ];
    Ok(Draft {
        number: version.number,
        edition: version.edition,
        stage: words::stage(version, None, state.today()),
        facts,
        steps: steps(table, version, approver),
        unfit: unfit_lines(state, table, (version, &rules)).await?,
        rules: rules.iter().take(10).map(line).collect(),
        rules_href: table.href("?udgave=kladde"),
        regel: table.href("/kladde/regel"),
        regneark: table.href("/kladde/regneark"),
    })
}

/// The way from a draft to force, with what is done.
fn steps(table: &Table, version: &Version, approver: Option<String>) -> Vec<Step> {
    let simulated = words::is_simulated(version);
    let found = version.simulated.as_ref().filter(|_| simulated);
    vec![
        Step {
            done: version.rules > 0,
            href: Some(table.href("?udgave=kladde")),
            words: "Skriv reglerne",
            text: "En regel ad gangen, eller mange på én gang med et regneark.".to_owned(),
        },
        Step {
            done: version.in_force_from.is_some(),
            href: Some("#dag".to_owned()),
            words: "Sig, fra hvilken dag den gælder",
            text: version
                .in_force_from
                .map_or_else(String::new, |from| format!("Fra {}.", day(from))),
        },
        Step {
            done: false,
            href: Some(table.href("/daekning?udgave=kladde")),
            words: "Se, om alle værdier har en konto",
            text: "Både dem, fagsystemet må sende, og dem, det har sendt.".to_owned(),
        },
        Step {
            done: simulated,
            href: Some(table.href("/simulering")),
            words: "Simulér på tidligere bilag",
            text: found.map_or_else(
                || "Du ser, hvad der ville være bogført et andet sted.".to_owned(),
                |found| format!("{} posteringer ville flytte konto.", whole(found.moved)),
            ),
        },
        Step {
            done: false,
            href: approver,
            words: "Få en anden til at godkende",
            text: "Den, der godkender, må ikke selv have skrevet i kladden.".to_owned(),
        },
    ]
}

async fn draft_page(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
) -> Result<DraftPage, PageError> {
    let version = table.draft();
    let draft = match version {
        Some(version) => Some(draft_of(state, viewer, table, version).await?),
        None => None,
    };
    let edit = table.may(viewer, Action::EditOmsaetning);
    Ok(DraftPage {
        page: table.page("Kladde", viewer),
        ways: table.ways(Way::Draft),
        begin: (edit && draft.is_none()).then(|| table.href("/kladde/ny")),
        formaal: version.map_or_else(String::new, |v| crate::masking::mask_text(&v.purpose)),
        dag: version
            .and_then(|v| v.in_force_from)
            .map_or_else(String::new, day_short),
        draft,
        notice: None,
        faults: Faulty::default(),
        token: viewer.token().filter(|_| edit),
        change: table.href("/kladde/ret"),
    })
}

/// `GET …/kladde`
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
) -> Result<Response, PageError> {
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let template = draft_page(&state, &viewer, &table).await?;
    Ok(page(&template)?.into_response())
}

/// `POST …/kladde/ret`
pub(in crate::portal) async fn change(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    sent: Result<Form<Writing>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(writing) = sent.map_err(|_| PageError::BadForm)?;
    viewer.sent(&writing.token)?;
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let own = work(&state, &viewer, table.id);
    let at = (writing.udgave, writing.edition);
    let written = match writing.handling.as_str() {
        "opgiv" => own.discard(at).await,
        "gem" => {
            let mut faults = Faulty::default();
            let Some(head) = head(&writing, &mut faults) else {
                let mut template = draft_page(&state, &viewer, &table).await?;
                template.faults = faults;
                template.formaal = crate::masking::mask_text(&writing.formaal);
                template.dag = writing.dag;
                return Ok(unreadable_form(page(&template)?));
            };
            own.save(at, &head, None).await.map(|_| ())
        }
        _ => return Err(PageError::BadForm),
    };
    match written {
        Ok(()) => return Ok(Redirect::to(&table.href("/kladde")).into_response()),
        Err(NotDone::Stale) => {}
        Err(other) => return Err(other.into()),
    }
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let mut template = draft_page(&state, &viewer, &table).await?;
    template.notice = Some(STALE);
    if writing.handling == "gem" {
        template.formaal = crate::masking::mask_text(&writing.formaal);
        template.dag = writing.dag;
    }
    Ok(unreadable_form(page(&template)?))
}

/// What is said when somebody else saved first.
pub(super) const STALE: &str = "Dit er ikke gemt. Siden viser nu kladden, som den anden \
    efterlod den. Se den igennem, og gem igen, hvis dit stadig skal med.";
