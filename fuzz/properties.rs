//! What holds for any bytes at all. The fuzzer looks for bytes for which it does not; the
//! ordinary test `crates/oir-wire/tests/corpus.rs` tries those it has found interesting.

use oir_domain::ids::TransaktionsId;
use oir_wire::finans::message::Call;
use oir_wire::finans::{SoapVersion, json, read, receipt, write};
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
