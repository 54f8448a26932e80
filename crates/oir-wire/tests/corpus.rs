//! The fuzzer's properties on what it has found interesting so far (`fuzz/corpus`), and on
//! every piece of it cut short: no fuzzer is needed to run this.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

#[path = "../../../fuzz/properties.rs"]
mod properties;

/// Runs a property on all files of a corpus; at least so many must be there.
fn replay(corpus: &str, least: usize, property: fn(&[u8])) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = project.join("fuzz/corpus").join(corpus);
    let mut seen = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        property(&bytes);
        for end in (0..bytes.len()).step_by(bytes.len() / 8 + 1) {
            property(bytes.get(..end).unwrap());
        }
        seen += 1;
    }
    assert!(seen >= least, "{corpus}: only {seen} files");
}

#[test]
fn no_call_breaks_the_reader() {
    replay("call", 100, properties::call);
}

#[test]
fn no_answer_breaks_the_receipt_reader() {
    replay("receipt", 50, properties::receipt);
}

#[test]
fn no_file_breaks_the_spreadsheet_reader() {
    replay("sheet", 150, properties::sheet);
}

#[test]
fn no_document_breaks_the_reader_of_classifications() {
    replay("klassifikation", 150, properties::klassifikation);
}
