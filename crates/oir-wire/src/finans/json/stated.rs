//! A sender's control total of a day, as JSON: read strictly, every fault at once.

use std::collections::BTreeSet;

use jiff::civil::Date;
use oir_domain::day::Listed;
use oir_domain::fault::{Fault, FaultCode, Place, keep};
use oir_domain::ids::{BilagUuid, FagsystemId};
use oir_domain::money::Oere;
use oir_domain::party::Cvr;
use oir_domain::reconcile::Statement;

use super::tree::{self, Node};
use crate::finans::read::forms;

/// What a fagsystem says that it sent to an authority on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedTotal {
    /// `Myndighed`.
    pub myndighed: Cvr,
    /// `AfsenderSystem`.
    pub afsender_system: FagsystemId,
    /// `Dag`, the Copenhagen day of the sending.
    pub dag: Date,
    /// `AntalBilag`, `DebetBeloeb`, `KreditBeloeb`.
    pub total: Statement,
    /// `Bilag`, when they are listed one by one.
    pub lines: Option<Vec<Listed>>,
}

const NAMES: [&str; 7] = [
    "Myndighed",
    "AfsenderSystem",
    "Dag",
    "AntalBilag",
    "DebetBeloeb",
    "KreditBeloeb",
    "Bilag",
];

/// Reads it.
///
/// # Errors
/// Every fault found, at least one.
pub fn stated_total(body: &[u8]) -> Result<StatedTotal, Vec<Fault>> {
    let node = tree::read(body).map_err(|refused| vec![super::no_tree(&refused)])?;
    let mut faults = Vec::new();
    let mut object = Members::of(&node, "", &NAMES, &mut faults);
    let uuid = "et UUID";
    let myndighed = object.text("Myndighed", "otte cifre", |text| text.parse().ok());
    let sender = object.text("AfsenderSystem", uuid, |text| {
        forms::uuid(text).map(FagsystemId::from_uuid)
    });
    let dag = object.text("Dag", "en dato, fx 2026-11-23", |text| {
        text.parse()
            .ok()
            .filter(|dag: &Date| dag.to_string() == text)
    });
    let antal = object.whole("AntalBilag", 999_999_999);
    let debet = object.whole("DebetBeloeb", 999_999_999_999_999_999);
    let kredit = object.whole("KreditBeloeb", 999_999_999_999_999_999);
    let list = object.found("Bilag");
    let lines = list.map(|node| lines(node, &mut faults));
    match (myndighed, sender, dag, antal, debet, kredit) {
        (Some(myndighed), Some(sender), Some(dag), Some(antal), Some(debet), Some(kredit))
            if faults.is_empty() =>
        {
            Ok(StatedTotal {
                myndighed,
                afsender_system: sender,
                dag,
                total: Statement {
                    antal: u64::try_from(antal).unwrap_or(0),
                    debet: Oere::new(debet),
                    kredit: Oere::new(kredit),
                },
                lines,
            })
        }
        _ => Err(faults),
    }
}

fn lines(node: &Node, faults: &mut Vec<Fault>) -> Vec<Listed> {
    let Node::List(items) = node else {
        let place = Place::message("Bilag");
        keep(
            faults,
            Fault::new(FaultCode::WrongForm, place, &[&"en liste"]),
        );
        return Vec::new();
    };
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    for (item, number) in items.iter().zip(1_usize..) {
        let at = format!("Bilag[{number}]/");
        let mut object = Members::of(item, &at, &["BilagUUID", "DebetBeloeb"], faults);
        let bilag = object.text("BilagUUID", "et UUID", |text| {
            forms::uuid(text).map(BilagUuid::from_uuid)
        });
        let debet = object.whole("DebetBeloeb", 999_999_999_999_999_999);
        if let (Some(bilag), Some(debet)) = (bilag, debet) {
            if !seen.insert(bilag) {
                let place = Place::message(&format!("{at}BilagUUID"));
                keep(faults, Fault::new(FaultCode::BilagTwice, place, &[&bilag]));
            }
            let debet = Oere::new(debet);
            lines.push(Listed { bilag, debet });
        }
    }
    lines
}

/// The members of an object, and the faults found among them.
struct Members<'a, 'f> {
    members: &'a [(String, Node)],
    at: &'a str,
    /// Nothing was there to look in: what is missing has been said already.
    none: bool,
    faults: &'f mut Vec<Fault>,
}

