//! The document inside `ModtagFinansbilagRequest`.

use oir_domain::finans::{
    Afsendelse, Finansbilag, Finanspostering, Leveranceform, Part, PartNummer,
};
use oir_domain::omsaetning::Kontering;

use super::{instant, opt};
use crate::xml::Writer;

pub(super) fn afsendelse(out: &mut Writer, afsendelse: &Afsendelse) {
    out.start("oir:Afsendelse", &[]);
    let system = afsendelse.afsender_system.to_string();
    out.leaf("oir:AfsenderSystem", &system);
    out.leaf("oir:Oprettet", &instant(afsendelse.oprettet));
    out.opt_leaf("oir:KorrelationsID", afsendelse.korrelations_id.as_deref());
    let form = match afsendelse.leveranceform {
        Leveranceform::Straks => "STRAKS",
        Leveranceform::Masse => "MASSE",
    };
    out.leaf("oir:Leveranceform", form);
    if let Some(totals) = &afsendelse.kontroltotal {
        out.start("oir:Kontroltotal", &[]);
        out.leaf("oir:AntalBilag", &totals.antal.to_string());
        out.leaf("oir:DebetBeloeb", &totals.debet.to_string());
        out.leaf("oir:KreditBeloeb", &totals.kredit.to_string());
        out.end();
    }
    for bilag in &afsendelse.bilag {
        finansbilag(out, bilag);
    }
    out.end();
}

fn finansbilag(out: &mut Writer, bilag: &Finansbilag) {
    out.start("oir:Finansbilag", &[]);
    out.leaf("oir:BilagUUID", &bilag.bilag_uuid.to_string());
    out.leaf("oir:AfsenderBilagsnummer", &bilag.afsender_bilagsnummer);
    out.leaf("oir:Bilagsdato", &bilag.bilagsdato.to_string());
    out.leaf("oir:Bogfoeringsdato", &bilag.bogfoeringsdato.to_string());
    out.leaf("oir:Regnskabsaar", &bilag.regnskabsaar.0.to_string());
    out.leaf("oir:Posteringstype", bilag.posteringstype.code());
    out.leaf("oir:Valuta", &bilag.valuta);
    out.leaf("oir:Tekst", &bilag.tekst);
    opt(out, "oir:KorrigererBilag", bilag.korrigerer);
    for postering in &bilag.posteringer {
        finanspostering(out, postering);
    }
    out.end();
}

fn finanspostering(out: &mut Writer, postering: &Finanspostering) {
    out.start("oir:Finanspostering", &[]);
    out.leaf("oir:Linjenummer", &postering.linjenummer.to_string());
    out.leaf("oir:Beloeb", &postering.beloeb.to_string());
    out.leaf("oir:DebetKredit", postering.side.letter());
    out.leaf("oir:Tekst", &postering.tekst);
    for value in &postering.sortiment {
        out.start("oir:Sortimentsvaerdi", &[]);
        out.leaf("oir:Facet", &value.facet);
        out.leaf("oir:Vaerdi", &value.vaerdi);
        out.end();
    }
    if let Some(kontering) = &postering.kontering {
        match kontering.as_whole() {
            Some(konto) => out.leaf("oir:Kontering", konto),
            None => linjer(out, kontering),
        }
    }
    if let Some((from, to)) = postering.periode {
        out.start("oir:Periode", &[]);
        out.leaf("oir:Fra", &from.to_string());
        out.leaf("oir:Til", &to.to_string());
        out.end();
    }
    if let Some(part) = &postering.part {
        party(out, part);
    }
    if let Some(sag) = &postering.sag {
        out.start("oir:Sag", &[]);
        out.leaf("oir:KLE", &sag.kle);
        out.leaf("oir:Sagsnummer", &sag.sagsnummer);
        out.end();
    }
    out.opt_leaf("oir:Ydelse", postering.ydelse.as_deref());
    opt(out, "oir:Refusionsprocent", postering.refusionsprocent);
    out.opt_leaf("oir:Momskode", postering.momskode.as_deref());
    out.opt_leaf("oir:Reference", postering.reference.as_deref());
    out.end();
}

/// Every account with its part of the amount.
pub(super) fn linjer(out: &mut Writer, kontering: &Kontering) {
    for line in kontering.lines() {
        out.start("oir:Konteringslinje", &[]);
        out.leaf("oir:Konto", &line.konto);
        out.leaf("oir:Beloeb", &line.beloeb.to_string());
        out.end();
    }
}

fn party(out: &mut Writer, part: &Part) {
    out.start("oir:Part", &[]);
    match &part.nummer {
        PartNummer::Cpr(cpr) => out.leaf("oir:CPR", cpr.unmasked()),
        PartNummer::Cvr(cvr) => out.leaf("oir:CVR", &cvr.to_string()),
    }
    out.leaf("oir:Rolle", part.rolle.code());
    out.end();
}
