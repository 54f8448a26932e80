//! `docs/errors.md` is the catalogue of faults, printed.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write;
use std::path::Path;

use oir_domain::fault::{FaultCode, Responsible, Severity};
use oir_wire::danish;

fn document() -> String {
    let mut out = String::from(
        "# Fejlkoder\n\n\
         Skrevet af `cargo xtask errors` ud fra kataloget i koden; en kode fjernes aldrig og får aldrig en ny\n\
         betydning. `{0}` og `{1}` er værdier fra den enkelte besked.\n\n\
         | kode | vægt | fejl | tekst | hvad gør man | hvem |\n|---|---|---|---|---|---|\n",
    );
    for code in FaultCode::ALL {
        let weight = match code.severity() {
            Severity::Fault => "FEJL",
            Severity::Warning => "ADVARSEL",
        };
        let who = match code.responsible() {
            Responsible::SenderVendor => "fagsystemets leverandør",
            Responsible::Fagomraade => "fagområdet",
            Responsible::Finance => "økonomi",
            Responsible::Operation => "drift",
        };
        let (title, text) = (danish::title(*code), danish::pattern(*code));
        let remedy = danish::remedy(*code);
        writeln!(
            out,
            "| {code} | {weight} | {title} | {text} | {remedy} | {who} |"
        )
        .unwrap();
    }
    out
}

#[test]
fn the_catalogue_is_the_documents() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("OIR_WRITE").is_some() {
        std::fs::write(&file, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), document());
}
