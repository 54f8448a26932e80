//! The worklist: what stands still until a person acts, by desk and cause, late ones first.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use oir_domain::access::{Action, Role, Scope};
use oir_domain::calendar::day_of;
use oir_domain::fault::FaultCode;
use oir_domain::guide::GuidePlace;
use oir_domain::ids::FagsystemId;
use oir_domain::money::Oere;
use oir_domain::party::Kommunekode;
use oir_domain::work::{Area, Cause, Stop, Subject, deadline};
use oir_flow::ports::work::{CauseGroup, GroupKey, Whose, WorkFilter, WorkLine};
use serde::Deserialize;

use super::door::Viewer;
use super::failure::{PageError, page};
use super::guides;
use super::names::Names;
use super::query::percent_encoded;
use super::today::{self, Matter};
use super::view::{Advice, Badge, Choice, Page, Section};
use super::work_forms::{Handling, Notice};
use super::{PortalState, waiting, work_words};
use crate::danish_format::{day_short, instant_short, kroner, sort_key, whole};
use crate::masking::mask_text;

/// Bilag of a group on a page: as many as one can look over before pressing a button.
const GROUP_LINES: u32 = 100;

/// The way to a group or an item.
pub(super) const FEJL: [(&str, &str); 2] = [("/", "Forside"), ("/fejl", "Fejl")];

/// The address line of the worklist.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkQuery {
    pub(super) omraade: String,
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) hvis: String,
}

/// Whose items: word in the address and label.
const WHOSE: [(&str, &str); 4] = [
    ("", "Alle, der ikke er udskudt"),
    ("mine", "Mine"),
    ("ledige", "Ingen har taget dem"),
    ("udskudte", "Udskudte"),
];

impl WorkQuery {
    /// The filter, but for the desk; an error when a field cannot be read.
    pub(super) fn filter<'a>(
        &self,
        viewer: &'a Viewer,
        today: Date,
    ) -> Result<WorkFilter<'a>, PageError> {
        let mut filter = WorkFilter::on(today);
        let kommune = self.kommune.trim();
        if !kommune.is_empty() {
            let code = kommune.parse().map_err(|_| PageError::BadAddress)?;
            filter.kommune = Some(Kommunekode(code));
        }
        let fagsystem = self.fagsystem.trim();
        if !fagsystem.is_empty() {
            let id = fagsystem.parse::<FagsystemId>();
            filter.fagsystem = Some(id.map_err(|_| PageError::BadAddress)?);
        }
        filter.whose = match self.hvis.trim() {
            "" => Whose::All,
            "mine" => Whose::Of(&viewer.person.subject),
            "ledige" => Whose::Untaken,
            "udskudte" => Whose::Postponed,
            _ => return Err(PageError::BadAddress),
        };
        Ok(filter)
    }

    /// The desk asked for, or the one that a person's roles belong to.
    fn area(&self, viewer: &Viewer) -> Result<Area, PageError> {
        match self.omraade.trim() {
            "" => Ok(own_area(viewer)),
            word => Area::from_word(word).ok_or(PageError::BadAddress),
        }
    }

    /// The same question for another desk, as the end of an address.
    fn for_area(&self, area: Option<Area>) -> String {
        let area = area.map_or("", Area::word);
        let pairs = [
            ("omraade", area),
            ("kommune", self.kommune.trim()),
            ("fagsystem", self.fagsystem.trim()),
            ("hvis", self.hvis.trim()),
        ];
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<String> = said
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        if said.is_empty() {
            String::new()
        } else {
            format!("?{}", said.join("&"))
        }
    }
}

fn own_area(viewer: &Viewer) -> Area {
    let holds = |role| viewer.person.grants.iter().any(|g| g.role() == role);
    if holds(Role::OekonomiFinans) || holds(Role::AnsvarligFinans) {
        Area::Oekonomi
    } else if holds(Role::Drift) || holds(Role::ErpSystemejer) {
        Area::Drift
    } else {
        Area::Fagomraade
    }
}

