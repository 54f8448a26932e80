//! Cuts one bilag out of the bytes of its message: a bundle holds other persons, whom nobody
//! asked about. Pure.
//!
//! What is cut is what the message's own reader counts as the bilag of that number, and it
//! names itself by the bilag's id. Where that does not hold, nothing is cut, and whoever shows
//! the message must mask it.

use oir_domain::ids::BilagUuid;
use oir_wire::finans::NS;
use oir_wire::xml::{Event, Leaf, Reader};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which bilag of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Its number there, from 0.
    pub(super) index: u32,
    /// What it calls itself.
    pub(super) uuid: BilagUuid,
}

/// That bilag as it was written, `<Finansbilag>` with its end or an object of JSON, and
/// nothing of its neighbours; none when it cannot be told from them.
#[must_use]
pub(super) fn bilag(raw: &[u8], wanted: Wanted) -> Option<&str> {
    let text = std::str::from_utf8(raw).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') {
        in_json(text, wanted)
    } else {
        in_xml(text, wanted)
    }
}

/// As far as a bundle in JSON is read here: names that stand twice are refused.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "Afsendelse", borrow)]
    afsendelse: Bundle<'a>,
}

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(rename = "Finansbilag", borrow)]
    bilag: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "BilagUUID")]
    uuid: String,
}

fn in_json(text: &str, wanted: Wanted) -> Option<&str> {
    let message: Message<'_> = serde_json::from_str(text).ok()?;
    let index = usize::try_from(wanted.index).ok()?;
    let own = message.afsendelse.bilag.get(index)?.get();
    let named: Named = serde_json::from_str(own).ok()?;
    is(&named.uuid, wanted).then_some(own)
}

fn in_xml(text: &str, wanted: Wanted) -> Option<&str> {
    let mut reader = Reader::new(text.as_bytes(), &[NS]).ok()?;
    let mut before = wanted.index;
    loop {
        match reader.next_event().ok()? {
            Event::Start if is_element(&reader, "Finansbilag") => match before.checked_sub(1) {
                None => return element(text, &mut reader, wanted),
                Some(left) => {
                    before = left;
                    reader.skip_element().ok()?;
                }
            },
            Event::Eof => return None,
            Event::Start | Event::End | Event::Text(_) => {}
        }
    }
}

/// The element that has just begun, when it is the one that is wanted.
fn element<'a>(text: &'a str, reader: &mut Reader<'a>, wanted: Wanted) -> Option<&'a str> {
    // The values of attributes hold no `<`.
    let start = text.get(..reader.offset())?.rfind('<')?;
    let depth = reader.depth();
    let mut names = Vec::new();
    while reader.depth() >= depth {
        let began = reader.next_event().ok()? == Event::Start;
        if began && reader.depth() == depth + 1 && is_element(reader, "BilagUUID") {
            match reader.leaf().ok()? {
                Leaf::Text(name) => names.push(name),
                Leaf::Child => return None,
            }
        }
    }
    let own = matches!(&*names, [name] if is(name, wanted));
    text.get(start..reader.offset()).filter(|_| own)
}

fn is_element(reader: &Reader<'_>, name: &str) -> bool {
    reader.local() == name && reader.namespace(reader.ns()) == NS
}

fn is(name: &str, wanted: Wanted) -> bool {
    name.trim()
        .parse()
        .is_ok_and(|name: BilagUuid| name == wanted.uuid)
}

#[cfg(test)]
mod tests {
    use super::{Wanted, bilag};
    use oir_domain::ids::BilagUuid;
    use oir_wire::finans::NS;
    use proptest::prelude::{any, proptest};
    use uuid::Uuid;

    fn uuid(number: u8) -> BilagUuid {
        BilagUuid::from_uuid(Uuid::from_bytes([number; 16]))
    }

    fn cut(raw: &str, index: u32) -> Option<&str> {
        let number = u8::try_from(index).unwrap_or(u8::MAX);
        let uuid = uuid(number);
        bilag(raw.as_bytes(), Wanted { index, uuid })
    }

    fn name(number: u8) -> String {
        format!("<a:BilagUUID>{}</a:BilagUUID>", uuid(number))
    }

    #[test]
    fn the_right_element_is_cut_out_whatever_stands_around_it() {
        let (one, two) = (name(0), name(1));
        let one = format!("<a:Finansbilag x='>'>{one}een</a:Finansbilag>");
        let two = format!(
            "<a:Finansbilag\n><a:RetterBilag><a:BilagUUID>x</a:BilagUUID></a:RetterBilag>{two}\
             <![CDATA[</a:Finansbilag>]]></a:Finansbilag>"
        );
        let xml = format!(
            "\u{feff}<a:Afsendelse xmlns:a='{NS}'><!-- <a:Finansbilag> -->\
             <Finansbilag>of others</Finansbilag>{one}\n{two}</a:Afsendelse>"
        );
        assert_eq!(cut(&xml, 0), Some(&*one));
        assert_eq!(cut(&xml, 1), Some(&*two));
        assert_eq!(cut(&xml, 2), None);
    }

    #[test]
    fn what_is_not_surely_that_element_is_not_cut() {
        let (one, two) = (name(0), name(1));
        for inside in [
            // An element before it shifts the numbers.
            format!("<a:Finansbilag/><a:Finansbilag>{one}</a:Finansbilag>"),
            format!("<a:Finansbilag>{two}</a:Finansbilag>"),
            format!("<a:Finansbilag>{one}{two}</a:Finansbilag>"),
            format!("<a:Finansbilag><a:Part>{one}</a:Part></a:Finansbilag>"),
            format!("<a:Finansbilag>{one}"),
        ] {
            let xml = format!("<a:Afsendelse xmlns:a='{NS}'>{inside}</a:Afsendelse>");
            assert_eq!(cut(&xml, 0), None, "{xml}");
        }
    }

    #[test]
    fn the_right_object_is_cut_out_as_it_was_written() {
        let one = format!("{{ \"Tekst\": \"}}{{\", \"BilagUUID\" : \"{}\"}}", uuid(0));
        let two = format!("{{\"BilagUUID\":\"{}\",\"Beloeb\":1.50}}", uuid(1));
        let json = format!(
            " {{\"RequestHeader\":{{}},\"Afsendelse\":{{\"Oprettet\":1,\
             \"\\u0046insbilag\":[],\"\\u0046inansbilag\":[ {one} ,{two}]}}}}"
        );
        assert_eq!(cut(&json, 0), Some(&*one));
        assert_eq!(cut(&json, 1), Some(&*two));
        assert_eq!(cut(&json, 2), None);
        let twice = json.replace("insbilag", "inansbilag");
        assert_eq!(cut(&twice, 0), None);
        let other = json.replace(&uuid(0).to_string(), &uuid(9).to_string());
        assert_eq!(cut(&other, 0), None);
        assert_eq!(cut(json.trim_end_matches('}'), 0), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(raw in any::<Vec<u8>>(), index in 0..3_u32) {
            let _ = bilag(&raw, Wanted { index, uuid: uuid(0) });
        }
    }
}
