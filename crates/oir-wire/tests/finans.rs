//! The contract from both ends: what is written is read back, what is broken is refused
//! with the code that its damage stands for, and nothing makes the reader panic.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use jiff::civil::date;
use oir_domain::fault::FaultCode;
use oir_domain::ids::{BilagUuid, ErpBilagsnummer, TransaktionsId};
use oir_domain::money::Oere;
use oir_fagsystem::{Content, DayPlan, Expected, apply, sample};
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, Blame, Call, Delivery, ForretningsKode, KontroltotalQuery,
    KontroltotalReply, KvitteringQuery, ModtagReply, Refusal, Reply, StatusOf, StatusQuery,
    StatusReply, Systemtotal, Tilstand, TransportKvittering,
};
use oir_wire::finans::{SoapVersion, digest, read, receipt, write};
use proptest::prelude::{any, proptest};

const BOTH: [SoapVersion; 2] = [SoapVersion::V11, SoapVersion::V12];

fn day() -> oir_fagsystem::Day {
    oir_fagsystem::day(&DayPlan {
        seed: 7,
        bilag: 1_500,
        day: sample::DAY,
        now: "2026-11-18T12:00:00Z".parse().unwrap(),
        kommuner: 10,
        receiver_url: "http://127.0.0.1:9/".into(),
        body_limit: 200_000,
    })
}

fn id() -> TransaktionsId {
    sample::afsendelse(1).transaktions_id
}

#[test]
fn a_day_of_messages_reads_back_as_it_was_written() {
    for planned in day().messages() {
        let sent = Call::Modtag(Box::new(planned.content.afsendelse().clone()));
        for version in BOTH {
            let bytes = write::call(version, id(), &sent);
            assert_eq!(read::call(version, &bytes).unwrap(), sent);
        }
    }
}

#[test]
fn every_planned_damage_is_refused_with_its_code() {
    let mut seen = std::collections::BTreeSet::new();
    for planned in day().messages() {
        let Content::Broken(afsendelse, mutation) = &planned.content else {
            continue;
        };
        let Some(Expected::TransportFault(code)) = planned.expected.first() else {
            continue;
        };
        // Size and content type are judged at the door, before the text is looked at.
        if matches!(code, FaultCode::TooLarge | FaultCode::WrongContentType) {
            continue;
        }
        let sound = write::call(
            SoapVersion::V11,
            id(),
            &Call::Modtag(Box::new(afsendelse.clone())),
        );
        let broken = apply(mutation, std::str::from_utf8(&sound).unwrap());
        let refused = read::call(SoapVersion::V11, &broken).unwrap_err();
        let codes: Vec<_> = refused.faults.iter().map(|f| f.code).collect();
        assert!(codes.contains(code), "{mutation:?}: {codes:?} lacks {code}");
        seen.insert(*code);
    }
    assert!(seen.len() >= 14, "only {seen:?}");
}

#[test]
fn all_faults_are_reported_with_their_places() {
    let sound = write::call(
        SoapVersion::V11,
        id(),
        &Call::Modtag(Box::new(sample::bundle(1, 2))),
    );
    let text = String::from_utf8(sound).unwrap();
    let text = text.replace("<oir:DebetKredit>K<", "<oir:DebetKredit>kredit<");
    let text = text.replacen("<oir:Valuta>DKK</oir:Valuta>", "", 1);
    let refused = read::call(SoapVersion::V11, text.as_bytes()).unwrap_err();
    let places: Vec<_> = refused
        .faults
        .iter()
        .map(|f| (f.code.code(), &*f.place.path))
        .collect();
    assert_eq!(
        places,
        [
            ("F0102", "Finansbilag[1]/Valuta"),
            ("F0103", "Finansbilag[1]/Finanspostering[2]/DebetKredit"),
            ("F0103", "Finansbilag[2]/Finanspostering[2]/DebetKredit"),
        ]
    );
    assert_eq!(refused.antal_bilag, 2);
    assert_eq!(
        refused.transaktions_id,
        Some(sample::bundle(1, 2).transaktions_id)
    );
}

fn kvittering(kode: ForretningsKode) -> Bilagskvittering {
    let faults: Vec<_> = FaultCode::ALL
        .iter()
        .map(|code| {
            let place = oir_domain::fault::Place {
                bilag: Some(0),
                linje: Some(3),
                path: "Finansbilag[1]/Finanspostering[3]".into(),
            };
            oir_domain::fault::Fault::new(*code, place, &[&"<&>", &2, &date(2026, 11, 18)])
        })
        .collect();
    let number = ErpBilagsnummer::try_new("2026-000001").unwrap();
    let uuid = sample::bilag(1).bilag_uuid;
    Bilagskvittering::of(uuid, "bil_1".into(), kode, Some(number), &faults)
}

fn calls() -> Vec<Call> {
    let myndighed = sample::myndighed();
    let system = sample::FAGSYSTEM;
    let status = |afsender_system, of| {
        Call::HentStatus(StatusQuery {
            myndighed,
            afsender_system,
            of,
        })
    };
    let ids: Vec<BilagUuid> = (0..50).map(|n| sample::bilag(n).bilag_uuid).collect();
    vec![
        Call::HentKvittering(KvitteringQuery {
            myndighed,
            afsender_system: system,
            transaktions_id: id(),
        }),
        status(Some(system), StatusOf::Message(id())),
        status(None, StatusOf::Bilag(ids)),
        Call::Aflever(Delivery {
            myndighed,
            bilag: ForretningsKode::ALL
                .iter()
                .map(|k| kvittering(*k))
                .collect(),
        }),
        Call::HentKontroltotal(KontroltotalQuery {
            myndighed,
            fra: date(2026, 11, 1),
            til: date(2026, 11, 30),
            afsender_system: Some(system),
        }),
    ]
}

