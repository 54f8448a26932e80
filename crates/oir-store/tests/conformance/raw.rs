//! The bytes as received come back byte for byte, whatever they are and however they are
//! kept.

use oir_domain::access::Scope;
use oir_fagsystem::rng::Rng;
use oir_fagsystem::sample;
use oir_flow::ports::inbox::Admit;
use oir_flow::ports::views::Views;

use crate::subject::Subject;

on_both! {
    bytes_of_every_kind_come_back,
    bytes_of_every_short_length_come_back,
}

/// Bytes that cannot be packed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut dice = Rng::new(seed);
    (0..length)
        .map(|_| u8::try_from(dice.below(256)).unwrap())
        .collect()
}

async fn comes_back(subject: &Subject, all: &[Vec<u8>]) {
    let records: Vec<_> = (0_u64..)
        .zip(all)
        .map(|(n, raw)| subject.unreadable(n, raw, 0))
        .collect();
    assert_eq!(subject.admit(&records).await, Admit::Done);
    for (record, raw) in records.iter().zip(all) {
        let found = subject
            .store
            .message_detail(&Scope::everything(), record.id)
            .await
            .unwrap()
            .unwrap();
        assert!(found.raw == *raw, "{} bytes came back otherwise", raw.len());
    }
    let report = subject.store.verify(&|_| {}).await.unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(report.messages, u64::try_from(all.len()).unwrap());
}

async fn bytes_of_every_kind_come_back(subject: &Subject) {
    let xml = format!("{:?}", sample::bundle(1, 300)).into_bytes();
    let kinds = [
        Vec::new(),
        vec![0; 1_000_000],
        noise(1, 1_000_000),
        (0..=255).collect(),
        xml,
    ];
    comes_back(subject, &kinds).await;
}

/// A column that holds sixteen bytes looks like an id to one of the databases.
async fn bytes_of_every_short_length_come_back(subject: &Subject) {
    let lengths: Vec<Vec<u8>> = (0..64).map(|length| noise(2, length)).collect();
    comes_back(subject, &lengths).await;
}
