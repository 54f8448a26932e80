//! The form of one rule, as it is filled in and as it is read: what is wrong stands at its field.

use oir_domain::calendar::{Regnskabsaar, Validity};
use oir_domain::finans::Posteringstype;
use oir_domain::money::Side;
use oir_domain::omsaetning::check::Wrong;
use oir_domain::omsaetning::{Rule, Share, Target, Template};
use oir_wire::danish::omsaetning::template;
use oir_wire::omsaetning_sheet::{read_condition, written_condition};

use super::words;
use crate::danish_format::{day_short, read_day};
use crate::portal::view::Choice;

/// Most rows of conditions or accounts that a form shows.
const ROWS_MAX: usize = 40;

/// What is wrong with a field, by the field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) field: String,
    pub(super) text: String,
}

/// Fields as a browser sends them; also as an address carries them into an empty form.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.trim())
    }

    pub(super) fn number(&self, name: &str) -> u32 {
        self.get(name).parse().unwrap_or(0)
    }
}

/// A rule as the form has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleForm {
    /// 0 = a new rule.
    pub(super) number: u32,
    /// Facet and cell.
    pub(super) conditions: Vec<(String, String)>,
    pub(super) side: String,
    pub(super) aar: String,
    pub(super) kind: String,
    pub(super) fra: String,
    pub(super) til: String,
    /// Account and share.
    pub(super) targets: Vec<(String, String)>,
    pub(super) comment: String,
}

impl RuleForm {
    pub(super) fn of_fields(fields: &Fields) -> Self {
        let rows = |first: &str, second: &str| -> Vec<(String, String)> {
            let row = |at: usize| {
                let value = |name: &str| fields.get(&format!("{name}{at}")).to_owned();
                (value(first), value(second))
            };
            let filled = |(one, two): &(String, String)| !one.is_empty() || !two.is_empty();
            (0..ROWS_MAX).map(row).filter(filled).collect()
        };
        Self {
            number: fields.number("nummer"),
            conditions: rows("f", "b"),
            side: fields.get("side").to_owned(),
            aar: fields.get("aar").to_owned(),
            kind: fields.get("type").to_owned(),
            fra: fields.get("fra").to_owned(),
            til: fields.get("til").to_owned(),
            targets: rows("k", "a"),
            comment: fields.get("bem").to_owned(),
        }
    }

    pub(super) fn of_rule(rule: &Rule) -> Self {
        let day = day_short;
        let aar = rule.regnskabsaar.map(|(first, last)| {
            if first == last {
                first.0.to_string()
            } else {
                format!("{}-{}", first.0, last.0)
            }
        });
        let alone = rule.targets.len() == 1;
        let target = |target: &Target| {
            let share = if alone {
                String::new()
            } else {
                words::share_text(target.share)
            };
            (target.konto.to_string(), share)
        };
        let condition =
            |(facet, condition): &(Box<str>, _)| (facet.to_string(), written_condition(condition));
        Self {
            number: rule.number,
            conditions: rule.conditions.iter().map(condition).collect(),
            side: rule.side.map_or("", words::side).to_owned(),
            aar: aar.unwrap_or_default(),
            kind: rule
                .posteringstype
                .map_or("", Posteringstype::code)
                .to_owned(),
            fra: day(rule.validity.from),
            til: rule.validity.to.map_or_else(String::new, day),
            targets: rule.targets.iter().map(target).collect(),
            comment: rule.comment.to_string(),
        }
    }

    /// Conditions in the order of the facets of the table, empty where there is none, and `more`
    /// rows for facets that the table does not know.
    pub(super) fn laid_out(&mut self, facets: &[String], more: usize) {
        let mut rest = std::mem::take(&mut self.conditions);
        for facet in facets {
            let found = rest.iter().position(|(known, _)| known == facet);
            let row = found.map(|at| rest.remove(at));
            self.conditions
                .push(row.unwrap_or_else(|| (facet.clone(), String::new())));
        }
        self.conditions.extend(rest);
        let empty = || (String::new(), String::new());
        self.conditions.extend((0..more).map(|_| empty()));
        self.targets.extend((0..more).map(|_| empty()));
        if self.targets.is_empty() {
            self.targets.push(empty());
        }
    }

