//! Walking an element tree along a table of what may stand there.
//!
//! Every deviation becomes a fault with its place and the walk goes on, so that a sender
//! sees all of them at once. Only text that is not well-formed ends the walk.

use std::borrow::Cow;

use oir_domain::fault::{FAULTS_MAX, Fault, FaultCode, Place};

use crate::finans::{
    NS, NS_AUTHORITY, NS_HEADER, NS_KVITTERING, NS_SOAP11, NS_SOAP12, message::Unreadable,
};
use crate::xml::{
    ATTRIBUTES_MAX, BINDINGS_MAX, DEPTH_MAX, Event, Leaf, NAMESPACES_MAX, NsId, Reader, XSI,
    XmlError, XmlErrorKind,
};

/// The namespaces that the walk compares with, in the order of the constants below.
const KNOWN: [&str; 7] = [
    NS,
    NS_HEADER,
    NS_AUTHORITY,
    NS_KVITTERING,
    NS_SOAP11,
    NS_SOAP12,
    XSI,
];
/// Ours.
pub(crate) const OIR: NsId = NsId(0);
/// `RequestHeader`.
pub(crate) const HEADER: NsId = NsId(1);
/// `AuthorityContext`.
pub(crate) const AUTHORITY: NsId = NsId(2);
/// Both receipts.
pub(crate) const KVITTERING: NsId = NsId(3);
/// SOAP 1.1.
pub(crate) const SOAP11: NsId = NsId(4);
/// SOAP 1.2.
pub(crate) const SOAP12: NsId = NsId(5);
/// Schema instance.
const INSTANCE: NsId = NsId(6);

/// What may stand at one place of a sequence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Child {
    ns: NsId,
    names: &'static [&'static str],
    required: bool,
    many: bool,
    most: u32,
}

/// Exactly one, ours.
pub(crate) const fn one(names: &'static [&'static str]) -> Child {
    Child {
        ns: OIR,
        names,
        required: true,
        many: false,
        most: u32::MAX,
    }
}

/// At most one, ours.
pub(crate) const fn opt(names: &'static [&'static str]) -> Child {
    Child {
        required: false,
        ..one(names)
    }
}

/// One or more, ours.
pub(crate) const fn many(names: &'static [&'static str]) -> Child {
    Child {
        many: true,
        ..one(names)
    }
}

/// One to so many, ours.
pub(crate) const fn up_to(most: u32, names: &'static [&'static str]) -> Child {
    Child {
        most,
        ..many(names)
    }
}

/// Any number, ours.
pub(crate) const fn any(names: &'static [&'static str]) -> Child {
    Child {
        required: false,
        ..many(names)
    }
}

/// None to so many, ours.
pub(crate) const fn at_most(most: u32, names: &'static [&'static str]) -> Child {
    Child { most, ..any(names) }
}

impl Child {
    /// Its namespace.
    pub(crate) const fn namespace(&self) -> NsId {
        self.ns
    }

    /// The names of which one may stand here.
    pub(crate) const fn names(&self) -> &'static [&'static str] {
        self.names
    }

    /// Whether it may stand here more than once.
    pub(crate) const fn repeats(&self) -> bool {
        self.many
    }

    /// The same in another namespace.
    pub(crate) const fn within(self, ns: NsId) -> Self {
        Self { ns, ..self }
    }
}

/// A read that only ill-formed text can end.
pub(crate) type Read<T> = Result<T, XmlError>;

