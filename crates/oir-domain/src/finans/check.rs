//! The rules for a finansbilag. All faults, not the first; nothing here looks anything
//! up but in the facts it is handed.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{
    AMOUNT_MAX, Afsendelse, BILAG_MAX, Finansbilag, Finanspostering, Leveranceform, POSTINGS_MAX,
    PartNummer, Posteringstype,
};
use crate::calendar::PeriodKind;
use crate::fault::{Fault, FaultCode, Place, keep};
use crate::ids::BilagUuid;
use crate::money::{Oere, Turnover};
use crate::party::{Fagsystem, Kommunekode, Myndighed};
use crate::register::{Register, ValueFault};

/// How far a sender's clock may run ahead of ours before `Oprettet` is a fault.
pub const CLOCK_SKEW_SECS: i64 = 300;

/// What is known of an earlier bilag with some id, from the same sender and authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownBilag {
    /// Digest of its content.
    pub digest: [u8; 32],
    /// Whether it was rejected or refused, so that another may replace it.
    pub open_for_correction: bool,
}

/// Earlier bilag that this message names, by their id. Empty in the ordinary case.
pub type Known = HashMap<BilagUuid, KnownBilag>;

/// The facts that a message is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Who may send what, where and when.
    pub register: &'a Register,
    /// Earlier bilag.
    pub known: &'a Known,
    /// The instant of reception.
    pub now: Timestamp,
    /// Its Copenhagen day.
    pub today: Date,
}

/// Who is who in a message, as far as the register knows.
#[derive(Debug, Clone, Copy)]
pub struct Parties<'a> {
    /// The authority.
    pub myndighed: Option<&'a Myndighed>,
    /// The sender.
    pub fagsystem: Option<&'a Fagsystem>,
}

impl Parties<'_> {
    /// The municipality that owns what comes of this message.
    #[must_use]
    pub fn kommune(&self) -> Kommunekode {
        self.myndighed.map_or(Kommunekode::UNKNOWN, |m| m.kommune)
    }
}

/// Looks up the parties of a message.
#[must_use]
pub fn parties<'a>(afsendelse: &Afsendelse, register: &'a Register) -> Parties<'a> {
    Parties {
        myndighed: register.myndighed(afsendelse.myndighed),
        fagsystem: register.fagsystem(afsendelse.afsender_system),
    }
}

/// Faults of the message as a whole: with one of these no bilag in it is taken.
#[must_use]
pub fn check_message(afsendelse: &Afsendelse, facts: &Facts<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let at = |path: &str| Place::message(path);
    let parties = parties(afsendelse, facts.register);
    if parties.myndighed.is_none() {
        let place = at("AuthorityContext/MunicipalityCVR");
        faults.push(Fault::new(
            FaultCode::UnknownMyndighed,
            place,
            &[&afsendelse.myndighed],
        ));
    }
    if parties.fagsystem.is_none() {
        let place = at("Afsendelse/AfsenderSystem");
        faults.push(Fault::new(
            FaultCode::UnknownFagsystem,
            place,
            &[&afsendelse.afsender_system],
        ));
    }
    if let (Some(myndighed), Some(fagsystem)) = (parties.myndighed, parties.fagsystem)
        && !facts
            .register
            .may_send(myndighed.kommune, fagsystem.id, facts.today)
    {
        faults.push(Fault::new(
            FaultCode::NoAgreement,
            at("Afsendelse/AfsenderSystem"),
            &[&fagsystem.kortnavn, &myndighed.navn, &facts.today],
        ));
    }
    let ahead = afsendelse
        .oprettet
        .as_second()
        .saturating_sub(facts.now.as_second());
    if ahead > CLOCK_SKEW_SECS {
        let place = at("Afsendelse/Oprettet");
        let values: [&dyn std::fmt::Display; 2] = [&afsendelse.oprettet, &facts.now];
        faults.push(Fault::new(FaultCode::CreatedInFuture, place, &values));
    }
    if afsendelse.bilag.len() > BILAG_MAX {
        let values: [&dyn std::fmt::Display; 2] = [&afsendelse.bilag.len(), &BILAG_MAX];
        faults.push(Fault::new(
            FaultCode::TooManyBilag,
            at("Afsendelse/Finansbilag"),
            &values,
        ));
    }
    check_totals(afsendelse, &mut faults);
    faults
}

