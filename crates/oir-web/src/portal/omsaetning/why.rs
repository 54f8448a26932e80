//! Why a posting goes where it goes: the rule that wins, those that it beats, and those that do
//! not fit, each with its reason. Of a posting of a bilag, or of values that somebody writes.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::Action;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{Finanspostering, Posteringstype, Sortimentsvaerdi};
use oir_domain::ids::BilagId;
use oir_domain::money::Side;
use oir_domain::omsaetning::{Explanation, Posting, Rule, Standing, Values, explain};

use super::rule_form::{Fields, kinds, sides};
use super::{Address, Table, Way, facets, own_facet, words};
use crate::danish_format::{day, day_short, read_day, whole};
use crate::masking::mask_text;
use crate::portal::PortalState;
use crate::portal::bilag::postings::accounts;
use crate::portal::door::Viewer;
use crate::portal::failure::{PageError, page};
use crate::portal::query::percent_encoded;
use crate::portal::view::{Choice, Page};

/// Rules that do not fit, of which the nearest are shown.
const MISSES_SHOWN: usize = 20;
/// Fields of values that are read.
const VALUES_MAX: usize = 40;

/// What is asked about.
#[derive(Debug)]
struct Asked {
    values: Vec<Sortimentsvaerdi>,
    side: Side,
    day: Date,
    year: Regnskabsaar,
    kind: Posteringstype,
}

/// The bilag that a question came from.
#[derive(Debug)]
struct Source {
    href: String,
    words: String,
    /// The account that the posting was given then, if it was.
    konto: Option<String>,
}

#[derive(Debug, Template)]
#[template(path = "omsaetning/why.html")]
struct WhyPage {
    page: Page,
    ways: Vec<(String, &'static str, bool)>,
    here: String,
    source: Option<Source>,
    fields: Vec<(String, String)>,
    sides: Vec<Choice>,
    kinds: Vec<Choice>,
    dag: String,
    aar: String,
    fault: Option<&'static str>,
    answer: Option<Answered>,
}

#[derive(Debug)]
struct Answered {
    version: String,
    winner: Option<Told>,
    beaten: Vec<Told>,
    misses: Vec<Told>,
    more: Option<String>,
    /// A rule for these values, for those who may write one.
    rule: Option<String>,
}

/// A rule and its reason.
#[derive(Debug)]
struct Told {
    number: u32,
    sentence: String,
    comment: String,
    reasons: Vec<String>,
    /// The accounts with the posting's own values in them.
    kontos: Option<String>,
}

/// `GET …/forklar`, of a posting (`?bilag=…&linje=…`) or of values.
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(address): Path<Address>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(pairs) = query.map_err(|_| PageError::BadAddress)?;
    let fields = Fields(pairs);
    let table = Table::find(&state, &viewer.scope, &address).await?;
    let today = state.today();
    let (asked, source, fault) = if fields.get("bilag").is_empty() {
        match read(&fields, today) {
            Ok(asked) => (asked, None, None),
            Err(fault) => (None, None, Some(fault)),
        }
    } else {
        let (asked, source) = of_bilag(&state, &viewer, &table, &fields).await?;
        (Some(asked), Some(source), None)
    };
    let at = asked.as_ref().map_or(today, |asked| asked.day);
    let version = match fields.get("udgave") {
        "" => table.in_force(at),
        wanted => table.asked(wanted, at)?,
    };
    let rules = match version {
        Some(version) => table.rules(&state, &viewer.scope, version.number).await?,
        None => Vec::new(),
    };
    let named = version.map_or_else(|| "Ingen udgave".to_owned(), words::version);
    let edit = table.may(&viewer, Action::EditOmsaetning);
    let answer = asked
        .as_ref()
        .map(|asked| answered(&table, &rules, named, asked, edit));
    let template = why_page(&state, &viewer, &table, &rules, (&fields, asked.as_ref()));
    let template = WhyPage {
        source,
        fault,
        answer,
        ..template
    };
    Ok(page(&template)?.into_response())
}

