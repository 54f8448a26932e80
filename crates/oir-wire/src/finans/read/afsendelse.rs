//! `ModtagFinansbilagRequest`: the document.

use jiff::civil::Date;
use oir_domain::fault::FaultCode;
use oir_domain::finans::{
    Afsendelse, Finansbilag, Finanspostering, Kontroltotal, Leveranceform, Part, PartNummer,
    PartRolle, Posteringstype, SORTIMENT_MAX, Sag, Sortimentsvaerdi,
};
use oir_domain::ids::{BilagUuid, FagsystemId, TransaktionsId};
use oir_domain::kontoplan::form::KONTO_MAX;
use oir_domain::money::{Oere, Side};
use oir_domain::omsaetning::{Kontering, Konteringslinje, LINES_MAX};

use super::super::message::Call;
use super::walk::{AUTHORITY, Child, HEADER, Read, Walk, at_most, many, one, opt, up_to};
use super::{Seen, forms};

/// Danish words for the forms wanted.
pub(super) const UUID: &str = "en UUID: 8-4-4-4-12 hexadecimale cifre";
pub(super) const DATO: &str = "en dato: 20ÅÅ-MM-DD";
pub(super) const TID: &str = "et tidspunkt: 20ÅÅ-MM-DDTtt:mm:ss med Z eller ±tt:mm";
const OERE: &str = "et helt antal øre uden fortegn, højst 15 cifre";
pub(super) const SUM: &str = "et helt antal øre uden fortegn, højst 18 cifre";
pub(super) const CVR: &str = "8 cifre";

/// What every request begins with.
pub(super) const PREFIX: [Child; 2] = [
    one(&["RequestHeader"]).within(HEADER),
    one(&["AuthorityContext"]).within(AUTHORITY),
];

pub(super) const REQUEST: [Child; 3] = [PREFIX[0], PREFIX[1], one(&["Afsendelse"])];
pub(super) const REQUEST_HEADER: [Child; 1] = [one(&["TransactionUUID"]).within(HEADER)];
pub(super) const AUTHORITY_CONTEXT: [Child; 1] = [one(&["MunicipalityCVR"]).within(AUTHORITY)];

pub(super) const AFSENDELSE: [Child; 6] = [
    one(&["AfsenderSystem"]),
    one(&["Oprettet"]),
    opt(&["KorrelationsID"]),
    one(&["Leveranceform"]),
    opt(&["Kontroltotal"]),
    many(&["Finansbilag"]),
];
pub(super) const KONTROLTOTAL: [Child; 3] = [
    one(&["AntalBilag"]),
    one(&["DebetBeloeb"]),
    one(&["KreditBeloeb"]),
];
pub(super) const FINANSBILAG: [Child; 10] = [
    one(&["BilagUUID"]),
    one(&["AfsenderBilagsnummer"]),
    one(&["Bilagsdato"]),
    one(&["Bogfoeringsdato"]),
    one(&["Regnskabsaar"]),
    one(&["Posteringstype"]),
    one(&["Valuta"]),
    one(&["Tekst"]),
    opt(&["KorrigererBilag"]),
    many(&["Finanspostering"]),
];
pub(super) const FINANSPOSTERING: [Child; 14] = [
    one(&["Linjenummer"]),
    one(&["Beloeb"]),
    one(&["DebetKredit"]),
    one(&["Tekst"]),
    up_to(SORTIMENT_MAX, &["Sortimentsvaerdi"]),
    opt(&["Kontering"]),
    at_most(LINES_MAX, &["Konteringslinje"]),
    opt(&["Periode"]),
    opt(&["Part"]),
    opt(&["Sag"]),
    opt(&["Ydelse"]),
    opt(&["Refusionsprocent"]),
    opt(&["Momskode"]),
    opt(&["Reference"]),
];
pub(super) const KONTERINGSLINJE: [Child; 2] = [one(&["Konto"]), one(&["Beloeb"])];
pub(super) const SORTIMENTSVAERDI: [Child; 2] = [one(&["Facet"]), one(&["Vaerdi"])];
pub(super) const PERIODE: [Child; 2] = [one(&["Fra"]), one(&["Til"])];
pub(super) const PART: [Child; 2] = [one(&["CPR", "CVR"]), one(&["Rolle"])];
pub(super) const SAG: [Child; 2] = [one(&["KLE"]), one(&["Sagsnummer"])];