impl<'a, 'f> Members<'a, 'f> {
    fn of(node: &'a Node, at: &'a str, names: &[&str], faults: &'f mut Vec<Fault>) -> Self {
        let Node::Object(members) = node else {
            let place = Place::message(at.trim_end_matches('/'));
            keep(
                faults,
                Fault::new(FaultCode::WrongForm, place, &[&"et objekt"]),
            );
            return Self {
                members: &[],
                at,
                none: true,
                faults,
            };
        };
        let mut seen = BTreeSet::new();
        for (name, _) in members {
            let shown: String = name.chars().take(80).collect();
            let expected = if !names.contains(&name.as_str()) {
                "et navn fra kontrakten"
            } else if !seen.insert(name) {
                "samme navn én gang"
            } else {
                continue;
            };
            let place = Place::message(&format!("{at}{shown}"));
            let fault = Fault::foreign(FaultCode::UnexpectedElement, place, &[&shown, &expected]);
            keep(faults, fault);
        }
        Self {
            members,
            at,
            none: false,
            faults,
        }
    }

    fn found(&self, name: &str) -> Option<&'a Node> {
        let mut found = self.members.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, node)| node)
    }

    fn needed(&mut self, name: &str) -> Option<&'a Node> {
        let found = self.found(name);
        if found.is_none() && !self.none {
            self.fault(FaultCode::MissingElement, name, name);
        }
        found
    }

    fn fault(&mut self, code: FaultCode, name: &str, value: &str) {
        let place = Place::message(&format!("{}{name}", self.at));
        keep(self.faults, Fault::new(code, place, &[&value]));
    }

    fn text<T>(&mut self, name: &str, form: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = match self.needed(name)? {
            Node::Text(text) => read(text),
            _ => None,
        };
        if value.is_none() {
            self.fault(FaultCode::WrongForm, name, form);
        }
        value
    }

    fn whole(&mut self, name: &str, most: i64) -> Option<i64> {
        let value = match self.needed(name)? {
            Node::Whole(number) if (0..=most).contains(number) => Some(*number),
            _ => None,
        };
        if value.is_none() {
            self.fault(
                FaultCode::WrongForm,
                name,
                &format!("et helt tal fra 0 til {most}"),
            );
        }
        value
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::stated_total;
    use proptest::prelude::{any, proptest};

    const GOOD: &str = r#"{"Myndighed":"64942212",
        "AfsenderSystem":"0198c5f0-0000-7000-8000-00000000000a","Dag":"2026-11-23",
        "AntalBilag":1,"DebetBeloeb":500,"KreditBeloeb":500,
        "Bilag":[{"BilagUUID":"0198c5f0-0000-7000-8000-0000000000b1","DebetBeloeb":500}]}"#;

    #[test]
    fn a_total_is_read_with_and_without_its_list() {
        let read = stated_total(GOOD.as_bytes()).unwrap();
        assert_eq!((read.total.antal, read.lines.unwrap().len()), (1, 1));
        let without = GOOD.replace("\"Bilag\":", "\"X\":");
        let faults = stated_total(without.as_bytes()).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        let short = format!("{}}}", GOOD.split(",\n        \"Bilag\"").next().unwrap());
        assert_eq!(stated_total(short.as_bytes()).unwrap().lines, None);
    }

    #[test]
    fn every_fault_is_said_at_once_with_its_place() {
        let body = r#"{"Myndighed":1,"Dag":"2026-02-30","AntalBilag":-1,"DebetBeloeb":0.5,
            "Bilag":[{"BilagUUID":"x"},7],"Ekstra":null}"#;
        let faults = stated_total(body.as_bytes()).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|f| &*f.place.path).collect();
        for place in [
            "Ekstra",
            "Myndighed",
            "AfsenderSystem",
            "Dag",
            "AntalBilag",
            "DebetBeloeb",
            "KreditBeloeb",
            "Bilag[1]/BilagUUID",
            "Bilag[1]/DebetBeloeb",
            "Bilag[2]",
        ] {
            assert_eq!(
                places.iter().filter(|p| **p == place).count(),
                1,
                "{place}: {places:?}"
            );
        }
        assert_eq!(places.len(), 10);
    }

    proptest! {
        #[test]
        fn reading_never_panics(body in any::<Vec<u8>>()) {
            drop(stated_total(&body));
        }
    }
}
