//! How accounts travel: one as it always did, several each with its part, and back from books
//! that found them by themselves.
#![expect(clippy::unwrap_used, reason = "tests")]

use oir_domain::fault::FaultCode;
use oir_domain::finans::Afsendelse;
use oir_domain::money::Oere;
use oir_domain::omsaetning::{Kontering, Konteringslinje, Told};
use oir_fagsystem::sample;
use oir_wire::finans::message::{
    Bilagskvittering, Bilagsstatus, Call, ForretningsKode, ModtagReply, Reply, StatusReply,
    Tilstand, TransportKvittering,
};
use oir_wire::finans::{SoapVersion, digest, json, read, receipt, write};
use proptest::prelude::*;

const BOTH: [SoapVersion; 2] = [SoapVersion::V11, SoapVersion::V12];

fn lines(parts: &[(&str, i64)]) -> Kontering {
    let lines = parts.iter().map(|(konto, oere)| Konteringslinje {
        konto: (*konto).into(),
        beloeb: Oere::new(*oere),
    });
    Kontering::try_new(lines.collect()).unwrap()
}

/// The sample with its first posting on these accounts, and its second on one.
fn mapped(first: Kontering) -> Afsendelse {
    let mut afsendelse = sample::afsendelse(1);
    let bilag = afsendelse.bilag.first_mut().unwrap();
    for (n, postering) in bilag.posteringer.iter_mut().enumerate() {
        postering.kontering = Some(match n {
            0 => first.clone(),
            _ => Kontering::whole("9.22.01", postering.beloeb),
        });
    }
    afsendelse
}

fn bytes(version: SoapVersion, afsendelse: &Afsendelse) -> String {
    let call = Call::Modtag(Box::new(afsendelse.clone()));
    String::from_utf8(write::call(version, afsendelse.transaktions_id, &call)).unwrap()
}

#[test]
fn one_account_is_written_as_it_always_was() {
    let beloeb = sample::bilag(1).posteringer.first().unwrap().beloeb;
    let written = bytes(
        SoapVersion::V11,
        &mapped(Kontering::whole("5.57.71", beloeb)),
    );
    let golden = "</oir:Sortimentsvaerdi><oir:Kontering>5.57.71</oir:Kontering></oir:Finanspostering>\
                  <oir:Finanspostering>";
    assert!(written.contains(golden), "{written}");
    assert!(!written.contains("Konteringslinje"), "{written}");
    // The same document without accounts, but for those elements.
    let unmapped = bytes(SoapVersion::V11, &sample::afsendelse(1));
    let stripped = written
        .replace("<oir:Kontering>5.57.71</oir:Kontering>", "")
        .replace("<oir:Kontering>9.22.01</oir:Kontering>", "");
    assert_eq!(stripped, unmapped);
}

#[test]
fn several_accounts_stand_beside_the_untouched_posting() {
    let beloeb = sample::bilag(1).posteringer.first().unwrap().beloeb;
    let split = mapped(lines(&[("5.57.71", beloeb.get() - 1), ("5.57.72", 1)]));
    let written = bytes(SoapVersion::V11, &split);
    let golden = format!(
        "<oir:Konteringslinje><oir:Konto>5.57.71</oir:Konto><oir:Beloeb>{}</oir:Beloeb>\
         </oir:Konteringslinje><oir:Konteringslinje><oir:Konto>5.57.72</oir:Konto>\
         <oir:Beloeb>1</oir:Beloeb></oir:Konteringslinje>",
        beloeb.get() - 1
    );
    assert!(written.contains(&golden), "{written}");
    let unmapped = bytes(SoapVersion::V11, &sample::afsendelse(1));
    let stripped = written
        .replace(&golden, "")
        .replace("<oir:Kontering>9.22.01</oir:Kontering>", "");
    assert_eq!(stripped, unmapped);
}

