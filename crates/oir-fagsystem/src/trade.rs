//! The three sending systems and their sortiment: which values they send, and where each
//! belongs in the authorised kontoplan.

mod systems;

use jiff::civil::Date;
use oir_domain::ids::FagsystemId;
use uuid::Uuid;

pub(crate) use systems::{KSD, KY, YR};

/// A value in a system's konteringsfacet and the account it is meant for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value {
    /// The value as sent.
    pub(crate) vaerdi: &'static str,
    /// What a case worker calls it.
    pub(crate) tekst: &'static str,
    /// Function, `N.NN.NN`.
    pub(crate) funktion: &'static str,
    /// Dranst: 1 operation, 2 state refund, 5 balance movements.
    pub(crate) dranst: u8,
    /// Gruppering, three digits.
    pub(crate) gruppering: &'static str,
    /// Main kind and kind, two digits.
    pub(crate) art: &'static str,
}

pub(crate) const fn value(
    vaerdi: &'static str,
    tekst: &'static str,
    account: (&'static str, u8, &'static str, &'static str),
) -> Value {
    let (funktion, dranst, gruppering, art) = account;
    Value {
        vaerdi,
        tekst,
        funktion,
        dranst,
        gruppering,
        art,
    }
}

/// A sending system.
#[derive(Debug)]
pub(crate) struct System {
    id: u128,
    pub(crate) kortnavn: &'static str,
    pub(crate) navn: &'static str,
    /// The facet that decides the account.
    pub(crate) facet: &'static str,
    /// KLE subject of its cases: group 32 is cash benefits; the rest is assumed.
    pub(crate) kle: &'static str,
    /// How much of a day is its, relative to the others.
    pub(crate) weight: u64,
    /// What it pays for.
    pub(crate) costs: [Value; 4],
    /// State refund by share in percent.
    pub(crate) refusion: [(u8, Value); 4],
    /// The state's debt to the municipality.
    pub(crate) receivable: Value,
    /// ATP.
    pub(crate) atp: Value,
    /// Pension.
    pub(crate) pension: Value,
    /// Tax withheld.
    pub(crate) skat: Value,
    /// Money paid out or in.
    pub(crate) bank: Value,
    /// Paid to somebody else on the citizen's behalf.
    pub(crate) third: Value,
    /// Money claimed back.
    pub(crate) recovery: Value,
    /// A municipality's own value; the code of the municipality is put behind it.
    pub(crate) local: Value,
    /// Brand new: in the sortiment, in no omsætningstabel yet.
    pub(crate) new: Value,
    /// Goes to an account that the books have closed.
    pub(crate) closed: Value,
    /// Goes to an account that the books do not have.
    pub(crate) gone: Value,
    /// No longer in force.
    pub(crate) expired: Value,
}

impl System {
    pub(crate) const fn id(&self) -> FagsystemId {
        FagsystemId::from_uuid(Uuid::from_u128(self.id))
    }

    /// The values that have an account, apart from the local one.
    pub(crate) fn mapped(&self) -> impl Iterator<Item = &Value> {
        let refusion = self.refusion.iter().map(|(_, value)| value);
        let single = [
            &self.receivable,
            &self.atp,
            &self.pension,
            &self.skat,
            &self.bank,
            &self.third,
            &self.recovery,
            &self.closed,
            &self.gone,
        ];
        self.costs.iter().chain(refusion).chain(single)
    }

    /// The local value of a municipality.
    pub(crate) fn local_vaerdi(&self, kommune: u16) -> String {
        format!("{}-{kommune:04}", self.local.vaerdi)
    }
}

/// The facet of the municipalities' own cost centres, in every system.
pub(crate) const STED: &str = "sted";

/// Cost centres of a municipality, as values of [`STED`].
pub(crate) fn steder(kommune: u16) -> [String; 3] {
    ["JOBCENTER", "YDELSE", "UNGE"].map(|unit| format!("{kommune:04}-{unit}"))
}

/// Name of a value's account: the function's with what sets it apart.
pub(crate) fn account_name(value: &Value, funktion: &str) -> String {
    let dranst = match value.dranst {
        1 => "drift",
        2 => "statsrefusion",
        _ => "balanceforskydning",
    };
    format!("{funktion}, {dranst}, gruppering {}", value.gruppering)
}

/// The authorised string of 16 digits: function 5, dranst 1, ownership 1 (own), cost centre
/// 4, gruppering 3, kind 2.
pub(crate) fn konto(value: &Value, sted: u16) -> String {
    let funktion: String = value
        .funktion
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let Value {
        dranst,
        gruppering,
        art,
        ..
    } = value;
    format!("{funktion}{dranst}1{sted:04}{gruppering}{art}")
}

/// The cost centre that a value's account carries in a municipality. Balance accounts have
/// none; costs got a new one at the turn of the year, so that tables have dated rows.
pub(crate) fn sted_number(value: &Value, kommune: u16, this_year: bool) -> u16 {
    match (value.dranst, this_year) {
        (5, _) => 0,
        (_, true) => 4_000_u16.saturating_add(kommune % 1_000),
        (_, false) => 3_000_u16.saturating_add(kommune % 1_000),
    }
}

/// The first day of the year `back` years before that day's.
pub(crate) fn new_year(day: Date, back: i16) -> Date {
    Date::new(day.year().saturating_sub(back), 1, 1).unwrap_or(day)
}

/// All three.
pub(crate) const SYSTEMS: [&System; 3] = [&KSD, &KY, &YR];

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{KSD, SYSTEMS, konto, sted_number};
    use crate::reference::funktioner;

    #[test]
    fn every_account_has_sixteen_digits_and_a_real_function() {
        let names = funktioner();
        for value in SYSTEMS
            .iter()
            .flat_map(|s| s.mapped().chain([&s.local, &s.new]))
        {
            let konto = konto(value, sted_number(value, 791, true));
            assert_eq!(konto.len(), 16, "{konto}");
            assert!(konto.bytes().all(|b| b.is_ascii_digit()), "{konto}");
            assert!(names.contains_key(value.funktion), "{}", value.funktion);
        }
        let first = KSD.costs.first().unwrap();
        assert_eq!(konto(first, 4_791), "5577111479101352");
    }
}