fn check_totals(afsendelse: &Afsendelse, faults: &mut Vec<Fault>) {
    let at = |path: &str| Place::message(path);
    let bundle = afsendelse.leveranceform == Leveranceform::Masse || afsendelse.bilag.len() > 1;
    let Some(said) = afsendelse.kontroltotal else {
        if bundle {
            faults.push(Fault::new(
                FaultCode::MissingTotals,
                at("Afsendelse/Kontroltotal"),
                &[],
            ));
        }
        return;
    };
    if usize::try_from(said.antal).ok() != Some(afsendelse.bilag.len()) {
        let place = at("Afsendelse/Kontroltotal/AntalBilag");
        let values: [&dyn std::fmt::Display; 2] = [&said.antal, &afsendelse.bilag.len()];
        faults.push(Fault::new(FaultCode::WrongCount, place, &values));
    }
    let Some(found) = message_turnover(afsendelse) else {
        faults.push(Fault::new(FaultCode::SumOverflow, at("Afsendelse"), &[]));
        return;
    };
    for (name, side, said, found) in [
        ("DebetBeloeb", "debet", said.debet, found.debit),
        ("KreditBeloeb", "kredit", said.kredit, found.credit),
    ] {
        if said != found {
            let place = at(&format!("Afsendelse/Kontroltotal/{name}"));
            faults.push(Fault::new(
                FaultCode::WrongTotal,
                place,
                &[&side, &said, &found],
            ));
        }
    }
}

fn message_turnover(afsendelse: &Afsendelse) -> Option<Turnover> {
    let mut sum = Turnover::default();
    for bilag in &afsendelse.bilag {
        let turnover = bilag.turnover().ok()?;
        sum.debit = sum.debit.checked_add(turnover.debit).ok()?;
        sum.credit = sum.credit.checked_add(turnover.credit).ok()?;
    }
    Some(sum)
}

/// Faults and warnings of one bilag. `index` is its place in the message, from 0;
/// `digest` its content's. Without known parties only what needs no register is judged.
#[must_use]
pub fn check_bilag(
    bilag: &Finansbilag,
    index: u32,
    digest: &[u8; 32],
    parties: &Parties<'_>,
    facts: &Facts<'_>,
) -> Vec<Fault> {
    let mut check = BilagCheck {
        bilag,
        index,
        faults: Vec::new(),
    };
    check.identity(digest, facts.known);
    check.header();
    check.balance();
    check.postings();
    if let Some(myndighed) = parties.myndighed {
        check.period(facts.register, myndighed.kommune);
        if let Some(fagsystem) = parties.fagsystem {
            check.sortiment(facts.register, myndighed.kommune, fagsystem);
        }
    }
    check.faults
}

struct BilagCheck<'a> {
    bilag: &'a Finansbilag,
    index: u32,
    faults: Vec<Fault>,
}

