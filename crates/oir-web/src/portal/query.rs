//! The list's filter: between the address line, the form and [`BilagFilter`]. Pure.

use std::fmt::Write as _;

use jiff::civil::Date;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{AfsendelseId, BilagId, BilagUuid, FagsystemId};
use oir_domain::message::StateName;
use oir_domain::party::Kommunekode;
use oir_flow::ports::views::BilagFilter;
use serde::Deserialize;

use super::view::{Choice, FieldFault};
use crate::danish_format::{read_day, read_kroner};
use crate::masking::mask_text;

/// Most pages that *Forrige* finds its way back through: an address line of some 2 kB.
const TRAIL_MAX: usize = 40;

/// Longest words that are searched for, characters: an id and more.
const WORDS_MAX: usize = 200;
/// Most words.
const WORD_COUNT_MAX: usize = 8;

/// A state or a group of states that can be asked for: word in the address, label, states.
type Tilstand = (&'static str, &'static str, &'static [StateName]);

const TILSTANDE: [Tilstand; 12] = [
    (
        "kraever_handling",
        "Kræver handling",
        &StateName::FOR_A_PERSON,
    ),
    ("afvist", "Afvist", &[StateName::Rejected]),
    ("tilbageholdt", "Tilbageholdt", &[StateName::Held]),
    (
        "under_levering",
        "Under levering (alle)",
        &StateName::UNDER_WAY,
    ),
    ("klar", "Klar til levering", &[StateName::Mapped]),
    ("sendes", "Sendes", &[StateName::Sending]),
    (
        "afventer",
        "Afventer kvittering",
        &[StateName::AwaitingReceipt],
    ),
    ("venter", "Venter på nyt forsøg", &[StateName::Waiting]),
    ("usikker", "Usikker", &[StateName::Uncertain]),
    ("bogfoert", "Bogført", &[StateName::Booked]),
    ("naegtet", "Nægtet af bogføringen", &[StateName::Refused]),
    ("parkeret", "Parkeret", &[StateName::Parked]),
];

/// The address line of the list, every part as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    pub(super) kommune: String,
    pub(super) fagsystem: String,
    pub(super) tilstand: String,
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
    /// Cursor of the page shown.
    pub(super) efter: String,
    /// Cursors of the pages before it, first page left out, parted by commas.
    pub(super) spor: String,
}

impl ListQuery {
    /// The filter, and the fields that could not be read.
    pub(super) fn filter(&self) -> (BilagFilter, Vec<FieldFault>) {
        let mut faults = Vec::new();
        let mut fault = |field, text: &str| faults.push(FieldFault::new(field, text));
        let mut filter = BilagFilter {
            kommune: read(&self.kommune, |kode| kode.parse().ok().map(Kommunekode)).unwrap_or_else(
                |()| {
                    fault("kommune", "Vælg en kommune på listen");
                    None
                },
            ),
            ..BilagFilter::default()
        };
        filter.fagsystem = read(&self.fagsystem, |id| id.parse::<FagsystemId>().ok())
            .unwrap_or_else(|()| {
                fault("fagsystem", "Vælg et fagsystem på listen");
                None
            });
        filter.states = read(&self.tilstand, states)
            .unwrap_or_else(|()| {
                fault("tilstand", "Vælg en tilstand på listen");
                None
            })
            .unwrap_or_default();
        self.read_limits(&mut filter, &mut fault);
        self.read_words(&mut filter, &mut fault);
        (filter, faults)
    }

    /// Whether a personal number was typed where it is not searched for.
    pub(super) fn names_person(&self) -> bool {
        let words = [&self.q, &self.sag, &self.konto, &self.sortiment];
        words.iter().any(|text| shown(text) != **text)
    }

