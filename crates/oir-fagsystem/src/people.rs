//! Invented persons and firms. Nothing in here can be a real one: see the crate's page.

use jiff::civil::Date;
use oir_domain::finans::{Part, PartNummer, PartRolle};
use oir_domain::party::{Cpr, Cvr};

use crate::rng::Rng;

/// The mark on everything invented: the first word of each message's `KorrelationsID` and
/// of each `Sagsnummer`.
pub const INVENTED: &str = "OPDIGTET";

/// CVR numbers whose check digit fails, seen in public test messages; the first is
/// KOMBIT's own test authority's.
pub(crate) const CVR_WITHOUT_CHECK: [&str; 2] = ["11111111", "12345678"];

/// An invented citizen of working age: an erstatningspersonnummer.
pub(crate) fn citizen(rng: &mut Rng, today: Date) -> Option<Cpr> {
    let born = i64::from(today.year()).saturating_sub(rng.between(19, 66));
    let (day, month) = (rng.between(61, 88), rng.between(1, 12));
    // The seventh digit says the century: 0-3 the twentieth, 4 with a low year the next.
    let century = if born < 2000 { rng.between(0, 3) } else { 4 };
    let serial = rng.below(1_000);
    let year = born.rem_euclid(100);
    format!("{day:02}{month:02}{year:02}{century}{serial:03}")
        .parse()
        .ok()
}

/// A number that looks like an invented citizen's but holds no date: there is no month 13.
pub(crate) fn nobody(rng: &mut Rng) -> Option<Cpr> {
    let (day, serial) = (rng.between(61, 88), rng.below(10_000));
    format!("{day:02}1370{serial:04}").parse().ok()
}

/// An invented firm: a number with the right check digit, from below those in use.
pub(crate) fn firm(rng: &mut Rng) -> Option<Cvr> {
    // One base in eleven has no digit that fits; a hundred in a row do not happen.
    (0..100).find_map(|_| {
        let base = rng.below(100_000);
        let holds = |digit| {
            let cvr: Cvr = format!("00{base:05}{digit}").parse().ok()?;
            cvr.check_digit_holds().then_some(cvr)
        };
        (0..10).find_map(holds)
    })
}

/// The citizen as a party.
pub(crate) fn as_part(cpr: Option<Cpr>, rolle: PartRolle) -> Option<Part> {
    let nummer = PartNummer::Cpr(cpr?);
    Some(Part { nummer, rolle })
}

/// The firm as a party that gets money.
pub(crate) fn firm_part(cvr: Option<Cvr>) -> Option<Part> {
    let nummer = PartNummer::Cvr(cvr?);
    let rolle = PartRolle::Udbetalingsmodtager;
    Some(Part { nummer, rolle })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::{CVR_WITHOUT_CHECK, citizen, firm, nobody};
    use crate::rng::Rng;
    use jiff::civil::date;
    use oir_domain::party::Cvr;

    #[test]
    fn nobody_is_real_and_every_citizen_has_a_date() {
        let mut rng = Rng::new(11);
        for year in [2001, 2026, 2098] {
            for _ in 0..500 {
                let cpr = citizen(&mut rng, date(year, 11, 18)).unwrap();
                assert!(cpr.has_a_date(), "{}", cpr.unmasked());
                let day: u8 = cpr.unmasked().get(..2).unwrap().parse().unwrap();
                assert!(
                    day > 60,
                    "an erstatningspersonnummer has 60 added to its day"
                );
                assert!(!nobody(&mut rng).unwrap().has_a_date());
            }
        }
    }

    #[test]
    fn firms_pass_the_check_digit_and_lie_outside_the_numbers_in_use() {
        let mut rng = Rng::new(12);
        for _ in 0..500 {
            let cvr = firm(&mut rng).unwrap();
            assert!(cvr.check_digit_holds() && cvr.to_string().starts_with("00"));
        }
        for text in CVR_WITHOUT_CHECK {
            assert!(!text.parse::<Cvr>().unwrap().check_digit_holds());
        }
    }
}