fn replies() -> Vec<Reply> {
    let modtag = ModtagReply {
        transport: TransportKvittering::OK,
        afsendelse_id: "msg_1".into(),
        modtaget: "2026-11-18T12:00:00.000001Z".parse().unwrap(),
        bilag: ForretningsKode::ALL
            .iter()
            .map(|k| kvittering(*k))
            .collect(),
    };
    let known = kvittering(ForretningsKode::Accepteret);
    let modtaget = modtag.modtaget;
    let status = Tilstand::ALL.iter().map(|tilstand| Bilagsstatus {
        bilag_uuid: known.bilag_uuid,
        bilag_id: Some(known.bilag_id.clone()),
        tilstand: *tilstand,
        forsoeg: 2,
        aendret: Some(modtaget),
        kvittering: Some(known.kvittering.clone()),
        erp_bilagsnummer: known.erp_bilagsnummer.clone(),
        positionsfejl: known.positionsfejl.clone(),
        konteret: Vec::new(),
    });
    let total = Systemtotal {
        afsender_system: sample::FAGSYSTEM,
        antal: 3,
        debet: Oere::new(12_345),
        kredit: Oere::new(12_345),
    };
    let fault = oir_domain::fault::Fault::new(
        FaultCode::TransactionReused,
        oir_domain::fault::Place::message("RequestHeader/TransactionUUID"),
        &[&id()],
    );
    vec![
        Reply::Modtag(modtag.clone()),
        Reply::HentKvittering(modtag),
        Reply::HentStatus(StatusReply {
            transport: TransportKvittering::OK,
            bilag: status.collect(),
        }),
        Reply::Aflever(TransportKvittering::of(std::slice::from_ref(&fault), false)),
        Reply::HentKontroltotal(KontroltotalReply {
            transport: TransportKvittering::OK,
            totaler: vec![total],
        }),
        Reply::Refused(Refusal::of(Blame::Sender, std::slice::from_ref(&fault))),
        Reply::Refused(Refusal::of(Blame::Receiver, &[fault])),
    ]
}

#[test]
fn calls_and_answers_read_back_in_both_versions() {
    for version in BOTH {
        for call in calls() {
            let bytes = write::call(version, id(), &call);
            assert_eq!(read::call(version, &bytes).unwrap(), call);
        }
        for reply in replies() {
            let bytes = write::reply(version, &reply);
            assert_eq!(receipt::reply(&bytes).unwrap(), reply);
        }
    }
}

#[test]
fn the_envelope_must_be_of_the_announced_version() {
    let bytes = write::call(
        SoapVersion::V12,
        id(),
        &Call::Modtag(Box::new(sample::afsendelse(1))),
    );
    let refused = read::call(SoapVersion::V11, &bytes).unwrap_err();
    assert_eq!(refused.faults.first().unwrap().code, FaultCode::NotSoap);
}

#[test]
fn a_fault_of_another_and_a_page_of_html_are_no_answers() {
    let bare = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\
        <faultcode>s:Server</faultcode><faultstring>x</faultstring><detail><y/></detail></s:Fault>\
        </s:Body></s:Envelope>";
    assert_eq!(receipt::reply(bare), Err(receipt::ReplyError::BareFault));
    assert!(receipt::reply(b"<html><body>Bad gateway</body></html>").is_err());
}

#[test]
fn the_digest_follows_the_content_and_not_the_bytes() {
    let one = sample::afsendelse(1);
    let bytes = write::call(SoapVersion::V11, id(), &Call::Modtag(Box::new(one.clone())));
    let spaced = String::from_utf8(bytes)
        .unwrap()
        .replace("><oir:", ">\n  <oir:");
    let Call::Modtag(read) = read::call(SoapVersion::V11, spaced.as_bytes()).unwrap() else {
        panic!("a ModtagFinansbilag was sent");
    };
    assert_eq!(digest::afsendelse(&read), digest::afsendelse(&one));
    let mut other = one.clone();
    other
        .bilag
        .first_mut()
        .unwrap()
        .posteringer
        .first_mut()
        .unwrap()
        .momskode = Some("U".into());
    assert_ne!(digest::afsendelse(&other), digest::afsendelse(&one));
    assert_ne!(
        digest::bilag(&sample::bilag(1)),
        digest::bilag(&sample::bilag(2))
    );
}

proptest! {
    #[test]
    fn any_bytes_and_any_damage_are_answered(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        at in any::<proptest::sample::Index>(),
        length in 0..40_usize,
    ) {
        drop(read::call(SoapVersion::V11, &noise));
        drop(receipt::reply(&noise));
        let mut bytes = write::call(SoapVersion::V11, id(), &Call::Modtag(Box::new(sample::bundle(1, 2))));
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, noise.iter().copied());
        if let Err(refused) = read::call(SoapVersion::V11, &bytes) {
            assert!(!refused.faults.is_empty());
        }
        drop(receipt::reply(&bytes));
    }
}
