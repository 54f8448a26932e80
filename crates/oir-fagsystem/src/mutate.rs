//! Damage to a message's text: what a faulty sender or wire does to XML that was sound.
//!
//! A mutation is data, decided with the rest of the day; [`apply`] carries it out on the
//! text that the sender wrote. It looks for elements by their local names, whatever the
//! prefixes, and it must not know how the text was written.

use std::ops::Range;

use oir_domain::fault::FaultCode;

use crate::rng::Rng;

/// Deeper than any message of ours could be: the envelope, the body and four levels.
const DEPTH: usize = 1_000;

/// Our namespace without the version number at its end.
const NAMESPACE: &str = "urn:oir:finans:modtagfinansbilag:";

/// One thing done to a message on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutation {
    /// The end is missing.
    CutOff,
    /// An ampersand that was not written as an entity.
    BareAmpersand,
    /// Two end tags in the wrong order.
    CrossedEndTags,
    /// Declared and written as ISO-8859-1.
    Latin1,
    /// A byte that UTF-8 never has.
    BrokenUtf8,
    /// A document type with an entity.
    Doctype,
    /// A comment that makes the message so many bytes long.
    Padded {
        /// Length of the result, when that is more than it was.
        bytes: usize,
    },
    /// So many elements inside each other in a header of its own.
    Deep {
        /// How many.
        depth: usize,
    },
    /// The outermost element is no envelope.
    NotAnEnvelope,
    /// An envelope of a SOAP version that there is not.
    SoapVersion,
    /// An operation that the service does not have.
    UnknownOperation,
    /// The version of our contract before this one.
    OldNamespace,
    /// A header that must be understood and is not.
    MustUnderstand,
    /// Sent as something that is not XML; the text is sound.
    ContentType,
    /// An element that the contract does not have.
    ExtraElement,
    /// A sortiment value without its value.
    WithoutVaerdi,
    /// An amount in kroner with a comma.
    AmountInKroner,
    /// A side in words.
    SideInWords,
    /// Text between the elements.
    StrayText,
    /// An attribute that the contract does not have.
    StrayAttribute,
    /// A call id that is no UUID.
    TransactionNotUuid,
}

impl Mutation {
    /// One that makes the hand-over fail with that code; none when that takes more than
    /// the text. `body_limit` is the longest message that the receiver takes, in bytes.
    pub(crate) fn provoking(code: FaultCode, body_limit: usize, rng: &mut Rng) -> Option<Self> {
        let one_of: &[Self] = match code {
            FaultCode::NotWellFormed => &[Self::CutOff, Self::BareAmpersand, Self::CrossedEndTags],
            FaultCode::WrongEncoding => &[Self::Latin1, Self::BrokenUtf8],
            FaultCode::DoctypeForbidden => &[Self::Doctype],
            FaultCode::TooLarge => {
                let bytes = body_limit.saturating_add(1);
                return Some(Self::Padded { bytes });
            }
            FaultCode::TooComplex => &[Self::Deep { depth: DEPTH }],
            FaultCode::NotSoap => &[Self::NotAnEnvelope, Self::SoapVersion],
            FaultCode::UnknownOperation => &[Self::UnknownOperation],
            FaultCode::WrongNamespace => &[Self::OldNamespace],
            FaultCode::NotUnderstood => &[Self::MustUnderstand],
            FaultCode::WrongContentType => &[Self::ContentType],
            FaultCode::UnexpectedElement => &[Self::ExtraElement],
            FaultCode::MissingElement => &[Self::WithoutVaerdi],
            FaultCode::WrongForm => &[Self::AmountInKroner, Self::SideInWords],
            FaultCode::UnexpectedText => &[Self::StrayText],
            FaultCode::UnexpectedAttribute => &[Self::StrayAttribute],
            FaultCode::TransactionNotUuid => &[Self::TransactionNotUuid],
            _ => return None,
        };
        one_of.get(rng.index(one_of.len())).copied()
    }

    /// The content type to send the text under, when not the usual one.
    #[must_use]
    pub const fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::ContentType => Some("text/plain; charset=utf-8"),
            _ => None,
        }
    }
}

