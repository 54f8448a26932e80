//! Fingerprints of what a message says, whatever the bytes: an XML document written anew
//! by a proxy, or sent as JSON the second time, is still the same message.
//!
//! Every field goes in with its length or its presence, so no two documents share a form.

use oir_domain::finans::{Afsendelse, Finansbilag, Finanspostering, Leveranceform, PartNummer};
use oir_domain::omsaetning::Kontering;
use sha2::{Digest, Sha256};

/// SHA-256 of bytes as received.
#[must_use]
pub fn raw(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of what a message says, its ids included.
#[must_use]
pub fn afsendelse(afsendelse: &Afsendelse) -> [u8; 32] {
    let mut form = Form::default();
    form.bytes(afsendelse.transaktions_id.as_uuid().as_bytes());
    form.text(&afsendelse.myndighed.to_string());
    form.bytes(afsendelse.afsender_system.as_uuid().as_bytes());
    form.number(afsendelse.oprettet.as_microsecond());
    form.optional(afsendelse.korrelations_id.as_deref());
    form.number(match afsendelse.leveranceform {
        Leveranceform::Straks => 0,
        Leveranceform::Masse => 1,
    });
    form.number(i64::from(afsendelse.kontroltotal.is_some()));
    if let Some(totals) = &afsendelse.kontroltotal {
        form.number(i64::from(totals.antal));
        form.number(totals.debet.get());
        form.number(totals.kredit.get());
    }
    form.count(afsendelse.bilag.len());
    for one in &afsendelse.bilag {
        form.bilag(one);
    }
    form.digest()
}

/// SHA-256 of what a bilag says, its id included.
#[must_use]
pub fn bilag(bilag: &Finansbilag) -> [u8; 32] {
    let mut form = Form::default();
    form.bilag(bilag);
    form.digest()
}

#[derive(Default)]
struct Form(Vec<u8>);

impl Form {
    fn digest(&self) -> [u8; 32] {
        raw(&self.0)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    fn count(&mut self, count: usize) {
        self.number(i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(i64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn date(&mut self, date: jiff::civil::Date) {
        for part in [i64::from(date.year()), i64::from(date.month())] {
            self.number(part);
        }
        self.number(i64::from(date.day()));
    }

    fn bilag(&mut self, bilag: &Finansbilag) {
        self.bytes(bilag.bilag_uuid.as_uuid().as_bytes());
        self.text(&bilag.afsender_bilagsnummer);
        self.date(bilag.bilagsdato);
        self.date(bilag.bogfoeringsdato);
        self.number(i64::from(bilag.regnskabsaar.0));
        self.text(bilag.posteringstype.code());
        self.text(&bilag.valuta);
        self.text(&bilag.tekst);
        let corrected = bilag.korrigerer.map(|id| id.to_string());
        self.optional(corrected.as_deref());
        self.count(bilag.posteringer.len());
        for postering in &bilag.posteringer {
            self.postering(postering);
        }
    }

    /// One account as it always was; lines begin with a number that no presence is.
    fn kontering(&mut self, kontering: Option<&Kontering>) {
        let Some(kontering) = kontering.filter(|kontering| kontering.as_whole().is_none()) else {
            return self.optional(kontering.and_then(Kontering::as_whole));
        };
        self.number(2);
        self.count(kontering.lines().len());
        for line in kontering.lines() {
            self.text(&line.konto);
            self.number(line.beloeb.get());
        }
    }

    fn postering(&mut self, postering: &Finanspostering) {
        self.number(i64::from(postering.linjenummer));
        self.number(postering.beloeb.get());
        self.text(postering.side.letter());
        self.text(&postering.tekst);
        self.count(postering.sortiment.len());
        for value in &postering.sortiment {
            self.text(&value.facet);
            self.text(&value.vaerdi);
        }
        self.kontering(postering.kontering.as_ref());
        self.number(i64::from(postering.periode.is_some()));
        if let Some((from, to)) = postering.periode {
            self.date(from);
            self.date(to);
        }
        self.number(i64::from(postering.part.is_some()));
        if let Some(part) = &postering.part {
            match &part.nummer {
                PartNummer::Cpr(cpr) => self.text(cpr.unmasked()),
                PartNummer::Cvr(cvr) => self.text(&cvr.to_string()),
            }
            self.text(part.rolle.code());
        }
        let sag = postering.sag.as_ref();
        self.optional(sag.map(|s| &*s.kle));
        self.optional(sag.map(|s| &*s.sagsnummer));
        self.optional(postering.ydelse.as_deref());
        self.number(postering.refusionsprocent.map_or(-1, i64::from));
        self.optional(postering.momskode.as_deref());
        self.optional(postering.reference.as_deref());
    }
}
