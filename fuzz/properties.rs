//! What holds for any bytes at all. The fuzzer looks for bytes for which it does not; the
//! ordinary test `crates/oir-wire/tests/corpus.rs` tries those it has found interesting.

use oir_domain::ids::TransaktionsId;
use oir_domain::klassifikation::Kind;
use oir_wire::finans::message::Call;
use oir_wire::finans::{SoapVersion, json, read, receipt, write};
use oir_wire::{klassifikation, sheet};
use uuid::Uuid;

/// Any call is accepted or refused with faults; what is accepted means the same when it is
/// written and read again, in both versions of SOAP.
pub(crate) fn call(bytes: &[u8]) {
    for version in [SoapVersion::V11, SoapVersion::V12] {
        match read::call(version, bytes) {
            Ok(call) => survives(&call),
            Err(unreadable) => assert!(!unreadable.faults.is_empty(), "refused without a fault"),
        }
    }
    for operation in json::OPERATIONS {
        match json::call(operation, bytes) {
            Ok(call) => survives(&call),
            Err(unreadable) => assert!(!unreadable.faults.is_empty(), "refused without a fault"),
        }
    }
}

fn survives(call: &Call) {
    let own = TransaktionsId::from_uuid(Uuid::from_u128(1));
    for version in [SoapVersion::V11, SoapVersion::V12] {
        let again = read::call(version, &write::call(version, own, call));
        assert!(again.as_ref() == Ok(call), "{call:?} became {again:?}");
    }
}

/// Any answer is understood or not; what is understood is written and read the same for ever.
pub(crate) fn receipt(bytes: &[u8]) {
    let Ok(reply) = receipt::reply(bytes) else {
        return;
    };
    for version in [SoapVersion::V11, SoapVersion::V12] {
        let written = write::reply(version, &reply);
        let again = receipt::reply(&written);
        assert!(again.as_ref() == Ok(&reply), "{reply:?} became {again:?}");
    }
}

/// Any file is read as a spreadsheet or refused with faults; its rows are numbered in their
/// order, and each of them holds something.
pub(crate) fn sheet(bytes: &[u8]) {
    let rows = match sheet::read(bytes) {
        Ok(sheet) => sheet.rows,
        Err(faults) => return assert!(!faults.is_empty(), "refused without a fault"),
    };
    let in_order = rows.is_sorted_by_key(|row| row.number);
    assert!(
        in_order && rows.iter().all(|row| row.number > 0),
        "{rows:?}"
    );
    let something = |row: &sheet::Row| row.cells.iter().any(|cell| cell.text().is_some());
    assert!(rows.iter().all(something), "{rows:?}");
}

/// Any document about a classification is understood or refused with faults; a file of a
/// sortiment and an event that are understood are written and read the same for ever.
pub(crate) fn klassifikation(bytes: &[u8]) {
    match klassifikation::read::system(bytes) {
        Ok(objekter) => {
            let written = klassifikation::write::system(&objekter);
            let again = klassifikation::read::system(&written);
            // It is written in the order of kinds, whatever order it came in.
            let same = again.is_ok_and(|again| {
                let found = |objekt| again.contains(objekt);
                again.len() == objekter.len() && objekter.iter().all(found)
            });
            assert!(same, "{objekter:?}");
        }
        Err(faults) => assert!(!faults.is_empty(), "refused without a fault"),
    }
    for kind in Kind::ALL {
        match klassifikation::read::besked(kind, bytes) {
            Ok((id, said)) => {
                let written = klassifikation::write::besked(kind, id, &said);
                let again = klassifikation::read::besked(kind, &written);
                assert!(again == Ok((id, said)), "became {again:?}");
            }
            Err(faults) => assert!(!faults.is_empty(), "refused without a fault"),
        }
        if let Err(faults) = klassifikation::read::call(kind, bytes) {
            assert!(!faults.is_empty(), "refused without a fault");
        }
    }
}