fn why_page(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    rules: &[Rule],
    (fields, asked): (&Fields, Option<&Asked>),
) -> WhyPage {
    let own = own_facet(&state.names(), table.id.fagsystem);
    let values = asked.map_or(&[][..], |asked| &asked.values);
    let sent = values.iter().map(|value| &*value.facet);
    let all = facets(rules, std::iter::once(own.as_str()).chain(sent));
    let field = |facet: String| {
        let value = values.value(&facet).map(mask_text);
        (facet, value.unwrap_or_default())
    };
    let side = asked.map_or(fields.get("side"), |asked| words::side(asked.side));
    let kind = asked.map_or(fields.get("type"), |asked| asked.kind.code());
    let given =
        |name: &str, known: Option<String>| known.unwrap_or_else(|| fields.get(name).to_owned());
    WhyPage {
        page: table.page("Forklar en kontering", viewer),
        ways: table.ways(Way::Why),
        here: table.href("/forklar"),
        source: None,
        fields: all.into_iter().map(field).collect(),
        sides: sides(side),
        kinds: kinds(kind),
        dag: given("dag", asked.map(|asked| day_short(asked.day))),
        aar: given("aar", asked.map(|asked| asked.year.0.to_string())),
        fault: None,
        answer: None,
    }
}

/// Values of the form; none = nothing is asked yet.
fn read(fields: &Fields, today: Date) -> Result<Option<Asked>, &'static str> {
    let value = |at: usize| {
        let (facet, vaerdi) = (fields.get(&format!("f{at}")), fields.get(&format!("b{at}")));
        let there = !facet.is_empty() && !vaerdi.is_empty();
        there.then(|| Sortimentsvaerdi {
            facet: facet.into(),
            vaerdi: vaerdi.into(),
        })
    };
    let values: Vec<Sortimentsvaerdi> = (0..VALUES_MAX).filter_map(value).collect();
    if values.is_empty() {
        return Ok(None);
    }
    let day = match fields.get("dag") {
        "" => today,
        text => read_day(text).ok_or("Skriv dagen som 23.11.2026")?,
    };
    let year = match fields.get("aar") {
        "" => day.year(),
        text => {
            let year: Option<i16> = text.parse().ok();
            let year = year.filter(|year| (1900..=2999).contains(year));
            year.ok_or("Skriv regnskabsåret med fire cifre")?
        }
    };
    let side = match fields.get("side") {
        "kredit" => Side::Credit,
        _ => Side::Debit,
    };
    let kind = Posteringstype::from_code(fields.get("type"));
    Ok(Some(Asked {
        values,
        side,
        day,
        year: Regnskabsaar(year),
        kind: kind.unwrap_or(Posteringstype::Normal),
    }))
}

/// A posting of a bilag that the reader sees.
async fn of_bilag(
    state: &PortalState,
    viewer: &Viewer,
    table: &Table,
    fields: &Fields,
) -> Result<(Asked, Source), PageError> {
    let id: BilagId = fields
        .get("bilag")
        .parse()
        .map_err(|_| PageError::NotFound)?;
    let scope = viewer.person.scope(Action::SeeBilag);
    let detail = state.views.detail(&scope, id).await?;
    let detail = detail.ok_or(PageError::NotFound)?;
    let own = detail.line.kommune == table.id.kommune
        && detail.line.fagsystem == Some(table.id.fagsystem);
    let linje = fields.number("linje");
    let postering = detail
        .bilag
        .posteringer
        .iter()
        .find(|p| p.linjenummer == linje);
    let postering = postering.filter(|_| own).ok_or(PageError::NotFound)?;
    let asked = Asked {
        values: postering.sortiment.clone(),
        side: postering.side,
        day: detail.bilag.konteringsdag(),
        year: detail.bilag.regnskabsaar,
        kind: detail.bilag.posteringstype,
    };
    let number = mask_text(&detail.line.afsender_bilagsnummer);
    let source = Source {
        href: format!("/bilag/{id}"),
        words: format!("Bilag {number}, linje {linje}"),
        konto: kontos(postering),
    };
    Ok((asked, source))
}