#[test]
fn one_account_and_lines_together_are_refused() {
    let beloeb = sample::bilag(1).posteringer.first().unwrap().beloeb;
    let split = mapped(lines(&[("5.57.71", beloeb.get() - 1), ("5.57.72", 1)]));
    let both = bytes(SoapVersion::V11, &split).replacen(
        "<oir:Konteringslinje>",
        "<oir:Kontering>5.57.70</oir:Kontering><oir:Konteringslinje>",
        1,
    );
    let refused = read::call(SoapVersion::V11, both.as_bytes()).unwrap_err();
    let codes: Vec<_> = refused.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, [FaultCode::UnexpectedElement]);
}

#[test]
fn lines_are_told_from_one_account_by_the_digest() {
    let beloeb = sample::bilag(1).posteringer.first().unwrap().beloeb;
    let whole = mapped(Kontering::whole("5.57.71", beloeb));
    let split = mapped(lines(&[("5.57.71", beloeb.get() - 1), ("5.57.72", 1)]));
    let other = mapped(lines(&[("5.57.71", beloeb.get() - 2), ("5.57.72", 2)]));
    let all = [&sample::afsendelse(1), &whole, &split, &other].map(digest::afsendelse);
    for (n, one) in all.iter().enumerate() {
        assert_eq!(all.iter().filter(|other| *other == one).count(), 1, "{n}");
    }
}

#[test]
fn books_say_what_they_booked_on() {
    let told = vec![
        Told {
            linjenummer: 1,
            kontering: Kontering::whole("5.57.71", Oere::new(100)),
        },
        Told {
            linjenummer: 2,
            kontering: lines(&[("9.1", 60), ("9.2", 40)]),
        },
    ];
    let bilag_uuid = sample::bilag(1).bilag_uuid;
    let kode = ForretningsKode::Accepteret;
    let receipt = Bilagskvittering {
        konteret: told.clone(),
        ..Bilagskvittering::of(bilag_uuid, "bil".into(), kode, None, &[])
    };
    let status = Bilagsstatus {
        bilag_uuid,
        bilag_id: Some("bil".into()),
        tilstand: Tilstand::Bogfoert,
        forsoeg: 1,
        aendret: None,
        kvittering: Some(receipt.kvittering.clone()),
        erp_bilagsnummer: None,
        positionsfejl: Vec::new(),
        konteret: told,
    };
    let replies = [
        Reply::Modtag(ModtagReply {
            transport: TransportKvittering::OK,
            afsendelse_id: "msg".into(),
            modtaget: jiff::Timestamp::UNIX_EPOCH,
            bilag: vec![receipt],
        }),
        Reply::HentStatus(StatusReply {
            transport: TransportKvittering::OK,
            bilag: vec![status],
        }),
    ];
    // Times before 2000 are none of the contract's.
    let now: jiff::Timestamp = "2026-11-18T12:00:00Z".parse().unwrap();
    for mut reply in replies {
        if let Reply::Modtag(reply) = &mut reply {
            reply.modtaget = now;
        }
        for version in BOTH {
            let bytes = write::reply(version, &reply);
            assert_eq!(receipt::reply(&bytes).unwrap(), reply);
        }
        let said = json::reply(&reply).to_string();
        assert!(
            said.contains(r#""Konteringslinje":[{"Beloeb":60,"Konto":"9.1"}"#),
            "{said}"
        );
    }
}

proptest! {
    #[test]
    fn any_lines_read_back_as_they_were_written(
        parts in proptest::collection::vec(("[0-9a-zæøå.<&]{1,40}", 0_i64..1_000_000), 2..20),
    ) {
        let parts: Vec<(&str, i64)> = parts.iter().map(|(k, b)| (k.as_str(), *b)).collect();
        let sent = mapped(lines(&parts));
        for version in BOTH {
            let written = bytes(version, &sent);
            let read = read::call(version, written.as_bytes()).unwrap();
            prop_assert_eq!(read, Call::Modtag(Box::new(sent.clone())));
        }
    }
}
