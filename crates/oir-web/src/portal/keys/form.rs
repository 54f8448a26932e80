//! The forms of keys: what was filled in, and what it comes to.

use jiff::{SignedDuration, Timestamp};
use oir_domain::ids::KeyId;
use oir_domain::machine_key::{Holder, LIFE_MAX, NAVN_MAX, Right, Terms, TermsFault};
use oir_domain::party::Kommunekode;
use oir_domain::register::Register;

use super::super::view::{Choice, FieldFault, fault_of};
use super::right;

/// Longest reason of an end, in characters.
pub(super) const REASON_MAX: usize = 200;
/// Lives to choose from: months, and words. The longest is what [`LIFE_MAX`] allows.
const LIVES: [(&str, i64, &str); 4] = [
    ("1", 31, "1 måned"),
    ("3", 92, "3 måneder"),
    ("6", 184, "6 måneder"),
    ("12", 365, "12 måneder"),
];
/// How long both keys open: hours, and words.
const OVERLAPS: [(&str, i64, &str); 4] = [
    ("0", 0, "Med det samme"),
    ("1", 24, "Om 1 dag"),
    ("7", 24 * 7, "Om 7 dage"),
    ("30", 24 * 30, "Om 30 dage"),
];

/// The value of a name; empty when it does not stand in the form.
pub(super) fn one<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    let found = pairs.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value)
}

fn all(pairs: &[(String, String)], name: &str) -> Vec<String> {
    let named = pairs.iter().filter(|(key, _)| key == name);
    named.map(|(_, value)| value.clone()).collect()
}

fn choices(of: &[(&str, i64, &str)], chosen: &str) -> Vec<Choice> {
    let choice = |(value, _, words): &(&str, i64, &str)| {
        Choice::new((*value).to_owned(), (*words).to_owned(), chosen)
    };
    of.iter().map(choice).collect()
}

/// The lives to choose from.
pub(super) fn lives(chosen: &str) -> Vec<Choice> {
    choices(&LIVES, if chosen.is_empty() { "12" } else { chosen })
}

/// The overlaps to choose from.
pub(super) fn overlaps() -> Vec<Choice> {
    choices(&OVERLAPS, "7")
}

fn picked(of: &[(&str, i64, &str)], value: &str) -> Option<i64> {
    let found = of.iter().find(|(known, ..)| *known == value);
    found.map(|(_, amount, _)| *amount)
}

fn life(months: &str) -> Option<SignedDuration> {
    let days = picked(&LIVES, months)?;
    let hours = days.checked_mul(24)?;
    Some(SignedDuration::from_hours(hours).min(LIFE_MAX))
}

/// The form for a new key, as it was filled in.
#[derive(Debug, Default)]
pub(super) struct KeyForm {
    pub(super) navn: String,
    pub(super) holder: String,
    pub(super) kommuner: Vec<String>,
    pub(super) rights: Vec<String>,
    pub(super) months: String,
    pub(super) faults: Vec<FieldFault>,
}

impl KeyForm {
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        Self {
            navn: one(pairs, "navn").trim().to_owned(),
            holder: one(pairs, "system").to_owned(),
            kommuner: all(pairs, "kommune"),
            rights: all(pairs, "ret"),
            months: one(pairs, "varighed").to_owned(),
            faults: Vec::new(),
        }
    }

    /// What is wrong with a field.
    pub(super) fn fault(&self, field: &str) -> Option<&str> {
        fault_of(&self.faults, field)
    }

    fn wrong(&mut self, field: &'static str, text: &str) {
        self.faults.push(FieldFault::new(field, text));
    }

    /// Name and terms; none when something is wrong, which is then said field by field.
    pub(super) fn terms(
        &mut self,
        now: Timestamp,
        register: &Register,
    ) -> Option<(Box<str>, Terms)> {
        let length = self.navn.chars().count();
        if !(1..=NAVN_MAX).contains(&length) || self.navn.chars().any(char::is_control) {
            self.wrong("navn", "Giv nøglen et navn på 1 til 80 tegn");
        }
        let holder = self.holder(register);
        if holder.is_none() {
            self.wrong("system", "Vælg, hvilket system nøglen er til");
        }
        let life = life(&self.months);
        if life.is_none() {
            self.wrong("varighed", "Vælg, hvor længe nøglen gælder");
        }
        let kommuner: Option<Vec<_>> = self.kommuner.iter().map(|k| kommune(k)).collect();
        let rights: Option<Vec<_>> = self.rights.iter().map(|r| Right::from_word(r)).collect();
        let until = now.saturating_add(life.unwrap_or(LIFE_MAX)).unwrap_or(now);
        let terms = Terms::try_new(
            holder.unwrap_or(Holder::Books),
            kommuner.unwrap_or_default(),
            rights.unwrap_or_default(),
            (now, until),
        );
        match terms {
            Ok(terms) if self.faults.is_empty() => Some((self.navn.as_str().into(), terms)),
            Ok(_) => None,
            Err(faults) => {
                for fault in faults {
                    self.about(fault, holder.is_some());
                }
                None
            }
        }
    }

    fn holder(&self, register: &Register) -> Option<Holder> {
        if self.holder == "books" {
            return Some(Holder::Books);
        }
        let id = self.holder.parse().ok()?;
        register
            .fagsystem(id)
            .map(|known| Holder::Fagsystem(known.id))
    }

    fn about(&mut self, fault: TermsFault, has_holder: bool) {
        match fault {
            TermsFault::NoKommune => self.wrong("kommune", "Vælg mindst én kommune"),
            TermsFault::NoRight => self.wrong("ret", "Vælg mindst én ting, nøglen må bruges til"),
            // Without a holder nothing is known of what it can be given.
            TermsFault::RightOfAnother(_) if !has_holder => {}
            TermsFault::RightOfAnother(foreign) => {
                let words = right(foreign).to_lowercase();
                self.wrong("ret", &format!("Det valgte system kan ikke {words}"));
            }
            TermsFault::EndsFirst | TermsFault::TooLong => {
                self.wrong("varighed", "Vælg, hvor længe nøglen gælder");
            }
        }
    }
}

fn kommune(text: &str) -> Option<Kommunekode> {
    text.parse().ok().map(Kommunekode)
}

/// What a renewal asks for.
#[derive(Debug)]
pub(super) struct Renewal {
    pub(super) id: KeyId,
    pub(super) life: SignedDuration,
    pub(super) overlap: SignedDuration,
}

impl Renewal {
    /// Reads the form; none when it is not one of ours.
    pub(super) fn read(pairs: &[(String, String)]) -> Option<Self> {
        Some(Self {
            id: one(pairs, "id").parse().ok()?,
            life: life(one(pairs, "varighed"))?,
            overlap: SignedDuration::from_hours(picked(&OVERLAPS, one(pairs, "overlap"))?),
        })
    }
}
