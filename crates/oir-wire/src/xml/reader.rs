//! The reader: events over a whole text in memory.

use std::borrow::Cow;

use super::names::{NAME_BYTES, continues_name, is_char, is_space, starts_name};
use super::{DEPTH_MAX, XML, XmlError, XmlErrorKind};

/// A namespace of this document. Those handed to [`Reader::new`] are numbered in their
/// order from 0, so that a caller compares numbers instead of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NsId(pub u16);

impl NsId {
    /// No namespace.
    pub const NONE: Self = Self(u16::MAX);
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// An element begins; its name and attributes are at the reader until the next event.
    Start,
    /// The element last begun ends.
    End,
    /// Text inside the root element; what a comment or CDATA splits comes in pieces.
    Text(Cow<'a, str>),
    /// The document ended as it should.
    Eof,
}

/// The content of an element that should hold only text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// Its text; the element has ended.
    Text(Cow<'a, str>),
    /// It holds an element, which has just begun.
    Child,
}

/// An attribute that is no namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its namespace; an attribute without prefix has none.
    pub ns: NsId,
    /// Its name without prefix.
    pub local: &'a str,
    /// Its value, white space normalised.
    pub value: Cow<'a, str>,
    pub(super) prefix: &'a str,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Open<'a> {
    pub(super) qname: &'a str,
    pub(super) bindings: usize,
}

/// A pull reader over a complete document.
///
/// ```
/// use oir_wire::xml::{Event, Leaf, NsId, Reader};
/// let mut reader = Reader::new(b"<a xmlns='urn:x'>1 &lt; 2</a>", &["urn:x"])?;
/// assert_eq!(reader.next_event()?, Event::Start);
/// assert_eq!((reader.ns(), reader.local()), (NsId(0), "a"));
/// assert_eq!(reader.leaf()?, Leaf::Text("1 < 2".into()));
/// assert_eq!(reader.next_event()?, Event::Eof);
/// assert!(Reader::new(b"<!DOCTYPE a><a/>", &[]).and_then(|mut r| r.next_event()).is_err());
/// # Ok::<(), oir_wire::xml::XmlError>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) open: Vec<Open<'a>>,
    pub(super) bindings: Vec<(&'a str, NsId)>,
    pub(super) namespaces: Vec<Cow<'a, str>>,
    pub(super) attributes: Vec<Attribute<'a>>,
    pub(super) ns: NsId,
    pub(super) local: &'a str,
    pub(super) empty_element: bool,
    root_seen: bool,
}

type Result<T> = std::result::Result<T, XmlError>;

impl<'a> Reader<'a> {
    /// Starts reading. `known` are namespaces that the caller will compare with.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, say that they are not, hold characters that XML
    /// cannot carry, or begin with a malformed XML declaration.
    pub fn new(bytes: &'a [u8], known: &[&'static str]) -> Result<Self> {
        let text = utf8_text(bytes)?;
        let mut namespaces: Vec<Cow<'a, str>> = known.iter().map(|n| Cow::Borrowed(*n)).collect();
        let xml = NsId(u16::try_from(namespaces.len()).unwrap_or(0));
        namespaces.push(Cow::Borrowed(XML));
        let mut reader = Self {
            text,
            at: 0,
            open: Vec::with_capacity(16),
            bindings: vec![("xml", xml)],
            namespaces,
            attributes: Vec::new(),
            ns: NsId::NONE,
            local: "",
            empty_element: false,
            root_seen: false,
        };
        if let Some((at, _)) = find_forbidden(text) {
            return Err(reader.error_at(XmlErrorKind::Character, at));
        }
        reader.declaration()?;
        Ok(reader)
    }

    /// The namespace of the element last begun.
    #[must_use]
    pub const fn ns(&self) -> NsId {
        self.ns
    }