/// Does the damage to a sound message. What it looks for and does not find, it leaves.
#[must_use]
pub fn apply(mutation: &Mutation, xml: &str) -> Vec<u8> {
    let changed = match mutation {
        Mutation::Latin1 => return latin1(xml),
        Mutation::BrokenUtf8 => return broken_utf8(xml),
        Mutation::ContentType => None,
        Mutation::CutOff => end_tag(xml, "Finansbilag").and_then(|at| xml.get(..at.start)),
        Mutation::BareAmpersand => return inside(xml, "Tekst", "Kost & logi").into_bytes(),
        Mutation::CrossedEndTags => return crossed(xml).into_bytes(),
        Mutation::Doctype => return doctype(xml).into_bytes(),
        Mutation::Padded { bytes } => return padded(xml, *bytes).into_bytes(),
        Mutation::Deep { depth } => return deep(xml, *depth).into_bytes(),
        Mutation::NotAnEnvelope => return renamed(xml, "Envelope", "Kuvert").into_bytes(),
        Mutation::SoapVersion => return soap_version(xml).into_bytes(),
        Mutation::UnknownOperation => {
            let (from, to) = ("ModtagFinansbilagRequest", "SletFinansbilagRequest");
            return renamed(xml, from, to).into_bytes();
        }
        Mutation::OldNamespace => {
            let (from, to) = (format!("{NAMESPACE}2"), format!("{NAMESPACE}1"));
            return xml.replace(&from, &to).into_bytes();
        }
        Mutation::MustUnderstand => return must_understand(xml).into_bytes(),
        Mutation::ExtraElement => {
            return before(xml, "Bilagsdato", "<Bemaerkning>haster</Bemaerkning>").into_bytes();
        }
        Mutation::WithoutVaerdi => return without(xml, "Vaerdi").into_bytes(),
        Mutation::AmountInKroner => return inside(xml, "Beloeb", "1.234,50").into_bytes(),
        Mutation::SideInWords => return inside(xml, "DebetKredit", "DEBET").into_bytes(),
        Mutation::StrayText => return before(xml, "Finansbilag", "se venligst").into_bytes(),
        Mutation::StrayAttribute => return attribute(xml).into_bytes(),
        Mutation::TransactionNotUuid => {
            return inside(xml, "TransactionUUID", "2026-opgave-17").into_bytes();
        }
    };
    changed.unwrap_or(xml).into()
}

/// A start tag in the text.
struct Tag<'a> {
    /// Name with prefix.
    name: &'a str,
    /// From `<` to past `>`.
    at: Range<usize>,
}

/// The first start tag with that local name.
fn start_tag<'a>(xml: &'a str, local: &str) -> Option<Tag<'a>> {
    xml.match_indices('<').find_map(|(start, _)| {
        let inner = xml.get(start + 1..)?;
        let name = inner.split([' ', '\t', '\r', '\n', '/', '>']).next()?;
        if name.rsplit(':').next() != Some(local) {
            return None;
        }
        let end = start + 1 + inner.find('>')? + 1;
        let at = start..end;
        Some(Tag { name, at })
    })
}

/// The end tag that belongs to the first start tag with that local name, none of which
/// holds another of its own name.
fn end_tag(xml: &str, local: &str) -> Option<Range<usize>> {
    let tag = start_tag(xml, local)?;
    let text = format!("</{}", tag.name);
    let start = tag.at.end + xml.get(tag.at.end..)?.find(&text)?;
    let end = start + xml.get(start..)?.find('>')? + 1;
    Some(start..end)
}

/// The text with a part of it replaced; unchanged when there is no such part.
fn spliced(xml: &str, at: Option<Range<usize>>, new: &str) -> String {
    let mut text = xml.to_owned();
    if let Some(at) = at {
        text.replace_range(at, new);
    }
    text
}

fn before(xml: &str, local: &str, new: &str) -> String {
    let at = start_tag(xml, local).map(|tag| tag.at.start..tag.at.start);
    spliced(xml, at, new)
}

/// Replaces what is inside the first element with that name.
fn inside(xml: &str, local: &str, new: &str) -> String {
    let start = start_tag(xml, local).map(|tag| tag.at.end);
    let end = end_tag(xml, local).map(|at| at.start);
    let at = start.zip(end).map(|(start, end)| start..end);
    spliced(xml, at, new)
}

fn without(xml: &str, local: &str) -> String {
    let start = start_tag(xml, local).map(|tag| tag.at.start);
    let end = end_tag(xml, local).map(|at| at.end);
    let at = start.zip(end).map(|(start, end)| start..end);
    spliced(xml, at, "")
}

