//! What the templates are given: words and figures ready to be shown, nothing to decide.

use askama::Template;
use oir_domain::access::Action;

use super::door::Viewer;
use super::saved::SavedLink;
use super::today::Matter;
use crate::assets;

/// What every page has around its content.
#[derive(Debug)]
pub(super) struct Page {
    /// Title of the window and the last breadcrumb.
    pub(super) title: String,
    /// The way here, without the page itself: address and words.
    pub(super) crumbs: Vec<(String, String)>,
    /// Stops that whoever looks should know of.
    pub(super) notices: Vec<Notice>,
    /// Who looks, and where they may go; none where nobody is signed in.
    pub(super) who: Option<Who>,
}

/// A stop, as it stands above every page.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    pub(super) weight: &'static str,
    pub(super) heading: String,
    pub(super) text: String,
}

impl Notice {
    /// What the symbol beside it says to those who do not see it.
    pub(super) fn spoken(&self) -> &'static str {
        spoken(self.weight)
    }
}

/// Who looks at a page.
#[derive(Debug)]
pub(super) struct Who {
    pub(super) navn: String,
    /// The token of the form that signs out; none when nobody signed in.
    pub(super) token: Option<String>,
    /// The menu: address, words, whether it is the current one.
    pub(super) menu: Vec<(&'static str, &'static str, bool)>,
}

/// The entries of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Front,
    Bilag,
    Afstemning,
    Work,
    Person,
    Samples,
    Guides,
    Kontering,
    Sessions,
    Log,
    Drift,
    Neither,
}

/// The menu after the front page: what an entry needs, which it is, its way and its words.
const MENU: &[(Action, Section, &str, &str)] = {
    use Action as A;
    use Section as S;
    &[
        (A::SeeBilag, S::Work, "/fejl", "Fejl"),
        (A::SeeBilag, S::Bilag, "/bilag", "Find bilag"),
        (A::LookUpPerson, S::Person, "/personopslag", "Find person"),
        (A::SeeFigures, S::Afstemning, "/afstemning", "Afstemning"),
        (A::SeeSortiment, S::Kontering, "/omsaetning", "Kontering"),
        (A::SeeFigures, S::Guides, "/vejledninger", "Vejledninger"),
        (A::SampleLooks, S::Samples, "/stikproever", "Stikprøver"),
        (A::SeeOperation, S::Drift, "/drift", "Drift"),
        (A::SeeAudit, S::Log, "/log", "Log"),
        (A::EndSessions, S::Sessions, "/sessioner", "Sessioner"),
    ]
};

impl Page {
    pub(super) fn asset(&self, path: &str) -> String {
        assets::address(path)
    }

    /// The address of a symbol in the design system's collection.
    pub(super) fn icon(&self, name: &str) -> String {
        format!("{}#{name}", assets::address("img/all-svg-icons.svg"))
    }

    /// A page for those who are not signed in.
    pub(super) fn outside(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            crumbs: Vec::new(),
            notices: Vec::new(),
            who: None,
        }
    }

    /// A page for somebody who is.
    pub(super) fn inside(title: &str, section: Section, viewer: &Viewer) -> Self {
        let entries = MENU.iter().filter(|(action, ..)| viewer.may(*action));
        let entries = entries.map(|(_, own, href, words)| (*href, *words, *own == section));
        let front = ("/", "Forside", section == Section::Front);
        Self {
            title: title.to_owned(),
            crumbs: Vec::new(),
            notices: viewer.notices.clone(),
            who: Some(Who {
                navn: viewer.person.navn.to_string(),
                token: viewer.token(),
                menu: std::iter::once(front).chain(entries).collect(),
            }),
        }
    }

    /// The same with stops that those who are not in should know of.
    pub(super) fn telling(self, notices: Vec<Notice>) -> Self {
        Self { notices, ..self }
    }

    /// The same with the way here.
    pub(super) fn below(mut self, crumbs: &[(&str, &str)]) -> Self {
        let owned = |(href, words): &(&str, &str)| ((*href).to_owned(), (*words).to_owned());
        self.crumbs = crumbs.iter().map(owned).collect();
        self
    }
}

