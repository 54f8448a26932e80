//! Receipts, as answers and as a delivery of their own.

use oir_domain::fault::Severity;
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, FagsystemId};
use oir_domain::omsaetning::{Kontering, Told};

use super::super::message::{
    Bilagskvittering, Bilagsstatus, Fejl, ForretningsKode, Forretningskvittering,
    KontroltotalReply, ModtagReply, Positionsfejl, StatusReply, Systemtotal, Tilstand,
    TransportKode, TransportKvittering,
};
use super::afsendelse::{SUM, TID, UUID, count, konteringslinje};
use super::forms;
use super::walk::{Child, KVITTERING, Read, Walk, any, many, one, opt};

const TRANSPORT: [Child; 3] = [
    one(&["TransportValideringsKode"]).within(KVITTERING),
    opt(&["Begrundelse"]).within(KVITTERING),
    opt(&["FejlListe"]).within(KVITTERING),
];
pub(super) const FORRETNING: [Child; 3] = [
    one(&["ForretningsValideringsKode"]).within(KVITTERING),
    opt(&["Begrundelse"]).within(KVITTERING),
    opt(&["FejlListe"]).within(KVITTERING),
];
pub(super) const FEJLLISTE: [Child; 1] = [many(&["Fejl"]).within(KVITTERING)];
pub(super) const FEJL: [Child; 2] = [
    one(&["FejlKode"]).within(KVITTERING),
    one(&["FejlTekst"]).within(KVITTERING),
];
pub(super) const POSITIONSFEJL: [Child; 6] = [
    opt(&["Linjenummer"]),
    one(&["Sti"]),
    one(&["FejlKode"]),
    one(&["FejlTekst"]),
    opt(&["Afhjaelpning"]),
    one(&["Alvor"]),
];
pub(super) const KONTERET: [Child; 2] = [one(&["Linjenummer"]), many(&["Konteringslinje"])];
pub(super) const BILAGSKVITTERING: [Child; 6] = [
    one(&["BilagUUID"]),
    one(&["BilagID"]),
    one(&["Forretningskvittering"]).within(KVITTERING),
    opt(&["ErpBilagsnummer"]),
    any(&["Positionsfejl"]),
    any(&["Konteret"]),
];
const MODTAG_RESPONSE: [Child; 4] = [
    one(&["TransportKvittering"]).within(KVITTERING),
    one(&["AfsendelseID"]),
    one(&["Modtaget"]),
    any(&["Bilagskvittering"]),
];
const BILAGSSTATUS: [Child; 9] = [
    one(&["BilagUUID"]),
    opt(&["BilagID"]),
    one(&["Tilstand"]),
    one(&["Forsoeg"]),
    opt(&["Aendret"]),
    opt(&["Forretningskvittering"]).within(KVITTERING),
    opt(&["ErpBilagsnummer"]),
    any(&["Positionsfejl"]),
    any(&["Konteret"]),
];
const STATUS_RESPONSE: [Child; 2] = [
    one(&["TransportKvittering"]).within(KVITTERING),
    any(&["Bilagsstatus"]),
];
const SYSTEMTOTAL: [Child; 4] = [
    one(&["AfsenderSystem"]),
    one(&["AntalBilag"]),
    one(&["DebetBeloeb"]),
    one(&["KreditBeloeb"]),
];
const TOTAL_RESPONSE: [Child; 2] = [
    one(&["TransportKvittering"]).within(KVITTERING),
    any(&["Systemtotal"]),
];
const AFLEVER_RESPONSE: [Child; 1] = [one(&["TransportKvittering"]).within(KVITTERING)];

/// `Begrundelse` and the texts of `Fejl` are KOMBIT's plain strings: any length, also none.
fn plain(walk: &mut Walk<'_>) -> Read<Option<Box<str>>> {
    Ok(walk.text()?.map(Into::into))
}

fn fejlliste(walk: &mut Walk<'_>) -> Read<Vec<Fejl>> {
    let mut list = Vec::new();
    walk.sequence(&FEJLLISTE, |walk, _, _| {
        let (mut kode, mut tekst) = (None, None);
        walk.sequence(&FEJL, |walk, place, _| {
            if place == 0 {
                kode = plain(walk)?;
            } else {
                tekst = plain(walk)?;
            }
            Ok(())
        })?;
        list.extend(kode.zip(tekst).map(|(kode, tekst)| Fejl { kode, tekst }));
        Ok(())
    })?;
    Ok(list)
}