/// The worklist.
#[derive(Debug, Template)]
#[template(path = "work.html")]
struct WorkPage {
    page: Page,
    tabs: Vec<Tab>,
    omraade: &'static str,
    kommuner: Vec<Choice>,
    fagsystemer: Vec<Choice>,
    whose: Vec<Choice>,
    narrowed: bool,
    /// What does not stand still yet, and will.
    foreseen: Option<Matter>,
    lines: Vec<GroupLine>,
    late: u64,
    antal: String,
    kr: String,
    export: Option<String>,
}

/// A desk with what lies on it.
#[derive(Debug)]
struct Tab {
    label: &'static str,
    href: String,
    antal: String,
    current: bool,
}

/// One cause.
#[derive(Debug)]
struct GroupLine {
    href: String,
    cause: String,
    state: Badge,
    kommune: String,
    fagsystem: String,
    antal: String,
    kr: String,
    oldest: String,
    deadline: String,
    late: bool,
    holder: String,
}

/// `GET /fejl`
pub(super) async fn show(
    State(state): State<PortalState>,
    viewer: Viewer,
    query: Result<Query<WorkQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let (today, area) = (state.today(), query.area(&viewer)?);
    let filter = query.filter(&viewer, today)?;
    let groups = state.work.causes(&viewer.scope, &filter).await?;
    let names = state.names();
    let tab = |of: Area| Tab {
        label: work_words::area(of),
        href: format!("/fejl{}", query.for_area(Some(of))),
        antal: whole(count(groups.iter().filter(|g| g.area == of))),
        current: of == area,
    };
    let tabs = Area::ALL.map(tab).into();
    let mut own: Vec<&CauseGroup> = groups.iter().filter(|g| g.area == area).collect();
    own.sort_by_cached_key(|group| order(group, &names, &state));
    let late = own.iter().filter(|g| is_late(g, &state));
    let sum = own
        .iter()
        .fold(0_i64, |all, g| all.saturating_add(g.debet.get()));
    let template = WorkPage {
        page: Page::inside("Fejl", Section::Work, &viewer).below(&[("/", "Forside")]),
        late: count(late.copied()),
        tabs,
        omraade: area.word(),
        foreseen: today::foreseen_refusals(&state, &viewer).await?,
        kommuner: names.kommune_choices(&viewer.scope, query.kommune.trim()),
        fagsystemer: names.fagsystem_choices(query.fagsystem.trim()),
        whose: WHOSE
            .map(|(word, label)| Choice::new(word.into(), label.into(), query.hvis.trim()))
            .into(),
        narrowed: !WorkQuery {
            omraade: String::new(),
            ..query.clone()
        }
        .for_area(None)
        .is_empty(),
        antal: whole(count(own.iter().copied())),
        kr: kroner(oir_domain::money::Oere::new(sum)),
        lines: own.iter().map(|g| line(g, &names, &state)).collect(),
        export: viewer
            .may(Action::Export)
            .then(|| format!("/fejl.xlsx{}", query.for_area(Some(area)))),
    };
    Ok(page(&template)?.into_response())
}

fn count<'a>(groups: impl Iterator<Item = &'a CauseGroup>) -> u64 {
    groups.fold(0, |all, group| all.saturating_add(group.antal))
}

/// What lies on a reader's own desks.
#[derive(Debug, Default)]
pub(super) struct Desk {
    /// How many items.
    pub(super) antal: u64,
    /// The amount at stake.
    pub(super) debet: Oere,
    /// How many of them are late.
    pub(super) late: u64,
    /// How many the reader has taken, on whatever desk.
    pub(super) mine: u64,
}