/// Gives the first element with that name another, at both its ends.
fn renamed(xml: &str, from: &str, to: &str) -> String {
    let Some(end) = end_tag(xml, from) else {
        return xml.to_owned();
    };
    let tag = |text: &str| text.replacen(from, to, 1);
    let changed = spliced(xml, Some(end.clone()), &tag(xml.get(end).unwrap_or("")));
    let start = start_tag(xml, from).map(|tag| tag.at);
    let new = start
        .clone()
        .and_then(|at| xml.get(at))
        .map_or(String::new(), tag);
    spliced(&changed, start, &new)
}

fn crossed(xml: &str) -> String {
    let tags = (end_tag(xml, "Vaerdi"), end_tag(xml, "Sortimentsvaerdi"));
    let (Some(inner), Some(outer)) = tags else {
        return xml.to_owned();
    };
    let at = inner.start..outer.end;
    let (inner, outer) = (xml.get(inner).unwrap_or(""), xml.get(outer).unwrap_or(""));
    spliced(xml, Some(at), &format!("{outer}{inner}"))
}

/// Past the XML declaration, or the start when there is none.
fn after_declaration(xml: &str) -> usize {
    let declared = xml.trim_start().starts_with("<?xml");
    let end = declared.then(|| xml.find("?>")).flatten();
    end.map_or(0, |end| end + 2)
}

fn doctype(xml: &str) -> String {
    let at = after_declaration(xml);
    let text = "<!DOCTYPE Envelope [<!ENTITY konto \"5577111479101352\">]>";
    spliced(xml, Some(at..at), text)
}

fn padded(xml: &str, bytes: usize) -> String {
    const EMPTY: &str = "<!---->";
    let missing = bytes.saturating_sub(xml.len()).saturating_sub(EMPTY.len());
    let comment = format!("<!--{}-->", " ".repeat(missing));
    let at = after_declaration(xml);
    spliced(xml, Some(at..at), &comment)
}

/// Puts an entry into the SOAP header, and a header into an envelope that has none.
fn with_header(xml: &str, entry: impl FnOnce(&str) -> String) -> String {
    let Some(body) = start_tag(xml, "Body") else {
        return xml.to_owned();
    };
    let prefix = body.name.strip_suffix("Body").unwrap_or("");
    let entry = entry(prefix);
    if let Some(end) = end_tag(xml, "Header") {
        return spliced(xml, Some(end.start..end.start), &entry);
    }
    let header = format!("<{prefix}Header>{entry}</{prefix}Header>");
    match start_tag(xml, "Header") {
        Some(empty) => spliced(xml, Some(empty.at), &header),
        None => spliced(xml, Some(body.at.start..body.at.start), &header),
    }
}

fn deep(xml: &str, depth: usize) -> String {
    with_header(xml, |_| {
        let inner = depth.saturating_sub(1);
        let (open, close) = ("<d>".repeat(inner), "</d>".repeat(inner));
        format!("<d xmlns=\"urn:eksempel:dybde\">{open}{close}</d>")
    })
}

fn must_understand(xml: &str) -> String {
    with_header(xml, |prefix| {
        let name = "<u:Prioritet xmlns:u=\"urn:eksempel:ukendt\"";
        format!("{name} {prefix}mustUnderstand=\"1\">haster</u:Prioritet>")
    })
}

/// Both SOAP namespaces end in `envelope` and, in SOAP 1.1, a slash.
fn soap_version(xml: &str) -> String {
    [
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    ]
    .iter()
    .fold(xml.to_owned(), |text, known| {
        text.replace(known, "http://www.w3.org/2019/09/soap-envelope")
    })
}

fn attribute(xml: &str) -> String {
    let tag = start_tag(xml, "Finansbilag");
    let at = tag.map(|tag| tag.at.start + 1 + tag.name.len());
    spliced(xml, at.map(|at| at..at), " prioritet=\"1\"")
}

fn latin1(xml: &str) -> Vec<u8> {
    let start = after_declaration(xml);
    let mut bytes = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>".to_vec();
    let text = inside(
        xml.get(start..).unwrap_or(""),
        "Tekst",
        "Sygedagpenge på ærø",
    );
    bytes.extend(
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')),
    );
    bytes
}

fn broken_utf8(xml: &str) -> Vec<u8> {
    let mut bytes = xml.as_bytes().to_vec();
    if let Some(tag) = start_tag(xml, "Tekst") {
        bytes.insert(tag.at.end, 0xff);
    }
    bytes
}

#[cfg(test)]
mod tests;
