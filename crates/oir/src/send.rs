//! `oir send`: hands in files as a fagsystem does, and prints the receipts.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use oir_domain::calendar::copenhagen;
use oir_flow::ports::courier::CallOutcome;
use oir_transport::{HttpCourier, Settings};
use oir_web::danish_format::instant_to_the_second;
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, ForretningsKode, Forretningskvittering, Positionsfejl, Reply,
    TransportKode, TransportKvittering,
};
use oir_wire::finans::receipt;

use crate::check::soap_version;
use crate::cli::Send;

/// Sends every file; 1 when anything was refused or rejected.
pub(crate) async fn run(options: &Send) -> anyhow::Result<ExitCode> {
    let courier = HttpCourier::new(Settings::STANDARD)?;
    let bar = progress(options.files.len());
    let mut out = std::io::stdout().lock();
    let mut sound = true;
    for file in &options.files {
        let reply = send(&courier, &options.to, file).await?;
        bar.suspend(|| print(&mut out, file, &reply))?;
        sound &= is_sound(&reply);
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(ExitCode::from(u8::from(!sound)))
}

fn progress(files: usize) -> ProgressBar {
    if files < 2 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(files).unwrap_or(0));
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} filer");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

async fn send(courier: &HttpCourier, url: &str, file: &Path) -> anyhow::Result<Reply> {
    let body = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
    let media = soap_version(&body).content_type();
    match courier.exchange(url, media, body).await {
        CallOutcome::Answered(answer) => {
            receipt::reply(&answer).with_context(|| format!("svaret på {}", file.display()))
        }
        CallOutcome::NotReached { reason, .. } => {
            bail!("{url} tog ikke imod: {reason}. Intet er sendt; prøv igen")
        }
        CallOutcome::NoAnswer { reason } => {
            bail!("intet svar fra {url}: {reason}. Send samme fil igen; en gentagelse er ufarlig")
        }
    }
}

fn is_sound(reply: &Reply) -> bool {
    let stopped = |kode| matches!(kode, ForretningsKode::Afvist | ForretningsKode::Fejlet);
    match reply {
        Reply::Modtag(reply) | Reply::HentKvittering(reply) => {
            !reply.bilag.iter().any(|b| stopped(b.kvittering.kode))
        }
        Reply::HentStatus(_) | Reply::HentKontroltotal(_) => true,
        Reply::Aflever(receipt) => receipt.kode != TransportKode::Fejl,
        Reply::Refused(_) => false,
    }
}

fn print(out: &mut impl Write, file: &Path, reply: &Reply) -> std::io::Result<()> {
    writeln!(out, "{}", file.display())?;
    match reply {
        Reply::Modtag(reply) | Reply::HentKvittering(reply) => {
            transport(out, &reply.transport)?;
            writeln!(
                out,
                "  afsendelse {} modtaget {}",
                reply.afsendelse_id,
                instant_to_the_second(reply.modtaget, &copenhagen())
            )?;
            reply
                .bilag
                .iter()
                .try_for_each(|bilag| kvittering(out, bilag))
        }
        Reply::HentStatus(reply) => {
            transport(out, &reply.transport)?;
            reply.bilag.iter().try_for_each(|bilag| status(out, bilag))
        }
        Reply::Aflever(receipt) => transport(out, receipt),
        Reply::HentKontroltotal(reply) => {
            transport(out, &reply.transport)?;
            reply.totaler.iter().try_for_each(|total| {
                let (debet, kredit) = (total.debet.get(), total.kredit.get());
                let (antal, system) = (total.antal, total.afsender_system);
                writeln!(
                    out,
                    "  {system}: {antal} bilag, debet {debet} øre, kredit {kredit} øre"
                )
            })
        }
        Reply::Refused(refusal) => {
            transport(out, &refusal.transport)?;
            faults(out, &refusal.positionsfejl)
        }
    }
}

fn transport(out: &mut impl Write, receipt: &TransportKvittering) -> std::io::Result<()> {
    writeln!(out, "  aflevering: {}", receipt.kode.word())
}

fn kvittering(out: &mut impl Write, bilag: &Bilagskvittering) -> std::io::Result<()> {
    let number = number(bilag.erp_bilagsnummer.as_ref());
    let kode = bilag.kvittering.kode.word();
    writeln!(
        out,
        "  bilag {} ({}): {kode}{number}",
        bilag.bilag_uuid, bilag.bilag_id
    )?;
    faults(out, &bilag.positionsfejl)
}

fn status(out: &mut impl Write, bilag: &Bilagsstatus) -> std::io::Result<()> {
    let kode = bilag
        .kvittering
        .as_ref()
        .map(|k: &Forretningskvittering| k.kode.word());
    let number = number(bilag.erp_bilagsnummer.as_ref());
    let (uuid, tilstand) = (bilag.bilag_uuid, bilag.tilstand.word());
    writeln!(
        out,
        "  bilag {uuid}: {tilstand} {}{number}",
        kode.unwrap_or("")
    )?;
    faults(out, &bilag.positionsfejl)
}

fn number(number: Option<&oir_domain::ids::ErpBilagsnummer>) -> String {
    number.map_or_else(String::new, |number| format!(", bilagsnummer {number}"))
}

fn faults(out: &mut impl Write, faults: &[Positionsfejl]) -> std::io::Result<()> {
    for fault in faults {
        let weight = crate::check::weight(fault.alvor);
        writeln!(
            out,
            "    {weight} {} ved {}: {}",
            fault.kode, fault.sti, fault.tekst
        )?;
        if let Some(remedy) = &fault.afhjaelpning {
            writeln!(out, "      {remedy}")?;
        }
    }
    Ok(())
}