/// Counts a reader's own desks, the same as in their letters. What goes on by itself is
/// nobody's task.
pub(super) async fn desk(state: &PortalState, viewer: &Viewer) -> Result<Desk, PageError> {
    let (person, today) = (&viewer.person, state.today());
    let mut desk = Desk::default();
    for (area, scope) in waiting::desks(person) {
        let lying = WorkFilter {
            area: Some(area),
            ..WorkFilter::on(today)
        };
        let mut groups = state.work.causes(&scope, &lying).await?;
        groups.retain(|group| !group.key.cause.stop.passes_by_itself());
        desk.antal = desk.antal.saturating_add(count(groups.iter()));
        let late = groups.iter().filter(|group| is_late(group, state));
        desk.late = desk.late.saturating_add(count(late));
        let worth = groups.iter().map(|group| group.debet.get());
        let debet = worth.fold(desk.debet.get(), i64::saturating_add);
        desk.debet = Oere::new(debet);
    }
    let own = WorkFilter {
        whose: Whose::Of(&person.subject),
        ..WorkFilter::on(today)
    };
    let handled = person.scope(Action::HandleWork);
    desk.mine = count(state.work.causes(&handled, &own).await?.iter());
    Ok(desk)
}

fn group_deadline(group: &CauseGroup, state: &PortalState) -> Date {
    deadline(group.area, day_of(group.oldest, &state.zone))
}

fn is_late(group: &CauseGroup, state: &PortalState) -> bool {
    group_deadline(group, state) < state.today()
}

/// What is due first stands first; then what is worth most.
fn order(
    group: &CauseGroup,
    names: &Names,
    state: &PortalState,
) -> (Date, i64, Vec<u32>, GroupKey) {
    let navn = sort_key(&names.kommune(group.key.kommune));
    let worth = group.debet.get().saturating_neg();
    (group_deadline(group, state), worth, navn, group.key.clone())
}

fn line(group: &CauseGroup, names: &Names, state: &PortalState) -> GroupLine {
    GroupLine {
        href: group_href(&group.key, group.area),
        cause: work_words::cause(&group.key.cause, state.words),
        state: work_words::stop(group.key.cause.stop),
        kommune: names.kommune(group.key.kommune),
        fagsystem: names.fagsystem(group.key.fagsystem),
        antal: whole(group.antal),
        kr: kroner(group.debet),
        oldest: instant_short(group.oldest, &state.zone),
        deadline: day_short(group_deadline(group, state)),
        late: is_late(group, state),
        holder: holder(group),
    }
}

fn holder(group: &CauseGroup) -> String {
    let all = group.taken == group.antal;
    match &group.holder {
        _ if group.key.cause.stop.passes_by_itself() => "Går af sig selv".to_owned(),
        _ if group.taken == 0 => "Ingen".to_owned(),
        Some(one) if all => one.navn.to_string(),
        Some(one) => format!(
            "{} ({} af {})",
            one.navn,
            whole(group.taken),
            whole(group.antal)
        ),
        None => format!("Flere ({} af {})", whole(group.taken), whole(group.antal)),
    }
}

/// Between the parts of a group's address; a value may hold it, and stands last.
const PART: char = '~';

/// The word for a group in addresses and forms.
pub(super) fn group_word(key: &GroupKey, area: Area) -> String {
    let fagsystem = key.fagsystem.map_or("-".to_owned(), |id| id.to_string());
    let code = key.cause.code.map_or("-", FaultCode::code);
    format!(
        "{}{PART}{fagsystem}{PART}{}{PART}{code}{PART}{}{PART}{}",
        key.kommune.0,
        key.cause.stop.word(),
        area.word(),
        key.cause.value
    )
}

/// The address of a group.
pub(super) fn group_href(key: &GroupKey, area: Area) -> String {
    format!("/fejl/{}", percent_encoded(&group_word(key, area)))
}

/// Reads a group's word.
pub(super) fn group_of(word: &str) -> Option<(GroupKey, Area)> {
    let mut parts = word.splitn(6, PART);
    let kommune = Kommunekode(parts.next()?.parse().ok()?);
    let fagsystem = match parts.next()? {
        "-" => None,
        id => Some(id.parse().ok()?),
    };
    let stop = Stop::from_word(parts.next()?)?;
    let code = match parts.next()? {
        "-" => None,
        code => Some(FaultCode::from_code(code)?),
    };
    let area = Area::from_word(parts.next()?)?;
    let value = parts.next()?;
    // No stored text holds it, and PostgreSQL refuses to be asked about it.
    if value.contains('\0') {
        return None;
    }
    let key = GroupKey {
        kommune,
        fagsystem,
        cause: Cause {
            stop,
            code,
            value: value.into(),
        },
    };
    Some((key, area))
}