/// A coloured word. The weight is the design system's: info, success, warning or error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Badge {
    pub(super) text: &'static str,
    pub(super) weight: &'static str,
}

/// What to do next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Advice {
    pub(super) weight: &'static str,
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
}

impl Advice {
    /// What the symbol beside it says to those who do not see it.
    pub(super) fn spoken(&self) -> &'static str {
        spoken(self.weight)
    }
}

fn spoken(weight: &str) -> &'static str {
    match weight {
        "error" => "Fejl",
        "warning" => "Advarsel",
        "success" => "Succes",
        _ => "Information",
    }
}

/// One choice of a field.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn new(value: String, label: String, chosen: &str) -> Self {
        let chosen = value == chosen;
        Self {
            value,
            label,
            chosen,
        }
    }
}

/// A field that could not be read and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldFault {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl FieldFault {
    pub(super) fn new(field: &'static str, text: &str) -> Self {
        Self {
            field,
            text: text.to_owned(),
        }
    }
}

/// What is wrong with a field.
pub(super) fn fault_of<'a>(faults: &'a [FieldFault], field: &str) -> Option<&'a str> {
    let found = faults.iter().find(|fault| fault.field == field);
    found.map(|fault| fault.text.as_str())
}

/// The front page.
#[derive(Debug, Template)]
#[template(path = "front.html")]
pub(super) struct FrontPage {
    pub(super) page: Page,
    /// What waits for the reader.
    pub(super) matters: Vec<Matter>,
    /// Where a debtor role's holder turns with what is not here yet.
    pub(super) debtor: Option<&'static str>,
    pub(super) dag: DayChoice,
    pub(super) fault: Option<FieldFault>,
    /// The figures; none when nothing was received on the day.
    pub(super) figures: Option<Figures>,
    /// The latest day with traffic, when the day asked for has none: address and words.
    pub(super) latest: Option<(String, String)>,
    pub(super) control: Control,
    pub(super) faults: Vec<FaultLine>,
    pub(super) unreadable: Vec<UnreadableLine>,
    /// How many messages could not be read, when there are more than are shown.
    pub(super) unreadable_more: Option<String>,
}

/// The day shown and its neighbours.
#[derive(Debug)]
pub(super) struct DayChoice {
    pub(super) iso: String,
    pub(super) words: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The table of the front page.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) rows: Vec<FigureRow>,
    pub(super) total: FigureRow,
}

/// One line of it.
#[derive(Debug)]
pub(super) struct FigureRow {
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) cells: Vec<Figure>,
    pub(super) modtaget_kr: String,
    pub(super) bogfoert_kr: String,
}

/// A number that leads to the bilag it counts.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) antal: String,
    /// Amount, for those who want it beside the number.
    pub(super) kr: String,
    /// None for nothing.
    pub(super) href: Option<String>,
    /// The same in words, for those who do not see the column.
    pub(super) spoken: String,
}

/// What the comparison with the books says.
#[derive(Debug)]
pub(super) enum Control {
    /// No comparison has been made for the day.
    Unknown,
    /// To the øre.
    Agrees {
        month: String,
        at: String,
        antal: String,
        kr: String,
    },
    /// Differences, each named.
    Differs {
        month: String,
        at: String,
        lines: Vec<DifferenceLine>,
    },
}

/// One difference between our totals and the books'.
#[derive(Debug)]
pub(super) struct DifferenceLine {
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) ours: String,
    pub(super) theirs: String,
    pub(super) kr: String,
}

/// How often a fault occurred.
#[derive(Debug)]
pub(super) struct FaultLine {
    pub(super) code: &'static str,
    pub(super) text: String,
    pub(super) responsible: &'static str,
    pub(super) antal: String,
    pub(super) href: Option<String>,
}

/// A message that could not be read.
#[derive(Debug)]
pub(super) struct UnreadableLine {
    pub(super) href: Option<String>,
    pub(super) modtaget: String,
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) outcome: Badge,
    pub(super) codes: String,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "list.html")]
