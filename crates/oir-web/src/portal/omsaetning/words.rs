//! Rules in words: what a bookkeeper would say to a colleague.

use jiff::civil::Date;
use oir_domain::klassifikation::sortiment::FIRST_DAY;
use oir_domain::omsaetning::check::{COMMENT_MAX, VALUE_MAX, VALUES_MAX, Wrong};
use oir_domain::omsaetning::{Rule, Share, Stage, Target, Version};

use oir_wire::danish::omsaetning::{condition, joined};
pub(super) use oir_wire::danish::omsaetning::{kind, misfit, side};

use crate::danish_format::{day, day_short, whole};
use crate::portal::view::Badge;

/// `a, b og c`.
pub(in crate::portal) fn all_of<T: AsRef<str>>(parts: &[T]) -> String {
    joined(parts, "og")
}

/// When a rule is for a posting: `Når ydelsesart er 013 og posteringen er i debet`.
pub(super) fn when(rule: &Rule) -> String {
    let mut parts: Vec<String> = rule.conditions.iter().map(condition).collect();
    if let Some(side) = rule.side {
        parts.push(format!("posteringen er i {}", self::side(side)));
    }
    if let Some((first, last)) = rule.regnskabsaar {
        parts.push(if first == last {
            format!("regnskabsåret er {}", first.0)
        } else {
            format!("regnskabsåret er {} til {}", first.0, last.0)
        });
    }
    if let Some(kind) = rule.posteringstype {
        parts.push(format!("posteringen er {}", self::kind(kind)));
    }
    if parts.is_empty() {
        return "Når ingen anden regel passer".to_owned();
    }
    format!("Når {}", all_of(&parts))
}

/// Where it goes: `5577111{sted}01352`, or each account with its share.
pub(super) fn goes(rule: &Rule) -> String {
    match rule.targets.as_slice() {
        [] => "ingen konto".to_owned(),
        [one] => format!("konto {}", one.konto),
        several => {
            let part =
                |target: &Target| format!("{} til konto {}", percent(target.share), target.konto);
            all_of(&several.iter().map(part).collect::<Vec<_>>())
        }
    }
}

/// The whole rule as one sentence.
pub(super) fn sentence(rule: &Rule) -> String {
    format!("{}, så {}", when(rule), goes(rule))
}

/// `33,33 %`.
pub(super) fn percent(share: Share) -> String {
    format!("{} %", share_text(share))
}

/// `33,33`, as the form has it.
pub(super) fn share_text(share: Share) -> String {
    let hundredths = share.hundredths();
    let (whole, part) = (hundredths / 100, hundredths % 100);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole},{part:02}");
    text.trim_end_matches('0').to_owned()
}

/// On which days a rule holds.
pub(super) fn holds(rule: &Rule) -> String {
    match (rule.validity.from, rule.validity.to) {
        (from, None) if from <= FIRST_DAY => "Altid".to_owned(),
        (from, Some(to)) if from <= FIRST_DAY => format!("Til og med {}", day_short(to)),
        (from, None) => format!("Fra {}", day_short(from)),
        (from, Some(to)) => format!("{} – {}", day_short(from), day_short(to)),
    }
}

/// What a version is called.
pub(super) fn version(version: &Version) -> String {
    match (version.number, version.stage) {
        (0, _) => "Udgave 0, som kom med registret".to_owned(),
        (number, Stage::Draft) => format!("Udgave {number}, kladde"),
        (number, _) => format!("Udgave {number}"),
    }
}

/// How far a version is, `current` being the number of the one in force.
pub(super) fn stage(version: &Version, current: Option<u32>, today: Date) -> Badge {
    let (text, weight) = match version.stage {
        Stage::Draft if is_ready(version) => ("Klar til godkendelse", "warning"),
        Stage::Draft if is_simulated(version) => ("Kladde, simuleret", "info"),
        Stage::Draft => ("Kladde", "info"),
        Stage::Discarded => ("Opgivet", "info"),
        Stage::Approved if current == Some(version.number) => ("Gælder nu", "success"),
        Stage::Approved if version.in_force_from.is_some_and(|from| from > today) => {
            ("Gælder senere", "info")
        }
        Stage::Approved => ("Tidligere", "info"),
    };
    Badge { text, weight }
}

/// Whether a draft was simulated as it stands.
pub(super) fn is_simulated(version: &Version) -> bool {
    let simulated = version.simulated.as_ref();
    simulated.is_some_and(|simulated| simulated.edition == version.edition)
}

/// Whether a draft waits for another person's approval.
pub(super) fn is_ready(version: &Version) -> bool {
    is_simulated(version) && version.in_force_from.is_some()
}

pub(super) fn from_day(version: &Version) -> String {
    match version.in_force_from {
        Some(from) if from > FIRST_DAY => day(from),
        Some(_) => "Altid".to_owned(),
        None if version.number == 0 => "Altid".to_owned(),
        None => "Ikke angivet".to_owned(),
    }
}