impl BilagCheck<'_> {
    fn place(&self, path: &str) -> Place {
        let number = self.index.saturating_add(1);
        let path = format!("Finansbilag[{number}]/{path}").into();
        Place {
            bilag: Some(self.index),
            linje: None,
            path,
        }
    }

    fn line_place(&self, position: usize, linje: u32, path: &str) -> Place {
        let (bilag, line) = (self.index.saturating_add(1), position.saturating_add(1));
        let slash = if path.is_empty() { "" } else { "/" };
        let path = format!("Finansbilag[{bilag}]/Finanspostering[{line}]{slash}{path}").into();
        Place {
            bilag: Some(self.index),
            linje: Some(linje),
            path,
        }
    }

    fn add(&mut self, code: FaultCode, path: &str, values: &[&dyn std::fmt::Display]) {
        let place = self.place(path);
        keep(&mut self.faults, Fault::new(code, place, values));
    }

    fn identity(&mut self, digest: &[u8; 32], known: &Known) {
        let id = self.bilag.bilag_uuid;
        if known
            .get(&id)
            .is_some_and(|earlier| earlier.digest != *digest)
        {
            self.add(FaultCode::BilagReused, "BilagUUID", &[&id]);
        }
        if let Some(corrected) = self.bilag.korrigerer {
            match known.get(&corrected) {
                None => self.add(
                    FaultCode::CorrectedUnknown,
                    "KorrigererBilag",
                    &[&corrected],
                ),
                Some(earlier) if !earlier.open_for_correction => {
                    self.add(
                        FaultCode::CorrectedNotOpen,
                        "KorrigererBilag",
                        &[&corrected],
                    );
                }
                Some(_) => {}
            }
        }
    }

    fn header(&mut self) {
        if &*self.bilag.valuta != "DKK" {
            self.add(FaultCode::WrongCurrency, "Valuta", &[&self.bilag.valuta]);
        }
        if self.bilag.tekst.trim().is_empty() {
            self.add(FaultCode::BlankText, "Tekst", &[&"Tekst"]);
        }
        if self.bilag.posteringer.len() > POSTINGS_MAX {
            let values: [&dyn std::fmt::Display; 2] =
                [&self.bilag.posteringer.len(), &POSTINGS_MAX];
            self.add(FaultCode::TooManyPostings, "Finanspostering", &values);
        }
    }

    fn balance(&mut self) {
        let difference = self
            .bilag
            .turnover()
            .and_then(|t| t.difference().map(|d| (t, d)));
        match difference {
            Err(_) => self.add(FaultCode::SumOverflow, "Finanspostering", &[]),
            Ok((_, difference)) if difference == Oere::ZERO => {}
            Ok((sum, difference)) => {
                let values: [&dyn std::fmt::Display; 3] = [&sum.debit, &sum.credit, &difference];
                self.add(FaultCode::Unbalanced, "Finanspostering", &values);
            }
        }
    }

    fn postings(&mut self) {
        let mut numbers = HashSet::with_capacity(self.bilag.posteringer.len());
        let bilag = self.bilag;
        for (position, postering) in bilag.posteringer.iter().enumerate() {
            if !numbers.insert(postering.linjenummer) {
                let number: &dyn std::fmt::Display = &postering.linjenummer;
                self.line(
                    position,
                    postering,
                    FaultCode::DuplicateLine,
                    "Linjenummer",
                    &[number],
                );
            }
            self.posting(position, postering);
        }
    }

    fn line(
        &mut self,
        position: usize,
        postering: &Finanspostering,
        code: FaultCode,
        path: &str,
        values: &[&dyn std::fmt::Display],
    ) {
        let place = self.line_place(position, postering.linjenummer, path);
        keep(&mut self.faults, Fault::new(code, place, values));
    }

    fn posting(&mut self, position: usize, postering: &Finanspostering) {
        if postering.beloeb == Oere::ZERO {
            self.line(position, postering, FaultCode::ZeroAmount, "Beloeb", &[]);
        }
        if postering.beloeb > AMOUNT_MAX {
            let values: [&dyn std::fmt::Display; 2] = [&postering.beloeb, &AMOUNT_MAX];
            self.line(
                position,
                postering,
                FaultCode::AmountOverLimit,
                "Beloeb",
                &values,
            );
        }
        if postering.tekst.trim().is_empty() {
            self.line(
                position,
                postering,
                FaultCode::BlankText,
                "Tekst",
                &[&"Tekst"],
            );
        }
        if postering.kontering.is_some() {
            self.line(
                position,
                postering,
                FaultCode::KonteringNotYours,
                "Kontering",
                &[],
            );
        }
        if let Some((from, to)) = postering.periode
            && from > to
        {
            self.line(
                position,
                postering,
                FaultCode::PeriodReversed,
                "Periode",
                &[&from, &to],
            );
        }
        match postering.part.as_ref().map(|p| &p.nummer) {
            Some(PartNummer::Cpr(cpr)) if !cpr.has_a_date() => {
                self.line(
                    position,
                    postering,
                    FaultCode::CprWithoutDate,
                    "Part/CPR",
                    &[],
                );
            }
            Some(PartNummer::Cvr(cvr)) if !cvr.check_digit_holds() => {
                self.line(
                    position,
                    postering,
                    FaultCode::CvrCheckDigit,
                    "Part/CVR",
                    &[cvr],
                );
            }
            _ => {}
        }
    }

    fn period(&mut self, register: &Register, kommune: Kommunekode) {
        let (day, year) = (self.bilag.bogfoeringsdato, self.bilag.regnskabsaar);
        let kind = match self.bilag.posteringstype {
            Posteringstype::Supplement => PeriodKind::Supplementary,
            Posteringstype::Normal | Posteringstype::Primo => PeriodKind::Ordinary,
        };
        let mut fitting = register
            .periods(kommune)
            .iter()
            .filter(|p| p.regnskabsaar == year && p.kind == kind && p.covers(day))
            .peekable();
        if fitting.peek().is_none() {
            let values: [&dyn std::fmt::Display; 3] =
                [&day, &year.0, &self.bilag.posteringstype.code()];
            self.add(FaultCode::NoPeriod, "Bogfoeringsdato", &values);
        } else if !fitting.any(|p| p.open) {
            self.add(FaultCode::PeriodClosed, "Bogfoeringsdato", &[&day, &year.0]);
        }
    }

    fn sortiment(&mut self, register: &Register, kommune: Kommunekode, fagsystem: &Fagsystem) {
        let bilag = self.bilag;
        for (position, postering) in bilag.posteringer.iter().enumerate() {
            if postering.vaerdi(&fagsystem.konteringsfacet).is_none() {
                let facet: &dyn std::fmt::Display = &fagsystem.konteringsfacet;
                let code = FaultCode::MissingKonteringsvalue;
                self.line(position, postering, code, "Sortimentsvaerdi", &[facet]);
            }
            self.values(position, postering, register, (kommune, fagsystem));
        }
    }

    /// The sortiment values of a posting: words of the sender's, so masked when told.
    fn values(
        &mut self,
        position: usize,
        postering: &Finanspostering,
        register: &Register,
        (kommune, fagsystem): (Kommunekode, &Fagsystem),
    ) {
        let day = self.bilag.konteringsdag();
        let mut facets = HashSet::with_capacity(postering.sortiment.len());
        for (n, value) in postering.sortiment.iter().enumerate() {
            let (facet, vaerdi) = (&value.facet, &value.vaerdi);
            if !facets.insert(facet) {
                self.value(position, postering, n, FaultCode::DuplicateFacet, &[facet]);
            }
            let found = register.value_in_force(kommune, fagsystem.id, facet, vaerdi, day);
            let (code, values): (_, &[&dyn std::fmt::Display]) = match found {
                Ok(()) => continue,
                Err(ValueFault::Facet) => (FaultCode::UnknownFacet, &[facet]),
                Err(ValueFault::Value) => (FaultCode::UnknownValue, &[facet, vaerdi]),
                Err(ValueFault::NotInForce) => (FaultCode::ValueNotInForce, &[facet, vaerdi, &day]),
            };
            self.value(position, postering, n, code, values);
        }
    }

    fn value(
        &mut self,
        position: usize,
        postering: &Finanspostering,
        index: usize,
        code: FaultCode,
        values: &[&dyn std::fmt::Display],
    ) {
        let path = format!("Sortimentsvaerdi[{}]", index.saturating_add(1));
        let place = self.line_place(position, postering.linjenummer, &path);
        keep(&mut self.faults, Fault::foreign(code, place, values));
    }
}
