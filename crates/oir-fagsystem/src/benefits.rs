//! Sound bilag as the three systems make them: sick pay, social benefits, state refund.
//! Amounts are of the right size, not by any rate; nothing here is wrong on purpose.

use jiff::Span;
use jiff::civil::Date;
use oir_domain::calendar::Regnskabsaar;
use oir_domain::finans::{
    Finansbilag, Finanspostering, Part, PartRolle, Posteringstype, Sag, Sortimentsvaerdi,
};
use oir_domain::ids::BilagUuid;
use oir_domain::money::{Oere, Side};
use oir_domain::party::Cpr;

use crate::people::{INVENTED, as_part, citizen, firm, firm_part};
use crate::rng::Rng;
use crate::trade::{KSD, KY, STED, System, Value, steder};

/// Where and as what a bilag is made.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// The working day.
    pub(crate) day: Date,
    /// For whom.
    pub(crate) kommune: u16,
    /// By whom.
    pub(crate) system: &'static System,
    /// The bilag's id.
    pub(crate) uuid: BilagUuid,
    /// Its number in the sending system.
    pub(crate) nummer: String,
}

/// Makes a sound bilag of 2 to 10 postings.
pub(crate) fn bilag(scene: &Scene, rng: &mut Rng) -> Finansbilag {
    let mut draft = Draft::new(scene, rng);
    let drawn = rng.below(100);
    let tekst = if scene.system.id() == KSD.id() {
        match drawn {
            0..65 => draft.sick_pay(rng),
            65..90 => draft.employer_refund(rng),
            _ => draft.recovery(rng),
        }
    } else if scene.system.id() == KY.id() {
        match drawn {
            0..70 => draft.monthly_benefit(rng),
            70..90 => draft.single_benefit(rng),
            _ => draft.recovery(rng),
        }
    } else {
        draft.state_refund(rng)
    };
    draft.finish(tekst, rng)
}

/// A bilag being written.
struct Draft<'a> {
    scene: &'a Scene,
    lines: Vec<Finanspostering>,
    citizen: Option<Cpr>,
    sag: Sag,
    ydelse: Box<str>,
    /// A week before the day on which it is made, Monday to Sunday.
    week: (Date, Date),
}

impl<'a> Draft<'a> {
    fn new(scene: &'a Scene, rng: &mut Rng) -> Self {
        let (system, year) = (scene.system, scene.day.year());
        let number = rng.below(1_000_000);
        let back = i64::from(scene.day.weekday().to_monday_zero_offset());
        let weeks = rng.between(1, 3).saturating_mul(7);
        let monday = days_before(scene.day, back.saturating_add(weeks));
        Self {
            scene,
            lines: Vec::with_capacity(10),
            citizen: citizen(rng, scene.day),
            sag: Sag {
                kle: system.kle.into(),
                sagsnummer: format!("{INVENTED}-{}-{year}-{number:06}", system.kortnavn).into(),
            },
            ydelse: format!("{}{:07}", system.kortnavn, rng.below(10_000_000)).into(),
            week: (monday, days_before(monday, -6)),
        }
    }

    /// Adds a line; a line of nothing is left out.
    fn line(
        &mut self,
        vaerdi: &str,
        side: Side,
        oere: i64,
        tekst: &str,
    ) -> Option<&mut Finanspostering> {
        if oere <= 0 {
            return None;
        }
        let number = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        self.lines.push(Finanspostering {
            linjenummer: number.saturating_add(1),
            beloeb: Oere::new(oere),
            side,
            tekst: tekst.into(),
            sortiment: vec![Sortimentsvaerdi {
                facet: self.scene.system.facet.into(),
                vaerdi: vaerdi.into(),
            }],
            kontering: None,
            periode: None,
            part: None,
            sag: None,
            ydelse: None,
            refusionsprocent: None,
            momskode: None,
            reference: None,
        });
        self.lines.last_mut()
    }

    /// An expense: says for whom, for which days and where.
    fn cost(&mut self, vaerdi: &str, oere: i64, tekst: &str, days: (Date, Date), rng: &mut Rng) {
        let part = as_part(self.citizen, PartRolle::Ydelsesmodtager);
        let (sag, ydelse) = (self.sag.clone(), self.ydelse.clone());
        let steder = steder(self.scene.kommune);
        let sted = steder.get(rng.index(6)).cloned();
        if let Some(line) = self.line(vaerdi, Side::Debit, oere, tekst) {
            line.periode = Some(days);
            line.part = part;
            line.sag = Some(sag);
            line.ydelse = Some(ydelse);
            line.sortiment.extend(sted.map(|sted| Sortimentsvaerdi {
                facet: STED.into(),
                vaerdi: sted.into(),
            }));
        }
    }

