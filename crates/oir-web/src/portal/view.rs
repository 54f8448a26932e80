//! What the templates are given: words and figures ready to be shown, nothing to decide.

use askama::Template;

use crate::assets;

/// What every page has around its content.
#[derive(Debug)]
pub(super) struct Page {
    /// Title of the window and the last breadcrumb.
    pub(super) title: String,
    /// The way here, without the page itself: address and words.
    pub(super) crumbs: Vec<(String, String)>,
    /// Which entry of the menu is the current one.
    pub(super) section: Section,
}

/// The entries of the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Front,
    Bilag,
    Neither,
}

impl Page {
    pub(super) fn asset(&self, path: &str) -> String {
        assets::address(path)
    }

    /// The address of a symbol in the design system's collection.
    pub(super) fn icon(&self, name: &str) -> String {
        format!("{}#{name}", assets::address("img/all-svg-icons.svg"))
    }

    pub(super) fn on_front(&self) -> bool {
        self.section == Section::Front
    }

    pub(super) fn on_bilag(&self) -> bool {
        self.section == Section::Bilag
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
        match self.weight {
            "error" => "Fejl",
            "warning" => "Advarsel",
            "success" => "Succes",
            _ => "Information",
        }
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

/// The front page.
#[derive(Debug, Template)]
#[template(path = "front.html")]
pub(super) struct FrontPage {
    pub(super) page: Page,
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
        at: String,
        antal: String,
        kr: String,
    },
    /// Differences, each named.
    Differs {
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
    pub(super) href: String,
}

/// A message that could not be read.
#[derive(Debug)]
pub(super) struct UnreadableLine {
    pub(super) href: String,
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
    pub(super) export: String,
}

/// The form above the list, as it was filled in.
#[derive(Debug)]
pub(super) struct FilterForm {
    pub(super) kommuner: Vec<Choice>,
    pub(super) fagsystemer: Vec<Choice>,
    pub(super) tilstande: Vec<Choice>,
    pub(super) fra: String,
    pub(super) til: String,
    pub(super) beloeb_fra: String,
    pub(super) beloeb_til: String,
    pub(super) q: String,
    pub(super) fejlkode: String,
    pub(super) faults: Vec<FieldFault>,
    /// Whether anything at all is asked for.
    pub(super) narrowed: bool,
}

impl FilterForm {
    /// What is wrong with a field.
    pub(super) fn fault(&self, field: &str) -> Option<&str> {
        self.faults
            .iter()
            .find(|fault| fault.field == field)
            .map(|fault| fault.text.as_str())
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
    pub(super) advice: Advice,
    pub(super) facts: Vec<Fact>,
    pub(super) faults: Vec<FaultDetail>,
    pub(super) later_faults: Vec<FaultDetail>,
    pub(super) timeline: Vec<Moment>,
    pub(super) postings: Vec<PostingLine>,
    pub(super) debet: String,
    pub(super) kredit: String,
    pub(super) receipts: Vec<ReceiptLine>,
    pub(super) corrects: Option<Correction>,
    pub(super) corrected_by: Vec<Correction>,
    pub(super) afsendelse: String,
    /// How many other bilag the message holds.
    pub(super) siblings: usize,
    pub(super) raw: Option<RawText>,
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
    pub(super) text: String,
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
    pub(super) sortiment: Vec<(String, String)>,
    pub(super) konto: Option<String>,
    pub(super) part: Option<String>,
    pub(super) more: Vec<String>,
}

/// One receipt given or got.
#[derive(Debug)]
pub(super) struct ReceiptLine {
    pub(super) kind: &'static str,
    pub(super) way: &'static str,
    pub(super) outcome: String,
    pub(super) at: String,
}

/// Another bilag that this one corrects or is corrected by.
#[derive(Debug)]
pub(super) struct Correction {
    pub(super) id: String,
    /// None when it is not here.
    pub(super) href: Option<String>,
}

/// The message as received, masked.
#[derive(Debug)]
pub(super) struct RawText {
    pub(super) text: String,
    pub(super) cut: bool,
    pub(super) size: String,
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
    pub(super) raw: RawText,
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