    /// The name of the element last begun, without prefix.
    #[must_use]
    pub const fn local(&self) -> &'a str {
        self.local
    }

    /// The attributes of the element last begun.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The address of a namespace of this document.
    #[must_use]
    pub fn namespace(&self, ns: NsId) -> &str {
        self.namespaces.get(usize::from(ns.0)).map_or("", |n| n)
    }

    /// Elements open now.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Byte offset of what comes next.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.at
    }

    /// What a qualified name in content (as in `xsi:type`) means here; nothing when its
    /// prefix is not bound or it is no name.
    #[must_use]
    pub fn resolve_qname<'q>(&self, qname: &'q str) -> Option<(NsId, &'q str)> {
        let (prefix, local) = qname.split_once(':').unwrap_or(("", qname));
        let mut chars = local.chars();
        let named = chars.next().is_some_and(starts_name) && chars.all(continues_name);
        if !named {
            return None;
        }
        match self.lookup(prefix) {
            Some(ns) => Some((ns, local)),
            None if prefix.is_empty() => Some((NsId::NONE, local)),
            None => None,
        }
    }

    /// The next event.
    ///
    /// # Errors
    /// When the document is not well-formed from here on.
    pub fn next_event(&mut self) -> Result<Event<'a>> {
        if self.empty_element {
            self.empty_element = false;
            self.close();
            return Ok(Event::End);
        }
        loop {
            match self.byte(0) {
                None => return self.finish(),
                Some(b'<') => {
                    if let Some(event) = self.markup()? {
                        return Ok(event);
                    }
                }
                Some(_) if self.open.is_empty() => self.space_outside()?,
                Some(_) => return self.text_run().map(Event::Text),
            }
        }
    }

    /// Reads an element that should hold only text, whose start was the last event.
    ///
    /// # Errors
    /// When the document is not well-formed from here on.
    pub fn leaf(&mut self) -> Result<Leaf<'a>> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next_event()? {
                Event::Text(piece) if text.is_empty() => text = piece,
                Event::Text(piece) => text.to_mut().push_str(&piece),
                Event::Start => return Ok(Leaf::Child),
                Event::End | Event::Eof => return Ok(Leaf::Text(text)),
            }
        }
    }

    /// Passes over the element last begun with all it holds.
    ///
    /// # Errors
    /// When the document is not well-formed from here on.
    pub fn skip_element(&mut self) -> Result<()> {
        let depth = self.open.len();
        while self.open.len() >= depth {
            self.next_event()?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<Event<'a>> {
        if !self.open.is_empty() {
            return Err(self.error(XmlErrorKind::UnexpectedEnd));
        }
        if self.root_seen {
            Ok(Event::Eof)
        } else {
            Err(self.error(XmlErrorKind::Root))
        }
    }

    fn markup(&mut self) -> Result<Option<Event<'a>>> {
        match self.byte(1) {
            Some(b'/') => self.end_tag().map(|()| Some(Event::End)),
            Some(b'?') => self.instruction().map(|()| None),
            Some(b'!') => self.declaration_or_comment(),
            _ => {
                if self.open.is_empty() && self.root_seen {
                    return Err(self.error(XmlErrorKind::Root));
                }
                self.root_seen = true;
                self.start_tag().map(|()| Some(Event::Start))
            }
        }
    }

    fn declaration_or_comment(&mut self) -> Result<Option<Event<'a>>> {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            return self.comment().map(|()| None);
        }
        if rest.starts_with("<![CDATA[") && !self.open.is_empty() {
            return self.cdata().map(|text| Some(Event::Text(text)));
        }
        let kind = if rest.starts_with("<!DOCTYPE") {
            XmlErrorKind::Doctype
        } else {
            XmlErrorKind::Markup
        };
        Err(self.error(kind))
    }

    fn comment(&mut self) -> Result<()> {
        let body = self.rest().get(4..).unwrap_or("");
        let end = body
            .find("--")
            .ok_or_else(|| self.error(XmlErrorKind::UnexpectedEnd))?;
        if body.as_bytes().get(end + 2) != Some(&b'>') {
            return Err(self.error_at(XmlErrorKind::Comment, self.at + 4 + end));
        }
        self.at += end + 7;
        Ok(())
    }

    fn cdata(&mut self) -> Result<Cow<'a, str>> {
        const OPENING: usize = "<![CDATA[".len();
        let body = self.rest().get(OPENING..).unwrap_or("");
        let end = body
            .find("]]>")
            .ok_or_else(|| self.error(XmlErrorKind::UnexpectedEnd))?;
        self.at += OPENING + end + 3;
        Ok(line_ends(body.get(..end).unwrap_or("")))
    }

    fn instruction(&mut self) -> Result<()> {
        let start = self.at;
        self.at += 2;
        let target = self.name()?;
        if target.eq_ignore_ascii_case("xml") || target.contains(':') {
            return Err(self.error_at(XmlErrorKind::Instruction, start));
        }
        let spaced = self.byte(0).is_some_and(is_space);
        let end = self
            .rest()
            .find("?>")
            .ok_or_else(|| self.error(XmlErrorKind::UnexpectedEnd))?;
        if end > 0 && !spaced {
            return Err(self.error_at(XmlErrorKind::Instruction, start));
        }
        self.at += end + 2;
        Ok(())
    }

    fn space_outside(&mut self) -> Result<()> {
        self.skip_space();
        match self.byte(0) {
            None | Some(b'<') => Ok(()),
            Some(_) => Err(self.error(XmlErrorKind::Root)),
        }
    }

    /// Text up to the next markup. Borrowed unless a reference or a line end changes it.
    fn text_run(&mut self) -> Result<Cow<'a, str>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut plain = true;
        let mut at = start;
        loop {
            match bytes.get(at) {
                None | Some(b'<') => break,
                Some(b'&' | b'\r') => plain = false,
                Some(b'>') if self.ends_cdata(start, at) => {
                    return Err(self.error_at(XmlErrorKind::CdataEnd, at - 2));
                }
                Some(_) => {}
            }
            at += 1;
        }
        self.at = at;
        let raw = self.text.get(start..at).unwrap_or("");
        if plain {
            Ok(Cow::Borrowed(raw))
        } else {
            self.expand(raw, start, false).map(Cow::Owned)
        }
    }

    fn ends_cdata(&self, start: usize, at: usize) -> bool {
        at >= start + 2 && self.text.as_bytes().get(at - 2..at) == Some(b"]]".as_slice())
    }

    /// Expands references and normalises line ends; in attributes also white space.
    pub(super) fn expand(&self, raw: &str, start: usize, attribute: bool) -> Result<String> {
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\r', '\n', '\t']) {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let mut after = from.get(1..).unwrap_or("");
            match from.as_bytes().first() {
                Some(b'&') => {
                    let place = start + (raw.len() - from.len());
                    let error = || self.error_at(XmlErrorKind::Reference, place);
                    let end = after.find(';').ok_or_else(error)?;
                    out.push(referenced(after.get(..end).unwrap_or("")).ok_or_else(error)?);
                    after = after.get(end + 1..).unwrap_or("");
                }
                Some(b'\r') => {
                    after = after.strip_prefix('\n').unwrap_or(after);
                    out.push(if attribute { ' ' } else { '\n' });
                }
                Some(_) if attribute => out.push(' '),
                Some(byte) => out.push(char::from(*byte)),
                None => {}
            }
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    pub(super) fn open_element(&mut self, qname: &'a str, bindings: usize) -> Result<()> {
        if self.open.len() >= DEPTH_MAX {
            return Err(self.error(XmlErrorKind::Limit));
        }
        self.open.push(Open { qname, bindings });
        Ok(())
    }

    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.bindings.truncate(open.bindings);
        }
    }

    pub(super) fn lookup(&self, prefix: &str) -> Option<NsId> {
        self.bindings
            .iter()
            .rev()
            .find(|(p, _)| *p == prefix)
            .map(|(_, ns)| *ns)
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn skip_space(&mut self) -> bool {
        let start = self.at;
        while self.byte(0).is_some_and(is_space) {
            self.at += 1;
        }
        self.at > start
    }

    /// A name, colons included.
    pub(super) fn name(&mut self) -> Result<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(byte) if NAME_BYTES.get(usize::from(*byte)) == Some(&true) => self.at += 1,
                Some(b':') => self.at += 1,
                Some(128..) => {
                    let next = self.rest().chars().next().filter(|c| continues_name(*c));
                    let next = next.ok_or_else(|| self.error(XmlErrorKind::Name))?;
                    self.at += next.len_utf8();
                }
                _ => break,
            }
        }
        let name = self.text.get(start..self.at).unwrap_or("");
        // Digits, the dot and the hyphen continue a name but do not begin one.
        match name.chars().next() {
            Some(c) if c == ':' || starts_name(c) => Ok(name),
            _ => Err(self.error_at(XmlErrorKind::Name, start)),
        }
    }

    pub(super) fn error(&self, kind: XmlErrorKind) -> XmlError {
        self.error_at(kind, self.at)
    }

    pub(super) fn error_at(&self, kind: XmlErrorKind, offset: usize) -> XmlError {
        place(kind, self.text, offset)
    }

    /// Line and column of a byte offset, both from 1.
    #[must_use]
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let error = place(XmlErrorKind::Markup, self.text, offset);
        (error.line, error.column)
    }
}