pub(super) struct ListPage {
    pub(super) page: Page,
    pub(super) form: FilterForm,
    pub(super) lines: Vec<ListLine>,
    pub(super) number: usize,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    /// The filter by which the list is taken as a file, for those who may.
    pub(super) export: Option<String>,
    /// How many there are, where that is known.
    pub(super) count: Option<String>,
    /// How far back was looked, when not to the end, and the way on.
    pub(super) stopped: Option<(String, String)>,
    pub(super) saved: Vec<SavedLink>,
    /// The filter that can be kept under a name.
    pub(super) keep: Option<String>,
}

/// The form above the list, as it was filled in.
#[derive(Debug)]
pub(super) struct FilterForm {
    pub(super) kommuner: Vec<Choice>,
    pub(super) fagsystemer: Vec<Choice>,
    pub(super) tilstande: Vec<Choice>,
    pub(super) fra: String,
    pub(super) til: String,
    pub(super) bogfoert_fra: String,
    pub(super) bogfoert_til: String,
    pub(super) beloeb_fra: String,
    pub(super) beloeb_til: String,
    pub(super) q: String,
    pub(super) fejlkode: String,
    pub(super) sag: String,
    pub(super) konto: String,
    pub(super) sortiment: String,
    pub(super) faults: Vec<FieldFault>,
    /// Whether anything at all is asked for.
    pub(super) narrowed: bool,
    /// Whether to show the way to the look-up of a person, whose number was typed here.
    pub(super) person: bool,
}

impl FilterForm {
    /// Whether the fields that are seldom used are in use.
    pub(super) fn more(&self) -> bool {
        let fields = [
            &self.bogfoert_fra,
            &self.bogfoert_til,
            &self.sag,
            &self.konto,
            &self.sortiment,
        ];
        fields.iter().any(|field| !field.trim().is_empty())
    }

    /// What is wrong with a field.
    pub(super) fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }
}

/// One line of the list.
#[derive(Debug)]
pub(super) struct ListLine {
    pub(super) href: String,
    pub(super) nummer: String,
    pub(super) tekst: String,
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) modtaget: String,
    pub(super) bogfoeringsdato: String,
    pub(super) kr: String,
    pub(super) state: Badge,
    pub(super) codes: String,
}

/// One bilag.
#[derive(Debug, Template)]
#[template(path = "bilag.html")]
pub(super) struct BilagPage {
    pub(super) page: Page,
    pub(super) state: Badge,
    pub(super) summary: String,
    pub(super) advice: Advice,
    /// The way to its place on the worklist, when it stands still.
    pub(super) work: Option<String>,
    /// The way to the guide that says how it is put right, and its words.
    pub(super) guide: Option<(String, String)>,
    pub(super) facts: Vec<Fact>,
    pub(super) faults: Vec<FaultDetail>,
    pub(super) later_faults: Vec<FaultDetail>,
    pub(super) timeline: Vec<Moment>,
    pub(super) postings: Vec<PostingLine>,
    pub(super) debet: String,
    pub(super) kredit: String,
    pub(super) receipts: Vec<ReceiptLine>,
    /// Attempts that correct one another; empty when it stands alone.
    pub(super) chain: Vec<ChainStep>,
    /// What it corrects when that is not here.
    pub(super) corrects_missing: Option<Correction>,
    pub(super) afsendelse: String,
    /// How many other bilag the message holds.
    pub(super) siblings: usize,
    /// The way to its XML; none when the message is gone.
    pub(super) raw: Option<String>,
    /// For those who may see its personal numbers.
    pub(super) unmask: Option<super::unmask::Form>,
}

/// A label and its value.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) href: Option<String>,
}

impl Fact {
    pub(super) fn new(label: &'static str, value: impl Into<String>) -> Self {
        Self {
            label,
            value: value.into(),
            href: None,
        }
    }
}

