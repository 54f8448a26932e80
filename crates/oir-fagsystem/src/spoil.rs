//! Makes one thing wrong with a sound bilag: exactly the fault asked for and no other,
//! which the tests prove against the rules themselves.

use jiff::civil::Date;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::fault::FaultCode;
use oir_domain::finans::{
    AMOUNT_MAX, Finansbilag, Finanspostering, POSTINGS_MAX, PartRolle, Posteringstype,
    Sortimentsvaerdi,
};
use oir_domain::ids::BilagUuid;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::Kontering;

use crate::benefits::{Scene, days_before};
use crate::people::{CVR_WITHOUT_CHECK, as_part, firm_part, nobody};
use crate::plan::Expected;
use crate::rng::Rng;
use crate::shares::Kind;
use crate::trade::{STED, System, steder};

/// Turns a sound bilag into one of the kind, and says what must come of it. Kinds that
/// need more than the bilag itself (another message, the wire) leave it as it is.
pub(crate) fn spoil(bilag: &mut Finansbilag, kind: Kind, scene: &Scene, rng: &mut Rng) -> Expected {
    let system = scene.system;
    match kind {
        Kind::Sound | Kind::Correction | Kind::Transport(_) => Expected::Booked(Vec::new()),
        Kind::Message(code) => Expected::Rejected(vec![code]),
        Kind::Warned => {
            let cvr = rng.pick(&CVR_WITHOUT_CHECK).parse().ok();
            with_first(bilag, |line| line.part = firm_part(cvr));
            Expected::Booked(vec![FaultCode::CvrCheckDigit])
        }
        Kind::Held => {
            with_first(bilag, |line| set_value(line, system, system.new.vaerdi));
            Expected::Held
        }
        Kind::AccountClosed => {
            with_first(bilag, |line| set_value(line, system, system.closed.vaerdi));
            Expected::RefusedByBooks
        }
        Kind::AccountGone => {
            with_first(bilag, |line| set_value(line, system, system.gone.vaerdi));
            Expected::RefusedByBooks
        }
        Kind::SeveralFaults => {
            let codes = vec![
                FaultCode::Unbalanced,
                FaultCode::WrongCurrency,
                FaultCode::UnknownValue,
            ];
            for code in &codes {
                fault(bilag, *code, scene, rng);
            }
            Expected::Rejected(codes)
        }
        Kind::Bilag(code) => {
            fault(bilag, code, scene, rng);
            Expected::Rejected(vec![code])
        }
    }
}

fn fault(bilag: &mut Finansbilag, code: FaultCode, scene: &Scene, rng: &mut Rng) {
    match code {
        FaultCode::WrongCurrency => bilag.valuta = rng.pick(&["EUR", "SEK", "NOK"]).into(),
        FaultCode::NoPeriod => {
            // An ordinary bilag of last year, booked this year.
            bilag.posteringstype = Posteringstype::Normal;
            bilag.regnskabsaar = Regnskabsaar(scene.day.year().saturating_sub(1));
        }
        FaultCode::PeriodClosed => {
            let last_month = days_before(scene.day.first_of_month(), rng.between(1, 28));
            bilag.posteringstype = Posteringstype::Normal;
            bilag.regnskabsaar = Regnskabsaar(last_month.year());
            bilag.bogfoeringsdato = last_month;
        }
        FaultCode::CorrectedUnknown => bilag.korrigerer = Some(BilagUuid::from_uuid(rng.uuid())),
        FaultCode::ZeroAmount => {
            add_line(bilag, |line| line.beloeb = Oere::ZERO);
        }
        FaultCode::AmountOverLimit => {
            // One side in one line over the limit, the other in two below it.
            let half = AMOUNT_MAX.get() / 2 + rng.between(1, 1_000_000);
            for (side, oere) in [
                (Side::Debit, half * 2),
                (Side::Credit, half),
                (Side::Credit, half),
            ] {
                add_line(bilag, |line| {
                    line.side = side;
                    line.beloeb = Oere::new(oere);
                });
            }
        }
        FaultCode::TooManyPostings => {
            while bilag.posteringer.len() <= POSTINGS_MAX {
                for side in [Side::Debit, Side::Credit] {
                    add_line(bilag, |line| {
                        line.side = side;
                        line.beloeb = Oere::new(100);
                    });
                }
            }
        }
        FaultCode::DuplicateLine => {
            let number = bilag.posteringer.first().map(|line| line.linjenummer);
            if let (Some(number), Some(line)) = (number, bilag.posteringer.last_mut()) {
                line.linjenummer = number;
            }
        }
        _ => with_first(bilag, |line| line_fault(line, code, scene, rng)),
    }
}

fn line_fault(line: &mut Finanspostering, code: FaultCode, scene: &Scene, rng: &mut Rng) {
    let system = scene.system;
    match code {
        FaultCode::Unbalanced => {
            let wrong = rng.between(1, 9_999);
            line.beloeb = line
                .beloeb
                .checked_add(Oere::new(wrong))
                .unwrap_or(line.beloeb);
        }
        FaultCode::UnknownFacet => line.sortiment.push(Sortimentsvaerdi {
            facet: "bevillingsramme".into(),
            vaerdi: "1".into(),
        }),
        FaultCode::UnknownValue => {
            let unknown = format!("{}-UKENDT-{:02}", system.kortnavn, rng.below(100));
            set_value(line, system, &unknown);
        }
        FaultCode::ValueNotInForce => set_value(line, system, system.expired.vaerdi),
        FaultCode::MissingKonteringsvalue => {
            let [sted, ..] = steder(scene.kommune);
            line.sortiment = vec![Sortimentsvaerdi {
                facet: STED.into(),
                vaerdi: sted.into(),
            }];
        }
        FaultCode::DuplicateFacet => {
            let again = line.sortiment.first().cloned();
            line.sortiment.extend(again);
        }
        FaultCode::PeriodReversed => {
            let (from, to): (Date, Date) = (scene.day, days_before(scene.day, 7));
            line.periode = Some((from, to));
        }
        FaultCode::CprWithoutDate => {
            line.part = as_part(nobody(rng), PartRolle::Ydelsesmodtager);
        }
        FaultCode::BlankText => line.tekst = "   ".into(),
        FaultCode::KonteringNotYours => {
            line.kontering = Some(Kontering::whole("5577111479101352", line.beloeb))
        }
        _ => {}
    }
}

fn with_first(bilag: &mut Finansbilag, change: impl FnOnce(&mut Finanspostering)) {
    if let Some(line) = bilag.posteringer.first_mut() {
        change(line);
    }
}

/// Adds a bare line under the number after the last, coded like the first.
fn add_line(bilag: &mut Finansbilag, change: impl FnOnce(&mut Finanspostering)) {
    let last = bilag.posteringer.last().map_or(0, |line| line.linjenummer);
    let Some(first) = bilag.posteringer.first() else {
        return;
    };
    let mut line = Finanspostering {
        linjenummer: last.saturating_add(1),
        part: None,
        sag: None,
        ydelse: None,
        periode: None,
        refusionsprocent: None,
        reference: None,
        ..first.clone()
    };
    line.sortiment.truncate(1);
    change(&mut line);
    bilag.posteringer.push(line);
}

/// Replaces the value that decides the account.
fn set_value(line: &mut Finanspostering, system: &System, vaerdi: &str) {
    for value in &mut line.sortiment {
        if &*value.facet == system.facet {
            value.vaerdi = vaerdi.into();
        }
    }
}