/// One group.
#[derive(Debug, Template)]
#[template(path = "work_group.html")]
struct GroupPage {
    page: Page,
    heading: String,
    state: Badge,
    advice: Advice,
    remedy: Option<String>,
    guide: Option<(String, String)>,
    table: Option<String>,
    word: String,
    kommune: String,
    fagsystem: String,
    area: &'static str,
    lines: Vec<ItemLine>,
    /// How many there are, when the group is whole on the list.
    antal: String,
    more: Option<String>,
    notice: Option<Notice>,
    handling: Handling,
    passing: bool,
    may_go_on: bool,
    may_release: bool,
}

/// One item of a group.
#[derive(Debug)]
pub(super) struct ItemLine {
    id: String,
    href: String,
    nummer: String,
    tekst: String,
    opened: String,
    deadline: String,
    late: bool,
    kr: String,
    holder: String,
    postponed: Option<String>,
}

/// Where a page of a group begins, and what came of a step.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupQuery {
    efter: String,
    sket: String,
    antal: u64,
    tilbage: u64,
    flere: u64,
}

/// `GET /fejl/{gruppe}`
pub(super) async fn group(
    State(state): State<PortalState>,
    viewer: Viewer,
    Path(word): Path<String>,
    query: Result<Query<GroupQuery>, QueryRejection>,
) -> Result<Response, PageError> {
    let Query(query) = query.map_err(|_| PageError::BadAddress)?;
    let notice = Notice::happened(&query.sket, [query.antal, query.tilbage, query.flere]);
    let after = match query.efter.as_str() {
        "" => None,
        id => Some(id.parse::<Subject>().map_err(|_| PageError::BadAddress)?),
    };
    group_page(&state, &viewer, &word, after, notice).await
}

/// The page of a group, as it is shown and after a step that was not possible.
pub(super) async fn group_page(
    state: &PortalState,
    viewer: &Viewer,
    word: &str,
    after: Option<Subject>,
    notice: Option<Notice>,
) -> Result<Response, PageError> {
    let (key, area) = group_of(word).ok_or(PageError::NotFound)?;
    let scope = seen_by(viewer);
    // Another's group is not there, whether anything stands still in it or not.
    if !scope.covers(key.kommune, key.fagsystem) {
        return Err(PageError::NotFound);
    }
    let filter = WorkFilter {
        area: Some(area),
        ..WorkFilter::on(state.today())
    };
    let wanted = state
        .work
        .items(&scope, &filter, Some(&key), after, GROUP_LINES + 1);
    let mut found = wanted.await?;
    let shown = usize::try_from(GROUP_LINES).unwrap_or(usize::MAX);
    let further = found.len() > shown;
    found.truncate(shown);
    let antal = group_size(state, &scope, (&key, area)).await?;
    let names = state.names();
    let last = found.last().filter(|_| further);
    let href = group_href(&key, area);
    let (stop, code) = (key.cause.stop, key.cause.code);
    let handling = Handling::of(state, viewer, &key).await?;
    let template = GroupPage {
        page: Page::inside("Fejl med samme årsag", Section::Work, viewer).below(&FEJL),
        heading: work_words::cause(&key.cause, state.words),
        state: work_words::stop(stop),
        advice: work_words::advice(&key.cause),
        remedy: code.map(|code| work_words::remedy(code, state.words)),
        guide: guide(key.kommune, key.fagsystem, code, &names),
        table: super::omsaetning::of_stop(viewer, &key),
        word: word.to_owned(),
        kommune: names.kommune(key.kommune),
        fagsystem: names.fagsystem(key.fagsystem),
        area: work_words::area(area),
        more: last.map(|line| format!("{href}?efter={}", line.item.subject)),
        lines: found.iter().map(|line| item_line(line, state)).collect(),
        antal: whole(antal),
        notice,
        passing: stop.passes_by_itself(),
        may_go_on: stop.may_go_on(),
        may_release: stop.may_go_on() && stop != Stop::Held,
        handling,
    };
    let faulty = template
        .notice
        .as_ref()
        .is_some_and(|n| n.weight == "error");
    let html = page(&template)?;
    Ok(if faulty {
        super::failure::unreadable_form(html)
    } else {
        html.into_response()
    })
}