    /// Days and amounts.
    fn read_limits(&self, filter: &mut BilagFilter, fault: &mut dyn FnMut(&'static str, &str)) {
        const DAY: &str = "Skriv en dato, fx 23.11.2026";
        const AMOUNT: &str = "Skriv et beløb i kroner, fx 1.234,50";
        for (field, text, into) in [
            ("fra", &self.fra, &mut filter.from),
            ("til", &self.til, &mut filter.to),
            ("bogfoert_fra", &self.bogfoert_fra, &mut filter.booked_from),
            ("bogfoert_til", &self.bogfoert_til, &mut filter.booked_to),
        ] {
            match read(text, read_day) {
                Ok(day) => *into = day,
                Err(()) => fault(field, DAY),
            }
        }
        for (field, text, into) in [
            ("beloeb_fra", &self.beloeb_fra, &mut filter.debet_min),
            ("beloeb_til", &self.beloeb_til, &mut filter.debet_max),
        ] {
            match read(text, read_kroner) {
                Ok(amount) => *into = amount,
                Err(()) => fault(field, AMOUNT),
            }
        }
        for (field, from, to) in [
            ("til", filter.from, filter.to),
            ("bogfoert_til", filter.booked_from, filter.booked_to),
        ] {
            if matches!((from, to), (Some(from), Some(to)) if to < from) {
                fault(field, "Til-datoen ligger før fra-datoen. Byt om på dem");
            }
        }
        if matches!((filter.debet_min, filter.debet_max), (Some(min), Some(max)) if max < min) {
            fault(
                "beloeb_til",
                "Det højeste beløb er mindre end det laveste. Byt om på dem",
            );
        }
    }

    /// Words, ids and fault codes.
    fn read_words(&self, filter: &mut BilagFilter, fault: &mut dyn FnMut(&'static str, &str)) {
        match read(&self.fejlkode, |code| {
            FaultCode::from_code(&code.to_uppercase())
        }) {
            Ok(code) => filter.fault = code,
            Err(()) => fault("fejlkode", "Fejlkoden findes ikke. Skriv fx F0301"),
        }
        for (field, text, into) in [
            ("sag", &self.sag, &mut filter.sag),
            ("konto", &self.konto, &mut filter.konto),
            ("sortiment", &self.sortiment, &mut filter.sortiment),
        ] {
            match (text.trim(), wrong_words(text)) {
                ("", _) => {}
                (_, Some(wrong)) => fault(field, wrong),
                (typed, None) => *into = Some(typed.into()),
            }
        }
        let q = self.q.trim();
        if let Some(wrong) = wrong_words(q) {
            fault("q", wrong);
        } else if let Some(code) = FaultCode::from_code(&q.to_uppercase()) {
            filter.fault = Some(code);
        } else if !q.is_empty() {
            filter.text = Some(q.into());
        }
    }

    /// Where the page begins; an error when the cursor is not one of ours.
    pub(super) fn cursor(&self) -> Result<Option<BilagId>, ()> {
        read(&self.efter, |id| id.parse().ok())
    }

    /// The choices of the state field.
    pub(super) fn tilstand_choices(&self) -> Vec<Choice> {
        TILSTANDE
            .iter()
            .map(|(word, label, _)| {
                Choice::new((*word).to_owned(), (*label).to_owned(), &self.tilstand)
            })
            .collect()
    }

    /// The filter alone, as it stands in an address: what the export link carries.
    pub(super) fn filter_pairs(&self) -> String {
        pairs(&[
            ("kommune", &self.kommune),
            ("fagsystem", &self.fagsystem),
            ("tilstand", &self.tilstand),
            ("fra", &self.fra),
            ("til", &self.til),
            ("bogfoert_fra", &self.bogfoert_fra),
            ("bogfoert_til", &self.bogfoert_til),
            ("beloeb_fra", &self.beloeb_fra),
            ("beloeb_til", &self.beloeb_til),
            ("q", &self.q),
            ("fejlkode", &self.fejlkode),
            ("sag", &self.sag),
            ("konto", &self.konto),
            ("sortiment", &self.sortiment),
        ])
    }

    /// The address of the page after this one.
    pub(super) fn next_href(&self, last: BilagId) -> String {
        let mut trail: Vec<&str> = self.trail().collect();
        if !self.efter.is_empty() {
            trail.push(&self.efter);
        }
        let skip = trail.len().saturating_sub(TRAIL_MAX);
        let trail = trail.get(skip..).unwrap_or(&[]).join(",");
        self.page_href(&last.to_string(), &trail)
    }

    /// The address of the page before this one; none on the first.
    pub(super) fn previous_href(&self) -> Option<String> {
        if self.efter.is_empty() {
            return None;
        }
        let trail: Vec<&str> = self.trail().collect();
        Some(match trail.split_last() {
            Some((before, rest)) => self.page_href(before, &rest.join(",")),
            None => self.page_href("", ""),
        })
    }

    /// The number of this page, as far as the trail tells.
    pub(super) fn page_number(&self) -> usize {
        if self.efter.is_empty() {
            1
        } else {
            self.trail().count() + 2
        }
    }

    fn trail(&self) -> impl Iterator<Item = &str> {
        self.spor.split(',').filter(|cursor| !cursor.is_empty())
    }

    fn page_href(&self, efter: &str, spor: &str) -> String {
        let filter = self.filter_pairs();
        let place = pairs(&[("efter", efter), ("spor", spor)]);
        let query = match (filter.is_empty(), place.is_empty()) {
            (true, _) => place,
            (false, true) => filter,
            (false, false) => format!("{filter}&{place}"),
        };
        if query.is_empty() {
            "/bilag".to_owned()
        } else {
            format!("/bilag?{query}")
        }
    }
}

/// The address of the list of a municipality's and a system's bilag of one day.
pub(super) fn list_href(
    kommune: Option<Kommunekode>,
    fagsystem: Option<FagsystemId>,
    tilstand: &str,
    dag: Date,
) -> String {
    let kommune = kommune.map(|kode| kode.0.to_string()).unwrap_or_default();
    let fagsystem = fagsystem.map(|id| id.to_string()).unwrap_or_default();
    let dag = dag.to_string();
    format!(
        "/bilag?{}",
        pairs(&[
            ("kommune", &kommune),
            ("fagsystem", &fagsystem),
            ("tilstand", tilstand),
            ("fra", &dag),
            ("til", &dag),
        ])
    )
}

/// The label of a state word, for the export's first sheet.
pub(super) fn tilstand_label(word: &str) -> &'static str {
    TILSTANDE
        .iter()
        .find(|(known, _, _)| *known == word)
        .map_or("Alle", |(_, label, _)| label)
}

fn states(word: &str) -> Option<Vec<StateName>> {
    TILSTANDE
        .iter()
        .find(|(known, _, _)| *known == word)
        .map(|(_, _, states)| states.to_vec())
}

/// What is wrong with typed words. The address line ends up in histories and logs, where no
/// person may stand.
fn wrong_words(text: &str) -> Option<&'static str> {
    if shown(text) != text {
        Some(
            "Her søges ikke på CPR-numre. Brug opslaget på en person, hvis din rolle giver \
             adgang, eller søg på bilagsnummer, sag eller id",
        )
    } else if text.chars().count() > WORDS_MAX || text.split_whitespace().count() > WORD_COUNT_MAX {
        Some("Søgningen er for lang. Skriv højst otte ord")
    } else {
        None
    }
}