    /// Money out: says who gets it.
    fn pay(&mut self, value: &Value, oere: i64, part: Option<Part>) {
        let reference = self.scene.nummer.as_str().into();
        if let Some(line) = self.line(value.vaerdi, Side::Credit, oere, value.tekst) {
            line.part = part;
            line.reference = Some(reference);
        }
    }

    /// The state's share of an expense: what it owes, against the refund account.
    fn refund(&mut self, (percent, value): &(u8, Value), gross: i64, tekst: &str) {
        let share = gross.saturating_mul(i64::from(*percent)) / 100;
        let receivable = &self.scene.system.receivable;
        self.line(receivable.vaerdi, Side::Debit, share, receivable.tekst);
        if let Some(line) = self.line(value.vaerdi, Side::Credit, share, tekst) {
            line.refusionsprocent = Some(*percent);
        }
    }

    /// Tax, ATP and pension are withheld, the rest is paid out.
    fn withhold_and_pay(&mut self, gross: i64, elsewhere: i64, rng: &mut Rng) {
        let system = self.scene.system;
        let atp = rng.between(2_000, 9_000);
        let pension = if rng.percent(40) {
            gross * 3 / 1_000
        } else {
            0
        };
        let skat = gross * rng.between(28, 39) / 100;
        for (value, oere) in [
            (&system.atp, atp),
            (&system.pension, pension),
            (&system.skat, skat),
        ] {
            self.line(value.vaerdi, Side::Credit, oere, value.tekst);
        }
        let net = gross - atp - pension - skat - elsewhere;
        let part = as_part(self.citizen, PartRolle::Udbetalingsmodtager);
        self.pay(&system.bank, net, part);
    }

    fn sick_pay(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let [first, second, third, _] = &system.costs;
        let value = [first, second, third]
            .get(rng.index(3))
            .copied()
            .unwrap_or(first);
        let mut gross = 0;
        let mut tekst = String::new();
        for _ in 0..rng.between(1, 3) {
            let week = self.week.0.iso_week_date().week();
            tekst = format!("{} uge {week}", value.tekst);
            let oere = rng.between(120_000, 508_500);
            self.cost(value.vaerdi, oere, &tekst, self.week, rng);
            gross += oere;
            self.week = (days_before(self.week.0, 7), days_before(self.week.1, 7));
        }
        self.withhold_and_pay(gross, 0, rng);
        if rng.percent(70) {
            // The longer the sickness, the smaller the state's share: 80 percent in the
            // first four weeks, 40 to the 26th, 30 to the 52nd, then 20 (STAR, 5.57.71).
            let step = match rng.between(1, 70) {
                1..=4 => 0,
                5..=26 => 1,
                27..=52 => 2,
                _ => 3,
            };
            if let Some(refusion) = system.refusion.get(step) {
                self.refund(refusion, gross, &format!("{} af {tekst}", refusion.1.tekst));
            }
        }
        tekst
    }

    fn employer_refund(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let [.., value] = &system.costs;
        let week = self.week.0.iso_week_date().week();
        let tekst = format!("{} uge {week}", value.tekst);
        let mut gross = 0;
        for _ in 0..rng.between(1, 4) {
            self.citizen = citizen(rng, self.scene.day);
            let oere = rng.between(90_000, 508_500);
            self.cost(value.vaerdi, oere, &tekst, self.week, rng);
            gross += oere;
        }
        let extra = if rng.percent(30) { gross / 50 } else { 0 };
        let (bank, third) = (&system.bank, &system.third);
        self.line(third.vaerdi, Side::Debit, extra, third.tekst);
        self.pay(bank, gross + extra, firm_part(firm(rng)));
        if let Some(refusion) = system.refusion.get(rng.index(4)) {
            self.refund(refusion, gross, refusion.1.tekst);
        }
        tekst
    }