pub(crate) fn transport(walk: &mut Walk<'_>) -> Read<Option<TransportKvittering>> {
    let (mut kode, mut begrundelse, mut fejl) = (None, None, Vec::new());
    walk.sequence(&TRANSPORT, |walk, place, _| {
        match place {
            0 => kode = walk.value("OK, ADVARSEL eller FEJL", TransportKode::from_word)?,
            1 => begrundelse = plain(walk)?,
            _ => fejl = fejlliste(walk)?,
        }
        Ok(())
    })?;
    Ok(kode.map(|kode| TransportKvittering {
        kode,
        begrundelse,
        fejl,
    }))
}

fn forretning(walk: &mut Walk<'_>) -> Read<Option<Forretningskvittering>> {
    let (mut kode, mut begrundelse, mut fejl) = (None, None, Vec::new());
    walk.sequence(&FORRETNING, |walk, place, _| {
        match place {
            0 => {
                let want = "MODTAGET, AFLEVERET, ACCEPTERET, AFVIST eller FEJLET";
                kode = walk.value(want, ForretningsKode::from_word)?;
            }
            1 => begrundelse = plain(walk)?,
            _ => fejl = fejlliste(walk)?,
        }
        Ok(())
    })?;
    Ok(kode.map(|kode| Forretningskvittering {
        kode,
        begrundelse,
        fejl,
    }))
}

fn erp_number(text: &str) -> Option<ErpBilagsnummer> {
    ErpBilagsnummer::try_new(text).ok()
}

pub(crate) fn positionsfejl(walk: &mut Walk<'_>) -> Read<Option<Positionsfejl>> {
    let (mut linjenummer, mut sti, mut kode) = (None, None, None);
    let (mut tekst, mut afhjaelpning, mut alvor) = (None, None, None);
    walk.sequence(&POSITIONSFEJL, |walk, place, _| {
        match place {
            0 => linjenummer = walk.value("et nummer fra 1 til 99999", forms::linjenummer)?,
            1 => sti = walk.bounded(300)?,
            2 => kode = walk.bounded(40)?,
            3 => tekst = walk.bounded(1000)?,
            4 => afhjaelpning = walk.bounded(1000)?,
            _ => {
                alvor = walk.value("FEJL eller ADVARSEL", |text| match text {
                    "FEJL" => Some(Severity::Fault),
                    "ADVARSEL" => Some(Severity::Warning),
                    _ => None,
                })?;
            }
        }
        Ok(())
    })?;
    let build = || {
        Some(Positionsfejl {
            linjenummer,
            sti: sti?,
            kode: kode?,
            tekst: tekst?,
            afhjaelpning,
            alvor: alvor?,
        })
    };
    Ok(build())
}

fn konteret(walk: &mut Walk<'_>) -> Read<Option<Told>> {
    let (mut linjenummer, mut lines) = (None, Vec::new());
    walk.sequence(&KONTERET, |walk, place, _| {
        if place == 0 {
            linjenummer = walk.value("et nummer fra 1 til 99999", forms::linjenummer)?;
        } else {
            lines.extend(konteringslinje(walk)?);
        }
        Ok(())
    })?;
    let told = linjenummer.zip(Kontering::try_new(lines));
    Ok(told.map(|(linjenummer, kontering)| Told {
        linjenummer,
        kontering,
    }))
}

pub(crate) fn bilagskvittering(walk: &mut Walk<'_>) -> Read<Option<Bilagskvittering>> {
    let (mut bilag_uuid, mut bilag_id, mut kvittering) = (None, None, None);
    let (mut erp_bilagsnummer, mut fejl, mut told) = (None, Vec::new(), Vec::new());
    walk.sequence(&BILAGSKVITTERING, |walk, place, _| {
        match place {
            0 => bilag_uuid = walk.value(UUID, forms::uuid)?.map(BilagUuid::from_uuid),
            1 => bilag_id = walk.bounded(60)?,
            2 => kvittering = forretning(walk)?,
            3 => erp_bilagsnummer = walk.value("1 til 40 tegn", erp_number)?,
            4 => fejl.extend(positionsfejl(walk)?),
            _ => told.extend(konteret(walk)?),
        }
        Ok(())
    })?;
    let build = || {
        Some(Bilagskvittering {
            bilag_uuid: bilag_uuid?,
            bilag_id: bilag_id?,
            kvittering: kvittering?,
            erp_bilagsnummer,
            positionsfejl: fejl,
            konteret: told,
        })
    };
    Ok(build())
}