/// Reads `RequestHeader` or `AuthorityContext`, whichever the place of [`PREFIX`] says.
pub(super) fn prefix(walk: &mut Walk<'_>, place: usize, seen: &mut Seen) -> Read<()> {
    if place == 0 {
        return walk.sequence(&REQUEST_HEADER, |walk, _, _| {
            let Some(text) = walk.text()? else {
                return Ok(());
            };
            if text.is_empty() {
                walk.fault(FaultCode::WrongForm, &[&UUID]);
            } else if let Some(id) = forms::uuid(&text) {
                seen.transaktions_id = Some(TransaktionsId::from_uuid(id));
            } else {
                walk.fault(FaultCode::TransactionNotUuid, &[]);
            }
            Ok(())
        });
    }
    walk.sequence(&AUTHORITY_CONTEXT, |walk, _, _| {
        seen.myndighed = walk.value(CVR, |text| text.parse().ok())?;
        Ok(())
    })
}

pub(super) fn request(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Call>> {
    let mut document = None;
    walk.sequence(&REQUEST, |walk, place, _| {
        match place {
            0 | 1 => prefix(walk, place, seen)?,
            _ => document = afsendelse(walk, seen)?,
        }
        Ok(())
    })?;
    let build = || {
        let document = document?;
        Some(Call::Modtag(Box::new(Afsendelse {
            transaktions_id: seen.transaktions_id?,
            myndighed: seen.myndighed?,
            ..document
        })))
    };
    Ok(build())
}

fn afsendelse(walk: &mut Walk<'_>, seen: &mut Seen) -> Read<Option<Afsendelse>> {
    let (mut oprettet, mut korrelations_id, mut leveranceform) = (None, None, None);
    let (mut kontroltotal, mut bilag) = (None, Vec::with_capacity(1));
    walk.sequence(&AFSENDELSE, |walk, place, _| {
        match place {
            0 => {
                let id = walk.value(UUID, forms::uuid)?;
                seen.afsender_system = id.map(FagsystemId::from_uuid);
            }
            1 => oprettet = walk.value(TID, forms::date_time)?,
            2 => korrelations_id = walk.bounded(255)?,
            3 => {
                leveranceform = walk.value("STRAKS eller MASSE", |text| match text {
                    "STRAKS" => Some(Leveranceform::Straks),
                    "MASSE" => Some(Leveranceform::Masse),
                    _ => None,
                })?;
            }
            4 => kontroltotal = totals(walk)?,
            _ => {
                seen.antal_bilag = seen.antal_bilag.saturating_add(1);
                bilag.extend(finansbilag(walk)?);
            }
        }
        Ok(())
    })?;
    let build = || {
        Some(Afsendelse {
            // Both are set by the caller, who may have read them already or may not.
            transaktions_id: TransaktionsId::from_uuid(uuid::Uuid::nil()),
            myndighed: seen.myndighed?,
            afsender_system: seen.afsender_system?,
            oprettet: oprettet?,
            korrelations_id,
            leveranceform: leveranceform?,
            kontroltotal,
            bilag,
        })
    };
    Ok(build())
}

fn totals(walk: &mut Walk<'_>) -> Read<Option<Kontroltotal>> {
    let (mut antal, mut debet, mut kredit) = (None, None, None);
    walk.sequence(&KONTROLTOTAL, |walk, place, _| {
        match place {
            0 => antal = walk.value("et helt antal, højst 9 cifre", count)?,
            1 => debet = walk.value(SUM, forms::sum)?,
            _ => kredit = walk.value(SUM, forms::sum)?,
        }
        Ok(())
    })?;
    let build = || {
        Some(Kontroltotal {
            antal: antal?,
            debet: debet?,
            kredit: kredit?,
        })
    };
    Ok(build())
}

/// A number of bilag, at most nine digits.
pub(super) fn count(text: &str) -> Option<u32> {
    forms::digits(text, 9).and_then(|n| u32::try_from(n).ok())
}

fn finansbilag(walk: &mut Walk<'_>) -> Read<Option<Finansbilag>> {
    let (mut bilag_uuid, mut nummer, mut tekst) = (None, None, None);
    let (mut bilagsdato, mut bogfoeringsdato, mut regnskabsaar) = (None, None, None);
    let (mut posteringstype, mut valuta, mut korrigerer) = (None, None, None);
    let mut posteringer = Vec::with_capacity(8);
    walk.sequence(&FINANSBILAG, |walk, place, _| {
        match place {
            0 => bilag_uuid = walk.value(UUID, forms::uuid)?.map(BilagUuid::from_uuid),
            1 => nummer = walk.bounded(40)?,
            2 => bilagsdato = walk.value(DATO, forms::date)?,
            3 => bogfoeringsdato = walk.value(DATO, forms::date)?,
            4 => regnskabsaar = walk.value("et år: 20ÅÅ", forms::aar)?,
            5 => posteringstype = walk.value("NOR, SUP eller PRI", Posteringstype::from_code)?,
            6 => {
                let form = |text: &str| forms::valuta(text).then(|| text.into());
                valuta = walk.value("tre store bogstaver", form)?;
            }
            7 => tekst = walk.bounded(100)?,
            8 => korrigerer = walk.value(UUID, forms::uuid)?.map(BilagUuid::from_uuid),
            _ => {
                posteringer.extend(finanspostering(walk)?);
                walk.linje = None;
            }
        }
        Ok(())
    })?;
    let build = || {
        Some(Finansbilag {
            bilag_uuid: bilag_uuid?,
            afsender_bilagsnummer: nummer?,
            bilagsdato: bilagsdato?,
            bogfoeringsdato: bogfoeringsdato?,
            regnskabsaar: regnskabsaar?,
            posteringstype: posteringstype?,
            valuta: valuta?,
            tekst: tekst?,
            korrigerer,
            posteringer,
        })
    };
    Ok(build())
}

fn finanspostering(walk: &mut Walk<'_>) -> Read<Option<Finanspostering>> {
    let (mut linjenummer, mut beloeb, mut side, mut tekst) = (None, None, None, None);
    let mut sortiment = Vec::with_capacity(2);
    let (mut konto, mut linjer) = (None, Vec::new());
    let (mut periode, mut part, mut sag) = (None, None, None);
    let (mut ydelse, mut refusionsprocent, mut momskode, mut reference) = (None, None, None, None);
    walk.sequence(&FINANSPOSTERING, |walk, place, _| {
        match place {
            0 => {
                linjenummer = walk.value("et nummer fra 1 til 99999", forms::linjenummer)?;
                walk.linje = linjenummer;
            }
            1 => beloeb = walk.value(OERE, forms::beloeb)?,
            2 => side = walk.value("D eller K", Side::from_letter)?,
            3 => tekst = walk.bounded(100)?,
            4 => sortiment.extend(sortimentsvaerdi(walk)?),
            5 => konto = walk.bounded(KONTO_MAX)?,
            6 => linjer.extend(konteringslinje(walk)?),
            7 => periode = period(walk)?,
            8 => part = party(walk)?,
            9 => sag = case(walk)?,
            10 => ydelse = walk.bounded(60)?,
            11 => refusionsprocent = walk.value("en hel procent fra 0 til 100", forms::percent)?,
            12 => momskode = walk.bounded(10)?,
            _ => reference = walk.bounded(60)?,
        }
        Ok(())
    })?;
    let kontering = kontering(walk, konto, linjer, beloeb);
    let build = || {
        Some(Finanspostering {
            linjenummer: linjenummer?,
            beloeb: beloeb?,
            side: side?,
            tekst: tekst?,
            sortiment,
            kontering,
            periode,
            part,
            sag,
            ydelse,
            refusionsprocent,
            momskode,
            reference,
        })
    };
    Ok(build())
}

/// One account for the whole amount, or lines; never both. Whether the lines are the amount
/// together is for those to judge who book them.
fn kontering(
    walk: &mut Walk<'_>,
    konto: Option<Box<str>>,
    linjer: Vec<Konteringslinje>,
    beloeb: Option<Oere>,
) -> Option<Kontering> {
    let beloeb = beloeb?;
    match (konto, Kontering::try_new(linjer)) {
        (Some(konto), None) => Some(Kontering::whole(konto, beloeb)),
        (None, lines) => lines,
        (Some(_), Some(_)) => {
            walk.fault(FaultCode::UnexpectedElement, &[&"Konteringslinje", &""]);
            None
        }
    }
}

pub(super) fn konteringslinje(walk: &mut Walk<'_>) -> Read<Option<Konteringslinje>> {
    let (mut konto, mut beloeb) = (None, None);
    walk.sequence(&KONTERINGSLINJE, |walk, place, _| {
        if place == 0 {
            konto = walk.bounded(KONTO_MAX)?;
        } else {
            beloeb = walk.value(OERE, forms::beloeb)?;
        }
        Ok(())
    })?;
    let line = konto.zip(beloeb);
    Ok(line.map(|(konto, beloeb)| Konteringslinje { konto, beloeb }))
}

fn sortimentsvaerdi(walk: &mut Walk<'_>) -> Read<Option<Sortimentsvaerdi>> {
    let (mut facet, mut vaerdi) = (None, None);
    walk.sequence(&SORTIMENTSVAERDI, |walk, place, _| {
        if place == 0 {
            let form = |text: &str| forms::key(text, 40).then(|| text.into());
            facet = walk.value("1 til 40 af tegnene A-Z a-z 0-9 _ . -", form)?;
        } else {
            vaerdi = walk.bounded(60)?;
        }
        Ok(())
    })?;
    let build = || {
        Some(Sortimentsvaerdi {
            facet: facet?,
            vaerdi: vaerdi?,
        })
    };
    Ok(build())
}

fn period(walk: &mut Walk<'_>) -> Read<Option<(Date, Date)>> {
    let (mut from, mut to) = (None, None);
    walk.sequence(&PERIODE, |walk, place, _| {
        let date = walk.value(DATO, forms::date)?;
        if place == 0 {
            from = date;
        } else {
            to = date;
        }
        Ok(())
    })?;
    Ok(from.zip(to))
}

fn party(walk: &mut Walk<'_>) -> Read<Option<Part>> {
    let (mut number, mut role) = (None, None);
    walk.sequence(&PART, |walk, _, name| {
        match name {
            "CPR" => {
                let read = walk.value("10 cifre", |text| text.parse().ok())?;
                number = read.map(PartNummer::Cpr);
            }
            "CVR" => {
                let read = walk.value(CVR, |text| text.parse().ok())?;
                number = read.map(PartNummer::Cvr);
            }
            _ => {
                let want = "YDELSESMODTAGER, UDBETALINGSMODTAGER eller ANDEN";
                role = walk.value(want, PartRolle::from_code)?;
            }
        }
        Ok(())
    })?;
    Ok(number
        .zip(role)
        .map(|(nummer, rolle)| Part { nummer, rolle }))
}

fn case(walk: &mut Walk<'_>) -> Read<Option<Sag>> {
    let (mut kle, mut sagsnummer) = (None, None);
    walk.sequence(&SAG, |walk, place, _| {
        if place == 0 {
            let form = |text: &str| forms::kle(text).then(|| text.into());
            kle = walk.value("et KLE-emne: NN.NN.NN", form)?;
        } else {
            sagsnummer = walk.bounded(60)?;
        }
        Ok(())
    })?;
    let build = || {
        Some(Sag {
            kle: kle?,
            sagsnummer: sagsnummer?,
        })
    };
    Ok(build())
}