    /// The rule, or everything that is wrong with the form.
    pub(super) fn read(&self, number: u32) -> Result<Rule, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut conditions = Vec::new();
        for (at, (facet, text)) in self.conditions.iter().enumerate() {
            match read_condition(text) {
                Ok(Some(condition)) if facet.is_empty() => {
                    let _ = condition;
                    faults.add(&format!("f{at}"), "Skriv, hvilken slags værdi det er");
                }
                Ok(Some(condition)) => conditions.push((facet.as_str().into(), condition)),
                Ok(None) => {}
                Err(fault) => faults.add(&format!("b{at}"), &format!("Kan ikke læses: {fault}")),
            }
        }
        conditions.sort_by(|(one, _): &(Box<str>, _), (other, _)| one.cmp(other));
        let rule = Rule {
            number,
            conditions,
            side: self.read_side(&mut faults),
            regnskabsaar: self.read_years(&mut faults),
            posteringstype: self.read_kind(&mut faults),
            validity: self.read_days(&mut faults),
            targets: self.read_targets(&mut faults),
            comment: self.comment.as_str().into(),
        };
        if crate::masking::mask_text(&self.comment) != self.comment {
            faults.add("bem", "Skriv bemærkningen uden personnummer");
        }
        if !faults.0.is_empty() {
            return Err(faults.0);
        }
        let wrong = oir_domain::omsaetning::check::rule_faults(&rule);
        for fault in &wrong {
            faults.add(&self.field_of(fault), &words::wrong(fault));
        }
        if faults.0.is_empty() {
            Ok(rule)
        } else {
            Err(faults.0)
        }
    }

    /// The field where a fault of a rule stands.
    pub(super) fn field_of(&self, wrong: &Wrong) -> String {
        let of_facet = |facet: &str| {
            let at = self
                .conditions
                .iter()
                .rposition(|(known, _)| known == facet);
            format!("b{}", at.unwrap_or(0))
        };
        match wrong {
            Wrong::Facet(facet)
            | Wrong::Value(facet)
            | Wrong::ValueTwice(facet)
            | Wrong::RangeLengths(facet)
            | Wrong::RangeBackwards(facet) => of_facet(facet),
            Wrong::DaysBackwards => "til".to_owned(),
            Wrong::YearsBackwards => "aar".to_owned(),
            Wrong::NoTarget => "k0".to_owned(),
            Wrong::Shares(_) => "a0".to_owned(),
            Wrong::Comment => "bem".to_owned(),
            Wrong::Number | Wrong::Tie(_) => "b0".to_owned(),
        }
    }

    fn read_side(&self, faults: &mut Faults) -> Option<Side> {
        match self.side.as_str() {
            "" => None,
            "debet" => Some(Side::Debit),
            "kredit" => Some(Side::Credit),
            _ => {
                faults.add("side", "Vælg debet, kredit eller begge");
                None
            }
        }
    }

    fn read_years(&self, faults: &mut Faults) -> Option<(Regnskabsaar, Regnskabsaar)> {
        let year = |text: &str| {
            let digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
            digits
                .then(|| text.parse().ok().map(Regnskabsaar))
                .flatten()
        };
        let text = self.aar.replace('–', "-");
        if text.is_empty() {
            return None;
        }
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let read = year(first.trim()).zip(year(last.trim()));
        if read.is_none() {
            faults.add("aar", "Skriv året som 2026, eller flere år som 2026-2027");
        }
        read
    }

    fn read_kind(&self, faults: &mut Faults) -> Option<Posteringstype> {
        if self.kind.is_empty() {
            return None;
        }
        let kind = Posteringstype::from_code(&self.kind);
        if kind.is_none() {
            faults.add("type", "Vælg en posteringstype på listen");
        }
        kind
    }

    fn read_days(&self, faults: &mut Faults) -> Validity {
        let from = read_day(&self.fra);
        if from.is_none() {
            faults.add("fra", "Skriv første dag som 01.01.2026");
        }
        let to = read_day(&self.til);
        if to.is_none() && !self.til.is_empty() {
            faults.add(
                "til",
                "Skriv sidste dag som 31.12.2026, eller lad feltet stå tomt",
            );
        }
        Validity {
            from: from.unwrap_or_default(),
            to,
        }
    }

    fn read_targets(&self, faults: &mut Faults) -> Vec<Target> {
        let alone = self.targets.len() == 1;
        let mut targets = Vec::with_capacity(self.targets.len());
        for (at, (konto, share)) in self.targets.iter().enumerate() {
            let share = match read_share(share) {
                Some(share) => Some(share),
                None if alone && share.is_empty() => Some(Share::WHOLE),
                None => {
                    faults.add(
                        &format!("a{at}"),
                        "Skriv andelen i procent, fx 60 eller 33,33",
                    );
                    None
                }
            };
            match Template::parse(konto) {
                Ok(konto) => targets.extend(share.map(|share| Target { share, konto })),
                Err(fault) => faults.add(&format!("k{at}"), template(fault).1),
            }
        }
        targets
    }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, field: &str, text: &str) {
        self.0.push(Fault {
            field: field.to_owned(),
            text: text.to_owned(),
        });
    }
}