    fn monthly_benefit(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let [first, ..] = &system.costs;
        let value = system.costs.get(rng.index(4)).unwrap_or(first);
        let month = self.scene.day.first_of_month();
        let days = (month, month.last_of_month());
        let tekst = format!("{} {:02}/{}", value.tekst, month.month(), month.year());
        let gross = rng.between(680_000, 1_640_000);
        self.cost(value.vaerdi, gross, &tekst, days, rng);
        let extra = if rng.percent(25) {
            rng.between(20_000, 180_000)
        } else {
            0
        };
        let own = system.local_vaerdi(self.scene.kommune);
        self.cost(&own, extra, "Særligt tillæg", days, rng);
        let rent = if rng.percent(20) {
            rng.between(150_000, 300_000)
        } else {
            0
        };
        self.pay(&system.third, rent, firm_part(firm(rng)));
        self.withhold_and_pay(gross + extra, rent, rng);
        tekst
    }

    fn single_benefit(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let what = rng.pick(&[
            "Tandbehandling & proteser",
            "Flytning <25 km, efter § 85",
            "Medicin \"efter lægens skøn\"",
            "Børns fritidsaktiviteter",
            "Hjælp til høj husleje i Ærø's kommune",
        ]);
        let (month, oere) = (
            self.scene.day.first_of_month(),
            rng.between(15_000, 900_000),
        );
        let own = system.local_vaerdi(self.scene.kommune);
        self.cost(&own, oere, what, (month, self.scene.day), rng);
        let part = as_part(self.citizen, PartRolle::Udbetalingsmodtager);
        self.pay(&system.bank, oere, part);
        format!("Enkeltydelse: {what}")
    }

    fn recovery(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let (bank, recovery) = (&system.bank, &system.recovery);
        let oere = rng.between(25_000, 2_500_000);
        self.line(bank.vaerdi, Side::Debit, oere, "Indbetalt");
        let part = as_part(self.citizen, PartRolle::Anden);
        let sag = self.sag.clone();
        if let Some(line) = self.line(recovery.vaerdi, Side::Credit, oere, recovery.tekst) {
            line.part = part;
            line.sag = Some(sag);
        }
        format!("{} vedr. {}", recovery.tekst, self.ydelse)
    }

    fn state_refund(&mut self, rng: &mut Rng) -> String {
        let system = self.scene.system;
        let week = self.week.0.iso_week_date().week();
        let mut total = 0;
        let groups = 1 + rng.index(4);
        for (percent, value) in system.refusion.iter().take(groups) {
            let oere = rng.between(100_000, 250_000_000);
            let days = self.week;
            if let Some(line) = self.line(value.vaerdi, Side::Credit, oere, value.tekst) {
                line.refusionsprocent = Some(*percent);
                line.periode = Some(days);
            }
            total += oere;
        }
        for value in system.costs.iter().take(rng.index(5)) {
            let oere = rng.between(10_000, 30_000_000);
            self.line(value.vaerdi, Side::Credit, oere, value.tekst);
            total += oere;
        }
        let receivable = &system.receivable;
        self.line(receivable.vaerdi, Side::Debit, total, receivable.tekst);
        format!("Ydelsesrefusion, afregning for uge {week} – løbende måned")
    }

    fn finish(self, tekst: String, rng: &mut Rng) -> Finansbilag {
        let day = self.scene.day;
        // Most are booked on the day itself, some earlier in the same, open month.
        let booked = if rng.percent(80) {
            day
        } else {
            days_before(day, rng.between(0, i64::from(day.day()).saturating_sub(1)))
        };
        let late = day.month() <= 2 && rng.percent(10);
        let (posteringstype, year) = if late {
            (Posteringstype::Supplement, day.year().saturating_sub(1))
        } else {
            (Posteringstype::Normal, day.year())
        };
        Finansbilag {
            bilag_uuid: self.scene.uuid,
            afsender_bilagsnummer: self.scene.nummer.as_str().into(),
            bilagsdato: days_before(booked, rng.between(0, 5)),
            bogfoeringsdato: booked,
            regnskabsaar: Regnskabsaar(year),
            posteringstype,
            valuta: "DKK".into(),
            tekst: tekst.into(),
            korrigerer: None,
            posteringer: self.lines,
        }
    }
}

/// The day so many days earlier, or later when negative.
pub(crate) fn days_before(day: Date, days: i64) -> Date {
    let span = Span::new().try_days(days).unwrap_or_default();
    day.checked_sub(span).unwrap_or(day)
}
