//! `oir check`: what would be said about these messages, without a server.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use oir_domain::fault::{Fault, Severity};
use oir_domain::finans::check::{Facts, Known, Parties, check_bilag};
use oir_domain::register::Register;
use oir_flow::ports::process::Clock;
use oir_wire::danish;
use oir_wire::finans::message::Call;
use oir_wire::finans::{NS_SOAP12, SoapVersion, digest, read};

use crate::process::SystemClock;

/// Judges every file; 1 when any has a fault that stops it.
pub(crate) fn run(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut stopped = false;
    for file in files {
        let bytes = std::fs::read(file).with_context(|| format!("{}", file.display()))?;
        let faults = judge(&bytes);
        stopped |= faults.iter().any(|f| f.code.severity() == Severity::Fault);
        report(&mut out, file, &faults)?;
    }
    Ok(ExitCode::from(u8::from(stopped)))
}

fn report(out: &mut impl Write, file: &Path, faults: &[Fault]) -> std::io::Result<()> {
    if faults.is_empty() {
        return writeln!(out, "{}: ingen fejl", file.display());
    }
    for fault in faults {
        let weight = weight(fault.code.severity());
        let (code, text) = (fault.code, danish::text(fault));
        writeln!(
            out,
            "{}: {weight} {code} ved {}: {text}",
            file.display(),
            fault.place.path
        )?;
        writeln!(out, "    {}", danish::remedy(code))?;
    }
    Ok(())
}

/// The word for a fault's weight.
pub(crate) const fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Fault => "FEJL",
        Severity::Warning => "ADVARSEL",
    }
}

/// The version of a file, which has no content type, by the namespace it names.
pub(crate) fn soap_version(bytes: &[u8]) -> SoapVersion {
    if String::from_utf8_lossy(bytes).contains(NS_SOAP12) {
        SoapVersion::V12
    } else {
        SoapVersion::V11
    }
}

/// What can be said without a register: the form, and the rules that need no facts.
fn judge(bytes: &[u8]) -> Vec<Fault> {
    let afsendelse = match read::call(soap_version(bytes), bytes) {
        Err(unreadable) => return unreadable.faults,
        Ok(Call::Modtag(afsendelse)) => afsendelse,
        Ok(_) => return Vec::new(),
    };
    let (register, known) = (Register::default(), Known::new());
    let now = SystemClock.now();
    let facts = Facts {
        register: &register,
        known: &known,
        now,
        today: oir_domain::calendar::day_of(now, &oir_domain::calendar::copenhagen()),
    };
    let nobody = Parties {
        myndighed: None,
        fagsystem: None,
    };
    let one = |(index, bilag)| check_bilag(bilag, index, &digest::bilag(bilag), &nobody, &facts);
    // A corrected bilag cannot be known here: that is no fault of the file.
    let offline = |f: &Fault| f.code != oir_domain::fault::FaultCode::CorrectedUnknown;
    (0_u32..)
        .zip(&afsendelse.bilag)
        .flat_map(one)
        .filter(offline)
        .collect()
}
