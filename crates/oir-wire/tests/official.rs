//! What is KOMBIT's in our messages is as KOMBIT's own schemas say. The schemas are not
//! ours to carry: `OIR_OFFICIAL_XSD` names a folder that has them.
#![cfg(feature = "oracle")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use oir_domain::fault::{Fault, FaultCode, Place};
use oir_domain::ids::{BilagUuid, TransaktionsId};
use oir_fagsystem::sample;
use oir_wire::finans::message::{
    Bilagskvittering, Blame, Call, ForretningsKode, ModtagReply, Refusal, Reply,
    TransportKvittering,
};
use oir_wire::finans::{SoapVersion, write};
use uuid::Uuid;

fn messages() -> Vec<Vec<u8>> {
    let id = TransaktionsId::from_uuid(Uuid::from_u128(1));
    let call = Call::Modtag(Box::new(sample::afsendelse(1)));
    let fault = Fault::new(FaultCode::ZeroAmount, Place::message("Finansbilag[1]"), &[]);
    let faults = [fault];
    let bilag_uuid = BilagUuid::from_uuid(Uuid::from_u128(2));
    let receipts = ForretningsKode::ALL
        .iter()
        .map(|kode| Bilagskvittering::of(bilag_uuid, "bil".into(), *kode, None, &faults));
    let reply = |transport| {
        Reply::Modtag(ModtagReply {
            transport,
            afsendelse_id: "msg".into(),
            modtaget: jiff::Timestamp::UNIX_EPOCH,
            bilag: receipts.clone().collect(),
        })
    };
    let mut written = vec![write::call(SoapVersion::V11, id, &call)];
    for version in [SoapVersion::V11, SoapVersion::V12] {
        written.push(write::reply(version, &reply(TransportKvittering::OK)));
        let warned = TransportKvittering::of(&faults, false);
        written.push(write::reply(version, &reply(warned)));
        let refused = Reply::Refused(Refusal::of(Blame::Sender, &faults));
        written.push(write::reply(version, &refused));
    }
    written
}

#[test]
fn kombits_parts_are_as_kombits_schemas_say() {
    let Some(official) = std::env::var_os("OIR_OFFICIAL_XSD") else {
        println!("left out: OIR_OFFICIAL_XSD names no folder with KOMBIT's schemas");
        return;
    };
    let python = std::env::var_os("OIR_TEST_PYTHON");
    let python = python.expect("OIR_TEST_PYTHON is not set: run `cargo xtask test`");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(python);
    command
        .arg(project.join("tests/clients/official.py"))
        .arg(official);
    for (number, message) in messages().iter().enumerate() {
        let file = folder.join(format!("official-{number}.xml"));
        std::fs::write(&file, message).unwrap();
        command.arg(file);
    }
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