/// How many open items a group has that are not set aside.
async fn group_size(
    state: &PortalState,
    scope: &Scope,
    (key, area): (&GroupKey, Area),
) -> Result<u64, PageError> {
    let filter = WorkFilter {
        area: Some(area),
        kommune: Some(key.kommune),
        fagsystem: key.fagsystem,
        ..WorkFilter::on(state.today())
    };
    let groups = state.work.causes(scope, &filter).await?;
    let own = groups.iter().find(|g| g.key == *key && g.area == area);
    Ok(own.map_or(0, |group| group.antal))
}

/// What a person sees, on pages whose address needs another right.
pub(super) fn seen_by(viewer: &Viewer) -> Scope {
    if viewer.session.is_some() {
        viewer.person.scope(Action::SeeBilag)
    } else {
        viewer.scope.clone()
    }
}

/// The way to the guide that holds for a fault: address and words. None where the fagsystem is
/// unknown: nobody can have written it.
pub(super) fn guide(
    kommune: Kommunekode,
    fagsystem: Option<FagsystemId>,
    code: Option<FaultCode>,
    names: &Names,
) -> Option<(String, String)> {
    let fagsystem = fagsystem.filter(|id| names.knows(*id))?;
    let place = GuidePlace {
        kommune: Some(kommune).filter(|own| *own != Kommunekode::UNKNOWN),
        fagsystem,
        code,
    };
    let words = format!("Sådan retter du i {}", names.fagsystem(Some(fagsystem)));
    Some((guides::address("", &place, ""), words))
}

fn item_line(line: &WorkLine, state: &PortalState) -> ItemLine {
    let item = &line.item;
    let due = deadline(item.area, day_of(item.opened, &state.zone));
    let href = if item.cause.stop.passes_by_itself() {
        format!("/bilag/{}", item.subject)
    } else {
        format!("/fejl/bilag/{}", item.subject)
    };
    let nummer = if line.nummer.is_empty() {
        item.subject.to_string()
    } else {
        mask_text(&line.nummer)
    };
    ItemLine {
        id: item.subject.to_string(),
        href,
        nummer,
        tekst: mask_text(&line.tekst),
        opened: instant_short(item.opened, &state.zone),
        deadline: day_short(due),
        late: due < state.today(),
        kr: kroner(item.debet),
        holder: match &item.holder {
            Some(holder) => holder.navn.to_string(),
            None => "Ingen".to_owned(),
        },
        postponed: item
            .postponed
            .as_ref()
            .filter(|_| item.is_postponed(state.today()))
            .map(|p| day_short(p.until)),
    }
}

#[cfg(test)]
mod tests {
    use super::{group_of, group_word};

    #[test]
    fn a_groups_word_reads_back_whatever_its_value() {
        for value in ["", "SDP-LOEN", "a~b", "æ/../?#%2F<script>", " "] {
            let word =
                format!("791~01000000-0000-4000-8000-000000000000~held~F0401~oekonomi~{value}");
            let read = group_of(&word).map(|(key, area)| group_word(&key, area));
            assert_eq!(read.as_deref(), Some(&*word));
        }
        for wrong in [
            "",
            "791",
            "x~-~held~-~drift~",
            "1~-~held~F9999~drift~",
            "1~-~held~-~drift~\0",
        ] {
            assert!(group_of(wrong).is_none(), "{wrong}");
        }
    }
}