/// The walk over one document.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    pub(crate) reader: Reader<'a>,
    path: Vec<(&'static str, u32)>,
    /// What was found.
    pub(crate) faults: Vec<Fault>,
    /// `Linjenummer` of the posting being read.
    pub(crate) linje: Option<u32>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Read<Self> {
        Ok(Self {
            reader: Reader::new(body, &KNOWN)?,
            path: Vec::with_capacity(8),
            faults: Vec::new(),
            linje: None,
        })
    }

    /// Records a fault at the element being read.
    pub(crate) fn fault(&mut self, code: FaultCode, values: &[&dyn std::fmt::Display]) {
        self.fault_at(code, "", values);
    }

    /// Records a fault at an element below the one being read.
    pub(crate) fn fault_at(
        &mut self,
        code: FaultCode,
        below: &str,
        values: &[&dyn std::fmt::Display],
    ) {
        if self.faults.len() < FAULTS_MAX {
            let place = Place {
                bilag: None,
                linje: self.linje,
                path: self.place(below),
            };
            self.faults.push(Fault::foreign(code, place, values));
        }
    }

    fn place(&self, below: &str) -> Box<str> {
        let bilag = self
            .path
            .iter()
            .position(|(name, _)| *name == "Finansbilag");
        let mut text = String::new();
        for (name, number) in self.path.iter().skip(bilag.unwrap_or(0)) {
            if !text.is_empty() {
                text.push('/');
            }
            text.push_str(name);
            if *number > 0 {
                text.push_str(&format!("[{number}]"));
            }
        }
        if !below.is_empty() {
            if !text.is_empty() {
                text.push('/');
            }
            text.extend(below.chars().take(100));
        }
        text.into()
    }

    /// Reads the children of the element last begun along the table. `each` is called
    /// after a child's start with its place in the table and must read it to its end.
    pub(crate) fn sequence(
        &mut self,
        table: &'static [Child],
        mut each: impl FnMut(&mut Self, usize, &'static str) -> Read<()>,
    ) -> Read<()> {
        let (mut at, mut count) = (0_usize, 0_u32);
        while self.next_child()? {
            let Some((found, name)) = self.find(table, at) else {
                let expected = table.get(at).map_or(&[][..], |c| c.names).join(" / ");
                let local = self.reader.local();
                let found: String = local.chars().take(60).collect();
                self.fault_at(FaultCode::UnexpectedElement, local, &[&found, &expected]);
                self.reader.skip_element()?;
                continue;
            };
            if found > at {
                self.missing(table, at, found, count);
                (at, count) = (found, 0);
            }
            let entry = table.get(found).copied().unwrap_or(one(&[]));
            count = count.saturating_add(1);
            self.path.push((name, if entry.many { count } else { 0 }));
            if count > entry.most {
                let expected = format!("højst {}", entry.most);
                self.fault(FaultCode::UnexpectedElement, &[&name, &expected]);
                self.reader.skip_element()?;
            } else {
                self.attributes();
                each(self, found, name)?;
            }
            self.path.pop();
            if !entry.many {
                (at, count) = (found.saturating_add(1), 0);
            }
        }
        self.missing(table, at, table.len(), count);
        Ok(())
    }

    fn find(&self, table: &'static [Child], at: usize) -> Option<(usize, &'static str)> {
        let (ns, local) = (self.reader.ns(), self.reader.local());
        for (place, child) in table.iter().enumerate().skip(at) {
            if child.ns == ns
                && let Some(name) = child.names.iter().find(|name| **name == local)
            {
                return Some((place, *name));
            }
        }
        None
    }

    /// Required places from `at` up to `to` that nothing stood at.
    fn missing(&mut self, table: &'static [Child], at: usize, to: usize, count: u32) {
        for (place, child) in table.iter().enumerate().take(to).skip(at) {
            let stood = place == at && count > 0;
            if child.required && !stood {
                let name = child.names.join(" / ");
                self.fault_at(FaultCode::MissingElement, &name, &[&name]);
            }
        }
    }

    /// Goes to the next child element; false at the end of the element.
    pub(crate) fn next_child(&mut self) -> Read<bool> {
        loop {
            match self.reader.next_event()? {
                Event::Start => return Ok(true),
                Event::End | Event::Eof => return Ok(false),
                Event::Text(text) => {
                    let blank = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
                    if !text.bytes().all(blank) {
                        self.fault(FaultCode::UnexpectedText, &[]);
                    }
                }
            }
        }
    }

    /// Judges the attributes of the element last begun. A hint where the schema lies is
    /// taken from anybody; nothing else belongs on our elements.
    pub(crate) fn attributes(&mut self) {
        if self.reader.attributes().is_empty() {
            return;
        }
        let hint = |local: &str| matches!(local, "schemaLocation" | "noNamespaceSchemaLocation");
        let wrong: Vec<String> = self
            .reader
            .attributes()
            .iter()
            .filter(|a| !(a.ns == INSTANCE && hint(a.local)))
            .map(|a| a.local.chars().take(60).collect())
            .collect();
        for name in wrong {
            self.fault(FaultCode::UnexpectedAttribute, &[&name]);
        }
    }

    /// The text of the element last begun; none (and a fault) when it holds elements.
    pub(crate) fn text(&mut self) -> Read<Option<Cow<'a, str>>> {
        let depth = self.reader.depth();
        match self.reader.leaf()? {
            Leaf::Text(text) => Ok(Some(text)),
            Leaf::Child => {
                let local = self.reader.local();
                let found: String = local.chars().take(60).collect();
                self.fault_at(FaultCode::UnexpectedElement, local, &[&found, &"tekst"]);
                while self.reader.depth() >= depth {
                    self.reader.next_event()?;
                }
                Ok(None)
            }
        }
    }

    /// A value of a form, which `want` describes in Danish.
    pub(crate) fn value<T>(
        &mut self,
        want: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Read<Option<T>> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let value = parse(&text);
        if value.is_none() {
            self.fault(FaultCode::WrongForm, &[&want]);
        }
        Ok(value)
    }

    /// A text of one to `max` characters.
    pub(crate) fn bounded(&mut self, max: usize) -> Read<Option<Box<str>>> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        if super::forms::bounded(&text, max) {
            return Ok(Some(text.into()));
        }
        self.fault(FaultCode::WrongForm, &[&format!("1 til {max} tegn")]);
        Ok(None)
    }
}

/// The refusal of a text that is not well-formed.
pub(crate) fn ill_formed(error: &XmlError) -> Box<Unreadable> {
    let place = format!("linje {}, kolonne {}", error.line, error.column);
    let (code, value) = match error.kind {
        XmlErrorKind::Encoding => (FaultCode::WrongEncoding, "ikke UTF-8".to_owned()),
        XmlErrorKind::Doctype => (FaultCode::DoctypeForbidden, String::new()),
        XmlErrorKind::Limit => {
            let limit = format!(
                "højst {DEPTH_MAX} lag, {ATTRIBUTES_MAX} attributter på et element, \
                 {NAMESPACES_MAX} navnerum og {BINDINGS_MAX} præfikser"
            );
            (FaultCode::TooComplex, limit)
        }
        kind => (
            FaultCode::NotWellFormed,
            crate::danish::xml_error(kind).to_owned(),
        ),
    };
    Box::new(Unreadable::only(Fault::new(
        code,
        Place::message(&place),
        &[&value],
    )))
}