pub(super) fn rules(count: u64) -> String {
    match count {
        0 => "Ingen regler".to_owned(),
        1 => "1 regel".to_owned(),
        many => format!("{} regler", whole(many)),
    }
}

/// What is wrong with a rule, and what to do.
pub(super) fn wrong(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Number => "Reglens nummer er brugt. Prøv igen".to_owned(),
        Wrong::DaysBackwards => "Sidste dag ligger før første dag. Byt dem om".to_owned(),
        Wrong::YearsBackwards => "Sidste regnskabsår ligger før det første. Byt dem om".to_owned(),
        Wrong::Facet(facet) => {
            format!("Der er to betingelser for {facet}. Saml dem i én")
        }
        Wrong::Value(facet) => format!(
            "Skriv mindst én værdi for {facet}, højst {VALUES_MAX}, og hver på højst {VALUE_MAX} tegn"
        ),
        Wrong::ValueTwice(facet) => {
            format!("En værdi for {facet} står der to gange. Fjern den ene")
        }
        Wrong::RangeLengths(facet) => {
            format!("Begge ender af intervallet for {facet} skal have lige mange tegn, fx 01 og 20")
        }
        Wrong::RangeBackwards(facet) => {
            format!("Intervallet for {facet} slutter, før det begynder. Byt enderne om")
        }
        Wrong::NoTarget => "Skriv den konto, der skal bogføres på".to_owned(),
        Wrong::Shares(sum) => format!(
            "Andelene giver {},{:02} % i alt. De skal give 100 %",
            sum / 100,
            sum % 100
        ),
        Wrong::Comment => format!("Forkort bemærkningen til højst {COMMENT_MAX} tegn"),
        Wrong::Tie(other) => format!(
            "Reglen er lige så præcis som regel {other}, og en postering kan passe på dem begge"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{goes, holds, sentence, share_text, when};
    use jiff::civil::date;
    use oir_domain::calendar::{Regnskabsaar, Validity};
    use oir_domain::finans::Posteringstype;
    use oir_domain::money::Side;
    use oir_domain::omsaetning::{Condition, Rule, Share, Target, Template};

    fn rule(conditions: Vec<(&str, Condition)>, kontos: &[(u16, &str)]) -> Rule {
        let target = |(share, konto): &(u16, &str)| Target {
            share: Share::new(*share).unwrap(),
            konto: Template::parse(konto).unwrap(),
        };
        Rule {
            number: 1,
            conditions: conditions.into_iter().map(|(f, c)| (f.into(), c)).collect(),
            side: None,
            regnskabsaar: None,
            posteringstype: None,
            validity: Validity {
                from: super::FIRST_DAY,
                to: None,
            },
            targets: kontos.iter().map(target).collect(),
            comment: "".into(),
        }
    }

    #[test]
    fn a_rule_reads_as_a_sentence() {
        let list = ["20", "30", "40"].map(Into::into).to_vec();
        let conditions = vec![
            ("ydelsesart", Condition::Is("013".into())),
            ("refusion", Condition::OneOf(list)),
            ("kle", Condition::Prefix("32.18".into())),
        ];
        let mut one = rule(conditions, &[(6_000, "55{sted}"), (4_000, "77")]);
        assert_eq!(
            sentence(&one),
            "Når ydelsesart er 013, refusion er 20, 30 eller 40 og kle begynder med 32.18, \
             så 60 % til konto 55{sted} og 40 % til konto 77"
        );
        one.conditions = vec![("art".into(), Condition::Range("10".into(), "20".into()))];
        one.side = Some(Side::Credit);
        one.regnskabsaar = Some((Regnskabsaar(2026), Regnskabsaar(2027)));
        one.posteringstype = Some(Posteringstype::Supplement);
        assert_eq!(
            when(&one),
            "Når art er fra 10 til 20, posteringen er i kredit, regnskabsåret er 2026 til 2027 \
             og posteringen er i supplementsperioden"
        );
        let all = rule(Vec::new(), &[(10_000, "551")]);
        assert_eq!(when(&all), "Når ingen anden regel passer");
        assert_eq!(goes(&all), "konto 551");
        assert_eq!(holds(&all), "Altid");
        let many: Vec<Box<str>> = (0..9).map(|n: u8| n.to_string().into()).collect();
        let many = rule(vec![("art", Condition::OneOf(many))], &[(10_000, "1")]);
        assert_eq!(
            when(&many),
            "Når art er 0, 1, 2, 3, 4, 5 eller 3 andre værdier"
        );
    }

    #[test]
    fn days_and_shares_are_short() {
        let mut one = rule(Vec::new(), &[(10_000, "1")]);
        one.validity.to = Some(date(2026, 12, 31));
        assert_eq!(holds(&one), "Til og med 31.12.2026");
        let share = |hundredths| share_text(Share::new(hundredths).unwrap());
        assert_eq!(share(10_000), "100");
        assert_eq!(share(3_333), "33,33");
        assert_eq!(share(5_050), "50,5");
        assert_eq!(share(5), "0,05");
    }
}