pub(crate) fn modtag(walk: &mut Walk<'_>) -> Read<Option<ModtagReply>> {
    let (mut receipt, mut afsendelse_id, mut modtaget) = (None, None, None);
    let mut bilag = Vec::new();
    walk.sequence(&MODTAG_RESPONSE, |walk, place, _| {
        match place {
            0 => receipt = transport(walk)?,
            1 => afsendelse_id = walk.bounded(60)?,
            2 => modtaget = walk.value(TID, forms::date_time)?,
            _ => bilag.extend(bilagskvittering(walk)?),
        }
        Ok(())
    })?;
    let build = || {
        Some(ModtagReply {
            transport: receipt?,
            afsendelse_id: afsendelse_id?,
            modtaget: modtaget?,
            bilag,
        })
    };
    Ok(build())
}

fn bilagsstatus(walk: &mut Walk<'_>) -> Read<Option<Bilagsstatus>> {
    let (mut bilag_uuid, mut bilag_id, mut tilstand) = (None, None, None);
    let (mut forsoeg, mut aendret, mut kvittering) = (None, None, None);
    let (mut erp_bilagsnummer, mut fejl, mut told) = (None, Vec::new(), Vec::new());
    walk.sequence(&BILAGSSTATUS, |walk, place, _| {
        match place {
            0 => bilag_uuid = walk.value(UUID, forms::uuid)?.map(BilagUuid::from_uuid),
            1 => bilag_id = walk.bounded(60)?,
            2 => tilstand = walk.value("en tilstand", Tilstand::from_word)?,
            3 => forsoeg = walk.value("et helt antal, højst 9 cifre", count)?,
            4 => aendret = walk.value(TID, forms::date_time)?,
            5 => kvittering = forretning(walk)?,
            6 => erp_bilagsnummer = walk.value("1 til 40 tegn", erp_number)?,
            7 => fejl.extend(positionsfejl(walk)?),
            _ => told.extend(konteret(walk)?),
        }
        Ok(())
    })?;
    let build = || {
        Some(Bilagsstatus {
            bilag_uuid: bilag_uuid?,
            bilag_id,
            tilstand: tilstand?,
            forsoeg: forsoeg?,
            aendret,
            kvittering,
            erp_bilagsnummer,
            positionsfejl: fejl,
            konteret: told,
        })
    };
    Ok(build())
}

pub(crate) fn status(walk: &mut Walk<'_>) -> Read<Option<StatusReply>> {
    let (mut receipt, mut bilag) = (None, Vec::new());
    walk.sequence(&STATUS_RESPONSE, |walk, place, _| {
        if place == 0 {
            receipt = transport(walk)?;
        } else {
            bilag.extend(bilagsstatus(walk)?);
        }
        Ok(())
    })?;
    Ok(receipt.map(|transport| StatusReply { transport, bilag }))
}

fn systemtotal(walk: &mut Walk<'_>) -> Read<Option<Systemtotal>> {
    let (mut system, mut antal, mut debet, mut kredit) = (None, None, None, None);
    walk.sequence(&SYSTEMTOTAL, |walk, place, _| {
        match place {
            0 => system = walk.value(UUID, forms::uuid)?.map(FagsystemId::from_uuid),
            1 => antal = walk.value("et helt antal, højst 9 cifre", count)?,
            2 => debet = walk.value(SUM, forms::sum)?,
            _ => kredit = walk.value(SUM, forms::sum)?,
        }
        Ok(())
    })?;
    let build = || {
        Some(Systemtotal {
            afsender_system: system?,
            antal: antal?,
            debet: debet?,
            kredit: kredit?,
        })
    };
    Ok(build())
}

pub(crate) fn kontroltotal(walk: &mut Walk<'_>) -> Read<Option<KontroltotalReply>> {
    let (mut receipt, mut totaler) = (None, Vec::new());
    walk.sequence(&TOTAL_RESPONSE, |walk, place, _| {
        if place == 0 {
            receipt = transport(walk)?;
        } else {
            totaler.extend(systemtotal(walk)?);
        }
        Ok(())
    })?;
    Ok(receipt.map(|transport| KontroltotalReply { transport, totaler }))
}

pub(crate) fn aflever(walk: &mut Walk<'_>) -> Read<Option<TransportKvittering>> {
    let mut receipt = None;
    walk.sequence(&AFLEVER_RESPONSE, |walk, _, _| {
        receipt = transport(walk)?;
        Ok(())
    })?;
    Ok(receipt)
}
