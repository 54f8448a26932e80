//! Each mutation changes a message as it says, however that was written.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Mutation, apply, end_tag, start_tag};
use crate::rng::Rng;
use oir_domain::fault::FaultCode;

const PREFIXED: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<oir:ModtagFinansbilagRequest xmlns:oir="urn:oir:finans:modtagfinansbilag:2">
<rh:RequestHeader xmlns:rh="http://kombit.dk/xml/schemas/RequestHeader/1/"
><rh:TransactionUUID>x</rh:TransactionUUID></rh:RequestHeader>
<oir:Afsendelse><oir:Finansbilag><oir:BilagUUID>u</oir:BilagUUID>
<oir:Bilagsdato>2026-11-18</oir:Bilagsdato><oir:Tekst>Løn</oir:Tekst>
<oir:Finanspostering><oir:Beloeb>100</oir:Beloeb><oir:DebetKredit>D</oir:DebetKredit>
<oir:Sortimentsvaerdi><oir:Facet>f</oir:Facet><oir:Vaerdi>v</oir:Vaerdi></oir:Sortimentsvaerdi>
</oir:Finanspostering></oir:Finansbilag></oir:Afsendelse>
</oir:ModtagFinansbilagRequest></soap:Body></soap:Envelope>"#;

/// The same message in default namespaces, with a header and without a declaration.
fn plain() -> String {
    let text = PREFIXED.replace("oir:M", "M").replace("xmlns:oir", "xmlns");
    let text = text.replace("<oir:", "<").replace("</oir:", "</");
    let text = text.replace("<soap:Body", "<soap:Header/><soap:Body");
    let text = text.replace("http://schemas.xmlsoap.org/soap/envelope/", SOAP12);
    text.split_once('\n').unwrap().1.to_owned()
}

const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";

#[test]
fn tags_are_found_by_their_local_name() {
    let tag = start_tag(PREFIXED, "RequestHeader").unwrap();
    assert_eq!(tag.name, "rh:RequestHeader");
    assert!(PREFIXED.get(tag.at).unwrap().ends_with("1/\"\n>"));
    let end = end_tag(PREFIXED, "Vaerdi").unwrap();
    assert_eq!(PREFIXED.get(end), Some("</oir:Vaerdi>"));
    assert!(start_tag(PREFIXED, "Finans").is_none());
}

#[test]
fn every_mutation_changes_every_spelling_of_the_message() {
    let mut rng = Rng::new(5);
    let mut seen = std::collections::HashSet::new();
    for code in FaultCode::ALL {
        for _ in 0..20 {
            seen.extend(Mutation::provoking(*code, 4_000, &mut rng));
        }
    }
    assert_eq!(seen.len(), 21, "each has a code that it provokes");
    for mutation in seen {
        for text in [PREFIXED, &plain()] {
            let same = apply(&mutation, text) == text.as_bytes();
            let by_type = mutation.content_type().is_some();
            assert_eq!(same, by_type, "{mutation:?}");
        }
    }
}

fn text(mutation: Mutation, xml: &str) -> String {
    String::from_utf8(apply(&mutation, xml)).unwrap()
}

#[test]
fn each_does_what_it_says() {
    let expect = |mutation: Mutation, part: &str| {
        for xml in [PREFIXED, &plain()] {
            let changed = text(mutation, xml).replace("oir:", "");
            assert!(changed.contains(part), "{mutation:?}\n{changed}");
        }
    };
    expect(Mutation::BareAmpersand, "<Tekst>Kost & logi</Tekst>");
    expect(
        Mutation::CrossedEndTags,
        "<Vaerdi>v</Sortimentsvaerdi></Vaerdi>",
    );
    expect(
        Mutation::Deep { depth: 2 },
        "<d xmlns=\"urn:eksempel:dybde\"><d></d></d>",
    );
    expect(Mutation::NotAnEnvelope, "</soap:Kuvert>");
    expect(
        Mutation::SoapVersion,
        "\"http://www.w3.org/2019/09/soap-envelope\"",
    );
    expect(Mutation::UnknownOperation, "</SletFinansbilagRequest>");
    expect(Mutation::MustUnderstand, "soap:mustUnderstand=\"1\"");
    expect(Mutation::MustUnderstand, "</u:Prioritet></soap:Header>");
    expect(Mutation::ExtraElement, "</Bemaerkning><Bilagsdato>");
    expect(Mutation::WithoutVaerdi, "</Facet></Sortimentsvaerdi>");
    expect(Mutation::AmountInKroner, "<Beloeb>1.234,50</Beloeb>");
    expect(Mutation::SideInWords, "<DebetKredit>DEBET</DebetKredit>");
    expect(Mutation::StrayText, "se venligst<Finansbilag>");
    expect(Mutation::StrayAttribute, "<Finansbilag prioritet=\"1\">");
    expect(Mutation::TransactionNotUuid, "UUID>2026-opgave-17</rh:");
    let old = text(Mutation::OldNamespace, PREFIXED);
    assert!(old.contains("modtagfinansbilag:1\"") && !old.contains("bilag:2\""));
}

#[test]
fn the_ones_about_the_whole_text() {
    for xml in [PREFIXED, &plain()] {
        let cut = text(Mutation::CutOff, xml);
        assert!(xml.starts_with(&cut) && cut.trim_end().ends_with("Finanspostering>"));
        let typed = text(Mutation::Doctype, xml);
        let place = typed.find("<!DOCTYPE").unwrap();
        assert!(place < typed.find("<soap:Envelope").unwrap());
        assert_eq!(typed.starts_with("<?xml"), xml.starts_with("<?xml"));
        let bytes = 5_001;
        assert_eq!(text(Mutation::Padded { bytes }, xml).len(), bytes);
        assert!(String::from_utf8(apply(&Mutation::BrokenUtf8, xml)).is_err());
        let latin1 = apply(&Mutation::Latin1, xml);
        assert!(latin1.starts_with(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"));
        assert!(latin1.contains(&0xe6) && String::from_utf8(latin1).is_err());
    }
}