/// A fault with everything a person needs to put it right.
#[derive(Debug)]
pub(super) struct FaultDetail {
    pub(super) code: &'static str,
    pub(super) severity: Badge,
    pub(super) place: String,
    pub(super) text: String,
    pub(super) remedy: String,
    pub(super) responsible: &'static str,
}

/// One line of the timeline.
#[derive(Debug)]
pub(super) struct Moment {
    /// For machines.
    pub(super) iso: String,
    /// For people.
    pub(super) at: String,
    pub(super) who: String,
    pub(super) text: String,
    /// What was asked of the books.
    pub(super) question: Option<&'static str>,
    pub(super) state: Badge,
    pub(super) attempt: Option<u32>,
    pub(super) detail: Option<String>,
}

/// One posting.
#[derive(Debug)]
pub(super) struct PostingLine {
    pub(super) linje: u32,
    pub(super) tekst: String,
    pub(super) debet: Option<String>,
    pub(super) kredit: Option<String>,
    /// Facet, value, and whether it decides the account.
    pub(super) sortiment: Vec<(String, String, bool)>,
    /// Its accounts, one or several with their parts; none = nobody has found any.
    pub(super) konto: Option<Vec<String>>,
    /// Why it goes there, where the reader may ask.
    pub(super) why: Option<String>,
    pub(super) part: Option<String>,
    pub(super) more: Vec<String>,
}

/// One receipt given or got.
#[derive(Debug)]
pub(super) struct ReceiptLine {
    pub(super) kind: &'static str,
    pub(super) way: &'static str,
    pub(super) outcome: String,
    /// What it says beyond its code.
    pub(super) words: Vec<String>,
    pub(super) at: String,
}

/// A bilag that is corrected and is not here.
#[derive(Debug)]
pub(super) struct Correction {
    pub(super) id: String,
}

/// One attempt of a chain of corrections.
#[derive(Debug)]
pub(super) struct ChainStep {
    /// None for the bilag of the page.
    pub(super) href: Option<String>,
    pub(super) nummer: String,
    pub(super) at: String,
    pub(super) state: Badge,
    /// The number of the one that it corrects.
    pub(super) corrects: Option<String>,
    pub(super) codes: String,
}

/// One message.
#[derive(Debug, Template)]
#[template(path = "afsendelse.html")]
pub(super) struct AfsendelsePage {
    pub(super) page: Page,
    pub(super) outcome: Badge,
    pub(super) advice: Option<Advice>,
    pub(super) facts: Vec<Fact>,
    pub(super) faults: Vec<FaultDetail>,
    pub(super) lines: Vec<ListLine>,
    /// The way to what was received.
    pub(super) raw: String,
}

/// A page that says what went wrong and what to do.
#[derive(Debug, Template)]
#[template(path = "failure.html")]
pub(super) struct FailurePage {
    pub(super) page: Page,
    pub(super) text: &'static str,
    pub(super) steps: &'static [&'static str],
    pub(super) code: u16,
}

/// Where one signs in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    pub(super) page: Page,
    /// The way to the identity provider.
    pub(super) start: String,
    pub(super) target: String,
    /// Persons to choose from, in a demo; otherwise none.
    pub(super) persons: Vec<InventedPerson>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct InventedPerson {
    pub(super) number: usize,
    pub(super) navn: String,
    pub(super) roles: String,
}

/// What each role may.
#[derive(Debug, Template)]
#[template(path = "roles.html")]
pub(super) struct RolesPage {
    pub(super) page: Page,
    pub(super) own: Vec<String>,
    /// Whether the way to the keys of machines is shown.
    pub(super) keys: bool,
    /// Each right and the roles that have it.
    pub(super) actions: Vec<(&'static str, Vec<&'static str>)>,
    pub(super) lines: Vec<RoleLine>,
}

/// One role.
#[derive(Debug)]
pub(super) struct RoleLine {
    pub(super) role: &'static str,
    pub(super) reach: &'static str,
    /// Its rights.
    pub(super) may: Vec<&'static str>,
    pub(super) held: bool,
}