fn place(kind: XmlErrorKind, text: &str, offset: usize) -> XmlError {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(1, |last| last.chars().count() + 1);
    XmlError {
        kind,
        offset,
        line,
        column,
    }
}

fn utf8_text(bytes: &[u8]) -> Result<&str> {
    let wrong = |offset| XmlError {
        kind: XmlErrorKind::Encoding,
        offset,
        line: 1,
        column: 1,
    };
    if bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xFF, 0xFE]) {
        return Err(wrong(0));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let before = bytes
            .get(..offset)
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or("");
        place(XmlErrorKind::Encoding, before, offset)
    })?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// The first character that XML cannot carry. One pass that the compiler turns into
/// vector instructions finds out whether there is any; the place is looked for only then.
fn find_forbidden(text: &str) -> Option<(usize, char)> {
    let control = |b: u8| b < 0x20 && b != b'\t' && b != b'\n' && b != b'\r';
    let suspicious = text
        .bytes()
        .fold(false, |found, b| found | control(b) | (b == 0xEF));
    if !suspicious {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_char(*c))
}

fn line_ends(raw: &str) -> Cow<'_, str> {
    if raw.contains('\r') {
        Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(raw)
    }
}

/// The character that a reference stands for: predefined or by number.
fn referenced(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "apos" => return Some('\''),
        "quot" => return Some('"'),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    // A number too long for 32 bits is no character, however many zeros precede it.
    let code = u32::from_str_radix(digits.trim_start_matches('0'), radix).ok()?;
    char::from_u32(code).filter(|c| is_char(*c))
}