/// The account of a posting as it was booked or is to be.
fn kontos(postering: &Finanspostering) -> Option<String> {
    let kontering = postering.kontering.as_ref()?;
    Some(words::all_of(&accounts(kontering)))
}

fn told(explanation: &Explanation<'_>, asked: &Asked) -> Told {
    let rule = explanation.rule;
    let values = asked.values.as_slice();
    let reasons = match &explanation.standing {
        Standing::Wins | Standing::Beaten => Vec::new(),
        Standing::Misses(misfits) => misfits
            .iter()
            .map(|misfit| {
                let value = match misfit {
                    oir_domain::omsaetning::Misfit::Value(facet) => values.value(facet),
                    _ => None,
                };
                mask_text(&words::misfit(misfit, rule, value))
            })
            .collect(),
    };
    let filled = rule.targets.iter().map(|target| {
        let konto = target.konto.fill(|facet| values.value(facet));
        match konto {
            Ok(konto) => konto.to_string(),
            Err(missing) => format!("ingen konto, for posteringen har ingen {}", missing.0),
        }
    });
    let takes_over = rule.targets.iter().any(|t| t.konto.as_fixed().is_none());
    Told {
        number: rule.number,
        sentence: words::sentence(rule),
        comment: mask_text(&rule.comment),
        reasons,
        kontos: takes_over.then(|| words::all_of(&filled.collect::<Vec<_>>())),
    }
}

fn answered(table: &Table, rules: &[Rule], version: String, asked: &Asked, edit: bool) -> Answered {
    let posting = Posting {
        values: asked.values.as_slice(),
        side: asked.side,
        day: asked.day,
        regnskabsaar: asked.year,
        posteringstype: asked.kind,
    };
    let all = explain(rules, &posting);
    let standing =
        |wanted: fn(&Standing<'_>) -> bool| all.iter().filter(move |one| wanted(&one.standing));
    let misses = standing(|s| matches!(s, Standing::Misses(_)));
    let many = misses.clone().count();
    let winner = standing(|s| matches!(s, Standing::Wins)).next();
    let beaten = standing(|s| matches!(s, Standing::Beaten));
    Answered {
        version: format!("{version}, konteringsdag {}", day(asked.day)),
        winner: winner.map(|one| told(one, asked)),
        beaten: beaten.map(|one| told(one, asked)).collect(),
        misses: misses
            .take(MISSES_SHOWN)
            .map(|one| told(one, asked))
            .collect(),
        more: (many > MISSES_SHOWN).then(|| whole(u64::try_from(many).unwrap_or(u64::MAX))),
        rule: edit.then(|| new_rule(table, &asked.values)),
    }
}

/// The way to a new rule for these values.
pub(super) fn new_rule(table: &Table, values: &[Sortimentsvaerdi]) -> String {
    let pairs = values.iter().map(|value| (&*value.facet, &*value.vaerdi));
    new_rule_for(table, pairs)
}

/// The same from facets and values.
pub(super) fn new_rule_for<'v>(
    table: &Table,
    values: impl IntoIterator<Item = (&'v str, &'v str)>,
) -> String {
    let pair = |(at, (facet, vaerdi)): (usize, (&str, &str))| {
        let (facet, vaerdi) = (percent_encoded(facet), percent_encoded(vaerdi));
        format!("f{at}={facet}&b{at}={vaerdi}")
    };
    let pairs: Vec<String> = values.into_iter().enumerate().map(pair).collect();
    table.href(&format!("/kladde/regel?{}", pairs.join("&")))
}