/// `60`, `33,33` or `33,33 %`.
fn read_share(text: &str) -> Option<Share> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let (whole, part) = text.split_once([',', '.']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    Share::new(whole.checked_mul(100)?.checked_add(part)?)
}

/// The kinds of posting as choices.
pub(super) fn kinds(chosen: &str) -> Vec<Choice> {
    let all = [
        Posteringstype::Normal,
        Posteringstype::Supplement,
        Posteringstype::Primo,
    ];
    let choice = |kind: Posteringstype| {
        let label = crate::portal::words::posteringstype(kind).to_owned();
        Choice::new(kind.code().to_owned(), label, chosen)
    };
    all.into_iter().map(choice).collect()
}

/// The sides as choices.
pub(super) fn sides(chosen: &str) -> Vec<Choice> {
    let choice = |(value, label): (&str, &str)| Choice::new(value.into(), label.into(), chosen);
    [("debet", "Debet"), ("kredit", "Kredit")]
        .map(choice)
        .into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{Fields, RuleForm, read_share};

    fn fields(pairs: &[(&str, &str)]) -> RuleForm {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        RuleForm::of_fields(&Fields(pairs.collect()))
    }

    #[test]
    fn a_rule_that_is_shown_and_read_again_is_the_same() {
        let form = fields(&[
            ("f0", "ydelsesart"),
            ("b0", "013"),
            ("f1", "refusion"),
            ("b1", ""),
            ("side", "kredit"),
            ("aar", "2026-2027"),
            ("type", "SUP"),
            ("fra", "01.01.2026"),
            ("til", "31.12.2027"),
            ("k0", "55{sted}"),
            ("a0", "60"),
            ("k1", "77"),
            ("a1", "40 %"),
            ("bem", "Aftalt med fagområdet"),
        ]);
        let rule = form.read(7).unwrap();
        assert_eq!(rule.conditions.len(), 1, "an empty cell is no condition");
        assert_eq!(RuleForm::of_rule(&rule).read(7).unwrap(), rule);
    }

    #[test]
    fn everything_that_is_wrong_stands_at_its_field() {
        let wrong = fields(&[
            ("b0", "013"),
            ("side", "op"),
            ("aar", "26"),
            ("type", "X"),
            ("fra", "i dag"),
            ("til", "x"),
            ("k0", "55{"),
            ("a0", "0"),
            ("k1", ""),
            ("a1", "40"),
            ("bem", "om 610190-1234"),
        ]);
        let faults = wrong.read(1).unwrap_err();
        let at: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        let all = [
            "f0", "side", "aar", "type", "fra", "til", "a0", "k0", "k1", "bem",
        ];
        assert_eq!(at, all);
    }

    #[test]
    fn shares_are_percents_with_two_decimals() {
        let read = |text| read_share(text).map(oir_domain::omsaetning::Share::hundredths);
        assert_eq!(read("100"), Some(10_000));
        assert_eq!(read("33,3 %"), Some(3_330));
        assert_eq!(read("0,05"), Some(5));
        for wrong in ["", "0", "100,01", "33,333", "-5", "fem", "9999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