/// Typed words as they may be shown back: masked, unless they are an id, in which ten
/// figures may look like a person's.
pub(super) fn shown(text: &str) -> String {
    let typed = text.trim();
    let id = typed.parse::<BilagId>().is_ok()
        || typed.parse::<AfsendelseId>().is_ok()
        || typed.parse::<BilagUuid>().is_ok();
    if id { text.to_owned() } else { mask_text(text) }
}

/// Nothing for an empty field, an error for one that `parse` cannot read.
fn read<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ()> {
    match text.trim() {
        "" => Ok(None),
        text => parse(text).map(Some).ok_or(()),
    }
}

/// `name=value&…` of the pairs that have a value.
pub(super) fn pairs(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.trim().is_empty()) {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        percent_encode(value.trim(), &mut text);
    }
    text
}

/// A value as it stands in an address.
pub(super) fn percent_encoded(value: &str) -> String {
    let mut text = String::new();
    percent_encode(value, &mut text);
    text
}

fn percent_encode(value: &str, text: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ListQuery, StateName, TRAIL_MAX, list_href};
    use jiff::civil::date;
    use oir_domain::fault::FaultCode;
    use oir_domain::ids::{BilagId, uuid_v7};
    use oir_domain::money::Oere;
    use oir_domain::party::Kommunekode;

    fn cursor(number: u8) -> BilagId {
        BilagId::from_uuid(uuid_v7(1_795_000_000_000, [number; 10]))
    }

    #[test]
    fn a_full_form_becomes_a_filter() {
        let query = ListQuery {
            kommune: "101".into(),
            tilstand: "under_levering".into(),
            fra: "2026-11-01".into(),
            til: "30.11.2026".into(),
            beloeb_fra: "1.000,50".into(),
            q: " husleje ".into(),
            fejlkode: "f0301".into(),
            sag: " S-1 ".into(),
            bogfoert_fra: "1.12.2026".into(),
            ..ListQuery::default()
        };
        let (filter, faults) = query.filter();
        assert_eq!(faults, []);
        assert_eq!(filter.kommune, Some(Kommunekode(101)));
        assert_eq!(filter.states, StateName::UNDER_WAY);
        assert_eq!(filter.from, Some(date(2026, 11, 1)));
        assert_eq!(filter.to, Some(date(2026, 11, 30)));
        assert_eq!(filter.debet_min, Some(Oere::new(100_050)));
        assert_eq!(filter.text.as_deref(), Some("husleje"));
        assert_eq!(filter.fault, Some(FaultCode::Unbalanced));
        assert_eq!(filter.sag.as_deref(), Some("S-1"));
        assert_eq!(filter.booked_from, Some(date(2026, 12, 1)));
    }

    #[test]
    fn a_fault_code_typed_as_a_word_is_a_fault_code() {
        let query = ListQuery {
            q: "f0401".into(),
            ..ListQuery::default()
        };
        let (filter, _) = query.filter();
        assert_eq!(filter.fault, Some(FaultCode::Unmapped));
        assert_eq!(filter.text, None);
    }

    #[test]
    fn an_id_is_no_person_whatever_its_figures() {
        for id in [
            "34212768-bdf0-4d4a-b82b-d8402757970c",
            "bil_0192f0a0610190123470008000000001",
        ] {
            let query = ListQuery {
                q: id.into(),
                ..ListQuery::default()
            };
            let (filter, faults) = query.filter();
            assert_eq!((filter.text.as_deref(), faults), (Some(id), Vec::new()));
        }
    }

    #[test]
    fn every_field_that_cannot_be_read_is_named() {
        let query = ListQuery {
            kommune: "x".into(),
            fagsystem: "x".into(),
            tilstand: "x".into(),
            fra: "x".into(),
            til: "x".into(),
            beloeb_fra: "x".into(),
            beloeb_til: "-1".into(),
            q: "610101-1234".into(),
            fejlkode: "F9999".into(),
            bogfoert_fra: "x".into(),
            bogfoert_til: "31.02.2026".into(),
            sag: "6101011234".into(),
            konto: "k".repeat(201),
            sortiment: "a b c d e f g h i".into(),
            ..ListQuery::default()
        };
        let (_, faults) = query.filter();
        let fields: Vec<_> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            [
                "kommune",
                "fagsystem",
                "tilstand",
                "fra",
                "til",
                "bogfoert_fra",
                "bogfoert_til",
                "beloeb_fra",
                "beloeb_til",
                "fejlkode",
                "sag",
                "konto",
                "sortiment",
                "q"
            ]
        );
    }

    #[test]
    fn limits_the_wrong_way_round_are_named() {
        let query = ListQuery {
            fra: "2026-11-02".into(),
            til: "2026-11-01".into(),
            beloeb_fra: "2".into(),
            beloeb_til: "1".into(),
            bogfoert_fra: "2026-11-02".into(),
            bogfoert_til: "2026-11-01".into(),
            ..ListQuery::default()
        };
        let (_, faults) = query.filter();
        assert_eq!(faults.len(), 3);
    }

    #[test]
    fn pages_lead_forth_and_back_the_same_way() {
        let mut addresses = vec!["/bilag?q=a+b%26%C3%A6".replace('+', "%20")];
        let mut query = ListQuery {
            q: "a b&æ".into(),
            ..ListQuery::default()
        };
        for number in 0..5 {
            let next = query.next_href(cursor(number));
            if !query.efter.is_empty() {
                query.spor = format!("{},{}", query.spor, query.efter);
            }
            query.efter = cursor(number).to_string();
            assert_eq!(query.previous_href().as_ref(), addresses.last());
            assert_eq!(query.page_number(), usize::from(number) + 2);
            query.spor = query.spor.trim_start_matches(',').to_owned();
            addresses.push(next);
        }
    }

    #[test]
    fn the_trail_is_bounded() {
        let query = ListQuery {
            efter: cursor(1).to_string(),
            spor: vec![cursor(1).to_string(); 100].join(","),
            ..ListQuery::default()
        };
        assert_eq!(
            query.next_href(cursor(2)).matches(',').count(),
            TRAIL_MAX - 1
        );
    }

    #[test]
    fn a_cursor_reads_back_and_nonsense_does_not() {
        let read = |efter: &str| {
            let query = ListQuery {
                efter: efter.into(),
                ..ListQuery::default()
            };
            query.cursor()
        };
        assert_eq!(read(&cursor(7).to_string()), Ok(Some(cursor(7))));
        assert_eq!(read(""), Ok(None));
        for text in ["~", "bil_", "bil_00", "msg_0"] {
            assert_eq!(read(text), Err(()));
        }
    }

    #[test]
    fn a_figure_links_to_its_list() {
        assert_eq!(
            list_href(Some(Kommunekode(101)), None, "afvist", date(2026, 11, 23)),
            "/bilag?kommune=101&tilstand=afvist&fra=2026-11-23&til=2026-11-23"
        );
    }
}
